//! Reports that are one row of metrics.

use catalog::columns::{TableId, visit};
use catalog::reports::Numbers;
use model::{Name, Row, Table, Value};
use query::plan::{self, Context, GoalSplit, VisitTotals};
use query::{Operand, QueryError, Test, Verb};

use super::records::Extra;

pub fn row(context: &Context, which: Numbers, extra: &Extra) -> Result<Table, QueryError> {
    let row = match which {
        Numbers::Visits => visits(context)?,
        Numbers::VisitorTypes => visitor_types(context, extra.alone)?,
        Numbers::Actions => actions(context)?,
        Numbers::Referrers => referrers(context)?,
        Numbers::Performance => performance(context)?,
        Numbers::Bandwidth => bandwidth(context)?,
        Numbers::Goals => goals(context, extra)?,
        Numbers::Countries => countries(context)?,
        Numbers::Everything => super::everything::row(context, extra)?,
    };
    Ok(Table::of(row.into_iter().collect()))
}

/// The row of a report without any data.
pub fn zeros(report: &catalog::reports::Report) -> Table {
    let names: &[&str] = match report.record {
        catalog::reports::Record::Numbers(Numbers::Visits) => &[
            "nb_uniq_visitors",
            "nb_users",
            "nb_visits",
            "nb_actions",
            "nb_visits_converted",
            "bounce_count",
            "sum_visit_length",
            "max_actions",
        ],
        catalog::reports::Record::Numbers(Numbers::Actions) => &[
            "nb_pageviews",
            "nb_uniq_pageviews",
            "nb_downloads",
            "nb_uniq_downloads",
            "nb_outlinks",
            "nb_uniq_outlinks",
            "nb_searches",
            "nb_keywords",
        ],
        _ => &[],
    };
    if names.is_empty() {
        return Table::default();
    }
    let mut row = Row::default();
    for name in names {
        row.set(*name, 0);
    }
    Table::of(vec![row])
}

pub(super) fn whole(value: f64) -> Value {
    if value.fract() == 0.0 && value.abs() < 9e15 {
        Value::Int(value as i64)
    } else {
        Value::Float(value)
    }
}

fn test(column: usize, verb: Verb) -> Test {
    Test {
        operand: Operand {
            table: TableId::Visits,
            column,
        },
        verb,
    }
}

/// `count / of`, rounded half away from zero; 0 when there is nothing to divide by.
fn ratio(count: f64, of: f64, decimals: i32) -> Value {
    let scale = 10f64.powi(decimals);
    whole(if of == 0.0 {
        0.0
    } else {
        (count / of * scale).round() / scale
    })
}

pub(super) fn visits(context: &Context) -> Result<Option<Row>, QueryError> {
    let totals = plan::visit_totals(context, Vec::new())?;
    Ok((totals.visits > 0.0).then(|| {
        let mut row = Row::default();
        add_visits(&mut row, &totals);
        row
    }))
}

fn add_visits(row: &mut Row, totals: &VisitTotals) {
    row.set("nb_uniq_visitors", whole(totals.visitors));
    row.set("nb_users", whole(totals.users));
    row.set("nb_visits", whole(totals.visits));
    row.set("nb_actions", whole(totals.actions));
    row.set("nb_visits_converted", whole(totals.converted));
    row.set("bounce_count", whole(totals.bounces));
    row.set("sum_visit_length", whole(totals.length_seconds));
    row.set("max_actions", whole(totals.max_actions));
}

fn of_type(context: &Context, returning: bool) -> Result<VisitTotals, QueryError> {
    let verb = if returning {
        Verb::AtLeast(1)
    } else {
        Verb::Is(0)
    };
    plan::visit_totals(context, vec![test(visit::RETURNING, verb)])
}

pub(super) fn visitor_types(context: &Context, alone: bool) -> Result<Option<Row>, QueryError> {
    let mut row = Row::default();
    for (suffix, returning) in [("_new", false), ("_returning", true)] {
        let totals = of_type(context, returning)?;
        if totals.visits == 0.0 && !alone {
            continue;
        }
        let mut part = Row::default();
        add_visits(&mut part, &totals);
        for (name, value) in part.columns {
            row.set(format!("{name}{suffix}"), value);
        }
        row.set(
            format!("bounce_rate{suffix}"),
            ratio(totals.bounces, totals.visits, 2),
        );
        row.set(
            format!("nb_actions_per_visit{suffix}"),
            ratio(totals.actions, totals.visits, 1),
        );
        row.set(
            format!("avg_time_on_site{suffix}"),
            ratio(totals.length_seconds, totals.visits, 0),
        );
    }
    Ok((!row.columns.is_empty()).then_some(row))
}

pub(super) fn actions(context: &Context) -> Result<Option<Row>, QueryError> {
    let totals = plan::action_totals(context)?;
    let visits = plan::visit_totals(context, Vec::new())?;
    let hits = totals.pageviews + totals.downloads + totals.outlinks + totals.searches;
    if visits.visits == 0.0 && hits == 0.0 {
        return Ok(None);
    }
    let mut row = Row::default();
    row.set("nb_pageviews", whole(totals.pageviews));
    row.set("nb_uniq_pageviews", whole(totals.unique_pageviews));
    row.set("nb_downloads", whole(totals.downloads));
    row.set("nb_uniq_downloads", whole(totals.unique_downloads));
    row.set("nb_outlinks", whole(totals.outlinks));
    row.set("nb_uniq_outlinks", whole(totals.unique_outlinks));
    row.set("nb_searches", whole(totals.searches));
    row.set("nb_keywords", whole(totals.keywords));
    Ok(Some(row))
}

/// Public name of the count of visits, and the number of the referrer type.
const CHANNELS: [(&str, i64); 5] = [
    ("Referrers_visitorsFromSearchEngines", 2),
    ("Referrers_visitorsFromSocialNetworks", 7),
    ("Referrers_visitorsFromDirectEntry", 1),
    ("Referrers_visitorsFromWebsites", 3),
    ("Referrers_visitorsFromCampaigns", 6),
];

const SHARES: [&str; 5] = [
    "Referrers_visitorsFromDirectEntry",
    "Referrers_visitorsFromSearchEngines",
    "Referrers_visitorsFromCampaigns",
    "Referrers_visitorsFromSocialNetworks",
    "Referrers_visitorsFromWebsites",
];

pub(super) fn referrers(context: &Context) -> Result<Option<Row>, QueryError> {
    let visits = plan::visit_totals(context, Vec::new())?.visits;
    if visits == 0.0 {
        return Ok(None);
    }
    let mut row = Row::default();
    for (name, kind) in CHANNELS {
        let totals = plan::visit_totals(context, vec![test(visit::REFERRER_TYPE, Verb::Is(kind))])?;
        row.set(name, whole(totals.visits));
    }
    let distinct = |column: usize, kind: i64| {
        plan::distinct_visit_values(
            context,
            column,
            vec![test(visit::REFERRER_TYPE, Verb::Is(kind))],
        )
    };
    row.set(
        "Referrers_distinctSearchEngines",
        whole(distinct(visit::REFERRER_NAME, 2)?),
    );
    row.set(
        "Referrers_distinctSocialNetworks",
        whole(distinct(visit::REFERRER_NAME, 7)?),
    );
    row.set(
        "Referrers_distinctKeywords",
        whole(distinct(visit::REFERRER_KEYWORD, 2)?),
    );
    row.set(
        "Referrers_distinctWebsites",
        whole(distinct(visit::REFERRER_NAME, 3)?),
    );
    row.set(
        "Referrers_distinctWebsitesUrls",
        whole(distinct(visit::REFERRER_URL, 3)?),
    );
    row.set(
        "Referrers_distinctCampaigns",
        whole(distinct(visit::REFERRER_NAME, 6)?),
    );
    for name in SHARES {
        let share = ratio(row.number(name), visits, 2);
        row.set(format!("{name}_percent"), share);
    }
    Ok(Some(row))
}

pub(super) const TIMINGS: [&str; 6] = [
    "network",
    "server",
    "transfer",
    "dom_processing",
    "dom_completion",
    "on_load",
];

pub(super) fn performance(context: &Context) -> Result<Option<Row>, QueryError> {
    let totals = plan::performance_totals(context)?;
    if totals.page_views_with_any == 0.0 {
        return Ok(None);
    }
    let mut row = Row::default();
    let mut load = 0.0;
    for (at, name) in TIMINGS.iter().enumerate() {
        let seconds = match totals.hits[at] {
            0.0 => 0.0,
            hits => totals.sums_ms[at] / 1000.0 / hits,
        };
        load += seconds;
        row.set(
            format!("avg_time_{name}"),
            whole((seconds * 100.0).round() / 100.0),
        );
    }
    row.set("avg_page_load_time", whole((load * 100.0).round() / 100.0));
    Ok(Some(row))
}

fn countries(context: &Context) -> Result<Option<Row>, QueryError> {
    let count = plan::distinct_visit_values(context, visit::COUNTRY, Vec::new())?;
    let mut row = Row::default();
    row.set("UserCountry_distinctCountries", whole(count));
    Ok(Some(row))
}

pub(super) fn bandwidth(context: &Context) -> Result<Option<Row>, QueryError> {
    let [overall, pages, downloads] = plan::bandwidth_totals(context)?;
    let mut row = Row::default();
    row.set("nb_total_overall_bandwidth", whole(overall));
    row.set("nb_total_pageview_bandwidth", whole(pages));
    row.set("nb_total_download_bandwidth", whole(downloads));
    Ok(Some(row))
}

/// Suffixes of the counts by visitor type.
const SPLITS: [(&str, Option<bool>); 3] = [
    ("", None),
    ("_new_visit", Some(false)),
    ("_returning_visit", Some(true)),
];

pub(super) fn goals(context: &Context, extra: &Extra) -> Result<Option<Row>, QueryError> {
    let mut row = Row::default();
    let mut any = false;
    for (suffix, returning) in SPLITS {
        let visits = match returning {
            None => plan::visit_totals(context, Vec::new())?,
            Some(returning) => of_type(context, returning)?,
        };
        let split = plan::goal_totals(context, extra.goal, returning)?;
        let has_any = split.conversions > 0.0 || visits.visits > 0.0;
        any |= has_any;
        if !has_any && !extra.alone {
            continue;
        }
        let converted = match extra.goal {
            None => visits.converted,
            Some(_) => split.visits_converted,
        };
        add_goal(&mut row, suffix, &split, converted, visits.visits, extra);
    }
    Ok(any.then_some(row))
}

fn add_goal(
    row: &mut Row,
    suffix: &str,
    split: &GoalSplit,
    converted: f64,
    visits: f64,
    extra: &Extra,
) {
    let mut set = |name: &str, value: Value| row.set(Name::from(format!("{name}{suffix}")), value);
    set("nb_conversions", whole(split.conversions));
    set("nb_visits_converted", whole(converted));
    set("revenue", whole(split.revenue));
    if extra.goal == Some(0) {
        set("revenue_subtotal", whole(split.subtotal));
        set("revenue_tax", whole(split.tax));
        set("revenue_shipping", whole(split.shipping));
        set("revenue_discount", whole(split.discount));
    }
    if extra.goal.is_some_and(|goal| goal <= 0) {
        set("items", whole(split.items));
        set(
            "avg_order_revenue",
            ratio(split.revenue, split.conversions, 2),
        );
    }
    set("conversion_rate", ratio(converted, visits, 4));
}
