//! `API`: methods about the API itself.

use model::{Access, Answer, Role, Value};

use super::common::{answer, field, needed, texts};
use super::{Method, method};
use crate::matomo::Call;
use crate::matomo::error::ApiResult;

/// The version whose answers are given, for clients that decide by it.
const COMPATIBLE_VERSION: &str = "5.2.0";

const SOME_VIEW: Access = Access::Some(Role::View);

pub const METHODS: &[Method] = &[
    method!("API.getMatomoVersion", SOME_VIEW, version),
    method!("API.getPiwikVersion", SOME_VIEW, version),
    method!(
        "API.getPhpVersion",
        Access::SuperUser,
        super::core::unavailable
    ),
    method!("API.getIpFromHeader", SOME_VIEW, address),
    method!("API.getSettings", Access::Open, settings),
    method!("API.isPluginActivated", SOME_VIEW, is_active),
    method!("API.getBulkRequest", Access::Delegated, super::bulk::all),
    method!(
        "API.getSuggestedValuesForSegment",
        Access::Site(Role::View),
        super::suggestions::values
    ),
    method!("API.getAvailableMeasurableTypes", SOME_VIEW, types),
    method!(
        "API.getPagesComparisonsDisabledFor",
        Access::Open,
        without_comparison
    ),
];

/// Features by the names of Matomo's plugins: clients ask for them before they use a method.
pub const FEATURES: &[&str] = &[
    "API",
    "Actions",
    "Annotations",
    "Bandwidth",
    "BulkTracking",
    "Contents",
    "CoreAdminHome",
    "CoreHome",
    "CorePluginsAdmin",
    "CustomDimensions",
    "CustomVariables",
    "Dashboard",
    "DevicePlugins",
    "DevicesDetection",
    "Ecommerce",
    "Events",
    "GeoIp2",
    "Goals",
    "Heartbeat",
    "Insights",
    "Intl",
    "IntranetMeasurable",
    "LanguagesManager",
    "Live",
    "Login",
    "MarketingCampaignsReporting",
    "MultiSites",
    "Overlay",
    "PagePerformance",
    "PrivacyManager",
    "Referrers",
    "Resolution",
    "ScheduledReports",
    "SegmentEditor",
    "SitesManager",
    "Tour",
    "TrackingSpamPrevention",
    "Transitions",
    "TwoFactorAuth",
    "UserCountry",
    "UserId",
    "UserLanguage",
    "UsersManager",
    "VisitFrequency",
    "VisitTime",
    "VisitorInterest",
    "VisitsSummary",
    "WebsiteMeasurable",
];

async fn version(_call: Call<'_>) -> ApiResult<Answer> {
    answer(COMPATIBLE_VERSION)
}

/// The caller's address as it is seen through proxies.
async fn address(call: Call<'_>) -> ApiResult<Answer> {
    answer(call.client.ip.to_string())
}

/// How often applications should send what they collected.
async fn settings(_call: Call<'_>) -> ApiResult<Answer> {
    answer(Value::Map(vec![
        field("SDK_batch_size", "10"),
        field("SDK_interval_value", "30"),
    ]))
}

async fn is_active(call: Call<'_>) -> ApiResult<Answer> {
    answer(FEATURES.contains(&needed(&call, "pluginName")?))
}

/// Kinds of things that can be measured.
async fn types(_call: Call<'_>) -> ApiResult<Answer> {
    let kinds = [
        ("website", "Website", "Pages that are reached by a browser."),
        (
            "intranet",
            "Intranet Website",
            "Pages of an internal network.",
        ),
        (
            "mobileapp",
            "Mobile App",
            "An application on a phone or tablet.",
        ),
    ];
    let row = |(id, name, description)| {
        Value::Map(vec![
            field("id", id),
            field("name", name),
            field("description", description),
            field(
                "howToSetupUrl",
                "?module=CoreAdminHome&action=trackingCodeGenerator",
            ),
            field("settings", super::sites::form::of_kind(id)),
        ])
    };
    answer(Value::List(kinds.map(row).to_vec()))
}

/// Pages whose reports cannot be compared: those that list single visits, and live ones.
async fn without_comparison(_call: Call<'_>) -> ApiResult<Answer> {
    answer(texts([
        "General_Visitors.Live_VisitorLog",
        "General_Visitors.General_RealTime",
        "General_Visitors.UserCountryMap_RealTimeMap",
        "General_Actions.Transitions_Transitions",
        "Goals_Ecommerce.Goals_EcommerceLog",
    ]))
}
