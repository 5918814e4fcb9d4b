//! The `goals` of pages: conversions that a page view came before, and those of visits that began there.

use std::collections::BTreeMap;

use catalog::columns::{TableId, conversion};
use model::{Name, Row, Table, Value};

use super::actions::{ActionRecord, entry_of};
use super::tree::ActionTree;
use super::visits::{CART_GOAL, goal_key, whole};
use super::{Context, cents, conversion_column, number, visit_column};
use crate::engine::{PathGroup, PathQuestion, paths};
use crate::{Key, Measure, QueryError};

const RATE: &str = "nb_conversions_page_rate";
const UNIQUE: &str = "nb_conversions_page_uniq";

pub(super) fn add(
    context: &Context,
    record: ActionRecord,
    entry_column: usize,
    parts: &mut BTreeMap<i64, ActionTree>,
) -> Result<(), QueryError> {
    add_paths(context, record, parts)?;
    add_entries(context, record, entry_column, parts)
}

fn add_paths(
    context: &Context,
    record: ActionRecord,
    parts: &mut BTreeMap<i64, ActionTree>,
) -> Result<(), QueryError> {
    let question = PathQuestion {
        sites: vec![context.site],
        from: context.from(),
        to: context.to(),
        filter: context.filter.clone(),
        page: record.label_column(),
        by_day: context.is_folded().then(|| context.zone.clone()),
    };
    let mut groups = paths(context.view, &question, context.limits)?;
    groups.sort_by_key(|group| group.goal);
    for group in groups {
        let row = parts
            .get_mut(&group.day)
            .and_then(|tree| tree.known_leaf(entry_of(context, record, group.page)?, context.tree));
        if let Some(row) = row {
            add_to_goal(row, group.goal, path_columns(&group));
        }
    }
    Ok(())
}

/// Nothing is shared out for a cart: it is no conversion yet.
fn path_columns(group: &PathGroup) -> Vec<(&'static str, Value)> {
    let mut columns = vec![
        ("nb_conversions", whole(group.views)),
        ("revenue", number(group.revenue)),
    ];
    if group.goal == CART_GOAL || group.pages_before == 0 {
        columns.push((UNIQUE, whole(group.views)));
        return columns;
    }
    columns.push(("nb_conv_pages_before", Value::Int(group.pages_before)));
    columns.push(("nb_conversions_attrib", number(rounded(group.share, 4))));
    columns.push((RATE, Value::Int(0)));
    columns.push((UNIQUE, whole(group.views)));
    columns.push(("revenue_attrib", number(cents(group.revenue_share))));
    columns
}

fn rounded(value: f64, decimals: i32) -> f64 {
    let scale = 10f64.powi(decimals);
    (value * scale).round() / scale
}

fn add_entries(
    context: &Context,
    record: ActionRecord,
    entry_column: usize,
    parts: &mut BTreeMap<i64, ActionTree>,
) -> Result<(), QueryError> {
    let keys = vec![
        Key::Column(visit_column(entry_column)),
        Key::Column(conversion_column(conversion::GOAL)),
    ];
    let measures = vec![
        Measure::Count,
        Measure::SumFloat(conversion_column(conversion::REVENUE)),
    ];
    for (part, mut groups) in
        context.ask_by_part(TableId::Conversions, Vec::new(), keys, measures)?
    {
        groups.retain(|group| group.keys[1] != CART_GOAL);
        groups.sort_by_key(|group| group.keys[1]);
        for group in groups {
            let row = parts.get_mut(&part).and_then(|tree| {
                tree.known_leaf(entry_of(context, record, group.keys[0])?, context.tree)
            });
            let Some(row) = row else {
                continue;
            };
            let (conversions, revenue) = (group.values[0], cents(group.values[1]));
            let entries = row.number("entry_nb_visits");
            let per_entry = |value: f64| match entries > 0.0 {
                true => number(rounded(value / entries, 3)),
                false => Value::Int(0),
            };
            let columns = vec![
                ("revenue_entry", number(revenue)),
                ("nb_conversions_entry_rate", per_entry(conversions)),
                ("revenue_per_entry", per_entry(revenue)),
                ("nb_conversions_entry", whole(conversions)),
            ];
            add_to_goal(row, group.keys[1], columns);
        }
    }
    Ok(())
}

/// Adds to a goal of a row. Several addresses may share a leaf; the most pages before counts for all.
fn add_to_goal(row: &mut Row, goal: i64, columns: Vec<(&'static str, Value)>) {
    if row.get("goals").is_none() {
        row.set("goals", Value::Map(Vec::new()));
    }
    let Some(Value::Map(goals)) = row.get_mut("goals") else {
        return;
    };
    let key = goal_key(goal);
    let at = match goals.iter().position(|(known, _)| *known == key) {
        Some(at) => at,
        None => {
            goals.push((key, Value::Map(Vec::new())));
            goals.len() - 1
        }
    };
    let Value::Map(fields) = &mut goals[at].1 else {
        return;
    };
    for (name, value) in columns {
        match fields.iter_mut().find(|(known, _)| known == name) {
            None => fields.push((Name::from(name), value)),
            Some((_, own)) if name == "nb_conv_pages_before" => {
                *own = number(own.number().max(value.number()));
            }
            Some((_, own)) => *own = number(own.number() + value.number()),
        }
    }
}

/// Writes into the rows of a table which share of a goal's conversions each page came before.
/// A folder's pages may count more often than once, so the share ends at 1.
pub fn set_page_rates(context: &Context, table: &mut Table) -> Result<(), QueryError> {
    let has_goals = table.all_rows().any(|row| row.get("goals").is_some());
    if !has_goals {
        return Ok(());
    }
    let keys = vec![Key::Column(conversion_column(conversion::GOAL))];
    let question = context.question(TableId::Conversions, vec![], keys, vec![Measure::Count]);
    let grouped = context.ask(&question)?;
    let totals: Vec<(Name, f64)> = (0..grouped.len())
        .map(|group| (goal_key(grouped.key(group)[0]), grouped.values(group)[0]))
        .collect();
    for row in table.all_rows_mut() {
        let Some(Value::Map(goals)) = row.get_mut("goals") else {
            continue;
        };
        for (key, fields) in goals {
            let total = totals.iter().find(|(known, _)| known == key);
            if let (Value::Map(fields), Some((_, total))) = (fields, total) {
                set_rate(fields, *total);
            }
        }
    }
    Ok(())
}

fn set_rate(fields: &mut Vec<(Name, Value)>, total: f64) {
    let Some((_, views)) = fields.iter().find(|(name, _)| name == UNIQUE) else {
        return;
    };
    let rate = number(rounded(views.number() / total.max(1.0), 3).min(1.0));
    match fields.iter_mut().find(|(name, _)| name == RATE) {
        Some((_, own)) => *own = rate,
        None => fields.push((RATE.into(), rate)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(row: &Row) -> Vec<(String, f64)> {
        let Some(Value::Map(goals)) = row.get("goals") else {
            return Vec::new();
        };
        let Value::Map(fields) = &goals[0].1 else {
            return Vec::new();
        };
        let pair = |(name, value): &(Name, Value)| (name.to_string(), value.number());
        fields.iter().map(pair).collect()
    }

    #[test]
    fn addresses_of_one_leaf_add_up_but_keep_the_most_pages() {
        let mut row = Row::default();
        for pages in [2, 3] {
            let columns = vec![
                ("nb_conversions", Value::Int(1)),
                ("nb_conv_pages_before", Value::Int(pages)),
            ];
            add_to_goal(&mut row, 7, columns);
        }
        let expected = [("nb_conversions", 2.0), ("nb_conv_pages_before", 3.0)];
        assert_eq!(
            fields(&row),
            expected.map(|(name, value)| (name.to_owned(), value))
        );
    }

    #[test]
    fn a_rate_ends_at_one_and_needs_page_views() {
        for (views, total, rate) in [
            (Some(1), 3.0, Some(0.333)),
            (Some(9), 5.0, Some(1.0)),
            (None, 5.0, None),
        ] {
            let mut fields: Vec<(Name, Value)> = Vec::new();
            if let Some(views) = views {
                fields.push((UNIQUE.into(), Value::Int(views)));
            }
            set_rate(&mut fields, total);
            let found = fields.iter().find(|(name, _)| name == RATE);
            assert_eq!(found.map(|(_, value)| value.number()), rate, "{views:?}");
        }
    }
}
