//! Segments: which visits count. The text grammar is parsed elsewhere in this module; the engine
//! evaluates a [`Filter`].

use crate::question::Operand;

/// AND of OR groups, as the segment grammar has it.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    pub all_of: Vec<Vec<Condition>>,
}

/// One condition on a stored column.
#[derive(Clone, Debug)]
pub struct Condition {
    /// Any of these columns (a union segment names several).
    pub any_of: Vec<Operand>,
    pub wanted: Wanted,
    /// `!=` and `!@`: on a visit column plain negation; on a finer table "no row of the visit matches".
    pub negated: bool,
}

/// What the value of a column has to be. Texts compare without case and accents.
#[derive(Clone, Debug)]
pub enum Wanted {
    /// `NULL`, '' or 0.
    Empty,
    Number(Comparison, f64),
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

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextMatch {
    Equal,
    Contains,
    StartsWith,
    EndsWith,
}
