//! `PrivacyManager`: what is forgotten about visitors, and when.

mod erase;
mod subjects;

use model::{Access, Answer, Role, Value};

use super::common::{answer, confirm_session, field, needed, number, optional, yes};
use super::core::unavailable;
use super::{Method, method};
use crate::matomo::Call;
use crate::matomo::error::{ApiError, ApiResult};

const SOME_ADMIN: Access = Access::Some(Role::Admin);

pub const METHODS: &[Method] = &[
    method!(
        "PrivacyManager.getAvailableVisitColumnsToAnonymize",
        Access::SuperUser,
        visit_columns
    ),
    method!(
        "PrivacyManager.getAvailableLinkVisitActionColumnsToAnonymize",
        Access::SuperUser,
        action_columns
    ),
    method!(
        "PrivacyManager.setAnonymizeIpSettings",
        Access::SuperUser,
        set_anonymous
    ),
    method!(
        "PrivacyManager.activateDoNotTrack",
        Access::SuperUser,
        respect_do_not_track
    ),
    method!(
        "PrivacyManager.deactivateDoNotTrack",
        Access::SuperUser,
        ignore_do_not_track
    ),
    method!(
        "PrivacyManager.setScheduleReportDeletionSettings",
        Access::SuperUser,
        set_schedule
    ),
    method!(
        "PrivacyManager.setDeleteLogsSettings",
        Access::SuperUser,
        set_delete_raw
    ),
    method!(
        "PrivacyManager.setDeleteReportsSettings",
        Access::SuperUser,
        set_delete_reports
    ),
    method!(
        "PrivacyManager.executeDataPurge",
        Access::SuperUser,
        erase::purge
    ),
    method!(
        "PrivacyManager.findDataSubjects",
        SOME_ADMIN,
        subjects::find
    ),
    method!("PrivacyManager.exportDataSubjects", SOME_ADMIN, unavailable),
    method!(
        "PrivacyManager.deleteDataSubjects",
        SOME_ADMIN,
        erase::delete
    ),
    method!(
        "PrivacyManager.anonymizeSomeRawData",
        Access::SuperUser,
        unavailable
    ),
];

/// Columns of a visit that can be emptied afterwards, with what is in them then where it is not nothing.
#[rustfmt::skip]
const VISIT_COLUMNS: &[(&str, Option<&str>)] = &[
    ("config_browser_engine", None), ("config_browser_name", None), ("config_browser_version", None),
    ("config_client_type", None), ("config_cookie", None), ("config_device_brand", None),
    ("config_device_model", None), ("config_device_type", None), ("config_flash", None),
    ("config_java", None), ("config_os", None), ("config_os_version", None), ("config_pdf", None),
    ("config_quicktime", None), ("config_realplayer", None), ("config_resolution", None),
    ("config_silverlight", None), ("config_windowsmedia", None), ("custom_dimension_1", None),
    ("custom_dimension_2", None), ("custom_dimension_3", None), ("custom_dimension_4", None),
    ("custom_dimension_5", None), ("custom_var_k1", None), ("custom_var_k2", None),
    ("custom_var_k3", None), ("custom_var_k4", None), ("custom_var_k5", None), ("custom_var_v1", None),
    ("custom_var_v2", None), ("custom_var_v3", None), ("custom_var_v4", None), ("custom_var_v5", None),
    ("last_idlink_va", None), ("location_browser_lang", None), ("location_city", None),
    ("location_country", None), ("location_latitude", None), ("location_longitude", None),
    ("location_region", None), ("profilable", None), ("referer_keyword", None), ("referer_name", None),
    ("referer_type", None), ("referer_url", None), ("user_id", None), ("visit_entry_idaction_name", None),
    ("visit_entry_idaction_url", None), ("visit_exit_idaction_name", None),
    ("visit_exit_idaction_url", Some("0")), ("visit_goal_buyer", None), ("visit_goal_converted", None),
    ("visit_total_actions", None), ("visit_total_events", None), ("visit_total_interactions", Some("0")),
    ("visit_total_searches", None), ("visitor_count_visits", Some("0")), ("visitor_localtime", None),
    ("visitor_returning", None), ("visitor_seconds_since_first", None),
    ("visitor_seconds_since_last", None), ("visitor_seconds_since_order", None),
];

/// The same of an action.
#[rustfmt::skip]
const ACTION_COLUMNS: &[(&str, Option<&str>)] = &[
    ("bandwidth", None), ("custom_dimension_1", None), ("custom_dimension_2", None),
    ("custom_dimension_3", None), ("custom_dimension_4", None), ("custom_dimension_5", None),
    ("custom_float", None), ("custom_var_k1", None), ("custom_var_k2", None), ("custom_var_k3", None),
    ("custom_var_k4", None), ("custom_var_k5", None), ("custom_var_v1", None), ("custom_var_v2", None),
    ("custom_var_v3", None), ("custom_var_v4", None), ("custom_var_v5", None),
    ("idaction_content_interaction", None), ("idaction_content_name", None),
    ("idaction_content_piece", None), ("idaction_content_target", None), ("idaction_event_action", None),
    ("idaction_event_category", None), ("idaction_name", None), ("idaction_name_ref", None),
    ("idaction_product_cat", None), ("idaction_product_cat2", None), ("idaction_product_cat3", None),
    ("idaction_product_cat4", None), ("idaction_product_cat5", None), ("idaction_product_name", None),
    ("idaction_product_sku", None), ("idaction_url", None), ("idaction_url_ref", Some("0")),
    ("idpageview", None), ("pageview_position", None), ("product_price", None), ("search_cat", None),
    ("search_count", None), ("time_dom_completion", None), ("time_dom_processing", None),
    ("time_network", None), ("time_on_load", None), ("time_server", None), ("time_spent", None),
    ("time_spent_ref_action", None), ("time_transfer", None),
];

fn listed(columns: &[(&'static str, Option<&'static str>)]) -> ApiResult<Answer> {
    let row = |(name, default): &(&'static str, Option<&'static str>)| {
        Value::Map(vec![
            field("column_name", *name),
            field("default_value", optional(*default)),
        ])
    };
    answer(Value::List(columns.iter().map(row).collect()))
}

async fn visit_columns(_call: Call<'_>) -> ApiResult<Answer> {
    listed(VISIT_COLUMNS)
}

async fn action_columns(_call: Call<'_>) -> ApiResult<Answer> {
    listed(ACTION_COLUMNS)
}

fn switch(call: &Call<'_>, name: &str) -> &'static str {
    if call.request.flag(name) { "1" } else { "0" }
}

/// How a referrer may be cut.
const REFERRERS: [&str; 4] = ["", "exclude_query", "exclude_path", "exclude_all"];

async fn set_anonymous(call: Call<'_>) -> ApiResult<Answer> {
    needed(&call, "anonymizeIPEnable")?;
    let bytes = number(&call, "maskLength")?;
    if !(0..=4).contains(&bytes) {
        return Err(ApiError::invalid("maskLength must be 0 to 4."));
    }
    needed(&call, "useAnonymizedIpForVisitEnrichment")?;
    let referrer = call.request.text("anonymizeReferrer").unwrap_or_default();
    if !REFERRERS.contains(&referrer) {
        return Err(ApiError::invalid(format!(
            "'{referrer}' is no way to anonymise a referrer."
        )));
    }
    let bytes = bytes.to_string();
    let options = [
        (
            "PrivacyManager.ipAnonymizerEnabled",
            switch(&call, "anonymizeIPEnable"),
        ),
        ("PrivacyManager.ipAddressMaskLength", bytes.as_str()),
        (
            "PrivacyManager.useAnonymizedIpForVisitEnrichment",
            switch(&call, "useAnonymizedIpForVisitEnrichment"),
        ),
        (
            "PrivacyManager.anonymizeUserId",
            switch(&call, "anonymizeUserId"),
        ),
        (
            "PrivacyManager.anonymizeOrderId",
            switch(&call, "anonymizeOrderId"),
        ),
        ("PrivacyManager.anonymizeReferrer", referrer),
        (
            "PrivacyManager.forceCookielessTracking",
            switch(&call, "forceCookielessTracking"),
        ),
    ];
    call.app.settings.set_options(&options).await?;
    yes()
}

async fn respect_do_not_track(call: Call<'_>) -> ApiResult<Answer> {
    call.app
        .settings
        .set_option("PrivacyManager.doNotTrackEnabled", "1")
        .await?;
    yes()
}

async fn ignore_do_not_track(call: Call<'_>) -> ApiResult<Answer> {
    call.app
        .settings
        .set_option("PrivacyManager.doNotTrackEnabled", "0")
        .await?;
    yes()
}

/// A count of days or months that is at least one.
fn at_least_one(call: &Call<'_>, name: &str, default: i64) -> ApiResult<String> {
    let count = match call.request.filled(name) {
        Some(_) => number(call, name)?,
        None => default,
    };
    match count >= 1 {
        true => Ok(count.to_string()),
        false => Err(ApiError::invalid(format!("'{name}' must be at least 1."))),
    }
}

async fn set_schedule(call: Call<'_>) -> ApiResult<Answer> {
    let days = at_least_one(&call, "deleteLowestInterval", 7)?;
    confirm_session(&call).await?;
    set_config(&call, "delete_logs_schedule_lowest_interval", &days).await?;
    yes()
}

/// The settings of deletion, where the program reads them.
async fn set_config(call: &Call<'_>, name: &str, value: &str) -> ApiResult<()> {
    Ok(call
        .app
        .settings
        .set_config("Deletelogs", name, &value.into())
        .await?)
}

async fn set_delete_raw(call: Call<'_>) -> ApiResult<Answer> {
    let days = at_least_one(&call, "deleteLogsOlderThan", 180)?;
    confirm_session(&call).await?;
    set_config(
        &call,
        "delete_logs_enable",
        switch(&call, "enableDeleteLogs"),
    )
    .await?;
    set_config(&call, "delete_logs_older_than", &days).await?;
    yes()
}

async fn set_delete_reports(call: Call<'_>) -> ApiResult<Answer> {
    let months = at_least_one(&call, "deleteReportsOlderThan", 3)?;
    confirm_session(&call).await?;
    let options = [
        (
            "delete_reports_enable",
            switch(&call, "enableDeleteReports"),
        ),
        ("delete_reports_older_than", months.as_str()),
        (
            "delete_reports_keep_basic_metrics",
            switch(&call, "keepBasic"),
        ),
        ("delete_reports_keep_day_reports", switch(&call, "keepDay")),
        (
            "delete_reports_keep_week_reports",
            switch(&call, "keepWeek"),
        ),
        (
            "delete_reports_keep_month_reports",
            switch(&call, "keepMonth"),
        ),
        (
            "delete_reports_keep_year_reports",
            switch(&call, "keepYear"),
        ),
        (
            "delete_reports_keep_range_reports",
            switch(&call, "keepRange"),
        ),
        (
            "delete_reports_keep_segment_reports",
            switch(&call, "keepSegments"),
        ),
    ];
    call.app.settings.set_options(&options).await?;
    yes()
}
