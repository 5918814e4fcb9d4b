//! What the apply thread, questions and the keeper share: the visits, under one lock.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};

use journal::Committed;
use store::{Store, StoreError};
use tracking::{Dictionaries, EnrichedHit, Placed, Refusal, Silent};

use crate::payload::{self, Erased, Erasure, Payload};
use crate::visits::StoredVisits;
use crate::{BuildRules, Options, Rules, Sealing, unpoisoned};

/// Memory may grow to so many times its limit before hits wait for the disk.
const PATIENCE: usize = 3;

pub struct Shared {
    state: Mutex<State>,
    /// Told when memory was freed, or when it is too full.
    changed: Condvar,
    /// One at a time changes segments. Taken before `state`.
    upkeep: Mutex<()>,
    pub options: Options,
    folder: PathBuf,
    build: BuildRules,
}

pub struct State {
    pub visits: StoredVisits,
    pub rules: Arc<Rules>,
    /// The last journal record that was placed.
    pub applied: u64,
    /// The last one that the store has for good.
    pub committed: u64,
    pub stopping: bool,
    /// Why the store cannot be written at present.
    failure: Option<String>,
}

/// What travels beside a record: the hits already decoded, and where their fates are put.
pub struct Batch {
    pub hits: Vec<EnrichedHit>,
    pub rules: Arc<Rules>,
    pub placed: Arc<Mutex<Vec<Placed>>>,
}

/// Why the keeper wakes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wake {
    Time,
    Memory,
    Stop,
}

impl Shared {
    pub fn open(folder: &Path, options: Options, build: BuildRules) -> Result<Shared, StoreError> {
        let (store, hot) = Store::open(folder, &options.store)?;
        let note = store.note();
        let rules = match note.is_empty() {
            true => Rules::default(),
            false => build(&note).unwrap_or_default(),
        };
        let applied = store.counters().applied;
        Ok(Shared {
            state: Mutex::new(State {
                visits: StoredVisits::new(store, hot),
                rules: Arc::new(rules),
                applied,
                committed: applied,
                stopping: false,
                failure: None,
            }),
            changed: Condvar::new(),
            upkeep: Mutex::new(()),
            options,
            folder: folder.to_owned(),
            build,
        })
    }

    pub fn lock(&self) -> MutexGuard<'_, State> {
        unpoisoned(self.state.lock())
    }

    pub fn failure(&self) -> Option<String> {
        self.lock().failure.clone()
    }

    /// Places a record of the journal.
    pub fn apply(&self, record: Committed) {
        let number = record.number;
        let arrived = record.received_at_us.div_euclid(1_000_000);
        self.lock().visits.set_now(arrived);
        let counted = match record
            .attachment
            .map(|attachment| attachment.downcast::<Batch>())
        {
            Some(Ok(batch)) => {
                let placed = self.place(number, &batch.hits, batch.rules.clone());
                *unpoisoned(batch.placed.lock()) = placed;
                self.after(record.replayed);
                return;
            }
            Some(Err(other)) => other.downcast::<Arc<Mutex<Erased>>>().ok(),
            None => None,
        };
        match payload::read(&record.payload) {
            Some(Payload::Hits { rules, hits }) => {
                let built = rules.and_then(|source| (self.build)(source)).map(Arc::new);
                let rules = built.unwrap_or_else(|| self.lock().rules.clone());
                self.place(number, &hits, rules);
            }
            Some(Payload::Reset) => self.told("forgetting everything", self.reset(number)),
            Some(Payload::Erase(erasure)) => {
                let count = self.erase(number, &erasure);
                if let (Ok(count), Some(counted)) = (&count, counted) {
                    *unpoisoned(counted.lock()) = *count;
                }
                self.told("erasing visits", count.map(|_| ()));
            }
            None => self.lock().applied = number,
        }
        self.after(record.replayed);
    }

    fn place(&self, number: u64, hits: &[EnrichedHit], rules: Arc<Rules>) -> Vec<Placed> {
        let mut state = self.lock();
        state.applied = number;
        state.rules = rules.clone();
        let visits = &mut state.visits;
        let store = visits.store.clone();
        let texts = Dictionaries {
            actions: store.actions(),
            values: store.texts(),
        };
        let mut place = |hit: &EnrichedHit| {
            let placed = match rules.sites.get(&hit.site) {
                Some(site) => {
                    tracking::place(hit, site, &rules.instance, texts, visits, &mut Silent)
                }
                None => Placed::Refused(Refusal::UnknownSite),
            };
            visits.settle();
            placed
        };
        let placed = hits.iter().map(&mut place).collect();
        if let Some(error) = visits.take_failure() {
            tracing::error!(%error, "a sealed visit could not be read; the hit began a new one");
        }
        placed
    }

    fn reset(&self, number: u64) -> Result<(), StoreError> {
        let mut state = self.lock();
        state.visits.store.clear(number)?;
        let (store, hot) = Store::open(&self.folder, &self.options.store)?;
        state.visits = StoredVisits::new(store, hot);
        state.rules = Arc::default();
        state.applied = number;
        state.committed = number;
        Ok(())
    }

    fn erase(&self, number: u64, erasure: &Erasure) -> Result<Erased, StoreError> {
        let mut state = self.lock();
        state.applied = number;
        state.visits.erase(erasure)
    }

    /// Keeps memory within its limit, and waits for the disk where it is far beyond.
    fn after(&self, replayed: bool) {
        match self.options.sealing {
            Sealing::Never => {}
            Sealing::EveryRecord => {
                let all = |state: &State| state.visits.longest_waiting(0);
                self.told("sealing visits", self.seal(all));
            }
            Sealing::Normal if replayed => {
                // Nobody else does it yet.
                if self.lock().visits.open_actions() > self.options.max_open_actions {
                    self.told("sealing visits", self.seal_longest_waiting());
                }
            }
            Sealing::Normal => self.wait_for_memory(),
        }
    }

    fn wait_for_memory(&self) {
        let most = self.options.max_open_actions;
        let mut state = self.lock();
        if state.visits.open_actions() <= most {
            return;
        }
        self.changed.notify_all();
        while state.visits.open_actions() > most.saturating_mul(PATIENCE)
            && state.failure.is_none()
            && !state.stopping
        {
            state = unpoisoned(self.changed.wait(state));
        }
    }

    /// Waits until the keeper has something to do.
    pub fn wait(&self) -> Wake {
        let timeout = self.options.checkpoint_every;
        let until = std::time::Instant::now() + timeout;
        let mut state = self.lock();
        loop {
            if state.stopping {
                return Wake::Stop;
            }
            let sealing = self.options.sealing == Sealing::Normal && state.failure.is_none();
            if sealing && state.visits.open_actions() > self.options.max_open_actions {
                return Wake::Memory;
            }
            let left = until.saturating_duration_since(std::time::Instant::now());
            if left.is_zero() {
                return Wake::Time;
            }
            state = unpoisoned(self.changed.wait_timeout(state, left)).0;
        }
    }

    pub fn stop(&self) {
        self.lock().stopping = true;
        self.changed.notify_all();
    }

    /// Everything placed so far is in the store when this returns.
    pub fn checkpoint(&self) -> Result<(), StoreError> {
        let result = self.seal(|_| Vec::new());
        self.noted(&result);
        result
    }

    /// Frees half of the memory that open visits may take.
    pub fn seal_longest_waiting(&self) -> Result<(), StoreError> {
        let keep = self.options.max_open_actions / 2;
        let result = self.seal(|state| state.visits.longest_waiting(keep));
        self.noted(&result);
        result
    }

    /// Seals visits that got no hit since `before`, where they make a segment together; a checkpoint in
    /// any case.
    pub fn seal_idle(&self, before: i64) -> Result<(), StoreError> {
        let least = self.options.min_sealed_actions;
        let result = self.seal(|state| {
            let idle = state.visits.idle_since(before);
            match state.visits.actions_of(&idle) >= least {
                true => idle,
                false => Vec::new(),
            }
        });
        self.noted(&result);
        result
    }

    /// Seals the chosen visits and makes all else lasting. Only the last step holds up hits.
    fn seal(&self, choose: impl Fn(&State) -> Vec<i64>) -> Result<(), StoreError> {
        let _one_at_a_time = unpoisoned(self.upkeep.lock());
        let (store, ids, rows) = {
            let state = self.lock();
            let ids = choose(&state);
            if ids.is_empty() && state.applied == state.committed {
                return Ok(());
            }
            let rows = state.visits.rows_of(&ids);
            (state.visits.store.clone(), ids, rows)
        };
        let new = store.write(rows);
        let mut state = self.lock();
        if !Arc::ptr_eq(&store, &state.visits.store) {
            // Everything was forgotten meanwhile.
            return Ok(());
        }
        let (applied, rules) = (state.applied, state.rules.clone());
        state.visits.commit(new?, &ids, applied, &rules.source)?;
        state.committed = applied;
        drop(state);
        self.changed.notify_all();
        if !ids.is_empty() {
            self.compact(&store)?;
        }
        Ok(())
    }

    fn compact(&self, store: &Arc<Store>) -> Result<(), StoreError> {
        while let Some(work) = store.plan_compaction()? {
            self.merge(store, work)?;
        }
        Ok(())
    }

    fn merge(&self, store: &Arc<Store>, work: store::Compaction) -> Result<(), StoreError> {
        let merged = work.run()?;
        // Nobody is between finding a visit and opening it.
        let mut state = self.lock();
        if !Arc::ptr_eq(store, &state.visits.store) {
            return Ok(());
        }
        let (applied, rules) = (state.applied, state.rules.clone());
        state
            .visits
            .commit_compaction(merged, applied, &rules.source)?;
        state.committed = applied;
        Ok(())
    }

    /// Writes segments anew without the visits that were taken away.
    pub fn fold_erased(&self) -> Result<(), StoreError> {
        self.checkpoint()?;
        let _one_at_a_time = unpoisoned(self.upkeep.lock());
        let store = self.lock().visits.store.clone();
        while let Some(work) = store.plan_erasure()? {
            self.merge(&store, work)?;
        }
        Ok(())
    }

    fn told(&self, doing: &str, result: Result<(), StoreError>) {
        if let Err(error) = &result {
            tracing::error!(%error, doing, "the store could not be changed");
        }
        self.noted(&result);
    }

    fn noted(&self, result: &Result<(), StoreError>) {
        self.lock().failure = result.as_ref().err().map(ToString::to_string);
        self.changed.notify_all();
    }
}
