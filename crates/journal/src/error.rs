//! What can go wrong, by what the caller must do about it.

use std::io;
use std::sync::Arc;

/// Why a journal refuses new records for now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DegradedReason {
    /// The file system is full, or below the configured free space.
    DiskFull,
    /// Writing or syncing failed for another reason (I/O error, read-only file system).
    DiskFailed,
}

impl std::fmt::Display for DegradedReason {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            DegradedReason::DiskFull => "disk full",
            DegradedReason::DiskFailed => "disk failed",
        })
    }
}

/// Why a record was not acknowledged.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AppendError {
    /// Too much is waiting already; retry later.
    #[error("journal queue is full ({queued_records} records, {queued_bytes} bytes): retry later")]
    Full {
        queued_records: usize,
        queued_bytes: usize,
    },
    /// The payload exceeds `max_record_bytes`; a retry cannot help.
    #[error("record of {bytes} bytes exceeds the limit of {limit_bytes}")]
    TooLarge { bytes: usize, limit_bytes: usize },
    /// The disk is full or failing; nothing was written; retry later.
    #[error("journal is degraded ({0}): retry later")]
    Degraded(DegradedReason),
    /// Writing this record's group failed, twice. It is not acknowledged, but parts may have reached the disk: after a
    /// crash it may be replayed, at most once. Retry later.
    #[error("journal write failed ({kind}): {detail}")]
    WriteFailed {
        kind: io::ErrorKind,
        detail: Arc<str>,
    },
    /// The consumer panicked: what it holds in memory can no longer be trusted, so the process should restart.
    /// The record may be on disk.
    #[error("the journal's consumer failed: restart the process")]
    ConsumerFailed,
    /// The journal is closing or closed.
    #[error("journal is closed")]
    Closed,
}

impl AppendError {
    /// True where the record is certainly on no disk, so that a retry cannot count it twice.
    pub fn is_certainly_absent(&self) -> bool {
        !matches!(
            self,
            AppendError::WriteFailed { .. } | AppendError::ConsumerFailed
        )
    }

    /// True where the same record may be accepted later.
    pub fn is_retryable(&self) -> bool {
        !matches!(self, AppendError::TooLarge { .. })
    }
}

/// Why a journal could not be opened. No *content* of a file is ever a reason.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("cannot {action} in the journal folder: {source}")]
    Io {
        action: &'static str,
        #[source]
        source: io::Error,
    },
    #[error(
        "cannot read {file} at byte {offset_bytes}: {source}. Retry; if the disk is damaged there for good, \
         open with skip_unreadable, which gives up the records stored there"
    )]
    Unreadable {
        file: String,
        offset_bytes: u64,
        #[source]
        source: io::Error,
    },
    #[error("cannot start a journal thread: {0}")]
    Thread(#[source] io::Error),
}

/// Why a clean shutdown could not keep its promise.
#[derive(Debug, thiserror::Error)]
pub enum CloseError {
    #[error("the last sync failed: {0}")]
    Sync(#[source] io::Error),
    #[error("the journal's consumer failed")]
    ConsumerFailed,
}

/// Why files could not be deleted. Some may have been.
#[derive(Debug, thiserror::Error)]
pub enum RetentionError {
    #[error("cannot delete journal files: {0}")]
    Io(#[from] io::Error),
    #[error("journal is closed")]
    Closed,
}
