//! The file itself: migrations, privacy, keys, several writers, reset.

use super::*;
use crate::db::{self, MIGRATIONS};
use crate::{Error, TABLES};

#[tokio::test]
async fn every_migration_runs_alone_and_again() {
    for count in 1..=MIGRATIONS.len() {
        let folder = tempfile::tempdir().unwrap();
        let pool = sqlx::SqlitePool::connect_with(
            sqlx::sqlite::SqliteConnectOptions::new()
                .filename(folder.path().join("db"))
                .create_if_missing(true),
        )
        .await
        .unwrap();
        db::migrator(&MIGRATIONS[..count]).run(&pool).await.unwrap();
        db::migrator(MIGRATIONS).run(&pool).await.unwrap();
        db::migrator(MIGRATIONS).run(&pool).await.unwrap();
        let applied: i64 =
            sqlx::query_scalar("SELECT COUNT(*) FROM _sqlx_migrations WHERE success")
                .fetch_one(&pool)
                .await
                .unwrap();
        assert_eq!(applied as usize, MIGRATIONS.len());
        pool.close().await;
    }
}

#[tokio::test]
async fn a_changed_migration_is_noticed() {
    let opened = open().await;
    let pool = &opened.inner.pools.writer;
    let changed: Vec<_> = MIGRATIONS
        .iter()
        .map(|(number, name, _)| (*number, *name, "SELECT 1"))
        .collect();
    assert!(db::migrator(&changed).run(pool).await.is_err());
}

#[tokio::test]
async fn the_file_is_private_durable_and_checks_references() {
    let opened = open().await;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        for name in [
            "settings.sqlite",
            "settings.sqlite-wal",
            "settings.sqlite-shm",
            "settings.key",
        ] {
            let mode = std::fs::metadata(opened.folder.path().join(name))
                .unwrap()
                .permissions()
                .mode();
            assert_eq!(mode & 0o077, 0, "{name}");
        }
    }
    for pool in [&opened.inner.pools.writer, &opened.inner.pools.reader] {
        let journal: String = sqlx::query_scalar("PRAGMA journal_mode")
            .fetch_one(pool)
            .await
            .unwrap();
        let synchronous: i64 = sqlx::query_scalar("PRAGMA synchronous")
            .fetch_one(pool)
            .await
            .unwrap();
        let foreign_keys: i64 = sqlx::query_scalar("PRAGMA foreign_keys")
            .fetch_one(pool)
            .await
            .unwrap();
        assert_eq!((journal.as_str(), synchronous, foreign_keys), ("wal", 2, 1));
    }
    let refused = sqlx::query("DELETE FROM site")
        .execute(&opened.inner.pools.reader)
        .await;
    assert!(refused.is_err(), "the reading connections must not write");
}

#[cfg(unix)]
#[tokio::test]
async fn a_database_that_others_can_read_is_refused() {
    use std::os::unix::fs::PermissionsExt;
    let opened = open().await;
    opened.close().await;
    let file = opened.folder.path().join("settings.sqlite");
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o640)).unwrap();
    let refused = Settings::open(&file, opened.folder.path().join("settings.key")).await;
    assert!(matches!(refused, Err(Error::Storage(_))));
}

#[tokio::test]
async fn another_key_is_refused() {
    let opened = open().await;
    opened.close().await;
    let path = opened.folder.path();
    let refused = Settings::open(path.join("settings.sqlite"), path.join("other.key")).await;
    assert!(matches!(refused, Err(Error::Storage(_))));
    open_in(path).await.close().await;
}

#[tokio::test]
async fn everything_is_there_after_opening_again() {
    let opened = open().await;
    opened.with_superuser("root").await;
    let idsite = opened.with_site("one").await;
    let (_, token) = opened
        .create_token(
            crate::NewToken {
                login: "root".into(),
                description: "t".into(),
                ..Default::default()
            },
            NOW,
        )
        .await
        .unwrap();
    let before = opened.current_changes();
    opened.close().await;
    let again = open_in(opened.folder.path()).await;
    assert_eq!(again.current_changes(), before);
    assert_eq!(again.site(idsite).await.unwrap().name, "one");
    let found = again
        .verify_token(token.expose(), ip("1.2.3.4"), NOW)
        .await
        .unwrap();
    assert!(found.unwrap().is_superuser());
}

#[tokio::test]
async fn reset_empties_every_table() {
    let opened = open().await;
    opened.with_superuser("root").await;
    opened.with_user("reader").await;
    opened.with_site("one").await;
    opened.set_option("a", "b").await.unwrap();
    let before = opened.current_changes();
    opened.reset().await.unwrap();
    let after = opened.current_changes();
    assert!(after.tracking > before.tracking && after.access > before.access);
    assert_eq!(opened.users().await.unwrap().len(), 1);
    assert!(opened.needs_setup().await.unwrap());
    assert_eq!(opened.with_site("first again").await, 1);

    let tables: Vec<String> = sqlx::query_scalar(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT IN ('change_number', '_sqlx_migrations')",
    )
    .fetch_all(opened.reader())
    .await
    .unwrap();
    assert!(tables.len() >= TABLES.len());
    for table in tables {
        let emptied = TABLES
            .iter()
            .any(|statement| statement.split_whitespace().nth(2) == Some(table.as_str()));
        assert!(emptied, "reset() forgets {table}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_writers_wait_in_line() {
    let opened = open().await;
    opened.with_superuser("root").await;
    let mut tasks = Vec::new();
    for number in 0..40 {
        let settings = opened.settings.clone();
        tasks.push(tokio::spawn(async move {
            let new = NewSite {
                name: format!("site {number}"),
                ..NewSite::default()
            };
            let id = settings.add_site(new, NOW).await.unwrap();
            settings
                .set_option(&format!("option {number}"), "x")
                .await
                .unwrap();
            settings.site(id).await.unwrap().name
        }));
    }
    for (number, task) in tasks.into_iter().enumerate() {
        assert_eq!(task.await.unwrap(), format!("site {number}"));
    }
    let ids: Vec<i64> = opened
        .sites()
        .await
        .unwrap()
        .iter()
        .map(|site| site.idsite)
        .collect();
    assert_eq!(ids, (1..=40).collect::<Vec<i64>>());
    assert_eq!(opened.options().await.unwrap().len(), 40);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_processes_share_the_file() {
    let opened = open().await;
    opened.with_superuser("root").await;
    opened.with_user("reader").await;
    let other = open_in(opened.folder.path()).await;
    let mut watched = other.changes();
    watched.mark_unchanged();
    let (first, second) = tokio::join!(
        async {
            for number in 0..20 {
                opened.set_option(&format!("a{number}"), "x").await.unwrap();
            }
        },
        async {
            for number in 0..20 {
                other.set_option(&format!("b{number}"), "x").await.unwrap();
            }
        }
    );
    let ((), ()) = (first, second);
    assert_eq!(other.options().await.unwrap().len(), 40);

    // The other process learns of a change of rights when it looks.
    let token = Secret::new("0123456789abcdef0123456789abcdef");
    let id = opened.set_token_value("reader", &token, NOW).await.unwrap();
    other.look_for_changes().await.unwrap();
    assert!(watched.has_changed().unwrap());
    assert!(
        other
            .verify_token(token.expose(), ip("1.1.1.1"), NOW)
            .await
            .unwrap()
            .is_some()
    );
    opened.delete_token("reader", id).await.unwrap();
    other.look_for_changes().await.unwrap();
    assert!(
        other
            .verify_token(token.expose(), ip("1.1.1.1"), NOW)
            .await
            .unwrap()
            .is_none()
    );
}

#[tokio::test]
async fn no_secret_is_in_any_file() {
    let opened = open().await;
    opened.with_superuser("root").await;
    let token = Secret::new("fedcba9876543210fedcba9876543210");
    opened.set_token_value("root", &token, NOW).await.unwrap();
    let session = opened
        .start_session(
            crate::NewSession {
                login: "root".into(),
                remember: false,
                second_factor: true,
                ip: ip("203.0.113.77"),
                user_agent: "Browser".into(),
            },
            NOW,
        )
        .await
        .unwrap();
    let invitation = opened
        .invite_user("guest", "guest@example.org", "root", 7, NOW)
        .await
        .unwrap();
    let (_, reset) = opened
        .start_password_reset("root", NOW)
        .await
        .unwrap()
        .unwrap();
    let csrf = opened.csrf_token(&session);
    let seed = opened.start_two_factor("root").await.unwrap();
    let code = crate::two_factor::tests::code_of_device(&seed, NOW);
    let recovery = opened.confirm_two_factor("root", &code, NOW).await.unwrap();
    for entry in std::fs::read_dir(opened.folder.path()).unwrap() {
        let path = entry.unwrap().path();
        let bytes = std::fs::read(&path).unwrap();
        for secret in [
            &token,
            &session,
            &invitation.token,
            &reset,
            &csrf,
            &Secret::new(PASSWORD),
            &seed,
            &recovery[0],
            &"203.0.113.77".into(),
        ] {
            let found = bytes
                .windows(secret.expose().len())
                .any(|window| window == secret.expose().as_bytes());
            assert!(!found, "{} holds a secret", path.display());
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn callers_that_stop_waiting_leave_nothing_old_in_memory() {
    let opened = open().await;
    let idsite = opened.with_site("0").await;
    for number in 0..60 {
        let change = SiteChange {
            name: Some(format!("name {number}")),
            ..SiteChange::default()
        };
        let patience = std::time::Duration::from_micros(50 * number);
        let _ = tokio::time::timeout(patience, opened.update_site(idsite, change)).await;
        opened.site(idsite).await.unwrap();
    }
    // The last change waits for its turn behind all that were given up.
    opened.set_option("last", "1").await.unwrap();
    let stored: String = sqlx::query_scalar("SELECT name FROM site")
        .fetch_one(opened.reader())
        .await
        .unwrap();
    assert_eq!(opened.site(idsite).await.unwrap().name, stored);
    assert_eq!(
        opened.current_changes(),
        db::read_changes(opened.reader()).await.unwrap()
    );
}

#[tokio::test]
async fn a_copy_can_be_opened() {
    let opened = open().await;
    opened.with_superuser("root").await;
    opened.with_site("One").await;
    let copy = opened.folder.path().join("copy.sqlite");
    opened.backup(&copy).await.unwrap();
    assert!(
        opened.backup(&copy).await.is_err(),
        "nothing is overwritten"
    );
    opened.with_site("Two").await;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(
            std::fs::metadata(&copy).unwrap().permissions().mode() & 0o077,
            0
        );
    }
    let restored = Settings::open(&copy, opened.folder.path().join("settings.key"))
        .await
        .unwrap();
    assert_eq!(restored.sites().await.unwrap().len(), 1);
    assert!(
        restored
            .check_password("root", &PASSWORD.into())
            .await
            .unwrap()
            .is_some()
    );
}
