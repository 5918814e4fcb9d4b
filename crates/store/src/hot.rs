//! The visits that are not sealed yet, as rows by visit number.

use std::collections::BTreeMap;
use std::sync::Arc;

use ahash::AHashSet;
use catalog::columns::visit;
use query::{Chunk, ChunkId, MemoryChunk, VisitRows};

/// Visits a bucket: a change makes the columns of its bucket anew, not of all open visits.
const BUCKET_VISITS: i64 = 2048;
/// Chunks of open visits have numbers that no segment reaches.
const FIRST_CHUNK: u64 = 1 << 63;

#[derive(Default)]
struct Bucket {
    visits: BTreeMap<i64, Arc<VisitRows>>,
    chunk: Option<Arc<MemoryChunk>>,
}

/// Open visits, and which of them changed since the last commit.
#[derive(Default)]
pub struct HotVisits {
    buckets: BTreeMap<i64, Bucket>,
    len: usize,
    chunks_made: u64,
    changed: AHashSet<i64>,
    removed: AHashSet<i64>,
}

impl HotVisits {
    /// The visits open at the last commit; none counts as changed.
    pub(crate) fn restored(visits: Vec<VisitRows>) -> HotVisits {
        let mut hot = HotVisits::default();
        for rows in visits {
            hot.put(Arc::new(rows));
        }
        hot.changed.clear();
        hot
    }

    /// Adds a visit, or replaces it by its newer rows.
    pub fn put(&mut self, rows: Arc<VisitRows>) {
        let Some(id) = rows.visit.get(visit::ID).copied() else {
            return;
        };
        let bucket = self
            .buckets
            .entry(id.div_euclid(BUCKET_VISITS))
            .or_default();
        if bucket.visits.insert(id, rows).is_none() {
            self.len += 1;
        }
        bucket.chunk = None;
        self.changed.insert(id);
        self.removed.remove(&id);
    }

    pub fn get(&self, id: i64) -> Option<&Arc<VisitRows>> {
        self.buckets
            .get(&id.div_euclid(BUCKET_VISITS))?
            .visits
            .get(&id)
    }

    /// Takes a visit out to change it; it has to be put back before anything else is asked. Its rows are
    /// copied only where a question still has them.
    pub fn take(&mut self, id: i64) -> Option<VisitRows> {
        let bucket = self.buckets.get_mut(&id.div_euclid(BUCKET_VISITS))?;
        bucket.chunk = None;
        let rows = bucket.visits.remove(&id)?;
        self.len -= 1;
        Some(Arc::try_unwrap(rows).unwrap_or_else(|shared| VisitRows::clone(&shared)))
    }

    /// Takes a visit away: it was erased.
    pub fn remove(&mut self, id: i64) -> Option<Arc<VisitRows>> {
        let number = id.div_euclid(BUCKET_VISITS);
        let bucket = self.buckets.get_mut(&number)?;
        let rows = bucket.visits.remove(&id)?;
        bucket.chunk = None;
        if bucket.visits.is_empty() {
            self.buckets.remove(&number);
        }
        self.len -= 1;
        self.changed.remove(&id);
        self.removed.insert(id);
        Some(rows)
    }

    pub fn len(&self) -> usize {
        self.len
    }

    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// All open visits in order of their numbers.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<VisitRows>> {
        self.buckets
            .values()
            .flat_map(|bucket| bucket.visits.values())
    }

    /// The visits as chunks of a view. Only buckets that changed are put together again.
    pub fn chunks(&mut self) -> Vec<Arc<dyn Chunk>> {
        let made = &mut self.chunks_made;
        let chunk = |bucket: &mut Bucket| -> Arc<dyn Chunk> {
            let visits = &bucket.visits;
            let chunk = bucket.chunk.get_or_insert_with(|| {
                *made += 1;
                let id = ChunkId(FIRST_CHUNK + *made);
                Arc::new(MemoryChunk::new(id, visits.values().cloned().collect()))
            });
            chunk.clone()
        };
        self.buckets.values_mut().map(chunk).collect()
    }

    /// Open visits that the last commit does not have as they are now.
    pub(crate) fn changed(&self) -> impl Iterator<Item = &Arc<VisitRows>> {
        self.changed.iter().filter_map(|id| self.get(*id))
    }

    /// Visits of the last commit that are not open any more.
    pub(crate) fn removed(&self) -> impl Iterator<Item = i64> {
        self.removed.iter().copied()
    }

    /// After a commit, which also sealed some visits.
    pub(crate) fn committed(&mut self, sealed: &[i64]) {
        for id in sealed {
            self.remove(*id);
        }
        self.changed.clear();
        self.removed.clear();
    }
}

#[cfg(test)]
mod tests {
    use catalog::columns::TableId;

    use super::*;

    fn rows(id: i64, site: i64) -> Arc<VisitRows> {
        let mut row = vec![0; visit::COUNT];
        row[visit::ID] = id;
        row[visit::SITE] = site;
        Arc::new(VisitRows {
            visit: row.into(),
            ..VisitRows::default()
        })
    }

    #[test]
    fn only_changed_buckets_get_new_chunks() {
        let mut hot = HotVisits::default();
        for id in 1..5000 {
            hot.put(rows(id, 1));
        }
        let ids = |hot: &mut HotVisits| -> Vec<ChunkId> {
            hot.chunks().iter().map(|chunk| chunk.id()).collect()
        };
        let before = ids(&mut hot);
        assert_eq!(before, ids(&mut hot), "nothing changed");
        hot.put(rows(2500, 2));
        let after = ids(&mut hot);
        assert_eq!((before[0], before[2]), (after[0], after[2]));
        assert_ne!(before[1], after[1]);
        let visits: usize = hot
            .chunks()
            .iter()
            .map(|chunk| chunk.rows(TableId::Visits))
            .sum();
        assert_eq!((visits, hot.len()), (4999, 4999));
    }

    #[test]
    fn a_commit_forgets_what_changed() {
        let mut hot = HotVisits::restored(vec![VisitRows::clone(&rows(1, 1))]);
        assert_eq!(hot.changed().count(), 0);
        hot.put(rows(2, 1));
        hot.put(rows(3, 1));
        hot.remove(1);
        assert_eq!(hot.changed().count(), 2);
        assert_eq!(hot.removed().collect::<Vec<_>>(), [1]);
        hot.committed(&[2]);
        assert_eq!(hot.changed().count() + hot.removed().count(), 0);
        assert_eq!((hot.len(), hot.get(2).is_none()), (1, true));
    }
}
