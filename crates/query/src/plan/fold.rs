use std::borrow::Cow;

use ahash::AHashMap;
use model::{Name, Row, Table, Value};

use super::RowLimit;

/// The raw label of "Others".
pub(crate) const SUMMARY_LABEL: i64 = -1;

/// Distinct counts cannot be added over days without counting a person twice; the sum gets its own name.
const DAILY_NAMES: &[(&str, &str)] = &[
    ("nb_uniq_visitors", "sum_daily_nb_uniq_visitors"),
    ("nb_users", "sum_daily_nb_users"),
    ("entry_nb_uniq_visitors", "sum_daily_entry_nb_uniq_visitors"),
    ("exit_nb_uniq_visitors", "sum_daily_exit_nb_uniq_visitors"),
];

pub(super) fn fold(parts: impl IntoIterator<Item = Table>, limit: RowLimit, daily: bool) -> Table {
    let mut whole: Option<Table> = None;
    for mut part in parts {
        truncate_tree(&mut part, limit);
        // Days are renamed before they are put together: that decides the order of columns.
        if daily {
            rename_daily(&mut part);
        }
        match &mut whole {
            None => whole = Some(part),
            Some(whole) => add_table(whole, part),
        }
    }
    let mut whole = whole.unwrap_or_default();
    if daily {
        truncate_tree(&mut whole, limit);
    }
    whole
}

fn rename_daily(table: &mut Table) {
    for row in table.all_rows_mut() {
        for (name, daily) in DAILY_NAMES {
            if let Some(value) = row.remove(name) {
                row.set(*daily, value);
            }
        }
        if let Some(subtable) = &mut row.subtable {
            rename_daily(subtable);
        }
    }
}

/// Adds every row of `other` to the row of the same label, or at the end.
pub fn add_table(table: &mut Table, other: Table) {
    let mut places: AHashMap<String, usize> = table
        .rows
        .iter()
        .enumerate()
        .map(|(at, row)| (row.label().into_owned(), at))
        .collect();
    for row in other.rows {
        match places.get(row.label().as_ref()) {
            Some(at) => add_row(&mut table.rows[*at], row),
            None => {
                places.insert(row.label().into_owned(), table.rows.len());
                table.rows.push(row);
            }
        }
    }
    if let Some(other) = other.summary {
        match &mut table.summary {
            Some(summary) => add_row(summary, *other),
            None => table.summary = Some(other),
        }
    }
}

/// Adds the counts of `other`; its metadata wins when it stands for more visits.
pub(crate) fn add_row(row: &mut Row, other: Row) {
    adopt_metadata(row, &other);
    for (name, value) in other.columns {
        if name == "label" {
            continue;
        }
        match row.get_mut(&name) {
            None => row.set(name, value),
            Some(own) => add_value(own, &name, value),
        }
    }
    match (&mut row.subtable, other.subtable) {
        (Some(own), Some(other)) => add_table(own, *other),
        (own @ None, Some(other)) => *own = Some(other),
        (_, None) => {}
    }
}

fn adopt_metadata(row: &mut Row, other: &Row) {
    if other.metadata.is_empty() {
        return;
    }
    let weight = |row: &Row| row.number("nb_visits").max(row.number("nb_hits"));
    let heavier = weight(other) > weight(row);
    for (name, value) in &other.metadata {
        if row.meta(name).is_none() || heavier {
            row.set_meta(name.clone(), value.clone());
        }
    }
}

fn add_value(own: &mut Value, name: &str, other: Value) {
    if let (Value::Map(own), Value::Map(other)) = (&mut *own, &other) {
        for (key, value) in other {
            add_to_map(own, key, value);
        }
        return;
    }
    *own = if name.starts_with("max_") {
        extreme(own, other, |own, other| other > own)
    } else if name.starts_with("min_") {
        extreme(own, other, |own, other| other < own)
    } else {
        sum(own, &other)
    };
}

fn add_to_map(map: &mut Vec<(Name, Value)>, key: &Name, value: &Value) {
    match map.iter_mut().find(|(name, _)| name == key) {
        Some((name, own)) => {
            let name = name.clone();
            add_value(own, &name, value.clone());
        }
        None => map.push((key.clone(), value.clone())),
    }
}

/// A missing value gives way to any other.
fn extreme(own: &Value, other: Value, wins: fn(f64, f64) -> bool) -> Value {
    if own.is_null() || (!other.is_null() && wins(own.number(), other.number())) {
        other
    } else {
        own.clone()
    }
}

fn sum(own: &Value, other: &Value) -> Value {
    match (own, other) {
        (Value::Int(own), Value::Int(other)) => Value::Int(own.saturating_add(*other)),
        (Value::Null, other) => other.clone(),
        (own, Value::Null) => own.clone(),
        // Sums of one day are texts; a sum of them is a number.
        (Value::Text(own), Value::Text(other)) => {
            super::number(Value::from(own.as_str()).number() + Value::from(other.as_str()).number())
        }
        (own, other) => Value::Float(own.number() + other.number()),
    }
}

fn truncate_tree(table: &mut Table, limit: RowLimit) {
    truncate(table, limit.root);
    for row in table.all_rows_mut() {
        if let Some(subtable) = &mut row.subtable {
            truncate_tree(
                subtable,
                RowLimit {
                    root: limit.subtable,
                    subtable: limit.subtable,
                },
            );
        }
    }
}

/// Keeps `rows_max - 1` rows and adds the rest up in "Others", when there are more than `rows_max`.
pub fn truncate(table: &mut Table, rows_max: Option<usize>) {
    let Some(rows_max) = rows_max.filter(|rows_max| *rows_max > 0) else {
        return;
    };
    // "Others" is one of the rows.
    if table.rows.len() + usize::from(table.summary.is_some()) <= rows_max {
        return;
    }
    order_by_visits(table);
    let others = table.rows.split_off(rows_max - 1);
    let mut summary = table.summary.take().map_or_else(
        || Row::labelled(Value::Int(SUMMARY_LABEL)),
        |summary| *summary,
    );
    for mut row in others {
        row.subtable = None;
        row.metadata.clear();
        add_row(&mut summary, row);
    }
    table.summary = Some(Box::new(summary));
}

/// The order in which rows are kept: most visits (else hits, events, sums) first, then by label.
pub fn order_by_visits(table: &mut Table) {
    let column = [
        "nb_visits",
        "nb_hits",
        "nb_events",
        "nb_impressions",
        "revenue",
        "nb_conversions",
    ]
    .into_iter()
    .find(|column| table.rows.iter().any(|row| row.get(column).is_some()))
    .unwrap_or("nb_visits");
    table.rows.sort_by(|a, b| {
        let by_count = b.number(column).total_cmp(&a.number(column));
        by_count.then_with(|| a.label().to_lowercase().cmp(&b.label().to_lowercase()))
    });
}

/// Labels are looked up once a table, not once a row.
pub(crate) struct Builder {
    pub table: Table,
    places: AHashMap<String, usize>,
}

impl Builder {
    pub(crate) fn new() -> Builder {
        Builder {
            table: Table::default(),
            places: AHashMap::new(),
        }
    }

    /// The row with that label, added at the end when there is none.
    pub(crate) fn row(&mut self, label: &str) -> &mut Row {
        let at = match self.places.get(label) {
            Some(at) => *at,
            None => {
                let at = self.table.rows.len();
                self.table.rows.push(Row::labelled(label));
                self.places.insert(label.to_owned(), at);
                at
            }
        };
        &mut self.table.rows[at]
    }

    /// Puts the rows in the order of their labels.
    pub(crate) fn sort_by_label(&mut self) {
        self.table
            .rows
            .sort_by_cached_key(|row| row.label().to_lowercase());
        let places = self.table.rows.iter().enumerate();
        self.places = places
            .map(|(at, row)| (row.label().into_owned(), at))
            .collect();
    }

    pub(crate) fn has(&self, label: &str) -> bool {
        self.places.contains_key(label)
    }

    /// Adds counts to the row of that label.
    pub(crate) fn add(&mut self, label: &str, columns: Vec<(&'static str, Value)>) -> &mut Row {
        let row = self.row(label);
        for (name, value) in columns {
            match row.get_mut(name) {
                None => row.set(Cow::Borrowed(name), value),
                Some(own) => add_value(own, name, value),
            }
        }
        row
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(label: &str, visits: i64, largest: i64) -> Row {
        let mut row = Row::labelled(label);
        row.set("nb_uniq_visitors", 1);
        row.set("nb_visits", visits);
        row.set("max_actions", largest);
        row
    }

    #[test]
    fn days_are_added_by_label_and_maxima_kept() {
        let days = [
            Table::of(vec![row("a", 1, 5)]),
            Table::of(vec![row("b", 1, 1), row("a", 2, 3)]),
        ];
        let whole = fold(days, RowLimit::default(), true);
        assert_eq!(whole.rows.len(), 2);
        assert_eq!(whole.rows[0].number("nb_visits"), 3.0);
        assert_eq!(whole.rows[0].number("max_actions"), 5.0);
        assert_eq!(whole.rows[0].number("sum_daily_nb_uniq_visitors"), 2.0);
        assert!(whole.rows[0].get("nb_uniq_visitors").is_none());
    }

    #[test]
    fn what_is_cut_is_added_up_in_others() {
        let rows = (1..=5).map(|n| row(&format!("r{n}"), n, n)).collect();
        let whole = fold(
            [Table::of(rows)],
            RowLimit {
                root: Some(3),
                subtable: None,
            },
            false,
        );
        assert_eq!(whole.rows.len(), 2);
        assert_eq!(whole.summary.map(|row| row.number("nb_visits")), Some(6.0));
    }
}
