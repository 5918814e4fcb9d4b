//! Damage at rest: cut, flipped, zeroed, doubled, swapped, extended, deleted. Whatever the bytes are, the journal opens, gives
//! only true records, loses only what the damage touched, and counts it.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use super::world::{World, payload, small_options};
use crate::format::{FileHeader, HEADER_BYTES, RECORD_HEADER_BYTES, RecordHeader};
use crate::simulation::{Random, SimulatedDisk};
use crate::{Disk, Durability, Journal, Options, Record, RecordNumber, Replay, ReplayReport};

type Files = BTreeMap<String, Vec<u8>>;

/// Where each record lies in a whole journal.
struct Place {
    file: String,
    bytes: Range<usize>,
    /// A later group in the file, or the file's header, shows that it had been durable.
    is_proven: bool,
}

fn options() -> Options {
    small_options(Durability::Power)
}

/// A journal of several files and lives. The payload of a record is that of its number.
fn whole_journal(seed: u64) -> Files {
    let mut world = World::new(seed, options());
    let mut random = Random::new(seed);
    for _ in 0..1 + random.below(3) {
        let mut engine = world.open().unwrap().unwrap();
        for _ in 0..1 + random.below(8) {
            assert!(world.commit(&mut engine, 1 + random.below(5) as u64));
        }
        world.disk.crash();
    }
    world
        .disk
        .files()
        .into_iter()
        .filter(|(name, _)| name.starts_with("journal-"))
        .collect()
}

fn disk_of(files: &Files) -> SimulatedDisk {
    let disk = SimulatedDisk::new(0);
    for (name, bytes) in files {
        disk.put(name, bytes.clone());
    }
    disk
}

fn replay(files: &Files) -> (Vec<Record>, ReplayReport) {
    let mut replay = Replay::open(Arc::new(disk_of(files)), &options(), 1).unwrap();
    let records = replay.by_ref().map(Result::unwrap).collect();
    (records, replay.report())
}

/// Finds the records without the code under test's judgement: files in order, each record where the last one ended; a record
/// that was written again lies in the last file that has it.
fn places(files: &Files) -> BTreeMap<RecordNumber, Place> {
    let mut places = BTreeMap::new();
    for (name, bytes) in files {
        let header = FileHeader::decode(bytes).unwrap();
        let mut offset = HEADER_BYTES;
        let mut in_file: Vec<(RecordNumber, Range<usize>)> = Vec::new();
        let mut proven = header.durable_through;
        while let Some(record) = RecordHeader::read(bytes, offset) {
            let end = offset + RECORD_HEADER_BYTES + record.payload_bytes;
            in_file.push((record.number, offset..end));
            proven = proven.max(record.durable_through());
            offset = end;
        }
        for (number, bytes) in in_file {
            places.insert(
                number,
                Place {
                    file: name.clone(),
                    bytes,
                    is_proven: number <= proven,
                },
            );
        }
    }
    places
}

fn assert_true_records(records: &[Record], what: &str) {
    let mut last = 0;
    for record in records {
        assert!(
            record.number > last,
            "{what}: {} after {last}",
            record.number
        );
        assert_eq!(
            record.payload,
            payload(record.number),
            "{what}: payload of {}",
            record.number
        );
        last = record.number;
    }
}

/// Changes a file somewhere; returns the range of bytes that may differ, in terms of the old file.
fn damage(bytes: &mut Vec<u8>, random: &mut Random) -> (&'static str, Range<usize>) {
    let length = bytes.len();
    let at = random.below(length);
    match random.below(7) {
        0 => {
            bytes.truncate(at);
            ("cut", at..length)
        }
        1 => {
            bytes[at] ^= 1 << random.below(8);
            ("bit flip", at..at + 1)
        }
        2 => {
            let range = at / 512 * 512..(at / 512 * 512 + 512).min(length);
            bytes[range.clone()].fill(0);
            ("zeroed sector", range)
        }
        3 => {
            let range = at..(at + 1 + random.below(300)).min(length);
            bytes[range.clone()]
                .iter_mut()
                .for_each(|byte| *byte = random.bits() as u8);
            ("garbage", range)
        }
        4 => {
            let range = at / 512 * 512..(at / 512 * 512 + 512).min(length);
            let sector = bytes[range.clone()].to_vec();
            bytes.splice(range.start..range.start, sector);
            // Up to the end of the copied sector the bytes are as they were.
            ("doubled sector", range.end..range.end)
        }
        5 => {
            bytes.extend((0..random.below(2_000)).map(|_| random.bits() as u8));
            ("garbage at the end", length..length)
        }
        _ => {
            bytes.resize(length + random.below(5_000), 0);
            ("zeros at the end", length..length)
        }
    }
}

#[test]
fn damage_to_one_file_costs_what_it_touches_and_is_counted() {
    let mut kinds = BTreeMap::<&str, [u64; 2]>::new();
    for seed in 0..300 {
        let whole = whole_journal(seed);
        let places = places(&whole);
        let last_number = *places.keys().next_back().unwrap();
        let (records, report) = replay(&whole);
        assert_eq!(records.len() as u64, last_number);
        assert_eq!(
            (report.lost_records, report.torn_bytes, report.bytes_skipped),
            (0, 0, 0)
        );
        let mut random = Random::new(seed ^ 0xda_3a6e);
        for _ in 0..50 {
            let mut files = whole.clone();
            let name = files.keys().nth(random.below(files.len())).unwrap().clone();
            let (kind, touched) = damage(files.get_mut(&name).unwrap(), &mut random);
            let what = format!("seed {seed}, {kind} {touched:?} of {name}");
            let (records, report) = replay(&files);
            assert_true_records(&records, &what);
            let counted = records.len() as u64 + report.lost_records;
            assert_eq!(
                counted,
                report.stopped_at - 1,
                "{what}: every number is found or counted: {report:?}"
            );
            check_losses(&places, &name, &touched, &records, &report, &what);
            let count = kinds.entry(kind).or_default();
            count[0] += 1;
            count[1] += report.lost_records;
        }
    }
    println!("kind of damage: [cases, records lost] {kinds:?}");
    assert_eq!(kinds.len(), 7);
    assert!(
        kinds["zeroed sector"][1] > 0,
        "damage that never costs anything tests nothing"
    );
}

/// Every record outside the damage must be there, unless its whole file has become unreadable, or it lies behind damage that
/// cannot be told from a torn tail.
fn check_losses(
    places: &BTreeMap<RecordNumber, Place>,
    name: &str,
    touched: &Range<usize>,
    records: &[Record],
    report: &ReplayReport,
    what: &str,
) {
    if !report.unreadable_files.is_empty() {
        assert!(touched.start < HEADER_BYTES, "{what}");
        return;
    }
    let found: std::collections::BTreeSet<_> = records.iter().map(|record| record.number).collect();
    let is_hit = |place: &Place| {
        place.file == name
            && place.bytes.start < touched.end.max(touched.start + 1)
            && touched.start < place.bytes.end
    };
    let first_hit = places
        .iter()
        .find(|(_, place)| is_hit(place))
        .map(|(number, place)| (*number, place.is_proven));
    for (number, place) in places {
        if found.contains(number) || is_hit(place) {
            continue;
        }
        let behind_torn_tail =
            first_hit.is_some_and(|(hit, is_proven)| *number > hit && !is_proven);
        assert!(
            behind_torn_tail && place.file == name,
            "{what}: record {number} is lost without need: {report:?}"
        );
    }
}

#[test]
fn a_journal_goes_on_after_any_damage_and_replays_the_same_from_then_on() {
    for seed in 0..2_000 {
        let mut files = whole_journal(seed % 40);
        let mut random = Random::new(seed);
        for _ in 0..1 + random.below(4) {
            wreck(&mut files, &mut random);
        }
        let what = format!("seed {seed}");
        let (before, report) = replay(&files);
        assert_true_records(&before, &what);
        let disk = disk_of(&files);
        let mut added = Vec::new();
        for _ in 0..3 {
            let (journal, _) = Journal::open_on(Arc::new(disk.clone()), options(), drop).unwrap();
            let number = journal.append(b"new".to_vec()).unwrap().wait().unwrap();
            assert!(
                number >= report.stopped_at,
                "{what}: number {number} was given before"
            );
            added.push(number);
            journal.close().unwrap();
            disk.power_cut();
        }
        let mut replay = Replay::open(Arc::new(disk.clone()), &options(), 1).unwrap();
        let after: Vec<Record> = replay.by_ref().map(Result::unwrap).collect();
        let (old, new) = after.split_at(after.len() - 3);
        assert_eq!(old, before, "{what}");
        assert_eq!(
            new.iter().map(|record| record.number).collect::<Vec<_>>(),
            added,
            "{what}"
        );
        assert_eq!(
            replay.report().lost_records,
            report.lost_records,
            "{what}: a loss is counted once and for all"
        );
    }
}

fn damage_if_any(files: &mut Files, name: &str, random: &mut Random) {
    if let Some(bytes) = files.get_mut(name).filter(|bytes| !bytes.is_empty()) {
        damage(bytes, random);
    }
}

/// Worse things than `damage`: whole files.
fn wreck(files: &mut Files, random: &mut Random) {
    let names: Vec<String> = files.keys().cloned().collect();
    let Some(name) = names.get(random.below(names.len())).cloned() else {
        return;
    };
    let other = names[random.below(names.len())].clone();
    match random.below(9) {
        0 => drop(files.remove(&name)),
        1 => {
            let (one, two) = (files[&name].clone(), files[&other].clone());
            files.insert(name, two);
            files.insert(other, one);
        }
        2 => drop(
            files.insert(
                name,
                (0..random.below(3_000))
                    .map(|_| random.bits() as u8)
                    .collect(),
            ),
        ),
        3 => drop(files.insert(
            format!("journal-{:020}.log", random.below(100)),
            files[&name].clone(),
        )),
        4 => drop(files.insert(format!("journal-{:020}.log", u64::MAX), Vec::new())),
        _ => damage_if_any(files, &name, random),
    }
}

#[test]
fn a_payload_cannot_pose_as_a_record() {
    // A stranger sends a payload that is a well-formed record, for every salt that might be guessed, and then a disk fault
    // destroys the head of the record around it, so that the scan looks into the payload.
    let mut forged = vec![0; 64];
    for salt in [0, 1, u32::MAX] {
        crate::format::encode_record(&mut forged, salt, 3, 0, Some(1), b"forged");
    }
    let disk = SimulatedDisk::new(7);
    let (journal, _) = Journal::open_on(Arc::new(disk.clone()), options(), drop).unwrap();
    for payload in [b"one".to_vec(), forged, b"three".to_vec(), b"four".to_vec()] {
        journal.append(payload).unwrap().wait().unwrap();
    }
    drop(journal);
    let (name, mut bytes) = disk
        .files()
        .into_iter()
        .find(|(name, _)| name.starts_with("journal-"))
        .unwrap();
    let second = HEADER_BYTES + RECORD_HEADER_BYTES + 3;
    bytes[second] ^= 0x40;
    let (records, report) = replay(&Files::from([(name, bytes)]));
    let payloads: Vec<_> = records
        .iter()
        .map(|record| record.payload.as_slice())
        .collect();
    assert_eq!(payloads, [&b"one"[..], b"three", b"four"]);
    assert_eq!((report.lost_records, report.corrupt_regions), (1, 1));
}

#[test]
fn a_crafted_file_cannot_keep_the_scan_busy() {
    // Every four bytes look like the head of a record that claims the rest of the file.
    let header = FileHeader {
        id: crate::format::FileId {
            first: 1,
            attempt: 0,
        },
        salt: 1,
        created_at_us: 0,
        durable_through: 1 << 40,
        previous: None,
    };
    let mut bytes = header.encode().to_vec();
    let length = 4 << 20;
    while bytes.len() < length {
        let claimed = (length - bytes.len()) as u32 / 2;
        bytes.extend_from_slice(&claimed.to_le_bytes());
        bytes.extend_from_slice(&[0; 4]);
        bytes.extend_from_slice(&2_u64.to_le_bytes());
        bytes.extend_from_slice(&[0; 12]);
    }
    let started = std::time::Instant::now();
    let (records, report) = replay(&Files::from([(header.id.name(), bytes)]));
    assert!(records.is_empty() && report.bytes_skipped > 0, "{report:?}");
    assert!(started.elapsed().as_secs() < 10, "{:?}", started.elapsed());
}

#[test]
fn an_unreadable_disk_block_stops_the_start_until_the_operator_gives_it_up() {
    use crate::OpenError;
    use crate::simulation::Fault;
    let whole = whole_journal(3);
    let (records, _) = replay(&whole);
    let disk = disk_of(&whole);
    // The calls of a replay: list, then length and header of each file, then length and content.
    let content_read = 1 + 2 * whole.len() as u64 + 1;
    disk.fail(content_read, 1, Fault::Error(std::io::ErrorKind::Other));
    let disk: Arc<dyn Disk> = Arc::new(disk);
    let result: Result<Vec<_>, _> = Replay::open(disk.clone(), &options(), 1).unwrap().collect();
    assert!(
        matches!(result, Err(OpenError::Unreadable { .. })),
        "{result:?}"
    );
    let again: Result<Vec<_>, _> = Replay::open(disk, &options(), 1).unwrap().collect();
    assert_eq!(
        again.unwrap(),
        records,
        "the error passed, nothing was given up"
    );

    let disk = disk_of(&whole);
    disk.fail(content_read, 2, Fault::Error(std::io::ErrorKind::Other));
    let options = Options {
        skip_unreadable: true,
        ..options()
    };
    let mut replay = Replay::open(Arc::new(disk), &options, 1).unwrap();
    let found: Vec<_> = replay.by_ref().map(Result::unwrap).collect();
    assert!(found.len() < records.len() && found.iter().all(|record| records.contains(record)));
    let report = replay.report();
    assert_eq!(
        found.len() as u64 + report.lost_records,
        report.stopped_at - 1
    );
}

#[test]
fn records_behind_the_point_that_the_next_file_names_are_not_replayed() {
    use crate::format::{FileId, Previous, encode_record};
    let first_id = FileId {
        first: 1,
        attempt: 0,
    };
    let header = FileHeader {
        id: first_id,
        salt: 5,
        created_at_us: 0,
        durable_through: 0,
        previous: None,
    };
    let mut first = header.encode().to_vec();
    let mut valid_bytes = 0;
    for number in 1..=5 {
        encode_record(&mut first, 5, number, 0, None, &payload(number));
        if number == 3 {
            valid_bytes = first.len() as u64;
        }
    }
    // Its numbers begin later on purpose, so they alone would not tell that 4 and 5 were refused.
    let previous = Previous {
        id: first_id,
        last_number: 3,
        valid_bytes,
        last_received_at_us: 0,
    };
    let id = FileId {
        first: 10,
        attempt: 0,
    };
    let header = FileHeader {
        id,
        previous: Some(previous),
        durable_through: 10,
        ..header
    };
    let mut second = header.encode().to_vec();
    encode_record(&mut second, 5, 10, 0, None, &payload(10));
    let (records, report) = replay(&Files::from([
        (first_id.name(), first),
        (id.name(), second),
    ]));
    let numbers: Vec<_> = records.iter().map(|record| record.number).collect();
    assert_eq!(numbers, [1, 2, 3, 10]);
    let counts = (
        report.lost_records,
        report.bytes_skipped,
        report.torn_bytes,
        report.stopped_at,
    );
    assert_eq!(counts, (0, 0, 0, 11));
}

#[test]
fn a_torn_group_is_not_taken_for_rot() {
    // Of one unsynced group the first record is torn and the second whole: none of it was acknowledged, so replay ends before
    // it, instead of skipping a number.
    let mut world = World::new(1, options());
    let mut engine = world.open().unwrap().unwrap();
    assert!(world.commit(&mut engine, 2));
    let (name, before) = journal_file(&world.disk);
    assert!(world.commit(&mut engine, 2));
    let (_, mut after) = journal_file(&world.disk);
    after[before.len() + RECORD_HEADER_BYTES] ^= 1;
    let (records, report) = replay(&Files::from([(name, after.clone())]));
    assert_eq!(records.len(), 2);
    assert_eq!(report.torn_bytes, (after.len() - before.len()) as u64);
    assert_eq!((report.lost_records, report.stopped_at), (0, 3));
}

fn journal_file(disk: &SimulatedDisk) -> (String, Vec<u8>) {
    disk.files()
        .into_iter()
        .find(|(name, _)| name.starts_with("journal-"))
        .unwrap()
}
