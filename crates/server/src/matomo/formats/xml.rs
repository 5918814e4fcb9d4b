//! XML: one tag a column, one tab a level. A name that is no tag becomes an attribute.

use std::borrow::Cow;

use model::{Answer, Name, Value};

use super::flat::{Depth, Fields, Flat, is_keyed, is_plain};
use super::{entities, text_of};

const HEADER: &str = "<?xml version=\"1.0\" encoding=\"utf-8\" ?>\n";

pub fn render(answer: Answer, depth: Depth) -> String {
    let mut writer = Writer {
        out: String::from(HEADER),
        depth,
    };
    writer.root(depth.flatten(answer));
    writer.out
}

/// The message is escaped already.
pub fn error(message: &str) -> String {
    format!("{HEADER}<result>\n\t<error message=\"{message}\" />\n</result>")
}

pub fn done() -> String {
    format!("{HEADER}<result>\n\t<success message=\"ok\" />\n</result>")
}

struct Writer {
    out: String,
    depth: Depth,
}

impl Writer {
    fn root(&mut self, flat: Flat) {
        match flat {
            Flat::Set { key, parts } => {
                self.out.push_str("<results>\n");
                self.set(key, parts, 0);
                self.out.push_str("</results>");
            }
            Flat::Scalar(value) => {
                let text = escaped(&value);
                match text.is_empty() {
                    true => self.out.push_str("<result />"),
                    false => self.push(&["<result>", &text, "</result>"]),
                }
            }
            flat if is_nothing(&flat) => self.out.push_str("<result />"),
            flat => {
                self.out.push_str("<result>\n");
                self.content(flat, 0);
                self.out.push_str("</result>");
            }
        }
    }

    /// What stands between the tags of a result whose own level is `level`.
    fn content(&mut self, flat: Flat, level: usize) {
        match flat {
            Flat::Fields(fields) => self.simple(&fields, level),
            Flat::Rows(rows) => {
                let rows: Vec<Value> = rows.into_iter().map(Value::Map).collect();
                self.rows(&Value::List(rows), level);
            }
            Flat::Array(value) => self.root_array(&value),
            Flat::Set { key, parts } => self.set(key, parts, level),
            Flat::Scalar(value) => self.out.push_str(&escaped(&value)),
        }
    }

    fn set(&mut self, key: &'static str, parts: Vec<(String, Flat)>, level: usize) {
        for (part, flat) in parts {
            let part = entities::encode(&part, false);
            self.indent(level + 1);
            self.push(&["<result ", key, "=\"", &part, "\""]);
            match flat {
                Flat::Scalar(value) => match escaped(&value) {
                    text if text.is_empty() || text == "0" && !is_zero(&value) => {
                        self.out.push_str(" />\n");
                    }
                    text => self.push(&[">", &text, "</result>\n"]),
                },
                flat if is_nothing(&flat) => self.out.push_str(" />\n"),
                flat => {
                    self.out.push_str(">\n");
                    self.content(flat, level + 1);
                    self.indent(level + 1);
                    self.out.push_str("</result>\n");
                }
            }
        }
    }

    /// One row of metrics.
    fn simple(&mut self, fields: &Fields, level: usize) {
        let named = has_bad_names(fields);
        for (name, value) in fields {
            self.indent(level + 1);
            self.field(name, value, named, level);
        }
    }

    /// Rows, or an inner table whose keys become attributes (`idgoal='1'`).
    fn rows(&mut self, table: &Value, level: usize) {
        let named = first_row(table).is_some_and(|row| match row {
            Value::Map(fields) => has_bad_names(fields),
            Value::List(items) => !items.is_empty(),
            _ => false,
        });
        for (key, row) in items(table) {
            match row {
                Value::Map(_) | Value::List(_) => self.row(&key, row, named, level),
                value => {
                    self.indent(level + 2);
                    let text = escaped(value);
                    self.element(&key, &key, &text);
                }
            }
        }
    }

    fn row(&mut self, key: &str, row: &Value, named: bool, level: usize) {
        self.indent(level + 1);
        self.out.push_str("<row");
        if let Some((attribute, value)) = key.split_once('=') {
            let value = entities::encode(value, true);
            self.push(&[" ", attribute, "='", &value, "'"]);
        }
        self.out.push('>');
        if let Value::List(list) = row
            && let [only] = list.as_slice()
        {
            self.indent(level);
            let text = escaped(only);
            self.push(&[&text, "</row>\n"]);
            return;
        }
        self.out.push('\n');
        for (name, value) in items(row) {
            self.indent(level + 2);
            self.field(&name, value, named, level + 1);
        }
        self.indent(level + 1);
        self.out.push_str("</row>\n");
    }

    /// One column, with the table or list in it.
    fn field(&mut self, name: &str, value: &Value, named: bool, level: usize) {
        let (start, end) = tags(name, named);
        match value {
            Value::List(_) | Value::Map(_) => {
                self.push(&["<", &start, ">\n"]);
                let nested = first_row(value)
                    .is_some_and(|first| matches!(first, Value::Map(_) | Value::List(_)));
                match nested {
                    true => self.rows(value, level + 1),
                    false => self.array(value, level + 2),
                }
                self.indent(level + 1);
                self.push(&["</", &end, ">\n"]);
            }
            Value::Table(_) | Value::Answer(_) => self.inner(&start, &end, value, level + 1),
            value => {
                let text = escaped(value);
                self.element(&start, &end, &text);
            }
        }
    }

    fn element(&mut self, start: &str, end: &str, text: &str) {
        match text.is_empty() {
            true => self.push(&["<", start, " />\n"]),
            false => self.push(&["<", start, ">", text, "</", end, ">\n"]),
        }
    }

    /// A plain list or map; values without names stand in one row.
    fn root_array(&mut self, value: &Value) {
        let keyed = matches!(value, Value::Map(fields) if is_keyed(fields));
        let single = matches!(value, Value::Map(fields) if fields.len() == 1);
        if keyed && is_plain(value) && !single {
            self.out.push_str("\t<row>\n");
            self.array(value, 2);
            self.out.push_str("\t</row>\n");
        } else {
            self.array(value, 1);
        }
    }

    fn array(&mut self, value: &Value, level: usize) {
        let keyed = matches!(value, Value::Map(fields) if is_keyed(fields));
        for (key, item) in items(value) {
            self.indent(level);
            let (start, end) = match keyed {
                true => array_tags(&key),
                false => (Cow::Borrowed("row"), Cow::Borrowed("row")),
            };
            match item {
                Value::List(_) | Value::Map(_) => {
                    self.push(&["<", &start, ">\n"]);
                    self.array(item, level + 1);
                    self.indent(level);
                    self.push(&["</", &end, ">\n"]);
                }
                Value::Table(_) | Value::Answer(_) => self.inner(&start, &end, item, level),
                item => {
                    let text = escaped(item);
                    match text.is_empty() {
                        true if start.contains(' ') || !keyed => {
                            self.push(&["<", &start, "/>\n"]);
                        }
                        _ => self.element(&start, &end, &text),
                    }
                }
            }
        }
    }

    /// A report inside a list or map.
    fn inner(&mut self, start: &str, end: &str, value: &Value, level: usize) {
        let answer = match value {
            Value::Table(table) => Answer::Table((**table).clone()),
            Value::Answer(answer) => (**answer).clone(),
            _ => return,
        };
        let flat = match self.depth.flatten(answer) {
            // A lone metric keeps its name here.
            Flat::Scalar(value) => Flat::Fields(vec![(Cow::Borrowed("value"), value)]),
            flat => flat,
        };
        if is_nothing(&flat) {
            self.push(&["<", start, " />\n"]);
            return;
        }
        self.push(&["<", start, ">\n"]);
        self.content(flat, level);
        self.indent(level);
        self.push(&["</", end, ">\n"]);
    }

    fn indent(&mut self, level: usize) {
        self.out.extend(std::iter::repeat_n('\t', level));
    }

    fn push(&mut self, parts: &[&str]) {
        for part in parts {
            self.out.push_str(part);
        }
    }
}

fn is_nothing(flat: &Flat) -> bool {
    match flat {
        Flat::Fields(fields) => fields.is_empty(),
        Flat::Rows(rows) => rows.is_empty(),
        Flat::Array(Value::List(items)) => items.is_empty(),
        Flat::Array(Value::Map(fields)) => fields.is_empty(),
        Flat::Set { parts, .. } => parts.is_empty(),
        _ => false,
    }
}

/// A part of a set with the number 0 prints it; any other "nothing" is an empty tag.
fn is_zero(value: &Value) -> bool {
    matches!(value, Value::Int(_) | Value::Float(_))
}

fn first_row(table: &Value) -> Option<&Value> {
    match table {
        Value::List(items) => items.first(),
        Value::Map(fields) => fields.first().map(|(_, value)| value),
        _ => None,
    }
}

fn items(value: &Value) -> Vec<(Cow<'_, str>, &Value)> {
    match value {
        Value::List(items) => items
            .iter()
            .enumerate()
            .map(|(at, item)| (Cow::Owned(at.to_string()), item))
            .collect(),
        Value::Map(fields) => fields
            .iter()
            .map(|(name, item)| (Cow::Borrowed(name.as_ref()), item))
            .collect(),
        _ => Vec::new(),
    }
}

fn has_bad_names(fields: &[(Name, Value)]) -> bool {
    fields.iter().any(|(name, _)| !is_tag_name(name))
}

/// Whether a name can be a tag: no punctuation but `-`, `.`, `_` and `:`, and none of these two nor
/// a digit in front. White space is no obstacle to Matomo, so it is none here.
fn is_tag_name(name: &str) -> bool {
    const PUNCTUATION: &str = "!\"#$%&'()*+,\\/;<=>?@[]^`{|}~";
    let Some(first) = name.chars().next() else {
        return false;
    };
    !matches!(first, '-' | '.' | '0'..='9') && !name.contains(|c| PUNCTUATION.contains(c))
}

fn tags(name: &str, named: bool) -> (Cow<'_, str>, Cow<'_, str>) {
    match named {
        true => {
            let name = entities::escape_once(name);
            (
                Cow::Owned(format!("col name=\"{name}\"")),
                Cow::Borrowed("col"),
            )
        }
        false => (Cow::Borrowed(name), Cow::Borrowed(name)),
    }
}

/// `idgoal=1` names an attribute and its value; any other bad name is the value of `key`.
fn array_tags(key: &str) -> (Cow<'_, str>, Cow<'_, str>) {
    let row = Cow::Borrowed("row");
    if let Some((attribute, value)) = key.split_once('=') {
        let value = entities::encode(value, false);
        let attribute = match is_tag_name(attribute) {
            true => attribute,
            false => "key",
        };
        (Cow::Owned(format!("row {attribute}=\"{value}\"")), row)
    } else if is_tag_name(key) {
        (Cow::Borrowed(key), Cow::Borrowed(key))
    } else {
        let key = entities::encode(key, false);
        (Cow::Owned(format!("row key=\"{key}\"")), row)
    }
}

fn escaped(value: &Value) -> Cow<'_, str> {
    match value {
        Value::Bool(false) => Cow::Borrowed("0"),
        Value::Text(text) => entities::escape_once(text),
        value => text_of(value),
    }
}
