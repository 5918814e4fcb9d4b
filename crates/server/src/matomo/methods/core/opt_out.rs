//! The code that people paste into their pages to offer the opt-out.

use model::Answer;

use crate::matomo::Call;
use crate::matomo::error::{ApiError, ApiResult};
use crate::matomo::methods::common::answer;
use crate::pages::opt_out;

pub async fn embed_code(call: Call<'_>) -> ApiResult<Answer> {
    let sent = call.request.filled("matomoUrl").map(str::to_owned);
    let server = sent
        .or_else(|| call.app.options.base_url.clone())
        .ok_or_else(|| ApiError::missing("matomoUrl"))?;
    let is_web = server.starts_with("https://") || server.starts_with("http://");
    if !is_web {
        return Err(ApiError::invalid(
            "matomoUrl must be an http or https address.",
        ));
    }
    answer(opt_out::embed_code(&server, call.request.map()))
}

pub async fn self_contained_code(call: Call<'_>) -> ApiResult<Answer> {
    answer(opt_out::self_contained_code(call.request.map()))
}
