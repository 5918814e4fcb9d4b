//! Raw labels become what people read, with the facts that stand beside them (`segment`, `logo`, `url` …).

use std::borrow::Cow;

use catalog::reports::{Report, Shown};
use catalog::values::REFERRER_TYPES;
use model::{Row, Table, Value};
use tracking::device::device_type_name;

use crate::names::Names;
use crate::sources::Sources;

/// What labels need to know besides themselves.
pub struct Showing<'a> {
    pub names: &'a Names,
    pub sources: &'a Sources,
    pub language: &'a str,
    /// The site's first address, without a closing slash.
    pub main_url: &'a str,
    /// `dimension3`: the segment of a custom dimension's rows.
    pub dimension_segment: &'a str,
    /// Label of the row whose sub-table this is.
    pub parent_label: &'a str,
    /// Rows below become rows of the report.
    pub flat: bool,
}

pub const ICONS: &str = "plugins/Morpheus/icons/dist/";
const UNKNOWN: &str = "Unknown";
const KEYWORD_NOT_DEFINED: &str = "Keyword not defined";
const VALUE_NOT_DEFINED: &str = "Value not defined";

/// Encodes a value for use in a segment, as a query string does (`+` for a space).
pub fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => {
                encoded.push(byte as char)
            }
            b' ' => encoded.push('+'),
            byte => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}

/// Before sorting and limits: rows that are one to the reader are put together, labels are translated
/// where the order depends on them.
pub fn prepare(table: &mut Table, report: &Report, showing: &Showing) {
    match report.shown {
        Shown::Continent => group(table, |label| showing.names.continent_of(label).to_owned()),
        Shown::Language => group(table, |label| language_part(label).to_owned()),
        Shown::OsFamily => group(table, |label| showing.sources.os_family(label).to_owned()),
        Shown::DeviceBrand => group(table, |label| unknown_if_empty(label).to_owned()),
        Shown::Region | Shown::City => group(table, known_place),
        _ => {}
    }
    relabel(table, report, showing);
    if let Some(summary) = &mut table.summary {
        others(summary, report.shown, showing);
    }
    name_others(table);
}

/// What stands beside "Others" is what stands beside a row that nothing is known of.
fn others(row: &mut Row, shown: Shown, showing: &Showing) {
    let unknown = |folder: &str, name: &str| format!("{ICONS}{folder}/{name}.png");
    match shown {
        Shown::OsVersion => row.set_meta("logo", unknown("os", "UNK")),
        Shown::BrowserVersion => row.set_meta("logo", unknown("browsers", "UNK")),
        Shown::SearchEngine => {
            row.set_meta("url", "URL unknown!");
            row.set_meta("logo", unknown("searchEngines", "xx"));
        }
        Shown::Region | Shown::City => row.set_meta("logo", flag("xx")),
        Shown::CustomDimension => segment(row, showing.dimension_segment, "-1"),
        _ => {}
    }
}

/// "Others" has no name of its own.
fn name_others(table: &mut Table) {
    if let Some(summary) = &mut table.summary {
        summary.set("label", "Others");
    }
    for row in table.all_rows_mut() {
        if let Some(subtable) = &mut row.subtable {
            name_others(subtable);
        }
    }
}

fn relabel(table: &mut Table, report: &Report, showing: &Showing) {
    for row in &mut table.rows {
        let label = row.label().into_owned();
        show_row(row, &label, report.shown, showing);
        if let Some(subtable) = &mut row.subtable {
            relabel_children(subtable, report.shown, &label, showing);
        }
    }
}

fn relabel_children(table: &mut Table, parent: Shown, parent_label: &str, showing: &Showing) {
    let shown = match parent {
        Shown::SearchEngine if showing.flat => Shown::KeywordOfEngine,
        Shown::Website if showing.flat => Shown::UrlOfWebsite,
        // Facts stand beside these rows only where they are asked for by themselves.
        Shown::Keyword
        | Shown::SearchEngine
        | Shown::Website
        | Shown::Social
        | Shown::Campaign
        | Shown::PlainKeyword => Shown::PlainKeyword,
        Shown::CustomVariable => Shown::CustomVariableValue,
        Shown::Event { .. } => Shown::Event {
            segment: "",
            child: "",
        },
        Shown::Content { child, .. } => Shown::Content {
            segment: child,
            child: "",
        },
        same => same,
    };
    let showing = Showing {
        parent_label,
        ..*showing
    };
    for row in &mut table.rows {
        let label = row.label().into_owned();
        show_row(row, &label, shown, &showing);
        if parent == Shown::CustomVariable {
            row.remove_meta("segment");
            if label.is_empty() {
                row.set("label", VALUE_NOT_DEFINED);
            }
        }
        if let Some(subtable) = &mut row.subtable {
            relabel_children(subtable, shown, &label, &showing);
        }
    }
}

/// Adds up rows whose labels become the same.
fn group(table: &mut Table, name: impl Fn(&str) -> String) {
    let rows = std::mem::take(&mut table.rows);
    let mut grouped = Table::default();
    let renamed = rows.into_iter().map(|mut row| {
        let label = name(&row.label());
        row.set("label", label);
        row
    });
    for row in renamed {
        query::plan::add_table(&mut grouped, Table::of(vec![row]));
    }
    for row in &mut grouped.rows {
        order_goals(row);
    }
    table.rows = grouped.rows;
}

/// Carts, orders, then goals by number.
pub fn order_goals(row: &mut Row) {
    if let Some(Value::Map(goals)) = row.get_mut("goals") {
        goals.sort_by_key(|(name, _)| match name.trim_start_matches("idgoal=") {
            "ecommerceAbandonedCart" => -1,
            "ecommerceOrder" => 0,
            number => number.parse().unwrap_or(i64::MAX),
        });
    }
}

fn language_part(label: &str) -> &str {
    label.split('-').next().unwrap_or(label)
}

fn unknown_if_empty(label: &str) -> &str {
    if label.is_empty() { UNKNOWN } else { label }
}

/// A place without a country is no place at all.
fn known_place(label: &str) -> String {
    let parts: Vec<&str> = label.split('|').collect();
    let known = |part: &str| {
        if part.is_empty() {
            "xx".to_owned()
        } else {
            part.to_owned()
        }
    };
    match parts.as_slice() {
        ["", _] => "xx|xx".to_owned(),
        ["", _, _] => "xx|xx|xx".to_owned(),
        [region, country] => format!("{}|{}", known(region), known(country)),
        [city, region, country] => format!("{}|{}|{}", known(city), known(region), known(country)),
        _ => label.to_owned(),
    }
}

fn show_row(row: &mut Row, label: &str, shown: Shown, showing: &Showing) {
    let names = showing.names;
    match shown {
        Shown::AsIs => {}
        Shown::PlainKeyword => row.set("label", keyword(label)),
        Shown::Country => country(row, label, showing),
        Shown::Continent => {
            let name = names.continent(label, showing.language).to_owned();
            row.set("label", name.clone());
            row.set_meta("code", name);
        }
        Shown::Region => region(row, label, showing),
        Shown::City => city(row, label, showing),
        Shown::Language => language(row, label, showing),
        Shown::LanguageCode => language_code(row, label, showing),
        Shown::DeviceType => device_type(row, label),
        Shown::DeviceBrand => {
            row.set("label", unknown_if_empty(label));
            row.set_meta("logo", showing.sources.brand_logo(label));
            segment(row, "deviceBrand", unknown_if_empty(label));
        }
        Shown::DeviceModel => device_model(row, label),
        Shown::OsFamily => {
            row.set("label", label);
            row.set_meta(
                "logo",
                format!("{ICONS}os/{}.png", showing.sources.os_code_of_family(label)),
            );
        }
        Shown::OsVersion => os_version(row, label, showing),
        Shown::Browser => {
            let code = if label.is_empty() { "UNK" } else { label };
            row.set("label", showing.sources.browser_name(label).into_owned());
            row.set_meta("logo", format!("{ICONS}browsers/{code}.png"));
            segment(row, "browserCode", code);
        }
        Shown::BrowserVersion => browser_version(row, label, showing),
        Shown::BrowserEngine => {
            row.set("label", engine(label));
            segment(row, "browserEngine", label);
        }
        Shown::Resolution => {
            row.set("label", resolution(label));
            segment(row, "resolution", label);
        }
        Shown::Configuration => configuration(row, label, showing),
        // Named at last.
        Shown::LocalHour | Shown::ServerHour | Shown::Plugin => {}
        Shown::DayOfWeek => {}
        Shown::UserId => segment(row, "userId", label),
        Shown::ReferrerType => referrer_type(row, label),
        Shown::AllReferrers => {}
        Shown::Keyword | Shown::KeywordOfEngine | Shown::EngineOfKeyword => {
            search(row, label, shown, showing);
        }
        Shown::SearchEngine => search(row, label, shown, showing),
        Shown::Website => segment(row, "referrerName", label),
        Shown::Social => {
            row.set_meta("url", showing.sources.social_url(label));
            row.set_meta("logo", showing.sources.social_logo(label));
            row.set_meta(
                "segment",
                format!("referrerType==social;referrerName=={}", encode(label)),
            );
        }
        Shown::Campaign => {
            row.set_meta(
                "segment",
                format!("referrerType==campaign;referrerName=={}", encode(label)),
            );
        }
        Shown::KeywordOfCampaign => {
            let parent = encode(showing.parent_label);
            let segment = format!(
                "referrerType==campaign;referrerName=={parent};referrerKeyword=={}",
                encode(label)
            );
            row.set_meta("segment", segment);
        }
        Shown::UrlOfWebsite | Shown::UrlOfSocial => referrer_url(row, label, shown, showing),
        Shown::Page { segment } => page(row, label, segment, showing),
        Shown::Title { segment } => title(row, label, segment),
        Shown::Download => link(row, "downloadUrl"),
        Shown::Outlink => link(row, "outlinkUrl"),
        Shown::SearchKeyword => segment(row, "siteSearchKeyword", label),
        Shown::SearchCategory => segment(row, "siteSearchCategory", label),
        Shown::Event { segment: name, .. } => named(row, label, name, "Event Name not defined"),
        Shown::Content {
            segment: "contentPiece",
            ..
        } if label.is_empty() => {
            row.set("label", "Content Piece not defined");
        }
        Shown::Content { segment: name, .. } => named(row, label, name, "Content Name not defined"),
        Shown::Item { segment: name } => item(row, label, name),
        Shown::DurationRange
        | Shown::PagesRange
        | Shown::VisitCountRange
        | Shown::DaysSinceLastRange
        | Shown::VisitsToConversion
        | Shown::DaysToConversion => {}
        Shown::CustomVariable => segment(row, "customVariableName", label),
        Shown::CustomVariableValue => {
            let parent = encode(showing.parent_label);
            let segment = format!(
                "customVariableName=={parent};customVariableValue=={}",
                encode(label)
            );
            row.set_meta("segment", segment);
        }
        Shown::CustomDimension => {
            if label.is_empty() {
                row.set("label", VALUE_NOT_DEFINED);
            }
            segment(row, showing.dimension_segment, label);
        }
    }
}

fn segment(row: &mut Row, name: &str, value: &str) {
    if !name.is_empty() {
        row.set_meta("segment", format!("{name}=={}", encode(value)));
    }
}

fn flag(country: &str) -> String {
    format!("{ICONS}flags/{country}.png")
}

fn country_code(label: &str) -> &str {
    if label.is_empty() { "xx" } else { label }
}

fn country(row: &mut Row, label: &str, showing: &Showing) {
    let code = country_code(label);
    row.set(
        "label",
        showing.names.country(code, showing.language).into_owned(),
    );
    row.set_meta("code", code);
    row.set_meta("logo", flag(code));
    segment(row, "countryCode", code);
    row.set_meta("logoHeight", 16);
}

fn region(row: &mut Row, label: &str, showing: &Showing) {
    let (region, country) = label.split_once('|').unwrap_or((label, "xx"));
    let country_name = showing
        .names
        .country(country, showing.language)
        .into_owned();
    let region_name = showing
        .names
        .region(country, region, showing.language)
        .into_owned();
    if region != "xx" {
        row.set("label", format!("{region_name}, {country_name}"));
        let segment = format!(
            "regionCode=={};countryCode=={}",
            encode(region),
            encode(country)
        );
        row.set_meta("segment", segment);
    } else if country != "xx" {
        row.set("label", format!("{UNKNOWN}, {country_name}"));
    } else {
        row.set("label", UNKNOWN);
    }
    place(row, region, country, region_name, country_name);
}

fn place(row: &mut Row, region: &str, country: &str, region_name: String, country_name: String) {
    row.set_meta("region", region);
    row.set_meta("country", country);
    row.set_meta("country_name", country_name);
    row.set_meta("region_name", region_name);
    row.set_meta("logo", flag(country));
}

fn city(row: &mut Row, label: &str, showing: &Showing) {
    let mut parts = label.splitn(3, '|');
    let (city, region, country) = (
        parts.next().unwrap_or("xx"),
        parts.next().unwrap_or("xx"),
        parts.next().unwrap_or("xx"),
    );
    let country_name = showing
        .names
        .country(country, showing.language)
        .into_owned();
    let region_name = showing
        .names
        .region(country, region, showing.language)
        .into_owned();
    let city_name = if city == "xx" { UNKNOWN } else { city };
    let label = match (city, region, country) {
        ("xx", "xx", "xx") => UNKNOWN.to_owned(),
        (_, _, "xx") => city_name.to_owned(),
        (_, "xx", _) => format!("{city_name}, {country_name}"),
        _ => format!("{city_name}, {region_name}, {country_name}"),
    };
    row.set("label", label);
    if city != "xx" {
        let parts = [
            ("city", city),
            ("regionCode", region),
            ("countryCode", country),
        ];
        let known = parts.into_iter().filter(|(_, value)| *value != "xx");
        let tests: Vec<String> = known
            .map(|(name, value)| format!("{name}=={}", encode(value)))
            .collect();
        row.set_meta("segment", tests.join(";"));
    }
    row.set_meta("city_name", city_name);
    if city == "xx" {
        row.set_meta("city", "xx");
    }
    place(row, region, country, region_name, country_name);
}

fn language(row: &mut Row, label: &str, showing: &Showing) {
    row.set(
        "label",
        showing.names.language(label, showing.language).into_owned(),
    );
    if label.is_empty() || label == "xx" {
        segment(row, "languageCode", "xx");
        return;
    }
    let code = encode(label);
    row.set_meta(
        "segment",
        format!("languageCode=={code},languageCode=@{code}-"),
    );
}

fn language_code(row: &mut Row, label: &str, showing: &Showing) {
    let label = if label.is_empty() { "xx" } else { label };
    let name = match label.split_once('-') {
        Some((language, country)) => format!(
            "{} - {}",
            showing.names.language(language, showing.language),
            showing.names.country(country, showing.language)
        ),
        None => showing.names.language(label, showing.language).into_owned(),
    };
    row.set("label", format!("{name} ({label})"));
    segment(row, "languageCode", label);
}

/// The name people read: `Tv` and `Car browser`.
pub fn device_type_label(number: &str) -> Cow<'static, str> {
    match number.parse().ok().and_then(device_type_name) {
        None => Cow::Borrowed(UNKNOWN),
        Some(name) => {
            let mut letters = name.chars();
            let first = letters.next().map(|letter| letter.to_ascii_uppercase());
            Cow::Owned(first.into_iter().chain(letters).collect())
        }
    }
}

pub fn device_type(row: &mut Row, label: &str) {
    let name = label.parse().ok().and_then(device_type_name);
    row.set("label", device_type_label(label).into_owned());
    if let Some(name) = name {
        segment(row, "deviceType", name);
    }
    let icon = name.unwrap_or("unknown").replace(' ', "_");
    row.set_meta("logo", format!("{ICONS}devices/{icon}.png"));
}

fn device_model(row: &mut Row, label: &str) {
    let (brand, model) = label.split_once(';').unwrap_or((label, ""));
    let shown = match (brand, model) {
        ("", "") => UNKNOWN.to_owned(),
        ("", model) => capitals(model),
        (brand, "") => format!("{brand} - {UNKNOWN}"),
        (brand, model) => format!("{brand} - {}", generic(model)),
    };
    row.set("label", shown);
    if !label.trim_matches(';').is_empty() {
        let segment = format!(
            "deviceBrand=={};deviceModel=={}",
            encode(unknown_if_empty(brand)),
            encode(model)
        );
        row.set_meta("segment", segment);
    }
}

/// `generic smartphone`, as a device is stored whose model is unknown, in capitals.
fn generic(model: &str) -> Cow<'_, str> {
    if model.starts_with("generic ") {
        Cow::Owned(capitals(model))
    } else {
        Cow::Borrowed(model)
    }
}

fn capitals(text: &str) -> String {
    let mut start = true;
    let capital = |letter: char| {
        let upper = std::mem::replace(&mut start, letter == ' ');
        if upper {
            letter.to_ascii_uppercase()
        } else {
            letter
        }
    };
    text.chars().map(capital).collect()
}

fn os_version(row: &mut Row, label: &str, showing: &Showing) {
    let (code, version) = label.split_once(';').unwrap_or((label, ""));
    let name = showing.sources.os_name(code);
    row.set("label", format!("{name} {version}").trim_end().to_owned());
    let code = if code.is_empty() { "UNK" } else { code };
    let known_version = match (code, version) {
        ("UNK", "") => "UNK",
        (_, version) => version,
    };
    let segment = format!(
        "operatingSystemCode=={};operatingSystemVersion=={}",
        encode(code),
        encode(known_version)
    );
    row.set_meta("segment", segment);
    row.set_meta("logo", format!("{ICONS}os/{code}.png"));
}

fn browser_version(row: &mut Row, label: &str, showing: &Showing) {
    let (code, version) = label.split_once(';').unwrap_or((label, ""));
    let name = showing.sources.browser_name(code);
    row.set("label", format!("{name} {version}").trim_end().to_owned());
    let code = if code.is_empty() { "UNK" } else { code };
    let logo = format!("{ICONS}browsers/{code}.png");
    let segment = format!(
        "browserCode=={};browserVersion=={}",
        encode(code),
        encode(version)
    );
    row.set_meta("segment", segment);
    row.set_meta("logo", logo);
}

/// Engines with the browsers that people know them by.
fn engine(label: &str) -> &str {
    match label {
        "" => UNKNOWN,
        "Trident" => "Trident (IE)",
        "Gecko" => "Gecko (Firefox)",
        "KHTML" => "KHTML (Konqueror)",
        "Presto" => "Presto (Opera)",
        "WebKit" => "WebKit (Safari)",
        "Blink" => "Blink (Chrome, Opera)",
        other => other,
    }
}

fn resolution(label: &str) -> &str {
    if label.is_empty() || label == "unknown" {
        "unknown"
    } else {
        label
    }
}

fn configuration(row: &mut Row, label: &str, showing: &Showing) {
    let mut parts = label.splitn(3, ';');
    let (os, browser, screen) = (
        parts.next().unwrap_or(""),
        parts.next().unwrap_or(""),
        parts.next().unwrap_or(""),
    );
    let shown = format!(
        "{} / {} / {}",
        showing.sources.os_name(os),
        showing.sources.browser_name(browser),
        resolution(screen)
    );
    row.set("label", shown);
}

fn referrer_type(row: &mut Row, label: &str) {
    let number = label.parse().unwrap_or(0);
    if let Some((_, name, value)) = REFERRER_TYPES.iter().find(|(own, _, _)| *own == number) {
        row.set("label", *name);
        row.set_meta("segment", format!("referrerType=={value}"));
        row.set_meta("referrer_type", number);
    }
}

fn search(row: &mut Row, label: &str, shown: Shown, showing: &Showing) {
    let by_keyword =
        |keyword: &str| format!("referrerType==search;referrerKeyword=={}", encode(keyword));
    let sources = showing.sources;
    match shown {
        Shown::Keyword => {
            row.set("label", keyword(label));
            row.set_meta("segment", by_keyword(label));
        }
        Shown::KeywordOfEngine => {
            let engine = showing.parent_label;
            row.set("label", keyword(label));
            let segment = format!(
                "referrerName=={};referrerType==search;referrerKeyword=={}",
                encode(engine),
                encode(label)
            );
            row.set_meta("segment", segment);
            if let Some(url) = sources.search_backlink(engine, label) {
                row.set_meta("url", url);
            }
        }
        Shown::EngineOfKeyword => {
            if let Some(url) = sources.search_backlink(label, showing.parent_label) {
                row.set_meta("url", url);
            }
            row.set_meta("logo", sources.search_logo(label));
            let segment = format!(
                "referrerType==search;referrerKeyword=={};referrerName=={}",
                encode(showing.parent_label),
                encode(label)
            );
            row.set_meta("segment", segment);
        }
        _ => {
            row.set_meta(
                "segment",
                format!("referrerType==search;referrerName=={}", encode(label)),
            );
            row.set_meta("url", sources.search_url(label));
            row.set_meta("logo", sources.search_logo(label));
        }
    }
}

fn keyword(label: &str) -> &str {
    if label.is_empty() {
        KEYWORD_NOT_DEFINED
    } else {
        label
    }
}

/// What follows the host of an address; `index` where nothing does.
fn path_of(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    match rest.split_once('/') {
        None | Some((_, "")) => "index",
        Some((_, path)) => path,
    }
}

fn referrer_url(row: &mut Row, label: &str, shown: Shown, _showing: &Showing) {
    if label.is_empty() {
        return;
    }
    row.set_meta("segment", format!("referrerUrl=={}", encode(label)));
    row.set_meta("url", label);
    if shown == Shown::UrlOfWebsite {
        row.set("label", path_of(label));
    }
}

fn page(row: &mut Row, _label: &str, name: &str, showing: &Showing) {
    if name.is_empty() {
        row.remove_meta("folder_url_start");
        return;
    }
    if let Some(url) = row.meta("url").and_then(Value::as_str) {
        let segment = format!("{name}=={}", encode(&encode(url)));
        row.set_meta("segment", segment);
    } else if let Some(start) = row.remove_meta("folder_url_start") {
        // Folders are known by their pages, whichever report they stand in.
        let start = format!(
            "{}/{}",
            showing.main_url,
            start.as_str().unwrap_or_default()
        );
        row.set_meta("segment", format!("pageUrl=^{}", encode(&encode(&start))));
    }
}

fn title(row: &mut Row, label: &str, name: &str) {
    let path = row.remove_meta("folder_url_start");
    if name.is_empty() {
        return;
    }
    let path = path.as_ref().and_then(Value::as_str).unwrap_or(label);
    let title = encode(&encode(&escaped(path.trim())));
    row.set_meta(
        "segment",
        match row.subtable {
            Some(_) => format!("pageTitle=^{title}"),
            None => format!("{name}=={title}"),
        },
    );
}

/// A title as Matomo keeps it: safe to put into a page.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#039;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            letter => escaped.push(letter),
        }
    }
    escaped
}

fn link(row: &mut Row, name: &str) {
    row.remove_meta("folder_url_start");
    if let Some(url) = row.meta("url").and_then(Value::as_str) {
        let segment = format!("{name}=={}", encode(&encode(&escaped(url))));
        row.set_meta("segment", segment);
    }
}

fn named(row: &mut Row, label: &str, name: &str, missing: &str) {
    if label.is_empty() {
        row.set("label", missing);
        return;
    }
    match name.starts_with("event") {
        true => segment(row, name, &escaped(label)),
        false => segment(row, name, label),
    }
}

fn item(row: &mut Row, label: &str, name: &str) {
    let missing = match name {
        "productName" => "Product Name not defined",
        "productSku" => "Product SKU not defined",
        _ => "Product Category not defined",
    };
    let shown = if label.is_empty() { missing } else { label };
    row.set("label", shown);
    segment(row, name, shown);
}
