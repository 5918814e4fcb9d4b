//! From the bytes of a request to the parameters of its hits. Nothing here knows a site.

mod bulk;
mod params;

pub use bulk::{Bulk, BulkEntry, BulkError};
pub use params::{HitParams, Token, cut_bytes, cut_chars, is_true, number, unescape_html};

use std::net::IpAddr;

use model::Timestamp;

use crate::url::ParamMap;

/// A single hit may not be longer, all its parameters together.
pub const MAX_HIT_BYTES: usize = 64 * 1024;
/// More hits than this are not taken in one bulk request.
pub const MAX_BULK_HITS: usize = 10_000;
/// JSON that nests deeper is refused.
pub const MAX_JSON_DEPTH: usize = 32;

/// What a request says about its sender beside its parameters. All hits of a bulk request share it.
#[derive(Clone, Debug, PartialEq)]
pub struct Environment {
    /// Where the request came from, proxies already taken into account.
    pub remote_ip: IpAddr,
    pub received_at: Timestamp,
    pub user_agent: String,
    pub accept_language: String,
    /// Client hints by header name in lower case, such as `sec-ch-ua-platform`.
    pub client_hints: Vec<(String, String)>,
    /// Visitor id of the third-party cookie, 16 hexadecimal digits.
    pub third_party_id: Option<String>,
    /// The cookie of people who opted out is there.
    pub opted_out: bool,
    /// `DNT: 1` or `X-Do-Not-Track: 1`.
    pub do_not_track: bool,
    /// `Sec-GPC: 1`.
    pub global_privacy_control: bool,
    /// `X-Purpose`, `Purpose`, `Sec-Purpose` or `X-Moz` announced a prefetch or preview.
    pub prefetch: bool,
    /// The `Via` header.
    pub via: String,
    /// The `Referer` header: the page of a tracking image.
    pub referer: String,
}

impl Environment {
    /// An environment with nothing but an address and a time.
    pub fn new(remote_ip: IpAddr, received_at: Timestamp) -> Environment {
        Environment {
            remote_ip,
            received_at,
            user_agent: String::new(),
            accept_language: String::new(),
            client_hints: Vec::new(),
            third_party_id: None,
            opted_out: false,
            do_not_track: false,
            global_privacy_control: false,
            prefetch: false,
            via: String::new(),
            referer: String::new(),
        }
    }

    /// Reads the headers that matter from `(name, value)` pairs; names in any case.
    pub fn read_header(&mut self, name: &str, value: &str) {
        let lower = name.to_ascii_lowercase();
        match lower.as_str() {
            "user-agent" => self.user_agent = cut(value, 2_048),
            "accept-language" => self.accept_language = cut(value, 200),
            "dnt" | "x-do-not-track" => self.do_not_track |= value.trim().starts_with('1'),
            "sec-gpc" => self.global_privacy_control = value.trim() == "1",
            "x-purpose" => self.prefetch |= is_one_of(value, &["preview", "instant"]),
            "x-moz" => self.prefetch |= is_one_of(value, &["prefetch"]),
            "via" => self.via = cut(value, 200),
            "referer" => self.referer = cut(value, 4_096),
            "cookie" => self.read_cookies(value),
            _ if lower.starts_with("sec-ch-ua") => {
                self.client_hints.push((lower, cut(value, 1_024)))
            }
            _ => {}
        }
    }

    fn read_cookies(&mut self, header: &str) {
        for cookie in header.split(';').take(200) {
            let Some((name, value)) = cookie.split_once('=') else {
                continue;
            };
            match name.trim() {
                "matomo_ignore" | "piwik_ignore" => {
                    self.opted_out |= !value.trim().is_empty();
                }
                "_pk_uid" => self.third_party_id = third_party_id(value.trim()),
                _ => {}
            }
        }
    }
}

/// The cookie holds `0=<quoted or plain id>`, fields separated by colons, a signature behind.
fn third_party_id(value: &str) -> Option<String> {
    let value = crate::url::url_decode(value);
    let field = value.split(':').find_map(|field| field.strip_prefix("0="));
    let id: String = match field {
        // The value may be Base64 of a quoted text in cookies that Matomo has written.
        Some(field) => field.trim_matches('"').to_owned(),
        None => value,
    };
    is_visitor_id(&id).then_some(id)
}

/// Sixteen hexadecimal digits.
pub fn is_visitor_id(text: &str) -> bool {
    text.len() == 16 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn is_one_of(value: &str, words: &[&str]) -> bool {
    words
        .iter()
        .any(|word| value.trim().eq_ignore_ascii_case(word))
}

fn cut(text: &str, bytes: usize) -> String {
    crate::url::cut_to_bytes(text, bytes).to_owned()
}

/// A request as it came in.
#[derive(Clone, Debug)]
pub struct RawRequest<'a> {
    pub method: Method,
    /// Without the question mark.
    pub query: &'a [u8],
    pub body: &'a [u8],
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    Get,
    Post,
    /// `HEAD` and everything else: read as `POST`.
    Other,
}

/// What a request turned out to be.
#[derive(Clone, Debug, PartialEq)]
pub enum Parsed {
    /// No parameters at all: answered by a sentence about what this address is.
    Empty,
    Single(HitParams),
    Bulk(Bulk),
    /// A hit that is too long, or a bulk request that cannot be read.
    Refused(BulkError),
}

/// Reads a request.
pub fn parse(request: &RawRequest<'_>) -> Parsed {
    if request.query.len() > MAX_HIT_BYTES {
        return Parsed::Refused(BulkError::HitTooLong);
    }
    let query = HitParams::new(ParamMap::parse_bytes(request.query));
    if request.method != Method::Get && bulk::looks_like_bulk(request.body) {
        return match bulk::parse(request.body, &query) {
            Ok(bulk) => Parsed::Bulk(bulk),
            Err(reason) => Parsed::Refused(reason),
        };
    }
    let mut params = query;
    if request.method != Method::Get && !request.body.is_empty() {
        if request.body.len() > MAX_HIT_BYTES {
            return Parsed::Refused(BulkError::HitTooLong);
        }
        params.add_missing(HitParams::new(ParamMap::parse_bytes(request.body)));
    }
    if params.is_empty() {
        return Parsed::Empty;
    }
    Parsed::Single(params)
}

/// No deeper than [`MAX_JSON_DEPTH`]: checked before anything is built from it.
pub fn json_within_limits(text: &[u8]) -> bool {
    let (mut depth, mut in_text, mut escaped) = (0usize, false, false);
    for byte in text {
        if in_text {
            match (escaped, byte) {
                (true, _) => escaped = false,
                (false, b'\\') => escaped = true,
                (false, b'"') => in_text = false,
                _ => {}
            }
            continue;
        }
        match byte {
            b'"' => in_text = true,
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > MAX_JSON_DEPTH {
            return false;
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse_text(method: Method, query: &str, body: &str) -> Parsed {
        parse(&RawRequest {
            method,
            query: query.as_bytes(),
            body: body.as_bytes(),
        })
    }

    fn single(parsed: Parsed) -> HitParams {
        match parsed {
            Parsed::Single(hit) => hit,
            other => panic!("no single hit: {other:?}"),
        }
    }

    #[test]
    fn the_query_wins_over_the_body() {
        let hit = single(parse_text(
            Method::Post,
            "idsite=1&rec=1",
            "idsite=2&url=http://h/&token_auth=t",
        ));
        assert_eq!(hit.integer("idsite"), Some(1));
        assert_eq!(hit.text("url"), Some("http://h/"));
        assert!(hit.token().is_some());
    }

    #[test]
    fn requests_without_parameters_are_empty() {
        assert_eq!(parse_text(Method::Get, "", ""), Parsed::Empty);
        assert_eq!(parse_text(Method::Post, "", ""), Parsed::Empty);
        assert_eq!(
            parse_text(Method::Get, "", "idsite=1"),
            Parsed::Empty,
            "GET has no body"
        );
    }

    #[test]
    fn limits_are_kept() {
        let long = "a".repeat(MAX_HIT_BYTES + 1);
        assert_eq!(
            parse_text(Method::Get, &long, ""),
            Parsed::Refused(BulkError::HitTooLong)
        );
        assert_eq!(
            parse_text(Method::Post, "", &long),
            Parsed::Refused(BulkError::HitTooLong)
        );
        assert!(json_within_limits(
            br#"{"a":["[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["]}"#
        ));
        assert!(!json_within_limits("[".repeat(33).as_bytes()));
    }

    #[test]
    fn headers_are_read_by_name() {
        let mut environment = Environment::new(IpAddr::from([127, 0, 0, 1]), 0);
        for (name, value) in [
            ("User-Agent", "Firefox"),
            ("DNT", "1"),
            ("Sec-CH-UA-Platform", "\"Linux\""),
            ("X-Purpose", "Preview"),
            (
                "Cookie",
                "a=b; matomo_ignore=ignore%3D%2A; _pk_uid=0%3D24e4d1bbe6ffe85e%3A_%3Dx",
            ),
        ] {
            environment.read_header(name, value);
        }
        assert_eq!(environment.user_agent, "Firefox");
        assert!(environment.do_not_track && environment.prefetch && environment.opted_out);
        assert_eq!(environment.client_hints.len(), 1);
        assert_eq!(
            environment.third_party_id.as_deref(),
            Some("24e4d1bbe6ffe85e")
        );
    }
}
