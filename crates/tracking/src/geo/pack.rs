//! Writes what `ranges.rs` reads: part of the build, and of tests.

use super::codes::COUNTRY_CODES;
use super::ranges::VERSION;

/// The byte of ranges that belong to no country.
const NOWHERE: u8 = 0;

/// A network: its first address and its last, of which only the leading 32 or 64 bits are given, and its
/// country in lower case.
pub struct Network {
    pub first: u64,
    pub last: u64,
    pub country: String,
}

/// Packs networks that do not overlap. Neighbours of one country become one range.
pub fn pack(ipv4: Vec<Network>, ipv6: Vec<Network>, built_at_seconds: u64) -> Vec<u8> {
    let (ipv4, ipv6) = (join(ipv4, u64::from(u32::MAX)), join(ipv6, u64::MAX));
    let mut block = vec![VERSION];
    block.extend(built_at_seconds.to_le_bytes());
    for ranges in [&ipv4, &ipv6] {
        block.extend(
            u32::try_from(ranges.len())
                .unwrap_or(u32::MAX)
                .to_le_bytes(),
        );
    }
    for (first, _) in &ipv4 {
        block.extend(&first.to_le_bytes()[..4]);
    }
    block.extend(ipv4.iter().map(|(_, country)| country));
    for (first, _) in &ipv6 {
        block.extend(first.to_le_bytes());
    }
    block.extend(ipv6.iter().map(|(_, country)| country));
    block
}

/// First addresses and countries of ranges without gaps.
fn join(mut networks: Vec<Network>, last_address: u64) -> Vec<(u64, u8)> {
    networks.sort_by_key(|network| network.first);
    let mut ranges: Vec<(u64, u8)> = Vec::new();
    let mut begin = |first: u64, country: u8| {
        // What began at the same address is empty.
        ranges.pop_if(|last| last.0 == first);
        if ranges.last().is_none_or(|last| last.1 != country) {
            ranges.push((first, country));
        }
    };
    for network in networks {
        let place = COUNTRY_CODES.binary_search(&network.country.as_str());
        let number = place.map_or(NOWHERE, |place| place as u8 + 1);
        begin(network.first, number);
        if network.last < last_address {
            begin(network.last + 1, NOWHERE);
        }
    }
    ranges
}
