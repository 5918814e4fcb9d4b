//! The segment grammar: `browserName==Firefox,browserName==Chrome;pageUrl=@/help` as a [`Filter`].

use catalog::columns::{TableId, action, conversion, item, visit};
use catalog::segments::{Place, Segment, Values, segment};
use catalog::values::{DEVICE_TYPES, REFERRER_TYPES};
use model::Zone;

use crate::segment::{Comparison, Condition, Filter, Probe, TextMatch, Transform, Wanted};
use crate::{Operand, Test, Verb};

/// The longest segment that is read.
pub const LENGTH_MAX_BYTES: usize = 8192;
const CONDITIONS_MAX: usize = 100;

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SegmentError {
    #[error("Segment '{0}' is not a supported segment.")]
    Unknown(String),
    #[error("The segment condition '{0}' is not valid.")]
    Condition(String),
    #[error("The segment is longer than {LENGTH_MAX_BYTES} bytes.")]
    TooLong,
    #[error("The segment has more than {CONDITIONS_MAX} conditions.")]
    TooMany,
    #[error("Segment '{0}' does not support operator '{1}'.")]
    Operator(String, &'static str),
    #[error("'{value}' is not a value of the segment '{name}': use one of {accepted}.")]
    Value {
        name: String,
        value: String,
        accepted: String,
    },
    #[error("visitorId is expected to be a 16 hex char string")]
    VisitorId,
    #[error("You do not have enough permission to use the segment '{0}'.")]
    Private(String),
}

/// What the values of a segment are looked up in.
pub trait World {
    fn zone(&self) -> Zone;
    /// Whether segments that tell much about a person may be used.
    fn is_signed_in(&self) -> bool;
    fn goals_named(&self, matches: &dyn Fn(&str) -> bool) -> Vec<i64>;
    /// Slot, and whether it belongs to actions, of the site's custom dimension.
    fn dimension(&self, id: i64) -> Option<(usize, bool)>;
    fn countries_named(&self, name: &str) -> Vec<String>;
    fn countries_of(&self, continent: &str) -> Vec<String>;
    fn browser_codes(&self, matches: &dyn Fn(&str) -> bool) -> Vec<String>;
    fn system_codes(&self, matches: &dyn Fn(&str) -> bool) -> Vec<String>;
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sign {
    Is,
    IsNot,
    AtMost,
    Less,
    AtLeast,
    More,
    Contains,
    ContainsNot,
    StartsWith,
    EndsWith,
}

/// Longer signs first, so that `<=` is not read as `<`.
const SIGNS: [(&str, Sign); 10] = [
    ("==", Sign::Is),
    ("!=", Sign::IsNot),
    ("<=", Sign::AtMost),
    (">=", Sign::AtLeast),
    ("=@", Sign::Contains),
    ("!@", Sign::ContainsNot),
    ("=^", Sign::StartsWith),
    ("=$", Sign::EndsWith),
    ("<", Sign::Less),
    (">", Sign::More),
];

impl Sign {
    fn text(self) -> &'static str {
        SIGNS
            .iter()
            .find(|(_, sign)| *sign == self)
            .map_or("", |(text, _)| text)
    }

    fn is_negative(self) -> bool {
        matches!(self, Sign::IsNot | Sign::ContainsNot)
    }

    fn comparison(self) -> Option<Comparison> {
        Some(match self {
            Sign::Is | Sign::IsNot => Comparison::Equal,
            Sign::AtMost => Comparison::AtMost,
            Sign::Less => Comparison::Less,
            Sign::AtLeast => Comparison::AtLeast,
            Sign::More => Comparison::More,
            _ => return None,
        })
    }

    fn text_match(self) -> Option<TextMatch> {
        Some(match self {
            Sign::Is | Sign::IsNot => TextMatch::Equal,
            Sign::Contains | Sign::ContainsNot => TextMatch::Contains,
            Sign::StartsWith => TextMatch::StartsWith,
            Sign::EndsWith => TextMatch::EndsWith,
            _ => return None,
        })
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Written {
    name: String,
    sign: Sign,
    value: String,
}

/// Reads a segment as it stands in an address. Callers encode it once or twice, so it is decoded twice;
/// where that makes no segment it is decoded once, or taken as it is.
pub fn parse(text: &str, world: &dyn World) -> Result<Option<Filter>, SegmentError> {
    if text.len() > LENGTH_MAX_BYTES {
        return Err(SegmentError::TooLong);
    }
    if text.trim().is_empty() {
        return Ok(None);
    }
    let once = decode(text);
    let twice = decode(&once);
    let readings = [twice.as_str(), once.as_str(), text];
    let mut failure = None;
    for (at, reading) in readings.iter().enumerate() {
        match read(reading, world) {
            Ok(filter) => return Ok(Some(filter)),
            // What is wrong is told of the reading that callers mean.
            Err(error) if at == 1 || failure.is_none() => failure = Some(error),
            Err(_) => {}
        }
    }
    match failure {
        Some(error) => Err(error),
        None => Ok(None),
    }
}

fn read(text: &str, world: &dyn World) -> Result<Filter, SegmentError> {
    let groups = written(text)?;
    if groups.iter().map(Vec::len).sum::<usize>() > CONDITIONS_MAX {
        return Err(SegmentError::TooMany);
    }
    let mut all_of = Vec::with_capacity(groups.len());
    for group in groups {
        let mut any_of = Vec::with_capacity(group.len());
        for condition in group {
            any_of.push(compile(&condition, world)?);
        }
        all_of.push(any_of);
    }
    Ok(Filter { all_of })
}

fn written(text: &str) -> Result<Vec<Vec<Written>>, SegmentError> {
    let mut groups = Vec::new();
    for group in split(text, ';') {
        let mut conditions = Vec::new();
        for condition in split(&group, ',') {
            if !condition.trim().is_empty() {
                conditions.push(condition_of(&condition)?);
            }
        }
        if !conditions.is_empty() {
            groups.push(conditions);
        }
    }
    Ok(groups)
}

/// Splits at a character that no backslash stands before. Escapes of the other separator stay.
fn split(text: &str, separator: char) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        if letter == '\\' && letters.peek() == Some(&separator) {
            letters.next();
            push(&mut parts, separator);
        } else if letter == separator {
            parts.push(String::new());
        } else {
            push(&mut parts, letter);
        }
    }
    parts
}

fn push(parts: &mut [String], letter: char) {
    if let Some(part) = parts.last_mut() {
        part.push(letter);
    }
}

fn condition_of(text: &str) -> Result<Written, SegmentError> {
    let wrong = || SegmentError::Condition(text.to_owned());
    let name_end = text
        .find(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '_' || letter == '.'))
        .ok_or_else(wrong)?;
    let (name, rest) = text.split_at(name_end);
    let (sign, value) = SIGNS
        .iter()
        .find_map(|(text, sign)| rest.strip_prefix(text).map(|value| (*sign, value)))
        .ok_or_else(wrong)?;
    if name.is_empty() {
        return Err(wrong());
    }
    let value = decode(value);
    let may_be_empty = matches!(sign, Sign::Is | Sign::IsNot);
    if value.is_empty() && !may_be_empty {
        return Err(wrong());
    }
    Ok(Written {
        name: name.to_owned(),
        sign,
        value,
    })
}

/// Undoes one URL encoding; what is not encoded stays.
fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let hex = |at: usize| bytes.get(at).and_then(|byte| (*byte as char).to_digit(16));
        match (bytes[at], hex(at + 1), hex(at + 2)) {
            (b'%', Some(high), Some(low)) => {
                decoded.push((high * 16 + low) as u8);
                at += 3;
            }
            (b'+', _, _) => {
                decoded.push(b' ');
                at += 1;
            }
            (byte, _, _) => {
                decoded.push(byte);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

fn compile(written: &Written, world: &dyn World) -> Result<Condition, SegmentError> {
    if let Some(id) = written
        .name
        .strip_prefix("dimension")
        .and_then(|id| id.parse::<i64>().ok())
    {
        return dimension(written, id, world);
    }
    let unknown = || SegmentError::Unknown(written.name.clone());
    let segment = segment(&written.name).ok_or_else(unknown)?;
    if segment.private && !world.is_signed_in() {
        return Err(SegmentError::Private(written.name.clone()));
    }
    if !segment.union_of.is_empty() {
        return union(written, segment, world);
    }
    let probes: Vec<Probe> = segment
        .looks_at
        .iter()
        .map(|place| probe(place, segment, world))
        .collect();
    let (wanted, negated) = wanted(written, segment, world)?;
    Ok(settle(probes, wanted, negated))
}

/// "Is not empty" on rows of a visit asks for such a row, it does not forbid the others.
fn settle(any_of: Vec<Probe>, wanted: Wanted, negated: bool) -> Condition {
    let finer = any_of
        .iter()
        .any(|probe| probe.operand.table != TableId::Visits);
    match (wanted, negated) {
        (Wanted::Empty, true) if finer => Condition {
            any_of,
            wanted: Wanted::NotEmpty,
            negated: false,
        },
        (wanted, negated) => Condition {
            any_of,
            wanted,
            negated,
        },
    }
}

fn union(written: &Written, union: &Segment, world: &dyn World) -> Result<Condition, SegmentError> {
    let mut probes = Vec::new();
    let mut first = None;
    for name in union.union_of {
        let member = segment(name).ok_or_else(|| SegmentError::Unknown((*name).to_owned()))?;
        let part = Written {
            name: (*name).to_owned(),
            ..written.clone()
        };
        // Addresses are compared without their scheme for pages and with it for links: what a link
        // begins with cannot be found then, which "contains" and "ends with" do not need.
        let (wanted, negated) = wanted(&part, member, world)?;
        first.get_or_insert((wanted, negated));
        probes.extend(
            member
                .looks_at
                .iter()
                .map(|place| probe(place, member, world)),
        );
    }
    let (wanted, negated) = first.ok_or_else(|| SegmentError::Unknown(written.name.clone()))?;
    Ok(settle(probes, wanted, negated))
}

fn dimension(written: &Written, id: i64, world: &dyn World) -> Result<Condition, SegmentError> {
    let unknown = || SegmentError::Unknown(written.name.clone());
    let (slot, of_action) = world.dimension(id).ok_or_else(unknown)?;
    let operand = match of_action {
        true => Operand {
            table: TableId::Actions,
            column: action::SLOT_1 + slot - 1,
        },
        false => Operand {
            table: TableId::Visits,
            column: visit::SLOT_1 + slot - 1,
        },
    };
    let (wanted, negated) = text(written, &written.value)?;
    Ok(settle(vec![Probe::of(operand)], wanted, negated))
}

fn probe(place: &Place, segment: &Segment, world: &dyn World) -> Probe {
    let operand = Operand {
        table: place.table,
        column: place.column,
    };
    let mut only = Vec::new();
    if !place.kinds.is_empty() {
        let operand = Operand {
            table: TableId::Actions,
            column: action::KIND,
        };
        only.push(Test {
            operand,
            verb: Verb::OneOf(place.kinds),
        });
    }
    only.extend(standing_tests(segment.name));
    Probe {
        operand,
        transform: transform(segment.values, world),
        only,
    }
}

/// Orders and carts are conversions too; items removed from a cart are still in the table.
fn standing_tests(name: &str) -> Option<Test> {
    let on = |table: TableId, column: usize, verb: Verb| Test {
        operand: Operand { table, column },
        verb,
    };
    Some(match name {
        "revenueOrder" => on(TableId::Conversions, conversion::GOAL, Verb::Is(0)),
        "revenueAbandonedCart" => on(TableId::Conversions, conversion::GOAL, Verb::Is(-1)),
        "productSku" | "productName" | "productPrice" => {
            on(TableId::Items, item::DELETED, Verb::Is(0))
        }
        name if name.starts_with("productCategory") => {
            on(TableId::Items, item::DELETED, Verb::Is(0))
        }
        _ => return None,
    })
}

fn transform(values: Values, world: &dyn World) -> Transform {
    match values {
        Values::SiteHour => Transform::Hour(world.zone()),
        Values::UtcMinute | Values::MinuteOfDay => Transform::Minute,
        Values::UtcSecond => Transform::Second,
        Values::UtcDate => Transform::Date,
        Values::UtcDayOfMonth => Transform::DayOfMonth,
        Values::UtcDayOfWeek => Transform::DayOfWeek,
        Values::UtcDayOfYear => Transform::DayOfYear,
        Values::UtcWeekOfYear => Transform::WeekOfYear,
        Values::UtcMonth => Transform::Month,
        Values::UtcQuarter => Transform::Quarter,
        Values::UtcYear => Transform::Year,
        Values::HourOfDay => Transform::Divided(3600),
        Values::DaysRoundedDown => Transform::Divided(86_400),
        _ => Transform::None,
    }
}

fn wanted(
    written: &Written,
    segment: &Segment,
    world: &dyn World,
) -> Result<(Wanted, bool), SegmentError> {
    let value = written.value.as_str();
    let negated = written.sign.is_negative();
    if value.is_empty() {
        return Ok((Wanted::Empty, negated));
    }
    match segment.values {
        Values::Text => text(written, value),
        Values::PageUrl => text(written, without_scheme(value)),
        Values::FullUrl => text(written, value),
        Values::Hex => hex(written),
        Values::Address => address(written),
        Values::DeviceType => named(written, segment, &|value| number_of(&device_types(), value)),
        Values::VisitorType => named(written, segment, &|value| number_of(&VISITOR_TYPES, value)),
        Values::EcommerceStatus => named(written, segment, &|value| number_of(&BUYERS, value)),
        Values::ReferrerType => named(written, segment, &|value| {
            number_of(&referrer_types(), value)
        }),
        Values::ActionType => named(written, segment, &|value| number_of(&ACTION_TYPES, value)),
        Values::CountryName => {
            let codes = world.countries_named(value);
            Ok((texts(codes), negated))
        }
        Values::Continent => Ok((texts(world.countries_of(value)), negated)),
        Values::BrowserName => by_name(written, value, &|matches| world.browser_codes(matches)),
        Values::SystemName => by_name(written, value, &|matches| world.system_codes(matches)),
        Values::GoalName => {
            let matches = matcher(written, value)?;
            let goals = world.goals_named(&matches);
            Ok((
                if goals.is_empty() {
                    Wanted::Nothing
                } else {
                    Wanted::OneOf(goals)
                },
                negated,
            ))
        }
        Values::UtcDate => date(written),
        Values::DaysAsSeconds => number(written, |days| days * 86_400.0),
        Values::Number
        | Values::Money
        | Values::SiteHour
        | Values::UtcMinute
        | Values::UtcSecond
        | Values::UtcDayOfMonth
        | Values::UtcDayOfWeek
        | Values::UtcDayOfYear
        | Values::UtcWeekOfYear
        | Values::UtcMonth
        | Values::UtcQuarter
        | Values::UtcYear
        | Values::HourOfDay
        | Values::MinuteOfDay
        | Values::DaysRoundedDown => number(written, |number| number),
    }
}

fn operator_error(written: &Written) -> SegmentError {
    SegmentError::Operator(written.name.clone(), written.sign.text())
}

fn text(written: &Written, value: &str) -> Result<(Wanted, bool), SegmentError> {
    let negated = written.sign.is_negative();
    if value.is_empty() {
        return Ok((Wanted::Empty, negated));
    }
    match written.sign.text_match() {
        Some(how) => Ok((Wanted::Text(how, value.to_owned()), negated)),
        None => number(written, |number| number),
    }
}

fn texts(values: Vec<String>) -> Wanted {
    if values.is_empty() {
        Wanted::Nothing
    } else {
        Wanted::TextOneOf(values)
    }
}

fn without_scheme(url: &str) -> &str {
    let rest = strip_any(url, &["http://", "https://"]);
    strip_any(rest, &["www."])
}

fn strip_any<'a>(text: &'a str, prefixes: &[&str]) -> &'a str {
    let found = prefixes.iter().find_map(|prefix| {
        let head = text.get(..prefix.len())?;
        head.eq_ignore_ascii_case(prefix)
            .then(|| &text[prefix.len()..])
    });
    found.unwrap_or(text)
}

fn number(written: &Written, scale: fn(f64) -> f64) -> Result<(Wanted, bool), SegmentError> {
    let negated = written.sign.is_negative();
    let Some(comparison) = written.sign.comparison() else {
        // Text operators on numbers compare the digits, as the stored column is looked at as text.
        let how = written
            .sign
            .text_match()
            .ok_or_else(|| operator_error(written))?;
        return Ok((Wanted::Text(how, written.value.clone()), negated));
    };
    let value = model::Value::from(written.value.as_str()).number();
    if value == 0.0 && comparison == Comparison::Equal {
        return Ok((Wanted::Whole(comparison, 0), negated));
    }
    Ok((Wanted::Number(comparison, scale(value)), negated))
}

fn hex(written: &Written) -> Result<(Wanted, bool), SegmentError> {
    let negated = written.sign.is_negative();
    if !matches!(written.sign, Sign::Is | Sign::IsNot) {
        return Err(operator_error(written));
    }
    match u64::from_str_radix(&written.value, 16) {
        Ok(number) if written.value.len() == 16 => {
            Ok((Wanted::OneOf(vec![number as i64]), negated))
        }
        // Matomo names one segment where it means any of these.
        _ => Err(SegmentError::VisitorId),
    }
}

/// IPv4 addresses are kept in the low half as IPv6-mapped ones; ranges compare that half.
fn address(written: &Written) -> Result<(Wanted, bool), SegmentError> {
    let negated = written.sign.is_negative();
    let comparison = written
        .sign
        .comparison()
        .ok_or_else(|| operator_error(written))?;
    let wrong = || SegmentError::Value {
        name: written.name.clone(),
        value: written.value.clone(),
        accepted: "an IPv4 or IPv6 address".to_owned(),
    };
    let address: std::net::IpAddr = written.value.trim().parse().map_err(|_| wrong())?;
    let bits = match address {
        std::net::IpAddr::V4(v4) => u128::from(v4.to_ipv6_mapped()),
        std::net::IpAddr::V6(v6) => u128::from(v6),
    };
    Ok((Wanted::Unsigned(comparison, bits as u64), negated))
}

fn date(written: &Written) -> Result<(Wanted, bool), SegmentError> {
    let comparison = written
        .sign
        .comparison()
        .ok_or_else(|| operator_error(written))?;
    let wrong = || {
        SegmentError::Condition(format!(
            "{}{}{}",
            written.name,
            written.sign.text(),
            written.value
        ))
    };
    let date: jiff::civil::Date = written.value.parse().map_err(|_| wrong())?;
    let day = model::Day::from_date(date).0;
    Ok((
        Wanted::Whole(comparison, i64::from(day)),
        written.sign.is_negative(),
    ))
}

const VISITOR_TYPES: [(&str, i64); 3] = [("new", 0), ("returning", 1), ("returningCustomer", 2)];
const BUYERS: [(&str, i64); 4] = [
    ("none", 0),
    ("ordered", 1),
    ("abandonedCart", 2),
    ("orderedThenAbandonedCart", 3),
];
const ACTION_TYPES: [(&str, i64); 6] = [
    ("pageviews", 1),
    ("contents", 13),
    ("sitesearches", 8),
    ("events", 10),
    ("outlinks", 2),
    ("downloads", 3),
];

fn device_types() -> Vec<(&'static str, i64)> {
    DEVICE_TYPES.into_iter().zip(0..).collect()
}

fn referrer_types() -> Vec<(&'static str, i64)> {
    let types = REFERRER_TYPES.into_iter();
    types.map(|(number, _, value)| (value, number)).collect()
}

fn number_of(table: &[(&str, i64)], value: &str) -> Option<i64> {
    let named = table
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(value));
    let numbered = || {
        let number: i64 = value.parse().ok()?;
        table.iter().find(|(_, own)| *own == number)
    };
    named.or_else(numbered).map(|(_, number)| *number)
}

fn named(
    written: &Written,
    segment: &Segment,
    find: &dyn Fn(&str) -> Option<i64>,
) -> Result<(Wanted, bool), SegmentError> {
    let negated = written.sign.is_negative();
    let number = find(&written.value).ok_or_else(|| SegmentError::Value {
        name: written.name.clone(),
        value: written.value.clone(),
        accepted: segment
            .accepted
            .split(". ")
            .next()
            .unwrap_or_default()
            .to_owned(),
    })?;
    Ok((Wanted::OneOf(vec![number]), negated))
}

fn by_name(
    written: &Written,
    value: &str,
    codes: &dyn Fn(&dyn Fn(&str) -> bool) -> Vec<String>,
) -> Result<(Wanted, bool), SegmentError> {
    let matches = matcher(written, value)?;
    let mut found = codes(&matches);
    if found.is_empty() && matches!(written.sign, Sign::Is | Sign::IsNot) {
        // Clients that are no browsers are stored by name.
        found.push(value.to_owned());
    }
    Ok((texts(found), written.sign.is_negative()))
}

fn matcher(written: &Written, value: &str) -> Result<impl Fn(&str) -> bool + use<>, SegmentError> {
    let how = written
        .sign
        .text_match()
        .ok_or_else(|| operator_error(written))?;
    let value = value.to_lowercase();
    Ok(move |name: &str| {
        let name = name.to_lowercase();
        match how {
            TextMatch::Equal => name == value,
            TextMatch::Contains => name.contains(&value),
            TextMatch::StartsWith => name.starts_with(&value),
            TextMatch::EndsWith => name.ends_with(&value),
        }
    })
}

#[cfg(test)]
#[path = "segment_text_tests.rs"]
mod tests;
