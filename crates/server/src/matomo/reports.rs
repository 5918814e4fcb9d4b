//! Answers a report of the catalog for every site and period asked for.

use std::sync::Arc;

use catalog::reports::{Actions, EventText, Numbers, Record, Report, Shown};
use model::{Answer, Role, SiteId, Table, TableSet, Value};
use query::Limits;
use query::period::{Asked, Period, PeriodKind};
use query::plan::{Context, RowLimits, TreeRules};

use super::compare::{self, Comparison};
use super::error::{ApiError, ApiResult};
use super::formats::FormatOptions;
use super::formulas;
use super::late;
use super::records::{self, Dimension, Extra};
use super::report_shape::{column_names, has_late_segments, language, shape_of, with_generic};
use super::shape::metrics::{Formula, ProcessedMetric};
use super::shape::{ReportShape, shape_answer};
use super::show::{self, Showing};
use super::{Call, subtables, words, world};
use crate::app::World;

pub async fn answer(
    call: &Call<'_>,
    report: &'static Report,
    column: Option<&'static str>,
    options: FormatOptions,
) -> ApiResult<(Answer, FormatOptions)> {
    let world = call.app.world().await?;
    let sites = world::sites(call, &world, Role::View)?;
    let view = call.app.ingest.view();
    let generic = call.request.generic();
    check_extent(call, report, sites.several)?;
    let asked = columns_asked(call, report);
    let processed = match column {
        Some(_) => Vec::new(),
        None if matches!(report.record, Record::CustomDimension) => {
            let of_action =
                dimension_of(call, &world, sites.ids.first().copied().unwrap_or(0), None)
                    .is_ok_and(|dimension| dimension.of_action);
            formulas::dimension(of_action)
        }
        None if asked.is_empty() => formulas::of(report),
        // The columns asked for are computed by then, from others that are gone.
        None => formulas::of(report)
            .into_iter()
            .filter(|metric| asked.iter().any(|name| *name == metric.name))
            .map(|metric| ProcessedMetric::new(metric.name, Formula::Given, metric.unit))
            .collect(),
    };
    let raw = |call: &Call<'_>| {
        let run = Run {
            call,
            world: &world,
            view: &view,
            report,
            column,
            single: !sites.several,
            rows: world.config.row_limits(),
            tree: world.config.tree_rules(),
            limits: Limits::default(),
            custom_dimension: None,
        };
        run.sites(&sites)
    };
    let answer = tokio::task::block_in_place(|| raw(call))?;
    let added = match column {
        Some(_) => Vec::new(),
        None => formulas::added(report),
    };
    let late_segments = generic.flat && has_late_segments(report);
    // What is left in the end decides whether a timing says something.
    let last = |table: &mut Table| {
        if matches!(report.record, Record::Actions(_)) {
            formulas::drop_unmeasured_timings(table);
        }
    };
    let queued = |table: &mut Table| {
        if matches!(report.record, Record::Actions(_)) {
            formulas::drop_unused_timings(table);
        }
        late::name_at_last(table, report, &call.app.names, language(call));
        if late_segments {
            late::move_segments_last(table);
        }
    };
    let others = call.app.names.translate("Others", language(call));
    let totals = call.app.names.translate("Totals", language(call));
    let mut shape = ReportShape {
        others: &others,
        totals: &totals,
        ..shape_of(report, &processed, &world, language(call))
    };
    if let (Record::Actions(_), Some(flattening)) = (report.record, &mut shape.flattening)
        && matches!(report.shown, Shown::Title { .. })
    {
        let delimiter = world.config.tree_rules().title_delimiter;
        if !delimiter.is_empty() {
            flattening.separator = delimiter;
        }
    }
    if let (Record::CustomDimension, Some(flattening)) = (report.record, &mut shape.flattening) {
        // Each dimension is a level of its own.
        let id = call.request.integer("idDimension").unwrap_or(0);
        for dimension in &mut flattening.dimensions {
            *dimension = format!("{dimension}{id}").into();
        }
    }
    shape.added = &added;
    shape.queued = Some(&queued);
    shape.last = Some(&last);
    let answer = match compare::is_asked(call) {
        true => {
            let login = call.principal.login();
            let stored = call.app.settings.segments_visible_to(login, None).await?;
            tokio::task::block_in_place(|| {
                let comparison = Comparison::new(call, &world, &shape, &generic, &stored, raw)?;
                Ok::<_, ApiError>(comparison.shape(call, answer, &shape, &generic))
            })?
        }
        false => shape_answer(answer, &shape, &generic),
    };
    let mut options = with_generic(options, &generic, report);
    if generic.translate_column_names {
        options.column_names = Some(column_names(call));
    }
    Ok((answer, options))
}

/// Some reports answer one site only, or one period.
fn check_extent(call: &Call<'_>, report: &Report, several_sites: bool) -> ApiResult<()> {
    let several_dates = call
        .request
        .filled("date")
        .is_some_and(query::period::is_list)
        && call.request.filled("period") != Some("range");
    let refused = match report.record {
        Record::Numbers(Numbers::Referrers | Numbers::Everything) if several_sites => {
            "Referrers.getReferrerType with multiple sites is not supported (yet)."
        }
        Record::ReferrerTypes if several_sites => {
            "Referrers.getReferrerType with multiple sites is not supported (yet)."
        }
        Record::AllReferrers if several_sites => {
            "Referrers.getAll with multiple sites is not supported (yet)."
        }
        Record::AllReferrers if several_dates => {
            "Referrers.getAll with multiple sites or dates is not supported (yet)."
        }
        _ if report.shown == Shown::DayOfWeek && several_dates => {
            "VisitTime.getByDayOfWeek does not support multiple dates."
        }
        _ => return Ok(()),
    };
    Err(ApiError::invalid(refused))
}

/// `columns`: the metrics of a row of numbers that are asked for; empty for all.
fn columns_asked(call: &Call<'_>, report: &Report) -> Vec<String> {
    let has_choice = !matches!(
        report.record,
        Record::Numbers(Numbers::Referrers | Numbers::Performance)
    );
    match records::is_numbers(report) && has_choice {
        true => call.request.list("columns"),
        false => Vec::new(),
    }
}

pub(super) struct Run<'a> {
    pub(super) call: &'a Call<'a>,
    pub(super) world: &'a Arc<World>,
    pub(super) view: &'a query::View,
    pub(super) report: &'static Report,
    /// The one number that is asked for.
    pub(super) column: Option<&'static str>,
    /// One site is asked for.
    pub(super) single: bool,
    pub(super) rows: RowLimits,
    pub(super) tree: TreeRules,
    pub(super) limits: Limits,
    /// The custom dimension, where the call does not name it.
    pub(super) custom_dimension: Option<i64>,
}

impl Run<'_> {
    fn sites(&self, sites: &world::Sites) -> ApiResult<Answer> {
        if !sites.several {
            return self.site(sites.ids[0]);
        }
        let mut parts = Vec::with_capacity(sites.ids.len());
        for site in &sites.ids {
            parts.push((site.to_string(), self.site(*site)?));
        }
        Ok(Answer::Set(TableSet {
            key: "idSite",
            parts,
        }))
    }

    fn site(&self, site: SiteId) -> ApiResult<Answer> {
        let zone = world::zone_of(self.world, site);
        match world::periods(self.call, &zone)? {
            Asked::One(period) => self.one(site, &period, self.single, None),
            Asked::Each(periods) => {
                let mut parts = Vec::with_capacity(periods.len());
                let in_all = self.visits_in_all(site, &periods)?;
                for period in periods {
                    parts.push((period.key(), self.one(site, &period, false, in_all)?));
                }
                if !self.report.named_by.is_empty() && !self.single {
                    return Ok(Answer::Table(first_found(parts)));
                }
                Ok(Answer::Set(TableSet {
                    key: self.date_key(),
                    parts,
                }))
            }
        }
    }

    /// Visits of all the periods, where a share of one of them refers to all.
    fn visits_in_all(&self, site: SiteId, periods: &[Period]) -> ApiResult<Option<f64>> {
        if !matches!(
            self.report.record,
            Record::Numbers(Numbers::Referrers | Numbers::Everything)
        ) {
            return Ok(None);
        }
        let segment = world::segment_text(self.call);
        let mut visits = 0.0;
        for period in periods {
            let context = self.context(site, period, &segment)?;
            visits += query::plan::visit_totals(&context, Vec::new())?.visits;
        }
        Ok(Some(visits))
    }

    /// What the parts of several periods are called by.
    fn date_key(&self) -> &'static str {
        match self.report.record {
            Record::Numbers(Numbers::VisitorTypes) if self.single => "period",
            _ => "date",
        }
    }

    /// An address as hits of it are stored: without parameters that are left out.
    fn stored_form(&self, kind: i64, text: &str) -> String {
        let site = self.world.rules.sites.get(&self.site_asked());
        let Some(site) = site.filter(|_| kind != catalog::columns::kind::TITLE) else {
            return text.to_owned();
        };
        let rules = tracking::url::PageUrlRules {
            keep_fragment: site.keep_url_fragment,
            excluded: &site.excluded_parameters,
            max_bytes: text.len(),
        };
        match tracking::url::normalise_page_url(text, &rules) {
            Some(stored) if kind == catalog::columns::kind::PAGE => stored.url,
            Some(stored) => stored.full(),
            None => text.to_owned(),
        }
    }

    /// The first site that the call names.
    fn site_asked(&self) -> SiteId {
        let named = self.call.request.filled("idSite").unwrap_or_default();
        let first = named.split(',').next().unwrap_or_default();
        first.trim().parse().unwrap_or(1)
    }

    /// The one row that a parameter names by its address or title, alone.
    fn named(&self, table: Table, name: &str) -> ApiResult<Table> {
        let text = self
            .call
            .request
            .filled(name)
            .ok_or_else(|| ApiError::missing(name))?;
        let kind = match self.report.record {
            Record::Actions(Actions::PageTitles) => catalog::columns::kind::TITLE,
            Record::Actions(Actions::Downloads) => catalog::columns::kind::DOWNLOAD,
            Record::Actions(Actions::Outlinks) => catalog::columns::kind::OUTLINK,
            _ => catalog::columns::kind::PAGE,
        };
        let mut rows = table.rows;
        let mut found = None;
        let text = self.stored_form(kind, text);
        for label in query::plan::labels_of(kind, &text, &self.tree) {
            let Some(row) = rows.into_iter().find(|row| row.label() == label) else {
                return Ok(Table::default());
            };
            rows = row
                .subtable
                .as_ref()
                .map_or_else(Vec::new, |table| table.rows.clone());
            found = Some(row);
        }
        Ok(Table::of(
            found
                .into_iter()
                .map(|mut row| {
                    row.subtable = None;
                    row
                })
                .collect(),
        ))
    }

    /// `alone`: no other period or site is asked for; then a row of numbers is never empty.
    fn one(
        &self,
        site: SiteId,
        period: &Period,
        alone: bool,
        visits_in_all: Option<f64>,
    ) -> ApiResult<Answer> {
        let extra = Extra {
            visits_in_all,
            ..self.extra(site, alone)?
        };
        let mut table = self.table(site, period, &extra)?;
        if !records::is_numbers(self.report) {
            return Ok(Answer::Table(table));
        }
        if let Some(column) = self.column {
            // What takes no time is a word even where there is nothing.
            if table.rows.is_empty() && !alone && !self.call.method.ends_with("Pretty") {
                return Ok(Answer::Metrics(Table::default()));
            }
            let is_unique = matches!(column, "nb_uniq_visitors" | "nb_users");
            if is_unique && !self.world.config.counts_unique(kind_of(period)) {
                return Err(ApiError::invalid(format!(
                    "The metric {column} is not enabled for the requested period. Please see this \
                     FAQ: https://matomo.org/faq/how-to/faq_113/"
                )));
            }
            return Ok(Answer::Metrics(self.only(&table, column)));
        }
        if alone && table.rows.is_empty() {
            table = super::numbers::zeros(self.report);
            if !self.world.config.counts_unique(kind_of(period)) {
                drop_unique(&mut table);
            }
        }
        let asked = columns_asked(self.call, self.report);
        if !asked.is_empty() {
            self.keep(&mut table, &asked);
        }
        Ok(Answer::Metrics(table))
    }

    fn only(&self, table: &Table, column: &str) -> Table {
        let value = table.rows.first().and_then(|row| row.get(column)).cloned();
        let mut value = value.unwrap_or(Value::Int(0));
        if self.call.method.ends_with("Pretty") {
            let words = super::shape::number::DurationWords::ENGLISH;
            value = Value::Text(
                super::shape::number::NumberFormat::ENGLISH.duration_words(value.number(), &words),
            );
        }
        let mut row = model::Row::default();
        row.set(column.to_owned(), value);
        Table::of(vec![row])
    }

    /// `columns`: only these metrics, computed ones included.
    fn keep(&self, table: &mut Table, asked: &[String]) {
        super::shape::metrics::compute(table, &formulas::of(self.report));
        for row in &mut table.rows {
            row.columns
                .retain(|(name, _)| asked.iter().any(|asked| asked == name));
        }
        table.rows.retain(|row| !row.columns.is_empty());
    }

    fn context(&self, site: SiteId, period: &Period, segment: &str) -> ApiResult<Context<'_>> {
        let filter = world::filter(self.call, self.world, site, segment)?;
        Ok(Context {
            view: self.view,
            site,
            zone: world::zone_of(self.world, site),
            first: period.first_day(),
            last: period.last_day(),
            filter,
            grain: self.world.config.grain(),
            rows: &self.rows,
            tree: &self.tree,
            limits: &self.limits,
        })
    }

    /// The report's table, labels shown, before it is shaped.
    fn table(&self, site: SiteId, period: &Period, extra: &Extra) -> ApiResult<Table> {
        let segment = world::segment_text(self.call);
        let mut table = self.table_of(site, period, &segment, extra)?;
        if let Some(cross) = self.pivot_report(site)? {
            self.cross(&mut table, &cross, site, period, &segment)?;
        }
        Ok(table)
    }

    pub(super) fn table_of(
        &self,
        site: SiteId,
        period: &Period,
        segment: &str,
        extra: &Extra,
    ) -> ApiResult<Table> {
        let context = self.context(site, period, segment)?;
        let mut table = records::table(&context, self.report, extra)?;
        if records::is_numbers(self.report) && !self.world.config.counts_unique(kind_of(period)) {
            drop_unique(&mut table);
        }
        if !self.report.named_by.is_empty() {
            table = self.named(table, self.report.named_by)?;
        }
        subtables::number(&mut table);
        let mut parents = Vec::new();
        if let Some(id) = self
            .call
            .request
            .filled("idSubtable")
            .filter(|id| *id != "all")
        {
            let id = id
                .parse()
                .map_err(|_| ApiError::invalid("idSubtable is not a number"))?;
            table = subtables::find(table, id, &mut parents).unwrap_or_default();
        }
        if matches!(self.report.record, Record::Actions(_)) {
            query::plan::set_page_rates(&context, &mut table)?;
        }
        let main_url = self.world.site(site).map_or("", |site| site.main_url());
        let dimension_segment = match extra.dimension {
            Some(dimension) => format!("dimension{}", dimension.id),
            None => String::new(),
        };
        let showing = Showing {
            names: &self.call.app.names,
            sources: &self.call.app.sources,
            language: self.call.request.filled("language").unwrap_or("en"),
            main_url: main_url.trim_end_matches('/'),
            dimension_segment: &dimension_segment,
            parent_label: parents.last().map_or("", String::as_str),
            flat: self.call.request.generic().flat,
        };
        show::prepare(&mut table, self.report, &showing);
        if self.report.shown == Shown::DeviceType {
            late::add_device_types(&mut table);
        }
        if self.call.request.generic().flat && loses_segments(self.report) {
            let below_only = matches!(self.report.record, Record::Contents { .. });
            late::drop_segments_of_folders(&mut table, below_only);
        }
        self.tidy(&mut table);
        if matches!(
            self.report.record,
            Record::Actions(_)
                | Record::Events { .. }
                | Record::Contents { .. }
                | Record::Items(_)
                | Record::SearchCategories
        ) {
            late::order_by_label(&mut table);
        }
        if matches!(self.report.record, Record::Items(_)) {
            late::sold_first(&mut table);
        }
        let language = showing.language;
        words::translate_labels(&mut table, self.report, &self.call.app.names, language);
        Ok(table)
    }

    /// Columns that a report does not show, or only where they say something.
    fn tidy(&self, table: &mut Table) {
        match self.report.record {
            Record::Actions(Actions::Keywords | Actions::KeywordsWithoutResult) => {
                let distinct = [
                    "nb_uniq_visitors",
                    "sum_daily_nb_uniq_visitors",
                    "entry_nb_uniq_visitors",
                    "sum_daily_entry_nb_uniq_visitors",
                    "exit_nb_uniq_visitors",
                    "sum_daily_exit_nb_uniq_visitors",
                ];
                formulas::drop_columns(table, &distinct);
                formulas::drop_columns(table, &["nb_hits_following_search"]);
                formulas::drop_unused_timings(table);
            }
            Record::SearchCategories => formulas::drop_columns(table, &["nb_uniq_visitors"]),
            Record::Actions(_) if !self.report.named_by.is_empty() => {
                formulas::drop_timings(table);
                bandwidth_as_numbers(table);
            }
            Record::Actions(_) => {
                formulas::drop_unused_timings(table);
                if matches!(self.report.shown, Shown::Page { .. } | Shown::Title { .. })
                    && !self.call.request.generic().flat
                {
                    bandwidth_as_numbers(table);
                }
            }
            _ => {}
        }
    }

    /// `secondaryDimension`: another text of the event than the report's own.
    fn secondary(&self) -> ApiResult<Option<EventText>> {
        let (Record::Events { by, then }, Some(name)) = (
            self.report.record,
            self.call.request.filled("secondaryDimension"),
        ) else {
            return Ok(None);
        };
        let asked = event_text(name).filter(|text| *text != by);
        if asked.is_some() {
            return Ok(asked);
        }
        let all = [EventText::Category, EventText::Action, EventText::Name];
        let others = all.into_iter().filter(|text| ![by, then].contains(text));
        let names: Vec<&str> = [then].into_iter().chain(others).map(event_name).collect();
        let action = self.report.method.rsplit('.').next().unwrap_or_default();
        Err(ApiError::invalid(format!(
            "Secondary dimension '{name}' is not valid for the API {action}. Use one of: {}",
            names.join(", ")
        )))
    }

    pub(super) fn extra(&self, site: SiteId, alone: bool) -> ApiResult<Extra> {
        let request = &self.call.request;
        let goal = match request.filled("idGoal") {
            None => None,
            Some("ecommerceOrder") => Some(0),
            Some("ecommerceAbandonedCart") => Some(-1),
            Some("0") => None,
            Some(id) => Some(
                id.parse()
                    .map_err(|_| ApiError::invalid("idGoal is not a number"))?,
            ),
        };
        let dimension = match self.report.record {
            Record::CustomDimension => Some(dimension_of(
                self.call,
                self.world,
                site,
                self.custom_dimension,
            )?),
            _ => None,
        };
        Ok(Extra {
            goal,
            abandoned_carts: request.flag("abandonedCarts"),
            dimension,
            secondary: self.secondary()?,
            alone,
            visits_in_all: None,
            referrer_type: request.integer("typeReferrer"),
        })
    }
}

/// Rows of two levels have no segment when they are flat.
fn loses_segments(report: &Report) -> bool {
    matches!(
        report.record,
        Record::Events { .. }
            | Record::Contents { .. }
            | Record::CustomVariables
            | Record::Referrers { .. }
            | Record::Socials
    )
}

/// The bandwidth of pages of the first level is told in numbers, that of others as the database tells it.
fn bandwidth_as_numbers(table: &mut Table) {
    for row in &mut table.rows {
        for name in ["sum_bandwidth", "nb_hits_with_bandwidth"] {
            if let Some(value) = row.get_mut(name)
                && matches!(value, Value::Text(_))
            {
                *value = Value::Int(value.number() as i64);
            }
        }
    }
}

/// A page that is looked for at several sites and periods is shown of the first period that has it.
fn first_found(parts: Vec<(String, Answer)>) -> Table {
    let tables = parts.into_iter().filter_map(|(_, part)| match part {
        Answer::Table(table) if !table.is_empty() => Some(table),
        _ => None,
    });
    tables.into_iter().next().unwrap_or_default()
}

/// The custom dimension of that id, else the one that the call names.
fn dimension_of(
    call: &Call<'_>,
    world: &World,
    site: SiteId,
    id: Option<i64>,
) -> ApiResult<Dimension> {
    let id = id
        .or_else(|| call.request.integer("idDimension"))
        .ok_or_else(|| ApiError::missing("idDimension"))?;
    let mut dimensions = world.dimensions_of(site);
    let found = dimensions.find(|dimension| dimension.idcustomdimension == id);
    let found = found.ok_or_else(|| {
        ApiError::invalid(format!("Dimension {id} for website {site} does not exist."))
    })?;
    Ok(Dimension {
        id,
        slot: usize::try_from(found.slot).unwrap_or(1),
        of_action: found.scope == settings::DimensionScope::Action,
    })
}

/// A range of one day is a day.
pub fn kind_of(period: &Period) -> PeriodKind {
    match period.kind {
        PeriodKind::Range if period.first == period.last => PeriodKind::Day,
        kind => kind,
    }
}

fn drop_unique(table: &mut Table) {
    for row in &mut table.rows {
        row.columns
            .retain(|(name, _)| !name.contains("nb_uniq_visitors") && !name.contains("nb_users"));
    }
}

fn event_name(text: EventText) -> &'static str {
    match text {
        EventText::Category => "eventCategory",
        EventText::Action => "eventAction",
        EventText::Name => "eventName",
    }
}

fn event_text(name: &str) -> Option<EventText> {
    Some(match name {
        "eventCategory" => EventText::Category,
        "eventAction" => EventText::Action,
        "eventName" => EventText::Name,
        _ => return None,
    })
}
