//! Texts of the reports in other languages, keyed by the English text, so that the catalog alone
//! says what a thing is called.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::LazyLock;

use super::Language;
use super::blocks::pick;

/// Lines of English, German, French and Swahili, with tabs between.
const TABLE: &str = include_str!("words.txt");

/// The whole line by the English text.
static WORDS: LazyLock<HashMap<&'static str, &'static str>> = LazyLock::new(|| {
    let lines = TABLE.lines().filter(|line| !line.starts_with('#'));
    lines
        .filter_map(|line| Some((line.split_once('\t')?.0, line)))
        .collect()
});

pub(super) fn translate(english: &str, language: Language) -> Cow<'_, str> {
    if language == Language::English {
        return Cow::Borrowed(english);
    }
    match WORDS.get(english) {
        Some(line) => Cow::Borrowed(pick(line, language)),
        None => Cow::Borrowed(english),
    }
}

/// As [`translate`], for texts of the program itself.
pub(super) fn fixed(english: &'static str, language: Language) -> &'static str {
    match translate(english, language) {
        Cow::Borrowed(text) => text,
        Cow::Owned(_) => english,
    }
}

pub(super) fn unknown(language: Language) -> &'static str {
    fixed("Unknown", language)
}
