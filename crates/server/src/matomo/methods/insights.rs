//! `Insights`: what grew, what shrank, what is new and what is gone since an earlier period.

use jiff::ToSpan;
use model::{Access, Answer, Role, Row, Table, TableSet, Value};
use query::period::{Asked, Period, PeriodKind};

use super::common::needed;
use super::{Method, method};
use crate::matomo::error::{ApiError, ApiResult};
use crate::matomo::request::ApiRequest;
use crate::matomo::shape::number::{NumberFormat, evolution};
use crate::matomo::shape::{ReportShape, php, shape_answer};
use crate::matomo::{Call, format_options, run, world};

const VIEW: Access = Access::Site(Role::View);

pub const METHODS: &[Method] = &[
    method!("Insights.getInsights", VIEW, insights),
    method!("Insights.getMoversAndShakers", VIEW, movers),
    method!("Insights.getInsightsOverview", VIEW, insights_overview),
    method!(
        "Insights.getMoversAndShakersOverview",
        VIEW,
        movers_overview
    ),
];

/// Reports of the overviews.
const OVERVIEW: [&str; 5] = [
    "Actions_getPageUrls",
    "Actions_getPageTitles",
    "Actions_getDownloads",
    "Referrers_getWebsites",
    "Referrers_getCampaigns",
];
const VISITS: &str = "nb_visits";

/// How much of something is worth telling, in percent.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Thresholds {
    /// Of all visits: what grew or shrank.
    movers: f64,
    /// Of all visits: what is new.
    new: f64,
    /// Of all visits: what is gone.
    gone: f64,
    /// Of what it was before.
    growth: f64,
    /// Of what it was before; below 0.
    shrinking: f64,
}

/// What a call asks for besides site, period and segment.
struct Wanted {
    periods_back: i64,
    increasers: usize,
    decreasers: usize,
}

/// The numbers of a report in two periods.
struct Compared {
    metric: String,
    now: Table,
    before: Table,
    total: f64,
    total_before: f64,
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    New,
    Gone,
    Mover,
}

/// A row of a report in both periods.
struct Change {
    label: Value,
    old: f64,
    new: f64,
    kind: Kind,
}

async fn insights(call: Call<'_>) -> ApiResult<Answer> {
    let table = insights_of(&call, needed(&call, "reportUniqueId")?).await?;
    Ok(shaped(&call, table))
}

async fn movers(call: Call<'_>) -> ApiResult<Answer> {
    let table = movers_of(&call, needed(&call, "reportUniqueId")?).await?;
    Ok(shaped(&call, table))
}

async fn insights_overview(call: Call<'_>) -> ApiResult<Answer> {
    let mut parts = Vec::with_capacity(OVERVIEW.len());
    for report in OVERVIEW {
        parts.push((
            report.to_owned(),
            Answer::Table(insights_of(&call, report).await?),
        ));
    }
    Ok(Answer::Set(TableSet {
        key: "report",
        parts,
    }))
}

async fn movers_overview(call: Call<'_>) -> ApiResult<Answer> {
    let mut parts = Vec::with_capacity(OVERVIEW.len());
    for report in OVERVIEW {
        parts.push((
            report.to_owned(),
            Answer::Table(movers_of(&call, report).await?),
        ));
    }
    Ok(Answer::Set(TableSet {
        key: "report",
        parts,
    }))
}

fn shaped(call: &Call<'_>, table: Table) -> Answer {
    let shape = ReportShape {
        encoded_labels: false,
        ..ReportShape::default()
    };
    shape_answer(Answer::Table(table), &shape, &call.request.generic())
}

async fn insights_of(call: &Call<'_>, report: &str) -> ApiResult<Table> {
    let wanted = wanted(call, 5);
    let compared = compared(call, report, wanted.periods_back).await?;
    let percent = |name: &str, default: f64| {
        let text = call.request.filled(name);
        text.map_or(default, php::number)
    };
    let (impact, growth) = (
        percent("minImpactPercent", 2.0),
        percent("minGrowthPercent", 20.0),
    );
    let mut least = Thresholds {
        movers: impact,
        new: impact,
        gone: impact,
        growth,
        shrinking: -growth,
    };
    // A kind that is left out would need more than everything.
    let never = 200.0 * 100.0;
    match call.request.filled("filterBy") {
        Some("movers") => (least.new, least.gone) = (never, never),
        Some("new") => (least.movers, least.gone) = (never, never),
        Some("disappeared") => (least.movers, least.new) = (never, never),
        _ => {}
    }
    let order = call.request.filled("orderBy").unwrap_or("absolute");
    let striking = thresholds(compared.total, compared.total_before);
    Ok(compared.table(&least, &wanted, order, Some(&striking)))
}

async fn movers_of(call: &Call<'_>, report: &str) -> ApiResult<Table> {
    let wanted = wanted(call, 4);
    let compared = compared(call, report, wanted.periods_back).await?;
    let striking = thresholds(compared.total, compared.total_before);
    Ok(compared.table(&striking, &wanted, "absolute", None))
}

fn wanted(call: &Call<'_>, limit: usize) -> Wanted {
    let whole = |name: &str| call.request.integer(name);
    let rows = |name: &str| whole(name).map_or(limit, |rows| usize::try_from(rows).unwrap_or(0));
    Wanted {
        periods_back: whole("comparedToXPeriods").unwrap_or(1).max(1),
        increasers: rows("limitIncreaser"),
        decreasers: rows("limitDecreaser"),
    }
}

/// What is striking depends on how all visits changed.
fn thresholds(total: f64, total_before: f64) -> Thresholds {
    let change = evolution(total, total_before, 1);
    let mut least = if change >= 100.0 {
        Thresholds {
            movers: 1.0,
            new: change / 100.0 * 3.0,
            gone: 8.0,
            growth: change + (change / 500.0).ceil() * 40.0,
            shrinking: -70.0,
        }
    } else if change >= 0.0 {
        Thresholds {
            movers: 1.0,
            new: 5.0,
            gone: 7.0,
            growth: change + 20.0,
            shrinking: -(change + 20.0),
        }
    } else {
        Thresholds {
            movers: 1.0,
            new: 5.0,
            gone: 7.0,
            growth: 20.0 - change,
            shrinking: change - 20.0,
        }
    };
    const FEW_VISITS: f64 = 200.0;
    const VISITS_LEAST: f64 = 2.0;
    if total > 0.0 && total < FEW_VISITS {
        let percent = (VISITS_LEAST / (total / 100.0)).ceil();
        least.movers = percent;
        least.new = least.new.max(percent);
        least.gone = least.gone.max(percent);
    }
    least
}

/// Runs a report for the period of the call and for an earlier one.
async fn compared(call: &Call<'_>, unique_id: &str, periods_back: i64) -> ApiResult<Compared> {
    let (method, parameters) = method_of(unique_id);
    let report = catalog::reports::report(&method)
        .ok_or_else(|| ApiError::invalid("A report having this ID does not exist"))?;
    let Asked::One(period) = world::periods(call, &model::Zone::utc())? else {
        return Err(ApiError::invalid(
            "Insights can be generated for one date only.",
        ));
    };
    let date = needed(call, "date")?.to_owned();
    let earlier = earlier(&period, &date, periods_back)?;
    let now = table(call, &method, &parameters, &date).await?;
    let before = table(call, &method, &parameters, &earlier).await?;
    let has_visits = now
        .all_rows()
        .chain(before.all_rows())
        .any(|row| row.get(VISITS).is_some());
    let metric = match (has_visits, report.metrics.first()) {
        (false, Some(metric)) => (*metric).to_owned(),
        _ => VISITS.to_owned(),
    };
    Ok(Compared {
        metric,
        total: visits(call, &date).await?,
        total_before: visits(call, &earlier).await?,
        now,
        before,
    })
}

/// `Actions_getPageUrls` or `Goals_get_idGoal--1`: the method and its parameters.
fn method_of(unique_id: &str) -> (String, String) {
    let mut parts = unique_id.split('_');
    let (module, action) = (
        parts.next().unwrap_or_default(),
        parts.next().unwrap_or_default(),
    );
    let parameters: String = parts
        .filter_map(|part| part.split_once("--"))
        .map(|(name, value)| format!("&{name}={}", crate::matomo::show::encode(value)))
        .collect();
    (format!("{module}.{action}"), parameters)
}

/// The date of a period so many periods before.
fn earlier(period: &Period, date: &str, back: i64) -> ApiResult<String> {
    if period.kind == PeriodKind::Range {
        return Ok(period.before(back).key());
    }
    let today = world::today(&model::Zone::utc());
    let date = query::period::day(date, today)?;
    let date = match period.kind {
        PeriodKind::Week => date.saturating_sub((7 * back).days()),
        PeriodKind::Month => date.saturating_sub(back.months()),
        PeriodKind::Year => date.saturating_sub(back.years()),
        PeriodKind::Day | PeriodKind::Range => date.saturating_sub(back.days()),
    };
    Ok(date.to_string())
}

async fn visits(call: &Call<'_>, date: &str) -> ApiResult<f64> {
    let table = table(call, "VisitsSummary.get", "", date).await?;
    Ok(table.rows.first().map_or(0.0, |row| row.number(VISITS)))
}

/// All rows of a report, numbers as they are.
async fn table(call: &Call<'_>, method: &str, parameters: &str, date: &str) -> ApiResult<Table> {
    let text = |name: &str| {
        let text = call.request.filled(name).unwrap_or_default();
        crate::matomo::show::encode(text)
    };
    let query = format!(
        "method={method}&idSite={}&period={}&date={}&language={}&segment={}&filter_limit=-1\
         &format_metrics=0{parameters}",
        text("idSite"),
        text("period"),
        crate::matomo::show::encode(date),
        text("language"),
        crate::matomo::show::encode(&world::segment_text(call)),
    );
    let request = ApiRequest::parse(&query, b"");
    let options = format_options(&request);
    let inner = Call {
        app: call.app,
        principal: call.principal.clone(),
        request,
        client: call.client,
        method: method.to_owned(),
    };
    match Box::pin(run(inner, options)).await? {
        (Answer::Table(table) | Answer::Metrics(table), _) => Ok(table),
        _ => Err(ApiError::invalid(
            "Insights can be generated for one site only.",
        )),
    }
}

impl Compared {
    fn table(
        &self,
        least: &Thresholds,
        wanted: &Wanted,
        order: &str,
        striking: Option<&Thresholds>,
    ) -> Table {
        let mut changes = self.changes();
        changes.retain(|change| change.is_worth(least, self.total));
        let key = |change: &Change| match order {
            "relative" => change.growth().abs(),
            _ => change.difference().abs(),
        };
        changes.sort_by(|left, right| key(right).total_cmp(&key(left)));
        let (up, down): (Vec<&Change>, Vec<&Change>) = changes
            .iter()
            .partition(|change| change.difference() >= 0.0);
        let rows = up
            .into_iter()
            .take(wanted.increasers)
            .chain(down.into_iter().take(wanted.decreasers))
            .map(|change| {
                let mut row = change.row(&self.metric);
                if let Some(striking) = striking {
                    row.set("isMoverAndShaker", change.is_worth(striking, self.total));
                }
                row
            });
        Table::of(rows.collect())
    }

    fn changes(&self) -> Vec<Change> {
        let find = |table: &Table, label: &str| {
            let found = table.rows.iter().find(|row| row.label() == label);
            found.map(|row| row.number(&self.metric))
        };
        let label = |row: &Row| row.get("label").cloned().unwrap_or(Value::Null);
        let mut changes: Vec<Change> = self
            .now
            .rows
            .iter()
            .map(|row| {
                let old = find(&self.before, &row.label());
                Change {
                    label: label(row),
                    old: old.unwrap_or(0.0),
                    new: row.number(&self.metric),
                    kind: old.map_or(Kind::New, |_| Kind::Mover),
                }
            })
            .collect();
        let gone = self.before.rows.iter();
        changes.extend(
            gone.filter(|row| find(&self.now, &row.label()).is_none())
                .map(|row| Change {
                    label: label(row),
                    old: row.number(&self.metric),
                    new: 0.0,
                    kind: Kind::Gone,
                }),
        );
        changes
    }
}

impl Change {
    fn difference(&self) -> f64 {
        self.new - self.old
    }

    fn growth(&self) -> f64 {
        evolution(self.new, self.old, 1)
    }

    fn is_worth(&self, least: &Thresholds, total: f64) -> bool {
        let percent = match self.kind {
            Kind::New => least.new,
            Kind::Gone => least.gone,
            Kind::Mover => least.movers,
        };
        let visits = (total / 100.0 * percent).round().max(1.0);
        let grows = self.growth() >= least.growth || self.growth() <= least.shrinking;
        // What is new or gone changed by all it is.
        (self.kind != Kind::Mover || grows) && self.difference().abs() >= visits
    }

    fn row(&self, metric: &str) -> Row {
        let growth = self.growth();
        let mut row = Row::labelled(self.label.clone());
        row.set(metric.to_owned(), php::whole_or_float(self.new));
        row.set("growth_percent", NumberFormat::ENGLISH.percent(growth, 1));
        row.set(
            "growth_percent_numeric",
            NumberFormat::ENGLISH.number(growth, 1),
        );
        row.set("grown", growth >= 0.0);
        row.set("value_old", php::whole_or_float(self.old));
        row.set("value_new", php::whole_or_float(self.new));
        row.set("difference", php::whole_or_float(self.difference()));
        row.set("importance", php::whole_or_float(self.difference().abs()));
        row.set("isDisappeared", self.kind == Kind::Gone);
        row.set("isNew", self.kind == Kind::New);
        row.set("isMover", self.kind == Kind::Mover);
        row
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(rows: &[(&str, i64)]) -> Table {
        let rows = rows.iter().map(|(label, visits)| {
            let mut row = Row::labelled(*label);
            row.set(VISITS, *visits);
            row
        });
        Table::of(rows.collect())
    }

    #[test]
    fn rows_are_new_gone_or_changed() {
        let compared = Compared {
            metric: VISITS.to_owned(),
            now: report(&[("same", 100), ("grows", 90), ("new", 30)]),
            before: report(&[("same", 100), ("grows", 30), ("gone", 50)]),
            total: 220.0,
            total_before: 180.0,
        };
        let wanted = Wanted {
            periods_back: 1,
            increasers: 5,
            decreasers: 5,
        };
        let least = Thresholds {
            movers: 2.0,
            new: 2.0,
            gone: 2.0,
            growth: 20.0,
            shrinking: -20.0,
        };
        let table = compared.table(&least, &wanted, "absolute", None);
        let found: Vec<(String, f64)> = table
            .rows
            .iter()
            .map(|row| (row.label().into_owned(), row.number("difference")))
            .collect();
        let expected = [("grows", 60.0), ("new", 30.0), ("gone", -50.0)];
        assert_eq!(found, expected.map(|(label, by)| (label.to_owned(), by)));
        assert_eq!(
            table.rows[0].get("growth_percent"),
            Some(&Value::from("200%"))
        );
    }

    #[test]
    fn few_visits_need_a_change_of_two() {
        assert_eq!(thresholds(10.0, 0.0).new, 20.0);
        assert_eq!(thresholds(2.0, 0.0).new, 100.0);
        assert_eq!(thresholds(1000.0, 900.0).new, 5.0);
    }

    #[test]
    fn unique_ids_are_methods_with_parameters() {
        assert_eq!(
            method_of("Actions_getPageUrls"),
            ("Actions.getPageUrls".to_owned(), String::new())
        );
        assert_eq!(method_of("Goals_get_idGoal--1").1, "&idGoal=1");
    }
}
