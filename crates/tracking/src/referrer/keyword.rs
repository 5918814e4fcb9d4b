//! What was searched, from the URL of a result page.

use super::engines::{HiddenKeyword, KeywordPlace, Rule, SearchMatch};
use crate::url::{RawQuery, UrlParts, decode_charset, percent_decode, url_decode};

const GOOGLE: &str = "Google";
const GOOGLE_IMAGES: &str = "Google Images";

/// What was found at the places where a keyword can be.
enum Found {
    Keyword(Vec<u8>),
    /// The parameter is there, and empty.
    Withheld,
    Nothing,
}

/// The keyword of a result page; `None` when the URL is not one.
pub(super) fn extract(
    rule: &Rule,
    referrer_url: &str,
    parts: &UrlParts<'_>,
) -> Option<SearchMatch> {
    let query = searched_text(parts);
    let (name, query) = engine_variant(&rule.name, referrer_url, query);
    let found = match advanced_search(&rule.name, &query) {
        Some(keyword) => Found::Keyword(keyword.into_bytes()),
        None => keyword_at_places(rule, referrer_url, &query),
    };
    let keyword = match found {
        Found::Keyword(bytes) => {
            Some(keyword_text(&bytes, &rule.charsets)).filter(|text| !text.is_empty())
        }
        Found::Withheld => {
            return Some(SearchMatch {
                name,
                keyword: None,
            });
        }
        Found::Nothing => None,
    };
    if keyword.is_some() || is_hidden(rule, parts) {
        return Some(SearchMatch { name, keyword });
    }
    None
}

/// Query and fragment together: result pages that search while one types keep the keyword behind the hash.
fn searched_text(parts: &UrlParts<'_>) -> String {
    match parts.fragment_text() {
        "" => parts.query_text().to_owned(),
        fragment => format!("{}&{fragment}", parts.query_text()),
    }
}

/// Google's own kinds of search have their own names.
fn engine_variant(name: &str, referrer_url: &str, query: String) -> (String, String) {
    let is_google = name == GOOGLE;
    if name == GOOGLE_IMAGES || (is_google && referrer_url.contains("/imgres")) {
        let previous_page = RawQuery::parse(&query).get("prev").map(url_decode);
        let previous_query = previous_page
            .as_deref()
            .and_then(|page| page.split_once('?'))
            .map(|(_, query)| query);
        return (
            GOOGLE_IMAGES.to_owned(),
            previous_query.map(str::to_owned).unwrap_or(query),
        );
    }
    let variant = match RawQuery::parse(&query).get("tbm").filter(|_| is_google) {
        Some("isch") => GOOGLE_IMAGES,
        Some("vid") => "Google Video",
        Some("shop") => "Google Shopping",
        _ => name,
    };
    (variant.to_owned(), query)
}

/// Google's form with "all of", "any of", "exactly" and "none of".
fn advanced_search(name: &str, query: &str) -> Option<String> {
    if name != GOOGLE || !(query.starts_with("as_") || query.contains("&as_")) {
        return None;
    }
    let query = RawQuery::parse(query);
    let field = |name: &str| query.get(name).filter(|value| !value.is_empty());
    let mut words: Vec<String> = Vec::new();
    words.extend(field("as_q").map(url_decode));
    words.extend(field("as_oq").map(|any| url_decode(&any.replace('+', " OR "))));
    words.extend(field("as_epq").map(|exact| format!("\"{}\"", url_decode(exact))));
    words.extend(field("as_eq").map(|none| format!("-{}", url_decode(none))));
    let keyword = words.join(" ").trim().to_owned();
    (!keyword.is_empty()).then_some(keyword)
}

fn keyword_at_places(rule: &Rule, referrer_url: &str, query: &str) -> Found {
    let parsed = RawQuery::parse(query);
    for place in &rule.places {
        match place {
            KeywordPlace::Pattern(pattern) => {
                if let Some(group) = pattern
                    .captures(referrer_url)
                    .and_then(|captures| captures.get(1))
                {
                    return Found::Keyword(percent_decode(group.as_str()).into_owned());
                }
            }
            KeywordPlace::Parameter(name) => {
                let value = percent_decode(parsed.get(name).unwrap_or_default());
                if !value.trim_ascii().is_empty() {
                    return Found::Keyword(value.into_owned());
                }
                if query.contains(&format!("&{name}=")) {
                    return Found::Withheld;
                }
            }
        }
    }
    Found::Nothing
}

/// Engines of some countries encode in their own character set: the first that fits is taken.
fn keyword_text(bytes: &[u8], charsets: &[String]) -> String {
    let decoded = charsets
        .iter()
        .find_map(|charset| decode_charset(bytes, charset));
    let text = decoded.unwrap_or_else(|| String::from_utf8_lossy(bytes).into_owned());
    text.trim().to_lowercase()
}

fn is_hidden(rule: &Rule, parts: &UrlParts<'_>) -> bool {
    let mut path = parts.path.to_owned();
    for (separator, text) in [('?', parts.query_text()), ('#', parts.fragment_text())] {
        if !text.is_empty() {
            path.push(separator);
            path.push_str(text);
        }
    }
    rule.hidden.iter().any(|hidden| match hidden {
        HiddenKeyword::Exact(exact) => *exact == path,
        HiddenKeyword::Pattern(pattern) => pattern.is_match(&path),
    })
}

#[cfg(test)]
mod tests {
    use super::super::lists::Lists;
    use crate::url::noise::{Noise, URL_PIECES};

    #[test]
    fn engines_and_keywords_of_result_pages() {
        let engines = Lists::embedded().expect("embedded lists").search_engines;
        // An empty keyword in this table: "keyword not defined".
        for (url, name, keyword) in [
            (
                "http://www.google.com/search?q=piwik&ie=utf-8&oe=utf-8",
                "Google",
                "piwik",
            ),
            (
                "http://google.com/?q=Wikileaks FTW",
                "Google",
                "wikileaks ftw",
            ),
            ("http://www.google.com?q=test", "Google", "test"),
            ("https://www.google.com.tr/", "Google", ""),
            (
                "https://www.google.co.uk/search?q=a+b%2Bc",
                "Google",
                "a b+c",
            ),
            ("http://www.google.com.vn/url?sa=t&rct=j&q=", "Google", ""),
            (
                "https://www.google.com/url?sa=t&rct=j&q=&esrc=s&url=http%3A%2F%2Fpiwik.org%2F&ei=&usg=",
                "Google",
                "",
            ),
            (
                "http://www.google.com/url?sa=t&source=web&q=this keyword&ei=V8",
                "Google",
                "this keyword",
            ),
            ("http://www.google.com/search#q=piwik", "Google", "piwik"),
            (
                "http://www.google.com/search?as_q=all+of&as_oq=one+two&as_epq=exact&as_eq=none",
                "Google",
                "all of one or two \"exact\" -none",
            ),
            (
                "http://www.google.com/search?q=x&tbm=isch",
                "Google Images",
                "x",
            ),
            (
                "http://www.google.com/search?q=x&tbm=vid",
                "Google Video",
                "x",
            ),
            (
                "http://www.google.com/search?q=x&tbm=shop",
                "Google Shopping",
                "x",
            ),
            (
                "http://images.google.de/imgres?imgurl=x&prev=/images%3Fq%3Dtest%26hl%3Dde",
                "Google Images",
                "test",
            ),
            ("http://www.google.fr/imgres?imgurl=x", "Google Images", ""),
            (
                "https://cse.google.com/cse?cx=1&q=abc",
                "Google Custom Search",
                "abc",
            ),
            (
                "http://any.example/page?cx=partner-pub-1&q=abc",
                "Google Custom Search",
                "abc",
            ),
            ("http://www.google.com/search?q=😡", "Google", "😡"),
            (
                "http://search.yahoo.com/search?p=purchase",
                "Yahoo!",
                "purchase",
            ),
            ("http://uk.search.yahoo.com/search?p=x", "Yahoo!", "x"),
            ("http://any.search.yahoo.com/search?p=x", "Yahoo!", "x"),
            ("https://r.search.yahoo.com/_ylt=A", "Yahoo!", ""),
            (
                "http://any.images.search.yahoo.com/search/images?p=x",
                "Yahoo! Images",
                "x",
            ),
            (
                "http://www.bing.com/search?q=Search+Term",
                "Bing",
                "search term",
            ),
            ("https://www.bing.com/", "Bing", ""),
            ("http://www.bing.com/images/search?q=x", "Bing Images", "x"),
            ("https://duckduckgo.com/", "DuckDuckGo", ""),
            (
                "http://www.ask.com/web?q=search+term+3",
                "Ask",
                "search term 3",
            ),
            (
                "http://search.babylon.com/web/some%20words",
                "Babylon",
                "some words",
            ),
            ("http://www.baidu.com/s?wd=%D6%D0%B9%FA", "Baidu", "中国"),
            (
                "http://www.baidu.com/s?wd=%E4%B8%AD%E5%9B%BD",
                "Baidu",
                "中国",
            ),
            (
                "http://webcache.googleusercontent.com/search?q=cache:CD2SncROLs4J:piwik.org/blog/+piwik+security&cd=1",
                "Google",
                "piwik security",
            ),
            (
                "android-app://com.google.android.googlequicksearchbox/https/www.google.com",
                "Google",
                "",
            ),
            (
                "https://yandex.ru/search/?text=%D1%82%D0%95%D1%81%D1%82",
                "Yandex",
                "тест",
            ),
            (
                "https://www.123people.de/s/firstname+lastname",
                "123people",
                "firstname lastname",
            ),
        ] {
            let found = engines
                .detect(url)
                .map(|found| (found.name, found.keyword.unwrap_or_default()));
            assert_eq!(found, Some((name.to_owned(), keyword.to_owned())), "{url}");
        }
    }

    #[test]
    fn other_pages_are_not_result_pages() {
        let engines = Lists::embedded().expect("embedded lists").search_engines;
        for url in [
            "https://www.looksmart.com/",
            "http://maps.example.org/?q=x",
            "https://www.google.com/intl/en/about/",
            "http://google.evil.example/search?q=x",
            "http://example.org/?q=google.com",
            "",
            "http://",
            "google.com?q=x",
        ] {
            assert_eq!(engines.detect(url), None, "{url}");
        }
    }

    #[test]
    fn hostile_urls_are_survived() {
        let engines = Lists::embedded().expect("embedded lists").search_engines;
        let mut noise = Noise::new(17);
        for host in [
            "http://www.google.com/",
            "http://www.baidu.com/",
            "http://webcache.googleusercontent.com/",
            "",
        ] {
            for _ in 0..2_000 {
                let _ = engines.detect(&format!("{host}{}", noise.text(URL_PIECES, 30)));
            }
        }
    }
}
