//! Where addresses are: the country database that is part of the program, or the operator's own files.

use std::net::IpAddr;

use tracking::Locate;
use tracking::geo::GeoDatabase;
use tracking::steps::LocatedPlace;

#[derive(Default)]
pub struct Places {
    database: Option<GeoDatabase>,
}

impl Places {
    pub fn new(database: GeoDatabase) -> Places {
        Places {
            database: Some(database),
        }
    }

    /// Knows no address.
    pub fn none() -> Places {
        Places::default()
    }
}

impl Locate for Places {
    fn locate(&self, address: IpAddr) -> Option<LocatedPlace> {
        self.database.as_ref()?.locate(address)
    }
}
