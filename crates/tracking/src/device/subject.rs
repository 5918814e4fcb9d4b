//! A user agent, prepared for being searched by many expressions.

use super::candidates::Candidates;
use super::compile::grams::GramSet;

/// A text to search, with everything about it that all expressions share.
#[derive(Debug)]
pub struct Subject<'t> {
    text: &'t str,
    lower: Vec<u8>,
    grams: GramSet,
    /// The rules that have a chance.
    candidates: Vec<u32>,
    /// Places where a rule may begin: at the start, or where a word begins.
    rule_starts: Vec<u32>,
    /// The same with the looser condition for fixed fragments: no letter before.
    fragment_starts: Vec<u32>,
}

/// Where an expression may begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Boundary {
    /// Not after a letter, digit, dash or single underscore.
    Rule,
    /// Not after a letter, dash or underscore.
    Fragment,
    /// Anywhere.
    Anywhere,
}

impl<'t> Subject<'t> {
    /// Prepares a text.
    pub fn new(text: &'t str, candidates: &Candidates) -> Self {
        let lower = text.as_bytes().to_ascii_lowercase();
        let starts = |accept: fn(&[u8]) -> bool| {
            (0..=lower.len())
                .filter(|place| accept(&lower[..*place]))
                .map(|place| place as u32)
                .collect()
        };
        let (grams, candidates) = candidates.of(&lower);
        Subject {
            text,
            grams,
            candidates,
            rule_starts: starts(rule_may_follow),
            fragment_starts: starts(fragment_may_follow),
            lower,
        }
    }

    /// The rules that have a chance, for [`Candidates::of_list`].
    pub fn candidates(&self) -> &[u32] {
        &self.candidates
    }

    /// The grams in the text.
    pub fn grams(&self) -> &GramSet {
        &self.grams
    }

    /// Where rules may begin.
    pub fn rule_starts(&self) -> &[u32] {
        &self.rule_starts
    }

    /// Where fixed fragments may begin.
    pub fn fragment_starts(&self) -> &[u32] {
        &self.fragment_starts
    }

    /// The text itself.
    pub fn text(&self) -> &'t str {
        self.text
    }

    /// The text in lower case.
    pub fn lower(&self) -> &[u8] {
        &self.lower
    }
}

fn is_lower_or_digit(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit()
}

fn rule_may_follow(before: &[u8]) -> bool {
    match before {
        [] => true,
        [.., last] if !is_lower_or_digit(*last) && *last != b'-' && *last != b'_' => true,
        [.., last_but_one, b'_'] if !is_lower_or_digit(*last_but_one) && *last_but_one != b'-' => {
            true
        }
        before => before.ends_with(b"sprd-") || before.ends_with(b"mz-"),
    }
}

fn fragment_may_follow(before: &[u8]) -> bool {
    before
        .last()
        .is_none_or(|last| !last.is_ascii_lowercase() && *last != b'-' && *last != b'_')
}
