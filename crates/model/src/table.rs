use std::borrow::Cow;

/// A column's or a metadata field's public name.
pub type Name = Cow<'static, str>;

/// One value of an answer, before any format is chosen.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Printed as nothing in XML, `null` or `false`-like in other formats.
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(String),
    List(Vec<Value>),
    /// Keys keep their order.
    Map(Vec<(Name, Value)>),
    Table(Box<Table>),
    /// A whole answer inside another one: the data of a processed report, which may be a set of
    /// tables or a single row of metrics.
    Answer(Box<Answer>),
}

impl Value {
    pub fn text(text: impl Into<String>) -> Value {
        Value::Text(text.into())
    }

    /// The number in it, as PHP would read it: text by its numeric prefix, the rest 0.
    pub fn number(&self) -> f64 {
        match self {
            Value::Int(number) => *number as f64,
            Value::Float(number) => *number,
            Value::Bool(yes) => f64::from(u8::from(*yes)),
            Value::Text(text) => numeric_prefix(text),
            _ => 0.0,
        }
    }

    pub fn as_str(&self) -> Option<&str> {
        match self {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    pub fn is_null(&self) -> bool {
        matches!(self, Value::Null)
    }
}

fn numeric_prefix(text: &str) -> f64 {
    let text = text.trim_start();
    let end = text
        .char_indices()
        .find(|(at, c)| !(c.is_ascii_digit() || *c == '.' || (*at == 0 && matches!(c, '-' | '+'))))
        .map_or(text.len(), |(at, _)| at);
    text[..end].parse().unwrap_or(0.0)
}

impl From<i64> for Value {
    fn from(number: i64) -> Value {
        Value::Int(number)
    }
}
impl From<f64> for Value {
    fn from(number: f64) -> Value {
        Value::Float(number)
    }
}
impl From<bool> for Value {
    fn from(yes: bool) -> Value {
        Value::Bool(yes)
    }
}
impl From<&str> for Value {
    fn from(text: &str) -> Value {
        Value::Text(text.to_owned())
    }
}
impl From<String> for Value {
    fn from(text: String) -> Value {
        Value::Text(text)
    }
}

/// One line of a report. Columns keep the order in which they were first set: it is part of the
/// public answer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Row {
    pub columns: Vec<(Name, Value)>,
    pub metadata: Vec<(Name, Value)>,
    pub subtable: Option<Box<Table>>,
}

impl Row {
    pub fn labelled(label: impl Into<Value>) -> Row {
        Row {
            columns: vec![(Cow::Borrowed("label"), label.into())],
            ..Row::default()
        }
    }

    pub fn get(&self, name: &str) -> Option<&Value> {
        self.columns
            .iter()
            .find(|(column, _)| column == name)
            .map(|(_, value)| value)
    }

    pub fn get_mut(&mut self, name: &str) -> Option<&mut Value> {
        self.columns
            .iter_mut()
            .find(|(column, _)| column == name)
            .map(|(_, value)| value)
    }

    /// Replaces the value in place, or adds the column at the end.
    pub fn set(&mut self, name: impl Into<Name>, value: impl Into<Value>) {
        set_in(&mut self.columns, name.into(), value.into());
    }

    pub fn remove(&mut self, name: &str) -> Option<Value> {
        let at = self.columns.iter().position(|(column, _)| column == name)?;
        Some(self.columns.remove(at).1)
    }

    pub fn rename(&mut self, from: &str, to: impl Into<Name>) {
        if let Some((name, _)) = self.columns.iter_mut().find(|(name, _)| name == from) {
            *name = to.into();
        }
    }

    pub fn number(&self, name: &str) -> f64 {
        self.get(name).map_or(0.0, Value::number)
    }

    /// The label as text; the empty text where there is none.
    pub fn label(&self) -> Cow<'_, str> {
        match self.get("label") {
            Some(Value::Text(text)) => Cow::Borrowed(text),
            Some(Value::Int(number)) => Cow::Owned(number.to_string()),
            Some(Value::Float(number)) => Cow::Owned(number.to_string()),
            _ => Cow::Borrowed(""),
        }
    }

    pub fn meta(&self, name: &str) -> Option<&Value> {
        self.metadata
            .iter()
            .find(|(field, _)| field == name)
            .map(|(_, value)| value)
    }

    pub fn set_meta(&mut self, name: impl Into<Name>, value: impl Into<Value>) {
        set_in(&mut self.metadata, name.into(), value.into());
    }

    pub fn remove_meta(&mut self, name: &str) -> Option<Value> {
        let at = self.metadata.iter().position(|(field, _)| field == name)?;
        Some(self.metadata.remove(at).1)
    }
}

fn set_in(fields: &mut Vec<(Name, Value)>, name: Name, value: Value) {
    match fields.iter_mut().find(|(field, _)| *field == name) {
        Some((_, old)) => *old = value,
        None => fields.push((name, value)),
    }
}

/// A report's answer for one site and one period.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    pub rows: Vec<Row>,
    /// "Others": kept apart from sorting, printed last.
    pub summary: Option<Box<Row>>,
    /// The line of sums asked for by `keep_totals_row`.
    pub totals_row: Option<Box<Row>>,
    /// Facts about the table itself, such as `totals`; never a column.
    pub metadata: Vec<(Name, Value)>,
    /// The number by which a row refers to this table as its sub-table; 0 for a root table.
    pub id: u32,
}

impl Table {
    pub fn of(rows: Vec<Row>) -> Table {
        Table {
            rows,
            ..Table::default()
        }
    }

    /// Every row, "Others" included.
    pub fn all_rows(&self) -> impl Iterator<Item = &Row> {
        self.rows.iter().chain(self.summary.as_deref())
    }

    pub fn all_rows_mut(&mut self) -> impl Iterator<Item = &mut Row> {
        self.rows.iter_mut().chain(self.summary.as_deref_mut())
    }

    pub fn is_empty(&self) -> bool {
        self.rows.is_empty() && self.summary.is_none()
    }

    pub fn meta(&self, name: &str) -> Option<&Value> {
        self.metadata
            .iter()
            .find(|(field, _)| field == name)
            .map(|(_, value)| value)
    }

    pub fn set_meta(&mut self, name: impl Into<Name>, value: impl Into<Value>) {
        set_in(&mut self.metadata, name.into(), value.into());
    }
}

/// What a method returns, before a format is chosen.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// Done, nothing to say: `ok`.
    Done,
    /// A number, a text, a list or a map of values.
    Value(Value),
    /// A list of rows.
    Table(Table),
    /// One row of metrics without a label (`VisitsSummary.get`).
    Metrics(Table),
    /// Several answers by date or by site.
    Set(TableSet),
    /// An answer with headers of its own: counts that are no part of the list.
    Headed {
        headers: Vec<(&'static str, String)>,
        answer: Box<Answer>,
    },
    /// Ready bytes with their content type: images, files.
    Raw {
        content_type: &'static str,
        body: Vec<u8>,
    },
}

/// Answers keyed by `date` or `idSite`; they may nest (sites outside, dates inside).
#[derive(Clone, Debug, PartialEq)]
pub struct TableSet {
    /// `date` or `idSite`.
    pub key: &'static str,
    /// Public key of each part (`2010-03-06`, `2010-03`, `2010-01-04,2010-01-10`, `1`) and the part.
    pub parts: Vec<(String, Answer)>,
}

impl From<i32> for Value {
    fn from(number: i32) -> Value {
        Value::Int(i64::from(number))
    }
}
impl From<u32> for Value {
    fn from(number: u32) -> Value {
        Value::Int(i64::from(number))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn setting_a_column_keeps_its_place() {
        let mut row = Row::labelled("a");
        row.set("nb_visits", 1);
        row.set("nb_actions", 2);
        row.set("nb_visits", 3);
        let names: Vec<_> = row.columns.iter().map(|(name, _)| name.as_ref()).collect();
        assert_eq!(names, ["label", "nb_visits", "nb_actions"]);
        assert_eq!(row.number("nb_visits"), 3.0);
    }

    #[test]
    fn text_counts_by_its_numeric_prefix() {
        for (text, number) in [
            ("12", 12.0),
            ("-1.5x", -1.5),
            ("x", 0.0),
            ("", 0.0),
            ("42%", 42.0),
        ] {
            assert_eq!(Value::from(text).number(), number, "{text}");
        }
    }
}
