//! The chain of journal files: which one is written, and what happens when it fails.
//!
//! After a failed write or sync, nobody knows what of it reached the disk, and a second `fsync` that succeeds proves
//! nothing (the kernel has already forgotten the lost pages). So the file is never touched again: its records end where
//! they ended before the failure, the next file's header says so, and the batch is written there once more.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::io;
use std::sync::Arc;

use crate::disk::write_all;
use crate::format::{FileHeader, FileId, Previous, encode_record};
use crate::replay::{FileMeta, Tail};
use crate::{DegradedReason, Disk, DiskFile, Durability, Options, RecordNumber};

/// Holds disk space back; deleted when the disk is full.
pub(crate) const RESERVE_FILE: &str = "reserve.bin";

/// A record with its number and time, not yet written.
#[derive(Debug, Clone)]
pub(crate) struct Stamped {
    pub number: RecordNumber,
    pub received_at_us: i64,
    pub payload: Vec<u8>,
}

/// A new file bears this name until its first content is durable.
const UNBORN_FILE: &str = "journal.new";

/// The file being written.
struct Current {
    handle: Box<dyn DiskFile>,
    header: FileHeader,
    /// Everything before this offset is acknowledged.
    valid_bytes: u64,
    last_number: RecordNumber,
    last_received_at_us: i64,
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
}

pub(crate) struct Chain {
    disk: Arc<dyn Disk>,
    options: Options,
    current: Option<Current>,
    /// Where the acknowledged records end, for the next file's header.
    previous: Option<Previous>,
    /// Replayed, but perhaps not durable; see `Tail::unsettled`.
    unsettled: Vec<Stamped>,
    /// Files no longer written, oldest first.
    sealed: Vec<FileMeta>,
    /// Files without an acknowledged record that could not be removed yet.
    abandoned: Vec<String>,
    /// Records were acknowledged that are written, not synced: at the weaker durability levels.
    is_unsynced: bool,
    /// Names found at the start may not be durable yet.
    names_unsynced: bool,
    reserve_present: bool,
    buffer: Vec<u8>,
    pub(crate) synced_count: u64,
    pub(crate) written_bytes: u64,
}

impl Chain {
    pub(crate) fn new(disk: Arc<dyn Disk>, options: Options, tail: Tail) -> Chain {
        let mut sealed = tail.files;
        // Stable: files with the same last record keep the order of their headers.
        sealed.sort_by_key(|file| file.last_number);
        // The weaker levels promise nothing about power cuts, so there is nothing to settle.
        let is_synced = options.durability == Durability::Power;
        Chain {
            disk,
            current: None,
            previous: if is_synced { tail.previous } else { tail.end },
            unsettled: if is_synced {
                tail.unsettled
            } else {
                Vec::new()
            },
            sealed,
            abandoned: Vec::new(),
            is_unsynced: false,
            names_unsynced: true,
            reserve_present: false,
            buffer: Vec::new(),
            synced_count: 0,
            written_bytes: 0,
            options,
        }
    }

    fn is_synced(&self) -> bool {
        self.options.durability == Durability::Power
    }

    /// Makes a journal that was just opened fit for records. It may fail: `recover` tries again.
    pub(crate) fn prepare(&mut self) -> io::Result<()> {
        // It may hold records that were never acknowledged, and it takes up space.
        let _ = self.disk.remove(UNBORN_FILE);
        self.ensure_reserve()?;
        self.check_free_space()?;
        self.settle()
    }

    /// Makes durable what was replayed.
    fn settle(&mut self) -> io::Result<()> {
        if self.names_unsynced && self.is_synced() {
            self.disk.sync_directory()?;
        }
        self.names_unsynced = false;
        let unsettled = std::mem::take(&mut self.unsettled);
        let result = self.append(&unsettled);
        if result.is_err() {
            self.abandon_current();
            self.unsettled = unsettled;
        }
        result
    }

    /// Writes a batch as the durability level demands; afterwards it may be acknowledged. A failure is met with one more try
    /// in a new file. When that fails too, nothing of the batch is acknowledged.
    pub(crate) fn commit(&mut self, batch: &[Stamped]) -> io::Result<Commit> {
        self.settle()?;
        let first_error = match self.append(batch) {
            Ok(()) => return Ok(Commit::default()),
            Err(error) => error,
        };
        self.abandon_current();
        let disk_full = is_disk_full(&first_error);
        if disk_full {
            self.release_reserve();
        }
        match self.append(batch) {
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

    /// Appends to the current file, or to a new one if there is none or it is full.
    fn append(&mut self, batch: &[Stamped]) -> io::Result<()> {
        let (Some(first), Some(last)) = (batch.first(), batch.last()) else {
            return Ok(());
        };
        // Within a file numbers have no gaps, whatever `Options::applied` skips.
        let fits = |current: &Current| {
            current.valid_bytes < self.options.file_bytes && current.last_number + 1 == first.number
        };
        if self.current.as_ref().is_some_and(|current| !fits(current)) {
            self.seal_current()?;
        }
        match self.current.take() {
            Some(mut current) => {
                let result = self.append_to(&mut current, batch);
                self.current = Some(current);
                result?;
            }
            None => {
                self.current = Some(self.create_file(first.number, first.received_at_us, batch)?)
            }
        }
        self.note_end(last.number, last.received_at_us);
        Ok(())
    }

    /// What was written so far may be acknowledged.
    fn note_end(&mut self, last_number: RecordNumber, last_received_at_us: i64) {
        if let Some(current) = &mut self.current {
            current.last_number = last_number;
            current.last_received_at_us = last_received_at_us;
            let (id, valid_bytes) = (current.header.id, current.valid_bytes);
            self.previous = Some(Previous {
                id,
                last_number,
                valid_bytes,
                last_received_at_us,
            });
        }
    }

    fn append_to(&mut self, current: &mut Current, batch: &[Stamped]) -> io::Result<()> {
        let mut buffer = std::mem::take(&mut self.buffer);
        self.encode(&mut buffer, &current.header, batch);
        write_all(&mut *current.handle, current.valid_bytes, &buffer)?;
        if self.is_synced() {
            self.sync(&mut *current.handle)?;
        } else {
            self.is_unsynced = true;
        }
        current.valid_bytes += buffer.len() as u64;
        self.written_bytes += buffer.len() as u64;
        // One bulk request must not pin its memory for ever.
        if buffer.capacity() <= 2 * self.options.max_group_bytes {
            buffer.clear();
            self.buffer = buffer;
        }
        Ok(())
    }

    fn encode(&self, buffer: &mut Vec<u8>, header: &FileHeader, batch: &[Stamped]) {
        let acknowledged = self.previous.map_or(0, |previous| previous.last_number);
        let durable_through = self.is_synced().then_some(acknowledged);
        for record in batch {
            let Stamped {
                number,
                received_at_us,
                payload,
            } = record;
            encode_record(
                buffer,
                header.salt,
                *number,
                *received_at_us,
                durable_through,
                payload,
            );
        }
    }

    fn sync(&mut self, handle: &mut dyn DiskFile) -> io::Result<()> {
        self.synced_count += 1;
        handle.sync_data()
    }

    /// A new file with its first batch, as durable as the level demands. It gets its name at one stroke when its content is
    /// complete: from then on it replaces whatever earlier files hold from `first` on.
    fn create_file(
        &mut self,
        first: RecordNumber,
        created_at_us: i64,
        batch: &[Stamped],
    ) -> io::Result<Current> {
        let id = self.unused_id(first)?;
        let last_number = batch.last().map_or(first - 1, |last| last.number);
        let header = FileHeader {
            id,
            salt: random_salt(),
            created_at_us,
            durable_through: if self.is_synced() { last_number } else { 0 },
            previous: self.previous,
        };
        let mut buffer = header.encode().to_vec();
        self.encode(&mut buffer, &header, batch);
        let mut handle = self.create_unborn()?;
        write_all(&mut *handle, 0, &buffer)?;
        if self.is_synced() {
            self.sync(&mut *handle)?;
        }
        self.disk.rename(UNBORN_FILE, &id.name())?;
        if !self.is_synced() {
            self.is_unsynced = true;
        } else if let Err(error) = self.disk.sync_directory() {
            self.abandon(id.name());
            return Err(error);
        }
        self.written_bytes += buffer.len() as u64;
        let last_received_at_us = self
            .previous
            .map_or(i64::MIN, |previous| previous.last_received_at_us);
        Ok(Current {
            handle,
            header,
            valid_bytes: buffer.len() as u64,
            last_number,
            last_received_at_us,
        })
    }

    fn create_unborn(&self) -> io::Result<Box<dyn DiskFile>> {
        match self.disk.create(UNBORN_FILE) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                self.disk.remove(UNBORN_FILE)?;
                self.disk.create(UNBORN_FILE)
            }
            other => other,
        }
    }

    /// Files with the same first record are ordered by their attempts, so a later file needs a higher one, also where a
    /// lower one has become free again.
    fn unused_id(&self, first: RecordNumber) -> io::Result<FileId> {
        // Far more than starts and failures can leave behind; ends the search on a disk that always says "exists".
        const MAX_TRIES: u32 = 10_000;
        let lowest = match &self.previous {
            Some(previous) if previous.id.first == first => previous.id.attempt.saturating_add(1),
            _ => 0,
        };
        for attempt in lowest..lowest.saturating_add(MAX_TRIES) {
            let id = FileId { first, attempt };
            match self.disk.length_bytes(&id.name()) {
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(id),
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
        Ok(())
    }

    /// Syncs what was only written so far.
    pub(crate) fn sync_pending(&mut self) -> io::Result<()> {
        if !self.is_unsynced {
            return Ok(());
        }
        if let Some(mut current) = self.current.take() {
            let result = self.sync(&mut *current.handle);
            self.current = Some(current);
            result?;
            self.disk.sync_directory()?;
        }
        self.is_unsynced = false;
        Ok(())
    }

    /// Never writes to the current file again.
    fn abandon_current(&mut self) {
        if let Some(current) = self.current.take() {
            self.sealed.push(current.meta());
        }
    }

    /// Removes a file without an acknowledged record, now or later.
    fn abandon(&mut self, name: String) {
        if self.disk.remove(&name).is_err() {
            self.abandoned.push(name);
        }
    }

    /// Tries to become fit for records again: returns an error while the disk is not.
    pub(crate) fn recover(&mut self, next_number: RecordNumber, now_us: i64) -> io::Result<()> {
        self.remove_abandoned()?;
        self.ensure_reserve()?;
        self.check_free_space()?;
        self.settle()?;
        if self.current.is_none() {
            self.start_file(next_number, now_us)?;
        }
        Ok(())
    }

    /// Without this, a disk on which files can be created but not kept would fill up with them.
    fn remove_abandoned(&mut self) -> io::Result<()> {
        while let Some(name) = self.abandoned.last() {
            match self.disk.remove(name) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => self.abandoned.pop(),
            };
        }
        Ok(())
    }

    /// Opens a file that holds nothing but its header.
    fn start_file(&mut self, first: RecordNumber, now_us: i64) -> io::Result<()> {
        let current = self.create_file(first, now_us, &[])?;
        let last_received_at_us = current.last_received_at_us;
        self.current = Some(current);
        self.note_end(first - 1, last_received_at_us);
        Ok(())
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

    /// Makes sure that every record so far lies in a file that may be deleted.
    pub(crate) fn start_next_file(
        &mut self,
        next_number: RecordNumber,
        now_us: i64,
    ) -> io::Result<()> {
        self.settle()?;
        let has_fresh_file = self
            .current
            .as_ref()
            .is_some_and(|current| current.last_number < current.header.id.first);
        if has_fresh_file || (self.current.is_none() && self.sealed.is_empty()) {
            return Ok(());
        }
        self.seal_current()?;
        self.start_file(next_number, now_us)
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

pub(crate) fn degraded_reason(error: &io::Error) -> DegradedReason {
    if is_disk_full(error) {
        DegradedReason::DiskFull
    } else {
        DegradedReason::DiskFailed
    }
}

/// Unpredictable enough for strangers: the standard library seeds its hashers from the operating system.
fn random_salt() -> u32 {
    RandomState::new().build_hasher().finish() as u32
}
