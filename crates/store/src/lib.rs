//! Where events live: sealed segments of Parquet files, dictionaries of texts, the open visits, and the
//! manifest that says what counts. Implements the chunks of `query`'s views.
//!
//! Files that the manifest does not name do not exist: new files are on the disk before the manifest
//! that names them, and old files go after it.

mod cache;
mod compact;
mod dictionary;
#[doc(hidden)]
pub mod disk;
mod error;
mod find;
pub mod folder;
mod hot;
mod lookup;
mod manifest;
mod note;
mod open_visits;
mod segment;
mod slot;
mod store;
mod table_file;

pub use compact::{Compacted, Compaction};
pub use error::StoreError;
pub use hot::HotVisits;
pub use segment::{Segment, SegmentChunk};
pub use store::{Counters, NewSegment, Options, SealedVisit, Store, Totals};
