//! One oracle for all fault tests: every acknowledged record is replayed once, at its number; no refused one is, where that
//! is promised; numbers have no gaps; nothing is counted as lost.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use crate::engine::Engine;
use crate::journal::{OnCommit, open_engine};
use crate::queue::State;
use crate::simulation::{Random, SimulatedDisk};
use crate::{Committed, Disk, Durability, Options, RecordNumber, ReplayReport};

/// A broken promise, in words.
pub(crate) type Broken = String;

pub(crate) fn small_options(durability: Durability) -> Options {
    let tick = Arc::new(Mutex::new(0_i64));
    Options {
        durability,
        file_bytes: 2500,
        group_bytes: 1000,
        reserve_bytes: 700,
        min_free_bytes: 0,
        clock: Arc::new(move || {
            let mut tick = tick.lock().unwrap();
            *tick += 1;
            *tick
        }),
        ..Options::default()
    }
}

/// The payload of a record tells its identity; its length varies.
pub(crate) fn payload(id: u64) -> Vec<u8> {
    let mut random = Random::new(id);
    let mut bytes = id.to_le_bytes().to_vec();
    bytes.extend((0..random.below(300)).map(|_| random.bits() as u8));
    bytes
}

fn id_of(payload: &[u8]) -> u64 {
    u64::from_le_bytes(payload[..8].try_into().unwrap())
}

/// A disk, and what is promised about it.
pub(crate) struct World {
    pub disk: SimulatedDisk,
    pub options: Options,
    next_id: u64,
    /// Acknowledged, or replayed and settled: for ever there.
    promised: BTreeMap<RecordNumber, u64>,
    /// Replayed, but not settled yet.
    replayed: BTreeMap<RecordNumber, u64>,
    /// Neither acknowledged nor known to be absent.
    unknown: BTreeSet<u64>,
    /// Promised to be absent.
    absent: BTreeSet<u64>,
    pub acknowledged_count: usize,
}

impl World {
    pub(crate) fn new(seed: u64, options: Options) -> World {
        World {
            disk: SimulatedDisk::new(seed),
            options,
            next_id: 1,
            promised: BTreeMap::new(),
            replayed: BTreeMap::new(),
            unknown: BTreeSet::new(),
            absent: BTreeSet::new(),
            acknowledged_count: 0,
        }
    }

    /// Opens the journal and compares what it replays. `Ok(None)`: the disk refused.
    pub(crate) fn open(&mut self) -> Result<Option<Engine>, Broken> {
        let records = Arc::new(Mutex::new(Vec::new()));
        let sink = records.clone();
        let mut on_commit: OnCommit =
            Box::new(move |group: Vec<Committed>| sink.lock().unwrap().extend(group));
        let disk: Arc<dyn Disk> = Arc::new(self.disk.clone());
        let Ok((engine, state, report)) = open_engine(&disk, &self.options, &mut on_commit) else {
            return Ok(None);
        };
        let records = std::mem::take(&mut *records.lock().unwrap());
        self.compare(&records, &report)?;
        self.replayed = records
            .iter()
            .map(|record| (record.number, id_of(&record.payload)))
            .collect();
        if state == State::Running {
            self.settle();
        }
        Ok(Some(engine))
    }

    fn compare(&self, records: &[Committed], report: &ReplayReport) -> Result<(), Broken> {
        let mut ids = BTreeSet::new();
        let mut last_time = i64::MIN;
        let mut found = BTreeMap::new();
        for (index, record) in records.iter().enumerate() {
            let (number, id) = (record.number, id_of(&record.payload));
            let expected = records[0].number + index as u64;
            if number != expected {
                return Err(format!("gap: number {number} where {expected} should be"));
            }
            if record.payload != payload(id) {
                return Err(format!("record {number} has a wrong payload"));
            }
            if !ids.insert(id) {
                return Err(format!("record {id} is there twice"));
            }
            if self.absent.contains(&id) {
                return Err(format!(
                    "record {id} was promised to be absent; it is number {number}"
                ));
            }
            if record.received_at_us < last_time {
                return Err(format!("time runs backwards at {number}"));
            }
            last_time = record.received_at_us;
            found.insert(number, id);
        }
        for (number, id) in &self.promised {
            if *number > self.options.applied && found.get(number) != Some(id) {
                return Err(format!(
                    "record {id}, number {number}, is lost; found {:?}",
                    found.get(number)
                ));
            }
        }
        for (number, id) in &found {
            if self.promised.get(number).unwrap_or(id) != id {
                return Err(format!("number {number} was given twice"));
            }
        }
        let clean = (
            report.lost_records,
            report.corrupt_regions,
            report.duplicate_records,
        ) == (0, 0, 0);
        if !clean || !report.unreadable_files.is_empty() {
            return Err(format!("damage reported: {report:?}"));
        }
        Ok(())
    }

    /// What was replayed is now durable, and what was not is gone for good.
    fn settle(&mut self) {
        for (number, id) in std::mem::take(&mut self.replayed) {
            self.unknown.remove(&id);
            self.promised.insert(number, id);
        }
        self.absent.append(&mut self.unknown);
    }

    /// Commits a batch of up to `most` records; false if it was refused.
    pub(crate) fn commit(&mut self, engine: &mut Engine, count: u64) -> bool {
        let ids: Vec<u64> = (self.next_id..self.next_id + count).collect();
        self.next_id += count;
        let batch = engine.stamp(ids.iter().map(|id| payload(*id)));
        // Whatever was not promised before is decided by the next success.
        match engine.commit(&batch) {
            Ok(_) => {
                self.settle();
                for (record, id) in batch.iter().zip(ids) {
                    self.promised.insert(record.number, id);
                    self.acknowledged_count += 1;
                }
                if engine.wants_lazy_write() {
                    let _ = engine.write_lazily();
                }
                true
            }
            Err(_) => {
                self.unknown.extend(ids);
                false
            }
        }
    }

    /// Tries to get a degraded engine going again.
    pub(crate) fn recover(&mut self, engine: &mut Engine) -> bool {
        let recovered = engine.recover().is_ok();
        if recovered {
            self.settle();
        }
        recovered
    }

    /// The consumer has made everything so far durable elsewhere.
    pub(crate) fn checkpoint(&mut self) {
        self.options.applied = self.promised.keys().next_back().copied().unwrap_or(0);
    }
}
