//! Which sites a URL belongs to: their hosts and path prefixes.

use std::borrow::Cow;
use std::collections::HashMap;

use super::parts::UrlParts;

/// The URLs of one or many sites, for look-up by host and path.
///
/// An entry is a URL or a bare `host/path`. `.example.org` and `*.example.org` mean the host and all hosts below it.
#[derive(Debug, Clone, Default)]
pub struct SiteUrls {
    exact: HashMap<String, Vec<PathEntry>>,
    with_subdomains: HashMap<String, Vec<PathEntry>>,
}

#[derive(Debug, Clone)]
struct PathEntry {
    /// Lower case, starts and ends with `/`.
    path: String,
    site_ids: Vec<u32>,
}

/// The best match of a URL: the longest registered path that begins its path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SiteMatch<'a> {
    /// The registered path, lower case, with a slash at both ends.
    pub path: &'a str,
    /// The sites that registered it, in order of registration.
    pub site_ids: &'a [u32],
}

impl SiteUrls {
    /// No URLs.
    pub fn new() -> Self {
        SiteUrls::default()
    }

    /// From (site, URL) pairs.
    pub fn from_entries<'a>(entries: impl IntoIterator<Item = (u32, &'a str)>) -> Self {
        let mut urls = SiteUrls::default();
        for (site_id, url) in entries {
            urls.add(site_id, url);
        }
        urls
    }

    /// Adds a site's URL; one without a host is ignored.
    pub fn add(&mut self, site_id: u32, url: &str) {
        let url = with_slashes(url.trim());
        let parts = UrlParts::parse(&url);
        let host = parts.host_text().trim_start_matches('*');
        let (table, host) = match host.strip_prefix('.') {
            Some(parent) => (&mut self.with_subdomains, parent),
            None => (&mut self.exact, host),
        };
        let host = canonical_host(host);
        if host.is_empty() {
            return;
        }
        let path = canonical_path(parts.path);
        let entries = table.entry(host.into_owned()).or_default();
        match entries.iter_mut().find(|entry| entry.path == path) {
            Some(entry) if entry.site_ids.contains(&site_id) => {}
            Some(entry) => entry.site_ids.push(site_id),
            None => {
                entries.push(PathEntry {
                    path,
                    site_ids: vec![site_id],
                });
                // Longest path first: the first hit is the best.
                entries.sort_by_key(|entry| std::cmp::Reverse(entry.path.len()));
            }
        }
    }

    /// Whether nothing is registered.
    pub fn is_empty(&self) -> bool {
        self.exact.is_empty() && self.with_subdomains.is_empty()
    }

    /// The best match of a URL.
    pub fn find(&self, parts: &UrlParts<'_>) -> Option<SiteMatch<'_>> {
        let host = canonical_host(parts.host_text());
        if host.is_empty() {
            return None;
        }
        let path = canonical_path(parts.path);
        if let Some(found) = best_path(self.exact.get(host.as_ref()), &path) {
            return Some(found);
        }
        if self.with_subdomains.is_empty() {
            return None;
        }
        parents(&host).find_map(|parent| best_path(self.with_subdomains.get(parent), &path))
    }

    /// Whether a URL is one of these, of whatever site.
    pub fn contains(&self, url: &str) -> bool {
        self.find(&UrlParts::parse(&with_slashes(url))).is_some()
    }

    /// Whether a URL is one of this site's: the test of "ignore hits to unknown URLs".
    pub fn matches_site(&self, url: &str, site_id: u32) -> bool {
        let found = self.find(&UrlParts::parse(&with_slashes(url)));
        found.is_some_and(|found| found.site_ids.contains(&site_id))
    }
}

fn best_path<'a>(entries: Option<&'a Vec<PathEntry>>, path: &str) -> Option<SiteMatch<'a>> {
    let entry = entries?
        .iter()
        .find(|entry| path.starts_with(&entry.path))?;
    Some(SiteMatch {
        path: &entry.path,
        site_ids: &entry.site_ids,
    })
}

/// The host itself, then its parents: `a.b.c`, `b.c`, `c`.
pub(crate) fn parents(host: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(host), |current| {
        current.split_once('.').map(|(_, parent)| parent)
    })
}

/// Lower case, without `www.` and without the dot of a fully qualified name.
pub fn canonical_host(host: &str) -> Cow<'_, str> {
    let host = host.strip_suffix('.').unwrap_or(host);
    if host.chars().any(char::is_uppercase) {
        let lower = host.to_lowercase();
        return Cow::Owned(
            lower
                .strip_prefix("www.")
                .map(str::to_owned)
                .unwrap_or(lower),
        );
    }
    Cow::Borrowed(host.strip_prefix("www.").unwrap_or(host))
}

/// The host of a URL as written, in lower case; the text may lack `http://`. `None` when there is none.
pub fn host_of(url: &str) -> Option<String> {
    let url = with_slashes(url.trim());
    let parts = UrlParts::parse(&url);
    Some(parts.host_text().to_lowercase()).filter(|host| !host.is_empty())
}

fn canonical_path(path: &str) -> String {
    let mut path = path.to_lowercase();
    if !path.starts_with('/') {
        path.insert(0, '/');
    }
    if !path.ends_with('/') {
        path.push('/');
    }
    path
}

/// Settings and people write hosts without a scheme.
fn with_slashes(url: &str) -> Cow<'_, str> {
    match UrlParts::parse(url).host {
        Some(_) => Cow::Borrowed(url),
        None => Cow::Owned(format!("//{url}")),
    }
}

#[cfg(test)]
mod tests {
    use super::super::noise::{Noise, URL_PIECES};
    use super::*;

    #[test]
    fn hosts_and_paths_match_by_prefix() {
        let urls = SiteUrls::from_entries([
            (1, "http://piwik.net/"),
            (2, "https://www.example.org/shop"),
            (3, "example.org"),
            (4, "http://.wild.org/a"),
            (5, "*.star.org"),
            (6, "http://EXAMPLE.org/Shop/Sub/"),
        ]);
        for (url, expected) in [
            ("http://piwik.net", Some(1)),
            ("https://www.PIWIK.net/any/page?x#y", Some(1)),
            ("http://sub.piwik.net/", None),
            ("http://example.org/shop", Some(2)),
            ("http://example.org/SHOP/x", Some(2)),
            ("http://example.org/shopping", Some(3)),
            ("http://example.org/shop/sub", Some(6)),
            ("http://wild.org/a/b", Some(4)),
            ("http://x.y.wild.org/A", Some(4)),
            ("http://x.wild.org/b", None),
            ("http://notwild.org/a", None),
            ("//deep.star.org", Some(5)),
            ("piwik.net/x", Some(1)),
            ("/only/path", None),
            ("", None),
        ] {
            let found = urls.find(&UrlParts::parse(&with_slashes(url)));
            assert_eq!(found.map(|found| found.site_ids[0]), expected, "{url}");
            assert_eq!(urls.contains(url), expected.is_some(), "{url}");
        }
        assert!(urls.matches_site("http://piwik.net/x", 1));
        assert!(!urls.matches_site("http://piwik.net/x", 2));
    }

    #[test]
    fn sites_that_share_a_url_are_all_found() {
        let urls =
            SiteUrls::from_entries([(1, "http://a.org"), (2, "https://www.a.org/"), (1, "a.org")]);
        let found = urls.find(&UrlParts::parse("http://a.org/x"));
        assert_eq!(
            found,
            Some(SiteMatch {
                path: "/",
                site_ids: &[1, 2]
            })
        );
    }

    #[test]
    fn hosts_of_urls() {
        for (url, expected) in [
            ("http://U:p@Host.org:80/x", Some("host.org")),
            ("host.org/x", Some("host.org")),
            ("", None),
            ("/x", None),
        ] {
            assert_eq!(host_of(url).as_deref(), expected, "{url}");
        }
    }

    #[test]
    fn any_text_is_survived() {
        let mut noise = Noise::new(23);
        let mut urls = SiteUrls::new();
        for round in 0..2_000 {
            urls.add(round, &noise.text(URL_PIECES, 12));
            let _ = urls.contains(&noise.text(URL_PIECES, 12));
        }
    }
}
