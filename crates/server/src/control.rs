//! The route by which a conformance test sets what an operator can set too. Off unless asked for at the
//! start.

use axum::http::StatusCode;
use serde_json::{Value, json};
use settings::Secret;

use crate::app::{App, now};

/// Carries out one operation.
pub async fn handle(app: &App, body: &[u8]) -> (StatusCode, String) {
    let result = match serde_json::from_slice::<Value>(body) {
        Ok(operation) => run(app, &operation).await,
        Err(error) => Err(format!("the body is no JSON: {error}")),
    };
    match result {
        Ok(()) => (StatusCode::OK, json!({ "result": "success" }).to_string()),
        Err(message) => {
            let body = json!({ "result": "error", "message": message });
            (StatusCode::BAD_REQUEST, body.to_string())
        }
    }
}

async fn run(app: &App, operation: &Value) -> Result<(), String> {
    let text = |name: &str| {
        operation[name]
            .as_str()
            .map(str::to_owned)
            .ok_or_else(|| format!("'{name}' is missing"))
    };
    let failed = |error: settings::Error| error.to_string();
    match operation["op"].as_str().unwrap_or_default() {
        "config" => {
            let (section, key) = (text("section")?, text("key")?);
            app.settings
                .set_config(&section, &key, &operation["value"])
                .await
                .map_err(failed)
        }
        "option" => {
            let value = match &operation["value"] {
                Value::String(text) => text.clone(),
                Value::Null => String::new(),
                other => other.to_string(),
            };
            app.settings
                .set_option(&text("name")?, &value)
                .await
                .map_err(failed)
        }
        "token" => {
            let token = Secret::new(text("token")?);
            let made = app
                .settings
                .set_token_value(&text("login")?, &token, now())
                .await;
            made.map(|_| ()).map_err(failed)
        }
        // Reports are answered from raw data: there is nothing kept that could be dropped.
        "delete_archives" => Ok(()),
        "reset" => app.reset().await.map_err(failed),
        other => Err(format!("'{other}' is no operation")),
    }
}
