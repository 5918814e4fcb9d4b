//! Hits that could not be recorded.

use model::{Answer, Role, Value};
use settings::TrackingFailure;
use tracking::url::ParamMap;

use crate::app::World;
use crate::matomo::Call;
use crate::matomo::error::ApiResult;
use crate::matomo::methods::common::{
    answer, datetime, field, has_role, language, number, site_of, sites_with,
};

pub async fn all(call: Call<'_>) -> ApiResult<Answer> {
    let world = call.app.world().await?;
    let mut failures = call.app.settings.tracking_failures().await?;
    if !call.principal.is_superuser() {
        failures.retain(|failure| has_role(&call, failure.idsite, Role::Admin));
    }
    answer(Value::List(
        failures
            .iter()
            .map(|failure| shown(&call, &world, failure))
            .collect(),
    ))
}

fn shown(call: &Call<'_>, world: &World, failure: &TrackingFailure) -> Value {
    let site = u32::try_from(failure.idsite)
        .ok()
        .and_then(|id| world.site(id));
    let query = failure
        .request_url
        .split_once('?')
        .map_or("", |(_, query)| query);
    let url = ParamMap::parse(query)
        .text("url")
        .unwrap_or_default()
        .trim()
        .to_owned();
    let (problem, solution, help) = explained(failure.idfailure);
    Value::Map(vec![
        field("idsite", failure.idsite),
        field("idfailure", failure.idfailure),
        field("date_first_occurred", datetime(failure.date_first_occurred)),
        field("request_url", failure.request_url.clone()),
        field(
            "site_name",
            site.map_or("Unknown", |site| site.name.as_str()),
        ),
        field(
            "pretty_date_first_occurred",
            pretty(call, failure.date_first_occurred),
        ),
        field("url", url),
        field("problem", problem),
        field("solution", solution),
        field("solution_url", help),
    ])
}

fn explained(failure: i64) -> (&'static str, &'static str, &'static str) {
    match failure {
        1 => (
            "The site does not exist.",
            "Update the configured idSite in the tracker.",
            "https://matomo.org/faq/how-to/faq_30838/",
        ),
        2 => (
            "Request was not authenticated but authentication was required.",
            "Set or correct a \"token_auth\" in your tracking request.",
            "https://matomo.org/faq/how-to/faq_30835/",
        ),
        _ => ("", "", ""),
    }
}

/// A moment as people read it: "Mar 6, 2010 11:22:33".
fn pretty(call: &Call<'_>, seconds: i64) -> String {
    let moment = jiff::Timestamp::from_second(seconds).unwrap_or_default();
    let moment = jiff::tz::TimeZone::UTC.to_datetime(moment);
    let day = call.app.names.short_day(moment.date(), language(call));
    format!("{day} {}", moment.strftime("%H:%M:%S"))
}

pub async fn delete(call: Call<'_>) -> ApiResult<Answer> {
    let failure = number(&call, "idFailure")?;
    // A failure may be about a site that never was: only superusers see it.
    let site = match call.principal.is_superuser() {
        true => number(&call, "idSite")?,
        false => site_of(&call, Role::Admin).await?,
    };
    call.app
        .settings
        .delete_tracking_failure(site, failure)
        .await?;
    Ok(Answer::Done)
}

pub async fn delete_all(call: Call<'_>) -> ApiResult<Answer> {
    let world = call.app.world().await?;
    let own = sites_with(&call, &world, Role::Admin);
    let sites = (!call.principal.is_superuser()).then_some(own.as_slice());
    call.app.settings.delete_tracking_failures(sites).await?;
    Ok(Answer::Done)
}
