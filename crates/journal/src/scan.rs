//! Reads the records of one file and decides what to believe.

use crate::RecordNumber;
use crate::format::{FileHeader, HEADER_BYTES, RECORD_HEADER_BYTES, RecordHeader};
use crate::replay::{Record, ReplayReport};

/// Looking for the next record after damage may compute CRCs over at most this many times the file's size: a crafted file
/// must not keep a start busy for hours.
const SEARCH_BUDGET_FILES: usize = 64;

/// Where the records of a file end, as later files tell it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// This is the last file: whatever is torn at its end was never acknowledged.
    Open,
    /// A later file says which record is the last, and how many bytes are valid up to it: what is missing there was
    /// acknowledged. The number decides, as damage may have moved the bytes.
    Told { valid_bytes: usize },
    /// Later files exist, but none says where this one ends.
    Unknown,
}

/// A record, and where it was found.
pub(crate) struct Scanned {
    pub record: Record,
    pub offset: usize,
    /// All records up to this number are known to be durable.
    pub durable_through: RecordNumber,
}

pub(crate) struct FileScan {
    bytes: Vec<u8>,
    salt: u32,
    /// Offset just after the last record believed.
    offset: usize,
    kind: End,
    expected: RecordNumber,
    /// This number and all above belong to later files.
    stop_before: RecordNumber,
    search_budget_bytes: usize,
    /// The highest number that the header or a record met so far says was durable.
    durable_through: RecordNumber,
    /// The same over the whole file; computed at the first damage.
    proven_through: Option<RecordNumber>,
    done: bool,
}

impl FileScan {
    pub(crate) fn new(
        bytes: Vec<u8>,
        header: &FileHeader,
        stop_before: RecordNumber,
        kind: End,
    ) -> FileScan {
        FileScan {
            search_budget_bytes: bytes.len().saturating_mul(SEARCH_BUDGET_FILES),
            offset: HEADER_BYTES.min(bytes.len()),
            bytes,
            salt: header.salt,
            kind,
            expected: header.id.first,
            stop_before,
            durable_through: header.durable_through,
            proven_through: None,
            done: false,
        }
    }

    /// The number that would come next.
    pub(crate) fn expected(&self) -> RecordNumber {
        self.expected
    }

    /// Offset just after the last record believed.
    pub(crate) fn valid_bytes(&self) -> u64 {
        self.offset as u64
    }

    /// The next record that is whole, new and in order.
    pub(crate) fn next(&mut self, report: &mut ReplayReport) -> Option<Scanned> {
        while !self.done {
            if self.expected >= self.stop_before {
                self.done = true;
                break;
            }
            if self.offset >= self.bytes.len() {
                self.miss_at_end(report);
                self.done = true;
                break;
            }
            match self.whole_record_at(self.offset) {
                Some(record) if record.number < self.expected => {
                    report.duplicate_records += 1;
                    self.offset += RECORD_HEADER_BYTES + record.payload_bytes;
                }
                Some(record) if record.number == self.expected => {
                    return Some(self.accept(&record));
                }
                // A whole record with too high a number is as much a sign of damage as a broken one.
                Some(_) | None => self.pass_damage(report),
            }
        }
        None
    }

    fn accept(&mut self, record: &RecordHeader) -> Scanned {
        let offset = self.offset;
        let start = offset + RECORD_HEADER_BYTES;
        let payload = self.bytes[start..start + record.payload_bytes].to_vec();
        self.offset = start + record.payload_bytes;
        self.expected = record.number + 1;
        self.durable_through = self.durable_through.max(record.durable_through());
        let RecordHeader {
            number,
            received_at_us,
            ..
        } = *record;
        let record = Record {
            number,
            received_at_us,
            payload,
        };
        Scanned {
            record,
            offset,
            durable_through: self.durable_through,
        }
    }

    fn whole_record_at(&self, offset: usize) -> Option<RecordHeader> {
        let record = RecordHeader::read(&self.bytes, offset)?;
        record
            .payload(&self.bytes, offset, self.salt)
            .map(|_| record)
    }

    /// At `offset` there is no record that fits. Moves on to the next one that does, or stops.
    fn pass_damage(&mut self, report: &mut ReplayReport) {
        let rest = &self.bytes[self.offset..];
        let rest_bytes = rest.len() as u64;
        let is_torn = match self.kind {
            End::Open => self.proven_through() < self.expected,
            End::Told { .. } => false,
            // Space that was never written: what a power cut leaves of an append.
            End::Unknown => rest.iter().all(|byte| *byte == 0),
        };
        if is_torn {
            report.torn_bytes += rest_bytes;
            self.done = true;
            return;
        }
        report.corrupt_regions += 1;
        match self.find_record_after(self.offset, self.expected) {
            Some((offset, number)) => {
                report.bytes_skipped += (offset - self.offset) as u64;
                report.lost_records += number - self.expected;
                self.offset = offset;
                self.expected = number;
            }
            None => {
                report.bytes_skipped += match self.kind {
                    End::Told { valid_bytes } => {
                        rest_bytes.min(valid_bytes.saturating_sub(self.offset) as u64)
                    }
                    End::Open | End::Unknown => rest_bytes,
                };
                self.miss_proven(report);
                self.done = true;
            }
        }
    }

    /// The file is shorter than it should be.
    fn miss_at_end(&mut self, report: &mut ReplayReport) {
        match self.kind {
            End::Told { valid_bytes } => {
                report.corrupt_regions += 1;
                report.bytes_skipped += valid_bytes.saturating_sub(self.offset) as u64;
            }
            End::Open => self.miss_proven(report),
            End::Unknown => {}
        }
    }

    /// At the end of the last file: counts records that had been durable and are not there. An earlier file's are counted
    /// by the numbers of the next.
    fn miss_proven(&mut self, report: &mut ReplayReport) {
        let proven = self.proven_through.unwrap_or(0).max(self.durable_through);
        if self.kind == End::Open && proven >= self.expected {
            report.corrupt_regions += u64::from(self.proven_through.is_none());
            report.lost_records += proven + 1 - self.expected;
            self.expected = proven + 1;
        }
    }

    /// The first whole record beyond `from` whose number can be true: not below `expected`, and not above what would
    /// fit into the bytes between.
    fn find_record_after(
        &mut self,
        from: usize,
        expected: RecordNumber,
    ) -> Option<(usize, RecordNumber)> {
        let last = self.bytes.len().checked_sub(RECORD_HEADER_BYTES)?;
        for offset in from + 1..=last {
            let highest = expected + ((offset - from) / RECORD_HEADER_BYTES) as u64 + 1;
            let Some(record) = RecordHeader::read(&self.bytes, offset) else {
                break;
            };
            if record.number < expected || record.number > highest.min(self.stop_before - 1) {
                continue;
            }
            let record_bytes = RECORD_HEADER_BYTES.saturating_add(record.payload_bytes);
            if record_bytes > self.bytes.len() - offset {
                continue;
            }
            self.search_budget_bytes = self.search_budget_bytes.checked_sub(record_bytes)?;
            if self.whole_record_at(offset).is_some() {
                return Some((offset, record.number));
            }
        }
        None
    }

    /// Walks the rest of the file once for the highest number that a record says was durable when it was written.
    fn proven_through(&mut self) -> RecordNumber {
        if let Some(proven) = self.proven_through {
            return proven;
        }
        let mut proven = self.durable_through;
        let (mut offset, mut expected) = (self.offset, self.expected);
        while offset < self.bytes.len() {
            match self
                .whole_record_at(offset)
                .filter(|record| record.number == expected)
            {
                Some(record) => {
                    proven = proven.max(record.durable_through());
                    offset += RECORD_HEADER_BYTES + record.payload_bytes;
                    expected += 1;
                }
                None => match self.find_record_after(offset, expected) {
                    Some((next_offset, number)) => (offset, expected) = (next_offset, number),
                    None => break,
                },
            }
        }
        self.proven_through = Some(proven);
        proven
    }
}
