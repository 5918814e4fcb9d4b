//! What became of the lines of a log.

use std::collections::BTreeMap;

/// Counts by reason, in words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub lines: u64,
    pub recorded: u64,
    skipped: BTreeMap<&'static str, u64>,
}

impl Counts {
    pub fn skip(&mut self, reason: &'static str) {
        self.skip_many(reason, 1);
    }

    pub fn skip_many(&mut self, reason: &'static str, count: u64) {
        if count > 0 {
            *self.skipped.entry(reason).or_default() += count;
        }
    }

    /// How many were left out for a reason.
    #[cfg(test)]
    pub fn of(&self, reason: &str) -> u64 {
        self.skipped.get(reason).copied().unwrap_or(0)
    }

    pub fn add(&mut self, other: &Counts) {
        self.lines += other.lines;
        self.recorded += other.recorded;
        for (reason, count) in &other.skipped {
            self.skip_many(reason, *count);
        }
    }

    /// What was left out and why, the most frequent first.
    pub fn reasons(&self) -> String {
        let mut reasons: Vec<(&&str, &u64)> = self.skipped.iter().collect();
        reasons.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
        let line = |(reason, count): (&&str, &u64)| format!("{count:>12}  {reason}\n");
        reasons.into_iter().map(line).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_added_up_and_sorted() {
        let mut sum = Counts::default();
        for (reason, count) in [("robots", 2), ("errors", 5), ("robots", 1), ("never", 0)] {
            let mut counts = Counts {
                lines: count,
                recorded: 1,
                ..Counts::default()
            };
            counts.skip_many(reason, count);
            sum.add(&counts);
        }
        assert_eq!((sum.lines, sum.recorded, sum.of("robots")), (8, 4, 3));
        assert_eq!(
            sum.reasons(),
            "           5  errors\n           3  robots\n"
        );
    }
}
