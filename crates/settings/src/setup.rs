//! The first run: a link that is printed once and lets one person become the first superuser.

use crate::Settings;
use crate::db::Touches;
use crate::error::{Error, Result};
use crate::passwords::PasswordRules;
use crate::secret::{Purpose, Secret, random_hex};
use crate::users::{NewUser, store_new_user};

const SETUP_SECONDS: i64 = 86_400;

impl Settings {
    /// Makes the secret of a set-up link, valid for a day; an older link stops working. `None` when somebody can sign in
    /// already.
    pub async fn make_setup_link(&self, now: i64) -> Result<Option<Secret>> {
        if !self.needs_setup().await? {
            return Ok(None);
        }
        let token = Secret::new(random_hex::<32>()?);
        let mut write = self.begin().await?;
        sqlx::query("DELETE FROM setup_link")
            .execute(&mut *write)
            .await?;
        sqlx::query("INSERT INTO setup_link (token_hash, expires) VALUES ($1, $2)")
            .bind(self.inner.keys.hash_hex(Purpose::Setup, token.expose()))
            .bind(now + SETUP_SECONDS)
            .execute(&mut *write)
            .await?;
        self.commit(write, Touches::Nothing).await?;
        Ok(Some(token))
    }

    /// True when the link works now.
    pub async fn is_setup_link(&self, token: &Secret, now: i64) -> Result<bool> {
        let found: Option<i64> = sqlx::query_scalar(
            "SELECT expires FROM setup_link WHERE token_hash = $1 AND expires > $2",
        )
        .bind(self.inner.keys.hash_hex(Purpose::Setup, token.expose()))
        .bind(now)
        .fetch_optional(self.reader())
        .await?;
        Ok(found.is_some() && self.needs_setup().await?)
    }

    /// Uses the link up and makes the first superuser. Of two who try at once, one succeeds.
    pub async fn finish_setup(
        &self,
        token: &Secret,
        user: NewUser,
        rules: PasswordRules,
        now: i64,
    ) -> Result<()> {
        if !self.is_setup_link(token, now).await? {
            return Err(no_link());
        }
        let hash = self.hash_for(&user, rules).await?;
        let mut write = self.begin().await?;
        let used = sqlx::query("DELETE FROM setup_link WHERE token_hash = $1 AND expires > $2")
            .bind(self.inner.keys.hash_hex(Purpose::Setup, token.expose()))
            .bind(now)
            .execute(&mut *write)
            .await?
            .rows_affected();
        if used == 0 {
            return Err(no_link());
        }
        // A refused login takes the whole transaction back, so that the link still works.
        store_new_user(&mut write, &user, hash, true, now).await?;
        self.commit(write, Touches::Access).await
    }
}

fn no_link() -> Error {
    Error::NotFound(
        "This set-up link is invalid, used or too old. Start the program again to get another one."
            .into(),
    )
}
