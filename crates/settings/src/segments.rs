//! Stored segments: named conditions on visits.

use md5::{Digest, Md5};
use sqlx::{FromRow, Row};

use crate::Settings;
use crate::check;
use crate::db::{DbRow, Touches, Write, next_id};
use crate::error::{Error, Result};
use crate::secret::to_hex;
use crate::users::key;

/// A stored segment.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Segment {
    pub idsegment: i64,
    pub name: String,
    /// The condition as it was given.
    pub definition: String,
    /// MD5 of the condition without percent signs, by which Matomo names segments.
    pub hash: String,
    /// Who made it; empty when that user is gone.
    pub login: String,
    /// Everybody may use it, else only its author.
    pub enable_all_users: bool,
    /// 0 for all sites.
    pub enable_only_idsite: i64,
    /// In Matomo: computed ahead. Here kept for the API only.
    pub auto_archive: bool,
    pub ts_created: i64,
    pub ts_last_edit: Option<i64>,
    pub deleted: bool,
}

/// The values of a segment that can be given. The caller has checked that the condition can be understood.
#[derive(Clone, Debug, Default)]
pub struct SegmentChange {
    pub name: String,
    pub definition: String,
    pub enable_all_users: bool,
    pub enable_only_idsite: i64,
    pub auto_archive: bool,
}

const NAME_LIMIT: usize = 255;
const DEFINITION_LIMIT: usize = 16_384;

const SELECT_ONE: &str = "SELECT idsegment, name, definition, definition_hash, login, enable_all_users, \
     enable_only_idsite, auto_archive, ts_created, ts_last_edit, deleted FROM segment \
     WHERE deleted = 0 AND idsegment = $1";
const SELECT_ALL: &str = "SELECT idsegment, name, definition, definition_hash, login, enable_all_users, \
     enable_only_idsite, auto_archive, ts_created, ts_last_edit, deleted FROM segment \
     WHERE deleted = 0 ORDER BY name, idsegment";

impl FromRow<'_, DbRow> for Segment {
    fn from_row(row: &DbRow) -> sqlx::Result<Segment> {
        let switch =
            |column: &str| -> sqlx::Result<bool> { Ok(row.try_get::<i64, _>(column)? != 0) };
        Ok(Segment {
            idsegment: row.try_get("idsegment")?,
            name: row.try_get("name")?,
            definition: row.try_get("definition")?,
            hash: row.try_get("definition_hash")?,
            login: row.try_get("login")?,
            enable_all_users: switch("enable_all_users")?,
            enable_only_idsite: row.try_get("enable_only_idsite")?,
            auto_archive: switch("auto_archive")?,
            ts_created: row.try_get("ts_created")?,
            ts_last_edit: row.try_get("ts_last_edit")?,
            deleted: switch("deleted")?,
        })
    }
}

impl Segment {
    /// True when this user may use it on this site (`None`: on all sites).
    pub fn is_visible_to(&self, login: &str, idsite: Option<i64>) -> bool {
        let for_user =
            self.enable_all_users || (!self.login.is_empty() && key(&self.login) == key(login));
        let for_site = self.enable_only_idsite == 0
            || idsite.is_none_or(|idsite| idsite == self.enable_only_idsite);
        for_user && for_site
    }
}

impl Settings {
    /// All segments that are not deleted, by name.
    pub async fn segments(&self) -> Result<Vec<Segment>> {
        Ok(sqlx::query_as(SELECT_ALL).fetch_all(self.reader()).await?)
    }

    /// Those a user may use on a site (`None`: on any).
    pub async fn segments_visible_to(
        &self,
        login: &str,
        idsite: Option<i64>,
    ) -> Result<Vec<Segment>> {
        let mut segments = self.segments().await?;
        segments.retain(|segment| segment.is_visible_to(login, idsite));
        Ok(segments)
    }

    /// One segment, unless it is deleted or never was.
    pub async fn segment(&self, idsegment: i64) -> Result<Option<Segment>> {
        Ok(sqlx::query_as(SELECT_ONE)
            .bind(idsegment)
            .fetch_optional(self.reader())
            .await?)
    }

    /// Adds a segment and returns its id.
    pub async fn add_segment(&self, login: &str, new: SegmentChange, now: i64) -> Result<i64> {
        check_segment(&new)?;
        let mut write = self.begin().await?;
        let login = crate::users::stored_login(&mut write, login).await?;
        must_be_site_or_all(&mut write, new.enable_only_idsite).await?;
        let idsegment = next_id(&mut write, "segment").await?;
        sqlx::query(
            "INSERT INTO segment (idsegment, name, definition, definition_hash, login, enable_all_users, \
             enable_only_idsite, auto_archive, ts_created, ts_last_edit, deleted) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, NULL, 0)",
        )
        .bind(idsegment)
        .bind(&new.name)
        .bind(&new.definition)
        .bind(segment_hash(&new.definition))
        .bind(login)
        .bind(i64::from(new.enable_all_users))
        .bind(new.enable_only_idsite)
        .bind(i64::from(new.auto_archive))
        .bind(now)
        .execute(&mut *write)
        .await?;
        self.commit(write, Touches::Nothing).await?;
        Ok(idsegment)
    }

    /// Replaces all values of a segment.
    pub async fn update_segment(
        &self,
        idsegment: i64,
        change: SegmentChange,
        now: i64,
    ) -> Result<()> {
        check_segment(&change)?;
        let mut write = self.begin().await?;
        must_be_site_or_all(&mut write, change.enable_only_idsite).await?;
        let changed = sqlx::query(
            "UPDATE segment SET name = $2, definition = $3, definition_hash = $4, enable_all_users = $5, \
             enable_only_idsite = $6, auto_archive = $7, ts_last_edit = $8 WHERE idsegment = $1 AND deleted = 0",
        )
        .bind(idsegment)
        .bind(&change.name)
        .bind(&change.definition)
        .bind(segment_hash(&change.definition))
        .bind(i64::from(change.enable_all_users))
        .bind(change.enable_only_idsite)
        .bind(i64::from(change.auto_archive))
        .bind(now)
        .execute(&mut *write)
        .await?
        .rows_affected();
        if changed == 0 {
            return Err(no_segment(idsegment));
        }
        self.commit(write, Touches::Nothing).await
    }

    /// Deletes a segment, unless a scheduled report uses it.
    pub async fn delete_segment(&self, idsegment: i64) -> Result<()> {
        let mut write = self.begin().await?;
        let users: Vec<String> = sqlx::query_scalar(
            "SELECT description FROM scheduled_report WHERE idsegment = $1 AND deleted = 0",
        )
        .bind(idsegment)
        .fetch_all(&mut *write)
        .await?;
        if !users.is_empty() {
            return Err(Error::Conflict(format!(
                "The segment cannot be deleted because these scheduled reports use it: {}.",
                users.join(", ")
            )));
        }
        let deleted =
            sqlx::query("UPDATE segment SET deleted = 1 WHERE idsegment = $1 AND deleted = 0")
                .bind(idsegment)
                .execute(&mut *write)
                .await?
                .rows_affected();
        if deleted == 0 {
            return Err(no_segment(idsegment));
        }
        self.commit(write, Touches::Nothing).await
    }
}

/// Called when a user is deleted: private segments go; shared ones stay without an author, so that nobody who takes the
/// login later becomes it.
pub(crate) async fn author_is_gone(write: &mut Write, login: &str) -> Result<()> {
    sqlx::query("UPDATE segment SET deleted = 1 WHERE login = $1 AND enable_all_users = 0")
        .bind(login)
        .execute(&mut **write)
        .await?;
    sqlx::query("UPDATE segment SET login = '' WHERE login = $1")
        .bind(login)
        .execute(&mut **write)
        .await?;
    Ok(())
}

async fn must_be_site_or_all(write: &mut Write, idsite: i64) -> Result<()> {
    match idsite {
        0 => Ok(()),
        idsite => crate::sites::must_exist(write, idsite).await,
    }
}

fn check_segment(change: &SegmentChange) -> Result<()> {
    check::filled("The name of a segment", change.name.trim(), NAME_LIMIT)?;
    check::filled(
        "The definition of a segment",
        &change.definition,
        DEFINITION_LIMIT,
    )
}

fn no_segment(idsegment: i64) -> Error {
    Error::NotFound(format!("The segment {idsegment} does not exist."))
}

/// The name that Matomo gives a condition: MD5 after decoding percent signs and plus signs once.
pub fn segment_hash(definition: &str) -> String {
    let bytes = definition.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut place = 0;
    while let Some(byte) = bytes.get(place) {
        let coded = bytes
            .get(place + 1..place + 3)
            .and_then(|pair| std::str::from_utf8(pair).ok())
            .filter(|pair| *byte == b'%' && pair.bytes().all(|digit| digit.is_ascii_hexdigit()))
            .and_then(|pair| u8::from_str_radix(pair, 16).ok());
        decoded.push(match (coded, byte) {
            (Some(value), _) => value,
            (None, b'+') => b' ',
            (None, byte) => *byte,
        });
        place += if coded.is_some() { 3 } else { 1 };
    }
    to_hex(&Md5::digest(&decoded))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_are_named_as_by_md5() {
        for (definition, hash) in [
            ("browserCode==ff", "dc3974063a947330c5c32505708acea5"),
            ("browserCode%3D%3Dff", "dc3974063a947330c5c32505708acea5"),
            ("pageUrl=@%252F", "824f5800155f75c6ca11bb77c13fa0c2"),
            ("pageUrl=@%2F", "a2d4ef0e9172b9b7cf8a375f65f3ebdd"),
        ] {
            assert_eq!(segment_hash(definition), hash, "{definition}");
        }
        assert_eq!(segment_hash("a%"), to_hex(&Md5::digest(b"a%")));
        assert_eq!(segment_hash("%g1+%+1"), to_hex(&Md5::digest(b"%g1 % 1")));
    }
}
