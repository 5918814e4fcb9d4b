//! Ranges of counts as rows are called by them, and their segments.

use catalog::reports::{Range, Shown};
use model::{Row, Table};

const NEW_VISITS: &str = "General_NewVisits";

/// Labels as reports know them before they are named: `1-1`, `8-14`, `101%2B`.
pub fn mark(table: &mut Table, ranges: &[Range]) {
    for row in &mut table.rows {
        let place = row.label().parse::<usize>().ok();
        let label = match place.and_then(|place| ranges.get(place)) {
            Some(range) => raw(range),
            None => NEW_VISITS.to_owned(),
        };
        row.set("label", label);
    }
}

fn raw(range: &Range) -> String {
    match range {
        (from, Some(to)) => format!("{from}-{to}"),
        (from, None) => format!("{from}%2B"),
    }
}

/// Names rows of visits by a number.
pub fn show_visits(table: &mut Table, shown: Shown, ranges: &[Range]) {
    for row in &mut table.rows {
        let Some(range) = range_of(row, ranges) else {
            if row.label() == NEW_VISITS {
                row.set("label", "New visits");
                row.set_meta("segment", "visitorType==new");
            }
            continue;
        };
        let (label, segment) = match shown {
            Shown::DurationRange => (duration(range), "visitDuration"),
            Shown::PagesRange => (counted(range, "page", "pages"), "actions"),
            Shown::VisitCountRange => (counted(range, "visit", "visits"), "visitCount"),
            _ => (counted(range, "day", "days"), "daysSinceLastVisit"),
        };
        row.set("label", label);
        row.set_meta("segment", condition(segment, bounds(range, shown)));
    }
}

/// Names rows of conversions by a number.
pub fn show_conversions(table: &mut Table, shown: Shown, ranges: &[Range]) {
    for row in &mut table.rows {
        if let Some(range) = range_of(row, ranges) {
            row.set(
                "label",
                match shown {
                    Shown::VisitsToConversion => counted(range, "visit", "visits"),
                    _ => counted(range, "day", "days"),
                },
            );
        }
    }
}

fn range_of<'a>(row: &Row, ranges: &'a [Range]) -> Option<&'a Range> {
    let label = row.label();
    ranges.iter().find(|range| raw(range) == label)
}

fn counted(range: &Range, one: &str, many: &str) -> String {
    match range {
        (1, Some(1)) => format!("1 {one}"),
        (from, Some(to)) if from == to => format!("{from} {many}"),
        (from, Some(to)) => format!("{from}-{to} {many}"),
        (from, None) => format!("{from}+ {many}"),
    }
}

/// Ranges from a minute on are named by minutes.
fn duration(range: &Range) -> String {
    match range {
        (from, Some(to)) if *to <= 60 => format!("{from}\u{2013}{to}s"),
        (from, Some(to)) => format!("{}-{} min", from / 60, to / 60),
        (from, None) => format!("{}+ min", from / 60),
    }
}

/// A range of minutes begins in its segment at the full minute.
fn bounds(range: &Range, shown: Shown) -> Range {
    match (shown, range) {
        (Shown::DurationRange, (from, Some(to))) if *to > 60 => (from / 60 * 60, Some(*to)),
        (_, range) => *range,
    }
}

fn condition(name: &str, range: Range) -> String {
    match range {
        (from, Some(to)) if from == to => format!("{name}=={from}"),
        (from, Some(to)) => format!("{name}>={from};{name}<={to}"),
        (from, None) => format!("{name}>={from}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_have_names_and_segments() {
        assert_eq!(raw(&(8, Some(14))), "8-14");
        assert_eq!(raw(&(101, None)), "101%2B");
        assert_eq!(counted(&(1, Some(1)), "page", "pages"), "1 page");
        assert_eq!(counted(&(6, Some(7)), "page", "pages"), "6-7 pages");
        assert_eq!(counted(&(365, None), "day", "days"), "365+ days");
        assert_eq!(duration(&(61, Some(120))), "1-2 min");
        assert_eq!(duration(&(1801, None)), "30+ min");
        assert_eq!(
            bounds(&(61, Some(120)), Shown::DurationRange),
            (60, Some(120))
        );
        assert_eq!(condition("actions", (21, None)), "actions>=21");
    }
}
