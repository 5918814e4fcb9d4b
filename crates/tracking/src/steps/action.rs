//! What was done: download, outlink, event, content, search or page, in this order of precedence.

use std::borrow::Cow;

use catalog::columns::kind;

use super::Enriching;
use crate::hit::{Action, Content, Event, PageUrl, Product};
use crate::outcome::{Refusal, Stop};
use crate::parse::{cut_bytes, cut_chars};
use crate::url::{
    PageUrlRules, SiteSearchRules, clean_url_text, detect_site_search, normalise_page_url,
    outlink_or_download_url,
};

/// Longer times are mistakes of a browser.
const LONGEST_TIMING_MS: i64 = 16_777_215;
/// Characters that are kept of an address with a conversion.
const CONVERSION_URL_CHARS: usize = 4_096;

/// Reads the action; a goal, an order, a cart and a heartbeat are none.
pub fn read(hit: &mut Enriching<'_>) -> Result<(), Stop> {
    let params = hit.params;
    hit.hit.ping = params.integer("ping") == Some(1);
    hit.hit.new_visit = params.flag("new_visit");
    hit.hit.url = conversion_url(&hit.page_url);
    let names_goal = params.integer("idgoal").is_some_and(|goal| goal >= 0);
    if hit.hit.ping || names_goal {
        return Ok(());
    }
    let mut action = read_kind(hit);
    if action.kind == kind::PAGE && params.flag("ca") {
        return Err(Refusal::UnhandledCustomAction.into());
    }
    action.page_view_id = params.text("pv_id").unwrap_or_default().to_owned();
    action.bandwidth_bytes = params.integer("bw_bytes").filter(|bytes| *bytes >= 0);
    hit.hit.action = Some(action);
    Ok(())
}

fn conversion_url(url: &str) -> String {
    let mut url = clean_url_text(url, usize::MAX).into_owned();
    cut_chars(&mut url, CONVERSION_URL_CHARS);
    url
}

fn read_kind(hit: &Enriching<'_>) -> Action {
    let params = hit.params;
    if let Some(file) = params.filled("download") {
        return whole_url(hit, kind::DOWNLOAD, file);
    }
    if let Some(target) = params.filled("link") {
        return whole_url(hit, kind::OUTLINK, target);
    }
    if let (Some(category), Some(action)) = (params.filled("e_c"), params.filled("e_a")) {
        return event(hit, category, action);
    }
    if let Some(name) = params.filled("c_n") {
        return content(hit, name);
    }
    search(hit).unwrap_or_else(|| page(hit))
}

fn max_bytes(hit: &Enriching<'_>) -> usize {
    usize::try_from(hit.rules.page_max_bytes).unwrap_or(1_024)
}

fn whole_url(hit: &Enriching<'_>, kind: i64, url: &str) -> Action {
    let url = outlink_or_download_url(url, max_bytes(hit));
    Action {
        kind,
        url: url.map(|text| PageUrl { text, prefix: -1 }),
        ..Action::default()
    }
}

fn event(hit: &Enriching<'_>, category: &str, action: &str) -> Action {
    Action {
        kind: kind::EVENT,
        url: page_url(hit, &hit.page_url),
        event: Some(Event {
            category: plain(hit, category),
            action: plain(hit, action),
            name: plain(hit, hit.params.text("e_n").unwrap_or_default()),
            value: hit.params.number("e_v"),
        }),
        ..Action::default()
    }
}

fn content(hit: &Enriching<'_>, name: &str) -> Action {
    let text = |name: &str| plain(hit, hit.params.text(name).unwrap_or_default());
    Action {
        kind: kind::CONTENT,
        url: page_url(hit, &hit.page_url),
        content: Some(Content {
            name: plain(hit, name),
            piece: text("c_p"),
            target: text("c_t"),
            interaction: text("c_i"),
        }),
        ..Action::default()
    }
}

/// A search that the request names, or that the page's address shows.
fn search(hit: &Enriching<'_>) -> Option<Action> {
    if !hit.site.site_search {
        return None;
    }
    let params = hit.params;
    let (keyword, category, count) = match params
        .first("search")
        .filter(|keyword| !keyword.trim().is_empty())
    {
        Some(keyword) => (keyword.to_owned(), None, None),
        None => {
            let rules = SiteSearchRules {
                keyword_parameters: &hit.site.search_keyword_parameters,
                category_parameters: &hit.site.search_category_parameters,
            };
            // What is beyond the longest address is not read.
            let mut url = hit.page_url.clone();
            cut_bytes(&mut url, max_bytes(hit));
            let found = detect_site_search(&url, &rules, params.filled("cs"))?;
            (found.keyword, found.category, found.count)
        }
    };
    let mut category = match params.filled("search_cat") {
        Some(stated) => stated.trim().to_owned(),
        None => category.unwrap_or_default(),
    };
    cut_chars(&mut category, 200);
    Some(Action {
        kind: kind::SEARCH,
        title: plain(hit, &keyword),
        search_category: category,
        search_count: params
            .integer("search_count")
            .filter(|count| *count >= 0)
            .or(count.map(i64::from)),
        ..Action::default()
    })
}

fn page(hit: &Enriching<'_>) -> Action {
    Action {
        kind: kind::PAGE,
        url: page_url(hit, &hit.page_url),
        title: title(hit),
        timings_ms: timings(hit),
        product: product(hit),
        ..Action::default()
    }
}

/// The stored form of a page's address.
pub fn page_url(hit: &Enriching<'_>, url: &str) -> Option<PageUrl> {
    let rules = url_rules(hit);
    let found = normalise_page_url(url, &rules)?;
    Some(PageUrl {
        text: found.url,
        prefix: found.prefix.map_or(-1, |prefix| prefix as i8),
    })
}

/// How addresses of the site are stored.
pub fn url_rules<'a>(hit: &Enriching<'a>) -> PageUrlRules<'a> {
    PageUrlRules {
        keep_fragment: hit.site.keep_url_fragment,
        excluded: &hit.site.excluded_parameters,
        max_bytes: max_bytes(hit),
    }
}

/// Text without line breaks and blanks around it.
fn plain(hit: &Enriching<'_>, text: &str) -> String {
    let text: Cow<'_, str> = if text.contains(['\n', '\r', '\0']) {
        Cow::Owned(text.replace(['\n', '\r', '\0'], ""))
    } else {
        Cow::Borrowed(text)
    };
    let mut text = text.trim().to_owned();
    cut_bytes(&mut text, max_bytes(hit));
    text
}

/// The title; where titles have levels, each is trimmed and empty ones are dropped.
fn title(hit: &Enriching<'_>) -> String {
    let title = plain(hit, hit.params.text("action_name").unwrap_or_default());
    let delimiter = hit.rules.title_delimiter.as_str();
    if delimiter.is_empty() || !title.contains(delimiter) {
        return title;
    }
    let levels: Vec<&str> = title
        .split(delimiter)
        .map(str::trim)
        .filter(|level| !level.is_empty())
        .collect();
    levels.join(delimiter)
}

fn timings(hit: &Enriching<'_>) -> Option<[Option<i64>; 6]> {
    let names = ["pf_net", "pf_srv", "pf_tfr", "pf_dm1", "pf_dm2", "pf_onl"];
    let timings = names.map(|name| {
        hit.params
            .integer(name)
            .filter(|time| (0..=LONGEST_TIMING_MS).contains(time))
    });
    timings.iter().any(Option::is_some).then_some(timings)
}

/// The product that the page shows, by its own parameters or by custom variables of old trackers.
fn product(hit: &Enriching<'_>) -> Option<Product> {
    let variables = super::custom::reserved_variables(hit);
    let text = |name: &str| -> String {
        let sent = hit.params.text(name).map(str::to_owned);
        let sent = sent.or_else(|| {
            variables
                .iter()
                .find(|(known, _)| known == name)
                .map(|(_, value)| value.clone())
        });
        plain(hit, &sent.unwrap_or_default())
    };
    let product = Product {
        sku: text("_pks"),
        name: text("_pkn"),
        categories: super::ecommerce::categories_of_text(&text("_pkc")),
        price: crate::parse::number(&text("_pkp")),
    };
    (product != Product::default()).then_some(product)
}
