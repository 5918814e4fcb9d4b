//! Access logs of web servers: from lines to hits, without asking which format the file has.
//!
//! Understood: the common and combined formats (with or without the virtual host in front), JSON objects as nginx
//! writes them, W3C extended logs (IIS, CloudFront) and Amazon's load balancers.

mod elb;
mod json;
mod ncsa;
mod parser;
mod reader;
mod request;
mod rules;
mod time;
mod tokens;
mod w3c;

pub use parser::{LineParser, LogFormat};
pub use reader::{LogLine, LogLines};
pub use request::{Pairs, pairs_of, params_of};
pub use rules::{
    DOWNLOAD_EXTENSIONS, HitKind, LogRules, STATIC_EXTENSIONS, file_extension, is_obvious_robot,
    judge,
};

use std::net::IpAddr;

/// One request, as the log has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogHit {
    /// Address of the client.
    pub ip: IpAddr,
    /// Unix seconds.
    pub time_utc_seconds: i64,
    /// Upper case.
    pub method: String,
    /// Path and query, as requested.
    pub path: String,
    /// Status of the answer.
    pub status: u16,
    /// Size of the answer.
    pub bytes: u64,
    /// Empty when unknown, like the other texts.
    pub referrer: String,
    /// Of the browser.
    pub user_agent: String,
    /// Host that was asked, without port, lower case.
    pub host: String,
    /// Name of the user who was logged in at the web server.
    pub user: String,
    /// How long the answer took.
    pub generation_time_ms: Option<u32>,
}

/// Why a line is no hit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SkipReason {
    /// Nothing in it, a comment or a directive.
    Comment,
    /// Not a line of the format, or without address, time or request.
    Malformed,
    /// Neither GET nor POST.
    Method,
    /// The answer was an error.
    ErrorStatus,
    /// The answer was a redirection.
    RedirectStatus,
    /// An image, style sheet or script.
    StaticFile,
    /// A robot.
    Bot,
    /// A host that belongs to no site.
    UnknownHost,
}

impl SkipReason {
    /// All reasons, for counts.
    pub const ALL: [SkipReason; 8] = [
        SkipReason::Comment,
        SkipReason::Malformed,
        SkipReason::Method,
        SkipReason::ErrorStatus,
        SkipReason::RedirectStatus,
        SkipReason::StaticFile,
        SkipReason::Bot,
        SkipReason::UnknownHost,
    ];

    /// For people.
    pub fn text(self) -> &'static str {
        match self {
            SkipReason::Comment => "comments and empty lines",
            SkipReason::Malformed => "lines that are not understood",
            SkipReason::Method => "requests that are neither GET nor POST",
            SkipReason::ErrorStatus => "errors",
            SkipReason::RedirectStatus => "redirections",
            SkipReason::StaticFile => "images, styles and scripts",
            SkipReason::Bot => "robots",
            SkipReason::UnknownHost => "hosts that belong to no site",
        }
    }
}

/// `-` and the empty text mean "unknown" in all formats.
fn known(text: &str) -> &str {
    match text.trim() {
        "-" => "",
        text => text,
    }
}

/// A host without its port, in lower case.
fn host_without_port(host: &str) -> String {
    let host = known(host).to_ascii_lowercase();
    match host.rsplit_once(':') {
        Some((name, port)) if !name.contains(':') || name.ends_with(']') => {
            if port.bytes().all(|byte| byte.is_ascii_digit()) {
                name.to_owned()
            } else {
                host
            }
        }
        _ => host,
    }
}

/// Method, target and (of an absolute target) host of `GET http://host/path HTTP/1.1`.
fn split_request(request: &str) -> Option<(String, String, String)> {
    let (method, rest) = request.trim().split_once(' ')?;
    let is_method = !method.is_empty()
        && method.len() <= 20
        && method.bytes().all(|byte| byte.is_ascii_alphabetic());
    if !is_method {
        return None;
    }
    // Some servers log spaces in targets as they are: only the protocol is cut off.
    let target = match rest.rsplit_once(' ') {
        Some((target, protocol)) if protocol.starts_with("HTTP/") => target,
        _ => rest,
    };
    let (host, path) = split_target(target.trim());
    (!path.is_empty()).then(|| (method.to_ascii_uppercase(), path, host))
}

fn split_target(target: &str) -> (String, String) {
    let parts = crate::url::UrlParts::parse(target);
    match (parts.scheme, &parts.host) {
        (Some(_), Some(host)) => {
            let query = parts
                .query
                .as_deref()
                .map(|query| format!("?{query}"))
                .unwrap_or_default();
            let path = if parts.path.is_empty() {
                "/"
            } else {
                parts.path
            };
            (host.to_ascii_lowercase(), format!("{path}{query}"))
        }
        _ => (String::new(), target.to_owned()),
    }
}
