//! Hosts that send visits with fake referrers to advertise themselves.

use std::collections::HashSet;

use super::lists::{ListError, check_host, entries};
use crate::url::{canonical_host, host_of, parents};

/// Spam hosts; hosts below them count, too.
#[derive(Debug, Clone, Default)]
pub struct SpamHosts {
    hosts: HashSet<String>,
}

impl SpamHosts {
    pub(super) fn parse(text: &str) -> Result<Self, ListError> {
        let mut hosts = HashSet::new();
        for (line, host) in entries(text) {
            check_host(line, host)?;
            hosts.insert(host.to_owned());
        }
        Ok(SpamHosts { hosts })
    }

    /// Number of hosts.
    pub fn len(&self) -> usize {
        self.hosts.len()
    }

    /// Whether there are no hosts.
    pub fn is_empty(&self) -> bool {
        self.hosts.is_empty()
    }

    /// Whether a host, or a parent of it, is listed.
    pub fn is_referrer_spam(&self, host: &str) -> bool {
        parents(&canonical_host(host)).any(|candidate| self.hosts.contains(candidate))
    }

    /// The same for the host of a URL.
    pub fn is_spam_url(&self, url: &str) -> bool {
        host_of(url).is_some_and(|host| self.is_referrer_spam(&host))
    }
}

#[cfg(test)]
mod tests {
    use super::super::lists::Lists;

    #[test]
    fn listed_hosts_and_hosts_below_them_are_spam() {
        let spam = Lists::embedded().expect("embedded lists").spam_hosts;
        for (url, expected) in [
            ("http://semalt.com/x", true),
            ("https://www.SEMALT.com.", true),
            ("http://a.b.semalt.com:80/?q", true),
            ("http://qiwi.xyz", true),
            ("http://notsemalt.com", false),
            ("http://semalt.com.example.org", false),
            ("http://example.org/?semalt.com", false),
            ("", false),
        ] {
            assert_eq!(spam.is_spam_url(url), expected, "{url}");
        }
    }
}
