//! Makes the device rules out of the files of the data package.
//!
//! This part runs when the program is built, and at start-up when an operator has named another
//! copy of the data. It refers to nothing outside of this directory, because the build script
//! includes it.

pub mod fragments;
pub mod grams;
pub mod program;
mod python;
pub mod rules;
mod supplement;
pub mod syntax;
mod yaml;

use catalog::values::device_type_number;
use fragments::FRAGMENTS;
use program::Assembler;
use rules::{
    BotRule, BrandRule, BrowserRule, ClientRule, EngineRule, Index, ModelRule, NameTables, Pattern,
    Rules, SystemRule, SystemVersion, Text, TextPool,
};
use std::borrow::Cow;
use std::fmt;
use std::path::{Path, PathBuf};
use yaml::Yaml;

/// Why the data could not be used.
#[derive(Debug)]
pub struct CompileError {
    path: PathBuf,
    reason: String,
}

impl fmt::Display for CompileError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.path.display(), self.reason)
    }
}

impl std::error::Error for CompileError {}

/// Where the parts of the data are.
#[derive(Debug, Clone)]
pub struct Layout {
    /// The directory with `bots.yml`, `oss.yml`, `client` and `device`.
    pub rules: PathBuf,
    /// The modules with the tables of names, when there are any.
    pub settings: Option<PathBuf>,
    pub brands: Option<PathBuf>,
}

impl Layout {
    /// Finds the parts in an unpacked data package (`device_detector` with `regexes/upstream`), in
    /// a copy of the rule files alone (`regexes`), or in a directory that holds one of them.
    pub fn find(directory: &Path) -> Result<Layout, CompileError> {
        let candidates = [
            directory.join("device_detector/regexes/upstream"),
            directory.join("regexes/upstream"),
            directory.join("regexes"),
            directory.to_path_buf(),
        ];
        let rules = candidates
            .into_iter()
            .find(|candidate| candidate.join("bots.yml").is_file())
            .ok_or_else(|| CompileError {
                path: directory.to_path_buf(),
                reason: "no device rules here (bots.yml is missing)".to_owned(),
            })?;
        let package = rules.ancestors().nth(2).map(Path::to_path_buf);
        let module = |name: &str| {
            let path = package.as_ref()?.join(name);
            path.is_file().then_some(path)
        };
        Ok(Layout {
            settings: module("parser/settings.py"),
            brands: module("parser/device/base.py"),
            rules,
        })
    }
}

/// Makes the rules out of the files; without tables of names in the data, `tables` are used.
pub fn compile(layout: &Layout, tables: Option<NameTables>) -> Result<Rules, CompileError> {
    let tables = match (&layout.settings, &layout.brands, tables) {
        (Some(settings), Some(brands), _) => read_tables(settings, brands)?,
        (_, _, Some(tables)) => tables,
        _ => {
            return Err(CompileError {
                path: layout.rules.clone(),
                reason: "the tables of names are missing".to_owned(),
            });
        }
    };
    let mut compiler = Compiler {
        directory: &layout.rules,
        assembler: Assembler::default(),
        texts: TextPool::default(),
    };
    let mut index = compiler.index()?;
    index.tables = tables;
    index.sets = compiler.assembler.sets.iter().map(|set| set.0).collect();
    Ok(Rules {
        code: Cow::Owned(compiler.assembler.code),
        text: Cow::Owned(compiler.texts.finish()),
        sets: compiler.assembler.sets,
        index,
    })
}

fn read(path: &Path) -> Result<String, CompileError> {
    std::fs::read_to_string(path).map_err(|error| CompileError {
        path: path.to_path_buf(),
        reason: error.to_string(),
    })
}

fn read_tables(settings: &Path, brands: &Path) -> Result<NameTables, CompileError> {
    let settings_source = read(settings)?;
    let brands_source = read(brands)?;
    let at = |path: &Path| {
        let path = path.to_path_buf();
        move |reason| CompileError {
            path: path.clone(),
            reason,
        }
    };
    let table = |name: &str| python::table(&settings_source, name).map_err(at(settings));
    let mut tables = NameTables {
        systems: table("OPERATING_SYSTEMS")?.text_entries(),
        system_families: table("OS_FAMILIES")?.list_entries(),
        browsers: table("AVAILABLE_BROWSERS")?.text_entries(),
        browser_families: table("BROWSER_FAMILIES")?.list_entries(),
        mobile_only_browsers: table("MOBILE_ONLY_BROWSERS")?.texts(),
        engines: table("AVAILABLE_ENGINES")?.texts(),
        browser_hint_names: table("APP_TO_CLIENT_HINT_MAPPING")?.list_entries(),
        system_hint_names: table("OS_CLIENT_HINT_MAPPING")?.list_entries(),
        brands: python::table(&brands_source, "DEVICE_BRANDS")
            .map_err(at(brands))?
            .text_entries(),
        fire_os_versions: table("FIREOS_VERSION_MAPPING")?.text_entries(),
        lineage_os_versions: table("LINEAGEOS_VERSION_MAPPING")?.text_entries(),
        desktop_families: table("DESKTOP_OS")?.texts(),
        android_tv_apps: table("ANDROID_APPS")?.texts(),
        tv_clients: table("TV_CLIENTS")?.texts(),
    };
    supplement::supplement(&mut tables);
    Ok(tables)
}

struct Compiler<'d> {
    directory: &'d Path,
    assembler: Assembler,
    texts: TextPool,
}

/// An error without the file it is about.
type Reason = String;

impl Compiler<'_> {
    fn index(&mut self) -> Result<Index, CompileError> {
        Ok(Index {
            systems: self.list("oss.yml", Self::system)?,
            bots: self.list("bots.yml", Self::bot)?,
            feed_readers: self.list("client/feed_readers.yml", Self::client)?,
            mobile_apps: self.list("client/mobile_apps.yml", Self::client)?,
            media_players: self.list("client/mediaplayers.yml", Self::client)?,
            pims: self.list("client/pim.yml", Self::client)?,
            libraries: self.list("client/libraries.yml", Self::client)?,
            browsers: self.list("client/browsers.yml", Self::browser)?,
            engines: self.list("client/browser_engine.yml", Self::engine)?,
            app_names: self.map("client/hints/apps.yml", Self::app_name)?,
            browser_app_names: self.map("client/hints/browsers.yml", Self::app_name)?,
            televisions: self.map("device/televisions.yml", Self::brand)?,
            shell_televisions: self.map("device/shell_tv.yml", Self::brand)?,
            notebooks: self.map("device/notebooks.yml", Self::brand)?,
            consoles: self.map("device/consoles.yml", Self::brand)?,
            car_browsers: self.map("device/car_browsers.yml", Self::brand)?,
            cameras: self.map("device/cameras.yml", Self::brand)?,
            portable_media_players: self.map("device/portable_media_player.yml", Self::brand)?,
            mobiles: self.map("device/mobiles.yml", Self::brand)?,
            vendor_fragments: self
                .map("vendorfragments.yml", Self::vendor)?
                .into_iter()
                .flatten()
                .collect(),
            fragments: self.fragments()?,
            ..Index::default()
        })
    }

    fn fragments(&mut self) -> Result<Vec<Pattern>, CompileError> {
        FRAGMENTS
            .iter()
            .map(|(_, pattern)| self.pattern(pattern))
            .collect::<Result<_, _>>()
            .map_err(|reason| CompileError {
                path: PathBuf::from("fragments"),
                reason,
            })
    }

    fn load(&self, file: &str) -> Result<(PathBuf, Yaml), CompileError> {
        let path = self.directory.join(file);
        let source = read(&path)?;
        match Yaml::parse(&source) {
            Ok(yaml) => Ok((path, yaml)),
            Err(reason) => Err(CompileError { path, reason }),
        }
    }

    fn list<T>(
        &mut self,
        file: &str,
        rule: fn(&mut Self, &Yaml) -> Result<T, Reason>,
    ) -> Result<Vec<T>, CompileError> {
        let (path, yaml) = self.load(file)?;
        yaml.items()
            .iter()
            .map(|item| rule(self, item))
            .collect::<Result<_, _>>()
            .map_err(|reason| CompileError { path, reason })
    }

    fn map<T>(
        &mut self,
        file: &str,
        rule: fn(&mut Self, &str, &Yaml) -> Result<T, Reason>,
    ) -> Result<Vec<T>, CompileError> {
        let (path, yaml) = self.load(file)?;
        yaml.entries()
            .iter()
            .map(|(key, value)| rule(self, key, value))
            .collect::<Result<_, _>>()
            .map_err(|reason| CompileError { path, reason })
    }

    fn pattern(&mut self, pattern: &str) -> Result<Pattern, Reason> {
        self.assembler
            .add(pattern)
            .map_err(|error| format!("{error} in {pattern}"))
    }

    fn regex(&mut self, rule: &Yaml) -> Result<Pattern, Reason> {
        let pattern = rule.text("regex").ok_or("a rule without regex")?;
        self.pattern(pattern)
    }

    /// A string that may refer to groups, as `$1` or `\g<1>`; kept in the first form.
    fn template(&mut self, rule: &Yaml, key: &str) -> Result<Option<Text>, Reason> {
        let Some(text) = rule.text(key) else {
            return Ok(None);
        };
        let mut template = text.to_owned();
        for group in 1..=9 {
            template = template.replace(&format!("\\g<{group}>"), &format!("${group}"));
        }
        self.texts.add(&template).map(Some)
    }

    fn template_or_empty(&mut self, rule: &Yaml, key: &str) -> Result<Text, Reason> {
        match self.template(rule, key)? {
            Some(text) => Ok(text),
            None => self.texts.add(""),
        }
    }

    fn system(&mut self, rule: &Yaml) -> Result<SystemRule, Reason> {
        let versions = rule.get("versions").map_or(&[][..], Yaml::items);
        Ok(SystemRule {
            pattern: self.regex(rule)?,
            name: self.template_or_empty(rule, "name")?,
            version: self.template(rule, "version")?,
            versions: versions
                .iter()
                .map(|rule| {
                    Ok(SystemVersion {
                        pattern: self.regex(rule)?,
                        name: self.template(rule, "name")?,
                        version: self.template(rule, "version")?,
                    })
                })
                .collect::<Result<_, Reason>>()?,
        })
    }

    fn bot(&mut self, rule: &Yaml) -> Result<BotRule, Reason> {
        let none = Yaml::Map(Vec::new());
        let producer = rule.get("producer").unwrap_or(&none);
        Ok(BotRule {
            pattern: self.regex(rule)?,
            name: self.template_or_empty(rule, "name")?,
            category: self.template_or_empty(rule, "category")?,
            url: self.template_or_empty(rule, "url")?,
            producer_name: self.template_or_empty(producer, "name")?,
            producer_url: self.template_or_empty(producer, "url")?,
        })
    }

    fn client(&mut self, rule: &Yaml) -> Result<ClientRule, Reason> {
        Ok(ClientRule {
            pattern: self.regex(rule)?,
            name: self.template_or_empty(rule, "name")?,
            version: self.template_or_empty(rule, "version")?,
        })
    }

    fn browser(&mut self, rule: &Yaml) -> Result<BrowserRule, Reason> {
        let none = Yaml::Map(Vec::new());
        let engine = rule.get("engine").unwrap_or(&none);
        let versions = engine.get("versions").unwrap_or(&none);
        Ok(BrowserRule {
            pattern: self.regex(rule)?,
            name: self.template_or_empty(rule, "name")?,
            version: self.template_or_empty(rule, "version")?,
            engine: self.template_or_empty(engine, "default")?,
            engine_versions: versions
                .entries()
                .iter()
                .map(|(version, engine)| {
                    let engine = engine.as_text().unwrap_or_default();
                    Ok((self.texts.add(version)?, self.texts.add(engine)?))
                })
                .collect::<Result<_, Reason>>()?,
        })
    }

    fn engine(&mut self, rule: &Yaml) -> Result<EngineRule, Reason> {
        Ok(EngineRule {
            pattern: self.regex(rule)?,
            name: self.template_or_empty(rule, "name")?,
        })
    }

    fn app_name(&mut self, app: &str, name: &Yaml) -> Result<(Text, Text), Reason> {
        let name = name.as_text().unwrap_or_default();
        Ok((self.texts.add(app)?, self.texts.add(name)?))
    }

    fn brand(&mut self, brand: &str, rule: &Yaml) -> Result<BrandRule, Reason> {
        let models = rule.get("models").map_or(&[][..], Yaml::items);
        let brand = if brand == "Unknown" { "" } else { brand };
        Ok(BrandRule {
            pattern: self.regex(rule)?,
            brand: self.texts.add(brand)?,
            device_type: device_type(rule),
            model: self.template(rule, "model")?,
            models: models
                .iter()
                .map(|rule| self.model(rule))
                .collect::<Result<_, _>>()?,
        })
    }

    fn model(&mut self, rule: &Yaml) -> Result<ModelRule, Reason> {
        Ok(ModelRule {
            pattern: self.regex(rule)?,
            model: self.template_or_empty(rule, "model")?,
            brand: self.template(rule, "brand")?,
            device_type: device_type(rule),
        })
    }

    fn vendor(&mut self, brand: &str, patterns: &Yaml) -> Result<Vec<(Pattern, Text)>, Reason> {
        let brand = self.texts.add(brand)?;
        patterns
            .items()
            .iter()
            .filter_map(Yaml::as_text)
            .map(|pattern| Ok((self.pattern(&format!("{pattern}[^a-z0-9]+"))?, brand)))
            .collect()
    }
}

fn device_type(rule: &Yaml) -> Option<u8> {
    device_type_number(rule.text("device")?)
}
