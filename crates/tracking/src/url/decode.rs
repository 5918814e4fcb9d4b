//! Percent-encoding, HTML entities and character sets.

use std::borrow::Cow;

use encoding_rs::Encoding;

/// Decodes `%XX` and `+` (a space) to bytes. Broken escapes stay as they are.
pub fn percent_decode(text: &str) -> Cow<'_, [u8]> {
    let bytes = text.as_bytes();
    if !bytes.iter().any(|byte| matches!(byte, b'%' | b'+')) {
        return Cow::Borrowed(bytes);
    }
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut index = 0;
    while let Some(&byte) = bytes.get(index) {
        let escaped = (byte == b'%')
            .then(|| hex_pair(bytes.get(index + 1), bytes.get(index + 2)))
            .flatten();
        match (byte, escaped) {
            (_, Some(value)) => {
                decoded.push(value);
                index += 3;
            }
            (b'+', None) => {
                decoded.push(b' ');
                index += 1;
            }
            (other, None) => {
                decoded.push(other);
                index += 1;
            }
        }
    }
    Cow::Owned(decoded)
}

fn hex_pair(high: Option<&u8>, low: Option<&u8>) -> Option<u8> {
    let digit = |byte: Option<&u8>| byte.and_then(|byte| char::from(*byte).to_digit(16));
    Some((digit(high)? * 16 + digit(low)?) as u8)
}

/// Decodes `%XX` and `+`; bytes that are not UTF-8 become replacement characters.
pub fn url_decode(text: &str) -> String {
    match percent_decode(text) {
        Cow::Borrowed(_) => text.to_owned(),
        Cow::Owned(bytes) => match String::from_utf8(bytes) {
            Ok(decoded) => decoded,
            Err(invalid) => String::from_utf8_lossy(invalid.as_bytes()).into_owned(),
        },
    }
}

/// Decodes `%XX` and `+`. When the result is not UTF-8 it is percent-encoded again as a whole, so that no byte is lost
/// and the text can be stored.
pub fn url_decode_valid_utf8(text: &str) -> String {
    match String::from_utf8(percent_decode(text).into_owned()) {
        Ok(decoded) => decoded,
        Err(invalid) => url_encode(invalid.as_bytes()),
    }
}

/// Encodes for a query string the way forms do: letters, digits, `-`, `_` and `.` stay, a space is `+`.
pub fn url_encode(bytes: &[u8]) -> String {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    let mut encoded = String::with_capacity(bytes.len() + 16);
    for &byte in bytes {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => {
                encoded.push(char::from(byte))
            }
            b' ' => encoded.push('+'),
            other => {
                encoded.push('%');
                encoded.push(char::from(HEX[usize::from(other >> 4)]));
                encoded.push(char::from(HEX[usize::from(other & 15)]));
            }
        }
    }
    encoded
}

/// Undoes the escaping of HTML attributes once: `&amp;` `&lt;` `&gt;` `&quot;` `&#39;` `&#039;`.
///
/// For input that is known to come out of HTML source. Tracking parameters are not: they are taken as they are.
pub fn unescape_html(text: &str) -> Cow<'_, str> {
    const ENTITIES: &[(&str, char)] = &[
        ("&amp;", '&'),
        ("&lt;", '<'),
        ("&gt;", '>'),
        ("&quot;", '"'),
        ("&#039;", '\''),
        ("&#39;", '\''),
    ];
    if !text.contains('&') {
        return Cow::Borrowed(text);
    }
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(position) = rest.find('&') {
        plain.push_str(&rest[..position]);
        rest = &rest[position..];
        match ENTITIES.iter().find(|(entity, _)| rest.starts_with(entity)) {
            Some((entity, character)) => {
                plain.push(*character);
                rest = &rest[entity.len()..];
            }
            None => {
                plain.push('&');
                rest = &rest[1..];
            }
        }
    }
    plain.push_str(rest);
    Cow::Owned(plain)
}

/// Decodes bytes strictly as the named character set (a WHATWG label such as `windows-1251` or `iso-8859-15`).
/// `None`: unknown name, or the bytes are not of that set.
pub fn decode_charset(bytes: &[u8], charset: &str) -> Option<String> {
    let encoding = Encoding::for_label(charset_label(charset).as_bytes())?;
    encoding
        .decode_without_bom_handling_and_without_replacement(bytes)
        .map(Cow::into_owned)
}

/// Names that are common in lists and page headers but are not WHATWG labels.
fn charset_label(charset: &str) -> &str {
    match charset.trim() {
        name if name.eq_ignore_ascii_case("ms932") || name.eq_ignore_ascii_case("cp932") => {
            "shift_jis"
        }
        name if name.eq_ignore_ascii_case("cp936") => "gbk",
        name if name.eq_ignore_ascii_case("cp949") => "euc-kr",
        name => name,
    }
}

#[cfg(test)]
mod tests {
    use super::super::noise::{Noise, URL_PIECES};
    use super::*;

    #[test]
    fn percent_decoding_keeps_broken_escapes() {
        for (input, expected) in [
            ("", ""),
            ("a+b", "a b"),
            ("%41%62", "Ab"),
            ("%", "%"),
            ("%4", "%4"),
            ("%zz", "%zz"),
            ("100%25%", "100%%"),
            ("%C3%A9", "é"),
            ("%c3%a9", "é"),
            ("%FF", "\u{fffd}"),
        ] {
            assert_eq!(url_decode(input), expected, "{input}");
        }
    }

    #[test]
    fn invalid_utf8_is_encoded_again_as_a_whole() {
        assert_eq!(
            url_decode_valid_utf8("non+unicode %EC%E5"),
            "non+unicode+%EC%E5"
        );
        assert_eq!(url_decode_valid_utf8("caf%C3%A9+x"), "café x");
    }

    #[test]
    fn encoding_is_the_form_encoding() {
        assert_eq!(
            url_encode("free > pro-p_r.i ~é".as_bytes()),
            "free+%3E+pro-p_r.i+%7E%C3%A9"
        );
    }

    #[test]
    fn html_entities_are_undone_once() {
        assert_eq!(
            unescape_html("a&amp;lt;b&lt;&gt;&quot;&#039;&#39;&nbsp;&"),
            "a&lt;b<>\"''&nbsp;&"
        );
    }

    #[test]
    fn character_sets_are_strict_and_tolerate_unknown_names() {
        assert_eq!(
            decode_charset(b"\xEC\xE5\xF8", "windows-1251").as_deref(),
            Some("меш")
        );
        assert_eq!(
            decode_charset(b"2\xFC", "ISO-8859-15").as_deref(),
            Some("2ü")
        );
        assert_eq!(decode_charset(b"\xEC\xE5", "utf-8"), None);
        assert_eq!(decode_charset(b"abc", "GTF-42"), None);
        assert_eq!(decode_charset(b"\x83\x65", "ms932").as_deref(), Some("テ"));
    }

    #[test]
    fn encoding_then_decoding_gives_the_same_bytes() {
        let mut noise = Noise::new(7);
        for _ in 0..2_000 {
            let bytes = noise.bytes(60);
            assert_eq!(percent_decode(&url_encode(&bytes)).as_ref(), bytes);
            let text = noise.text(URL_PIECES, 30);
            let _ = (url_decode_valid_utf8(&text), unescape_html(&text));
        }
    }
}
