//! The formats of an answer: rows and values in, bytes out. One small file a format.

mod csv;
pub mod entities;
mod flat;
mod html;
mod json;
mod original;
mod php_export;
mod rows;
mod rss;
mod xml;

use std::borrow::Cow;

use model::{Answer, Value};

use super::shape::php;
use flat::Depth;

pub use rss::{RssItem, RssOptions};

/// A format by the name that clients ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Xml,
    Json,
    Csv,
    Tsv,
    Html,
    Rss,
    Original,
    Console,
}

impl Format {
    const NAMES: [(&'static str, Format); 8] = [
        ("console", Format::Console),
        ("csv", Format::Csv),
        ("html", Format::Html),
        ("json", Format::Json),
        ("original", Format::Original),
        ("rss", Format::Rss),
        ("tsv", Format::Tsv),
        ("xml", Format::Xml),
    ];

    /// The format of a request's `format` value; its error is the message for the client.
    pub fn find(name: &str) -> Result<Format, String> {
        let name = name.to_lowercase();
        if let Some((_, format)) = Format::NAMES.iter().find(|(known, _)| *known == name) {
            return Ok(*format);
        }
        let known: Vec<&str> = Format::NAMES.iter().map(|(name, _)| *name).collect();
        Err(format!(
            "Renderer format '{name}' not valid. Try any of the following instead: {}.",
            known.join(", ")
        ))
    }
}

/// Display names for the formats that show them (`translateColumnNames=1`).
pub struct ColumnNames {
    /// The display name of a column, if it has one.
    pub name: Box<dyn Fn(&str) -> Option<String> + Send + Sync>,
    /// The word before a metadata field's name: `Metadata`.
    pub metadata: String,
    /// A goal's columns, `%s` for its key: `Goal %s`.
    pub goal: String,
}

/// What a format needs to know beyond the answer.
#[derive(Default)]
pub struct FormatOptions {
    /// `Module.action`.
    pub method: String,
    /// Print sub-tables within their rows.
    pub expanded: bool,
    pub hide_id_subtable: bool,
    /// CSV and TSV as UTF-16 with a byte order mark.
    pub convert_to_unicode: bool,
    /// `original` as PHP's serialised form.
    pub serialize: bool,
    /// JSONP function, already checked.
    pub callback: Option<String>,
    pub column_names: Option<ColumnNames>,
    /// Name of the file that CSV and TSV are offered as.
    pub file_name: Option<String>,
    pub rss: Option<RssOptions>,
}

/// A finished answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Rendered {
    pub status: u16,
    pub content_type: &'static str,
    pub headers: Vec<(&'static str, String)>,
    pub body: Vec<u8>,
}

impl Rendered {
    fn text(content_type: &'static str, body: impl Into<Vec<u8>>) -> Rendered {
        Rendered {
            status: 200,
            content_type,
            headers: Vec::new(),
            body: body.into(),
        }
    }
}

const XML: &str = "text/xml; charset=utf-8";
const JSON: &str = "application/json; charset=utf-8";
const SCRIPT: &str = "application/javascript; charset=utf-8";
const SHEET: &str = "application/vnd.ms-excel";
const HTML: &str = "text/html; charset=utf-8";
const PLAIN: &str = "text/plain; charset=utf-8";

/// An answer in a format. What a format cannot express is an error body of that format.
pub fn render(format: Format, answer: Answer, options: &FormatOptions) -> Rendered {
    let answer = match answer {
        Answer::Raw { content_type, body } => return Rendered::text(content_type, body),
        Answer::Done => return render_done(format, options),
        Answer::Headed { headers, answer } => {
            let mut rendered = render(format, *answer, options);
            rendered.headers.extend(headers);
            return rendered;
        }
        answer => answer,
    };
    let depth = Depth::of(options);
    let names = options.column_names.as_ref();
    match format {
        Format::Xml => Rendered::text(XML, xml::render(answer, depth)),
        Format::Json => json_or_script(json::render(answer, depth), options),
        Format::Csv | Format::Tsv => {
            let separator = if format == Format::Csv { ',' } else { '\t' };
            match csv::render(answer, separator, names) {
                Ok(text) => sheet(text, options),
                Err(message) => render_error(format, &message, options),
            }
        }
        Format::Html => match html::render(answer, &options.method, names) {
            Ok(text) => Rendered::text(HTML, text),
            Err(message) => render_error(format, &message, options),
        },
        Format::Rss => match rss::render(answer, options.rss.as_ref(), names) {
            Ok(text) => Rendered::text(XML, text),
            Err(message) => render_error(format, &message, options),
        },
        Format::Original => original::render(answer, depth, options.serialize),
        Format::Console => Rendered::text(PLAIN, original::console(answer)),
    }
}

/// The body that says a method did its work and has nothing to return.
pub fn render_done(format: Format, options: &FormatOptions) -> Rendered {
    match format {
        Format::Xml => Rendered::text(XML, xml::done()),
        Format::Json => json_or_script(json::done(), options),
        Format::Csv | Format::Tsv => Rendered::text(SHEET, "message\nok"),
        Format::Html => Rendered::text(HTML, "<!-- Success: ok -->"),
        Format::Rss | Format::Console => Rendered::text(PLAIN, "Success:ok"),
        Format::Original => original::render(
            Answer::Value(Value::Bool(true)),
            Depth::of(options),
            options.serialize,
        ),
    }
}

/// The body that carries an error message. The status stays 200; the caller sets another where the
/// error asks for one.
pub fn render_error(format: Format, message: &str, options: &FormatOptions) -> Rendered {
    let message = entities::escape_once(message);
    match format {
        Format::Xml => Rendered::text(XML, xml::error(&message)),
        Format::Json => json_or_script(json::error(&message), options),
        Format::Csv | Format::Tsv => Rendered::text(HTML, format!("Error: {message}")),
        Format::Rss => Rendered::text(PLAIN, format!("Error: {message}")),
        Format::Console => Rendered::text(PLAIN, format!("Error: {message}")),
        Format::Html => Rendered::text(PLAIN, html::lines(&message)),
        Format::Original => original::error(&message, options.serialize),
    }
}

/// The answer to a request whose format is unknown.
pub fn render_unknown_format(message: &str) -> Rendered {
    let message = entities::escape_once(message);
    Rendered::text(PLAIN, format!("Error: {message}"))
}

fn json_or_script(text: String, options: &FormatOptions) -> Rendered {
    match &options.callback {
        Some(callback) => Rendered::text(SCRIPT, format!("{callback}({text})")),
        None => Rendered::text(JSON, text),
    }
}

fn sheet(text: String, options: &FormatOptions) -> Rendered {
    if text.is_empty() {
        return Rendered::text(SHEET, "No data available");
    }
    let mut rendered = Rendered::text(SHEET, Vec::new());
    rendered.body = match options.convert_to_unicode {
        true => utf16(&text),
        false => text.into_bytes(),
    };
    if let Some(name) = &options.file_name {
        let name = percent_encoded(name);
        let disposition = format!("attachment; filename*=UTF-8''{name}");
        rendered.headers.push(("Content-Disposition", disposition));
    }
    rendered
}

/// Little-endian UTF-16 after its byte order mark.
fn utf16(text: &str) -> Vec<u8> {
    let mut bytes = vec![0xFF, 0xFE];
    for unit in text.encode_utf16() {
        bytes.extend(unit.to_le_bytes());
    }
    bytes
}

fn percent_encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                encoded.push(char::from(byte));
            }
            byte => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}

/// A value as text, as every format but JSON prints it.
fn text_of(value: &Value) -> Cow<'_, str> {
    php::text(value)
}

#[cfg(test)]
mod tests;
