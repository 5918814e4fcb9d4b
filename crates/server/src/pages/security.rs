//! Personal → Security: password, sessions, tokens.

use axum::http::StatusCode;
use maud::{Markup, html};
use settings::SessionListed;

use super::layout::{Notice, current_password, moment, new_password, page, secret_field, whose};
use super::reply::Reply;
use super::request::{PageRequest, SignedIn};
use super::{passwords, tokens, told};
use crate::app::now;

/// What a form of this page asks for.
type Outcome = Result<Result<String, String>, settings::Error>;

pub async fn security(request: &PageRequest<'_>) -> Result<Reply, settings::Error> {
    let Some(person) = &request.signed_in else {
        return Ok(Reply::go(request, "login"));
    };
    if !request.is_post {
        return show(request, person, StatusCode::OK, Vec::new()).await;
    }
    let done = match request.field("task") {
        "password" => change_password(request, person).await?,
        "delete-token" => delete_token(request, person).await?,
        "delete-all-tokens" => delete_all_tokens(request, person).await?,
        "end-session" => end_session(request, person).await?,
        "end-other-sessions" => end_other_sessions(request, person).await?,
        _ => Err("This form is not known here.".to_owned()),
    };
    let (status, notice) = match done {
        Ok(text) => (StatusCode::OK, Notice::Good(text)),
        Err(text) => (StatusCode::UNPROCESSABLE_ENTITY, Notice::Bad(text)),
    };
    show(request, person, status, vec![notice]).await
}

async fn show(
    request: &PageRequest<'_>,
    person: &SignedIn,
    status: StatusCode,
    notices: Vec<Notice>,
) -> Result<Reply, settings::Error> {
    let settings = &request.app.settings;
    let sessions = settings.sessions(person.login(), now()).await?;
    let mut shown = settings.tokens(person.login()).await?;
    shown.retain(|token| !token.system_token);
    let content = html! {
        (password_form(request, person))
        (session_list(request, person, &sessions))
        (tokens::list(request, &shown))
    };
    Ok(Reply::page(
        status,
        page(request, "Security", &notices, content),
    ))
}

fn password_form(request: &PageRequest<'_>, person: &SignedIn) -> Markup {
    let rules = passwords::rules(person.principal.is_superuser());
    html! {
        section class="card" aria-labelledby="password" {
            h2 id="password" { "Change your password" }
            form class="fields" method="post" action=(request.link("security")) {
                (secret_field(request))
                input type="hidden" name="task" value="password";
                (whose(request))
                (current_password("Your password now"))
                (new_password(&passwords::hint(rules)))
                p class="hint" { "All your other sessions end. Tokens of apps go on working." }
                button type="submit" { "Change password" }
            }
        }
    }
}

fn session_list(
    request: &PageRequest<'_>,
    person: &SignedIn,
    sessions: &[SessionListed],
) -> Markup {
    let settings = &request.app.settings;
    html! {
        section class="card" aria-labelledby="sessions" {
            h2 id="sessions" { "Where you are signed in" }
            ul class="rows" {
                @for session in sessions {
                    @let is_this = settings.is_this_session(&person.id, session);
                    li {
                        span {
                            @if is_this { strong { "This session" } " · " }
                            (browser(&session.user_agent)) " · " (session.ip) " · last seen " (moment(session.last_seen))
                        }
                        @if !is_this {
                            form method="post" action=(request.link("security")) {
                                (secret_field(request))
                                input type="hidden" name="task" value="end-session";
                                input type="hidden" name="handle" value=(session.handle);
                                button class="quiet" type="submit" { "Sign out there" }
                            }
                        }
                    }
                }
            }
            @if sessions.len() > 1 {
                form method="post" action=(request.link("security")) {
                    (secret_field(request))
                    input type="hidden" name="task" value="end-other-sessions";
                    button class="quiet" type="submit" { "Sign out everywhere else" }
                }
            }
        }
    }
}

/// The part of a browser's name that people know.
fn browser(user_agent: &str) -> &str {
    const KNOWN: &[(&str, &str)] = &[
        ("Edg/", "Edge"),
        ("OPR/", "Opera"),
        ("Firefox/", "Firefox"),
        ("Chrome/", "Chrome or Chromium"),
        ("Safari/", "Safari"),
        ("curl/", "curl"),
    ];
    let known = KNOWN.iter().find(|(mark, _)| user_agent.contains(mark));
    known.map_or("Another browser", |(_, name)| name)
}

async fn change_password(request: &PageRequest<'_>, person: &SignedIn) -> Outcome {
    let new = match passwords::new_password(request) {
        Ok(new) => new,
        Err(problem) => return Ok(Err(problem)),
    };
    if let Err(problem) = passwords::confirm(request).await? {
        return Ok(Err(problem));
    }
    let rules = passwords::rules(person.principal.is_superuser());
    let changed = request
        .app
        .settings
        .set_password(person.login(), &new, rules, Some(&person.id), now())
        .await;
    match changed {
        Ok(()) => Ok(Ok(
            "The password is changed. Other sessions have ended.".to_owned()
        )),
        Err(error) => told(error).map(Err),
    }
}

async fn delete_token(request: &PageRequest<'_>, person: &SignedIn) -> Outcome {
    let id = request.field("id").parse().unwrap_or(0);
    let settings = &request.app.settings;
    let known = settings.tokens(person.login()).await?;
    let is_own = known
        .iter()
        .any(|token| token.id == id && !token.system_token);
    if !is_own {
        return Ok(Err("This token does not exist any more.".to_owned()));
    }
    match settings.delete_token(person.login(), id).await {
        Ok(()) => Ok(Ok(
            "The token is deleted. What used it is refused from now on.".to_owned(),
        )),
        Err(error) => told(error).map(Err),
    }
}

async fn delete_all_tokens(request: &PageRequest<'_>, person: &SignedIn) -> Outcome {
    let count = request.app.settings.delete_tokens(person.login()).await?;
    let what = match count {
        1 => "One token is deleted.".to_owned(),
        count => format!("{count} tokens are deleted."),
    };
    Ok(Ok(format!("{what} What used them is refused from now on.")))
}

async fn end_session(request: &PageRequest<'_>, person: &SignedIn) -> Outcome {
    let ended = request
        .app
        .settings
        .revoke_session(person.login(), request.field("handle"))
        .await;
    match ended {
        Ok(()) => Ok(Ok("That session has ended.".to_owned())),
        Err(error) => told(error).map(Err),
    }
}

async fn end_other_sessions(request: &PageRequest<'_>, person: &SignedIn) -> Outcome {
    let settings = &request.app.settings;
    let count = settings
        .revoke_sessions(person.login(), Some(&person.id))
        .await?;
    Ok(Ok(format!("Other sessions have ended: {count}.")))
}
