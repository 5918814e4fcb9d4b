use hashbrown::HashTable;

/// Pairs from where on they are dealt to parts, each of which fits the processor's cache.
const MANY_PAIRS: usize = 1 << 16;
const PARTS: usize = 64;
/// Pairs from where on repeated ones are thrown out while counting goes on.
const TIDY_PAIRS: usize = 4 << 20;

#[derive(Clone, Copy, PartialEq, Eq)]
struct Pair {
    value: i64,
    group: u32,
}

impl Pair {
    /// The seed is random, so that hostile values cannot be chosen to collide.
    fn hash(self, seed: u64) -> u64 {
        let mixed = (self.value as u64 ^ seed)
            .wrapping_add(u64::from(self.group).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let wide = u128::from(mixed) * 0x9fb2_1c65_1e98_df25;
        (wide >> 64) as u64 ^ wide as u64
    }
}

/// Exact numbers of distinct values by group: pairs of group and value are collected, and equal ones
/// thrown out at the end, part by part.
pub struct Distinct {
    /// One part, or `PARTS` by hash.
    parts: Vec<Vec<Pair>>,
    len: usize,
    /// Length after the last time repeated pairs were thrown out.
    unique_pairs: usize,
    last: Option<Pair>,
    seed: u64,
}

impl Distinct {
    pub fn new() -> Distinct {
        Distinct {
            parts: vec![Vec::new()],
            len: 0,
            unique_pairs: 0,
            last: None,
            seed: ahash::RandomState::new().hash_one(0),
        }
    }

    pub fn add(&mut self, group: u32, value: i64) {
        let pair = Pair { value, group };
        if self.last == Some(pair) {
            return;
        }
        self.last = Some(pair);
        self.len += 1;
        if self.parts.len() == 1 {
            self.parts[0].push(pair);
            if self.len >= MANY_PAIRS {
                self.deal();
            }
        } else {
            self.parts[part_of(pair, self.seed)].push(pair);
        }
    }

    /// To be called now and then, so that memory stays near what the distinct pairs need.
    pub fn tidy(&mut self) {
        if self.len > TIDY_PAIRS.max(self.unique_pairs * 2) {
            for part in &mut self.parts {
                keep_unique(part, self.seed);
            }
            self.len = self.parts.iter().map(Vec::len).sum();
            self.unique_pairs = self.len;
        }
    }

    /// Adds another's values; `group_of` says which group here each of its groups is.
    pub fn merge(&mut self, other: Distinct, group_of: &[u32]) {
        for pair in other.parts.into_iter().flatten() {
            self.add(group_of[pair.group as usize], pair.value);
        }
    }

    /// The number of distinct values of each group, counted by so many threads if there are many.
    pub fn counts(self, groups: usize, threads: usize) -> Vec<u32> {
        let threads = if self.len < MANY_PAIRS * 4 {
            1
        } else {
            threads
        };
        let seed = self.seed;
        let mut shares: Vec<Vec<Vec<Pair>>> = (0..threads.max(1)).map(|_| Vec::new()).collect();
        for (at, part) in self.parts.into_iter().enumerate() {
            shares[at % threads.max(1)].push(part);
        }
        let count = |parts: Vec<Vec<Pair>>| {
            let mut counts = vec![0u32; groups];
            for mut part in parts {
                keep_unique(&mut part, seed);
                for pair in &part {
                    counts[pair.group as usize] += 1;
                }
            }
            counts
        };
        let count = &count;
        std::thread::scope(|scope| {
            let first = shares.pop().unwrap_or_default();
            let others: Vec<_> = shares
                .into_iter()
                .map(|parts| scope.spawn(move || count(parts)))
                .collect();
            let mut counts = count(first);
            for other in others {
                let other = super::prepare::joined(other);
                for (count, more) in counts.iter_mut().zip(other) {
                    *count += more;
                }
            }
            counts
        })
    }

    pub fn size_bytes(&self) -> usize {
        let capacity: usize = self.parts.iter().map(Vec::capacity).sum();
        capacity * size_of::<Pair>()
    }

    fn deal(&mut self) {
        let mut whole = std::mem::take(&mut self.parts).pop().unwrap_or_default();
        keep_unique(&mut whole, self.seed);
        self.len = whole.len();
        if self.len * 2 < MANY_PAIRS {
            // Few distinct pairs: one part will do for longer.
            self.parts = vec![whole];
            return;
        }
        self.parts = (0..PARTS).map(|_| Vec::new()).collect();
        for pair in whole {
            self.parts[part_of(pair, self.seed)].push(pair);
        }
    }
}

fn part_of(pair: Pair, seed: u64) -> usize {
    // The table of a part uses the other bits.
    (pair.hash(seed) >> 32) as usize % PARTS
}

/// Throws repeated pairs out.
fn keep_unique(pairs: &mut Vec<Pair>, seed: u64) {
    if pairs.len() < 64 {
        pairs.sort_unstable_by_key(|pair| (pair.group, pair.value));
        pairs.dedup();
        return;
    }
    let mut met: HashTable<u32> = HashTable::with_capacity(pairs.len());
    let mut kept = 0;
    for at in 0..pairs.len() {
        let pair = pairs[at];
        let hash = pair.hash(seed);
        if met
            .find(hash, |other| pairs[*other as usize] == pair)
            .is_none()
        {
            met.insert_unique(hash, kept as u32, |other| pairs[*other as usize].hash(seed));
            pairs[kept] = pair;
            kept += 1;
        }
    }
    pairs.truncate(kept);
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn counts_equal_those_of_sets() {
        let mut state = 7u64;
        let mut random = move |below: u64| {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1);
            (state >> 33) % below
        };
        for (rows, groups, values) in [
            (0, 1, 1),
            (10, 3, 1000),
            (5000, 7, 50),
            (5000, 900, 4),
            (400_000, 100, 1_000_000),
            (400_000, 1, 10),
        ] {
            let mut whole = Distinct::new();
            let (mut first, mut second) = (Distinct::new(), Distinct::new());
            let mut sets = vec![HashSet::new(); groups];
            for row in 0..rows {
                let group = random(groups as u64) as u32;
                let value = random(values) as i64 - 10;
                sets[group as usize].insert(value);
                whole.add(group, value);
                // The second half numbers its groups backwards.
                match row < rows / 2 {
                    true => first.add(group, value),
                    false => second.add(groups as u32 - 1 - group, value),
                }
            }
            let expected: Vec<u32> = sets.iter().map(|set| set.len() as u32).collect();
            let backwards: Vec<u32> = (0..groups as u32).rev().collect();
            first.merge(second, &backwards);
            assert_eq!(whole.counts(groups, 2), expected);
            assert_eq!(first.counts(groups, 1), expected);
        }
    }

    #[test]
    fn memory_stays_near_what_is_distinct() {
        let mut distinct = Distinct::new();
        for row in 0..20_000_000i64 {
            distinct.add((row % 3) as u32, row % 500_000);
            if row % 4096 == 0 {
                distinct.tidy();
            }
        }
        assert!(
            distinct.size_bytes() < 250 << 20,
            "{}",
            distinct.size_bytes()
        );
        assert_eq!(distinct.counts(3, 2), [500_000; 3]);
    }
}
