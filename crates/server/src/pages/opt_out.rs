//! The opt-out: a page to link to or to embed, whose cookie tracking honours, and a script that offers the choice
//! inside a page of the site.

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use maud::{DOCTYPE, Markup, PreEscaped, html};
use tracking::parse::Environment;
use tracking::url::ParamMap;

use super::opt_out_words::{Words, words};
use super::reply::Reply;
use super::request::PageRequest;
use crate::address::Transport;
use crate::app::now;
use crate::matomo::show::encode;
use crate::names::Language;

const SCRIPT: &str = include_str!("opt_out.js");
const DEFAULT_DIV: &str = "matomo-opt-out";
/// Thirty years; browsers keep it as long as they keep anything.
const KEPT_SECONDS: i64 = 946_080_000;

/// How the page that embeds the opt-out wants it to look: values that cannot be anything but colours, sizes and names.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Style {
    #[serde(skip_serializing_if = "Option::is_none")]
    background_color: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    color: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    font_size: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    font_family: Option<String>,
}

impl Style {
    fn of(params: &ParamMap) -> Style {
        Style {
            background_color: params.text("backgroundColor").and_then(colour),
            color: params.text("fontColor").and_then(colour),
            font_size: params.text("fontSize").and_then(size),
            font_family: params.text("fontFamily").and_then(family),
        }
    }

    fn css(&self) -> String {
        let parts = [
            ("background-color", &self.background_color),
            ("color", &self.color),
            ("font-size", &self.font_size),
            ("font-family", &self.font_family),
        ];
        let declared = parts
            .iter()
            .filter_map(|(name, value)| value.as_ref().map(|value| format!("{name}:{value};")));
        format!("body.embedded{{{}}}", declared.collect::<String>())
    }
}

/// Three to eight hexadecimal digits, with or without the hash.
fn colour(text: &str) -> Option<String> {
    let digits = text.trim().trim_start_matches('#');
    let right = matches!(digits.len(), 3 | 4 | 6 | 8)
        && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    right.then(|| format!("#{digits}"))
}

fn size(text: &str) -> Option<String> {
    let text = text.trim();
    let unit = text.trim_start_matches(|letter: char| letter.is_ascii_digit() || letter == '.');
    let number = &text[..text.len() - unit.len()];
    let right = number.len() <= 6
        && number.parse::<f32>().is_ok()
        && matches!(unit, "px" | "pt" | "em" | "rem" | "%" | "vw");
    right.then(|| text.to_owned())
}

fn family(text: &str) -> Option<String> {
    let text = text.trim();
    let plain = |letter: char| letter.is_ascii_alphanumeric() || " ,-".contains(letter);
    let right = !text.is_empty() && text.len() <= 200 && text.chars().all(plain);
    right.then(|| text.to_owned())
}

/// What the embedding page asked for.
struct Wish {
    language: Language,
    style: Style,
    show_intro: bool,
}

impl Wish {
    fn of(params: &ParamMap, headers: &HeaderMap) -> Wish {
        Wish {
            language: language(params.text("language").unwrap_or("auto"), headers),
            style: Style::of(params),
            show_intro: params.text("showIntro") != Some("0"),
        }
    }
}

/// The language asked for, else the first of the browser's that the program speaks.
fn language(asked: &str, headers: &HeaderMap) -> Language {
    if !matches!(asked, "" | "auto") {
        return Language::of(asked);
    }
    let accepted = headers
        .get(header::ACCEPT_LANGUAGE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let codes = accepted.split(',').take(20);
    let mut codes = codes.map(|part| part.split(';').next().unwrap_or_default().trim());
    let spoken = |code: &&str| {
        let plain = code.split('-').next().unwrap_or_default();
        let mut all = Language::ALL.iter();
        all.any(|language| language.code().eq_ignore_ascii_case(plain))
    };
    codes.find(spoken).map_or(Language::English, Language::of)
}

/// The page, alone or in a frame of any site.
pub async fn page(request: &PageRequest<'_>) -> Result<Reply, settings::Error> {
    let wish = Wish::of(&request.query, request.headers);
    let out = has_cookie(request);
    if request.is_post {
        if !request.address.is_same_origin(request.headers) {
            return Ok(show(request, &wish, out, StatusCode::FORBIDDEN, ""));
        }
        let out = request.field("choice") == "out";
        return Ok(with_choice(request, out));
    }
    let rules = request.app.world().await?.rules.clone();
    let environment = environment(request);
    let instance = &rules.instance;
    let browser_asks = (instance.respect_do_not_track && environment.do_not_track)
        || (instance.respect_privacy_control && environment.global_privacy_control);
    let spoken = words(wish.language);
    let asked = request.query.text("chosen");
    let notice = match asked {
        Some("out") if !out => spoken.no_cookies,
        _ if browser_asks => spoken.browser_asks,
        _ => "",
    };
    Ok(show(request, &wish, out, StatusCode::OK, notice))
}

/// Headers as tracking reads them, so that both see the same.
fn environment(request: &PageRequest<'_>) -> Environment {
    let mut environment = Environment::new(request.client.ip, now());
    for (name, value) in request.headers {
        environment.read_header(name.as_str(), &String::from_utf8_lossy(value.as_bytes()));
    }
    environment
}

fn has_cookie(request: &PageRequest<'_>) -> bool {
    environment(request).opted_out
}

/// Back to the page by GET, which sees whether the browser kept the cookie.
fn with_choice(request: &PageRequest<'_>, out: bool) -> Reply {
    let kept = [
        "language",
        "backgroundColor",
        "fontColor",
        "fontSize",
        "fontFamily",
        "showIntro",
    ];
    let mut target = String::from("index.php?module=CoreAdminHome&action=optOut");
    for name in kept {
        if let Some(value) = request.query.non_empty(name) {
            target.push_str(&format!("&{name}={}", encode(value)));
        }
    }
    target.push_str(if out { "&chosen=out" } else { "&chosen=in" });
    let mut reply = Reply::go(request, &target);
    for cookie in cookies(request.address.transport, out) {
        reply = reply.with_cookie(HeaderValue::from_str(&cookie).ok());
    }
    reply
}

/// In a frame only a cookie for other sites is kept, and browsers that block those keep one that belongs to the site
/// around: both are set.
fn cookies(transport: Transport, out: bool) -> Vec<String> {
    let (value, seconds) = match out {
        true => ("ignore%3D%2A", KEPT_SECONDS),
        false => ("", 0),
    };
    let plain = format!("matomo_ignore={value}; Path=/; Max-Age={seconds}; HttpOnly");
    match transport {
        Transport::Https => vec![
            format!("{plain}; Secure; SameSite=None"),
            format!("{plain}; Secure; SameSite=None; Partitioned"),
        ],
        Transport::Loopback | Transport::Plain => vec![format!("{plain}; SameSite=Lax")],
    }
}

fn show(
    request: &PageRequest<'_>,
    wish: &Wish,
    out: bool,
    status: StatusCode,
    notice: &str,
) -> Reply {
    let nonce = format!("{:016x}{:016x}", random(), random());
    let policy = format!(
        "default-src 'none'; style-src 'self' 'nonce-{nonce}'; img-src data:; base-uri 'none'; form-action 'self'; \
         frame-ancestors *"
    );
    let spoken = words(wish.language);
    Reply::page(status, document(request, wish, spoken, out, notice, &nonce)).embedded(policy)
}

fn random() -> u64 {
    getrandom::u64().unwrap_or_default()
}

fn document(
    request: &PageRequest<'_>,
    wish: &Wish,
    spoken: &Words,
    out: bool,
    notice: &str,
    nonce: &str,
) -> Markup {
    let (choice, button) = match out {
        true => ("in", spoken.come_back),
        false => ("out", spoken.leave),
    };
    let is_styled = wish.style != Style::default();
    html! {
        (DOCTYPE)
        // Colours of the page around are chosen for a light frame.
        html lang=(wish.language.code()) class=[is_styled.then_some("light")] {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content=(if is_styled { "light" } else { "light dark" });
                meta name="robots" content="noindex";
                title { (spoken.title) }
                link rel="icon" href="data:,";
                link rel="stylesheet" href=(request.link("assets/pages.css"));
                // The values passed `Style::of`: nothing in them ends the element.
                style nonce=(nonce) { (PreEscaped(wish.style.css())) }
            }
            body class="embedded" {
                main {
                    @if wish.show_intro { h1 { (spoken.title) } }
                    @if !notice.is_empty() { p class="notice warn" role="status" { (notice) } }
                    @if wish.show_intro { p { (if out { spoken.not_counted } else { spoken.counted }) } }
                    form method="post" {
                        input type="hidden" name="choice" value=(choice);
                        button type="submit" { (button) }
                    }
                }
            }
        }
    }
}

/// The script that puts the choice into an element of the page around.
pub fn script(request: &PageRequest<'_>) -> Reply {
    let wish = Wish::of(&request.query, request.headers);
    let div = request.query.non_empty("divId").unwrap_or(DEFAULT_DIV);
    Reply::script(script_for(div, &wish))
}

fn script_for(div: &str, wish: &Wish) -> String {
    let settings = serde_json::json!({
        "divId": div,
        "showIntro": wish.show_intro,
        "style": wish.style,
        "words": words(wish.language),
    });
    // No text of the settings can end a script element or a line of JavaScript.
    let settings = settings
        .to_string()
        .replace('<', "\\u003c")
        .replace('\u{2028}', "\\u2028")
        .replace('\u{2029}', "\\u2029");
    format!("{}({settings});\n", SCRIPT.trim_end())
}

/// The code for a page that loads the script from this server.
pub fn embed_code(server_url: &str, params: &ParamMap) -> String {
    let mut query = format!("module=CoreAdminHome&action=optOutJS&divId={DEFAULT_DIV}");
    let language = params.non_empty("language").unwrap_or("auto");
    query.push_str(&format!("&language={}", encode(language)));
    if params.text("applyStyling").is_some_and(is_true) {
        for name in ["backgroundColor", "fontColor", "fontSize", "fontFamily"] {
            if let Some(value) = params.non_empty(name) {
                query.push_str(&format!("&{name}={}", encode(value)));
            }
        }
    }
    let intro = params.text("showIntro").is_none_or(is_true);
    query.push_str(if intro {
        "&showIntro=1"
    } else {
        "&showIntro=0"
    });
    let address = format!("{}/index.php?{query}", server_url.trim_end_matches('/'));
    html! { div id=(DEFAULT_DIV) {} script src=(address) {} }.into_string()
}

/// The code for a page that needs nothing from this server.
pub fn self_contained_code(params: &ParamMap) -> String {
    let styled = params.text("applyStyling").is_some_and(is_true);
    let wish = Wish {
        language: Language::of(params.text("language").unwrap_or("en")),
        style: if styled {
            Style::of(params)
        } else {
            Style::default()
        },
        show_intro: params.text("showIntro").is_none_or(is_true),
    };
    let script = script_for(DEFAULT_DIV, &wish);
    html! { div id=(DEFAULT_DIV) {} script { (PreEscaped(script)) } }.into_string()
}

fn is_true(text: &str) -> bool {
    !matches!(text, "" | "0" | "false")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_harmless_styles_pass() {
        for (name, value, expected) in [
            (
                "backgroundColor",
                "ff0000",
                "body.embedded{background-color:#ff0000;}",
            ),
            ("fontColor", "#abc", "body.embedded{color:#abc;}"),
            ("fontColor", "red;}body{display:none", "body.embedded{}"),
            ("fontSize", "1.5em", "body.embedded{font-size:1.5em;}"),
            ("fontSize", "expression(1)", "body.embedded{}"),
            ("fontSize", "9999999px", "body.embedded{}"),
            (
                "fontFamily",
                "Open Sans, serif",
                "body.embedded{font-family:Open Sans, serif;}",
            ),
            ("fontFamily", "</style><script>", "body.embedded{}"),
            ("fontFamily", "a\"b", "body.embedded{}"),
        ] {
            let params = ParamMap::parse(&format!("{name}={}", encode(value)));
            assert_eq!(Style::of(&params).css(), expected, "{value}");
        }
    }

    #[test]
    fn nothing_ends_the_script() {
        let wish = Wish::of(
            &ParamMap::parse("language=de&showIntro=0"),
            &HeaderMap::new(),
        );
        let script = script_for("</script><b>\"'", &wish);
        assert!(
            !script.contains('<') || !script.contains("</script"),
            "{script}"
        );
        assert!(script.contains("\\u003c/script>\\u003cb>\\\"'"));
        assert!(script.contains("Meine Besuche nicht zählen"));
        let code = self_contained_code(&ParamMap::parse("applyStyling=1&fontColor=</script>"));
        assert_eq!(code.matches("</script>").count(), 1);
        let hostile = embed_code(
            "https://a\"><script>alert(1)</script>",
            &ParamMap::parse("language=\"><b>"),
        );
        assert_eq!(hostile.matches("<script").count(), 1, "{hostile}");
        assert!(!hostile.contains("<b>"));
    }

    #[test]
    fn languages() {
        let mut headers = HeaderMap::new();
        headers.insert(
            header::ACCEPT_LANGUAGE,
            HeaderValue::from_static("xx, sw-KE;q=0.9, de"),
        );
        for (asked, expected) in [
            ("auto", Language::Swahili),
            ("", Language::Swahili),
            ("fr", Language::French),
            ("xx", Language::English),
        ] {
            assert_eq!(language(asked, &headers), expected, "{asked}");
        }
    }

    #[test]
    fn the_cookie_reaches_tracking_inside_frames() {
        let https = cookies(Transport::Https, true);
        assert!(
            https
                .iter()
                .all(|cookie| cookie.contains("Secure; SameSite=None"))
        );
        assert_eq!(
            https
                .iter()
                .filter(|cookie| cookie.ends_with("Partitioned"))
                .count(),
            1
        );
        assert!(cookies(Transport::Plain, false)[0].contains("matomo_ignore=; Path=/; Max-Age=0"));
        let mut environment = Environment::new("127.0.0.1".parse().expect("an address"), 0);
        environment.read_header("cookie", https[0].split(';').next().unwrap_or_default());
        assert!(environment.opted_out);
    }
}
