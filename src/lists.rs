//! `takwimu lists`: search engines, social networks, AI assistants and referrer spam, and newer ones of them.

use std::path::Path;

use tracking::referrer::{ListKind, Lists};

use crate::arguments::Arguments;
use crate::configuration::Configuration;

pub const ABOUT: &str = "Shows which lists of referrers are in use (search engines, social networks, AI assistants, \
    referrer spam), or takes a newer one out of a file or from an address: lists update FILE. A list is checked before \
    it is stored in the data folder; a server that runs uses it after its next start.";

/// No list is that large.
const LIST_MAX_BYTES: u64 = 5 << 20;

/// Runs the command.
pub fn run(arguments: &Arguments) -> Result<(), String> {
    let configuration = Configuration::of(arguments)?;
    let words: Vec<&str> = arguments.words.iter().map(String::as_str).collect();
    match words[..] {
        [] => show(&configuration.data),
        ["update", from] => update(&configuration.data, from),
        _ => Err("write lists, or lists update FILE".to_owned()),
    }
}

fn show(data: &Path) -> Result<(), String> {
    for kind in ListKind::ALL {
        let path = server::list_file(data, kind);
        let (text, origin) = match std::fs::read_to_string(&path) {
            Ok(text) => (text, path.display().to_string()),
            Err(_) => (
                kind.embedded_text().to_owned(),
                "part of the program".to_owned(),
            ),
        };
        let lines = text
            .lines()
            .filter(|line| !line.is_empty() && !line.starts_with('#'));
        let source = text
            .lines()
            .nth(1)
            .unwrap_or_default()
            .trim_start_matches("# ");
        println!(
            "{:<16} {:>6} entries  {origin}\n{:17}{source}",
            kind.name(),
            lines.count(),
            ""
        );
    }
    Ok(())
}

fn update(data: &Path, from: &str) -> Result<(), String> {
    let failed = |error: &dyn std::fmt::Display| format!("{from}: {error}");
    let text = match from.starts_with("http://") || from.starts_with("https://") {
        true => fetch(from).map_err(|error| failed(&error))?,
        false => std::fs::read_to_string(from).map_err(|error| failed(&error))?,
    };
    let kind = ListKind::of_text(&text).map_err(|error| failed(&error))?;
    Lists::from_text(kind, &text).map_err(|error| failed(&error))?;
    let path = server::list_file(data, kind);
    store(&path, &text).map_err(|error| format!("{}: {error}", path.display()))?;
    println!(
        "{} is stored; the server uses it after its next start",
        kind.name()
    );
    Ok(())
}

fn fetch(url: &str) -> Result<String, ureq::Error> {
    let mut answer = ureq::get(url).call()?;
    answer
        .body_mut()
        .with_config()
        .limit(LIST_MAX_BYTES)
        .read_to_string()
}

/// All of it or nothing.
fn store(path: &Path, text: &str) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let next = path.with_extension("new");
    std::fs::write(&next, text)?;
    std::fs::File::open(&next)?.sync_all()?;
    std::fs::rename(next, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_checked_and_then_stored() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("new.txt");
        let name = file.display().to_string();
        for (text, is_good) in [
            (
                "# takwimu list: referrer-spam, format 1\nspam.example\n",
                true,
            ),
            ("# takwimu list: referrer-spam, format 1\n", false),
            ("spam.example\n", false),
            (
                "# takwimu list: referrer-spam, format 1\nHttp://x y\n",
                false,
            ),
        ] {
            std::fs::write(&file, text).expect("a file");
            assert_eq!(update(folder.path(), &name).is_ok(), is_good, "{text}");
        }
        // What was refused has not replaced what was good.
        let stored = server::list_file(folder.path(), ListKind::ReferrerSpam);
        let text = std::fs::read_to_string(stored).expect("a list");
        assert!(text.contains("spam.example") && !text.contains("Http"));
        assert!(show(folder.path()).is_ok());
    }
}
