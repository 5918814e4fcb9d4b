//! Parameters that must not be wrong: the request is answered with 400.

use super::Enriching;
use crate::outcome::{Refusal, Stop};

const TIMINGS: &[&str] = &["pf_net", "pf_srv", "pf_tfr", "pf_dm1", "pf_dm2", "pf_onl"];
/// How a tracker says that nothing was measured.
const NOT_MEASURED: i64 = -1;

/// Refuses wrong parameters.
pub fn check(hit: &mut Enriching<'_>) -> Result<(), Stop> {
    let params = hit.params;
    if params
        .filled("cid")
        .is_some_and(|id| id.chars().count() != 16)
    {
        return Err(Refusal::BadVisitorId.into());
    }
    let goal = params.integer("idgoal").unwrap_or(-1);
    if goal > 0 && !hit.site.goals.iter().any(|known| known.rule.id == goal) {
        return Err(Refusal::UnknownGoal.into());
    }
    let is_blank = |name: &str| {
        params
            .filled(name)
            .is_some_and(|text| text.trim().is_empty())
    };
    if params.filled("e_c").is_some()
        && params.filled("e_a").is_some()
        && (is_blank("e_c") || is_blank("e_a"))
    {
        return Err(Refusal::EmptyEvent.into());
    }
    if is_blank("c_n") {
        return Err(Refusal::EmptyContent.into());
    }
    let is_negative = |name: &&str| {
        params
            .integer(name)
            .is_some_and(|time| time < 0 && time != NOT_MEASURED)
    };
    if TIMINGS.iter().any(is_negative) {
        return Err(Refusal::NegativeTiming.into());
    }
    Ok(())
}
