//! The computed metrics of each report, and how each is printed.

use catalog::reports::{Actions, Numbers, Record, Report};
use model::{Row, Table};

use super::shape::metrics::{Formula, ProcessedMetric, Unit};

const TIMINGS: [(&str, &str, &str); 6] = [
    (
        "avg_time_network",
        "sum_time_network",
        "nb_hits_with_time_network",
    ),
    (
        "avg_time_server",
        "sum_time_server",
        "nb_hits_with_time_server",
    ),
    (
        "avg_time_transfer",
        "sum_time_transfer",
        "nb_hits_with_time_transfer",
    ),
    (
        "avg_time_dom_processing",
        "sum_time_dom_processing",
        "nb_hits_with_time_dom_processing",
    ),
    (
        "avg_time_dom_completion",
        "sum_time_dom_completion",
        "nb_hits_with_time_dom_completion",
    ),
    (
        "avg_time_on_load",
        "sum_time_on_load",
        "nb_hits_with_time_on_load",
    ),
];

/// The metrics that a report's rows get.
pub fn of(report: &Report) -> Vec<ProcessedMetric> {
    match report.record {
        Record::Numbers(which) => numbers(which),
        Record::Plugins => vec![ProcessedMetric::new(
            "nb_visits_percentage",
            Formula::Given,
            Unit::Percent,
        )],
        Record::Buckets { .. } if report.processed.contains(&"nb_visits_percentage") => {
            let share = Formula::Share {
                of: "nb_visits".into(),
                decimals: 2,
            };
            vec![ProcessedMetric::new(
                "nb_visits_percentage",
                share,
                Unit::Percent,
            )]
        }
        Record::Actions(actions) => self::actions(actions),
        Record::SearchCategories => vec![pages_per_search("nb_actions")],
        Record::Events { .. } => vec![ProcessedMetric::ratio(
            "avg_event_value",
            "sum_event_value",
            "nb_events_with_value",
            2,
            Unit::Number,
        )],
        Record::Contents { .. } => vec![ProcessedMetric::ratio(
            "interaction_rate",
            "nb_interactions",
            "nb_impressions",
            4,
            Unit::Percent,
        )],
        Record::Items(_) => items(),
        Record::CustomDimension => dimension(),
        _ => Vec::new(),
    }
}

fn percent(name: &'static str, over: &'static str, under: &'static str) -> ProcessedMetric {
    ProcessedMetric::ratio(name, over, under, 2, Unit::Percent)
}

fn pages_per_search(hits: &'static str) -> ProcessedMetric {
    ProcessedMetric::ratio("nb_pages_per_search", hits, "nb_visits", 1, Unit::Number)
}

fn bandwidth() -> ProcessedMetric {
    ProcessedMetric::ratio(
        "avg_bandwidth",
        "sum_bandwidth",
        "nb_hits_with_bandwidth",
        0,
        Unit::Number,
    )
}

fn actions(which: Actions) -> Vec<ProcessedMetric> {
    let mut metrics = Vec::new();
    let keywords = matches!(which, Actions::Keywords | Actions::KeywordsWithoutResult);
    if keywords {
        metrics.push(pages_per_search("nb_hits"));
    }
    metrics.push(bandwidth());
    if matches!(which, Actions::Downloads | Actions::Outlinks) {
        return metrics;
    }
    if !keywords {
        metrics.extend(timings());
    }
    metrics.push(ProcessedMetric::ratio(
        "avg_time_on_page",
        "sum_time_spent",
        "nb_hits",
        0,
        Unit::Clock,
    ));
    metrics.push(percent(
        "bounce_rate",
        "entry_bounce_count",
        "entry_nb_visits",
    ));
    metrics.push(percent("exit_rate", "exit_nb_visits", "nb_visits"));
    metrics
}

fn timings() -> Vec<ProcessedMetric> {
    let mut metrics: Vec<ProcessedMetric> = TIMINGS
        .iter()
        .map(|(name, sum, hits)| {
            let mut metric = ProcessedMetric::ratio(*name, *sum, *hits, 3, Unit::Duration);
            metric.needs = Some((*hits).into());
            metric.temporary = vec![(*sum).into()];
            metric
        })
        .collect();
    let of = TIMINGS.iter().map(|(name, _, _)| (*name).into()).collect();
    let load = Formula::Sum { of, decimals: 3 };
    metrics.push(ProcessedMetric::new(
        "avg_page_load_time",
        load,
        Unit::Duration,
    ));
    metrics
}

fn items() -> Vec<ProcessedMetric> {
    let bought = |row: &Row| match row.get("abandoned_carts") {
        Some(carts) => carts.number(),
        None => row.number("orders"),
    };
    let per = move |column: &'static str, decimals: u32| {
        move |row: &Row| {
            Some(super::shape::metrics::quotient(
                row.number(column),
                bought(row),
                decimals,
            ))
        }
    };
    let average = move |row: &Row| {
        // What nobody bought is known by the price that was seen.
        let viewed = bought(row) == 0.0 && row.get("price_viewed").is_some();
        let (sum, of) = match viewed {
            true => (row.number("price_viewed"), row.number("price_viewed_hits")),
            false => (row.number("price"), bought(row)),
        };
        Some(super::shape::metrics::quotient(sum, of, 2))
    };
    let mut price = ProcessedMetric::computed("avg_price", Unit::Money, average);
    price.temporary = vec![
        "price".into(),
        "price_viewed".into(),
        "price_viewed_hits".into(),
    ];
    vec![
        price,
        ProcessedMetric::computed("avg_quantity", Unit::Number, per("quantity", 1)),
        ProcessedMetric::ratio("conversion_rate", "orders", "nb_visits", 4, Unit::Percent),
    ]
}

fn dimension() -> Vec<ProcessedMetric> {
    vec![
        bandwidth(),
        ProcessedMetric::ratio(
            "avg_time_on_dimension",
            "sum_time_spent",
            "nb_hits",
            0,
            Unit::Clock,
        ),
        percent("bounce_rate", "entry_bounce_count", "entry_nb_visits"),
        percent("exit_rate", "exit_nb_visits", "nb_visits"),
    ]
}

fn numbers(which: Numbers) -> Vec<ProcessedMetric> {
    let given = |name: &'static str, unit: Unit| ProcessedMetric::new(name, Formula::Given, unit);
    match which {
        Numbers::Visits => per_visit(),
        Numbers::VisitorTypes => {
            let mut metrics = Vec::new();
            for (rate, time) in [
                ("bounce_rate_new", "avg_time_on_site_new"),
                ("bounce_rate_returning", "avg_time_on_site_returning"),
            ] {
                metrics.push(given(rate, Unit::Percent));
                metrics.push(given(time, Unit::Duration));
            }
            metrics
        }
        Numbers::Referrers => SHARES
            .iter()
            .map(|name| given(name, Unit::Percent))
            .collect(),
        Numbers::Goals => vec![
            given("conversion_rate", Unit::Percent),
            given("conversion_rate_new_visit", Unit::Percent),
            given("conversion_rate_returning_visit", Unit::Percent),
            given("avg_order_revenue", Unit::Money),
        ],
        Numbers::Performance => {
            let mut metrics: Vec<ProcessedMetric> = TIMINGS
                .iter()
                .map(|(name, _, _)| given(name, Unit::Duration))
                .collect();
            metrics.push(given("avg_page_load_time", Unit::Duration));
            metrics
        }
        Numbers::Everything => {
            let mut metrics = numbers(Numbers::VisitorTypes);
            metrics.extend(numbers(Numbers::Referrers));
            metrics.extend(numbers(Numbers::Goals));
            metrics.extend(per_visit());
            metrics.extend(numbers(Numbers::Performance));
            metrics
        }
        Numbers::Actions | Numbers::Bandwidth | Numbers::Countries => Vec::new(),
    }
}

fn per_visit() -> Vec<ProcessedMetric> {
    vec![
        percent("bounce_rate", "bounce_count", "nb_visits"),
        ProcessedMetric::ratio(
            "nb_actions_per_visit",
            "nb_actions",
            "nb_visits",
            1,
            Unit::Number,
        ),
        ProcessedMetric::ratio(
            "avg_time_on_site",
            "sum_visit_length",
            "nb_visits",
            0,
            Unit::Duration,
        ),
    ]
}

const SHARES: [&str; 5] = [
    "Referrers_visitorsFromDirectEntry_percent",
    "Referrers_visitorsFromSearchEngines_percent",
    "Referrers_visitorsFromCampaigns_percent",
    "Referrers_visitorsFromSocialNetworks_percent",
    "Referrers_visitorsFromWebsites_percent",
];

/// Timings go from every row when no row of the report has one.
pub fn drop_unused_timings(table: &mut Table) {
    for (_, sum, hits) in TIMINGS {
        if has_any(table, hits) {
            continue;
        }
        let suffix = sum.trim_start_matches("sum_");
        drop_columns(
            table,
            &[
                sum,
                hits,
                &format!("min_{suffix}"),
                &format!("max_{suffix}"),
            ],
        );
    }
}

fn has_any(table: &Table, column: &str) -> bool {
    table.all_rows().any(|row| {
        row.number(column) > 0.0
            || row
                .subtable
                .as_deref()
                .is_some_and(|inner| has_any(inner, column))
    })
}

pub fn drop_columns(table: &mut Table, columns: &[&str]) {
    for row in table.all_rows_mut() {
        row.columns
            .retain(|(name, _)| !columns.contains(&name.as_ref()));
        if let Some(inner) = &mut row.subtable {
            drop_columns(inner, columns);
        }
    }
}
