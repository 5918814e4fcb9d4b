//! The device rules in the form they are used in, and how they are written to and read from the
//! block of data that is part of the binary.

use super::syntax::ByteSet;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// A string in the text of the rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Text {
    start: u32,
    length: u16,
}

/// Place of an expression in the byte code.
pub type Pattern = u32;

/// A part of an operating system's rule: a version, or another name, for some user agents.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SystemVersion {
    pub pattern: Pattern,
    pub name: Option<Text>,
    pub version: Option<Text>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SystemRule {
    pub pattern: Pattern,
    pub name: Text,
    pub version: Option<Text>,
    pub versions: Vec<SystemVersion>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct BotRule {
    pub pattern: Pattern,
    pub name: Text,
    pub category: Text,
    pub url: Text,
    pub producer_name: Text,
    pub producer_url: Text,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ClientRule {
    pub pattern: Pattern,
    pub name: Text,
    pub version: Text,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct BrowserRule {
    pub pattern: Pattern,
    pub name: Text,
    pub version: Text,
    pub engine: Text,
    /// From a browser version on, another engine.
    pub engine_versions: Vec<(Text, Text)>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct EngineRule {
    pub pattern: Pattern,
    pub name: Text,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ModelRule {
    pub pattern: Pattern,
    pub model: Text,
    pub brand: Option<Text>,
    pub device_type: Option<u8>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct BrandRule {
    pub pattern: Pattern,
    pub brand: Text,
    pub device_type: Option<u8>,
    pub model: Option<Text>,
    pub models: Vec<ModelRule>,
}

/// Short codes, names and families, as they are stored with visits and named in reports.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct NameTables {
    /// Code and name.
    pub systems: Vec<(String, String)>,
    /// Family and codes.
    pub system_families: Vec<(String, Vec<String>)>,
    /// Code and name.
    pub browsers: Vec<(String, String)>,
    /// Family and codes.
    pub browser_families: Vec<(String, Vec<String>)>,
    pub mobile_only_browsers: Vec<String>,
    pub engines: Vec<String>,
    /// Our name and the names that client hints use.
    pub browser_hint_names: Vec<(String, Vec<String>)>,
    pub system_hint_names: Vec<(String, Vec<String>)>,
    /// Code and name.
    pub brands: Vec<(String, String)>,
    /// Android version and Fire OS version.
    pub fire_os_versions: Vec<(String, String)>,
    /// Android version and Lineage OS version.
    pub lineage_os_versions: Vec<(String, String)>,
    pub desktop_families: Vec<String>,
    /// Apps that only run on Android TV.
    pub android_tv_apps: Vec<String>,
    /// Clients that only run on television sets.
    pub tv_clients: Vec<String>,
}

/// Everything but byte code and text.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Index {
    pub sets: Vec<[u64; 4]>,
    pub systems: Vec<SystemRule>,
    pub bots: Vec<BotRule>,
    pub feed_readers: Vec<ClientRule>,
    pub mobile_apps: Vec<ClientRule>,
    pub media_players: Vec<ClientRule>,
    pub pims: Vec<ClientRule>,
    pub libraries: Vec<ClientRule>,
    pub browsers: Vec<BrowserRule>,
    pub engines: Vec<EngineRule>,
    /// App identifier and name of apps, and of browsers.
    pub app_names: Vec<(Text, Text)>,
    pub browser_app_names: Vec<(Text, Text)>,
    pub televisions: Vec<BrandRule>,
    pub shell_televisions: Vec<BrandRule>,
    pub notebooks: Vec<BrandRule>,
    pub consoles: Vec<BrandRule>,
    pub car_browsers: Vec<BrandRule>,
    pub cameras: Vec<BrandRule>,
    pub portable_media_players: Vec<BrandRule>,
    pub mobiles: Vec<BrandRule>,
    /// Expression and brand.
    pub vendor_fragments: Vec<(Pattern, Text)>,
    pub fragments: Vec<Pattern>,
    pub tables: NameTables,
}

/// The complete rules. The large parts can be borrowed from the binary itself.
#[derive(Debug, Clone)]
pub struct Rules {
    pub code: Cow<'static, [u8]>,
    pub text: Cow<'static, str>,
    pub sets: Vec<ByteSet>,
    pub index: Index,
}

impl Rules {
    /// No rules at all.
    pub fn empty() -> Rules {
        Rules {
            code: Cow::Borrowed(&[]),
            text: Cow::Borrowed(""),
            sets: Vec::new(),
            index: Index::default(),
        }
    }

    /// The characters of a string.
    pub fn string(&self, text: Text) -> &str {
        let start = text.start as usize;
        self.text
            .get(start..start + usize::from(text.length))
            .unwrap_or_default()
    }

    /// Writes the rules as one block of data.
    #[allow(dead_code)] // The build script writes; the program only reads.
    pub fn to_bytes(&self) -> Result<Vec<u8>, postcard::Error> {
        let index = postcard::to_allocvec(&self.index)?;
        let mut block = Vec::with_capacity(self.code.len() + self.text.len() + index.len() + 8);
        block.extend((self.code.len() as u32).to_le_bytes());
        block.extend((self.text.len() as u32).to_le_bytes());
        block.extend_from_slice(&self.code);
        block.extend_from_slice(self.text.as_bytes());
        block.extend(index);
        Ok(block)
    }

    /// Reads a block that [`Rules::to_bytes`] has written.
    pub fn from_static(block: &'static [u8]) -> Result<Rules, &'static str> {
        let damaged = "the device rules in the binary are damaged";
        let (code_size, rest) = block.split_first_chunk::<4>().ok_or(damaged)?;
        let (text_size, rest) = rest.split_first_chunk::<4>().ok_or(damaged)?;
        let (code, rest) = rest
            .split_at_checked(u32::from_le_bytes(*code_size) as usize)
            .ok_or(damaged)?;
        let (text, rest) = rest
            .split_at_checked(u32::from_le_bytes(*text_size) as usize)
            .ok_or(damaged)?;
        let index: Index = postcard::from_bytes(rest).map_err(|_| damaged)?;
        Ok(Rules {
            code: Cow::Borrowed(code),
            text: Cow::Borrowed(std::str::from_utf8(text).map_err(|_| damaged)?),
            sets: index.sets.iter().map(|set| ByteSet(*set)).collect(),
            index,
        })
    }
}

/// Collects the text of the rules; equal strings are kept once.
#[derive(Default)]
pub struct TextPool {
    text: String,
    known: std::collections::HashMap<String, Text>,
}

impl TextPool {
    /// Adds a string.
    pub fn add(&mut self, text: &str) -> Result<Text, String> {
        if let Some(known) = self.known.get(text) {
            return Ok(*known);
        }
        let place = Text {
            start: u32::try_from(self.text.len()).map_err(|error| error.to_string())?,
            length: u16::try_from(text.len()).map_err(|_| format!("too long: {text}"))?,
        };
        self.text.push_str(text);
        self.known.insert(text.to_owned(), place);
        Ok(place)
    }

    /// All text.
    pub fn finish(self) -> String {
        self.text
    }
}
