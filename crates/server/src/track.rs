//! `/matomo.php`: what a tracking client sends and what it is told.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use axum::body::Bytes;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use model::SECONDS_PER_DAY;
use tracking::parse::{self, BulkEntry, Environment, HitParams, Parsed, RawRequest, Token};
use tracking::{Auth, EnrichedHit, Placed, Refusal, Sources, Stop};

use crate::app::{App, World, now};
use crate::client::Client;

/// A transparent image of one pixel.
pub const GIF: &[u8] = &[
    0x47, 0x49, 0x46, 0x38, 0x39, 0x61, 0x01, 0x00, 0x01, 0x00, 0x80, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x00, 0x00, 0x00, 0x21, 0xf9, 0x04, 0x01, 0x00, 0x00, 0x00, 0x00, 0x2c, 0x00, 0x00, 0x00, 0x00,
    0x01, 0x00, 0x01, 0x00, 0x00, 0x02, 0x02, 0x44, 0x01, 0x00, 0x3b,
];

const BANNER: &str = "This resource is part of Takwimu. Keep full control of your data with the leading free \
    and open source digital analytics platform.";

/// What became of one hit.
enum Outcome {
    Tracked,
    Refused(Refusal),
    Busy,
}

/// One request to the tracking address.
pub struct TrackRequest {
    pub client: Client,
    pub method: Method,
    pub uri: Uri,
    pub headers: HeaderMap,
    pub body: Bytes,
}

pub async fn handle(app: &App, request: TrackRequest) -> Response {
    if request.method == Method::OPTIONS {
        return preflight();
    }
    let is_get = request.method == Method::GET;
    let mut response = answer(app, &request).await;
    let headers = response.headers_mut();
    if is_get {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    } else {
        let origin = request.headers.get(header::ORIGIN).cloned();
        let any = HeaderValue::from_static("*");
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.unwrap_or(any));
        headers.insert(
            header::ACCESS_CONTROL_ALLOW_CREDENTIALS,
            HeaderValue::from_static("true"),
        );
    }
    response
}

fn preflight() -> Response {
    let headers = [
        (header::ACCESS_CONTROL_ALLOW_METHODS, "GET, POST"),
        (header::ACCESS_CONTROL_ALLOW_HEADERS, "*"),
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
    ];
    (StatusCode::NO_CONTENT, headers).into_response()
}

async fn answer(app: &App, request: &TrackRequest) -> Response {
    let query = request.uri.query().unwrap_or_default().as_bytes();
    let raw = RawRequest {
        method: match request.method {
            Method::GET => parse::Method::Get,
            Method::POST => parse::Method::Post,
            _ => parse::Method::Other,
        },
        query,
        body: &request.body,
    };
    let parsed = parse::parse(&raw);
    let Ok(world) = app.world().await else {
        return busy();
    };
    if !world.rules.instance.record_statistics {
        return image(StatusCode::SERVICE_UNAVAILABLE);
    }
    let environment = environment(&request.client, &request.headers);
    match parsed {
        Parsed::Empty if request.method == Method::GET => banner(StatusCode::OK),
        Parsed::Empty => banner(StatusCode::BAD_REQUEST),
        Parsed::Refused(error) => {
            let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::BAD_REQUEST);
            (status, format!("{error}\n")).into_response()
        }
        Parsed::Single(params) => {
            let sent = Sent::of(&raw, &request.headers);
            single(app, &world, &environment, &params, sent).await
        }
        Parsed::Bulk(bulk) => {
            let sent = Sent::of(&raw, &request.headers);
            many(app, &world, &environment, bulk, sent).await
        }
    }
}

/// How a token was sent.
struct Sent {
    /// The one of the `Authorization` header, which counts before any other.
    bearer: Option<Token>,
    /// Not in the address, where logs would keep it.
    secure: bool,
}

impl Sent {
    fn of(raw: &RawRequest<'_>, headers: &HeaderMap) -> Sent {
        let bearer = headers
            .get(header::AUTHORIZATION)
            .and_then(|value| value.to_str().ok())
            .and_then(crate::matomo::bearer_token)
            .and_then(Token::new);
        Sent {
            secure: bearer.is_some() || is_secure(raw),
            bearer,
        }
    }
}

fn is_secure(raw: &RawRequest<'_>) -> bool {
    !raw.query.windows(11).any(|window| window == b"token_auth=")
}

fn environment(client: &Client, headers: &HeaderMap) -> Environment {
    let mut environment = Environment::new(client.ip, now());
    for (name, value) in headers {
        environment.read_header(name.as_str(), &String::from_utf8_lossy(value.as_bytes()));
    }
    environment
}

fn banner(status: StatusCode) -> Response {
    (
        status,
        [(header::CONTENT_TYPE, "text/html; charset=utf-8")],
        BANNER,
    )
        .into_response()
}

fn image(status: StatusCode) -> Response {
    (status, [(header::CONTENT_TYPE, "image/gif")], GIF).into_response()
}

fn busy() -> Response {
    let headers = [
        (header::CONTENT_TYPE, "image/gif"),
        (header::RETRY_AFTER, "5"),
    ];
    (StatusCode::SERVICE_UNAVAILABLE, headers, GIF).into_response()
}

async fn single(
    app: &App,
    world: &Arc<World>,
    environment: &Environment,
    params: &HitParams,
    sent: Sent,
) -> Response {
    let (bearer, secure) = (sent.bearer.as_ref(), sent.secure);
    let outcome = match enrich(app, world, environment, params, bearer, false, secure).await {
        Ok(Some(hit)) => {
            let mut outcomes = record(app, world, vec![hit]).await;
            outcomes.pop().unwrap_or(Outcome::Tracked)
        }
        Ok(None) => Outcome::Tracked,
        Err(Refusal::NoSalt) => Outcome::Busy,
        Err(refusal) => Outcome::Refused(refusal),
    };
    if matches!(outcome, Outcome::Busy) {
        return busy();
    }
    if params.text("send_image") == Some("0") {
        return StatusCode::NO_CONTENT.into_response();
    }
    match outcome {
        Outcome::Refused(refusal) => {
            image(StatusCode::from_u16(refusal.status()).unwrap_or(StatusCode::BAD_REQUEST))
        }
        _ => image(StatusCode::OK),
    }
}

/// Enriches one hit; nothing to record where it is left out on purpose.
async fn enrich(
    app: &App,
    world: &Arc<World>,
    environment: &Environment,
    params: &HitParams,
    bulk_token: Option<&Token>,
    in_bulk: bool,
    secure: bool,
) -> Result<Option<EnrichedHit>, Refusal> {
    let number = params.integer("idsite").unwrap_or(0);
    let site = tracking::site_of(params).and_then(|id| world.rules.sites.get(&id));
    let token = bulk_token.or(params.token());
    let Some(site) = site else {
        note_failure(app, number, settings::Failure::UnknownSite, params).await;
        let stop = Stop::Refused(Refusal::UnknownSite);
        app.metrics.drop_hit("site", stop, params, now());
        return Err(Refusal::UnknownSite);
    };
    let auth = match token {
        None => Auth::None,
        Some(token) => {
            let site = i64::from(site.id);
            authenticate(app, world, token, site, environment.remote_ip, secure).await
        }
    };
    if auth == Auth::Invalid {
        note_failure(app, number, settings::Failure::NotAuthenticated, params).await;
    }
    let sources = Sources {
        devices: &app.devices,
        referrers: &app.sources.lists,
        places: &app.places,
        salts: &**app,
    };
    let rules = &world.rules.instance;
    let mut watch = app.metrics.watch();
    let enriched = tracking::enrich(
        params,
        environment,
        auth,
        in_bulk,
        site,
        rules,
        &sources,
        &mut random,
        &mut watch,
    );
    if let Some((step, stop)) = watch.stop() {
        app.metrics.drop_hit(step, stop, params, now());
    }
    match enriched {
        Ok(hit) => Ok(Some(hit)),
        Err(Stop::Excluded(_)) => Ok(None),
        Err(Stop::Refused(refusal)) => Err(refusal),
    }
}

async fn authenticate(
    app: &App,
    world: &World,
    token: &Token,
    site: i64,
    ip: IpAddr,
    secure: bool,
) -> Auth {
    let must_be_secure = world.config.is_on("only_allow_secure_auth_tokens");
    let found = world.snapshot.tokens.find(token.expose(), ip, now());
    let valid = found.filter(|found| secure || !(must_be_secure || found.is_secure_only()));
    match valid.filter(|found| found.may_write(site)) {
        Some(found) => {
            // So that people see in their list which tokens are in use.
            app.settings.note_token_use(&found, now()).await;
            Auth::Write
        }
        None => Auth::Invalid,
    }
}

fn random() -> u64 {
    getrandom::u64().unwrap_or_else(|_| now() as u64)
}

async fn note_failure(app: &App, site: i64, failure: settings::Failure, params: &HitParams) {
    const SITE_MAX: i64 = 9_999_999;
    if !(1..=SITE_MAX).contains(&site) {
        return;
    }
    let pairs: Vec<String> = params
        .iter()
        .filter(|(name, _)| *name != "token_auth")
        .map(|(name, value)| format!("{name}={}", crate::matomo::show::encode(value)))
        .collect();
    let url = format!("?{}", pairs.join("&"));
    let _ = app
        .settings
        .note_tracking_failure(site, failure, &url, now())
        .await;
}

/// Records hits; sites whose data begins earlier because of them remember it.
async fn record(app: &App, world: &World, hits: Vec<EnrichedHit>) -> Vec<Outcome> {
    if hits.is_empty() {
        return Vec::new();
    }
    let beginnings = earlier_beginnings(world, &hits);
    let outcomes = written(app, world, hits).await;
    for (site, created) in beginnings {
        let moved = app.settings.site_has_data_since(site, created).await;
        if let Err(error) = moved {
            tracing::error!(%error, site, "the beginning of a site's data");
        }
    }
    outcomes
}

/// When the data of sites begins after hits of past days, where that is earlier than what is known. The day
/// before the hit's is taken, because its beginning is earlier in some other time zone.
fn earlier_beginnings(world: &World, hits: &[EnrichedHit]) -> BTreeMap<i64, i64> {
    const NEAR_SECONDS: i64 = 3 * SECONDS_PER_DAY;
    let mut beginnings = BTreeMap::new();
    for hit in hits {
        let known = world.site(hit.site).filter(|site| {
            // Most hits end here: a day of the calendar takes longer than a comparison.
            hit.time < site.ts_created + NEAR_SECONDS
        });
        let Some(site) = known else { continue };
        let Some(rules) = world.rules.sites.get(&hit.site) else {
            continue;
        };
        let day = rules.zone.day(hit.time);
        let created = (i64::from(day.0) - 1) * SECONDS_PER_DAY;
        if created < site.ts_created && day < rules.zone.day(hit.received_at) {
            let first = beginnings.entry(site.idsite).or_insert(created);
            *first = created.min(*first);
        }
    }
    beginnings
}

/// Resolves when the hits are on the disk and placed.
async fn written(app: &App, world: &World, hits: Vec<EnrichedHit>) -> Vec<Outcome> {
    let count = hits.len();
    let (answer, placed) = tokio::sync::oneshot::channel();
    app.ingest.submit(hits, &world.rules, move |outcome| {
        // The client may have left; the hits stay.
        let _ = answer.send(outcome);
    });
    match placed.await {
        Ok(Ok(placed)) => placed
            .into_iter()
            .map(|placed| outcome_of(app, placed))
            .collect(),
        Ok(Err(error)) => {
            tracing::error!(%error, "hits refused");
            app.metrics.count_busy(count);
            (0..count).map(|_| Outcome::Busy).collect()
        }
        // The journal ended without an answer.
        Err(_) => {
            app.metrics.count_busy(count);
            (0..count).map(|_| Outcome::Busy).collect()
        }
    }
}

fn outcome_of(app: &App, placed: Placed) -> Outcome {
    match placed {
        Placed::InVisit(_) => {
            app.metrics.count_tracked();
            Outcome::Tracked
        }
        Placed::Excluded(reason) => {
            app.metrics.count_stop(Stop::Excluded(reason));
            Outcome::Tracked
        }
        Placed::Refused(reason) => {
            app.metrics.count_stop(Stop::Refused(reason));
            Outcome::Refused(reason)
        }
    }
}

async fn many(
    app: &App,
    world: &Arc<World>,
    environment: &Environment,
    mut bulk: parse::Bulk,
    sent: Sent,
) -> Response {
    bulk.token = sent.bearer.or(bulk.token);
    let total = bulk.hits.len();
    let mut invalid = Vec::new();
    let mut hits = Vec::new();
    let mut places = Vec::new();
    for (at, entry) in bulk.hits.iter().enumerate() {
        let BulkEntry::Hit(params) = entry else {
            invalid.push(at);
            continue;
        };
        match enrich(
            app,
            world,
            environment,
            params,
            bulk.token.as_ref(),
            true,
            sent.secure,
        )
        .await
        {
            Ok(Some(hit)) => {
                hits.push(hit);
                places.push(at);
            }
            Ok(None) => {}
            Err(Refusal::BulkNeedsToken) => {
                return bulk_error(StatusCode::UNAUTHORIZED, at, total - at);
            }
            // Nothing is recorded yet: the whole request may come again.
            Err(Refusal::NoSalt) => return busy(),
            Err(_) => invalid.push(at),
        }
    }
    for (outcome, at) in record(app, world, hits).await.into_iter().zip(places) {
        match outcome {
            Outcome::Tracked => {}
            Outcome::Refused(_) => invalid.push(at),
            Outcome::Busy => return busy(),
        }
    }
    if !bulk.send_image {
        return StatusCode::NO_CONTENT.into_response();
    }
    invalid.sort_unstable();
    let mut body = serde_json::json!({
        "status": "success",
        "tracked": total - invalid.len(),
        "invalid": invalid.len(),
    });
    let superuser = match &bulk.token {
        Some(token) => {
            let principal = app.principal(token.expose(), environment.remote_ip).await;
            principal
                .ok()
                .flatten()
                .is_some_and(|principal| principal.is_superuser())
        }
        None => false,
    };
    if superuser && let Some(fields) = body.as_object_mut() {
        fields.insert("invalid_indices".to_owned(), invalid.into());
    }
    json(StatusCode::OK, &body)
}

fn bulk_error(status: StatusCode, tracked: usize, invalid: usize) -> Response {
    let body = serde_json::json!({ "status": "error", "tracked": tracked, "invalid": invalid });
    json(status, &body)
}

fn json(status: StatusCode, body: &serde_json::Value) -> Response {
    (
        status,
        [(header::CONTENT_TYPE, "application/json")],
        body.to_string(),
    )
        .into_response()
}
