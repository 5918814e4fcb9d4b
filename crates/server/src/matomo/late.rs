//! What happens to the rows of a report after their labels are made: their order, rows that are always
//! there, and names that sorting and searching do not know yet.

use catalog::reports::{Record, Report, Shown};
use model::{Row, Table, Value};

use super::ranges;
use super::show::{ICONS, device_type};
use crate::names::Names;

/// Rows that the order leaves equal come by label, at every level.
pub fn order_by_label(table: &mut Table) {
    table.rows.sort_by(|a, b| {
        super::shape::php::natural_compare(a.label().trim_start(), b.label().trim_start())
    });
    for row in &mut table.rows {
        if let Some(inner) = &mut row.subtable {
            order_by_label(inner);
        }
    }
}

/// Products that were only looked at come after those that were sold.
pub fn sold_first(table: &mut Table) {
    table.rows.sort_by_key(|row| row.get("revenue").is_none());
}

/// Every type of device has a row, as soon as one has.
pub fn add_device_types(table: &mut Table) {
    if table.is_empty() {
        return;
    }
    for number in 0..catalog::values::DEVICE_TYPES.len() {
        let mut row = Row::default();
        let number = number.to_string();
        row.set("nb_visits", 0);
        device_type(&mut row, &number);
        if table.rows.iter().all(|known| known.label() != row.label()) {
            if let Some(label) = row.remove("label") {
                row.columns.insert(0, ("label".into(), label));
            }
            table.rows.push(row);
        }
    }
}

/// In a flat report the segment comes after the names of the levels.
pub fn move_segments_last(table: &mut Table) {
    for row in table.all_rows_mut() {
        // Folders that stand among their pages have had theirs before.
        let is_folder = row
            .meta("is_aggregate")
            .is_some_and(|value| value.number() == 1.0);
        if is_folder {
            continue;
        }
        if let Some(segment) = row.remove_meta("segment") {
            row.set_meta("segment", segment);
        }
    }
}

/// Rows with others below lose their segment, at every level; `below_only`: only those below do.
pub fn drop_segments_of_folders(table: &mut Table, below_only: bool) {
    for row in table.all_rows_mut() {
        if let Some(mut inner) = row.subtable.take() {
            if !below_only {
                row.remove_meta("segment");
            }
            for below in inner.all_rows_mut() {
                below.remove_meta("segment");
            }
            drop_segments_of_folders(&mut inner, below_only);
            row.subtable = Some(inner);
        }
    }
}

/// After limits: names that sorting and searching do not know yet.
pub fn name_at_last(table: &mut Table, report: &Report, names: &Names, language: &str) {
    match report.record {
        Record::Buckets { ranges, .. } => ranges::show_visits(table, report.shown, ranges),
        Record::GoalHistogram { ranges, .. } => {
            ranges::show_conversions(table, report.shown, ranges);
        }
        _ => {}
    }
    for row in &mut table.rows {
        let label = row.label().into_owned();
        match report.shown {
            Shown::LocalHour => hour(row, &label, "visitLocalHour"),
            Shown::ServerHour => hour(row, &label, "visitStartServerHour"),
            Shown::Plugin => plugin(row, &label),
            Shown::DayOfWeek => {
                let day = row.meta("day_of_week").map_or(0.0, Value::number) as i8;
                if (1..=7).contains(&day) {
                    row.set("label", names.weekday(day, language));
                }
            }
            _ => {}
        }
    }
}

fn plugin(row: &mut Row, label: &str) {
    row.set_meta("logo", format!("{ICONS}plugins/{label}.png"));
    let mut name = label.to_owned();
    if let Some(first) = name.get_mut(0..1) {
        first.make_ascii_uppercase();
    }
    row.set("label", name);
}

fn hour(row: &mut Row, label: &str, name: &str) {
    if let Ok(hour) = label.parse::<u8>() {
        row.set("label", format!("{hour:02}"));
        row.set_meta("segment", format!("{name}=={hour}"));
    }
}
