//! The bytes of a journal record.
//!
//! A kind, then for hits: the length of the rules' source (0: as before) and the source, then each hit with
//! its length before it. Lengths are little-endian. For an erasure: what it names, as JSON.

use std::collections::BTreeSet;

use model::{SiteId, Timestamp};
use query::VisitRows;
use serde::{Deserialize, Serialize};
use tracking::EnrichedHit;

const HITS: u8 = 1;
const RESET: u8 = 2;
const ERASE: u8 = 3;

/// Visits that are taken away for good.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Erasure {
    /// Everything of a site.
    Site(SiteId),
    /// These visits of a site, by number.
    Visits { site: SiteId, ids: BTreeSet<i64> },
    /// All visits whose last action was before this time.
    Before(Timestamp),
}

/// How much was taken away.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Erased {
    pub visits: usize,
    pub actions: usize,
    pub conversions: usize,
    pub items: usize,
}

impl Erased {
    pub(crate) fn add(&mut self, rows: &VisitRows) {
        self.visits += 1;
        self.actions += rows.actions.len();
        self.conversions += rows.conversions.len();
        self.items += rows.items.len();
    }
}

impl Erasure {
    pub fn names(&self, site: i64, id: i64, last_time: Timestamp) -> bool {
        match self {
            Erasure::Site(doomed) => site == i64::from(*doomed),
            Erasure::Visits { site: its, ids } => site == i64::from(*its) && ids.contains(&id),
            Erasure::Before(time) => last_time < *time,
        }
    }
}

pub enum Payload<'a> {
    Hits {
        rules: Option<&'a [u8]>,
        hits: Vec<EnrichedHit>,
    },
    Reset,
    Erase(Erasure),
}

pub fn erasure(erasure: &Erasure) -> Vec<u8> {
    let mut bytes = vec![ERASE];
    // A value without maps whose keys are not texts always has a JSON form.
    bytes.extend(serde_json::to_vec(erasure).unwrap_or_default());
    bytes
}

pub fn reset() -> Vec<u8> {
    vec![RESET]
}

pub fn hits(rules: Option<&[u8]>, hits: &[EnrichedHit]) -> Vec<u8> {
    let mut bytes = vec![HITS];
    put(&mut bytes, rules.unwrap_or_default());
    for hit in hits {
        put(&mut bytes, &hit.to_bytes());
    }
    bytes
}

fn put(bytes: &mut Vec<u8>, part: &[u8]) {
    let length = u32::try_from(part.len()).unwrap_or(u32::MAX);
    bytes.extend_from_slice(&length.to_le_bytes());
    bytes.extend_from_slice(part);
}

/// `None`: bytes of no known kind. A hit that cannot be read is left out.
pub fn read(bytes: &[u8]) -> Option<Payload<'_>> {
    let (kind, mut rest) = bytes.split_first()?;
    match *kind {
        RESET => Some(Payload::Reset),
        ERASE => serde_json::from_slice(rest).ok().map(Payload::Erase),
        HITS => {
            let source = take(&mut rest)?;
            let mut hits = Vec::new();
            while let Some(hit) = take(&mut rest) {
                hits.extend(EnrichedHit::from_bytes(hit));
            }
            Some(Payload::Hits {
                rules: (!source.is_empty()).then_some(source),
                hits,
            })
        }
        _ => None,
    }
}

fn take<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let (length, after) = rest.split_first_chunk::<4>()?;
    let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
    let part = after.get(..length)?;
    *rest = after.get(length..)?;
    Some(part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let hit = EnrichedHit {
            site: 3,
            time: 5,
            ..EnrichedHit::default()
        };
        let bytes = hits(Some(b"rules"), &[hit.clone(), hit]);
        match read(&bytes) {
            Some(Payload::Hits { rules, hits }) => {
                assert_eq!(rules, Some(&b"rules"[..]));
                assert_eq!(hits.iter().map(|hit| hit.site).collect::<Vec<_>>(), [3, 3]);
            }
            _ => panic!("no hits"),
        }
    }

    #[test]
    fn an_erasure_is_read_and_names_its_visits() {
        let visits = Erasure::Visits {
            site: 2,
            ids: BTreeSet::from([7]),
        };
        for (wanted, named, spared) in [
            (Erasure::Site(2), (2, 1, 9), (3, 1, 9)),
            (visits, (2, 7, 9), (3, 7, 9)),
            (Erasure::Before(9), (2, 1, 8), (2, 1, 9)),
        ] {
            let bytes = erasure(&wanted);
            let Some(Payload::Erase(read)) = read(&bytes) else {
                panic!("{wanted:?} is not read");
            };
            assert_eq!(read, wanted);
            assert!(read.names(named.0, named.1, named.2), "{read:?}");
            assert!(!read.names(spared.0, spared.1, spared.2), "{read:?}");
        }
    }

    #[test]
    fn no_bytes_make_it_panic() {
        let bytes = hits(None, &[EnrichedHit::default()]);
        for cut in 0..bytes.len() {
            let _ = read(&bytes[..cut]);
        }
        assert!(read(b"").is_none());
        assert!(read(&[9, 9]).is_none());
    }
}
