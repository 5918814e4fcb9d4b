//! The chain of journal files: which one is written, and what happens when it fails.
//!
//! After a failed write or sync, nobody knows what of it reached the disk, and a second `fsync` that succeeds proves
//! nothing (the kernel has already forgotten the lost pages). So the file is never touched again: its records end where
//! they ended before the failure, the next file's header says so, and the batch is written there once more.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::io;
use std::sync::Arc;

use crate::disk::write_all;
use crate::format::{FileHeader, FileId, HEADER_BYTES, Previous, encode_record};
use crate::replay::{FileMeta, Tail};
use crate::{Disk, DiskFile, Durability, Options, RecordNumber};

/// Holds disk space back; deleted when the disk is full.
pub(crate) const RESERVE_FILE: &str = "reserve.bin";

/// A record with its number and time, not yet written.
#[derive(Debug, Clone)]
pub(crate) struct Stamped {
    pub number: RecordNumber,
    pub received_at_us: i64,
    pub payload: Vec<u8>,
}

/// The file being written.
struct Current {
    handle: Box<dyn DiskFile>,
    header: FileHeader,
    /// Everything before this offset is acknowledged.
    valid_bytes: u64,
    last_number: RecordNumber,
    last_received_at_us: i64,
    /// Is the file's name durable?
    name_synced: bool,
}

impl Current {
    fn meta(&self) -> FileMeta {
        FileMeta {
            name: self.header.id.name(),
            last_number: self.last_number,
            newest_at_us: Some(self.last_received_at_us.max(self.header.created_at_us)),
            bytes: self.valid_bytes,
        }
    }

    fn is_empty(&self) -> bool {
        self.valid_bytes == 0
    }
}

pub(crate) struct Chain {
    disk: Arc<dyn Disk>,
    options: Options,
    current: Option<Current>,
    /// Where the acknowledged records end, for the next file's header.
    previous: Option<Previous>,
    /// Files no longer written, oldest first.
    sealed: Vec<FileMeta>,
    /// Files without an acknowledged record that could not be removed yet.
    abandoned: Vec<String>,
    next_attempt: u32,
    /// All records up to this number are known to be durable.
    durable_through: RecordNumber,
    /// Records that were acknowledged only by being written; a sync of the file covers them.
    unsynced: bool,
    reserve_present: bool,
    buffer: Vec<u8>,
    pub(crate) synced_count: u64,
    pub(crate) written_bytes: u64,
}

impl Chain {
    pub(crate) fn new(
        disk: Arc<dyn Disk>,
        options: Options,
        tail: &Tail,
        tail_is_durable: bool,
    ) -> Chain {
        let mut sealed = tail.files.clone();
        // Stable: files with the same last record keep the order of their headers.
        sealed.sort_by_key(|file| file.last_number);
        Chain {
            disk,
            options,
            current: None,
            previous: tail.previous,
            sealed,
            abandoned: Vec::new(),
            next_attempt: 0,
            durable_through: if tail_is_durable {
                tail.next_number - 1
            } else {
                0
            },
            unsynced: false,
            reserve_present: false,
            buffer: Vec::new(),
            synced_count: 0,
            written_bytes: 0,
        }
    }

    /// Writes a batch as the durability level demands; afterwards it may be acknowledged. A failure is met with one more try
    /// in a new file. When that fails too, nothing of the batch is acknowledged.
    pub(crate) fn commit(&mut self, batch: &[Stamped]) -> io::Result<Commit> {
        let first_error = match self.try_commit(batch) {
            Ok(()) => return Ok(Commit::default()),
            Err(error) => error,
        };
        self.abandon_current();
        let disk_full = is_disk_full(&first_error);
        if disk_full {
            self.release_reserve();
        }
        match self.try_commit(batch) {
            Ok(()) => Ok(Commit {
                rewritten: true,
                disk_full,
            }),
            Err(error) => {
                self.abandon_current();
                // Whatever the second error was, a full disk is what the operator must hear of.
                Err(if disk_full { first_error } else { error })
            }
        }
    }

    fn try_commit(&mut self, batch: &[Stamped]) -> io::Result<()> {
        let (Some(first), Some(last)) = (batch.first(), batch.last()) else {
            return Ok(());
        };
        if self
            .current
            .as_ref()
            .is_some_and(|current| current.valid_bytes >= self.options.file_bytes)
        {
            self.seal_current()?;
        }
        let mut current = match self.current.take() {
            Some(current) => current,
            None => self.create_file(first.number, first.received_at_us)?,
        };
        let result = self.write_batch(&mut current, batch);
        if result.is_ok() {
            current.last_number = last.number;
            current.last_received_at_us = last.received_at_us;
            self.previous = Some(Previous {
                id: current.header.id,
                last_number: last.number,
                valid_bytes: current.valid_bytes,
                last_received_at_us: last.received_at_us,
            });
            self.next_attempt = 0;
        }
        self.current = Some(current);
        result
    }

    fn write_batch(&mut self, current: &mut Current, batch: &[Stamped]) -> io::Result<()> {
        self.buffer.clear();
        if current.is_empty() {
            self.buffer.extend_from_slice(&current.header.encode());
        }
        let is_synced = self.options.durability == Durability::Power;
        let durable_through = is_synced.then_some(self.durable_through);
        for record in batch {
            let Stamped {
                number,
                received_at_us,
                payload,
            } = record;
            encode_record(
                &mut self.buffer,
                current.header.salt,
                *number,
                *received_at_us,
                durable_through,
                payload,
            );
        }
        write_all(&mut *current.handle, current.valid_bytes, &self.buffer)?;
        if is_synced {
            self.sync(current)?;
            self.durable_through = batch
                .last()
                .map_or(self.durable_through, |last| last.number);
        } else {
            self.unsynced = true;
        }
        current.valid_bytes += self.buffer.len() as u64;
        self.written_bytes += self.buffer.len() as u64;
        // One bulk request must not pin its memory for ever.
        if self.buffer.capacity() > 2 * self.options.max_group_bytes {
            self.buffer = Vec::new();
        }
        Ok(())
    }

    fn sync(&mut self, current: &mut Current) -> io::Result<()> {
        current.handle.sync_data()?;
        self.synced_count += 1;
        if !current.name_synced {
            self.disk.sync_directory()?;
            current.name_synced = true;
        }
        Ok(())
    }

    /// A new file; nothing is written to it yet.
    fn create_file(&mut self, first: RecordNumber, created_at_us: i64) -> io::Result<Current> {
        // Far more than one start or failure can leave behind; ends the search on a disk that always says "exists".
        const MAX_ATTEMPTS: u32 = 100_000;
        while self.next_attempt < MAX_ATTEMPTS {
            let id = FileId {
                first,
                attempt: self.next_attempt,
            };
            self.next_attempt += 1;
            match self.disk.create(&id.name()) {
                Ok(handle) => {
                    let header = FileHeader {
                        id,
                        salt: random_salt(),
                        created_at_us,
                        previous: self.previous,
                    };
                    return Ok(Current {
                        handle,
                        header,
                        valid_bytes: 0,
                        last_number: first - 1,
                        last_received_at_us: self
                            .previous
                            .map_or(i64::MIN, |previous| previous.last_received_at_us),
                        name_synced: false,
                    });
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
        Err(io::ErrorKind::AlreadyExists.into())
    }

    /// Ends a healthy file. At the weaker durability levels this is where its records are synced after all.
    fn seal_current(&mut self) -> io::Result<()> {
        self.sync_pending()?;
        if let Some(current) = self.current.take() {
            self.sealed.push(current.meta());
        }
        self.next_attempt = 0;
        Ok(())
    }

    /// Syncs what was only written so far.
    pub(crate) fn sync_pending(&mut self) -> io::Result<()> {
        if let Some(mut current) = self.current.take() {
            let result = if self.unsynced {
                self.sync(&mut current)
            } else {
                Ok(())
            };
            self.current = Some(current);
            result?;
        }
        self.unsynced = false;
        Ok(())
    }

    /// Never writes to the current file again. Without an acknowledged record it is removed, as nothing refers to it.
    fn abandon_current(&mut self) {
        let Some(current) = self.current.take() else {
            return;
        };
        let name = current.header.id.name();
        let holds_records = !current.is_empty();
        let meta = current.meta();
        drop(current.handle);
        if holds_records {
            self.sealed.push(meta);
        } else if self.disk.remove(&name).is_err() {
            self.abandoned.push(name);
        }
    }

    /// Tries to become fit for records again: returns an error while the disk is not.
    pub(crate) fn recover(&mut self, next_number: RecordNumber, now_us: i64) -> io::Result<()> {
        self.remove_abandoned()?;
        self.ensure_reserve()?;
        self.check_free_space()?;
        if self.current.is_none() {
            self.start_file(next_number, now_us)?;
        }
        Ok(())
    }

    /// Without this, a disk on which files can be created but not written would be filled with empty files.
    fn remove_abandoned(&mut self) -> io::Result<()> {
        while let Some(name) = self.abandoned.last() {
            match self.disk.remove(name) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => self.abandoned.pop(),
            };
        }
        Ok(())
    }

    /// Opens a file that durably holds nothing but its header.
    fn start_file(&mut self, first: RecordNumber, now_us: i64) -> io::Result<()> {
        let mut current = self.create_file(first, now_us)?;
        let result = write_all(&mut *current.handle, 0, &current.header.encode())
            .and_then(|()| self.sync(&mut current));
        if result.is_ok() {
            current.valid_bytes = HEADER_BYTES as u64;
            self.previous = Some(Previous {
                id: current.header.id,
                last_number: first - 1,
                valid_bytes: current.valid_bytes,
                last_received_at_us: current.last_received_at_us,
            });
            self.next_attempt = 0;
        }
        self.current = Some(current);
        if result.is_err() {
            self.abandon_current();
        }
        result
    }

    /// An error if the file system has less free space than configured.
    pub(crate) fn check_free_space(&self) -> io::Result<()> {
        if self.options.min_free_bytes > 0
            && self.disk.free_space_bytes()? < self.options.min_free_bytes
        {
            return Err(io::ErrorKind::StorageFull.into());
        }
        Ok(())
    }

    /// Makes sure that the reserve is there.
    pub(crate) fn ensure_reserve(&mut self) -> io::Result<()> {
        if self.reserve_present || self.options.reserve_bytes == 0 {
            return Ok(());
        }
        let result = self.create_reserve();
        if result.is_err() {
            // Half a reserve would only take away space.
            let _ = self.disk.remove(RESERVE_FILE);
        }
        self.reserve_present = result.is_ok();
        result
    }

    fn create_reserve(&mut self) -> io::Result<()> {
        match self.disk.length_bytes(RESERVE_FILE) {
            Ok(length) if length == self.options.reserve_bytes => return Ok(()),
            Ok(_) => self.disk.remove(RESERVE_FILE)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        let mut file = self.disk.create(RESERVE_FILE)?;
        file.allocate(self.options.reserve_bytes)?;
        file.sync_data()
    }

    /// Gives the reserve back to the file system.
    pub(crate) fn release_reserve(&mut self) {
        if self.options.reserve_bytes > 0 {
            let _ = self.disk.remove(RESERVE_FILE);
            self.reserve_present = false;
        }
    }

    /// Deletes sealed files, oldest first, while `may_go` says so. The last file always stays: it knows the next number.
    pub(crate) fn delete_files(&mut self, may_go: impl Fn(&FileMeta) -> bool) -> io::Result<usize> {
        let keep_last = usize::from(self.current.is_none());
        let mut deleted = 0;
        // They may hold records that were refused: an erasure must reach those as well.
        let mut result = self.remove_abandoned();
        while self.sealed.len() > keep_last && may_go(&self.sealed[0]) {
            match self.disk.remove(&self.sealed[0].name) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    result = Err(error);
                    break;
                }
                _ => {}
            }
            self.sealed.remove(0);
            deleted += 1;
        }
        if deleted > 0 {
            self.disk.sync_directory()?;
        }
        result.map(|()| deleted)
    }

    /// Ends the current file, so that every record so far lies in a file that may be deleted, and starts the next.
    pub(crate) fn start_next_file(
        &mut self,
        next_number: RecordNumber,
        now_us: i64,
    ) -> io::Result<()> {
        self.seal_current()?;
        self.start_file(next_number, now_us)
    }

    /// Has the current file a record, or is there none?
    pub(crate) fn current_holds_records(&self) -> bool {
        self.current
            .as_ref()
            .is_none_or(|current| current.last_number >= current.header.id.first)
    }

    pub(crate) fn file_count(&self) -> usize {
        self.sealed.len() + usize::from(self.current.is_some())
    }

    pub(crate) fn stored_bytes(&self) -> u64 {
        let sealed: u64 = self.sealed.iter().map(|file| file.bytes).sum();
        sealed
            + self
                .current
                .as_ref()
                .map_or(0, |current| current.valid_bytes)
    }
}

/// How a successful commit came about.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Commit {
    /// The first try failed; the records are in a new file.
    pub rewritten: bool,
    /// …because the disk is full: only the reserve made it possible.
    pub disk_full: bool,
}

pub(crate) fn is_disk_full(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded
    )
}

/// Unpredictable enough for strangers: the standard library seeds its hashers from the operating system.
fn random_salt() -> u32 {
    RandomState::new().build_hasher().finish() as u32
}
