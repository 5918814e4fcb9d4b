//! The first page after signing in: the sites a person may see, with today's visits and the tracking code.

use axum::http::StatusCode;
use maud::{Markup, html};
use model::{Answer, Role};
use settings::{NewSite, Site, SiteChange};

use super::layout::{Field, Notice, page, secret_field};
use super::reply::Reply;
use super::request::{PageRequest, SignedIn};
use super::told;
use crate::app::now;
use crate::matomo::request::ApiRequest;
use crate::matomo::{Call, format_options};

/// A page counts the visits of this many sites.
const SITES_PER_PAGE: usize = 25;

pub async fn home(request: &PageRequest<'_>) -> Result<Reply, settings::Error> {
    let mut notices = Vec::new();
    if request.query.get("set-up").is_some() {
        notices.push(Notice::Good(
            "Takwimu is set up, and you are signed in.".to_owned(),
        ));
    }
    if request.query.get("refused").is_some() {
        notices.push(Notice::Bad(
            "The site could not be added: check its address.".to_owned(),
        ));
    }
    show(request, StatusCode::OK, notices).await
}

async fn show(
    request: &PageRequest<'_>,
    status: StatusCode,
    notices: Vec<Notice>,
) -> Result<Reply, settings::Error> {
    let Some(person) = &request.signed_in else {
        return Ok(Reply::go(request, "login"));
    };
    let world = request.app.world().await?;
    let all = world.snapshot.sites.iter();
    let sites: Vec<&Site> = all
        .filter(|site| person.principal.has_role(site.idsite, Role::View))
        .collect();
    let from: usize = request
        .query
        .text("from")
        .and_then(|from| from.parse().ok())
        .unwrap_or(0);
    let from = from.min(sites.len());
    let shown = &sites[from..sites.len().min(from + SITES_PER_PAGE)];
    let mut cards = Vec::with_capacity(shown.len());
    for site in shown {
        cards.push(site_card(request, person, site).await);
    }
    let content = html! {
        @if sites.is_empty() {
            section class="card" {
                p class="empty" {
                    @if person.principal.is_superuser() { "There is no site yet. Add the first one below." }
                    @else { "You may not see any site yet. Ask whoever runs this server for access." }
                }
            }
        }
        @for card in &cards { (card) }
        (pager(request, from, sites.len()))
        @if person.principal.is_superuser() { (site_form(request, sites.is_empty())) }
        section class="card" aria-labelledby="links" {
            h2 id="links" { "For apps and visitors" }
            ul {
                li { a href=(request.link("security")) { "Tokens for apps" } ": the reporting API is at " code { (request.address.server_url()) "index.php?module=API" } }
                li { a href=(request.link("opt-out")) { "Opt-out page" } ": link to it from your privacy statement." }
            }
        }
    };
    Ok(Reply::page(
        status,
        page(request, "Sites", &notices, content),
    ))
}

fn pager(request: &PageRequest<'_>, from: usize, count: usize) -> Markup {
    let link = |from: usize| request.link(&format!("?from={from}"));
    html! {
        @if count > SITES_PER_PAGE {
            nav class="pager" aria-label="More sites" {
                @if from > 0 { a href=(link(from.saturating_sub(SITES_PER_PAGE))) rel="prev" { "Earlier" } }
                span { (from + 1) "–" (count.min(from + SITES_PER_PAGE)) " of " (count) }
                @if from + SITES_PER_PAGE < count { a href=(link(from + SITES_PER_PAGE)) rel="next" { "More" } }
            }
        }
    }
}

async fn site_card(request: &PageRequest<'_>, person: &SignedIn, site: &Site) -> Markup {
    let visits = visits_today(request, person, site.idsite).await;
    let code = tracking_code(request, person, site.idsite).await;
    let id = format!("site-{}", site.idsite);
    let code_id = format!("code-{}", site.idsite);
    let was_added = request.query.text("added").and_then(|id| id.parse().ok()) == Some(site.idsite);
    html! {
        section class="card site" aria-labelledby=(id) {
            div class="site-head" {
                div {
                    h2 id=(id) { (site.name) }
                    p class="hint" {
                        "Site " (site.idsite)
                        @if !site.main_url().is_empty() { " · " (site.main_url()) }
                        " · " (site.timezone)
                    }
                }
                p class="figure" {
                    span class="number" data-visits=(site.idsite) data-secret=(request.form_secret()) {
                        @match visits { Some(visits) => (visits), None => "–" }
                    }
                    " visits today"
                }
            }
            @if let Some(code) = code {
                details open[was_added] {
                    summary { "Tracking code" }
                    p { "Paste this into every page, before " code { "</head>" } ". The first visit counts at once." }
                    pre id=(code_id) tabindex="0" { (code) }
                    button type="button" class="quiet" data-copy=(code_id) hidden { "Copy" }
                }
            }
        }
    }
}

/// Calls a method of the API in the name of the person.
async fn ask(
    request: &PageRequest<'_>,
    person: &SignedIn,
    method: &str,
    query: &str,
) -> Option<Answer> {
    let api = ApiRequest::parse(query, b"").with("method", method);
    let options = format_options(&api);
    let call = Call {
        app: request.app,
        principal: person.principal.clone(),
        request: api,
        client: request.client,
        method: method.to_owned(),
    };
    let (answer, _) = crate::matomo::run(call, options).await.ok()?;
    Some(answer)
}

async fn visits_today(request: &PageRequest<'_>, person: &SignedIn, site: i64) -> Option<i64> {
    let query = format!("idSite={site}&period=day&date=today");
    match ask(request, person, "VisitsSummary.getVisits", &query).await? {
        Answer::Value(value) => Some(value.number() as i64),
        Answer::Metrics(table) | Answer::Table(table) => {
            let row = table.all_rows().next()?;
            Some(row.number("nb_visits") as i64)
        }
        _ => None,
    }
}

async fn tracking_code(request: &PageRequest<'_>, person: &SignedIn, site: i64) -> Option<String> {
    let server = crate::matomo::show::encode(&request.address.server_url());
    let query = format!("idSite={site}&piwikUrl={server}");
    match ask(request, person, "SitesManager.getJavascriptTag", &query).await? {
        Answer::Value(value) => value.as_str().map(str::to_owned),
        _ => None,
    }
}

fn site_form(request: &PageRequest<'_>, open: bool) -> Markup {
    html! {
        section class="card" aria-labelledby="add-site" {
            details open[open || request.is_post || request.query.get("refused").is_some()] {
                summary { h2 id="add-site" { "Add a site" } }
                form class="fields" method="post" action=(request.link("add-site")) {
                    (secret_field(request))
                    (site_fields(request, true))
                    button type="submit" { "Add site" }
                }
            }
        }
    }
}

/// Name, address and time zone of a new site.
pub fn site_fields(request: &PageRequest<'_>, required: bool) -> Markup {
    let name = Field {
        name: "site_name",
        label: "Name of the site",
        value: request.field("site_name"),
        required: false,
        hint: "Empty: the address is the name.",
        length_max: 90,
        ..Field::default()
    };
    let url = Field {
        name: "site_url",
        label: "Address of the site",
        value: request.field("site_url"),
        autocomplete: "url",
        hint: "Such as https://example.org",
        required,
        length_max: 500,
        ..Field::default()
    };
    let chosen = match request.field("site_timezone") {
        "" => "UTC",
        zone => zone,
    };
    html! {
        (url.show())
        (name.show())
        div class="field" {
            label for="site_timezone" { "Time zone" }
            select id="site_timezone" name="site_timezone" data-own-zone[!request.is_post] aria-describedby="zone-hint" {
                @for (group, zones) in request.app.names.time_zones("en") {
                    optgroup label=(group) {
                        @for (id, name) in zones { option value=(id) selected[id == chosen] { (name) } }
                    }
                }
            }
            p class="hint" id="zone-hint" { "A day of the reports is a day of this zone." }
        }
    }
}

/// Makes the site that the form describes; the error is the text to show.
pub async fn make_site(
    request: &PageRequest<'_>,
    login: &str,
) -> Result<Result<i64, String>, settings::Error> {
    let typed = request.trimmed("site_url");
    let url = match typed.contains("://") {
        true => typed.to_owned(),
        false => format!("https://{typed}"),
    };
    let host = url.split_once("://").map_or(typed, |(_, rest)| rest);
    let name = match request.trimmed("site_name") {
        "" => host.trim_end_matches('/'),
        name => name,
    };
    let zone = Some(request.trimmed("site_timezone")).filter(|zone| !zone.is_empty());
    let new = NewSite {
        name: name.to_owned(),
        creator_login: login.to_owned(),
        ts_created: None,
        values: SiteChange {
            urls: Some(vec![url.clone()]),
            timezone: zone.map(str::to_owned),
            ..SiteChange::default()
        },
    };
    match request.app.settings.add_site(new, now()).await {
        Ok(id) => Ok(Ok(id)),
        Err(error) => told(error).map(Err),
    }
}

pub async fn add_site(request: &PageRequest<'_>) -> Result<Reply, settings::Error> {
    let Some(person) = request.signed_in.as_ref().filter(|_| request.is_post) else {
        return Ok(Reply::go(request, ""));
    };
    if !person.principal.is_superuser() {
        let notice = Notice::Bad("Only a superuser may add sites.".to_owned());
        return show(request, StatusCode::FORBIDDEN, vec![notice]).await;
    }
    match make_site(request, person.login()).await? {
        Ok(id) => Ok(Reply::go(request, &format!("?added={id}"))),
        Err(problem) => {
            show(
                request,
                StatusCode::UNPROCESSABLE_ENTITY,
                vec![Notice::Bad(problem)],
            )
            .await
        }
    }
}
