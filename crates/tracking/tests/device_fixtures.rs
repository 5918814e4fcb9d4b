//! Runs every test case of the device detection data package and reports how often each field
//! agrees. Fails when less than 99 % of the cases agree in all fields.
//!
//! The cases are not part of the repository: `make data` fetches them. Without them the test says
//! so and passes, except in continuous integration (`CI=true`).

use saphyr_parser::{Event, Parser};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use tracking::device::{ClientHints, Device, DeviceDetector, VersionDepth, device_type_name};

const REQUIRED_AGREEMENT: f64 = 0.99;
/// Disagreements that are printed.
const SHOWN: usize = 40;

/// Files that test something other than device detection, with the reason.
const SKIPPED: [(&str, &str); 2] = [
    (
        "local/app_names.yml",
        "names of apps that the Python package derives with rules of its own; Matomo does not",
    ),
    (
        "local/normalize.yml",
        "the Python package's clean-up of user agents before detection; Matomo has none",
    ),
];

#[derive(Debug, Clone)]
enum Yaml {
    Text(String),
    List(Vec<Yaml>),
    Map(Vec<(String, Yaml)>),
}

enum Open {
    List(Vec<Yaml>),
    Map(Vec<(String, Yaml)>, Option<String>),
}

/// Scalars stay text: versions such as 7.10 are not numbers.
fn parse(source: &str) -> Yaml {
    let mut open: Vec<Open> = Vec::new();
    for event in Parser::new_from_str(source) {
        let value = match event.expect("valid YAML").0 {
            Event::Scalar(text, style, ..) => {
                let is_null = format!("{style:?}") == "Plain" && matches!(&*text, "~" | "null");
                Yaml::Text(if is_null {
                    String::new()
                } else {
                    text.into_owned()
                })
            }
            Event::SequenceStart(..) => {
                open.push(Open::List(Vec::new()));
                continue;
            }
            Event::MappingStart(..) => {
                open.push(Open::Map(Vec::new(), None));
                continue;
            }
            Event::SequenceEnd | Event::MappingEnd => match open.pop().expect("open collection") {
                Open::List(items) => Yaml::List(items),
                Open::Map(entries, _) => Yaml::Map(entries),
            },
            _ => continue,
        };
        match open.last_mut() {
            None => return value,
            Some(Open::List(items)) => items.push(value),
            Some(Open::Map(entries, key)) => match (key.take(), value) {
                (Some(key), value) => entries.push((key, value)),
                (None, Yaml::Text(text)) => *key = Some(text),
                (None, _) => panic!("a key that is not text"),
            },
        }
    }
    Yaml::List(Vec::new())
}

impl Yaml {
    fn at(&self, path: &[&str]) -> Option<&Yaml> {
        path.iter().try_fold(self, |yaml, key| match yaml {
            Yaml::Map(entries) => entries.iter().find(|(name, _)| name == key).map(|(_, v)| v),
            _ => None,
        })
    }

    fn text(&self, path: &[&str]) -> &str {
        match self.at(path) {
            Some(Yaml::Text(text)) => text,
            _ => "",
        }
    }
}

fn hints_of(case: &Yaml) -> ClientHints {
    let Some(Yaml::Map(headers)) = case.at(&["headers"]) else {
        return ClientHints::default();
    };
    // Cases give hints as headers or, with lists, as the keys of the JavaScript interface.
    let plain = |name: &str| {
        let name = name.to_ascii_lowercase().replace('_', "-");
        name.strip_prefix("http-")
            .map_or(name.clone(), str::to_owned)
    };
    let is_header =
        |name: &str| name.starts_with("sec-ch-") || name.starts_with("x-requested-with");
    let from_headers = ClientHints::from_headers(&|wanted| {
        headers.iter().find_map(|(name, value)| match value {
            Yaml::Text(text) => (plain(name) == wanted).then(|| text.clone()),
            _ => None,
        })
    });
    let scripted: serde_json::Map<_, _> = headers
        .iter()
        .filter(|(name, _)| !is_header(&plain(name)))
        .map(|(name, value)| (name.clone(), json_of(value)))
        .collect();
    if scripted.is_empty() {
        return from_headers;
    }
    let json = serde_json::Value::Object(scripted).to_string();
    ClientHints {
        app: from_headers.app,
        ..ClientHints::from_uadata_json(&json).expect("a JSON object")
    }
}

fn json_of(yaml: &Yaml) -> serde_json::Value {
    match yaml {
        Yaml::Text(text) if text == "true" => true.into(),
        Yaml::Text(text) if text == "false" => false.into(),
        Yaml::Text(text) => text.clone().into(),
        Yaml::List(items) => items.iter().map(json_of).collect(),
        Yaml::Map(entries) => {
            let object = entries
                .iter()
                .map(|(key, value)| (key.clone(), json_of(value)));
            serde_json::Value::Object(object.collect())
        }
    }
}

/// The fields of a case: name, expected and detected value.
fn compare(case: &Yaml, device: &Device) -> Vec<(&'static str, String, String)> {
    let mut fields = Vec::new();
    let mut add = |name, expected: &str, detected: &str| {
        fields.push((name, expected.to_owned(), detected.to_owned()));
    };
    if case.at(&["bot"]).is_some() {
        let bot = device.bot.clone().unwrap_or_default();
        add("bot name", case.text(&["bot", "name"]), &bot.name);
        add(
            "bot category",
            case.text(&["bot", "category"]),
            &bot.category,
        );
        add("bot url", case.text(&["bot", "url"]), &bot.url);
        let producer = case.text(&["bot", "producer", "name"]);
        add("bot producer", producer, &bot.producer_name);
        let producer = case.text(&["bot", "producer", "url"]);
        add("bot producer url", producer, &bot.producer_url);
        return fields;
    }
    let is_bot = device.bot.as_ref().map_or("", |bot| &bot.name);
    add("no bot", "", is_bot);
    add("os name", case.text(&["os", "name"]), &device.os_name);
    add(
        "os version",
        case.text(&["os", "version"]),
        &device.os_version,
    );
    add(
        "os platform",
        case.text(&["os", "platform"]),
        device.os_platform,
    );
    let kind = device.client_kind.map_or("", |kind| kind.name());
    add("client type", case.text(&["client", "type"]), kind);
    add(
        "client name",
        case.text(&["client", "name"]),
        &device.client_name,
    );
    let version = case.text(&["client", "version"]);
    add("client version", version, &device.client_version);
    add("engine", case.text(&["client", "engine"]), &device.engine);
    let version = case.text(&["client", "engine_version"]);
    add("engine version", version, &device.engine_version);
    let kind = device.device_type.and_then(device_type_name).unwrap_or("");
    add("device type", case.text(&["device", "type"]), kind);
    add("brand", case.text(&["device", "brand"]), &device.brand);
    add("model", case.text(&["device", "model"]), &device.model);
    let family = device.os_family.as_deref().unwrap_or("Unknown");
    add("os family", case.text(&["os_family"]), family);
    let family = device.client_family.as_deref().unwrap_or("Unknown");
    add("browser family", case.text(&["browser_family"]), family);
    fields
}

fn fixture_files(directory: &Path) -> Vec<PathBuf> {
    let mut files: Vec<_> = std::fs::read_dir(directory)
        .expect("a readable directory")
        .map(|entry| entry.expect("a readable entry").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "yml"))
        .collect();
    files.sort();
    files
}

#[derive(Default)]
struct Tally {
    cases: usize,
    agreeing: usize,
    by_field: BTreeMap<&'static str, (usize, usize)>,
    by_file: BTreeMap<String, (usize, usize)>,
    shown: Vec<String>,
}

impl Tally {
    fn add(&mut self, file: &str, user_agent: &str, fields: &[(&'static str, String, String)]) {
        self.cases += 1;
        let differing: Vec<_> = fields.iter().filter(|(_, want, got)| want != got).collect();
        for (name, want, got) in fields {
            let (right, all) = self.by_field.entry(name).or_default();
            *all += 1;
            *right += usize::from(want == got);
        }
        let (right, all) = self.by_file.entry(file.to_owned()).or_default();
        *all += 1;
        if differing.is_empty() {
            self.agreeing += 1;
            *right += 1;
        } else if self.shown.len() < SHOWN {
            let lines: Vec<_> = differing
                .iter()
                .map(|(name, want, got)| format!("    {name}: expected {want:?}, detected {got:?}"))
                .collect();
            self.shown
                .push(format!("{file}: {user_agent}\n{}", lines.join("\n")));
        }
    }

    fn report(&self) {
        for line in &self.shown {
            println!("{line}");
        }
        for (file, (right, all)) in self.by_file.iter().filter(|(_, (right, all))| right < all) {
            println!("{file}: {right} of {all}");
        }
        for (name, (right, all)) in &self.by_field {
            println!(
                "{name:18} {:8.4} % of {all}",
                100.0 * *right as f64 / *all as f64
            );
        }
        println!(
            "all fields         {:8.4} % ({} of {})",
            100.0 * self.agreement(),
            self.agreeing,
            self.cases
        );
    }

    fn agreement(&self) -> f64 {
        self.agreeing as f64 / self.cases.max(1) as f64
    }
}

#[test]
fn agrees_with_the_fixtures_of_the_data_package() {
    let directory =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data/packages/device_detector-fixtures");
    if !directory.is_dir() {
        let missing = format!("no test cases in {}: run `make data`", directory.display());
        assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "{missing}");
        println!("skipped: {missing}");
        return;
    }
    let detector = DeviceDetector::embedded().with_version_depth(VersionDepth::Full);
    let mut tally = Tally::default();
    for (file, reason) in SKIPPED {
        println!("skipped: {file}: {reason}");
        assert!(directory.join(file).is_file(), "{file} is gone");
    }
    for path in fixture_files(&directory.join("upstream")) {
        let file = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let source = std::fs::read_to_string(&path).expect("readable test cases");
        let Yaml::List(cases) = parse(&source) else {
            panic!("{file} is no list");
        };
        for case in &cases {
            let user_agent = case.text(&["user_agent"]);
            let device = detector.detect(user_agent, &hints_of(case));
            tally.add(&file, user_agent, &compare(case, &device));
        }
    }
    tally.report();
    assert!(tally.cases > 10_000, "only {} cases", tally.cases);
    assert!(
        tally.agreement() >= REQUIRED_AGREEMENT,
        "only {:.2} % agree",
        100.0 * tally.agreement()
    );
}
