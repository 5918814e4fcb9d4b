//! Prints what the disk under a folder allows: latency of one sync, appends per second from 1, 8 and 64 threads that each
//! wait for their answer, and in bulk.
//!
//! `cargo run --profile fast -p journal --example append_rate -- [folder] [seconds per measurement]`

use std::error::Error;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use journal::{AppendError, Disk, Durability, Journal, Options, RealDisk};

const PAYLOAD_BYTES: usize = 400;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let folder = PathBuf::from(
        arguments
            .next()
            .unwrap_or_else(|| "target/append_rate".to_owned()),
    );
    let seconds = arguments.next().map_or(Ok(3), |text| text.parse())?;
    let measure_for = Duration::from_secs(seconds);
    std::fs::create_dir_all(&folder)?;
    sync_latency(&folder)?;
    for threads in [1, 8, 64] {
        waiting_clients(&folder, threads, measure_for, Options::default())?;
    }
    println!("the same without waiting for company:");
    let impatient = Options {
        group_wait: Duration::ZERO,
        ..Options::default()
    };
    waiting_clients(&folder, 64, measure_for, impatient)?;
    bulk(&folder, Durability::Power, measure_for)?;
    bulk(&folder, Durability::Process, measure_for)?;
    std::fs::remove_dir_all(&folder)?;
    Ok(())
}

fn sync_latency(folder: &Path) -> Result<(), Box<dyn Error>> {
    const ROUNDS: usize = 300;
    let disk = RealDisk::new(folder)?;
    let mut file = disk.create("latency.bin")?;
    let bytes = [7; PAYLOAD_BYTES];
    let mut took_us = Vec::with_capacity(ROUNDS);
    for round in 0..ROUNDS {
        let started = Instant::now();
        file.write((round * PAYLOAD_BYTES) as u64, &bytes)?;
        file.sync_data()?;
        took_us.push(started.elapsed().as_micros() as u64);
    }
    disk.remove("latency.bin")?;
    println!(
        "write + fdatasync of {PAYLOAD_BYTES} bytes: {}",
        percentiles(&mut took_us)
    );
    Ok(())
}

fn open(folder: &Path, name: &str, options: Options) -> Result<Journal, Box<dyn Error>> {
    let folder = folder.join(name);
    if folder.exists() {
        std::fs::remove_dir_all(&folder)?;
    }
    Ok(Journal::open(&folder, options, drop)?.0)
}

fn waiting_clients(
    folder: &Path,
    threads: usize,
    measure_for: Duration,
    options: Options,
) -> Result<(), Box<dyn Error>> {
    let journal = open(folder, "waiting", options)?;
    let stop = AtomicBool::new(false);
    let started = Instant::now();
    let mut took_us: Vec<u64> = std::thread::scope(|scope| {
        let client = || {
            let mut took_us = Vec::new();
            while !stop.load(Ordering::Relaxed) {
                let asked = Instant::now();
                if journal
                    .append(vec![7; PAYLOAD_BYTES])
                    .and_then(|ticket| ticket.wait())
                    .is_err()
                {
                    break;
                }
                took_us.push(asked.elapsed().as_micros() as u64);
            }
            took_us
        };
        let clients: Vec<_> = (0..threads).map(|_| scope.spawn(client)).collect();
        std::thread::sleep(measure_for);
        stop.store(true, Ordering::Relaxed);
        clients
            .into_iter()
            .flat_map(|client| client.join().unwrap_or_default())
            .collect()
    });
    let rate = took_us.len() as f64 / started.elapsed().as_secs_f64();
    let per_group = took_us.len() as f64 / journal.stats().groups.max(1) as f64;
    println!(
        "{threads} waiting threads: {rate:.0} appends/s, {per_group:.1} a group, answer {}",
        percentiles(&mut took_us)
    );
    journal.close()?;
    Ok(())
}

fn bulk(
    folder: &Path,
    durability: Durability,
    measure_for: Duration,
) -> Result<(), Box<dyn Error>> {
    let options = Options {
        durability,
        ..Options::default()
    };
    let journal = open(folder, "bulk", options)?;
    let refused = AtomicU64::new(0);
    let started = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while started.elapsed() < measure_for {
                    match journal.append(vec![7; PAYLOAD_BYTES]) {
                        Ok(_) => {}
                        Err(AppendError::Full { .. }) => {
                            refused.fetch_add(1, Ordering::Relaxed);
                            std::thread::sleep(Duration::from_micros(200));
                        }
                        Err(_) => break,
                    }
                }
            });
        }
    });
    journal.close()?;
    let stats = journal.stats();
    let rate = stats.applied_records as f64 / started.elapsed().as_secs_f64();
    println!(
        "bulk, durability {durability:?}: {rate:.0} appends/s, {:.0} MB/s, {:.1} a group, {} times full",
        rate * PAYLOAD_BYTES as f64 / 1e6,
        stats.durable_records as f64 / stats.groups.max(1) as f64,
        refused.load(Ordering::Relaxed),
    );
    Ok(())
}

fn percentiles(took_us: &mut [u64]) -> String {
    took_us.sort_unstable();
    let at = |share: f64| {
        let index = (took_us.len() as f64 * share) as usize;
        took_us
            .get(index.min(took_us.len().saturating_sub(1)))
            .copied()
            .unwrap_or(0) as f64
            / 1e3
    };
    format!(
        "p50 {:.2} ms, p99 {:.2} ms, max {:.2} ms",
        at(0.5),
        at(0.99),
        at(1.0)
    )
}
