//! Addresses of the graphs of a report.

use model::Zone;
use query::period::{self, Period, PeriodKind};

use super::entry::Entry;
use crate::matomo::error::ApiResult;
use crate::matomo::world::today;

/// Periods that a graph over time shows.
const PERIODS: i64 = 30;
const YEARS: i64 = 10;

/// What `period` and `date` ask for, as addresses repeat it.
pub struct Dates {
    /// Period and date of a graph of one table.
    one: (String, String),
    /// Period and date of a graph over time.
    evolution: (String, String),
}

impl Dates {
    pub fn of(period: &str, date: &str, zone: &Zone) -> ApiResult<Dates> {
        if period::is_list(date) {
            let over_time = if period == "range" { "day" } else { period };
            return Ok(Dates {
                one: ("range".to_owned(), date.to_owned()),
                evolution: (over_time.to_owned(), date.to_owned()),
            });
        }
        let kind = PeriodKind::named(period).unwrap_or(PeriodKind::Day);
        let last = Period::of(kind, period::day(date, today(zone))?);
        let count = if kind == PeriodKind::Year {
            YEARS
        } else {
            PERIODS
        };
        let first = last.before(count - 1);
        Ok(Dates {
            one: (period.to_owned(), date.to_owned()),
            evolution: (period.to_owned(), format!("{},{}", first.first, last.last)),
        })
    }

    /// `imageGraphUrl` and, where rows can be followed over time, `imageGraphEvolutionUrl`.
    pub fn addresses(&self, entry: &Entry, site: &str, subtable: &str) -> (String, Option<String>) {
        let numbers = entry.dimension.is_empty();
        let one = if numbers { &self.evolution } else { &self.one };
        let follows = entry
            .detail
            .evolution
            .unwrap_or(!entry.report.constant_rows);
        let evolution = follows.then(|| address(entry, site, subtable, &self.evolution));
        (address(entry, site, subtable, one), evolution)
    }
}

fn address(entry: &Entry, site: &str, subtable: &str, (period, date): &(String, String)) -> String {
    let mut address = format!(
        "index.php?module=API&method=ImageGraph.get&idSite={site}&apiModule={}&apiAction={}",
        entry.module(),
        entry.action()
    );
    for (name, value) in &entry.parameters {
        address.push_str(&format!("&{name}={value}"));
    }
    address.push_str(&format!("&period={period}&date={date}"));
    if !subtable.is_empty() {
        address.push_str(&format!("&idSubtable={subtable}"));
    }
    address
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thirty_periods_or_ten_years() {
        let cases = [
            ("day", "2009-01-04", "2008-12-06,2009-01-04", "day"),
            ("week", "2010-01-03", "2009-06-08,2010-01-03", "week"),
            ("month", "2010-01-03", "2007-08-01,2010-01-31", "month"),
            ("year", "2009-01-04", "2000-01-01,2009-12-31", "year"),
            (
                "range",
                "2010-01-02,2010-01-11",
                "2010-01-02,2010-01-11",
                "day",
            ),
        ];
        for (period, date, evolution, over) in cases {
            let dates = Dates::of(period, date, &Zone::utc()).unwrap();
            assert_eq!(
                dates.evolution,
                (over.to_owned(), evolution.to_owned()),
                "{period}"
            );
        }
        let several = Dates::of("month", "2010-01-03,2010-07-03", &Zone::utc()).unwrap();
        assert_eq!(
            several.one,
            ("range".to_owned(), "2010-01-03,2010-07-03".to_owned())
        );
        assert_eq!(several.evolution.0, "month");
    }
}
