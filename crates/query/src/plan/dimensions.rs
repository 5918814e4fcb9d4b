use std::collections::BTreeMap;

use catalog::columns::{TableId, VARIABLE_SLOTS, action, conversion, visit};
use model::{Name, Row, Table, Value};

use super::actions::{hit_columns, hit_measures};
use super::levels::{Tree, TwoLevels, two_levels};
use super::visits::{
    add_goals, as_day, by_label, conversion_measures, visit_measures, visit_values, whole,
};
use super::{Context, Group, action_column, conversion_column, visit_column};
use crate::{Key, Measure, QueryError, Test, Verb};

/// An action-scope custom dimension: its values, each with the pages it was seen on.
pub fn action_dimension(context: &Context, slot: usize) -> Result<Table, QueryError> {
    let column = action_column(action::SLOT_1 + slot - 1);
    let mut measures = hit_measures();
    measures.push(Measure::Sum(action_column(action::SECONDS)));
    let text = |id: i64| context.view.texts.text(id).to_owned();
    let page = |id: i64| context.view.actions.text(id).to_owned();
    let levels = TwoLevels {
        table: TableId::Actions,
        tests: vec![Test {
            operand: column,
            verb: Verb::IsNot(0),
        }],
        parent: Key::Column(column),
        child: Key::Column(action_column(action::URL)),
        extra: Vec::new(),
        measures,
        columns: &|values| {
            let (hits, seconds) = values.split_at(values.len() - 1);
            let mut columns = hit_columns(hits);
            columns.push(("sum_time_spent", whole(seconds[0])));
            // Here what was never measured is 0.
            for (_, value) in &mut columns {
                if value.is_null() {
                    *value = Value::Int(0);
                }
            }
            columns
        },
        parent_label: &text,
        child_label: &page,
    };
    let parts = two_levels(context, &levels)?;
    let tables = parts.into_values().map(|tree| tree.table());
    Ok(context.fold(tables, context.rows.custom_dimensions))
}

/// Custom variables of both scopes by name and then value, each with the slots it was seen in.
pub fn custom_variables(context: &Context) -> Result<Table, QueryError> {
    let mut parts: BTreeMap<i64, Tree> = BTreeMap::new();
    for index in 0..VARIABLE_SLOTS {
        visit_variables(context, index, &mut parts)?;
        page_variables(context, index, &mut parts)?;
    }
    variable_goals(context, &mut parts)?;
    let tables = parts.into_values().map(|tree| tree.table());
    Ok(context.fold(tables, context.rows.custom_variables))
}

fn visit_variables(
    context: &Context,
    index: usize,
    parts: &mut BTreeMap<i64, Tree>,
) -> Result<(), QueryError> {
    let name = visit_column(visit::VARIABLE_NAME_1 + index);
    let value = visit_column(visit::VARIABLE_VALUE_1 + index);
    let tests = vec![Test {
        operand: name,
        verb: Verb::IsNot(0),
    }];
    let keys = vec![Key::Column(name), Key::Column(value)];
    for (part, groups) in context.ask_by_part(TableId::Visits, tests, keys, visit_measures())? {
        let tree = parts.entry(part).or_default();
        for group in groups {
            let text = |at: usize| context.view.texts.text(group.keys[at]).to_owned();
            let mut columns = as_day(context, visit_values(&group.values));
            // A person may be in several rows of a name, so the count of one day is not given.
            if !context.is_folded() {
                columns.retain(|(name, _)| *name != "nb_uniq_visitors");
            }
            add(tree, &text(0), &text(1), columns);
            add_slot(tree.row(&text(0)), "visit", index + 1);
        }
    }
    Ok(())
}

/// Goals by name and value, whichever slots they were in.
fn variable_goals(context: &Context, parts: &mut BTreeMap<i64, Tree>) -> Result<(), QueryError> {
    let mut found: BTreeMap<i64, Vec<Group>> = BTreeMap::new();
    for index in 0..VARIABLE_SLOTS {
        let name = conversion_column(conversion::VARIABLE_NAME_1 + index);
        let value = conversion_column(conversion::VARIABLE_VALUE_1 + index);
        let goal = Key::Column(conversion_column(conversion::GOAL));
        let tests = vec![Test {
            operand: name,
            verb: Verb::IsNot(0),
        }];
        let keys = vec![goal, Key::Column(name), Key::Column(value)];
        let measures = conversion_measures();
        for (part, groups) in context.ask_by_part(TableId::Conversions, tests, keys, measures)? {
            found.entry(part).or_default().extend(groups);
        }
    }
    let text = |id: i64| context.view.texts.text(id);
    for (part, groups) in found {
        let Some(tree) = parts.get_mut(&part) else {
            continue;
        };
        // A control character cannot stand in a stored text, so the joined label splits back.
        let pairs = by_label(groups, |group| {
            format!("{}\u{1}{}", text(group.keys[1]), text(group.keys[2]))
        });
        let mut names: Vec<String> = Vec::new();
        for (label, goals) in pairs {
            let Some((name, value)) = label.split_once('\u{1}') else {
                continue;
            };
            if tree.has(name) && tree.children(name).has(value) {
                add_goals(tree.children(name).row(value), goals);
                if !names.iter().any(|own| own == name) {
                    names.push(name.to_owned());
                }
            }
        }
        for name in names {
            sum_child_goals(tree, &name);
        }
    }
    Ok(())
}

/// A name's goals are the sums of its values' goals.
fn sum_child_goals(tree: &mut Tree, name: &str) {
    let mut sum = Row::default();
    for child in &tree.children(name).table.rows {
        let mut part = Row::default();
        for column in ["goals", "nb_conversions", "revenue"] {
            if let Some(value) = child.get(column) {
                part.set(column, value.clone());
            }
        }
        super::fold::add_row(&mut sum, part);
    }
    let row = tree.row(name);
    for (column, value) in sum.columns {
        row.set(column, value);
    }
}

fn page_variables(
    context: &Context,
    index: usize,
    parts: &mut BTreeMap<i64, Tree>,
) -> Result<(), QueryError> {
    let name = action_column(action::VARIABLE_NAME_1 + index);
    let value = action_column(action::VARIABLE_VALUE_1 + index);
    let tests = vec![Test {
        operand: name,
        verb: Verb::IsNot(0),
    }];
    let keys = vec![Key::Column(name), Key::Column(value)];
    let measures = vec![
        Measure::Distinct(action_column(action::VISIT)),
        Measure::Count,
        Measure::Distinct(visit_column(visit::VISITOR)),
    ];
    for (part, groups) in context.ask_by_part(TableId::Actions, tests, keys, measures)? {
        let tree = parts.entry(part).or_default();
        for group in groups {
            let text = |at: usize| context.view.texts.text(group.keys[at]).to_owned();
            let actions = ("nb_actions", whole(group.values[1]));
            // Visits with several values of a name would count twice in the name's row.
            add_to_name(tree.row(&text(0)), std::slice::from_ref(&actions));
            let mut columns = vec![("nb_visits", whole(group.values[0])), actions];
            if context.is_folded() {
                columns.push(("nb_uniq_visitors", whole(group.values[2])));
            }
            tree.children(&text(0)).add(&text(1), columns);
            add_slot(tree.row(&text(0)), "page", index + 1);
        }
    }
    Ok(())
}

fn add(tree: &mut Tree, name: &str, value: &str, columns: Vec<(&'static str, Value)>) {
    add_to_name(tree.row(name), &columns);
    tree.children(name).add(value, columns);
}

fn add_to_name(row: &mut Row, columns: &[(&'static str, Value)]) {
    let mut addition = Row::default();
    for (column, value) in columns {
        addition.set(*column, value.clone());
    }
    super::fold::add_row(row, addition);
}

fn add_slot(row: &mut Row, scope: &'static str, index: usize) {
    let slot = Value::Map(vec![
        (Name::from("scope"), scope.into()),
        (Name::from("index"), Value::Int(index as i64)),
    ]);
    match row.metadata.iter_mut().find(|(name, _)| name == "slots") {
        Some((_, Value::List(slots))) => {
            if !slots.contains(&slot) {
                slots.push(slot);
            }
        }
        _ => row.set_meta("slots", Value::List(vec![slot])),
    }
}
