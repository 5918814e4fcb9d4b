//! `ScheduledReports`: which reports are sent to whom, and when.

use model::{Access, Answer, Name, Role, Value};
use serde_json::{Value as Json, json};
use settings::{ScheduledReport, ScheduledReportChange};

use super::common::{
    answer, chosen, datetime, field, flag, given, has_role, json_of_map, needed, number, optional,
    site_of, texts, value_of,
};
use super::core::unavailable;
use super::{Method, method};
use crate::app::now;
use crate::matomo::error::{ApiError, ApiResult};
use crate::matomo::{Call, world};

pub const METHODS: &[Method] = &[
    method!("ScheduledReports.addReport", Access::User, add),
    method!("ScheduledReports.updateReport", Access::User, update),
    method!("ScheduledReports.deleteReport", Access::User, delete),
    method!("ScheduledReports.getReports", Access::Some(Role::View), all),
    method!("ScheduledReports.generateReport", Access::User, unavailable),
    method!("ScheduledReports.sendReport", Access::User, unavailable),
];

/// Periods back that a graph of the evolution shows.
const GRAPH_PERIODS: i64 = 30;

async fn change_of(call: &Call<'_>) -> ApiResult<ScheduledReportChange> {
    let request = &call.request;
    let idsegment = match chosen(call, "idSegment") {
        Some(_) => Some(visible_segment(call, number(call, "idSegment")?).await?),
        None => None,
    };
    let report_type = needed(call, "reportType")?.to_owned();
    let within = request.text("evolutionPeriodFor").unwrap_or("prev") == "each";
    if !request.has("reports") {
        return Err(ApiError::missing("reports"));
    }
    Ok(ScheduledReportChange {
        idsite: site_of(call, Role::View).await?,
        description: given(call, "description")?.trim().to_owned(),
        idsegment,
        period: needed(call, "period")?.to_owned(),
        period_param: request.text("periodParam").unwrap_or_default().to_owned(),
        hour: number(call, "hour")?,
        format: needed(call, "reportFormat")?.to_owned(),
        reports: request.list("reports"),
        parameters: parameters(call, &report_type),
        report_type,
        evolution_graph_within_period: within,
        evolution_graph_period_n: match within {
            true => 0,
            false => request
                .integer("evolutionPeriodN")
                .filter(|count| *count > 0)
                .unwrap_or(GRAPH_PERIODS),
        },
    })
}

/// A segment that is not for this user's eyes must not be read through a report.
async fn visible_segment(call: &Call<'_>, id: i64) -> ApiResult<i64> {
    let segment = call.app.settings.segment(id).await?;
    let visible = |segment: &settings::Segment| {
        call.principal.is_superuser() || segment.is_visible_to(call.principal.login(), None)
    };
    match segment.filter(visible) {
        Some(_) => Ok(id),
        None => Err(ApiError::invalid(format!(
            "Segment with id {id} does not exist."
        ))),
    }
}

/// `parameters[…]` with the values that a kind of report knows, each present.
fn parameters(call: &Call<'_>, report_type: &str) -> Json {
    let sent = call
        .request
        .map()
        .map("parameters")
        .map_or(json!({}), json_of_map);
    let is_on = |name: &str, default: bool| match &sent[name] {
        Json::String(text) => !matches!(text.as_str(), "" | "0" | "false"),
        _ => default,
    };
    let list = |name: &str| match &sent[name] {
        Json::Array(items) => items
            .iter()
            .filter(|item| item.as_str() != Some(""))
            .cloned()
            .collect(),
        Json::String(text) if !text.is_empty() => vec![json!(text)],
        _ => Vec::new(),
    };
    match report_type {
        "mobile" => json!({ "phoneNumbers": list("phoneNumbers") }),
        _ => json!({
            "displayFormat": sent["displayFormat"].as_str().unwrap_or("1"),
            "evolutionGraph": is_on("evolutionGraph", false),
            "emailMe": is_on("emailMe", true),
            "additionalEmails": list("additionalEmails"),
        }),
    }
}

async fn add(call: Call<'_>) -> ApiResult<Answer> {
    let change = change_of(&call).await?;
    let login = call.principal.login().to_owned();
    answer(
        call.app
            .settings
            .add_scheduled_report(&login, change, now())
            .await?,
    )
}

/// The report of a call, which must be the caller's unless it is a superuser.
async fn own(call: &Call<'_>) -> ApiResult<ScheduledReport> {
    let id = number(call, "idReport")?;
    let report = call.app.settings.scheduled_report(id).await?;
    let report = report
        .filter(|report| call.principal.is_superuser() || report.login == call.principal.login());
    report.ok_or_else(|| ApiError::invalid(format!("Requested report couldn't be found: {id}.")))
}

async fn update(call: Call<'_>) -> ApiResult<Answer> {
    let report = own(&call).await?;
    let change = change_of(&call).await?;
    call.app
        .settings
        .update_scheduled_report(report.idreport, change)
        .await?;
    Ok(Answer::Done)
}

async fn delete(call: Call<'_>) -> ApiResult<Answer> {
    let report = own(&call).await?;
    call.app
        .settings
        .delete_scheduled_report(report.idreport)
        .await?;
    Ok(Answer::Done)
}

async fn all(call: Call<'_>) -> ApiResult<Answer> {
    let world = call.app.world().await?;
    let site = match chosen(&call, "idSite") {
        Some(text) => world::sites_named(&call, &world, text, Role::View)?
            .ids
            .first()
            .copied()
            .map(i64::from),
        None => None,
    };
    let superuser = call.principal.is_superuser();
    let only_own = !superuser || call.request.flag("ifSuperUserReturnOnlySuperUserReports");
    let id = chosen(&call, "idReport").and_then(|id| id.parse::<i64>().ok());
    let segment = chosen(&call, "idSegment").and_then(|id| id.parse::<i64>().ok());
    let period = chosen(&call, "period");
    let mut rows = Vec::new();
    for report in call.app.settings.scheduled_reports().await? {
        let wanted = site.is_none_or(|site| site == report.idsite)
            && id.is_none_or(|id| id == report.idreport)
            && segment.is_none_or(|segment| report.idsegment == Some(segment))
            && period.is_none_or(|period| period == report.period)
            && (!only_own || report.login == call.principal.login())
            && has_role(&call, report.idsite, Role::View);
        if wanted {
            rows.push(Value::Map(fields(&call, &report).await?));
        }
    }
    if rows.is_empty()
        && let Some(id) = id
    {
        return Err(ApiError::invalid(format!(
            "Requested report couldn't be found: {id}."
        )));
    }
    answer(Value::List(rows))
}

async fn fields(call: &Call<'_>, report: &ScheduledReport) -> ApiResult<Vec<(Name, Value)>> {
    let time = |at: Option<i64>| at.map_or(Value::Null, |at| datetime(at).into());
    Ok(vec![
        field("idreport", report.idreport),
        field("idsite", report.idsite),
        field("login", report.login.clone()),
        field("description", report.description.clone()),
        field(
            "idsegment",
            report.idsegment.map_or(Value::Null, Value::Int),
        ),
        field("period", report.period.clone()),
        field("hour", report.hour),
        field("type", report.report_type.clone()),
        field("format", report.format.clone()),
        field("reports", texts(report.reports.clone())),
        field("parameters", value_of(&report.parameters)),
        field("ts_created", datetime(report.ts_created)),
        field("ts_last_sent", time(report.ts_last_sent)),
        field("deleted", flag(report.deleted)),
        field(
            "evolution_graph_within_period",
            flag(report.evolution_graph_within_period),
        ),
        field("evolution_graph_period_n", report.evolution_graph_period_n),
        field(
            "period_param",
            optional(Some(report.period_param.clone()).filter(|text| !text.is_empty())),
        ),
        field("recipients", texts(recipients(call, report).await?)),
    ])
}

/// Addresses or numbers that get a report now.
async fn recipients(call: &Call<'_>, report: &ScheduledReport) -> ApiResult<Vec<String>> {
    let strings = |name: &str| -> Vec<String> {
        let items = report.parameters[name].as_array().into_iter().flatten();
        items
            .filter_map(|item| item.as_str().map(str::to_owned))
            .collect()
    };
    if report.report_type == "mobile" {
        return Ok(strings("phoneNumbers"));
    }
    let mut addresses = strings("additionalEmails");
    if report.parameters["emailMe"].as_bool().unwrap_or(false)
        && let Some(user) = call.app.settings.find_user(&report.login).await?
    {
        addresses.insert(0, user.email);
    }
    let stopped = call.app.settings.unsubscribed(report.idreport).await?;
    addresses.retain(|address| !stopped.contains(&address.to_lowercase()));
    Ok(addresses)
}
