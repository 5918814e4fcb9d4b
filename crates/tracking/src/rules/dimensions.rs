//! Custom dimensions: which slot holds them, and how a value is found where none is sent.

use regex::{Regex, RegexBuilder};
use serde::{Deserialize, Serialize};

use crate::url::{RawQuery, UrlParts, url_decode};

/// A compiled pattern may not take more memory than this.
const PATTERN_SIZE_LIMIT_BYTES: usize = 1 << 18;

/// A custom dimension as it is configured.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CustomDimensionRule {
    /// Its number in `dimension7`.
    pub id: u32,
    /// From 1: the stored column of its scope.
    pub slot: u8,
    pub scope: Scope,
    pub active: bool,
    pub extractions: Vec<Extraction>,
    pub case_sensitive: bool,
}

/// Whether a value belongs to the visit or to one action.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    Visit,
    Action,
}

/// Where a value may be found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Extraction {
    pub source: ExtractionSource,
    pub pattern: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ExtractionSource {
    /// A pattern on the page's address.
    #[serde(rename = "url")]
    Url,
    /// The name of one of its parameters.
    #[serde(rename = "urlparam")]
    UrlParameter,
    /// A pattern on the page's title.
    #[serde(rename = "action_name")]
    Title,
}

/// A custom dimension, ready to be applied.
#[derive(Clone, Debug)]
pub struct Dimension {
    pub id: u32,
    pub slot: u8,
    pub scope: Scope,
    pub active: bool,
    finders: Vec<Finder>,
}

#[derive(Clone, Debug)]
enum Finder {
    Url(Regex),
    Title(Regex),
    /// A parameter's name, in lower case unless case counts.
    Parameter {
        name: String,
        case_sensitive: bool,
    },
}

impl Dimension {
    /// Compiles a dimension; an extraction that does not compile is left out.
    pub fn new(rule: &CustomDimensionRule) -> Dimension {
        let finders = rule
            .extractions
            .iter()
            .filter_map(|extraction| Finder::new(extraction, rule.case_sensitive));
        Dimension {
            id: rule.id,
            slot: rule.slot,
            scope: rule.scope,
            active: rule.active,
            finders: finders.collect(),
        }
    }

    /// The value of the first extraction that finds one.
    pub fn extract(&self, url: &str, title: &str) -> Option<String> {
        self.finders
            .iter()
            .find_map(|finder| finder.find(url, title))
    }
}

impl Finder {
    fn new(extraction: &Extraction, case_sensitive: bool) -> Option<Finder> {
        let pattern = &extraction.pattern;
        if extraction.source == ExtractionSource::UrlParameter {
            let name = if case_sensitive {
                pattern.clone()
            } else {
                pattern.to_lowercase()
            };
            return (!pattern.is_empty()).then_some(Finder::Parameter {
                name,
                case_sensitive,
            });
        }
        let regex = RegexBuilder::new(&pattern.replace("\\/", "/"))
            .case_insensitive(!case_sensitive)
            .size_limit(PATTERN_SIZE_LIMIT_BYTES)
            .build()
            .ok()?;
        match extraction.source {
            ExtractionSource::Title => Some(Finder::Title(regex)),
            _ => Some(Finder::Url(regex)),
        }
    }

    fn find(&self, url: &str, title: &str) -> Option<String> {
        match self {
            Finder::Url(pattern) => {
                captured(pattern, url).or_else(|| captured(pattern, &url_decode(url)))
            }
            Finder::Title(pattern) => {
                captured(pattern, title).or_else(|| captured(pattern, &url_decode(title)))
            }
            Finder::Parameter {
                name,
                case_sensitive,
            } => parameter(url, name, *case_sensitive),
        }
    }
}

fn captured(pattern: &Regex, text: &str) -> Option<String> {
    let found = pattern.captures(text)?.get(1)?.as_str();
    (!found.is_empty()).then(|| url_decode(found))
}

fn parameter(url: &str, name: &str, case_sensitive: bool) -> Option<String> {
    let parts = UrlParts::parse(url);
    let query = RawQuery::parse(parts.query_text());
    let raw = if case_sensitive {
        query.get(name)
    } else {
        query.get_ignoring_case(name)
    };
    raw.filter(|raw| !raw.is_empty()).map(url_decode)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_extracted_in_order() {
        let dimension = |case_sensitive| {
            Dimension::new(&CustomDimensionRule {
                id: 1,
                slot: 1,
                scope: Scope::Visit,
                active: true,
                extractions: vec![
                    Extraction {
                        source: ExtractionSource::UrlParameter,
                        pattern: "Lang".into(),
                    },
                    Extraction {
                        source: ExtractionSource::Url,
                        pattern: "/(de|en)/".into(),
                    },
                    Extraction {
                        source: ExtractionSource::Title,
                        pattern: "in (.+)$".into(),
                    },
                    Extraction {
                        source: ExtractionSource::Title,
                        pattern: "(".into(),
                    },
                ],
                case_sensitive,
            })
        };
        for (url, title, expected) in [
            ("http://h/de/?lang=a%20b", "", Some("a b")),
            ("http://h/DE/", "in x", Some("DE")),
            ("http://h/", "in x", Some("x")),
            ("http://h/?lang=", "y", None),
        ] {
            assert_eq!(
                dimension(false).extract(url, title).as_deref(),
                expected,
                "{url}"
            );
        }
        assert_eq!(dimension(true).extract("http://h/?lang=a", ""), None);
    }
}
