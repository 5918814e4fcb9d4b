//! The bytes of a journal file.
//!
//! ```text
//! file    header copy (512) · header copy (512) · record · record · …
//! header  magic 8 · version u32 · attempt u32 · first record u64 · salt u32 · has previous u32 · created µs i64
//!         · durable through u64 · previous: first u64 · attempt u32 · zero u32 · last valid record u64 · valid bytes u64 · last receive time i64
//!         · zeros · CRC32C u32 of all before
//! record  payload length u32 · CRC32C u32 · number u64 · receive time µs i64 · unsynced before u32 · payload
//! ```
//! All integers are little-endian. Two header copies in two sectors: a damaged header would cost a whole file.
//!
//! The *salt* is random per file and goes into each record's CRC. A payload is written by strangers; without the salt one
//! could hide a well-formed record in it, to be found when a scan looks for the next record after damage.
//!
//! A file gets its name only after its header and first records are durable; *durable through* is the last of those.
//!
//! *Unsynced before* counts the records before this one that were not known to be durable when it was written. A reader who
//! meets damage and then a record that says "all up to here was durable" knows that it met rot, not a torn tail.

use crate::RecordNumber;

pub(crate) const HEADER_BYTES: usize = 1024;
const HEADER_COPY_BYTES: usize = 512;
pub(crate) const RECORD_HEADER_BYTES: usize = 28;
const MAGIC: [u8; 8] = *b"TKWJRNL\n";
const FORMAT_VERSION: u32 = 1;
/// Numbers above this are damage: leaves room to add without overflow.
pub(crate) const MAX_NUMBER: RecordNumber = 1 << 62;

/// Attempts above this are damage, for the same reason.
const MAX_ATTEMPT: u32 = 1 << 30;

/// Identifies a file: the number of its first record, and which try at starting there it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct FileId {
    pub first: RecordNumber,
    pub attempt: u32,
}

impl FileId {
    pub(crate) fn name(self) -> String {
        match self.attempt {
            0 => format!("journal-{:020}.log", self.first),
            attempt => format!("journal-{:020}-{attempt:04}.log", self.first),
        }
    }

    /// The inverse of `name`; `None` for files that are not ours.
    pub(crate) fn parse(name: &str) -> Option<FileId> {
        let middle = name.strip_prefix("journal-")?.strip_suffix(".log")?;
        let (first, attempt) = middle.split_once('-').unwrap_or((middle, "0"));
        let digits =
            |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        if !digits(first) || !digits(attempt) {
            return None;
        }
        let id = FileId {
            first: first.parse().ok()?,
            attempt: attempt.parse().ok()?,
        };
        (id.name() == name).then_some(id)
    }
}

/// What a file says about the one before it: records after this point there were never acknowledged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Previous {
    pub id: FileId,
    pub last_number: RecordNumber,
    pub valid_bytes: u64,
    pub last_received_at_us: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FileHeader {
    pub id: FileId,
    pub salt: u32,
    pub created_at_us: i64,
    /// The records up to this number were durable before the file got its name; 0: none was synced.
    pub durable_through: RecordNumber,
    pub previous: Option<Previous>,
}

impl FileHeader {
    pub(crate) fn encode(&self) -> [u8; HEADER_BYTES] {
        let mut copy = Vec::with_capacity(HEADER_COPY_BYTES);
        copy.extend_from_slice(&MAGIC);
        copy.extend_from_slice(&FORMAT_VERSION.to_le_bytes());
        copy.extend_from_slice(&self.id.attempt.to_le_bytes());
        copy.extend_from_slice(&self.id.first.to_le_bytes());
        copy.extend_from_slice(&self.salt.to_le_bytes());
        copy.extend_from_slice(&u32::from(self.previous.is_some()).to_le_bytes());
        copy.extend_from_slice(&self.created_at_us.to_le_bytes());
        copy.extend_from_slice(&self.durable_through.to_le_bytes());
        if let Some(previous) = &self.previous {
            copy.extend_from_slice(&previous.id.first.to_le_bytes());
            copy.extend_from_slice(&previous.id.attempt.to_le_bytes());
            copy.extend_from_slice(&[0; 4]);
            copy.extend_from_slice(&previous.last_number.to_le_bytes());
            copy.extend_from_slice(&previous.valid_bytes.to_le_bytes());
            copy.extend_from_slice(&previous.last_received_at_us.to_le_bytes());
        }
        copy.resize(HEADER_COPY_BYTES - 4, 0);
        let check = crc32c::crc32c(&copy);
        copy.extend_from_slice(&check.to_le_bytes());
        let mut header = [0; HEADER_BYTES];
        header[..HEADER_COPY_BYTES].copy_from_slice(&copy);
        header[HEADER_COPY_BYTES..].copy_from_slice(&copy);
        header
    }

    /// Reads whichever copy is whole.
    pub(crate) fn decode(bytes: &[u8]) -> Option<FileHeader> {
        bytes
            .chunks_exact(HEADER_COPY_BYTES)
            .take(2)
            .find_map(decode_header_copy)
    }
}

fn decode_header_copy(copy: &[u8]) -> Option<FileHeader> {
    let (body, check) = copy.split_at_checked(HEADER_COPY_BYTES - 4)?;
    let mut reader = Reader(body);
    if u32::from_le_bytes(check.try_into().ok()?) != crc32c::crc32c(body)
        || reader.take::<8>()? != MAGIC
        || reader.u32()? != FORMAT_VERSION
    {
        return None;
    }
    let attempt = reader.u32()?;
    let first = reader.u64()?;
    let salt = reader.u32()?;
    let has_previous = reader.u32()? != 0;
    let created_at_us = reader.i64()?;
    let durable_through = reader.u64()?;
    let previous = if has_previous {
        Some(decode_previous(&mut reader)?)
    } else {
        None
    };
    let plausible = (1..=MAX_NUMBER).contains(&first)
        && durable_through <= MAX_NUMBER
        && attempt <= MAX_ATTEMPT
        && previous.is_none_or(|previous| previous.last_number < first);
    plausible.then_some(FileHeader {
        id: FileId { first, attempt },
        salt,
        created_at_us,
        durable_through,
        previous,
    })
}

fn decode_previous(reader: &mut Reader<'_>) -> Option<Previous> {
    let first = reader.u64()?;
    let attempt = reader.u32()?;
    reader.u32()?;
    Some(Previous {
        id: FileId { first, attempt },
        last_number: reader.u64()?,
        valid_bytes: reader.u64()?,
        last_received_at_us: reader.i64()?,
    })
}

struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (head, tail) = self.0.split_first_chunk::<N>()?;
        self.0 = tail;
        Some(*head)
    }

    fn u32(&mut self) -> Option<u32> {
        self.take().map(u32::from_le_bytes)
    }

    fn u64(&mut self) -> Option<u64> {
        self.take().map(u64::from_le_bytes)
    }

    fn i64(&mut self) -> Option<i64> {
        self.take().map(i64::from_le_bytes)
    }
}

/// The fixed part of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RecordHeader {
    pub payload_bytes: usize,
    check: u32,
    pub number: RecordNumber,
    pub received_at_us: i64,
    unsynced_before: u32,
}

impl RecordHeader {
    /// Reads the fixed part at an offset without believing it.
    pub(crate) fn read(bytes: &[u8], offset: usize) -> Option<RecordHeader> {
        let mut reader = Reader(bytes.get(offset..)?);
        Some(RecordHeader {
            payload_bytes: reader.u32()? as usize,
            check: reader.u32()?,
            number: reader.u64()?,
            received_at_us: reader.i64()?,
            unsynced_before: reader.u32()?,
        })
    }

    /// All records up to this number were durable when this one was written.
    pub(crate) fn durable_through(&self) -> RecordNumber {
        match self.unsynced_before {
            u32::MAX => 0,
            count => self
                .number
                .saturating_sub(1)
                .saturating_sub(u64::from(count)),
        }
    }

    /// The payload, if it lies within `bytes` and the CRC fits.
    pub(crate) fn payload<'a>(
        &self,
        bytes: &'a [u8],
        offset: usize,
        salt: u32,
    ) -> Option<&'a [u8]> {
        let start = offset.checked_add(RECORD_HEADER_BYTES)?;
        let payload = bytes.get(start..start.checked_add(self.payload_bytes)?)?;
        let fixed = bytes.get(offset..start)?;
        (check(salt, fixed, payload) == self.check).then_some(payload)
    }
}

/// The CRC covers everything but itself.
fn check(salt: u32, fixed: &[u8], payload: &[u8]) -> u32 {
    let mut crc = crc32c::crc32c(&salt.to_le_bytes());
    crc = crc32c::crc32c_append(crc, &fixed[..4]);
    crc = crc32c::crc32c_append(crc, &fixed[8..]);
    crc32c::crc32c_append(crc, payload)
}

/// Appends one record to `buffer`. The caller has checked that the payload's length fits a u32.
pub(crate) fn encode_record(
    buffer: &mut Vec<u8>,
    salt: u32,
    number: RecordNumber,
    received_at_us: i64,
    durable_through: Option<RecordNumber>,
    payload: &[u8],
) {
    let unsynced_before = durable_through
        .and_then(|durable| u32::try_from((number - 1).saturating_sub(durable)).ok())
        .unwrap_or(u32::MAX);
    let mut fixed = [0_u8; RECORD_HEADER_BYTES];
    fixed[..4].copy_from_slice(&(payload.len() as u32).to_le_bytes());
    fixed[8..16].copy_from_slice(&number.to_le_bytes());
    fixed[16..24].copy_from_slice(&received_at_us.to_le_bytes());
    fixed[24..28].copy_from_slice(&unsynced_before.to_le_bytes());
    let crc = check(salt, &fixed, payload);
    fixed[4..8].copy_from_slice(&crc.to_le_bytes());
    buffer.extend_from_slice(&fixed);
    buffer.extend_from_slice(payload);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header() -> FileHeader {
        FileHeader {
            id: FileId {
                first: 42,
                attempt: 3,
            },
            salt: 0xdead_beef,
            created_at_us: -5,
            durable_through: 44,
            previous: Some(Previous {
                id: FileId {
                    first: 7,
                    attempt: 0,
                },
                last_number: 41,
                valid_bytes: 4096,
                last_received_at_us: 99,
            }),
        }
    }

    #[test]
    fn header_survives_damage_to_either_copy() {
        let good = header().encode();
        for position in 0..HEADER_BYTES {
            let mut bytes = good;
            bytes[position] ^= 0x10;
            assert_eq!(
                FileHeader::decode(&bytes),
                Some(header()),
                "byte {position}"
            );
            bytes[(position + HEADER_COPY_BYTES) % HEADER_BYTES] ^= 0x10;
            assert_eq!(
                FileHeader::decode(&bytes),
                None,
                "byte {position} in both copies"
            );
        }
        for length in 0..HEADER_COPY_BYTES {
            assert_eq!(FileHeader::decode(&good[..length]), None);
        }
    }

    #[test]
    fn every_bit_of_a_record_is_covered() {
        let mut good = Vec::new();
        encode_record(&mut good, 9, 5, 1_000, Some(2), b"payload");
        let record = RecordHeader::read(&good, 0).unwrap();
        assert_eq!(
            (
                record.number,
                record.received_at_us,
                record.durable_through()
            ),
            (5, 1_000, 2)
        );
        assert_eq!(record.payload(&good, 0, 9), Some(&b"payload"[..]));
        assert_eq!(record.payload(&good, 0, 10), None, "another file's salt");
        for bit in 0..good.len() * 8 {
            let mut bytes = good.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            let record = RecordHeader::read(&bytes, 0).unwrap();
            assert_eq!(record.payload(&bytes, 0, 9), None, "bit {bit}");
        }
    }

    #[test]
    fn names_are_their_own_inverse() {
        for (name, id) in [
            (
                "journal-00000000000000000001.log",
                Some(FileId {
                    first: 1,
                    attempt: 0,
                }),
            ),
            (
                "journal-00000000000000000001-0002.log",
                Some(FileId {
                    first: 1,
                    attempt: 2,
                }),
            ),
            (
                "journal-00000000000000000001-12345.log",
                Some(FileId {
                    first: 1,
                    attempt: 12345,
                }),
            ),
            ("journal-00000000000000000001-0000.log", None),
            ("journal-1.log", None),
            ("journal-99999999999999999999.log", None),
            ("journal-+0000000000000000001.log", None),
            ("journal-00000000000000000001.log.bak", None),
            ("reserve.bin", None),
            ("", None),
        ] {
            assert_eq!(FileId::parse(name), id, "{name}");
        }
    }
}
