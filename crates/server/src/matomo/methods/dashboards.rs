//! `Dashboard`: the widgets that users arranged.

use model::{Access, Answer, Role, Value};
use serde_json::{Value as Json, json};
use settings::Dashboard;

use super::common::{answer, field, needed, number, own_or_superuser, signed_in, value_of};
use super::{Method, method};
use crate::matomo::Call;
use crate::matomo::error::{ApiError, ApiResult};

pub const METHODS: &[Method] = &[
    method!("Dashboard.getDashboards", Access::SelfOrSuperUser, all),
    method!(
        "Dashboard.createNewDashboardForUser",
        Access::SelfOrSuperUser,
        create
    ),
    method!("Dashboard.removeDashboard", Access::SelfOrSuperUser, remove),
    method!(
        "Dashboard.copyDashboardToUser",
        Access::Some(Role::Admin),
        copy
    ),
    method!(
        "Dashboard.resetDashboardLayout",
        Access::SelfOrSuperUser,
        reset
    ),
];

/// What a user sees who arranged nothing: module and action, by column.
const DEFAULT_WIDGETS: &[&[(&str, &str)]] = &[
    &[
        ("Live", "widget"),
        ("VisitsSummary", "get"),
        ("UserCountry", "getCountry"),
    ],
    &[
        ("VisitsSummary", "getEvolutionGraph"),
        ("Actions", "getPageUrls"),
        ("Goals", "get"),
    ],
    &[
        ("Referrers", "getReferrerType"),
        ("DevicesDetection", "getType"),
        ("VisitTime", "getByDayOfWeek"),
    ],
];

/// The arrangement of widgets that nobody arranged.
pub fn default_layout() -> Json {
    let widget = |(module, action): &(&str, &str)| {
        json!({
            "uniqueId": format!("widget{module}{action}"),
            "parameters": { "module": module, "action": action },
            "isHidden": false,
        })
    };
    let column = |widgets: &&[(&str, &str)]| widgets.iter().map(widget).collect::<Json>();
    json!({
        "config": { "layout": "33-33-33" },
        "columns": DEFAULT_WIDGETS.iter().map(column).collect::<Json>(),
    })
}

/// The user that is meant: the one named, who must be the caller unless that is a superuser.
fn login<'a>(call: &'a Call<'_>) -> ApiResult<&'a str> {
    let login = call
        .request
        .filled("login")
        .unwrap_or(call.principal.login());
    own_or_superuser(call, login)?;
    Ok(login)
}

async fn all(call: Call<'_>) -> ApiResult<Answer> {
    let login = login(&call)?;
    let mut dashboards = call.app.settings.dashboards(login).await?;
    if dashboards.is_empty() && call.request.flag_or("returnDefaultIfEmpty", true) {
        dashboards.push(Dashboard {
            login: login.to_owned(),
            iddashboard: 1,
            name: "Dashboard".to_owned(),
            layout: default_layout(),
        });
    }
    answer(Value::List(dashboards.iter().map(shown).collect()))
}

fn shown(dashboard: &Dashboard) -> Value {
    let default = default_layout();
    let layout = if dashboard.layout.is_null() {
        &default
    } else {
        &dashboard.layout
    };
    Value::Map(vec![
        field("name", dashboard.name.clone()),
        field("id", dashboard.iddashboard),
        field(
            "widgets",
            Value::List(widgets(layout).iter().map(value_of).collect()),
        ),
    ])
}

/// Module and action of every widget that is not hidden.
fn widgets(layout: &Json) -> Vec<Json> {
    let columns = layout.get("columns").unwrap_or(layout).as_array();
    let widgets = columns
        .into_iter()
        .flatten()
        .filter_map(Json::as_array)
        .flatten();
    widgets
        .filter(|widget| !widget["isHidden"].as_bool().unwrap_or(false))
        .filter_map(|widget| {
            let (module, action) = (
                &widget["parameters"]["module"],
                &widget["parameters"]["action"],
            );
            let named = module.is_string() && action.is_string();
            named.then(|| json!({ "module": module, "action": action }))
        })
        .collect()
}

async fn create(call: Call<'_>) -> ApiResult<Answer> {
    signed_in(&call)?;
    let layout = match call.request.flag_or("addDefaultWidgets", true) {
        true => default_layout(),
        false => json!({ "config": { "layout": "33-33-33" }, "columns": [[], [], []] }),
    };
    let name = call.request.text("dashboardName").unwrap_or_default();
    needed(&call, "login")?;
    answer(
        call.app
            .settings
            .add_dashboard(login(&call)?, name, &layout)
            .await?,
    )
}

async fn remove(call: Call<'_>) -> ApiResult<Answer> {
    signed_in(&call)?;
    let id = number(&call, "idDashboard")?;
    if id == 1 {
        return Err(ApiError::invalid(
            "The first dashboard cannot be removed; it can be reset.",
        ));
    }
    call.app
        .settings
        .delete_dashboard(login(&call)?, id)
        .await?;
    Ok(Answer::Done)
}

async fn copy(call: Call<'_>) -> ApiResult<Answer> {
    let own = call.principal.login().to_owned();
    let (id, to) = (number(&call, "idDashboard")?, needed(&call, "copyToUser")?);
    let known = super::users::visible(&call).await?;
    if !known.iter().any(|user| user.login == to) {
        return Err(ApiError::invalid(format!(
            "Cannot copy dashboard to user {to}, user not found."
        )));
    }
    let name = call.request.filled("dashboardName");
    answer(call.app.settings.copy_dashboard(&own, id, to, name).await?)
}

async fn reset(call: Call<'_>) -> ApiResult<Answer> {
    signed_in(&call)?;
    let id = number(&call, "idDashboard")?;
    let user = login(&call)?;
    let dashboards = call.app.settings.dashboards(user).await?;
    let known = dashboards
        .iter()
        .find(|dashboard| dashboard.iddashboard == id);
    match (known, id) {
        (Some(dashboard), _) => {
            call.app
                .settings
                .save_dashboard(user, id, &dashboard.name, &default_layout())
                .await?;
        }
        // Never arranged, so it is the default one.
        (None, 1) => {}
        (None, _) => {
            return Err(ApiError::invalid(format!(
                "The dashboard {id} does not exist."
            )));
        }
    }
    Ok(Answer::Done)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn widgets_of_old_and_new_layouts() {
        assert_eq!(widgets(&default_layout()).len(), 9);
        let old = json!([[{ "parameters": { "module": "A", "action": "b" } }], []]);
        assert_eq!(widgets(&old), [json!({ "module": "A", "action": "b" })]);
        for broken in [json!(null), json!([1, {}]), json!({ "columns": [[{}]] })] {
            assert!(widgets(&broken).is_empty(), "{broken}");
        }
    }
}
