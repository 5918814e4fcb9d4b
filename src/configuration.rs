//! The settings of the program itself: defaults, then a file, then the environment, then flags. Settings of
//! sites, users and reports are kept with the data and changed through the API.

use std::net::IpAddr;
use std::path::{Path, PathBuf};

use server::PlacesFrom;
use settings::Network;

use crate::arguments::{Arguments, CONFIG_FLAG};

/// One setting.
pub struct Setting {
    /// As in the file; the flag has dashes, the variable of the environment is in upper case.
    pub name: &'static str,
    /// What a value is, in the help.
    pub value: &'static str,
    /// Empty: not set.
    pub default: &'static str,
    /// Several values: flags are repeated, commas divide them elsewhere.
    pub is_list: bool,
    pub about: &'static str,
}

impl Setting {
    pub fn flag(&self) -> String {
        format!("--{}", self.name.replace('_', "-"))
    }

    pub fn variable(&self) -> String {
        format!("TAKWIMU_{}", self.name.to_ascii_uppercase())
    }

    /// What the help says about it.
    pub fn help(&self) -> String {
        match self.default {
            "" => self.about.to_owned(),
            default => format!("{} (default: {default})", self.about),
        }
    }
}

const fn one(
    name: &'static str,
    value: &'static str,
    default: &'static str,
    about: &'static str,
) -> Setting {
    Setting {
        name,
        value,
        default,
        is_list: false,
        about,
    }
}

const fn list(name: &'static str, value: &'static str, about: &'static str) -> Setting {
    Setting {
        name,
        value,
        default: "",
        is_list: true,
        about,
    }
}

/// Every setting.
pub const SETTINGS: &[Setting] = &[
    one(
        "data",
        "DIR",
        "data-dir",
        "folder of everything that is kept: hits, sites, users, secrets. One program at a time may use it.",
    ),
    one(
        "host",
        "ADDRESS",
        "127.0.0.1",
        "address to listen on. 0.0.0.0 or :: opens the server to other machines: put a proxy with TLS before it.",
    ),
    one("port", "NUMBER", "8080", "port to listen on"),
    one(
        "base_url",
        "URL",
        "",
        "address that browsers use, such as https://example.org/stats, when a proxy stands before the program",
    ),
    list(
        "trusted_proxy",
        "NETWORK",
        "network whose X-Forwarded-For is believed, such as 10.0.0.0/8",
    ),
    list(
        "location_database",
        "FILE",
        "location database in the MaxMind format (GeoLite2, DB-IP and others; cities or countries; IPv4 and IPv6 may \
         be two files). It is kept in memory. Without one the countries of the public-domain database in the program \
         are used. The word none looks up nothing.",
    ),
    one(
        "durability",
        "power|process|none",
        "power",
        "what a hit that was answered outlives: a power cut, the end of the process only, or nothing (for tests)",
    ),
    one(
        "seal",
        "normal|every-record|never",
        "normal",
        "when visits move from memory to files: when they are idle or too many, after every record of the journal \
         (slow), or never (memory grows). No answer depends on it.",
    ),
];

/// The settings in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Configuration {
    pub data: PathBuf,
    pub host: IpAddr,
    pub port: u16,
    pub base_url: Option<String>,
    pub trusted_proxies: Vec<Network>,
    pub places: PlacesFrom,
    pub durability: journal::Durability,
    pub sealing: ingest::Sealing,
}

impl Configuration {
    /// By the flags of a call, the environment, and the file that `--config` names.
    pub fn of(arguments: &Arguments) -> Result<Configuration, String> {
        let file = match arguments.value(CONFIG_FLAG) {
            Some(path) => read_file(Path::new(path))?,
            None => Vec::new(),
        };
        let variable = |name: &str| std::env::var(name).ok();
        Values {
            arguments,
            file,
            variable: &variable,
        }
        .configuration()
    }
}

struct Values<'a> {
    arguments: &'a Arguments,
    file: Vec<(String, String)>,
    variable: &'a dyn Fn(&str) -> Option<String>,
}

impl Values<'_> {
    fn configuration(&self) -> Result<Configuration, String> {
        let places = self.texts("location_database");
        Ok(Configuration {
            data: PathBuf::from(self.text("data")),
            host: self.parsed("host")?,
            port: self.parsed("port")?,
            base_url: match self.text("base_url").as_str() {
                "" => None,
                url => Some(server::parse_base_url(url)?),
            },
            durability: self.parsed("durability")?,
            sealing: self.parsed("seal")?,
            trusted_proxies: self
                .texts("trusted_proxy")
                .iter()
                .map(|text| Network::parse(text).ok_or_else(|| format!("'{text}' is no network")))
                .collect::<Result<_, _>>()?,
            places: match places.iter().map(String::as_str).collect::<Vec<_>>()[..] {
                [] => PlacesFrom::Program,
                ["none"] => PlacesFrom::Nothing,
                _ => PlacesFrom::Files(places.iter().map(PathBuf::from).collect()),
            },
        })
    }

    /// The values from the layer that wins; empty texts are none.
    fn texts(&self, name: &str) -> Vec<String> {
        let Some(setting) = SETTINGS.iter().find(|setting| setting.name == name) else {
            return Vec::new();
        };
        let flag = setting.flag();
        let split = |text: &str| -> Vec<String> {
            let texts: Vec<&str> = match setting.is_list {
                true => text.split(',').collect(),
                false => vec![text],
            };
            let texts = texts.iter().map(|text| text.trim());
            texts
                .filter(|text| !text.is_empty())
                .map(str::to_owned)
                .collect()
        };
        if self.arguments.is_set(&flag) {
            return self.arguments.values(&flag).flat_map(split).collect();
        }
        let file = || {
            let entry = self.file.iter().rev().find(|(key, _)| key == name);
            entry.map(|(_, value)| value.clone())
        };
        let text = (self.variable)(&setting.variable()).or_else(file);
        split(text.as_deref().unwrap_or(setting.default))
    }

    fn text(&self, name: &str) -> String {
        self.texts(name).pop().unwrap_or_default()
    }

    fn parsed<T: std::str::FromStr>(&self, name: &str) -> Result<T, String> {
        let text = self.text(name);
        text.parse()
            .map_err(|_| format!("'{text}' is no value for {name}"))
    }
}

fn read_file(path: &Path) -> Result<Vec<(String, String)>, String> {
    let text =
        std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    parse_file(&text).map_err(|error| format!("{}: {error}", path.display()))
}

/// Lines `name = value`; quotes around a value may be left out, and `#` begins a comment.
fn parse_file(text: &str) -> Result<Vec<(String, String)>, String> {
    let mut entries = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let number = number + 1;
        let (name, value) = line
            .split_once('=')
            .ok_or_else(|| format!("line {number} has no '='"))?;
        let name = name.trim();
        if !SETTINGS.iter().any(|setting| setting.name == name) {
            return Err(format!("line {number}: there is no setting '{name}'"));
        }
        let value = value.trim();
        let inside = value
            .strip_prefix('"')
            .and_then(|rest| rest.strip_suffix('"'));
        entries.push((name.to_owned(), inside.unwrap_or(value).to_owned()));
    }
    Ok(entries)
}

/// A file with every setting, what it does, and its default.
pub fn template() -> String {
    let mut text = String::from(
        "# Settings of Takwimu. Flags win over the environment, the environment wins over this file.\n\
         # A line is `name = value`; commas divide several values.\n",
    );
    for setting in SETTINGS {
        let (flag, variable) = (setting.flag(), setting.variable());
        let value = match setting.default {
            "" => format!("# {} =", setting.name),
            default => format!("# {} = {default}", setting.name),
        };
        text += &format!(
            "\n# {}\n# {flag} {}, {variable}\n{value}\n",
            setting.about, setting.value
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::COMMANDS;

    fn read(
        flags: &[&str],
        variables: &[(&str, &str)],
        file: &str,
    ) -> Result<Configuration, String> {
        let command = COMMANDS.iter().find(|command| command.name == "serve");
        let flags = flags.iter().map(|flag| (*flag).to_owned());
        let arguments = Arguments::read(command.expect("serve"), flags)?;
        let variable = |name: &str| {
            let entry = variables.iter().find(|(key, _)| *key == name);
            entry.map(|(_, value)| (*value).to_owned())
        };
        let values = Values {
            arguments: &arguments,
            file: parse_file(file)?,
            variable: &variable,
        };
        values.configuration()
    }

    #[test]
    fn flags_win_over_the_environment_and_that_over_the_file() {
        let file = "port = 1\n# host = x\ndata = \"a b\"\n";
        for (flags, variables, expected) in [
            (&[][..], &[][..], 1),
            (&[], &[("TAKWIMU_PORT", "2")], 2),
            (&["--port", "3"], &[("TAKWIMU_PORT", "2")], 3),
        ] {
            let configuration = read(flags, variables, file).expect("a configuration");
            assert_eq!(configuration.port, expected);
            assert_eq!(configuration.data, PathBuf::from("a b"));
        }
        assert_eq!(read(&[], &[], "").expect("defaults").port, 8080);
    }

    #[test]
    fn lists_are_repeated_or_divided_by_commas() {
        let both = [PathBuf::from("a"), PathBuf::from("b")];
        let files = Ok(PlacesFrom::Files(both.to_vec()));
        let places = |flags: &[&str], file: &str| read(flags, &[], file).map(|found| found.places);
        assert_eq!(
            places(
                &["--location-database", "a", "--location-database", "b"],
                ""
            ),
            files
        );
        assert_eq!(places(&[], "location_database = a, b"), files);
        assert_eq!(
            places(&[], "location_database = none"),
            Ok(PlacesFrom::Nothing)
        );
        assert_eq!(places(&[], ""), Ok(PlacesFrom::Program));
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (flags, file, message) in [
            (&["--port", "x"][..], "", "'x' is no value for port"),
            (&["--trusted-proxy", "x"], "", "'x' is no network"),
            (&[], "prot = 1", "line 1: there is no setting 'prot'"),
            (&[], "port", "line 1 has no '='"),
        ] {
            assert_eq!(read(flags, &[], file).err().as_deref(), Some(message));
        }
    }

    #[test]
    fn the_template_documents_every_setting_and_changes_none() {
        let template = template();
        for setting in SETTINGS {
            assert!(setting.about.len() > 10, "{} says nothing", setting.name);
            assert!(template.contains(setting.about) && template.contains(&setting.variable()));
        }
        assert_eq!(read(&[], &[], &template), read(&[], &[], ""));
        // Every line that it comments out is one that may stand there.
        let lines = template.lines().filter_map(|line| line.strip_prefix("# "));
        let known = |line: &&str| {
            SETTINGS
                .iter()
                .any(|s| line.starts_with(&format!("{} =", s.name)))
        };
        let uncommented: Vec<&str> = lines.filter(known).collect();
        assert_eq!(uncommented.len(), SETTINGS.len());
        assert_eq!(read(&[], &[], &uncommented.join("\n")), read(&[], &[], ""));
    }

    #[test]
    fn every_setting_is_read_by_a_command() {
        for setting in SETTINGS {
            let reads = |name: &str| {
                COMMANDS
                    .iter()
                    .any(|command| command.settings.contains(&name))
            };
            assert!(reads(setting.name), "nothing reads {}", setting.name);
        }
        for command in COMMANDS {
            for name in command.settings {
                let known = SETTINGS.iter().any(|setting| setting.name == *name);
                assert!(known, "{} reads {name}, which is no setting", command.name);
            }
        }
    }
}
