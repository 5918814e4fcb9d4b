//! What many methods need: required parameters, values as PHP prints them, checks of sites and passwords.

use std::fmt::Display;

use model::{Answer, Name, Role, SECONDS_PER_DAY, SiteId, Value};
use settings::{AttemptKind, Secret};
use tracking::url::{ParamMap, ParamValue};

use crate::app::{App, World, now};
use crate::matomo::error::{ApiError, ApiResult};
use crate::matomo::{Call, world};

/// A parameter that must be there and not be empty.
pub fn needed<'a>(call: &'a Call<'_>, name: &str) -> ApiResult<&'a str> {
    call.request
        .filled(name)
        .ok_or_else(|| ApiError::missing(name))
}

/// A parameter that must be there, though it may be empty.
pub fn given<'a>(call: &'a Call<'_>, name: &str) -> ApiResult<&'a str> {
    call.request
        .text(name)
        .ok_or_else(|| ApiError::missing(name))
}

/// A list that must be there, though it may be empty.
pub fn given_list(call: &Call<'_>, name: &str) -> ApiResult<Vec<String>> {
    match call.request.has(name) {
        true => Ok(call.request.list(name)),
        false => Err(ApiError::missing(name)),
    }
}

/// A whole number that must be there.
pub fn number(call: &Call<'_>, name: &str) -> ApiResult<i64> {
    let text = needed(call, name)?;
    text.trim()
        .parse()
        .map_err(|_| ApiError::invalid(format!("'{name}' must be a whole number.")))
}

/// The language in which names are shown.
pub fn language<'a>(call: &'a Call<'_>) -> &'a str {
    call.request.filled("language").unwrap_or("en")
}

/// A text that is sent and not one of PHP's ways to write "nothing".
pub fn chosen<'a>(call: &'a Call<'_>, name: &str) -> Option<&'a str> {
    call.request
        .filled(name)
        .filter(|text| !matches!(*text, "0" | "false" | "null"))
}

pub fn field(name: &'static str, value: impl Into<Value>) -> (Name, Value) {
    (name.into(), value.into())
}

/// The columns of Matomo's tables hold 0 and 1.
pub fn flag(yes: bool) -> Value {
    Value::Int(i64::from(yes))
}

pub fn optional(text: Option<impl Into<String>>) -> Value {
    text.map_or(Value::Null, |text| Value::Text(text.into()))
}

pub fn texts<T: Into<Value>>(items: impl IntoIterator<Item = T>) -> Value {
    Value::List(items.into_iter().map(Into::into).collect())
}

/// Midnight before the day of a moment, in UTC: Matomo lets the data of a site begin there when the first
/// day is this one.
pub fn day_before(moment: i64) -> i64 {
    (moment.div_euclid(SECONDS_PER_DAY) - 1) * SECONDS_PER_DAY
}

/// Seconds since 1970 as Matomo's tables hold a time, in UTC.
pub fn datetime(seconds: i64) -> String {
    let moment = jiff::Timestamp::from_second(seconds).unwrap_or_default();
    let moment = jiff::tz::TimeZone::UTC.to_datetime(moment);
    moment.strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// A date with or without a time, in UTC, as seconds since 1970.
pub fn moment(text: &str) -> ApiResult<i64> {
    let text = text.trim().replace(' ', "T");
    let full = if text.contains('T') {
        text.clone()
    } else {
        format!("{text}T00:00:00")
    };
    let at: jiff::civil::DateTime = full
        .parse()
        .map_err(|_| ApiError::invalid(format!("'{text}' is not a date")))?;
    Ok(model::Zone::utc().moment(at))
}

pub fn yes() -> ApiResult<Answer> {
    answer(true)
}

pub fn answer(value: impl Into<Value>) -> ApiResult<Answer> {
    Ok(Answer::Value(value.into()))
}

/// An array with numbers as keys. PHP numbers it anew when a page is cut out of it, which every call asks
/// for unless it says `filter_limit=-1`.
pub fn numbered(call: &Call<'_>, items: Vec<(i64, Value)>) -> Value {
    let whole = call.request.integer("filter_limit") == Some(-1)
        && call.request.integer("filter_offset").unwrap_or(0) == 0;
    match whole {
        true => Value::Map(
            items
                .into_iter()
                .map(|(key, item)| (key.to_string().into(), item))
                .collect(),
        ),
        false => Value::List(items.into_iter().map(|(_, item)| item).collect()),
    }
}

/// An array with texts as keys.
pub fn keyed<K: Display>(items: impl IntoIterator<Item = (K, Value)>) -> Value {
    Value::Map(
        items
            .into_iter()
            .map(|(key, item)| (key.to_string().into(), item))
            .collect(),
    )
}

/// A nested parameter as JSON, for what is stored as such.
pub fn json_of(value: &ParamValue) -> serde_json::Value {
    match value {
        ParamValue::Text(text) => serde_json::Value::String(text.clone()),
        ParamValue::Map(map) => json_of_map(map),
    }
}

pub fn json_of_map(map: &ParamMap) -> serde_json::Value {
    let is_list = map
        .iter()
        .enumerate()
        .all(|(at, (name, _))| *name == *at.to_string());
    match is_list {
        true => map.iter().map(|(_, value)| json_of(value)).collect(),
        false => {
            let fields = map
                .iter()
                .map(|(name, value)| (name.to_owned(), json_of(value)));
            serde_json::Value::Object(fields.collect())
        }
    }
}

/// Stored JSON as a value of an answer.
pub fn value_of(json: &serde_json::Value) -> Value {
    match json {
        serde_json::Value::Null => Value::Null,
        serde_json::Value::Bool(yes) => Value::Bool(*yes),
        serde_json::Value::Number(number) => match number.as_i64() {
            Some(whole) => Value::Int(whole),
            None => Value::Float(number.as_f64().unwrap_or(0.0)),
        },
        serde_json::Value::String(text) => Value::Text(text.clone()),
        serde_json::Value::Array(items) => Value::List(items.iter().map(value_of).collect()),
        serde_json::Value::Object(fields) => Value::Map(
            fields
                .iter()
                .map(|(name, value)| (name.clone().into(), value_of(value)))
                .collect(),
        ),
    }
}

/// The one site a call names.
pub async fn site_of(call: &Call<'_>, role: Role) -> ApiResult<i64> {
    let world = call.app.world().await?;
    let sites = world::sites(call, &world, role)?;
    sites
        .ids
        .first()
        .map(|id| i64::from(*id))
        .ok_or_else(|| ApiError::missing("idSite"))
}

/// The one site a call names, which need not exist when a superuser asks: these methods answer then with
/// nothing.
pub async fn site_or_nothing(call: &Call<'_>, role: Role) -> ApiResult<Option<i64>> {
    let text = needed(call, "idSite")?;
    let world = call.app.world().await?;
    if call.principal.is_superuser()
        && let Ok(id) = text.trim().parse::<SiteId>()
        && world.site(id).is_none()
    {
        return Ok(None);
    }
    site_of(call, role).await.map(Some)
}

/// The sites that a list parameter of another name than `idSite` names; each must allow the role.
pub fn sites_in(call: &Call<'_>, world: &World, name: &str, role: Role) -> ApiResult<Vec<i64>> {
    let list = call.request.list(name);
    if list.is_empty() {
        return Err(ApiError::missing(name));
    }
    let sites = world::sites_named(call, world, &list.join(","), role)?;
    Ok(sites.ids.into_iter().map(i64::from).collect())
}

/// Every site where the caller has at least this role, by id.
pub fn sites_with(call: &Call<'_>, world: &World, least: Role) -> Vec<i64> {
    let sites = world.snapshot.sites.iter().map(|site| site.idsite);
    sites
        .filter(|id| call.principal.has_role(*id, least))
        .collect()
}

pub fn has_role(call: &Call<'_>, site: i64, least: Role) -> bool {
    call.principal.has_role(site, least)
}

/// Only for the user of this name and for superusers. Methods that take the name from a parameter check it
/// themselves, so that no other parameter can stand in for it.
pub fn own_or_superuser(call: &Call<'_>, login: &str) -> ApiResult<()> {
    match call.principal.is_superuser() || login == call.principal.login() {
        true => Ok(()),
        false => Err(ApiError::unauthorised(format!(
            "The user has to be either a Super User or the user '{login}' itself."
        ))),
    }
}

/// Not for `anonymous`, who is everybody.
pub fn signed_in(call: &Call<'_>) -> ApiResult<()> {
    match call.principal.is_anonymous() {
        true => Err(ApiError::unauthorised(
            "You must be logged in to access this functionality.",
        )),
        false => Ok(()),
    }
}

/// Asks for the caller's password where the caller is signed in by a session. Whoever shows a token proved
/// more than a browser left open.
pub async fn confirm_session(call: &Call<'_>) -> ApiResult<()> {
    match call.principal.token_id() {
        Some(_) => Ok(()),
        None => confirm_password(call).await,
    }
}

/// Asks for the caller's password in any case.
pub async fn confirm_password(call: &Call<'_>) -> ApiResult<()> {
    let password = call.request.filled("passwordConfirmation");
    let password = password.ok_or_else(|| ApiError::missing("passwordConfirmation"))?;
    let login = call.principal.login().to_owned();
    check_password(call, &login, password).await.map(|_| ())
}

/// The user behind login (or address) and password; failures are counted, so that guessing is slow.
pub async fn check_password(
    call: &Call<'_>,
    login: &str,
    password: &str,
) -> ApiResult<settings::User> {
    let (settings, ip) = (&call.app.settings, call.client.ip);
    if settings
        .is_blocked(AttemptKind::SignIn, ip, Some(login), now())
        .await?
    {
        return Err(ApiError {
            status: 403,
            message: crate::matomo::error::LOCKED_OUT.to_owned(),
        });
    }
    match settings
        .check_password(login, &Secret::new(password))
        .await?
    {
        Some(user) => Ok(user),
        None => {
            settings
                .note_failure(AttemptKind::SignIn, ip, Some(login), now())
                .await?;
            Err(ApiError::invalid(
                "The current password you entered is not correct.",
            ))
        }
    }
}

/// Whether any hit was ever recorded.
pub fn has_data(app: &App) -> bool {
    let view = app.ingest.view();
    view.chunks
        .iter()
        .any(|chunk| chunk.rows(catalog::columns::TableId::Visits) > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_go_both_ways() {
        for (text, seconds, full) in [
            ("2010-01-02", 1_262_390_400, "2010-01-02 00:00:00"),
            ("2010-01-02 03:04:05", 1_262_401_445, "2010-01-02 03:04:05"),
            ("2010-01-02T03:04:05", 1_262_401_445, "2010-01-02 03:04:05"),
        ] {
            assert_eq!(moment(text).ok(), Some(seconds), "{text}");
            assert_eq!(datetime(seconds), full);
        }
        assert!(moment("yesterday-ish").is_err());
        assert_eq!(datetime(day_before(1_262_401_445)), "2010-01-01 00:00:00");
    }

    #[test]
    fn nested_parameters_become_lists_or_objects() {
        let map = ParamMap::parse("a[]=1&a[]=2&b[x]=3&b[y][]=4");
        let json = json_of_map(&map);
        assert_eq!(
            json,
            serde_json::json!({"a": ["1", "2"], "b": {"x": "3", "y": ["4"]}})
        );
        assert_eq!(
            value_of(&json["b"]),
            Value::Map(vec![
                field("x", "3"),
                ("y".into(), Value::List(vec!["4".into()]))
            ])
        );
    }
}
