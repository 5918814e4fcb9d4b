//! Bounded admission: what has been let in, what the writer takes next, and whether anybody is let in at all.

use std::collections::VecDeque;
use std::sync::atomic::Ordering;
use std::sync::mpsc::Sender;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::journal::Attachment;
use crate::stats::Counters;
use crate::ticket::Completion;
use crate::{AppendError, DegradedReason, Options, RecordNumber, RetentionError};

/// A group stops waiting for company when nobody has come for this long.
const QUIET: Duration = Duration::from_micros(200);

/// An admitted record.
pub(crate) struct Pending {
    pub payload: Vec<u8>,
    pub attachment: Option<Attachment>,
    pub completion: Completion,
}

/// Deleting runs on the writer thread: it alone changes the folder.
pub(crate) enum Command {
    DeleteApplied {
        up_to: RecordNumber,
        keep_for: Duration,
        reply: Sender<Result<usize, RetentionError>>,
    },
    DeleteAllBefore {
        number: RecordNumber,
        reply: Sender<Result<usize, RetentionError>>,
    },
}

/// What the writer does next.
pub(crate) enum Work {
    Group(Vec<Pending>),
    Command(Command),
    /// Nothing happened for a while.
    Idle,
    Close,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    Running,
    Degraded(DegradedReason),
    ConsumerFailed,
}

struct Inner {
    pending: VecDeque<Pending>,
    pending_bytes: usize,
    /// Including what the writer and the consumer are busy with.
    admitted_records: usize,
    admitted_bytes: usize,
    commands: VecDeque<Command>,
    state: State,
    closing: bool,
    /// The writer sleeps until so many records are there.
    wake_at_records: usize,
}

/// Shared by callers, writer and apply thread.
pub(crate) struct Queue {
    inner: Mutex<Inner>,
    wake_writer: Condvar,
    pub counters: Counters,
    max_records: usize,
    max_bytes: usize,
    max_record_bytes: usize,
    group_bytes: usize,
    max_group_bytes: usize,
    group_wait: Duration,
}

impl Queue {
    pub(crate) fn new(options: &Options, state: State) -> Queue {
        Queue {
            inner: Mutex::new(Inner {
                pending: VecDeque::new(),
                pending_bytes: 0,
                admitted_records: 0,
                admitted_bytes: 0,
                commands: VecDeque::new(),
                state,
                closing: false,
                wake_at_records: 1,
            }),
            wake_writer: Condvar::new(),
            counters: Counters::default(),
            max_records: options.max_queued_records,
            max_bytes: options.max_queued_bytes,
            // The length field of a record has 32 bits.
            max_record_bytes: options.max_record_bytes.min(u32::MAX as usize),
            group_bytes: options.group_bytes,
            max_group_bytes: options.max_group_bytes,
            group_wait: options.group_wait,
        }
    }

    /// No code of callers runs under this lock, so a poisoned one holds consistent data.
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets a record in, or says at once why not.
    pub(crate) fn admit(&self, pending: Pending) -> Result<(), (AppendError, Pending)> {
        let mut inner = self.lock();
        if let Err(error) = self.check(&inner, pending.payload.len()) {
            drop(inner);
            return Err((error, pending));
        }
        inner.admitted_records += 1;
        inner.admitted_bytes += pending.payload.len();
        inner.pending_bytes += pending.payload.len();
        inner.pending.push_back(pending);
        let wake =
            inner.pending.len() >= inner.wake_at_records || inner.pending_bytes >= self.group_bytes;
        drop(inner);
        if wake {
            self.wake_writer.notify_one();
        }
        Ok(())
    }

    fn check(&self, inner: &Inner, bytes: usize) -> Result<(), AppendError> {
        let counters = &self.counters;
        if inner.closing {
            return Err(AppendError::Closed);
        }
        if bytes > self.max_record_bytes {
            counters.refused_too_large.fetch_add(1, Ordering::Relaxed);
            return Err(AppendError::TooLarge {
                bytes,
                limit_bytes: self.max_record_bytes,
            });
        }
        match inner.state {
            State::Running => {}
            State::Degraded(reason) => {
                counters.refused_degraded.fetch_add(1, Ordering::Relaxed);
                return Err(AppendError::Degraded(reason));
            }
            State::ConsumerFailed => return Err(AppendError::ConsumerFailed),
        }
        // An empty queue takes any record that is not too large: a small limit must not mean "never".
        let is_full = inner.admitted_records >= self.max_records
            || (inner.admitted_records > 0
                && inner.admitted_bytes.saturating_add(bytes) > self.max_bytes);
        if is_full {
            counters.refused_full.fetch_add(1, Ordering::Relaxed);
            return Err(AppendError::Full {
                queued_records: inner.admitted_records,
                queued_bytes: inner.admitted_bytes,
            });
        }
        Ok(())
    }

    /// Makes room again once records are answered.
    pub(crate) fn release(&self, records: usize, bytes: usize) {
        let mut inner = self.lock();
        inner.admitted_records = inner.admitted_records.saturating_sub(records);
        inner.admitted_bytes = inner.admitted_bytes.saturating_sub(bytes);
    }

    pub(crate) fn send(&self, command: Command) -> Result<(), RetentionError> {
        let mut inner = self.lock();
        if inner.closing {
            return Err(RetentionError::Closed);
        }
        inner.commands.push_back(command);
        drop(inner);
        self.wake_writer.notify_one();
        Ok(())
    }

    pub(crate) fn close(&self) {
        self.lock().closing = true;
        self.wake_writer.notify_one();
    }

    pub(crate) fn state(&self) -> State {
        self.lock().state
    }

    /// Admitted and not yet answered: records, bytes.
    pub(crate) fn admitted(&self) -> (usize, usize) {
        let inner = self.lock();
        (inner.admitted_records, inner.admitted_bytes)
    }

    /// A failed consumer stays failed.
    pub(crate) fn set_state(&self, state: State) {
        let mut inner = self.lock();
        if inner.state != State::ConsumerFailed {
            inner.state = state;
        }
    }

    /// Refuses what waits, for the reason that the state gives.
    pub(crate) fn refuse_pending(&self) {
        let mut inner = self.lock();
        let error = match inner.state {
            State::Running => return,
            State::Degraded(reason) => AppendError::Degraded(reason),
            State::ConsumerFailed => AppendError::ConsumerFailed,
        };
        let refused = std::mem::take(&mut inner.pending);
        inner.pending_bytes = 0;
        drop(inner);
        self.counters
            .refused_degraded
            .fetch_add(refused.len() as u64, Ordering::Relaxed);
        self.release(
            refused.len(),
            refused.iter().map(|pending| pending.payload.len()).sum(),
        );
        for pending in refused {
            pending.completion.complete(Err(error.clone()));
        }
    }

    /// Waits for something to do, at most `patience`. `company` is the size of the last group: see `gather`.
    pub(crate) fn next_work(&self, company: usize, patience: Option<Duration>) -> Work {
        let mut inner = self.lock();
        loop {
            if let Some(command) = inner.commands.pop_front() {
                return Work::Command(command);
            }
            if !inner.pending.is_empty() {
                let mut inner = self.gather(inner, company);
                return Work::Group(self.take_group(&mut inner));
            }
            if inner.closing {
                return Work::Close;
            }
            inner.wake_at_records = 1;
            match patience {
                None => {
                    inner = self
                        .wake_writer
                        .wait(inner)
                        .unwrap_or_else(PoisonError::into_inner)
                }
                Some(patience) => {
                    let (woken, timeout) = self
                        .wake_writer
                        .wait_timeout(inner, patience)
                        .unwrap_or_else(PoisonError::into_inner);
                    inner = woken;
                    if timeout.timed_out()
                        && inner.pending.is_empty()
                        && inner.commands.is_empty()
                        && !inner.closing
                    {
                        return Work::Idle;
                    }
                }
            }
        }
    }

    /// Waits for as many records as came last time, as clients that were answered together ask again together. A lone
    /// client is not kept waiting at all, and nobody once the stream dries up.
    ///
    /// Without this, 64 waiting clients split into two halves that take turns: with a sync of 4 ms, 7,300 appends a second at
    /// 8.7 ms each instead of 11,600 at 5.5 ms.
    fn gather<'a>(
        &'a self,
        mut inner: MutexGuard<'a, Inner>,
        company: usize,
    ) -> MutexGuard<'a, Inner> {
        let deadline = Instant::now() + self.group_wait;
        inner.wake_at_records = company;
        loop {
            let is_enough =
                inner.pending.len() >= company || inner.pending_bytes >= self.group_bytes;
            let left = deadline.saturating_duration_since(Instant::now());
            if is_enough || left.is_zero() || inner.closing || !inner.commands.is_empty() {
                return inner;
            }
            let before = inner.pending.len();
            let (woken, timeout) = self
                .wake_writer
                .wait_timeout(inner, left.min(QUIET))
                .unwrap_or_else(PoisonError::into_inner);
            inner = woken;
            if timeout.timed_out() && inner.pending.len() == before {
                return inner;
            }
        }
    }

    fn take_group(&self, inner: &mut Inner) -> Vec<Pending> {
        let mut bytes = 0;
        let fits = |pending: &&Pending| {
            bytes += pending.payload.len();
            bytes <= self.max_group_bytes
        };
        let count = inner.pending.iter().take_while(fits).count().max(1);
        let group: Vec<Pending> = inner.pending.drain(..count).collect();
        let group_bytes: usize = group.iter().map(|pending| pending.payload.len()).sum();
        inner.pending_bytes = inner.pending_bytes.saturating_sub(group_bytes);
        group
    }
}
