//! Which visit a hit belongs to, and what the visit then knows.

mod support;

use catalog::columns::{NONE, action, conversion, float, item, kind, visit};
use support::{EverySalt, NOON, World};
use tracking::hit::{ip_text, referrer_type};
use tracking::parse::HitParams;
use tracking::rules::{MatchAttribute, Scope};
use tracking::url::ParamMap;
use tracking::{Auth, Exclusion, Observe, Placed, Refusal, Stop};

const PAGE: &str = "url=https://example.org/a&action_name=A";
const ID: &str = "_id=0123456789abcdef";

/// Sends both requests the given time apart and tells how many visits there are.
fn visits_after(world: &mut World, first: &str, seconds: i64, second: &str) -> usize {
    world.at(0).send(first).expect("a hit");
    world.at(seconds).send(second).expect("a hit");
    world.all().len()
}

#[test]
fn silence_a_new_day_or_another_campaign_start_a_new_visit() {
    let page = &format!("{ID}&{PAGE}");
    let campaign = |name: &str| format!("{ID}&url=https://example.org/?utm_campaign={name}");
    let cases: &[(&str, String, i64, String, usize)] = &[
        ("just in time", page.clone(), 1_799, page.clone(), 1),
        ("too late", page.clone(), 1_800, page.clone(), 2),
        ("forced", page.clone(), 1, format!("{page}&new_visit=1"), 2),
        ("another campaign", campaign("x"), 60, campaign("y"), 2),
        ("the same campaign", campaign("x"), 60, campaign("X"), 1),
        ("a campaign after none", page.clone(), 60, campaign("x"), 1),
        (
            "a page after a campaign",
            campaign("x"),
            60,
            page.clone(),
            1,
        ),
        (
            "another cookie, same browser",
            page.clone(),
            60,
            page.replace("0123", "3210"),
            1,
        ),
        (
            "another cid",
            page.clone(),
            60,
            format!("{PAGE}&cid=fedcba9876543210"),
            2,
        ),
    ];
    for (name, first, seconds, second, expected) in cases {
        let mut world = World::new();
        assert_eq!(
            visits_after(&mut world, first, *seconds, second),
            *expected,
            "{name}"
        );
    }
    let mut world = World::new();
    let until_midnight = 12 * 3_600;
    world.at(until_midnight - 60).send(page).expect("a hit");
    world.at(until_midnight + 60).send(page).expect("a hit");
    assert_eq!(world.all().len(), 2, "midnight");
    let mut world = World::new();
    world.rules.new_visit_after_midnight = false;
    world.at(until_midnight - 60).send(page).expect("a hit");
    world.at(until_midnight + 60).send(page).expect("a hit");
    assert_eq!(world.all().len(), 1, "midnight does not count");
}

#[test]
fn a_visit_counts_its_actions_and_times() {
    let mut world = World::new();
    world.at(0).send(PAGE).expect("a page");
    world
        .at(10)
        .send("url=https://example.org/b&e_c=c&e_a=a&e_v=1.5")
        .expect("an event");
    world
        .at(40)
        .send("url=https://example.org/b&action_name=B")
        .expect("a page");
    world
        .at(50)
        .send("url=https://example.org/b&c_n=banner")
        .expect("a content");
    world
        .at(60)
        .send("link=https://other.example/")
        .expect("an outlink");
    world
        .at(70)
        .send("url=https://example.org/?q=shoes")
        .expect("a search");
    world.at(100).send("ping=1").expect("a heartbeat");
    let state = world.only();
    let row = &state.visit;
    assert_eq!(row[visit::TOTAL_ACTIONS], 5);
    assert_eq!(row[visit::INTERACTIONS], 3);
    assert_eq!((row[visit::EVENTS], row[visit::SEARCHES]), (1, 1));
    assert_eq!(
        row[visit::TOTAL_TIME],
        101,
        "the heartbeat prolongs the visit"
    );
    assert_eq!(row[visit::LAST_TIME], NOON + 70, "and is no action");
    assert_eq!(world.text(row[visit::ENTRY_URL]), "example.org/a");
    assert_eq!(
        (row[visit::EXIT_URL], world.text(row[visit::EXIT_TITLE])),
        (0, "shoes")
    );
    let kinds: Vec<i64> = state.actions.iter().map(|row| row[action::KIND]).collect();
    assert_eq!(
        kinds,
        [
            kind::PAGE,
            kind::EVENT,
            kind::PAGE,
            kind::CONTENT,
            kind::OUTLINK,
            kind::SEARCH
        ]
    );
    let positions: Vec<i64> = state
        .actions
        .iter()
        .map(|row| row[action::POSITION])
        .collect();
    assert_eq!(positions, [1, 1, 2, 2, 2, 3]);
    let spent: Vec<i64> = state
        .actions
        .iter()
        .map(|row| row[action::SECONDS])
        .collect();
    assert_eq!(spent, [10, 30, 10, 10, 10, NONE]);
    let before: Vec<i64> = state
        .actions
        .iter()
        .map(|row| row[action::PREVIOUS_SECONDS])
        .collect();
    assert_eq!(before, [0, 10, 30, 10, 10, 10]);
    assert_eq!(world.text(state.actions[2][action::PREVIOUS_TITLE]), "A");
    assert_eq!(float(state.actions[1][action::VALUE]), 1.5);
    assert_eq!(row[visit::PROFILABLE], 0, "no id was sent");
}

#[test]
fn returning_visitors_remember_their_visits_and_orders() {
    let mut world = World::new();
    let day = 86_400;
    world.at(0).send(&format!("{ID}&{PAGE}")).expect("a page");
    world.at(600).send(&format!("{ID}&{PAGE}")).expect("a page");
    world.at(day).send(&format!("{ID}&{PAGE}")).expect("a page");
    world
        .at(day + 60)
        .send(&format!("{ID}&idgoal=0&ec_id=1&revenue=5"))
        .expect("an order");
    world
        .at(3 * day)
        .send(&format!("{ID}&{PAGE}"))
        .expect("a page");
    world
        .at(4 * day)
        .send(&format!("{ID}&{PAGE}"))
        .expect("a page");
    let column =
        |at: usize| -> Vec<i64> { world.all().iter().map(|state| state.visit[at]).collect() };
    assert_eq!(column(visit::VISIT_COUNT), [1, 2, 3, 4]);
    assert_eq!(column(visit::SINCE_LAST), [0, day, 2 * day, day]);
    assert_eq!(column(visit::SINCE_FIRST), [0, day, 3 * day, 4 * day]);
    assert_eq!(column(visit::SINCE_ORDER), [NONE, 0, 2 * day, 3 * day]);
    assert_eq!(column(visit::RETURNING), [0, 1, 1, 2]);
    assert_eq!(column(visit::VISITOR), [0x0123_4567_89ab_cdef; 4]);
}

#[test]
fn users_are_one_visitor_wherever_they_sign_in() {
    let mut world = World::new();
    world.at(0).send(PAGE).expect("a page");
    world
        .at(10)
        .send(&format!("{PAGE}&uid=abc"))
        .expect("a page");
    let signed_in = world.only().visit[visit::VISITOR];
    assert_eq!(signed_in as u64, 0xa999_3e36_4706_816a, "the SHA-1 of abc");
    assert_eq!(world.value(world.only().visit[visit::USER]), "abc");
    world.environment.user_agent = "Other/1.0".to_owned();
    world
        .at(20)
        .send(&format!("{PAGE}&uid=abc&_id=fedcba9876543210"))
        .expect("a page");
    assert_eq!(world.all().len(), 1, "another browser of the same user");
    world
        .at(30)
        .send(&format!("{PAGE}&uid=xyz"))
        .expect("a page");
    assert_eq!(world.all().len(), 2, "another user");
}

#[test]
fn direct_visits_are_upgraded_and_others_are_not() {
    let mut world = World::new();
    world.at(0).send(PAGE).expect("a page");
    assert_eq!(world.referrer(), (referrer_type::DIRECT, "", ""));
    world
        .at(10)
        .send(&format!("{PAGE}&urlref=https://blog.example/x"))
        .expect("a page");
    assert_eq!(
        world.referrer(),
        (referrer_type::WEBSITE, "blog.example", "")
    );
    world
        .at(20)
        .send(&format!("{PAGE}&urlref=https://other.example/"))
        .expect("a page");
    assert_eq!(
        world.referrer(),
        (referrer_type::WEBSITE, "blog.example", "")
    );
    assert_eq!(world.all().len(), 1);
    let tagged = "url=https://example.org/?utm_campaign=Spring%26utm_term=Red";
    world.at(30).send(tagged).expect("a page");
    assert_eq!(world.referrer(), (referrer_type::CAMPAIGN, "spring", "red"));
    assert_eq!(world.all().len(), 2);
}

#[test]
fn a_campaign_without_keyword_keeps_that_of_the_visit() {
    let mut world = World::new();
    let tagged = "url=https://example.org/?mtm_campaign=x";
    world
        .at(0)
        .send(&format!("{tagged}%26mtm_kwd=red"))
        .expect("a page");
    world
        .at(10)
        .send(&format!("{tagged}&urlref=https://blog.example/"))
        .expect("a page");
    assert_eq!(world.all().len(), 1, "the same campaign");
    assert_eq!(world.referrer(), (referrer_type::CAMPAIGN, "x", "red"));
    let mut world = World::new();
    world
        .send(&format!("{tagged}&urlref=https://blog.example/"))
        .expect("a page");
    assert_eq!(
        world.referrer(),
        (referrer_type::CAMPAIGN, "x", "blog.example")
    );
}

#[test]
fn goals_convert_once_or_often() {
    let mut world = World::new()
        .with_goal(MatchAttribute::Url, "/thanks", false)
        .with_goal(MatchAttribute::Title, "thank", true)
        .with_goal(MatchAttribute::VisitDuration, "1", false)
        .with_goal(MatchAttribute::Manually, "", false);
    let thanks = "url=https://example.org/thanks&action_name=Thank+you";
    world.at(0).send(PAGE).expect("a page");
    world.at(30).send(thanks).expect("a page");
    world.at(50).send(thanks).expect("a page");
    world.at(70).send(PAGE).expect("a page");
    world.at(80).send("idgoal=4&revenue=2.505").expect("a goal");
    assert_eq!(
        world.at(90).send("idgoal=5"),
        Err(Stop::Refused(Refusal::UnknownGoal))
    );
    let state = world.only();
    let goals: Vec<i64> = state
        .conversions
        .iter()
        .map(|row| row[conversion::GOAL])
        .collect();
    assert_eq!(goals, [1, 2, 2, 3, 4]);
    let pages: Vec<i64> = state
        .conversions
        .iter()
        .map(|row| row[conversion::PAGES_BEFORE])
        .collect();
    assert_eq!(pages, [2, 2, 3, 4, 4]);
    assert_eq!(float(state.conversions[4][conversion::REVENUE]), 2.51);
    assert_ne!(
        state.conversions[1][conversion::BUSTER],
        state.conversions[2][conversion::BUSTER]
    );
    assert_eq!(state.visit[visit::CONVERTED], 1);
    assert_eq!(state.actions.len(), 4, "a goal is no action");
}

#[test]
fn conversions_are_attributed() {
    let ending = "idgoal=1";
    for (visit_query, goal_query, expected) in [
        (PAGE, "", (referrer_type::DIRECT, "", "")),
        (
            PAGE,
            "&_rcn=Spring&_rck=Red%2520Shoes",
            (referrer_type::CAMPAIGN, "spring", "red shoes"),
        ),
        (
            PAGE,
            "&_ref=https://blog.example/x",
            (referrer_type::WEBSITE, "blog.example", ""),
        ),
        (
            "url=https://example.org/?mtm_campaign=own%26mtm_kwd=k",
            "&_ref=https://blog.example/x",
            (referrer_type::CAMPAIGN, "own", "k"),
        ),
    ] {
        let mut world = World::new().with_goal(MatchAttribute::Manually, "", false);
        world.at(0).send(visit_query).expect("a page");
        world
            .at(10)
            .send(&format!("{ending}{goal_query}"))
            .expect("a goal");
        let row = &world.last().conversions[0];
        let found = (
            row[conversion::REFERRER_TYPE],
            world.value(row[conversion::REFERRER_NAME]),
            world.value(row[conversion::REFERRER_KEYWORD]),
        );
        assert_eq!(found, expected, "{visit_query} {goal_query}");
    }
}

#[test]
fn an_order_takes_over_the_cart() {
    let mut world = World::new();
    let items = |list: &str| format!("ec_items={}", tracking::url::url_encode(list.as_bytes()));
    world.at(0).send(PAGE).expect("a page");
    let cart = items(r#"[["a","A","x",2,3],["b","B",["x","y"],1,1]]"#);
    world
        .at(10)
        .send(&format!("idgoal=0&revenue=7&{cart}"))
        .expect("a cart");
    assert_eq!(world.only().visit[visit::BUYER], 2);
    assert_eq!(
        world.only().visit[visit::CONVERTED],
        0,
        "a cart is no conversion"
    );
    assert_eq!(world.only().conversions[0][conversion::GOAL], -1);
    let order = items(r#"[["a","A","x",2,1],["c","C"]]"#);
    let query = format!("idgoal=0&ec_id=N1&revenue=3&ec_tx=0.5&{order}");
    world.at(20).send(&query).expect("an order");
    let state = world.only();
    assert_eq!(state.conversions.len(), 1, "the cart became the order");
    let row = &state.conversions[0];
    assert_eq!((row[conversion::GOAL], row[conversion::ITEMS]), (0, 2));
    assert_eq!(float(row[conversion::TAX]), 0.5);
    let found: Vec<(&str, i64, i64, &str)> = state
        .items
        .iter()
        .map(|row| {
            let sku = world.text(row[item::SKU]);
            (
                sku,
                row[item::QUANTITY],
                row[item::DELETED],
                world.value(row[item::ORDER]),
            )
        })
        .collect();
    assert_eq!(
        found,
        [("a", 1, 0, "N1"), ("b", 1, 1, "N1"), ("c", 1, 0, "N1")]
    );
    assert_eq!(
        world.at(30).send(&query),
        Ok(Placed::Refused(Refusal::DuplicateOrder))
    );
    world
        .at(40)
        .send(&format!("idgoal=0&revenue=7&{cart}"))
        .expect("a cart");
    let state = world.only();
    assert_eq!(state.visit[visit::BUYER], 3, "ordered, then left a cart");
    assert_eq!(state.conversions.len(), 2);
    assert_eq!(state.items.len(), 5);
}

#[test]
fn late_hits_join_their_visit() {
    let mut world = World::new();
    world.auth = Auth::Write;
    world.at(600).send(PAGE).expect("a page");
    world.at(700).send(PAGE).expect("a page");
    world
        .at(800)
        .send(&format!("{PAGE}&cdt={}", NOON + 610))
        .expect("a late page");
    let row = &world.only().visit;
    assert_eq!(
        row[visit::LAST_TIME],
        NOON + 700,
        "the last action stays the last"
    );
    assert_eq!(row[visit::TOTAL_ACTIONS], 3);
    world
        .at(900)
        .send(&format!("{PAGE}&cdt={}", NOON - 86_400))
        .expect("an old page");
    assert_eq!(world.all().len(), 2);
}

#[test]
fn what_needs_a_token_is_refused_without() {
    let old = NOON - 86_401;
    for (query, needs) in [
        ("cip=1.2.3.4".to_owned(), true),
        ("country=de".to_owned(), true),
        ("country=".to_owned(), false),
        ("lat=1".to_owned(), true),
        (format!("cdt={old}"), true),
        (format!("cdt={}", old + 2), false),
        (format!("cdt={}", NOON + 60), false),
        ("cdo=100000".to_owned(), true),
    ] {
        let query = format!("{PAGE}&{query}");
        let refused = Err(Stop::Refused(Refusal::NeedsToken));
        for (auth, fails) in [
            (Auth::None, needs),
            (Auth::Invalid, needs),
            (Auth::Write, false),
        ] {
            let mut world = World::new();
            world.auth = auth;
            assert_eq!(world.send(&query) == refused, fails, "{query} {auth:?}");
        }
    }
    let mut world = World::new();
    world.auth = Auth::Write;
    world.rules.mask_ip_bytes = 1;
    world
        .send(&format!("{PAGE}&cip=1.2.3.4&country=FR&city=Lyon"))
        .expect("a page");
    let row = &world.only().visit;
    assert_eq!(ip_text(row[visit::IP_HIGH], row[visit::IP_LOW]), "1.2.3.0");
    assert_eq!(
        (
            world.value(row[visit::COUNTRY]),
            world.value(row[visit::CITY])
        ),
        ("fr", "Lyon")
    );
}

#[test]
fn wrong_requests_say_why() {
    for (query, reason) in [
        ("cid=abc", Refusal::BadVisitorId),
        ("e_c=%20&e_a=b", Refusal::EmptyEvent),
        ("c_n=%20", Refusal::EmptyContent),
        ("pf_net=-5", Refusal::NegativeTiming),
        ("ca=1", Refusal::UnhandledCustomAction),
    ] {
        let result = World::new().send(&format!("{PAGE}&{query}"));
        assert_eq!(result, Err(Stop::Refused(reason)), "{query}");
        assert_eq!(reason.status(), 400);
    }
    World::new()
        .send(&format!("{PAGE}&pf_net=-1&e_c=a"))
        .expect("nothing wrong");
}

#[test]
fn hits_are_left_out_by_the_rules() {
    type Change = fn(&mut World);
    let cases: &[(Exclusion, Change, &str)] = &[
        (Exclusion::NoRec, |_| {}, "rec=0"),
        (
            Exclusion::OptedOut,
            |world| world.environment.opted_out = true,
            "",
        ),
        (
            Exclusion::Prefetch,
            |world| world.environment.prefetch = true,
            "",
        ),
        (
            Exclusion::DoNotTrack,
            |world| {
                world.rules.respect_do_not_track = true;
                world.environment.do_not_track = true;
            },
            "",
        ),
        (
            Exclusion::Address,
            |world| world.settings.excluded_ips = vec!["203.0.113.*".into()],
            "",
        ),
        (
            Exclusion::UserAgent,
            |world| world.settings.excluded_user_agents = vec!["firefox".into()],
            "",
        ),
        (
            Exclusion::UnknownUrl,
            |world| world.settings.exclude_unknown_urls = true,
            "url=https://x.example/",
        ),
        (Exclusion::ReferrerSpam, |_| {}, "urlref=http://semalt.com/"),
        (
            Exclusion::RequestRule,
            |world| {
                world
                    .rules
                    .set("Tracker", "exclude_requests", &"e_c==Media".into());
            },
            "e_c=media&e_a=x",
        ),
        (
            Exclusion::Robot,
            |world| world.rules.drop_robots = true,
            "ua=Googlebot/2.1",
        ),
    ];
    for (reason, change, query) in cases {
        let mut world = World::new();
        change(&mut world);
        let result = world.send(&format!("{PAGE}&{query}"));
        assert_eq!(result, Err(Stop::Excluded(*reason)), "{}", reason.name());
    }
    assert_eq!(
        World::new().send("ping=1"),
        Ok(Placed::Excluded(Exclusion::PingWithoutVisit))
    );
}

#[test]
fn robots_are_kept_apart_unless_they_count() {
    let robot = "ua=Mozilla/5.0+(compatible;+GPTBot/1.2;+%2Bhttps://openai.com/gptbot)";
    let mut world = World::new();
    world.at(0).send(&format!("{ID}&{PAGE}")).expect("a page");
    world
        .at(10)
        .send(&format!("{ID}&{PAGE}&{robot}"))
        .expect("a robot");
    assert_eq!(
        world.all().len(),
        2,
        "a robot never joins a visit of a person"
    );
    let row = &world.last().visit;
    assert_eq!(world.value(row[visit::ROBOT]), "GPTBot");
    assert!(world.value(row[visit::ROBOT_KIND]).starts_with("AI"));
    assert_eq!(world.all()[0].visit[visit::TOTAL_ACTIONS], 1);
    world
        .at(20)
        .send(&format!("{ID}&{PAGE}&{robot}&bots=1"))
        .expect("a visitor");
    assert_eq!(world.all().len(), 2);
    assert_eq!(world.all()[0].visit[visit::TOTAL_ACTIONS], 2);
    let asked = world.at(30).send(&format!("{PAGE}&recMode=1"));
    assert_eq!(asked, Err(Stop::Excluded(Exclusion::OtherBotRecord)));
}

#[test]
fn too_many_actions_make_a_stranger() {
    let mut world = World::new();
    world.rules.most_actions = 3;
    for second in 0..4 {
        world
            .at(second)
            .send(&format!("{ID}&{PAGE}"))
            .expect("a page");
    }
    let actions: Vec<usize> = world
        .all()
        .iter()
        .map(|state| state.actions.len())
        .collect();
    assert_eq!(actions, [3, 1]);
    assert_eq!(world.last().visit[visit::VISIT_COUNT], 1);
}

#[test]
fn variables_and_dimensions_find_their_slots() {
    use tracking::rules::{CustomDimensionRule, Extraction, ExtractionSource};
    let mut world = World::new();
    let rule = |id, slot, scope| CustomDimensionRule {
        id,
        slot,
        scope,
        active: true,
        extractions: vec![Extraction {
            source: ExtractionSource::UrlParameter,
            pattern: "lang".into(),
        }],
        case_sensitive: true,
    };
    world.settings.dimensions = vec![rule(1, 1, Scope::Visit), rule(2, 1, Scope::Action)];
    let variables = r#"{"1":["type","a &amp; b"],"2":["one"],"6":["x","y"],"3":[["x"],"y"]}"#;
    let encoded = tracking::url::url_encode(variables.as_bytes());
    world
        .at(0)
        .send(&format!(
            "url=https://example.org/?lang=de&_cvar={encoded}&dimension1=+first+"
        ))
        .expect("a page");
    let row = &world.only().visit;
    assert_eq!(world.value(row[visit::VARIABLE_NAME_1]), "type");
    assert_eq!(world.value(row[visit::VARIABLE_VALUE_1]), "a & b");
    assert_eq!(
        (row[visit::VARIABLE_NAME_2], row[visit::VARIABLE_NAME_3]),
        (0, 0)
    );
    assert_eq!(world.value(row[visit::SLOT_1]), "first");
    assert_eq!(world.value(world.only().actions[0][action::SLOT_1]), "de");
    world
        .at(5)
        .send("dimension1=&url=https://example.org/")
        .expect("a page");
    assert_eq!(
        world.only().visit[visit::SLOT_1],
        0,
        "an empty value clears"
    );
}

#[test]
fn nothing_that_identifies_reaches_the_journal() {
    let mut world = World::new();
    world.rules.anonymise_user = true;
    world.rules.user_salt = "salt".to_owned();
    world.rules.anonymise_order = true;
    world
        .rules
        .set("PrivacyManager", "anonymizeReferrer", &"exclude_all".into());
    let query = "token_auth=tokentoken&idsite=1&rec=1&uid=ada&idgoal=0&ec_id=ORDER77\
        &urlref=https://secret.example/x&url=https://example.org/";
    let params = HitParams::new(ParamMap::parse(query));
    let hit = world
        .enriched(&params, &mut tracking::Silent)
        .expect("a hit");
    let bytes = hit.to_bytes();
    let text = String::from_utf8_lossy(&bytes);
    for secret in ["tokentoken", "ada", "ORDER77", "secret.example"] {
        assert!(!text.contains(secret), "{secret}");
    }
    assert_eq!(hit.ip[12..], [203, 0, 0, 0], "two bytes are masked");
}

#[test]
fn steps_are_observed_by_name() {
    #[derive(Default)]
    struct Names(Vec<&'static str>, Vec<(&'static str, &'static str)>);
    impl Observe for Names {
        fn step(&mut self, name: &'static str) {
            self.0.push(name);
        }
        fn stop(&mut self, step: &'static str, stop: Stop) {
            self.1.push((step, stop.name()));
        }
    }
    let mut names = Names::default();
    let good = HitParams::new(ParamMap::parse("idsite=1&rec=1&url=https://example.org/"));
    World::new().track(&good, &mut names).expect("a hit");
    let expected = tracking::ENRICH.iter().map(|(name, _)| *name);
    let expected: Vec<&str> = expected
        .chain(tracking::PLACE.iter().map(|(name, _)| *name))
        .collect();
    assert_eq!(names.0, expected);
    let mut names = Names::default();
    let bad = HitParams::new(ParamMap::parse("idsite=1"));
    let stopped = World::new().track(&bad, &mut names);
    assert_eq!(stopped, Err(Stop::Excluded(Exclusion::NoRec)));
    assert_eq!(names.1, [("excluded", "no_rec")]);
}

#[test]
fn fingerprints_are_those_that_matomo_shows() {
    let mut world = World::new();
    let query = "idsite=1&rec=1&fla=1&java=1&cookie=1&url=https://example.org/&ua=Mozilla/5.0\
        +(X11;+Linux+x86_64;+rv:120.0)+Gecko/20100101+Firefox/120.0&lang=fr";
    let params = HitParams::new(ParamMap::parse(query));
    let unsalted = EverySalt(Some([0; 32]));
    let hit = world.enriched_with(&params, &unsalted).expect("a hit");
    // The MD5 of LINFF120.01100000001203.0.113.7fr1, its first eight bytes.
    assert_eq!(hit.identity.fingerprint as u64, 0xab4e887c4f35da48);
    let salted = world
        .enriched(&params, &mut tracking::Silent)
        .expect("a hit");
    assert_ne!(salted.identity.fingerprint, hit.identity.fingerprint);
    let lost = world.enriched_with(&params, &EverySalt(None));
    assert_eq!(lost.err(), Some(Stop::Refused(Refusal::NoSalt)));
}
