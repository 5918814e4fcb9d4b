//! Where a visit came from: campaign, search engine, social network, AI assistant, website, or directly.
//!
//! Pure: the lists, the sites' URLs and the rules are handed in. [`classify`] is the entry.

mod campaign;
mod classify;
mod clean;
mod engines;
mod hosts;
mod keyword;
mod lists;
mod lossy;
mod spam;

pub use campaign::{Campaign, CampaignParameters, campaign_from_url};
pub use classify::{Context, Hit, Referrer, ReferrerKind, classify};
pub use clean::{ReferrerAnonymisation, anonymise_referrer_url, clean_referrer_url};
pub use engines::{SearchEngines, SearchMatch};
pub use hosts::NamedHosts;
pub use lists::{ListError, ListKind, Lists};
pub use spam::SpamHosts;
