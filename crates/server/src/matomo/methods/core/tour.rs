//! `Tour`: first steps, and which of them were made.

use std::collections::BTreeSet;

use model::{Answer, Value};

use crate::matomo::Call;
use crate::matomo::error::{ApiError, ApiResult};
use crate::matomo::methods::common::{answer, field, has_data, needed, yes};

/// A first step: id, name, where it is made.
#[rustfmt::skip]
const STEPS: &[(&str, &str, &str)] = &[
    ("track_data", "Embed a tracking code", "index.php?module=CoreAdminHome&action=trackingCodeGenerator"),
    ("define_goal", "Add a goal", "index.php?module=Goals&action=manage"),
    ("add_user", "Invite a user", "index.php?module=UsersManager&action=index"),
    ("add_website", "Add another website", "index.php?module=SitesManager&action=index"),
    ("add_scheduled_report", "Add a scheduled report", "index.php?module=ScheduledReports&action=index"),
    ("customise_dashboard", "Set up your dashboard", "index.php?module=CoreHome&action=index"),
    ("add_segment", "Add a segment", "index.php?module=SegmentEditor&action=index"),
    ("add_annotation", "Add an annotation", "index.php?module=CoreHome&action=index"),
    ("setup_twofa", "Set up two-factor authentication", "index.php?module=UsersManager&action=userSecurity"),
];

/// Steps that must be made for the next level, and the names of the levels.
const STEPS_OF_A_LEVEL: usize = 3;
const LEVELS: [&str; 4] = ["Beginner", "Intermediate", "Advanced", "Expert"];

/// Where the skipped steps of a user are kept.
const SKIPPED: &str = "tourSkippedSteps";

async fn skipped(call: &Call<'_>) -> ApiResult<BTreeSet<String>> {
    let stored = call
        .app
        .settings
        .user_preference(call.principal.login(), SKIPPED)
        .await?;
    Ok(stored
        .unwrap_or_default()
        .split(',')
        .filter(|id| !id.is_empty())
        .map(str::to_owned)
        .collect())
}

async fn made(call: &Call<'_>) -> ApiResult<BTreeSet<&'static str>> {
    let world = call.app.world().await?;
    let settings = &call.app.settings;
    let login = call.principal.login();
    let first_site = world.snapshot.sites.first().map_or(0, |site| site.idsite);
    let state = [
        ("track_data", has_data(call.app)),
        ("define_goal", !world.snapshot.goals.is_empty()),
        // The anonymous user and the first superuser are there from the start.
        ("add_user", settings.users().await?.len() > 2),
        ("add_website", world.snapshot.sites.len() > 1),
        (
            "add_scheduled_report",
            !settings.scheduled_reports().await?.is_empty(),
        ),
        (
            "customise_dashboard",
            !settings.dashboards(login).await?.is_empty(),
        ),
        ("add_segment", !settings.segments().await?.is_empty()),
        (
            "add_annotation",
            !settings.annotations(first_site, None).await?.is_empty(),
        ),
        ("setup_twofa", settings.uses_two_factor(login).await?),
    ];
    Ok(state
        .into_iter()
        .filter(|(_, made)| *made)
        .map(|(id, _)| id)
        .collect())
}

pub async fn challenges(call: Call<'_>) -> ApiResult<Answer> {
    let (made, skipped) = (made(&call).await?, skipped(&call).await?);
    let rows = STEPS.iter().map(|(id, name, url)| {
        Value::Map(vec![
            field("id", *id),
            field("name", *name),
            field("description", ""),
            field("isCompleted", made.contains(id)),
            field("isSkipped", skipped.contains(*id)),
            field("url", *url),
        ])
    });
    answer(Value::List(rows.collect()))
}

pub async fn skip(call: Call<'_>) -> ApiResult<Answer> {
    let id = needed(&call, "id")?;
    if !STEPS.iter().any(|step| step.0 == id) {
        return Err(ApiError::invalid("Challenge not found"));
    }
    if made(&call).await?.contains(id) {
        return Err(ApiError::invalid("Challenge already completed"));
    }
    let mut skipped = skipped(&call).await?;
    skipped.insert(id.to_owned());
    let stored = skipped.into_iter().collect::<Vec<_>>().join(",");
    call.app
        .settings
        .set_user_preference(call.principal.login(), SKIPPED, &stored)
        .await?;
    yes()
}

pub async fn level(call: Call<'_>) -> ApiResult<Answer> {
    let mut done: BTreeSet<String> = skipped(&call).await?;
    done.extend(made(&call).await?.into_iter().map(str::to_owned));
    let level = (done.len() / STEPS_OF_A_LEVEL).min(LEVELS.len() - 1);
    let next = LEVELS.get(level + 1);
    let needed = next.map_or(0, |_| (level + 1) * STEPS_OF_A_LEVEL - done.len());
    answer(Value::Map(vec![
        field(
            "description",
            format!("{} of {} first steps are made.", done.len(), STEPS.len()),
        ),
        field("currentLevel", level as i64 + 1),
        field("currentLevelName", LEVELS[level]),
        field(
            "nextLevelName",
            next.map_or(Value::Null, |name| (*name).into()),
        ),
        field("numLevelsTotal", LEVELS.len() as i64),
        field("challengesNeededForNextLevel", needed as i64),
    ]))
}
