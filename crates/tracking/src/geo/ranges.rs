//! Countries of addresses as sorted ranges: what the build packs and the program searches as it is, without
//! reading it into memory first.
//!
//! The block: its version, the time of the data in Unix seconds (8 bytes), the number of ranges for IPv4 and
//! for IPv6 (4 bytes each); then for each of the two the first addresses (4 or 8 bytes) and behind them one
//! byte a range, the country's place in [`COUNTRY_CODES`] plus one, or 0. A range ends where the next begins.
//! Numbers are little-endian. Of an IPv6 address the first half counts: networks are not smaller.

use std::net::IpAddr;

use super::codes::COUNTRY_CODES;

pub(super) const VERSION: u8 = 1;
const HEADER_BYTES: usize = 17;

/// Ranges of one kind of address.
#[derive(Clone, Copy)]
struct Ranges<'a, const BYTES: usize> {
    firsts: &'a [[u8; BYTES]],
    countries: &'a [u8],
}

impl<'a, const BYTES: usize> Ranges<'a, BYTES> {
    fn take(bytes: &mut &'a [u8], count: usize) -> Option<Self> {
        let (firsts, rest) = bytes.split_at_checked(count.checked_mul(BYTES)?)?;
        let (countries, rest) = rest.split_at_checked(count)?;
        *bytes = rest;
        Some(Ranges {
            firsts: firsts.as_chunks().0,
            countries,
        })
    }

    fn country(&self, is_after: impl Fn(&[u8; BYTES]) -> bool) -> Option<&'static str> {
        let at = self
            .firsts
            .partition_point(|first| !is_after(first))
            .checked_sub(1)?;
        let number = usize::from(*self.countries.get(at)?);
        COUNTRY_CODES.get(number.checked_sub(1)?).copied()
    }
}

/// Countries of addresses.
#[derive(Clone, Copy)]
pub struct CountryRanges<'a> {
    ipv4: Ranges<'a, 4>,
    ipv6: Ranges<'a, 8>,
    built_at_seconds: u64,
}

impl<'a> CountryRanges<'a> {
    /// Looks at a block; `None` where it is none of this kind.
    pub fn read(block: &'a [u8]) -> Option<Self> {
        let (header, mut rest) = block.split_first_chunk::<HEADER_BYTES>()?;
        if header[0] != VERSION {
            return None;
        }
        let (numbers, _) = header[1..].split_first_chunk::<8>()?;
        let count = |at: usize| {
            let bytes = header.get(at..at + 4)?.try_into().ok()?;
            usize::try_from(u32::from_le_bytes(bytes)).ok()
        };
        let ipv4 = Ranges::take(&mut rest, count(9)?)?;
        let ipv6 = Ranges::take(&mut rest, count(13)?)?;
        rest.is_empty().then_some(CountryRanges {
            ipv4,
            ipv6,
            built_at_seconds: u64::from_le_bytes(*numbers),
        })
    }

    /// The country of an address, two letters in lower case.
    pub fn country(&self, address: IpAddr) -> Option<&'static str> {
        match address.to_canonical() {
            IpAddr::V4(address) => {
                let number = u32::from(address);
                self.ipv4
                    .country(|first| u32::from_le_bytes(*first) > number)
            }
            IpAddr::V6(address) => {
                let number = (u128::from(address) >> 64) as u64;
                self.ipv6
                    .country(|first| u64::from_le_bytes(*first) > number)
            }
        }
    }

    /// When the data were put together, in Unix seconds.
    pub fn built_at_seconds(&self) -> u64 {
        self.built_at_seconds
    }

    /// How many ranges there are.
    pub fn range_count(&self) -> usize {
        self.ipv4.countries.len() + self.ipv6.countries.len()
    }
}

#[cfg(test)]
mod tests {
    use super::super::pack::{Network, pack};
    use super::*;

    fn network(first: u64, last: u64, country: &str) -> Network {
        Network {
            first,
            last,
            country: country.to_owned(),
        }
    }

    fn block() -> Vec<u8> {
        let ipv4 = vec![
            network(0x0a00_0200, 0x0a00_02ff, "de"),
            network(0x0a00_0000, 0x0a00_00ff, "ke"),
            network(0x0a00_0100, 0x0a00_01ff, "ke"),
            network(0x0b00_0000, 0xffff_ffff, "zw"),
        ];
        let ipv6 = vec![network(0x2001_0db8_0000_0000, 0x2001_0db8_ffff_ffff, "fr")];
        pack(ipv4, ipv6, 1_700_000_000)
    }

    #[test]
    fn addresses_are_found_to_the_last() {
        let block = block();
        let ranges = CountryRanges::read(&block).expect("a block");
        assert_eq!(ranges.built_at_seconds(), 1_700_000_000);
        // Neighbours of one country are one range; what lies between is one, too.
        assert_eq!(ranges.range_count(), 4 + 2);
        for (address, expected) in [
            ("9.255.255.255", None),
            ("10.0.0.0", Some("ke")),
            ("10.0.1.255", Some("ke")),
            ("10.0.2.0", Some("de")),
            ("10.0.2.255", Some("de")),
            ("10.0.3.0", None),
            ("11.0.0.0", Some("zw")),
            ("255.255.255.255", Some("zw")),
            ("::ffff:10.0.2.1", Some("de")),
            ("2001:db8::", Some("fr")),
            ("2001:db8:ffff:ffff:ffff::", Some("fr")),
            ("2001:db9::", None),
            ("::1", None),
            ("ffff::", None),
        ] {
            let parsed = address.parse().expect("a test address");
            assert_eq!(ranges.country(parsed), expected, "{address}");
        }
    }

    #[test]
    fn a_block_that_is_cut_or_of_another_version_is_refused() {
        let whole = block();
        for cut in 0..whole.len() {
            assert!(CountryRanges::read(&whole[..cut]).is_none(), "{cut}");
        }
        let mut other = whole.clone();
        other[0] = VERSION + 1;
        assert!(CountryRanges::read(&other).is_none());
        let mut longer = whole;
        longer.push(0);
        assert!(CountryRanges::read(&longer).is_none());
    }
}
