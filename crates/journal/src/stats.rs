//! Counters for metrics and health.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::{DegradedReason, RecordNumber};

/// A snapshot. `acknowledged == answered + waiting for the consumer`, at all times; a refused or failed record is in
/// exactly one of the other counts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct JournalStats {
    /// The last record made durable.
    pub last_number: RecordNumber,
    /// Records made durable since the start.
    pub durable_records: u64,
    /// Records that the consumer has placed since the start.
    pub applied_records: u64,
    /// Admitted, not yet answered.
    pub queued_records: usize,
    pub queued_bytes: usize,
    pub refused_full: u64,
    pub refused_degraded: u64,
    pub refused_too_large: u64,
    /// Records of batches that could not be written.
    pub failed_records: u64,
    /// Groups written.
    pub groups: u64,
    /// Groups that were written again in another file after a failure.
    pub rewritten_groups: u64,
    pub syncs: u64,
    /// Writing and syncing the last group.
    pub last_commit_us: u64,
    pub total_commit_us: u64,
    pub max_commit_us: u64,
    /// Bytes written since the start; a consumer paces its checkpoints by it.
    pub written_bytes: u64,
    /// What is on disk.
    pub file_count: usize,
    pub stored_bytes: u64,
    /// `None`: accepting records.
    pub degraded: Option<DegradedReason>,
}

#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub last_number: AtomicU64,
    pub durable_records: AtomicU64,
    pub applied_records: AtomicU64,
    pub refused_full: AtomicU64,
    pub refused_degraded: AtomicU64,
    pub refused_too_large: AtomicU64,
    pub failed_records: AtomicU64,
    pub groups: AtomicU64,
    pub rewritten_groups: AtomicU64,
    pub syncs: AtomicU64,
    pub last_commit_us: AtomicU64,
    pub total_commit_us: AtomicU64,
    pub max_commit_us: AtomicU64,
    pub written_bytes: AtomicU64,
    pub file_count: AtomicU64,
    pub stored_bytes: AtomicU64,
}

impl Counters {
    pub(crate) fn count_commit(&self, took: Duration) {
        let took_us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        self.groups.fetch_add(1, Ordering::Relaxed);
        self.last_commit_us.store(took_us, Ordering::Relaxed);
        self.total_commit_us.fetch_add(took_us, Ordering::Relaxed);
        self.max_commit_us.fetch_max(took_us, Ordering::Relaxed);
    }

    pub(crate) fn snapshot(&self) -> JournalStats {
        // Applied before durable: between the two loads more may become durable, never less.
        let applied_records = self.applied_records.load(Ordering::Acquire);
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        JournalStats {
            last_number: read(&self.last_number),
            durable_records: self.durable_records.load(Ordering::Acquire),
            applied_records,
            queued_records: 0,
            queued_bytes: 0,
            refused_full: read(&self.refused_full),
            refused_degraded: read(&self.refused_degraded),
            refused_too_large: read(&self.refused_too_large),
            failed_records: read(&self.failed_records),
            groups: read(&self.groups),
            rewritten_groups: read(&self.rewritten_groups),
            syncs: read(&self.syncs),
            last_commit_us: read(&self.last_commit_us),
            total_commit_us: read(&self.total_commit_us),
            max_commit_us: read(&self.max_commit_us),
            written_bytes: read(&self.written_bytes),
            file_count: usize::try_from(read(&self.file_count)).unwrap_or(usize::MAX),
            stored_bytes: read(&self.stored_bytes),
            degraded: None,
        }
    }
}
