//! Names and addresses that labels are made of: browsers, systems, search engines, social networks.

use std::borrow::Cow;
use std::sync::Arc;

use tracking::device;
use tracking::referrer::Lists;

const ICONS: &str = "plugins/Morpheus/icons/dist/";
const UNKNOWN: &str = "Unknown";

#[derive(Clone)]
pub struct Sources {
    pub lists: Arc<Lists>,
}

impl Sources {
    /// The name of a browser's code; other clients are stored by name.
    pub fn browser_name<'a>(&self, code: &'a str) -> Cow<'a, str> {
        match code {
            "" | "UNK" => Cow::Borrowed(UNKNOWN),
            code => device::browser_name(code).map_or(Cow::Borrowed(code), Cow::Borrowed),
        }
    }

    pub fn os_name<'a>(&self, code: &'a str) -> &'a str {
        match code {
            "" | "UNK" => UNKNOWN,
            code => device::os_name(code).unwrap_or(code),
        }
    }

    pub fn os_family<'a>(&self, code: &'a str) -> &'a str {
        match code {
            "" | "UNK" => UNKNOWN,
            code => device::os_family(code).unwrap_or(UNKNOWN),
        }
    }

    /// The code by which a family's logo is named.
    pub fn os_code_of_family(&self, family: &str) -> String {
        match family {
            UNKNOWN => "UNK".to_owned(),
            family => device::os_code(family).unwrap_or("UNK").to_owned(),
        }
    }

    pub fn brand_logo(&self, brand: &str) -> String {
        match brand {
            "" | UNKNOWN => format!("{ICONS}brand/unk.png"),
            brand => format!("{ICONS}brand/{}.png", brand.replace(' ', "_")),
        }
    }

    pub fn search_url(&self, engine: &str) -> String {
        self.lists
            .search_engines
            .main_url(engine)
            .unwrap_or_default()
    }

    pub fn search_logo(&self, engine: &str) -> String {
        format!(
            "{ICONS}searchEngines/{}.png",
            self.lists.search_engines.icon_name(engine)
        )
    }

    pub fn search_backlink(&self, engine: &str, keyword: &str) -> Option<String> {
        self.lists.search_engines.backlink(engine, keyword)
    }

    pub fn social_url(&self, network: &str) -> String {
        let host = self.lists.social_networks.main_host(network);
        host.map(|host| format!("http://{host}"))
            .unwrap_or_default()
    }

    pub fn social_logo(&self, network: &str) -> String {
        match self.lists.social_networks.main_host(network) {
            Some(host) => format!("{ICONS}socials/{host}.png"),
            None => format!("{ICONS}socials/xx.png"),
        }
    }
}
