use catalog::columns::{TableId, conversion};
use model::{Row, Table};

use super::visits::{CART_GOAL, conversion_measures, whole};
use super::{Context, conversion_column};
use crate::{Key, Measure, QueryError, Test, Verb};

/// Counts of one goal, or of all goals (`goal: None`; carts are no conversions then).
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct GoalSplit {
    pub conversions: f64,
    pub visits_converted: f64,
    pub revenue: f64,
    pub subtotal: f64,
    pub tax: f64,
    pub shipping: f64,
    pub discount: f64,
    pub items: f64,
}

fn test(column: usize, verb: Verb) -> Test {
    Test {
        operand: conversion_column(column),
        verb,
    }
}

/// The conversions of a span; `returning` limits them to visits of new or of returning visitors.
pub fn goal_totals(
    context: &Context,
    goal: Option<i64>,
    returning: Option<bool>,
) -> Result<GoalSplit, QueryError> {
    let mut tests = vec![match goal {
        Some(goal) => test(conversion::GOAL, Verb::Is(goal)),
        None => test(conversion::GOAL, Verb::IsNot(CART_GOAL)),
    }];
    tests.extend(returning.map(|returning| {
        let verb = if returning {
            Verb::AtLeast(1)
        } else {
            Verb::Is(0)
        };
        test(conversion::RETURNING, verb)
    }));
    let question = context.question(TableId::Conversions, tests, vec![], conversion_measures());
    let grouped = context.ask(&question)?;
    if grouped.is_empty() {
        return Ok(GoalSplit::default());
    }
    let values = grouped.values(0);
    let money = |at: usize| super::cents(values[at]);
    Ok(GoalSplit {
        conversions: values[0],
        visits_converted: values[1],
        revenue: money(2),
        subtotal: money(3),
        tax: money(4),
        shipping: money(5),
        discount: money(6),
        items: values[7],
    })
}

/// How many conversions fall into each range of a number of the conversion (`visit_count`, days since
/// the first visit); a row's label is its place in the list of ranges.
pub fn conversion_histogram(
    context: &Context,
    goal: Option<i64>,
    column: usize,
    divided_by: i64,
    ranges: &[(i64, Option<i64>)],
) -> Result<Table, QueryError> {
    let tests = vec![match goal {
        Some(goal) => test(conversion::GOAL, Verb::Is(goal)),
        // Orders are no goals here.
        None => test(conversion::GOAL, Verb::AtLeast(1)),
    }];
    let key = Key::Divided(conversion_column(column), divided_by.max(1));
    let question = context.question(TableId::Conversions, tests, vec![key], vec![Measure::Count]);
    let grouped = context.ask(&question)?;
    let mut counts = vec![0.0; ranges.len()];
    for group in 0..grouped.len() {
        let value = grouped.key(group)[0];
        let fits =
            |(from, to): &(i64, Option<i64>)| value >= *from && to.is_none_or(|to| value <= to);
        if let Some(at) = ranges.iter().position(fits) {
            counts[at] += grouped.values(group)[0];
        }
    }
    let rows = counts.into_iter().enumerate().map(|(at, count)| {
        let mut row = Row::labelled(at.to_string());
        row.set("nb_conversions", whole(count));
        row
    });
    Ok(if grouped.is_empty() {
        Table::default()
    } else {
        Table::of(rows.collect())
    })
}
