//! What only a token may say, and when it happened.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use jiff::civil::DateTime;
use model::{SECONDS_PER_DAY, Timestamp, Zone};

use super::{Auth, Enriching};
use crate::geo::parse_address;
use crate::outcome::{Refusal, Stop};

/// Parameters that need a token.
const STATED_PLACE: &[&str] = &["country", "region", "city", "lat", "long"];
/// Times further back are ignored.
const OLDEST_SECONDS: i64 = 20 * 365 * SECONDS_PER_DAY;

/// Refuses what needs a token and has none, and finds address and time of the hit.
pub fn check(hit: &mut Enriching<'_>) -> Result<(), Stop> {
    if !hit.rules.record_statistics {
        return Err(Refusal::NotRecording.into());
    }
    if hit.in_bulk && hit.rules.bulk_requires_authentication && hit.auth != Auth::Write {
        return Err(Refusal::BulkNeedsToken.into());
    }
    let states_place = STATED_PLACE
        .iter()
        .any(|name| hit.params.filled(name).is_some());
    let address = hit.params.filled("cip");
    if !hit.is_authenticated() && (states_place || address.is_some()) {
        return Err(Refusal::NeedsToken.into());
    }
    if let Some(address) = address {
        // Importers send what their logs hold; what is no address is stored as no address.
        hit.ip = parse_address(address).unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
        let as_sent = address.trim().parse::<Ipv6Addr>().ok();
        hit.mapped_ip = as_sent.is_some_and(|address| address.to_ipv4_mapped().is_some());
    }
    hit.hit.time = time_of(hit)?;
    Ok(())
}

fn time_of(hit: &Enriching<'_>) -> Result<Timestamp, Refusal> {
    let now = hit.now();
    let stated = hit
        .params
        .filled("cdt")
        .and_then(parse_time)
        .filter(|time| *time <= now && *time > now.saturating_sub(OLDEST_SECONDS));
    let offset = hit.params.integer("cdo").unwrap_or(0).saturating_abs();
    let time = stated.unwrap_or(now).saturating_sub(offset);
    if stated.is_none() && offset == 0 {
        return Ok(now);
    }
    if time <= now.saturating_sub(OLDEST_SECONDS) {
        return Ok(now);
    }
    let age = now.saturating_sub(time);
    if age > hit.rules.open_past_seconds && !hit.is_authenticated() {
        return Err(Refusal::NeedsToken);
    }
    let kept_days = hit
        .rules
        .delete_after_days
        .saturating_add(hit.rules.delete_interval_days);
    if hit.rules.delete_old && age > kept_days.saturating_mul(SECONDS_PER_DAY) {
        return Err(Refusal::TooOld);
    }
    Ok(time)
}

/// `2011-04-05 00:11:42`, the same with `T` and `Z` or an offset, a day alone, or seconds since 1970.
fn parse_time(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return text.parse().ok();
    }
    if let Ok(moment) = text.parse::<jiff::Timestamp>() {
        return Some(moment.as_second());
    }
    let local: DateTime = text.parse().ok()?;
    Some(Zone::utc().moment(local))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read() {
        for (text, expected) in [
            ("2011-04-05 00:11:42", Some(1_301_962_302)),
            ("2011-04-05T00:11:42Z", Some(1_301_962_302)),
            ("2011-04-05T02:11:42+02:00", Some(1_301_962_302)),
            ("2011-04-05", Some(1_301_961_600)),
            ("1301963022", Some(1_301_963_022)),
            ("", None),
            ("yesterday", None),
            ("99999999999999999999999", None),
            ("2011-13-05 00:00:00", None),
        ] {
            assert_eq!(parse_time(text), expected, "{text}");
        }
    }
}
