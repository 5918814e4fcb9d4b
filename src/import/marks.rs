//! How far each log is imported, so that none is counted twice.
//!
//! A batch of hits is one record of the journal. Before it is written, the mark of its log says where the batch
//! ends and what number the journal's last record has. When the program dies in between, the next one to open
//! the folder sees from the journal whether the batch is in it, and settles the mark.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::source::{IDENTITY_MAX_BYTES, identity};

const FILE: &str = "imports.json";

/// How far one log is imported for one purpose.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// How many of the log's first bytes are hashed.
    pub identity_bytes: usize,
    pub identity: String,
    /// What it was imported into: a site or all, here or at an address.
    pub target: String,
    /// Where the next import begins, in bytes of the unpacked log.
    pub position_bytes: u64,
    /// A batch that may be in the journal or not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pending: Option<Pending>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pending {
    pub end_bytes: u64,
    /// The journal's last record before the batch.
    pub after_record: u64,
}

/// The marks of a data folder.
pub struct Marks {
    path: PathBuf,
    marks: Vec<Mark>,
}

impl Marks {
    /// Reads the marks of a folder; there are none where nothing was imported.
    pub fn open(folder: &Path) -> io::Result<Marks> {
        let path = folder.join(FILE);
        let marks = match fs::read(&path) {
            Ok(bytes) => serde_json::from_slice(&bytes).map_err(|error| {
                io::Error::other(format!("{} cannot be read: {error}", path.display()))
            })?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(error),
        };
        Ok(Marks { path, marks })
    }

    /// Decides about batches that may be in the journal. To be called when a journal is opened, before anything
    /// else is written to it.
    pub fn settle(folder: &Path, last_record: u64) -> io::Result<()> {
        let mut marks = Marks::open(folder)?;
        let mut changed = false;
        for mark in &mut marks.marks {
            if let Some(pending) = mark.pending.take() {
                changed = true;
                if last_record > pending.after_record {
                    mark.position_bytes = pending.end_bytes;
                }
            }
        }
        if changed { marks.write() } else { Ok(()) }
    }

    /// The place of a log's mark, made where the log is new.
    pub fn find(&mut self, start: &[u8], target: &str) -> usize {
        let is_it = |mark: &Mark| {
            mark.identity_bytes > 0
                && mark.target == target
                && identity(start, mark.identity_bytes).as_deref() == Some(&mark.identity)
        };
        if let Some(at) = self.marks.iter().position(is_it) {
            return at;
        }
        let identity_bytes = start.len().min(IDENTITY_MAX_BYTES);
        self.marks.push(Mark {
            identity_bytes,
            identity: identity(start, identity_bytes).unwrap_or_default(),
            target: target.to_owned(),
            position_bytes: 0,
            pending: None,
        });
        self.marks.len() - 1
    }

    pub fn position_bytes(&self, at: usize) -> u64 {
        self.marks.get(at).map_or(0, |mark| mark.position_bytes)
    }

    /// From the start again.
    pub fn forget(&mut self, at: usize) {
        if let Some(mark) = self.marks.get_mut(at) {
            mark.position_bytes = 0;
        }
    }

    /// A batch that ends there is about to be written.
    pub fn begin(&mut self, at: usize, pending: Pending) -> io::Result<()> {
        if let Some(mark) = self.marks.get_mut(at) {
            mark.pending = Some(pending);
        }
        self.write()
    }

    /// All up to there is imported. Written with the next batch, or by `write`.
    pub fn done(&mut self, at: usize, end_bytes: u64) {
        if let Some(mark) = self.marks.get_mut(at) {
            mark.position_bytes = end_bytes;
            mark.pending = None;
        }
    }

    /// Puts the marks on the disk, all or nothing.
    pub fn write(&self) -> io::Result<()> {
        let next = self.path.with_extension("json.new");
        let mut file = File::create(&next)?;
        file.write_all(&serde_json::to_vec_pretty(&self.marks)?)?;
        file.sync_data()?;
        fs::rename(&next, &self.path)?;
        match self.path.parent() {
            Some(folder) => File::open(folder)?.sync_data(),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_is_found_again_after_it_grew() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut marks = Marks::open(folder.path()).expect("no marks");
        let at = marks.find(b"one\n", "site 1");
        marks.done(at, 4);
        marks.write().expect("a mark");
        let mut again = Marks::open(folder.path()).expect("marks");
        for (start, target, expected) in [
            (&b"one\ntwo\n"[..], "site 1", 4),
            (b"one\ntwo\n", "site 2", 0),
            (b"another\n", "site 1", 0),
        ] {
            let at = again.find(start, target);
            assert_eq!(again.position_bytes(at), expected, "{target}");
        }
    }

    #[test]
    fn a_batch_is_settled_by_the_journal() {
        for (last_record, expected) in [(7, 100), (8, 200), (9, 200)] {
            let folder = tempfile::tempdir().expect("a folder");
            let mut marks = Marks::open(folder.path()).expect("no marks");
            let at = marks.find(b"log", "site 1");
            marks.done(at, 100);
            let pending = Pending {
                end_bytes: 200,
                after_record: 7,
            };
            marks.begin(at, pending).expect("a mark");
            // The program dies here.
            Marks::settle(folder.path(), last_record).expect("settled");
            let mut again = Marks::open(folder.path()).expect("marks");
            let at = again.find(b"log", "site 1");
            assert_eq!(again.position_bytes(at), expected, "{last_record}");
            // Later records change nothing any more.
            Marks::settle(folder.path(), last_record + 100).expect("settled");
            let again = Marks::open(folder.path()).expect("marks");
            assert_eq!(again.position_bytes(at), expected, "{last_record}");
        }
    }

    #[test]
    fn damaged_marks_are_an_error_and_not_forgotten() {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join(FILE), "{").expect("a file");
        assert!(Marks::open(folder.path()).is_err());
    }
}
