//! Deterministic hostile input for tests: the same bytes on every machine, so a failure can be repeated.

/// A small pseudo-random generator (xorshift64*). Not for anything but tests.
pub(crate) struct Noise(u64);

impl Noise {
    pub(crate) fn new(seed: u64) -> Self {
        Noise(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    pub(crate) fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit.max(1) as u64) as usize
    }

    /// Any bytes, up to `limit` of them.
    pub(crate) fn bytes(&mut self, limit: usize) -> Vec<u8> {
        (0..self.below(limit)).map(|_| self.next() as u8).collect()
    }

    /// Text glued from pieces that parsers care about, with random characters between them.
    pub(crate) fn text(&mut self, pieces: &[&str], limit: usize) -> String {
        let mut text = String::new();
        for _ in 0..self.below(limit) {
            match self.below(4) {
                0 => {
                    text.push(char::from_u32(self.next() as u32 % 0x11_0000).unwrap_or('\u{fffd}'))
                }
                1 => text.push((self.next() % 128) as u8 as char),
                _ => text.push_str(pieces[self.below(pieces.len())]),
            }
        }
        text
    }
}

/// Pieces of URLs and query strings.
pub(crate) const URL_PIECES: &[&str] = &[
    "http://",
    "https://",
    "HTTP://WWW.",
    "www.",
    "//",
    "/",
    "?",
    "#",
    "&",
    "=",
    ";",
    "+",
    "%",
    "%2",
    "%41",
    "%C3%A9",
    "%00",
    "[]",
    "[",
    "]",
    "[k]",
    "%5B%5D",
    "%5b",
    "a",
    "b",
    "q",
    "utm_source",
    "pk_campaign",
    "sid",
    "example.org",
    "Ünïcode.de",
    "xn--nicode-2ya",
    ":80",
    ":",
    "@",
    "user:pw@",
    ".",
    "..",
    " ",
    "\t",
    "\n",
    "\u{0}",
    "javascript:",
    "&amp;",
    "google.com",
    "İ",
    "😎",
    "search",
    "é",
];
