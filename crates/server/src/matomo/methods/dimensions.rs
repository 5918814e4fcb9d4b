//! `CustomDimensions`: management. The report is a row of the catalog.

use model::{Access, Answer, Role, Value};
use settings::{Dimension, DimensionChange, DimensionScope, Extraction, NewDimension};
use tracking::url::{ParamMap, ParamValue};

use super::common::{answer, field, needed, number, site_of, site_or_nothing};
use super::{Method, method};
use crate::matomo::Call;
use crate::matomo::error::{ApiError, ApiResult};
use crate::matomo::request::ApiRequest;

const VIEW: Access = Access::Site(Role::View);
const WRITE: Access = Access::Site(Role::Write);

pub const METHODS: &[Method] = &[
    method!("CustomDimensions.configureNewCustomDimension", WRITE, add),
    method!(
        "CustomDimensions.configureExistingCustomDimension",
        WRITE,
        update
    ),
    method!("CustomDimensions.getConfiguredCustomDimensions", VIEW, all),
    method!(
        "CustomDimensions.getConfiguredCustomDimensionsHavingScope",
        VIEW,
        of_scope
    ),
    method!("CustomDimensions.getAvailableScopes", VIEW, scopes),
    method!(
        "CustomDimensions.getAvailableExtractionDimensions",
        Access::Some(Role::Write),
        sources
    ),
];

async fn add(call: Call<'_>) -> ApiResult<Answer> {
    let site = site_of(&call, Role::Write).await?;
    let request = &call.request;
    needed(&call, "active")?;
    let new = NewDimension {
        name: needed(&call, "name")?.to_owned(),
        scope: scope_of(&call)?,
        active: request.flag("active"),
        extractions: extractions(request),
        case_sensitive: request.flag_or("caseSensitive", true),
    };
    answer(call.app.settings.add_dimension(site, new).await?)
}

async fn update(call: Call<'_>) -> ApiResult<Answer> {
    let site = site_of(&call, Role::Write).await?;
    let request = &call.request;
    needed(&call, "active")?;
    let change = DimensionChange {
        name: needed(&call, "name")?.to_owned(),
        active: request.flag("active"),
        extractions: extractions(request),
        case_sensitive: request
            .filled("caseSensitive")
            .map(|_| request.flag("caseSensitive")),
    };
    call.app
        .settings
        .update_dimension(site, number(&call, "idDimension")?, change)
        .await?;
    Ok(Answer::Done)
}

fn scope_of(call: &Call<'_>) -> ApiResult<DimensionScope> {
    let scope = needed(call, "scope")?;
    DimensionScope::parse(scope).ok_or_else(|| {
        ApiError::invalid(format!(
            "Invalid value '{scope}' for 'scope' specified. Available scopes are: visit, action"
        ))
    })
}

fn extractions(request: &ApiRequest) -> Vec<Extraction> {
    let Some(list) = request.map().map("extractions") else {
        return Vec::new();
    };
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

/// A dimension as it is shown: its numbers are texts, as Matomo's clients know them.
fn shown(dimension: &Dimension) -> Value {
    let extraction = |extraction: &Extraction| {
        Value::Map(vec![
            field("dimension", extraction.dimension.clone()),
            field("pattern", extraction.pattern.clone()),
        ])
    };
    Value::Map(vec![
        field("idcustomdimension", dimension.idcustomdimension.to_string()),
        field("idsite", dimension.idsite.to_string()),
        field("name", dimension.name.clone()),
        field("index", dimension.slot.to_string()),
        field("scope", dimension.scope.name()),
        field("active", dimension.active),
        field(
            "extractions",
            Value::List(dimension.extractions.iter().map(extraction).collect()),
        ),
        field("case_sensitive", dimension.case_sensitive),
    ])
}

async fn listed(call: &Call<'_>, scope: Option<DimensionScope>) -> ApiResult<Answer> {
    let dimensions = match site_or_nothing(call, Role::View).await? {
        Some(site) => call.app.settings.dimensions(site).await?,
        None => Vec::new(),
    };
    let wanted = |dimension: &&Dimension| scope.is_none_or(|scope| scope == dimension.scope);
    answer(Value::List(
        dimensions.iter().filter(wanted).map(shown).collect(),
    ))
}

async fn all(call: Call<'_>) -> ApiResult<Answer> {
    listed(&call, None).await
}

async fn of_scope(call: Call<'_>) -> ApiResult<Answer> {
    let scope = scope_of(&call)?;
    listed(&call, Some(scope)).await
}

async fn scopes(call: Call<'_>) -> ApiResult<Answer> {
    let site = site_or_nothing(&call, Role::View).await?.unwrap_or(0);
    let scopes = call.app.settings.dimension_scopes(site).await?;
    let rows = scopes.iter().map(|slots| {
        Value::Map(vec![
            field("value", slots.scope.name()),
            field(
                "name",
                if slots.scope == DimensionScope::Visit {
                    "Visit"
                } else {
                    "Action"
                },
            ),
            field("numSlotsAvailable", slots.available),
            field("numSlotsUsed", slots.used),
            field("numSlotsLeft", slots.available - slots.used),
            field("supportsExtractions", slots.scope.supports_extractions()),
        ])
    });
    answer(Value::List(rows.collect()))
}

/// What values can be taken out of.
async fn sources(_call: Call<'_>) -> ApiResult<Answer> {
    let sources = [
        ("url", "Page URL"),
        ("urlparam", "Page URL Parameter"),
        ("action_name", "Page Title"),
    ];
    let row = |(value, name)| Value::Map(vec![field("value", value), field("name", name)]);
    answer(Value::List(sources.map(row).to_vec()))
}
