//! The label filter: only the rows asked for, found at any depth.

use std::borrow::Cow;

use model::{Row, Table, Value};

use tracking::url::url_decode;

use super::php;
use crate::matomo::formats::entities;

/// Between the labels of two levels.
const LEVEL: char = '>';
/// Before a label that means a page, not the folder of the same name.
const TERMINAL: char = '@';

/// A label as tables hold it: `%XX` and `+` read, markup characters as references.
pub fn decode(table: &mut Table) {
    for row in table.all_rows_mut() {
        if let Some(Value::Text(label)) = row.get_mut("label")
            && !label.is_empty()
            && label.contains(['%', '+', '&', '<', '>', '"', '\''])
        {
            let raw = url_decode(label);
            *label = entities::encode(&without_references(&raw), true).into_owned();
        }
        if let Some(inner) = &mut row.subtable {
            decode(inner);
        }
    }
}

/// Reads only the references that stand for markup characters.
fn without_references(text: &str) -> Cow<'_, str> {
    if !text.contains('&') {
        return Cow::Borrowed(text);
    }
    let text = text
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&#039;", "'")
        .replace("&#39;", "'")
        .replace("&amp;", "&");
    Cow::Owned(text)
}

/// The rows of the labels, in their order. `titles`: labels of pages begin with a space.
pub fn filter(table: Table, labels: &[String], titles: bool, add_index: bool) -> Table {
    let mut found = Vec::new();
    for (at, label) in labels.iter().enumerate() {
        let row = find(&table, label, titles);
        if let Some(row) = row {
            let mut row = row.clone();
            if let Some(inner) = &mut row.subtable {
                // The row still refers to its sub-table, which is not shown.
                inner.rows.clear();
                inner.summary = None;
            }
            if add_index {
                row.set_meta("label_idx", at as i64);
            }
            found.push(row);
        }
    }
    Table {
        rows: found,
        summary: None,
        ..table
    }
}

/// Looks for the whole label first, then for its parts level by level.
fn find<'a>(table: &'a Table, label: &str, titles: bool) -> Option<&'a Row> {
    let (label, terminal) = bare(label);
    let label = url_decode(label);
    let label = label.trim();
    let mark = if terminal { "@" } else { "" };
    if let Some(row) = row_of(table, &format!("{mark}{label}"), titles) {
        return Some(row);
    }
    if !label.contains(LEVEL) {
        return None;
    }
    let mut parts = label.split(LEVEL).peekable();
    let mut table = table;
    while let Some(part) = parts.next() {
        let row = row_of(table, part, titles)?;
        if parts.peek().is_none() {
            return Some(row);
        }
        table = row.subtable.as_deref()?;
    }
    None
}

fn bare(label: &str) -> (&str, bool) {
    let label = label.trim();
    match label.strip_prefix(TERMINAL) {
        Some(rest) => (rest, true),
        None => (label, false),
    }
}

fn row_of<'a>(table: &'a Table, part: &str, titles: bool) -> Option<&'a Row> {
    let (part, terminal) = bare(part);
    let part = url_decode(part);
    let plain = entities::decode(part.trim()).into_owned();
    let page = format!(" {plain}");
    let wanted: &[&str] = match (titles, terminal) {
        (false, _) => &[&plain],
        (true, false) => &[&plain, &page],
        (true, true) => &[&page, &plain],
    };
    wanted.iter().find_map(|wanted| {
        table.all_rows().find(|row| {
            row.get("label")
                .is_some_and(|label| entities::decode(&php::text(label)) == *wanted)
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn branch(label: &str, rows: Vec<Row>) -> Row {
        let mut row = Row::labelled(label);
        row.subtable = Some(Box::new(Table {
            id: 7,
            ..Table::of(rows)
        }));
        row
    }

    fn sample() -> Table {
        Table::of(vec![
            branch(
                "dir",
                vec![
                    Row::labelled("/file.php?a=b&amp;c=d"),
                    branch("sub", vec![Row::labelled("/0")]),
                ],
            ),
            Row::labelled(" title &lt;&gt;,;"),
            branch(" one", vec![]),
            Row::labelled("one"),
        ])
    }

    fn found(label: &str) -> Vec<String> {
        let table = filter(sample(), &[label.to_owned()], true, false);
        table
            .rows
            .iter()
            .map(|row| row.label().into_owned())
            .collect()
    }

    #[test]
    fn labels_at_any_depth() {
        for (label, expected) in [
            ("dir", "dir"),
            ("  dir  ", "dir"),
            (
                "dir%3E%252Ffile.php%253Fa%253Db%2526c%253Dd",
                "/file.php?a=b&amp;c=d",
            ),
            ("dir > sub > /0", "/0"),
            ("title+%3C%3E%2C%3B", " title &lt;&gt;,;"),
            ("title <>,;", " title &lt;&gt;,;"),
            ("one", "one"),
            ("@one", " one"),
        ] {
            assert_eq!(found(label), [expected], "{label}");
        }
        for label in ["nosuch", "dir>nosuch", "one>x", ">", ""] {
            assert!(found(label).is_empty(), "{label}");
        }
    }

    #[test]
    fn a_found_row_keeps_its_number_only() {
        let table = filter(sample(), &["x".to_owned(), "dir".to_owned()], false, true);
        let row = &table.rows[0];
        assert_eq!(row.meta("label_idx"), Some(&Value::Int(1)));
        assert!(
            row.subtable
                .as_ref()
                .is_some_and(|inner| inner.id == 7 && inner.is_empty())
        );
    }

    #[test]
    fn labels_are_url_decode() {
        let mut table = Table::of(
            ["play25%25", "a%20b+c", "<b>&amp;", "365%2B days", "plain"]
                .map(Row::labelled)
                .into(),
        );
        decode(&mut table);
        let labels: Vec<_> = table
            .rows
            .iter()
            .map(|row| row.label().into_owned())
            .collect();
        assert_eq!(
            labels,
            ["play25%", "a b c", "&lt;b&gt;&amp;", "365+ days", "plain"]
        );
    }
}
