//! Values in PHP's own notations: source text, as HTML cells and error messages show lists, and the
//! serialised form of `format=original&serialize=1`.

use std::borrow::Cow;

use model::{Name, Value};

use super::rows::is_index;
use crate::matomo::shape::php;

/// A value as PHP source text, over several lines.
pub fn exported(value: &Value) -> String {
    let mut out = String::new();
    export(value, 0, &mut out);
    out
}

fn export(value: &Value, level: usize, out: &mut String) {
    match value {
        Value::Null => out.push_str("NULL"),
        Value::Bool(yes) => out.push_str(if *yes { "true" } else { "false" }),
        Value::Int(number) => out.push_str(&number.to_string()),
        Value::Float(number) => {
            let text = php::float_json(*number).to_uppercase();
            let whole = text
                .bytes()
                .all(|byte| byte.is_ascii_digit() || byte == b'-');
            out.push_str(&text);
            out.push_str(if whole { ".0" } else { "" });
        }
        Value::Text(text) => quoted(text, out),
        Value::List(items) => {
            let items = items.iter().enumerate();
            export_fields(
                items.map(|(at, item)| (Cow::Owned(at.to_string()), item)),
                level,
                out,
            );
        }
        Value::Map(fields) => {
            let fields = fields.iter();
            export_fields(fields.map(|(name, item)| (name.clone(), item)), level, out);
        }
        Value::Table(_) | Value::Answer(_) => out.push_str("NULL"),
    }
}

fn export_fields<'a>(
    fields: impl Iterator<Item = (Name, &'a Value)>,
    level: usize,
    out: &mut String,
) {
    let indent = " ".repeat(level * 2);
    out.push_str("array (\n");
    for (name, item) in fields {
        out.push_str(&indent);
        out.push_str("  ");
        match is_index(&name) {
            true => out.push_str(&name),
            false => quoted(&name, out),
        }
        out.push_str(" => ");
        if matches!(item, Value::List(_) | Value::Map(_)) {
            out.push('\n');
            out.push_str(&indent);
            out.push_str("  ");
        }
        export(item, level + 1, out);
        out.push_str(",\n");
    }
    out.push_str(&indent);
    out.push(')');
}

fn quoted(text: &str, out: &mut String) {
    out.push('\'');
    out.push_str(&text.replace('\\', "\\\\").replace('\'', "\\'"));
    out.push('\'');
}

/// A value in PHP's serialised form.
pub fn serialized(value: &Value) -> String {
    let mut out = String::new();
    serialize(value, &mut out);
    out
}

fn serialize(value: &Value, out: &mut String) {
    match value {
        Value::Null | Value::Table(_) | Value::Answer(_) => out.push_str("N;"),
        Value::Bool(yes) => out.push_str(if *yes { "b:1;" } else { "b:0;" }),
        Value::Int(number) => out.push_str(&format!("i:{number};")),
        Value::Float(number) => {
            out.push_str(&format!("d:{};", php::float_json(*number).to_uppercase()));
        }
        Value::Text(text) => serialize_text(text, out),
        Value::List(items) => {
            out.push_str(&format!("a:{}:{{", items.len()));
            for (at, item) in items.iter().enumerate() {
                out.push_str(&format!("i:{at};"));
                serialize(item, out);
            }
            out.push('}');
        }
        Value::Map(fields) => {
            out.push_str(&format!("a:{}:{{", fields.len()));
            for (name, item) in fields {
                match is_index(name) {
                    true => out.push_str(&format!("i:{name};")),
                    false => serialize_text(name, out),
                }
                serialize(item, out);
            }
            out.push('}');
        }
    }
}

fn serialize_text(text: &str, out: &mut String) {
    out.push_str(&format!("s:{}:\"{text}\";", text.len()));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Value {
        Value::Map(vec![
            (Cow::Borrowed("a"), Value::from("it's")),
            (Cow::Borrowed("7"), Value::Float(2.0)),
            (
                Cow::Borrowed("b"),
                Value::List(vec![Value::Bool(true), Value::Null, Value::Float(0.5)]),
            ),
        ])
    }

    #[test]
    fn source_text() {
        assert_eq!(
            exported(&sample()),
            "array (\n  'a' => 'it\\'s',\n  7 => 2.0,\n  'b' => \n  array (\n    0 => true,\n    \
             1 => NULL,\n    2 => 0.5,\n  ),\n)"
        );
    }

    #[test]
    fn serialised_form() {
        assert_eq!(
            serialized(&sample()),
            "a:3:{s:1:\"a\";s:4:\"it's\";i:7;d:2;s:1:\"b\";a:3:{i:0;b:1;i:1;N;i:2;d:0.5;}}"
        );
        assert_eq!(serialized(&Value::from("é")), "s:2:\"é\";");
    }
}
