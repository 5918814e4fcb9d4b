//! Short codes, names and families of systems, browsers and brands, and how they are looked up.

use super::compile::rules::NameTables;
use std::collections::{HashMap, HashSet};

/// A code with its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Named<'t> {
    pub code: &'t str,
    pub name: &'t str,
}

/// Codes and names of one kind, with families.
#[derive(Debug, Default)]
pub struct Register {
    entries: Vec<(String, String)>,
    by_code: HashMap<String, usize>,
    by_name: HashMap<String, usize>,
    by_lower_name: HashMap<String, usize>,
    /// Names without spaces, in lower case.
    by_fuzzy_name: HashMap<String, usize>,
    family_by_code: HashMap<String, String>,
    families: Vec<String>,
}

/// Lower case without spaces: how names out of client hints are compared.
pub fn fuzzy(name: &str) -> String {
    name.chars()
        .filter(|character| *character != ' ')
        .map(|character| character.to_ascii_lowercase())
        .collect()
}

impl Register {
    fn new(entries: &[(String, String)], families: &[(String, Vec<String>)]) -> Register {
        let mut register = Register {
            entries: entries.to_vec(),
            families: families.iter().map(|(family, _)| family.clone()).collect(),
            ..Register::default()
        };
        for (place, (code, name)) in entries.iter().enumerate() {
            // Where two entries have the same name, the first one counts.
            register.by_code.entry(code.clone()).or_insert(place);
            register.by_name.entry(name.clone()).or_insert(place);
            let lower = name.to_ascii_lowercase();
            register.by_lower_name.entry(lower).or_insert(place);
            register.by_fuzzy_name.entry(fuzzy(name)).or_insert(place);
        }
        for (family, codes) in families {
            for code in codes {
                register
                    .family_by_code
                    .entry(code.clone())
                    .or_insert_with(|| family.clone());
            }
        }
        register
    }

    fn named(&self, place: usize) -> Option<Named<'_>> {
        self.entries
            .get(place)
            .map(|(code, name)| Named { code, name })
    }

    /// All codes with their names.
    pub fn entries(&self) -> impl Iterator<Item = Named<'_>> {
        self.entries.iter().map(|(code, name)| Named { code, name })
    }

    /// All families.
    pub fn families(&self) -> &[String] {
        &self.families
    }

    /// The name of a code.
    pub fn name(&self, code: &str) -> Option<&str> {
        self.named(*self.by_code.get(code)?).map(|named| named.name)
    }

    /// The code of a name written exactly like this.
    pub fn code(&self, name: &str) -> Option<&str> {
        self.named(*self.by_name.get(name)?).map(|named| named.code)
    }

    /// Code and name of a name in whatever case.
    pub fn find(&self, name: &str) -> Option<Named<'_>> {
        self.named(*self.by_lower_name.get(&name.to_ascii_lowercase())?)
    }

    /// The place of a name in whatever case and spacing.
    fn fuzzy_place(&self, fuzzy_name: &str) -> Option<usize> {
        self.by_fuzzy_name.get(fuzzy_name).copied()
    }

    /// Code and name of a name in whatever case and spacing.
    pub fn find_fuzzy(&self, name: &str) -> Option<Named<'_>> {
        self.named(self.fuzzy_place(&fuzzy(name))?)
    }

    /// The family of a code or a name.
    pub fn family(&self, label: &str) -> Option<&str> {
        let code = self.code(label).unwrap_or(label);
        self.family_by_code.get(code).map(String::as_str)
    }
}

/// All names.
#[derive(Debug, Default)]
pub struct Names {
    pub systems: Register,
    pub browsers: Register,
    pub brands: Register,
    engines: Vec<String>,
    mobile_only_browsers: HashSet<String>,
    browser_hint_names: HashMap<String, String>,
    system_hint_names: HashMap<String, String>,
    pub fire_os_versions: HashMap<String, String>,
    pub lineage_os_versions: HashMap<String, String>,
    desktop_families: HashSet<String>,
    android_tv_apps: HashSet<String>,
    tv_clients: HashSet<String>,
}

impl Names {
    pub fn new(tables: &NameTables) -> Names {
        let mut names = Names {
            systems: Register::new(&tables.systems, &tables.system_families),
            browsers: Register::new(&tables.browsers, &tables.browser_families),
            brands: Register::new(&tables.brands, &[]),
            engines: tables.engines.clone(),
            mobile_only_browsers: tables.mobile_only_browsers.iter().cloned().collect(),
            browser_hint_names: by_hint(&tables.browser_hint_names),
            system_hint_names: by_hint(&tables.system_hint_names),
            fire_os_versions: tables.fire_os_versions.iter().cloned().collect(),
            lineage_os_versions: tables.lineage_os_versions.iter().cloned().collect(),
            desktop_families: tables.desktop_families.iter().cloned().collect(),
            android_tv_apps: tables.android_tv_apps.iter().cloned().collect(),
            tv_clients: tables.tv_clients.iter().cloned().collect(),
        };
        // Old `navigator.platform` value that some apps send as the platform.
        names
            .system_hint_names
            .entry("win32".to_owned())
            .or_insert_with(|| "Windows".to_owned());
        names
    }

    /// The engine names in their usual spelling.
    pub fn engine(&self, name: &str) -> Option<&str> {
        self.engines
            .iter()
            .find(|known| known.eq_ignore_ascii_case(name))
            .map(String::as_str)
    }

    /// All engine names.
    pub fn engines(&self) -> &[String] {
        &self.engines
    }

    /// Our name of a system that client hints name.
    pub fn system_of_hint<'a>(&'a self, hint: &'a str) -> &'a str {
        self.system_hint_names
            .get(&hint.to_ascii_lowercase())
            .map_or(hint, String::as_str)
    }

    /// The browser that a brand of the client hints stands for. Of a brand and the same with or
    /// without the word "Browser", the entry that comes first counts.
    pub fn browser_of_hint(&self, brand: &str) -> Option<Named<'_>> {
        let brand = self
            .browser_hint_names
            .get(&brand.to_ascii_lowercase())
            .map_or(brand, String::as_str);
        let plain = fuzzy(brand);
        let longer = format!("{plain}browser");
        let shorter = plain.strip_suffix("browser");
        let place = [Some(plain.as_str()), Some(&longer), shorter]
            .into_iter()
            .flatten()
            .filter_map(|name| self.browsers.fuzzy_place(name))
            .min()?;
        self.browsers.named(place)
    }

    /// Whether the browser only exists on mobile devices.
    pub fn is_mobile_only_browser(&self, name: &str) -> bool {
        let code = self.browsers.code(name).unwrap_or(name);
        self.mobile_only_browsers.contains(code)
    }

    /// Whether the system, by name or code, runs on desktop computers.
    pub fn is_desktop_system(&self, system: &str) -> bool {
        self.systems
            .family(system)
            .is_some_and(|family| self.desktop_families.contains(family))
    }

    pub fn is_android_tv_app(&self, app: &str) -> bool {
        self.android_tv_apps.contains(app)
    }

    pub fn is_tv_client(&self, client: &str) -> bool {
        self.tv_clients.contains(client)
    }
}

fn by_hint(table: &[(String, Vec<String>)]) -> HashMap<String, String> {
    table
        .iter()
        .flat_map(|(name, hints)| {
            hints
                .iter()
                .map(move |hint| (hint.to_ascii_lowercase(), name.clone()))
        })
        .collect()
}
