//! Hits that are left out on purpose. The first reason that holds is the one that is counted.

use super::Enriching;
use crate::device::ClientKind;
use crate::outcome::{Exclusion, Stop};

type Reason = fn(&Enriching<'_>) -> bool;

const REASONS: &[(Exclusion, Reason)] = &[
    (Exclusion::NoRec, |hit| !hit.params.flag("rec")),
    (Exclusion::DoNotTrack, |hit| {
        hit.rules.respect_do_not_track && hit.environment.do_not_track
    }),
    (Exclusion::PrivacyControl, |hit| {
        hit.rules.respect_privacy_control && hit.environment.global_privacy_control
    }),
    (Exclusion::Headless, |hit| {
        hit.rules.block_headless && !is_allowed(hit) && is_headless(hit)
    }),
    (Exclusion::Library, |hit| {
        hit.rules.block_libraries && !is_allowed(hit) && is_library(hit)
    }),
    (Exclusion::RequestRule, |hit| {
        hit.rules.exclude_requests.matches(hit.params)
    }),
    (Exclusion::OptedOut, |hit| hit.environment.opted_out),
    (Exclusion::Address, |hit| {
        hit.site.excluded_ips.contains(hit.ip)
    }),
    (Exclusion::UserAgent, |hit| {
        hit.site.excluded_user_agents.contains(&hit.user_agent)
    }),
    (Exclusion::ReferrerSpam, is_referrer_spam),
    (Exclusion::UnknownUrl, is_unknown_url),
    (Exclusion::Prefetch, |hit| hit.environment.prefetch),
];

/// Leaves the hit out where a rule says so.
pub fn by_rules(hit: &mut Enriching<'_>) -> Result<(), Stop> {
    match REASONS.iter().find(|(_, holds)| holds(hit)) {
        Some((reason, _)) => Err((*reason).into()),
        None => Ok(()),
    }
}

fn is_allowed(hit: &Enriching<'_>) -> bool {
    hit.rules.allowed_ips.contains(hit.ip)
}

fn is_headless(hit: &Enriching<'_>) -> bool {
    let agent = hit.user_agent.to_ascii_lowercase();
    ["headless", "phantomjs", "electron"]
        .iter()
        .any(|word| agent.contains(word))
}

fn is_library(hit: &Enriching<'_>) -> bool {
    hit.device.client_kind == Some(ClientKind::Library)
}

fn is_referrer_spam(hit: &Enriching<'_>) -> bool {
    let referrer = hit.params.filled("urlref");
    hit.rules.spam_filter
        && referrer.is_some_and(|referrer| hit.sources.referrers.spam_hosts.is_spam_url(referrer))
}

fn is_unknown_url(hit: &Enriching<'_>) -> bool {
    hit.site.exclude_unknown_urls
        && !hit.page_url.is_empty()
        && !hit.site.urls.matches_site(&hit.page_url, hit.site.id)
}
