//! The writer thread and the apply thread.

use std::any::Any;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, SyncSender};
use std::time::{Duration, Instant};

use crate::chain::{Commit, Stamped, degraded_reason, is_disk_full};
use crate::engine::Engine;
use crate::journal::{Committed, OnCommit};
use crate::queue::{Command, Pending, Queue, State, Work};
use crate::ticket::Completion;
use crate::{AppendError, Durability, Options, RetentionError};

/// A durable group on its way to the consumer.
pub(crate) struct Group {
    committed: Vec<Committed>,
    completions: Vec<Completion>,
    bytes: usize,
}

pub(crate) struct Writer {
    pub engine: Engine,
    pub queue: Arc<Queue>,
    pub apply: SyncSender<Group>,
    pub probe_every: Duration,
    pub checks_space: bool,
    pub durability: Durability,
}

impl Writer {
    pub(crate) fn new(
        engine: Engine,
        queue: Arc<Queue>,
        apply: SyncSender<Group>,
        options: &Options,
    ) -> Writer {
        Writer {
            engine,
            queue,
            apply,
            probe_every: options.probe_every,
            checks_space: options.min_free_bytes > 0,
            durability: options.durability,
        }
    }

    /// Runs until closed; the result is that of the last write and sync.
    pub(crate) fn run(mut self) -> io::Result<()> {
        let mut company = 1;
        let mut next_check = Instant::now() + self.probe_every;
        loop {
            match self.queue.next_work(company, self.patience()) {
                Work::Group(group) => {
                    company = group.len();
                    self.write(group);
                }
                Work::Command(command) => self.obey(command),
                Work::Idle => {}
                Work::Close => return self.engine.finish(),
            }
            if Instant::now() >= next_check {
                self.check();
                next_check = Instant::now() + self.probe_every;
            }
            if self.queue.state() != State::Running {
                self.queue.refuse_pending();
            }
            self.publish();
        }
    }

    /// How long the writer may sleep with nothing to do.
    fn patience(&self) -> Option<Duration> {
        let must_wake = self.checks_space
            || self.engine.has_unwritten()
            || self.queue.state() != State::Running;
        must_wake.then_some(self.probe_every)
    }

    /// Every second or so: recover from failures, look at the free space, write what was left in memory.
    fn check(&mut self) {
        match self.queue.state() {
            State::Degraded(_) => match self.engine.recover() {
                Ok(()) => self.queue.set_state(State::Running),
                Err(error) => self.degrade(&error),
            },
            State::Running => {
                // Whether the space can be *asked for* says nothing about writing: that will tell by itself.
                if let Err(error) = self.engine.chain.check_free_space()
                    && is_disk_full(&error)
                {
                    self.degrade(&error);
                }
                self.write_lazily();
            }
            State::ConsumerFailed => {}
        }
    }

    fn write(&mut self, group: Vec<Pending>) {
        if self.queue.state() == State::ConsumerFailed {
            return self.fail(
                group
                    .into_iter()
                    .map(|pending| (pending.payload.len(), pending.completion)),
                &AppendError::ConsumerFailed,
            );
        }
        let mut payloads = Vec::with_capacity(group.len());
        let mut others = Vec::with_capacity(group.len());
        for Pending {
            payload,
            attachment,
            completion,
        } in group
        {
            payloads.push(payload);
            others.push((attachment, completion));
        }
        let stamped = self.engine.stamp(payloads);
        let started = Instant::now();
        match self.engine.commit(&stamped) {
            Ok(commit) => {
                self.queue.counters.count_commit(started.elapsed());
                self.count(&commit, &stamped);
                self.publish(); // before anybody hears of it
                self.hand_over(stamped, others);
                if commit.disk_full {
                    self.degrade(&io::ErrorKind::StorageFull.into());
                }
            }
            Err(error) => {
                self.degrade(&error);
                self.queue
                    .counters
                    .failed_records
                    .fetch_add(stamped.len() as u64, Ordering::Relaxed);
                let failed = AppendError::WriteFailed {
                    kind: error.kind(),
                    detail: error.to_string().into(),
                };
                let sizes = stamped.iter().map(|record| record.payload.len());
                self.fail(
                    sizes.zip(others.into_iter().map(|(_, completion)| completion)),
                    &failed,
                );
            }
        }
        if self.engine.wants_lazy_write() {
            self.write_lazily();
        }
    }

    fn count(&self, commit: &Commit, stamped: &[Stamped]) {
        let counters = &self.queue.counters;
        counters
            .rewritten_groups
            .fetch_add(u64::from(commit.rewritten), Ordering::Relaxed);
        counters
            .durable_records
            .fetch_add(stamped.len() as u64, Ordering::Release);
        if let Some(last) = stamped.last() {
            counters.last_number.store(last.number, Ordering::Release);
        }
    }

    fn hand_over(
        &self,
        stamped: Vec<Stamped>,
        others: Vec<(Option<crate::Attachment>, Completion)>,
    ) {
        let bytes = stamped.iter().map(|record| record.payload.len()).sum();
        let mut committed = Vec::with_capacity(stamped.len());
        let mut completions = Vec::with_capacity(stamped.len());
        for (record, (attachment, completion)) in stamped.into_iter().zip(others) {
            let Stamped {
                number,
                received_at_us,
                payload,
            } = record;
            committed.push(Committed {
                number,
                received_at_us,
                payload,
                attachment,
                replayed: false,
            });
            completions.push(completion);
        }
        // The apply thread ends only after this sender is gone, so this cannot fail while it lives; if it died, dropping the
        // group answers everybody.
        let _ = self.apply.send(Group {
            committed,
            completions,
            bytes,
        });
    }

    fn fail(&self, records: impl Iterator<Item = (usize, Completion)>, error: &AppendError) {
        for (bytes, completion) in records {
            self.queue.release(1, bytes);
            completion.complete(Err(error.clone()));
        }
    }

    fn degrade(&self, error: &io::Error) {
        self.queue
            .set_state(State::Degraded(degraded_reason(error)));
        self.queue.refuse_pending();
    }

    /// At durability `none` only.
    fn write_lazily(&mut self) {
        if self.durability == Durability::None
            && let Err(error) = self.engine.write_lazily()
        {
            self.degrade(&error);
        }
    }

    fn obey(&mut self, command: Command) {
        let (result, reply) = match command {
            Command::DeleteApplied {
                up_to,
                keep_for,
                reply,
            } => (self.engine.delete_applied(up_to, keep_for), reply),
            Command::DeleteAllBefore { number, reply } => {
                (self.engine.delete_all_before(number), reply)
            }
        };
        self.publish();
        // Somebody who no longer waits for the answer needs none.
        let _ = reply.send(result.map_err(RetentionError::Io));
    }

    fn publish(&self) {
        let (counters, chain) = (&self.queue.counters, &self.engine.chain);
        counters.syncs.store(chain.synced_count, Ordering::Relaxed);
        counters
            .written_bytes
            .store(chain.written_bytes, Ordering::Relaxed);
        counters
            .file_count
            .store(chain.file_count() as u64, Ordering::Relaxed);
        counters
            .stored_bytes
            .store(chain.stored_bytes(), Ordering::Relaxed);
    }
}

/// Places groups and answers the callers, until the writer is gone.
pub(crate) fn run_apply(
    groups: &Receiver<Group>,
    queue: &Queue,
    mut on_commit: OnCommit,
) -> Result<(), ConsumerPanicked> {
    while let Ok(group) = groups.recv() {
        let records = group.completions.len();
        let bytes = group.bytes;
        if queue.state() == State::ConsumerFailed {
            queue.release(records, bytes);
            answer_failed(group.completions);
        } else {
            let numbers: Vec<_> = group.committed.iter().map(|record| record.number).collect();
            let placed = catch_unwind(AssertUnwindSafe(|| on_commit(group.committed)));
            if placed.is_ok() {
                queue
                    .counters
                    .applied_records
                    .fetch_add(records as u64, Ordering::Release);
            }
            // Before anybody hears of it: who was answered may ask again at once.
            queue.release(records, bytes);
            match placed {
                Ok(()) => answer(group.completions.into_iter().zip(numbers)),
                Err(panic) => {
                    drop(panic);
                    queue.set_state(State::ConsumerFailed);
                    answer_failed(group.completions);
                }
            }
        }
    }
    if queue.state() == State::ConsumerFailed {
        Err(ConsumerPanicked)
    } else {
        Ok(())
    }
}

/// The consumer cannot be trusted any more.
pub(crate) struct ConsumerPanicked;

fn answer(completions: impl Iterator<Item = (Completion, u64)>) {
    for (completion, number) in completions {
        guard(|| completion.complete(Ok(number)));
    }
}

fn answer_failed(completions: Vec<Completion>) {
    for completion in completions {
        guard(|| completion.complete(Err(AppendError::ConsumerFailed)));
    }
}

/// One caller's panic must not take the answers of the others with it.
fn guard(call: impl FnOnce()) {
    let outcome: Result<(), Box<dyn Any + Send>> = catch_unwind(AssertUnwindSafe(call));
    drop(outcome);
}
