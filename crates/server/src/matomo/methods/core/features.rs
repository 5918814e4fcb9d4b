//! Settings of features, and small methods of single modules.

use model::{Answer, Role, Value};
use query::period::asked;

use crate::matomo::error::ApiResult;
use crate::matomo::methods::common::{
    answer, confirm_password, confirm_session, field, keyed, language, needed, site_of, texts,
};
use crate::matomo::methods::sites;
use crate::matomo::methods::sites::form::{self, group, setting};
use crate::matomo::{Call, world};

pub async fn set_system(call: Call<'_>) -> ApiResult<Answer> {
    confirm_session(&call).await?;
    for (plugin, values) in sites::setting_values(&call.request) {
        call.app
            .settings
            .set_system_settings(&plugin, &values)
            .await?;
    }
    Ok(Answer::Done)
}

pub async fn set_user(call: Call<'_>) -> ApiResult<Answer> {
    let login = call.principal.login().to_owned();
    for (plugin, values) in sites::setting_values(&call.request) {
        call.app
            .settings
            .set_user_settings(&plugin, &login, &values)
            .await?;
    }
    Ok(Answer::Done)
}

pub async fn system(call: Call<'_>) -> ApiResult<Answer> {
    let rules = call.app.settings.brute_force_rules().await?;
    let login = vec![
        setting(
            "enableBruteForceDetection",
            "Enable Brute Force Detection",
            rules.enabled,
        ),
        setting(
            "maxAllowedRetries",
            "Number of allowed attempts",
            rules.max_failures,
        ),
        setting(
            "allowedRetriesTimeRange",
            "Time range in minutes",
            rules.window_minutes,
        ),
    ];
    let live = form::of_live(&call.app.settings.system_settings("Live").await?);
    answer(Value::List(vec![live, group("Login", login)]))
}

/// No feature has settings of a single user.
pub async fn user(_call: Call<'_>) -> ApiResult<Answer> {
    answer(Value::List(Vec::new()))
}

pub async fn done(_call: Call<'_>) -> ApiResult<Answer> {
    Ok(Answer::Done)
}

/// The tracker for browsers is one file with every feature.
pub async fn yes_always(_call: Call<'_>) -> ApiResult<Answer> {
    answer(true)
}

/// Text messages cannot be sent, so nothing about them is set.
pub async fn never(_call: Call<'_>) -> ApiResult<Answer> {
    answer(false)
}

pub async fn nothing(_call: Call<'_>) -> ApiResult<Answer> {
    answer(Value::List(Vec::new()))
}

pub async fn unblock(call: Call<'_>) -> ApiResult<Answer> {
    call.app.settings.unblock_all().await?;
    Ok(Answer::Done)
}

/// Whether a period and a date are such that changes can be looked for.
pub async fn can_generate_insights(call: Call<'_>) -> ApiResult<Answer> {
    let (date, period) = (needed(&call, "date")?, needed(&call, "period")?);
    let today = world::today(&model::Zone::utc());
    answer(asked(period, date, today).is_ok())
}

pub async fn overlay_texts(call: Call<'_>) -> ApiResult<Answer> {
    site_of(&call, Role::View).await?;
    answer(Value::Map(vec![
        field("oneClick", "1 click"),
        field("clicks", "%s clicks"),
        field("clicksFromXLinks", "%1$s clicks from one of %2$s links"),
        field("link", "Link"),
    ]))
}

pub async fn excluded_parameters(call: Call<'_>) -> ApiResult<Answer> {
    answer(texts(sites::excluded_parameters(&call).await?))
}

pub async fn reset_second_factor(call: Call<'_>) -> ApiResult<Answer> {
    let login = needed(&call, "userLogin")?;
    confirm_password(&call).await?;
    call.app.settings.user(login).await?;
    call.app.settings.remove_two_factor(login).await?;
    Ok(Answer::Done)
}

/// Codes of countries with their names, by code.
pub async fn countries(call: Call<'_>) -> ApiResult<Answer> {
    let names = call.app.names.country_mapping(language(&call));
    answer(keyed(
        names
            .into_iter()
            .map(|(code, name)| (code, Value::from(name))),
    ))
}
