//! Times in logs, to Unix seconds.

use model::SECONDS_PER_DAY;

const MONTHS: [&str; 12] = [
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
];

/// `10/Oct/2000:13:55:36 -0700`
pub(super) fn common_log_time(text: &str) -> Option<i64> {
    let (local, offset) = text
        .trim()
        .split_once(' ')
        .unwrap_or((text.trim(), "+0000"));
    let (date, clock) = local.split_once(':')?;
    let mut date = date.split('/');
    let day = number(date.next()?)?;
    let month_name = date.next()?.to_ascii_lowercase();
    let month = MONTHS.iter().position(|name| *name == month_name)? as i64 + 1;
    let year = number(date.next()?)?;
    Some(
        day_number(year, month, day)? * SECONDS_PER_DAY + clock_seconds(clock)?
            - offset_seconds(offset)?,
    )
}

/// `2015-02-23T23:39:20.123Z`, `2015-02-23T23:39:20+01:00`, `2015-02-23 23:39:20` (UTC)
pub(super) fn iso_time(text: &str) -> Option<i64> {
    let text = text.trim();
    let (date, rest) = text.split_at_checked(10)?;
    let rest = rest.strip_prefix(['T', 't', ' '])?;
    let end_of_clock = rest.find(['Z', 'z', '+', '-']).unwrap_or(rest.len());
    let (clock, offset) = rest.split_at(end_of_clock);
    date_and_clock(date, clock).and_then(|utc| Some(utc - offset_seconds(offset.trim())?))
}

/// `2012-04-01` and `00:00:13`, in UTC
pub(super) fn date_and_clock(date: &str, clock: &str) -> Option<i64> {
    let mut date = date.split('-');
    let (year, month, day) = (
        number(date.next()?)?,
        number(date.next()?)?,
        number(date.next()?)?,
    );
    Some(day_number(year, month, day)? * SECONDS_PER_DAY + clock_seconds(clock.trim())?)
}

/// `1424731160.123`: Unix seconds
pub(super) fn unix_time(text: &str) -> Option<i64> {
    let whole = text.trim().split('.').next()?;
    whole
        .parse()
        .ok()
        .filter(|seconds| (0..=253_402_300_799).contains(seconds))
}

fn number(text: &str) -> Option<i64> {
    let plain =
        !text.is_empty() && text.len() <= 4 && text.bytes().all(|byte| byte.is_ascii_digit());
    if plain { text.parse().ok() } else { None }
}

/// `13:55:36`, with or without a fraction
fn clock_seconds(clock: &str) -> Option<i64> {
    let mut parts = clock.split(':');
    let (hour, minute) = (number(parts.next()?)?, number(parts.next()?)?);
    let second = number(parts.next()?.split(['.', ',']).next()?)?;
    let valid = hour < 24 && minute < 60 && second <= 60 && parts.next().is_none();
    valid.then_some(hour * 3_600 + minute * 60 + second)
}

/// `-0700`, `+01:00`, `Z` and nothing
fn offset_seconds(offset: &str) -> Option<i64> {
    let (sign, digits) = match offset.as_bytes().first() {
        None | Some(b'Z' | b'z') => return Some(0),
        Some(b'+') => (1, &offset[1..]),
        Some(b'-') => (-1, &offset[1..]),
        Some(_) => return None,
    };
    let digits = digits.replace(':', "");
    let (hours, minutes) = digits.split_at_checked(2)?;
    let minutes = if minutes.is_empty() {
        0
    } else {
        number(minutes)?
    };
    let hours = number(hours)?;
    (hours <= 18 && minutes < 60).then_some(sign * (hours * 3_600 + minutes * 60))
}

/// Days since 1970-01-01 of a day of the Gregorian calendar.
fn day_number(year: i64, month: i64, day: i64) -> Option<i64> {
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let lengths = [
        31,
        if is_leap { 29 } else { 28 },
        31,
        30,
        31,
        30,
        31,
        31,
        30,
        31,
        30,
        31,
    ];
    let month_index = usize::try_from(month - 1)
        .ok()
        .filter(|index| *index < 12)?;
    if !(1_970..=9_999).contains(&year) || !(1..=lengths[month_index]).contains(&day) {
        return None;
    }
    let years_before = year - 1;
    let leap_days = years_before / 4 - years_before / 100 + years_before / 400;
    let days_to_1970 = 719_162;
    let days_before_month: i64 = lengths[..month_index].iter().sum();
    Some(years_before * 365 + leap_days - days_to_1970 + days_before_month + day - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_all_formats() {
        for (text, expected) in [
            ("10/Oct/2000:13:55:36 -0700", Some(971_211_336)),
            ("01/Jan/1970:00:00:00 +0000", Some(0)),
            ("29/Feb/2024:23:59:59 +0100", Some(1_709_247_599)),
            ("29/Feb/2023:00:00:00 +0000", None),
            ("31/Apr/2023:00:00:00 +0000", None),
            ("10/Foo/2000:13:55:36 -0700", None),
            ("10/Oct/2000:24:00:00 +0000", None),
            ("10/Oct/2000:13:55 +0000", None),
            ("10/Oct/2000", None),
            ("", None),
        ] {
            assert_eq!(common_log_time(text), expected, "{text}");
        }
        for (text, expected) in [
            ("2015-02-23T23:39:20.123Z", Some(1_424_734_760)),
            ("2015-02-23T23:39:20+01:00", Some(1_424_731_160)),
            ("2015-02-23 23:39:20", Some(1_424_734_760)),
            ("2000-01-01T00:00:00-05", Some(946_702_800)),
            ("2015-02-30T00:00:00Z", None),
            ("2015-02-23", None),
            ("éééééé2015", None),
        ] {
            assert_eq!(iso_time(text), expected, "{text}");
        }
        assert_eq!(unix_time("1424731160.123"), Some(1_424_731_160));
        assert_eq!(unix_time("-5"), None);
    }

    #[test]
    fn every_day_follows_the_one_before() {
        let mut expected = 0;
        for year in 1_970..2_105 {
            for month in 1..=12 {
                for day in 1..=31 {
                    if let Some(found) = day_number(year, month, day) {
                        assert_eq!(found, expected, "{year}-{month}-{day}");
                        expected += 1;
                    }
                }
            }
        }
        assert_eq!(expected, 49_308);
    }
}
