//! The writer without its threads: numbers, times, batches. Tests drive it call by call.

use std::io;
use std::time::Duration;

use crate::chain::{Chain, Commit, Stamped};
use crate::{Clock, Durability, Options, RecordNumber};

pub(crate) struct Engine {
    pub chain: Chain,
    clock: Clock,
    durability: Durability,
    next_number: RecordNumber,
    last_received_at_us: i64,
    /// At durability `none`: acknowledged, not yet written.
    unwritten: Vec<Stamped>,
    unwritten_bytes: usize,
    lazy_bytes: usize,
}

impl Engine {
    pub(crate) fn new(
        chain: Chain,
        options: &Options,
        next_number: RecordNumber,
        last_received_at_us: i64,
    ) -> Engine {
        Engine {
            chain,
            clock: options.clock.clone(),
            durability: options.durability,
            next_number,
            last_received_at_us,
            unwritten: Vec::new(),
            unwritten_bytes: 0,
            lazy_bytes: options.group_bytes,
        }
    }

    /// The clock, held back where it would run backwards.
    fn now_us(&self) -> i64 {
        (self.clock)().max(self.last_received_at_us)
    }

    /// Gives numbers and a time. They are final only once `commit` succeeds: a failed batch's numbers are given again.
    pub(crate) fn stamp(&self, payloads: impl IntoIterator<Item = Vec<u8>>) -> Vec<Stamped> {
        let received_at_us = self.now_us();
        let numbers = self.next_number..;
        payloads
            .into_iter()
            .zip(numbers)
            .map(|(payload, number)| Stamped {
                number,
                received_at_us,
                payload,
            })
            .collect()
    }

    /// Makes a batch as durable as the level demands.
    pub(crate) fn commit(&mut self, batch: &[Stamped]) -> io::Result<Commit> {
        let commit = if self.durability == Durability::None {
            self.keep(batch)
        } else {
            self.chain.commit(batch)?
        };
        if let Some(last) = batch.last() {
            self.next_number = last.number + 1;
            self.last_received_at_us = last.received_at_us;
        }
        Ok(commit)
    }

    fn keep(&mut self, batch: &[Stamped]) -> Commit {
        self.unwritten_bytes += batch
            .iter()
            .map(|record| record.payload.len())
            .sum::<usize>();
        self.unwritten.extend_from_slice(batch);
        Commit::default()
    }

    /// Is it time to write what durability `none` left in memory?
    pub(crate) fn wants_lazy_write(&self) -> bool {
        self.unwritten_bytes >= self.lazy_bytes
    }

    pub(crate) fn has_unwritten(&self) -> bool {
        !self.unwritten.is_empty()
    }

    /// Writes what durability `none` left in memory. On failure it stays there.
    pub(crate) fn write_lazily(&mut self) -> io::Result<Commit> {
        let commit = self.chain.commit(&self.unwritten)?;
        self.unwritten.clear();
        self.unwritten_bytes = 0;
        Ok(commit)
    }

    pub(crate) fn recover(&mut self) -> io::Result<()> {
        self.chain.recover(self.first_unwritten(), self.now_us())
    }

    /// Writes and syncs whatever is left.
    pub(crate) fn finish(&mut self) -> io::Result<()> {
        self.write_lazily()?;
        self.chain.sync_pending()
    }

    /// Deletes whole files whose records are all at or below `up_to` and older than `keep_for`.
    pub(crate) fn delete_applied(
        &mut self,
        up_to: RecordNumber,
        keep_for: Duration,
    ) -> io::Result<usize> {
        let keep_for_us = i64::try_from(keep_for.as_micros()).unwrap_or(i64::MAX);
        let newest_us = self.now_us().saturating_sub(keep_for_us);
        self.chain.delete_files(|file| {
            file.last_number <= up_to && file.newest_at_us.is_some_and(|at| at < newest_us)
        })
    }

    /// Deletes whole files whose records are all below `number`, whatever their age. If the current file holds such
    /// records only, it is ended first.
    pub(crate) fn delete_all_before(&mut self, number: RecordNumber) -> io::Result<usize> {
        self.write_lazily()?;
        let next_file = if self.next_number <= number {
            self.chain.start_next_file(self.next_number, self.now_us())
        } else {
            Ok(())
        };
        // A full disk prevents the new file, and is just when the old ones must be deletable.
        let deleted = self.chain.delete_files(|file| file.last_number < number)?;
        next_file.map(|()| deleted)
    }

    fn first_unwritten(&self) -> RecordNumber {
        self.unwritten
            .first()
            .map_or(self.next_number, |record| record.number)
    }
}
