//! `takwimu demo`: a believable year of a shop and its help site, the same for the same seed.

mod help;
mod people;
mod random;
mod shop;
mod visit;
mod year;

use std::sync::mpsc::sync_channel;
use std::thread;

use model::{Day, SiteId, Zone};
use server::Direct;
use settings::{
    DimensionScope, GoalChange, NewDimension, NewSite, SegmentChange, Settings, SiteChange,
};
use tracking::EnrichedHit;
use tracking::logs::params_of;

use crate::arguments::{Arguments, Flag};
use crate::configuration::Configuration;
use crate::house::{House, Wants};
use crate::time::now;
use random::Random;
use visit::Timed;
use year::{Sites, Year};

/// What the command says about itself.
pub const ABOUT: &str = "Fills the data folder with a believable year of two sites, an outdoor shop and its help site: \
    visits, searches, carts and orders, events, campaigns, robots. Sites, goals, custom dimensions and segments are \
    made too. The same seed, number and last day make the same hits.";

pub const FLAGS: &[Flag] = &[
    Flag {
        name: "--hits",
        value: "NUMBER",
        about: "about how many hits there will be (default: 1000000)",
    },
    Flag {
        name: "--seed",
        value: "NUMBER",
        about: "another seed makes other visits (default: 1)",
    },
    Flag {
        name: "--days",
        value: "NUMBER",
        about: "how many days there are (default: 365)",
    },
    Flag {
        name: "--until",
        value: "DATE",
        about: "the last day, as 2026-12-31 (default: today, up to now)",
    },
];

const ZONE: &str = "Europe/Berlin";
const DAYS_MAX: i32 = 3_650;
const HITS_MAX: u64 = 100_000_000;
const BATCH_HITS: usize = 2_000;
const WAITING_BATCHES: usize = 4;

/// Runs the command.
pub fn run(arguments: &Arguments) -> Result<(), String> {
    let configuration = Configuration::of(arguments)?;
    let seed = arguments.parsed("--seed")?.unwrap_or(1);
    let hits: u64 = arguments
        .parsed("--hits")?
        .unwrap_or(1_000_000)
        .min(HITS_MAX);
    let days: i32 = arguments
        .parsed("--days")?
        .unwrap_or(365)
        .clamp(1, DAYS_MAX);
    let zone = Zone::named(ZONE).ok_or("the time zone is not known")?;
    let last = match arguments.value("--until") {
        None => zone.day(now()),
        Some(text) => Day::from_date(
            text.parse()
                .map_err(|_| format!("'{text}' is no date; write 2026-12-31"))?,
        ),
    };
    let house = House::open(&configuration, Wants::default())?;
    let made = house.runtime.block_on(make_sites(
        &house.app.settings,
        zone.day_start(Day(last.0 - days)),
    ));
    let result = made.and_then(|sites| {
        let direct = house.runtime.block_on(house.app.direct());
        let direct = direct.map_err(|error| error.to_string())?;
        let year = Year::new(seed, sites, zone, last, days, hits);
        fill(&house, &direct, year, seed)
    });
    house.close().and(result)
}

/// Makes and looks up hits on one thread, records them on another.
fn fill(house: &House, direct: &Direct, year: Year, seed: u64) -> Result<(), String> {
    let started = std::time::Instant::now();
    let handle = house.runtime.handle().clone();
    let (sender, receiver) = sync_channel::<Vec<EnrichedHit>>(WAITING_BATCHES);
    let recorded = thread::scope(|scope| {
        scope.spawn(move || {
            let _inside = handle.enter();
            let mut random = Random::of(seed, 1 << 50);
            let mut batch = Vec::with_capacity(BATCH_HITS);
            let end = now();
            for hit in year.days().flatten().take_while(|hit| hit.time <= end) {
                batch.extend(enriched(direct, hit, &mut random));
                if batch.len() >= BATCH_HITS && sender.send(std::mem::take(&mut batch)).is_err() {
                    return;
                }
            }
            // Nobody takes it where recording has failed, which says so itself.
            let _ = sender.send(batch);
        });
        let mut recorded = 0;
        for batch in receiver.into_iter().filter(|batch| !batch.is_empty()) {
            recorded += direct
                .record(batch)
                .map_err(|error| error.to_string())?
                .len();
        }
        Ok::<usize, String>(recorded)
    })?;
    let seconds = started.elapsed().as_secs_f64();
    let rate = recorded as f64 / seconds.max(0.001);
    println!("{recorded} hits in {seconds:.1} s ({rate:.0}/s)");
    Ok(())
}

fn enriched(direct: &Direct, hit: Timed, random: &mut Random) -> Option<EnrichedHit> {
    // Settings of the instance may leave hits out.
    direct
        .enrich(&params_of(hit.pairs), &mut || random.next())
        .ok()
}

// ---- Sites, goals, segments -----------------------------------------------------------------

async fn make_sites(settings: &Settings, created: i64) -> Result<Sites, String> {
    let failed = |error: settings::Error| error.to_string();
    let there = settings.sites().await.map_err(failed)?;
    let is_demo = |site: &settings::Site| site.urls.iter().any(|url| url.starts_with(shop::START));
    if there.iter().any(is_demo) {
        return Err("the folder has a demo already; another --data makes another".to_owned());
    }
    // Everybody may use the segments, whoever has made them.
    let users = settings.users().await.map_err(failed)?;
    let author = users.iter().find(|user| user.superuser_access);
    let author = author.map_or(settings::ANONYMOUS, |user| user.login.as_str());
    let made = async {
        let shop = make_site(settings, "Savanna Outdoor", shop::START, true, created).await?;
        let help = make_site(settings, "Savanna Help", help::START, false, created).await?;
        for goal in goals_of_shop() {
            settings.add_goal(shop, goal).await?;
        }
        for goal in goals_of_help() {
            settings.add_goal(help, goal).await?;
        }
        for (name, definition) in SEGMENTS {
            let segment = SegmentChange {
                name: (*name).to_owned(),
                definition: (*definition).to_owned(),
                enable_all_users: true,
                ..SegmentChange::default()
            };
            settings.add_segment(author, segment, now()).await?;
        }
        Ok((shop, help))
    };
    let (shop, help) = made.await.map_err(failed)?;
    let number = |id: i64| SiteId::try_from(id).map_err(|_| format!("site {id} is out of range"));
    Ok(Sites {
        shop: number(shop)?,
        help: number(help)?,
    })
}

async fn make_site(
    settings: &Settings,
    name: &str,
    url: &str,
    sells: bool,
    created: i64,
) -> settings::Result<i64> {
    let site = NewSite {
        name: name.to_owned(),
        creator_login: String::new(),
        ts_created: Some(created),
        values: SiteChange {
            urls: Some(vec![url.to_owned()]),
            timezone: Some(ZONE.to_owned()),
            currency: Some("EUR".to_owned()),
            ecommerce: Some(sells),
            ..SiteChange::default()
        },
    };
    let id = settings.add_site(site, now()).await?;
    for (name, scope) in [
        ("Customer type", DimensionScope::Visit),
        ("Page type", DimensionScope::Action),
    ] {
        let dimension = NewDimension {
            name: name.to_owned(),
            scope,
            active: true,
            extractions: Vec::new(),
            case_sensitive: true,
        };
        settings.add_dimension(id, dimension).await?;
    }
    Ok(id)
}

fn goal(name: &str, attribute: &str, pattern: &str, kind: &str, revenue: f64) -> GoalChange {
    GoalChange {
        name: name.to_owned(),
        match_attribute: attribute.to_owned(),
        pattern: pattern.to_owned(),
        pattern_type: kind.to_owned(),
        revenue,
        ..GoalChange::default()
    }
}

fn goals_of_shop() -> Vec<GoalChange> {
    vec![
        goal("Newsletter", "event_category", "Newsletter", "exact", 2.0),
        goal("Size guide", "file", "size-guide", "contains", 0.0),
        goal(
            "Began to check out",
            "url",
            "/checkout/address",
            "contains",
            0.0,
        ),
        goal(
            "Stayed ten minutes",
            "visit_duration",
            "10",
            "greater_than",
            0.0,
        ),
    ]
}

fn goals_of_help() -> Vec<GoalChange> {
    vec![
        goal("Answer helped", "event_action", "Yes", "exact", 0.0),
        goal("Wrote to us", "url", "/contact/thanks", "contains", 0.0),
        goal(
            "Went to the shop",
            "external_website",
            "shop.example",
            "contains",
            0.0,
        ),
    ]
}

/// Name and condition.
const SEGMENTS: &[(&str, &str)] = &[
    ("On the phone", "deviceType==smartphone"),
    ("From search engines", "referrerType==search"),
    ("Sent by AI assistants", "referrerType==ai"),
    ("Returning visitors", "visitorType==returning"),
    ("Bought something", "visitEcommerceStatus==ordered"),
    ("East Africa", "countryCode==ke,countryCode==tz"),
];
