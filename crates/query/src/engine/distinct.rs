use hashbrown::HashTable;

/// Pairs from where on repeated ones are thrown out while counting goes on.
const MANY_PAIRS: usize = 4 << 20;
const NEVER: u32 = u32::MAX;

/// Exact numbers of distinct values by group. Values get dense numbers; pairs of group and number are
/// collected and counted once at the end.
pub struct Distinct {
    /// Values are small numbers already.
    dense: bool,
    numbers: HashTable<u32>,
    values: Vec<i64>,
    largest: u32,
    hasher: ahash::RandomState,
    /// group << 32 | number
    pairs: Vec<u64>,
    /// Length after the last time repeated pairs were thrown out.
    unique_pairs: usize,
    last: Option<(i64, u32)>,
}

impl Distinct {
    /// `dense`: the values are numbers of texts, which are small.
    pub fn new(dense: bool) -> Distinct {
        Distinct {
            dense,
            numbers: HashTable::new(),
            values: Vec::new(),
            largest: 0,
            hasher: ahash::RandomState::new(),
            pairs: Vec::new(),
            unique_pairs: 0,
            last: None,
        }
    }

    pub fn add(&mut self, group: u32, value: i64) {
        let number = self.number(value);
        let pair = u64::from(group) << 32 | u64::from(number);
        if self.pairs.last() != Some(&pair) {
            self.pairs.push(pair);
        }
    }

    /// To be called now and then, so that memory stays near what the distinct pairs need.
    pub fn tidy(&mut self, groups: usize) {
        if self.pairs.len() > MANY_PAIRS.max(self.unique_pairs * 2) {
            self.unique(groups);
        }
    }

    /// Adds another's values; `group_of` says which group here each of its groups is.
    pub fn merge(&mut self, other: Distinct, group_of: &[u32]) {
        let same_numbers = self.dense;
        let number_of: Vec<u32> = other
            .values
            .iter()
            .map(|value| self.number(*value))
            .collect();
        self.largest = self.largest.max(other.largest);
        self.pairs.extend(other.pairs.into_iter().map(|pair| {
            let (group, number) = ((pair >> 32) as usize, pair as u32);
            let number = if same_numbers {
                number
            } else {
                number_of[number as usize]
            };
            u64::from(group_of[group]) << 32 | u64::from(number)
        }));
    }

    /// The number of distinct values of each group.
    pub fn counts(mut self, groups: usize) -> Vec<u32> {
        self.unique(groups);
        let mut counts = vec![0; groups];
        for pair in &self.pairs {
            counts[(pair >> 32) as usize] += 1;
        }
        counts
    }

    pub fn size_bytes(&self) -> usize {
        self.pairs.capacity() * 8 + self.values.capacity() * 8 + self.numbers.capacity() * 5
    }

    fn number(&mut self, value: i64) -> u32 {
        if let Some((last, number)) = self.last
            && last == value
        {
            return number;
        }
        let number = if self.dense {
            value as u32
        } else {
            self.given_number(value)
        };
        self.largest = self.largest.max(number);
        self.last = Some((value, number));
        number
    }

    fn given_number(&mut self, value: i64) -> u32 {
        let (values, hasher) = (&mut self.values, &self.hasher);
        let hash = hasher.hash_one(value);
        if let Some(number) = self
            .numbers
            .find(hash, |number| values[*number as usize] == value)
        {
            return *number;
        }
        let number = values.len() as u32;
        values.push(value);
        self.numbers.insert_unique(hash, number, |number| {
            hasher.hash_one(values[*number as usize])
        });
        number
    }

    /// Throws repeated pairs out: pairs are dealt to their groups, then each group marks the numbers it
    /// has met. Linear in the pairs.
    fn unique(&mut self, groups: usize) {
        let numbers = self.largest as usize + 1;
        if self.pairs.len() < (numbers + groups) / 16 {
            self.pairs.sort_unstable();
            self.pairs.dedup();
            self.unique_pairs = self.pairs.len();
            return;
        }
        let mut next = vec![0usize; groups + 1];
        for pair in &self.pairs {
            next[(pair >> 32) as usize + 1] += 1;
        }
        for group in 0..groups {
            next[group + 1] += next[group];
        }
        let ends: Vec<usize> = next[1..].to_vec();
        let mut dealt = vec![0u32; self.pairs.len()];
        for pair in &self.pairs {
            let at = &mut next[(pair >> 32) as usize];
            dealt[*at] = *pair as u32;
            *at += 1;
        }
        self.pairs.clear();
        let mut met_by = vec![NEVER; numbers];
        let mut from = 0;
        for (group, end) in ends.into_iter().enumerate() {
            for number in &dealt[from..end] {
                let met = &mut met_by[*number as usize];
                if *met != group as u32 {
                    *met = group as u32;
                    self.pairs.push((group as u64) << 32 | u64::from(*number));
                }
            }
            from = end;
        }
        self.unique_pairs = self.pairs.len();
    }
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
        for (rows, groups, values) in [(0, 1, 1), (10, 3, 1000), (5000, 7, 50), (5000, 900, 4)] {
            for dense in [false, true] {
                let mut whole = Distinct::new(dense);
                let (mut first, mut second) = (Distinct::new(dense), Distinct::new(dense));
                let mut sets = vec![HashSet::new(); groups];
                for row in 0..rows {
                    let group = random(groups as u64) as u32;
                    let value = random(values) as i64 - if dense { 0 } else { 10 };
                    sets[group as usize].insert(value);
                    whole.add(group, value);
                    if row % 100 == 0 {
                        whole.unique(groups);
                    }
                    // The second half numbers its groups backwards.
                    match row < rows / 2 {
                        true => first.add(group, value),
                        false => second.add(groups as u32 - 1 - group, value),
                    }
                }
                let expected: Vec<u32> = sets.iter().map(|set| set.len() as u32).collect();
                assert_eq!(whole.counts(groups), expected);
                let backwards: Vec<u32> = (0..groups as u32).rev().collect();
                first.merge(second, &backwards);
                assert_eq!(first.counts(groups), expected);
            }
        }
    }
}
