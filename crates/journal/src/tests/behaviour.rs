//! What a user of the journal sees on a healthy disk.

use std::path::Path;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Barrier, Mutex, mpsc};
use std::time::Duration;

use crate::{
    AppendError, CloseError, Committed, Durability, Journal, Options, RecordNumber, ReplayReport,
    RetentionError, Ticket,
};

type Placed = Arc<Mutex<Vec<(RecordNumber, Vec<u8>, bool)>>>;

fn quick() -> Options {
    Options {
        reserve_bytes: 0,
        min_free_bytes: 0,
        ..Options::default()
    }
}

fn open(folder: &Path, options: Options) -> (Journal, ReplayReport, Placed) {
    let placed = Placed::default();
    let sink = placed.clone();
    let (journal, report) = Journal::open(folder, options, move |group: Vec<Committed>| {
        let records = group
            .into_iter()
            .map(|record| (record.number, record.payload, record.replayed));
        sink.lock().unwrap().extend(records);
    })
    .unwrap();
    (journal, report, placed)
}

fn append_all(journal: &Journal, payloads: impl IntoIterator<Item = Vec<u8>>) -> Vec<RecordNumber> {
    let tickets: Vec<Ticket> = payloads
        .into_iter()
        .map(|payload| journal.append(payload).unwrap())
        .collect();
    tickets
        .into_iter()
        .map(|ticket| ticket.wait().unwrap())
        .collect()
}

#[test]
fn records_come_back_after_a_restart_in_order() {
    let folder = tempfile::tempdir().unwrap();
    for durability in [Durability::Power, Durability::Process, Durability::None] {
        let folder = folder.path().join(format!("{durability:?}"));
        let options = || Options {
            durability,
            file_bytes: 4096,
            ..quick()
        };
        let mut expected = Vec::new();
        for round in 0..4_u64 {
            let (journal, report, placed) = open(&folder, options());
            assert_eq!(*placed.lock().unwrap(), expected, "round {round}");
            assert_eq!(report.records, round * 100);
            assert_eq!(report.stopped_at, round * 100 + 1);
            assert_eq!(
                (
                    report.lost_records,
                    report.torn_bytes,
                    report.corrupt_regions
                ),
                (0, 0, 0)
            );
            let payloads = (0..100_u64).map(|index| vec![round as u8; index as usize]);
            let numbers = append_all(&journal, payloads);
            assert_eq!(
                numbers,
                (round * 100 + 1..=round * 100 + 100).collect::<Vec<_>>()
            );
            journal.close().unwrap();
            expected = placed.lock().unwrap().clone();
            expected.iter_mut().for_each(|record| record.2 = true);
        }
        let (journal, ..) = open(&folder, options());
        assert!(
            journal.stats().durable_records == 0
                && std::fs::read_dir(&folder).unwrap().count() >= 4
        );
    }
}

#[test]
fn many_threads_get_distinct_numbers_and_every_record_is_placed_before_its_answer() {
    const THREADS: usize = 16;
    const EACH: usize = 50;
    let folder = tempfile::tempdir().unwrap();
    let (journal, _, placed) = open(folder.path(), quick());
    let barrier = Barrier::new(THREADS);
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            let (journal, placed, barrier) = (&journal, &placed, &barrier);
            scope.spawn(move || {
                barrier.wait();
                for index in 0..EACH {
                    let payload = format!("{thread}/{index}").into_bytes();
                    let number = journal.append(payload.clone()).unwrap().wait().unwrap();
                    let placed = placed.lock().unwrap();
                    assert_eq!(placed[number as usize - 1], (number, payload, false));
                }
            });
        }
    });
    let stats = journal.stats();
    assert_eq!(stats.applied_records, (THREADS * EACH) as u64);
    assert!(
        stats.groups < stats.applied_records,
        "no record shared a sync: {stats:?}"
    );
    assert_eq!((stats.queued_records, stats.queued_bytes), (0, 0));
}

#[test]
fn callbacks_come_in_record_order_and_attachments_arrive() {
    let folder = tempfile::tempdir().unwrap();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let sink = seen.clone();
    let (journal, _) = Journal::open(folder.path(), quick(), move |group| {
        for record in group {
            let attachment = record.attachment.and_then(|any| any.downcast::<u64>().ok());
            sink.lock().unwrap().push(attachment.map(|number| *number));
        }
    })
    .unwrap();
    let (sender, receiver) = mpsc::channel();
    for index in 0..200_u64 {
        let sender = sender.clone();
        let done = Box::new(move |outcome: Result<_, _>| sender.send(outcome.unwrap()).unwrap());
        journal.append_attached_with(vec![1], Some(Box::new(index)), done);
    }
    journal.close().unwrap();
    assert_eq!(
        receiver.try_iter().collect::<Vec<_>>(),
        (1..=200).collect::<Vec<_>>()
    );
    assert_eq!(
        *seen.lock().unwrap(),
        (0..200).map(Some).collect::<Vec<_>>()
    );
}

#[test]
fn admission_is_bounded_by_records_and_by_bytes() {
    for (max_queued_records, max_queued_bytes) in [(3, usize::MAX), (usize::MAX, 30)] {
        let folder = tempfile::tempdir().unwrap();
        let (release, wait) = mpsc::channel::<()>();
        let options = Options {
            max_queued_records,
            max_queued_bytes,
            max_record_bytes: 50,
            ..quick()
        };
        let (journal, _) =
            Journal::open(folder.path(), options, move |_| wait.recv().unwrap_or(())).unwrap();
        let tickets: Vec<Ticket> = (0..3)
            .map(|_| journal.append(vec![0; 10]).unwrap())
            .collect();
        assert!(matches!(
            journal.append(vec![0; 10]),
            Err(AppendError::Full {
                queued_records: 3,
                queued_bytes: 30
            })
        ));
        assert!(matches!(
            journal.append(vec![0; 51]),
            Err(AppendError::TooLarge {
                bytes: 51,
                limit_bytes: 50
            })
        ));
        drop(release);
        tickets
            .into_iter()
            .for_each(|ticket| assert!(ticket.wait().is_ok()));
        assert_eq!(
            journal.append(vec![0; 50]).unwrap().wait(),
            Ok(4),
            "an empty queue takes any record"
        );
        assert_eq!(
            (
                journal.stats().refused_full,
                journal.stats().refused_too_large
            ),
            (1, 1)
        );
    }
}

#[test]
fn placing_one_group_overlaps_syncing_the_next() {
    let folder = tempfile::tempdir().unwrap();
    let (release, wait) = mpsc::channel::<()>();
    let (journal, _) =
        Journal::open(folder.path(), quick(), move |_| wait.recv().unwrap_or(())).unwrap();
    let first = journal.append(vec![1]).unwrap();
    while journal.last_number() < 1 {
        std::thread::yield_now();
    }
    let second = journal.append(vec![2]).unwrap();
    while journal.last_number() < 2 {
        std::thread::yield_now(); // would hang if the consumer, busy with the first, held the writer up
    }
    let first = first
        .wait_timeout(Duration::from_millis(20))
        .expect_err("answered before it was placed");
    release.send(()).unwrap();
    assert_eq!(first.wait(), Ok(1));
    release.send(()).unwrap();
    assert_eq!(second.wait(), Ok(2));
}

#[test]
fn closing_answers_everybody_and_refuses_newcomers() {
    let folder = tempfile::tempdir().unwrap();
    let (journal, _, placed) = open(folder.path(), quick());
    let tickets: Vec<Ticket> = (0..500)
        .map(|_| journal.append(vec![9; 100]).unwrap())
        .collect();
    journal.close().unwrap();
    for (index, ticket) in tickets.into_iter().enumerate() {
        assert_eq!(ticket.wait(), Ok(index as u64 + 1));
    }
    assert_eq!(placed.lock().unwrap().len(), 500);
    assert!(matches!(journal.append(vec![]), Err(AppendError::Closed)));
    assert!(matches!(
        journal.delete_all_before(5),
        Err(RetentionError::Closed)
    ));
    journal.close().unwrap();
}

#[test]
fn a_panicking_consumer_stops_the_journal_but_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (journal, _) = Journal::open(folder.path(), quick(), |group| {
        assert!(group[0].number < 2, "planted");
    })
    .unwrap();
    assert_eq!(journal.append(vec![1]).unwrap().wait(), Ok(1));
    assert_eq!(
        journal.append(vec![2]).unwrap().wait(),
        Err(AppendError::ConsumerFailed)
    );
    assert!(matches!(
        journal.append(vec![3]),
        Err(AppendError::ConsumerFailed)
    ));
    assert!(matches!(journal.close(), Err(CloseError::ConsumerFailed)));
    let (_journal, report, _) = open(folder.path(), quick());
    assert_eq!(report.records, 2);
}

#[test]
fn a_panicking_callback_harms_nobody_else() {
    let folder = tempfile::tempdir().unwrap();
    let (journal, ..) = open(folder.path(), quick());
    journal.append_with(vec![1], Box::new(|_| panic!("planted")));
    assert_eq!(journal.append(vec![2]).unwrap().wait(), Ok(2));
    journal.close().unwrap();
}

#[test]
fn the_last_handle_may_be_dropped_by_a_callback() {
    let folder = tempfile::tempdir().unwrap();
    let journal = Arc::new(open(folder.path(), quick()).0);
    let handle = journal.clone();
    let (sender, receiver) = mpsc::channel();
    journal.append_with(
        vec![1],
        Box::new(move |outcome| {
            // Whichever of the two handles goes last, nothing may hang.
            drop(handle);
            sender.send(outcome).unwrap();
        }),
    );
    drop(journal);
    assert_eq!(
        receiver.recv_timeout(Duration::from_secs(20)).unwrap(),
        Ok(1)
    );
}

#[test]
fn receive_times_never_run_backwards_not_even_over_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let now_us = Arc::new(AtomicI64::new(0));
    let mut times = Vec::new();
    for clock in [[1_000, 3_000, 2_000], [500, 4_000, -7]] {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (sink, source) = (seen.clone(), now_us.clone());
        let options = Options {
            clock: Arc::new(move || source.load(Ordering::SeqCst)),
            ..quick()
        };
        let (journal, _) = Journal::open(folder.path(), options, move |group| {
            sink.lock().unwrap().extend(
                group
                    .iter()
                    .map(|record| (record.replayed, record.received_at_us)),
            );
        })
        .unwrap();
        for now in clock {
            now_us.store(now, Ordering::SeqCst);
            journal.append(vec![]).unwrap().wait().unwrap();
        }
        journal.close().unwrap();
        times = seen.lock().unwrap().clone();
    }
    let expected = [
        (true, 1_000),
        (true, 3_000),
        (true, 3_000),
        (false, 3_000),
        (false, 4_000),
        (false, 4_000),
    ];
    assert_eq!(times, expected);
}

#[test]
fn applied_records_are_not_replayed_and_their_numbers_not_given_again() {
    let folder = tempfile::tempdir().unwrap();
    let (journal, ..) = open(folder.path(), quick());
    append_all(&journal, (0..10).map(|index| vec![index]));
    journal.close().unwrap();
    for (applied, records, next) in [(0, 10, 11), (4, 6, 11), (10, 0, 11), (500, 0, 501)] {
        let (journal, report, _) = open(folder.path(), Options { applied, ..quick() });
        assert_eq!(
            (report.records, report.stopped_at),
            (records, next),
            "applied {applied}"
        );
        journal.close().unwrap();
    }
    let (journal, ..) = open(
        folder.path(),
        Options {
            applied: 500,
            ..quick()
        },
    );
    assert_eq!(journal.append(vec![]).unwrap().wait(), Ok(501));
    journal.close().unwrap();
    let (_journal, report, placed) = open(folder.path(), quick());
    assert_eq!(
        (report.records, report.lost_records, report.stopped_at),
        (11, 0, 502),
        "the gap was on purpose"
    );
    assert_eq!(placed.lock().unwrap().last().unwrap().0, 501);
}

#[test]
fn a_journal_in_use_can_be_read_up_to_its_last_durable_record() {
    let folder = tempfile::tempdir().unwrap();
    let (journal, ..) = open(
        folder.path(),
        Options {
            file_bytes: 2048,
            ..quick()
        },
    );
    append_all(&journal, (0..60_u8).map(|index| vec![index; 100]));
    for from in [0, 1, 30, 60, 61, 1_000] {
        let numbers: Vec<_> = journal
            .read(from)
            .unwrap()
            .map(|record| record.unwrap().number)
            .collect();
        assert_eq!(
            numbers,
            (from.max(1)..=60).collect::<Vec<_>>(),
            "from {from}"
        );
    }
}

#[test]
fn retention_deletes_whole_old_files_and_numbers_go_on() {
    let folder = tempfile::tempdir().unwrap();
    let now_us = Arc::new(AtomicI64::new(0));
    let source = now_us.clone();
    let options = || {
        let source = source.clone();
        let clock = Arc::new(move || source.load(Ordering::SeqCst));
        Options {
            file_bytes: 1500,
            clock,
            ..quick()
        }
    };
    let (journal, ..) = open(folder.path(), options());
    for index in 0..10_u8 {
        now_us.store(i64::from(index) * 1_000_000, Ordering::SeqCst);
        append_all(&journal, [vec![index; 1000]]); // one record a file
    }
    assert_eq!(journal.stats().file_count, 10);
    now_us.store(10_000_000, Ordering::SeqCst);
    let keep = Duration::from_secs(4); // records 1 to 6 are older than that
    assert_eq!(
        journal.delete_applied(3, keep).unwrap(),
        3,
        "not applied further"
    );
    assert_eq!(journal.delete_applied(3, keep).unwrap(), 0);
    assert_eq!(journal.delete_applied(1_000, keep).unwrap(), 3, "not older");
    let first = |journal: &Journal| {
        journal
            .read(1)
            .unwrap()
            .next()
            .map(|record| record.unwrap().number)
    };
    assert_eq!(first(&journal), Some(7));
    journal.close().unwrap();

    // The same after a restart, which knows the files from their headers only.
    let (journal, report, _) = open(
        folder.path(),
        Options {
            applied: 6,
            ..options()
        },
    );
    assert_eq!(
        (report.records, report.first_available, report.lost_records),
        (4, Some(7), 0)
    );
    assert_eq!(
        journal
            .delete_applied(1_000, Duration::from_secs(2))
            .unwrap(),
        2
    );
    assert_eq!(first(&journal), Some(9));
    assert_eq!(journal.delete_all_before(10).unwrap(), 1);
    assert_eq!(first(&journal), Some(10));
    assert_eq!(
        journal.delete_all_before(11).unwrap(),
        1,
        "the last file goes too"
    );
    assert_eq!(first(&journal), None);
    let left: u64 = std::fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().metadata().unwrap().len())
        .sum();
    assert!(left < 1500, "bytes of deleted records remain: {left}");
    journal.close().unwrap();

    let (journal, report, _) = open(
        folder.path(),
        Options {
            applied: 10,
            ..options()
        },
    );
    assert_eq!(
        (report.records, report.stopped_at, report.lost_records),
        (0, 11, 0)
    );
    assert_eq!(journal.append(vec![1]).unwrap().wait(), Ok(11));
    journal.close().unwrap();

    // A consumer that was set back to an older state must hear that its records are gone.
    let (_journal, report, _) = open(
        folder.path(),
        Options {
            applied: 3,
            ..options()
        },
    );
    assert_eq!(
        (report.records, report.lost_records, report.first_available),
        (1, 7, Some(11))
    );
}

#[test]
fn the_reserve_is_real_space_and_survives_a_restart() {
    use std::os::unix::fs::MetadataExt;
    let folder = tempfile::tempdir().unwrap();
    for _ in 0..2 {
        let (journal, ..) = open(
            folder.path(),
            Options {
                reserve_bytes: 1 << 20,
                ..quick()
            },
        );
        assert_eq!(journal.degraded(), None);
        let reserve = std::fs::metadata(folder.path().join("reserve.bin")).unwrap();
        assert!(
            reserve.len() == 1 << 20 && reserve.blocks() * 512 >= 1 << 20,
            "{reserve:?}"
        );
    }
}

#[test]
fn too_little_free_space_refuses_records_from_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let (journal, ..) = open(
        folder.path(),
        Options {
            min_free_bytes: u64::MAX,
            ..quick()
        },
    );
    let error = journal.append(vec![1]).unwrap_err();
    assert!(
        matches!(
            error,
            AppendError::Degraded(crate::DegradedReason::DiskFull)
        ),
        "{error}"
    );
    assert!(error.is_certainly_absent() && error.is_retryable());
}

#[test]
fn the_last_file_stays_whatever_retention_says_because_it_knows_the_next_number() {
    let folder = tempfile::tempdir().unwrap();
    for number in 1..=3 {
        let (journal, ..) = open(folder.path(), quick());
        assert_eq!(journal.append(vec![1]).unwrap().wait(), Ok(number));
        journal.close().unwrap();
    }
    for _ in 0..3 {
        // Nothing is appended, so no file is being written.
        let (journal, report, _) = open(folder.path(), quick());
        assert_eq!(report.stopped_at, 4);
        std::thread::sleep(Duration::from_millis(1));
        journal.delete_applied(1_000, Duration::ZERO).unwrap();
        assert_eq!(journal.stats().file_count, 1);
        journal.close().unwrap();
    }
}

#[test]
fn numbers_may_jump_right_after_a_crash_but_not_within_a_file() {
    let disk = crate::simulation::SimulatedDisk::new(1);
    let open = |applied| {
        let disk = Arc::new(disk.clone());
        Journal::open_on(disk, Options { applied, ..quick() }, drop).unwrap()
    };
    let (journal, _) = open(0);
    append_all(&journal, [vec![1]]);
    drop(journal);
    // The first record is settled in a new file, and the next one's number is far away.
    let (journal, _) = open(500);
    assert_eq!(append_all(&journal, [vec![2]]), [501]);
    drop(journal);
    let (_journal, report) = open(0);
    let counts = (
        report.records,
        report.lost_records,
        report.corrupt_regions,
        report.stopped_at,
    );
    assert_eq!(counts, (2, 0, 0, 502));
}

#[test]
fn receive_times_hold_although_the_last_file_is_empty() {
    let folder = tempfile::tempdir().unwrap();
    let at = |now_us: i64| Options {
        clock: Arc::new(move || now_us),
        ..quick()
    };
    let (journal, ..) = open(folder.path(), at(9_000));
    append_all(&journal, [vec![1]]);
    journal.delete_all_before(2).unwrap();
    journal.close().unwrap();
    for _ in 0..2 {
        let (journal, ..) = open(
            folder.path(),
            Options {
                applied: 1,
                ..at(5)
            },
        );
        append_all(&journal, [vec![2]]);
        journal.close().unwrap();
    }
    let (journal, ..) = open(folder.path(), quick());
    let times: Vec<_> = journal
        .read(1)
        .unwrap()
        .map(|record| record.unwrap().received_at_us)
        .collect();
    assert_eq!(times, [9_000, 9_000]);
}
