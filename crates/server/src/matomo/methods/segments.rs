//! `SegmentEditor`: segments that are kept under a name.

use model::{Access, Answer, Name, Role, Value};
use settings::{Segment, SegmentChange};

use super::common::{answer, chosen, datetime, field, flag, has_role, needed, number, sites_with};
use super::{Method, method};
use crate::app::now;
use crate::matomo::error::{ApiError, ApiResult};
use crate::matomo::{Call, world};

pub const METHODS: &[Method] = &[
    method!(
        "SegmentEditor.isUserCanAddNewSegment",
        Access::Some(Role::View),
        may_add
    ),
    method!("SegmentEditor.add", Access::User, add),
    method!("SegmentEditor.update", Access::User, update),
    method!("SegmentEditor.delete", Access::User, delete),
    method!("SegmentEditor.get", Access::Some(Role::View), one),
    method!("SegmentEditor.getAll", Access::Some(Role::View), all),
];

fn fields(segment: &Segment) -> Vec<(Name, Value)> {
    vec![
        field("idsegment", segment.idsegment),
        field("name", segment.name.clone()),
        field("definition", segment.definition.clone()),
        field("hash", segment.hash.clone()),
        field("login", segment.login.clone()),
        field("enable_all_users", flag(segment.enable_all_users)),
        field("enable_only_idsite", segment.enable_only_idsite),
        field("auto_archive", flag(segment.auto_archive)),
        field("ts_created", datetime(segment.ts_created)),
        field(
            "ts_last_edit",
            segment
                .ts_last_edit
                .map_or(Value::Null, |at| datetime(at).into()),
        ),
        field("deleted", flag(segment.deleted)),
    ]
}

/// The site that a segment is for; none for all sites.
async fn site_chosen(call: &Call<'_>) -> ApiResult<Option<i64>> {
    let Some(text) = chosen(call, "idSite") else {
        return Ok(None);
    };
    let world = call.app.world().await?;
    let sites = world::sites_named(call, &world, text, Role::View)?;
    match sites.several {
        true => Ok(None),
        false => Ok(sites.ids.first().map(|id| i64::from(*id))),
    }
}

/// Whether the caller may keep a segment for this site, or for all.
async fn can_add(call: &Call<'_>, site: Option<i64>) -> ApiResult<bool> {
    if call.principal.is_anonymous() {
        return Ok(false);
    }
    let world = call.app.world().await?;
    let least = match world.config.text("adding_segment_requires_access").as_str() {
        "superuser" => return Ok(call.principal.is_superuser()),
        "admin" => Role::Admin,
        "write" => Role::Write,
        _ => Role::View,
    };
    Ok(match site {
        Some(site) => has_role(call, site, least),
        None => call.principal.is_superuser() || !sites_with(call, &world, least).is_empty(),
    })
}

async fn may_add(call: Call<'_>) -> ApiResult<Answer> {
    let site = site_chosen(&call).await?;
    answer(can_add(&call, site).await?)
}

async fn change_of(call: &Call<'_>) -> ApiResult<SegmentChange> {
    let site = site_chosen(call).await?;
    if !can_add(call, site).await? {
        return Err(ApiError::unauthorised(
            "You are not allowed to add or change segments.",
        ));
    }
    let enable_all_users = call.request.flag("enabledAllUsers");
    if enable_all_users && !call.principal.is_superuser() {
        return Err(ApiError::unauthorised(
            "&enabledAllUsers=1 requires Super User access",
        ));
    }
    let definition = definition(needed(call, "definition")?);
    check_definition(call, site, &definition).await?;
    Ok(SegmentChange {
        name: needed(call, "name")?.to_owned(),
        definition,
        enable_all_users,
        enable_only_idsite: site.unwrap_or(0),
        auto_archive: call.request.flag("autoArchive"),
    })
}

/// Signs that would end the parameter in an address are written as codes.
fn definition(text: &str) -> String {
    text.replace('#', "%23")
        .replace('\'', "%27")
        .replace('&', "%26")
}

async fn check_definition(call: &Call<'_>, site: Option<i64>, text: &str) -> ApiResult<()> {
    let world = call.app.world().await?;
    let site = site
        .or_else(|| world.snapshot.sites.first().map(|site| site.idsite))
        .unwrap_or(0);
    let site = u32::try_from(site).unwrap_or(0);
    match world::filter(call, &world, site, text) {
        Ok(_) => Ok(()),
        Err(error) => Err(ApiError::invalid(format!(
            "The specified segment is invalid: {}",
            error.message
        ))),
    }
}

async fn add(call: Call<'_>) -> ApiResult<Answer> {
    let change = change_of(&call).await?;
    let login = call.principal.login().to_owned();
    answer(call.app.settings.add_segment(&login, change, now()).await?)
}

/// The segment of a call, which the caller must have made unless it is a superuser.
async fn own(call: &Call<'_>) -> ApiResult<Segment> {
    let id = number(call, "idSegment")?;
    let segment = call.app.settings.segment(id).await?;
    let segment = segment.ok_or_else(|| ApiError::invalid("Requested segment not found"))?;
    match call.principal.is_superuser() || segment.login == call.principal.login() {
        true => Ok(segment),
        false => Err(ApiError::invalid(
            "You can only edit and delete custom segments that you have created yourself.",
        )),
    }
}

async fn update(call: Call<'_>) -> ApiResult<Answer> {
    let segment = own(&call).await?;
    let change = change_of(&call).await?;
    call.app
        .settings
        .update_segment(segment.idsegment, change, now())
        .await?;
    Ok(Answer::Done)
}

async fn delete(call: Call<'_>) -> ApiResult<Answer> {
    let segment = own(&call).await?;
    call.app.settings.delete_segment(segment.idsegment).await?;
    Ok(Answer::Done)
}

/// Superusers see every segment, others their own and those made for everybody.
fn is_visible(call: &Call<'_>, segment: &Segment, site: Option<i64>) -> bool {
    let only = segment.enable_only_idsite;
    let for_site = only == 0 || site.is_none_or(|site| site == only);
    let allowed = only == 0 || has_role(call, only, Role::View);
    let for_user =
        call.principal.is_superuser() || segment.is_visible_to(call.principal.login(), None);
    for_site && allowed && for_user
}

async fn one(call: Call<'_>) -> ApiResult<Answer> {
    let segment = call
        .app
        .settings
        .segment(number(&call, "idSegment")?)
        .await?;
    match segment {
        None => answer(false),
        Some(segment) if is_visible(&call, &segment, None) => answer(Value::Map(fields(&segment))),
        Some(_) => Err(ApiError::unauthorised(
            "You can't access this segment because it was created by another user.",
        )),
    }
}

async fn all(call: Call<'_>) -> ApiResult<Answer> {
    let site = site_chosen(&call).await?;
    let segments = call.app.settings.segments().await?;
    let visible = segments
        .iter()
        .filter(|segment| is_visible(&call, segment, site));
    answer(Value::List(
        visible.map(|segment| Value::Map(fields(segment))).collect(),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn definitions_fit_into_an_address() {
        assert_eq!(
            definition("pageTitle==it's #1 & more"),
            "pageTitle==it%27s %231 %26 more"
        );
    }
}
