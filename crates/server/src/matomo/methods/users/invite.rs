//! Users are invited by a link with which they set their own password.

use model::{Answer, Role};
use settings::User;

use super::change::first_site;
use super::listing::invited_by_caller;
use crate::app::now;
use crate::matomo::Call;
use crate::matomo::error::{ApiError, ApiResult};
use crate::matomo::methods::common::{answer, confirm_session, needed};

const DEFAULT_DAYS: i64 = 7;

fn days(call: &Call<'_>) -> i64 {
    call.request.integer("expiryInDays").unwrap_or(DEFAULT_DAYS)
}

/// Adds a user who cannot sign in yet. The link comes from `generateInviteLink`.
pub async fn invite(call: Call<'_>) -> ApiResult<Answer> {
    let (login, email) = (needed(&call, "userLogin")?, needed(&call, "email")?);
    let site = first_site(&call).await?;
    confirm_session(&call).await?;
    let by = call.principal.login().to_owned();
    call.app
        .settings
        .invite_user(login, email, &by, days(&call), now())
        .await?;
    if let Some(site) = site {
        call.app
            .settings
            .set_access(login, Some(Role::View), &[], &[site])
            .await?;
    }
    Ok(Answer::Done)
}

/// The invited user of a call, whom only superusers and the inviting user may touch.
async fn invited(call: &Call<'_>) -> ApiResult<User> {
    let login = needed(call, "userLogin")?;
    let user = call.app.settings.find_user(login).await?;
    let user = user.filter(|user| call.principal.is_superuser() || invited_by_caller(call, user));
    user.ok_or_else(|| ApiError::invalid(format!("User '{login}' doesn't exist.")))
}

pub async fn link(call: Call<'_>) -> ApiResult<Answer> {
    let user = invited(&call).await?;
    confirm_session(&call).await?;
    let base = call.app.options.base_url.as_deref();
    let base = base.ok_or_else(|| {
        ApiError::invalid(
            "A link can only be made when the public address of this server is configured.",
        )
    })?;
    let invitation = call
        .app
        .settings
        .renew_invitation(&user.login, days(&call), now())
        .await?;
    answer(format!(
        "{}/index.php?module=Login&action=acceptInvitation&token={}",
        base.trim_end_matches('/'),
        invitation.token.expose()
    ))
}

pub async fn resend(call: Call<'_>) -> ApiResult<Answer> {
    invited(&call).await?;
    Err(ApiError::invalid(
        "Invitations are not sent by e-mail in this version; use UsersManager.generateInviteLink.",
    ))
}
