//! The filters that every report understands, read from the parameters of a call.

use super::shape::php;

/// Where parameters come from.
pub trait Parameters {
    /// A parameter that is a text and not empty.
    fn filled(&self, name: &str) -> Option<&str>;
    /// The texts of a list; a single text is a list of one, commas and all.
    fn array(&self, name: &str) -> Vec<String>;
    /// The texts of a list or of a comma list.
    fn list(&self, name: &str) -> Vec<String>;
}

impl Parameters for super::request::ApiRequest {
    fn filled(&self, name: &str) -> Option<&str> {
        self.filled(name)
    }

    fn array(&self, name: &str) -> Vec<String> {
        self.array(name)
    }

    fn list(&self, name: &str) -> Vec<String> {
        self.list(name)
    }
}

/// How numbers are printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FormatMetrics {
    /// `0`: as computed.
    Raw,
    /// `bc`: percentages only.
    #[default]
    Percentages,
    /// `1`: everything a metric has a unit for.
    Nice,
    /// `all`: money in columns without a metric too.
    All,
}

/// Goal columns asked for by `filter_update_columns_when_show_all_goals`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GoalColumns {
    /// `idGoal`: an id, `ecommerceOrder`, `ecommerceAbandonedCart` or a negative kind of table.
    pub id_goal: String,
    /// `filter_show_goal_columns_process_goals`: goals shown though no row has them.
    pub goals: Vec<i64>,
}

/// A pattern and the column or metadata that it is looked for in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Search {
    pub pattern: String,
    pub columns: Vec<String>,
}

/// The filters that every report understands.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Generic {
    pub expanded: bool,
    pub flat: bool,
    pub include_aggregate_rows: bool,
    pub show_dimensions: bool,
    /// `None`: the caller's default; -1: all rows.
    pub limit: Option<i64>,
    pub offset: i64,
    pub truncate: Option<i64>,
    pub keep_summary_row: bool,
    pub sort_column: Option<String>,
    pub sort_ascending: Option<bool>,
    pub pattern: Option<Search>,
    pub pattern_recursive: Option<Search>,
    pub exclude_low_population: Option<String>,
    pub exclude_low_population_value: f64,
    /// `filter_add_columns_when_show_all_columns`, and whether rows without visits go.
    pub all_columns: Option<bool>,
    pub goal_columns: Option<GoalColumns>,
    pub labels: Vec<String>,
    pub label_index: bool,
    pub hide_columns: Vec<String>,
    pub show_columns: Vec<String>,
    /// `None`: the method's default.
    pub hide_columns_recursively: Option<bool>,
    pub show_raw_metrics: bool,
    pub hide_id_subtable: bool,
    pub hide_metrics_documentation: bool,
    pub pivot_by: Option<String>,
    pub pivot_by_column: Option<String>,
    pub pivot_by_column_limit: Option<i64>,
    pub totals: bool,
    pub keep_totals_row: bool,
    pub keep_totals_row_label: Option<String>,
    pub format_metrics: FormatMetrics,
    pub disable_generic_filters: bool,
    pub disable_queued_filters: bool,
    pub disable_post_processing: bool,
    pub translate_column_names: bool,
    pub convert_to_unicode: bool,
    pub serialize: bool,
    pub fetch_archive_state: bool,
    pub compare: bool,
}

impl Generic {
    pub fn of(request: &impl Parameters) -> Generic {
        let text = |name: &str| request.filled(name).map(str::to_owned);
        let one = |name: &str| request.filled(name) == Some("1");
        let not_zero = |name: &str, default: i64| whole(request, name).unwrap_or(default) != 0;
        Generic {
            expanded: one("expanded"),
            flat: one("flat"),
            include_aggregate_rows: one("include_aggregate_rows"),
            show_dimensions: one("show_dimensions"),
            limit: whole(request, "filter_limit"),
            offset: whole(request, "filter_offset").unwrap_or(0),
            truncate: whole(request, "filter_truncate"),
            keep_summary_row: one("keep_summary_row"),
            sort_column: text("filter_sort_column"),
            sort_ascending: request
                .filled("filter_sort_order")
                .map(|order| order == "asc"),
            pattern: search(request, "filter_pattern", "filter_column"),
            pattern_recursive: search(
                request,
                "filter_pattern_recursive",
                "filter_column_recursive",
            ),
            exclude_low_population: text("filter_excludelowpop"),
            exclude_low_population_value: request
                .filled("filter_excludelowpop_value")
                .map_or(0.0, php::number),
            all_columns: whole(request, "filter_add_columns_when_show_all_columns")
                .map(|number| number != 0),
            goal_columns: goal_columns(request),
            labels: request.array("label"),
            label_index: one("labelFilterAddLabelIndex"),
            hide_columns: request.list("hideColumns"),
            show_columns: request.list("showColumns"),
            hide_columns_recursively: whole(request, "hideColumnsRecursively")
                .map(|number| number != 0),
            show_raw_metrics: one("showRawMetrics"),
            hide_id_subtable: not_zero("hideIdSubDatable", 0),
            hide_metrics_documentation: one("hideMetricsDoc"),
            pivot_by: text("pivotBy"),
            pivot_by_column: text("pivotByColumn"),
            pivot_by_column_limit: whole(request, "pivotByColumnLimit"),
            totals: whole(request, "totals").unwrap_or(1) == 1,
            keep_totals_row: one("keep_totals_row"),
            keep_totals_row_label: text("keep_totals_row_label"),
            format_metrics: match request.filled("format_metrics") {
                None | Some("bc") => FormatMetrics::Percentages,
                Some("0") => FormatMetrics::Raw,
                Some("all") => FormatMetrics::All,
                Some(_) => FormatMetrics::Nice,
            },
            disable_generic_filters: request
                .filled("disable_generic_filters")
                .is_some_and(|text| text != "0"),
            disable_queued_filters: not_zero("disable_queued_filters", 0),
            disable_post_processing: one("disable_root_datatable_post_processor"),
            translate_column_names: not_zero("translateColumnNames", 0),
            convert_to_unicode: not_zero("convertToUnicode", 1),
            serialize: not_zero("serialize", 0),
            fetch_archive_state: one("fetch_archive_state"),
            compare: one("compare"),
        }
    }
}

/// A whole number written as PHP would write it; `007` and `5x` are none.
fn whole(request: &impl Parameters, name: &str) -> Option<i64> {
    let text = request.filled(name)?;
    let number: i64 = text.parse().ok()?;
    (number.to_string() == text).then_some(number)
}

fn search(request: &impl Parameters, pattern: &str, column: &str) -> Option<Search> {
    let pattern = request.filled(pattern)?.to_owned();
    let mut columns = request.array(column);
    if columns.is_empty() {
        columns.push("label".to_owned());
    }
    Some(Search { pattern, columns })
}

fn goal_columns(request: &impl Parameters) -> Option<GoalColumns> {
    let asked = request.filled("filter_update_columns_when_show_all_goals")?;
    let leading = model::Value::from(asked).number() as i64;
    let ecommerce = matches!(asked, "ecommerceOrder" | "ecommerceAbandonedCart");
    if leading == 0 && asked != "0" && !ecommerce {
        return None;
    }
    let goals = request
        .list("filter_show_goal_columns_process_goals")
        .iter()
        .map(|goal| model::Value::from(goal.as_str()).number() as i64)
        .filter(|goal| *goal != 0)
        .collect();
    Some(GoalColumns {
        id_goal: request.filled("idGoal").unwrap_or("-1").to_owned(),
        goals,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::matomo::request::ApiRequest;

    #[test]
    fn generic_filters() {
        let generic = ApiRequest::parse(
            "flat=1&filter_limit=-1&filter_sort_order=asc&filter_pattern=a&label[]=x,y&label[]=z\
             &hideColumns=a,b&format_metrics=all&filter_update_columns_when_show_all_goals=1&idGoal=3\
             &filter_show_goal_columns_process_goals=1,x,2",
            b"",
        )
        .generic();
        assert!(generic.flat && !generic.expanded && generic.totals);
        assert_eq!(generic.limit, Some(-1));
        assert_eq!(generic.sort_ascending, Some(true));
        assert_eq!(generic.pattern.unwrap().columns, ["label"]);
        assert_eq!(generic.labels, ["x,y", "z"]);
        assert_eq!(generic.hide_columns, ["a", "b"]);
        assert_eq!(generic.format_metrics, FormatMetrics::All);
        let goals = generic.goal_columns.unwrap();
        assert_eq!((goals.id_goal.as_str(), goals.goals), ("3", vec![1, 2]));
    }
}
