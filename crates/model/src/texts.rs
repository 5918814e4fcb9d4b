use std::hash::{BuildHasher, Hash, Hasher};
use std::sync::RwLock;

use hashbrown::HashTable;

/// The dictionary of texts: each distinct (kind, text) has one number, given in order of first placing,
/// from 1; 0 stands for no text. Numbers never change, so stored rows hold numbers only.
///
/// One writer adds, many readers look up without waiting for it.
pub struct Texts {
    entries: boxcar::Vec<Entry>,
    numbers: RwLock<HashTable<u32>>,
    hasher: ahash::RandomState,
}

/// One text of the dictionary.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// What the text is: one of `catalog::columns::kind`, 0 in the dictionary of plain texts.
    pub kind: u8,
    /// How a page's address began: 0 `http://`, 1 `http://www.`, 2 `https://`, 3 `https://www.`;
    /// -1 otherwise. Fixed when the text is first seen, and no part of its identity.
    pub prefix: i8,
    pub text: Box<str>,
}

impl Default for Texts {
    fn default() -> Texts {
        Texts {
            entries: boxcar::Vec::new(),
            numbers: RwLock::new(HashTable::new()),
            hasher: ahash::RandomState::new(),
        }
    }
}

impl Texts {
    /// The text's number, given now if it has none. The empty plain text is 0.
    pub fn intern(&self, kind: u8, text: &str, prefix: i8) -> i64 {
        if kind == 0 && text.is_empty() {
            return 0;
        }
        if let Some(number) = self.find(kind, text) {
            return number;
        }
        let hash = self.hash(kind, text);
        let mut numbers = self
            .numbers
            .write()
            .unwrap_or_else(|poisoned| poisoned.into_inner());
        let same = |number: &u32| self.is(*number, kind, text);
        if let Some(number) = numbers.find(hash, same) {
            return i64::from(*number);
        }
        let index = self.entries.push(Entry {
            kind,
            prefix,
            text: text.into(),
        });
        let number = u32::try_from(index + 1).unwrap_or(u32::MAX);
        numbers.insert_unique(hash, number, |number| self.hash_of(*number));
        i64::from(number)
    }

    pub fn find(&self, kind: u8, text: &str) -> Option<i64> {
        if kind == 0 && text.is_empty() {
            return Some(0);
        }
        let numbers = self
            .numbers
            .read()
            .unwrap_or_else(|poisoned| poisoned.into_inner());
        let hash = self.hash(kind, text);
        numbers
            .find(hash, |number| self.is(*number, kind, text))
            .map(|number| i64::from(*number))
    }

    pub fn get(&self, number: i64) -> Option<&Entry> {
        let index = usize::try_from(number).ok()?.checked_sub(1)?;
        self.entries.get(index)
    }

    /// The text, empty where the number stands for none.
    pub fn text(&self, number: i64) -> &str {
        self.get(number).map_or("", |entry| &entry.text)
    }

    /// How many texts there are; the numbers in use are `1..=len`.
    pub fn len(&self) -> usize {
        self.entries.count()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn is(&self, number: u32, kind: u8, text: &str) -> bool {
        self.get(i64::from(number))
            .is_some_and(|entry| entry.kind == kind && &*entry.text == text)
    }

    fn hash_of(&self, number: u32) -> u64 {
        self.get(i64::from(number))
            .map_or(0, |entry| self.hash(entry.kind, &entry.text))
    }

    fn hash(&self, kind: u8, text: &str) -> u64 {
        let mut hasher = self.hasher.build_hasher();
        kind.hash(&mut hasher);
        text.hash(&mut hasher);
        hasher.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_keeps_its_number_and_its_first_prefix() {
        let texts = Texts::default();
        let home = texts.intern(1, "example.org/", 0);
        assert_eq!(
            texts.intern(4, "example.org/", -1),
            2,
            "another kind is another text"
        );
        assert_eq!(texts.intern(1, "example.org/", 2), home);
        assert_eq!(texts.get(home).map(|entry| entry.prefix), Some(0));
        assert_eq!(texts.find(1, "example.org/x"), None);
        assert_eq!(texts.len(), 2);
    }

    #[test]
    fn no_text_is_zero() {
        let texts = Texts::default();
        assert_eq!(texts.intern(0, "", -1), 0);
        assert_eq!(texts.text(0), "");
        assert_eq!(texts.text(-1), "");
        assert_eq!(texts.text(99), "");
        assert!(texts.is_empty());
    }
}
