//! `Live.getVisitorProfile`: one person's visits added up.

use std::collections::HashMap;

use catalog::columns::{conversion, visit};
use model::{Answer, Name, Role, Row, Table, Value};
use query::{Order, VisitRows};

use super::list::{self, Wanted};
use super::log::{ICONS, Log};
use super::{must_be_on, newest, visit::hex, visitor_of};
use crate::app::now;
use crate::matomo::error::ApiResult;
use crate::matomo::methods::common::field;
use crate::matomo::shape::php;
use crate::matomo::{Call, world};

/// Visits that are shown unless the call says how many.
const SHOWN: i64 = 10;
/// Pages, searches and devices of a list.
const LINES_MAX: usize = 50;

pub async fn profile(call: Call<'_>) -> ApiResult<Answer> {
    let world = call.app.world().await?;
    let sites = world::sites(&call, &world, Role::View)?;
    must_be_on(&call, "disable_visitor_log", "Visits log is deactivated globally. A user with super user access can enable this feature in the general settings.").await?;
    must_be_on(&call, "disable_visitor_profile", "Visitor profile is deactivated globally. A user with super user access can enable this feature in the general settings.").await?;
    let visitor = match call.request.filled("visitorId") {
        Some(text) => Some(visitor_of(text)?),
        None => newest(&call, false).await?.map(|row| row[visit::VISITOR]),
    };
    let Some(visitor) = visitor else {
        return Ok(Answer::Value(Value::List(Vec::new())));
    };
    let most = world
        .config
        .number("live_visitor_profile_max_visits_to_aggregate");
    let most = usize::try_from(most).unwrap_or(0);
    let wanted = Wanted {
        sites: sites.ids,
        segment: world::segment_text(&call),
        order: Order::Newest,
        offset: 0,
        // One more than is added up tells whether there are more.
        limit: most.saturating_add(1),
        min_timestamp: None,
        visitor: Some(visitor),
        since: None,
        in_period: false,
    };
    tokio::task::block_in_place(|| {
        let view = call.app.ingest.view();
        let mut visits = list::visits(&call, &world, &view, &wanted)?;
        let has_more = visits.len() > most;
        visits.truncate(most);
        let mut log = Log::new(&call, &world, &view);
        let mut rows = Vec::with_capacity(visits.len());
        for visit in &visits {
            rows.push(log.row(visit, true)?);
        }
        if rows.is_empty() {
            return Ok(Answer::Value(Value::List(Vec::new())));
        }
        let profile = Profile {
            call: &call,
            log: &log,
            visits: &visits,
            rows: &rows,
        };
        Ok(Answer::Value(Value::Map(profile.fields(visitor, has_more))))
    })
}

struct Profile<'a> {
    call: &'a Call<'a>,
    log: &'a Log<'a>,
    /// The newest first.
    visits: &'a [VisitRows],
    /// The same as the log shows them.
    rows: &'a [Row],
}

impl Profile<'_> {
    fn fields(&self, visitor: i64, has_more: bool) -> Vec<(Name, Value)> {
        let pages = Pages::of(self.rows);
        let seconds = self.sum("visitDuration");
        let mut fields = vec![
            field("visitorId", hex(visitor)),
            field("hasMoreVisits", i64::from(has_more)),
            field("totalVisits", self.rows.len() as i64),
            field("totalVisitDuration", seconds),
            field("totalActions", self.sum("actions")),
            field("totalOutlinks", self.count("outlink")),
            field("totalDownloads", self.count("download")),
            field("totalSearches", self.count("search")),
            field("totalPageViews", pages.views),
            field("totalUniquePageViews", pages.lines.len() as i64),
            field("totalRevisitedPages", pages.revisited()),
            field("totalPageViewsWithTiming", pages.timed),
            field("totalPageViewsWithLoadTime", pages.timed),
            field("searches", self.searches()),
        ];
        let goals = self.goals();
        let conversions: i64 = goals.iter().map(|(_, count, _)| count).sum();
        fields.push(field("totalGoalConversions", conversions));
        let counts = goals
            .iter()
            .map(|(goal, count, _)| (*goal, Value::Int(*count)));
        fields.push(field("totalConversionsByGoal", by_goal(counts)));
        fields.push(field("totalEvents", self.count("event")));
        let has_place = self
            .rows
            .iter()
            .any(|row| row.get("latitude").is_some_and(|value| !value.is_null()));
        fields.push(field("hasLatLong", i64::from(has_place)));
        let earned: Vec<_> = goals
            .iter()
            .filter(|(_, _, revenue)| *revenue != 0.0)
            .map(|(goal, _, revenue)| (*goal, php::whole_or_float(*revenue)))
            .collect();
        if !earned.is_empty() {
            fields.push(field("totalRevenueByGoal", by_goal(earned)));
        }
        if pages.timed > 0 {
            let seconds = pages.load_ms as f64 / 1000.0 / pages.timed as f64;
            let average = php::whole_or_float(php::round(seconds, 2));
            fields.push(field("averagePageLoadTime", average));
        }
        self.add_visits(&mut fields, seconds);
        fields.push(field("visitedPages", pages.shown()));
        fields.push(field("devices", self.devices()));
        fields.push(field("continents", self.continents()));
        fields.push(field("countries", self.countries()));
        let variables = self.variables();
        if !variables.is_empty() {
            let of_visits = Value::Map(vec![field("visit", Value::List(variables))]);
            fields.push(field("customVariables", of_visits));
        }
        fields
    }

    fn add_visits(&self, fields: &mut Vec<(Name, Value)>, seconds: i64) {
        let shown = self.call.request.integer("limitVisits").unwrap_or(SHOWN);
        let shown = match usize::try_from(shown) {
            Ok(0) | Err(_) => self.rows.len(),
            Ok(shown) => shown.min(self.rows.len()),
        };
        let hidden = self.call.request.list("hideColumns");
        let mut table = Table::of(self.rows[..shown].to_vec());
        crate::matomo::shape::columns::hide(&mut table, &hidden, true);
        fields.push(field("lastVisits", Value::Table(Box::new(table))));
        fields.push(field("nextVisitorId", false));
        fields.push(field("previousVisitorId", false));
        fields.push(field(
            "totalVisitDurationPretty",
            self.log.duration(seconds),
        ));
        let user = self
            .rows
            .iter()
            .find_map(|row| row.get("userId").filter(|user| !user.is_null()));
        fields.push(field("userId", user.cloned().unwrap_or(Value::Bool(false))));
        let (first, last) = (self.rows.last(), self.rows.first());
        if let (Some(first), Some(last)) = (first, last) {
            fields.push(field("firstVisit", self.summary(first, self.visits.last())));
            fields.push(field("lastVisit", self.summary(last, self.visits.first())));
        }
        fields.push(field("visitsAggregated", shown as i64));
    }

    /// When a visit was and where it came from.
    fn summary(&self, row: &Row, rows: Option<&VisitRows>) -> Value {
        let cell = |name: &str| row.get(name).cloned().unwrap_or(Value::Null);
        let at = rows.map_or(0, |rows| rows.visit[visit::LAST_TIME]);
        let days = (now() - at).max(0) / model::SECONDS_PER_DAY;
        Value::Map(vec![
            ("date".into(), cell("serverDate")),
            ("prettyDate".into(), cell("serverDatePretty")),
            field("daysAgo", days),
            ("referrerType".into(), cell("referrerType")),
            field("referrerUrl", filled(cell("referrerUrl"))),
            field("referralSummary", origin(row)),
        ])
    }

    fn sum(&self, column: &str) -> i64 {
        let numbers = self.rows.iter().map(|row| row.number(column) as i64);
        numbers.sum()
    }

    fn count(&self, kind: &str) -> i64 {
        actions(self.rows)
            .filter(|fields| kind_of(fields) == kind)
            .count() as i64
    }

    fn searches(&self) -> Value {
        let words = actions(self.rows)
            .filter(|fields| kind_of(fields) == "search")
            .map(|fields| text_of(fields, "siteSearchKeyword"));
        let lines = counted(words).into_iter().take(LINES_MAX);
        Value::List(
            lines
                .map(|(word, count)| {
                    Value::Map(vec![field("keyword", word), field("searches", count)])
                })
                .collect(),
        )
    }

    /// Goals with their conversions and what they brought; orders and carts are no goals.
    fn goals(&self) -> Vec<(i64, i64, f64)> {
        let mut goals: Vec<(i64, i64, f64)> = Vec::new();
        for row in self.visits.iter().flat_map(|rows| &rows.conversions) {
            let goal = row[conversion::GOAL];
            if goal <= 0 {
                continue;
            }
            let revenue = catalog::columns::float(row[conversion::REVENUE]);
            match goals.iter_mut().find(|(known, _, _)| *known == goal) {
                Some((_, count, sum)) => {
                    *count += 1;
                    *sum += revenue;
                }
                None => goals.push((goal, 1, revenue)),
            }
        }
        goals.sort_by_key(|(goal, _, _)| *goal);
        goals
    }

    /// Kinds of devices, the most used first, each with its models.
    fn devices(&self) -> Value {
        let cell = |row: &Row, name: &str| {
            let value = row.get(name).and_then(Value::as_str);
            value.unwrap_or_default().to_owned()
        };
        let kinds = counted(self.rows.iter().map(|row| cell(row, "deviceType")));
        let kinds = kinds.into_iter().map(|(kind, count)| {
            let own: Vec<&Row> = self
                .rows
                .iter()
                .filter(|row| cell(row, "deviceType") == kind)
                .collect();
            let names = own.iter().map(|row| {
                let (brand, model) = (cell(row, "deviceBrand"), cell(row, "deviceModel"));
                match (row_is_unknown(&brand, self.log), model) {
                    (true, model) => model,
                    (false, model) => format!("{brand} {model}"),
                }
            });
            let models = counted(names)
                .into_iter()
                .map(|(name, count)| Value::Map(vec![field("name", name), field("count", count)]));
            let icon = own.first().map(|row| cell(row, "deviceTypeIcon"));
            Value::Map(vec![
                field("type", kind),
                field("count", count),
                field("icon", icon.unwrap_or_default()),
                field("devices", Value::List(models.collect())),
            ])
        });
        Value::List(kinds.collect())
    }

    fn continents(&self) -> Value {
        let lines = self.places("continentCode").into_iter();
        Value::List(
            lines
                .map(|(code, count, row)| {
                    Value::Map(vec![
                        field("continent", code),
                        field("nb_visits", count),
                        ("prettyName".into(), cell_of(row, "continent")),
                    ])
                })
                .collect(),
        )
    }

    fn countries(&self) -> Value {
        let lines = self
            .places("countryCode")
            .into_iter()
            .map(|(code, count, row)| {
                let mut fields = vec![
                    field("country", code.clone()),
                    field("nb_visits", count),
                    field("flag", format!("{ICONS}flags/{code}.png")),
                    ("prettyName".into(), cell_of(row, "country")),
                ];
                let own = self.rows.iter().filter(|row| {
                    row.get("countryCode").and_then(Value::as_str) == Some(code.as_str())
                });
                let cities = own.filter_map(|row| row.get("city").and_then(Value::as_str));
                let cities: Vec<Value> = counted(cities.map(str::to_owned))
                    .into_iter()
                    .map(|(city, _)| Value::Text(city))
                    .collect();
                if !cities.is_empty() {
                    fields.push(field("cities", Value::List(cities)));
                }
                Value::Map(fields)
            });
        Value::List(lines.collect())
    }

    /// Custom variables of the visits, each with its values; the most frequent first.
    fn variables(&self) -> Vec<Value> {
        let mut found: Vec<(String, Vec<String>)> = Vec::new();
        let maps = self
            .rows
            .iter()
            .filter_map(|row| match row.get("customVariables") {
                Some(Value::Map(slots)) => Some(slots),
                _ => None,
            });
        for (slot, fields) in maps.flatten() {
            let Value::Map(fields) = fields else { continue };
            let name = text_of(fields, &format!("customVariableName{slot}"));
            let value = text_of(fields, &format!("customVariableValue{slot}"));
            match found.iter_mut().find(|(known, _)| *known == name) {
                Some((_, values)) => values.push(value),
                None => found.push((name, vec![value])),
            }
        }
        let lines = found.into_iter().map(|(name, values)| {
            let values = counted(values.into_iter())
                .into_iter()
                .map(|(value, count)| {
                    Value::Map(vec![field("value", value), field("count", count)])
                });
            Value::Map(vec![
                field("name", name),
                field("values", Value::List(values.collect())),
            ])
        });
        lines.collect()
    }

    /// Codes of a column with their visits, the fewest first, and a visit with each.
    fn places(&self, column: &str) -> Vec<(String, i64, &Row)> {
        let code = |row: &Row| {
            let code = row.get(column).and_then(Value::as_str);
            code.unwrap_or_default().to_owned()
        };
        let mut found: Vec<(String, i64, &Row)> = Vec::new();
        for row in self.rows {
            let code = code(row);
            match found.iter_mut().find(|(known, _, _)| *known == code) {
                Some((_, count, _)) => *count += 1,
                None => found.push((code, 1, row)),
            }
        }
        found.sort_by_key(|(_, count, _)| *count);
        found
    }
}

fn row_is_unknown(name: &str, log: &Log) -> bool {
    name.is_empty() || name == log.translate("Unknown")
}

fn cell_of(row: &Row, name: &str) -> Value {
    row.get(name).cloned().unwrap_or(Value::Null)
}

fn filled(value: Value) -> Value {
    match value {
        Value::Null => Value::Text(String::new()),
        value => value,
    }
}

/// Where a visit came from, in one line.
fn origin(row: &Row) -> String {
    let text = |name: &str| row.get(name).and_then(Value::as_str).unwrap_or_default();
    match text("referrerType") {
        "direct" => text("referrerTypeName").to_owned(),
        "search" => format!("{}, {}", text("referrerName"), text("referrerKeyword")),
        _ => text("referrerName").to_owned(),
    }
}

fn by_goal(goals: impl IntoIterator<Item = (i64, Value)>) -> Value {
    let fields: Vec<(Name, Value)> = goals
        .into_iter()
        .map(|(goal, value)| (format!("idgoal={goal}").into(), value))
        .collect();
    match fields.is_empty() {
        true => Value::List(Vec::new()),
        false => Value::Map(fields),
    }
}

/// The fields of every action of the visits.
fn actions(rows: &[Row]) -> impl Iterator<Item = &Vec<(Name, Value)>> {
    let lists = rows
        .iter()
        .filter_map(|row| match row.get("actionDetails") {
            Some(Value::List(items)) => Some(items),
            _ => None,
        });
    lists.flatten().filter_map(|item| match item {
        Value::Map(fields) => Some(fields),
        _ => None,
    })
}

fn value_of<'a>(fields: &'a [(Name, Value)], name: &str) -> Option<&'a Value> {
    let mut fields = fields.iter();
    fields.find(|(own, _)| own == name).map(|(_, value)| value)
}

fn text_of(fields: &[(Name, Value)], name: &str) -> String {
    let text = value_of(fields, name).and_then(Value::as_str);
    text.unwrap_or_default().to_owned()
}

fn kind_of(fields: &[(Name, Value)]) -> &str {
    let kind = value_of(fields, "type").and_then(Value::as_str);
    kind.unwrap_or_default()
}

/// Texts with how often they are there, the most frequent first, equal ones by their letters.
fn counted(texts: impl Iterator<Item = String>) -> Vec<(String, i64)> {
    let mut counts: HashMap<String, i64> = HashMap::new();
    for text in texts {
        *counts.entry(text).or_default() += 1;
    }
    let mut counts: Vec<(String, i64)> = counts.into_iter().collect();
    counts.sort_by(|(left, left_count), (right, right_count)| {
        right_count.cmp(left_count).then_with(|| left.cmp(right))
    });
    counts
}

/// Pages that were looked at.
struct Pages {
    views: i64,
    /// Views whose loading was measured, and its sum.
    timed: i64,
    load_ms: i64,
    lines: Vec<(String, i64)>,
}

impl Pages {
    fn of(rows: &[Row]) -> Pages {
        let pages = || actions(rows).filter(|fields| kind_of(fields) == "action");
        let times = pages()
            .filter_map(|fields| value_of(fields, "pageLoadTimeMilliseconds"))
            .map(|time| time.number() as i64);
        let times: Vec<i64> = times.collect();
        let names = pages().map(|fields| match text_of(fields, "url") {
            url if url.is_empty() => text_of(fields, "pageTitle"),
            url => url,
        });
        Pages {
            views: pages().count() as i64,
            timed: times.len() as i64,
            load_ms: times.iter().sum(),
            lines: counted(names),
        }
    }

    fn revisited(&self) -> i64 {
        self.lines.iter().filter(|(_, count)| *count > 1).count() as i64
    }

    fn shown(&self) -> Value {
        let lines = self.lines.iter().take(LINES_MAX).map(|(url, count)| {
            Value::Map(vec![field("url", url.clone()), field("count", *count)])
        });
        Value::List(lines.collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn visit(actions: &[(&'static str, &'static str)]) -> Row {
        let mut row = Row::default();
        let actions = actions
            .iter()
            .map(|(kind, url)| Value::Map(vec![field("type", *kind), field("url", *url)]));
        row.set("actionDetails", Value::List(actions.collect()));
        row
    }

    #[test]
    fn pages_are_counted_over_all_visits() {
        let rows = [
            visit(&[("action", "b"), ("download", "z"), ("action", "a")]),
            visit(&[("action", "a"), ("action", "c")]),
        ];
        let pages = Pages::of(&rows);
        assert_eq!((pages.views, pages.revisited(), pages.timed), (4, 1, 0));
        let lines: Vec<(&str, i64)> = pages
            .lines
            .iter()
            .map(|(url, count)| (url.as_str(), *count))
            .collect();
        assert_eq!(lines, [("a", 2), ("b", 1), ("c", 1)]);
    }

    #[test]
    fn origins_are_one_line() {
        for (kind, line) in [
            ("direct", "Direct Entry"),
            ("search", "Google, shoes"),
            ("website", "Google"),
        ] {
            let mut row = Row::default();
            row.set("referrerType", kind);
            row.set("referrerTypeName", "Direct Entry");
            row.set("referrerName", "Google");
            row.set("referrerKeyword", "shoes");
            assert_eq!(origin(&row), line, "{kind}");
        }
    }
}
