//! The help site: articles, searches, and whether an answer helped.

use super::random::Random;
use super::visit::Visit;

pub const START: &str = "https://help.example";

/// Section, its path, and its articles.
const SECTIONS: &[(&str, &str, &[&str])] = &[
    (
        "Orders",
        "orders",
        &[
            "Where is my order",
            "Change an order",
            "Cancel an order",
            "Invoices",
            "Order as a company",
        ],
    ),
    (
        "Returns",
        "returns",
        &[
            "Return a product",
            "How long a refund takes",
            "Exchange for another size",
            "Damaged on arrival",
        ],
    ),
    (
        "Care",
        "care",
        &[
            "Wash a down jacket",
            "Waterproof a tent",
            "Clean boots",
            "Store a sleeping bag",
            "Repair a zip",
        ],
    ),
    (
        "Choosing",
        "choosing",
        &[
            "Which tent for which weather",
            "Find your boot size",
            "Layers for the cold",
            "Gas or wood stove",
        ],
    ),
    (
        "Account",
        "account",
        &[
            "Sign in",
            "Forgotten password",
            "Delete my account",
            "Newsletter settings",
        ],
    ),
];

/// Words, and how many articles they find.
const SEARCHES: &[(u32, (&str, u64))] = &[
    (12, ("return", 4)),
    (10, ("where is my order", 2)),
    (8, ("refund", 3)),
    (6, ("zip broken", 1)),
    (5, ("wash jacket", 2)),
    (4, ("invoice", 1)),
    (3, ("gift card", 0)),
    (3, ("pick up in store", 0)),
    (2, ("repair service price", 0)),
];

/// What one visitor does.
pub fn walk(visit: &mut Visit<'_>, landing: &str) {
    if visit.random.chance(0.3) {
        visit.page(&format!("/{landing}"), "How can we help?", 12.0);
    } else {
        read_article(visit, landing);
    }
    let mut stays = 0.5;
    while visit.random.chance(stays) {
        stays = 0.62;
        match visit.random.below(100) {
            0..=21 => search(visit),
            22..=29 => visit.download("/files/care-instructions.pdf"),
            30..=35 => visit.outlink("https://shop.example/"),
            36..=40 if !visit.person.is_robot => contact(visit),
            _ => read_article(visit, ""),
        }
    }
}

fn read_article(visit: &mut Visit<'_>, landing: &str) {
    let (section, folder, articles) = *visit.random.pick(SECTIONS);
    // The first of a section is read most.
    let part = visit.random.part() * visit.random.part();
    let article = articles[(part * articles.len() as f64) as usize];
    let path = format!(
        "/{folder}/{}{landing}",
        article.to_lowercase().replace(' ', "-")
    );
    let more = vec![("dimension2", "article".to_owned())];
    visit.page_with(&path, &format!("{article} / {section} / Help"), 70.0, more);
    if !visit.person.is_robot && visit.random.chance(0.14) {
        let helped = visit.random.chance(0.72);
        let (answer, value) = if helped { ("Yes", 1.0) } else { ("No", 0.0) };
        visit.event("Feedback", answer, article, Some(value));
    }
}

fn search(visit: &mut Visit<'_>) {
    let (words, results) = *visit.random.weighted(SEARCHES);
    let (section, ..) = *visit.random.pick(SECTIONS);
    let path = format!("/search?q={}", words.replace(' ', "+"));
    visit.search(&path, words, section, results);
}

fn contact(visit: &mut Visit<'_>) {
    visit.page("/contact", "Write to us", 80.0);
    if visit.random.chance(0.6) {
        visit.page("/contact/thanks", "Thank you for writing", 8.0);
    }
}

/// Where visitors come from.
pub fn origin(random: &mut Random) -> (String, String) {
    let origins = [
        (22, ("", "")),
        (40, ("https://www.google.com/", "")),
        (6, ("https://www.bing.com/", "")),
        (16, ("https://shop.example/about/shipping", "")),
        (5, ("https://chatgpt.com/", "")),
        (2, ("https://claude.ai/", "")),
        (3, ("https://hikers-forum.example/thread/77", "")),
        (
            4,
            (
                "",
                "?mtm_campaign=Order+mail&mtm_source=mail&mtm_medium=email",
            ),
        ),
    ];
    let (from, landing) = *random.weighted(&origins);
    (from.to_owned(), landing.to_owned())
}
