//! Random text that makes fingerprints of visitors worthless after a few days.

use crate::Settings;
use crate::db::{Touches, Write};
use crate::error::{Error, Result};
use crate::secret::{Secret, random_hex};

/// A day's salt is kept as long as visits of that day may still come.
const KEPT_DAYS: i64 = 5;

const SELECT: &str = "SELECT value FROM salt WHERE kind = $1 AND idsite = $2 AND salt_day = $3";

impl Settings {
    /// The salt of this instance; made when it is first asked for.
    pub async fn instance_salt(&self) -> Result<Secret> {
        self.salt("instance", 0, "").await
    }

    /// The salt of a site's day (`2024-05-31` in the site's time zone); made when it is first asked for. After
    /// [`Settings::delete_old_salts`] deleted it, nobody can link a visitor of that day any more.
    pub async fn visitor_salt(&self, idsite: i64, day: &str) -> Result<Secret> {
        if day.parse::<jiff::civil::Date>().is_err() {
            return Err(Error::invalid("A day is written as 2024-05-31."));
        }
        self.salt("day", idsite, day).await
    }

    async fn salt(&self, kind: &'static str, idsite: i64, day: &str) -> Result<Secret> {
        let known: Option<String> = sqlx::query_scalar(SELECT)
            .bind(kind)
            .bind(idsite)
            .bind(day)
            .fetch_optional(self.reader())
            .await?;
        if let Some(known) = known {
            return Ok(Secret::new(known));
        }
        let mut write = self.begin().await?;
        let stored = store_once(&mut write, kind, idsite, day).await?;
        self.commit(write, Touches::Nothing).await?;
        Ok(stored)
    }

    /// Deletes salts of days that lie more than five days back; returns how many.
    pub async fn delete_old_salts(&self, now: i64) -> Result<u64> {
        let oldest_kept = jiff::Timestamp::from_second(now.saturating_sub(KEPT_DAYS * 86_400))
            .map_err(|_| Error::invalid("This time cannot be."))?;
        let oldest_day = jiff::tz::TimeZone::UTC
            .to_datetime(oldest_kept)
            .date()
            .to_string();
        let mut write = self.begin().await?;
        let deleted = sqlx::query("DELETE FROM salt WHERE kind = 'day' AND salt_day < $1")
            .bind(oldest_day)
            .execute(&mut *write)
            .await?
            .rows_affected();
        self.commit(write, Touches::Nothing).await?;
        Ok(deleted)
    }
}

/// Two hits may ask for the first salt of a day at once: the first one stored is the salt.
async fn store_once(write: &mut Write, kind: &str, idsite: i64, day: &str) -> Result<Secret> {
    sqlx::query(
        "INSERT INTO salt (kind, idsite, salt_day, value) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (kind, idsite, salt_day) DO NOTHING",
    )
    .bind(kind)
    .bind(idsite)
    .bind(day)
    .bind(random_hex::<16>()?)
    .execute(&mut **write)
    .await?;
    let value: String = sqlx::query_scalar(SELECT)
        .bind(kind)
        .bind(idsite)
        .bind(day)
        .fetch_one(&mut **write)
        .await?;
    Ok(Secret::new(value))
}
