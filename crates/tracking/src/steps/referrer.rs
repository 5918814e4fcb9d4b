//! Where the visit came from.

use super::Enriching;
use super::action::url_rules;
use crate::hit::{CampaignFacts, Referrer, referrer_type};
use crate::outcome::Stop;
use crate::referrer::{
    Campaign, Context, Hit, ReferrerKind, campaign_from_url, classify as classify_hit,
};

/// Classifies the referrer and reads the campaign.
pub fn classify(hit: &mut Enriching<'_>) -> Result<(), Stop> {
    let referrer_url = hit.params.text("urlref").unwrap_or_default();
    hit.hit.referrer = read(hit, referrer_url, &hit.page_url, true);
    hit.hit.campaign = facts(campaign_from_url(&hit.page_url, &hit.site.campaign));
    Ok(())
}

/// The referrer of a conversion's cookie; none where it is direct or a campaign.
pub fn of_conversion(hit: &Enriching<'_>, referrer_url: &str) -> Option<Referrer> {
    let referrer = read(hit, referrer_url, "", false);
    let counts = !matches!(
        referrer.kind,
        referrer_type::DIRECT | referrer_type::CAMPAIGN
    );
    counts.then_some(referrer)
}

fn read(hit: &Enriching<'_>, referrer_url: &str, page_url: &str, with_params: bool) -> Referrer {
    let context = Context {
        site_id: hit.site.id,
        sites: &hit.rules.site_urls,
        excluded_referrers: &hit.site.excluded_referrers,
        url_rules: url_rules(hit),
        campaign: &hit.site.campaign,
        unknown_hosts_allowed: !hit.site.exclude_unknown_urls,
        detect_ai_assistants: hit.rules.detect_ai_assistants,
        lists: hit.sources.referrers,
    };
    let asked = Hit {
        referrer_url,
        page_url,
        params: with_params.then(|| hit.params.map()),
    };
    let found = classify_hit(&asked, &context).anonymised(hit.rules.referrer_privacy);
    let is_campaign = found.kind == ReferrerKind::Campaign;
    Referrer {
        kind: found.kind as i64,
        name: found.name,
        url: found.url,
        keyword: if is_campaign {
            found.keyword
        } else {
            found.keyword.or(Some(String::new()))
        },
        fallback_keyword: found.fallback_keyword,
    }
}

fn facts(campaign: Campaign) -> CampaignFacts {
    CampaignFacts {
        name: campaign.name.unwrap_or_default(),
        keyword: campaign.keyword.unwrap_or_default(),
        source: campaign.source.unwrap_or_default(),
        medium: campaign.medium.unwrap_or_default(),
        content: campaign.content.unwrap_or_default(),
        id: campaign.id.unwrap_or_default(),
        group: campaign.group.unwrap_or_default(),
        placement: campaign.placement.unwrap_or_default(),
    }
}
