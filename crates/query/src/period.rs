//! Periods: the `period` and `date` parameters as spans of days in a site's calendar.

use jiff::ToSpan;
use jiff::civil::{Date, Weekday};
use model::Day;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PeriodKind {
    Day,
    Week,
    Month,
    Year,
    Range,
}

impl PeriodKind {
    pub fn named(name: &str) -> Option<PeriodKind> {
        Some(match name {
            "day" => PeriodKind::Day,
            "week" => PeriodKind::Week,
            "month" => PeriodKind::Month,
            "year" => PeriodKind::Year,
            "range" => PeriodKind::Range,
            _ => return None,
        })
    }

    pub fn name(self) -> &'static str {
        match self {
            PeriodKind::Day => "day",
            PeriodKind::Week => "week",
            PeriodKind::Month => "month",
            PeriodKind::Year => "year",
            PeriodKind::Range => "range",
        }
    }

    /// How many of them `lastN` may ask for.
    fn last_max(self) -> i64 {
        match self {
            PeriodKind::Day | PeriodKind::Range => 1825,
            PeriodKind::Week => 520,
            PeriodKind::Month => 120,
            PeriodKind::Year => 10,
        }
    }
}

/// A span of whole days, both ends in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    pub kind: PeriodKind,
    pub first: Date,
    pub last: Date,
}

/// What `period` and `date` ask for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked {
    One(Period),
    /// One answer for each, keyed by date.
    Each(Vec<Period>),
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PeriodError {
    #[error(
        "The period '{0}' is not supported. Try any of the following instead: day, week, month, year, range"
    )]
    Kind(String),
    #[error(
        "Date format must be: YYYY-MM-DD, or 'today' or 'yesterday' or any keyword supported by the strtotime function (see https://php.net/strtotime for more information): {0}"
    )]
    Date(String),
    #[error(
        "The date '{0}' is not a correct date range. It should have the following format: 'lastN' or 'previousN' or 'YYYY-MM-DD,YYYY-MM-DD'."
    )]
    Range(String),
    #[error("The date '{0}' is before the first supported date, 1991-08-06.")]
    TooEarly(String),
}

impl Period {
    pub fn of(kind: PeriodKind, date: Date) -> Period {
        let (first, last) = match kind {
            PeriodKind::Day | PeriodKind::Range => (date, date),
            PeriodKind::Week => {
                let back = i64::from(date.weekday().since(Weekday::Monday));
                let first = date.saturating_sub(back.days());
                (first, first.saturating_add(6.days()))
            }
            PeriodKind::Month => (date.first_of_month(), date.last_of_month()),
            PeriodKind::Year => (date.first_of_year(), date.last_of_year()),
        };
        Period { kind, first, last }
    }

    pub fn range(first: Date, last: Date) -> Period {
        Period {
            kind: PeriodKind::Range,
            first,
            last,
        }
    }

    pub fn first_day(&self) -> Day {
        Day::from_date(self.first)
    }

    pub fn last_day(&self) -> Day {
        Day::from_date(self.last)
    }

    /// The key of the period in an answer for several.
    pub fn key(&self) -> String {
        match self.kind {
            PeriodKind::Day => self.first.to_string(),
            PeriodKind::Month => format!("{:04}-{:02}", self.first.year(), self.first.month()),
            PeriodKind::Year => format!("{:04}", self.first.year()),
            PeriodKind::Week | PeriodKind::Range => format!("{},{}", self.first, self.last),
        }
    }

    /// The period of the same kind just before, or (for `back` < 0) after.
    pub fn before(&self, back: i64) -> Period {
        let start = self.first;
        match self.kind {
            PeriodKind::Day => Period::of(self.kind, start.saturating_sub(back.days())),
            PeriodKind::Week => Period::of(self.kind, start.saturating_sub((7 * back).days())),
            PeriodKind::Month => Period::of(self.kind, start.saturating_sub(back.months())),
            PeriodKind::Year => Period::of(self.kind, start.saturating_sub(back.years())),
            PeriodKind::Range => {
                let days = i64::from((self.last - self.first).get_days()) + 1;
                let shift = (days * back).days();
                Period::range(
                    self.first.saturating_sub(shift),
                    self.last.saturating_sub(shift),
                )
            }
        }
    }
}

/// Reads `period` and `date`; `today` is the site's.
pub fn asked(period: &str, date: &str, today: Date) -> Result<Asked, PeriodError> {
    let kind = PeriodKind::named(period).ok_or_else(|| PeriodError::Kind(period.to_owned()))?;
    let several = is_list(date);
    if kind == PeriodKind::Range {
        let (first, last) = match several {
            true => span(date, kind, today)?,
            false => {
                let day = day(date, today)?;
                (day, day)
            }
        };
        return Ok(Asked::One(Period::range(first, last)));
    }
    if !several {
        return Ok(Asked::One(Period::of(kind, day(date, today)?)));
    }
    let (first, last) = span(date, kind, today)?;
    let mut periods = Vec::new();
    let mut period = Period::of(kind, first);
    while period.first <= last {
        periods.push(period);
        if period.last == Date::MAX {
            break;
        }
        period = period.before(-1);
    }
    Ok(Asked::Each(periods))
}

/// Whether a date names several periods.
pub fn is_list(date: &str) -> bool {
    date.contains(',') || last_or_previous(date).is_some()
}

/// `last7` → (true, 7), `previous7` → (false, 7).
fn last_or_previous(date: &str) -> Option<(bool, i64)> {
    let lower = date.to_ascii_lowercase();
    let (last, count) = match (lower.strip_prefix("last"), lower.strip_prefix("previous")) {
        (Some(count), _) => (true, count),
        (_, Some(count)) => (false, count),
        _ => return None,
    };
    match count {
        "" if !last => None,
        "" => None,
        count => count
            .trim()
            .parse()
            .ok()
            .map(|count: i64| (last, count.max(1))),
    }
}

fn span(date: &str, kind: PeriodKind, today: Date) -> Result<(Date, Date), PeriodError> {
    if let Some((includes_today, count)) = last_or_previous(date) {
        let count = count.min(kind.last_max());
        let unit = if kind == PeriodKind::Range {
            PeriodKind::Day
        } else {
            kind
        };
        let now = Period::of(unit, today);
        let end = if includes_today { now } else { now.before(1) };
        return Ok((end.before(count - 1).first, end.last));
    }
    let (first, last) = date
        .split_once(',')
        .ok_or_else(|| PeriodError::Range(date.to_owned()))?;
    let (first, last) = (first.trim(), last.trim());
    let wrong = |_| PeriodError::Range(date.to_owned());
    Ok((
        day(first, today).map_err(wrong)?,
        day(last, today).map_err(wrong)?,
    ))
}

/// One date: `YYYY-MM-DD` with or without a time, a Unix timestamp, or a keyword.
pub fn day(text: &str, today: Date) -> Result<Date, PeriodError> {
    let back = |days: i64| today.saturating_sub(days.days());
    let lower = text.trim().to_ascii_lowercase();
    let known = match lower.replace([' ', '-', '_'], "").as_str() {
        "today" | "now" => Some(today),
        "tomorrow" => Some(today.saturating_add(1.days())),
        "yesterday" | "yesterdaysametime" => Some(back(1)),
        "lastweek" => Some(back(7)),
        "lastmonth" => Some(today.saturating_sub(1.months())),
        "lastyear" => Some(today.saturating_sub(1.years())),
        _ => None,
    };
    let date = match known {
        Some(date) => date,
        None => written(&lower).ok_or_else(|| PeriodError::Date(text.to_owned()))?,
    };
    if date < Date::constant(1991, 8, 6) {
        return Err(PeriodError::TooEarly(text.to_owned()));
    }
    Ok(date)
}

fn written(text: &str) -> Option<Date> {
    if text.len() > 8 && text.bytes().all(|byte| byte.is_ascii_digit()) {
        let seconds: i64 = text.parse().ok()?;
        let at = jiff::Timestamp::from_second(seconds).ok()?;
        return Some(jiff::tz::TimeZone::UTC.to_datetime(at).date());
    }
    let date = text.split([' ', 't']).next()?;
    let mut parts = date.split('-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() || year.len() != 4 {
        return None;
    }
    Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TODAY: Date = Date::constant(2026, 11, 24);

    fn keys(period: &str, date: &str) -> Vec<String> {
        match asked(period, date, TODAY).expect("a period") {
            Asked::One(period) => vec![period.key()],
            Asked::Each(periods) => periods.iter().map(Period::key).collect(),
        }
    }

    #[test]
    fn single_periods() {
        assert_eq!(keys("day", "today"), ["2026-11-24"]);
        assert_eq!(keys("week", "2010-01-03"), ["2009-12-28,2010-01-03"]);
        assert_eq!(keys("month", "yesterday"), ["2026-11"]);
        assert_eq!(keys("year", "2012-02-29"), ["2012"]);
        assert_eq!(keys("range", "last7"), ["2026-11-18,2026-11-24"]);
        assert_eq!(keys("range", "2010-01-01,today"), ["2010-01-01,2026-11-24"]);
        assert_eq!(keys("day", "1795454607"), ["2026-11-23"]);
    }

    #[test]
    fn several_periods() {
        assert_eq!(keys("day", "previous2"), ["2026-11-22", "2026-11-23"]);
        assert_eq!(keys("month", "last2"), ["2026-10", "2026-11"]);
        assert_eq!(
            keys("week", "2010-01-03,2010-01-09"),
            ["2009-12-28,2010-01-03", "2010-01-04,2010-01-10"]
        );
        assert_eq!(keys("year", "last99").len(), 10);
    }

    #[test]
    fn what_is_no_date_is_refused() {
        for (period, date) in [
            ("fortnight", "today"),
            ("day", "2010-13-01"),
            ("day", "x"),
            ("range", "2010-01-01,x"),
            ("day", "1980-01-01"),
        ] {
            assert!(asked(period, date, TODAY).is_err(), "{period} {date}");
        }
    }
}
