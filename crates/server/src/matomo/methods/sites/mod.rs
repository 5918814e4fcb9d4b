//! `SitesManager`.

mod change;
mod codes;
pub mod form;
mod globals;
mod listing;
mod money;
mod zones;

use model::{Access, Role};

use super::{Method, method};
pub use change::setting_values;
pub use listing::{excluded_parameters, has};

const SOME_VIEW: Access = Access::Some(Role::View);
const SOME_ADMIN: Access = Access::Some(Role::Admin);
const VIEW: Access = Access::Site(Role::View);
const ADMIN: Access = Access::Site(Role::Admin);

pub const METHODS: &[Method] = &[
    method!("SitesManager.addSite", Access::SuperUser, change::add),
    method!("SitesManager.updateSite", ADMIN, change::update),
    method!("SitesManager.deleteSite", Access::SuperUser, change::delete),
    method!("SitesManager.addSiteAliasUrls", ADMIN, change::add_urls),
    method!("SitesManager.setSiteAliasUrls", ADMIN, change::set_urls),
    method!(
        "SitesManager.renameGroup",
        Access::SuperUser,
        change::rename_group
    ),
    method!(
        "SitesManager.updateSiteCreatedTime",
        SOME_ADMIN,
        change::set_created
    ),
    method!(
        "SitesManager.getMessagesToWarnOnSiteRemoval",
        Access::SuperUser,
        change::warnings
    ),
    method!("SitesManager.getSiteFromId", VIEW, listing::one),
    method!("SitesManager.getSiteUrlsFromId", VIEW, listing::urls),
    method!("SitesManager.getSiteSettings", ADMIN, form::settings),
    method!("SitesManager.getAllSites", Access::SuperUser, listing::all),
    method!(
        "SitesManager.getAllSitesId",
        Access::SuperUser,
        listing::all_ids
    ),
    method!(
        "SitesManager.getSitesFromGroup",
        Access::SuperUser,
        listing::of_group
    ),
    method!(
        "SitesManager.getSitesGroups",
        Access::SuperUser,
        listing::groups
    ),
    method!(
        "SitesManager.getSitesWithAdminAccess",
        Access::Open,
        listing::with_admin
    ),
    method!(
        "SitesManager.getSitesWithViewAccess",
        Access::Open,
        listing::with_view
    ),
    method!(
        "SitesManager.getSitesWithAtLeastViewAccess",
        Access::Open,
        listing::with_any
    ),
    method!(
        "SitesManager.getSitesIdWithAdminAccess",
        Access::Open,
        listing::ids_with_admin
    ),
    method!(
        "SitesManager.getSitesIdWithWriteAccess",
        Access::Open,
        listing::ids_with_write
    ),
    method!(
        "SitesManager.getSitesIdWithViewAccess",
        Access::Open,
        listing::ids_with_view
    ),
    method!(
        "SitesManager.getSitesIdWithAtLeastViewAccess",
        Access::Open,
        listing::ids_with_any
    ),
    method!(
        "SitesManager.getSitesIdFromSiteUrl",
        Access::Open,
        listing::ids_of_url
    ),
    method!(
        "SitesManager.getSitesIdFromTimezones",
        Access::SuperUser,
        listing::ids_of_zones
    ),
    method!(
        "SitesManager.getPatternMatchSites",
        Access::Open,
        listing::matching
    ),
    method!(
        "SitesManager.getNumWebsitesToDisplayPerPage",
        SOME_VIEW,
        listing::page_length
    ),
    method!(
        "SitesManager.getExcludedQueryParameters",
        VIEW,
        listing::parameters
    ),
    method!(
        "SitesManager.getExcludedReferrers",
        VIEW,
        listing::referrers
    ),
    method!(
        "SitesManager.getUniqueSiteTimezones",
        Access::SuperUser,
        listing::used_zones
    ),
    method!("SitesManager.getIpsForRange", Access::Open, globals::bounds),
    method!(
        "SitesManager.setGlobalExcludedIps",
        Access::SuperUser,
        globals::set_ips
    ),
    method!(
        "SitesManager.getExcludedIpsGlobal",
        SOME_ADMIN,
        globals::ips
    ),
    method!(
        "SitesManager.setGlobalSearchParameters",
        Access::SuperUser,
        globals::set_search
    ),
    method!(
        "SitesManager.getSearchKeywordParametersGlobal",
        SOME_ADMIN,
        globals::keywords
    ),
    method!(
        "SitesManager.getSearchCategoryParametersGlobal",
        SOME_ADMIN,
        globals::categories
    ),
    method!(
        "SitesManager.getExcludedQueryParametersGlobal",
        SOME_VIEW,
        globals::parameters
    ),
    method!(
        "SitesManager.setGlobalExcludedQueryParameters",
        Access::SuperUser,
        globals::set_parameters
    ),
    method!(
        "SitesManager.getExcludedUserAgentsGlobal",
        SOME_ADMIN,
        globals::user_agents
    ),
    method!(
        "SitesManager.setGlobalExcludedUserAgents",
        Access::SuperUser,
        globals::set_user_agents
    ),
    method!(
        "SitesManager.getExcludedReferrersGlobal",
        SOME_ADMIN,
        globals::referrers
    ),
    method!(
        "SitesManager.setGlobalExcludedReferrers",
        Access::SuperUser,
        globals::set_referrers
    ),
    method!(
        "SitesManager.getKeepURLFragmentsGlobal",
        SOME_VIEW,
        globals::keeps_fragments
    ),
    method!(
        "SitesManager.setKeepURLFragmentsGlobal",
        Access::SuperUser,
        globals::set_keeps_fragments
    ),
    method!(
        "SitesManager.getDefaultCurrency",
        SOME_ADMIN,
        globals::currency
    ),
    method!(
        "SitesManager.setDefaultCurrency",
        Access::SuperUser,
        globals::set_currency
    ),
    method!("SitesManager.getDefaultTimezone", SOME_VIEW, globals::zone),
    method!(
        "SitesManager.setDefaultTimezone",
        Access::SuperUser,
        globals::set_zone
    ),
    method!("SitesManager.getCurrencyList", Access::Open, money::list),
    method!(
        "SitesManager.getCurrencySymbols",
        Access::Open,
        money::symbols
    ),
    method!(
        "SitesManager.isTimezoneSupportEnabled",
        SOME_VIEW,
        zones::supported
    ),
    method!("SitesManager.getTimezonesList", Access::Open, zones::list),
    method!("SitesManager.getTimezoneName", Access::Open, zones::name),
    method!("SitesManager.getJavascriptTag", VIEW, codes::script),
    method!("SitesManager.getImageTrackingCode", VIEW, codes::image),
    method!(
        "SitesManager.detectConsentManager",
        VIEW,
        super::core::unavailable
    ),
];
