//! Passwords that somebody types in, with the limits that make guessing slow.

use settings::{AttemptKind, PasswordRules, Secret, User};

use super::request::PageRequest;
use crate::app::now;

/// What became of a password.
pub enum Checked {
    Right(User),
    Wrong,
    /// Refused without a look: too many failures.
    Locked,
    /// Too many people sign in at this moment.
    Busy,
}

pub const BUSY: &str =
    "Too many people are signing in at this moment. Please try again in a few seconds.";

/// Why nobody gets in at this moment, and what helps.
pub const LOCKED: &str = "There were too many failed sign-ins from your network address or for this login, so signing in \
    is paused. Wait an hour and try again: nothing you type until then is looked at. Whoever runs this server can end the \
    pause at once with `takwimu unblock`, and set a new password with `takwimu user password LOGIN`.";

/// Compares the password of a login or e-mail address; a failure is counted.
pub async fn check(
    request: &PageRequest<'_>,
    login: &str,
    password: &str,
) -> Result<Checked, settings::Error> {
    let settings = &request.app.settings;
    if is_locked(request, login).await? {
        return Ok(Checked::Locked);
    }
    match settings.check_password(login, &Secret::new(password)).await {
        Ok(Some(user)) => Ok(Checked::Right(user)),
        Ok(None) => {
            note_failure(request, login).await?;
            Ok(Checked::Wrong)
        }
        Err(settings::Error::Busy) => Ok(Checked::Busy),
        Err(error) => Err(error),
    }
}

pub async fn is_locked(request: &PageRequest<'_>, login: &str) -> Result<bool, settings::Error> {
    let (settings, ip) = (&request.app.settings, request.client.ip);
    settings
        .is_blocked(AttemptKind::SignIn, ip, Some(login), now())
        .await
}

pub async fn note_failure(request: &PageRequest<'_>, login: &str) -> Result<(), settings::Error> {
    let (settings, ip) = (&request.app.settings, request.client.ip);
    settings
        .note_failure(AttemptKind::SignIn, ip, Some(login), now())
        .await
}

/// The password of the person who is signed in, from the field `form_password`. An error is the text to show.
pub async fn confirm(request: &PageRequest<'_>) -> Result<Result<(), String>, settings::Error> {
    let Some(person) = &request.signed_in else {
        return Ok(Err("Please sign in again.".to_owned()));
    };
    let checked = check(request, person.login(), request.field("form_password")).await?;
    Ok(match checked {
        Checked::Right(_) => {
            request
                .app
                .settings
                .confirm_session(&person.id, now())
                .await?;
            Ok(())
        }
        Checked::Wrong => Err("The password is not right.".to_owned()),
        Checked::Locked => Err(LOCKED.to_owned()),
        Checked::Busy => Err(BUSY.to_owned()),
    })
}

/// The new password, where it was typed the same twice.
pub fn new_password(request: &PageRequest<'_>) -> Result<Secret, String> {
    let password = request.field("form_new_password");
    match password == request.field("form_new_password_again") {
        true => Ok(Secret::new(password)),
        false => Err("The two new passwords are not the same.".to_owned()),
    }
}

/// What a new password must be like.
pub fn rules(superuser: bool) -> PasswordRules {
    match superuser {
        true => PasswordRules::SUPERUSER_FORM,
        false => PasswordRules::FORM,
    }
}

/// The rules in words.
pub fn hint(rules: PasswordRules) -> String {
    format!(
        "At least {} characters. A few unusual words are easier to keep in mind than signs.",
        rules.min_characters
    )
}
