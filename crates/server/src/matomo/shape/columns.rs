//! Hiding and showing columns, and the numbers that columns had before they got names.

use std::borrow::Cow;

use model::{Name, Row, Table, Value};

/// Takes the named columns away, in sub-tables too; with `inside` also within lists of rows.
pub fn hide(table: &mut Table, names: &[String], inside: bool) {
    let hidden = |name: &str| names.iter().any(|hidden| hidden == name);
    for row in table.all_rows_mut() {
        row.columns.retain(|(name, _)| !hidden(name));
        if inside {
            for (_, value) in &mut row.columns {
                hide_inside(value, &hidden);
            }
        }
        if let Some(inner) = &mut row.subtable {
            hide(inner, names, inside);
        }
    }
}

/// Takes the named fields away from every map at any depth.
pub fn hide_inside(value: &mut Value, hidden: &dyn Fn(&str) -> bool) {
    match value {
        Value::Map(fields) => {
            fields.retain(|(name, _)| !hidden(name));
            for (_, inner) in fields {
                hide_inside(inner, hidden);
            }
        }
        Value::List(items) => {
            for inner in items {
                hide_inside(inner, hidden);
            }
        }
        _ => {}
    }
}

/// Keeps the named columns, those that begin with such a name and `__`, and the label.
pub fn show(table: &mut Table, names: &[String]) {
    for row in table.all_rows_mut() {
        row.columns.retain(|(name, _)| is_shown(name, names));
        if let Some(inner) = &mut row.subtable {
            show(inner, names);
        }
    }
}

/// Whether a column stays when only the named ones are asked for.
pub fn is_shown(name: &str, names: &[String]) -> bool {
    name == "label"
        || names.iter().any(|shown| {
            name.strip_prefix(shown.as_str())
                .is_some_and(|rest| rest.is_empty() || rest.starts_with("__"))
        })
}

/// Columns by number, as stored tables name them.
const NUMBERED: &[(&str, u32)] = &[
    ("nb_uniq_visitors", 1),
    ("nb_visits", 2),
    ("nb_actions", 3),
    ("max_actions", 4),
    ("sum_visit_length", 5),
    ("bounce_count", 6),
    ("nb_visits_converted", 7),
    ("nb_conversions", 8),
    ("revenue", 9),
    ("goals", 10),
    ("sum_daily_nb_uniq_visitors", 11),
    ("nb_hits", 12),
    ("sum_time_spent", 13),
    ("exit_nb_uniq_visitors", 14),
    ("exit_nb_visits", 15),
    ("sum_daily_exit_nb_uniq_visitors", 16),
    ("entry_nb_uniq_visitors", 17),
    ("sum_daily_entry_nb_uniq_visitors", 18),
    ("entry_nb_visits", 19),
    ("entry_nb_actions", 20),
    ("entry_sum_visit_length", 21),
    ("entry_bounce_count", 22),
    ("quantity", 23),
    ("price", 25),
    ("orders", 26),
    ("price_viewed", 27),
    ("nb_hits_following_search", 29),
    ("sum_time_generation", 30),
    ("nb_hits_with_time_generation", 31),
    ("min_time_generation", 32),
    ("max_time_generation", 33),
    ("nb_events", 34),
    ("sum_event_value", 35),
    ("min_event_value", 36),
    ("max_event_value", 37),
    ("nb_events_with_value", 38),
    ("nb_users", 39),
    ("sum_daily_nb_users", 40),
    ("nb_impressions", 41),
    ("nb_interactions", 42),
];

/// Columns of a goal by number.
const NUMBERED_OF_GOAL: &[(&str, u32)] = &[
    ("nb_conversions", 1),
    ("revenue", 2),
    ("nb_visits_converted", 3),
    ("revenue_subtotal", 4),
    ("revenue_tax", 5),
    ("revenue_shipping", 6),
    ("revenue_discount", 7),
    ("items", 8),
    ("nb_conv_pages_before", 9),
    ("nb_conversions_attrib", 10),
    ("nb_conversions_page_rate", 11),
    ("nb_conversions_page_uniq", 12),
    ("nb_conversions_entry_rate", 13),
    ("revenue_per_entry", 14),
    ("revenue_attrib", 15),
    ("nb_conversions_entry", 16),
    ("revenue_entry", 17),
];

/// Gives columns back the numbers that they have before names are set.
pub fn number(table: &mut Table) {
    for row in table.all_rows_mut() {
        number_row(row);
        if let Some(inner) = &mut row.subtable {
            number(inner);
        }
    }
}

fn number_row(row: &mut Row) {
    for (name, value) in &mut row.columns {
        if name == "goals"
            && let Value::Map(goals) = value
        {
            goals.iter_mut().for_each(|(key, goal)| {
                *key = goal_number(key);
                if let Value::Map(fields) = goal {
                    for (field, _) in fields {
                        renumber(field, NUMBERED_OF_GOAL);
                    }
                }
            });
        }
        renumber(name, NUMBERED);
    }
}

fn renumber(name: &mut Name, numbers: &[(&str, u32)]) {
    if let Some((_, number)) = numbers.iter().find(|(known, _)| known == name) {
        *name = Cow::Owned(number.to_string());
    }
}

fn goal_number(key: &str) -> Name {
    match key.strip_prefix("idgoal=").unwrap_or(key) {
        "ecommerceAbandonedCart" => Cow::Borrowed("-1"),
        "ecommerceOrder" => Cow::Borrowed("0"),
        id => Cow::Owned(id.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Table {
        let mut row = Row::labelled("a");
        row.set("nb_visits", 1);
        row.set("nb_visits__x", 2);
        let inner = Value::Map(vec![
            (Cow::Borrowed("nb_visits"), Value::Int(1)),
            (Cow::Borrowed("revenue"), Value::Int(2)),
        ]);
        let goals = vec![(Cow::Borrowed("idgoal=ecommerceOrder"), inner)];
        row.set("goals", Value::Map(goals));
        row.subtable = Some(Box::new(Table::of(vec![{
            let mut row = Row::labelled("b");
            row.set("nb_visits", 3);
            row
        }])));
        Table::of(vec![row])
    }

    fn names(table: &Table) -> Vec<&str> {
        table.rows[0]
            .columns
            .iter()
            .map(|(name, _)| name.as_ref())
            .collect()
    }

    fn names_below(table: &Table) -> Vec<&str> {
        table.rows[0]
            .subtable
            .as_deref()
            .map(names)
            .unwrap_or_default()
    }

    #[test]
    fn hidden_and_shown() {
        let visits = ["nb_visits".to_owned()];
        let mut table = sample();
        hide(&mut table, &visits, false);
        assert_eq!(names(&table), ["label", "nb_visits__x", "goals"]);
        assert_eq!(names_below(&table), ["label"]);

        let mut table = sample();
        hide(&mut table, &visits, true);
        let goals = table.rows[0].get("goals").map(super::super::php::text);
        assert!(goals.is_some());
        assert!(!format!("{:?}", table.rows[0].get("goals")).contains("nb_visits"));

        let mut table = sample();
        show(&mut table, &visits);
        assert_eq!(names(&table), ["label", "nb_visits", "nb_visits__x"]);
        assert_eq!(names_below(&table), ["label", "nb_visits"]);
    }

    #[test]
    fn numbers_instead_of_names() {
        let mut table = sample();
        number(&mut table);
        assert_eq!(names(&table), ["label", "2", "nb_visits__x", "10"]);
        assert_eq!(names_below(&table), ["label", "2"]);
        let expected = Value::Map(vec![(
            Cow::Borrowed("0"),
            Value::Map(vec![
                (Cow::Borrowed("nb_visits"), Value::Int(1)),
                (Cow::Borrowed("2"), Value::Int(2)),
            ]),
        )]);
        assert_eq!(table.rows[0].get("10"), Some(&expected));
    }
}
