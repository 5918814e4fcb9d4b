//! Rules of the house that no compiler checks, as tests that read the tree.
//! ARCHITECTURE.md says why each holds.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Files longer than this are hard to hold in one's head.
const LONGEST_FILE_LINES: usize = 700;

/// Longer files, and why that is right for them.
const LONG_FILES: &[(&str, &str)] = &[
    ("crates/catalog/src/reports.rs", "a table: one row a report"),
    (
        "crates/catalog/src/segments.rs",
        "a table: one row a segment",
    ),
    (
        "crates/catalog/src/columns.rs",
        "a table: one row a stored column",
    ),
    (
        "crates/catalog/src/params.rs",
        "a table: one row a tracking parameter",
    ),
    (
        "crates/tracking/src/device/machine.rs",
        "one matcher whose parts share a hot loop",
    ),
    (
        "crates/server/src/matomo/show.rs",
        "one arm a kind of label; to be split by subject",
    ),
    (
        "crates/store/src/store.rs",
        "not yet split; no further file may join it here without a reason",
    ),
];

/// Which crates of this workspace a crate may name. An arrow that points back would let a fact be
/// known in two places.
const ARROWS: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("catalog", &["model"]),
    ("journal", &[]),
    ("settings", &["model", "catalog"]),
    ("tracking", &["model", "catalog"]),
    ("query", &["model", "catalog"]),
    ("store", &["model", "catalog", "query", "tracking"]),
    (
        "ingest",
        &["model", "catalog", "tracking", "query", "journal", "store"],
    ),
    (
        "server",
        &[
            "model", "catalog", "tracking", "query", "journal", "store", "ingest", "settings",
        ],
    ),
];

/// Crates that compute and do no I/O: their tests need no folder, no runtime and no database.
const PURE: &[&str] = &["model", "catalog", "tracking", "query"];

/// Packages that only `server` may name: it alone knows status codes and formats.
const HTTP_PACKAGES: &[&str] = &[
    "axum",
    "hyper",
    "http",
    "tower",
    "tower-http",
    "reqwest",
    "warp",
];

// ---- Reading the tree -----------------------------------------------------------------------

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Paths of all files that belong to the project and are there, relative to its root.
fn tracked_files() -> Vec<String> {
    let output = Command::new("git")
        .args(["ls-files", "-z"])
        .current_dir(root())
        .output()
        .expect("git must be installed");
    assert!(
        output.status.success(),
        "these tests need the project's git tree"
    );
    let paths = String::from_utf8(output.stdout).expect("paths in UTF-8");
    let there = |path: &&str| !path.is_empty() && root().join(path).is_file();
    paths.split('\0').filter(there).map(str::to_owned).collect()
}

/// The text of a file; `None` for a picture, a font or a database.
fn text(path: &str) -> Option<String> {
    let bytes = std::fs::read(root().join(path)).expect("a readable file");
    (!bytes.contains(&0))
        .then(|| String::from_utf8(bytes).ok())
        .flatten()
}

/// Path and text of each Rust file of the program.
fn rust_files() -> Vec<(String, String)> {
    let ours = |path: &String| {
        path.ends_with(".rs") && (path.starts_with("crates/") || path.starts_with("src/"))
    };
    let read = |path: String| text(&path).map(|text| (path, text));
    let files: Vec<(String, String)> = tracked_files()
        .into_iter()
        .filter(ours)
        .filter_map(read)
        .collect();
    assert!(files.len() > 50, "the tree looks empty");
    files
}

/// Crate names and their manifests.
fn manifests() -> Vec<(String, String)> {
    let folders = std::fs::read_dir(root().join("crates")).expect("crates/");
    let mut manifests: Vec<(String, String)> = folders
        .flatten()
        .filter_map(|folder| {
            let text = std::fs::read_to_string(folder.path().join("Cargo.toml")).ok()?;
            Some((folder.file_name().into_string().ok()?, text))
        })
        .collect();
    manifests.sort();
    manifests
}

/// Names of the dependencies in a manifest's sections that `wanted` picks.
fn dependencies(manifest: &str, wanted: impl Fn(&str) -> bool) -> BTreeSet<String> {
    let mut section = "";
    let mut names = BTreeSet::new();
    for line in manifest.lines().map(str::trim) {
        if let Some(name) = line.strip_prefix('[') {
            section = name.trim_end_matches(']');
        } else if section.ends_with("dependencies") && wanted(section) && !line.starts_with('#') {
            let name = line.split(['=', '.', ' ']).next().unwrap_or_default();
            if !name.is_empty() {
                names.insert(name.to_owned());
            }
        }
    }
    names
}

fn in_program(section: &str) -> bool {
    section == "dependencies"
}

/// Line numbers that hold `word` with no letter, digit or underscore around it.
fn lines_with_word(text: &str, word: &str) -> Vec<usize> {
    let part_of_word = |letter: char| letter.is_alphanumeric() || letter == '_';
    let whole = |line: &str| {
        line.match_indices(word).any(|(at, _)| {
            let before = line[..at].chars().next_back();
            let after = line[at + word.len()..].chars().next();
            !before.is_some_and(part_of_word) && !after.is_some_and(part_of_word)
        })
    };
    let numbered = text.lines().enumerate();
    numbered
        .filter(|(_, line)| whole(line))
        .map(|(number, _)| number + 1)
        .collect()
}

fn assert_none(found: &[String], rule: &str) {
    assert!(found.is_empty(), "{rule}:\n  {}", found.join("\n  "));
}

// ---- Texts ----------------------------------------------------------------------------------

/// What is wrong with the white space of a text, by line.
fn untidy_lines(text: &str, tabs_allowed: bool) -> Vec<(usize, &'static str)> {
    let mut found = Vec::new();
    for (number, line) in text.split('\n').enumerate() {
        let number = number + 1;
        if line.ends_with('\r') {
            found.push((number, "ends with a carriage return"));
        } else if line.ends_with([' ', '\t']) {
            found.push((number, "ends with white space"));
        }
        if !tabs_allowed && line.contains('\t') {
            found.push((number, "holds a tab"));
        }
    }
    if !text.is_empty() && !text.ends_with('\n') {
        found.push((
            text.lines().count(),
            "the file does not end with a line end",
        ));
    }
    found
}

#[test]
fn texts_have_clean_white_space() {
    let mut found = Vec::new();
    // Packed data of others, and the program's tables whose cells tabs divide.
    let skipped = |path: &str| path.contains("/fixtures/") || path.ends_with(".tsv");
    for path in tracked_files().iter().filter(|path| !skipped(path)) {
        let tabs_allowed = !path.ends_with(".rs") && !path.ends_with(".md");
        if let Some(text) = text(path) {
            let untidy = untidy_lines(&text, tabs_allowed);
            found.extend(
                untidy
                    .iter()
                    .map(|(line, what)| format!("{path}:{line} {what}")),
            );
        }
    }
    assert_none(&found, "untidy white space");
}

#[test]
fn nothing_is_left_to_do_in_code() {
    let mut found = Vec::new();
    for (path, text) in rust_files() {
        for name in ["todo", "unimplemented", "dbg"] {
            let call = format!("{name}!(");
            if text.contains(&call) {
                found.push(format!("{path} holds {call})"));
            }
        }
    }
    assert_none(
        &found,
        "a missing feature is an explicit error, not a panic",
    );
}

#[test]
fn long_files_have_a_reason() {
    let mut found = Vec::new();
    for (path, text) in rust_files() {
        let lines = text.lines().count();
        let allowed = LONG_FILES
            .iter()
            .any(|(long, reason)| *long == path && !reason.is_empty());
        if lines > LONGEST_FILE_LINES && !allowed {
            found.push(format!("{path}: {lines} lines"));
        }
    }
    assert_none(
        &found,
        "split the file, or say in LONG_FILES why it is long",
    );
}

#[test]
fn links_and_make_targets_in_texts_exist() {
    let makefile = text("Makefile").expect("Makefile");
    let mut found = Vec::new();
    for path in tracked_files().iter().filter(|path| path.ends_with(".md")) {
        let text = text(path).unwrap_or_default();
        let folder = root()
            .join(path)
            .parent()
            .map(Path::to_owned)
            .unwrap_or_default();
        for link in relative_links(&text) {
            if !folder.join(&link).exists() {
                found.push(format!("{path}: {link}"));
            }
        }
        for target in quoted_make_targets(&text) {
            if !makefile
                .lines()
                .any(|line| line.starts_with(&format!("{target}:")))
            {
                found.push(format!("{path}: make {target}"));
            }
        }
    }
    assert_none(&found, "texts name what is not there");
}

/// Targets of `[text](target)` that name a file of the tree.
fn relative_links(text: &str) -> Vec<String> {
    let targets = text
        .split("](")
        .skip(1)
        .filter_map(|rest| rest.split(')').next());
    let local = targets.filter(|target| !target.contains("://") && !target.starts_with(['#', '/']));
    local
        .filter_map(|target| target.split('#').next())
        .map(str::to_owned)
        .collect()
}

/// The words after `` `make ``.
fn quoted_make_targets(text: &str) -> Vec<&str> {
    let rests = text.split("`make ").skip(1);
    let word = |rest: &'_ str| rest.find(|letter: char| !letter.is_ascii_lowercase());
    rests
        .filter_map(|rest| word(rest).map(|end| &rest[..end]))
        .filter(|word| !word.is_empty())
        .collect()
}

// ---- Crates ---------------------------------------------------------------------------------

#[test]
fn crates_name_only_crates_below_them() {
    let ours: BTreeSet<String> = manifests().into_iter().map(|(name, _)| name).collect();
    let mut found = Vec::new();
    for (name, manifest) in manifests() {
        let Some((_, allowed)) = ARROWS.iter().find(|(of, _)| *of == name) else {
            found.push(format!(
                "{name} is not in ARROWS: a new crate needs a decision record"
            ));
            continue;
        };
        for dependency in dependencies(&manifest, in_program) {
            if ours.contains(&dependency) && !allowed.contains(&dependency.as_str()) {
                found.push(format!("{name} names {dependency}"));
            }
        }
    }
    assert_none(&found, "an arrow points the wrong way");
}

#[test]
fn only_the_server_knows_http_and_only_settings_know_sql() {
    let mut found = Vec::new();
    for (name, manifest) in manifests() {
        let names = dependencies(&manifest, |_| true);
        if name != "server" {
            let http = names
                .iter()
                .filter(|package| HTTP_PACKAGES.contains(&package.as_str()));
            found.extend(http.map(|package| format!("{name} names {package}")));
        }
        if name != "settings" && names.contains("sqlx") {
            found.push(format!("{name} names sqlx"));
        }
    }
    assert_none(&found, "one crate each knows HTTP and SQL");
}

#[test]
fn pure_crates_do_no_input_or_output() {
    let packages = ["tokio", "sqlx", "parquet", "rusqlite", "reqwest"];
    let modules = [
        "std::fs",
        "std::net::Tcp",
        "std::net::Udp",
        "std::process::Command",
    ];
    // Compiles rules at build time and from the files that an operator names; never on the way of a hit.
    let exempt = |path: &str| {
        path.starts_with("crates/tracking/src/device/compile/")
            || !path.contains("/src/")
            || path.contains("/tests/")
            || path.ends_with("tests.rs")
    };
    let mut found = Vec::new();
    for (name, manifest) in manifests()
        .iter()
        .filter(|(name, _)| PURE.contains(&name.as_str()))
    {
        let names = dependencies(manifest, in_program);
        let bad = packages.iter().filter(|package| names.contains(**package));
        found.extend(bad.map(|package| format!("{name} names {package}")));
    }
    for (path, text) in rust_files().iter().filter(|(path, _)| !exempt(path)) {
        let pure = PURE
            .iter()
            .any(|name| path.starts_with(&format!("crates/{name}/")));
        let bad = modules
            .iter()
            .filter(|module| pure && text.contains(**module));
        found.extend(bad.map(|module| format!("{path} uses {module}")));
    }
    assert_none(&found, "a pure crate does input or output");
}

#[test]
fn every_crate_inherits_the_lints() {
    let inherits = |manifest: &str| {
        let lines: Vec<&str> = manifest.lines().map(str::trim).collect();
        lines
            .windows(2)
            .any(|pair| pair == ["[lints]", "workspace = true"])
    };
    let crates = manifests();
    let without = crates.iter().filter(|(_, manifest)| !inherits(manifest));
    let found: Vec<String> = without.map(|(name, _)| name.clone()).collect();
    assert_none(&found, "a crate goes without the workspace's lints");
    let workspace = text("Cargo.toml").expect("Cargo.toml");
    assert!(
        workspace.contains("unsafe_code = \"forbid\""),
        "unsafe code is forbidden everywhere"
    );
}

// ---- Honest tests ---------------------------------------------------------------------------

#[test]
fn the_test_mode_is_known_to_the_flags_only() {
    let mut found = Vec::new();
    for (path, text) in rust_files()
        .iter()
        .filter(|(path, _)| path != "src/main.rs")
    {
        for word in ["test_mode", "test-mode", "TestMode"] {
            if text.contains(word) {
                found.push(format!("{path} holds {word}"));
            }
        }
    }
    assert_none(
        &found,
        "code must not know that it is tested; it has options that anybody may set",
    );
}

/// The folder of the recorded scenarios, when it is there.
fn recorded_scenarios() -> Option<PathBuf> {
    let folder = match std::env::var_os("TAKWIMU_CONFORMANCE") {
        Some(folder) => PathBuf::from(folder),
        None => root().join("../shared/conformance"),
    };
    folder.is_dir().then_some(folder)
}

#[test]
fn no_code_knows_a_recorded_scenario() {
    let Some(folder) = recorded_scenarios() else {
        println!("not run: no recorded scenarios; TAKWIMU_CONFORMANCE names their folder");
        return;
    };
    let entries = std::fs::read_dir(&folder).expect("the recorded scenarios");
    let names: Vec<String> = entries
        .flatten()
        .filter_map(|entry| entry.file_name().into_string().ok())
        .collect();
    // A name without an underscore may be a word of the trade (`SiteSearch`), and one of the same part twice
    // is how Matomo's API spells a page (`Live_Live`).
    let telling = |name: &&String| {
        name.split_once('_')
            .is_some_and(|(left, right)| left != right)
    };
    let names: Vec<&String> = names.iter().filter(telling).collect();
    assert!(names.len() > 10, "no scenarios in {}", folder.display());
    let mut found = Vec::new();
    for (path, text) in rust_files() {
        for name in &names {
            let lines = lines_with_word(&text, name);
            found.extend(
                lines
                    .iter()
                    .map(|line| format!("{path}:{line} names {name}")),
            );
        }
    }
    assert_none(
        &found,
        "behaviour must be general: no code may know which scenario asks",
    );
}

// ---- The rules can fail ---------------------------------------------------------------------

#[test]
fn the_rules_find_what_they_look_for() {
    let untidy = |text: &str| untidy_lines(text, false).len();
    assert_eq!(untidy("a\nb\n"), 0);
    assert_eq!(
        [
            untidy("a \n"),
            untidy("a\tb\n"),
            untidy("a\r\n"),
            untidy("a")
        ],
        [1; 4]
    );

    assert_eq!(
        lines_with_word("x\nOne_Two()\nOne_Twos aOne_Two", "One_Two"),
        [2]
    );

    let manifest = "[dependencies]\n# axum\nmodel = { workspace = true }\nthiserror.workspace = true\n\
                    [dev-dependencies]\ntempfile = \"3\"\n[lints]\nworkspace = true\n";
    let names = |wanted: fn(&str) -> bool| -> Vec<String> {
        dependencies(manifest, wanted).into_iter().collect()
    };
    assert_eq!(names(in_program), ["model", "thiserror"]);
    assert_eq!(names(|_| true), ["model", "tempfile", "thiserror"]);

    let page = "[a](b.md#c) [d](https://e) [f](#g) `make test` `make data-x`";
    assert_eq!(relative_links(page), ["b.md"]);
    assert_eq!(quoted_make_targets(page), ["test", "data"]);
}
