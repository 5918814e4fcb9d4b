//! Finds visits of a segment by visitor id, fingerprint or order: sorted hashes on disk, read a page at a
//! time, and a Bloom filter in memory for visitors. What is found here is a candidate; the caller
//! compares the stored row.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::disk::{Disk, Source, Written};
use crate::error::StoreError;

const ENTRY_BYTES: usize = 8;
/// Entries read at once: hashes are spread evenly, so a guess is rarely off by more.
const WINDOW_ENTRIES: u64 = 512;
const BLOOM_BITS_A_VISIT: usize = 10;
const BLOOM_PROBES: u64 = 5;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    Visitor,
    Fingerprint,
    Order,
}

/// Where the parts of the file are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LookupDescription {
    pub file: Written,
    pub visitors: u64,
    pub fingerprints: u64,
    pub orders: u64,
    pub bloom_bytes: u64,
}

/// The place of each key of a new segment.
#[derive(Default)]
pub struct NewLookup {
    pub visitors: Vec<(u64, u32)>,
    pub fingerprints: Vec<(u64, u32)>,
    pub orders: Vec<(u64, u32)>,
}

/// Mixes a site and a key; the same on every machine and for ever, since it is stored.
pub fn hash(site: i64, key: i64) -> u64 {
    let mut mixed = (site as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ key as u64;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

pub fn write_lookup(
    disk: &Disk,
    name: &str,
    mut lookup: NewLookup,
) -> Result<LookupDescription, StoreError> {
    let mut content = Vec::new();
    let bloom = bloom_of(&lookup.visitors);
    let counts = [
        &mut lookup.visitors,
        &mut lookup.fingerprints,
        &mut lookup.orders,
    ]
    .map(|entries| {
        let mut sorted: Vec<(u32, u32)> = entries
            .iter()
            .map(|(hash, place)| ((hash >> 32) as u32, *place))
            .collect();
        sorted.sort_unstable();
        for (hash, place) in &sorted {
            content.extend_from_slice(&hash.to_le_bytes());
            content.extend_from_slice(&place.to_le_bytes());
        }
        sorted.len() as u64
    });
    content.extend_from_slice(&bloom);
    Ok(LookupDescription {
        file: disk.write(name, &content)?,
        visitors: counts[0],
        fingerprints: counts[1],
        orders: counts[2],
        bloom_bytes: bloom.len() as u64,
    })
}

fn bloom_of(visitors: &[(u64, u32)]) -> Vec<u8> {
    let bits = (visitors.len() * BLOOM_BITS_A_VISIT).next_multiple_of(8);
    let mut bloom = vec![0u8; bits / 8];
    for (hash, _) in visitors {
        for bit in probes(*hash, bits as u64) {
            bloom[(bit / 8) as usize] |= 1 << (bit % 8);
        }
    }
    bloom
}

fn probes(hash: u64, bits: u64) -> impl Iterator<Item = u64> {
    let step = (hash >> 32) | 1;
    (0..BLOOM_PROBES).map(move |probe| hash.wrapping_add(probe.wrapping_mul(step)) % bits.max(1))
}

/// The file of an existing segment.
pub struct Lookup {
    source: Source,
    description: LookupDescription,
    bloom: Vec<u8>,
}

impl Lookup {
    pub fn open(path: &Path, description: LookupDescription) -> Result<Lookup, StoreError> {
        let source = Source::open(path)?;
        if source.len_bytes() != description.file.bytes {
            return Err(StoreError::corrupt(path, "its length is wrong"));
        }
        let entries = description.visitors + description.fingerprints + description.orders;
        let at = entries.saturating_mul(ENTRY_BYTES as u64);
        let bloom = source.bytes_at(at, description.bloom_bytes as usize)?;
        Ok(Lookup {
            source,
            description,
            bloom,
        })
    }

    /// Places that may have this key, ascending.
    pub fn places(&self, by: By, hash: u64) -> Result<Vec<u32>, StoreError> {
        let description = &self.description;
        let (before, count) = match by {
            By::Visitor => (0, description.visitors),
            By::Fingerprint => (description.visitors, description.fingerprints),
            By::Order => (
                description.visitors + description.fingerprints,
                description.orders,
            ),
        };
        if count == 0 || (by == By::Visitor && !self.may_have(hash)) {
            return Ok(Vec::new());
        }
        let wanted = (hash >> 32) as u32;
        let mut first = self.lower_bound(before, count, wanted)?;
        let mut places = Vec::new();
        while first < count {
            let window = self.window(before, first, count.min(first + WINDOW_ENTRIES))?;
            for (hash, place) in &window {
                if *hash != wanted {
                    return Ok(places);
                }
                places.push(*place);
            }
            first += window.len() as u64;
        }
        Ok(places)
    }

    /// Compares the whole file with its checksum.
    pub fn verify(&self) -> Result<(), StoreError> {
        self.source.verify(self.description.file)
    }

    fn may_have(&self, hash: u64) -> bool {
        let bits = self.bloom.len() as u64 * 8;
        bits > 0
            && probes(hash, bits).all(|bit| self.bloom[(bit / 8) as usize] >> (bit % 8) & 1 == 1)
    }

    /// The first entry whose hash is at least `wanted`: guessed from the even spread of hashes, then
    /// narrowed down.
    fn lower_bound(&self, before: u64, count: u64, wanted: u32) -> Result<u64, StoreError> {
        let (mut low, mut high) = (0, count);
        let mut guess = ((u128::from(wanted) * u128::from(count)) >> 32) as u64;
        while low < high {
            let start = guess
                .saturating_sub(WINDOW_ENTRIES / 2)
                .clamp(low, high - 1);
            let end = high.min(start + WINDOW_ENTRIES);
            let window = self.window(before, start, end)?;
            let at = window.partition_point(|(hash, _)| *hash < wanted) as u64;
            if at == 0 && start > low {
                high = start;
            } else if at == end - start && end < high {
                low = end;
            } else {
                return Ok(start + at);
            }
            guess = low + (high - low) / 2;
        }
        Ok(low)
    }

    fn window(&self, before: u64, start: u64, end: u64) -> Result<Vec<(u32, u32)>, StoreError> {
        let at = (before + start) * ENTRY_BYTES as u64;
        let content = self
            .source
            .bytes_at(at, (end - start) as usize * ENTRY_BYTES)?;
        let entries = content.as_chunks::<ENTRY_BYTES>().0.iter();
        let entry = |entry: &[u8; ENTRY_BYTES]| {
            let whole = u64::from_le_bytes(*entry);
            (whole as u32, (whole >> 32) as u32)
        };
        Ok(entries.map(entry).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_is_found_and_others_are_not() {
        for count in [0u32, 1, 2, 700, 20_000] {
            let folder = tempfile::tempdir().expect("a folder");
            let disk = Disk::new(folder.path());
            // Every visitor has two visits; one visitor has a thousand.
            let mut visitors: Vec<(u64, u32)> = (0..count)
                .map(|place| (hash(1, i64::from(place / 2)), place))
                .collect();
            if count > 700 {
                visitors.extend((0..1000).map(|place| (hash(2, -5), place)));
            }
            let orders = (0..count).map(|place| (hash(3, i64::from(place)), place));
            let new = NewLookup {
                visitors: visitors.clone(),
                fingerprints: Vec::new(),
                orders: orders.collect(),
            };
            let description = write_lookup(&disk, "lookup", new).expect("written");
            let lookup = Lookup::open(&disk.path("lookup"), description).expect("opened");
            lookup.verify().expect("right");
            for place in 0..count {
                let found = lookup
                    .places(By::Visitor, hash(1, i64::from(place / 2)))
                    .expect("read");
                assert!(found.contains(&place), "{count} {place}");
                assert!(found.len() <= 3, "{found:?}");
                let orders = lookup.places(By::Order, hash(3, i64::from(place)));
                assert!(orders.expect("read").contains(&place));
            }
            if count > 700 {
                let many = lookup.places(By::Visitor, hash(2, -5)).expect("read");
                assert_eq!(many, (0..1000).collect::<Vec<_>>());
            }
            let strangers = (0..1000)
                .filter(|key| lookup.may_have(hash(9, *key)))
                .count();
            assert!(strangers < 40, "{strangers} of 1000 pass the Bloom filter");
            assert_eq!(
                lookup.places(By::Fingerprint, 1).expect("read"),
                Vec::<u32>::new()
            );
        }
    }
}
