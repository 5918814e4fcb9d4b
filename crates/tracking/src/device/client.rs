//! Finds the client: a browser, an app, a feed reader, a player, a mail program or a library.

use super::ClientKind;
use super::candidates::List;
use super::compile::fragments::Fragment;
use super::compile::rules::{BrowserRule, Index, Text};
use super::detection::{Detection, contains};
use super::engine;
use super::subject::{Boundary, Subject};
use super::system::is_empty;
use super::version::{compare, fill, leading_number};
use std::cmp::Ordering;

/// A client as found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Client {
    pub kind: Option<ClientKind>,
    pub name: String,
    /// Empty for everything but browsers.
    pub code: String,
    pub version: String,
    pub engine: String,
    pub engine_version: String,
    pub family: Option<String>,
}

/// A browser according to one source.
#[derive(Debug, Clone, Default)]
struct Claim {
    name: String,
    code: String,
    version: String,
    engine: String,
    engine_version: String,
}

/// Browsers whose hints carry the version of what they are built on.
const VERSION_FROM_USER_AGENT: [&str; 8] = ["A0", "AL", "HP", "JR", "MU", "OM", "OP", "VR"];
/// Browsers that say no more than the hint "Chromium" does.
const GENERIC_BROWSERS: [&str; 4] = ["CR", "CV", "AN", "CM"];
/// Brands after which a more special one is looked for.
const COMMON_BRANDS: [&str; 4] = ["", "Chrome", "Chromium", "Microsoft Edge"];

impl<'d> Detection<'d> {
    /// Finds the client by hints and user agent.
    pub fn client(&mut self, subject: &Subject<'_>) -> Option<Client> {
        self.listed(ClientKind::FeedReader, subject)
            .or_else(|| self.mobile_app(subject))
            .or_else(|| self.listed(ClientKind::MediaPlayer, subject))
            .or_else(|| self.listed(ClientKind::Pim, subject))
            .or_else(|| self.browser(subject))
            .or_else(|| self.listed(ClientKind::Library, subject))
    }

    fn listed(&mut self, kind: ClientKind, subject: &Subject<'_>) -> Option<Client> {
        let index: &'d Index = &self.rules.index;
        let (list, rules) = match kind {
            ClientKind::FeedReader => (List::FeedReaders, &index.feed_readers),
            ClientKind::MobileApp => (List::MobileApps, &index.mobile_apps),
            ClientKind::MediaPlayer => (List::MediaPlayers, &index.media_players),
            ClientKind::Pim => (List::Pims, &index.pims),
            ClientKind::Library => (List::Libraries, &index.libraries),
            // Browsers have rules of another form.
            ClientKind::Browser => return None,
        };
        let (rule, found) = self.first_of(list, rules, subject)?;
        Some(Client {
            kind: Some(kind),
            name: fill(self.rules.string(rule.name), &found),
            version: self.depth.build(self.rules.string(rule.version), &found),
            ..Client::default()
        })
    }

    fn mobile_app(&mut self, subject: &Subject<'_>) -> Option<Client> {
        let mut client = self
            .listed(ClientKind::MobileApp, subject)
            .unwrap_or_default();
        if let Some(name) = self.app_name(&self.rules.index.app_names)
            && name != client.name
        {
            client = Client {
                name: name.to_owned(),
                ..Client::default()
            };
        }
        client.kind = Some(ClientKind::MobileApp);
        (!is_empty(&client.name)).then_some(client)
    }

    /// The name of the app that the hints identify.
    fn app_name(&self, names: &[(Text, Text)]) -> Option<&'d str> {
        let rules = self.rules;
        let app = self.hints?.app.as_str();
        names
            .iter()
            .find(|(known, _)| rules.string(*known) == app)
            .map(|(_, name)| rules.string(*name))
            .filter(|name| !name.is_empty())
    }

    fn browser(&mut self, subject: &Subject<'_>) -> Option<Client> {
        let hinted = self.browser_of_hints();
        let stated = self.browser_of_user_agent(subject);
        let claim = if is_empty(&hinted.name) || is_empty(&hinted.version) {
            stated
        } else {
            self.weigh_browser(hinted, &stated)
        };
        let family = self.names.browsers.family(&claim.code).map(str::to_owned);
        let mut client = Client {
            kind: Some(ClientKind::Browser),
            name: claim.name,
            code: claim.code,
            version: claim.version,
            engine: claim.engine,
            engine_version: claim.engine_version,
            family,
        };
        self.adjust_browser_to_app(&mut client, subject);
        let text = subject.text().as_bytes();
        if is_empty(&client.name) || contains(text, b"Cypress") || contains(text, b"PhantomJS") {
            return None;
        }
        adjust_disguised(&mut client);
        Some(client)
    }

    fn adjust_browser_to_app(&mut self, client: &mut Client, subject: &Subject<'_>) {
        let Some(name) = self.app_name(&self.rules.index.browser_app_names) else {
            return;
        };
        if name == client.name {
            return;
        }
        let known = self.names.browsers.find(name);
        client.name = name.to_owned();
        client.version.clear();
        client.code = known.map_or("", |browser| browser.code).to_owned();
        if self.has(Fragment::ChromeSafari, subject, Boundary::Anywhere) {
            client.engine = "Blink".to_owned();
            let family = self.names.browsers.family(&client.code).unwrap_or("Chrome");
            client.family = Some(family.to_owned());
            client.engine_version = self.engine_version("Blink", subject);
        }
    }

    /// Decides between what the hints say and what the user agent says.
    fn weigh_browser(&self, hinted: Claim, stated: &Claim) -> Claim {
        let mut claim = hinted.clone();
        let take_engine = |claim: &mut Claim| {
            claim.engine.clone_from(&stated.engine);
            claim.engine_version.clone_from(&stated.engine_version);
        };
        let take_name = |claim: &mut Claim| {
            claim.name.clone_from(&stated.name);
            claim.code.clone_from(&stated.code);
        };
        // Only Iridium counts its versions by years.
        if ["2020", "2021", "2022", "2023", "2024"]
            .iter()
            .any(|year| claim.version.starts_with(year))
        {
            claim.name = "Iridium".to_owned();
            claim.code = "I1".to_owned();
        }
        if claim.version.starts_with("15") && stated.version.starts_with("114") {
            claim.name = "360 Secure Browser".to_owned();
            claim.code = "3B".to_owned();
            take_engine(&mut claim);
        }
        if !is_empty(&stated.version) && VERSION_FROM_USER_AGENT.contains(&claim.code.as_str()) {
            claim.version.clone_from(&stated.version);
        }
        if claim.name == "Vewd Browser" {
            take_engine(&mut claim);
        }
        if is_blink(&claim)
            && stated.engine == claim.engine
            && compare(&stated.engine_version, &claim.engine_version) == Ordering::Greater
        {
            claim.engine_version.clone_from(&stated.engine_version);
        }
        // A browser built on Chromium that the user agent names is more than "Chromium".
        if matches!(claim.name.as_str(), "Chromium" | "Chrome Webview")
            && !is_empty(&stated.name)
            && !GENERIC_BROWSERS.contains(&stated.code.as_str())
        {
            take_name(&mut claim);
            if leading_number(&stated.version) != leading_number(&claim.version)
                || compare(&claim.version, &stated.version) != Ordering::Greater
            {
                claim.version.clone_from(&stated.version);
            }
        }
        if stated.name.strip_suffix(" Mobile") == Some(&claim.name) {
            take_name(&mut claim);
        }
        let family = |name: &str| self.names.browsers.family(name);
        if claim.name == stated.name || family(&claim.name) == family(&stated.name) {
            take_engine(&mut claim);
        }
        // The user agent may give the same version with more parts.
        if !is_empty(&stated.version)
            && stated.version.starts_with(&claim.version)
            && compare(&claim.version, &stated.version) == Ordering::Less
        {
            claim.version.clone_from(&stated.version);
        }
        if claim.name == "DuckDuckGo Privacy Browser" {
            claim.version.clear();
        }
        if is_blink(&claim) && compare(&claim.engine_version, &hinted.version) == Ordering::Less {
            claim.engine_version.clone_from(&hinted.version);
        }
        if is_blink(&claim)
            && compare(&stated.engine_version, &hinted.engine_version) == Ordering::Less
        {
            claim.engine_version.clone_from(&hinted.engine_version);
        }
        claim
    }

    fn browser_of_hints(&self) -> Claim {
        let Some(hints) = self.hints.filter(|hints| !hints.brands.is_empty()) else {
            return Claim::default();
        };
        let mut claim = Claim::default();
        let version_of = |brand: &str| {
            let found = hints.brands.iter().find(|(known, _)| known == brand);
            found.map(|(_, version)| version.clone())
        };
        if let Some(version) = version_of("Android WebView").or_else(|| version_of("Chromium")) {
            claim.engine = "Blink".to_owned();
            claim.engine_version = version;
        }
        for (brand, version) in &hints.brands {
            if let Some(browser) = self.names.browser_of_hint(brand)
                && !(claim.name == "Chrome" && browser.name == "Chromium")
            {
                claim.name = browser.name.to_owned();
                claim.code = browser.code.to_owned();
                claim.version.clone_from(version);
            }
            if !COMMON_BRANDS.contains(&claim.name.as_str()) {
                break;
            }
        }
        if !is_empty(&hints.ua_full_version) {
            claim.version.clone_from(&hints.ua_full_version);
        }
        claim.version = self.depth.tidy(&claim.version);
        claim
    }

    fn browser_of_user_agent(&mut self, subject: &Subject<'_>) -> Claim {
        let rules = self.rules;
        let found = self.first_of(List::Browsers, &rules.index.browsers, subject);
        let Some((rule, found)) = found else {
            return Claim::default();
        };
        let name = fill(rules.string(rule.name), &found);
        // A browser without code is still a browser.
        let code = self
            .names
            .browsers
            .find(&name)
            .map_or("", |browser| browser.code);
        let version = self.depth.build(rules.string(rule.version), &found);
        let engine = self.engine(rule, &version, subject);
        Claim {
            code: code.to_owned(),
            name,
            engine_version: self.engine_version(&engine, subject),
            engine,
            version,
        }
    }

    fn engine(&mut self, rule: &BrowserRule, version: &str, subject: &Subject<'_>) -> String {
        let rules = self.rules;
        let by_version = rule
            .engine_versions
            .iter()
            .rfind(|(from, _)| compare(version, rules.string(*from)) != Ordering::Less);
        let engine = by_version.map_or(rule.engine, |(_, engine)| *engine);
        let engine = rules.string(engine);
        if !engine.is_empty() {
            return engine.to_owned();
        }
        self.first_of(List::Engines, &rules.index.engines, subject)
            .map(|(rule, found)| fill(rules.string(rule.name), &found))
            .and_then(|name| self.names.engine(&name))
            .unwrap_or_default()
            .to_owned()
    }

    fn engine_version(&mut self, engine: &str, subject: &Subject<'_>) -> String {
        if matches!(engine, "Gecko" | "Clecko") {
            let found = self.find_fragment(Fragment::GeckoVersion, subject, Boundary::Anywhere);
            if let Some(found) = found {
                return found.group(1).to_owned();
            }
        }
        engine::version(engine, subject).to_owned()
    }
}

fn is_blink(claim: &Claim) -> bool {
    claim.engine == "Blink" && claim.name != "Iridium"
}

/// Browsers whose user agent pretends to be another one's.
fn adjust_disguised(client: &mut Client) {
    let is_blink = client.engine == "Blink";
    let is_gecko = client.engine == "Gecko";
    match client.name.as_str() {
        "Flow Browser" if is_blink => client.engine_version.clear(),
        "Every Browser" => become_chrome(client),
        "TV-Browser Internet" if is_gecko => become_chrome(client),
        "Yaani Browser" | "Wolvic" if is_blink => client.family = Some("Chrome".to_owned()),
        "Yaani Browser" | "Wolvic" if is_gecko => client.family = Some("Firefox".to_owned()),
        _ => {}
    }
}

fn become_chrome(client: &mut Client) {
    client.family = Some("Chrome".to_owned());
    client.engine = "Blink".to_owned();
    client.engine_version.clear();
}
