//! An answer without the difference between columns and metadata: what XML and JSON print.

use std::borrow::Cow;

use model::{Answer, Name, Row, Table, TableSet, Value};

use super::FormatOptions;

/// Metadata under which a row keeps its comparison table.
pub const COMPARISONS: &str = "comparisons";
/// The public name of a sub-table's number.
pub const ID_SUBTABLE: &str = "idsubdatatable";

pub type Fields = Vec<(Name, Value)>;

/// The shapes that formats tell apart.
#[derive(Debug, PartialEq)]
pub enum Flat {
    /// One value without a name.
    Scalar(Value),
    /// One row of metrics.
    Fields(Fields),
    /// Rows of a report.
    Rows(Vec<Fields>),
    /// A list or map that is no report.
    Array(Value),
    Set {
        key: &'static str,
        parts: Vec<(String, Flat)>,
    },
}

/// How much of a row is printed.
#[derive(Clone, Copy, Debug)]
pub struct Depth {
    pub expanded: bool,
    pub hide_id_subtable: bool,
}

impl Depth {
    pub fn of(options: &FormatOptions) -> Depth {
        Depth {
            expanded: options.expanded,
            hide_id_subtable: options.hide_id_subtable,
        }
    }

    pub fn flatten(self, answer: Answer) -> Flat {
        match answer {
            Answer::Value(value @ (Value::List(_) | Value::Map(_))) => Flat::Array(value),
            Answer::Value(Value::Table(table)) => Flat::Rows(self.rows(*table)),
            Answer::Value(Value::Answer(answer)) => self.flatten(*answer),
            Answer::Value(value) => Flat::Scalar(value),
            Answer::Table(table) => Flat::Rows(self.rows(table)),
            Answer::Metrics(table) => self.metrics(table),
            Answer::Set(set) => self.set(set),
            Answer::Headed { answer, .. } => self.flatten(*answer),
            Answer::Done => Flat::Scalar(Value::from("ok")),
            Answer::Raw { .. } => Flat::Scalar(Value::Null),
        }
    }

    fn set(self, set: TableSet) -> Flat {
        let parts = set.parts.into_iter();
        Flat::Set {
            key: set.key,
            parts: parts
                .map(|(key, answer)| (key, self.flatten(answer)))
                .collect(),
        }
    }

    /// A single metric stands for itself, without its name.
    fn metrics(self, table: Table) -> Flat {
        let Some(mut row) = table.rows.into_iter().next() else {
            return Flat::Fields(Vec::new());
        };
        let mut fields = std::mem::take(&mut row.columns);
        if let Some(Value::Table(compared)) = row.remove_meta(COMPARISONS) {
            let rows = self.rows(*compared);
            fields.push((Cow::Borrowed(COMPARISONS), list_of(rows)));
        }
        match fields.as_slice() {
            [(name, _)] if name != COMPARISONS => Flat::Scalar(fields.remove(0).1),
            _ => Flat::Fields(fields),
        }
    }

    pub fn rows(self, table: Table) -> Vec<Fields> {
        let summary = table.summary.map(|row| *row);
        table
            .rows
            .into_iter()
            .chain(summary)
            .map(|row| self.fields(row))
            .collect()
    }

    fn fields(self, row: Row) -> Fields {
        let mut fields = row.columns;
        let id = row.subtable.as_deref().map_or(0, |table| table.id);
        let id = (!self.hide_id_subtable && id != 0).then_some(id);
        let nested = row
            .subtable
            .filter(|table| self.expanded && !table.is_empty());
        if let Some(id) = id.filter(|_| nested.is_some()) {
            add(&mut fields, Cow::Borrowed(ID_SUBTABLE), Value::from(id));
        }
        let mut comparisons = None;
        for (name, value) in row.metadata {
            match value {
                Value::Table(table) if name == COMPARISONS => comparisons = Some(table),
                value => add(&mut fields, name, value),
            }
        }
        if let Some(id) = id {
            add(&mut fields, Cow::Borrowed(ID_SUBTABLE), Value::from(id));
        }
        if let Some(compared) = comparisons {
            let rows = list_of(self.rows(*compared));
            add(&mut fields, Cow::Borrowed(COMPARISONS), rows);
        }
        if let Some(table) = nested {
            let rows = list_of(self.rows(*table));
            add(&mut fields, Cow::Borrowed("subtable"), rows);
        }
        fields
    }
}

/// Adds a field unless the name is taken: columns win over metadata.
fn add(fields: &mut Fields, name: Name, value: Value) {
    if fields.iter().all(|(taken, _)| *taken != name) {
        fields.push((name, value));
    }
}

fn list_of(rows: Vec<Fields>) -> Value {
    Value::List(rows.into_iter().map(Value::Map).collect())
}

/// Whether keys are anything but 0, 1, 2 …: what JSON writes as an object.
pub fn is_keyed(fields: &[(Name, Value)]) -> bool {
    fields
        .iter()
        .enumerate()
        .any(|(at, (name, _))| *name != at.to_string())
}

/// Whether a list or map holds values only.
pub fn is_plain(value: &Value) -> bool {
    let scalar = |value: &Value| {
        !matches!(
            value,
            Value::List(_) | Value::Map(_) | Value::Table(_) | Value::Answer(_)
        )
    };
    match value {
        Value::List(items) => items.iter().all(scalar),
        Value::Map(fields) => fields.iter().all(|(_, value)| scalar(value)),
        _ => false,
    }
}
