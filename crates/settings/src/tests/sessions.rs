//! Sessions, and failed attempts to get one.

use super::*;
use crate::{ANONYMOUS, AttemptKind, NewSession};

pub(crate) fn session_of(login: &str) -> NewSession {
    NewSession {
        login: login.into(),
        remember: false,
        second_factor: true,
        ip: ip("203.0.113.77"),
        user_agent: "Browser\n/1".into(),
    }
}

#[tokio::test]
async fn sessions_end() {
    let opened = open().await;
    opened.with_user("alice").await;
    // remember, seconds between uses, uses that still work
    for (remember, step, living) in [
        (false, HOUR - 1, 30),
        (false, HOUR, 0),
        (true, 14 * DAY - 1, 2),
        (true, 14 * DAY, 0),
        (true, DAY, 29),
    ] {
        let mut new = session_of("alice");
        new.remember = remember;
        let id = opened.start_session(new, NOW).await.unwrap();
        let mut worked = 0;
        while worked < 30
            && opened
                .session(&id, NOW + step * (worked + 1))
                .await
                .unwrap()
                .is_some()
        {
            worked += 1;
        }
        assert_eq!(worked, living, "remember {remember}, every {step} s");
    }
    assert_eq!(
        opened.delete_dead_sessions(NOW + 40 * DAY).await.unwrap(),
        5
    );
    assert_eq!(
        opened.session(&Secret::new("made up"), NOW).await.unwrap(),
        None
    );
    assert!(
        opened
            .start_session(session_of(ANONYMOUS), NOW)
            .await
            .is_err()
    );
}

#[tokio::test]
async fn sessions_are_renewed_listed_and_revoked() {
    let opened = open().await;
    opened.with_user("alice").await;
    opened.with_user("mallory").await;
    let first = opened
        .start_session(session_of("alice"), NOW)
        .await
        .unwrap();
    let second = opened
        .start_session(session_of("alice"), NOW + 1)
        .await
        .unwrap();
    assert_ne!(first.expose(), second.expose());
    assert_eq!(first.expose().len(), 64);

    let renewed = opened.renew_session(&first, true, NOW + 2).await.unwrap();
    assert_eq!(opened.session(&first, NOW + 3).await.unwrap(), None);
    assert!(opened.session(&renewed, NOW + 3).await.unwrap().is_some());
    assert!(opened.renew_session(&first, true, NOW + 3).await.is_err());

    let listed = opened.sessions("alice", NOW + 3).await.unwrap();
    assert_eq!(listed.len(), 2);
    assert_eq!(
        (listed[0].ip.as_str(), listed[0].user_agent.as_str()),
        ("203.0.113.0", "Browser/1")
    );
    let second_listed = listed
        .iter()
        .find(|listed| opened.is_this_session(&second, listed))
        .unwrap();
    assert!(
        opened
            .revoke_session("mallory", &second_listed.handle)
            .await
            .is_err()
    );
    opened
        .revoke_session("alice", &second_listed.handle)
        .await
        .unwrap();
    assert_eq!(opened.session(&second, NOW + 3).await.unwrap(), None);

    assert!(
        opened
            .session(&renewed, NOW + 60 * 15)
            .await
            .unwrap()
            .unwrap()
            .is_confirmed(NOW + 60 * 15)
    );
    assert!(
        !opened
            .session(&renewed, NOW + 60 * 16)
            .await
            .unwrap()
            .unwrap()
            .is_confirmed(NOW + 60 * 16)
    );
    opened
        .confirm_session(&renewed, NOW + 60 * 16)
        .await
        .unwrap();
    assert!(
        opened
            .session(&renewed, NOW + 60 * 17)
            .await
            .unwrap()
            .unwrap()
            .is_confirmed(NOW + 60 * 17)
    );

    let other = opened
        .start_session(session_of("alice"), NOW)
        .await
        .unwrap();
    opened
        .set_password(
            "alice",
            &"another password".into(),
            PasswordRules::FORM,
            Some(&renewed),
            NOW,
        )
        .await
        .unwrap();
    assert!(opened.session(&renewed, NOW + 60).await.unwrap().is_some());
    assert_eq!(opened.session(&other, NOW + 60).await.unwrap(), None);
    opened.end_session(&renewed).await.unwrap();
    assert_eq!(opened.session(&renewed, NOW + 60).await.unwrap(), None);
}

#[tokio::test]
async fn csrf_texts_belong_to_one_session() {
    let opened = open().await;
    opened.with_user("alice").await;
    let first = opened
        .start_session(session_of("alice"), NOW)
        .await
        .unwrap();
    let second = opened
        .start_session(session_of("alice"), NOW)
        .await
        .unwrap();
    let text = opened.csrf_token(&first);
    assert!(opened.is_csrf_token(&first, text.expose()));
    for (session, sent) in [
        (&second, text.expose()),
        (&first, ""),
        (&first, first.expose()),
        (&first, &text.expose()[2..]),
    ] {
        assert!(!opened.is_csrf_token(session, sent));
    }
}

#[tokio::test]
async fn guessing_is_stopped() {
    let opened = open().await;
    let attacker = ip("198.51.100.1");
    let kind = AttemptKind::SignIn;
    for number in 0..21 {
        assert!(
            !opened.is_blocked(kind, attacker, None, NOW).await.unwrap(),
            "attempt {number}"
        );
        opened
            .note_failure(kind, attacker, Some(&format!("login{number}")), NOW)
            .await
            .unwrap();
    }
    assert!(opened.is_blocked(kind, attacker, None, NOW).await.unwrap());
    // Blocked attempts are not counted, so the block ends an hour after the last that was.
    opened
        .note_failure(kind, attacker, None, NOW + HOUR - 1)
        .await
        .unwrap();
    assert_eq!(opened.failed_attempts().await.unwrap().len(), 21);
    assert!(
        opened
            .is_blocked(kind, attacker, None, NOW + HOUR - 1)
            .await
            .unwrap()
    );
    assert!(
        !opened
            .is_blocked(kind, attacker, None, NOW + HOUR)
            .await
            .unwrap()
    );
    // Others are not touched: another address, another kind.
    assert!(
        !opened
            .is_blocked(kind, ip("198.51.100.2"), None, NOW)
            .await
            .unwrap()
    );
    assert!(
        !opened
            .is_blocked(AttemptKind::TrackingToken, attacker, None, NOW)
            .await
            .unwrap()
    );
    opened.unblock_all().await.unwrap();
    assert!(!opened.is_blocked(kind, attacker, None, NOW).await.unwrap());
}

#[tokio::test]
async fn guessing_from_many_addresses_is_stopped() {
    let opened = open().await;
    let kind = AttemptKind::SignIn;
    for number in 0..61 {
        let address = ip(&format!("198.51.100.{number}"));
        assert!(
            !opened
                .is_blocked(kind, address, Some("Alice"), NOW)
                .await
                .unwrap()
        );
        opened
            .note_failure(kind, address, Some("alice"), NOW)
            .await
            .unwrap();
    }
    assert!(
        opened
            .is_blocked(kind, ip("203.0.113.1"), Some("ALICE"), NOW)
            .await
            .unwrap()
    );
    assert!(
        !opened
            .is_blocked(kind, ip("203.0.113.1"), Some("bob"), NOW)
            .await
            .unwrap()
    );

    // One IPv6 network is one client, however many addresses it uses.
    for number in 0..21 {
        let address = ip(&format!("2001:db8::{number:x}"));
        opened.note_failure(kind, address, None, NOW).await.unwrap();
    }
    assert!(
        opened
            .is_blocked(kind, ip("2001:db8::ffff"), None, NOW)
            .await
            .unwrap()
    );
    assert!(
        !opened
            .is_blocked(kind, ip("2001:db8:0:1::1"), None, NOW)
            .await
            .unwrap()
    );
    assert_eq!(opened.delete_old_failures(NOW + 7 * DAY).await.unwrap(), 82);
}

#[tokio::test]
async fn brute_force_settings_count() {
    let opened = open().await;
    let kind = AttemptKind::SignIn;
    let set = |name: &str, value: serde_json::Value| (name.to_owned(), value);
    opened
        .set_system_settings(
            "Login",
            &[
                set("maxAllowedRetries", "1".into()),
                set("allowedRetriesTimeRange", 5.into()),
                set("whitelisteBruteForceIps", serde_json::json!(["10.0.0.0/8"])),
                set("blacklistedBruteForceIps", "10.1.1.1\n192.0.2.*".into()),
            ],
        )
        .await
        .unwrap();
    for (address, failures, blocked) in [
        ("10.2.2.2", 9, false),
        ("10.1.1.1", 0, true),
        ("192.0.2.7", 0, true),
        ("198.51.100.1", 1, false),
        ("198.51.100.2", 2, true),
    ] {
        for _ in 0..failures {
            opened
                .note_failure(kind, ip(address), None, NOW)
                .await
                .unwrap();
        }
        assert_eq!(
            opened
                .is_blocked(kind, ip(address), None, NOW)
                .await
                .unwrap(),
            blocked,
            "{address}"
        );
    }
    assert!(
        !opened
            .is_blocked(kind, ip("198.51.100.2"), None, NOW + 300)
            .await
            .unwrap()
    );
    opened
        .set_system_settings("Login", &[set("enableBruteForceDetection", false.into())])
        .await
        .unwrap();
    assert!(
        !opened
            .is_blocked(kind, ip("198.51.100.2"), None, NOW)
            .await
            .unwrap()
    );
}
