//! Numbers of sub-tables, which a client sends back as `idSubtable`.
//!
//! They are positions in the raw report, outermost rows first: the same question gives the same numbers.

use model::Table;

#[derive(Default)]
pub struct Subtables;

impl Subtables {
    pub fn clear(&self) {}
}

/// Numbers every sub-table from 1, in the order of the raw report.
pub fn number(table: &mut Table) {
    let mut next = 1;
    number_from(table, &mut next);
}

fn number_from(table: &mut Table, next: &mut u32) {
    for row in &mut table.rows {
        if let Some(subtable) = &mut row.subtable {
            subtable.id = *next;
            *next += 1;
            number_from(subtable, next);
        }
    }
}

/// The sub-table of that number, with the labels of the rows that lead to it.
pub fn find(table: Table, id: u32, labels: &mut Vec<String>) -> Option<Table> {
    for row in table.rows {
        let label = row.label().into_owned();
        if let Some(subtable) = row.subtable {
            labels.push(label);
            if subtable.id == id {
                return Some(*subtable);
            }
            if let Some(found) = find(*subtable, id, labels) {
                return Some(found);
            }
            labels.pop();
        }
    }
    None
}
