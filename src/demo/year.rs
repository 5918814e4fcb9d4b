//! A year, day by day: how much happens when.

use model::{Day, Zone};

use super::help;
use super::people::{People, Person};
use super::random::Random;
use super::shop::{self, Orders};
use super::visit::{Product, Timed, Visit};

/// Hits of a week, Monday first, in the shop and on the help site.
const SHOP_WEEK: [f64; 7] = [0.95, 0.9, 0.92, 0.98, 1.0, 1.15, 1.25];
const HELP_WEEK: [f64; 7] = [1.35, 1.2, 1.1, 1.05, 0.95, 0.6, 0.65];
/// Weights of the hours of a day, midnight first.
const HOURS: [u32; 24] = [
    6, 4, 3, 2, 2, 4, 10, 20, 32, 40, 44, 46, 50, 46, 42, 42, 44, 50, 58, 66, 70, 60, 38, 16,
];
const SHOP_PART: f64 = 0.72;
const ROBOTS_PART: f64 = 0.03;
const RETURNING_PART: f64 = 0.37;

/// One of the two sites.
#[derive(Clone, Copy)]
pub struct Sites {
    pub shop: u32,
    pub help: u32,
}

/// Makes the hits of a year.
pub struct Year {
    seed: u64,
    people: People,
    products: Vec<Product>,
    orders: Orders,
    zone: Zone,
    sites: Sites,
    /// Number of the next new person.
    next_person: u64,
    /// Hits that each day should have, by the number of days before the last.
    days: Vec<(Day, f64, f64)>,
}

impl Year {
    pub fn new(seed: u64, sites: Sites, zone: Zone, last: Day, days: i32, hits: u64) -> Year {
        let first = last.0 - days + 1;
        let weights: Vec<(Day, f64, f64)> = (first..=last.0)
            .map(|number| {
                let grown = 1.0 + 0.5 * f64::from(number - first) / f64::from(days.max(1));
                let (shop, help) = weight(Day(number));
                (
                    Day(number),
                    grown * shop * SHOP_PART,
                    grown * help * (1.0 - SHOP_PART),
                )
            })
            .collect();
        let sum: f64 = weights.iter().map(|(_, shop, help)| shop + help).sum();
        let scale = hits as f64 / sum.max(f64::MIN_POSITIVE);
        let scaled = weights
            .into_iter()
            .map(|(day, shop, help)| (day, shop * scale, help * scale));
        Year {
            seed,
            people: People::new(seed),
            products: shop::catalogue(),
            orders: Orders(1_000),
            zone,
            sites,
            next_person: 0,
            days: scaled.collect(),
        }
    }

    /// The hits of each day, in the order of their times.
    pub fn days(mut self) -> impl Iterator<Item = Vec<Timed>> {
        let days = std::mem::take(&mut self.days);
        // Visits that end after midnight leave hits for the day after.
        let mut waiting: Vec<Timed> = Vec::new();
        let end = days.last().map(|(day, ..)| day.next());
        days.into_iter().map(move |(day, shop, help)| {
            let mut hits = std::mem::take(&mut waiting);
            self.add_day(day, shop, help, &mut hits);
            hits.sort_by_key(|hit| hit.time);
            if Some(day.next()) != end {
                let midnight = self.zone.day_start(day.next());
                let after = hits.partition_point(|hit| hit.time < midnight);
                waiting = hits.split_off(after);
            }
            hits
        })
    }

    fn add_day(&mut self, day: Day, shop: f64, help: f64, hits: &mut Vec<Timed>) {
        let mut random = Random::of(self.seed, 1 << 40 | u64::from(day.0.unsigned_abs()));
        let start = self.zone.day_start(day);
        let is_sale = is_sale(day);
        for (target, is_shop) in [(shop, true), (help, false)] {
            let end = hits.len() + target as usize;
            while hits.len() < end {
                let time = start + moment(&mut random);
                let person = self.somebody(&mut random);
                if is_shop {
                    let (from, landing) = shop::origin(&mut random, is_sale);
                    let site = (self.sites.shop, shop::START);
                    let mut visit = Visit::new(&mut random, &person, site, time, from, hits);
                    shop::walk(&mut visit, &self.products, &mut self.orders, &landing);
                } else {
                    let (from, landing) = help::origin(&mut random);
                    let site = (self.sites.help, help::START);
                    let mut visit = Visit::new(&mut random, &person, site, time, from, hits);
                    help::walk(&mut visit, &landing);
                }
            }
        }
    }

    fn somebody(&mut self, random: &mut Random) -> Person {
        if random.chance(ROBOTS_PART) {
            return self.people.robot(random);
        }
        if self.next_person > 0 && random.chance(RETURNING_PART) {
            // Mostly somebody who was here lately.
            let back = (random.part() * random.part() * 4_000.0) as u64;
            return self
                .people
                .person(self.next_person.saturating_sub(back + 1));
        }
        self.next_person += 1;
        self.people.person(self.next_person - 1)
    }
}

/// Seconds after midnight.
fn moment(random: &mut Random) -> i64 {
    let hours: [(u32, i64); 24] = std::array::from_fn(|hour| (HOURS[hour], hour as i64));
    *random.weighted(&hours) * 3_600 + random.below(3_600) as i64
}

/// How much happens on a day, in the shop and on the help site.
fn weight(day: Day) -> (f64, f64) {
    let date = day.date();
    let weekday = date.weekday().to_monday_zero_offset() as usize;
    // Spring and the weeks before Christmas are the best of the year.
    let season = match date.month() {
        4..=6 => 1.25,
        7 | 8 => 1.1,
        11 => 1.35,
        12 if date.day() <= 20 => 1.6,
        1 | 2 => 0.75,
        _ => 1.0,
    };
    let event = match (date.month(), date.day()) {
        // The server was down for most of the day.
        (3, 11) => 0.15,
        _ if is_sale(day) => 1.9,
        _ => 1.0,
    };
    let help_event = if event < 1.0 { event } else { 1.0 };
    (
        SHOP_WEEK[weekday] * season * event,
        HELP_WEEK[weekday] * season.sqrt() * help_event,
    )
}

/// The last week of November.
fn is_sale(day: Day) -> bool {
    let date = day.date();
    date.month() == 11 && date.day() >= 24
}

#[cfg(test)]
mod tests {
    use super::*;

    fn make(seed: u64) -> Vec<Vec<Timed>> {
        let sites = Sites { shop: 1, help: 2 };
        let last = Day::from_date("2025-12-31".parse().expect("a date"));
        let zone = Zone::named("Europe/Berlin").expect("a zone");
        Year::new(seed, sites, zone, last, 60, 6_000)
            .days()
            .collect()
    }

    #[test]
    fn a_seed_makes_the_same_year_in_order() {
        let text = |days: &[Vec<Timed>]| {
            let hits = days.iter().flatten();
            let text: Vec<String> = hits.map(|hit| format!("{:?}", hit.pairs)).collect();
            text.join("\n")
        };
        let (one, again, other) = (make(1), make(1), make(2));
        assert_eq!(text(&one), text(&again));
        assert_ne!(text(&one), text(&other));
        let times: Vec<i64> = one.iter().flatten().map(|hit| hit.time).collect();
        assert!(times.is_sorted());
        assert!((6_000..6_900).contains(&times.len()), "{}", times.len());
    }

    #[test]
    fn every_kind_of_hit_is_there() {
        let days = make(3);
        let has = |name: &str| {
            let hits = days.iter().flatten();
            hits.filter(|hit| hit.pairs.iter().any(|(key, _)| *key == name))
                .count()
        };
        for name in [
            "action_name",
            "e_c",
            "c_n",
            "c_i",
            "search",
            "download",
            "link",
            "ec_items",
            "ec_id",
            "_pks",
            "uid",
            "pf_srv",
            "dimension1",
            "dimension2",
            "urlref",
        ] {
            assert!(has(name) > 0, "no {name}");
        }
    }
}
