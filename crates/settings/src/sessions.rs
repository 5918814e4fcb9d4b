//! Sessions of people who signed in with a browser.

use std::net::IpAddr;

use crate::Settings;
use crate::check;
use crate::db::Touches;
use crate::error::{Error, Result};
use crate::secret::{Purpose, Secret, from_hex, random_hex, same, to_hex};
use crate::users::stored_login;

const IDLE_SECONDS: i64 = 3600;
const REMEMBERED_SECONDS: i64 = 14 * 86_400;
const LONGEST_SECONDS: i64 = 30 * 86_400;
/// A password given this short ago need not be given again for a dangerous action.
const CONFIRMATION_SECONDS: i64 = 15 * 60;
/// Reading a page must not be a write each time.
const SEEN_EVERY_SECONDS: i64 = 60;
const USER_AGENT_LIMIT: usize = 200;
const SESSIONS_OF_A_USER_LIMIT: i64 = 100;

/// What is known when somebody signs in.
#[derive(Clone, Debug)]
pub struct NewSession {
    pub login: String,
    pub remember: bool,
    /// False until the second factor was given, for users who have one.
    pub second_factor: bool,
    pub ip: IpAddr,
    pub user_agent: String,
}

/// A session that is valid now.
#[derive(Clone, Debug, PartialEq)]
pub struct Session {
    pub login: String,
    pub created: i64,
    pub remember: bool,
    /// When the password was last given in this session.
    pub confirmed_at: i64,
    pub second_factor: bool,
}

impl Session {
    /// True when the password was given in the last 15 minutes.
    pub fn is_confirmed(&self, now: i64) -> bool {
        now - self.confirmed_at <= CONFIRMATION_SECONDS
    }
}

/// A session in a user's list.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct SessionListed {
    /// Names the session for [`Settings::revoke_session`]; not its id.
    pub handle: String,
    pub created: i64,
    pub last_seen: i64,
    pub remember: bool,
    /// Shortened.
    pub ip: String,
    pub user_agent: String,
}

type Row = (String, i64, i64, i64, i64, i64);

impl Settings {
    /// Starts a session and returns its id: 64 hexadecimal digits for the cookie. Give each sign-in, second factor and
    /// change of rights a new one, so that an id somebody planted is worth nothing.
    pub async fn start_session(&self, new: NewSession, now: i64) -> Result<Secret> {
        let id = Secret::new(random_hex::<32>()?);
        let user_agent: String = new
            .user_agent
            .chars()
            .filter(|char| !char.is_control())
            .take(USER_AGENT_LIMIT)
            .collect();
        let mut write = self.begin().await?;
        let login = stored_login(&mut write, &new.login).await?;
        crate::users::refuse_anonymous(&login)?;
        sqlx::query(
            "INSERT INTO user_session (session_hash, login, created, last_seen, remember, confirmed_at, second_factor, \
             ip, user_agent) VALUES ($1, $2, $3, $3, $4, $3, $5, $6, $7)",
        )
        .bind(self.session_hash(&id))
        .bind(&login)
        .bind(now)
        .bind(i64::from(new.remember))
        .bind(i64::from(new.second_factor))
        .bind(check::masked_address(new.ip))
        .bind(user_agent)
        .execute(&mut *write)
        .await?;
        // The oldest go: a script that signs in without end must not fill the table.
        sqlx::query(
            "DELETE FROM user_session WHERE login = $1 AND session_hash NOT IN \
             (SELECT session_hash FROM user_session WHERE login = $1 ORDER BY last_seen DESC, created DESC LIMIT $2)",
        )
        .bind(&login)
        .bind(SESSIONS_OF_A_USER_LIMIT)
        .execute(&mut *write)
        .await?;
        self.commit(write, Touches::Nothing).await?;
        Ok(id)
    }

    /// The session with this id, if it is still valid; using it keeps it alive.
    pub async fn session(&self, id: &Secret, now: i64) -> Result<Option<Session>> {
        let hash = self.session_hash(id);
        let row: Option<Row> = sqlx::query_as(
            "SELECT login, created, last_seen, remember, confirmed_at, second_factor FROM user_session \
             WHERE session_hash = $1",
        )
        .bind(&hash)
        .fetch_optional(self.reader())
        .await?;
        let Some((login, created, last_seen, remember, confirmed_at, second_factor)) = row else {
            return Ok(None);
        };
        if !is_alive(created, last_seen, remember != 0, now) {
            return Ok(None);
        }
        if now - last_seen >= SEEN_EVERY_SECONDS {
            let mut write = self.begin().await?;
            sqlx::query(
                "UPDATE user_session SET last_seen = $2 WHERE session_hash = $1 AND last_seen < $2",
            )
            .bind(&hash)
            .bind(now)
            .execute(&mut *write)
            .await?;
            self.commit(write, Touches::Nothing).await?;
        }
        Ok(Some(Session {
            login,
            created,
            remember: remember != 0,
            confirmed_at,
            second_factor: second_factor != 0,
        }))
    }

    /// Notes that the password was given again.
    pub async fn confirm_session(&self, id: &Secret, now: i64) -> Result<()> {
        let mut write = self.begin().await?;
        let changed =
            sqlx::query("UPDATE user_session SET confirmed_at = $2 WHERE session_hash = $1")
                .bind(self.session_hash(id))
                .bind(now)
                .execute(&mut *write)
                .await?
                .rows_affected();
        if changed == 0 {
            return Err(no_session());
        }
        self.commit(write, Touches::Nothing).await
    }

    /// Puts a session under a new id, after the second factor or a change of rights. The old id is dead.
    pub async fn renew_session(
        &self,
        id: &Secret,
        second_factor: bool,
        now: i64,
    ) -> Result<Secret> {
        let new = Secret::new(random_hex::<32>()?);
        let mut write = self.begin().await?;
        let changed = sqlx::query(
            "UPDATE user_session SET session_hash = $2, second_factor = $3, last_seen = $4 WHERE session_hash = $1",
        )
        .bind(self.session_hash(id))
        .bind(self.session_hash(&new))
        .bind(i64::from(second_factor))
        .bind(now)
        .execute(&mut *write)
        .await?
        .rows_affected();
        if changed == 0 {
            return Err(no_session());
        }
        self.commit(write, Touches::Nothing).await?;
        Ok(new)
    }

    /// Ends a session; ending none is fine.
    pub async fn end_session(&self, id: &Secret) -> Result<()> {
        let mut write = self.begin().await?;
        sqlx::query("DELETE FROM user_session WHERE session_hash = $1")
            .bind(self.session_hash(id))
            .execute(&mut *write)
            .await?;
        self.commit(write, Touches::Nothing).await
    }

    /// The living sessions of a user, the latest first.
    pub async fn sessions(&self, login: &str, now: i64) -> Result<Vec<SessionListed>> {
        let login = self.user(login).await?.login;
        let rows: Vec<(String, i64, i64, i64, String, String)> = sqlx::query_as(
            "SELECT session_hash, created, last_seen, remember, ip, user_agent FROM user_session WHERE login = $1 \
             ORDER BY last_seen DESC, session_hash",
        )
        .bind(login)
        .fetch_all(self.reader())
        .await?;
        Ok(rows
            .into_iter()
            .filter(|(_, created, last_seen, remember, ..)| {
                is_alive(*created, *last_seen, *remember != 0, now)
            })
            .map(
                |(handle, created, last_seen, remember, ip, user_agent)| SessionListed {
                    handle,
                    created,
                    last_seen,
                    remember: remember != 0,
                    ip,
                    user_agent,
                },
            )
            .collect())
    }

    /// True when a listed session is the one with this id.
    pub fn is_this_session(&self, id: &Secret, listed: &SessionListed) -> bool {
        same(self.session_hash(id).as_bytes(), listed.handle.as_bytes())
    }

    /// Ends a listed session of a user.
    pub async fn revoke_session(&self, login: &str, handle: &str) -> Result<()> {
        let mut write = self.begin().await?;
        let login = stored_login(&mut write, login).await?;
        let deleted =
            sqlx::query("DELETE FROM user_session WHERE login = $1 AND session_hash = $2")
                .bind(login)
                .bind(handle)
                .execute(&mut *write)
                .await?
                .rows_affected();
        if deleted == 0 {
            return Err(no_session());
        }
        self.commit(write, Touches::Nothing).await
    }

    /// Ends all sessions of a user, or all but one; returns how many.
    pub async fn revoke_sessions(&self, login: &str, keep: Option<&Secret>) -> Result<u64> {
        let kept = keep.map(|id| self.session_hash(id)).unwrap_or_default();
        let mut write = self.begin().await?;
        let login = stored_login(&mut write, login).await?;
        let deleted =
            sqlx::query("DELETE FROM user_session WHERE login = $1 AND session_hash <> $2")
                .bind(login)
                .bind(kept)
                .execute(&mut *write)
                .await?
                .rows_affected();
        self.commit(write, Touches::Nothing).await?;
        Ok(deleted)
    }

    /// Deletes dead sessions; returns how many.
    pub async fn delete_dead_sessions(&self, now: i64) -> Result<u64> {
        let mut write = self.begin().await?;
        let deleted = sqlx::query(
            "DELETE FROM user_session WHERE created <= $1 OR (remember = 0 AND last_seen <= $2) \
             OR (remember = 1 AND last_seen <= $3)",
        )
        .bind(now - LONGEST_SECONDS)
        .bind(now - IDLE_SECONDS)
        .bind(now - REMEMBERED_SECONDS)
        .execute(&mut *write)
        .await?
        .rows_affected();
        self.commit(write, Touches::Nothing).await?;
        Ok(deleted)
    }

    /// The text that a form or script of this session sends along, which no other site can know.
    pub fn csrf_token(&self, id: &Secret) -> Secret {
        Secret::new(to_hex(&self.inner.keys.hash(Purpose::Csrf, id.expose())))
    }

    /// True when the text sent along is the one of this session.
    pub fn is_csrf_token(&self, id: &Secret, sent: &str) -> bool {
        let expected = self.inner.keys.hash(Purpose::Csrf, id.expose());
        from_hex(sent).is_some_and(|sent| same(&expected, &sent))
    }

    fn session_hash(&self, id: &Secret) -> String {
        self.inner.keys.hash_hex(Purpose::Session, id.expose())
    }
}

fn is_alive(created: i64, last_seen: i64, remember: bool, now: i64) -> bool {
    let idle = if remember {
        REMEMBERED_SECONDS
    } else {
        IDLE_SECONDS
    };
    now - last_seen < idle && now - created < LONGEST_SECONDS
}

fn no_session() -> Error {
    Error::NotFound("This session does not exist.".into())
}
