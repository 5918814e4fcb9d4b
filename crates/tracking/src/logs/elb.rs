//! Access logs of Amazon's load balancers, classic and application.

use super::json::whole_milliseconds;
use super::time::iso_time;
use super::tokens::{Token, tokens};
use super::{LogHit, known, split_request};
use crate::geo::parse_address;

/// `[type] time balancer client:port target:port t1 t2 t3 status target_status received sent "request" "user agent" …`
pub(super) fn parse(line: &str) -> Option<LogHit> {
    let tokens = tokens(line);
    // An application load balancer writes the kind of connection in front.
    let first = usize::from(iso_time(&tokens.first()?.text).is_none());
    let text = |index: usize| {
        tokens
            .get(first + index)
            .map(|token: &Token| token.text.as_str())
    };
    let time_utc_seconds = iso_time(text(0)?)?;
    let (method, path, host) = split_request(text(11)?)?;
    let seconds: Option<f64> = (4..7)
        .map(|index| text(index)?.parse::<f64>().ok().filter(|part| *part >= 0.0))
        .sum();
    Some(LogHit {
        ip: parse_address(text(2)?)?,
        time_utc_seconds,
        method,
        path,
        status: text(7)?.parse().ok()?,
        bytes: text(10)?.parse().unwrap_or(0),
        referrer: String::new(),
        user_agent: known(text(12).unwrap_or_default()).to_owned(),
        host,
        user: String::new(),
        generation_time_ms: seconds.and_then(|seconds| whole_milliseconds(seconds * 1_000.0)),
    })
}
