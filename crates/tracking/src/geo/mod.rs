//! Where a visit is: the country of an address or of a language, and what privacy does to addresses.
//!
//! Pure: database files are handed in as bytes.

mod address;
mod codes;
mod database;
mod language;
#[cfg(test)]
mod pack;
mod ranges;

pub use address::{address_text, anonymise_address, parse_address};
pub(crate) use codes::is_country_label;
pub use codes::{COUNTRY_CODES, is_country};
pub use database::{GeoDatabase, GeoError, Location, embedded_countries};
pub use language::country_of_languages;
pub use ranges::CountryRanges;
