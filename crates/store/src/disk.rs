//! Every change of the disk goes through here: tests make any one of them the last.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use crate::error::StoreError;

/// A folder of files, and the changes made to it.
#[derive(Clone, Debug)]
pub struct Disk {
    root: PathBuf,
    /// Changes left before every further one fails; `None` outside of tests.
    changes_left: Option<Arc<AtomicI64>>,
}

impl Disk {
    pub fn new(root: &Path) -> Disk {
        Disk {
            root: root.to_owned(),
            changes_left: None,
        }
    }

    /// A disk that fails for good after so many changes, as one that is full or gone.
    pub fn failing_after(root: &Path, changes: i64) -> Disk {
        Disk {
            root: root.to_owned(),
            changes_left: Some(Arc::new(AtomicI64::new(changes))),
        }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    fn change(&self) -> io::Result<()> {
        match &self.changes_left {
            Some(left) if left.fetch_sub(1, Ordering::Relaxed) <= 0 => {
                Err(io::Error::other("the disk failed on purpose"))
            }
            _ => Ok(()),
        }
    }

    pub fn create_folder(&self, name: &str) -> Result<(), StoreError> {
        let path = self.path(name);
        self.change()
            .and_then(|()| std::fs::create_dir_all(&path))
            .map_err(StoreError::io(&path))
    }

    /// A new file, or an old one made empty.
    pub fn create(&self, name: &str) -> Result<Sink, StoreError> {
        let path = self.path(name);
        let file = self
            .change()
            .and_then(|()| File::create(&path))
            .map_err(StoreError::io(&path))?;
        Ok(Sink {
            disk: self.clone(),
            path,
            file,
            bytes: 0,
            crc: 0,
        })
    }

    /// An append-only file, cut to a known length first.
    pub fn append(&self, name: &str, length_bytes: u64) -> Result<Sink, StoreError> {
        use std::io::Seek;
        let path = self.path(name);
        let open = || {
            self.change()?;
            let mut file = OpenOptions::new()
                .create(true)
                .truncate(false)
                .write(true)
                .open(&path)?;
            file.set_len(length_bytes)?;
            file.seek(io::SeekFrom::End(0))?;
            Ok(file)
        };
        let file = open().map_err(StoreError::io(&path))?;
        Ok(Sink {
            disk: self.clone(),
            path,
            file,
            bytes: 0,
            crc: 0,
        })
    }

    /// A whole small file; it is on the disk when this returns.
    pub fn write(&self, name: &str, content: &[u8]) -> Result<Written, StoreError> {
        let mut sink = self.create(name)?;
        sink.put(content)?;
        sink.finish()
    }

    pub fn rename(&self, from: &str, to: &str) -> Result<(), StoreError> {
        let path = self.path(to);
        self.change()
            .and_then(|()| std::fs::rename(self.path(from), &path))
            .map_err(StoreError::io(&path))
    }

    /// Makes the names in a folder last.
    pub fn sync_folder(&self, name: &str) -> Result<(), StoreError> {
        let path = self.path(name);
        self.change()
            .and_then(|()| File::open(&path)?.sync_all())
            .map_err(StoreError::io(&path))
    }

    /// What cannot be removed now is removed at the next start.
    pub fn remove(&self, name: &str) {
        let path = self.path(name);
        if self.change().is_ok() {
            let _ = match path.is_dir() {
                true => std::fs::remove_dir_all(&path),
                false => std::fs::remove_file(&path),
            };
        }
    }

    pub fn read(&self, name: &str) -> Result<Vec<u8>, StoreError> {
        let path = self.path(name);
        std::fs::read(&path).map_err(StoreError::io(&path))
    }

    /// The names in a folder; none if it does not exist.
    pub fn names(&self, folder: &str) -> Result<Vec<String>, StoreError> {
        let path = self.path(folder);
        let entries = match std::fs::read_dir(&path) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(StoreError::io(&path)(error)),
        };
        let mut names = Vec::new();
        for entry in entries {
            let entry = entry.map_err(StoreError::io(&path))?;
            names.extend(entry.file_name().into_string().ok());
        }
        names.sort();
        Ok(names)
    }
}

/// A file being written, with the checksum of what went in.
pub struct Sink {
    disk: Disk,
    path: PathBuf,
    file: File,
    bytes: u64,
    crc: u32,
}

/// Length and checksum (CRC-32C) of what was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Written {
    pub bytes: u64,
    pub crc: u32,
}

impl Sink {
    pub fn put(&mut self, content: &[u8]) -> Result<(), StoreError> {
        let path = self.path.clone();
        self.write_all(content).map_err(StoreError::io(&path))
    }

    /// Forces the content to the disk.
    pub fn finish(&self) -> Result<Written, StoreError> {
        self.disk
            .change()
            .and_then(|()| self.file.sync_all())
            .map_err(StoreError::io(&self.path))?;
        Ok(Written {
            bytes: self.bytes,
            crc: self.crc,
        })
    }
}

impl Write for Sink {
    fn write(&mut self, content: &[u8]) -> io::Result<usize> {
        self.disk.change()?;
        let written = self.file.write(content)?;
        self.bytes += written as u64;
        self.crc = crc32c::crc32c_append(self.crc, &content[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A file that is read at positions, from any number of threads.
#[derive(Debug)]
pub struct Source {
    path: PathBuf,
    file: File,
    bytes: u64,
}

impl Source {
    pub fn open(path: &Path) -> Result<Source, StoreError> {
        let open = || {
            let file = File::open(path)?;
            let bytes = file.metadata()?.len();
            Ok((file, bytes))
        };
        let (file, bytes) = open().map_err(StoreError::io(path))?;
        Ok(Source {
            path: path.to_owned(),
            file,
            bytes,
        })
    }

    pub fn len_bytes(&self) -> u64 {
        self.bytes
    }

    /// Fills the buffer from a position.
    pub fn read_at(&self, at: u64, into: &mut [u8]) -> Result<(), StoreError> {
        read_exact_at(&self.file, into, at).map_err(StoreError::io(&self.path))
    }

    pub fn bytes_at(&self, at: u64, count: usize) -> Result<Vec<u8>, StoreError> {
        if at
            .checked_add(count as u64)
            .is_none_or(|end| end > self.bytes)
        {
            return Err(StoreError::corrupt(&self.path, "it is too short"));
        }
        let mut content = vec![0; count];
        self.read_at(at, &mut content)?;
        Ok(content)
    }

    /// The checksum of a part.
    pub fn crc_of(&self, at: u64, count: u64) -> Result<u32, StoreError> {
        const STEP_BYTES: u64 = 256 << 10;
        let (mut crc, mut done) = (0, 0);
        while done < count {
            let step = STEP_BYTES.min(count - done);
            let part = self.bytes_at(at + done, step as usize)?;
            crc = crc32c::crc32c_append(crc, &part);
            done += step;
        }
        Ok(crc)
    }

    /// Compares the whole file with what was written.
    pub fn verify(&self, written: Written) -> Result<(), StoreError> {
        if self.bytes != written.bytes {
            let what = format!("it has {} bytes instead of {}", self.bytes, written.bytes);
            return Err(StoreError::corrupt(&self.path, what));
        }
        if self.crc_of(0, self.bytes)? != written.crc {
            return Err(StoreError::corrupt(&self.path, "its checksum is wrong"));
        }
        Ok(())
    }
}

#[cfg(unix)]
fn read_exact_at(file: &File, into: &mut [u8], at: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, into, at)
}

#[cfg(windows)]
fn read_exact_at(file: &File, mut into: &mut [u8], mut at: u64) -> io::Result<()> {
    while !into.is_empty() {
        let count = std::os::windows::fs::FileExt::seek_read(file, into, at)?;
        if count == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        into = &mut into[count..];
        at += count as u64;
    }
    Ok(())
}
