//! Hits that could not be recorded, for the people who run a site; and when jobs of the program are due.

use std::sync::OnceLock;

use regex::Regex;
use sqlx::{FromRow, Row};

use crate::Settings;
use crate::db::{DbRow, Touches};
use crate::error::{Error, Result};

/// Why a hit was not recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The site does not exist.
    UnknownSite,
    /// A token was sent, but it is none, or may not do that.
    NotAuthenticated,
}

impl Failure {
    /// Its number in the API.
    pub fn id(self) -> i64 {
        match self {
            Failure::UnknownSite => 1,
            Failure::NotAuthenticated => 2,
        }
    }
}

/// A failure as it is listed.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct TrackingFailure {
    pub idsite: i64,
    pub idfailure: i64,
    pub date_first_occurred: i64,
    pub request_url: String,
}

/// Site ids above this are nonsense and are not noted.
const HIGHEST_SITE: i64 = 9_999_999;
const URL_LIMIT: usize = 2000;
const KEPT_SECONDS: i64 = 2 * 86_400;
/// Anybody can make failures: they must not fill the disk.
const KEPT_ROWS: i64 = 10_000;

impl FromRow<'_, DbRow> for TrackingFailure {
    fn from_row(row: &DbRow) -> sqlx::Result<TrackingFailure> {
        Ok(TrackingFailure {
            idsite: row.try_get("idsite")?,
            idfailure: row.try_get("idfailure")?,
            date_first_occurred: row.try_get("date_first_occurred")?,
            request_url: row.try_get("request_url")?,
        })
    }
}

impl Settings {
    /// Notes a failure, once for each site and reason. Whatever looks like a token is not kept.
    pub async fn note_tracking_failure(
        &self,
        idsite: i64,
        failure: Failure,
        request_url: &str,
        now: i64,
    ) -> Result<()> {
        if !(0..=HIGHEST_SITE).contains(&idsite) || self.is_noted_or_full(idsite, failure).await? {
            return Ok(());
        }
        let masked = mask_tokens(request_url)?;
        let mut write = self.begin().await?;
        sqlx::query(
            "INSERT INTO tracking_failure (idsite, idfailure, date_first_occurred, request_url) \
             VALUES ($1, $2, $3, $4) ON CONFLICT (idsite, idfailure) DO NOTHING",
        )
        .bind(idsite)
        .bind(failure.id())
        .bind(now)
        .bind(masked)
        .execute(&mut *write)
        .await?;
        self.commit(write, Touches::Nothing).await
    }

    /// A flood of the same failure costs a read each, not a write.
    async fn is_noted_or_full(&self, idsite: i64, failure: Failure) -> Result<bool> {
        let noted: Option<i64> = sqlx::query_scalar(
            "SELECT idsite FROM tracking_failure WHERE idsite = $1 AND idfailure = $2",
        )
        .bind(idsite)
        .bind(failure.id())
        .fetch_optional(self.reader())
        .await?;
        if noted.is_some() {
            return Ok(true);
        }
        let rows: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM tracking_failure")
            .fetch_one(self.reader())
            .await?;
        Ok(rows >= KEPT_ROWS)
    }

    /// All failures, by site and reason.
    pub async fn tracking_failures(&self) -> Result<Vec<TrackingFailure>> {
        Ok(sqlx::query_as(
            "SELECT idsite, idfailure, date_first_occurred, request_url FROM tracking_failure \
             ORDER BY idsite, idfailure",
        )
        .fetch_all(self.reader())
        .await?)
    }

    /// Forgets one failure.
    pub async fn delete_tracking_failure(&self, idsite: i64, idfailure: i64) -> Result<()> {
        let mut write = self.begin().await?;
        sqlx::query("DELETE FROM tracking_failure WHERE idsite = $1 AND idfailure = $2")
            .bind(idsite)
            .bind(idfailure)
            .execute(&mut *write)
            .await?;
        self.commit(write, Touches::Nothing).await
    }

    /// Forgets the failures of these sites, or all.
    pub async fn delete_tracking_failures(&self, idsites: Option<&[i64]>) -> Result<()> {
        let mut write = self.begin().await?;
        match idsites {
            None => {
                sqlx::query("DELETE FROM tracking_failure")
                    .execute(&mut *write)
                    .await?;
            }
            Some(idsites) => {
                for idsite in idsites {
                    sqlx::query("DELETE FROM tracking_failure WHERE idsite = $1")
                        .bind(idsite)
                        .execute(&mut *write)
                        .await?;
                }
            }
        }
        self.commit(write, Touches::Nothing).await
    }

    /// Forgets failures of more than two days ago; returns how many.
    pub async fn delete_old_tracking_failures(&self, now: i64) -> Result<u64> {
        let mut write = self.begin().await?;
        let deleted = sqlx::query("DELETE FROM tracking_failure WHERE date_first_occurred <= $1")
            .bind(now - KEPT_SECONDS)
            .execute(&mut *write)
            .await?
            .rows_affected();
        self.commit(write, Touches::Nothing).await?;
        Ok(deleted)
    }

    /// True for exactly one caller once a job is due; it is then due again at `next`. A job never seen is due at once.
    /// With several processes on one database, one of them runs it.
    pub async fn claim_job(&self, name: &str, now: i64, next: i64) -> Result<bool> {
        crate::check::filled("The name of a job", name, 100)?;
        let due: Option<i64> = sqlx::query_scalar("SELECT due FROM job_due WHERE name = $1")
            .bind(name)
            .fetch_optional(self.reader())
            .await?;
        if due.is_some_and(|due| due > now) {
            return Ok(false);
        }
        let mut write = self.begin().await?;
        let claimed = sqlx::query(
            "INSERT INTO job_due (name, due) VALUES ($1, $3) \
             ON CONFLICT (name) DO UPDATE SET due = excluded.due WHERE job_due.due <= $2",
        )
        .bind(name)
        .bind(now)
        .bind(next)
        .execute(&mut *write)
        .await?
        .rows_affected();
        self.commit(write, Touches::Nothing).await?;
        Ok(claimed > 0)
    }
}

/// Hides values of `token_auth` and everything that looks like a token: 29 to 36 hexadecimal digits.
fn mask_tokens(url: &str) -> Result<String> {
    static EXPRESSIONS: OnceLock<Option<(Regex, Regex)>> = OnceLock::new();
    let expressions = EXPRESSIONS.get_or_init(|| {
        let named =
            Regex::new(r#"(?i)(token_auth["']?(?:=|%3d|["' ]*:["' ]*))[^&"'\s,}]+"#).ok()?;
        Some((named, Regex::new(r"(?i)[0-9a-f]{29,}").ok()?))
    });
    let Some((named, digits)) = expressions else {
        return Err(Error::Storage(
            "the expressions that hide tokens cannot be built".into(),
        ));
    };
    const MASK: &str = "__TOKEN_AUTH__";
    let short: String = url.chars().take(URL_LIMIT).collect();
    let without_names = named.replace_all(&short, format!("${{1}}{MASK}"));
    Ok(digits
        .replace_all(&without_names, |found: &regex::Captures<'_>| {
            match found[0].len() {
                29..=36 => MASK.to_owned(),
                _ => found[0].to_owned(),
            }
        })
        .into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_masked() {
        let token = "33dc3f2536d3025974cccb4b4d2d98f4";
        for (url, masked) in [
            (
                "idsite=1&token_auth=abc&x=1",
                "idsite=1&token_auth=__TOKEN_AUTH__&x=1".to_owned(),
            ),
            (
                "{\"token_auth\":\"abc\"}",
                "{\"token_auth\":\"__TOKEN_AUTH__\"}".to_owned(),
            ),
            (
                &format!("a={token}&TOKEN_AUTH%3D{token}"),
                "a=__TOKEN_AUTH__&TOKEN_AUTH%3D__TOKEN_AUTH__".to_owned(),
            ),
            (&"a".repeat(28), "a".repeat(28)),
            (&"a".repeat(37), "a".repeat(37)),
            ("é".repeat(3000).as_str(), "é".repeat(2000)),
        ] {
            assert_eq!(mask_tokens(url).unwrap(), masked);
        }
    }
}
