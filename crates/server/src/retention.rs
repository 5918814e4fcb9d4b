//! Visits are erased: by age where the operator says so, with their site, or by number.

use std::time::Duration;

use ingest::{Erased, Erasure, IngestError};
use model::SECONDS_PER_DAY;

use crate::app::{App, World, now};

const LOOK_EVERY: Duration = Duration::from_secs(60 * 60);

impl App {
    /// Takes visits away for good, on a thread that may wait for the disk.
    pub async fn erase(&self, erasure: Erasure) -> Result<Erased, IngestError> {
        let ingest = self.ingest.clone();
        let erased = tokio::task::spawn_blocking(move || ingest.erase(&erasure)).await;
        erased.unwrap_or_else(|error| Err(IngestError::Storage(error.to_string())))
    }

    /// Erases the visits that are too old by the settings of this moment; `None` where all are kept.
    pub async fn erase_old_visits(&self, world: &World) -> Result<Option<Erased>, IngestError> {
        match oldest_kept(world, now()) {
            Some(time) => self.erase(Erasure::Before(time)).await.map(Some),
            None => Ok(None),
        }
    }

    /// Erases old visits once an hour, for as long as the program runs.
    pub async fn keep_retention(&self) {
        let mut turns = tokio::time::interval(LOOK_EVERY);
        turns.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            turns.tick().await;
            let Ok(world) = self.world().await else {
                continue;
            };
            match self.erase_old_visits(&world).await {
                Ok(Some(erased)) if erased.visits > 0 => {
                    tracing::info!(visits = erased.visits, "old visits are erased");
                }
                Ok(_) => {}
                Err(error) => tracing::error!(%error, "old visits could not be erased"),
            }
        }
    }
}

/// Visits that ended before are erased.
fn oldest_kept(world: &World, now: i64) -> Option<i64> {
    let number = |name| world.config.number_of("Deletelogs", name);
    let days = number("delete_logs_older_than");
    let is_on = number("delete_logs_enable") != 0 && days >= 1;
    is_on.then(|| now.saturating_sub(days.saturating_mul(SECONDS_PER_DAY)))
}
