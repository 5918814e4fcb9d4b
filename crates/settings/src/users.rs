//! Users: who exists, how they prove it, how they are invited.

use sqlx::{FromRow, Row};

use crate::Settings;
use crate::check;
use crate::db::{DbRow, Touches, Write};
use crate::error::{Error, Result};
use crate::passwords::{PasswordCheck, PasswordRules, imported_hash};
use crate::secret::{Purpose, Secret};

/// The login of everybody who did not sign in. It always exists, has no password and at most view access.
pub const ANONYMOUS: &str = "anonymous";

const EMAIL_LIMIT: usize = 100;
/// A request every second must not be a write every second.
const LAST_SEEN_EVERY_SECONDS: i64 = 300;

/// A user without any secret.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct User {
    pub login: String,
    pub email: String,
    pub superuser_access: bool,
    pub date_registered: i64,
    pub ts_password_modified: i64,
    pub invited_by: Option<String>,
    pub invite_expired_at: Option<i64>,
    pub invite_accept_at: Option<i64>,
    pub last_seen: Option<i64>,
    /// False until an invitation is accepted.
    pub has_password: bool,
}

/// Where an invitation stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InviteStatus {
    /// The user can sign in.
    Active,
    /// Invited, and the link still works.
    Pending,
    /// Invited, but the link is too old.
    Expired,
}

impl User {
    /// Where the invitation of this user stands.
    pub fn invite_status(&self, now: i64) -> InviteStatus {
        match self.invite_expired_at {
            _ if self.has_password => InviteStatus::Active,
            Some(expires) if expires > now => InviteStatus::Pending,
            Some(_) => InviteStatus::Expired,
            None => InviteStatus::Active,
        }
    }
}

/// A user to add.
#[derive(Clone)]
pub struct NewUser {
    pub login: String,
    pub email: String,
    pub password: Secret,
    pub invited_by: Option<String>,
}

const SELECT_ALL: &str = "SELECT login, email, superuser_access, date_registered, ts_password_modified, invited_by, \
     invite_expired_at, invite_accept_at, last_seen, CASE WHEN password_hash IS NULL THEN 0 ELSE 1 END AS has_password \
     FROM app_user ORDER BY login";
const SELECT_BY_LOGIN: &str = "SELECT login, email, superuser_access, date_registered, ts_password_modified, \
     invited_by, invite_expired_at, invite_accept_at, last_seen, \
     CASE WHEN password_hash IS NULL THEN 0 ELSE 1 END AS has_password FROM app_user WHERE login_key = $1";
const SELECT_BY_EMAIL: &str = "SELECT login, email, superuser_access, date_registered, ts_password_modified, \
     invited_by, invite_expired_at, invite_accept_at, last_seen, \
     CASE WHEN password_hash IS NULL THEN 0 ELSE 1 END AS has_password FROM app_user WHERE email_key = $1";

impl FromRow<'_, DbRow> for User {
    fn from_row(row: &DbRow) -> sqlx::Result<User> {
        Ok(User {
            login: row.try_get("login")?,
            email: row.try_get("email")?,
            superuser_access: row.try_get::<i64, _>("superuser_access")? != 0,
            date_registered: row.try_get("date_registered")?,
            ts_password_modified: row.try_get("ts_password_modified")?,
            invited_by: row.try_get("invited_by")?,
            invite_expired_at: row.try_get("invite_expired_at")?,
            invite_accept_at: row.try_get("invite_accept_at")?,
            last_seen: row.try_get("last_seen")?,
            has_password: row.try_get::<i64, _>("has_password")? != 0,
        })
    }
}

/// The spelling that is compared: Matomo's database compares logins and addresses without case.
pub(crate) fn key(text: &str) -> String {
    text.to_lowercase()
}

/// Refuses what Matomo refuses as a login: 2 to 100 of letters, some umlauts, digits and `_ . @ + -`.
pub(crate) fn check_login(login: &str) -> Result<()> {
    let length = login.chars().count();
    let allowed = |char: char| char.is_ascii_alphanumeric() || "ÄäÖöÜüß_.@+-".contains(char);
    if !(2..=100).contains(&length) || !login.chars().all(allowed) {
        return Err(Error::invalid(
            "The username must be between 2 and 100 characters long and contain only letters, numbers, or the \
             characters '_' or '-' or '.' or '@' or '+'",
        ));
    }
    Ok(())
}

pub(crate) fn check_email(email: &str) -> Result<()> {
    let wrong = || Error::invalid("The email doesn't have a valid format.");
    let (name, host) = email.rsplit_once('@').ok_or_else(wrong)?;
    // Line breaks would forge headers of mails sent to this address.
    let plain = |part: &str, also: &str| {
        !part.is_empty()
            && !part.starts_with('.')
            && !part.ends_with('.')
            && !part.contains("..")
            && part
                .chars()
                .all(|char| char.is_alphanumeric() || also.contains(char))
    };
    if email.chars().count() > EMAIL_LIMIT
        || !plain(name, ".!#$%&'*+-/=?^_`{|}~")
        || !plain(host, ".-")
    {
        return Err(wrong());
    }
    Ok(())
}

impl Settings {
    /// All users by login, `anonymous` included (lists of the API leave it out).
    pub async fn users(&self) -> Result<Vec<User>> {
        let mut users: Vec<User> = sqlx::query_as(SELECT_ALL).fetch_all(self.reader()).await?;
        users.sort_by(|left, right| left.login.cmp(&right.login));
        Ok(users)
    }

    /// One user, by login without case.
    pub async fn user(&self, login: &str) -> Result<User> {
        self.find_user(login)
            .await?
            .ok_or_else(|| Error::no_user(&check::shortened(login)))
    }

    /// One user, if the login exists.
    pub async fn find_user(&self, login: &str) -> Result<Option<User>> {
        Ok(sqlx::query_as(SELECT_BY_LOGIN)
            .bind(key(login))
            .fetch_optional(self.reader())
            .await?)
    }

    /// One user, if the e-mail address belongs to one.
    pub async fn find_user_by_email(&self, email: &str) -> Result<Option<User>> {
        Ok(sqlx::query_as(SELECT_BY_EMAIL)
            .bind(key(email))
            .fetch_optional(self.reader())
            .await?)
    }

    /// True while nobody can sign in: the program was never set up.
    pub async fn needs_setup(&self) -> Result<bool> {
        let superusers: i64 =
            sqlx::query_scalar("SELECT COUNT(*) FROM app_user WHERE superuser_access = 1 AND password_hash IS NOT NULL")
                .fetch_one(self.reader())
                .await?;
        Ok(superusers == 0)
    }

    /// Adds a user that can sign in at once.
    pub async fn add_user(&self, new: NewUser, rules: PasswordRules, now: i64) -> Result<()> {
        self.add(new, rules, false, now).await
    }

    /// Adds a superuser.
    pub async fn create_superuser(
        &self,
        new: NewUser,
        rules: PasswordRules,
        now: i64,
    ) -> Result<()> {
        self.add(new, rules, true, now).await
    }

    async fn add(
        &self,
        new: NewUser,
        rules: PasswordRules,
        superuser: bool,
        now: i64,
    ) -> Result<()> {
        let hash = self.hash_for(&new, rules).await?;
        let mut write = self.begin().await?;
        store_new_user(&mut write, &new, hash, superuser, now).await?;
        self.commit(write, Touches::Access).await
    }

    /// Checks all values of a new user and hashes the password.
    pub(crate) async fn hash_for(&self, new: &NewUser, rules: PasswordRules) -> Result<String> {
        check_login(&new.login)?;
        check_email(&new.email)?;
        rules.check(&new.password, &new.login, &new.email)?;
        self.inner.hashing.hash(&new.password).await
    }

    /// Adds a user of an older Matomo database with its password hash, which is made anew at the first sign-in.
    pub async fn import_user(
        &self,
        login: &str,
        email: &str,
        hash: &str,
        superuser: bool,
        now: i64,
    ) -> Result<()> {
        check_login(login)?;
        check_email(email)?;
        let hash = imported_hash(hash)?;
        let mut write = self.begin().await?;
        refuse_taken(&mut write, login, email, None).await?;
        let row = UserRow {
            login,
            email,
            password_hash: Some(hash),
            superuser,
            invited_by: None,
        };
        insert(&mut write, row, now).await?;
        self.commit(write, Touches::Access).await
    }

    /// Compares a password. `login` may be the e-mail address. Takes the same time whether or not the user exists.
    /// A hash imported from Matomo, or made at an older cost, is made anew when the password is right.
    pub async fn check_password(
        &self,
        login_or_email: &str,
        password: &Secret,
    ) -> Result<Option<User>> {
        let row: Option<(String, Option<String>)> = sqlx::query_as(
            "SELECT login, password_hash FROM app_user WHERE login_key = $1 OR email_key = $1 \
             ORDER BY CASE WHEN login_key = $1 THEN 0 ELSE 1 END LIMIT 1",
        )
        .bind(key(login_or_email))
        .fetch_optional(self.reader())
        .await?;
        let (login, stored) = match row {
            Some((login, stored)) => (login, stored),
            None => (String::new(), None),
        };
        let outcome = self.inner.hashing.verify(password, stored.clone()).await?;
        match (outcome, stored) {
            (PasswordCheck::Right, _) => self.find_user(&login).await,
            (PasswordCheck::RightButOld, Some(stored)) => {
                self.renew_hash(&login, password, &stored).await?;
                self.find_user(&login).await
            }
            _ => Ok(None),
        }
    }

    async fn renew_hash(&self, login: &str, password: &Secret, old: &str) -> Result<()> {
        let hash = self.inner.hashing.hash(password).await?;
        let mut write = self.begin().await?;
        // Only if nobody set another password meanwhile.
        sqlx::query(
            "UPDATE app_user SET password_hash = $2 WHERE login = $1 AND password_hash = $3",
        )
        .bind(login)
        .bind(hash)
        .bind(old)
        .execute(&mut *write)
        .await?;
        self.commit(write, Touches::Nothing).await
    }

    /// Sets another password. All sessions of the user end, except `keep` (the one that asked for it).
    pub async fn set_password(
        &self,
        login: &str,
        password: &Secret,
        rules: PasswordRules,
        keep: Option<&Secret>,
        now: i64,
    ) -> Result<()> {
        let user = self.user(login).await?;
        if user.login == ANONYMOUS {
            return Err(Error::Forbidden(
                "The anonymous user has no password.".into(),
            ));
        }
        rules.check(password, &user.login, &user.email)?;
        let hash = self.inner.hashing.hash(password).await?;
        let mut write = self.begin().await?;
        self.store_password(&mut write, &user.login, &hash, keep, now)
            .await?;
        self.commit(write, Touches::Access).await
    }

    pub(crate) async fn store_password(
        &self,
        write: &mut Write,
        login: &str,
        hash: &str,
        keep: Option<&Secret>,
        now: i64,
    ) -> Result<()> {
        sqlx::query(
            "UPDATE app_user SET password_hash = $2, ts_password_modified = $3, reset_token_hash = NULL, \
             reset_expired_at = NULL, invite_token_hash = NULL WHERE login = $1",
        )
        .bind(login)
        .bind(hash)
        .bind(now)
        .execute(&mut **write)
        .await?;
        let kept = keep.map(|session| self.inner.keys.hash_hex(Purpose::Session, session.expose()));
        sqlx::query("DELETE FROM user_session WHERE login = $1 AND session_hash <> $2")
            .bind(login)
            .bind(kept.unwrap_or_default())
            .execute(&mut **write)
            .await?;
        Ok(())
    }

    /// Changes the e-mail address.
    pub async fn set_email(&self, login: &str, email: &str) -> Result<()> {
        check_email(email)?;
        let mut write = self.begin().await?;
        let login = stored_login(&mut write, login).await?;
        refuse_anonymous(&login)?;
        refuse_taken(&mut write, "", email, Some(&login)).await?;
        // A link sent to the old address must not work any more.
        sqlx::query(
            "UPDATE app_user SET email = $2, email_key = $3, reset_token_hash = NULL, reset_expired_at = NULL \
             WHERE login = $1",
        )
        .bind(&login)
        .bind(email)
        .bind(key(email))
        .execute(&mut *write)
        .await?;
        self.commit(write, Touches::Access).await
    }

    /// Gives or takes superuser access. The last superuser keeps it. Roles on single sites go when it is given.
    pub async fn set_superuser(&self, login: &str, superuser: bool) -> Result<()> {
        let mut write = self.begin().await?;
        let login = stored_login(&mut write, login).await?;
        refuse_anonymous(&login)?;
        sqlx::query("UPDATE app_user SET superuser_access = $2 WHERE login = $1")
            .bind(&login)
            .bind(i64::from(superuser))
            .execute(&mut *write)
            .await?;
        if superuser {
            sqlx::query("DELETE FROM user_access WHERE login = $1")
                .bind(&login)
                .execute(&mut *write)
                .await?;
        } else {
            refuse_without_superuser(&mut write).await?;
        }
        self.commit(write, Touches::Access).await
    }

    /// Deletes a user with access, tokens, sessions and own things.
    pub async fn delete_user(&self, login: &str) -> Result<()> {
        let mut write = self.begin().await?;
        let login = stored_login(&mut write, login).await?;
        refuse_anonymous(&login)?;
        let was_superuser: i64 =
            sqlx::query_scalar("SELECT superuser_access FROM app_user WHERE login = $1")
                .bind(&login)
                .fetch_one(&mut *write)
                .await?;
        sqlx::query("DELETE FROM app_user WHERE login = $1")
            .bind(&login)
            .execute(&mut *write)
            .await?;
        crate::segments::author_is_gone(&mut write, &login).await?;
        sqlx::query("DELETE FROM plugin_setting WHERE login = $1")
            .bind(&login)
            .execute(&mut *write)
            .await?;
        if was_superuser != 0 {
            refuse_without_superuser(&mut write).await?;
        }
        self.commit(write, Touches::Access).await
    }

    /// Remembers that a user was here, at most every five minutes.
    pub async fn user_was_seen(&self, login: &str, now: i64) -> Result<()> {
        let due: Option<String> = sqlx::query_scalar(
            "SELECT login FROM app_user WHERE login_key = $1 AND (last_seen IS NULL OR last_seen <= $2)",
        )
        .bind(key(login))
        .bind(now - LAST_SEEN_EVERY_SECONDS)
        .fetch_optional(self.reader())
        .await?;
        let Some(login) = due else { return Ok(()) };
        let mut write = self.begin().await?;
        sqlx::query("UPDATE app_user SET last_seen = $2 WHERE login = $1")
            .bind(login)
            .bind(now)
            .execute(&mut *write)
            .await?;
        self.commit(write, Touches::Nothing).await
    }
}

/// Stores a user whose values were checked by [`Settings::hash_for`].
pub(crate) async fn store_new_user(
    write: &mut Write,
    new: &NewUser,
    hash: String,
    superuser: bool,
    now: i64,
) -> Result<()> {
    refuse_taken(write, &new.login, &new.email, None).await?;
    let row = UserRow {
        login: &new.login,
        email: &new.email,
        password_hash: Some(hash),
        superuser,
        invited_by: new.invited_by.as_deref(),
    };
    insert(write, row, now).await
}

pub(crate) struct UserRow<'a> {
    pub(crate) login: &'a str,
    pub(crate) email: &'a str,
    pub(crate) password_hash: Option<String>,
    pub(crate) superuser: bool,
    pub(crate) invited_by: Option<&'a str>,
}

pub(crate) async fn insert(write: &mut Write, row: UserRow<'_>, now: i64) -> Result<()> {
    sqlx::query(
        "INSERT INTO app_user (login, login_key, email, email_key, password_hash, superuser_access, date_registered, \
         ts_password_modified, invited_by) VALUES ($1, $2, $3, $4, $5, $6, $7, $7, $8)",
    )
    .bind(row.login)
    .bind(key(row.login))
    .bind(row.email)
    .bind(key(row.email))
    .bind(row.password_hash)
    .bind(i64::from(row.superuser))
    .bind(now)
    .bind(row.invited_by)
    .execute(&mut **write)
    .await?;
    Ok(())
}

/// Logins and addresses share one space: a login that is somebody's address would be ambiguous at sign-in.
pub(crate) async fn refuse_taken(
    write: &mut Write,
    login: &str,
    email: &str,
    except: Option<&str>,
) -> Result<()> {
    let taken: Vec<(String, String, String)> = sqlx::query_as(
        "SELECT login, login_key, email_key FROM app_user \
         WHERE login_key = $1 OR login_key = $2 OR email_key = $1 OR email_key = $2",
    )
    .bind(key(login))
    .bind(key(email))
    .fetch_all(&mut **write)
    .await?;
    for (other, login_key, email_key) in taken {
        if Some(other.as_str()) == except {
            continue;
        }
        if login_key == key(login) || email_key == key(login) {
            return Err(Error::Conflict(format!(
                "Username '{login}' already exists."
            )));
        }
        return Err(Error::Conflict(format!(
            "User with email '{email}' already exists."
        )));
    }
    Ok(())
}

/// The spelling under which a login is kept.
pub(crate) async fn stored_login(write: &mut Write, login: &str) -> Result<String> {
    sqlx::query_scalar("SELECT login FROM app_user WHERE login_key = $1")
        .bind(key(login))
        .fetch_optional(&mut **write)
        .await?
        .ok_or_else(|| Error::no_user(&check::shortened(login)))
}

pub(crate) fn refuse_anonymous(login: &str) -> Result<()> {
    if login == ANONYMOUS {
        return Err(Error::Forbidden(
            "The anonymous user cannot be edited or deleted, nor be given more than view access."
                .into(),
        ));
    }
    Ok(())
}

async fn refuse_without_superuser(write: &mut Write) -> Result<()> {
    let left: i64 = sqlx::query_scalar(
        "SELECT COUNT(*) FROM app_user WHERE superuser_access = 1 AND password_hash IS NOT NULL",
    )
    .fetch_one(&mut **write)
    .await?;
    if left == 0 {
        return Err(Error::Forbidden(
            "There must be at least one user with Super User access.".into(),
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logins_and_addresses() {
        for login in ["ab", "a.b@c+d-e_f", "Jürgen"] {
            assert!(check_login(login).is_ok(), "{login}");
        }
        for login in ["a", "", "a b", "a<b", "a\nb", "ab'", &"x".repeat(101)] {
            assert!(check_login(login).is_err(), "{login}");
        }
        for email in ["a@b", "first.last+tag@mail.example.org", "ü@bücher.example"] {
            assert!(check_email(email).is_ok(), "{email}");
        }
        for email in [
            "",
            "a",
            "@b",
            "a@",
            "a@b\r\nBcc: c@d",
            "a b@c",
            "a@b..c",
            "<a@b>",
            &format!("{}@b", "x".repeat(100)),
        ] {
            assert!(check_email(email).is_err(), "{email}");
        }
    }
}
