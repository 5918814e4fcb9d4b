use std::sync::Arc;

use catalog::columns::{NO_FLOAT, TableId};
use model::{SiteId, Texts, Timestamp, Zone};

use crate::segment::Filter;

/// "How many per X": rows of one table in a span of time, grouped by keys. Plain data: nothing that a
/// user typed is text of a query language, and nothing here is a function.
#[derive(Clone, Debug)]
pub struct Question {
    pub table: TableId,
    pub sites: Vec<SiteId>,
    /// `[from, to)` on the table's dating column.
    pub from: Timestamp,
    pub to: Timestamp,
    /// All must hold. Operands (here, in keys and in measures) are columns of the table or of the row's
    /// visit.
    pub tests: Vec<Test>,
    /// Which visits count; `None` for all. Robots never count unless the filter or a test names a robot
    /// column.
    pub filter: Option<Arc<Filter>>,
    pub keys: Vec<Key>,
    pub measures: Vec<Measure>,
}

/// A column of the question's table, or of the visit a finer row belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Operand {
    pub table: TableId,
    pub column: usize,
}

/// A typed condition on a stored number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Test {
    pub operand: Operand,
    pub verb: Verb,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Verb {
    Is(i64),
    IsNot(i64),
    AtLeast(i64),
    AtMost(i64),
    /// One of a few numbers.
    OneOf(&'static [i64]),
    /// A floating point number that is present.
    HasFloat,
    /// An action number whose text is of this kind (`catalog::columns::kind`).
    KindIs(i64),
}

impl Verb {
    /// Whether a stored number passes.
    pub fn holds(self, value: i64, actions: &Texts) -> bool {
        match self {
            Verb::Is(wanted) => value == wanted,
            Verb::IsNot(other) => value != other,
            Verb::AtLeast(least) => value >= least,
            Verb::AtMost(most) => value <= most,
            Verb::OneOf(wanted) => wanted.contains(&value),
            Verb::HasFloat => value != NO_FLOAT,
            Verb::KindIs(kind) => action_kind(actions, value) == kind,
        }
    }

    /// Whether some number in `[least, most]` could pass.
    pub(crate) fn possible(self, (least, most): (i64, i64)) -> bool {
        match self {
            Verb::Is(wanted) => (least..=most).contains(&wanted),
            Verb::IsNot(other) => least != most || least != other,
            Verb::AtLeast(bound) => most >= bound,
            Verb::AtMost(bound) => least <= bound,
            Verb::OneOf(wanted) => wanted.iter().any(|value| (least..=most).contains(value)),
            Verb::HasFloat => least != most || least != NO_FLOAT,
            Verb::KindIs(kind) => kind == 0 || (least, most) != (0, 0),
        }
    }
}

/// The kind of an action number, 0 for none.
pub(crate) fn action_kind(actions: &Texts, number: i64) -> i64 {
    actions.get(number).map_or(0, |entry| i64::from(entry.kind))
}

/// What rows are grouped by.
#[derive(Clone, Debug)]
pub enum Key {
    Column(Operand),
    /// The site's local day of the dating column, as days since 1970.
    Day(Zone),
    /// The site's local hour (0–23) of a UTC column.
    Hour(Operand, Zone),
    /// A column divided by a constant and rounded down.
    Divided(Operand, i64),
    /// The first column that is not 0.
    FirstOf(Vec<Operand>),
    /// The kind of an action number (`catalog::columns::kind`), 0 for none.
    ActionKind(Operand),
}

/// What is counted in each group.
#[derive(Clone, Debug)]
pub enum Measure {
    Count,
    CountIf(Vec<Test>),
    /// Sum of whole numbers; `NONE` (-1) and smaller count as nothing.
    Sum(Operand),
    /// Sum over the rows that pass the tests.
    SumIf(Operand, Vec<Test>),
    /// Sum of floating point numbers; absent ones count as nothing.
    SumFloat(Operand),
    /// Sum of price × quantity and the like: a float times a whole number.
    SumProduct(Operand, Operand),
    /// Smallest and largest; absent values (`NONE`, `NO_FLOAT`) are passed over. No value: `f64::NAN`.
    Min(Operand),
    Max(Operand),
    MinFloat(Operand),
    MaxFloat(Operand),
    /// Exact number of distinct values.
    Distinct(Operand),
    /// The same over the rows whose value is not 0.
    DistinctPresent(Operand),
    /// Distinct values over the rows that pass the tests.
    DistinctIf(Operand, Vec<Test>),
    /// Σ 1 / value over the rows where the value is at least 1.
    ShareOneOver(Operand),
    /// Σ float / whole number where the whole number is at least 1.
    SumFloatOver(Operand, Operand),
}

/// The answer: groups in order of their first row. Without rows there are no groups, also without keys.
#[derive(Clone, Debug, Default)]
pub struct Grouped {
    pub key_count: usize,
    pub measure_count: usize,
    /// `key_count` numbers a group.
    pub keys: Vec<i64>,
    /// `measure_count` numbers a group; whole numbers are exact up to 2^53.
    pub values: Vec<f64>,
}

impl Grouped {
    pub fn len(&self) -> usize {
        self.values
            .len()
            .checked_div(self.measure_count)
            .unwrap_or(0)
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub fn key(&self, group: usize) -> &[i64] {
        &self.keys[group * self.key_count..(group + 1) * self.key_count]
    }

    pub fn values(&self, group: usize) -> &[f64] {
        &self.values[group * self.measure_count..(group + 1) * self.measure_count]
    }
}
