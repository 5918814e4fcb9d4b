//! Campaign parameters of landing pages.

use crate::url::{ParamMap, RawQuery, UrlParts, url_decode};

/// Limit of most campaign texts, in characters.
const TEXT_MAX_CHARS: usize = 255;
/// Limit of identifier and placement, in characters.
const SHORT_TEXT_MAX_CHARS: usize = 100;

/// Names of the query parameters that say which campaign led to a page; in each list the first with a value counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CampaignParameters {
    /// Name of the campaign in the referrer reports.
    pub name: Vec<String>,
    /// Keyword of the campaign in the referrer reports.
    pub keyword: Vec<String>,
    /// Name in the campaign reports.
    pub campaign_name: Vec<String>,
    /// Keyword in the campaign reports.
    pub campaign_keyword: Vec<String>,
    /// Source, such as a newsletter.
    pub source: Vec<String>,
    /// Medium, such as e-mail.
    pub medium: Vec<String>,
    /// Which of several advertisements.
    pub content: Vec<String>,
    /// Identifier in an advertiser's system.
    pub id: Vec<String>,
    /// Group, such as an audience.
    pub group: Vec<String>,
    /// Placement, such as a site or a position.
    pub placement: Vec<String>,
}

impl Default for CampaignParameters {
    fn default() -> Self {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        CampaignParameters {
            name: names(&[
                "pk_cpn",
                "pk_campaign",
                "piwik_campaign",
                "mtm_campaign",
                "matomo_campaign",
                "utm_campaign",
                "utm_source",
                "utm_medium",
            ]),
            keyword: names(&[
                "pk_kwd",
                "pk_keyword",
                "piwik_kwd",
                "mtm_kwd",
                "mtm_keyword",
                "matomo_kwd",
                "utm_term",
            ]),
            campaign_name: names(&[
                "mtm_campaign",
                "matomo_campaign",
                "mtm_cpn",
                "pk_campaign",
                "piwik_campaign",
                "pk_cpn",
                "utm_campaign",
            ]),
            campaign_keyword: names(&[
                "mtm_keyword",
                "mtm_kwd",
                "matomo_kwd",
                "pk_keyword",
                "pk_kwd",
                "piwik_kwd",
                "utm_term",
            ]),
            source: names(&["mtm_source", "pk_source", "utm_source"]),
            medium: names(&["mtm_medium", "pk_medium", "utm_medium"]),
            content: names(&["mtm_content", "pk_content", "utm_content"]),
            id: names(&["mtm_cid", "pk_cid", "utm_id", "mtm_clid"]),
            group: names(&["mtm_group", "pk_group"]),
            placement: names(&["mtm_placement", "pk_placement"]),
        }
    }
}

impl CampaignParameters {
    /// All names, for removal from page URLs. A name can come twice.
    pub fn all_names(&self) -> impl Iterator<Item = &str> {
        let lists = [
            &self.name,
            &self.keyword,
            &self.campaign_name,
            &self.campaign_keyword,
            &self.source,
            &self.medium,
            &self.content,
            &self.id,
            &self.group,
            &self.placement,
        ];
        lists.into_iter().flatten().map(String::as_str)
    }
}

/// The campaign of a landing page, for the campaign reports. Texts are in lower case and not empty.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Campaign {
    /// ≤ 255 characters, as all but `id` and `placement`.
    pub name: Option<String>,
    /// Keyword.
    pub keyword: Option<String>,
    /// Source.
    pub source: Option<String>,
    /// Medium.
    pub medium: Option<String>,
    /// Content.
    pub content: Option<String>,
    /// ≤ 100 characters.
    pub id: Option<String>,
    /// Group.
    pub group: Option<String>,
    /// ≤ 100 characters.
    pub placement: Option<String>,
}

impl Campaign {
    /// Whether nothing was found.
    pub fn is_empty(&self) -> bool {
        *self == Campaign::default()
    }
}

/// Reads all campaign dimensions from a landing page's query, and what is not there from its fragment.
pub fn campaign_from_url(page_url: &str, parameters: &CampaignParameters) -> Campaign {
    let parts = UrlParts::parse(page_url);
    let queries = queries_of(&parts);
    let read = |names: &[String], max_chars: usize| {
        let value = queries.iter().find_map(|query| first_value(query, names))?;
        Some(value.to_lowercase().chars().take(max_chars).collect())
    };
    Campaign {
        name: read(&parameters.campaign_name, TEXT_MAX_CHARS),
        keyword: read(&parameters.campaign_keyword, TEXT_MAX_CHARS),
        source: read(&parameters.source, TEXT_MAX_CHARS),
        medium: read(&parameters.medium, TEXT_MAX_CHARS),
        content: read(&parameters.content, TEXT_MAX_CHARS),
        id: read(&parameters.id, SHORT_TEXT_MAX_CHARS),
        group: read(&parameters.group, TEXT_MAX_CHARS),
        placement: read(&parameters.placement, SHORT_TEXT_MAX_CHARS),
    }
}

/// Name and keyword for the referrer reports, case kept: the tracking request's own parameters win over the landing
/// page's. The keyword is looked for where the name was.
pub(super) fn name_and_keyword(
    parts: &UrlParts<'_>,
    request: Option<&ParamMap>,
    parameters: &CampaignParameters,
) -> Option<(String, Option<String>)> {
    if let Some(request) = request
        && let Some(name) = first_param(request, &parameters.name)
    {
        return Some((name, first_param(request, &parameters.keyword)));
    }
    queries_of(parts).iter().find_map(|query| {
        let name = first_value(query, &parameters.name)?;
        Some((name, first_value(query, &parameters.keyword)))
    })
}

/// Query and fragment; of a single-page application's `#/path?a=b` what follows the question mark.
fn queries_of<'a>(parts: &'a UrlParts<'_>) -> [RawQuery<'a>; 2] {
    let fragment = parts.fragment_text();
    let fragment = fragment
        .split_once('?')
        .map_or(fragment, |(_, query)| query);
    [
        RawQuery::parse(parts.query_text()),
        RawQuery::parse(fragment),
    ]
}

fn first_value(query: &RawQuery<'_>, names: &[String]) -> Option<String> {
    names
        .iter()
        .filter_map(|name| query.get(name))
        .map(decoded)
        .find(|value| !value.is_empty())
}

fn first_param(request: &ParamMap, names: &[String]) -> Option<String> {
    let values = names
        .iter()
        .filter_map(|name| request.text(name))
        .map(|value| value.trim().to_owned());
    values.into_iter().find(|value| !value.is_empty())
}

fn decoded(raw: &str) -> String {
    url_decode(raw).trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn name_and_keyword_come_from_request_query_or_fragment() {
        let parameters = CampaignParameters::default();
        for (url, request, expected) in [
            (
                "http://h/?pk_campaign=adwBuCcc",
                "",
                Some(("adwBuCcc", None)),
            ),
            (
                "http://h/?mtm_kwd=campaignkeyword&mtm_campaign=campaign",
                "",
                Some(("campaign", Some("campaignkeyword"))),
            ),
            (
                "http://h/?utm_medium=mail&utm_source=news",
                "",
                Some(("news", None)),
            ),
            (
                "http://h/?utm_campaign=+&utm_source=a+b%20c",
                "",
                Some(("a b c", None)),
            ),
            (
                "http://h/?x=1#pk_campaign=c&pk_kwd=k",
                "",
                Some(("c", Some("k"))),
            ),
            ("http://h/#/page?pk_campaign=c", "", Some(("c", None))),
            (
                "http://h/?pk_campaign=url",
                "pk_campaign=request&pk_kwd=k",
                Some(("request", Some("k"))),
            ),
            ("http://h/?pk_kwd=k", "", None),
            ("http://h/pk_campaign=x", "", None),
        ] {
            let request = ParamMap::parse(request);
            let found = name_and_keyword(&UrlParts::parse(url), Some(&request), &parameters);
            let expected =
                expected.map(|(name, keyword)| (name.to_owned(), keyword.map(str::to_owned)));
            assert_eq!(found, expected, "{url}");
        }
    }

    #[test]
    fn all_dimensions_of_a_landing_page() {
        let url = "http://h/?mtm_campaign=Name&mtm_kwd=Word&mtm_source=S&utm_medium=M&mtm_content=C&mtm_cid=I&mtm_group=G#mtm_placement=P&mtm_group=ignored";
        let text = |text: &str| Some(text.to_owned());
        let expected = Campaign {
            name: text("name"),
            keyword: text("word"),
            source: text("s"),
            medium: text("m"),
            content: text("c"),
            id: text("i"),
            group: text("g"),
            placement: text("p"),
        };
        let parameters = CampaignParameters::default();
        assert_eq!(campaign_from_url(url, &parameters), expected);
        assert!(campaign_from_url("http://h/?a=b#c", &parameters).is_empty());
        let long = format!(
            "http://h/?mtm_campaign={}&mtm_cid={}",
            "é".repeat(300),
            "x".repeat(300)
        );
        let cut = campaign_from_url(&long, &parameters);
        assert_eq!(cut.name.map(|name| name.chars().count()), Some(255));
        assert_eq!(cut.id.map(|id| id.len()), Some(100));
    }
}
