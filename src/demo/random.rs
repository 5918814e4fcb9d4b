//! Chance that is the same every time.

/// Random numbers of a seed (SplitMix64).
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// The numbers of one person or day: they do not depend on what was drawn before.
    pub fn of(seed: u64, number: u64) -> Random {
        let mut random = Random(seed ^ number.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        random.next();
        random
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A whole number from 0 up to, but without, `end`; 0 where there is none.
    pub fn below(&mut self, end: u64) -> u64 {
        self.next().checked_rem(end).unwrap_or(0)
    }

    /// From 0 up to, but without, 1.
    pub fn part(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    pub fn chance(&mut self, probability: f64) -> bool {
        self.part() < probability
    }

    pub fn pick<'a, T>(&mut self, choices: &'a [T]) -> &'a T {
        &choices[self.below(choices.len() as u64) as usize]
    }

    /// One of these, more often where its weight is larger.
    pub fn weighted<'a, T>(&mut self, choices: &'a [(u32, T)]) -> &'a T {
        let sum: u64 = choices.iter().map(|(weight, _)| u64::from(*weight)).sum();
        let mut left = self.below(sum);
        for (weight, choice) in choices {
            match left.checked_sub(u64::from(*weight)) {
                Some(rest) => left = rest,
                None => return choice,
            }
        }
        &choices[0].1
    }

    /// Around a middle, with a long tail above it.
    pub fn around(&mut self, middle: f64) -> f64 {
        let even = self.part() + self.part() + self.part() - 1.5;
        middle * (even * 0.9).exp()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_says_everything() {
        let numbers = |seed| {
            let mut random = Random::of(seed, 0);
            [random.next(), random.below(10), random.next()]
        };
        assert_eq!(numbers(1), numbers(1));
        assert_ne!(numbers(1), numbers(2));
    }

    #[test]
    fn weights_and_middles_are_kept() {
        let mut random = Random::of(7, 0);
        let choices = [(1, "seldom"), (9, "often")];
        let often = (0..10_000).filter(|_| *random.weighted(&choices) == "often");
        assert!((8_700..9_300).contains(&often.count()));
        let sum: f64 = (0..10_000).map(|_| random.around(100.0)).sum();
        assert!((90.0..130.0).contains(&(sum / 10_000.0)), "{sum}");
        assert_eq!(random.below(0), 0);
    }
}
