//! Time zones: how they are shown and listed.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use super::blocks::{Block, pick};
use super::{Language, places};

/// Zone, country, city in each language, older names.
static ZONES: LazyLock<Block> =
    LazyLock::new(|| Block::new(include_str!(concat!(env!("OUT_DIR"), "/names-zones.txt"))));

/// Distances from UTC that are offered, in quarters of an hour, besides every half hour from
/// -12:00 to +12:00.
const ODD_QUARTERS: [i32; 6] = [5 * 4 + 3, 8 * 4 + 3, 12 * 4 + 3, 13 * 4, 13 * 4 + 3, 14 * 4];

/// A continent, or "UTC", with its zones: id and how it is shown.
pub type Group = (String, Vec<(String, String)>);

struct Zone {
    id: &'static str,
    country: &'static str,
    cities: &'static str,
}

impl Zone {
    fn read((id, cells): (&'static str, &'static str)) -> Option<Zone> {
        let (country, cities) = cells.split_once('\t')?;
        Some(Zone {
            id,
            country,
            cities,
        })
    }

    /// The zone with an id, which may be an older name of it.
    fn find(id: &str) -> Option<Zone> {
        let older = |(_, cells): &(&str, &str)| {
            let mut names = cells.rsplit('\t').next().unwrap_or_default().split(' ');
            names.any(|name| name == id && !name.is_empty())
        };
        let line = ZONES.line(id).or_else(|| ZONES.lines().find(older));
        line.and_then(Zone::read)
    }

    /// The country, with the city where the country has several zones.
    fn name(&self, alone: bool, language: Language) -> String {
        let country = places::country(self.country, language);
        if alone {
            return country.to_owned();
        }
        match pick(self.cities, language) {
            "" => format!("{country} - {}", last_part(self.id)),
            city => format!("{country} - {city}"),
        }
    }
}

fn all() -> impl Iterator<Item = Zone> {
    ZONES.lines().filter_map(Zone::read)
}

/// The last part of an id, as a name: `Antarctica/Troll` is "Troll".
fn last_part(id: &str) -> String {
    id.rsplit('/').next().unwrap_or_default().replace('_', " ")
}

pub(super) fn name(id: &str, language: Language) -> String {
    if let Some(distance) = id.strip_prefix("UTC") {
        return format!("UTC{}", with_minutes(distance));
    }
    match Zone::find(id) {
        Some(zone) => {
            let alone = all().filter(|other| other.country == zone.country).count() < 2;
            zone.name(alone, language)
        }
        None => last_part(id),
    }
}

/// `+5.5` is shown as `+5:30`.
fn with_minutes(distance: &str) -> String {
    distance
        .replace(".25", ":15")
        .replace(".5", ":30")
        .replace(".75", ":45")
}

pub(super) fn list(language: Language) -> Vec<Group> {
    let mut of_country: BTreeMap<&str, usize> = BTreeMap::new();
    for zone in all() {
        *of_country.entry(zone.country).or_default() += 1;
    }
    let mut groups: BTreeMap<&str, Vec<(String, String)>> = BTreeMap::new();
    for zone in all() {
        let continent = places::continent(places::continent_of(zone.country), language);
        let alone = of_country.get(zone.country) == Some(&1);
        groups
            .entry(continent)
            .or_default()
            .push((zone.id.to_owned(), zone.name(alone, language)));
    }
    let mut listed: Vec<Group> = groups
        .into_iter()
        .map(|(continent, zones)| (continent.to_owned(), zones))
        .collect();
    for (_, zones) in &mut listed {
        zones.sort_by(|(_, one), (_, other)| one.cmp(other));
    }
    listed.push(("UTC".to_owned(), distances()));
    listed
}

fn distances() -> Vec<(String, String)> {
    let mut quarters: Vec<i32> = (-24..=24)
        .map(|half_hours| half_hours * 2)
        .chain(ODD_QUARTERS)
        .collect();
    quarters.sort_unstable();
    let distance = |quarters: i32| {
        let hours = f64::from(quarters) / 4.0;
        let id = match quarters {
            0 => "UTC".to_owned(),
            1.. => format!("UTC+{hours}"),
            _ => format!("UTC{hours}"),
        };
        let shown = format!(
            "UTC{}",
            with_minutes(id.strip_prefix("UTC").unwrap_or_default())
        );
        (id, shown)
    };
    quarters.into_iter().map(distance).collect()
}
