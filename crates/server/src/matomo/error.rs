//! What can go wrong in a call, with its status.

use query::QueryError;
use query::period::PeriodError;
use query::segment_text::SegmentError;

/// Matomo's words for somebody who guessed too often.
pub const LOCKED_OUT: &str = "You are currently not allowed to log in because you had too many failed logins, try again later.";

#[derive(Debug)]
pub struct ApiError {
    pub status: u16,
    pub message: String,
}

pub type ApiResult<T> = Result<T, ApiError>;

impl ApiError {
    /// The call is wrong, or cannot be done: status 200, as clients of Matomo expect.
    pub fn invalid(message: impl Into<String>) -> ApiError {
        ApiError {
            status: 200,
            message: message.into(),
        }
    }

    pub fn bad_request(message: impl Into<String>) -> ApiError {
        ApiError {
            status: 400,
            message: message.into(),
        }
    }

    pub fn unauthorised(message: impl Into<String>) -> ApiError {
        ApiError {
            status: 401,
            message: message.into(),
        }
    }

    pub fn missing(parameter: &str) -> ApiError {
        ApiError::invalid(format!("Please specify a value for '{parameter}'."))
    }

    pub fn method(method: &str) -> ApiError {
        let (module, action) = method.split_once('.').unwrap_or((method, ""));
        ApiError::bad_request(format!(
            "The method '{action}' does not exist or is not available in the module '\\Piwik\\Plugins\\{module}\\API'."
        ))
    }

    pub fn module(module: &str) -> ApiError {
        ApiError::bad_request(format!(
            "The plugin {module} is not enabled. You can activate the plugin on Settings > Plugins page in Matomo."
        ))
    }

    pub fn unavailable(method: &str) -> ApiError {
        ApiError::invalid(format!("{method} is not available in this version"))
    }
}

impl From<QueryError> for ApiError {
    fn from(error: QueryError) -> ApiError {
        let status = match error {
            QueryError::Storage(_) => 500,
            _ => 503,
        };
        ApiError {
            status,
            message: error.to_string(),
        }
    }
}

impl From<ingest::IngestError> for ApiError {
    fn from(error: ingest::IngestError) -> ApiError {
        ApiError {
            status: 503,
            message: error.to_string(),
        }
    }
}

impl From<PeriodError> for ApiError {
    fn from(error: PeriodError) -> ApiError {
        ApiError::invalid(error.to_string())
    }
}

impl From<SegmentError> for ApiError {
    fn from(error: SegmentError) -> ApiError {
        let status = if matches!(error, SegmentError::Private(_)) {
            401
        } else {
            200
        };
        ApiError {
            status,
            message: error.to_string(),
        }
    }
}

impl From<settings::Error> for ApiError {
    fn from(error: settings::Error) -> ApiError {
        match error {
            settings::Error::Database(_) => {
                tracing::error!(%error, "settings");
                ApiError {
                    status: 500,
                    message: "The settings could not be read or written.".to_owned(),
                }
            }
            error => ApiError::invalid(error.to_string()),
        }
    }
}
