//! Recognising a search on the site itself in its page URL.

use std::borrow::Cow;

use super::decode::{decode_charset, percent_decode, url_decode, url_decode_valid_utf8};
use super::parts::UrlParts;
use super::query::RawQuery;

/// A category may not be longer than this many characters.
const CATEGORY_MAX_CHARS: usize = 200;

/// Names of the query parameters of a site's own search.
#[derive(Debug, Clone, Copy)]
pub struct SiteSearchRules<'a> {
    /// The first of these that has a value is the keyword.
    pub keyword_parameters: &'a [String],
    /// The first of these that has a value is the category.
    pub category_parameters: &'a [String],
}

/// A search found in a page URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SiteSearch {
    /// What was searched, decoded.
    pub keyword: String,
    /// Decoded; `None` when there is none.
    pub category: Option<String>,
    /// Number of results, from `search_count`.
    pub count: Option<u32>,
    /// The URL without the parameters of the search.
    pub url_without_search: String,
}

/// Looks for a keyword in query and fragment (also in `#/path?q=…`), ignoring case of names.
///
/// `page_charset` is the character set of the page when it is not UTF-8: browsers percent-encode in it.
pub fn detect_site_search(
    url: &str,
    rules: &SiteSearchRules<'_>,
    page_charset: Option<&str>,
) -> Option<SiteSearch> {
    let parts = UrlParts::parse(url);
    let search_text = format!(
        "{}&{}",
        parts.query_text(),
        query_in_fragment(parts.fragment_text())
    );
    let query = RawQuery::parse(&search_text);

    let (keyword_name, raw_keyword) = first_with_value(&query, rules.keyword_parameters)?;
    let keyword = decode_value(raw_keyword, page_charset);
    if keyword.is_empty() {
        return None;
    }
    let category = first_with_value(&query, rules.category_parameters);
    let count = query
        .get_ignoring_case("search_count")
        .and_then(|count| url_decode(count).trim().parse().ok());
    let is_search_name = |name: &str| {
        name == keyword_name
            || category
                .as_ref()
                .is_some_and(|(category_name, _)| name == category_name)
    };
    let category_text = category
        .as_ref()
        .map(|(_, raw)| category_text(raw, page_charset));
    Some(SiteSearch {
        keyword,
        category: category_text.filter(|text| !text.is_empty()),
        count,
        url_without_search: without_names(&parts, is_search_name),
    })
}

/// `/path?q=1` of a single-page application's address, or the whole fragment.
fn query_in_fragment(fragment: &str) -> &str {
    fragment
        .split_once('?')
        .map_or(fragment, |(_, query)| query)
}

fn first_with_value<'a>(query: &RawQuery<'a>, names: &[String]) -> Option<(String, &'a str)> {
    names
        .iter()
        .map(|name| name.to_lowercase())
        .find_map(|name| {
            let value = query
                .get_ignoring_case(&name)
                .filter(|value| !value.is_empty())?;
            Some((name, value))
        })
}

fn decode_value(raw: &str, page_charset: Option<&str>) -> String {
    let in_charset = page_charset
        .filter(|charset| !charset.eq_ignore_ascii_case("utf-8"))
        .and_then(|charset| decode_charset(&percent_decode(raw), charset));
    in_charset
        .unwrap_or_else(|| url_decode_valid_utf8(raw))
        .trim()
        .to_owned()
}

fn category_text(raw: &str, page_charset: Option<&str>) -> String {
    decode_value(raw, page_charset)
        .chars()
        .take(CATEGORY_MAX_CHARS)
        .collect()
}

fn without_names(parts: &UrlParts<'_>, is_search_name: impl Fn(&str) -> bool) -> String {
    let strip = |text: &str| RawQuery::parse(text).without_names(&is_search_name);
    let mut kept = parts.clone();
    kept.query = parts.query.as_deref().map(|query| Cow::Owned(strip(query)));
    kept.fragment = parts
        .fragment
        .as_deref()
        .map(|fragment| match fragment.split_once('?') {
            Some((path, query)) => {
                let query = strip(query);
                Cow::Owned(if query.is_empty() {
                    path.to_owned()
                } else {
                    format!("{path}?{query}")
                })
            }
            None => Cow::Owned(strip(fragment)),
        });
    kept.to_string()
}

#[cfg(test)]
mod tests {
    use super::super::noise::{Noise, URL_PIECES};
    use super::*;

    fn detect(url: &str, charset: Option<&str>) -> Option<SiteSearch> {
        let keyword_parameters = ["q", "mykwd", "p"].map(str::to_owned);
        let category_parameters = ["cats"].map(str::to_owned);
        let rules = SiteSearchRules {
            keyword_parameters: &keyword_parameters,
            category_parameters: &category_parameters,
        };
        detect_site_search(url, &rules, charset)
    }

    #[test]
    fn searches_in_query_and_fragment() {
        // url, charset, keyword, category, count, url without the search
        for (url, charset, keyword, category, count, rest) in [
            (
                "http://h/i?q=Search 1  ",
                None,
                "Search 1",
                None,
                None,
                "http://h/i",
            ),
            (
                "http://h/i?a=b&c#hash&q=Search+1",
                None,
                "Search 1",
                None,
                None,
                "http://h/i?a=b&c#hash",
            ),
            (
                "http://h/i#q=Search 1&search_count=10",
                None,
                "Search 1",
                None,
                Some(10),
                "http://h/i#search_count=10",
            ),
            (
                "http://h/i#/path?q=x&search_count=0",
                None,
                "x",
                None,
                Some(0),
                "http://h/i#/path?search_count=0",
            ),
            (
                "http://h/i#/path?q=x",
                None,
                "x",
                None,
                None,
                "http://h/i#/path",
            ),
            (
                "http://h/i?r=1&mykwd[]=Search 2&t&cats= A B &search_count=NO!",
                None,
                "Search 2",
                Some("A B"),
                None,
                "http://h/i?r=1&t&search_count=NO!",
            ),
            (
                "http://h/i?myKwd=Search 1&cats=+A+B+ &search_count=0",
                None,
                "Search 1",
                Some("A B"),
                Some(0),
                "http://h/i?search_count=0",
            ),
            (
                "http://h/i?q=t%FCte",
                Some("iso-8859-15"),
                "tüte",
                None,
                None,
                "http://h/i",
            ),
            (
                "http://h/i?q=%EC%E5%F8",
                Some("windows-1251"),
                "меш",
                None,
                None,
                "http://h/i",
            ),
            (
                "http://h/i?q=non unicode %EC%E5",
                None,
                "non+unicode+%EC%E5",
                None,
                None,
                "http://h/i",
            ),
            (
                "http://h/i?mykwd=a+keyword",
                Some("GTF-42"),
                "a keyword",
                None,
                None,
                "http://h/i",
            ),
            (
                "http://h/i?q=caf%C3%A9",
                Some("utf-8"),
                "café",
                None,
                None,
                "http://h/i",
            ),
        ] {
            let expected = SiteSearch {
                keyword: keyword.to_owned(),
                category: category.map(str::to_owned),
                count,
                url_without_search: rest.to_owned(),
            };
            assert_eq!(detect(url, charset), Some(expected), "{url}");
        }
    }

    #[test]
    fn pages_without_a_keyword_are_no_searches() {
        for url in [
            "http://h/i?random=PAGE&mykwd=&x",
            "http://h/i?cats=1",
            "http://h/i",
            "",
            "http://h/i?q=%20",
            "http://h/q=1",
        ] {
            assert_eq!(detect(url, None), None, "{url}");
        }
    }

    #[test]
    fn any_text_is_survived() {
        let mut noise = Noise::new(29);
        for _ in 0..5_000 {
            let _ = detect(&noise.text(URL_PIECES, 30), Some("shift_jis"));
        }
    }
}
