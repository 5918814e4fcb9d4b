//! What users prefer: language, clock, and values under Matomo's names.

use std::collections::BTreeMap;

use crate::Settings;
use crate::check;
use crate::db::Touches;
use crate::error::{Error, Result};
use crate::users::{key, stored_login};

/// Language and clock of a user; empty language for the one of the browser.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize)]
pub struct UserLanguage {
    pub language: String,
    pub use_12_hour_clock: bool,
}

const NAME_LIMIT: usize = 100;
const VALUE_LIMIT: usize = 10_000;

impl Settings {
    /// A preference such as `defaultReport` or `defaultReportDate`.
    pub async fn user_preference(&self, login: &str, name: &str) -> Result<Option<String>> {
        Ok(sqlx::query_scalar(
            "SELECT value FROM user_preference JOIN app_user ON app_user.login = user_preference.login \
             WHERE login_key = $1 AND name = $2",
        )
        .bind(key(login))
        .bind(name)
        .fetch_optional(self.reader())
        .await?)
    }

    /// These preferences of all users that set them: login, then name, then value.
    pub async fn user_preferences(
        &self,
        names: &[String],
    ) -> Result<BTreeMap<String, BTreeMap<String, String>>> {
        let rows: Vec<(String, String, String)> =
            sqlx::query_as("SELECT login, name, value FROM user_preference")
                .fetch_all(self.reader())
                .await?;
        let mut found: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
        for (login, name, value) in rows {
            if names.contains(&name) {
                found.entry(login).or_default().insert(name, value);
            }
        }
        Ok(found)
    }

    /// Sets a preference.
    pub async fn set_user_preference(&self, login: &str, name: &str, value: &str) -> Result<()> {
        check::filled("The name of a preference", name, NAME_LIMIT)?;
        check::at_most("A preference", value, VALUE_LIMIT)?;
        let mut write = self.begin().await?;
        let login = stored_login(&mut write, login).await?;
        sqlx::query(
            "INSERT INTO user_preference (login, name, value) VALUES ($1, $2, $3) \
             ON CONFLICT (login, name) DO UPDATE SET value = excluded.value",
        )
        .bind(login)
        .bind(name)
        .bind(value)
        .execute(&mut *write)
        .await?;
        self.commit(write, Touches::Nothing).await
    }

    /// Language and clock of a user.
    pub async fn user_language(&self, login: &str) -> Result<UserLanguage> {
        let row: Option<(String, i64)> = sqlx::query_as(
            "SELECT language, use_12_hour_clock FROM user_language \
             JOIN app_user ON app_user.login = user_language.login WHERE login_key = $1",
        )
        .bind(key(login))
        .fetch_optional(self.reader())
        .await?;
        Ok(
            row.map_or_else(UserLanguage::default, |(language, clock)| UserLanguage {
                language,
                use_12_hour_clock: clock != 0,
            }),
        )
    }

    /// Sets the language of a user. Whether there is a translation is the caller's to know.
    pub async fn set_user_language(&self, login: &str, language: &str) -> Result<()> {
        let parts: Vec<&str> = language.split('-').collect();
        let plain = language.len() <= 12
            && parts.iter().all(|part| {
                (2..=8).contains(&part.len())
                    && part.bytes().all(|byte| byte.is_ascii_alphanumeric())
            });
        if !plain {
            return Err(Error::invalid("A language is written as 'en' or 'pt-br'."));
        }
        let clock = self.user_language(login).await?.use_12_hour_clock;
        self.store_language(login, language, clock).await
    }

    /// Sets the clock of a user.
    pub async fn set_user_clock(&self, login: &str, use_12_hour_clock: bool) -> Result<()> {
        let language = self.user_language(login).await?.language;
        self.store_language(login, &language, use_12_hour_clock)
            .await
    }

    async fn store_language(
        &self,
        login: &str,
        language: &str,
        use_12_hour_clock: bool,
    ) -> Result<()> {
        let mut write = self.begin().await?;
        let login = stored_login(&mut write, login).await?;
        sqlx::query(
            "INSERT INTO user_language (login, language, use_12_hour_clock) VALUES ($1, $2, $3) \
             ON CONFLICT (login) DO UPDATE SET language = excluded.language, \
             use_12_hour_clock = excluded.use_12_hour_clock",
        )
        .bind(login)
        .bind(language)
        .bind(i64::from(use_12_hour_clock))
        .execute(&mut *write)
        .await?;
        self.commit(write, Touches::Nothing).await
    }
}
