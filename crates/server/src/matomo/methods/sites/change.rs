//! Sites are added, changed, removed.

use ingest::Erasure;
use model::{Answer, Role, SiteId, Value};
use serde_json::Value as Json;
use settings::{NewSite, SiteChange};
use tracking::url::ParamValue;

use super::money;
use crate::app::now;
use crate::matomo::Call;
use crate::matomo::error::{ApiError, ApiResult};
use crate::matomo::methods::common::{
    answer, confirm_session, day_before, given, given_list, json_of, moment, needed, site_of,
    sites_in, yes,
};
use crate::matomo::request::ApiRequest;

/// Settings of one feature, by name.
type Stored = (String, Vec<(String, Json)>);

/// The values of a site that a call names; what it does not name stays as it is.
fn change_of(request: &ApiRequest) -> ApiResult<SiteChange> {
    let list = |name: &str| request.has(name).then(|| request.list(name));
    let text = |name: &str| request.text(name).map(str::to_owned);
    let flag = |name: &str| request.filled(name).map(|_| request.flag(name));
    let mut change = SiteChange {
        name: text("siteName").filter(|name| !name.is_empty()),
        urls: request.has("urls").then(|| request.array("urls")),
        site_type: text("type").filter(|kind| !kind.is_empty()),
        group: text("group"),
        timezone: text("timezone").filter(|zone| !zone.is_empty()),
        currency: text("currency").filter(|currency| !currency.is_empty()),
        ecommerce: flag("ecommerce"),
        sitesearch: flag("siteSearch"),
        sitesearch_keyword_parameters: list("searchKeywordParameters"),
        sitesearch_category_parameters: list("searchCategoryParameters"),
        excluded_ips: list("excludedIps"),
        excluded_parameters: list("excludedQueryParameters"),
        excluded_user_agents: list("excludedUserAgents"),
        excluded_referrers: list("excludedReferrers"),
        exclude_unknown_urls: flag("excludeUnknownUrls"),
        keep_url_fragment: request.integer("keepURLFragments"),
        ts_created: None,
    };
    for (plugin, values) in setting_values(request) {
        if is_site_plugin(&plugin) {
            values
                .into_iter()
                .for_each(|(name, value)| set_named(&mut change, &name, &value));
        }
    }
    if let Some(currency) = &change.currency {
        money::check(currency)?;
    }
    Ok(change)
}

/// These features keep their settings in the site itself.
fn is_site_plugin(plugin: &str) -> bool {
    plugin.ends_with("Measurable")
}

/// `settingValues[Feature][n][name|value]`.
pub fn setting_values(request: &ApiRequest) -> Vec<Stored> {
    let Some(plugins) = request.map().map("settingValues") else {
        return Vec::new();
    };
    let settings = |value: &ParamValue| match value {
        ParamValue::Map(list) => list
            .iter()
            .filter_map(|(_, setting)| named_value(setting))
            .collect(),
        ParamValue::Text(_) => Vec::new(),
    };
    plugins
        .iter()
        .map(|(plugin, value)| (plugin.to_owned(), settings(value)))
        .collect()
}

fn named_value(setting: &ParamValue) -> Option<(String, Json)> {
    let ParamValue::Map(setting) = setting else {
        return None;
    };
    let value = setting
        .get("value")
        .map_or(Json::String(String::new()), json_of);
    Some((setting.text("name")?.to_owned(), value))
}

/// The settings of other features among `settingValues`.
pub fn stored_elsewhere(request: &ApiRequest) -> Vec<Stored> {
    let mut values = setting_values(request);
    values.retain(|(plugin, _)| !is_site_plugin(plugin));
    values
}

fn set_named(change: &mut SiteChange, name: &str, value: &Json) {
    let list = || match value {
        Json::Array(items) => items
            .iter()
            .filter_map(|item| item.as_str().map(str::to_owned))
            .collect(),
        Json::String(text) => text
            .split([',', '\n'])
            .map(|part| part.trim().to_owned())
            .collect(),
        _ => Vec::new(),
    };
    let flag = || !matches!(value.as_str(), Some("" | "0" | "false") | None);
    match name {
        "urls" => change.urls = Some(list()),
        "exclude_unknown_urls" => change.exclude_unknown_urls = Some(flag()),
        "keep_url_fragment" => {
            change.keep_url_fragment = value.as_str().and_then(|text| text.parse().ok());
        }
        "excluded_ips" => change.excluded_ips = Some(list()),
        "excluded_parameters" => change.excluded_parameters = Some(list()),
        "excluded_user_agents" => change.excluded_user_agents = Some(list()),
        "excluded_referrers" => change.excluded_referrers = Some(list()),
        "sitesearch" => change.sitesearch = Some(flag()),
        "sitesearch_keyword_parameters" => change.sitesearch_keyword_parameters = Some(list()),
        "sitesearch_category_parameters" => change.sitesearch_category_parameters = Some(list()),
        "ecommerce" => change.ecommerce = Some(flag()),
        _ => {}
    }
}

pub async fn add(call: Call<'_>) -> ApiResult<Answer> {
    let new = NewSite {
        name: needed(&call, "siteName")?.to_owned(),
        creator_login: call.principal.login().to_owned(),
        ts_created: created(&call.request)?,
        values: change_of(&call.request)?,
    };
    let is_app = new.values.site_type.as_deref() == Some("mobileapp");
    if !is_app
        && new
            .values
            .urls
            .as_ref()
            .is_none_or(|urls| urls.iter().all(|url| url.trim().is_empty()))
    {
        return Err(ApiError::invalid(
            "You must specify at least one URL for the site.",
        ));
    }
    let id = call.app.settings.add_site(new, now()).await?;
    store_elsewhere(&call, id).await?;
    answer(id)
}

/// `startDate`: a date with or without a time, in UTC.
pub fn created(request: &ApiRequest) -> ApiResult<Option<i64>> {
    request.filled("startDate").map(moment).transpose()
}

async fn store_elsewhere(call: &Call<'_>, site: i64) -> ApiResult<()> {
    for (plugin, values) in stored_elsewhere(&call.request) {
        call.app
            .settings
            .set_site_settings(&plugin, site, &values)
            .await?;
    }
    Ok(())
}

pub async fn update(call: Call<'_>) -> ApiResult<Answer> {
    let id = site_of(&call, Role::Admin).await?;
    let mut change = change_of(&call.request)?;
    change.ts_created = created(&call.request)?;
    call.app.settings.update_site(id, change).await?;
    store_elsewhere(&call, id).await?;
    Ok(Answer::Done)
}

pub async fn delete(call: Call<'_>) -> ApiResult<Answer> {
    let id = site_of(&call, Role::Admin).await?;
    confirm_session(&call).await?;
    call.app.settings.delete_site(id).await?;
    if let Ok(site) = SiteId::try_from(id) {
        call.app.erase(Erasure::Site(site)).await?;
    }
    Ok(Answer::Done)
}

/// What a person should know before a site goes; nothing here depends on a site.
pub async fn warnings(call: Call<'_>) -> ApiResult<Answer> {
    site_of(&call, Role::Admin).await?;
    answer(Value::List(Vec::new()))
}

pub async fn add_urls(call: Call<'_>) -> ApiResult<Answer> {
    let id = site_of(&call, Role::Admin).await?;
    if !call.request.has("urls") {
        return Err(ApiError::missing("urls"));
    }
    let added = call
        .app
        .settings
        .add_site_alias_urls(id, &call.request.array("urls"))
        .await?;
    answer(added as i64)
}

pub async fn set_urls(call: Call<'_>) -> ApiResult<Answer> {
    let id = site_of(&call, Role::Admin).await?;
    let count = call
        .app
        .settings
        .set_site_alias_urls(id, &call.request.array("urls"))
        .await?;
    answer(count as i64)
}

pub async fn rename_group(call: Call<'_>) -> ApiResult<Answer> {
    let (old, new) = (given(&call, "oldGroupName")?, given(&call, "newGroupName")?);
    if old != new {
        call.app.settings.rename_site_group(old, new).await?;
    }
    yes()
}

pub async fn set_created(call: Call<'_>) -> ApiResult<Answer> {
    given_list(&call, "idSites")?;
    let world = call.app.world().await?;
    let sites = sites_in(&call, &world, "idSites", Role::Admin)?;
    let created = day_before(moment(needed(&call, "minDate")?)?);
    for site in sites {
        call.app.settings.site_has_data_since(site, created).await?;
    }
    Ok(Answer::Done)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_of_a_site_and_of_other_features_are_told_apart() {
        let query = "settingValues[WebsiteMeasurable][0][name]=excluded_ips\
             &settingValues[WebsiteMeasurable][0][value][]=1.2.3.4\
             &settingValues[Live][0][name]=disable_visitor_log&settingValues[Live][0][value]=1&ecommerce=0";
        let request = ApiRequest::parse(query, b"");
        let change = change_of(&request).expect("a change");
        assert_eq!(change.excluded_ips, Some(vec!["1.2.3.4".to_owned()]));
        assert_eq!(
            (change.ecommerce, change.sitesearch, change.name),
            (Some(false), None, None)
        );
        let live = vec![("disable_visitor_log".to_owned(), Json::from("1"))];
        assert_eq!(stored_elsewhere(&request), [("Live".to_owned(), live)]);
    }

    #[test]
    fn unknown_currencies_are_refused() {
        assert!(change_of(&ApiRequest::parse("currency=EUR", b"")).is_ok());
        assert!(change_of(&ApiRequest::parse("currency=EURO", b"")).is_err());
    }
}
