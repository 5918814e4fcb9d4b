//! `SitesManager`.

use model::{Access, Answer, Name, Role, Value};
use settings::{NewSite, Site, SiteChange};

use super::{Method, method};
use crate::app::now;
use crate::matomo::error::{ApiError, ApiResult};
use crate::matomo::request::ApiRequest;
use crate::matomo::{Call, world};

pub const METHODS: &[Method] = &[
    method!("SitesManager.addSite", Access::SuperUser, add),
    method!("SitesManager.updateSite", Access::Site(Role::Admin), update),
    method!("SitesManager.getSiteFromId", Access::Site(Role::View), from_id),
    method!("SitesManager.setGlobalSearchParameters", Access::SuperUser, set_search_parameters),
    method!("SitesManager.setGlobalExcludedIps", Access::SuperUser, set_excluded_ips),
    method!("SitesManager.setGlobalExcludedUserAgents", Access::SuperUser, set_excluded_agents),
];

/// The values of a site that a call names; what it does not name stays as it is.
fn change_of(request: &ApiRequest) -> SiteChange {
    let list = |name: &str| request.has(name).then(|| request.list(name));
    let text = |name: &str| request.text(name).map(str::to_owned);
    let flag = |name: &str| request.has(name).then(|| request.flag(name));
    SiteChange {
        name: text("siteName"),
        urls: request.has("urls").then(|| request.array("urls")),
        site_type: text("type"),
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
    }
}

async fn add(call: Call<'_>) -> ApiResult<Answer> {
    let name = call.request.filled("siteName").ok_or_else(|| ApiError::missing("siteName"))?;
    let new = NewSite {
        name: name.to_owned(),
        creator_login: call.principal.login().to_owned(),
        ts_created: created(&call.request)?,
        values: change_of(&call.request),
    };
    let id = call.app.settings.add_site(new, now()).await?;
    Ok(Answer::Value(Value::Int(id)))
}

/// `startDate`: a date with or without a time, in UTC.
fn created(request: &ApiRequest) -> ApiResult<Option<i64>> {
    let Some(text) = request.filled("startDate") else { return Ok(None) };
    let text = text.trim().replace(' ', "T");
    let text = if text.contains('T') { text } else { format!("{text}T00:00:00") };
    let at: jiff::civil::DateTime =
        text.parse().map_err(|_| ApiError::invalid(format!("'{text}' is not a date")))?;
    Ok(Some(model::Zone::utc().moment(at)))
}

async fn update(call: Call<'_>) -> ApiResult<Answer> {
    let id = site_of(&call, Role::Admin).await?;
    call.app.settings.update_site(id, change_of(&call.request)).await?;
    if let Some(created) = created(&call.request)? {
        call.app.settings.site_has_data_since(id, created).await?;
    }
    Ok(Answer::Done)
}

/// The one site a call names.
pub async fn site_of(call: &Call<'_>, role: Role) -> ApiResult<i64> {
    let world = call.app.world().await?;
    let sites = world::sites(call, &world, role)?;
    sites.ids.first().map(|id| i64::from(*id)).ok_or_else(|| ApiError::missing("idSite"))
}

async fn from_id(call: Call<'_>) -> ApiResult<Answer> {
    let id = site_of(&call, Role::View).await?;
    let site = call.app.settings.site(id).await?;
    Ok(Answer::Value(Value::Map(fields(&call, &site))))
}

/// A site as it is shown.
fn fields(call: &Call<'_>, site: &Site) -> Vec<(Name, Value)> {
    let joined = |list: &[String]| Value::Text(list.join(","));
    let flag = |yes: bool| Value::Int(i64::from(yes));
    let created = jiff::Timestamp::from_second(site.ts_created).unwrap_or_default();
    let created = jiff::tz::TimeZone::UTC.to_datetime(created).strftime("%Y-%m-%d %H:%M:%S").to_string();
    vec![
        ("idsite".into(), Value::Int(site.idsite)),
        ("name".into(), site.name.clone().into()),
        ("main_url".into(), site.main_url().into()),
        ("ts_created".into(), created.into()),
        ("ecommerce".into(), flag(site.ecommerce)),
        ("sitesearch".into(), flag(site.sitesearch)),
        ("sitesearch_keyword_parameters".into(), joined(&site.sitesearch_keyword_parameters)),
        ("sitesearch_category_parameters".into(), joined(&site.sitesearch_category_parameters)),
        ("timezone".into(), site.timezone.clone().into()),
        ("currency".into(), site.currency.clone().into()),
        ("exclude_unknown_urls".into(), flag(site.exclude_unknown_urls)),
        ("excluded_ips".into(), joined(&site.excluded_ips)),
        ("excluded_parameters".into(), joined(&site.excluded_parameters)),
        ("excluded_user_agents".into(), joined(&site.excluded_user_agents)),
        ("excluded_referrers".into(), joined(&site.excluded_referrers)),
        ("group".into(), site.group.clone().into()),
        ("type".into(), site.site_type.clone().into()),
        ("keep_url_fragment".into(), Value::Int(site.keep_url_fragment)),
        ("creator_login".into(), site.creator_login.clone().into()),
        ("timezone_name".into(), call.app.names.time_zone(&site.timezone).into()),
        ("currency_name".into(), call.app.names.currency(&site.currency).into()),
    ]
}

async fn set_search_parameters(call: Call<'_>) -> ApiResult<Answer> {
    let keywords = call.request.list("searchKeywordParameters");
    let categories = call.request.list("searchCategoryParameters");
    call.app.settings.set_global_search_parameters(&keywords, &categories).await?;
    Ok(Answer::Value(Value::Bool(true)))
}

async fn set_excluded_ips(call: Call<'_>) -> ApiResult<Answer> {
    let list = call.request.list("excludedIps");
    call.app.settings.set_global_excluded_ips(&list).await?;
    Ok(Answer::Value(Value::Bool(true)))
}

async fn set_excluded_agents(call: Call<'_>) -> ApiResult<Answer> {
    let list = call.request.list("excludedUserAgents");
    call.app.settings.set_global_excluded_user_agents(&list).await?;
    Ok(Answer::Done)
}
