//! Goals of a site.

use std::sync::Arc;

use sqlx::{FromRow, Row};

use crate::Settings;
use crate::check;
use crate::db::{DbRow, Touches, Write};
use crate::error::{Error, Result};

/// Something a visitor should do.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Goal {
    pub idsite: i64,
    /// From 1 in each site, never given twice.
    pub idgoal: i64,
    pub name: String,
    pub description: String,
    /// `url`, `title`, `file`, `external_website`, `event_category`, `event_action`, `event_name`, `visit_duration`,
    /// `visit_nb_pageviews` or `manually`.
    pub match_attribute: String,
    /// Empty for `manually`, as the next two.
    pub pattern: String,
    /// `contains`, `exact`, `regex` or `greater_than`.
    pub pattern_type: String,
    pub case_sensitive: bool,
    /// More than one conversion a visit.
    pub allow_multiple: bool,
    pub revenue: f64,
    /// The value of the event is the revenue.
    pub event_value_as_revenue: bool,
    pub deleted: bool,
}

/// All values of a goal that can be given.
#[derive(Clone, Debug, Default)]
pub struct GoalChange {
    pub name: String,
    pub description: String,
    pub match_attribute: String,
    pub pattern: String,
    pub pattern_type: String,
    pub case_sensitive: bool,
    pub allow_multiple: bool,
    pub revenue: f64,
    pub event_value_as_revenue: bool,
}

const NAME_LIMIT: usize = 50;
const TEXT_LIMIT: usize = 255;
const GOALS_OF_A_SITE_LIMIT: i64 = 10_000;

const SELECT_ALL: &str = "SELECT idsite, idgoal, name, description, match_attribute, pattern, pattern_type, \
     case_sensitive, allow_multiple, revenue, event_value_as_revenue, deleted FROM goal \
     WHERE deleted = 0 ORDER BY idsite, idgoal";

impl FromRow<'_, DbRow> for Goal {
    fn from_row(row: &DbRow) -> sqlx::Result<Goal> {
        let switch =
            |column: &str| -> sqlx::Result<bool> { Ok(row.try_get::<i64, _>(column)? != 0) };
        Ok(Goal {
            idsite: row.try_get("idsite")?,
            idgoal: row.try_get("idgoal")?,
            name: row.try_get("name")?,
            description: row.try_get("description")?,
            match_attribute: row.try_get("match_attribute")?,
            pattern: row.try_get("pattern")?,
            pattern_type: row.try_get("pattern_type")?,
            case_sensitive: switch("case_sensitive")?,
            allow_multiple: switch("allow_multiple")?,
            revenue: row.try_get("revenue")?,
            event_value_as_revenue: switch("event_value_as_revenue")?,
            deleted: switch("deleted")?,
        })
    }
}

impl Settings {
    /// The goals of a site that are not deleted, by id.
    pub async fn goals(&self, idsite: i64) -> Result<Vec<Goal>> {
        let goals = self.all_goals().await?;
        Ok(goals
            .iter()
            .filter(|goal| goal.idsite == idsite)
            .cloned()
            .collect())
    }

    /// The goals of all sites that are not deleted, by site and id, from memory until one is changed.
    pub async fn all_goals(&self) -> Result<Arc<Vec<Goal>>> {
        let number = || self.current_changes().tracking;
        let read = || async { Ok(sqlx::query_as(SELECT_ALL).fetch_all(self.reader()).await?) };
        self.inner.goals.get(number, read).await
    }

    /// One goal, unless it is deleted or never was.
    pub async fn goal(&self, idsite: i64, idgoal: i64) -> Result<Option<Goal>> {
        let goals = self.goals(idsite).await?;
        Ok(goals.into_iter().find(|goal| goal.idgoal == idgoal))
    }

    /// Adds a goal and returns its id.
    pub async fn add_goal(&self, idsite: i64, new: GoalChange) -> Result<i64> {
        let new = checked(new)?;
        let mut write = self.begin().await?;
        crate::sites::must_exist(&mut write, idsite).await?;
        // Deleted goals keep their rows, so an id is never given twice.
        let last: i64 =
            sqlx::query_scalar("SELECT COALESCE(MAX(idgoal), 0) FROM goal WHERE idsite = $1")
                .bind(idsite)
                .fetch_one(&mut *write)
                .await?;
        if last >= GOALS_OF_A_SITE_LIMIT {
            return Err(Error::Conflict(format!(
                "A site may have at most {GOALS_OF_A_SITE_LIMIT} goals."
            )));
        }
        const INSERT: &str = "INSERT INTO goal (name, description, match_attribute, pattern, pattern_type, \
             case_sensitive, allow_multiple, revenue, event_value_as_revenue, idsite, idgoal, deleted) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 0)";
        store(&mut write, INSERT, &new, idsite, last + 1).await?;
        self.commit(write, Touches::Tracking).await?;
        Ok(last + 1)
    }

    /// Replaces all values of a goal.
    pub async fn update_goal(&self, idsite: i64, idgoal: i64, change: GoalChange) -> Result<()> {
        let change = checked(change)?;
        let mut write = self.begin().await?;
        const UPDATE: &str = "UPDATE goal SET name = $1, description = $2, match_attribute = $3, pattern = $4, \
             pattern_type = $5, case_sensitive = $6, allow_multiple = $7, revenue = $8, event_value_as_revenue = $9 \
             WHERE idsite = $10 AND idgoal = $11 AND deleted = 0";
        if store(&mut write, UPDATE, &change, idsite, idgoal).await? == 0 {
            return Err(no_goal(idgoal));
        }
        self.commit(write, Touches::Tracking).await
    }

    /// Deletes a goal; its number stays taken.
    pub async fn delete_goal(&self, idsite: i64, idgoal: i64) -> Result<()> {
        let mut write = self.begin().await?;
        let deleted = sqlx::query(
            "UPDATE goal SET deleted = 1 WHERE idsite = $1 AND idgoal = $2 AND deleted = 0",
        )
        .bind(idsite)
        .bind(idgoal)
        .execute(&mut *write)
        .await?
        .rows_affected();
        if deleted == 0 {
            return Err(no_goal(idgoal));
        }
        self.commit(write, Touches::Tracking).await
    }
}

async fn store(
    write: &mut Write,
    statement: &'static str,
    goal: &GoalChange,
    idsite: i64,
    idgoal: i64,
) -> Result<u64> {
    Ok(sqlx::query(statement)
        .bind(&goal.name)
        .bind(&goal.description)
        .bind(&goal.match_attribute)
        .bind(&goal.pattern)
        .bind(&goal.pattern_type)
        .bind(i64::from(goal.case_sensitive))
        .bind(i64::from(goal.allow_multiple))
        .bind(goal.revenue)
        .bind(i64::from(goal.event_value_as_revenue))
        .bind(idsite)
        .bind(idgoal)
        .execute(&mut **write)
        .await?
        .rows_affected())
}

fn no_goal(idgoal: i64) -> Error {
    Error::NotFound(format!("The goal {idgoal} does not exist."))
}

const NUMBER_ATTRIBUTES: &[&str] = &["visit_duration", "visit_nb_pageviews"];
const EVENT_ATTRIBUTES: &[&str] = &["event_category", "event_action", "event_name"];
const ADDRESS_ATTRIBUTES: &[&str] = &["url", "file", "external_website"];

fn checked(mut goal: GoalChange) -> Result<GoalChange> {
    check::filled("The name of a goal", &goal.name, NAME_LIMIT)?;
    check::at_most("The description of a goal", &goal.description, TEXT_LIMIT)?;
    if !goal.revenue.is_finite() {
        return Err(Error::invalid("The revenue of a goal must be a number."));
    }
    let attribute = goal.match_attribute.as_str();
    if goal.event_value_as_revenue && !EVENT_ATTRIBUTES.contains(&attribute) {
        return Err(Error::invalid(
            "'useEventValueAsRevenue' can only be 1 if the goal matches an event attribute.",
        ));
    }
    if attribute == "manually" {
        goal.pattern.clear();
        goal.pattern_type.clear();
        goal.case_sensitive = false;
        return Ok(goal);
    }
    check::filled("The pattern of a goal", &goal.pattern, TEXT_LIMIT)?;
    if NUMBER_ATTRIBUTES.contains(&attribute) {
        let is_number = goal.pattern.trim().parse::<f64>().is_ok_and(f64::is_finite);
        if goal.pattern_type != "greater_than" || !is_number {
            return Err(Error::invalid(format!(
                "A goal on '{attribute}' needs the pattern type 'greater_than' and a number as its pattern."
            )));
        }
        return Ok(goal);
    }
    let is_text = attribute == "title" || EVENT_ATTRIBUTES.contains(&attribute);
    if !is_text && !ADDRESS_ATTRIBUTES.contains(&attribute) {
        return Err(Error::invalid(format!(
            "'{}' is not something a goal can match.",
            check::shortened(attribute)
        )));
    }
    check_text_pattern(&goal, is_text)?;
    Ok(goal)
}

fn check_text_pattern(goal: &GoalChange, is_text: bool) -> Result<()> {
    match goal.pattern_type.as_str() {
        "contains" => Ok(()),
        "exact" if is_text || goal.pattern.starts_with("http") => Ok(()),
        "exact" => Err(Error::invalid(
            "If you choose 'exact match', the matching string must be a URL starting with http:// or https:// \
             (for example 'http://www.yourwebsite.com/newsletter/subscribed.html').",
        )),
        "regex" => check_expression(&goal.pattern),
        other => Err(Error::invalid(format!(
            "'{}' is not a pattern type.",
            check::shortened(other)
        ))),
    }
}

/// A regular expression is refused when it is saved rather than ignored when a visit comes.
pub(crate) fn check_expression(pattern: &str) -> Result<()> {
    const COMPILED_LIMIT_BYTES: usize = 1 << 20;
    regex::RegexBuilder::new(pattern)
        .size_limit(COMPILED_LIMIT_BYTES)
        .build()
        .map(|_| ())
        .map_err(|error| {
            Error::invalid(format!(
                "The regular expression cannot be used: {error}. Look-around and back-references are not supported."
            ))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn goal(attribute: &str, pattern: &str, pattern_type: &str) -> GoalChange {
        GoalChange {
            name: "a goal".into(),
            match_attribute: attribute.into(),
            pattern: pattern.into(),
            pattern_type: pattern_type.into(),
            ..GoalChange::default()
        }
    }

    #[test]
    fn patterns() {
        for (attribute, pattern, pattern_type) in [
            ("url", "/thanks", "contains"),
            ("url", "http://example.org/thanks", "exact"),
            ("url", "(.*)store\\/purchase\\.(.*)", "regex"),
            ("title", "Thank you", "exact"),
            ("event_name", "<the_'\"name>", "exact"),
            ("visit_duration", "5", "greater_than"),
            ("manually", "anything", "regex"),
        ] {
            assert!(
                checked(goal(attribute, pattern, pattern_type)).is_ok(),
                "{attribute} {pattern}"
            );
        }
        for (attribute, pattern, pattern_type) in [
            ("url", "", "contains"),
            ("url", "/thanks", "exact"),
            ("url", "(", "regex"),
            ("url", "a{1000}{1000}{1000}", "regex"),
            ("url", "a", "greater_than"),
            ("visit_duration", "five", "greater_than"),
            ("visit_duration", "5", "contains"),
            ("moon", "a", "contains"),
            ("url", &"x".repeat(256), "contains"),
        ] {
            assert!(
                checked(goal(attribute, pattern, pattern_type)).is_err(),
                "{attribute} {pattern}"
            );
        }
        let mut wrong = goal("url", "a", "contains");
        wrong.event_value_as_revenue = true;
        assert!(checked(wrong).is_err());
        let manual = checked(goal("manually", ".*", "regex")).unwrap();
        assert_eq!(
            (manual.pattern.as_str(), manual.pattern_type.as_str()),
            ("", "")
        );
    }
}
