//! Text comparison without case and accents, letter by letter, as databases with a "general, case
//! insensitive" collation compare.

use std::borrow::Cow;

use unicode_normalization::UnicodeNormalization;

/// The text as it is compared: small base letters. Texts compare equal when their folded forms do.
pub fn fold(text: &str) -> Cow<'_, str> {
    if text
        .bytes()
        .all(|byte| byte.is_ascii() && !byte.is_ascii_uppercase())
    {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.chars().map(fold_letter).collect())
}

/// The folded form for equality, where spaces at the end count for nothing.
pub(crate) fn fold_whole(text: &str) -> Cow<'_, str> {
    fold(text.trim_end_matches(' '))
}

fn fold_letter(letter: char) -> char {
    if letter.is_ascii() {
        return letter.to_ascii_lowercase();
    }
    if matches!(letter, 'ß' | 'ẞ') {
        return 's';
    }
    // Elsewhere a decomposition is no accent: syllables would fold to their first sound.
    if !matches!(letter, '\u{80}'..='\u{58f}' | '\u{1e00}'..='\u{1fff}') {
        return letter;
    }
    let base = std::iter::once(letter).nfd().next().unwrap_or(letter);
    base.to_lowercase().next().unwrap_or(base)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_and_accents_do_not_count() {
        for (text, folded) in [
            ("plain text 1", "plain text 1"),
            ("Ärger IN Zürich", "arger in zurich"),
            ("ÉCOLE é", "ecole e"),
            ("e\u{301}", "e\u{301}"),
            ("Straße", "strase"),
            ("ΑΘΉΝΑ", "αθηνα"),
            ("ЙОД", "иод"),
            ("Łódź", "łodz"),
            ("東京", "東京"),
            ("한국 が", "한국 が"),
            ("İ", "i"),
            ("ệ", "e"),
            ("😀", "😀"),
        ] {
            assert_eq!(fold(text), folded, "{text}");
        }
    }

    #[test]
    fn spaces_at_the_end_count_for_nothing_in_equality() {
        assert_eq!(fold_whole("A  "), fold_whole("a"));
        assert_ne!(fold_whole(" a"), fold_whole("a"));
    }
}
