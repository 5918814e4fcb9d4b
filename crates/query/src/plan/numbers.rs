use catalog::columns::{TableId, action, kind, visit};

use super::visits::visit_measures;
use super::{Context, action_column, visit_column};
use crate::{Key, Measure, QueryError, Test, Verb};

/// Totals of the visits of a span.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct VisitTotals {
    pub visitors: f64,
    pub visits: f64,
    pub actions: f64,
    pub users: f64,
    pub max_actions: f64,
    pub length_seconds: f64,
    pub bounces: f64,
    pub converted: f64,
}

pub fn visit_totals(context: &Context, tests: Vec<Test>) -> Result<VisitTotals, QueryError> {
    let question = context.question(TableId::Visits, tests, vec![], visit_measures());
    let grouped = context.ask(&question)?;
    if grouped.is_empty() {
        return Ok(VisitTotals::default());
    }
    let value = |at: usize| {
        Some(grouped.values(0)[at])
            .filter(|value| !value.is_nan())
            .unwrap_or(0.0)
    };
    Ok(VisitTotals {
        visitors: value(0),
        visits: value(1),
        actions: value(2),
        users: value(3),
        max_actions: value(4),
        length_seconds: value(5),
        bounces: value(6),
        converted: value(7),
    })
}

/// How many different values a column of the visit takes, over visits that pass the tests.
pub fn distinct_visit_values(
    context: &Context,
    column: usize,
    tests: Vec<Test>,
) -> Result<f64, QueryError> {
    let measures = vec![Measure::DistinctPresent(visit_column(column))];
    let grouped = context.ask(&context.question(TableId::Visits, tests, vec![], measures))?;
    Ok(if grouped.is_empty() {
        0.0
    } else {
        grouped.values(0)[0]
    })
}

/// Totals of the actions of a span. "Unique" counts visits × page.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ActionTotals {
    pub pageviews: f64,
    pub unique_pageviews: f64,
    pub downloads: f64,
    pub unique_downloads: f64,
    pub outlinks: f64,
    pub unique_outlinks: f64,
    pub searches: f64,
    pub keywords: f64,
}

pub fn action_totals(context: &Context) -> Result<ActionTotals, QueryError> {
    let kinds = [kind::PAGE, kind::DOWNLOAD, kind::OUTLINK, kind::SEARCH];
    let tests = vec![
        not_event(),
        Test {
            operand: action_column(action::KIND),
            verb: Verb::OneOf(ACTION_KINDS),
        },
    ];
    let keys = vec![
        Key::Column(action_column(action::KIND)),
        Key::FirstOf(vec![
            action_column(action::URL),
            action_column(action::TITLE),
        ]),
    ];
    let measures = vec![
        Measure::Count,
        Measure::Distinct(action_column(action::VISIT)),
    ];
    let grouped = context.ask(&context.question(TableId::Actions, tests, keys, measures))?;
    let (mut hits, mut unique, mut labels) = ([0.0; 4], [0.0; 4], [0.0; 4]);
    for group in 0..grouped.len() {
        if let Some(at) = kinds.iter().position(|kind| *kind == grouped.key(group)[0]) {
            hits[at] += grouped.values(group)[0];
            unique[at] += grouped.values(group)[1];
            labels[at] += 1.0;
        }
    }
    Ok(ActionTotals {
        pageviews: hits[0],
        unique_pageviews: unique[0],
        downloads: hits[1],
        unique_downloads: unique[1],
        outlinks: hits[2],
        unique_outlinks: unique[2],
        searches: hits[3],
        keywords: labels[3],
    })
}

const ACTION_KINDS: &[i64] = &[kind::PAGE, kind::DOWNLOAD, kind::OUTLINK, kind::SEARCH];

pub(super) fn not_event() -> Test {
    Test {
        operand: action_column(action::EVENT_CATEGORY),
        verb: Verb::Is(0),
    }
}

/// The columns of the six page timings, in milliseconds, with their public names.
pub(super) const TIMINGS: [(usize, &str); 6] = [
    (action::TIME_NETWORK, "network"),
    (action::TIME_SERVER, "server"),
    (action::TIME_TRANSFER, "transfer"),
    (action::TIME_DOM_PROCESSING, "dom_processing"),
    (action::TIME_DOM_COMPLETION, "dom_completion"),
    (action::TIME_ON_LOAD, "on_load"),
];

/// Sum in milliseconds and number of page views with the timing, for each of the six.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct PerformanceTotals {
    pub sums_ms: [f64; 6],
    pub hits: [f64; 6],
    pub page_views_with_any: f64,
}

pub fn performance_totals(context: &Context) -> Result<PerformanceTotals, QueryError> {
    let mut measures = Vec::new();
    for (column, _) in TIMINGS {
        measures.push(Measure::Sum(action_column(column)));
        measures.push(Measure::CountIf(vec![Test {
            operand: action_column(column),
            verb: Verb::AtLeast(0),
        }]));
    }
    let grouped = context.ask(&context.question(TableId::Actions, vec![], vec![], measures))?;
    let mut totals = PerformanceTotals::default();
    if !grouped.is_empty() {
        for at in 0..6 {
            totals.sums_ms[at] = grouped.values(0)[at * 2];
            totals.hits[at] = grouped.values(0)[at * 2 + 1];
            totals.page_views_with_any = totals.page_views_with_any.max(totals.hits[at]);
        }
    }
    Ok(totals)
}

/// Bytes of all actions, of page views and of downloads.
pub fn bandwidth_totals(context: &Context) -> Result<[f64; 3], QueryError> {
    let of = |wanted: i64| {
        let tests = vec![Test {
            operand: action_column(action::KIND),
            verb: Verb::Is(wanted),
        }];
        Measure::SumIf(action_column(action::BANDWIDTH), tests)
    };
    let measures = vec![
        Measure::Sum(action_column(action::BANDWIDTH)),
        of(kind::PAGE),
        of(kind::DOWNLOAD),
    ];
    let grouped = context.ask(&context.question(TableId::Actions, vec![], vec![], measures))?;
    Ok(match grouped.is_empty() {
        true => [0.0; 3],
        false => [
            grouped.values(0)[0],
            grouped.values(0)[1],
            grouped.values(0)[2],
        ],
    })
}

/// Each user's visitor ids, the first seen first.
pub fn visitors_of_users(context: &Context) -> Result<Vec<(String, i64)>, QueryError> {
    let tests = vec![Test {
        operand: visit_column(visit::USER),
        verb: Verb::IsNot(0),
    }];
    let keys = vec![
        Key::Column(visit_column(visit::USER)),
        Key::Column(visit_column(visit::VISITOR)),
    ];
    let grouped =
        context.ask(&context.question(TableId::Visits, tests, keys, vec![Measure::Count]))?;
    let pair = |group: usize| {
        let key = grouped.key(group);
        (context.view.texts.text(key[0]).to_owned(), key[1])
    };
    Ok((0..grouped.len()).map(pair).collect())
}
