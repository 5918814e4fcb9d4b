//! Scheduled reports: which reports are sent to whom, and when.

use serde_json::Value;
use sqlx::{FromRow, Row};

use crate::Settings;
use crate::check;
use crate::db::{DbRow, Touches, Write, next_id};
use crate::error::{Error, Result};
use crate::options::stored_json;
use crate::secret::{Purpose, Secret, from_hex, same, to_hex};
use crate::users::{key, stored_login};

/// A report that is sent again and again.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct ScheduledReport {
    pub idreport: i64,
    pub idsite: i64,
    pub login: String,
    pub description: String,
    pub idsegment: Option<i64>,
    /// How often: `day`, `week`, `month`, `never`.
    pub period: String,
    /// The period of the data, or empty for the same.
    pub period_param: String,
    /// 0 to 23, UTC.
    pub hour: i64,
    /// `email`, `mobile`.
    #[serde(rename = "type")]
    pub report_type: String,
    /// `html`, `pdf`, `csv`, `tsv`, `sms`.
    pub format: String,
    /// Unique ids of reports.
    pub reports: Vec<String>,
    /// An object: displayFormat, emailMe, evolutionGraph, additionalEmails, phoneNumbers.
    pub parameters: Value,
    pub evolution_graph_within_period: bool,
    pub evolution_graph_period_n: i64,
    pub ts_created: i64,
    pub ts_last_sent: Option<i64>,
    pub deleted: bool,
}

/// The values of a scheduled report that can be given.
#[derive(Clone, Debug, Default)]
pub struct ScheduledReportChange {
    pub idsite: i64,
    pub description: String,
    pub idsegment: Option<i64>,
    pub period: String,
    pub period_param: String,
    pub hour: i64,
    pub report_type: String,
    pub format: String,
    pub reports: Vec<String>,
    pub parameters: Value,
    pub evolution_graph_within_period: bool,
    pub evolution_graph_period_n: i64,
}

const DESCRIPTION_LIMIT: usize = 250;
const REPORTS_LIMIT: usize = 1000;
const PARAMETERS_LIMIT_BYTES: usize = 64 * 1024;

const SELECT_ALL: &str = "SELECT idreport, idsite, login, description, idsegment, send_period, period_param, send_hour, \
     report_type, report_format, reports, parameters, evolution_graph_within_period, evolution_graph_period_n, \
     ts_created, ts_last_sent, deleted FROM scheduled_report WHERE deleted = 0 ORDER BY idreport";
const SELECT_ONE: &str = "SELECT idreport, idsite, login, description, idsegment, send_period, period_param, send_hour, \
     report_type, report_format, reports, parameters, evolution_graph_within_period, evolution_graph_period_n, \
     ts_created, ts_last_sent, deleted FROM scheduled_report WHERE deleted = 0 AND idreport = $1";

impl FromRow<'_, DbRow> for ScheduledReport {
    fn from_row(row: &DbRow) -> sqlx::Result<ScheduledReport> {
        let reports: String = row.try_get("reports")?;
        let parameters: String = row.try_get("parameters")?;
        let undecodable = |error: Error| sqlx::Error::Decode(error.into());
        Ok(ScheduledReport {
            idreport: row.try_get("idreport")?,
            idsite: row.try_get("idsite")?,
            login: row.try_get("login")?,
            description: row.try_get("description")?,
            idsegment: row.try_get("idsegment")?,
            period: row.try_get("send_period")?,
            period_param: row.try_get("period_param")?,
            hour: row.try_get("send_hour")?,
            report_type: row.try_get("report_type")?,
            format: row.try_get("report_format")?,
            reports: stored_json(&reports).map_err(undecodable)?,
            parameters: stored_json(&parameters).map_err(undecodable)?,
            evolution_graph_within_period: row
                .try_get::<i64, _>("evolution_graph_within_period")?
                != 0,
            evolution_graph_period_n: row.try_get("evolution_graph_period_n")?,
            ts_created: row.try_get("ts_created")?,
            ts_last_sent: row.try_get("ts_last_sent")?,
            deleted: row.try_get::<i64, _>("deleted")? != 0,
        })
    }
}

impl Settings {
    /// All scheduled reports that are not deleted, by id. The caller shows each user only its own.
    pub async fn scheduled_reports(&self) -> Result<Vec<ScheduledReport>> {
        Ok(sqlx::query_as(SELECT_ALL).fetch_all(self.reader()).await?)
    }

    /// One scheduled report, unless it is deleted or never was.
    pub async fn scheduled_report(&self, idreport: i64) -> Result<Option<ScheduledReport>> {
        Ok(sqlx::query_as(SELECT_ONE)
            .bind(idreport)
            .fetch_optional(self.reader())
            .await?)
    }

    /// Adds a scheduled report and returns its id.
    pub async fn add_scheduled_report(
        &self,
        login: &str,
        new: ScheduledReportChange,
        now: i64,
    ) -> Result<i64> {
        check_report(&new)?;
        let mut write = self.begin().await?;
        let login = stored_login(&mut write, login).await?;
        crate::users::refuse_anonymous(&login)?;
        check_references(&mut write, &new).await?;
        let idreport = next_id(&mut write, "scheduled report").await?;
        const INSERT: &str = "INSERT INTO scheduled_report (idsite, description, idsegment, send_period, period_param, \
             send_hour, report_type, report_format, reports, parameters, evolution_graph_within_period, \
             evolution_graph_period_n, idreport, login, ts_created, deleted) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, 0)";
        bind_values(INSERT, &new)?
            .bind(idreport)
            .bind(login)
            .bind(now)
            .execute(&mut *write)
            .await?;
        self.commit(write, Touches::Nothing).await?;
        Ok(idreport)
    }

    /// Replaces all values of a scheduled report.
    pub async fn update_scheduled_report(
        &self,
        idreport: i64,
        change: ScheduledReportChange,
    ) -> Result<()> {
        check_report(&change)?;
        let mut write = self.begin().await?;
        check_references(&mut write, &change).await?;
        const UPDATE: &str = "UPDATE scheduled_report SET idsite = $1, description = $2, idsegment = $3, \
             send_period = $4, period_param = $5, send_hour = $6, report_type = $7, report_format = $8, reports = $9, \
             parameters = $10, evolution_graph_within_period = $11, evolution_graph_period_n = $12 \
             WHERE idreport = $13 AND deleted = 0";
        let changed = bind_values(UPDATE, &change)?
            .bind(idreport)
            .execute(&mut *write)
            .await?
            .rows_affected();
        if changed == 0 {
            return Err(no_report(idreport));
        }
        self.commit(write, Touches::Nothing).await
    }

    /// Deletes a scheduled report; its number stays taken.
    pub async fn delete_scheduled_report(&self, idreport: i64) -> Result<()> {
        self.change_report(
            "UPDATE scheduled_report SET deleted = 1 WHERE idreport = $1 AND deleted = 0",
            idreport,
            None,
        )
        .await
    }

    /// Notes when it was sent.
    pub async fn scheduled_report_was_sent(&self, idreport: i64, now: i64) -> Result<()> {
        const STATEMENT: &str =
            "UPDATE scheduled_report SET ts_last_sent = $2 WHERE idreport = $1 AND deleted = 0";
        self.change_report(STATEMENT, idreport, Some(now)).await
    }

    async fn change_report(
        &self,
        statement: &'static str,
        idreport: i64,
        now: Option<i64>,
    ) -> Result<()> {
        let mut write = self.begin().await?;
        let mut query = sqlx::query(statement).bind(idreport);
        if let Some(now) = now {
            query = query.bind(now);
        }
        if query.execute(&mut *write).await?.rows_affected() == 0 {
            return Err(no_report(idreport));
        }
        self.commit(write, Touches::Nothing).await
    }

    /// The secret of the link by which this address stops getting this report. It is computed, not stored.
    pub fn unsubscribe_token(&self, idreport: i64, email: &str) -> Secret {
        let digest = self
            .inner
            .keys
            .hash(Purpose::Unsubscribe, &format!("{idreport}\0{}", key(email)));
        Secret::new(to_hex(&digest))
    }

    /// Stops a report for an address, if the secret is right.
    pub async fn unsubscribe(
        &self,
        idreport: i64,
        email: &str,
        token: &str,
        now: i64,
    ) -> Result<()> {
        let expected = self.unsubscribe_token(idreport, email);
        let right = match (from_hex(expected.expose()), from_hex(token)) {
            (Some(expected), Some(token)) => same(&expected, &token),
            _ => false,
        };
        if !right || self.scheduled_report(idreport).await?.is_none() {
            return Err(Error::NotFound(
                "This link to unsubscribe is invalid or was used already.".into(),
            ));
        }
        let mut write = self.begin().await?;
        sqlx::query(
            "INSERT INTO report_unsubscribed (idreport, email_key, ts_unsubscribed) VALUES ($1, $2, $3) \
             ON CONFLICT (idreport, email_key) DO NOTHING",
        )
        .bind(idreport)
        .bind(key(email))
        .bind(now)
        .execute(&mut *write)
        .await?;
        self.commit(write, Touches::Nothing).await
    }

    /// Addresses (in lower case) that do not want this report.
    pub async fn unsubscribed(&self, idreport: i64) -> Result<Vec<String>> {
        Ok(sqlx::query_scalar(
            "SELECT email_key FROM report_unsubscribed WHERE idreport = $1 ORDER BY email_key",
        )
        .bind(idreport)
        .fetch_all(self.reader())
        .await?)
    }
}

type Query = sqlx::query::Query<'static, crate::db::Db, sqlx::sqlite::SqliteArguments>;

/// Binds the values in the order that both statements number them.
fn bind_values(statement: &'static str, report: &ScheduledReportChange) -> Result<Query> {
    let reports = serde_json::to_string(&report.reports)
        .map_err(|error| Error::Storage(format!("a list of reports cannot be written: {error}")))?;
    Ok(sqlx::query(statement)
        .bind(report.idsite)
        .bind(report.description.clone())
        .bind(report.idsegment)
        .bind(report.period.clone())
        .bind(report.period_param.clone())
        .bind(report.hour)
        .bind(report.report_type.clone())
        .bind(report.format.clone())
        .bind(reports)
        .bind(report.parameters.to_string())
        .bind(i64::from(report.evolution_graph_within_period))
        .bind(report.evolution_graph_period_n))
}

async fn check_references(write: &mut Write, report: &ScheduledReportChange) -> Result<()> {
    crate::sites::must_exist(write, report.idsite).await?;
    let Some(idsegment) = report.idsegment else {
        return Ok(());
    };
    let found: Option<i64> =
        sqlx::query_scalar("SELECT idsegment FROM segment WHERE idsegment = $1 AND deleted = 0")
            .bind(idsegment)
            .fetch_optional(&mut **write)
            .await?;
    match found {
        Some(_) => Ok(()),
        None => Err(Error::NotFound(format!(
            "Segment with id {idsegment} does not exist."
        ))),
    }
}

fn check_report(report: &ScheduledReportChange) -> Result<()> {
    check::at_most("The description", &report.description, DESCRIPTION_LIMIT)?;
    one_of("period", &report.period, &["day", "week", "month", "never"])?;
    one_of(
        "periodParam",
        &report.period_param,
        &["", "day", "week", "month", "year", "range"],
    )?;
    one_of("reportType", &report.report_type, &["email", "mobile"])?;
    let formats: &[&str] = match report.report_type.as_str() {
        "mobile" => &["sms"],
        _ => &["html", "pdf", "csv", "tsv"],
    };
    one_of("reportFormat", &report.format, formats)?;
    if !(0..=23).contains(&report.hour) {
        return Err(Error::invalid("Invalid hour, must be between 0 and 23."));
    }
    if report.reports.len() > REPORTS_LIMIT
        || report
            .reports
            .iter()
            .any(|name| name.is_empty() || name.len() > 500)
    {
        return Err(Error::invalid(
            "The list of reports is too long or has an impossible name.",
        ));
    }
    let parameters = &report.parameters;
    if !(parameters.is_object() || parameters.is_null())
        || parameters.to_string().len() > PARAMETERS_LIMIT_BYTES
    {
        return Err(Error::invalid(format!(
            "The parameters are an object of at most {PARAMETERS_LIMIT_BYTES} bytes."
        )));
    }
    Ok(())
}

fn one_of(what: &str, given: &str, known: &[&str]) -> Result<()> {
    if known.contains(&given) {
        return Ok(());
    }
    Err(Error::invalid(format!(
        "'{}' is no {what}; use one of: {}.",
        check::shortened(given),
        known
            .iter()
            .filter(|name| !name.is_empty())
            .copied()
            .collect::<Vec<_>>()
            .join(", ")
    )))
}

fn no_report(idreport: i64) -> Error {
    Error::NotFound(format!("Requested report couldn't be found: {idreport}."))
}
