//! What a visit counts: its length, its history, its conversions.

use catalog::columns::{NONE, visit};

use crate::hit::EnrichedHit;
use crate::visits::VisitHead;

/// Values of `visit::RETURNING`.
mod returning {
    pub const NEW: i64 = 0;
    pub const RETURNING: i64 = 1;
    pub const CUSTOMER: i64 = 2;
}

/// Values of `visit::BUYER`.
mod buyer {
    pub const NONE: i64 = 0;
    pub const ORDERED: i64 = 1;
    pub const CART: i64 = 2;
    pub const ORDERED_THEN_CART: i64 = 3;
}

pub fn is_order(hit: &EnrichedHit) -> bool {
    hit.ecommerce
        .as_ref()
        .is_some_and(|shop| !shop.order.is_empty())
}

/// What a new visit knows of those before it. Times are counted from the start of one visit to the next.
pub fn write_history(row: &mut [i64], hit: &EnrichedHit, previous: Option<&VisitHead>) {
    let ordered_before = previous.is_some_and(|head| head.since_order_seconds > 0);
    row[visit::RETURNING] = match previous {
        _ if is_order(hit) || ordered_before => returning::CUSTOMER,
        Some(_) => returning::RETURNING,
        None => returning::NEW,
    };
    let Some(head) = previous else {
        return;
    };
    let since_last = hit.time.saturating_sub(head.first_time).max(0);
    row[visit::VISIT_COUNT] = head.visit_count.saturating_add(1);
    row[visit::SINCE_LAST] = since_last;
    row[visit::SINCE_FIRST] = head.since_first_seconds.saturating_add(since_last);
    if head.since_order_seconds != NONE {
        row[visit::SINCE_ORDER] = head.since_order_seconds.saturating_add(since_last);
    }
}

/// A hit of a visit that goes on: the visit is as long as until this hit, even when it comes late, as in
/// Matomo. A heartbeat lengthens it without being an action.
pub fn prolong(row: &mut [i64], hit: &EnrichedHit) {
    let length = hit
        .time
        .saturating_sub(row[visit::FIRST_TIME])
        .saturating_add(1);
    row[visit::TOTAL_TIME] = length.max(0);
}

/// The flags of a visit in which a goal is reached, an order made or a cart filled.
pub fn count_conversion(row: &mut [i64], hit: &EnrichedHit, reached: bool) {
    if is_order(hit) {
        row[visit::SINCE_ORDER] = 0;
    }
    if reached || is_order(hit) {
        row[visit::CONVERTED] = 1;
    }
    if hit.ecommerce.is_some() {
        row[visit::BUYER] = next_buyer(row[visit::BUYER], is_order(hit));
    }
}

fn next_buyer(before: i64, order: bool) -> i64 {
    match (before, order) {
        (_, true) => buyer::ORDERED,
        (buyer::NONE | buyer::CART, false) => buyer::CART,
        (_, false) => buyer::ORDERED_THEN_CART,
    }
}

/// Matomo lengthens a known visitor's visit by two seconds and the number that the request gives as its
/// goal, which is -1 where a page reached the goal.
pub fn lengthen_by_conversion(row: &mut [i64], hit: &EnrichedHit, reached: bool) {
    if !reached && !is_order(hit) {
        return;
    }
    let named = hit
        .goals
        .iter()
        .find(|goal| goal.manual)
        .map(|goal| goal.goal);
    let goal = named.unwrap_or(if hit.ecommerce.is_some() { 0 } else { -1 });
    row[visit::TOTAL_TIME] = row[visit::TOTAL_TIME].saturating_add(goal + 2);
}
