use std::collections::BTreeMap;

use catalog::columns::TableId;
use model::{Row, Table, Value};

use super::fold::{Builder, add_row};
use super::{Context, Grain, Group};
use crate::{Key, Measure, QueryError, Test};

/// A breakdown in two levels: rows by `parent`, each with a sub-table by `child`.
pub(super) struct TwoLevels<'a> {
    pub table: TableId,
    pub tests: Vec<Test>,
    pub parent: Key,
    pub child: Key,
    /// More columns that split the raw groups in Matomo, whose parents are sums over these.
    pub extra: Vec<Key>,
    pub measures: Vec<Measure>,
    pub columns: &'a dyn Fn(&[f64]) -> Vec<(&'static str, Value)>,
    pub parent_label: &'a dyn Fn(i64) -> String,
    pub child_label: &'a dyn Fn(i64) -> String,
}

/// Rows with sub-tables while a part is put together.
#[derive(Default)]
pub(super) struct Tree {
    root: Vec<(String, Node)>,
    places: ahash::AHashMap<String, usize>,
}

struct Node {
    row: Row,
    children: Builder,
}

impl Tree {
    pub(super) fn node(&mut self, label: &str) -> usize {
        match self.places.get(label) {
            Some(at) => *at,
            None => {
                let node = Node {
                    row: Row::labelled(label),
                    children: Builder::new(),
                };
                self.places.insert(label.to_owned(), self.root.len());
                self.root.push((label.to_owned(), node));
                self.root.len() - 1
            }
        }
    }

    pub(super) fn has(&self, label: &str) -> bool {
        self.places.contains_key(label)
    }

    pub(super) fn row(&mut self, label: &str) -> &mut Row {
        let at = self.node(label);
        &mut self.root[at].1.row
    }

    pub(super) fn children(&mut self, label: &str) -> &mut Builder {
        let at = self.node(label);
        &mut self.root[at].1.children
    }

    pub(super) fn table(self) -> Table {
        let rows = self.root.into_iter().map(|(_, node)| {
            let mut row = node.row;
            if !node.children.table.rows.is_empty() {
                row.subtable = Some(Box::new(node.children.table));
            }
            row
        });
        Table::of(rows.collect())
    }
}

/// One tree for each part of the span.
pub(super) fn two_levels(
    context: &Context,
    levels: &TwoLevels,
) -> Result<BTreeMap<i64, Tree>, QueryError> {
    match context.grain {
        Grain::Day => summed(context, levels),
        Grain::Whole => exact(context, levels),
    }
}

/// As Matomo: both levels are sums of the finest groups, so a visitor in two of them counts twice.
fn summed(context: &Context, levels: &TwoLevels) -> Result<BTreeMap<i64, Tree>, QueryError> {
    let mut keys = vec![levels.parent.clone(), levels.child.clone()];
    keys.extend(levels.extra.iter().cloned());
    let parts = context.ask_by_part(
        levels.table,
        levels.tests.clone(),
        keys,
        levels.measures.clone(),
    )?;
    let build = |groups: Vec<Group>| {
        let mut tree = Tree::default();
        for group in groups {
            let parent = (levels.parent_label)(group.keys[0]);
            let child = (levels.child_label)(group.keys[1]);
            let mut addition = Row::default();
            for (name, value) in (levels.columns)(&group.values) {
                addition.set(name, value);
            }
            add_row(tree.row(&parent), addition);
            tree.children(&parent)
                .add(&child, (levels.columns)(&group.values));
        }
        tree
    };
    Ok(parts
        .into_iter()
        .map(|(part, groups)| (part, build(groups)))
        .collect())
}

/// Each level is counted by itself: exact for every row.
fn exact(context: &Context, levels: &TwoLevels) -> Result<BTreeMap<i64, Tree>, QueryError> {
    let ask = |keys: Vec<Key>| {
        context.ask_by_part(
            levels.table,
            levels.tests.clone(),
            keys,
            levels.measures.clone(),
        )
    };
    let mut trees: BTreeMap<i64, Tree> = BTreeMap::new();
    for (part, groups) in ask(vec![levels.parent.clone()])? {
        let tree = trees.entry(part).or_default();
        for group in groups {
            let row = tree.row(&(levels.parent_label)(group.keys[0]));
            for (name, value) in (levels.columns)(&group.values) {
                row.set(name, value);
            }
        }
    }
    for (part, groups) in ask(vec![levels.parent.clone(), levels.child.clone()])? {
        let tree = trees.entry(part).or_default();
        for group in groups {
            let parent = (levels.parent_label)(group.keys[0]);
            let child = (levels.child_label)(group.keys[1]);
            tree.children(&parent)
                .add(&child, (levels.columns)(&group.values));
        }
    }
    Ok(trees)
}
