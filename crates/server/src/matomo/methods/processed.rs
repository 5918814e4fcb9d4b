//! `API.getProcessedReport`: a report as its own method answers it, with its description, and with
//! values as people read them.

use std::time::Instant;

use catalog::reports::{Numbers, Record};
use model::{Access, Answer, Name, Role, Row, SiteId, Table, TableSet, Value};
use query::period::{Asked, Period, PeriodKind};

use super::common::{field, needed};
use super::metadata::entry::{self, Entry};
use super::metadata::{Writing, parameters, site_of};
use super::{Method, method};
use crate::app::World;
use crate::matomo::error::{ApiError, ApiResult};
use crate::matomo::request::ApiRequest;
use crate::matomo::shape::metrics::{Printing, Unit, quotient};
use crate::matomo::shape::php;
use crate::matomo::show::order_goals;
use crate::matomo::{Call, format_options, run, world};

pub const METHODS: &[Method] = &[
    method!(
        "API.getProcessedReport",
        Access::Some(Role::View),
        processed
    ),
    method!(
        "API.getRowEvolution",
        Access::Some(Role::View),
        super::evolution::evolution
    ),
];

async fn processed(call: Call<'_>) -> ApiResult<Answer> {
    let start = Instant::now();
    let world = call.app.world().await?;
    let site = site_of(&call, &world, "idSite")?;
    let writing = Writing::of(&call, &world, site)?;
    let asked = world::periods(&call, &world::zone_of(&world, site))?;
    let entries = entry::of_site(&world, site, true);
    let (module, action) = (needed(&call, "apiModule")?, needed(&call, "apiAction")?);
    let parameters = parameters(&call);
    let entry = entry::find(&entries, module, action, &parameters).ok_or_else(|| {
        ApiError::invalid(format!(
            "Requested report {module}.{action} for Website id={site} not found in the list of available reports.  "
        ))
    })?;
    let entry = &entry.clone().for_period(kind_of(&asked));
    let data = data_of(&call, entry, &parameters).await?;
    let mut report = Processed::new(&writing, entry, &call, &world, site);
    report.fit_to_users(entry, &data);
    let (data, facts) = report.answer(data, &asked);
    let mut fields = vec![
        field("website", report.website.as_str()),
        field("prettyDate", pretty(&writing, &asked)),
        field("metadata", Value::Map(report.metadata)),
        field("columns", Value::Map(report.columns)),
        field("reportData", Value::Answer(Box::new(data))),
        field("reportMetadata", Value::Answer(Box::new(facts))),
        field("reportTotal", map_or_empty(report.totals)),
    ];
    if call.request.flag_or("showTimer", true) {
        let elapsed = u32::try_from(start.elapsed().as_millis()).unwrap_or(u32::MAX);
        fields.push(field("timerMillis", elapsed));
    }
    Ok(Answer::Value(Value::Map(fields)))
}

/// The kind of the periods asked for; a range of one day is a day.
fn kind_of(asked: &Asked) -> PeriodKind {
    match asked {
        Asked::One(period) => crate::matomo::reports::kind_of(period),
        Asked::Each(periods) => periods
            .first()
            .map_or(PeriodKind::Day, |period| period.kind),
    }
}

/// An array without entries is no object.
pub fn map_or_empty(fields: Vec<(Name, Value)>) -> Value {
    match fields.is_empty() {
        true => Value::List(Vec::new()),
        false => Value::Map(fields),
    }
}

/// What the report's own method answers.
async fn data_of(
    call: &Call<'_>,
    entry: &Entry,
    parameters: &[(&'static str, String)],
) -> ApiResult<Answer> {
    let mut request = call.request.clone().with("method", entry.report.method);
    for (name, value) in parameters {
        request = request.with(name, value);
    }
    if let Some(without_visits_go) = all_columns(entry) {
        let flag = if without_visits_go { "1" } else { "0" };
        request = request.with("filter_add_columns_when_show_all_columns", flag);
    }
    answer_of(call, entry, request).await
}

/// Whether rows get the metrics of visits, and then whether rows without visits go.
fn all_columns(entry: &Entry) -> Option<bool> {
    let of_visits = !entry.processed.is_empty() && entry.metrics.contains(&"nb_visits");
    let adds = of_visits && entry.category != "Ecommerce" && entry.module() != "MultiSites";
    adds.then_some(!entry.report.constant_rows)
}

/// What a report's method answers to a request.
pub async fn answer_of(call: &Call<'_>, entry: &Entry, request: ApiRequest) -> ApiResult<Answer> {
    let inner = Call {
        app: call.app,
        principal: call.principal.clone(),
        request,
        client: call.client,
        method: entry.report.method.to_owned(),
    };
    let options = format_options(&inner.request);
    // A method may ask for others in turn, so the future is put away.
    let (answer, _) = Box::pin(run(inner, options))
        .await
        .map_err(|error| ApiError {
            message: format!("API returned an error: {}", error.message),
            ..error
        })?;
    Ok(answer)
}

fn pretty(writing: &Writing, asked: &Asked) -> String {
    let whole = match asked {
        Asked::One(period) => *period,
        Asked::Each(periods) => match (periods.first(), periods.last()) {
            (Some(first), Some(last)) => Period::range(first.first, last.last),
            _ => return String::new(),
        },
    };
    pretty_period(writing, &whole)
}

fn pretty_period(writing: &Writing, period: &Period) -> String {
    let names = writing.names;
    names.pretty_date(period.kind, period.first, period.last, writing.language)
}

/// A report while it is put together.
struct Processed<'a> {
    website: String,
    metadata: Vec<(Name, Value)>,
    /// Column and name.
    columns: Vec<(Name, Value)>,
    totals: Vec<(Name, Value)>,
    writing: &'a Writing<'a>,
    printing: Printing,
    has_dimension: bool,
    hide_subtables: bool,
    raw_metrics: bool,
    /// Values are printed here, not by the report itself.
    prints: bool,
}

impl<'a> Processed<'a> {
    fn new(
        writing: &'a Writing<'a>,
        entry: &Entry,
        call: &Call<'_>,
        world: &World,
        site: SiteId,
    ) -> Processed<'a> {
        let facts = world.site(site);
        let currency = facts.map_or("USD", |site| site.currency.as_str());
        let printing = Printing {
            currency: writing.names.currency_symbol(currency).to_owned(),
            clocks: true,
            ..Printing::default()
        };
        let mut metadata = writing.describe(entry);
        for field in ["metrics", "metricsDocumentation"] {
            remove(&mut metadata, field, catalog::metrics::UNMEASURED);
        }
        let request = &call.request;
        let how = request.filled("format_metrics");
        Processed {
            website: facts.map_or_else(String::new, |site| site.name.clone()),
            columns: columns(writing, entry),
            metadata,
            totals: Vec::new(),
            writing,
            printing,
            has_dimension: !entry.dimension.is_empty(),
            hide_subtables: request.flag("hideIdSubDatable"),
            raw_metrics: request.flag("showRawMetrics"),
            prints: how.is_none_or(|how| how == "bc"),
        }
    }

    /// The overview of visits counts users only where there are any.
    fn fit_to_users(&mut self, entry: &Entry, data: &Answer) {
        let of_visits = entry.report.record == Record::Numbers(Numbers::Visits);
        if of_visits && entry.dimension.is_empty() && sum(data, "nb_users") == 0.0 {
            for field in ["metrics", "metricsDocumentation"] {
                remove(&mut self.metadata, field, &["nb_users"]);
            }
            self.columns.retain(|(name, _)| name != "nb_users");
        }
    }

    /// The rows as they are read, and the facts beside them.
    fn answer(&mut self, answer: Answer, asked: &Asked) -> (Answer, Answer) {
        match answer {
            Answer::Table(table) => {
                let (rows, facts) = self.table(&table);
                match self.has_dimension {
                    true => (Answer::Table(rows), Answer::Table(facts)),
                    false => (Answer::Metrics(rows), Answer::Table(facts)),
                }
            }
            Answer::Metrics(table) => {
                let (rows, facts) = self.table(&table);
                (Answer::Metrics(rows), Answer::Table(facts))
            }
            Answer::Set(set) => self.set(set, asked),
            other => (other, Answer::Table(Table::default())),
        }
    }

    fn set(&mut self, set: TableSet, asked: &Asked) -> (Answer, Answer) {
        let mut data = Vec::with_capacity(set.parts.len());
        let mut facts = Vec::with_capacity(set.parts.len());
        for (at, (key, part)) in set.parts.into_iter().enumerate() {
            let period = match asked {
                Asked::Each(periods) => periods.get(at),
                Asked::One(period) => Some(period),
            };
            let name = period.map_or(key, |period| pretty_period(self.writing, period));
            let (rows, beside) = self.answer(part, asked);
            data.push((name.clone(), rows));
            facts.push((name, beside));
        }
        let set = |parts| {
            Answer::Set(TableSet {
                key: "prettyDate",
                parts,
            })
        };
        (set(data), set(facts))
    }

    fn table(&mut self, table: &Table) -> (Table, Table) {
        if let Some(Value::Map(totals)) = table.meta("totals") {
            let left = totals.iter().filter(|(name, _)| self.writing.leaves(name));
            let mut left: Vec<(Name, Value)> = left.cloned().collect();
            left.extend(self.actions_per_visit(totals));
            let mut row = Row {
                columns: left,
                ..Row::default()
            };
            order_goals(&mut row);
            add_totals(&row.columns, &mut self.totals);
        }
        let rows = table.all_rows().map(|row| self.row(row)).collect();
        let facts = match self.has_dimension {
            // Rows without any fact have no row here.
            true => {
                let facts = table.all_rows().map(|row| self.facts(row));
                facts.filter(|row| !row.columns.is_empty()).collect()
            }
            false => Vec::new(),
        };
        (Table::of(rows), Table::of(facts))
    }

    /// The one average among the totals, where the report has it.
    fn actions_per_visit(&self, totals: &[(Name, Value)]) -> Option<(Name, Value)> {
        const NAME: &str = "nb_actions_per_visit";
        let total = |name: &str| {
            let found = totals.iter().find(|(own, _)| own == name);
            found.map(|(_, value)| value.number())
        };
        let known = total(NAME).is_some() || !self.columns.iter().any(|(name, _)| name == NAME);
        let (actions, visits) = (total("nb_actions")?, total("nb_visits")?);
        (!known).then(|| (NAME.into(), quotient(actions, visits, 1)))
    }

    /// The columns of a row that the report names, missing ones as 0.
    fn row(&self, row: &Row) -> Row {
        let mut shown = Row::default();
        for (name, value) in &row.columns {
            let known = self.columns.iter().any(|(column, _)| column == name);
            if known || name.starts_with("goal_") {
                shown.set(name.clone(), self.print(name, value));
            } else if self.raw_metrics {
                shown.set(name.clone(), value.clone());
            }
        }
        for (name, _) in &self.columns {
            if row.get(name).is_none() {
                shown.set(name.clone(), self.print(name, &Value::Int(0)));
            }
        }
        shown
    }

    fn facts(&self, row: &Row) -> Row {
        let mut facts = Row {
            columns: row.metadata.clone(),
            ..Row::default()
        };
        if let Some(subtable) = row.subtable.as_ref().filter(|_| !self.hide_subtables) {
            facts.set("idsubdatatable", subtable.id);
        }
        facts
    }

    fn print(&self, name: &str, value: &Value) -> Value {
        if !self.prints || name == "label" || !php::is_numeric_value(value) {
            return value.clone();
        }
        match unit_of(name) {
            Unit::Number => value.clone(),
            unit => self.printing.print(value, unit),
        }
    }
}

/// A column added up over all rows of all tables.
fn sum(answer: &Answer, column: &str) -> f64 {
    match answer {
        Answer::Table(table) | Answer::Metrics(table) => {
            table.all_rows().map(|row| row.number(column)).sum()
        }
        Answer::Set(set) => set.parts.iter().map(|(_, part)| sum(part, column)).sum(),
        _ => 0.0,
    }
}

/// How a column is read, by its name.
fn unit_of(name: &str) -> Unit {
    let contains = |part: &str| name.contains(part);
    if contains("time_generation") {
        Unit::Duration
    } else if contains("time") {
        Unit::Clock
    } else if (contains("revenue") || contains("price")) && !contains("evolution") {
        Unit::Money
    } else if contains("_rate") {
        Unit::Percent
    } else {
        Unit::Number
    }
}

/// Names of the columns that are shown: the label, metrics, computed ones, and the revenue of all goals.
fn columns(writing: &Writing, entry: &Entry) -> Vec<(Name, Value)> {
    let mut columns: Vec<(Name, Value)> = Vec::new();
    if !entry.dimension.is_empty() {
        columns.push(("label".into(), writing.word(&entry.dimension).into()));
    }
    for metric in entry.shown_metrics() {
        if catalog::metrics::UNMEASURED.contains(&metric) || !writing.leaves(metric) {
            continue;
        }
        let name = Value::Text(writing.heading_of(entry, metric));
        // A report that counts its label among its metrics names it by that.
        match columns.iter_mut().find(|(column, _)| column == metric) {
            Some((_, old)) => *old = name,
            None => columns.push((metric.into(), name)),
        }
    }
    let revenue = "revenue";
    if entry.knows_goals
        && entry.detail.goals.metrics().contains(&revenue)
        && writing.leaves(revenue)
    {
        columns.push((revenue.into(), writing.name_of(entry, revenue).into()));
    }
    columns
}

/// Takes names out of a map in a list of fields.
fn remove(fields: &mut [(Name, Value)], field: &str, names: &[&str]) {
    if let Some((_, Value::Map(map))) = fields.iter_mut().find(|(name, _)| name == field) {
        map.retain(|(name, _)| !names.contains(&name.as_ref()));
    }
}

/// Adds the totals of one table to those of all; averages and rates do not add up. Those of goals keep
/// the value of the first table, behind what adds up.
fn add_totals(from: &[(Name, Value)], to: &mut Vec<(Name, Value)>) {
    for (name, value) in from {
        let adds_up =
            !name.starts_with("avg_") && !name.ends_with("_rate") && !name.ends_with("_evolution");
        let is_summed = matches!(value, Value::Map(_)) || php::is_numeric_value(value);
        if !adds_up || !is_summed {
            continue;
        }
        let at = to.iter().position(|(own, _)| own == name);
        match (value, at) {
            (Value::Map(inner), at) => {
                let known = at.map(|at| std::mem::replace(&mut to[at].1, Value::Null));
                let mut sums = match known {
                    Some(Value::Map(sums)) => sums,
                    _ => Vec::new(),
                };
                add_totals(inner, &mut sums);
                for (name, value) in inner {
                    if !sums.iter().any(|(own, _)| own == name) {
                        sums.push((name.clone(), value.clone()));
                    }
                }
                match at {
                    Some(at) => to[at].1 = Value::Map(sums),
                    None => to.push((name.clone(), Value::Map(sums))),
                }
            }
            (value, None) => to.push((name.clone(), value.clone())),
            (value, Some(at)) => to[at].1 = together(name, &to[at].1, value),
        }
    }
}

fn together(name: &str, one: &Value, other: &Value) -> Value {
    let (left, right) = (one.number(), other.number());
    let both = if name.starts_with("min_") {
        left.min(right)
    } else if name.starts_with("max_") {
        left.max(right)
    } else {
        left + right
    };
    php::whole_or_float(both)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_by_name() {
        let cases = [
            ("avg_time_on_site", Unit::Clock),
            ("avg_time_generation", Unit::Duration),
            ("goal_1_revenue_per_visit", Unit::Money),
            ("revenue_evolution", Unit::Number),
            ("avg_price", Unit::Money),
            ("bounce_rate_new", Unit::Percent),
            ("nb_visits", Unit::Number),
        ];
        for (name, unit) in cases {
            assert_eq!(unit_of(name), unit, "{name}");
        }
    }

    #[test]
    fn totals_of_periods() {
        let map = |fields: &[(&'static str, Value)]| -> Vec<(Name, Value)> {
            fields
                .iter()
                .map(|(name, value)| ((*name).into(), value.clone()))
                .collect()
        };
        let goals = |count: i64| {
            let rate = ("nb_conversions_page_rate", Value::Int(count));
            Value::Map(map(&[rate, ("nb_conversions", Value::Int(count))]))
        };
        let mut sums = Vec::new();
        for count in [2, 3] {
            let table = map(&[
                ("nb_visits", Value::Int(count)),
                ("max_actions", Value::Int(count)),
                ("avg_time", Value::Int(count)),
                ("bounce_rate", Value::from("50%")),
                ("goals", goals(count)),
            ]);
            add_totals(&table, &mut sums);
        }
        let rate = ("nb_conversions_page_rate", Value::Int(2));
        let kept = Value::Map(map(&[("nb_conversions", Value::Int(5)), rate]));
        let expected = map(&[
            ("nb_visits", Value::Int(5)),
            ("max_actions", Value::Int(3)),
            ("goals", kept),
        ]);
        assert_eq!(sums, expected);
    }
}
