//! The loop of ingest: an enriched hit is placed in its visit, and seen by every question asked after it.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use model::{SiteId, Texts};
use query::{Chunk, ChunkId, MemoryChunk, View, VisitRows};
use tracking::observe::Silent;
use tracking::rules::{InstanceRules, SiteRules};
use tracking::{Dictionaries, EnrichedHit, MemoryVisits, Placed, VisitState};

/// The rules by which hits are placed, at one moment of the settings.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    pub instance: InstanceRules,
    pub sites: HashMap<SiteId, Arc<SiteRules>>,
}

/// Why a hit could not be taken.
#[derive(Debug, thiserror::Error)]
pub enum IngestError {
    #[error("The server takes no more hits at the moment; try again in {retry_after_seconds} s.")]
    Busy { retry_after_seconds: u32 },
    #[error("Hits cannot be written: {0}")]
    Storage(String),
}

/// Visits, texts, and who may change them.
pub struct Ingest {
    state: Mutex<State>,
    dictionaries: RwLock<(Arc<Texts>, Arc<Texts>)>,
    next_chunk: AtomicU64,
}

#[derive(Default)]
struct State {
    visits: MemoryVisits,
    seen: Option<Arc<MemoryChunk>>,
}

impl Default for Ingest {
    fn default() -> Ingest {
        Ingest {
            state: Mutex::default(),
            dictionaries: RwLock::default(),
            next_chunk: AtomicU64::new(1),
        }
    }
}

impl Ingest {
    /// Places hits in order. What is answered is seen by the next question.
    pub fn record(&self, hits: &[EnrichedHit], rules: &Rules) -> Result<Vec<Placed>, IngestError> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let (values, actions) = self.texts();
        let texts = Dictionaries { actions: &actions, values: &values };
        let mut placed = Vec::with_capacity(hits.len());
        state.seen = None;
        for hit in hits {
            let Some(site) = rules.sites.get(&hit.site) else {
                placed.push(Placed::Refused(tracking::Refusal::UnknownSite));
                continue;
            };
            let visits = &mut state.visits;
            placed.push(tracking::place(hit, site, &rules.instance, texts, visits, &mut Silent));
        }
        Ok(placed)
    }

    fn texts(&self) -> (Arc<Texts>, Arc<Texts>) {
        self.dictionaries.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What a question sees: everything answered so far.
    pub fn view(&self) -> View {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let chunk = match &state.seen {
            Some(chunk) => chunk.clone(),
            None => {
                let id = ChunkId(self.next_chunk.fetch_add(1, Ordering::Relaxed));
                let visits = state.visits.all().iter().map(rows_of).collect();
                let chunk = Arc::new(MemoryChunk::new(id, visits));
                state.seen = Some(chunk.clone());
                chunk
            }
        };
        let (texts, actions) = self.texts();
        View::new(vec![chunk as Arc<dyn Chunk>], texts, actions)
    }

    /// Forgets everything.
    pub fn reset(&self) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        *state = State::default();
        *self.dictionaries.write().unwrap_or_else(PoisonError::into_inner) = Default::default();
    }
}

fn rows_of(visit: &VisitState) -> Arc<VisitRows> {
    let boxed = |rows: &[Vec<i64>]| rows.iter().map(|row| row.clone().into_boxed_slice()).collect();
    Arc::new(VisitRows {
        visit: visit.visit.clone().into_boxed_slice(),
        actions: boxed(&visit.actions),
        conversions: boxed(&visit.conversions),
        items: boxed(&visit.items),
    })
}
