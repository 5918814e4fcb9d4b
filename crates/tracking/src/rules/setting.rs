//! How the value of a setting is read, whether it was typed, stored as text or given as JSON.

use serde_json::Value;

/// A type that a setting may have.
pub trait FromSetting: Sized {
    /// None where the value is nothing of the kind.
    fn from_setting(value: &Value) -> Option<Self>;
}

impl FromSetting for bool {
    fn from_setting(value: &Value) -> Option<bool> {
        match value {
            Value::Bool(yes) => Some(*yes),
            Value::Number(number) => Some(number.as_f64()? != 0.0),
            Value::String(text) => {
                Some(!matches!(text.as_str(), "" | "0" | "false" | "off" | "no"))
            }
            _ => None,
        }
    }
}

impl FromSetting for i64 {
    fn from_setting(value: &Value) -> Option<i64> {
        match value {
            Value::Number(number) => number.as_i64(),
            Value::String(text) => text.trim().parse().ok(),
            Value::Bool(yes) => Some(i64::from(*yes)),
            _ => None,
        }
    }
}

impl FromSetting for String {
    fn from_setting(value: &Value) -> Option<String> {
        match value {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        }
    }
}

impl FromSetting for Vec<String> {
    fn from_setting(value: &Value) -> Option<Vec<String>> {
        match value {
            Value::String(text) => Some(words(text)),
            Value::Array(items) => Some(items.iter().filter_map(String::from_setting).collect()),
            _ => None,
        }
    }
}

/// The entries of a list that is kept as text with commas or in lines.
pub fn words(text: &str) -> Vec<String> {
    text.split([',', '\n', '\r'])
        .map(str::trim)
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}
