//! Numbers for operators.

use journal::JournalStats;

use crate::Ingest;

impl Ingest {
    /// Counters of the journal.
    pub fn journal_stats(&self) -> JournalStats {
        self.journal.stats()
    }
}
