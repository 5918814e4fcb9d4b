//! `Goals`: management. The reports are rows of the catalog.

use model::{Access, Answer, Role, Value};
use settings::GoalChange;

use super::sites::site_of;
use super::{Method, method};
use crate::matomo::Call;
use crate::matomo::error::{ApiError, ApiResult};
use crate::matomo::request::ApiRequest;

pub const METHODS: &[Method] = &[
    method!("Goals.addGoal", Access::Site(Role::Write), add),
    method!("Goals.updateGoal", Access::Site(Role::Write), update),
    method!("Goals.deleteGoal", Access::Site(Role::Write), delete),
];

fn change_of(request: &ApiRequest) -> ApiResult<GoalChange> {
    let needed = |name: &str| {
        request.text(name).map(str::to_owned).ok_or_else(|| ApiError::missing(name))
    };
    let revenue = request.filled("revenue").map_or(Ok(0.0), |text| {
        text.replace(',', ".").trim().parse::<f64>()
    });
    Ok(GoalChange {
        name: needed("name")?,
        description: request.text("description").unwrap_or_default().to_owned(),
        match_attribute: needed("matchAttribute")?,
        pattern: needed("pattern")?,
        pattern_type: needed("patternType")?,
        case_sensitive: request.flag("caseSensitive"),
        allow_multiple: request.flag("allowMultipleConversionsPerVisit"),
        revenue: revenue.unwrap_or(0.0),
        event_value_as_revenue: request.flag("useEventValueAsRevenue"),
    })
}

async fn add(call: Call<'_>) -> ApiResult<Answer> {
    let site = site_of(&call, Role::Write).await?;
    let id = call.app.settings.add_goal(site, change_of(&call.request)?).await?;
    Ok(Answer::Value(Value::Int(id)))
}

fn goal_of(call: &Call<'_>) -> ApiResult<i64> {
    call.request.integer("idGoal").ok_or_else(|| ApiError::missing("idGoal"))
}

async fn update(call: Call<'_>) -> ApiResult<Answer> {
    let site = site_of(&call, Role::Write).await?;
    let change = change_of(&call.request)?;
    call.app.settings.update_goal(site, goal_of(&call)?, change).await?;
    Ok(Answer::Done)
}

async fn delete(call: Call<'_>) -> ApiResult<Answer> {
    let site = site_of(&call, Role::Write).await?;
    call.app.settings.delete_goal(site, goal_of(&call)?).await?;
    Ok(Answer::Done)
}
