//! Where visitors came to a page from and where they went next.

use catalog::columns::{TableId, action, kind, visit};
use model::Entry;

use super::tree::full_url;
use super::visits::test as visit_test;
use super::{Context, action_column, visit_column};
use crate::{Key, Measure, QueryError, Test, Verb};

/// The page whose transitions are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Center {
    /// Its number in the dictionary of actions.
    pub action: i64,
    pub by_title: bool,
}

/// Names with how often each was met, most first.
pub type Counts = Vec<(String, f64)>;

/// What came before views of the page in the same visit.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Before {
    pub pages: Counts,
    pub searches: Counts,
    /// Views straight after another view of the same page.
    pub loops: f64,
    pub views: f64,
}

/// What came after views of the page.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct After {
    pub pages: Counts,
    pub searches: Counts,
    pub outlinks: Counts,
    pub downloads: Counts,
}

/// Visits that began on the page, by one kind of referrer.
#[derive(Clone, Debug, PartialEq)]
pub struct Channel {
    /// `visit::REFERRER_TYPE`.
    pub kind: i64,
    pub visits: f64,
    pub details: Counts,
}

impl Center {
    /// The columns of a page and of the page before it, as this one is named.
    fn columns(self) -> (usize, usize) {
        match self.by_title {
            true => (action::TITLE, action::PREVIOUS_TITLE),
            false => (action::URL, action::PREVIOUS_URL),
        }
    }

    fn entry(self) -> usize {
        match self.by_title {
            true => visit::ENTRY_TITLE,
            false => visit::ENTRY_URL,
        }
    }

    /// What names a row: its address, but a search has none and is named by its word.
    fn name(self, url: usize, title: usize) -> Key {
        match self.by_title {
            true => Key::Column(action_column(title)),
            false => Key::FirstOf(vec![action_column(url), action_column(title)]),
        }
    }

    fn label_kind(self) -> i64 {
        match self.by_title {
            true => kind::TITLE,
            false => kind::PAGE,
        }
    }
}

fn is(column: usize, verb: Verb) -> Test {
    Test {
        operand: action_column(column),
        verb,
    }
}

pub fn before(context: &Context, center: Center) -> Result<Before, QueryError> {
    let (column, previous) = center.columns();
    let tests = vec![
        is(column, Verb::Is(center.action)),
        is(action::KIND, Verb::Is(kind::PAGE)),
    ];
    let keys = vec![
        Key::Column(action_column(previous)),
        center.name(action::PREVIOUS_URL, action::PREVIOUS_TITLE),
        Key::Column(action_column(action::POSITION)),
    ];
    let question = context.question(TableId::Actions, tests, keys, vec![Measure::Count]);
    let grouped = context.ask(&question)?;
    let mut before = Before::default();
    for group in 0..grouped.len() {
        let (key, count) = (grouped.key(group), grouped.values(group)[0]);
        before.views += count;
        if key[0] == center.action {
            before.loops += count;
            continue;
        }
        let Some(entry) = context.view.actions.get(key[1]) else {
            continue;
        };
        match i64::from(entry.kind) {
            // As in Matomo, a search that a visit begins with is not known to the address that follows.
            kind::SEARCH if !center.by_title && key[2] == SECOND => {}
            kind::SEARCH => add(&mut before.searches, entry.text.to_string(), count),
            own if own == center.label_kind() => {
                add(&mut before.pages, entry.text.to_string(), count);
            }
            _ => {}
        }
    }
    sort(&mut before.pages);
    sort(&mut before.searches);
    Ok(before)
}

pub fn after(context: &Context, center: Center) -> Result<After, QueryError> {
    let (column, previous) = center.columns();
    let tests = vec![
        is(previous, Verb::Is(center.action)),
        is(column, Verb::IsNot(center.action)),
        is(action::KIND, Verb::OneOf(FOLLOWING)),
    ];
    let keys = vec![
        Key::Column(action_column(action::KIND)),
        Key::Column(action_column(action::URL)),
        Key::Column(action_column(action::TITLE)),
    ];
    let question = context.question(TableId::Actions, tests, keys, vec![Measure::Count]);
    let grouped = context.ask(&question)?;
    let mut after = After::default();
    for group in 0..grouped.len() {
        let (key, count) = (grouped.key(group), grouped.values(group)[0]);
        let named = |number: i64| context.view.actions.get(number);
        let text = |entry: &Entry| entry.text.to_string();
        let link = |entry: &Entry| full_url(entry).into_owned();
        let (into, label) = match key[0] {
            kind::SEARCH => (&mut after.searches, named(key[2]).map(text)),
            kind::OUTLINK => (&mut after.outlinks, named(key[1]).map(link)),
            kind::DOWNLOAD => (&mut after.downloads, named(key[1]).map(link)),
            _ if center.by_title => (&mut after.pages, named(key[2]).map(text)),
            _ => (&mut after.pages, named(key[1]).map(text)),
        };
        if let Some(label) = label {
            add(into, label, count);
        }
    }
    for counts in [
        &mut after.pages,
        &mut after.searches,
        &mut after.outlinks,
        &mut after.downloads,
    ] {
        sort(counts);
    }
    Ok(after)
}

/// The place of a visit's second page or search.
const SECOND: i64 = 2;

const FOLLOWING: &[i64] = &[kind::PAGE, kind::SEARCH, kind::OUTLINK, kind::DOWNLOAD];

const DIRECT: i64 = 1;
const WEBSITE: i64 = 3;
const CAMPAIGN: i64 = 6;

/// Visits that began on the page by kind of referrer, in the order of the kinds' numbers.
pub fn entries(context: &Context, center: Center) -> Result<Vec<Channel>, QueryError> {
    let tests = vec![visit_test(center.entry(), Verb::Is(center.action))];
    let keys = [
        visit::REFERRER_TYPE,
        visit::REFERRER_NAME,
        visit::REFERRER_URL,
        visit::REFERRER_KEYWORD,
    ]
    .map(|column| Key::Column(visit_column(column)));
    let question = context.question(TableId::Visits, tests, keys.to_vec(), vec![Measure::Count]);
    let grouped = context.ask(&question)?;
    let text = |id: i64| context.view.texts.text(id).to_owned();
    let mut channels: Vec<Channel> = Vec::new();
    for group in 0..grouped.len() {
        let (key, visits) = (grouped.key(group), grouped.values(group)[0]);
        let at = match channels.iter().position(|known| known.kind == key[0]) {
            Some(at) => at,
            None => {
                channels.push(Channel {
                    kind: key[0],
                    visits: 0.0,
                    details: Vec::new(),
                });
                channels.len() - 1
            }
        };
        let channel = &mut channels[at];
        channel.visits += visits;
        let label = match key[0] {
            DIRECT => continue,
            WEBSITE => text(key[2]),
            CAMPAIGN => format!("{} {}", text(key[1]), text(key[3])),
            _ => text(key[1]),
        };
        add(&mut channel.details, label, visits);
    }
    channels.sort_by_key(|channel| channel.kind);
    for channel in &mut channels {
        sort(&mut channel.details);
    }
    Ok(channels)
}

fn add(counts: &mut Counts, label: String, count: f64) {
    match counts.iter_mut().find(|(known, _)| *known == label) {
        Some((_, own)) => *own += count,
        None => counts.push((label, count)),
    }
}

fn sort(counts: &mut Counts) {
    counts.sort_by(|(one, count), (other, other_count)| {
        other_count.total_cmp(count).then_with(|| one.cmp(other))
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_added_up_and_sorted_by_count_then_name() {
        let mut counts = Counts::new();
        for (label, count) in [("b", 1.0), ("c", 2.0), ("a", 1.0), ("b", 0.0)] {
            add(&mut counts, label.to_owned(), count);
        }
        sort(&mut counts);
        let expected = [("c", 2.0), ("a", 1.0), ("b", 1.0)];
        let expected = expected.map(|(label, count)| (label.to_owned(), count));
        assert_eq!(counts, expected);
    }
}
