//! What the owner of the store keeps beside the visits, replaced as a whole and lasting with them.

use crate::disk::Disk;
use crate::error::StoreError;
use crate::open_visits::NumberedFile;

pub fn file_name(number: u64) -> String {
    format!("notes/{number:010}")
}

/// The file is on the disk when this returns; it counts once a manifest names it.
pub fn write(disk: &Disk, number: u64, note: &[u8]) -> Result<NumberedFile, StoreError> {
    let written = disk.write(&file_name(number), note)?;
    disk.sync_folder("notes")?;
    Ok(NumberedFile { number, written })
}

/// Empty where none was ever kept.
pub fn load(disk: &Disk, file: Option<&NumberedFile>) -> Result<Box<[u8]>, StoreError> {
    let Some(file) = file else {
        return Ok(Box::default());
    };
    let name = file_name(file.number);
    let note = disk.read(&name)?;
    if note.len() as u64 != file.written.bytes || crc32c::crc32c(&note) != file.written.crc {
        return Err(StoreError::corrupt(
            &disk.path(&name),
            "its checksum is wrong",
        ));
    }
    Ok(note.into())
}
