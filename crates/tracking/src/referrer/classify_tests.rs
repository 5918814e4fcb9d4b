use super::*;
use crate::url::ExcludedParameters;
use crate::url::noise::{Noise, URL_PIECES};

struct World {
    sites: SiteUrls,
    excluded_referrers: SiteUrls,
    excluded: ExcludedParameters,
    campaign: CampaignParameters,
    lists: Lists,
    detect_ai_assistants: bool,
    unknown_hosts_allowed: bool,
}

impl World {
    fn new() -> Self {
        let campaign = CampaignParameters::default();
        World {
            sites: SiteUrls::from_entries([
                (1, "http://piwik.net/"),
                (2, "http://shared.org/two"),
                (1, "http://shared.org/one"),
            ]),
            excluded_referrers: SiteUrls::from_entries([
                (0, "https://excludedreferrer123.com"),
                (0, ".pay.example"),
                (0, "bank.example/return"),
            ]),
            excluded: ExcludedParameters::with_always_excluded(campaign.all_names()),
            campaign,
            lists: Lists::embedded().expect("embedded lists"),
            detect_ai_assistants: false,
            unknown_hosts_allowed: true,
        }
    }

    fn classify_hit(&self, hit: &Hit<'_>) -> Referrer {
        let context = Context {
            site_id: 1,
            sites: &self.sites,
            excluded_referrers: &self.excluded_referrers,
            url_rules: PageUrlRules {
                keep_fragment: false,
                excluded: &self.excluded,
                max_bytes: 1_024,
            },
            campaign: &self.campaign,
            unknown_hosts_allowed: self.unknown_hosts_allowed,
            detect_ai_assistants: self.detect_ai_assistants,
            lists: &self.lists,
        };
        classify(hit, &context)
    }

    fn classify(&self, page_url: &str, referrer_url: &str) -> Referrer {
        self.classify_hit(&Hit {
            referrer_url,
            page_url,
            params: None,
        })
    }
}

#[test]
fn channels_names_and_keywords() {
    use ReferrerKind::*;
    let world = World::new();
    // page, referrer, kind, name, keyword
    for (page, referrer, kind, name, keyword) in [
        ("http://piwik.net/", "", Direct, "", None),
        (
            "http://piwik.net/",
            "www.displaymyfiles.com",
            Direct,
            "",
            None,
        ),
        (
            "http://piwik.net/page1",
            "http://piwik.net/?pk_campaign=adwbuccc",
            Direct,
            "",
            None,
        ),
        (
            "http://piwik.net/page1",
            "https://www.PIWIK.net/x",
            Direct,
            "",
            None,
        ),
        (
            "http://piwik.net/page1",
            "http://links.piwik.net/?pk_campaign=adwBuCcc",
            Website,
            "links.piwik.net",
            None,
        ),
        (
            "http://piwik.net/?pk_campaign=adwBuCcc",
            "http://www.google.com",
            Campaign,
            "adwbuccc",
            None,
        ),
        (
            "http://piwik.net/?pk_campaign=a",
            "http://www.google.com/search?q=Word",
            Campaign,
            "a",
            Some("word"),
        ),
        ("http://piwik.net/?pk_campaign=a", "", Campaign, "a", None),
        (
            "http://piwik.net/?utm_campaign=A&utm_term=B",
            "http://any.example/",
            Campaign,
            "a",
            Some("b"),
        ),
        (
            "http://piwik.net/",
            "http://www.google.com",
            Search,
            "Google",
            Some(""),
        ),
        (
            "http://piwik.net/",
            "https://www.looksmart.com/",
            Website,
            "www.looksmart.com",
            None,
        ),
        (
            "http://piwik.net/",
            "https://somewebsite.com/",
            Website,
            "somewebsite.com",
            None,
        ),
        (
            "http://piwik.net/",
            "http://musicforeveryoneradio.be:2222/CMD",
            Website,
            "musicforeveryoneradio.be",
            None,
        ),
        (
            "http://piwik.net/",
            "http://www.facebook.com/bar",
            Social,
            "Facebook",
            None,
        ),
        (
            "http://piwik.net/",
            "https://excludedreferrer123.com/?pk_campaign=x",
            Direct,
            "",
            None,
        ),
        (
            "http://piwik.net/",
            "https://a.pay.example/",
            Direct,
            "",
            None,
        ),
        (
            "http://piwik.net/",
            "https://bank.example/return/ok",
            Direct,
            "",
            None,
        ),
        (
            "http://piwik.net/",
            "https://bank.example/other",
            Website,
            "bank.example",
            None,
        ),
        (
            "http://piwik.net/?ignore_referrer=1",
            "http://any.example/",
            Direct,
            "",
            None,
        ),
        (
            "http://piwik.net/?a=1&ignore_referer=1",
            "http://any.example/",
            Direct,
            "",
            None,
        ),
        (
            "http://piwik.net/?ignore_referrer=0",
            "http://any.example/",
            Website,
            "any.example",
            None,
        ),
        (
            "http://unknown.example/a",
            "http://Unknown.example/b",
            Direct,
            "",
            None,
        ),
        (
            "http://shared.org/one/a",
            "http://shared.org/two/b",
            Website,
            "shared.org/two",
            None,
        ),
        (
            "http://shared.org/one/a",
            "http://shared.org/one",
            Direct,
            "",
            None,
        ),
        (
            "http://piwik.net/",
            "https://googleads.g.doubleclick.net/pagead/ads?url=http%3A%2F%2FShop.example%2Fx",
            Campaign,
            "adwords",
            Some("(adwords) shop.example"),
        ),
        (
            "http://piwik.net/",
            "https://googleads.g.doubleclick.net/pagead/ads?ad_type=text&url=http://a.b/",
            Campaign,
            "adwords (text)",
            Some("(adwords) a.b"),
        ),
        (
            "http://piwik.net/?pk_campaign=c",
            "https://googleads.g.doubleclick.net/pagead/ads?url=http://a.b/",
            Campaign,
            "c",
            Some("(adwords) a.b"),
        ),
        (
            "http://piwik.net/",
            "http://www.googleadservices.com/pagead/aclk?sa=L",
            Website,
            "www.googleadservices.com",
            None,
        ),
        (
            "http://piwik.net/",
            "https://chatgpt.com/c/1",
            Website,
            "chatgpt.com",
            None,
        ),
        (
            "http://piwik.net/",
            "https://chatgpt.com/",
            Search,
            "ChatGPT",
            Some(""),
        ),
        (
            "http://piwik.net/",
            "javascript://any.example/",
            Direct,
            "",
            None,
        ),
        ("http://piwik.net/", "http:///path", Direct, "", None),
    ] {
        let found = world.classify(page, referrer);
        assert_eq!(
            (found.kind, found.name.as_str(), found.keyword.as_deref()),
            (kind, name, keyword),
            "{page} <- {referrer}"
        );
    }
}

#[test]
fn options_change_the_channel() {
    let mut world = World::new();
    world.detect_ai_assistants = true;
    world.unknown_hosts_allowed = false;
    for (page, referrer, kind) in [
        (
            "http://piwik.net/",
            "https://chatgpt.com/",
            ReferrerKind::AiAssistant,
        ),
        (
            "http://piwik.net/",
            "https://x.com/i/grok",
            ReferrerKind::AiAssistant,
        ),
        ("http://piwik.net/", "https://x.com/a", ReferrerKind::Social),
        (
            "http://unknown.example/a",
            "http://unknown.example/b",
            ReferrerKind::Website,
        ),
    ] {
        assert_eq!(world.classify(page, referrer).kind, kind, "{referrer}");
    }
}

#[test]
fn a_campaign_without_a_keyword_falls_back_to_the_host() {
    let world = World::new();
    for (page, referrer, keyword, fallback) in [
        (
            "http://piwik.net/?pk_campaign=a",
            "http://Any.example/",
            None,
            "any.example",
        ),
        ("http://piwik.net/?pk_campaign=a", "", None, ""),
        (
            "http://piwik.net/?pk_campaign=a&pk_kwd=k",
            "http://any.example/",
            Some("k"),
            "",
        ),
    ] {
        let found = world.classify(page, referrer);
        assert_eq!(
            (found.keyword.as_deref(), found.fallback_keyword.as_str()),
            (keyword, fallback)
        );
    }
}

#[test]
fn the_request_can_name_the_campaign() {
    let world = World::new();
    let params = ParamMap::parse("mtm_campaign=Mail&mtm_kwd=Spring");
    let hit = Hit {
        referrer_url: "",
        page_url: "http://piwik.net/",
        params: Some(&params),
    };
    let found = world.classify_hit(&hit);
    assert_eq!(
        (found.kind, found.name.as_str()),
        (ReferrerKind::Campaign, "mail")
    );
    assert_eq!(found.keyword.as_deref(), Some("spring"));
}

#[test]
fn stored_texts_are_limited() {
    let world = World::new();
    let found = world.classify(
        &format!("http://piwik.net/?pk_campaign={}", "y".repeat(300)),
        "",
    );
    assert_eq!(found.name.len(), 255);
    let found = world.classify(
        "http://piwik.net/",
        "http://links.piwik.net/?pk_campaign=a&b=c#d",
    );
    assert_eq!(found.url, "http://links.piwik.net/?b=c");
}

#[test]
fn anonymisation_leaves_the_channel() {
    use ReferrerAnonymisation::*;
    let world = World::new();
    for (referrer, anonymisation, name, keyword, url) in [
        (
            "http://google.com/search?q=x",
            ExcludeAll,
            "Google",
            Some(""),
            "",
        ),
        ("https://www.foo.com/bar/?baz=1", ExcludeAll, "", None, ""),
        (
            "https://www.foo.com/bar/?baz=1",
            ExcludePath,
            "www.foo.com",
            None,
            "https://www.foo.com/",
        ),
        (
            "https://www.facebook.com/profile?id=1",
            ExcludeQuery,
            "Facebook",
            None,
            "https://www.facebook.com/profile",
        ),
        (
            "https://www.facebook.com/profile?id=1",
            ExcludeAll,
            "Facebook",
            None,
            "",
        ),
    ] {
        let found = world
            .classify("http://piwik.net/", referrer)
            .anonymised(anonymisation);
        assert_eq!(
            (
                found.name.as_str(),
                found.keyword.as_deref(),
                found.url.as_str()
            ),
            (name, keyword, url)
        );
    }
}

#[test]
fn hostile_input_is_survived() {
    let world = World::new();
    let mut noise = Noise::new(41);
    for _ in 0..3_000 {
        let page = format!("http://piwik.net/{}", noise.text(URL_PIECES, 20));
        let referrer = format!("http://{}", noise.text(URL_PIECES, 30));
        let found = world.classify(&page, &referrer);
        assert!(found.name.chars().count() <= 255 && found.url.chars().count() <= 1_500);
        let raw = String::from_utf8_lossy(&noise.bytes(100)).into_owned();
        let _ = world.classify(&raw, &raw);
    }
}

#[test]
fn kinds_have_their_numbers() {
    for number in [1, 2, 3, 6, 7, 8] {
        assert_eq!(
            ReferrerKind::from_number(number).map(|kind| kind as u8),
            Some(number)
        );
    }
    assert_eq!(ReferrerKind::from_number(4), None);
}
