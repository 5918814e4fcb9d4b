//! A token for a program that knows its user's password: the only method that needs no token itself.

use model::Answer;
use settings::{AttemptKind, NewToken};

use crate::app::now;
use crate::matomo::Call;
use crate::matomo::error::{ApiError, ApiResult};
use crate::matomo::methods::common::{answer, check_password, chosen, moment, needed};

const HOUR_SECONDS: i64 = 3600;

pub async fn create(call: Call<'_>) -> ApiResult<Answer> {
    let login = needed(&call, "userLogin")?;
    let password = needed(&call, "passwordConfirmation")?;
    let description = needed(&call, "description")?.to_owned();
    let expires = expiry(&call)?;
    let user = check_password(&call, login, password).await?;
    check_second_factor(&call, &user.login).await?;
    let new = NewToken {
        login: user.login,
        description,
        date_expired: expires,
        secure_only: call.request.flag("secureOnly"),
        ..NewToken::default()
    };
    let (_, token) = call.app.settings.create_token(new, now()).await?;
    answer(token.expose())
}

/// `expireDate`, else `expireHours` from now.
fn expiry(call: &Call<'_>) -> ApiResult<Option<i64>> {
    if let Some(date) = chosen(call, "expireDate") {
        return moment(date).map(Some);
    }
    let hours = call.request.integer("expireHours").unwrap_or(0);
    match hours {
        0 => Ok(None),
        hours if hours > 0 => Ok(Some(
            now().saturating_add(hours.saturating_mul(HOUR_SECONDS)),
        )),
        _ => Err(ApiError::invalid("expireHours must not be negative.")),
    }
}

/// A password alone must not get around the second factor.
async fn check_second_factor(call: &Call<'_>, login: &str) -> ApiResult<()> {
    let settings = &call.app.settings;
    if !settings.uses_two_factor(login).await? {
        return Ok(());
    }
    let Some(code) = call.request.filled("authCode") else {
        return Err(ApiError::unauthorised(
            "Two-factor authentication is enabled for this user: please specify 'authCode'.",
        ));
    };
    if settings.check_second_factor(login, code, now()).await? {
        return Ok(());
    }
    settings
        .note_failure(AttemptKind::SignIn, call.client.ip, Some(login), now())
        .await?;
    Err(ApiError::unauthorised(
        "Incorrect two-factor authentication code.",
    ))
}
