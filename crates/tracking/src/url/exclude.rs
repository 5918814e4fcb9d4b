//! Query parameters that do not belong into a stored URL.

use std::collections::HashSet;

use regex::{Regex, RegexBuilder};

/// Removed from every URL, whatever is configured: they steer the tracker.
pub const ALWAYS_EXCLUDED_PARAMETERS: &[&str] = &["ignore_referrer", "ignore_referer"];

/// Click identifiers and session numbers that would make a page of every visitor.
pub const DEFAULT_EXCLUDED_PARAMETERS: &[&str] = &[
    "gclid",
    "fbclid",
    "msclkid",
    "twclid",
    "wbraid",
    "gbraid",
    "yclid",
    "fb_xd_fragment",
    "fb_comment_id",
    "phpsessid",
    "jsessionid",
    "sessionid",
    "aspsessionid",
    "doing_wp_cron",
    "sid",
    "pk_vid",
];

/// A compiled pattern may not take more memory than this: patterns come from site settings.
const PATTERN_SIZE_LIMIT_BYTES: usize = 1 << 18;

/// Names and `/patterns/` of query parameters to remove.
#[derive(Debug, Clone, Default)]
pub struct ExcludedParameters {
    names: HashSet<String>,
    patterns: Vec<Regex>,
}

impl ExcludedParameters {
    /// From names and `/patterns/`, case-insensitively. Adds nothing of its own.
    /// Patterns that do not compile are ignored: they are refused where a site is configured.
    pub fn new<'a>(entries: impl IntoIterator<Item = &'a str>) -> Self {
        let mut excluded = ExcludedParameters::default();
        excluded.extend(entries);
        excluded
    }

    /// The rules of a page URL: `entries` (a site's, all sites', the campaign parameters) and what is always removed.
    pub fn with_always_excluded<'a>(entries: impl IntoIterator<Item = &'a str>) -> Self {
        let mut excluded = ExcludedParameters::new(ALWAYS_EXCLUDED_PARAMETERS.iter().copied());
        excluded.extend(entries);
        excluded
    }

    /// Adds names and `/patterns/`.
    pub fn extend<'a>(&mut self, entries: impl IntoIterator<Item = &'a str>) {
        for entry in entries
            .into_iter()
            .map(str::trim)
            .filter(|entry| !entry.is_empty())
        {
            match pattern_of(entry) {
                Some(pattern) => self.patterns.extend(compile(pattern)),
                None => {
                    self.names.insert(entry.to_lowercase());
                }
            }
        }
    }

    /// Whether a name, already in lower case, is removed.
    pub fn contains(&self, lower_case_name: &str) -> bool {
        self.names.contains(lower_case_name)
            || self
                .patterns
                .iter()
                .any(|pattern| pattern.is_match(lower_case_name))
    }
}

/// The inside of `/pattern/` or `/pattern/i`.
fn pattern_of(entry: &str) -> Option<&str> {
    let rest = entry.strip_prefix('/')?;
    let (pattern, flags) = rest.rsplit_once('/')?;
    (!pattern.is_empty() && flags.bytes().all(|flag| flag.is_ascii_alphabetic())).then_some(pattern)
}

fn compile(pattern: &str) -> Option<Regex> {
    RegexBuilder::new(pattern)
        .case_insensitive(true)
        .size_limit(PATTERN_SIZE_LIMIT_BYTES)
        .build()
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_patterns_are_case_insensitive() {
        let excluded =
            ExcludedParameters::with_always_excluded(["SID", "/^utm_/", "/broken(/", " ", "/x/i"]);
        for (name, expected) in [
            ("sid", true),
            ("side", false),
            ("utm_source", true),
            ("my_utm_", false),
            ("ignore_referrer", true),
            ("broken(", false),
            ("axb", true),
        ] {
            assert_eq!(excluded.contains(name), expected, "{name}");
        }
    }
}
