//! Users are added, changed, removed.

use model::{Answer, Role};
use settings::{NewUser, PasswordRules, Secret};

use super::listing::invited_by_caller;
use crate::app::now;
use crate::matomo::Call;
use crate::matomo::error::{ApiError, ApiResult};
use crate::matomo::methods::common::{
    chosen, confirm_password, confirm_session, needed, own_or_superuser, signed_in, sites_in,
};

/// The site that a new user sees at first. Who is no superuser must name one, and administer it.
pub async fn first_site(call: &Call<'_>) -> ApiResult<Option<i64>> {
    if chosen(call, "initialIdSite").is_none() {
        return match call.principal.is_superuser() {
            true => Ok(None),
            false => Err(ApiError::invalid(
                "As an admin user, you must grant a new user access to one of your websites: set 'initialIdSite'.",
            )),
        };
    }
    let world = call.app.world().await?;
    Ok(sites_in(call, &world, "initialIdSite", Role::Admin)?
        .first()
        .copied())
}

pub async fn add(call: Call<'_>) -> ApiResult<Answer> {
    if call.request.flag("_isPasswordHashed") {
        return Err(ApiError::invalid(
            "Passwords are taken as they are, not hashed: _isPasswordHashed must be 0.",
        ));
    }
    let login = needed(&call, "userLogin")?.to_owned();
    let new = NewUser {
        login: login.clone(),
        password: Secret::new(needed(&call, "password")?),
        email: needed(&call, "email")?.to_owned(),
        invited_by: None,
    };
    let site = first_site(&call).await?;
    confirm_session(&call).await?;
    call.app
        .settings
        .add_user(new, PasswordRules::API, now())
        .await?;
    if let Some(site) = site {
        call.app
            .settings
            .set_access(&login, Some(Role::View), &[], &[site])
            .await?;
    }
    Ok(Answer::Done)
}

/// Sets password or address; the caller's own password confirms it even beside a token, because either
/// is enough to take an account over.
pub async fn update(call: Call<'_>) -> ApiResult<Answer> {
    signed_in(&call)?;
    let login = needed(&call, "userLogin")?;
    own_or_superuser(&call, login)?;
    let user = call.app.settings.user(login).await?;
    let password = chosen(&call, "password").map(Secret::new);
    let email = chosen(&call, "email").filter(|email| *email != user.email);
    if password.is_some() || email.is_some() {
        confirm_password(&call).await?;
    }
    if let Some(email) = email {
        call.app.settings.set_email(&user.login, email).await?;
    }
    if let Some(password) = password {
        call.app
            .settings
            .set_password(&user.login, &password, PasswordRules::API, None, now())
            .await?;
    }
    Ok(Answer::Done)
}

pub async fn delete(call: Call<'_>) -> ApiResult<Answer> {
    let login = needed(&call, "userLogin")?;
    signed_in(&call)?;
    let user = call.app.settings.find_user(login).await?;
    let user = match user {
        Some(user) if call.principal.is_superuser() || invited_by_caller(&call, &user) => user,
        _ if !call.principal.is_superuser() => {
            return Err(ApiError::unauthorised(
                "You can't access this resource as it requires a 'superuser' access.",
            ));
        }
        _ => return Err(ApiError::invalid(format!("User '{login}' doesn't exist."))),
    };
    confirm_session(&call).await?;
    call.app.settings.delete_user(&user.login).await?;
    Ok(Answer::Done)
}

pub async fn set_superuser(call: Call<'_>) -> ApiResult<Answer> {
    let login = needed(&call, "userLogin")?;
    needed(&call, "hasSuperUserAccess")?;
    confirm_session(&call).await?;
    call.app
        .settings
        .set_superuser(login, call.request.flag("hasSuperUserAccess"))
        .await?;
    Ok(Answer::Done)
}
