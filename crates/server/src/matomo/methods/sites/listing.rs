//! Sites as they are listed and shown.

use std::collections::BTreeSet;

use model::{Answer, Name, Role, Value};
use settings::Site;

use crate::app::World;
use crate::matomo::Call;
use crate::matomo::error::ApiResult;
use crate::matomo::methods::common::{
    answer, chosen, datetime, field, flag, given_list, language, needed, site_of, sites_with, texts,
};

/// A site as it is shown.
pub fn fields(call: &Call<'_>, site: &Site) -> Vec<(Name, Value)> {
    let joined = |list: &[String]| Value::Text(list.join(","));
    vec![
        field("idsite", site.idsite),
        field("name", site.name.clone()),
        field("main_url", site.main_url()),
        field("ts_created", datetime(site.ts_created)),
        field("ecommerce", flag(site.ecommerce)),
        field("sitesearch", flag(site.sitesearch)),
        field(
            "sitesearch_keyword_parameters",
            joined(&site.sitesearch_keyword_parameters),
        ),
        field(
            "sitesearch_category_parameters",
            joined(&site.sitesearch_category_parameters),
        ),
        field("timezone", site.timezone.clone()),
        field("currency", site.currency.clone()),
        field("exclude_unknown_urls", flag(site.exclude_unknown_urls)),
        field("excluded_ips", joined(&site.excluded_ips)),
        field("excluded_parameters", joined(&site.excluded_parameters)),
        field("excluded_user_agents", joined(&site.excluded_user_agents)),
        field("excluded_referrers", joined(&site.excluded_referrers)),
        field("group", site.group.clone()),
        field("type", site.site_type.clone()),
        field("keep_url_fragment", site.keep_url_fragment),
        field("creator_login", site.creator_login.clone()),
        field(
            "timezone_name",
            call.app.names.time_zone_in(&site.timezone, language(call)),
        ),
        field("currency_name", call.app.names.currency(&site.currency)),
    ]
}

fn shown<'a>(call: &Call<'_>, sites: impl IntoIterator<Item = &'a Site>) -> ApiResult<Answer> {
    answer(Value::List(
        sites
            .into_iter()
            .map(|site| Value::Map(fields(call, site)))
            .collect(),
    ))
}

fn numbers(ids: Vec<i64>) -> ApiResult<Answer> {
    answer(texts(ids))
}

pub async fn one(call: Call<'_>) -> ApiResult<Answer> {
    let id = site_of(&call, Role::View).await?;
    let site = call.app.settings.site(id).await?;
    answer(Value::Map(fields(&call, &site)))
}

pub async fn urls(call: Call<'_>) -> ApiResult<Answer> {
    let id = site_of(&call, Role::View).await?;
    answer(texts(call.app.settings.site(id).await?.urls))
}

pub async fn all(call: Call<'_>) -> ApiResult<Answer> {
    shown(&call, call.app.world().await?.snapshot.sites.iter())
}

pub async fn all_ids(call: Call<'_>) -> ApiResult<Answer> {
    let world = call.app.world().await?;
    numbers(
        world
            .snapshot
            .sites
            .iter()
            .map(|site| site.idsite)
            .collect(),
    )
}

pub async fn of_group(call: Call<'_>) -> ApiResult<Answer> {
    let group = call.request.text("group").unwrap_or_default().trim();
    let world = call.app.world().await?;
    shown(
        &call,
        world
            .snapshot
            .sites
            .iter()
            .filter(|site| site.group == group),
    )
}

pub async fn groups(call: Call<'_>) -> ApiResult<Answer> {
    let world = call.app.world().await?;
    let groups: BTreeSet<&str> = world
        .snapshot
        .sites
        .iter()
        .map(|site| site.group.as_str())
        .collect();
    answer(texts(groups))
}

/// Which of the caller's sites are meant: those with exactly this role, or with more too.
enum With {
    AtLeast(Role),
    Exactly(Role),
}

fn ids(call: &Call<'_>, world: &World, with: With) -> Vec<i64> {
    match with {
        With::AtLeast(role) => sites_with(call, world, role),
        With::Exactly(role) => {
            let role = Some(role);
            let sites = world.snapshot.sites.iter().map(|site| site.idsite);
            sites
                .filter(|id| call.principal.role(*id) == role)
                .collect()
        }
    }
}

pub async fn ids_with_admin(call: Call<'_>) -> ApiResult<Answer> {
    numbers(ids(
        &call,
        &*call.app.world().await?,
        With::AtLeast(Role::Admin),
    ))
}

pub async fn ids_with_write(call: Call<'_>) -> ApiResult<Answer> {
    numbers(ids(
        &call,
        &*call.app.world().await?,
        With::Exactly(Role::Write),
    ))
}

pub async fn ids_with_view(call: Call<'_>) -> ApiResult<Answer> {
    numbers(ids(
        &call,
        &*call.app.world().await?,
        With::Exactly(Role::View),
    ))
}

pub async fn ids_with_any(call: Call<'_>) -> ApiResult<Answer> {
    let world = call.app.world().await?;
    numbers(restricted(&call, ids(&call, &world, With::AtLeast(Role::View))).await?)
}

/// `_restrictSitesToLogin`: only sites that this user may see, for superusers that look for another.
async fn restricted(call: &Call<'_>, ids: Vec<i64>) -> ApiResult<Vec<i64>> {
    let Some(login) = chosen(call, "_restrictSitesToLogin") else {
        return Ok(ids);
    };
    if !call.principal.is_superuser() || login == call.principal.login() {
        return Ok(ids);
    }
    let other = call.app.settings.principal_of(login).await?;
    let may_see = |id: &i64| other.has_role(*id, Role::View);
    Ok(ids.into_iter().filter(may_see).collect())
}

fn of_ids<'a>(world: &'a World, ids: &'a [i64]) -> impl Iterator<Item = &'a Site> {
    world
        .snapshot
        .sites
        .iter()
        .filter(|site| ids.binary_search(&site.idsite).is_ok())
}

fn limit(call: &Call<'_>) -> usize {
    let limit = call
        .request
        .integer("limit")
        .and_then(|limit| usize::try_from(limit).ok());
    limit.filter(|limit| *limit > 0).unwrap_or(usize::MAX)
}

pub async fn with_view(call: Call<'_>) -> ApiResult<Answer> {
    let world = call.app.world().await?;
    shown(
        &call,
        of_ids(&world, &ids(&call, &world, With::Exactly(Role::View))),
    )
}

pub async fn with_any(call: Call<'_>) -> ApiResult<Answer> {
    let world = call.app.world().await?;
    let ids = restricted(&call, ids(&call, &world, With::AtLeast(Role::View))).await?;
    shown(&call, of_ids(&world, &ids).take(limit(&call)))
}

pub async fn with_admin(call: Call<'_>) -> ApiResult<Answer> {
    let world = call.app.world().await?;
    let ids = ids(&call, &world, With::AtLeast(Role::Admin));
    let sites = found(&call, &world, &ids);
    let with_urls = call.request.flag("fetchAliasUrls");
    let rows = sites.into_iter().map(|site| {
        let mut row = fields(&call, site);
        if with_urls {
            row.push(field(
                "alias_urls",
                texts(site.urls.iter().map(String::as_str)),
            ));
        }
        Value::Map(row)
    });
    answer(Value::List(rows.collect()))
}

pub async fn matching(call: Call<'_>) -> ApiResult<Answer> {
    needed(&call, "pattern")?;
    let world = call.app.world().await?;
    let ids = ids(&call, &world, With::AtLeast(Role::View));
    shown(&call, found(&call, &world, &ids))
}

/// Sites whose name, address, group or number has the pattern in it, without those left out.
fn found<'a>(call: &Call<'_>, world: &'a World, ids: &'a [i64]) -> Vec<&'a Site> {
    let pattern = chosen(call, "pattern").map(str::to_lowercase);
    let left_out = call.request.list("sitesToExclude");
    of_ids(world, ids)
        .filter(|site| pattern.as_deref().is_none_or(|pattern| has(site, pattern)))
        .filter(|site| !left_out.contains(&site.idsite.to_string()))
        .take(limit(call))
        .collect()
}

/// Whether a site's name, group, address or number has the pattern in it.
pub fn has(site: &Site, lower_pattern: &str) -> bool {
    let within = |text: &str| text.to_lowercase().contains(lower_pattern);
    // Every address begins with "http": that is no match.
    let in_address = |url: &String| within(url.strip_prefix("http").unwrap_or(url));
    within(&site.name)
        || within(&site.group)
        || site.urls.iter().any(in_address)
        || site.idsite.to_string() == lower_pattern
}

pub async fn ids_of_url(call: Call<'_>) -> ApiResult<Answer> {
    let variants = variants(needed(&call, "url")?);
    let world = call.app.world().await?;
    let visible = ids(&call, &world, With::AtLeast(Role::View));
    let found =
        of_ids(&world, &visible).filter(|site| site.urls.iter().any(|url| variants.contains(url)));
    answer(Value::List(
        found
            .map(|site| Value::Map(vec![field("idsite", site.idsite)]))
            .collect(),
    ))
}

/// An address with both schemes, with and without `www.`.
fn variants(url: &str) -> Vec<String> {
    let url = url.trim().trim_end_matches('/');
    let bare = url
        .strip_prefix("http://")
        .or(url.strip_prefix("https://"))
        .unwrap_or(url);
    let bare = bare.strip_prefix("www.").unwrap_or(bare);
    let starts = ["http://", "http://www.", "https://", "https://www."];
    let mut variants: Vec<String> = starts
        .iter()
        .map(|start| format!("{start}{bare}"))
        .collect();
    variants.push(url.to_owned());
    variants
}

pub async fn ids_of_zones(call: Call<'_>) -> ApiResult<Answer> {
    let zones = given_list(&call, "timezones")?;
    let world = call.app.world().await?;
    let sites = world
        .snapshot
        .sites
        .iter()
        .filter(|site| zones.contains(&site.timezone));
    numbers(sites.map(|site| site.idsite).collect())
}

pub async fn used_zones(call: Call<'_>) -> ApiResult<Answer> {
    let world = call.app.world().await?;
    let zones: BTreeSet<&str> = world
        .snapshot
        .sites
        .iter()
        .map(|site| site.timezone.as_str())
        .collect();
    answer(texts(zones))
}

pub async fn page_length(call: Call<'_>) -> ApiResult<Answer> {
    /// Sites that a list of sites shows at first.
    const SITES: i64 = 15;
    let world = call.app.world().await?;
    let set = world.config.number("site_selector_max_sites");
    answer(if set > 0 { set } else { SITES })
}

/// Query parameters that no address of a site keeps: its own, then those of all sites.
pub async fn excluded_parameters(call: &Call<'_>) -> ApiResult<Vec<String>> {
    let id = site_of(call, Role::View).await?;
    let mut names = call.app.settings.site(id).await?.excluded_parameters;
    names.extend(
        call.app
            .settings
            .global_site_defaults()
            .await?
            .excluded_parameters,
    );
    Ok(names)
}

pub async fn parameters(call: Call<'_>) -> ApiResult<Answer> {
    answer(texts(excluded_parameters(&call).await?))
}

pub async fn referrers(call: Call<'_>) -> ApiResult<Answer> {
    let id = site_of(&call, Role::View).await?;
    let mut referrers = call.app.settings.site(id).await?.excluded_referrers;
    referrers.extend(
        call.app
            .settings
            .global_site_defaults()
            .await?
            .excluded_referrers,
    );
    answer(texts(referrers))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_found_in_all_its_spellings() {
        for url in [
            "http://www.example.org/",
            "https://example.org",
            "example.org",
        ] {
            let variants = variants(url);
            assert!(
                variants.contains(&"https://www.example.org".to_owned()),
                "{url}"
            );
            assert!(variants.contains(&"http://example.org".to_owned()), "{url}");
        }
    }
}
