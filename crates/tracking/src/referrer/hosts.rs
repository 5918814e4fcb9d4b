//! Names that are found by host: social networks and AI assistants.

use std::collections::HashMap;

use serde::Deserialize;

use super::lists::{ListError, check_host, check_name, entries, line_error};
use crate::url::{UrlParts, canonical_host};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    name: String,
    hosts: Vec<String>,
}

/// Names with their hosts; a host may be followed by a path.
#[derive(Debug, Clone, Default)]
pub struct NamedHosts {
    names: Vec<String>,
    main_hosts: Vec<String>,
    by_host: HashMap<String, Vec<Place>>,
    by_name: HashMap<String, usize>,
}

#[derive(Debug, Clone)]
struct Place {
    /// Empty, or `/path`.
    path: String,
    name_index: usize,
}

impl NamedHosts {
    pub(super) fn parse(text: &str) -> Result<Self, ListError> {
        let mut named = NamedHosts::default();
        for (line, entry) in entries(text) {
            let entry: Line =
                serde_json::from_str(entry).map_err(|error| line_error(line, error))?;
            check_name(line, &entry.name)?;
            let Some(main_host) = entry.hosts.first() else {
                return Err(line_error(line, format!("no hosts for {:?}", entry.name)));
            };
            let name_index = named.names.len();
            if named
                .by_name
                .insert(entry.name.clone(), name_index)
                .is_some()
            {
                return Err(line_error(line, format!("{:?} is there twice", entry.name)));
            }
            named.main_hosts.push(main_host.clone());
            named.names.push(entry.name);
            for host in &entry.hosts {
                check_host(line, host)?;
                named.add_host(host, name_index);
            }
        }
        Ok(named)
    }

    fn add_host(&mut self, host: &str, name_index: usize) {
        let (host, path) = host.split_at(host.find('/').unwrap_or(host.len()));
        let places = self.by_host.entry(host.to_owned()).or_default();
        places.push(Place {
            path: path.trim_end_matches('/').to_owned(),
            name_index,
        });
        // Longest path first: the first hit is the best.
        places.sort_by_key(|place| std::cmp::Reverse(place.path.len()));
    }

    /// Number of names.
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// Whether there are no names.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// The name that a URL belongs to: its host, or the nearest parent host, is listed.
    pub fn find(&self, url: &str) -> Option<&str> {
        self.find_parts(&UrlParts::parse(url))
    }

    pub(super) fn find_parts(&self, parts: &UrlParts<'_>) -> Option<&str> {
        let host = canonical_host(parts.host_text());
        let found = crate::url::parents(&host)
            .find_map(|candidate| self.at(candidate, parts.path))
            // facebook.com.br is Facebook, too: national names under a listed .com host.
            .or_else(|| without_country(&host).and_then(|host| self.at(host, parts.path)));
        found.map(|index| self.names[index].as_str())
    }

    fn at(&self, host: &str, path: &str) -> Option<usize> {
        let place = self
            .by_host
            .get(host)?
            .iter()
            .find(|place| begins_path(path, &place.path))?;
        Some(place.name_index)
    }

    /// The main host of a name.
    pub fn main_host(&self, name: &str) -> Option<&str> {
        self.by_name
            .get(name)
            .map(|index| self.main_hosts[*index].as_str())
    }

    /// Names with their main hosts, in the order of the list.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.names
            .iter()
            .map(String::as_str)
            .zip(self.main_hosts.iter().map(String::as_str))
    }
}

fn begins_path(path: &str, prefix: &str) -> bool {
    path.strip_prefix(prefix)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/') || prefix.is_empty())
}

/// `x.facebook.com.br` → `facebook.com`
fn without_country(host: &str) -> Option<&str> {
    let (rest, country) = host.rsplit_once('.')?;
    if country.len() != 2 || !rest.ends_with(".com") {
        return None;
    }
    let name_start = rest
        .trim_end_matches(".com")
        .rfind('.')
        .map_or(0, |dot| dot + 1);
    rest.get(name_start..)
}

#[cfg(test)]
mod tests {
    use super::super::lists::Lists;

    #[test]
    fn hosts_below_a_listed_host_belong_to_it() {
        let lists = Lists::embedded().expect("embedded lists");
        for (url, expected) in [
            ("http://facebook.com/whatever", Some("Facebook")),
            ("https://www.Facebook.com", Some("Facebook")),
            ("http://lm.facebook.com/l.php?u=x", Some("Facebook")),
            ("http://fb.me/?q=sdlfjs&n=slfjsd", Some("Facebook")),
            ("http://t.co/id/?y=dsfs", Some("Twitter")),
            ("http://xxt.co", None),
            ("http://t.com", None),
            ("http://notfacebook.com", None),
            ("http://facebook.com.evil.example", None),
            ("http://example.org/facebook.com/", None),
            ("http://www.facebook.com.br/x", Some("Facebook")),
            ("http://mixi.jp", Some("Mixi")),
            ("https://plus.google.com/1", Some("Google+")),
            ("https://google.com/", None),
            ("android-app://org.telegram.messenger", Some("Telegram")),
            ("", None),
        ] {
            assert_eq!(lists.social_networks.find(url), expected, "{url}");
        }
        assert_eq!(
            lists.social_networks.main_host("Facebook"),
            Some("facebook.com")
        );
        assert_eq!(lists.social_networks.main_host("No such"), None);
    }

    #[test]
    fn a_path_can_belong_to_another_name() {
        let lists = Lists::embedded().expect("embedded lists");
        for (url, expected) in [
            ("https://x.com/i/grok", Some("Grok")),
            ("https://x.com/i/grok/share", Some("Grok")),
            ("https://x.com/i/groks", None),
            ("https://x.com/", None),
            ("https://chatgpt.com/c/1", Some("ChatGPT")),
            ("https://www.perplexity.ai/", Some("Perplexity")),
        ] {
            assert_eq!(lists.ai_assistants.find(url), expected, "{url}");
        }
    }
}
