//! A store's folder seen from outside, perhaps while its owner goes on writing: compared with its checksums,
//! or copied as of one moment.

use std::io;
use std::path::Path;
use std::sync::Arc;

use crate::cache::ColumnCache;
use crate::dictionary;
use crate::disk::Disk;
use crate::error::StoreError;
use crate::manifest::Manifest;
use crate::note;
use crate::open_visits;
use crate::segment::{Segment, folder_name};
use crate::store::{ACTIONS, TEXTS};

/// The owner replaces files about once a minute; so often in a row it does not.
const MAX_TRIES: usize = 5;

/// What a folder holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Contents {
    pub segments: usize,
    pub open_visits: usize,
    pub texts: u64,
    /// The last journal record whose effects are all here.
    pub applied: u64,
    pub bytes: u64,
}

/// Compares all that counts with its checksums. The errors name the files.
pub fn verify(folder: &Path) -> Result<Contents, Vec<StoreError>> {
    let disk = Disk::new(folder);
    of_one_moment(&disk, |manifest| verified(&disk, manifest))
}

/// Copies all that counts into a new folder. Everything is on the disk when this returns.
pub fn copy(folder: &Path, to: &Path) -> Result<Contents, Vec<StoreError>> {
    let disk = Disk::new(folder);
    of_one_moment(&disk, |manifest| {
        copied(&disk, &Disk::new(to), manifest).map_err(|error| vec![error])
    })
}

/// Works on what a manifest names; again where the manifest was replaced meanwhile and something failed.
fn of_one_moment(
    disk: &Disk,
    work: impl Fn(&Manifest) -> Result<Contents, Vec<StoreError>>,
) -> Result<Contents, Vec<StoreError>> {
    let load = || match Manifest::load(disk) {
        Ok(Some(manifest)) => Ok(manifest),
        Ok(None) => Err(vec![StoreError::corrupt(
            &disk.path("manifest.json"),
            "it is missing",
        )]),
        Err(error) => Err(vec![error]),
    };
    let mut manifest = load()?;
    for _ in 0..MAX_TRIES {
        let result = work(&manifest);
        if result.is_ok() {
            return result;
        }
        let now = load()?;
        if now == manifest {
            return result;
        }
        manifest = now;
    }
    work(&manifest)
}

fn verified(disk: &Disk, manifest: &Manifest) -> Result<Contents, Vec<StoreError>> {
    let cache = Arc::new(ColumnCache::new(0));
    let mut errors = Vec::new();
    let mut contents = contents(manifest);
    errors.extend(dictionary::load(disk, TEXTS, manifest.texts).err());
    errors.extend(dictionary::load(disk, ACTIONS, manifest.actions).err());
    match open_visits::load(disk, &manifest.open) {
        Ok(visits) => contents.open_visits = visits.len(),
        Err(error) => errors.push(error),
    }
    errors.extend(note::load(disk, manifest.note.as_ref()).err());
    for entry in &manifest.segments {
        match Segment::open(disk, entry.number, entry.description_crc, &cache) {
            Ok(segment) => {
                contents.bytes += segment.size_bytes();
                errors.extend(segment.verify().err());
            }
            Err(error) => errors.push(error),
        }
    }
    match errors.is_empty() {
        true => Ok(contents),
        false => Err(errors),
    }
}

fn contents(manifest: &Manifest) -> Contents {
    Contents {
        segments: manifest.segments.len(),
        texts: manifest.texts.texts + manifest.actions.texts,
        applied: manifest.applied,
        bytes: manifest.texts.bytes + manifest.actions.bytes,
        ..Contents::default()
    }
}

fn copied(from: &Disk, to: &Disk, manifest: &Manifest) -> Result<Contents, StoreError> {
    let mut contents = contents(manifest);
    for folder in ["", "segments", "open", "notes"] {
        to.create_folder(folder)?;
    }
    for (name, bytes) in [
        (TEXTS, manifest.texts.bytes),
        (ACTIONS, manifest.actions.bytes),
    ] {
        if bytes > 0 {
            copy_file(from, to, name, Some(bytes))?;
        }
    }
    for file in &manifest.open {
        contents.bytes += copy_file(from, to, &open_visits::file_name(file.number), None)?;
    }
    if let Some(note) = &manifest.note {
        contents.bytes += copy_file(from, to, &note::file_name(note.number), None)?;
    }
    for entry in &manifest.segments {
        let folder = folder_name(entry.number);
        to.create_folder(&folder)?;
        for name in from.names(&folder)? {
            contents.bytes += copy_file(from, to, &format!("{folder}/{name}"), None)?;
        }
        to.sync_folder(&folder)?;
    }
    for folder in ["segments", "open", "notes"] {
        to.sync_folder(folder)?;
    }
    match manifest.store(to) {
        Ok(()) => Ok(contents),
        Err(failed) => Err(failed.into_error()),
    }
}

/// The first `limit` bytes of a file, or all of it.
fn copy_file(from: &Disk, to: &Disk, name: &str, limit: Option<u64>) -> Result<u64, StoreError> {
    let path = from.path(name);
    let file = std::fs::File::open(&path).map_err(StoreError::io(&path))?;
    let mut sink = to.create(name)?;
    let mut source = io::Read::take(file, limit.unwrap_or(u64::MAX));
    io::copy(&mut source, &mut sink).map_err(StoreError::io(&path))?;
    Ok(sink.finish()?.bytes)
}
