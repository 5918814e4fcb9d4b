//! Real processes, real files: `kill -9` at random moments, and two processes on one folder.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use journal::{DataLock, Journal, LockError, Options, RealDisk, Replay};

/// Where the child finds its folder; unset in the parent.
const FOLDER: &str = "JOURNAL_TEST_FOLDER";
const CYCLES: u64 = 20;

fn options() -> Options {
    Options {
        file_bytes: 64 << 10,
        reserve_bytes: 0,
        min_free_bytes: 0,
        ..Options::default()
    }
}

/// Not a test of its own: what the other tests start. Appends from eight threads and prints "number payload" once answered.
#[test]
fn child() {
    let Some(folder) = std::env::var_os(FOLDER).map(PathBuf::from) else {
        return;
    };
    let _lock = DataLock::acquire(&folder).unwrap();
    println!("\nlocked");
    let (journal, _) = Journal::open(&folder, options(), drop).unwrap();
    let next = AtomicU64::new(0);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                loop {
                    let text = format!(
                        "{}-{}",
                        std::process::id(),
                        next.fetch_add(1, Ordering::Relaxed)
                    );
                    let payload = text.clone().into_bytes();
                    let number = journal.append(payload).unwrap().wait().unwrap();
                    let line = format!("{number} {text}\n");
                    std::io::stdout().write_all(line.as_bytes()).unwrap();
                }
            });
        }
    });
}

fn start_child(folder: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["child", "--exact", "--nocapture", "--test-threads=1"])
        .env(FOLDER, folder)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

#[test]
fn what_was_answered_survives_kill_9() {
    let folder = tempfile::tempdir().unwrap();
    let mut answered = BTreeMap::new();
    for cycle in 0..CYCLES {
        let mut child = start_child(folder.path());
        let mut lines = BufReader::new(child.stdout.take().unwrap())
            .lines()
            .map_while(Result::ok);
        // The time to start differs by machine; from the first answer on, the moment of the kill is spread out.
        assert!(lines.any(|line| line == "locked"));
        let mut seen: Vec<String> = lines.next().into_iter().collect();
        std::thread::sleep(Duration::from_millis(cycle * 37 % 60));
        child.kill().unwrap();
        child.wait().unwrap();
        seen.extend(lines);
        for line in seen {
            // The kill may have cut the last line short; a number without its end would be another number.
            let Some((number, payload)) = line.split_once(' ') else {
                continue;
            };
            let old = answered.insert(number.parse::<u64>().unwrap(), payload.to_owned());
            assert_eq!(old, None, "number {number} was given twice");
        }
    }
    let disk = RealDisk::new(folder.path()).unwrap();
    let mut replay = Replay::open(std::sync::Arc::new(disk), &options(), 1).unwrap();
    let replayed: BTreeMap<u64, String> = replay
        .by_ref()
        .map(Result::unwrap)
        .map(|record| (record.number, String::from_utf8(record.payload).unwrap()))
        .collect();
    let report = replay.report();
    assert_eq!(report.lost_records, 0, "{report:?}");
    assert_eq!(
        replayed.len() as u64,
        report.stopped_at - 1,
        "numbers have gaps"
    );
    for (number, payload) in &answered {
        let found = replayed
            .get(number)
            .map(String::as_str)
            .unwrap_or("nothing");
        assert!(
            found.starts_with(payload),
            "{number}: {payload} was answered, {found} is there"
        );
    }
    println!(
        "{CYCLES} kills, {} answered, {} replayed, 0 missing",
        answered.len(),
        replayed.len()
    );
    assert!(answered.len() as u64 > CYCLES * 10);
}

#[test]
fn a_second_process_is_refused_and_told_which_one_is_in_the_way() {
    let folder = tempfile::tempdir().unwrap();
    let mut child = start_child(folder.path());
    let mut lines = BufReader::new(child.stdout.take().unwrap())
        .lines()
        .map_while(Result::ok);
    assert!(lines.any(|line| line == "locked"));
    let error = DataLock::acquire(folder.path()).unwrap_err();
    assert!(
        matches!(error, LockError::Held { pid: Some(pid), .. } if pid == child.id()),
        "{error}"
    );
    child.kill().unwrap();
    child.wait().unwrap();
    DataLock::acquire(folder.path()).unwrap();
}
