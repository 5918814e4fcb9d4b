//! A bounded store of what was detected lately.

use super::Device;
use super::hints::ClientHints;
use ahash::RandomState;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Number of parts with a lock each.
const SHARDS: usize = 16;

/// Identifies user agent and hints. Two seeded hashes: nobody can make two requests collide on
/// purpose, and 128 bits do not collide by chance.
pub type Key = (u64, u64);

/// Keeps about the most recently used results: when the young generation is full it becomes the
/// old one, and what is asked for again moves back to the young.
pub struct Cache {
    states: [RandomState; 2],
    shards: Vec<Mutex<Generations>>,
    young_limit: usize,
}

#[derive(Default)]
struct Generations {
    young: HashMap<Key, Arc<Device>, RandomState>,
    old: HashMap<Key, Arc<Device>, RandomState>,
}

impl Cache {
    /// A store for about this many results; with 0 nothing is kept.
    pub fn new(entries: usize) -> Cache {
        Cache {
            states: [RandomState::new(), RandomState::new()],
            shards: (0..SHARDS).map(|_| Mutex::default()).collect(),
            young_limit: entries.div_ceil(SHARDS * 2),
        }
    }

    /// The key of a request.
    pub fn key(&self, user_agent: &str, hints: &ClientHints) -> Key {
        let hash = |state: &RandomState| state.hash_one((user_agent, hints));
        (hash(&self.states[0]), hash(&self.states[1]))
    }

    fn shard(&self, key: Key) -> std::sync::MutexGuard<'_, Generations> {
        let number = key.0 as usize % SHARDS;
        self.shards[number]
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// The result for a key.
    pub fn get(&self, key: Key) -> Option<Arc<Device>> {
        let mut shard = self.shard(key);
        if let Some(device) = shard.young.get(&key) {
            return Some(Arc::clone(device));
        }
        let device = shard.old.remove(&key)?;
        shard.insert(key, Arc::clone(&device), self.young_limit);
        Some(device)
    }

    /// Keeps a result.
    pub fn insert(&self, key: Key, device: Arc<Device>) {
        if self.young_limit > 0 {
            self.shard(key).insert(key, device, self.young_limit);
        }
    }
}

impl Generations {
    fn insert(&mut self, key: Key, device: Arc<Device>, limit: usize) {
        if self.young.len() >= limit {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(key, device);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stays_within_its_bounds() {
        let cache = Cache::new(64);
        let none = ClientHints::default();
        let keep = cache.key("keep", &none);
        cache.insert(keep, Arc::default());
        for number in 0..10_000 {
            assert!(cache.get(keep).is_some(), "lost after {number}");
            cache.insert(cache.key(&number.to_string(), &none), Arc::default());
        }
        let kept: usize = cache
            .shards
            .iter()
            .map(|shard| {
                let shard = shard.lock().unwrap();
                shard.young.len() + shard.old.len()
            })
            .sum();
        assert!(kept <= 64, "{kept}");
    }

    #[test]
    fn hints_are_part_of_the_key() {
        let cache = Cache::new(64);
        let with_model = ClientHints {
            model: "X".to_owned(),
            ..ClientHints::default()
        };
        assert_ne!(
            cache.key("a", &ClientHints::default()),
            cache.key("a", &with_model)
        );
    }
}
