//! Where a visitor is: countries of addresses and of languages, and what is done to addresses.

mod codes;

pub(crate) use codes::is_country_label;
pub use codes::{COUNTRY_CODES, is_country};
