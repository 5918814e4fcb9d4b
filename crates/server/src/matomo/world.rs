//! Sites, periods and segments of a call.

use std::sync::Arc;

use jiff::civil::Date;
use model::{Role, SiteId, Zone};
use query::period::{Asked, asked};
use query::segment::Filter;
use query::segment_text::{self, World as SegmentWorld};

use super::Call;
use super::error::{ApiError, ApiResult};
use crate::app::{App, World};

pub fn no_access(role: Role, site: &str) -> ApiError {
    ApiError::unauthorised(format!(
        "You can't access this resource as it requires '{}' access for the website id = {site}.",
        role.name()
    ))
}

pub fn no_access_to_any(role: Role) -> ApiError {
    ApiError::unauthorised(format!(
        "You can't access this resource as it requires {} access for at least one website.",
        role.name()
    ))
}

/// The sites that `idSite` names, and whether it named several.
pub struct Sites {
    pub ids: Vec<SiteId>,
    pub several: bool,
}

/// The sites of a call; every one must allow the role.
pub fn sites(call: &Call<'_>, world: &World, role: Role) -> ApiResult<Sites> {
    let text = call.request.list("idSite").join(",");
    if text.is_empty() {
        return Err(ApiError::missing("idSite"));
    }
    sites_named(call, world, &text, role)
}

pub fn sites_named(call: &Call<'_>, world: &World, text: &str, role: Role) -> ApiResult<Sites> {
    if text == "all" {
        let ids = world
            .snapshot
            .sites
            .iter()
            .filter(|site| call.principal.has_role(site.idsite, role));
        return Ok(Sites {
            ids: ids.map(|site| site.idsite as SiteId).collect(),
            several: true,
        });
    }
    let mut ids = Vec::new();
    for part in text.split(',').filter(|part| !part.trim().is_empty()) {
        let id = part.trim().parse::<SiteId>().ok().filter(|id| *id > 0);
        let id = id.ok_or_else(|| no_site(part.trim()))?;
        let exists = world.site(id).is_some();
        if !exists && call.principal.is_superuser() {
            return Err(no_site(part.trim()));
        }
        if !exists || !call.principal.has_role(i64::from(id), role) {
            return Err(no_access(role, part.trim()));
        }
        ids.push(id);
    }
    if ids.is_empty() {
        return Err(no_site(text));
    }
    Ok(Sites {
        several: ids.len() > 1,
        ids,
    })
}

fn no_site(id: &str) -> ApiError {
    ApiError::invalid(format!(
        "An unexpected website was found in the request: website id was set to '{id}' ."
    ))
}

pub fn zone_of(world: &World, site: SiteId) -> Zone {
    world
        .site(site)
        .and_then(|site| Zone::named(&site.timezone))
        .unwrap_or_else(Zone::utc)
}

pub fn today(zone: &Zone) -> Date {
    zone.day(crate::app::now()).date()
}

/// The periods of a call, by the calendar of one site.
pub fn periods(call: &Call<'_>, zone: &Zone) -> ApiResult<Asked> {
    let period = call
        .request
        .filled("period")
        .ok_or_else(|| ApiError::missing("period"))?;
    let date = call
        .request
        .filled("date")
        .ok_or_else(|| ApiError::missing("date"))?;
    Ok(asked(period, date, today(zone))?)
}

/// The `segment` of a call as it stands in the address: encoded once more than the other parameters.
pub fn segment_text(call: &Call<'_>) -> String {
    let raw = call
        .request
        .raw_query
        .split('&')
        .find_map(|pair| pair.strip_prefix("segment="));
    match raw {
        Some(raw) => raw.to_owned(),
        None => call.request.text("segment").unwrap_or_default().to_owned(),
    }
}

pub fn filter(
    call: &Call<'_>,
    world: &World,
    site: SiteId,
    text: &str,
) -> ApiResult<Option<Arc<Filter>>> {
    if text.is_empty() {
        return Ok(None);
    }
    let lookup = Lookup {
        app: call.app,
        world,
        site,
        signed_in: !call.principal.is_anonymous(),
    };
    Ok(segment_text::parse(text, &lookup)?.map(Arc::new))
}

struct Lookup<'a> {
    app: &'a App,
    world: &'a World,
    site: SiteId,
    signed_in: bool,
}

impl SegmentWorld for Lookup<'_> {
    fn zone(&self) -> Zone {
        zone_of(self.world, self.site)
    }

    fn is_signed_in(&self) -> bool {
        self.signed_in
    }

    fn goals_named(&self, matches: &dyn Fn(&str) -> bool) -> Vec<i64> {
        let goals = self
            .world
            .goals_of(self.site)
            .filter(|goal| matches(&goal.name));
        goals.map(|goal| goal.idgoal).collect()
    }

    fn dimension(&self, id: i64) -> Option<(usize, bool)> {
        let mut dimensions = self.world.dimensions_of(self.site);
        let dimension = dimensions.find(|dimension| dimension.idcustomdimension == id)?;
        let of_action = dimension.scope == settings::DimensionScope::Action;
        Some((usize::try_from(dimension.slot).ok()?, of_action))
    }

    fn countries_named(&self, name: &str) -> Vec<String> {
        self.app.names.country_codes(name)
    }

    fn countries_of(&self, continent: &str) -> Vec<String> {
        self.app.names.countries_of(continent)
    }

    fn browser_codes(&self, matches: &dyn Fn(&str) -> bool) -> Vec<String> {
        let browsers = tracking::device::names().browsers.entries();
        browsers
            .filter(|named| matches(named.name))
            .map(|named| named.code.to_owned())
            .collect()
    }

    fn system_codes(&self, matches: &dyn Fn(&str) -> bool) -> Vec<String> {
        let systems = tracking::device::names().systems.entries();
        systems
            .filter(|named| matches(named.name))
            .map(|named| named.code.to_owned())
            .collect()
    }
}
