use std::ops::Range;
use std::sync::Arc;

use catalog::columns::TableId;
use model::Texts;

use crate::engine::FilterCache;
use crate::values::Values;

/// A failed question. Every text says what went wrong in words for the operator.
#[derive(Debug, thiserror::Error)]
pub enum QueryError {
    #[error("The stored data could not be read: {0}")]
    Storage(String),
    #[error("The query was stopped: it needed more than {0}.")]
    Limit(String),
    #[error("The query was cancelled.")]
    Cancelled,
    #[error("The question makes no sense: {0}")]
    Question(String),
}

/// Names a chunk for caches: it never changes its rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ChunkId(pub u64);

/// Whole visits with everything they did: a sealed segment, or the visits in memory.
///
/// Visits are ordered by site, then visit number; rows of the other tables by their visit's place here,
/// then by time of arrival. A chunk never changes its rows; a changed visit is in a newer chunk and dead
/// here.
pub trait Chunk: Send + Sync {
    fn id(&self) -> ChunkId;

    fn rows(&self, table: TableId) -> usize;

    /// Every row's value of one column (`catalog::columns`).
    fn column(&self, table: TableId, column: usize) -> Result<Values, QueryError>;

    /// Smallest and largest value of a column, where known without reading it.
    fn bounds(&self, table: TableId, column: usize) -> Option<(i64, i64)>;

    /// For a finer table the first row of each visit by place, and its number of rows at the end.
    fn visit_starts(&self, table: TableId) -> Result<Arc<[u32]>, QueryError>;

    /// Bit set (64 places a word) of visits that newer chunks replace or that were erased.
    fn dead(&self) -> Option<Arc<[u64]>>;

    /// Whole rows of a table, every column in the catalog's order.
    fn rows_of(&self, table: TableId, rows: Range<usize>) -> Result<Vec<Box<[i64]>>, QueryError> {
        let mut out = vec![Vec::with_capacity(table.columns().len()); rows.len()];
        for column in 0..table.columns().len() {
            let values = self.column(table, column)?;
            for (row, into) in rows.clone().zip(&mut out) {
                into.push(values.get(row));
            }
        }
        Ok(out.into_iter().map(Vec::into_boxed_slice).collect())
    }

    /// A visit with everything it did.
    fn visit_rows(&self, place: usize) -> Result<VisitRows, QueryError> {
        let finer = |table| {
            let starts = self.visit_starts(table)?;
            self.rows_of(table, starts[place] as usize..starts[place + 1] as usize)
        };
        let visit = self.rows_of(TableId::Visits, place..place + 1)?.pop();
        Ok(VisitRows {
            visit: visit.unwrap_or_default(),
            actions: finer(TableId::Actions)?,
            conversions: finer(TableId::Conversions)?,
            items: finer(TableId::Items)?,
        })
    }

    /// Several visits, places ascending; a store may read them together.
    fn visits_at(&self, places: &[u32]) -> Result<Vec<VisitRows>, QueryError> {
        let visits = places.iter().map(|place| self.visit_rows(*place as usize));
        visits.collect()
    }
}

/// A visit and the rows of the finer tables that belong to it, in order of arrival.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VisitRows {
    pub visit: Box<[i64]>,
    pub actions: Vec<Box<[i64]>>,
    pub conversions: Vec<Box<[i64]>>,
    pub items: Vec<Box<[i64]>>,
}

impl VisitRows {
    /// The rows of a finer table; the visit's own row is not among them.
    pub fn finer(&self, table: TableId) -> &[Box<[i64]>] {
        match table {
            TableId::Visits => &[],
            TableId::Actions => &self.actions,
            TableId::Conversions => &self.conversions,
            TableId::Items => &self.items,
        }
    }
}

/// What one API call sees: all its questions run on the same moment of the data.
#[derive(Clone)]
pub struct View {
    /// In order of the visits in them, older first. A visit is alive in at most one of them.
    pub chunks: Vec<Arc<dyn Chunk>>,
    /// Browser names, cities, referrers, user ids …
    pub texts: Arc<Texts>,
    /// Pages, titles, events, products …: kinds of `catalog::columns::kind`.
    pub actions: Arc<Texts>,
    /// Which visits filters select in unchanged chunks.
    pub filters: Arc<FilterCache>,
}

impl View {
    /// A view with a filter cache of its own.
    pub fn new(chunks: Vec<Arc<dyn Chunk>>, texts: Arc<Texts>, actions: Arc<Texts>) -> View {
        View {
            chunks,
            texts,
            actions,
            filters: Arc::default(),
        }
    }
}
