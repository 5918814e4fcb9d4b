//! The country that a browser's languages suggest, for when no database knows the address.

use super::codes::COUNTRY_CODES;

/// Languages that are mostly spoken in one country. English, Chinese, Arabic and others are left out on purpose.
const LANGUAGE_COUNTRIES: &[(&str, &str)] = &[
    ("bg", "bg"),
    ("ca", "es"),
    ("cs", "cz"),
    ("da", "dk"),
    ("de", "de"),
    ("el", "gr"),
    ("es", "es"),
    ("et", "ee"),
    ("eu", "es"),
    ("fa", "ir"),
    ("fi", "fi"),
    ("fr", "fr"),
    ("gl", "es"),
    ("he", "il"),
    ("hr", "hr"),
    ("hu", "hu"),
    ("id", "id"),
    ("is", "is"),
    ("it", "it"),
    ("ja", "jp"),
    ("ka", "ge"),
    ("ko", "kr"),
    ("lt", "lt"),
    ("lv", "lv"),
    ("mk", "mk"),
    ("ms", "my"),
    ("nb", "no"),
    ("nl", "nl"),
    ("nn", "no"),
    ("no", "no"),
    ("pl", "pl"),
    ("pt", "pt"),
    ("ro", "ro"),
    ("ru", "ru"),
    ("sk", "sk"),
    ("sl", "si"),
    ("sq", "al"),
    ("sr", "rs"),
    ("sv", "se"),
    ("th", "th"),
    ("tr", "tr"),
    ("uk", "ua"),
    ("vi", "vn"),
];

/// Headers are longer only in attacks.
const MAX_LANGUAGES: usize = 32;

/// Guesses the country, in lower case, from `Accept-Language` or the `lang` parameter.
///
/// A first language without a region stands for its country when `guess_from_language` allows it; otherwise the first
/// region of any language counts.
pub fn country_of_languages(languages: &str, guess_from_language: bool) -> Option<&'static str> {
    let languages = languages.to_ascii_lowercase().replace('_', "-");
    let tags: Vec<&str> = languages
        .split(',')
        .take(MAX_LANGUAGES)
        .map(tag_of)
        .collect();
    if guess_from_language
        && let Some(first) = tags.first()
        && let Some((_, country)) = LANGUAGE_COUNTRIES
            .iter()
            .find(|(language, _)| language == first)
    {
        return Some(country);
    }
    tags.iter().find_map(|tag| region_of(tag))
}

/// `fr-be;q=0.8` → `fr-be`
fn tag_of(language: &str) -> &str {
    language.split(';').next().unwrap_or_default().trim()
}

/// `zh-hans-cn` → `cn`
fn region_of(tag: &str) -> Option<&'static str> {
    tag.split('-').skip(1).find_map(|subtag| {
        let index = COUNTRY_CODES.binary_search(&subtag).ok()?;
        Some(COUNTRY_CODES[index])
    })
}

#[cfg(test)]
mod tests {
    use super::super::codes::is_country;
    use super::*;
    use crate::url::noise::Noise;

    #[test]
    fn the_table_is_sorted_and_has_real_countries() {
        assert!(LANGUAGE_COUNTRIES.is_sorted_by_key(|(language, _)| *language));
        assert!(
            LANGUAGE_COUNTRIES
                .iter()
                .all(|(_, country)| is_country(country))
        );
    }

    #[test]
    fn regions_and_unambiguous_languages_give_a_country() {
        for (languages, guess, expected) in [
            ("fr", true, Some("fr")),
            ("fr", false, None),
            ("pl", true, Some("pl")),
            ("th", true, Some("th")),
            ("en", true, None),
            ("zh", true, None),
            ("fr-be", true, Some("be")),
            ("ar_QA", true, Some("qa")),
            ("en-US,en;q=0.5", true, Some("us")),
            ("en,en-us,en;q=", true, Some("us")),
            ("fr,en-us,en;q=", true, Some("fr")),
            ("fr,en-us,en;q=", false, Some("us")),
            ("fr;q=0.8, de-AT", true, Some("fr")),
            ("zh-Hans-CN", true, Some("cn")),
            ("sr-Latn-RS", true, Some("rs")),
            ("en-uk,de-ch", true, Some("ch")),
            ("*", true, None),
            ("", true, None),
        ] {
            assert_eq!(
                country_of_languages(languages, guess),
                expected,
                "{languages} {guess}"
            );
        }
    }

    #[test]
    fn any_header_is_survived() {
        let mut noise = Noise::new(43);
        for _ in 0..5_000 {
            let text = noise.text(&["fr", "-", "_", ",", ";q=", "en-us", " ", "é"], 20);
            let _ = country_of_languages(&text, noise.below(2) == 0);
        }
    }
}
