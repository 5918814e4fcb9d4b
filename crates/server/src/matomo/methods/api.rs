//! `API`: methods about the API itself.

use model::{Access, Answer, Role, Value};

use super::{Method, method};
use crate::matomo::Call;
use crate::matomo::error::ApiResult;

/// The version whose answers are given, for clients that decide by it.
const COMPATIBLE_VERSION: &str = "5.2.0";

pub const METHODS: &[Method] = &[
    method!("API.getMatomoVersion", Access::Some(Role::View), version),
    method!("API.getPiwikVersion", Access::Some(Role::View), version),
];

async fn version(_call: Call<'_>) -> ApiResult<Answer> {
    Ok(Answer::Value(Value::from(COMPATIBLE_VERSION)))
}
