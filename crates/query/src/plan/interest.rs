use catalog::columns::TableId;
use model::{Row, Table};

use super::visits::{as_text, test, whole};
use super::{Context, RowLimit, visit_column};
use crate::{Key, Measure, QueryError, Verb};

/// Ranges of one number of a visit, `(from, to)` with both ends in; the last range is open.
#[derive(Clone, Debug)]
pub struct Buckets {
    pub column: usize,
    pub ranges: &'static [(i64, Option<i64>)],
    /// Seconds of the column that make one unit of the ranges.
    pub divided_by: i64,
    /// Count returning visits only, and new ones in a row of their own.
    pub returning_only: bool,
}

fn counted(context: &Context, count: f64) -> model::Value {
    if context.is_raw_day() {
        as_text(&whole(count))
    } else {
        whole(count)
    }
}

/// How many visits fall into each range; a row's label is its place in the list, `new` for new visits.
pub fn visit_buckets(context: &Context, buckets: &Buckets) -> Result<Table, QueryError> {
    let operand = visit_column(buckets.column);
    let tests = match buckets.returning_only {
        true => vec![test(catalog::columns::visit::RETURNING, Verb::Is(1))],
        false => Vec::new(),
    };
    let key = Key::Divided(operand, buckets.divided_by.max(1));
    let parts = context.ask_by_part(TableId::Visits, tests, vec![key], vec![Measure::Count])?;
    let mut counts = vec![0.0; buckets.ranges.len()];
    let mut any = false;
    for group in parts.into_values().flatten() {
        let value = group.keys[0];
        let fits =
            |(from, to): &(i64, Option<i64>)| value >= *from && to.is_none_or(|to| value <= to);
        if let Some(at) = buckets.ranges.iter().position(fits) {
            counts[at] += group.values[0];
            any = true;
        }
    }
    let mut rows = Vec::new();
    if buckets.returning_only {
        let tests = vec![test(catalog::columns::visit::RETURNING, Verb::Is(0))];
        let new =
            context.ask(&context.question(TableId::Visits, tests, vec![], vec![Measure::Count]))?;
        let count = if new.is_empty() {
            0.0
        } else {
            new.values(0)[0]
        };
        any |= count > 0.0;
        let mut row = Row::labelled("new");
        row.set("nb_visits", counted(context, count));
        rows.push(row);
    }
    for (at, count) in counts.into_iter().enumerate() {
        let mut row = Row::labelled(at.to_string());
        row.set("nb_visits", counted(context, count));
        rows.push(row);
    }
    if !any {
        rows.clear();
    }
    Ok(context.fold([Table::of(rows)], RowLimit::default()))
}
