//! What happens to a report between the engine and the format: one list of steps for every method,
//! in the order that Matomo's clients can observe.

pub mod columns;
pub mod filter;
pub mod flatten;
pub mod goals;
pub mod label;
pub mod metrics;
pub mod number;
pub mod php;
pub mod pivot;
pub mod sort;
pub mod sum;

use model::{Answer, Row, Table, Value};
use tracking::url::url_encode;

use super::params::Generic;
use flatten::Flattening;
use metrics::{Printing, ProcessedMetric};

/// A step that a report does itself: setting names, logos, addresses.
pub type Step<'a> = &'a (dyn Fn(&mut Table) + Sync);

/// What the steps need to know about a report.
#[derive(Clone)]
pub struct ReportShape<'a> {
    /// The order unless the request asks for another; `None` keeps the rows as they come.
    pub sort_column: Option<&'a str>,
    pub sort_ascending: bool,
    /// The rows keep their order, whatever is asked for.
    pub fixed_order: bool,
    /// Rows unless the request says how many; -1 for all.
    pub limit: i64,
    /// How the report is flattened; `None` if it only loses its sub-tables.
    pub flattening: Option<Flattening>,
    pub processed: &'a [ProcessedMetric],
    /// Metrics that plugins add before the report's own.
    pub added: &'a [ProcessedMetric],
    /// Metadata `segmentValue` becomes a condition on this segment.
    pub segment: Option<&'a str>,
    /// Runs after the generic filters, on the root table with its sub-tables inside.
    pub queued: Option<Step<'a>>,
    /// Runs on the rows that are shown, after the choice of labels.
    pub last: Option<Step<'a>>,
    /// Adds comparison tables.
    pub compare: Option<Step<'a>>,
    /// The table that crosses a row, for `pivotBy`; `None` uses the row's sub-table.
    pub crossed: Option<pivot::Crossed<'a>>,
    /// Whether columns get their names after the generic filters, so that
    /// `disable_queued_filters` shows numbers.
    pub numbered_columns: bool,
    /// Whether labels are still encoded as in addresses.
    pub encoded_labels: bool,
    /// Labels of pages begin with a space, those of folders do not.
    pub title_labels: bool,
    /// Whether hidden columns are hidden at any depth unless the request says otherwise.
    pub hide_at_any_depth: bool,
    pub printing: Printing,
    /// The word for "Others".
    pub others: &'a str,
    /// The word for "Totals".
    pub totals: &'a str,
}

impl Default for ReportShape<'_> {
    fn default() -> Self {
        ReportShape {
            sort_column: None,
            sort_ascending: false,
            fixed_order: false,
            limit: -1,
            flattening: Some(Flattening::default()),
            processed: &[],
            added: &[],
            segment: None,
            queued: None,
            last: None,
            compare: None,
            crossed: None,
            numbered_columns: false,
            encoded_labels: true,
            title_labels: false,
            hide_at_any_depth: false,
            printing: Printing::default(),
            others: "Others",
            totals: "Totals",
        }
    }
}

/// Shapes every table of an answer, and plain lists as far as they can be filtered.
pub fn shape_answer(answer: Answer, report: &ReportShape, generic: &Generic) -> Answer {
    match answer {
        Answer::Table(table) => Answer::Table(shape(table, report, generic)),
        Answer::Metrics(table) => Answer::Metrics(run(table, report, generic, true)),
        Answer::Set(mut set) => {
            for (_, part) in &mut set.parts {
                let answer = std::mem::replace(part, Answer::Done);
                *part = shape_answer(answer, report, generic);
            }
            Answer::Set(set)
        }
        Answer::Value(Value::List(items)) => Answer::Value(Value::List(shape_list(
            items,
            generic,
            report.hide_at_any_depth,
        ))),
        answer => answer,
    }
}

/// Shapes the plain list of a method that is no report; other answers are left as they are.
pub fn shape_plain(answer: Answer, generic: &Generic) -> Answer {
    match answer {
        Answer::Value(Value::List(items)) if !generic.disable_post_processing => {
            Answer::Value(Value::List(shape_list(items, generic, false)))
        }
        Answer::Headed { headers, answer } => Answer::Headed {
            headers,
            answer: Box::new(shape_plain(*answer, generic)),
        },
        answer => answer,
    }
}

/// Shapes one report.
pub fn shape(table: Table, report: &ReportShape, generic: &Generic) -> Table {
    run(table, report, generic, false)
}

/// Filters a plain list: pattern, page, columns of its rows.
pub fn shape_list(mut items: Vec<Value>, generic: &Generic, at_any_depth: bool) -> Vec<Value> {
    if let Some(search) = &generic.pattern {
        filter::pattern_in_list(&mut items, search);
    }
    let skipped = usize::try_from(generic.offset).unwrap_or(0);
    items.drain(..skipped.min(items.len()));
    if let Some(Ok(limit)) = generic.limit.map(usize::try_from) {
        items.truncate(limit);
    }
    let hide = |name: &str| generic.hide_columns.iter().any(|hidden| hidden == name);
    let at_any_depth = generic.hide_columns_recursively.unwrap_or(at_any_depth);
    for item in &mut items {
        if let Value::Map(fields) = item {
            fields.retain(|(name, _)| !hide(name));
            if !generic.show_columns.is_empty() {
                fields.retain(|(name, _)| columns::is_shown(name, &generic.show_columns));
            }
        }
        if at_any_depth {
            columns::hide_inside(item, &hide);
        }
    }
    items
}

/// The steps in their order. A single row of metrics is neither sorted nor pivoted.
fn run(mut table: Table, report: &ReportShape, generic: &Generic, single: bool) -> Table {
    if generic.disable_post_processing {
        return table;
    }
    let mut run = Run {
        report,
        generic,
        added: report.added.to_vec(),
        computed: false,
        pivoted: None,
        single,
    };
    run.pivot(&mut table);
    run.totals(&mut table);
    table = run.flatten(table);
    if !generic.disable_generic_filters {
        run.add_columns(&mut table);
        run.generic_filters(&mut table);
    }
    run.compute(&mut table);
    if let Some(compare) = report.compare.filter(|_| generic.compare) {
        compare(&mut table);
    }
    if let Some(segment) = report.segment {
        add_segments(&mut table, segment);
    }
    drop_segment_values(&mut table);
    run.queued(&mut table);
    if !generic.labels.is_empty() {
        let titles = report.title_labels;
        table = label::filter(table, &generic.labels, titles, generic.label_index);
        // A row that was below is one of the root now.
        if run.pivoted.is_none() {
            metrics::compute(&mut table, &run.metrics());
        }
    }
    if let Some(last) = report.last.filter(|_| run.pivoted.is_none()) {
        last(&mut table);
    }
    run.choose_columns(&mut table);
    let metrics = run.metrics();
    metrics::format(
        &mut table,
        &metrics,
        generic.format_metrics,
        &report.printing,
    );
    table
}

/// Metrics that rows below do not get.
fn at_root(mut metrics: Vec<ProcessedMetric>) -> Vec<ProcessedMetric> {
    for metric in &mut metrics {
        metric.root_only = true;
    }
    metrics
}

struct Run<'a, 'b> {
    report: &'a ReportShape<'b>,
    generic: &'a Generic,
    added: Vec<ProcessedMetric>,
    computed: bool,
    /// Columns of a pivoted table and the names they get at last.
    pivoted: Option<Vec<(String, String)>>,
    single: bool,
}

impl Run<'_, '_> {
    fn metrics(&self) -> Vec<ProcessedMetric> {
        metrics::merged(self.added.clone(), self.report.processed)
    }

    fn pivot(&mut self, table: &mut Table) {
        if self.generic.pivot_by.is_none() || self.single {
            return;
        }
        let own = |row: &Row| row.subtable.as_deref().cloned();
        let crossed = self.report.crossed.unwrap_or(&own);
        let column = self.generic.pivot_by_column.as_deref();
        let most = self
            .generic
            .pivot_by_column_limit
            .unwrap_or(pivot::DEFAULT_COLUMNS);
        self.pivoted = Some(pivot::pivot(
            table,
            column,
            most,
            self.report.others,
            crossed,
        ));
    }

    fn totals(&self, table: &mut Table) {
        if !self.generic.totals || self.single || table.totals_row.is_some() {
            return;
        }
        let label = self.generic.keep_totals_row_label.as_deref();
        let Some(total) = sum::totals(table, label.unwrap_or(self.report.totals)) else {
            return;
        };
        let mut sums = Table::of(vec![total]);
        metrics::compute(&mut sums, self.report.processed);
        metrics::format(
            &mut sums,
            self.report.processed,
            self.generic.format_metrics,
            &self.report.printing,
        );
        if let Some(total) = sums.rows.pop() {
            let columns = total.columns.iter().filter(|(name, _)| name != "label");
            table.set_meta("totals", Value::Map(columns.cloned().collect()));
            table.totals_row = self.generic.keep_totals_row.then(|| Box::new(total));
        }
    }

    fn flatten(&self, mut table: Table) -> Table {
        if !self.generic.flat {
            return table;
        }
        match &self.report.flattening {
            Some(how) => {
                let aggregates = self.generic.include_aggregate_rows;
                flatten::flatten(table, how, aggregates, self.report.others)
            }
            None => {
                flatten::remove_subtables(&mut table);
                table
            }
        }
    }

    fn add_columns(&mut self, table: &mut Table) {
        if let Some(without_visits_go) = self.generic.all_columns {
            if without_visits_go {
                filter::exclude_without_visits(table);
            }
            self.added.extend(at_root(goals::standard()));
        }
        if let Some(asked) = &self.generic.goal_columns {
            let found = goals::in_table(table.all_rows());
            self.added.extend(at_root(goals::of_goals(asked, &found)));
        }
    }

    fn generic_filters(&mut self, table: &mut Table) {
        let generic = self.generic;
        if self.filters_need_metrics() {
            self.compute(table);
        }
        if let Some(search) = &generic.pattern {
            filter::pattern(table, search);
        }
        if let Some(search) = &generic.pattern_recursive {
            filter::pattern_recursive(table, search);
        }
        if let Some(column) = &generic.exclude_low_population {
            let least = generic.exclude_low_population_value;
            filter::exclude_low_population(table, column, least);
        }
        let column = generic.sort_column.as_deref().or(self.report.sort_column);
        if let Some(column) = column.filter(|_| !self.single && !self.report.fixed_order) {
            let ascending = generic.sort_ascending.unwrap_or(self.report.sort_ascending);
            sort::sort(table, column, ascending, true);
        }
        if generic.labels.is_empty() {
            self.cut(table);
        }
    }

    fn cut(&self, table: &mut Table) {
        if let Some(Ok(most)) = self.generic.truncate.map(usize::try_from) {
            filter::truncate(table, most);
        }
        let limit = self.generic.limit.unwrap_or(self.report.limit);
        filter::limit(
            table,
            self.generic.offset,
            limit,
            self.generic.keep_summary_row,
        );
    }

    /// Whether a filter looks at a column that is only computed later.
    fn filters_need_metrics(&self) -> bool {
        let generic = self.generic;
        let searched = [&generic.pattern, &generic.pattern_recursive];
        let mut columns: Vec<&str> = searched
            .into_iter()
            .flatten()
            .flat_map(|search| search.columns.iter().map(String::as_str))
            .collect();
        columns.extend(generic.exclude_low_population.as_deref());
        columns.extend(generic.sort_column.as_deref());
        let metrics = self.metrics();
        columns
            .iter()
            .any(|column| metrics.iter().any(|metric| metric.name == *column))
    }

    fn compute(&mut self, table: &mut Table) {
        if !self.computed && self.pivoted.is_none() {
            metrics::compute_root(table, &self.metrics());
            if self.generic.labels.is_empty() {
                for row in table.all_rows_mut() {
                    if let Some(inner) = &mut row.subtable {
                        metrics::compute(inner, self.report.processed);
                    }
                }
            }
            self.computed = true;
        }
    }

    fn queued(&self, table: &mut Table) {
        if self.generic.disable_queued_filters {
            if self.report.numbered_columns && self.pivoted.is_none() {
                columns::number(table);
            }
            return;
        }
        match &self.pivoted {
            Some(names) => pivot::rename(table, names),
            None => {
                if let Some(queued) = self.report.queued {
                    queued(table);
                }
            }
        }
        name_others(table, self.report.others);
        if self.report.encoded_labels {
            label::decode(table);
        }
    }

    fn choose_columns(&self, table: &mut Table) {
        let generic = self.generic;
        let inside = generic
            .hide_columns_recursively
            .unwrap_or(self.report.hide_at_any_depth);
        if !generic.hide_columns.is_empty() {
            columns::hide(table, &generic.hide_columns, inside);
        }
        if !generic.show_columns.is_empty() {
            columns::show(table, &generic.show_columns);
        }
        let untouched = generic.hide_columns.is_empty() && generic.show_columns.is_empty();
        if untouched && !generic.show_raw_metrics {
            metrics::remove_temporary(table, &self.metrics());
        }
    }
}

/// Rows of "Others" have a number for a label until names are set.
fn name_others(table: &mut Table, others: &str) {
    if let Some(row) = &mut table.summary
        && row.label() == "-1"
    {
        row.set("label", others);
    }
    for row in table.all_rows_mut() {
        if let Some(inner) = &mut row.subtable {
            name_others(inner, others);
        }
    }
}

/// A row's value of the report's dimension becomes a condition for segments.
fn add_segments(table: &mut Table, segment: &str) {
    for row in table.all_rows_mut() {
        if row.meta("segment").is_none()
            && let Some(value) = row.meta("segmentValue")
        {
            let value = url_encode(php::text(value).as_bytes());
            row.set_meta("segment", format!("{segment}=={value}"));
        }
        if let Some(inner) = &mut row.subtable {
            add_segments(inner, segment);
        }
    }
}

fn drop_segment_values(table: &mut Table) {
    for row in table.all_rows_mut() {
        row.remove_meta("segmentValue");
        if let Some(inner) = &mut row.subtable {
            drop_segment_values(inner);
        }
    }
}

#[cfg(test)]
mod tests;
