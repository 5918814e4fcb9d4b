use std::path::{Path, PathBuf};

use query::QueryError;

/// Why stored data could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("{}: {source}", path.display())]
    Io {
        path: PathBuf,
        source: std::io::Error,
    },
    #[error("{} is damaged: {what}", path.display())]
    Corrupt { path: PathBuf, what: String },
    #[error("{0}")]
    Query(#[from] QueryError),
    /// After a write whose outcome is unknown only a restart tells what is on the disk.
    #[error("the store stopped writing after an error and has to be opened again")]
    Stopped,
}

impl StoreError {
    pub(crate) fn io(path: &Path) -> impl FnOnce(std::io::Error) -> StoreError + '_ {
        move |source| StoreError::Io {
            path: path.to_owned(),
            source,
        }
    }

    pub(crate) fn corrupt(path: &Path, what: impl Into<String>) -> StoreError {
        StoreError::Corrupt {
            path: path.to_owned(),
            what: what.into(),
        }
    }
}

impl From<StoreError> for QueryError {
    fn from(error: StoreError) -> QueryError {
        match error {
            StoreError::Query(error) => error,
            other => QueryError::Storage(other.to_string()),
        }
    }
}
