//! Which rules of the long lists have a chance for a user agent.
//!
//! Each rule is entered under one gram (see [`super::compile::grams`]) of each of its alternatives.
//! The grams of a user agent lead to the few rules that are worth matching; they are tried in the
//! order of their list, so that the first one that matches is the one that would have been found
//! by trying all.

use super::compile::grams::{GRAM_BITS, GramSet, gram2, gram3};
use super::compile::program::needs_at;
use super::compile::rules::{Pattern, Rules};

/// A list of rules of which the first that matches counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum List {
    Bots,
    Systems,
    FeedReaders,
    MobileApps,
    MediaPlayers,
    Pims,
    Browsers,
    Libraries,
    Engines,
    Televisions,
    ShellTelevisions,
    Notebooks,
    Consoles,
    CarBrowsers,
    Cameras,
    PortableMediaPlayers,
    Mobiles,
    VendorFragments,
}

const LISTS: usize = 18;

/// Rules by the grams they need.
#[derive(Debug, Default)]
pub struct Candidates {
    /// The expressions of all lists, one list after the other.
    patterns: Vec<Pattern>,
    /// Where each list begins, and where the last one ends.
    list_starts: Vec<u32>,
    /// Where the rules of each gram begin in `rules`.
    gram_starts: Vec<u32>,
    rules: Vec<u32>,
    /// Rules that need nothing: they are always tried.
    always: Vec<u32>,
}

impl Candidates {
    /// Enters all rules.
    pub fn new(rules: &Rules) -> Candidates {
        let mut all = Candidates::default();
        for list in lists(rules) {
            all.list_starts.push(all.patterns.len() as u32);
            all.patterns.extend(list);
        }
        all.list_starts.push(all.patterns.len() as u32);
        let mut entries: Vec<(u16, u32)> = Vec::new();
        for (number, pattern) in (0u32..).zip(&all.patterns) {
            let needs = needs_at(&rules.code, *pattern);
            if needs.is_empty() {
                all.always.push(number);
            }
            entries.extend(first_grams(needs).map(|gram| (gram, number)));
        }
        entries.sort_unstable();
        entries.dedup();
        all.gram_starts = vec![0; GRAM_BITS + 1];
        for (gram, _) in &entries {
            all.gram_starts[usize::from(*gram) + 1] += 1;
        }
        for gram in 0..GRAM_BITS {
            all.gram_starts[gram + 1] += all.gram_starts[gram];
        }
        all.rules = entries.into_iter().map(|(_, number)| number).collect();
        all
    }

    /// The rules that have a chance for a text, in order.
    pub fn of(&self, text: &[u8]) -> (GramSet, Vec<u32>) {
        let mut seen = GramSet::default();
        let mut found = self.always.clone();
        let mut add = |gram: u16| {
            if seen.insert(gram) {
                let gram = usize::from(gram);
                let range = self.gram_starts.get(gram..gram + 2).unwrap_or(&[0, 0]);
                let rules = self.rules.get(range[0] as usize..range[1] as usize);
                found.extend_from_slice(rules.unwrap_or_default());
            }
        };
        for pair in text.windows(2) {
            add(gram2(pair[0], pair[1]));
        }
        for triple in text.windows(3) {
            add(gram3(triple[0], triple[1], triple[2]));
        }
        found.sort_unstable();
        found.dedup();
        (seen, found)
    }

    /// Of the rules that have a chance, those of one list: place in the list and expression.
    pub fn of_list<'a>(
        &'a self,
        list: List,
        found: &'a [u32],
    ) -> impl Iterator<Item = (usize, Pattern)> + 'a {
        let bound = |place: usize| self.list_starts.get(place).copied().unwrap_or_default();
        let (start, end) = (bound(list as usize), bound(list as usize + 1));
        let from = found.partition_point(|number| *number < start);
        found[from..]
            .iter()
            .take_while(move |number| **number < end)
            .filter_map(move |number| {
                let pattern = self.patterns.get(*number as usize)?;
                Some(((*number - start) as usize, *pattern))
            })
    }
}

/// The expressions of all lists, in the order of [`List`].
fn lists(rules: &Rules) -> [Vec<Pattern>; LISTS] {
    let index = &rules.index;
    macro_rules! patterns {
        ($list:ident) => {
            index.$list.iter().map(|rule| rule.pattern).collect()
        };
    }
    [
        patterns!(bots),
        patterns!(systems),
        patterns!(feed_readers),
        patterns!(mobile_apps),
        patterns!(media_players),
        patterns!(pims),
        patterns!(browsers),
        patterns!(libraries),
        patterns!(engines),
        patterns!(televisions),
        patterns!(shell_televisions),
        patterns!(notebooks),
        patterns!(consoles),
        patterns!(car_browsers),
        patterns!(cameras),
        patterns!(portable_media_players),
        patterns!(mobiles),
        index.vendor_fragments.iter().map(|rule| rule.0).collect(),
    ]
}

/// The most telling gram of each alternative.
fn first_grams(needs: &[u8]) -> impl Iterator<Item = u16> + '_ {
    let mut rest = needs;
    std::iter::from_fn(move || {
        let (count, tail) = rest.split_first()?;
        let (grams, tail) = tail.split_at_checked(usize::from(*count) * 2)?;
        rest = tail;
        Some(u16::from_le_bytes([*grams.first()?, *grams.get(1)?]))
    })
}
