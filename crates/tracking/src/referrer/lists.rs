//! The lists that classification needs: embedded ones, and newer ones that an operator loads.

use super::engines::SearchEngines;
use super::hosts::NamedHosts;
use super::spam::SpamHosts;

/// A list file may not be larger: the largest real one has 40 KB.
const LIST_MAX_BYTES: usize = 4 << 20;
/// Nor have more lines.
const LIST_MAX_LINES: usize = 100_000;

const SEARCH_ENGINES: &str = include_str!("../../../../data/lists/search-engines.jsonl");
const SOCIAL_NETWORKS: &str = include_str!("../../../../data/lists/social-networks.jsonl");
const AI_ASSISTANTS: &str = include_str!("../../../../data/lists/ai-assistants.jsonl");
const REFERRER_SPAM: &str = include_str!("../../../../data/lists/referrer-spam.txt");

/// One of the lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ListKind {
    /// Search engines and how their result pages carry the keyword.
    SearchEngines,
    /// Social networks and their hosts.
    SocialNetworks,
    /// AI assistants and their hosts.
    AiAssistants,
    /// Hosts that send fake referrers.
    ReferrerSpam,
}

impl ListKind {
    /// All of them.
    pub const ALL: [ListKind; 4] = [
        ListKind::SearchEngines,
        ListKind::SocialNetworks,
        ListKind::AiAssistants,
        ListKind::ReferrerSpam,
    ];

    /// The name in the first line of a list file.
    pub fn name(self) -> &'static str {
        match self {
            ListKind::SearchEngines => "search-engines",
            ListKind::SocialNetworks => "social-networks",
            ListKind::AiAssistants => "ai-assistants",
            ListKind::ReferrerSpam => "referrer-spam",
        }
    }

    /// The kind that a list file says it is.
    pub fn of_text(text: &str) -> Result<Self, ListError> {
        let first = text.lines().next().unwrap_or_default();
        let is_kind = |kind: &ListKind| first == header(*kind);
        ListKind::ALL
            .into_iter()
            .find(is_kind)
            .ok_or(ListError::UnknownHeader)
    }

    /// The list that is part of the program.
    pub fn embedded_text(self) -> &'static str {
        match self {
            ListKind::SearchEngines => SEARCH_ENGINES,
            ListKind::SocialNetworks => SOCIAL_NETWORKS,
            ListKind::AiAssistants => AI_ASSISTANTS,
            ListKind::ReferrerSpam => REFERRER_SPAM,
        }
    }
}

fn header(kind: ListKind) -> String {
    format!("# takwimu list: {}, format 1", kind.name())
}

/// Why a list is refused; the old one stays in use.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ListError {
    /// The first line is not that of a list.
    #[error("the first line must be \"# takwimu list: KIND, format 1\" with a known kind")]
    UnknownHeader,
    /// The list is of another kind.
    #[error("this is a list of {found}, not of {expected}")]
    WrongKind {
        /// What was asked for.
        expected: &'static str,
        /// What the first line says.
        found: &'static str,
    },
    /// Larger than any list can sensibly be.
    #[error("the list is too large")]
    TooLarge,
    /// A list without entries would switch a feature off silently.
    #[error("the list has no entries")]
    Empty,
    /// A line that cannot be used.
    #[error("line {line}: {reason}")]
    Line {
        /// Counted from 1.
        line: usize,
        /// What is wrong with it.
        reason: String,
    },
}

/// All lists, parsed.
#[derive(Debug, Clone)]
pub struct Lists {
    /// Search engines.
    pub search_engines: SearchEngines,
    /// Social networks.
    pub social_networks: NamedHosts,
    /// AI assistants.
    pub ai_assistants: NamedHosts,
    /// Spam hosts.
    pub spam_hosts: SpamHosts,
}

impl Lists {
    /// The lists that are part of the program.
    pub fn embedded() -> Result<Self, ListError> {
        let text = |kind: ListKind| checked(kind, kind.embedded_text());
        Ok(Lists {
            search_engines: SearchEngines::parse(text(ListKind::SearchEngines)?)?,
            social_networks: NamedHosts::parse(text(ListKind::SocialNetworks)?)?,
            ai_assistants: NamedHosts::parse(text(ListKind::AiAssistants)?)?,
            spam_hosts: SpamHosts::parse(text(ListKind::ReferrerSpam)?)?,
        })
    }

    /// Replaces one list by a newer one. On an error nothing changes.
    pub fn replace(&mut self, kind: ListKind, text: &str) -> Result<(), ListError> {
        let text = checked(kind, text)?;
        match kind {
            ListKind::SearchEngines => self.search_engines = SearchEngines::parse(text)?,
            ListKind::SocialNetworks => self.social_networks = NamedHosts::parse(text)?,
            ListKind::AiAssistants => self.ai_assistants = NamedHosts::parse(text)?,
            ListKind::ReferrerSpam => self.spam_hosts = SpamHosts::parse(text)?,
        }
        Ok(())
    }

    /// The embedded lists with one replaced: checks a list file before it is stored.
    pub fn from_text(kind: ListKind, text: &str) -> Result<Self, ListError> {
        let mut lists = Lists::embedded()?;
        lists.replace(kind, text)?;
        Ok(lists)
    }
}

fn checked(expected: ListKind, text: &str) -> Result<&str, ListError> {
    if text.len() > LIST_MAX_BYTES || text.lines().nth(LIST_MAX_LINES).is_some() {
        return Err(ListError::TooLarge);
    }
    let found = ListKind::of_text(text)?;
    if found != expected {
        return Err(ListError::WrongKind {
            expected: expected.name(),
            found: found.name(),
        });
    }
    if entries(text).next().is_none() {
        return Err(ListError::Empty);
    }
    Ok(text)
}

/// Line number and text of the lines that are neither empty nor comments.
pub(super) fn entries(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines()
        .enumerate()
        .map(|(index, line)| (index + 1, line.trim()))
        .filter(|(_, line)| !line.is_empty() && !line.starts_with('#'))
}

pub(super) fn line_error(line: usize, reason: impl std::fmt::Display) -> ListError {
    ListError::Line {
        line,
        reason: reason.to_string(),
    }
}

/// Hosts in lists: lower case, no scheme, no spaces; a path may follow.
pub(super) fn check_host(line: usize, host: &str) -> Result<(), ListError> {
    let allowed = |character: char| {
        !character.is_uppercase()
            && !character.is_whitespace()
            && !character.is_control()
            && character != ':'
    };
    if host.is_empty()
        || host.len() > 255
        || host.starts_with(['.', '/'])
        || !host.chars().all(allowed)
    {
        return Err(line_error(line, format!("not a host: {host:?}")));
    }
    Ok(())
}

pub(super) fn check_name(line: usize, name: &str) -> Result<(), ListError> {
    if name.trim().is_empty() || name.len() > 255 || name.contains(char::is_control) {
        return Err(line_error(line, format!("not a name: {name:?}")));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::url::noise::Noise;

    #[test]
    fn the_embedded_lists_are_whole_and_quick_to_read() {
        let started = std::time::Instant::now();
        let lists = Lists::embedded().expect("embedded lists");
        let elapsed = started.elapsed();
        assert_eq!(lists.search_engines.len(), 297);
        assert_eq!(lists.social_networks.len(), 91);
        assert_eq!(lists.ai_assistants.len(), 19);
        assert_eq!(lists.spam_hosts.len(), 2_347);
        assert!(elapsed.as_millis() < 200, "{elapsed:?}");
        println!("lists read in {elapsed:?}");
    }

    #[test]
    fn every_embedded_list_passes_its_own_check() {
        for kind in ListKind::ALL {
            assert_eq!(ListKind::of_text(kind.embedded_text()), Ok(kind));
            assert!(Lists::from_text(kind, kind.embedded_text()).is_ok());
        }
    }

    #[test]
    fn bad_lists_are_refused_with_a_reason() {
        let search = "# takwimu list: search-engines, format 1\n";
        let social = "# takwimu list: social-networks, format 1\n";
        let spam = "# takwimu list: referrer-spam, format 1\n";
        for (kind, text, message) in [
            (ListKind::SearchEngines, String::new(), "the first line"),
            (ListKind::SearchEngines, "{}".to_owned(), "the first line"),
            (
                ListKind::SearchEngines,
                format!("{social}x"),
                "a list of social-networks, not of search-engines",
            ),
            (ListKind::SearchEngines, search.to_owned(), "no entries"),
            (
                ListKind::SearchEngines,
                format!("{search}\nnot json"),
                "line 3:",
            ),
            (
                ListKind::SearchEngines,
                format!(r#"{search}{{"name":"A","urls":[]}}"#),
                "no URLs",
            ),
            (
                ListKind::SearchEngines,
                format!(r#"{search}{{"name":"A","urls":["a.b"],"x":1}}"#),
                "unknown field",
            ),
            (
                ListKind::SearchEngines,
                format!(r#"{search}{{"name":"A","urls":["a b"]}}"#),
                "not a host",
            ),
            (
                ListKind::SearchEngines,
                format!(r#"{search}{{"name":"A","urls":["a.b"],"params":["/(/"]}}"#),
                "pattern",
            ),
            (
                ListKind::SearchEngines,
                format!(r#"{search}{{"name":"A","urls":["a.b"],"charsets":["x-y"]}}"#),
                "character set",
            ),
            (
                ListKind::SearchEngines,
                format!(r#"{search}{{"name":"A","urls":["a.b"],"backlink":"x"}}"#),
                "{k}",
            ),
            (
                ListKind::SocialNetworks,
                format!(r#"{social}{{"name":"","hosts":["a.b"]}}"#),
                "not a name",
            ),
            (
                ListKind::SocialNetworks,
                format!(r#"{social}{{"name":"A","hosts":[]}}"#),
                "no hosts",
            ),
            (
                ListKind::ReferrerSpam,
                format!("{spam}http://x"),
                "not a host",
            ),
            (
                ListKind::ReferrerSpam,
                format!("{spam}{}", "x\n".repeat(LIST_MAX_LINES)),
                "too large",
            ),
        ] {
            let error = Lists::from_text(kind, &text)
                .err()
                .map(|error| error.to_string())
                .unwrap_or_default();
            assert!(error.contains(message), "{text:?}: {error}");
        }
    }

    #[test]
    fn a_refused_list_leaves_the_old_one() {
        let mut lists = Lists::embedded().expect("embedded lists");
        assert!(lists.replace(ListKind::ReferrerSpam, "nonsense").is_err());
        assert_eq!(lists.spam_hosts.len(), 2_347);
        let newer = "# takwimu list: referrer-spam, format 1\n# any comment\nspam.example\n";
        assert_eq!(lists.replace(ListKind::ReferrerSpam, newer), Ok(()));
        assert_eq!(lists.spam_hosts.len(), 1);
    }

    #[test]
    fn random_list_text_is_survived() {
        let mut noise = Noise::new(31);
        let mut lists = Lists::embedded().expect("embedded lists");
        for _ in 0..2_000 {
            for kind in ListKind::ALL {
                let body = String::from_utf8_lossy(&noise.bytes(80)).into_owned();
                let _ = lists.replace(kind, &format!("{}\n{body}", header(kind)));
            }
        }
    }
}
