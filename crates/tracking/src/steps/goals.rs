//! Goals that the hit reaches by what it says: on the raw address, before parameters are removed.

use catalog::columns::kind;

use super::Enriching;
use super::ecommerce::rounded;
use crate::hit::{Action, Attribution, GoalMatch};
use crate::outcome::Stop;
use crate::rules::{Goal, MatchAttribute};
use crate::url::{raw_page_url, url_decode};

/// Finds the goals, and what their conversions are attributed to.
pub fn match_raw(hit: &mut Enriching<'_>) -> Result<(), Stop> {
    hit.hit.goals = match hit.params.integer("idgoal") {
        _ if hit.hit.ping => Vec::new(),
        Some(goal) if goal > 0 => manual(hit, goal),
        Some(0) => Vec::new(),
        _ => reached(hit),
    };
    if !hit.hit.goals.is_empty() || hit.hit.ecommerce.is_some() {
        hit.hit.attribution = attribution(hit);
    }
    Ok(())
}

fn manual(hit: &Enriching<'_>, goal: i64) -> Vec<GoalMatch> {
    let rule = hit.site.goals.iter().find(|known| known.rule.id == goal);
    let stated = hit.params.number("revenue");
    rule.map(|goal| GoalMatch {
        goal: goal.rule.id,
        revenue: rounded(stated.unwrap_or(goal.rule.revenue)),
        allow_multiple: goal.rule.allow_multiple,
        manual: true,
        longer_than_seconds: None,
    })
    .into_iter()
    .collect()
}

fn reached(hit: &Enriching<'_>) -> Vec<GoalMatch> {
    let Some(action) = &hit.hit.action else {
        return Vec::new();
    };
    let url = raw_page_url(&hit.page_url);
    let goals = hit.site.goals.iter().filter_map(|goal| {
        let limit = goal
            .minutes()
            .filter(|_| goal.rule.attribute == MatchAttribute::VisitDuration);
        let fits = limit.is_some()
            || text_of(goal, action, url.as_deref()).is_some_and(|text| goal.fits(text));
        fits.then(|| GoalMatch {
            goal: goal.rule.id,
            revenue: rounded(revenue_of(goal, action)),
            allow_multiple: goal.rule.allow_multiple,
            manual: false,
            longer_than_seconds: limit.map(|minutes| (minutes * 60.0) as i64),
        })
    });
    goals.collect()
}

/// The text that a goal looks at, where the action has one.
fn text_of<'a>(goal: &Goal, action: &'a Action, url: Option<&'a str>) -> Option<&'a str> {
    let stored = || action.url.as_ref().map(|url| url.text.as_str());
    let event = action.event.as_ref();
    match (goal.rule.attribute, action.kind) {
        (MatchAttribute::Url, kind::PAGE) => url,
        (MatchAttribute::Title, kind::PAGE) => Some(&action.title),
        (MatchAttribute::File, kind::DOWNLOAD)
        | (MatchAttribute::ExternalWebsite, kind::OUTLINK) => stored(),
        (MatchAttribute::EventCategory, kind::EVENT) => event.map(|event| event.category.as_str()),
        (MatchAttribute::EventAction, kind::EVENT) => event.map(|event| event.action.as_str()),
        (MatchAttribute::EventName, kind::EVENT) => event.map(|event| event.name.as_str()),
        _ => None,
    }
}

fn revenue_of(goal: &Goal, action: &Action) -> f64 {
    let value = action.event.as_ref().and_then(|event| event.value);
    match value {
        Some(value) if goal.rule.event_value_as_revenue => value,
        _ => goal.rule.revenue,
    }
}

fn attribution(hit: &Enriching<'_>) -> Attribution {
    // Cookies hold them encoded once more.
    let lower = |name: &str| {
        let sent = hit.params.text(name).unwrap_or_default();
        url_decode(sent.trim()).trim().to_lowercase()
    };
    Attribution {
        campaign_name: lower("_rcn"),
        campaign_keyword: lower("_rck"),
        referrer: hit
            .params
            .filled("_ref")
            .and_then(|referrer| super::referrer::of_conversion(hit, referrer)),
    }
}
