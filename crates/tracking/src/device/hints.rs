//! Client hints: what a browser says about itself beside its user agent, in request headers or in
//! the `uadata` parameter.

use serde_json::Value;

/// More data than this in `uadata` is refused.
const MAX_UADATA_BYTES: usize = 16 * 1024;
/// More brands or form factors than this are ignored.
const MAX_ITEMS: usize = 32;
/// Longer values are ignored: no device has such a name.
const MAX_VALUE_BYTES: usize = 512;

/// Client hints of one request. Empty fields were not sent.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct ClientHints {
    /// Brand and version of the browser and what it is built on.
    pub brands: Vec<(String, String)>,
    pub mobile: bool,
    pub model: String,
    pub platform: String,
    pub platform_version: String,
    pub ua_full_version: String,
    pub architecture: String,
    pub bitness: String,
    /// Kinds of device in lower case, such as `tablet`.
    pub form_factors: Vec<String>,
    /// Identifier of the Android app that sent the request.
    pub app: String,
}

/// Headers that carry hints.
const HEADERS: [&str; 11] = [
    "sec-ch-ua-full-version-list",
    "sec-ch-ua",
    "sec-ch-ua-mobile",
    "sec-ch-ua-model",
    "sec-ch-ua-platform",
    "sec-ch-ua-platform-version",
    "sec-ch-ua-full-version",
    "sec-ch-ua-arch",
    "sec-ch-ua-bitness",
    "sec-ch-ua-form-factors",
    "x-requested-with",
];

impl ClientHints {
    /// Reads hints from request headers; `get` gives the value of a header by its lower-case name.
    pub fn from_headers(get: &dyn Fn(&str) -> Option<String>) -> Self {
        let mut hints = ClientHints::default();
        for header in HEADERS {
            if let Some(value) = get(header) {
                hints.set(header, &Value::String(value));
            }
        }
        hints
    }

    /// Reads hints from the `uadata` parameter. `None` when it is not a JSON object or too large.
    pub fn from_uadata_json(json: &str) -> Option<Self> {
        if json.len() > MAX_UADATA_BYTES {
            return None;
        }
        let Ok(Value::Object(fields)) = serde_json::from_str(json) else {
            return None;
        };
        let mut hints = ClientHints::default();
        for (name, value) in &fields {
            hints.set(&name.to_ascii_lowercase().replace('_', "-"), value);
        }
        Some(hints)
    }

    /// Whether there is no hint at all.
    pub fn is_empty(&self) -> bool {
        *self == ClientHints::default()
    }

    /// Takes one hint; the name is that of a header or a key of `uadata`.
    fn set(&mut self, name: &str, value: &Value) {
        let text = value.as_str().unwrap_or_default();
        if text.len() > MAX_VALUE_BYTES * 4 || has_tag(text) {
            return;
        }
        match name.strip_prefix("http-").unwrap_or(name) {
            "sec-ch-ua-arch" | "arch" | "architecture" => set_text(&mut self.architecture, text),
            "sec-ch-ua-bitness" | "bitness" => set_text(&mut self.bitness, text),
            "sec-ch-ua-mobile" | "mobile" => {
                self.mobile = *value == Value::Bool(true) || matches!(text, "1" | "?1");
            }
            "sec-ch-ua-model" | "model" => set_text(&mut self.model, text),
            "sec-ch-ua-full-version" | "uafullversion" => {
                set_text(&mut self.ua_full_version, text);
            }
            "sec-ch-ua-platform" | "platform" => set_text(&mut self.platform, text),
            "sec-ch-ua-platform-version" | "platformversion" => {
                set_text(&mut self.platform_version, text);
            }
            // The list without full versions counts only when there is no other.
            "brands" if self.brands.is_empty() => self.set_brand_items(value),
            "fullversionlist" => self.set_brand_items(value),
            "sec-ch-ua" if self.brands.is_empty() => self.set_brand_list(text),
            "sec-ch-ua-full-version-list" => self.set_brand_list(text),
            "x-requested-with" if !text.eq_ignore_ascii_case("xmlhttprequest") => {
                set_text(&mut self.app, text);
            }
            "formfactors" | "sec-ch-ua-form-factors" => self.set_form_factors(value, text),
            _ => {}
        }
    }

    fn set_brand_items(&mut self, value: &Value) {
        let Some(items) = value.as_array().filter(|items| !items.is_empty()) else {
            return;
        };
        let part = |item: &Value, key: &str| -> Option<String> {
            let text = item.get(key)?.as_str()?;
            (text.len() <= MAX_VALUE_BYTES).then(|| text.to_owned())
        };
        let brands: Option<Vec<_>> = items
            .iter()
            .take(MAX_ITEMS)
            .map(|item| Some((part(item, "brand")?, part(item, "version")?)))
            .collect();
        if let Some(brands) = brands {
            self.brands = combine(brands);
        }
    }

    /// Reads `"Brand";v="1", "Other";v="2"`, as far as it has this form.
    fn set_brand_list(&mut self, list: &str) {
        let mut rest = list;
        let mut brands = Vec::new();
        while let Some((brand, version, after)) = next_brand(rest) {
            brands.push((brand.to_owned(), version.to_owned()));
            rest = after;
            if brands.len() >= MAX_ITEMS {
                break;
            }
        }
        if !brands.is_empty() {
            self.brands = combine(brands);
        }
    }

    fn set_form_factors(&mut self, value: &Value, text: &str) {
        if let Some(items) = value.as_array() {
            let factors: Option<Vec<_>> = items
                .iter()
                .take(MAX_ITEMS)
                .map(|item| item.as_str().map(str::to_ascii_lowercase))
                .collect();
            if let Some(factors) = factors {
                self.form_factors = factors;
            }
        } else if !text.is_empty() {
            let factors: Vec<_> = text
                .to_ascii_lowercase()
                .split('"')
                .skip(1)
                .step_by(2)
                .filter(|word| {
                    !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase())
                })
                .take(MAX_ITEMS)
                .map(str::to_owned)
                .collect();
            if !factors.is_empty() {
                self.form_factors = factors;
            }
        }
    }
}

/// Takes a value without its quotation marks; "" and "0" count as not sent.
fn set_text(field: &mut String, text: &str) {
    if !text.is_empty() && text != "0" && text.len() <= MAX_VALUE_BYTES {
        *field = text.trim_matches('"').to_owned();
    }
}

/// A brand that comes twice keeps its place and takes the later version.
fn combine(brands: Vec<(String, String)>) -> Vec<(String, String)> {
    let mut combined: Vec<(String, String)> = Vec::with_capacity(brands.len());
    for (brand, version) in brands {
        match combined.iter_mut().find(|(known, _)| *known == brand) {
            Some((_, known_version)) => *known_version = version,
            None => combined.push((brand, version)),
        }
    }
    combined
}

/// The first brand and version of a list, and what follows.
fn next_brand(list: &str) -> Option<(&str, &str, &str)> {
    let (brand, rest) = list.strip_prefix('"')?.split_once('"')?;
    let rest = rest.strip_prefix(';')?;
    let rest = rest.strip_prefix(' ').unwrap_or(rest);
    let (version, rest) = rest.strip_prefix("v=\"")?.split_once('"')?;
    if brand.is_empty() || version.is_empty() {
        return None;
    }
    Some((brand, version, rest.strip_prefix(", ").unwrap_or(rest)))
}

/// Whether there is something like an HTML tag: no hint has one.
fn has_tag(text: &str) -> bool {
    text.contains('\0')
        || text
            .match_indices('<')
            .any(|(at, _)| !text[at + 1..].starts_with(|next: char| next.is_ascii_whitespace()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_headers() {
        let hints = ClientHints::from_headers(&|name| {
            let value = match name {
                "sec-ch-ua" => "\"A\";v=\"1\"",
                "sec-ch-ua-full-version-list" => {
                    "\" Not A;Brand\";v=\"99.0\", \"Chromium\"; v=\"98.1\", broken"
                }
                "sec-ch-ua-mobile" => "?1",
                "sec-ch-ua-model" => "\"Pixel 6\"",
                "sec-ch-ua-platform" => "<b>Android</b>",
                "sec-ch-ua-form-factors" => "\"Tablet\", \"XR\"",
                "x-requested-with" => "XMLHttpRequest",
                _ => return None,
            };
            Some(value.to_owned())
        });
        let brand = |name: &str, version: &str| (name.to_owned(), version.to_owned());
        assert_eq!(
            hints,
            ClientHints {
                brands: vec![brand(" Not A;Brand", "99.0"), brand("Chromium", "98.1")],
                mobile: true,
                model: "Pixel 6".to_owned(),
                form_factors: vec!["tablet".to_owned(), "xr".to_owned()],
                ..ClientHints::default()
            }
        );
    }

    #[test]
    fn reads_uadata() {
        let hints = ClientHints::from_uadata_json(
            r#"{"brands":[{"brand":"A","version":"1"}],"fullVersionList":[{"brand":"B","version":"2.1"}],
                "mobile":true,"model":"X","platform":"Android","platformVersion":"14.0.0",
                "uaFullVersion":"2.1","formFactors":["Mobile"]}"#,
        )
        .unwrap();
        assert_eq!(hints.brands, [("B".to_owned(), "2.1".to_owned())]);
        assert!(hints.mobile);
        assert_eq!(hints.platform_version, "14.0.0");
        assert_eq!(hints.form_factors, ["mobile"]);
    }

    #[test]
    fn withstands_hostile_uadata() {
        let deep = "[".repeat(10_000);
        let large = format!("{{\"model\":\"{}\"}}", "x".repeat(20_000));
        for json in ["", "null", "[]", "1", "{", &deep, &large] {
            assert_eq!(ClientHints::from_uadata_json(json), None, "{json:.20}");
        }
        for json in [
            "{}",
            r#"{"brands":"x","mobile":"yes","model":["a"],"platform":{"a":1},"formFactors":[1]}"#,
            r#"{"brands":[{"brand":1,"version":"2"}]}"#,
            r#"{"model":"<script>","platform":null}"#,
        ] {
            let hints = ClientHints::from_uadata_json(json).unwrap();
            assert!(hints.is_empty(), "{json}");
        }
    }
}
