use catalog::columns::{TableId, action, kind};
use model::{Table, Value};

use super::levels::{TwoLevels, two_levels};
use super::visits::{as_raw, whole};
use super::{Context, action_column, number, visit_column};
use crate::{Key, Measure, QueryError, Test, Verb};

/// One of the three texts of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventColumn {
    Category,
    Action,
    Name,
}

impl EventColumn {
    fn column(self) -> usize {
        match self {
            EventColumn::Category => action::EVENT_CATEGORY,
            EventColumn::Action => action::EVENT_ACTION,
            EventColumn::Name => action::EVENT_NAME,
        }
    }
}

/// Counts that come from Matomo's database as texts, until they are added to others.
const TEXTS_OF_A_DAY: [&str; 3] = ["nb_visits", "nb_events", "nb_events_with_value"];

const ALL: [EventColumn; 3] = [
    EventColumn::Category,
    EventColumn::Action,
    EventColumn::Name,
];

/// Events by one text and then by another. An event without a name has the empty label.
pub fn events(context: &Context, by: EventColumn, then: EventColumn) -> Result<Table, QueryError> {
    let value = action_column(action::VALUE);
    let key = |column: EventColumn| Key::Column(action_column(column.column()));
    let text = |id: i64| context.view.actions.text(id).to_owned();
    let levels = TwoLevels {
        table: TableId::Actions,
        tests: vec![Test {
            operand: action_column(action::KIND),
            verb: Verb::Is(kind::EVENT),
        }],
        parent: key(by),
        child: key(then),
        extra: ALL
            .into_iter()
            .filter(|column| ![by, then].contains(column))
            .map(key)
            .collect(),
        measures: vec![
            Measure::Distinct(visit_column(catalog::columns::visit::VISITOR)),
            Measure::Distinct(action_column(action::VISIT)),
            Measure::Count,
            Measure::CountIf(vec![Test {
                operand: value,
                verb: Verb::HasFloat,
            }]),
            Measure::SumFloat(value),
            Measure::MinFloat(value),
            Measure::MaxFloat(value),
        ],
        columns: &|values| as_raw(context, columns(values), &TEXTS_OF_A_DAY),
        parent_label: &text,
        child_label: &text,
    };
    let parts = two_levels(context, &levels)?;
    // An event without a name is no row below others.
    let tables = parts.into_values().map(|tree| {
        let mut table = tree.table();
        for row in table.all_rows_mut() {
            if let Some(below) = &mut row.subtable {
                below.rows.retain(|row| !row.label().is_empty());
            }
            row.subtable = row.subtable.take().filter(|below| !below.is_empty());
        }
        table
    });
    Ok(context.fold(tables, context.rows.events))
}

fn columns(values: &[f64]) -> Vec<(&'static str, Value)> {
    vec![
        ("nb_uniq_visitors", whole(values[0])),
        ("nb_visits", whole(values[1])),
        ("nb_events", whole(values[2])),
        ("nb_events_with_value", whole(values[3])),
        ("sum_event_value", number(round(values[4]))),
        ("min_event_value", extreme(values[5])),
        ("max_event_value", extreme(values[6])),
    ]
}

fn extreme(value: f64) -> Value {
    if value.is_nan() {
        Value::Null
    } else {
        number(round(value))
    }
}

/// Event values are given to two decimals.
fn round(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}
