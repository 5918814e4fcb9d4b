//! One level instead of a tree: labels joined, each level kept as metadata.

use model::{Name, Row, Table, Value};

use super::php;

/// How a report's tree becomes one level.
#[derive(Clone, Debug, PartialEq)]
pub struct Flattening {
    /// Between the labels of two levels: ` - ` or `/`.
    pub separator: String,
    /// Metadata name of each level's label; the last one serves all levels below.
    pub dimensions: Vec<Name>,
    /// Put before labels of the first level that lack it, such as `/` for page addresses.
    pub root_prefix: &'static str,
    /// The name of a page whose address ends with a slash, which a flat label leaves out.
    pub index_name: String,
}

impl Default for Flattening {
    fn default() -> Flattening {
        Flattening {
            separator: " - ".to_owned(),
            dimensions: Vec::new(),
            root_prefix: "",
            index_name: String::new(),
        }
    }
}

/// The rows without sub-tables of the whole tree; with `aggregates` also those that have one.
pub fn flatten(table: Table, how: &Flattening, aggregates: bool, others: &str) -> Table {
    let mut walk = Walk {
        how,
        aggregates,
        others,
        rows: Vec::new(),
    };
    let Table {
        mut rows,
        summary,
        totals_row,
        metadata,
        id,
    } = table;
    for row in &mut rows {
        prefix_root(row, how.root_prefix);
    }
    walk.level(rows, summary, 0, "", None);
    Table {
        rows: walk.rows,
        summary: None,
        totals_row,
        metadata,
        id,
    }
}

fn prefix_root(row: &mut Row, prefix: &str) {
    if prefix.is_empty() {
        return;
    }
    let label = row.label().into_owned();
    if !label.is_empty() && !label.starts_with(prefix) && label != "-1" {
        row.set("label", format!("{prefix}{label}"));
    }
}

/// Takes sub-tables away: what is done to a report that cannot be flattened.
pub fn remove_subtables(table: &mut Table) {
    for row in table.all_rows_mut() {
        row.subtable = None;
    }
}

struct Walk<'a> {
    how: &'a Flattening,
    aggregates: bool,
    others: &'a str,
    rows: Vec<Row>,
}

impl Walk<'_> {
    fn level(
        &mut self,
        rows: Vec<Row>,
        summary: Option<Box<Row>>,
        level: usize,
        prefix: &str,
        logo: Option<&Value>,
    ) {
        for row in rows {
            self.row(row, false, level, prefix, logo);
        }
        if let Some(mut row) = summary {
            row.set("label", self.others);
            row.set_meta("is_summary", 1);
            self.row(*row, true, level, prefix, logo);
        }
    }

    fn row(
        &mut self,
        mut row: Row,
        summary: bool,
        level: usize,
        prefix: &str,
        logo: Option<&Value>,
    ) {
        let dimension = self.dimension(level);
        let own = self.relabel(&mut row, summary, &dimension, prefix);
        if row.meta("logo").is_none()
            && let Some(logo) = logo
        {
            row.set_meta("logo", logo.clone());
        }
        let inner = row.subtable.take().filter(|table| !table.is_empty());
        let Some(mut inner) = inner else {
            if self.aggregates {
                row.set_meta("is_aggregate", 0);
            }
            self.rows.push(row);
            return;
        };
        if self.aggregates {
            row.set_meta("is_aggregate", 1);
        }
        let prefix = format!("{}{}", row.label(), self.how.separator);
        for below in inner.all_rows_mut() {
            inherit(below, &row, &dimension, own.as_deref());
        }
        let logo = row.meta("logo").cloned();
        if self.aggregates {
            self.rows.push(row);
        }
        self.level(inner.rows, inner.summary, level + 1, &prefix, logo.as_ref());
    }

    /// Joins the label to those above; returns what the row's own level says.
    fn relabel(
        &self,
        row: &mut Row,
        summary: bool,
        dimension: &Name,
        prefix: &str,
    ) -> Option<String> {
        let label = row.get("label")?;
        let mut own = php::text(label).trim().to_owned();
        let mut shown = own.clone();
        if self.how.separator == "/" && !prefix.is_empty() {
            if let Some(rest) = own.strip_prefix('/') {
                shown = rest.to_owned();
                own = shown.clone();
            } else if summary {
                shown = format!(" - {own}");
            }
        }
        if self.is_index(row, &own) {
            own.truncate(own.len() - self.how.index_name.len());
            shown.truncate(shown.len() - self.how.index_name.len());
        }
        row.set("label", format!("{prefix}{shown}"));
        if let Some(above) = row.meta(dimension).filter(|value| !php::is_empty(value)) {
            own = format!("{}{}{own}", php::text(above), self.how.separator);
        }
        row.set_meta(dimension.clone(), own.clone());
        Some(own)
    }

    /// Whether the row is the page of a folder itself.
    fn is_index(&self, row: &Row, own: &str) -> bool {
        let name = &self.how.index_name;
        let is_named = !name.is_empty() && own.trim_start_matches('/') == name;
        is_named
            && row
                .meta("url")
                .is_some_and(|url| php::text(url).ends_with('/'))
    }

    fn dimension(&self, level: usize) -> Name {
        let dimensions = &self.how.dimensions;
        match dimensions.get(level).or(dimensions.last()) {
            Some(name) => name.clone(),
            None => format!("label{}", level + 1).into(),
        }
    }
}

/// A row below gets the metadata of the row above that it lacks. A segment is not passed on to rows
/// that will get their own.
fn inherit(below: &mut Row, above: &Row, dimension: &Name, own: Option<&str>) {
    for (name, value) in &above.metadata {
        let will_have = name == "segment" && below.meta("segmentValue").is_some();
        if !will_have && below.meta(name).is_none() {
            below.metadata.push((name.clone(), value.clone()));
        }
    }
    if let Some(own) = own {
        below.set_meta(dimension.clone(), own);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leaf(label: &str) -> Row {
        Row::labelled(label)
    }

    fn branch(label: &str, rows: Vec<Row>) -> Row {
        let mut row = Row::labelled(label);
        row.subtable = Some(Box::new(Table::of(rows)));
        row
    }

    fn labels(table: &Table) -> Vec<String> {
        table
            .rows
            .iter()
            .map(|row| row.label().into_owned())
            .collect()
    }

    #[test]
    fn page_addresses() {
        let tree = Table::of(vec![
            branch("dir", vec![leaf("/index"), branch("sub", vec![leaf("/a")])]),
            leaf("/home"),
        ]);
        let how = Flattening {
            separator: "/".to_owned(),
            dimensions: vec!["Actions_PageUrl".into()],
            root_prefix: "/",
            ..Flattening::default()
        };
        let flat = flatten(tree.clone(), &how, false, "Others");
        assert_eq!(labels(&flat), ["/dir/index", "/dir/sub/a", "/home"]);
        assert_eq!(
            flat.rows[1].meta("Actions_PageUrl"),
            Some(&Value::from("/dir/sub/a"))
        );
        let all = flatten(tree, &how, true, "Others");
        assert_eq!(
            labels(&all),
            ["/dir", "/dir/index", "/dir/sub", "/dir/sub/a", "/home"]
        );
        let aggregate: Vec<_> = all
            .rows
            .iter()
            .map(|row| row.meta("is_aggregate").cloned())
            .collect();
        assert_eq!(
            aggregate,
            [1, 0, 1, 0, 0].map(|flag| Some(Value::Int(flag)))
        );
    }

    #[test]
    fn levels_and_inherited_metadata() {
        let mut engine = branch("Google", vec![leaf("x"), leaf("y")]);
        engine.set_meta("logo", "g.png");
        engine.set_meta("segment", "s");
        if let Some(inner) = &mut engine.subtable {
            inner.rows[1].set_meta("segmentValue", "v");
            inner.summary = Some(Box::new(Row::labelled(-1)));
        }
        let how = Flattening {
            dimensions: vec!["Engine".into(), "Keyword".into()],
            ..Flattening::default()
        };
        let flat = flatten(Table::of(vec![engine]), &how, false, "Others");
        assert_eq!(
            labels(&flat),
            ["Google - x", "Google - y", "Google - Others"]
        );
        let names = |row: &Row| -> Vec<String> {
            row.metadata
                .iter()
                .map(|(name, _)| name.to_string())
                .collect()
        };
        assert_eq!(
            names(&flat.rows[0]),
            ["logo", "segment", "Engine", "Keyword"]
        );
        assert_eq!(
            names(&flat.rows[1]),
            ["segmentValue", "logo", "Engine", "Keyword"]
        );
        assert_eq!(
            names(&flat.rows[2]),
            ["logo", "segment", "Engine", "is_summary", "Keyword"]
        );
    }

    #[test]
    fn a_summary_below_slashes() {
        let mut site = branch("a.org", vec![leaf("index")]);
        if let Some(inner) = &mut site.subtable {
            inner.summary = Some(Box::new(Row::labelled(-1)));
        }
        let how = Flattening {
            separator: "/".to_owned(),
            ..Flattening::default()
        };
        let flat = flatten(Table::of(vec![site]), &how, false, "Others");
        assert_eq!(labels(&flat), ["a.org/index", "a.org/ - Others"]);
        assert_eq!(flat.rows[1].meta("label2"), Some(&Value::from("Others")));
    }
}
