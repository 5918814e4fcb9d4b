//! Reads the YAML of the rule files as a plain tree: order is kept and scalars stay text.

use saphyr_parser::{Event, Parser, ScanError};

/// Deeper nesting than this is refused.
const MAX_DEPTH: usize = 32;

/// A YAML value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Yaml {
    Text(String),
    List(Vec<Yaml>),
    Map(Vec<(String, Yaml)>),
}

impl Yaml {
    /// Reads the first document of a file.
    pub fn parse(source: &str) -> Result<Yaml, String> {
        let mut open: Vec<Open> = Vec::new();
        for event in Parser::new_from_str(source) {
            let (event, _) = event.map_err(|error: ScanError| error.to_string())?;
            let complete = match event {
                Event::Scalar(text, ..) => Some(Yaml::Text(text.into_owned())),
                Event::SequenceStart(..) => {
                    open.push(Open::List(Vec::new()));
                    None
                }
                Event::MappingStart(..) => {
                    open.push(Open::Map(Vec::new(), None));
                    None
                }
                Event::SequenceEnd | Event::MappingEnd => match open.pop() {
                    Some(Open::List(items)) => Some(Yaml::List(items)),
                    Some(Open::Map(entries, _)) => Some(Yaml::Map(entries)),
                    None => return Err("unexpected end of a collection".to_owned()),
                },
                Event::Alias(_) => return Err("aliases are not supported".to_owned()),
                _ => None,
            };
            if open.len() > MAX_DEPTH {
                return Err("nested too deeply".to_owned());
            }
            let Some(value) = complete else { continue };
            match open.last_mut() {
                None => return Ok(value),
                Some(Open::List(items)) => items.push(value),
                Some(Open::Map(entries, key)) => match (key.take(), value) {
                    (Some(key), value) => entries.push((key, value)),
                    (None, Yaml::Text(text)) => *key = Some(text),
                    (None, _) => return Err("a key that is not text".to_owned()),
                },
            }
        }
        Ok(Yaml::List(Vec::new()))
    }

    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&Yaml> {
        self.entries()
            .iter()
            .find(|(name, _)| name == key)
            .map(|(_, value)| value)
    }

    /// The text of a key.
    pub fn text(&self, key: &str) -> Option<&str> {
        match self.get(key) {
            Some(Yaml::Text(text)) => Some(text),
            _ => None,
        }
    }

    /// The entries of a map; nothing for other values.
    pub fn entries(&self) -> &[(String, Yaml)] {
        match self {
            Yaml::Map(entries) => entries,
            _ => &[],
        }
    }

    /// The items of a list; nothing for other values.
    pub fn items(&self) -> &[Yaml] {
        match self {
            Yaml::List(items) => items,
            _ => &[],
        }
    }

    /// The text of a scalar.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Yaml::Text(text) => Some(text),
            _ => None,
        }
    }
}

enum Open {
    List(Vec<Yaml>),
    Map(Vec<(String, Yaml)>, Option<String>),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_order_and_text() {
        let yaml = Yaml::parse("---\nz:\n  version: 7.10\na: ['x', 012]\n").unwrap();
        assert_eq!(yaml.entries()[0].0, "z");
        assert_eq!(yaml.get("z").unwrap().text("version"), Some("7.10"));
        assert_eq!(yaml.get("a").unwrap().items()[1].as_text(), Some("012"));
        assert!(Yaml::parse("a: [").is_err());
        assert!(Yaml::parse("a: &x 1\nb: *x\n").is_err());
    }
}
