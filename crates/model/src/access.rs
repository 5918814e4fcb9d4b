use serde::{Deserialize, Serialize};

/// What a user may do on one site; each role includes the ones before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    View,
    Write,
    Admin,
}

impl Role {
    pub fn from_name(name: &str) -> Option<Role> {
        match name {
            "view" => Some(Role::View),
            "write" => Some(Role::Write),
            "admin" => Some(Role::Admin),
            _ => None,
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Role::View => "view",
            Role::Write => "write",
            Role::Admin => "admin",
        }
    }
}

/// Who may call a method. A field of every method's and report's entry, without a default:
/// the dispatcher checks it, so a handler cannot forget it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Nobody is refused, not even without a token.
    Open,
    /// This role on every site named by `idSite`.
    Site(Role),
    /// This role on at least one site.
    Some(Role),
    /// Any signed-in user but `anonymous`.
    User,
    /// The user named by `userLogin` (or `login`), or a superuser.
    SelfOrSuperUser,
    SuperUser,
    /// The method checks by itself: each sub-request, or login and password.
    Delegated,
}
