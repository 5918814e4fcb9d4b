//! What an operator or a test may choose.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::RecordNumber;

/// What has happened to a record before it is acknowledged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Durability {
    /// `fdatasync`: survives a power cut. The only level that keeps the project's promise.
    #[default]
    Power,
    /// `write` only: survives `kill -9`, not a power cut. A positive control for tests.
    Process,
    /// In memory, written lazily: survives nothing. A positive control for tests.
    None,
}

impl std::str::FromStr for Durability {
    type Err = ();

    fn from_str(text: &str) -> Result<Durability, ()> {
        match text {
            "power" => Ok(Durability::Power),
            "process" => Ok(Durability::Process),
            "none" => Ok(Durability::None),
            _ => Err(()),
        }
    }
}

/// Microseconds since 1970; replaceable, so that tests own the time.
pub type Clock = Arc<dyn Fn() -> i64 + Send + Sync>;

/// Settings of a journal; the defaults suit a server.
#[derive(Clone)]
pub struct Options {
    /// What an acknowledgement promises.
    pub durability: Durability,
    /// A file that has reached this size is followed by a new one.
    pub file_bytes: u64,
    /// The longest time a group waits for more records. Only used when the last group had company; see `journal.rs`.
    pub group_wait: Duration,
    /// A group of this size is written without waiting further.
    pub group_bytes: usize,
    /// No group is larger than this, however much is queued.
    pub max_group_bytes: usize,
    /// Payload bytes admitted and not yet answered; above it `append` answers `Full`.
    pub max_queued_bytes: usize,
    /// Records admitted and not yet answered; above it `append` answers `Full`.
    pub max_queued_records: usize,
    /// A larger payload is refused.
    pub max_record_bytes: usize,
    /// Space held back so that a full disk still lets a shutdown or checkpoint finish; 0 keeps none.
    pub reserve_bytes: u64,
    /// With less free space than this, new records are refused; 0 switches the check off.
    pub min_free_bytes: u64,
    /// How often a degraded journal tries to recover.
    pub probe_every: Duration,
    /// Records up to this number are in the consumer's own durable state: replay starts after it, and no number up to it
    /// is ever given again, even if the journal's files were lost.
    pub applied: RecordNumber,
    /// Treat unreadable disk blocks as damage instead of refusing to open. Off by default: an error that passes would
    /// otherwise hide acknowledged records for ever.
    pub skip_unreadable: bool,
    /// Where receive times come from.
    pub clock: Clock,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            durability: Durability::Power,
            file_bytes: 16 << 20,
            group_wait: Duration::from_millis(5),
            group_bytes: 256 << 10,
            max_group_bytes: 4 << 20,
            max_queued_bytes: 64 << 20,
            max_queued_records: 100_000,
            max_record_bytes: 16 << 20,
            reserve_bytes: 32 << 20,
            min_free_bytes: 128 << 20,
            probe_every: Duration::from_secs(1),
            applied: 0,
            skip_unreadable: false,
            clock: Arc::new(system_clock_us),
        }
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Options")
            .field("durability", &self.durability)
            .field("file_bytes", &self.file_bytes)
            .field("applied", &self.applied)
            .finish_non_exhaustive()
    }
}

/// A clock before 1970 or after the year 294,000 is as wrong as any other; it must not stop ingest.
fn system_clock_us() -> i64 {
    match SystemTime::now().duration_since(UNIX_EPOCH) {
        Ok(since) => i64::try_from(since.as_micros()).unwrap_or(i64::MAX),
        Err(_) => 0,
    }
}
