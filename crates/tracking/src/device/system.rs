//! Finds the operating system.

use super::candidates::List;
use super::compile::fragments::Fragment;
use super::compile::rules::{SystemRule, Text};
use super::detection::Detection;
use super::machine::Found;
use super::names::Named;
use super::subject::{Boundary, Subject};
use super::version::{fill, leading_number};
use std::collections::HashMap;

/// An operating system as found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct System {
    pub name: String,
    pub code: String,
    pub version: String,
    pub platform: &'static str,
    pub family: Option<String>,
}

/// Name, code and version from one source.
#[derive(Debug, Default)]
struct Claim {
    name: String,
    code: String,
    version: String,
}

const UNKNOWN_CODE: &str = "UNK";

impl Detection<'_> {
    /// Finds the system by hints and user agent.
    pub fn system(&mut self, subject: &Subject<'_>) -> Option<System> {
        let restored = self.restore_model(subject);
        let restored = restored.as_deref().map(|text| self.subject(text));
        let subject = restored.as_ref().unwrap_or(subject);

        let hinted = self.system_of_hints();
        let stated = self.system_of_user_agent(subject);
        let claim = if !hinted.name.is_empty() {
            self.weigh_system(hinted, &stated)
        } else if !stated.name.is_empty() {
            stated
        } else {
            return None;
        };
        let family = self.names.systems.family(&claim.code).map(str::to_owned);
        let platform = self.platform(subject);
        let mut system = System {
            name: claim.name,
            code: claim.code,
            version: claim.version,
            platform,
            family,
        };
        self.adjust_system_to_app(&mut system);
        if let Some(code) = self.names.systems.code(&system.name) {
            system.code = code.to_owned();
        }
        Some(system)
    }

    /// Decides between what the hints say and what the user agent says.
    fn weigh_system(&self, hinted: Claim, stated: &Claim) -> Claim {
        let systems = &self.names.systems;
        let family = |name: &str| systems.family(name);
        let mut name = hinted.name;
        let mut code = hinted.code;
        let mut version = hinted.version.clone();
        if is_empty(&version) && family(&name) == family(&stated.name) {
            version.clone_from(&stated.version);
        }
        // Windows before 10 says 0 in the hints.
        if name == "Windows" && version == "0.0.0" {
            version = match stated.version.as_str() {
                "10" => String::new(),
                version => version.to_owned(),
            };
        }
        if name == "Puffin OS" {
            version.clone_from(&stated.version);
        }
        // Hints give the family where the user agent gives the very system.
        if stated.name != name && family(&stated.name) == Some(&name) {
            name.clone_from(&stated.name);
            match name.as_str() {
                "LeafOS" | "HarmonyOS" => version.clear(),
                "PICO OS" => version.clone_from(&stated.version),
                "Fire OS" if !is_empty(&hinted.version) => {
                    version = version_by_android(&self.names.fire_os_versions, &version);
                }
                _ => {}
            }
        }
        let is_chrome_os = stated.name == "Chrome OS";
        let linux_is_chrome_os =
            name == "GNU/Linux" && is_chrome_os && hinted.version == stated.version;
        let android_is_chrome_os = name == "Android" && is_chrome_os;
        let linux_is_horizon = name == "GNU/Linux" && stated.name == "Meta Horizon";
        if android_is_chrome_os {
            version.clear();
        }
        if linux_is_chrome_os || android_is_chrome_os || linux_is_horizon {
            name.clone_from(&stated.name);
            code.clone_from(&stated.code);
        }
        Claim {
            name,
            code,
            version,
        }
    }

    /// Some apps only exist on one system, whatever the rest says.
    fn adjust_system_to_app(&self, system: &mut System) {
        let Some(hints) = self.hints else { return };
        let app = hints.app.as_str();
        let names = self.names;
        let (name, code, version) = match app {
            "org.lineageos.jelly" if system.name != "Lineage OS" => {
                let version = version_by_android(&names.lineage_os_versions, &system.version);
                ("Lineage OS", "LEN", version)
            }
            "org.mozilla.tv.firefox" if system.name != "Fire OS" => {
                let version = version_by_android(&names.fire_os_versions, &system.version);
                ("Fire OS", "FIR", version)
            }
            app if system.name != "Android" && names.is_android_tv_app(app) => {
                ("Android", "ADR", String::new())
            }
            _ => return,
        };
        system.name = name.to_owned();
        system.code = code.to_owned();
        system.family = Some("Android".to_owned());
        system.version = version;
    }

    fn system_of_hints(&self) -> Claim {
        let Some(hints) = self.hints.filter(|hints| !hints.platform.is_empty()) else {
            return Claim::default();
        };
        let system = self
            .names
            .systems
            .find_fuzzy(self.names.system_of_hint(&hints.platform));
        let (name, code) = system.map_or(("", ""), |system| (system.name, system.code));
        let mut version = hints.platform_version.clone();
        if name == "Windows" {
            version = windows_version(&version);
        } else if version != "0.0.0" && leading_number(&version) == 0 {
            version.clear();
        }
        Claim {
            name: name.to_owned(),
            code: code.to_owned(),
            version: self.depth.tidy(&version),
        }
    }

    fn system_of_user_agent(&mut self, subject: &Subject<'_>) -> Claim {
        let rules = self.rules;
        let found = self.first_of(List::Systems, &rules.index.systems, subject);
        let Some((rule, found)) = found else {
            return Claim::default();
        };
        let mut claim = Claim::default();
        self.name_system(&mut claim, rule.name, &found);
        if let Some(version) = rule.version {
            claim.version = self.depth.build(rules.string(version), &found);
        }
        self.refine(&mut claim, rule, subject);
        claim
    }

    fn refine(&mut self, claim: &mut Claim, rule: &SystemRule, subject: &Subject<'_>) {
        for part in &rule.versions {
            let Some(found) = self.find(part.pattern, subject) else {
                continue;
            };
            if let Some(name) = part.name {
                self.name_system(claim, name, &found);
            }
            if let Some(version) = part.version {
                claim.version = self.depth.build(self.rules.string(version), &found);
            }
            return;
        }
    }

    fn name_system(&self, claim: &mut Claim, template: Text, found: &Found<'_>) {
        let name = fill(self.rules.string(template), found);
        match self.names.systems.find(&name) {
            Some(Named { code, name }) => {
                claim.name = name.to_owned();
                claim.code = code.to_owned();
            }
            None => {
                claim.name = name;
                claim.code = UNKNOWN_CODE.to_owned();
            }
        }
    }

    /// The kind of processor.
    fn platform(&mut self, subject: &Subject<'_>) -> &'static str {
        let hints = self.hints.filter(|hints| !hints.architecture.is_empty());
        if let Some(platform) =
            hints.and_then(|hints| platform_of_hint(&hints.architecture, &hints.bitness))
        {
            return platform;
        }
        const IN_WORD: Boundary = Boundary::Anywhere;
        const PLATFORMS: [(Fragment, Boundary, &str); 10] = [
            (Fragment::ProcessorArm, Boundary::Rule, "ARM"),
            (Fragment::ProcessorArmInWord, IN_WORD, "ARM"),
            (Fragment::ProcessorLoong, Boundary::Rule, "LoongArch64"),
            (Fragment::ProcessorMips, Boundary::Rule, "MIPS"),
            (Fragment::ProcessorSuperH, Boundary::Rule, "SuperH"),
            (Fragment::ProcessorSparc, Boundary::Rule, "SPARC64"),
            (Fragment::ProcessorX64, Boundary::Rule, "x64"),
            (Fragment::ProcessorX64InWord, IN_WORD, "x64"),
            (Fragment::ProcessorX86, Boundary::Rule, "x86"),
            (Fragment::ProcessorX86InWord, IN_WORD, "x86"),
        ];
        PLATFORMS
            .into_iter()
            .find(|(fragment, boundary, _)| self.has(*fragment, subject, *boundary))
            .map_or("", |(_, _, platform)| platform)
    }
}

fn platform_of_hint(architecture: &str, bitness: &str) -> Option<&'static str> {
    let architecture = architecture.to_ascii_lowercase();
    let has = |part: &str| architecture.contains(part);
    if has("arm") {
        Some("ARM")
    } else if has("loongarch64") {
        Some("LoongArch64")
    } else if has("mips") {
        Some("MIPS")
    } else if has("sh4") {
        Some("SuperH")
    } else if has("sparc64") {
        Some("SPARC64")
    } else if has("x64") || (has("x86") && bitness == "64") {
        Some("x64")
    } else if has("x86") {
        Some("x86")
    } else {
        None
    }
}

/// The name of a Windows version by its number in the hints.
fn windows_version(version: &str) -> String {
    let minor = version.split_once('.').map_or("", |(_, minor)| minor);
    let name = match (leading_number(version), leading_number(minor)) {
        (0, 1) => "7",
        (0, 2) => "8",
        (0, 3) => "8.1",
        (0, _) => version,
        (1..=10, _) => "10",
        _ => "11",
    };
    name.to_owned()
}

/// The version of a system that is made out of Android, by the version of Android.
fn version_by_android(versions: &HashMap<String, String>, android: &str) -> String {
    versions
        .get(android)
        .or_else(|| versions.get(&leading_number(android).to_string()))
        .cloned()
        .unwrap_or_default()
}

/// "" and "0" both mean that there is no version.
pub fn is_empty(version: &str) -> bool {
    matches!(version, "" | "0")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_windows_versions() {
        for (version, expected) in [
            ("0.0.0", "0.0.0"),
            ("0.1.0", "7"),
            ("0.3.0", "8.1"),
            ("10.0.0", "10"),
            ("13.0.0", "11"),
            ("", ""),
        ] {
            assert_eq!(windows_version(version), expected, "{version}");
        }
    }
}
