//! From the lines of a log to batches of hits.

use std::io::{self, BufRead};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::SyncSender;

use model::{SiteId, Zone};
use tracking::logs::{
    HitKind, LineParser, LogFormat, LogHit, LogLines, LogRules, Pairs, SkipReason, judge, pairs_of,
};

use super::counts::Counts;

/// One record of the journal, or one request: small enough that little is read twice after a crash, large enough
/// that the disk is asked seldom.
const BATCH_HITS: usize = 2_000;
/// A batch of lines that are all left out ends here, so that its mark moves on.
const BATCH_LINES: u64 = 50_000;
/// Far below the limit of a bulk request.
const BATCH_TEXT_BYTES: usize = 2 << 20;

/// What the operator wants of a log.
#[derive(Clone, Debug, Default)]
pub struct Wishes {
    pub rules: LogRules,
    pub format: Option<LogFormat>,
    /// The zone of times that say none, in W3C logs.
    pub zone: Option<Zone>,
    /// The site of all hits; by the host of each where there is none.
    pub site: Option<SiteId>,
}

/// What is known of sites and browsers.
pub trait Knowledge: Sync {
    fn is_robot(&self, user_agent: &str) -> bool;
    fn site_of_host(&self, host: &str) -> Option<SiteId>;
    fn site_url(&self, site: SiteId) -> Option<String>;
}

/// Hits to be recorded together.
#[derive(Debug, Default)]
pub struct Batch {
    pub hits: Vec<Pairs>,
    /// Where the log goes on behind them.
    pub end_bytes: u64,
    /// Bytes of the file that were read by then, compressed as it is.
    pub read_bytes: u64,
    pub counts: Counts,
    text_bytes: usize,
}

/// Reads a log from a position to its end. Ends early when nobody takes the batches any more.
pub fn read(
    reader: impl BufRead,
    position_bytes: u64,
    wishes: &Wishes,
    knowledge: &dyn Knowledge,
    read_bytes: &AtomicU64,
    batches: &SyncSender<Batch>,
) -> io::Result<Option<LogFormat>> {
    let parser = wishes
        .format
        .map_or_else(LineParser::new, LineParser::with_format);
    let mut lines = LogLines::with_parser(reader, parser);
    lines.skip_to(position_bytes)?;
    let mut sites = Sites::new(wishes.site, knowledge);
    let mut batch = Batch {
        end_bytes: position_bytes,
        ..Batch::default()
    };
    while let Some(line) = lines.next() {
        let line = line?;
        // The rest of it is not written yet: the next import finds it whole.
        if !line.is_whole && line.hit == Err(SkipReason::Malformed) {
            break;
        }
        batch.counts.lines += 1;
        batch.end_bytes = line.end_bytes;
        let is_w3c = lines.parser().last_format() == Some(LogFormat::W3cExtended);
        let zone = wishes.zone.as_ref().filter(|_| is_w3c);
        match line
            .hit
            .and_then(|hit| pairs(hit, wishes, zone, &mut sites))
        {
            Ok(pairs) => batch.add(pairs),
            Err(reason) => batch.counts.skip(reason.text()),
        }
        if batch.is_full() {
            let end_bytes = batch.end_bytes;
            batch.read_bytes = read_bytes.load(Ordering::Relaxed);
            let next = Batch {
                end_bytes,
                ..Batch::default()
            };
            if batches.send(std::mem::replace(&mut batch, next)).is_err() {
                return Ok(lines.parser().last_format());
            }
        }
    }
    batch.read_bytes = read_bytes.load(Ordering::Relaxed);
    if batch.counts.lines > 0 {
        // Nobody takes it where recording has failed, which says so itself.
        let _ = batches.send(batch);
    }
    Ok(lines.parser().last_format())
}

impl Batch {
    fn add(&mut self, pairs: Pairs) {
        self.text_bytes += pairs
            .iter()
            .map(|(name, value)| name.len() + value.len())
            .sum::<usize>();
        self.hits.push(pairs);
    }

    fn is_full(&self) -> bool {
        self.hits.len() >= BATCH_HITS
            || self.counts.lines >= BATCH_LINES
            || self.text_bytes >= BATCH_TEXT_BYTES
    }
}

fn pairs(
    mut hit: LogHit,
    wishes: &Wishes,
    zone: Option<&Zone>,
    sites: &mut Sites<'_>,
) -> Result<Pairs, SkipReason> {
    let is_robot = |user_agent: &str| sites.knowledge.is_robot(user_agent);
    let kind: HitKind = judge(&hit, &wishes.rules, &is_robot)?;
    let (site, base) = sites.of(&hit.host).ok_or(SkipReason::UnknownHost)?;
    if let Some(zone) = zone {
        // The time was read as if it were in UTC.
        hit.time_utc_seconds = zone.moment(Zone::utc().local(hit.time_utc_seconds));
    }
    Ok(pairs_of(&hit, kind, site, &base))
}

/// Sites by host, the last of which is kept: most logs have one.
struct Sites<'a> {
    fixed: Option<SiteId>,
    knowledge: &'a dyn Knowledge,
    last: Option<(String, Option<(SiteId, String)>)>,
}

impl<'a> Sites<'a> {
    fn new(fixed: Option<SiteId>, knowledge: &'a dyn Knowledge) -> Self {
        Sites {
            fixed,
            knowledge,
            last: None,
        }
    }

    /// Number and main address of the site that a host belongs to.
    fn of(&mut self, host: &str) -> Option<(SiteId, String)> {
        if let Some((last, found)) = &self.last
            && last == host
        {
            return found.clone();
        }
        let site = self.fixed.or_else(|| self.knowledge.site_of_host(host));
        let found = site.and_then(|site| Some((site, self.knowledge.site_url(site)?)));
        self.last = Some((host.to_owned(), found.clone()));
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::sync_channel;

    struct TwoSites;

    impl Knowledge for TwoSites {
        fn is_robot(&self, user_agent: &str) -> bool {
            tracking::logs::is_obvious_robot(user_agent)
        }

        fn site_of_host(&self, host: &str) -> Option<SiteId> {
            match host {
                "a.example" => Some(1),
                "b.example" => Some(2),
                _ => None,
            }
        }

        fn site_url(&self, site: SiteId) -> Option<String> {
            let host = ["", "https://a.example", "https://b.example"].get(site as usize)?;
            Some((*host).to_owned())
        }
    }

    fn read_all(log: &str, from: u64, wishes: &Wishes) -> Vec<Batch> {
        let (sender, receiver) = sync_channel(1_000);
        let count = AtomicU64::new(0);
        let reader = log.as_bytes();
        read(reader, from, wishes, &TwoSites, &count, &sender).expect("memory");
        drop(sender);
        receiver.iter().collect()
    }

    fn urls(batches: &[Batch]) -> Vec<String> {
        let url = |pairs: &Pairs| {
            let pair = pairs.iter().find(|(name, _)| *name == "url");
            pair.map(|(_, url)| url.clone()).unwrap_or_default()
        };
        batches
            .iter()
            .flat_map(|batch| &batch.hits)
            .map(url)
            .collect()
    }

    const LINE: &str = "1.2.3.4 - - [10/Oct/2000:13:55:36 +0000] \"GET /a HTTP/1.1\" 200 5\n";

    #[test]
    fn hits_go_to_the_site_of_their_host() {
        let log = format!("a.example {LINE}b.example:443 {LINE}c.example {LINE}");
        let batches = read_all(&log, 0, &Wishes::default());
        assert_eq!(
            urls(&batches),
            ["https://a.example/a", "https://b.example/a"]
        );
        assert_eq!(batches[0].counts.of(SkipReason::UnknownHost.text()), 1);
        let wishes = Wishes {
            site: Some(2),
            ..Wishes::default()
        };
        assert_eq!(urls(&read_all(LINE, 0, &wishes)), ["https://b.example/a"]);
    }

    #[test]
    fn batches_tell_where_the_log_goes_on() {
        let log = LINE.repeat(2 * BATCH_HITS + 1);
        let wishes = Wishes {
            site: Some(1),
            ..Wishes::default()
        };
        let batches = read_all(&log, 0, &wishes);
        let sizes: Vec<usize> = batches.iter().map(|batch| batch.hits.len()).collect();
        assert_eq!(sizes, [BATCH_HITS, BATCH_HITS, 1]);
        // Going on behind any of them gives the others.
        let rest = read_all(&log, batches[0].end_bytes, &wishes);
        assert_eq!(urls(&rest).len(), BATCH_HITS + 1);
        assert_eq!(
            rest.last().map(|batch| batch.end_bytes),
            Some(log.len() as u64)
        );
        assert!(read_all(&log, log.len() as u64, &wishes).is_empty());
    }

    #[test]
    fn a_line_that_is_being_written_is_left_for_the_next_time() {
        let wishes = Wishes {
            site: Some(1),
            ..Wishes::default()
        };
        let log = format!("{LINE}1.2.3.4 - - [10/Oct/20");
        let batches = read_all(&log, 0, &wishes);
        assert_eq!(batches[0].end_bytes, LINE.len() as u64);
        assert_eq!(batches[0].counts.lines, 1);
        // A last line without a line end counts where it can be understood.
        assert_eq!(urls(&read_all(LINE.trim_end(), 0, &wishes)).len(), 1);
    }

    #[test]
    fn times_without_a_zone_are_in_the_one_that_is_named() {
        let log =
            "#Fields: date time c-ip cs-uri-stem sc-status\n2024-07-01 12:00:00 1.2.3.4 /a 200\n";
        let time = |zone: Option<&str>, log: &str| {
            let wishes = Wishes {
                site: Some(1),
                zone: zone.and_then(Zone::named),
                ..Wishes::default()
            };
            let batches = read_all(log, 0, &wishes);
            let pair = batches[0].hits[0].iter().find(|(name, _)| *name == "cdt");
            pair.and_then(|(_, time)| time.parse::<i64>().ok())
        };
        assert_eq!(time(None, log), Some(1_719_835_200));
        assert_eq!(
            time(Some("Europe/Berlin"), log),
            Some(1_719_835_200 - 7_200)
        );
        assert_eq!(time(Some("Europe/Berlin"), LINE), Some(971_186_136));
    }
}
