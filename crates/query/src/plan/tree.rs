use std::borrow::Cow;

use catalog::columns::kind;
use model::{Entry, Row, Table, Value};

use super::TreeRules;
use super::fold::{Builder, add_row};

/// What a row is called whose page has no address or no title.
const URL_NOT_DEFINED: &str = "Page URL not defined";
const TITLE_NOT_DEFINED: &str = "Page Name not defined";

const PREFIXES: [&str; 4] = ["http://", "http://www.", "https://", "https://www."];

/// The full address of a stored page.
pub(crate) fn full_url(entry: &Entry) -> Cow<'_, str> {
    match usize::try_from(entry.prefix)
        .ok()
        .and_then(|at| PREFIXES.get(at))
    {
        Some(prefix) => Cow::Owned(format!("{prefix}{}", entry.text)),
        None => Cow::Borrowed(&entry.text),
    }
}

/// The labels from the outermost folder to the leaf. Leaves begin with `/` (pages) or a space (titles),
/// so a page and a folder of the same name stay apart.
pub(super) fn path_of(entry: &Entry, rules: &TreeRules) -> Vec<String> {
    match i64::from(entry.kind) {
        kind::SEARCH => vec![entry.text.to_string()],
        kind::TITLE => title_path(&entry.text, rules),
        kind::DOWNLOAD | kind::OUTLINK => {
            let (host, path, fragment) = split_url(&entry.text);
            let mut leaf = format!("/{}", path.trim());
            if !fragment.is_empty() {
                leaf.push('#');
                leaf.push_str(fragment);
            }
            vec![host.trim().to_owned(), leaf]
        }
        _ => page_path(entry, rules),
    }
}

/// The labels that lead to an action of that kind and text.
pub fn labels_of(kind: i64, text: &str, rules: &TreeRules) -> Vec<String> {
    let entry = Entry {
        kind: kind as u8,
        prefix: -1,
        text: text.into(),
    };
    path_of(&entry, rules)
}

fn title_path(title: &str, rules: &TreeRules) -> Vec<String> {
    // PHP takes "0" for nothing.
    if matches!(title.trim(), "" | "0") {
        return vec![format!(" {TITLE_NOT_DEFINED}")];
    }
    let mut parts = split(title, &rules.title_delimiter, rules.levels_max);
    match parts.pop() {
        Some(leaf) => parts.push(format!(" {leaf}")),
        None => parts.push(format!(" {}", title.trim())),
    }
    parts
}

fn page_path(entry: &Entry, rules: &TreeRules) -> Vec<String> {
    if entry.text.is_empty() {
        return vec![URL_NOT_DEFINED.to_owned()];
    }
    let (_, path, fragment) = split_url(&entry.text);
    let mut path = path.to_owned();
    if path.is_empty() || path.ends_with('/') {
        path.push_str(&rules.default_name);
    }
    let mut parts = split(&path, &rules.url_delimiter, rules.levels_max);
    let mut leaf = format!(
        "/{}",
        parts.pop().unwrap_or_else(|| rules.default_name.clone())
    );
    if !fragment.is_empty() {
        leaf.push('#');
        leaf.push_str(fragment);
    }
    parts.push(leaf);
    parts
}

/// Non-empty, trimmed parts; the last one holds what is beyond the deepest level.
fn split(text: &str, delimiter: &str, levels_max: usize) -> Vec<String> {
    let parts: Vec<&str> = match delimiter.is_empty() {
        true => vec![text],
        false => text.splitn(levels_max.max(1), delimiter).collect(),
    };
    parts
        .into_iter()
        .map(|part| part.trim().to_owned())
        .filter(|part| !part.is_empty())
        .collect()
}

/// Host, path without its first slash, and fragment of an address with or without a scheme.
fn split_url(url: &str) -> (&str, &str, &str) {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let (before, fragment) = rest.split_once('#').unwrap_or((rest, ""));
    let (host, path) = before.split_once('/').unwrap_or((before, ""));
    (host, path, fragment)
}

/// Puts leaves into folders.
#[derive(Default)]
pub(super) struct ActionTree {
    root: Folder,
}

#[derive(Default)]
struct Folder {
    rows: Vec<Branch>,
    places: ahash::AHashMap<String, usize>,
}

struct Branch {
    row: Row,
    folder: Option<Folder>,
}

impl ActionTree {
    /// The leaf's row, made with its metadata when it is new.
    pub(super) fn leaf(&mut self, entry: &Entry, rules: &TreeRules) -> &mut Row {
        let path = path_of(entry, rules);
        let mut folder = &mut self.root;
        let depth = path.len();
        for label in &path[..depth - 1] {
            let at = folder.place(label);
            folder = folder.rows[at].folder.get_or_insert_default();
        }
        let at = folder.place(&path[depth - 1]);
        let row = &mut folder.rows[at].row;
        if row.metadata.is_empty() && is_address(entry) {
            row.set_meta("url", full_url(entry).into_owned());
        }
        row
    }

    /// The leaf's row, if it is there.
    pub(super) fn known_leaf(&mut self, entry: &Entry, rules: &TreeRules) -> Option<&mut Row> {
        let path = path_of(entry, rules);
        let (leaf, folders) = path.split_last()?;
        let mut folder = &mut self.root;
        for label in folders {
            let at = *folder.places.get(label)?;
            folder = folder.rows[at].folder.as_mut()?;
        }
        let at = *folder.places.get(leaf)?;
        Some(&mut folder.rows[at].row)
    }

    pub(super) fn table(self) -> Table {
        self.root.table()
    }
}

fn is_address(entry: &Entry) -> bool {
    let kind = i64::from(entry.kind);
    !entry.text.is_empty() && [kind::PAGE, kind::DOWNLOAD, kind::OUTLINK].contains(&kind)
}

/// Distinct counts of a folder are not the sum of its pages'.
const LEAF_ONLY: [&str; 3] = [
    "nb_uniq_visitors",
    "entry_nb_uniq_visitors",
    "exit_nb_uniq_visitors",
];

/// A page's columns as a folder adds them: sums kept as texts become numbers.
fn numbers_of(child: &Row) -> Vec<(model::Name, Value)> {
    let number = |(name, value): &(model::Name, Value)| match value {
        Value::Text(_) if !name.starts_with("min_") && !name.starts_with("max_") => {
            (name.clone(), super::number(value.number()))
        }
        value => (name.clone(), value.clone()),
    };
    child.columns.iter().map(number).collect()
}

impl Folder {
    fn place(&mut self, label: &str) -> usize {
        if let Some(at) = self.places.get(label) {
            return *at;
        }
        self.places.insert(label.to_owned(), self.rows.len());
        self.rows.push(Branch {
            row: Row::labelled(label),
            folder: None,
        });
        self.rows.len() - 1
    }

    fn table(self) -> Table {
        let mut rows = Vec::with_capacity(self.rows.len());
        for branch in self.rows {
            let mut row = branch.row;
            if let Some(folder) = branch.folder {
                let subtable = folder.table();
                for child in &subtable.rows {
                    add_row(
                        &mut row,
                        Row {
                            columns: numbers_of(child),
                            ..Row::default()
                        },
                    );
                }
                for name in LEAF_ONLY {
                    row.remove(name);
                }
                row.subtable = Some(Box::new(subtable));
            }
            rows.push(row);
        }
        Table::of(rows)
    }
}

/// A flat list of texts with counts, for categories and keywords.
pub(super) fn flat(rows: impl IntoIterator<Item = (String, Vec<(&'static str, Value)>)>) -> Table {
    let mut builder = Builder::new();
    for (label, columns) in rows {
        builder.add(&label, columns);
    }
    builder.table
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(kind: i64, text: &str) -> Entry {
        Entry {
            kind: kind as u8,
            prefix: 0,
            text: text.into(),
        }
    }

    #[test]
    fn addresses_become_folders() {
        let rules = TreeRules::default();
        let cases: [(&str, &[&str]); 6] = [
            ("example.org/", &["/index"]),
            ("example.org/a/b/", &["a", "b", "/index"]),
            ("example.org/a/b.html?x=1", &["a", "/b.html?x=1"]),
            ("example.org", &["/index"]),
            ("example.org/a//b#part", &["a", "/b#part"]),
            ("", &["Page URL not defined"]),
        ];
        for (url, path) in cases {
            assert_eq!(path_of(&entry(kind::PAGE, url), &rules), path, "{url}");
        }
    }

    #[test]
    fn titles_are_flat_unless_a_delimiter_is_set() {
        let mut rules = TreeRules::default();
        assert_eq!(path_of(&entry(kind::TITLE, "a / b"), &rules), [" a / b"]);
        rules.title_delimiter = "/".to_owned();
        assert_eq!(path_of(&entry(kind::TITLE, "a / b"), &rules), ["a", " b"]);
        assert_eq!(
            path_of(&entry(kind::TITLE, ""), &rules),
            [" Page Name not defined"]
        );
    }

    #[test]
    fn links_go_by_host() {
        let rules = TreeRules::default();
        let path = path_of(&entry(kind::OUTLINK, "https://example.org/a/b"), &rules);
        assert_eq!(path, ["example.org", "/a/b"]);
    }
}
