//! HTML: one table, a line a row; metadata in one more column.

use std::borrow::Cow;

use model::{Answer, Row, Table, Value};

use super::php_export::exported;
use super::rows::table_of;
use super::{ColumnNames, entities, text_of};

const METADATA: &str = "_metadata";
const ID_SUBTABLE: &str = "_idSubtable";

/// The table of an answer, or why it has none. `method` becomes the table's id.
pub fn render(answer: Answer, method: &str, names: Option<&ColumnNames>) -> Result<String, String> {
    let mut grid = Grid::default();
    match answer {
        Answer::Set(set) => {
            let key = format!("_{}", set.key);
            for (part, answer) in set.parts {
                if has_rows(&answer) {
                    grid.add(table_in(answer)?, Some((&key, &part)));
                }
            }
        }
        answer => {
            let table = table_in(answer)?;
            if !table.is_empty() {
                grid.add(table, None);
            }
        }
    }
    Ok(grid.written(method, names))
}

/// A message with visible line breaks.
pub fn lines(message: &str) -> String {
    message.replace('\n', "<br />\n")
}

fn has_rows(answer: &Answer) -> bool {
    match answer {
        Answer::Set(set) => set.parts.iter().any(|(_, part)| has_rows(part)),
        Answer::Table(table) | Answer::Metrics(table) => !table.is_empty(),
        _ => true,
    }
}

fn table_in(answer: Answer) -> Result<Table, String> {
    match answer {
        Answer::Table(table) | Answer::Metrics(table) => Ok(table),
        Answer::Value(Value::Table(table)) => Ok(*table),
        Answer::Value(Value::Answer(answer)) => table_in(*answer),
        Answer::Value(value) => table_of(value),
        Answer::Headed { answer, .. } => table_in(*answer),
        Answer::Set(_) | Answer::Done | Answer::Raw { .. } => {
            Err("HTML Renderer does not work with this combination of parameters".to_owned())
        }
    }
}

/// Columns in the order in which they were met, and whether they are shown.
#[derive(Default)]
struct Grid {
    columns: Vec<(String, bool)>,
    lines: Vec<Vec<(String, Value)>>,
}

impl Grid {
    fn add(&mut self, table: Table, part: Option<(&str, &str)>) {
        let (mut any_metadata, mut any_id) = (false, false);
        let summary = table.summary.map(|row| *row);
        for row in table.rows.into_iter().chain(summary) {
            let mut line = Vec::new();
            if let Some((column, key)) = part {
                self.show(column, true);
                line.push((column.to_owned(), Value::from(key)));
            }
            let metadata = metadata_text(&row);
            for (name, value) in row.columns {
                self.show(&name, true);
                let value = match name.as_ref() {
                    "goals" => typed_goals(value),
                    _ => value,
                };
                line.push((name.into_owned(), value));
            }
            if let Some(text) = metadata {
                any_metadata = true;
                line.push((METADATA.to_owned(), Value::Text(text)));
            }
            if let Some(table) = row.subtable
                && table.id != 0
            {
                any_id = true;
                line.push((ID_SUBTABLE.to_owned(), Value::from(table.id)));
            }
            self.lines.push(line);
        }
        self.show(METADATA, any_metadata);
        self.show(ID_SUBTABLE, any_id);
    }

    fn show(&mut self, name: &str, shown: bool) {
        match self.columns.iter_mut().find(|(known, _)| known == name) {
            Some(column) => column.1 = shown,
            None => self.columns.push((name.to_owned(), shown)),
        }
    }

    fn written(&self, method: &str, names: Option<&ColumnNames>) -> String {
        let shown = || self.columns.iter().filter(|(_, shown)| *shown);
        let id = match method {
            "" => String::new(),
            method => format!(
                "id=\"{}\" ",
                entities::encode(&method.replace('.', "_"), true)
            ),
        };
        let mut html = format!("<table {id}border=\"1\">\n<thead>\n\t<tr>\n");
        for (name, _) in shown() {
            let name = names
                .and_then(|names| (names.name)(name))
                .map_or(Cow::Borrowed(name.as_str()), Cow::Owned);
            html.push_str(&format!("\t\t<th>{}</th>\n", entities::escape_once(&name)));
        }
        html.push_str("\t</tr>\n</thead>\n<tbody>\n");
        for line in &self.lines {
            html.push_str("\t<tr>\n");
            for (name, _) in shown() {
                let value = line.iter().find(|(known, _)| known == name);
                html.push_str("\t\t<td>");
                html.push_str(&cell(value.map(|(_, value)| value)));
                html.push_str("</td>\n");
            }
            html.push_str("\t</tr>\n");
        }
        html.push_str("</tbody>\n</table>\n");
        html
    }
}

fn cell(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => "-".to_owned(),
        Some(Value::Bool(false)) => "0".to_owned(),
        Some(value @ (Value::List(_) | Value::Map(_))) => {
            format!("<pre>{}</pre>", entities::escape_once(&exported(value)))
        }
        Some(value) => entities::escape_once(&text_of(value)).into_owned(),
    }
}

/// Goals with the kinds of numbers that PHP has them in, which their source text shows: counts of
/// pages are whole numbers, all else has a fraction.
fn typed_goals(goals: Value) -> Value {
    const COUNTS: [&str; 4] = [
        "nb_conversions",
        "nb_conversions_page_uniq",
        "nb_conversions_entry",
        "nb_conv_pages_before",
    ];
    let Value::Map(goals) = goals else {
        return goals;
    };
    let typed = goals.into_iter().map(|(key, goal)| {
        let Value::Map(fields) = goal else {
            return (key, goal);
        };
        let has = |field: &str| fields.iter().any(|(name, _)| name == field);
        let of_page = has("nb_conversions_page_uniq");
        let before = has("nb_conv_pages_before");
        let whole = |name: &str| {
            of_page && (COUNTS.contains(&name) || name == "nb_conversions_page_rate" && !before)
        };
        let fields = fields.into_iter().map(|(name, value)| match value {
            Value::Int(number) if !whole(&name) => (name, Value::Float(number as f64)),
            value => (name, value),
        });
        (key, Value::Map(fields.collect()))
    });
    Value::Map(typed.collect())
}

fn metadata_text(row: &Row) -> Option<String> {
    let fields: Vec<String> = row
        .metadata
        .iter()
        .map(|(name, value)| format!("'{name}' => {}", shown(value)))
        .collect();
    (!fields.is_empty()).then(|| fields.join("<br />"))
}

/// A value between quotes if it is a text, as source text if it is a list.
pub fn shown(value: &Value) -> String {
    match value {
        Value::Text(text) => format!("'{text}'"),
        Value::List(_) | Value::Map(_) => exported(value),
        value => text_of(value).into_owned(),
    }
}
