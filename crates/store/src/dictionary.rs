//! Dictionaries on disk: texts in the order of their numbers, appended in blocks with a checksum each.

use std::path::Path;

use model::Texts;
use serde::{Deserialize, Serialize};

use crate::disk::Disk;
use crate::error::StoreError;

/// Length of the packed block, length of the unpacked one, number of texts; then the checksum of these
/// and the packed block.
const HEADER_BYTES: usize = 16;
const CHECKED_HEADER_BYTES: usize = 12;
/// A block is closed when it is about this long.
const BLOCK_BYTES: usize = 256 << 10;
/// No block is longer than a block's worth and one text.
const MAX_BLOCK_BYTES: usize = 64 << 20;
const ZSTD_LEVEL: i32 = 3;

/// How much of a dictionary's file counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DictionaryLength {
    pub texts: u64,
    pub bytes: u64,
}

/// Appends the texts that the file does not have yet. The file is on the disk when this returns; what
/// it held beyond `stored` is overwritten.
pub fn append(
    disk: &Disk,
    name: &str,
    texts: &Texts,
    stored: DictionaryLength,
) -> Result<DictionaryLength, StoreError> {
    let until = texts.len() as u64;
    if until <= stored.texts {
        return Ok(stored);
    }
    let path = disk.path(name);
    let mut sink = disk.append(name, stored.bytes)?;
    let mut length = stored;
    let mut block = Vec::new();
    let mut count = 0u32;
    for number in stored.texts + 1..=until {
        let Some(entry) = texts.get(number as i64) else {
            break;
        };
        block.push(entry.kind);
        block.push(entry.prefix as u8);
        put_number(&mut block, entry.text.len() as u64);
        block.extend_from_slice(entry.text.as_bytes());
        count += 1;
        if block.len() >= BLOCK_BYTES || number == until {
            let packed = zstd::bulk::compress(&block, ZSTD_LEVEL).map_err(StoreError::io(&path))?;
            let mut whole = Vec::with_capacity(HEADER_BYTES + packed.len());
            for field in [packed.len() as u32, block.len() as u32, count] {
                whole.extend_from_slice(&field.to_le_bytes());
            }
            let crc = checksum(&whole, &packed);
            whole.extend_from_slice(&crc.to_le_bytes());
            whole.extend_from_slice(&packed);
            sink.put(&whole)?;
            length.texts += u64::from(count);
            length.bytes += whole.len() as u64;
            block.clear();
            count = 0;
        }
    }
    sink.finish()?;
    Ok(length)
}

/// Reads the texts that count.
pub fn load(disk: &Disk, name: &str, stored: DictionaryLength) -> Result<Texts, StoreError> {
    let texts = Texts::default();
    if stored.texts == 0 {
        return Ok(texts);
    }
    let path = disk.path(name);
    let content = disk.read(name)?;
    let mut rest = content
        .get(..stored.bytes as usize)
        .ok_or_else(|| StoreError::corrupt(&path, "it is too short"))?;
    while !rest.is_empty() {
        rest = load_block(&path, rest, &texts)?;
    }
    if texts.len() as u64 != stored.texts {
        let what = format!("it has {} texts instead of {}", texts.len(), stored.texts);
        return Err(StoreError::corrupt(&path, what));
    }
    Ok(texts)
}

fn load_block<'a>(path: &Path, rest: &'a [u8], texts: &Texts) -> Result<&'a [u8], StoreError> {
    let damaged = |what: &str| StoreError::corrupt(path, what);
    let (header, rest) = rest
        .split_at_checked(HEADER_BYTES)
        .ok_or_else(|| damaged("a block has no header"))?;
    let field = |at: usize| {
        let bytes = header[at * 4..].first_chunk::<4>();
        bytes.map_or(0, |bytes| u32::from_le_bytes(*bytes))
    };
    let (packed_bytes, bytes, count) = (field(0) as usize, field(1) as usize, field(2));
    let (packed, rest) = rest
        .split_at_checked(packed_bytes)
        .ok_or_else(|| damaged("a block is cut off"))?;
    if checksum(&header[..CHECKED_HEADER_BYTES], packed) != field(3) || bytes > MAX_BLOCK_BYTES {
        return Err(damaged("the checksum of a block is wrong"));
    }
    let block = zstd::bulk::decompress(packed, bytes).map_err(StoreError::io(path))?;
    let mut left = block.as_slice();
    for _ in 0..count {
        let text = load_text(&mut left, texts);
        text.ok_or_else(|| damaged("a block does not hold its texts"))?;
    }
    Ok(rest)
}

fn checksum(header: &[u8], packed: &[u8]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(header), packed)
}

fn load_text(left: &mut &[u8], texts: &Texts) -> Option<()> {
    let (kind, prefix) = (take(left)?, take(left)? as i8);
    let length = take_number(left)? as usize;
    let (text, rest) = left.split_at_checked(length)?;
    *left = rest;
    let expected = texts.len() as i64 + 1;
    // The same text twice would shift the numbers of all that follow.
    (texts.intern(kind, std::str::from_utf8(text).ok()?, prefix) == expected).then_some(())
}

/// A number without sign, seven bits a byte.
pub fn put_number(into: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        into.push(number as u8 | 0x80);
        number >>= 7;
    }
    into.push(number as u8);
}

pub fn take_number(from: &mut &[u8]) -> Option<u64> {
    let mut number = 0u64;
    for shift in (0..64).step_by(7) {
        let byte = take(from)?;
        number |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(number);
        }
    }
    None
}

pub fn take(from: &mut &[u8]) -> Option<u8> {
    let (first, rest) = from.split_first()?;
    *from = rest;
    Some(*first)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn same(one: &Texts, other: &Texts) -> bool {
        one.len() == other.len()
            && (1..=one.len() as i64).all(|number| one.get(number) == other.get(number))
    }

    #[test]
    fn texts_keep_their_numbers() {
        let folder = tempfile::tempdir().expect("a folder");
        let disk = Disk::new(folder.path());
        let texts = Texts::default();
        let mut stored = DictionaryLength::default();
        for round in 0..4 {
            for number in 0..round * 4000 {
                let text = format!(
                    "example.org/{round}/päge/{number}?{}",
                    "x".repeat(number % 90)
                );
                texts.intern((number % 15) as u8, &text, (number % 4) as i8 - 1);
            }
            stored = append(&disk, "texts", &texts, stored).expect("appended");
            let loaded = load(&disk, "texts", stored).expect("loaded");
            assert!(same(&texts, &loaded), "round {round}");
        }
        let bytes_a_text = stored.bytes as f64 / stored.texts as f64;
        assert!(bytes_a_text < 30.0, "{bytes_a_text}");
    }

    #[test]
    fn what_was_not_counted_is_written_over() {
        let folder = tempfile::tempdir().expect("a folder");
        let disk = Disk::new(folder.path());
        let texts = Texts::default();
        texts.intern(0, "one", -1);
        let one = append(&disk, "texts", &texts, DictionaryLength::default()).expect("appended");
        texts.intern(0, "lost", -1);
        append(&disk, "texts", &texts, one).expect("appended");
        // After a crash before the manifest counted it, other texts come.
        let texts = load(&disk, "texts", one).expect("loaded");
        assert_eq!(texts.intern(0, "two", -1), 2);
        let two = append(&disk, "texts", &texts, one).expect("appended");
        let loaded = load(&disk, "texts", two).expect("loaded");
        assert_eq!((loaded.len(), loaded.text(2)), (2, "two"));
    }

    #[test]
    fn every_flipped_bit_is_found() {
        let folder = tempfile::tempdir().expect("a folder");
        let disk = Disk::new(folder.path());
        let texts = Texts::default();
        for number in 0..50 {
            texts.intern(1, &format!("text {number}"), 2);
        }
        let stored = append(&disk, "texts", &texts, DictionaryLength::default()).expect("appended");
        let right = disk.read("texts").expect("read");
        for at in 0..right.len() {
            let mut wrong = right.clone();
            wrong[at] ^= 1 << (at % 8);
            disk.write("texts", &wrong).expect("written");
            let loaded = load(&disk, "texts", stored);
            assert!(loaded.is_err(), "byte {at}");
        }
    }
}
