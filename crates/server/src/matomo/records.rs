//! From a report's row in the catalog to its raw table.

use catalog::columns::{TableId, visit};
use catalog::reports::{Actions, EventText, ItemText, Record, Report, Shown, VisitKey};
use model::{Row, Table, Value};
use query::plan::{
    self, ActionRecord, Buckets, Context, EventColumn, ItemColumn, Label, ReferrerRecord,
    VisitRecord,
};
use query::{Operand, QueryError, Test, Verb};

use super::{numbers, ranges};

/// Parameters of a report besides site, period and segment.
#[derive(Clone, Debug, Default)]
pub struct Extra {
    /// `idGoal`: 0 an order, -1 a cart; `None` for all goals.
    pub goal: Option<i64>,
    pub abandoned_carts: bool,
    /// Slot and scope of the custom dimension asked for.
    pub dimension: Option<Dimension>,
    /// `secondaryDimension` of an events report.
    pub secondary: Option<EventText>,
    /// No other site or period is asked for: parts without data are shown as 0.
    pub alone: bool,
    /// Visits of all periods asked for, which shares of each refer to.
    pub visits_in_all: Option<f64>,
    /// `typeReferrer`: only this kind of referrer.
    pub referrer_type: Option<i64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dimension {
    pub id: i64,
    pub slot: usize,
    pub of_action: bool,
}

pub fn table(context: &Context, report: &Report, extra: &Extra) -> Result<Table, QueryError> {
    match report.record {
        Record::Visits {
            columns,
            conversions,
            key,
        } => {
            let mut table = visits(context, columns, conversions, key)?;
            if report.shown == Shown::City {
                locate(context, &mut table)?;
            }
            Ok(table)
        }
        Record::Buckets {
            column,
            divided_by,
            ranges,
            returning_only,
        } => {
            let buckets = Buckets {
                column,
                ranges,
                divided_by,
                returning_only,
            };
            let mut table = plan::visit_buckets(context, &buckets)?;
            ranges::mark(&mut table, ranges);
            Ok(table)
        }
        Record::Plugins => plugins(context),
        Record::UserIds => user_ids(context),
        Record::ReferrerTypes => referrer_types(context, extra.referrer_type),
        Record::AllReferrers => all_referrers(context),
        Record::Referrers { kind, levels } => {
            plan::referrers(context, &ReferrerRecord { kind, levels })
        }
        Record::Socials => socials(context),
        Record::Actions(actions) => self::actions(context, actions),
        Record::SearchCategories => plan::search_categories(context),
        Record::Events { by, then } => {
            plan::events(context, event(by), event(extra.secondary.unwrap_or(then)))
        }
        Record::Contents { by_piece } => plan::contents(context, by_piece),
        Record::Items(text) => {
            let mut table = plan::items(context, item(text), extra.abandoned_carts)?;
            // The count of carts has the place of a column that was renamed: the last.
            for row in table.all_rows_mut() {
                if let Some(carts) = row.remove("abandoned_carts") {
                    row.set("abandoned_carts", carts);
                }
            }
            Ok(table)
        }
        Record::GoalHistogram {
            column,
            divided_by,
            ranges,
        } => {
            let goal = extra.goal;
            let mut table = plan::conversion_histogram(context, goal, column, divided_by, ranges)?;
            ranges::mark(&mut table, ranges);
            Ok(table)
        }
        Record::CustomVariables => plan::custom_variables(context),
        Record::CustomDimension => custom_dimension(context, extra),
        Record::Numbers(which) => numbers::row(context, which, extra),
    }
}

fn event(text: EventText) -> EventColumn {
    match text {
        EventText::Category => EventColumn::Category,
        EventText::Action => EventColumn::Action,
        EventText::Name => EventColumn::Name,
    }
}

fn item(text: ItemText) -> ItemColumn {
    match text {
        ItemText::Sku => ItemColumn::Sku,
        ItemText::Name => ItemColumn::Name,
        ItemText::Category => ItemColumn::Category,
    }
}

fn visits(
    context: &Context,
    columns: &[usize],
    conversions: &[usize],
    key: VisitKey,
) -> Result<Table, QueryError> {
    let label = match key {
        VisitKey::Joined(between) => Label::Joined(between),
        VisitKey::HourOfDay => Label::HourOfDay,
        VisitKey::LocalHour => Label::LocalHour,
        VisitKey::DayOfWeek => Label::LocalDay,
    };
    let record = VisitRecord {
        columns: columns.to_vec(),
        label,
        conversion_columns: (!conversions.is_empty()).then(|| conversions.to_vec()),
        tests: Vec::new(),
        limit: context.rows.standard,
    };
    let table = plan::visits_by(context, &record)?;
    Ok(match key {
        VisitKey::HourOfDay | VisitKey::LocalHour => hours(table),
        VisitKey::DayOfWeek => weekdays(table),
        VisitKey::Joined(_) => table,
    })
}

/// Writes beside cities where they are.
fn locate(context: &Context, table: &mut Table) -> Result<(), QueryError> {
    let rounded = |degrees: f64| Value::Float((degrees * 1000.0).round() / 1000.0);
    for (label, latitude, longitude) in plan::coordinates(context)? {
        if let Some(row) = table.rows.iter_mut().find(|row| row.label() == label) {
            row.set_meta("lat", rounded(latitude));
            row.set_meta("long", rounded(longitude));
        }
    }
    Ok(())
}

/// All 24 hours, as soon as there is one.
fn hours(table: Table) -> Table {
    let Some(model) = table.rows.first() else {
        return table;
    };
    let blank = blank_of(model);
    let rows = (0..24).map(|hour: i64| {
        let label = hour.to_string();
        let known = table.rows.iter().find(|row| row.label() == label);
        known.cloned().unwrap_or_else(|| {
            let mut row = blank.clone();
            row.set("label", label);
            row
        })
    });
    Table::of(rows.collect())
}

fn blank_of(model: &Row) -> Row {
    let mut blank = Row::default();
    let plain = model.columns.iter().filter(|(name, value)| {
        !matches!(value, Value::Map(_)) && !["nb_conversions", "revenue"].contains(&name.as_ref())
    });
    for (name, _) in plain {
        blank.set(name.clone(), 0);
    }
    blank
}

const WEEKDAYS: [&str; 7] = [
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
    "Sunday",
];

/// Days become days of the week; 1970-01-01 was a Thursday.
fn weekdays(table: Table) -> Table {
    if table.rows.is_empty() {
        return table;
    }
    let mut rows: Vec<Row> = Vec::new();
    for (at, name) in WEEKDAYS.iter().enumerate() {
        let mut week = Table::of(vec![Row::labelled(*name)]);
        let of_day = table.rows.iter().filter(|row| {
            let day: i64 = row.label().parse().unwrap_or(0);
            (day + 3).rem_euclid(7) as usize == at
        });
        for day in of_day {
            let mut day = day.clone();
            for (_, value) in &mut day.columns {
                if let Value::Text(text) = value {
                    *value = Value::Int(Value::from(text.as_str()).number() as i64);
                }
            }
            day.set("label", *name);
            day.remove("max_actions");
            // Visits come first in this report, and a day's own visitors and users are not renamed.
            for (daily, name, before) in [
                (
                    "sum_daily_nb_uniq_visitors",
                    "nb_uniq_visitors",
                    "nb_visits",
                ),
                ("sum_daily_nb_users", "nb_users", "nb_actions"),
            ] {
                let value = day.remove(daily).or_else(|| day.remove(name));
                if let Some(value) = value {
                    let at = day.columns.iter().position(|(name, _)| name == before);
                    day.columns
                        .insert(at.map_or(0, |at| at + 1), (name.into(), value));
                }
            }
            plan::add_table(&mut week, Table::of(vec![day]));
        }
        let mut row = week.rows.remove(0);
        if row.get("nb_visits").is_none() {
            row.set("nb_visits", 0);
        }
        row.set_meta("day_of_week", at as i64 + 1);
        rows.push(row);
    }
    Table::of(rows)
}

fn test(column: usize, verb: Verb) -> Test {
    Test {
        operand: Operand {
            table: TableId::Visits,
            column,
        },
        verb,
    }
}

fn user_ids(context: &Context) -> Result<Table, QueryError> {
    let record = VisitRecord {
        columns: vec![visit::USER],
        label: Label::Joined(""),
        conversion_columns: None,
        tests: vec![test(visit::USER, Verb::IsNot(0))],
        limit: context.rows.user_ids,
    };
    let mut table = plan::visits_by(context, &record)?;
    for (user, visitor) in plan::visitors_of_users(context)? {
        let row = table.rows.iter_mut().find(|row| row.label() == user);
        if let Some(row) = row.filter(|row| row.meta("idvisitor").is_none()) {
            row.set_meta("idvisitor", format!("{:016x}", visitor as u64));
        }
    }
    Ok(table)
}

/// Plugins by name and bit; visits with each, over visits whose browser tells.
fn plugins(context: &Context) -> Result<Table, QueryError> {
    const SHOWN: [(&str, u32); 8] = [
        ("cookie", 0),
        ("flash", 1),
        ("java", 2),
        ("pdf", 3),
        ("quicktime", 4),
        ("realplayer", 5),
        ("silverlight", 6),
        ("windowsmedia", 7),
    ];
    let record = VisitRecord {
        columns: vec![visit::PLUGINS],
        label: Label::Joined(""),
        conversion_columns: None,
        tests: Vec::new(),
        limit: Default::default(),
    };
    let by_set = plan::visits_by(context, &record)?;
    if by_set.rows.is_empty() {
        return Ok(Table::default());
    }
    let all: f64 = by_set.rows.iter().map(|row| row.number("nb_visits")).sum();
    let rows = SHOWN.iter().map(|(name, bit)| {
        let with = by_set.rows.iter().filter(|row| {
            row.label()
                .parse::<i64>()
                .is_ok_and(|set| set >> bit & 1 == 1)
        });
        let mut row = Row::labelled(*name);
        let visits = with.map(|row| row.number("nb_visits")).sum::<f64>() as i64;
        // One day's sums are texts.
        match context.is_raw_day() {
            true => row.set("nb_visits", visits.to_string()),
            false => row.set("nb_visits", visits),
        }
        row.set(
            "nb_visits_percentage",
            super::shape::metrics::quotient(visits as f64, all, 2),
        );
        row
    });
    Ok(Table::of(rows.collect()))
}

/// Kinds of referrers, each with what visitors came from.
fn referrer_types(context: &Context, only: Option<i64>) -> Result<Table, QueryError> {
    let mut table = visits_by_type(context)?;
    if let Some(only) = only {
        table.rows.retain(|row| row.label() == only.to_string());
    }
    for row in &mut table.rows {
        let kind = row.label().parse().unwrap_or(0);
        let Some((_, levels, ..)) = KINDS.iter().find(|(own, ..)| *own == kind) else {
            continue;
        };
        let levels = *levels;
        let mut below = plan::referrers(context, &ReferrerRecord { kind, levels })?;
        name_referrers(&mut below, kind);
        if !below.is_empty() {
            row.subtable = Some(Box::new(below));
        }
    }
    Ok(table)
}

fn visits_by_type(context: &Context) -> Result<Table, QueryError> {
    let record = VisitRecord {
        columns: vec![visit::REFERRER_TYPE],
        label: Label::Joined(""),
        conversion_columns: Some(vec![catalog::columns::conversion::REFERRER_TYPE]),
        tests: Vec::new(),
        limit: Default::default(),
    };
    plan::visits_by(context, &record)
}

const SEARCH: i64 = 2;
const WEBSITE: i64 = 3;
const CAMPAIGN: i64 = 6;
const SOCIAL: i64 = 7;

/// Number of the kind, the columns of its levels, its name in segments, and the segment of its rows.
const KINDS: [(i64, (usize, usize), &str, &str); 4] = [
    (
        SEARCH,
        (visit::REFERRER_KEYWORD, visit::REFERRER_NAME),
        "search",
        "referrerKeyword",
    ),
    (
        WEBSITE,
        (visit::REFERRER_NAME, visit::REFERRER_URL),
        "website",
        "referrerName",
    ),
    (
        CAMPAIGN,
        (visit::REFERRER_NAME, visit::REFERRER_KEYWORD),
        "campaign",
        "referrerName",
    ),
    (
        SOCIAL,
        (visit::REFERRER_NAME, visit::REFERRER_URL),
        "social",
        "referrerName",
    ),
];

/// Names of the first level of one kind, with their segments.
fn name_referrers(table: &mut Table, kind: i64) {
    let Some((_, _, name, segment)) = KINDS.iter().find(|(own, ..)| *own == kind) else {
        return;
    };
    for row in table.all_rows_mut() {
        row.subtable = None;
        let label = row.label().into_owned();
        let value = super::show::encode(&label);
        let condition = match kind {
            WEBSITE => format!("referrerName=={value}"),
            _ => format!("referrerType=={name};{segment}=={value}"),
        };
        row.set_meta("segment", condition);
        if label.is_empty() && kind == SEARCH {
            row.set("label", "Keyword not defined");
        }
    }
}

/// Keywords, websites, social networks and campaigns in one list, each with its kind.
fn all_referrers(context: &Context) -> Result<Table, QueryError> {
    let mut all = Table::default();
    for (kind, levels, ..) in KINDS {
        let mut table = plan::referrers(context, &ReferrerRecord { kind, levels })?;
        name_referrers(&mut table, kind);
        for row in table.all_rows_mut() {
            row.set_meta("referer_type", kind);
        }
        plan::add_table(&mut all, table);
    }
    Ok(all)
}

fn socials(context: &Context) -> Result<Table, QueryError> {
    let levels = (visit::REFERRER_NAME, visit::REFERRER_URL);
    plan::referrers(
        context,
        &ReferrerRecord {
            kind: SOCIAL,
            levels,
        },
    )
}

fn actions(context: &Context, which: Actions) -> Result<Table, QueryError> {
    let (record, keep): (ActionRecord, Option<&str>) = match which {
        Actions::PageUrls => (ActionRecord::PageUrls, None),
        Actions::PageTitles => (ActionRecord::PageTitles, None),
        Actions::EntryUrls => (ActionRecord::PageUrls, Some("entry_nb_visits")),
        Actions::EntryTitles => (ActionRecord::PageTitles, Some("entry_nb_visits")),
        Actions::ExitUrls => (ActionRecord::PageUrls, Some("exit_nb_visits")),
        Actions::ExitTitles => (ActionRecord::PageTitles, Some("exit_nb_visits")),
        Actions::UrlsAfterSearch => (ActionRecord::PageUrls, Some("nb_hits_following_search")),
        Actions::TitlesAfterSearch => (ActionRecord::PageTitles, Some("nb_hits_following_search")),
        Actions::Downloads => (ActionRecord::Downloads, None),
        Actions::Outlinks => (ActionRecord::Outlinks, None),
        Actions::Keywords => (ActionRecord::SearchKeywords, None),
        Actions::KeywordsWithoutResult => (ActionRecord::SearchKeywords, Some("_no_result")),
    };
    let mut table = plan::actions_by_time(context, record)?;
    if let Some(column) = keep {
        keep_rows(&mut table, column);
    }
    drop_column(&mut table, "_no_result");
    let titles = matches!(record, ActionRecord::PageTitles);
    let delimiter = if titles {
        &context.tree.title_delimiter
    } else {
        "/"
    };
    mark_folders(&mut table, "", delimiter, titles);
    Ok(table)
}

fn keep_rows(table: &mut Table, column: &str) {
    table.rows.retain(|row| row.number(column) > 0.0);
    for row in table.all_rows_mut() {
        if let Some(subtable) = &mut row.subtable {
            keep_rows(subtable, column);
        }
    }
}

fn drop_column(table: &mut Table, column: &str) {
    for row in table.all_rows_mut() {
        row.remove(column);
        if let Some(subtable) = &mut row.subtable {
            drop_column(subtable, column);
        }
    }
}

/// A folder knows how the addresses in it begin; of titles, also the leaves know where they are.
fn mark_folders(table: &mut Table, path: &str, delimiter: &str, leaves: bool) {
    for row in &mut table.rows {
        let label = row.label().trim().trim_matches('/').to_owned();
        let own = if path.is_empty() {
            label
        } else {
            format!("{path}{delimiter}{label}")
        };
        match &mut row.subtable {
            Some(subtable) => {
                mark_folders(subtable, &own, delimiter, leaves);
                row.set_meta("folder_url_start", own);
            }
            None if leaves && !path.is_empty() => row.set_meta("folder_url_start", own),
            None => {}
        }
    }
}

fn custom_dimension(context: &Context, extra: &Extra) -> Result<Table, QueryError> {
    let Some(dimension) = extra.dimension else {
        return Ok(Table::default());
    };
    if dimension.of_action {
        return plan::action_dimension(context, dimension.slot);
    }
    let column = visit::SLOT_1 + dimension.slot - 1;
    let record = VisitRecord {
        columns: vec![column],
        label: Label::Joined(""),
        conversion_columns: Some(vec![
            catalog::columns::conversion::SLOT_1 + dimension.slot - 1,
        ]),
        tests: vec![test(column, Verb::IsNot(0))],
        limit: context.rows.custom_dimensions,
    };
    let mut table = plan::visits_by(context, &record)?;
    for row in table.all_rows_mut() {
        // A day tells of users where there are any.
        if row
            .get("nb_users")
            .is_some_and(|users| users.number() == 0.0)
        {
            row.remove("nb_users");
        }
    }
    Ok(table)
}

pub fn is_numbers(report: &Report) -> bool {
    matches!(report.record, Record::Numbers(_))
}
