//! Annotations: notes on days of a site.

use sqlx::{FromRow, Row};

use crate::Settings;
use crate::db::{DbRow, Touches};
use crate::error::{Error, Result};
use crate::users::stored_login;

/// A note on a day.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Annotation {
    #[serde(skip)]
    pub idsite: i64,
    /// `2024-05-31`
    pub date: String,
    /// At most 255 characters.
    pub note: String,
    pub starred: bool,
    /// Its author.
    #[serde(rename = "user")]
    pub login: String,
    /// From 0 in each site.
    #[serde(rename = "idNote")]
    pub idnote: i64,
}

/// New values of a note; `None` leaves a value as it is.
#[derive(Clone, Debug, Default)]
pub struct AnnotationChange {
    pub date: Option<String>,
    pub note: Option<String>,
    pub starred: Option<bool>,
}

const NOTE_LIMIT: usize = 255;
const NOTES_OF_A_SITE_LIMIT: i64 = 100_000;

const SELECT_ONE: &str = "SELECT idsite, idnote, note_date, note, starred, login FROM annotation WHERE idsite = $1 AND idnote = $2";
const SELECT_BETWEEN: &str = "SELECT idsite, idnote, note_date, note, starred, login FROM annotation \
     WHERE idsite = $1 AND note_date >= $2 AND note_date <= $3 ORDER BY note_date, idnote";

impl FromRow<'_, DbRow> for Annotation {
    fn from_row(row: &DbRow) -> sqlx::Result<Annotation> {
        Ok(Annotation {
            idsite: row.try_get("idsite")?,
            date: row.try_get("note_date")?,
            note: row.try_get("note")?,
            starred: row.try_get::<i64, _>("starred")? != 0,
            login: row.try_get("login")?,
            idnote: row.try_get("idnote")?,
        })
    }
}

impl Settings {
    /// Notes of a site, by day and number; `days` are the first and the last day, both included.
    pub async fn annotations(
        &self,
        idsite: i64,
        days: Option<(&str, &str)>,
    ) -> Result<Vec<Annotation>> {
        let (first, last) = match days {
            Some((first, last)) => (checked_date(first)?, checked_date(last)?),
            None => ("0000-00-00".into(), "9999-99-99".into()),
        };
        Ok(sqlx::query_as(SELECT_BETWEEN)
            .bind(idsite)
            .bind(first)
            .bind(last)
            .fetch_all(self.reader())
            .await?)
    }

    /// One note.
    pub async fn annotation(&self, idsite: i64, idnote: i64) -> Result<Annotation> {
        sqlx::query_as(SELECT_ONE)
            .bind(idsite)
            .bind(idnote)
            .fetch_optional(self.reader())
            .await?
            .ok_or_else(|| no_note(idsite, idnote))
    }

    /// Adds a note.
    pub async fn add_annotation(
        &self,
        idsite: i64,
        login: &str,
        date: &str,
        note: &str,
        starred: bool,
    ) -> Result<Annotation> {
        let date = checked_date(date)?;
        let note = shortened_note(note)?;
        let mut write = self.begin().await?;
        crate::sites::must_exist(&mut write, idsite).await?;
        let login = stored_login(&mut write, login).await?;
        let next: i64 = sqlx::query_scalar(
            "SELECT COALESCE(MAX(idnote), -1) + 1 FROM annotation WHERE idsite = $1",
        )
        .bind(idsite)
        .fetch_one(&mut *write)
        .await?;
        if next >= NOTES_OF_A_SITE_LIMIT {
            return Err(Error::Conflict(format!(
                "A site may have at most {NOTES_OF_A_SITE_LIMIT} annotations."
            )));
        }
        let annotation = Annotation {
            idsite,
            date,
            note,
            starred,
            login,
            idnote: next,
        };
        sqlx::query(
            "INSERT INTO annotation (idsite, idnote, note_date, note, starred, login) VALUES ($1, $2, $3, $4, $5, $6)",
        )
        .bind(idsite)
        .bind(next)
        .bind(&annotation.date)
        .bind(&annotation.note)
        .bind(i64::from(starred))
        .bind(&annotation.login)
        .execute(&mut *write)
        .await?;
        self.commit(write, Touches::Nothing).await?;
        Ok(annotation)
    }

    /// Changes what is given and returns the note as it is then.
    pub async fn update_annotation(
        &self,
        idsite: i64,
        idnote: i64,
        change: AnnotationChange,
    ) -> Result<Annotation> {
        let mut write = self.begin().await?;
        let mut annotation: Annotation = sqlx::query_as(SELECT_ONE)
            .bind(idsite)
            .bind(idnote)
            .fetch_optional(&mut *write)
            .await?
            .ok_or_else(|| no_note(idsite, idnote))?;
        if let Some(date) = change.date {
            annotation.date = checked_date(&date)?;
        }
        if let Some(note) = change.note {
            annotation.note = shortened_note(&note)?;
        }
        annotation.starred = change.starred.unwrap_or(annotation.starred);
        sqlx::query("UPDATE annotation SET note_date = $3, note = $4, starred = $5 WHERE idsite = $1 AND idnote = $2")
            .bind(idsite)
            .bind(idnote)
            .bind(&annotation.date)
            .bind(&annotation.note)
            .bind(i64::from(annotation.starred))
            .execute(&mut *write)
            .await?;
        self.commit(write, Touches::Nothing).await?;
        Ok(annotation)
    }

    /// Deletes a note.
    pub async fn delete_annotation(&self, idsite: i64, idnote: i64) -> Result<()> {
        let mut write = self.begin().await?;
        let deleted = sqlx::query("DELETE FROM annotation WHERE idsite = $1 AND idnote = $2")
            .bind(idsite)
            .bind(idnote)
            .execute(&mut *write)
            .await?
            .rows_affected();
        if deleted == 0 {
            return Err(no_note(idsite, idnote));
        }
        self.commit(write, Touches::Nothing).await
    }

    /// Deletes all notes of a site; returns how many.
    pub async fn delete_annotations(&self, idsite: i64) -> Result<u64> {
        let mut write = self.begin().await?;
        let deleted = sqlx::query("DELETE FROM annotation WHERE idsite = $1")
            .bind(idsite)
            .execute(&mut *write)
            .await?
            .rows_affected();
        self.commit(write, Touches::Nothing).await?;
        Ok(deleted)
    }
}

fn no_note(idsite: i64, idnote: i64) -> Error {
    Error::NotFound(format!(
        "There is no note with id '{idnote}' for site with id '{idsite}'."
    ))
}

fn checked_date(text: &str) -> Result<String> {
    match text.parse::<jiff::civil::Date>() {
        Ok(date) if date.to_string() == text => Ok(date.to_string()),
        _ => Err(Error::invalid(
            "The date of an annotation is written as 2024-05-31.",
        )),
    }
}

/// Matomo keeps 255 characters and marks what it cut.
fn shortened_note(note: &str) -> Result<String> {
    let note = note.trim();
    if note.is_empty() {
        return Err(Error::invalid("An annotation must not be empty."));
    }
    if note.chars().count() <= NOTE_LIMIT {
        return Ok(note.to_owned());
    }
    let mut short: String = note.chars().take(NOTE_LIMIT - 1).collect();
    short.push('…');
    Ok(short)
}
