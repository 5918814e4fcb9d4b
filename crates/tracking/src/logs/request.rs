//! What a tracking client would have sent for a request of a log.

use super::{HitKind, LogHit};
use crate::parse::HitParams;
use crate::url::{ParamMap, url_encode};

/// Names and values of tracking parameters.
pub type Pairs = Vec<(&'static str, String)>;

/// The parameters of a hit. `base` is the address of its site's start, such as `https://example.org`; the log's
/// own host stands in its place where there is one.
pub fn pairs_of(hit: &LogHit, kind: HitKind, site: u32, base: &str) -> Pairs {
    let url = format!("{}{}", start_of(hit, base), hit.path);
    let mut pairs: Pairs = vec![
        ("idsite", site.to_string()),
        ("rec", "1".to_owned()),
        ("cip", hit.ip.to_string()),
        ("cdt", hit.time_utc_seconds.to_string()),
        // The user agent of the importing program must not stand for one that the log leaves out.
        ("ua", known_agent(&hit.user_agent).to_owned()),
    ];
    let mut add = |name: &'static str, value: String| {
        if !value.is_empty() {
            pairs.push((name, value));
        }
    };
    add("urlref", hit.referrer.clone());
    add("uid", hit.user.clone());
    if hit.bytes > 0 {
        add("bw_bytes", hit.bytes.to_string());
    }
    match kind {
        HitKind::Download => add("download", url.clone()),
        HitKind::Error | HitKind::Redirect => add("action_name", status_title(hit)),
        HitKind::Page => {}
    }
    let milliseconds = hit.generation_time_ms.filter(|_| kind == HitKind::Page);
    add(
        "pf_srv",
        milliseconds
            .map(|milliseconds| milliseconds.to_string())
            .unwrap_or_default(),
    );
    add("url", url);
    pairs
}

/// The same pairs as parameters that were sent.
pub fn params_of(pairs: Pairs) -> HitParams {
    let mut map = ParamMap::default();
    for (name, value) in pairs {
        map.insert_text(name, value);
    }
    HitParams::new(map)
}

fn start_of(hit: &LogHit, base: &str) -> String {
    let base = base.trim_end_matches('/');
    if hit.host.is_empty() {
        return base.to_owned();
    }
    let scheme = base.split_once("://").map_or("http", |(scheme, _)| scheme);
    format!("{scheme}://{}", hit.host)
}

/// A text that names no browser, where the log names none.
fn known_agent(user_agent: &str) -> &str {
    if user_agent.is_empty() {
        "-"
    } else {
        user_agent
    }
}

/// `404/URL = %2Fgone/From = …`: the title by which Matomo's reports gather pages that failed.
fn status_title(hit: &LogHit) -> String {
    let encoded = |text: &str| url_encode(text.as_bytes());
    let from = match hit.referrer.as_str() {
        "" => String::new(),
        referrer => format!("/From = {}", encoded(referrer)),
    };
    format!("{}/URL = {}{from}", hit.status, encoded(&hit.path))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hit() -> LogHit {
        LogHit {
            ip: std::net::IpAddr::from([1, 2, 3, 4]),
            time_utc_seconds: 971_186_136,
            method: "GET".to_owned(),
            path: "/a?b=c".to_owned(),
            status: 200,
            bytes: 7,
            referrer: "https://r.example/".to_owned(),
            user_agent: "Firefox".to_owned(),
            host: String::new(),
            user: "frank".to_owned(),
            generation_time_ms: Some(12),
        }
    }

    fn text_of(hit: &LogHit, kind: HitKind) -> String {
        let mut pairs = pairs_of(hit, kind, 3, "https://example.org/");
        pairs.sort();
        let texts = pairs.iter().map(|(name, value)| format!("{name}={value}"));
        texts.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn requests_become_parameters() {
        assert_eq!(
            text_of(&hit(), HitKind::Page),
            "bw_bytes=7 cdt=971186136 cip=1.2.3.4 idsite=3 pf_srv=12 rec=1 ua=Firefox uid=frank \
             url=https://example.org/a?b=c urlref=https://r.example/"
        );
        let bare = LogHit {
            bytes: 0,
            referrer: String::new(),
            user_agent: String::new(),
            host: "www.example.net".to_owned(),
            user: String::new(),
            ..hit()
        };
        assert_eq!(
            text_of(&bare, HitKind::Download),
            "cdt=971186136 cip=1.2.3.4 download=https://www.example.net/a?b=c idsite=3 rec=1 ua=- \
             url=https://www.example.net/a?b=c"
        );
    }

    #[test]
    fn errors_are_gathered_by_their_title() {
        let lost = LogHit {
            status: 404,
            ..hit()
        };
        let params = params_of(pairs_of(&lost, HitKind::Error, 3, "https://example.org"));
        assert_eq!(
            params.text("action_name"),
            Some("404/URL = %2Fa%3Fb%3Dc/From = https%3A%2F%2Fr.example%2F")
        );
        assert_eq!(params.integer("idsite"), Some(3));
        assert_eq!(params.text("pf_srv"), None);
    }
}
