//! Small random worlds: few values, so that conditions meet, and every kind of column.

// Each test that includes this module uses its own part of it.
#![allow(dead_code)]

use std::sync::Arc;

use catalog::columns::{
    Kind, NO_FLOAT, NONE, TableId, action, bits, conversion, item, kind, visit,
};
use model::{Texts, Zone};
use query::segment::{Comparison, Condition, Filter, Probe, TextMatch, Transform, Wanted};
use query::{
    Chunk, ChunkId, Key, Measure, MemoryChunk, Operand, Order, PathQuestion, Question, Test, Verb,
    View, VisitList, VisitRows,
};

pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Random {
        Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x5bd1_e995)
    }

    /// A number below the bound.
    pub fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % bound.max(1)
    }

    pub fn one_in(&mut self, many: usize) -> bool {
        self.below(many) == 0
    }

    fn pick<T: Clone>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())].clone()
    }
}

/// 2026-03-28 12:00 UTC: a day before clocks change in Europe.
const START: i64 = 1_774_699_200;
const SPAN: usize = 3 * 86_400;
const TEXTS: [&str; 7] = ["Firefox", "0", "zürich", "Zurich", "12", "a b", "7%"];
const ACTIONS: [(i64, &str); 8] = [
    (kind::PAGE, "example.org/"),
    (kind::PAGE, "example.org/Shop"),
    (kind::TITLE, "Shop"),
    (kind::EVENT, "video"),
    (kind::EVENT_ACTION, "play"),
    (kind::SEARCH, "shoes"),
    (kind::OUTLINK, "http://other.example/"),
    (kind::SKU, "12-b"),
];

fn value(random: &mut Random, column_kind: Kind, absent: i64) -> i64 {
    if random.one_in(4) {
        return absent;
    }
    match column_kind {
        Kind::Integer if random.one_in(30) => i64::MAX - random.below(3) as i64,
        Kind::Integer => random.below(5) as i64 - 1,
        Kind::Float if random.one_in(5) => NO_FLOAT,
        Kind::Float => bits(random.below(400) as f64 / 100.0 - 0.5),
        Kind::Text => random.below(TEXTS.len() + 1) as i64,
        Kind::Action => random.below(ACTIONS.len() + 1) as i64,
    }
}

fn row(random: &mut Random, table: TableId, fixed: &[(usize, i64)]) -> Box<[i64]> {
    let columns = table.columns().iter();
    let mut row: Vec<i64> = columns
        .map(|column| value(random, column.kind, column.absent))
        .collect();
    for (column, value) in fixed {
        row[*column] = *value;
    }
    row.into()
}

fn moment(random: &mut Random) -> i64 {
    START + random.below(SPAN) as i64
}

fn random_visit(random: &mut Random, id: i64) -> VisitRows {
    let site = 1 + random.below(3) as i64;
    let visitor = random.below(6) as i64 - 3;
    let robot = if random.one_in(6) { 1 } else { 0 };
    let time = moment(random);
    let later = random.below(50_000) as i64;
    let visit = row(
        random,
        TableId::Visits,
        &[
            (visit::ID, id),
            (visit::SITE, site),
            (visit::VISITOR, visitor),
            (visit::ROBOT, robot),
            (visit::FIRST_TIME, time),
            (visit::LAST_TIME, time + later),
        ],
    );
    let mut finer = |table, columns: [usize; 3], most: usize| -> Vec<Box<[i64]>> {
        (0..random.below(most))
            .map(|_| {
                let time = time + random.below(50_000) as i64;
                let values = [id, site, time];
                let fixed: Vec<_> = columns.into_iter().zip(values).collect();
                row(random, table, &fixed)
            })
            .collect()
    };
    VisitRows {
        visit,
        actions: finer(
            TableId::Actions,
            [action::VISIT, action::SITE, action::TIME],
            7,
        ),
        conversions: finer(
            TableId::Conversions,
            [conversion::VISIT, conversion::SITE, conversion::TIME],
            3,
        ),
        items: finer(TableId::Items, [item::VISIT, item::SITE, item::TIME], 3),
    }
}

pub fn dictionaries() -> (Arc<Texts>, Arc<Texts>) {
    let (texts, actions) = (Texts::default(), Texts::default());
    for text in TEXTS {
        texts.intern(0, text, -1);
    }
    for (kind, text) in ACTIONS {
        actions.intern(kind as u8, text, -1);
    }
    (Arc::new(texts), Arc::new(actions))
}

/// Visits of one chunk, numbered from `first_id`.
pub fn random_visits(random: &mut Random, first_id: i64, count: usize) -> Vec<Arc<VisitRows>> {
    (0..count)
        .map(|at| Arc::new(random_visit(random, first_id + at as i64)))
        .collect()
}

pub fn random_view(random: &mut Random) -> View {
    let mut chunks: Vec<Arc<dyn Chunk>> = Vec::new();
    for number in 0..random.below(4) as u64 + 1 {
        let count = random.below(80);
        let visits = random_visits(random, number as i64 * 1000 + 1, count);
        let mut chunk = MemoryChunk::new(ChunkId(number), visits);
        if random.one_in(2) {
            let dead = (0..count.div_ceil(64).max(1))
                .map(|_| (random.below(1 << 20) & random.below(1 << 20)) as u64)
                .collect();
            chunk = chunk.with_dead(dead);
        }
        chunks.push(Arc::new(chunk));
    }
    let (texts, actions) = dictionaries();
    View::new(chunks, texts, actions)
}

/// A column with values that are not all different.
fn column(random: &mut Random, table: TableId) -> usize {
    random.below(table.columns().len())
}

fn operand(random: &mut Random, table: TableId) -> Operand {
    let table = if random.one_in(3) {
        TableId::Visits
    } else {
        table
    };
    Operand {
        table,
        column: column(random, table),
    }
}

/// A whole number or a floating point number, as asked.
fn operand_of(random: &mut Random, table: TableId, floats: bool) -> Operand {
    loop {
        let operand = operand(random, table);
        let is_float = operand.table.columns()[operand.column].kind == Kind::Float;
        if is_float == floats {
            return operand;
        }
        if floats && random.one_in(20) {
            return Operand {
                table: TableId::Visits,
                column: visit::LATITUDE,
            };
        }
    }
}

/// Whole numbers whose sums stay exact.
fn small_operand(random: &mut Random, table: TableId) -> Operand {
    loop {
        let operand = operand_of(random, table, false);
        if operand.table.columns()[operand.column].kind != Kind::Integer {
            return operand;
        }
        if random.one_in(3) {
            return Operand {
                table: TableId::Visits,
                column: visit::VISITOR,
            };
        }
    }
}

fn test(random: &mut Random, table: TableId) -> Test {
    let number = random.below(5) as i64 - 1;
    let verb = match random.below(8) {
        0 => Verb::Is(number),
        1 | 2 => Verb::IsNot(number),
        3 => Verb::AtLeast(number),
        4 => Verb::AtMost(number),
        5 => Verb::OneOf(&[0, 2, 3]),
        6 => Verb::HasFloat,
        _ => Verb::KindIs(random.pick(&[0, kind::PAGE, kind::EVENT])),
    };
    let floats = verb == Verb::HasFloat;
    Test {
        operand: operand_of(random, table, floats),
        verb,
    }
}

fn tests(random: &mut Random, table: TableId, most: usize) -> Vec<Test> {
    (0..random.below(most + 1))
        .map(|_| test(random, table))
        .collect()
}

fn zone(random: &mut Random) -> Zone {
    let name = random.pick(&["UTC", "Europe/Berlin", "America/St_Johns", "UTC+5.5"]);
    Zone::named(name).unwrap_or_else(Zone::utc)
}

fn transform(random: &mut Random) -> Transform {
    match random.below(24) {
        0 => Transform::Hour(zone(random)),
        1 => Transform::Minute,
        2 => Transform::DayOfWeek,
        3 => Transform::Divided(2),
        4 => Transform::Bit(1),
        5 => Transform::ActionKind,
        _ => Transform::None,
    }
}

fn wanted(random: &mut Random) -> Wanted {
    let comparison = random.pick(&[
        Comparison::Equal,
        Comparison::Less,
        Comparison::AtMost,
        Comparison::More,
        Comparison::AtLeast,
    ]);
    let text = random.pick(&[
        "zurich",
        "FIREFOX",
        "o",
        "",
        "shop",
        "1",
        "example.org/",
        "nix",
    ]);
    let how = random.pick(&[
        TextMatch::Equal,
        TextMatch::Contains,
        TextMatch::StartsWith,
        TextMatch::EndsWith,
    ]);
    match random.below(12) {
        0 | 1 => Wanted::Empty,
        2 => Wanted::NotEmpty,
        3 | 4 => Wanted::Number(comparison, random.below(8) as f64 / 2.0 - 1.0),
        5 => Wanted::Whole(comparison, random.below(4) as i64),
        6 => Wanted::Unsigned(comparison, random.below(4) as u64),
        7 => Wanted::OneOf(vec![NONE, 2, 3]),
        8 => Wanted::TextOneOf(vec![text.to_owned(), "play".to_owned()]),
        9 if random.one_in(4) => Wanted::Nothing,
        _ => Wanted::Text(how, text.to_owned()),
    }
}

fn condition(random: &mut Random) -> Condition {
    let table = match random.below(8) {
        0..=2 => TableId::Visits,
        3..=5 => TableId::Actions,
        6 => TableId::Conversions,
        _ => TableId::Items,
    };
    let any_of = (0..1 + random.below(2) * random.below(3))
        .map(|_| Probe {
            operand: Operand {
                table,
                column: column(random, table),
            },
            transform: transform(random),
            only: match random.one_in(4) {
                true => tests(random, table, 2),
                false => Vec::new(),
            },
        })
        .collect();
    Condition {
        any_of,
        wanted: wanted(random),
        negated: random.one_in(3),
    }
}

fn filter(random: &mut Random) -> Option<Arc<Filter>> {
    if random.one_in(3) {
        return None;
    }
    let all_of = (0..1 + random.below(4))
        .map(|_| {
            (0..1 + random.below(3))
                .map(|_| condition(random))
                .collect()
        })
        .collect();
    Some(Arc::new(Filter { all_of }))
}

fn key(random: &mut Random, table: TableId) -> Key {
    match random.below(9) {
        0 => Key::Day(zone(random)),
        1 => {
            let dated = Operand {
                table,
                column: table.dated_by(),
            };
            Key::Hour(dated, zone(random))
        }
        2 => Key::Divided(operand_of(random, table, false), 1 + random.below(3) as i64),
        3 => Key::FirstOf((0..3).map(|_| operand(random, table)).collect()),
        4 => Key::ActionKind(operand(random, table)),
        _ => Key::Column(operand(random, table)),
    }
}

fn measure(random: &mut Random, table: TableId) -> Measure {
    let whole = small_operand(random, table);
    let other = small_operand(random, table);
    let float = operand_of(random, table, true);
    let any = match random.below(4) {
        0 => Operand {
            table: TableId::Visits,
            column: visit::ID,
        },
        1 => Operand {
            table: TableId::Visits,
            column: visit::VISITOR,
        },
        _ => operand(random, table),
    };
    match random.below(16) {
        0 => Measure::Count,
        1 => Measure::CountIf(tests(random, table, 2)),
        2 => Measure::Sum(whole),
        3 => Measure::SumIf(whole, tests(random, table, 2)),
        4 => Measure::SumFloat(float),
        5 => Measure::SumProduct(float, whole),
        6 => Measure::Min(operand_of(random, table, false)),
        7 => Measure::Max(operand_of(random, table, false)),
        8 => Measure::MinFloat(float),
        9 => Measure::MaxFloat(float),
        10 | 11 => Measure::Distinct(any),
        12 => Measure::DistinctPresent(any),
        13 => Measure::DistinctIf(any, tests(random, table, 2)),
        14 => Measure::ShareOneOver(other),
        _ => Measure::SumFloatOver(float, other),
    }
}

fn sites(random: &mut Random) -> Vec<u32> {
    (0..1 + random.below(3))
        .map(|_| 1 + random.below(4) as u32)
        .collect()
}

fn period(random: &mut Random) -> (i64, i64) {
    match random.below(4) {
        0 => (0, i64::MAX),
        1 => (START, START + SPAN as i64),
        _ => {
            let from = moment(random);
            (from, from + random.below(2 * SPAN) as i64)
        }
    }
}

pub fn random_question(random: &mut Random) -> Question {
    let table = random.pick(&TableId::ALL);
    let (from, to) = period(random);
    Question {
        table,
        sites: sites(random),
        from,
        to,
        tests: tests(random, table, 1),
        filter: filter(random),
        keys: (0..random.below(4)).map(|_| key(random, table)).collect(),
        measures: (0..1 + random.below(5))
            .map(|_| measure(random, table))
            .collect(),
    }
}

pub fn random_list(random: &mut Random) -> VisitList {
    let (from, to) = period(random);
    VisitList {
        sites: sites(random),
        from,
        to,
        filter: filter(random),
        order: random.pick(&[Order::Newest, Order::Oldest]),
        offset: random.below(2) * random.below(10),
        limit: random.pick(&[0, 1, 5, 1000, usize::MAX]),
        min_timestamp: random.one_in(3).then(|| moment(random)),
        visitor: random.one_in(4).then(|| random.below(6) as i64 - 3),
    }
}

pub fn random_paths(random: &mut Random) -> PathQuestion {
    let (from, to) = period(random);
    PathQuestion {
        sites: sites(random),
        from,
        to,
        filter: filter(random),
        page: random.pick(&[action::URL, action::TITLE]),
        by_day: random.one_in(2).then(Zone::utc),
    }
}

/// Every visit a group of its own.
pub fn question_by_visit() -> Question {
    Question {
        table: TableId::Visits,
        sites: vec![1, 2, 3],
        from: 0,
        to: i64::MAX,
        tests: Vec::new(),
        filter: None,
        keys: vec![Key::Column(Operand {
            table: TableId::Visits,
            column: visit::ID,
        })],
        measures: vec![Measure::Count],
    }
}
