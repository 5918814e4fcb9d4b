//! `UsersManager`.

mod access;
mod change;
mod invite;
mod listing;
mod preferences;
mod token;

use model::{Access, Role};

use super::{Method, method};
pub use listing::visible;

const SOME_ADMIN: Access = Access::Some(Role::Admin);
const SOME_VIEW: Access = Access::Some(Role::View);
const ADMIN: Access = Access::Site(Role::Admin);

pub const METHODS: &[Method] = &[
    method!("UsersManager.getAvailableRoles", SOME_ADMIN, access::roles),
    method!(
        "UsersManager.getAvailableCapabilities",
        SOME_ADMIN,
        access::capabilities
    ),
    method!("UsersManager.setUserAccess", SOME_ADMIN, access::set),
    method!(
        "UsersManager.addCapabilities",
        SOME_ADMIN,
        access::add_capabilities
    ),
    method!(
        "UsersManager.removeCapabilities",
        SOME_ADMIN,
        access::remove_capabilities
    ),
    method!(
        "UsersManager.getUsersSitesFromAccess",
        Access::SuperUser,
        access::sites_by_user
    ),
    method!(
        "UsersManager.getUsersAccessFromSite",
        ADMIN,
        access::of_site
    ),
    method!(
        "UsersManager.getUsersWithSiteAccess",
        ADMIN,
        access::users_of_site
    ),
    method!(
        "UsersManager.getSitesAccessFromUser",
        Access::SuperUser,
        access::of_user
    ),
    method!(
        "UsersManager.getSitesAccessForUser",
        SOME_ADMIN,
        access::for_user
    ),
    method!(
        "UsersManager.getUsersPlusRole",
        SOME_ADMIN,
        listing::with_role
    ),
    method!("UsersManager.getUsers", SOME_ADMIN, listing::all),
    method!("UsersManager.getUsersLogin", SOME_ADMIN, listing::logins),
    method!(
        "UsersManager.getUser",
        Access::SelfOrSuperUser,
        listing::one
    ),
    method!(
        "UsersManager.getUserByEmail",
        Access::SuperUser,
        listing::by_email
    ),
    method!(
        "UsersManager.getUsersHavingSuperUserAccess",
        Access::User,
        listing::superusers
    ),
    method!(
        "UsersManager.hasSuperUserAccess",
        Access::User,
        listing::is_superuser
    ),
    method!("UsersManager.userExists", Access::User, listing::exists),
    method!(
        "UsersManager.userEmailExists",
        Access::User,
        listing::email_exists
    ),
    method!(
        "UsersManager.getUserLoginFromUserEmail",
        SOME_ADMIN,
        listing::login_of_email
    ),
    method!("UsersManager.addUser", SOME_ADMIN, change::add),
    method!(
        "UsersManager.updateUser",
        Access::SelfOrSuperUser,
        change::update
    ),
    method!("UsersManager.deleteUser", SOME_ADMIN, change::delete),
    method!(
        "UsersManager.setSuperUserAccess",
        Access::SuperUser,
        change::set_superuser
    ),
    method!("UsersManager.inviteUser", SOME_ADMIN, invite::invite),
    method!("UsersManager.resendInvite", SOME_ADMIN, invite::resend),
    method!("UsersManager.generateInviteLink", SOME_ADMIN, invite::link),
    method!(
        "UsersManager.setUserPreference",
        Access::SelfOrSuperUser,
        preferences::set
    ),
    method!(
        "UsersManager.getUserPreference",
        Access::SelfOrSuperUser,
        preferences::one
    ),
    method!(
        "UsersManager.initUserPreferenceWithDefault",
        Access::SelfOrSuperUser,
        preferences::init
    ),
    method!(
        "UsersManager.getAllUsersPreferences",
        Access::SuperUser,
        preferences::all
    ),
    method!(
        "UsersManager.createAppSpecificTokenAuth",
        Access::Delegated,
        token::create
    ),
    method!(
        "UsersManager.newsletterSignup",
        SOME_VIEW,
        super::core::unavailable
    ),
];
