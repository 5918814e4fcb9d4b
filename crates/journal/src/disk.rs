//! The few things the journal asks of a disk, so that tests can put a failing one in its place.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// One folder of flat files.
pub trait Disk: Send + Sync {
    /// Creates a file that must not exist yet.
    fn create(&self, name: &str) -> io::Result<Box<dyn DiskFile>>;
    /// Fills `buffer` from `offset_bytes`; fewer bytes only at the end of the file.
    fn read(&self, name: &str, offset_bytes: u64, buffer: &mut [u8]) -> io::Result<usize>;
    /// Length of a file.
    fn length_bytes(&self, name: &str) -> io::Result<u64>;
    /// Names of all files, in any order.
    fn list(&self) -> io::Result<Vec<String>>;
    /// Deletes a file; durable after `sync_directory`.
    fn remove(&self, name: &str) -> io::Result<()>;
    /// Renames a file at one stroke; durable after `sync_directory`.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;
    /// Makes created, removed and renamed names durable.
    fn sync_directory(&self) -> io::Result<()>;
    /// Bytes that this process may still write to the file system.
    fn free_space_bytes(&self) -> io::Result<u64>;
}

/// A file being written.
pub trait DiskFile: Send {
    /// Writes some of `bytes` at an offset and says how many, like `pwrite`.
    fn write(&mut self, offset_bytes: u64, bytes: &[u8]) -> io::Result<usize>;
    /// `fdatasync`: content and length.
    fn sync_data(&mut self) -> io::Result<()>;
    /// Takes up disk blocks without writing content that anybody reads.
    fn allocate(&mut self, length_bytes: u64) -> io::Result<()>;
}

/// Writes all of `bytes`; `EINTR` and short writes are no failure.
pub(crate) fn write_all(
    file: &mut dyn DiskFile,
    mut offset_bytes: u64,
    mut bytes: &[u8],
) -> io::Result<()> {
    while !bytes.is_empty() {
        match file.write(offset_bytes, bytes) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(written) => {
                let written = written.min(bytes.len());
                bytes = &bytes[written..];
                offset_bytes += written as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// A folder of the operating system.
#[derive(Debug, Clone)]
pub struct RealDisk {
    folder: PathBuf,
}

impl RealDisk {
    /// Opens the folder, creating it if need be.
    pub fn new(folder: &Path) -> io::Result<RealDisk> {
        if !folder.is_dir() {
            fs::create_dir_all(folder)?;
            // The new folder's own name must survive a power cut too.
            if let Some(parent) = folder
                .parent()
                .filter(|parent| !parent.as_os_str().is_empty())
            {
                File::open(parent)?.sync_all()?;
            }
        }
        Ok(RealDisk {
            folder: folder.to_path_buf(),
        })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }
}

impl Disk for RealDisk {
    fn create(&self, name: &str) -> io::Result<Box<dyn DiskFile>> {
        // Records hold visitors' data: nobody else on the machine may read them.
        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(self.path(name))?;
        Ok(Box::new(RealFile { file }))
    }

    fn read(&self, name: &str, offset_bytes: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let file = File::open(self.path(name))?;
        let mut filled = 0;
        while filled < buffer.len() {
            match file.read_at(&mut buffer[filled..], offset_bytes + filled as u64) {
                Ok(0) => break,
                Ok(count) => filled += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(filled)
    }

    fn length_bytes(&self, name: &str) -> io::Result<u64> {
        Ok(fs::metadata(self.path(name))?.len())
    }

    fn list(&self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(&self.folder)? {
            let entry = entry?;
            // A name that is not UTF-8 is not one of ours, nor is a folder.
            if entry.file_type()?.is_file()
                && let Ok(name) = entry.file_name().into_string()
            {
                names.push(name);
            }
        }
        Ok(names)
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        fs::remove_file(self.path(name))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        fs::rename(self.path(from), self.path(to))
    }

    fn sync_directory(&self) -> io::Result<()> {
        File::open(&self.folder)?.sync_all()
    }

    fn free_space_bytes(&self) -> io::Result<u64> {
        let space = rustix::fs::statvfs(&self.folder)?;
        Ok(space.f_bavail.saturating_mul(space.f_frsize))
    }
}

struct RealFile {
    file: File,
}

impl DiskFile for RealFile {
    fn write(&mut self, offset_bytes: u64, bytes: &[u8]) -> io::Result<usize> {
        self.file.write_at(bytes, offset_bytes)
    }

    fn sync_data(&mut self) -> io::Result<()> {
        self.file.sync_data()
    }

    fn allocate(&mut self, length_bytes: u64) -> io::Result<()> {
        match rustix::fs::fallocate(
            &self.file,
            rustix::fs::FallocateFlags::empty(),
            0,
            length_bytes,
        ) {
            Ok(()) => Ok(()),
            // Some file systems cannot allocate: real zeros take up the space as well.
            Err(rustix::io::Errno::OPNOTSUPP | rustix::io::Errno::NOSYS) => {
                self.write_zeros(length_bytes)
            }
            Err(errno) => Err(errno.into()),
        }
    }
}

impl RealFile {
    fn write_zeros(&mut self, length_bytes: u64) -> io::Result<()> {
        let zeros = [0_u8; 64 << 10];
        let mut left_bytes = length_bytes;
        while left_bytes > 0 {
            let count = left_bytes.min(zeros.len() as u64) as usize;
            self.file.write_all(&zeros[..count])?;
            left_bytes -= count as u64;
        }
        Ok(())
    }
}
