//! Where the visitor is: what a token states, else what a database knows of the address, else a guess.

use std::net::IpAddr;

use super::{Enriching, language};
use crate::geo::{GeoDatabase, country_of_languages};
use crate::hit::{Location, stated};
use crate::outcome::{Exclusion, Stop};

/// A place as a database knows it; empty texts are not known.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Place {
    /// Two letters.
    pub country: String,
    /// The second part of the ISO 3166-2 code.
    pub region: String,
    pub city: String,
    pub latitude: Option<f64>,
    pub longitude: Option<f64>,
}

/// Finds places of addresses.
pub trait Locate {
    /// The place, where it is known.
    fn locate(&self, address: IpAddr) -> Option<Place>;
}

/// Knows no place.
#[derive(Clone, Copy, Debug, Default)]
pub struct Nowhere;

impl Locate for Nowhere {
    fn locate(&self, _: IpAddr) -> Option<Place> {
        None
    }
}

impl Locate for GeoDatabase {
    fn locate(&self, address: IpAddr) -> Option<Place> {
        let found = self.lookup(address);
        Some(Place {
            country: found.country?,
            region: found.region.unwrap_or_default(),
            city: found.city.unwrap_or_default(),
            latitude: found.latitude,
            longitude: found.longitude,
        })
    }
}

/// The country of people of whom nothing is known.
const UNKNOWN: &str = "xx";

/// Finds the place and the language.
pub fn look_up(hit: &mut Enriching<'_>) -> Result<(), Stop> {
    hit.hit.language = language::code_of(hit.languages());
    let address = if hit.rules.enrich_with_masked_ip {
        super::privacy::masked(hit.ip, hit.rules)
    } else {
        hit.ip
    };
    let mut place = hit.sources.places.locate(address).unwrap_or_default();
    if place.country.is_empty() {
        let guessed = country_of_languages(hit.languages(), hit.rules.guess_country);
        place.country = guessed.unwrap_or(UNKNOWN).to_owned();
    }
    hit.hit.location = with_stated(hit, place);
    exclude_by_country(hit)
}

fn with_stated(hit: &Enriching<'_>, place: Place) -> Location {
    let mut location = Location {
        country: place.country.to_lowercase(),
        region: place.region,
        city: place.city,
        latitude: place.latitude,
        longitude: place.longitude,
        stated: 0,
    };
    let params = hit.params;
    if let Some(country) = params.filled("country") {
        location.country = country.to_lowercase();
        location.stated |= stated::COUNTRY;
    }
    if let Some(region) = params.filled("region") {
        location.region = region.to_owned();
        location.stated |= stated::REGION;
    }
    if let Some(city) = params.filled("city") {
        location.city = city.to_owned();
        location.stated |= stated::CITY;
    }
    // Degrees beyond the globe are kept as they are stated, as far as their column goes in Matomo.
    let degrees = |name: &str| {
        params
            .number(name)
            .filter(|degrees| degrees.abs() < 1_000.0)
    };
    if let Some(latitude) = degrees("lat") {
        location.latitude = Some(latitude);
        location.stated |= stated::LATITUDE;
    }
    if let Some(longitude) = degrees("long") {
        location.longitude = Some(longitude);
        location.stated |= stated::LONGITUDE;
    }
    location
}

fn exclude_by_country(hit: &Enriching<'_>) -> Result<(), Stop> {
    let country = &hit.hit.location.country;
    let is_in = |list: &[String]| list.iter().any(|code| code.eq_ignore_ascii_case(country));
    let included = &hit.rules.included_countries;
    if is_in(&hit.rules.excluded_countries) || (!included.is_empty() && !is_in(included)) {
        return Err(Exclusion::Country.into());
    }
    Ok(())
}
