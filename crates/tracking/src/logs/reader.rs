//! Reading a log line by line, however large it is.

use std::io::{self, BufRead};

use super::{LineParser, LogHit, SkipReason};

/// A longer line is skipped: no server writes one for a request that it answered.
const LINE_MAX_BYTES: usize = 256 << 10;

/// A line of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    /// Counted from 1.
    pub number: u64,
    /// Its hit, or why there is none.
    pub hit: Result<LogHit, SkipReason>,
    /// Where the next line begins, in bytes from the start of the log.
    pub end_bytes: u64,
    /// It ends with a line end. The last line of a log that is being written may not.
    pub is_whole: bool,
}

/// The lines of a log, read as they are asked for. Bytes that are not UTF-8 become replacement characters.
pub struct LogLines<R> {
    source: R,
    parser: LineParser,
    number: u64,
    position_bytes: u64,
    buffer: Vec<u8>,
}

/// How the end of a line was found.
#[derive(Clone, Copy, PartialEq, Eq)]
struct LineEnd {
    /// The line is no longer than a line may be.
    fits: bool,
    /// There was a line end.
    is_whole: bool,
}

impl<R: BufRead> LogLines<R> {
    /// Finds the format by itself.
    pub fn new(source: R) -> Self {
        LogLines::with_parser(source, LineParser::new())
    }

    /// Uses a parser that knows its format already.
    pub fn with_parser(source: R, parser: LineParser) -> Self {
        LogLines {
            source,
            parser,
            number: 0,
            position_bytes: 0,
            buffer: Vec::new(),
        }
    }

    /// The parser, to ask which format was found.
    pub fn parser(&self) -> &LineParser {
        &self.parser
    }

    /// Leaves out the lines before a position, except for what they say about the lines that follow.
    pub fn skip_to(&mut self, position_bytes: u64) -> io::Result<()> {
        while self.position_bytes < position_bytes && self.read_line()?.is_some() {
            self.number += 1;
            if self.buffer.starts_with(b"#") {
                let _ = self.parser.parse(&String::from_utf8_lossy(&self.buffer));
            }
        }
        Ok(())
    }

    /// Reads a line into the buffer; one that is too long leaves it empty. `None` at the end.
    fn read_line(&mut self) -> io::Result<Option<LineEnd>> {
        self.buffer.clear();
        let mut fits = true;
        loop {
            let available = self.source.fill_buf()?;
            if available.is_empty() {
                let is_whole = false;
                let any = !self.buffer.is_empty() || !fits;
                return Ok(any.then_some(LineEnd { fits, is_whole }));
            }
            let end = available.iter().position(|byte| *byte == b'\n');
            let length = end.map_or(available.len(), |position| position + 1);
            fits = fits && self.buffer.len() + length <= LINE_MAX_BYTES;
            if fits {
                self.buffer.extend_from_slice(&available[..length]);
            } else {
                self.buffer.clear();
            }
            self.source.consume(length);
            self.position_bytes += length as u64;
            if end.is_some() {
                let is_whole = true;
                return Ok(Some(LineEnd { fits, is_whole }));
            }
        }
    }
}

impl<R: BufRead> Iterator for LogLines<R> {
    type Item = io::Result<LogLine>;

    fn next(&mut self) -> Option<Self::Item> {
        let LineEnd { fits, is_whole } = match self.read_line() {
            Ok(Some(end)) => end,
            Ok(None) => return None,
            Err(error) => return Some(Err(error)),
        };
        self.number += 1;
        let hit = if fits {
            self.parser.parse(&String::from_utf8_lossy(&self.buffer))
        } else {
            Err(SkipReason::Malformed)
        };
        Some(Ok(LogLine {
            number: self.number,
            hit,
            end_bytes: self.position_bytes,
            is_whole,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::url::noise::Noise;

    const LINE: &str = "1.2.3.4 - - [10/Oct/2000:13:55:36 +0000] \"GET /a HTTP/1.1\" 200 5";

    #[test]
    fn lines_are_numbered_and_long_ones_skipped() {
        let long = "x".repeat(LINE_MAX_BYTES + 1);
        let log = format!("{LINE}\n\n{long}\n{LINE}\r\nnonsense\n{LINE}");
        // A small buffer: lines cross its border.
        let lines: Vec<LogLine> = LogLines::new(io::BufReader::with_capacity(7, log.as_bytes()))
            .collect::<Result<_, _>>()
            .expect("memory");
        let found: Vec<(u64, Option<SkipReason>)> = lines
            .iter()
            .map(|line| (line.number, line.hit.as_ref().err().copied()))
            .collect();
        let expected = [
            (1, None),
            (2, Some(SkipReason::Comment)),
            (3, Some(SkipReason::Malformed)),
            (4, None),
            (5, Some(SkipReason::Malformed)),
            (6, None),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn a_log_is_continued_where_it_was_left() {
        let first =
            "#Fields: date time c-ip cs-uri-stem sc-status\n2024-01-01 00:00:01 1.2.3.4 /a 200\n";
        let rest = "2024-01-01 00:00:02 1.2.3.4 /b 200";
        let log = format!("{first}{rest}");
        let mut lines = LogLines::new(log.as_bytes());
        lines.skip_to(first.len() as u64).expect("memory");
        let line = lines.next().expect("a line").expect("memory");
        assert_eq!(line.number, 3);
        assert_eq!(line.end_bytes, log.len() as u64);
        assert!(!line.is_whole);
        // The columns were named in the part that was left out.
        assert_eq!(line.hit.map(|hit| hit.path), Ok("/b".to_owned()));
        let mut behind = LogLines::new(log.as_bytes());
        behind.skip_to(10_000).expect("memory");
        assert!(behind.next().is_none());
    }

    #[test]
    fn any_bytes_are_survived() {
        let mut noise = Noise::new(53);
        let mut count = 0;
        for _ in 0..500 {
            let bytes = noise.bytes(2_000);
            count += LogLines::new(&bytes[..]).filter_map(Result::ok).count();
        }
        assert!(count > 500);
    }
}
