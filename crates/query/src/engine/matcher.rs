use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use ahash::AHashSet;
use catalog::columns::{Kind, NO_FLOAT, NONE, float};
use jiff::civil::Date;
use memchr::memmem;
use model::{Day, SECONDS_PER_DAY, Texts};

use super::clock::Clock;
use crate::fold::{fold, fold_whole};
use crate::question::{Operand, Test, action_kind};
use crate::segment::{Comparison, Probe, TextMatch, Transform, Wanted};
use crate::view::{QueryError, View};

/// A probe and what its value has to be, ready to run over a column.
pub struct Literal {
    pub operand: Operand,
    pub only: Vec<Test>,
    kind: Kind,
    absent: i64,
    transform: Transform,
    wanted: Compiled,
    texts: Arc<Texts>,
    actions: Arc<Texts>,
}

enum Compiled {
    Empty,
    NotEmpty,
    Number(Comparison, f64),
    Whole(Comparison, i64),
    Unsigned(Comparison, u64),
    Few(Vec<i64>),
    Many(AHashSet<i64>),
    Text(Box<TextTest>),
    Nothing,
}

impl Literal {
    pub fn new(probe: &Probe, wanted: &Wanted, view: &View) -> Result<Literal, QueryError> {
        let columns = probe.operand.table.columns();
        let column = columns.get(probe.operand.column).ok_or_else(|| {
            QueryError::Question(format!(
                "{} has no column {}",
                probe.operand.table.name(),
                probe.operand.column
            ))
        })?;
        Ok(Literal {
            operand: probe.operand,
            only: probe.only.clone(),
            kind: match probe.transform {
                Transform::None => column.kind,
                _ => Kind::Integer,
            },
            absent: column.absent,
            transform: probe.transform.clone(),
            wanted: compile(wanted),
            texts: view.texts.clone(),
            actions: view.actions.clone(),
        })
    }

    /// A clock for [`Literal::matches`].
    pub fn clock(&self) -> Clock {
        match &self.transform {
            Transform::Hour(zone) => Clock::new(zone),
            _ => Clock::new(&model::Zone::utc()),
        }
    }

    /// Whether a stored number matches.
    pub fn matches(&self, stored: i64, clock: &mut Clock) -> bool {
        let plain = matches!(self.transform, Transform::None);
        if self.is_null(stored) && !(plain && self.looks_at_stored()) {
            return matches!(self.wanted, Compiled::Empty);
        }
        let value = if plain {
            stored
        } else {
            self.transformed(stored, clock)
        };
        match &self.wanted {
            Compiled::Empty => self.is_empty(value),
            Compiled::NotEmpty => !self.is_empty(value),
            Compiled::Number(comparison, bound) => comparison.holds(self.number(value), *bound),
            Compiled::Whole(comparison, bound) => comparison.holds(value, *bound),
            Compiled::Unsigned(comparison, bound) => comparison.holds(value as u64, *bound),
            Compiled::Few(wanted) => wanted.contains(&value),
            Compiled::Many(wanted) => wanted.contains(&value),
            Compiled::Text(test) => self.text_matches(test, value),
            Compiled::Nothing => false,
        }
    }

    /// Whether a visit without any row of the finer table matches.
    pub fn matches_no_row(&self) -> bool {
        matches!(self.wanted, Compiled::Empty) && self.only.is_empty()
    }

    fn looks_at_stored(&self) -> bool {
        matches!(self.wanted, Compiled::Few(_) | Compiled::Many(_))
    }

    fn is_null(&self, stored: i64) -> bool {
        match self.kind {
            Kind::Integer => match self.absent {
                NONE => stored == NONE,
                NO_FLOAT => stored == NO_FLOAT,
                _ => false,
            },
            Kind::Float => stored == NO_FLOAT,
            Kind::Text | Kind::Action => stored == 0,
        }
    }

    fn is_empty(&self, value: i64) -> bool {
        match self.kind {
            Kind::Integer | Kind::Action => value == 0,
            Kind::Float => float(value) == 0.0,
            Kind::Text => self.texts.text(value) == "0",
        }
    }

    fn number(&self, value: i64) -> f64 {
        match self.kind {
            Kind::Integer => value as f64,
            Kind::Float => float(value),
            Kind::Text => model::Value::text(self.texts.text(value)).number(),
            Kind::Action => model::Value::text(self.actions.text(value)).number(),
        }
    }

    fn text_matches(&self, test: &TextTest, value: i64) -> bool {
        match self.kind {
            Kind::Integer => test.holds(&value.to_string()),
            Kind::Float => test.holds(&float(value).to_string()),
            Kind::Text => test.remembered(value, &self.texts),
            Kind::Action => test.remembered(value, &self.actions),
        }
    }

    fn transformed(&self, stored: i64, clock: &mut Clock) -> i64 {
        let second = stored.rem_euclid(SECONDS_PER_DAY);
        match &self.transform {
            Transform::None => stored,
            Transform::Hour(_) => clock.hour(stored),
            Transform::Minute => second / 60 % 60,
            Transform::Second => second % 60,
            Transform::Date => stored.div_euclid(SECONDS_PER_DAY),
            Transform::DayOfMonth => i64::from(date(stored).day()),
            Transform::DayOfWeek => i64::from(date(stored).weekday().to_sunday_one_offset()),
            Transform::DayOfYear => i64::from(date(stored).day_of_year()),
            Transform::WeekOfYear => i64::from(date(stored).iso_week_date().week()),
            Transform::Month => i64::from(date(stored).month()),
            Transform::Quarter => i64::from((date(stored).month() + 2) / 3),
            Transform::Year => i64::from(date(stored).year()),
            Transform::Divided(by) => stored.checked_div_euclid(*by).unwrap_or(0),
            Transform::Bit(bit) => stored.checked_shr(*bit).unwrap_or(0) & 1,
            Transform::ActionKind => action_kind(&self.actions, stored),
        }
    }
}

fn date(at: i64) -> Date {
    let day = at.div_euclid(SECONDS_PER_DAY);
    let bound = i64::from(i32::MAX);
    Day(day.clamp(-bound, bound) as i32).date()
}

fn compile(wanted: &Wanted) -> Compiled {
    /// Up to here a look through a list beats a hash set.
    const FEW: usize = 8;
    match wanted {
        Wanted::Empty => Compiled::Empty,
        Wanted::NotEmpty => Compiled::NotEmpty,
        Wanted::Number(comparison, bound) => Compiled::Number(*comparison, *bound),
        Wanted::Whole(comparison, bound) => Compiled::Whole(*comparison, *bound),
        Wanted::Unsigned(comparison, bound) => Compiled::Unsigned(*comparison, *bound),
        Wanted::OneOf(values) if values.len() <= FEW => Compiled::Few(values.clone()),
        Wanted::OneOf(values) => Compiled::Many(values.iter().copied().collect()),
        Wanted::Text(how, text) => text_test(*how, std::slice::from_ref(text)),
        Wanted::TextOneOf(texts) => text_test(TextMatch::Equal, texts),
        Wanted::Nothing => Compiled::Nothing,
    }
}

fn text_test(how: TextMatch, texts: &[String]) -> Compiled {
    Compiled::Text(Box::new(TextTest::new(how, texts)))
}

/// Numbers of texts are given in order, so what is known of each fits pages of a vector; each page comes
/// into being when one of its texts is first met.
const PAGE_SIZE: usize = 1 << 14;
const PAGES: usize = 1 << 12;
const UNKNOWN: u8 = 0;
const NO: u8 = 1;
const YES: u8 = 2;

/// A test of texts that looks at each text of a dictionary once.
struct TextTest {
    how: TextMatch,
    folded: Vec<String>,
    /// For `Contains`, which always has one text.
    finder: Option<memmem::Finder<'static>>,
    known: Vec<std::sync::OnceLock<Box<[AtomicU8]>>>,
}

impl TextTest {
    fn new(how: TextMatch, texts: &[String]) -> TextTest {
        let folded = |text: &String| match how {
            TextMatch::Equal => fold_whole(text).into_owned(),
            _ => fold(text).into_owned(),
        };
        let folded: Vec<String> = texts.iter().map(folded).collect();
        let needle = folded.first().filter(|_| how == TextMatch::Contains);
        TextTest {
            how,
            finder: needle.map(|text| memmem::Finder::new(text).into_owned()),
            folded,
            known: (0..PAGES).map(|_| std::sync::OnceLock::new()).collect(),
        }
    }

    fn holds(&self, text: &str) -> bool {
        let folded = match self.how {
            TextMatch::Equal => fold_whole(text),
            _ => fold(text),
        };
        if let Some(finder) = &self.finder {
            return finder.find(folded.as_bytes()).is_some();
        }
        self.folded.iter().any(|wanted| match self.how {
            TextMatch::Equal => folded == wanted.as_str(),
            TextMatch::Contains => false,
            TextMatch::StartsWith => folded.starts_with(wanted.as_str()),
            TextMatch::EndsWith => folded.ends_with(wanted.as_str()),
        })
    }

    fn remembered(&self, number: i64, texts: &Texts) -> bool {
        let at = usize::try_from(number).unwrap_or(usize::MAX);
        let Some(page) = self.known.get(at / PAGE_SIZE) else {
            return self.holds(texts.text(number));
        };
        let page = page.get_or_init(|| (0..PAGE_SIZE).map(|_| AtomicU8::new(UNKNOWN)).collect());
        let known = &page[at % PAGE_SIZE];
        match known.load(Ordering::Relaxed) {
            UNKNOWN => {
                let holds = self.holds(texts.text(number));
                known.store(if holds { YES } else { NO }, Ordering::Relaxed);
                holds
            }
            answer => answer == YES,
        }
    }
}

#[cfg(test)]
mod tests;
