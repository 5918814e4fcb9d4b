//! Who it is, and whether the visit goes on.

use model::Timestamp;

use super::Placing;
use crate::hit::{IdSource, referrer_type};
use crate::outcome::{Exclusion, Stop};
use crate::visits::VisitHead;

/// A visit that seems to lie this far ahead still counts: clocks differ.
const LOOK_AHEAD_SECONDS: i64 = 30 * 60;
/// A fingerprint is looked for at least this far back.
const LOOK_BACK_SECONDS: i64 = 30 * 60;

/// Finds the visitor's latest visit and decides whether the hit continues it.
pub fn find(placing: &mut Placing<'_>) -> Result<(), Stop> {
    placing.previous =
        known_visitor(placing).filter(|head| head.total_actions < placing.rules.most_actions);
    placing.continues = placing
        .previous
        .is_some_and(|head| !starts_new_visit(placing, &head));
    if placing.hit.ping && !placing.continues {
        return Err(Exclusion::PingWithoutVisit.into());
    }
    Ok(())
}

fn known_visitor(placing: &Placing<'_>) -> Option<VisitHead> {
    let identity = &placing.hit.identity;
    let Some(visitor) = identity.visitor else {
        return by_fingerprint(placing, None);
    };
    let found = placing
        .visits
        .by_visitor(placing.hit.site, visitor, until(placing.hit.time));
    if found.is_some() || placing.rules.trust_cookies {
        return found;
    }
    if !identity.user.is_empty() {
        return by_fingerprint(placing, Some(placing.user));
    }
    if identity.source == IdSource::Forced {
        return None;
    }
    by_fingerprint(placing, None)
}

fn until(time: Timestamp) -> Timestamp {
    time.saturating_add(LOOK_AHEAD_SECONDS)
}

fn by_fingerprint(placing: &Placing<'_>, user: Option<i64>) -> Option<VisitHead> {
    let hit = placing.hit;
    let back = LOOK_BACK_SECONDS.max(placing.rules.window_look_back_seconds);
    placing.visits.by_fingerprint(
        hit.site,
        hit.identity.fingerprint,
        hit.time.saturating_sub(back),
        until(hit.time),
        user,
    )
}

fn starts_new_visit(placing: &Placing<'_>, head: &VisitHead) -> bool {
    let (hit, rules) = (placing.hit, placing.rules);
    let silent_too_long =
        head.last_time <= hit.time.saturating_sub(rules.visit_standard_length_seconds);
    let zone = &placing.site.zone;
    let another_day =
        rules.new_visit_after_midnight && zone.day(head.last_time) != zone.day(hit.time);
    let another_user = !rules.user_overwrites_visitor
        && placing.user != 0
        && head.user != 0
        && head.user != placing.user;
    hit.new_visit
        || silent_too_long
        || another_day
        || another_user
        || (rules.new_visit_on_campaign && another_campaign(placing, head))
        || (rules.new_visit_on_referrer && another_website(placing, head))
}

/// A campaign that is not the visit's. A direct visit is never ended by one: it is upgraded.
fn another_campaign(placing: &Placing<'_>, head: &VisitHead) -> bool {
    let referrer = &placing.hit.referrer;
    if referrer.kind != referrer_type::CAMPAIGN || head.referrer_type == referrer_type::DIRECT {
        return false;
    }
    let keyword = campaign_keyword(placing, Some(head));
    head.referrer_type != referrer.kind
        || differs(placing, head.referrer_name, &referrer.name)
        || differs(placing, head.referrer_keyword, &keyword)
}

fn another_website(placing: &Placing<'_>, head: &VisitHead) -> bool {
    let referrer = &placing.hit.referrer;
    referrer.kind == referrer_type::WEBSITE
        && head.referrer_type != referrer_type::DIRECT
        && (head.referrer_type != referrer.kind
            || differs(placing, head.referrer_name, &referrer.name))
}

fn differs(placing: &Placing<'_>, stored: i64, text: &str) -> bool {
    placing.texts.values.text(stored).to_lowercase() != text.to_lowercase()
}

/// The keyword of a campaign: its own, else that of the same campaign in the visit, else the referrer's host.
pub fn campaign_keyword(placing: &Placing<'_>, head: Option<&VisitHead>) -> String {
    let referrer = &placing.hit.referrer;
    if let Some(keyword) = &referrer.keyword {
        return keyword.clone();
    }
    let same = head.filter(|head| {
        head.referrer_type == referrer.kind
            && head.referrer_keyword != 0
            && !differs(placing, head.referrer_name, &referrer.name)
    });
    match same {
        Some(head) => placing.texts.values.text(head.referrer_keyword).to_owned(),
        None => referrer.fallback_keyword.clone(),
    }
}
