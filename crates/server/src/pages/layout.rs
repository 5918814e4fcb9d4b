//! The frame around every page, and the parts that pages share.

use maud::{DOCTYPE, Markup, html};

use super::request::PageRequest;
use crate::address::Transport;

/// Something the person should read first.
pub enum Notice {
    Good(String),
    Bad(String),
}

/// A whole page.
pub fn page(request: &PageRequest<'_>, title: &str, notices: &[Notice], content: Markup) -> Markup {
    let person = request
        .signed_in
        .as_ref()
        .filter(|person| person.is_complete());
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="robots" content="noindex, nofollow";
                title { (title) " · Takwimu" }
                link rel="icon" href="data:,";
                link rel="stylesheet" href=(request.link("assets/pages.css"));
                script src=(request.link("assets/pages.js")) defer {}
            }
            body data-root=(request.root) {
                a class="skip" href="#main" { "Skip to content" }
                header class="bar" {
                    a class="brand" href=(request.link("")) { "Takwimu" }
                    @if let Some(person) = person {
                        nav aria-label="Main" {
                            a href=(request.link("")) { "Sites" }
                            a href=(request.link("security")) { "Security" }
                        }
                        form class="leave" method="post" action=(request.link("logout")) {
                            (secret_field(request))
                            span class="login" title="You are signed in with this login" { (person.login()) }
                            button class="quiet" type="submit" { "Sign out" }
                        }
                    }
                }
                main id="main" tabindex="-1" {
                    h1 { (title) }
                    @if request.address.transport == Transport::Plain { (plain_warning()) }
                    @for notice in notices { (shown(notice)) }
                    (content)
                }
            }
        }
    }
}

fn plain_warning() -> Markup {
    html! {
        p class="notice warn" role="note" {
            strong { "This connection is not encrypted. " }
            "Anybody on the way can read your password and act in your name. Use https: put a proxy with a certificate "
            "before this server, and start it with --base-url https://…"
        }
    }
}

fn shown(notice: &Notice) -> Markup {
    match notice {
        Notice::Good(text) => html! { p class="notice good" role="status" { (text) } },
        Notice::Bad(text) => html! { p class="notice bad" role="alert" { (text) } },
    }
}

/// The hidden field that proves that a form comes from a page of this session.
pub fn secret_field(request: &PageRequest<'_>) -> Markup {
    html! { input type="hidden" name="form_nonce" value=(request.form_secret()); }
}

/// A labelled field. `hint` is read out with it.
pub struct Field<'a> {
    pub name: &'a str,
    pub label: &'a str,
    pub kind: &'a str,
    pub value: &'a str,
    pub autocomplete: &'a str,
    pub hint: &'a str,
    pub required: bool,
    pub length_max: usize,
}

impl Default for Field<'_> {
    fn default() -> Self {
        Field {
            name: "",
            label: "",
            kind: "text",
            value: "",
            autocomplete: "off",
            hint: "",
            required: true,
            length_max: 256,
        }
    }
}

impl Field<'_> {
    pub fn show(&self) -> Markup {
        let hint_id = format!("{}-hint", self.name);
        let described = (!self.hint.is_empty()).then_some(hint_id.as_str());
        let is_name = self.autocomplete == "username";
        html! {
            div class="field" {
                label for=(self.name) { (self.label) }
                input id=(self.name) name=(self.name) type=(self.kind) value=(self.value)
                    autocomplete=(self.autocomplete) maxlength=(self.length_max) required[self.required]
                    autocapitalize=[is_name.then_some("none")] spellcheck=[is_name.then_some("false")]
                    aria-describedby=[described];
                @if let Some(id) = described { p class="hint" id=(id) { (self.hint) } }
            }
        }
    }
}

/// The field of a password that exists.
pub fn current_password(label: &str) -> Markup {
    Field {
        name: "form_password",
        label,
        kind: "password",
        autocomplete: "current-password",
        ..Field::default()
    }
    .show()
}

/// Tells password managers whose password the form is about.
pub fn whose(request: &PageRequest<'_>) -> Markup {
    let login = request
        .signed_in
        .as_ref()
        .map_or("", |person| person.login());
    html! { input type="text" name="username" value=(login) autocomplete="username" readonly hidden; }
}

/// Two fields for a new password.
pub fn new_password(hint: &str) -> Markup {
    let field = |name, label, hint| Field {
        name,
        label,
        kind: "password",
        autocomplete: "new-password",
        hint,
        ..Field::default()
    };
    html! {
        (field("form_new_password", "New password", hint).show())
        (field("form_new_password_again", "New password again", "").show())
    }
}

/// A moment for people, in UTC, with the machine's form beside.
pub fn moment(seconds: i64) -> Markup {
    let at = jiff::Timestamp::from_second(seconds).unwrap_or_default();
    html! { time datetime=(at.to_string()) { (at.strftime("%Y-%m-%d %H:%M").to_string()) " UTC" } }
}
