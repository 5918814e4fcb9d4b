//! The append-only ingest log: a hit is answered only after its record is on disk **and** the consumer has placed it.
//!
//! A record is opaque bytes. One writer thread gathers records into groups, writes each group with one `fdatasync`
//! ("group commit"), and hands it to one apply thread, which calls the consumer in record order and then the waiting
//! callers. Placing one group therefore overlaps syncing the next.
//!
//! ```text
//! append ─► bounded queue ─► writer thread: number, time, CRC, write, fdatasync ─► apply thread: on_commit, answer
//!            Full → refuse                  a failed file is never touched again
//! ```
//!
//! What holds, and what the tests of this crate prove on a simulated disk that fails at every call:
//! * an acknowledged record is replayed after a crash or a power cut, exactly once, in order;
//! * a record number is given to one record only; numbers have no gaps;
//! * no bytes on disk make [`Journal::open`] panic or refuse; damage is skipped, counted and reported;
//! * a full or failing disk refuses new records ([`AppendError::Degraded`]) and recovers by itself.
//!
//! Read `format.rs` for the bytes, `replay.rs` for what is believed of them, `chain.rs` for failed files,
//! `journal.rs` for the threads.

mod chain;
mod disk;
mod engine;
mod error;
mod format;
mod journal;
mod lock;
mod options;
mod queue;
mod replay;
mod scan;
#[cfg(any(test, feature = "simulation"))]
pub mod simulation;
mod stats;
mod ticket;
mod writer;

#[cfg(test)]
mod tests;

pub use disk::{Disk, DiskFile, RealDisk};
pub use error::{AppendError, CloseError, DegradedReason, OpenError, RetentionError};
pub use journal::{Attachment, Committed, Journal};
pub use lock::{DataLock, LockError};
pub use options::{Clock, Durability, Options};
pub use replay::{Record, Replay, ReplayReport};
pub use stats::JournalStats;
pub use ticket::Ticket;

/// The number of a record: from 1, without gaps, never given twice.
pub type RecordNumber = u64;
