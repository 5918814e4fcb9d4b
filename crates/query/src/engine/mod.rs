//! Answers questions: chunks that cannot matter are passed over, which visits count is found once per
//! chunk, and rows are counted in blocks, column by column.

mod accumulate;
mod bits;
mod cache;
mod clock;
mod distinct;
mod filter;
mod groups;
mod limits;
mod list;
mod matcher;
mod paths;
mod prepare;
mod scan;

use std::ops::Range;

use catalog::columns::TableId;

pub use cache::FilterCache;
pub(crate) use filter::is_about_robots;
pub use limits::Limits;
pub use list::{Order, VisitList, visits};
pub(crate) use matcher::Literal;
pub use paths::{PathGroup, PathQuestion, paths};

use crate::question::{Grouped, Key, Measure, Operand, Question, Test};
use crate::view::{QueryError, View};
use filter::CompiledFilter;
use prepare::{Candidate, THREADS, allow, candidates, joined};
use scan::{Scanner, Unit};

/// Counts the rows of a question by its keys.
pub fn group(view: &View, question: &Question, limits: &Limits) -> Result<Grouped, QueryError> {
    check_operands(question)?;
    let filter = match &question.filter {
        Some(filter) => Some(CompiledFilter::new(filter, view)?),
        None => None,
    };
    let robots_count = filter.as_ref().is_some_and(|filter| filter.names_robots)
        || question
            .tests
            .iter()
            .any(|test| is_about_robots(test.operand));
    let period = (question.from, question.to);
    let mut chunks = candidates(view, question.table, &question.sites, period, limits)?;
    allow(
        view,
        &mut chunks,
        filter.as_ref(),
        robots_count,
        period,
        limits,
    )?;
    let mut shares = shares(&chunks, question.table, limits.parallel_rows).into_iter();
    let run = |units: Vec<Unit>| -> Result<Scanner, QueryError> {
        let mut scanner = Scanner::new(view, question, limits);
        for unit in &units {
            scanner.scan(&chunks[unit.candidate], unit)?;
        }
        Ok(scanner)
    };
    let first = shares.next().unwrap_or_default();
    let (scanner, others) = std::thread::scope(|scope| {
        let others: Vec<_> = shares.map(|units| scope.spawn(|| run(units))).collect();
        (
            run(first),
            others.into_iter().map(joined).collect::<Vec<_>>(),
        )
    });
    let mut scanner = scanner?;
    for other in others {
        scanner.merge(other?)?;
    }
    Ok(scanner.finish())
}

/// The work of each thread: one share, or two of about the same number of rows when there are many.
fn shares(chunks: &[Candidate], table: TableId, parallel_rows: usize) -> Vec<Vec<Unit>> {
    let units: Vec<Unit> = chunks
        .iter()
        .enumerate()
        .map(|(candidate, chunk)| Unit {
            candidate,
            places: chunk.places.clone(),
            expected_rows: chunk.expected_rows(table),
        })
        .collect();
    let total: usize = units.iter().map(|unit| unit.expected_rows).sum();
    if total < parallel_rows {
        return vec![units];
    }
    let mut shares: Vec<Vec<Unit>> = Vec::new();
    let mut left = units.into_iter().rev().collect::<Vec<_>>();
    for thread in 0..THREADS {
        let last = thread + 1 == THREADS;
        let mut share = Vec::new();
        let mut room = if last { usize::MAX } else { total / THREADS };
        while let Some(unit) = left.pop() {
            if unit.expected_rows <= room {
                room -= unit.expected_rows;
                share.push(unit);
                continue;
            }
            let (now, later) = split(unit, room);
            share.push(now);
            left.push(later);
            break;
        }
        shares.push(share);
    }
    shares
}

/// Splits a unit after about so many rows, between two visits.
fn split(unit: Unit, rows: usize) -> (Unit, Unit) {
    let places: usize = unit.places.iter().map(ExactSizeIterator::len).sum();
    let fraction = rows as f64 / unit.expected_rows.max(1) as f64;
    let mut room = (places as f64 * fraction) as usize;
    let mut halves: [Vec<Range<usize>>; 2] = Default::default();
    for range in unit.places {
        let middle = range.end.min(range.start + room);
        room -= middle - range.start;
        for (half, part) in halves
            .iter_mut()
            .zip([range.start..middle, middle..range.end])
        {
            if !part.is_empty() {
                half.push(part);
            }
        }
    }
    let [now, later] = halves;
    let of = |places, expected_rows| Unit {
        candidate: unit.candidate,
        places,
        expected_rows,
    };
    (of(now, rows), of(later, unit.expected_rows - rows))
}

/// Every column named must exist, in the question's table or in visits.
fn check_operands(question: &Question) -> Result<(), QueryError> {
    for operand in operands(question) {
        let known = operand.column < operand.table.columns().len();
        if !known || (operand.table != question.table && operand.table != TableId::Visits) {
            return Err(QueryError::Question(format!(
                "column {} of {} is asked of a row of {}",
                operand.column,
                operand.table.name(),
                question.table.name()
            )));
        }
    }
    let nothing = |key: &Key| matches!(key, Key::FirstOf(operands) if operands.is_empty());
    if question.keys.iter().any(nothing) {
        return Err(QueryError::Question("a key has no columns".to_owned()));
    }
    Ok(())
}

fn operands(question: &Question) -> Vec<Operand> {
    let mut all: Vec<Operand> = Vec::new();
    let test = |test: &Test| test.operand;
    all.extend(question.tests.iter().map(test));
    for key in &question.keys {
        match key {
            Key::Day(_) => {}
            Key::FirstOf(operands) => all.extend(operands),
            Key::Column(operand)
            | Key::Hour(operand, _)
            | Key::Divided(operand, _)
            | Key::ActionKind(operand) => all.push(*operand),
        }
    }
    for measure in &question.measures {
        match measure {
            Measure::Count => {}
            Measure::CountIf(tests) => all.extend(tests.iter().map(test)),
            Measure::SumIf(operand, tests) | Measure::DistinctIf(operand, tests) => {
                all.push(*operand);
                all.extend(tests.iter().map(test));
            }
            Measure::SumProduct(one, other) | Measure::SumFloatOver(one, other) => {
                all.extend([*one, *other]);
            }
            Measure::Sum(operand)
            | Measure::SumFloat(operand)
            | Measure::Min(operand)
            | Measure::Max(operand)
            | Measure::MinFloat(operand)
            | Measure::MaxFloat(operand)
            | Measure::Distinct(operand)
            | Measure::DistinctPresent(operand)
            | Measure::ShareOneOver(operand) => all.push(*operand),
        }
    }
    all
}
