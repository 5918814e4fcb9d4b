//! The visit's row: made, or brought up to date.

use catalog::columns::{NONE, PLUGIN_BITS, bits, visit};

use super::lookup::campaign_keyword;
use super::{Placing, totals};
use crate::hit::{EnrichedHit, IdSource, Location, referrer_type, stated};
use crate::outcome::{Exclusion, Stop};
use crate::visits::{Dictionaries, VisitHead};

/// Creates the visit or updates it.
pub fn place(placing: &mut Placing<'_>) -> Result<(), Stop> {
    match placing.previous {
        Some(head) if placing.continues => update(placing, &head),
        _ => create(placing),
    }
}

fn create(placing: &mut Placing<'_>) -> Result<(), Stop> {
    let (hit, texts) = (placing.hit, placing.texts);
    let previous = placing.previous;
    let keyword = campaign_keyword(placing, previous.as_ref());
    let at = placing.visits.create();
    placing.visit = at;
    let (user, site, rules) = (placing.user, placing.site, placing.rules);
    let Some(state) = placing.visits.open(at) else {
        return Err(Exclusion::PingWithoutVisit.into());
    };
    let row = &mut state.visit;
    row[visit::SITE] = i64::from(site.id);
    row[visit::VISITOR] = visitor_id(hit, previous.as_ref(), rules.user_overwrites_visitor);
    row[visit::FINGERPRINT] = hit.identity.fingerprint;
    row[visit::USER] = user;
    write_ip(row, hit.ip);
    row[visit::FIRST_TIME] = hit.time;
    row[visit::LAST_TIME] = hit.time;
    row[visit::TOTAL_TIME] = rules.default_visit_seconds;
    row[visit::LOCAL_TIME] = i64::from(hit.local_time_seconds);
    row[visit::PROFILABLE] = i64::from(hit.identity.source != IdSource::None);
    totals::write_history(row, hit, previous.as_ref());
    write_referrer(row, hit, texts, &keyword);
    write_campaign(row, hit, texts, false);
    write_device(row, hit, texts);
    write_location(row, &hit.location, stated::ALL, texts);
    row[visit::LANGUAGE] = texts.value(&hit.language);
    if let Some(robot) = &hit.robot {
        row[visit::ROBOT] = texts.value(&robot.name);
        row[visit::ROBOT_KIND] = texts.value(&robot.kind);
    }
    write_custom(row, hit, texts);
    let reached = !placing.reached.is_empty();
    totals::count_conversion(row, hit, reached);
    if previous.is_some() {
        totals::lengthen_by_conversion(row, hit, reached);
    }
    Ok(())
}

fn update(placing: &mut Placing<'_>, head: &VisitHead) -> Result<(), Stop> {
    let (hit, texts) = (placing.hit, placing.texts);
    let keyword = campaign_keyword(placing, Some(head));
    placing.visit = head.at;
    let (user, rules) = (placing.user, placing.rules);
    let Some(state) = placing.visits.open(head.at) else {
        // Gone between look-up and now: the hit starts anew.
        return create(placing);
    };
    let row = &mut state.visit;
    if user != 0 {
        row[visit::USER] = user;
        if rules.user_overwrites_visitor && hit.identity.source == IdSource::User {
            row[visit::VISITOR] = hit.identity.visitor.unwrap_or(row[visit::VISITOR]);
        }
    }
    if hit.identity.source != IdSource::None {
        row[visit::PROFILABLE] = 1;
    }
    totals::prolong(row, hit);
    if row[visit::REFERRER_TYPE] == referrer_type::DIRECT
        && hit.referrer.kind != referrer_type::DIRECT
    {
        write_referrer(row, hit, texts, &keyword);
    }
    write_campaign(row, hit, texts, true);
    if let (0, Some(resolution)) = (row[visit::RESOLUTION], &hit.resolution) {
        row[visit::RESOLUTION] = texts.value(resolution);
    }
    write_location(row, &hit.location, hit.location.stated, texts);
    write_custom(row, hit, texts);
    let reached = !placing.reached.is_empty();
    totals::count_conversion(row, hit, reached);
    totals::lengthen_by_conversion(row, hit, reached);
    Ok(())
}

/// A known visitor keeps the id; a user's id is that of the name.
fn visitor_id(hit: &EnrichedHit, previous: Option<&VisitHead>, user_overwrites: bool) -> i64 {
    let identity = &hit.identity;
    if user_overwrites && identity.source == IdSource::User {
        return identity.visitor.unwrap_or(identity.drawn_visitor);
    }
    match previous {
        Some(head) => head.visitor,
        None => identity.visitor.unwrap_or(identity.drawn_visitor),
    }
}

fn write_ip(row: &mut [i64], ip: [u8; 16]) {
    let number = u128::from_be_bytes(ip);
    row[visit::IP_HIGH] = (number >> 64) as u64 as i64;
    row[visit::IP_LOW] = number as u64 as i64;
}

fn write_referrer(row: &mut [i64], hit: &EnrichedHit, texts: Dictionaries<'_>, keyword: &str) {
    let referrer = &hit.referrer;
    row[visit::REFERRER_TYPE] = referrer.kind;
    row[visit::REFERRER_NAME] = texts.value(&referrer.name);
    row[visit::REFERRER_URL] = texts.value(&referrer.url);
    row[visit::REFERRER_KEYWORD] = texts.value(keyword);
}

/// A campaign that comes later fills a visit that has none.
fn write_campaign(row: &mut [i64], hit: &EnrichedHit, texts: Dictionaries<'_>, only_empty: bool) {
    let campaign = &hit.campaign;
    let fields = [
        (visit::CAMPAIGN_NAME, &campaign.name),
        (visit::CAMPAIGN_KEYWORD, &campaign.keyword),
        (visit::CAMPAIGN_SOURCE, &campaign.source),
        (visit::CAMPAIGN_MEDIUM, &campaign.medium),
        (visit::CAMPAIGN_CONTENT, &campaign.content),
        (visit::CAMPAIGN_ID, &campaign.id),
        (visit::CAMPAIGN_GROUP, &campaign.group),
        (visit::CAMPAIGN_PLACEMENT, &campaign.placement),
    ];
    if only_empty && fields.iter().any(|(column, _)| row[*column] != 0) {
        return;
    }
    for (column, text) in fields {
        row[column] = texts.value(text);
    }
}

fn write_device(row: &mut [i64], hit: &EnrichedHit, texts: Dictionaries<'_>) {
    let device = &hit.device;
    row[visit::BROWSER] = texts.value(&device.browser);
    row[visit::BROWSER_VERSION] = texts.value(&device.browser_version);
    row[visit::BROWSER_ENGINE] = texts.value(&device.browser_engine);
    row[visit::CLIENT_TYPE] = device.client_type;
    row[visit::OS] = texts.value(&device.os);
    row[visit::OS_VERSION] = texts.value(&device.os_version);
    row[visit::DEVICE_TYPE] = device.device_type.unwrap_or(NONE);
    row[visit::DEVICE_BRAND] = texts.value(&device.brand);
    row[visit::DEVICE_MODEL] = texts.value(&device.model);
    row[visit::RESOLUTION] = texts.value(hit.resolution.as_deref().unwrap_or_default());
    row[visit::PLUGINS] = device.plugins & ((1 << PLUGIN_BITS.len()) - 1);
}

fn write_location(row: &mut [i64], location: &Location, which: u8, texts: Dictionaries<'_>) {
    let fields = [
        (stated::COUNTRY, visit::COUNTRY, &location.country),
        (stated::REGION, visit::REGION, &location.region),
        (stated::CITY, visit::CITY, &location.city),
    ];
    for (bit, column, text) in fields {
        if which & bit != 0 {
            row[column] = texts.value(text);
        }
    }
    if which & stated::LATITUDE != 0 {
        row[visit::LATITUDE] = stored_float(location.latitude);
    }
    if which & stated::LONGITUDE != 0 {
        row[visit::LONGITUDE] = stored_float(location.longitude);
    }
}

/// The stored form of a number that may be absent.
pub fn stored_float(number: Option<f64>) -> i64 {
    number.map_or(catalog::columns::NO_FLOAT, bits)
}

fn write_custom(row: &mut [i64], hit: &EnrichedHit, texts: Dictionaries<'_>) {
    for variable in &hit.visit_variables {
        let slot = usize::from(variable.slot);
        if (1..=catalog::columns::VARIABLE_SLOTS).contains(&slot) {
            row[visit::VARIABLE_NAME_1 + slot - 1] = texts.value(&variable.name);
            row[visit::VARIABLE_VALUE_1 + slot - 1] = texts.value(&variable.value);
        }
    }
    for (slot, value) in &hit.visit_dimensions {
        let slot = usize::from(*slot);
        if (1..=catalog::columns::DIMENSION_SLOTS).contains(&slot) {
            row[visit::SLOT_1 + slot - 1] = texts.value(value);
        }
    }
}
