use std::collections::BTreeMap;

use catalog::columns::{TableId, action, kind, visit};
use model::{Entry, Row, Table, Value};

use super::numbers::{TIMINGS, not_event};
use super::page_goals;
use super::tree::{ActionTree, flat};
use super::visits::{as_raw, test, whole};
use super::{Context, Group, RowLimit, action_column, number, visit_column};
use crate::{Key, Measure, Operand, QueryError, Test, Verb};

/// One family of actions, each with its own label.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ActionRecord {
    PageUrls,
    PageTitles,
    Downloads,
    Outlinks,
    SearchKeywords,
}

impl ActionRecord {
    fn kind(self) -> i64 {
        match self {
            ActionRecord::PageUrls | ActionRecord::PageTitles => kind::PAGE,
            ActionRecord::Downloads => kind::DOWNLOAD,
            ActionRecord::Outlinks => kind::OUTLINK,
            ActionRecord::SearchKeywords => kind::SEARCH,
        }
    }

    /// Kind of the texts that label the rows.
    fn label_kind(self) -> i64 {
        match self {
            ActionRecord::PageTitles => kind::TITLE,
            _ => self.kind(),
        }
    }

    fn by_title(self) -> bool {
        matches!(
            self,
            ActionRecord::PageTitles | ActionRecord::SearchKeywords
        )
    }

    pub(super) fn label_column(self) -> usize {
        if self.by_title() {
            action::TITLE
        } else {
            action::URL
        }
    }

    fn previous_column(self) -> usize {
        if self.by_title() {
            action::PREVIOUS_TITLE
        } else {
            action::PREVIOUS_URL
        }
    }

    /// Columns of the visit that hold its first and its last one; a search is never its first page.
    fn ends(self) -> Option<(Option<usize>, usize)> {
        match self {
            ActionRecord::PageUrls => Some((Some(visit::ENTRY_URL), visit::EXIT_URL)),
            ActionRecord::PageTitles => Some((Some(visit::ENTRY_TITLE), visit::EXIT_TITLE)),
            ActionRecord::SearchKeywords => Some((None, visit::EXIT_TITLE)),
            _ => None,
        }
    }

    /// Sums of hits that come from Matomo's database as texts.
    fn texts_of_a_day(self) -> &'static [&'static str] {
        match self {
            ActionRecord::PageUrls | ActionRecord::PageTitles => PAGE_TEXTS_OF_A_DAY,
            _ => &["sum_bandwidth", "nb_hits_with_bandwidth"],
        }
    }

    fn limit(self, context: &Context) -> RowLimit {
        match self {
            ActionRecord::SearchKeywords => context.rows.site_search,
            _ => context.rows.actions,
        }
    }
}

const PAGE_TEXTS_OF_A_DAY: &[&str] = &[
    "sum_bandwidth",
    "nb_hits_with_bandwidth",
    "nb_hits_following_search",
    "nb_hits_with_time_network",
    "nb_hits_with_time_server",
    "nb_hits_with_time_transfer",
    "nb_hits_with_time_dom_processing",
    "nb_hits_with_time_dom_completion",
    "nb_hits_with_time_on_load",
];

const END_TEXTS_OF_A_DAY: &[&str] = &[
    "entry_nb_visits",
    "entry_nb_actions",
    "entry_sum_visit_length",
    "entry_bounce_count",
    "exit_nb_visits",
];

/// Hits, time, entries and exits by label, in folders.
pub fn actions_by_time(context: &Context, record: ActionRecord) -> Result<Table, QueryError> {
    let mut parts: BTreeMap<i64, ActionTree> = BTreeMap::new();
    add_hits(context, record, &mut parts)?;
    if record == ActionRecord::PageUrls {
        add_nameless_links(context, &mut parts)?;
    }
    if let Some((entry, exit)) = record.ends() {
        if let Some(entry) = entry {
            add_entries(context, record, entry, &mut parts)?;
        }
        add_exits(context, record, exit, &mut parts)?;
    }
    add_time(context, record, &mut parts)?;
    if let Some((Some(entry), _)) = record.ends() {
        page_goals::add(context, record, entry, &mut parts)?;
    }
    let tables = parts.into_values().map(|tree| tree.table());
    let mut table = context.fold(tables, record.limit(context));
    forget_visitors_of_others(&mut table);
    Ok(table)
}

/// Visitors of several pages cannot be added up.
fn forget_visitors_of_others(table: &mut Table) {
    if let Some(others) = &mut table.summary {
        others
            .columns
            .retain(|(name, _)| !name.contains("nb_uniq_visitors"));
    }
    for row in table.all_rows_mut() {
        if let Some(below) = &mut row.subtable {
            forget_visitors_of_others(below);
        }
    }
}

/// Searches by category: visits, hits. Rows without a category are left out.
pub fn search_categories(context: &Context) -> Result<Table, QueryError> {
    let category = action_column(action::SEARCH_CATEGORY);
    let tests = vec![
        Test {
            operand: action_column(action::KIND),
            verb: Verb::Is(kind::SEARCH),
        },
        Test {
            operand: category,
            verb: Verb::IsNot(0),
        },
    ];
    let measures = vec![
        Measure::Distinct(visit_column(visit::VISITOR)),
        Measure::Distinct(action_column(action::VISIT)),
        Measure::Count,
    ];
    let parts = context.ask_by_part(
        TableId::Actions,
        tests,
        vec![Key::Column(category)],
        measures,
    )?;
    let row = |group: Group| {
        let columns = vec![
            ("nb_uniq_visitors", whole(group.values[0])),
            ("nb_visits", whole(group.values[1])),
            ("nb_actions", whole(group.values[2])),
        ];
        (context.view.texts.text(group.keys[0]).to_owned(), columns)
    };
    let tables = parts
        .into_values()
        .map(|groups| flat(groups.into_iter().map(row)));
    Ok(context.fold(tables, context.rows.site_search))
}

pub(super) fn entry_of<'a>(
    context: &Context<'a>,
    record: ActionRecord,
    id: i64,
) -> Option<&'a Entry> {
    let entry = context.view.actions.get(id)?;
    (i64::from(entry.kind) == record.label_kind()).then_some(entry)
}

fn is(column: usize, value: i64) -> Test {
    Test {
        operand: action_column(column),
        verb: Verb::Is(value),
    }
}

/// Visits, visitors, hits, hits after a search, six timings, bandwidth.
pub(super) fn hit_measures() -> Vec<Measure> {
    let mut measures = vec![
        Measure::Distinct(action_column(action::VISIT)),
        Measure::Distinct(visit_column(visit::VISITOR)),
        Measure::Count,
        Measure::CountIf(vec![is(action::PREVIOUS_KIND, kind::SEARCH)]),
    ];
    let columns = TIMINGS
        .iter()
        .map(|(column, _)| *column)
        .chain([action::BANDWIDTH]);
    for column in columns {
        measures.extend(summary_measures(action_column(column)));
    }
    measures
}

fn summary_measures(operand: Operand) -> [Measure; 4] {
    [
        Measure::Sum(operand),
        Measure::CountIf(vec![Test {
            operand,
            verb: Verb::AtLeast(0),
        }]),
        Measure::Min(operand),
        Measure::Max(operand),
    ]
}

const TIMING_NAMES: [[&str; 4]; 6] = [
    [
        "sum_time_network",
        "nb_hits_with_time_network",
        "min_time_network",
        "max_time_network",
    ],
    [
        "sum_time_server",
        "nb_hits_with_time_server",
        "min_time_server",
        "max_time_server",
    ],
    [
        "sum_time_transfer",
        "nb_hits_with_time_transfer",
        "min_time_transfer",
        "max_time_transfer",
    ],
    [
        "sum_time_dom_processing",
        "nb_hits_with_time_dom_processing",
        "min_time_dom_processing",
        "max_time_dom_processing",
    ],
    [
        "sum_time_dom_completion",
        "nb_hits_with_time_dom_completion",
        "min_time_dom_completion",
        "max_time_dom_completion",
    ],
    [
        "sum_time_on_load",
        "nb_hits_with_time_on_load",
        "min_time_on_load",
        "max_time_on_load",
    ],
];

pub(super) fn hit_columns(values: &[f64]) -> Vec<(&'static str, Value)> {
    let mut columns = vec![
        ("nb_visits", whole(values[0])),
        ("nb_uniq_visitors", whole(values[1])),
        ("nb_hits", whole(values[2])),
    ];
    if values[3] > 0.0 {
        columns.push(("nb_hits_following_search", whole(values[3])));
    }
    for (at, names) in TIMING_NAMES.iter().enumerate() {
        let values = &values[4 + at * 4..8 + at * 4];
        let seconds = |ms: f64| match values[1] > 0.0 {
            true => Value::Text(format!("{:.4}", ms / 1000.0)),
            false => Value::Null,
        };
        columns.push((names[0], seconds(values[0])));
        columns.push((names[1], whole(values[1])));
        columns.push((names[2], seconds(values[2])));
        columns.push((names[3], seconds(values[3])));
    }
    let bytes = &values[28..32];
    let extreme = |value: f64| {
        if value.is_nan() {
            Value::Null
        } else {
            number(value)
        }
    };
    columns.push(("sum_bandwidth", whole(bytes[0])));
    columns.push(("nb_hits_with_bandwidth", whole(bytes[1])));
    columns.push(("min_bandwidth", extreme(bytes[2])));
    columns.push(("max_bandwidth", extreme(bytes[3])));
    columns
}

fn add_columns(row: &mut Row, columns: Vec<(&'static str, Value)>) {
    let addition = Row {
        columns: columns
            .into_iter()
            .map(|(name, value)| (name.into(), value))
            .collect(),
        ..Row::default()
    };
    super::fold::add_row(row, addition);
}

fn add_hits(
    context: &Context,
    record: ActionRecord,
    parts: &mut BTreeMap<i64, ActionTree>,
) -> Result<(), QueryError> {
    let label = action_column(record.label_column());
    let mut tests = vec![is(action::KIND, record.kind()), not_event()];
    if record != ActionRecord::PageUrls {
        tests.push(Test {
            operand: label,
            verb: Verb::IsNot(0),
        });
    }
    let mut measures = hit_measures();
    if record == ActionRecord::SearchKeywords {
        measures.push(Measure::Max(action_column(action::SEARCH_COUNT)));
    }
    let groups =
        context.ask_by_part(TableId::Actions, tests, vec![Key::Column(label)], measures)?;
    let nameless = Entry {
        kind: record.label_kind() as u8,
        prefix: -1,
        text: "".into(),
    };
    for (part, mut groups) in groups {
        let tree = parts.entry(part).or_default();
        // The most seen address comes first, then by name: it gives the row its address.
        groups.sort_by_cached_key(|group| {
            let hits = std::cmp::Reverse(group.values[2] as i64);
            (hits, context.view.actions.text(group.keys[0]).to_owned())
        });
        for group in groups {
            let entry = match entry_of(context, record, group.keys[0]) {
                Some(entry) => entry,
                None if group.keys[0] == 0 => &nameless,
                None => continue,
            };
            let mut columns = hit_columns(&group.values);
            columns.insert(3, ("sum_time_spent", Value::Int(0)));
            let columns = as_raw(context, columns, record.texts_of_a_day());
            let row = tree.leaf(entry, context.tree);
            if record == ActionRecord::PageUrls && entry.text.is_empty() {
                row.set_meta("url", "");
            }
            add_columns(row, columns);
            // A keyword whose searches never found anything is known by its largest count, 0.
            if group.values.get(32).is_some_and(|found| *found == 0.0) {
                row.set("_no_result", 1);
            }
        }
    }
    Ok(())
}

/// Links that are no addresses (`mailto:`) count as pages without one, as in Matomo.
fn add_nameless_links(
    context: &Context,
    parts: &mut BTreeMap<i64, ActionTree>,
) -> Result<(), QueryError> {
    let tests = vec![
        is(action::URL, 0),
        Test {
            operand: action_column(action::KIND),
            verb: Verb::OneOf(&[kind::OUTLINK, kind::DOWNLOAD]),
        },
    ];
    let nameless = Entry {
        kind: kind::PAGE as u8,
        prefix: -1,
        text: "".into(),
    };
    for (part, groups) in
        context.ask_by_part(TableId::Actions, tests, Vec::new(), hit_measures())?
    {
        let tree = parts.entry(part).or_default();
        for group in groups {
            let mut columns = hit_columns(&group.values);
            columns.insert(3, ("sum_time_spent", Value::Int(0)));
            let columns = as_raw(context, columns, PAGE_TEXTS_OF_A_DAY);
            let row = tree.leaf(&nameless, context.tree);
            row.set_meta("url", "");
            add_columns(row, columns);
        }
    }
    Ok(())
}

fn add_entries(
    context: &Context,
    record: ActionRecord,
    column: usize,
    parts: &mut BTreeMap<i64, ActionTree>,
) -> Result<(), QueryError> {
    let measures = vec![
        Measure::Distinct(visit_column(visit::VISITOR)),
        Measure::Count,
        Measure::Sum(visit_column(visit::TOTAL_ACTIONS)),
        Measure::Sum(visit_column(visit::TOTAL_TIME)),
        Measure::CountIf(vec![test(visit::TOTAL_ACTIONS, Verb::AtMost(1))]),
    ];
    let names = [
        "entry_nb_uniq_visitors",
        "entry_nb_visits",
        "entry_nb_actions",
        "entry_sum_visit_length",
        "entry_bounce_count",
    ];
    add_ends(context, record, column, measures, &names, parts)
}

fn add_exits(
    context: &Context,
    record: ActionRecord,
    column: usize,
    parts: &mut BTreeMap<i64, ActionTree>,
) -> Result<(), QueryError> {
    let measures = vec![
        Measure::Distinct(visit_column(visit::VISITOR)),
        Measure::Count,
    ];
    let names = ["exit_nb_uniq_visitors", "exit_nb_visits"];
    add_ends(context, record, column, measures, &names, parts)
}

fn add_ends(
    context: &Context,
    record: ActionRecord,
    column: usize,
    measures: Vec<Measure>,
    names: &[&'static str],
    parts: &mut BTreeMap<i64, ActionTree>,
) -> Result<(), QueryError> {
    let tests = vec![test(column, Verb::IsNot(0))];
    let keys = vec![Key::Column(visit_column(column))];
    for (part, groups) in context.ask_by_part(TableId::Visits, tests, keys, measures)? {
        let tree = parts.entry(part).or_default();
        for group in groups {
            let Some(entry) = entry_of(context, record, group.keys[0]) else {
                continue;
            };
            let columns = names
                .iter()
                .zip(&group.values)
                .map(|(name, value)| (*name, whole(*value)));
            let columns = as_raw(context, columns.collect(), END_TEXTS_OF_A_DAY);
            add_columns(tree.leaf(entry, context.tree), columns);
        }
    }
    Ok(())
}

/// Time on a page is known when the next action comes, and dated by that one.
fn add_time(
    context: &Context,
    record: ActionRecord,
    parts: &mut BTreeMap<i64, ActionTree>,
) -> Result<(), QueryError> {
    let column = action_column(record.previous_column());
    let seconds = action_column(action::PREVIOUS_SECONDS);
    let tests = vec![
        Test {
            operand: column,
            verb: Verb::IsNot(0),
        },
        Test {
            operand: seconds,
            verb: Verb::AtLeast(1),
        },
        not_event(),
    ];
    let keys = vec![Key::Column(column)];
    for (part, groups) in
        context.ask_by_part(TableId::Actions, tests, keys, vec![Measure::Sum(seconds)])?
    {
        let tree = parts.entry(part).or_default();
        for group in groups {
            let Some(entry) = entry_of(context, record, group.keys[0]) else {
                continue;
            };
            let columns = vec![("sum_time_spent", whole(group.values[0]))];
            add_columns(tree.leaf(entry, context.tree), columns);
        }
    }
    Ok(())
}
