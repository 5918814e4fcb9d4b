use std::sync::Arc;

use catalog::columns::TableId;
use model::Texts;

/// A failed question. Every text says what went wrong in words for the operator.
#[derive(Debug, thiserror::Error)]
pub enum QueryError {
    #[error("The stored data could not be read: {0}")]
    Storage(String),
    #[error("The query was stopped: it needed more than {0}.")]
    Limit(String),
    #[error("The query was cancelled.")]
    Cancelled,
}

/// Names a chunk for caches: it never changes its rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ChunkId(pub u64);

/// Whole visits with everything they did: a sealed segment, or the visits in memory.
///
/// Visits are ordered by site, then visit number; rows of the other tables by their visit's place here,
/// then by time of arrival. A chunk never changes; a changed visit is in a newer chunk and dead here.
pub trait Chunk: Send + Sync {
    fn id(&self) -> ChunkId;

    fn rows(&self, table: TableId) -> usize;

    /// Every row's value of one column (`catalog::columns`).
    fn column(&self, table: TableId, column: usize) -> Result<Arc<[i64]>, QueryError>;

    /// Smallest and largest value of a column, where known without reading it.
    fn bounds(&self, table: TableId, column: usize) -> Option<(i64, i64)>;

    /// For each row of a finer table the place of its visit in this chunk.
    fn visit_places(&self, table: TableId) -> Result<Arc<[u32]>, QueryError>;

    /// Bit set (64 places a word) of visits that newer chunks replace or that were erased.
    fn dead(&self) -> Option<Arc<[u64]>>;
}

/// What one API call sees: all its questions run on the same moment of the data.
#[derive(Clone)]
pub struct View {
    /// In order of the visits in them, older first.
    pub chunks: Vec<Arc<dyn Chunk>>,
    /// Browser names, cities, referrers, user ids …
    pub texts: Arc<Texts>,
    /// Pages, titles, events, products …: kinds of `catalog::columns::kind`.
    pub actions: Arc<Texts>,
}
