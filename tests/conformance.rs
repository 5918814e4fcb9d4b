//! Replays recorded scenarios (real requests, and the answers that a real Matomo gave) against the program.
//!
//! The recordings are not part of this tree: `TAKWIMU_CONFORMANCE` names their folder, otherwise it is
//! `../shared/conformance` beside the tree. `tests/conformance/ratchet.json` keeps how many checks of each
//! scenario pass; the test fails when one scenario falls below. `TAKWIMU_RATCHET=write` writes the present
//! numbers, and `TAKWIMU_SCENARIOS="A B"` replays only some.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Longer than any healthy run; a server that hangs must not hold the build machine.
const LIMIT: Duration = Duration::from_secs(40 * 60);
/// The superuser's token, which the recorded requests carry.
const TOKEN: &str = "c4ca4238a0b923820dcc509a6f75849b";

type Failure = String;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Counts {
    passed: u32,
    failed: u32,
}

#[derive(Debug, Default)]
struct Summary {
    scenarios: BTreeMap<String, Counts>,
    modules: BTreeMap<String, Counts>,
    /// A checksum of all that a scenario's checks found.
    answers: BTreeMap<String, u32>,
}

#[test]
fn recorded_scenarios_pass_as_often_as_before() {
    let Some(corpus) = corpus() else {
        println!("not run: no recorded scenarios; TAKWIMU_CONFORMANCE names their folder");
        assert!(
            std::env::var_os("CI").is_none(),
            "the build machine must have the recorded scenarios"
        );
        return;
    };
    let summary = replay(&corpus, "normal").expect("the replay must run");
    print_summary(&summary);
    let passed = passed(&summary.scenarios);
    if std::env::var("TAKWIMU_RATCHET").as_deref() == Ok("write") {
        let mut kept = read_ratchet().expect("a readable ratchet");
        kept.extend(passed);
        std::fs::write(ratchet_path(), format_ratchet(&kept)).expect("a writable ratchet");
        return;
    }
    let mut ratchet = read_ratchet().expect("a readable ratchet");
    if let Ok(chosen) = std::env::var("TAKWIMU_SCENARIOS") {
        let chosen: Vec<&str> = chosen.split_whitespace().collect();
        ratchet.retain(|name, _| chosen.contains(&name.as_str()));
    }
    let lower = lower_than(&ratchet, &passed);
    assert!(
        lower.is_empty(),
        "fewer checks pass than before:\n{}",
        lower.join("\n")
    );
    let sealed = replay(&corpus, "every-record").expect("the replay must run");
    let name = |(name, answers): (&String, &u32)| {
        (sealed.answers.get(name) != Some(answers)).then(|| name.clone())
    };
    let differing: Vec<String> = summary.answers.iter().filter_map(name).collect();
    assert!(
        differing.is_empty(),
        "when visits are sealed changes answers of {differing:?}"
    );
}

// ---- Replaying ------------------------------------------------------------------------------

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn corpus() -> Option<PathBuf> {
    let folder = match std::env::var_os("TAKWIMU_CONFORMANCE") {
        Some(folder) => PathBuf::from(folder),
        None => root().join("../shared/conformance"),
    };
    let folder = folder.canonicalize().ok()?;
    folder.join("replay.py").is_file().then_some(folder)
}

/// Replays all scenarios, a few at a time, and sums up what the replays wrote. `seal` says when visits move
/// from memory to files.
fn replay(corpus: &Path, seal: &str) -> Result<Summary, Failure> {
    let scenarios = scenarios(corpus)?;
    let workers = std::thread::available_parallelism().map_or(1, |count| count.get().min(4));
    let out = std::env::temp_dir().join(format!("takwimu-conformance-{}", std::process::id()));
    std::fs::create_dir_all(&out).map_err(|error| format!("{}: {error}", out.display()))?;
    let mut results = Vec::new();
    let mut running = Vec::new();
    for worker in 0..workers {
        let part: Vec<&String> = scenarios.iter().skip(worker).step_by(workers).collect();
        if !part.is_empty() {
            let result = out.join(format!("{worker}.json"));
            running.push(start_replay(corpus, seal, &part, &result)?);
            results.push(result);
        }
    }
    let limit = Instant::now() + LIMIT;
    for child in running {
        wait(child, limit)?;
    }
    let summary = sum_up(corpus, &results);
    // What is left in the folder for temporary files is the system's to remove.
    let _ = std::fs::remove_dir_all(&out);
    summary
}

fn scenarios(corpus: &Path) -> Result<Vec<String>, Failure> {
    if let Ok(chosen) = std::env::var("TAKWIMU_SCENARIOS") {
        return Ok(chosen.split_whitespace().map(str::to_owned).collect());
    }
    let entries = std::fs::read_dir(corpus).map_err(|error| error.to_string())?;
    let mut names: Vec<String> = entries
        .flatten()
        .filter(|entry| entry.path().join("scenario.json").is_file())
        .filter_map(|entry| entry.file_name().into_string().ok())
        .collect();
    names.sort();
    Ok(names)
}

fn start_replay(
    corpus: &Path,
    seal: &str,
    scenarios: &[&String],
    result: &Path,
) -> Result<Child, Failure> {
    let program = env!("CARGO_BIN_EXE_takwimu");
    Command::new("python3")
        .arg(corpus.join("replay.py"))
        .args([
            "--serve",
            &format!("'{program}' serve --port {{port}} --data {{data}} --test-mode --seal {seal}"),
        ])
        .args(["--token", TOKEN, "--json"])
        .arg(result)
        .args(scenarios)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .map_err(|error| format!("python3: {error}"))
}

/// Waits for a replay. After the limit it is interrupted, so that it stops its server; what it wrote
/// until then counts. Its exit status says only whether every check passed, which the results say too.
fn wait(mut child: Child, limit: Instant) -> Result<(), Failure> {
    let mut interrupted = false;
    loop {
        match child.try_wait() {
            Ok(Some(_)) => return Ok(()),
            Ok(None) => {}
            Err(error) => return Err(error.to_string()),
        }
        if !interrupted && Instant::now() > limit {
            println!("a replay took too long and was stopped");
            let _ = Command::new("kill")
                .args(["-INT", &child.id().to_string()])
                .status();
            interrupted = true;
        } else if interrupted && Instant::now() > limit + Duration::from_secs(30) {
            child.kill().map_err(|error| error.to_string())?;
        }
        std::thread::sleep(Duration::from_millis(200));
    }
}

// ---- Results --------------------------------------------------------------------------------

fn sum_up(corpus: &Path, results: &[PathBuf]) -> Result<Summary, Failure> {
    let written = results.iter().filter(|result| result.is_file());
    let output = Command::new("python3")
        .arg(root().join("tests/conformance/summary.py"))
        .arg(corpus)
        .args(written)
        .output()
        .map_err(|error| format!("python3: {error}"))?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    read_summary(&String::from_utf8_lossy(&output.stdout))
}

fn read_summary(text: &str) -> Result<Summary, Failure> {
    let mut summary = Summary::default();
    for line in text.lines() {
        let cells: Vec<&str> = line.split('\t').collect();
        let bad = || format!("not a line of the summary: {line}");
        let [kind, name, passed, failed] = cells[..] else {
            return Err(bad());
        };
        let counts = Counts {
            passed: passed.parse().map_err(|_| bad())?,
            failed: failed.parse().map_err(|_| bad())?,
        };
        if kind == "answers" {
            summary.answers.insert(name.to_owned(), counts.passed);
            continue;
        }
        let into = match kind {
            "scenario" => &mut summary.scenarios,
            "module" => &mut summary.modules,
            _ => return Err(bad()),
        };
        into.insert(name.to_owned(), counts);
    }
    Ok(summary)
}

fn print_summary(summary: &Summary) {
    for (name, counts) in &summary.scenarios {
        println!(
            "{name:<72} {:>5} of {:>5}",
            counts.passed,
            counts.passed + counts.failed
        );
    }
    println!();
    for (name, counts) in &summary.modules {
        println!(
            "{name:<32} {:>5} of {:>5}",
            counts.passed,
            counts.passed + counts.failed
        );
    }
    let passed: u32 = summary.scenarios.values().map(|counts| counts.passed).sum();
    let failed: u32 = summary.scenarios.values().map(|counts| counts.failed).sum();
    println!("\nrecorded checks: {passed} of {} pass", passed + failed);
}

fn passed(scenarios: &BTreeMap<String, Counts>) -> BTreeMap<String, u32> {
    scenarios
        .iter()
        .map(|(name, counts)| (name.clone(), counts.passed))
        .collect()
}

// ---- Ratchet --------------------------------------------------------------------------------

fn ratchet_path() -> PathBuf {
    root().join("tests/conformance/ratchet.json")
}

fn read_ratchet() -> Result<BTreeMap<String, u32>, Failure> {
    let text = std::fs::read_to_string(ratchet_path()).map_err(|error| error.to_string())?;
    parse_ratchet(&text)
}

/// Reads a flat JSON object of numbers, as [`format_ratchet`] writes it. Names have no commas or colons.
fn parse_ratchet(text: &str) -> Result<BTreeMap<String, u32>, Failure> {
    let inner = text
        .trim()
        .strip_prefix('{')
        .and_then(|text| text.strip_suffix('}'));
    let inner = inner.ok_or("the ratchet is no JSON object")?;
    let entries = inner
        .split(',')
        .map(str::trim)
        .filter(|entry| !entry.is_empty());
    entries
        .map(|entry| {
            let bad = || format!("not an entry of the ratchet: {entry}");
            let (name, count) = entry.split_once(':').ok_or_else(bad)?;
            let name = name
                .trim()
                .strip_prefix('"')
                .and_then(|name| name.strip_suffix('"'));
            let count = count.trim().parse().map_err(|_| bad())?;
            Ok((name.ok_or_else(bad)?.to_owned(), count))
        })
        .collect()
}

/// One scenario a line, so that a change is a readable diff.
fn format_ratchet(ratchet: &BTreeMap<String, u32>) -> String {
    let lines: Vec<String> = ratchet
        .iter()
        .map(|(name, count)| format!("  \"{name}\": {count}"))
        .collect();
    match lines.is_empty() {
        true => "{}\n".to_owned(),
        false => format!("{{\n{}\n}}\n", lines.join(",\n")),
    }
}

/// Scenarios that pass fewer checks than the ratchet says; one that did not run passes none.
fn lower_than(ratchet: &BTreeMap<String, u32>, passed: &BTreeMap<String, u32>) -> Vec<String> {
    let now = |name: &String| passed.get(name).copied().unwrap_or(0);
    ratchet
        .iter()
        .filter(|(name, before)| now(name) < **before)
        .map(|(name, before)| format!("  {name}: {} now, {before} before", now(name)))
        .collect()
}

#[test]
fn the_ratchet_is_read_as_it_is_written() {
    for entries in [&[][..], &[("One", 3)], &[("One", 3), ("Two_Three", 0)]] {
        let ratchet: BTreeMap<String, u32> = entries
            .iter()
            .map(|(name, count)| ((*name).to_owned(), *count))
            .collect();
        assert_eq!(parse_ratchet(&format_ratchet(&ratchet)), Ok(ratchet));
    }
    for bad in ["", "[]", "{\"a\"}", "{\"a\": x}", "{a: 1}"] {
        assert!(parse_ratchet(bad).is_err(), "{bad}");
    }
}

#[test]
fn a_scenario_that_passes_less_or_is_missing_is_lower() {
    let map = |entries: &[(&str, u32)]| -> BTreeMap<String, u32> {
        entries
            .iter()
            .map(|(name, count)| ((*name).to_owned(), *count))
            .collect()
    };
    let ratchet = map(&[
        ("less", 5),
        ("same", 5),
        ("more", 5),
        ("missing", 1),
        ("none", 0),
    ]);
    let now = map(&[("less", 4), ("same", 5), ("more", 6), ("new", 9)]);
    let lower = lower_than(&ratchet, &now);
    assert_eq!(
        lower,
        ["  less: 4 now, 5 before", "  missing: 0 now, 1 before"]
    );
}

#[test]
fn a_summary_is_read_by_kind() {
    let text = "scenario\tOne\t3\t1\nmodule\tLive\t2\t0\nanswers\tOne\t4000000000\t0\n";
    let summary = read_summary(text).expect("a summary");
    assert_eq!(summary.answers["One"], 4_000_000_000);
    assert_eq!(
        summary.scenarios["One"],
        Counts {
            passed: 3,
            failed: 1
        }
    );
    assert_eq!(
        summary.modules["Live"],
        Counts {
            passed: 2,
            failed: 0
        }
    );
    assert!(read_summary("scenario\tOne\t3").is_err());
}
