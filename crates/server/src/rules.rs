//! Configured sites and goals as the rules that tracking works by.

use std::sync::Arc;

use ingest::Rules;
use model::SiteId;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use settings::{Dimension, GlobalSiteDefaults, Goal, Site};
use tracking::rules::{
    CustomDimensionRule, Extraction, ExtractionSource, GoalRule, InstanceRules, MatchAttribute,
    PatternKind, Scope, SiteRules, SiteSettings,
};
use tracking::url::SiteUrls;

pub fn site_settings(site: &Site, goals: &[&Goal], dimensions: &[&Dimension]) -> SiteSettings {
    SiteSettings {
        id: site.idsite as SiteId,
        timezone: site.timezone.clone(),
        urls: site.urls.clone(),
        currency: site.currency.clone(),
        ecommerce: site.ecommerce,
        site_search: site.sitesearch,
        search_keyword_parameters: site.sitesearch_keyword_parameters.clone(),
        search_category_parameters: site.sitesearch_category_parameters.clone(),
        excluded_ips: site.excluded_ips.clone(),
        excluded_parameters: site.excluded_parameters.clone(),
        excluded_user_agents: site.excluded_user_agents.clone(),
        excluded_referrers: site.excluded_referrers.clone(),
        exclude_unknown_urls: site.exclude_unknown_urls,
        keep_url_fragment: match site.keep_url_fragment {
            1 => Some(true),
            2 => Some(false),
            _ => None,
        },
        goals: goals.iter().filter_map(|goal| goal_rule(goal)).collect(),
        dimensions: dimensions
            .iter()
            .map(|dimension| dimension_rule(dimension))
            .collect(),
    }
}

fn goal_rule(goal: &Goal) -> Option<GoalRule> {
    Some(GoalRule {
        id: goal.idgoal,
        attribute: MatchAttribute::from_name(&goal.match_attribute)?,
        pattern: goal.pattern.clone(),
        pattern_kind: PatternKind::from_name(&goal.pattern_type).unwrap_or(PatternKind::Contains),
        case_sensitive: goal.case_sensitive,
        allow_multiple: goal.allow_multiple,
        revenue: goal.revenue,
        event_value_as_revenue: goal.event_value_as_revenue,
    })
}

fn dimension_rule(dimension: &Dimension) -> CustomDimensionRule {
    CustomDimensionRule {
        id: dimension.idcustomdimension as u32,
        slot: dimension.slot as u8,
        scope: match dimension.scope {
            settings::DimensionScope::Visit => Scope::Visit,
            settings::DimensionScope::Action => Scope::Action,
        },
        active: dimension.active,
        extractions: dimension
            .extractions
            .iter()
            .filter_map(extraction)
            .collect(),
        case_sensitive: dimension.case_sensitive,
    }
}

fn extraction(extraction: &settings::Extraction) -> Option<Extraction> {
    Some(Extraction {
        source: match extraction.dimension.as_str() {
            "url" => ExtractionSource::Url,
            "urlparam" => ExtractionSource::UrlParameter,
            "action_name" => ExtractionSource::Title,
            _ => return None,
        },
        pattern: extraction.pattern.clone(),
    })
}

/// All that the rules of tracking are made from: what the journal keeps when they change.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct RulesSource {
    /// Section, name, value; later ones win.
    pub settings: Vec<(String, String, Value)>,
    pub options: Vec<(String, Value)>,
    pub sites: Vec<SiteSettings>,
}

impl RulesSource {
    /// The defaults of all sites, which the settings keep under names of their own.
    pub fn add_global_defaults(&mut self, defaults: &GlobalSiteDefaults) {
        let mut add = |name: &str, value: Value| self.options.push((name.to_owned(), value));
        add(
            "SitesManager_ExcludedIpsGlobal",
            json!(defaults.excluded_ips),
        );
        add(
            "SitesManager_ExcludedQueryParameters",
            json!(defaults.excluded_parameters),
        );
        add(
            "SitesManager_ExcludedUserAgentsGlobal",
            json!(defaults.excluded_user_agents),
        );
        add(
            "SitesManager_ExcludedReferrersGlobal",
            json!(defaults.excluded_referrers),
        );
        add(
            "SitesManager_SearchKeywordParameters",
            json!(defaults.search_keyword_parameters),
        );
        add(
            "SitesManager_SearchCategoryParameters",
            json!(defaults.search_category_parameters),
        );
        add(
            "SitesManager_KeepURLFragmentsGlobal",
            json!(defaults.keep_url_fragments),
        );
    }

    pub fn build(&self) -> Rules {
        let mut instance = InstanceRules::default();
        for (section, name, value) in &self.settings {
            instance.set(section, name, value);
        }
        for (name, value) in &self.options {
            instance.set_option(name, value);
        }
        // By these a referrer is known as another site of this instance.
        let urls = self
            .sites
            .iter()
            .flat_map(|site| site.urls.iter().map(|url| (site.id, url.as_str())));
        instance.site_urls = SiteUrls::from_entries(urls);
        let rules_of = |site: &SiteSettings| (site.id, Arc::new(SiteRules::new(site, &instance)));
        let sites = self.sites.iter().map(rules_of).collect();
        let source = serde_json::to_vec(self).unwrap_or_default();
        Rules {
            instance,
            sites,
            source,
        }
    }
}

/// Rules as a journal record has them.
pub fn from_journal(source: &[u8]) -> Option<Rules> {
    serde_json::from_slice::<RulesSource>(source)
        .ok()
        .map(|source| source.build())
}
