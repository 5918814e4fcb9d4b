//! Answers a report of the catalog for every site and period asked for.

use std::sync::Arc;

use catalog::reports::{Actions, EventText, Numbers, Record, Report, Shown};
use model::{Answer, Role, SiteId, Table, TableSet, Value};
use query::Limits;
use query::period::{Asked, Period, PeriodKind};
use query::plan::Context;

use super::error::{ApiError, ApiResult};
use super::formats::FormatOptions;
use super::formulas;
use super::params::Generic;
use super::records::{self, Dimension, Extra};
use super::shape::flatten::Flattening;
use super::shape::{ReportShape, shape_answer};
use super::show::{self, Showing};
use super::{Call, subtables, world};
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
    let mut processed = if column.is_some() {
        Vec::new()
    } else {
        formulas::of(report)
    };
    let asked = call.request.list("columns");
    if records::is_numbers(report) && !asked.is_empty() {
        processed.retain(|metric| asked.iter().any(|asked| *asked == metric.name));
    }
    if sites.several && matches!(report.record, Record::Numbers(Numbers::Everything)) {
        return Err(ApiError::invalid(
            "Referrers.getReferrerType with multiple sites is not supported (yet).",
        ));
    }
    let run = Run {
        call,
        world: &world,
        view: &view,
        report,
        column,
        single: !sites.several,
    };
    let answer = tokio::task::block_in_place(|| match sites.several {
        false => run.site(sites.ids[0]),
        true => {
            let mut parts = Vec::with_capacity(sites.ids.len());
            for site in &sites.ids {
                parts.push((site.to_string(), run.site(*site)?));
            }
            Ok(Answer::Set(TableSet {
                key: "idSite",
                parts,
            }))
        }
    })?;
    let mut shape = shape_of(report, &processed, &world);
    if generic.flat {
        shape.queued = Some(&show::move_segments_last);
    }
    let answer = shape_answer(answer, &shape, &generic);
    Ok((answer, with_generic(options, &generic, report)))
}

fn shape_of<'a>(
    report: &'a Report,
    processed: &'a [super::shape::metrics::ProcessedMetric],
    world: &World,
) -> ReportShape<'a> {
    let is_pages = matches!(report.shown, Shown::Page { .. });
    ReportShape {
        sort_column: (!report.sort.is_empty()).then_some(report.sort),
        sort_ascending: report.sort == "label",
        limit: world.config.number("API_datatable_default_limit"),
        flattening: Some(Flattening {
            separator: report.flat_separator.to_owned(),
            dimensions: report.levels.iter().map(|level| level.id.into()).collect(),
            root_prefix: if is_pages { "/" } else { "" },
        }),
        processed,
        // The names of ranges have a plus that is no space.
        encoded_labels: !matches!(
            report.record,
            Record::Buckets { .. } | Record::GoalHistogram { .. } | Record::Plugins
        ),
        title_labels: matches!(report.shown, Shown::Title { .. }),
        ..ReportShape::default()
    }
}

fn with_generic(mut options: FormatOptions, generic: &Generic, report: &Report) -> FormatOptions {
    let can_expand = !matches!(report.record, Record::Contents { .. });
    options.expanded = generic.expanded && !generic.flat && can_expand;
    options
}

struct Run<'a> {
    call: &'a Call<'a>,
    world: &'a Arc<World>,
    view: &'a query::View,
    report: &'static Report,
    /// The one number that is asked for.
    column: Option<&'static str>,
    /// One site is asked for.
    single: bool,
}

impl Run<'_> {
    fn site(&self, site: SiteId) -> ApiResult<Answer> {
        let zone = world::zone_of(self.world, site);
        match world::periods(self.call, &zone)? {
            Asked::One(period) => self.one(site, &period, true),
            Asked::Each(periods) => {
                let mut parts = Vec::with_capacity(periods.len());
                for period in periods {
                    parts.push((period.key(), self.one(site, &period, false)?));
                }
                Ok(Answer::Set(TableSet {
                    key: self.date_key(),
                    parts,
                }))
            }
        }
    }

    /// What the parts of several periods are called by.
    fn date_key(&self) -> &'static str {
        match self.report.record {
            Record::Numbers(Numbers::VisitorTypes) => "period",
            _ => "date",
        }
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
        for label in query::plan::labels_of(kind, text, &self.world.config.tree_rules()) {
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
    fn one(&self, site: SiteId, period: &Period, alone: bool) -> ApiResult<Answer> {
        let mut table = self.table(site, period, alone)?;
        if !records::is_numbers(self.report) {
            return Ok(Answer::Table(table));
        }
        if let Some(column) = self.column {
            if table.rows.is_empty() && !alone {
                return Ok(Answer::Metrics(Table::default()));
            }
            return Ok(Answer::Metrics(self.only(&table, column)));
        }
        if alone && table.rows.is_empty() {
            table = super::numbers::zeros(self.report);
        }
        let asked = self.call.request.list("columns");
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

    /// The report's table, labels shown, before it is shaped.
    fn table(&self, site: SiteId, period: &Period, alone: bool) -> ApiResult<Table> {
        let segment = world::segment_text(self.call);
        let filter = world::filter(self.call, self.world, site, &segment)?;
        let rows = self.world.config.row_limits();
        let tree = self.world.config.tree_rules();
        let limits = Limits::default();
        let context = Context {
            view: self.view,
            site,
            zone: world::zone_of(self.world, site),
            first: period.first_day(),
            last: period.last_day(),
            filter,
            grain: self.world.config.grain(),
            rows: &rows,
            tree: &tree,
            limits: &limits,
        };
        let extra = self.extra(site, alone)?;
        let mut table = records::table(&context, self.report, &extra)?;
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
        };
        show::prepare(&mut table, self.report, &showing);
        self.tidy(&mut table);
        if matches!(
            self.report.record,
            Record::Actions(_)
                | Record::Events { .. }
                | Record::Contents { .. }
                | Record::Items(_)
                | Record::SearchCategories
        ) {
            show::order_by_label(&mut table);
        }
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
                formulas::drop_unused_timings(table);
            }
            Record::SearchCategories => formulas::drop_columns(table, &["nb_uniq_visitors"]),
            Record::Actions(_) | Record::CustomDimension => formulas::drop_unused_timings(table),
            _ => {}
        }
    }

    fn extra(&self, site: SiteId, alone: bool) -> ApiResult<Extra> {
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
            Record::CustomDimension => Some(self.dimension(site)?),
            _ => None,
        };
        Ok(Extra {
            goal,
            abandoned_carts: request.flag("abandonedCarts"),
            dimension,
            secondary: request.filled("secondaryDimension").and_then(event_text),
            alone: alone && self.single,
        })
    }

    fn dimension(&self, site: SiteId) -> ApiResult<Dimension> {
        let id = self
            .call
            .request
            .integer("idDimension")
            .ok_or_else(|| ApiError::missing("idDimension"))?;
        let mut dimensions = self.world.dimensions_of(site);
        let found = dimensions.find(|dimension| dimension.idcustomdimension == id);
        let found = found.ok_or_else(|| {
            ApiError::invalid(format!(
                "CustomDimension with id {id} for site {site} not found"
            ))
        })?;
        Ok(Dimension {
            id,
            slot: usize::try_from(found.slot).unwrap_or(1),
            of_action: found.scope == settings::DimensionScope::Action,
        })
    }
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

fn event_text(name: &str) -> Option<EventText> {
    Some(match name {
        "eventCategory" => EventText::Category,
        "eventAction" => EventText::Action,
        "eventName" => EventText::Name,
        _ => return None,
    })
}
