//! Answers a report of the catalog for every site and period asked for.

use std::sync::Arc;

use catalog::reports::{EventText, Record, Report};
use model::{Answer, Role, SiteId, Table, TableSet};
use query::Limits;
use query::period::{Asked, Period, PeriodKind};
use query::plan::Context;

use super::error::{ApiError, ApiResult};
use super::formats::FormatOptions;
use super::records::{self, Dimension, Extra};
use super::show::{self, Showing};
use super::{Call, subtables, world};
use crate::app::World;

pub async fn answer(
    call: &Call<'_>,
    report: &'static Report,
    options: FormatOptions,
) -> ApiResult<(Answer, FormatOptions)> {
    let world = call.app.world().await?;
    let sites = world::sites(call, &world, Role::View)?;
    let view = call.app.ingest.view();
    let run = Run { call, world: &world, view: &view, report };
    let answer = tokio::task::block_in_place(|| match sites.several {
        false => run.site(sites.ids[0]),
        true => {
            let mut parts = Vec::with_capacity(sites.ids.len());
            for site in &sites.ids {
                parts.push((site.to_string(), run.site(*site)?));
            }
            Ok(Answer::Set(TableSet { key: "idSite", parts }))
        }
    })?;
    Ok((answer, options))
}

struct Run<'a> {
    call: &'a Call<'a>,
    world: &'a Arc<World>,
    view: &'a query::View,
    report: &'static Report,
}

impl Run<'_> {
    fn site(&self, site: SiteId) -> ApiResult<Answer> {
        let zone = world::zone_of(self.world, site);
        match world::periods(self.call, &zone)? {
            Asked::One(period) => self.one(site, &period),
            Asked::Each(periods) => {
                let mut parts = Vec::with_capacity(periods.len());
                for period in periods {
                    parts.push((period.key(), self.one(site, &period)?));
                }
                Ok(Answer::Set(TableSet { key: "date", parts }))
            }
        }
    }

    fn one(&self, site: SiteId, period: &Period) -> ApiResult<Answer> {
        let table = self.table(site, period)?;
        Ok(match records::is_numbers(self.report) {
            true => Answer::Metrics(table),
            false => Answer::Table(table),
        })
    }

    /// The report's table, labels shown, before it is shaped.
    fn table(&self, site: SiteId, period: &Period) -> ApiResult<Table> {
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
        let extra = self.extra(site)?;
        let mut table = records::table(&context, self.report, &extra)?;
        if records::is_numbers(self.report) && !self.world.config.counts_unique(kind_of(period)) {
            drop_unique(&mut table);
        }
        subtables::number(&mut table);
        let mut parents = Vec::new();
        if let Some(id) = self.call.request.filled("idSubtable").filter(|id| *id != "all") {
            let id = id.parse().map_err(|_| ApiError::invalid("idSubtable is not a number"))?;
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
        Ok(table)
    }

    fn extra(&self, site: SiteId) -> ApiResult<Extra> {
        let request = &self.call.request;
        let goal = match request.filled("idGoal") {
            None => None,
            Some("ecommerceOrder") => Some(0),
            Some("ecommerceAbandonedCart") => Some(-1),
            Some("0") => None,
            Some(id) => Some(id.parse().map_err(|_| ApiError::invalid("idGoal is not a number"))?),
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
            goals: self.world.goals_of(site).map(|goal| goal.idgoal).collect(),
            ecommerce: self.world.site(site).is_some_and(|site| site.ecommerce),
        })
    }

    fn dimension(&self, site: SiteId) -> ApiResult<Dimension> {
        let id = self.call.request.integer("idDimension").ok_or_else(|| ApiError::missing("idDimension"))?;
        let mut dimensions = self.world.dimensions_of(site);
        let found = dimensions.find(|dimension| dimension.idcustomdimension == id);
        let found = found.ok_or_else(|| {
            ApiError::invalid(format!("CustomDimension with id {id} for site {site} not found"))
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
        row.columns.retain(|(name, _)| !name.contains("nb_uniq_visitors") && !name.contains("nb_users"));
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
