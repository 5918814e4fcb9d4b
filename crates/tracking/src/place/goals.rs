//! Goals: which are reached, and their conversions.

use catalog::columns::{action, bits, conversion, kind};

use super::Placing;
use super::conversion::Snapshot;
use crate::outcome::Stop;
use crate::visits::VisitState;

/// Decides which goals of the hit are reached: those on the visit's length are known only now.
pub fn settle(placing: &mut Placing<'_>) -> Result<(), Stop> {
    let hit = placing.hit;
    let length = match (&placing.previous, placing.continues) {
        (Some(head), true) => hit.time.saturating_sub(head.first_time),
        _ => 0,
    };
    let reached = hit
        .goals
        .iter()
        .enumerate()
        .filter(|(_, goal)| goal.longer_than_seconds.is_none_or(|limit| length > limit))
        .map(|(at, _)| at);
    placing.reached = reached.collect();
    Ok(())
}

/// Adds the conversions of the reached goals, one in a visit unless a goal allows several.
pub fn convert(placing: &mut Placing<'_>) -> Result<(), Stop> {
    if placing.reached.is_empty() {
        return Ok(());
    }
    let url = placing.texts.value(&placing.hit.url);
    let snapshot = Snapshot::take(placing);
    let (action_id, page, time) = (placing.action_id, placing.action_url, placing.hit.time);
    let hit = placing.hit;
    let Some(state) = placing.visits.open(placing.visit) else {
        return Ok(());
    };
    let pages = pages_before(state);
    for goal in placing.reached.iter().filter_map(|at| hit.goals.get(*at)) {
        let before = conversions_of(state, goal.goal);
        if before > 0 && !goal.allow_multiple {
            continue;
        }
        let mut row = state.new_conversion();
        snapshot.write(&mut row, &state.visit);
        row[conversion::TIME] = time;
        row[conversion::GOAL] = goal.goal;
        row[conversion::BUSTER] = before;
        row[conversion::URL] = url;
        row[conversion::PAGE] = page;
        row[conversion::ACTION] = action_id;
        row[conversion::REVENUE] = bits(goal.revenue);
        row[conversion::PAGES_BEFORE] = pages;
        state.conversions.push(row);
    }
    Ok(())
}

fn conversions_of(state: &VisitState, goal: i64) -> i64 {
    let same = state
        .conversions
        .iter()
        .filter(|row| row[conversion::GOAL] == goal);
    same.count() as i64
}

/// Page views of the visit so far.
pub fn pages_before(state: &VisitState) -> i64 {
    let pages = state
        .actions
        .iter()
        .filter(|row| row[action::KIND] == kind::PAGE);
    pages.count() as i64
}
