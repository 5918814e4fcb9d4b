//! The loop of ingest: an enriched hit goes to the journal, then into its visit, and is seen by every
//! question asked after its answer.
//!
//! Visits are kept in memory and rebuilt from the journal at the start. Changed rules are records of the
//! same journal, so a replay places every hit by the rules of its time.

mod payload;
mod stats;

use std::collections::HashMap;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use journal::{AppendError, Committed, Journal, Options};
use model::{SiteId, Texts};
use query::{Chunk, ChunkId, MemoryChunk, View, VisitRows};
use tracking::rules::{InstanceRules, SiteRules};
use tracking::{Dictionaries, EnrichedHit, MemoryVisits, Placed, Refusal, Silent, VisitState};

use payload::Payload;

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

/// Why a hit could not be taken. Nothing of it is stored, and it may be sent again.
#[derive(Debug, thiserror::Error)]
pub enum IngestError {
    #[error("The server takes no more hits at the moment: {0}")]
    Busy(AppendError),
    #[error("The folder of the journal cannot be used: {0}")]
    Open(String),
}

/// Visits, texts, and the journal that everything goes through.
pub struct Ingest {
    shared: Arc<Shared>,
    journal: Journal,
    /// The source of the rules that the journal knows last.
    journalled_rules: Mutex<Vec<u8>>,
}

struct Shared {
    state: Mutex<State>,
    dictionaries: RwLock<(Arc<Texts>, Arc<Texts>)>,
    next_chunk: AtomicU64,
    build: BuildRules,
}

#[derive(Default)]
struct State {
    visits: MemoryVisits,
    rules: Arc<Rules>,
    /// The chunk that questions see, until a visit changes.
    seen: Option<Arc<MemoryChunk>>,
}

/// What travels beside a record: the hits already decoded, and where their fates are awaited.
struct Batch {
    hits: Vec<EnrichedHit>,
    rules: Arc<Rules>,
    answer: Sender<Vec<Placed>>,
}

impl Ingest {
    /// Opens the journal of a folder and places everything in it.
    pub fn open(folder: &Path, options: Options, build: BuildRules) -> Result<Ingest, IngestError> {
        let shared = Arc::new(Shared {
            state: Mutex::default(),
            dictionaries: RwLock::default(),
            next_chunk: AtomicU64::new(1),
            build,
        });
        let consumer = shared.clone();
        let (journal, _report) = Journal::open(folder, options, move |group| {
            for record in group {
                consumer.apply(record);
            }
        })
        .map_err(|error| IngestError::Open(error.to_string()))?;
        let known = shared.lock().rules.source.clone();
        Ok(Ingest {
            shared,
            journal,
            journalled_rules: Mutex::new(known),
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
        let ticket = {
            // Held until the record is admitted: records that follow need not repeat the rules.
            let mut journalled = self
                .journalled_rules
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            let changed = *journalled != rules.source;
            let bytes = payload::hits(changed.then_some(rules.source.as_slice()), &hits);
            let batch = Batch {
                hits,
                rules: rules.clone(),
                answer,
            };
            let ticket = self.journal.append_attached(bytes, Box::new(batch));
            if ticket.is_ok() && changed {
                journalled.clone_from(&rules.source);
            }
            ticket
        };
        let outcome = ticket.and_then(journal::Ticket::wait);
        if outcome.is_err() {
            // The rules may not be on disk: the next record says them again.
            self.journalled_rules
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .clear();
        }
        outcome.map_err(IngestError::Busy)?;
        Ok(placed.recv().unwrap_or_default())
    }

    /// What a question sees: everything answered so far.
    pub fn view(&self) -> View {
        let mut state = self.shared.lock();
        let chunk = match &state.seen {
            Some(chunk) => chunk.clone(),
            None => {
                let id = ChunkId(self.shared.next_chunk.fetch_add(1, Ordering::Relaxed));
                let visits = state.visits.all().iter().map(rows_of).collect();
                let chunk = Arc::new(MemoryChunk::new(id, visits));
                state.seen = Some(chunk.clone());
                chunk
            }
        };
        let (texts, actions) = self.shared.texts();
        View::new(vec![chunk as Arc<dyn Chunk>], texts, actions)
    }

    /// Forgets everything, for good.
    pub fn reset(&self) -> Result<(), IngestError> {
        let ticket = self
            .journal
            .append(payload::reset())
            .map_err(IngestError::Busy)?;
        ticket.wait().map_err(IngestError::Busy)?;
        self.journalled_rules
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
        Ok(())
    }

    /// Why hits are refused at present, in words; `None` when they are taken.
    pub fn degraded(&self) -> Option<String> {
        self.journal.degraded().map(|reason| reason.to_string())
    }

    /// Writes what is waiting and closes the journal.
    pub fn close(&self) -> Result<(), String> {
        self.journal.close().map_err(|error| error.to_string())
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn texts(&self) -> (Arc<Texts>, Arc<Texts>) {
        self.dictionaries
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn apply(&self, record: Committed) {
        let batch = record
            .attachment
            .and_then(|batch| batch.downcast::<Batch>().ok());
        if let Some(batch) = batch {
            let placed = self.place(&batch.hits, batch.rules.clone());
            // Nobody may wait any more: the client left, the hit stays.
            let _ = batch.answer.send(placed);
            return;
        }
        match payload::read(&record.payload) {
            Some(Payload::Hits { rules, hits }) => {
                let built = rules.and_then(|source| (self.build)(source)).map(Arc::new);
                let rules = built.unwrap_or_else(|| self.lock().rules.clone());
                self.place(&hits, rules);
            }
            Some(Payload::Reset) => {
                *self.lock() = State::default();
                *self
                    .dictionaries
                    .write()
                    .unwrap_or_else(PoisonError::into_inner) = Default::default();
            }
            None => {}
        }
    }

    fn place(&self, hits: &[EnrichedHit], rules: Arc<Rules>) -> Vec<Placed> {
        let mut state = self.lock();
        let (values, actions) = self.texts();
        let texts = Dictionaries {
            actions: &actions,
            values: &values,
        };
        state.seen = None;
        state.rules = rules.clone();
        let visits = &mut state.visits;
        let place = |hit: &EnrichedHit| match rules.sites.get(&hit.site) {
            Some(site) => tracking::place(hit, site, &rules.instance, texts, visits, &mut Silent),
            None => Placed::Refused(Refusal::UnknownSite),
        };
        hits.iter().map(place).collect()
    }
}

fn rows_of(visit: &VisitState) -> Arc<VisitRows> {
    let boxed = |rows: &[Vec<i64>]| {
        rows.iter()
            .map(|row| row.clone().into_boxed_slice())
            .collect()
    };
    Arc::new(VisitRows {
        visit: visit.visit.clone().into_boxed_slice(),
        actions: boxed(&visit.actions),
        conversions: boxed(&visit.conversions),
        items: boxed(&visit.items),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use tracking::SiteSettings;

    fn rules() -> Arc<Rules> {
        let instance = InstanceRules::default();
        let settings = SiteSettings {
            id: 1,
            ..SiteSettings::default()
        };
        let site = Arc::new(SiteRules::new(&settings, &instance));
        Arc::new(Rules {
            instance,
            sites: HashMap::from([(1, site)]),
            source: b"rules".to_vec(),
        })
    }

    fn build() -> BuildRules {
        Box::new(|source| (source == b"rules").then(|| (*rules()).clone()))
    }

    fn hit(second: i64) -> EnrichedHit {
        let mut hit = EnrichedHit {
            site: 1,
            time: second,
            received_at: second,
            ..EnrichedHit::default()
        };
        hit.identity.visitor = Some(7);
        hit
    }

    fn visits(ingest: &Ingest) -> usize {
        ingest
            .view()
            .chunks
            .iter()
            .map(|chunk| chunk.rows(query_table()))
            .sum()
    }

    fn query_table() -> catalog::columns::TableId {
        catalog::columns::TableId::Visits
    }

    #[test]
    fn what_was_answered_is_there_after_a_restart() {
        let folder = tempfile::tempdir().expect("a folder");
        let open = || Ingest::open(folder.path(), Options::default(), build()).expect("a journal");
        let ingest = open();
        for second in [1_000, 1_060, 10_000] {
            ingest.record(vec![hit(second)], &rules()).expect("room");
        }
        let before = visits(&ingest);
        assert!(before >= 1);
        // No close: as after a kill.
        std::mem::forget(ingest);
        let again = open();
        assert_eq!(visits(&again), before);
    }

    #[test]
    fn a_reset_is_final() {
        let folder = tempfile::tempdir().expect("a folder");
        let open = || Ingest::open(folder.path(), Options::default(), build()).expect("a journal");
        let ingest = open();
        ingest.record(vec![hit(1_000)], &rules()).expect("room");
        ingest.reset().expect("room");
        assert_eq!(visits(&ingest), 0);
        ingest.record(vec![hit(2_000)], &rules()).expect("room");
        ingest.close().expect("closed");
        assert_eq!(visits(&open()), 1);
    }
}
