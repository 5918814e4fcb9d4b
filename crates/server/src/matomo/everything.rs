//! `API.get`: the rows of every overview side by side, in an order of its own.

use model::{Row, Value};
use query::QueryError;
use query::plan::{self, Context};

use super::numbers::{
    TIMINGS, actions, bandwidth, goals, performance, referrers, visitor_types, visits, whole,
};
use super::records::Extra;

const OF_VISITS: [&str; 7] = [
    "nb_uniq_visitors",
    "nb_visits",
    "nb_users",
    "nb_actions",
    "max_actions",
    "bounce_count",
    "sum_visit_length",
];

const OF_VISITOR_TYPES: [&str; 8] = [
    "nb_visits",
    "nb_actions",
    "nb_uniq_visitors",
    "nb_users",
    "max_actions",
    "bounce_rate",
    "nb_actions_per_visit",
    "avg_time_on_site",
];

/// A column keeps its first value. Alone, parts without data are shown as 0.
pub fn row(context: &Context, extra: &Extra) -> Result<Option<Row>, QueryError> {
    let all_goals = Extra {
        goal: None,
        ..extra.clone()
    };
    let mut whole = Row::default();
    add(
        &mut whole,
        visits(context)?.map(|row| picked(&row, &OF_VISITS)),
    );
    let types = visitor_types(context, extra.alone)?;
    for suffix in ["_new", "_returning"] {
        let names = OF_VISITOR_TYPES.map(|name| format!("{name}{suffix}"));
        let names = names.each_ref().map(String::as_str);
        add(&mut whole, types.as_ref().map(|row| picked(row, &names)));
    }
    let (sources, shares) = split_referrers(referrers(context)?.unwrap_or_default(), extra.alone);
    add(&mut whole, Some(sources));
    add(&mut whole, timings(context, extra.alone)?);
    add(&mut whole, goals(context, &all_goals)?);
    let bytes = bandwidth(context)?.filter(|row| extra.alone || has_any(row));
    add(&mut whole, bytes);
    add(&mut whole, actions(context)?);
    add(&mut whole, Some(shares));
    let has_data = extra.alone || whole.get("nb_visits").is_some() || has_any(&whole);
    Ok((has_data && !whole.columns.is_empty()).then_some(whole))
}

fn add(whole: &mut Row, part: Option<Row>) {
    for (name, value) in part.into_iter().flat_map(|part| part.columns) {
        if whole.get(&name).is_none() {
            whole.set(name, value);
        }
    }
}

/// Columns by name, in the order of the names.
fn picked(row: &Row, names: &[&str]) -> Row {
    let mut picked = Row::default();
    for name in names {
        if let Some((name, value)) = row.columns.iter().find(|(column, _)| column == name) {
            picked.set(name.clone(), value.clone());
        }
    }
    picked
}

fn has_any(row: &Row) -> bool {
    row.columns.iter().any(|(_, value)| value.number() != 0.0)
}

/// Visits and distinct sources, and the shares, which stand at the end.
fn split_referrers(row: Row, alone: bool) -> (Row, Row) {
    let (mut visits, mut distinct, mut shares) = (Row::default(), Row::default(), Row::default());
    for (name, value) in row.columns {
        let part = if name.ends_with("_percent") {
            &mut shares
        } else if name.starts_with("Referrers_distinct") {
            &mut distinct
        } else {
            &mut visits
        };
        part.set(name, value);
    }
    if alone || has_any(&distinct) {
        visits.columns.append(&mut distinct.columns);
    }
    (visits, shares)
}

/// Sums in seconds and counts of each step by their stored names, then the averages.
fn timings(context: &Context, alone: bool) -> Result<Option<Row>, QueryError> {
    /// Names of the sums and of the counts, step by step.
    const STORED: [(&str, &str); 6] = [
        ("network", "network"),
        ("servery", "server"),
        ("transfer", "transfer"),
        ("domprocessing", "domprocessing"),
        ("domcompletion", "domcompletion"),
        ("onload", "onload"),
    ];
    let totals = plan::performance_totals(context)?;
    if totals.page_views_with_any == 0.0 && !alone {
        return Ok(None);
    }
    let mut row = Row::default();
    let seconds = |ms: f64| whole(ms.round() / 1000.0);
    for (at, (sum, hits)) in STORED.iter().enumerate() {
        row.set(
            format!("PagePerformance_{sum}_time"),
            seconds(totals.sums_ms[at]),
        );
        row.set(
            format!("PagePerformance_{hits}_hits"),
            whole(totals.hits[at]),
        );
    }
    let load_ms = totals.sums_ms.iter().sum();
    row.set("PagePerformance_pageload_time", seconds(load_ms));
    row.set(
        "PagePerformance_pageload_hits",
        whole(totals.page_views_with_any),
    );
    match performance(context)? {
        Some(averages) => add(&mut row, Some(averages)),
        None => {
            for name in TIMINGS {
                row.set(format!("avg_time_{name}"), Value::Int(0));
            }
            row.set("avg_page_load_time", Value::Int(0));
        }
    }
    Ok(Some(row))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(columns: &[(&'static str, i64)]) -> Row {
        let mut row = Row::default();
        for (name, value) in columns {
            row.set(*name, *value);
        }
        row
    }

    fn names(row: &Row) -> Vec<&str> {
        row.columns.iter().map(|(name, _)| name.as_ref()).collect()
    }

    #[test]
    fn columns_keep_their_first_value() {
        let mut whole = row(&[("a", 1)]);
        add(&mut whole, Some(row(&[("b", 2), ("a", 3)])));
        assert_eq!(whole, row(&[("a", 1), ("b", 2)]));
        assert_eq!(names(&picked(&whole, &["b", "c", "a"])), ["b", "a"]);
    }

    #[test]
    fn shares_come_last_and_distinct_sources_only_with_data() {
        let referrers = |distinct| {
            row(&[
                ("Referrers_x", 1),
                ("Referrers_distinctY", distinct),
                ("Referrers_x_percent", 1),
            ])
        };
        let (sources, shares) = split_referrers(referrers(0), false);
        assert_eq!(names(&sources), ["Referrers_x"]);
        assert_eq!(names(&shares), ["Referrers_x_percent"]);
        for (distinct, alone) in [(0, true), (2, false)] {
            let (sources, _) = split_referrers(referrers(distinct), alone);
            assert_eq!(names(&sources), ["Referrers_x", "Referrers_distinctY"]);
        }
    }
}
