//! Conditions on parameters by which a hit is dropped: `e_c==Media,action_name=^Test`.

use serde_json::Value;

use super::setting::{FromSetting, words};
use crate::parse::HitParams;

/// Conditions of which one is enough.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RequestRules(Vec<Condition>);

#[derive(Clone, Debug, PartialEq)]
struct Condition {
    parameter: String,
    operator: Operator,
    /// In lower case.
    value: String,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Operator {
    Equals,
    Differs,
    Contains,
    Lacks,
    StartsWith,
    EndsWith,
}

const OPERATORS: &[(&str, Operator)] = &[
    ("==", Operator::Equals),
    ("!=", Operator::Differs),
    ("=@", Operator::Contains),
    ("!@", Operator::Lacks),
    ("=^", Operator::StartsWith),
    ("=$", Operator::EndsWith),
];

impl RequestRules {
    /// Reads a list of conditions with commas between them; what is no condition is left out.
    pub fn parse(text: &str) -> RequestRules {
        RequestRules(
            words(text)
                .iter()
                .filter_map(|word| Condition::parse(word))
                .collect(),
        )
    }

    /// Whether one of the conditions holds.
    pub fn matches(&self, params: &HitParams) -> bool {
        self.0.iter().any(|condition| condition.holds(params))
    }
}

impl FromSetting for RequestRules {
    fn from_setting(value: &Value) -> Option<RequestRules> {
        value.as_str().map(RequestRules::parse)
    }
}

impl Condition {
    fn parse(text: &str) -> Option<Condition> {
        let (at, sign, operator) = OPERATORS
            .iter()
            .filter_map(|(sign, operator)| Some((text.find(sign)?, *sign, *operator)))
            .min_by_key(|(at, _, _)| *at)?;
        let parameter = text[..at].trim();
        (!parameter.is_empty()).then(|| Condition {
            parameter: parameter.to_owned(),
            operator,
            value: text[at + sign.len()..].trim().to_lowercase(),
        })
    }

    fn holds(&self, params: &HitParams) -> bool {
        let sent = params
            .text(&self.parameter)
            .unwrap_or_default()
            .to_lowercase();
        match self.operator {
            Operator::Equals => sent == self.value,
            Operator::Differs => sent != self.value,
            Operator::Contains => sent.contains(&self.value),
            Operator::Lacks => !sent.contains(&self.value),
            Operator::StartsWith => sent.starts_with(&self.value),
            Operator::EndsWith => sent.ends_with(&self.value),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::url::ParamMap;

    #[test]
    fn conditions_compare_without_case() {
        let params = HitParams::new(ParamMap::parse("e_c=Media&action_name=Test+page"));
        for (rules, expected) in [
            ("", false),
            ("e_c==media", true),
            ("e_c==video", false),
            ("e_c!=media", false),
            ("action_name=^test", true),
            ("action_name=$PAGE", true),
            ("action_name=@t p", true),
            ("action_name!@t p", false),
            ("nothing==x, e_c=@edi", true),
            ("nonsense", false),
            ("==x", false),
        ] {
            assert_eq!(
                RequestRules::parse(rules).matches(&params),
                expected,
                "{rules}"
            );
        }
    }
}
