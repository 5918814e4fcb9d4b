//! The whole journal, with its threads, on a disk that fails.

use std::collections::{BTreeMap, BTreeSet};
use std::io::ErrorKind;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use super::world::{payload, small_options};
use crate::simulation::{Fault, Random, SimulatedDisk};
use crate::{
    AppendError, DegradedReason, Disk, Durability, Journal, Options, Record, RecordNumber, Replay,
};

fn quick() -> Options {
    Options {
        probe_every: Duration::from_millis(1),
        clock: Options::default().clock,
        ..small_options(Durability::Power)
    }
}

fn replay(disk: &SimulatedDisk, options: &Options) -> Vec<Record> {
    let mut replay = Replay::open(Arc::new(disk.clone()), options, 1).unwrap();
    let records = replay.by_ref().map(Result::unwrap).collect();
    let report = replay.report();
    assert_eq!((report.lost_records, report.corrupt_regions), (0, 0));
    records
}

/// Appends until it is accepted, as a client that retries does. Returns the number and how many tries were refused with an
/// unknown fate.
fn append_stubbornly(
    journal: &Journal,
    id: &AtomicU64,
    refused: &Mutex<BTreeSet<u64>>,
) -> Option<(RecordNumber, u64)> {
    let deadline = Instant::now() + Duration::from_secs(30);
    while Instant::now() < deadline {
        let id = id.fetch_add(1, Ordering::Relaxed);
        match journal.append(payload(id)).and_then(|ticket| ticket.wait()) {
            Ok(number) => return Some((number, id)),
            Err(AppendError::Closed | AppendError::ConsumerFailed) => return None,
            Err(_) => {
                refused.lock().unwrap().insert(id);
                std::thread::sleep(Duration::from_micros(300));
            }
        }
    }
    None
}

#[test]
fn threads_on_a_failing_disk_lose_nothing_and_the_journal_recovers_by_itself() {
    for seed in 0..30 {
        let disk = SimulatedDisk::new(seed);
        let mut random = Random::new(seed);
        let mut at = 10;
        for _ in 0..15 {
            at += random.below(30) as u64;
            let kind = if random.chance(2) {
                ErrorKind::StorageFull
            } else {
                ErrorKind::Other
            };
            let fault = if random.chance(2) {
                Fault::Error(kind)
            } else {
                Fault::TornError(kind)
            };
            disk.fail(at, 1 + random.below(8) as u64, fault);
        }
        let placed = Arc::new(Mutex::new(Vec::new()));
        let sink = placed.clone();
        let (journal, _) = Journal::open_on(Arc::new(disk.clone()), quick(), move |group| {
            sink.lock()
                .unwrap()
                .extend(group.into_iter().map(|record| record.number));
        })
        .unwrap();
        let (id, refused, acknowledged) = (
            AtomicU64::new(1),
            Mutex::default(),
            Mutex::new(BTreeMap::new()),
        );
        std::thread::scope(|scope| {
            for _ in 0..6 {
                scope.spawn(|| {
                    for _ in 0..30 {
                        let (number, id) = append_stubbornly(&journal, &id, &refused)
                            .expect("the journal never recovered");
                        let before = acknowledged.lock().unwrap().insert(number, id);
                        assert_eq!(before, None, "number {number} was given twice");
                    }
                });
            }
            scope.spawn(|| watch_counters(&journal));
        });
        let stats = journal.stats();
        assert_eq!(
            (
                stats.durable_records,
                stats.applied_records,
                stats.queued_records
            ),
            (180, 180, 0)
        );
        assert_eq!(
            *placed.lock().unwrap(),
            (1..=180).collect::<Vec<_>>(),
            "placed in order, without gaps"
        );
        drop(journal);
        disk.heal();
        disk.power_cut();
        let replayed: BTreeMap<_, _> = replay(&disk, &quick())
            .into_iter()
            .map(|record| (record.number, record.payload))
            .collect();
        let acknowledged = acknowledged.into_inner().unwrap();
        let expected: BTreeMap<_, _> = acknowledged
            .iter()
            .map(|(number, id)| (*number, payload(*id)))
            .collect();
        // Everything refused was refused before the last acknowledgement, so it is promised to be absent.
        assert!(replayed == expected, "seed {seed}\n{}", disk.trace());
    }
}

/// At all times: acknowledged = applied + waiting for the consumer.
fn watch_counters(journal: &Journal) {
    let deadline = Instant::now() + Duration::from_millis(20);
    while Instant::now() < deadline {
        let stats = journal.stats();
        assert!(stats.applied_records <= stats.durable_records, "{stats:?}");
        std::thread::yield_now();
    }
}

#[test]
fn a_full_disk_keeps_what_was_promised_refuses_the_rest_and_recovers_when_space_returns() {
    let options = || Options {
        reserve_bytes: 4_000,
        file_bytes: 3_000,
        ..quick()
    };
    let disk = SimulatedDisk::new(1);
    disk.set_capacity_bytes(Some(20_000));
    let (journal, _) = Journal::open_on(Arc::new(disk.clone()), options(), drop).unwrap();
    let mut acknowledged = Vec::new();
    let error = loop {
        let id = acknowledged.len() as u64 + 1;
        match journal.append(payload(id)).and_then(|ticket| ticket.wait()) {
            Ok(number) => acknowledged.push(number),
            Err(error) => break error,
        }
        assert!(acknowledged.len() < 1_000, "the disk never filled up");
    };
    // The record that met the full disk was saved by the reserve; the next one is refused.
    assert_eq!(error, AppendError::Degraded(DegradedReason::DiskFull));
    assert_eq!(journal.degraded(), Some(DegradedReason::DiskFull));
    assert_eq!(journal.stats().rewritten_groups, 1);
    let files = disk.files();
    assert!(
        !files.contains_key("reserve.bin"),
        "the reserve must have been given back"
    );
    std::thread::sleep(Duration::from_millis(20));
    assert!(
        journal.append(payload(9_999)).is_err(),
        "recovered without space"
    );
    assert!(
        disk.files().len() <= files.len() + 1,
        "probing must not fill the disk"
    );

    disk.set_capacity_bytes(Some(40_000));
    let deadline = Instant::now() + Duration::from_secs(10);
    while journal.degraded().is_some() {
        assert!(Instant::now() < deadline, "never recovered");
        std::thread::sleep(Duration::from_millis(1));
    }
    assert!(
        disk.files().contains_key("reserve.bin"),
        "the reserve is back"
    );
    let next = acknowledged.len() as u64 + 1;
    assert_eq!(journal.append(payload(next)).unwrap().wait(), Ok(next));
    journal.close().unwrap();
    disk.power_cut();
    let replayed: Vec<_> = replay(&disk, &options())
        .into_iter()
        .map(|record| record.payload)
        .collect();
    assert_eq!(replayed, (1..=next).map(payload).collect::<Vec<_>>());
}

#[test]
fn a_full_disk_can_be_closed_reopened_and_emptied() {
    let options = |applied| Options {
        reserve_bytes: 4_000,
        file_bytes: 3_000,
        applied,
        ..quick()
    };
    let disk = SimulatedDisk::new(2);
    disk.set_capacity_bytes(Some(20_000));
    let (journal, _) = Journal::open_on(Arc::new(disk.clone()), options(0), drop).unwrap();
    let mut count = 0;
    while journal
        .append(payload(count + 1))
        .and_then(|ticket| ticket.wait())
        .is_ok()
    {
        count += 1;
    }
    journal.close().unwrap();
    disk.power_cut();
    disk.set_capacity_bytes(Some(
        disk.files().values().map(|bytes| bytes.len() as u64).sum(),
    ));
    let (journal, report) = Journal::open_on(Arc::new(disk.clone()), options(0), drop).unwrap();
    assert_eq!(
        report.records, count,
        "a full disk still serves what it holds"
    );
    assert_eq!(journal.degraded(), Some(DegradedReason::DiskFull));
    // A checkpoint makes old files superfluous: that is how space returns.
    assert!(journal.delete_applied(count, Duration::ZERO).unwrap() > 0);
    let deadline = Instant::now() + Duration::from_secs(10);
    while journal.degraded().is_some() {
        assert!(Instant::now() < deadline, "never recovered");
        std::thread::sleep(Duration::from_millis(1));
    }
    assert_eq!(
        journal.append(payload(count + 1)).unwrap().wait(),
        Ok(count + 1)
    );
}

#[test]
fn a_read_only_disk_serves_what_it_holds() {
    let disk = SimulatedDisk::new(3);
    let (journal, _) = Journal::open_on(Arc::new(disk.clone()), quick(), drop).unwrap();
    journal.append(payload(1)).unwrap().wait().unwrap();
    drop(journal);
    // list, and two calls for the header, two for the content of one file: all reads work, nothing else does.
    disk.fail(
        disk.calls() + 5,
        u64::MAX,
        Fault::Error(ErrorKind::ReadOnlyFilesystem),
    );
    let (journal, report) = Journal::open_on(Arc::new(disk.clone()), quick(), drop).unwrap();
    assert_eq!(report.records, 1);
    let error = journal.append(payload(2)).map(drop).unwrap_err();
    assert_eq!(error, AppendError::Degraded(DegradedReason::DiskFailed));
    disk.heal();
    let id = AtomicU64::new(2);
    assert!(matches!(
        append_stubbornly(&journal, &id, &Mutex::default()),
        Some((2, _))
    ));
}

#[test]
fn little_free_space_stops_records_and_plenty_lets_them_in_again() {
    let disk = SimulatedDisk::new(4);
    disk.set_capacity_bytes(Some(100_000));
    let options = Options {
        min_free_bytes: 50_000,
        ..quick()
    };
    let (journal, _) = Journal::open_on(Arc::new(disk.clone()), options, drop).unwrap();
    assert!(journal.append(payload(1)).unwrap().wait().is_ok());
    let wait_until = |degraded: Option<DegradedReason>| {
        let deadline = Instant::now() + Duration::from_secs(10);
        while journal.degraded() != degraded {
            assert!(Instant::now() < deadline, "still {:?}", journal.degraded());
            std::thread::sleep(Duration::from_millis(1));
        }
    };
    // Somebody else fills the disk: noticed without a single append.
    disk.put("somebody else's", vec![0; 60_000]);
    wait_until(Some(DegradedReason::DiskFull));
    disk.remove("somebody else's").unwrap();
    wait_until(None);
    assert!(journal.append(payload(2)).unwrap().wait().is_ok());
}
