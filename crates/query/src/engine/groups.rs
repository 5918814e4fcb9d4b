use hashbrown::HashTable;

/// Keys below this are looked up in a plain vector: numbers of texts, days, hours.
const SMALL_KEYS: i64 = 1 << 22;
const NOBODY: u32 = u32::MAX;

/// Numbers groups by their keys, in order of first appearance.
pub struct Groups {
    key_count: usize,
    /// `key_count` numbers a group.
    keys: Vec<i64>,
    len: usize,
    /// Groups of a single small key.
    small: Vec<u32>,
    others: HashTable<u32>,
    hasher: ahash::RandomState,
    last: Option<(i64, u32)>,
}

impl Groups {
    pub fn new(key_count: usize) -> Groups {
        Groups {
            key_count,
            keys: Vec::new(),
            len: 0,
            small: Vec::new(),
            others: HashTable::new(),
            hasher: ahash::RandomState::new(),
            last: None,
        }
    }

    pub fn len(&self) -> usize {
        self.len
    }

    pub fn key(&self, group: usize) -> &[i64] {
        &self.keys[group * self.key_count..(group + 1) * self.key_count]
    }

    pub fn into_keys(self) -> Vec<i64> {
        self.keys
    }

    pub fn size_bytes(&self) -> usize {
        self.keys.capacity() * 8 + self.small.capacity() * 4 + self.others.capacity() * 5
    }

    /// The groups of a block of rows; `columns` are their keys.
    pub fn assign(&mut self, columns: &[Vec<i64>], rows: usize, into: &mut Vec<u32>) {
        into.clear();
        match columns {
            [] => {
                if rows > 0 && self.len == 0 {
                    self.len = 1;
                }
                into.resize(rows, 0);
            }
            [column] => into.extend(column.iter().map(|key| self.single(*key))),
            columns => {
                let mut key = vec![0; columns.len()];
                for row in 0..rows {
                    for (part, column) in key.iter_mut().zip(columns) {
                        *part = column[row];
                    }
                    let same = row > 0 && columns.iter().all(|keys| keys[row] == keys[row - 1]);
                    let group = match into.last() {
                        Some(last) if same => *last,
                        _ => self.composed(&key),
                    };
                    into.push(group);
                }
            }
        }
    }

    /// The group of a whole key.
    pub fn of(&mut self, key: &[i64]) -> u32 {
        match key {
            [] => {
                self.len = 1;
                0
            }
            [key] => self.single(*key),
            key => self.composed(key),
        }
    }

    fn single(&mut self, key: i64) -> u32 {
        if let Some((last, group)) = self.last
            && last == key
        {
            return group;
        }
        let group = if (0..SMALL_KEYS).contains(&key) {
            self.small_key(key)
        } else {
            self.composed(&[key])
        };
        self.last = Some((key, group));
        group
    }

    fn small_key(&mut self, key: i64) -> u32 {
        let at = key as usize;
        if at >= self.small.len() {
            let size = (at + 1).next_power_of_two().max(64);
            self.small.resize(size, NOBODY);
        }
        if self.small[at] == NOBODY {
            self.small[at] = self.add(&[key]);
        }
        self.small[at]
    }

    fn composed(&mut self, key: &[i64]) -> u32 {
        let hash = self.hasher.hash_one(key);
        let (keys, count, hasher) = (&self.keys, self.key_count, &self.hasher);
        let key_of = |group: u32| &keys[group as usize * count..(group as usize + 1) * count];
        if let Some(group) = self.others.find(hash, |group| key_of(*group) == key) {
            return *group;
        }
        let group = self.len as u32;
        self.others
            .insert_unique(hash, group, |group| hasher.hash_one(key_of(*group)));
        self.add(key)
    }

    fn add(&mut self, key: &[i64]) -> u32 {
        let group = self.len as u32;
        self.keys.extend_from_slice(key);
        self.len += 1;
        group
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_keys_share_a_group_in_order_of_appearance() {
        let mut groups = Groups::new(1);
        let mut assigned = Vec::new();
        let column = vec![5, -1, 5, 1 << 40, -1, 0, SMALL_KEYS, SMALL_KEYS - 1, 5];
        groups.assign(&[column], 9, &mut assigned);
        assert_eq!(assigned, [0, 1, 0, 2, 1, 3, 4, 5, 0]);
        assert_eq!(groups.key(2), [1 << 40]);
    }

    #[test]
    fn composed_keys_differ_in_any_part() {
        let mut groups = Groups::new(2);
        let mut assigned = Vec::new();
        let columns = [vec![1, 1, 2, 1, 1, 2], vec![7, 7, 7, 8, 7, 7]];
        groups.assign(&columns, 6, &mut assigned);
        assert_eq!(assigned, [0, 0, 1, 2, 0, 1]);
        assert_eq!(groups.of(&[1, 8]), 2);
        assert_eq!(groups.len(), 3);
    }

    #[test]
    fn without_keys_all_rows_are_one_group() {
        let mut groups = Groups::new(0);
        let mut assigned = Vec::new();
        groups.assign(&[], 0, &mut assigned);
        assert_eq!(groups.len(), 0);
        groups.assign(&[], 3, &mut assigned);
        assert_eq!((groups.len(), assigned.len()), (1, 3));
    }
}
