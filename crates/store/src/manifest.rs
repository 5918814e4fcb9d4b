//! What the store consists of, in one small file that is replaced as a whole: JSON, then its checksum.

use serde::{Deserialize, Serialize};

use crate::dictionary::DictionaryLength;
use crate::disk::Disk;
use crate::error::StoreError;
use crate::open_visits::NumberedFile;

const NAME: &str = "manifest.json";
const NEW_NAME: &str = "manifest.new";
const FORMAT: u32 = 1;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    pub format: u32,
    /// Number of the last journal record whose effects are all here.
    pub applied: u64,
    pub next_visit: i64,
    pub next_action: i64,
    pub next_segment: u64,
    pub next_open: u64,
    pub next_note: u64,
    pub texts: DictionaryLength,
    pub actions: DictionaryLength,
    pub open: Vec<NumberedFile>,
    /// What the owner keeps beside.
    pub note: Option<NumberedFile>,
    /// In the order of chunks.
    pub segments: Vec<SegmentEntry>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SegmentEntry {
    pub number: u64,
    /// Checksum of the segment's description, which has those of its files.
    pub description_crc: u32,
    /// Runs of dead places: first place and length in turn.
    pub dead: Vec<u32>,
}

impl Default for Manifest {
    fn default() -> Manifest {
        Manifest {
            format: FORMAT,
            applied: 0,
            next_visit: 1,
            next_action: 1,
            next_segment: 1,
            next_open: 1,
            next_note: 1,
            texts: DictionaryLength::default(),
            actions: DictionaryLength::default(),
            open: Vec::new(),
            note: None,
            segments: Vec::new(),
        }
    }
}

/// What went wrong in replacing the manifest.
pub enum Failed {
    /// The old manifest still counts.
    Before(StoreError),
    /// Which one counts after a crash is not known.
    Unknown(StoreError),
}

impl Failed {
    pub fn into_error(self) -> StoreError {
        match self {
            Failed::Before(error) | Failed::Unknown(error) => error,
        }
    }
}

impl Manifest {
    /// A new store has none.
    pub fn load(disk: &Disk) -> Result<Option<Manifest>, StoreError> {
        let path = disk.path(NAME);
        if !path.exists() {
            return Ok(None);
        }
        let content = disk.read(NAME)?;
        let damaged = |what: String| StoreError::corrupt(&path, what);
        let end = content.iter().rposition(|byte| *byte == b'\n').unwrap_or(0);
        let (text, checksum) = content.split_at(end);
        let right = format!("\n{:08x}", crc32c::crc32c(text));
        if checksum != right.as_bytes() {
            return Err(damaged("its checksum is wrong".to_owned()));
        }
        let manifest: Manifest =
            serde_json::from_slice(text).map_err(|error| damaged(error.to_string()))?;
        if manifest.format != FORMAT {
            return Err(damaged(format!(
                "its format {} is unknown",
                manifest.format
            )));
        }
        Ok(Some(manifest))
    }

    /// Replaces the manifest on disk.
    pub fn store(&self, disk: &Disk) -> Result<(), Failed> {
        let path = disk.path(NAME);
        let mut content = serde_json::to_vec(self)
            .map_err(|error| Failed::Before(StoreError::corrupt(&path, error.to_string())))?;
        let checksum = format!("\n{:08x}", crc32c::crc32c(&content));
        content.extend_from_slice(checksum.as_bytes());
        disk.write(NEW_NAME, &content).map_err(Failed::Before)?;
        disk.rename(NEW_NAME, NAME).map_err(Failed::Unknown)?;
        disk.sync_folder("").map_err(Failed::Unknown)
    }
}

/// Runs of set bits: first and length in turn.
pub fn runs_of(words: &[u64], len: usize) -> Vec<u32> {
    let mut runs: Vec<u32> = Vec::new();
    let mut end = None;
    for at in 0..len {
        if words
            .get(at / 64)
            .is_some_and(|word| word >> (at % 64) & 1 == 1)
        {
            match runs.last_mut() {
                Some(length) if end == Some(at) => *length += 1,
                _ => runs.extend([at as u32, 1]),
            }
            end = Some(at + 1);
        }
    }
    runs
}

/// The bits of runs; `None` where they go beyond `len`.
pub fn words_of(runs: &[u32], len: usize) -> Option<Vec<u64>> {
    let mut words = vec![0u64; len.div_ceil(64)];
    let (pairs, rest) = runs.as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    for [first, length] in pairs {
        let end = first.checked_add(*length)?;
        if end as usize > len {
            return None;
        }
        for at in *first..end {
            words[at as usize / 64] |= 1 << (at % 64);
        }
    }
    Some(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_and_bits_are_the_same() {
        for places in [vec![], vec![0], vec![0, 1, 2, 64, 66], vec![63, 64, 199]] {
            let mut words = vec![0u64; 4];
            for place in &places {
                words[place / 64] |= 1 << (place % 64);
            }
            let runs = runs_of(&words, 200);
            assert_eq!(words_of(&runs, 200), Some(words), "{places:?} {runs:?}");
        }
        assert_eq!(runs_of(&[0b0111_0110], 8), [1, 2, 4, 3]);
        assert_eq!(words_of(&[199, 2], 200), None);
        assert_eq!(words_of(&[1], 200), None);
        assert_eq!(words_of(&[u32::MAX, u32::MAX], 200), None);
    }

    #[test]
    fn a_flipped_bit_is_found() {
        let folder = tempfile::tempdir().expect("a folder");
        let disk = Disk::new(folder.path());
        assert!(Manifest::load(&disk).expect("none yet").is_none());
        let manifest = Manifest {
            applied: 77,
            ..Manifest::default()
        };
        assert!(manifest.store(&disk).is_ok());
        assert_eq!(Manifest::load(&disk).expect("loaded"), Some(manifest));
        let right = disk.read(NAME).expect("read");
        for at in 0..right.len() {
            let mut wrong = right.clone();
            wrong[at] ^= 1 << (at % 8);
            disk.write(NAME, &wrong).expect("written");
            assert!(Manifest::load(&disk).is_err(), "byte {at}");
        }
    }
}
