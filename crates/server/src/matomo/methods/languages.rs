//! `LanguagesManager`: the languages that reports and pages are shown in.

use model::{Access, Answer, Name, Value};

use super::common::{answer, field, needed, own_or_superuser, signed_in, texts, yes};
use super::core::unavailable;
use super::{Method, method};
use crate::matomo::Call;
use crate::matomo::error::ApiResult;
use crate::names::Language;

pub const METHODS: &[Method] = &[
    method!(
        "LanguagesManager.isLanguageAvailable",
        Access::Open,
        is_available
    ),
    method!(
        "LanguagesManager.getAvailableLanguages",
        Access::Open,
        codes
    ),
    method!(
        "LanguagesManager.getAvailableLanguagesInfo",
        Access::Open,
        infos
    ),
    method!(
        "LanguagesManager.getAvailableLanguageNames",
        Access::Open,
        names
    ),
    method!(
        "LanguagesManager.getTranslationsForLanguage",
        Access::Open,
        unavailable
    ),
    method!(
        "LanguagesManager.getPluginTranslationsForLanguage",
        Access::Open,
        unavailable
    ),
    method!(
        "LanguagesManager.getLanguageForUser",
        Access::SelfOrSuperUser,
        language
    ),
    method!(
        "LanguagesManager.setLanguageForUser",
        Access::SelfOrSuperUser,
        set_language
    ),
    method!(
        "LanguagesManager.uses12HourClockForUser",
        Access::SelfOrSuperUser,
        clock
    ),
    method!(
        "LanguagesManager.set12HourClockForUser",
        Access::SelfOrSuperUser,
        set_clock
    ),
];

/// The language of those who chose none.
const DEFAULT: &str = "en";

/// The languages in order of their codes.
fn languages(call: &Call<'_>) -> Vec<Language> {
    let mut languages = call.app.names.available_languages().to_vec();
    languages.sort_by_key(|language| language.code());
    languages
}

fn is_language(call: &Call<'_>, code: &str) -> bool {
    languages(call)
        .iter()
        .any(|language| language.code() == code)
}

async fn is_available(call: Call<'_>) -> ApiResult<Answer> {
    answer(is_language(&call, needed(&call, "languageCode")?))
}

async fn codes(call: Call<'_>) -> ApiResult<Answer> {
    answer(texts(languages(&call).into_iter().map(Language::code)))
}

fn named(language: Language) -> Vec<(Name, Value)> {
    vec![
        field("code", language.code()),
        field("name", language.own_name()),
        field("english_name", language.english_name()),
    ]
}

async fn names(call: Call<'_>) -> ApiResult<Answer> {
    answer(Value::List(
        languages(&call)
            .into_iter()
            .map(|language| Value::Map(named(language)))
            .collect(),
    ))
}

async fn infos(call: Call<'_>) -> ApiResult<Answer> {
    let row = |language| {
        let mut row = named(language);
        row.push(field("translators", ""));
        row.push(field("percentage_complete", "100%"));
        Value::Map(row)
    };
    answer(Value::List(languages(&call).into_iter().map(row).collect()))
}

async fn language(call: Call<'_>) -> ApiResult<Answer> {
    let login = needed(&call, "login")?;
    own_or_superuser(&call, login)?;
    let chosen = call.app.settings.user_language(login).await?.language;
    answer(if chosen.is_empty() {
        DEFAULT.to_owned()
    } else {
        chosen
    })
}

async fn set_language(call: Call<'_>) -> ApiResult<Answer> {
    signed_in(&call)?;
    let (login, code) = (needed(&call, "login")?, needed(&call, "languageCode")?);
    own_or_superuser(&call, login)?;
    if !is_language(&call, code) {
        return answer(false);
    }
    call.app.settings.set_user_language(login, code).await?;
    yes()
}

async fn clock(call: Call<'_>) -> ApiResult<Answer> {
    let login = needed(&call, "login")?;
    own_or_superuser(&call, login)?;
    answer(
        call.app
            .settings
            .user_language(login)
            .await?
            .use_12_hour_clock,
    )
}

async fn set_clock(call: Call<'_>) -> ApiResult<Answer> {
    signed_in(&call)?;
    let login = needed(&call, "login")?;
    own_or_superuser(&call, login)?;
    needed(&call, "use12HourClock")?;
    call.app
        .settings
        .set_user_clock(login, call.request.flag("use12HourClock"))
        .await?;
    yes()
}
