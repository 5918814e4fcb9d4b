//! Reads a journal's files back, oldest record first.
//!
//! What is believed:
//! * A file's records end where a later file's header says, or before the later file's first number. What lies behind was
//!   in a batch that was written again elsewhere, or refused.
//! * In the last file, the first damage ends the journal, unless a later record proves that the damaged one had been
//!   durable: then it is rot, and reading goes on behind it.
//! * In an earlier file, damage is skipped and counted.
//! * A file whose header cannot be read is left alone: its salt is lost, so nothing in it can be checked.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::chain::Stamped;
use crate::format::{FileHeader, FileId, HEADER_BYTES, MAX_NUMBER, Previous};
use crate::scan::{End, FileScan, Scanned};
use crate::{Disk, OpenError, Options, RecordNumber};

/// More of a single file is never read into memory.
const MAX_FILE_BYTES: u64 = 1 << 30;
const READ_BYTES: usize = 1 << 20;
const SECTOR_BYTES: usize = 4096;

/// A record as it was acknowledged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    pub number: RecordNumber,
    /// When the journal received it, in microseconds since 1970; never decreases from one record to the next.
    pub received_at_us: i64,
    pub payload: Vec<u8>,
}

/// What a replay found. Everything but `records` and `torn_bytes` deserves a log line if it is not 0.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReplayReport {
    /// Records handed out.
    pub records: u64,
    /// The oldest record that the files could still hold.
    pub first_available: Option<RecordNumber>,
    /// Acknowledged records that are missing, by their numbers: damaged, or in files that are gone although they were asked for.
    pub lost_records: u64,
    /// Separate places of damage.
    pub corrupt_regions: u64,
    /// Bytes at those places.
    pub bytes_skipped: u64,
    /// Bytes after the last whole record of the last file: an append that a crash interrupted; nobody was promised them.
    pub torn_bytes: u64,
    /// Whole records whose number had been read before.
    pub duplicate_records: u64,
    /// Files whose two header copies are both damaged, and that are not empty.
    pub unreadable_files: Vec<String>,
    /// The number after the last record: where the journal goes on.
    pub stopped_at: RecordNumber,
}

/// A file on disk with a header that can be read.
#[derive(Debug, Clone)]
struct Listed {
    name: String,
    header: FileHeader,
    bytes: u64,
}

/// What retention needs to know of a file that is no longer written.
#[derive(Debug, Clone)]
pub(crate) struct FileMeta {
    pub name: String,
    pub last_number: RecordNumber,
    /// No record in it is newer; `None`: unknown.
    pub newest_at_us: Option<i64>,
    pub bytes: u64,
}

/// Where the journal goes on after a replay.
#[derive(Debug, Clone)]
pub(crate) struct Tail {
    pub last_received_at_us: i64,
    /// Where the records end that are certainly durable.
    pub previous: Option<Previous>,
    /// Where the records end.
    pub end: Option<Previous>,
    /// The records after that. After `kill -9` or a failed sync they may lie in the page cache only. They have been replayed,
    /// so they must not vanish in a later power cut: they are written again before anything new.
    pub unsettled: Vec<Stamped>,
    pub files: Vec<FileMeta>,
}

/// A record of the last file that nothing proves to be durable, and the end of the file before it.
struct Unsettled {
    stamped: Stamped,
    before: Previous,
}

/// An iterator over the records from a number on. After an error it ends.
pub struct Replay {
    disk: Arc<dyn Disk>,
    skip_unreadable: bool,
    from: RecordNumber,
    stop_before: RecordNumber,
    all: Vec<Listed>,
    unreadable: Vec<FileMeta>,
    /// Indexes into `all` of files still to be read.
    ahead: VecDeque<usize>,
    scan: Option<(usize, FileScan)>,
    expected: RecordNumber,
    last_received_at_us: i64,
    previous: Option<Previous>,
    keeps_unsettled: bool,
    unsettled: VecDeque<Unsettled>,
    report: ReplayReport,
    failed: bool,
}

impl Replay {
    /// Reads the headers of all files. Writes nothing.
    pub fn open(
        disk: Arc<dyn Disk>,
        options: &Options,
        from: RecordNumber,
    ) -> Result<Replay, OpenError> {
        let names = disk.list().map_err(|source| OpenError::Io {
            action: "list files",
            source,
        })?;
        let mut all = Vec::new();
        let mut unreadable = Vec::new();
        let mut report = ReplayReport::default();
        for name in names {
            let Some(id) = FileId::parse(&name) else {
                continue;
            };
            let (header, bytes) = read_header(&*disk, &name, options.skip_unreadable)?;
            match header {
                Some(header) => all.push(Listed {
                    name,
                    header,
                    bytes,
                }),
                None => {
                    if bytes > 0 {
                        report.unreadable_files.push(name.clone());
                    }
                    unreadable.push(FileMeta {
                        name,
                        last_number: id.first,
                        newest_at_us: None,
                        bytes,
                    });
                }
            }
        }
        all.sort_by(|a, b| (a.header.id, &a.name).cmp(&(b.header.id, &b.name)));
        report.unreadable_files.sort();
        report.first_available = all.first().map(|file| file.header.id.first);
        let from = from.max(1);
        let start = all
            .iter()
            .rposition(|file| file.header.id.first <= from)
            .unwrap_or(0);
        // If the first file begins later than asked, what should be before it is missing.
        let expected = all
            .get(start)
            .map_or(1, |file| file.header.id.first.min(from));
        Ok(Replay {
            disk,
            skip_unreadable: options.skip_unreadable,
            from,
            stop_before: MAX_NUMBER + 1,
            ahead: (start..all.len()).collect(),
            all,
            unreadable,
            scan: None,
            expected,
            last_received_at_us: i64::MIN,
            previous: None,
            keeps_unsettled: false,
            unsettled: VecDeque::new(),
            report,
            failed: false,
        })
    }

    /// Ends before this number: what a journal in use has not yet acknowledged is nobody's business.
    pub(crate) fn stop_before(mut self, number: RecordNumber) -> Replay {
        self.stop_before = number.min(self.stop_before);
        self
    }

    /// Keeps the records that `Tail::unsettled` will hold.
    pub(crate) fn keep_unsettled(mut self) -> Replay {
        self.keeps_unsettled = true;
        self
    }

    /// What has been found so far; complete once the iterator has ended.
    pub fn report(&self) -> ReplayReport {
        ReplayReport {
            stopped_at: self.expected,
            ..self.report.clone()
        }
    }

    /// Where the journal goes on. Call it after the iterator has ended.
    pub(crate) fn into_tail(self) -> Tail {
        let mut files: Vec<FileMeta> = (0..self.all.len()).map(|index| self.meta(index)).collect();
        files.extend(self.unreadable);
        Tail {
            last_received_at_us: self.last_received_at_us,
            end: self.previous,
            previous: self
                .unsettled
                .front()
                .map_or(self.previous, |first| Some(first.before)),
            unsettled: self
                .unsettled
                .into_iter()
                .map(|unsettled| unsettled.stamped)
                .collect(),
            files,
        }
    }

    fn meta(&self, index: usize) -> FileMeta {
        let file = &self.all[index];
        let next = self.all.get(index + 1);
        let (last_number, newest_at_us) = match (self.pointer_to(index), next) {
            (Some(pointer), _) => (pointer.last_number, pointer.last_received_at_us),
            (None, Some(next)) => (next.header.id.first - 1, next.header.created_at_us),
            (None, None) => (
                self.expected - 1,
                self.last_received_at_us.max(file.header.created_at_us),
            ),
        };
        FileMeta {
            name: file.name.clone(),
            last_number,
            newest_at_us: Some(newest_at_us),
            bytes: file.bytes,
        }
    }

    /// What a later file says about the end of this one.
    fn pointer_to(&self, index: usize) -> Option<&Previous> {
        let id = self.all[index].header.id;
        let pointers = self.all[index + 1..]
            .iter()
            .filter_map(|later| later.header.previous.as_ref());
        pointers
            .filter(|previous| previous.id == id)
            .min_by_key(|previous| previous.valid_bytes)
    }

    /// Opens the next file; `None` when there is none.
    fn next_file(&mut self) -> Result<Option<(usize, FileScan)>, OpenError> {
        while let Some(index) = self.ahead.pop_front() {
            let header = self.all[index].header;
            self.count_gap(&header);
            if let Some(previous) = &header.previous {
                self.last_received_at_us =
                    self.last_received_at_us.max(previous.last_received_at_us);
            }
            let next_first = self
                .all
                .get(index + 1)
                .map_or(MAX_NUMBER + 1, |next| next.header.id.first);
            let mut stop_before = next_first.min(self.stop_before);
            let mut kind = if index + 1 == self.all.len() {
                End::Open
            } else {
                End::Unknown
            };
            if let Some(pointer) = self.pointer_to(index) {
                stop_before = stop_before.min(pointer.last_number.saturating_add(1));
                kind = End::Told {
                    valid_bytes: usize::try_from(pointer.valid_bytes).unwrap_or(usize::MAX),
                };
            }
            if stop_before <= header.id.first {
                continue; // it has no record, or all were written again elsewhere
            }
            let bytes = read_file(&*self.disk, &self.all[index].name, self.skip_unreadable)?;
            let scan = FileScan::new(bytes, &header, stop_before, kind);
            return Ok(Some((index, scan)));
        }
        Ok(None)
    }

    /// Counts numbers that should have been in files before this one. The numbers between what the header calls the last
    /// one and its own first were skipped on purpose (`Options::applied`).
    fn count_gap(&mut self, header: &FileHeader) {
        if header.id.first > self.expected {
            let should_be = header
                .previous
                .map_or(header.id.first, |previous| previous.last_number + 1);
            self.report.lost_records += should_be.saturating_sub(self.expected.max(self.from));
            self.expected = header.id.first;
        }
    }

    fn end_file(&mut self, index: usize, scan: &FileScan) {
        self.expected = self.expected.max(scan.expected());
        self.previous = Some(Previous {
            id: self.all[index].header.id,
            last_number: self.expected - 1,
            valid_bytes: scan.valid_bytes(),
            last_received_at_us: self.last_received_at_us,
        });
    }

    fn note_unsettled(&mut self, index: usize, scanned: &Scanned) {
        if !self.keeps_unsettled || index + 1 != self.all.len() {
            return;
        }
        while self
            .unsettled
            .front()
            .is_some_and(|first| first.stamped.number <= scanned.durable_through)
        {
            self.unsettled.pop_front();
        }
        let Record {
            number,
            received_at_us,
            payload,
        } = &scanned.record;
        if *number > scanned.durable_through {
            self.unsettled.push_back(Unsettled {
                stamped: Stamped {
                    number: *number,
                    received_at_us: *received_at_us,
                    payload: payload.clone(),
                },
                before: Previous {
                    id: self.all[index].header.id,
                    last_number: number - 1,
                    valid_bytes: scanned.offset as u64,
                    last_received_at_us: self.last_received_at_us,
                },
            });
        }
    }

    fn advance(&mut self) -> Result<Option<Record>, OpenError> {
        loop {
            let (index, mut scan) = match self.scan.take() {
                Some(scan) => scan,
                None => match self.next_file()? {
                    Some(scan) => scan,
                    None => return Ok(None),
                },
            };
            match scan.next(&mut self.report) {
                Some(scanned) => {
                    self.scan = Some((index, scan));
                    self.note_unsettled(index, &scanned);
                    let record = scanned.record;
                    self.last_received_at_us = self.last_received_at_us.max(record.received_at_us);
                    if record.number >= self.from {
                        self.report.records += 1;
                        return Ok(Some(record));
                    }
                }
                None => self.end_file(index, &scan),
            }
        }
    }
}

impl Iterator for Replay {
    type Item = Result<Record, OpenError>;

    fn next(&mut self) -> Option<Result<Record, OpenError>> {
        if self.failed {
            return None;
        }
        let next = self.advance();
        self.failed = next.is_err();
        next.transpose()
    }
}

/// The header, if either copy is whole, and the file's length.
fn read_header(
    disk: &dyn Disk,
    name: &str,
    skip_unreadable: bool,
) -> Result<(Option<FileHeader>, u64), OpenError> {
    let failed = |source| OpenError::Unreadable {
        file: name.to_owned(),
        offset_bytes: 0,
        source,
    };
    let bytes = disk.length_bytes(name).map_err(failed)?;
    let mut buffer = [0; HEADER_BYTES];
    let filled = match disk.read(name, 0, &mut buffer) {
        Ok(filled) => filled,
        Err(_) if skip_unreadable => 0,
        Err(error) => return Err(failed(error)),
    };
    Ok((
        FileHeader::decode(&buffer[..filled.min(HEADER_BYTES)]),
        bytes,
    ))
}

/// The whole file. Sectors that cannot be read are zeros if the operator gave them up, else an error.
fn read_file(disk: &dyn Disk, name: &str, skip_unreadable: bool) -> Result<Vec<u8>, OpenError> {
    let failed = |offset_bytes| {
        move |source| OpenError::Unreadable {
            file: name.to_owned(),
            offset_bytes,
            source,
        }
    };
    let length_bytes = disk
        .length_bytes(name)
        .map_err(failed(0))?
        .min(MAX_FILE_BYTES) as usize;
    let mut content = vec![0; length_bytes];
    let mut offset = 0;
    let mut step = READ_BYTES;
    while offset < length_bytes {
        let end = (offset + step).min(length_bytes);
        match disk.read(name, offset as u64, &mut content[offset..end]) {
            Ok(0) => {
                content.truncate(offset);
                break;
            }
            Ok(count) => offset += count.min(end - offset),
            Err(_) if skip_unreadable && step > SECTOR_BYTES => step = SECTOR_BYTES,
            Err(_) if skip_unreadable => {
                content[offset..end].fill(0);
                offset = end;
            }
            Err(error) => return Err(failed(offset as u64)(error)),
        }
    }
    Ok(content)
}
