//! JSON as PHP writes it: slashes and everything beyond ASCII escaped.

use std::borrow::Cow;

use model::{Answer, Name, Value};

use super::entities;
use super::flat::{Depth, Flat, is_keyed};
use crate::matomo::shape::php;

pub fn render(answer: Answer, depth: Depth) -> String {
    let mut out = String::new();
    let writer = Writer { depth };
    match depth.flatten(answer) {
        Flat::Scalar(value) => {
            let fields = [(Cow::Borrowed("value"), value)];
            writer.object(&fields, &mut out);
        }
        flat => writer.flat(flat, &mut out),
    }
    out
}

pub fn error(message: &str) -> String {
    outcome("error", message)
}

pub fn done() -> String {
    outcome("success", "ok")
}

fn outcome(result: &str, message: &str) -> String {
    let mut out = String::from("{\"result\":");
    quote(result, &mut out);
    out.push_str(",\"message\":");
    quote(message, &mut out);
    out.push('}');
    out
}

struct Writer {
    depth: Depth,
}

impl Writer {
    fn flat(&self, flat: Flat, out: &mut String) {
        match flat {
            Flat::Scalar(value) | Flat::Array(value) => self.value(&value, out),
            Flat::Fields(fields) => self.object(&fields, out),
            Flat::Rows(rows) => {
                self.list(rows.iter(), out, |row, out| self.object(row, out));
            }
            Flat::Set { parts, .. } => self.parts(parts, out),
        }
    }

    fn parts(&self, parts: Vec<(String, Flat)>, out: &mut String) {
        if parts.is_empty() {
            out.push_str("[]");
            return;
        }
        out.push('{');
        for (at, (key, part)) in parts.into_iter().enumerate() {
            if at > 0 {
                out.push(',');
            }
            quote(&key, out);
            out.push(':');
            self.flat(part, out);
        }
        out.push('}');
    }

    fn value(&self, value: &Value, out: &mut String) {
        match value {
            Value::Null => out.push_str("null"),
            Value::Bool(yes) => out.push_str(if *yes { "true" } else { "false" }),
            Value::Int(number) => out.push_str(&number.to_string()),
            Value::Float(number) => out.push_str(&php::float_json(*number)),
            Value::Text(text) => quote(&entities::decode(text), out),
            Value::List(items) => self.list(items.iter(), out, |item, out| self.value(item, out)),
            Value::Map(fields) => self.object(fields, out),
            Value::Table(table) => {
                self.flat(self.depth.flatten(Answer::Table((**table).clone())), out)
            }
            Value::Answer(answer) => {
                let flat = match self.depth.flatten((**answer).clone()) {
                    Flat::Scalar(value) => Flat::Fields(vec![(Cow::Borrowed("value"), value)]),
                    flat => flat,
                };
                self.flat(flat, out);
            }
        }
    }

    /// An object, or a list where the keys count from 0; nothing at all is an empty list.
    fn object(&self, fields: &[(Name, Value)], out: &mut String) {
        if !is_keyed(fields) {
            self.list(fields.iter(), out, |(_, value), out| self.value(value, out));
            return;
        }
        out.push('{');
        for (at, (name, value)) in fields.iter().enumerate() {
            if at > 0 {
                out.push(',');
            }
            quote(name, out);
            out.push(':');
            self.value(value, out);
        }
        out.push('}');
    }

    fn list<T>(
        &self,
        items: impl Iterator<Item = T>,
        out: &mut String,
        write: impl Fn(T, &mut String),
    ) {
        out.push('[');
        for (at, item) in items.enumerate() {
            if at > 0 {
                out.push(',');
            }
            write(item, out);
        }
        out.push(']');
    }
}

fn quote(text: &str, out: &mut String) {
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '/' => out.push_str("\\/"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            ' '..='\u{7f}' => out.push(character),
            other => {
                let mut units = [0; 2];
                for unit in other.encode_utf16(&mut units) {
                    out.push_str(&format!("\\u{unit:04x}"));
                }
            }
        }
    }
    out.push('"');
}
