//! Goals: what must happen for a conversion.

use model::GoalId;
use regex::{Regex, RegexBuilder};
use serde::{Deserialize, Serialize};

/// A compiled pattern may not take more memory than this: patterns come from people.
const PATTERN_SIZE_LIMIT_BYTES: usize = 1 << 20;

/// A goal as it is configured.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GoalRule {
    pub id: GoalId,
    pub attribute: MatchAttribute,
    pub pattern: String,
    pub pattern_kind: PatternKind,
    pub case_sensitive: bool,
    /// Several conversions in one visit count.
    pub allow_multiple: bool,
    pub revenue: f64,
    pub event_value_as_revenue: bool,
}

/// What a goal looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MatchAttribute {
    Url,
    Title,
    File,
    ExternalWebsite,
    EventCategory,
    EventAction,
    EventName,
    /// Minutes since the visit began.
    VisitDuration,
    Manually,
}

impl MatchAttribute {
    const NAMES: &[(&str, MatchAttribute)] = &[
        ("url", MatchAttribute::Url),
        ("title", MatchAttribute::Title),
        ("file", MatchAttribute::File),
        ("external_website", MatchAttribute::ExternalWebsite),
        ("event_category", MatchAttribute::EventCategory),
        ("event_action", MatchAttribute::EventAction),
        ("event_name", MatchAttribute::EventName),
        ("visit_duration", MatchAttribute::VisitDuration),
        ("manually", MatchAttribute::Manually),
    ];

    /// From the name that the API uses.
    pub fn from_name(name: &str) -> Option<MatchAttribute> {
        MatchAttribute::NAMES
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, attribute)| *attribute)
    }
}

/// How a pattern is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PatternKind {
    Contains,
    Exact,
    Regex,
    GreaterThan,
}

impl PatternKind {
    const NAMES: &[(&str, PatternKind)] = &[
        ("contains", PatternKind::Contains),
        ("exact", PatternKind::Exact),
        ("regex", PatternKind::Regex),
        ("greater_than", PatternKind::GreaterThan),
    ];

    /// From the name that the API uses.
    pub fn from_name(name: &str) -> Option<PatternKind> {
        PatternKind::NAMES
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, kind)| *kind)
    }
}

/// A goal, ready to be compared.
#[derive(Clone, Debug)]
pub struct Goal {
    pub rule: GoalRule,
    test: Test,
}

#[derive(Clone, Debug)]
enum Test {
    /// Patterns of which one is enough: as typed, and percent-decoded.
    Contains(Vec<String>),
    Exact(Vec<String>),
    Regex(Vec<Regex>),
    Minutes(f64),
    /// A pattern that cannot be read, or none: never true.
    Never,
}

impl Goal {
    /// Compiles a goal; one whose pattern cannot be read never converts.
    pub fn new(rule: &GoalRule) -> Goal {
        Goal {
            rule: rule.clone(),
            test: test_of(rule),
        }
    }

    /// Whether a text fits.
    pub fn fits(&self, text: &str) -> bool {
        let folded;
        let text_in_case = if self.rule.case_sensitive {
            text
        } else {
            folded = text.to_lowercase();
            &folded
        };
        match &self.test {
            Test::Contains(patterns) => patterns
                .iter()
                .any(|pattern| text_in_case.contains(pattern)),
            Test::Exact(patterns) => patterns.iter().any(|pattern| text_in_case == pattern),
            Test::Regex(patterns) => patterns.iter().any(|pattern| pattern.is_match(text)),
            Test::Minutes(_) | Test::Never => false,
        }
    }

    /// The length of a visit that must be passed, for goals on it.
    pub fn minutes(&self) -> Option<f64> {
        match self.test {
            Test::Minutes(minutes) => Some(minutes),
            _ => None,
        }
    }
}

fn test_of(rule: &GoalRule) -> Test {
    if rule.attribute == MatchAttribute::Manually {
        return Test::Never;
    }
    if rule.attribute == MatchAttribute::VisitDuration
        || rule.pattern_kind == PatternKind::GreaterThan
    {
        return match crate::parse::number(&rule.pattern) {
            Some(minutes) => Test::Minutes(minutes),
            None => Test::Never,
        };
    }
    let mut typed = rule.pattern.clone();
    crate::parse::unescape_html(&mut typed);
    let mut patterns = vec![typed.clone()];
    let decoded = crate::url::url_decode(&typed);
    if decoded != typed {
        patterns.push(decoded);
    }
    let folded = |patterns: Vec<String>| -> Vec<String> {
        if rule.case_sensitive {
            return patterns;
        }
        patterns
            .iter()
            .map(|pattern| pattern.to_lowercase())
            .collect()
    };
    match rule.pattern_kind {
        PatternKind::Contains => Test::Contains(folded(patterns)),
        PatternKind::Exact => Test::Exact(folded(patterns)),
        PatternKind::Regex => {
            let compiled: Vec<Regex> = patterns
                .iter()
                .filter_map(|pattern| compile(pattern, rule.case_sensitive))
                .collect();
            if compiled.is_empty() {
                Test::Never
            } else {
                Test::Regex(compiled)
            }
        }
        PatternKind::GreaterThan => Test::Never,
    }
}

fn compile(pattern: &str, case_sensitive: bool) -> Option<Regex> {
    // Slashes need no escape here, and an escaped one is one.
    RegexBuilder::new(&pattern.replace("\\/", "/"))
        .case_insensitive(!case_sensitive)
        .size_limit(PATTERN_SIZE_LIMIT_BYTES)
        .build()
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn goal(kind: PatternKind, pattern: &str, case_sensitive: bool) -> Goal {
        Goal::new(&GoalRule {
            id: 1,
            attribute: MatchAttribute::Url,
            pattern: pattern.to_owned(),
            pattern_kind: kind,
            case_sensitive,
            allow_multiple: false,
            revenue: 0.0,
            event_value_as_revenue: false,
        })
    }

    #[test]
    fn patterns_are_compared() {
        use PatternKind::{Contains, Exact, Regex};
        for (kind, pattern, case_sensitive, text, expected) in [
            (Contains, "Store", false, "http://h/store/x", true),
            (Contains, "Store", true, "http://h/store/x", false),
            (Contains, "a%20b", false, "http://h/a b", true),
            (Exact, "http://h/", false, "http://H/", true),
            (Exact, "http://h/", true, "http://h/x", false),
            (
                Regex,
                "(.*)store\\/purchase\\.(.*)",
                false,
                "http://h/Store/purchase.htm",
                true,
            ),
            (Regex, "^x", true, "http://h/x", false),
            (Regex, "(", false, "(", false),
        ] {
            let goal = goal(kind, pattern, case_sensitive);
            assert_eq!(goal.fits(text), expected, "{pattern} {text}");
        }
    }
}
