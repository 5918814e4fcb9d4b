//! Orders and carts.

use serde_json::Value;

use super::Enriching;
use super::custom::plain_scalar;
use crate::hit::{Ecommerce, Item};
use crate::outcome::Stop;

const MOST_CATEGORIES: usize = 5;
/// Products of one order that are kept.
const MOST_ITEMS: usize = 10_000;

/// Reads an order or a cart.
pub fn read(hit: &mut Enriching<'_>) -> Result<(), Stop> {
    let params = hit.params;
    if hit.hit.ping || params.integer("idgoal") != Some(0) {
        return Ok(());
    }
    let amount = |name: &str| params.number(name).map(rounded);
    hit.hit.ecommerce = Some(Ecommerce {
        order: params.text("ec_id").unwrap_or_default().trim().to_owned(),
        revenue: amount("revenue").unwrap_or(0.0),
        subtotal: amount("ec_st"),
        tax: amount("ec_tx"),
        shipping: amount("ec_sh"),
        discount: amount("ec_dt"),
        items: items(params.json("ec_items").as_ref()),
    });
    Ok(())
}

/// Money has two decimals.
pub fn rounded(amount: f64) -> f64 {
    let cents = (amount * 100.0).round() / 100.0;
    if cents.is_finite() { cents } else { amount }
}

fn items(json: Option<&Value>) -> Vec<Item> {
    let Some(Value::Array(entries)) = json else {
        return Vec::new();
    };
    let mut items: Vec<Item> = Vec::new();
    for item in entries.iter().take(MOST_ITEMS).filter_map(item) {
        items.push(item);
    }
    items
}

/// `[sku, name, category, price, quantity]`; all but the first may be missing.
fn item(entry: &Value) -> Option<Item> {
    let fields = entry.as_array()?;
    let sku = fields
        .first()
        .and_then(joined)
        .filter(|sku| !sku.is_empty())?;
    let number = |at: usize| {
        fields
            .get(at)
            .and_then(plain_scalar)
            .and_then(|text| crate::parse::number(&text))
    };
    Some(Item {
        sku,
        name: fields.get(1).and_then(joined).unwrap_or_default(),
        categories: fields.get(2).map(categories).unwrap_or_default(),
        price: number(3).map_or(0.0, rounded),
        quantity: number(4).map_or(1, |quantity| quantity as i64),
    })
}

/// A text, or a list of texts with commas between them.
fn joined(value: &Value) -> Option<String> {
    let text = match value {
        Value::Array(parts) => {
            let parts: Vec<String> = parts.iter().filter_map(plain_scalar).collect();
            parts.join(",")
        }
        scalar => plain_scalar(scalar)?,
    };
    Some(text.trim().to_owned())
}

fn categories(value: &Value) -> Vec<String> {
    match value {
        Value::Array(parts) => kept_categories(parts.iter().filter_map(plain_scalar)),
        scalar => kept_categories(plain_scalar(scalar).into_iter()),
    }
}

fn kept_categories(texts: impl Iterator<Item = String>) -> Vec<String> {
    texts
        .map(|text| text.trim().to_owned())
        .filter(|text| crate::parse::is_true(text))
        .take(MOST_CATEGORIES)
        .collect()
}

/// The categories of a viewed product: a JSON list, or one name.
pub fn categories_of_text(text: &str) -> Vec<String> {
    if text.starts_with('[')
        && crate::parse::json_within_limits(text.as_bytes())
        && let Ok(list @ Value::Array(_)) = serde_json::from_str(text)
    {
        return categories(&list);
    }
    kept_categories(std::iter::once(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn items_are_read_with_defaults() {
        let json = json!([
            ["SKU", "Name", "Category", "500.119", 2],
            [
                208,
                ["a", "b"],
                ["x", "", 0, "y", "1", "2", "3", "4"],
                "3,5"
            ],
            ["only sku"],
            ["", "no sku"],
            "no item",
        ]);
        let items = items(Some(&json));
        assert_eq!(items.len(), 3);
        assert_eq!((items[0].price, items[0].quantity), (500.12, 2));
        assert_eq!(
            (items[1].sku.as_str(), items[1].name.as_str()),
            ("208", "a,b")
        );
        assert_eq!(items[1].categories, ["x", "y", "1", "2", "3"]);
        assert_eq!((items[2].price, items[2].quantity), (0.0, 1));
    }
}
