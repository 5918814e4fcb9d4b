//! A query string as raw names and values: nothing is decoded, so that putting it together again changes nothing else.

/// A query of an ordinary URL has far fewer; the rest of a hostile one is dropped.
const MAX_PAIRS: usize = 1_000;

/// A raw value: `name`, `name=value`, or the values of `name[]`.
#[derive(Debug, Clone, PartialEq, Eq)]
enum RawValue<'a> {
    Absent,
    Single(&'a str),
    List(Vec<Option<&'a str>>),
}

/// Names in order of first appearance, each once: the last plain value wins, `name[]` values are collected.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RawQuery<'a> {
    pairs: Vec<(String, RawValue<'a>)>,
}

impl<'a> RawQuery<'a> {
    /// Splits at `&` and the first `=`. Pairs without a name are ignored.
    pub fn parse(query: &'a str) -> Self {
        let mut parsed = RawQuery::default();
        for pair in query.split('&').take(MAX_PAIRS) {
            let (name, value) = match pair.split_once('=') {
                Some((name, value)) => (name, Some(value)),
                None => (pair, None),
            };
            parsed.add(&decode_brackets(name), value);
        }
        parsed
    }

    fn add(&mut self, name: &str, value: Option<&'a str>) {
        match name.strip_suffix("[]").filter(|base| !base.is_empty()) {
            Some(base) => match self.slot(base) {
                Some(RawValue::List(values)) => values.push(value),
                Some(other) => *other = RawValue::List(vec![value]),
                None => self
                    .pairs
                    .push((base.to_owned(), RawValue::List(vec![value]))),
            },
            None if name.is_empty() => {}
            None => {
                let single = value.map_or(RawValue::Absent, RawValue::Single);
                match self.slot(name) {
                    Some(slot) => *slot = single,
                    None => self.pairs.push((name.to_owned(), single)),
                }
            }
        }
    }

    fn slot(&mut self, name: &str) -> Option<&mut RawValue<'a>> {
        self.pairs
            .iter_mut()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value)
    }

    /// The raw value of exactly this name; of a list, its first element. `None` when absent or without `=`.
    pub fn get(&self, name: &str) -> Option<&'a str> {
        self.find(|known| known == name)
    }

    /// The same, ignoring ASCII and Unicode case; the last such name wins.
    pub fn get_ignoring_case(&self, lower_case_name: &str) -> Option<&'a str> {
        let matching =
            |(known, _): &&(String, RawValue<'a>)| known.to_lowercase() == lower_case_name;
        self.pairs
            .iter()
            .rev()
            .find(matching)
            .and_then(|(_, value)| first_value(value))
    }

    fn find(&self, accepts: impl Fn(&str) -> bool) -> Option<&'a str> {
        self.pairs
            .iter()
            .find(|(known, _)| accepts(known))
            .and_then(|(_, value)| first_value(value))
    }

    /// The query without the names for which `is_excluded` says so; it is handed the lower-cased name.
    pub fn without_names(&self, is_excluded: impl Fn(&str) -> bool) -> String {
        let mut text = String::new();
        for (name, value) in &self.pairs {
            if is_excluded(&name.to_lowercase()) {
                continue;
            }
            match value {
                RawValue::Absent => push_pair(&mut text, name, "", None),
                RawValue::Single(value) => push_pair(&mut text, name, "", Some(value)),
                RawValue::List(values) => {
                    for value in values {
                        push_pair(&mut text, name, "[]", *value);
                    }
                }
            }
        }
        text
    }
}

fn first_value<'a>(value: &RawValue<'a>) -> Option<&'a str> {
    match value {
        RawValue::Absent => None,
        RawValue::Single(value) => Some(value),
        RawValue::List(values) => values.first().copied().flatten(),
    }
}

fn push_pair(text: &mut String, name: &str, suffix: &str, value: Option<&str>) {
    if !text.is_empty() {
        text.push('&');
    }
    text.push_str(name);
    text.push_str(suffix);
    if let Some(value) = value {
        text.push('=');
        text.push_str(value);
    }
}

/// `a%5Bk%5D` and `a[k]` are one name.
fn decode_brackets(name: &str) -> String {
    if !name.contains('%') {
        return name.to_owned();
    }
    name.replace("%5B", "[")
        .replace("%5b", "[")
        .replace("%5D", "]")
        .replace("%5d", "]")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_rebuilt_in_order_with_each_name_once() {
        for (query, expected) in [
            ("a=1&b=2&a=3", "a=3&b=2"),
            ("a&b=&c=x=y", "a&b=&c=x=y"),
            ("a[]=1&b=2&a[]=3", "a[]=1&a[]=3&b=2"),
            ("a%5B%5D=1&a%5bk%5D=2", "a[]=1&a[k]=2"),
            ("a=1&a[]=2", "a[]=2"),
            ("a[]=1&a=2", "a=2"),
            ("&&=5&x", "x"),
            ("?a=b", "?a=b"),
            ("a=%EC%E5&b=<script>", "a=%EC%E5&b=<script>"),
        ] {
            assert_eq!(
                RawQuery::parse(query).without_names(|_| false),
                expected,
                "{query}"
            );
        }
    }

    #[test]
    fn values_are_found_by_name() {
        let query = RawQuery::parse("Q=1&list[]=x&list[]=y&flag&empty=");
        assert_eq!(query.get("Q"), Some("1"));
        assert_eq!(query.get("q"), None);
        assert_eq!(query.get_ignoring_case("q"), Some("1"));
        assert_eq!(query.get("list"), Some("x"));
        assert_eq!(query.get("flag"), None);
        assert_eq!(query.get("empty"), Some(""));
    }
}
