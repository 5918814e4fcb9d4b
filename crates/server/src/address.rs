//! How a browser reaches this server: scheme, host and the path below which it lies.

use std::net::IpAddr;

use axum::http::HeaderMap;

use crate::client::Client;

const HOST_MAX_BYTES: usize = 255;

/// Reads the address that an operator gives: `https://example.org/stats`, without the last slash.
pub fn parse_base_url(text: &str) -> Result<String, String> {
    let wrong = || {
        format!(
            "'{}' is no address such as https://example.org or https://example.org/stats",
            text.escape_debug()
        )
    };
    let trimmed = text.trim().trim_end_matches('/');
    let rest = trimmed
        .strip_prefix("https://")
        .or(trimmed.strip_prefix("http://"))
        .ok_or_else(wrong)?;
    let (host, path) = split_host(rest);
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "/-._~".contains(letter);
    let is_path = path.chars().all(plain) && !path.contains("//") && !path.contains("/.");
    match is_host(host) && is_path {
        true => Ok(trimmed.to_owned()),
        false => Err(wrong()),
    }
}

/// The path of an address read by [`parse_base_url`]: `/stats`, or nothing.
pub fn path_of(base_url: &str) -> &str {
    let rest = base_url.split_once("://").map_or("", |(_, rest)| rest);
    split_host(rest).1
}

fn split_host(rest: &str) -> (&str, &str) {
    rest.split_at(rest.find('/').unwrap_or(rest.len()))
}

fn is_host(text: &str) -> bool {
    let allowed = |letter: char| letter.is_ascii_alphanumeric() || "-._:[]".contains(letter);
    !text.is_empty() && text.len() <= HOST_MAX_BYTES && text.chars().all(allowed)
}

/// How well the way between browser and server is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    Https,
    /// Plain HTTP that does not leave the machine; browsers treat it as secure.
    Loopback,
    Plain,
}

/// The address in the browser's address bar, as far as a request tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    pub transport: Transport,
    pub host: String,
    prefix: String,
    base_url: Option<String>,
}

impl Address {
    /// A trusted proxy's `X-Forwarded-*` count, nobody else's. A host that equals the one of `base_url` has its scheme.
    pub fn of(client: Client, headers: &HeaderMap, base_url: Option<&str>) -> Address {
        let forwarded = |name: &str| match client.behind_proxy {
            true => {
                header(headers, name).map(|list| list.split(',').next().unwrap_or_default().trim())
            }
            false => None,
        };
        let host = forwarded("x-forwarded-host")
            .or(header(headers, "host"))
            .filter(|host| is_host(host))
            .unwrap_or("localhost")
            .to_ascii_lowercase();
        let configured = base_url.and_then(|url| url.split_once("://"));
        let is_configured_https = configured.is_some_and(|(scheme, rest)| {
            scheme == "https" && split_host(rest).0.eq_ignore_ascii_case(&host)
        });
        let https = match forwarded("x-forwarded-proto") {
            Some(scheme) => scheme.eq_ignore_ascii_case("https"),
            None => is_configured_https,
        };
        let transport = match https {
            true => Transport::Https,
            false if is_loopback(&host) => Transport::Loopback,
            false => Transport::Plain,
        };
        let prefix = forwarded("x-forwarded-prefix")
            .map(|prefix| prefix.trim_end_matches('/'))
            .filter(|prefix| parse_base_url(&format!("http://host{prefix}")).is_ok())
            .unwrap_or_default();
        Address {
            transport,
            host,
            prefix: prefix.to_owned(),
            base_url: base_url.map(str::to_owned),
        }
    }

    /// Where pages of other sites find this server, with a slash at the end.
    pub fn server_url(&self) -> String {
        match &self.base_url {
            Some(url) => format!("{url}/"),
            None => format!("{}{}/", self.origin(), self.prefix),
        }
    }

    fn origin(&self) -> String {
        let scheme = match self.transport {
            Transport::Https => "https",
            Transport::Loopback | Transport::Plain => "http",
        };
        format!("{scheme}://{}", self.host)
    }

    /// False for a request that another site made a browser send. Browsers that send neither header exist; forms carry a
    /// secret beside.
    pub fn is_same_origin(&self, headers: &HeaderMap) -> bool {
        if let Some(site) = header(headers, "sec-fetch-site")
            && !matches!(site, "same-origin" | "none")
        {
            return false;
        }
        match header(headers, "origin") {
            None => true,
            Some(origin) => {
                let host = origin.split_once("://").map_or("", |(_, host)| host);
                let configured = self
                    .base_url
                    .as_deref()
                    .and_then(|url| url.split_once("://"));
                host.eq_ignore_ascii_case(&self.host)
                    || configured
                        .is_some_and(|(_, rest)| split_host(rest).0.eq_ignore_ascii_case(host))
            }
        }
    }
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// `localhost`, a name below it, or an address of the machine itself; with or without a port.
fn is_loopback(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    name == "localhost"
        || name.ends_with(".localhost")
        || name.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(
        behind_proxy: bool,
        base_url: Option<&str>,
        headers: &[(&'static str, &str)],
    ) -> Address {
        let client = Client {
            ip: "10.0.0.1".parse().expect("an address"),
            behind_proxy,
        };
        Address::of(client, &map(headers), base_url)
    }

    fn map(headers: &[(&'static str, &str)]) -> HeaderMap {
        let pairs = headers.iter();
        pairs
            .map(|(name, value)| {
                let name = axum::http::HeaderName::from_static(name);
                (name, value.parse().expect("a header value"))
            })
            .collect()
    }

    #[test]
    fn base_urls() {
        for (text, expected) in [
            ("https://example.org/", Some("https://example.org")),
            ("http://10.0.0.1:8080", Some("http://10.0.0.1:8080")),
            (
                "https://example.org/a/stats/",
                Some("https://example.org/a/stats"),
            ),
            ("example.org", None),
            ("ftp://example.org", None),
            ("https://", None),
            ("https://example.org/?a", None),
            ("https://example.org/../a", None),
            ("https://user@example.org", None),
            ("https://example.org/\"><script>", None),
        ] {
            assert_eq!(parse_base_url(text).ok().as_deref(), expected, "{text}");
        }
        assert_eq!(path_of("https://example.org/a/stats"), "/a/stats");
        assert_eq!(path_of("https://example.org"), "");
    }

    #[test]
    fn transports() {
        let https = ("x-forwarded-proto", "https");
        for (behind_proxy, base_url, headers, expected) in [
            (
                false,
                None,
                vec![("host", "localhost:8080")],
                Transport::Loopback,
            ),
            (
                false,
                None,
                vec![("host", "127.0.0.1")],
                Transport::Loopback,
            ),
            (
                false,
                None,
                vec![("host", "[::1]:8080")],
                Transport::Loopback,
            ),
            (
                false,
                None,
                vec![("host", "localhost.example.org")],
                Transport::Plain,
            ),
            (
                false,
                None,
                vec![("host", "example.org"), https],
                Transport::Plain,
            ),
            (
                true,
                None,
                vec![("host", "example.org"), https],
                Transport::Https,
            ),
            (
                false,
                Some("https://example.org/a"),
                vec![("host", "example.org")],
                Transport::Https,
            ),
            (
                false,
                Some("https://example.org/a"),
                vec![("host", "10.0.0.5")],
                Transport::Plain,
            ),
            (
                true,
                Some("https://example.org"),
                vec![("host", "example.org"), ("x-forwarded-proto", "http")],
                Transport::Plain,
            ),
        ] {
            let address = address(behind_proxy, base_url, &headers);
            assert_eq!(address.transport, expected, "{headers:?}");
        }
    }

    #[test]
    fn servers_own_address() {
        let forwarded = [
            ("host", "internal"),
            ("x-forwarded-host", "example.org"),
            ("x-forwarded-prefix", "/stats/"),
            ("x-forwarded-proto", "https"),
        ];
        assert_eq!(
            address(true, None, &forwarded).server_url(),
            "https://example.org/stats/"
        );
        assert_eq!(
            address(false, None, &forwarded).server_url(),
            "http://internal/"
        );
        let based = address(false, Some("https://example.org/a"), &forwarded);
        assert_eq!(based.server_url(), "https://example.org/a/");
        let hostile = [("host", "a\"b"), ("x-forwarded-prefix", "/\"><script>")];
        assert_eq!(
            address(true, None, &hostile).server_url(),
            "http://localhost/"
        );
    }

    #[test]
    fn requests_that_other_sites_caused() {
        for (headers, expected) in [
            (vec![], true),
            (vec![("origin", "http://example.org")], true),
            (vec![("origin", "http://example.org.evil.example")], false),
            (vec![("origin", "null")], false),
            (vec![("sec-fetch-site", "cross-site")], false),
            (
                vec![
                    ("sec-fetch-site", "same-site"),
                    ("origin", "http://example.org"),
                ],
                false,
            ),
            (
                vec![
                    ("sec-fetch-site", "same-origin"),
                    ("origin", "http://example.org"),
                ],
                true,
            ),
        ] {
            let here = address(false, None, &[("host", "example.org")]);
            assert_eq!(here.is_same_origin(&map(&headers)), expected, "{headers:?}");
        }
    }
}
