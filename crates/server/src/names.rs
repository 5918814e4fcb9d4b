//! Names of countries, languages, regions, currencies and time zones.

use std::borrow::Cow;

pub struct Names;

impl Names {
    pub fn embedded() -> Names {
        Names
    }
    pub fn country<'a>(&self, code: &'a str, _language: &str) -> Cow<'a, str> {
        Cow::Borrowed(if code == "xx" { "Unknown" } else { code })
    }
    pub fn continent_of(&self, _country: &str) -> &'static str {
        "unk"
    }
    pub fn continent(&self, _code: &str, _language: &str) -> &'static str {
        "Unknown"
    }
    pub fn region<'a>(&self, _country: &str, region: &'a str, _language: &str) -> Cow<'a, str> {
        Cow::Borrowed(if region == "xx" { "Unknown" } else { region })
    }
    pub fn language<'a>(&self, code: &'a str, _language: &str) -> Cow<'a, str> {
        Cow::Borrowed(code)
    }
    pub fn country_codes(&self, _name: &str) -> Vec<String> {
        Vec::new()
    }
    pub fn countries_of(&self, _continent: &str) -> Vec<String> {
        Vec::new()
    }
    pub fn time_zone(&self, zone: &str) -> String {
        zone.to_owned()
    }
    pub fn currency(&self, code: &str) -> String {
        code.to_owned()
    }
}
