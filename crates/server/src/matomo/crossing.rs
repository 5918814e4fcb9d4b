//! `pivotBy` the dimension of another report: that report for the visits of each row.

use catalog::reports::{Record, Report};
use model::{SiteId, Table, Value};
use query::period::Period;

use super::error::{ApiError, ApiResult};
use super::reports::Run;

/// The first report of the catalog whose rows are a dimension, by its public id (`UserCountry.City`).
fn report_of_dimension(id: &str) -> Option<&'static Report> {
    let is_dimension = |report: &&Report| {
        let first = report.levels.first();
        first.is_some_and(|level| level.id.replacen('_', ".", 1) == id)
    };
    let mut reports = catalog::reports::REPORTS.iter();
    reports.find(|report| is_dimension(report) && !report.hidden)
}

impl Run<'_> {
    /// The report that crosses this one, where `pivotBy` names the dimension of another report; the dimension of
    /// the report's own sub-tables needs none.
    pub(super) fn pivot_report(&self, site: SiteId) -> ApiResult<Option<Run<'_>>> {
        let Some(dimension) = self.call.request.filled("pivotBy") else {
            return Ok(None);
        };
        let wrong = || ApiError::invalid(format!("Invalid dimension '{dimension}'."));
        let (report, id) = match dimension.strip_prefix("CustomDimension.CustomDimension") {
            Some(id) if self.single => {
                let id: i64 = id.parse().map_err(|_| wrong())?;
                let mut own = self.world.dimensions_of(site);
                let is_there = own.any(|dimension| dimension.idcustomdimension == id);
                let found = catalog::reports::REPORTS
                    .iter()
                    .find(|report| matches!(report.record, Record::CustomDimension))
                    .filter(|_| is_there);
                (found.ok_or_else(wrong)?, Some(id))
            }
            Some(_) => return Err(wrong()),
            None => (report_of_dimension(dimension).ok_or_else(wrong)?, None),
        };
        let own_levels = self.report.levels.iter().skip(1);
        let is_below = own_levels
            .map(|level| level.id.replacen('_', ".", 1))
            .any(|level| level == dimension);
        // Pages are within pages.
        let is_itself =
            matches!(self.report.record, Record::Actions(_)) && std::ptr::eq(report, self.report);
        if is_below || is_itself {
            return Ok(None);
        }
        if !self
            .world
            .config
            .is_on("pivot_by_filter_enable_fetch_by_segment")
        {
            return Err(ApiError::invalid(format!(
                "Unsupported pivot: {} has no sub-tables of '{dimension}'.",
                self.report.method
            )));
        }
        Ok(Some(Run {
            call: self.call,
            world: self.world,
            view: self.view,
            report,
            column: None,
            single: self.single,
            rows: self.rows.clone(),
            tree: self.tree.clone(),
            limits: self.limits.clone(),
            custom_dimension: id,
        }))
    }

    /// Puts a table of another report below each row, for the visits of the row.
    pub(super) fn cross(
        &self,
        table: &mut Table,
        cross: &Run<'_>,
        site: SiteId,
        period: &Period,
        segment: &str,
    ) -> ApiResult<()> {
        let extra = cross.extra(site, false)?;
        for row in table.all_rows_mut() {
            row.subtable = match row.meta("segment") {
                Some(Value::Text(own)) => {
                    let both = match segment {
                        "" => own.clone(),
                        segment => format!("{segment};{own}"),
                    };
                    Some(Box::new(cross.table_of(site, period, &both, &extra)?))
                }
                _ => None,
            };
        }
        Ok(())
    }
}
