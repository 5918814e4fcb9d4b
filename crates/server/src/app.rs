//! What a request may reach: settings, ingest, names, configuration.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;
use ingest::{Ingest, Rules};
use model::{Day, SiteId};
use serde_json::Value;
use settings::{Principal, Secret, Settings, Snapshot};
use tracking::device::DeviceDetector;
use tracking::referrer::{ListKind, Lists};

use crate::config::Config;
use crate::metrics::Metrics;
use crate::names::Names;
use crate::places::{Places, PlacesFrom};
use crate::sources::Sources;

/// How often changes by other processes are looked for.
const LOOK_EVERY: std::time::Duration = std::time::Duration::from_millis(800);

/// The program's state; cheap to clone.
#[derive(Clone)]
pub struct App(Arc<Inner>);

pub struct Inner {
    pub settings: Settings,
    pub ingest: Arc<Ingest>,
    pub names: Names,
    pub sources: Sources,
    pub devices: DeviceDetector,
    pub places: Places,
    pub options: Options,
    pub metrics: Metrics,
    /// Everything read from settings on the way of a hit or a report, renewed when they change.
    world: ArcSwap<World>,
    salts: Mutex<HashMap<(SiteId, Day), [u8; 32]>>,
    refresh: tokio::sync::Mutex<()>,
    pub subtables: crate::matomo::subtables::Subtables,
}

/// What the operator chose at the start.
#[derive(Clone, Debug)]
pub struct Options {
    pub data_dir: PathBuf,
    pub base_url: Option<String>,
    /// Peers whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<settings::Network>,
    /// Where the places of addresses are looked up.
    pub places: PlacesFrom,
    /// The route by which a test empties the server and sets settings. Off unless asked for.
    pub control_route: bool,
    /// Settings that hold until somebody changes them: Matomo's defaults where ours differ.
    pub matomo_defaults: bool,
}

/// Settings at one moment, ready to use.
pub struct World {
    pub changes: settings::Changes,
    pub snapshot: Snapshot,
    pub rules: Arc<Rules>,
    pub config: Config,
}

impl std::ops::Deref for App {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}

impl App {
    pub async fn new(
        settings: Settings,
        ingest: Arc<Ingest>,
        options: Options,
    ) -> Result<App, StartError> {
        let lists = Arc::new(read_lists(&options.data_dir)?);
        let places = Places::open(&options.places).map_err(StartError)?;
        let world = World::read(&settings, &options).await?;
        Ok(App(Arc::new(Inner {
            settings,
            ingest,
            names: Names::embedded(),
            sources: Sources { lists },
            devices: DeviceDetector::embedded(),
            places,
            options,
            metrics: Metrics::default(),
            world: ArcSwap::from_pointee(world),
            salts: Mutex::default(),
            refresh: tokio::sync::Mutex::default(),
            subtables: Default::default(),
        })))
    }

    /// Settings as they are now; read again only when they changed.
    pub async fn world(&self) -> Result<Arc<World>, settings::Error> {
        let world = self.world.load_full();
        if world.changes == self.settings.current_changes() {
            return Ok(world);
        }
        let _one_at_a_time = self.refresh.lock().await;
        let world = self.world.load_full();
        if world.changes == self.settings.current_changes() {
            return Ok(world);
        }
        let fresh = Arc::new(
            World::read(&self.settings, &self.options)
                .await
                .map_err(|error| error.0)?,
        );
        self.world.store(fresh.clone());
        Ok(fresh)
    }

    /// Notices what other processes change in the settings, as long as this one runs: a revoked token is
    /// refused within a second.
    pub async fn watch_settings(&self) {
        let mut turns = tokio::time::interval(LOOK_EVERY);
        turns.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            turns.tick().await;
            if let Err(error) = self.settings.look_for_changes().await {
                tracing::warn!(%error, "settings cannot be looked at");
            }
        }
    }

    /// Forgets all sites, users, visits and settings.
    pub async fn reset(&self) -> Result<(), settings::Error> {
        self.settings.reset().await?;
        self.ingest
            .reset()
            .map_err(|error| settings::Error::Storage(error.to_string()))?;
        self.salts
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
        self.subtables.clear();
        Ok(())
    }

    /// A superuser whose login Matomo's tests use; password and token come from the environment.
    pub async fn make_test_superuser(&self) -> Result<(), StartError> {
        let variable =
            |name: &str| std::env::var(name).map_err(|_| StartError(format!("{name} is not set")));
        let failed = |error: settings::Error| StartError(error.to_string());
        let login = "superUserLogin";
        let user = settings::NewUser {
            login: login.to_owned(),
            password: Secret::new(variable("CONFORMANCE_PASSWORD")?),
            email: "hello@example.org".to_owned(),
            invited_by: None,
        };
        let rules = settings::PasswordRules::API;
        self.settings
            .create_superuser(user, rules, now())
            .await
            .map_err(failed)?;
        let token = Secret::new(variable("CONFORMANCE_TOKEN")?);
        self.settings
            .set_token_value(login, &token, now())
            .await
            .map_err(failed)?;
        Ok(())
    }

    /// The caller behind a token; `None` for a token that is not valid.
    pub async fn principal(
        &self,
        token: &str,
        ip: IpAddr,
    ) -> Result<Option<Principal>, settings::Error> {
        match token {
            "" | "anonymous" => self.settings.anonymous().await.map(Some),
            token => {
                let found = self.settings.verify_token(token, ip, now()).await?;
                let before = self.settings.current_changes();
                // Another command of the program may have made it a moment ago.
                if found.is_some() || self.settings.look_for_changes().await? == before {
                    return Ok(found);
                }
                self.settings.verify_token(token, ip, now()).await
            }
        }
    }
}

/// Where a newer list of referrers is kept.
pub fn list_file(data_dir: &Path, kind: ListKind) -> PathBuf {
    data_dir.join("lists").join(kind.name())
}

/// The lists of the program, each replaced by the newer one that an operator has stored.
fn read_lists(data_dir: &Path) -> Result<Lists, StartError> {
    let mut lists = Lists::embedded().map_err(|error| StartError(error.to_string()))?;
    for kind in ListKind::ALL {
        let path = list_file(data_dir, kind);
        let failed =
            |error: &dyn std::fmt::Display| StartError(format!("{}: {error}", path.display()));
        match std::fs::read_to_string(&path) {
            Ok(text) => lists.replace(kind, &text).map_err(|error| failed(&error))?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(failed(&error)),
        }
    }
    Ok(lists)
}

/// Why the program cannot start.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct StartError(pub String);

pub struct ReadError(pub settings::Error);

impl From<ReadError> for StartError {
    fn from(error: ReadError) -> StartError {
        StartError(error.0.to_string())
    }
}

impl World {
    async fn read(settings: &Settings, options: &Options) -> Result<World, ReadError> {
        let snapshot = settings.tracking_snapshot().await.map_err(ReadError)?;
        let mut config = Config::new(options.matomo_defaults);
        for ((section, key), value) in snapshot.config.iter() {
            config.set(section, key, value.clone());
        }
        let rules = Arc::new(rules_of(&snapshot, &config));
        Ok(World {
            changes: snapshot.changes,
            snapshot,
            rules,
            config,
        })
    }

    pub fn site(&self, id: SiteId) -> Option<&settings::Site> {
        let at = self
            .snapshot
            .sites
            .binary_search_by_key(&i64::from(id), |site| site.idsite);
        at.ok().map(|at| &self.snapshot.sites[at])
    }

    pub fn goals_of(&self, id: SiteId) -> impl Iterator<Item = &settings::Goal> {
        self.snapshot
            .goals
            .iter()
            .filter(move |goal| goal.idsite == i64::from(id))
    }

    pub fn dimensions_of(&self, id: SiteId) -> impl Iterator<Item = &settings::Dimension> {
        self.snapshot
            .dimensions
            .iter()
            .filter(move |dimension| dimension.idsite == i64::from(id))
    }
}

fn rules_of(snapshot: &Snapshot, config: &Config) -> Rules {
    let mut source = crate::rules::RulesSource::default();
    for (section, name, value) in config.tracking_defaults() {
        source
            .settings
            .push((section.to_owned(), name.to_owned(), value));
    }
    for ((section, key), value) in snapshot.config.iter() {
        source
            .settings
            .push((section.clone(), key.clone(), value.clone()));
    }
    for (name, value) in snapshot.options.iter() {
        source
            .options
            .push((name.clone(), Value::String(value.clone())));
    }
    source.add_global_defaults(&snapshot.defaults);
    let mut goals: BTreeMap<i64, Vec<&settings::Goal>> = BTreeMap::new();
    for goal in snapshot.goals.iter() {
        goals.entry(goal.idsite).or_default().push(goal);
    }
    let mut dimensions: BTreeMap<i64, Vec<&settings::Dimension>> = BTreeMap::new();
    for dimension in snapshot.dimensions.iter() {
        dimensions
            .entry(dimension.idsite)
            .or_default()
            .push(dimension);
    }
    for site in snapshot.sites.iter() {
        let goals = goals.get(&site.idsite).map_or(&[][..], Vec::as_slice);
        let dimensions = dimensions.get(&site.idsite).map_or(&[][..], Vec::as_slice);
        source
            .sites
            .push(crate::rules::site_settings(site, goals, dimensions));
    }
    source.build()
}

impl Inner {
    fn salts_fingerprints(&self) -> bool {
        self.world.load().config.is_on("salt_visitor_fingerprints")
    }
}

impl tracking::Salts for Inner {
    fn salt(&self, site: SiteId, day: Day) -> Option<[u8; 32]> {
        if !self.salts_fingerprints() {
            return Some([0; 32]);
        }
        let known = |salts: &HashMap<_, _>| salts.get(&(site, day)).copied();
        if let Some(salt) = known(&self.salts.lock().unwrap_or_else(PoisonError::into_inner)) {
            return Some(salt);
        }
        // Once a site and day: the salt is kept in the settings, so that it survives a restart.
        let read = tokio::task::block_in_place(|| {
            let date = day.date().to_string();
            tokio::runtime::Handle::current()
                .block_on(self.settings.visitor_salt(i64::from(site), &date))
        });
        let salt = match read {
            Ok(salt) => bytes_of(&salt),
            Err(error) => {
                tracing::error!(%error, "the salt of a day cannot be read");
                return None;
            }
        };
        self.salts
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert((site, day), salt);
        Some(salt)
    }

    fn instance_salt(&self) -> [u8; 32] {
        if !self.salts_fingerprints() {
            return [0; 32];
        }
        bytes_of(&self.world.load().snapshot.instance_salt)
    }
}

fn bytes_of(secret: &Secret) -> [u8; 32] {
    let mut bytes = [0; 32];
    for (at, byte) in secret.expose().bytes().enumerate() {
        bytes[at % 32] ^= byte.rotate_left((at / 32) as u32);
    }
    bytes
}

/// Whole seconds since 1970.
pub fn now() -> i64 {
    jiff::Timestamp::now().as_second()
}
