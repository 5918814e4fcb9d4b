//! Everything people configured: sites, users and what they may do, tokens, sessions, goals, custom dimensions,
//! segments, dashboards, scheduled reports, annotations and options, in one SQLite file.
//!
//! * [`Settings`] is a handle: cheap to clone, its methods are `async`, one file per subject.
//! * Nothing here reads a clock. Times are seconds since 1970 (UTC) and are given as `now`.
//! * Secrets (passwords, tokens, session ids) are kept only as hashes; token and session hashes are keyed
//!   by a key file outside the database. [`Secret`] has no `Debug` and no `Display`.
//! * Each change raises a number of [`Changes`] in its own transaction: [`Settings::changes`] tells this process,
//!   [`Settings::look_for_changes`] notices other processes.
//! * Statements use bound parameters and only SQL that PostgreSQL understands too.

mod access;
mod annotations;
mod attempts;
mod cache;
mod check;
mod dashboards;
mod db;
mod dimensions;
mod error;
mod failures;
mod goals;
mod invitations;
mod options;
mod passwords;
mod preferences;
mod principal;
mod salts;
mod scheduled_reports;
mod secret;
mod segments;
mod sessions;
mod setup;
mod sites;
mod snapshot;
mod tokens;
mod two_factor;
mod users;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use tokio::sync::watch;

pub use access::SiteAccess;
pub use annotations::{Annotation, AnnotationChange};
pub use attempts::{AttemptKind, BruteForceRules, FailedAttempt};
pub use check::{Network, is_valid_timezone};
pub use dashboards::Dashboard;
pub use db::Changes;
pub use dimensions::{
    Dimension, DimensionChange, Extraction, NewDimension, Scope as DimensionScope, ScopeSlots,
};
pub use error::{Error, Result};
pub use failures::{Failure, TrackingFailure};
pub use goals::{Goal, GoalChange};
pub use invitations::Invitation;
pub use options::GlobalSiteDefaults;
pub use passwords::{PasswordCheck, PasswordRules};
pub use preferences::UserLanguage;
pub use principal::{Principal, TokenScope};
pub use scheduled_reports::{ScheduledReport, ScheduledReportChange};
pub use secret::Secret;
pub use segments::{Segment, SegmentChange, segment_hash};
pub use sessions::{NewSession, Session, SessionListed};
pub use sites::{NewSite, Site, SiteChange};
pub use snapshot::{Snapshot, TrackingToken, TrackingTokens};
pub use tokens::{NewToken, Token};
pub use users::{ANONYMOUS, InviteStatus, NewUser, User};

use cache::Cached;
use db::{Pools, Touches, Write};
use passwords::Hashing;
use principal::TokenTable;
use secret::{Keys, Purpose};

/// The handle to all settings.
#[derive(Clone)]
pub struct Settings {
    inner: Arc<Inner>,
}

struct Inner {
    pools: Pools,
    keys: Keys,
    changes: watch::Sender<Changes>,
    hashing: Hashing,
    sites: Cached<Vec<Site>>,
    goals: Cached<Vec<Goal>>,
    dimensions: Cached<Vec<Dimension>>,
    options: Cached<BTreeMap<String, String>>,
    config: Cached<BTreeMap<(String, String), serde_json::Value>>,
    tokens: Cached<TokenTable>,
}

/// Tables in an order in which they can be emptied without breaking a reference.
const TABLES: &[&str] = &[
    "DELETE FROM job_due",
    "DELETE FROM tracking_failure",
    "DELETE FROM recovery_code",
    "DELETE FROM two_factor",
    "DELETE FROM user_language",
    "DELETE FROM user_preference",
    "DELETE FROM report_unsubscribed",
    "DELETE FROM scheduled_report",
    "DELETE FROM dashboard",
    "DELETE FROM annotation",
    "DELETE FROM segment",
    "DELETE FROM salt",
    "DELETE FROM custom_dimension",
    "DELETE FROM goal",
    "DELETE FROM setup_link",
    "DELETE FROM failed_attempt",
    "DELETE FROM user_session",
    "DELETE FROM app_token",
    "DELETE FROM user_access",
    "DELETE FROM site_url",
    "DELETE FROM site",
    "DELETE FROM app_user WHERE login <> 'anonymous'",
    "DELETE FROM plugin_setting",
    "DELETE FROM config_override",
    "DELETE FROM option_value",
    "DELETE FROM counter",
];

impl Settings {
    /// Opens the database at `path`, and makes it with all its tables when it does not exist. `key_path` is the file
    /// of the key that hashes tokens and sessions; it is made too, and must not be readable by others.
    pub async fn open(path: impl AsRef<Path>, key_path: impl AsRef<Path>) -> Result<Settings> {
        let keys = Keys::load_or_create(key_path.as_ref())?;
        let pools = db::open(path.as_ref()).await?;
        let (changes, _) = watch::channel(db::read_changes(&pools.reader).await?);
        let settings = Settings {
            inner: Arc::new(Inner {
                pools,
                keys,
                changes,
                hashing: Hashing::new(),
                sites: Cached::default(),
                goals: Cached::default(),
                dimensions: Cached::default(),
                options: Cached::default(),
                config: Cached::default(),
                tokens: Cached::default(),
            }),
        };
        settings.check_key().await?;
        Ok(settings)
    }

    /// Closes all connections; changes already answered are on disk.
    pub async fn close(&self) {
        self.inner.pools.reader.close().await;
        self.inner.pools.writer.close().await;
    }

    /// Numbers that grow with each change, as a channel to wait on.
    pub fn changes(&self) -> watch::Receiver<Changes> {
        self.inner.changes.subscribe()
    }

    /// The numbers as they are now.
    pub fn current_changes(&self) -> Changes {
        *self.inner.changes.borrow()
    }

    /// Reads the numbers from the database and tells the channel when another process changed something. Call it
    /// at least once a second, so that a revoked token is refused within that second.
    pub async fn look_for_changes(&self) -> Result<Changes> {
        let stored = db::read_changes(&self.inner.pools.reader).await?;
        self.announce(stored);
        Ok(stored)
    }

    /// Writes a consistent copy of the database to a new file, readable by its owner only, while others go on. The key
    /// file is not in it: without that file the copy's tokens, sessions and second factors are worthless.
    pub async fn backup(&self, to: impl AsRef<Path>) -> Result<()> {
        db::copy_to(&self.inner.pools.writer, to.as_ref()).await
    }

    /// Empties everything: as new, but with the same key. For tests of the whole program.
    pub async fn reset(&self) -> Result<()> {
        let mut write = self.begin().await?;
        for statement in TABLES {
            sqlx::query(*statement).execute(&mut *write).await?;
        }
        self.store_key_check(&mut write).await?;
        self.commit(write, Touches::Both).await
    }

    pub(crate) async fn begin(&self) -> Result<Write> {
        // Taking the write lock at once: a transaction that reads first could find its view outdated when it writes.
        Ok(self
            .inner
            .pools
            .writer
            .begin_with("BEGIN IMMEDIATE")
            .await?)
    }

    /// Commits and announces the change. Both happen in a task of their own: a caller whose client hung up stops waiting,
    /// and a committed change that was not announced would leave old values in memory.
    pub(crate) async fn commit(&self, mut write: Write, touches: Touches) -> Result<()> {
        let settings = self.clone();
        let task = tokio::spawn(async move {
            let raised = db::raise_changes(&mut write, touches).await?;
            write.commit().await?;
            settings.announce(raised);
            Ok(())
        });
        task.await
            .map_err(|_| Error::Storage("the program is stopping; the change may be lost".into()))?
    }

    pub(crate) fn reader(&self) -> &sqlx::SqlitePool {
        &self.inner.pools.reader
    }

    /// Commits may be announced in another order than they were made, so numbers only grow.
    fn announce(&self, seen: Changes) {
        self.inner.changes.send_if_modified(|current| {
            let before = *current;
            current.tracking = current.tracking.max(seen.tracking);
            current.access = current.access.max(seen.access);
            *current != before
        });
    }

    /// A database used with another key would refuse every token without telling why; better to refuse to start.
    async fn check_key(&self) -> Result<()> {
        let stored: Option<String> =
            sqlx::query_scalar("SELECT value FROM salt WHERE kind = 'key check'")
                .fetch_optional(self.reader())
                .await?;
        match stored {
            Some(stored) if secret::same(stored.as_bytes(), self.key_check().as_bytes()) => Ok(()),
            Some(_) => Err(Error::Storage(
                "the key file does not belong to this settings database; restore the right key file, or empty the \
                 database's tokens and sessions by removing its row \"key check\""
                    .into(),
            )),
            None => {
                let mut write = self.begin().await?;
                self.store_key_check(&mut write).await?;
                self.commit(write, Touches::Nothing).await
            }
        }
    }

    async fn store_key_check(&self, write: &mut Write) -> Result<()> {
        sqlx::query(
            "INSERT INTO salt (kind, idsite, salt_day, value) VALUES ('key check', 0, '', $1) \
             ON CONFLICT (kind, idsite, salt_day) DO NOTHING",
        )
        .bind(self.key_check())
        .execute(&mut **write)
        .await?;
        Ok(())
    }

    fn key_check(&self) -> String {
        self.inner.keys.hash_hex(Purpose::KeyCheck, "")
    }
}

#[cfg(test)]
mod tests;
