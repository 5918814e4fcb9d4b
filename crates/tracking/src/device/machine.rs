//! Matches the byte code of the device rules against a user agent.
//!
//! A backtracking matcher with Perl's order of preference. Each search may take a fixed number of
//! steps; a search that needs more is done again with a note of every (operation, place) pair
//! already tried, which makes its time linear in the length of the text: no user agent, however
//! hostile, can hold up tracking.

use super::compile::program::{HEADER_BYTES, SWITCH_CLASSES, UNLIMITED, op, switch_class};
use super::compile::syntax::ByteSet;
use super::subject::{Boundary, Subject};

/// Steps of a search before places are noted down.
const STEPS_BEFORE_NOTES: u32 = 20_000;
/// Steps of one look-around once places are noted down; one that needs more fails.
const LOOK_STEPS: u32 = 2_000;
/// Nested look-arounds beyond this fail.
const MAX_LOOK_DEPTH: u8 = 8;

/// Where the groups of an expression have matched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found<'t> {
    text: &'t str,
    slots: Vec<u32>,
}

const UNSET: u32 = u32::MAX;

impl<'t> Found<'t> {
    /// The text of a group; empty when it took no part.
    pub fn group(&self, number: usize) -> &'t str {
        let range = self.slots.get(number * 2..number * 2 + 2);
        match range {
            Some([start, end]) if *start != UNSET && *end != UNSET => self
                .text
                .get(*start as usize..*end as usize)
                .unwrap_or_default(),
            _ => "",
        }
    }

    /// One more than the number of the last group that took part.
    pub fn count(&self) -> usize {
        let groups = self.slots.len() / 2;
        (1..groups)
            .rev()
            .find(|number| self.slots[number * 2 + 1] != UNSET)
            .map_or(1, |number| number + 1)
    }
}

/// Byte code with the sets it refers to.
#[derive(Clone, Copy, Debug)]
pub struct Code<'c> {
    pub bytes: &'c [u8],
    pub sets: &'c [ByteSet],
}

/// Working memory that searches share, so that they allocate nothing.
#[derive(Default, Debug)]
pub struct Scratch {
    frames: Vec<Frame>,
    slots: Vec<u32>,
    notes: Vec<u64>,
}

#[derive(Clone, Copy, Debug)]
enum Frame {
    Branch {
        address: u32,
        at: u32,
    },
    Restore {
        slot: u32,
        value: u32,
    },
    /// Alternatives that are left of a switch.
    Chain {
        address: u32,
        left: u16,
        at: u32,
    },
    /// A greedy span that can give back bytes down to `least`.
    Span {
        address: u32,
        least: u32,
        at: u32,
    },
    /// A lazy span that can take more bytes up to `most`.
    SpanLazy {
        address: u32,
        most: u32,
        at: u32,
    },
}

impl<'c> Code<'c> {
    /// Whether the text matches the expression at this place of the code.
    pub fn is_match(
        &self,
        place: u32,
        subject: &Subject<'_>,
        boundary: Boundary,
        scratch: &mut Scratch,
    ) -> bool {
        self.search(place, subject, boundary, scratch)
    }

    /// Searches the text; gives the groups of the leftmost match.
    pub fn find<'t>(
        &self,
        place: u32,
        subject: &Subject<'t>,
        boundary: Boundary,
        scratch: &mut Scratch,
    ) -> Option<Found<'t>> {
        self.search(place, subject, boundary, scratch)
            .then(|| Found {
                text: subject.text(),
                slots: scratch.slots.clone(),
            })
    }

    fn search(
        &self,
        place: u32,
        subject: &Subject<'_>,
        boundary: Boundary,
        scratch: &mut Scratch,
    ) -> bool {
        let header = self.bytes.get(place as usize..).unwrap_or_default();
        let [
            first0,
            first1,
            groups,
            needs0,
            needs1,
            size0,
            size1,
            rest @ ..,
        ] = header
        else {
            return false;
        };
        debug_assert_eq!(header.len() - rest.len(), HEADER_BYTES);
        let needs_size = usize::from(u16::from_le_bytes([*needs0, *needs1]));
        let size = usize::from(u16::from_le_bytes([*size0, *size1]));
        let (Some(needs), Some(program)) = (
            rest.get(..needs_size),
            rest.get(needs_size..needs_size + size),
        ) else {
            return false;
        };
        if !subject.grams().fulfils(needs) {
            return false;
        }
        let first = self
            .sets
            .get(usize::from(u16::from_le_bytes([*first0, *first1])));
        let first = first.copied().unwrap_or(ByteSet::ALL);
        let anywhere: Vec<u32>;
        let starts = match boundary {
            Boundary::Rule => subject.rule_starts(),
            Boundary::Fragment => subject.fragment_starts(),
            Boundary::Anywhere => {
                anywhere = (0..=subject.lower().len() as u32).collect();
                &anywhere
            }
        };
        let mut run = Run {
            program,
            sets: self.sets,
            text: subject.lower(),
            scratch,
            steps_left: STEPS_BEFORE_NOTES,
            noting: false,
        };
        let slots = usize::from(*groups) * 2 + 2;
        run.first_match(starts, &first, slots)
    }
}

struct Run<'a> {
    program: &'a [u8],
    sets: &'a [ByteSet],
    text: &'a [u8],
    scratch: &'a mut Scratch,
    steps_left: u32,
    noting: bool,
}

/// What became of an attempt.
enum Attempt {
    Matched(u32),
    Failed,
    OutOfSteps,
}

impl Run<'_> {
    fn first_match(&mut self, starts: &[u32], first: &ByteSet, slots: usize) -> bool {
        let any_start = *first == ByteSet::ALL;
        for start in starts {
            let plausible = any_start
                || self
                    .text
                    .get(*start as usize)
                    .is_some_and(|byte| first.contains(*byte));
            if !plausible {
                continue;
            }
            if let Some(end) = self.attempt(*start, slots) {
                self.scratch.slots[0] = *start;
                self.scratch.slots[1] = end;
                return true;
            }
        }
        false
    }

    fn attempt(&mut self, start: u32, slots: usize) -> Option<u32> {
        loop {
            self.scratch.frames.clear();
            self.scratch.slots.clear();
            self.scratch.slots.resize(slots, UNSET);
            match self.run(0, start, 0) {
                Attempt::Matched(end) => return Some(end),
                Attempt::Failed => return None,
                // Once notes are taken, the number of steps is bounded by them.
                Attempt::OutOfSteps if self.noting => return None,
                Attempt::OutOfSteps => self.take_notes(),
            }
        }
    }

    fn take_notes(&mut self) {
        self.noting = true;
        let bits = self.program.len() * (self.text.len() + 1);
        self.scratch.notes.clear();
        self.scratch.notes.resize(bits / 64 + 1, 0);
    }

    /// Notes an (operation, place) pair; false when it has been tried before.
    fn note(&mut self, address: usize, at: u32) -> bool {
        let bit = address * (self.text.len() + 1) + at as usize;
        let Some(word) = self.scratch.notes.get_mut(bit / 64) else {
            return false;
        };
        let mask = 1 << (bit % 64);
        let fresh = *word & mask == 0;
        *word |= mask;
        fresh
    }

    fn byte(&self, address: usize) -> u8 {
        self.program.get(address).copied().unwrap_or(op::MATCH)
    }

    fn operand(&self, address: usize) -> u16 {
        u16::from_le_bytes([self.byte(address), self.byte(address + 1)])
    }

    fn set(&self, address: usize) -> ByteSet {
        let number = usize::from(self.operand(address));
        self.sets.get(number).copied().unwrap_or_default()
    }

    fn text_byte(&self, at: u32) -> Option<u8> {
        self.text.get(at as usize).copied()
    }

    /// Runs from an operation at a place of the text until the program matches or all is tried.
    fn run(&mut self, start_address: usize, start: u32, look_depth: u8) -> Attempt {
        let base = self.scratch.frames.len();
        let mut address = start_address;
        let mut at = start;
        loop {
            let step = self.step(address, at, look_depth);
            match step {
                Step::Go(next, place) => {
                    address = next;
                    at = place;
                }
                Step::Matched => {
                    self.scratch.frames.truncate(base);
                    return Attempt::Matched(at);
                }
                Step::OutOfSteps => return Attempt::OutOfSteps,
                Step::Fail => match self.backtrack(base) {
                    Some((next, place)) => {
                        address = next;
                        at = place;
                        if self.noting && !self.note(address, at) {
                            // Tried before without success: take the next frame.
                            let Some((next, place)) = self.next_fresh(base) else {
                                return Attempt::Failed;
                            };
                            address = next;
                            at = place;
                        }
                        if !self.noting {
                            self.steps_left = self.steps_left.saturating_sub(1);
                            if self.steps_left == 0 {
                                return Attempt::OutOfSteps;
                            }
                        }
                    }
                    None => return Attempt::Failed,
                },
            }
        }
    }

    fn next_fresh(&mut self, base: usize) -> Option<(usize, u32)> {
        loop {
            let (address, at) = self.backtrack(base)?;
            if self.note(address, at) {
                return Some((address, at));
            }
        }
    }

    fn backtrack(&mut self, base: usize) -> Option<(usize, u32)> {
        while self.scratch.frames.len() > base {
            match self.scratch.frames.pop()? {
                Frame::Branch { address, at } => return Some((address as usize, at)),
                Frame::Restore { slot, value } => {
                    if let Some(place) = self.scratch.slots.get_mut(slot as usize) {
                        *place = value;
                    }
                }
                Frame::Chain { address, left, at } => {
                    return self.next_of_chain(address as usize, left, at);
                }
                Frame::Span { address, least, at } => {
                    let Some(at) = self.give_back(address as usize, least, at) else {
                        continue;
                    };
                    if at > least {
                        self.scratch.frames.push(Frame::Span { address, least, at });
                    }
                    return Some((address as usize, at));
                }
                Frame::SpanLazy { address, most, at } => {
                    let at = at + 1;
                    if at < most {
                        self.scratch
                            .frames
                            .push(Frame::SpanLazy { address, most, at });
                    }
                    return Some((address as usize, at));
                }
            }
        }
        None
    }

    /// Goes to an alternative of a switch and notes that there are others.
    fn next_of_chain(&mut self, address: usize, left: u16, at: u32) -> Option<(usize, u32)> {
        let left = left.checked_sub(1)?;
        if left > 0 {
            let address = address as u32 + 2;
            self.scratch.frames.push(Frame::Chain { address, left, at });
        }
        Some((usize::from(self.operand(address)), at))
    }

    fn switch(&mut self, address: usize, at: u32) -> Step {
        let class = switch_class(self.text_byte(at));
        let chain = usize::from(self.byte(address + 1 + class));
        // After the classes stands the number of chains.
        let start = address + 1 + SWITCH_CLASSES + 1 + chain * 2;
        let chain = usize::from(self.operand(start));
        let length = self.operand(chain);
        match self.next_of_chain(chain + 2, length, at) {
            Some((target, at)) => Step::Go(target, at),
            None => Step::Fail,
        }
    }

    /// The last place before `at`, but not before `least`, where a span can end so that what
    /// follows it has a chance.
    fn give_back(&self, address: usize, least: u32, at: u32) -> Option<u32> {
        let next = match self.byte(address) {
            op::BYTE => self.byte(address + 1),
            op::LITERAL => self.byte(address + 2),
            _ => return Some(at - 1),
        };
        let places = self.text.get(least as usize..at as usize)?;
        let place = places.iter().rposition(|byte| *byte == next)?;
        Some(least + place as u32)
    }

    fn step(&mut self, address: usize, at: u32, look_depth: u8) -> Step {
        match self.byte(address) {
            op::MATCH => Step::Matched,
            op::BYTE => Step::when(
                self.text_byte(at) == Some(self.byte(address + 1)),
                address + 2,
                at + 1,
            ),
            op::LITERAL => {
                let length = usize::from(self.byte(address + 1));
                let literal = self.program.get(address + 2..address + 2 + length);
                let found = literal.is_some_and(|literal| self.text_follows(at, literal));
                Step::when(found, address + 2 + length, at + length as u32)
            }
            op::SET => {
                let set = self.set(address + 1);
                let found = self.text_byte(at).is_some_and(|byte| set.contains(byte));
                Step::when(found, address + 3, at + 1)
            }
            op::SPLIT => {
                self.push_branch(self.operand(address + 1), at);
                Step::Go(address + 3, at)
            }
            op::SPLIT_LAZY => {
                self.push_branch((address + 3) as u16, at);
                self.jump(usize::from(self.operand(address + 1)), address, at)
            }
            op::SPLIT_IF => {
                let set = self.set(address + 1);
                let otherwise = self.operand(address + 3);
                if self.text_byte(at).is_some_and(|byte| set.contains(byte)) {
                    self.push_branch(otherwise, at);
                    Step::Go(address + 5, at)
                } else {
                    self.jump(usize::from(otherwise), address, at)
                }
            }
            op::JUMP => self.jump(usize::from(self.operand(address + 1)), address, at),
            op::SAVE => {
                let slot = u32::from(self.byte(address + 1));
                if let Some(place) = self.scratch.slots.get_mut(slot as usize) {
                    let value = std::mem::replace(place, at);
                    self.scratch.frames.push(Frame::Restore { slot, value });
                }
                Step::Go(address + 2, at)
            }
            op::START => Step::when(at == 0, address + 1, at),
            op::END => {
                let rest = &self.text[at as usize..];
                Step::when(rest.is_empty() || rest == b"\n", address + 1, at)
            }
            op::WORD_BOUNDARY => Step::when(self.word_boundary(at), address + 1, at),
            op::NO_WORD_BOUNDARY => Step::when(!self.word_boundary(at), address + 1, at),
            op::SPAN | op::SPAN_LAZY => self.span(address, at),
            op::SWITCH => self.switch(address, at),
            op::LOOK => self.look(address, at, look_depth),
            _ => Step::Fail,
        }
    }

    /// Whether these bytes come next. They are few, so that a plain loop beats a call.
    fn text_follows(&self, at: u32, literal: &[u8]) -> bool {
        let text = self.text.get(at as usize..at as usize + literal.len());
        text.is_some_and(|text| text.iter().zip(literal).all(|(one, other)| one == other))
    }

    /// A jump backwards closes a loop. A loop over an empty match would never end, hence loops
    /// count as steps, and once notes are taken, each is gone through once at each place.
    fn jump(&mut self, target: usize, address: usize, at: u32) -> Step {
        if target > address {
            return Step::Go(target, at);
        }
        if self.noting {
            return Step::when(self.note(address, at), target, at);
        }
        self.steps_left = self.steps_left.saturating_sub(1);
        if self.steps_left == 0 {
            return Step::OutOfSteps;
        }
        Step::Go(target, at)
    }

    fn push_branch(&mut self, address: u16, at: u32) {
        self.scratch.frames.push(Frame::Branch {
            address: u32::from(address),
            at,
        });
    }

    fn word_boundary(&self, at: u32) -> bool {
        let is_word = |byte: Option<u8>| {
            byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        };
        let before = at.checked_sub(1).and_then(|at| self.text_byte(at));
        is_word(before) != is_word(self.text_byte(at))
    }

    fn span(&mut self, address: usize, at: u32) -> Step {
        let set = self.set(address + 1);
        let min = u32::from(self.operand(address + 3));
        let max = self.operand(address + 5);
        let available = self.text.len() as u32 - at;
        let max = if max == UNLIMITED {
            available
        } else {
            available.min(u32::from(max))
        };
        let rest = &self.text[at as usize..(at + max) as usize];
        let length = rest.iter().take_while(|byte| set.contains(**byte)).count() as u32;
        if length < min {
            return Step::Fail;
        }
        let after = address + 7;
        let (least, most) = (at + min, at + length);
        if self.byte(address) == op::SPAN {
            if most > least {
                self.scratch.frames.push(Frame::Span {
                    address: after as u32,
                    least,
                    at: most,
                });
            }
            Step::Go(after, most)
        } else {
            if most > least {
                self.scratch.frames.push(Frame::SpanLazy {
                    address: after as u32,
                    most,
                    at: least,
                });
            }
            Step::Go(after, least)
        }
    }

    fn look(&mut self, address: usize, at: u32, look_depth: u8) -> Step {
        let negative = self.byte(address + 1) == op::LOOK_NEGATIVE;
        let back = u32::from(self.operand(address + 2));
        let after = usize::from(self.operand(address + 4));
        let found = match at.checked_sub(back) {
            Some(start) if look_depth < MAX_LOOK_DEPTH => {
                let base = self.scratch.frames.len();
                // An inner program may well succeed twice at a place, so a note must not hide it.
                let noting = std::mem::replace(&mut self.noting, false);
                if noting {
                    self.steps_left = LOOK_STEPS;
                }
                let attempt = self.run(address + 6, start, look_depth + 1);
                self.noting = noting;
                self.scratch.frames.truncate(base);
                match attempt {
                    Attempt::Matched(_) => true,
                    Attempt::OutOfSteps if !noting => return Step::OutOfSteps,
                    Attempt::Failed | Attempt::OutOfSteps => false,
                }
            }
            _ => false,
        };
        Step::when(found != negative, after, at)
    }
}

enum Step {
    Go(usize, u32),
    Matched,
    Fail,
    OutOfSteps,
}

impl Step {
    fn when(condition: bool, address: usize, at: u32) -> Step {
        if condition {
            Step::Go(address, at)
        } else {
            Step::Fail
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::candidates::Candidates;
    use super::super::compile::program::Assembler;
    use super::*;

    fn groups(pattern: &str, text: &str, boundary: Boundary) -> Option<Vec<String>> {
        let mut assembler = Assembler::default();
        let place = assembler.add(pattern).unwrap();
        let code = Code {
            bytes: &assembler.code,
            sets: &assembler.sets,
        };
        let subject = Subject::new(text, &Candidates::default());
        let found = code.find(place, &subject, boundary, &mut Scratch::default())?;
        Some(
            (0..found.slots.len() / 2)
                .map(|number| found.group(number).to_owned())
                .collect(),
        )
    }

    #[test]
    fn matches_like_perl() {
        for (pattern, text, expected) in [
            ("Foo/(\\d+)", "x foo/12", Some(vec!["foo/12", "12"])),
            ("a(b|bc)(c?)d", "abcd", Some(vec!["abcd", "b", "c"])),
            ("a.*b", "a1b2b3", Some(vec!["a1b2b"])),
            ("a.*?b", "a1b2b3", Some(vec!["a1b"])),
            ("(\\d{2,3})", "12345", Some(vec!["123", "123"])),
            ("(\\d{2,3}?)", "12345", Some(vec!["12", "12"])),
            ("(?:(a)|b)+c", "abc", Some(vec!["abc", "a"])),
            ("x(?!y)", "xyxz", Some(vec!["x"])),
            ("(?<!a|bc)d", "ad bcd xd", Some(vec!["d"])),
            ("(?<=\\d)d", "ad 1d", Some(vec!["d"])),
            ("tv$", "my tv\n", Some(vec!["tv"])),
            ("^tv", "my tv", None),
            ("\\btv\\b", "atv tv", Some(vec!["tv"])),
            ("[^a-c]{2}", "abxyc", Some(vec!["xy"])),
            ("[]a]+", "x]a", Some(vec!["]a"])),
            ("a{x", "a{x", Some(vec!["a{x"])),
            ("(a*)*b", "aab", Some(vec!["aab", "aa"])),
            ("ÄÖ", "xÄÖ", Some(vec!["ÄÖ"])),
        ] {
            let expected =
                expected.map(|groups| groups.into_iter().map(str::to_owned).collect::<Vec<_>>());
            let found = groups(pattern, text, Boundary::Anywhere);
            assert_eq!(found, expected, "{pattern} in {text}");
        }
    }

    #[test]
    fn begins_only_at_boundaries() {
        for (text, rule, fragment) in [
            ("tv", true, true),
            ("atv", false, false),
            ("1tv", false, true),
            ("-tv", false, false),
            (" _tv", true, false),
            ("a_tv", false, false),
            ("sprd-tv", true, false),
            ("MZ-tv", true, false),
            ("(tv", true, true),
        ] {
            assert_eq!(groups("TV", text, Boundary::Rule).is_some(), rule, "{text}");
            let found = groups("TV", text, Boundary::Fragment).is_some();
            assert_eq!(found, fragment, "{text}");
        }
    }

    #[test]
    fn hostile_text_takes_linear_time() {
        let text = "a".repeat(3_000);
        let start = std::time::Instant::now();
        for pattern in [
            "(?:a+)+b",
            "(a*)*b",
            "(?:a|aa)+$b",
            "(?:.*a){8}b",
            "a(?!(?:a+)+b)x",
        ] {
            assert_eq!(groups(pattern, &text, Boundary::Fragment), None);
        }
        assert!(start.elapsed().as_secs() < 5, "{:?}", start.elapsed());
    }
}
