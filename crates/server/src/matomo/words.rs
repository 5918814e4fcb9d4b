//! Labels that are words of the program in the language of the call. What people wrote stays as it is.

use std::borrow::Cow;

use catalog::reports::{Report, Shown};
use model::{Row, Table, Value};

use crate::names::Names;

/// Stand for what is not there, or for the rest, in reports whose labels are texts of people.
const STAND_INS: [&str; 9] = [
    "Unknown",
    "Others",
    "Keyword not defined",
    "Page URL not defined",
    "Page Name not defined",
    "Event Name not defined",
    "Content Name not defined",
    "Product Name not defined",
    "Product Category not defined",
];

/// Translates the labels of a table and of the tables in it.
pub fn translate_labels(table: &mut Table, report: &Report, names: &Names, language: &str) {
    if language == "en" {
        return;
    }
    let all = are_words(report.shown);
    for row in table.all_rows_mut() {
        let day = weekday(row).filter(|_| matches!(report.shown, Shown::DayOfWeek));
        let translated = match (row.get("label"), day) {
            (_, Some(day)) => Some(names.weekday(day, language).to_owned()),
            (Some(Value::Text(label)), None) if all || STAND_INS.contains(&label.as_str()) => {
                match names.translate(label, language) {
                    Cow::Borrowed(same) if same == label.as_str() => None,
                    other => Some(other.into_owned()),
                }
            }
            _ => None,
        };
        if let Some(translated) = translated {
            row.set("label", translated);
        }
        if let Some(inner) = &mut row.subtable {
            translate_labels(inner, report, names, language);
        }
    }
}

/// 1 for Monday.
fn weekday(row: &Row) -> Option<i8> {
    let day = row.meta("day_of_week")?.number();
    (1.0..=7.0).contains(&day).then_some(day as i8)
}

/// Whether every label of a report is a word of ours.
fn are_words(shown: Shown) -> bool {
    matches!(
        shown,
        Shown::DeviceType
            | Shown::ReferrerType
            | Shown::DurationRange
            | Shown::PagesRange
            | Shown::VisitCountRange
            | Shown::DaysSinceLastRange
            | Shown::VisitsToConversion
            | Shown::DaysToConversion
            | Shown::LocalHour
            | Shown::ServerHour
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_words_of_the_program_are_translated() {
        let names = Names::embedded();
        for (method, label, german) in [
            ("Referrers.getReferrerType", "Websites", "Websites"),
            (
                "Referrers.getReferrerType",
                "Direct Entry",
                "Direkte Zugriffe",
            ),
            ("Actions.getPageTitles", "Direct Entry", "Direct Entry"),
            ("Actions.getPageTitles", "Others", "Andere"),
            (
                "VisitorInterest.getNumberOfVisitsPerPage",
                "1 page",
                "1 Seite",
            ),
        ] {
            let report = catalog::reports::report(method).expect("a report");
            let mut table = Table::of(vec![Row::labelled(label)]);
            translate_labels(&mut table, report, &names, "de");
            assert_eq!(table.rows[0].label(), german, "{method}");
            let mut table = Table::of(vec![Row::labelled(label)]);
            translate_labels(&mut table, report, &names, "en");
            assert_eq!(table.rows[0].label(), label);
        }
    }
}
