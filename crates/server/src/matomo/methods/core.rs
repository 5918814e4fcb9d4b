//! `CoreAdminHome` and other modules of administration.

use model::{Access, Answer, Role, Value};

use super::{Method, method};
use crate::matomo::Call;
use crate::matomo::error::ApiResult;

pub const METHODS: &[Method] = &[method!(
    "CoreAdminHome.invalidateArchivedReports",
    Access::Some(Role::Admin),
    invalidate
)];

/// Reports come from raw data: there is nothing to compute again.
async fn invalidate(_call: Call<'_>) -> ApiResult<Answer> {
    let text = "Success. Reports are answered from raw data, so nothing had to be invalidated.";
    Ok(Answer::Value(Value::List(vec![text.into()])))
}
