//! Many hits in one JSON body.

use serde_json::Value;

use super::params::{HitParams, Token};
use super::{MAX_BULK_HITS, MAX_HIT_BYTES, json_within_limits};
use crate::url::{ParamMap, ParamValue};
use catalog::params::{self, Reading};

/// A bulk request, its hits in the order of sending.
#[derive(Clone, Debug, PartialEq)]
pub struct Bulk {
    pub hits: Vec<BulkEntry>,
    /// The token of the whole request; a hit's own counts where there is none.
    pub token: Option<Token>,
    /// False: answered by an empty body with status 204.
    pub send_image: bool,
}

/// One entry of a bulk request.
#[derive(Clone, Debug, PartialEq)]
pub enum BulkEntry {
    Hit(HitParams),
    /// Counted as invalid; it does not stop the others.
    Invalid(BulkError),
}

/// Why a request, or one entry of it, cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BulkError {
    #[error("the body is not valid JSON, or nests too deep")]
    NoJson,
    #[error("there is no list of requests in the body")]
    NoRequests,
    #[error("there are more than {MAX_BULK_HITS} requests in the body")]
    TooMany,
    #[error("a request is longer than {MAX_HIT_BYTES} bytes")]
    HitTooLong,
    #[error("a request is neither a query string nor an object")]
    NoHit,
}

impl BulkError {
    /// The HTTP status of a request that cannot be read at all.
    pub fn status(self) -> u16 {
        match self {
            BulkError::TooMany | BulkError::HitTooLong => 413,
            BulkError::NoJson | BulkError::NoRequests | BulkError::NoHit => 400,
        }
    }
}

/// A body is a bulk request where it names `"requests"` anywhere but at its very start.
pub fn looks_like_bulk(body: &[u8]) -> bool {
    contains_after_start(body, b"\"requests\"") || contains_after_start(body, b"'requests'")
}

fn contains_after_start(body: &[u8], word: &[u8]) -> bool {
    body.windows(word.len())
        .skip(1)
        .any(|window| window == word)
}

/// Reads the body; `query` may hold the token.
pub fn parse(body: &[u8], query: &HitParams) -> Result<Bulk, BulkError> {
    if !json_within_limits(body) {
        return Err(BulkError::NoJson);
    }
    // A tracker of another character set must not lose the whole bulk.
    let text = String::from_utf8_lossy(body);
    let json: Value = serde_json::from_str(text.trim()).map_err(|_| BulkError::NoJson)?;
    let requests = match json.get("requests") {
        Some(Value::Array(requests)) if !requests.is_empty() => requests,
        _ => return Err(BulkError::NoRequests),
    };
    if requests.len() > MAX_BULK_HITS {
        return Err(BulkError::TooMany);
    }
    let token = json
        .get("token_auth")
        .and_then(Value::as_str)
        .and_then(Token::new);
    Ok(Bulk {
        hits: requests.iter().map(entry).collect(),
        token: token.or_else(|| query.token().cloned()),
        send_image: sends_image(&json, query),
    })
}

fn sends_image(json: &Value, query: &HitParams) -> bool {
    match json.get("send_image") {
        None => query.text("send_image") != Some("0"),
        Some(Value::Bool(yes)) => *yes,
        Some(Value::Number(number)) => number.as_f64() != Some(0.0),
        Some(Value::String(text)) => super::is_true(text),
        Some(Value::Null) => false,
        Some(_) => true,
    }
}

fn entry(request: &Value) -> BulkEntry {
    let hit = match request {
        Value::String(text) if text.len() > MAX_HIT_BYTES => Err(BulkError::HitTooLong),
        Value::String(text) => Ok(HitParams::new(ParamMap::parse(query_of(text)))),
        Value::Object(fields) => object(fields),
        _ => Err(BulkError::NoHit),
    };
    match hit {
        Ok(hit) => BulkEntry::Hit(hit),
        Err(reason) => BulkEntry::Invalid(reason),
    }
}

/// What stands between the first question mark and the fragment.
fn query_of(text: &str) -> &str {
    let query = text.split_once('?').map_or("", |(_, query)| query);
    query.split_once('#').map_or(query, |(query, _)| query)
}

fn object(fields: &serde_json::Map<String, Value>) -> Result<HitParams, BulkError> {
    let mut map = ParamMap::default();
    let mut bytes = 0usize;
    for (name, value) in fields {
        let Some(value) = param_value(name, value) else {
            continue;
        };
        bytes = bytes
            .saturating_add(name.len())
            .saturating_add(length(&value));
        if bytes > MAX_HIT_BYTES {
            return Err(BulkError::HitTooLong);
        }
        map.insert(name.clone(), value);
    }
    Ok(HitParams::new(map))
}

fn length(value: &ParamValue) -> usize {
    match value {
        ParamValue::Text(text) => text.len(),
        ParamValue::Map(map) => map
            .iter()
            .map(|(key, inner)| key.len() + length(inner))
            .sum(),
    }
}

/// Lists and objects are JSON where the parameter is read as JSON, else a list of texts.
fn param_value(name: &str, value: &Value) -> Option<ParamValue> {
    let is_json =
        params::find(name).is_some_and(|param| param.reading == Reading::Json) || name == "_pkc";
    match value {
        Value::Array(_) | Value::Object(_) if is_json => Some(ParamValue::Text(value.to_string())),
        Value::Array(items) => Some(ParamValue::Map(map_of(
            items
                .iter()
                .enumerate()
                .map(|(at, item)| (at.to_string(), item)),
        ))),
        Value::Object(fields) => Some(ParamValue::Map(map_of(
            fields.iter().map(|(key, item)| (key.clone(), item)),
        ))),
        scalar => scalar_text(scalar).map(ParamValue::Text),
    }
}

fn map_of<'a>(items: impl Iterator<Item = (String, &'a Value)>) -> ParamMap {
    let mut map = ParamMap::default();
    for (key, item) in items.take(1_000) {
        if let Some(text) = scalar_text(item) {
            map.insert(key, ParamValue::Text(text));
        }
    }
    map
}

fn scalar_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(yes) => Some(if *yes { "1" } else { "0" }.to_owned()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse_text(body: &str) -> Result<Bulk, BulkError> {
        assert!(looks_like_bulk(body.as_bytes()), "{body}");
        parse(body.as_bytes(), &HitParams::default())
    }

    #[test]
    fn entries_are_queries_addresses_or_objects() {
        let body = r#"{"requests":["?idsite=1&url=http%3A%2F%2Fh%2F%3Fa","https://m/matomo.php?idsite=2#x",
            {"idsite":3,"rec":true,"cvar":{"1":["a","b"]},"search":["k","l"]},7,"idsite=5"],
            "token_auth":"t","send_image":0}"#;
        let bulk = parse_text(body).expect("a bulk request");
        let sites: Vec<Option<i64>> = bulk
            .hits
            .iter()
            .map(|entry| match entry {
                BulkEntry::Hit(hit) => hit.integer("idsite"),
                BulkEntry::Invalid(_) => Some(-1),
            })
            .collect();
        assert_eq!(sites, [Some(1), Some(2), Some(3), Some(-1), None]);
        assert!(!bulk.send_image);
        assert_eq!(bulk.token.as_ref().map(Token::expose), Some("t"));
        let BulkEntry::Hit(hit) = &bulk.hits[2] else {
            panic!("an object is a hit");
        };
        assert!(hit.flag("rec"));
        assert_eq!(hit.first("search"), Some("k"));
        assert!(hit.json("cvar").is_some());
    }

    #[test]
    fn what_cannot_be_read_says_why() {
        for (body, reason) in [
            (r#"{"requests":[]}"#, BulkError::NoRequests),
            (r#"{"requests":"x"}"#, BulkError::NoRequests),
            (r#"{'requests':[]}"#, BulkError::NoJson),
            (r#"{"requests":["#, BulkError::NoJson),
        ] {
            assert_eq!(parse_text(body), Err(reason), "{body}");
        }
        let many = format!(r#"{{"requests":[{}"?"]}}"#, r#""?","#.repeat(MAX_BULK_HITS));
        assert_eq!(parse_text(&many), Err(BulkError::TooMany));
        assert!(!looks_like_bulk(b"\"requests\""));
    }
}
