//! Sites, options, goals, dimensions, salts, and the snapshot of them all.

use serde_json::json;

use super::*;
use crate::{DimensionChange, DimensionScope, Error, Extraction, GoalChange, NewDimension};

fn strings(parts: &[&str]) -> Vec<String> {
    parts.iter().map(|part| (*part).to_owned()).collect()
}

#[tokio::test]
async fn a_new_site_has_the_defaults() {
    let opened = open().await;
    let site = opened.site(opened.with_site(" Name ").await).await.unwrap();
    assert_eq!(
        serde_json::to_value(&site).unwrap(),
        json!({
            "idsite": 1, "name": "Name", "urls": ["http://example.org"], "type": "website", "group": "",
            "timezone": "UTC", "currency": "USD", "ecommerce": false, "sitesearch": true,
            "sitesearch_keyword_parameters": [], "sitesearch_category_parameters": [], "excluded_ips": [],
            "excluded_parameters": [], "excluded_user_agents": [], "excluded_referrers": [],
            "exclude_unknown_urls": false, "keep_url_fragment": 0, "creator_login": "root", "ts_created": NOW
        })
    );
    opened.set_default_timezone("Europe/Berlin").await.unwrap();
    opened.set_default_currency("EUR").await.unwrap();
    let site = opened.site(opened.with_site("Two").await).await.unwrap();
    assert_eq!(
        (site.timezone.as_str(), site.currency.as_str()),
        ("Europe/Berlin", "EUR")
    );
    assert!(opened.set_default_timezone("Mars").await.is_err());
    assert!(opened.set_default_currency("euro").await.is_err());
}

#[tokio::test]
async fn all_values_of_a_site_are_kept() {
    let opened = open().await;
    let idsite = opened.with_site("One").await;
    let change = SiteChange {
        name: Some("Other".into()),
        urls: Some(strings(&[
            "https://a.example/",
            "b.example",
            "https://a.example",
        ])),
        site_type: Some("intranet".into()),
        group: Some(" group ".into()),
        timezone: Some("UTC+5.5".into()),
        currency: Some("JPY".into()),
        ecommerce: Some(true),
        sitesearch: Some(false),
        sitesearch_keyword_parameters: Some(strings(&["q, word"])),
        sitesearch_category_parameters: Some(strings(&["cat"])),
        excluded_ips: Some(strings(&["1.2.3.*", "10.0.0.0/8"])),
        excluded_parameters: Some(strings(&["sid", "/^x/"])),
        excluded_user_agents: Some(strings(&["/bot|spider/i"])),
        excluded_referrers: Some(strings(&[".pay.example"])),
        exclude_unknown_urls: Some(true),
        keep_url_fragment: Some(2),
        ts_created: Some(NOW - DAY),
    };
    opened.update_site(idsite, change).await.unwrap();
    let site = opened.site(idsite).await.unwrap();
    assert_eq!(
        serde_json::to_value(&site).unwrap(),
        json!({
            "idsite": 1, "name": "Other", "urls": ["https://a.example", "http://b.example"], "type": "intranet",
            "group": "group", "timezone": "UTC+5.5", "currency": "JPY", "ecommerce": true, "sitesearch": false,
            "sitesearch_keyword_parameters": ["q", "word"], "sitesearch_category_parameters": ["cat"],
            "excluded_ips": ["1.2.3.*", "10.0.0.0/8"], "excluded_parameters": ["sid", "/^x/"],
            "excluded_user_agents": ["/bot|spider/i"], "excluded_referrers": [".pay.example"],
            "exclude_unknown_urls": true, "keep_url_fragment": 2, "creator_login": "root", "ts_created": NOW - DAY
        })
    );
    assert_eq!(*opened.sites().await.unwrap(), vec![site.clone()]);
    opened
        .update_site(idsite, SiteChange::default())
        .await
        .unwrap();
    assert_eq!(opened.site(idsite).await.unwrap(), site);
}

#[tokio::test]
async fn wrong_values_of_a_site_change_nothing() {
    let opened = open().await;
    let idsite = opened.with_site("One").await;
    let before = opened.site(idsite).await.unwrap();
    let wrong: Vec<fn(&mut SiteChange)> = vec![
        |change| change.name = Some(" ".into()),
        |change| change.name = Some("x".repeat(91)),
        |change| change.urls = Some(vec![]),
        |change| change.urls = Some(strings(&["javascript://x"])),
        |change| change.site_type = Some("<b>".into()),
        |change| change.group = Some("x".repeat(251)),
        |change| change.timezone = Some("Nowhere".into()),
        |change| change.currency = Some("dollars".into()),
        |change| change.excluded_ips = Some(strings(&["1.2.3.4", "everywhere"])),
        |change| change.keep_url_fragment = Some(3),
        |change| change.excluded_parameters = Some(vec!["x".repeat(70_000)]),
    ];
    for (number, spoil) in wrong.into_iter().enumerate() {
        let mut change = SiteChange {
            group: Some("changed".into()),
            ..SiteChange::default()
        };
        spoil(&mut change);
        let refused = opened.update_site(idsite, change).await;
        assert!(
            matches!(refused, Err(Error::Invalid { .. })),
            "case {number}"
        );
    }
    assert_eq!(opened.site(idsite).await.unwrap(), before);
    assert!(matches!(
        opened.update_site(9, SiteChange::default()).await,
        Err(Error::NotFound(_))
    ));
}

#[tokio::test]
async fn addresses_of_a_site() {
    let opened = open().await;
    let idsite = opened.with_site("One").await;
    let aliases = strings(&["http://alias.example", "http://example.org/"]);
    assert_eq!(
        opened.add_site_alias_urls(idsite, &aliases).await.unwrap(),
        1
    );
    assert_eq!(
        opened
            .set_site_alias_urls(idsite, &strings(&["https://b.example/x/"]))
            .await
            .unwrap(),
        1
    );
    let site = opened.site(idsite).await.unwrap();
    assert_eq!(site.urls, ["http://example.org", "https://b.example/x"]);
    assert_eq!(site.main_url(), "http://example.org");
    let two = opened.with_site("Two").await;
    assert_eq!(
        opened
            .site_ids_by_url(&strings(&["https://b.example/x"]))
            .await
            .unwrap(),
        [idsite]
    );
    assert_eq!(
        opened
            .site_ids_by_url(&strings(&["http://example.org", "no"]))
            .await
            .unwrap(),
        [idsite, two]
    );
}

#[tokio::test]
async fn ids_are_never_given_twice() {
    let opened = open().await;
    for _ in 0..3 {
        opened.with_site("x").await;
    }
    opened.delete_site(3).await.unwrap();
    opened.delete_site(2).await.unwrap();
    assert!(matches!(
        opened.delete_site(1).await,
        Err(Error::Forbidden(_))
    ));
    assert!(matches!(
        opened.delete_site(2).await,
        Err(Error::NotFound(_))
    ));
    assert_eq!(opened.with_site("y").await, 4);
    let ids: Vec<i64> = opened
        .sites()
        .await
        .unwrap()
        .iter()
        .map(|site| site.idsite)
        .collect();
    assert_eq!(ids, [1, 4]);

    for expected in 1..=2 {
        assert_eq!(opened.add_goal(1, goal("g")).await.unwrap(), expected);
    }
    opened.delete_goal(1, 2).await.unwrap();
    assert_eq!(opened.add_goal(1, goal("g")).await.unwrap(), 3);
    assert_eq!(opened.add_goal(4, goal("g")).await.unwrap(), 1);
    let ids: Vec<i64> = opened
        .goals(1)
        .await
        .unwrap()
        .iter()
        .map(|goal| goal.idgoal)
        .collect();
    assert_eq!(ids, [1, 3]);
    assert_eq!(opened.goal(1, 2).await.unwrap(), None);
    assert!(opened.delete_goal(1, 2).await.is_err());
    assert!(opened.update_goal(1, 2, goal("g")).await.is_err());
    assert!(matches!(
        opened.add_goal(9, goal("g")).await,
        Err(Error::NotFound(_))
    ));
}

fn goal(name: &str) -> GoalChange {
    GoalChange {
        name: name.into(),
        description: "d".into(),
        match_attribute: "event_action".into(),
        pattern: "buy".into(),
        pattern_type: "exact".into(),
        case_sensitive: true,
        allow_multiple: true,
        revenue: 2.5,
        event_value_as_revenue: true,
    }
}

#[tokio::test]
async fn goals_keep_their_values() {
    let opened = open().await;
    let idsite = opened.with_site("One").await;
    let idgoal = opened.add_goal(idsite, goal("first")).await.unwrap();
    let expected = json!({
        "idsite": 1, "idgoal": 1, "name": "second", "description": "d", "match_attribute": "event_action",
        "pattern": "buy", "pattern_type": "exact", "case_sensitive": true, "allow_multiple": true, "revenue": 2.5,
        "event_value_as_revenue": true, "deleted": false
    });
    opened
        .update_goal(idsite, idgoal, goal("second"))
        .await
        .unwrap();
    let kept = opened.goal(idsite, idgoal).await.unwrap().unwrap();
    assert_eq!(serde_json::to_value(kept).unwrap(), expected);
}

fn dimension(scope: DimensionScope) -> NewDimension {
    NewDimension {
        name: "Name".into(),
        scope,
        active: true,
        extractions: Vec::new(),
        case_sensitive: true,
    }
}

#[tokio::test]
async fn dimensions_take_the_first_free_slot() {
    use DimensionScope::{Action, Visit};
    let opened = open().await;
    let idsite = opened.with_site("One").await;
    for (scope, id) in [
        (Visit, 1),
        (Visit, 2),
        (Action, 3),
        (Action, 4),
        (Action, 5),
        (Visit, 6),
        (Visit, 7),
        (Visit, 8),
    ] {
        assert_eq!(
            opened
                .add_dimension(idsite, dimension(scope))
                .await
                .unwrap(),
            id
        );
    }
    let slots: Vec<i64> = opened
        .dimensions(idsite)
        .await
        .unwrap()
        .iter()
        .map(|one| one.slot)
        .collect();
    assert_eq!(slots, [1, 2, 1, 2, 3, 3, 4, 5]);
    let full = opened.add_dimension(idsite, dimension(Visit)).await;
    assert!(matches!(full, Err(Error::Conflict(_))));
    let scopes = opened.dimension_scopes(idsite).await.unwrap();
    assert_eq!(
        (scopes[0].available, scopes[0].used, scopes[1].used),
        (5, 5, 3)
    );
    opened.set_dimension_slots(Visit, 6).await.unwrap();
    assert_eq!(
        opened
            .add_dimension(idsite, dimension(Visit))
            .await
            .unwrap(),
        9
    );
    assert!(opened.set_dimension_slots(Visit, 5).await.is_err());
    let other = opened.with_site("Two").await;
    assert_eq!(
        opened
            .add_dimension(other, dimension(Action))
            .await
            .unwrap(),
        1
    );
}

#[tokio::test]
async fn dimensions_are_checked_and_changed() {
    let opened = open().await;
    let idsite = opened.with_site("One").await;
    let extraction = |dimension: &str, pattern: &str| Extraction {
        dimension: dimension.into(),
        pattern: pattern.into(),
    };
    let good = vec![
        extraction("url", "/sub_(.{2})/page"),
        extraction("urlparam", "test"),
    ];
    let id = opened
        .add_dimension(
            idsite,
            NewDimension {
                extractions: good.clone(),
                ..dimension(DimensionScope::Action)
            },
        )
        .await
        .unwrap();
    assert_eq!(
        opened.dimensions(idsite).await.unwrap()[0].extractions,
        good
    );
    for (scope, name, extractions) in [
        (DimensionScope::Visit, "Name", good.clone()),
        (DimensionScope::Action, "", vec![]),
        (DimensionScope::Action, "a/b", vec![]),
        (
            DimensionScope::Action,
            "Name",
            vec![extraction("url", "no group")],
        ),
        (
            DimensionScope::Action,
            "Name",
            vec![extraction("url", "(two)(groups)")],
        ),
        (
            DimensionScope::Action,
            "Name",
            vec![extraction("url", "([)")],
        ),
        (
            DimensionScope::Action,
            "Name",
            vec![extraction("moon", "(a)")],
        ),
        (
            DimensionScope::Action,
            "Name",
            vec![extraction("urlparam", "")],
        ),
    ] {
        let new = NewDimension {
            name: name.into(),
            extractions,
            ..dimension(scope)
        };
        assert!(
            opened.add_dimension(idsite, new.clone()).await.is_err(),
            "{new:?}"
        );
    }
    let change = DimensionChange {
        name: "Other".into(),
        active: false,
        extractions: Vec::new(),
        case_sensitive: None,
    };
    opened
        .update_dimension(idsite, id, change.clone())
        .await
        .unwrap();
    assert_eq!(
        serde_json::to_value(&opened.dimensions(idsite).await.unwrap()[0]).unwrap(),
        json!({
            "idcustomdimension": 1, "idsite": 1, "name": "Other", "index": 1, "scope": "action", "active": false,
            "extractions": [], "case_sensitive": true
        })
    );
    assert!(matches!(
        opened.update_dimension(idsite, 9, change).await,
        Err(Error::NotFound(_))
    ));
}

#[tokio::test]
async fn options_and_configuration() {
    let opened = open().await;
    let idsite = opened.with_site("One").await;
    let absent = opened.global_site_defaults().await.unwrap();
    assert_eq!(
        absent.search_keyword_parameters.join(","),
        "q,query,s,search,searchword,k,keyword,keywords"
    );
    assert_eq!(
        (absent.timezone.as_str(), absent.keep_url_fragments),
        ("UTC", false)
    );

    opened
        .set_global_search_parameters(&strings(&["gkwd"]), &strings(&["gcat"]))
        .await
        .unwrap();
    opened
        .set_global_excluded_ips(&strings(&["145.5.3.4"]))
        .await
        .unwrap();
    opened
        .set_global_excluded_user_agents(&strings(&["agent"]))
        .await
        .unwrap();
    opened
        .set_global_excluded_parameters(&strings(&["p"]))
        .await
        .unwrap();
    opened
        .set_global_excluded_referrers(&strings(&["r.example"]))
        .await
        .unwrap();
    opened.set_keep_url_fragments(true).await.unwrap();
    assert!(
        opened
            .set_global_excluded_ips(&strings(&["x"]))
            .await
            .is_err()
    );
    let set = opened.global_site_defaults().await.unwrap();
    assert_eq!(
        [
            set.search_keyword_parameters.join(","),
            set.search_category_parameters.join(","),
            set.excluded_ips.join(","),
            set.excluded_user_agents.join(","),
            set.excluded_parameters.join(","),
            set.excluded_referrers.join(","),
        ],
        ["gkwd", "gcat", "145.5.3.4", "agent", "p", "r.example"]
    );
    assert!(set.keep_url_fragments);

    opened
        .set_option("PrivacyManager.ipAddressMaskLength", "2")
        .await
        .unwrap();
    assert_eq!(
        opened
            .option("PrivacyManager.ipAddressMaskLength")
            .await
            .unwrap()
            .as_deref(),
        Some("2")
    );
    assert!(
        opened
            .delete_option("PrivacyManager.ipAddressMaskLength")
            .await
            .unwrap()
    );
    assert!(
        !opened
            .delete_option("PrivacyManager.ipAddressMaskLength")
            .await
            .unwrap()
    );

    let place = (
        "Tracker".to_owned(),
        "window_look_back_for_visitor".to_owned(),
    );
    opened
        .set_config(&place.0, &place.1, &json!(2_678_400))
        .await
        .unwrap();
    opened
        .set_config("General", "archiving_custom_ranges", &json!(["", ""]))
        .await
        .unwrap();
    let config = opened.config_overrides().await.unwrap();
    assert_eq!(config.get(&place), Some(&json!(2_678_400)));
    opened
        .set_config(&place.0, &place.1, &json!(null))
        .await
        .unwrap();
    assert_eq!(opened.config_overrides().await.unwrap().len(), 1);

    let value = [("disable_visitor_log".to_owned(), json!("1"))];
    opened.set_system_settings("Live", &value).await.unwrap();
    opened
        .set_site_settings("Live", idsite, &value)
        .await
        .unwrap();
    assert!(opened.set_site_settings("Live", 9, &value).await.is_err());
    assert_eq!(opened.system_settings("Live").await.unwrap().len(), 1);
    assert_eq!(
        opened.site_settings("Live", idsite).await.unwrap()["disable_visitor_log"],
        json!("1")
    );
    opened
        .set_system_settings("Live", &[("disable_visitor_log".to_owned(), json!(null))])
        .await
        .unwrap();
    assert!(opened.system_settings("Live").await.unwrap().is_empty());
    assert_eq!(opened.site_settings("Live", idsite).await.unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn salts_are_one_for_all_and_go_away() {
    let opened = open().await;
    let idsite = opened.with_site("One").await;
    let asked = (0..8).map(|_| {
        let settings = opened.settings.clone();
        tokio::spawn(async move {
            settings
                .visitor_salt(idsite, "2024-05-31")
                .await
                .unwrap()
                .expose()
                .to_owned()
        })
    });
    let mut salts = Vec::new();
    for task in asked.collect::<Vec<_>>() {
        salts.push(task.await.unwrap());
    }
    salts.dedup();
    assert_eq!((salts.len(), salts[0].len()), (1, 32));
    let other_day = opened.visitor_salt(idsite, "2024-05-30").await.unwrap();
    let other_site = opened.visitor_salt(idsite + 1, "2024-05-31").await.unwrap();
    assert_ne!(other_day.expose(), salts[0]);
    assert_ne!(other_site.expose(), salts[0]);
    assert!(opened.visitor_salt(idsite, "today").await.is_err());

    let instance = opened.instance_salt().await.unwrap();
    assert_eq!(opened.delete_old_salts(NOW + 4 * DAY).await.unwrap(), 0);
    assert_eq!(opened.delete_old_salts(NOW + 5 * DAY).await.unwrap(), 1);
    assert_eq!(opened.delete_old_salts(NOW + 6 * DAY).await.unwrap(), 2);
    assert_eq!(
        opened.instance_salt().await.unwrap().expose(),
        instance.expose()
    );
    assert_ne!(
        opened
            .visitor_salt(idsite, "2024-05-31")
            .await
            .unwrap()
            .expose(),
        salts[0]
    );
}

#[tokio::test]
async fn the_tracker_is_told_of_changes() {
    let opened = open().await;
    opened.with_superuser("root").await;
    let first = opened.with_site("One").await;
    opened.add_goal(first, goal("g")).await.unwrap();
    opened
        .add_dimension(first, dimension(DimensionScope::Visit))
        .await
        .unwrap();
    opened
        .set_config("Tracker", "record_statistics", &json!(0))
        .await
        .unwrap();
    let snapshot = opened.tracking_snapshot().await.unwrap();
    assert_eq!(
        (
            snapshot.sites.len(),
            snapshot.goals.len(),
            snapshot.dimensions.len()
        ),
        (1, 1, 1)
    );
    assert_eq!(snapshot.config.len(), 1);
    assert_eq!(snapshot.changes, opened.current_changes());

    let mut watched = opened.changes();
    watched.mark_unchanged();
    opened.start_password_reset("root", NOW).await.unwrap();
    assert!(
        !watched.has_changed().unwrap(),
        "nothing that a hit depends on"
    );
    opened
        .update_site(first, SiteChange::default())
        .await
        .unwrap();
    assert!(watched.borrow_and_update().tracking > snapshot.changes.tracking);
    opened.with_user("alice").await;
    let seen = *watched.borrow_and_update();
    assert!(seen.access > snapshot.changes.access);
}
