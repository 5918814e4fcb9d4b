use super::metrics::Unit;
use super::*;
use crate::matomo::request::ApiRequest;

fn sample() -> Table {
    let rows = [
        ("a", 4, 2, vec![("x", 3, 1), ("y", 1, 1)]),
        ("b", 9, 3, vec![]),
        ("c%20d", 1, 0, vec![]),
        ("e", 2, 2, vec![]),
    ];
    let row = |label: &str, visits: i64, bounces: i64| {
        let mut row = Row::labelled(label);
        row.set("nb_visits", visits);
        row.set("bounce_count", bounces);
        row
    };
    Table::of(
        rows.into_iter()
            .map(|(label, visits, bounces, below)| {
                let mut parent = row(label, visits, bounces);
                if !below.is_empty() {
                    let below = below.into_iter().map(|(l, v, b)| row(l, v, b)).collect();
                    parent.subtable = Some(Box::new(Table {
                        id: 5,
                        ..Table::of(below)
                    }));
                }
                parent
            })
            .collect(),
    )
}

fn metrics() -> Vec<ProcessedMetric> {
    let mut rate =
        ProcessedMetric::ratio("bounce_rate", "bounce_count", "nb_visits", 2, Unit::Percent);
    rate.temporary = vec!["bounce_count".into()];
    vec![rate]
}

/// Labels and the last column, for a request.
fn shaped(query: &str) -> Vec<(String, String)> {
    let generic = Generic::of(&ApiRequest::parse(query, b""));
    let metrics = metrics();
    let queued = |table: &mut Table| {
        for row in table.all_rows_mut() {
            row.set_meta("queued", 1);
        }
    };
    let report = ReportShape {
        sort_column: Some("nb_visits"),
        limit: 3,
        processed: &metrics,
        queued: Some(&queued),
        numbered_columns: true,
        ..ReportShape::default()
    };
    let table = shape(sample(), &report, &generic);
    table
        .all_rows()
        .map(|row| {
            let last = row
                .columns
                .last()
                .map(|(name, value)| format!("{name}={}", php::text(value)));
            (row.label().into_owned(), last.unwrap_or_default())
        })
        .collect()
}

#[test]
fn steps_in_order() {
    for (query, expected) in [
        (
            "",
            vec![
                ("b", "bounce_rate=33%"),
                ("a", "bounce_rate=50%"),
                ("e", "bounce_rate=100%"),
            ],
        ),
        (
            "filter_limit=-1&filter_offset=3",
            vec![("c d", "bounce_rate=0%")],
        ),
        (
            "filter_sort_column=bounce_rate&filter_limit=1",
            vec![("e", "bounce_rate=100%")],
        ),
        (
            "filter_sort_column=label&filter_sort_order=asc&filter_limit=2",
            vec![("a", "bounce_rate=50%"), ("b", "bounce_rate=33%")],
        ),
        (
            "format_metrics=0&filter_limit=1",
            vec![("b", "bounce_rate=0.33")],
        ),
        (
            "filter_truncate=1",
            vec![("b", "bounce_rate=33%"), ("Others", "bounce_rate=57%")],
        ),
        (
            "showColumns=nb_visits&filter_limit=1",
            vec![("b", "nb_visits=9")],
        ),
        (
            "hideColumns=bounce_rate&filter_limit=1",
            vec![("b", "bounce_count=3")],
        ),
        ("label=a>y", vec![("y", "bounce_rate=100%")]),
        ("label=c%2520d", vec![("c d", "bounce_rate=0%")]),
        (
            "flat=1&filter_pattern=^a",
            vec![("a - x", "bounce_rate=33%"), ("a - y", "bounce_rate=100%")],
        ),
        (
            "filter_excludelowpop=nb_visits&filter_excludelowpop_value=5",
            vec![("b", "bounce_rate=33%")],
        ),
        (
            "disable_generic_filters=1",
            vec![
                ("a", "bounce_rate=50%"),
                ("b", "bounce_rate=33%"),
                ("c d", "bounce_rate=0%"),
                ("e", "bounce_rate=100%"),
            ],
        ),
        (
            "disable_queued_filters=1&filter_limit=-1&filter_offset=3",
            vec![("c%20d", "bounce_rate=0%")],
        ),
        (
            "disable_root_datatable_post_processor=1",
            vec![
                ("a", "bounce_count=2"),
                ("b", "bounce_count=3"),
                ("c%20d", "bounce_count=0"),
                ("e", "bounce_count=2"),
            ],
        ),
    ] {
        let expected: Vec<(String, String)> = expected
            .into_iter()
            .map(|(label, last)| (label.to_owned(), last.to_owned()))
            .collect();
        assert_eq!(shaped(query), expected, "{query}");
    }
}

#[test]
fn totals_are_kept_beside_the_rows() {
    let generic = Generic::of(&ApiRequest::parse(
        "keep_totals_row=1&keep_totals_row_label=Sum",
        b"",
    ));
    let metrics = metrics();
    let report = ReportShape {
        processed: &metrics,
        ..ReportShape::default()
    };
    let table = shape(sample(), &report, &generic);
    let total = table
        .totals_row
        .as_ref()
        .map(|row| (row.label().into_owned(), row.number("nb_visits")));
    assert_eq!(total, Some(("Sum".to_owned(), 16.0)));
    assert!(matches!(table.meta("totals"), Some(Value::Map(fields)) if fields.len() == 3));
    assert_eq!(table.rows.len(), 4);
}

#[test]
fn one_row_of_metrics_is_not_sorted_but_filtered() {
    let generic = Generic::of(&ApiRequest::parse(
        "filter_sort_column=nb_visits&showColumns=nb_visits",
        b"",
    ));
    let mut row = Row::default();
    row.set("nb_visits", 3);
    row.set("nb_actions", 4);
    let answer = Answer::Metrics(Table::of(vec![row]));
    let Answer::Metrics(table) = shape_answer(answer, &ReportShape::default(), &generic) else {
        panic!("still one row of metrics")
    };
    assert_eq!(table.rows[0].columns.len(), 1);
}

#[test]
fn segment_values_become_segments() {
    let mut table = sample();
    table.rows[0].set_meta("segmentValue", "a b&c");
    table.rows[1].set_meta("segmentValue", "x");
    table.rows[1].set_meta("segment", "own");
    let report = ReportShape {
        segment: Some("pageUrl"),
        ..ReportShape::default()
    };
    let table = shape(table, &report, &Generic::default());
    let segment = |at: usize| table.rows[at].meta("segment").cloned();
    assert_eq!(segment(0), Some(Value::from("pageUrl==a+b%26c")));
    assert_eq!(segment(1), Some(Value::from("own")));
    assert_eq!(segment(2), None);
    assert!(table.rows[0].meta("segmentValue").is_none());
}

#[test]
fn plain_lists_are_filtered() {
    let item = |name: &'static str, id: i64| {
        Value::Map(vec![
            ("name".into(), Value::from(name)),
            ("id".into(), Value::Int(id)),
        ])
    };
    let items = vec![item("one", 1), item("two", 2), item("three", 3)];
    let filtered = |query: &str| {
        let generic = Generic::of(&ApiRequest::parse(query, b""));
        shape_list(items.clone(), &generic, false)
    };
    assert_eq!(filtered("filter_limit=1&filter_offset=1"), [item("two", 2)]);
    assert_eq!(filtered("filter_pattern=^t&filter_column=name").len(), 2);
    let shown = filtered("showColumns=id&filter_limit=1");
    assert_eq!(shown, [Value::Map(vec![("id".into(), Value::Int(1))])]);
}
