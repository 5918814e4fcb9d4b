//! Packs the names that reports show (countries, regions, languages, currencies, time zones,
//! calendar words) into small sorted text blocks. They come from locked packages that `make data`
//! fetches; only the languages that the program speaks are taken.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use serde_json::Value;

/// The languages of the program, in the order of the blocks' cells. English comes first: a cell
/// that is empty means "as in English".
const LANGUAGES: [&str; 4] = ["en", "de", "fr", "sw"];

type Outcome<T> = Result<T, String>;
/// Key to one name per language.
type Block = BTreeMap<String, [String; 4]>;

fn main() -> ExitCode {
    match pack() {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            println!("cargo::error={reason}");
            ExitCode::FAILURE
        }
    }
}

fn pack() -> Outcome<()> {
    let manifest = PathBuf::from(variable("CARGO_MANIFEST_DIR")?);
    let out = PathBuf::from(variable("OUT_DIR")?);
    let packages = Packages::find(&manifest.join("../../data"))?;
    let currencies = manifest.join("src/names/currencies.txt");
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed={}", currencies.display());
    write_block(&out, "countries", &countries(&packages)?)?;
    write_block(&out, "languages", &languages(&packages)?)?;
    write_block(&out, "currencies", &currency_names(&packages, &currencies)?)?;
    write_block(&out, "calendar", &calendar(&packages)?)?;
    write(&out, "regions", &regions(&packages)?)?;
    write(&out, "zones", &zones(&packages)?)
}

fn variable(name: &str) -> Outcome<String> {
    std::env::var(name).map_err(|error| format!("{name}: {error}"))
}

// ---- Reading packages -----------------------------------------------------------------------

struct Packages {
    folder: PathBuf,
}

impl Packages {
    fn find(data: &Path) -> Outcome<Packages> {
        let folder = data.join("node_modules");
        println!(
            "cargo::rerun-if-changed={}",
            data.join("package-lock.json").display()
        );
        println!(
            "cargo::rerun-if-changed={}",
            folder.join(".takwimu-lock").display()
        );
        let needed = [
            "cldr-localenames-full",
            "cldr-numbers-full",
            "cldr-dates-full",
            "cldr-bcp47",
            "iso-3166",
            "iso-3166-2",
        ];
        match needed.iter().find(|package| !folder.join(package).is_dir()) {
            None => Ok(Packages { folder }),
            Some(package) => Err(format!(
                "the data package {package} is missing in {}: run `make data` first",
                folder.display()
            )),
        }
    }

    fn text(&self, path: &str) -> Outcome<String> {
        let path = self.folder.join(path);
        std::fs::read_to_string(&path)
            .map_err(|error| format!("{}: {error}; run `make data` first", path.display()))
    }

    fn json(&self, path: &str) -> Outcome<Value> {
        serde_json::from_str(&self.text(path)?).map_err(|error| format!("{path}: {error}"))
    }

    /// The part of a locale file below `main/<language>`, for each language.
    fn locales(&self, package: &str, file: &str, pointer: &str) -> Outcome<Vec<Value>> {
        let read = |language: &&str| {
            let path = format!("{package}/main/{language}/{file}.json");
            let pointer = format!("/main/{language}{pointer}");
            let found = self.json(&path)?.pointer(&pointer).cloned();
            found.ok_or_else(|| format!("{path}: nothing at {pointer}"))
        };
        LANGUAGES.iter().map(read).collect()
    }
}

/// Collects `key → name per language` from objects of names, for the keys that are wanted.
fn collect(
    locales: &[Value],
    wanted: impl Fn(&str) -> Option<String>,
    name: impl Fn(&Value) -> Option<&str>,
) -> Block {
    let mut block = Block::new();
    for (position, locale) in locales.iter().enumerate() {
        for (key, value) in locale.as_object().into_iter().flatten() {
            if let (Some(key), Some(name)) = (wanted(key), name(value)) {
                block.entry(key).or_default()[position] = name.to_owned();
            }
        }
    }
    block.retain(|_, names| !names[0].is_empty());
    block
}

// ---- Names by language ----------------------------------------------------------------------

/// Countries by lower-case code, and the parts of the world by their numbers.
fn countries(packages: &Packages) -> Outcome<Block> {
    let pointer = "/localeDisplayNames/territories";
    let locales = packages.locales("cldr-localenames-full", "territories", pointer)?;
    let wanted = |key: &str| {
        let plain = key.bytes().all(|byte| byte.is_ascii_alphanumeric());
        plain.then(|| key.to_ascii_lowercase())
    };
    Ok(collect(&locales, wanted, Value::as_str))
}

/// Languages by code, with a capital first letter as labels have.
fn languages(packages: &Packages) -> Outcome<Block> {
    let pointer = "/localeDisplayNames/languages";
    let locales = packages.locales("cldr-localenames-full", "languages", pointer)?;
    let wanted = |key: &str| {
        let plain = key.bytes().all(|byte| byte.is_ascii_lowercase());
        plain.then(|| key.to_owned())
    };
    let mut block = collect(&locales, wanted, Value::as_str);
    for name in block.values_mut().flatten() {
        *name = with_capital(name);
    }
    Ok(block)
}

fn with_capital(name: &str) -> String {
    let mut letters = name.chars();
    match letters.next() {
        Some(first) => first.to_uppercase().chain(letters).collect(),
        None => String::new(),
    }
}

/// Names of the currencies that the table of symbols has.
fn currency_names(packages: &Packages, table: &Path) -> Outcome<Block> {
    let table =
        std::fs::read_to_string(table).map_err(|error| format!("{}: {error}", table.display()))?;
    let known: Vec<&str> = table.lines().filter_map(|line| line.get(..3)).collect();
    let pointer = "/numbers/currencies";
    let locales = packages.locales("cldr-numbers-full", "currencies", pointer)?;
    let wanted = |key: &str| known.contains(&key).then(|| key.to_owned());
    let name = "/displayName";
    Ok(collect(&locales, wanted, |value| {
        value.pointer(name).and_then(Value::as_str)
    }))
}

/// Words and patterns of dates: `month.wide.1`, `day.abbreviated.mon`, `date.full`, `interval.d` …
fn calendar(packages: &Packages) -> Outcome<Block> {
    let pointer = "/dates/calendars/gregorian";
    let locales = packages.locales("cldr-dates-full", "ca-gregorian", pointer)?;
    let mut block = Block::new();
    for (key, path) in calendar_entries() {
        for (position, locale) in locales.iter().enumerate() {
            let found = locale.pointer(&path).and_then(Value::as_str);
            let text = found.ok_or_else(|| format!("{}: no {path}", LANGUAGES[position]))?;
            block.entry(key.clone()).or_default()[position] = text.to_owned();
        }
    }
    Ok(block)
}

fn calendar_entries() -> Vec<(String, String)> {
    let mut entries: Vec<(String, String)> = [
        ("date.full", "/dateFormats/full"),
        ("date.day", "/dateTimeFormats/availableFormats/MMMEd"),
        ("date.short", "/dateTimeFormats/availableFormats/yMMMd"),
        ("date.month", "/dateTimeFormats/availableFormats/yMMMM"),
        ("date.short-month", "/dateTimeFormats/availableFormats/yMMM"),
        ("date.month-day", "/dateTimeFormats/availableFormats/MMMd"),
        ("interval.d", "/dateTimeFormats/intervalFormats/yMMMd/d"),
        ("interval.m", "/dateTimeFormats/intervalFormats/yMMMd/M"),
        ("interval.y", "/dateTimeFormats/intervalFormats/yMMMd/y"),
    ]
    .map(|(key, path)| (key.to_owned(), path.to_owned()))
    .into();
    for width in ["wide", "abbreviated"] {
        for month in 1..=12 {
            let key = format!("month.{width}.{month}");
            entries.push((key, format!("/months/format/{width}/{month}")));
        }
        for day in ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] {
            let key = format!("day.{width}.{day}");
            entries.push((key, format!("/days/format/{width}/{day}")));
        }
    }
    entries
}

// ---- Regions --------------------------------------------------------------------------------

/// Regions by `cc-code`: the current list, and from an older one the codes that were withdrawn
/// since, because visits of years ago have them.
fn regions(packages: &Packages) -> Outcome<String> {
    let old = packages.text("iso-3166-2/iso3166.min.js")?;
    let current = packages.text("iso-3166/2.js")?;
    let mut regions = old_regions(&old);
    let current = current_regions(&current);
    if regions.len() < 4000 || current.len() < 4000 {
        return Err("the lists of regions have another form than expected".to_owned());
    }
    regions.extend(current);
    let mut block = String::new();
    for (code, name) in &regions {
        block.push_str(&line(&[&code.to_ascii_lowercase(), name])?);
    }
    Ok(block)
}

/// Entries such as `"MK-18":{type:"Municipality",name:"Gevgelija"}` of a script in one line.
fn old_regions(script: &str) -> BTreeMap<String, String> {
    let entry = |(start, _): (usize, &str)| {
        let code = script.get(..start)?.rsplit('"').next()?;
        let rest = script.get(start..)?;
        let name = quoted(rest.get(rest.find(",name:")? + 6..)?)?;
        Some((code.to_owned(), name))
    };
    script
        .match_indices("\":{type:")
        .filter_map(entry)
        .collect()
}

/// Entries of two lines: `code: 'AD-02',` and `name: 'Canillo',`.
fn current_regions(script: &str) -> BTreeMap<String, String> {
    let mut regions = BTreeMap::new();
    let mut code = None;
    for line in script.lines() {
        let line = line.trim();
        if let Some(found) = line.strip_prefix("code: ") {
            code = quoted(found);
        } else if let (Some(name), Some(code)) =
            (line.strip_prefix("name: ").and_then(quoted), code.take())
        {
            regions.insert(code, name);
        }
    }
    regions
}

/// The string literal at the start of a text.
fn quoted(text: &str) -> Option<String> {
    let mut letters = text.chars();
    let mark = letters.next().filter(|mark| matches!(mark, '\'' | '"'))?;
    let mut value = String::new();
    loop {
        match letters.next()? {
            '\\' => value.push(letters.next()?),
            letter if letter == mark => return Some(value),
            letter => value.push(letter),
        }
    }
}

// ---- Time zones -----------------------------------------------------------------------------

/// Lines of zone, country, city per language and older names of the zone (with spaces between).
fn zones(packages: &Packages) -> Outcome<String> {
    let list = packages.json("cldr-bcp47/bcp47/timezone.json")?;
    let list = list.pointer("/keyword/u/tz").and_then(Value::as_object);
    let pointer = "/dates/timeZoneNames/zone";
    let cities = packages.locales("cldr-dates-full", "timeZoneNames", pointer)?;
    let mut block = BTreeMap::new();
    for (key, entry) in list.into_iter().flatten() {
        if let Some(zone) = Zone::read(key, entry) {
            block.insert(zone.name.clone(), zone.line(&cities)?);
        }
    }
    if block.len() < 400 {
        return Err("the list of time zones has another form than expected".to_owned());
    }
    Ok(block.into_values().collect())
}

struct Zone {
    name: String,
    country: String,
    /// All names: the first is the one that city names are listed under.
    aliases: Vec<String>,
}

impl Zone {
    /// None for zones without a country and for names that stand for another zone.
    fn read(key: &str, entry: &Value) -> Option<Zone> {
        let text = |field: &str| entry.get(field).and_then(Value::as_str);
        let aliases: Vec<String> = text("_alias")?.split(' ').map(str::to_owned).collect();
        let name = text("_iana")
            .or(aliases.first().map(String::as_str))?
            .to_owned();
        let country = match text("_region") {
            Some(region) => region.to_ascii_lowercase(),
            None => key.get(..2)?.to_owned(),
        };
        let outside = entry.get("_deprecated").is_some()
            || name.starts_with("Etc/")
            || key.starts_with("utc");
        let settled = name.contains('/') && !outside;
        settled.then_some(Zone {
            name,
            country,
            aliases,
        })
    }

    fn line(&self, cities: &[Value]) -> Outcome<String> {
        let city = |locale: &Value| {
            let listed = |name: &String| {
                let pointer = format!("/{name}/exemplarCity");
                Some(locale.pointer(&pointer)?.as_str()?.to_owned())
            };
            self.aliases.iter().find_map(listed).unwrap_or_default()
        };
        let others: Vec<&str> = self
            .aliases
            .iter()
            .map(String::as_str)
            .filter(|alias| *alias != self.name)
            .collect();
        let cities: Vec<String> = cities.iter().map(city).collect();
        let others = others.join(" ");
        line(&[
            &self.name,
            &self.country,
            &cities[0],
            &cities[1],
            &cities[2],
            &cities[3],
            &others,
        ])
    }
}

// ---- Writing --------------------------------------------------------------------------------

fn write_block(out: &Path, name: &str, block: &Block) -> Outcome<()> {
    if block.is_empty() {
        return Err(format!("no {name} found in the data packages"));
    }
    let mut text = String::new();
    for (key, names) in block {
        let as_in_english = |name: &String| {
            if *name == names[0] {
                String::new()
            } else {
                name.clone()
            }
        };
        let others: Vec<String> = names[1..].iter().map(as_in_english).collect();
        text.push_str(&line(&[
            key, &names[0], &others[0], &others[1], &others[2],
        ])?);
    }
    write(out, name, &text)
}

/// One line of cells. Cells never hold the marks that end them.
fn line(cells: &[&str]) -> Outcome<String> {
    match cells.iter().find(|cell| cell.contains(['\t', '\n', '\r'])) {
        Some(cell) => Err(format!("a name holds a tab or a line end: {cell:?}")),
        None => Ok(cells.join("\t") + "\n"),
    }
}

fn write(out: &Path, name: &str, text: &str) -> Outcome<()> {
    let path = out.join(format!("names-{name}.txt"));
    std::fs::write(&path, text).map_err(|error| format!("{}: {error}", path.display()))
}
