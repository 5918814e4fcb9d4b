//! `API.getBulkRequest`: several calls in one.

use model::{Answer, Value};

use super::common::{answer, value_of};
use crate::matomo::error::{ApiError, ApiResult};
use crate::matomo::formats::{self, Format, FormatOptions};
use crate::matomo::request::ApiRequest;
use crate::matomo::{Call, format_options, principal_of, run};

const NAME: &str = "API.getBulkRequest";
/// Calls of one request.
const CALLS_MAX: usize = 500;

/// Answers each address with what its call would answer as JSON. A call that fails is an answer that says so.
pub async fn all(call: Call<'_>) -> ApiResult<Answer> {
    let urls = call.request.array("urls");
    if urls.len() > CALLS_MAX {
        return Err(ApiError::bad_request(format!(
            "At most {CALLS_MAX} calls can be made at once."
        )));
    }
    let mut answers = Vec::with_capacity(urls.len());
    for url in urls {
        let request = inner_request(&call.request, &url);
        // A call of itself would have no end.
        if request.text("method") != Some(NAME) {
            answers.push(one(&call, request).await);
        }
    }
    answer(Value::List(answers))
}

/// The parameters of an address; those of the call itself stand in for what it does not have.
fn inner_request(outer: &ApiRequest, url: &str) -> ApiRequest {
    let decoded = tracking::url::url_decode(url);
    let query = decoded
        .split_once('?')
        .map_or(decoded.as_str(), |(_, query)| query);
    let query = query.split('#').next().unwrap_or_default();
    outer
        .within(query, &["urls", "callback", "jsoncallback"])
        .with("format", "json")
}

async fn one(outer: &Call<'_>, request: ApiRequest) -> Value {
    let options = format_options(&request);
    let rendered = match answered(outer, request).await {
        Ok((answer, options)) => formats::render(Format::Json, answer, &options),
        Err(error) => formats::render_error(Format::Json, &error.message, &options),
    };
    let json: Result<serde_json::Value, _> = serde_json::from_slice(&rendered.body);
    json.map_or(Value::Null, |json| value_of(&json))
}

async fn answered(outer: &Call<'_>, request: ApiRequest) -> ApiResult<(Answer, FormatOptions)> {
    let method = request
        .filled("method")
        .ok_or_else(|| ApiError::missing("method"))?
        .to_owned();
    // An address with a token of its own is somebody else's call.
    let own = request.text("token_auth") != outer.request.text("token_auth");
    let principal = match own {
        true => principal_of(outer.app, outer.client, None, &request).await?,
        false => outer.principal.clone(),
    };
    let options = format_options(&request);
    let call = Call {
        app: outer.app,
        principal,
        request,
        client: outer.client,
        method,
    };
    Box::pin(run(call, options)).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_wins_over_the_call_around_it() {
        let outer = ApiRequest::parse(
            "method=API.getBulkRequest&urls[0]=x&format=xml&idSite=1&date=today&segment=a==b",
            b"token_auth=abc",
        );
        for (url, name, text) in [
            ("?idSite=2&method=A.get", "idSite", Some("2")),
            ("idSite%3D2%26method%3DA.get", "method", Some("A.get")),
            ("http://a/?method=A.get", "date", Some("today")),
            ("method=A.get", "token_auth", Some("abc")),
            ("method=A.get", "urls", None),
            ("method=A.get&format=csv", "format", Some("json")),
        ] {
            let inner = inner_request(&outer, url);
            assert_eq!(inner.text(name), text, "{url} {name}");
        }
        assert!(
            inner_request(&outer, "method=A.get")
                .raw_query
                .contains("segment=a==b")
        );
        let own = inner_request(&outer, "method=A.get&segment=c==d");
        assert!(own.raw_query.contains("segment=c==d"));
    }
}
