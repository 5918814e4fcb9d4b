//! W3C extended logs: a `#Fields:` line names the columns. IIS separates with spaces, CloudFront with tabs.

use std::collections::HashMap;

use super::json::whole_milliseconds;
use super::time::date_and_clock;
use super::{LogHit, host_without_port, known};
use crate::geo::parse_address;
use crate::url::url_decode;

/// The columns of the lines that follow.
#[derive(Debug, Clone, Default)]
pub(super) struct Columns {
    by_name: HashMap<String, usize>,
    separated_by_tabs: bool,
    is_cloudfront: bool,
}

/// Logs have some dozens at most.
const MAX_COLUMNS: usize = 256;

impl Columns {
    /// Reads `#Fields: date time c-ip …`; `None` for other directives.
    pub(super) fn of_directive(line: &str) -> Option<Self> {
        let names = line
            .strip_prefix('#')?
            .trim_start()
            .strip_prefix("Fields:")?;
        let names = names.split_whitespace().take(MAX_COLUMNS).enumerate();
        let by_name: HashMap<String, usize> = names
            .map(|(index, name)| (name.to_ascii_lowercase(), index))
            .collect();
        let is_cloudfront =
            by_name.contains_key("x-edge-location") || by_name.contains_key("x-edge-result-type");
        Some(Columns {
            by_name,
            separated_by_tabs: is_cloudfront,
            is_cloudfront,
        })
    }

    pub(super) fn parse(&self, line: &str) -> Option<LogHit> {
        let cells: Vec<&str> = if self.separated_by_tabs && line.contains('\t') {
            line.split('\t').collect()
        } else {
            line.split_whitespace().collect()
        };
        let row = Row {
            columns: self,
            cells,
        };
        let stem = row.first(&["cs-uri-stem", "cs-uri"]);
        if stem.is_empty() {
            return None;
        }
        let query = row.first(&["cs-uri-query"]);
        let method = row.first(&["cs-method"]);
        Some(LogHit {
            ip: parse_address(row.first(&["c-ip"]).split(',').next().unwrap_or_default())?,
            time_utc_seconds: date_and_clock(row.first(&["date"]), row.first(&["time"]))?,
            method: if method.is_empty() {
                "GET".to_owned()
            } else {
                method.to_ascii_uppercase()
            },
            path: if query.is_empty() {
                stem.to_owned()
            } else {
                format!("{stem}?{query}")
            },
            status: row.first(&["sc-status"]).parse().ok()?,
            bytes: row.first(&["sc-bytes"]).parse().unwrap_or(0),
            referrer: row.first(&["cs(referer)"]).to_owned(),
            user_agent: self.user_agent(row.first(&["cs(user-agent)"])),
            host: host_without_port(row.first(&["x-host-header", "cs-host", "cs(host)"])),
            user: row.first(&["cs-username"]).to_owned(),
            generation_time_ms: self.generation_time_ms(row.first(&["time-taken"])),
        })
    }

    /// A column may not contain spaces: IIS writes `+`, CloudFront percent-encodes.
    fn user_agent(&self, text: &str) -> String {
        if self.is_cloudfront {
            url_decode(&text.replace('+', "%2B"))
        } else {
            text.replace('+', " ")
        }
    }

    /// IIS counts milliseconds; CloudFront, and others that write a fraction, seconds.
    fn generation_time_ms(&self, text: &str) -> Option<u32> {
        let taken: f64 = text.parse().ok()?;
        let in_seconds = self.is_cloudfront || text.contains('.');
        whole_milliseconds(if in_seconds { taken * 1_000.0 } else { taken })
    }
}

struct Row<'a> {
    columns: &'a Columns,
    cells: Vec<&'a str>,
}

impl<'a> Row<'a> {
    /// The first of these columns that is known in this row.
    fn first(&self, names: &[&str]) -> &'a str {
        let cell = |name: &&str| {
            let index = self.columns.by_name.get(*name)?;
            self.cells
                .get(*index)
                .map(|cell| known(cell).trim_matches('"'))
                .filter(|cell| !cell.is_empty())
        };
        names.iter().find_map(cell).unwrap_or_default()
    }
}
