//! Device detection: what browser or app, operating system and device a request comes from, or
//! what robot, by its user agent and client hints.
//!
//! The rules are the public device-detector data (see `data/requirements.txt`), compiled into one
//! block that is part of the program; an operator can name another copy ([`DeviceDetector::from_dir`]).
//! Names, codes and numbers are those that Matomo stores and reports.

mod cache;
mod candidates;
mod client;
mod compile;
mod detection;
mod engine;
mod hardware;
mod hints;
mod machine;
mod names;
mod subject;
mod system;
#[cfg(test)]
mod tests;
mod version;

pub use compile::CompileError;
pub use hints::ClientHints;
pub use names::{Named, Names, Register};
pub use version::VersionDepth;

use cache::Cache;
use candidates::{Candidates, List};
use catalog::values::{DEVICE_TYPES, device_type_number};
use compile::Layout;
use compile::rules::Rules;
use detection::Detection;
use hardware::Surroundings;
use machine::Scratch;
use std::path::Path;
use std::sync::{Arc, OnceLock};
use subject::Subject;

/// Longer user agents are cut off here, as Matomo does before it looks at them.
pub const MAX_USER_AGENT_CHARACTERS: usize = 500;
/// Results that are kept; one takes about 500 bytes.
const CACHED_RESULTS: usize = 16_384;

/// Kinds of clients; the number is what is stored with a visit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum ClientKind {
    Browser = 1,
    FeedReader = 2,
    MobileApp = 3,
    MediaPlayer = 4,
    Pim = 5,
    Library = 6,
}

impl ClientKind {
    /// The name of the kind.
    pub fn name(self) -> &'static str {
        match self {
            ClientKind::Browser => "browser",
            ClientKind::FeedReader => "feed reader",
            ClientKind::MobileApp => "mobile app",
            ClientKind::MediaPlayer => "mediaplayer",
            ClientKind::Pim => "pim",
            ClientKind::Library => "library",
        }
    }
}

/// A robot.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Bot {
    pub name: String,
    /// Such as "Crawler", "Search bot" or "AI Assistant"; may be empty.
    pub category: String,
    pub url: String,
    pub producer_name: String,
    pub producer_url: String,
}

impl Bot {
    /// Whether it gathers text for, or acts on behalf of, an artificial intelligence.
    pub fn is_ai(&self) -> bool {
        self.category.starts_with("AI ")
    }
}

/// What a request comes from. Empty strings and `None` stand for what is not known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Device {
    /// When this is set, nothing else is.
    pub bot: Option<Bot>,
    pub client_kind: Option<ClientKind>,
    pub client_name: String,
    /// The two characters of a browser, or the name of another client.
    pub client_code: String,
    pub client_version: String,
    /// The family of a browser.
    pub client_family: Option<String>,
    pub engine: String,
    pub engine_version: String,
    pub os_name: String,
    /// Three characters, such as `WIN`.
    pub os_code: String,
    pub os_version: String,
    pub os_family: Option<String>,
    /// Kind of processor.
    pub os_platform: &'static str,
    /// A number out of [`catalog::values::DEVICE_TYPES`].
    pub device_type: Option<u8>,
    pub brand: String,
    pub model: String,
}

/// Detects devices. Made once and shared by all threads.
pub struct DeviceDetector {
    knowledge: Arc<Knowledge>,
    depth: VersionDepth,
    cache: Cache,
}

static RULES_BLOCK: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/device-rules.bin"));

/// Rules and what is made out of them at start-up.
struct Knowledge {
    rules: Rules,
    names: Names,
    candidates: Candidates,
}

impl Knowledge {
    fn new(rules: Rules) -> Arc<Knowledge> {
        Arc::new(Knowledge {
            names: Names::new(&rules.index.tables),
            candidates: Candidates::new(&rules),
            rules,
        })
    }
}

fn embedded() -> &'static Arc<Knowledge> {
    static KNOWLEDGE: OnceLock<Arc<Knowledge>> = OnceLock::new();
    KNOWLEDGE.get_or_init(|| {
        // The block comes from our own build script; if it cannot be read, nothing is detected.
        Knowledge::new(Rules::from_static(RULES_BLOCK).unwrap_or_else(|_| Rules::empty()))
    })
}

impl DeviceDetector {
    /// Detects by the rules in the binary.
    pub fn embedded() -> Self {
        Self::new(Arc::clone(embedded()))
    }

    /// Detects by rules in a directory: an unpacked data package, or its rule files alone, in which
    /// case short codes and names are those in the binary.
    pub fn from_dir(directory: &Path) -> Result<Self, CompileError> {
        let layout = Layout::find(directory)?;
        let tables = embedded().rules.index.tables.clone();
        let rules = compile::compile(&layout, Some(tables))?;
        Ok(Self::new(Knowledge::new(rules)))
    }

    fn new(knowledge: Arc<Knowledge>) -> Self {
        DeviceDetector {
            knowledge,
            depth: VersionDepth::default(),
            cache: Cache::new(CACHED_RESULTS),
        }
    }

    /// How many parts of version numbers are kept; Matomo stores two.
    pub fn with_version_depth(mut self, depth: VersionDepth) -> Self {
        self.depth = depth;
        self.cache = Cache::new(CACHED_RESULTS);
        self
    }

    /// Codes and names of systems, browsers and brands.
    pub fn names(&self) -> &Names {
        &self.knowledge.names
    }

    /// Names of all robots in the rules.
    pub fn bot_names(&self) -> impl Iterator<Item = &str> {
        let rules = &self.knowledge.rules;
        let bots = rules.index.bots.iter();
        bots.map(|bot| rules.string(bot.name))
            .filter(|name| !name.contains('$'))
    }

    /// Detects what a request comes from.
    pub fn detect(&self, user_agent: &str, hints: &ClientHints) -> Arc<Device> {
        let user_agent = normalize(user_agent);
        let key = self.cache.key(user_agent, hints);
        if let Some(device) = self.cache.get(key) {
            return device;
        }
        let device = Arc::new(self.detect_uncached(user_agent, hints));
        self.cache.insert(key, Arc::clone(&device));
        device
    }

    fn detect_uncached(&self, user_agent: &str, hints: &ClientHints) -> Device {
        let hints = (!hints.is_empty()).then_some(hints);
        let has_letter = user_agent.bytes().any(|byte| byte.is_ascii_alphabetic());
        if hints.is_none() && !has_letter {
            return Device::default();
        }
        let mut detection = Detection {
            rules: &self.knowledge.rules,
            names: &self.knowledge.names,
            candidates: &self.knowledge.candidates,
            hints,
            depth: self.depth,
            scratch: Scratch::default(),
        };
        let subject = detection.subject(user_agent);
        if let Some(bot) = detection.bot(&subject) {
            return Device {
                bot: Some(bot),
                ..Device::default()
            };
        }
        let system = detection.system(&subject);
        let client = detection.client(&subject).unwrap_or_default();
        let surroundings = Surroundings {
            system: system.as_ref(),
            client_name: &client.name,
            is_mobile_browser: client.kind == Some(ClientKind::Browser)
                && self.knowledge.names.is_mobile_only_browser(&client.name),
        };
        let hardware = detection.hardware(&subject, &surroundings);
        let system = system.unwrap_or_default();
        Device {
            bot: None,
            client_kind: client.kind,
            client_code: if client.code.is_empty() {
                client.name.clone()
            } else {
                client.code
            },
            client_name: client.name,
            client_version: client.version,
            client_family: client.family,
            engine: client.engine,
            engine_version: client.engine_version,
            os_name: system.name,
            os_code: system.code,
            os_version: system.version,
            os_family: system.family,
            os_platform: system.platform,
            device_type: hardware.kind,
            brand: hardware.brand,
            model: hardware.model,
        }
    }
}

/// The part of a user agent that is looked at.
fn normalize(user_agent: &str) -> &str {
    let trimmed = version::trim_php(user_agent);
    match trimmed.char_indices().nth(MAX_USER_AGENT_CHARACTERS) {
        Some((end, _)) => &trimmed[..end],
        None => trimmed,
    }
}

impl Detection<'_> {
    fn bot(&mut self, subject: &Subject<'_>) -> Option<Bot> {
        let rules = self.rules;
        let (rule, found) = self.first_of(List::Bots, &rules.index.bots, subject)?;
        Some(Bot {
            name: version::fill(rules.string(rule.name), &found),
            category: rules.string(rule.category).to_owned(),
            url: rules.string(rule.url).to_owned(),
            producer_name: rules.string(rule.producer_name).to_owned(),
            producer_url: rules.string(rule.producer_url).to_owned(),
        })
    }
}

/// Codes and names of the rules in the binary.
pub fn names() -> &'static Names {
    &embedded().names
}

/// The name of an operating system's code: `WIN` is "Windows".
pub fn os_name(code: &str) -> Option<&'static str> {
    names().systems.name(code)
}

/// The code of an operating system's name.
pub fn os_code(name: &str) -> Option<&'static str> {
    names().systems.find(name).map(|system| system.code)
}

/// The family of an operating system, by code or name.
pub fn os_family(system: &str) -> Option<&'static str> {
    names().systems.family(system)
}

/// The name of a browser's code: `FF` is "Firefox".
pub fn browser_name(code: &str) -> Option<&'static str> {
    names().browsers.name(code)
}

/// The code of a browser's name.
pub fn browser_code(name: &str) -> Option<&'static str> {
    names().browsers.find(name).map(|browser| browser.code)
}

/// The family of a browser, by code or name.
pub fn browser_family(browser: &str) -> Option<&'static str> {
    names().browsers.family(browser)
}

/// The name of a device type's number.
pub fn device_type_name(number: u8) -> Option<&'static str> {
    DEVICE_TYPES.get(usize::from(number)).copied()
}

/// The number of a device type's name.
pub fn device_type_code(name: &str) -> Option<u8> {
    device_type_number(name)
}
