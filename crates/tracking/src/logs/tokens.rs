//! Cutting a line into fields: plain ones, `[bracketed]` ones and `"quoted"` ones.

/// What stood around a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Around {
    Nothing,
    Brackets,
    Quotes,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) around: Around,
    pub(super) text: String,
}

/// No format has more fields.
const MAX_TOKENS: usize = 64;

/// Cuts at spaces and tabs. In quotes a backslash makes the next character an ordinary one.
pub(super) fn tokens(line: &str) -> Vec<Token> {
    let mut found = Vec::new();
    let mut rest = line.trim();
    while !rest.is_empty() && found.len() < MAX_TOKENS {
        let (token, after) = next_token(rest);
        found.push(token);
        rest = after.trim_start();
    }
    found
}

fn next_token(text: &str) -> (Token, &str) {
    if let Some(inside) = text.strip_prefix('"') {
        let (text, after) = quoted(inside);
        return (
            Token {
                around: Around::Quotes,
                text,
            },
            after,
        );
    }
    if let Some(inside) = text.strip_prefix('[')
        && let Some((inside, after)) = inside.split_once(']')
    {
        return (
            Token {
                around: Around::Brackets,
                text: inside.to_owned(),
            },
            after,
        );
    }
    let end = text.find([' ', '\t']).unwrap_or(text.len());
    let (plain, after) = text.split_at(end);
    (
        Token {
            around: Around::Nothing,
            text: plain.to_owned(),
        },
        after,
    )
}

/// The text up to the closing quote, and what follows it. A quote that is never closed ends with the line.
fn quoted(text: &str) -> (String, &str) {
    let mut plain = String::new();
    let mut characters = text.char_indices();
    while let Some((position, character)) = characters.next() {
        match character {
            '"' => return (plain, &text[position + 1..]),
            '\\' => match characters.next() {
                Some((_, escaped @ ('"' | '\\'))) => plain.push(escaped),
                // `\x22` and the like: kept as they are, the request was not a normal one.
                Some((_, other)) => plain.extend(['\\', other]),
                None => plain.push('\\'),
            },
            other => plain.push(other),
        }
    }
    (plain, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_of_a_line() {
        let line = r#"a [b c] "d \"e\" \\ \x16 f" g"h [i "j"#;
        let found: Vec<(Around, String)> = tokens(line)
            .into_iter()
            .map(|token| (token.around, token.text))
            .collect();
        let expected = [
            (Around::Nothing, "a"),
            (Around::Brackets, "b c"),
            (Around::Quotes, r#"d "e" \ \x16 f"#),
            (Around::Nothing, "g\"h"),
            (Around::Nothing, "[i"),
            (Around::Quotes, "j"),
        ];
        assert_eq!(
            found,
            expected.map(|(around, text)| (around, text.to_owned()))
        );
        assert!(tokens("").is_empty());
    }
}
