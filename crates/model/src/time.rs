use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;

/// Whole seconds since 1970-01-01 00:00:00 UTC.
pub type Timestamp = i64;

pub const SECONDS_PER_DAY: i64 = 86_400;

/// Days since 1970-01-01 in some site's calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(pub i32);

impl Day {
    pub fn from_date(date: Date) -> Day {
        Day((date - Date::constant(1970, 1, 1)).get_days())
    }

    /// The calendar date; days beyond the calendar's range are clamped to its ends.
    pub fn date(self) -> Date {
        let span = jiff::Span::new().try_days(self.0);
        span.and_then(|span| Date::constant(1970, 1, 1).checked_add(span))
            .unwrap_or(if self.0 < 0 { Date::MIN } else { Date::MAX })
    }

    pub fn next(self) -> Day {
        Day(self.0 + 1)
    }
}

/// A site's time zone. Accepts IANA names and Matomo's `UTC`, `UTC+5.5`, `UTC-3`.
#[derive(Clone, Debug)]
pub struct Zone(TimeZone);

impl Zone {
    pub fn utc() -> Zone {
        Zone(TimeZone::UTC)
    }

    pub fn named(name: &str) -> Option<Zone> {
        if name.eq_ignore_ascii_case("utc") {
            return Some(Zone::utc());
        }
        if let Some(hours) = name.strip_prefix("UTC") {
            let hours: f64 = hours
                .parse()
                .ok()
                .filter(|hours: &f64| hours.abs() <= 14.0)?;
            let offset = jiff::tz::Offset::from_seconds((hours * 3600.0).round() as i32).ok()?;
            return Some(Zone(TimeZone::fixed(offset)));
        }
        TimeZone::get(name).ok().map(Zone)
    }

    pub fn is_utc(&self) -> bool {
        self.0 == TimeZone::UTC
    }

    /// Seconds to add to UTC at that moment.
    pub fn offset_seconds(&self, at: Timestamp) -> i64 {
        match jiff::Timestamp::from_second(at) {
            Ok(at) => i64::from(self.0.to_offset(at).seconds()),
            Err(_) => 0,
        }
    }

    pub fn local(&self, at: Timestamp) -> DateTime {
        let shifted = at.saturating_add(self.offset_seconds(at));
        jiff::Timestamp::from_second(shifted)
            .map(|at| TimeZone::UTC.to_datetime(at))
            .unwrap_or(DateTime::constant(1970, 1, 1, 0, 0, 0, 0))
    }

    pub fn day(&self, at: Timestamp) -> Day {
        Day((at.saturating_add(self.offset_seconds(at))).div_euclid(SECONDS_PER_DAY) as i32)
    }

    /// The first moment of a day; where a clock change skips midnight, the first that exists.
    pub fn day_start(&self, day: Day) -> Timestamp {
        self.moment(day.date().to_datetime(Time::midnight()))
    }

    pub fn moment(&self, local: DateTime) -> Timestamp {
        self.0
            .to_timestamp(local)
            .map(|at| at.as_second())
            .unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_start_at_the_zones_midnight() {
        let nairobi = Zone::named("Africa/Nairobi").expect("a known zone");
        let day = Day::from_date(Date::constant(2026, 11, 24));
        assert_eq!(
            nairobi.day_start(day) + 3 * 3600,
            i64::from(day.0) * SECONDS_PER_DAY
        );
        assert_eq!(nairobi.day(nairobi.day_start(day)), day);
        assert_eq!(nairobi.day(nairobi.day_start(day) - 1), Day(day.0 - 1));
    }

    #[test]
    fn offsets_in_hours_are_zones() {
        let zone = Zone::named("UTC-5.5").expect("an offset");
        assert_eq!(zone.offset_seconds(0), -19_800);
        assert!(Zone::named("UTC+99").is_none());
        assert!(Zone::named("Mars/Olympus").is_none());
    }

    #[test]
    fn a_day_with_a_clock_change_has_23_or_25_hours() {
        let berlin = Zone::named("Europe/Berlin").expect("a known zone");
        let day = Day::from_date(Date::constant(2026, 3, 29));
        assert_eq!(
            berlin.day_start(day.next()) - berlin.day_start(day),
            23 * 3600
        );
    }
}
