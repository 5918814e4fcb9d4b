//! The shop: a catalogue, carts and orders.

use super::people::Person;
use super::random::Random;
use super::visit::{Product, Visit};

pub const START: &str = "https://shop.example";

/// Category, its path, words of its products, the lowest and the highest price.
const CATEGORIES: &[(&str, &str, &[&str], f64, f64)] = &[
    (
        "Tents",
        "tents",
        &["Dome", "Tunnel", "Ridge", "Pop-up", "Family", "Solo"],
        89.0,
        620.0,
    ),
    (
        "Backpacks",
        "backpacks",
        &["Day", "Trek", "Summit", "City", "Hydration", "Child"],
        35.0,
        260.0,
    ),
    (
        "Boots",
        "boots",
        &["Hiking", "Trail", "Winter", "Approach", "Light", "Leather"],
        79.0,
        290.0,
    ),
    (
        "Jackets",
        "jackets",
        &["Rain", "Down", "Fleece", "Wind", "Softshell", "Parka"],
        59.0,
        420.0,
    ),
    (
        "Stoves",
        "stoves",
        &["Gas", "Alcohol", "Wood", "Multi-fuel", "Titanium"],
        19.0,
        180.0,
    ),
    (
        "Lamps",
        "lamps",
        &["Head", "Tent", "Solar", "Pocket", "Dynamo"],
        12.0,
        95.0,
    ),
    (
        "Maps",
        "maps",
        &[
            "Alps",
            "Kilimanjaro",
            "Rift Valley",
            "Black Forest",
            "Usambara",
        ],
        9.0,
        32.0,
    ),
    (
        "Food",
        "food",
        &["Curry", "Pasta", "Ugali", "Oats", "Coffee", "Nuts"],
        3.0,
        14.0,
    ),
];
const MAKERS: &[&str] = &["Tembo", "Simba", "Nyota", "Mlima"];

const SEARCHES: &[&str] = &[
    "tent",
    "rain jacket",
    "head lamp",
    "boots 42",
    "kilimanjaro map",
    "sleeping bag",
    "gift card",
    "stove",
    "waterproof backpack",
    "down jacket women",
    "camping chair",
];

/// Everything that is sold.
pub fn catalogue() -> Vec<Product> {
    let mut products = Vec::new();
    for (category, path, words, lowest, highest) in CATEGORIES {
        for (at, word) in words.iter().enumerate() {
            for (of, maker) in MAKERS.iter().enumerate() {
                let singular = category.trim_end_matches('s');
                let step = (at * MAKERS.len() + of) as f64 / (words.len() * MAKERS.len()) as f64;
                products.push(Product {
                    sku: format!("{}-{:03}", path[..2].to_ascii_uppercase(), at * 10 + of),
                    name: format!("{maker} {word} {singular}"),
                    category,
                    price: (lowest + (highest - lowest) * step).floor() + 0.9,
                });
            }
        }
    }
    products
}

fn path_of(product: &Product) -> String {
    let slug = product.name.to_lowercase().replace(' ', "-");
    let category = CATEGORIES
        .iter()
        .find(|(name, ..)| *name == product.category);
    let folder = category.map_or("other", |(_, path, ..)| path);
    format!("/{folder}/{slug}")
}

/// The last number of an order.
pub struct Orders(pub u64);

/// What one visitor does. `landing` is added to the first address: a campaign, or nothing.
pub fn walk(visit: &mut Visit<'_>, products: &[Product], orders: &mut Orders, landing: &str) {
    first_page(visit, products, landing);
    if visit.person.is_robot {
        while visit.random.chance(0.6) {
            see_product(visit, products, "");
        }
        return;
    }
    let mut cart: Vec<(Product, u32)> = Vec::new();
    // A third leaves at once.
    let mut stays = 0.64;
    while visit.random.chance(stays) {
        stays = 0.8;
        match visit.random.below(100) {
            0..=7 => search(visit),
            8..=27 => see_category(visit),
            28..=33 => visit.content(
                "Home banner",
                "Summer tents",
                &format!("{START}/tents"),
                None,
            ),
            34..=36 => visit.page("/about/shipping", "Shipping and returns", 25.0),
            37..=39 => visit.download("/files/size-guide.pdf"),
            40..=41 => visit.outlink("https://social.example/shop"),
            42..=45 => visit.event("Newsletter", "Subscribe", "Footer", None),
            _ => {
                let product = see_product(visit, products, "");
                put_in_cart(visit, product, &mut cart);
            }
        }
    }
    if !cart.is_empty() && visit.random.chance(buys(visit.person)) {
        check_out(visit, &cart, orders);
    }
}

fn buys(person: &Person) -> f64 {
    match person.kind {
        "guest" => 0.22,
        "customer" => 0.45,
        _ => 0.6,
    }
}

fn first_page(visit: &mut Visit<'_>, products: &[Product], landing: &str) {
    match visit.random.below(100) {
        0..=44 => {
            visit.page(&format!("/{landing}"), "Savanna Outdoor", 20.0);
            visit.content(
                "Home banner",
                "Summer tents",
                &format!("{START}/tents"),
                None,
            );
            if visit.random.chance(0.06) {
                let target = format!("{START}/tents");
                visit.content("Home banner", "Summer tents", &target, Some("click"));
            }
        }
        45..=69 => {
            let (name, path, ..) = *visit.random.pick(CATEGORIES);
            category_page(visit, name, &format!("/{path}{landing}"));
        }
        _ => {
            see_product(visit, products, landing);
        }
    }
}

fn see_category(visit: &mut Visit<'_>) {
    let (name, path, ..) = *visit.random.pick(CATEGORIES);
    category_page(visit, name, &format!("/{path}"));
}

fn category_page(visit: &mut Visit<'_>, name: &str, path: &str) {
    let more = vec![
        ("_pkc", name.to_owned()),
        ("dimension2", "category".to_owned()),
    ];
    visit.page_with(path, &format!("{name} | Savanna Outdoor"), 30.0, more);
}

fn see_product<'p>(visit: &mut Visit<'_>, products: &'p [Product], landing: &str) -> &'p Product {
    // Few products are seen often, most of them seldom.
    let part = visit.random.part() * visit.random.part();
    let scattered = (part * products.len() as f64) as usize * 37 % products.len();
    let product = &products[scattered];
    let more = vec![
        ("_pks", product.sku.clone()),
        ("_pkn", product.name.clone()),
        ("_pkc", product.category.to_owned()),
        ("_pkp", product.price.to_string()),
        ("dimension2", "product".to_owned()),
    ];
    let title = format!("{} | Savanna Outdoor", product.name);
    visit.page_with(
        &format!("{}{landing}", path_of(product)),
        &title,
        45.0,
        more,
    );
    if visit.random.chance(0.12) {
        let seconds = visit.random.around(40.0).round();
        visit.event("Video", "Play", &product.name, Some(seconds));
    }
    product
}

fn put_in_cart(visit: &mut Visit<'_>, product: &Product, cart: &mut Vec<(Product, u32)>) {
    if cart.len() < 5 && visit.random.chance(0.11) {
        let count = *visit.random.weighted(&[(80, 1), (14, 2), (6, 4)]);
        cart.push((product.clone(), count));
        visit.cart(cart);
    }
}

fn search(visit: &mut Visit<'_>) {
    let words = *visit.random.pick(SEARCHES);
    let results = if words.len() > 15 {
        0
    } else {
        3 + words.len() as u64
    };
    let path = format!("/search?q={}", words.replace(' ', "+"));
    visit.search(&path, words, "", results);
}

fn check_out(visit: &mut Visit<'_>, cart: &[(Product, u32)], orders: &mut Orders) {
    visit.page("/checkout/cart", "Your cart", 25.0);
    visit.page("/checkout/address", "Address", 60.0);
    if visit.random.chance(0.25) {
        return;
    }
    visit.page("/checkout/payment", "Payment", 40.0);
    if visit.random.chance(0.12) {
        return;
    }
    orders.0 += 1;
    visit.order(&format!("SO-{:06}", orders.0), cart);
    visit.page("/checkout/thanks", "Thank you", 15.0);
}

/// Where visitors come from.
pub fn origin(random: &mut Random, is_sale: bool) -> (String, String) {
    let campaigns = if is_sale { 30 } else { 10 };
    let origins = [
        (32, ("", "")),
        (22, ("https://www.google.com/", "")),
        (5, ("https://www.bing.com/", "")),
        (4, ("https://duckduckgo.com/", "")),
        (2, ("https://www.ecosia.org/search?q=camping+tent", "")),
        (5, ("https://www.instagram.com/", "")),
        (3, ("https://www.facebook.com/", "")),
        (2, ("https://www.youtube.com/", "")),
        (3, ("https://chatgpt.com/", "")),
        (1, ("https://www.perplexity.ai/", "")),
        (5, ("https://trails.example/best-tents", "")),
        (3, ("https://hikers-forum.example/thread/481", "")),
        (
            campaigns,
            (
                "",
                "?mtm_campaign=Newsletter&mtm_kwd=monthly&mtm_source=mail&mtm_medium=email",
            ),
        ),
        (
            campaigns / 2,
            (
                "https://www.google.com/",
                "?mtm_campaign=Tents&mtm_kwd=light+tent&mtm_source=google&mtm_medium=cpc",
            ),
        ),
    ];
    let (from, landing) = *random.weighted(&origins);
    let landing = if is_sale {
        landing.replace("monthly", "sale")
    } else {
        landing.to_owned()
    };
    (from.to_owned(), landing)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn articles_have_numbers_of_their_own() {
        let products = catalogue();
        let mut numbers: Vec<&str> = products
            .iter()
            .map(|product| product.sku.as_str())
            .collect();
        numbers.sort_unstable();
        numbers.dedup();
        assert_eq!(numbers.len(), products.len());
        assert!(products.iter().all(|product| product.price > 1.0));
    }
}
