//! Splitting a URL into its parts without judging it.

use std::borrow::Cow;
use std::fmt;

/// The parts of a URL, borrowed from it until one is replaced.
///
/// More lenient than a browser: the parts are never decoded, re-encoded or rejected, because what is stored must be
/// what the site calls the page.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct UrlParts<'a> {
    /// Without the colon.
    pub scheme: Option<&'a str>,
    /// `user:password` before the `@`.
    pub user_info: Option<&'a str>,
    /// The host as written; IPv6 keeps its brackets. `None` when there is no `//`.
    pub host: Option<Cow<'a, str>>,
    /// Digits after the host.
    pub port: Option<&'a str>,
    /// Starts with `/`, or is empty, or is anything when there is no host.
    pub path: &'a str,
    /// Without the question mark.
    pub query: Option<Cow<'a, str>>,
    /// Without the hash.
    pub fragment: Option<Cow<'a, str>>,
}

impl<'a> UrlParts<'a> {
    /// Splits; never fails.
    pub fn parse(url: &'a str) -> Self {
        let (rest, fragment) = split_at_first(url, '#');
        let (rest, query) = split_at_first(rest, '?');
        let (scheme, rest) = split_scheme(rest);
        let mut parts = UrlParts {
            scheme,
            query: query.map(Cow::Borrowed),
            fragment: fragment.map(Cow::Borrowed),
            ..UrlParts::default()
        };
        match rest.strip_prefix("//") {
            Some(after) => parts.set_authority_and_path(after),
            None => parts.path = rest,
        }
        parts
    }

    fn set_authority_and_path(&mut self, text: &'a str) {
        let (authority, path) = text.split_at(text.find('/').unwrap_or(text.len()));
        let (user_info, host_and_port) = match authority.rsplit_once('@') {
            Some((user_info, host)) => (Some(user_info), host),
            None => (None, authority),
        };
        let (host, port) = match host_and_port.rsplit_once(':') {
            Some((host, port))
                if port.bytes().all(|byte| byte.is_ascii_digit()) && !host.ends_with(':') =>
            {
                (host, Some(port))
            }
            _ => (host_and_port, None),
        };
        self.user_info = user_info;
        self.host = Some(Cow::Borrowed(host));
        self.port = port.filter(|port| !port.is_empty());
        self.path = path;
    }

    /// The host, or the empty text.
    pub fn host_text(&self) -> &str {
        self.host.as_deref().unwrap_or_default()
    }

    /// The query, or the empty text.
    pub fn query_text(&self) -> &str {
        self.query.as_deref().unwrap_or_default()
    }

    /// The fragment, or the empty text.
    pub fn fragment_text(&self) -> &str {
        self.fragment.as_deref().unwrap_or_default()
    }
}

/// Puts the parts together again; an empty query or fragment disappears.
impl fmt::Display for UrlParts<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(scheme) = self.scheme {
            write!(out, "{scheme}:")?;
        }
        if let Some(host) = &self.host {
            out.write_str("//")?;
            if let Some(user_info) = self.user_info {
                write!(out, "{user_info}@")?;
            }
            out.write_str(host)?;
            if let Some(port) = self.port {
                write!(out, ":{port}")?;
            }
        }
        out.write_str(self.path)?;
        if let Some(query) = self.query.as_deref().filter(|query| !query.is_empty()) {
            write!(out, "?{query}")?;
        }
        if let Some(fragment) = self
            .fragment
            .as_deref()
            .filter(|fragment| !fragment.is_empty())
        {
            write!(out, "#{fragment}")?;
        }
        Ok(())
    }
}

fn split_at_first(text: &str, separator: char) -> (&str, Option<&str>) {
    match text.split_once(separator) {
        Some((before, after)) => (before, Some(after)),
        None => (text, None),
    }
}

/// A scheme counts only before `//`: in `localhost:80/x` or `mailto:a` there is nothing to take apart.
fn split_scheme(text: &str) -> (Option<&str>, &str) {
    match text.split_once(':') {
        Some((scheme, rest)) if rest.starts_with("//") && is_scheme(scheme) => (Some(scheme), rest),
        _ => (None, text),
    }
}

/// A letter, then letters, digits, `+`, `.` and `-`.
pub(crate) fn is_scheme(text: &str) -> bool {
    let mut bytes = text.bytes();
    bytes
        .next()
        .is_some_and(|first| first.is_ascii_alphabetic())
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'.' | b'-'))
}

#[cfg(test)]
mod tests {
    use super::super::noise::{Noise, URL_PIECES};
    use super::*;

    #[test]
    fn parts_of_usual_and_odd_urls() {
        // url, scheme, host, port, path, query, fragment
        for (url, scheme, host, port, path, query, fragment) in [
            ("http://h/p?q#f", "http", "h", "", "/p", "q", "f"),
            ("https://u:p@h:8080", "https", "h", "8080", "", "", ""),
            ("//h/p", "", "h", "", "/p", "", ""),
            ("http://h?q=//x", "http", "h", "", "", "q=//x", ""),
            ("http://h#f?x", "http", "h", "", "", "", "f?x"),
            ("http://[::1]:80/", "http", "[::1]", "80", "/", "", ""),
            (
                "android-app://com.app/x",
                "android-app",
                "com.app",
                "",
                "/x",
                "",
                "",
            ),
            ("http://h:abc/", "http", "h:abc", "", "/", "", ""),
            ("h/p:80", "", "", "", "h/p:80", "", ""),
            ("", "", "", "", "", "", ""),
        ] {
            let parts = UrlParts::parse(url);
            let found = (
                parts.scheme.unwrap_or_default(),
                parts.host_text(),
                parts.port.unwrap_or_default(),
                parts.path,
                parts.query_text(),
                parts.fragment_text(),
            );
            assert_eq!(found, (scheme, host, port, path, query, fragment), "{url}");
        }
    }

    #[test]
    fn putting_together_and_splitting_again_changes_nothing() {
        let mut noise = Noise::new(3);
        for _ in 0..5_000 {
            let url = noise.text(URL_PIECES, 20);
            let once = UrlParts::parse(&url).to_string();
            assert_eq!(UrlParts::parse(&once).to_string(), once, "{url:?}");
        }
    }
}
