use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use catalog::columns::{TableId, visit};
use model::{SiteId, Timestamp};

use super::bits::Bits;
use super::filter::CompiledFilter;
use super::limits::Limits;
use crate::values::Values;
use crate::view::{Chunk, QueryError, View};

/// Threads of a big question: one heavy report uses two cores.
pub const THREADS: usize = 2;

/// A chunk that may hold rows of the answer.
#[derive(Clone)]
pub struct Candidate<'a> {
    pub chunk: &'a dyn Chunk,
    /// The chunk's position in the view.
    pub position: usize,
    /// The places of the sites asked for.
    pub places: Vec<Range<usize>>,
    /// Visits that count; `None` for all of `places`.
    pub allowed: Option<Arc<Bits>>,
    /// Every row lies within the time asked for.
    pub whole_in_time: bool,
}

impl Candidate<'_> {
    pub fn allows(&self, place: usize) -> bool {
        self.allowed.as_ref().is_none_or(|bits| bits.get(place))
    }

    /// Roughly how many rows of a table there are to look at.
    pub fn expected_rows(&self, table: TableId) -> usize {
        let visits = self.chunk.rows(TableId::Visits).max(1);
        let places: usize = self.places.iter().map(ExactSizeIterator::len).sum();
        (self.chunk.rows(table) as f64 * places as f64 / visits as f64) as usize
    }
}

/// The chunks worth reading for rows of `table` in `[from, to)`, oldest first.
pub fn candidates<'a>(
    view: &'a View,
    table: TableId,
    sites: &[SiteId],
    (from, to): (Timestamp, Timestamp),
    limits: &Limits,
) -> Result<Vec<Candidate<'a>>, QueryError> {
    let mut sites = sites.to_vec();
    sites.sort_unstable();
    sites.dedup();
    let mut candidates = Vec::new();
    for (position, chunk) in view.chunks.iter().enumerate() {
        limits.check()?;
        let chunk: &dyn Chunk = &**chunk;
        if chunk.rows(table) == 0 || from >= to {
            continue;
        }
        let bounds = chunk.bounds(table, table.dated_by());
        if bounds.is_some_and(|(least, most)| most < from || least >= to) {
            continue;
        }
        let places = places_of(chunk, &sites)?;
        if !places.is_empty() {
            candidates.push(Candidate {
                chunk,
                position,
                places,
                allowed: None,
                whole_in_time: bounds.is_some_and(|(least, most)| least >= from && most < to),
            });
        }
    }
    Ok(candidates)
}

/// Where the visits of these sites (sorted) are: a chunk's visits are sorted by site.
fn places_of(chunk: &dyn Chunk, sites: &[SiteId]) -> Result<Vec<Range<usize>>, QueryError> {
    let visits = chunk.rows(TableId::Visits);
    let bounds = chunk.bounds(TableId::Visits, visit::SITE);
    let (first, last) = bounds.unwrap_or((0, i64::MAX));
    let wanted = |site: &SiteId| (first..=last).contains(&i64::from(*site));
    if !sites.iter().any(wanted) {
        return Ok(Vec::new());
    }
    let column = chunk.column(TableId::Visits, visit::SITE)?;
    if let Values::Constant { .. } = column {
        return Ok(std::iter::once(0..visits).collect());
    }
    let mut places: Vec<Range<usize>> = Vec::new();
    for site in sites.iter().copied().filter(wanted).map(i64::from) {
        let after = places.last().map_or(0, |range| range.end);
        let start = column.partition_point(after..visits, site);
        let end = column.partition_point(start..visits, site.saturating_add(1));
        match places.last_mut() {
            _ if start == end => {}
            Some(range) if range.end == start => range.end = end,
            _ => places.push(start..end),
        }
    }
    Ok(places)
}

/// Finds out which visits count: alive, no robots (unless named), selected by the filter.
pub fn allow(
    view: &View,
    candidates: &mut [Candidate],
    filter: Option<&CompiledFilter>,
    robots_count: bool,
    period: (Timestamp, Timestamp),
    limits: &Limits,
) -> Result<(), QueryError> {
    let allowed = |candidate: &Candidate| {
        limits.check()?;
        allowed_in(view, candidate, filter, robots_count, period, limits)
    };
    let work: usize = candidates
        .iter()
        .map(|candidate| candidate.expected_rows(TableId::Actions))
        .sum();
    if filter.is_none() || candidates.len() < 2 || work < limits.parallel_rows {
        for candidate in candidates {
            candidate.allowed = allowed(candidate)?;
        }
        return Ok(());
    }
    let found = in_parallel(candidates.len(), |at| allowed(&candidates[at]))?;
    for (candidate, allowed) in candidates.iter_mut().zip(found) {
        candidate.allowed = allowed;
    }
    Ok(())
}

/// The results of `work(0)` … `work(count - 1)` in order, from two threads.
fn in_parallel<T: Send>(
    count: usize,
    work: impl Fn(usize) -> Result<T, QueryError> + Sync,
) -> Result<Vec<T>, QueryError> {
    let next = AtomicUsize::new(0);
    let worker = || {
        let mut done = Vec::new();
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            if at >= count {
                return Ok(done);
            }
            done.push((at, work(at)?));
        }
    };
    let mut all = Vec::with_capacity(count);
    let results: Vec<Result<Vec<(usize, T)>, QueryError>> = std::thread::scope(|scope| {
        let others: Vec<_> = (1..THREADS).map(|_| scope.spawn(worker)).collect();
        let mut results = vec![worker()];
        results.extend(others.into_iter().map(joined));
        results
    });
    for result in results {
        all.extend(result?);
    }
    all.sort_by_key(|(at, _)| *at);
    Ok(all.into_iter().map(|(_, done)| done).collect())
}

/// A thread's result; its panic goes on in this one.
pub fn joined<T>(thread: std::thread::ScopedJoinHandle<'_, T>) -> T {
    match thread.join() {
        Ok(result) => result,
        Err(panic) => std::panic::resume_unwind(panic),
    }
}

fn allowed_in(
    view: &View,
    candidate: &Candidate,
    filter: Option<&CompiledFilter>,
    robots_count: bool,
    period: (Timestamp, Timestamp),
    limits: &Limits,
) -> Result<Option<Arc<Bits>>, QueryError> {
    let chunk = candidate.chunk;
    let visits = chunk.rows(TableId::Visits);
    let selected = match filter {
        Some(filter) => Some(filter.select(view, chunk, &candidate.places, period, limits)?),
        None => None,
    };
    let dead = chunk.dead();
    let robots = match robots_count {
        true => None,
        false => robots_in(chunk, &candidate.places)?,
    };
    if dead.is_none() && robots.is_none() {
        return Ok(selected);
    }
    let mut allowed = match selected {
        Some(selected) => Bits::clone(&selected),
        None => Bits::of_ranges(visits, candidate.places.iter().cloned()),
    };
    if let Some(dead) = dead {
        allowed.subtract_words(&dead);
    }
    if let Some(robots) = robots {
        allowed.subtract(&robots);
    }
    Ok(Some(Arc::new(allowed)))
}

fn robots_in(chunk: &dyn Chunk, places: &[Range<usize>]) -> Result<Option<Bits>, QueryError> {
    if chunk.bounds(TableId::Visits, visit::ROBOT) == Some((0, 0)) {
        return Ok(None);
    }
    let column = chunk.column(TableId::Visits, visit::ROBOT)?;
    if let Values::Constant { value: 0, .. } = column {
        return Ok(None);
    }
    let mut robots = Bits::none(chunk.rows(TableId::Visits));
    for place in places.iter().cloned().flatten() {
        if column.get(place) != 0 {
            robots.set(place);
        }
    }
    Ok(Some(robots))
}
