//! Tokens of applications: made, listed, replaced, deleted. Only a keyed hash is kept.

use sqlx::{FromRow, Row};

use crate::Settings;
use crate::check;
use crate::db::{DbRow, Touches, Write, next_id};
use crate::error::{Error, Result};
use crate::options::stored_json;
use crate::principal::{IMPORTED, TokenScope};
use crate::secret::{Purpose, Secret, random_hex};
use crate::users::{refuse_anonymous, stored_login};

/// A token as it is listed: everything but the token.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Token {
    pub id: i64,
    pub login: String,
    pub description: String,
    pub date_created: i64,
    pub last_used: Option<i64>,
    pub date_expired: Option<i64>,
    pub secure_only: bool,
    /// Made by the program for itself; not listed to users.
    pub system_token: bool,
    pub scope: TokenScope,
}

/// A token to make.
#[derive(Clone, Debug, Default)]
pub struct NewToken {
    pub login: String,
    /// 1 to 100 characters.
    pub description: String,
    pub date_expired: Option<i64>,
    pub secure_only: bool,
    pub system_token: bool,
    pub scope: TokenScope,
}

const DESCRIPTION_LIMIT: usize = 100;
const TOKENS_OF_A_USER_LIMIT: i64 = 1000;

const SELECT: &str = "SELECT idtoken, login, description, date_created, last_used, date_expired, secure_only, \
     system_token, scope FROM app_token WHERE login = $1 ORDER BY idtoken";

impl FromRow<'_, DbRow> for Token {
    fn from_row(row: &DbRow) -> sqlx::Result<Token> {
        let scope: String = row.try_get("scope")?;
        Ok(Token {
            id: row.try_get("idtoken")?,
            login: row.try_get("login")?,
            description: row.try_get("description")?,
            date_created: row.try_get("date_created")?,
            last_used: row.try_get("last_used")?,
            date_expired: row.try_get("date_expired")?,
            secure_only: row.try_get::<i64, _>("secure_only")? != 0,
            system_token: row.try_get::<i64, _>("system_token")? != 0,
            scope: stored_json(&scope).map_err(|error| sqlx::Error::Decode(error.into()))?,
        })
    }
}

impl Settings {
    /// Makes a token: 32 hexadecimal digits of the operating system, shown this once.
    pub async fn create_token(&self, new: NewToken, now: i64) -> Result<(i64, Secret)> {
        let token = Secret::new(random_hex::<16>()?);
        let id = self.store_token(new, &token, now).await?;
        Ok((id, token))
    }

    /// Gives a user a token with a known value, for tests of the whole program and for the first start.
    pub async fn set_token_value(&self, login: &str, token: &Secret, now: i64) -> Result<i64> {
        let new = NewToken {
            login: login.to_owned(),
            description: "set by configuration".into(),
            ..NewToken::default()
        };
        self.store_token(new, token, now).await
    }

    async fn store_token(&self, new: NewToken, token: &Secret, now: i64) -> Result<i64> {
        let text = token.expose();
        if !(16..=128).contains(&text.len()) || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(Error::invalid(
                "A token has 16 to 128 letters, digits or signs.",
            ));
        }
        let hash = self.inner.keys.hash_hex(Purpose::Token, text);
        self.store_token_hash(new, &hash, now).await
    }

    /// Takes over a token of an older Matomo database by its stored hash (128 hexadecimal digits). It works once that
    /// instance's salt is set, and gets a keyed hash when it is first shown.
    pub async fn import_token(&self, new: NewToken, sha512: &str, now: i64) -> Result<i64> {
        if sha512.len() != 128 || !sha512.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(Error::invalid(
                "The hash of a token has 128 hexadecimal digits.",
            ));
        }
        let hash = format!("{IMPORTED}{}", sha512.to_ascii_lowercase());
        self.store_token_hash(new, &hash, now).await
    }

    /// Sets the salt of the older Matomo instance, from its configuration file.
    pub async fn set_import_salt(&self, salt: &Secret) -> Result<()> {
        let mut write = self.begin().await?;
        sqlx::query(
            "INSERT INTO salt (kind, idsite, salt_day, value) VALUES ('import', 0, '', $1) \
             ON CONFLICT (kind, idsite, salt_day) DO UPDATE SET value = excluded.value",
        )
        .bind(salt.expose())
        .execute(&mut *write)
        .await?;
        self.commit(write, Touches::Access).await
    }

    pub(crate) async fn import_salt(&self) -> Result<Option<Secret>> {
        let salt: Option<String> =
            sqlx::query_scalar("SELECT value FROM salt WHERE kind = 'import'")
                .fetch_optional(self.reader())
                .await?;
        Ok(salt.map(Secret::new))
    }

    pub(crate) async fn replace_imported_hash(&self, id: i64, token: &str) -> Result<()> {
        let mut write = self.begin().await?;
        sqlx::query("UPDATE app_token SET token_hash = $2 WHERE idtoken = $1")
            .bind(id)
            .bind(self.inner.keys.hash_hex(Purpose::Token, token))
            .execute(&mut *write)
            .await?;
        self.commit(write, Touches::Access).await
    }

    async fn store_token_hash(&self, new: NewToken, hash: &str, now: i64) -> Result<i64> {
        check::filled(
            "The description of a token",
            new.description.trim(),
            DESCRIPTION_LIMIT,
        )?;
        new.scope.check()?;
        if new.date_expired.is_some_and(|expires| expires <= now) {
            return Err(Error::invalid(
                "The expiry date of a token must be in the future.",
            ));
        }
        let mut write = self.begin().await?;
        let login = stored_login(&mut write, &new.login).await?;
        refuse_anonymous(&login)?;
        let held: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM app_token WHERE login = $1")
            .bind(&login)
            .fetch_one(&mut *write)
            .await?;
        if held >= TOKENS_OF_A_USER_LIMIT {
            return Err(Error::Conflict(format!(
                "A user may have at most {TOKENS_OF_A_USER_LIMIT} tokens."
            )));
        }
        let id = next_id(&mut write, "token").await?;
        sqlx::query(
            "INSERT INTO app_token (idtoken, login, description, token_hash, date_created, date_expired, \
             secure_only, system_token, scope) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        )
        .bind(id)
        .bind(login)
        .bind(new.description.trim())
        .bind(hash)
        .bind(now)
        .bind(new.date_expired)
        .bind(i64::from(new.secure_only))
        .bind(i64::from(new.system_token))
        .bind(scope_text(&new.scope)?)
        .execute(&mut *write)
        .await?;
        self.commit(write, Touches::Access).await?;
        Ok(id)
    }

    /// The tokens of a user, system tokens included.
    pub async fn tokens(&self, login: &str) -> Result<Vec<Token>> {
        let login = self.user(login).await?.login;
        Ok(sqlx::query_as(SELECT)
            .bind(login)
            .fetch_all(self.reader())
            .await?)
    }

    /// Replaces the value of a token and keeps everything else. The old value works until `old_valid_until`; give `now`
    /// to end it at once.
    pub async fn regenerate_token(
        &self,
        login: &str,
        id: i64,
        old_valid_until: i64,
        now: i64,
    ) -> Result<(i64, Secret)> {
        let old = self
            .tokens(login)
            .await?
            .into_iter()
            .find(|token| token.id == id)
            .ok_or_else(no_token)?;
        let new = NewToken {
            login: old.login.clone(),
            description: old.description,
            date_expired: old.date_expired.filter(|expires| *expires > now),
            secure_only: old.secure_only,
            system_token: old.system_token,
            scope: old.scope,
        };
        let made = self.create_token(new, now).await?;
        if old_valid_until <= now {
            self.delete_token(&old.login, id).await?;
        } else {
            let expires = old
                .date_expired
                .map_or(old_valid_until, |expires| expires.min(old_valid_until));
            let mut write = self.begin().await?;
            sqlx::query("UPDATE app_token SET date_expired = $2 WHERE idtoken = $1")
                .bind(id)
                .bind(expires)
                .execute(&mut *write)
                .await?;
            self.commit(write, Touches::Access).await?;
        }
        Ok(made)
    }

    /// Deletes a token of a user.
    pub async fn delete_token(&self, login: &str, id: i64) -> Result<()> {
        let mut write = self.begin().await?;
        let login = stored_login(&mut write, login).await?;
        let deleted = sqlx::query("DELETE FROM app_token WHERE idtoken = $1 AND login = $2")
            .bind(id)
            .bind(login)
            .execute(&mut *write)
            .await?
            .rows_affected();
        if deleted == 0 {
            return Err(no_token());
        }
        self.commit(write, Touches::Access).await
    }

    /// Deletes all tokens of a user but those of the program itself; returns how many.
    pub async fn delete_tokens(&self, login: &str) -> Result<u64> {
        let mut write = self.begin().await?;
        let login = stored_login(&mut write, login).await?;
        let deleted = sqlx::query("DELETE FROM app_token WHERE login = $1 AND system_token = 0")
            .bind(login)
            .execute(&mut *write)
            .await?
            .rows_affected();
        self.commit(write, Touches::Access).await?;
        Ok(deleted)
    }

    /// Deletes tokens that expired; returns how many.
    pub async fn delete_expired_tokens(&self, now: i64) -> Result<u64> {
        let mut write = self.begin().await?;
        let deleted = sqlx::query(
            "DELETE FROM app_token WHERE date_expired IS NOT NULL AND date_expired <= $1",
        )
        .bind(now)
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

    pub(crate) async fn store_last_used(&self, id: i64, now: i64) -> Result<()> {
        let mut write: Write = self.begin().await?;
        sqlx::query("UPDATE app_token SET last_used = $2 WHERE idtoken = $1")
            .bind(id)
            .bind(now)
            .execute(&mut *write)
            .await?;
        // Nothing anybody caches.
        self.commit(write, Touches::Nothing).await
    }
}

fn no_token() -> Error {
    Error::NotFound("This token does not exist.".into())
}

fn scope_text(scope: &TokenScope) -> Result<String> {
    serde_json::to_string(scope)
        .map_err(|error| Error::Storage(format!("a scope cannot be written: {error}")))
}
