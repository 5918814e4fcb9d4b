//! `takwimu licences`: whose work is in the program, and on what terms.

use crate::arguments::Arguments;

const NOTICE: &str = include_str!("../NOTICE");
/// Kind, name, version and licence of each package and data set; written by scripts/list-licences.py.
const TABLE: &str = include_str!("../data/licences.tsv");

/// Runs the command.
pub fn run(_: &Arguments) -> Result<(), String> {
    print!("{}", text());
    Ok(())
}

fn text() -> String {
    let mut text =
        format!("{NOTICE}\nAll packages and data, those for building and testing too:\n\n");
    for row in rows() {
        let [kind, name, version, licence] = row;
        let package = format!("{name} {version}");
        text += &format!("{kind:<7} {:<48} {licence}\n", package.trim_end());
    }
    text
}

fn rows() -> impl Iterator<Item = [&'static str; 4]> {
    let cells = |line: &'static str| {
        let cells: Vec<&str> = line.split('\t').collect();
        <[&str; 4]>::try_from(cells).ok()
    };
    TABLE.lines().filter_map(cells)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(path: &str) -> String {
        let path = format!("{}/{path}", env!("CARGO_MANIFEST_DIR"));
        std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    fn is_listed(kind: &str, name: &str, version: &str) -> bool {
        rows().any(|row| row[0] == kind && row[1] == name && row[2] == version)
    }

    /// Names and versions of a lock file that come from a registry.
    fn locked_crates(lock: &str) -> Vec<(String, String)> {
        let lock = read(lock);
        let value = |block: &str, key: &str| {
            let start = format!("{key} = \"");
            let line = block.lines().find_map(|line| line.strip_prefix(&start));
            line.map(|line| line.trim_end_matches('"').to_owned())
        };
        let blocks = lock
            .split("[[package]]")
            .filter(|block| block.contains("source = "));
        blocks
            .filter_map(|block| Some((value(block, "name")?, value(block, "version")?)))
            .collect()
    }

    #[test]
    fn every_locked_package_is_listed_with_a_licence() {
        let mut crates = locked_crates("Cargo.lock");
        assert!(crates.len() > 100);
        crates.extend(locked_crates("tests/clients/rust/Cargo.lock"));
        for (name, version) in crates {
            assert!(
                is_listed("rust", &name, &version),
                "{name} {version} is not in data/licences.tsv: run scripts/list-licences.py"
            );
        }
        for lock in ["data", "tracker", "tests/browser", "tests/clients"] {
            let lock: serde_json::Value =
                serde_json::from_str(&read(&format!("{lock}/package-lock.json"))).expect("JSON");
            for (path, package) in lock["packages"].as_object().expect("packages") {
                let name = path.rsplit("node_modules/").next().unwrap_or_default();
                let version = package["version"].as_str().unwrap_or_default();
                let listed = path.is_empty() || is_listed("node", name, version);
                assert!(listed, "{name} {version} is not in data/licences.tsv");
            }
        }
        assert!(rows().all(|row| !row[3].is_empty() && row[3] != "unknown"));
        assert_eq!(rows().count(), TABLE.lines().count());
    }

    #[test]
    fn the_notice_names_all_data() {
        for name in [
            "device_detector",
            "iptoasn-country-mmdb",
            "cldr-*",
            "iso-3166-2",
            "data/lists",
        ] {
            assert!(text().contains(name), "{name}");
        }
    }
}
