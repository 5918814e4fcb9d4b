//! A site, a clock and visits in memory, to which requests are sent as a tracker would send them.
#![allow(dead_code)]

use catalog::columns::visit;
use model::{Day, SiteId, Texts};
use tracking::device::DeviceDetector;
use tracking::parse::{BulkEntry, Environment, HitParams, Parsed, RawRequest, parse};
use tracking::referrer::Lists;
use tracking::rules::{GoalRule, MatchAttribute, PatternKind};
use tracking::steps::Nowhere;
use tracking::{
    Auth, Dictionaries, EnrichedHit, InstanceRules, Method, Observe, Placed, Salts, Silent,
    SiteRules, SiteSettings, Sources, Stop, VisitState, enrich, place,
};

/// A Monday at noon, UTC.
pub const NOON: i64 = 1_700_481_600;
pub const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:120.0) Gecko/20100101 Firefox/120.0";

pub struct FixedSalts;

impl Salts for FixedSalts {
    fn salt(&self, site: SiteId, day: Day) -> Option<[u8; 32]> {
        Some([(site as u8) ^ (day.0 as u8); 32])
    }

    fn instance_salt(&self) -> [u8; 32] {
        [9; 32]
    }
}

/// Salts that all days share, or that cannot be read.
pub struct EverySalt(pub Option<[u8; 32]>);

impl Salts for EverySalt {
    fn salt(&self, _: SiteId, _: Day) -> Option<[u8; 32]> {
        self.0
    }

    fn instance_salt(&self) -> [u8; 32] {
        [0; 32]
    }
}

pub struct World {
    pub settings: SiteSettings,
    pub rules: InstanceRules,
    pub visits: tracking::MemoryVisits,
    pub actions: Texts,
    pub values: Texts,
    pub auth: Auth,
    pub environment: Environment,
    devices: DeviceDetector,
    lists: Lists,
    drawn: u64,
}

impl World {
    pub fn new() -> World {
        let mut environment = Environment::new([203, 0, 113, 7].into(), NOON);
        environment.user_agent = FIREFOX.to_owned();
        environment.accept_language = "de-DE,en".to_owned();
        World {
            settings: SiteSettings {
                id: 1,
                urls: vec!["https://example.org".to_owned()],
                ..SiteSettings::default()
            },
            rules: InstanceRules::default(),
            visits: tracking::MemoryVisits::new(),
            actions: Texts::default(),
            values: Texts::default(),
            auth: Auth::None,
            environment,
            devices: DeviceDetector::embedded(),
            lists: Lists::embedded().expect("the lists are valid"),
            drawn: 0,
        }
    }

    pub fn with_goal(
        mut self,
        attribute: MatchAttribute,
        pattern: &str,
        allow_multiple: bool,
    ) -> World {
        let id = self.settings.goals.len() as i64 + 1;
        let minutes = attribute == MatchAttribute::VisitDuration;
        self.settings.goals.push(GoalRule {
            id,
            attribute,
            pattern: pattern.to_owned(),
            pattern_kind: if minutes {
                PatternKind::GreaterThan
            } else {
                PatternKind::Contains
            },
            case_sensitive: false,
            allow_multiple,
            revenue: 10.0,
            event_value_as_revenue: false,
        });
        self
    }

    /// Moves the clock.
    pub fn at(&mut self, seconds_after_noon: i64) -> &mut World {
        self.environment.received_at = NOON + seconds_after_noon;
        self
    }

    /// Sends a request of which only what matters is named.
    pub fn send(&mut self, query: &str) -> Result<Placed, Stop> {
        let query = format!("idsite=1&rec=1&{query}");
        let parsed = parse(&RawRequest {
            method: Method::Get,
            query: query.as_bytes(),
            body: b"",
        });
        match parsed {
            Parsed::Single(params) => self.track(&params, &mut Silent),
            other => panic!("{query} is no single hit: {other:?}"),
        }
    }

    pub fn enriched(
        &mut self,
        params: &HitParams,
        observe: &mut dyn Observe,
    ) -> Result<EnrichedHit, Stop> {
        self.enriched_by(params, &FixedSalts, observe)
    }

    pub fn enriched_with(
        &mut self,
        params: &HitParams,
        salts: &dyn Salts,
    ) -> Result<EnrichedHit, Stop> {
        self.enriched_by(params, salts, &mut Silent)
    }

    fn enriched_by(
        &mut self,
        params: &HitParams,
        salts: &dyn Salts,
        observe: &mut dyn Observe,
    ) -> Result<EnrichedHit, Stop> {
        let sources = Sources {
            devices: &self.devices,
            referrers: &self.lists,
            places: &Nowhere,
            salts,
        };
        let site = SiteRules::new(&self.settings, &self.rules);
        let drawn = &mut self.drawn;
        let mut random = || {
            *drawn += 1;
            *drawn
        };
        enrich(
            params,
            &self.environment,
            self.auth,
            false,
            &site,
            &self.rules,
            &sources,
            &mut random,
            observe,
        )
    }

    /// Enriches, writes and reads as the journal does, and places.
    pub fn track(&mut self, params: &HitParams, observe: &mut dyn Observe) -> Result<Placed, Stop> {
        let hit = self.enriched(params, observe)?;
        let hit = EnrichedHit::from_bytes(&hit.to_bytes()).expect("what was written can be read");
        let site = SiteRules::new(&self.settings, &self.rules);
        let texts = Dictionaries {
            actions: &self.actions,
            values: &self.values,
        };
        Ok(place(
            &hit,
            &site,
            &self.rules,
            texts,
            &mut self.visits,
            observe,
        ))
    }

    /// Sends any bytes; whatever comes of it is fine as long as something does.
    pub fn send_bytes(&mut self, method: Method, query: &[u8], body: &[u8]) {
        match parse(&RawRequest {
            method,
            query,
            body,
        }) {
            Parsed::Single(params) => {
                let _ = self.track(&params, &mut Silent);
            }
            Parsed::Bulk(bulk) => {
                for entry in bulk.hits {
                    if let BulkEntry::Hit(params) = entry {
                        let _ = self.track(&params, &mut Silent);
                    }
                }
            }
            Parsed::Empty | Parsed::Refused(_) => {}
        }
    }

    pub fn all(&self) -> &[VisitState] {
        self.visits.all()
    }

    /// The only visit there is.
    pub fn only(&self) -> &VisitState {
        let [visit] = self.all() else {
            panic!("{} visits, not one", self.all().len());
        };
        visit
    }

    pub fn last(&self) -> &VisitState {
        self.all().last().expect("a visit")
    }

    pub fn value(&self, number: i64) -> &str {
        self.values.text(number)
    }

    pub fn text(&self, number: i64) -> &str {
        self.actions.text(number)
    }

    /// Referrer type, name and keyword of the last visit.
    pub fn referrer(&self) -> (i64, &str, &str) {
        let row = &self.last().visit;
        (
            row[visit::REFERRER_TYPE],
            self.value(row[visit::REFERRER_NAME]),
            self.value(row[visit::REFERRER_KEYWORD]),
        )
    }
}
