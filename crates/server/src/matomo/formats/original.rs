//! `original`: PHP's serialised form, or the bare text of a value; and `console`, a text for people.

use std::borrow::Cow;

use model::{Answer, Table, Value};

use super::flat::{Depth, Flat};
use super::rows::table_of;
use super::{PLAIN, Rendered, html, php_export, text_of};

pub fn render(answer: Answer, depth: Depth, serialize: bool) -> Rendered {
    let flat = match answer {
        // Texts and numbers are never serialised.
        Answer::Value(value) if is_scalar(&value) => {
            return Rendered::text(PLAIN, text_of(&value).into_owned());
        }
        answer => depth.flatten(answer),
    };
    let value = value_of(flat, depth);
    let text = match serialize {
        true => php_export::serialized(&value),
        false if is_scalar(&value) => text_of(&value).into_owned(),
        false => php_export::exported(&value),
    };
    Rendered::text(PLAIN, text)
}

pub fn error(message: &str, serialize: bool) -> Rendered {
    let text = match serialize {
        true => php_export::serialized(&Value::from(message)),
        false => message.to_owned(),
    };
    Rendered::text(PLAIN, text)
}

/// Rows with their columns, metadata and sub-tables as text.
pub fn console(answer: Answer) -> String {
    match answer {
        Answer::Table(table) | Answer::Metrics(table) => console_table(&table, 0),
        Answer::Value(Value::Answer(answer)) => console(*answer),
        Answer::Value(Value::Table(table)) => console_table(&table, 0),
        Answer::Value(value) => match table_of(value) {
            Ok(table) => console_table(&table, 0),
            Err(message) => format!("Error: {message}"),
        },
        Answer::Set(set) => {
            let mut out = String::from("Set<hr />");
            for (key, part) in set.parts {
                out.push_str(&format!("<b>{key}</b><br />\n{}<hr />", console(part)));
            }
            out
        }
        Answer::Headed { answer, .. } => console(*answer),
        Answer::Done | Answer::Raw { .. } => String::new(),
    }
}

fn console_table(table: &Table, level: usize) -> String {
    if table.is_empty() {
        return "Empty table<br />\n".to_owned();
    }
    let shown = |fields: &[(model::Name, Value)]| {
        let fields: Vec<String> = fields
            .iter()
            .map(|(name, value)| format!("'{name}' => {}", html::shown(value)))
            .collect();
        fields.join(", ")
    };
    let mut out = String::new();
    for (at, row) in table.all_rows().enumerate() {
        let id = row
            .subtable
            .as_ref()
            .map_or(String::new(), |table| table.id.to_string());
        out.push_str(&format!(
            "{}- {} [{}] [{}] [idsubtable = {id}]<br />\n",
            "*".repeat(level),
            at + 1,
            shown(&row.columns),
            shown(&row.metadata),
        ));
        if let Some(table) = &row.subtable {
            out.push_str(&console_table(table, level + 1));
        }
    }
    out
}

fn is_scalar(value: &Value) -> bool {
    !matches!(
        value,
        Value::List(_) | Value::Map(_) | Value::Table(_) | Value::Answer(_)
    )
}

/// The lists and maps that an answer is to PHP.
fn value_of(flat: Flat, depth: Depth) -> Value {
    match flat {
        Flat::Scalar(value) => value,
        Flat::Array(value) => resolved(value, depth),
        Flat::Fields(fields) => resolved(Value::Map(fields), depth),
        Flat::Rows(rows) => {
            let rows = rows.into_iter();
            Value::List(rows.map(|row| resolved(Value::Map(row), depth)).collect())
        }
        Flat::Set { parts, .. } => Value::Map(
            parts
                .into_iter()
                .map(|(key, part)| (Cow::Owned(key), value_of(part, depth)))
                .collect(),
        ),
    }
}

/// Replaces reports inside lists and maps.
fn resolved(value: Value, depth: Depth) -> Value {
    match value {
        Value::List(items) => Value::List(
            items
                .into_iter()
                .map(|item| resolved(item, depth))
                .collect(),
        ),
        Value::Map(fields) => Value::Map(
            fields
                .into_iter()
                .map(|(name, item)| (name, resolved(item, depth)))
                .collect(),
        ),
        Value::Table(table) => value_of(depth.flatten(Answer::Table(*table)), depth),
        Value::Answer(answer) => value_of(depth.flatten(*answer), depth),
        value => value,
    }
}
