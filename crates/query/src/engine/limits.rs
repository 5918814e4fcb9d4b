use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use crate::view::QueryError;

/// What one question may use.
#[derive(Clone, Debug)]
pub struct Limits {
    pub max_groups: usize,
    pub max_memory_bytes: usize,
    pub deadline: Option<Instant>,
    /// Rows from where on a second thread helps.
    pub parallel_rows: usize,
    /// Set from outside when nobody waits for the answer any more.
    pub cancelled: Option<Arc<AtomicBool>>,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            max_groups: 10_000_000,
            max_memory_bytes: 2 << 30,
            deadline: None,
            parallel_rows: 1_000_000,
            cancelled: None,
        }
    }
}

impl Limits {
    /// Whether work may go on.
    pub fn check(&self) -> Result<(), QueryError> {
        if let Some(cancelled) = &self.cancelled
            && cancelled.load(Ordering::Relaxed)
        {
            return Err(QueryError::Cancelled);
        }
        if let Some(deadline) = self.deadline
            && Instant::now() >= deadline
        {
            return Err(QueryError::Limit("the time it may take".to_owned()));
        }
        Ok(())
    }

    pub fn check_groups(&self, groups: usize) -> Result<(), QueryError> {
        if groups > self.max_groups {
            return Err(QueryError::Limit(format!("{} groups", self.max_groups)));
        }
        Ok(())
    }

    pub fn check_memory(&self, bytes: usize) -> Result<(), QueryError> {
        if bytes > self.max_memory_bytes {
            return Err(QueryError::Limit(format!(
                "{} MB of memory",
                self.max_memory_bytes >> 20
            )));
        }
        Ok(())
    }
}
