//! Search engines: which one a referrer is, what was searched, and the links back.

use std::collections::HashMap;

use regex::{Regex, RegexBuilder};
use serde::Deserialize;

use super::keyword;
use super::lists::{ListError, check_host, check_name, entries, line_error};
use super::lossy::lossy_host;
use crate::url::{UrlParts, decode_charset, url_encode};

/// A compiled pattern of a list may not take more memory than this.
const PATTERN_SIZE_LIMIT_BYTES: usize = 1 << 20;
/// Where the place of the keyword is in a link back.
const KEYWORD_PLACE: &str = "{k}";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    name: String,
    urls: Vec<String>,
    #[serde(default)]
    params: Vec<String>,
    #[serde(default)]
    hidden: Vec<String>,
    #[serde(default)]
    charsets: Vec<String>,
    #[serde(default)]
    backlink: Option<String>,
}

/// Where the keyword is in the URL of a result page.
#[derive(Debug, Clone)]
pub(super) enum KeywordPlace {
    Parameter(String),
    /// The first group, in the whole URL.
    Pattern(Regex),
}

/// Paths (with query and fragment) for which the engine counts although the keyword is not in the URL.
#[derive(Debug, Clone)]
pub(super) enum HiddenKeyword {
    Exact(String),
    Pattern(Regex),
}

/// How one engine writes its result pages.
#[derive(Debug, Clone)]
pub(super) struct Rule {
    pub(super) name: String,
    pub(super) places: Vec<KeywordPlace>,
    pub(super) hidden: Vec<HiddenKeyword>,
    pub(super) charsets: Vec<String>,
    backlink: Option<String>,
}

/// A search engine and what was searched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchMatch {
    /// Name of the engine.
    pub name: String,
    /// Lower case. `None`: the engine does not say what was searched ("keyword not defined").
    pub keyword: Option<String>,
}

/// All search engines.
#[derive(Debug, Clone, Default)]
pub struct SearchEngines {
    rules: Vec<Rule>,
    by_url: HashMap<String, usize>,
    main_urls: HashMap<String, String>,
}

impl SearchEngines {
    pub(super) fn parse(text: &str) -> Result<Self, ListError> {
        let mut engines = SearchEngines::default();
        // The same few patterns occur in many lines.
        let mut patterns = HashMap::new();
        for (line, entry) in entries(text) {
            let entry: Line =
                serde_json::from_str(entry).map_err(|error| line_error(line, error))?;
            engines.add(line, entry, &mut patterns)?;
        }
        Ok(engines)
    }

    fn add(
        &mut self,
        line: usize,
        entry: Line,
        patterns: &mut HashMap<String, Regex>,
    ) -> Result<(), ListError> {
        check_name(line, &entry.name)?;
        let Some(main_url) = entry.urls.first() else {
            return Err(line_error(line, format!("no URLs for {:?}", entry.name)));
        };
        self.main_urls
            .entry(entry.name.clone())
            .or_insert_with(|| main_url.clone());
        for url in &entry.urls {
            check_host(line, url)?;
            if self.by_url.insert(url.clone(), self.rules.len()).is_some() {
                return Err(line_error(line, format!("{url:?} is there twice")));
            }
        }
        self.rules.push(rule_of(line, entry, patterns)?);
        Ok(())
    }

    /// Number of engines.
    pub fn len(&self) -> usize {
        self.main_urls.len()
    }

    /// Whether there are no engines.
    pub fn is_empty(&self) -> bool {
        self.main_urls.is_empty()
    }

    /// The engine of a referrer. `None` also when it is a page of an engine's site that is not a result page.
    pub fn detect(&self, referrer_url: &str) -> Option<SearchMatch> {
        self.detect_parts(referrer_url, &UrlParts::parse(referrer_url))
    }

    pub(super) fn detect_parts(
        &self,
        referrer_url: &str,
        parts: &UrlParts<'_>,
    ) -> Option<SearchMatch> {
        let rule = self.rule_for(parts)?;
        keyword::extract(rule, referrer_url, parts)
    }

    /// The most exact entry wins: host and path, host, both with a blank for the country, then some families.
    fn rule_for(&self, parts: &UrlParts<'_>) -> Option<&Rule> {
        let host = parts.host_text().to_lowercase();
        if host.is_empty() {
            return None;
        }
        let lossy = lossy_host(&host);
        let index = self
            .by_url
            .get(&format!("{host}{}", parts.path))
            .or_else(|| self.by_url.get(&host))
            .or_else(|| self.by_url.get(&format!("{lossy}{}", parts.path)))
            .or_else(|| self.by_url.get(&lossy))
            .or_else(|| self.by_url.get(family_of(&host, parts)?))?;
        self.rules.get(*index)
    }

    /// Host and path of an engine's main page, as the list has it.
    pub fn main_host(&self, name: &str) -> Option<&str> {
        self.main_urls.get(name).map(String::as_str)
    }

    /// URL of an engine's main page.
    pub fn main_url(&self, name: &str) -> Option<String> {
        self.main_host(name).map(|host| format!("http://{host}"))
    }

    /// Name of the icon of an engine: its main host, or `xx`.
    pub fn icon_name(&self, name: &str) -> &str {
        let host = self.main_host(name).and_then(|host| host.split('/').next());
        host.unwrap_or("xx")
    }

    /// The engine's result page for a keyword.
    pub fn backlink(&self, name: &str, keyword: &str) -> Option<String> {
        let main = self.main_urls.get(name)?;
        let backlink = self
            .rules
            .get(*self.by_url.get(main)?)?
            .backlink
            .as_deref()?;
        // A plus sign in a keyword has always meant a space.
        let keyword = url_encode(keyword.replace('+', " ").as_bytes());
        let path = backlink.replace(KEYWORD_PLACE, &keyword);
        if path.starts_with("http://") || path.starts_with("https://") {
            return Some(path);
        }
        let slash = if main.ends_with('/') || path.starts_with('/') {
            ""
        } else {
            "/"
        };
        Some(format!("http://{main}{slash}{path}"))
    }

    /// Names and main hosts, in no order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.main_urls
            .iter()
            .map(|(name, url)| (name.as_str(), url.as_str()))
    }
}

/// Engines with any number of hosts or customers.
fn family_of(host: &str, parts: &UrlParts<'_>) -> Option<&'static str> {
    if parts.query_text().starts_with("cx=partner-pub-") {
        Some("google.com/cse")
    } else if parts.path.starts_with("/pemonitorhosted/ws/results/") {
        Some("wsdsold.infospace.com")
    } else if host.ends_with(".images.search.yahoo.com") {
        Some("images.search.yahoo.com")
    } else if host.ends_with(".search.yahoo.com") {
        Some("search.yahoo.com")
    } else {
        None
    }
}

fn rule_of(
    line: usize,
    entry: Line,
    patterns: &mut HashMap<String, Regex>,
) -> Result<Rule, ListError> {
    let mut places = Vec::new();
    for param in entry.params.iter().filter(|param| !param.trim().is_empty()) {
        places.push(match compiled(line, param, patterns)? {
            Some(pattern) if pattern.captures_len() < 2 => {
                return Err(line_error(
                    line,
                    format!("the pattern {param:?} has no group for the keyword"),
                ));
            }
            Some(pattern) => KeywordPlace::Pattern(pattern),
            None => KeywordPlace::Parameter(param.clone()),
        });
    }
    let mut hidden = Vec::new();
    for path in &entry.hidden {
        hidden.push(match compiled(line, path, patterns)? {
            Some(pattern) => HiddenKeyword::Pattern(pattern),
            None => HiddenKeyword::Exact(path.clone()),
        });
    }
    if let Some(charset) = entry
        .charsets
        .iter()
        .find(|charset| decode_charset(b"", charset).is_none())
    {
        return Err(line_error(
            line,
            format!("unknown character set {charset:?}"),
        ));
    }
    if let Some(backlink) = entry
        .backlink
        .as_deref()
        .filter(|backlink| !backlink.contains(KEYWORD_PLACE))
    {
        return Err(line_error(
            line,
            format!("the backlink {backlink:?} has no {KEYWORD_PLACE}"),
        ));
    }
    Ok(Rule {
        name: entry.name,
        places,
        hidden,
        charsets: entry.charsets,
        backlink: entry.backlink,
    })
}

/// Compiles `/pattern/`; `None` for anything else, such as the path `/`.
fn compiled(
    line: usize,
    text: &str,
    patterns: &mut HashMap<String, Regex>,
) -> Result<Option<Regex>, ListError> {
    let Some(inside) = text
        .strip_prefix('/')
        .and_then(|rest| rest.strip_suffix('/'))
    else {
        return Ok(None);
    };
    if let Some(known) = patterns.get(inside) {
        return Ok(Some(known.clone()));
    }
    let pattern = RegexBuilder::new(inside)
        .size_limit(PATTERN_SIZE_LIMIT_BYTES)
        .build()
        .map_err(|error| {
            line_error(line, format!("the pattern {text:?} is not usable: {error}"))
        })?;
    patterns.insert(inside.to_owned(), pattern.clone());
    Ok(Some(pattern))
}

#[cfg(test)]
mod tests {
    use super::super::lists::Lists;

    #[test]
    fn links_back_and_icons() {
        let engines = Lists::embedded().expect("embedded lists").search_engines;
        for (name, keyword, expected) in [
            (
                "Google",
                "free > proprietary",
                "http://google.com/search?q=free+%3E+proprietary",
            ),
            (
                "Google",
                "justice )(&^#%$ not '\" corruption!",
                "http://google.com/search?q=justice+%29%28%26%5E%23%25%24+not+%27%22+corruption%21",
            ),
            (
                "Yahoo!",
                "search term 4",
                "http://search.yahoo.com/search?p=search+term+4",
            ),
            (
                "Ask",
                "this search term",
                "http://ask.com/web?q=this+search+term",
            ),
            (
                "Babylon",
                "search+term 2",
                "http://search.babylon.com/?q=search+term+2",
            ),
        ] {
            assert_eq!(engines.backlink(name, keyword).as_deref(), Some(expected));
        }
        assert_eq!(engines.backlink("Looksmart", "x"), None);
        assert_eq!(engines.backlink("No such", "x"), None);
        assert_eq!(
            engines.main_url("Google").as_deref(),
            Some("http://google.com")
        );
        assert_eq!(engines.icon_name("Bing Images"), "bing.com");
        assert_eq!(engines.icon_name("No such"), "xx");
    }
}
