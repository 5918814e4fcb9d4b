//! Users as they are listed and shown.

use std::collections::BTreeSet;

use model::{Answer, Name, Role, Value};
use settings::{ANONYMOUS, InviteStatus, SiteAccess, User};

use crate::app::now;
use crate::matomo::Call;
use crate::matomo::error::{ApiError, ApiResult};
use crate::matomo::methods::common::{
    answer, datetime, field, flag, needed, optional, own_or_superuser, site_of, sites_with, texts,
};

/// A user as it is shown: everything to a superuser, little to others.
pub fn fields(call: &Call<'_>, user: &User, second_factors: &[String]) -> Vec<(Name, Value)> {
    let status = match user.invite_status(now()) {
        InviteStatus::Active => "active",
        InviteStatus::Pending => "pending",
        InviteStatus::Expired => "expired",
    };
    let time = |at: Option<i64>| at.map_or(Value::Null, |at| datetime(at).into());
    let mut fields = vec![field("login", user.login.clone())];
    if !call.principal.is_superuser() {
        if user.login == call.principal.login() || user.superuser_access {
            fields.push(field("email", user.email.clone()));
        }
        fields.push(field("superuser_access", flag(user.superuser_access)));
        fields.push(field("invite_status", status));
        if invited_by_caller(call, user) {
            fields.push(field("invited_by", optional(user.invited_by.clone())));
        }
        return fields;
    }
    fields.extend([
        field("email", user.email.clone()),
        field("superuser_access", flag(user.superuser_access)),
        field("date_registered", datetime(user.date_registered)),
        field("invited_by", optional(user.invited_by.clone())),
        field("invite_expired_at", time(user.invite_expired_at)),
        field("invite_accept_at", time(user.invite_accept_at)),
        field("invite_status", status),
    ]);
    if user.last_seen.is_some() {
        fields.push(field("last_seen", time(user.last_seen)));
    }
    fields.push(field("uses_2fa", second_factors.contains(&user.login)));
    fields
}

/// A user who did not accept yet belongs to the one who invited.
pub fn invited_by_caller(call: &Call<'_>, user: &User) -> bool {
    let is_pending = user.invite_status(now()) != InviteStatus::Active;
    is_pending && user.invited_by.as_deref() == Some(call.principal.login())
}

/// Every user the caller may know of: all for a superuser; for others the users of the sites they
/// administer, themselves, and whom they invited.
pub async fn visible(call: &Call<'_>) -> ApiResult<Vec<User>> {
    let mut users = call.app.settings.users().await?;
    users.retain(|user| user.login != ANONYMOUS);
    if call.principal.is_superuser() {
        return Ok(users);
    }
    let world = call.app.world().await?;
    let sites = sites_with(call, &world, Role::Admin);
    let access = call.app.settings.all_access().await?;
    let here = access
        .iter()
        .filter(|access| access.role.is_some() && sites.contains(&access.idsite));
    let known: BTreeSet<&str> = here.map(|access| access.login.as_str()).collect();
    users.retain(|user| {
        known.contains(user.login.as_str())
            || user.login == call.principal.login()
            || invited_by_caller(call, user)
    });
    Ok(users)
}

async fn second_factors(call: &Call<'_>) -> ApiResult<Vec<String>> {
    match call.principal.is_superuser() {
        true => Ok(call.app.settings.two_factor_logins().await?),
        false => Ok(Vec::new()),
    }
}

pub async fn shown(call: &Call<'_>, users: &[User]) -> ApiResult<Answer> {
    let second_factors = second_factors(call).await?;
    let rows = users
        .iter()
        .map(|user| Value::Map(fields(call, user, &second_factors)));
    answer(Value::List(rows.collect()))
}

pub async fn all(call: Call<'_>) -> ApiResult<Answer> {
    let asked = call.request.list("userLogins");
    let mut users = visible(&call).await?;
    users.retain(|user| asked.is_empty() || asked.contains(&user.login));
    shown(&call, &users).await
}

pub async fn logins(call: Call<'_>) -> ApiResult<Answer> {
    answer(texts(
        visible(&call).await?.into_iter().map(|user| user.login),
    ))
}

async fn shown_one(call: &Call<'_>, user: &User) -> ApiResult<Answer> {
    let second_factors = second_factors(call).await?;
    answer(Value::Map(fields(call, user, &second_factors)))
}

pub async fn one(call: Call<'_>) -> ApiResult<Answer> {
    let login = needed(&call, "userLogin")?;
    own_or_superuser(&call, login)?;
    let user = call.app.settings.user(login).await?;
    shown_one(&call, &user).await
}

pub async fn by_email(call: Call<'_>) -> ApiResult<Answer> {
    let email = needed(&call, "userEmail")?;
    let user = call.app.settings.find_user_by_email(email).await?;
    let user = user.ok_or_else(|| no_email(email))?;
    shown_one(&call, &user).await
}

fn no_email(email: &str) -> ApiError {
    ApiError::invalid(format!("User '{email}' doesn't exist."))
}

pub async fn superusers(call: Call<'_>) -> ApiResult<Answer> {
    let mut users = call.app.settings.users().await?;
    users.retain(|user| user.superuser_access);
    shown(&call, &users).await
}

pub async fn is_superuser(call: Call<'_>) -> ApiResult<Answer> {
    answer(call.principal.is_superuser())
}

/// Whether a name is taken tells who is here: only people who may see a site are told.
fn sees_something(call: &Call<'_>) -> ApiResult<()> {
    let sites = call.principal.sites_with(Role::View);
    match call.principal.is_superuser() || sites.is_none_or(|sites| !sites.is_empty()) {
        true => Ok(()),
        false => Err(crate::matomo::world::no_access_to_any(Role::View)),
    }
}

pub async fn exists(call: Call<'_>) -> ApiResult<Answer> {
    let login = needed(&call, "userLogin")?;
    sees_something(&call)?;
    let user = call.app.settings.find_user(login).await?;
    answer(user.is_some_and(|user| user.login != ANONYMOUS))
}

pub async fn email_exists(call: Call<'_>) -> ApiResult<Answer> {
    let email = needed(&call, "userEmail")?;
    sees_something(&call)?;
    answer(call.app.settings.find_user_by_email(email).await?.is_some())
}

pub async fn login_of_email(call: Call<'_>) -> ApiResult<Answer> {
    let email = needed(&call, "userEmail")?;
    let user = call.app.settings.find_user_by_email(email).await?;
    answer(user.ok_or_else(|| no_email(email))?.login)
}

/// Users of one site with what they may do there.
pub async fn with_role(call: Call<'_>) -> ApiResult<Answer> {
    let site = site_of(&call, Role::Admin).await?;
    let second_factors = second_factors(&call).await?;
    let access = call.app.settings.access_to_site(site).await?;
    let mut rows: Vec<(User, &str, &[String])> = Vec::new();
    for user in visible(&call).await? {
        let here = access.iter().find(|access| access.login == user.login);
        let role = role_name(&user, here);
        rows.push((
            user,
            role,
            here.map_or(&[], |access| access.capabilities.as_slice()),
        ));
    }
    rows.retain(|(user, role, capabilities)| is_asked_for(&call, user, role, capabilities));
    let total = rows.len();
    let rows = rows.iter().map(|(user, role, capabilities)| {
        let mut fields = fields(&call, user, &second_factors);
        fields.push(field("role", *role));
        fields.push(field(
            "capabilities",
            texts(capabilities.iter().map(String::as_str)),
        ));
        Value::Map(fields)
    });
    Ok(page(&call, rows.collect(), vec![total_of(total)]))
}

/// The header that tells how many rows there are on all pages.
pub fn total_of(rows: usize) -> (&'static str, String) {
    ("X-Matomo-Total-Results", rows.to_string())
}

/// The rows that `offset` and `limit` ask for.
pub fn page(call: &Call<'_>, rows: Vec<Value>, headers: Vec<(&'static str, String)>) -> Answer {
    let whole = |name: &str| {
        let number = call.request.integer(name)?;
        usize::try_from(number).ok()
    };
    let limit = whole("limit").filter(|limit| *limit > 0);
    let rows = rows
        .into_iter()
        .skip(whole("offset").unwrap_or(0))
        .take(limit.unwrap_or(usize::MAX));
    Answer::Headed {
        headers,
        answer: Box::new(Answer::Value(Value::List(rows.collect()))),
    }
}

fn role_name(user: &User, access: Option<&SiteAccess>) -> &'static str {
    match access.and_then(|access| access.role) {
        _ if user.superuser_access => "superuser",
        Some(role) => role.name(),
        None => "noaccess",
    }
}

/// `filter_search`, `filter_access`, `filter_status`.
fn is_asked_for(call: &Call<'_>, user: &User, role: &str, capabilities: &[String]) -> bool {
    let filter = |name: &str| call.request.filled(name);
    let found = filter("filter_search").is_none_or(|text| {
        let text = text.to_lowercase();
        user.login.to_lowercase().contains(&text) || user.email.to_lowercase().contains(&text)
    });
    let access = filter("filter_access").is_none_or(|access| match access {
        "some" => role != "noaccess",
        access => access == role || capabilities.iter().any(|capability| capability == access),
    });
    let status = filter("filter_status").is_none_or(|status| {
        let is = user.invite_status(now());
        match status {
            "active" => is == InviteStatus::Active,
            "pending" => is == InviteStatus::Pending,
            "expired" => is == InviteStatus::Expired,
            _ => false,
        }
    });
    found && access && status
}
