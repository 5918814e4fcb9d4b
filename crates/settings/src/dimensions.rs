//! Custom dimensions: named slots of a visit or an action.

use std::sync::Arc;

use sqlx::{FromRow, Row};

use crate::Settings;
use crate::check;
use crate::db::{DbRow, Touches, Write};
use crate::error::{Error, Result};
use crate::options::stored_json;

/// What a dimension describes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    Visit,
    Action,
}

impl Scope {
    /// All scopes, in the order of the API.
    pub const ALL: [Scope; 2] = [Scope::Visit, Scope::Action];

    /// The scope with this name.
    pub fn parse(name: &str) -> Option<Scope> {
        Scope::ALL.into_iter().find(|scope| scope.name() == name)
    }

    /// Its name in the API.
    pub fn name(self) -> &'static str {
        match self {
            Scope::Visit => "visit",
            Scope::Action => "action",
        }
    }

    /// Values may be taken out of addresses and titles.
    pub fn supports_extractions(self) -> bool {
        self == Scope::Action
    }
}

/// Where a value is taken from when none was sent.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Extraction {
    /// `url`, `urlparam` or `action_name`.
    pub dimension: String,
    /// A regular expression with one group; for `urlparam` the name of the parameter.
    pub pattern: String,
}

/// A configured dimension.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Dimension {
    /// From 1 in each site; this is the number in `dimension3=`.
    pub idcustomdimension: i64,
    pub idsite: i64,
    pub name: String,
    /// The slot of its scope, from 1.
    #[serde(rename = "index")]
    pub slot: i64,
    pub scope: Scope,
    pub active: bool,
    pub extractions: Vec<Extraction>,
    pub case_sensitive: bool,
}

/// A dimension to add.
#[derive(Clone, Debug)]
pub struct NewDimension {
    pub name: String,
    pub scope: Scope,
    pub active: bool,
    pub extractions: Vec<Extraction>,
    pub case_sensitive: bool,
}

/// New values of a dimension.
#[derive(Clone, Debug)]
pub struct DimensionChange {
    pub name: String,
    pub active: bool,
    pub extractions: Vec<Extraction>,
    /// `None` leaves it as it is.
    pub case_sensitive: Option<bool>,
}

/// How many slots of a scope a site has and uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScopeSlots {
    pub scope: Scope,
    pub available: i64,
    pub used: i64,
}

const NAME_LIMIT: usize = 100;
const PATTERN_LIMIT: usize = 500;
const EXTRACTIONS_LIMIT: usize = 50;
const DEFAULT_SLOTS: i64 = 5;
const MOST_SLOTS: i64 = 200;

const SELECT_ALL: &str = "SELECT idsite, idcustomdimension, name, slot, scope, active, extractions, case_sensitive \
     FROM custom_dimension ORDER BY idsite, idcustomdimension";

impl FromRow<'_, DbRow> for Dimension {
    fn from_row(row: &DbRow) -> sqlx::Result<Dimension> {
        let scope: String = row.try_get("scope")?;
        let extractions: String = row.try_get("extractions")?;
        Ok(Dimension {
            idcustomdimension: row.try_get("idcustomdimension")?,
            idsite: row.try_get("idsite")?,
            name: row.try_get("name")?,
            slot: row.try_get("slot")?,
            scope: Scope::parse(&scope)
                .ok_or_else(|| sqlx::Error::Decode(format!("unknown scope {scope}").into()))?,
            active: row.try_get::<i64, _>("active")? != 0,
            extractions: stored_json(&extractions)
                .map_err(|error| sqlx::Error::Decode(error.into()))?,
            case_sensitive: row.try_get::<i64, _>("case_sensitive")? != 0,
        })
    }
}

impl Settings {
    /// The dimensions of a site, by id.
    pub async fn dimensions(&self, idsite: i64) -> Result<Vec<Dimension>> {
        let dimensions = self.all_dimensions().await?;
        Ok(dimensions
            .iter()
            .filter(|dimension| dimension.idsite == idsite)
            .cloned()
            .collect())
    }

    /// The dimensions of all sites, by site and id, from memory until one is changed.
    pub async fn all_dimensions(&self) -> Result<Arc<Vec<Dimension>>> {
        let number = || self.current_changes().tracking;
        let read = || async { Ok(sqlx::query_as(SELECT_ALL).fetch_all(self.reader()).await?) };
        self.inner.dimensions.get(number, read).await
    }

    /// Adds a dimension in the first free slot of its scope and returns its id.
    pub async fn add_dimension(&self, idsite: i64, new: NewDimension) -> Result<i64> {
        check_name(&new.name)?;
        let extractions = checked_extractions(&new.extractions, new.scope)?;
        let available = self.dimension_slots(new.scope).await?;
        let mut write = self.begin().await?;
        crate::sites::must_exist(&mut write, idsite).await?;
        let slot = free_slot(&mut write, idsite, new.scope, available).await?;
        let last: i64 = sqlx::query_scalar(
            "SELECT COALESCE(MAX(idcustomdimension), 0) FROM custom_dimension WHERE idsite = $1",
        )
        .bind(idsite)
        .fetch_one(&mut *write)
        .await?;
        sqlx::query(
            "INSERT INTO custom_dimension (idsite, idcustomdimension, name, slot, scope, active, extractions, \
             case_sensitive) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        )
        .bind(idsite)
        .bind(last + 1)
        .bind(new.name)
        .bind(slot)
        .bind(new.scope.name())
        .bind(i64::from(new.active))
        .bind(extractions)
        .bind(i64::from(new.case_sensitive))
        .execute(&mut *write)
        .await?;
        self.commit(write, Touches::Tracking).await?;
        Ok(last + 1)
    }

    /// Changes a dimension. Its scope and slot stay; it cannot be deleted, only switched off.
    pub async fn update_dimension(
        &self,
        idsite: i64,
        idcustomdimension: i64,
        change: DimensionChange,
    ) -> Result<()> {
        check_name(&change.name)?;
        let mut write = self.begin().await?;
        let known: Option<(String, i64)> = sqlx::query_as(
            "SELECT scope, case_sensitive FROM custom_dimension WHERE idsite = $1 AND idcustomdimension = $2",
        )
        .bind(idsite)
        .bind(idcustomdimension)
        .fetch_optional(&mut *write)
        .await?;
        let no_dimension = || {
            Error::NotFound(format!(
                "The custom dimension {idcustomdimension} of website {idsite} does not exist."
            ))
        };
        let (scope, case_sensitive) = known.ok_or_else(no_dimension)?;
        let scope = Scope::parse(&scope).ok_or_else(no_dimension)?;
        sqlx::query(
            "UPDATE custom_dimension SET name = $3, active = $4, extractions = $5, case_sensitive = $6 \
             WHERE idsite = $1 AND idcustomdimension = $2",
        )
        .bind(idsite)
        .bind(idcustomdimension)
        .bind(change.name)
        .bind(i64::from(change.active))
        .bind(checked_extractions(&change.extractions, scope)?)
        .bind(change.case_sensitive.map_or(case_sensitive, i64::from))
        .execute(&mut *write)
        .await?;
        self.commit(write, Touches::Tracking).await
    }

    /// Slots of each scope of a site.
    pub async fn dimension_scopes(&self, idsite: i64) -> Result<Vec<ScopeSlots>> {
        let dimensions = self.dimensions(idsite).await?;
        let mut scopes = Vec::with_capacity(Scope::ALL.len());
        for scope in Scope::ALL {
            scopes.push(ScopeSlots {
                scope,
                available: self.dimension_slots(scope).await?,
                used: dimensions
                    .iter()
                    .filter(|dimension| dimension.scope == scope)
                    .count() as i64,
            });
        }
        Ok(scopes)
    }

    /// Slots of a scope in every site.
    pub async fn dimension_slots(&self, scope: Scope) -> Result<i64> {
        let stored = self.option(slots_option(scope)).await?;
        Ok(stored
            .and_then(|slots| slots.parse().ok())
            .unwrap_or(DEFAULT_SLOTS))
    }

    /// Sets the slots of a scope; there can only be more than before.
    pub async fn set_dimension_slots(&self, scope: Scope, slots: i64) -> Result<()> {
        let before = self.dimension_slots(scope).await?;
        if !(before..=MOST_SLOTS).contains(&slots) {
            return Err(Error::invalid(format!(
                "There can be {before} to {MOST_SLOTS} slots."
            )));
        }
        self.set_option(slots_option(scope), &slots.to_string())
            .await
    }
}

fn slots_option(scope: Scope) -> &'static str {
    match scope {
        Scope::Visit => "CustomDimensions.slots.visit",
        Scope::Action => "CustomDimensions.slots.action",
    }
}

async fn free_slot(write: &mut Write, idsite: i64, scope: Scope, available: i64) -> Result<i64> {
    let used: Vec<i64> =
        sqlx::query_scalar("SELECT slot FROM custom_dimension WHERE idsite = $1 AND scope = $2")
            .bind(idsite)
            .bind(scope.name())
            .fetch_all(&mut **write)
            .await?;
    (1..=available)
        .find(|slot| !used.contains(slot))
        .ok_or_else(|| {
            Error::Conflict(format!(
                "All Custom Dimensions for website {idsite} in scope {} are already used.",
                scope.name()
            ))
        })
}

fn check_name(name: &str) -> Result<()> {
    check::filled("The name of a custom dimension", name.trim(), NAME_LIMIT)?;
    if name
        .chars()
        .any(|char| "./\\&<>".contains(char) || char.is_control())
    {
        return Err(Error::invalid(
            "The name of a custom dimension must not have any of the characters: . / \\ & < >",
        ));
    }
    Ok(())
}

fn checked_extractions(extractions: &[Extraction], scope: Scope) -> Result<String> {
    if !extractions.is_empty() && !scope.supports_extractions() {
        return Err(Error::invalid(format!(
            "Extractions cannot be used in scope '{}'.",
            scope.name()
        )));
    }
    if extractions.len() > EXTRACTIONS_LIMIT {
        return Err(Error::invalid(format!(
            "There can be at most {EXTRACTIONS_LIMIT} extractions."
        )));
    }
    for extraction in extractions {
        check::filled(
            "The pattern of an extraction",
            &extraction.pattern,
            PATTERN_LIMIT,
        )?;
        match extraction.dimension.as_str() {
            "urlparam" => {}
            "url" | "action_name" => {
                if extraction.pattern.matches('(').count() != 1
                    || extraction.pattern.matches(')').count() != 1
                {
                    return Err(Error::invalid(
                        "You need to group exactly one part of the regular expression inside round brackets.",
                    ));
                }
                crate::goals::check_expression(&extraction.pattern)?;
            }
            other => {
                return Err(Error::invalid(format!(
                    "Invalid extraction dimension '{}'; use url, urlparam or action_name.",
                    check::shortened(other)
                )));
            }
        }
    }
    serde_json::to_string(extractions)
        .map_err(|error| Error::Storage(format!("extractions cannot be written: {error}")))
}
