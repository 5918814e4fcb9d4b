//! The decision where a hit came from.

use super::campaign::{CampaignParameters, name_and_keyword};
use super::clean::{ReferrerAnonymisation, anonymise_referrer_url, clean_referrer_url};
use super::lists::Lists;
use crate::url::{
    PageUrlRules, ParamMap, RawQuery, SiteUrls, UrlParts, looks_like_url, url_decode,
};

/// Limit of names and keywords, in characters.
const TEXT_MAX_CHARS: usize = 255;

/// The channel of a visit, with its stored number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum ReferrerKind {
    /// No referrer, or a page of the site itself.
    Direct = 1,
    /// A search engine.
    Search = 2,
    /// Any other website.
    Website = 3,
    /// A link with campaign parameters.
    Campaign = 6,
    /// A social network.
    Social = 7,
    /// An AI assistant; only found when the option is on.
    AiAssistant = 8,
}

impl ReferrerKind {
    /// From the stored number.
    pub fn from_number(number: u8) -> Option<Self> {
        use ReferrerKind::*;
        [Direct, Search, Website, Campaign, Social, AiAssistant]
            .into_iter()
            .find(|kind| *kind as u8 == number)
    }
}

/// Where a hit came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Referrer {
    /// The channel.
    pub kind: ReferrerKind,
    /// Engine, network, host or campaign; empty for direct. ≤ 255 characters.
    pub name: String,
    /// Of campaigns and search engines, in lower case. `Some("")` for a search: keyword not defined.
    /// `None` for a campaign: neither the request nor the referrer names one; see `fallback_keyword`.
    pub keyword: Option<String>,
    /// The keyword of a campaign that names none and does not continue in a running visit (there the visit's keyword
    /// stays, or a new visit would begin): the referrer's host. Otherwise empty.
    pub fallback_keyword: String,
    /// The stored form of the referrer's URL, ≤ 1,500 characters; also of a page of the site itself.
    pub url: String,
}

impl Referrer {
    /// Nothing is known.
    pub fn direct() -> Self {
        Referrer {
            kind: ReferrerKind::Direct,
            name: String::new(),
            keyword: None,
            fallback_keyword: String::new(),
            url: String::new(),
        }
    }

    /// What a privacy setting leaves: the keyword of a search is part of its URL, the name of a website is its host.
    pub fn anonymised(mut self, anonymisation: ReferrerAnonymisation) -> Self {
        if anonymisation == ReferrerAnonymisation::Nothing {
            return self;
        }
        self.url = anonymise_referrer_url(&self.url, anonymisation);
        if self.kind == ReferrerKind::Search {
            self.keyword = Some(String::new());
        }
        if self.kind == ReferrerKind::Website && anonymisation == ReferrerAnonymisation::ExcludeAll
        {
            self.name.clear();
        }
        self
    }
}

/// What is known about a site when a hit arrives.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// The site of the hit.
    pub site_id: u32,
    /// The URLs of all sites.
    pub sites: &'a SiteUrls,
    /// Referrers that are treated as none: the site's and those of all sites, under any site number.
    pub excluded_referrers: &'a SiteUrls,
    /// How URLs of the site are stored; the referrer loses the same parameters.
    pub url_rules: PageUrlRules<'a>,
    /// Names of campaign parameters.
    pub campaign: &'a CampaignParameters,
    /// The host of the page counts as the site although no site has it: unless unknown URLs are excluded.
    pub unknown_hosts_allowed: bool,
    /// AI assistants are a channel of their own; otherwise they are search engines or websites.
    pub detect_ai_assistants: bool,
    /// Search engines, social networks, AI assistants.
    pub lists: &'a Lists,
}

/// The parts of a hit that say where it came from.
#[derive(Debug, Clone, Copy)]
pub struct Hit<'a> {
    /// As sent.
    pub referrer_url: &'a str,
    /// As sent, before parameters are removed.
    pub page_url: &'a str,
    /// The request's parameters: campaign parameters are accepted there, too.
    pub params: Option<&'a ParamMap>,
}

/// Decides where a hit came from. Campaigns come first; a page of the site itself is no referrer; then AI assistants
/// (by option), search engines, social networks, and any other website.
pub fn classify(hit: &Hit<'_>, context: &Context<'_>) -> Referrer {
    let page = UrlParts::parse(hit.page_url);
    let referrer_url = usable_referrer(hit.referrer_url.trim(), &page, context);
    let parts = UrlParts::parse(referrer_url);
    let mut referrer = classify_campaign(hit, &page, referrer_url, &parts, context)
        .or_else(|| classify_referrer(referrer_url, &parts, &page, context))
        .unwrap_or_else(Referrer::direct);
    referrer.url = clean_referrer_url(referrer_url, &context.url_rules).unwrap_or_default();
    referrer.name = cut(&referrer.name);
    referrer.keyword = referrer.keyword.map(|keyword| cut(&keyword));
    referrer.fallback_keyword = cut(&referrer.fallback_keyword);
    referrer
}

fn cut(text: &str) -> String {
    text.chars().take(TEXT_MAX_CHARS).collect()
}

/// The referrer, or the empty text when it must not count.
fn usable_referrer<'a>(
    referrer_url: &'a str,
    page: &UrlParts<'_>,
    context: &Context<'_>,
) -> &'a str {
    let parts = UrlParts::parse(referrer_url);
    let unusable = !looks_like_url(referrer_url)
        || parts.host_text().is_empty()
        || asks_to_ignore_referrer(page)
        || context.excluded_referrers.find(&parts).is_some();
    if unusable { "" } else { referrer_url }
}

fn asks_to_ignore_referrer(page: &UrlParts<'_>) -> bool {
    let says_so = |query: &str| {
        let query = RawQuery::parse(query);
        ["ignore_referrer", "ignore_referer"]
            .iter()
            .any(|name| query.get(name) == Some("1"))
    };
    says_so(page.query_text()) || says_so(page.fragment_text())
}

fn classify_campaign(
    hit: &Hit<'_>,
    page: &UrlParts<'_>,
    referrer_url: &str,
    referrer: &UrlParts<'_>,
    context: &Context<'_>,
) -> Option<Referrer> {
    let found = name_and_keyword(page, hit.params, context.campaign);
    let from_engine = || {
        context
            .lists
            .search_engines
            .detect_parts(referrer_url, referrer)?
            .keyword
    };
    let (name, keyword) = match found {
        Some((name, keyword)) => {
            let keyword = keyword
                .or_else(from_engine)
                .or_else(|| advertising_page(referrer).map(|page| page.keyword));
            (name.to_lowercase(), keyword)
        }
        None => {
            let advertised = advertising_page(referrer)?;
            (advertised.name.to_lowercase(), Some(advertised.keyword))
        }
    };
    let keyword = keyword
        .map(|keyword| keyword.to_lowercase())
        .filter(|keyword| !keyword.is_empty());
    let fallback_keyword = match keyword {
        Some(_) => String::new(),
        None => referrer.host_text().to_lowercase(),
    };
    Some(Referrer {
        kind: ReferrerKind::Campaign,
        name,
        keyword,
        fallback_keyword,
        url: String::new(),
    })
}

struct AdvertisingPage {
    name: String,
    keyword: String,
}

/// Google's advertising frames name the page that shows the advertisement in their `url` parameter.
fn advertising_page(referrer: &UrlParts<'_>) -> Option<AdvertisingPage> {
    let host = referrer.host_text();
    if !host.contains("googleads") && !host.contains("doubleclick") {
        return None;
    }
    let query = RawQuery::parse(referrer.query_text());
    let page_url = url_decode(query.get("url")?);
    let page = UrlParts::parse(&page_url);
    let page_host = Some(page.host_text()).filter(|host| !host.is_empty())?;
    let name = match query
        .get("ad_type")
        .map(url_decode)
        .filter(|kind| !kind.is_empty())
    {
        Some(kind) => format!("AdWords ({kind})"),
        None => "AdWords".to_owned(),
    };
    Some(AdvertisingPage {
        name,
        keyword: format!("(adwords) {page_host}"),
    })
}

fn classify_referrer(
    referrer_url: &str,
    parts: &UrlParts<'_>,
    page: &UrlParts<'_>,
    context: &Context<'_>,
) -> Option<Referrer> {
    if parts.host_text().is_empty() || is_site_itself(parts, page, context) {
        return None;
    }
    let found = |kind, name: &str, keyword| Referrer {
        kind,
        name: name.to_owned(),
        keyword,
        fallback_keyword: String::new(),
        url: String::new(),
    };
    let lists = context.lists;
    if context.detect_ai_assistants
        && let Some(name) = lists.ai_assistants.find_parts(parts)
    {
        return Some(found(ReferrerKind::AiAssistant, name, None));
    }
    if let Some(search) = lists.search_engines.detect_parts(referrer_url, parts) {
        return Some(found(
            ReferrerKind::Search,
            &search.name,
            Some(search.keyword.unwrap_or_default()),
        ));
    }
    if let Some(name) = lists.social_networks.find_parts(parts) {
        return Some(found(ReferrerKind::Social, name, None));
    }
    Some(found(
        ReferrerKind::Website,
        &website_name(parts, context.sites),
        None,
    ))
}

fn is_site_itself(referrer: &UrlParts<'_>, page: &UrlParts<'_>, context: &Context<'_>) -> bool {
    match context.sites.find(referrer) {
        Some(found) => found.site_ids.contains(&context.site_id),
        None => {
            context.unknown_hosts_allowed
                && referrer.host_text().to_lowercase() == page.host_text().to_lowercase()
        }
    }
}

/// The host, and the path of another of our sites that shares it.
fn website_name(parts: &UrlParts<'_>, sites: &SiteUrls) -> String {
    let mut name = parts.host_text().to_lowercase();
    if let Some(found) = sites.find(parts) {
        name.push_str(found.path.trim_end_matches('/'));
    }
    name
}

#[cfg(test)]
#[path = "classify_tests.rs"]
mod tests;
