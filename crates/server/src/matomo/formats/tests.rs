use std::borrow::Cow;

use model::{Row, Table, TableSet};

use super::*;

fn options(method: &str) -> FormatOptions {
    FormatOptions {
        method: method.to_owned(),
        ..FormatOptions::default()
    }
}

fn body(format: Format, answer: Answer, options: &FormatOptions) -> String {
    String::from_utf8_lossy(&render(format, answer, options).body).into_owned()
}

fn report() -> Table {
    let mut row = Row::labelled("A & <B>; \"c\"");
    row.set("nb_visits", 2);
    row.set("rate", "50%");
    row.set("min", Value::Null);
    let goal = vec![(Cow::Borrowed("revenue"), Value::Float(1.5))];
    let goals = vec![(Cow::Borrowed("idgoal=1"), Value::Map(goal))];
    row.set("goals", Value::Map(goals));
    row.set_meta("segment", "x==y");
    row.subtable = Some(Box::new(Table {
        id: 7,
        ..Table::of(vec![Row::labelled("below")])
    }));
    Table {
        summary: Some(Box::new(Row::labelled("Others"))),
        ..Table::of(vec![row])
    }
}

fn metrics(columns: &[(&'static str, Value)]) -> Answer {
    let mut row = Row::default();
    for (name, value) in columns {
        row.set(*name, value.clone());
    }
    Answer::Metrics(Table::of(vec![row]))
}

fn by_date(parts: Vec<(&str, Answer)>) -> Answer {
    let parts = parts.into_iter();
    Answer::Set(TableSet {
        key: "date",
        parts: parts.map(|(key, part)| (key.to_owned(), part)).collect(),
    })
}

#[test]
fn reports_in_xml() {
    let head = "<?xml version=\"1.0\" encoding=\"utf-8\" ?>\n<result>\n\t<row>\n\t\t\
        <label>A &amp; &lt;B&gt;; &quot;c&quot;</label>\n\t\t<nb_visits>2</nb_visits>\n\t\t\
        <rate>50%</rate>\n\t\t<min />\n\t\t<goals>\n\t\t\t<row idgoal='1'>\n\t\t\t\t\
        <revenue>1.5</revenue>\n\t\t\t</row>\n\t\t</goals>\n";
    let tail = "\t</row>\n\t<row>\n\t\t<label>Others</label>\n\t</row>\n</result>";
    let plain = body(Format::Xml, Answer::Table(report()), &options("A.get"));
    let middle = "\t\t<segment>x==y</segment>\n\t\t<idsubdatatable>7</idsubdatatable>\n";
    assert_eq!(plain, format!("{head}{middle}{tail}"));
    let expanded = FormatOptions {
        expanded: true,
        hide_id_subtable: true,
        ..options("A.get")
    };
    let middle = "\t\t<segment>x==y</segment>\n\t\t<subtable>\n\t\t\t<row>\n\t\t\t\t\
        <label>below</label>\n\t\t\t</row>\n\t\t</subtable>\n";
    let nested = body(Format::Xml, Answer::Table(report()), &expanded);
    assert_eq!(nested, format!("{head}{middle}{tail}"));
}

#[test]
fn shapes_in_xml_and_json() {
    let map = |fields: Vec<(&'static str, Value)>| {
        let fields = fields.into_iter();
        Value::Map(
            fields
                .map(|(name, value)| (Cow::Borrowed(name), value))
                .collect(),
        )
    };
    let list = Value::List(vec![Value::from("a"), Value::Int(1)]);
    let two = [("a", Value::Int(1)), ("b", Value::Bool(false))];
    for (answer, xml, json) in [
        (
            Answer::Value(Value::Int(5)),
            "<result>5</result>",
            "{\"value\":5}",
        ),
        (
            Answer::Value(Value::Bool(true)),
            "<result>1</result>",
            "{\"value\":true}",
        ),
        (
            Answer::Value(Value::Bool(false)),
            "<result>0</result>",
            "{\"value\":false}",
        ),
        (
            Answer::Value(Value::from("")),
            "<result />",
            "{\"value\":\"\"}",
        ),
        (Answer::Table(Table::default()), "<result />", "[]"),
        (Answer::Metrics(Table::default()), "<result />", "[]"),
        (
            metrics(&[("a", Value::Int(1))]),
            "<result>1</result>",
            "{\"value\":1}",
        ),
        (
            metrics(&two),
            "<result>\n\t<a>1</a>\n\t<b>0</b>\n</result>",
            "{\"a\":1,\"b\":false}",
        ),
        (
            Answer::Value(list.clone()),
            "<result>\n\t<row>a</row>\n\t<row>1</row>\n</result>",
            "[\"a\",1]",
        ),
        (Answer::Value(map(vec![])), "<result />", "[]"),
        (
            Answer::Value(map(vec![("x", Value::Int(1)), ("9", Value::Null)])),
            "<result>\n\t<row>\n\t\t<x>1</x>\n\t\t<row key=\"9\"/>\n\t</row>\n</result>",
            "{\"x\":1,\"9\":null}",
        ),
        (
            Answer::Value(map(vec![("x", list)])),
            "<result>\n\t<x>\n\t\t<row>a</row>\n\t\t<row>1</row>\n\t</x>\n</result>",
            "{\"x\":[\"a\",1]}",
        ),
        (
            Answer::Value(map(vec![
                ("empty", Value::Table(Box::default())),
                ("one", Value::Answer(Box::new(metrics(&two)))),
            ])),
            "<result>\n\t<empty />\n\t<one>\n\t\t<a>1</a>\n\t\t<b>0</b>\n\t</one>\n</result>",
            "{\"empty\":[],\"one\":{\"a\":1,\"b\":false}}",
        ),
    ] {
        let header = "<?xml version=\"1.0\" encoding=\"utf-8\" ?>\n";
        let options = options("A.get");
        assert_eq!(
            body(Format::Xml, answer.clone(), &options),
            format!("{header}{xml}")
        );
        assert_eq!(body(Format::Json, answer, &options), json);
    }
}

#[test]
fn sets_in_xml_and_json() {
    let day = |visits: i64| metrics(&[("a", Value::Int(visits)), ("b", Value::Int(0))]);
    let set = by_date(vec![
        ("2010-01-01", day(1)),
        ("2010-01-02", Answer::Metrics(Table::default())),
    ]);
    let options = options("A.get");
    assert!(body(Format::Xml, set.clone(), &options).ends_with(
        "<results>\n\t<result date=\"2010-01-01\">\n\t\t<a>1</a>\n\t\t<b>0</b>\n\t</result>\n\t\
         <result date=\"2010-01-02\" />\n</results>"
    ));
    assert_eq!(
        body(Format::Json, set.clone(), &options),
        "{\"2010-01-01\":{\"a\":1,\"b\":0},\"2010-01-02\":[]}"
    );
    let numbers = by_date(vec![
        ("2010-01-01", metrics(&[("a", Value::Int(0))])),
        ("2010-01-02", metrics(&[("a", Value::Int(3))])),
    ]);
    let xml = body(Format::Xml, numbers, &options);
    assert!(
        xml.contains("<result date=\"2010-01-01\">0</result>"),
        "{xml}"
    );
    assert!(
        xml.contains("<result date=\"2010-01-02\">3</result>"),
        "{xml}"
    );
    let nested = Answer::Set(TableSet {
        key: "idSite",
        parts: vec![("1".to_owned(), set)],
    });
    let xml = body(Format::Xml, nested, &options);
    assert!(
        xml.contains("\t<result idSite=\"1\">\n\t\t<result date=\"2010-01-01\">\n\t\t\t<a>1</a>")
    );
}

#[test]
fn names_that_are_no_tags_become_attributes() {
    let mut row = Row::labelled("x");
    row.set("1. a", Value::Bool(false));
    let xml = body(
        Format::Xml,
        Answer::Table(Table::of(vec![row])),
        &options(""),
    );
    assert!(
        xml.contains("<col name=\"label\">x</col>\n\t\t<col name=\"1. a\">0</col>"),
        "{xml}"
    );
}

#[test]
fn json_escapes_as_php() {
    let text = Value::from("a/b \"é\" \u{1F600}\n\u{1}&amp;");
    let json = body(Format::Json, Answer::Value(text), &options(""));
    assert_eq!(
        json,
        "{\"value\":\"a\\/b \\\"\\u00e9\\\" \\ud83d\\ude00\\n\\u0001&\"}"
    );
}

#[test]
fn jsonp() {
    let options = FormatOptions {
        callback: Some("f".to_owned()),
        ..FormatOptions::default()
    };
    let rendered = render(Format::Json, Answer::Value(Value::Int(1)), &options);
    assert_eq!(rendered.content_type, SCRIPT);
    assert_eq!(rendered.body, b"f({\"value\":1})");
}

#[test]
fn lines() {
    let options = options("A.get");
    assert_eq!(
        body(Format::Csv, Answer::Table(report()), &options),
        "label,nb_visits,rate,min,goals_idgoal=1_revenue,metadata_segment\n\
         \"A & <B>; \"\"c\"\"\",2,50%,,1.5,x==y\nOthers,,,,,"
    );
    assert_eq!(
        body(
            Format::Tsv,
            metrics(&[("a", Value::Int(1)), ("b", Value::from("-x"))]),
            &options
        ),
        "a\tb\n1\t'-x"
    );
    for (answer, csv) in [
        (Answer::Table(Table::default()), "No data available"),
        (Answer::Value(Value::Bool(false)), "value\n0"),
        (
            Answer::Value(Value::List(vec![Value::from("=a"), Value::from("-5%")])),
            "'=a\n-5%",
        ),
        (
            by_date(vec![
                ("d1", Answer::Table(report())),
                ("d2,x", Answer::Table(Table::of(vec![Row::labelled("z")]))),
            ]),
            "date,label,nb_visits,rate,min,goals_idgoal=1_revenue,metadata_segment\n\
             d1,\"A & <B>; \"\"c\"\"\",2,50%,,1.5,x==y\nd1,Others,,,,,\n\"d2,x\",z,,,,,",
        ),
    ] {
        assert_eq!(body(Format::Csv, answer, &options), csv);
    }
}

#[test]
fn sheets_are_utf16_with_a_name() {
    let options = FormatOptions {
        convert_to_unicode: true,
        file_name: Some("Export _ Pages.csv".to_owned()),
        ..FormatOptions::default()
    };
    let rendered = render(Format::Csv, Answer::Value(Value::from("é")), &options);
    assert_eq!(&rendered.body[..4], [0xFF, 0xFE, b'v', 0]);
    assert_eq!(rendered.body[rendered.body.len() - 2..], [0xE9, 0]);
    let name = "attachment; filename*=UTF-8''Export%20_%20Pages.csv".to_owned();
    assert_eq!(rendered.headers, [("Content-Disposition", name)]);
}

#[test]
fn display_names() {
    let options = FormatOptions {
        column_names: Some(ColumnNames {
            name: Box::new(|name| (name == "revenue").then(|| "Umsatz".to_owned())),
            metadata: "Metadaten".to_owned(),
            goal: "Ziel %s".to_owned(),
        }),
        ..options("A.get")
    };
    let csv = body(Format::Csv, Answer::Table(report()), &options);
    assert!(
        csv.starts_with("label,nb_visits,rate,min,Umsatz (Ziel idgoal=1),Metadaten: segment\n")
    );
}

#[test]
fn html() {
    let html = body(Format::Html, Answer::Table(report()), &options("A.get"));
    assert!(
        html.starts_with(
            "<table id=\"A_get\" border=\"1\">\n<thead>\n\t<tr>\n\t\t<th>label</th>\n"
        )
    );
    assert!(
        html.contains("\t\t<td>-</td>\n\t\t<td><pre>array (\n  'idgoal=1' =&gt; \n  array (\n")
    );
    assert!(html.contains("<th>_metadata</th>\n\t\t<th>_idSubtable</th>"));
    assert!(html.contains("<td>'segment' =&gt; 'x==y'</td>\n\t\t<td>7</td>"));
    assert!(html.ends_with("</tbody>\n</table>\n"));
    let nested = by_date(vec![("d", by_date(vec![("e", Answer::Table(report()))]))]);
    let message = "HTML Renderer does not work with this combination of parameters";
    assert_eq!(body(Format::Html, nested, &options("A.get")), message);
}

#[test]
fn rss() {
    let options = FormatOptions {
        rss: Some(RssOptions {
            root_url: "http://m/".to_owned(),
            site: "1".to_owned(),
            period: "day".to_owned(),
            site_name: "Shop & Co".to_owned(),
            now: "now".to_owned(),
            items: vec![
                RssItem {
                    published: "first".to_owned(),
                    date: "2010-01-01".to_owned(),
                },
                RssItem {
                    published: "second".to_owned(),
                    date: "2010-01-02".to_owned(),
                },
            ],
        }),
        ..FormatOptions::default()
    };
    let set = by_date(vec![
        ("2010-01-01", Answer::Table(report())),
        ("2010-01-02", Answer::Table(Table::default())),
    ]);
    let rss = body(Format::Rss, set, &options);
    let (second, first) = (rss.find("second").unwrap(), rss.find("first").unwrap());
    assert!(second < first, "the newest stands first");
    assert!(rss.contains("<link>http://m/?module=CoreHome&amp;action=index&amp;idSite=1&amp;period=day&amp;date=2010-01-02</link>"));
    assert!(rss.contains("<title>Shop &amp; Co on 2010-01-01</title>"));
    assert!(!rss.contains("goals"), "lists are left out");
    let error = body(Format::Rss, Answer::Table(report()), &options);
    assert!(error.starts_with(
        "Error: RSS feeds can be generated for one specific website &amp;idSite=X.\n"
    ));
}

#[test]
fn errors_and_successes() {
    let options = options("");
    let message = "Bad 'x' > \"y\"\nnext";
    for (format, error, done) in [
        (
            Format::Xml,
            "<?xml version=\"1.0\" encoding=\"utf-8\" ?>\n<result>\n\t<error message=\"Bad 'x' &gt; &quot;y&quot;\nnext\" />\n</result>",
            "<?xml version=\"1.0\" encoding=\"utf-8\" ?>\n<result>\n\t<success message=\"ok\" />\n</result>",
        ),
        (
            Format::Json,
            "{\"result\":\"error\",\"message\":\"Bad 'x' &gt; &quot;y&quot;\\nnext\"}",
            "{\"result\":\"success\",\"message\":\"ok\"}",
        ),
        (
            Format::Csv,
            "Error: Bad 'x' &gt; &quot;y&quot;\nnext",
            "message\nok",
        ),
        (
            Format::Html,
            "Bad 'x' &gt; &quot;y&quot;<br />\nnext",
            "<!-- Success: ok -->",
        ),
    ] {
        let text = |rendered: Rendered| String::from_utf8_lossy(&rendered.body).into_owned();
        assert_eq!(text(render_error(format, message, &options)), error);
        assert_eq!(text(render_done(format, &options)), done);
    }
}

#[test]
fn formats_by_name() {
    assert_eq!(Format::find("JSON"), Ok(Format::Json));
    let message = Format::find("pdf").unwrap_err();
    assert_eq!(
        message,
        "Renderer format 'pdf' not valid. Try any of the following instead: console, csv, html, \
         json, original, rss, tsv, xml."
    );
}

#[test]
fn original_and_console() {
    let serialized = FormatOptions {
        serialize: true,
        ..options("")
    };
    let answer = || metrics(&[("a", Value::Int(1)), ("b", Value::Float(0.5))]);
    assert_eq!(
        body(Format::Original, answer(), &serialized),
        "a:2:{s:1:\"a\";i:1;s:1:\"b\";d:0.5;}"
    );
    assert_eq!(
        body(Format::Original, Answer::Value(Value::Int(3)), &serialized),
        "3"
    );
    let console = body(Format::Console, Answer::Table(report()), &options(""));
    assert!(
        console.starts_with("- 1 ['label' => 'A & <B>; \"c\"', 'nb_visits' => 2,"),
        "{console}"
    );
    assert!(console.contains("*- 1 ['label' => 'below']"));
}
