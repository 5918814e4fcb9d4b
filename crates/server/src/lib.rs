//! HTTP: routes, access, the Matomo-compatible API and its formats, pages, assets.

pub mod app;
mod client;
mod config;
mod control;
mod direct;
pub mod matomo;
mod metrics;
pub mod names;
mod operators;
mod places;
mod rules;
mod sources;
mod track;

use std::net::SocketAddr;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{ConnectInfo, DefaultBodyLimit, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get, post};

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
        .route("/", any(index))
        // Operators
        .route("/health", get(health))
        .route("/metrics", get(metrics_sheet))
        .route("/drops", get(drops_sheet));
    if app.options.control_route {
        router = router.route("/__conformance", post(control));
    }
    router
        .layer(DefaultBodyLimit::max(BODY_MAX_BYTES))
        .with_state(app)
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
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let client = Client::of(peer, &headers, &app.options.trusted_proxies);
    let request = matomo::request::ApiRequest::parse(uri.query().unwrap_or_default(), &body);
    match request.text("module") {
        Some("API") => {
            let started = std::time::Instant::now();
            let answer = matomo::handle(&app, client, &headers, request).await;
            app.metrics.count_answer(started.elapsed());
            answer
        }
        _ => (StatusCode::NOT_FOUND, "Not found\n").into_response(),
    }
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
