//! Custom variables and custom dimensions.

use catalog::columns::VARIABLE_SLOTS;
use serde_json::Value;

use super::Enriching;
use crate::hit::Variable;
use crate::outcome::Stop;
use crate::parse::{cut_chars, unescape_html};
use crate::rules::Scope;

const LONGEST_VARIABLE_CHARS: usize = 200;
const LONGEST_DIMENSION_CHARS: usize = 250;
/// Names by which old trackers send products and searches as variables.
const RESERVED: &[&str] = &["_pks", "_pkn", "_pkc", "_pkp", "_pk_scat", "_pk_scount"];

/// Reads variables and dimensions of visit and action.
pub fn read(hit: &mut Enriching<'_>) -> Result<(), Stop> {
    hit.hit.visit_variables = variables(hit, "_cvar");
    hit.hit.visit_dimensions = dimensions(hit, Scope::Visit);
    if hit.hit.action.is_none() {
        return Ok(());
    }
    let (variables, dimensions) = (variables(hit, "cvar"), dimensions(hit, Scope::Action));
    if let Some(action) = &mut hit.hit.action {
        action.variables = variables;
        action.dimensions = dimensions;
    }
    Ok(())
}

fn variables(hit: &Enriching<'_>, parameter: &str) -> Vec<Variable> {
    all_variables(hit, parameter)
        .into_iter()
        .filter(|variable| !RESERVED.contains(&variable.name.as_str()))
        .collect()
}

/// Name and value of the page's variables that are really products.
pub fn reserved_variables(hit: &Enriching<'_>) -> Vec<(String, String)> {
    all_variables(hit, "cvar")
        .into_iter()
        .filter(|variable| RESERVED.contains(&variable.name.as_str()))
        .map(|variable| (variable.name, variable.value))
        .collect()
}

/// `{"1":["name","value"]}`, or a list whose first entry has number 0 and is left out.
fn all_variables(hit: &Enriching<'_>, parameter: &str) -> Vec<Variable> {
    let Some(json) = hit.params.json(parameter) else {
        return Vec::new();
    };
    let entries: Vec<(String, &Value)> = match &json {
        Value::Object(fields) => fields
            .iter()
            .map(|(slot, entry)| (slot.clone(), entry))
            .collect(),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .map(|(at, entry)| (at.to_string(), entry))
            .collect(),
        _ => Vec::new(),
    };
    entries
        .iter()
        .filter_map(|(slot, entry)| variable(slot, entry))
        .collect()
}

fn variable(slot: &str, entry: &Value) -> Option<Variable> {
    let slot: u8 = slot.trim().parse().ok()?;
    if !(1..=VARIABLE_SLOTS).contains(&usize::from(slot)) {
        return None;
    }
    let parts: Vec<&Value> = match entry {
        Value::Array(parts) => parts.iter().collect(),
        Value::Object(parts) => parts.values().collect(),
        _ => return None,
    };
    let [name, value] = parts.as_slice() else {
        return None;
    };
    Some(Variable {
        slot,
        name: scalar(name)?,
        value: scalar(value)?,
    })
}

/// The text of a JSON value, trimmed and cut; lists and objects are none.
fn scalar(value: &Value) -> Option<String> {
    let mut text = plain_scalar(value)?.trim().to_owned();
    cut_chars(&mut text, LONGEST_VARIABLE_CHARS);
    Some(text)
}

/// The text of a JSON value; lists and objects are none.
pub fn plain_scalar(value: &Value) -> Option<String> {
    let mut text = match value {
        Value::String(text) => text.replace('\0', ""),
        Value::Number(number) => number.to_string(),
        Value::Bool(true) => "1".to_owned(),
        Value::Bool(false) | Value::Null => String::new(),
        Value::Array(_) | Value::Object(_) => return None,
    };
    unescape_html(&mut text);
    Some(text)
}

fn dimensions(hit: &Enriching<'_>, scope: Scope) -> Vec<(u8, String)> {
    let active = hit
        .site
        .dimensions
        .iter()
        .filter(|dimension| dimension.active && dimension.scope == scope);
    let title = hit.params.text("action_name").unwrap_or_default();
    active
        .filter_map(|dimension| {
            let sent = hit.params.text(&format!("dimension{}", dimension.id));
            let mut value = match sent {
                Some(value) => value.trim().to_owned(),
                None => dimension.extract(&hit.page_url, title)?.trim().to_owned(),
            };
            cut_chars(&mut value, LONGEST_DIMENSION_CHARS);
            Some((dimension.slot, value))
        })
        .collect()
}
