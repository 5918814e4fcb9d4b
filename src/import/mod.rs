//! `takwimu import`: access logs of web servers become hits.

mod counts;
mod here;
pub mod marks;
mod progress;
mod reading;
mod source;
mod there;

use std::sync::mpsc::{Receiver, sync_channel};
use std::thread;

use model::{SiteId, Zone};
use tracking::logs::{LogFormat, LogRules};

use crate::arguments::{Arguments, Flag};
use crate::configuration::Configuration;
use crate::house::{House, Wants};
use counts::Counts;
use here::Here;
use marks::Marks;
use progress::Progress;
use reading::{Batch, Knowledge, Wishes};
use source::Source;
use there::There;

/// What the command says about itself.
pub const ABOUT: &str = "Imports access logs of web servers. Common and combined format (Apache, nginx), JSON lines \
    (nginx), W3C extended (IIS, CloudFront) and Amazon's load balancers are told apart by their lines; gzip and zstd \
    are unpacked; the file - is standard input. A log is imported once: started again, after a crash or when the log \
    has grown, an import goes on behind the last line that is counted. Lines should be in the order of their times. \
    While a server runs on the data folder, name its address with --url and give a token in TAKWIMU_TOKEN.";

pub const FLAGS: &[Flag] = &[
    Flag {
        name: "--site",
        value: "NUMBER",
        about: "site that the hits belong to; without it each line's host decides, by the addresses of the sites",
    },
    Flag {
        name: "--format",
        value: "FORMAT",
        about: "common (also combined), json, w3c or balancer: lines of others are left out (default: detected)",
    },
    Flag {
        name: "--time-zone",
        value: "ZONE",
        about: "zone of times that say none, as W3C logs have them, such as Europe/Berlin (default: UTC)",
    },
    Flag {
        name: "--bots",
        value: "",
        about: "imports robots too; they are kept apart from people",
    },
    Flag {
        name: "--static-files",
        value: "",
        about: "imports images, styles and scripts too, as pages",
    },
    Flag {
        name: "--errors",
        value: "",
        about: "imports answers with 4xx and 5xx too, under titles that begin with the status",
    },
    Flag {
        name: "--redirects",
        value: "",
        about: "imports redirections too, under titles that begin with the status",
    },
    Flag {
        name: "--again",
        value: "",
        about: "imports from the first line, whatever was imported before: lines are counted twice then",
    },
    Flag {
        name: "--url",
        value: "URL",
        about: "address of a running server that takes the hits; needs --site, and a token that may write in the \
            variable TAKWIMU_TOKEN",
    },
];

/// The variable that holds the token: a flag would show it to all users of the machine.
const TOKEN_VARIABLE: &str = "TAKWIMU_TOKEN";
/// Batches that wait between two threads.
const WAITING_BATCHES: usize = 4;

/// Runs the command.
pub fn run(arguments: &Arguments) -> Result<(), String> {
    if arguments.words.is_empty() {
        return Err("name the logs to import; - is standard input".to_owned());
    }
    let configuration = Configuration::of(arguments)?;
    let wishes = wishes(arguments)?;
    let starts_again = arguments.is_set("--again");
    if let Some(url) = arguments.value("--url") {
        let token = std::env::var(TOKEN_VARIABLE)
            .map_err(|_| format!("--url needs a token in the variable {TOKEN_VARIABLE}"))?;
        let site = wishes.site.ok_or("--url needs --site")?;
        let there = There::open(url, token, site)?;
        std::fs::create_dir_all(&configuration.data)
            .map_err(|error| format!("{}: {error}", configuration.data.display()))?;
        let mut marks = Marks::open(&configuration.data).map_err(|error| error.to_string())?;
        let job = Job {
            wishes: &wishes,
            starts_again,
            target: format!("site {site} of {url}"),
        };
        return each(&arguments.words, |name| job.send(&there, &mut marks, name));
    }
    let house = House::open(&configuration, Wants::default())
        .map_err(|error| format!("{error}. A server that runs takes hits with --url."))?;
    let (here, mut marks) = Here::open(house, &configuration.data)?;
    let job = Job {
        wishes: &wishes,
        starts_again,
        target: wishes
            .site
            .map_or("sites by host".to_owned(), |site| format!("site {site}")),
    };
    if let Some(site) = wishes.site
        && here.direct().site_url(site).is_none()
    {
        return Err(format!("there is no site {site}"));
    }
    let result = each(&arguments.words, |name| job.record(&here, &mut marks, name));
    here.close().and(result)
}

/// All logs one after the other; the first error ends the import, what was counted stays.
fn each(
    names: &[String],
    mut import: impl FnMut(&str) -> Result<(), String>,
) -> Result<(), String> {
    names
        .iter()
        .try_for_each(|name| import(name).map_err(|error| format!("{name}: {error}")))
}

fn wishes(arguments: &Arguments) -> Result<Wishes, String> {
    let zone = match arguments.value("--time-zone") {
        None => None,
        Some(name) => Some(Zone::named(name).ok_or(format!("'{name}' is no time zone"))?),
    };
    Ok(Wishes {
        rules: LogRules {
            keep_errors: arguments.is_set("--errors"),
            keep_redirects: arguments.is_set("--redirects"),
            keep_static_files: arguments.is_set("--static-files"),
            keep_bots: arguments.is_set("--bots"),
        },
        format: arguments.value("--format").map(format_named).transpose()?,
        zone,
        site: arguments.parsed::<SiteId>("--site")?,
    })
}

const FORMATS: &[(&str, LogFormat)] = &[
    ("common", LogFormat::Ncsa),
    ("combined", LogFormat::Ncsa),
    ("json", LogFormat::Json),
    ("w3c", LogFormat::W3cExtended),
    ("balancer", LogFormat::LoadBalancer),
];

fn format_named(name: &str) -> Result<LogFormat, String> {
    let found = FORMATS.iter().find(|(known, _)| *known == name);
    found
        .map(|(_, format)| *format)
        .ok_or_else(|| format!("'{name}' is no format"))
}

fn format_name(format: LogFormat) -> &'static str {
    let name = FORMATS.iter().rev().find(|(_, known)| *known == format);
    name.map_or("unknown", |(name, _)| name)
}

/// What is the same for all logs of a call.
struct Job<'a> {
    wishes: &'a Wishes,
    starts_again: bool,
    target: String,
}

/// One log, opened where its import goes on.
struct Log {
    source: Source,
    mark: usize,
    position_bytes: u64,
    progress: Progress,
}

impl Job<'_> {
    fn open(&self, marks: &mut Marks, name: &str) -> Result<Log, String> {
        let source = source::open(name).map_err(|error| error.to_string())?;
        let mark = marks.find(&source.start, &self.target);
        if self.starts_again {
            marks.forget(mark);
        }
        let position_bytes = marks.position_bytes(mark);
        if position_bytes > 0 {
            eprintln!("{name}: {position_bytes} bytes of it are imported, the rest follows");
        }
        Ok(Log {
            progress: Progress::new(name, source.size_bytes),
            source,
            mark,
            position_bytes,
        })
    }

    /// Into the folder: lines are read, looked up and recorded by one thread each.
    fn record(&self, here: &Here, marks: &mut Marks, name: &str) -> Result<(), String> {
        let log = self.open(marks, name)?;
        let mark = log.mark;
        let mut enrich = here.enricher();
        self.import(log, here.direct(), name, |batches, take| {
            thread::scope(|scope| {
                let (sender, receiver) = sync_channel(WAITING_BATCHES);
                scope.spawn(move || {
                    for batch in batches {
                        let read_bytes = batch.read_bytes;
                        if sender.send((read_bytes, enrich(batch))).is_err() {
                            break;
                        }
                    }
                });
                // The receiver ends with this loop, and with it the threads that send.
                for (read_bytes, batch) in receiver {
                    take(read_bytes, here.record(marks, mark, batch)?);
                }
                marks.write().map_err(|error| error.to_string())
            })
        })
    }

    /// To a server.
    fn send(&self, there: &There, marks: &mut Marks, name: &str) -> Result<(), String> {
        let log = self.open(marks, name)?;
        let mark = log.mark;
        self.import(log, there, name, |batches, take| {
            for batch in batches {
                let (read_bytes, end_bytes) = (batch.read_bytes, batch.end_bytes);
                take(read_bytes, there.record(batch)?);
                marks.done(mark, end_bytes);
                marks.write().map_err(|error| error.to_string())?;
            }
            Ok(())
        })
    }

    /// Reads a log on a thread of its own, hands the batches to `consume`, and tells what came of it.
    fn import(
        &self,
        log: Log,
        knowledge: &dyn Knowledge,
        name: &str,
        consume: impl FnOnce(Receiver<Batch>, &mut dyn FnMut(u64, Counts)) -> Result<(), String>,
    ) -> Result<(), String> {
        let Log {
            source,
            position_bytes,
            mut progress,
            ..
        } = log;
        let read_bytes = source.read_bytes;
        let (sender, receiver) = sync_channel(WAITING_BATCHES);
        let mut sum = Counts::default();
        let (consumed, read) = thread::scope(|scope| {
            let count = read_bytes.clone();
            let reading = scope.spawn(move || {
                let reader = source.reader;
                reading::read(
                    reader,
                    position_bytes,
                    self.wishes,
                    knowledge,
                    &count,
                    &sender,
                )
            });
            let mut is_first = true;
            let consumed = consume(receiver, &mut |read_bytes, counts| {
                if std::mem::take(&mut is_first) {
                    progress.begin(read_bytes);
                }
                sum.add(&counts);
                progress.show(read_bytes, sum.recorded);
            });
            (consumed, reading.join())
        });
        progress.end();
        consumed?;
        let format = match read {
            Ok(read) => read.map_err(|error| format!("after {} lines: {error}", sum.lines))?,
            Err(_) => return Err("reading has failed".to_owned()),
        };
        print!("{}", summary(name, &sum, format, progress.seconds()));
        Ok(())
    }
}

fn summary(name: &str, counts: &Counts, format: Option<LogFormat>, seconds: f64) -> String {
    let format = format.map_or(String::new(), |format| {
        format!(" ({})", format_name(format))
    });
    let rate = counts.recorded as f64 / seconds.max(0.001);
    format!(
        "{name}{format}: {} lines, {} hits imported in {seconds:.1} s ({rate:.0}/s)\n{}",
        counts.lines,
        counts.recorded,
        counts.reasons()
    )
}
