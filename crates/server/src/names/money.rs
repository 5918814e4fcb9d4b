//! Currencies: their names and symbols.

use std::sync::LazyLock;

use super::Language;
use super::blocks::Block;

/// Code, symbol and, where the locale data has none or another one, the English name.
static SYMBOLS: LazyLock<Block> = LazyLock::new(|| Block::new(include_str!("currencies.txt")));
static NAMES: LazyLock<Block> = LazyLock::new(|| {
    Block::new(include_str!(concat!(
        env!("OUT_DIR"),
        "/names-currencies.txt"
    )))
});

pub(super) fn symbol(code: &str) -> Option<&'static str> {
    SYMBOLS.find(code)?.split('\t').next()
}

/// The name of a currency; its code if it has none.
pub(super) fn name(code: &str, language: Language) -> &str {
    let own = SYMBOLS
        .find(code)
        .and_then(|cells| cells.split('\t').nth(1));
    let listed = || NAMES.name(code, language);
    let found = match language {
        Language::English => own.or_else(listed),
        _ => listed().or(own),
    };
    found.unwrap_or(code)
}

pub(super) fn list(language: Language) -> Vec<(&'static str, String)> {
    let shown = |(code, symbol): (&'static str, &str)| {
        (code, format!("{} ({symbol})", name(code, language)))
    };
    let mut currencies: Vec<_> = symbols().into_iter().map(shown).collect();
    currencies.sort_by(|(_, one), (_, other)| one.cmp(other));
    currencies
}

pub(super) fn symbols() -> Vec<(&'static str, &'static str)> {
    let first = |cells: &'static str| cells.split('\t').next().unwrap_or_default();
    SYMBOLS
        .lines()
        .map(|(code, cells)| (code, first(cells)))
        .collect()
}
