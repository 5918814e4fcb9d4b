//! Lists of user agents to leave out: parts of a name, or `/patterns/`.

use regex::{Regex, RegexBuilder};

/// A compiled pattern may not take more memory than this.
const PATTERN_SIZE_LIMIT_BYTES: usize = 1 << 18;

/// Parts and patterns of user agents.
#[derive(Clone, Debug, Default)]
pub struct AgentList {
    /// In lower case.
    parts: Vec<String>,
    patterns: Vec<Regex>,
}

impl AgentList {
    /// Reads entries; a pattern that does not compile is left out.
    pub fn new<'a>(entries: impl IntoIterator<Item = &'a str>) -> AgentList {
        let mut list = AgentList::default();
        for entry in entries
            .into_iter()
            .map(str::trim)
            .filter(|entry| !entry.is_empty())
        {
            match delimited(entry) {
                Some(pattern) => list.patterns.extend(pattern),
                None => list.parts.push(entry.to_lowercase()),
            }
        }
        list
    }

    /// Whether a user agent is in the list.
    pub fn contains(&self, user_agent: &str) -> bool {
        if user_agent.is_empty() || (self.parts.is_empty() && self.patterns.is_empty()) {
            return false;
        }
        let lower = user_agent.to_lowercase();
        self.parts.iter().any(|part| lower.contains(part))
            || self
                .patterns
                .iter()
                .any(|pattern| pattern.is_match(user_agent))
    }
}

/// `/pattern/` or `/pattern/i`, compiled; the inner value is none where it does not compile.
fn delimited(entry: &str) -> Option<Option<Regex>> {
    let (pattern, flags) = entry.strip_prefix('/')?.rsplit_once('/')?;
    let known = flags.bytes().all(|flag| flag.is_ascii_alphabetic());
    (!pattern.is_empty() && known).then(|| {
        RegexBuilder::new(pattern)
            .case_insensitive(flags.contains('i'))
            .size_limit(PATTERN_SIZE_LIMIT_BYTES)
            .build()
            .ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agents_match_by_part_or_pattern() {
        let list = AgentList::new(["Chrome", "/^Firefox\\/[0-9]+$/", "/broken(/", ""]);
        for (agent, expected) in [
            ("Mozilla chrome/1", true),
            ("Firefox/12", true),
            ("firefox/12", false),
            ("Safari", false),
            ("", false),
        ] {
            assert_eq!(list.contains(agent), expected, "{agent}");
        }
    }
}
