//! HTTP: routes, access, the Matomo-compatible API and its formats, pages, assets.

mod address;
pub mod app;
mod client;
mod config;
mod control;
mod direct;
pub mod matomo;
mod metrics;
pub mod names;
mod operators;
mod pages;
mod places;
mod retention;
mod rules;
mod sources;
mod track;

use std::net::SocketAddr;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{ConnectInfo, DefaultBodyLimit, Path, State};
use axum::http::{HeaderMap, Method, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get, post};

pub use address::parse_base_url;
pub use app::{App, Options, StartError, list_file};
use client::Client;
pub use direct::{Direct, random_numbers};
pub use places::PlacesFrom;
pub use rules::from_journal as rules_from_journal;

const TRACKER_SCRIPT: &str = include_str!("../../../tracker/dist/matomo.js");

/// Larger bodies are refused before they are read.
const BODY_MAX_BYTES: usize = 5 << 20;

/// Every route, grouped by who uses it.
pub fn router(app: App) -> Router {
    let mut router = Router::new()
        // Tracking clients
        .route("/matomo.php", any(track))
        .route("/piwik.php", any(track))
        .route("/js/", any(track))
        .route("/js/tracker.php", any(track))
        .route("/matomo.js", get(tracker_script))
        .route("/piwik.js", get(tracker_script))
        // Clients of the reporting API
        .route("/index.php", any(index))
        // People
        .route("/setup/{key}", any(setup))
        .route("/assets/pages.css", get(pages::style))
        .route("/assets/pages.js", get(pages::script))
        // Operators
        .route("/health", get(health))
        .route("/metrics", get(metrics_sheet))
        .route("/drops", get(drops_sheet));
    for path in pages::paths() {
        router = router.route(&path, any(short_page));
    }
    if app.options.control_route {
        router = router.route("/__conformance", post(control));
    }
    router = below_path(router, app.options.base_url.as_deref());
    router
        .layer(DefaultBodyLimit::max(BODY_MAX_BYTES))
        .with_state(app)
}

/// The program answers below the path of its address too, for proxies that pass the path on. Those that cut it off need
/// nothing.
fn below_path(routes: Router<App>, base_url: Option<&str>) -> Router<App> {
    let at_root = routes.clone().route("/", any(index));
    let path = base_url.map_or("", address::path_of);
    if path.is_empty() {
        return at_root;
    }
    let folder = format!("{path}/");
    // Links of the first page are relative, so its address must end with a slash.
    let to_folder = axum::response::Redirect::permanent(&folder);
    at_root
        .nest(path, routes)
        .route(&folder, any(index))
        .route(path, any(|| async move { to_folder }))
}

async fn track(
    State(app): State<App>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let client = Client::of(peer, &headers, &app.options.trusted_proxies);
    track::handle(
        &app,
        track::TrackRequest {
            client,
            method,
            uri,
            headers,
            body,
        },
    )
    .await
}

async fn index(
    State(app): State<App>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let client = Client::of(peer, &headers, &app.options.trusted_proxies);
    let query = uri.query().unwrap_or_default();
    let mut request = matomo::request::ApiRequest::parse(query, &body);
    request.is_post = method == Method::POST;
    if request.text("module") == Some("API") {
        let started = std::time::Instant::now();
        let answer = matomo::handle(&app, client, &headers, request).await;
        app.metrics.count_answer(started.elapsed());
        return answer;
    }
    let page = pages::named(request.text("module"), request.text("action"));
    let incoming = pages::Incoming {
        client,
        method: &method,
        query,
        headers: &headers,
        body: &body,
        setup_key: None,
    };
    pages::handle(&app, page, incoming).await
}

/// A page by its short path.
async fn short_page(
    State(app): State<App>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let incoming = pages::Incoming {
        client: Client::of(peer, &headers, &app.options.trusted_proxies),
        method: &method,
        query: uri.query().unwrap_or_default(),
        headers: &headers,
        body: &body,
        setup_key: None,
    };
    pages::handle(&app, pages::at_path(uri.path()), incoming).await
}

/// The link that the first start prints.
async fn setup(
    State(app): State<App>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    Path(key): Path<String>,
    method: Method,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let incoming = pages::Incoming {
        client: Client::of(peer, &headers, &app.options.trusted_proxies),
        method: &method,
        query: "",
        headers: &headers,
        body: &body,
        setup_key: Some(&key),
    };
    pages::handle(&app, Some(pages::Page::Setup), incoming).await
}

/// Our own tracker, under both names that pages ask for.
async fn tracker_script() -> impl IntoResponse {
    let headers = [
        (
            axum::http::header::CONTENT_TYPE,
            "application/javascript; charset=utf-8",
        ),
        (axum::http::header::CACHE_CONTROL, "public, max-age=3600"),
        (axum::http::header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (headers, TRACKER_SCRIPT)
}

async fn metrics_sheet(
    State(app): State<App>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
) -> Response {
    let client = Client::of(peer, &headers, &app.options.trusted_proxies);
    operators::answer(&app, client, &headers, operators::Sheet::Metrics).await
}

async fn drops_sheet(
    State(app): State<App>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
) -> Response {
    let client = Client::of(peer, &headers, &app.options.trusted_proxies);
    operators::answer(&app, client, &headers, operators::Sheet::Drops).await
}

async fn health() -> &'static str {
    "ok\n"
}

async fn control(State(app): State<App>, body: Bytes) -> Response {
    control::handle(&app, &body).await.into_response()
}
