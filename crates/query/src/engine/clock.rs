use model::{SECONDS_PER_DAY, Timestamp, Zone};

/// How many days' offsets are remembered.
const REMEMBERED_DAYS: usize = 64;

#[derive(Clone, Copy)]
struct Span {
    from: Timestamp,
    until: Timestamp,
    offset_seconds: i64,
}

/// Local days and hours of a zone, fast for timestamps near each other: offsets are remembered for the
/// days last asked for.
pub struct Clock {
    zone: Option<Zone>,
    last: Span,
    spans: Vec<Span>,
}

impl Clock {
    pub fn new(zone: &Zone) -> Clock {
        let nothing = Span {
            from: 0,
            until: 0,
            offset_seconds: 0,
        };
        Clock {
            zone: (!zone.is_utc()).then(|| zone.clone()),
            last: nothing,
            spans: vec![nothing; REMEMBERED_DAYS],
        }
    }

    /// Days since 1970 in the zone.
    pub fn day(&mut self, at: Timestamp) -> i64 {
        self.local(at).div_euclid(SECONDS_PER_DAY)
    }

    /// The hour on the zone's clock.
    pub fn hour(&mut self, at: Timestamp) -> i64 {
        self.local(at).rem_euclid(SECONDS_PER_DAY) / 3600
    }

    fn local(&mut self, at: Timestamp) -> i64 {
        at.saturating_add(self.offset_seconds(at))
    }

    fn offset_seconds(&mut self, at: Timestamp) -> i64 {
        let Some(zone) = &self.zone else {
            return 0;
        };
        if at < self.last.from || at >= self.last.until {
            let day = at.div_euclid(SECONDS_PER_DAY);
            let slot = day.rem_euclid(REMEMBERED_DAYS as i64) as usize;
            let span = self.spans[slot];
            self.last = if at < span.from || at >= span.until {
                span_around(zone, at)
            } else {
                span
            };
            self.spans[slot] = self.last;
        }
        self.last.offset_seconds
    }
}

/// The longest part of the moment's UTC day with one offset. No zone changes twice in a day.
fn span_around(zone: &Zone, at: Timestamp) -> Span {
    let from = at.saturating_sub(at.rem_euclid(SECONDS_PER_DAY));
    let until = from.saturating_add(SECONDS_PER_DAY);
    let (first, last) = (zone.offset_seconds(from), zone.offset_seconds(until - 1));
    if first == last {
        return Span {
            from,
            until,
            offset_seconds: first,
        };
    }
    // The first moment with the later offset, by halves.
    let (mut low, mut high) = (from, until - 1);
    while low + 1 < high {
        let middle = low + (high - low) / 2;
        if zone.offset_seconds(middle) == first {
            low = middle;
        } else {
            high = middle;
        }
    }
    if at < high {
        Span {
            from,
            until: high,
            offset_seconds: first,
        }
    } else {
        Span {
            from: high,
            until,
            offset_seconds: last,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_agrees_with_the_zone_around_clock_changes() {
        for name in [
            "UTC",
            "Europe/Berlin",
            "Africa/Nairobi",
            "America/St_Johns",
            "Australia/Lord_Howe",
            "Asia/Kathmandu",
        ] {
            let zone = Zone::named(name).expect("a known zone");
            let mut clock = Clock::new(&zone);
            // 2010 and the clock changes of that year, in uneven steps back and forth.
            let mut at = 1_262_304_000;
            for step in 0..40_000 {
                at += if step % 3 == 0 { -700 } else { 2_017 };
                assert_eq!(clock.day(at), i64::from(zone.day(at).0), "{name} {at}");
                assert_eq!(
                    clock.hour(at),
                    i64::from(zone.local(at).hour()),
                    "{name} {at}"
                );
            }
        }
    }

    #[test]
    fn hostile_timestamps_do_no_harm() {
        let zone = Zone::named("Asia/Tokyo").expect("a known zone");
        let mut clock = Clock::new(&zone);
        for at in [i64::MIN, -1, 0, i64::MAX - 10, i64::MAX] {
            clock.day(at);
            clock.hour(at);
        }
    }
}
