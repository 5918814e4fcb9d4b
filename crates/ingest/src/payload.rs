//! The bytes of a journal record.
//!
//! A kind, then for hits: the length of the rules' source (0: as before) and the source, then each hit with
//! its length before it. Lengths are little-endian.

use tracking::EnrichedHit;

const HITS: u8 = 1;
const RESET: u8 = 2;

pub enum Payload<'a> {
    Hits {
        rules: Option<&'a [u8]>,
        hits: Vec<EnrichedHit>,
    },
    Reset,
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
    fn no_bytes_make_it_panic() {
        let bytes = hits(None, &[EnrichedHit::default()]);
        for cut in 0..bytes.len() {
            let _ = read(&bytes[..cut]);
        }
        assert!(read(b"").is_none());
        assert!(read(&[9, 9]).is_none());
    }
}
