//! Checks of single values, shared by the subjects.

use std::net::IpAddr;

use crate::error::{Error, Result};

/// Refuses a text with more than `limit` characters.
pub(crate) fn at_most(what: &str, text: &str, limit: usize) -> Result<()> {
    let length = text.chars().count();
    if length > limit {
        return Err(Error::invalid(format!(
            "{what} may have at most {limit} characters, this one has {length}."
        )));
    }
    Ok(())
}

/// Refuses an empty text and one with more than `limit` characters.
pub(crate) fn filled(what: &str, text: &str, limit: usize) -> Result<()> {
    if text.is_empty() {
        return Err(Error::invalid(format!("{what} must not be empty.")));
    }
    at_most(what, text, limit)
}

/// A comma-separated list as it is kept: parts trimmed, empty and repeated ones dropped.
pub(crate) fn list(parts: &[String]) -> Vec<String> {
    let mut kept: Vec<String> = Vec::with_capacity(parts.len());
    for part in parts.iter().flat_map(|part| part.split(',')) {
        let part = part.trim();
        if !part.is_empty() && !kept.iter().any(|known| known == part) {
            kept.push(part.to_owned());
        }
    }
    kept
}

pub(crate) fn split_list(stored: &str) -> Vec<String> {
    stored
        .split(',')
        .filter(|part| !part.is_empty())
        .map(str::to_owned)
        .collect()
}

/// Total length limit of a list column: hostile input must not fill the database or the tracker's memory.
pub(crate) const LIST_LIMIT: usize = 65_535;

pub(crate) fn checked_list(what: &str, parts: &[String]) -> Result<String> {
    let stored = list(parts).join(",");
    if stored.len() > LIST_LIMIT {
        return Err(Error::invalid(format!(
            "{what} is longer than {LIST_LIMIT} bytes."
        )));
    }
    Ok(stored)
}

pub(crate) fn checked_ip_list(parts: &[String]) -> Result<String> {
    for part in list(parts) {
        if Network::parse(&part).is_none() {
            return Err(Error::invalid(format!(
                "The IP to exclude \"{part}\" does not have a valid IP format (e.g. 1.2.3.4, 1.2.3.*, or 1.2.3.4/5)."
            )));
        }
    }
    checked_list("The list of excluded IPs", parts)
}

/// True for a zone of the bundled database and for Matomo's fixed offsets `UTC+5.5`, `UTC-12` … `UTC+14`.
pub fn is_valid_timezone(name: &str) -> bool {
    if name == "UTC" {
        return true;
    }
    if let Some(offset) = name.strip_prefix("UTC") {
        let signed = offset.starts_with('+') || offset.starts_with('-');
        return signed
            && offset.len() <= 6
            && offset.parse::<f64>().is_ok_and(|hours| {
                (-12.0..=14.0).contains(&hours) && (hours * 4.0).fract() == 0.0
            });
    }
    // The database looks names up without case; Matomo does not.
    jiff::tz::TimeZone::get(name).is_ok_and(|zone| zone.iana_name() == Some(name))
}

pub(crate) fn timezone(name: &str) -> Result<()> {
    if is_valid_timezone(name) {
        return Ok(());
    }
    Err(Error::invalid(format!(
        "The timezone \"{}\" is not valid. Please enter a valid timezone.",
        shortened(name)
    )))
}

/// Currencies are three letters; which ones have a symbol and a name is the catalog's knowledge.
pub(crate) fn currency(code: &str) -> Result<()> {
    if code.len() == 3 && code.bytes().all(|byte| byte.is_ascii_uppercase()) {
        return Ok(());
    }
    Err(Error::invalid(format!(
        "The currency \"{}\" is not valid. Please enter a valid currency symbol (eg. USD, EUR, etc.)",
        shortened(code)
    )))
}

/// A quoted value in a message must not be as long as the request.
pub(crate) fn shortened(text: &str) -> String {
    match text.char_indices().nth(100) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// An address of a site as Matomo keeps it: with a scheme, without a slash at the end.
pub(crate) fn site_url(given: &str) -> Result<String> {
    let trimmed = given.trim();
    let wrong = || {
        Error::invalid(format!(
            "The URL '{}' is not a valid URL.",
            shortened(trimmed)
        ))
    };
    if trimmed.len() > 2048
        || trimmed
            .chars()
            .any(|char| char.is_control() || char.is_whitespace())
    {
        return Err(wrong());
    }
    let url = match trimmed.contains("://") {
        true => trimmed.to_owned(),
        false => format!("http://{trimmed}"),
    };
    let url = url.strip_suffix('/').unwrap_or(&url);
    let (scheme, rest) = url.split_once("://").ok_or_else(wrong)?;
    let scheme_is_word = scheme.starts_with(|char: char| char.is_ascii_alphabetic())
        && scheme
            .chars()
            .all(|char| char.is_ascii_alphanumeric() || "+-.".contains(char));
    // A script address would run in the browser of whoever follows the link from a report.
    let harmful = ["javascript", "data", "vbscript"]
        .iter()
        .any(|bad| scheme.eq_ignore_ascii_case(bad));
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host_is_plain = !host.is_empty()
        && !host.contains(['<', '>', '"', '\'', '\\', '^', '`', '{', '}', '|', ',']);
    if !scheme_is_word || harmful || !host_is_plain || rest.contains(['<', '>', '"']) {
        return Err(wrong());
    }
    Ok(url.to_owned())
}

/// A range of addresses: one address, `1.2.3.4/24`, or `1.2.3.*`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    address: u128,
    prefix_bits: u32,
}

impl Network {
    /// Reads an address, an address with a prefix length, or an IPv4 address with stars at its end.
    pub fn parse(text: &str) -> Option<Network> {
        let text = text.trim();
        if text.contains('*') {
            return Network::parse_stars(text);
        }
        let (address, length) = match text.split_once('/') {
            Some((address, length))
                if !length.is_empty() && length.bytes().all(|byte| byte.is_ascii_digit()) =>
            {
                (address, Some(length.parse::<u32>().ok()?))
            }
            Some(_) => return None,
            None => (text, None),
        };
        let address: IpAddr = address.parse().ok()?;
        let width = if address.is_ipv4() { 32 } else { 128 };
        let length = length.unwrap_or(width);
        (length <= width).then(|| Network::new(address, 128 - width + length))
    }

    fn parse_stars(text: &str) -> Option<Network> {
        let parts: Vec<&str> = text.split('.').collect();
        let fixed = parts.iter().take_while(|part| **part != "*").count();
        if parts.len() != 4 || parts[fixed..].iter().any(|part| *part != "*") {
            return None;
        }
        let address: IpAddr = text.replace('*', "0").parse().ok()?;
        Some(Network::new(address, 96 + 8 * fixed as u32))
    }

    fn new(address: IpAddr, prefix_bits: u32) -> Network {
        Network {
            address: as_bits(address) & mask(prefix_bits),
            prefix_bits,
        }
    }

    /// True when the address lies in this range. IPv4 addresses written as IPv6 count as IPv4.
    pub fn contains(&self, address: IpAddr) -> bool {
        as_bits(address) & mask(self.prefix_bits) == self.address
    }
}

fn mask(prefix_bits: u32) -> u128 {
    match prefix_bits {
        0 => 0,
        bits => u128::MAX << (128 - bits.min(128)),
    }
}

fn as_bits(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => address.to_ipv6_mapped().to_bits(),
        IpAddr::V6(address) => address.to_bits(),
    }
}

/// What a client is counted under: an IPv4 address whole, an IPv6 address by its /64, which one client owns entirely.
pub(crate) fn client_key(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => {
            let network = std::net::Ipv6Addr::from_bits(address.to_bits() & mask(64));
            format!("{network}/64")
        }
    }
}

/// An address for lists people look at: its last byte, or all but its first 48 bits, are gone.
pub(crate) fn masked_address(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => {
            let [a, b, c, _] = address.octets();
            format!("{a}.{b}.{c}.0")
        }
        IpAddr::V6(address) => {
            std::net::Ipv6Addr::from_bits(address.to_bits() & mask(48)).to_string()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks() {
        for (network, inside, outside) in [
            ("1.2.3.4", "1.2.3.4", "1.2.3.5"),
            ("1.2.3.4/24", "1.2.3.255", "1.2.4.0"),
            ("1.2.*.*", "1.2.255.1", "1.3.0.0"),
            ("0.0.0.0/0", "255.1.1.1", "2001:db8::1"),
            ("2001:db8::/32", "2001:db8:1::1", "2001:db9::1"),
            ("10.0.0.0/8", "::ffff:10.1.2.3", "::ffff:11.1.2.3"),
        ] {
            let parsed = Network::parse(network).unwrap();
            assert!(
                parsed.contains(inside.parse().unwrap()),
                "{network} {inside}"
            );
            assert!(
                !parsed.contains(outside.parse().unwrap()),
                "{network} {outside}"
            );
        }
        for wrong in [
            "",
            "1.2.3",
            "1.*.3.*",
            "1.2.3.4/33",
            "1.2.3.4/",
            "1.2.3.4/+1",
            "*",
            "a",
            "::1/129",
            "1.2.3.*/8",
        ] {
            assert_eq!(Network::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn site_urls() {
        for (given, kept) in [
            ("http://example.org/", "http://example.org"),
            (" https://example.org/path/ ", "https://example.org/path"),
            ("example.org", "http://example.org"),
            ("http://bücher.example", "http://bücher.example"),
            ("myapp://open", "myapp://open"),
            ("http://[::1]:8080/a", "http://[::1]:8080/a"),
        ] {
            assert_eq!(site_url(given).unwrap(), kept);
        }
        for wrong in [
            "",
            "http://",
            "javascript://example.org/%0aalert(1)",
            "http://exa mple.org",
            "http://a\"b",
            "http://example.org/<script>",
            "://x",
            "http://a\0b",
        ] {
            assert!(site_url(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn timezones() {
        for good in [
            "UTC",
            "Europe/Berlin",
            "UTC+14",
            "UTC-12",
            "UTC+5.75",
            "America/Argentina/Ushuaia",
        ] {
            assert!(is_valid_timezone(good), "{good}");
        }
        for wrong in [
            "",
            "utc",
            "europe/berlin",
            "UTC+15",
            "UTC5",
            "UTC+5.3",
            "UTC+inf",
            "UTC+",
            "Mars/Base",
            "../x",
        ] {
            assert!(!is_valid_timezone(wrong), "{wrong}");
        }
    }

    #[test]
    fn lists_are_cleaned() {
        let given = [" a ,b,,a".to_owned(), "c".to_owned()];
        assert_eq!(list(&given), ["a", "b", "c"]);
        assert_eq!(split_list(""), Vec::<String>::new());
    }

    #[test]
    fn clients_are_counted_by_network() {
        for (address, key) in [
            ("1.2.3.4", "1.2.3.4"),
            ("::ffff:1.2.3.4", "1.2.3.4"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ] {
            assert_eq!(client_key(address.parse().unwrap()), key);
        }
        assert_eq!(
            masked_address("2001:db8:1:2::5".parse().unwrap()),
            "2001:db8:1::"
        );
    }
}
