//! Importing into a data folder that no server uses.

use std::path::Path;

use model::SiteId;
use server::{Direct, random_numbers};
use tracking::logs::params_of;
use tracking::{EnrichedHit, Placed};

use super::counts::Counts;
use super::marks::{Marks, Pending};
use super::reading::{Batch, Knowledge};
use crate::house::House;

/// The folder, opened.
pub struct Here {
    house: House,
    direct: Direct,
}

/// A batch whose hits are ready for the journal.
pub struct Enriched {
    pub batch: Batch,
    hits: Vec<EnrichedHit>,
}

impl Knowledge for Direct {
    fn is_robot(&self, user_agent: &str) -> bool {
        Direct::is_robot(self, user_agent)
    }

    fn site_of_host(&self, host: &str) -> Option<SiteId> {
        Direct::site_of_host(self, host)
    }

    fn site_url(&self, site: SiteId) -> Option<String> {
        Direct::site_url(self, site).map(str::to_owned)
    }
}

impl Here {
    pub fn open(house: House, folder: &Path) -> Result<(Here, Marks), String> {
        let direct = house.runtime.block_on(house.app.direct());
        let direct = direct.map_err(|error| error.to_string())?;
        let marks = Marks::open(folder).map_err(|error| error.to_string())?;
        Ok((Here { house, direct }, marks))
    }

    pub fn direct(&self) -> &Direct {
        &self.direct
    }

    /// What may run beside the recording of the batch before.
    pub fn enricher(&self) -> impl FnMut(Batch) -> Enriched + Send + '_ {
        let mut random = random_numbers();
        let runtime = self.house.runtime.handle().clone();
        move |mut batch| {
            let _inside = runtime.enter();
            let mut hits = Vec::with_capacity(batch.hits.len());
            for pairs in std::mem::take(&mut batch.hits) {
                match self.direct.enrich(&params_of(pairs), &mut random) {
                    Ok(hit) => hits.push(hit),
                    Err(stop) => batch.counts.skip(stop.meaning()),
                }
            }
            Enriched { batch, hits }
        }
    }

    /// Writes a batch and its mark.
    pub fn record(
        &self,
        marks: &mut Marks,
        mark: usize,
        enriched: Enriched,
    ) -> Result<Counts, String> {
        let Enriched { batch, hits } = enriched;
        let mut counts = batch.counts;
        if !hits.is_empty() {
            let pending = Pending {
                end_bytes: batch.end_bytes,
                after_record: self.house.ingest.journal_stats().last_number,
            };
            marks
                .begin(mark, pending)
                .map_err(|error| error.to_string())?;
            let placed = self
                .direct
                .record(hits)
                .map_err(|error| error.to_string())?;
            for placed in placed {
                match placed {
                    Placed::InVisit(_) => counts.recorded += 1,
                    Placed::Excluded(reason) => counts.skip(reason.meaning()),
                    Placed::Refused(reason) => counts.skip(reason.meaning()),
                }
            }
        }
        marks.done(mark, batch.end_bytes);
        Ok(counts)
    }

    pub fn close(self) -> Result<(), String> {
        self.house.close()
    }
}
