//! Decoded columns of all segments, least recently used ones dropped first.

use std::sync::{Arc, Mutex, MutexGuard};

use ahash::AHashMap;
use query::Values;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ColumnKey {
    pub segment: u64,
    pub table: u8,
    pub column: u16,
}

/// A decoded column, or the first rows of each visit.
#[derive(Clone)]
pub enum Cached {
    Values(Values),
    Starts(Arc<[u32]>),
}

impl Cached {
    fn size_bytes(&self) -> usize {
        match self {
            Cached::Values(values) => values.size_bytes(),
            Cached::Starts(starts) => starts.len() * 4,
        }
    }
}

/// Columns up to a number of bytes, shared by all segments of a store.
pub struct ColumnCache {
    max_bytes: usize,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    columns: AHashMap<ColumnKey, (Cached, u64)>,
    bytes: usize,
    clock: u64,
}

impl ColumnCache {
    pub fn new(max_bytes: usize) -> ColumnCache {
        ColumnCache {
            max_bytes,
            kept: Mutex::default(),
        }
    }

    pub fn get(&self, key: ColumnKey) -> Option<Cached> {
        let mut kept = self.lock();
        kept.clock += 1;
        let now = kept.clock;
        let (column, used) = kept.columns.get_mut(&key)?;
        *used = now;
        Some(column.clone())
    }

    pub fn put(&self, key: ColumnKey, column: Cached) {
        let size = column.size_bytes();
        // One huge column must not push everything else out.
        if size > self.max_bytes / 2 {
            return;
        }
        let mut kept = self.lock();
        kept.clock += 1;
        let now = kept.clock;
        if kept.columns.insert(key, (column, now)).is_none() {
            kept.bytes += size;
        }
        if kept.bytes > self.max_bytes {
            kept.shrink_to(self.max_bytes / 8 * 7);
        }
    }

    /// Drops the columns of a segment that is gone.
    pub fn forget(&self, segment: u64) {
        let mut kept = self.lock();
        kept.columns.retain(|key, _| key.segment != segment);
        let sizes = kept.columns.values().map(|(column, _)| column.size_bytes());
        kept.bytes = sizes.sum();
    }

    pub fn size_bytes(&self) -> usize {
        self.lock().bytes
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

impl Kept {
    fn shrink_to(&mut self, max_bytes: usize) {
        let mut oldest: Vec<(u64, ColumnKey)> = self
            .columns
            .iter()
            .map(|(key, (_, used))| (*used, *key))
            .collect();
        oldest.sort_unstable_by_key(|(used, _)| *used);
        for (_, key) in oldest {
            if self.bytes <= max_bytes {
                return;
            }
            if let Some((column, _)) = self.columns.remove(&key) {
                self.bytes = self.bytes.saturating_sub(column.size_bytes());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(column: u16) -> ColumnKey {
        ColumnKey {
            segment: u64::from(column % 2),
            table: 0,
            column,
        }
    }

    #[test]
    fn the_least_recently_used_columns_go_first() {
        let column = || Cached::Starts(vec![0; 250].into());
        let cache = ColumnCache::new(4000);
        for number in 0..4 {
            cache.put(key(number), column());
        }
        assert!(cache.get(key(0)).is_some());
        cache.put(key(4), column());
        assert!(cache.size_bytes() <= 4000);
        assert!(cache.get(key(0)).is_some(), "used a moment ago");
        assert!(cache.get(key(1)).is_none(), "used longest ago");
        assert!(cache.get(key(4)).is_some());
        cache.put(key(5), Cached::Starts(vec![0; 2000].into()));
        assert!(cache.get(key(5)).is_none(), "too large for all of it");
        cache.forget(0);
        assert!(cache.get(key(0)).is_none());
    }
}
