use std::ops::Range;
use std::sync::Arc;

use catalog::columns::TableId;

use super::accumulate::{Accumulator, Block, Slots};
use super::clock::Clock;
use super::groups::Groups;
use super::limits::Limits;
use super::prepare::Candidate;
use crate::question::{Grouped, Key, Operand, Question, Verb, action_kind};
use crate::values::Values;
use crate::view::{QueryError, View};

/// Rows that are worked on at a time: their columns stay in the processor's cache.
const BLOCK_ROWS: usize = 4096;

/// A part of the work: some places of a chunk.
pub struct Unit {
    pub candidate: usize,
    pub places: Vec<Range<usize>>,
    pub expected_rows: usize,
}

/// One thread's share of a question.
pub struct Scanner<'a> {
    question: &'a Question,
    view: &'a View,
    limits: &'a Limits,
    operands: Operands,
    tests: Vec<(usize, Verb)>,
    keys: Vec<KeyPlan>,
    groups: Groups,
    accumulators: Vec<Accumulator>,
    /// Operands of keys and measures.
    read_slots: Vec<usize>,
    /// Visits of the chunks scanned so far.
    visits_before: u32,
    buffers: Buffers,
}

#[derive(Default)]
struct Buffers {
    rows: Vec<u32>,
    places: Vec<u32>,
    visits: Vec<u32>,
    slots: Vec<Vec<i64>>,
    keys: Vec<Vec<i64>>,
    groups: Vec<u32>,
    blocks_done: usize,
}

/// The columns a question reads, each once.
#[derive(Default)]
struct Operands(Vec<Operand>);

impl Slots for Operands {
    fn slot(&mut self, operand: Operand) -> usize {
        match self.0.iter().position(|known| *known == operand) {
            Some(slot) => slot,
            None => {
                self.0.push(operand);
                self.0.len() - 1
            }
        }
    }
}

enum KeyPlan {
    Column(usize),
    Day(usize, Clock),
    Hour(usize, Clock),
    Divided(usize, i64),
    FirstOf(Vec<usize>),
    ActionKind(usize),
}

const DATED: usize = 0;

/// A chunk while its rows are scanned.
struct Source<'a> {
    candidate: &'a Candidate<'a>,
    columns: Vec<Option<Values>>,
}

impl<'a> Scanner<'a> {
    pub fn new(view: &'a View, question: &'a Question, limits: &'a Limits) -> Scanner<'a> {
        let mut operands = Operands::default();
        operands.slot(Operand {
            table: question.table,
            column: question.table.dated_by(),
        });
        let tests = question
            .tests
            .iter()
            .map(|test| (operands.slot(test.operand), test.verb))
            .collect();
        // Columns that only tests read are not read again for keys and measures.
        let mut read = Operands::default();
        let mut tracked = Tracked {
            operands: &mut operands,
            read: &mut read,
        };
        let keys = question
            .keys
            .iter()
            .map(|key| KeyPlan::new(key, question.table, &mut tracked))
            .collect();
        let accumulators = question
            .measures
            .iter()
            .map(|measure| Accumulator::new(question.table, measure, &mut tracked))
            .collect();
        let read_slots = read
            .0
            .iter()
            .map(|operand| operands.slot(*operand))
            .collect();
        let buffers = Buffers {
            slots: vec![Vec::new(); operands.0.len()],
            keys: vec![Vec::new(); question.keys.len()],
            ..Buffers::default()
        };
        Scanner {
            question,
            view,
            limits,
            operands,
            tests,
            keys,
            groups: Groups::new(question.keys.len()),
            accumulators,
            read_slots,
            visits_before: 0,
            buffers,
        }
    }

    pub fn scan(&mut self, candidate: &Candidate, unit: &Unit) -> Result<(), QueryError> {
        if self.cannot_match(candidate) {
            return Ok(());
        }
        let mut source = Source {
            candidate,
            columns: vec![None; self.operands.0.len()],
        };
        match self.question.table {
            TableId::Visits => self.scan_visits(&mut source, unit)?,
            finer => {
                let starts = candidate.chunk.visit_starts(finer)?;
                self.scan_finer(&mut source, unit, &starts)?;
            }
        }
        self.flush(&mut source)?;
        let visits = candidate.chunk.rows(TableId::Visits) as u32;
        self.visits_before = self.visits_before.wrapping_add(visits);
        Ok(())
    }

    /// Whether the bounds of the chunk's columns rule every row out.
    fn cannot_match(&self, candidate: &Candidate) -> bool {
        self.tests.iter().any(|(slot, verb)| {
            let operand = self.operands.0[*slot];
            let bounds = candidate.chunk.bounds(operand.table, operand.column);
            bounds.is_some_and(|bounds| !verb.possible(bounds))
        })
    }

    fn scan_visits(&mut self, source: &mut Source, unit: &Unit) -> Result<(), QueryError> {
        for places in &unit.places {
            let mut first = places.start;
            while first < places.end {
                let room = BLOCK_ROWS.saturating_sub(self.buffers.rows.len()).max(1);
                let last = places.end.min(first + room);
                let candidate = source.candidate;
                let rows = (first as u32)..(last as u32);
                match &candidate.allowed {
                    None => self.buffers.rows.extend(rows),
                    Some(bits) => self
                        .buffers
                        .rows
                        .extend(rows.filter(|place| bits.get(*place as usize))),
                }
                first = last;
                if self.buffers.rows.len() >= BLOCK_ROWS {
                    self.flush(source)?;
                }
            }
        }
        Ok(())
    }

    fn scan_finer(
        &mut self,
        source: &mut Source,
        unit: &Unit,
        starts: &Arc<[u32]>,
    ) -> Result<(), QueryError> {
        for place in unit.places.iter().cloned().flatten() {
            if !source.candidate.allows(place) {
                continue;
            }
            let rows = starts[place]..starts[place + 1];
            let (place, count) = (place as u32, rows.len());
            self.buffers.rows.extend(rows);
            let places = &mut self.buffers.places;
            places.resize(places.len() + count, place);
            if places.len() >= BLOCK_ROWS {
                self.flush(source)?;
            }
        }
        Ok(())
    }

    /// Counts the rows collected.
    fn flush(&mut self, source: &mut Source) -> Result<(), QueryError> {
        self.check_limits()?;
        if !self.buffers.rows.is_empty() {
            self.keep_in_time(source)?;
            for test in 0..self.tests.len() {
                let (slot, verb) = self.tests[test];
                self.read(source, slot)?;
                let actions = self.view.actions.clone();
                self.keep(slot, |value| verb.holds(value, &actions));
            }
        }
        if !self.buffers.rows.is_empty() {
            for at in 0..self.read_slots.len() {
                self.read(source, self.read_slots[at])?;
            }
            self.count()?;
        }
        self.buffers.rows.clear();
        self.buffers.places.clear();
        Ok(())
    }

    fn keep_in_time(&mut self, source: &mut Source) -> Result<(), QueryError> {
        if source.candidate.whole_in_time {
            return Ok(());
        }
        self.read(source, DATED)?;
        let period = self.question.from..self.question.to;
        self.keep(DATED, |time| period.contains(&time));
        Ok(())
    }

    /// Reads an operand for the rows of the block.
    fn read(&mut self, source: &mut Source, slot: usize) -> Result<(), QueryError> {
        let operand = self.operands.0[slot];
        let column = &mut source.columns[slot];
        let values = match column {
            Some(values) => values,
            None => column.insert(
                source
                    .candidate
                    .chunk
                    .column(operand.table, operand.column)?,
            ),
        };
        let rows = match operand.table == self.question.table {
            true => &self.buffers.rows,
            false => &self.buffers.places,
        };
        let into = &mut self.buffers.slots[slot];
        match (rows.first(), rows.last()) {
            // Rows of one table ascend, so a span as long as their number has no gap.
            (Some(first), Some(last))
                if operand.table == self.question.table
                    && (last - first) as usize + 1 == rows.len() =>
            {
                values.read(*first as usize..*last as usize + 1, into);
            }
            _ => values.gather(rows, into),
        }
        Ok(())
    }

    /// Keeps the rows of the block whose value in a slot just read passes.
    fn keep(&mut self, slot: usize, passes: impl Fn(i64) -> bool) {
        let Buffers {
            rows,
            places,
            slots,
            ..
        } = &mut self.buffers;
        let values = &slots[slot];
        let finer = !places.is_empty();
        let mut kept = 0;
        for (row, value) in values.iter().enumerate() {
            if passes(*value) {
                rows[kept] = rows[row];
                if finer {
                    places[kept] = places[row];
                }
                kept += 1;
            }
        }
        rows.truncate(kept);
        places.truncate(kept);
    }

    fn count(&mut self) -> Result<(), QueryError> {
        let Buffers {
            rows,
            places,
            visits,
            slots,
            keys,
            groups,
            ..
        } = &mut self.buffers;
        for (plan, into) in self.keys.iter_mut().zip(keys.iter_mut()) {
            plan.compute(slots, &self.view.actions, into);
        }
        self.groups.assign(keys, rows.len(), groups);
        self.limits.check_groups(self.groups.len())?;
        let places = if self.question.table == TableId::Visits {
            rows
        } else {
            places
        };
        let first = self.visits_before.wrapping_add(1);
        visits.clear();
        visits.extend(places.iter().map(|place| place.wrapping_add(first)));
        let block = Block {
            groups,
            slots,
            visits,
            actions: &self.view.actions,
        };
        for accumulator in &mut self.accumulators {
            accumulator.grow(self.groups.len());
            accumulator.add(&block);
        }
        Ok(())
    }

    fn check_limits(&mut self) -> Result<(), QueryError> {
        self.buffers.blocks_done += 1;
        if self.buffers.blocks_done % 8 == 1 {
            self.limits.check()?;
            let counted: usize = self.accumulators.iter().map(Accumulator::size_bytes).sum();
            self.limits
                .check_memory(self.groups.size_bytes() + counted)?;
        }
        Ok(())
    }

    /// Adds what another scanner counted of later rows.
    pub fn merge(&mut self, other: Scanner) -> Result<(), QueryError> {
        let group_of: Vec<u32> = (0..other.groups.len())
            .map(|group| self.groups.of(other.groups.key(group)))
            .collect();
        self.limits.check_groups(self.groups.len())?;
        for (accumulator, other) in self.accumulators.iter_mut().zip(other.accumulators) {
            accumulator.grow(self.groups.len());
            accumulator.merge(other, &group_of);
        }
        Ok(())
    }

    pub fn finish(self) -> Grouped {
        let groups = self.groups.len();
        let measure_count = self.accumulators.len();
        let mut values = vec![0.0; groups * measure_count];
        for (measure, accumulator) in self.accumulators.into_iter().enumerate() {
            for (group, value) in accumulator.finish(groups).into_iter().enumerate() {
                values[group * measure_count + measure] = value;
            }
        }
        Grouped {
            key_count: self.question.keys.len(),
            measure_count,
            keys: self.groups.into_keys(),
            values,
        }
    }
}

/// Gives slots of all operands and remembers which were asked for.
struct Tracked<'a> {
    operands: &'a mut Operands,
    read: &'a mut Operands,
}

impl Slots for Tracked<'_> {
    fn slot(&mut self, operand: Operand) -> usize {
        self.read.slot(operand);
        self.operands.slot(operand)
    }
}

impl KeyPlan {
    fn new(key: &Key, table: TableId, slots: &mut dyn Slots) -> KeyPlan {
        match key {
            Key::Column(operand) => KeyPlan::Column(slots.slot(*operand)),
            Key::Day(zone) => {
                let dated = Operand {
                    table,
                    column: table.dated_by(),
                };
                KeyPlan::Day(slots.slot(dated), Clock::new(zone))
            }
            Key::Hour(operand, zone) => KeyPlan::Hour(slots.slot(*operand), Clock::new(zone)),
            Key::Divided(operand, by) => KeyPlan::Divided(slots.slot(*operand), *by),
            Key::FirstOf(operands) => KeyPlan::FirstOf(
                operands
                    .iter()
                    .map(|operand| slots.slot(*operand))
                    .collect(),
            ),
            Key::ActionKind(operand) => KeyPlan::ActionKind(slots.slot(*operand)),
        }
    }

    fn compute(&mut self, slots: &[Vec<i64>], actions: &model::Texts, into: &mut Vec<i64>) {
        into.clear();
        match self {
            KeyPlan::Column(slot) => into.extend_from_slice(&slots[*slot]),
            KeyPlan::Day(slot, clock) => into.extend(slots[*slot].iter().map(|at| clock.day(*at))),
            KeyPlan::Hour(slot, clock) => {
                into.extend(slots[*slot].iter().map(|at| clock.hour(*at)));
            }
            KeyPlan::Divided(slot, by) => {
                let divide = |value: &i64| value.checked_div_euclid(*by).unwrap_or(0);
                into.extend(slots[*slot].iter().map(divide));
            }
            KeyPlan::FirstOf(candidates) => {
                let rows = candidates.first().map_or(0, |slot| slots[*slot].len());
                into.extend((0..rows).map(|row| {
                    let values = candidates.iter().map(|slot| slots[*slot][row]);
                    values.into_iter().find(|value| *value != 0).unwrap_or(0)
                }));
            }
            KeyPlan::ActionKind(slot) => {
                into.extend(
                    slots[*slot]
                        .iter()
                        .map(|value| action_kind(actions, *value)),
                );
            }
        }
    }
}
