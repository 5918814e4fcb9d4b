//! Which format a line has.

use super::w3c::Columns;
use super::{LogHit, SkipReason, elb, json, ncsa};

/// Formats of access logs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LogFormat {
    /// Common or combined, with or without a virtual host in front.
    Ncsa,
    /// One JSON object a line.
    Json,
    /// With a `#Fields:` line: IIS, CloudFront.
    W3cExtended,
    /// Amazon's load balancers.
    LoadBalancer,
}

/// Parses lines one after the other; it remembers the columns that a W3C log names.
#[derive(Debug, Clone, Default)]
pub struct LineParser {
    format: Option<LogFormat>,
    columns: Option<Columns>,
    last_format: Option<LogFormat>,
}

impl LineParser {
    /// Finds the format of every line by itself.
    pub fn new() -> Self {
        LineParser::default()
    }

    /// Accepts one format only.
    pub fn with_format(format: LogFormat) -> Self {
        LineParser {
            format: Some(format),
            ..LineParser::default()
        }
    }

    /// Format of the last line that was understood.
    pub fn last_format(&self) -> Option<LogFormat> {
        self.last_format
    }

    /// The hit of a line, or why there is none.
    pub fn parse(&mut self, line: &str) -> Result<LogHit, SkipReason> {
        let line = line.trim_matches(['\r', '\n', '\u{feff}']);
        if line.trim().is_empty() {
            return Err(SkipReason::Comment);
        }
        if line.starts_with('#') {
            if let Some(columns) = Columns::of_directive(line) {
                self.columns = Some(columns);
            }
            return Err(SkipReason::Comment);
        }
        let format = self.format.unwrap_or_else(|| self.guess(line));
        let hit = match format {
            LogFormat::Ncsa => ncsa::parse(line),
            LogFormat::Json => json::parse(line),
            LogFormat::W3cExtended => self
                .columns
                .as_ref()
                .and_then(|columns| columns.parse(line)),
            LogFormat::LoadBalancer => elb::parse(line),
        };
        let hit = hit.ok_or(SkipReason::Malformed)?;
        self.last_format = Some(format);
        Ok(hit)
    }

    /// The first characters tell: an object, columns that are known, a time in square brackets, or another time.
    fn guess(&self, line: &str) -> LogFormat {
        if line.trim_start().starts_with('{') {
            LogFormat::Json
        } else if self.columns.is_some() {
            LogFormat::W3cExtended
        } else if line
            .split('"')
            .next()
            .is_some_and(|front| front.contains('['))
        {
            LogFormat::Ncsa
        } else {
            LogFormat::LoadBalancer
        }
    }
}

#[cfg(test)]
#[path = "parser_tests.rs"]
mod tests;
