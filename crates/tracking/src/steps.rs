//! Before the journal: each step adds to the hit what can be known without its visit, or ends it.

mod action;
mod authenticate;
mod custom;
mod device;
mod ecommerce;
mod exclude;
mod goals;
mod identity;
mod language;
mod location;
mod privacy;
mod referrer;
mod robots;
mod validate;

use std::net::IpAddr;

use model::{Day, SiteId, Timestamp};

use crate::device::{Device, DeviceDetector};
use crate::hit::EnrichedHit;
use crate::observe::Observe;
use crate::outcome::Stop;
use crate::parse::{Environment, HitParams};
use crate::referrer::Lists;
use crate::rules::{InstanceRules, SiteRules};

pub use location::{Locate, Nowhere, Place as LocatedPlace};

/// One step of enrichment.
pub type Enrich = fn(&mut Enriching<'_>) -> Result<(), Stop>;

/// The steps in order, by name.
pub const ENRICH: &[(&str, Enrich)] = &[
    ("authenticate", authenticate::check),
    ("validate", validate::check),
    ("device", device::detect),
    ("robot", robots::classify),
    ("excluded", exclude::by_rules),
    ("location", location::look_up),
    ("action", action::read),
    ("referrer", referrer::classify),
    ("custom", custom::read),
    ("ecommerce", ecommerce::read),
    ("goals", goals::match_raw),
    ("identity", identity::draw),
    // Last: place and fingerprint need what is forgotten here.
    ("privacy", privacy::forget),
];

/// What the caller has found out about the token of a hit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Auth {
    /// No token was sent.
    None,
    /// The token is unknown, or may not write to the site.
    Invalid,
    /// The token may write to the site.
    Write,
}

/// Secrets that change every day: without them a fingerprint says nothing.
pub trait Salts {
    /// The salt of a site's day, zeros for none. `None`: it cannot be read, and the hit must not be stored.
    fn salt(&self, site: SiteId, day: Day) -> Option<[u8; 32]>;
    /// The salt of the instance, which never changes; zeros for none.
    fn instance_salt(&self) -> [u8; 32];
}

/// Everything that enrichment may look things up in.
pub struct Sources<'a> {
    pub devices: &'a DeviceDetector,
    pub referrers: &'a Lists,
    pub places: &'a dyn Locate,
    pub salts: &'a dyn Salts,
}

/// A hit on its way to the journal.
pub struct Enriching<'a> {
    pub params: &'a HitParams,
    pub environment: &'a Environment,
    pub auth: Auth,
    /// One of many in a bulk request.
    pub in_bulk: bool,
    pub site: &'a SiteRules,
    pub rules: &'a InstanceRules,
    pub sources: &'a Sources<'a>,
    /// Draws random numbers: the only chance in the life of a hit.
    pub random: &'a mut dyn FnMut() -> u64,
    /// What is known so far.
    pub hit: EnrichedHit,
    /// The visitor's address, not masked.
    ip: IpAddr,
    /// It was sent as an address of version 4 within version 6, and is shown as one.
    mapped_ip: bool,
    device: std::sync::Arc<Device>,
    user_agent: String,
    /// The page's address as sent, or that of the tracking image's page.
    page_url: String,
}

impl Enriching<'_> {
    /// The browser's language list, from the request or the header.
    fn languages(&self) -> &str {
        self.params
            .filled("lang")
            .unwrap_or(&self.environment.accept_language)
    }

    fn now(&self) -> Timestamp {
        self.environment.received_at
    }

    fn is_authenticated(&self) -> bool {
        self.auth == Auth::Write || !self.rules.require_authentication
    }
}

/// Enriches a hit of a site that exists.
pub fn enrich(
    params: &HitParams,
    environment: &Environment,
    auth: Auth,
    in_bulk: bool,
    site: &SiteRules,
    rules: &InstanceRules,
    sources: &Sources<'_>,
    random: &mut dyn FnMut() -> u64,
    observe: &mut dyn Observe,
) -> Result<EnrichedHit, Stop> {
    let mut enriching = Enriching {
        params,
        environment,
        auth,
        in_bulk,
        site,
        rules,
        sources,
        random,
        hit: EnrichedHit {
            site: site.id,
            time: environment.received_at,
            received_at: environment.received_at,
            ..EnrichedHit::default()
        },
        ip: environment.remote_ip.to_canonical(),
        mapped_ip: false,
        device: std::sync::Arc::default(),
        user_agent: String::new(),
        page_url: page_url(params, environment),
    };
    for (name, step) in ENRICH {
        let result = step(&mut enriching);
        observe.step(name);
        if let Err(stop) = result {
            observe.stop(name, stop);
            return Err(stop);
        }
    }
    Ok(enriching.hit)
}

/// The number of the site that a hit names, where it can be one.
pub fn site_of(params: &HitParams) -> Option<SiteId> {
    params
        .integer("idsite")
        .and_then(|number| SiteId::try_from(number).ok())
        .filter(|site| *site > 0)
}

fn page_url(params: &HitParams, environment: &Environment) -> String {
    match (params.filled("url"), params.filled("urlref")) {
        (Some(url), _) => url.to_owned(),
        (None, None) => environment.referer.clone(),
        (None, Some(_)) => String::new(),
    }
}
