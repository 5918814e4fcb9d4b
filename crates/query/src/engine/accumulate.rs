use catalog::columns::{NO_FLOAT, NONE, TableId, action, conversion, float, item, visit};
use model::Texts;

use super::distinct::Distinct;
use super::prepare::THREADS;
use crate::question::{Measure, Operand, Test, Verb};

/// Sums of floating point numbers are kept as whole multiples of 2^-60: exact for all amounts that
/// occur, and the same in whatever order rows come.
const FIXED_POINT: f64 = (1u64 << 60) as f64;

/// Where the values of operands are found while scanning.
pub trait Slots {
    fn slot(&mut self, operand: Operand) -> usize;
}

type SlotTest = (usize, Verb);

/// One measure being counted for every group.
pub struct Accumulator {
    tests: Vec<SlotTest>,
    counted: Counted,
}

enum Counted {
    Rows(Vec<i64>),
    Sum(usize, Vec<i64>),
    Fixed(Term, Vec<i128>),
    Extreme {
        slot: usize,
        float: bool,
        largest: bool,
        best: Vec<f64>,
    },
    /// Visits with a counted row: rows of one visit are neighbours, so a group has only to remember its
    /// last visit.
    Visits {
        last: Vec<u32>,
        counts: Vec<i64>,
    },
    Distinct {
        slot: usize,
        present: bool,
        /// Where the value is one of the visit: each group's last visit, whose value is in already.
        last: Option<Vec<u32>>,
        distinct: Distinct,
    },
}

/// What is added up as a floating point number.
#[derive(Clone, Copy)]
enum Term {
    Float(usize),
    Product(usize, usize),
    OneOver(usize),
    FloatOver(usize, usize),
}

/// A block of rows that passed.
pub struct Block<'a> {
    pub groups: &'a [u32],
    pub slots: &'a [Vec<i64>],
    /// For each row the number of its visit among all visits scanned, from 1.
    pub visits: &'a [u32],
    pub actions: &'a Texts,
}

impl Accumulator {
    pub fn new(table: TableId, measure: &Measure, slots: &mut dyn Slots) -> Accumulator {
        let mut tests: &[Test] = &[];
        let counted = match measure {
            Measure::Count => Counted::Rows(Vec::new()),
            Measure::CountIf(only) => {
                tests = only;
                Counted::Rows(Vec::new())
            }
            Measure::Sum(operand) => Counted::Sum(slots.slot(*operand), Vec::new()),
            Measure::SumIf(operand, only) => {
                tests = only;
                Counted::Sum(slots.slot(*operand), Vec::new())
            }
            Measure::SumFloat(operand) => fixed(Term::Float(slots.slot(*operand))),
            Measure::SumProduct(one, other) => {
                fixed(Term::Product(slots.slot(*one), slots.slot(*other)))
            }
            Measure::ShareOneOver(operand) => fixed(Term::OneOver(slots.slot(*operand))),
            Measure::SumFloatOver(one, other) => {
                fixed(Term::FloatOver(slots.slot(*one), slots.slot(*other)))
            }
            Measure::Min(operand) => extreme(slots.slot(*operand), false, false),
            Measure::Max(operand) => extreme(slots.slot(*operand), false, true),
            Measure::MinFloat(operand) => extreme(slots.slot(*operand), true, false),
            Measure::MaxFloat(operand) => extreme(slots.slot(*operand), true, true),
            Measure::Distinct(operand) => distinct(table, *operand, false, slots),
            Measure::DistinctPresent(operand) => distinct(table, *operand, true, slots),
            Measure::DistinctIf(operand, only) => {
                tests = only;
                distinct(table, *operand, false, slots)
            }
        };
        let tests = tests
            .iter()
            .map(|test| (slots.slot(test.operand), test.verb))
            .collect();
        Accumulator { tests, counted }
    }

    /// Makes room for new groups.
    pub fn grow(&mut self, groups: usize) {
        match &mut self.counted {
            Counted::Rows(counts) => counts.resize(groups, 0),
            Counted::Sum(_, sums) => sums.resize(groups, 0),
            Counted::Fixed(_, sums) => sums.resize(groups, 0),
            Counted::Extreme { best, .. } => best.resize(groups, f64::NAN),
            Counted::Visits { last, counts } => {
                last.resize(groups, 0);
                counts.resize(groups, 0);
            }
            Counted::Distinct { last, distinct, .. } => {
                if let Some(last) = last {
                    last.resize(groups, 0);
                }
                distinct.tidy();
            }
        }
    }

    /// Counts a block; there is room for its groups.
    pub fn add(&mut self, block: &Block) {
        if self.tests.is_empty() {
            let rows = 0..block.groups.len();
            self.counted.add(block, rows);
        } else {
            let passes = |row: &usize| {
                self.tests
                    .iter()
                    .all(|(slot, verb)| verb.holds(block.slots[*slot][*row], block.actions))
            };
            self.counted
                .add(block, (0..block.groups.len()).filter(passes));
        }
    }

    /// Adds what another thread counted of later rows.
    pub fn merge(&mut self, other: Accumulator, group_of: &[u32]) {
        self.counted.merge(other.counted, group_of);
    }

    pub fn finish(self, groups: usize) -> Vec<f64> {
        match self.counted {
            Counted::Rows(counts) | Counted::Visits { counts, .. } => {
                counts.into_iter().map(|count| count as f64).collect()
            }
            Counted::Sum(_, sums) => sums.into_iter().map(|sum| sum as f64).collect(),
            Counted::Fixed(_, sums) => sums
                .into_iter()
                .map(|sum| sum as f64 / FIXED_POINT)
                .collect(),
            Counted::Extreme { best, .. } => best,
            Counted::Distinct { distinct, .. } => {
                let counts = distinct.counts(groups, THREADS);
                counts.into_iter().map(f64::from).collect()
            }
        }
    }

    pub fn size_bytes(&self) -> usize {
        match &self.counted {
            Counted::Rows(counts) => counts.capacity() * 8,
            Counted::Sum(_, sums) => sums.capacity() * 8,
            Counted::Fixed(_, sums) => sums.capacity() * 16,
            Counted::Extreme { best, .. } => best.capacity() * 8,
            Counted::Visits { last, .. } => last.capacity() * 12,
            Counted::Distinct { last, distinct, .. } => {
                last.as_ref().map_or(0, |last| last.capacity() * 4) + distinct.size_bytes()
            }
        }
    }
}

impl Counted {
    fn add(&mut self, block: &Block, rows: impl Iterator<Item = usize>) {
        let groups = block.groups;
        let slots = block.slots;
        match self {
            Counted::Rows(counts) => rows.for_each(|row| counts[groups[row] as usize] += 1),
            Counted::Sum(slot, sums) => rows.for_each(|row| {
                let sum = &mut sums[groups[row] as usize];
                *sum = sum.saturating_add(slots[*slot][row].max(0));
            }),
            Counted::Fixed(term, sums) => rows.for_each(|row| {
                let sum = &mut sums[groups[row] as usize];
                *sum = sum.saturating_add(fixed_point(term.value(slots, row)));
            }),
            Counted::Extreme {
                slot,
                float: is_float,
                largest,
                best,
            } => rows.for_each(|row| {
                let stored = slots[*slot][row];
                let value = match *is_float {
                    true => float(stored),
                    false => stored as f64,
                };
                let absent = if *is_float { NO_FLOAT } else { NONE };
                if stored != absent {
                    better(&mut best[groups[row] as usize], value, *largest);
                }
            }),
            Counted::Visits { last, counts } => rows.for_each(|row| {
                let group = groups[row] as usize;
                if last[group] != block.visits[row] {
                    last[group] = block.visits[row];
                    counts[group] += 1;
                }
            }),
            Counted::Distinct {
                slot,
                present,
                last,
                distinct,
            } => rows.for_each(|row| {
                let value = slots[*slot][row];
                if *present && value == 0 {
                    return;
                }
                if let Some(last) = last {
                    let last = &mut last[groups[row] as usize];
                    if *last == block.visits[row] {
                        return;
                    }
                    *last = block.visits[row];
                }
                distinct.add(groups[row], value);
            }),
        }
    }

    fn merge(&mut self, other: Counted, group_of: &[u32]) {
        let group = |at: usize| group_of[at] as usize;
        match (self, other) {
            (Counted::Rows(counts), Counted::Rows(others))
            | (Counted::Visits { counts, .. }, Counted::Visits { counts: others, .. })
            | (Counted::Sum(_, counts), Counted::Sum(_, others)) => {
                for (at, other) in others.into_iter().enumerate() {
                    let count = &mut counts[group(at)];
                    *count = count.saturating_add(other);
                }
            }
            (Counted::Fixed(_, sums), Counted::Fixed(_, others)) => {
                for (at, other) in others.into_iter().enumerate() {
                    let sum = &mut sums[group(at)];
                    *sum = sum.saturating_add(other);
                }
            }
            (Counted::Extreme { best, largest, .. }, Counted::Extreme { best: others, .. }) => {
                for (at, other) in others.into_iter().enumerate() {
                    better(&mut best[group(at)], other, *largest);
                }
            }
            (
                Counted::Distinct { distinct, .. },
                Counted::Distinct {
                    distinct: other, ..
                },
            ) => {
                distinct.merge(other, group_of);
            }
            // Both sides were made from the same measure.
            _ => {}
        }
    }
}

impl Term {
    fn value(self, slots: &[Vec<i64>], row: usize) -> f64 {
        let present = |slot: usize| match slots[slot][row] {
            NO_FLOAT => 0.0,
            stored => float(stored),
        };
        let over = |numerator: f64, slot: usize| match slots[slot][row] {
            number if number >= 1 => numerator / number as f64,
            _ => 0.0,
        };
        match self {
            Term::Float(slot) => present(slot),
            Term::Product(one, other) => present(one) * slots[other][row] as f64,
            Term::OneOver(slot) => over(1.0, slot),
            Term::FloatOver(one, other) => over(present(one), other),
        }
    }
}

fn fixed(term: Term) -> Counted {
    Counted::Fixed(term, Vec::new())
}

fn extreme(slot: usize, float: bool, largest: bool) -> Counted {
    Counted::Extreme {
        slot,
        float,
        largest,
        best: Vec::new(),
    }
}

fn distinct(table: TableId, operand: Operand, present: bool, slots: &mut dyn Slots) -> Counted {
    if is_visit_number(operand) {
        return Counted::Visits {
            last: Vec::new(),
            counts: Vec::new(),
        };
    }
    let of_visit = operand.table == TableId::Visits && table != TableId::Visits;
    Counted::Distinct {
        slot: slots.slot(operand),
        present,
        last: of_visit.then(Vec::new),
        distinct: Distinct::new(),
    }
}

fn is_visit_number(operand: Operand) -> bool {
    let column = match operand.table {
        TableId::Visits => visit::ID,
        TableId::Actions => action::VISIT,
        TableId::Conversions => conversion::VISIT,
        TableId::Items => item::VISIT,
    };
    operand.column == column
}

fn better(best: &mut f64, value: f64, largest: bool) {
    // No value yet compares as false.
    let keeps = match largest {
        true => *best >= value,
        false => *best <= value,
    };
    if !keeps && !value.is_nan() {
        *best = value;
    }
}

fn fixed_point(value: f64) -> i128 {
    if value.is_finite() {
        (value * FIXED_POINT) as i128
    } else {
        0
    }
}
