//! Sites: what is measured, and by which rules.

use std::sync::Arc;

use sqlx::{FromRow, Row};

use crate::Settings;
use crate::check;
use crate::db::{DbRow, Touches, Write, next_id};
use crate::error::{Error, Result};

/// A measured website, app or intranet.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Site {
    /// From 1, never given twice.
    pub idsite: i64,
    /// At most 90 characters.
    pub name: String,
    /// All addresses; the first is the main one. Empty for some apps.
    pub urls: Vec<String>,
    /// `website`, `mobileapp`, `intranet`, `rollup`.
    #[serde(rename = "type")]
    pub site_type: String,
    /// A free label for grouping, or empty.
    pub group: String,
    /// A zone name or a fixed offset such as `UTC+5.5`.
    pub timezone: String,
    /// Three letters.
    pub currency: String,
    /// Orders and carts are recorded.
    pub ecommerce: bool,
    /// Site searches are recorded.
    pub sitesearch: bool,
    /// Own parameter names of the search word; empty means the global ones.
    pub sitesearch_keyword_parameters: Vec<String>,
    /// Own parameter names of the search category.
    pub sitesearch_category_parameters: Vec<String>,
    /// Ranges whose visits are not recorded.
    pub excluded_ips: Vec<String>,
    /// Query parameters (names or `/regular expressions/`) removed from addresses.
    pub excluded_parameters: Vec<String>,
    /// Parts of (or `/regular expressions/` for) user agents that are not recorded.
    pub excluded_user_agents: Vec<String>,
    /// Hosts and addresses that are not counted as referrers.
    pub excluded_referrers: Vec<String>,
    /// Only addresses of this site are recorded.
    pub exclude_unknown_urls: bool,
    /// 0 the global setting, 1 yes, 2 no.
    pub keep_url_fragment: i64,
    /// Who made the site.
    pub creator_login: String,
    /// When it was made; reports start then.
    pub ts_created: i64,
}

impl Site {
    /// The first address, or nothing.
    pub fn main_url(&self) -> &str {
        self.urls.first().map_or("", String::as_str)
    }
}

/// What can be given for a new site. `None` means the default.
#[derive(Clone, Debug, Default)]
pub struct NewSite {
    pub name: String,
    pub creator_login: String,
    /// Defaults to `now`.
    pub ts_created: Option<i64>,
    pub values: SiteChange,
}

/// New values of a site; `None` leaves a value as it is.
#[derive(Clone, Debug, Default)]
pub struct SiteChange {
    pub name: Option<String>,
    pub urls: Option<Vec<String>>,
    pub site_type: Option<String>,
    pub group: Option<String>,
    pub timezone: Option<String>,
    pub currency: Option<String>,
    pub ecommerce: Option<bool>,
    pub sitesearch: Option<bool>,
    pub sitesearch_keyword_parameters: Option<Vec<String>>,
    pub sitesearch_category_parameters: Option<Vec<String>>,
    pub excluded_ips: Option<Vec<String>>,
    pub excluded_parameters: Option<Vec<String>>,
    pub excluded_user_agents: Option<Vec<String>>,
    pub excluded_referrers: Option<Vec<String>>,
    pub exclude_unknown_urls: Option<bool>,
    pub keep_url_fragment: Option<i64>,
    pub ts_created: Option<i64>,
}

const NAME_LIMIT: usize = 90;
const URLS_LIMIT: usize = 1000;

const SELECT_ALL: &str = "SELECT idsite, name, site_type, site_group, timezone, currency, ecommerce, sitesearch, \
     sitesearch_keyword_parameters, sitesearch_category_parameters, excluded_ips, excluded_parameters, \
     excluded_user_agents, excluded_referrers, exclude_unknown_urls, keep_url_fragment, creator_login, ts_created \
     FROM site ORDER BY idsite";
const SELECT_ONE: &str = "SELECT idsite, name, site_type, site_group, timezone, currency, ecommerce, sitesearch, \
     sitesearch_keyword_parameters, sitesearch_category_parameters, excluded_ips, excluded_parameters, \
     excluded_user_agents, excluded_referrers, exclude_unknown_urls, keep_url_fragment, creator_login, ts_created \
     FROM site WHERE idsite = $1";

impl FromRow<'_, DbRow> for Site {
    fn from_row(row: &DbRow) -> sqlx::Result<Site> {
        let list = |column: &str| -> sqlx::Result<Vec<String>> {
            Ok(check::split_list(row.try_get(column)?))
        };
        let switch =
            |column: &str| -> sqlx::Result<bool> { Ok(row.try_get::<i64, _>(column)? != 0) };
        Ok(Site {
            idsite: row.try_get("idsite")?,
            name: row.try_get("name")?,
            urls: Vec::new(),
            site_type: row.try_get("site_type")?,
            group: row.try_get("site_group")?,
            timezone: row.try_get("timezone")?,
            currency: row.try_get("currency")?,
            ecommerce: switch("ecommerce")?,
            sitesearch: switch("sitesearch")?,
            sitesearch_keyword_parameters: list("sitesearch_keyword_parameters")?,
            sitesearch_category_parameters: list("sitesearch_category_parameters")?,
            excluded_ips: list("excluded_ips")?,
            excluded_parameters: list("excluded_parameters")?,
            excluded_user_agents: list("excluded_user_agents")?,
            excluded_referrers: list("excluded_referrers")?,
            exclude_unknown_urls: switch("exclude_unknown_urls")?,
            keep_url_fragment: row.try_get("keep_url_fragment")?,
            creator_login: row.try_get("creator_login")?,
            ts_created: row.try_get("ts_created")?,
        })
    }
}

impl Settings {
    /// All sites by id, from memory until one is changed.
    pub async fn sites(&self) -> Result<Arc<Vec<Site>>> {
        let number = || self.current_changes().tracking;
        self.inner.sites.get(number, || self.read_sites()).await
    }

    async fn read_sites(&self) -> Result<Vec<Site>> {
        // One transaction, so that addresses belong to the sites read.
        let mut read = self.reader().begin().await?;
        let mut sites: Vec<Site> = sqlx::query_as(SELECT_ALL).fetch_all(&mut *read).await?;
        let urls: Vec<(i64, String)> =
            sqlx::query_as("SELECT idsite, url FROM site_url ORDER BY idsite, url_position")
                .fetch_all(&mut *read)
                .await?;
        read.commit().await?;
        for (idsite, url) in urls {
            if let Ok(place) = sites.binary_search_by_key(&idsite, |site| site.idsite) {
                sites[place].urls.push(url);
            }
        }
        Ok(sites)
    }

    /// One site.
    pub async fn site(&self, idsite: i64) -> Result<Site> {
        let sites = self.sites().await?;
        match sites.binary_search_by_key(&idsite, |site| site.idsite) {
            Ok(place) => Ok(sites[place].clone()),
            Err(_) => Err(Error::no_site(idsite)),
        }
    }

    /// Ids of sites that have one of these addresses, compared as they are kept.
    pub async fn site_ids_by_url(&self, urls: &[String]) -> Result<Vec<i64>> {
        let sites = self.sites().await?;
        let has_one = |site: &&Site| site.urls.iter().any(|url| urls.contains(url));
        Ok(sites
            .iter()
            .filter(has_one)
            .map(|site| site.idsite)
            .collect())
    }

    /// Adds a site and returns its id.
    pub async fn add_site(&self, new: NewSite, now: i64) -> Result<i64> {
        let defaults = self.global_site_defaults().await?;
        let mut site = Site {
            idsite: 0,
            name: String::new(),
            urls: Vec::new(),
            site_type: "website".into(),
            group: String::new(),
            timezone: defaults.timezone,
            currency: defaults.currency,
            ecommerce: false,
            sitesearch: true,
            sitesearch_keyword_parameters: Vec::new(),
            sitesearch_category_parameters: Vec::new(),
            excluded_ips: Vec::new(),
            excluded_parameters: Vec::new(),
            excluded_user_agents: Vec::new(),
            excluded_referrers: Vec::new(),
            exclude_unknown_urls: false,
            keep_url_fragment: 0,
            creator_login: new.creator_login,
            ts_created: new.ts_created.unwrap_or(now),
        };
        let mut change = new.values;
        change.name = Some(new.name);
        apply(&mut site, change)?;
        let mut write = self.begin().await?;
        site.idsite = next_id(&mut write, "site").await?;
        insert(&mut write, &site).await?;
        self.commit(write, Touches::Both).await?;
        Ok(site.idsite)
    }

    /// Changes what is given.
    pub async fn update_site(&self, idsite: i64, change: SiteChange) -> Result<()> {
        let mut write = self.begin().await?;
        let mut site = read_in(&mut write, idsite).await?;
        apply(&mut site, change)?;
        update(&mut write, &site).await?;
        self.commit(write, Touches::Tracking).await
    }

    /// Replaces the addresses other than the main one; returns how many there are then.
    pub async fn set_site_alias_urls(&self, idsite: i64, aliases: &[String]) -> Result<usize> {
        let mut write = self.begin().await?;
        let mut site = read_in(&mut write, idsite).await?;
        site.urls.truncate(1);
        let mut urls = site.urls.clone();
        urls.extend_from_slice(aliases);
        site.urls = clean_urls(&urls)?;
        replace_urls(&mut write, &site).await?;
        self.commit(write, Touches::Tracking).await?;
        Ok(site.urls.len().saturating_sub(1))
    }

    /// Adds addresses; returns how many were new.
    pub async fn add_site_alias_urls(&self, idsite: i64, aliases: &[String]) -> Result<usize> {
        let mut write = self.begin().await?;
        let mut site = read_in(&mut write, idsite).await?;
        let before = site.urls.len();
        let mut urls = site.urls.clone();
        urls.extend_from_slice(aliases);
        site.urls = clean_urls(&urls)?;
        replace_urls(&mut write, &site).await?;
        self.commit(write, Touches::Tracking).await?;
        Ok(site.urls.len().saturating_sub(before))
    }

    /// Moves the beginning of a site's data back when data from before is recorded.
    pub async fn site_has_data_since(&self, idsite: i64, first_second: i64) -> Result<()> {
        let mut write = self.begin().await?;
        let changed =
            sqlx::query("UPDATE site SET ts_created = $2 WHERE idsite = $1 AND ts_created > $2")
                .bind(idsite)
                .bind(first_second)
                .execute(&mut *write)
                .await?
                .rows_affected();
        let touches = if changed > 0 {
            Touches::Tracking
        } else {
            Touches::Nothing
        };
        self.commit(write, touches).await
    }

    /// Deletes a site with its goals, dimensions and access. The last site stays.
    pub async fn delete_site(&self, idsite: i64) -> Result<()> {
        let mut write = self.begin().await?;
        let deleted = sqlx::query("DELETE FROM site WHERE idsite = $1")
            .bind(idsite)
            .execute(&mut *write)
            .await?
            .rows_affected();
        if deleted == 0 {
            return Err(Error::no_site(idsite));
        }
        let left: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM site")
            .fetch_one(&mut *write)
            .await?;
        if left == 0 {
            return Err(Error::Forbidden(
                "It is not possible to delete this website as it is the only registered website. Add a new website \
                 first, then delete this one."
                    .into(),
            ));
        }
        for statement in [
            "DELETE FROM plugin_setting WHERE idsite = $1",
            "DELETE FROM salt WHERE idsite = $1 AND kind = 'day'",
            "DELETE FROM tracking_failure WHERE idsite = $1",
            "UPDATE segment SET deleted = 1 WHERE enable_only_idsite = $1",
        ] {
            sqlx::query(statement)
                .bind(idsite)
                .execute(&mut *write)
                .await?;
        }
        self.commit(write, Touches::Both).await
    }

    /// Gives all sites of one group another group; true when there was one.
    pub async fn rename_site_group(&self, old: &str, new: &str) -> Result<bool> {
        let new = new.trim();
        check::at_most("A group", new, GROUP_LIMIT)?;
        let mut write = self.begin().await?;
        let changed = sqlx::query("UPDATE site SET site_group = $2 WHERE site_group = $1")
            .bind(old)
            .bind(new)
            .execute(&mut *write)
            .await?
            .rows_affected();
        self.commit(write, Touches::Tracking).await?;
        Ok(changed > 0)
    }
}

const GROUP_LIMIT: usize = 250;

fn apply(site: &mut Site, change: SiteChange) -> Result<()> {
    if let Some(name) = change.name {
        let name = name.trim();
        check::filled("The website name", name, NAME_LIMIT)?;
        site.name = name.to_owned();
    }
    if let Some(site_type) = change.site_type {
        check::filled("The type", &site_type, 255)?;
        if !site_type
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte))
        {
            return Err(Error::invalid(
                "The type may only have letters, digits, '-' and '_'.",
            ));
        }
        site.site_type = site_type;
    }
    if let Some(urls) = change.urls {
        let urls = clean_urls(&urls)?;
        if urls.is_empty() && site.site_type != "mobileapp" {
            return Err(Error::invalid(
                "You must specify at least one URL for the site.",
            ));
        }
        site.urls = urls;
    }
    if let Some(group) = change.group {
        check::at_most("A group", group.trim(), GROUP_LIMIT)?;
        site.group = group.trim().to_owned();
    }
    if let Some(timezone) = change.timezone {
        check::timezone(&timezone)?;
        site.timezone = timezone;
    }
    if let Some(currency) = change.currency {
        check::currency(&currency)?;
        site.currency = currency;
    }
    if let Some(keep) = change.keep_url_fragment {
        if !(0..=2).contains(&keep) {
            return Err(Error::invalid("keepURLFragments must be 0, 1 or 2."));
        }
        site.keep_url_fragment = keep;
    }
    set_if(&mut site.ecommerce, change.ecommerce);
    set_if(&mut site.sitesearch, change.sitesearch);
    set_if(&mut site.exclude_unknown_urls, change.exclude_unknown_urls);
    set_if(&mut site.ts_created, change.ts_created);
    if let Some(ranges) = change.excluded_ips {
        check::checked_ip_list(&ranges)?;
        site.excluded_ips = check::list(&ranges);
    }
    for (what, kept, given) in [
        (
            "excludedQueryParameters",
            &mut site.excluded_parameters,
            change.excluded_parameters,
        ),
        (
            "excludedUserAgents",
            &mut site.excluded_user_agents,
            change.excluded_user_agents,
        ),
        (
            "excludedReferrers",
            &mut site.excluded_referrers,
            change.excluded_referrers,
        ),
        (
            "searchKeywordParameters",
            &mut site.sitesearch_keyword_parameters,
            change.sitesearch_keyword_parameters,
        ),
        (
            "searchCategoryParameters",
            &mut site.sitesearch_category_parameters,
            change.sitesearch_category_parameters,
        ),
    ] {
        if let Some(given) = given {
            check::checked_list(what, &given)?;
            *kept = check::list(&given);
        }
    }
    Ok(())
}

fn set_if<T>(kept: &mut T, given: Option<T>) {
    if let Some(given) = given {
        *kept = given;
    }
}

fn clean_urls(given: &[String]) -> Result<Vec<String>> {
    if given.len() > URLS_LIMIT {
        return Err(Error::invalid(format!(
            "A site may have at most {URLS_LIMIT} URLs."
        )));
    }
    let mut urls: Vec<String> = Vec::with_capacity(given.len());
    for url in given.iter().filter(|url| !url.trim().is_empty()) {
        let url = check::site_url(url)?;
        if !urls.contains(&url) {
            urls.push(url);
        }
    }
    Ok(urls)
}

pub(crate) async fn must_exist(write: &mut Write, idsite: i64) -> Result<()> {
    let found: Option<i64> = sqlx::query_scalar("SELECT idsite FROM site WHERE idsite = $1")
        .bind(idsite)
        .fetch_optional(&mut **write)
        .await?;
    found.map(|_| ()).ok_or_else(|| Error::no_site(idsite))
}

async fn read_in(write: &mut Write, idsite: i64) -> Result<Site> {
    let mut site: Site = sqlx::query_as(SELECT_ONE)
        .bind(idsite)
        .fetch_optional(&mut **write)
        .await?
        .ok_or_else(|| Error::no_site(idsite))?;
    site.urls =
        sqlx::query_scalar("SELECT url FROM site_url WHERE idsite = $1 ORDER BY url_position")
            .bind(idsite)
            .fetch_all(&mut **write)
            .await?;
    Ok(site)
}

async fn insert(write: &mut Write, site: &Site) -> Result<()> {
    const INSERT: &str = "INSERT INTO site (name, site_type, site_group, timezone, currency, ecommerce, sitesearch, \
         sitesearch_keyword_parameters, sitesearch_category_parameters, excluded_ips, excluded_parameters, \
         excluded_user_agents, excluded_referrers, exclude_unknown_urls, keep_url_fragment, creator_login, \
         ts_created, idsite) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)";
    bind_values(INSERT, site).execute(&mut **write).await?;
    replace_urls(write, site).await
}

async fn update(write: &mut Write, site: &Site) -> Result<()> {
    const UPDATE: &str = "UPDATE site SET name = $1, site_type = $2, site_group = $3, timezone = $4, currency = $5, \
         ecommerce = $6, sitesearch = $7, sitesearch_keyword_parameters = $8, sitesearch_category_parameters = $9, \
         excluded_ips = $10, excluded_parameters = $11, excluded_user_agents = $12, excluded_referrers = $13, \
         exclude_unknown_urls = $14, keep_url_fragment = $15, creator_login = $16, ts_created = $17 \
         WHERE idsite = $18";
    bind_values(UPDATE, site).execute(&mut **write).await?;
    replace_urls(write, site).await
}

type Query = sqlx::query::Query<'static, crate::db::Db, sqlx::sqlite::SqliteArguments>;

/// Binds the values in the order that both statements number them.
fn bind_values(statement: &'static str, site: &Site) -> Query {
    sqlx::query(statement)
        .bind(site.name.clone())
        .bind(site.site_type.clone())
        .bind(site.group.clone())
        .bind(site.timezone.clone())
        .bind(site.currency.clone())
        .bind(i64::from(site.ecommerce))
        .bind(i64::from(site.sitesearch))
        .bind(site.sitesearch_keyword_parameters.join(","))
        .bind(site.sitesearch_category_parameters.join(","))
        .bind(site.excluded_ips.join(","))
        .bind(site.excluded_parameters.join(","))
        .bind(site.excluded_user_agents.join(","))
        .bind(site.excluded_referrers.join(","))
        .bind(i64::from(site.exclude_unknown_urls))
        .bind(site.keep_url_fragment)
        .bind(site.creator_login.clone())
        .bind(site.ts_created)
        .bind(site.idsite)
}

async fn replace_urls(write: &mut Write, site: &Site) -> Result<()> {
    sqlx::query("DELETE FROM site_url WHERE idsite = $1")
        .bind(site.idsite)
        .execute(&mut **write)
        .await?;
    for (position, url) in site.urls.iter().enumerate() {
        sqlx::query("INSERT INTO site_url (idsite, url_position, url) VALUES ($1, $2, $3)")
            .bind(site.idsite)
            .bind(position as i64)
            .bind(url)
            .execute(&mut **write)
            .await?;
    }
    Ok(())
}
