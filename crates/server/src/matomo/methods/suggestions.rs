//! `API.getSuggestedValuesForSegment`: values that somebody who writes a condition may mean.

use std::collections::HashMap;

use catalog::columns::{TableId, visit};
use catalog::segments::{Segment, Values, segment};
use catalog::values::{DEVICE_TYPES, REFERRER_TYPES};
use jiff::ToSpan;
use model::{Answer, Name, Role, SiteId, Value};
use query::Order;

use super::common::{answer, language, needed, texts};
use super::live::{Log, Wanted};
use crate::app::World;
use crate::matomo::error::{ApiError, ApiResult};
use crate::matomo::shape::php;
use crate::matomo::{Call, world};

/// Values of one answer.
const MOST: usize = 30;
/// Days that are looked at.
const DAYS: i64 = 60;
/// Newest visits that are looked at, without and with their actions.
const VISITS: usize = 800;
const VISITS_WITH_ACTIONS: usize = 400;
/// The first year of a list of years.
const FIRST_YEAR: i64 = 2016;
/// Referrer types in the order in which they are suggested.
const REFERRER_ORDER: [i64; 5] = [1, 3, 2, 7, 6];

pub async fn values(call: Call<'_>) -> ApiResult<Answer> {
    let name = needed(&call, "segmentName")?;
    let world = call.app.world().await?;
    let sites = world::sites(&call, &world, Role::View)?;
    let site = sites.ids.first().copied();
    let site = site.ok_or_else(|| ApiError::missing("idSite"))?;
    if !world.config.is_on("enable_segment_suggested_values") {
        return answer(Value::List(Vec::new()));
    }
    let suggester = Suggester {
        call: &call,
        world: &world,
        site,
    };
    let values = match segment(name) {
        Some(segment) => suggester.of_segment(segment)?,
        None if is_dimension(&world, site, name) => {
            suggester.most_used(&[name], VISITS_WITH_ACTIONS)?
        }
        None => return Err(ApiError::invalid("Requested segment not found.")),
    };
    answer(texts(values))
}

fn is_dimension(world: &World, site: SiteId, name: &str) -> bool {
    let id = name
        .strip_prefix("dimension")
        .and_then(|id| id.parse().ok());
    id.is_some_and(|id: i64| {
        let mut own = world.dimensions_of(site);
        own.any(|dimension| dimension.idcustomdimension == id)
    })
}

struct Suggester<'a> {
    call: &'a Call<'a>,
    world: &'a World,
    site: SiteId,
}

impl Suggester<'_> {
    fn of_segment(&self, segment: &'static Segment) -> ApiResult<Vec<String>> {
        if segment.private && self.call.principal.is_anonymous() {
            return Err(world::no_access(Role::View, &self.site.to_string()));
        }
        if let Some(words) = self.fixed(segment) {
            return Ok(words);
        }
        let from_log = |names: &[&str]| {
            let most = if needs_actions(segment) {
                VISITS_WITH_ACTIONS
            } else {
                VISITS
            };
            self.most_used(names, most)
        };
        match segment.values {
            Values::BrowserName | Values::SystemName | Values::CountryName => {
                self.by_usage(segment)
            }
            _ if segment.union_of.is_empty() => from_log(&[segment.name]),
            _ => from_log(segment.union_of),
        }
    }

    /// Values that do not depend on what was tracked.
    fn fixed(&self, segment: &Segment) -> Option<Vec<String>> {
        let on = |column: usize| {
            let mut places = segment.looks_at.iter();
            places.any(|place| place.table == TableId::Visits && place.column == column)
        };
        Some(match segment.values {
            Values::DeviceType => owned(&DEVICE_TYPES),
            Values::EcommerceStatus | Values::ActionType => words_of(segment.accepted),
            Values::ReferrerType => referrer_types(),
            Values::GoalName => self.goal_names(),
            Values::SiteHour if !on(visit::LAST_TIME) => range(0, 23),
            Values::UtcMinute | Values::UtcSecond | Values::MinuteOfDay => range(0, 59),
            Values::UtcDayOfMonth => range(0, 31),
            Values::UtcDayOfWeek => range(1, 7),
            Values::UtcDayOfYear => range(1, 366),
            Values::UtcWeekOfYear => range(1, 53),
            Values::UtcMonth => range(1, 12),
            Values::UtcQuarter => range(1, 4),
            Values::UtcYear => range(FIRST_YEAR, FIRST_YEAR + MOST as i64),
            Values::UtcDate => dates(),
            Values::Number if on(visit::INTERACTIONS) => range(1, i64::MAX),
            Values::Number if on(visit::PROFILABLE) || on(visit::CONVERTED) => range(0, 1),
            Values::Text if on(visit::BROWSER_ENGINE) => owned(tracking::device::names().engines()),
            _ => return None,
        })
    }

    fn goal_names(&self) -> Vec<String> {
        let goals = self.world.goals_of(self.site);
        goals.map(|goal| goal.name.clone()).take(MOST).collect()
    }

    /// All names there are, the used ones first; names that are used as often from the last to the first.
    fn by_usage(&self, segment: &Segment) -> ApiResult<Vec<String>> {
        let (all, field) = match segment.values {
            Values::BrowserName => (names_of(&tracking::device::names().browsers), segment.name),
            Values::SystemName => (names_of(&tracking::device::names().systems), segment.name),
            _ => {
                let names = &self.call.app.names;
                let mapping = names.country_mapping(language(self.call));
                let all = mapping.into_iter().map(|(_, name)| name.to_owned());
                (all.collect(), "country")
            }
        };
        let mut uses: HashMap<String, usize> = all.into_iter().map(|name| (name, 0)).collect();
        for value in self.found(segment.name, &[field], VISITS)? {
            *uses.entry(value).or_default() += 1;
        }
        let mut uses: Vec<(String, usize)> = uses.into_iter().collect();
        uses.sort_by(|(left, left_uses), (right, right_uses)| {
            right_uses.cmp(left_uses).then_with(|| right.cmp(left))
        });
        Ok(first_names(uses))
    }

    /// Values of the visit log, the most used ones first.
    fn most_used(&self, names: &[&str], most: usize) -> ApiResult<Vec<String>> {
        let mut uses: HashMap<String, usize> = HashMap::new();
        for name in names {
            for value in self.found(name, &[name], most)? {
                *uses.entry(value).or_default() += 1;
            }
        }
        let mut uses: Vec<(String, usize)> = uses.into_iter().collect();
        uses.sort_by(|(left, left_uses), (right, right_uses)| {
            right_uses.cmp(left_uses).then_with(|| left.cmp(right))
        });
        Ok(first_names(uses))
    }

    /// Every value of the fields in the newest visits that have something for the segment.
    fn found(&self, segment: &str, fields: &[&str], most: usize) -> ApiResult<Vec<String>> {
        let view = self.call.app.ingest.view();
        let zone = world::zone_of(self.world, self.site);
        let today = world::today(&zone);
        let first = today.checked_sub(DAYS.days()).unwrap_or(today);
        let wanted = Wanted {
            sites: vec![self.site],
            segment: match self::segment(segment).map(|segment| segment.values) {
                // Every visit has these, and nothing is no value of them.
                Some(Values::Address | Values::VisitorType) => String::new(),
                _ => format!("{segment}!="),
            },
            order: Order::Newest,
            offset: 0,
            limit: most,
            min_timestamp: None,
            visitor: None,
            since: Some(zone.day_start(model::Day::from_date(first))),
            in_period: false,
        };
        tokio::task::block_in_place(|| {
            let visits = super::live::visits(self.call, self.world, &view, &wanted)?;
            let mut log = Log::new(self.call, self.world, &view);
            let mut found = Vec::new();
            for visit in &visits {
                let row = log.row(visit, true)?;
                let ends = log.ends_of(self.site, visit);
                for field in fields {
                    for (name, value) in &row.columns {
                        collect_in(name, value, field, &mut found);
                    }
                    let own = ends.iter().filter(|(name, _)| name == field);
                    found.extend(own.filter_map(|(_, value)| printed(value)));
                }
            }
            Ok(found)
        })
    }
}

fn needs_actions(segment: &Segment) -> bool {
    let mut parts = segment
        .union_of
        .iter()
        .filter_map(|name| self::segment(name));
    segment
        .looks_at
        .iter()
        .any(|place| place.table != TableId::Visits)
        || parts.any(needs_actions)
}

fn owned<T: AsRef<str>>(words: &[T]) -> Vec<String> {
    words.iter().map(|word| word.as_ref().to_owned()).collect()
}

/// The words of a list for people: after what leads to it, up to its full stop.
fn words_of(accepted: &str) -> Vec<String> {
    let list = accepted.split(". ").next().unwrap_or_default();
    let list = list.rsplit(": ").next().unwrap_or_default();
    list.split(", ").map(str::to_owned).collect()
}

fn referrer_types() -> Vec<String> {
    let name = |number: &i64| {
        let mut known = REFERRER_TYPES.iter();
        known
            .find(|(own, _, _)| own == number)
            .map(|(_, _, name)| (*name).to_owned())
    };
    REFERRER_ORDER.iter().filter_map(name).collect()
}

/// Numbers from the first to the last; a list from 0 has one number more than other lists may.
fn range(first: i64, last: i64) -> Vec<String> {
    let most = match first {
        FIRST_YEAR => last,
        _ => MOST as i64,
    };
    (first..=last.min(most))
        .map(|number| number.to_string())
        .collect()
}

/// Today and the days before it, in UTC.
fn dates() -> Vec<String> {
    let today = world::today(&model::Zone::utc());
    let days = (0..=MOST as i64).filter_map(|back| today.checked_sub(back.days()).ok());
    days.map(|day| day.to_string()).collect()
}

fn names_of(register: &tracking::device::Register) -> Vec<String> {
    register
        .entries()
        .map(|named| named.name.to_owned())
        .collect()
}

fn first_names(uses: Vec<(String, usize)>) -> Vec<String> {
    uses.into_iter().take(MOST).map(|(name, _)| name).collect()
}

/// Values of a field of a visit or of anything in it.
fn collect_in(name: &Name, value: &Value, field: &str, found: &mut Vec<String>) {
    match value {
        Value::List(items) => {
            for item in items {
                collect_in(name, item, field, found);
            }
        }
        Value::Map(fields) => {
            let kind = fields.iter().find(|(name, _)| name == "type");
            let kind = kind.and_then(|(_, kind)| kind.as_str());
            for (name, value) in fields {
                let name = match (name.as_ref(), kind) {
                    ("url", Some(kind)) => &Name::from(url_of(kind)),
                    _ => name,
                };
                collect_in(name, value, field, found);
            }
        }
        value if name == field => found.extend(printed(value)),
        _ => {}
    }
}

/// The segment of an action's address.
fn url_of(kind: &str) -> &'static str {
    match kind {
        "action" => "pageUrl",
        "download" => "downloadUrl",
        "outlink" => "outlinkUrl",
        "event" => "eventUrl",
        _ => "url",
    }
}

/// A value that is not empty.
fn printed(value: &Value) -> Option<String> {
    let text = match value {
        Value::Null => return None,
        value => php::text(value).into_owned(),
    };
    let text = rounded(&text).unwrap_or(text);
    (!text.is_empty()).then_some(text)
}

/// Numbers with decimals in their shortest form: `49.250000` is 49.25, version `11.0` is 11.
fn rounded(text: &str) -> Option<String> {
    let (whole, decimals) = text.split_once('.')?;
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole.trim_start_matches('-')) || !digits(decimals) {
        return None;
    }
    let number: f64 = text.parse().ok()?;
    Some(php::float_text(php::round(number, 3)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_in_their_shortest_form() {
        for (text, short) in [
            ("49.250000", "49.25"),
            ("-97.000000", "-97"),
            ("11.0", "11"),
            ("4.1.2", "4.1.2"),
            ("Vista", "Vista"),
            ("1.", "1."),
        ] {
            let value = printed(&Value::from(text));
            assert_eq!(value.as_deref(), Some(short), "{text}");
        }
        assert_eq!(printed(&Value::Null), None);
    }

    #[test]
    fn words_are_between_their_introduction_and_the_full_stop() {
        for (accepted, words) in [
            (
                "none, ordered. For example, to select",
                vec!["none", "ordered"],
            ),
            ("A type of action, such as: a, b", vec!["a", "b"]),
        ] {
            assert_eq!(words_of(accepted), words);
        }
    }

    #[test]
    fn lists_of_numbers_end_somewhere() {
        assert_eq!(range(1, 7).len(), 7);
        assert_eq!(range(0, 59).len(), MOST + 1);
        assert_eq!(range(1, i64::MAX).len(), MOST);
        assert_eq!(
            range(FIRST_YEAR, FIRST_YEAR + 30)
                .last()
                .map(String::as_str),
            Some("2046")
        );
    }

    #[test]
    fn values_are_found_in_actions_by_the_names_of_segments() {
        let action = Value::Map(vec![
            ("type".into(), "download".into()),
            ("url".into(), "http://a/b.zip".into()),
        ]);
        let mut found = Vec::new();
        let name = Name::from("actionDetails");
        collect_in(&name, &Value::List(vec![action]), "downloadUrl", &mut found);
        assert_eq!(found, ["http://a/b.zip"]);
    }
}
