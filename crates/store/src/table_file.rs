//! One table of a segment as a Parquet file: a row group of required INT64 columns under the catalog's
//! names. Columns that are absent in every row are left out.

use std::path::Path;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use catalog::columns::{TableId, action, conversion, item, visit};
use parquet::basic::{Compression, Encoding, Repetition, Type, ZstdLevel};
use parquet::column::reader::{ColumnReaderImpl, get_typed_column_reader};
use parquet::data_type::Int64Type;
use parquet::errors::ParquetError;
use parquet::file::metadata::{PageIndexPolicy, ParquetMetaData, ParquetMetaDataReader};
use parquet::file::properties::{
    EnabledStatistics, ReaderProperties, WriterProperties, WriterVersion,
};
use parquet::file::reader::{ChunkReader, Length, RowGroupReader};
use parquet::file::serialized_reader::SerializedRowGroupReader;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::{ColumnPath, Type as SchemaType};
use serde::{Deserialize, Serialize};

use crate::disk::{Disk, Source, Written};
use crate::error::StoreError;

/// Rows a page: few enough to read one visit quickly, enough to compress well.
const PAGE_ROWS: usize = 8192;
/// A dictionary beyond this is given up for differences between neighbours.
const MAX_DICTIONARY_BYTES: usize = 256 << 10;
const ZSTD_LEVEL: i32 = 3;

/// What a table's file holds; kept in the segment's description.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableDescription {
    pub rows: usize,
    pub file: Written,
    /// Checksum of what follows the last column: page positions and footer.
    pub footer_crc: u32,
    pub columns: Vec<ColumnDescription>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ColumnDescription {
    pub name: String,
    pub least: i64,
    pub most: i64,
    pub at: u64,
    pub bytes: u64,
    pub crc: u32,
}

/// A column about to be written.
pub struct NewColumn<'a> {
    pub name: &'a str,
    pub encoding: Encoded,
    /// Called when it is the column's turn, so that one column is in memory at a time.
    pub values: Box<dyn FnOnce() -> Result<Vec<i64>, StoreError> + 'a>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoded {
    /// Few different values.
    Dictionary,
    /// Neighbours are near each other.
    Delta,
    /// Random bits.
    Plain,
}

/// How a column of the catalog is best written.
pub fn encoding_of(table: TableId, column: usize) -> Encoded {
    let delta: &[usize] = match table {
        TableId::Visits => &[visit::ID, visit::FIRST_TIME, visit::LAST_TIME],
        TableId::Actions => &[action::ID, action::VISIT, action::TIME],
        TableId::Conversions => &[conversion::VISIT, conversion::TIME, conversion::ACTION],
        TableId::Items => &[item::VISIT, item::TIME],
    };
    let plain: &[usize] = match table {
        TableId::Visits => &[visit::VISITOR, visit::FINGERPRINT],
        TableId::Actions => &[],
        TableId::Conversions => &[conversion::VISITOR],
        TableId::Items => &[item::VISITOR],
    };
    if delta.contains(&column) {
        Encoded::Delta
    } else if plain.contains(&column) {
        Encoded::Plain
    } else {
        Encoded::Dictionary
    }
}

/// Writes a table's file and reads its column checksums back.
pub fn write_table(
    disk: &Disk,
    name: &str,
    rows: usize,
    columns: Vec<NewColumn>,
) -> Result<TableDescription, StoreError> {
    let path = disk.path(name);
    let failed = parquet_error(&path);
    let sink = disk.create(name)?;
    let schema = schema_of(&columns).map_err(&failed)?;
    let properties = Arc::new(properties_of(&columns).map_err(&failed)?);
    let mut writer = SerializedFileWriter::new(sink, schema, properties).map_err(&failed)?;
    let mut bounds = Vec::with_capacity(columns.len());
    let mut row_group = writer.next_row_group().map_err(&failed)?;
    for column in columns {
        let values = (column.values)()?;
        if values.len() != rows {
            let what = format!("{} rows of {} instead of {rows}", values.len(), column.name);
            return Err(StoreError::corrupt(&path, what));
        }
        bounds.push(bounds_of(&values));
        let missing = || ParquetError::General("a column is missing".to_owned());
        let next = row_group.next_column().map_err(&failed)?;
        let mut next = next.ok_or_else(missing).map_err(&failed)?;
        next.typed::<Int64Type>()
            .write_batch(&values, None, None)
            .map_err(&failed)?;
        next.close().map_err(&failed)?;
    }
    row_group.close().map_err(&failed)?;
    let metadata = writer.finish().map_err(&failed)?;
    let file = writer.inner().finish()?;
    describe(&path, &metadata, rows, file, &bounds)
}

fn describe(
    path: &Path,
    metadata: &ParquetMetaData,
    rows: usize,
    file: Written,
    bounds: &[(i64, i64)],
) -> Result<TableDescription, StoreError> {
    let source = Source::open(path)?;
    let mut columns = Vec::with_capacity(bounds.len());
    let mut columns_end = 0;
    for (column, (least, most)) in metadata.row_group(0).columns().iter().zip(bounds) {
        let (at, bytes) = column.byte_range();
        columns_end = columns_end.max(at + bytes);
        columns.push(ColumnDescription {
            name: column.column_path().string(),
            least: *least,
            most: *most,
            at,
            bytes,
            crc: source.crc_of(at, bytes)?,
        });
    }
    Ok(TableDescription {
        rows,
        file,
        footer_crc: source.crc_of(columns_end, file.bytes - columns_end)?,
        columns,
    })
}

fn schema_of(columns: &[NewColumn]) -> Result<Arc<SchemaType>, ParquetError> {
    let mut fields = Vec::with_capacity(columns.len());
    for column in columns {
        let field = SchemaType::primitive_type_builder(column.name, Type::INT64)
            .with_repetition(Repetition::REQUIRED)
            .build()?;
        fields.push(Arc::new(field));
    }
    let root = SchemaType::group_type_builder("row").with_fields(fields);
    Ok(Arc::new(root.build()?))
}

fn properties_of(columns: &[NewColumn]) -> Result<WriterProperties, ParquetError> {
    let mut properties = WriterProperties::builder()
        .set_writer_version(WriterVersion::PARQUET_2_0)
        .set_created_by(concat!("takwimu ", env!("CARGO_PKG_VERSION")).to_owned())
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(ZSTD_LEVEL)?))
        .set_data_page_row_count_limit(PAGE_ROWS)
        .set_dictionary_page_size_limit(MAX_DICTIONARY_BYTES)
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .set_max_row_group_row_count(None);
    for column in columns {
        let path = ColumnPath::from(column.name);
        if column.encoding == Encoded::Dictionary {
            continue;
        }
        let encoding = match column.encoding {
            Encoded::Delta => Encoding::DELTA_BINARY_PACKED,
            _ => Encoding::PLAIN,
        };
        properties = properties
            .set_column_dictionary_enabled(path.clone(), false)
            .set_column_encoding(path, encoding);
    }
    Ok(properties.build())
}

fn bounds_of(values: &[i64]) -> (i64, i64) {
    let least = values.iter().copied().min().unwrap_or(0);
    let most = values.iter().copied().max().unwrap_or(0);
    (least, most)
}

/// A table's file, opened when a column is first read.
pub struct TableFile {
    path: std::path::PathBuf,
    description: TableDescription,
    opened: OnceLock<Opened>,
    /// Columns whose checksum was found right.
    verified: Vec<OnceLock<()>>,
}

struct Opened {
    source: Arc<Positioned>,
    metadata: ParquetMetaData,
}

impl TableFile {
    pub fn new(path: &Path, description: TableDescription) -> TableFile {
        TableFile {
            path: path.to_owned(),
            verified: description
                .columns
                .iter()
                .map(|_| OnceLock::new())
                .collect(),
            description,
            opened: OnceLock::new(),
        }
    }

    pub fn description(&self) -> &TableDescription {
        &self.description
    }

    /// Every value of a column.
    pub fn read_column(&self, position: usize) -> Result<Vec<i64>, StoreError> {
        self.read_rows(position, std::slice::from_ref(&(0..self.description.rows)))
    }

    /// The values of some rows in ascending ranges; only their pages are decoded.
    pub fn read_rows(
        &self,
        position: usize,
        ranges: &[std::ops::Range<usize>],
    ) -> Result<Vec<i64>, StoreError> {
        let opened = self.opened()?;
        self.verify_column(opened, position)?;
        let mut reader = self.reader(opened, position)?;
        let count = ranges.iter().map(ExactSizeIterator::len).sum();
        let mut values = Vec::with_capacity(count);
        let mut read = || -> Result<(), ParquetError> {
            let mut at = 0;
            for range in ranges {
                reader.skip_records(range.start.saturating_sub(at))?;
                reader.read_records(range.len(), None, None, &mut values)?;
                at = range.end;
            }
            Ok(())
        };
        read().map_err(parquet_error(&self.path))?;
        if values.len() != count {
            return Err(StoreError::corrupt(&self.path, "a column has too few rows"));
        }
        Ok(values)
    }

    /// Compares the whole file with its checksum.
    pub fn verify(&self) -> Result<(), StoreError> {
        Source::open(&self.path)?.verify(self.description.file)
    }

    fn reader(
        &self,
        opened: &Opened,
        position: usize,
    ) -> Result<ColumnReaderImpl<Int64Type>, StoreError> {
        let properties = ReaderProperties::builder()
            .set_read_bloom_filter(false)
            .build();
        let row_group = SerializedRowGroupReader::new(
            opened.source.clone(),
            opened.metadata.row_group(0),
            opened.metadata.page_index_for_row_group(0),
            Arc::new(properties),
        );
        let reader = row_group.and_then(|row_group| row_group.get_column_reader(position));
        Ok(get_typed_column_reader(
            reader.map_err(parquet_error(&self.path))?,
        ))
    }

    fn opened(&self) -> Result<&Opened, StoreError> {
        if let Some(opened) = self.opened.get() {
            return Ok(opened);
        }
        let opened = self.open()?;
        Ok(self.opened.get_or_init(|| opened))
    }

    fn open(&self) -> Result<Opened, StoreError> {
        let source = Source::open(&self.path)?;
        let expected = self.description.file.bytes;
        if source.len_bytes() != expected {
            let what = format!("it has {} bytes instead of {expected}", source.len_bytes());
            return Err(StoreError::corrupt(&self.path, what));
        }
        let ends = self.description.columns.iter();
        let columns_end = ends
            .map(|column| column.at + column.bytes)
            .max()
            .unwrap_or(0);
        let footer_bytes = expected.saturating_sub(columns_end);
        if source.crc_of(columns_end, footer_bytes)? != self.description.footer_crc {
            let what = "the checksum of its footer is wrong";
            return Err(StoreError::corrupt(&self.path, what));
        }
        let source = Positioned(source);
        let metadata = ParquetMetaDataReader::new()
            .with_column_index_policy(PageIndexPolicy::Skip)
            .with_offset_index_policy(PageIndexPolicy::Required)
            .parse_and_finish(&source)
            .map_err(parquet_error(&self.path))?;
        let whole = metadata.num_row_groups() == 1
            && metadata.row_group(0).num_columns() == self.description.columns.len()
            && metadata.row_group(0).num_rows() == self.description.rows as i64;
        if !whole {
            let what = "it holds something else than the segment's description says";
            return Err(StoreError::corrupt(&self.path, what));
        }
        Ok(Opened {
            source: Arc::new(source),
            metadata,
        })
    }

    fn verify_column(&self, opened: &Opened, position: usize) -> Result<(), StoreError> {
        let column = &self.description.columns[position];
        if self.verified[position].get().is_some() {
            return Ok(());
        }
        if opened.source.0.crc_of(column.at, column.bytes)? != column.crc {
            let what = format!("the checksum of its column {} is wrong", column.name);
            return Err(StoreError::corrupt(&self.path, what));
        }
        let _ = self.verified[position].set(());
        Ok(())
    }
}

fn parquet_error(path: &Path) -> impl Fn(ParquetError) -> StoreError + '_ {
    |error| match error {
        // What failed beneath is an error of the disk, not of the format.
        ParquetError::External(source) => match source.downcast::<std::io::Error>() {
            Ok(source) => StoreError::io(path)(*source),
            Err(other) => StoreError::corrupt(path, other.to_string()),
        },
        other => StoreError::corrupt(path, other.to_string()),
    }
}

/// A file as the Parquet reader wants it.
struct Positioned(Source);

impl Length for Positioned {
    fn len(&self) -> u64 {
        self.0.len_bytes()
    }
}

impl ChunkReader for Positioned {
    type T = std::io::Cursor<Bytes>;

    fn get_read(&self, start: u64) -> Result<Self::T, ParquetError> {
        // Whole columns and footers are small enough to be read at once.
        let rest = self.0.len_bytes().saturating_sub(start);
        Ok(std::io::Cursor::new(self.get_bytes(start, rest as usize)?))
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes, ParquetError> {
        self.0
            .bytes_at(start, length)
            .map(Bytes::from)
            .map_err(|error| ParquetError::External(Box::new(std::io::Error::other(error))))
    }
}
