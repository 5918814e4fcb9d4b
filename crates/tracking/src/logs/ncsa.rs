//! The common and combined formats of Apache, nginx and many others.

use super::time::common_log_time;
use super::tokens::{Around, Token, tokens};
use super::{LogHit, host_without_port, known, split_request};
use crate::geo::parse_address;

/// `[vhost] ip ident user [time] "request" status bytes ["referrer" "user agent" …]`
pub(super) fn parse(line: &str) -> Option<LogHit> {
    let tokens = tokens(line);
    let time_at = tokens
        .iter()
        .position(|token| token.around == Around::Brackets && !token.text.is_empty())?;
    let (front, rest) = tokens.split_at(time_at);
    let [time, request, status, bytes, after @ ..] = rest else {
        return None;
    };
    if request.around != Around::Quotes {
        return None;
    }
    let front = Front::of(front)?;
    let (method, path, target_host) = split_request(&request.text)?;
    let mut quoted = after
        .iter()
        .filter(|token| token.around == Around::Quotes)
        .map(|token| known(&token.text));
    Some(LogHit {
        ip: front.ip,
        time_utc_seconds: common_log_time(&time.text)?,
        method,
        path,
        status: status.text.parse().ok()?,
        bytes: bytes.text.parse().unwrap_or(0),
        referrer: quoted.next().unwrap_or_default().to_owned(),
        user_agent: quoted.next().unwrap_or_default().to_owned(),
        host: if front.host.is_empty() {
            target_host
        } else {
            front.host
        },
        user: front.user,
        generation_time_ms: None,
    })
}

struct Front {
    host: String,
    ip: std::net::IpAddr,
    user: String,
}

impl Front {
    /// The fields before the time. A virtual host may stand first; a user's name may contain spaces.
    fn of(tokens: &[Token]) -> Option<Self> {
        let text = |index: usize| tokens.get(index).map(|token| token.text.as_str());
        let (host, ip_at) = match parse_address(text(0)?) {
            // `example.org:443 1.2.3.4 - - [`; an address can be a virtual host, too.
            Some(_) if tokens.len() < 4 || parse_address(text(1)?).is_none() => (String::new(), 0),
            _ => (host_without_port(text(0)?), 1),
        };
        let ip = parse_address(text(ip_at)?.trim_end_matches(','))?;
        let user: Vec<&str> = tokens
            .iter()
            .skip(ip_at + 2)
            .map(|token| token.text.as_str())
            .collect();
        Some(Front {
            host,
            ip,
            user: known(&user.join(" ")).to_owned(),
        })
    }
}
