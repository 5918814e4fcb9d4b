//! Links that people get by mail: an invitation, and one that replaces a forgotten password.

use crate::Settings;
use crate::db::{Touches, Write};
use crate::error::{Error, Result};
use crate::passwords::PasswordRules;
use crate::secret::{Purpose, Secret, random_hex};
use crate::users::{ANONYMOUS, User, UserRow, check_email, check_login, insert, refuse_taken};

const INVITATION_KEPT_SECONDS: i64 = 3 * 86_400;
const RESET_SECONDS: i64 = 3600;

/// An invitation: the secret part of the link, shown once.
pub struct Invitation {
    pub token: Secret,
    pub expires: i64,
}

impl Settings {
    /// Adds a user without a password and returns the secret of the link by which the user sets one.
    pub async fn invite_user(
        &self,
        login: &str,
        email: &str,
        invited_by: &str,
        valid_days: i64,
        now: i64,
    ) -> Result<Invitation> {
        check_login(login)?;
        check_email(email)?;
        let mut write = self.begin().await?;
        refuse_taken(&mut write, login, email, None).await?;
        let row = UserRow {
            login,
            email,
            password_hash: None,
            superuser: false,
            invited_by: Some(invited_by),
        };
        insert(&mut write, row, now).await?;
        let invitation = self
            .store_invitation(&mut write, login, valid_days, now)
            .await?;
        self.commit(write, Touches::Access).await?;
        Ok(invitation)
    }

    /// A new link for a user who did not accept yet; older links stop working.
    pub async fn renew_invitation(
        &self,
        login: &str,
        valid_days: i64,
        now: i64,
    ) -> Result<Invitation> {
        let user = self.user(login).await?;
        if user.has_password || user.login == ANONYMOUS {
            return Err(Error::Conflict(format!(
                "User '{}' is not invited any more.",
                user.login
            )));
        }
        let mut write = self.begin().await?;
        let invitation = self
            .store_invitation(&mut write, &user.login, valid_days, now)
            .await?;
        self.commit(write, Touches::Nothing).await?;
        Ok(invitation)
    }

    async fn store_invitation(
        &self,
        write: &mut Write,
        login: &str,
        days: i64,
        now: i64,
    ) -> Result<Invitation> {
        if !(1..=366).contains(&days) {
            return Err(Error::invalid("An invitation is valid for 1 to 366 days."));
        }
        let token = Secret::new(random_hex::<32>()?);
        let expires = now.saturating_add(days * 86_400);
        sqlx::query(
            "UPDATE app_user SET invite_token_hash = $2, invite_expired_at = $3 WHERE login = $1",
        )
        .bind(login)
        .bind(self.inner.keys.hash_hex(Purpose::Invite, token.expose()))
        .bind(expires)
        .execute(&mut **write)
        .await?;
        Ok(Invitation { token, expires })
    }

    /// The user whose invitation this is, while it is valid.
    pub async fn invited_user(&self, token: &Secret, now: i64) -> Result<User> {
        let login: Option<String> = sqlx::query_scalar(
            "SELECT login FROM app_user \
             WHERE invite_token_hash = $1 AND invite_expired_at > $2 AND password_hash IS NULL",
        )
        .bind(self.inner.keys.hash_hex(Purpose::Invite, token.expose()))
        .bind(now)
        .fetch_optional(self.reader())
        .await?;
        match login {
            Some(login) => self.user(&login).await,
            None => Err(Error::NotFound(
                "The invitation is invalid or has expired.".into(),
            )),
        }
    }

    /// Accepts an invitation by setting a password. The link works once.
    pub async fn accept_invitation(
        &self,
        token: &Secret,
        password: &Secret,
        rules: PasswordRules,
        now: i64,
    ) -> Result<User> {
        let user = self.invited_user(token, now).await?;
        rules.check(password, &user.login, &user.email)?;
        let hash = self.inner.hashing.hash(password).await?;
        let mut write = self.begin().await?;
        let accepted = sqlx::query(
            "UPDATE app_user SET password_hash = $3, ts_password_modified = $2, invite_accept_at = $2, \
             invite_token_hash = NULL WHERE login = $1 AND invite_token_hash = $4 AND password_hash IS NULL",
        )
        .bind(&user.login)
        .bind(now)
        .bind(hash)
        .bind(self.inner.keys.hash_hex(Purpose::Invite, token.expose()))
        .execute(&mut *write)
        .await?
        .rows_affected();
        if accepted == 0 {
            return Err(Error::NotFound(
                "The invitation is invalid or has expired.".into(),
            ));
        }
        self.commit(write, Touches::Access).await?;
        self.user(&user.login).await
    }

    /// Declines an invitation: the user is gone.
    pub async fn decline_invitation(&self, token: &Secret, now: i64) -> Result<()> {
        let user = self.invited_user(token, now).await?;
        self.delete_user(&user.login).await
    }

    /// Deletes users whose invitation ran out three days ago; returns how many.
    pub async fn delete_expired_invitations(&self, now: i64) -> Result<u64> {
        let mut write = self.begin().await?;
        let deleted = sqlx::query(
            "DELETE FROM app_user WHERE password_hash IS NULL AND superuser_access = 0 AND login <> 'anonymous' \
             AND invite_expired_at IS NOT NULL AND invite_expired_at < $1",
        )
        .bind(now - INVITATION_KEPT_SECONDS)
        .execute(&mut *write)
        .await?
        .rows_affected();
        self.commit(
            write,
            if deleted > 0 {
                Touches::Access
            } else {
                Touches::Nothing
            },
        )
        .await?;
        Ok(deleted)
    }

    /// Makes the secret of a link by which a forgotten password is replaced; valid for one hour, once. `None` when
    /// there is no such user: the caller answers the same words in both cases, before this is done, because it takes
    /// longer when there is one.
    pub async fn start_password_reset(
        &self,
        login_or_email: &str,
        now: i64,
    ) -> Result<Option<(User, Secret)>> {
        let mut user = self.find_user(login_or_email).await?;
        if user.is_none() {
            user = self.find_user_by_email(login_or_email).await?;
        }
        let Some(user) = user.filter(|user| user.has_password) else {
            return Ok(None);
        };
        let token = Secret::new(random_hex::<32>()?);
        let mut write = self.begin().await?;
        sqlx::query(
            "UPDATE app_user SET reset_token_hash = $2, reset_expired_at = $3 WHERE login = $1",
        )
        .bind(&user.login)
        .bind(self.inner.keys.hash_hex(Purpose::Reset, token.expose()))
        .bind(now + RESET_SECONDS)
        .execute(&mut *write)
        .await?;
        self.commit(write, Touches::Nothing).await?;
        Ok(Some((user, token)))
    }

    /// Replaces a forgotten password; all sessions of the user end.
    pub async fn finish_password_reset(
        &self,
        token: &Secret,
        password: &Secret,
        rules: PasswordRules,
        now: i64,
    ) -> Result<User> {
        let wrong =
            || Error::NotFound("The link to reset the password is invalid or has expired.".into());
        let token_hash = self.inner.keys.hash_hex(Purpose::Reset, token.expose());
        const FIND: &str =
            "SELECT login FROM app_user WHERE reset_token_hash = $1 AND reset_expired_at > $2";
        let login: Option<String> = sqlx::query_scalar(FIND)
            .bind(&token_hash)
            .bind(now)
            .fetch_optional(self.reader())
            .await?;
        let user = self.user(&login.ok_or_else(wrong)?).await?;
        rules.check(password, &user.login, &user.email)?;
        let hash = self.inner.hashing.hash(password).await?;
        let mut write = self.begin().await?;
        let still: Option<String> = sqlx::query_scalar(FIND)
            .bind(&token_hash)
            .bind(now)
            .fetch_optional(&mut *write)
            .await?;
        let login = still.ok_or_else(wrong)?;
        self.store_password(&mut write, &login, &hash, None, now)
            .await?;
        self.commit(write, Touches::Access).await?;
        Ok(user)
    }
}
