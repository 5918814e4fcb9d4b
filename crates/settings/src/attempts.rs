//! Failed sign-ins and tokens, counted so that guessing is slow.

use std::net::IpAddr;

use serde_json::Value;

use crate::Settings;
use crate::check::{Network, client_key, split_list};
use crate::db::{Touches, next_id};
use crate::error::Result;
use crate::users::key;

/// What failed. Each kind is counted by itself: a program with a wrong token must not lock out the people behind the
/// same address, and no failed sign-in stops the tracking of visits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AttemptKind {
    /// A password, a second factor, a reset link or an invitation.
    SignIn,
    /// A token of the reporting API.
    ReportingToken,
    /// A token sent along with visits.
    TrackingToken,
}

impl AttemptKind {
    fn name(self) -> &'static str {
        match self {
            AttemptKind::SignIn => "sign-in",
            AttemptKind::ReportingToken => "reporting token",
            AttemptKind::TrackingToken => "tracking token",
        }
    }
}

/// The limits, from the settings of the feature `Login` under Matomo's names.
#[derive(Clone, Debug, PartialEq)]
pub struct BruteForceRules {
    /// `enableBruteForceDetection`
    pub enabled: bool,
    /// `maxAllowedRetries`: more than this many failures of one address block it.
    pub max_failures: i64,
    /// `allowedRetriesTimeRange`
    pub window_minutes: i64,
    /// `whitelisteBruteForceIps`
    pub never_block: Vec<Network>,
    /// `blacklistedBruteForceIps`; it wins over the list above.
    pub always_block: Vec<Network>,
}

impl Default for BruteForceRules {
    fn default() -> BruteForceRules {
        BruteForceRules {
            enabled: true,
            max_failures: 20,
            window_minutes: 60,
            never_block: Vec::new(),
            always_block: Vec::new(),
        }
    }
}

impl BruteForceRules {
    /// More than this many failures for one login, from whatever addresses, in the last hour block the login.
    pub fn max_failures_of_login(&self) -> i64 {
        (3 * self.max_failures).max(10)
    }
}

/// A failed attempt in the list for superusers.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct FailedAttempt {
    pub ip: String,
    pub login: String,
    pub attempted_at: i64,
}

const LOGIN_WINDOW_SECONDS: i64 = 3600;
const KEPT_SECONDS: i64 = 7 * 86_400;
/// Ten million addresses must not fill the disk: the oldest go first.
const KEPT_ROWS: i64 = 100_000;
const LISTED_ROWS: i64 = 1000;

impl Settings {
    /// The limits as they are set.
    pub async fn brute_force_rules(&self) -> Result<BruteForceRules> {
        let stored = self.system_settings("Login").await?;
        let mut rules = BruteForceRules::default();
        if let Some(value) = stored.get("enableBruteForceDetection") {
            rules.enabled = !matches!(value, Value::Bool(false)) && number(value) != Some(0);
        }
        if let Some(value) = stored.get("maxAllowedRetries").and_then(number) {
            rules.max_failures = value.clamp(1, 1_000_000);
        }
        if let Some(value) = stored.get("allowedRetriesTimeRange").and_then(number) {
            rules.window_minutes = value.clamp(1, 7 * 24 * 60);
        }
        rules.never_block = networks(stored.get("whitelisteBruteForceIps"));
        rules.always_block = networks(stored.get("blacklistedBruteForceIps"));
        Ok(rules)
    }

    /// True when an attempt must be refused without looking at it.
    pub async fn is_blocked(
        &self,
        kind: AttemptKind,
        ip: IpAddr,
        login: Option<&str>,
        now: i64,
    ) -> Result<bool> {
        let rules = self.brute_force_rules().await?;
        self.is_blocked_by(&rules, kind, ip, login, now).await
    }

    async fn is_blocked_by(
        &self,
        rules: &BruteForceRules,
        kind: AttemptKind,
        ip: IpAddr,
        login: Option<&str>,
        now: i64,
    ) -> Result<bool> {
        if rules
            .always_block
            .iter()
            .any(|network| network.contains(ip))
        {
            return Ok(true);
        }
        if !rules.enabled || rules.never_block.iter().any(|network| network.contains(ip)) {
            return Ok(false);
        }
        let of_ip: i64 = sqlx::query_scalar(
            "SELECT COUNT(*) FROM failed_attempt WHERE kind = $1 AND ip = $2 AND attempted_at > $3",
        )
        .bind(kind.name())
        .bind(client_key(ip))
        .bind(now - rules.window_minutes * 60)
        .fetch_one(self.reader())
        .await?;
        if of_ip > rules.max_failures {
            return Ok(true);
        }
        let Some(login) = login.filter(|login| !login.is_empty()) else {
            return Ok(false);
        };
        let of_login: i64 = sqlx::query_scalar(
            "SELECT COUNT(*) FROM failed_attempt WHERE kind = $1 AND login_key = $2 AND attempted_at > $3",
        )
        .bind(kind.name())
        .bind(attempted_login(login))
        .bind(now - LOGIN_WINDOW_SECONDS)
        .fetch_one(self.reader())
        .await?;
        Ok(of_login > rules.max_failures_of_login())
    }

    /// Counts a failed attempt, unless it is blocked already: blocked ones cost no write.
    pub async fn note_failure(
        &self,
        kind: AttemptKind,
        ip: IpAddr,
        login: Option<&str>,
        now: i64,
    ) -> Result<()> {
        let rules = self.brute_force_rules().await?;
        if !rules.enabled || self.is_blocked_by(&rules, kind, ip, login, now).await? {
            return Ok(());
        }
        let mut write = self.begin().await?;
        let id = next_id(&mut write, "attempt").await?;
        sqlx::query("INSERT INTO failed_attempt (idattempt, kind, ip, login_key, attempted_at) VALUES ($1, $2, $3, $4, $5)")
            .bind(id)
            .bind(kind.name())
            .bind(client_key(ip))
            .bind(attempted_login(login.unwrap_or_default()))
            .bind(now)
            .execute(&mut *write)
            .await?;
        sqlx::query("DELETE FROM failed_attempt WHERE idattempt <= $1")
            .bind(id - KEPT_ROWS)
            .execute(&mut *write)
            .await?;
        self.commit(write, Touches::Nothing).await
    }

    /// Forgets all failures: everybody may try again.
    pub async fn unblock_all(&self) -> Result<()> {
        let mut write = self.begin().await?;
        sqlx::query("DELETE FROM failed_attempt")
            .execute(&mut *write)
            .await?;
        self.commit(write, Touches::Nothing).await
    }

    /// The latest failures, for superusers.
    pub async fn failed_attempts(&self) -> Result<Vec<FailedAttempt>> {
        let rows: Vec<(String, String, i64)> = sqlx::query_as(
            "SELECT ip, login_key, attempted_at FROM failed_attempt ORDER BY idattempt DESC LIMIT $1",
        )
        .bind(LISTED_ROWS)
        .fetch_all(self.reader())
        .await?;
        Ok(rows
            .into_iter()
            .map(|(ip, login, attempted_at)| FailedAttempt {
                ip,
                login,
                attempted_at,
            })
            .collect())
    }

    /// Deletes failures of more than a week ago; returns how many.
    pub async fn delete_old_failures(&self, now: i64) -> Result<u64> {
        let mut write = self.begin().await?;
        let deleted = sqlx::query("DELETE FROM failed_attempt WHERE attempted_at <= $1")
            .bind(now - KEPT_SECONDS)
            .execute(&mut *write)
            .await?
            .rows_affected();
        self.commit(write, Touches::Nothing).await?;
        Ok(deleted)
    }
}

/// What was tried as a login may be a whole book, or a password typed in the wrong field.
fn attempted_login(login: &str) -> String {
    key(login).chars().take(100).collect()
}

fn number(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

fn networks(value: Option<&Value>) -> Vec<Network> {
    let parts: Vec<String> = match value {
        Some(Value::Array(parts)) => parts
            .iter()
            .filter_map(|part| part.as_str().map(str::to_owned))
            .collect(),
        Some(Value::String(text)) => split_list(&text.replace('\n', ",")),
        _ => Vec::new(),
    };
    parts
        .iter()
        .filter_map(|part| Network::parse(part))
        .collect()
}
