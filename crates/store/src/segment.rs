//! A sealed segment: a folder of up to four Parquet files, a file to find visits by, and a description.
//! It never changes; which of its visits are dead is kept in the manifest.

use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};

use catalog::columns::{TableId, conversion, visit};
use query::{Chunk, ChunkId, QueryError, Values, VisitRows};
use serde::{Deserialize, Serialize};

use crate::cache::{Cached, ColumnCache, ColumnKey};
use crate::disk::Disk;
use crate::error::StoreError;
use crate::lookup::{By, Lookup, LookupDescription, NewLookup, hash, write_lookup};
use crate::table_file::{
    Encoded, NewColumn, TableDescription, TableFile, encoding_of, write_table,
};

pub const FINER: [TableId; 3] = [TableId::Actions, TableId::Conversions, TableId::Items];
/// Columns of visits.parquet that say how many rows of the finer tables each visit has.
const ROW_COUNTS: [&str; 3] = ["action_rows", "conversion_rows", "item_rows"];
const DESCRIPTION: &str = "segment.json";
const LOOKUP: &str = "lookup";
/// A column of which so many single rows were read is worth keeping whole.
const READS_WORTH_KEEPING: u32 = 48;

/// What a segment's folder holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Description {
    pub number: u64,
    /// In the order of `TableId::ALL`; empty tables have no file.
    pub tables: [Option<TableDescription>; 4],
    pub lookup: LookupDescription,
}

/// Rows to be sealed, a column at a time; finer rows are in the order of their visits.
pub trait Rows {
    fn rows(&self, table: TableId) -> usize;
    /// Bounds that are at least as wide as those of the rows.
    fn bounds(&self, table: TableId, column: usize) -> (i64, i64);
    fn column(&self, table: TableId, column: usize) -> Result<Vec<i64>, StoreError>;
    /// How many rows of a finer table each visit has.
    fn counts(&self, table: TableId) -> Result<Vec<i64>, StoreError>;
}

pub fn folder_name(number: u64) -> String {
    format!("segments/{number:010}")
}

fn file_name(number: u64, table: TableId) -> String {
    format!("{}/{}.parquet", folder_name(number), table.name())
}

/// Writes a segment whole; everything is on the disk when this returns, but nothing refers to it.
/// Returns its description and the checksum of the description's file.
pub fn write_segment(
    disk: &Disk,
    number: u64,
    rows: &dyn Rows,
) -> Result<(Description, u32), StoreError> {
    disk.create_folder(&folder_name(number))?;
    let mut tables = [const { None }; 4];
    for table in TableId::ALL {
        let count = rows.rows(table);
        if count > 0 {
            let columns = new_columns(table, rows);
            let name = file_name(number, table);
            tables[table as usize] = Some(write_table(disk, &name, count, columns)?);
        }
    }
    let lookup_name = format!("{}/{LOOKUP}", folder_name(number));
    let lookup = write_lookup(disk, &lookup_name, new_lookup(rows)?)?;
    let description = Description {
        number,
        tables,
        lookup,
    };
    let name = format!("{}/{DESCRIPTION}", folder_name(number));
    let text = serde_json::to_vec(&description)
        .map_err(|error| StoreError::corrupt(&disk.path(&name), error.to_string()))?;
    let written = disk.write(&name, &text)?;
    disk.sync_folder(&folder_name(number))?;
    disk.sync_folder("segments")?;
    Ok((description, written.crc))
}

fn new_columns<'a>(table: TableId, rows: &'a dyn Rows) -> Vec<NewColumn<'a>> {
    let mut columns = Vec::new();
    for (at, column) in table.columns().iter().enumerate() {
        if rows.bounds(table, at) != (column.absent, column.absent) {
            columns.push(NewColumn {
                name: column.name,
                encoding: encoding_of(table, at),
                values: Box::new(move || rows.column(table, at)),
            });
        }
    }
    if table == TableId::Visits {
        for (finer, name) in FINER.into_iter().zip(ROW_COUNTS) {
            columns.push(NewColumn {
                name,
                encoding: Encoded::Dictionary,
                values: Box::new(move || rows.counts(finer)),
            });
        }
    }
    columns
}

fn new_lookup(rows: &dyn Rows) -> Result<NewLookup, StoreError> {
    let sites = rows.column(TableId::Visits, visit::SITE)?;
    let by = |column: usize| -> Result<Vec<(u64, u32)>, StoreError> {
        let keys = rows.column(TableId::Visits, column)?;
        let hashes = sites.iter().zip(keys).map(|(site, key)| hash(*site, key));
        Ok(hashes.zip(0..).collect())
    };
    let mut lookup = NewLookup {
        visitors: by(visit::VISITOR)?,
        fingerprints: by(visit::FINGERPRINT)?,
        orders: Vec::new(),
    };
    if rows.rows(TableId::Conversions) > 0 {
        let orders = rows.column(TableId::Conversions, conversion::ORDER)?;
        let counts = rows.counts(TableId::Conversions)?;
        let places = (0u32..).zip(counts);
        let places = places.flat_map(|(place, count)| (0..count).map(move |_| place));
        for (place, order) in places.zip(orders) {
            if order != 0 {
                let site = sites.get(place as usize).copied().unwrap_or_default();
                lookup.orders.push((hash(site, order), place));
            }
        }
    }
    Ok(lookup)
}

/// Where each column of a table is.
enum Stored {
    /// All rows have this value.
    Constant(i64),
    /// At this position of the file.
    At(usize),
}

struct Table {
    rows: usize,
    file: Option<TableFile>,
    /// By column of the catalog.
    columns: Vec<Stored>,
    bounds: Vec<(i64, i64)>,
    /// How many single rows were read of a column.
    reads: Vec<AtomicU32>,
}

/// A segment opened for reading; files are opened when a column is first read.
pub struct Segment {
    pub number: u64,
    disk: Disk,
    tables: [Table; 4],
    /// Positions in visits.parquet of the counts of finer rows.
    row_counts: [Stored; 3],
    lookup_description: LookupDescription,
    lookup: OnceLock<Lookup>,
    cache: Arc<ColumnCache>,
    /// The manifest names it no more: its folder goes with the last reader.
    obsolete: AtomicBool,
}

impl Segment {
    pub fn open(
        disk: &Disk,
        number: u64,
        description_crc: u32,
        cache: &Arc<ColumnCache>,
    ) -> Result<Segment, StoreError> {
        let name = format!("{}/{DESCRIPTION}", folder_name(number));
        let path = disk.path(&name);
        let text = disk.read(&name)?;
        if crc32c::crc32c(&text) != description_crc {
            return Err(StoreError::corrupt(&path, "its checksum is wrong"));
        }
        let description: Description = serde_json::from_slice(&text)
            .map_err(|error| StoreError::corrupt(&path, error.to_string()))?;
        Segment::described(disk, description, cache)
    }

    /// A segment whose description is known.
    pub fn described(
        disk: &Disk,
        description: Description,
        cache: &Arc<ColumnCache>,
    ) -> Result<Segment, StoreError> {
        let number = description.number;
        let folder = disk.path(&folder_name(number));
        let row_counts = ROW_COUNTS.map(|name| match &description.tables[0] {
            Some(visits) => {
                let columns = visits.columns.iter();
                let found = columns.enumerate().find(|(_, column)| column.name == name);
                found.map_or(Stored::Constant(0), |(at, column)| stored_at(at, column))
            }
            None => Stored::Constant(0),
        });
        let [visits, actions, conversions, items] = description.tables;
        let table = |id: TableId, description: Option<TableDescription>| {
            open_table(disk, number, id, description)
        };
        let segment = Segment {
            number,
            disk: disk.clone(),
            tables: [
                table(TableId::Visits, visits),
                table(TableId::Actions, actions),
                table(TableId::Conversions, conversions),
                table(TableId::Items, items),
            ],
            row_counts,
            lookup_description: description.lookup,
            lookup: OnceLock::new(),
            cache: cache.clone(),
            obsolete: AtomicBool::new(false),
        };
        if segment.rows(TableId::Visits) == 0 {
            return Err(StoreError::corrupt(&folder, "it has no visits"));
        }
        Ok(segment)
    }

    pub fn rows(&self, table: TableId) -> usize {
        self.tables[table as usize].rows
    }

    pub fn bounds(&self, table: TableId, column: usize) -> Option<(i64, i64)> {
        let table = &self.tables[table as usize];
        match table.rows {
            0 => None,
            _ => table.bounds.get(column).copied(),
        }
    }

    /// A column, kept for the next question.
    pub fn column(&self, table: TableId, column: usize) -> Result<Values, StoreError> {
        self.read_column(table, column, true)
    }

    /// A column for work that reads everything once: it pushes nothing out of the cache.
    pub fn column_once(&self, table: TableId, column: usize) -> Result<Values, StoreError> {
        self.read_column(table, column, false)
    }

    fn read_column(&self, table: TableId, column: usize, keep: bool) -> Result<Values, StoreError> {
        let known = &self.tables[table as usize];
        let rows = known.rows;
        match (&known.columns[column], &known.file) {
            (Stored::At(position), Some(file)) => {
                let key = self.key(table, column);
                if let Some(Cached::Values(values)) = self.cache.get(key) {
                    return Ok(values);
                }
                let values = Values::pack(&file.read_column(*position)?);
                if keep {
                    self.cache.put(key, Cached::Values(values.clone()));
                }
                Ok(values)
            }
            (Stored::Constant(value), _) => Ok(Values::Constant {
                value: *value,
                rows,
            }),
            (Stored::At(_), None) => Ok(Values::Constant { value: 0, rows: 0 }),
        }
    }

    /// Some rows, in ascending ranges, of some columns; column by column.
    pub fn cells(
        &self,
        table: TableId,
        ranges: &[Range<usize>],
        columns: &[usize],
    ) -> Result<Vec<Vec<i64>>, StoreError> {
        let read = |column: &usize| self.cells_of(table, ranges, *column);
        columns.iter().map(read).collect()
    }

    fn cells_of(
        &self,
        table: TableId,
        ranges: &[Range<usize>],
        column: usize,
    ) -> Result<Vec<i64>, StoreError> {
        let known = &self.tables[table as usize];
        let count = ranges.iter().map(ExactSizeIterator::len).sum();
        let position = match known.columns[column] {
            Stored::Constant(value) => return Ok(vec![value; count]),
            Stored::At(position) => position,
        };
        if let Some(Cached::Values(cached)) = self.cache.get(self.key(table, column)) {
            return Ok(pick(&cached, ranges));
        }
        let reads = known.reads[column].fetch_add(1, Ordering::Relaxed);
        if reads >= READS_WORTH_KEEPING || count * 4 > known.rows {
            return Ok(pick(&self.column(table, column)?, ranges));
        }
        match &known.file {
            Some(file) => file.read_rows(position, ranges),
            None => Ok(Vec::new()),
        }
    }

    /// Whole rows, in ascending ranges.
    fn whole_rows(
        &self,
        table: TableId,
        ranges: &[Range<usize>],
    ) -> Result<Vec<Box<[i64]>>, StoreError> {
        let count = ranges.iter().map(ExactSizeIterator::len).sum();
        if count == 0 {
            return Ok(Vec::new());
        }
        let all: Vec<usize> = (0..table.columns().len()).collect();
        let mut rows = vec![Vec::with_capacity(all.len()); count];
        for cells in self.cells(table, ranges, &all)? {
            for (row, cell) in rows.iter_mut().zip(cells) {
                row.push(cell);
            }
        }
        Ok(rows.into_iter().map(Vec::into_boxed_slice).collect())
    }

    pub fn visit_starts(&self, table: TableId) -> Result<Arc<[u32]>, StoreError> {
        let Some(at) = FINER.iter().position(|finer| *finer == table) else {
            return Err(QueryError::Question("visits are not in visits".to_owned()).into());
        };
        // Behind the columns of the catalog.
        let key = self.key(table, table.columns().len());
        if let Some(Cached::Starts(starts)) = self.cache.get(key) {
            return Ok(starts);
        }
        let visits = &self.tables[0];
        let counts = match (&self.row_counts[at], &visits.file) {
            (Stored::At(position), Some(file)) => file.read_column(*position)?,
            (Stored::Constant(count), _) => vec![*count; visits.rows],
            (Stored::At(_), None) => Vec::new(),
        };
        let mut starts = Vec::with_capacity(counts.len() + 1);
        let mut next = 0u32;
        starts.push(next);
        for count in counts {
            next = next.saturating_add(u32::try_from(count).unwrap_or(0));
            starts.push(next);
        }
        if next as usize != self.rows(table) {
            let what = format!("its visits have {next} rows of {}", table.name());
            let folder = self.disk.path(&folder_name(self.number));
            return Err(StoreError::corrupt(&folder, what));
        }
        let starts: Arc<[u32]> = starts.into();
        self.cache.put(key, Cached::Starts(starts.clone()));
        Ok(starts)
    }

    /// Places of visits that may have this key.
    pub fn places(&self, by: By, hash: u64) -> Result<Vec<u32>, StoreError> {
        self.lookup()?.places(by, hash)
    }

    fn lookup(&self) -> Result<&Lookup, StoreError> {
        if let Some(lookup) = self.lookup.get() {
            return Ok(lookup);
        }
        let name = format!("{}/{LOOKUP}", folder_name(self.number));
        let lookup = Lookup::open(&self.disk.path(&name), self.lookup_description.clone())?;
        Ok(self.lookup.get_or_init(|| lookup))
    }

    /// Compares every file with its checksum.
    pub fn verify(&self) -> Result<(), StoreError> {
        for table in &self.tables {
            if let Some(file) = &table.file {
                file.verify()?;
            }
        }
        self.lookup()?.verify()
    }

    /// Bytes of all files.
    pub fn size_bytes(&self) -> u64 {
        let files = self.tables.iter().filter_map(|table| table.file.as_ref());
        let tables: u64 = files.map(|file| file.description().file.bytes).sum();
        tables + self.lookup_description.file.bytes
    }

    /// Bytes of each column of a table, for reports on storage.
    pub fn column_bytes(&self, table: TableId) -> Vec<(String, u64)> {
        let file = self.tables[table as usize].file.as_ref();
        let columns = file.map(|file| file.description().columns.iter());
        let columns = columns.into_iter().flatten();
        columns
            .map(|column| (column.name.clone(), column.bytes))
            .collect()
    }

    /// To be called when the manifest names the segment no more.
    pub fn retire(&self) {
        self.obsolete.store(true, Ordering::Release);
        self.cache.forget(self.number);
    }

    fn key(&self, table: TableId, column: usize) -> ColumnKey {
        ColumnKey {
            segment: self.number,
            table: table as u8,
            column: column as u16,
        }
    }
}

impl Drop for Segment {
    fn drop(&mut self) {
        if self.obsolete.load(Ordering::Acquire) {
            self.disk.remove(&folder_name(self.number));
            self.cache.forget(self.number);
        }
    }
}

fn open_table(
    disk: &Disk,
    number: u64,
    table: TableId,
    description: Option<TableDescription>,
) -> Table {
    let find = |name: &str| {
        let columns = description.iter().flat_map(|table| &table.columns);
        columns.enumerate().find(|(_, column)| column.name == name)
    };
    let mut columns = Vec::new();
    let mut bounds = Vec::new();
    for column in table.columns() {
        match find(column.name) {
            Some((at, stored)) => {
                columns.push(stored_at(at, stored));
                bounds.push((stored.least, stored.most));
            }
            None => {
                columns.push(Stored::Constant(column.absent));
                bounds.push((column.absent, column.absent));
            }
        }
    }
    let path = disk.path(&file_name(number, table));
    Table {
        rows: description.as_ref().map_or(0, |table| table.rows),
        reads: columns.iter().map(|_| AtomicU32::new(0)).collect(),
        file: description.map(|description| TableFile::new(&path, description)),
        columns,
        bounds,
    }
}

fn stored_at(position: usize, column: &crate::table_file::ColumnDescription) -> Stored {
    if column.least == column.most {
        Stored::Constant(column.least)
    } else {
        Stored::At(position)
    }
}

/// A segment as questions see it: with the visits that were dead at some moment.
pub struct SegmentChunk {
    pub segment: Arc<Segment>,
    pub dead: Option<Arc<[u64]>>,
}

impl Chunk for SegmentChunk {
    fn id(&self) -> ChunkId {
        ChunkId(self.segment.number)
    }

    fn rows(&self, table: TableId) -> usize {
        self.segment.rows(table)
    }

    fn column(&self, table: TableId, column: usize) -> Result<Values, QueryError> {
        Ok(self.segment.column(table, column)?)
    }

    fn bounds(&self, table: TableId, column: usize) -> Option<(i64, i64)> {
        self.segment.bounds(table, column)
    }

    fn visit_starts(&self, table: TableId) -> Result<Arc<[u32]>, QueryError> {
        Ok(self.segment.visit_starts(table)?)
    }

    fn dead(&self) -> Option<Arc<[u64]>> {
        self.dead.clone()
    }

    fn rows_of(&self, table: TableId, rows: Range<usize>) -> Result<Vec<Box<[i64]>>, QueryError> {
        Ok(self
            .segment
            .whole_rows(table, std::slice::from_ref(&rows))?)
    }

    fn visits_at(&self, places: &[u32]) -> Result<Vec<VisitRows>, QueryError> {
        let places = places.iter().map(|place| *place as usize);
        let ranges: Vec<Range<usize>> = places.clone().map(|place| place..place + 1).collect();
        let rows = self.segment.whole_rows(TableId::Visits, &ranges)?;
        let mut visits: Vec<VisitRows> = rows
            .into_iter()
            .map(|visit| VisitRows {
                visit,
                ..VisitRows::default()
            })
            .collect();
        for table in FINER {
            let starts = self.segment.visit_starts(table)?;
            let rows_at = |place: usize| starts[place] as usize..starts[place + 1] as usize;
            let ranges: Vec<Range<usize>> = places.clone().map(rows_at).collect();
            let mut rows = self.segment.whole_rows(table, &ranges)?.into_iter();
            for (visit, range) in visits.iter_mut().zip(ranges) {
                let own = rows.by_ref().take(range.len()).collect();
                match table {
                    TableId::Conversions => visit.conversions = own,
                    TableId::Items => visit.items = own,
                    _ => visit.actions = own,
                }
            }
        }
        Ok(visits)
    }
}

fn pick(values: &Values, ranges: &[Range<usize>]) -> Vec<i64> {
    let rows = ranges.iter().cloned().flatten();
    rows.map(|row| values.get(row)).collect()
}
