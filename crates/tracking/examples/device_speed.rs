//! Measures loading, memory and look-ups of device detection over the test cases' user agents.

use std::time::{Duration, Instant};
use tracking::device::{ClientHints, DeviceDetector};

fn resident_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    line.and_then(|line| line.split_whitespace().nth(1)?.parse().ok())
        .unwrap_or_default()
}

/// Time on a processor so far, whatever else the machine does.
fn processor_time() -> Duration {
    let line = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanos = line
        .split_whitespace()
        .next()
        .and_then(|text| text.parse().ok());
    Duration::from_nanos(nanos.unwrap_or_default())
}

fn user_agents() -> Vec<String> {
    let directory = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../data/packages/device_detector-fixtures/upstream"
    );
    let mut agents = Vec::new();
    let Ok(entries) = std::fs::read_dir(directory) else {
        return agents;
    };
    for path in entries.flatten().map(|entry| entry.path()) {
        let source = std::fs::read_to_string(path).unwrap_or_default();
        let lines = source
            .lines()
            .filter_map(|line| line.trim().strip_prefix("user_agent: "));
        agents.extend(lines.map(|agent| agent.trim_matches(['\'', '"']).to_owned()));
    }
    agents
}

fn report(name: &str, mut times: Vec<Duration>) {
    times.sort();
    let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize];
    let sum: Duration = times.iter().sum();
    println!(
        "{name}: n {} mean {:?} p50 {:?} p95 {:?} p99 {:?} max {:?}",
        times.len(),
        sum / times.len() as u32,
        at(0.5),
        at(0.95),
        at(0.99),
        at(1.0)
    );
}

fn main() {
    let before = resident_kib();
    let start = Instant::now();
    let detector = DeviceDetector::embedded();
    println!(
        "load: {:?}, {} KiB",
        start.elapsed(),
        resident_kib() - before
    );
    let mut agents = user_agents();
    if agents.is_empty() {
        println!("no user agents: run `make data`");
        return;
    }
    // An arbitrary but fixed order, so that similar user agents do not follow each other.
    agents.sort_by_key(|agent| {
        agent.bytes().fold(7u64, |sum, byte| {
            sum.wrapping_mul(0x100_0000_01b3) ^ u64::from(byte)
        })
    });
    agents.dedup();
    let before = resident_kib();
    let none = ClientHints::default();
    let time = |agent: &String| {
        let start = Instant::now();
        std::hint::black_box(detector.detect(agent, &none));
        start.elapsed()
    };
    let processor = processor_time();
    report("uncached", agents.iter().map(time).collect());
    let processor = processor_time() - processor;
    println!(
        "uncached, processor time: mean {:?}",
        processor / agents.len() as u32
    );
    println!("memory after all: {} KiB more", resident_kib() - before);
    let recent = &agents[agents.len() - 2_000..];
    for agent in recent {
        detector.detect(agent, &none);
    }
    let start = Instant::now();
    const ROUNDS: u32 = 50;
    for _ in 0..ROUNDS {
        for agent in recent {
            std::hint::black_box(detector.detect(agent, &none));
        }
    }
    println!(
        "cached: {:?}",
        start.elapsed() / (ROUNDS * recent.len() as u32)
    );
    if let Some(directory) = std::env::args().nth(1) {
        let start = Instant::now();
        match DeviceDetector::from_dir(std::path::Path::new(&directory)) {
            Ok(_) => println!("from_dir: {:?}", start.elapsed()),
            Err(error) => println!("from_dir: {error}"),
        }
    }
}
