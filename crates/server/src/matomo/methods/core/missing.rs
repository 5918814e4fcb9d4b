//! Methods of Matomo that are not there, because what they manage is not: each says so.

use model::{Access, Role};

use super::unavailable;
use crate::matomo::methods::{Method, method};

const SOME_VIEW: Access = Access::Some(Role::View);

pub const METHODS: &[Method] = &[
    method!(
        "CustomAlerts.getValuesForAlertInPast",
        Access::User,
        unavailable
    ),
    method!("CustomAlerts.getAlert", Access::User, unavailable),
    method!("CustomAlerts.getAlerts", Access::User, unavailable),
    method!("CustomAlerts.addAlert", Access::User, unavailable),
    method!("CustomAlerts.editAlert", Access::User, unavailable),
    method!("CustomAlerts.deleteAlert", Access::User, unavailable),
    method!("CustomAlerts.getTriggeredAlerts", Access::User, unavailable),
    method!(
        "DBStats.getGeneralInformation",
        Access::SuperUser,
        unavailable
    ),
    method!("DBStats.getDBStatus", Access::SuperUser, unavailable),
    method!(
        "DBStats.getDatabaseUsageSummary",
        Access::SuperUser,
        unavailable
    ),
    method!(
        "DBStats.getTrackerDataSummary",
        Access::SuperUser,
        unavailable
    ),
    method!(
        "DBStats.getMetricDataSummary",
        Access::SuperUser,
        unavailable
    ),
    method!(
        "DBStats.getMetricDataSummaryByYear",
        Access::SuperUser,
        unavailable
    ),
    method!(
        "DBStats.getReportDataSummary",
        Access::SuperUser,
        unavailable
    ),
    method!(
        "DBStats.getReportDataSummaryByYear",
        Access::SuperUser,
        unavailable
    ),
    method!(
        "DBStats.getAdminDataSummary",
        Access::SuperUser,
        unavailable
    ),
    method!(
        "DBStats.getIndividualReportsSummary",
        Access::SuperUser,
        unavailable
    ),
    method!(
        "DBStats.getIndividualMetricsSummary",
        Access::SuperUser,
        unavailable
    ),
    method!("Feedback.sendFeedbackForFeature", Access::User, unavailable),
    method!("Feedback.sendFeedbackForSurvey", Access::User, unavailable),
    method!(
        "JsTrackerInstallCheck.wasJsTrackerInstallTestSuccessful",
        SOME_VIEW,
        unavailable
    ),
    method!(
        "JsTrackerInstallCheck.initiateJsTrackerInstallTest",
        SOME_VIEW,
        unavailable
    ),
    method!("Marketplace.createAccount", Access::SuperUser, unavailable),
    method!(
        "Marketplace.deleteLicenseKey",
        Access::SuperUser,
        unavailable
    ),
    method!("Marketplace.startFreeTrial", Access::SuperUser, unavailable),
    method!("Marketplace.saveLicenseKey", Access::SuperUser, unavailable),
    method!("Marketplace.requestTrial", Access::User, unavailable),
    method!("MobileMessaging.getSMSProvider", Access::User, unavailable),
    method!(
        "MobileMessaging.setSMSAPICredential",
        Access::User,
        unavailable
    ),
    method!("MobileMessaging.addPhoneNumber", Access::User, unavailable),
    method!(
        "MobileMessaging.resendVerificationCode",
        Access::User,
        unavailable
    ),
    method!("MobileMessaging.getCreditLeft", Access::User, unavailable),
    method!(
        "MobileMessaging.removePhoneNumber",
        Access::User,
        unavailable
    ),
    method!(
        "MobileMessaging.validatePhoneNumber",
        Access::User,
        unavailable
    ),
    method!(
        "MobileMessaging.deleteSMSAPICredential",
        Access::User,
        unavailable
    ),
    method!(
        "MobileMessaging.setDelegatedManagement",
        Access::SuperUser,
        unavailable
    ),
    method!(
        "ProfessionalServices.dismissWidget",
        Access::User,
        unavailable
    ),
    method!("SEO.getRank", SOME_VIEW, unavailable),
    method!(
        "UserCountry.setLocationProvider",
        Access::SuperUser,
        unavailable
    ),
    method!("TagManager.getAvailableContexts", SOME_VIEW, unavailable),
    method!(
        "TagManager.getAvailableEnvironments",
        SOME_VIEW,
        unavailable
    ),
    method!(
        "TagManager.getAvailableEnvironmentsWithPublishCapability",
        SOME_VIEW,
        unavailable
    ),
    method!(
        "TagManager.getAvailableTagFireLimits",
        SOME_VIEW,
        unavailable
    ),
    method!("TagManager.getAvailableComparisons", SOME_VIEW, unavailable),
    method!(
        "TagManager.getAvailableTagTypesInContext",
        SOME_VIEW,
        unavailable
    ),
    method!(
        "TagManager.getAvailableTriggerTypesInContext",
        SOME_VIEW,
        unavailable
    ),
    method!(
        "TagManager.getAvailableVariableTypesInContext",
        SOME_VIEW,
        unavailable
    ),
    method!("TagManager.getContainerEmbedCode", SOME_VIEW, unavailable),
    method!(
        "TagManager.getContainerInstallInstructions",
        SOME_VIEW,
        unavailable
    ),
    method!("TagManager.getContainerTags", SOME_VIEW, unavailable),
    method!(
        "TagManager.createDefaultContainerForSite",
        SOME_VIEW,
        unavailable
    ),
    method!("TagManager.addContainerTag", SOME_VIEW, unavailable),
    method!("TagManager.updateContainerTag", SOME_VIEW, unavailable),
    method!("TagManager.deleteContainerTag", SOME_VIEW, unavailable),
    method!("TagManager.pauseContainerTag", SOME_VIEW, unavailable),
    method!("TagManager.resumeContainerTag", SOME_VIEW, unavailable),
    method!("TagManager.getContainerTag", SOME_VIEW, unavailable),
    method!(
        "TagManager.getContainerTriggerReferences",
        SOME_VIEW,
        unavailable
    ),
    method!("TagManager.getContainerTriggers", SOME_VIEW, unavailable),
    method!("TagManager.addContainerTrigger", SOME_VIEW, unavailable),
    method!("TagManager.updateContainerTrigger", SOME_VIEW, unavailable),
    method!("TagManager.deleteContainerTrigger", SOME_VIEW, unavailable),
    method!("TagManager.getContainerTrigger", SOME_VIEW, unavailable),
    method!(
        "TagManager.getContainerVariableReferences",
        SOME_VIEW,
        unavailable
    ),
    method!("TagManager.getContainerVariables", SOME_VIEW, unavailable),
    method!(
        "TagManager.getAvailableContainerVariables",
        SOME_VIEW,
        unavailable
    ),
    method!("TagManager.addContainerVariable", SOME_VIEW, unavailable),
    method!("TagManager.updateContainerVariable", SOME_VIEW, unavailable),
    method!("TagManager.deleteContainerVariable", SOME_VIEW, unavailable),
    method!("TagManager.getContainerVariable", SOME_VIEW, unavailable),
    method!("TagManager.getContainers", SOME_VIEW, unavailable),
    method!("TagManager.addContainer", SOME_VIEW, unavailable),
    method!("TagManager.updateContainer", SOME_VIEW, unavailable),
    method!("TagManager.createContainerVersion", SOME_VIEW, unavailable),
    method!("TagManager.updateContainerVersion", SOME_VIEW, unavailable),
    method!("TagManager.getContainerVersions", SOME_VIEW, unavailable),
    method!("TagManager.getContainerVersion", SOME_VIEW, unavailable),
    method!("TagManager.deleteContainerVersion", SOME_VIEW, unavailable),
    method!("TagManager.publishContainerVersion", SOME_VIEW, unavailable),
    method!("TagManager.deleteContainer", SOME_VIEW, unavailable),
    method!("TagManager.getContainer", SOME_VIEW, unavailable),
    method!("TagManager.enablePreviewMode", SOME_VIEW, unavailable),
    method!("TagManager.disablePreviewMode", SOME_VIEW, unavailable),
    method!("TagManager.changeDebugUrl", SOME_VIEW, unavailable),
    method!("TagManager.exportContainerVersion", SOME_VIEW, unavailable),
    method!("TagManager.importContainerVersion", SOME_VIEW, unavailable),
];
