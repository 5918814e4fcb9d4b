//! `API.get…Metadata`: what reports there are and what is in them, read off the catalog.

pub mod entry;
pub mod graphs;
mod pages;
mod segments;

use model::{Access, Answer, Name, Role, SiteId, Value};

use super::common::{answer, field, language, needed};
use super::{Method, method};
use crate::app::World;
use crate::matomo::error::{ApiError, ApiResult};
use crate::matomo::{Call, world};
use crate::names::Names;
use entry::Entry;
use graphs::Dates;

const VIEW: Access = Access::Some(Role::View);

pub const METHODS: &[Method] = &[
    method!("API.getReportMetadata", VIEW, reports),
    method!("API.getMetadata", VIEW, one),
    method!("API.getSegmentsMetadata", VIEW, segments::segments),
    method!("API.getReportPagesMetadata", VIEW, pages::pages),
    method!("API.getWidgetMetadata", VIEW, pages::widgets),
    method!("API.getGlossaryReports", VIEW, glossary_reports),
    method!("API.getGlossaryMetrics", VIEW, glossary_metrics),
];

/// How a list is written.
pub struct Writing<'a> {
    pub names: &'a Names,
    pub language: &'a str,
    pub site: String,
    pub dates: Option<Dates>,
    /// `hideMetricsDoc`.
    pub without_explanations: bool,
    /// Goal columns are asked for, so that rates by goal stand there.
    pub with_goal_rates: bool,
    pub hidden: Vec<String>,
    pub shown: Vec<String>,
    /// `idSubtable`, which addresses of graphs repeat.
    subtable: String,
}

impl<'a> Writing<'a> {
    pub fn of(call: &'a Call<'_>, world: &World, site: SiteId) -> ApiResult<Writing<'a>> {
        let request = &call.request;
        let zone = world::zone_of(world, site);
        let dates = match (request.filled("period"), request.filled("date")) {
            (Some(period), Some(date)) => Some(Dates::of(period, date, &zone)?),
            _ => None,
        };
        Ok(Writing {
            names: &call.app.names,
            language: language(call),
            site: site.to_string(),
            dates,
            without_explanations: request.flag("hideMetricsDoc"),
            with_goal_rates: request
                .filled("filter_update_columns_when_show_all_goals")
                .is_some(),
            hidden: request.list("hideColumns"),
            shown: request.list("showColumns"),
            subtable: request.filled("idSubtable").unwrap_or_default().to_owned(),
        })
    }

    pub fn word(&self, english: &str) -> String {
        self.names.translate(english, self.language).into_owned()
    }

    pub fn name_of(&self, entry: &Entry, metric: &'static str) -> String {
        self.word(entry.metric_name(metric, self.names))
    }

    /// Whether `hideColumns` and `showColumns` leave a column.
    pub fn leaves(&self, column: &str) -> bool {
        let shown = self.shown.is_empty() || self.shown.iter().any(|name| name == column);
        (shown || column == "label") && !self.hidden.iter().any(|name| name == column)
    }

    /// The name over a column of data, where an id without a name is shown with a capital.
    pub fn heading_of(&self, entry: &Entry, metric: &'static str) -> String {
        match entry.metric_name(metric, self.names) {
            text if text == metric => self.word(self.names.column(metric).unwrap_or(metric)),
            text => self.word(text),
        }
    }

    fn names_of(&self, entry: &Entry, metrics: &[&'static str]) -> Vec<(Name, Value)> {
        let left = metrics.iter().filter(|metric| self.leaves(metric));
        left.map(|metric| ((*metric).into(), self.name_of(entry, metric).into()))
            .collect()
    }

    /// The description of a report.
    pub fn describe(&self, entry: &Entry) -> Vec<(Name, Value)> {
        let mut fields = Fields::default();
        fields.text("category", self.word(entry.category));
        fields.text("subcategory", self.word(&entry.subcategory));
        fields.text("name", self.word(&entry.name));
        fields.text("module", entry.module());
        fields.text("action", entry.action());
        // Ids are numbers, kinds of orders are texts.
        let parameter = |(name, value): &(&'static str, String)| {
            let number = value.parse::<i64>().map(Value::Int);
            let value = number.unwrap_or_else(|_| value.as_str().into());
            (Name::from(*name), value)
        };
        fields.map(
            "parameters",
            entry.parameters.iter().map(parameter).collect(),
        );
        fields.text("dimension", self.word(&entry.dimension));
        fields.text("documentation", self.word(entry.documentation));
        fields.text("onlineGuideUrl", entry.guide);
        fields.map("dimensions", self.dimensions(entry));
        if entry.is_subtable {
            fields.0.push(field("isSubtableReport", true));
        }
        self.describe_metrics(entry, &mut fields);
        if entry.detail.tells_subtables {
            fields.text("actionToLoadSubTables", entry.report.subtable_action);
        }
        if entry.report.constant_rows {
            fields.0.push(field("constantRowsCount", true));
        }
        fields.list("relatedReports", self.related(entry));
        if entry.knows_goals {
            self.describe_goals(entry, &mut fields);
        }
        if let Some(dates) = &self.dates {
            let (one, evolution) = dates.addresses(entry, &self.site, &self.subtable);
            fields.text("imageGraphUrl", one);
            fields.text("imageGraphEvolutionUrl", evolution.unwrap_or_default());
        }
        fields.text("uniqueId", entry.unique_id());
        fields.0
    }

    fn describe_metrics(&self, entry: &Entry, fields: &mut Fields) {
        let mut metrics = entry.metrics.clone();
        metrics.retain(|metric| entry.shows(metric));
        fields.map("metrics", self.names_of(entry, &metrics));
        if !self.without_explanations {
            let explained = entry.explained_metrics().into_iter();
            let left = explained.filter(|(metric, _)| self.leaves(metric));
            let named = left.map(|(metric, text)| (metric.into(), self.word(text).into()));
            fields.map("metricsDocumentation", named.collect());
        }
        fields.map("processedMetrics", self.names_of(entry, &entry.processed));
        let mut typed = entry.typed_metrics();
        typed.retain(|metric| self.leaves(metric));
        fields.map("metricTypes", types(&typed));
    }

    /// Ids of the levels, where a sub-table shows something else than its table.
    fn dimensions(&self, entry: &Entry) -> Vec<(Name, Value)> {
        let report = entry.report;
        if report.levels.len() < 2 || report.subtable_action == entry.action() {
            return Vec::new();
        }
        let level =
            |level: &catalog::reports::Level| (level.id.into(), self.word(level.label).into());
        report.levels.iter().map(level).collect()
    }

    fn related(&self, entry: &Entry) -> Vec<Value> {
        let reports = entry
            .detail
            .related
            .iter()
            .copied()
            .filter_map(catalog::reports::report);
        let named = reports.map(|report| {
            let (module, action) = report.method.split_once('.').unwrap_or((report.method, ""));
            Value::Map(vec![
                field("name", self.word(report.name)),
                field("module", module),
                field("action", action),
            ])
        });
        named.collect()
    }

    fn describe_goals(&self, entry: &Entry, fields: &mut Fields) {
        let goals = entry.detail.goals;
        let mut metrics = goals.metrics().to_vec();
        if self.with_goal_rates {
            metrics.insert(1, "conversion_rate");
        }
        let named = |metrics: &[&'static str]| -> Vec<(Name, Value)> {
            let name = |metric: &&'static str| self.names.column(metric).unwrap_or(metric);
            let field = |metric: &&'static str| ((*metric).into(), self.word(name(metric)).into());
            metrics.iter().map(field).collect()
        };
        fields.map("metricsGoal", named(&metrics));
        fields.map("processedMetricsGoal", named(goals.processed()));
        fields.map("metricTypesGoal", types(goals.typed()));
    }
}

fn types(metrics: &[&'static str]) -> Vec<(Name, Value)> {
    // Money for one entry is told as a plain number.
    let kind = |metric: &str| match metric {
        "revenue_per_entry" => "number",
        metric => catalog::metrics::kind(metric).name(),
    };
    metrics
        .iter()
        .map(|metric| ((*metric).into(), kind(metric).into()))
        .collect()
}

/// Fields of a description; what is empty is left out.
#[derive(Default)]
struct Fields(Vec<(Name, Value)>);

impl Fields {
    fn text(&mut self, name: &'static str, text: impl Into<String>) {
        let text = text.into();
        if !text.is_empty() {
            self.0.push(field(name, text));
        }
    }

    fn map(&mut self, name: &'static str, map: Vec<(Name, Value)>) {
        if !map.is_empty() {
            self.0.push(field(name, Value::Map(map)));
        }
    }

    fn list(&mut self, name: &'static str, list: Vec<Value>) {
        if !list.is_empty() {
            self.0.push(field(name, Value::List(list)));
        }
    }
}

/// The one site of a call.
pub fn site_of(call: &Call<'_>, world: &World, name: &str) -> ApiResult<SiteId> {
    let text = call.request.list(name).join(",");
    let text = if text.is_empty() {
        needed(call, "idSite")?.to_owned()
    } else {
        text
    };
    let sites = world::sites_named(call, world, &text, Role::View)?;
    let first = sites.ids.first().copied();
    first.ok_or_else(|| ApiError::missing("idSite"))
}

async fn reports(call: Call<'_>) -> ApiResult<Answer> {
    let world = call.app.world().await?;
    let site = site_of(&call, &world, "idSites")?;
    let writing = Writing::of(&call, &world, site)?;
    let entries = entry::of_site(&world, site, call.request.flag("showSubtableReports"));
    let described = entries
        .iter()
        .map(|entry| Value::Map(writing.describe(entry)));
    answer(Value::List(described.collect()))
}

/// `apiParameters`, and the parameters that stand for them.
pub fn parameters(call: &Call<'_>) -> Vec<(&'static str, String)> {
    let nested = call.request.map().get("apiParameters");
    let inside = |name: &str| match nested {
        Some(tracking::url::ParamValue::Map(map)) => map.text(name).map(str::to_owned),
        _ => None,
    };
    let value = |name: &'static str| {
        let text = call
            .request
            .filled(name)
            .map(str::to_owned)
            .or_else(|| inside(name));
        Some((
            name,
            text.filter(|text| !text.is_empty() && text != "false")?,
        ))
    };
    ["idGoal", "idDimension"]
        .into_iter()
        .filter_map(value)
        .collect()
}

async fn one(call: Call<'_>) -> ApiResult<Answer> {
    let world = call.app.world().await?;
    let site = site_of(&call, &world, "idSite")?;
    let writing = Writing::of(&call, &world, site)?;
    let entries = entry::of_site(&world, site, call.request.flag("showSubtableReports"));
    let (module, action) = (needed(&call, "apiModule")?, needed(&call, "apiAction")?);
    let found = entry::find(&entries, module, action, &parameters(&call));
    match found {
        Some(entry) => answer(Value::List(vec![Value::Map(writing.describe(entry))])),
        None => answer(false),
    }
}

/// Reports with an explanation, by name.
async fn glossary_reports(call: Call<'_>) -> ApiResult<Answer> {
    let world = call.app.world().await?;
    let site = site_of(&call, &world, "idSite")?;
    let writing = Writing::of(&call, &world, site)?;
    let entries = entry::of_site(&world, site, false);
    let explained = entries
        .iter()
        .filter(|entry| !entry.documentation.is_empty());
    let mut rows: Vec<(String, Value)> = explained
        .map(|entry| {
            let category = writing.word(entry.category);
            let name = format!("{} ({category})", writing.word(&entry.name));
            let mut fields = Fields::default();
            fields.text("name", name.as_str());
            fields.text("documentation", writing.word(entry.documentation));
            fields.text("onlineGuideUrl", entry.guide);
            (name, Value::Map(fields.0))
        })
        .collect();
    rows.sort_by(|(one, _), (other, _)| one.cmp(other));
    answer(Value::List(rows.into_iter().map(|(_, row)| row).collect()))
}

/// Metrics with an explanation, by name; a metric that means something else in a report stands once more.
async fn glossary_metrics(call: Call<'_>) -> ApiResult<Answer> {
    let world = call.app.world().await?;
    let site = site_of(&call, &world, "idSite")?;
    let writing = Writing::of(&call, &world, site)?;
    let mut rows: Vec<(String, &'static str, &'static str)> = Vec::new();
    for entry in entry::of_site(&world, site, false) {
        for (metric, text) in entry.explained_metrics() {
            if rows
                .iter()
                .any(|(_, id, known)| *id == metric && *known == text)
            {
                continue;
            }
            let mut name = writing.name_of(&entry, metric);
            if rows.iter().any(|(_, id, _)| *id == metric) {
                name = format!("{name} ({})", writing.word(entry.category));
            }
            rows.push((name, metric, text));
        }
    }
    rows.sort();
    let row = |(name, id, text): (String, &'static str, &'static str)| {
        Value::Map(vec![
            field("name", name),
            field("id", id),
            field("documentation", writing.word(text)),
        ])
    };
    answer(Value::List(rows.into_iter().map(row).collect()))
}
