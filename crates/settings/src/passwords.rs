//! Password rules, and hashes that are slow on purpose.

use std::collections::HashSet;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use md5::{Digest, Md5};
use tokio::sync::Semaphore;

use crate::error::{Error, Result};
use crate::secret::{Secret, random_bytes, to_hex};

/// What a new password must be like.
#[derive(Clone, Copy, Debug)]
pub struct PasswordRules {
    /// Fewest characters.
    pub min_characters: usize,
    /// Refuse well-known passwords and those that are the login or the e-mail address.
    pub refuse_guessable: bool,
}

impl PasswordRules {
    /// For calls of the API, which existing programs make: Matomo's own minimum.
    pub const API: PasswordRules = PasswordRules {
        min_characters: 6,
        refuse_guessable: false,
    };
    /// For forms that people fill in.
    pub const FORM: PasswordRules = PasswordRules {
        min_characters: 10,
        refuse_guessable: true,
    };
    /// For forms in which a superuser sets the own password.
    pub const SUPERUSER_FORM: PasswordRules = PasswordRules {
        min_characters: 12,
        refuse_guessable: true,
    };

    const MAX_BYTES: usize = 256;

    pub(crate) fn check(&self, password: &Secret, login: &str, email: &str) -> Result<()> {
        let text = password.expose();
        if text.chars().count() < self.min_characters || text.len() > PasswordRules::MAX_BYTES {
            return Err(Error::invalid(format!(
                "The password must have at least {} characters and at most {} bytes.",
                self.min_characters,
                PasswordRules::MAX_BYTES
            )));
        }
        if text.chars().collect::<HashSet<_>>().len() < 2 {
            return Err(Error::invalid(
                "The password must have at least two different characters.",
            ));
        }
        if self.refuse_guessable && is_guessable(text, login, email) {
            return Err(Error::invalid(
                "This password is easy to guess: it is well known, or made of the login or the e-mail address.",
            ));
        }
        Ok(())
    }
}

/// Beginnings of the passwords found most often in published leaks.
const WELL_KNOWN: &[&str] = &[
    "123456",
    "1q2w3e",
    "1qaz2wsx",
    "abc123",
    "admin",
    "administrator",
    "analytics",
    "asdfgh",
    "azerty",
    "baseball",
    "changeme",
    "dragon",
    "football",
    "iloveyou",
    "letmein",
    "master",
    "matomo",
    "monkey",
    "passw0rd",
    "password",
    "piwik",
    "princess",
    "qazwsx",
    "qwerty",
    "qwertz",
    "sunshine",
    "superman",
    "superuser",
    "takwimu",
    "trustno1",
    "welcome",
    "zxcvbn",
];

/// A well-known word, the login or the e-mail address, with nothing but digits and signs around it.
fn is_guessable(password: &str, login: &str, email: &str) -> bool {
    let password = password.to_lowercase();
    let mail_name = email.split('@').next().unwrap_or_default();
    let words = WELL_KNOWN.iter().copied().chain([login, email, mail_name]);
    let only_digits = password.chars().all(|char| char.is_ascii_digit());
    only_digits
        || words.filter(|word| word.chars().count() >= 4).any(|word| {
            let word = word.to_lowercase();
            password
                .replace(&word, "")
                .chars()
                .filter(|char| char.is_alphabetic())
                .count()
                < 4
                && password.contains(&word)
        })
}

/// The outcome of comparing a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PasswordCheck {
    /// It is the password.
    Right,
    /// It is the password, but its hash should be made anew.
    RightButOld,
    /// It is not.
    Wrong,
}

/// Hashes on threads of their own, a few at a time: sign-ins must stall neither hits nor the memory.
pub(crate) struct Hashing {
    places: Arc<Semaphore>,
}

/// 19 MiB each: the memory that sign-ins can take is this times 19 MiB.
const AT_ONCE: usize = 2;
const LONGEST_WAIT: Duration = Duration::from_secs(10);

const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// Prefix of a hash made by Matomo, which hashes the MD5 of the password.
const OF_MD5: &str = "md5:";

impl Hashing {
    pub(crate) fn new() -> Hashing {
        Hashing {
            places: Arc::new(Semaphore::new(AT_ONCE)),
        }
    }

    pub(crate) async fn hash(&self, password: &Secret) -> Result<String> {
        let password = password.clone();
        self.run(move || hash_now(&password)).await?
    }

    /// Compares; without a stored hash it does the same work and says no, so that the time tells nothing.
    pub(crate) async fn verify(
        &self,
        password: &Secret,
        stored: Option<String>,
    ) -> Result<PasswordCheck> {
        let password = password.clone();
        self.run(move || match stored {
            Some(stored) => verify_now(&password, &stored),
            None => {
                verify_now(&password, stand_in()?)?;
                Ok(PasswordCheck::Wrong)
            }
        })
        .await?
    }

    async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
        let waited = tokio::time::timeout(LONGEST_WAIT, self.places.clone().acquire_owned()).await;
        let Ok(Ok(place)) = waited else {
            return Err(Error::Busy);
        };
        tokio::task::spawn_blocking(move || {
            let result = work();
            drop(place);
            result
        })
        .await
        .map_err(|_| Error::Storage("hashing a password was interrupted".into()))
    }
}

fn hasher() -> Result<Argon2<'static>> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(hash_failed)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

fn hash_failed(error: impl std::fmt::Display) -> Error {
    Error::Storage(format!("a password hash cannot be made or read: {error}"))
}

fn hash_now(password: &Secret) -> Result<String> {
    let salt: [u8; 16] = random_bytes()?;
    let hash = hasher()?
        .hash_password_with_salt(password.expose().as_bytes(), &salt)
        .map_err(hash_failed)?;
    Ok(hash.to_string())
}

/// A hash of nothing anybody knows.
fn stand_in() -> Result<&'static str> {
    static HASH: OnceLock<String> = OnceLock::new();
    if let Some(hash) = HASH.get() {
        return Ok(hash);
    }
    let hash = hash_now(&Secret::new(to_hex(&random_bytes::<16>()?)))?;
    Ok(HASH.get_or_init(|| hash))
}

fn verify_now(password: &Secret, stored: &str) -> Result<PasswordCheck> {
    let Some(imported) = stored.strip_prefix(OF_MD5) else {
        return Ok(
            match argon2_matches(password.expose().as_bytes(), stored)? {
                true if has_current_cost(stored) => PasswordCheck::Right,
                true => PasswordCheck::RightButOld,
                false => PasswordCheck::Wrong,
            },
        );
    };
    let md5 = Secret::new(to_hex(&Md5::digest(password.expose().as_bytes())));
    let right = match imported.starts_with("$argon2") {
        true => argon2_matches(md5.expose().as_bytes(), imported)?,
        false => bcrypt::verify(md5.expose(), imported).map_err(hash_failed)?,
    };
    Ok(if right {
        PasswordCheck::RightButOld
    } else {
        PasswordCheck::Wrong
    })
}

fn argon2_matches(secret: &[u8], stored: &str) -> Result<bool> {
    let parsed = PasswordHash::new(stored).map_err(hash_failed)?;
    Ok(hasher()?.verify_password(secret, &parsed).is_ok())
}

fn has_current_cost(stored: &str) -> bool {
    stored.starts_with(&format!(
        "$argon2id$v=19$m={MEMORY_KIB},t={PASSES},p={LANES}$"
    ))
}

/// Checks a hash that comes from a Matomo database and marks it as such.
pub(crate) fn imported_hash(hash: &str) -> Result<String> {
    let known = match hash.starts_with("$argon2") {
        // A hash that asks for gigabytes would let one sign-in take the whole memory.
        true => PasswordHash::new(hash).is_ok_and(|parsed| {
            Params::try_from(&parsed)
                .is_ok_and(|params| params.m_cost() <= 256 * 1024 && params.t_cost() <= 16)
        }),
        false => hash
            .parse::<bcrypt::HashParts>()
            .is_ok_and(|parts| (4..=14).contains(&parts.get_cost())),
    };
    match known {
        true => Ok(format!("{OF_MD5}{hash}")),
        false => Err(Error::invalid(
            "The password hash is neither bcrypt nor argon2, or too costly.",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules() {
        let long = "ab".repeat(129);
        for (rules, password, accepted) in [
            (PasswordRules::API, "abcde", false),
            (PasswordRules::API, "abcdef", true),
            (PasswordRules::API, "aaaaaaaa", false),
            (PasswordRules::API, "äöüäöü", true),
            (PasswordRules::API, long.as_str(), false),
            (PasswordRules::FORM, "short-one", false),
            (PasswordRules::FORM, "correct horse", true),
            (PasswordRules::FORM, "Password123!", false),
            (PasswordRules::FORM, "1234567890", false),
            (PasswordRules::FORM, "gertrude2024", false),
            (PasswordRules::FORM, "g.stein1234", false),
            (PasswordRules::FORM, "masterful violin", true),
            (PasswordRules::SUPERUSER_FORM, "eleven-char", false),
        ] {
            let checked = rules.check(&password.into(), "gertrude", "g.stein@example.org");
            assert_eq!(checked.is_ok(), accepted, "{password}");
        }
    }

    #[test]
    fn own_hashes() {
        let hash = hash_now(&"right one".into()).unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        assert_eq!(
            verify_now(&"right one".into(), &hash).unwrap(),
            PasswordCheck::Right
        );
        assert_eq!(
            verify_now(&"right onE".into(), &hash).unwrap(),
            PasswordCheck::Wrong
        );
        assert_ne!(hash, hash_now(&"right one".into()).unwrap());
        assert!(verify_now(&"right one".into(), "nonsense").is_err());
    }

    #[test]
    fn imported_hashes() {
        // As PHP's password_hash(md5($password), PASSWORD_BCRYPT) writes them.
        let md5 = to_hex(&Md5::digest(b"old password"));
        let parts = bcrypt::hash_with_result(&md5, 4).unwrap();
        for version in [bcrypt::Version::TwoY, bcrypt::Version::TwoB] {
            let stored = imported_hash(&parts.format_for_version(version)).unwrap();
            assert_eq!(
                verify_now(&"old password".into(), &stored).unwrap(),
                PasswordCheck::RightButOld
            );
            assert_eq!(
                verify_now(&"other password".into(), &stored).unwrap(),
                PasswordCheck::Wrong
            );
        }
        let argon2 = hash_now(&Secret::new(md5)).unwrap();
        let stored = imported_hash(&argon2).unwrap();
        assert_eq!(
            verify_now(&"old password".into(), &stored).unwrap(),
            PasswordCheck::RightButOld
        );
        for refused in [
            "",
            "d41d8cd98f00b204e9800998ecf8427e",
            "$2y$31$abcdefghijklmnopqrstuu5nQ3tVtW1tYHnGWQvJ1Ow1vFmhN1O2a",
            "$argon2id$v=19$m=4194304,t=2,p=1$c2FsdHNhbHRzYWx0$aGFzaGhhc2hoYXNoaGFzaGhhc2hoYXNoaGFzaGhhc2g",
        ] {
            assert!(imported_hash(refused).is_err(), "{refused}");
        }
    }
}
