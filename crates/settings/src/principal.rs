//! Who is asking, and what they may do: the answer to a token or a session.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, RwLock};

use model::Role;
use sha2::{Digest as _, Sha512};

use crate::check::Network;
use crate::error::{Error, Result};
use crate::options::stored_json;
use crate::secret::{Digest, Keys, Purpose, Secret, from_hex, same};
use crate::users::{ANONYMOUS, key};
use crate::{Settings, check};

/// What a token may do at most. An empty scope limits nothing.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TokenScope {
    /// Only these sites.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sites: Option<Vec<i64>>,
    /// At most this role; a superuser's token is then no superuser's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_role: Option<Role>,
    /// Only these methods: `Module.action`, `Module.*`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub methods: Option<Vec<String>>,
    /// Only from these networks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub networks: Option<Vec<String>>,
}

const SCOPE_ENTRIES_LIMIT: usize = 1000;

impl TokenScope {
    pub(crate) fn check(&self) -> Result<()> {
        let lengths = [
            self.sites.as_ref().map(Vec::len),
            self.methods.as_ref().map(Vec::len),
            self.networks.as_ref().map(Vec::len),
        ];
        if lengths
            .iter()
            .flatten()
            .any(|length| *length == 0 || *length > SCOPE_ENTRIES_LIMIT)
        {
            return Err(Error::invalid(format!(
                "A list in the scope of a token has 1 to {SCOPE_ENTRIES_LIMIT} entries."
            )));
        }
        for network in self.networks.iter().flatten() {
            if Network::parse(network).is_none() {
                return Err(Error::invalid(format!(
                    "'{}' is not a network.",
                    check::shortened(network)
                )));
            }
        }
        for method in self.methods.iter().flatten() {
            let valid = method.split_once('.').is_some_and(|(module, action)| {
                let word = |text: &str| {
                    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
                };
                word(module) && (action == "*" || word(action))
            });
            if !valid {
                return Err(Error::invalid(format!(
                    "'{}' is not a method.",
                    check::shortened(method)
                )));
            }
        }
        Ok(())
    }
}

/// What a user may do, whatever way the user came.
#[derive(Debug, PartialEq)]
pub(crate) struct Rights {
    pub(crate) login: String,
    pub(crate) superuser: bool,
    pub(crate) roles: BTreeMap<i64, Role>,
    pub(crate) capabilities: BTreeMap<i64, Vec<String>>,
}

/// Somebody who may do something: a user's rights now, narrowed by the token that was shown. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Principal {
    rights: Arc<Rights>,
    token: Option<Arc<TokenFacts>>,
}

/// What is known of a token that was shown.
#[derive(Debug)]
pub(crate) struct TokenFacts {
    pub(crate) id: i64,
    pub(crate) login: String,
    pub(crate) secure_only: bool,
    pub(crate) date_expired: Option<i64>,
    pub(crate) scope: TokenScope,
    networks: Option<Vec<Network>>,
    last_used: AtomicI64,
}

impl TokenFacts {
    fn of(
        (id, login, _, date_expired, secure_only, last_used, scope): TokenRow,
    ) -> Result<TokenFacts> {
        let scope: TokenScope = stored_json(&scope)?;
        let networks = scope.networks.as_ref().map(|networks| {
            networks
                .iter()
                .filter_map(|network| Network::parse(network))
                .collect()
        });
        Ok(TokenFacts {
            id,
            login,
            secure_only: secure_only != 0,
            date_expired,
            scope,
            networks,
            last_used: AtomicI64::new(last_used.unwrap_or(i64::MIN)),
        })
    }

    pub(crate) fn is_valid(&self, ip: IpAddr, now: i64) -> bool {
        self.date_expired.is_none_or(|expires| expires > now)
            && self
                .networks
                .as_ref()
                .is_none_or(|networks| networks.iter().any(|network| network.contains(ip)))
    }
}

impl Principal {
    /// The user's login; `anonymous` for everybody else.
    pub fn login(&self) -> &str {
        &self.rights.login
    }

    /// True for the user of those who did not sign in.
    pub fn is_anonymous(&self) -> bool {
        self.rights.login == ANONYMOUS
    }

    /// May do everything. A token limited to sites or to a role does not give that.
    pub fn is_superuser(&self) -> bool {
        self.rights.superuser
            && self
                .scope()
                .is_none_or(|scope| scope.sites.is_none() && scope.max_role.is_none())
    }

    /// The role on a site: the user's now, at most the token's.
    pub fn role(&self, idsite: i64) -> Option<Role> {
        let of_user = match self.rights.superuser {
            true => Some(Role::Admin),
            false => self.rights.roles.get(&idsite).copied(),
        }?;
        match self.scope() {
            None => Some(of_user),
            Some(scope)
                if scope
                    .sites
                    .as_ref()
                    .is_some_and(|sites| !sites.contains(&idsite)) =>
            {
                None
            }
            Some(scope) => Some(scope.max_role.map_or(of_user, |most| of_user.min(most))),
        }
    }

    /// True when the role on a site is at least this one.
    pub fn has_role(&self, idsite: i64, least: Role) -> bool {
        self.role(idsite) >= Some(least)
    }

    /// True when a capability was given on a site. A token that allows less than the user's role gives none.
    pub fn has_capability(&self, idsite: i64, capability: &str) -> bool {
        let of_user = match self.rights.superuser {
            true => Some(Role::Admin),
            false => self.rights.roles.get(&idsite).copied(),
        };
        if of_user.is_none() || self.role(idsite) != of_user {
            return false;
        }
        self.rights.superuser
            || self
                .rights
                .capabilities
                .get(&idsite)
                .is_some_and(|held| held.iter().any(|name| name == capability))
    }

    /// Sites with at least this role, by id. `None` means all sites.
    pub fn sites_with(&self, least: Role) -> Option<Vec<i64>> {
        let scope_sites = self.scope().and_then(|scope| scope.sites.as_ref());
        if self.rights.superuser {
            let most = self.scope().and_then(|scope| scope.max_role);
            if most.is_some_and(|most| most < least) {
                return Some(Vec::new());
            }
            return scope_sites.map(|sites| {
                let mut sites = sites.clone();
                sites.sort_unstable();
                sites.dedup();
                sites
            });
        }
        Some(
            self.rights
                .roles
                .keys()
                .copied()
                .filter(|idsite| self.has_role(*idsite, least))
                .collect(),
        )
    }

    /// False when the token shown may not call this method.
    pub fn may_call(&self, method: &str) -> bool {
        let Some(allowed) = self.scope().and_then(|scope| scope.methods.as_ref()) else {
            return true;
        };
        let module = method.split('.').next().unwrap_or_default();
        allowed.iter().any(|entry| {
            entry == method
                || entry
                    .strip_suffix(".*")
                    .is_some_and(|allowed_module| allowed_module == module)
        })
    }

    /// True when the token must come in the body of a request or in its `Authorization` header.
    pub fn is_secure_only(&self) -> bool {
        self.token.as_ref().is_some_and(|token| token.secure_only)
    }

    /// The id of the token shown; `None` for a session.
    pub fn token_id(&self) -> Option<i64> {
        self.token.as_ref().map(|token| token.id)
    }

    /// The limits of the token shown.
    pub fn scope(&self) -> Option<&TokenScope> {
        self.token.as_ref().map(|token| &token.scope)
    }
}

/// All tokens, and the rights of those who used theirs, valid for one number of [`crate::Changes::access`].
pub(crate) struct TokenTable {
    /// By the first eight bytes of the keyed hash: a look-up tells nothing about a token by its time, because nobody
    /// outside can choose or know a hash.
    by_hash: HashMap<u64, Vec<(Digest, Arc<TokenFacts>)>, ahash::RandomState>,
    imported: Option<Imported>,
    rights: RwLock<HashMap<String, Arc<Rights>, ahash::RandomState>>,
}

/// Tokens of an older Matomo database that were not shown since: it kept SHA-512 of the token and its salt.
struct Imported {
    salt: Secret,
    by_hash: HashMap<u64, Vec<(OldDigest, Arc<TokenFacts>)>, ahash::RandomState>,
}

type OldDigest = [u8; 64];

/// How the hash of an imported token is marked in the database.
pub(crate) const IMPORTED: &str = "sha512:";

/// A token that was found.
pub(crate) struct FoundToken<'a> {
    pub(crate) facts: &'a Arc<TokenFacts>,
    /// Its keyed hash should be stored instead of the imported one.
    imported: bool,
}

impl TokenTable {
    /// The token, if it is known and valid now and from this address.
    pub(crate) fn find(
        &self,
        keys: &Keys,
        token: &str,
        ip: IpAddr,
        now: i64,
    ) -> Option<FoundToken<'_>> {
        let digest = keys.hash(Purpose::Token, token);
        let found = match in_table(&self.by_hash, &digest) {
            Some(facts) => FoundToken {
                facts,
                imported: false,
            },
            None => {
                let imported = self.imported.as_ref()?;
                let mut hasher = Sha512::new();
                hasher.update(token.as_bytes());
                hasher.update(imported.salt.expose().as_bytes());
                let digest: OldDigest = hasher.finalize().into();
                FoundToken {
                    facts: in_table(&imported.by_hash, &digest)?,
                    imported: true,
                }
            }
        };
        found.facts.is_valid(ip, now).then_some(found)
    }

    fn remembered(&self, login_key: &str) -> Option<Arc<Rights>> {
        self.rights.read().ok()?.get(login_key).cloned()
    }
}

type Table<const LENGTH: usize> =
    HashMap<u64, Vec<([u8; LENGTH], Arc<TokenFacts>)>, ahash::RandomState>;

fn in_table<'a, const LENGTH: usize>(
    table: &'a Table<LENGTH>,
    digest: &[u8; LENGTH],
) -> Option<&'a Arc<TokenFacts>> {
    table
        .get(&prefix(digest))?
        .iter()
        .find(|(stored, _)| same(stored, digest))
        .map(|(_, facts)| facts)
}

fn prefix(digest: &[u8]) -> u64 {
    digest
        .iter()
        .take(8)
        .fold(0, |number, byte| number << 8 | u64::from(*byte))
}

const LAST_USED_EVERY_SECONDS: i64 = 600;

type TokenRow = (i64, String, String, Option<i64>, i64, Option<i64>, String);

impl Settings {
    /// Who shows this token, from this address. `None` when nobody: unknown, expired, or from a network it may not come
    /// from. Whether it came in a secure way is the caller's to compare with [`Principal::is_secure_only`].
    pub async fn verify_token(
        &self,
        token: &str,
        ip: IpAddr,
        now: i64,
    ) -> Result<Option<Principal>> {
        let table = self.token_table().await?;
        let Some(found) = table.find(&self.inner.keys, token, ip, now) else {
            return Ok(None);
        };
        let facts = found.facts;
        let rights = match table.remembered(&facts.login) {
            Some(rights) => rights,
            None => match self.load_rights(&table, &facts.login).await? {
                Some(rights) => rights,
                None => return Ok(None),
            },
        };
        if found.imported {
            self.replace_imported_hash(facts.id, token).await?;
        }
        self.note_use(facts, now).await;
        Ok(Some(Principal {
            rights,
            token: Some(facts.clone()),
        }))
    }

    /// A user as signed in by a session.
    pub async fn principal_of(&self, login: &str) -> Result<Principal> {
        let table = self.token_table().await?;
        let login_key = key(login);
        let rights = match table.remembered(&login_key) {
            Some(rights) => rights,
            None => self
                .load_rights(&table, &login_key)
                .await?
                .ok_or_else(|| Error::no_user(&check::shortened(login)))?,
        };
        Ok(Principal {
            rights,
            token: None,
        })
    }

    /// Everybody who did not sign in.
    pub async fn anonymous(&self) -> Result<Principal> {
        self.principal_of(ANONYMOUS).await
    }

    pub(crate) async fn token_table(&self) -> Result<Arc<TokenTable>> {
        let number = || self.current_changes().access;
        self.inner.tokens.get(number, || self.read_tokens()).await
    }

    async fn read_tokens(&self) -> Result<TokenTable> {
        let rows: Vec<TokenRow> = sqlx::query_as(
            "SELECT idtoken, app_user.login_key, token_hash, date_expired, secure_only, last_used, scope \
             FROM app_token JOIN app_user ON app_user.login = app_token.login",
        )
        .fetch_all(self.reader())
        .await?;
        let mut table: Table<32> = HashMap::default();
        let mut imported: Table<64> = HashMap::default();
        for row in rows {
            let (id, hash) = (row.0, row.2.clone());
            let facts = Arc::new(TokenFacts::of(row)?);
            let entered = match hash.strip_prefix(IMPORTED) {
                Some(old) => enter(&mut imported, old, facts),
                None => enter(&mut table, &hash, facts),
            };
            entered.ok_or_else(|| Error::Storage(format!("the hash of token {id} is damaged")))?;
        }
        let imported = match imported.is_empty() {
            true => None,
            false => self.import_salt().await?.map(|salt| Imported {
                salt,
                by_hash: imported,
            }),
        };
        Ok(TokenTable {
            by_hash: table,
            imported,
            rights: RwLock::default(),
        })
    }

    async fn load_rights(
        &self,
        table: &TokenTable,
        login_key: &str,
    ) -> Result<Option<Arc<Rights>>> {
        let user: Option<(String, i64)> =
            sqlx::query_as("SELECT login, superuser_access FROM app_user WHERE login_key = $1")
                .bind(login_key)
                .fetch_optional(self.reader())
                .await?;
        let Some((login, superuser)) = user else {
            return Ok(None);
        };
        let mut rights = Rights {
            superuser: superuser != 0,
            roles: BTreeMap::new(),
            capabilities: BTreeMap::new(),
            login,
        };
        for access in self.access_of_user(&rights.login).await? {
            if let Some(role) = access.role {
                rights.roles.insert(access.idsite, role);
            }
            if !access.capabilities.is_empty() {
                rights
                    .capabilities
                    .insert(access.idsite, access.capabilities);
            }
        }
        let rights = Arc::new(rights);
        if let Ok(mut known) = table.rights.write() {
            known.insert(login_key.to_owned(), rights.clone());
        }
        Ok(Some(rights))
    }

    /// Keeps the time of use, at most every ten minutes. A database that cannot be written refuses nobody.
    pub(crate) async fn note_use(&self, facts: &TokenFacts, now: i64) {
        let before = facts.last_used.load(Ordering::Relaxed);
        let due = before.saturating_add(LAST_USED_EVERY_SECONDS) <= now;
        let mine = due
            && facts
                .last_used
                .compare_exchange(before, now, Ordering::Relaxed, Ordering::Relaxed)
                .is_ok();
        if mine {
            // The time of use is for people who tidy up; losing one is harmless.
            let _ = self.store_last_used(facts.id, now).await;
        }
    }
}

fn enter<const LENGTH: usize>(
    table: &mut Table<LENGTH>,
    hash: &str,
    facts: Arc<TokenFacts>,
) -> Option<()> {
    let digest: [u8; LENGTH] = from_hex(hash)?.try_into().ok()?;
    table
        .entry(prefix(&digest))
        .or_default()
        .push((digest, facts));
    Some(())
}
