//! `CustomDimensions`: management.

use model::{Access, Answer, Role, Value};
use settings::{DimensionScope, Extraction, NewDimension};
use tracking::url::{ParamMap, ParamValue};

use super::sites::site_of;
use super::{Method, method};
use crate::matomo::Call;
use crate::matomo::error::{ApiError, ApiResult};
use crate::matomo::request::ApiRequest;

pub const METHODS: &[Method] = &[method!(
    "CustomDimensions.configureNewCustomDimension",
    Access::Site(Role::Write),
    add
)];

async fn add(call: Call<'_>) -> ApiResult<Answer> {
    let site = site_of(&call, Role::Write).await?;
    let request = &call.request;
    let scope = request.filled("scope").ok_or_else(|| ApiError::missing("scope"))?;
    let scope = DimensionScope::parse(scope).ok_or_else(|| {
        ApiError::invalid(format!("Invalid value '{scope}' for 'scope' specified. Available scopes are: visit, action"))
    })?;
    let new = NewDimension {
        name: request.text("name").ok_or_else(|| ApiError::missing("name"))?.to_owned(),
        scope,
        active: request.flag("active"),
        extractions: extractions(request),
        case_sensitive: request.flag_or("caseSensitive", true),
    };
    let id = call.app.settings.add_dimension(site, new).await?;
    Ok(Answer::Value(Value::Int(id)))
}

fn extractions(request: &ApiRequest) -> Vec<Extraction> {
    let Some(list) = request.map().map("extractions") else { return Vec::new() };
    let one = |value: &ParamValue| match value {
        ParamValue::Map(map) => extraction(map),
        ParamValue::Text(_) => None,
    };
    list.iter().filter_map(|(_, value)| one(value)).collect()
}

fn extraction(map: &ParamMap) -> Option<Extraction> {
    Some(Extraction {
        dimension: map.text("dimension")?.to_owned(),
        pattern: map.text("pattern")?.to_owned(),
    })
}
