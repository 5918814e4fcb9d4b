//! The version of a browser's engine, which the user agent states after the engine's name.

use super::subject::Subject;

/// Longest number that stands for a version when it has no point in it.
const MAX_PLAIN_DIGITS: usize = 7;

/// Finds the first "Engine/1.2" and gives the number.
pub fn version<'t>(engine: &str, subject: &Subject<'t>) -> &'t str {
    let own = engine.to_ascii_lowercase();
    let tokens: &[&str] = match engine {
        "" => return "",
        "Blink" => &["chrome", "chr0me", "chromium", "cronet"],
        "Arachne" => &["arachne/5."],
        "LibWeb" => &["libweb+libjs"],
        _ => &[own.as_str()],
    };
    let lower = subject.lower();
    (0..lower.len())
        .filter_map(|start| {
            let token = tokens
                .iter()
                .find(|token| lower[start..].starts_with(token.as_bytes()))?;
            number_after(lower, start + token.len())
        })
        .find_map(|(start, end)| subject.text().get(start..end))
        .unwrap_or_default()
}

/// The version number that follows after at most one slash or underscore.
fn number_after(text: &[u8], start: usize) -> Option<(usize, usize)> {
    let skip_space = |at: usize| {
        let blanks = text[at..].iter().take_while(|byte| is_space(**byte));
        at + blanks.count()
    };
    let mut at = skip_space(start);
    if matches!(text.get(at), Some(b'/' | b'_')) {
        at = skip_space(at + 1);
    }
    let digits = count(&text[at..], |byte| byte.is_ascii_digit());
    if digits == 0 {
        return None;
    }
    let has_point = text.get(at + digits) == Some(&b'.')
        && text.get(at + digits + 1).is_some_and(u8::is_ascii_digit);
    if has_point {
        let length = count(&text[at..], |byte| byte.is_ascii_digit() || byte == b'.');
        return Some((at, at + length));
    }
    (digits <= MAX_PLAIN_DIGITS).then_some((at, at + digits))
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | 9..=13)
}

fn count(text: &[u8], accept: impl Fn(u8) -> bool) -> usize {
    text.iter().take_while(|byte| accept(**byte)).count()
}

#[cfg(test)]
mod tests {
    use super::super::candidates::Candidates;
    use super::*;

    #[test]
    fn finds_the_number() {
        for (engine, text, expected) in [
            ("Blink", "x Chrome/98.0.1 y", "98.0.1"),
            ("Blink", "Chromium Cronet/5.1", "5.1"),
            ("WebKit", "AppleWebKit/605.1.15 (KHTML)", "605.1.15"),
            ("Gecko", "Gecko/20100101", ""),
            ("Presto", "Presto 2", "2"),
            ("Presto", "Presto / 2.1.", "2.1."),
            ("Presto", "Presto/x Presto/3.0", "3.0"),
            ("", "Presto/2", ""),
        ] {
            let subject = Subject::new(text, &Candidates::default());
            assert_eq!(version(engine, &subject), expected, "{text}");
        }
    }
}
