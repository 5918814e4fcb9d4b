//! A value read from the database, kept until the numbers of [`crate::Changes`] grow.

use std::future::Future;
use std::sync::{Arc, PoisonError, RwLock};

use crate::error::Result;

/// One value, valid for one number.
pub(crate) struct Cached<T> {
    current: RwLock<Option<(u64, Arc<T>)>>,
    /// After a change one caller reads the tables, not all that wait for it.
    loading: tokio::sync::Mutex<()>,
}

impl<T> Default for Cached<T> {
    fn default() -> Cached<T> {
        Cached {
            current: RwLock::new(None),
            loading: tokio::sync::Mutex::new(()),
        }
    }
}

impl<T> Cached<T> {
    /// The value for the number that counts now. `load` reads it when there is none.
    pub(crate) async fn get<Load, Loading>(
        &self,
        number: impl Fn() -> u64,
        load: Load,
    ) -> Result<Arc<T>>
    where
        Load: FnOnce() -> Loading,
        Loading: Future<Output = Result<T>>,
    {
        if let Some(value) = self.known(number()) {
            return Ok(value);
        }
        let _turn = self.loading.lock().await;
        // The number is taken before the tables are read, so the value is at least as new as its number.
        let number = number();
        if let Some(value) = self.known(number) {
            return Ok(value);
        }
        let value = Arc::new(load().await?);
        *self.current.write().unwrap_or_else(PoisonError::into_inner) =
            Some((number, value.clone()));
        Ok(value)
    }

    fn known(&self, number: u64) -> Option<Arc<T>> {
        let current = self.current.read().unwrap_or_else(PoisonError::into_inner);
        match current.as_ref() {
            Some((known, value)) if *known == number => Some(value.clone()),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;
    use crate::Error;

    #[tokio::test]
    async fn a_value_is_read_once_for_each_number() {
        let cached = Cached::default();
        let reads = AtomicU64::new(0);
        let read = || async { Ok(reads.fetch_add(1, Ordering::Relaxed)) };
        for (number, expected) in [(1, 0), (1, 0), (2, 1), (2, 1), (1, 2)] {
            assert_eq!(*cached.get(|| number, read).await.unwrap(), expected);
        }
        let failed = cached.get(|| 3, || async { Err(Error::Busy) }).await;
        assert!(failed.is_err());
        assert_eq!(*cached.get(|| 3, read).await.unwrap(), 3);
    }
}
