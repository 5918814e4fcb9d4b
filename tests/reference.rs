//! The pages of docs/reference are written from the catalog. This test fails when one of them is not what the catalog
//! says; `TAKWIMU_REFERENCE=write cargo test --test reference` writes them.

use std::fmt::Write;
use std::path::PathBuf;

use catalog::columns::{Kind, TableId};
use catalog::params::{DIMENSION, Needs, PARAMS, Param, Reading};
use catalog::reports::{REPORTS, Report, SCALARS};
use catalog::segments::{SEGMENTS, Segment};

const NOTE: &str =
    "<!-- Written from the catalog by tests/reference.rs: change the catalog, not this page. -->\n";

fn pages() -> Vec<(&'static str, String)> {
    vec![
        ("reports.md", reports()),
        ("segments.md", segments()),
        ("tracking.md", tracking()),
        ("columns.md", columns()),
    ]
}

/// A cell of a table: what would end it is escaped.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
        .replace(['\n', '\r'], " ")
        .trim()
        .to_owned()
}

fn head(title: &str, about: &str, columns: &[&str]) -> String {
    let line = columns.join(" | ");
    let rule = vec!["---"; columns.len()].join(" | ");
    format!("{NOTE}\n# {title}\n\n{about}\n\n| {line} |\n| {rule} |\n")
}

fn row(cells: &[String]) -> String {
    let cells: Vec<String> = cells.iter().map(|text| cell(text)).collect();
    format!("| {} |\n", cells.join(" | "))
}

fn code(names: &[&str]) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    names.join(" ")
}

// ---- Reports --------------------------------------------------------------------------------

fn reports() -> String {
    let about = "Every report, by the method of the API that answers it. Rows below a row are asked for with `expanded`, \
        `flat` or `idSubtable`. Reports with goals tell conversions and revenue of each row too.";
    let columns = [
        "Method",
        "Report",
        "Rows",
        "Metrics",
        "Computed",
        "Sorted by",
        "Goals",
    ];
    let mut text = head("Reports", about, &columns);
    for report in REPORTS {
        text += &report_row(report);
    }
    text += "\n## Single numbers\n\n| Method | Report | Column |\n| --- | --- | --- |\n";
    for (method, report, column) in SCALARS {
        text += &row(&[
            format!("`{method}`"),
            format!("`{report}`"),
            format!("`{column}`"),
        ]);
    }
    text
}

fn report_row(report: &Report) -> String {
    let levels: Vec<&str> = report.levels.iter().map(|level| level.label).collect();
    let place = match report.subcategory {
        "" => report.name.to_owned(),
        subcategory => format!("{} ({subcategory})", report.name),
    };
    row(&[
        format!("`{}`", report.method),
        place,
        levels.join(" › "),
        code(report.metrics),
        code(report.processed),
        code(&[report.sort]),
        if report.goals { "yes" } else { "" }.to_owned(),
    ])
}

// ---- Segments -------------------------------------------------------------------------------

fn segments() -> String {
    let about = "Every name that a segment may ask for. Conditions are joined by `;` (and) and `,` (or); operators are `==` \
        `!=` `=@` `!@` `=^` `!^` `=$` `!$`, and `<` `<=` `>` `>=` for numbers.";
    let mut text = head(
        "Segments",
        about,
        &["Name", "Meaning", "Group", "Kind", "Values"],
    );
    for segment in SEGMENTS.iter().filter(|segment| !segment.internal) {
        text += &segment_row(segment);
    }
    text
}

fn segment_row(segment: &Segment) -> String {
    let mut kind = if segment.metric {
        "number"
    } else {
        "dimension"
    }
    .to_owned();
    if segment.private {
        kind += ", only after signing in";
    }
    if !segment.union_of.is_empty() {
        let _ = write!(kind, "; one of {}", code(segment.union_of));
    }
    row(&[
        format!("`{}`", segment.name),
        segment.label.to_owned(),
        segment.category.to_owned(),
        kind,
        segment.accepted.to_owned(),
    ])
}

// ---- Tracking -------------------------------------------------------------------------------

fn tracking() -> String {
    let about = "Every parameter of `/matomo.php`. Values that are longer than their limit are cut. Those that need a token \
        are refused without one that may write to the site.";
    let mut text = head(
        "Tracking parameters",
        about,
        &["Name", "Meaning", "Read as", "Limit", "Token"],
    );
    for param in PARAMS {
        text += &param_row(param.name, param);
    }
    text + &param_row("dimension1, dimension2 …", &DIMENSION)
}

fn param_row(name: &str, param: &Param) -> String {
    let reading = match param.reading {
        Reading::Text => "text",
        Reading::Integer => "whole number",
        Reading::Number => "number",
        Reading::Json => "JSON",
        Reading::Flag => "switch",
        Reading::Ignored => "accepted, not used",
    };
    let limit = match param.limit {
        0 => String::new(),
        limit => format!("{limit} characters"),
    };
    let needs = match param.needs {
        Needs::Nothing => "",
        Needs::Token => "yes",
    };
    row(&[
        format!("`{name}`"),
        param.meaning.to_owned(),
        reading.to_owned(),
        limit,
        needs.to_owned(),
    ])
}

// ---- Columns --------------------------------------------------------------------------------

fn columns() -> String {
    let mut text = format!(
        "{NOTE}\n# Stored columns\n\nWhat is kept of visits, actions, conversions and items: the columns of the files in the \
         data folder.\n"
    );
    for table in TableId::ALL {
        let _ = write!(
            text,
            "\n## {}\n\n| Column | Kind |\n| --- | --- |\n",
            table.name()
        );
        for column in table.columns() {
            text += &row(&[format!("`{}`", column.name), kind_name(&column.kind)]);
        }
    }
    text
}

fn kind_name(kind: &Kind) -> String {
    format!("{kind:?}").to_lowercase()
}

// ---- Tests ----------------------------------------------------------------------------------

#[test]
fn the_reference_is_what_the_catalog_says() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("docs/reference");
    let writes = std::env::var("TAKWIMU_REFERENCE").as_deref() == Ok("write");
    for (name, text) in pages() {
        let path = folder.join(name);
        if writes {
            std::fs::create_dir_all(&folder).expect("a folder");
            std::fs::write(&path, text).expect("a page that can be written");
            continue;
        }
        let written = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(
            written == text,
            "{} is not current: TAKWIMU_REFERENCE=write cargo test --test reference",
            path.display()
        );
    }
}

#[test]
fn every_row_of_the_catalog_is_on_its_page() {
    let (reports, segments, tracking) = (reports(), segments(), tracking());
    for report in REPORTS {
        assert!(
            reports.contains(&format!("`{}`", report.method)),
            "{}",
            report.method
        );
    }
    for segment in SEGMENTS.iter().filter(|segment| !segment.internal) {
        assert!(
            segments.contains(&format!("| `{}` |", segment.name)),
            "{}",
            segment.name
        );
    }
    for param in PARAMS {
        assert!(
            tracking.contains(&format!("| `{}` |", param.name)),
            "{}",
            param.name
        );
    }
    assert_eq!(cell("a|b\n c "), "a\\|b  c");
}
