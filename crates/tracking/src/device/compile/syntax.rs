//! Parser for the regular expression dialect of the device rules: the Perl-like subset the rules
//! use, read byte by byte and without regard to case, as the rules are meant to be matched.

use std::fmt;

/// A set of bytes, one bit for each.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct ByteSet(pub [u64; 4]);

impl ByteSet {
    /// Every byte.
    pub const ALL: ByteSet = ByteSet([u64::MAX; 4]);

    /// Adds one byte.
    pub fn insert(&mut self, byte: u8) {
        self.0[usize::from(byte >> 6)] |= 1 << (byte & 63);
    }

    /// Adds all bytes from `low` to `high`, both included.
    pub fn insert_range(&mut self, low: u8, high: u8) {
        for byte in low..=high {
            self.insert(byte);
        }
    }

    /// Whether the set holds the byte.
    pub fn contains(&self, byte: u8) -> bool {
        self.0[usize::from(byte >> 6)] & (1 << (byte & 63)) != 0
    }

    /// Adds all bytes of another set.
    pub fn union(&mut self, other: &ByteSet) {
        for (word, more) in self.0.iter_mut().zip(other.0) {
            *word |= more;
        }
    }

    /// The bytes that are not in the set.
    pub fn complement(&self) -> ByteSet {
        ByteSet(self.0.map(|word| !word))
    }

    /// Adds the lower-case form of each upper-case letter: the text that is searched is in lower
    /// case, therefore upper-case members could never match.
    fn fold_case(&mut self) {
        for upper in b'A'..=b'Z' {
            if self.contains(upper) {
                self.insert(upper.to_ascii_lowercase());
            }
        }
    }
}

/// A parsed expression.
#[derive(Clone, Debug)]
pub enum Node {
    Empty,
    Byte(u8),
    Set(ByteSet),
    Start,
    End,
    /// `\b` (true) or `\B` (false).
    WordBoundary(bool),
    /// A group; the number is there when it captures.
    Group(Option<u8>, Box<Node>),
    Concat(Vec<Node>),
    Alternation(Vec<Node>),
    Repeat {
        node: Box<Node>,
        min: u16,
        max: Option<u16>,
        greedy: bool,
    },
    LookAhead {
        negative: bool,
        node: Box<Node>,
    },
    LookBehind {
        negative: bool,
        node: Box<Node>,
    },
}

/// Why an expression could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyntaxError {
    pub at: usize,
    pub reason: &'static str,
}

impl fmt::Display for SyntaxError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} at byte {}", self.reason, self.at)
    }
}

impl std::error::Error for SyntaxError {}

/// Reads an expression; gives the tree and the number of capturing groups.
pub fn parse(pattern: &str) -> Result<(Node, u8), SyntaxError> {
    let mut reader = Reader {
        bytes: pattern.as_bytes(),
        at: 0,
        groups: 0,
        depth: 0,
    };
    let node = reader.alternation()?;
    if reader.at < reader.bytes.len() {
        return Err(reader.error("unbalanced closing bracket"));
    }
    Ok((node, reader.groups))
}

/// Deeper nesting than this is refused, so that a hostile file cannot exhaust the stack.
const MAX_DEPTH: u32 = 60;
/// More repeats than this are refused, because each is unrolled.
const MAX_REPEAT: u16 = 500;

struct Reader<'p> {
    bytes: &'p [u8],
    at: usize,
    groups: u8,
    depth: u32,
}

impl Reader<'_> {
    fn error(&self, reason: &'static str) -> SyntaxError {
        SyntaxError {
            at: self.at,
            reason,
        }
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn eat(&mut self, expected: &[u8]) -> bool {
        let found = self.bytes[self.at..].starts_with(expected);
        if found {
            self.at += expected.len();
        }
        found
    }

    fn next(&mut self, reason: &'static str) -> Result<u8, SyntaxError> {
        let byte = self.peek().ok_or_else(|| self.error(reason))?;
        self.at += 1;
        Ok(byte)
    }

    fn alternation(&mut self) -> Result<Node, SyntaxError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(self.error("nested too deeply"));
        }
        let mut branches = vec![self.concat()?];
        while self.eat(b"|") {
            branches.push(self.concat()?);
        }
        self.depth -= 1;
        Ok(match branches.len() {
            1 => branches.remove(0),
            _ => Node::Alternation(branches),
        })
    }

    fn concat(&mut self) -> Result<Node, SyntaxError> {
        let mut nodes = Vec::new();
        while let Some(byte) = self.peek() {
            if byte == b'|' || byte == b')' {
                break;
            }
            let atom = self.atom()?;
            nodes.push(self.repeats(atom)?);
        }
        Ok(match nodes.len() {
            0 => Node::Empty,
            1 => nodes.remove(0),
            _ => Node::Concat(nodes),
        })
    }

    fn atom(&mut self) -> Result<Node, SyntaxError> {
        match self.next("expression expected")? {
            b'(' => self.group(),
            b'[' => Ok(Node::Set(self.class()?)),
            b'.' => {
                let mut newline = ByteSet::default();
                newline.insert(b'\n');
                Ok(Node::Set(newline.complement()))
            }
            b'^' => Ok(Node::Start),
            b'$' => Ok(Node::End),
            b'\\' => self.escape(),
            b'*' | b'+' | b'?' => Err(self.error("nothing to repeat")),
            byte => Ok(Node::Byte(byte.to_ascii_lowercase())),
        }
    }

    fn group(&mut self) -> Result<Node, SyntaxError> {
        if self.eat(b"?:") {
            return Ok(Node::Group(None, Box::new(self.group_body()?)));
        }
        for (start, behind, negative) in [
            (&b"?="[..], false, false),
            (b"?!", false, true),
            (b"?<=", true, false),
            (b"?<!", true, true),
        ] {
            if self.eat(start) {
                let node = Box::new(self.group_body()?);
                return Ok(if behind {
                    Node::LookBehind { negative, node }
                } else {
                    Node::LookAhead { negative, node }
                });
            }
        }
        if self.peek() == Some(b'?') {
            return Err(self.error("unsupported kind of group"));
        }
        self.groups = self
            .groups
            .checked_add(1)
            .ok_or_else(|| self.error("too many groups"))?;
        let number = self.groups;
        Ok(Node::Group(Some(number), Box::new(self.group_body()?)))
    }

    fn group_body(&mut self) -> Result<Node, SyntaxError> {
        let node = self.alternation()?;
        if !self.eat(b")") {
            return Err(self.error("closing bracket expected"));
        }
        Ok(node)
    }

    fn repeats(&mut self, atom: Node) -> Result<Node, SyntaxError> {
        let (min, max) = match self.peek() {
            Some(b'*') => (0, None),
            Some(b'+') => (1, None),
            Some(b'?') => (0, Some(1)),
            Some(b'{') => match self.counted() {
                Some((length, min, max)) => {
                    self.at += length - 1;
                    (min, max)
                }
                // A brace that is no count stands for itself.
                None => return Ok(atom),
            },
            _ => return Ok(atom),
        };
        self.at += 1;
        if min > MAX_REPEAT || max.is_some_and(|max| max > MAX_REPEAT || max < min) {
            return Err(self.error("repeat count out of range"));
        }
        let greedy = !self.eat(b"?");
        if self.peek() == Some(b'+') {
            return Err(self.error("possessive repeats are not supported"));
        }
        Ok(Node::Repeat {
            node: Box::new(atom),
            min,
            max,
            greedy,
        })
    }

    /// Reads `{3}`, `{3,}` or `{3,5}` at the present place: its length and bounds.
    fn counted(&self) -> Option<(usize, u16, Option<u16>)> {
        let rest = &self.bytes[self.at..];
        let end = rest.iter().position(|byte| *byte == b'}')?;
        let inner = std::str::from_utf8(&rest[1..end]).ok()?;
        let (min, max) = match inner.split_once(',') {
            None => {
                let count = inner.parse().ok()?;
                (count, Some(count))
            }
            Some((min, "")) => (min.parse().ok()?, None),
            Some((min, max)) => (min.parse().ok()?, Some(max.parse().ok()?)),
        };
        Some((end + 1, min, max))
    }

    fn escape(&mut self) -> Result<Node, SyntaxError> {
        let byte = self.next("escape expected")?;
        if let Some(set) = named_set(byte) {
            return Ok(Node::Set(set));
        }
        match byte {
            b'b' => Ok(Node::WordBoundary(true)),
            b'B' => Ok(Node::WordBoundary(false)),
            _ => Ok(Node::Byte(self.escaped_byte(byte)?.to_ascii_lowercase())),
        }
    }

    fn escaped_byte(&self, byte: u8) -> Result<u8, SyntaxError> {
        match byte {
            b'n' => Ok(b'\n'),
            b'r' => Ok(b'\r'),
            b't' => Ok(b'\t'),
            byte if byte.is_ascii_alphanumeric() => Err(self.error("unknown escape")),
            byte => Ok(byte),
        }
    }

    fn class(&mut self) -> Result<ByteSet, SyntaxError> {
        let negated = self.eat(b"^");
        let mut set = ByteSet::default();
        let mut first = true;
        loop {
            let byte = self.next("class not closed")?;
            if byte == b']' && !first {
                break;
            }
            first = false;
            let Some(low) = self.class_member(byte, &mut set)? else {
                continue;
            };
            let is_range = self.peek() == Some(b'-')
                && self
                    .bytes
                    .get(self.at + 1)
                    .is_some_and(|next| *next != b']');
            if !is_range {
                set.insert(low);
                continue;
            }
            self.at += 1;
            let byte = self.next("class not closed")?;
            match self.class_member(byte, &mut set)? {
                Some(high) if high >= low => set.insert_range(low, high),
                Some(_) => return Err(self.error("range in wrong order")),
                // `[a-\d]`: the dash stands for itself.
                None => {
                    set.insert(low);
                    set.insert(b'-');
                }
            }
        }
        set.fold_case();
        Ok(if negated { set.complement() } else { set })
    }

    /// One member of a class: a single byte, or `None` when a named set was added.
    fn class_member(&mut self, byte: u8, set: &mut ByteSet) -> Result<Option<u8>, SyntaxError> {
        if byte == b'[' && self.peek() == Some(b':') {
            return Err(self.error("named classes are not supported"));
        }
        if byte != b'\\' {
            return Ok(Some(byte));
        }
        let byte = self.next("escape expected")?;
        if let Some(named) = named_set(byte) {
            set.union(&named);
            return Ok(None);
        }
        self.escaped_byte(byte).map(Some)
    }
}

fn named_set(letter: u8) -> Option<ByteSet> {
    let mut set = ByteSet::default();
    match letter.to_ascii_lowercase() {
        b'd' => set.insert_range(b'0', b'9'),
        b'w' => {
            set.insert_range(b'0', b'9');
            set.insert_range(b'a', b'z');
            set.insert_range(b'A', b'Z');
            set.insert(b'_');
        }
        b's' => {
            set.insert_range(9, 13);
            set.insert(b' ');
        }
        _ => return None,
    }
    Some(if letter.is_ascii_uppercase() {
        set.complement()
    } else {
        set
    })
}

/// The number of bytes an expression matches when that is always the same.
pub fn fixed_length(node: &Node) -> Option<u16> {
    match node {
        Node::Byte(_) | Node::Set(_) => Some(1),
        Node::Empty
        | Node::Start
        | Node::End
        | Node::WordBoundary(_)
        | Node::LookAhead { .. }
        | Node::LookBehind { .. } => Some(0),
        Node::Group(_, inner) => fixed_length(inner),
        Node::Concat(nodes) => nodes
            .iter()
            .try_fold(0u16, |sum, node| sum.checked_add(fixed_length(node)?)),
        Node::Alternation(branches) => {
            let length = fixed_length(branches.first()?)?;
            branches
                .iter()
                .all(|branch| fixed_length(branch) == Some(length))
                .then_some(length)
        }
        Node::Repeat { node, min, max, .. } => match max {
            Some(max) if max == min => fixed_length(node)?.checked_mul(*min),
            _ => None,
        },
    }
}

/// The bytes an expression can begin with; `None` when it can match nothing at all, so that no
/// byte is required.
pub fn first_bytes(node: &Node) -> Option<ByteSet> {
    match node {
        Node::Byte(byte) => {
            let mut set = ByteSet::default();
            set.insert(*byte);
            Some(set)
        }
        Node::Set(set) => Some(*set),
        Node::Group(_, inner) => first_bytes(inner),
        Node::Alternation(branches) => {
            let mut all = ByteSet::default();
            for branch in branches {
                all.union(&first_bytes(branch)?);
            }
            Some(all)
        }
        Node::Repeat { node, min, .. } if *min > 0 => first_bytes(node),
        Node::Concat(nodes) => first_of_sequence(nodes),
        _ => None,
    }
}

fn first_of_sequence(nodes: &[Node]) -> Option<ByteSet> {
    let mut all = ByteSet::default();
    for node in nodes {
        match node {
            // A look-around or an anchor consumes nothing: the next part decides.
            Node::LookAhead { .. }
            | Node::LookBehind { .. }
            | Node::Start
            | Node::WordBoundary(_)
            | Node::Empty => {}
            Node::Repeat {
                node: inner,
                min: 0,
                ..
            } => all.union(&first_bytes(inner)?),
            _ => {
                all.union(&first_bytes(node)?);
                return Some(all);
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_what_it_does_not_understand() {
        for pattern in [
            "(a",
            "a)",
            "[a",
            "*a",
            "(?<name>a)",
            "\\1",
            "\\p{L}",
            "a{3,2}",
            "a{900}",
            "[b-a]",
            "a++",
            "\\",
        ] {
            assert!(parse(pattern).is_err(), "{pattern} was accepted");
        }
        assert!(parse(&"(".repeat(5_000)).is_err());
    }

    #[test]
    fn knows_lengths_and_first_bytes() {
        for (pattern, length) in [
            ("abc", Some(3)),
            ("a(?:bc|de)", Some(3)),
            ("a(?:bc|d)", None),
            ("\\d{4}", Some(4)),
            ("a?", None),
            ("(?!x)ab$", Some(2)),
        ] {
            let (node, _) = parse(pattern).unwrap();
            assert_eq!(fixed_length(&node), length, "{pattern}");
        }
        for (pattern, expected) in [
            ("abc", Some("a")),
            ("x?abc", Some("ax")),
            ("(?:B|c)d", Some("bc")),
            ("(?!z)[xy]+", Some("xy")),
            ("a*", None),
            ("a|b*", None),
        ] {
            let (node, _) = parse(pattern).unwrap();
            let expected = expected.map(|bytes| {
                let mut set = ByteSet::default();
                bytes.bytes().for_each(|byte| set.insert(byte));
                set
            });
            assert_eq!(first_bytes(&node), expected, "{pattern}");
        }
    }
}
