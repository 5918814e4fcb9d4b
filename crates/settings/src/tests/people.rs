//! Users, invitations, sessions, failed attempts, the first run.

use super::sessions::session_of;
use super::*;
use model::Role;

use crate::{ANONYMOUS, Error, InviteStatus};

#[tokio::test]
async fn logins_and_addresses_are_taken_without_case() {
    let opened = open().await;
    opened.with_user("Alice").await;
    for (login, email) in [
        ("alice", "other@example.org"),
        ("bob", "ALICE@example.org"),
        ("alice@example.org", "other@example.org"),
        ("Anonymous", "other@example.org"),
    ] {
        let mut new = new_user(login);
        new.email = email.into();
        let refused = opened.add_user(new, PasswordRules::API, NOW).await;
        assert!(
            matches!(refused, Err(Error::Conflict(_))),
            "{login} {email}"
        );
    }
    assert_eq!(opened.user("ALICE").await.unwrap().login, "Alice");
    assert!(
        opened
            .find_user_by_email("Alice@Example.org")
            .await
            .unwrap()
            .is_some()
    );
    assert!(matches!(
        opened.user("nobody").await,
        Err(Error::NotFound(_))
    ));
}

#[tokio::test]
async fn passwords_prove_who_it_is() {
    let opened = open().await;
    opened.with_user("alice").await;
    let right = Secret::new(PASSWORD);
    for login in ["alice", "ALICE", "alice@example.org"] {
        assert!(
            opened
                .check_password(login, &right)
                .await
                .unwrap()
                .is_some(),
            "{login}"
        );
    }
    for (login, password) in [
        ("alice", "wrong password"),
        ("nobody", PASSWORD),
        (ANONYMOUS, PASSWORD),
        ("", ""),
    ] {
        assert!(
            opened
                .check_password(login, &password.into())
                .await
                .unwrap()
                .is_none(),
            "{login}"
        );
    }
    let new = Secret::new("another password");
    opened
        .set_password("alice", &new, PasswordRules::FORM, None, NOW + 5)
        .await
        .unwrap();
    assert!(
        opened
            .check_password("alice", &right)
            .await
            .unwrap()
            .is_none()
    );
    assert!(
        opened
            .check_password("alice", &new)
            .await
            .unwrap()
            .is_some()
    );
    assert_eq!(
        opened.user("alice").await.unwrap().ts_password_modified,
        NOW + 5
    );
    let refused = opened
        .set_password(ANONYMOUS, &new, PasswordRules::API, None, NOW)
        .await;
    assert!(matches!(refused, Err(Error::Forbidden(_))));
}

#[tokio::test]
async fn an_imported_hash_is_made_anew_at_sign_in() {
    let opened = open().await;
    let md5_of_secret = "5ebe2294ecd0e0f08eab7690d2a6ee69";
    let hash = bcrypt::hash_with_result(md5_of_secret, 4)
        .unwrap()
        .format_for_version(bcrypt::Version::TwoY);
    opened
        .import_user("old", "old@example.org", &hash, true, NOW)
        .await
        .unwrap();
    assert!(
        opened
            .check_password("old", &"secreT".into())
            .await
            .unwrap()
            .is_none()
    );
    assert!(
        opened
            .check_password("old", &"secret".into())
            .await
            .unwrap()
            .is_some()
    );
    let stored: String =
        sqlx::query_scalar("SELECT password_hash FROM app_user WHERE login = 'old'")
            .fetch_one(opened.reader())
            .await
            .unwrap();
    assert!(stored.starts_with("$argon2id$"));
    assert!(
        opened
            .check_password("old", &"secret".into())
            .await
            .unwrap()
            .is_some()
    );
}

#[tokio::test]
async fn the_last_superuser_stays() {
    let opened = open().await;
    opened.with_superuser("root").await;
    assert!(matches!(
        opened.set_superuser("root", false).await,
        Err(Error::Forbidden(_))
    ));
    assert!(matches!(
        opened.delete_user("root").await,
        Err(Error::Forbidden(_))
    ));
    assert!(opened.user("root").await.unwrap().superuser_access);
    opened.with_user("second").await;
    opened.set_superuser("second", true).await.unwrap();
    opened.delete_user("root").await.unwrap();
    assert!(matches!(
        opened.delete_user("root").await,
        Err(Error::NotFound(_))
    ));
    assert!(matches!(
        opened.set_superuser(ANONYMOUS, true).await,
        Err(Error::Forbidden(_))
    ));
    assert!(matches!(
        opened.delete_user("Anonymous").await,
        Err(Error::Forbidden(_))
    ));
}

#[tokio::test]
async fn invitations() {
    let opened = open().await;
    opened.with_superuser("root").await;
    let first = opened
        .invite_user("guest", "guest@example.org", "root", 7, NOW)
        .await
        .unwrap();
    let guest = opened.user("guest").await.unwrap();
    assert_eq!(guest.invite_status(NOW), InviteStatus::Pending);
    assert_eq!(guest.invite_status(NOW + 7 * DAY), InviteStatus::Expired);
    assert_eq!(guest.invited_by.as_deref(), Some("root"));

    let second = opened
        .renew_invitation("guest", 7, NOW + DAY)
        .await
        .unwrap();
    let password = Secret::new(PASSWORD);
    let now = NOW + 2 * DAY;
    for (token, now) in [
        (&first.token, now),
        (&second.token, NOW + 8 * DAY),
        (&Secret::new(""), now),
    ] {
        let refused = opened
            .accept_invitation(token, &password, PasswordRules::FORM, now)
            .await;
        assert!(matches!(refused, Err(Error::NotFound(_))));
    }
    let accepted = opened
        .accept_invitation(&second.token, &password, PasswordRules::FORM, now)
        .await
        .unwrap();
    assert_eq!(accepted.invite_status(now), InviteStatus::Active);
    assert_eq!(accepted.invite_accept_at, Some(now));
    let again = opened
        .accept_invitation(&second.token, &password, PasswordRules::FORM, now)
        .await;
    assert!(again.is_err(), "an invitation works once");
    assert!(opened.renew_invitation("guest", 7, now).await.is_err());

    opened
        .invite_user("late", "late@example.org", "root", 7, NOW)
        .await
        .unwrap();
    assert_eq!(
        opened
            .delete_expired_invitations(NOW + 9 * DAY)
            .await
            .unwrap(),
        0
    );
    assert_eq!(
        opened
            .delete_expired_invitations(NOW + 11 * DAY)
            .await
            .unwrap(),
        1
    );
    assert!(opened.find_user("guest").await.unwrap().is_some());
}

#[tokio::test]
async fn a_forgotten_password() {
    let opened = open().await;
    opened.with_user("alice").await;
    assert!(
        opened
            .start_password_reset("nobody", NOW)
            .await
            .unwrap()
            .is_none()
    );
    assert!(
        opened
            .start_password_reset(ANONYMOUS, NOW)
            .await
            .unwrap()
            .is_none()
    );
    let (user, token) = opened
        .start_password_reset("ALICE@example.org", NOW)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(user.login, "alice");
    let session = opened
        .start_session(session_of("alice"), NOW)
        .await
        .unwrap();
    let new = Secret::new("a new password");
    let late = opened
        .finish_password_reset(&token, &new, PasswordRules::FORM, NOW + HOUR)
        .await;
    assert!(matches!(late, Err(Error::NotFound(_))));
    opened
        .finish_password_reset(&token, &new, PasswordRules::FORM, NOW + 60)
        .await
        .unwrap();
    assert!(
        opened
            .finish_password_reset(&token, &new, PasswordRules::FORM, NOW + 60)
            .await
            .is_err()
    );
    assert!(
        opened
            .check_password("alice", &new)
            .await
            .unwrap()
            .is_some()
    );
    assert_eq!(opened.session(&session, NOW + 61).await.unwrap(), None);
}

#[tokio::test]
async fn the_first_run() {
    let opened = open().await;
    let old = opened.make_setup_link(NOW).await.unwrap().unwrap();
    let link = opened.make_setup_link(NOW).await.unwrap().unwrap();
    assert!(!opened.is_setup_link(&old, NOW).await.unwrap());
    assert!(!opened.is_setup_link(&link, NOW + DAY).await.unwrap());
    assert!(opened.is_setup_link(&link, NOW).await.unwrap());

    let mut weak = new_user("root");
    weak.password = Secret::new("1234567890ab");
    weak.login = "x".into();
    assert!(
        opened
            .finish_setup(&link, weak, PasswordRules::FORM, NOW)
            .await
            .is_err()
    );
    assert!(
        opened.is_setup_link(&link, NOW).await.unwrap(),
        "a refused form must not use the link up"
    );

    let (first, second) = tokio::join!(
        opened.finish_setup(&link, new_user("root"), PasswordRules::FORM, NOW),
        opened.finish_setup(&link, new_user("rival"), PasswordRules::FORM, NOW)
    );
    assert!(
        first.is_ok() != second.is_ok(),
        "exactly one may become the superuser"
    );
    let superusers = opened
        .users()
        .await
        .unwrap()
        .into_iter()
        .filter(|user| user.superuser_access)
        .count();
    assert_eq!((superusers, opened.users().await.unwrap().len()), (1, 2));
    assert!(opened.make_setup_link(NOW).await.unwrap().is_none());
}

#[tokio::test]
async fn access_by_site() {
    let opened = open().await;
    opened.with_superuser("root").await;
    opened.with_user("alice").await;
    for name in ["one", "two", "three"] {
        opened.with_site(name).await;
    }
    opened
        .set_access("alice", Some(Role::View), &[], &[1, 2])
        .await
        .unwrap();
    opened
        .set_access(
            "ALICE",
            Some(Role::Admin),
            &["tagmanager_write".into()],
            &[2],
        )
        .await
        .unwrap();
    let held = opened.access_of_user("alice").await.unwrap();
    let roles: Vec<_> = held
        .iter()
        .map(|access| (access.idsite, access.role))
        .collect();
    assert_eq!(roles, [(1, Some(Role::View)), (2, Some(Role::Admin))]);
    assert_eq!(held[1].capabilities, ["tagmanager_write"]);
    assert_eq!(opened.access_to_site(2).await.unwrap().len(), 1);

    opened
        .add_capabilities("alice", &["tagmanager_write".into()], &[1])
        .await
        .unwrap();
    opened
        .remove_capabilities("alice", &["tagmanager_write".into()], &[2])
        .await
        .unwrap();
    let held = opened.access_of_user("alice").await.unwrap();
    assert_eq!(
        (held[0].capabilities.len(), held[1].capabilities.len()),
        (1, 0)
    );

    opened.set_access("alice", None, &[], &[1]).await.unwrap();
    assert_eq!(opened.access_of_user("alice").await.unwrap().len(), 1);
    opened
        .set_access(ANONYMOUS, Some(Role::View), &[], &[1])
        .await
        .unwrap();

    for (login, role, capability, site) in [
        (ANONYMOUS, Some(Role::Write), None, 1),
        (ANONYMOUS, Some(Role::View), Some("tagmanager_write"), 1),
        ("alice", Some(Role::View), None, 99),
        ("nobody", Some(Role::View), None, 1),
        ("root", Some(Role::View), None, 1),
        ("alice", None, Some("tagmanager_write"), 1),
        ("alice", Some(Role::View), Some("admin"), 1),
        ("alice", Some(Role::View), Some("superuser"), 1),
        ("alice", Some(Role::View), Some("a b"), 1),
    ] {
        let capabilities: Vec<String> = capability.into_iter().map(str::to_owned).collect();
        let refused = opened.set_access(login, role, &capabilities, &[site]).await;
        assert!(refused.is_err(), "{login} {role:?} {capability:?} {site}");
    }
    assert!(
        opened
            .add_capabilities("alice", &["x".into()], &[3])
            .await
            .is_err(),
        "no role there"
    );

    // What failed half-way changed nothing.
    assert!(
        opened
            .set_access("alice", Some(Role::Write), &[], &[3, 99])
            .await
            .is_err()
    );
    assert!(opened.access_to_site(3).await.unwrap().is_empty());

    opened.delete_site(2).await.unwrap();
    assert!(opened.access_of_user("alice").await.unwrap().is_empty());
}
