//! The first run: a link that the program prints once makes the superuser and, if wanted, the first site.

use axum::http::StatusCode;
use maud::html;
use settings::{NewUser, PasswordRules, Secret};

use super::layout::{Field, Notice, new_password, page};
use super::reply::Reply;
use super::request::PageRequest;
use super::{home, login, passwords, told};
use crate::app::now;

const RULES: PasswordRules = PasswordRules::SUPERUSER_FORM;

/// Somebody came without the link: says where it is, and takes it from those who cannot click it.
pub async fn without_link(request: &PageRequest<'_>) -> Result<Reply, settings::Error> {
    if !request.app.settings.needs_setup().await? {
        return Ok(Reply::go(request, "login"));
    }
    let pasted = request.query.text("key").unwrap_or_default().trim();
    let key = pasted.rsplit('/').next().unwrap_or_default();
    if !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return Ok(Reply::go(request, &format!("setup/{key}")));
    }
    let field = Field {
        name: "key",
        label: "Set-up link",
        ..Field::default()
    };
    let content = html! {
        form class="card narrow" method="get" action=(request.link("setup")) {
            p {
                "Nobody can sign in yet. When the program started it printed a link, which works for a day and once: open "
                "it, or paste it here. A restart prints a new one."
            }
            (field.show())
            button type="submit" { "Go on" }
        }
    };
    Ok(Reply::ok(page(request, "Welcome", &[], content)))
}

/// Somebody came with a link.
pub async fn with_link(request: &mut PageRequest<'_>, key: &str) -> Result<Reply, settings::Error> {
    let key = Secret::new(key);
    if !request.app.settings.is_setup_link(&key, now()).await? {
        return Ok(super::problem(
            request,
            StatusCode::NOT_FOUND,
            "This link does not work",
            "This set-up link was used already, is older than a day, or is not complete. Start the program again to get \
             another one; it prints one as long as nobody can sign in.",
        ));
    }
    if !request.is_post {
        return Ok(form(request, None));
    }
    let same_origin = request.address.is_same_origin(request.headers);
    if !same_origin {
        return Ok(form(
            request,
            Some("Please send the form from this page.".to_owned()),
        ));
    }
    match make_superuser(request, &key).await? {
        Err(problem) => Ok(form(request, Some(problem))),
        Ok(()) => finish(request).await,
    }
}

async fn make_superuser(
    request: &PageRequest<'_>,
    key: &Secret,
) -> Result<Result<(), String>, settings::Error> {
    let password = match passwords::new_password(request) {
        Ok(password) => password,
        Err(problem) => return Ok(Err(problem)),
    };
    let user = NewUser {
        login: request.trimmed("form_login").to_owned(),
        email: request.trimmed("form_email").to_owned(),
        password,
        invited_by: None,
    };
    let made = request
        .app
        .settings
        .finish_setup(key, user, RULES, now())
        .await;
    match made {
        Ok(()) => Ok(Ok(())),
        Err(error) => told(error).map(Err),
    }
}

/// Makes the site and signs the new superuser in. A site that is refused is asked for again on the next page.
async fn finish(request: &PageRequest<'_>) -> Result<Reply, settings::Error> {
    let login = request.trimmed("form_login");
    let next = match request.trimmed("site_url") {
        "" => "?set-up".to_owned(),
        _ => match home::make_site(request, login).await? {
            Ok(id) => format!("?set-up&added={id}"),
            Err(_) => "?set-up&refused".to_owned(),
        },
    };
    let reply = login::start(request, login, true).await?;
    Ok(reply.to(request, &next))
}

fn form(request: &PageRequest<'_>, problem: Option<String>) -> Reply {
    let status = match problem {
        Some(_) => StatusCode::UNPROCESSABLE_ENTITY,
        None => StatusCode::OK,
    };
    let login = Field {
        name: "form_login",
        label: "Login",
        value: request.field("form_login"),
        autocomplete: "username",
        hint: "Two characters or more: letters, digits and . _ - + @",
        length_max: 100,
        ..Field::default()
    };
    let email = Field {
        name: "form_email",
        label: "E-mail address",
        kind: "email",
        value: request.field("form_email"),
        autocomplete: "email",
        length_max: 100,
        ..Field::default()
    };
    let content = html! {
        form class="card narrow" method="post" {
            h2 { "You" }
            p class="hint" { "This makes the superuser, who may do everything. The link you came by stops working then." }
            (login.show())
            (email.show())
            (new_password(&passwords::hint(RULES)))
            h2 { "Your first site" }
            p class="hint" { "You can leave this out and add sites later." }
            (home::site_fields(request, false))
            button type="submit" { "Set up" }
        }
    };
    let notices: Vec<Notice> = problem.map(Notice::Bad).into_iter().collect();
    Reply::page(status, page(request, "Welcome", &notices, content))
}
