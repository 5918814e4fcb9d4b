//! The order of rows. "Others" is never part of it.

use std::cmp::Ordering;

use model::{Row, Table, Value};

use super::php;

const VISITS: &str = "nb_visits";
const LABEL: &str = "label";

/// How texts compare; a column's first value decides.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Number,
    Text,
}

struct Order {
    column: String,
    kind: Kind,
    ascending: bool,
    secondary: Option<Secondary>,
}

struct Secondary {
    column: &'static str,
    kind: Kind,
    ascending: bool,
}

/// Sorts by a column, then by visits (or by label when sorted by visits). A column that the first
/// row lacks is replaced by visits. Sub-tables follow if asked.
pub fn sort(table: &mut Table, column: &str, ascending: bool, recursive: bool) {
    let Some(first) = table.rows.first() else {
        return;
    };
    let column = [column, VISITS]
        .into_iter()
        .find(|name| first.get(name).is_some())
        .unwrap_or(column)
        .to_owned();
    let secondary = secondary_column(first, &column).map(|name| Secondary {
        column: name,
        kind: kind(table, name),
        ascending: match name {
            LABEL => !ascending,
            _ => ascending,
        },
    });
    let order = Order {
        kind: kind(table, &column),
        column,
        ascending,
        secondary,
    };
    order.apply(table, recursive);
}

fn secondary_column(first: &Row, primary: &str) -> Option<&'static str> {
    let candidates: &[&'static str] = match primary {
        VISITS => &[LABEL],
        LABEL => &[VISITS],
        _ => &[VISITS, LABEL],
    };
    candidates
        .iter()
        .copied()
        .find(|name| first.get(name).is_some())
}

/// Labels are always texts; other columns are what their first value is.
fn kind(table: &Table, column: &str) -> Kind {
    if column == LABEL {
        return Kind::Text;
    }
    match table.rows.iter().find_map(|row| value(row, column)) {
        Some(value) if php::is_numeric_value(value) => Kind::Number,
        _ => Kind::Text,
    }
}

/// A value that can be sorted by: lists and nothing cannot.
fn value<'a>(row: &'a Row, column: &str) -> Option<&'a Value> {
    row.get(column).filter(|value| {
        !matches!(
            value,
            Value::Null
                | Value::Bool(false)
                | Value::List(_)
                | Value::Map(_)
                | Value::Table(_)
                | Value::Answer(_)
        )
    })
}

impl Order {
    fn apply(&self, table: &mut Table, recursive: bool) {
        let rows = std::mem::take(&mut table.rows);
        let (with, without): (Vec<Row>, Vec<Row>) = rows
            .into_iter()
            .partition(|row| value(row, &self.column).is_some());
        table.rows = php::stable_sort(with, &|a, b| self.compare(a, b));
        match &self.secondary {
            Some(secondary) => {
                let by = |a: &Row, b: &Row| secondary.compare(a, b).then_with(|| by_label(a, b));
                table.rows.extend(php::stable_sort(without, &by));
            }
            None => table.rows.extend(without),
        }
        if recursive {
            for row in &mut table.rows {
                if let Some(inner) = &mut row.subtable {
                    self.apply(inner, true);
                }
            }
        }
    }

    fn compare(&self, a: &Row, b: &Row) -> Ordering {
        let first = compare(a, b, &self.column, self.kind, self.ascending);
        if first != Ordering::Equal {
            return first;
        }
        // Texts are taken for unique, so only numbers have a second criterion.
        let second = match &self.secondary {
            Some(secondary) if self.kind == Kind::Number => secondary.compare(a, b),
            _ => Ordering::Equal,
        };
        second.then_with(|| by_label(a, b))
    }
}

impl Secondary {
    fn compare(&self, a: &Row, b: &Row) -> Ordering {
        compare(a, b, self.column, self.kind, self.ascending)
    }
}

fn compare(a: &Row, b: &Row, column: &str, kind: Kind, ascending: bool) -> Ordering {
    let nothing = Value::Bool(false);
    let (a, b) = (
        a.get(column).unwrap_or(&nothing),
        b.get(column).unwrap_or(&nothing),
    );
    let order = match kind {
        Kind::Number => php::by_number(a.number(), b.number()),
        Kind::Text => php::natural_compare(&php::text(a), &php::text(b)),
    };
    match ascending {
        true => order,
        false => order.reverse(),
    }
}

/// Rows that every criterion leaves equal come by their label.
fn by_label(a: &Row, b: &Row) -> Ordering {
    php::natural_compare(&a.label(), &b.label()).then_with(|| a.label().cmp(&b.label()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(rows: &[(&str, Option<i64>, i64)]) -> Table {
        Table::of(
            rows.iter()
                .map(|(label, visits, hits)| {
                    let mut row = Row::labelled(*label);
                    if let Some(visits) = visits {
                        row.set(VISITS, *visits);
                    }
                    row.set("nb_hits", *hits);
                    row
                })
                .collect(),
        )
    }

    fn labels(table: &Table) -> Vec<String> {
        table
            .rows
            .iter()
            .map(|row| row.label().into_owned())
            .collect()
    }

    #[test]
    fn visits_then_label() {
        let rows = [
            ("b", Some(2), 0),
            ("a10", Some(1), 0),
            ("a9", Some(1), 0),
            ("B", Some(2), 0),
        ];
        for (ascending, expected) in [
            (false, ["B", "b", "a9", "a10"]),
            (true, ["a10", "a9", "B", "b"]),
        ] {
            let mut table = table(&rows);
            sort(&mut table, VISITS, ascending, false);
            assert_eq!(labels(&table), expected);
        }
    }

    #[test]
    fn rows_without_the_column_come_last() {
        let mut rows = table(&[
            ("a", Some(1), 1),
            ("c", None, 9),
            ("b", Some(3), 1),
            ("d", None, 4),
        ]);
        sort(&mut rows, VISITS, false, false);
        assert_eq!(labels(&rows), ["b", "a", "c", "d"]);
    }

    #[test]
    fn an_unknown_column_means_visits() {
        let mut rows = table(&[("a", Some(1), 9), ("b", Some(3), 1)]);
        sort(&mut rows, "nosuch", false, false);
        assert_eq!(labels(&rows), ["b", "a"]);
        sort(&mut rows, "label", true, false);
        assert_eq!(labels(&rows), ["a", "b"]);
        sort(&mut rows, "nb_hits", true, false);
        assert_eq!(labels(&rows), ["b", "a"]);
    }

    #[test]
    fn sub_tables_follow() {
        let mut rows = table(&[("a", Some(1), 0)]);
        rows.rows[0].subtable = Some(Box::new(table(&[("x", Some(1), 0), ("y", Some(2), 0)])));
        sort(&mut rows, VISITS, false, true);
        let inner = rows.rows[0].subtable.as_deref().map(labels);
        assert_eq!(inner, Some(vec!["y".to_owned(), "x".to_owned()]));
    }
}
