//! Open visits on disk: each commit writes the ones that changed since the last, so that a restart
//! replays only what the journal got afterwards.

use std::collections::BTreeMap;
use std::sync::Arc;

use catalog::columns::{TableId, visit};
use query::VisitRows;
use serde::{Deserialize, Serialize};

use crate::dictionary::{put_number, take, take_number};
use crate::disk::{Disk, Written};
use crate::error::StoreError;

const ZSTD_LEVEL: i32 = 1;
/// More unpacked bytes than that are no file of ours.
const MAX_BYTES: u64 = 4 << 30;
const GONE: u8 = 0;
const VISIT: u8 = 1;

/// A numbered file that the manifest names. Of the files of open visits the first of the manifest's list
/// is whole, the others hold changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NumberedFile {
    pub number: u64,
    pub written: Written,
}

pub fn file_name(number: u64) -> String {
    format!("open/{number:010}")
}

/// Writes visits that changed and numbers of visits that are not open any more.
pub fn write<'a>(
    disk: &Disk,
    number: u64,
    visits: impl Iterator<Item = &'a Arc<VisitRows>>,
    gone: impl Iterator<Item = i64>,
) -> Result<NumberedFile, StoreError> {
    let mut content = Vec::new();
    for id in gone {
        content.push(GONE);
        put_signed(&mut content, id);
    }
    for rows in visits {
        content.push(VISIT);
        put_row(&mut content, TableId::Visits, &rows.visit);
        for table in [TableId::Actions, TableId::Conversions, TableId::Items] {
            let finer = rows.finer(table);
            put_number(&mut content, finer.len() as u64);
            for row in finer {
                put_row(&mut content, table, row);
            }
        }
    }
    let name = file_name(number);
    let mut packed = (content.len() as u64).to_le_bytes().to_vec();
    let compressed = zstd::bulk::compress(&content, ZSTD_LEVEL);
    packed.extend(compressed.map_err(StoreError::io(&disk.path(&name)))?);
    let written = disk.write(&name, &packed)?;
    disk.sync_folder("open")?;
    Ok(NumberedFile { number, written })
}

/// The open visits that these files add up to.
pub fn load(disk: &Disk, files: &[NumberedFile]) -> Result<Vec<VisitRows>, StoreError> {
    let mut open = BTreeMap::new();
    for file in files {
        let name = file_name(file.number);
        let path = disk.path(&name);
        let packed = disk.read(&name)?;
        if packed.len() as u64 != file.written.bytes || crc32c::crc32c(&packed) != file.written.crc
        {
            return Err(StoreError::corrupt(&path, "its checksum is wrong"));
        }
        let damaged = || StoreError::corrupt(&path, "it does not hold visits");
        let (length, packed) = packed.split_first_chunk::<8>().ok_or_else(damaged)?;
        let length = u64::from_le_bytes(*length);
        if length > MAX_BYTES {
            return Err(damaged());
        }
        let content =
            zstd::bulk::decompress(packed, length as usize).map_err(StoreError::io(&path))?;
        apply(&content, &mut open).ok_or_else(damaged)?;
    }
    Ok(open.into_values().collect())
}

fn apply(mut left: &[u8], open: &mut BTreeMap<i64, VisitRows>) -> Option<()> {
    while !left.is_empty() {
        match take(&mut left)? {
            GONE => {
                open.remove(&take_signed(&mut left)?);
            }
            VISIT => {
                let mut rows = VisitRows {
                    visit: take_row(&mut left, TableId::Visits)?,
                    ..VisitRows::default()
                };
                for (table, into) in [
                    (TableId::Actions, &mut rows.actions),
                    (TableId::Conversions, &mut rows.conversions),
                    (TableId::Items, &mut rows.items),
                ] {
                    for _ in 0..take_number(&mut left)? {
                        into.push(take_row(&mut left, table)?);
                    }
                }
                open.insert(rows.visit[visit::ID], rows);
            }
            _ => return None,
        }
    }
    Some(())
}

/// Only the values that are there: column and value, the column counted from the one before.
fn put_row(into: &mut Vec<u8>, table: TableId, row: &[i64]) {
    let mut last = 0;
    for (at, (value, column)) in row.iter().zip(table.columns()).enumerate() {
        if *value != column.absent {
            put_number(into, (at + 1 - last) as u64);
            put_signed(into, *value);
            last = at + 1;
        }
    }
    put_number(into, 0);
}

fn take_row(from: &mut &[u8], table: TableId) -> Option<Box<[i64]>> {
    let mut row: Vec<i64> = table.columns().iter().map(|column| column.absent).collect();
    let mut last = 0;
    loop {
        let step = usize::try_from(take_number(from)?).ok()?;
        if step == 0 {
            return Some(row.into());
        }
        last += step.min(row.len() + 1);
        *row.get_mut(last - 1)? = take_signed(from)?;
    }
}

fn put_signed(into: &mut Vec<u8>, number: i64) {
    put_number(into, ((number << 1) ^ (number >> 63)) as u64);
}

fn take_signed(from: &mut &[u8]) -> Option<i64> {
    let folded = take_number(from)?;
    Some((folded >> 1) as i64 ^ -((folded & 1) as i64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_any_sign_and_size() {
        for number in [0, 1, -1, 63, -64, 64, i64::MAX, i64::MIN, i64::MIN + 1] {
            let mut bytes = Vec::new();
            put_signed(&mut bytes, number);
            let mut left = bytes.as_slice();
            assert_eq!(take_signed(&mut left), Some(number));
            assert!(left.is_empty());
        }
    }

    #[test]
    fn damaged_content_is_no_panic() {
        let mut open = BTreeMap::new();
        for content in [&[7][..], &[VISIT, 255], &[VISIT, 200, 1, 2, 0], &[GONE]] {
            assert_eq!(apply(content, &mut open), None, "{content:?}");
        }
    }
}
