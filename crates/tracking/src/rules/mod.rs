//! What the operator has decided: handed in, never looked up.

mod addresses;
mod agents;
mod dimensions;
mod goals;
mod instance;
mod requests;
mod setting;

pub use addresses::{AddressList, number_of};
pub use agents::AgentList;
pub use dimensions::{CustomDimensionRule, Dimension, Extraction, ExtractionSource, Scope};
pub use goals::{Goal, GoalRule, MatchAttribute, PatternKind};
pub use instance::{InstanceRules, SETTINGS};
pub use requests::RequestRules;
pub use setting::FromSetting;

use model::{SiteId, Zone};
use serde::{Deserialize, Serialize};

use crate::referrer::CampaignParameters;
use crate::url::{ExcludedParameters, SiteUrls};

/// A site as it is configured: plain data, as the settings keep it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SiteSettings {
    pub id: SiteId,
    /// `Europe/Berlin`, `UTC`, `UTC+5.5`.
    pub timezone: String,
    pub urls: Vec<String>,
    pub currency: String,
    pub ecommerce: bool,
    pub site_search: bool,
    /// Empty: those of all sites.
    pub search_keyword_parameters: Vec<String>,
    /// Empty: those of all sites.
    pub search_category_parameters: Vec<String>,
    pub excluded_ips: Vec<String>,
    pub excluded_parameters: Vec<String>,
    pub excluded_user_agents: Vec<String>,
    pub excluded_referrers: Vec<String>,
    pub exclude_unknown_urls: bool,
    /// None: as for all sites.
    pub keep_url_fragment: Option<bool>,
    pub goals: Vec<GoalRule>,
    pub dimensions: Vec<CustomDimensionRule>,
}

impl Default for SiteSettings {
    fn default() -> SiteSettings {
        SiteSettings {
            id: 0,
            timezone: "UTC".to_owned(),
            urls: Vec::new(),
            currency: "USD".to_owned(),
            ecommerce: false,
            site_search: true,
            search_keyword_parameters: Vec::new(),
            search_category_parameters: Vec::new(),
            excluded_ips: Vec::new(),
            excluded_parameters: Vec::new(),
            excluded_user_agents: Vec::new(),
            excluded_referrers: Vec::new(),
            exclude_unknown_urls: false,
            keep_url_fragment: None,
            goals: Vec::new(),
            dimensions: Vec::new(),
        }
    }
}

/// A site's settings, ready to be applied to hits. Made again when they or the instance's rules change.
#[derive(Clone, Debug)]
pub struct SiteRules {
    pub id: SiteId,
    pub zone: Zone,
    pub urls: SiteUrls,
    /// As configured, the main one first.
    pub url_texts: Vec<String>,
    pub currency: String,
    pub ecommerce: bool,
    pub site_search: bool,
    pub search_keyword_parameters: Vec<String>,
    pub search_category_parameters: Vec<String>,
    pub excluded_ips: AddressList,
    pub excluded_parameters: ExcludedParameters,
    pub excluded_user_agents: AgentList,
    pub excluded_referrers: SiteUrls,
    pub exclude_unknown_urls: bool,
    pub keep_url_fragment: bool,
    pub goals: Vec<Goal>,
    pub dimensions: Vec<Dimension>,
    /// Names of the parameters that name a campaign.
    pub campaign: CampaignParameters,
}

impl SiteRules {
    /// Joins a site's settings with those of all sites.
    pub fn new(settings: &SiteSettings, instance: &InstanceRules) -> SiteRules {
        let both = |site: &'_ [String], all: &'_ [String]| -> Vec<String> {
            site.iter().chain(all).cloned().collect()
        };
        let own_or_all = |own: &[String], all: &[String]| -> Vec<String> {
            if own.is_empty() {
                all.to_vec()
            } else {
                own.to_vec()
            }
        };
        let ips = both(&settings.excluded_ips, &instance.global_excluded_ips);
        let agents = both(
            &settings.excluded_user_agents,
            &instance.global_excluded_user_agents,
        );
        let referrers = both(
            &settings.excluded_referrers,
            &instance.global_excluded_referrers,
        );
        let urls = settings.urls.iter().map(|url| (settings.id, url.as_str()));
        SiteRules {
            id: settings.id,
            zone: Zone::named(&settings.timezone).unwrap_or_else(Zone::utc),
            urls: SiteUrls::from_entries(urls),
            url_texts: settings.urls.clone(),
            currency: settings.currency.clone(),
            ecommerce: settings.ecommerce,
            site_search: settings.site_search,
            search_keyword_parameters: own_or_all(
                &settings.search_keyword_parameters,
                &instance.search_keywords,
            ),
            search_category_parameters: own_or_all(
                &settings.search_category_parameters,
                &instance.search_categories,
            ),
            excluded_ips: AddressList::new(ips.iter().map(String::as_str)),
            excluded_parameters: excluded_parameters(settings, instance),
            excluded_user_agents: AgentList::new(agents.iter().map(String::as_str)),
            excluded_referrers: referrer_list(settings.id, &referrers),
            exclude_unknown_urls: settings.exclude_unknown_urls,
            keep_url_fragment: settings
                .keep_url_fragment
                .unwrap_or(instance.keep_fragments),
            goals: settings.goals.iter().map(Goal::new).collect(),
            dimensions: settings.dimensions.iter().map(Dimension::new).collect(),
            campaign: CampaignParameters {
                name: instance.campaign_names.clone(),
                keyword: instance.campaign_keywords.clone(),
                ..CampaignParameters::default()
            },
        }
    }
}

fn excluded_parameters(settings: &SiteSettings, instance: &InstanceRules) -> ExcludedParameters {
    let names = settings
        .excluded_parameters
        .iter()
        .chain(&instance.global_excluded_parameters)
        .chain(&instance.excluded_parameters)
        .map(String::as_str)
        .chain(instance.campaign_parameters());
    ExcludedParameters::with_always_excluded(names)
}

/// A referrer that is excluded is excluded with the hosts below it.
fn referrer_list(site: SiteId, entries: &[String]) -> SiteUrls {
    let mut list = SiteUrls::new();
    for entry in entries {
        let plain = entry
            .split_once("://")
            .map_or(entry.as_str(), |(_, rest)| rest);
        let plain = plain.trim_start_matches("*.").trim_start_matches('.');
        let plain = plain.strip_prefix("www.").unwrap_or(plain);
        list.add(site, &format!("//.{plain}"));
        list.add(site, &format!("//{plain}"));
    }
    list
}
