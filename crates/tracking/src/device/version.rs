//! Version numbers: comparing them the way PHP's `version_compare` does, on which the rules rely,
//! and building them out of matched groups.

use super::machine::Found;
use std::cmp::Ordering;

/// How many parts of a version are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum VersionDepth {
    /// `12`
    Major,
    /// `12.1`: what is stored with visits.
    #[default]
    Minor,
    /// `12.1.3`
    Patch,
    /// `12.1.3.4`
    Build,
    /// Everything.
    Full,
}

impl VersionDepth {
    fn parts(self) -> Option<usize> {
        match self {
            VersionDepth::Major => Some(1),
            VersionDepth::Minor => Some(2),
            VersionDepth::Patch => Some(3),
            VersionDepth::Build => Some(4),
            VersionDepth::Full => None,
        }
    }

    /// Tidies a version and cuts it off.
    pub fn tidy(self, version: &str) -> String {
        let version = trim_php(version).replace('_', ".");
        let kept = match self.parts() {
            Some(parts) => version
                .match_indices('.')
                .nth(parts - 1)
                .map_or(version.as_str(), |(at, _)| &version[..at]),
            None => &version,
        };
        kept.trim_matches([' ', '.']).to_owned()
    }

    /// The version that a template and the groups of a match make.
    pub fn build(self, template: &str, found: &Found<'_>) -> String {
        self.tidy(&fill(template, found))
    }
}

/// What PHP's `trim` removes.
pub fn trim_php(text: &str) -> &str {
    text.trim_matches([' ', '\t', '\n', '\r', '\0', '\x0b'])
}

/// Puts the groups of a match into a template with `$1`, `$2` and so on.
pub fn fill(template: &str, found: &Found<'_>) -> String {
    if !template.contains('$') {
        return trim_php(template).to_owned();
    }
    let mut text = template.to_owned();
    for number in 1..=found.count() {
        text = text.replace(&format!("${number}"), found.group(number));
    }
    trim_php(&text).to_owned()
}

/// The whole number at the beginning, else 0.
pub fn leading_number(text: &str) -> u64 {
    let digits = text.trim_start();
    let end = digits
        .find(|character: char| !character.is_ascii_digit())
        .unwrap_or(digits.len());
    digits[..end].parse().unwrap_or(0)
}

/// Compares two versions part by part.
pub fn compare(left: &str, right: &str) -> Ordering {
    if left.is_empty() || right.is_empty() {
        return left.is_empty().cmp(&right.is_empty()).reverse();
    }
    let left = canonical(left);
    let right = canonical(right);
    let mut left_parts = left.split('.');
    let mut right_parts = right.split('.');
    loop {
        match (left_parts.next(), right_parts.next()) {
            (Some(one), Some(other)) => match compare_parts(one, other) {
                Ordering::Equal => {}
                order => return order,
            },
            (Some(one), None) => return compare_rest(one),
            (None, Some(other)) => return compare_rest(other).reverse(),
            (None, None) => return Ordering::Equal,
        }
    }
}

/// A version that goes on is greater, unless it goes on with a word like "beta".
fn compare_rest(part: &str) -> Ordering {
    if part.starts_with(|character: char| character.is_ascii_digit()) {
        Ordering::Greater
    } else {
        word_rank(part).cmp(&word_rank("#"))
    }
}

fn compare_parts(left: &str, right: &str) -> Ordering {
    let is_number = |part: &str| part.starts_with(|character: char| character.is_ascii_digit());
    match (is_number(left), is_number(right)) {
        (true, true) => leading_number(left).cmp(&leading_number(right)),
        (false, false) => word_rank(left).cmp(&word_rank(right)),
        (true, false) => word_rank("#").cmp(&word_rank(right)),
        (false, true) => word_rank(left).cmp(&word_rank("#")),
    }
}

fn word_rank(word: &str) -> i8 {
    const RANKS: [(&str, i8); 10] = [
        ("dev", 0),
        ("alpha", 1),
        ("a", 1),
        ("beta", 2),
        ("b", 2),
        ("RC", 3),
        ("rc", 3),
        ("#", 4),
        ("pl", 5),
        ("p", 5),
    ];
    RANKS
        .iter()
        .find(|(name, _)| word.starts_with(name))
        .map_or(-1, |(_, rank)| *rank)
}

/// Points between numbers and words, and in place of other signs.
fn canonical(version: &str) -> String {
    let mut text = String::with_capacity(version.len() + 4);
    let mut last: Option<char> = None;
    for character in version.chars() {
        let is_sign = |c: char| matches!(c, '-' | '_' | '+' | '.') || !c.is_ascii_alphanumeric();
        if is_sign(character) {
            if !text.ends_with('.') && !text.is_empty() {
                text.push('.');
            }
        } else {
            let changes = last.is_some_and(|last| {
                last.is_ascii_alphanumeric() && last.is_ascii_digit() != character.is_ascii_digit()
            });
            if changes && !text.ends_with('.') {
                text.push('.');
            }
            text.push(character);
        }
        last = Some(character);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compares_like_php() {
        for (left, right, expected) in [
            ("1.0", "1.0", Ordering::Equal),
            ("1.10", "1.9", Ordering::Greater),
            ("1.0", "1", Ordering::Greater),
            ("1.0beta", "1.0", Ordering::Less),
            ("1.0RC1", "1.0beta2", Ordering::Greater),
            ("1.0pl1", "1.0", Ordering::Greater),
            ("", "1", Ordering::Less),
            ("1", "", Ordering::Greater),
            ("", "", Ordering::Equal),
            ("98.0.4758.87", "98.0.4758.9", Ordering::Greater),
            ("XP", "8", Ordering::Less),
            ("10", "8", Ordering::Greater),
        ] {
            assert_eq!(compare(left, right), expected, "{left} and {right}");
        }
    }

    #[test]
    fn cuts_versions_off() {
        for (version, depth, expected) in [
            ("3.6.6", VersionDepth::Minor, "3.6"),
            ("10_6_7", VersionDepth::Minor, "10.6"),
            ("10_6_7", VersionDepth::Full, "10.6.7"),
            (" 7. ", VersionDepth::Minor, "7"),
            ("1.2.3.4.5", VersionDepth::Build, "1.2.3.4"),
            ("1.2.3", VersionDepth::Major, "1"),
            ("", VersionDepth::Minor, ""),
        ] {
            assert_eq!(depth.tidy(version), expected, "{version}");
        }
    }
}
