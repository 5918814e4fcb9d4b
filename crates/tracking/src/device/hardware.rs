//! Finds the device: its kind, brand and model.

use super::candidates::List;
use super::compile::fragments::Fragment;
use super::compile::rules::BrandRule;
use super::detection::Detection;
use super::machine::Found;
use super::subject::{Boundary, Subject};
use super::system::{System, is_empty};
use super::version::{compare, fill};
use std::cmp::Ordering;

/// Numbers of the device types.
pub mod kind {
    pub const DESKTOP: u8 = 0;
    pub const SMARTPHONE: u8 = 1;
    pub const TABLET: u8 = 2;
    pub const FEATURE_PHONE: u8 = 3;
    pub const TV: u8 = 5;
    pub const CAR_BROWSER: u8 = 6;
    pub const WEARABLE: u8 = 12;
    pub const PERIPHERAL: u8 = 13;
}

/// A device as found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Hardware {
    pub kind: Option<u8>,
    pub brand: String,
    pub model: String,
}

/// Form factors of the hints, the most telling first.
const FORM_FACTORS: [(&str, u8); 7] = [
    ("automotive", kind::CAR_BROWSER),
    ("xr", kind::WEARABLE),
    ("watch", kind::WEARABLE),
    ("mobile", kind::SMARTPHONE),
    ("tablet", kind::TABLET),
    ("desktop", kind::DESKTOP),
    ("eink", kind::TABLET),
];

const APPLE_SYSTEMS: [&str; 5] = ["iPadOS", "tvOS", "watchOS", "iOS", "Mac"];

/// What else is known about the visit when the kind of device is decided.
#[derive(Debug, Default)]
pub struct Surroundings<'s> {
    pub system: Option<&'s System>,
    pub client_name: &'s str,
    pub is_mobile_browser: bool,
}

impl Surroundings<'_> {
    fn system_name(&self) -> &str {
        self.system.map_or("", |system| &system.name)
    }

    fn is_android_family(&self) -> bool {
        self.system
            .is_some_and(|system| system.family.as_deref() == Some("Android"))
    }
}

impl<'d> Detection<'d> {
    /// Finds the device by hints, user agent, system and client.
    pub fn hardware(&mut self, subject: &Subject<'_>, surroundings: &Surroundings<'_>) -> Hardware {
        let mut hardware = self.listed_hardware(subject).unwrap_or_default();
        if hardware.model.is_empty()
            && let Some(hints) = self.hints
        {
            hardware.model.clone_from(&hints.model);
        }
        if hardware.brand.is_empty() {
            hardware.brand = self.vendor(subject).unwrap_or_default();
        }
        adjust_brand(&mut hardware, surroundings.system_name());
        self.decide_kind(&mut hardware, subject, surroundings);
        hardware
    }

    /// Goes through the lists of devices. A list that is responsible ends the search, even when
    /// it does not know the device.
    fn listed_hardware(&mut self, subject: &Subject<'_>) -> Option<Hardware> {
        if self.has(Fragment::HbbTv, subject, Boundary::Rule) {
            let mut found = self.listed_brand(List::Televisions, subject).device;
            found.kind = found.kind.or(Some(kind::TV));
            return Some(found);
        }
        if self.has(Fragment::ShellTv, subject, Boundary::Rule) {
            let mut found = self.listed_brand(List::ShellTelevisions, subject).device;
            found.kind = Some(kind::TV);
            return Some(found);
        }
        let has_notebook_mark = self.has(Fragment::FacebookMessenger, subject, Boundary::Rule);
        for list in [
            List::Notebooks,
            List::Consoles,
            List::CarBrowsers,
            List::Cameras,
            List::PortableMediaPlayers,
            List::Mobiles,
        ] {
            let is_responsible = match list {
                List::Notebooks => has_notebook_mark,
                List::Mobiles => true,
                list => {
                    let brands = self.brands(list);
                    self.first_of(list, brands, subject).is_some()
                }
            };
            if is_responsible {
                let found = self.listed_brand(list, subject);
                if found.ends_search {
                    return Some(found.device);
                }
            }
        }
        None
    }

    fn brands(&self, list: List) -> &'d [BrandRule] {
        let index = &self.rules.index;
        match list {
            List::Televisions => &index.televisions,
            List::ShellTelevisions => &index.shell_televisions,
            List::Notebooks => &index.notebooks,
            List::Consoles => &index.consoles,
            List::CarBrowsers => &index.car_browsers,
            List::Cameras => &index.cameras,
            List::PortableMediaPlayers => &index.portable_media_players,
            List::Mobiles => &index.mobiles,
            _ => &[],
        }
    }

    /// Looks for brand and model in one list.
    fn listed_brand(&mut self, list: List, subject: &Subject<'_>) -> ListResult {
        let hints = self.hints.filter(|hints| !hints.model.is_empty());
        let restored = self.restore_model(subject);
        let restored = restored.as_deref().map(|text| self.subject(text));
        let subject = restored.as_ref().unwrap_or(subject);
        if hints.is_none() && (self.is_frozen_android(subject) || self.is_plain_desktop(subject)) {
            return ListResult {
                device: Hardware::default(),
                ends_search: true,
            };
        }
        let brands = self.brands(list);
        let Some((rule, found)) = self.first_of(list, brands, subject) else {
            let kind = hints.and_then(|hints| kind_of_form_factors(&hints.form_factors));
            return ListResult {
                device: Hardware {
                    kind,
                    ..Hardware::default()
                },
                ends_search: hints.is_some(),
            };
        };
        ListResult {
            device: self.model_of(rule, &found, subject),
            ends_search: true,
        }
    }

    fn model_of(
        &mut self,
        rule: &'d BrandRule,
        found: &Found<'_>,
        subject: &Subject<'_>,
    ) -> Hardware {
        let rules = self.rules;
        let mut device = Hardware {
            kind: rule.device_type,
            brand: rules.string(rule.brand).to_owned(),
            model: rule
                .model
                .map_or_else(String::new, |model| build_model(rules.string(model), found)),
        };
        let model = rule
            .models
            .iter()
            .find_map(|model| Some((model, self.find(model.pattern, subject)?)));
        let Some((model, found)) = model else {
            return device;
        };
        device.model = build_model(rules.string(model.model), &found);
        if let Some(brand) = model.brand {
            let brand = rules.string(brand);
            if self.names.brands.code(brand).is_some() {
                device.brand = brand.to_owned();
            }
        }
        device.kind = model.device_type.or(device.kind);
        device
    }

    /// The brand by a mark that its computers put into the user agent.
    fn vendor(&mut self, subject: &Subject<'_>) -> Option<String> {
        let rules = self.rules;
        let fragments = &rules.index.vendor_fragments;
        let (rule, _) = self.first_of(List::VendorFragments, fragments, subject)?;
        Some(rules.string(rule.1).to_owned())
    }

    fn decide_kind(
        &mut self,
        hardware: &mut Hardware,
        subject: &Subject<'_>,
        surroundings: &Surroundings<'_>,
    ) {
        let mut has = |fragment| {
            let boundary = match fragment {
                Fragment::EndsInTablet | Fragment::EndsInMobile => Boundary::Anywhere,
                _ => Boundary::Fragment,
            };
            self.has(fragment, subject, boundary)
        };
        let system_name = surroundings.system_name();
        let version = surroundings.system.map_or("", |system| &system.version);

        if hardware.kind.is_none() && has(Fragment::VirtualReality) {
            hardware.kind = Some(kind::WEARABLE);
        }
        // Chrome says "Mobile" on smartphones only.
        if hardware.kind.is_none() && surroundings.is_android_family() && has(Fragment::Chrome) {
            hardware.kind = Some(if has(Fragment::Mobile) {
                kind::SMARTPHONE
            } else {
                kind::TABLET
            });
        }
        if hardware.kind == Some(kind::SMARTPHONE) && has(Fragment::PadTablet) {
            hardware.kind = Some(kind::TABLET);
        }
        if hardware.kind.is_none()
            && (has(Fragment::AndroidTablet)
                || has(Fragment::EndsInTablet)
                || has(Fragment::OperaTablet))
        {
            hardware.kind = Some(kind::TABLET);
        }
        if hardware.kind.is_none() && (has(Fragment::AndroidMobile) || has(Fragment::EndsInMobile))
        {
            hardware.kind = Some(kind::SMARTPHONE);
        }
        if hardware.kind.is_none() && system_name == "Android" {
            hardware.kind = kind_of_android(version);
        }
        if hardware.kind == Some(kind::FEATURE_PHONE) && surroundings.is_android_family() {
            hardware.kind = Some(kind::SMARTPHONE);
        }
        if (system_name == "Java ME" && hardware.kind.is_none()) || system_name == "KaiOS" {
            hardware.kind = Some(kind::FEATURE_PHONE);
        }
        // Most Windows computers with a touch screen and this word are tablets.
        let is_touch_windows = system_name == "Windows RT"
            || (system_name == "Windows" && compare(version, "8") != Ordering::Less);
        if hardware.kind.is_none() && is_touch_windows && has(Fragment::Touch) {
            hardware.kind = Some(kind::TABLET);
        }
        for (fragment, puffin_kind) in [
            (Fragment::PuffinDesktop, kind::DESKTOP),
            (Fragment::PuffinPhone, kind::SMARTPHONE),
            (Fragment::PuffinTablet, kind::TABLET),
        ] {
            if hardware.kind.is_none() && has(fragment) {
                hardware.kind = Some(puffin_kind);
            }
        }
        self.decide_television(hardware, subject, surroundings);
        let runs_desktop_system = !system_name.is_empty()
            && !surroundings.is_mobile_browser
            && self.names.is_desktop_system(system_name);
        let mut has = |fragment| self.has(fragment, subject, Boundary::Fragment);
        if hardware.kind != Some(kind::DESKTOP) && has(Fragment::DesktopWord)
            || hardware.kind.is_none() && runs_desktop_system
        {
            hardware.kind = Some(kind::DESKTOP);
        }
    }

    fn decide_television(
        &mut self,
        hardware: &mut Hardware,
        subject: &Subject<'_>,
        surroundings: &Surroundings<'_>,
    ) {
        let is_tv_client = self.names.is_tv_client(surroundings.client_name);
        let mut has = |fragment| self.has(fragment, subject, Boundary::Fragment);
        if has(Fragment::OperaTv) {
            hardware.kind = Some(kind::TV);
        }
        match surroundings.system_name() {
            "Coolita OS" => {
                hardware.kind = Some(kind::TV);
                hardware.brand = "coocaa".to_owned();
            }
            "VIDAA" => hardware.kind = Some(kind::TV),
            _ => {}
        }
        let is_settled = matches!(
            hardware.kind,
            Some(kind::TV | kind::WEARABLE | kind::PERIPHERAL)
        );
        if !is_settled && has(Fragment::AndroidTv)
            || hardware.kind.is_none() && has(Fragment::TizenTv)
            || hardware.kind.is_none() && has(Fragment::TvWord)
            || is_tv_client
        {
            hardware.kind = Some(kind::TV);
        }
    }
}

struct ListResult {
    device: Hardware,
    ends_search: bool,
}

fn adjust_brand(hardware: &mut Hardware, system_name: &str) {
    let is_apple_system = APPLE_SYSTEMS.contains(&system_name);
    // Other systems do not run on Apple's devices: such a user agent is made up.
    if hardware.brand == "Apple" && !is_apple_system {
        *hardware = Hardware::default();
    }
    if hardware.brand.is_empty() && is_apple_system {
        hardware.brand = "Apple".to_owned();
    }
    if hardware.brand.is_empty() && system_name == "ThinOS" {
        hardware.brand = "Dell".to_owned();
    }
}

/// Android before 2 was for phones only, Android 3 for tablets only.
fn kind_of_android(version: &str) -> Option<u8> {
    let is_before = |limit| compare(version, limit) == Ordering::Less;
    if version.is_empty() {
        None
    } else if is_before("2.0") {
        Some(kind::SMARTPHONE)
    } else if !is_before("3.0") && is_before("4.0") {
        Some(kind::TABLET)
    } else {
        None
    }
}

fn kind_of_form_factors(factors: &[String]) -> Option<u8> {
    FORM_FACTORS
        .iter()
        .find(|(name, _)| factors.iter().any(|factor| factor == name))
        .map(|(_, kind)| *kind)
}

fn build_model(template: &str, found: &Found<'_>) -> String {
    let model = fill(template, found).replace('_', " ");
    let without_mark = match model.len().checked_sub(3) {
        Some(at) if model.is_char_boundary(at) && model[at..].eq_ignore_ascii_case(" td") => {
            &model[..at]
        }
        _ => model.as_str(),
    };
    if without_mark == "Build" || is_empty(without_mark) {
        return String::new();
    }
    without_mark.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_old_android() {
        for (version, expected) in [
            ("1.6", Some(kind::SMARTPHONE)),
            ("2.3", None),
            ("3.2", Some(kind::TABLET)),
            ("4.0", None),
            ("", None),
        ] {
            assert_eq!(kind_of_android(version), expected, "{version}");
        }
    }

    #[test]
    fn prefers_telling_form_factors() {
        let factors = ["tablet".to_owned(), "mobile".to_owned()];
        assert_eq!(kind_of_form_factors(&factors), Some(kind::SMARTPHONE));
        assert_eq!(kind_of_form_factors(&[]), None);
    }
}
