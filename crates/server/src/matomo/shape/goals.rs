//! Columns that requests add: the standard rates, and one set a goal.

use model::{Row, Value};

use super::metrics::{ProcessedMetric, Unit, quotient};
use crate::matomo::params::GoalColumns;

const REVENUE_DECIMALS: u32 = 2;
const RATE_DECIMALS: u32 = 4;

/// The rates of `filter_add_columns_when_show_all_columns`.
pub fn standard() -> Vec<ProcessedMetric> {
    vec![
        ProcessedMetric::ratio(
            "conversion_rate",
            "nb_visits_converted",
            "nb_visits",
            RATE_DECIMALS,
            Unit::Percent,
        ),
        ProcessedMetric::ratio(
            "nb_actions_per_visit",
            "nb_actions",
            "nb_visits",
            1,
            Unit::Number,
        ),
        ProcessedMetric::ratio(
            "avg_time_on_site",
            "sum_visit_length",
            "nb_visits",
            0,
            Unit::Duration,
        ),
        ProcessedMetric::ratio("bounce_rate", "bounce_count", "nb_visits", 2, Unit::Percent),
    ]
}

/// Which columns a goal gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// None.
    Minimal,
    /// Only the conversion rate.
    Overview,
    /// All columns of all goals.
    Full,
    /// All columns of one goal.
    Single,
    /// Entry pages.
    Entries,
    /// Any pages.
    Pages,
    Ecommerce,
}

/// The columns of `filter_update_columns_when_show_all_goals`; `found` are the goals in the table.
pub fn of_goals(asked: &GoalColumns, found: &[String]) -> Vec<ProcessedMetric> {
    let kind = kind(&asked.id_goal);
    let mut metrics = standard();
    if !matches!(kind, Kind::Full | Kind::Entries | Kind::Pages) {
        let name = "revenue_per_visit";
        metrics.push(ProcessedMetric::computed(
            name,
            Unit::Money,
            revenue_per_visit,
        ));
    }
    if kind == Kind::Minimal {
        return metrics;
    }
    for goal in goals(asked, found) {
        let single = matches!(kind, Kind::Single | Kind::Ecommerce);
        if !single || goal == asked.id_goal {
            add(&mut metrics, &goal, kind);
        }
    }
    metrics
}

fn kind(id_goal: &str) -> Kind {
    match id_goal {
        "ecommerceOrder" | "ecommerceAbandonedCart" => Kind::Ecommerce,
        "-1" => Kind::Overview,
        "-2" => Kind::Minimal,
        "-3" => Kind::Entries,
        "-4" => Kind::Pages,
        id if id.parse::<i64>().is_ok_and(|id| id > 0) => Kind::Single,
        _ => Kind::Full,
    }
}

/// The goals in the table and those asked for; numbers in order where any are asked for.
fn goals(asked: &GoalColumns, found: &[String]) -> Vec<String> {
    let mut goals = found.to_vec();
    for goal in &asked.goals {
        let goal = goal.to_string();
        if !goals.contains(&goal) {
            goals.push(goal);
        }
    }
    if !asked.goals.is_empty() {
        goals.sort_by_key(|goal| goal.parse::<i64>().unwrap_or(i64::MIN));
    }
    goals
}

fn add(metrics: &mut Vec<ProcessedMetric>, goal: &str, kind: Kind) {
    let mut column = |name: &str, unit, compute: fn(&Row, Option<&Value>) -> Value| {
        let id = goal.to_owned();
        let name = format!("goal_{goal}_{name}");
        metrics.push(ProcessedMetric::computed(name, unit, move |row: &Row| {
            Some(compute(row, goal_of(row, &id)))
        }));
    };
    column("conversion_rate", Unit::Percent, |row, goal| {
        quotient(
            field(goal, "nb_conversions"),
            row.number("nb_visits"),
            RATE_DECIMALS,
        )
    });
    if kind == Kind::Overview {
        return;
    }
    column("nb_conversions", Unit::Number, |_, goal| {
        raw(goal, "nb_conversions")
    });
    column("revenue_per_visit", Unit::Money, |row, goal| {
        let visits = match row.number("nb_visits") {
            0.0 => field(goal, "nb_conversions"),
            visits => visits,
        };
        quotient(field(goal, "revenue"), visits, REVENUE_DECIMALS)
    });
    column("revenue", Unit::Money, |_, goal| raw(goal, "revenue"));
    match kind {
        Kind::Ecommerce => {
            column("avg_order_revenue", Unit::Money, |_, goal| {
                let orders = field(goal, "nb_conversions");
                quotient(field(goal, "revenue"), orders, REVENUE_DECIMALS)
            });
            column("items", Unit::Number, |_, goal| raw(goal, "items"));
        }
        Kind::Entries => {
            column("nb_conversions_entry", Unit::Number, |_, goal| {
                raw(goal, "nb_conversions_entry")
            });
            column("revenue_per_entry", Unit::Money, |row, goal| {
                let revenue = field(goal, "revenue_entry");
                quotient(revenue, row.number("entry_nb_visits"), REVENUE_DECIMALS)
            });
            column("revenue_entry", Unit::Money, |_, goal| {
                raw(goal, "revenue_entry")
            });
            column("nb_conversions_entry_rate", Unit::Percent, |row, goal| {
                let conversions = field(goal, "nb_conversions_entry");
                quotient(conversions, row.number("entry_nb_visits"), 3)
            });
        }
        Kind::Pages => {
            column("nb_conversions_attrib", Unit::Number, |_, goal| {
                raw(goal, "nb_conversions_attrib")
            });
            column("revenue_attrib", Unit::Money, |_, goal| {
                raw(goal, "revenue_attrib")
            });
            column("nb_conversions_page_rate", Unit::Percent, |_, goal| {
                raw(goal, "nb_conversions_page_rate")
            });
        }
        _ => {}
    }
}

/// The `goals` entry of a row for one goal.
fn goal_of<'a>(row: &'a Row, id: &str) -> Option<&'a Value> {
    let Some(Value::Map(goals)) = row.get("goals") else {
        return None;
    };
    let of_id = |key: &str| key.strip_prefix("idgoal=").unwrap_or(key) == id;
    let goal = goals.iter().find(|(key, _)| of_id(key));
    goal.map(|(_, fields)| fields)
}

fn raw(goal: Option<&Value>, name: &str) -> Value {
    let Some(Value::Map(fields)) = goal else {
        return Value::Int(0);
    };
    let field = fields.iter().find(|(known, _)| known == name);
    field.map_or(Value::Int(0), |(_, value)| value.clone())
}

fn field(goal: Option<&Value>, name: &str) -> f64 {
    raw(goal, name).number()
}

/// Whole revenue of all goals but abandoned carts, or of the row, a visit; a conversion where there
/// are no visits.
fn revenue_per_visit(row: &Row) -> Option<Value> {
    let mut revenue = 0.0;
    if let Some(Value::Map(goals)) = row.get("goals") {
        for (key, goal) in goals {
            let cart = key.ends_with("ecommerceAbandonedCart") || key == "-1";
            if !cart {
                revenue += field(Some(goal), "revenue").trunc();
            }
        }
    }
    if revenue == 0.0 {
        revenue = row.number("revenue").trunc();
    }
    let visits = match row.number("nb_visits").trunc() {
        0.0 => row.number("nb_conversions").trunc(),
        visits => visits,
    };
    Some(quotient(revenue, visits, REVENUE_DECIMALS))
}

/// The ids of the goals that any row of a table has, in the order met.
pub fn in_table<'a>(rows: impl Iterator<Item = &'a Row>) -> Vec<String> {
    let mut ids: Vec<String> = Vec::new();
    for row in rows {
        let Some(Value::Map(goals)) = row.get("goals") else {
            continue;
        };
        for (key, _) in goals {
            let id = key.strip_prefix("idgoal=").unwrap_or(key);
            if !ids.iter().any(|known| known == id) {
                ids.push(id.to_owned());
            }
        }
    }
    ids
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::matomo::shape::metrics::compute;
    use model::Table;
    use std::borrow::Cow;

    fn row() -> Row {
        let mut row = Row::labelled("a");
        row.set("nb_visits", 10);
        row.set("revenue", 31);
        let goal = |conversions: i64, revenue: f64| {
            Value::Map(vec![
                (Cow::Borrowed("nb_conversions"), Value::Int(conversions)),
                (Cow::Borrowed("revenue"), Value::Float(revenue)),
            ])
        };
        row.set(
            "goals",
            Value::Map(vec![
                (Cow::Borrowed("idgoal=1"), goal(1, 0.0)),
                (Cow::Borrowed("idgoal=3"), goal(3, 31.9)),
                (
                    Cow::Borrowed("idgoal=ecommerceAbandonedCart"),
                    goal(9, 900.0),
                ),
            ]),
        );
        row
    }

    fn columns(id_goal: &str, goals: &[i64]) -> Vec<(String, f64)> {
        let asked = GoalColumns {
            id_goal: id_goal.to_owned(),
            goals: goals.to_vec(),
        };
        let mut table = Table::of(vec![row()]);
        let found = in_table(table.all_rows());
        compute(&mut table, &of_goals(&asked, &found));
        table.rows[0]
            .columns
            .iter()
            .skip(8)
            .map(|(name, value)| (name.to_string(), value.number()))
            .collect()
    }

    #[test]
    fn overview_has_rates_only() {
        assert_eq!(
            columns("-1", &[]),
            [
                ("revenue_per_visit", 3.1),
                ("goal_1_conversion_rate", 0.1),
                ("goal_3_conversion_rate", 0.3),
                ("goal_ecommerceAbandonedCart_conversion_rate", 0.9),
            ]
            .map(|(name, value)| (name.to_owned(), value))
        );
    }

    #[test]
    fn one_goal_has_all() {
        assert_eq!(
            columns("3", &[1, 3]),
            [
                ("revenue_per_visit", 3.1),
                ("goal_3_conversion_rate", 0.3),
                ("goal_3_nb_conversions", 3.0),
                ("goal_3_revenue_per_visit", 3.19),
                ("goal_3_revenue", 31.9),
            ]
            .map(|(name, value)| (name.to_owned(), value))
        );
    }
}
