//! Who may do what on which site.

use model::{Answer, Role, Value};
use settings::{SiteAccess, User};

use super::listing;
use super::listing::{page, total_of};
use crate::app::World;
use crate::matomo::Call;
use crate::matomo::error::{ApiError, ApiResult};
use crate::matomo::methods::common::{
    answer, confirm_session, field, keyed, needed, site_of, sites_in, sites_with, texts,
};

/// Roles with what they are called and what they allow.
const ROLES: [(&str, &str, &str, &str); 3] = [
    (
        "view",
        "View",
        "May look at every report.",
        "https://matomo.org/faq/general/faq_70/",
    ),
    (
        "write",
        "Write",
        "May look at everything and manage what belongs to reports, such as goals and segments.",
        "https://matomo.org/faq/general/faq_26910",
    ),
    (
        "admin",
        "Admin",
        "May do all of this, change the website's settings and decide who has access to it.",
        "https://matomo.org/faq/general/faq_69/",
    ),
];

/// Permissions on top of a role: id, name, what it allows, roles that have it anyway.
const CAPABILITIES: [(&str, &str, &str, &[&str]); 3] = [
    (
        "tagmanager_write",
        "Write",
        "May manage tags, triggers and variables of containers.",
        &["write", "admin"],
    ),
    (
        "tagmanager_publish_live_container",
        "Publish Live Container",
        "May bring a container to the live website.",
        &["admin"],
    ),
    (
        "tagmanager_use_custom_templates",
        "Use Custom Templates",
        "May write code that runs on the website.",
        &["admin"],
    ),
];

pub async fn roles(_call: Call<'_>) -> ApiResult<Answer> {
    let row = |(id, name, description, help)| {
        Value::Map(vec![
            field("id", id),
            field("name", name),
            field("description", description),
            field("helpUrl", help),
        ])
    };
    answer(Value::List(ROLES.map(row).to_vec()))
}

pub async fn capabilities(_call: Call<'_>) -> ApiResult<Answer> {
    let row = |(id, name, description, roles): (&str, &str, &str, &[&str])| {
        Value::Map(vec![
            field("id", id),
            field("name", name),
            field("description", description),
            field("helpUrl", ""),
            field("includedInRoles", texts(roles.iter().copied())),
            field("category", "Tag Manager"),
        ])
    };
    answer(Value::List(CAPABILITIES.map(row).to_vec()))
}

/// What `access` names: one role, or none, and capabilities.
#[derive(Debug, PartialEq)]
struct Wanted {
    role: Option<Role>,
    capabilities: Vec<String>,
}

fn is_capability(name: &str) -> bool {
    CAPABILITIES.iter().any(|capability| capability.0 == name)
}

fn wanted(access: &[String]) -> ApiResult<Wanted> {
    let mut roles = Vec::new();
    let mut capabilities = Vec::new();
    for name in access {
        match (Role::from_name(name), name.as_str()) {
            (Some(role), _) => roles.push(Some(role)),
            (None, "noaccess") => roles.push(None),
            (None, name) if is_capability(name) => capabilities.push(name.to_owned()),
            (None, _) => return Err(unknown_access()),
        }
    }
    match roles.as_slice() {
        [role] => Ok(Wanted {
            role: *role,
            capabilities,
        }),
        [] => Err(ApiError::invalid(
            "Please specify one role: view, write, admin or noaccess.",
        )),
        _ => Err(ApiError::invalid("Only one role can be given at once.")),
    }
}

fn unknown_access() -> ApiError {
    let capabilities = CAPABILITIES.map(|capability| capability.0).join(", ");
    ApiError::invalid(format!(
        "The parameter access must have one of the following values : [ noaccess, view, write, admin, {capabilities} ]"
    ))
}

/// The sites of `idSites`, every one administered by the caller; `all` are those the caller administers.
fn administered(call: &Call<'_>, world: &World) -> ApiResult<Vec<i64>> {
    if call.request.list("idSites") == ["all"] {
        return Ok(sites_with(call, world, Role::Admin));
    }
    sites_in(call, world, "idSites", Role::Admin)
}

pub async fn set(call: Call<'_>) -> ApiResult<Answer> {
    let login = needed(&call, "userLogin")?;
    let access = call.request.list("access");
    if access.is_empty() {
        return Err(ApiError::missing("access"));
    }
    let wanted = wanted(&access)?;
    let world = call.app.world().await?;
    let sites = administered(&call, &world)?;
    confirm_session(&call).await?;
    call.app
        .settings
        .set_access(login, wanted.role, &wanted.capabilities, &sites)
        .await?;
    Ok(Answer::Done)
}

fn asked_capabilities(call: &Call<'_>) -> ApiResult<Vec<String>> {
    let names = call.request.list("capabilities");
    match names.iter().all(|name| is_capability(name)) {
        _ if names.is_empty() => Err(ApiError::missing("capabilities")),
        true => Ok(names),
        false => Err(unknown_access()),
    }
}

pub async fn add_capabilities(call: Call<'_>) -> ApiResult<Answer> {
    let login = needed(&call, "userLogin")?;
    let names = asked_capabilities(&call)?;
    let world = call.app.world().await?;
    let sites = administered(&call, &world)?;
    call.app
        .settings
        .add_capabilities(login, &names, &sites)
        .await?;
    Ok(Answer::Done)
}

pub async fn remove_capabilities(call: Call<'_>) -> ApiResult<Answer> {
    let login = needed(&call, "userLogin")?;
    let names = asked_capabilities(&call)?;
    let world = call.app.world().await?;
    let sites = administered(&call, &world)?;
    call.app
        .settings
        .remove_capabilities(login, &names, &sites)
        .await?;
    Ok(Answer::Done)
}

/// The role or capability that `access` names.
fn asked_access<'a>(call: &'a Call<'_>) -> ApiResult<&'a str> {
    let access = needed(call, "access")?;
    match Role::from_name(access).is_some() || is_capability(access) {
        true => Ok(access),
        false => Err(unknown_access()),
    }
}

fn has(access: &SiteAccess, name: &str) -> bool {
    let role = access.role.map(Role::name);
    role == Some(name)
        || access
            .capabilities
            .iter()
            .any(|capability| capability == name)
}

pub async fn sites_by_user(call: Call<'_>) -> ApiResult<Answer> {
    let name = asked_access(&call)?;
    let mut by_user: Vec<(String, Vec<Value>)> = Vec::new();
    for access in call
        .app
        .settings
        .all_access()
        .await?
        .into_iter()
        .filter(|access| has(access, name))
    {
        match by_user.last_mut().filter(|last| last.0 == access.login) {
            Some((_, sites)) => sites.push(access.idsite.into()),
            None => by_user.push((access.login, vec![access.idsite.into()])),
        }
    }
    answer(keyed(
        by_user
            .into_iter()
            .map(|(login, sites)| (login, Value::List(sites))),
    ))
}

/// Logins with a role on the site and visible to the caller.
pub async fn of_site(call: Call<'_>) -> ApiResult<Answer> {
    let site = site_of(&call, Role::Admin).await?;
    let access = call.app.settings.access_to_site(site).await?;
    let roles = access
        .iter()
        .filter_map(|access| Some((access.login.as_str(), access.role?.name())));
    answer(keyed(roles.map(|(login, role)| (login, Value::from(role)))))
}

pub async fn users_of_site(call: Call<'_>) -> ApiResult<Answer> {
    let site = site_of(&call, Role::Admin).await?;
    let name = asked_access(&call)?;
    let access = call.app.settings.access_to_site(site).await?;
    let with_it = |user: &User| {
        access
            .iter()
            .any(|access| access.login == user.login && has(access, name))
    };
    let mut users = listing::visible(&call).await?;
    users.retain(with_it);
    listing::shown(&call, &users).await
}

pub async fn of_user(call: Call<'_>) -> ApiResult<Answer> {
    let user = call.app.settings.user(needed(&call, "userLogin")?).await?;
    let row =
        |site: i64, access: &str| Value::Map(vec![field("site", site), field("access", access)]);
    if user.superuser_access {
        let world = call.app.world().await?;
        let sites = world.snapshot.sites.iter();
        return answer(Value::List(
            sites.map(|site| row(site.idsite, "admin")).collect(),
        ));
    }
    let mut rows = Vec::new();
    for access in call.app.settings.access_of_user(&user.login).await? {
        rows.extend(access.role.map(|role| row(access.idsite, role.name())));
        rows.extend(
            access
                .capabilities
                .iter()
                .map(|capability| row(access.idsite, capability)),
        );
    }
    answer(Value::List(rows))
}

/// What a user may do on the sites that the caller administers.
pub async fn for_user(call: Call<'_>) -> ApiResult<Answer> {
    let user = call.app.settings.user(needed(&call, "userLogin")?).await?;
    if user.superuser_access {
        return Err(ApiError::invalid(
            "This method should not be used with superusers.",
        ));
    }
    let world = call.app.world().await?;
    let sites = sites_with(&call, &world, Role::Admin);
    let search = call.request.filled("filter_search").map(str::to_lowercase);
    let mut rows = Vec::new();
    let mut access = call.app.settings.access_of_user(&user.login).await?;
    access.retain(|access| sites.contains(&access.idsite));
    for access in &access {
        let site = world.site(u32::try_from(access.idsite).unwrap_or(0));
        let Some(site) = site else {
            continue;
        };
        let found = search.as_ref().is_none_or(|text| {
            site.name.to_lowercase().contains(text)
                || site.urls.iter().any(|url| url.contains(text))
        });
        let filter = call.request.filled("filter_access");
        let asked = filter.is_none_or(|name| match name {
            "some" => access.role.is_some(),
            name => has(access, name),
        });
        if found && asked {
            rows.push(Value::Map(vec![
                field("idsite", site.idsite),
                field("site_name", site.name.clone()),
                field("role", access.role.map_or("noaccess", Role::name)),
                field(
                    "capabilities",
                    texts(access.capabilities.iter().map(String::as_str)),
                ),
            ]));
        }
    }
    let mut headers = vec![total_of(rows.len())];
    let has_some = access.iter().any(|access| access.role.is_some());
    headers.push(("X-Matomo-Has-Some", u8::from(has_some).to_string()));
    Ok(page(&call, rows, headers))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn access_is_one_role_and_any_capabilities() {
        let of = |names: &[&str]| {
            wanted(
                &names
                    .iter()
                    .map(|name| (*name).to_owned())
                    .collect::<Vec<_>>(),
            )
            .ok()
        };
        assert_eq!(
            of(&["noaccess"]),
            Some(Wanted {
                role: None,
                capabilities: vec![]
            })
        );
        assert_eq!(
            of(&["view", "tagmanager_write"]),
            Some(Wanted {
                role: Some(Role::View),
                capabilities: vec!["tagmanager_write".to_owned()]
            })
        );
        for names in [
            &["view", "admin"][..],
            &["superuser"],
            &["tagmanager_write"],
            &["x"],
            &[],
        ] {
            assert_eq!(of(names), None, "{names:?}");
        }
    }
}
