//! One JSON object a line, with the names of nginx variables or the short ones of log importers.

use serde_json::{Map, Value};

use super::time::{common_log_time, iso_time, unix_time};
use super::{LogHit, host_without_port, known, split_request};
use crate::geo::parse_address;

/// `{"remote_addr":"1.2.3.4","time_iso8601":"…","request":"GET / HTTP/1.1","status":"200", …}`
pub(super) fn parse(line: &str) -> Option<LogHit> {
    let object: Map<String, Value> = serde_json::from_str(line).ok()?;
    let fields = Fields(&object);
    let (method, path, target_host) = fields.request()?;
    let host = host_without_port(&fields.first(&["host", "http_host", "server_name", "vhost"]));
    Some(LogHit {
        ip: fields.ip()?,
        time_utc_seconds: fields.time()?,
        method,
        path,
        status: fields.first(&["status", "status_code"]).parse().ok()?,
        bytes: fields
            .first(&["body_bytes_sent", "bytes_sent", "length", "bytes", "size"])
            .parse()
            .unwrap_or(0),
        referrer: fields.first(&["http_referer", "http_referrer", "referrer", "referer"]),
        user_agent: fields.first(&["http_user_agent", "user_agent", "agent"]),
        host: if host.is_empty() { target_host } else { host },
        user: fields.first(&["remote_user", "userid", "user"]),
        generation_time_ms: fields.generation_time_ms(),
    })
}

struct Fields<'a>(&'a Map<String, Value>);

impl Fields<'_> {
    /// The first of these names that has a text or a number, as text.
    fn first(&self, names: &[&str]) -> String {
        let text = |name: &&str| match self.0.get(*name)? {
            Value::String(text) => Some(known(text).to_owned()).filter(|text| !text.is_empty()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        };
        names.iter().find_map(text).unwrap_or_default()
    }

    fn ip(&self) -> Option<std::net::IpAddr> {
        // A list of proxies: the client is the first.
        let text = self.first(&["ip", "remote_addr", "client_ip", "remote_ip", "clientip"]);
        parse_address(text.split(',').next().unwrap_or_default())
    }

    fn time(&self) -> Option<i64> {
        let text = self.first(&[
            "time_iso8601",
            "date",
            "time_local",
            "time",
            "timestamp",
            "@timestamp",
            "msec",
        ]);
        iso_time(&text)
            .or_else(|| common_log_time(&text))
            .or_else(|| unix_time(&text))
    }

    fn request(&self) -> Option<(String, String, String)> {
        let request = self.first(&["request"]);
        if !request.is_empty() {
            return split_request(&request);
        }
        let method =
            Some(self.first(&["request_method", "method"])).filter(|method| !method.is_empty());
        let path = self.first(&["request_uri", "path", "uri", "url"]);
        let query = self.first(&["args", "query_string"]);
        let question_mark = if query.is_empty() || path.contains('?') {
            ""
        } else {
            "?"
        };
        let query = if path.contains('?') { "" } else { &query };
        split_request(&format!(
            "{} {path}{question_mark}{query}",
            method.as_deref().unwrap_or("GET")
        ))
    }

    fn generation_time_ms(&self) -> Option<u32> {
        let milliseconds = self
            .first(&["generation_time_milli", "duration_ms"])
            .parse()
            .ok();
        let seconds: Option<f64> = self.first(&["request_time", "duration"]).parse().ok();
        milliseconds
            .or(seconds.map(|seconds| seconds * 1_000.0))
            .and_then(whole_milliseconds)
    }
}

/// Negative times mean "unknown"; the rest of a millisecond does not matter.
pub(super) fn whole_milliseconds(milliseconds: f64) -> Option<u32> {
    let plausible = milliseconds.is_finite() && (0.0..=86_400_000.0).contains(&milliseconds);
    plausible.then(|| milliseconds.round() as u32)
}
