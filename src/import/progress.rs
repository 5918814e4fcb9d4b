//! What an import shows while it runs: a bar on a terminal, plain lines elsewhere.

use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

const BAR_WIDTH: usize = 24;
const BAR_EVERY: Duration = Duration::from_millis(200);
/// Logs of other programs are not flooded.
const LINE_EVERY: Duration = Duration::from_secs(10);

/// Shows how far a log is read.
pub struct Progress {
    is_terminal: bool,
    started: Instant,
    shown: Instant,
    begun_at_bytes: u64,
    size_bytes: Option<u64>,
    name: String,
    bar_is_there: bool,
}

impl Progress {
    pub fn new(name: &str, size_bytes: Option<u64>) -> Progress {
        let now = Instant::now();
        Progress {
            is_terminal: std::io::stderr().is_terminal(),
            started: now,
            shown: now,
            begun_at_bytes: 0,
            size_bytes,
            name: name.to_owned(),
            bar_is_there: false,
        }
    }

    /// What was imported before does not count for the rate.
    pub fn begin(&mut self, read_bytes: u64) {
        self.started = Instant::now();
        self.begun_at_bytes = read_bytes;
    }

    /// Seconds since the first line that is imported.
    pub fn seconds(&self) -> f64 {
        self.started.elapsed().as_secs_f64()
    }

    /// Shows the present numbers, if the last are old enough.
    pub fn show(&mut self, read_bytes: u64, hits: u64) {
        let every = if self.is_terminal {
            BAR_EVERY
        } else {
            LINE_EVERY
        };
        if self.shown.elapsed() < every {
            return;
        }
        self.shown = Instant::now();
        let state = State {
            seconds: self.seconds(),
            begun_at_bytes: self.begun_at_bytes,
            read_bytes,
            size_bytes: self.size_bytes,
            hits,
        };
        let text = state.text();
        let mut err = std::io::stderr();
        if self.is_terminal {
            self.bar_is_there = true;
            let _ = write!(err, "\r\x1b[K{}  {}{text}", self.name, state.bar());
        } else {
            let _ = writeln!(err, "{}: {text}", self.name);
        }
        let _ = err.flush();
    }

    /// Removes the bar: the summary follows.
    pub fn end(&mut self) {
        if self.bar_is_there {
            eprint!("\r\x1b[K");
        }
    }
}

struct State {
    seconds: f64,
    begun_at_bytes: u64,
    read_bytes: u64,
    size_bytes: Option<u64>,
    hits: u64,
}

impl State {
    /// The part that is read, 0 to 1.
    fn part(&self) -> Option<f64> {
        let size = self.size_bytes.filter(|size| *size > 0)?;
        Some((self.read_bytes as f64 / size as f64).min(1.0))
    }

    fn text(&self) -> String {
        let rate = self.hits as f64 / self.seconds.max(0.001);
        let part = self.part();
        let percent = part.map_or(String::new(), |part| format!("{:3.0} %, ", part * 100.0));
        let left = self.seconds_left().map_or(String::new(), |seconds| {
            format!(", {} left", duration(seconds))
        });
        format!("{percent}{} hits, {rate:.0}/s{left}", self.hits)
    }

    fn seconds_left(&self) -> Option<f64> {
        let size = self.size_bytes?;
        let read = self.read_bytes.checked_sub(self.begun_at_bytes)?;
        let left = size.saturating_sub(self.read_bytes);
        (read > 0).then(|| self.seconds / read as f64 * left as f64)
    }

    fn bar(&self) -> String {
        let Some(part) = self.part() else {
            return String::new();
        };
        let full = (part * BAR_WIDTH as f64).round() as usize;
        let bar = "#".repeat(full) + &"-".repeat(BAR_WIDTH - full);
        format!("[{bar}] ")
    }
}

/// `2 h 05 min`, `3 min 20 s`, `7 s`
fn duration(seconds: f64) -> String {
    let seconds = seconds.ceil() as u64;
    match (seconds / 3_600, seconds / 60 % 60, seconds % 60) {
        (0, 0, seconds) => format!("{seconds} s"),
        (0, minutes, seconds) => format!("{minutes} min {seconds:02} s"),
        (hours, minutes, _) => format!("{hours} h {minutes:02} min"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rate_and_rest_count_from_where_the_import_began() {
        let state = State {
            seconds: 10.0,
            begun_at_bytes: 500,
            read_bytes: 600,
            size_bytes: Some(1_000),
            hits: 1_000,
        };
        assert_eq!(state.text(), " 60 %, 1000 hits, 100/s, 40 s left");
        assert_eq!(state.bar(), "[##############----------] ");
        let pipe = State {
            size_bytes: None,
            ..state
        };
        assert_eq!(pipe.text(), "1000 hits, 100/s");
        assert_eq!(pipe.bar(), "");
    }

    #[test]
    fn durations_are_read_at_a_glance() {
        for (seconds, expected) in [(6.2, "7 s"), (200.0, "3 min 20 s"), (7_500.0, "2 h 05 min")] {
            assert_eq!(duration(seconds), expected);
        }
    }
}
