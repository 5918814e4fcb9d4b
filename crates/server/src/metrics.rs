//! What an operator can see of the way of hits and questions: counters for Prometheus, and the latest hits that
//! were not stored.

use std::collections::VecDeque;
use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use journal::JournalStats;
use serde::Serialize;
use tracking::parse::HitParams;
use tracking::{ENRICH, Exclusion, Observe, Refusal, Stop};

/// The latest drops that are kept; older ones are counted only.
const DROPS_MAX: usize = 1_000;
const DROP_PAGE_CHARS: usize = 200;
/// Upper bounds of the classes of answer times.
const ANSWER_SECONDS: [f64; 9] = [0.005, 0.02, 0.05, 0.15, 0.5, 1.0, 2.0, 5.0, 10.0];

/// Counters since the start.
#[derive(Default)]
pub struct Metrics {
    tracked: AtomicU64,
    busy: AtomicU64,
    excluded: Reasons<{ Exclusion::ALL.len() }>,
    refused: Reasons<{ Refusal::ALL.len() }>,
    steps: [Step; ENRICH.len()],
    answers: Answers,
    drops: Mutex<VecDeque<Drop>>,
}

/// One counter a reason, in the order of the list of reasons.
struct Reasons<const COUNT: usize>([AtomicU64; COUNT]);

impl<const COUNT: usize> Default for Reasons<COUNT> {
    fn default() -> Self {
        Reasons(std::array::from_fn(|_| AtomicU64::new(0)))
    }
}

#[derive(Default)]
struct Step {
    runs: AtomicU64,
    nanoseconds: AtomicU64,
}

#[derive(Default)]
struct Answers {
    classes: [AtomicU64; ANSWER_SECONDS.len()],
    count: AtomicU64,
    microseconds: AtomicU64,
}

/// A hit that was not stored. It holds no address, no token and no query of the page.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Drop {
    /// Seconds since 1970.
    pub time: i64,
    pub site: i64,
    /// Where on its way it ended.
    pub step: &'static str,
    /// The name that `/metrics` counts it by.
    pub reason: &'static str,
    pub meaning: &'static str,
    /// The page, without query and fragment.
    pub page: String,
}

impl Metrics {
    /// Listens to the steps of one hit.
    pub fn watch(&self) -> Watch<'_> {
        Watch {
            metrics: self,
            step: 0,
            since: Instant::now(),
            stop: None,
        }
    }

    pub fn count_tracked(&self) {
        self.tracked.fetch_add(1, Ordering::Relaxed);
    }

    /// Hits that could not be taken and may be sent again.
    pub fn count_busy(&self, hits: usize) {
        self.busy.fetch_add(hits as u64, Ordering::Relaxed);
    }

    /// A hit that ended after the journal, where its parameters are gone.
    pub fn count_stop(&self, stop: Stop) {
        let counter = match stop {
            Stop::Excluded(reason) => {
                at(Exclusion::ALL, reason).and_then(|at| self.excluded.0.get(at))
            }
            Stop::Refused(reason) => at(Refusal::ALL, reason).and_then(|at| self.refused.0.get(at)),
        };
        if let Some(counter) = counter {
            counter.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// A hit that ended: counted, and kept for the operator to read.
    pub fn drop_hit(&self, step: &'static str, stop: Stop, params: &HitParams, now: i64) {
        self.count_stop(stop);
        let drop = Drop {
            time: now,
            site: params.integer("idsite").unwrap_or(0),
            step,
            reason: stop.name(),
            meaning: stop.meaning(),
            page: page_of(params.text("url").unwrap_or_default()),
        };
        let mut drops = self.drops.lock().unwrap_or_else(PoisonError::into_inner);
        if drops.len() >= DROPS_MAX {
            drops.pop_front();
        }
        drops.push_back(drop);
    }

    /// The latest drops, the newest first.
    pub fn drops(&self) -> Vec<Drop> {
        let drops = self.drops.lock().unwrap_or_else(PoisonError::into_inner);
        drops.iter().rev().cloned().collect()
    }

    /// A call of the reporting API was answered.
    pub fn count_answer(&self, took: Duration) {
        let answers = &self.answers;
        answers.count.fetch_add(1, Ordering::Relaxed);
        let microseconds = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        answers
            .microseconds
            .fetch_add(microseconds, Ordering::Relaxed);
        let seconds = took.as_secs_f64();
        if let Some(class) = ANSWER_SECONDS.iter().position(|bound| seconds <= *bound) {
            answers.classes[class].fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Everything in the text format of Prometheus.
    pub fn text(&self, journal: &JournalStats) -> String {
        let mut page = Page(String::new());
        page.head("takwimu_info", "gauge", "version of the program");
        page.line(
            "takwimu_info",
            &[("version", env!("CARGO_PKG_VERSION"))],
            1.0,
        );
        self.write_hits(&mut page);
        self.write_steps(&mut page);
        self.write_answers(&mut page);
        write_journal(&mut page, journal);
        page.0
    }

    fn write_hits(&self, page: &mut Page) {
        page.head(
            "takwimu_hits_total",
            "counter",
            "hits by what became of them",
        );
        let name = "takwimu_hits_total";
        let sum = |counters: &[AtomicU64]| counters.iter().map(read).sum::<f64>();
        page.line(name, &[("outcome", "tracked")], read(&self.tracked));
        page.line(name, &[("outcome", "excluded")], sum(&self.excluded.0));
        page.line(name, &[("outcome", "refused")], sum(&self.refused.0));
        page.line(name, &[("outcome", "busy")], read(&self.busy));
        let name = "takwimu_hits_dropped_total";
        page.head(name, "counter", "hits that were not stored, by reason");
        let excluded = Exclusion::ALL.iter().map(|reason| reason.name());
        for (reason, count) in excluded.zip(&self.excluded.0) {
            page.line(
                name,
                &[("outcome", "excluded"), ("reason", reason)],
                read(count),
            );
        }
        let refused = Refusal::ALL.iter().map(|reason| reason.name());
        for (reason, count) in refused.zip(&self.refused.0) {
            page.line(
                name,
                &[("outcome", "refused"), ("reason", reason)],
                read(count),
            );
        }
    }

    fn write_steps(&self, page: &mut Page) {
        let name = "takwimu_step_runs_total";
        page.head(
            name,
            "counter",
            "hits that went through a step before the journal",
        );
        for ((step, _), counts) in ENRICH.iter().zip(&self.steps) {
            page.line(name, &[("step", step)], read(&counts.runs));
        }
        let name = "takwimu_step_seconds_total";
        page.head(name, "counter", "time spent in a step before the journal");
        for ((step, _), counts) in ENRICH.iter().zip(&self.steps) {
            page.line(name, &[("step", step)], read(&counts.nanoseconds) / 1e9);
        }
    }

    fn write_answers(&self, page: &mut Page) {
        let name = "takwimu_api_seconds";
        page.head(
            name,
            "histogram",
            "time to answer a call of the reporting API",
        );
        let bucket = "takwimu_api_seconds_bucket";
        let mut below = 0.0;
        for (bound, count) in ANSWER_SECONDS.iter().zip(&self.answers.classes) {
            below += read(count);
            page.line(bucket, &[("le", &bound.to_string())], below);
        }
        let count = read(&self.answers.count);
        page.line(bucket, &[("le", "+Inf")], count);
        page.line(
            "takwimu_api_seconds_sum",
            &[],
            read(&self.answers.microseconds) / 1e6,
        );
        page.line("takwimu_api_seconds_count", &[], count);
    }
}

fn write_journal(page: &mut Page, journal: &JournalStats) {
    let micro = 1e-6;
    for (name, kind, about, value) in [
        (
            "records_total",
            "counter",
            "records on the disk since the start",
            journal.durable_records as f64,
        ),
        (
            "applied_records_total",
            "counter",
            "records placed since the start",
            journal.applied_records as f64,
        ),
        (
            "failed_records_total",
            "counter",
            "records that could not be written",
            journal.failed_records as f64,
        ),
        (
            "syncs_total",
            "counter",
            "how often the disk was asked to keep what is written",
            journal.syncs as f64,
        ),
        (
            "groups_total",
            "counter",
            "groups of records written together",
            journal.groups as f64,
        ),
        (
            "commit_seconds_total",
            "counter",
            "time spent writing and syncing groups",
            journal.total_commit_us as f64 * micro,
        ),
        (
            "last_commit_seconds",
            "gauge",
            "time of the last group",
            journal.last_commit_us as f64 * micro,
        ),
        (
            "max_commit_seconds",
            "gauge",
            "longest time of a group since the start",
            journal.max_commit_us as f64 * micro,
        ),
        (
            "queued_records",
            "gauge",
            "records that wait",
            journal.queued_records as f64,
        ),
        (
            "queued_bytes",
            "gauge",
            "bytes of records that wait",
            journal.queued_bytes as f64,
        ),
        (
            "written_bytes_total",
            "counter",
            "bytes written since the start",
            journal.written_bytes as f64,
        ),
        (
            "stored_bytes",
            "gauge",
            "bytes of the journal on the disk",
            journal.stored_bytes as f64,
        ),
        (
            "files",
            "gauge",
            "files of the journal",
            journal.file_count as f64,
        ),
        (
            "degraded",
            "gauge",
            "1 while hits are refused",
            f64::from(u8::from(journal.degraded.is_some())),
        ),
    ] {
        let name = format!("takwimu_journal_{name}");
        page.head(&name, kind, about);
        page.line(&name, &[], value);
    }
    let name = "takwimu_journal_refused_total";
    page.head(name, "counter", "records refused before they were written");
    for (reason, count) in [
        ("full", journal.refused_full),
        ("degraded", journal.refused_degraded),
        ("too_large", journal.refused_too_large),
    ] {
        page.line(name, &[("reason", reason)], count as f64);
    }
}

fn at<T: PartialEq>(list: &[T], wanted: T) -> Option<usize> {
    list.iter().position(|reason| *reason == wanted)
}

fn read(counter: &AtomicU64) -> f64 {
    counter.load(Ordering::Relaxed) as f64
}

fn page_of(url: &str) -> String {
    let end = url.find(['?', '#', ';']).unwrap_or(url.len());
    // A password may stand before the host.
    let page = match url[..end].split_once("://") {
        Some((scheme, rest)) => match rest.split_once('/') {
            Some((host, path)) => format!("{scheme}://{}/{path}", without_user(host)),
            None => format!("{scheme}://{}", without_user(rest)),
        },
        None => url[..end].to_owned(),
    };
    page.chars()
        .filter(|letter| !letter.is_control())
        .take(DROP_PAGE_CHARS)
        .collect()
}

fn without_user(host: &str) -> &str {
    host.rsplit_once('@').map_or(host, |(_, host)| host)
}

struct Page(String);

impl Page {
    fn head(&mut self, name: &str, kind: &str, about: &str) {
        let _ = writeln!(self.0, "# HELP {name} {about}\n# TYPE {name} {kind}");
    }

    fn line(&mut self, name: &str, labels: &[(&str, &str)], value: f64) {
        let labels: Vec<String> = labels
            .iter()
            .map(|(name, value)| format!("{name}=\"{value}\""))
            .collect();
        let _ = match labels.is_empty() {
            true => writeln!(self.0, "{name} {value}"),
            false => writeln!(self.0, "{name}{{{}}} {value}", labels.join(",")),
        };
    }
}

/// Keeps the clock for one hit.
pub struct Watch<'a> {
    metrics: &'a Metrics,
    step: usize,
    since: Instant,
    stop: Option<(&'static str, Stop)>,
}

impl Watch<'_> {
    /// Where and why the hit ended, if it did.
    pub fn stop(&self) -> Option<(&'static str, Stop)> {
        self.stop
    }
}

impl Observe for Watch<'_> {
    fn step(&mut self, _: &'static str) {
        let now = Instant::now();
        // Steps are told in their order.
        if let Some(step) = self.metrics.steps.get(self.step) {
            let took = now.duration_since(self.since).as_nanos();
            step.runs.fetch_add(1, Ordering::Relaxed);
            step.nanoseconds.fetch_add(took as u64, Ordering::Relaxed);
        }
        self.step += 1;
        self.since = now;
    }

    fn stop(&mut self, step: &'static str, stop: Stop) {
        self.stop = Some((step, stop));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tracking::url::ParamMap;

    fn params(url: &str) -> HitParams {
        let mut map = ParamMap::default();
        map.insert_text("idsite", "3");
        map.insert_text("url", url);
        HitParams::new(map)
    }

    #[test]
    fn what_is_counted_is_shown() {
        let metrics = Metrics::default();
        metrics.count_tracked();
        metrics.count_busy(2);
        metrics.drop_hit("excluded", Exclusion::Robot.into(), &params(""), 0);
        metrics.count_stop(Refusal::DuplicateOrder.into());
        metrics.count_answer(Duration::from_millis(30));
        let mut watch = metrics.watch();
        Observe::step(&mut watch, ENRICH[0].0);
        let text = metrics.text(&JournalStats {
            syncs: 5,
            ..JournalStats::default()
        });
        for line in [
            "takwimu_hits_total{outcome=\"tracked\"} 1",
            "takwimu_hits_total{outcome=\"busy\"} 2",
            "takwimu_hits_total{outcome=\"excluded\"} 1",
            "takwimu_hits_dropped_total{outcome=\"excluded\",reason=\"robot\"} 1",
            "takwimu_hits_dropped_total{outcome=\"refused\",reason=\"duplicate_order\"} 1",
            "takwimu_step_runs_total{step=\"authenticate\"} 1",
            "takwimu_api_seconds_bucket{le=\"0.02\"} 0",
            "takwimu_api_seconds_bucket{le=\"0.05\"} 1",
            "takwimu_api_seconds_bucket{le=\"+Inf\"} 1",
            "takwimu_journal_syncs_total 5",
        ] {
            assert!(
                text.lines().any(|shown| shown == line),
                "{line} is missing:\n{text}"
            );
        }
    }

    #[test]
    fn every_line_has_a_name_that_was_introduced() {
        let text = Metrics::default().text(&JournalStats::default());
        let mut known = "";
        for line in text.lines() {
            match line.strip_prefix("# TYPE ") {
                Some(rest) => known = rest.split(' ').next().unwrap_or_default(),
                None => assert!(
                    line.starts_with("# HELP ") || line.starts_with(known),
                    "{line}"
                ),
            }
        }
    }

    #[test]
    fn drops_are_bounded_and_tell_no_secret() {
        let metrics = Metrics::default();
        for second in 0..DROPS_MAX as i64 + 5 {
            let url = "https://me:secret@h.example/reset?token=secret#secret";
            metrics.drop_hit("excluded", Exclusion::Address.into(), &params(url), second);
        }
        let drops = metrics.drops();
        assert_eq!(drops.len(), DROPS_MAX);
        assert_eq!(drops[0].time, DROPS_MAX as i64 + 4);
        assert_eq!(drops[0].page, "https://h.example/reset");
        assert_eq!((drops[0].site, drops[0].reason), (3, "address"));
        assert!(
            !serde_json::to_string(&drops)
                .unwrap_or_default()
                .contains("secret")
        );
    }
}
