//! Currencies and their symbols.

use model::{Answer, Value};

use crate::matomo::Call;
use crate::matomo::error::{ApiError, ApiResult};
use crate::matomo::methods::common::{answer, keyed, language};
use crate::names::Names;

/// Refuses a currency that has no name.
pub fn check(code: &str) -> ApiResult<()> {
    let known = Names::embedded().currency_symbols();
    match known.iter().any(|currency| currency.0 == code) {
        true => Ok(()),
        false => Err(ApiError::invalid(format!(
            "The currency \"{code}\" is not valid. Please enter a valid currency symbol (eg. USD, EUR, etc.)"
        ))),
    }
}

pub async fn symbols(call: Call<'_>) -> ApiResult<Answer> {
    let symbols = call.app.names.currency_symbols();
    answer(keyed(
        symbols
            .into_iter()
            .map(|(code, symbol)| (code, Value::from(symbol))),
    ))
}

/// Every currency as `US Dollar ($)`.
pub async fn list(call: Call<'_>) -> ApiResult<Answer> {
    let names = call.app.names.currencies(language(&call));
    answer(keyed(
        names
            .into_iter()
            .map(|(code, text)| (code, Value::from(text))),
    ))
}
