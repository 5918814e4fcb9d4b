//! Dates as people read them, by the patterns of the Unicode locale data.

use std::sync::LazyLock;

use jiff::civil::Date;
use query::period::PeriodKind;

use super::blocks::Block;
use super::{Language, words};

/// Names of months and days, and patterns such as `EEEE, MMMM d, y`.
static CALENDAR: LazyLock<Block> = LazyLock::new(|| {
    Block::new(include_str!(concat!(
        env!("OUT_DIR"),
        "/names-calendar.txt"
    )))
});

const WEEKDAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
/// A dash between thin spaces.
const UNTIL: &str = "\u{2009}–\u{2009}";

#[derive(Clone, Copy, PartialEq, Eq)]
enum Width {
    /// Names of months are written out.
    Long,
    Short,
}

pub(super) fn pretty(kind: PeriodKind, first: Date, last: Date, language: Language) -> String {
    match kind {
        PeriodKind::Day => write("date.full", first, language),
        PeriodKind::Week => {
            let week = words::fixed("week", language);
            format!("{week} {}", interval(first, last, Width::Long, language))
        }
        PeriodKind::Month => write("date.month", first, language),
        PeriodKind::Year => first.year().to_string(),
        PeriodKind::Range => interval(first, last, Width::Long, language),
    }
}

pub(super) fn short(kind: PeriodKind, first: Date, last: Date, language: Language) -> String {
    match kind {
        PeriodKind::Day => write("date.day", first, language),
        PeriodKind::Month => write("date.short-month", first, language),
        PeriodKind::Year => first.year().to_string(),
        PeriodKind::Week | PeriodKind::Range => interval(first, last, Width::Short, language),
    }
}

pub(super) fn short_day(day: Date, language: Language) -> String {
    write("date.short", day, language)
}

pub(super) fn month(width: &str, month: i8, language: Language) -> &'static str {
    text(&format!("month.{width}.{month}"), language)
}

/// `day` counts from 1, Monday.
pub(super) fn weekday(width: &str, day: i8, language: Language) -> &'static str {
    let position = usize::try_from(day).ok().and_then(|day| day.checked_sub(1));
    match position.and_then(|position| WEEKDAYS.get(position)) {
        Some(day) => text(&format!("day.{width}.{day}"), language),
        None => "",
    }
}

fn text(key: &str, language: Language) -> &'static str {
    CALENDAR.name(key, language).unwrap_or_default()
}

fn write(key: &str, day: Date, language: Language) -> String {
    let mut written = String::new();
    for part in parts(text(key, language)) {
        part.write(day, language, &mut written);
    }
    written
}

/// Two days and what is between them, without saying twice what they have in common.
fn interval(first: Date, last: Date, width: Width, language: Language) -> String {
    let key = if first.year() != last.year() {
        "interval.y"
    } else if first.month() != last.month() {
        "interval.m"
    } else {
        "interval.d"
    };
    let mut pattern = text(key, language).to_owned();
    if key == "interval.m" && pattern.matches("MMM").count() < 2 {
        // This language's pattern leaves out the first month.
        let (start, end) = (
            text("date.month-day", language),
            text("date.short", language),
        );
        pattern = format!("{start}{UNTIL}{end}");
    }
    if width == Width::Long {
        pattern = pattern.replace("MMM", "MMMM");
    }
    let mut written = String::new();
    let (mut day, mut seen) = (first, Vec::new());
    for part in parts(&pattern) {
        if let Part::Field(letter, _) = part {
            // A field that comes again belongs to the second day.
            if seen.contains(&letter) {
                (day, seen) = (last, Vec::new());
            }
            seen.push(letter);
        }
        part.write(day, language, &mut written);
    }
    written
}

/// A part of a pattern: a field (its letter and how often it stands there), or text between.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Field(char, usize),
    Text(char),
}

fn parts(pattern: &str) -> Vec<Part> {
    let mut parts: Vec<Part> = Vec::new();
    for letter in pattern.chars() {
        match parts.last_mut() {
            Some(Part::Field(field, count)) if *field == letter => *count += 1,
            _ if letter.is_ascii_alphabetic() => parts.push(Part::Field(letter, 1)),
            _ => parts.push(Part::Text(letter)),
        }
    }
    parts
}

impl Part {
    fn write(self, day: Date, language: Language, written: &mut String) {
        let weekday = day.weekday().to_monday_one_offset();
        match self {
            Part::Field('E', 4) => written.push_str(self::weekday("wide", weekday, language)),
            Part::Field('E', _) => {
                written.push_str(self::weekday("abbreviated", weekday, language))
            }
            Part::Field('M', 4) => written.push_str(month("wide", day.month(), language)),
            Part::Field('M', 3) => written.push_str(month("abbreviated", day.month(), language)),
            Part::Field('M', count) => written.push_str(&format!("{:0count$}", day.month())),
            Part::Field('d', count) => written.push_str(&format!("{:0count$}", day.day())),
            Part::Field('y', _) => written.push_str(&day.year().to_string()),
            Part::Field(letter, _) | Part::Text(letter) => written.push(letter),
        }
    }
}
