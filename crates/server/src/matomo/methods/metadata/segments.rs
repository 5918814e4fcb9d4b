//! `API.getSegmentsMetadata`: what conditions on visits there are.

use catalog::segments::{SEGMENTS, Segment};
use model::{Answer, Role, Value};
use settings::{Dimension, DimensionScope};

use super::super::common::{field, texts};
use crate::matomo::error::ApiResult;
use crate::matomo::{Call, world};

/// A segment in the list: a row of the catalog, or a custom dimension of a site.
struct Listed<'a> {
    category: &'a str,
    name: &'a str,
    segment: String,
    row: Option<&'a Segment>,
}

pub async fn segments(call: Call<'_>) -> ApiResult<Answer> {
    let world = call.app.world().await?;
    let request = &call.request;
    let mut sites = request.list("idSites");
    if sites.is_empty() {
        sites = request.list("idSite");
    }
    let named = match sites.is_empty() {
        true => Vec::new(),
        false => world::sites_named(&call, &world, &sites.join(","), Role::View)?.ids,
    };
    let all = request.flag("_showAllSegments");
    let rows = SEGMENTS.iter().filter(|segment| all || !segment.internal);
    let mut listed: Vec<Listed> = rows
        .map(|row| Listed {
            category: row.category,
            name: row.label,
            segment: row.name.to_owned(),
            row: Some(row),
        })
        .collect();
    let dimensions = named.iter().flat_map(|site| world.dimensions_of(*site));
    for dimension in dimensions.filter(|dimension| dimension.active) {
        insert(&mut listed, dimension);
    }
    let language = super::language(&call);
    let word = |text: &str| call.app.names.translate(text, language).into_owned();
    let signed_in = !call.principal.is_anonymous();
    let values = listed
        .iter()
        .map(|listed| describe(listed, &word, signed_in));
    let mut values: Vec<Value> = values.collect();
    let generic = request.generic();
    if generic.limit.is_none() {
        let page = world.config.number("API_datatable_default_limit");
        let end = usize::try_from(generic.offset.saturating_add(page)).unwrap_or(usize::MAX);
        values.truncate(end);
    }
    Ok(Answer::Value(Value::List(values)))
}

/// Puts a dimension among those of its category, by its name.
fn insert<'a>(listed: &mut Vec<Listed<'a>>, dimension: &'a Dimension) {
    let category = match dimension.scope {
        DimensionScope::Action => "Behaviour",
        DimensionScope::Visit => "Visitors",
    };
    let segment = format!("dimension{}", dimension.idcustomdimension);
    if listed.iter().any(|listed| listed.segment == segment) {
        return;
    }
    let is_dimension =
        |listed: &Listed| listed.category == category && listed.row.is_none_or(|row| !row.metric);
    let behind = |listed: &Listed| is_dimension(listed) && listed.name > dimension.name.as_str();
    let at = listed.iter().position(behind);
    let at = at.or_else(|| listed.iter().rposition(is_dimension).map(|last| last + 1));
    let entry = Listed {
        category,
        name: &dimension.name,
        segment,
        row: None,
    };
    listed.insert(at.unwrap_or(listed.len()), entry);
}

fn describe(listed: &Listed, word: &dyn Fn(&str) -> String, signed_in: bool) -> Value {
    let is_metric = listed.row.is_some_and(|row| row.metric);
    let mut fields = vec![
        field("type", if is_metric { "metric" } else { "dimension" }),
        field("category", word(listed.category)),
        field("name", word(listed.name)),
        field("segment", listed.segment.as_str()),
    ];
    if let Some(row) = listed.row {
        if !row.accepted.is_empty() {
            fields.push(field("acceptedValues", row.accepted));
        }
        if !row.suggestions.is_empty() {
            fields.push(field("suggestedValuesCallback", row.suggestions));
        }
        if row.private {
            fields.push(field("permission", signed_in));
        }
        if !row.union_of.is_empty() {
            fields.push(field(
                "unionOfSegments",
                texts(row.union_of.iter().copied()),
            ));
        }
    }
    Value::Map(fields)
}
