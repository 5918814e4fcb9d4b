//! Reads the tables of short codes from the package's settings modules: assignments of dictionaries,
//! lists, tuples and sets of strings at the left margin. Nothing is run; everything else is skipped.

/// A value of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Literal {
    Text(String),
    List(Vec<Literal>),
    Map(Vec<(String, Literal)>),
}

impl Literal {
    /// The strings of a list.
    pub fn texts(&self) -> Vec<String> {
        match self {
            Literal::List(items) => items
                .iter()
                .filter_map(|item| match item {
                    Literal::Text(text) => Some(text.clone()),
                    _ => None,
                })
                .collect(),
            _ => Vec::new(),
        }
    }

    /// The entries of a dictionary whose values are strings.
    pub fn text_entries(&self) -> Vec<(String, String)> {
        match self {
            Literal::Map(entries) => entries
                .iter()
                .filter_map(|(key, value)| match value {
                    Literal::Text(text) => Some((key.clone(), text.clone())),
                    _ => None,
                })
                .collect(),
            _ => Vec::new(),
        }
    }

    /// The entries of a dictionary whose values are lists of strings.
    pub fn list_entries(&self) -> Vec<(String, Vec<String>)> {
        match self {
            Literal::Map(entries) => entries
                .iter()
                .map(|(key, value)| (key.clone(), value.texts()))
                .collect(),
            _ => Vec::new(),
        }
    }
}

/// Finds `NAME = <literal>` in a module.
pub fn table(source: &str, name: &str) -> Result<Literal, String> {
    let start = source
        .match_indices(name)
        .filter(|(at, _)| *at == 0 || source.as_bytes()[at - 1] == b'\n')
        .find_map(|(at, _)| {
            let rest = source[at + name.len()..].trim_start_matches(' ');
            // A type annotation may come before the sign.
            let rest = match rest.strip_prefix(':') {
                Some(annotated) => annotated.split_once('=')?.1,
                None => rest.strip_prefix('=')?,
            };
            Some(source.len() - rest.len())
        })
        .ok_or_else(|| format!("the table {name} is missing"))?;
    let mut reader = Reader {
        rest: &source[start..],
        depth: 0,
    };
    reader
        .value()
        .ok_or_else(|| format!("the table {name} has an unexpected form"))
}

struct Reader<'s> {
    rest: &'s str,
    depth: u8,
}

impl Reader<'_> {
    fn skip_blank(&mut self) {
        loop {
            self.rest = self.rest.trim_start();
            let Some(comment) = self.rest.strip_prefix('#') else {
                return;
            };
            self.rest = comment.split_once('\n').map_or("", |(_, rest)| rest);
        }
    }

    fn eat(&mut self, sign: char) -> bool {
        self.skip_blank();
        match self.rest.strip_prefix(sign) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn value(&mut self) -> Option<Literal> {
        self.depth += 1;
        if self.depth > 8 {
            return None;
        }
        self.skip_blank();
        let value = match self.rest.chars().next()? {
            '\'' | '"' => self.text().map(Literal::Text),
            '[' => self.list(']'),
            '(' => self.list(')'),
            '{' => self.braces(),
            _ => None,
        };
        self.depth -= 1;
        value
    }

    fn text(&mut self) -> Option<String> {
        self.skip_blank();
        let quote = self
            .rest
            .chars()
            .next()
            .filter(|c| matches!(c, '\'' | '"'))?;
        let mut text = String::new();
        let mut chars = self.rest.char_indices().skip(1);
        while let Some((at, character)) = chars.next() {
            match character {
                '\\' => text.push(chars.next()?.1),
                '\n' => return None,
                character if character == quote => {
                    self.rest = &self.rest[at + 1..];
                    return Some(text);
                }
                character => text.push(character),
            }
        }
        None
    }

    fn list(&mut self, close: char) -> Option<Literal> {
        self.rest = &self.rest[1..];
        let mut items = Vec::new();
        while !self.eat(close) {
            items.push(self.value()?);
            if !self.eat(',') {
                return self.eat(close).then_some(Literal::List(items));
            }
        }
        Some(Literal::List(items))
    }

    /// A dictionary or a set.
    fn braces(&mut self) -> Option<Literal> {
        self.rest = &self.rest[1..];
        let mut entries = Vec::new();
        let mut items = Vec::new();
        while !self.eat('}') {
            let key = self.text()?;
            if self.eat(':') {
                entries.push((key, self.value()?));
            } else {
                items.push(Literal::Text(key));
            }
            if !self.eat(',') {
                if !self.eat('}') {
                    return None;
                }
                break;
            }
        }
        Some(if items.is_empty() {
            Literal::Map(entries)
        } else {
            Literal::List(items)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: &str = "# A = {'no': 1}\nA_B = {'x': 'y'}\nA: dict[str, str] = {\n  'a': 'it\\'s', # note\n  \"b\": ('c', 'd',),\n}\nS = {'x', 'y'}\nBAD = call()\n";

    #[test]
    fn reads_tables() {
        let table_a = table(SOURCE, "A").unwrap();
        assert_eq!(
            table_a.text_entries(),
            [("a".to_owned(), "it's".to_owned())]
        );
        assert_eq!(table_a.list_entries()[1].1, ["c", "d"]);
        assert_eq!(table(SOURCE, "S").unwrap().texts(), ["x", "y"]);
        assert!(table(SOURCE, "BAD").is_err());
        assert!(table(SOURCE, "MISSING").is_err());
    }
}
