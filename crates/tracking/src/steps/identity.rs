//! Who it was: the visitor id by precedence, and the fingerprint of those who have none.

use catalog::columns::PLUGIN_BITS;
use sha1::Sha1;
use sha2::{Digest, Sha256};

use super::{Enriching, privacy};
use crate::hit::{IdSource, Identity};
use crate::outcome::Stop;
use crate::parse::HitParams;

const ID_DIGITS: usize = 16;
/// Robots are other visitors than people, even with the same id.
const ROBOT_MARK: u64 = 0x526f_626f_7400_0000;

/// Finds the id and draws a new one for a visitor who may be new.
pub fn draw(hit: &mut Enriching<'_>) -> Result<(), Stop> {
    let user = user_of(hit);
    let (source, id) = visitor_of(hit, &user);
    let mark = if hit.hit.robot.is_some() {
        ROBOT_MARK
    } else {
        0
    };
    let fingerprint = fingerprint(hit) ^ mark;
    let drawn = (hit.random)();
    hit.hit.identity = Identity {
        visitor: id.map(|id| (id ^ mark) as i64),
        source,
        drawn_visitor: drawn as i64,
        fingerprint: fingerprint as i64,
        user,
    };
    Ok(())
}

fn user_of(hit: &Enriching<'_>) -> String {
    let user = hit.params.text("uid").unwrap_or_default().trim();
    if user.is_empty() || !hit.rules.anonymise_user {
        return user.to_owned();
    }
    hex(&Sha1::digest(format!("{user}{}", hit.rules.user_salt)))
}

fn visitor_of(hit: &Enriching<'_>, user: &str) -> (IdSource, Option<u64>) {
    let rules = hit.rules;
    if rules.user_overwrites_visitor && !user.is_empty() {
        return (IdSource::User, Some(user_visitor_id(user)));
    }
    if let Some(id) = hit.params.filled("cid") {
        return (IdSource::Forced, Some(number_of(id)));
    }
    if rules.force_cookieless {
        return (IdSource::None, None);
    }
    let third_party = hit
        .environment
        .third_party_id
        .as_deref()
        .filter(|_| rules.third_party_cookie);
    if let Some(id) = third_party {
        return (IdSource::ThirdPartyCookie, Some(number_of(id)));
    }
    match first_party(hit.params) {
        Some(id) => (IdSource::Cookie, Some(number_of(id))),
        None => (IdSource::None, None),
    }
}

fn first_party(params: &HitParams) -> Option<&str> {
    let id = params.filled("_id")?;
    let (end, _) = id.char_indices().nth(ID_DIGITS).unwrap_or((id.len(), ' '));
    (id[..end].chars().count() == ID_DIGITS).then_some(&id[..end])
}

/// Sixteen hexadecimal digits as a number; another text by its hash.
fn number_of(id: &str) -> u64 {
    if crate::parse::is_visitor_id(id) {
        return u64::from_str_radix(id, 16).unwrap_or_default();
    }
    first_number(&Sha1::digest(id))
}

/// The visitor id of a user: the first sixteen digits of the SHA-1 of the name.
pub fn user_visitor_id(user: &str) -> u64 {
    first_number(&Sha1::digest(user))
}

fn first_number(digest: &[u8]) -> u64 {
    digest
        .iter()
        .take(8)
        .fold(0, |number, byte| number << 8 | u64::from(*byte))
}

/// The digits of a hash.
pub fn hex(digest: &[u8]) -> String {
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What a browser is known by for a day: system, browser, plugins, address and language, salted.
fn fingerprint(hit: &Enriching<'_>) -> u64 {
    let device = &hit.hit.device;
    let across_sites = hit.rules.fingerprint_across_sites;
    let address = if hit.rules.enrich_with_masked_ip {
        privacy::masked(hit.ip, hit.rules)
    } else {
        hit.ip
    };
    let robot = hit.hit.robot.as_ref().map(|robot| robot.name.as_str());
    let os = robot.unwrap_or(&device.os);
    let mut hash = Sha256::new();
    hash.update(hit.sources.salts.instance_salt());
    let mut field = |bytes: &[u8]| {
        hash.update((bytes.len() as u64).to_le_bytes());
        hash.update(bytes);
    };
    field(os.as_bytes());
    field(device.browser.as_bytes());
    field(device.browser_version.as_bytes());
    field(&fingerprint_plugins(&device.browser, device.plugins).to_le_bytes());
    field(&crate::rules::number_of(address).to_le_bytes());
    field(
        hit.languages()
            .chars()
            .take(20)
            .collect::<String>()
            .to_lowercase()
            .as_bytes(),
    );
    if !across_sites {
        field(&hit.site.id.to_le_bytes());
        if hit.rules.new_visit_after_midnight {
            let day = hit.site.zone.day(hit.hit.time);
            field(&day.0.to_le_bytes());
            field(&hit.sources.salts.salt(hit.site.id, day));
        }
    }
    first_number(&hash.finalize())
}

/// Internet Explorer cannot say whether it keeps cookies.
fn fingerprint_plugins(browser: &str, plugins: i64) -> i64 {
    let cookie = PLUGIN_BITS
        .iter()
        .find(|(name, _)| *name == "cookie")
        .map_or(0, |(_, bit)| 1 << bit);
    if browser == "IE" {
        plugins & !cookie
    } else {
        plugins
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_numbers() {
        assert_eq!(number_of("ffffffffffffffff"), u64::MAX);
        assert_eq!(number_of("24e4d1bbe6ffe85e"), 0x24e4_d1bb_e6ff_e85e);
        assert_ne!(number_of("nohexadecimal!!!"), number_of("nohexadecimal!!?"));
        // The SHA-1 of "abc" is a9993e364706816aba3e25717850c26c9cd0d89d.
        assert_eq!(user_visitor_id("abc"), 0xa999_3e36_4706_816a);
        assert_eq!(hex(&[0, 255]), "00ff");
    }
}
