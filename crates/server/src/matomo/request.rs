//! The parameters of a call: query string and form body merged, the query string first.

use tracking::url::{ParamMap, ParamValue};

#[derive(Clone, Debug, Default)]
pub struct ApiRequest {
    map: ParamMap,
    /// The query string as sent: the only source of a parameter that is encoded twice.
    pub raw_query: String,
    /// Whether the token came in the address.
    pub token_in_query: bool,
    /// Whether it came by POST.
    pub is_post: bool,
}

impl ApiRequest {
    pub fn parse(query: &str, body: &[u8]) -> ApiRequest {
        let mut map = ParamMap::parse(query);
        let token_in_query = map.text("token_auth").is_some();
        map.add_missing(ParamMap::parse_bytes(body));
        ApiRequest {
            map,
            raw_query: query.to_owned(),
            token_in_query,
            is_post: false,
        }
    }

    pub fn map(&self) -> &ParamMap {
        &self.map
    }

    pub fn text(&self, name: &str) -> Option<&str> {
        self.map.text(name)
    }

    /// The text, where there is one that is not empty.
    pub fn filled(&self, name: &str) -> Option<&str> {
        self.map.non_empty(name)
    }

    pub fn has(&self, name: &str) -> bool {
        self.map.get(name).is_some()
    }

    /// `1`, `true`, anything PHP takes for true.
    pub fn flag(&self, name: &str) -> bool {
        self.flag_or(name, false)
    }

    pub fn flag_or(&self, name: &str, default: bool) -> bool {
        match self.map.get(name) {
            None => default,
            Some(ParamValue::Text(text)) => !matches!(text.as_str(), "" | "0" | "false" | "off"),
            Some(ParamValue::Map(map)) => !map.is_empty(),
        }
    }

    pub fn integer(&self, name: &str) -> Option<i64> {
        self.text(name)?.trim().parse().ok()
    }

    /// An array parameter, or a list with commas.
    pub fn list(&self, name: &str) -> Vec<String> {
        match self.map.get(name) {
            Some(ParamValue::Map(map)) => texts_of(map),
            Some(ParamValue::Text(text)) if !text.is_empty() => {
                text.split(',').map(|part| part.trim().to_owned()).collect()
            }
            _ => Vec::new(),
        }
    }

    /// An array parameter, or a list with commas, with the spaces around them.
    pub fn list_untrimmed(&self, name: &str) -> Vec<String> {
        match self.map.get(name) {
            Some(ParamValue::Text(text)) if !text.is_empty() => {
                text.split(',').map(str::to_owned).collect()
            }
            _ => self.list(name),
        }
    }

    /// An array parameter as it is; a single text is a list of one.
    pub fn array(&self, name: &str) -> Vec<String> {
        match self.map.get(name) {
            Some(ParamValue::Map(map)) => texts_of(map),
            Some(ParamValue::Text(text)) if !text.is_empty() => vec![text.clone()],
            _ => Vec::new(),
        }
    }

    /// The filters that every report understands.
    pub fn generic(&self) -> super::params::Generic {
        super::params::Generic::of(self)
    }

    /// The call of an address inside this one: its parameters, then those of this call but for some.
    pub fn within(&self, query: &str, without: &[&str]) -> ApiRequest {
        let mut map = ParamMap::parse(query);
        let own_segment = map.get("segment").is_some();
        let own_token = map.get("token_auth").is_some();
        for (name, value) in self.map.iter() {
            if map.get(name).is_none() && !without.contains(&name) {
                map.insert(name.to_owned(), value.clone());
            }
        }
        let in_address = self.raw_query.contains("urls");
        ApiRequest {
            map,
            raw_query: match own_segment {
                true => query.to_owned(),
                false => self.raw_query.clone(),
            },
            token_in_query: match own_token {
                true => in_address,
                false => self.token_in_query,
            },
            is_post: self.is_post,
        }
    }

    /// This call for another span and segment, alone: nothing is compared again.
    pub fn asking(&self, period: &str, date: &str, segment: &str) -> ApiRequest {
        let mut asked = self.clone().with("period", period).with("date", date);
        asked = asked.with("compare", "0").with("segment", segment);
        asked.raw_query = format!("segment={segment}");
        asked
    }

    /// With a list in place of whatever stands there.
    pub fn with_list(mut self, name: &str, values: &[String]) -> ApiRequest {
        let mut list = ParamMap::default();
        for (at, value) in values.iter().enumerate() {
            list.insert_text(&at.to_string(), value.as_str());
        }
        self.map.insert(name.to_owned(), ParamValue::Map(list));
        self
    }

    pub fn with(mut self, name: &str, value: &str) -> ApiRequest {
        self.map.insert_text(name, value);
        self
    }
}

fn texts_of(map: &ParamMap) -> Vec<String> {
    let text = |value: &ParamValue| match value {
        ParamValue::Text(text) => Some(text.clone()),
        ParamValue::Map(_) => None,
    };
    map.iter().filter_map(|(_, value)| text(value)).collect()
}
