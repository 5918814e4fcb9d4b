//! Plain lists and maps as rows, for the formats that know rows only.

use std::borrow::Cow;

use model::{Name, Row, Table, Value};

use super::php_export::exported;

/// Most of a row that an error message shows.
const SHOWN_BYTES: usize = 500;

/// The rows of a list or map, or why it has none.
pub fn table_of(value: Value) -> Result<Table, String> {
    let nested = |value: &Value| matches!(value, Value::List(_) | Value::Map(_));
    let object = |value: &Value| matches!(value, Value::Table(_) | Value::Answer(_));
    let fields = match value {
        Value::Map(fields) if super::flat::is_keyed(&fields) => fields,
        Value::Map(fields) => numbered(fields.into_iter().map(|(_, value)| value)),
        Value::List(items) => numbered(items.into_iter()),
        value => vec![(Cow::Borrowed("0"), value)],
    };
    if !fields
        .iter()
        .any(|(_, value)| nested(value) || object(value))
    {
        return Ok(Table::of(plain_rows(fields)));
    }
    let mut rows = Vec::with_capacity(fields.len());
    for (key, value) in fields {
        rows.push(match value {
            value if !nested(&value) => row_of(vec![(key, value)]),
            value if !is_index(&key) => return Err(unsupported_key(&key, &value)),
            Value::Map(columns) => row_of(checked(columns, &key)?),
            Value::List(items) => row_of(checked(numbered(items.into_iter()), &key)?),
            value => row_of(vec![(key, value)]),
        });
    }
    Ok(Table::of(rows))
}

/// Whether a name is a number to PHP's arrays.
pub fn is_index(name: &str) -> bool {
    let digits = name.strip_prefix('-').unwrap_or(name);
    digits == "0" && name == "0"
        || digits.len() < 19
            && digits.bytes().all(|byte| byte.is_ascii_digit())
            && !digits.starts_with('0')
            && !digits.is_empty()
}

/// Values without names are a row each; named ones are one row.
fn plain_rows(fields: Vec<(Name, Value)>) -> Vec<Row> {
    if fields.is_empty() {
        Vec::new()
    } else if super::flat::is_keyed(&fields) {
        vec![row_of(fields)]
    } else {
        let rows = fields.into_iter();
        rows.map(|(_, value)| row_of(vec![(Cow::Borrowed("0"), value)]))
            .collect()
    }
}

fn numbered(values: impl Iterator<Item = Value>) -> Vec<(Name, Value)> {
    values
        .enumerate()
        .map(|(at, value)| (Cow::Owned(at.to_string()), value))
        .collect()
}

fn row_of(columns: Vec<(Name, Value)>) -> Row {
    Row {
        columns,
        ..Row::default()
    }
}

fn checked(columns: Vec<(Name, Value)>, row: &str) -> Result<Vec<(Name, Value)>, String> {
    let nested = columns
        .iter()
        .find(|(_, value)| matches!(value, Value::List(_) | Value::Map(_)));
    match nested {
        None => Ok(columns),
        Some((name, value)) => Err(not_convertible(&format!(
            "Multidimensional column values not supported. Found unexpected array value for column \
             '{name}' in row '{row}': '{}'.",
            shown(value)
        ))),
    }
}

fn unsupported_key(key: &str, value: &Value) -> String {
    not_convertible(&format!(
        "Only integer keys supported for array columns on base level. Unsupported string '{key}' \
         found for row '{}'.",
        shown(value)
    ))
}

fn not_convertible(why: &str) -> String {
    format!(
        "Data structure returned is not convertible in the requested format: {why} Try to call \
         this method with the parameters '&format=original&serialize=1'; you will get the original \
         php data structure serialized."
    )
}

fn shown(value: &Value) -> String {
    let mut text = exported(value);
    text.truncate(text.floor_char_boundary(SHOWN_BYTES));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(fields: &[(&'static str, Value)]) -> Value {
        let fields = fields.iter();
        Value::Map(
            fields
                .map(|(name, value)| (Cow::Borrowed(*name), value.clone()))
                .collect(),
        )
    }

    #[test]
    fn lists_are_rows_and_maps_are_one_row() {
        let names = |value| {
            table_of(value).map(|table| {
                let rows = table.rows.into_iter();
                rows.map(|row| {
                    row.columns
                        .into_iter()
                        .map(|(name, _)| name.into_owned())
                        .collect()
                })
                .collect::<Vec<Vec<String>>>()
            })
        };
        let list = Value::List(vec![Value::from("a"), Value::from("b")]);
        assert_eq!(
            names(list),
            Ok(vec![vec!["0".to_owned()], vec!["0".to_owned()]])
        );
        let one = map(&[("x", Value::from(1)), ("y", Value::from(2))]);
        assert_eq!(
            names(one.clone()),
            Ok(vec![vec!["x".to_owned(), "y".to_owned()]])
        );
        let rows = Value::List(vec![one.clone()]);
        assert_eq!(names(rows), Ok(vec![vec!["x".to_owned(), "y".to_owned()]]));
        let message = names(map(&[("totals", one)])).unwrap_err();
        assert!(
            message.contains("Unsupported string 'totals' found for row 'array (\n  'x' => 1,")
        );
    }

    #[test]
    fn indexes_are_whole_numbers_as_php_writes_them() {
        for name in ["0", "7", "-3", "12"] {
            assert!(is_index(name), "{name}");
        }
        for name in ["", "-", "-0", "01", "1.5", "a", "99999999999999999999"] {
            assert!(!is_index(name), "{name}");
        }
    }
}
