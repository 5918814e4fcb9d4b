//! Where addresses are: the country database that is part of the program, or the operator's own files.

use std::borrow::Cow;
use std::net::IpAddr;
use std::path::PathBuf;

use tracking::Locate;
use tracking::geo::{CountryRanges, GeoDatabase, embedded_countries};
use tracking::steps::LocatedPlace;

/// What the operator chose.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum PlacesFrom {
    /// The countries that are part of the program.
    #[default]
    Program,
    /// Files in the MaxMind format; the program's countries where they do not know an address.
    Files(Vec<PathBuf>),
    /// No address is looked up.
    Nothing,
}

#[derive(Default)]
pub struct Places {
    files: Option<GeoDatabase>,
    countries: Option<CountryRanges<'static>>,
}

impl Places {
    /// Reads the files, where there are any. They are kept in memory.
    pub fn open(from: &PlacesFrom) -> Result<Places, String> {
        let files = match from {
            PlacesFrom::Nothing => return Ok(Places::default()),
            PlacesFrom::Program => None,
            PlacesFrom::Files(paths) => Some(read(paths)?),
        };
        Ok(Places {
            files,
            countries: embedded_countries(),
        })
    }
}

fn read(paths: &[PathBuf]) -> Result<GeoDatabase, String> {
    let read = |path: &PathBuf| {
        let bytes = std::fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
        // Each file alone first, so that a message names the one that is wrong.
        GeoDatabase::from_files([Cow::Owned(bytes)])
            .map_err(|error| format!("{}: {error}", path.display()))
    };
    let databases: Vec<GeoDatabase> = paths.iter().map(read).collect::<Result<_, _>>()?;
    Ok(GeoDatabase::joined(databases))
}

impl Locate for Places {
    fn locate(&self, address: IpAddr) -> Option<LocatedPlace> {
        let place = self.files.as_ref().and_then(|files| files.locate(address));
        place.or_else(|| {
            let country = self.countries.as_ref()?.country(address)?;
            Some(LocatedPlace {
                country: country.to_owned(),
                ..LocatedPlace::default()
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn country(from: PlacesFrom, address: &str) -> Option<String> {
        let places = Places::open(&from).expect("places");
        let place = places.locate(address.parse().expect("an address"))?;
        Some(place.country)
    }

    #[test]
    fn countries_are_known_without_a_file_and_not_where_nothing_is_looked_up() {
        let kenya = Some("ke".to_owned());
        assert_eq!(country(PlacesFrom::Program, "41.90.64.1"), kenya);
        assert_eq!(country(PlacesFrom::Program, "10.0.0.1"), None);
        assert_eq!(country(PlacesFrom::Nothing, "41.90.64.1"), None);
    }

    #[test]
    fn a_file_that_is_no_database_is_named() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("city.mmdb");
        std::fs::write(&path, "nonsense").expect("a file");
        for path in [path, folder.path().join("missing.mmdb")] {
            let error = Places::open(&PlacesFrom::Files(vec![path.clone()])).err();
            let named = error.is_some_and(|error| error.contains(&path.display().to_string()));
            assert!(named, "{}", path.display());
        }
    }
}
