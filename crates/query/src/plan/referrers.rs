use std::collections::BTreeMap;

use catalog::columns::{TableId, conversion, visit};
use model::Table;

use super::levels::{TwoLevels, two_levels};
use super::visits::{GoalCounts, add_goals, by_label, conversion_measures, test, text_of};
use super::visits::{visit_measures, visit_values};
use super::{Context, conversion_column, visit_column};
use crate::{Key, QueryError, Test, Verb};

/// Two levels of one kind of referrer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReferrerRecord {
    /// `visit::REFERRER_TYPE` of the rows.
    pub kind: i64,
    /// `visit` columns of the first level and of the second.
    pub levels: (usize, usize),
}

const COLUMNS: [usize; 3] = [
    visit::REFERRER_NAME,
    visit::REFERRER_KEYWORD,
    visit::REFERRER_URL,
];

/// The attributed column of a conversion that answers for a column of the visit.
fn conversion_twin(column: usize) -> Option<usize> {
    match column {
        visit::REFERRER_NAME => Some(conversion::REFERRER_NAME),
        visit::REFERRER_KEYWORD => Some(conversion::REFERRER_KEYWORD),
        _ => None,
    }
}

pub fn referrers(context: &Context, record: &ReferrerRecord) -> Result<Table, QueryError> {
    let (parent, child) = record.levels;
    let text = |id: i64| text_of(context, catalog::columns::Kind::Text, id);
    let key = |column: usize| Key::Column(visit_column(column));
    let levels = TwoLevels {
        table: TableId::Visits,
        tests: vec![test(visit::REFERRER_TYPE, Verb::Is(record.kind))],
        parent: key(parent),
        child: key(child),
        extra: COLUMNS
            .into_iter()
            .filter(|column| ![parent, child].contains(column))
            .map(key)
            .collect(),
        measures: visit_measures(),
        columns: &visit_values,
        parent_label: &text,
        child_label: &text,
    };
    let mut parts = two_levels(context, &levels)?;
    for (part, goals) in goals(context, record)? {
        let tree = parts.entry(part).or_default();
        for (label, counts) in goals {
            add_goals(tree.row(&label), counts);
        }
    }
    if record.kind == CAMPAIGN {
        for (part, goals) in child_goals(context, record)? {
            let tree = parts.entry(part).or_default();
            for ((parent, label), counts) in goals {
                add_goals(tree.children(&parent).row(&label), counts);
            }
        }
    }
    Ok(context.fold(
        parts.into_values().map(|tree| tree.table()),
        context.rows.referrers,
    ))
}

type Goals = Vec<(String, Vec<GoalCounts>)>;

const CAMPAIGN: i64 = 6;

type ChildGoals = Vec<((String, String), Vec<GoalCounts>)>;

/// The goals of the second level, which only campaigns have.
fn child_goals(
    context: &Context,
    record: &ReferrerRecord,
) -> Result<BTreeMap<i64, ChildGoals>, QueryError> {
    let (Some(parent), Some(child)) = (
        conversion_twin(record.levels.0),
        conversion_twin(record.levels.1),
    ) else {
        return Ok(BTreeMap::new());
    };
    let tests = vec![Test {
        operand: conversion_column(conversion::REFERRER_TYPE),
        verb: Verb::Is(record.kind),
    }];
    let keys = [conversion::GOAL, parent, child]
        .map(|column| Key::Column(conversion_column(column)))
        .to_vec();
    let parts = context.ask_by_part(TableId::Conversions, tests, keys, conversion_measures())?;
    let text = |id: i64| context.view.texts.text(id);
    let split = |groups: Vec<super::Group>| -> ChildGoals {
        // A control character cannot stand in a stored text, so the joined label splits back.
        let joined = by_label(groups, |group| {
            format!("{}\u{1}{}", text(group.keys[1]), text(group.keys[2]))
        });
        let split = joined.into_iter().filter_map(|(label, goals)| {
            let (parent, child) = label.split_once('\u{1}')?;
            Some(((parent.to_owned(), child.to_owned()), goals))
        });
        split.collect()
    };
    Ok(parts
        .into_iter()
        .map(|(part, groups)| (part, split(groups)))
        .collect())
}

/// The goals of the first level.
fn goals(context: &Context, record: &ReferrerRecord) -> Result<BTreeMap<i64, Goals>, QueryError> {
    let Some(parent) = conversion_twin(record.levels.0) else {
        return Ok(BTreeMap::new());
    };
    let tests = vec![Test {
        operand: conversion_column(conversion::REFERRER_TYPE),
        verb: Verb::Is(record.kind),
    }];
    let column = |column| Key::Column(conversion_column(column));
    let keys = vec![column(conversion::GOAL), column(parent)];
    let parts = context.ask_by_part(TableId::Conversions, tests, keys, conversion_measures())?;
    let text = |group: &super::Group| context.view.texts.text(group.keys[1]).to_owned();
    Ok(parts
        .into_iter()
        .map(|(part, groups)| (part, by_label(groups, text)))
        .collect())
}
