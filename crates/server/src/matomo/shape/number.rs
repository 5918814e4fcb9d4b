//! Numbers for people: percentages, money, durations, sizes, growth.

use super::php;

/// How a language writes numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NumberFormat {
    pub decimal: &'static str,
    pub group: &'static str,
    /// What follows the number of a percentage.
    pub percent: &'static str,
    /// Whether the sign of a currency precedes the number, and what stands between them.
    pub currency_first: bool,
    pub currency_space: &'static str,
}

const NO_BREAK_SPACE: &str = "\u{a0}";

impl NumberFormat {
    pub const ENGLISH: NumberFormat = NumberFormat {
        decimal: ".",
        group: ",",
        percent: "%",
        currency_first: true,
        currency_space: "",
    };

    /// The format of a language by its code, English for those that write like it.
    pub fn of(language: &str) -> NumberFormat {
        let format = |decimal, group, percent| NumberFormat {
            decimal,
            group,
            percent,
            currency_first: false,
            currency_space: NO_BREAK_SPACE,
        };
        let spaced = "\u{a0}%";
        match language {
            "de" | "da" | "ca" | "es" | "es-ar" | "gl" | "el" | "is" | "hr" | "sl" | "sr"
            | "ro" | "bs" => format(",", ".", spaced),
            "it" | "id" | "vi" => format(",", ".", "%"),
            "nl" | "pt-br" => NumberFormat {
                currency_first: true,
                ..format(",", ".", "%")
            },
            "fr" => format(",", "\u{202f}", spaced),
            "be" | "cs" | "eo" | "fi" | "hu" | "lt" | "nb" | "nn" | "ru" | "sk" | "sv" => {
                format(",", NO_BREAK_SPACE, spaced)
            }
            "bg" | "et" | "lv" | "pl" | "pt" | "sq" | "uk" => format(",", NO_BREAK_SPACE, "%"),
            _ => NumberFormat::ENGLISH,
        }
    }

    /// A number with thousands apart, rounded to at most so many decimals.
    pub fn number(&self, number: f64, decimals: u32) -> String {
        self.between(number, 0, decimals)
    }

    fn between(&self, number: f64, least: u32, most: u32) -> String {
        let rounded = php::round(number, most);
        let text = format!("{:.*}", most as usize, rounded.abs());
        let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
        let mut fraction = fraction.to_owned();
        while fraction.len() > least as usize && fraction.ends_with('0') {
            fraction.pop();
        }
        let mut out = String::from(if rounded < 0.0 { "-" } else { "" });
        for (at, digit) in whole.chars().enumerate() {
            if at > 0 && (whole.len() - at) % 3 == 0 {
                out.push_str(self.group);
            }
            out.push(digit);
        }
        if !fraction.is_empty() {
            out.push_str(self.decimal);
            out.push_str(&fraction);
        }
        out
    }

    /// 42.5 as `42.5%`.
    pub fn percent(&self, number: f64, decimals: u32) -> String {
        self.number(number, decimals) + self.percent
    }

    /// 0.425 as `42.5%`.
    pub fn percent_of_quotient(&self, quotient: f64) -> String {
        self.percent(quotient * 100.0, 4)
    }

    /// `$1,500` or `$7.50`: two decimals unless the amount is whole.
    pub fn money(&self, amount: f64, currency: &str) -> String {
        let decimals = if amount == amount.round() { 0 } else { 2 };
        let number = self.between(amount.abs(), decimals, decimals);
        let sign = if amount < 0.0 { "-" } else { "" };
        let space = self.currency_space;
        match self.currency_first {
            true => format!("{sign}{currency}{space}{number}"),
            false => format!("{sign}{number}{space}{currency}"),
        }
    }

    /// `1.2 M`: a size in units of 1024, one decimal.
    pub fn bytes(&self, bytes: f64) -> String {
        let mut size = bytes;
        let mut units = ["B", "K", "M", "G", "T"].into_iter();
        let mut unit = units.next().unwrap_or_default();
        while size >= 1024.0 {
            let Some(next) = units.next() else { break };
            size /= 1024.0;
            unit = next;
        }
        format!("{} {unit}", self.number(size, 1))
    }

    /// A duration in words: `1 min 3s`, `2 hours 5 min`, `3 days 4 hours`.
    pub fn duration_words(&self, seconds: f64, words: &DurationWords) -> String {
        const YEAR: f64 = 86_400.0 * 365.25;
        let sign = if seconds < 0.0 { "-" } else { "" };
        let total = seconds.abs();
        let years = (total / YEAR).floor();
        let rest = total - years * YEAR;
        let days = (rest / 86_400.0).floor();
        let rest = rest - days * 86_400.0;
        let hours = (rest / 3_600.0).floor();
        let rest = rest - hours * 3_600.0;
        let minutes = (rest / 60.0).floor();
        let left = rest - minutes * 60.0;
        let precision = if left > 0.0 && left < 0.01 { 3 } else { 2 };
        let left = self.number(left, precision);
        let two = |pattern: &str, first: f64, second: &str| {
            pattern
                .replacen("%1$s", &first.to_string(), 1)
                .replacen("%2$s", second, 1)
        };
        let text = if years > 0.0 {
            two(words.years_days, years, &days.to_string())
        } else if days > 0.0 {
            two(words.days_hours, days, &hours.to_string())
        } else if hours > 0.0 {
            two(words.hours_minutes, hours, &minutes.to_string())
        } else if minutes > 0.0 {
            two(words.minutes_seconds, minutes, &left)
        } else {
            words.seconds.replacen("%1$s", &left, 1)
        };
        format!("{sign}{text}")
    }

    /// Growth with its sign: `+50%`, `-12.5%`, `+0%`.
    pub fn evolution(&self, current: f64, past: f64, decimals: u32) -> String {
        let change = evolution(current, past, decimals);
        let sign = if change >= 0.0 { "+" } else { "" };
        format!("{sign}{}", self.percent(change, decimals))
    }
}

/// The patterns of durations in a language; `%1$s` and `%2$s` are numbers.
#[derive(Clone, Copy, Debug)]
pub struct DurationWords {
    pub years_days: &'static str,
    pub days_hours: &'static str,
    pub hours_minutes: &'static str,
    pub minutes_seconds: &'static str,
    pub seconds: &'static str,
    pub days: &'static str,
}

impl DurationWords {
    pub const ENGLISH: DurationWords = DurationWords {
        years_days: "%1$s years %2$s days",
        days_hours: "%1$s days %2$s hours",
        hours_minutes: "%1$s hours %2$s min",
        minutes_seconds: "%1$s min %2$ss",
        seconds: "%1$ss",
        days: "%s days",
    };
}

/// A duration as a clock shows it: `00:18:06`, `2 days 01:00:00`, hundredths after a point.
pub fn clock(seconds: f64, words: &DurationWords) -> String {
    let sign = if seconds < 0.0 { "-" } else { "" };
    let total = seconds.abs();
    let days = (total / 86_400.0).floor();
    let rest = total - days * 86_400.0;
    let whole = rest.floor() as u64;
    let mut text = format!(
        "{:02}:{:02}:{:02}",
        whole / 3_600,
        whole / 60 % 60,
        whole % 60
    );
    let hundredths = (rest * 100.0) as u64 % 100;
    if hundredths > 0 {
        text.push_str(&format!(".{hundredths:02}"));
    }
    match days > 0.0 {
        true => format!(
            "{sign}{} {text}",
            words.days.replacen("%s", &days.to_string(), 1)
        ),
        false => format!("{sign}{text}"),
    }
}

/// Growth in percent; from nothing to something is 100.
pub fn evolution(current: f64, past: f64, decimals: u32) -> f64 {
    let change = match (current, past) {
        (0.0, 0.0) => 0.0,
        (_, 0.0) => 100.0,
        _ => (current - past) / past * 100.0,
    };
    php::round(change, decimals)
}

#[cfg(test)]
mod tests {
    use super::*;

    const EN: NumberFormat = NumberFormat::ENGLISH;
    const WORDS: DurationWords = DurationWords::ENGLISH;

    #[test]
    fn percentages() {
        for (quotient, text) in [
            (0.6667, "66.67%"),
            (0.27, "27%"),
            (0.0, "0%"),
            (1.0, "100%"),
            (0.333, "33.3%"),
            (12.345, "1,234.5%"),
            (-0.5, "-50%"),
        ] {
            assert_eq!(EN.percent_of_quotient(quotient), text);
        }
        assert_eq!(
            NumberFormat::of("de").percent_of_quotient(0.6667),
            "66,67\u{a0}%"
        );
    }

    #[test]
    fn money() {
        for (amount, text) in [
            (1500.0, "$1,500"),
            (7.5, "$7.50"),
            (0.0, "$0"),
            (-2.25, "-$2.25"),
            (1234567.891, "$1,234,567.89"),
        ] {
            assert_eq!(EN.money(amount, "$"), text);
        }
        assert_eq!(NumberFormat::of("de").money(1500.5, "€"), "1.500,50\u{a0}€");
    }

    #[test]
    fn durations() {
        for (seconds, words, face) in [
            (0.0, "0s", "00:00:00"),
            (63.0, "1 min 3s", "00:01:03"),
            (0.786, "0.79s", "00:00:00.78"),
            (0.004, "0.004s", "00:00:00"),
            (7500.0, "2 hours 5 min", "02:05:00"),
            (90_000.0, "1 days 1 hours", "1 days 01:00:00"),
            (-61.0, "-1 min 1s", "-00:01:01"),
            (40_000_000.0, "1 years 97 days", "462 days 23:06:40"),
        ] {
            assert_eq!(EN.duration_words(seconds, &WORDS), words);
            assert_eq!(clock(seconds, &WORDS), face);
        }
    }

    #[test]
    fn sizes() {
        for (bytes, text) in [
            (0.0, "0 B"),
            (1023.0, "1,023 B"),
            (1024.0, "1 K"),
            (1_258_291.0, "1.2 M"),
            (3e15, "2,728.5 T"),
        ] {
            assert_eq!(EN.bytes(bytes), text);
        }
    }

    #[test]
    fn growth() {
        for (current, past, text) in [
            (15.0, 10.0, "+50%"),
            (5.0, 10.0, "-50%"),
            (5.0, 0.0, "+100%"),
            (0.0, 0.0, "+0%"),
            (10.0, 3.0, "+233.3%"),
        ] {
            assert_eq!(EN.evolution(current, past, 1), text);
        }
    }
}
