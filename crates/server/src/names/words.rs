//! Texts of the reports in other languages, keyed by the English text, so that the catalog alone
//! says what a thing is called.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::LazyLock;

use super::Language;
use super::blocks::{Block, pick};

/// Lines of English, German, French and Swahili, with tabs between.
const TABLE: &str = include_str!("words.txt");

/// Columns and their English names, where a report has no other name for them.
static COLUMNS: LazyLock<Block> = LazyLock::new(|| Block::new(include_str!("columns.txt")));

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
        None => with_number(english, language).map_or(Cow::Borrowed(english), Cow::Owned),
    }
}

/// A text that has a number or a range of numbers in it, such as "8-14 days", is translated as
/// "%s days".
fn with_number(english: &str, language: Language) -> Option<String> {
    let start = english.find(|letter: char| letter.is_ascii_digit())?;
    let (before, rest) = english.split_at(start);
    let of_range = |letter: char| letter.is_ascii_digit() || matches!(letter, '-' | '–' | '+');
    let end = rest.find(|letter| !of_range(letter)).unwrap_or(rest.len());
    let (number, after) = rest.split_at(end);
    let line = WORDS.get(format!("{before}%s{after}").as_str())?;
    Some(pick(line, language).replacen("%s", number, 1))
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

pub(super) fn column(column: &str) -> Option<&'static str> {
    COLUMNS.find(column)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts() {
        let cases = [
            ("Visits", Language::German, "Besuche"),
            ("Visits", Language::English, "Visits"),
            ("Visits", Language::Swahili, "Ziara"),
            ("8-14 days", Language::German, "8-14 Tage"),
            ("365+ days", Language::French, "365+ jours"),
            ("1 day", Language::French, "1 jour"),
            ("30+ min", Language::German, "30+ Min."),
            ("0–10s", Language::German, "0-10s"),
            (
                "Product Category 3",
                Language::French,
                "Catégorie de produit 3",
            ),
            ("Nobody knows 7", Language::German, "Nobody knows 7"),
            ("", Language::German, ""),
        ];
        for (english, language, text) in cases {
            assert_eq!(translate(english, language), text, "{english}");
        }
    }

    #[test]
    fn the_table_is_whole() {
        let lines = || TABLE.lines().filter(|line| !line.starts_with('#'));
        for line in lines() {
            let cells: Vec<&str> = line.split('\t').collect();
            assert_eq!(cells.len(), Language::ALL.len(), "{line}");
            assert!(
                cells
                    .iter()
                    .all(|cell| !cell.is_empty() && cell.trim() == *cell),
                "{line}"
            );
            let places = |cell: &&str| cell.matches('%').count() == cells[0].matches('%').count();
            assert!(cells.iter().all(places), "{line}");
        }
        assert_eq!(lines().count(), WORDS.len(), "a text stands there twice");
    }

    #[test]
    fn every_column_is_translated() {
        for (column, english) in COLUMNS.lines() {
            let known = WORDS.contains_key(english) || column == "max_actions_new";
            assert!(known, "{column}: {english}");
        }
    }
}
