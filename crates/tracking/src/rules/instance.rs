//! The rules that hold for every site, under the names of their settings in Matomo.

use serde_json::Value;

use super::addresses::AddressList;
use super::requests::RequestRules;
use super::setting::FromSetting;
use crate::referrer::ReferrerAnonymisation;
use crate::url::{DEFAULT_EXCLUDED_PARAMETERS, SiteUrls};

macro_rules! instance_rules {
    ($($section:literal $key:literal $field:ident: $kind:ty = $default:expr, $doc:literal;)*) => {
        /// What holds for every site. Each field is one row of a table: its section and key, its type, its default.
        #[derive(Clone, Debug)]
        pub struct InstanceRules {
            $(#[doc = $doc] pub $field: $kind,)*
            /// The addresses of all sites, for referrers that are another site of this instance.
            pub site_urls: SiteUrls,
        }

        impl Default for InstanceRules {
            fn default() -> InstanceRules {
                InstanceRules { $($field: $default,)* site_urls: SiteUrls::new() }
            }
        }

        /// Section, key and meaning of every setting that tracking reads.
        pub const SETTINGS: &[(&str, &str, &str)] = &[$(($section, $key, $doc)),*];

        impl InstanceRules {
            /// Applies one setting; `null` is its default. False: no setting of tracking, or no value for it.
            pub fn set(&mut self, section: &str, key: &str, value: &Value) -> bool {
                match (section, key) {
                    $(($section, $key) => {
                        if value.is_null() {
                            self.$field = $default;
                            return true;
                        }
                        match <$kind as FromSetting>::from_setting(value) {
                            Some(read) => { self.$field = read; true }
                            None => false,
                        }
                    })*
                    _ => false,
                }
            }
        }
    };
}

impl InstanceRules {
    /// Applies a stored option such as `PrivacyManager.ipAnonymizerEnabled` or `SitesManager_ExcludedIpsGlobal`.
    pub fn set_option(&mut self, name: &str, value: &Value) -> bool {
        match name.split_once('.') {
            Some((section, key)) => self.set(section, key, value),
            None => self.set("option", name, value),
        }
    }

    /// All names under which a campaign may come, its name and its keyword.
    pub fn campaign_parameters(&self) -> impl Iterator<Item = &str> {
        self.campaign_names
            .iter()
            .chain(&self.campaign_keywords)
            .map(String::as_str)
    }
}

impl FromSetting for ReferrerAnonymisation {
    fn from_setting(value: &Value) -> Option<ReferrerAnonymisation> {
        ReferrerAnonymisation::from_setting(value.as_str()?)
    }
}

fn words(text: &str) -> Vec<String> {
    super::setting::words(text)
}

instance_rules! {
    "Tracker" "record_statistics" record_statistics: bool = true, "off: every request is answered with 503";
    "Tracker" "tracking_requests_require_authentication" require_authentication: bool = true, "off: anybody may send an address, a place or an old time";
    "Tracker" "tracking_requests_require_authentication_when_custom_timestamp_newer_than" open_past_seconds: i64 = 86_400, "how far back a time may lie without a token";
    "Tracker" "bulk_requests_require_authentication" bulk_requires_authentication: bool = false, "every hit of a bulk request needs a token";
    "Tracker" "visit_standard_length" visit_standard_length_seconds: i64 = 1_800, "silence after which a new visit starts";
    "Tracker" "window_look_back_for_visitor" window_look_back_seconds: i64 = 0, "how far back a fingerprint finds a visitor; at least half an hour";
    "Tracker" "default_time_one_page_visit" default_visit_seconds: i64 = 0, "length of a visit of one page";
    "Tracker" "create_new_visit_when_campaign_changes" new_visit_on_campaign: bool = true, "another campaign starts a new visit";
    "Tracker" "create_new_visit_when_website_referrer_changes" new_visit_on_referrer: bool = false, "another referring website starts a new visit";
    "Tracker" "create_new_visit_after_midnight" new_visit_after_midnight: bool = true, "a new day of the site starts a new visit";
    "Tracker" "create_new_visit_after_x_actions" most_actions: i64 = 10_000, "actions after which a visitor counts as unknown";
    "Tracker" "trust_visitors_cookies" trust_cookies: bool = false, "a visitor is looked up by id alone";
    "Tracker" "enable_userid_overwrites_visitorid" user_overwrites_visitor: bool = true, "a user's visits share one visitor id";
    "Tracker" "enable_fingerprinting_across_websites" fingerprint_across_sites: bool = false, "the fingerprint of a visitor is the same on all sites";
    "Tracker" "use_third_party_id_cookie" third_party_cookie: bool = false, "the visitor id is kept in a cookie of this server";
    "Tracker" "enable_spam_filter" spam_filter: bool = true, "hits whose referrer is known to spam are dropped";
    "Tracker" "exclude_requests" exclude_requests: RequestRules = RequestRules::default(), "conditions on parameters by which hits are dropped";
    "Tracker" "page_maximum_length" page_max_bytes: i64 = 1_024, "bytes that are kept of an address or title";
    "Tracker" "campaign_var_name" campaign_names: Vec<String> = words("pk_cpn,pk_campaign,piwik_campaign,mtm_campaign,matomo_campaign,utm_campaign,utm_source,utm_medium"), "parameters that hold a campaign's name";
    "Tracker" "campaign_keyword_var_name" campaign_keywords: Vec<String> = words("pk_kwd,pk_keyword,piwik_kwd,mtm_kwd,mtm_keyword,matomo_kwd,utm_term"), "parameters that hold a campaign's keyword";
    "Tracker" "url_query_parameter_to_exclude_from_url" excluded_parameters: Vec<String> = DEFAULT_EXCLUDED_PARAMETERS.iter().map(|name| (*name).to_owned()).collect(), "parameters that no stored address keeps";
    "Tracker" "enable_language_to_country_guess" guess_country: bool = true, "a country is guessed from the language where no database knows it";
    "Tracker" "drop_robots" drop_robots: bool = false, "robots are dropped instead of being kept apart";
    "Tracker" "detect_ai_assistants" detect_ai_assistants: bool = true, "AI assistants are a channel of their own among referrers";
    "General" "action_title_category_delimiter" title_delimiter: String = String::new(), "what separates the levels of a page title";
    "Deletelogs" "delete_logs_enable" delete_old: bool = false, "raw data are deleted after a while";
    "Deletelogs" "delete_logs_older_than" delete_after_days: i64 = 180, "days after which raw data are deleted";
    "Deletelogs" "delete_logs_schedule_lowest_interval" delete_interval_days: i64 = 7, "days between two deletions of raw data";
    "PrivacyManager" "ipAnonymizerEnabled" mask_ip: bool = true, "addresses are masked before they are stored";
    "PrivacyManager" "ipAddressMaskLength" mask_ip_bytes: i64 = 2, "bytes of an address that are masked";
    "PrivacyManager" "useAnonymizedIpForVisitEnrichment" enrich_with_masked_ip: bool = false, "place and fingerprint are found with the masked address";
    "PrivacyManager" "forceCookielessTracking" force_cookieless: bool = false, "visitor ids of cookies are ignored";
    "PrivacyManager" "anonymizeUserId" anonymise_user: bool = false, "user names are replaced by a hash";
    "PrivacyManager" "anonymizeOrderId" anonymise_order: bool = false, "order numbers are replaced by random ones";
    "PrivacyManager" "anonymizeReferrer" referrer_privacy: ReferrerAnonymisation = ReferrerAnonymisation::Nothing, "how much of a referrer's address is forgotten";
    "PrivacyManager" "doNotTrackEnabled" respect_do_not_track: bool = false, "browsers that ask not to be tracked are not";
    "PrivacyManager" "globalPrivacyControlEnabled" respect_privacy_control: bool = false, "browsers that send Sec-GPC are not tracked";
    "option" "useridsalt" user_salt: String = String::new(), "secret with which user names are hashed";
    "option" "SitesManager_ExcludedIpsGlobal" global_excluded_ips: Vec<String> = Vec::new(), "addresses that no site counts";
    "option" "SitesManager_ExcludedQueryParameters" global_excluded_parameters: Vec<String> = Vec::new(), "parameters that no site's addresses keep";
    "option" "SitesManager_ExcludedUserAgentsGlobal" global_excluded_user_agents: Vec<String> = Vec::new(), "browsers that no site counts";
    "option" "SitesManager_ExcludedReferrersGlobal" global_excluded_referrers: Vec<String> = Vec::new(), "referrers that no site counts";
    "option" "SitesManager_KeepURLFragmentsGlobal" keep_fragments: bool = false, "addresses keep what follows the hash";
    "option" "SitesManager_SearchKeywordParameters" search_keywords: Vec<String> = words("q,query,s,search,searchword,k,keyword,keywords"), "parameters that hold what was searched on a site";
    "option" "SitesManager_SearchCategoryParameters" search_categories: Vec<String> = Vec::new(), "parameters that hold the category of a search on a site";
    "TrackingSpamPrevention" "block_headless" block_headless: bool = false, "headless browsers are dropped";
    "TrackingSpamPrevention" "block_libraries" block_libraries: bool = false, "programs' HTTP libraries are dropped";
    "TrackingSpamPrevention" "excluded_countries" excluded_countries: Vec<String> = Vec::new(), "countries whose visitors are dropped";
    "TrackingSpamPrevention" "included_countries" included_countries: Vec<String> = Vec::new(), "the only countries whose visitors count";
    "TrackingSpamPrevention" "iprange_allowlist" allowed_ips: AddressList = AddressList::default(), "addresses that the spam rules never drop";
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn settings_are_set_and_reset_by_name() {
        let mut rules = InstanceRules::default();
        assert!(rules.set("Tracker", "window_look_back_for_visitor", &json!("2678400")));
        assert_eq!(rules.window_look_back_seconds, 2_678_400);
        assert!(rules.set_option("PrivacyManager.ipAnonymizerEnabled", &json!("0")));
        assert!(!rules.mask_ip);
        assert!(rules.set_option("useridsalt", &json!("salt")));
        assert_eq!(rules.user_salt, "salt");
        assert!(rules.set("Tracker", "window_look_back_for_visitor", &Value::Null));
        assert_eq!(rules.window_look_back_seconds, 0);
        assert!(!rules.set("Tracker", "visit_standard_length", &json!("soon")));
        assert!(!rules.set("Tracker", "nothing", &json!(1)));
        assert!(rules.set(
            "PrivacyManager",
            "anonymizeReferrer",
            &json!("exclude_path")
        ));
        assert_eq!(rules.referrer_privacy, ReferrerAnonymisation::ExcludePath);
    }

    #[test]
    fn every_setting_has_one_row() {
        for (section, key, meaning) in SETTINGS {
            let rows = SETTINGS
                .iter()
                .filter(|row| (row.0, row.1) == (*section, *key));
            assert_eq!(rows.count(), 1, "{section}.{key}");
            assert!(
                InstanceRules::default().set(section, key, &Value::Null),
                "{section}.{key}"
            );
            assert!(!meaning.is_empty());
        }
    }
}
