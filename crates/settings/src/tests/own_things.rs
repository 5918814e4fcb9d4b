//! Segments, annotations, dashboards, scheduled reports, preferences, second factors, failures, jobs.

use serde_json::json;

use super::*;
use crate::two_factor::tests::code_of_device;
use crate::{ANONYMOUS, AnnotationChange, Error, Failure, ScheduledReportChange, SegmentChange};

fn segment(name: &str, idsite: i64, for_all: bool) -> SegmentChange {
    SegmentChange {
        name: name.into(),
        definition: "browserCode==ff".into(),
        enable_all_users: for_all,
        enable_only_idsite: idsite,
        auto_archive: true,
    }
}

#[tokio::test]
async fn segments() {
    let opened = open().await;
    opened.with_user("alice").await;
    opened.with_user("bob").await;
    let idsite = opened.with_site("One").await;
    opened.with_site("Two").await;
    for (number, (name, site, for_all)) in [
        ("private", 0, false),
        ("everywhere", 0, true),
        ("one", idsite, true),
    ]
    .into_iter()
    .enumerate()
    {
        let id = opened
            .add_segment("ALICE", segment(name, site, for_all), NOW)
            .await
            .unwrap();
        assert_eq!(id, number as i64 + 1);
    }
    for (login, site, names) in [
        ("Alice", None, vec!["everywhere", "one", "private"]),
        ("alice", Some(2), vec!["everywhere", "private"]),
        ("bob", None, vec!["everywhere", "one"]),
        ("bob", Some(2), vec!["everywhere"]),
        ("", Some(1), vec!["everywhere", "one"]),
    ] {
        let visible = opened.segments_visible_to(login, site).await.unwrap();
        let found: Vec<&str> = visible
            .iter()
            .map(|segment| segment.name.as_str())
            .collect();
        assert_eq!(found, names, "{login} {site:?}");
    }
    assert_eq!(
        serde_json::to_value(opened.segment(3).await.unwrap()).unwrap(),
        json!({
            "idsegment": 3, "name": "one", "definition": "browserCode==ff", "login": "alice",
            "hash": "dc3974063a947330c5c32505708acea5", "enable_all_users": true, "enable_only_idsite": 1,
            "auto_archive": true, "ts_created": NOW, "ts_last_edit": null, "deleted": false
        })
    );
    opened
        .update_segment(3, segment("renamed", 0, false), NOW + 1)
        .await
        .unwrap();
    let changed = opened.segment(3).await.unwrap().unwrap();
    assert_eq!(
        (changed.name.as_str(), changed.ts_last_edit),
        ("renamed", Some(NOW + 1))
    );

    for wrong in [
        segment("", 0, true),
        segment("x", 99, true),
        segment(&"x".repeat(256), 0, true),
    ] {
        assert!(
            opened
                .add_segment("alice", wrong.clone(), NOW)
                .await
                .is_err()
        );
        assert!(opened.update_segment(3, wrong, NOW).await.is_err());
    }
    assert!(
        opened
            .update_segment(9, segment("x", 0, true), NOW)
            .await
            .is_err()
    );
    opened.delete_segment(3).await.unwrap();
    assert!(opened.segment(3).await.unwrap().is_none());
    assert!(matches!(
        opened.delete_segment(3).await,
        Err(Error::NotFound(_))
    ));

    // Without its author a shared segment stays, and belongs to nobody who takes the login later.
    opened.delete_user("alice").await.unwrap();
    opened.with_user("alice").await;
    let left = opened.segments().await.unwrap();
    assert_eq!(
        (left.len(), left[0].name.as_str(), left[0].login.as_str()),
        (1, "everywhere", "")
    );
    assert_eq!(
        opened
            .add_segment("bob", segment("next", idsite, true), NOW)
            .await
            .unwrap(),
        4
    );
    opened.delete_site(idsite).await.unwrap();
    assert!(opened.segment(4).await.unwrap().is_none());
}

#[tokio::test]
async fn annotations() {
    let opened = open().await;
    opened.with_user("alice").await;
    let idsite = opened.with_site("One").await;
    for (number, date) in ["2011-12-02", "2011-12-01", "2012-01-03"]
        .into_iter()
        .enumerate()
    {
        let note = opened
            .add_annotation(idsite, "ALICE", date, " note ", number == 0)
            .await
            .unwrap();
        assert_eq!(
            serde_json::to_value(note).unwrap(),
            json!({"date": date, "note": "note", "starred": number == 0, "user": "alice", "idNote": number})
        );
    }
    for (days, ids) in [
        (None, vec![1, 0, 2]),
        (Some(("2011-12-01", "2011-12-31")), vec![1, 0]),
        (Some(("2011-12-02", "2012-01-03")), vec![0, 2]),
        (Some(("2013-01-01", "2013-12-31")), vec![]),
    ] {
        let found = opened.annotations(idsite, days).await.unwrap();
        assert_eq!(
            found.iter().map(|note| note.idnote).collect::<Vec<_>>(),
            ids,
            "{days:?}"
        );
    }
    let change = AnnotationChange {
        note: Some("é".repeat(300)),
        starred: Some(true),
        date: None,
    };
    let changed = opened.update_annotation(idsite, 1, change).await.unwrap();
    assert_eq!(changed.note, "é".repeat(254) + "…");
    assert_eq!(
        (changed.starred, changed.date.as_str()),
        (true, "2011-12-01")
    );
    assert_eq!(opened.annotation(idsite, 1).await.unwrap(), changed);

    for (site, login, date, note) in [
        (9, "alice", "2011-12-01", "x"),
        (idsite, "nobody", "2011-12-01", "x"),
        (idsite, "alice", "2011-02-30", "x"),
        (idsite, "alice", "20111201", "x"),
        (idsite, "alice", "2011-12-01", "  "),
    ] {
        assert!(
            opened
                .add_annotation(site, login, date, note, false)
                .await
                .is_err(),
            "{date} {note}"
        );
    }
    opened.delete_annotation(idsite, 0).await.unwrap();
    assert!(matches!(
        opened.delete_annotation(idsite, 0).await,
        Err(Error::NotFound(_))
    ));
    assert_eq!(opened.delete_annotations(idsite).await.unwrap(), 2);
}

#[tokio::test]
async fn dashboards() {
    let opened = open().await;
    opened.with_user("alice").await;
    opened.with_user("bob").await;
    let layout = json!({"config": {"layout": "50-50"}, "columns": [[], []]});
    assert_eq!(
        opened
            .add_dashboard("ALICE", " Mine ", &layout)
            .await
            .unwrap(),
        1
    );
    assert_eq!(
        opened
            .add_dashboard("alice", "", &json!(null))
            .await
            .unwrap(),
        2
    );
    assert_eq!(
        opened
            .add_dashboard("bob", "His", &json!([]))
            .await
            .unwrap(),
        1
    );
    assert_eq!(
        opened
            .copy_dashboard("alice", 1, "bob", Some(" "))
            .await
            .unwrap(),
        2
    );
    let copy = opened.dashboard("bob", 2).await.unwrap();
    assert_eq!((copy.name.as_str(), &copy.layout), ("Mine", &layout));
    opened
        .save_dashboard("alice", 1, "Renamed", &json!([1]))
        .await
        .unwrap();
    opened
        .save_dashboard("bob", 7, "New", &json!([]))
        .await
        .unwrap();
    let names: Vec<String> = opened
        .dashboards("alice")
        .await
        .unwrap()
        .into_iter()
        .map(|one| one.name)
        .collect();
    assert_eq!(names, ["Renamed", ""]);
    opened.delete_dashboard("alice", 1).await.unwrap();
    assert!(matches!(
        opened.delete_dashboard("alice", 1).await,
        Err(Error::NotFound(_))
    ));
    assert!(matches!(
        opened.dashboard("alice", 1).await,
        Err(Error::NotFound(_))
    ));
    for (login, name, layout) in [
        ("nobody", "x", json!([])),
        ("alice", "x", json!("text")),
        ("alice", "x", json!(["y".repeat(300_000)])),
        ("alice", &"x".repeat(101), json!([])),
    ] {
        assert!(opened.add_dashboard(login, name, &layout).await.is_err());
    }
    assert!(
        opened
            .save_dashboard("alice", 0, "x", &json!([]))
            .await
            .is_err()
    );
    opened
        .add_dashboard(ANONYMOUS, "for all", &json!([]))
        .await
        .unwrap();
}

fn report(idsite: i64) -> ScheduledReportChange {
    ScheduledReportChange {
        idsite,
        description: "Mail <long> déscription 🚀".into(),
        idsegment: None,
        period: "week".into(),
        period_param: "day".into(),
        hour: 7,
        report_type: "email".into(),
        format: "pdf".into(),
        reports: vec!["VisitsSummary_get".into(), "Goals_get_idGoal--1".into()],
        parameters: json!({"displayFormat": 4}),
        evolution_graph_within_period: true,
        evolution_graph_period_n: 30,
    }
}

#[tokio::test]
async fn scheduled_reports() {
    let opened = open().await;
    opened.with_user("alice").await;
    let idsite = opened.with_site("One").await;
    let id = opened
        .add_scheduled_report("ALICE", report(idsite), NOW)
        .await
        .unwrap();
    let mut expected = json!({
        "idreport": 1, "idsite": 1, "login": "alice", "description": "Mail <long> déscription 🚀",
        "idsegment": null, "period": "week", "period_param": "day", "hour": 7, "type": "email", "format": "pdf",
        "reports": ["VisitsSummary_get", "Goals_get_idGoal--1"], "parameters": {"displayFormat": 4},
        "evolution_graph_within_period": true, "evolution_graph_period_n": 30, "ts_created": NOW,
        "ts_last_sent": null, "deleted": false
    });
    assert_eq!(
        serde_json::to_value(opened.scheduled_report(id).await.unwrap()).unwrap(),
        expected
    );

    let idsegment = opened
        .add_segment("alice", segment("used", 0, false), NOW)
        .await
        .unwrap();
    let mut change = report(idsite);
    change.idsegment = Some(idsegment);
    change.report_type = "mobile".into();
    change.format = "sms".into();
    opened
        .update_scheduled_report(id, change.clone())
        .await
        .unwrap();
    opened.scheduled_report_was_sent(id, NOW + 5).await.unwrap();
    for (name, value) in [
        ("idsegment", json!(idsegment)),
        ("type", json!("mobile")),
        ("format", json!("sms")),
        ("ts_last_sent", json!(NOW + 5)),
    ] {
        expected[name] = value;
    }
    assert_eq!(
        serde_json::to_value(&opened.scheduled_reports().await.unwrap()[0]).unwrap(),
        expected
    );
    assert!(matches!(
        opened.delete_segment(idsegment).await,
        Err(Error::Conflict(_))
    ));

    let wrong: Vec<fn(&mut ScheduledReportChange)> = vec![
        |report| report.idsite = 9,
        |report| report.idsegment = Some(9),
        |report| report.period = "year".into(),
        |report| report.period_param = "hour".into(),
        |report| report.hour = 24,
        |report| report.report_type = "fax".into(),
        |report| report.format = "sms".into(),
        |report| report.reports = vec![String::new()],
        |report| report.parameters = json!([]),
        |report| report.description = "x".repeat(251),
    ];
    for (number, spoil) in wrong.into_iter().enumerate() {
        let mut change = report(idsite);
        spoil(&mut change);
        assert!(
            opened
                .add_scheduled_report("alice", change.clone(), NOW)
                .await
                .is_err(),
            "case {number}"
        );
        assert!(
            opened.update_scheduled_report(id, change).await.is_err(),
            "case {number}"
        );
    }
    assert!(
        opened
            .add_scheduled_report(ANONYMOUS, report(idsite), NOW)
            .await
            .is_err()
    );

    let token = opened.unsubscribe_token(id, "Guest@example.org");
    for (report, email, token) in [
        (id, "other@example.org", token.expose()),
        (2, "guest@example.org", token.expose()),
        (id, "guest@example.org", ""),
    ] {
        assert!(opened.unsubscribe(report, email, token, NOW).await.is_err());
    }
    opened
        .unsubscribe(id, "guest@example.org", token.expose(), NOW)
        .await
        .unwrap();
    opened
        .unsubscribe(id, "guest@example.org", token.expose(), NOW)
        .await
        .unwrap();
    assert_eq!(
        opened.unsubscribed(id).await.unwrap(),
        ["guest@example.org"]
    );

    opened.delete_scheduled_report(id).await.unwrap();
    assert!(opened.scheduled_report(id).await.unwrap().is_none());
    assert!(matches!(
        opened.delete_scheduled_report(id).await,
        Err(Error::NotFound(_))
    ));
    assert!(opened.update_scheduled_report(id, change).await.is_err());
    assert_eq!(
        opened
            .add_scheduled_report("alice", report(idsite), NOW)
            .await
            .unwrap(),
        2
    );
    opened.delete_user("alice").await.unwrap();
    assert!(opened.scheduled_reports().await.unwrap().is_empty());
}

#[tokio::test]
async fn preferences() {
    let opened = open().await;
    opened.with_user("alice").await;
    assert_eq!(
        opened
            .user_preference("alice", "defaultReport")
            .await
            .unwrap(),
        None
    );
    for value in ["1", "MultiSites"] {
        opened
            .set_user_preference("ALICE", "defaultReport", value)
            .await
            .unwrap();
        assert_eq!(
            opened
                .user_preference("alice", "defaultReport")
                .await
                .unwrap()
                .as_deref(),
            Some(value)
        );
    }
    opened
        .set_user_preference("alice", "defaultReportDate", "today")
        .await
        .unwrap();
    let all = opened
        .user_preferences(&["defaultReportDate".into()])
        .await
        .unwrap();
    assert_eq!(
        serde_json::to_value(all).unwrap(),
        json!({"alice": {"defaultReportDate": "today"}})
    );
    assert!(
        opened
            .set_user_preference("nobody", "a", "b")
            .await
            .is_err()
    );

    opened.set_user_language("alice", "pt-br").await.unwrap();
    opened.set_user_clock("alice", true).await.unwrap();
    let chosen = opened.user_language("Alice").await.unwrap();
    assert_eq!(
        (chosen.language.as_str(), chosen.use_12_hour_clock),
        ("pt-br", true)
    );
    for wrong in ["", "e", "../etc", "en_US", "a-b-c-d-e-f-g-h"] {
        assert!(
            opened.set_user_language("alice", wrong).await.is_err(),
            "{wrong}"
        );
    }
    opened.delete_user("alice").await.unwrap();
    assert_eq!(opened.user_language("alice").await.unwrap().language, "");
}

#[tokio::test]
async fn second_factors() {
    let opened = open().await;
    opened.with_user("alice").await;
    opened.with_user("bob").await;
    let seed = opened.start_two_factor("ALICE").await.unwrap();
    assert_eq!(seed.expose().len(), 32);
    let code = code_of_device(&seed, NOW);
    assert!(
        !opened
            .check_second_factor("alice", &code, NOW)
            .await
            .unwrap(),
        "not confirmed yet"
    );
    let wrong = if code == "000000" { "000001" } else { "000000" };
    assert!(
        opened
            .confirm_two_factor("alice", wrong, NOW)
            .await
            .is_err()
    );
    let recovery = opened
        .confirm_two_factor("alice", &code, NOW)
        .await
        .unwrap();
    assert_eq!((recovery.len(), recovery[0].expose().len()), (10, 16));
    assert!(opened.uses_two_factor("Alice").await.unwrap());
    assert_eq!(opened.two_factor_logins().await.unwrap(), ["alice"]);
    assert!(matches!(
        opened.start_two_factor("alice").await,
        Err(Error::Conflict(_))
    ));
    assert!(matches!(
        opened.start_two_factor(ANONYMOUS).await,
        Err(Error::Forbidden(_))
    ));

    // seconds from now, is the code of that moment accepted now
    for (off, now, accepted) in [
        (0, NOW, false), // used by the confirmation
        (-60, NOW + 60, false),
        (60, NOW, false),
        (30, NOW, true),
        (30, NOW, false),
        (30, NOW + 30, false),
        (60, NOW + 60, true),
    ] {
        let code = code_of_device(&seed, NOW + off);
        let code = format!("{} {}", &code[..3], &code[3..]);
        assert_eq!(
            opened
                .check_second_factor("alice", &code, now)
                .await
                .unwrap(),
            accepted,
            "{off} at {now}"
        );
    }
    let late = NOW + 600;
    let code = code_of_device(&seed, late);
    let (first, second) = tokio::join!(
        opened.check_second_factor("alice", &code, late),
        opened.check_second_factor("alice", &code, late)
    );
    assert!(first.unwrap() != second.unwrap(), "a code lets one in");

    let paper = recovery[0].expose().to_lowercase();
    assert!(
        !opened
            .check_second_factor("bob", &paper, NOW)
            .await
            .unwrap()
    );
    assert!(
        opened
            .check_second_factor("alice", &paper, NOW)
            .await
            .unwrap()
    );
    assert!(
        !opened
            .check_second_factor("alice", &paper, NOW)
            .await
            .unwrap()
    );
    assert_eq!(opened.recovery_codes_left("alice").await.unwrap(), 9);
    let renewed = opened.renew_recovery_codes("alice").await.unwrap();
    assert!(
        !opened
            .check_second_factor("alice", recovery[1].expose(), NOW)
            .await
            .unwrap()
    );
    assert!(
        opened
            .check_second_factor("alice", renewed[1].expose(), NOW)
            .await
            .unwrap()
    );
    assert!(opened.renew_recovery_codes("bob").await.is_err());

    // A sealed secret moved to another user's row is worthless.
    let seed = opened.start_two_factor("bob").await.unwrap();
    sqlx::query(
        "UPDATE two_factor SET sealed_secret = (SELECT sealed_secret FROM two_factor WHERE login = 'alice') \
         WHERE login = 'bob'",
    )
    .execute(&opened.inner.pools.writer)
    .await
    .unwrap();
    let moved = opened
        .confirm_two_factor("bob", &code_of_device(&seed, NOW), NOW)
        .await;
    assert!(matches!(moved, Err(Error::Storage(_))));

    opened.remove_two_factor("alice").await.unwrap();
    assert!(!opened.uses_two_factor("alice").await.unwrap());
    opened
        .import_two_factor("alice", &"MFRGGZDFMZTWQ2LK".into())
        .await
        .unwrap();
    let code = code_of_device(&"MFRGGZDFMZTWQ2LK".into(), NOW);
    assert!(
        opened
            .check_second_factor("alice", &code, NOW)
            .await
            .unwrap()
    );
    assert!(
        opened
            .import_two_factor("alice", &"not base 32!".into())
            .await
            .is_err()
    );
}

#[tokio::test]
async fn tracking_failures() {
    let opened = open().await;
    let url = "idsite=5&token_auth=33dc3f2536d3025974cccb4b4d2d98f4";
    for (idsite, failure, now) in [
        (5, Failure::UnknownSite, NOW),
        (5, Failure::UnknownSite, NOW + 1),
        (5, Failure::NotAuthenticated, NOW + DAY),
        (6, Failure::UnknownSite, NOW),
        (10_000_000, Failure::UnknownSite, NOW),
        (-1, Failure::UnknownSite, NOW),
    ] {
        opened
            .note_tracking_failure(idsite, failure, url, now)
            .await
            .unwrap();
    }
    let listed = opened.tracking_failures().await.unwrap();
    let found: Vec<_> = listed
        .iter()
        .map(|one| (one.idsite, one.idfailure, one.date_first_occurred))
        .collect();
    assert_eq!(found, [(5, 1, NOW), (5, 2, NOW + DAY), (6, 1, NOW)]);
    assert_eq!(listed[0].request_url, "idsite=5&token_auth=__TOKEN_AUTH__");
    opened.delete_tracking_failure(6, 1).await.unwrap();
    assert_eq!(
        opened
            .delete_old_tracking_failures(NOW + 2 * DAY)
            .await
            .unwrap(),
        1
    );
    assert_eq!(opened.tracking_failures().await.unwrap().len(), 1);
    opened.delete_tracking_failures(Some(&[6])).await.unwrap();
    assert_eq!(opened.tracking_failures().await.unwrap().len(), 1);
    opened.delete_tracking_failures(None).await.unwrap();
    assert!(opened.tracking_failures().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_job_is_claimed_once() {
    let opened = open().await;
    let other = open_in(opened.folder.path()).await;
    let (first, second) = tokio::join!(
        opened.claim_job("mail", NOW, NOW + HOUR),
        other.claim_job("mail", NOW, NOW + HOUR)
    );
    assert!(first.unwrap() != second.unwrap());
    for (now, claimed) in [
        (NOW + HOUR - 1, false),
        (NOW + HOUR, true),
        (NOW + HOUR, false),
    ] {
        assert_eq!(
            opened.claim_job("mail", now, NOW + 2 * HOUR).await.unwrap(),
            claimed
        );
    }
    assert!(opened.claim_job("other", NOW, NOW + HOUR).await.unwrap());
}
