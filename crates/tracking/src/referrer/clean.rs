//! The stored form of referrer URLs, and what privacy settings leave of it.

use crate::url::{PageUrlRules, UrlParts, cut_to_bytes, wanted_url};

/// What is looked at of a referrer; browsers send less.
const REFERRER_MAX_BYTES: usize = 4_096;
/// What is stored of it.
const REFERRER_MAX_CHARS: usize = 1_500;

/// Parameters that differ for every visitor, by a part of the host. They would make a referrer of every visit.
const NOISE_PARAMETERS: &[(&str, &[&str])] = &[
    (
        "google.",
        &[
            "ei", "gs_lcp", "gs_lp", "iflsig", "sa", "sca_esv", "sei", "sxsrf", "usg", "ust",
            "ved", "vet",
        ],
    ),
    ("facebook.com", &["h", "p"]),
    ("instagram.com", &["e", "s"]),
    (
        "youtube.com",
        &["continuation", "feature", "html_redirect", "redir_token"],
    ),
    (
        "bing.com",
        &[
            "cvid", "elv", "form", "plvar", "pq", "qs", "refig", "sc", "setlang", "sk", "sp",
        ],
    ),
];

/// The stored form: as a page URL, and without parameters that only identify one click. `None`: not a URL.
pub fn clean_referrer_url(referrer_url: &str, rules: &PageUrlRules<'_>) -> Option<String> {
    let host = UrlParts::parse(referrer_url).host_text().to_lowercase();
    let noise = NOISE_PARAMETERS
        .iter()
        .find(|(part, _)| host.contains(part))
        .map_or(&[][..], |(_, names)| names);
    let is_excluded = |name: &str| noise.contains(&name) || rules.excluded.contains(name);
    let cleaned = wanted_url(
        referrer_url,
        rules.keep_fragment,
        REFERRER_MAX_BYTES,
        &is_excluded,
    )?;
    Some(cut_to_chars(&cleaned, REFERRER_MAX_CHARS).to_owned())
}

fn cut_to_chars(text: &str, max_chars: usize) -> &str {
    match text.char_indices().nth(max_chars) {
        Some((position, _)) => cut_to_bytes(text, position),
        None => text,
    }
}

/// What is stored of a referrer's URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ReferrerAnonymisation {
    /// Everything.
    #[default]
    Nothing,
    /// No query and no fragment.
    ExcludeQuery,
    /// Scheme and host.
    ExcludePath,
    /// No URL; a website's name is not stored either.
    ExcludeAll,
}

impl ReferrerAnonymisation {
    /// From the setting's text; the empty text means [`ReferrerAnonymisation::Nothing`].
    pub fn from_setting(text: &str) -> Option<Self> {
        match text {
            "" => Some(ReferrerAnonymisation::Nothing),
            "exclude_query" => Some(ReferrerAnonymisation::ExcludeQuery),
            "exclude_path" => Some(ReferrerAnonymisation::ExcludePath),
            "exclude_all" => Some(ReferrerAnonymisation::ExcludeAll),
            _ => None,
        }
    }
}

/// What is left of a referrer URL.
pub fn anonymise_referrer_url(url: &str, anonymisation: ReferrerAnonymisation) -> String {
    let mut parts = UrlParts::parse(url);
    if anonymisation == ReferrerAnonymisation::Nothing {
        return url.to_owned();
    }
    if anonymisation == ReferrerAnonymisation::ExcludeAll {
        return String::new();
    }
    parts.query = None;
    parts.fragment = None;
    // A name and a password in front of the host are nobody's business in any case.
    parts.user_info = None;
    if anonymisation == ReferrerAnonymisation::ExcludePath {
        parts.path = if parts.host.is_some() { "/" } else { "" };
    }
    parts.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::url::ExcludedParameters;

    #[test]
    fn referrers_lose_what_identifies_one_click() {
        let excluded = ExcludedParameters::with_always_excluded(["gclid", "pk_campaign"]);
        let rules = PageUrlRules {
            keep_fragment: false,
            excluded: &excluded,
            max_bytes: 1_024,
        };
        for (url, expected) in [
            (
                "http://www.google.com/url?sa=t&source=web&cd=1&ved=0CB&url=http://piwik.org/&rct=j&q=this keyword&ei=V8&usg=AF&sig2=Bv",
                "http://www.google.com/url?source=web&cd=1&url=http://piwik.org/&rct=j&q=this keyword&sig2=Bv",
            ),
            (
                "http://www.google.com/url?sa=t&rct=j&q=&esrc=s&source=web&cd=1&ved=0CC&url=http%3A%2F%2Fpiwik.org%2F&ei=&usg=",
                "http://www.google.com/url?rct=j&q=&esrc=s&source=web&cd=1&url=http%3A%2F%2Fpiwik.org%2F",
            ),
            (
                "https://l.instagram.com/?u=x&e=BTP&s=1",
                "https://l.instagram.com/?u=x",
            ),
            (
                "https://lm.facebook.com/l.php?u=x&h=BT2",
                "https://lm.facebook.com/l.php?u=x",
            ),
            (
                "https://www.bing.com/search?q=x&cvid=1&FORM=QBLH",
                "https://www.bing.com/search?q=x",
            ),
            (
                "http://Any.example/?sa=1&gclid=2&pk_campaign=3#frag",
                "http://any.example/?sa=1",
            ),
            (
                "http://www.google.com?q=test",
                "http://www.google.com?q=test",
            ),
            (
                "http://anothersite.com/w.html?whatever=Ato%FC",
                "http://anothersite.com/w.html?whatever=Ato%FC",
            ),
        ] {
            assert_eq!(
                clean_referrer_url(url, &rules).as_deref(),
                Some(expected),
                "{url}"
            );
        }
        assert_eq!(clean_referrer_url("www.displaymyfiles.com", &rules), None);
        let long = clean_referrer_url(&format!("http://h/{}", "é".repeat(3_000)), &rules);
        assert_eq!(long.map(|url| url.chars().count()), Some(1_500));
    }

    #[test]
    fn anonymisation_keeps_what_the_setting_says() {
        use ReferrerAnonymisation::*;
        for (anonymisation, expected) in [
            (Nothing, "https://u@www.foo.com/bar/?baz=1#f"),
            (ExcludeQuery, "https://www.foo.com/bar/"),
            (ExcludePath, "https://www.foo.com/"),
            (ExcludeAll, ""),
        ] {
            assert_eq!(
                anonymise_referrer_url("https://u@www.foo.com/bar/?baz=1#f", anonymisation),
                expected
            );
        }
        assert_eq!(
            ReferrerAnonymisation::from_setting("exclude_path"),
            Some(ExcludePath)
        );
        assert_eq!(ReferrerAnonymisation::from_setting("x"), None);
        assert_eq!(anonymise_referrer_url("", ExcludePath), "");
    }
}
