//! Who may do what on which site.

use std::collections::BTreeMap;

use model::Role;

use crate::Settings;
use crate::check;
use crate::db::{Touches, Write};
use crate::error::{Error, Result};
use crate::users::{ANONYMOUS, key, refuse_anonymous, stored_login};

/// What one user may do on one site.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct SiteAccess {
    pub login: String,
    pub idsite: i64,
    pub role: Option<Role>,
    /// Fine permissions on top of the role.
    pub capabilities: Vec<String>,
}

type Row = (String, i64, String);

fn grouped(rows: Vec<Row>) -> Vec<SiteAccess> {
    let mut by_place: BTreeMap<(String, i64), SiteAccess> = BTreeMap::new();
    for (login, idsite, access) in rows {
        let entry = by_place
            .entry((login.clone(), idsite))
            .or_insert_with(|| SiteAccess {
                login,
                idsite,
                role: None,
                capabilities: Vec::new(),
            });
        match Role::from_name(&access) {
            Some(role) => entry.role = entry.role.max(Some(role)),
            None => entry.capabilities.push(access),
        }
    }
    by_place.into_values().collect()
}

impl Settings {
    /// Access of all users to all sites, by login and site.
    pub async fn all_access(&self) -> Result<Vec<SiteAccess>> {
        let rows = sqlx::query_as(
            "SELECT login, idsite, access FROM user_access ORDER BY login, idsite, access",
        )
        .fetch_all(self.reader())
        .await?;
        Ok(grouped(rows))
    }

    /// Access of one user, by site.
    pub async fn access_of_user(&self, login: &str) -> Result<Vec<SiteAccess>> {
        let rows = sqlx::query_as(
            "SELECT user_access.login, idsite, access FROM user_access \
             JOIN app_user ON app_user.login = user_access.login \
             WHERE login_key = $1 ORDER BY idsite, access",
        )
        .bind(key(login))
        .fetch_all(self.reader())
        .await?;
        Ok(grouped(rows))
    }

    /// Access to one site, by login.
    pub async fn access_to_site(&self, idsite: i64) -> Result<Vec<SiteAccess>> {
        let rows = sqlx::query_as(
            "SELECT login, idsite, access FROM user_access WHERE idsite = $1 ORDER BY login, access",
        )
        .bind(idsite)
        .fetch_all(self.reader())
        .await?;
        Ok(grouped(rows))
    }

    /// Replaces what a user may do on these sites: a role (none removes all access) and capabilities.
    pub async fn set_access(
        &self,
        login: &str,
        role: Option<Role>,
        capabilities: &[String],
        idsites: &[i64],
    ) -> Result<()> {
        let mut write = self.begin().await?;
        let login = may_have_access(&mut write, login).await?;
        if login == ANONYMOUS && (role > Some(Role::View) || !capabilities.is_empty()) {
            refuse_anonymous(&login)?;
        }
        if role.is_none() && !capabilities.is_empty() {
            return Err(Error::invalid("A capability needs a role on the site."));
        }
        for idsite in idsites {
            crate::sites::must_exist(&mut write, *idsite).await?;
            remove_all(&mut write, &login, *idsite).await?;
            if let Some(role) = role {
                grant(&mut write, &login, *idsite, role.name()).await?;
            }
            for capability in capabilities {
                grant(&mut write, &login, *idsite, checked_capability(capability)?).await?;
            }
        }
        self.commit(write, Touches::Access).await
    }

    /// Adds capabilities; the user must have a role on each site.
    pub async fn add_capabilities(
        &self,
        login: &str,
        capabilities: &[String],
        idsites: &[i64],
    ) -> Result<()> {
        let mut write = self.begin().await?;
        let login = may_have_access(&mut write, login).await?;
        refuse_anonymous(&login)?;
        for idsite in idsites {
            crate::sites::must_exist(&mut write, *idsite).await?;
            let rows: Vec<String> = sqlx::query_scalar(
                "SELECT access FROM user_access WHERE login = $1 AND idsite = $2",
            )
            .bind(&login)
            .bind(idsite)
            .fetch_all(&mut *write)
            .await?;
            if !rows.iter().any(|access| Role::from_name(access).is_some()) {
                return Err(Error::invalid(format!(
                    "The user {login} cannot be granted capabilities for site {idsite} because the user has no role there."
                )));
            }
            for capability in capabilities {
                grant(&mut write, &login, *idsite, checked_capability(capability)?).await?;
            }
        }
        self.commit(write, Touches::Access).await
    }

    /// Removes capabilities.
    pub async fn remove_capabilities(
        &self,
        login: &str,
        capabilities: &[String],
        idsites: &[i64],
    ) -> Result<()> {
        let mut write = self.begin().await?;
        let login = stored_login(&mut write, login).await?;
        for idsite in idsites {
            for capability in capabilities {
                sqlx::query(
                    "DELETE FROM user_access WHERE login = $1 AND idsite = $2 AND access = $3",
                )
                .bind(&login)
                .bind(idsite)
                .bind(checked_capability(capability)?)
                .execute(&mut *write)
                .await?;
            }
        }
        self.commit(write, Touches::Access).await
    }
}

/// A role is no capability: it must not be given by that way.
fn checked_capability(name: &str) -> Result<&str> {
    let plain = name
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if !plain || Role::from_name(name).is_some() || ["noaccess", "superuser"].contains(&name) {
        return Err(Error::invalid(format!(
            "'{}' is not a capability.",
            check::shortened(name)
        )));
    }
    check::filled("A capability", name, 100)?;
    Ok(name)
}

async fn may_have_access(write: &mut Write, login: &str) -> Result<String> {
    let login = stored_login(write, login).await?;
    let superuser: i64 =
        sqlx::query_scalar("SELECT superuser_access FROM app_user WHERE login = $1")
            .bind(&login)
            .fetch_one(&mut **write)
            .await?;
    if superuser != 0 {
        return Err(Error::Forbidden(
            "The user has Super User access already and has permission to access and modify all websites.".into(),
        ));
    }
    Ok(login)
}

async fn remove_all(write: &mut Write, login: &str, idsite: i64) -> Result<()> {
    sqlx::query("DELETE FROM user_access WHERE login = $1 AND idsite = $2")
        .bind(login)
        .bind(idsite)
        .execute(&mut **write)
        .await?;
    Ok(())
}

async fn grant(write: &mut Write, login: &str, idsite: i64, access: &str) -> Result<()> {
    sqlx::query("INSERT INTO user_access (login, idsite, access) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING")
        .bind(login)
        .bind(idsite)
        .bind(access)
        .execute(&mut **write)
        .await?;
    Ok(())
}
