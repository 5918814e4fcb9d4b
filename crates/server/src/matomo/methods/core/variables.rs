//! `CustomVariables`: which slots are in use.

use catalog::columns::VARIABLE_SLOTS;
use model::{Answer, Role, Row, Value};

use crate::matomo::error::{ApiError, ApiResult};
use crate::matomo::formats::FormatOptions;
use crate::matomo::methods::common::{answer, field, site_of};
use crate::matomo::request::ApiRequest;
use crate::matomo::{Call, reports};

const REPORT: &str = "CustomVariables.getCustomVariables";

/// Names that were ever seen in each slot.
pub async fn slots(call: Call<'_>) -> ApiResult<Answer> {
    let site = site_of(&call, Role::Admin).await?;
    let rows = names(&call, site).await?;
    let groups = ["visit", "page"].into_iter().flat_map(|scope| {
        let rows = &rows;
        (1..=VARIABLE_SLOTS as i64).map(move |index| {
            let usages = rows.iter().filter(|row| uses(row, scope, index)).map(usage);
            Value::Map(vec![
                field("scope", scope),
                field("index", index),
                field("usages", Value::List(usages.collect())),
            ])
        })
    });
    answer(Value::List(groups.collect()))
}

/// The report of custom variables over all time.
async fn names(call: &Call<'_>, site: i64) -> ApiResult<Vec<Row>> {
    let report = catalog::reports::report(REPORT).ok_or_else(|| ApiError::method(REPORT))?;
    let query = format!("idSite={site}&period=range&date=2000-01-01,today&filter_limit=-1");
    let inner = Call {
        app: call.app,
        principal: call.principal.clone(),
        request: ApiRequest::parse(&query, b""),
        client: call.client,
        method: REPORT.to_owned(),
    };
    match reports::answer(&inner, report, None, FormatOptions::default()).await? {
        (Answer::Table(table), _) => Ok(table.rows),
        _ => Ok(Vec::new()),
    }
}

fn uses(row: &Row, scope: &str, index: i64) -> bool {
    let Some(Value::List(slots)) = row.meta("slots") else {
        return false;
    };
    slots.iter().any(|slot| match slot {
        Value::Map(fields) => {
            let is = |name: &str, wanted: &Value| {
                fields
                    .iter()
                    .any(|(key, value)| key == name && value == wanted)
            };
            is("scope", &Value::from(scope)) && is("index", &Value::Int(index))
        }
        _ => false,
    })
}

fn usage(row: &Row) -> Value {
    let column = |name: &str| row.get(name).cloned().unwrap_or(Value::Int(0));
    Value::Map(vec![
        field("name", column("label")),
        field("nb_visits", column("nb_visits")),
        field("nb_actions", column("nb_actions")),
    ])
}
