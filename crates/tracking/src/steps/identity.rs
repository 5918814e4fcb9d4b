//! Who it was: the visitor id by precedence, and the fingerprint of those who have none.

use catalog::columns::PLUGIN_BITS;
use md5::{Digest, Md5};
use sha1::Sha1;

use super::{Enriching, privacy};
use crate::device::ClientKind;
use crate::hit::{IdSource, Identity};
use crate::outcome::{Refusal, Stop};
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
    let fingerprint = fingerprint(hit)? ^ mark;
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

/// What stands for a system or browser that is not known.
const UNKNOWN: &str = "UNK";
const LANGUAGE_CHARS: usize = 20;
/// A salt of zeros is none.
const NO_SALT: [u8; 32] = [0; 32];

/// What a browser is known by for a day: system, browser, plugins, address and language, salted.
///
/// It is the text that Matomo hashes, because clients see the hash in the visit log. MD5 hides nothing by
/// itself: the salts do, the daily one of which is forgotten.
fn fingerprint(hit: &Enriching<'_>) -> Result<u64, Stop> {
    let rules = hit.rules;
    let mut hash = Md5::new();
    hash.update(fingerprint_text(hit));
    update_with_salt(&mut hash, hit.sources.salts.instance_salt());
    if !rules.fingerprint_across_sites {
        if rules.new_visit_after_midnight {
            let day = hit.site.zone.day(hit.hit.time);
            let salt = hit.sources.salts.salt(hit.site.id, day);
            update_with_salt(&mut hash, salt.ok_or(Refusal::NoSalt)?);
        }
        hash.update(hit.site.id.to_string());
    }
    Ok(first_number(&hash.finalize()))
}

fn update_with_salt(hash: &mut Md5, salt: [u8; 32]) {
    if salt != NO_SALT {
        hash.update(salt);
    }
}

fn fingerprint_text(hit: &Enriching<'_>) -> String {
    let device = &hit.hit.device;
    let robot = hit.hit.robot.as_ref().map(|robot| robot.name.as_str());
    let is_browser = device.client_type == ClientKind::Browser as i64;
    let known = |text: &str| if text.is_empty() { UNKNOWN } else { text }.to_owned();
    let system = known(robot.unwrap_or(&device.os));
    let (browser, version) = if is_browser {
        (known(&device.browser), device.browser_version.as_str())
    } else {
        (UNKNOWN.to_owned(), "")
    };
    let masked = rules_mask(hit);
    let address = if hit.mapped_ip {
        format!("::ffff:{masked}")
    } else {
        masked.to_string()
    };
    let plugins = fingerprint_plugins(&device.browser, device.plugins);
    let language = fingerprint_language(hit.languages());
    format!("{system}{browser}{version}{plugins}{address}{language}")
}

fn rules_mask(hit: &Enriching<'_>) -> std::net::IpAddr {
    if hit.rules.enrich_with_masked_ip {
        return privacy::masked(hit.ip, hit.rules);
    }
    hit.ip
}

/// One digit a plugin; two plugins that no browser has any more are always 0, and Internet Explorer cannot
/// say whether it keeps cookies.
fn fingerprint_plugins(browser: &str, plugins: i64) -> String {
    const ORDER: [Option<&str>; 10] = [
        Some("fla"),
        Some("java"),
        None,
        Some("qt"),
        Some("realp"),
        Some("pdf"),
        Some("wma"),
        None,
        Some("ag"),
        Some("cookie"),
    ];
    let is_set = |name: &str| {
        let bit = PLUGIN_BITS.iter().find(|(known, _)| *known == name);
        bit.is_some_and(|(_, bit)| plugins >> bit & 1 == 1)
    };
    let digit = |name: &Option<&str>| match name {
        Some("cookie") if browser == "IE" => '0',
        Some(name) if is_set(name) => '1',
        _ => '0',
    };
    ORDER.iter().map(digit).collect()
}

/// The list of languages without blanks and weights.
fn fingerprint_language(languages: &str) -> String {
    let tags: Vec<&str> = languages
        .split(',')
        .map(|entry| entry.split(";q=").next().unwrap_or_default())
        .collect();
    let plain = tags.join(",");
    let visible = plain.chars().filter(|character| !character.is_whitespace());
    visible.take(LANGUAGE_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plugins_and_languages_of_a_fingerprint() {
        let cookie_flash_java = 0b111;
        assert_eq!(fingerprint_plugins("FF", cookie_flash_java), "1100000001");
        assert_eq!(fingerprint_plugins("IE", cookie_flash_java), "1100000000");
        assert_eq!(
            fingerprint_language("de-DE, de;q=0.9,en;q=0.8"),
            "de-DE,de,en"
        );
        assert_eq!(fingerprint_language(&"x".repeat(50)).len(), 20);
    }

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
