//! Reading, shortening and writing IP addresses.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// Reads an address as proxies and log files write it: with a port, in brackets, with a zone, mapped into version 6.
pub fn parse_address(text: &str) -> Option<IpAddr> {
    let text = text.trim().trim_matches('"');
    if let Ok(socket) = text.parse::<SocketAddr>() {
        return Some(socket.ip().to_canonical());
    }
    let inside = text
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
        .unwrap_or(text);
    let without_zone = inside.split('%').next().unwrap_or_default();
    without_zone
        .parse::<IpAddr>()
        .ok()
        .map(|address| address.to_canonical())
}

/// The usual text; an IPv4 address mapped into version 6 is written as IPv4.
pub fn address_text(address: IpAddr) -> String {
    address.to_canonical().to_string()
}

/// Removes the end of an address.
///
/// IPv4: the last `mask_level` bytes become 0. IPv6: 1 keeps the first 64 bits, 2 keeps 48, 3 keeps 24, 4 none.
/// 0 keeps everything, more than 4 is 4.
pub fn anonymise_address(address: IpAddr, mask_level: u8) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => {
            let kept_bits = 32 - 8 * u32::from(mask_level.min(4));
            IpAddr::V4(Ipv4Addr::from(
                u32::from(address) & first_bits_32(kept_bits),
            ))
        }
        IpAddr::V6(address) => {
            let kept_bits = match mask_level {
                0 => 128,
                1 => 64,
                2 => 48,
                3 => 24,
                _ => 0,
            };
            IpAddr::V6(Ipv6Addr::from(
                u128::from(address) & first_bits_128(kept_bits),
            ))
        }
    }
}

fn first_bits_32(count: u32) -> u32 {
    u32::MAX.checked_shl(32 - count).unwrap_or(0)
}

fn first_bits_128(count: u32) -> u128 {
    u128::MAX.checked_shl(128 - count).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_lose_their_end() {
        for (address, mask_level, expected) in [
            ("156.5.3.200", 0, "156.5.3.200"),
            ("156.5.3.200", 1, "156.5.3.0"),
            ("156.5.3.200", 2, "156.5.0.0"),
            ("156.5.3.200", 3, "156.0.0.0"),
            ("156.5.3.200", 4, "0.0.0.0"),
            ("156.5.3.200", 200, "0.0.0.0"),
            (
                "2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff",
                0,
                "2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff",
            ),
            (
                "2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff",
                1,
                "2001:db8:aaaa:bbbb::",
            ),
            (
                "2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff",
                2,
                "2001:db8:aaaa::",
            ),
            ("2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff", 3, "2001:d00::"),
            ("2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff", 4, "::"),
            ("::ffff:156.5.3.200", 1, "156.5.3.0"),
        ] {
            let parsed = parse_address(address).expect("a test address");
            assert_eq!(
                address_text(anonymise_address(parsed, mask_level)),
                expected,
                "{address} {mask_level}"
            );
        }
    }

    #[test]
    fn addresses_are_read_in_many_forms() {
        for (text, expected) in [
            ("1.2.3.4", Some("1.2.3.4")),
            (" 1.2.3.4:80 ", Some("1.2.3.4")),
            ("[2001:db8::1]:443", Some("2001:db8::1")),
            ("[2001:db8::1]", Some("2001:db8::1")),
            ("fe80::1%eth0", Some("fe80::1")),
            ("::ffff:1.2.3.4", Some("1.2.3.4")),
            ("\"1.2.3.4\"", Some("1.2.3.4")),
            ("1.2.3", None),
            ("1.2.3.4.5", None),
            ("example.org", None),
            ("", None),
        ] {
            assert_eq!(
                parse_address(text).map(address_text).as_deref(),
                expected,
                "{text}"
            );
        }
    }
}
