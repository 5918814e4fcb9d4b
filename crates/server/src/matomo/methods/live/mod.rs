//! `Live`: the visit log and what is derived from it.

mod action;
mod commerce;
mod list;
mod log;
mod profile;
mod visit;

use std::collections::HashSet;

use catalog::columns;
use model::{Access, Answer, Role, Row, Table, Value};
use query::Order;

use super::common::{datetime, needed, number};
use super::{Method, method};
use crate::app::{World, now};
use crate::matomo::error::{ApiError, ApiResult};
use crate::matomo::shape::{ReportShape, shape_answer};
use crate::matomo::{Call, world};
pub use list::{Wanted, visits};
pub use log::Log;

pub const METHODS: &[Method] = &[
    method!("Live.getCounters", Access::Site(Role::View), counters),
    method!(
        "Live.getLastVisitsDetails",
        Access::Site(Role::View),
        last_visits
    ),
    method!(
        "Live.getMostRecentVisitorId",
        Access::Site(Role::View),
        most_recent_visitor
    ),
    method!(
        "Live.getMostRecentVisitsDateTime",
        Access::Site(Role::View),
        most_recent_time
    ),
    method!(
        "Live.getFirstVisitForVisitorId",
        Access::Site(Role::View),
        first_visit
    ),
    method!(
        "Live.getVisitorProfile",
        Access::Site(Role::View),
        profile::profile
    ),
];

/// Two days: the longest time that `getCounters` looks back.
const MAX_MINUTES: i64 = 2880;

/// An address that asks for all rows says -1.
const ALL_ROWS: i64 = -1;

async fn last_visits(call: Call<'_>) -> ApiResult<Answer> {
    let world = call.app.world().await?;
    let sites = world::sites(&call, &world, Role::View)?;
    must_be_on(&call, "disable_visitor_log", "Visits log is deactivated globally. A user with super user access can enable this feature in the general settings.").await?;
    let request = &call.request;
    let (offset, limit) = page(&call, &world);
    let wanted = Wanted {
        sites: sites.ids,
        segment: world::segment_text(&call),
        order: if request.filled("filter_sort_order") == Some("asc") {
            Order::Oldest
        } else {
            Order::Newest
        },
        offset,
        limit,
        min_timestamp: request
            .integer("minTimestamp")
            .filter(|seconds| *seconds > 0),
        visitor: None,
        since: None,
        in_period: true,
    };
    let with_actions = !request.flag("doNotFetchActions");
    tokio::task::block_in_place(|| table(&call, &world, &wanted, with_actions))
}

/// Rows to skip and to show. `countVisitorsToFetch` is the older name of the limit.
fn page(call: &Call<'_>, world: &World) -> (usize, usize) {
    let rows = |limit: i64| match limit {
        ALL_ROWS => usize::MAX,
        limit => usize::try_from(limit).unwrap_or(0),
    };
    let count = call
        .request
        .integer("countVisitorsToFetch")
        .filter(|count| *count > 0);
    if let Some(count) = count {
        return (0, rows(count));
    }
    let limit = call.request.integer("filter_limit");
    let limit = limit.unwrap_or_else(|| world.config.number("API_datatable_default_limit"));
    let offset = call.request.integer("filter_offset").unwrap_or(0);
    (usize::try_from(offset).unwrap_or(0), rows(limit))
}

/// The log of the visits that are wanted; columns are hidden at any depth.
fn table(call: &Call<'_>, world: &World, wanted: &Wanted, with_actions: bool) -> ApiResult<Answer> {
    let view = call.app.ingest.view();
    let visits = list::visits(call, world, &view, wanted)?;
    let mut log = Log::new(call, world, &view);
    let mut rows = Vec::with_capacity(visits.len());
    for visit in &visits {
        rows.push(log.row(visit, with_actions)?);
    }
    let mut generic = call.request.generic();
    // The page was cut out of the log already, in the order of time.
    generic.limit = Some(ALL_ROWS);
    generic.offset = 0;
    generic.sort_column = None;
    let shape = ReportShape {
        hide_at_any_depth: true,
        encoded_labels: false,
        ..ReportShape::default()
    };
    Ok(shape_answer(
        Answer::Table(Table::of(rows)),
        &shape,
        &generic,
    ))
}

/// Visitors can be kept out of sight by a setting.
async fn must_be_on(call: &Call<'_>, setting: &str, message: &str) -> ApiResult<()> {
    let settings = call.app.settings.system_settings("Live").await?;
    let is_off = settings.get(setting).is_some_and(|value| match value {
        serde_json::Value::Bool(yes) => *yes,
        serde_json::Value::Number(number) => number.as_i64() != Some(0),
        serde_json::Value::String(text) => !matches!(text.as_str(), "" | "0" | "false"),
        _ => false,
    });
    if is_off {
        Err(ApiError::invalid(message))
    } else {
        Ok(())
    }
}

/// Visits, actions and visitors of the last minutes.
async fn counters(call: Call<'_>) -> ApiResult<Answer> {
    let minutes = number(&call, "lastMinutes")?;
    if !(1..=MAX_MINUTES).contains(&minutes) {
        let message = format!("lastMinutes must be between 1 and {MAX_MINUTES}");
        return Err(ApiError::invalid(message));
    }
    let world = call.app.world().await?;
    let sites = world::sites(&call, &world, Role::View)?;
    let since = now() - minutes * 60;
    let wanted = Wanted {
        sites: sites.ids,
        segment: world::segment_text(&call),
        order: Order::Newest,
        offset: 0,
        limit: usize::MAX,
        min_timestamp: None,
        visitor: None,
        since: Some(since),
        in_period: false,
    };
    let view = call.app.ingest.view();
    let visits = tokio::task::block_in_place(|| list::visits(&call, &world, &view, &wanted))?;
    let mut actions = 0;
    let mut converted = 0;
    let mut visitors = HashSet::new();
    for rows in &visits {
        actions += rows
            .actions
            .iter()
            .filter(|row| row[columns::action::TIME] >= since)
            .count() as i64;
        // Matomo counts conversions here, though the name says visits.
        let conversions = rows.conversions.iter();
        converted += conversions
            .filter(|row| row[columns::conversion::TIME] >= since)
            .count() as i64;
        visitors.insert(rows.visit[columns::visit::VISITOR]);
    }
    let mut row = Row::default();
    row.set("visits", visits.len() as i64);
    row.set("actions", actions);
    row.set("visitors", visitors.len() as i64);
    row.set("visitsConverted", converted);
    let answer = Answer::Table(Table::of(vec![row]));
    Ok(shape_answer(
        answer,
        &ReportShape::default(),
        &call.request.generic(),
    ))
}

async fn most_recent_visitor(call: Call<'_>) -> ApiResult<Answer> {
    let wanted_visitor = newest(&call, false).await?;
    let visitor = wanted_visitor.map(|visit| visit::hex(visit[columns::visit::VISITOR]));
    Ok(Answer::Value(
        visitor.map_or(Value::Bool(false), Value::Text),
    ))
}

async fn most_recent_time(call: Call<'_>) -> ApiResult<Answer> {
    let time = newest(&call, true)
        .await?
        .map(|visit| datetime(visit[columns::visit::LAST_TIME]));
    Ok(Answer::Value(Value::Text(time.unwrap_or_default())))
}

/// The visit with the latest action.
async fn newest(call: &Call<'_>, in_period: bool) -> ApiResult<Option<Box<[i64]>>> {
    let world = call.app.world().await?;
    let sites = world::sites(call, &world, Role::View)?;
    let wanted = Wanted {
        sites: sites.ids,
        segment: world::segment_text(call),
        order: Order::Newest,
        offset: 0,
        limit: 1,
        min_timestamp: None,
        visitor: None,
        since: None,
        in_period,
    };
    let view = call.app.ingest.view();
    let visits = tokio::task::block_in_place(|| list::visits(call, &world, &view, &wanted))?;
    Ok(visits.into_iter().next().map(|rows| rows.visit))
}

async fn first_visit(call: Call<'_>) -> ApiResult<Answer> {
    let visitor = visitor_of(needed(&call, "visitorId")?)?;
    let world = call.app.world().await?;
    let sites = world::sites(&call, &world, Role::View)?;
    let wanted = Wanted {
        sites: sites.ids,
        segment: String::new(),
        order: Order::Oldest,
        offset: 0,
        limit: 1,
        min_timestamp: None,
        visitor: Some(visitor),
        since: None,
        in_period: false,
    };
    tokio::task::block_in_place(|| table(&call, &world, &wanted, false))
}

fn visitor_of(text: &str) -> ApiResult<i64> {
    let number = u64::from_str_radix(text, 16)
        .ok()
        .filter(|_| text.len() == 16);
    let number =
        number.ok_or_else(|| ApiError::invalid("visitorId is not 16 hexadecimal digits"))?;
    Ok(number as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn visitors_are_sixteen_hexadecimal_digits() {
        for (text, number) in [
            ("00000000000000ff", Some(255)),
            ("ffffffffffffffff", Some(-1)),
            ("ff", None),
            ("zz000000000000ff", None),
        ] {
            let visitor = visitor_of(text).ok();
            assert_eq!(visitor, number, "{text}");
        }
    }
}
