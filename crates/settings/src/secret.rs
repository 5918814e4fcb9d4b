//! Secrets: drawn from the operating system, hashed with a key kept outside the database, compared in constant time.

use std::fs;
use std::io::{Read, Write};
use std::path::Path;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;
use zeroize::Zeroize;

use crate::error::{Error, Result};

/// A text that must not be shown: no `Debug`, no `Display`, no `==`, wiped when dropped.
///
/// ```compile_fail
/// println!("{:?}", settings::Secret::new("hidden"));
/// ```
/// ```compile_fail
/// println!("{}", settings::Secret::new("hidden"));
/// ```
pub struct Secret(String);

impl Secret {
    /// Wraps a secret.
    pub fn new(text: impl Into<String>) -> Secret {
        Secret(text.into())
    }

    /// The text itself. The name makes each use easy to find.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Secret {
        Secret(text.to_owned())
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Secret {
        Secret(text)
    }
}

impl Clone for Secret {
    fn clone(&self) -> Secret {
        Secret(self.0.clone())
    }
}

impl Drop for Secret {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

/// What a keyed hash is for: the same text hashed for two purposes gives unrelated values.
#[derive(Clone, Copy)]
pub(crate) enum Purpose {
    Token,
    Session,
    Csrf,
    Setup,
    Invite,
    Reset,
    KeyCheck,
    RecoveryCode,
    Unsubscribe,
    Sealing,
}

impl Purpose {
    fn label(self) -> &'static [u8] {
        match self {
            Purpose::Token => b"token\0",
            Purpose::Session => b"session\0",
            Purpose::Csrf => b"csrf\0",
            Purpose::Setup => b"setup\0",
            Purpose::Invite => b"invite\0",
            Purpose::Reset => b"reset\0",
            Purpose::KeyCheck => b"key check\0",
            Purpose::RecoveryCode => b"recovery code\0",
            Purpose::Unsubscribe => b"unsubscribe\0",
            Purpose::Sealing => b"sealing\0",
        }
    }
}

/// The result of a keyed hash.
pub(crate) type Digest = [u8; 32];

/// The instance's key, as the state of an HMAC that has read it: hashing clones the state.
pub(crate) struct Keys {
    mac: Hmac<Sha256>,
}

impl Keys {
    /// Reads the key file, or makes it (readable by its owner only) when it does not exist.
    pub(crate) fn load_or_create(path: &Path) -> Result<Keys> {
        match fs::File::open(path) {
            Ok(file) => Keys::read(file, path),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Keys::create(path),
            Err(error) => Err(unusable(path, &error.to_string())),
        }
    }

    fn read(file: fs::File, path: &Path) -> Result<Keys> {
        refuse_readable_by_others(&file, path)?;
        let mut text = String::new();
        file.take(1024)
            .read_to_string(&mut text)
            .map_err(|error| unusable(path, &error.to_string()))?;
        let key = from_hex(text.trim()).filter(|key| key.len() == 32);
        text.zeroize();
        let mut key =
            key.ok_or_else(|| unusable(path, "it does not hold 64 hexadecimal digits"))?;
        let keys = Keys::from_key(&key);
        key.zeroize();
        keys
    }

    fn create(path: &Path) -> Result<Keys> {
        let mut key: [u8; 32] = random_bytes()?;
        let mut text = to_hex(&key);
        text.push('\n');
        let written = create_private(path).and_then(|mut file| {
            file.write_all(text.as_bytes())?;
            file.sync_all()
        });
        text.zeroize();
        written.map_err(|error| unusable(path, &error.to_string()))?;
        sync_folder_of(path).map_err(|error| unusable(path, &error.to_string()))?;
        let keys = Keys::from_key(&key);
        key.zeroize();
        keys
    }

    fn from_key(key: &[u8]) -> Result<Keys> {
        let mac = Hmac::<Sha256>::new_from_slice(key)
            .map_err(|_| Error::Storage("the key has an impossible length".into()))?;
        Ok(Keys { mac })
    }

    pub(crate) fn hash(&self, purpose: Purpose, text: &str) -> Digest {
        let mut mac = self.mac.clone();
        mac.update(purpose.label());
        mac.update(text.as_bytes());
        mac.finalize().into_bytes().into()
    }

    pub(crate) fn hash_hex(&self, purpose: Purpose, text: &str) -> String {
        to_hex(&self.hash(purpose, text))
    }
}

/// Compares without telling by its time where the difference is.
pub(crate) fn same(left: &[u8], right: &[u8]) -> bool {
    left.ct_eq(right).into()
}

fn unusable(path: &Path, why: &str) -> Error {
    Error::Storage(format!(
        "the key file {} cannot be used: {why}",
        path.display()
    ))
}

/// Creates a file that only its owner can read; fails if it exists.
pub(crate) fn create_private(path: &Path) -> std::io::Result<fs::File> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    options.open(path)
}

fn sync_folder_of(path: &Path) -> std::io::Result<()> {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => fs::File::open(folder)?.sync_all(),
        _ => fs::File::open(".")?.sync_all(),
    }
}

#[cfg(unix)]
pub(crate) fn refuse_readable_by_others(file: &fs::File, path: &Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let mode = file
        .metadata()
        .map_err(|error| unusable(path, &error.to_string()))?
        .permissions()
        .mode();
    if mode & 0o077 != 0 {
        return Err(Error::Storage(format!(
            "{} can be read by other users of this machine (mode {:o}); run: chmod 600 {}",
            path.display(),
            mode & 0o777,
            path.display()
        )));
    }
    Ok(())
}

#[cfg(not(unix))]
pub(crate) fn refuse_readable_by_others(_file: &fs::File, _path: &Path) -> Result<()> {
    Ok(())
}

/// Random bytes of the operating system.
pub(crate) fn random_bytes<const LENGTH: usize>() -> Result<[u8; LENGTH]> {
    let mut bytes = [0; LENGTH];
    getrandom::fill(&mut bytes).map_err(|error| {
        Error::Storage(format!(
            "the operating system gives no random bytes: {error}"
        ))
    })?;
    Ok(bytes)
}

/// `LENGTH` random bytes as hexadecimal digits.
pub(crate) fn random_hex<const LENGTH: usize>() -> Result<String> {
    Ok(to_hex(&random_bytes::<LENGTH>()?))
}

pub(crate) fn to_hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        text.push(DIGITS[usize::from(byte >> 4)] as char);
        text.push(DIGITS[usize::from(byte & 15)] as char);
    }
    text
}

pub(crate) fn from_hex(text: &str) -> Option<Vec<u8>> {
    if !text.len().is_multiple_of(2) || !text.is_ascii() {
        return None;
    }
    let digit = |byte: u8| (byte as char).to_digit(16).map(|value| value as u8);
    text.as_bytes()
        .chunks_exact(2)
        .map(|pair| Some(digit(pair[0])? << 4 | digit(pair[1])?))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hex_goes_both_ways() {
        assert_eq!(to_hex(&[0, 15, 255]), "000fff");
        assert_eq!(from_hex("000fFF"), Some(vec![0, 15, 255]));
        for wrong in ["0", "0g", "é1", "+1"] {
            assert_eq!(from_hex(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_key_file_is_made_once_and_private() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        let made = Keys::load_or_create(&path).unwrap();
        let read = Keys::load_or_create(&path).unwrap();
        assert_eq!(
            made.hash(Purpose::Token, "a"),
            read.hash(Purpose::Token, "a")
        );
        assert_ne!(
            made.hash(Purpose::Token, "a"),
            read.hash(Purpose::Session, "a")
        );
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(
                fs::metadata(&path).unwrap().permissions().mode() & 0o777,
                0o600
            );
            fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
            assert!(matches!(
                Keys::load_or_create(&path),
                Err(Error::Storage(_))
            ));
        }
    }

    #[test]
    fn a_damaged_key_file_is_refused_and_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        create_private(&path)
            .unwrap()
            .write_all(b"too short")
            .unwrap();
        assert!(matches!(
            Keys::load_or_create(&path),
            Err(Error::Storage(_))
        ));
        assert_eq!(fs::read_to_string(&path).unwrap(), "too short");
    }
}
