//! Which visits a call asks for.

use catalog::columns::visit;
use model::{SiteId, Timestamp, Zone};
use query::period::Asked;
use query::{Limits, Order, View, VisitList, VisitRows};

use crate::app::World;
use crate::matomo::error::ApiResult;
use crate::matomo::{Call, world};

pub struct Wanted {
    pub sites: Vec<SiteId>,
    pub segment: String,
    pub order: Order,
    pub offset: usize,
    pub limit: usize,
    pub min_timestamp: Option<Timestamp>,
    pub visitor: Option<i64>,
    /// Only visits whose last action is not older.
    pub since: Option<Timestamp>,
    /// Whether `period` and `date` of the call count.
    pub in_period: bool,
}

/// The visits in their order. Days and segments mean something else at every site, so each is asked by
/// itself.
pub fn visits(
    call: &Call<'_>,
    world: &World,
    view: &View,
    wanted: &Wanted,
) -> ApiResult<Vec<VisitRows>> {
    let limits = Limits::default();
    let single = wanted.sites.len() == 1;
    let mut found = Vec::new();
    for site in &wanted.sites {
        let (from, to) = span(call, &world::zone_of(world, *site), wanted)?;
        let list = VisitList {
            sites: vec![*site],
            from,
            to,
            filter: world::filter(call, world, *site, &wanted.segment)?,
            order: wanted.order,
            offset: if single { wanted.offset } else { 0 },
            limit: if single {
                wanted.limit
            } else {
                wanted.offset.saturating_add(wanted.limit)
            },
            min_timestamp: wanted.min_timestamp,
            visitor: wanted.visitor,
        };
        found.extend(query::visits(view, &list, &limits)?);
    }
    if single {
        return Ok(found);
    }
    let key = |rows: &VisitRows| (rows.visit[visit::LAST_TIME], rows.visit[visit::ID]);
    match wanted.order {
        Order::Newest => found.sort_by_key(|rows| std::cmp::Reverse(key(rows))),
        Order::Oldest => found.sort_by_key(key),
    }
    Ok(found
        .into_iter()
        .skip(wanted.offset)
        .take(wanted.limit)
        .collect())
}

/// First second, and the second after the last one.
fn span(call: &Call<'_>, zone: &Zone, wanted: &Wanted) -> ApiResult<(Timestamp, Timestamp)> {
    let always = (wanted.since.unwrap_or(Timestamp::MIN), Timestamp::MAX);
    let named = |name: &str| {
        call.request
            .filled(name)
            .is_some_and(|text| text != "false")
    };
    if !wanted.in_period || !named("period") || !named("date") {
        return Ok(always);
    }
    let (first, last) = match world::periods(call, zone)? {
        Asked::One(period) => (period.first_day(), period.last_day()),
        Asked::Each(periods) => match (periods.first(), periods.last()) {
            (Some(first), Some(last)) => (first.first_day(), last.last_day()),
            _ => return Ok(always),
        },
    };
    Ok((zone.day_start(first), zone.day_start(last.next())))
}

/// Every visit of a visitor at a site, for sums over the visitor's life.
pub fn of_visitor(view: &View, site: SiteId, visitor: i64) -> ApiResult<Vec<VisitRows>> {
    let list = VisitList {
        sites: vec![site],
        from: Timestamp::MIN,
        to: Timestamp::MAX,
        filter: None,
        order: Order::Newest,
        offset: 0,
        limit: usize::MAX,
        min_timestamp: None,
        visitor: Some(visitor),
    };
    Ok(query::visits(view, &list, &Limits::default())?)
}
