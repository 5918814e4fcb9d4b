use std::ops::Range;
use std::sync::{Arc, Mutex};

use ahash::AHashMap;

use super::bits::Bits;
use crate::view::ChunkId;

/// What a selection depends on. Dead visits are not part of it: they are taken away afterwards.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FilterKey {
    pub chunk: ChunkId,
    /// The whole filter as text: equal texts mean equal filters.
    pub filter: Arc<str>,
    /// The period that finer tables are limited to; `None` where it takes nothing away.
    pub period: Option<(i64, i64)>,
    /// The places looked at.
    pub places: Vec<Range<usize>>,
}

/// Which visits a filter selects in a chunk, kept for chunks that do not change. Shared by all views of
/// a store; least recently used selections go first.
pub struct FilterCache {
    max_bytes: usize,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    selections: AHashMap<FilterKey, (Arc<Bits>, u64)>,
    bytes: usize,
    clock: u64,
}

impl Default for FilterCache {
    fn default() -> FilterCache {
        FilterCache::new(16 << 20)
    }
}

impl FilterCache {
    pub fn new(max_bytes: usize) -> FilterCache {
        FilterCache {
            max_bytes,
            kept: Mutex::default(),
        }
    }

    pub(crate) fn get(&self, key: &FilterKey) -> Option<Arc<Bits>> {
        let mut kept = self.lock();
        kept.clock += 1;
        let now = kept.clock;
        let (bits, used) = kept.selections.get_mut(key)?;
        *used = now;
        Some(bits.clone())
    }

    pub(crate) fn put(&self, key: FilterKey, bits: Arc<Bits>) {
        let size = cost(&key, &bits);
        if size > self.max_bytes / 4 {
            return;
        }
        let mut kept = self.lock();
        kept.clock += 1;
        let now = kept.clock;
        if kept.selections.insert(key, (bits, now)).is_none() {
            kept.bytes += size;
        }
        if kept.bytes > self.max_bytes {
            kept.drop_older_half();
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Kept> {
        self.kept
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

impl Kept {
    fn drop_older_half(&mut self) {
        let mut used: Vec<u64> = self.selections.values().map(|(_, used)| *used).collect();
        used.sort_unstable();
        let oldest_kept = used.get(used.len() / 2).copied().unwrap_or(0);
        self.selections.retain(|_, (_, used)| *used > oldest_kept);
        let costs = self
            .selections
            .iter()
            .map(|(key, (bits, _))| cost(key, bits));
        self.bytes = costs.sum();
    }
}

fn cost(key: &FilterKey, bits: &Bits) -> usize {
    bits.size_bytes() + key.filter.len() + key.places.len() * 16 + 128
}
