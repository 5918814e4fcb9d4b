use std::ops::Range;
use std::sync::Arc;

use ahash::AHashMap;
use catalog::columns::{TableId, visit};

use super::bits::Bits;
use super::cache::FilterKey;
use super::limits::Limits;
use super::matcher::Literal;
use crate::question::Operand;
use crate::segment::{Condition, Filter};
use crate::values::Values;
use crate::view::{Chunk, QueryError, View};

const FINER: [TableId; 3] = [TableId::Actions, TableId::Conversions, TableId::Items];
/// Rows whose values are unpacked at a time.
const BLOCK_ROWS: usize = 2048;
/// Groups that mix finer tables are rare; more than these bits cannot be told apart.
const MAX_MIXED_GROUPS: usize = 64;
/// Ways in which the rows of one visit may satisfy mixed groups, before equal ones are put together.
const MAX_WAYS: usize = 1 << 16;

/// A filter ready to run over chunks.
pub struct CompiledFilter {
    groups: Vec<Vec<CompiledCondition>>,
    /// It has a condition on a column about robots, so robots count.
    pub names_robots: bool,
    finer: Vec<TableId>,
    fingerprint: Arc<str>,
}

struct CompiledCondition {
    literals: Vec<Literal>,
    negated: bool,
}

/// Whether a column is about robots.
pub fn is_about_robots(operand: Operand) -> bool {
    operand.table == TableId::Visits && matches!(operand.column, visit::ROBOT | visit::ROBOT_KIND)
}

impl CompiledFilter {
    pub fn new(filter: &Filter, view: &View) -> Result<CompiledFilter, QueryError> {
        let mut groups = Vec::with_capacity(filter.all_of.len());
        for group in &filter.all_of {
            let conditions = group.iter().map(|condition| compile(condition, view));
            groups.push(conditions.collect::<Result<Vec<_>, QueryError>>()?);
        }
        let operands = || {
            let conditions = filter.all_of.iter().flatten();
            conditions
                .flat_map(|condition| &condition.any_of)
                .map(|probe| probe.operand)
        };
        Ok(CompiledFilter {
            groups,
            names_robots: operands().any(is_about_robots),
            finer: FINER
                .into_iter()
                .filter(|table| operands().any(|operand| operand.table == *table))
                .collect(),
            fingerprint: format!("{filter:?}").into(),
        })
    }

    /// The visits that the filter selects among these places; finer tables count within `[from, to)`.
    pub fn select(
        &self,
        view: &View,
        chunk: &dyn Chunk,
        places: &[Range<usize>],
        (from, to): (i64, i64),
        limits: &Limits,
    ) -> Result<Arc<Bits>, QueryError> {
        let whole = self.finer.iter().all(|table| {
            chunk.rows(*table) == 0
                || chunk
                    .bounds(*table, table.dated_by())
                    .is_some_and(|(least, most)| least >= from && most < to)
        });
        let key = FilterKey {
            chunk: chunk.id(),
            filter: self.fingerprint.clone(),
            period: (!whole).then_some((from, to)),
            places: places.to_vec(),
        };
        if let Some(selected) = view.filters.get(&key) {
            return Ok(selected);
        }
        let mut evaluation = Evaluation {
            view,
            chunk,
            places,
            period: (!whole).then_some((from, to)),
            columns: AHashMap::new(),
            starts: [None, None, None],
            limits,
        };
        let selected = Arc::new(evaluation.select(&self.groups)?);
        view.filters.put(key, selected.clone());
        Ok(selected)
    }
}

fn compile(condition: &Condition, view: &View) -> Result<CompiledCondition, QueryError> {
    let mut literals = Vec::with_capacity(condition.any_of.len());
    for probe in &condition.any_of {
        let foreign = |table| table != TableId::Visits && table != probe.operand.table;
        if probe.only.iter().any(|test| foreign(test.operand.table)) {
            return Err(QueryError::Question(
                "a condition tests a column of another table".to_owned(),
            ));
        }
        literals.push(Literal::new(probe, &condition.wanted, view)?);
    }
    Ok(CompiledCondition {
        literals,
        negated: condition.negated,
    })
}

struct Evaluation<'a> {
    view: &'a View,
    chunk: &'a dyn Chunk,
    places: &'a [Range<usize>],
    period: Option<(i64, i64)>,
    columns: AHashMap<Operand, Values>,
    starts: [Option<Arc<[u32]>>; 3],
    limits: &'a Limits,
}

/// What is left to hold on one row of a finer table, for every visit.
struct RowDemand {
    /// Rows within the period that satisfy every group of this table alone.
    rows: Bits,
    /// Visits for which a missing row would satisfy them.
    no_row: Bits,
}

/// A group over more than one finer table.
struct Mixed {
    visits: Bits,
    /// By finer table: matching rows, and whether a missing row matches.
    tables: [Option<(Bits, bool)>; 3],
}

impl Evaluation<'_> {
    fn select(&mut self, groups: &[Vec<CompiledCondition>]) -> Result<Bits, QueryError> {
        let mut selected = self.all_places();
        let mut demands: [Option<RowDemand>; 3] = [None, None, None];
        let mut mixed = Vec::new();
        for group in groups {
            let visits = self.visit_part(group)?;
            let mut tables = [None, None, None];
            for (at, table) in FINER.into_iter().enumerate() {
                tables[at] = self.row_part(group, table)?;
            }
            match tables.iter().flatten().count() {
                0 => selected.and(&visits),
                1 => {
                    for (at, part) in tables.into_iter().enumerate() {
                        if let Some(part) = part {
                            self.demand(&mut demands, at, part, &visits)?;
                        }
                    }
                }
                _ => mixed.push(Mixed { visits, tables }),
            }
        }
        if mixed.is_empty() {
            for (at, demand) in demands.iter().enumerate() {
                if let Some(demand) = demand {
                    let satisfied = self.satisfied(at, demand)?;
                    selected.and(&satisfied);
                }
            }
            return Ok(selected);
        }
        self.select_mixed(selected, demands, &mixed)
    }

    fn all_places(&self) -> Bits {
        Bits::of_ranges(
            self.chunk.rows(TableId::Visits),
            self.places.iter().cloned(),
        )
    }

    /// Visits for which the group holds whatever the rows of finer tables.
    fn visit_part(&mut self, group: &[CompiledCondition]) -> Result<Bits, QueryError> {
        let mut holds = Bits::none(self.chunk.rows(TableId::Visits));
        for condition in group {
            if !condition.negated {
                for literal in &condition.literals {
                    if literal.operand.table == TableId::Visits {
                        holds.or(&self.matching(literal)?);
                    }
                }
                continue;
            }
            let mut left = self.all_places();
            for literal in &condition.literals {
                let matching = self.matching(literal)?;
                let visits = match finer_position(literal.operand.table) {
                    None => matching,
                    Some(at) => self.visits_with_row(at, &matching)?,
                };
                left.subtract(&visits);
            }
            holds.or(&left);
        }
        Ok(holds)
    }

    /// Rows of a finer table that satisfy the group, and whether a missing row does; `None` when the
    /// group asks for no row of this table.
    fn row_part(
        &mut self,
        group: &[CompiledCondition],
        table: TableId,
    ) -> Result<Option<(Bits, bool)>, QueryError> {
        let mut part: Option<(Bits, bool)> = None;
        for condition in group.iter().filter(|condition| !condition.negated) {
            for literal in &condition.literals {
                if literal.operand.table != table {
                    continue;
                }
                let matching = self.matching(literal)?;
                let (rows, no_row) =
                    part.get_or_insert_with(|| (Bits::none(matching.len()), false));
                rows.or(&matching);
                *no_row |= literal.matches_no_row();
            }
        }
        Ok(part)
    }

    /// Adds a group of one finer table to what its rows must satisfy at once.
    fn demand(
        &mut self,
        demands: &mut [Option<RowDemand>; 3],
        at: usize,
        (mut rows, no_row): (Bits, bool),
        visits: &Bits,
    ) -> Result<(), QueryError> {
        let starts = self.starts(at)?;
        if !visits.is_empty() {
            for place in self.places.iter().cloned().flatten() {
                if visits.get(place) {
                    for row in starts[place]..starts[place + 1] {
                        rows.set(row as usize);
                    }
                }
            }
        }
        if demands[at].is_none() {
            demands[at] = Some(self.no_demand(at)?);
        }
        if let Some(demand) = &mut demands[at] {
            demand.rows.and(&rows);
            if !no_row {
                demand.no_row.and(visits);
            }
        }
        Ok(())
    }

    fn no_demand(&mut self, at: usize) -> Result<RowDemand, QueryError> {
        Ok(RowDemand {
            rows: self.rows_in_period(at)?,
            no_row: self.all_places(),
        })
    }

    /// Visits with a row that satisfies the demand, or without any row where a missing one does.
    fn satisfied(&mut self, at: usize, demand: &RowDemand) -> Result<Bits, QueryError> {
        let mut visits = self.visits_with_row(at, &demand.rows)?;
        if !demand.no_row.is_empty() {
            let dated = self.rows_in_period(at)?;
            let mut without = demand.no_row.clone();
            without.subtract(&self.visits_with_row(at, &dated)?);
            visits.or(&without);
        }
        Ok(visits)
    }

    fn select_mixed(
        &mut self,
        mut selected: Bits,
        mut demands: [Option<RowDemand>; 3],
        mixed: &[Mixed],
    ) -> Result<Bits, QueryError> {
        if mixed.len() > MAX_MIXED_GROUPS {
            return Err(QueryError::Limit(format!(
                "{MAX_MIXED_GROUPS} conditions that mix actions, conversions and items"
            )));
        }
        let mut tables = Vec::new();
        for (at, demand) in demands.iter_mut().enumerate() {
            let named = mixed.iter().any(|group| group.tables[at].is_some());
            let demand = match demand.take() {
                Some(demand) => demand,
                None if named => self.no_demand(at)?,
                None => continue,
            };
            let satisfied = self.satisfied(at, &demand)?;
            selected.and(&satisfied);
            if named {
                let dated = self.rows_in_period(at)?;
                tables.push((at, demand, dated, self.starts(at)?));
            }
        }
        let full = u64::MAX >> (64 - mixed.len());
        for place in self.places.iter().cloned().flatten() {
            if !selected.get(place) {
                continue;
            }
            let mut ways = vec![mask(mixed, |group| group.visits.get(place))];
            for (at, demand, dated, starts) in &tables {
                let rows = starts[place] as usize..starts[place + 1] as usize;
                let mut masks: Vec<u64> = rows
                    .clone()
                    .filter(|row| demand.rows.get(*row))
                    .map(|row| mask(mixed, |group| group.row_matches(*at, row)))
                    .collect();
                if !dated.any_in(rows) && demand.no_row.get(place) {
                    masks.push(mask(mixed, |group| group.no_row_matches(*at)));
                }
                ways = combine(&ways, &mut masks)?;
            }
            if !ways.contains(&full) {
                selected.unset(place);
            }
        }
        Ok(selected)
    }

    /// Rows (places, for a column of visits) whose value matches and whose tests hold.
    fn matching(&mut self, literal: &Literal) -> Result<Bits, QueryError> {
        self.limits.check()?;
        let table = literal.operand.table;
        let mut matching = Bits::none(self.chunk.rows(table));
        let values = self.values(literal.operand)?;
        let mut clock = literal.clock();
        let mut block = Vec::with_capacity(BLOCK_ROWS);
        for rows in self.row_ranges(table)? {
            if let Values::Constant { value, .. } = values {
                if literal.matches(value, &mut clock) {
                    matching.set_range(rows);
                }
                continue;
            }
            let mut first = rows.start;
            while first < rows.end {
                let last = rows.end.min(first + BLOCK_ROWS);
                values.read(first..last, &mut block);
                for (row, value) in (first..).zip(&block) {
                    if literal.matches(*value, &mut clock) {
                        matching.set(row);
                    }
                }
                first = last;
            }
        }
        if !literal.only.is_empty() {
            self.apply_tests(literal, &mut matching)?;
        }
        Ok(matching)
    }

    fn apply_tests(&mut self, literal: &Literal, matching: &mut Bits) -> Result<(), QueryError> {
        let table = literal.operand.table;
        let starts = match finer_position(table) {
            Some(at) => Some(self.starts(at)?),
            None => None,
        };
        for test in &literal.only {
            let values = self.values(test.operand)?;
            for place in self.places.iter().cloned().flatten() {
                let rows = match &starts {
                    Some(starts) => starts[place] as usize..starts[place + 1] as usize,
                    None => place..place + 1,
                };
                for row in rows {
                    let at = if test.operand.table == table {
                        row
                    } else {
                        place
                    };
                    if matching.get(row) && !test.verb.holds(values.get(at), &self.view.actions) {
                        matching.unset(row);
                    }
                }
            }
        }
        Ok(())
    }

    /// Visits that have one of these rows within the period.
    fn visits_with_row(&mut self, at: usize, rows: &Bits) -> Result<Bits, QueryError> {
        let starts = self.starts(at)?;
        let rows = match self.period {
            None => std::borrow::Cow::Borrowed(rows),
            Some(_) => {
                let mut dated = self.rows_in_period(at)?;
                dated.and(rows);
                std::borrow::Cow::Owned(dated)
            }
        };
        let mut visits = Bits::none(self.chunk.rows(TableId::Visits));
        for place in self.places.iter().cloned().flatten() {
            if rows.any_in(starts[place] as usize..starts[place + 1] as usize) {
                visits.set(place);
            }
        }
        Ok(visits)
    }

    fn rows_in_period(&mut self, at: usize) -> Result<Bits, QueryError> {
        let table = FINER[at];
        let ranges = self.row_ranges(table)?;
        let mut dated = Bits::of_ranges(self.chunk.rows(table), ranges.iter().cloned());
        let Some((from, to)) = self.period else {
            return Ok(dated);
        };
        let times = self.values(Operand {
            table,
            column: table.dated_by(),
        })?;
        for row in ranges.into_iter().flatten() {
            if !(from..to).contains(&times.get(row)) {
                dated.unset(row);
            }
        }
        Ok(dated)
    }

    fn row_ranges(&mut self, table: TableId) -> Result<Vec<Range<usize>>, QueryError> {
        let Some(at) = finer_position(table) else {
            return Ok(self.places.to_vec());
        };
        let starts = self.starts(at)?;
        let rows =
            |places: &Range<usize>| starts[places.start] as usize..starts[places.end] as usize;
        Ok(self.places.iter().map(rows).collect())
    }

    fn starts(&mut self, at: usize) -> Result<Arc<[u32]>, QueryError> {
        if let Some(starts) = &self.starts[at] {
            return Ok(starts.clone());
        }
        let starts = self.chunk.visit_starts(FINER[at])?;
        self.starts[at] = Some(starts.clone());
        Ok(starts)
    }

    fn values(&mut self, operand: Operand) -> Result<Values, QueryError> {
        if let Some(values) = self.columns.get(&operand) {
            return Ok(values.clone());
        }
        let values = self.chunk.column(operand.table, operand.column)?;
        self.columns.insert(operand, values.clone());
        Ok(values)
    }
}

impl Mixed {
    fn row_matches(&self, at: usize, row: usize) -> bool {
        self.tables[at]
            .as_ref()
            .is_some_and(|(rows, _)| rows.get(row))
    }

    fn no_row_matches(&self, at: usize) -> bool {
        self.tables[at].as_ref().is_some_and(|(_, no_row)| *no_row)
    }
}

fn finer_position(table: TableId) -> Option<usize> {
    FINER.iter().position(|finer| *finer == table)
}

/// A bit for each group that holds.
fn mask(groups: &[Mixed], holds: impl Fn(&Mixed) -> bool) -> u64 {
    let bit = |(at, group)| u64::from(holds(group)) << at;
    groups
        .iter()
        .enumerate()
        .map(bit)
        .fold(0, |all, bit| all | bit)
}

/// Every way to add one row to what is satisfied already.
fn combine(ways: &[u64], masks: &mut Vec<u64>) -> Result<Vec<u64>, QueryError> {
    masks.sort_unstable();
    masks.dedup();
    if ways.len().saturating_mul(masks.len()) > MAX_WAYS {
        return Err(QueryError::Limit(
            "the combinations of conditions that one visit allows".to_owned(),
        ));
    }
    let pairs = ways
        .iter()
        .flat_map(|way| masks.iter().map(move |mask| way | mask));
    let mut combined: Vec<u64> = pairs.collect();
    combined.sort_unstable();
    combined.dedup();
    Ok(combined)
}
