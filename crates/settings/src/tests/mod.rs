//! Tests that need a database: each opens its own in a temporary folder.

mod entities;
mod own_things;
mod people;
mod sessions;
mod storage;
mod tokens;

use std::net::IpAddr;

use crate::{NewSite, NewUser, PasswordRules, Secret, Settings, SiteChange};

/// 2024-05-31 12:00:00 UTC.
pub(crate) const NOW: i64 = 1_717_156_800;
pub(crate) const HOUR: i64 = 3600;
pub(crate) const DAY: i64 = 86_400;
pub(crate) const PASSWORD: &str = "correct horse battery";

pub(crate) struct Opened {
    pub(crate) settings: Settings,
    pub(crate) folder: tempfile::TempDir,
}

impl std::ops::Deref for Opened {
    type Target = Settings;

    fn deref(&self) -> &Settings {
        &self.settings
    }
}

pub(crate) async fn open() -> Opened {
    let folder = tempfile::tempdir().unwrap();
    let settings = open_in(folder.path()).await;
    Opened { settings, folder }
}

pub(crate) async fn open_in(folder: &std::path::Path) -> Settings {
    Settings::open(folder.join("settings.sqlite"), folder.join("settings.key"))
        .await
        .unwrap()
}

pub(crate) fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

pub(crate) fn new_user(login: &str) -> NewUser {
    NewUser {
        login: login.into(),
        email: format!("{login}@example.org"),
        password: Secret::new(PASSWORD),
        invited_by: None,
    }
}

impl Opened {
    pub(crate) async fn with_user(&self, login: &str) {
        self.add_user(new_user(login), PasswordRules::API, NOW)
            .await
            .unwrap();
    }

    pub(crate) async fn with_superuser(&self, login: &str) {
        self.create_superuser(new_user(login), PasswordRules::API, NOW)
            .await
            .unwrap();
    }

    pub(crate) async fn with_site(&self, name: &str) -> i64 {
        let new = NewSite {
            name: name.into(),
            creator_login: "root".into(),
            values: SiteChange {
                urls: Some(vec!["http://example.org/".into()]),
                ..SiteChange::default()
            },
            ..NewSite::default()
        };
        self.add_site(new, NOW).await.unwrap()
    }
}
