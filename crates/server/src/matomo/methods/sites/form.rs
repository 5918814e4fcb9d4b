//! Settings as forms show them.

use std::collections::BTreeMap;

use model::{Answer, Role, Value};
use serde_json::Value as Json;
use settings::Site;

use crate::matomo::Call;
use crate::matomo::error::ApiResult;
use crate::matomo::methods::common::{answer, field, site_of, texts};

/// Stored settings of a feature, by name.
pub type Stored = BTreeMap<String, Json>;

/// The settings of a site.
pub async fn settings(call: Call<'_>) -> ApiResult<Answer> {
    let id = site_of(&call, Role::Admin).await?;
    let site = call.app.settings.site(id).await?;
    answer(of_site(
        &site,
        &call.app.settings.site_settings("Live", id).await?,
    ))
}

/// The settings that a new site of this kind would have.
pub fn of_kind(kind: &str) -> Value {
    let site = Site {
        idsite: 0,
        name: String::new(),
        urls: Vec::new(),
        site_type: kind.to_owned(),
        group: String::new(),
        timezone: String::new(),
        currency: String::new(),
        ecommerce: false,
        sitesearch: true,
        sitesearch_keyword_parameters: Vec::new(),
        sitesearch_category_parameters: Vec::new(),
        excluded_ips: Vec::new(),
        excluded_parameters: Vec::new(),
        excluded_user_agents: Vec::new(),
        excluded_referrers: Vec::new(),
        exclude_unknown_urls: false,
        keep_url_fragment: 0,
        creator_login: String::new(),
        ts_created: 0,
    };
    of_site(&site, &Stored::new())
}

fn of_site(site: &Site, live: &Stored) -> Value {
    let list = |list: &[String]| texts(list.iter().map(String::as_str));
    let (keywords, categories) = (
        &site.sitesearch_keyword_parameters,
        &site.sitesearch_category_parameters,
    );
    let own = vec![
        setting("urls", "URLs", list(&site.urls)),
        setting(
            "exclude_unknown_urls",
            "Only track these URLs",
            site.exclude_unknown_urls,
        ),
        setting(
            "keep_url_fragment",
            "Keep Page URL fragments",
            site.keep_url_fragment.to_string(),
        ),
        setting("excluded_ips", "Excluded IPs", list(&site.excluded_ips)),
        setting(
            "excluded_parameters",
            "Excluded Parameters",
            list(&site.excluded_parameters),
        ),
        setting(
            "excluded_user_agents",
            "Excluded User Agents",
            list(&site.excluded_user_agents),
        ),
        setting(
            "excluded_referrers",
            "Excluded referrers",
            list(&site.excluded_referrers),
        ),
        setting("sitesearch", "Site Search", i64::from(site.sitesearch)),
        setting(
            "sitesearch_keyword_parameters",
            "Query parameter",
            list(keywords),
        ),
        setting(
            "sitesearch_category_parameters",
            "Category parameter",
            list(categories),
        ),
        setting("ecommerce", "Ecommerce", i64::from(site.ecommerce)),
    ];
    let plugin = match site.site_type.as_str() {
        "mobileapp" => "MobileAppMeasurable",
        "intranet" => "IntranetMeasurable",
        _ => "WebsiteMeasurable",
    };
    Value::List(vec![group(plugin, own), of_live(live)])
}

/// Whether visits can be looked at one by one.
pub fn of_live(stored: &Stored) -> Value {
    let is_on = |name: &str| stored.get(name).is_some_and(is_on);
    let own = vec![
        setting(
            "disable_visitor_log",
            "Turn off the visits log",
            is_on("disable_visitor_log"),
        ),
        setting(
            "disable_visitor_profile",
            "Turn off visitor profiles",
            is_on("disable_visitor_profile"),
        ),
    ];
    group("Live", own)
}

fn is_on(value: &Json) -> bool {
    match value {
        Json::Bool(yes) => *yes,
        Json::Number(number) => number.as_i64() != Some(0),
        Json::String(text) => !matches!(text.as_str(), "" | "0" | "false"),
        _ => false,
    }
}

/// The settings of one feature.
pub fn group(plugin: &str, settings: Vec<Value>) -> Value {
    Value::Map(vec![
        field("pluginName", plugin),
        field("title", plugin),
        field("settings", Value::List(settings)),
    ])
}

/// A setting with its value; its kind is that of the value, and what only a form needs is left empty.
pub fn setting(name: &str, title: &str, value: impl Into<Value>) -> Value {
    let value = value.into();
    let (kind, control, default) = match &value {
        Value::Bool(_) => ("boolean", "checkbox", Value::Bool(false)),
        Value::Int(_) => ("integer", "text", Value::Int(0)),
        Value::List(_) => ("array", "textarea", Value::List(Vec::new())),
        _ => ("string", "text", Value::Text(String::new())),
    };
    Value::Map(vec![
        field("name", name),
        field("title", title),
        field("value", value),
        field("defaultValue", default),
        field("type", kind),
        field("uiControl", control),
        field("uiControlAttributes", Value::List(Vec::new())),
        field("availableValues", Value::Null),
        field("description", Value::Null),
        field("inlineHelp", Value::Null),
        field("introduction", Value::Null),
        field("condition", Value::Null),
        field("fullWidth", false),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn switches_are_on_in_every_spelling() {
        for (value, on) in [
            ("1", true),
            ("true", true),
            ("0", false),
            ("", false),
            ("false", false),
        ] {
            assert_eq!(is_on(&Json::from(value)), on, "{value}");
        }
        assert!(is_on(&Json::Bool(true)) && is_on(&Json::from(1)));
        assert!(!is_on(&Json::Null) && !is_on(&Json::from(0)));
    }
}
