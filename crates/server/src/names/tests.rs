//! Names against facts that clients rely on.

use jiff::civil::date;
use query::period::PeriodKind;

use super::*;

const NAMES: Names = Names;

#[test]
fn countries() {
    let cases = [
        ("de", "en", "Germany"),
        ("mk", "en", "North Macedonia"),
        ("ci", "en", "Côte d’Ivoire"),
        ("pl", "fr", "Pologne"),
        ("mk", "de", "Nordmazedonien"),
        ("de", "sw", "Ujerumani"),
        ("de", "ja", "Germany"),
        ("de", "de-AT", "Deutschland"),
        ("xx", "en", "Unknown"),
        ("xx", "de", "unbekannt"),
        ("", "en", "Unknown"),
        ("150", "en", "Unknown"),
        ("eu", "en", "Europe"),
        ("uk", "en", "United Kingdom"),
        ("xk", "fr", "Kosovo"),
        ("a1", "de", "Anonymer Proxy"),
    ];
    for (code, language, name) in cases {
        assert_eq!(NAMES.country(code, language), name, "{code} in {language}");
    }
}

#[test]
fn every_country_has_a_name_in_every_language() {
    for language in Language::ALL {
        let mapping = NAMES.country_mapping(language.code());
        assert_eq!(mapping.len(), 249);
        assert!(
            mapping
                .iter()
                .all(|(_, name)| *name != words::unknown(language))
        );
    }
    for extra in ["ac", "cp", "dg", "ea", "ic", "ta", "xk", "zr", "bu"] {
        assert_ne!(NAMES.country(extra, "en"), "Unknown", "{extra}");
    }
}

#[test]
fn continents() {
    for (country, code) in [
        ("mx", "amn"),
        ("gt", "amc"),
        ("tr", "eur"),
        ("xx", "unk"),
        ("??", "unk"),
        ("ap", "asi"),
    ] {
        assert_eq!(NAMES.continent_of(country), code, "{country}");
    }
    assert_eq!(NAMES.continent("amn", "en"), "North America");
    assert_eq!(NAMES.continent("amc", "en"), "Central America");
    assert_eq!(NAMES.continent("ant", "en"), "Antarctica");
    assert_eq!(NAMES.continent("eur", "sw"), "Ulaya");
    assert_eq!(NAMES.continent("unk", "en"), "Unknown");
    assert_eq!(NAMES.countries_of("amn"), ["ca", "gl", "mx", "pm", "us"]);
    assert_eq!(
        NAMES.countries_of("North america"),
        NAMES.countries_of("amn")
    );
    assert!(NAMES.countries_of("unk").contains(&"xx".to_owned()));
    assert!(NAMES.countries_of("atlantis").is_empty());
}

#[test]
fn codes_by_name() {
    assert_eq!(NAMES.country_codes("GERMANY"), ["de"]);
    assert_eq!(NAMES.country_codes("côte d’ivoire"), ["ci"]);
    assert_eq!(NAMES.country_codes("United Kingdom"), ["gb", "uk"]);
    assert!(NAMES.country_codes("Narnia").is_empty());
}

#[test]
fn regions() {
    let cases = [
        ("cn", "XZ", "Xizang Zizhiqu"),
        ("gb", "LND", "London, City of"),
        ("fr", "BFC", "Bourgogne-Franche-Comté"),
        ("mk", "18", "Gevgelija"),
        ("ru", "SPE", "Sankt-Peterburg"),
        ("us", "ca", "California"),
        ("xx", "xx", "Unknown"),
        ("us", "", "Unknown"),
    ];
    for (country, region, name) in cases {
        assert_eq!(
            NAMES.region(country, region, "en"),
            name,
            "{country}-{region}"
        );
    }
}

#[test]
fn languages() {
    let cases = [
        ("fr", "en", "French"),
        ("fr", "fr", "Français"),
        ("xx", "de", "unbekannt"),
        ("", "en", "Unknown"),
    ];
    for (code, language, name) in cases {
        assert_eq!(NAMES.language(code, language), name, "{code} in {language}");
    }
}

#[test]
fn currencies() {
    assert_eq!(NAMES.currency("USD"), "US Dollar");
    assert_eq!(NAMES.currency("XYZ"), "XYZ");
    assert_eq!(NAMES.currency_symbol("EUR"), "€");
    assert_eq!(NAMES.currency_symbol("XYZ"), "XYZ");
    let listed = NAMES.currencies("en");
    assert_eq!(
        listed.first(),
        Some(&("AFN", "Afghan Afghani (؋)".to_owned()))
    );
    assert_eq!(
        listed.last(),
        Some(&("ZMW", "Zambian Kwacha (ZK)".to_owned()))
    );
    assert!(listed.contains(&("BTC", "Bitcoin (BTC)".to_owned())));
    assert!(
        NAMES
            .currencies("de")
            .contains(&("USD", "US-Dollar ($)".to_owned()))
    );
}

#[test]
fn time_zones() {
    let cases = [
        ("UTC", "UTC"),
        ("UTC+5.5", "UTC+5:30"),
        ("UTC-3", "UTC-3"),
        ("Pacific/Auckland", "New Zealand - Auckland"),
        ("Europe/Paris", "France"),
        ("Asia/Kolkata", "India"),
        ("Asia/Calcutta", "India"),
        ("America/New_York", "United States - New York"),
        ("America/St_Johns", "Canada - St. John’s"),
        ("Etc/Somewhere_Else", "Somewhere Else"),
        ("", ""),
    ];
    for (id, name) in cases {
        assert_eq!(NAMES.time_zone(id), name, "{id}");
    }
    assert_eq!(
        NAMES.time_zone_in("Europe/Berlin", "de"),
        "Deutschland - Berlin"
    );
}

#[test]
fn groups_of_time_zones() {
    let groups = NAMES.time_zones("en");
    let names: Vec<&str> = groups.iter().map(|(name, _)| name.as_str()).collect();
    let continents = [
        "Africa",
        "Antarctica",
        "Asia",
        "Central America",
        "Europe",
        "North America",
        "Oceania",
        "South America",
        "UTC",
    ];
    assert_eq!(names, continents);
    let distances = groups
        .last()
        .map(|(_, zones)| zones.as_slice())
        .unwrap_or_default();
    assert_eq!(distances.len(), 55);
    assert_eq!(distances[0], ("UTC-12".to_owned(), "UTC-12".to_owned()));
    assert!(distances.contains(&("UTC+5.75".to_owned(), "UTC+5:45".to_owned())));
    assert!(distances.contains(&("UTC".to_owned(), "UTC".to_owned())));
    for (continent, zones) in &groups {
        assert!(zones.len() > 5, "{continent} has {}", zones.len());
        assert!(
            zones
                .iter()
                .all(|(id, _)| id.starts_with("UTC") || jiff::tz::TimeZone::get(id).is_ok())
        );
    }
}

#[test]
fn pretty_dates() {
    let (first, last) = (date(2009, 12, 28), date(2010, 1, 3));
    let cases = [
        (PeriodKind::Day, last, last, "en", "Sunday, January 3, 2010"),
        (
            PeriodKind::Week,
            first,
            last,
            "en",
            "week December 28, 2009\u{2009}–\u{2009}January 3, 2010",
        ),
        (
            PeriodKind::Week,
            date(2010, 3, 1),
            date(2010, 3, 7),
            "en",
            "week March 1\u{2009}–\u{2009}7, 2010",
        ),
        (
            PeriodKind::Range,
            date(2010, 1, 1),
            date(2010, 7, 31),
            "en",
            "January 1\u{2009}–\u{2009}July 31, 2010",
        ),
        (PeriodKind::Month, last, last, "en", "January 2010"),
        (PeriodKind::Year, last, last, "en", "2010"),
        (PeriodKind::Day, last, last, "de", "Sonntag, 3. Januar 2010"),
        (
            PeriodKind::Week,
            date(2010, 3, 1),
            date(2010, 3, 7),
            "de",
            "Woche 1.–7. März 2010",
        ),
        (PeriodKind::Day, last, last, "fr", "dimanche 3 janvier 2010"),
        (
            PeriodKind::Range,
            date(2010, 1, 1),
            date(2010, 7, 31),
            "sw",
            "1 Januari\u{2009}–\u{2009}31 Julai 2010",
        ),
    ];
    for (kind, first, last, language, text) in cases {
        assert_eq!(NAMES.pretty_date(kind, first, last, language), text);
    }
}

#[test]
fn short_dates() {
    let (first, last) = (date(2010, 3, 1), date(2010, 3, 7));
    assert_eq!(
        NAMES.short_date(PeriodKind::Day, last, last, "en"),
        "Sun, Mar 7"
    );
    assert_eq!(
        NAMES.short_date(PeriodKind::Week, first, last, "en"),
        "Mar 1\u{2009}–\u{2009}7, 2010"
    );
    assert_eq!(
        NAMES.short_date(PeriodKind::Month, first, last, "en"),
        "Mar 2010"
    );
    assert_eq!(
        NAMES.short_date(PeriodKind::Year, first, last, "de"),
        "2010"
    );
    assert_eq!(NAMES.short_day(last, "en"), "Mar 7, 2010");
    assert_eq!(NAMES.weekday(1, "fr"), "lundi");
    assert_eq!(NAMES.weekday(0, "fr"), "");
    assert_eq!(NAMES.weekday(8, "fr"), "");
    assert_eq!(NAMES.month(12, "sw"), "Desemba");
    assert_eq!(NAMES.month(13, "sw"), "");
}

#[test]
fn blocks_are_sorted() {
    for block in [
        include_str!(concat!(env!("OUT_DIR"), "/names-countries.txt")),
        include_str!(concat!(env!("OUT_DIR"), "/names-languages.txt")),
        include_str!(concat!(env!("OUT_DIR"), "/names-currencies.txt")),
        include_str!(concat!(env!("OUT_DIR"), "/names-calendar.txt")),
        include_str!(concat!(env!("OUT_DIR"), "/names-regions.txt")),
        include_str!(concat!(env!("OUT_DIR"), "/names-zones.txt")),
        include_str!("currencies.txt"),
        include_str!("columns.txt"),
    ] {
        let keys: Vec<&str> = block
            .lines()
            .filter_map(|line| line.split('\t').next())
            .collect();
        assert!(keys.is_sorted(), "{:?} comes first", keys.first());
    }
}
