//! Location databases in the MaxMind format, whichever of the two usual schemas they have.

use std::borrow::Cow;
use std::net::IpAddr;

use maxminddb::{MaxMindDbError, Reader};
use serde::Deserialize;

use super::codes::is_country;
use super::ranges::CountryRanges;

type Bytes = Cow<'static, [u8]>;

/// Where an address is, as far as a database knows.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Location {
    /// ISO 3166-1 alpha-2, lower case.
    pub country: Option<String>,
    /// The second part of the ISO 3166-2 code, ≤ 3 characters; only MaxMind's schema has it.
    pub region: Option<String>,
    /// English name of the region.
    pub region_name: Option<String>,
    /// English name.
    pub city: Option<String>,
    /// Degrees, -90 to 90.
    pub latitude: Option<f64>,
    /// Degrees, -180 to 180.
    pub longitude: Option<f64>,
    /// Postal code.
    pub postal_code: Option<String>,
}

/// Why a database file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum GeoError {
    /// Not a database file, or a damaged one.
    #[error("not a usable location database: {0}")]
    Unusable(#[from] MaxMindDbError),
    /// A file for another kind of data.
    #[error("the database {kind:?} has neither countries nor cities")]
    WrongKind {
        /// What the file says it is.
        kind: String,
    },
}

/// One or more database files, for IPv4, IPv6 or both.
pub struct GeoDatabase {
    files: Vec<File>,
}

struct File {
    reader: Reader<Bytes>,
    knows_version_6: bool,
    kind: String,
    built_at_seconds: u64,
}

impl GeoDatabase {
    /// A database that knows nothing.
    pub fn empty() -> Self {
        GeoDatabase { files: Vec::new() }
    }

    /// From the bytes of files. An address is looked up in their order.
    pub fn from_files(files: impl IntoIterator<Item = Bytes>) -> Result<Self, GeoError> {
        let files = files
            .into_iter()
            .map(File::read)
            .collect::<Result<_, _>>()?;
        Ok(GeoDatabase { files })
    }

    /// Several databases as one. An address is looked up in their order.
    pub fn joined(databases: impl IntoIterator<Item = GeoDatabase>) -> Self {
        let files = databases.into_iter().flat_map(|database| database.files);
        GeoDatabase {
            files: files.collect(),
        }
    }

    /// Where an address is. What is unknown, private or damaged is nowhere.
    pub fn lookup(&self, address: IpAddr) -> Location {
        let address = address.to_canonical();
        let candidates = self
            .files
            .iter()
            .filter(|file| file.knows_version_6 || address.is_ipv4());
        candidates
            .filter_map(|file| file.lookup(address))
            .next()
            .unwrap_or_default()
    }

    /// The country of an address.
    pub fn country(&self, address: IpAddr) -> Option<String> {
        self.lookup(address).country
    }

    /// Kind and build time (Unix seconds) of each file, for a page about the system.
    pub fn files(&self) -> impl Iterator<Item = (&str, u64)> {
        self.files
            .iter()
            .map(|file| (file.kind.as_str(), file.built_at_seconds))
    }
}

static COUNTRIES_BLOCK: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/countries.bin"));

/// The country database that is part of the program. Nothing of it is read before an address is looked up.
pub fn embedded_countries() -> Option<CountryRanges<'static>> {
    // The block comes from our own build script, and a test reads it.
    CountryRanges::read(COUNTRIES_BLOCK)
}

impl File {
    fn read(bytes: Bytes) -> Result<Self, GeoError> {
        let reader = Reader::from_source(bytes)?;
        let metadata = reader.metadata();
        let kind = metadata.database_type.clone();
        let lower = kind.to_ascii_lowercase();
        if !["country", "city", "enterprise", "location"]
            .iter()
            .any(|word| lower.contains(word))
        {
            return Err(GeoError::WrongKind { kind });
        }
        let (knows_version_6, built_at_seconds) = (metadata.ip_version == 6, metadata.build_epoch);
        Ok(File {
            reader,
            knows_version_6,
            kind,
            built_at_seconds,
        })
    }

    fn lookup(&self, address: IpAddr) -> Option<Location> {
        let record: Record = self.reader.lookup(address).ok()?.decode().ok()??;
        let location = record.into_location();
        (location != Location::default()).then_some(location)
    }
}

/// Both schemas at once: flat (`country_code`, `state1`, `city` …) and nested (`country.iso_code` …).
#[derive(Deserialize)]
struct Record {
    country_code: Option<String>,
    state1: Option<String>,
    city: Option<City>,
    latitude: Option<f64>,
    longitude: Option<f64>,
    postcode: Option<String>,
    country: Option<Country>,
    registered_country: Option<Country>,
    #[serde(default)]
    subdivisions: Vec<Subdivision>,
    location: Option<Point>,
    postal: Option<Postal>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum City {
    Flat(String),
    Nested { names: Option<Names> },
}

#[derive(Deserialize)]
struct Country {
    iso_code: Option<String>,
}

#[derive(Deserialize)]
struct Subdivision {
    iso_code: Option<String>,
    names: Option<Names>,
}

#[derive(Deserialize)]
struct Names {
    en: Option<String>,
}

#[derive(Deserialize)]
struct Point {
    latitude: Option<f64>,
    longitude: Option<f64>,
}

#[derive(Deserialize)]
struct Postal {
    code: Option<String>,
}

impl Record {
    fn into_location(self) -> Location {
        let nested = [self.country, self.registered_country]
            .into_iter()
            .flatten()
            .find_map(|country| country.iso_code);
        let country = self
            .country_code
            .or(nested)
            .map(|code| code.to_ascii_lowercase());
        let (code, name) = match self.subdivisions.into_iter().next() {
            Some(subdivision) => (
                subdivision.iso_code,
                subdivision.names.and_then(|names| names.en),
            ),
            None => (None, self.state1),
        };
        let city = match self.city {
            Some(City::Flat(name)) => Some(name),
            Some(City::Nested { names }) => names.and_then(|names| names.en),
            None => None,
        };
        let point = self
            .location
            .map_or((None, None), |point| (point.latitude, point.longitude));
        Location {
            country: country.filter(|code| is_country(code)),
            region: code.and_then(not_empty).filter(|code| code.len() <= 3),
            region_name: name.and_then(not_empty),
            city: city.and_then(not_empty),
            latitude: self
                .latitude
                .or(point.0)
                .filter(|degrees| degrees.abs() <= 90.0),
            longitude: self
                .longitude
                .or(point.1)
                .filter(|degrees| degrees.abs() <= 180.0),
            postal_code: self
                .postcode
                .or(self.postal.and_then(|postal| postal.code))
                .and_then(not_empty),
        }
    }
}

fn not_empty(text: String) -> Option<String> {
    (!text.trim().is_empty()).then_some(text)
}

#[cfg(test)]
#[path = "database_tests.rs"]
mod tests;
