//! Request parameters as PHP reads them, because tracking clients were written against it.
//!
//! `a=1&a=2` is the last value, `a[]=1&a[k]=2` an ordered map, `a.b` and `a b` are `a_b`, `+` is a space, broken percent
//! escapes stay, bytes that are not UTF-8 become replacement characters.

use super::decode::url_decode;

/// How much of a hostile request is read.
#[derive(Debug, Clone, Copy)]
pub struct ParamLimits {
    /// Pairs after this many are ignored.
    pub max_pairs: usize,
    /// A name with more brackets is ignored.
    pub max_depth: usize,
}

impl Default for ParamLimits {
    fn default() -> Self {
        ParamLimits {
            max_pairs: 1_000,
            max_depth: 64,
        }
    }
}

/// A parameter: text, or a map of `name[key]=…`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ParamValue {
    /// `name=text`
    Text(String),
    /// `name[]=…` or `name[key]=…`
    Map(ParamMap),
}

/// Parameters in order of first appearance, each name once.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ParamMap {
    entries: Vec<(String, ParamValue)>,
    /// The key that the next `[]` gets.
    next_index: u64,
}

impl ParamMap {
    /// Parses a query string or form body with the usual limits.
    pub fn parse(text: &str) -> Self {
        ParamMap::parse_with(text, ParamLimits::default())
    }

    /// Parses a query string or form body.
    pub fn parse_with(text: &str, limits: ParamLimits) -> Self {
        let mut map = ParamMap::default();
        let text = text.strip_prefix('?').unwrap_or(text);
        for pair in text
            .split('&')
            .filter(|pair| !pair.is_empty())
            .take(limits.max_pairs)
        {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            map.add_raw(name, value, limits.max_depth);
        }
        map
    }

    /// Parses bytes; those that are not UTF-8 become replacement characters.
    pub fn parse_bytes(bytes: &[u8]) -> Self {
        ParamMap::parse(&String::from_utf8_lossy(bytes))
    }

    fn add_raw(&mut self, raw_name: &str, raw_value: &str, max_depth: usize) {
        // Nearly all names; nothing in them has to be decoded or replaced.
        if raw_name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
        {
            if !raw_name.is_empty() {
                self.insert_plain(raw_name, url_decode(raw_value));
            }
            return;
        }
        let name = url_decode(raw_name);
        let Some((base, keys)) = split_name(&name) else {
            return;
        };
        if keys.len() <= max_depth {
            self.put(base, &keys, url_decode(raw_value));
        }
    }

    fn insert_plain(&mut self, name: &str, text: String) {
        match self.get_mut(name) {
            Some(slot) => *slot = ParamValue::Text(text),
            None => self.insert_new(name.to_owned(), ParamValue::Text(text)),
        }
    }

    fn insert_new(&mut self, name: String, value: ParamValue) {
        if let Some(index) = array_index(&name) {
            self.next_index = self.next_index.max(index.saturating_add(1));
        }
        self.entries.push((name, value));
    }

    fn put(&mut self, name: String, keys: &[String], text: String) {
        let Some((key, deeper)) = keys.split_first() else {
            return self.insert(name, ParamValue::Text(text));
        };
        if !matches!(self.get(&name), Some(ParamValue::Map(_))) {
            self.insert(name.clone(), ParamValue::Map(ParamMap::default()));
        }
        if let Some(ParamValue::Map(inner)) = self.get_mut(&name) {
            let key = if key.is_empty() {
                inner.next_index.to_string()
            } else {
                key.clone()
            };
            inner.put(key, deeper, text);
        }
    }

    /// Sets a parameter; an existing one keeps its place.
    pub fn insert(&mut self, name: String, value: ParamValue) {
        match self.get_mut(&name) {
            Some(slot) => *slot = value,
            None => self.insert_new(name, value),
        }
    }

    /// Sets a text parameter.
    pub fn insert_text(&mut self, name: &str, text: impl Into<String>) {
        self.insert(name.to_owned(), ParamValue::Text(text.into()));
    }

    /// Adds the parameters that are not there yet: a GET parameter wins over a POST parameter.
    pub fn add_missing(&mut self, other: ParamMap) {
        for (name, value) in other.entries {
            if self.get(&name).is_none() {
                self.insert(name, value);
            }
        }
    }

    /// A parameter.
    pub fn get(&self, name: &str) -> Option<&ParamValue> {
        self.entries
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value)
    }

    fn get_mut(&mut self, name: &str) -> Option<&mut ParamValue> {
        self.entries
            .iter_mut()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value)
    }

    /// A text parameter; `None` for a map.
    pub fn text(&self, name: &str) -> Option<&str> {
        match self.get(name)? {
            ParamValue::Text(text) => Some(text),
            ParamValue::Map(_) => None,
        }
    }

    /// A text parameter that is not empty.
    pub fn non_empty(&self, name: &str) -> Option<&str> {
        self.text(name).filter(|text| !text.is_empty())
    }

    /// A map parameter; `None` for text.
    pub fn map(&self, name: &str) -> Option<&ParamMap> {
        match self.get(name)? {
            ParamValue::Map(map) => Some(map),
            ParamValue::Text(_) => None,
        }
    }

    /// All parameters in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &ParamValue)> {
        self.entries
            .iter()
            .map(|(name, value)| (name.as_str(), value))
    }

    /// Number of parameters.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is no parameter.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

/// `a.b[x][]` → (`a_b`, [`x`, ``]). `None`: no usable name.
fn split_name(name: &str) -> Option<(String, Vec<String>)> {
    let name = name.trim_start_matches(' ');
    let name = name.split('\0').next().unwrap_or_default();
    let (base, rest) = name.split_at(name.find('[').unwrap_or(name.len()));
    if base.is_empty() {
        return None;
    }
    if rest.is_empty() {
        return Some((plain_name(base), Vec::new()));
    }
    match bracket_keys(rest) {
        Some(keys) => Some((plain_name(base), keys)),
        // A bracket that is never closed is an ordinary character that may not be in a name.
        None => Some((format!("{}_{}", plain_name(base), &rest[1..]), Vec::new())),
    }
}

/// The keys of `[x][y]`; what follows the last closed bracket is ignored. `None` when the first is not closed.
fn bracket_keys(text: &str) -> Option<Vec<String>> {
    let mut keys = Vec::new();
    let mut rest = text;
    while let Some(inside) = rest.strip_prefix('[') {
        match inside.split_once(']') {
            Some((key, after)) => {
                keys.push(key.trim_start().to_owned());
                rest = after;
            }
            None => break,
        }
    }
    (!keys.is_empty()).then_some(keys)
}

fn plain_name(name: &str) -> String {
    name.chars()
        .map(|character| {
            if matches!(character, '.' | ' ') {
                '_'
            } else {
                character
            }
        })
        .collect()
}

/// A key such as `5`, but not `05` or `+5`.
fn array_index(key: &str) -> Option<u64> {
    let canonical =
        key == "0" || (!key.starts_with('0') && key.bytes().all(|byte| byte.is_ascii_digit()));
    if canonical { key.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::super::noise::{Noise, URL_PIECES};
    use super::*;

    fn show(map: &ParamMap) -> String {
        let pairs: Vec<String> = map
            .iter()
            .map(|(name, value)| match value {
                ParamValue::Text(text) => format!("{name}={text}"),
                ParamValue::Map(inner) => format!("{name}={{{}}}", show(inner)),
            })
            .collect();
        pairs.join(",")
    }

    #[test]
    fn parameters_read_as_php_reads_them() {
        for (query, expected) in [
            ("a=1&b=2", "a=1,b=2"),
            ("a=1&a=2", "a=2"),
            ("?a=1", "a=1"),
            ("a&b=&=x&&", "a=,b="),
            ("a+b=c+d&e.f=g%2Bh", "a_b=c d,e_f=g+h"),
            ("a[]=1&a[]=2", "a={0=1,1=2}"),
            ("a[k]=1&a[5]=2&a[]=3&a[k]=4", "a={k=4,5=2,6=3}"),
            ("a[05]=1&a[]=2", "a={05=1,0=2}"),
            ("a[x][y]=1&a[x][z]=2", "a={x={y=1,z=2}}"),
            ("a=1&a[]=2", "a={0=2}"),
            ("a[]=1&a=2", "a=2"),
            ("a[b=1", "a_b=1"),
            ("a[b][c=1", "a={b=1}"),
            ("a[b]c=1", "a={b=1}"),
            ("[a]=1&%5B=1", ""),
            ("a%5Bk%5D=1", "a={k=1}"),
            ("a%00b=1", "a=1"),
            ("x=%C3%A9%FF%zz%", "x=é\u{fffd}%zz%"),
            ("x=a=b", "x=a=b"),
        ] {
            assert_eq!(show(&ParamMap::parse(query)), expected, "{query}");
        }
    }

    #[test]
    fn limits_hold() {
        let limits = ParamLimits {
            max_pairs: 3,
            max_depth: 2,
        };
        assert_eq!(ParamMap::parse_with("a=1&b=2&c=3&d=4", limits).len(), 3);
        assert!(ParamMap::parse_with("a[1][2][3]=x", limits).is_empty());
        let deep = format!("a{}=1", "[x]".repeat(10_000));
        assert!(ParamMap::parse(&deep).is_empty());
    }

    #[test]
    fn get_wins_over_post() {
        let mut params = ParamMap::parse("a=get&b=1");
        params.add_missing(ParamMap::parse("a=post&c=2"));
        assert_eq!(show(&params), "a=get,b=1,c=2");
        assert_eq!(params.non_empty("a"), Some("get"));
        assert_eq!(params.map("a"), None);
    }

    #[test]
    fn any_bytes_are_survived() {
        let mut noise = Noise::new(13);
        for _ in 0..5_000 {
            let _ = ParamMap::parse_bytes(&noise.bytes(300));
            let _ = ParamMap::parse(&noise.text(URL_PIECES, 60));
        }
        let huge_index =
            ParamMap::parse("a[18446744073709551615]=1&a[]=2&a[99999999999999999999]=3");
        assert_eq!(huge_index.map("a").map(ParamMap::len), Some(2));
    }
}
