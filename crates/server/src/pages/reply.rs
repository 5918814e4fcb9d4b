//! What a page answers, with the headers that protect it.

use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use maud::Markup;

use super::request::PageRequest;

/// Headers of every page.
const HEADERS: &[(&str, &str)] = &[
    ("cache-control", "no-store"),
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "same-origin"),
    (
        "permissions-policy",
        "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    ),
];

/// Headers of pages that nobody may embed.
const UNEMBEDDED: &[(&str, &str)] = &[
    ("x-frame-options", "DENY"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    (
        "content-security-policy",
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
         base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'; \
         require-trusted-types-for 'script'",
    ),
];

enum Content {
    Html(Markup),
    /// Another page, relative to this one.
    Go(String),
    Script(String),
}

/// The answer to a request for a page.
pub struct Reply {
    pub status: StatusCode,
    content: Content,
    cookies: Vec<HeaderValue>,
    /// The whole policy of a page that other sites may embed.
    embedded_policy: Option<String>,
}

impl Reply {
    pub fn page(status: StatusCode, html: Markup) -> Reply {
        Reply::of(status, Content::Html(html))
    }

    pub fn ok(html: Markup) -> Reply {
        Reply::page(StatusCode::OK, html)
    }

    /// To another page of this program, by GET.
    pub fn go(request: &PageRequest<'_>, page: &str) -> Reply {
        Reply::of(StatusCode::SEE_OTHER, Content::Go(request.link(page)))
    }

    /// A script for pages of other sites.
    pub fn script(text: String) -> Reply {
        Reply::of(StatusCode::OK, Content::Script(text))
    }

    fn of(status: StatusCode, content: Content) -> Reply {
        Reply {
            status,
            content,
            cookies: Vec::new(),
            embedded_policy: None,
        }
    }

    /// The same, but to another page.
    pub fn to(mut self, request: &PageRequest<'_>, page: &str) -> Reply {
        self.content = Content::Go(request.link(page));
        self
    }

    pub fn with_cookie(mut self, cookie: Option<HeaderValue>) -> Reply {
        self.cookies.extend(cookie);
        self
    }

    /// Lets other sites embed this page, under a policy of its own.
    pub fn embedded(mut self, policy: String) -> Reply {
        self.embedded_policy = Some(policy);
        self
    }
}

impl IntoResponse for Reply {
    fn into_response(self) -> Response {
        let is_script = matches!(self.content, Content::Script(_));
        let mut response = match self.content {
            Content::Html(html) => {
                let kind = (header::CONTENT_TYPE, "text/html; charset=utf-8");
                ([kind], html.into_string()).into_response()
            }
            Content::Script(text) => {
                let kind = (
                    header::CONTENT_TYPE,
                    "application/javascript; charset=utf-8",
                );
                ([kind], text).into_response()
            }
            Content::Go(page) => ([(header::LOCATION, page)], "").into_response(),
        };
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        let embedded = is_script || self.embedded_policy.is_some();
        let unembedded: &[_] = if embedded { &[] } else { UNEMBEDDED };
        for (name, value) in HEADERS.iter().chain(unembedded) {
            headers.insert(
                HeaderName::from_static(name),
                HeaderValue::from_static(value),
            );
        }
        let policy = self
            .embedded_policy
            .and_then(|policy| HeaderValue::from_str(&policy).ok());
        if let Some(policy) = policy {
            headers.insert(header::CONTENT_SECURITY_POLICY, policy);
        }
        for cookie in self.cookies {
            headers.append(header::SET_COOKIE, cookie);
        }
        response
    }
}
