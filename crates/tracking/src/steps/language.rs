//! Languages as browsers name them.

use crate::geo::is_country;

/// Languages more than this many are not looked at.
const MOST_LANGUAGES: usize = 20;

/// The first language as `fr` or `fr-be`; the empty text where there is none.
pub fn code_of(languages: &str) -> String {
    let first = entries(languages).next();
    first.map_or_else(String::new, |(language, region)| match region {
        Some(region) => format!("{language}-{region}"),
        None => language,
    })
}

/// Language and region of each entry of the list, in lower case.
fn entries(languages: &str) -> impl Iterator<Item = (String, Option<String>)> {
    languages
        .split(',')
        .take(MOST_LANGUAGES)
        .filter_map(|entry| {
            let tag = entry
                .split(';')
                .next()
                .unwrap_or_default()
                .trim()
                .to_ascii_lowercase();
            let mut parts = tag.split(['-', '_']);
            let language = parts.next().filter(|part| is_word(part, 2..=3))?.to_owned();
            let region = parts.find(|part| is_word(part, 2..=2) && is_country(part));
            Some((language, region.map(str::to_owned)))
        })
}

fn is_word(part: &str, length: std::ops::RangeInclusive<usize>) -> bool {
    length.contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphabetic())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn languages_and_regions() {
        for (list, code) in [
            ("fr", "fr"),
            ("en-US,en;q=0.9", "en-us"),
            ("zh-Hans-CN", "zh-cn"),
            ("en,fr-BE", "en"),
            ("fr_FR", "fr-fr"),
            ("", ""),
            ("*,x-y", ""),
        ] {
            assert_eq!(code_of(list), code, "{list}");
        }
    }
}
