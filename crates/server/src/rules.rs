//! Configured sites and goals as the rules that tracking works by.

use model::SiteId;
use settings::{Dimension, GlobalSiteDefaults, Goal, Site};
use tracking::rules::{
    CustomDimensionRule, Extraction, ExtractionSource, GoalRule, InstanceRules, MatchAttribute,
    PatternKind, Scope, SiteSettings,
};

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
        dimensions: dimensions.iter().map(|dimension| dimension_rule(dimension)).collect(),
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
        extractions: dimension.extractions.iter().filter_map(extraction).collect(),
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

/// The defaults of all sites, which the settings keep under names of their own.
pub fn add_global_defaults(instance: &mut InstanceRules, defaults: &GlobalSiteDefaults) {
    instance.global_excluded_ips = defaults.excluded_ips.clone();
    instance.global_excluded_parameters = defaults.excluded_parameters.clone();
    instance.global_excluded_user_agents = defaults.excluded_user_agents.clone();
    instance.global_excluded_referrers = defaults.excluded_referrers.clone();
    instance.search_keywords = defaults.search_keyword_parameters.clone();
    instance.search_categories = defaults.search_category_parameters.clone();
    instance.keep_fragments = defaults.keep_url_fragments;
}

/// The addresses of every site, by which a referrer is known as another site of this instance.
pub fn set_site_urls(instance: &mut InstanceRules, urls: &[(SiteId, &str)]) {
    instance.site_urls = tracking::url::SiteUrls::from_entries(urls.iter().copied());
}
