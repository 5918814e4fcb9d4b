//! `CoreAdminHome`.

use model::{Answer, Role, Value};

use crate::matomo::Call;
use crate::matomo::error::{ApiError, ApiResult};
use crate::matomo::methods::common::{
    answer, day_before, given_list, moment, needed, number, sites_in, sites_with, texts, yes,
};

/// Reports come from raw data: there is nothing to compute again. A site begins at the latest where somebody
/// expects data.
pub async fn invalidate(call: Call<'_>) -> ApiResult<Answer> {
    let world = call.app.world().await?;
    let sites = match call.request.list("idSites") == ["all"] {
        true => sites_with(&call, &world, Role::Admin),
        false => sites_in(&call, &world, "idSites", Role::Admin)?,
    };
    if !call.request.has("dates") {
        return Err(ApiError::missing("dates"));
    }
    let dates = call.request.list("dates");
    let first = dates
        .iter()
        .flat_map(|date| date.split(','))
        .filter_map(|date| moment(date).ok())
        .min();
    if let Some(first) = first {
        for site in sites {
            call.app
                .settings
                .site_has_data_since(site, day_before(first))
                .await?;
        }
    }
    answer(texts([
        "Success. Reports are answered from raw data, so nothing had to be invalidated.",
    ]))
}

/// The job that Matomo's operators start every hour: nothing is left to compute.
pub async fn archive(_call: Call<'_>) -> ApiResult<Answer> {
    answer("Reports are answered from raw data: there is nothing to archive.")
}

pub async fn set_archiving(call: Call<'_>) -> ApiResult<Answer> {
    needed(&call, "enableBrowserTriggerArchiving")?;
    let seconds = number(&call, "todayArchiveTimeToLive")?;
    if seconds < 1 {
        return Err(ApiError::invalid(
            "Today archive time to live must be a number of seconds greater than zero",
        ));
    }
    let enabled = if call.request.flag("enableBrowserTriggerArchiving") {
        "1"
    } else {
        "0"
    };
    let options = [
        ("enableBrowserTriggerArchiving", enabled),
        ("todayArchiveTimeToLive", &seconds.to_string()),
    ];
    call.app.settings.set_options(&options).await?;
    yes()
}

pub async fn set_hosts(call: Call<'_>) -> ApiResult<Answer> {
    let hosts = given_list(&call, "trustedHosts")?;
    let plain = |host: &String| {
        !host.is_empty()
            && host
                .chars()
                .all(|letter| letter.is_alphanumeric() || ".-:[]".contains(letter))
    };
    if !hosts.iter().all(plain) {
        return Err(ApiError::invalid(
            "A trusted host is a name or an address, with or without a port.",
        ));
    }
    call.app
        .settings
        .set_config("General", "trusted_hosts", &hosts.into())
        .await?;
    yes()
}

pub async fn set_branding(call: Call<'_>) -> ApiResult<Answer> {
    needed(&call, "useCustomLogo")?;
    let value = if call.request.flag("useCustomLogo") {
        "1"
    } else {
        "0"
    };
    call.app
        .settings
        .set_option("branding_use_custom_logo", value)
        .await?;
    yes()
}

/// There is no list of news that could be read.
pub async fn nothing_new(_call: Call<'_>) -> ApiResult<Answer> {
    answer(Value::Bool(true))
}
