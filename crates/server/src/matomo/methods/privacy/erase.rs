//! What is known of a person is erased, or what is older than it may be.

use std::collections::{BTreeMap, BTreeSet};

use ingest::{Erased, Erasure};
use model::{Answer, Role, SiteId, Value};
use tracking::url::{ParamMap, ParamValue};

use crate::matomo::Call;
use crate::matomo::error::{ApiError, ApiResult};
use crate::matomo::methods::common::{answer, confirm_session, field, sites_with, yes};
use crate::matomo::world::no_access;

/// Erases the visits that the call names; answers how many rows of each kind there were.
pub async fn delete(call: Call<'_>) -> ApiResult<Answer> {
    let visits = call.request.map().map("visits");
    let named = named_visits(visits.ok_or_else(|| ApiError::missing("visits"))?)?;
    let world = call.app.world().await?;
    let allowed = sites_with(&call, &world, Role::Admin);
    if let Some(site) = named
        .keys()
        .find(|site| !allowed.contains(&i64::from(**site)))
    {
        return Err(no_access(Role::Admin, &site.to_string()));
    }
    let mut all = Erased::default();
    for (site, ids) in named {
        let erased = call.app.erase(Erasure::Visits { site, ids }).await?;
        all.visits += erased.visits;
        all.actions += erased.actions;
        all.conversions += erased.conversions;
        all.items += erased.items;
    }
    let count = |number: usize| Value::Int(i64::try_from(number).unwrap_or(i64::MAX));
    answer(Value::Map(vec![
        field("log_conversion", count(all.conversions)),
        field("log_conversion_item", count(all.items)),
        field("log_link_visit_action", count(all.actions)),
        field("log_visit", count(all.visits)),
    ]))
}

/// `visits[0][idsite]` and `visits[0][idvisit]`, and so on.
fn named_visits(visits: &ParamMap) -> ApiResult<BTreeMap<SiteId, BTreeSet<i64>>> {
    let mut named: BTreeMap<SiteId, BTreeSet<i64>> = BTreeMap::new();
    for (_, visit) in visits.iter() {
        let number = |name: &str| match visit {
            ParamValue::Map(visit) => visit.text(name)?.trim().parse::<i64>().ok(),
            ParamValue::Text(_) => None,
        };
        let site = number("idsite").and_then(|site| SiteId::try_from(site).ok());
        let (Some(site), Some(id)) = (site, number("idvisit")) else {
            return Err(ApiError::invalid(
                "Each of the visits needs idsite and idvisit, as visits[0][idsite]=1&visits[0][idvisit]=2",
            ));
        };
        named.entry(site).or_default().insert(id);
    }
    Ok(named)
}

/// Erases at once what would be erased within the hour.
pub async fn purge(call: Call<'_>) -> ApiResult<Answer> {
    confirm_session(&call).await?;
    let world = call.app.world().await?;
    call.app.erase_old_visits(&world).await?;
    yes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn visits_are_named_by_site_and_number() {
        let named = |query: &str| {
            let map = ParamMap::parse(query);
            map.map("visits")
                .and_then(|visits| named_visits(visits).ok())
        };
        let two =
            "visits[0][idsite]=1&visits[0][idvisit]=7&visits[1][idsite]=1&visits[1][idvisit]=9";
        let expected = BTreeMap::from([(1, BTreeSet::from([7, 9]))]);
        assert_eq!(named(two), Some(expected));
        for wrong in [
            "visits[0][idsite]=1",
            "visits[0][idsite]=x&visits[0][idvisit]=7",
            "visits[0][idsite]=-1&visits[0][idvisit]=7",
            "visits[0]=7",
            "visits=7",
        ] {
            assert_eq!(named(wrong), None, "{wrong}");
        }
    }
}
