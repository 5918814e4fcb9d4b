//! Segments: which visits count. The text grammar is parsed elsewhere in this module; the engine
//! evaluates a [`Filter`].

use model::Zone;

use crate::question::{Operand, Test};

/// AND of OR groups, as the segment grammar has it. Groups on the same finer table (actions,
/// conversions, items) must hold on one row of it; different finer tables are independent.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    pub all_of: Vec<Vec<Condition>>,
}

/// One condition on stored columns.
#[derive(Clone, Debug)]
pub struct Condition {
    /// Any of these (a union segment names several).
    pub any_of: Vec<Probe>,
    pub wanted: Wanted,
    /// `!=` and `!@`: on a visit column plain negation; on a finer table "no row of the visit matches".
    /// "Is not empty" on a finer table is [`Wanted::NotEmpty`], which asks for such a row.
    pub negated: bool,
}

/// A stored column as a condition looks at it.
#[derive(Clone, Debug)]
pub struct Probe {
    pub operand: Operand,
    pub transform: Transform,
    /// Rows that fail one of these tests do not match, whatever the value. Operands are of the probe's
    /// table or of visits.
    pub only: Vec<Test>,
}

impl Probe {
    /// The column as it is stored.
    pub fn of(operand: Operand) -> Probe {
        Probe {
            operand,
            transform: Transform::None,
            only: Vec::new(),
        }
    }
}

/// What is compared: the stored number, or a whole number derived from it. Date parts are those of a
/// UTC timestamp in UTC.
#[derive(Clone, Debug)]
pub enum Transform {
    None,
    /// Hour 0–23 in a zone.
    Hour(Zone),
    /// Minute 0–59; also right for a number of seconds since midnight.
    Minute,
    Second,
    /// Days since 1970-01-01.
    Date,
    DayOfMonth,
    /// 1 = Sunday … 7 = Saturday.
    DayOfWeek,
    DayOfYear,
    /// Week 1–53 as ISO 8601 counts.
    WeekOfYear,
    Month,
    Quarter,
    Year,
    /// Divided by a constant and rounded down.
    Divided(i64),
    /// One bit, 0 or 1.
    Bit(u32),
    /// The kind of an action number (`catalog::columns::kind`), 0 for none.
    ActionKind,
}

/// What the value of a column has to be. Texts compare without case and accents. Absent values match
/// nothing but `Empty` (and `OneOf`, which looks at the stored number itself).
#[derive(Clone, Debug)]
pub enum Wanted {
    /// `NULL`, '' or 0. A visit without any row of the finer table matches too.
    Empty,
    /// Anything else.
    NotEmpty,
    Number(Comparison, f64),
    /// The same, exact for all whole numbers.
    Whole(Comparison, i64),
    /// The stored 64 bits as a number without sign (halves of an IP address).
    Unsigned(Comparison, u64),
    /// Whole number among these.
    OneOf(Vec<i64>),
    Text(TextMatch, String),
    /// Text equal to one of these.
    TextOneOf(Vec<String>),
    Nothing,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    Equal,
    Less,
    AtMost,
    More,
    AtLeast,
}

impl Comparison {
    pub fn holds<T: PartialOrd>(self, value: T, bound: T) -> bool {
        match self {
            Comparison::Equal => value == bound,
            Comparison::Less => value < bound,
            Comparison::AtMost => value <= bound,
            Comparison::More => value > bound,
            Comparison::AtLeast => value >= bound,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextMatch {
    Equal,
    Contains,
    StartsWith,
    EndsWith,
}
