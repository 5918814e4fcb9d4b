//! A visit as a row of the log.

use catalog::columns::{NO_FLOAT, NONE, PLUGIN_BITS, float, visit};
use catalog::values::REFERRER_TYPES;
use model::{Row, SECONDS_PER_DAY, Value};
use query::VisitRows;
use query::period::PeriodKind;
use settings::DimensionScope;
use tracking::device::device_type_name;

use super::action;
use super::commerce::{self, Totals, amount};
use super::log::{ICONS, IMAGES, Log, Place, filled, slot, variables};
use crate::matomo::methods::common::{datetime, field};
use crate::matomo::show::device_type_label;

const DIRECT: i64 = 1;
const SEARCH: i64 = 2;
const SOCIAL: i64 = 7;
/// The operating system of robots, which has no picture.
const BOT: &str = "BOT";

/// A number that is shown as sixteen hexadecimal digits.
pub fn hex(number: i64) -> String {
    format!("{:016x}", number as u64)
}

pub fn row(
    log: &Log,
    place: &Place,
    rows: &VisitRows,
    totals: Option<Totals>,
    with_actions: bool,
) -> Row {
    let visit = &rows.visit;
    let mut row = Row::default();
    row.set("idSite", i64::from(place.id));
    row.set("idVisit", visit[visit::ID]);
    row.set(
        "visitIp",
        tracking::hit::ip_text(visit[visit::IP_HIGH], visit[visit::IP_LOW]),
    );
    row.set("visitorId", hex(visit[visit::VISITOR]));
    row.set("fingerprint", hex(visit[visit::FINGERPRINT]));
    let (actions, hidden) = match with_actions {
        true => action::all(log, place, rows),
        false => (Vec::new(), 0),
    };
    row.set("actionDetails", Value::List(actions));
    if hidden > 0 {
        row.set("truncatedActionsCount", hidden as i64);
    }
    row.set("goalConversions", commerce::goals(rows));
    row.set("siteCurrency", place.currency);
    row.set("siteCurrencySymbol", place.currency_symbol);
    times(log, place, visit, &mut row);
    visitor(log, visit, &mut row);
    referrer(log, visit, &mut row);
    language(log, visit, &mut row);
    device(log, visit, &mut row);
    if let Some(totals) = totals {
        row.set("totalEcommerceRevenue", amount(totals.orders.revenue));
        row.set("totalEcommerceConversions", totals.orders.count);
        row.set("totalEcommerceItems", totals.orders.items);
        row.set("totalAbandonedCartsRevenue", amount(totals.carts.revenue));
        row.set("totalAbandonedCarts", totals.carts.count);
        row.set("totalAbandonedCartsItems", totals.carts.items);
    }
    row.set("events", visit[visit::EVENTS]);
    location(log, visit, &mut row);
    clock(visit, &mut row);
    screen(log, visit, &mut row);
    let value =
        |dimension: &settings::Dimension| slot(dimension, visit::SLOT_1).map(|at| visit[at]);
    for (name, value) in log.dimensions(place, DimensionScope::Visit, value) {
        row.set(name, value);
    }
    row.set(
        "customVariables",
        variables(
            log,
            visit,
            visit::VARIABLE_NAME_1,
            visit::VARIABLE_VALUE_1,
            "",
        ),
    );
    row
}

/// Times of the last action, then of the first one. `…Pretty` is by the clock of the site.
fn times(log: &Log, place: &Place, visit: &[i64], row: &mut Row) {
    let names = &log.call.app.names;
    let (first, last) = (visit[visit::FIRST_TIME], visit[visit::LAST_TIME]);
    let stored = datetime(last);
    let day = |seconds: i64| {
        let date = place.zone.local(seconds).date();
        names.pretty_date(PeriodKind::Day, date, date, log.language)
    };
    let time = |seconds: i64| place.zone.local(seconds).strftime("%H:%M:%S").to_string();
    row.set("serverDate", stored.get(..10).unwrap_or_default());
    row.set(
        "visitServerHour",
        last.rem_euclid(SECONDS_PER_DAY)
            .div_euclid(3600)
            .to_string(),
    );
    row.set("lastActionTimestamp", last);
    row.set("lastActionDateTime", stored);
    row.set("siteName", place.name);
    row.set("serverTimestamp", last);
    row.set("firstActionTimestamp", first);
    row.set("serverTimePretty", time(last));
    row.set("serverDatePretty", day(last));
    row.set("serverDatePrettyFirstAction", day(first));
    row.set("serverTimePrettyFirstAction", time(first));
}

fn visitor(log: &Log, visit: &[i64], row: &mut Row) {
    let (kind, icon) = match visit[visit::RETURNING] {
        0 => ("new", Value::Null),
        1 => (
            "returning",
            Value::from("plugins/Live/images/returningVisitor.png"),
        ),
        _ => (
            "returningCustomer",
            Value::from("plugins/Live/images/returningVisitor.png"),
        ),
    };
    let converted = visit[visit::CONVERTED] != 0;
    row.set("userId", filled(log.text(visit[visit::USER])));
    row.set("visitorType", kind);
    row.set("visitorTypeIcon", icon);
    row.set("visitConverted", i64::from(converted));
    row.set(
        "visitConvertedIcon",
        if converted {
            image("goal.svg")
        } else {
            Value::Null
        },
    );
    row.set("visitCount", visit[visit::VISIT_COUNT]);
    let (status, icon) = match visit[visit::BUYER] {
        1 => ("ordered", image("ecommerceOrder.svg")),
        2 => ("abandonedCart", image("ecommerceAbandonedCart.svg")),
        3 => ("orderedThenAbandonedCart", image("ecommerceOrder.svg")),
        _ => ("none", Value::Null),
    };
    row.set("visitEcommerceStatus", status);
    row.set("visitEcommerceStatusIcon", icon);
    row.set("daysSinceFirstVisit", days(visit[visit::SINCE_FIRST]));
    row.set("secondsSinceFirstVisit", visit[visit::SINCE_FIRST]);
    let since_order = visit[visit::SINCE_ORDER];
    row.set("daysSinceLastEcommerceOrder", days(since_order));
    row.set(
        "secondsSinceLastEcommerceOrder",
        if since_order == NONE {
            Value::Null
        } else {
            Value::Int(since_order)
        },
    );
    row.set("visitDuration", visit[visit::TOTAL_TIME]);
    row.set(
        "visitDurationPretty",
        log.duration(visit[visit::TOTAL_TIME]),
    );
    row.set("searches", visit[visit::SEARCHES]);
    row.set("actions", visit[visit::TOTAL_ACTIONS]);
    row.set("interactions", visit[visit::INTERACTIONS]);
}

fn image(name: &str) -> Value {
    Value::Text(format!("{IMAGES}{name}"))
}

fn days(seconds: i64) -> i64 {
    seconds.max(0) / SECONDS_PER_DAY
}

/// Name of a referrer type as segments write it.
pub fn referrer_type_name(number: i64) -> &'static str {
    known_type(number).2
}

fn known_type(number: i64) -> &'static (i64, &'static str, &'static str) {
    let known = REFERRER_TYPES.iter().find(|(own, _, _)| *own == number);
    known.unwrap_or(&REFERRER_TYPES[0])
}

fn referrer(log: &Log, visit: &[i64], row: &mut Row) {
    let sources = &log.call.app.sources;
    let kind = match visit[visit::REFERRER_TYPE] {
        0 => DIRECT,
        kind => kind,
    };
    let (_, label, name_of_kind) = known_type(kind);
    let name = log.text(visit[visit::REFERRER_NAME]);
    let url = log.text(visit[visit::REFERRER_URL]);
    let keyword = log.text(visit[visit::REFERRER_KEYWORD]);
    let keyword = match (kind, keyword) {
        (SEARCH, "") => Value::from(log.translate("Keyword not defined").into_owned()),
        (_, keyword) => filled(keyword),
    };
    row.set("referrerType", *name_of_kind);
    row.set("referrerTypeName", log.translate(label).into_owned());
    row.set("referrerName", filled(name));
    row.set("referrerKeyword", keyword);
    row.set(
        "referrerKeywordPosition",
        if kind == SEARCH {
            position(url)
        } else {
            Value::Null
        },
    );
    row.set("referrerUrl", filled(url));
    let (engine_url, engine_icon) = match kind {
        SEARCH => (
            filled(&sources.search_url(name)),
            filled(&sources.search_logo(name)),
        ),
        _ => (Value::Null, Value::Null),
    };
    row.set("referrerSearchEngineUrl", engine_url);
    row.set("referrerSearchEngineIcon", engine_icon);
    let (network_url, network_icon) = match kind {
        SOCIAL => {
            let host = sources
                .lists
                .social_networks
                .main_host(name)
                .unwrap_or_default();
            (filled(host), filled(&sources.social_logo(name)))
        }
        _ => (Value::Null, Value::Null),
    };
    row.set("referrerSocialNetworkUrl", network_url);
    row.set("referrerSocialNetworkIcon", network_icon);
}

/// The place among the results, which one search engine writes into its addresses.
fn position(url: &str) -> Value {
    let Some((start, query)) = url.split_once('?') else {
        return Value::Null;
    };
    if !start.contains("google") {
        return Value::Null;
    }
    let place = query.split('&').find_map(|pair| pair.strip_prefix("cd="));
    place
        .and_then(|place| place.parse::<i64>().ok())
        .map_or(Value::Null, Value::Int)
}

fn language(log: &Log, visit: &[i64], row: &mut Row) {
    let code = log.text(visit[visit::LANGUAGE]);
    let name = match code.split('-').next().unwrap_or_default() {
        "" => log.translate("Unknown").into_owned(),
        language => log
            .call
            .app
            .names
            .language(language, log.language)
            .into_owned(),
    };
    row.set("languageCode", filled(code));
    row.set("language", name);
}

fn unknown_or(log: &Log, text: &str) -> String {
    match text {
        "" | "Unknown" => log.translate("Unknown").into_owned(),
        text => text.to_owned(),
    }
}

fn device(log: &Log, visit: &[i64], row: &mut Row) {
    let sources = &log.call.app.sources;
    let kind = visit[visit::DEVICE_TYPE];
    let known = u8::try_from(kind).ok().and_then(device_type_name);
    let icon = known.unwrap_or("unknown").replace(' ', "_");
    row.set(
        "deviceType",
        unknown_or(log, &device_type_label(&kind.to_string())),
    );
    row.set("deviceTypeIcon", format!("{ICONS}devices/{icon}.png"));
    row.set(
        "deviceBrand",
        unknown_or(log, log.text(visit[visit::DEVICE_BRAND])),
    );
    row.set(
        "deviceModel",
        unknown_or(log, &model(log.text(visit[visit::DEVICE_MODEL]))),
    );
    let os = log.text(visit[visit::OS]);
    let os_code = if os.is_empty() { "UNK" } else { os };
    let os_version = log.text(visit[visit::OS_VERSION]);
    let os_version = if matches!(os_code, "UNK" | BOT) && os_version.is_empty() {
        "UNK"
    } else {
        os_version
    };
    let os_name = match os_code {
        BOT => "Bot".to_owned(),
        code => unknown_or(log, sources.os_name(code)),
    };
    let shown_version = if os_version == "UNK" { "" } else { os_version };
    row.set(
        "operatingSystem",
        format!("{os_name} {shown_version}").trim_end().to_owned(),
    );
    row.set("operatingSystemName", os_name);
    row.set(
        "operatingSystemIcon",
        format!(
            "{ICONS}os/{}.png",
            if os_code == BOT { "UNK" } else { os_code }
        ),
    );
    row.set("operatingSystemCode", os_code);
    row.set("operatingSystemVersion", filled(os_version));
    let engine = log.text(visit[visit::BROWSER_ENGINE]);
    row.set("browserFamily", filled(engine));
    row.set(
        "browserFamilyDescription",
        unknown_or(log, engine_description(engine)),
    );
    let browser = log.text(visit[visit::BROWSER]);
    let code = if browser.is_empty() { "UNK" } else { browser };
    let version = log.text(visit[visit::BROWSER_VERSION]);
    let name = unknown_or(log, &sources.browser_name(code));
    row.set("browser", format!("{name} {version}").trim_end().to_owned());
    row.set("browserName", name);
    row.set("browserIcon", format!("{ICONS}browsers/{code}.png"));
    row.set("browserCode", code);
    row.set("browserVersion", filled(version));
}

/// `generic desktop`, as a device is stored whose model is unknown, in capitals.
fn model(stored: &str) -> String {
    if !stored.starts_with("generic ") {
        return stored.to_owned();
    }
    let words = stored.split(' ').map(|word| {
        let mut letters = word.chars();
        let first = letters.next().map(|letter| letter.to_ascii_uppercase());
        first.into_iter().chain(letters).collect::<String>()
    });
    words.collect::<Vec<_>>().join(" ")
}

/// Engines with the browsers that the log names beside them.
fn engine_description(engine: &str) -> &str {
    match engine {
        "Trident" => "Trident (IE)",
        "Gecko" => "Gecko (Firefox)",
        "KHTML" => "KHTML (Konqueror)",
        "Presto" => "Presto (Opera)",
        "WebKit" => "WebKit (Safari)",
        "Blink" => "Blink (Chrome, Opera)",
        other => other,
    }
}

fn location(log: &Log, visit: &[i64], row: &mut Row) {
    let names = &log.call.app.names;
    let code = match log.text(visit[visit::COUNTRY]) {
        "" => "xx",
        code => code,
    };
    let continent = names.continent_of(code);
    let country = names.country(code, log.language).into_owned();
    let region_code = log.text(visit[visit::REGION]);
    let region = match region_code {
        "" => String::new(),
        region => names.region(code, region, log.language).into_owned(),
    };
    let city = log.text(visit[visit::CITY]);
    let parts = [city, region.as_str(), country.as_str()];
    let place: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    row.set("continent", names.continent(continent, log.language));
    row.set("continentCode", continent);
    row.set("country", country.clone());
    row.set("countryCode", code);
    row.set("countryFlag", format!("{ICONS}flags/{code}.png"));
    row.set("region", filled(&region));
    row.set("regionCode", filled(region_code));
    row.set("city", filled(city));
    row.set("location", place.join(", "));
    row.set("latitude", coordinate(visit[visit::LATITUDE]));
    row.set("longitude", coordinate(visit[visit::LONGITUDE]));
}

fn coordinate(bits: i64) -> Value {
    if bits == NO_FLOAT {
        Value::Null
    } else {
        Value::Text(format!("{:.6}", float(bits)))
    }
}

fn clock(visit: &[i64], row: &mut Row) {
    let seconds = visit[visit::LOCAL_TIME].rem_euclid(SECONDS_PER_DAY);
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    row.set(
        "visitLocalTime",
        format!("{hour:02}:{minute:02}:{second:02}"),
    );
    row.set("visitLocalHour", hour.to_string());
    row.set("daysSinceLastVisit", days(visit[visit::SINCE_LAST]));
    row.set("secondsSinceLastVisit", visit[visit::SINCE_LAST]);
}

fn screen(log: &Log, visit: &[i64], row: &mut Row) {
    let resolution = log.text(visit[visit::RESOLUTION]);
    row.set(
        "resolution",
        if resolution.is_empty() {
            "unknown"
        } else {
            resolution
        },
    );
    let plugins = plugins(visit[visit::PLUGINS]);
    row.set("plugins", plugins.join(", "));
    let icon = |name: &&str| {
        Value::Map(vec![
            field("pluginIcon", format!("{ICONS}plugins/{name}.png")),
            field("pluginName", *name),
        ])
    };
    let icons: Vec<Value> = plugins.iter().map(icon).collect();
    row.set(
        "pluginsIcons",
        if icons.is_empty() {
            Value::Null
        } else {
            Value::List(icons)
        },
    );
}

/// Names of the plugins of a visit in their alphabetical order.
fn plugins(bits: i64) -> Vec<&'static str> {
    let own = PLUGIN_BITS.iter().filter(|(_, bit)| bits >> bit & 1 == 1);
    let mut names: Vec<&str> = own
        .map(|(parameter, _)| match *parameter {
            "fla" => "flash",
            "qt" => "quicktime",
            "realp" => "realplayer",
            "ag" => "silverlight",
            "wma" => "windowsmedia",
            name => name,
        })
        .collect();
    names.sort_unstable();
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_are_read_from_one_engine_only() {
        for (url, place) in [
            ("http://www.google.com/url?q=a&cd=4&x=1", Value::Int(4)),
            ("http://www.google.com/url?q=a", Value::Null),
            ("http://www.google.com/url?cd=x", Value::Null),
            ("http://bing.com/?cd=4", Value::Null),
        ] {
            assert_eq!(position(url), place, "{url}");
        }
    }

    #[test]
    fn plugins_have_names_in_order() {
        assert_eq!(plugins(0), Vec::<&str>::new());
        assert_eq!(
            plugins(0b1100_0111),
            ["cookie", "flash", "java", "silverlight", "windowsmedia"]
        );
    }

    #[test]
    fn unknown_models_are_in_capitals() {
        for (stored, shown) in [
            ("generic desktop", "Generic Desktop"),
            ("Nexus 4", "Nexus 4"),
            ("", ""),
        ] {
            assert_eq!(model(stored), shown);
        }
    }
}
