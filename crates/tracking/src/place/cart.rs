//! Carts and orders: one cart a visit, which an order takes over.

use catalog::columns::{bits, conversion, item, kind};

use super::Placing;
use super::conversion::Snapshot;
use super::goals::pages_before;
use crate::hit::{Ecommerce, Item};
use crate::outcome::{Refusal, Stop};
use crate::visits::{Dictionaries, VisitState};

const ORDER: i64 = 0;
const CART: i64 = -1;

/// Records an order, or brings the cart of the visit up to date.
pub fn update(placing: &mut Placing<'_>) -> Result<(), Stop> {
    let hit = placing.hit;
    let Some(shop) = &hit.ecommerce else {
        return Ok(());
    };
    let is_order = !shop.order.is_empty();
    if is_order && placing.visits.has_order(hit.site, &shop.order) {
        return Err(Refusal::DuplicateOrder.into());
    }
    let texts = placing.texts;
    let snapshot = Snapshot::take(placing);
    let order = texts.value(&shop.order);
    let url = texts.value(&hit.url);
    let items: Vec<Vec<(usize, i64)>> = shop
        .items
        .iter()
        .map(|item| item_columns(item, texts))
        .collect();
    let visit = placing.visit;
    let Some(state) = placing.visits.open(visit) else {
        return Ok(());
    };
    let pages = pages_before(state);
    let row = cart_row(state);
    snapshot.write(&mut state.conversions[row], &state.visit);
    let row = &mut state.conversions[row];
    row[conversion::TIME] = hit.time;
    row[conversion::GOAL] = if is_order { ORDER } else { CART };
    row[conversion::URL] = url;
    row[conversion::ORDER] = order;
    row[conversion::PAGES_BEFORE] = pages;
    write_money(row, shop, is_order);
    update_items(state, order, hit.time, &items);
    if is_order {
        placing.visits.add_order(hit.site, &shop.order, visit);
    }
    Ok(())
}

/// The position of the visit's cart among its conversions, made where there is none.
fn cart_row(state: &mut VisitState) -> usize {
    let found = state
        .conversions
        .iter()
        .position(|row| row[conversion::GOAL] == CART);
    found.unwrap_or_else(|| {
        let row = state.new_conversion();
        state.conversions.push(row);
        state.conversions.len() - 1
    })
}

fn write_money(row: &mut [i64], shop: &Ecommerce, is_order: bool) {
    row[conversion::REVENUE] = bits(shop.revenue);
    let of_order = |amount: Option<f64>| bits(if is_order { amount.unwrap_or(0.0) } else { 0.0 });
    row[conversion::SUBTOTAL] = of_order(shop.subtotal);
    row[conversion::TAX] = of_order(shop.tax);
    row[conversion::SHIPPING] = of_order(shop.shipping);
    row[conversion::DISCOUNT] = of_order(shop.discount);
    row[conversion::ITEMS] = shop
        .items
        .iter()
        .fold(0i64, |sum, item| sum.saturating_add(item.quantity));
}

fn item_columns(sent: &Item, texts: Dictionaries<'_>) -> Vec<(usize, i64)> {
    let mut columns = vec![
        (item::SKU, texts.action(kind::SKU, &sent.sku)),
        (item::NAME, texts.action(kind::ITEM_NAME, &sent.name)),
        (item::PRICE, bits(sent.price)),
        (item::QUANTITY, sent.quantity),
        (item::DELETED, 0),
    ];
    for at in 0..5 {
        let category = sent.categories.get(at).map_or("", String::as_str);
        columns.push((
            item::CATEGORY_1 + at,
            texts.action(kind::ITEM_CATEGORY, category),
        ));
    }
    columns
}

/// Rows of the cart take over what was sent; what was not sent again is deleted; what is new is added.
fn update_items(state: &mut VisitState, order: i64, time: i64, sent: &[Vec<(usize, i64)>]) {
    let no_order = 0;
    for row in state
        .items
        .iter_mut()
        .filter(|row| row[item::ORDER] == no_order)
    {
        row[item::DELETED] = 1;
    }
    for columns in sent {
        let sku = columns[0].1;
        let row = match state
            .items
            .iter()
            .position(|row| is_in_cart(row, no_order, sku))
        {
            Some(at) => &mut state.items[at],
            None => {
                let row = state.new_item();
                state.items.push(row);
                let last = state.items.len() - 1;
                &mut state.items[last]
            }
        };
        for (column, value) in columns {
            row[*column] = *value;
        }
        row[item::TIME] = time;
    }
    for row in state
        .items
        .iter_mut()
        .filter(|row| row[item::ORDER] == no_order)
    {
        row[item::ORDER] = order;
    }
}

fn is_in_cart(row: &[i64], no_order: i64, sku: i64) -> bool {
    row[item::ORDER] == no_order && row[item::SKU] == sku
}
