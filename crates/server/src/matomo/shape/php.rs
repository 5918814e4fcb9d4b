//! How PHP rounds, prints, compares and recognises numbers. Matomo's clients see these rules in its
//! answers, so they are part of the public interface.

use std::borrow::Cow;
use std::cmp::Ordering;

use model::Value;

/// Digits of a number turned into text, PHP's `precision`.
const TEXT_DIGITS: usize = 14;

/// Rounds half away from zero at a number of decimals, after dropping the noise beyond the fifteenth
/// significant digit, so that 1.005 becomes 1.01.
pub fn round(number: f64, decimals: u32) -> f64 {
    if !number.is_finite() || number == 0.0 {
        return number;
    }
    let (digits, exponent) = significant(number.abs(), 15);
    let dropped = 14 - exponent - decimals as i32;
    if dropped <= 0 {
        return number;
    }
    if dropped > 16 {
        return 0.0;
    }
    let unit = 10u64.pow(dropped as u32);
    let kept = (digits + unit / 2) / unit;
    let rounded = kept as f64 / 10f64.powi(decimals as i32);
    rounded.copysign(number)
}

/// The first digits of a positive number as an integer, and its decimal exponent.
fn significant(number: f64, count: usize) -> (u64, i32) {
    let text = format!("{:.*e}", count - 1, number);
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    (digits.parse().unwrap_or(0), exponent.parse().unwrap_or(0))
}

/// A number as PHP turns it into text: at most 14 significant digits.
pub fn float_text(number: f64) -> String {
    if let Some(word) = not_finite(number) {
        return word.to_owned();
    }
    if number == 0.0 {
        return if number.is_sign_negative() { "-0" } else { "0" }.to_owned();
    }
    let (digits, exponent) = significant(number.abs(), TEXT_DIGITS);
    let digits = format!("{digits:0TEXT_DIGITS$}");
    laid_out(number < 0.0, &digits, exponent, TEXT_DIGITS as i32, 'E')
}

/// A number as PHP's JSON writes it: the shortest digits that read back as the same number.
pub fn float_json(number: f64) -> String {
    if number == 0.0 || !number.is_finite() {
        return if number.is_sign_negative() && number == 0.0 {
            "-0.0".to_owned()
        } else {
            "0".to_owned()
        };
    }
    let text = format!("{:e}", number.abs());
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    laid_out(
        number < 0.0,
        &digits,
        exponent.parse().unwrap_or(0),
        17,
        'e',
    )
}

fn not_finite(number: f64) -> Option<&'static str> {
    if number.is_nan() {
        Some("NAN")
    } else if number.is_infinite() {
        Some(if number > 0.0 { "INF" } else { "-INF" })
    } else {
        None
    }
}

/// Writes digits (without leading zeros) that stand for `d.ddd × 10^exponent`.
fn laid_out(negative: bool, digits: &str, exponent: i32, most: i32, letter: char) -> String {
    let digits = digits.trim_end_matches('0');
    let digits = if digits.is_empty() { "0" } else { digits };
    let mut text = String::from(if negative { "-" } else { "" });
    if exponent < -4 || exponent >= most {
        text.push_str(&digits[..1]);
        text.push('.');
        text.push_str(if digits.len() > 1 { &digits[1..] } else { "0" });
        text.push(letter);
        text.push(if exponent < 0 { '-' } else { '+' });
        text.push_str(&exponent.abs().to_string());
    } else if exponent < 0 {
        text.push_str("0.");
        text.extend(std::iter::repeat_n('0', (-exponent - 1) as usize));
        text.push_str(digits);
    } else {
        let whole = exponent as usize + 1;
        if digits.len() <= whole {
            text.push_str(digits);
            text.extend(std::iter::repeat_n('0', whole - digits.len()));
        } else {
            text.push_str(&digits[..whole]);
            text.push('.');
            text.push_str(&digits[whole..]);
        }
    }
    text
}

/// A value as PHP casts it to text. Lists and maps have no text of their own.
pub fn text(value: &Value) -> Cow<'_, str> {
    match value {
        Value::Null | Value::Bool(false) => Cow::Borrowed(""),
        Value::Bool(true) => Cow::Borrowed("1"),
        Value::Int(number) => Cow::Owned(number.to_string()),
        Value::Float(number) => Cow::Owned(float_text(*number)),
        Value::Text(text) => Cow::Borrowed(text),
        Value::List(_) | Value::Map(_) | Value::Table(_) | Value::Answer(_) => {
            Cow::Borrowed("Array")
        }
    }
}

/// Whether a text is a number to PHP: a decimal number with optional sign and exponent, and white
/// space around it.
pub fn is_numeric(text: &str) -> bool {
    let blank = |c: char| matches!(c, ' ' | '\t' | '\n' | '\r' | '\x0b' | '\x0c');
    let text = text.trim_matches(blank);
    let text = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (mantissa, exponent) = match text.find(['e', 'E']) {
        Some(at) => (&text[..at], Some(&text[at + 1..])),
        None => (text, None),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.len() + fraction.len() == 0 || !digits(whole) || !digits(fraction) {
        return false;
    }
    exponent.is_none_or(|exponent| {
        let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
        !exponent.is_empty() && digits(exponent)
    })
}

/// Whether a value counts as a number.
pub fn is_numeric_value(value: &Value) -> bool {
    match value {
        Value::Int(_) | Value::Float(_) => true,
        Value::Text(text) => is_numeric(text),
        _ => false,
    }
}

/// The number in a text: the whole of it, exponent included, or its numeric prefix, or 0.
pub fn number(text: &str) -> f64 {
    let text = text.trim();
    if is_numeric(text) {
        text.parse().unwrap_or(0.0)
    } else {
        Value::from(text).number()
    }
}

/// A sum or quotient as PHP would hold it: an integer where nothing is lost.
pub fn whole_or_float(number: f64) -> Value {
    if number.fract() == 0.0 && number.abs() < 9.0e15 {
        Value::Int(number as i64)
    } else {
        Value::Float(number)
    }
}

/// Whether PHP takes a value for "nothing": null, false, 0, "", "0" or no items.
pub fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(yes) => !yes,
        Value::Int(number) => *number == 0,
        Value::Float(number) => *number == 0.0,
        Value::Text(text) => text.is_empty() || text == "0",
        Value::List(items) => items.is_empty(),
        Value::Map(fields) => fields.is_empty(),
        Value::Table(_) | Value::Answer(_) => false,
    }
}

/// Natural order of two texts without regard to case: digits inside compare by their value.
pub fn natural_compare(left: &str, right: &str) -> Ordering {
    let (a, b) = (left.as_bytes(), right.as_bytes());
    if a.is_empty() || b.is_empty() {
        return a.len().cmp(&b.len());
    }
    let mut i = past_leading_zeros(a);
    let mut j = past_leading_zeros(b);
    loop {
        i = past_spaces(a, i);
        j = past_spaces(b, j);
        let (x, y) = (at(a, i), at(b, j));
        if x.is_ascii_digit() && y.is_ascii_digit() {
            let fraction = x == b'0' || y == b'0';
            let order = compare_digits(a, &mut i, b, &mut j, fraction);
            if order != Ordering::Equal {
                return order;
            }
            if i >= a.len() || j >= b.len() {
                return (i < a.len()).cmp(&(j < b.len()));
            }
        }
        let order = at(a, i)
            .to_ascii_uppercase()
            .cmp(&at(b, j).to_ascii_uppercase());
        if order != Ordering::Equal {
            return order;
        }
        i += 1;
        j += 1;
        if i >= a.len() || j >= b.len() {
            return (i < a.len()).cmp(&(j < b.len()));
        }
    }
}

fn at(text: &[u8], at: usize) -> u8 {
    text.get(at).copied().unwrap_or(0)
}

fn past_leading_zeros(text: &[u8]) -> usize {
    let mut from = 0;
    while at(text, from) == b'0' && at(text, from + 1).is_ascii_digit() {
        from += 1;
    }
    from
}

fn past_spaces(text: &[u8], mut from: usize) -> usize {
    while matches!(at(text, from), b' ' | b'\t'..=b'\r') {
        from += 1;
    }
    from
}

/// Compares two runs of digits: as a fraction from the left, else the longer run is the greater.
fn compare_digits(a: &[u8], i: &mut usize, b: &[u8], j: &mut usize, fraction: bool) -> Ordering {
    let mut first_difference = Ordering::Equal;
    loop {
        let (x, y) = (at(a, *i), at(b, *j));
        match (x.is_ascii_digit(), y.is_ascii_digit()) {
            (false, false) => return first_difference,
            (false, true) => return Ordering::Less,
            (true, false) => return Ordering::Greater,
            (true, true) => {}
        }
        if first_difference == Ordering::Equal {
            first_difference = x.cmp(&y);
            if fraction && first_difference != Ordering::Equal {
                return first_difference;
            }
        }
        *i += 1;
        *j += 1;
    }
}

/// PHP's loose comparison of two values of the kinds that stand in rows.
pub fn compare(left: &Value, right: &Value) -> Ordering {
    match (left, right) {
        (Value::Text(a), Value::Text(b)) => {
            if is_numeric(a) && is_numeric(b) {
                by_number(number(a), number(b))
            } else {
                a.as_bytes().cmp(b.as_bytes())
            }
        }
        (Value::List(a), Value::List(b)) => compare_lists(a.iter(), b.iter()),
        (Value::Map(a), Value::Map(b)) => a
            .len()
            .cmp(&b.len())
            .then_with(|| compare_lists(a.iter().map(|(_, v)| v), b.iter().map(|(_, v)| v))),
        (Value::List(_) | Value::Map(_), _) => Ordering::Greater,
        (_, Value::List(_) | Value::Map(_)) => Ordering::Less,
        _ => by_number(left.number(), right.number()),
    }
}

fn compare_lists<'a>(
    a: impl ExactSizeIterator<Item = &'a Value>,
    b: impl ExactSizeIterator<Item = &'a Value>,
) -> Ordering {
    a.len().cmp(&b.len()).then_with(|| {
        a.zip(b)
            .map(|(x, y)| compare(x, y))
            .find(|order| *order != Ordering::Equal)
            .unwrap_or(Ordering::Equal)
    })
}

/// Orders numbers; what is no number at all is equal to everything.
pub fn by_number(left: f64, right: f64) -> Ordering {
    left.partial_cmp(&right).unwrap_or(Ordering::Equal)
}

/// A stable sort that accepts any comparison: PHP's orders of texts are not always transitive, and
/// the standard library's sort may panic on such.
pub fn stable_sort<T>(items: Vec<T>, compare: &dyn Fn(&T, &T) -> Ordering) -> Vec<T> {
    if items.len() < 2 {
        return items;
    }
    let mut left = items;
    let right = left.split_off(left.len() / 2);
    let left = stable_sort(left, compare);
    let right = stable_sort(right, compare);
    let mut merged = Vec::with_capacity(left.len() + right.len());
    let mut left = left.into_iter().peekable();
    let mut right = right.into_iter().peekable();
    while let (Some(a), Some(b)) = (left.peek(), right.peek()) {
        let next = if compare(b, a) == Ordering::Less {
            right.next()
        } else {
            left.next()
        };
        merged.extend(next);
    }
    merged.extend(left);
    merged.extend(right);
    merged
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounding_ignores_binary_noise() {
        for (number, decimals, rounded) in [
            (1.005, 2, 1.01),
            (-1.005, 2, -1.01),
            (2.5, 0, 3.0),
            (-2.5, 0, -3.0),
            (0.49999, 0, 0.0),
            (1234567.891, 1, 1234567.9),
            (0.285, 2, 0.29),
            (5e-12, 4, 0.0),
            (1.0 / 3.0, 4, 0.3333),
            (9.995, 2, 10.0),
        ] {
            assert_eq!(round(number, decimals), rounded, "{number}");
        }
    }

    #[test]
    fn numbers_print_as_php_prints_them() {
        for (number, text, json) in [
            (0.1 + 0.2, "0.3", "0.30000000000000004"),
            (137.95999999999998, "137.96", "137.95999999999998"),
            (3.0, "3", "3"),
            (-2.5, "-2.5", "-2.5"),
            (1e25, "1.0E+25", "1.0e+25"),
            (
                123456789012345678.0,
                "1.2345678901235E+17",
                "1.2345678901234568e+17",
            ),
            (0.0001, "0.0001", "0.0001"),
            (0.00001, "1.0E-5", "1.0e-5"),
            (100000.0, "100000", "100000"),
        ] {
            assert_eq!(float_text(number), text);
            assert_eq!(float_json(number), json);
        }
    }

    #[test]
    fn natural_order_reads_numbers_inside() {
        use Ordering::*;
        for (left, right, order) in [
            ("img12", "img10", Greater),
            ("IMG2", "img10", Less),
            ("a", "A", Equal),
            ("1.010", "1.001", Greater),
            ("007", "7", Equal),
            ("abc", "abcd", Less),
            ("x 9", "x  10", Less),
            ("", "a", Less),
            ("", "", Equal),
        ] {
            assert_eq!(natural_compare(left, right), order, "{left} {right}");
            assert_eq!(natural_compare(right, left), order.reverse());
        }
    }

    #[test]
    fn numeric_texts() {
        for text in ["1", "-1.5", ".5", "5.", "1e3", " 7 ", "+2", "1.5E-7"] {
            assert!(is_numeric(text), "{text:?}");
        }
        for text in ["", ".", "1x", "e3", "1e", "0x1A", "--1", "42%"] {
            assert!(!is_numeric(text), "{text:?}");
        }
    }

    #[test]
    fn sorting_keeps_equal_items_in_place() {
        let items = vec![(2, 'a'), (1, 'b'), (2, 'c'), (1, 'd'), (0, 'e')];
        let sorted = stable_sort(items, &|a, b| a.0.cmp(&b.0));
        let letters: String = sorted.iter().map(|(_, letter)| *letter).collect();
        assert_eq!(letters, "ebdac");
    }
}
