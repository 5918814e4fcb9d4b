use catalog::columns::{TableId, action, kind, visit};
use model::{Table, Value};

use super::levels::{TwoLevels, two_levels};
use super::visits::{as_raw, whole};
use super::{Context, action_column, visit_column};
use crate::{Key, Measure, QueryError, Test, Verb};

/// Content impressions and interactions by name and then piece, or by piece and then name.
pub fn contents(context: &Context, by_piece: bool) -> Result<Table, QueryError> {
    let columns = [action::CONTENT_NAME, action::CONTENT_PIECE];
    let [parent, child] = if by_piece {
        [columns[1], columns[0]]
    } else {
        columns
    };
    let impression = Test {
        operand: action_column(action::CONTENT_INTERACTION),
        verb: Verb::Is(0),
    };
    let interaction = Test {
        operand: action_column(action::CONTENT_INTERACTION),
        verb: Verb::IsNot(0),
    };
    let text = |id: i64| context.view.actions.text(id).to_owned();
    let levels = TwoLevels {
        table: TableId::Actions,
        tests: vec![Test {
            operand: action_column(action::KIND),
            verb: Verb::Is(kind::CONTENT),
        }],
        parent: Key::Column(action_column(parent)),
        child: Key::Column(action_column(child)),
        extra: vec![Key::Column(action_column(action::CONTENT_TARGET))],
        measures: vec![
            Measure::DistinctIf(visit_column(visit::VISITOR), vec![impression]),
            Measure::DistinctIf(action_column(action::VISIT), vec![impression]),
            Measure::CountIf(vec![impression]),
            Measure::CountIf(vec![interaction]),
        ],
        columns: &|values| {
            let names = [
                "nb_uniq_visitors",
                "nb_visits",
                "nb_impressions",
                "nb_interactions",
            ];
            let whole = values.iter().map(|value| whole(*value));
            let columns: Vec<(&'static str, Value)> = names.into_iter().zip(whole).collect();
            as_raw(context, columns, &["nb_visits", "nb_impressions"])
        },
        parent_label: &text,
        child_label: &text,
    };
    let parts = two_levels(context, &levels)?;
    Ok(context.fold(
        parts.into_values().map(|tree| tree.table()),
        context.rows.standard,
    ))
}
