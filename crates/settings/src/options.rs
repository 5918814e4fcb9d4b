//! Options, overrides of the configuration, and settings of single features, all under Matomo's names.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use crate::Settings;
use crate::check;
use crate::db::{Touches, Write};
use crate::error::{Error, Result};

const DEFAULT_TIMEZONE: &str = "SitesManager_DefaultTimezone";
const DEFAULT_CURRENCY: &str = "SitesManager_DefaultCurrency";
const EXCLUDED_IPS: &str = "SitesManager_ExcludedIpsGlobal";
const EXCLUDED_PARAMETERS: &str = "SitesManager_ExcludedQueryParameters";
const EXCLUDED_USER_AGENTS: &str = "SitesManager_ExcludedUserAgentsGlobal";
const EXCLUDED_REFERRERS: &str = "SitesManager_ExcludedReferrersGlobal";
const SEARCH_KEYWORD_PARAMETERS: &str = "SitesManager_SearchKeywordParameters";
const SEARCH_CATEGORY_PARAMETERS: &str = "SitesManager_SearchCategoryParameters";
const KEEP_URL_FRAGMENTS: &str = "SitesManager_KeepURLFragmentsGlobal";

/// Parameter names under which a site's own search usually sends the word.
const USUAL_SEARCH_PARAMETERS: &str = "q,query,s,search,searchword,k,keyword,keywords";

const NAME_LIMIT: usize = 191;
const VALUE_LIMIT_BYTES: usize = 1024 * 1024;

/// What holds for all sites that say nothing else.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct GlobalSiteDefaults {
    pub timezone: String,
    pub currency: String,
    pub excluded_ips: Vec<String>,
    pub excluded_parameters: Vec<String>,
    pub excluded_user_agents: Vec<String>,
    pub excluded_referrers: Vec<String>,
    pub search_keyword_parameters: Vec<String>,
    pub search_category_parameters: Vec<String>,
    pub keep_url_fragments: bool,
}

impl GlobalSiteDefaults {
    /// Reads the defaults out of all options.
    pub(crate) fn of(options: &BTreeMap<String, String>) -> GlobalSiteDefaults {
        let text =
            |name: &str, absent: &str| options.get(name).map_or(absent, String::as_str).to_owned();
        let list = |name: &str, absent: &str| {
            check::split_list(options.get(name).map_or(absent, String::as_str))
        };
        GlobalSiteDefaults {
            timezone: text(DEFAULT_TIMEZONE, "UTC"),
            currency: text(DEFAULT_CURRENCY, "USD"),
            excluded_ips: list(EXCLUDED_IPS, ""),
            excluded_parameters: list(EXCLUDED_PARAMETERS, ""),
            excluded_user_agents: list(EXCLUDED_USER_AGENTS, ""),
            excluded_referrers: list(EXCLUDED_REFERRERS, ""),
            search_keyword_parameters: list(SEARCH_KEYWORD_PARAMETERS, USUAL_SEARCH_PARAMETERS),
            search_category_parameters: list(SEARCH_CATEGORY_PARAMETERS, ""),
            keep_url_fragments: options
                .get(KEEP_URL_FRAGMENTS)
                .is_some_and(|value| value == "1"),
        }
    }
}

impl Settings {
    /// The value of an option.
    pub async fn option(&self, name: &str) -> Result<Option<String>> {
        Ok(self.options().await?.get(name).cloned())
    }

    /// All options, from memory until one is changed.
    pub async fn options(&self) -> Result<Arc<BTreeMap<String, String>>> {
        let number = || self.current_changes().tracking;
        self.inner.options.get(number, || self.read_options()).await
    }

    async fn read_options(&self) -> Result<BTreeMap<String, String>> {
        let rows: Vec<(String, String)> = sqlx::query_as("SELECT name, value FROM option_value")
            .fetch_all(self.reader())
            .await?;
        Ok(rows.into_iter().collect())
    }

    /// Sets an option.
    pub async fn set_option(&self, name: &str, value: &str) -> Result<()> {
        self.set_options(&[(name, value)]).await
    }

    /// Sets some options, all or none.
    pub async fn set_options(&self, values: &[(&str, &str)]) -> Result<()> {
        let mut write = self.begin().await?;
        for (name, value) in values {
            store_option(&mut write, name, value).await?;
        }
        self.commit(write, Touches::Tracking).await
    }

    /// Removes an option, so that its default holds; true when it was set.
    pub async fn delete_option(&self, name: &str) -> Result<bool> {
        let mut write = self.begin().await?;
        let deleted = sqlx::query("DELETE FROM option_value WHERE name = $1")
            .bind(name)
            .execute(&mut *write)
            .await?
            .rows_affected();
        self.commit(write, Touches::Tracking).await?;
        Ok(deleted > 0)
    }

    /// The defaults of all sites.
    pub async fn global_site_defaults(&self) -> Result<GlobalSiteDefaults> {
        Ok(GlobalSiteDefaults::of(self.options().await?.as_ref()))
    }

    /// The time zone of new sites.
    pub async fn set_default_timezone(&self, timezone: &str) -> Result<()> {
        check::timezone(timezone)?;
        self.set_option(DEFAULT_TIMEZONE, timezone).await
    }

    /// The currency of new sites.
    pub async fn set_default_currency(&self, currency: &str) -> Result<()> {
        check::currency(currency)?;
        self.set_option(DEFAULT_CURRENCY, currency).await
    }

    /// Ranges not recorded at any site.
    pub async fn set_global_excluded_ips(&self, ranges: &[String]) -> Result<()> {
        self.set_option(EXCLUDED_IPS, &check::checked_ip_list(ranges)?)
            .await
    }

    /// Query parameters removed from addresses of all sites.
    pub async fn set_global_excluded_parameters(&self, names: &[String]) -> Result<()> {
        let stored = check::checked_list("excludedQueryParameters", names)?;
        self.set_option(EXCLUDED_PARAMETERS, &stored).await
    }

    /// User agents not recorded at any site.
    pub async fn set_global_excluded_user_agents(&self, parts: &[String]) -> Result<()> {
        let stored = check::checked_list("excludedUserAgents", parts)?;
        self.set_option(EXCLUDED_USER_AGENTS, &stored).await
    }

    /// Hosts and addresses that are no referrers of any site.
    pub async fn set_global_excluded_referrers(&self, referrers: &[String]) -> Result<()> {
        let stored = check::checked_list("excludedReferrers", referrers)?;
        self.set_option(EXCLUDED_REFERRERS, &stored).await
    }

    /// Parameter names of site searches.
    pub async fn set_global_search_parameters(
        &self,
        keywords: &[String],
        categories: &[String],
    ) -> Result<()> {
        let keywords = check::checked_list("searchKeywordParameters", keywords)?;
        let categories = check::checked_list("searchCategoryParameters", categories)?;
        self.set_options(&[
            (SEARCH_KEYWORD_PARAMETERS, &keywords),
            (SEARCH_CATEGORY_PARAMETERS, &categories),
        ])
        .await
    }

    /// Whether the part after `#` of an address is kept.
    pub async fn set_keep_url_fragments(&self, keep: bool) -> Result<()> {
        self.set_option(KEEP_URL_FRAGMENTS, if keep { "1" } else { "0" })
            .await
    }

    /// Values that replace those of the configuration file, by section and name; from memory until one is changed.
    pub async fn config_overrides(&self) -> Result<Arc<BTreeMap<(String, String), Value>>> {
        let number = || self.current_changes().tracking;
        self.inner.config.get(number, || self.read_config()).await
    }

    async fn read_config(&self) -> Result<BTreeMap<(String, String), Value>> {
        let rows: Vec<(String, String, String)> =
            sqlx::query_as("SELECT section, name, value FROM config_override")
                .fetch_all(self.reader())
                .await?;
        rows.into_iter()
            .map(|(section, name, value)| Ok(((section, name), stored_json(&value)?)))
            .collect()
    }

    /// The value that replaces the one of the configuration file.
    pub async fn config_override(&self, section: &str, name: &str) -> Result<Option<Value>> {
        let place = (section.to_owned(), name.to_owned());
        Ok(self.config_overrides().await?.get(&place).cloned())
    }

    /// Sets a value of a section such as `General` or `Tracker`; `Null` brings the default back.
    pub async fn set_config(&self, section: &str, name: &str, value: &Value) -> Result<()> {
        check::filled("The section", section, NAME_LIMIT)?;
        check::filled("The name", name, NAME_LIMIT)?;
        let mut write = self.begin().await?;
        if value.is_null() {
            sqlx::query("DELETE FROM config_override WHERE section = $1 AND name = $2")
                .bind(section)
                .bind(name)
                .execute(&mut *write)
                .await?;
        } else {
            sqlx::query(
                "INSERT INTO config_override (section, name, value) VALUES ($1, $2, $3) \
                 ON CONFLICT (section, name) DO UPDATE SET value = excluded.value",
            )
            .bind(section)
            .bind(name)
            .bind(checked_json(value)?)
            .execute(&mut *write)
            .await?;
        }
        self.commit(write, Touches::Tracking).await
    }

    /// Settings of a feature that hold for everybody.
    pub async fn system_settings(&self, plugin: &str) -> Result<BTreeMap<String, Value>> {
        self.plugin_settings(plugin, "", 0).await
    }

    /// Settings of a feature for one site.
    pub async fn site_settings(
        &self,
        plugin: &str,
        idsite: i64,
    ) -> Result<BTreeMap<String, Value>> {
        self.plugin_settings(plugin, "", idsite).await
    }

    /// Settings of a feature for one user.
    pub async fn user_settings(
        &self,
        plugin: &str,
        login: &str,
    ) -> Result<BTreeMap<String, Value>> {
        self.plugin_settings(plugin, login, 0).await
    }

    /// Sets settings of a feature for everybody; `Null` removes one.
    pub async fn set_system_settings(
        &self,
        plugin: &str,
        values: &[(String, Value)],
    ) -> Result<()> {
        let mut write = self.begin().await?;
        store_plugin_settings(&mut write, plugin, "", 0, values).await?;
        self.commit(write, Touches::Tracking).await
    }

    /// Sets settings of a feature for one site; `Null` removes one.
    pub async fn set_site_settings(
        &self,
        plugin: &str,
        idsite: i64,
        values: &[(String, Value)],
    ) -> Result<()> {
        let mut write = self.begin().await?;
        crate::sites::must_exist(&mut write, idsite).await?;
        store_plugin_settings(&mut write, plugin, "", idsite, values).await?;
        self.commit(write, Touches::Tracking).await
    }

    /// Sets settings of a feature for one user; `Null` removes one.
    pub async fn set_user_settings(
        &self,
        plugin: &str,
        login: &str,
        values: &[(String, Value)],
    ) -> Result<()> {
        let mut write = self.begin().await?;
        let login = crate::users::stored_login(&mut write, login).await?;
        store_plugin_settings(&mut write, plugin, &login, 0, values).await?;
        self.commit(write, Touches::Nothing).await
    }

    async fn plugin_settings(
        &self,
        plugin: &str,
        login: &str,
        idsite: i64,
    ) -> Result<BTreeMap<String, Value>> {
        let rows: Vec<(String, String)> = sqlx::query_as(
            "SELECT name, value FROM plugin_setting WHERE plugin = $1 AND login = $2 AND idsite = $3",
        )
        .bind(plugin)
        .bind(login)
        .bind(idsite)
        .fetch_all(self.reader())
        .await?;
        rows.into_iter()
            .map(|(name, value)| Ok((name, stored_json(&value)?)))
            .collect()
    }
}

async fn store_option(write: &mut Write, name: &str, value: &str) -> Result<()> {
    check::filled("The name of an option", name, NAME_LIMIT)?;
    if value.len() > VALUE_LIMIT_BYTES {
        return Err(Error::invalid(format!(
            "The option {name} is longer than {VALUE_LIMIT_BYTES} bytes."
        )));
    }
    sqlx::query(
        "INSERT INTO option_value (name, value) VALUES ($1, $2) \
         ON CONFLICT (name) DO UPDATE SET value = excluded.value",
    )
    .bind(name)
    .bind(value)
    .execute(&mut **write)
    .await?;
    Ok(())
}

async fn store_plugin_settings(
    write: &mut Write,
    plugin: &str,
    login: &str,
    idsite: i64,
    values: &[(String, Value)],
) -> Result<()> {
    check::filled("The name of a feature", plugin, NAME_LIMIT)?;
    for (name, value) in values {
        check::filled("The name of a setting", name, NAME_LIMIT)?;
        sqlx::query("DELETE FROM plugin_setting WHERE plugin = $1 AND name = $2 AND login = $3 AND idsite = $4")
            .bind(plugin)
            .bind(name)
            .bind(login)
            .bind(idsite)
            .execute(&mut **write)
            .await?;
        if value.is_null() {
            continue;
        }
        sqlx::query("INSERT INTO plugin_setting (plugin, name, login, idsite, value) VALUES ($1, $2, $3, $4, $5)")
            .bind(plugin)
            .bind(name)
            .bind(login)
            .bind(idsite)
            .bind(checked_json(value)?)
            .execute(&mut **write)
            .await?;
    }
    Ok(())
}

fn checked_json(value: &Value) -> Result<String> {
    let text = value.to_string();
    if text.len() > VALUE_LIMIT_BYTES {
        return Err(Error::invalid(format!(
            "The value is longer than {VALUE_LIMIT_BYTES} bytes."
        )));
    }
    Ok(text)
}

/// JSON that this crate wrote itself; if it cannot be read, the database was changed by hand.
pub(crate) fn stored_json<T: serde::de::DeserializeOwned>(text: &str) -> Result<T> {
    serde_json::from_str(text).map_err(|error| {
        Error::Storage(format!("a stored value is not what it should be: {error}"))
    })
}
