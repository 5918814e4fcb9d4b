//! Tokens of applications: the list, and the page that makes one or gives it a new value.

use axum::http::StatusCode;
use maud::{Markup, html};
use model::Role;
use settings::{NewToken, Secret, Token, TokenScope};

use super::layout::{Field, Notice, current_password, moment, page, secret_field, whose};
use super::reply::Reply;
use super::request::PageRequest;
use super::{passwords, told};
use crate::app::{World, now};

/// With more sites than this, ids are typed instead of ticked.
const TICKED_SITES_MAX: usize = 40;

/// The tokens of a person, with what can be done to each.
pub fn list(request: &PageRequest<'_>, tokens: &[Token]) -> Markup {
    html! {
        section class="card" aria-labelledby="tokens" {
            h2 id="tokens" { "Tokens of apps" }
            p {
                "A token lets an app act in your name: keep it as secret as your password. Make one for every app or purpose, "
                "so that you see which are in use, and can delete one without touching the others. Send it in the header "
                code { "Authorization: Bearer TOKEN" } " or as the POST parameter " code { "token_auth" } "."
            }
            @if tokens.is_empty() {
                p class="empty" { "You have no tokens." }
            } @else {
                div class="wide" tabindex="0" role="region" aria-labelledby="tokens" {
                    table {
                        thead { tr {
                            th scope="col" { "Description" }
                            th scope="col" { "Made" }
                            th scope="col" { "Last used" }
                            th scope="col" { "Expires" }
                            th scope="col" { "POST only" }
                            th scope="col" { "May" }
                            th scope="col" { span class="unseen" { "Actions" } }
                        } }
                        tbody { @for token in tokens { (row(request, token)) } }
                    }
                }
            }
            p { a class="button" href=(request.link("new-token")) { "Create new token" } }
            @if !tokens.is_empty() { (delete_all(request, tokens.len())) }
        }
    }
}

fn row(request: &PageRequest<'_>, token: &Token) -> Markup {
    let is_over = token.date_expired.is_some_and(|expires| expires <= now());
    html! {
        tr {
            th scope="row" { (token.description) }
            td data-label="Made" { (moment(token.date_created)) }
            td data-label="Last used" {
                @match token.last_used { Some(used) => (moment(used)), None => "never" }
            }
            td data-label="Expires" {
                @match token.date_expired {
                    Some(expires) => { (moment(expires)) @if is_over { " (over)" } }
                    None => "never",
                }
            }
            td data-label="POST only" { @if token.secure_only { "yes" } @else { "no" } }
            td data-label="May" { (scope_in_words(&token.scope)) }
            td class="actions" {
                a class="button quiet" href=(request.link(&format!("new-token?replace={}", token.id)))
                    aria-label={ "Regenerate " (token.description) } { "Regenerate" }
                form method="post" action=(request.link("security")) {
                    (secret_field(request))
                    input type="hidden" name="task" value="delete-token";
                    input type="hidden" name="id" value=(token.id);
                    button class="danger" type="submit" aria-label={ "Delete " (token.description) } { "Delete" }
                }
            }
        }
    }
}

fn delete_all(request: &PageRequest<'_>, count: usize) -> Markup {
    html! {
        details {
            summary { "Delete all tokens" }
            form method="post" action=(request.link("security")) {
                (secret_field(request))
                input type="hidden" name="task" value="delete-all-tokens";
                p {
                    "Every app that uses one of your " (count) " tokens is refused at once. Do this when one may have become "
                    "known and you are not sure which, then make new ones."
                }
                button class="danger" type="submit" { "Delete all tokens" }
            }
        }
    }
}

fn scope_in_words(scope: &TokenScope) -> String {
    let mut parts = Vec::new();
    if let Some(role) = scope.max_role {
        parts.push(format!("{} at most", role.name()));
    }
    if let Some(sites) = &scope.sites {
        let ids: Vec<String> = sites.iter().map(i64::to_string).collect();
        parts.push(format!("sites {}", ids.join(", ")));
    }
    if let Some(methods) = &scope.methods {
        parts.push(methods.join(", "));
    }
    if let Some(networks) = &scope.networks {
        parts.push(format!("from {}", networks.join(", ")));
    }
    match parts.is_empty() {
        true => "all that you may".to_owned(),
        false => parts.join("; "),
    }
}

/// The page on which a token is made, or one is given a new value (`replace`).
pub async fn new_token(request: &PageRequest<'_>) -> Result<Reply, settings::Error> {
    let Some(person) = &request.signed_in else {
        return Ok(Reply::go(request, "login"));
    };
    let tokens = request.app.settings.tokens(person.login()).await?;
    let asked = request
        .form
        .text("replace")
        .or(request.query.text("replace"));
    let replaced = asked.and_then(|id| id.parse::<i64>().ok()).and_then(|id| {
        tokens
            .iter()
            .find(|token| token.id == id && !token.system_token)
    });
    let world = request.app.world().await?;
    if !request.is_post {
        return Ok(form(request, &world, replaced, None));
    }
    if asked.is_some() && replaced.is_none() {
        let problem = Some("This token does not exist any more.".to_owned());
        return Ok(form(request, &world, None, problem));
    }
    if let Err(problem) = passwords::confirm(request).await? {
        return Ok(form(request, &world, replaced, Some(problem)));
    }
    let settings = &request.app.settings;
    let made = match replaced {
        Some(token) => {
            settings
                .regenerate_token(person.login(), token.id, now(), now())
                .await
        }
        None => match wanted(request, person.login()) {
            Ok(new) => settings.create_token(new, now()).await,
            Err(problem) => return Ok(form(request, &world, replaced, Some(problem))),
        },
    };
    match made {
        Ok((_, token)) => Ok(made_page(request, &token)),
        Err(error) => Ok(form(request, &world, replaced, Some(told(error)?))),
    }
}

/// The token that the form asks for.
fn wanted(request: &PageRequest<'_>, login: &str) -> Result<NewToken, String> {
    let words = |name: &str| -> Option<Vec<String>> {
        let words = request.trimmed(name).split([',', ' ', '\n', '\r']);
        let words: Vec<String> = words
            .filter(|word| !word.is_empty())
            .map(str::to_owned)
            .collect();
        (!words.is_empty()).then_some(words)
    };
    let max_role = match request.field("max_role") {
        "" => None,
        name => Some(Role::from_name(name).ok_or("There is no such role.")?),
    };
    Ok(NewToken {
        login: login.to_owned(),
        description: request.trimmed("description").to_owned(),
        date_expired: expiry(request.trimmed("expires"))?,
        secure_only: request.is_ticked("secure_only"),
        system_token: false,
        scope: TokenScope {
            sites: wanted_sites(request)?,
            max_role,
            methods: words("methods"),
            networks: words("networks"),
        },
    })
}

/// The end of the day that was chosen, in UTC.
fn expiry(day: &str) -> Result<Option<i64>, String> {
    if day.is_empty() {
        return Ok(None);
    }
    let date: jiff::civil::Date = day
        .parse()
        .map_err(|_| "The day of expiry is no date: write it as 2030-12-31.".to_owned())?;
    let end = date.at(23, 59, 59, 0);
    Ok(Some(model::Zone::utc().moment(end)))
}

/// Ticked sites, or ids in one text.
fn wanted_sites(request: &PageRequest<'_>) -> Result<Option<Vec<i64>>, String> {
    let ticked: Vec<&str> = match request.form.map("sites") {
        Some(map) => map.iter().filter_map(|(name, _)| map.text(name)).collect(),
        None => request.field("sites").split([',', ' ']).collect(),
    };
    let ids = ticked.into_iter().filter(|id| !id.is_empty());
    let ids: Result<Vec<i64>, _> = ids.map(str::parse).collect();
    let ids = ids.map_err(|_| "Sites are named by their numbers, such as 1, 2.".to_owned())?;
    Ok((!ids.is_empty()).then_some(ids))
}

fn form(
    request: &PageRequest<'_>,
    world: &World,
    replaced: Option<&Token>,
    problem: Option<String>,
) -> Reply {
    let status = match problem {
        Some(_) => StatusCode::UNPROCESSABLE_ENTITY,
        None => StatusCode::OK,
    };
    let content = html! {
        form class="card narrow" method="post" action=(request.link("new-token")) {
            (secret_field(request))
            (whose(request))
            @match replaced {
                Some(token) => {
                    input type="hidden" name="replace" value=(token.id);
                    p {
                        "The token " strong { (token.description) } " gets a new value, which you see once. The old value stops "
                        "working at once; everything else about the token stays."
                    }
                    (current_password("Your password"))
                    button type="submit" { "Regenerate token" }
                }
                None => {
                    (current_password("Your password"))
                    (new_fields(request, world))
                    button type="submit" { "Create new token" }
                }
            }
            a class="button quiet" href=(request.link("security")) { "Back" }
        }
    };
    let title = match replaced {
        Some(_) => "Regenerate token",
        None => "New token",
    };
    let notices: Vec<Notice> = problem.map(Notice::Bad).into_iter().collect();
    Reply::page(status, page(request, title, &notices, content))
}

fn new_fields(request: &PageRequest<'_>, world: &World) -> Markup {
    let sent = request.is_post;
    let description = Field {
        name: "description",
        label: "What is it for?",
        value: request.field("description"),
        hint: "The app or purpose, so that you know it again in the list.",
        length_max: 100,
        ..Field::default()
    };
    let expires = Field {
        name: "expires",
        label: "Expires after (optional)",
        kind: "date",
        value: request.field("expires"),
        hint: "The last day on which it works, in UTC. Empty: it never expires.",
        required: false,
        ..Field::default()
    };
    html! {
        (description.show())
        (expires.show())
        label class="tick" {
            input type="checkbox" name="secure_only" value="1" checked[!sent || request.is_ticked("secure_only")]
                aria-describedby="secure-hint";
            " Only in POST requests or in the header (recommended)"
        }
        p class="hint" id="secure-hint" {
            "Addresses are kept in logs and histories of browsers. Untick this only for an app that cannot send a token in "
            "any other way than in the address."
        }
        details open[sent] {
            summary { "Limit what this token may do" }
            (limits(request, world))
        }
    }
}

fn limits(request: &PageRequest<'_>, world: &World) -> Markup {
    let field = |name, label, hint| Field {
        name,
        label,
        value: request.field(name),
        hint,
        required: false,
        length_max: 4_000,
        ..Field::default()
    };
    let methods = field(
        "methods",
        "Only these methods (optional)",
        "Such as VisitsSummary.get or Referrers.*, with commas between.",
    );
    let networks = field(
        "networks",
        "Only from these addresses (optional)",
        "Such as 203.0.113.7 or 10.0.0.0/8, with commas between.",
    );
    html! {
        div class="field" {
            label for="max_role" { "At most" }
            select id="max_role" name="max_role" {
                option value="" { "all that I may" }
                @for role in [Role::View, Role::Write, Role::Admin] {
                    option value=(role.name()) selected[request.field("max_role") == role.name()] { (role.name()) }
                }
            }
        }
        (site_choice(request, world))
        (methods.show())
        (networks.show())
    }
}

fn site_choice(request: &PageRequest<'_>, world: &World) -> Markup {
    let Some(person) = &request.signed_in else {
        return html! {};
    };
    let all = world.snapshot.sites.iter();
    let visible: Vec<_> = all
        .filter(|site| person.principal.has_role(site.idsite, Role::View))
        .collect();
    if visible.len() > TICKED_SITES_MAX {
        return Field {
            name: "sites",
            label: "Only these sites (optional)",
            value: request.field("sites"),
            hint: "Numbers of sites, with commas between.",
            required: false,
            length_max: 8_000,
            ..Field::default()
        }
        .show();
    }
    let ticked = wanted_sites(request).ok().flatten().unwrap_or_default();
    html! {
        @if !visible.is_empty() {
            fieldset {
                legend { "Only these sites (none ticked: all)" }
                @for site in visible {
                    label class="tick" {
                        input type="checkbox" name="sites[]" value=(site.idsite) checked[ticked.contains(&site.idsite)];
                        " " (site.name) " (" (site.idsite) ")"
                    }
                }
            }
        }
    }
}

fn made_page(request: &PageRequest<'_>, token: &Secret) -> Reply {
    let server = request.address.server_url();
    let example = format!(
        "curl -H 'Authorization: Bearer {}' '{server}index.php?module=API&method=SitesManager.getSitesWithAtLeastViewAccess&format=json'",
        token.expose()
    );
    let content = html! {
        section class="card" {
            p { "Save it now, for instance in a password manager: it is never shown again. If you lose it, make another one." }
            label for="token" { "The token" }
            div class="copied" {
                input id="token" type="text" readonly value=(token.expose()) size="36" spellcheck="false" autocomplete="off";
                button type="button" class="quiet" data-copy="token" hidden { "Copy" }
            }
            p { "To try it:" }
            pre tabindex="0" { (example) }
            p { a class="button" href=(request.link("security")) { "I have saved it" } }
        }
    };
    let notice = Notice::Good("The token is made.".to_owned());
    Reply::ok(page(request, "Your new token", &[notice], content))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expiry_is_the_end_of_the_day() {
        assert_eq!(expiry(""), Ok(None));
        assert_eq!(expiry("2030-12-31"), Ok(Some(1_924_991_999)));
        assert!(expiry("31.12.2030").is_err());
    }

    #[test]
    fn scopes_in_words() {
        assert_eq!(scope_in_words(&TokenScope::default()), "all that you may");
        let scope = TokenScope {
            sites: Some(vec![1, 3]),
            max_role: Some(Role::View),
            methods: None,
            networks: Some(vec!["10.0.0.0/8".to_owned()]),
        };
        assert_eq!(
            scope_in_words(&scope),
            "view at most; sites 1, 3; from 10.0.0.0/8"
        );
    }
}
