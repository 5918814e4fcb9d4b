//! A report turned on its side: the labels of its sub-tables become columns.

use std::borrow::Cow;
use std::collections::HashMap;

use model::{Row, Table, Value};

use super::php;

/// Columns when the request does not say how many.
pub const DEFAULT_COLUMNS: i64 = 10;

/// What becomes of a row: its sub-table, or another report under a segment for the row.
pub type Crossed<'a> = &'a (dyn Fn(&Row) -> Option<Table> + Sync);

/// Replaces every row's columns by one column a label of the row's table.
///
/// The greatest columns stand first; beyond `most` they are added up in `others`. Returns the names
/// with their numbers in front, which columns get when names are set.
pub fn pivot(
    table: &mut Table,
    column: Option<&str>,
    most: i64,
    others: &str,
    crossed: Crossed,
) -> Vec<(String, String)> {
    let mut sums: Vec<(String, f64)> = Vec::new();
    let mut positions: HashMap<String, usize> = HashMap::new();
    let column = column.map(str::to_owned).or_else(|| first_column(table));
    for row in table.all_rows_mut() {
        let label = row.get("label").cloned().unwrap_or(Value::Bool(false));
        let cells = crossed(row);
        row.columns = vec![(Cow::Borrowed("label"), label)];
        row.remove_meta("segment");
        row.subtable = None;
        let (Some(cells), Some(column)) = (cells, &column) else {
            continue;
        };
        for cell in cells.all_rows() {
            let name = cell.label().into_owned();
            let value = cell.get(column).cloned().unwrap_or(Value::Bool(false));
            let at = *positions.entry(name.clone()).or_insert_with(|| {
                sums.push((name.clone(), 0.0));
                sums.len() - 1
            });
            if let Some((_, sum)) = sums.get_mut(at) {
                *sum += value.number();
            }
            row.columns.push((Cow::Owned(name), value));
        }
    }
    let names = ordered(sums, most, others);
    for row in table.all_rows_mut() {
        lay_out(row, &names, others);
    }
    numbered(&names, others)
}

fn first_column(table: &Table) -> Option<String> {
    let row = table.rows.first()?;
    let mut names = row.columns.iter().map(|(name, _)| name.as_ref());
    names.find(|name| *name != "label").map(str::to_owned)
}

fn ordered(mut sums: Vec<(String, f64)>, most: i64, others: &str) -> Vec<String> {
    sums.sort_by(|a, b| php::by_number(b.1, a.1).then_with(|| a.0.cmp(&b.0)));
    let mut names: Vec<String> = sums.into_iter().map(|(name, _)| name).collect();
    if let Ok(most) = usize::try_from(most)
        && most > 0
        && names.len() > most
    {
        names.truncate(most - 1);
        names.push(others.to_owned());
    }
    names
}

/// Every row gets every column: false where it has no value.
fn lay_out(row: &mut Row, names: &[String], others: &str) {
    let columns = std::mem::take(&mut row.columns);
    let mut columns = columns.into_iter();
    row.columns.extend(columns.next());
    let mut cells: HashMap<&str, Value> = HashMap::new();
    let mut rest: Option<f64> = None;
    for (name, value) in columns {
        match names.iter().find(|known| **known == name) {
            Some(known) => {
                cells.insert(known, value);
            }
            None => rest = Some(rest.unwrap_or(0.0) + value.number()),
        }
    }
    for name in names {
        let value = match cells.remove(name.as_str()) {
            Some(value) => value,
            None if name == others && rest.is_some() => {
                php::whole_or_float(rest.unwrap_or_default())
            }
            None => Value::Bool(false),
        };
        row.columns.push((Cow::Owned(name.clone()), value));
    }
}

fn numbered(names: &[String], others: &str) -> Vec<(String, String)> {
    names
        .iter()
        .filter(|name| *name != others)
        .enumerate()
        .map(|(at, name)| (name.clone(), format!("{}.\u{a0}{name}", at + 1)))
        .collect()
}

/// Puts the numbers in front of the columns' names.
pub fn rename(table: &mut Table, names: &[(String, String)]) {
    let names: HashMap<&str, &str> = names
        .iter()
        .map(|(from, to)| (from.as_str(), to.as_str()))
        .collect();
    for row in table.all_rows_mut() {
        for (name, _) in row.columns.iter_mut().skip(1) {
            if let Some(new) = names.get(name.as_ref()) {
                *name = Cow::Owned((*new).to_owned());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Table {
        let row = |label: &str, cells: &[(&str, i64)]| {
            let mut row = Row::labelled(label);
            row.set("nb_visits", 9);
            let cells = cells.iter().map(|(label, visits)| {
                let mut cell = Row::labelled(*label);
                cell.set("nb_visits", *visits);
                cell
            });
            row.subtable = Some(Box::new(Table::of(cells.collect())));
            row
        };
        Table::of(vec![
            row("x", &[("Yahoo", 1), ("Google", 2), ("Ask", 1)]),
            row("y", &[("Google", 1), ("Bing", 1), ("Yahoo", 2)]),
        ])
    }

    fn pivoted(most: i64) -> (Vec<String>, Vec<Value>) {
        let mut table = sample();
        let crossed = |row: &Row| row.subtable.as_deref().cloned();
        let names = pivot(&mut table, None, most, "Others", &crossed);
        rename(&mut table, &names);
        let columns = table.rows[1].columns.clone();
        columns
            .into_iter()
            .map(|(name, value)| (name.into_owned(), value))
            .unzip()
    }

    #[test]
    fn greatest_columns_first() {
        let (names, values) = pivoted(-1);
        assert_eq!(
            names,
            [
                "label",
                "1.\u{a0}Google",
                "2.\u{a0}Yahoo",
                "3.\u{a0}Ask",
                "4.\u{a0}Bing"
            ]
        );
        assert_eq!(
            values,
            [
                Value::from("y"),
                Value::Int(1),
                Value::Int(2),
                Value::Bool(false),
                Value::Int(1)
            ]
        );
    }

    #[test]
    fn the_rest_is_added_up() {
        let (names, values) = pivoted(2);
        assert_eq!(names, ["label", "1.\u{a0}Google", "Others"]);
        assert_eq!(values, [Value::from("y"), Value::Int(1), Value::Int(3)]);
    }
}
