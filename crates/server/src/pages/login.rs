//! Signing in and out.

use axum::http::StatusCode;
use maud::html;
use settings::{NewSession, Secret};

use super::layout::{Field, Notice, current_password, page, secret_field};
use super::passwords::{self, Checked};
use super::reply::Reply;
use super::request::{Cookie, PageRequest, safe_target};
use super::{PAGES, Page};
use crate::app::now;

/// To the log-in page, and back to where the person wanted to go.
pub fn ask(request: &PageRequest<'_>, wanted: Page) -> Reply {
    let path = PAGES
        .iter()
        .find(|row| row.0 == wanted)
        .map_or("", |row| row.1);
    match path {
        "" => Reply::go(request, "login"),
        path => Reply::go(request, &format!("login?form_redirect={path}")),
    }
}

/// The log-in page: shows the form, and takes it.
pub async fn login(request: &mut PageRequest<'_>) -> Result<Reply, settings::Error> {
    if request.signed_in.is_some() {
        return second_step(request).await;
    }
    if !request.is_post {
        return Ok(form(request, StatusCode::OK, None));
    }
    if !is_own_form(request) {
        let text = "Your browser did not send the cookie of this page, or the page was open for too long. Allow cookies for \
             this address and try again.";
        return Ok(form(request, StatusCode::FORBIDDEN, Some(text)));
    }
    let login = request.trimmed("form_login").to_owned();
    match passwords::check(request, &login, request.field("form_password")).await? {
        Checked::Right(user) => {
            let needs_more = request.app.settings.uses_two_factor(&user.login).await?;
            start(request, &user.login, !needs_more).await
        }
        Checked::Wrong => {
            let text = "Login or password is not right.";
            Ok(form(request, StatusCode::UNAUTHORIZED, Some(text)))
        }
        Checked::Locked => Ok(form(
            request,
            StatusCode::FORBIDDEN,
            Some(passwords::LOCKED),
        )),
        Checked::Busy => Ok(form(
            request,
            StatusCode::SERVICE_UNAVAILABLE,
            Some(passwords::BUSY),
        )),
    }
}

/// Starts a session and goes on; `complete` tells that no second factor is left to give.
pub async fn start(
    request: &PageRequest<'_>,
    login: &str,
    complete: bool,
) -> Result<Reply, settings::Error> {
    let remember = request.is_ticked("form_rememberme");
    let new = NewSession {
        login: login.to_owned(),
        remember,
        second_factor: complete,
        ip: request.client.ip,
        user_agent: request.user_agent(),
    };
    let settings = &request.app.settings;
    // Now and then somebody signs in: a good moment to sweep up.
    settings.delete_dead_sessions(now()).await?;
    settings.delete_old_failures(now()).await?;
    let id = settings.start_session(new, now()).await?;
    settings.user_was_seen(login, now()).await?;
    let transport = request.address.transport;
    let reply = match complete {
        true => Reply::go(request, target(request)),
        false => Reply::go(
            request,
            &format!("login?form_redirect={}", encoded(target(request))),
        ),
    };
    Ok(reply
        .with_cookie(Cookie::Session.store(Some(&id), remember, transport))
        .with_cookie(Cookie::Form.store(None, false, transport)))
}

fn encoded(text: &str) -> String {
    crate::matomo::show::encode(text)
}

/// Where the person wanted to go, as the form or the address says.
fn target<'a>(request: &'a PageRequest<'_>) -> &'a str {
    let asked = request.form.text("form_redirect");
    let asked = asked.or(request.query.text("form_redirect"));
    safe_target(asked.unwrap_or_default()).unwrap_or_default()
}

/// A secret in a cookie and its keyed hash in the form: no other site can log somebody in to an account of its own.
fn is_own_form(request: &PageRequest<'_>) -> bool {
    let cookie = Cookie::Form.read(request.headers, request.address.transport);
    let settings = &request.app.settings;
    request.address.is_same_origin(request.headers)
        && cookie.is_some_and(|id| settings.is_csrf_token(&id, request.field("form_nonce")))
}

fn form(request: &PageRequest<'_>, status: StatusCode, problem: Option<&str>) -> Reply {
    let known = Cookie::Form.read(request.headers, request.address.transport);
    let Some(id) = known.or_else(new_secret) else {
        return super::problem(
            request,
            StatusCode::INTERNAL_SERVER_ERROR,
            "This did not work",
            "The operating system gave no random numbers.",
        );
    };
    let secret = request.app.settings.csrf_token(&id);
    let login = Field {
        name: "form_login",
        label: "Login or e-mail address",
        value: request.field("form_login"),
        autocomplete: "username",
        ..Field::default()
    };
    let content = html! {
        form class="card narrow" method="post" action=(request.link("login")) {
            input type="hidden" name="form_nonce" value=(secret.expose());
            input type="hidden" name="form_redirect" value=(target(request));
            (login.show())
            (current_password("Password"))
            label class="tick" {
                input type="checkbox" name="form_rememberme" value="1";
                " Keep me signed in for 14 days on this device"
            }
            button type="submit" { "Sign in" }
            details {
                summary { "Forgotten your password?" }
                p { "Whoever runs this server can set a new one there: " code { "takwimu user password LOGIN" } }
            }
        }
    };
    let notices: Vec<Notice> = problem
        .map(|text| Notice::Bad(text.to_owned()))
        .into_iter()
        .collect();
    Reply::page(status, page(request, "Sign in", &notices, content))
        .with_cookie(Cookie::Form.store(Some(&id), false, request.address.transport))
}

fn new_secret() -> Option<Secret> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).ok()?;
    let digits = bytes.iter().map(|byte| format!("{byte:02x}"));
    Some(Secret::new(digits.collect::<String>()))
}

/// The password was right already: a code is missing, or nothing.
async fn second_step(request: &mut PageRequest<'_>) -> Result<Reply, settings::Error> {
    let Some(person) = &request.signed_in else {
        return Ok(Reply::go(request, "login"));
    };
    if person.is_complete() {
        return Ok(Reply::go(request, target(request)));
    }
    if !request.is_post || !request.is_own_form() {
        return Ok(code_form(request, StatusCode::OK, None));
    }
    let login = person.login();
    if passwords::is_locked(request, login).await? {
        return Ok(code_form(
            request,
            StatusCode::FORBIDDEN,
            Some(passwords::LOCKED),
        ));
    }
    let settings = &request.app.settings;
    if !settings
        .check_second_factor(login, request.trimmed("form_authcode"), now())
        .await?
    {
        passwords::note_failure(request, login).await?;
        let text = "The code is not right. Codes change every 30 seconds and work once.";
        return Ok(code_form(request, StatusCode::UNAUTHORIZED, Some(text)));
    }
    let id = settings.renew_session(&person.id, true, now()).await?;
    let remember = person.session.remember;
    let cookie = Cookie::Session.store(Some(&id), remember, request.address.transport);
    Ok(Reply::go(request, target(request)).with_cookie(cookie))
}

fn code_form(request: &PageRequest<'_>, status: StatusCode, problem: Option<&str>) -> Reply {
    let code = Field {
        name: "form_authcode",
        label: "Code of your authenticator app, or a recovery code",
        autocomplete: "one-time-code",
        length_max: 40,
        ..Field::default()
    };
    let content = html! {
        form class="card narrow" method="post" action=(request.link("login")) {
            (secret_field(request))
            input type="hidden" name="form_redirect" value=(target(request));
            (code.show())
            button type="submit" { "Sign in" }
        }
        form class="narrow" method="post" action=(request.link("logout")) {
            (secret_field(request))
            button class="quiet" type="submit" { "Sign in as somebody else" }
        }
    };
    let notices: Vec<Notice> = problem
        .map(|text| Notice::Bad(text.to_owned()))
        .into_iter()
        .collect();
    Reply::page(status, page(request, "Second step", &notices, content))
}

/// Ends the session. An address alone does not: other sites could put it into a picture.
pub async fn logout(request: &mut PageRequest<'_>) -> Result<Reply, settings::Error> {
    let Some(person) = &request.signed_in else {
        return Ok(Reply::go(request, "login"));
    };
    if request.is_post && request.is_own_form() {
        request.app.settings.end_session(&person.id).await?;
        let gone = Cookie::Session.store(None, false, request.address.transport);
        return Ok(Reply::go(request, "login").with_cookie(gone));
    }
    let content = html! {
        form class="card narrow" method="post" action=(request.link("logout")) {
            (secret_field(request))
            p { "You are signed in as " strong { (person.login()) } "." }
            button type="submit" { "Sign out" }
        }
    };
    Ok(Reply::ok(page(request, "Sign out", &[], content)))
}
