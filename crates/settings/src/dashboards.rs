//! Dashboards: the widgets that a user arranged.

use serde_json::Value;
use sqlx::{FromRow, Row};

use crate::Settings;
use crate::check;
use crate::db::{DbRow, Touches, Write};
use crate::error::{Error, Result};
use crate::options::stored_json;
use crate::users::{key, stored_login};

/// A dashboard of a user.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Dashboard {
    pub login: String,
    /// From 1 for each user.
    #[serde(rename = "id")]
    pub iddashboard: i64,
    pub name: String,
    /// `{"config":{"layout":"33-33-33"},"columns":[[{"uniqueId":…,"parameters":…,"isHidden":…}]]}`; null for the
    /// default one.
    pub layout: Value,
}

const NAME_LIMIT: usize = 100;
const LAYOUT_LIMIT_BYTES: usize = 256 * 1024;
const DASHBOARDS_OF_A_USER_LIMIT: i64 = 500;

impl FromRow<'_, DbRow> for Dashboard {
    fn from_row(row: &DbRow) -> sqlx::Result<Dashboard> {
        let layout: String = row.try_get("layout")?;
        Ok(Dashboard {
            login: row.try_get("login")?,
            iddashboard: row.try_get("iddashboard")?,
            name: row.try_get("name")?,
            layout: stored_json(&layout).map_err(|error| sqlx::Error::Decode(error.into()))?,
        })
    }
}

impl Settings {
    /// The dashboards of a user, by number. `anonymous` has those that everybody sees.
    pub async fn dashboards(&self, login: &str) -> Result<Vec<Dashboard>> {
        Ok(sqlx::query_as(
            "SELECT dashboard.login, iddashboard, name, layout FROM dashboard \
             JOIN app_user ON app_user.login = dashboard.login WHERE login_key = $1 ORDER BY iddashboard",
        )
        .bind(key(login))
        .fetch_all(self.reader())
        .await?)
    }

    /// One dashboard.
    pub async fn dashboard(&self, login: &str, iddashboard: i64) -> Result<Dashboard> {
        let mut all = self.dashboards(login).await?;
        match all
            .iter()
            .position(|dashboard| dashboard.iddashboard == iddashboard)
        {
            Some(place) => Ok(all.swap_remove(place)),
            None => Err(no_dashboard(iddashboard)),
        }
    }

    /// Adds a dashboard and returns its number.
    pub async fn add_dashboard(&self, login: &str, name: &str, layout: &Value) -> Result<i64> {
        let name = checked_name(name)?;
        let layout = checked_layout(layout)?;
        let mut write = self.begin().await?;
        let login = stored_login(&mut write, login).await?;
        let last: i64 = sqlx::query_scalar(
            "SELECT COALESCE(MAX(iddashboard), 0) FROM dashboard WHERE login = $1",
        )
        .bind(&login)
        .fetch_one(&mut *write)
        .await?;
        if last >= DASHBOARDS_OF_A_USER_LIMIT {
            return Err(Error::Conflict(format!(
                "A user may have at most {DASHBOARDS_OF_A_USER_LIMIT} dashboards."
            )));
        }
        store(&mut write, &login, last + 1, &name, &layout).await?;
        self.commit(write, Touches::Nothing).await?;
        Ok(last + 1)
    }

    /// Stores the arrangement under this number, which may be new (the first change of a default dashboard).
    pub async fn save_dashboard(
        &self,
        login: &str,
        iddashboard: i64,
        name: &str,
        layout: &Value,
    ) -> Result<()> {
        if !(1..=DASHBOARDS_OF_A_USER_LIMIT).contains(&iddashboard) {
            return Err(no_dashboard(iddashboard));
        }
        let name = checked_name(name)?;
        let layout = checked_layout(layout)?;
        let mut write = self.begin().await?;
        let login = stored_login(&mut write, login).await?;
        store(&mut write, &login, iddashboard, &name, &layout).await?;
        self.commit(write, Touches::Nothing).await
    }

    /// Copies a dashboard to another user and returns its number there.
    pub async fn copy_dashboard(
        &self,
        login: &str,
        iddashboard: i64,
        to: &str,
        name: Option<&str>,
    ) -> Result<i64> {
        let original = self.dashboard(login, iddashboard).await?;
        let name = name
            .filter(|name| !name.trim().is_empty())
            .unwrap_or(&original.name);
        self.add_dashboard(to, name, &original.layout).await
    }

    /// Deletes a dashboard.
    pub async fn delete_dashboard(&self, login: &str, iddashboard: i64) -> Result<()> {
        let mut write = self.begin().await?;
        let login = stored_login(&mut write, login).await?;
        let deleted = sqlx::query("DELETE FROM dashboard WHERE login = $1 AND iddashboard = $2")
            .bind(login)
            .bind(iddashboard)
            .execute(&mut *write)
            .await?
            .rows_affected();
        if deleted == 0 {
            return Err(no_dashboard(iddashboard));
        }
        self.commit(write, Touches::Nothing).await
    }
}

async fn store(
    write: &mut Write,
    login: &str,
    iddashboard: i64,
    name: &str,
    layout: &str,
) -> Result<()> {
    sqlx::query(
        "INSERT INTO dashboard (login, iddashboard, name, layout) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (login, iddashboard) DO UPDATE SET name = excluded.name, layout = excluded.layout",
    )
    .bind(login)
    .bind(iddashboard)
    .bind(name)
    .bind(layout)
    .execute(&mut **write)
    .await?;
    Ok(())
}

fn no_dashboard(iddashboard: i64) -> Error {
    Error::NotFound(format!("The dashboard {iddashboard} does not exist."))
}

fn checked_name(name: &str) -> Result<String> {
    check::at_most("The name of a dashboard", name.trim(), NAME_LIMIT)?;
    Ok(name.trim().to_owned())
}

fn checked_layout(layout: &Value) -> Result<String> {
    let text = layout.to_string();
    if text.len() > LAYOUT_LIMIT_BYTES
        || !(layout.is_null() || layout.is_object() || layout.is_array())
    {
        return Err(Error::invalid(format!(
            "A layout is an object or a list of at most {LAYOUT_LIMIT_BYTES} bytes."
        )));
    }
    Ok(text)
}
