//! What users prefer.

use model::{Answer, Role, Value};

use crate::matomo::Call;
use crate::matomo::error::{ApiError, ApiResult};
use crate::matomo::methods::common::{
    answer, given, keyed, needed, own_or_superuser, signed_in, sites_with,
};

const REPORT: &str = "defaultReport";
const DATE: &str = "defaultReportDate";
const KNOWN: [&str; 4] = [
    REPORT,
    DATE,
    "isLDAPUser",
    "hideSegmentDefinitionChangeMessage",
];

fn asked<'a>(call: &'a Call<'_>) -> ApiResult<&'a str> {
    let name = needed(call, "preferenceName")?;
    match KNOWN.contains(&name) {
        true => Ok(name),
        false => Err(ApiError::invalid(format!(
            "Not supported preference name: {name}"
        ))),
    }
}

/// The user that is meant: the one named, who must be the caller unless that is a superuser.
fn login<'a>(call: &'a Call<'_>) -> ApiResult<&'a str> {
    let login = call
        .request
        .filled("userLogin")
        .unwrap_or(call.principal.login());
    own_or_superuser(call, login)?;
    Ok(login)
}

pub async fn set(call: Call<'_>) -> ApiResult<Answer> {
    signed_in(&call)?;
    needed(&call, "userLogin")?;
    let (user, name) = (login(&call)?, asked(&call)?);
    let value = given(&call, "preferenceValue")?;
    call.app
        .settings
        .set_user_preference(user, name, value)
        .await?;
    Ok(Answer::Done)
}

/// What holds until a user chooses: the first site, yesterday.
async fn default(call: &Call<'_>, name: &str) -> ApiResult<Value> {
    let world = call.app.world().await?;
    Ok(match name {
        REPORT => sites_with(call, &world, Role::View)
            .first()
            .map_or(Value::Bool(false), |id| (*id).into()),
        DATE => "yesterday".into(),
        _ => Value::Bool(false),
    })
}

pub async fn one(call: Call<'_>) -> ApiResult<Answer> {
    let name = asked(&call)?;
    match call
        .app
        .settings
        .user_preference(login(&call)?, name)
        .await?
    {
        Some(value) => answer(value),
        None => answer(default(&call, name).await?),
    }
}

pub async fn init(call: Call<'_>) -> ApiResult<Answer> {
    needed(&call, "userLogin")?;
    let (user, name) = (login(&call)?, asked(&call)?);
    if call.principal.is_anonymous()
        || call
            .app
            .settings
            .user_preference(user, name)
            .await?
            .is_some()
    {
        return Ok(Answer::Done);
    }
    let text = match default(&call, name).await? {
        Value::Text(text) => text,
        Value::Int(number) => number.to_string(),
        _ => return Ok(Answer::Done),
    };
    call.app
        .settings
        .set_user_preference(user, name, &text)
        .await?;
    Ok(Answer::Done)
}

pub async fn all(call: Call<'_>) -> ApiResult<Answer> {
    let names = call.request.list("preferenceNames");
    if names.is_empty() {
        return Err(ApiError::missing("preferenceNames"));
    }
    let found = call.app.settings.user_preferences(&names).await?;
    answer(keyed(found.into_iter().map(|(login, values)| {
        (
            login,
            keyed(
                values
                    .into_iter()
                    .map(|(name, value)| (name, Value::from(value))),
            ),
        )
    })))
}
