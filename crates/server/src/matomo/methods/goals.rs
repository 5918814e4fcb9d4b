//! `Goals`: management. The reports are rows of the catalog.

use model::{Access, Answer, Name, Role, Value};
use settings::{Goal, GoalChange};

use super::common::{answer, field, flag, given, needed, number, numbered, site_of};
use super::{Method, method};
use crate::matomo::error::ApiResult;
use crate::matomo::{Call, world};

pub const METHODS: &[Method] = &[
    method!("Goals.getGoal", Access::Site(Role::View), one),
    method!("Goals.getGoals", Access::Site(Role::View), all),
    method!("Goals.addGoal", Access::Site(Role::Write), add),
    method!("Goals.updateGoal", Access::Site(Role::Write), update),
    method!("Goals.deleteGoal", Access::Site(Role::Write), delete),
];

/// A goal as it is shown. A goal that is reached by a call has no pattern.
pub fn fields(goal: &Goal) -> Vec<(Name, Value)> {
    let mut fields = vec![
        field("idsite", goal.idsite),
        field("idgoal", goal.idgoal),
        field("name", goal.name.clone()),
        field("description", goal.description.clone()),
        field("match_attribute", goal.match_attribute.clone()),
    ];
    if goal.match_attribute != "manually" {
        fields.push(field("pattern", goal.pattern.clone()));
        fields.push(field("pattern_type", goal.pattern_type.clone()));
        fields.push(field("case_sensitive", flag(goal.case_sensitive)));
    }
    fields.push(field("allow_multiple", flag(goal.allow_multiple)));
    fields.push(field("revenue", goal.revenue));
    fields.push(field("deleted", flag(goal.deleted)));
    fields.push(field(
        "event_value_as_revenue",
        flag(goal.event_value_as_revenue),
    ));
    fields
}

async fn one(call: Call<'_>) -> ApiResult<Answer> {
    let site = site_of(&call, Role::View).await?;
    let goal = call
        .app
        .settings
        .goal(site, number(&call, "idGoal")?)
        .await?;
    answer(goal.map_or(Value::Bool(false), |goal| Value::Map(fields(&goal))))
}

async fn all(call: Call<'_>) -> ApiResult<Answer> {
    let world = call.app.world().await?;
    let sites = world::sites(&call, &world, Role::View)?;
    let mut goals: Vec<&Goal> = sites
        .ids
        .iter()
        .flat_map(|site| world.goals_of(*site))
        .collect();
    if call.request.flag("orderByName") {
        goals.sort_by_key(|goal| goal.name.to_lowercase());
    }
    let shown = |goal: &Goal| Value::Map(fields(goal));
    answer(match sites.several {
        true => Value::List(goals.into_iter().map(shown).collect()),
        false => numbered(
            &call,
            goals
                .into_iter()
                .map(|goal| (goal.idgoal, shown(goal)))
                .collect(),
        ),
    })
}

fn change_of(call: &Call<'_>) -> ApiResult<GoalChange> {
    let request = &call.request;
    let revenue = request.filled("revenue").unwrap_or("0").replace(',', ".");
    Ok(GoalChange {
        name: needed(call, "name")?.to_owned(),
        description: request.text("description").unwrap_or_default().to_owned(),
        match_attribute: needed(call, "matchAttribute")?.to_owned(),
        pattern: given(call, "pattern")?.to_owned(),
        pattern_type: given(call, "patternType")?.to_owned(),
        case_sensitive: request.flag("caseSensitive"),
        allow_multiple: request.flag("allowMultipleConversionsPerVisit"),
        revenue: Value::from(revenue).number(),
        event_value_as_revenue: request.flag("useEventValueAsRevenue"),
    })
}

async fn add(call: Call<'_>) -> ApiResult<Answer> {
    let site = site_of(&call, Role::Write).await?;
    answer(call.app.settings.add_goal(site, change_of(&call)?).await?)
}

async fn update(call: Call<'_>) -> ApiResult<Answer> {
    let site = site_of(&call, Role::Write).await?;
    let change = change_of(&call)?;
    call.app
        .settings
        .update_goal(site, number(&call, "idGoal")?, change)
        .await?;
    Ok(Answer::Done)
}

async fn delete(call: Call<'_>) -> ApiResult<Answer> {
    let site = site_of(&call, Role::Write).await?;
    call.app
        .settings
        .delete_goal(site, number(&call, "idGoal")?)
        .await?;
    Ok(Answer::Done)
}
