//! Filters that drop rows: by pattern, by low numbers, by position.

use model::{Row, Table, Value};
use regex::bytes::{Regex, RegexBuilder};

use super::{php, sort, sum};
use crate::matomo::params::Search;

/// Largest compiled pattern.
const PATTERN_BYTES: usize = 1 << 20;
/// Rows below this part of a column's sum are of low population.
const LOW_POPULATION: f64 = 0.02;

/// A search pattern without regard to case. A pattern that is no regular expression finds nothing.
pub struct Pattern {
    regex: Option<Regex>,
    inverted: bool,
}

impl Pattern {
    pub fn new(pattern: &str) -> Pattern {
        // "Does not contain", the one use of look-ahead that clients make.
        let excluded = pattern
            .strip_prefix("^((?!")
            .and_then(|rest| rest.strip_suffix(").)*$"));
        let build = |unicode| {
            RegexBuilder::new(excluded.unwrap_or(pattern))
                .case_insensitive(true)
                .unicode(unicode)
                .size_limit(PATTERN_BYTES)
                .build()
        };
        Pattern {
            regex: build(false).or_else(|_| build(true)).ok(),
            inverted: excluded.is_some(),
        }
    }

    pub fn finds(&self, text: &str) -> bool {
        self.regex
            .as_ref()
            .is_some_and(|regex| regex.is_match(text.as_bytes()) != self.inverted)
    }

    fn finds_in(&self, row: &Row, column: &str) -> bool {
        let value = row.get(column).or_else(|| row.meta(column));
        self.finds(&value.map_or_else(Default::default, php::text))
    }
}

/// Keeps the rows whose column, or metadata of that name, has the pattern.
pub fn pattern(table: &mut Table, search: &Search) {
    let pattern = Pattern::new(&search.pattern);
    let column = search.columns.first().map_or("label", String::as_str);
    keep(table, |row| pattern.finds_in(row, column));
}

/// Keeps the rows that have the pattern, or a row below that has it.
pub fn pattern_recursive(table: &mut Table, search: &Search) {
    let pattern = Pattern::new(&search.pattern);
    let column = search.columns.first().map_or("label", String::as_str);
    keep_tree(table, &pattern, column);
}

fn keep_tree(table: &mut Table, pattern: &Pattern, column: &str) -> bool {
    keep(table, |row| {
        let below = match &mut row.subtable {
            Some(inner) => keep_tree(inner, pattern, column),
            None => false,
        };
        let own = row.get(column).map_or_else(Default::default, php::text);
        below || pattern.finds(&own)
    });
    !table.is_empty()
}

/// Keeps the rows of a plain list that have the pattern in one of the columns.
pub fn pattern_in_list(items: &mut Vec<Value>, search: &Search) {
    let pattern = Pattern::new(&search.pattern);
    items.retain(|item| match item {
        Value::Map(fields) => fields
            .iter()
            .filter(|(name, _)| search.columns.iter().any(|column| column == name))
            .any(|(_, value)| pattern.finds(&php::text(value))),
        value => pattern.finds(&php::text(value)),
    });
}

fn keep(table: &mut Table, mut test: impl FnMut(&mut Row) -> bool) {
    table.rows.retain_mut(&mut test);
    if let Some(row) = &mut table.summary
        && !test(row)
    {
        table.summary = None;
    }
}

/// Drops rows below a value; 0 stands for two hundredths of the column's sum.
pub fn exclude_low_population(table: &mut Table, column: &str, least: f64) {
    let least = match least {
        0.0 => {
            let sum: f64 = table.all_rows().map(|row| row.number(column)).sum();
            sum * LOW_POPULATION
        }
        least => least,
    };
    keep(table, |row| row.number(column) >= least);
}

/// Keeps so many rows of every level and adds the rest up in a last row.
pub fn truncate(table: &mut Table, most: usize) {
    let count = table.rows.len() + usize::from(table.summary.is_some());
    if count > most.saturating_add(1) {
        sort::sort(table, "nb_visits", false, false);
        let mut others = Row::labelled(-1);
        let rest = table.rows.split_off(most.min(table.rows.len()));
        for row in &rest {
            sum::add(&mut others, row);
        }
        if let Some(summary) = &table.summary {
            sum::add(&mut others, summary);
        }
        table.summary = Some(Box::new(others));
    }
    for row in &mut table.rows {
        if let Some(inner) = &mut row.subtable {
            truncate(inner, most);
        }
    }
}

/// Keeps a page of rows. "Others" counts as the last row unless it is kept apart.
pub fn limit(table: &mut Table, offset: i64, limit: i64, keep_summary: bool) {
    let kept = table.summary.clone().filter(|_| keep_summary);
    let count = table.rows.len() + usize::from(table.summary.is_some());
    let skipped = usize::try_from(offset).unwrap_or(0);
    if skipped >= count {
        table.rows.clear();
        table.summary = None;
    } else {
        table.rows.drain(..skipped.min(table.rows.len()));
    }
    if let Ok(limit) = usize::try_from(limit) {
        let count = table.rows.len() + usize::from(table.summary.is_some());
        if limit < count {
            table.summary = None;
            table.rows.truncate(limit);
        }
    }
    if kept.is_some() {
        table.summary = kept;
    }
}

/// Drops rows without visits and actions.
pub fn exclude_without_visits(table: &mut Table) {
    keep(table, |row| {
        row.number("nb_visits") != 0.0 || row.number("nb_actions") != 0.0
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(rows: &[(&str, i64)]) -> Table {
        let rows = rows.iter().map(|(label, visits)| {
            let mut row = Row::labelled(*label);
            row.set("nb_visits", *visits);
            row
        });
        Table::of(rows.collect())
    }

    fn labels(table: &Table) -> Vec<String> {
        table
            .all_rows()
            .map(|row| row.label().into_owned())
            .collect()
    }

    fn search(pattern: &str) -> Search {
        Search {
            pattern: pattern.to_owned(),
            columns: vec!["label".to_owned()],
        }
    }

    #[test]
    fn patterns() {
        for (pattern_text, expected) in [
            ("FIRE", vec!["Firefox"]),
            ("^o", vec!["Opera"]),
            ("^((?!o).)*$", vec!["IE"]),
            ("(", vec![]),
            ("e/?$", vec!["IE"]),
            ("", vec!["Firefox", "Opera", "IE"]),
        ] {
            let mut rows = table(&[("Firefox", 1), ("Opera", 2), ("IE", 3)]);
            pattern(&mut rows, &search(pattern_text));
            assert_eq!(labels(&rows), expected, "{pattern_text}");
        }
    }

    #[test]
    fn parents_of_hits_stay() {
        let mut rows = table(&[("a", 1), ("b", 1), ("xc", 1)]);
        rows.rows[0].subtable = Some(Box::new(table(&[("x", 1), ("y", 1)])));
        rows.rows[1].subtable = Some(Box::new(table(&[("z", 1)])));
        pattern_recursive(&mut rows, &search("x"));
        assert_eq!(labels(&rows), ["a", "xc"]);
        let inner = rows.rows[0].subtable.as_deref().map(labels);
        assert_eq!(inner, Some(vec!["x".to_owned()]));
    }

    #[test]
    fn low_population() {
        let rows = [("a", 97), ("b", 2), ("c", 1)];
        for (least, expected) in [(0.0, vec!["a", "b"]), (2.5, vec!["a"])] {
            let mut rows = table(&rows);
            exclude_low_population(&mut rows, "nb_visits", least);
            assert_eq!(labels(&rows), expected);
        }
    }

    #[test]
    fn truncation_sums_the_rest() {
        let mut rows = table(&[("a", 1), ("b", 5), ("c", 2), ("d", 4)]);
        truncate(&mut rows, 2);
        assert_eq!(labels(&rows), ["b", "d", "-1"]);
        assert_eq!(
            rows.summary.as_ref().map(|row| row.number("nb_visits")),
            Some(3.0)
        );
        truncate(&mut rows, 2);
        assert_eq!(
            rows.rows.len(),
            2,
            "one row more than asked for is left alone"
        );
    }

    #[test]
    fn pages() {
        for (offset, most, keep_summary, expected) in [
            (0, 2, false, vec!["a", "b"]),
            (1, 2, false, vec!["b", "c"]),
            (2, -1, false, vec!["c", "-1"]),
            (0, 4, false, vec!["a", "b", "c", "-1"]),
            (0, 3, false, vec!["a", "b", "c"]),
            (0, 1, true, vec!["a", "-1"]),
            (9, 2, false, vec![]),
            (0, 0, false, vec![]),
            (-5, 1, false, vec!["a"]),
        ] {
            let mut rows = table(&[("a", 1), ("b", 5), ("c", 2)]);
            rows.summary = Some(Box::new(Row::labelled(-1)));
            limit(&mut rows, offset, most, keep_summary);
            assert_eq!(labels(&rows), expected, "{offset} {most}");
        }
    }

    #[test]
    fn rows_without_visits() {
        let mut rows = table(&[("a", 1), ("b", 0)]);
        exclude_without_visits(&mut rows);
        assert_eq!(labels(&rows), ["a"]);
    }
}
