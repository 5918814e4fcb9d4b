//! Sorted text blocks that the build packs: one line a key, cells between tabs.

use super::Language;

/// A block, split into lines when it is first needed.
pub(super) struct Block {
    lines: Vec<(&'static str, &'static str)>,
}

impl Block {
    pub(super) fn new(text: &'static str) -> Block {
        let lines = text
            .lines()
            .filter_map(|line| line.split_once('\t'))
            .collect();
        Block { lines }
    }

    /// A line: its key and the cells after it.
    pub(super) fn line(&self, key: &str) -> Option<(&'static str, &'static str)> {
        let position = self.lines.binary_search_by_key(&key, |(key, _)| key).ok()?;
        self.lines.get(position).copied()
    }

    /// The cells after the key.
    pub(super) fn find(&self, key: &str) -> Option<&'static str> {
        self.line(key).map(|(_, cells)| cells)
    }

    /// The name in a language; an empty cell means "as in English".
    pub(super) fn name(&self, key: &str, language: Language) -> Option<&'static str> {
        self.find(key).map(|cells| pick(cells, language))
    }

    pub(super) fn lines(&self) -> impl Iterator<Item = (&'static str, &'static str)> + '_ {
        self.lines.iter().copied()
    }
}

/// One name out of the cells of all languages.
pub(super) fn pick(cells: &'static str, language: Language) -> &'static str {
    let cell = |position: usize| cells.split('\t').nth(position).unwrap_or_default();
    match cell(language.position()) {
        "" => cell(0),
        name => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_by_language() {
        let block = Block::new("a\tone\teins\t\tmoja\nb\ttwo\t\t\t\n");
        assert_eq!(block.name("a", Language::German), Some("eins"));
        assert_eq!(block.name("a", Language::French), Some("one"));
        assert_eq!(block.name("a", Language::Swahili), Some("moja"));
        assert_eq!(block.name("b", Language::Swahili), Some("two"));
        assert_eq!(block.name("c", Language::English), None);
    }
}
