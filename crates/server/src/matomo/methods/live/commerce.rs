//! Goals, orders and carts of a visit as actions of the log.

use catalog::columns::{conversion, float, item};
use model::{Name, Value};
use query::VisitRows;

use super::action::{Happened, moment};
use super::log::{IMAGES, Log, Place, filled};
use super::visit::referrer_type_name;
use crate::matomo::methods::common::field;
use crate::matomo::shape::php;

const ORDER: i64 = 0;
const CART: i64 = -1;

/// What a visitor bought, and left in carts, at all visits.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Totals {
    pub orders: Sum,
    pub carts: Sum,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Sum {
    pub revenue: f64,
    pub count: i64,
    pub items: i64,
}

impl Sum {
    fn add(&mut self, row: &[i64]) {
        self.revenue += float(row[conversion::REVENUE]);
        self.count += 1;
        self.items = self.items.saturating_add(row[conversion::ITEMS]);
    }
}

pub fn totals_of(visits: &[VisitRows]) -> Totals {
    let mut totals = Totals::default();
    for row in visits.iter().flat_map(|rows| &rows.conversions) {
        match row[conversion::GOAL] {
            ORDER => totals.orders.add(row),
            CART => totals.carts.add(row),
            _ => {}
        }
    }
    totals
}

pub fn amount(number: f64) -> Value {
    php::whole_or_float(php::round(number, 2))
}

fn money(bits: i64) -> Value {
    amount(float(bits))
}

/// Goals reached; orders and carts are none.
pub fn goals(rows: &VisitRows) -> i64 {
    rows.conversions
        .iter()
        .filter(|row| row[conversion::GOAL] > 0)
        .count() as i64
}

pub fn happened(log: &Log, place: &Place, rows: &VisitRows) -> Vec<Happened> {
    let one = |row: &[i64]| Happened {
        time: row[conversion::TIME],
        row: row[conversion::ACTION],
        is_page: false,
        is_order: row[conversion::GOAL] == ORDER,
        fields: match row[conversion::GOAL] {
            ORDER | CART => shop(log, place, rows, row),
            _ => goal(log, place, row),
        },
    };
    rows.conversions.iter().map(|row| one(row)).collect()
}

fn referrer(log: &Log, row: &[i64]) -> [(Name, Value); 3] {
    [
        field(
            "referrerType",
            referrer_type_name(row[conversion::REFERRER_TYPE]),
        ),
        field(
            "referrerName",
            filled(log.text(row[conversion::REFERRER_NAME])),
        ),
        field(
            "referrerKeyword",
            filled(log.text(row[conversion::REFERRER_KEYWORD])),
        ),
    ]
}

fn goal(log: &Log, place: &Place, row: &[i64]) -> Vec<(Name, Value)> {
    let id = row[conversion::GOAL];
    let mut goals = log.world.goals_of(place.id);
    let name = goals
        .find(|goal| goal.idgoal == id)
        .map_or("", |goal| goal.name.as_str());
    let revenue = float(row[conversion::REVENUE]);
    let page = row[conversion::ACTION];
    let subtitle = match revenue > 0.0 {
        true => format!(
            "{name} ({} revenue)",
            log.numbers().money(revenue, place.currency_symbol)
        ),
        false => name.to_owned(),
    };
    let mut fields = vec![
        field("type", "goal"),
        field("goalName", filled(name)),
        field("goalId", id),
        field("revenue", money(row[conversion::REVENUE])),
        field(
            "goalPageId",
            if page == 0 {
                Value::Null
            } else {
                Value::Int(page)
            },
        ),
        field(
            "serverTimePretty",
            moment(log, place, row[conversion::TIME]),
        ),
        field("url", filled(log.text(row[conversion::URL]))),
    ];
    fields.extend(referrer(log, row));
    fields.push(field("icon", format!("{IMAGES}goal.png")));
    fields.push(field("iconSVG", format!("{IMAGES}goal.svg")));
    fields.push(field(
        "title",
        log.translate("Goal conversion").into_owned(),
    ));
    fields.push(field("subtitle", subtitle));
    fields.push(field("timestamp", row[conversion::TIME]));
    // A conversion has no dimensions of an action; the fields are there all the same.
    let dimensions = log.dimensions(place, settings::DimensionScope::Action, |_| None);
    fields.extend(
        dimensions
            .into_iter()
            .map(|(name, value)| (name.into(), value)),
    );
    fields
}

fn shop(log: &Log, place: &Place, rows: &VisitRows, row: &[i64]) -> Vec<(Name, Value)> {
    let is_order = row[conversion::GOAL] == ORDER;
    let kind = if is_order {
        "ecommerceOrder"
    } else {
        "ecommerceAbandonedCart"
    };
    let order = log.text(row[conversion::ORDER]);
    let mut fields = vec![field("type", kind)];
    if is_order {
        fields.push(field("orderId", order));
    }
    fields.push(field("revenue", money(row[conversion::REVENUE])));
    if is_order {
        fields.push(field("revenueSubTotal", money(row[conversion::SUBTOTAL])));
        fields.push(field("revenueTax", money(row[conversion::TAX])));
        fields.push(field("revenueShipping", money(row[conversion::SHIPPING])));
        fields.push(field("revenueDiscount", money(row[conversion::DISCOUNT])));
    }
    let count = row[conversion::ITEMS];
    fields.push(field("items", count));
    fields.push(field(
        "serverTimePretty",
        moment(log, place, row[conversion::TIME]),
    ));
    fields.extend(referrer(log, row));
    let own =
        |item: &&[i64]| item[item::ORDER] == row[conversion::ORDER] && item[item::DELETED] == 0;
    let mut items: Vec<&[i64]> = rows.items.iter().map(|item| &**item).filter(own).collect();
    items.sort_by_key(|item| item[item::SKU]);
    let names: Vec<&str> = items
        .iter()
        .map(|item| log.view.actions.text(item[item::NAME]))
        .collect();
    let details = items
        .iter()
        .map(|item| Value::Map(item_fields(log, item)))
        .collect();
    let revenue = log
        .numbers()
        .money(float(row[conversion::REVENUE]), place.currency_symbol);
    let title = if is_order {
        format!("Ordered ({order})")
    } else {
        "Abandoned Cart".to_owned()
    };
    fields.push(field("itemDetails", Value::List(details)));
    fields.push(field("icon", format!("{IMAGES}{kind}.png")));
    fields.push(field("iconSVG", format!("{IMAGES}{kind}.svg")));
    fields.push(field("title", title));
    // The bracket that nothing opens is what clients are used to.
    let subtitle = format!("{revenue} revenue - {count} items: {})", names.join(", "));
    fields.push(field("subtitle", subtitle));
    fields.push(field("timestamp", row[conversion::TIME]));
    fields
}

fn item_fields(log: &Log, row: &[i64]) -> Vec<(Name, Value)> {
    let categories = row[item::CATEGORY_1..=item::CATEGORY_5]
        .iter()
        .filter(|number| **number != 0);
    vec![
        field("itemSKU", log.action_text(row[item::SKU])),
        field("itemName", log.action_text(row[item::NAME])),
        field("itemCategory", log.action_text(row[item::CATEGORY_1])),
        field("price", php::whole_or_float(float(row[item::PRICE]))),
        field("quantity", row[item::QUANTITY]),
        field(
            "categories",
            Value::List(categories.map(|number| log.action_text(*number)).collect()),
        ),
    ]
}
