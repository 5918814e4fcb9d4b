//! The Matomo-compatible API: find the method, check access, run, shape, format.

mod compare;
pub mod crossing;
mod error;
pub mod formats;
mod formulas;
mod late;
pub mod methods;
mod numbers;
pub mod params;
mod ranges;
mod records;
mod report_shape;
mod reports;
pub mod request;
pub mod shape;
pub mod show;
pub mod subtables;
mod words;
mod world;

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use model::{Access, Answer};
use settings::Principal;

use crate::app::App;
use crate::client::Client;
use error::{ApiError, ApiResult};
use formats::{Format, FormatOptions, Rendered};
use request::ApiRequest;

/// A call with its caller.
pub struct Call<'a> {
    pub app: &'a App,
    pub principal: Principal,
    pub request: ApiRequest,
    pub client: Client,
    pub method: String,
}

/// Answers `module=API`.
pub async fn handle(
    app: &App,
    client: Client,
    headers: &HeaderMap,
    request: ApiRequest,
) -> Response {
    let format = match Format::find(request.text("format").unwrap_or("xml")) {
        Ok(format) => format,
        Err(message) => {
            return respond(formats::render_unknown_format(&message));
        }
    };
    let options = format_options(&request);
    let rendered = match answer(app, client, headers, request, format).await {
        Ok(rendered) => rendered,
        Err(error) => {
            let mut rendered = formats::render_error(format, &error.message, &options);
            rendered.status = error.status;
            rendered
        }
    };
    respond(rendered)
}

fn respond(rendered: Rendered) -> Response {
    let status = StatusCode::from_u16(rendered.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = (status, rendered.body).into_response();
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static(rendered.content_type),
    );
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    for (name, value) in rendered.headers {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(name, value);
        }
    }
    response
}

pub fn format_options(request: &ApiRequest) -> FormatOptions {
    FormatOptions {
        method: request.text("method").unwrap_or_default().to_owned(),
        expanded: request.flag("expanded"),
        hide_id_subtable: request.flag("hideIdSubDatable"),
        convert_to_unicode: request.flag_or("convertToUnicode", true),
        serialize: request.flag("serialize"),
        callback: request
            .filled("callback")
            .or(request.filled("jsoncallback"))
            .filter(|name| {
                name.chars()
                    .all(|letter| letter.is_ascii_alphanumeric() || "_.".contains(letter))
            })
            .map(str::to_owned),
        ..FormatOptions::default()
    }
}

async fn answer(
    app: &App,
    client: Client,
    headers: &HeaderMap,
    request: ApiRequest,
    format: Format,
) -> ApiResult<Rendered> {
    let principal = authenticate(app, client, headers, &request).await?;
    let method = request
        .filled("method")
        .ok_or_else(|| ApiError::missing("method"))?
        .to_owned();
    let call = Call {
        app,
        principal,
        request,
        client,
        method,
    };
    let options = format_options(&call.request);
    let (answer, options) = run(call, options).await?;
    Ok(formats::render(format, answer, &options))
}

/// The caller: a token of the request or of the header, a session where the request asks for it, else nobody.
async fn authenticate(
    app: &App,
    client: Client,
    headers: &HeaderMap,
    request: &ApiRequest,
) -> ApiResult<Principal> {
    let bearer = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(bearer_token);
    if bearer.is_none() && request.flag("force_api_session") {
        let caller = crate::pages::request::api_caller(app, client, headers, request).await?;
        return caller.ok_or_else(refused);
    }
    principal_of(app, client, bearer, request).await
}

/// The caller behind a token of a header, else of the request.
pub async fn principal_of(
    app: &App,
    client: Client,
    bearer: Option<&str>,
    request: &ApiRequest,
) -> ApiResult<Principal> {
    let token = bearer
        .or(request.text("token_auth"))
        .unwrap_or_default()
        .trim();
    let Some(principal) = app.principal(token, client.ip).await? else {
        return Err(unknown_token(app, client).await?);
    };
    let needs_secure = principal.token_id().is_some()
        && (principal.is_secure_only()
            || app
                .world()
                .await?
                .config
                .is_on("only_allow_secure_auth_tokens"));
    if needs_secure && bearer.is_none() && request.token_in_query {
        return Err(refused());
    }
    Ok(principal)
}

/// What follows `Bearer`, in any case.
pub fn bearer_token(header: &str) -> Option<&str> {
    let (scheme, token) = header.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}

fn refused() -> ApiError {
    ApiError::unauthorised(
        "Unable to authenticate with the provided token. It is either invalid, expired or requires being sent as a POST \
         parameter.",
    )
}

/// Counts a token that is none, so that guessing is slow. Tokens that are right go on working from the same address.
async fn unknown_token(app: &App, client: Client) -> ApiResult<ApiError> {
    let kind = settings::AttemptKind::ReportingToken;
    let now = crate::app::now();
    if app.settings.is_blocked(kind, client.ip, None, now).await? {
        return Ok(ApiError {
            status: 403,
            message: error::LOCKED_OUT.to_owned(),
        });
    }
    app.settings
        .note_failure(kind, client.ip, None, now)
        .await?;
    Ok(refused())
}

/// Runs a call that is authenticated: reports of the catalog first, then the list of methods.
pub async fn run(call: Call<'_>, options: FormatOptions) -> ApiResult<(Answer, FormatOptions)> {
    if !call.principal.may_call(&call.method) {
        return Err(ApiError::unauthorised(format!(
            "This token may not call {}.",
            call.method
        )));
    }
    let scalar = catalog::reports::SCALARS
        .iter()
        .find(|(method, _, _)| *method == call.method);
    let report = scalar.map_or(call.method.as_str(), |(_, report, _)| report);
    if let Some(report) = catalog::reports::report(report) {
        let column = scalar.map(|(_, _, column)| *column);
        return reports::answer(&call, report, column, options).await;
    }
    let method = methods::find(&call.method).ok_or_else(|| methods::not_found(&call.method))?;
    check_access(&call, method.access)?;
    let generic = call.request.generic();
    let answer = (method.run)(call).await?;
    Ok((shape::shape_plain(answer, &generic), options))
}

/// Whether the caller may call a method with this access; methods look at the sites by themselves too.
fn check_access(call: &Call<'_>, access: Access) -> ApiResult<()> {
    let principal = &call.principal;
    match access {
        Access::Open | Access::Delegated | Access::Site(_) => Ok(()),
        Access::Some(role) => {
            let sites = principal.sites_with(role);
            let has_any = principal.is_superuser() || sites.is_none_or(|sites| !sites.is_empty());
            match has_any {
                true => Ok(()),
                false => Err(world::no_access_to_any(role)),
            }
        }
        Access::User if principal.is_anonymous() => Err(ApiError::unauthorised(
            "You must be logged in to access this functionality.",
        )),
        Access::User => Ok(()),
        Access::SelfOrSuperUser => ["userLogin", "login"]
            .iter()
            .filter_map(|name| call.request.filled(name))
            .try_for_each(|login| methods::own_or_superuser(call, login)),
        Access::SuperUser if principal.is_superuser() => Ok(()),
        Access::SuperUser => Err(superuser_needed()),
    }
}

pub fn superuser_needed() -> ApiError {
    ApiError::unauthorised("You can't access this resource as it requires a 'superuser' access.")
}
