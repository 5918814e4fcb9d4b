use std::ops::Range;

/// A set of small numbers, a bit each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bits {
    words: Vec<u64>,
    len: usize,
}

impl Bits {
    pub fn none(len: usize) -> Bits {
        Bits {
            words: vec![0; len.div_ceil(64)],
            len,
        }
    }

    /// The numbers of these ranges.
    pub fn of_ranges(len: usize, ranges: impl IntoIterator<Item = Range<usize>>) -> Bits {
        let mut bits = Bits::none(len);
        for range in ranges {
            bits.set_range(range);
        }
        bits
    }

    pub fn len(&self) -> usize {
        self.len
    }

    pub fn get(&self, at: usize) -> bool {
        self.words[at / 64] >> (at % 64) & 1 == 1
    }

    pub fn set(&mut self, at: usize) {
        self.words[at / 64] |= 1 << (at % 64);
    }

    pub fn unset(&mut self, at: usize) {
        self.words[at / 64] &= !(1 << (at % 64));
    }

    pub fn set_range(&mut self, range: Range<usize>) {
        let mut at = range.start;
        while at < range.end {
            let count = (range.end - at).min(64 - at % 64);
            let ones = u64::MAX >> (64 - count);
            self.words[at / 64] |= ones << (at % 64);
            at += count;
        }
    }

    pub fn and(&mut self, other: &Bits) {
        for (word, other) in self.words.iter_mut().zip(&other.words) {
            *word &= other;
        }
    }

    pub fn or(&mut self, other: &Bits) {
        for (word, other) in self.words.iter_mut().zip(&other.words) {
            *word |= other;
        }
    }

    /// Takes away what is in `other`.
    pub fn subtract(&mut self, other: &Bits) {
        self.subtract_words(&other.words);
    }

    pub fn subtract_words(&mut self, other: &[u64]) {
        for (word, other) in self.words.iter_mut().zip(other) {
            *word &= !other;
        }
    }

    /// Whether some number of the range is in the set.
    pub fn any_in(&self, range: Range<usize>) -> bool {
        let mut at = range.start;
        while at < range.end {
            let count = (range.end - at).min(64 - at % 64);
            let ones = (u64::MAX >> (64 - count)) << (at % 64);
            if self.words[at / 64] & ones != 0 {
                return true;
            }
            at += count;
        }
        false
    }

    pub fn is_empty(&self) -> bool {
        self.words.iter().all(|word| *word == 0)
    }

    pub fn size_bytes(&self) -> usize {
        self.words.len() * 8
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_of_every_alignment() {
        for (from, to) in [(0, 0), (0, 64), (3, 5), (60, 70), (1, 200), (128, 192)] {
            let bits = Bits::of_ranges(200, [from..to, 0..0]);
            for at in 0..200 {
                assert_eq!(bits.get(at), (from..to).contains(&at), "{from}..{to} {at}");
                assert_eq!(bits.any_in(at..at + 1), (from..to).contains(&at));
            }
            assert_eq!(bits.any_in(0..200), from < to);
            assert_eq!(bits.is_empty(), from == to);
        }
        assert!(!Bits::of_ranges(200, [64..128, 0..0]).any_in(0..64));
        assert!(!Bits::of_ranges(200, [64..128, 0..0]).any_in(128..200));
    }
}
