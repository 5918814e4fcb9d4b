//! The parameters of one API request, read as PHP and Matomo read them.

use super::formats::Format;
use super::shape::php;

/// Deepest `a[b][c]` that is followed, and most parameters that are kept.
const DEEPEST: usize = 8;
const MOST_PARAMETERS: usize = 5000;

/// A parameter: text, or a list or map sent as `name[]=` or `name[key]=`.
#[derive(Clone, Debug, PartialEq)]
pub enum Param {
    Text(String),
    Items(Vec<(String, Param)>),
}

/// The parameters of a request; the query string wins over the body.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ApiRequest {
    entries: Vec<(String, Param)>,
}

impl ApiRequest {
    /// The parameters of a query string and of a form body.
    pub fn parse(query: &str, body: &str) -> ApiRequest {
        let mut request = ApiRequest::parsed(query);
        for (name, param) in ApiRequest::parsed(body).entries {
            if request.param(&name).is_none() {
                request.entries.push((name, param));
            }
        }
        request
    }

    fn parsed(text: &str) -> ApiRequest {
        let mut request = ApiRequest::default();
        let pairs = text.split('&').filter(|pair| !pair.is_empty());
        for pair in pairs.take(MOST_PARAMETERS) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let value = decoded(value).replace('\0', "");
            insert(&mut request.entries, &decoded(name), value);
        }
        request
    }

    pub fn param(&self, name: &str) -> Option<&Param> {
        let found = self.entries.iter().find(|(known, _)| known == name);
        found.map(|(_, param)| param)
    }

    /// Replaces or adds a text.
    pub fn set(&mut self, name: &str, value: impl Into<String>) {
        let param = Param::Text(value.into());
        match self.entries.iter_mut().find(|(known, _)| known == name) {
            Some((_, old)) => *old = param,
            None => self.entries.push((name.to_owned(), param)),
        }
    }

    pub fn remove(&mut self, name: &str) {
        self.entries.retain(|(known, _)| known != name);
    }

    /// Names and parameters in the order sent.
    pub fn entries(&self) -> &[(String, Param)] {
        &self.entries
    }

    /// Whether a parameter is there and not the empty text.
    pub fn is_set(&self, name: &str) -> bool {
        match self.param(name) {
            Some(Param::Text(text)) => !text.is_empty(),
            Some(Param::Items(_)) => true,
            None => false,
        }
    }

    /// A parameter that is a text and not empty.
    pub fn text(&self, name: &str) -> Option<&str> {
        match self.param(name)? {
            Param::Text(text) if !text.is_empty() => Some(text),
            _ => None,
        }
    }

    pub fn text_or<'a>(&'a self, name: &str, default: &'a str) -> &'a str {
        self.text(name).unwrap_or(default)
    }

    /// A whole number written as PHP would write it; `007` and `5x` are none.
    pub fn int(&self, name: &str) -> Option<i64> {
        let text = self.text(name)?;
        let number: i64 = text.parse().ok()?;
        (number.to_string() == text).then_some(number)
    }

    pub fn int_or(&self, name: &str, default: i64) -> i64 {
        self.int(name).unwrap_or(default)
    }

    /// A number with a fraction.
    pub fn float(&self, name: &str) -> Option<f64> {
        let text = self.text(name)?;
        php::is_numeric(text).then(|| php::number(text))
    }

    /// `1` and `true` are yes; `0`, `false`, nothing and anything else are no.
    pub fn bool(&self, name: &str) -> bool {
        self.bool_or(name, false)
    }

    pub fn bool_or(&self, name: &str, default: bool) -> bool {
        match self.text(name) {
            None => default,
            Some(text) => text == "1" || text.eq_ignore_ascii_case("true"),
        }
    }

    /// The texts of a list (`name[]=a&name[]=b`) or of a comma list (`name=a,b`).
    pub fn list(&self, name: &str) -> Vec<String> {
        match self.param(name) {
            Some(Param::Items(_)) => self.array(name),
            Some(Param::Text(text)) if !text.is_empty() => {
                text.split(',').map(|part| part.trim().to_owned()).collect()
            }
            _ => Vec::new(),
        }
    }

    /// The texts of a list; a single text is a list of one, commas and all.
    pub fn array(&self, name: &str) -> Vec<String> {
        match self.param(name) {
            Some(Param::Items(items)) => items
                .iter()
                .filter_map(|(_, item)| match item {
                    Param::Text(text) => Some(text.clone()),
                    Param::Items(_) => None,
                })
                .collect(),
            Some(Param::Text(text)) if !text.is_empty() => vec![text.clone()],
            _ => Vec::new(),
        }
    }

    /// `Module` and `action` of the method asked for.
    pub fn method(&self) -> Option<(&str, &str)> {
        self.text("method")?.split_once('.')
    }

    /// The format asked for, XML if none; the error is the message for the client.
    pub fn format(&self) -> Result<Format, String> {
        Format::find(self.text_or("format", "xml"))
    }

    /// The JSONP function's name, if it is one that may be echoed.
    pub fn callback(&self) -> Option<&str> {
        let name = self
            .text("callback")
            .or_else(|| self.text("jsoncallback"))?;
        let safe = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '.';
        name.chars().all(safe).then_some(name)
    }

    /// The filters that every report understands.
    pub fn generic(&self) -> Generic {
        Generic::of(self)
    }
}

/// Adds a parameter under its PHP name: `a.b` and `a b` are `a_b`, `a[x][]` is a list in a map.
fn insert(entries: &mut Vec<(String, Param)>, name: &str, value: String) {
    let name = name.trim_start_matches(' ');
    let (base, path) = match name.find('[') {
        Some(at) if at > 0 && name[at..].contains(']') => (&name[..at], keys(&name[at..])),
        _ => (name, Vec::new()),
    };
    let base: String = base
        .chars()
        .map(|c| if matches!(c, '.' | ' ' | '[') { '_' } else { c })
        .collect();
    if !base.is_empty() {
        place(entries, base, &path, value);
    }
}

/// The keys of `[x][][y]`.
fn keys(mut text: &str) -> Vec<&str> {
    let mut keys = Vec::new();
    while let Some(inner) = text.strip_prefix('[')
        && let Some(end) = inner.find(']')
        && keys.len() < DEEPEST
    {
        keys.push(&inner[..end]);
        text = &inner[end + 1..];
    }
    keys
}

fn place(entries: &mut Vec<(String, Param)>, key: String, path: &[&str], value: String) {
    let at = entries.iter().position(|(known, _)| *known == key);
    let Some((next, rest)) = path.split_first() else {
        let param = Param::Text(value);
        match at {
            Some(at) => entries[at].1 = param,
            None => entries.push((key, param)),
        }
        return;
    };
    let at = at.unwrap_or_else(|| {
        entries.push((key, Param::Items(Vec::new())));
        entries.len() - 1
    });
    if let Param::Text(_) = entries[at].1 {
        entries[at].1 = Param::Items(Vec::new());
    }
    if let Param::Items(items) = &mut entries[at].1 {
        let key = match *next {
            "" => next_index(items).to_string(),
            key => key.to_owned(),
        };
        place(items, key, rest, value);
    }
}

fn next_index(items: &[(String, Param)]) -> u64 {
    let indexes = items.iter().filter_map(|(key, _)| key.parse::<u64>().ok());
    indexes.max().map_or(0, |last| last.saturating_add(1))
}

/// Reads `%XX` and `+`; bytes that are no UTF-8 are taken for Latin-1.
pub fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let raw = text.as_bytes();
    let mut at = 0;
    while at < raw.len() {
        let hex = |offset: usize| {
            raw.get(at + offset)
                .and_then(|byte| char::from(*byte).to_digit(16))
        };
        match (raw[at], hex(1), hex(2)) {
            (b'+', ..) => bytes.push(b' '),
            (b'%', Some(high), Some(low)) => {
                bytes.push((high * 16 + low) as u8);
                at += 2;
            }
            (byte, ..) => bytes.push(byte),
        }
        at += 1;
    }
    String::from_utf8(bytes)
        .unwrap_or_else(|error| error.into_bytes().into_iter().map(char::from).collect())
}

/// Where parameters come from.
pub trait Parameters {
    /// A parameter that is a text and not empty.
    fn filled(&self, name: &str) -> Option<&str>;
    /// The texts of a list; a single text is a list of one, commas and all.
    fn array(&self, name: &str) -> Vec<String>;
    /// The texts of a list or of a comma list.
    fn list(&self, name: &str) -> Vec<String>;
}

impl Parameters for ApiRequest {
    fn filled(&self, name: &str) -> Option<&str> {
        self.text(name)
    }

    fn array(&self, name: &str) -> Vec<String> {
        self.array(name)
    }

    fn list(&self, name: &str) -> Vec<String> {
        self.list(name)
    }
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

    #[test]
    fn the_query_wins_and_arrays_follow_php() {
        let request = ApiRequest::parse(
            "method=A.get&idSite=1&urls%5B0%5D=x%3D1&urls[]=y&a.b=2&c[k][]=3&c[k][]=4&e=&=5",
            "idSite=2&period=day&f=%E9t%E9+x",
        );
        assert_eq!(request.method(), Some(("A", "get")));
        assert_eq!(request.int("idSite"), Some(1));
        assert_eq!(request.text("period"), Some("day"));
        assert_eq!(request.array("urls"), ["x=1", "y"]);
        assert_eq!(request.text("a_b"), Some("2"));
        assert_eq!(request.text("f"), Some("été x"));
        assert!(!request.is_set("e") && request.param("e").is_some());
        let Some(Param::Items(c)) = request.param("c") else {
            panic!("a map")
        };
        assert!(matches!(&c[0], (key, Param::Items(items)) if key == "k" && items.len() == 2));
    }

    #[test]
    fn numbers_are_strict() {
        let request = ApiRequest::parse("a=5&b=5x&c=007&d=-1&e=1.50&f=true&g=9&h=", "");
        assert_eq!(request.int("a"), Some(5));
        assert_eq!(request.int("b"), None);
        assert_eq!(request.int("c"), None);
        assert_eq!(request.int_or("d", 3), -1);
        assert_eq!(request.float("e"), Some(1.5));
        assert!(request.bool("f") && !request.bool("g") && request.bool_or("h", true));
    }

    #[test]
    fn only_plain_callbacks() {
        let callback = |query: &str| ApiRequest::parse(query, "").callback().map(str::to_owned);
        assert_eq!(callback("callback=my.fn_1").as_deref(), Some("my.fn_1"));
        assert_eq!(callback("jsoncallback=x").as_deref(), Some("x"));
        assert_eq!(callback("callback=alert(1)"), None);
        assert_eq!(callback("callback="), None);
    }

    #[test]
    fn generic_filters() {
        let generic = ApiRequest::parse(
            "flat=1&filter_limit=-1&filter_sort_order=asc&filter_pattern=a&label[]=x,y&label[]=z\
             &hideColumns=a,b&format_metrics=all&filter_update_columns_when_show_all_goals=1&idGoal=3\
             &filter_show_goal_columns_process_goals=1,x,2",
            "",
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

    #[test]
    fn hostile_names_do_no_harm() {
        let deep = format!("a{}=1", "[x]".repeat(1000));
        assert!(ApiRequest::parse(&deep, "").param("a").is_some());
        for name in ["[", "]", "a[", "a[b", "[]", "%5B%5D", "%", "%%", "a[]]"] {
            ApiRequest::parse(&format!("{name}=1"), name);
        }
    }
}
