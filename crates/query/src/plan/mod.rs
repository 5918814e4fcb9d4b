//! From a report's record to its table: which questions are asked, and how their groups become rows.
//!
//! A *record* is a report's data before any display: raw labels and counts. It is asked once for the whole
//! span ([`Grain::Whole`], exact for every row), or day by day and folded as Matomo does ([`Grain::Day`]).

mod actions;
mod contents;
mod dimensions;
mod events;
mod fold;
mod goals;
mod interest;
mod items;
mod levels;
mod numbers;
mod page_goals;
mod referrers;
pub mod transitions;
mod tree;
mod visits;

use std::collections::BTreeMap;
use std::sync::Arc;

use catalog::columns::TableId;
use model::{Day, SiteId, Table, Timestamp, Zone};

use crate::engine::{Limits, group};
use crate::segment::Filter;
use crate::{Grouped, Key, Measure, Operand, QueryError, Question, Test, View};

pub use actions::{ActionRecord, actions_by_time, search_categories};
pub use contents::contents;
pub use dimensions::{action_dimension, custom_variables};
pub use events::{EventColumn, events};
pub use fold::{add_table, order_by_visits, truncate};
pub use goals::{GoalSplit, conversion_histogram, goal_totals};
pub use interest::{Buckets, visit_buckets};
pub use items::{ItemColumn, items};
pub use numbers::{
    ActionTotals, PerformanceTotals, VisitTotals, action_totals, distinct_visit_values,
};
pub use numbers::{bandwidth_totals, performance_totals, visit_totals, visitors_of_users};
pub use page_goals::set_page_rates;
pub use referrers::{ReferrerRecord, referrers};
pub use tree::labels_of;
pub use visits::{Label, VisitRecord, coordinates, visits_by};

/// How finely a span is asked before it is put together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grain {
    /// One question for the span: exact distinct counts for every row.
    Whole,
    /// One part a day, folded: daily sums of distinct counts, row limits applied to each part.
    Day,
}

/// Row limits of one family of reports; `None` keeps every row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RowLimit {
    pub root: Option<usize>,
    pub subtable: Option<usize>,
}

/// The row limits by family, under Matomo's configuration names.
#[derive(Clone, Debug, Default)]
pub struct RowLimits {
    pub standard: RowLimit,
    pub referrers: RowLimit,
    pub actions: RowLimit,
    pub site_search: RowLimit,
    pub events: RowLimit,
    pub custom_dimensions: RowLimit,
    pub custom_variables: RowLimit,
    pub products: RowLimit,
    pub user_ids: RowLimit,
    /// Limit of the ranking at the raw level; beyond it rows fall into "Others".
    pub ranking: Option<usize>,
}

/// How page addresses and titles become folders.
#[derive(Clone, Debug)]
pub struct TreeRules {
    pub url_delimiter: String,
    pub title_delimiter: String,
    pub default_name: String,
    pub levels_max: usize,
}

impl Default for TreeRules {
    fn default() -> TreeRules {
        TreeRules {
            url_delimiter: "/".to_owned(),
            title_delimiter: String::new(),
            default_name: "index".to_owned(),
            levels_max: 10,
        }
    }
}

/// Everything a record needs to be asked.
#[derive(Clone)]
pub struct Context<'a> {
    pub view: &'a View,
    pub site: SiteId,
    pub zone: Zone,
    pub first: Day,
    pub last: Day,
    pub filter: Option<Arc<Filter>>,
    pub grain: Grain,
    pub rows: &'a RowLimits,
    pub tree: &'a TreeRules,
    pub limits: &'a Limits,
}

/// One group of an answer: its keys without the day, and its measures.
pub(crate) struct Group {
    pub keys: Vec<i64>,
    pub values: Vec<f64>,
}

impl Context<'_> {
    pub fn from(&self) -> Timestamp {
        self.zone.day_start(self.first)
    }

    pub fn to(&self) -> Timestamp {
        self.zone.day_start(self.last.next())
    }

    pub fn is_one_day(&self) -> bool {
        self.first == self.last
    }

    /// Whether answers are put together from days, so that distinct counts are daily sums.
    pub fn is_folded(&self) -> bool {
        self.grain == Grain::Day && !self.is_one_day()
    }

    /// One day as Matomo's database gives it, sums as texts.
    pub fn is_raw_day(&self) -> bool {
        self.grain == Grain::Day && self.is_one_day()
    }

    pub(crate) fn question(
        &self,
        table: TableId,
        tests: Vec<Test>,
        keys: Vec<Key>,
        measures: Vec<Measure>,
    ) -> Question {
        Question {
            table,
            sites: vec![self.site],
            from: self.from(),
            to: self.to(),
            tests,
            filter: self.filter.clone(),
            keys,
            measures,
        }
    }

    pub(crate) fn ask(&self, question: &Question) -> Result<Grouped, QueryError> {
        group(self.view, question, self.limits)
    }

    /// The groups of each part of the span, in order of days; one part unless the answer is folded.
    pub(crate) fn ask_by_part(
        &self,
        table: TableId,
        tests: Vec<Test>,
        keys: Vec<Key>,
        measures: Vec<Measure>,
    ) -> Result<BTreeMap<i64, Vec<Group>>, QueryError> {
        let folded = self.is_folded();
        let day = folded.then(|| Key::Day(self.zone.clone()));
        let keys = day.into_iter().chain(keys).collect();
        let grouped = self.ask(&self.question(table, tests, keys, measures))?;
        let mut parts: BTreeMap<i64, Vec<Group>> = BTreeMap::new();
        for index in 0..grouped.len() {
            let key = grouped.key(index);
            let (part, keys) = if folded {
                (key[0], &key[1..])
            } else {
                (0, key)
            };
            let values = grouped.values(index).to_vec();
            parts.entry(part).or_default().push(Group {
                keys: keys.to_vec(),
                values,
            });
        }
        Ok(parts)
    }

    /// Puts the tables of the parts together and names distinct counts as daily sums where they are.
    pub(crate) fn fold(&self, parts: impl IntoIterator<Item = Table>, limit: RowLimit) -> Table {
        fold::fold(parts, limit, self.is_folded())
    }
}

pub(crate) const fn visit_column(column: usize) -> Operand {
    Operand {
        table: TableId::Visits,
        column,
    }
}

pub(crate) const fn action_column(column: usize) -> Operand {
    Operand {
        table: TableId::Actions,
        column,
    }
}

pub(crate) const fn conversion_column(column: usize) -> Operand {
    Operand {
        table: TableId::Conversions,
        column,
    }
}

pub(crate) const fn item_column(column: usize) -> Operand {
    Operand {
        table: TableId::Items,
        column,
    }
}

/// A count as an answer's value: whole numbers stay whole.
pub(crate) fn number(value: f64) -> model::Value {
    if value.fract() == 0.0 && value.abs() < 9e15 {
        model::Value::Int(value as i64)
    } else {
        model::Value::Float(value)
    }
}

/// Rounds half away from zero to two decimals, as sums of money are kept.
pub(crate) fn cents(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}
