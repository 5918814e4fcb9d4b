//! Adding rows up: "Others" and totals.

use model::{Row, Table, Value};

use super::php;

/// Adds a row's columns to another row. Minima and maxima stay such, the label is left alone.
pub fn add(into: &mut Row, row: &Row) {
    for (name, value) in &row.columns {
        if matches!(name.as_ref(), "label" | "full_url") {
            continue;
        }
        let merged = match into.get(name) {
            Some(old) if name.starts_with("max_") => greater(old, value),
            Some(old) if name.starts_with("min_") => lesser(old, value),
            Some(old) => plus(old, value),
            None => value.clone(),
        };
        into.set(name.clone(), merged);
    }
}

/// The sums of all rows under a label; nothing for an empty table.
pub fn totals(table: &Table, label: &str) -> Option<Row> {
    let mut rows = table.all_rows();
    let mut total = Row {
        columns: rows.next()?.columns.clone(),
        ..Row::default()
    };
    total.set("label", label);
    for row in rows {
        add(&mut total, row);
    }
    Some(total)
}

fn greater(old: &Value, new: &Value) -> Value {
    if new.number() > old.number() || old.is_null() {
        new.clone()
    } else {
        old.clone()
    }
}

/// Nothing is no minimum.
fn lesser(old: &Value, new: &Value) -> Value {
    if php::is_empty(old) {
        new.clone()
    } else if php::is_empty(new) || old.number() <= new.number() {
        old.clone()
    } else {
        new.clone()
    }
}

fn plus(old: &Value, new: &Value) -> Value {
    match (old, new) {
        (_, Value::Null | Value::Bool(false)) => old.clone(),
        (Value::Null | Value::Bool(false), _) => new.clone(),
        (Value::Int(a), Value::Int(b)) => a
            .checked_add(*b)
            .map_or_else(|| Value::Float(*a as f64 + *b as f64), Value::Int),
        (Value::Map(a), Value::Map(b)) => {
            let mut sums = a.clone();
            for (name, value) in b {
                match sums.iter_mut().find(|(known, _)| known == name) {
                    Some((_, sum)) => *sum = plus(sum, value),
                    None => sums.push((name.clone(), value.clone())),
                }
            }
            Value::Map(sums)
        }
        (Value::List(a), Value::List(b)) => {
            let mut sums = a.clone();
            for (at, value) in b.iter().enumerate() {
                match sums.get_mut(at) {
                    Some(sum) => *sum = plus(sum, value),
                    None => sums.push(value.clone()),
                }
            }
            Value::List(sums)
        }
        (a, b) if php::is_numeric_value(a) && php::is_numeric_value(b) => added(a, b),
        (Value::Map(_) | Value::List(_), _) => old.clone(),
        _ => Value::Int(0),
    }
}

/// Texts that are whole numbers add up to a whole number.
fn added(a: &Value, b: &Value) -> Value {
    let whole = |value: &Value| match value {
        Value::Int(number) => Some(*number),
        Value::Text(text) => text.trim().parse().ok(),
        _ => None,
    };
    match (whole(a), whole(b)) {
        (Some(x), Some(y)) => plus(&Value::Int(x), &Value::Int(y)),
        _ => Value::Float(a.number() + b.number()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::borrow::Cow;

    #[test]
    fn rows_add_up() {
        let mut row = Row::labelled("Others");
        let goals = |revenue: f64| {
            let inner = vec![(Cow::Borrowed("revenue"), Value::Float(revenue))];
            Value::Map(vec![(Cow::Borrowed("idgoal=1"), Value::Map(inner))])
        };
        for (visits, most, least, text, revenue) in [
            (1, 5, 3, "1.5", 2.5),
            (2, 4, 0, "2", 1.0),
            (3, 9, 2, "x", 0.0),
        ] {
            let mut next = Row::labelled("a");
            next.set("nb_visits", visits);
            next.set("max_actions", most);
            next.set("min_event_value", least);
            next.set("text", text);
            next.set("goals", goals(revenue));
            add(&mut row, &next);
        }
        assert_eq!(row.label(), "Others");
        assert_eq!(row.get("nb_visits"), Some(&Value::Int(6)));
        assert_eq!(row.get("max_actions"), Some(&Value::Int(9)));
        assert_eq!(row.get("min_event_value"), Some(&Value::Int(2)));
        assert_eq!(row.get("text"), Some(&Value::Int(0)));
        assert_eq!(row.get("goals"), Some(&goals(3.5)));
    }

    #[test]
    fn number_texts_stay_whole() {
        assert_eq!(plus(&Value::from("2"), &Value::from("3")), Value::Int(5));
        assert_eq!(
            plus(&Value::from("2"), &Value::from("0.5")),
            Value::Float(2.5)
        );
        assert_eq!(
            plus(&Value::Int(i64::MAX), &Value::Int(1)),
            Value::Float(i64::MAX as f64 + 1.0)
        );
    }

    #[test]
    fn an_empty_table_has_no_totals() {
        assert_eq!(totals(&Table::default(), "Totals"), None);
    }
}
