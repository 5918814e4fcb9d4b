//! RSS: one item a period, the newest first, each with a small HTML table.

use std::borrow::Cow;

use model::{Answer, Table, Value};

use super::{ColumnNames, entities, text_of};

const NOT_BY_DATE: &str = "RSS feeds can be generated for one specific website &idSite=X.\n\
Please specify only one idSite or consider using &format=XML instead.";

/// What a feed says beyond the answer.
#[derive(Clone, Debug, Default)]
pub struct RssOptions {
    /// Address of this server up to and including the last slash.
    pub root_url: String,
    pub site: String,
    pub period: String,
    pub site_name: String,
    /// The current time, as mail headers write it.
    pub now: String,
    /// One for each part of the answer, in the same order.
    pub items: Vec<RssItem>,
}

/// The times of one part of the answer.
#[derive(Clone, Debug, Default)]
pub struct RssItem {
    /// Start of the period, as mail headers write it: `Tue, 21 Dec 2010 00:00:00 +0000`.
    pub published: String,
    /// First day of the period, `2010-12-21`.
    pub date: String,
}

pub fn render(
    answer: Answer,
    options: Option<&RssOptions>,
    names: Option<&ColumnNames>,
) -> Result<String, String> {
    let (Answer::Set(set), Some(options)) = (answer, options) else {
        return Err(NOT_BY_DATE.to_owned());
    };
    if set.key != "date" {
        return Err(NOT_BY_DATE.to_owned());
    }
    let mut items = String::new();
    for (at, (key, part)) in set.parts.into_iter().enumerate().rev() {
        let (Answer::Table(table) | Answer::Metrics(table)) = part else {
            return Err(NOT_BY_DATE.to_owned());
        };
        let times = options.items.get(at).cloned().unwrap_or_default();
        items.push_str(&item(&key, table, &times, options, names));
    }
    Ok(header(&options.now) + &items + "\t</channel>\n</rss>")
}

fn header(now: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<rss version=\"2.0\">\n  <channel>\n    \
         <title>matomo statistics - RSS</title>\n    <link>https://matomo.org</link>\n    \
         <description>Matomo RSS feed</description>\n    <pubDate>{now}</pubDate>\n    \
         <generator>matomo</generator>\n    <language>en</language>\n    \
         <lastBuildDate>{now}</lastBuildDate>\n"
    )
}

fn item(
    key: &str,
    table: Table,
    times: &RssItem,
    options: &RssOptions,
    names: Option<&ColumnNames>,
) -> String {
    let link = sanitized(&format!(
        "{}?module=CoreHome&action=index&idSite={}&period={}&date={}",
        options.root_url, options.site, options.period, times.date
    ));
    let title = sanitized(&format!("{} on {key}", options.site_name));
    let published = &times.published;
    let description = sanitized(&table_html(table, names));
    format!(
        "\t<item>\n\t\t<pubDate>{published}</pubDate>\n\t\t<guid>{link}</guid>\n\t\t\
         <link>{link}</link>\n\t\t<title>{title}</title>\n\t\t<author>https://matomo.org</author>\n\
         \t\t<description>{description}</description>\n\t</item>\n"
    )
}

/// A text for an element: without line breaks, markup as references.
fn sanitized(text: &str) -> String {
    let text = text.replace(['\n', '\r'], "");
    entities::encode(&entities::decode(&text), true).into_owned()
}

/// Columns that are lists are left out.
fn table_html(table: Table, names: Option<&ColumnNames>) -> String {
    if table.is_empty() {
        return "<strong><em>Empty table</em></strong><br />".to_owned();
    }
    let scalar = |value: &Value| {
        !matches!(
            value,
            Value::List(_) | Value::Map(_) | Value::Table(_) | Value::Answer(_)
        )
    };
    let mut columns: Vec<&str> = Vec::new();
    for (name, value) in table.all_rows().flat_map(|row| &row.columns) {
        if scalar(value) && !columns.contains(&name.as_ref()) {
            columns.push(name);
        }
    }
    let mut html = String::from("<table border=1 width=70%><tr>");
    for column in &columns {
        let name = names
            .and_then(|names| (names.name)(column))
            .map_or(Cow::Borrowed(*column), Cow::Owned);
        html.push_str(&format!("\t<td><strong>{name}</strong></td>"));
    }
    html.push_str("</tr>");
    for row in table.all_rows() {
        html.push_str("<tr>");
        for column in &columns {
            let text = match row.get(column).filter(|value| scalar(value)) {
                None | Some(Value::Null) => Cow::Borrowed("-"),
                Some(value) => text_of(value),
            };
            html.push_str(&format!("\t<td>{text}</td>"));
        }
        html.push_str("</tr>");
    }
    html.push_str("</table>");
    html
}
