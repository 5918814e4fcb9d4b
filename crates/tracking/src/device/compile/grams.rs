//! What a text must contain for an expression to have a chance: short runs of bytes ("grams").
//!
//! From each expression the runs of literal bytes are taken that every match contains. The text is
//! summed up once as a set of the grams in it; most expressions are then ruled out by two or three
//! bit tests, and only a handful is really matched.

use super::syntax::Node;

/// Number of bits in the sum of a text.
pub const GRAM_BITS: usize = 1 << 16;
/// More alternatives than this are given up: the expression is then always tried.
const MAX_ALTERNATIVES: usize = 6_000;
/// When two parts with alternatives follow each other, all pairs are kept up to this number.
const MAX_PRODUCT: usize = 64;
/// Parts that can only be one of so many strings are joined to what stands beside them.
const MAX_STRINGS: usize = 32;
/// A class of bytes with more members is no such part.
const MAX_MEMBERS: usize = 4;
/// Tests for each alternative: more rule out hardly anything else.
const MAX_GRAMS: usize = 3;

/// Text that nearly every user agent has: its grams say little.
const COMMON_TEXT: &str = "mozilla/5.0 (linux; u; android 10; k) applewebkit/537.36 (khtml, like \
    gecko) version/4.0 chrome/120.0.0.0 mobile safari/537.36 build/ (windows nt 10.0; win64; x64) \
    (iphone; cpu iphone os 17_0 like mac os x) (macintosh; intel mac os x 10_15_7; en-us; \
    compatible; gecko/20100101 firefox/120.0 tablet wv) smart tv http browser phone \
    samsungbrowser/20.0 samsung sm- huawei xiaomi redmi msie trident/7.0 .net clr linux; arm_64; \
    edg/ opr/ cfnetwork/1.0 darwin/20.0 fban/ fbav/ instagram android 4.4.2; u; en-us; de-de;";

/// The bit for three bytes that follow each other.
pub fn gram3(first: u8, second: u8, third: u8) -> u16 {
    mix(u32::from(first) | u32::from(second) << 8 | u32::from(third) << 16)
}

/// The bit for two bytes that follow each other.
pub fn gram2(first: u8, second: u8) -> u16 {
    mix(u32::from(first) | u32::from(second) << 8 | 0xff00_0000)
}

fn mix(value: u32) -> u16 {
    (value.wrapping_mul(0x9e37_79b1) >> 16) as u16
}

/// The grams of a text, as bits.
#[derive(Clone, Debug)]
pub struct GramSet(Box<[u64; GRAM_BITS / 64]>);

impl Default for GramSet {
    fn default() -> Self {
        GramSet(Box::new([0; GRAM_BITS / 64]))
    }
}

impl GramSet {
    /// Adds a gram; false when it was there already.
    pub fn insert(&mut self, gram: u16) -> bool {
        let word = &mut self.0[usize::from(gram >> 6)];
        let mask = 1 << (gram & 63);
        let is_new = *word & mask == 0;
        *word |= mask;
        is_new
    }

    /// Whether the text (perhaps) has the gram.
    pub fn has(&self, gram: u16) -> bool {
        self.0[usize::from(gram >> 6)] & (1 << (gram & 63)) != 0
    }

    /// Whether the text fulfils the needs of an expression, in the form [`needs_of`] writes.
    pub fn fulfils(&self, needs: &[u8]) -> bool {
        if needs.is_empty() {
            return true;
        }
        let mut rest = needs;
        while let [count, tail @ ..] = rest {
            let (grams, tail) = tail.split_at(tail.len().min(usize::from(*count) * 2));
            let all = grams
                .chunks_exact(2)
                .all(|gram| self.has(u16::from_le_bytes([gram[0], gram[1]])));
            if all {
                return true;
            }
            rest = tail;
        }
        false
    }
}

/// Literals that must all occur.
type Together = Vec<Vec<u8>>;

/// What an expression needs, written as a list of alternatives: number of grams (u8) and the
/// grams (u16 each). An empty list: nothing is needed.
pub fn needs_of(node: &Node) -> Vec<u8> {
    let mut written = Vec::new();
    let mut seen = std::collections::HashSet::new();
    for together in literals_of(node).unwrap_or_default() {
        let grams = choose_grams(&together);
        if grams.is_empty() {
            return Vec::new();
        }
        if !seen.insert(grams.clone()) {
            continue;
        }
        written.push(grams.len() as u8);
        for gram in grams {
            written.extend(gram.to_le_bytes());
        }
    }
    written
}

fn choose_grams(together: &Together) -> Vec<u16> {
    let mut rated: Vec<(u32, u16)> = Vec::new();
    for literal in together {
        match literal.as_slice() {
            [first, second] => {
                rated.push((rate(literal).saturating_sub(1), gram2(*first, *second)))
            }
            longer => {
                for triple in longer.windows(3) {
                    rated.push((rate(triple), gram3(triple[0], triple[1], triple[2])));
                }
            }
        }
    }
    rated.sort_unstable_by(|left, right| right.cmp(left));
    rated.dedup_by_key(|(_, gram)| *gram);
    rated.truncate(MAX_GRAMS);
    rated.into_iter().map(|(_, gram)| gram).collect()
}

/// How much finding these bytes says: rare is more.
fn rate(bytes: &[u8]) -> u32 {
    let common = COMMON_TEXT.as_bytes();
    if common.windows(bytes.len()).any(|window| window == bytes) {
        return 1;
    }
    let digits = bytes.iter().filter(|byte| byte.is_ascii_digit()).count() as u32;
    4 + digits
}

fn rate_all(alternatives: &[Together]) -> u32 {
    alternatives
        .iter()
        .map(|together| {
            together
                .iter()
                .map(|literal| rate(literal) + literal.len().min(12) as u32)
                .sum()
        })
        .min()
        .unwrap_or(0)
}

/// The literals every match contains: one of the alternatives holds. `None`: nothing is sure.
fn literals_of(node: &Node) -> Option<Vec<Together>> {
    match node {
        Node::Concat(_) | Node::Group(..) | Node::Byte(_) => {
            let mut parts = Vec::new();
            flatten(node, &mut parts);
            literals_of_sequence(&parts)
        }
        Node::Alternation(branches) => {
            let mut all = Vec::new();
            for branch in branches {
                all.extend(literals_of(branch)?);
                if all.len() > MAX_ALTERNATIVES {
                    return None;
                }
            }
            Some(all)
        }
        Node::Repeat { node, min, .. } if *min > 0 => literals_of(node),
        _ => None,
    }
}

fn flatten<'n>(node: &'n Node, parts: &mut Vec<&'n Node>) {
    match node {
        Node::Concat(nodes) => nodes.iter().for_each(|node| flatten(node, parts)),
        Node::Group(_, inner) => flatten(inner, parts),
        node => parts.push(node),
    }
}

fn literals_of_sequence(parts: &[&Node]) -> Option<Vec<Together>> {
    let mut all: Option<Vec<Together>> = None;
    let mut strings = vec![Vec::new()];
    for part in parts {
        match strings_of(part) {
            Some(more) if strings.len() * more.len() <= MAX_STRINGS => {
                strings = joined(&strings, &more);
            }
            Some(more) => {
                all = both(all, strings_as_need(&strings));
                strings = more;
            }
            None => {
                all = both(all, strings_as_need(&strings));
                all = both(all, literals_of(part));
                strings = vec![Vec::new()];
            }
        }
    }
    both(all, strings_as_need(&strings))
}

/// All strings that a part can match, when they are few.
fn strings_of(node: &Node) -> Option<Vec<Vec<u8>>> {
    let strings = match node {
        Node::Byte(byte) => vec![vec![*byte]],
        Node::Set(set) => (0..=u8::MAX)
            .filter(|byte| set.contains(*byte) && !byte.is_ascii_uppercase())
            .take(MAX_MEMBERS + 1)
            .map(|byte| vec![byte])
            .collect(),
        Node::Group(_, inner) => strings_of(inner)?,
        Node::Concat(nodes) => {
            let mut strings = vec![Vec::new()];
            for node in nodes {
                let more = strings_of(node)?;
                if strings.len() * more.len() > MAX_STRINGS {
                    return None;
                }
                strings = joined(&strings, &more);
            }
            strings
        }
        Node::Alternation(branches) => {
            let mut strings = Vec::new();
            for branch in branches.iter().take(MAX_STRINGS + 1) {
                strings.extend(strings_of(branch)?);
            }
            strings
        }
        Node::Repeat {
            node,
            min: min @ (0 | 1),
            max: Some(1),
            ..
        } => {
            let mut strings = strings_of(node)?;
            if *min == 0 {
                strings.push(Vec::new());
            }
            strings
        }
        // These consume nothing.
        Node::Empty
        | Node::Start
        | Node::End
        | Node::WordBoundary(_)
        | Node::LookAhead { .. }
        | Node::LookBehind { .. } => vec![Vec::new()],
        Node::Repeat { .. } => return None,
    };
    let limit = match node {
        Node::Set(_) => MAX_MEMBERS,
        _ => MAX_STRINGS,
    };
    (strings.len() <= limit).then_some(strings)
}

fn joined(left: &[Vec<u8>], right: &[Vec<u8>]) -> Vec<Vec<u8>> {
    left.iter()
        .flat_map(|one| right.iter().map(move |two| [one.as_slice(), two].concat()))
        .collect()
}

fn strings_as_need(strings: &[Vec<u8>]) -> Option<Vec<Together>> {
    let all_tell = strings.iter().all(|string| string.len() > 1);
    all_tell.then(|| strings.iter().map(|string| vec![string.clone()]).collect())
}

fn both(left: Option<Vec<Together>>, right: Option<Vec<Together>>) -> Option<Vec<Together>> {
    let (left, right) = match (left, right) {
        (Some(left), Some(right)) => (left, right),
        (left, right) => return left.or(right),
    };
    if left.len() * right.len() <= MAX_PRODUCT {
        let pairs = left.iter().flat_map(|one| {
            right.iter().map(move |two| {
                let mut together = one.clone();
                together.extend(two.iter().cloned());
                together
            })
        });
        return Some(pairs.collect());
    }
    // Too many pairs: keep the part that rules out more.
    Some(if rate_all(&left) >= rate_all(&right) {
        left
    } else {
        right
    })
}

#[cfg(test)]
mod tests {
    use super::super::syntax::parse;
    use super::*;

    fn fulfils(pattern: &str, text: &str) -> bool {
        let (node, _) = parse(pattern).unwrap();
        let text = text.to_ascii_lowercase();
        let mut grams = GramSet::default();
        for pair in text.as_bytes().windows(2) {
            grams.insert(gram2(pair[0], pair[1]));
        }
        for triple in text.as_bytes().windows(3) {
            grams.insert(gram3(triple[0], triple[1], triple[2]));
        }
        grams.fulfils(&needs_of(&node))
    }

    #[test]
    fn rules_out_texts_without_the_literals() {
        for (pattern, text, expected) in [
            ("Nokia ?3310", "nokia3310", true),
            ("Nokia ?3310", "nokia 3320", false),
            ("foo(?:bar|baz)", "foobaz", true),
            ("foo(?:bar|baz)", "fooqux", false),
            ("(?:ab)?", "zzz", true),
            ("\\d+", "zzz", true),
            ("SM-G99[01]B", "sm-g991b", true),
            ("SM-G99[01]B", "sm-a515f", false),
            ("(?!x)Opera", "opera", true),
            ("(?!x)Opera", "firefox", false),
        ] {
            assert_eq!(fulfils(pattern, text), expected, "{pattern} in {text}");
        }
    }
}
