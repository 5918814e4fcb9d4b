use std::collections::BTreeMap;

use catalog::columns::{TableId, action, item, visit};
use model::{Row, Table, Value};

use super::fold::{Builder, add_row};
use super::visits::whole;
use super::{Context, action_column, cents, item_column, number, visit_column};
use crate::{Key, Measure, QueryError, Test, Verb};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ItemColumn {
    Sku,
    Name,
    Category,
}

impl ItemColumn {
    /// Columns of the items table and of product views that hold it.
    fn columns(self) -> (&'static [usize], &'static [usize]) {
        match self {
            ItemColumn::Sku => (&[item::SKU], &[action::PRODUCT_SKU]),
            ItemColumn::Name => (&[item::NAME], &[action::PRODUCT_NAME]),
            ItemColumn::Category => (
                &[
                    item::CATEGORY_1,
                    item::CATEGORY_2,
                    item::CATEGORY_3,
                    item::CATEGORY_4,
                    item::CATEGORY_5,
                ],
                &[
                    action::PRODUCT_CATEGORY_1,
                    action::PRODUCT_CATEGORY_2,
                    action::PRODUCT_CATEGORY_3,
                    action::PRODUCT_CATEGORY_4,
                    action::PRODUCT_CATEGORY_5,
                ],
            ),
        }
    }
}

/// Products sold (or left in carts), with the views of their pages. A product without the text has the
/// empty label.
pub fn items(context: &Context, by: ItemColumn, carts: bool) -> Result<Table, QueryError> {
    let mut parts: BTreeMap<i64, Builder> = BTreeMap::new();
    let (sold, viewed) = by.columns();
    for (position, column) in sold.iter().enumerate() {
        for (part, rows) in sold_by(context, *column, carts, position == 0)? {
            let builder = parts.entry(part).or_insert_with(Builder::new);
            for (label, columns) in rows {
                builder.add(&label, columns);
            }
        }
    }
    let mut tables: BTreeMap<i64, Table> = parts
        .into_iter()
        .map(|(part, builder)| (part, builder.table))
        .collect();
    let mut views: BTreeMap<i64, Builder> = BTreeMap::new();
    for (position, column) in viewed.iter().enumerate() {
        // A product without any category is seen all the same.
        let mut asked = vec![vec![is(*column, Verb::IsNot(0))]];
        if position == 0 && by == ItemColumn::Category {
            asked.push(vec![
                is(*column, Verb::Is(0)),
                is(action::PRODUCT_SKU, Verb::IsNot(0)),
            ]);
        }
        for tests in asked {
            for (part, rows) in viewed_by(context, *column, tests)? {
                let builder = views.entry(part).or_insert_with(Builder::new);
                for (label, columns) in rows {
                    builder.add(&label, columns);
                }
            }
        }
    }
    for (part, builder) in views {
        add_views(tables.entry(part).or_default(), builder.table);
    }
    Ok(context.fold(tables.into_values(), context.rows.products))
}

fn add_views(table: &mut Table, views: Table) {
    for view in views.rows {
        let label = view.label().into_owned();
        match table.rows.iter_mut().find(|row| row.label() == label) {
            Some(row) => add_row(row, view),
            None => {
                let mut row = Row::labelled(label);
                add_row(&mut row, view);
                table.rows.push(row);
            }
        }
    }
}

type Rows = Vec<(String, Vec<(&'static str, Value)>)>;

fn sold_by(
    context: &Context,
    column: usize,
    carts: bool,
    keeps_empty: bool,
) -> Result<BTreeMap<i64, Rows>, QueryError> {
    let order = if carts { Verb::Is(0) } else { Verb::IsNot(0) };
    let mut tests = vec![
        Test {
            operand: item_column(item::ORDER),
            verb: order,
        },
        Test {
            operand: item_column(item::DELETED),
            verb: Verb::Is(0),
        },
    ];
    if !keeps_empty {
        tests.push(Test {
            operand: item_column(column),
            verb: Verb::IsNot(0),
        });
    }
    let count = if carts { item::VISIT } else { item::ORDER };
    let measures = vec![
        Measure::SumProduct(item_column(item::PRICE), item_column(item::QUANTITY)),
        Measure::Sum(item_column(item::QUANTITY)),
        Measure::SumFloat(item_column(item::PRICE)),
        Measure::Distinct(item_column(count)),
    ];
    let keys = vec![Key::Column(item_column(column))];
    let parts = context.ask_by_part(TableId::Items, tests, keys, measures)?;
    let row = |group: super::Group| {
        let counted = if carts { "abandoned_carts" } else { "orders" };
        let columns = vec![
            ("revenue", number(cents(group.values[0]))),
            ("quantity", whole(group.values[1])),
            ("price", number(cents(group.values[2]))),
            (counted, whole(group.values[3])),
        ];
        (context.view.actions.text(group.keys[0]).to_owned(), columns)
    };
    let rows = parts.into_iter();
    Ok(rows
        .map(|(part, groups)| (part, groups.into_iter().map(row).collect()))
        .collect())
}

fn is(column: usize, verb: Verb) -> Test {
    Test {
        operand: action_column(column),
        verb,
    }
}

fn viewed_by(
    context: &Context,
    column: usize,
    tests: Vec<Test>,
) -> Result<BTreeMap<i64, Rows>, QueryError> {
    let price = action_column(action::PRODUCT_PRICE);
    let measures = vec![
        Measure::Distinct(visit_column(visit::VISITOR)),
        Measure::Distinct(action_column(action::VISIT)),
        Measure::Count,
        Measure::SumFloat(price),
        Measure::CountIf(vec![Test {
            operand: price,
            verb: Verb::HasFloat,
        }]),
    ];
    let keys = vec![Key::Column(action_column(column))];
    let parts = context.ask_by_part(TableId::Actions, tests, keys, measures)?;
    let row = |group: super::Group| {
        let mut columns = vec![
            ("nb_visits", whole(group.values[1])),
            ("nb_uniq_visitors", whole(group.values[0])),
            ("nb_actions", whole(group.values[2])),
        ];
        if group.values[4] > 0.0 {
            // Days are added to each other as averages, as in Matomo.
            let average = cents(group.values[3] / group.values[4]);
            columns.push(("price_viewed", number(average)));
        }
        (context.view.actions.text(group.keys[0]).to_owned(), columns)
    };
    let rows = parts.into_iter();
    Ok(rows
        .map(|(part, groups)| (part, groups.into_iter().map(row).collect()))
        .collect())
}
