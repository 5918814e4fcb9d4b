//! Translates parsed expressions into a compact byte code that is matched by [`super::super::machine`].
//!
//! Forty thousand expressions belong to the device rules. Compiled with a general regular
//! expression library they would take several hundred megabytes or, when compiled on demand, up to
//! a millisecond each at the worst moment. As byte code they are made once, when the program is
//! built, take about two megabytes and need no preparation at start-up.

use super::grams;
use super::syntax::{self, ByteSet, Node, SyntaxError};
use std::collections::HashMap;
use std::fmt;

/// Operations of the byte code. Operands follow: `u16` in little-endian order unless said otherwise;
/// addresses count from the first operation of the program.
pub mod op {
    /// The expression has matched.
    pub const MATCH: u8 = 0;
    /// One byte (u8).
    pub const BYTE: u8 = 1;
    /// A length (u8) and that many bytes.
    pub const LITERAL: u8 = 2;
    /// One byte out of a set.
    pub const SET: u8 = 3;
    /// Go on here; if that fails, at the address.
    pub const SPLIT: u8 = 4;
    /// Go on at the address; if that fails, here.
    pub const SPLIT_LAZY: u8 = 5;
    /// Like `SPLIT`, but a set comes first: when the next byte is not in it, go to the address at once.
    pub const SPLIT_IF: u8 = 6;
    /// Go to the address.
    pub const JUMP: u8 = 7;
    /// Note the place in a slot (u8).
    pub const SAVE: u8 = 8;
    /// Start of the text.
    pub const START: u8 = 9;
    /// End of the text, or before its last line break.
    pub const END: u8 = 10;
    /// Between a word and something else.
    pub const WORD_BOUNDARY: u8 = 11;
    /// Not between a word and something else.
    pub const NO_WORD_BOUNDARY: u8 = 12;
    /// Bytes out of a set: set, least number, greatest number (`u16::MAX`: no limit); as many as possible.
    pub const SPAN: u8 = 13;
    /// Like `SPAN`, as few as possible.
    pub const SPAN_LAZY: u8 = 14;
    /// Kind (u8, see below), bytes to step back, address after; the inner program follows.
    pub const LOOK: u8 = 15;
    /// Many alternatives: a chain number (u8) for each class of the next byte, see
    /// [`super::switch_class`], the number of chains (u8) and their addresses. A chain is a number
    /// of alternatives and their addresses, in the order in which they are tried.
    pub const SWITCH: u8 = 16;

    pub const LOOK_POSITIVE: u8 = 0;
    pub const LOOK_NEGATIVE: u8 = 1;
}

/// Classes of bytes that [`op::SWITCH`] tells apart: the printable ASCII characters and all others.
pub const SWITCH_CLASSES: usize = 97;
/// From this number of alternatives on, a switch is worth its place.
const SWITCH_FROM: usize = 8;

/// The class of the byte that comes next.
pub fn switch_class(byte: Option<u8>) -> usize {
    match byte {
        Some(byte @ 0x20..=0x7f) => usize::from(byte - 0x20),
        _ => SWITCH_CLASSES - 1,
    }
}

/// No limit on the number of repeats.
pub const UNLIMITED: u16 = u16::MAX;

/// Why an expression could not be translated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PatternError {
    Syntax(SyntaxError),
    /// The byte code does not fit 16 bit addresses.
    TooLarge,
    /// A look-behind does not have one fixed length for each alternative.
    LookBehind,
}

impl fmt::Display for PatternError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PatternError::Syntax(error) => error.fmt(formatter),
            PatternError::TooLarge => formatter.write_str("expression too large"),
            PatternError::LookBehind => formatter.write_str("look-behind without fixed length"),
        }
    }
}

impl std::error::Error for PatternError {}

impl From<SyntaxError> for PatternError {
    fn from(error: SyntaxError) -> Self {
        PatternError::Syntax(error)
    }
}

/// The list of needs of the expression at a place of the code.
pub fn needs_at(code: &[u8], place: u32) -> &[u8] {
    let header = code.get(place as usize..).unwrap_or_default();
    let [_, _, _, size0, size1, _, _, rest @ ..] = header else {
        return &[];
    };
    let size = usize::from(u16::from_le_bytes([*size0, *size1]));
    rest.get(..size).unwrap_or_default()
}

/// Collects byte code of many expressions and the byte sets they share.
#[derive(Default)]
pub struct Assembler {
    /// Headers and programs, one after another.
    pub code: Vec<u8>,
    /// The byte sets that programs refer to by number.
    pub sets: Vec<ByteSet>,
    set_numbers: HashMap<ByteSet, u16>,
    known: HashMap<String, u32>,
}

/// Size of the fixed part of a header: first-byte set (u16), number of groups (u8),
/// size of the list of needs (u16), size of the program (u16).
pub const HEADER_BYTES: usize = 7;

impl Assembler {
    /// Translates one expression; gives the place of its header in `code`.
    pub fn add(&mut self, pattern: &str) -> Result<u32, PatternError> {
        if let Some(place) = self.known.get(pattern) {
            return Ok(*place);
        }
        let (node, groups) = syntax::parse(pattern)?;
        let first = syntax::first_bytes(&node).unwrap_or(ByteSet::ALL);
        let first = self.set_number(first)?;
        let needs = grams::needs_of(&node);
        let mut program = Program {
            assembler: self,
            code: Vec::new(),
        };
        program.emit(&node)?;
        program.code.push(op::MATCH);
        let code = program.code;
        let place = u32::try_from(self.code.len()).map_err(|_| PatternError::TooLarge)?;
        let size = |length: usize| u16::try_from(length).map_err(|_| PatternError::TooLarge);
        self.code.extend(first.to_le_bytes());
        self.code.push(groups);
        self.code.extend(size(needs.len())?.to_le_bytes());
        self.code.extend(size(code.len())?.to_le_bytes());
        self.code.extend(needs);
        self.code.extend(code);
        self.known.insert(pattern.to_owned(), place);
        Ok(place)
    }

    fn set_number(&mut self, set: ByteSet) -> Result<u16, PatternError> {
        if let Some(number) = self.set_numbers.get(&set) {
            return Ok(*number);
        }
        let number = u16::try_from(self.sets.len()).map_err(|_| PatternError::TooLarge)?;
        self.sets.push(set);
        self.set_numbers.insert(set, number);
        Ok(number)
    }
}

struct Program<'a> {
    assembler: &'a mut Assembler,
    code: Vec<u8>,
}

impl Program<'_> {
    fn emit(&mut self, node: &Node) -> Result<(), PatternError> {
        match node {
            Node::Empty => {}
            Node::Byte(byte) => self.code.extend([op::BYTE, *byte]),
            Node::Set(set) => {
                self.code.push(op::SET);
                self.operand_set(*set)?;
            }
            Node::Start => self.code.push(op::START),
            Node::End => self.code.push(op::END),
            Node::WordBoundary(true) => self.code.push(op::WORD_BOUNDARY),
            Node::WordBoundary(false) => self.code.push(op::NO_WORD_BOUNDARY),
            Node::Group(None, inner) => self.emit(inner)?,
            Node::Group(Some(number), inner) => {
                let slot = number.checked_mul(2).ok_or(PatternError::TooLarge)?;
                self.code.extend([op::SAVE, slot]);
                self.emit(inner)?;
                self.code.extend([op::SAVE, slot + 1]);
            }
            Node::Concat(nodes) => self.emit_sequence(nodes)?,
            Node::Alternation(branches) => self.emit_branches(branches)?,
            Node::Repeat {
                node,
                min,
                max,
                greedy,
            } => self.emit_repeat(node, *min, *max, *greedy)?,
            Node::LookAhead { negative, node } => self.emit_look(*negative, 0, node)?,
            Node::LookBehind { negative, node } => self.emit_look_behind(*negative, node)?,
        }
        Ok(())
    }

    /// Neighbouring bytes become one literal.
    fn emit_sequence(&mut self, nodes: &[Node]) -> Result<(), PatternError> {
        let mut rest = nodes;
        while !rest.is_empty() {
            let literal: Vec<u8> = rest
                .iter()
                .take(usize::from(u8::MAX))
                .map_while(|node| match node {
                    Node::Byte(byte) => Some(*byte),
                    _ => None,
                })
                .collect();
            if literal.len() > 1 {
                self.code.extend([op::LITERAL, literal.len() as u8]);
                self.code.extend(&literal);
                rest = &rest[literal.len()..];
            } else {
                self.emit(&rest[0])?;
                rest = &rest[1..];
            }
        }
        Ok(())
    }

    fn emit_branches(&mut self, branches: &[Node]) -> Result<(), PatternError> {
        if branches.len() >= SWITCH_FROM {
            let (classes, chains) = chains_of(branches);
            if chains.len() < usize::from(u8::MAX) {
                return self.emit_switch(branches, &classes, &chains);
            }
        }
        let mut ends = Vec::new();
        for (number, branch) in branches.iter().enumerate() {
            if number + 1 == branches.len() {
                self.emit(branch)?;
                break;
            }
            let otherwise = match syntax::first_bytes(branch) {
                Some(set) => {
                    self.code.push(op::SPLIT_IF);
                    self.operand_set(set)?;
                    self.placeholder()
                }
                None => {
                    self.code.push(op::SPLIT);
                    self.placeholder()
                }
            };
            self.emit(branch)?;
            self.code.push(op::JUMP);
            ends.push(self.placeholder());
            self.point_here(otherwise)?;
        }
        for end in ends {
            self.point_here(end)?;
        }
        Ok(())
    }

    fn emit_switch(
        &mut self,
        branches: &[Node],
        classes: &[u8],
        chains: &[Vec<usize>],
    ) -> Result<(), PatternError> {
        self.code.push(op::SWITCH);
        self.code.extend(classes);
        self.code.push(chains.len() as u8);
        let starts: Vec<_> = chains.iter().map(|_| self.placeholder()).collect();
        // For each branch the places where its address belongs.
        let mut users = vec![Vec::new(); branches.len()];
        for (chain, start) in chains.iter().zip(starts) {
            self.point_here(start)?;
            let length = u16::try_from(chain.len()).map_err(|_| PatternError::TooLarge)?;
            self.operand(length);
            for branch in chain {
                let place = self.placeholder();
                users[*branch].push(place);
            }
        }
        let mut ends = Vec::new();
        for (branch, places) in branches.iter().zip(users) {
            for place in places {
                self.point_here(place)?;
            }
            self.emit(branch)?;
            self.code.push(op::JUMP);
            ends.push(self.placeholder());
        }
        for end in ends {
            self.point_here(end)?;
        }
        Ok(())
    }

    fn emit_repeat(
        &mut self,
        node: &Node,
        min: u16,
        max: Option<u16>,
        greedy: bool,
    ) -> Result<(), PatternError> {
        if let Some(set) = single_byte(node) {
            self.code
                .push(if greedy { op::SPAN } else { op::SPAN_LAZY });
            self.operand_set(set)?;
            self.operand(min);
            self.operand(max.unwrap_or(UNLIMITED));
            return Ok(());
        }
        for _ in 0..min {
            self.emit(node)?;
        }
        let split = if greedy { op::SPLIT } else { op::SPLIT_LAZY };
        match max {
            Some(max) => {
                let mut ends = Vec::new();
                for _ in min..max {
                    ends.push(self.emit_split(split, node)?);
                    self.emit(node)?;
                }
                for end in ends {
                    self.point_here(end)?;
                }
            }
            None => {
                let start = self.here()?;
                let end = self.emit_split(split, node)?;
                self.emit(node)?;
                self.code.push(op::JUMP);
                self.operand(start);
                self.point_here(end)?;
            }
        }
        Ok(())
    }

    /// Begins an optional part; gives the place of the address to fill in.
    fn emit_split(&mut self, split: u8, node: &Node) -> Result<usize, PatternError> {
        match syntax::first_bytes(node) {
            Some(set) if split == op::SPLIT => {
                self.code.push(op::SPLIT_IF);
                self.operand_set(set)?;
            }
            _ => self.code.push(split),
        }
        Ok(self.placeholder())
    }

    fn emit_look(&mut self, negative: bool, back: u16, node: &Node) -> Result<(), PatternError> {
        let kind = if negative {
            op::LOOK_NEGATIVE
        } else {
            op::LOOK_POSITIVE
        };
        self.code.extend([op::LOOK, kind]);
        self.operand(back);
        let after = self.placeholder();
        self.emit(node)?;
        self.code.push(op::MATCH);
        self.point_here(after)
    }

    /// Each alternative of a look-behind may have its own length. That none of several matches is
    /// a sequence of refusals; that one of several matches is a choice.
    fn emit_look_behind(&mut self, negative: bool, node: &Node) -> Result<(), PatternError> {
        let branches = alternatives(node);
        let lengths: Option<Vec<u16>> = branches.iter().map(syntax::fixed_length).collect();
        let lengths = lengths.ok_or(PatternError::LookBehind)?;
        if negative {
            for (branch, length) in branches.iter().zip(lengths) {
                self.emit_look(true, length, branch)?;
            }
            return Ok(());
        }
        match (branches, lengths.as_slice()) {
            ([branch], [length]) => self.emit_look(false, *length, branch),
            (_, lengths) if lengths.windows(2).all(|pair| pair[0] == pair[1]) => {
                self.emit_look(false, lengths[0], node)
            }
            _ => Err(PatternError::LookBehind),
        }
    }

    fn operand(&mut self, value: u16) {
        self.code.extend(value.to_le_bytes());
    }

    fn operand_set(&mut self, set: ByteSet) -> Result<(), PatternError> {
        let number = self.assembler.set_number(set)?;
        self.operand(number);
        Ok(())
    }

    fn placeholder(&mut self) -> usize {
        let place = self.code.len();
        self.operand(0);
        place
    }

    fn here(&self) -> Result<u16, PatternError> {
        u16::try_from(self.code.len()).map_err(|_| PatternError::TooLarge)
    }

    fn point_here(&mut self, place: usize) -> Result<(), PatternError> {
        let address = self.here()?.to_le_bytes();
        self.code[place..place + 2].copy_from_slice(&address);
        Ok(())
    }
}

/// For each class of bytes the number of its chain, and the chains: the alternatives that can
/// begin with such a byte.
fn chains_of(branches: &[Node]) -> (Vec<u8>, Vec<Vec<usize>>) {
    let firsts: Vec<_> = branches.iter().map(syntax::first_bytes).collect();
    let mut chains: Vec<Vec<usize>> = Vec::new();
    let mut classes = Vec::with_capacity(SWITCH_CLASSES);
    for class in 0..SWITCH_CLASSES {
        let members = (0..=u8::MAX).filter(|byte| switch_class(Some(*byte)) == class);
        let members: Vec<u8> = members.collect();
        let chain: Vec<usize> = (0..branches.len())
            .filter(|branch| match firsts.get(*branch) {
                Some(Some(first)) => members.iter().any(|byte| first.contains(*byte)),
                _ => true,
            })
            .collect();
        let number = chains.iter().position(|known| *known == chain);
        classes.push(number.unwrap_or(chains.len()).min(usize::from(u8::MAX)) as u8);
        if number.is_none() {
            chains.push(chain);
        }
    }
    (classes, chains)
}

fn alternatives(node: &Node) -> &[Node] {
    match node {
        Node::Alternation(branches) => branches,
        Node::Group(None, inner) => alternatives(inner),
        node => std::slice::from_ref(node),
    }
}

fn single_byte(node: &Node) -> Option<ByteSet> {
    match node {
        Node::Byte(byte) => {
            let mut set = ByteSet::default();
            set.insert(*byte);
            Some(set)
        }
        Node::Set(set) => Some(*set),
        Node::Group(None, inner) => single_byte(inner),
        _ => None,
    }
}
