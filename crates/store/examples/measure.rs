//! Figures of the store: fills a folder with visits of a year and times opening, questions, look-ups.
//!
//! `cargo run --profile fast -p store --example measure -- FOLDER [HITS]`; a folder that has data is only
//! read.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use catalog::columns::{NO_FLOAT, TableId, action, bits, conversion, kind, visit};
use model::{Texts, Zone};
use query::segment::{Condition, Filter, Probe, TextMatch, Transform, Wanted};
use query::{
    Grouped, Key, Limits, Measure, Operand, Order, QueryError, Question, View, VisitList,
    VisitRows, group, visits,
};
use store::{Counters, HotVisits, Options, Store, StoreError};

/// 2026-01-01 00:00 UTC
const START: i64 = 1_767_225_600;
const DAY: i64 = 86_400;
const YEAR: i64 = 365 * DAY;
const BATCH_VISITS: i64 = 20_000;
const ACTIONS_A_VISIT: f64 = 3.65;

struct Random(u64);

impl Random {
    fn below(&mut self, bound: i64) -> i64 {
        (self.unit() * bound as f64) as i64
    }

    fn unit(&mut self) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as f64 / (1u64 << 53) as f64
    }

    /// A few values are frequent, most are rare.
    fn skewed(&mut self, bound: i64) -> i64 {
        (self.unit().powi(4) * bound as f64) as i64
    }
}

fn mix(number: i64) -> i64 {
    let mut mixed = number as u64;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (mixed ^ (mixed >> 31)) as i64
}

struct World<'a> {
    random: Random,
    texts: &'a Texts,
    actions: &'a Texts,
    next_action: i64,
    visitors: i64,
}

impl World<'_> {
    fn text(&mut self, what: &str, number: i64) -> i64 {
        self.texts.intern(0, &format!("{what} {number}"), -1)
    }

    fn page(&mut self, site: i64, number: i64) -> (i64, i64) {
        let url = format!(
            "site{site}.example/section-{}/page-{number}.html",
            number % 97
        );
        let url = self.actions.intern(kind::PAGE as u8, &url, 2);
        let title = format!("Page {number} of section {} - Site {site}", number % 97);
        (url, self.actions.intern(kind::TITLE as u8, &title, -1))
    }

    fn visit(&mut self, id: i64, first_time: i64) -> VisitRows {
        let site = if self.random.below(10) < 8 {
            1
        } else {
            2 + self.random.below(19)
        };
        let visitor = self.random.skewed(self.visitors);
        let mut row: Vec<i64> = visit::COLUMNS.iter().map(|column| column.absent).collect();
        let mut actions = Vec::new();
        let mut time = first_time;
        let count = 1 + (-(1.0 - self.random.unit()).ln() * (ACTIONS_A_VISIT - 1.0)).round() as i64;
        let (mut last_url, mut last_title) = (0, 0);
        for position in 1..=count {
            let pages = if site == 1 { 250_000 } else { 5_000 };
            let number = self.random.skewed(pages);
            let (url, title) = self.page(site, number);
            let seconds = 5 + self.random.skewed(400);
            let mut one: Vec<i64> = action::COLUMNS.iter().map(|column| column.absent).collect();
            one[action::ID] = self.next_action;
            self.next_action += 1;
            one[action::VISIT] = id;
            one[action::SITE] = site;
            one[action::TIME] = time;
            one[action::KIND] = kind::PAGE;
            one[action::URL] = url;
            one[action::TITLE] = title;
            one[action::PREVIOUS_URL] = last_url;
            one[action::PREVIOUS_TITLE] = last_title;
            one[action::PREVIOUS_KIND] = if last_url > 0 { kind::PAGE } else { 0 };
            one[action::POSITION] = position;
            one[action::PAGE_VIEW_ID] =
                catalog::columns::packed(&format!("{:06x}", self.next_action % 0xff_ffff));
            if position < count {
                one[action::SECONDS] = seconds;
            }
            if self.random.below(2) == 0 {
                one[action::TIME_SERVER] = 20 + self.random.skewed(900);
                one[action::TIME_TRANSFER] = self.random.skewed(300);
                one[action::TIME_DOM_PROCESSING] = 50 + self.random.skewed(2000);
                one[action::TIME_ON_LOAD] = self.random.skewed(400);
            }
            if self.random.below(12) == 0 {
                one[action::KIND] = kind::EVENT;
                one[action::EVENT_CATEGORY] =
                    self.actions
                        .intern(kind::EVENT as u8, &format!("c{}", number % 7), -1);
                let name = format!("a{}", number % 40);
                one[action::EVENT_ACTION] =
                    self.actions.intern(kind::EVENT_ACTION as u8, &name, -1);
                one[action::VALUE] = bits(self.random.below(1000) as f64 / 10.0);
            }
            actions.push(one.into_boxed_slice());
            (last_url, last_title) = (url, title);
            time += seconds;
        }
        let first = &actions[0];
        row[visit::ID] = id;
        row[visit::SITE] = site;
        row[visit::VISITOR] = mix(visitor * 31 + site);
        row[visit::FINGERPRINT] = mix(visitor * 37 + 5 * (first_time / DAY));
        row[visit::IP_LOW] = 0xffff_0000_0000 | (mix(visitor) & 0xffff_0000);
        row[visit::FIRST_TIME] = first_time;
        row[visit::LAST_TIME] = actions[actions.len() - 1][action::TIME];
        row[visit::TOTAL_TIME] = row[visit::LAST_TIME] - first_time;
        row[visit::LOCAL_TIME] = (first_time + 3600 * (visitor % 12)) % DAY;
        row[visit::TOTAL_ACTIONS] = count;
        row[visit::INTERACTIONS] = count;
        row[visit::ENTRY_URL] = first[action::URL];
        row[visit::ENTRY_TITLE] = first[action::TITLE];
        row[visit::EXIT_URL] = last_url;
        row[visit::EXIT_TITLE] = last_title;
        row[visit::RETURNING] = self.random.below(3) / 2;
        row[visit::VISIT_COUNT] = 1 + row[visit::RETURNING] * self.random.skewed(40);
        row[visit::SINCE_FIRST] = row[visit::RETURNING] * self.random.below(YEAR);
        row[visit::SINCE_LAST] = row[visit::RETURNING] * self.random.below(30 * DAY);
        row[visit::REFERRER_TYPE] = [1, 2, 2, 3, 6, 7][self.random.below(6) as usize];
        if row[visit::REFERRER_TYPE] != 1 {
            let name = self.random.skewed(3000);
            row[visit::REFERRER_NAME] = self.text("referrer", name);
            let url = self.random.skewed(30_000);
            row[visit::REFERRER_URL] = self.text("https://referrer.example/path", url);
        }
        for (column, what, different) in [
            (visit::BROWSER, "browser", 12),
            (visit::BROWSER_VERSION, "version", 90),
            (visit::BROWSER_ENGINE, "engine", 4),
            (visit::OS, "os", 9),
            (visit::OS_VERSION, "osv", 40),
            (visit::DEVICE_BRAND, "brand", 60),
            (visit::DEVICE_MODEL, "model", 900),
            (visit::RESOLUTION, "resolution", 200),
            (visit::COUNTRY, "country", 120),
            (visit::REGION, "region", 900),
            (visit::CITY, "city", 9000),
            (visit::LANGUAGE, "language", 40),
        ] {
            let value = (mix(visitor).rem_euclid(1 << 20) as f64 / (1 << 20) as f64).powi(4);
            row[column] = self.text(what, (value * different as f64) as i64);
        }
        row[visit::LATITUDE] = bits((mix(row[visit::CITY]) % 9000) as f64 / 100.0);
        row[visit::LONGITUDE] = bits((mix(row[visit::CITY] + 1) % 18000) as f64 / 100.0);
        row[visit::DEVICE_TYPE] = self.random.skewed(3);
        row[visit::CLIENT_TYPE] = 1;
        row[visit::PLUGINS] = 1 + 8 * self.random.below(2);
        row[visit::PROFILABLE] = 1;
        row[visit::LAST_ACTION] = actions[actions.len() - 1][action::ID];
        let mut conversions = Vec::new();
        if self.random.below(30) == 0 {
            row[visit::CONVERTED] = 1;
            let columns = conversion::COLUMNS.iter();
            let mut one: Vec<i64> = columns.map(|column| column.absent).collect();
            one[conversion::VISIT] = id;
            one[conversion::SITE] = site;
            one[conversion::VISITOR] = row[visit::VISITOR];
            one[conversion::TIME] = row[visit::LAST_TIME];
            one[conversion::GOAL] = self.random.below(3);
            one[conversion::REVENUE] = bits(self.random.below(20_000) as f64 / 100.0);
            if one[conversion::GOAL] == 0 {
                one[conversion::ORDER] = self.text("order", id);
            }
            one[conversion::COUNTRY] = row[visit::COUNTRY];
            conversions.push(one.into_boxed_slice());
        }
        debug_assert_ne!(row[visit::LATITUDE], NO_FLOAT);
        VisitRows {
            visit: row.into(),
            actions,
            conversions,
            items: Vec::new(),
        }
    }
}

fn fill(store: &Store, hot: &mut HotVisits, hits: i64) -> Result<(), StoreError> {
    let total_visits = (hits as f64 / ACTIONS_A_VISIT) as i64;
    let texts = store.texts().clone();
    let actions = store.actions().clone();
    let mut world = World {
        random: Random(42),
        texts: &texts,
        actions: &actions,
        next_action: 1,
        visitors: total_visits * 7 / 10,
    };
    let (mut sealing, mut merging) = (0.0, 0.0);
    let mut id = 1;
    while id <= total_visits {
        let first = id;
        while id <= total_visits && id < first + BATCH_VISITS {
            let time = START + (YEAR as f64 * id as f64 / total_visits as f64) as i64;
            let time = time - world.random.below(1800);
            hot.put(Arc::new(world.visit(id, time)));
            id += 1;
        }
        let started = Instant::now();
        let visits = hot.iter().cloned().collect();
        let counters = Counters {
            applied: id as u64,
            next_visit: id,
            next_action: world.next_action,
        };
        let new = store.write(visits)?;
        store.commit(hot, new, counters, &[])?;
        sealing += started.elapsed().as_secs_f64();
        let started = Instant::now();
        while let Some(work) = store.plan_compaction()? {
            store.commit_compaction(hot, work.run()?, counters, &[])?;
        }
        merging += started.elapsed().as_secs_f64();
    }
    println!("sealing {sealing:.1} s, merging {merging:.1} s");
    Ok(())
}

fn operand(table: TableId, column: usize) -> Operand {
    Operand { table, column }
}

fn questions() -> Vec<(&'static str, Question)> {
    let v = |column| operand(TableId::Visits, column);
    let a = |column| operand(TableId::Actions, column);
    let month = (START + 180 * DAY, START + 210 * DAY);
    let year = (START, START + YEAR);
    let ask = |table, (from, to), keys, measures, filter: Option<Filter>| Question {
        table,
        sites: vec![1],
        from,
        to,
        tests: Vec::new(),
        filter: filter.map(Arc::new),
        keys,
        measures,
    };
    let visit_measures = || {
        vec![
            Measure::Count,
            Measure::Distinct(v(visit::VISITOR)),
            Measure::Sum(v(visit::TOTAL_ACTIONS)),
            Measure::CountIf(vec![query::Test {
                operand: v(visit::TOTAL_ACTIONS),
                verb: query::Verb::AtMost(1),
            }]),
            Measure::Sum(v(visit::TOTAL_TIME)),
        ]
    };
    let page_measures = || {
        vec![
            Measure::Count,
            Measure::Distinct(v(visit::ID)),
            Measure::Distinct(v(visit::VISITOR)),
            Measure::Sum(a(action::SECONDS)),
        ]
    };
    let day = || {
        vec![Key::Day(
            Zone::named("Europe/Berlin").unwrap_or_else(Zone::utc),
        )]
    };
    let page = || vec![Key::Column(a(action::URL))];
    let text = |operand, how, text: &str| {
        vec![Condition {
            any_of: vec![Probe::of(operand)],
            wanted: Wanted::Text(how, text.to_owned()),
            negated: false,
        }]
    };
    let two_segments = || Filter {
        all_of: vec![
            text(v(visit::COUNTRY), TextMatch::Equal, "country 3"),
            vec![Condition {
                any_of: vec![Probe {
                    transform: Transform::Hour(Zone::utc()),
                    ..Probe::of(v(visit::LAST_TIME))
                }],
                wanted: Wanted::OneOf((8..20).collect()),
                negated: false,
            }],
        ],
    };
    let saw = || Filter {
        all_of: vec![text(a(action::URL), TextMatch::Contains, "section-7/")],
    };
    vec![
        (
            "visits, uniques, actions, bounces per day, month",
            ask(TableId::Visits, month, day(), visit_measures(), None),
        ),
        (
            "pages with exact uniques, month",
            ask(TableId::Actions, month, page(), page_measures(), None),
        ),
        (
            "pages with exact uniques, year",
            ask(TableId::Actions, year, page(), page_measures(), None),
        ),
        (
            "referrers, two segments, year",
            ask(
                TableId::Visits,
                year,
                vec![
                    Key::Column(v(visit::REFERRER_TYPE)),
                    Key::Column(v(visit::REFERRER_NAME)),
                ],
                visit_measures(),
                Some(two_segments()),
            ),
        ),
        (
            "pages of visits that saw a section, month",
            ask(
                TableId::Actions,
                month,
                page(),
                page_measures(),
                Some(saw()),
            ),
        ),
        (
            "pages of visits that saw a section, year",
            ask(TableId::Actions, year, page(), page_measures(), Some(saw())),
        ),
        (
            "year by day, exact uniques",
            ask(TableId::Visits, year, day(), visit_measures(), None),
        ),
        (
            "exact uniques of the year",
            ask(TableId::Visits, year, Vec::new(), visit_measures(), None),
        ),
    ]
}

fn resident_mb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS"));
    let kb = line.and_then(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok());
    kb.unwrap_or(0) / 1024
}

/// Processor time of all threads so far: steadier than the clock on a shared machine.
fn processor_ms() -> u64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = stat.split_whitespace().collect();
    let ticks = |at: usize| fields.get(at).and_then(|field| field.parse::<u64>().ok());
    (ticks(13).unwrap_or(0) + ticks(14).unwrap_or(0)) * 10
}

fn milliseconds<T>(work: impl FnOnce() -> T) -> (T, f64) {
    let started = Instant::now();
    let done = work();
    (done, started.elapsed().as_secs_f64() * 1000.0)
}

fn ask(view: &View, question: &Question) -> Result<(Grouped, f64), QueryError> {
    let (answer, time) = milliseconds(|| group(view, question, &Limits::default()));
    Ok((answer?, time))
}

fn measure_questions(store: &Store) -> Result<(), QueryError> {
    for (name, question) in questions() {
        let (answer, cold) = ask(&store.view(Vec::new()), &question)?;
        let mut warm = Vec::new();
        let before = processor_ms();
        for _ in 0..5 {
            // A view with an empty filter cache: the filter is part of the work.
            let mut view = store.view(Vec::new());
            view.filters = Arc::default();
            warm.push(ask(&view, &question)?.1);
        }
        let processor = (processor_ms() - before) / warm.len() as u64;
        warm.sort_by(f64::total_cmp);
        let (_, cached) = ask(&store.view(Vec::new()), &question)?;
        println!(
            "{name}: {} groups, first {cold:.0} ms, warm {:.0} ms \
             (processor {processor} ms), filter kept {cached:.0} ms, \
             memory {} MB",
            answer.len(),
            warm[warm.len() / 2],
            resident_mb()
        );
    }
    Ok(())
}

fn measure_lists(store: &Store) -> Result<(), QueryError> {
    let list = VisitList {
        sites: vec![1],
        from: START,
        to: START + 2 * YEAR,
        filter: None,
        order: Order::Newest,
        offset: 0,
        limit: 50,
        min_timestamp: None,
        visitor: None,
    };
    for turn in ["first", "again"] {
        let view = store.view(Vec::new());
        let (rows, time) = milliseconds(|| visits(&view, &list, &Limits::default()));
        println!(
            "last {} visits with their actions, {turn}: {time:.1} ms",
            rows?.len()
        );
    }
    Ok(())
}

fn measure_lookups(store: &Store, total_visits: i64) -> Result<(), StoreError> {
    let mut random = Random(7);
    for (what, known) in [("known", true), ("unknown", false)] {
        let (mut found, count) = (0, 20_000);
        let started = Instant::now();
        for _ in 0..count {
            let visitor = random.skewed(total_visits * 7 / 10);
            let key = if known {
                mix(visitor * 31 + 1)
            } else {
                mix(-visitor - 1)
            };
            let last = store.last_visit_by_visitor(1, key, START + 2 * YEAR)?;
            found += i64::from(last.is_some());
        }
        let each = started.elapsed().as_secs_f64() * 1e6 / f64::from(count);
        println!("{what} visitors: {found} of {count} found, {each:.1} µs each");
    }
    Ok(())
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().ok_or("a folder is needed")?;
    let hits: i64 = arguments.next().as_deref().unwrap_or("1000000").parse()?;
    let folder = Path::new(&folder);
    let (store, mut hot) = Store::open(folder, &Options::default())?;
    if store.totals().segments == 0 {
        fill(&store, &mut hot, hits)?;
    }
    drop((store, hot));
    let (opened, time) = milliseconds(|| Store::open(folder, &Options::default()));
    let (store, _) = opened?;
    let totals = store.totals();
    println!(
        "opened in {time:.0} ms, {} MB resident: {totals:?}",
        resident_mb()
    );
    println!(
        "{:.1} bytes a hit; texts {}, actions {}",
        totals.bytes as f64 / totals.actions as f64,
        store.texts().len(),
        store.actions().len()
    );
    for table in TableId::ALL {
        let mut bytes: std::collections::BTreeMap<String, u64> = Default::default();
        for segment in store.segments() {
            for (column, size) in segment.column_bytes(table) {
                *bytes.entry(column).or_default() += size;
            }
        }
        let mut bytes: Vec<_> = bytes.into_iter().collect();
        bytes.sort_by_key(|(_, size)| std::cmp::Reverse(*size));
        for (column, size) in bytes.into_iter().take(12) {
            let each = size as f64 / totals.actions as f64;
            println!("  {}.{column}: {each:.2} bytes a hit", table.name());
        }
    }
    measure_questions(&store)?;
    measure_lists(&store)?;
    measure_lookups(&store, totals.visits as i64)?;
    let (errors, time) = milliseconds(|| store.verify());
    println!("verified in {time:.0} ms: {errors:?}");
    Ok(())
}
