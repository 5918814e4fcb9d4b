//! After the journal: a hit finds its visit and changes it. Pure and in order, so that the journal can be
//! replayed; nothing is drawn and no clock is read here.

mod action;
mod cart;
mod conversion;
mod goals;
mod lookup;
mod totals;
mod visit;

use crate::hit::EnrichedHit;
use crate::observe::Observe;
use crate::outcome::{Exclusion, Refusal, Stop};
use crate::rules::{InstanceRules, SiteRules};
use crate::visits::{Dictionaries, VisitHead, VisitRef, Visits};

/// One step of placing.
pub type Place = fn(&mut Placing<'_>) -> Result<(), Stop>;

/// The steps in order, by name.
pub const PLACE: &[(&str, Place)] = &[
    ("lookup", lookup::find),
    ("goals", goals::settle),
    ("visit", visit::place),
    ("action", action::add),
    ("conversions", goals::convert),
    ("cart", cart::update),
];

/// A hit on its way into a visit.
pub struct Placing<'a> {
    pub hit: &'a EnrichedHit,
    pub site: &'a SiteRules,
    pub rules: &'a InstanceRules,
    pub texts: Dictionaries<'a>,
    pub visits: &'a mut dyn Visits,
    /// The number of the user's name.
    user: i64,
    /// The latest visit of this visitor, where there is one.
    previous: Option<VisitHead>,
    /// The hit belongs to `previous`.
    continues: bool,
    /// The visit the hit belongs to, from step `visit` on.
    visit: VisitRef,
    /// Positions in `hit.goals` of the goals that are reached.
    reached: Vec<usize>,
    /// The number of the action's row, where there is one.
    action_id: i64,
    /// The number of the page, outlink or download of the action.
    action_url: i64,
}

/// What became of a hit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Placed {
    /// It is part of this visit.
    InVisit(VisitRef),
    /// It was left out on purpose.
    Excluded(Exclusion),
    /// It was wrong; what could be placed of it is placed.
    Refused(Refusal),
}

/// Places a hit.
pub fn place(
    hit: &EnrichedHit,
    site: &SiteRules,
    rules: &InstanceRules,
    texts: Dictionaries<'_>,
    visits: &mut dyn Visits,
    observe: &mut dyn Observe,
) -> Placed {
    let mut placing = Placing {
        hit,
        site,
        rules,
        texts,
        visits,
        user: texts.value(&hit.identity.user),
        previous: None,
        continues: false,
        visit: VisitRef(u64::MAX),
        reached: Vec::new(),
        action_id: 0,
        action_url: 0,
    };
    for (name, step) in PLACE {
        let result = step(&mut placing);
        observe.step(name);
        match result {
            Ok(()) => {}
            Err(stop) => {
                observe.stop(name, stop);
                return match stop {
                    Stop::Refused(reason) => Placed::Refused(reason),
                    Stop::Excluded(reason) => Placed::Excluded(reason),
                };
            }
        }
    }
    Placed::InVisit(placing.visit)
}
