//! Pages for operators: `/metrics` for Prometheus and `/drops`, the latest hits that were not stored. Both want a
//! superuser's token, whose methods may be limited to the names below.

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::app::App;
use crate::client::Client;

/// What a token must be allowed to call, and the type of the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sheet {
    Metrics,
    Drops,
}

impl Sheet {
    fn method(self) -> &'static str {
        match self {
            Sheet::Metrics => "Takwimu.getMetrics",
            Sheet::Drops => "Takwimu.getDrops",
        }
    }

    fn content_type(self) -> &'static str {
        match self {
            Sheet::Metrics => "text/plain; version=0.0.4; charset=utf-8",
            Sheet::Drops => "application/json; charset=utf-8",
        }
    }
}

/// Answers one of the pages.
pub async fn answer(app: &App, client: Client, headers: &HeaderMap, sheet: Sheet) -> Response {
    let token = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Bearer "))
        .unwrap_or_default();
    let principal = app.principal(token.trim(), client.ip).await;
    let principal = principal.ok().flatten();
    let may = principal
        .is_some_and(|principal| principal.is_superuser() && principal.may_call(sheet.method()));
    if !may {
        let challenge = [(header::WWW_AUTHENTICATE, "Bearer")];
        let text = "A superuser's token is needed, as `Authorization: Bearer TOKEN`.\n";
        return (StatusCode::UNAUTHORIZED, challenge, text).into_response();
    }
    let text = match sheet {
        Sheet::Metrics => app.metrics.text(&app.ingest.journal_stats()),
        Sheet::Drops => serde_json::to_string(&app.metrics.drops()).unwrap_or_default(),
    };
    let headers = [
        (
            header::CONTENT_TYPE,
            HeaderValue::from_static(sheet.content_type()),
        ),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (
            header::X_CONTENT_TYPE_OPTIONS,
            HeaderValue::from_static("nosniff"),
        ),
    ];
    (headers, text).into_response()
}
