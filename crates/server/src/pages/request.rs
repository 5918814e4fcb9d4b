//! What a page knows of the request: parameters, who is signed in, and how the browser came here.

use axum::http::{HeaderMap, HeaderValue, header};
use settings::{Principal, Secret, Session};
use tracking::url::ParamMap;

use crate::address::{Address, Transport};
use crate::app::{App, now};
use crate::client::Client;

const REMEMBERED_SECONDS: i64 = 14 * 86_400;
const SECRET_HEX_DIGITS: usize = 64;

/// A request for a page.
pub struct PageRequest<'a> {
    pub app: &'a App,
    pub client: Client,
    pub headers: &'a HeaderMap,
    pub address: Address,
    pub is_post: bool,
    pub query: ParamMap,
    pub form: ParamMap,
    /// Up to the folder of the pages: nothing, or `../` for an address one level down. Links are relative, so that the
    /// program works below any path of a proxy.
    pub root: &'static str,
    pub signed_in: Option<SignedIn>,
}

/// A person with a valid session.
pub struct SignedIn {
    pub id: Secret,
    pub session: Session,
    pub principal: Principal,
}

impl SignedIn {
    pub fn login(&self) -> &str {
        self.principal.login()
    }

    /// The whole way: password, and second factor where there is one.
    pub fn is_complete(&self) -> bool {
        self.session.second_factor
    }
}

impl<'a> PageRequest<'a> {
    /// A field of the form that was sent.
    pub fn field(&self, name: &str) -> &str {
        self.form.text(name).unwrap_or_default()
    }

    /// A field without white space around it.
    pub fn trimmed(&self, name: &str) -> &str {
        self.field(name).trim()
    }

    pub fn is_ticked(&self, name: &str) -> bool {
        !matches!(self.field(name), "" | "0")
    }

    /// A page of this program, relative to the page asked for.
    pub fn link(&self, page: &str) -> String {
        let is_folder = page.is_empty() || page.starts_with(['?', '#']);
        match self.root {
            "" if is_folder => format!("./{page}"),
            root => format!("{root}{page}"),
        }
    }

    /// The secret that forms of this session carry; empty without a session.
    pub fn form_secret(&self) -> String {
        match &self.signed_in {
            Some(person) => self.app.settings.csrf_token(&person.id).expose().to_owned(),
            None => String::new(),
        }
    }

    /// True when a form was sent by a page of this session, not by another site.
    pub fn is_own_form(&self) -> bool {
        let secret = self.form.text("form_nonce").unwrap_or_default();
        self.address.is_same_origin(self.headers)
            && self
                .signed_in
                .as_ref()
                .is_some_and(|person| self.app.settings.is_csrf_token(&person.id, secret))
    }

    pub fn user_agent(&self) -> String {
        let agent = self.headers.get(header::USER_AGENT);
        agent
            .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
            .unwrap_or_default()
    }
}

/// The cookies of the pages. With a secure way they carry the prefix that binds them to this host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cookie {
    Session,
    /// Ties the log-in form to the browser that asked for it.
    Form,
}

impl Cookie {
    fn name(self, transport: Transport) -> &'static str {
        match (self, transport) {
            (Cookie::Session, Transport::Plain) => "takwimu",
            (Cookie::Session, _) => "__Host-takwimu",
            (Cookie::Form, Transport::Plain) => "takwimu-form",
            (Cookie::Form, _) => "__Host-takwimu-form",
        }
    }

    /// The secret in the cookie that the browser sent; anything that is not one of ours is nothing.
    pub fn read(self, headers: &HeaderMap, transport: Transport) -> Option<Secret> {
        let wanted = self.name(transport);
        let lines = headers.get_all(header::COOKIE).iter();
        let value = lines
            .filter_map(|line| line.to_str().ok())
            .flat_map(|line| line.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .find_map(|(name, value)| (name == wanted).then_some(value))?;
        let is_ours =
            value.len() == SECRET_HEX_DIGITS && value.bytes().all(|byte| byte.is_ascii_hexdigit());
        is_ours.then(|| Secret::new(value))
    }

    /// The header that stores the secret; without one, the header that removes the cookie.
    pub fn store(
        self,
        secret: Option<&Secret>,
        remember: bool,
        transport: Transport,
    ) -> Option<HeaderValue> {
        let value = secret.map_or("", Secret::expose);
        let secure = match transport {
            Transport::Plain => "",
            Transport::Https | Transport::Loopback => "; Secure",
        };
        let lifetime = match (secret, remember) {
            (None, _) => "; Max-Age=0".to_owned(),
            (Some(_), true) => format!("; Max-Age={REMEMBERED_SECONDS}"),
            (Some(_), false) => String::new(),
        };
        let name = self.name(transport);
        let text = format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax{secure}{lifetime}");
        let mut value = HeaderValue::from_str(&text).ok()?;
        value.set_sensitive(true);
        Some(value)
    }
}

/// Who the session cookie belongs to, if it is valid.
pub async fn signed_in(
    app: &App,
    headers: &HeaderMap,
    transport: Transport,
) -> Result<Option<SignedIn>, settings::Error> {
    let Some(id) = Cookie::Session.read(headers, transport) else {
        return Ok(None);
    };
    let Some(session) = app.settings.session(&id, now()).await? else {
        return Ok(None);
    };
    match app.settings.principal_of(&session.login).await {
        Ok(principal) => Ok(Some(SignedIn {
            id,
            session,
            principal,
        })),
        Err(settings::Error::NotFound(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

/// The caller of the API that a page's script calls for: `force_api_session=1`, the session cookie, and the secret of
/// that session as the token. A method that does not start with `get` must come by POST.
pub async fn api_caller(
    app: &App,
    client: Client,
    headers: &HeaderMap,
    request: &crate::matomo::request::ApiRequest,
) -> Result<Option<Principal>, settings::Error> {
    let address = Address::of(client, headers, app.options.base_url.as_deref());
    let action = request
        .text("method")
        .and_then(|method| method.split_once('.'))
        .map_or("", |(_, action)| action);
    if !address.is_same_origin(headers) || !(request.is_post || action.starts_with("get")) {
        return Ok(None);
    }
    let person = signed_in(app, headers, address.transport).await?;
    let secret = request.text("token_auth").unwrap_or_default();
    Ok(person
        .filter(|person| person.is_complete() && app.settings.is_csrf_token(&person.id, secret))
        .map(|person| person.principal))
}

/// Where to go after the log-in: an address of this program, relative to its folder, or nothing.
pub fn safe_target(text: &str) -> Option<&str> {
    let text = text.strip_prefix("./").unwrap_or(text);
    let path = text.split(['?', '#']).next().unwrap_or_default();
    let in_name = |letter: char| letter.is_ascii_alphanumeric() || "-_.".contains(letter);
    let anywhere = |letter: char| letter.is_ascii_graphic() && !"\\\"'<>".contains(letter);
    let is_safe = text.len() <= 2_000
        && path.chars().all(in_name)
        && !path.starts_with('.')
        && text.chars().all(anywhere);
    is_safe.then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_of_this_program_are_targets() {
        for (text, expected) in [
            ("", Some("")),
            ("security", Some("security")),
            ("./security?a=b#c", Some("security?a=b#c")),
            (
                "index.php?module=UsersManager&action=userSecurity",
                Some("index.php?module=UsersManager&action=userSecurity"),
            ),
            ("https://evil.example/", None),
            ("//evil.example/", None),
            ("/\\evil.example", None),
            ("javascript:alert(1)", None),
            ("..//evil.example", None),
            ("a/b", None),
            ("a\r\nSet-Cookie: b=c", None),
            ("?a=\"><script>", None),
        ] {
            assert_eq!(safe_target(text), expected, "{text}");
        }
    }

    #[test]
    fn cookies_are_bound_to_the_host_where_the_way_is_secure() {
        let id = Secret::new("ab".repeat(32));
        for (transport, name, secure) in [
            (Transport::Https, "__Host-takwimu=", true),
            (Transport::Loopback, "__Host-takwimu=", true),
            (Transport::Plain, "takwimu=", false),
        ] {
            let stored = Cookie::Session.store(Some(&id), false, transport);
            let stored = stored.expect("a header");
            let text = stored.to_str().expect("a text");
            assert!(text.starts_with(name) && text.contains("HttpOnly; SameSite=Lax"));
            assert_eq!(text.contains("Secure"), secure, "{transport:?}");
            let mut headers = HeaderMap::new();
            let pair = text.split(';').next().expect("a pair");
            headers.insert(
                header::COOKIE,
                format!("a=b; {pair}").parse().expect("a header"),
            );
            let read = Cookie::Session.read(&headers, transport);
            assert_eq!(read.expect("a cookie").expose(), id.expose());
            assert!(Cookie::Form.read(&headers, transport).is_none());
        }
        let mut headers = HeaderMap::new();
        headers.insert(header::COOKIE, "takwimu=short".parse().expect("a header"));
        assert!(Cookie::Session.read(&headers, Transport::Plain).is_none());
    }
}
