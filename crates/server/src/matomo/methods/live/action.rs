//! Actions of a visit in the log.

use catalog::columns::{NO_FLOAT, NONE, action, float, kind, unpacked, visit};
use model::{Name, Timestamp, Value};
use query::VisitRows;
use settings::DimensionScope;

use super::commerce;
use super::log::{IMAGES, Log, Place, filled, slot, variables};
use crate::matomo::methods::common::field;
use crate::matomo::shape::php;

/// Something with its place in the order of the visit.
pub struct Happened {
    pub time: Timestamp,
    /// Number of the action's row; 0 comes before every action of the same second.
    pub row: i64,
    pub is_page: bool,
    /// An order ends the page before it, as the next page does.
    pub is_order: bool,
    pub fields: Vec<(Name, Value)>,
}

/// When something happened, by the clock of the site: `Mar 6, 2010 11:22:33`.
pub fn moment(log: &Log, place: &Place, time: Timestamp) -> String {
    let local = place.zone.local(time);
    let day = log.call.app.names.short_day(local.date(), log.language);
    format!("{day} {}", local.strftime("%H:%M:%S"))
}

/// The actions that are shown, in their order, and how many are not.
pub fn all(log: &Log, place: &Place, rows: &VisitRows) -> (Vec<Value>, usize) {
    let most = usize::try_from(
        log.world
            .config
            .number("visitor_log_maximum_actions_per_visit"),
    );
    let most = most.ok().filter(|most| *most > 0).unwrap_or(usize::MAX);
    let hidden = rows.actions.len().saturating_sub(most);
    let mut happened: Vec<Happened> = rows
        .actions
        .iter()
        .take(most)
        .map(|row| Happened {
            time: row[action::TIME],
            row: row[action::ID],
            is_page: is_page(row),
            is_order: false,
            fields: one(log, place, row),
        })
        .collect();
    happened.extend(commerce::happened(log, place, rows));
    happened.sort_by_key(|one| (one.time, one.row));
    let seconds = seconds_on_pages(&rows.visit, &happened);
    for (one, seconds) in happened.iter_mut().zip(seconds) {
        if one.is_page {
            set_seconds(log, &mut one.fields, seconds);
        }
    }
    (
        happened
            .into_iter()
            .map(|one| Value::Map(one.fields))
            .collect(),
        hidden,
    )
}

pub fn is_page(row: &[i64]) -> bool {
    matches!(row[action::KIND], kind::PAGE | kind::TITLE)
}

fn number(value: i64) -> Value {
    if value == NONE {
        Value::Null
    } else {
        Value::Int(value)
    }
}

/// Name of a type; types that the log has no name for stand by their number.
fn type_name(row: &[i64]) -> String {
    match row[action::KIND] {
        kind::PAGE | kind::TITLE => "action".to_owned(),
        kind::OUTLINK => "outlink".to_owned(),
        kind::DOWNLOAD => "download".to_owned(),
        kind::SEARCH => "search".to_owned(),
        kind::EVENT => "event".to_owned(),
        other => other.to_string(),
    }
}

fn one(log: &Log, place: &Place, row: &[i64]) -> Vec<(Name, Value)> {
    let what = row[action::KIND];
    let is_page = is_page(row);
    let url = log.url(place, row[action::URL]);
    let title = match what {
        kind::PAGE | kind::TITLE => log.action_text(row[action::TITLE]),
        _ => Value::Null,
    };
    let mut fields = vec![field("type", type_name(row)), field("url", url.clone())];
    if !matches!(what, kind::SEARCH | kind::EVENT) {
        fields.push(field("pageTitle", title.clone()));
    }
    let page = row[action::URL];
    fields.push(field(
        "pageIdAction",
        if page == 0 {
            Value::Null
        } else {
            Value::Int(page)
        },
    ));
    fields.push(field(
        "idpageview",
        filled(&unpacked(row[action::PAGE_VIEW_ID])),
    ));
    fields.push(field(
        "serverTimePretty",
        moment(log, place, row[action::TIME]),
    ));
    fields.push(field("pageId", row[action::ID]));
    let load_ms = load_time_ms(row).filter(|_| is_page);
    if let Some(load_ms) = load_ms {
        let seconds = php::round(load_ms as f64 / 1000.0, 2);
        fields.push(field(
            "pageLoadTime",
            format!("{}s", php::float_text(seconds)),
        ));
    }
    details(log, row, &mut fields);
    fields.push(field("bandwidth", number(row[action::BANDWIDTH])));
    if what == kind::SEARCH {
        search(log, row, &mut fields);
    }
    if is_page {
        fields.push(field("timeSpent", 0));
        fields.push(field("timeSpentPretty", Value::Null));
    }
    if let Some(load_ms) = load_ms {
        fields.push(field("pageLoadTimeMilliseconds", load_ms));
    }
    let position = row[action::POSITION];
    fields.push(field(
        "pageviewPosition",
        if position <= 0 {
            Value::Null
        } else {
            Value::Int(position)
        },
    ));
    if is_page {
        fields.push(field("title", title));
        fields.push(field("subtitle", url));
        fields.push(field("icon", Value::Null));
        fields.push(field("iconSVG", format!("{IMAGES}action.svg")));
    } else {
        let (icon, title, subtitle) = headline(log, row, url);
        fields.push(field("icon", format!("{IMAGES}{icon}.png")));
        fields.push(field("iconSVG", format!("{IMAGES}{icon}.svg")));
        fields.push(field("title", title));
        fields.push(field("subtitle", subtitle));
    }
    fields.push(field("timestamp", row[action::TIME]));
    tail(log, place, row, &mut fields);
    fields
}

/// How long each page was looked at: until the next page or order, or else to the end of the visit. The last page
/// of a visit that did nothing later was not looked at.
fn seconds_on_pages(visit: &[i64], happened: &[Happened]) -> Vec<i64> {
    let end = visit[visit::FIRST_TIME].saturating_add(visit[visit::TOTAL_TIME]);
    let latest = happened.last().map_or(0, |one| one.time);
    let mut next = None;
    let mut seconds = vec![0; happened.len()];
    for (one, seconds) in happened.iter().zip(&mut seconds).rev() {
        if one.is_page {
            let last = if latest > one.time { end } else { one.time };
            *seconds = next.unwrap_or(last).saturating_sub(one.time).max(0);
        }
        if one.is_page || one.is_order {
            next = Some(one.time);
        }
    }
    seconds
}

/// Fills in what `one` could not know.
fn set_seconds(log: &Log, fields: &mut [(Name, Value)], seconds: i64) {
    for (name, value) in fields {
        match name.as_ref() {
            "timeSpent" => *value = Value::Int(seconds),
            "timeSpentPretty" => *value = Value::Text(log.duration(seconds)),
            _ => {}
        }
    }
}

fn load_time_ms(row: &[i64]) -> Option<i64> {
    let parts = [
        action::TIME_NETWORK,
        action::TIME_SERVER,
        action::TIME_TRANSFER,
        action::TIME_DOM_PROCESSING,
        action::TIME_DOM_COMPLETION,
        action::TIME_ON_LOAD,
    ];
    let known = parts
        .map(|part| row[part])
        .into_iter()
        .filter(|time| *time != NONE);
    let total = known.fold(0i64, i64::saturating_add);
    (total > 0).then_some(total)
}

/// Fields of events, contents and products.
fn details(log: &Log, row: &[i64], fields: &mut Vec<(Name, Value)>) {
    match row[action::KIND] {
        kind::EVENT => {
            fields.push(field(
                "eventCategory",
                log.action_text(row[action::EVENT_CATEGORY]),
            ));
            fields.push(field(
                "eventAction",
                log.action_text(row[action::EVENT_ACTION]),
            ));
        }
        kind::CONTENT => {
            fields.push(field(
                "contentName",
                log.action_text(row[action::CONTENT_NAME]),
            ));
            fields.push(field(
                "contentPiece",
                log.action_text(row[action::CONTENT_PIECE]),
            ));
            fields.push(field(
                "contentTarget",
                log.action_text(row[action::CONTENT_TARGET]),
            ));
            fields.push(field(
                "contentInteraction",
                log.action_text(row[action::CONTENT_INTERACTION]),
            ));
        }
        _ => {}
    }
    let price = row[action::PRODUCT_PRICE];
    if price != NO_FLOAT {
        fields.push(field("productViewPrice", php::whole_or_float(float(price))));
    }
    let products = [
        ("productViewName", action::PRODUCT_NAME),
        ("productViewSku", action::PRODUCT_SKU),
    ];
    for (name, column) in products {
        if row[column] != 0 {
            fields.push(field(name, log.action_text(row[column])));
        }
    }
}

fn search(log: &Log, row: &[i64], fields: &mut Vec<(Name, Value)>) {
    fields.push(field(
        "siteSearchKeyword",
        log.action_text(row[action::TITLE]),
    ));
    fields.push(field(
        "siteSearchCategory",
        filled(log.text(row[action::SEARCH_CATEGORY])),
    ));
    fields.push(field("siteSearchCount", number(row[action::SEARCH_COUNT])));
}

/// Picture, title and subtitle of what is no page.
fn headline(log: &Log, row: &[i64], url: Value) -> (&'static str, String, Value) {
    let text = |column: usize| log.view.actions.text(row[column]);
    match row[action::KIND] {
        kind::OUTLINK => ("link", "Outlink".to_owned(), url),
        kind::DOWNLOAD => ("download", "Download".to_owned(), url),
        kind::SEARCH => (
            "search",
            "Site Search".to_owned(),
            Value::Text(search_line(log, row)),
        ),
        kind::EVENT => {
            // The quotation mark that does not match is what clients are used to.
            let line = format!(
                "Category: \"{}', Action: \"{}\"",
                text(action::EVENT_CATEGORY),
                text(action::EVENT_ACTION)
            );
            ("event", "Event".to_owned(), Value::Text(line))
        }
        kind::CONTENT => {
            let (name, piece) = (text(action::CONTENT_NAME), text(action::CONTENT_PIECE));
            let line = if piece.is_empty() {
                name.to_owned()
            } else {
                format!("{name} - {piece}")
            };
            let interaction = text(action::CONTENT_INTERACTION);
            if interaction.is_empty() {
                (
                    "contentimpression",
                    "Content Impression".to_owned(),
                    Value::Text(line),
                )
            } else {
                let title = format!("Content Interaction ({interaction})");
                ("contentinteraction", title, Value::Text(line))
            }
        }
        _ => ("action", String::new(), url),
    }
}

fn search_line(log: &Log, row: &[i64]) -> String {
    let mut line = log.view.actions.text(row[action::TITLE]).to_owned();
    let category = log.text(row[action::SEARCH_CATEGORY]);
    if !category.is_empty() {
        line.push_str(&format!(" - Search Category: {category}"));
    }
    if row[action::SEARCH_COUNT] != NONE {
        line.push_str(&format!(
            " - Search Results Count: {}",
            row[action::SEARCH_COUNT]
        ));
    }
    line
}

/// Fields that come last, whatever the action is.
fn tail(log: &Log, place: &Place, row: &[i64], fields: &mut Vec<(Name, Value)>) {
    let value = |dimension: &settings::Dimension| slot(dimension, action::SLOT_1).map(|at| row[at]);
    let dimensions = log.dimensions(place, DimensionScope::Action, value);
    fields.extend(
        dimensions
            .into_iter()
            .map(|(name, value)| (name.into(), value)),
    );
    if row[action::KIND] == kind::EVENT {
        if row[action::EVENT_NAME] != 0 {
            fields.push(field("eventName", log.action_text(row[action::EVENT_NAME])));
        }
        if row[action::VALUE] != NO_FLOAT {
            fields.push(field(
                "eventValue",
                php::whole_or_float(float(row[action::VALUE])),
            ));
        }
    }
    let categories = row[action::PRODUCT_CATEGORY_1..=action::PRODUCT_CATEGORY_5].iter();
    let categories: Vec<Value> = categories
        .filter(|number| **number != 0)
        .map(|number| log.action_text(*number))
        .collect();
    if !categories.is_empty() {
        fields.push(field("productViewCategories", Value::List(categories)));
    }
    let size = match row[action::BANDWIDTH] {
        NONE => "0 M".to_owned(),
        bytes => log.numbers().bytes(bytes as f64),
    };
    fields.push(field("bandwidth_pretty", size));
    let own = variables(
        log,
        row,
        action::VARIABLE_NAME_1,
        action::VARIABLE_VALUE_1,
        "Page",
    );
    if !matches!(&own, Value::List(none) if none.is_empty()) {
        fields.push(field("customVariables", own));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_looked_at_until_the_next_page_or_the_end() {
        let mut visit = vec![0; visit::COUNT];
        visit[visit::FIRST_TIME] = 100;
        visit[visit::TOTAL_TIME] = 61;
        let at = |time: i64, is_page: bool| Happened {
            time,
            row: 1,
            is_page,
            is_order: false,
            fields: Vec::new(),
        };
        for (happened, seconds) in [
            (vec![at(100, true)], vec![0]),
            (
                vec![at(100, true), at(110, false), at(130, true)],
                vec![30, 0, 0],
            ),
            (vec![at(100, true), at(160, false)], vec![61, 0]),
        ] {
            assert_eq!(seconds_on_pages(&visit, &happened), seconds);
        }
    }
}
