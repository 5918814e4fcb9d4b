use std::cmp::Reverse;
use std::sync::Arc;

use catalog::columns::{TableId, visit};
use model::{SiteId, Timestamp};

use super::filter::CompiledFilter;
use super::limits::Limits;
use super::prepare::{allow, candidates};
use crate::segment::Filter;
use crate::view::{QueryError, View, VisitRows};

const BLOCK_ROWS: usize = 4096;
/// Visits read together.
const READ_VISITS: usize = 1000;

/// Which whole visits to read, for the visit log and profiles.
#[derive(Clone, Debug)]
pub struct VisitList {
    pub sites: Vec<SiteId>,
    /// `[from, to)` of the last action.
    pub from: Timestamp,
    pub to: Timestamp,
    pub filter: Option<Arc<Filter>>,
    pub order: Order,
    pub offset: usize,
    pub limit: usize,
    /// Only visits whose last action is later than this.
    pub min_timestamp: Option<Timestamp>,
    /// Only visits of this visitor id.
    pub visitor: Option<i64>,
}

/// By the time of the last action, then by visit number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    Newest,
    Oldest,
}

#[derive(Clone, Copy)]
struct Found {
    time: Timestamp,
    id: i64,
    position: usize,
    place: u32,
}

/// The visits of a list with everything they did, in its order.
pub fn visits(
    view: &View,
    list: &VisitList,
    limits: &Limits,
) -> Result<Vec<VisitRows>, QueryError> {
    let wanted = list.offset.saturating_add(list.limit);
    if list.limit == 0 {
        return Ok(Vec::new());
    }
    let mut found = Vec::new();
    find(view, list, limits, wanted, &mut found)?;
    keep_first(&mut found, list.order, wanted);
    sort(&mut found, list.order);
    let found = found.get(list.offset..).unwrap_or_default();
    read(view, found, limits)
}

/// Reads the visits found, chunk by chunk, and puts them in the order of the list.
fn read(view: &View, found: &[Found], limits: &Limits) -> Result<Vec<VisitRows>, QueryError> {
    let mut order: Vec<usize> = (0..found.len()).collect();
    order.sort_unstable_by_key(|at| (found[*at].position, found[*at].place));
    let mut rows = vec![VisitRows::default(); found.len()];
    for part in order.chunk_by(|one, other| found[*one].position == found[*other].position) {
        for part in part.chunks(READ_VISITS) {
            limits.check()?;
            let places: Vec<u32> = part.iter().map(|at| found[*at].place).collect();
            let visits = view.chunks[found[part[0]].position].visits_at(&places)?;
            for (at, visit) in part.iter().zip(visits) {
                rows[*at] = visit;
            }
        }
    }
    Ok(rows)
}

fn find(
    view: &View,
    list: &VisitList,
    limits: &Limits,
    wanted: usize,
    found: &mut Vec<Found>,
) -> Result<(), QueryError> {
    let filter = match &list.filter {
        Some(filter) => Some(CompiledFilter::new(filter, view)?),
        None => None,
    };
    let robots_count = filter.as_ref().is_some_and(|filter| filter.names_robots);
    let after = list
        .min_timestamp
        .map_or(i64::MIN, |time| time.saturating_add(1));
    let period = (list.from.max(after), list.to);
    let mut chunks = candidates(view, TableId::Visits, &list.sites, period, limits)?;
    let bounds = |candidate: &super::prepare::Candidate| {
        candidate
            .chunk
            .bounds(TableId::Visits, visit::LAST_TIME)
            .unwrap_or((i64::MIN, i64::MAX))
    };
    match list.order {
        Order::Newest => chunks.sort_by_key(|candidate| Reverse(bounds(candidate).1)),
        Order::Oldest => chunks.sort_by_key(|candidate| bounds(candidate).0),
    }
    for candidate in &mut chunks {
        // Filters and rows of chunks that cannot contribute are not looked at.
        keep_first(found, list.order, wanted);
        if found.len() >= wanted && !could_contribute(found, list.order, bounds(candidate)) {
            break;
        }
        allow(
            view,
            std::slice::from_mut(candidate),
            filter.as_ref(),
            robots_count,
            (list.from, list.to),
            limits,
        )?;
        let times = candidate.chunk.column(TableId::Visits, visit::LAST_TIME)?;
        let ids = candidate.chunk.column(TableId::Visits, visit::ID)?;
        let visitors = match list.visitor {
            Some(wanted) => Some((
                wanted,
                candidate.chunk.column(TableId::Visits, visit::VISITOR)?,
            )),
            None => None,
        };
        for (at, place) in candidate.places.iter().cloned().flatten().enumerate() {
            if at % BLOCK_ROWS == 0 {
                limits.check()?;
                limits.check_memory(found.len() * size_of::<Found>())?;
                if found.len() > wanted.saturating_mul(2).saturating_add(BLOCK_ROWS) {
                    keep_first(found, list.order, wanted);
                }
            }
            let time = times.get(place);
            let counts = time >= period.0
                && time < period.1
                && candidate.allows(place)
                && visitors
                    .as_ref()
                    .is_none_or(|(wanted, column)| column.get(place) == *wanted);
            if counts {
                found.push(Found {
                    time,
                    id: ids.get(place),
                    position: candidate.position,
                    place: place as u32,
                });
            }
        }
    }
    Ok(())
}

/// Whether a chunk with these bounds of time may hold one of the first visits; `found` has as many as
/// are wanted.
fn could_contribute(found: &[Found], order: Order, (least, most): (i64, i64)) -> bool {
    let times = found.iter().map(|one| one.time);
    match order {
        Order::Newest => times.min().is_none_or(|last| most >= last),
        Order::Oldest => times.max().is_none_or(|last| least <= last),
    }
}

fn sort_key(order: Order, one: &Found) -> (i64, i64) {
    match order {
        // Complements: no number overflows when its order is turned.
        Order::Newest => (!one.time, !one.id),
        Order::Oldest => (one.time, one.id),
    }
}

fn sort(found: &mut [Found], order: Order) {
    found.sort_unstable_by_key(|one| sort_key(order, one));
}

/// Drops all but the first ones.
fn keep_first(found: &mut Vec<Found>, order: Order, wanted: usize) {
    if wanted > 0 && found.len() > wanted {
        found.select_nth_unstable_by_key(wanted - 1, |one| sort_key(order, one));
        found.truncate(wanted);
    }
}
