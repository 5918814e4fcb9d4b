//! The second factor: codes that change every 30 seconds (RFC 6238), and codes on paper.

use chacha20poly1305::aead::{Aead, KeyInit as _, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use hmac::{Hmac, Mac};
use sha1::Sha1;
use zeroize::Zeroizing;

use crate::Settings;
use crate::db::{Touches, Write};
use crate::error::{Error, Result};
use crate::secret::{Purpose, Secret, from_hex, random_bytes, same, to_hex};
use crate::users::{key, refuse_anonymous, stored_login};

const STEP_SECONDS: i64 = 30;
/// Clocks may differ by one step.
const STEPS_AROUND: i64 = 1;
const SECRET_BYTES: usize = 20;
const RECOVERY_CODES: usize = 10;
const RECOVERY_CODE_CHARACTERS: usize = 16;
const NONCE_BYTES: usize = 24;

impl Settings {
    /// True when a user has confirmed a second factor.
    pub async fn uses_two_factor(&self, login: &str) -> Result<bool> {
        let found: Option<i64> = sqlx::query_scalar(
            "SELECT confirmed FROM two_factor JOIN app_user ON app_user.login = two_factor.login \
             WHERE login_key = $1 AND confirmed = 1",
        )
        .bind(key(login))
        .fetch_optional(self.reader())
        .await?;
        Ok(found.is_some())
    }

    /// Logins of all users who have one.
    pub async fn two_factor_logins(&self) -> Result<Vec<String>> {
        Ok(
            sqlx::query_scalar("SELECT login FROM two_factor WHERE confirmed = 1 ORDER BY login")
                .fetch_all(self.reader())
                .await?,
        )
    }

    /// Makes a new secret (base 32, 160 bits) for the user's device. It counts once a code of it was given to
    /// [`Settings::confirm_two_factor`].
    pub async fn start_two_factor(&self, login: &str) -> Result<Secret> {
        let bytes = Zeroizing::new(random_bytes::<SECRET_BYTES>()?);
        let mut write = self.begin().await?;
        let login = stored_login(&mut write, login).await?;
        refuse_anonymous(&login)?;
        refuse_confirmed(&mut write, &login).await?;
        self.store_secret(&mut write, &login, bytes.as_slice(), false)
            .await?;
        self.commit(write, Touches::Nothing).await?;
        Ok(Secret::new(to_base32(bytes.as_slice())))
    }

    /// Takes over a confirmed secret (base 32) of an older Matomo database.
    pub async fn import_two_factor(&self, login: &str, secret: &Secret) -> Result<()> {
        let bytes = from_base32(secret.expose()).filter(|bytes| (10..=64).contains(&bytes.len()));
        let bytes = Zeroizing::new(
            bytes.ok_or_else(|| Error::invalid("The secret is not base 32 of 10 to 64 bytes."))?,
        );
        let mut write = self.begin().await?;
        let login = stored_login(&mut write, login).await?;
        refuse_anonymous(&login)?;
        self.store_secret(&mut write, &login, &bytes, true).await?;
        self.commit(write, Touches::Nothing).await
    }

    async fn store_secret(
        &self,
        write: &mut Write,
        login: &str,
        bytes: &[u8],
        confirmed: bool,
    ) -> Result<()> {
        sqlx::query(
            "INSERT INTO two_factor (login, sealed_secret, confirmed, last_step) VALUES ($1, $2, $3, 0) \
             ON CONFLICT (login) DO UPDATE SET sealed_secret = excluded.sealed_secret, \
             confirmed = excluded.confirmed, last_step = 0",
        )
        .bind(login)
        .bind(self.seal(login, bytes)?)
        .bind(i64::from(confirmed))
        .execute(&mut **write)
        .await?;
        Ok(())
    }

    /// Switches the second factor on, if the code is right, and returns ten codes for paper, shown this once. Other
    /// sessions of the user should be ended by the caller.
    pub async fn confirm_two_factor(
        &self,
        login: &str,
        code: &str,
        now: i64,
    ) -> Result<Vec<Secret>> {
        let mut write = self.begin().await?;
        let login = stored_login(&mut write, login).await?;
        refuse_confirmed(&mut write, &login).await?;
        if !self.use_code(&mut write, &login, code, now).await? {
            return Err(Error::invalid("The authentication code is not correct."));
        }
        sqlx::query("UPDATE two_factor SET confirmed = 1 WHERE login = $1")
            .bind(&login)
            .execute(&mut *write)
            .await?;
        let codes = self.store_recovery_codes(&mut write, &login).await?;
        self.commit(write, Touches::Nothing).await?;
        Ok(codes)
    }

    /// True when this is a code of the user's device that was not used before, or one of the codes on paper; either
    /// works once. Of two who give the same code at once, one is let in.
    pub async fn check_second_factor(&self, login: &str, code: &str, now: i64) -> Result<bool> {
        if !self.uses_two_factor(login).await? {
            return Ok(false);
        }
        let mut write = self.begin().await?;
        let login = stored_login(&mut write, login).await?;
        let right = self.use_code(&mut write, &login, code, now).await?
            || self.use_recovery_code(&mut write, &login, code).await?;
        self.commit(write, Touches::Nothing).await?;
        Ok(right)
    }

    /// Ten new codes for paper; the old ones stop working.
    pub async fn renew_recovery_codes(&self, login: &str) -> Result<Vec<Secret>> {
        if !self.uses_two_factor(login).await? {
            return Err(Error::NotFound("This user has no second factor.".into()));
        }
        let mut write = self.begin().await?;
        let login = stored_login(&mut write, login).await?;
        let codes = self.store_recovery_codes(&mut write, &login).await?;
        self.commit(write, Touches::Nothing).await?;
        Ok(codes)
    }

    /// How many codes on paper are left.
    pub async fn recovery_codes_left(&self, login: &str) -> Result<i64> {
        Ok(sqlx::query_scalar(
            "SELECT COUNT(*) FROM recovery_code JOIN app_user ON app_user.login = recovery_code.login \
             WHERE login_key = $1",
        )
        .bind(key(login))
        .fetch_one(self.reader())
        .await?)
    }

    /// Switches the second factor off.
    pub async fn remove_two_factor(&self, login: &str) -> Result<()> {
        let mut write = self.begin().await?;
        let login = stored_login(&mut write, login).await?;
        sqlx::query("DELETE FROM two_factor WHERE login = $1")
            .bind(&login)
            .execute(&mut *write)
            .await?;
        sqlx::query("DELETE FROM recovery_code WHERE login = $1")
            .bind(&login)
            .execute(&mut *write)
            .await?;
        self.commit(write, Touches::Nothing).await
    }

    async fn use_code(&self, write: &mut Write, login: &str, code: &str, now: i64) -> Result<bool> {
        let row: Option<(String, i64)> =
            sqlx::query_as("SELECT sealed_secret, last_step FROM two_factor WHERE login = $1")
                .bind(login)
                .fetch_optional(&mut **write)
                .await?;
        let Some((sealed, last_step)) = row else {
            return Ok(false);
        };
        let secret = self.unseal(login, &sealed)?;
        let code: String = code.chars().filter(|char| *char != ' ').collect();
        let current = now.div_euclid(STEP_SECONDS);
        let mut used = None;
        for step in current - STEPS_AROUND..=current + STEPS_AROUND {
            let expected = code_at(&secret, step)?;
            if same(expected.as_bytes(), code.as_bytes()) && step > last_step {
                used = Some(step);
            }
        }
        let Some(step) = used else { return Ok(false) };
        sqlx::query("UPDATE two_factor SET last_step = $2 WHERE login = $1")
            .bind(login)
            .bind(step)
            .execute(&mut **write)
            .await?;
        Ok(true)
    }

    async fn use_recovery_code(&self, write: &mut Write, login: &str, code: &str) -> Result<bool> {
        let deleted = sqlx::query("DELETE FROM recovery_code WHERE login = $1 AND code_hash = $2")
            .bind(login)
            .bind(self.recovery_hash(login, code))
            .execute(&mut **write)
            .await?
            .rows_affected();
        Ok(deleted > 0)
    }

    async fn store_recovery_codes(&self, write: &mut Write, login: &str) -> Result<Vec<Secret>> {
        sqlx::query("DELETE FROM recovery_code WHERE login = $1")
            .bind(login)
            .execute(&mut **write)
            .await?;
        let mut codes = Vec::with_capacity(RECOVERY_CODES);
        for _ in 0..RECOVERY_CODES {
            let code = Secret::new(to_base32(&random_bytes::<
                { RECOVERY_CODE_CHARACTERS * 5 / 8 },
            >()?));
            sqlx::query("INSERT INTO recovery_code (login, code_hash) VALUES ($1, $2)")
                .bind(login)
                .bind(self.recovery_hash(login, code.expose()))
                .execute(&mut **write)
                .await?;
            codes.push(code);
        }
        Ok(codes)
    }

    fn recovery_hash(&self, login: &str, code: &str) -> String {
        let plain: String = code
            .chars()
            .filter(|char| char.is_ascii_alphanumeric())
            .map(|char| char.to_ascii_uppercase())
            .collect();
        self.inner
            .keys
            .hash_hex(Purpose::RecoveryCode, &format!("{login}\0{plain}"))
    }

    fn cipher(&self) -> Result<XChaCha20Poly1305> {
        let key = Zeroizing::new(self.inner.keys.hash(Purpose::Sealing, ""));
        XChaCha20Poly1305::new_from_slice(key.as_slice())
            .map_err(|_| Error::Storage("the key has an impossible length".into()))
    }

    /// Encrypts for one login: a sealed secret copied to another row cannot be read there.
    fn seal(&self, login: &str, secret: &[u8]) -> Result<String> {
        let nonce = random_bytes::<NONCE_BYTES>()?;
        let payload = Payload {
            msg: secret,
            aad: login.as_bytes(),
        };
        let sealed = self
            .cipher()?
            .encrypt(&XNonce::from(nonce), payload)
            .map_err(|_| Error::Storage("a secret cannot be encrypted".into()))?;
        Ok(format!("{}{}", to_hex(&nonce), to_hex(&sealed)))
    }

    fn unseal(&self, login: &str, text: &str) -> Result<Zeroizing<Vec<u8>>> {
        let damaged = || Error::Storage(format!("the second factor of {login} is damaged"));
        let bytes = from_hex(text).ok_or_else(damaged)?;
        let (nonce, sealed) = bytes.split_at_checked(NONCE_BYTES).ok_or_else(damaged)?;
        let nonce: [u8; NONCE_BYTES] = nonce.try_into().map_err(|_| damaged())?;
        let payload = Payload {
            msg: sealed,
            aad: login.as_bytes(),
        };
        let secret = self
            .cipher()?
            .decrypt(&XNonce::from(nonce), payload)
            .map_err(|_| damaged())?;
        Ok(Zeroizing::new(secret))
    }
}

async fn refuse_confirmed(write: &mut Write, login: &str) -> Result<()> {
    let confirmed: Option<i64> =
        sqlx::query_scalar("SELECT confirmed FROM two_factor WHERE login = $1")
            .bind(login)
            .fetch_optional(&mut **write)
            .await?;
    match confirmed {
        Some(1) => Err(Error::Conflict(
            "This user has a second factor already; remove it first.".into(),
        )),
        _ => Ok(()),
    }
}

/// The six digits of a time step (RFC 4226, RFC 6238).
fn code_at(secret: &[u8], step: i64) -> Result<String> {
    let mut mac = Hmac::<Sha1>::new_from_slice(secret)
        .map_err(|_| Error::Storage("a secret has an impossible length".into()))?;
    mac.update(&step.to_be_bytes());
    let digest: [u8; 20] = mac.finalize().into_bytes().into();
    let offset = usize::from(digest[19] & 15);
    let number = digest[offset..offset + 4]
        .iter()
        .fold(0_u32, |number, byte| number << 8 | u32::from(*byte));
    Ok(format!("{:06}", (number & 0x7fff_ffff) % 1_000_000))
}

const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

fn to_base32(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(5) * 8);
    let (mut bits, mut count) = (0_u32, 0);
    for byte in bytes {
        bits = bits << 8 | u32::from(*byte);
        count += 8;
        while count >= 5 {
            count -= 5;
            text.push(ALPHABET[(bits >> count & 31) as usize] as char);
        }
        bits &= (1 << count) - 1;
    }
    if count > 0 {
        text.push(ALPHABET[(bits << (5 - count) & 31) as usize] as char);
    }
    text
}

fn from_base32(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() * 5 / 8);
    let (mut bits, mut count) = (0_u32, 0);
    for char in text.trim_end_matches('=').bytes() {
        let value = ALPHABET
            .iter()
            .position(|known| *known == char.to_ascii_uppercase())?;
        bits = bits << 5 | value as u32;
        count += 5;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
            bits &= (1 << count) - 1;
        }
    }
    Some(bytes)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A code of the device that holds this secret.
    pub(crate) fn code_of_device(secret: &Secret, now: i64) -> String {
        code_at(
            &from_base32(secret.expose()).unwrap(),
            now.div_euclid(STEP_SECONDS),
        )
        .unwrap()
    }

    #[test]
    fn codes_of_rfc_6238() {
        // Appendix B, the last six of its eight digits.
        for (second, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(
                code_at(b"12345678901234567890", second / STEP_SECONDS).unwrap(),
                code
            );
        }
    }

    #[test]
    fn base32_of_rfc_4648() {
        for (bytes, text) in [
            ("", ""),
            ("f", "MY"),
            ("fo", "MZXQ"),
            ("foo", "MZXW6"),
            ("foobar", "MZXW6YTBOI"),
        ] {
            assert_eq!(to_base32(bytes.as_bytes()), text);
            assert_eq!(from_base32(&text.to_lowercase()).unwrap(), bytes.as_bytes());
        }
        assert_eq!(from_base32("M1"), None);
    }
}
