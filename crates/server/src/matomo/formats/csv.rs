//! CSV and TSV: a header of all columns met, then a line a row. Lists inside a column become columns
//! of their own (`goals_idgoal=1_revenue`).

use std::borrow::Cow;
use std::collections::HashSet;

use model::{Answer, Row, Table, TableSet, Value};

use super::entities;
use super::rows::{is_index, table_of};
use super::{ColumnNames, text_of};
use crate::matomo::shape::php;

/// The text of the answer, or why it cannot be written as lines.
pub fn render(
    answer: Answer,
    separator: char,
    names: Option<&ColumnNames>,
) -> Result<String, String> {
    let mut writer = Writer {
        separator,
        names,
        columns: Columns::default(),
        unsupported: HashSet::new(),
    };
    writer.answer(answer)
}

/// Names of the header in the order in which they were met.
#[derive(Default)]
struct Columns {
    order: Vec<String>,
    known: HashSet<String>,
}

impl Columns {
    fn add(&mut self, name: &str) {
        if self.known.insert(name.to_owned()) {
            self.order.push(name.to_owned());
        }
    }

    fn add_first(&mut self, name: &str) {
        if self.known.insert(name.to_owned()) {
            self.order.insert(0, name.to_owned());
        }
    }

    fn remove(&mut self, name: &str) {
        if self.known.remove(name) {
            self.order.retain(|known| known != name);
        }
    }
}

struct Writer<'a> {
    separator: char,
    names: Option<&'a ColumnNames>,
    columns: Columns,
    /// Metadata that is a list somewhere: printed nowhere.
    unsupported: HashSet<String>,
}

type Cells = Vec<(String, Value)>;

impl Writer<'_> {
    fn answer(&mut self, answer: Answer) -> Result<String, String> {
        match answer {
            Answer::Set(set) => self.set(set),
            Answer::Table(table) => Ok(self.table(table)),
            Answer::Metrics(table) => Ok(self.metrics(table)),
            Answer::Value(Value::Table(table)) => Ok(self.table(*table)),
            Answer::Value(Value::Answer(answer)) => self.answer(*answer),
            Answer::Value(value @ (Value::List(_) | Value::Map(_))) => {
                Ok(self.table(table_of(value)?))
            }
            Answer::Value(value) => Ok(self.single(&value)),
            Answer::Headed { answer, .. } => self.answer(*answer),
            Answer::Done => Ok("message\nok".to_owned()),
            Answer::Raw { .. } => Ok(String::new()),
        }
    }

    /// Lines of all parts with the part's key in front. The header is the union of all columns, but
    /// a part is written with those met so far.
    fn set(&mut self, set: TableSet) -> Result<String, String> {
        let mut lines = String::new();
        for (key, part) in set.parts {
            let part = self.answer(part)?;
            for line in part.split('\n').skip(1) {
                lines.push('\n');
                let key = self.cell(&Value::Text(key.clone()));
                lines.push_str(&key);
                lines.push(self.separator);
                lines.push_str(line);
            }
        }
        self.columns.add_first(set.key);
        Ok(self.header() + &lines)
    }

    fn metrics(&mut self, table: Table) -> String {
        let single = match table.rows.first().map(|row| row.columns.as_slice()) {
            Some([(_, value)]) => Some(value),
            _ => None,
        };
        match single {
            Some(value) => self.single(value),
            None => self.table(table),
        }
    }

    fn single(&mut self, value: &Value) -> String {
        self.columns.add("value");
        format!("value\n{}", self.cell(value))
    }

    fn table(&mut self, table: Table) -> String {
        let summary = table.summary.map(|row| *row);
        let rows: Vec<Cells> = table
            .rows
            .into_iter()
            .chain(summary)
            .map(|row| self.cells(row))
            .collect();
        let mut text = String::new();
        let unnamed = matches!(self.columns.order.as_slice(), [only] if is_index(only));
        if !unnamed {
            text.push_str(&self.header());
            text.push('\n');
        }
        for row in &rows {
            for (at, column) in self.columns.order.iter().enumerate() {
                if at > 0 {
                    text.push(self.separator);
                }
                let value = row.iter().find(|(name, _)| name == column);
                if let Some((_, value)) = value {
                    text.push_str(&self.cell(value));
                }
            }
            text.push('\n');
        }
        text.pop();
        text
    }

    fn cells(&mut self, row: Row) -> Cells {
        let mut cells = Vec::with_capacity(row.columns.len() + row.metadata.len());
        for (name, value) in row.columns {
            self.flatten(&name, self.translated(&name), value, &mut cells);
        }
        for (name, value) in row.metadata {
            let name = match self.names {
                Some(names) => format!("{}: {name}", names.metadata),
                None => format!("metadata_{name}"),
            };
            match value {
                Value::List(_) | Value::Map(_) | Value::Table(_) | Value::Answer(_) => {
                    self.unsupported.insert(name);
                }
                value => set_cell(&mut cells, name, value),
            }
        }
        for (name, _) in &cells {
            match self.unsupported.contains(name) {
                true => self.columns.remove(name),
                false => self.columns.add(name),
            }
        }
        cells
    }

    /// Adds a column, or the columns that a list in it stands for.
    fn flatten(&self, name: &str, shown: String, value: Value, cells: &mut Cells) {
        let fields = match value {
            Value::Map(fields) => fields,
            Value::List(items) => items
                .into_iter()
                .enumerate()
                .map(|(at, item)| (Cow::Owned(at.to_string()), item))
                .collect(),
            Value::Table(_) | Value::Answer(_) => return,
            value => return set_cell(cells, shown, value),
        };
        let nested = |value: &Value| matches!(value, Value::Map(_) | Value::List(_));
        if let Some(names) = self.names
            && fields.first().is_some_and(|(_, value)| nested(value))
        {
            for (key, inner) in fields {
                let part = match name {
                    "goals" => names.goal.replace("%s", &key),
                    name => format!("{name} {key}"),
                };
                let Value::Map(inner) = inner else { continue };
                for (name, value) in inner {
                    let shown = format!("{} ({part})", self.translated(&name));
                    self.flatten(&name, shown, value, cells);
                }
            }
            return;
        }
        for (key, value) in fields {
            let shown = format!("{shown}_{}", self.translated(&key));
            self.flatten(&key, shown, value, cells);
        }
    }

    fn translated(&self, name: &str) -> String {
        self.names
            .and_then(|names| (names.name)(name))
            .unwrap_or_else(|| name.to_owned())
    }

    fn header(&self) -> String {
        let mut text = String::new();
        for (at, name) in self.columns.order.iter().enumerate() {
            if at > 0 {
                text.push(self.separator);
            }
            let name = Value::Text(self.translated(name));
            text.push_str(&self.cell(&name));
        }
        text
    }

    /// A value as a cell: no references, no formula, quoted where a reader would split it.
    fn cell(&self, value: &Value) -> String {
        let text = match value {
            Value::Bool(false) => Cow::Borrowed("0"),
            Value::Text(text) if php::is_numeric(text) => Cow::Borrowed(text.as_str()),
            Value::Text(text) => guarded(entities::decode(text)),
            value => text_of(value),
        };
        let quoted = text.contains(['"', ',', ';', '\n', '\r', '\t', self.separator]);
        match quoted {
            true => format!("\"{}\"", text.replace('"', "\"\"")),
            false => text.into_owned(),
        }
    }
}

fn set_cell(cells: &mut Cells, name: String, value: Value) {
    match cells.iter_mut().find(|(known, _)| *known == name) {
        Some((_, old)) => *old = value,
        None => cells.push((name, value)),
    }
}

/// Puts a quote before a text that a spreadsheet would take for a formula. A percentage is none.
fn guarded(text: Cow<'_, str>) -> Cow<'_, str> {
    let number = text.replacen('%', "", 1);
    let formula = text.trim().starts_with(['=', '+', '-', '@']);
    if !formula || number.is_empty() || number == "0" || php::is_numeric(&number) {
        return text;
    }
    Cow::Owned(format!("'{text}"))
}
