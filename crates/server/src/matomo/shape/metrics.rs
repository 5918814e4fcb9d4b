//! Metrics that are computed from a row's other columns, and how they are printed.

use std::sync::Arc;

use model::{Name, Row, Table, Value};

use super::number::{DurationWords, NumberFormat, clock};
use super::php;
use crate::matomo::params::FormatMetrics;

/// What a metric's number is, which decides how it is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    Number,
    /// A quotient, printed as a percentage.
    Percent,
    /// Seconds, printed in words.
    Duration,
    /// Seconds, printed as a clock shows them.
    Clock,
    Money,
    Bytes,
}

type Compute = Arc<dyn Fn(&Row) -> Option<Value> + Send + Sync>;

/// How a metric follows from other columns.
#[derive(Clone)]
pub enum Formula {
    /// `over / under`, 0 where there is nothing to divide by.
    Ratio {
        over: Name,
        under: Name,
        decimals: u32,
    },
    /// The row's part of the column's sum over the table.
    Share {
        of: Name,
        decimals: u32,
    },
    /// The sum of other metrics.
    Sum {
        of: Vec<Name>,
    },
    Row(Compute),
    /// The column is there already and only printed.
    Given,
}

/// A metric that a report adds to its rows.
#[derive(Clone)]
pub struct ProcessedMetric {
    pub name: Name,
    pub formula: Formula,
    pub unit: Unit,
    /// Columns that serve only the formula and are taken away at the end.
    pub temporary: Vec<Name>,
    /// A column that some row must have, else the whole table goes without the metric.
    pub needs: Option<Name>,
    /// Sub-tables go without it.
    pub root_only: bool,
}

impl ProcessedMetric {
    pub fn new(name: impl Into<Name>, formula: Formula, unit: Unit) -> ProcessedMetric {
        ProcessedMetric {
            name: name.into(),
            formula,
            unit,
            temporary: Vec::new(),
            needs: None,
            root_only: false,
        }
    }

    pub fn ratio(
        name: impl Into<Name>,
        over: impl Into<Name>,
        under: impl Into<Name>,
        decimals: u32,
        unit: Unit,
    ) -> ProcessedMetric {
        let (over, under) = (over.into(), under.into());
        ProcessedMetric::new(
            name,
            Formula::Ratio {
                over,
                under,
                decimals,
            },
            unit,
        )
    }

    pub fn computed(
        name: impl Into<Name>,
        unit: Unit,
        compute: impl Fn(&Row) -> Option<Value> + Send + Sync + 'static,
    ) -> ProcessedMetric {
        ProcessedMetric::new(name, Formula::Row(Arc::new(compute)), unit)
    }
}

/// `over / under` rounded, 0 where there is nothing to divide by.
pub fn quotient(over: f64, under: f64, decimals: u32) -> Value {
    match under {
        0.0 => Value::Int(0),
        under => php::whole_or_float(php::round(over / under, decimals)),
    }
}

/// The metrics of a table: those that a filter added stand first, but a report's own metric of the
/// same name takes the place.
pub fn merged(added: Vec<ProcessedMetric>, own: &[ProcessedMetric]) -> Vec<ProcessedMetric> {
    let mut metrics: Vec<ProcessedMetric> = Vec::with_capacity(added.len() + own.len());
    for metric in added.into_iter().chain(own.iter().cloned()) {
        match metrics.iter_mut().find(|known| known.name == metric.name) {
            // What is only printed does not take a formula away.
            Some(known) if matches!(metric.formula, Formula::Given) => known.unit = metric.unit,
            Some(known) => *known = metric,
            None => metrics.push(metric),
        }
    }
    metrics
}

/// Adds every metric to every row that lacks it, sub-tables included.
pub fn compute(table: &mut Table, metrics: &[ProcessedMetric]) {
    compute_root(table, metrics);
    let below: Vec<ProcessedMetric> = metrics
        .iter()
        .filter(|metric| !metric.root_only)
        .cloned()
        .collect();
    for row in table.all_rows_mut() {
        if let Some(inner) = &mut row.subtable {
            compute(inner, &below);
        }
    }
}

/// The same without sub-tables.
pub fn compute_root(table: &mut Table, metrics: &[ProcessedMetric]) {
    for metric in metrics {
        if let Some(needed) = &metric.needs
            && table.all_rows().all(|row| row.get(needed).is_none())
        {
            continue;
        }
        let sum = match &metric.formula {
            Formula::Share { of, .. } => table.all_rows().map(|row| row.number(of)).sum(),
            _ => 0.0,
        };
        for row in table.all_rows_mut() {
            let known = row.get(&metric.name);
            if known.is_some_and(|value| *value != Value::Bool(false)) {
                continue;
            }
            if let Some(value) = value_of(row, &metric.formula, sum) {
                row.set(metric.name.clone(), value);
            }
        }
    }
}

fn value_of(row: &Row, formula: &Formula, sum: f64) -> Option<Value> {
    Some(match formula {
        Formula::Ratio {
            over,
            under,
            decimals,
        } => quotient(row.number(over), row.number(under), *decimals),
        Formula::Share { of, decimals } => quotient(row.number(of), sum, *decimals),
        // Not rounded: clients see the sum of the rounded parts.
        Formula::Sum { of } => php::whole_or_float(of.iter().map(|name| row.number(name)).sum()),
        Formula::Row(compute) => return compute(row),
        Formula::Given => return None,
    })
}

/// Takes away the columns that only served formulas.
pub fn remove_temporary(table: &mut Table, metrics: &[ProcessedMetric]) {
    let names = || metrics.iter().flat_map(|metric| &metric.temporary);
    if names().next().is_none() {
        return;
    }
    for row in table.all_rows_mut() {
        row.columns
            .retain(|(column, _)| names().all(|name| name != column));
        if let Some(inner) = &mut row.subtable {
            remove_temporary(inner, metrics);
        }
    }
}

/// The words and signs that printing a metric needs.
#[derive(Clone, Debug)]
pub struct Printing {
    pub numbers: NumberFormat,
    pub words: DurationWords,
    /// The sign of the site's currency.
    pub currency: String,
    /// Whether durations that are otherwise words are shown as a clock, as processed reports do.
    pub clocks: bool,
}

impl Default for Printing {
    fn default() -> Printing {
        Printing {
            numbers: NumberFormat::ENGLISH,
            words: DurationWords::ENGLISH,
            currency: "$".to_owned(),
            clocks: false,
        }
    }
}

impl Printing {
    /// A value as its unit is printed.
    pub fn print(&self, value: &Value, unit: Unit) -> Value {
        let number = value.number();
        match unit {
            Unit::Number => value.clone(),
            Unit::Percent => Value::Text(self.numbers.percent_of_quotient(number)),
            Unit::Duration if !self.clocks => {
                Value::Text(self.numbers.duration_words(number, &self.words))
            }
            Unit::Duration | Unit::Clock => Value::Text(clock(number, &self.words)),
            Unit::Money => Value::Text(self.numbers.money(number, &self.currency)),
            Unit::Bytes => Value::Text(self.numbers.bytes(number)),
        }
    }
}

/// Prints the metrics of all rows as the request asks.
pub fn format(
    table: &mut Table,
    metrics: &[ProcessedMetric],
    how: FormatMetrics,
    printing: &Printing,
) {
    if how == FormatMetrics::Raw || metrics.is_empty() {
        return;
    }
    let chosen: Vec<&ProcessedMetric> = metrics
        .iter()
        .filter(|metric| how != FormatMetrics::Percentages || is_percentage(&metric.name))
        .collect();
    for row in table.all_rows_mut() {
        format_row(row, metrics, &chosen, how, printing);
    }
    if let Some(row) = &mut table.totals_row {
        format_row(row, metrics, &chosen, how, printing);
    }
}

fn format_row(
    row: &mut Row,
    metrics: &[ProcessedMetric],
    chosen: &[&ProcessedMetric],
    how: FormatMetrics,
    printing: &Printing,
) {
    for metric in chosen {
        if let Some(value) = row.get_mut(&metric.name)
            && *value != Value::Bool(false)
        {
            *value = printing.print(value, metric.unit);
        }
    }
    if how == FormatMetrics::All {
        for (name, value) in &mut row.columns {
            if name.contains("revenue") && php::is_numeric_value(value) {
                *value = printing.print(value, Unit::Money);
            }
        }
    }
    if let Some(inner) = &mut row.subtable {
        format(inner, metrics, how, printing);
    }
    for (_, value) in &mut row.metadata {
        if let Value::Table(compared) = value {
            format(compared, metrics, how, printing);
        }
    }
}

/// The columns that are percentages even when nothing else is printed nicely. Matomo looks for the
/// names inside a column's name, which also catches `goal_1_conversion_rate`.
fn is_percentage(name: &str) -> bool {
    const INSIDE: [&str; 5] = [
        "conversion_rate",
        "abandoned_rate",
        "interaction_rate",
        "exit_rate",
        "nb_visits_percentage",
    ];
    let numbered = |begin: &str, end: &str| {
        name.find(begin)
            .is_some_and(|at| name[at + begin.len()..].contains(end))
    };
    name.starts_with("bounce_rate")
        || INSIDE.iter().any(|inside| name.contains(inside))
        || name.contains("bounce_rate_returning")
        || name.contains("_evolution")
        || ["step_", "funnel_", "form_", "field_"]
            .iter()
            .any(|begin| numbered(begin, "_rate"))
        || numbered("Referrers", "_percent")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(columns: &[(&'static str, f64)]) -> Row {
        let mut row = Row::labelled("x");
        for (name, number) in columns {
            row.set(*name, php::whole_or_float(*number));
        }
        row
    }

    #[test]
    fn ratios_shares_and_sums() {
        let mut table = Table::of(vec![
            row(&[("a", 1.0), ("b", 3.0)]),
            row(&[("a", 3.0), ("b", 0.0)]),
            row(&[]),
        ]);
        let metrics = [
            ProcessedMetric::ratio("r", "a", "b", 4, Unit::Percent),
            ProcessedMetric::new(
                "s",
                Formula::Share {
                    of: "a".into(),
                    decimals: 2,
                },
                Unit::Percent,
            ),
            ProcessedMetric::new(
                "t",
                Formula::Sum {
                    of: vec!["a".into(), "b".into()],
                },
                Unit::Number,
            ),
        ];
        compute(&mut table, &metrics);
        let column =
            |name: &str| -> Vec<f64> { table.rows.iter().map(|row| row.number(name)).collect() };
        assert_eq!(column("r"), [0.3333, 0.0, 0.0]);
        assert_eq!(column("s"), [0.25, 0.75, 0.0]);
        assert_eq!(column("t"), [4.0, 3.0, 0.0]);
    }

    #[test]
    fn a_needed_column_must_be_somewhere() {
        let mut metric = ProcessedMetric::ratio("r", "a", "b", 0, Unit::Number);
        metric.needs = Some("b".into());
        let mut without = Table::of(vec![row(&[("a", 1.0)])]);
        compute(&mut without, std::slice::from_ref(&metric));
        assert!(without.rows[0].get("r").is_none());
        let mut with = Table::of(vec![row(&[("a", 1.0)]), row(&[("b", 1.0)])]);
        compute(&mut with, &[metric]);
        assert!(with.rows[0].get("r").is_some());
    }

    #[test]
    fn only_percentages_are_printed_by_default() {
        let metrics = [
            ProcessedMetric::ratio("bounce_rate", "a", "b", 2, Unit::Percent),
            ProcessedMetric::ratio("avg_time_on_site", "a", "b", 0, Unit::Duration),
            ProcessedMetric::ratio("page_rate", "a", "b", 0, Unit::Percent),
        ];
        let printed = |how| {
            let mut table = Table::of(vec![row(&[("a", 90.0), ("b", 1.0), ("revenue", 5.0)])]);
            compute(&mut table, &metrics);
            format(&mut table, &metrics, how, &Printing::default());
            let row = &table.rows[0];
            ["bounce_rate", "avg_time_on_site", "page_rate", "revenue"].map(|name| {
                row.get(name)
                    .map(|value| php::text(value).into_owned())
                    .unwrap_or_default()
            })
        };
        assert_eq!(printed(FormatMetrics::Raw), ["90", "90", "90", "5"]);
        assert_eq!(
            printed(FormatMetrics::Percentages),
            ["9,000%", "90", "90", "5"]
        );
        assert_eq!(
            printed(FormatMetrics::Nice),
            ["9,000%", "1 min 30s", "9,000%", "5"]
        );
        assert_eq!(
            printed(FormatMetrics::All),
            ["9,000%", "1 min 30s", "9,000%", "$5"]
        );
    }

    #[test]
    fn percentages_by_name() {
        for name in [
            "bounce_rate",
            "bounce_rate_new",
            "goal_1_conversion_rate",
            "conversion_rate_new_visit",
            "visits_evolution",
            "Referrers_visitorsFromWebsites_percent",
            "step_1_rate",
        ] {
            assert!(is_percentage(name), "{name}");
        }
        for name in [
            "nb_conversions_page_rate",
            "avg_time",
            "rate",
            "nb_visits",
            "percent",
        ] {
            assert!(!is_percentage(name), "{name}");
        }
    }

    #[test]
    fn a_reports_own_metric_wins_in_place() {
        let added = vec![
            ProcessedMetric::ratio("bounce_rate", "a", "b", 2, Unit::Percent),
            ProcessedMetric::ratio("x", "a", "b", 2, Unit::Percent),
        ];
        let own = [
            ProcessedMetric::ratio("y", "a", "b", 2, Unit::Percent),
            ProcessedMetric::ratio("bounce_rate", "c", "d", 2, Unit::Money),
        ];
        let metrics = merged(added, &own);
        let names: Vec<_> = metrics.iter().map(|metric| metric.name.as_ref()).collect();
        assert_eq!(names, ["bounce_rate", "x", "y"]);
        assert_eq!(metrics[0].unit, Unit::Money);
    }
}
