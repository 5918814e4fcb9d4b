//! `takwimu backup`, `restore` and `verify`: a data folder copied while its server runs, put back, and compared
//! with its checksums.

use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::sync::Arc;

use journal::{RealDisk, Replay, ReplayReport};
use store::folder;

use crate::arguments::Arguments;
use crate::configuration::Configuration;
use crate::house::{open_settings, runtime};

pub const BACKUP: &str = "Copies the data folder into a new folder, while the server goes on. What was answered before \
    the command began is in the copy. The copy holds the key file too: keep it as safe as the data.";

pub const RESTORE: &str = "Puts a backup into a data folder, which must be empty or not there yet. The backup is \
    compared with its checksums first.";

pub const VERIFY: &str = "Compares all stored visits and the journal with their checksums, and names damaged files. The \
    server may run meanwhile. A backup is verified by --data, too.";

/// What is copied in its own way, or not at all.
const APART: [&str; 6] = [
    "store",
    "journal",
    "settings.sqlite",
    "settings.sqlite-wal",
    "settings.sqlite-shm",
    "lock",
];
/// Space that the journal holds ready; it is made again.
const RESERVE: &str = "reserve.bin";

/// Runs `backup`.
pub fn backup(arguments: &Arguments) -> Result<(), String> {
    let to = one_folder(arguments)?;
    let configuration = Configuration::of(arguments)?;
    copy_data(&configuration.data, to)?;
    println!(
        "{} is a backup of {}.",
        to.display(),
        configuration.data.display()
    );
    Ok(())
}

/// Runs `restore`.
pub fn restore(arguments: &Arguments) -> Result<(), String> {
    let from = one_folder(arguments)?;
    let configuration = Configuration::of(arguments)?;
    println!("{}", verified(from)?);
    put_back(from, &configuration.data)?;
    println!("{} is restored.", configuration.data.display());
    Ok(())
}

/// Runs `verify`.
pub fn verify(arguments: &Arguments) -> Result<(), String> {
    let configuration = Configuration::of(arguments)?;
    println!("{}", verified(&configuration.data)?);
    Ok(())
}

fn one_folder(arguments: &Arguments) -> Result<&Path, String> {
    match arguments.words.as_slice() {
        [folder] => Ok(Path::new(folder)),
        _ => Err("name one folder; see takwimu help".to_owned()),
    }
}

fn told(path: &Path) -> impl Fn(io::Error) -> String {
    move |error| format!("{}: {error}", path.display())
}

fn copy_data(data: &Path, to: &Path) -> Result<(), String> {
    if !data.join("settings.sqlite").is_file() {
        return Err(format!("{} is no data folder", data.display()));
    }
    make_empty(to)?;
    runtime()?.block_on(async {
        let settings = open_settings(data).await?;
        let copied = settings.backup(to.join("settings.sqlite")).await;
        settings.close().await;
        copied.map_err(|error| error.to_string())
    })?;
    // The journal comes after the store: what the store does not have yet is in it.
    folder::copy(&data.join("store"), &to.join("store")).map_err(|errors| lines(&errors))?;
    copy_tree(&data.join("journal"), &to.join("journal"), &[RESERVE])?;
    copy_tree(data, to, &APART)
}

fn put_back(from: &Path, data: &Path) -> Result<(), String> {
    make_empty(data)?;
    copy_tree(from, data, &[])
}

/// Makes a folder for its owner alone; one that holds something is refused.
fn make_empty(folder: &Path) -> Result<(), String> {
    fs::create_dir_all(folder).map_err(told(folder))?;
    if fs::read_dir(folder).map_err(told(folder))?.next().is_some() {
        return Err(format!("{} is not empty", folder.display()));
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(folder, fs::Permissions::from_mode(0o700)).map_err(told(folder))?;
    }
    Ok(())
}

/// Copies what is in a folder but for some names. All of it is on the disk afterwards.
fn copy_tree(from: &Path, to: &Path, without: &[&str]) -> Result<(), String> {
    fs::create_dir_all(to).map_err(told(to))?;
    for entry in fs::read_dir(from).map_err(told(from))? {
        let entry = entry.map_err(told(from))?;
        let name = entry.file_name();
        if without.iter().any(|other| name == *other) {
            continue;
        }
        let (source, target) = (entry.path(), to.join(&name));
        let kind = entry.file_type().map_err(told(&source))?;
        if kind.is_dir() {
            copy_tree(&source, &target, &[])?;
        } else if kind.is_file() {
            match fs::copy(&source, &target) {
                Ok(_) => {}
                // The server removes files that nothing needs any more.
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => return Err(told(&source)(error)),
            }
            let copied = File::open(&target).map_err(told(&target))?;
            copied.sync_all().map_err(told(&target))?;
        }
    }
    let folder = File::open(to).map_err(told(to))?;
    folder.sync_all().map_err(told(to))
}

/// What is there, in words; or every damage.
fn verified(data: &Path) -> Result<String, String> {
    let contents = folder::verify(&data.join("store")).map_err(|errors| lines(&errors))?;
    let journal = data.join("journal");
    let report = read_journal(&journal, contents.applied).map_err(|error| {
        let journal = journal.display();
        format!("{journal}: {error}")
    })?;
    let damages = damages_of(&report);
    if !damages.is_empty() {
        return Err(format!("{}: {}", journal.display(), damages.join("; ")));
    }
    Ok(format!(
        "All is well: {} segments, {} open visits, {} texts, {} MB; {} records of the journal wait to be placed.",
        contents.segments,
        contents.open_visits,
        contents.texts,
        contents.bytes.div_ceil(1_000_000),
        report.records
    ))
}

/// Reads the records that the store does not have.
fn read_journal(folder: &Path, applied: u64) -> Result<ReplayReport, String> {
    let disk = RealDisk::new(folder).map_err(|error| error.to_string())?;
    let options = journal::Options::default();
    let mut replay = Replay::open(Arc::new(disk), &options, applied.saturating_add(1))
        .map_err(|error| error.to_string())?;
    for record in replay.by_ref() {
        record.map_err(|error| error.to_string())?;
    }
    Ok(replay.report())
}

fn damages_of(report: &ReplayReport) -> Vec<String> {
    let mut damages = Vec::new();
    if report.lost_records > 0 {
        damages.push(format!("{} records are missing", report.lost_records));
    }
    if report.corrupt_regions > 0 {
        damages.push(format!("{} places are damaged", report.corrupt_regions));
    }
    let names = report.unreadable_files.iter();
    damages.extend(names.map(|name| format!("{name} cannot be read")));
    damages
}

fn lines(errors: &[store::StoreError]) -> String {
    let texts: Vec<String> = errors.iter().map(ToString::to_string).collect();
    texts.join("\n")
}

#[cfg(test)]
mod tests {
    use catalog::columns::TableId;
    use query::VisitRows;

    use super::*;
    use crate::house::{House, Wants};
    use crate::{demo, find};

    fn arguments(command: &str, words: &[&str]) -> Arguments {
        let words = words.iter().map(|word| (*word).to_owned());
        Arguments::read(find(command).expect("a command"), words).expect("words")
    }

    fn text(path: &Path) -> &str {
        path.to_str().expect("a name of letters")
    }

    fn house(data: &Path) -> House {
        let arguments = arguments("serve", &["--data", text(data)]);
        let configuration = Configuration::of(&arguments).expect("a configuration");
        House::open(&configuration, Wants::default()).expect("a data folder")
    }

    fn visits(house: &House) -> Vec<VisitRows> {
        let view = house.ingest.view();
        let mut visits = Vec::new();
        for chunk in &view.chunks {
            let dead = chunk.dead();
            let is_dead = |place: usize| {
                let word = dead.as_ref().and_then(|dead| dead.get(place / 64).copied());
                word.unwrap_or(0) >> (place % 64) & 1 == 1
            };
            let places = 0..chunk.rows(TableId::Visits);
            let alive = places.filter(|place| !is_dead(*place));
            visits.extend(alive.map(|place| chunk.visit_rows(place).expect("readable")));
        }
        visits.sort_by_key(|rows| rows.visit[catalog::columns::visit::ID]);
        visits
    }

    #[test]
    fn a_backup_of_a_running_server_is_the_same_when_restored() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = |name: &str| folder.path().join(name);
        let (data, copy, again) = (path("data"), path("copy"), path("again"));
        let hits = ["--data", text(&data), "--hits", "3000", "--days", "5"];
        demo::run(&arguments("demo", &hits)).expect("a year of visits");
        let running = house(&data);
        let before = visits(&running);
        assert!(before.len() > 100, "{}", before.len());
        backup(&arguments("backup", &[text(&copy), "--data", text(&data)])).expect("a backup");
        let twice = backup(&arguments("backup", &[text(&copy), "--data", text(&data)]));
        assert!(twice.is_err_and(|error| error.contains("not empty")));
        running.close().expect("closed");

        verify(&arguments("verify", &["--data", text(&copy)])).expect("a whole backup");
        let back = ["--data", text(&again)];
        restore(&arguments("restore", &[&[text(&copy)], &back[..]].concat())).expect("restored");
        let restored = house(&again);
        assert!(visits(&restored) == before, "the same visits");
        let sites = restored
            .runtime
            .block_on(restored.app.world())
            .expect("settings");
        assert_eq!(sites.snapshot.sites.len(), 2);
        restored.close().expect("closed");
    }

    #[test]
    fn a_damaged_backup_is_named_and_not_restored() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = |name: &str| folder.path().join(name);
        let (data, again) = (path("data"), path("again"));
        let hits = ["--data", text(&data), "--hits", "2000", "--days", "3"];
        demo::run(&arguments("demo", &hits)).expect("some visits");
        let dictionary = data.join("store/texts.dictionary");
        let mut bytes = fs::read(&dictionary).expect("a dictionary");
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        fs::write(&dictionary, bytes).expect("written");
        let damage = verify(&arguments("verify", &["--data", text(&data)]));
        assert!(damage.is_err_and(|error| error.contains("texts.dictionary")));
        let refused = restore(&arguments(
            "restore",
            &[text(&data), "--data", text(&again)],
        ));
        assert!(refused.is_err());
        assert!(!again.exists(), "nothing is written");
    }
}
