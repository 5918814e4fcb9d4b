//! Administration, and small methods of many modules.

mod admin;
mod failures;
mod features;
mod missing;
mod opt_out;
mod tour;
mod variables;

use model::{Access, Answer, Role};

use super::{Method, method};
use crate::matomo::Call;
use crate::matomo::error::{ApiError, ApiResult};
pub use missing::METHODS as MISSING;

const SOME_VIEW: Access = Access::Some(Role::View);
const SOME_ADMIN: Access = Access::Some(Role::Admin);
const ADMIN: Access = Access::Site(Role::Admin);

pub const METHODS: &[Method] = &[
    method!(
        "CoreAdminHome.invalidateArchivedReports",
        SOME_ADMIN,
        admin::invalidate
    ),
    method!(
        "CoreAdminHome.runScheduledTasks",
        Access::SuperUser,
        unavailable
    ),
    method!(
        "CoreAdminHome.runCronArchiving",
        Access::SuperUser,
        admin::archive
    ),
    method!(
        "CoreAdminHome.archiveReports",
        Access::SuperUser,
        unavailable
    ),
    method!(
        "CoreAdminHome.setArchiveSettings",
        Access::SuperUser,
        admin::set_archiving
    ),
    method!(
        "CoreAdminHome.setTrustedHosts",
        Access::SuperUser,
        admin::set_hosts
    ),
    method!(
        "CoreAdminHome.setBrandingSettings",
        Access::SuperUser,
        admin::set_branding
    ),
    method!(
        "CoreAdminHome.getOptOutJSEmbedCode",
        Access::Open,
        opt_out::embed_code
    ),
    method!(
        "CoreAdminHome.getOptOutSelfContainedEmbedCode",
        Access::Open,
        opt_out::self_contained_code
    ),
    method!(
        "CoreAdminHome.whatIsNewMarkAllChangesReadForCurrentUser",
        Access::User,
        admin::nothing_new
    ),
    method!(
        "CoreAdminHome.getTrackingFailures",
        SOME_ADMIN,
        failures::all
    ),
    method!(
        "CoreAdminHome.deleteTrackingFailure",
        ADMIN,
        failures::delete
    ),
    method!(
        "CoreAdminHome.deleteAllTrackingFailures",
        SOME_ADMIN,
        failures::delete_all
    ),
    method!(
        "CorePluginsAdmin.setSystemSettings",
        Access::SuperUser,
        features::set_system
    ),
    method!(
        "CorePluginsAdmin.getSystemSettings",
        Access::SuperUser,
        features::system
    ),
    method!(
        "CorePluginsAdmin.setUserSettings",
        Access::User,
        features::set_user
    ),
    method!(
        "CorePluginsAdmin.getUserSettings",
        Access::User,
        features::user
    ),
    method!(
        "CustomJsTracker.doesIncludePluginTrackersAutomatically",
        SOME_ADMIN,
        features::yes_always
    ),
    method!("CustomVariables.getUsagesOfSlots", ADMIN, variables::slots),
    method!(
        "Feedback.updateFeedbackReminderDate",
        Access::User,
        features::done
    ),
    method!(
        "Insights.canGenerateInsights",
        SOME_VIEW,
        features::can_generate_insights
    ),
    method!(
        "Login.unblockBruteForceIPs",
        Access::SuperUser,
        features::unblock
    ),
    method!(
        "MobileMessaging.areSMSAPICredentialProvided",
        SOME_VIEW,
        features::never
    ),
    method!(
        "MobileMessaging.getDelegatedManagement",
        SOME_VIEW,
        features::never
    ),
    method!(
        "MobileMessaging.getPhoneNumbers",
        Access::User,
        features::nothing
    ),
    method!(
        "Overlay.getTranslations",
        Access::Site(Role::View),
        features::overlay_texts
    ),
    method!(
        "Overlay.getExcludedQueryParameters",
        Access::Site(Role::View),
        features::excluded_parameters
    ),
    method!("Tour.getChallenges", Access::SuperUser, tour::challenges),
    method!("Tour.skipChallenge", Access::SuperUser, tour::skip),
    method!("Tour.getLevel", Access::SuperUser, tour::level),
    method!(
        "TwoFactorAuth.resetTwoFactorAuth",
        Access::SuperUser,
        features::reset_second_factor
    ),
    method!(
        "UserCountry.getCountryCodeMapping",
        Access::Open,
        features::countries
    ),
];

/// A method that is known and not there: its callers are told so, rather than that it does not exist.
pub async fn unavailable(call: Call<'_>) -> ApiResult<Answer> {
    Err(ApiError::unavailable(&call.method))
}
