//! The journal as its users see it.

use std::any::Any;
use std::io;
use std::path::Path;
use std::sync::mpsc::{self, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::chain::{Chain, degraded_reason};
use crate::engine::Engine;
use crate::queue::{Command, Pending, Queue, State};
use crate::replay::Tail;
use crate::ticket::Completion;
use crate::writer::{ConsumerPanicked, Writer, run_apply};
use crate::{
    AppendError, CloseError, DegradedReason, Disk, JournalStats, OpenError, Options, RealDisk,
    Record, RecordNumber, Replay, ReplayReport, RetentionError, Ticket,
};

/// So many durable groups may wait for the consumer while the writer syncs the next.
const GROUPS_AHEAD: usize = 2;
/// A replay hands out groups of at most so many records or bytes.
const REPLAY_GROUP_RECORDS: usize = 512;
const REPLAY_GROUP_BYTES: usize = 4 << 20;

/// Something in memory that travels with a record to the consumer: the parsed form of its bytes, or where to send an answer.
pub type Attachment = Box<dyn Any + Send>;

/// A durable record, for the consumer to place.
pub struct Committed {
    pub number: RecordNumber,
    /// Microseconds since 1970; never decreases from one record to the next.
    pub received_at_us: i64,
    pub payload: Vec<u8>,
    /// What was appended along with the payload; always `None` for a replayed record.
    pub attachment: Option<Attachment>,
    /// Read back from disk while opening.
    pub replayed: bool,
}

pub(crate) type OnCommit = Box<dyn FnMut(Vec<Committed>) + Send>;

/// The append-only log. Share it in an `Arc`; dropping it closes it.
pub struct Journal {
    queue: Arc<Queue>,
    disk: Arc<dyn Disk>,
    options: Options,
    threads: Mutex<Option<Threads>>,
}

struct Threads {
    writer: JoinHandle<io::Result<()>>,
    apply: JoinHandle<Result<(), ConsumerPanicked>>,
}

impl Journal {
    /// Opens the journal of a folder. Hands every record after `options.applied` to `on_commit` before it returns, then every
    /// new one as it becomes durable: in record order, each number once. New records are answered after `on_commit` returns.
    pub fn open(
        folder: &Path,
        options: Options,
        on_commit: impl FnMut(Vec<Committed>) + Send + 'static,
    ) -> Result<(Journal, ReplayReport), OpenError> {
        let disk = RealDisk::new(folder).map_err(|source| OpenError::Io {
            action: "open",
            source,
        })?;
        Journal::open_on(Arc::new(disk), options, on_commit)
    }

    /// As `open`, on any disk.
    pub fn open_on(
        disk: Arc<dyn Disk>,
        options: Options,
        on_commit: impl FnMut(Vec<Committed>) + Send + 'static,
    ) -> Result<(Journal, ReplayReport), OpenError> {
        let mut on_commit: OnCommit = Box::new(on_commit);
        let (engine, state, report) = open_engine(&disk, &options, &mut on_commit)?;
        let queue = Arc::new(Queue::new(&options, state));
        queue
            .counters
            .last_number
            .store(report.stopped_at - 1, std::sync::atomic::Ordering::Release);
        let threads =
            start(engine, queue.clone(), &options, on_commit).map_err(OpenError::Thread)?;
        Ok((
            Journal {
                queue,
                disk,
                options,
                threads: Mutex::new(Some(threads)),
            },
            report,
        ))
    }

    /// Appends a record. `Err`: refused at once, nothing was written. The ticket resolves when the record is durable and
    /// placed.
    pub fn append(&self, payload: Vec<u8>) -> Result<Ticket, AppendError> {
        self.append_inner(payload, None)
    }

    /// As `append`, with something for the consumer to find in [`Committed::attachment`].
    pub fn append_attached(
        &self,
        payload: Vec<u8>,
        attachment: Attachment,
    ) -> Result<Ticket, AppendError> {
        self.append_inner(payload, Some(attachment))
    }

    fn append_inner(
        &self,
        payload: Vec<u8>,
        attachment: Option<Attachment>,
    ) -> Result<Ticket, AppendError> {
        let (ticket, completion) = Ticket::new();
        match self.queue.admit(Pending {
            payload,
            attachment,
            completion,
        }) {
            Ok(()) => Ok(ticket),
            Err((error, _)) => Err(error),
        }
    }

    /// Appends a record and calls back with its fate: on this thread if it is refused at once, else on a thread of the
    /// journal, in record order, so the call must be short. It is called exactly once.
    pub fn append_with(
        &self,
        payload: Vec<u8>,
        done: Box<dyn FnOnce(Result<RecordNumber, AppendError>) + Send>,
    ) {
        self.append_attached_with(payload, None, done);
    }

    /// As `append_with`, with something for the consumer to find in [`Committed::attachment`].
    pub fn append_attached_with(
        &self,
        payload: Vec<u8>,
        attachment: Option<Attachment>,
        done: Box<dyn FnOnce(Result<RecordNumber, AppendError>) + Send>,
    ) {
        let pending = Pending {
            payload,
            attachment,
            completion: Completion::new(done),
        };
        if let Err((error, pending)) = self.queue.admit(pending) {
            pending.completion.complete(Err(error));
        }
    }

    /// The last durable record.
    pub fn last_number(&self) -> RecordNumber {
        self.queue
            .counters
            .last_number
            .load(std::sync::atomic::Ordering::Acquire)
    }

    /// Reads durable records back while the journal is in use, from a number on.
    pub fn read(&self, from: RecordNumber) -> Result<Replay, OpenError> {
        let last_number = self.last_number();
        Ok(Replay::open(self.disk.clone(), &self.options, from)?.stop_before(last_number + 1))
    }

    /// Deletes whole files whose records all have a number up to `up_to` and are older than `keep_for`. Returns how many.
    pub fn delete_applied(
        &self,
        up_to: RecordNumber,
        keep_for: Duration,
    ) -> Result<usize, RetentionError> {
        self.command(|reply| Command::DeleteApplied {
            up_to,
            keep_for,
            reply,
        })
    }

    /// Deletes whole files whose records are all below `number`, whatever their age; starts a new file if the current one
    /// is among them. For erasure, where bytes must go. Returns how many files went.
    pub fn delete_all_before(&self, number: RecordNumber) -> Result<usize, RetentionError> {
        self.command(|reply| Command::DeleteAllBefore { number, reply })
    }

    fn command(
        &self,
        build: impl FnOnce(mpsc::Sender<Result<usize, RetentionError>>) -> Command,
    ) -> Result<usize, RetentionError> {
        let (reply, answer) = mpsc::channel();
        self.queue.send(build(reply))?;
        answer.recv().unwrap_or(Err(RetentionError::Closed))
    }

    /// Why records are refused now, if they are.
    pub fn degraded(&self) -> Option<DegradedReason> {
        match self.queue.state() {
            State::Degraded(reason) => Some(reason),
            State::Running | State::ConsumerFailed => None,
        }
    }

    /// Free space of the journal's file system, for the softer limits of others.
    pub fn free_space_bytes(&self) -> io::Result<u64> {
        self.disk.free_space_bytes()
    }

    /// Counters for metrics.
    pub fn stats(&self) -> JournalStats {
        let (queued_records, queued_bytes) = self.queue.admitted();
        JournalStats {
            queued_records,
            queued_bytes,
            degraded: self.degraded(),
            ..self.queue.counters.snapshot()
        }
    }

    /// Refuses new records, writes, syncs, places and answers those admitted, and ends the threads. Only the first call
    /// does anything.
    pub fn close(&self) -> Result<(), CloseError> {
        let Some(threads) = self
            .threads
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
        else {
            return Ok(());
        };
        self.queue.close();
        // The last handle may be dropped by a callback, on a thread that cannot wait for itself.
        let current = thread::current().id();
        if [threads.writer.thread().id(), threads.apply.thread().id()].contains(&current) {
            return Ok(());
        }
        let written = threads
            .writer
            .join()
            .unwrap_or_else(|_| Err(io::Error::other("the writer thread panicked")));
        let applied = threads.apply.join().unwrap_or(Err(ConsumerPanicked));
        written.map_err(CloseError::Sync)?;
        applied.map_err(|ConsumerPanicked| CloseError::ConsumerFailed)
    }
}

impl Drop for Journal {
    fn drop(&mut self) {
        // Who wants to know calls `close`.
        let _ = self.close();
    }
}

/// Replays, and prepares for what comes next.
pub(crate) fn open_engine(
    disk: &Arc<dyn Disk>,
    options: &Options,
    on_commit: &mut OnCommit,
) -> Result<(Engine, State, ReplayReport), OpenError> {
    let (tail, report) = replay(disk, options, on_commit)?;
    let last_received_at_us = tail.last_received_at_us;
    let mut chain = Chain::new(disk.clone(), options.clone(), tail);
    // A journal on a full or read-only disk opens all the same: what it holds can be read.
    let state = match chain.prepare() {
        Ok(()) => State::Running,
        Err(error) => State::Degraded(degraded_reason(&error)),
    };
    Ok((
        Engine::new(chain, options, report.stopped_at, last_received_at_us),
        state,
        report,
    ))
}

/// Hands the records after `applied` to the consumer; finds where to go on.
fn replay(
    disk: &Arc<dyn Disk>,
    options: &Options,
    on_commit: &mut OnCommit,
) -> Result<(Tail, ReplayReport), OpenError> {
    let from = options.applied.saturating_add(1);
    let mut replay = Replay::open(disk.clone(), options, from)?.keep_unsettled();
    let mut group = Vec::new();
    let mut group_bytes = 0;
    for record in replay.by_ref() {
        let Record {
            number,
            received_at_us,
            payload,
        } = record?;
        group_bytes += payload.len();
        group.push(Committed {
            number,
            received_at_us,
            payload,
            attachment: None,
            replayed: true,
        });
        if group.len() >= REPLAY_GROUP_RECORDS || group_bytes >= REPLAY_GROUP_BYTES {
            on_commit(std::mem::take(&mut group));
            group_bytes = 0;
        }
    }
    if !group.is_empty() {
        on_commit(group);
    }
    let mut report = replay.report();
    report.stopped_at = report.stopped_at.max(from);
    Ok((replay.into_tail(), report))
}

fn start(
    engine: Engine,
    queue: Arc<Queue>,
    options: &Options,
    on_commit: OnCommit,
) -> io::Result<Threads> {
    let (sender, receiver) = sync_channel(GROUPS_AHEAD);
    let apply_queue = queue.clone();
    let apply = thread::Builder::new()
        .name("journal-apply".to_owned())
        .spawn(move || run_apply(&receiver, &apply_queue, on_commit))?;
    let writer = Writer::new(engine, queue, sender, options);
    let writer = thread::Builder::new()
        .name("journal-writer".to_owned())
        .spawn(move || writer.run())?;
    Ok(Threads { writer, apply })
}
