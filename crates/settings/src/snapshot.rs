//! All that recording a hit needs to know, as plain data.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::sync::Arc;

use model::Role;
use serde_json::Value;

use crate::db::{Changes, read_changes};
use crate::dimensions::Dimension;
use crate::error::Result;
use crate::goals::Goal;
use crate::options::GlobalSiteDefaults;
use crate::principal::{TokenFacts, TokenTable};
use crate::sites::Site;
use crate::users::key;
use crate::{Secret, Settings};

/// The settings at one moment. Take a new one when [`Settings::changes`] tells of a change.
pub struct Snapshot {
    /// The numbers this snapshot is at least as new as.
    pub changes: Changes,
    /// By id.
    pub sites: Arc<Vec<Site>>,
    /// By site and id, without deleted ones.
    pub goals: Arc<Vec<Goal>>,
    /// By site and id.
    pub dimensions: Arc<Vec<Dimension>>,
    pub defaults: GlobalSiteDefaults,
    /// All options by name, such as `PrivacyManager.ipAddressMaskLength`.
    pub options: Arc<BTreeMap<String, String>>,
    /// Values that replace those of the configuration file, by section and name.
    pub config: Arc<BTreeMap<(String, String), Value>>,
    pub instance_salt: Secret,
    pub tokens: TrackingTokens,
}

/// Tokens as far as recording visits is concerned.
pub struct TrackingTokens {
    settings: Settings,
    table: Arc<TokenTable>,
    writers: HashMap<String, Writer>,
}

/// Who may override addresses and times of hits. `None` of sites means all.
struct Writer {
    sites: Option<Vec<i64>>,
}

/// A valid token that came with a hit.
pub struct TrackingToken {
    facts: Arc<TokenFacts>,
    sites: Option<Vec<i64>>,
}

impl TrackingToken {
    /// True when its user has write or admin access to the site, or is a superuser, and the token's scope allows it.
    pub fn may_write(&self, idsite: i64) -> bool {
        let scope = &self.facts.scope;
        self.sites
            .as_ref()
            .is_none_or(|sites| sites.binary_search(&idsite).is_ok())
            && scope
                .sites
                .as_ref()
                .is_none_or(|sites| sites.contains(&idsite))
            && scope.max_role.is_none_or(|most| most >= Role::Write)
            && scope.methods.is_none()
    }

    /// True when it must not come in the query of an address.
    pub fn is_secure_only(&self) -> bool {
        self.facts.secure_only
    }
}

impl TrackingTokens {
    /// The token, if it is valid now and from this address. Never waits, asks no database.
    pub fn find(&self, token: &str, ip: IpAddr, now: i64) -> Option<TrackingToken> {
        let facts = self
            .table
            .find(&self.settings.inner.keys, token, ip, now)?
            .facts;
        let sites = match self.writers.get(&facts.login) {
            Some(writer) => writer.sites.clone(),
            None => Some(Vec::new()),
        };
        Some(TrackingToken {
            facts: facts.clone(),
            sites,
        })
    }

    /// True when the token may override addresses and times of hits of this site. `secure` tells that it did not come in
    /// the query of an address.
    pub fn may_write(&self, token: &str, idsite: i64, ip: IpAddr, secure: bool, now: i64) -> bool {
        self.find(token, ip, now)
            .is_some_and(|found| (secure || !found.is_secure_only()) && found.may_write(idsite))
    }
}

impl Settings {
    /// Everything that recording needs. Changes made meanwhile raise the numbers again, so that the next look shows them.
    pub async fn tracking_snapshot(&self) -> Result<Snapshot> {
        // The numbers first: what is read after them is at least as new.
        let changes = read_changes(self.reader()).await?;
        self.announce(changes);
        let options = self.options().await?;
        Ok(Snapshot {
            changes,
            sites: self.sites().await?,
            goals: self.all_goals().await?,
            dimensions: self.all_dimensions().await?,
            defaults: GlobalSiteDefaults::of(options.as_ref()),
            options,
            config: self.config_overrides().await?,
            instance_salt: self.instance_salt().await?,
            tokens: self.tracking_tokens().await?,
        })
    }

    /// The tokens alone, for when only [`Changes::access`] grew.
    pub async fn tracking_tokens(&self) -> Result<TrackingTokens> {
        let table = self.token_table().await?;
        let mut writers: HashMap<String, Writer> = HashMap::new();
        let superusers: Vec<String> =
            sqlx::query_scalar("SELECT login_key FROM app_user WHERE superuser_access = 1")
                .fetch_all(self.reader())
                .await?;
        for access in self.all_access().await? {
            if access.role < Some(Role::Write) {
                continue;
            }
            let writer = writers.entry(key(&access.login)).or_insert_with(|| Writer {
                sites: Some(Vec::new()),
            });
            if let Some(sites) = &mut writer.sites {
                // Rows come by site, so the list is sorted.
                sites.push(access.idsite);
            }
        }
        for login in superusers {
            writers.insert(login, Writer { sites: None });
        }
        Ok(TrackingTokens {
            settings: self.clone(),
            table,
            writers,
        })
    }

    /// Keeps the time of use of a token that came with hits, at most every ten minutes.
    pub async fn note_token_use(&self, token: &TrackingToken, now: i64) {
        self.note_use(&token.facts, now).await;
    }
}
