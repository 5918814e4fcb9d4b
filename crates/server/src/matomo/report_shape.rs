//! How a report is shaped and printed, by its row of the catalog and the call.

use catalog::reports::{Actions, Record, Report, Shown};

use super::Call;
use super::formats::{ColumnNames, FormatOptions};
use super::params::Generic;
use super::shape::ReportShape;
use super::shape::flatten::Flattening;
use super::shape::metrics::{Printing, ProcessedMetric};
use super::shape::number::NumberFormat;
use crate::app::World;

/// The language of names.
pub fn language<'a>(call: &'a Call<'_>) -> &'a str {
    call.request.filled("language").unwrap_or("en")
}

/// Names of columns in the language of the call.
pub fn column_names(call: &Call<'_>) -> ColumnNames {
    let (app, own) = (call.app.clone(), language(call).to_owned());
    let word = |english: &str| app.names.translate(english, &own).into_owned();
    let (metadata, goal) = (word("Metadata"), word("Goal %s"));
    let name = move |column: &str| {
        let english = match column {
            "label" => "Label",
            column => app.names.column(column)?,
        };
        Some(app.names.translate(english, &own).into_owned())
    };
    ColumnNames {
        name: Box::new(name),
        metadata,
        goal,
    }
}

pub fn shape_of<'a>(
    report: &'a Report,
    processed: &'a [ProcessedMetric],
    world: &World,
    language: &str,
) -> ReportShape<'a> {
    let is_pages = matches!(report.shown, Shown::Page { .. });
    ReportShape {
        sort_column: (!report.sort.is_empty()).then_some(report.sort),
        sort_ascending: report.sort == "label",
        fixed_order: report.shown != Shown::VisitCountRange
            && matches!(
                report.record,
                Record::Buckets { .. } | Record::GoalHistogram { .. }
            ),
        numbered_columns: matches!(
            report.record,
            Record::Visits { .. } | Record::Buckets { .. } | Record::GoalHistogram { .. }
        ),
        printing: Printing {
            numbers: NumberFormat::of(language),
            ..Printing::default()
        },
        limit: world.config.number("API_datatable_default_limit"),
        flattening: (!matches!(report.record, Record::ReferrerTypes | Record::UserIds)).then(
            || Flattening {
                separator: report.flat_separator.to_owned(),
                dimensions: report.levels.iter().map(|level| level.id.into()).collect(),
                root_prefix: if is_pages { "/" } else { "" },
                index_name: match is_pages {
                    true => world.config.tree_rules().default_name,
                    false => String::new(),
                },
            },
        ),
        processed,
        // The names of ranges have a plus that is no space.
        encoded_labels: !matches!(
            report.record,
            Record::Buckets { .. } | Record::GoalHistogram { .. } | Record::Plugins
        ),
        title_labels: matches!(report.shown, Shown::Title { .. }),
        ..ReportShape::default()
    }
}

/// Whether rows get their segments after a report is flattened.
pub fn has_late_segments(report: &Report) -> bool {
    match report.record {
        Record::Actions(which) => {
            !matches!(which, Actions::Keywords | Actions::KeywordsWithoutResult)
        }
        Record::SearchCategories | Record::Contents { .. } => true,
        _ => matches!(report.shown, Shown::BrowserEngine | Shown::Resolution),
    }
}

pub fn with_generic(
    mut options: FormatOptions,
    generic: &Generic,
    report: &Report,
) -> FormatOptions {
    let can_expand = !matches!(report.record, Record::Contents { .. });
    options.expanded = generic.expanded && !generic.flat && can_expand;
    options
}
