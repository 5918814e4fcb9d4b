//! `MultiSites`: the numbers of many sites side by side, each with its change since the period before.

use std::collections::HashMap;

use jiff::ToSpan;
use jiff::civil::Date;
use model::{Access, Answer, Role, Row, SiteId, Table, TableSet, Value};
use query::Limits;
use query::period::{Asked, Period, PeriodKind};
use query::plan::{self, Context};
use settings::Site;

use super::common::{chosen, field, language, needed, sites_with};
use super::{Method, method};
use crate::app::{World, now};
use crate::matomo::error::{ApiError, ApiResult};
use crate::matomo::shape::number::{NumberFormat, evolution};
use crate::matomo::shape::sort::sort;
use crate::matomo::shape::{ReportShape, php, shape_answer};
use crate::matomo::{Call, world};

const SOME_VIEW: Access = Access::Some(Role::View);

pub const METHODS: &[Method] = &[
    method!("MultiSites.getAll", SOME_VIEW, all),
    method!("MultiSites.getOne", Access::Site(Role::View), one),
    method!("MultiSites.getAllWithGroups", SOME_VIEW, all_with_groups),
];

/// A number of a site.
struct Metric {
    name: &'static str,
    evolution: &'static str,
    /// How the number of the period before is called.
    previous: &'static str,
    /// Only where `enhanced` asks for it.
    enhanced: bool,
    /// Only at sites that sell something.
    ecommerce: bool,
}

const fn metric(name: &'static str, evolution: &'static str, previous: &'static str) -> Metric {
    Metric {
        name,
        evolution,
        previous,
        enhanced: false,
        ecommerce: false,
    }
}

const METRICS: [Metric; 7] = [
    metric("nb_visits", "visits_evolution", "previous_nb_visits"),
    metric("nb_actions", "actions_evolution", "previous_nb_actions"),
    metric(
        "nb_pageviews",
        "pageviews_evolution",
        "previous_Actions_nb_pageviews",
    ),
    metric("revenue", "revenue_evolution", "previous_Goal_revenue"),
    Metric {
        enhanced: true,
        ..metric(
            "nb_conversions",
            "nb_conversions_evolution",
            "previous_Goal_nb_conversions",
        )
    },
    Metric {
        enhanced: true,
        ecommerce: true,
        ..metric(
            "orders",
            "orders_evolution",
            "previous_Goal_0_nb_conversions",
        )
    },
    Metric {
        enhanced: true,
        ecommerce: true,
        ..metric(
            "ecommerce_revenue",
            "ecommerce_revenue_evolution",
            "previous_Goal_0_revenue",
        )
    },
];

/// The numbers of a site in the order of [`METRICS`].
type Numbers = [f64; METRICS.len()];

async fn all(call: Call<'_>) -> ApiResult<Answer> {
    let world = call.app.world().await?;
    let sites = visible(&call, &world, chosen(&call, "pattern"));
    let asked = world::periods(&call, &model::Zone::utc())?;
    let several = matches!(asked, Asked::Each(_));
    let report = Report::new(&call, &world, call.request.flag("enhanced"), several);
    let answer = tokio::task::block_in_place(|| {
        report.for_each(asked, |now, before| {
            Ok(Answer::Table(Table::of(report.rows(&sites, now, before)?)))
        })
    })?;
    let shape = ReportShape {
        sort_column: Some("nb_visits"),
        limit: world.config.number("API_datatable_default_limit"),
        encoded_labels: false,
        ..ReportShape::default()
    };
    Ok(shape_answer(answer, &shape, &call.request.generic()))
}

async fn one(call: Call<'_>) -> ApiResult<Answer> {
    let world = call.app.world().await?;
    let sites = world::sites(&call, &world, Role::View)?;
    let site = sites.ids.first().and_then(|id| world.site(*id));
    let site = site.ok_or_else(|| ApiError::missing("idSite"))?;
    let asked = world::periods(&call, &model::Zone::utc())?;
    let several = matches!(asked, Asked::Each(_));
    let report = Report::new(&call, &world, call.request.flag("enhanced"), several);
    let answer = tokio::task::block_in_place(|| {
        report.for_each(asked, |now, before| {
            Ok(Answer::Metrics(Table::of(vec![
                report.single(site, now, before)?,
            ])))
        })
    })?;
    Ok(shape_answer(
        answer,
        &ReportShape::default(),
        &call.request.generic(),
    ))
}

/// What the page of all sites shows: a page of rows, and sums over every site.
async fn all_with_groups(call: Call<'_>) -> ApiResult<Answer> {
    let world = call.app.world().await?;
    let Asked::One(period) = world::periods(&call, &model::Zone::utc())? else {
        return Err(ApiError::invalid("Multiple periods are not supported"));
    };
    let report = Report::new(&call, &world, true, false);
    let before = report.before(&period);
    let sites = visible(&call, &world, None);
    let rows = tokio::task::block_in_place(|| report.rows(&sites, &period, before.as_ref()))?;
    let sums = sums(&rows, report.formats);
    let mut table = Table::of(rows);
    sort(&mut table, "nb_visits", false, false);
    let mut rows = table.rows;
    if let Some(pattern) = chosen(&call, "pattern").map(str::to_lowercase) {
        rows.retain(|row| has_text(row, &pattern));
    }
    let count = rows.len();
    let rows = page(&call, grouped(rows));
    let rows = rows.into_iter().map(|row| report.printed(row));
    Ok(Answer::Value(Value::Map(vec![
        field("numSites", count as i64),
        ("totals".into(), sums),
        field("lastDate", last_date(&call, &period)?),
        ("sites".into(), Value::List(rows.collect())),
    ])))
}

/// The sites that the caller may look at, by pattern.
fn visible<'a>(call: &Call<'_>, world: &'a World, pattern: Option<&str>) -> Vec<&'a Site> {
    let pattern = pattern.map(str::to_lowercase);
    let ids = sites_with(call, world, Role::View);
    let sites = ids.into_iter().filter_map(|id| world.site(id as SiteId));
    sites
        .filter(|site| {
            pattern
                .as_ref()
                .is_none_or(|pattern| super::sites::has(site, pattern))
        })
        .collect()
}

struct Report<'a> {
    call: &'a Call<'a>,
    world: &'a World,
    view: std::sync::Arc<query::View>,
    metrics: Vec<&'static Metric>,
    formats: NumberFormat,
    language: &'a str,
    enhanced: bool,
    /// Several periods are asked for.
    several: bool,
}

impl<'a> Report<'a> {
    fn new(call: &'a Call<'a>, world: &'a World, enhanced: bool, several: bool) -> Report<'a> {
        let metrics = METRICS.iter().filter(|metric| enhanced || !metric.enhanced);
        Report {
            call,
            world,
            view: std::sync::Arc::new(call.app.ingest.view()),
            metrics: metrics.collect(),
            formats: NumberFormat::of(language(call)),
            language: language(call),
            enhanced,
            several,
        }
    }

    /// An answer for each period; the period before it goes along where there is one.
    fn for_each(
        &self,
        asked: Asked,
        answer: impl Fn(&Period, Option<&Period>) -> ApiResult<Answer>,
    ) -> ApiResult<Answer> {
        match asked {
            Asked::One(period) => answer(&period, self.before(&period).as_ref()),
            Asked::Each(periods) => {
                let mut parts = Vec::with_capacity(periods.len());
                for period in periods {
                    let part = answer(&period, self.before(&period).as_ref())?;
                    parts.push((period.key(), part));
                }
                Ok(Answer::Set(TableSet { key: "date", parts }))
            }
        }
    }

    /// The period before, unless the dates are counted from today (`last7`): these have none.
    fn before(&self, period: &Period) -> Option<Period> {
        let date = self.call.request.filled("date").unwrap_or_default();
        match period.kind {
            PeriodKind::Range => Some(period.before(1)),
            _ if date.starts_with("last") || date.starts_with("previous") => None,
            _ => Some(period.before(1)),
        }
    }

    fn numbers(&self, site: &Site, period: &Period) -> ApiResult<Numbers> {
        let id = SiteId::try_from(site.idsite).unwrap_or_default();
        let segment = world::segment_text(self.call);
        let filter = world::filter(self.call, self.world, id, &segment)?;
        let rows = self.world.config.row_limits();
        let tree = self.world.config.tree_rules();
        let limits = Limits::default();
        let context = Context {
            view: &self.view,
            site: id,
            zone: world::zone_of(self.world, id),
            first: period.first_day(),
            last: period.last_day(),
            filter,
            grain: self.world.config.grain(),
            rows: &rows,
            tree: &tree,
            limits: &limits,
        };
        let visits = plan::visit_totals(&context, Vec::new())?;
        let actions = plan::action_totals(&context)?;
        let goals = plan::goal_totals(&context, None, None)?;
        let orders = plan::goal_totals(&context, Some(0), None)?;
        // A site that sells nothing has no orders, though a hit may say so.
        let (revenue, conversions) = match site.ecommerce {
            true => (goals.revenue, goals.conversions),
            false => (
                goals.revenue - orders.revenue,
                goals.conversions - orders.conversions,
            ),
        };
        Ok([
            visits.visits,
            visits.actions,
            actions.pageviews,
            revenue,
            conversions,
            orders.conversions,
            orders.revenue,
        ])
    }

    /// A row for each site that has something to show; of a single period also one site alone, and all sites
    /// where conversions are asked for.
    fn rows(
        &self,
        sites: &[&Site],
        period: &Period,
        before: Option<&Period>,
    ) -> ApiResult<Vec<Row>> {
        let mut found = Vec::with_capacity(sites.len());
        for site in sites {
            let numbers = self.numbers(site, period)?;
            let is_shown = !self.several && (sites.len() == 1 || self.enhanced);
            if !is_shown && numbers.iter().all(|number| *number == 0.0) {
                continue;
            }
            let past = match before {
                Some(before) => Some(self.numbers(site, before)?),
                None => None,
            };
            found.push((*site, numbers, past));
        }
        let rows = found.into_iter().map(|(site, numbers, past)| {
            let mut row = Row::labelled(site.name.clone());
            for (metric, number) in self.of_site(site, &numbers) {
                row.set(metric.name, php::whole_or_float(number));
            }
            if let (Some(past), Some(before)) = (past, before) {
                self.add_evolutions(&mut row, site, period, &numbers, &past);
                self.add_facts(&mut row, site, period);
                self.add_past(&mut row, site, before, &past);
            } else {
                row.set_meta("idsite", site.idsite);
                row.set_meta("currencySymbol", self.currency(site));
            }
            row.set_meta("group", site.group.clone());
            row.set_meta("main_url", site.main_url());
            row
        });
        Ok(rows.collect())
    }

    /// The row of one site alone, which has no label.
    fn single(&self, site: &Site, period: &Period, before: Option<&Period>) -> ApiResult<Row> {
        let numbers = self.numbers(site, period)?;
        let mut row = Row::default();
        let own = self.of_site(site, &numbers);
        for (metric, number) in own.iter().take(2) {
            row.set(metric.name, php::whole_or_float(*number));
        }
        if let Some(before) = before {
            let past = self.numbers(site, before)?;
            self.add_evolutions(&mut row, site, period, &numbers, &past);
        }
        for (metric, number) in own.iter().skip(2) {
            row.set(metric.name, php::whole_or_float(*number));
        }
        Ok(row)
    }

    /// Metrics that a site has, with their numbers.
    fn of_site(&self, site: &Site, numbers: &Numbers) -> Vec<(&'static Metric, f64)> {
        let all = self.metrics.iter().copied().zip(*numbers);
        all.filter(|(metric, _)| site.ecommerce || !metric.ecommerce)
            .collect()
    }

    fn add_evolutions(
        &self,
        row: &mut Row,
        site: &Site,
        period: &Period,
        numbers: &Numbers,
        past: &Numbers,
    ) {
        let share = self.elapsed_share(site, period);
        let past = self.of_site(site, past);
        for ((metric, number), (_, past)) in self.of_site(site, numbers).into_iter().zip(past) {
            let change = evolution(number, past * share, 1);
            let trend = match change {
                change if change > 0.0 => 1,
                change if change < 0.0 => -1,
                _ => 0,
            };
            row.set(metric.evolution, self.formats.percent(change, 1));
            row.set(format!("{}_trend", metric.evolution), trend);
        }
    }

    fn add_facts(&self, row: &mut Row, site: &Site, period: &Period) {
        row.set_meta("idsite", site.idsite);
        row.set_meta(
            "ratio",
            php::whole_or_float(self.elapsed_share(site, period)),
        );
        row.set_meta("currencySymbol", self.currency(site));
    }

    fn add_past(&self, row: &mut Row, site: &Site, before: &Period, past: &Numbers) {
        let names = &self.call.app.names;
        for (at, (metric, number)) in self.of_site(site, past).into_iter().enumerate() {
            row.set_meta(metric.previous, php::whole_or_float(number));
            if at == 0 {
                let range = names.short_date(before.kind, before.first, before.last, self.language);
                row.set_meta("periodName", before.kind.name());
                row.set_meta("previousRange", range);
            }
        }
    }

    fn currency(&self, site: &Site) -> String {
        let symbol = self.call.app.names.currency_symbol(&site.currency);
        symbol.to_owned()
    }

    /// How much of a period is over: 1, or less while it lasts.
    fn elapsed_share(&self, site: &Site, period: &Period) -> f64 {
        let zone = world::zone_of(self.world, site.idsite as SiteId);
        let (from, to) = (
            zone.day_start(period.first_day()),
            zone.day_start(period.last_day().next()),
        );
        let now = now();
        match from < now && now < to {
            true => php::round((now - from) as f64 / (to - from) as f64, 3),
            false => 1.0,
        }
    }

    /// A row as the page shows it: numbers as texts.
    fn printed(&self, row: Row) -> Value {
        let currency = row.meta("currencySymbol").and_then(Value::as_str);
        let currency = currency.unwrap_or_default().to_owned();
        let mut fields = Vec::with_capacity(row.columns.len() + row.metadata.len());
        for (name, value) in row.columns {
            let value = match name.as_ref() {
                "nb_visits" | "nb_actions" | "nb_pageviews" => {
                    Value::Text(self.formats.number(value.number(), 2))
                }
                "revenue" => Value::Text(self.formats.money(value.number(), &currency)),
                _ => value,
            };
            fields.push((name, value));
        }
        fields.extend(row.metadata);
        Value::Map(fields)
    }
}

/// Sums over all rows, as texts.
fn sums(rows: &[Row], numbers: NumberFormat) -> Value {
    let sum = |name: &str| rows.iter().map(|row| row.number(name)).sum::<f64>();
    let text = |name: &'static str| field(name, numbers.number(sum(name), 2));
    let past = rows.iter().filter_map(|row| row.meta("previous_nb_visits"));
    let past: f64 = past.map(Value::number).sum();
    Value::Map(vec![
        text("nb_pageviews"),
        text("nb_visits"),
        text("nb_actions"),
        text("revenue"),
        field("nb_visits_lastdate", php::whole_or_float(past)),
    ])
}

fn has_text(row: &Row, lower_pattern: &str) -> bool {
    let group = row
        .meta("group")
        .and_then(Value::as_str)
        .unwrap_or_default();
    row.label().to_lowercase().contains(lower_pattern)
        || group.to_lowercase().contains(lower_pattern)
}

/// Sites of a group follow its row, which stands where its first site stood.
fn grouped(rows: Vec<Row>) -> Vec<Row> {
    let group_of = |row: &Row| {
        let group = row.meta("group").and_then(Value::as_str);
        group.unwrap_or_default().to_owned()
    };
    let mut members: HashMap<String, Vec<Row>> = HashMap::new();
    let mut order = Vec::new();
    for row in rows {
        let group = group_of(&row);
        if group.is_empty() {
            order.push((group, Some(row)));
            continue;
        }
        if !members.contains_key(&group) {
            order.push((group.clone(), None));
        }
        members.entry(group).or_default().push(row);
    }
    let mut flat = Vec::new();
    for (group, row) in order {
        match row {
            Some(row) => flat.push(row),
            None => {
                let sites = members.remove(&group).unwrap_or_default();
                flat.push(row_of_group(&group, &sites));
                flat.extend(sites);
            }
        }
    }
    flat
}

fn row_of_group(group: &str, sites: &[Row]) -> Row {
    let mut row = Row::labelled(group);
    for metric in &METRICS {
        let own = sites.iter().filter(|site| site.get(metric.name).is_some());
        let sum: f64 = own.map(|site| site.number(metric.name)).sum();
        row.set(metric.name, php::whole_or_float(sum));
    }
    for metric in &METRICS {
        let past = sites.iter().filter_map(|site| site.meta(metric.previous));
        let past: f64 = past.map(Value::number).sum();
        let change = evolution(row.number(metric.name), past, 1);
        row.set(metric.evolution, NumberFormat::ENGLISH.percent(change, 1));
    }
    let symbol = sites.first().and_then(|site| site.meta("currencySymbol"));
    if let Some(symbol) = symbol.cloned() {
        row.set_meta("currencySymbol", symbol);
    }
    row.set_meta("isGroup", 1);
    row
}

/// The rows that `filter_offset` and `filter_limit` ask for; a limit below 0 leaves no row.
fn page(call: &Call<'_>, mut rows: Vec<Row>) -> Vec<Row> {
    let whole = |number: i64| usize::try_from(number).unwrap_or(0);
    let offset = call.request.integer("filter_offset").unwrap_or(0);
    rows.drain(..whole(offset).min(rows.len()));
    match call.request.integer("filter_limit").unwrap_or(0) {
        0 => {}
        limit => rows.truncate(whole(limit)),
    }
    rows
}

/// The date of the call, one period earlier.
fn last_date(call: &Call<'_>, period: &Period) -> ApiResult<String> {
    let today = world::today(&model::Zone::utc());
    let back = |date: Date| match period.kind {
        PeriodKind::Day | PeriodKind::Range => date.saturating_sub(1.days()),
        PeriodKind::Week => date.saturating_sub(7.days()),
        PeriodKind::Month => date.saturating_sub(1.months()),
        PeriodKind::Year => date.saturating_sub(1.years()),
    };
    if period.kind == PeriodKind::Range {
        return Ok(period.before(1).key());
    }
    let date = query::period::day(needed(call, "date")?, today)?;
    Ok(back(date).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn site(name: &str, group: &str, visits: i64) -> Row {
        let mut row = Row::labelled(name);
        row.set("nb_visits", visits);
        row.set_meta("previous_nb_visits", 2);
        row.set_meta("group", group);
        row
    }

    #[test]
    fn groups_stand_where_their_first_site_stood() {
        let rows = vec![site("a", "g", 3), site("b", "", 2), site("c", "g", 1)];
        let rows = grouped(rows);
        let labels: Vec<String> = rows.iter().map(|row| row.label().into_owned()).collect();
        assert_eq!(labels, ["g", "a", "c", "b"]);
        assert_eq!(rows[0].number("nb_visits"), 4.0);
        assert_eq!(rows[0].get("visits_evolution"), Some(&Value::from("0%")));
    }

    #[test]
    fn sums_are_over_all_rows() {
        let Value::Map(sums) = sums(
            &[site("a", "", 1200), site("b", "", 34)],
            NumberFormat::ENGLISH,
        ) else {
            panic!("a map");
        };
        assert_eq!(sums[1], field("nb_visits", "1,234"));
        assert_eq!(sums[4], field("nb_visits_lastdate", 4));
    }
}
