//! Languages as browsers name them.

use crate::geo::{country_of_languages, is_country};

/// Languages more than this many are not looked at.
const MOST_LANGUAGES: usize = 20;

/// The first language as `fr` or `fr-be`; the empty text where there is none. A language without a region
/// gets that of its home, and a region of the language's own name says nothing.
pub fn code_of(languages: &str) -> String {
    let Some((language, region)) = entries(languages).next() else {
        return String::new();
    };
    let home = || country_of_languages(&language, true).map(str::to_owned);
    match region.or_else(home) {
        Some(region) if region != language => format!("{language}-{region}"),
        _ => language,
    }
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
            let language = parts.next().filter(|part| is_word(part))?.to_owned();
            let region = parts.find(|part| is_word(part) && is_country(part));
            Some((language, region.map(str::to_owned)))
        })
}

fn is_word(part: &str) -> bool {
    part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_alphabetic())
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
            ("fr_FR", "fr"),
            ("th_TH", "th"),
            ("el,fi", "el-gr"),
            ("kpe_LR", ""),
            ("", ""),
            ("*,x-y", ""),
        ] {
            assert_eq!(code_of(list), code, "{list}");
        }
    }
}
