//! Hits that do not come over HTTP: those of imports and of demonstrations. They go the same way as all others,
//! with the rights of somebody who may write.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use ingest::IngestError;
use model::SiteId;
use tracking::device::ClientHints;
use tracking::observe::Silent;
use tracking::parse::{Environment, HitParams};
use tracking::url::UrlParts;
use tracking::{Auth, EnrichedHit, Placed, Refusal, Sources, Stop};

use crate::app::{App, World, now};

/// Takes hits by the settings of one moment.
pub struct Direct {
    app: App,
    world: Arc<World>,
    environment: Environment,
}

impl App {
    /// For hits by the settings as they are now.
    pub async fn direct(&self) -> Result<Direct, settings::Error> {
        Ok(Direct {
            world: self.world().await?,
            app: self.clone(),
            environment: Environment::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), now()),
        })
    }
}

impl Direct {
    /// Looks up all that can be known of a hit without its visit. Must run where the program's runtime is entered.
    pub fn enrich(
        &self,
        params: &HitParams,
        random: &mut dyn FnMut() -> u64,
    ) -> Result<EnrichedHit, Stop> {
        let rules = &self.world.rules;
        let site = tracking::site_of(params).and_then(|id| rules.sites.get(&id));
        let Some(site) = site else {
            return Err(Refusal::UnknownSite.into());
        };
        let sources = Sources {
            devices: &self.app.devices,
            referrers: &self.app.sources.lists,
            places: &self.app.places,
            salts: &*self.app,
        };
        tracking::enrich(
            params,
            &self.environment,
            Auth::Write,
            true,
            site,
            &rules.instance,
            &sources,
            random,
            &mut Silent,
        )
    }

    /// Writes a batch to the journal as one record and places it. Blocks until it is on the disk.
    pub fn record(&self, hits: Vec<EnrichedHit>) -> Result<Vec<Placed>, IngestError> {
        self.app.ingest.record(hits, &self.world.rules)
    }

    /// Whether this browser is a robot.
    pub fn is_robot(&self, user_agent: &str) -> bool {
        let device = self.app.devices.detect(user_agent, &ClientHints::default());
        device.bot.is_some()
    }

    /// The main address of a site that exists.
    pub fn site_url(&self, site: SiteId) -> Option<&str> {
        let site = self.world.site(site)?;
        Some(site.urls.first().map_or("", String::as_str))
    }

    /// The site that one of its addresses gives this host.
    pub fn site_of_host(&self, host: &str) -> Option<SiteId> {
        let has_host = |site: &&settings::Site| {
            site.urls
                .iter()
                .any(|url| UrlParts::parse(url).host_text().eq_ignore_ascii_case(host))
        };
        let site = self.world.snapshot.sites.iter().find(has_host)?;
        SiteId::try_from(site.idsite).ok()
    }
}

/// Random numbers from the operating system are drawn one call each; a batch of millions draws its own from one.
pub fn random_numbers() -> impl FnMut() -> u64 {
    let hasher = ahash::RandomState::new();
    let mut count = 0_u64;
    move || {
        count += 1;
        hasher.hash_one(count)
    }
}
