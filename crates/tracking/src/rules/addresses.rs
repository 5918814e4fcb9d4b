//! Lists of addresses: single ones, `10.0.0.0/8`, `10.1.*.*`.

use std::net::IpAddr;

use serde_json::Value;

use super::setting::FromSetting;

/// Ranges of addresses. Entries that are none are left out: they are refused where a site is configured.
#[derive(Clone, Debug, Default)]
pub struct AddressList(Vec<Range>);

#[derive(Clone, Debug)]
struct Range {
    first: u128,
    last: u128,
}

impl AddressList {
    /// Reads entries.
    pub fn new<'a>(entries: impl IntoIterator<Item = &'a str>) -> AddressList {
        AddressList(
            entries
                .into_iter()
                .filter_map(|entry| Range::parse(entry.trim()))
                .collect(),
        )
    }

    /// Whether an address lies in one of the ranges.
    pub fn contains(&self, address: IpAddr) -> bool {
        let number = number_of(address);
        self.0
            .iter()
            .any(|range| range.first <= number && number <= range.last)
    }
}

impl FromSetting for AddressList {
    fn from_setting(value: &Value) -> Option<AddressList> {
        let entries = Vec::<String>::from_setting(value)?;
        Some(AddressList::new(entries.iter().map(String::as_str)))
    }
}

/// An address as one number; version 4 lies in its mapped range of version 6.
pub fn number_of(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => u128::from(address.to_ipv6_mapped()),
        IpAddr::V6(address) => u128::from(address),
    }
}

impl Range {
    fn parse(entry: &str) -> Option<Range> {
        if entry.contains('*') {
            let first = entry.replace('*', "0").parse().ok()?;
            let last = entry.replace('*', "255").parse().ok()?;
            return Some(Range {
                first: number_of(IpAddr::V4(first)),
                last: number_of(IpAddr::V4(last)),
            });
        }
        let (address, length) = match entry.split_once('/') {
            Some((address, length)) => (address, Some(length.parse::<u32>().ok()?)),
            None => (entry, None),
        };
        let address: IpAddr = address.parse().ok()?;
        let bits = if address.is_ipv4() { 32 } else { 128 };
        let free = bits - length.unwrap_or(bits).min(bits);
        let mask = if free >= 128 {
            u128::MAX
        } else {
            (1u128 << free) - 1
        };
        let number = number_of(address);
        Some(Range {
            first: number & !mask,
            last: number | mask,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_lie_in_ranges() {
        let list = AddressList::new([
            "10.0.0.0/8",
            "192.168.*.*",
            "1.2.3.4",
            "2001:db8::/32",
            "junk",
            "1.2.3.4/99",
        ]);
        for (address, expected) in [
            ("10.255.0.1", true),
            ("11.0.0.1", false),
            ("192.168.3.4", true),
            ("192.169.0.0", false),
            ("1.2.3.4", true),
            ("1.2.3.5", false),
            ("2001:db8:1::1", true),
            ("2001:db9::", false),
            ("::ffff:10.1.2.3", true),
        ] {
            let address = address.parse().expect("an address");
            assert_eq!(list.contains(address), expected, "{address}");
        }
        assert!(AddressList::new(["::/0"]).contains(IpAddr::from([1, 1, 1, 1])));
    }
}
