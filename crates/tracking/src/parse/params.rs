//! The parameters of one hit, read with the table of tracking parameters.

use std::fmt;

use catalog::params::{self, Reading};

use crate::url::{ParamMap, ParamValue};

/// A token as it was sent; it never shows in logs.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl Token {
    /// The token, or none where the text is empty.
    pub fn new(text: &str) -> Option<Token> {
        (!text.is_empty()).then(|| Token(text.to_owned()))
    }

    /// The secret itself, to be compared.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Token(…)")
    }
}

/// The parameter that holds the token.
const TOKEN: &str = "token_auth";

/// The parameters of one hit; its token is kept apart.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HitParams {
    map: ParamMap,
    token: Option<Token>,
}

impl HitParams {
    /// Cuts every value to the limit of its parameter and takes the token out.
    pub fn new(mut sent: ParamMap) -> HitParams {
        let token = sent.text(TOKEN).and_then(Token::new);
        let changes: Vec<(String, String)> = sent
            .iter()
            .filter_map(|(name, value)| match value {
                _ if name == TOKEN => Some((name.to_owned(), String::new())),
                ParamValue::Text(text) => Some((name.to_owned(), kept(name, text)?)),
                ParamValue::Map(_) => None,
            })
            .collect();
        for (name, text) in changes {
            sent.insert_text(&name, text);
        }
        HitParams { map: sent, token }
    }

    /// Parameters of a form body count where the query string does not name them.
    pub fn add_missing(&mut self, other: HitParams) {
        self.map.add_missing(other.map);
        if self.token.is_none() {
            self.token = other.token;
        }
    }

    pub fn is_empty(&self) -> bool {
        self.map.is_empty() && self.token.is_none()
    }

    pub fn token(&self) -> Option<&Token> {
        self.token.as_ref()
    }

    /// The parameters as they were sent, without the token.
    pub fn map(&self) -> &ParamMap {
        &self.map
    }

    pub fn has(&self, name: &str) -> bool {
        self.map.get(name).is_some()
    }

    /// All names with their values as text.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.map.iter().filter_map(|(name, value)| match value {
            ParamValue::Text(text) => Some((name, text.as_str())),
            ParamValue::Map(_) => None,
        })
    }

    /// The text of a parameter that was sent; a list is no text.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.map.text(name)
    }

    /// The text, where it is not empty.
    pub fn filled(&self, name: &str) -> Option<&str> {
        self.map.non_empty(name)
    }

    /// The text, or the first element of a list.
    pub fn first(&self, name: &str) -> Option<&str> {
        match self.map.get(name)? {
            ParamValue::Text(text) => Some(text),
            ParamValue::Map(items) => items.iter().find_map(|(_, value)| match value {
                ParamValue::Text(text) => Some(text.as_str()),
                ParamValue::Map(_) => None,
            }),
        }
    }

    pub fn flag(&self, name: &str) -> bool {
        debug_assert!(reads(name, Reading::Flag), "{name} is no flag");
        self.text(name).is_some_and(is_true)
    }

    pub fn integer(&self, name: &str) -> Option<i64> {
        debug_assert!(reads(name, Reading::Integer), "{name} is no integer");
        whole_number(self.text(name)?)
    }

    pub fn number(&self, name: &str) -> Option<f64> {
        debug_assert!(reads(name, Reading::Number), "{name} is no number");
        number(self.text(name)?)
    }

    /// The JSON of a parameter; none where it is not valid.
    pub fn json(&self, name: &str) -> Option<serde_json::Value> {
        let text = self.filled(name)?;
        super::json_within_limits(text.as_bytes()).then_some(())?;
        serde_json::from_str(text).ok()
    }
}

/// What is kept of a text, where that is not all of it: JSON stays as it is, for its texts are unescaped
/// one by one.
fn kept(name: &str, text: &str) -> Option<String> {
    let param = params::find(name);
    let limit = param.map_or(0, |param| param.limit);
    let is_json = param.is_some_and(|param| param.reading == Reading::Json);
    let special = text.bytes().any(|byte| matches!(byte, b'&' | 0));
    if !special && (limit == 0 || text.len() <= limit) {
        return None;
    }
    let mut text = text.replace('\0', "");
    if !is_json {
        unescape_html(&mut text);
        cut_chars(&mut text, limit);
    }
    Some(text)
}

fn reads(name: &str, reading: Reading) -> bool {
    params::find(name).is_none_or(|param| param.reading == reading)
}

/// On in PHP's sense: neither empty nor `0`.
pub fn is_true(text: &str) -> bool {
    !matches!(text, "" | "0")
}

fn whole_number(text: &str) -> Option<i64> {
    let text = text.trim();
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    text.parse().ok()
}

/// A finite number; a comma may stand before its decimals.
pub fn number(text: &str) -> Option<f64> {
    let text = text.trim();
    let plain = text.bytes().all(|byte| {
        byte.is_ascii_digit() || matches!(byte, b'.' | b',' | b'-' | b'+' | b'e' | b'E')
    });
    if !plain {
        return None;
    }
    let number: f64 = text.replace(',', ".").parse().ok()?;
    number.is_finite().then_some(number)
}

/// Keeps the first `limit` characters; 0 keeps all.
pub fn cut_chars(text: &mut String, limit: usize) {
    if limit == 0 || text.len() <= limit {
        return;
    }
    if let Some((at, _)) = text.char_indices().nth(limit) {
        text.truncate(at);
    }
}

/// Keeps at most `limit` bytes, whole characters only.
pub fn cut_bytes(text: &mut String, limit: usize) {
    if text.len() <= limit {
        return;
    }
    let mut end = limit;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.truncate(end);
}

/// Trackers of old escape HTML in what they send: the text itself is kept.
pub fn unescape_html(text: &mut String) {
    if !text.contains('&') || !text.contains(';') {
        return;
    }
    let mut plain = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some(at) = rest.find('&') {
        plain.push_str(&rest[..at]);
        rest = &rest[at..];
        match entity(rest) {
            Some((character, length)) => {
                plain.push(character);
                rest = &rest[length..];
            }
            None => {
                plain.push('&');
                rest = &rest[1..];
            }
        }
    }
    plain.push_str(rest);
    *text = plain;
}

fn entity(text: &str) -> Option<(char, usize)> {
    const NAMED: &[(&str, char)] = &[
        ("&amp;", '&'),
        ("&lt;", '<'),
        ("&gt;", '>'),
        ("&quot;", '"'),
        ("&apos;", '\''),
        ("&nbsp;", '\u{a0}'),
    ];
    for (name, character) in NAMED {
        if text.starts_with(name) {
            return Some((*character, name.len()));
        }
    }
    let digits = text.strip_prefix("&#")?;
    let end = digits.bytes().take(9).position(|byte| byte == b';')?;
    let number = match digits[..end].strip_prefix(['x', 'X']) {
        Some(hexadecimal) => u32::from_str_radix(hexadecimal, 16).ok()?,
        None => digits[..end].parse().ok()?,
    };
    let character = char::from_u32(number).filter(|character| *character != '\0')?;
    Some((character, end + 3))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hit(pairs: &[(&str, &str)]) -> HitParams {
        let mut map = ParamMap::default();
        for (name, value) in pairs {
            map.insert_text(name, *value);
        }
        HitParams::new(map)
    }

    #[test]
    fn values_are_read_by_the_table() {
        let hit = hit(&[
            ("idsite", "12"),
            ("revenue", "1,5"),
            ("rec", "0"),
            ("bots", "yes"),
            ("h", "x"),
            ("pv_id", "abcdefgh"),
            ("action_name", "a &amp; b &#x41; &nothing;"),
            ("token_auth", "secret"),
        ]);
        assert_eq!(hit.integer("idsite"), Some(12));
        assert_eq!(hit.number("revenue"), Some(1.5));
        assert!(!hit.flag("rec"));
        assert!(hit.flag("bots"));
        assert_eq!(hit.integer("h"), None);
        assert_eq!(hit.text("pv_id"), Some("abcdef"));
        assert_eq!(hit.text("action_name"), Some("a & b A &nothing;"));
        assert_eq!(hit.filled("token_auth"), None);
        assert_eq!(hit.token().map(Token::expose), Some("secret"));
        assert!(!format!("{hit:?}").contains("secret"));
    }

    #[test]
    fn numbers_that_are_none_are_absent() {
        for (text, expected) in [
            ("1.5", Some(1.5)),
            ("", None),
            ("1e400", None),
            ("nan", None),
            ("-3", Some(-3.0)),
            ("5€", None),
        ] {
            assert_eq!(number(text), expected, "{text}");
        }
    }

    #[test]
    fn bytes_are_cut_between_characters() {
        let mut text = "aé".to_owned();
        cut_bytes(&mut text, 2);
        assert_eq!(text, "a");
    }
}
