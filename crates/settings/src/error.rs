//! The one error type of the crate.

/// Why a setting could not be read or changed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The thing asked for does not exist. The text names it.
    #[error("{0}")]
    NotFound(String),
    /// A value was refused. The message is meant for the person who gave it.
    #[error("{message}")]
    Invalid {
        /// What is wrong and what would be right.
        message: String,
    },
    /// It exists already, or another change came first.
    #[error("{0}")]
    Conflict(String),
    /// The change is forbidden by a rule that holds for everybody, such as "the last superuser stays".
    #[error("{0}")]
    Forbidden(String),
    /// Too many passwords are being checked at this moment; try again.
    #[error("too many sign-ins at this moment, please try again")]
    Busy,
    /// The key file or the database file cannot be used.
    #[error("{0}")]
    Storage(String),
    /// The database refused or failed.
    #[error("the settings database failed: {0}")]
    Database(#[source] sqlx::Error),
}

/// Result with this crate's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    pub(crate) fn invalid(message: impl Into<String>) -> Error {
        Error::Invalid {
            message: message.into(),
        }
    }

    pub(crate) fn no_site(idsite: i64) -> Error {
        // Matomo's words: clients look for them.
        Error::NotFound(format!(
            "An unexpected website was found in the request: website id was set to '{idsite}' ."
        ))
    }

    pub(crate) fn no_user(login: &str) -> Error {
        Error::NotFound(format!("User '{login}' doesn't exist."))
    }
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Error {
        match &error {
            sqlx::Error::Database(refused) if refused.is_unique_violation() => {
                Error::Conflict("it exists already".into())
            }
            sqlx::Error::Database(refused) if refused.is_foreign_key_violation() => {
                Error::NotFound("it refers to something that does not exist".into())
            }
            _ => Error::Database(error),
        }
    }
}

impl From<sqlx::migrate::MigrateError> for Error {
    fn from(error: sqlx::migrate::MigrateError) -> Error {
        Error::Storage(format!(
            "the settings database cannot be brought up to date: {error}"
        ))
    }
}
