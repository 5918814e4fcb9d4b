//! The stored form of page, outlink and download URLs.

use std::borrow::Cow;

use super::exclude::ExcludedParameters;
use super::parts::{UrlParts, is_scheme};
use super::query::RawQuery;

/// Default limit of a stored page URL.
pub const PAGE_URL_MAX_BYTES: usize = 1_024;

/// What was cut from the front of a stored page URL: the four variants are one page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum UrlPrefix {
    /// `http://`
    Http = 0,
    /// `http://www.`
    HttpWww = 1,
    /// `https://`
    Https = 2,
    /// `https://www.`
    HttpsWww = 3,
}

impl UrlPrefix {
    /// Longest first, so that `www.` is seen.
    const ALL: [UrlPrefix; 4] = [
        UrlPrefix::HttpWww,
        UrlPrefix::Http,
        UrlPrefix::HttpsWww,
        UrlPrefix::Https,
    ];

    /// The text in front of the stored URL.
    pub fn text(self) -> &'static str {
        match self {
            UrlPrefix::Http => "http://",
            UrlPrefix::HttpWww => "http://www.",
            UrlPrefix::Https => "https://",
            UrlPrefix::HttpsWww => "https://www.",
        }
    }

    /// From the stored number.
    pub fn from_number(number: u8) -> Option<Self> {
        UrlPrefix::ALL
            .into_iter()
            .find(|prefix| *prefix as u8 == number)
    }
}

/// A page URL split into what is stored and its prefix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NormalisedUrl {
    /// Without the prefix: the identity of the page.
    pub url: String,
    /// `None`: another scheme; then `url` is whole.
    pub prefix: Option<UrlPrefix>,
}

impl NormalisedUrl {
    /// The whole URL.
    pub fn full(&self) -> String {
        format!("{}{}", self.prefix.map_or("", UrlPrefix::text), self.url)
    }
}

/// How the page URLs of a site are stored.
#[derive(Debug, Clone, Copy)]
pub struct PageUrlRules<'a> {
    /// Keep what follows `#`.
    pub keep_fragment: bool,
    /// Query parameters to remove.
    pub excluded: &'a ExcludedParameters,
    /// Limit of the URL, cut at a character.
    pub max_bytes: usize,
}

/// The stored form of a page URL. `None`: not a URL that may be stored (`javascript:`, `data:`, no `//` …).
///
/// Applying it to its own result changes nothing.
pub fn normalise_page_url(url: &str, rules: &PageUrlRules<'_>) -> Option<NormalisedUrl> {
    let is_excluded = |name: &str| rules.excluded.contains(name);
    wanted_url(url, rules.keep_fragment, rules.max_bytes, &is_excluded)
        .map(|kept| split_prefix(&kept))
}

/// A URL with host in lower case and without the parameters that `is_excluded` names in lower case.
pub(crate) fn wanted_url(
    url: &str,
    keep_fragment: bool,
    max_bytes: usize,
    is_excluded: &dyn Fn(&str) -> bool,
) -> Option<String> {
    let cleaned = clean_url_text(url, max_bytes);
    let plain = matrix_to_query(&cleaned);
    if !looks_like_url(&plain) {
        return None;
    }
    let mut kept = keep_wanted_parts(&plain, keep_fragment, is_excluded);
    // What was removed can leave a space at the end; without it, the last parameter may be another one.
    while kept.ends_with(is_trimmed) {
        kept = keep_wanted_parts(
            kept.trim_end_matches(is_trimmed),
            keep_fragment,
            is_excluded,
        );
    }
    looks_like_url(&kept).then_some(kept)
}

/// The URL before any parameter is removed: what goals match. `None` as for [`normalise_page_url`].
pub fn raw_page_url(url: &str) -> Option<String> {
    let cleaned = clean_url_text(url, usize::MAX);
    looks_like_url(&cleaned).then(|| cleaned.into_owned())
}

/// The stored form of an outlink or download: whole, scheme and parameters kept. `None` as for [`normalise_page_url`].
pub fn outlink_or_download_url(url: &str, max_bytes: usize) -> Option<String> {
    let cleaned = clean_url_text(url, max_bytes);
    looks_like_url(&cleaned).then(|| cleaned.into_owned())
}

/// Trims, removes control characters, and cuts at `max_bytes`.
pub fn clean_url_text(text: &str, max_bytes: usize) -> Cow<'_, str> {
    let trimmed = text.trim_matches(is_trimmed);
    if !trimmed.contains(is_control) {
        return Cow::Borrowed(cut_to_bytes(trimmed, max_bytes).trim_end_matches(is_trimmed));
    }
    let without_controls: String = trimmed
        .chars()
        .filter(|character| !is_control(*character))
        .collect();
    let cut = cut_to_bytes(without_controls.trim_matches(is_trimmed), max_bytes);
    Cow::Owned(cut.trim_end_matches(is_trimmed).to_owned())
}

fn is_trimmed(character: char) -> bool {
    character == ' ' || is_control(character)
}

fn is_control(character: char) -> bool {
    character.is_ascii_control()
}

/// The longest start of `text` of at most `max_bytes` bytes that ends between characters.
pub fn cut_to_bytes(text: &str, max_bytes: usize) -> &str {
    &text[..text.floor_char_boundary(max_bytes)]
}

/// `scheme://…` or `//…` with something behind it, and no scheme that runs code.
pub fn looks_like_url(text: &str) -> bool {
    let Some(position) = text.find("//") else {
        return false;
    };
    let (before, rest) = (&text[..position], &text[position + 2..]);
    let scheme = before.strip_suffix(':').unwrap_or(before);
    let has_colon_if_scheme = scheme.is_empty() || before.ends_with(':');
    let runs_code = ["javascript", "vbscript", "data"]
        .iter()
        .any(|name| scheme.eq_ignore_ascii_case(name));
    has_colon_if_scheme
        && (scheme.is_empty() || is_scheme(scheme))
        && !rest.is_empty()
        && !runs_code
}

/// `/path;a=b;c=d?e=f` says the same as `/path?a=b&c=d&e=f`. A fragment is left alone.
fn matrix_to_query(url: &str) -> Cow<'_, str> {
    let end = url.find('#').unwrap_or(url.len());
    let (before_fragment, fragment) = url.split_at(end);
    let Some(first) = before_fragment.find(';') else {
        return Cow::Borrowed(url);
    };
    if before_fragment[..first].contains('?') {
        return Cow::Borrowed(url);
    }
    let (path, parameters) = before_fragment.split_at(first);
    // Only the first question mark opened the old query; later ones belong to values.
    let parameters = parameters[1..].replacen('?', "&", 1).replace(';', "&");
    Cow::Owned(format!("{path}?{parameters}{fragment}"))
}

fn keep_wanted_parts(url: &str, keep_fragment: bool, is_excluded: &dyn Fn(&str) -> bool) -> String {
    let mut parts = UrlParts::parse(url);
    if let Some(host) = parts.host.take() {
        parts.host = Some(lower_case_host(host));
    }
    // Links such as `#top#` are sloppy spellings of `#top`.
    let fragment = parts.fragment.take().filter(|_| keep_fragment);
    parts.fragment = fragment.map(|fragment| Cow::Owned(fragment.trim_end_matches('#').to_owned()));
    if let Some(query) = parts.query.take() {
        parts.query = Some(Cow::Owned(
            RawQuery::parse(&query).without_names(is_excluded),
        ));
    }
    // Single-page applications put their parameters behind the hash.
    if parts.query_text().is_empty()
        && let Some(fragment) = parts.fragment.take()
    {
        parts.fragment = Some(Cow::Owned(
            RawQuery::parse(&fragment).without_names(is_excluded),
        ));
    }
    parts.to_string()
}

/// Lower case, except for the few characters whose lower case is longer: a stored URL must not grow.
fn lower_case_host(host: Cow<'_, str>) -> Cow<'_, str> {
    if !host.chars().any(char::is_uppercase) {
        return host;
    }
    let mut lower = String::with_capacity(host.len());
    for character in host.chars() {
        let length_before = lower.len();
        lower.extend(character.to_lowercase());
        if lower.len() - length_before > character.len_utf8() {
            lower.truncate(length_before);
            lower.push(character);
        }
    }
    Cow::Owned(lower)
}

/// Cuts `http://`, `http://www.`, `https://` or `https://www.` off, in any case.
pub fn split_prefix(url: &str) -> NormalisedUrl {
    for prefix in UrlPrefix::ALL {
        let text = prefix.text();
        if let Some(start) = url.get(..text.len())
            && start.eq_ignore_ascii_case(text)
        {
            return NormalisedUrl {
                url: url[text.len()..].to_owned(),
                prefix: Some(prefix),
            };
        }
    }
    NormalisedUrl {
        url: url.to_owned(),
        prefix: None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::exclude::DEFAULT_EXCLUDED_PARAMETERS;
    use super::super::noise::{Noise, URL_PIECES};
    use super::*;

    fn normalise(url: &str, keep_fragment: bool) -> Option<NormalisedUrl> {
        let names = DEFAULT_EXCLUDED_PARAMETERS
            .iter()
            .copied()
            .chain(["utm_source", "/^cut_/"]);
        let excluded = ExcludedParameters::with_always_excluded(names);
        let rules = PageUrlRules {
            keep_fragment,
            excluded: &excluded,
            max_bytes: PAGE_URL_MAX_BYTES,
        };
        normalise_page_url(url, &rules)
    }

    #[test]
    fn the_stored_form_of_page_urls() {
        use UrlPrefix::*;
        for (url, stored, prefix) in [
            (
                "http://example.org/foo/bar.html",
                "example.org/foo/bar.html",
                Some(Http),
            ),
            (
                "https://wWw.Example.org/Foo",
                "example.org/Foo",
                Some(HttpsWww),
            ),
            ("HTTP://WWW.example.org", "example.org", Some(HttpWww)),
            ("https://example.org/?", "example.org/", Some(Https)),
            (
                "  http://example.org/a\r\n\u{0}b ",
                "example.org/ab",
                Some(Http),
            ),
            (
                "http://h/p?a=1&GCLID=2&utm_source=x&b=%41#frag",
                "h/p?a=1&b=%41",
                Some(Http),
            ),
            ("http://h/p?cut_me=1&sid=5", "h/p", Some(Http)),
            ("http://h/p;a=b;sid=1?c=d", "h/p?a=b&c=d", Some(Http)),
            ("http://h/p;a=b", "h/p?a=b", Some(Http)),
            ("http://h/p?a=1;b", "h/p?a=1;b", Some(Http)),
            ("http://h/p?ignore_referrer=1", "h/p", Some(Http)),
            ("//h/p", "//h/p", None),
            ("ftp://H/p", "ftp://h/p", None),
            ("http://user:pw@H:80/p", "user:pw@h:80/p", Some(Http)),
            ("http://www.my.url/ꟽ碌㒧", "my.url/ꟽ碌㒧", Some(HttpWww)),
            (
                "https://make.wordpress.org/?emoji=😎l&param=test",
                "make.wordpress.org/?emoji=😎l&param=test",
                Some(Https),
            ),
            (
                "http://h/x?f=<script>alert(1);</script>{\"a\":{}}",
                "h/x?f=<script>alert(1);</script>{\"a\":{}}",
                Some(Http),
            ),
            (
                "http://xn--bcher-kva.example/",
                "xn--bcher-kva.example/",
                Some(Http),
            ),
            ("http://BÜCHER.example/", "bücher.example/", Some(Http)),
        ] {
            let expected = NormalisedUrl {
                url: stored.to_owned(),
                prefix,
            };
            assert_eq!(normalise(url, false), Some(expected), "{url}");
        }
    }

    #[test]
    fn a_kept_fragment_is_a_query_when_there_is_none() {
        for (url, stored) in [
            ("http://h/p#/page?utm_source=1", "h/p#/page?utm_source=1"),
            ("http://h/p#a=1&utm_source=2", "h/p#a=1"),
            (
                "http://h/p?x=1#a=1&utm_source=2",
                "h/p?x=1#a=1&utm_source=2",
            ),
            ("http://h/p#notIgnored#", "h/p#notIgnored"),
            ("http://h/p?a=1#b&c=##", "h/p?a=1#b&c="),
            ("http://h/p#a;b", "h/p#a;b"),
        ] {
            assert_eq!(
                normalise(url, true).map(|stored| stored.url).as_deref(),
                Some(stored),
                "{url}"
            );
        }
    }

    #[test]
    fn what_is_no_page_url_is_refused() {
        for url in [
            "",
            "http://",
            "//",
            "example.org/x",
            "javascript://%0aalert(1)",
            "JavaScript:alert(1)//x",
            "data://x",
            "vbscript://x",
            "1http://x",
            "mailto:a@b",
            "a b://x",
        ] {
            assert_eq!(normalise(url, false), None, "{url}");
            assert_eq!(outlink_or_download_url(url, 1_024), None, "{url}");
        }
    }

    #[test]
    fn outlinks_and_downloads_stay_whole() {
        for url in [
            "http://outlinks.org/other_outlink#fragment&pk_campaign=Open%20partnership",
            "https://outlinks.org/#!outlink-with-fragment-<script>",
            "ftp://h/a.zip?gclid=1",
        ] {
            assert_eq!(
                outlink_or_download_url(&format!(" {url}\n"), 1_024).as_deref(),
                Some(url)
            );
            assert_eq!(raw_page_url(url).as_deref(), Some(url));
        }
    }

    #[test]
    fn long_urls_are_cut_between_characters() {
        let long = format!("http://h/{}", "é".repeat(1_000));
        let stored = normalise(&long, false)
            .map(|stored| stored.full())
            .unwrap_or_default();
        assert_eq!(stored.len(), 1_023);
        assert!(long.starts_with(&stored));
    }

    #[test]
    fn normalising_twice_changes_nothing() {
        let mut noise = Noise::new(11);
        let mut accepted = 0;
        for round in 0..20_000 {
            let tail = noise.text(URL_PIECES, 40);
            let url = if round % 2 == 0 {
                format!("http://h{tail}")
            } else {
                tail
            };
            for keep_fragment in [false, true] {
                let Some(once) = normalise(&url, keep_fragment) else {
                    continue;
                };
                accepted += 1;
                let full = once.full();
                assert!(full.len() <= PAGE_URL_MAX_BYTES);
                assert_eq!(normalise(&full, keep_fragment), Some(once), "{url:?}");
            }
        }
        assert!(accepted > 10_000, "{accepted}");
    }

    #[test]
    fn any_bytes_are_survived() {
        let mut noise = Noise::new(5);
        for _ in 0..5_000 {
            let text = String::from_utf8_lossy(&noise.bytes(200)).into_owned();
            let _ = (
                normalise(&text, true),
                raw_page_url(&text),
                outlink_or_download_url(&text, 10),
            );
        }
    }

    #[test]
    fn prefixes_have_their_numbers() {
        for prefix in UrlPrefix::ALL {
            assert_eq!(UrlPrefix::from_number(prefix as u8), Some(prefix));
        }
        assert_eq!(UrlPrefix::from_number(4), None);
    }
}
