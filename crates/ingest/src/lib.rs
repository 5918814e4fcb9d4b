//! The loop of ingest: an enriched hit goes to the journal, then into its visit, and is seen by every
//! question asked after its answer.
//!
//! Open visits are in memory, the others in the store's sealed segments. A checkpoint makes what memory has
//! lasting, so that a start replays only the journal's end. Changed rules are records of the same journal,
//! so a replay places every hit by the rules of its time.

mod keeper;
mod payload;
mod shared;
mod visits;

use std::collections::HashMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use journal::{AppendError, Journal, JournalStats};
use model::SiteId;
use query::View;
use tracking::rules::{InstanceRules, SiteRules};
use tracking::{EnrichedHit, Placed};

use keeper::Keeper;
pub use payload::{Erased, Erasure};
use shared::{Batch, Shared};

/// The rules by which hits are placed, at one moment of the settings.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    pub instance: InstanceRules,
    pub sites: HashMap<SiteId, Arc<SiteRules>>,
    /// What these rules are made from, as the journal keeps it.
    pub source: Vec<u8>,
}

/// Makes rules from what the journal kept; `None` for bytes of an unknown kind.
pub type BuildRules = Box<dyn Fn(&[u8]) -> Option<Rules> + Send + Sync>;

/// When open visits become segments. It changes no answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sealing {
    /// When they are idle, or too many for the memory.
    #[default]
    Normal,
    /// After every record of the journal: slow, for tests.
    EveryRecord,
    /// Not at all: memory grows, for tests.
    Never,
}

impl std::str::FromStr for Sealing {
    type Err = ();

    fn from_str(text: &str) -> Result<Sealing, ()> {
        match text {
            "normal" => Ok(Sealing::Normal),
            "every-record" => Ok(Sealing::EveryRecord),
            "never" => Ok(Sealing::Never),
            _ => Err(()),
        }
    }
}

/// How ingest keeps what it is given.
#[derive(Clone, Debug)]
pub struct Options {
    pub journal: journal::Options,
    pub store: store::Options,
    pub sealing: Sealing,
    /// At most this long after a hit it is in the store.
    pub checkpoint_every: Duration,
    /// Visits without a hit for that long are sealed.
    pub idle_before_sealing: Duration,
    /// Idle visits wait until they have so many actions together, as segments should not be small.
    pub min_sealed_actions: usize,
    /// With more actions in memory the visits that wait longest are sealed, idle or not.
    pub max_open_actions: usize,
    /// Records of the journal that the store has are kept for that long.
    pub keep_journal_for: Duration,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            journal: journal::Options::default(),
            store: store::Options::default(),
            sealing: Sealing::default(),
            checkpoint_every: Duration::from_secs(60),
            idle_before_sealing: Duration::from_secs(35 * 60),
            min_sealed_actions: 20_000,
            max_open_actions: 60_000,
            keep_journal_for: Duration::from_secs(60 * 60),
        }
    }
}

/// Why a hit could not be taken. Nothing of it is stored, and it may be sent again.
#[derive(Debug, thiserror::Error)]
pub enum IngestError {
    #[error("The server takes no more hits at the moment: {0}")]
    Busy(AppendError),
    #[error("The data folder cannot be used: {0}")]
    Open(String),
    #[error("The stored visits could not be changed: {0}")]
    Storage(String),
}

/// What there is, for operators.
#[derive(Clone, Debug)]
pub struct Stats {
    pub journal: JournalStats,
    pub store: store::Totals,
    pub open_visits: usize,
    pub open_actions: usize,
    /// The last journal record that was placed.
    pub applied: u64,
    /// The last one that the store has for good.
    pub committed: u64,
}

/// Visits, texts, and the journal that everything goes through.
pub struct Ingest {
    shared: Arc<Shared>,
    journal: Arc<Journal>,
    keeper: Keeper,
    /// The source of the rules that the journal knows last.
    journalled_rules: Mutex<Vec<u8>>,
    /// A record with rules may not have reached the disk.
    rules_lost: Arc<AtomicBool>,
}

impl Ingest {
    /// Opens journal and store in a data folder, and places what only the journal has.
    pub fn open(
        data_folder: &Path,
        options: Options,
        build: BuildRules,
    ) -> Result<Ingest, IngestError> {
        let shared = Shared::open(&data_folder.join("store"), options.clone(), build)
            .map_err(|error| IngestError::Open(error.to_string()))?;
        let shared = Arc::new(shared);
        let consumer = shared.clone();
        let journal_options = journal::Options {
            applied: shared.lock().applied,
            ..options.journal
        };
        let folder = data_folder.join("journal");
        let (journal, _report) = Journal::open(&folder, journal_options, move |group| {
            for record in group {
                consumer.apply(record);
            }
        })
        .map_err(|error| IngestError::Open(error.to_string()))?;
        let journal = Arc::new(journal);
        let known = shared.lock().rules.source.clone();
        let keeper = Keeper::start(shared.clone(), journal.clone())
            .map_err(|error| IngestError::Open(error.to_string()))?;
        Ok(Ingest {
            shared,
            journal,
            keeper,
            journalled_rules: Mutex::new(known),
            rules_lost: Arc::default(),
        })
    }

    /// Writes hits to the journal, places them in order, and tells what became of each. Blocks until they
    /// are on disk.
    pub fn record(
        &self,
        hits: Vec<EnrichedHit>,
        rules: &Arc<Rules>,
    ) -> Result<Vec<Placed>, IngestError> {
        let (answer, placed) = channel();
        self.submit(hits, rules, move |outcome| {
            // The receiver waits below.
            let _ = answer.send(outcome);
        });
        let closed = || Err(IngestError::Busy(AppendError::Closed));
        placed.recv().unwrap_or_else(|_| closed())
    }

    /// As [`Ingest::record`], without waiting: `done` is called once they are on disk and placed, or
    /// refused, perhaps before this returns.
    pub fn submit(
        &self,
        hits: Vec<EnrichedHit>,
        rules: &Arc<Rules>,
        done: impl FnOnce(Result<Vec<Placed>, IngestError>) + Send + 'static,
    ) {
        let placed: Arc<Mutex<Vec<Placed>>> = Arc::default();
        let lost = self.rules_lost.clone();
        // Held until the record is admitted: records that follow need not repeat the rules.
        let mut journalled = unpoisoned(self.journalled_rules.lock());
        let changed = self.rules_lost.swap(false, Ordering::AcqRel) || *journalled != rules.source;
        let bytes = payload::hits(changed.then_some(rules.source.as_slice()), &hits);
        let batch = Batch {
            hits,
            rules: rules.clone(),
            placed: placed.clone(),
        };
        if changed {
            journalled.clone_from(&rules.source);
        }
        let outcome = move |result: Result<u64, AppendError>| match result {
            Ok(_) => done(Ok(std::mem::take(&mut *unpoisoned(placed.lock())))),
            Err(error) => {
                // The next record says the rules again.
                lost.store(true, Ordering::Release);
                done(Err(IngestError::Busy(error)));
            }
        };
        self.journal
            .append_attached_with(bytes, Some(Box::new(batch)), Box::new(outcome));
    }

    /// What a question sees: everything answered so far.
    pub fn view(&self) -> View {
        self.shared.lock().visits.view()
    }

    /// Forgets everything, for good.
    pub fn reset(&self) -> Result<(), IngestError> {
        let ticket = self
            .journal
            .append(payload::reset())
            .map_err(IngestError::Busy)?;
        ticket.wait().map_err(IngestError::Busy)?;
        self.rules_lost.store(true, Ordering::Release);
        match self.shared.failure() {
            Some(failure) => Err(IngestError::Storage(failure)),
            None => Ok(()),
        }
    }

    /// Takes visits away for good, from memory, segments and journal, and tells how much it was. Their
    /// texts stay in the dictionaries, which name nobody's visits.
    pub fn erase(&self, erasure: &Erasure) -> Result<Erased, IngestError> {
        let counted: Arc<Mutex<Erased>> = Arc::default();
        let ticket = self
            .journal
            .append_attached(payload::erasure(erasure), Box::new(counted.clone()))
            .map_err(IngestError::Busy)?;
        let number = ticket.wait().map_err(IngestError::Busy)?;
        let storage = |error: store::StoreError| IngestError::Storage(error.to_string());
        self.shared.fold_erased().map_err(storage)?;
        self.journal
            .delete_all_before(number + 1)
            .map_err(|error| IngestError::Storage(error.to_string()))?;
        let count = *unpoisoned(counted.lock());
        Ok(count)
    }

    /// Makes everything placed so far lasting in the store, which otherwise happens by itself.
    pub fn checkpoint(&self) -> Result<(), IngestError> {
        self.shared
            .checkpoint()
            .map_err(|error| IngestError::Storage(error.to_string()))
    }

    /// Why hits are refused or kept in memory only, in words; `None` when all is well.
    pub fn degraded(&self) -> Option<String> {
        let refused = self.journal.degraded().map(|reason| reason.to_string());
        refused.or_else(|| self.shared.failure())
    }

    /// Counters of the journal.
    pub fn journal_stats(&self) -> JournalStats {
        self.journal.stats()
    }

    pub fn stats(&self) -> Stats {
        let journal = self.journal.stats();
        let state = self.shared.lock();
        Stats {
            journal,
            store: state.visits.store.totals(),
            open_visits: state.visits.open_visits(),
            open_actions: state.visits.open_actions(),
            applied: state.applied,
            committed: state.committed,
        }
    }

    /// Compares everything in the store with its checksums; the errors name the files.
    pub fn verify(&self) -> Vec<String> {
        let store = self.shared.lock().visits.store.clone();
        let errors = store.verify();
        errors.iter().map(ToString::to_string).collect()
    }

    /// Writes what is waiting, closes the journal, and makes a checkpoint for the next start.
    pub fn close(&self) -> Result<(), String> {
        let closed = self.journal.close().map_err(|error| error.to_string());
        let kept = match self.keeper.stop() {
            true => self.shared.checkpoint().map_err(|error| error.to_string()),
            false => Ok(()),
        };
        closed.and(kept)
    }
}

impl Drop for Ingest {
    fn drop(&mut self) {
        // Whoever wants to know of errors closes before.
        let _ = self.close();
    }
}

fn unpoisoned<T>(lock: Result<T, PoisonError<T>>) -> T {
    lock.unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
