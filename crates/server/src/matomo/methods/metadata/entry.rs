//! The reports of a site as lists name them: rows of the catalog, and one for each goal and custom
//! dimension.

use std::borrow::Cow;

use catalog::metadata::{
    ACTION_DIMENSION, ACTION_DIMENSION_NAMES, Detail, ECOMMERCE_GUIDE, GOAL_REPORTS, Needs,
    OF_SITES, OVERVIEWS, SHOP_GOALS, ShopGoal, VISIT_DIMENSION, detail,
};
use catalog::reports::{REPORTS, Report, report};
use model::SiteId;
use query::period::PeriodKind;
use settings::{Dimension, DimensionScope};

use crate::app::World;

/// A report in a list.
#[derive(Clone, Debug)]
pub struct Entry {
    pub report: &'static Report,
    pub detail: &'static Detail,
    pub category: &'static str,
    pub subcategory: String,
    pub name: String,
    /// English name of what the rows are; empty for a single row of numbers.
    pub dimension: String,
    /// `idGoal` or `idDimension` with its value.
    pub parameters: Vec<(&'static str, String)>,
    pub documentation: &'static str,
    pub guide: &'static str,
    pub metrics: Vec<&'static str>,
    pub processed: Vec<&'static str>,
    pub names: &'static [(&'static str, &'static str)],
    pub explained: Option<&'static [&'static str]>,
    pub typed: Option<&'static [&'static str]>,
    pub knows_goals: bool,
    pub is_subtable: bool,
    /// Rows count distinct visitors, as they do by day only.
    pub counts_distinct: bool,
}

/// Metrics that rows have by day only.
const DISTINCT: [&str; 2] = ["nb_uniq_visitors", "nb_users"];

impl Entry {
    fn of(report: &'static Report) -> Entry {
        let detail = detail(report.method);
        let mut entry = Entry {
            report,
            detail,
            category: report.category,
            subcategory: report.subcategory.to_owned(),
            name: report.name.to_owned(),
            dimension: report.levels.first().map_or("", |level| level.label).into(),
            parameters: Vec::new(),
            documentation: detail.documentation,
            guide: detail.guide,
            metrics: report.metrics.to_vec(),
            processed: report.processed.to_vec(),
            names: detail.names,
            explained: detail.explained,
            typed: detail.typed,
            knows_goals: report.goals,
            is_subtable: false,
            counts_distinct: true,
        };
        if report.method == "API.get" {
            let overviews = || OVERVIEWS.iter().filter_map(|method| self::report(method));
            entry.metrics = overviews()
                .flat_map(|report| report.metrics)
                .copied()
                .collect();
            entry.processed = overviews()
                .flat_map(|report| report.processed)
                .copied()
                .collect();
        }
        entry
    }

    fn of_goal(report: &'static Report, id: &str, name: String) -> Entry {
        let mut entry = Entry::of(report);
        entry.parameters.push(("idGoal", id.to_owned()));
        entry.name = name;
        entry.knows_goals = false;
        entry
    }

    fn of_shop(report: &'static Report, goal: &'static ShopGoal, about: &str) -> Entry {
        let mut entry = Entry::of_goal(report, goal.id, named(goal.name, about));
        entry.category = "Ecommerce";
        entry.documentation = "";
        entry.guide = ECOMMERCE_GUIDE;
        if about.is_empty() {
            entry.metrics = goal.metrics.to_vec();
            entry.processed = goal.processed.to_vec();
            entry.names = goal.names;
            entry.typed = goal.typed;
        }
        entry
    }

    fn of_dimension(report: &'static Report, dimension: &Dimension) -> Entry {
        let mut entry = Entry::of(report);
        let id = dimension.idcustomdimension;
        entry.parameters.push(("idDimension", id.to_string()));
        entry.subcategory = format!("customdimension{id}");
        entry.name = dimension.name.clone();
        entry.dimension = dimension.name.clone();
        entry.knows_goals = false;
        let of_action = dimension.scope == DimensionScope::Action;
        let (metrics, processed) = match of_action {
            true => ACTION_DIMENSION,
            false => VISIT_DIMENSION,
        };
        entry.category = if of_action { "Actions" } else { "Visitors" };
        entry.names = if of_action {
            ACTION_DIMENSION_NAMES
        } else {
            &[]
        };
        entry.metrics = metrics.to_vec();
        entry.processed = processed.to_vec();
        entry
    }

    /// A report that answers the sub-tables of another one.
    fn of_subtable(report: &'static Report) -> Entry {
        let mut entry = Entry::of(report);
        let (module, action) = report.method.split_once('.').unwrap_or((report.method, ""));
        let parent = REPORTS.iter().find(|parent| {
            parent.subtable_action == action && parent.method.split('.').next() == Some(module)
        });
        if let Some(parent) = parent {
            let detail = detail(parent.method);
            entry.name = parent.name.to_owned();
            entry.documentation = detail.documentation;
            entry.guide = detail.guide;
        } else if let Some(level) = report.levels.first() {
            entry.name = level.label.to_owned();
        }
        let sibling = REPORTS
            .iter()
            .find(|report| !report.hidden && report.method.split('.').next() == Some(module));
        entry.category = sibling.map_or("", |report| report.category);
        entry.is_subtable = true;
        entry
    }

    pub fn module(&self) -> &'static str {
        self.report.method.split('.').next().unwrap_or_default()
    }

    pub fn action(&self) -> &'static str {
        self.report
            .method
            .split_once('.')
            .map_or("", |(_, action)| action)
    }

    /// `Module_action`, and `_idGoal--1` where there are parameters.
    pub fn unique_id(&self) -> String {
        let mut id = self.report.method.replacen('.', "_", 1);
        for (name, value) in &self.parameters {
            id.push_str(&format!("_{name}--{value}"));
        }
        id
    }

    /// Metrics of the rows, each once, those that are computed behind the others.
    pub fn all_metrics(&self) -> Vec<&'static str> {
        let mut all: Vec<&'static str> = Vec::new();
        for metric in self.metrics.iter().chain(&self.processed) {
            if !all.contains(metric) {
                all.push(metric);
            }
        }
        all
    }

    /// As [`Entry::all_metrics`], without those that the period has no numbers for.
    pub fn shown_metrics(&self) -> Vec<&'static str> {
        let mut shown = self.all_metrics();
        shown.retain(|metric| self.shows(metric));
        shown
    }

    pub fn shows(&self, metric: &str) -> bool {
        self.counts_distinct || !DISTINCT.contains(&metric)
    }

    /// Fits the report to a period: rows count distinct visitors only by day.
    pub fn for_period(mut self, kind: PeriodKind) -> Entry {
        self.counts_distinct = self.dimension.is_empty() || kind == PeriodKind::Day;
        self
    }

    /// Metrics that lists tell the type of.
    pub fn typed_metrics(&self) -> Vec<&'static str> {
        if let Some(typed) = self.typed {
            return typed.to_vec();
        }
        let mut typed = self.all_metrics();
        typed.retain(|metric| *metric != "label");
        self.add_conversion_rate(&mut typed);
        typed
    }

    /// Metrics that are explained, with the sentence.
    pub fn explained_metrics(&self) -> Vec<(&'static str, &'static str)> {
        let mut metrics = match self.explained {
            Some(explained) => explained.to_vec(),
            None => self.all_metrics(),
        };
        if self.explained.is_none() {
            self.add_conversion_rate(&mut metrics);
        }
        let own = |metric: &str| {
            let mut own = self.detail.explanations.iter();
            own.find(|(name, _)| *name == metric).map(|(_, text)| *text)
        };
        let explain = |name| Some((name, own(name).or(catalog::metrics::documentation(name))?));
        metrics.into_iter().filter_map(explain).collect()
    }

    /// Reports of goals have conversion rates of each goal, beside the one of all.
    fn add_conversion_rate(&self, metrics: &mut Vec<&'static str>) {
        if self.knows_goals && !self.processed.is_empty() && !metrics.contains(&"conversion_rate") {
            metrics.push("conversion_rate");
        }
    }

    /// English name of a metric in this report.
    pub fn metric_name(&self, metric: &'static str, names: &crate::names::Names) -> &'static str {
        let own = self.names.iter().find(|(name, _)| *name == metric);
        let known = own.map(|(_, text)| *text).or(names.column(metric));
        match known {
            // A name that is only the id again.
            Some(text) if !is_only_id(text, metric) => text,
            _ => metric,
        }
    }
}

fn is_only_id(text: &str, metric: &str) -> bool {
    text.contains('_') && text.eq_ignore_ascii_case(metric)
}

fn named(name: &str, about: &str) -> String {
    match about {
        "" => name.to_owned(),
        about => format!("{name} - {about}"),
    }
}

/// The reports of a site in their order.
pub fn of_site(world: &World, site: SiteId, with_subtables: bool) -> Vec<Entry> {
    let shop = world.site(site).is_some_and(|site| site.ecommerce);
    let searched = world.site(site).is_none_or(|site| site.sitesearch);
    let listed = |report: &&'static Report| match detail(report.method).needs {
        Needs::Nothing => true,
        Needs::SiteSearch => searched,
        Needs::Ecommerce => shop,
    };
    let mut entries: Vec<Entry> = OF_SITES.iter().map(Entry::of).collect();
    let shown = REPORTS
        .iter()
        .filter(|report| !report.hidden)
        .filter(listed);
    entries.extend(shown.map(Entry::of));
    if shop {
        insert(&mut entries, "Ecommerce", true, of_shop());
    }
    insert(&mut entries, "Goals", false, of_goals(world, site));
    for category in ["Visitors", "Actions"] {
        let dimensions = of_dimensions(world, site).into_iter();
        let own = dimensions
            .filter(|entry| entry.category == category)
            .collect();
        insert(&mut entries, category, false, own);
    }
    if with_subtables {
        let answers_subtables = |report: &&Report| {
            report.hidden && report.named_by.is_empty() && report.category.is_empty()
        };
        let hidden = REPORTS.iter().filter(answers_subtables);
        let hidden = hidden.filter(|report| !report.levels.is_empty());
        entries.extend(hidden.map(Entry::of_subtable));
    }
    entries
}

/// Puts entries before or behind those of a category.
fn insert(entries: &mut Vec<Entry>, category: &str, before: bool, more: Vec<Entry>) {
    let is_of = |entry: &Entry| entry.category == category;
    let at = match before {
        true => entries.iter().position(is_of),
        false => entries.iter().rposition(is_of).map(|last| last + 1),
    };
    let at = at.unwrap_or(entries.len());
    entries.splice(at..at, more);
}

fn of_shop() -> Vec<Entry> {
    let reports = |goal: &'static ShopGoal| {
        GOAL_REPORTS
            .iter()
            .filter_map(move |(method, about)| Some(Entry::of_shop(report(method)?, goal, about)))
    };
    SHOP_GOALS.iter().flat_map(reports).collect()
}

fn of_goals(world: &World, site: SiteId) -> Vec<Entry> {
    let own = world.goals_of(site).filter(|goal| !goal.deleted);
    let own = own.map(|goal| (goal.idgoal.to_string(), Cow::Owned(goal.name.clone())));
    let all = std::iter::once(("0".to_owned(), Cow::Borrowed("Goals Overview")));
    let mut entries = Vec::new();
    for (id, name) in all.chain(own) {
        for (method, about) in &GOAL_REPORTS {
            let Some(report) = report(method) else {
                continue;
            };
            let name = match (about.is_empty(), id.as_str()) {
                (true, "0") | (false, _) => named(&name, about),
                (true, _) => format!("Goal {name}"),
            };
            entries.push(Entry::of_goal(report, &id, name));
        }
    }
    entries
}

fn of_dimensions(world: &World, site: SiteId) -> Vec<Entry> {
    let Some(report) = report("CustomDimensions.getCustomDimension") else {
        return Vec::new();
    };
    let active = world
        .dimensions_of(site)
        .filter(|dimension| dimension.active);
    active
        .map(|dimension| Entry::of_dimension(report, dimension))
        .collect()
}

/// The report that a client names by module and action; parameters must be those of the entry, except
/// that reports which know their goals can be asked for one.
pub fn find<'a>(
    entries: &'a [Entry],
    module: &str,
    action: &str,
    parameters: &[(&'static str, String)],
) -> Option<&'a Entry> {
    let same = |entry: &&Entry| entry.module() == module && entry.action() == action;
    let fits = |entry: &&Entry| match entry.parameters.is_empty() {
        true => parameters.is_empty() || (entry.knows_goals && entry.category != "Goals"),
        false => entry.parameters.iter().all(|own| parameters.contains(own)),
    };
    let with = entries
        .iter()
        .filter(same)
        .find(|entry| !entry.parameters.is_empty() && !parameters.is_empty() && fits(entry));
    with.or_else(|| entries.iter().filter(same).find(fits))
}
