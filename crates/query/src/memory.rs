use std::ops::Range;
use std::sync::{Arc, OnceLock};

use catalog::columns::{TableId, action, conversion, item, visit};

use crate::values::Values;
use crate::view::{Chunk, ChunkId, QueryError, VisitRows};

/// Visits in memory as a chunk: the open visits, and tests. A column is put together when first asked
/// for.
pub struct MemoryChunk {
    id: ChunkId,
    visits: Vec<Arc<VisitRows>>,
    /// First rows by place, of actions, conversions and items.
    starts: [Arc<[u32]>; 3],
    columns: [Vec<OnceLock<(Values, i64, i64)>>; 4],
    dead: Option<Arc<[u64]>>,
}

impl MemoryChunk {
    /// Sorts the visits as a chunk has them. A visit may be there once only.
    pub fn new(id: ChunkId, mut visits: Vec<Arc<VisitRows>>) -> MemoryChunk {
        visits.sort_by_key(|rows| (rows.visit[visit::SITE], rows.visit[visit::ID]));
        let starts = [TableId::Actions, TableId::Conversions, TableId::Items].map(|table| {
            let mut next = 0;
            let mut starts = vec![0];
            for rows in &visits {
                next += rows.finer(table).len() as u32;
                starts.push(next);
            }
            starts.into()
        });
        MemoryChunk {
            id,
            visits,
            starts,
            columns: TableId::ALL
                .map(|table| table.columns().iter().map(|_| OnceLock::new()).collect()),
            dead: None,
        }
    }

    /// From loose rows of each table, in order of arrival; rows without their visit are an error.
    pub fn from_rows(
        id: ChunkId,
        visits: Vec<Box<[i64]>>,
        actions: Vec<Box<[i64]>>,
        conversions: Vec<Box<[i64]>>,
        items: Vec<Box<[i64]>>,
    ) -> Result<MemoryChunk, QueryError> {
        let mut whole: ahash::AHashMap<i64, VisitRows> = visits
            .into_iter()
            .map(|row| {
                let id = row[visit::ID];
                let visit = VisitRows {
                    visit: row,
                    ..VisitRows::default()
                };
                (id, visit)
            })
            .collect();
        let mut deal = |rows: Vec<Box<[i64]>>, column: usize, table: TableId| {
            for row in rows {
                let Some(owner) = whole.get_mut(&row[column]) else {
                    return Err(QueryError::Storage(format!(
                        "a row of {} belongs to the unknown visit {}",
                        table.name(),
                        row[column]
                    )));
                };
                match table {
                    TableId::Conversions => owner.conversions.push(row),
                    TableId::Items => owner.items.push(row),
                    _ => owner.actions.push(row),
                }
            }
            Ok(())
        };
        deal(actions, action::VISIT, TableId::Actions)?;
        deal(conversions, conversion::VISIT, TableId::Conversions)?;
        deal(items, item::VISIT, TableId::Items)?;
        Ok(MemoryChunk::new(
            id,
            whole.into_values().map(Arc::new).collect(),
        ))
    }

    /// The same chunk with these places (64 a word) dead.
    pub fn with_dead(mut self, dead: Vec<u64>) -> MemoryChunk {
        self.dead = Some(dead.into());
        self
    }

    /// The visits by place.
    pub fn visits(&self) -> &[Arc<VisitRows>] {
        &self.visits
    }

    fn packed(&self, table: TableId, column: usize) -> &(Values, i64, i64) {
        self.columns[table as usize][column].get_or_init(|| {
            let values: Vec<i64> = if table == TableId::Visits {
                self.visits.iter().map(|rows| rows.visit[column]).collect()
            } else {
                let rows = self.visits.iter().flat_map(|rows| rows.finer(table));
                rows.map(|row| row[column]).collect()
            };
            let least = values.iter().copied().min().unwrap_or(0);
            let most = values.iter().copied().max().unwrap_or(0);
            (Values::pack(&values), least, most)
        })
    }
}

impl Chunk for MemoryChunk {
    fn id(&self) -> ChunkId {
        self.id
    }

    fn rows(&self, table: TableId) -> usize {
        match table {
            TableId::Visits => self.visits.len(),
            finer => self.starts[finer as usize - 1]
                .last()
                .map_or(0, |rows| *rows as usize),
        }
    }

    fn column(&self, table: TableId, column: usize) -> Result<Values, QueryError> {
        Ok(self.packed(table, column).0.clone())
    }

    fn bounds(&self, table: TableId, column: usize) -> Option<(i64, i64)> {
        if self.rows(table) == 0 {
            return None;
        }
        let (_, least, most) = self.packed(table, column);
        Some((*least, *most))
    }

    fn visit_starts(&self, table: TableId) -> Result<Arc<[u32]>, QueryError> {
        match table {
            TableId::Visits => Err(QueryError::Question("visits are not in visits".to_owned())),
            finer => Ok(self.starts[finer as usize - 1].clone()),
        }
    }

    fn dead(&self) -> Option<Arc<[u64]>> {
        self.dead.clone()
    }

    fn rows_of(&self, table: TableId, rows: Range<usize>) -> Result<Vec<Box<[i64]>>, QueryError> {
        if table == TableId::Visits {
            let visits = self.visits[rows].iter();
            return Ok(visits.map(|rows| rows.visit.clone()).collect());
        }
        let starts = &self.starts[table as usize - 1];
        let first = starts.partition_point(|start| (*start as usize) <= rows.start);
        let place = first.saturating_sub(1);
        let before = starts.get(place).map_or(0, |start| *start as usize);
        let all = self.visits[place.min(self.visits.len())..].iter();
        Ok(all
            .flat_map(|visit| visit.finer(table))
            .skip(rows.start - before)
            .take(rows.len())
            .cloned()
            .collect())
    }

    fn visit_rows(&self, place: usize) -> Result<VisitRows, QueryError> {
        Ok(VisitRows::clone(&self.visits[place]))
    }
}
