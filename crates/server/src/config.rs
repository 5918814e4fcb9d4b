//! Settings under Matomo's names, with our defaults and Matomo's where they differ.

use std::collections::BTreeMap;

use query::period::PeriodKind;
use query::plan::{Grain, RowLimit, RowLimits, TreeRules};
use serde_json::{Value, json};

/// One row for each setting: section, name, our default, Matomo's default, what it does.
type Setting = (
    &'static str,
    &'static str,
    fn() -> Value,
    fn() -> Value,
    &'static str,
);

macro_rules! same {
    ($section:literal, $name:literal, $value:expr, $doc:literal) => {
        ($section, $name, || json!($value), || json!($value), $doc)
    };
}

/// Settings of reports. Those of tracking are listed by `tracking::rules::SETTINGS`.
pub const SETTINGS: &[Setting] = &[
    (
        "General",
        "enable_processing_unique_visitors_year",
        || json!(1),
        || json!(0),
        "exact unique visitors of a year",
    ),
    (
        "General",
        "enable_processing_unique_visitors_range",
        || json!(1),
        || json!(0),
        "exact unique visitors of a range",
    ),
    same!(
        "General",
        "enable_processing_unique_visitors_day",
        1,
        "exact unique visitors of a day"
    ),
    same!(
        "General",
        "enable_processing_unique_visitors_week",
        1,
        "exact unique visitors of a week"
    ),
    same!(
        "General",
        "enable_processing_unique_visitors_month",
        1,
        "exact unique visitors of a month"
    ),
    (
        "General",
        "fold_days",
        || json!(0),
        || json!(1),
        "put reports of several days together from days, as Matomo does: daily sums of unique visitors, row limits at each step",
    ),
    (
        "Deletelogs",
        "delete_logs_enable",
        || json!(0),
        || json!(0),
        "erase visits that are older than delete_logs_older_than, once an hour",
    ),
    (
        "Deletelogs",
        "delete_logs_older_than",
        || json!(180),
        || json!(180),
        "days after a visit's last action until it is erased",
    ),
    (
        "General",
        "datatable_archiving_maximum_rows_standard",
        || json!(0),
        || json!(500),
        "rows of a report; 0 keeps all",
    ),
    (
        "General",
        "datatable_archiving_maximum_rows_referrers",
        || json!(0),
        || json!(1000),
        "rows of a report of referrers",
    ),
    (
        "General",
        "datatable_archiving_maximum_rows_subtable_referrers",
        || json!(0),
        || json!(50),
        "rows below a referrer",
    ),
    (
        "General",
        "datatable_archiving_maximum_rows_referers",
        || json!(null),
        || json!(null),
        "old name of datatable_archiving_maximum_rows_referrers",
    ),
    (
        "General",
        "datatable_archiving_maximum_rows_subtable_referers",
        || json!(null),
        || json!(null),
        "old name of datatable_archiving_maximum_rows_subtable_referrers",
    ),
    (
        "General",
        "datatable_archiving_maximum_rows_actions",
        || json!(0),
        || json!(500),
        "rows of a level of pages",
    ),
    (
        "General",
        "datatable_archiving_maximum_rows_subtable_actions",
        || json!(0),
        || json!(100),
        "rows below a folder of pages",
    ),
    (
        "General",
        "datatable_archiving_maximum_rows_site_search",
        || json!(0),
        || json!(500),
        "rows of search words",
    ),
    (
        "General",
        "datatable_archiving_maximum_rows_events",
        || json!(0),
        || json!(500),
        "rows of events",
    ),
    (
        "General",
        "datatable_archiving_maximum_rows_subtable_events",
        || json!(0),
        || json!(500),
        "rows below an event",
    ),
    (
        "General",
        "datatable_archiving_maximum_rows_custom_dimensions",
        || json!(0),
        || json!(1000),
        "rows of a custom dimension",
    ),
    (
        "General",
        "datatable_archiving_maximum_rows_subtable_custom_dimensions",
        || json!(0),
        || json!(1000),
        "rows below a value of a custom dimension",
    ),
    (
        "General",
        "datatable_archiving_maximum_rows_custom_variables",
        || json!(0),
        || json!(1000),
        "rows of custom variables",
    ),
    (
        "General",
        "datatable_archiving_maximum_rows_subtable_custom_variables",
        || json!(0),
        || json!(1000),
        "rows below a custom variable",
    ),
    (
        "General",
        "datatable_archiving_maximum_rows_products",
        || json!(0),
        || json!(10000),
        "rows of products",
    ),
    (
        "General",
        "datatable_archiving_maximum_rows_userid_users",
        || json!(0),
        || json!(50000),
        "rows of user ids",
    ),
    (
        "General",
        "archiving_ranking_query_row_limit",
        || json!(0),
        || json!(50000),
        "rows at the raw level; 0 keeps all",
    ),
    same!(
        "General",
        "action_url_category_delimiter",
        "/",
        "splits page addresses into folders"
    ),
    same!(
        "General",
        "action_title_category_delimiter",
        "",
        "splits page titles into folders"
    ),
    same!(
        "General",
        "action_category_level_limit",
        10,
        "deepest folder of pages"
    ),
    same!(
        "General",
        "action_default_name",
        "index",
        "name of a page whose address ends with a slash"
    ),
    same!(
        "General",
        "API_datatable_default_limit",
        100,
        "rows of an answer unless filter_limit says otherwise"
    ),
    same!(
        "General",
        "visitor_log_maximum_actions_per_visit",
        500,
        "actions of a visit shown in the visit log"
    ),
    same!(
        "General",
        "live_visitor_profile_max_visits_to_aggregate",
        100,
        "visits put together in a visitor profile"
    ),
    same!(
        "General",
        "data_comparison_segment_limit",
        5,
        "segments that can be compared at once"
    ),
    same!(
        "General",
        "data_comparison_period_limit",
        5,
        "periods that can be compared at once"
    ),
    same!(
        "General",
        "pivot_by_filter_enable_fetch_by_segment",
        0,
        "pivot a report by any other dimension"
    ),
    same!(
        "General",
        "enable_segment_suggested_values",
        1,
        "suggest values of segments"
    ),
    same!(
        "General",
        "cors_domains",
        [] as [&str; 0],
        "origins whose pages may call the API"
    ),
    same!(
        "General",
        "only_allow_secure_auth_tokens",
        0,
        "refuse every token in an address"
    ),
    (
        "General",
        "salt_visitor_fingerprints",
        || json!(1),
        || json!(0),
        "make fingerprints of browsers with secrets, so that they say nothing elsewhere or on another day",
    ),
    same!(
        "General",
        "enable_general_settings_admin",
        1,
        "kept for clients that read it"
    ),
    same!(
        "Transitions",
        "max_period_allowed",
        "all",
        "longest period of transitions: day, week, month, year or all"
    ),
    (
        "Tracker",
        "detect_ai_assistants",
        || json!(1),
        || json!(0),
        "AI assistants are a channel of their own among referrers",
    ),
    (
        "Tracker",
        "drop_robots",
        || json!(0),
        || json!(1),
        "drop robots instead of keeping them apart",
    ),
    (
        "PrivacyManager",
        "ipAnonymizerEnabled",
        || json!(1),
        || json!(0),
        "mask addresses before they are stored",
    ),
    (
        "PrivacyManager",
        "globalPrivacyControlEnabled",
        || json!(1),
        || json!(0),
        "do not track browsers that send Sec-GPC",
    ),
];

/// Values in force.
#[derive(Clone, Debug)]
pub struct Config {
    values: BTreeMap<(String, String), Value>,
    matomo_defaults: bool,
}

impl Config {
    pub fn new(matomo_defaults: bool) -> Config {
        Config {
            values: BTreeMap::new(),
            matomo_defaults,
        }
    }

    /// `null` is the default again.
    pub fn set(&mut self, section: &str, name: &str, value: Value) {
        let key = (section.to_owned(), name.to_owned());
        if value.is_null() {
            self.values.remove(&key);
        } else {
            self.values.insert(key, value);
        }
    }

    pub fn value(&self, section: &str, name: &str) -> Value {
        if let Some(value) = self.values.get(&(section.to_owned(), name.to_owned())) {
            return value.clone();
        }
        let setting = SETTINGS
            .iter()
            .find(|row| row.0 == section && row.1 == name);
        match setting {
            Some(row) if self.matomo_defaults => row.3(),
            Some(row) => row.2(),
            None => Value::Null,
        }
    }

    pub fn number(&self, name: &str) -> i64 {
        self.number_of("General", name)
    }

    /// The number of a setting of another section.
    pub fn number_of(&self, section: &str, name: &str) -> i64 {
        match self.value(section, name) {
            Value::Number(number) => number.as_i64().unwrap_or(0),
            Value::String(text) => text.trim().parse().unwrap_or(0),
            Value::Bool(yes) => i64::from(yes),
            _ => 0,
        }
    }

    pub fn is_on(&self, name: &str) -> bool {
        self.number(name) != 0
    }

    pub fn text(&self, name: &str) -> String {
        match self.value("General", name) {
            Value::String(text) => text,
            Value::Number(number) => number.to_string(),
            _ => String::new(),
        }
    }

    pub fn list(&self, name: &str) -> Vec<String> {
        match self.value("General", name) {
            Value::Array(values) => values
                .iter()
                .filter_map(|value| value.as_str().map(str::to_owned))
                .collect(),
            Value::String(text) if !text.is_empty() => vec![text],
            _ => Vec::new(),
        }
    }

    /// Defaults of settings that tracking reads too, by section and name.
    pub fn tracking_defaults(&self) -> impl Iterator<Item = (&'static str, &'static str, Value)> {
        let shared = |row: &&Setting| row.0 == "Tracker" || row.0 == "PrivacyManager";
        SETTINGS
            .iter()
            .filter(shared)
            .map(|row| (row.0, row.1, self.value(row.0, row.1)))
    }

    pub fn grain(&self) -> Grain {
        if self.is_on("fold_days") {
            Grain::Day
        } else {
            Grain::Whole
        }
    }

    /// Whether unique visitors of such a period are counted.
    pub fn counts_unique(&self, kind: PeriodKind) -> bool {
        self.is_on(&format!(
            "enable_processing_unique_visitors_{}",
            kind.name()
        ))
    }

    fn limit(&self, names: &[&str]) -> Option<usize> {
        let set = names.iter().find(|name| {
            self.values
                .contains_key(&("General".to_owned(), (**name).to_owned()))
        });
        let name = set.or(names.first())?;
        usize::try_from(self.number(name))
            .ok()
            .filter(|rows| *rows > 0)
    }

    pub fn row_limits(&self) -> RowLimits {
        let family = |root: &[&str], below: &[&str]| RowLimit {
            root: self.limit(root),
            subtable: self.limit(below),
        };
        let rows = |name: &str| format!("datatable_archiving_maximum_rows_{name}");
        let plain = |name: &str| {
            let limit = self.limit(&[rows(name).as_str()]);
            RowLimit {
                root: limit,
                subtable: limit,
            }
        };
        let two = |name: &str| {
            family(
                &[rows(name).as_str()],
                &[rows(&format!("subtable_{name}")).as_str()],
            )
        };
        RowLimits {
            standard: plain("standard"),
            referrers: family(
                &[rows("referrers").as_str(), rows("referers").as_str()],
                &[
                    rows("subtable_referrers").as_str(),
                    rows("subtable_referers").as_str(),
                ],
            ),
            actions: two("actions"),
            site_search: plain("site_search"),
            events: two("events"),
            custom_dimensions: two("custom_dimensions"),
            custom_variables: two("custom_variables"),
            products: plain("products"),
            user_ids: plain("userid_users"),
            ranking: self.limit(&["archiving_ranking_query_row_limit"]),
        }
    }

    pub fn tree_rules(&self) -> TreeRules {
        TreeRules {
            url_delimiter: self.text("action_url_category_delimiter"),
            title_delimiter: self.text("action_title_category_delimiter"),
            default_name: self.text("action_default_name"),
            levels_max: usize::try_from(self.number("action_category_level_limit"))
                .unwrap_or(10)
                .max(1),
        }
    }
}
