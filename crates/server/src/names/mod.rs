//! Names that reports show: countries, continents, regions, languages, currencies, time zones,
//! dates, and the words of the reports themselves, in English, German, French and Swahili.
//!
//! The build packs them from the Unicode locale data and lists of ISO 3166-2. They are split when a
//! name is first asked for.

mod blocks;
mod dates;
mod money;
mod places;
mod words;
mod zones;

use std::borrow::Cow;
use std::sync::LazyLock;

use jiff::civil::Date;
use query::period::PeriodKind;

use blocks::Block;

static LANGUAGES: LazyLock<Block> = LazyLock::new(|| {
    Block::new(include_str!(concat!(
        env!("OUT_DIR"),
        "/names-languages.txt"
    )))
});

/// A language that the program speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    English,
    German,
    French,
    Swahili,
}

impl Language {
    /// All languages, in the order in which lists name them.
    pub const ALL: [Language; 4] = [
        Language::English,
        Language::German,
        Language::French,
        Language::Swahili,
    ];

    /// The language of a code such as `de`, `de-AT` or `fr_CA`; English for any other.
    pub fn of(code: &str) -> Language {
        let plain = code.split(['-', '_']).next().unwrap_or_default();
        let spoken = |language: &&Language| language.code().eq_ignore_ascii_case(plain);
        Language::ALL
            .iter()
            .find(spoken)
            .copied()
            .unwrap_or(Language::English)
    }

    pub fn code(self) -> &'static str {
        match self {
            Language::English => "en",
            Language::German => "de",
            Language::French => "fr",
            Language::Swahili => "sw",
        }
    }

    /// Its name in itself.
    pub fn own_name(self) -> &'static str {
        match self {
            Language::English => "English",
            Language::German => "Deutsch",
            Language::French => "Français",
            Language::Swahili => "Kiswahili",
        }
    }

    pub fn english_name(self) -> &'static str {
        match self {
            Language::English => "English",
            Language::German => "German",
            Language::French => "French",
            Language::Swahili => "Swahili",
        }
    }

    fn position(self) -> usize {
        self as usize
    }
}

/// The names that are part of the program.
///
/// Languages are given by their codes; a language that the program does not speak means English.
#[derive(Clone, Copy, Debug)]
pub struct Names;

impl Names {
    pub fn embedded() -> Names {
        Names
    }

    // ---- Places ----

    /// Name of a country by its lower-case code; "Unknown" for `xx` and codes that nobody has.
    pub fn country(&self, code: &str, language: &str) -> Cow<'static, str> {
        Cow::Borrowed(places::country(code, Language::of(language)))
    }

    /// Code of the continent of a country: `eur`, `asi`, `amc`, `amn`, `ams`, `afr`, `ant`, `oce` or `unk`.
    pub fn continent_of(&self, country: &str) -> &'static str {
        places::continent_of(country)
    }

    /// Name of a continent by its code.
    pub fn continent(&self, code: &str, language: &str) -> &'static str {
        places::continent(code, Language::of(language))
    }

    /// Name of a region by its country and the part of ISO 3166-2 after the hyphen. Regions have
    /// their own names in every language, so that labels stay the same.
    pub fn region(&self, country: &str, region: &str, language: &str) -> Cow<'static, str> {
        Cow::Borrowed(places::region(country, region, Language::of(language)))
    }

    /// Codes of the countries with an English name, whatever its case.
    pub fn country_codes(&self, name: &str) -> Vec<String> {
        places::country_codes(name)
    }

    /// Codes of the countries of a continent, which is given by its code or its English name.
    pub fn countries_of(&self, continent: &str) -> Vec<String> {
        places::countries_of(continent)
    }

    /// Code and name of every country, by code.
    pub fn country_mapping(&self, language: &str) -> Vec<(&'static str, &'static str)> {
        places::mapping(Language::of(language))
    }

    // ---- Languages ----

    /// Name of a language by its code; "Unknown" for `xx`, nothing, and codes that nobody has.
    pub fn language(&self, code: &str, language: &str) -> Cow<'static, str> {
        let language = Language::of(language);
        let name = LANGUAGES.name(code, language);
        Cow::Borrowed(name.unwrap_or_else(|| words::unknown(language)))
    }

    /// The languages that the program speaks.
    pub fn available_languages(&self) -> &'static [Language] {
        &Language::ALL
    }

    // ---- Currencies ----

    /// English name of a currency; the code itself if it has none.
    pub fn currency(&self, code: &str) -> String {
        money::name(code, Language::English).to_owned()
    }

    /// Symbol of a currency; the code itself if it has none.
    pub fn currency_symbol<'a>(&self, code: &'a str) -> &'a str {
        money::symbol(code).unwrap_or(code)
    }

    /// Code and "name (symbol)" of every currency, by name.
    pub fn currencies(&self, language: &str) -> Vec<(&'static str, String)> {
        money::list(Language::of(language))
    }

    /// Code and symbol of every currency, by code.
    pub fn currency_symbols(&self) -> Vec<(&'static str, &'static str)> {
        money::symbols()
    }

    // ---- Time zones ----

    /// How a time zone is shown: "New Zealand - Auckland", "Germany", "UTC+5:30".
    pub fn time_zone(&self, id: &str) -> String {
        zones::name(id, Language::English)
    }

    /// As [`Names::time_zone`], in another language.
    pub fn time_zone_in(&self, id: &str, language: &str) -> String {
        zones::name(id, Language::of(language))
    }

    /// All time zones by continent, each as its id and how it is shown; the last group are the
    /// distances from UTC.
    pub fn time_zones(&self, language: &str) -> Vec<zones::Group> {
        zones::list(Language::of(language))
    }

    // ---- Dates ----

    /// A period in full: "Saturday, March 6, 2010", "week March 1 – 7, 2010", "January 2010", "2010".
    pub fn pretty_date(&self, kind: PeriodKind, first: Date, last: Date, language: &str) -> String {
        dates::pretty(kind, first, last, Language::of(language))
    }

    /// A period in short, as axes of graphs show it: "Sat, Mar 6", "Mar 1 – 7, 2010", "Jan 2010".
    pub fn short_date(&self, kind: PeriodKind, first: Date, last: Date, language: &str) -> String {
        dates::short(kind, first, last, Language::of(language))
    }

    /// A day in short with its year: "Mar 6, 2010".
    pub fn short_day(&self, day: Date, language: &str) -> String {
        dates::short_day(day, Language::of(language))
    }

    /// Name of a month, 1 to 12.
    pub fn month(&self, month: i8, language: &str) -> &'static str {
        dates::month("wide", month, Language::of(language))
    }

    /// Short name of a month, 1 to 12.
    pub fn short_month(&self, month: i8, language: &str) -> &'static str {
        dates::month("abbreviated", month, Language::of(language))
    }

    /// Name of a day of the week, 1 (Monday) to 7 (Sunday).
    pub fn weekday(&self, day: i8, language: &str) -> &'static str {
        dates::weekday("wide", day, Language::of(language))
    }

    /// Short name of a day of the week, 1 (Monday) to 7 (Sunday).
    pub fn short_weekday(&self, day: i8, language: &str) -> &'static str {
        dates::weekday("abbreviated", day, Language::of(language))
    }

    // ---- Words ----

    /// A text of the reports (names of columns, reports, categories, kinds of things) in a
    /// language. Texts without a translation stay English.
    pub fn translate<'a>(&self, english: &'a str, language: &str) -> Cow<'a, str> {
        words::translate(english, Language::of(language))
    }

    /// English name of a column, where a report has no other name for it.
    pub fn column(&self, column: &str) -> Option<&'static str> {
        words::column(column)
    }
}

#[cfg(test)]
mod tests;
