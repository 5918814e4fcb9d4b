//! Pages for people: the first run, signing in, passwords and tokens, the sites, the opt-out. All of them work without
//! scripts; links are relative, so that they work below any path.

mod home;
mod layout;
mod login;
pub mod opt_out;
mod opt_out_words;
mod passwords;
mod reply;
pub mod request;
mod security;
mod setup;
mod tokens;

use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use maud::html;
use tracking::url::ParamMap;

use crate::address::Address;
use crate::app::App;
use crate::client::Client;
use layout::{Notice, page};
use reply::Reply;
use request::PageRequest;

const STYLE: &str = include_str!("pages.css");
const SCRIPT: &str = include_str!("pages.js");

/// What can be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Page {
    Home,
    AddSite,
    Setup,
    Login,
    Logout,
    Security,
    NewToken,
    OptOut,
    OptOutScript,
}

/// Each page with its short path, and the `module` and `action` by which Matomo's users know it. An empty action is that
/// module's first page.
const PAGES: &[(Page, &str, &str, &str)] = &[
    (Page::Home, "", "CoreHome", "index"),
    (Page::Home, "", "CoreHome", ""),
    (Page::AddSite, "add-site", "SitesManager", "index"),
    (Page::Setup, "setup", "Installation", ""),
    (Page::Login, "login", "Login", ""),
    (Page::Login, "login", "Login", "login"),
    (Page::Logout, "logout", "Login", "logout"),
    (Page::Security, "security", "UsersManager", "userSecurity"),
    (Page::NewToken, "new-token", "UsersManager", "addNewToken"),
    (Page::OptOut, "opt-out", "CoreAdminHome", "optOut"),
    (
        Page::OptOutScript,
        "opt-out.js",
        "CoreAdminHome",
        "optOutJS",
    ),
];

/// The paths of the pages, but for the one of the folder itself.
pub fn paths() -> impl Iterator<Item = String> {
    let mut paths: Vec<&str> = PAGES.iter().map(|row| row.1).collect();
    paths.dedup();
    paths.retain(|path| !path.is_empty());
    paths.into_iter().map(|path| format!("/{path}"))
}

/// The page at a path such as `/login`.
pub fn at_path(path: &str) -> Option<Page> {
    let path = path.strip_prefix('/')?;
    let row = PAGES.iter().find(|row| row.1 == path)?;
    Some(row.0)
}

/// The page that an address such as `index.php?module=Login&action=logout` names.
pub fn named(module: Option<&str>, action: Option<&str>) -> Option<Page> {
    let Some(module) = module.filter(|module| !module.is_empty()) else {
        return Some(Page::Home);
    };
    let action = action.unwrap_or_default();
    let row = PAGES
        .iter()
        .find(|row| row.2 == module && row.3 == action)?;
    Some(row.0)
}

/// The parts of a request that pages look at.
pub struct Incoming<'a> {
    pub client: Client,
    pub method: &'a Method,
    pub query: &'a str,
    pub headers: &'a HeaderMap,
    pub body: &'a [u8],
    /// The secret of a set-up link, which is the last part of its path.
    pub setup_key: Option<&'a str>,
}

/// Answers a request for a page; `None` is a page that does not exist.
pub async fn handle(app: &App, page: Option<Page>, incoming: Incoming<'_>) -> Response {
    let is_post = incoming.method == Method::POST;
    if !is_post && incoming.method != Method::GET && incoming.method != Method::HEAD {
        let allowed = [(header::ALLOW, "GET, HEAD, POST")];
        return (StatusCode::METHOD_NOT_ALLOWED, allowed).into_response();
    }
    let address = Address::of(
        incoming.client,
        incoming.headers,
        app.options.base_url.as_deref(),
    );
    let mut request = PageRequest {
        app,
        client: incoming.client,
        headers: incoming.headers,
        is_post,
        query: ParamMap::parse(incoming.query),
        form: match is_post {
            true => ParamMap::parse_bytes(incoming.body),
            false => ParamMap::default(),
        },
        root: if incoming.setup_key.is_some() {
            "../"
        } else {
            ""
        },
        address,
        signed_in: None,
    };
    let answered = answer(&mut request, page, incoming.setup_key).await;
    let reply = answered.unwrap_or_else(|error| {
        tracing::error!(%error, "a page failed");
        problem(
            &request,
            StatusCode::INTERNAL_SERVER_ERROR,
            "This did not work",
            "The settings could not be read or written. The program's log says why.",
        )
    });
    reply.into_response()
}

async fn answer(
    request: &mut PageRequest<'_>,
    page: Option<Page>,
    setup_key: Option<&str>,
) -> Result<Reply, settings::Error> {
    match page {
        Some(Page::OptOut) => return opt_out::page(request).await,
        Some(Page::OptOutScript) => return Ok(opt_out::script(request)),
        _ => {}
    }
    let app = request.app;
    request.signed_in = request::signed_in(app, request.headers, request.address.transport).await?;
    if let Some(key) = setup_key {
        return setup::with_link(request, key).await;
    }
    if page == Some(Page::Setup) {
        return setup::without_link(request).await;
    }
    if app.settings.needs_setup().await? {
        return Ok(Reply::go(request, "setup"));
    }
    if page == Some(Page::Login) {
        return login::login(request).await;
    }
    if page == Some(Page::Logout) {
        return login::logout(request).await;
    }
    let Some(page) = page else {
        return Ok(problem(
            request,
            StatusCode::NOT_FOUND,
            "Not found",
            "There is no such page here.",
        ));
    };
    if !request
        .signed_in
        .as_ref()
        .is_some_and(|person| person.is_complete())
    {
        return Ok(login::ask(request, page));
    }
    if request.is_post && !request.is_own_form() {
        return Ok(problem(
            request,
            StatusCode::FORBIDDEN,
            "Please try again",
            "This form did not come from a page of your session, or the session ended meanwhile. Nothing was changed. Go \
             back, load the page again and repeat what you did.",
        ));
    }
    match page {
        Page::AddSite => home::add_site(request).await,
        Page::Security => security::security(request).await,
        Page::NewToken => tokens::new_token(request).await,
        _ => home::home(request).await,
    }
}

/// A page that says what is wrong and leads back.
fn problem(request: &PageRequest<'_>, status: StatusCode, title: &str, text: &str) -> Reply {
    let content = html! {
        section class="card narrow" { p { a href=(request.link("")) { "To the start" } } }
    };
    let notice = Notice::Bad(text.to_owned());
    Reply::page(status, page(request, title, &[notice], content))
}

/// The texts of a refusal that are meant for the person; anything else goes up.
fn told(error: settings::Error) -> Result<String, settings::Error> {
    use settings::Error;
    match error {
        Error::Storage(_) | Error::Database(_) => Err(error),
        error => Ok(error.to_string()),
    }
}

/// The style of all pages.
pub async fn style() -> impl IntoResponse {
    asset("text/css; charset=utf-8", STYLE)
}

/// Small comforts; every page works without it.
pub async fn script() -> impl IntoResponse {
    asset("application/javascript; charset=utf-8", SCRIPT)
}

fn asset(kind: &'static str, text: &'static str) -> impl IntoResponse {
    let headers = [
        (header::CONTENT_TYPE, kind),
        (header::CACHE_CONTROL, "no-cache"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (headers, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_have_short_names_and_those_of_matomo() {
        for (path, module, action, expected) in [
            ("/login", Some("Login"), None, Some(Page::Login)),
            ("/logout", Some("Login"), Some("logout"), Some(Page::Logout)),
            (
                "/security",
                Some("UsersManager"),
                Some("userSecurity"),
                Some(Page::Security),
            ),
            ("/setup", Some("Installation"), None, Some(Page::Setup)),
            ("/nothing", Some("Nothing"), Some("index"), None),
            ("/", None, None, Some(Page::Home)),
        ] {
            assert_eq!(at_path(path), expected, "{path}");
            assert_eq!(named(module, action), expected, "{module:?}");
        }
        assert!(paths().all(|path| at_path(&path).is_some()));
    }
}
