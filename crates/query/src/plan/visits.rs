use catalog::columns::{Kind, TableId, conversion, visit};
use model::{Name, Row, Table, Value};

use super::fold::Builder;
use super::{Context, Group, RowLimit, cents, conversion_column, number, visit_column};
use crate::{Key, Measure, QueryError, Test, Verb};

/// How the raw label of a row is made from its keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Label {
    /// Texts (or numbers) of the keys, with this between them.
    Joined(&'static str),
    /// The hour of a stored second of the day.
    HourOfDay,
    /// The local hour of a UTC column.
    LocalHour,
    /// The local day, as days since 1970.
    LocalDay,
}

/// Sums of one day that a record gives as texts.
const USER_TEXTS_OF_A_DAY: [&str; 7] = [
    "nb_uniq_visitors",
    "nb_visits",
    "nb_actions",
    "nb_users",
    "sum_visit_length",
    "bounce_count",
    "nb_visits_converted",
];

/// The columns of custom dimensions.
const DIMENSIONS: std::ops::Range<usize> =
    visit::SLOT_1..visit::SLOT_1 + catalog::columns::DIMENSION_SLOTS;

/// A breakdown of visits by columns of the visit.
#[derive(Clone, Debug)]
pub struct VisitRecord {
    pub columns: Vec<usize>,
    pub label: Label,
    /// The same columns of the conversions table, where goals are counted per row.
    pub conversion_columns: Option<Vec<usize>>,
    pub tests: Vec<Test>,
    pub limit: RowLimit,
}

/// The counts of visits in the order of public columns.
pub(super) const VISIT_METRICS: [&str; 8] = [
    "nb_uniq_visitors",
    "nb_visits",
    "nb_actions",
    "nb_users",
    "max_actions",
    "sum_visit_length",
    "bounce_count",
    "nb_visits_converted",
];

pub(super) fn visit_measures() -> Vec<Measure> {
    vec![
        Measure::Distinct(visit_column(visit::VISITOR)),
        Measure::Count,
        Measure::Sum(visit_column(visit::TOTAL_ACTIONS)),
        Measure::DistinctPresent(visit_column(visit::USER)),
        Measure::Max(visit_column(visit::TOTAL_ACTIONS)),
        Measure::Sum(visit_column(visit::TOTAL_TIME)),
        Measure::CountIf(vec![test(visit::TOTAL_ACTIONS, Verb::AtMost(1))]),
        Measure::CountIf(vec![test(visit::CONVERTED, Verb::Is(1))]),
    ]
}

pub(super) fn test(column: usize, verb: Verb) -> Test {
    Test {
        operand: visit_column(column),
        verb,
    }
}

pub(super) fn visit_values(values: &[f64]) -> Vec<(&'static str, Value)> {
    VISIT_METRICS
        .iter()
        .zip(values)
        .map(|(name, value)| (*name, whole(*value)))
        .collect()
}

/// Sums of one day come from Matomo's database as texts, and clients see them so.
const TEXTS_OF_A_DAY: [&str; 4] = [
    "nb_actions",
    "sum_visit_length",
    "bounce_count",
    "nb_visits_converted",
];

pub(super) fn as_day(
    context: &Context,
    columns: Vec<(&'static str, Value)>,
) -> Vec<(&'static str, Value)> {
    as_raw(context, columns, &TEXTS_OF_A_DAY)
}

/// The columns of these names as texts, where one day is asked for as Matomo's database gives it.
pub(super) fn as_raw(
    context: &Context,
    mut columns: Vec<(&'static str, Value)>,
    texts: &[&str],
) -> Vec<(&'static str, Value)> {
    if context.is_raw_day() {
        for (name, value) in &mut columns {
            if texts.contains(name) {
                *value = as_text(value);
            }
        }
    }
    columns
}

pub(super) fn as_text(value: &Value) -> Value {
    match value {
        Value::Int(number) => Value::Text(number.to_string()),
        other => other.clone(),
    }
}

/// A count; no value at all counts as 0.
pub(super) fn whole(value: f64) -> Value {
    if value.is_nan() {
        Value::Int(0)
    } else {
        number(value)
    }
}

pub fn visits_by(context: &Context, record: &VisitRecord) -> Result<Table, QueryError> {
    let mut parts = Vec::new();
    let mut conversions = match &record.conversion_columns {
        Some(columns) => goals_by(context, record, columns)?,
        None => Default::default(),
    };
    let keys = visit_keys(context, record);
    let visits = context.ask_by_part(
        TableId::Visits,
        record.tests.clone(),
        keys,
        visit_measures(),
    )?;
    for (part, groups) in visits {
        let mut builder = Builder::new();
        for group in groups {
            let label = label_of(context, record, &group.keys);
            let texts: &[&str] = match record.columns.as_slice() {
                [visit::USER] => &USER_TEXTS_OF_A_DAY,
                // Kinds of referrers are sums of finer groups.
                [visit::REFERRER_TYPE] => &[],
                _ => &TEXTS_OF_A_DAY,
            };
            builder.add(&label, as_raw(context, visit_values(&group.values), texts));
        }
        if matches!(record.label, Label::Joined(_)) {
            // Groups come from Matomo's database by their names.
            builder.sort_by_label();
        }
        for (label, goals) in conversions.remove(&part).unwrap_or_default() {
            // A custom dimension has no rows for values that no visit had.
            let needs_visit = record
                .columns
                .iter()
                .any(|column| DIMENSIONS.contains(column));
            if !needs_visit || builder.has(&label) {
                add_goals(builder.row(&label), goals);
            }
        }
        parts.push(builder.table);
    }
    Ok(context.fold(parts, record.limit))
}

/// Latitude and longitude of each city, by the label of its city, region and country: those of the first
/// day that knows them.
pub fn coordinates(context: &Context) -> Result<Vec<(String, f64, f64)>, QueryError> {
    let columns = [visit::CITY, visit::REGION, visit::COUNTRY];
    let keys = columns.map(|column| Key::Column(visit_column(column)));
    let tests = vec![
        test(visit::LATITUDE, Verb::HasFloat),
        test(visit::CITY, Verb::IsNot(0)),
    ];
    let measures = vec![
        Measure::MaxFloat(visit_column(visit::LATITUDE)),
        Measure::MaxFloat(visit_column(visit::LONGITUDE)),
    ];
    let parts = context.ask_by_part(TableId::Visits, tests, keys.to_vec(), measures)?;
    let mut places: Vec<(String, f64, f64)> = Vec::new();
    let mut known = ahash::AHashSet::new();
    for group in parts.into_values().flatten() {
        let text = |key: &i64| context.view.texts.text(*key);
        let label = group.keys.iter().map(text).collect::<Vec<_>>().join("|");
        if known.insert(label.clone()) {
            places.push((label, group.values[0], group.values[1]));
        }
    }
    Ok(places)
}

fn visit_keys(context: &Context, record: &VisitRecord) -> Vec<Key> {
    let key = |column: &usize| match record.label {
        Label::Joined(_) => Key::Column(visit_column(*column)),
        Label::HourOfDay => Key::Divided(visit_column(*column), 3600),
        Label::LocalHour => Key::Hour(visit_column(*column), context.zone.clone()),
        Label::LocalDay => Key::Day(context.zone.clone()),
    };
    record.columns.iter().map(key).collect()
}

fn label_of(context: &Context, record: &VisitRecord, keys: &[i64]) -> String {
    match record.label {
        Label::Joined(between) => {
            let parts = record.columns.iter().zip(keys);
            let parts: Vec<String> = parts
                .map(|(column, key)| text_of(context, visit::COLUMNS[*column].kind, *key))
                .collect();
            parts.join(between)
        }
        _ => keys[0].to_string(),
    }
}

/// A stored number as the text it stands for.
pub(super) fn text_of(context: &Context, kind: Kind, value: i64) -> String {
    match kind {
        Kind::Text => context.view.texts.text(value).to_owned(),
        Kind::Action => context.view.actions.text(value).to_owned(),
        Kind::Integer if value < 0 => String::new(),
        Kind::Integer => value.to_string(),
        Kind::Float => catalog::columns::float(value).to_string(),
    }
}

/// The counts of one goal in one row.
#[derive(Clone, Debug)]
pub(super) struct GoalCounts {
    pub goal: i64,
    pub columns: Vec<(Name, Value)>,
}

type GoalsByLabel = Vec<(String, Vec<GoalCounts>)>;

fn goals_by(
    context: &Context,
    record: &VisitRecord,
    columns: &[usize],
) -> Result<std::collections::BTreeMap<i64, GoalsByLabel>, QueryError> {
    let mut keys = vec![Key::Column(conversion_column(conversion::GOAL))];
    keys.extend(columns.iter().map(|column| match record.label {
        Label::LocalHour => Key::Hour(conversion_column(*column), context.zone.clone()),
        Label::HourOfDay => Key::Divided(conversion_column(*column), 3600),
        _ => Key::Column(conversion_column(*column)),
    }));
    let parts = context.ask_by_part(
        TableId::Conversions,
        Vec::new(),
        keys,
        conversion_measures(),
    )?;
    let labelled = |group: &Group| match record.label {
        Label::Joined(between) => {
            let parts = columns.iter().zip(&group.keys[1..]);
            let parts: Vec<String> = parts
                .map(|(column, key)| text_of(context, conversion::COLUMNS[*column].kind, *key))
                .collect();
            parts.join(between)
        }
        _ => group.keys[1].to_string(),
    };
    Ok(parts
        .into_iter()
        .map(|(part, groups)| (part, by_label(groups, labelled)))
        .collect())
}

/// Goals of each label, in ascending order of goal numbers.
pub(super) fn by_label(groups: Vec<Group>, label: impl Fn(&Group) -> String) -> GoalsByLabel {
    let mut rows: GoalsByLabel = Vec::new();
    let mut places = ahash::AHashMap::new();
    for group in groups {
        let label = label(&group);
        let goal = GoalCounts {
            goal: group.keys[0],
            columns: goal_columns(&group),
        };
        match places.get(&label) {
            Some(at) => {
                let goals: &mut Vec<GoalCounts> = &mut rows[*at as usize].1;
                merge_goal(goals, goal);
            }
            None => {
                places.insert(label.clone(), rows.len() as u32);
                rows.push((label, vec![goal]));
            }
        }
    }
    for (_, goals) in &mut rows {
        goals.sort_by_key(|goal| goal.goal);
    }
    rows
}

fn merge_goal(goals: &mut Vec<GoalCounts>, goal: GoalCounts) {
    match goals.iter_mut().find(|own| own.goal == goal.goal) {
        Some(own) => {
            for (name, value) in goal.columns {
                if let Some((_, sum)) = own.columns.iter_mut().find(|(own, _)| *own == name) {
                    *sum = number(sum.number() + value.number());
                }
            }
        }
        None => goals.push(goal),
    }
}

pub(super) fn conversion_measures() -> Vec<Measure> {
    vec![
        Measure::Count,
        Measure::Distinct(conversion_column(conversion::VISIT)),
        Measure::SumFloat(conversion_column(conversion::REVENUE)),
        Measure::SumFloat(conversion_column(conversion::SUBTOTAL)),
        Measure::SumFloat(conversion_column(conversion::TAX)),
        Measure::SumFloat(conversion_column(conversion::SHIPPING)),
        Measure::SumFloat(conversion_column(conversion::DISCOUNT)),
        Measure::Sum(conversion_column(conversion::ITEMS)),
    ]
}

pub(super) const ORDER_GOAL: i64 = 0;
pub(super) const CART_GOAL: i64 = -1;

/// A goal's columns: orders know their parts, carts their items.
fn goal_columns(group: &Group) -> Vec<(Name, Value)> {
    let values = &group.values;
    let mut columns: Vec<(Name, Value)> = vec![
        ("nb_conversions".into(), whole(values[0])),
        ("nb_visits_converted".into(), whole(values[1])),
        ("revenue".into(), number(cents(values[2]))),
    ];
    if group.keys[0] == ORDER_GOAL {
        columns.push(("revenue_subtotal".into(), number(cents(values[3]))));
        columns.push(("revenue_tax".into(), number(cents(values[4]))));
        columns.push(("revenue_shipping".into(), number(cents(values[5]))));
        columns.push(("revenue_discount".into(), number(cents(values[6]))));
    }
    if group.keys[0] <= ORDER_GOAL {
        columns.push(("items".into(), whole(values[7])));
    }
    columns
}

/// The public key of a goal in a `goals` column.
pub(super) fn goal_key(goal: i64) -> Name {
    match goal {
        ORDER_GOAL => "idgoal=ecommerceOrder".into(),
        CART_GOAL => "idgoal=ecommerceAbandonedCart".into(),
        goal => format!("idgoal={goal}").into(),
    }
}

/// Adds the goals of a row and their sums; an abandoned cart is no conversion and no revenue.
pub(super) fn add_goals(row: &mut Row, goals: Vec<GoalCounts>) {
    let real = || goals.iter().filter(|goal| goal.goal != CART_GOAL);
    let sum = |name: &str| {
        let of = |goal: &GoalCounts| {
            goal.columns
                .iter()
                .find(|(own, _)| own == name)
                .map_or(0.0, |(_, value)| value.number())
        };
        number(real().map(of).sum())
    };
    let (conversions, revenue) = (sum("nb_conversions"), sum("revenue"));
    let map = goals
        .into_iter()
        .map(|goal| (goal_key(goal.goal), Value::Map(goal.columns)));
    row.set("goals", Value::Map(map.collect()));
    row.set("nb_conversions", conversions);
    row.set("revenue", revenue);
    // A conversion may be attributed to what brought no visit in the span.
    if row.get("nb_visits").is_none() {
        row.set("nb_visits", 0);
    }
}
