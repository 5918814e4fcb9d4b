//! URLs as web analytics needs them: lenient parsing, the stored form of a page URL, site search, site matching.
//!
//! Nothing here fails on odd input: a browser, a bot or an attacker may send any bytes as a "URL", and a hit with a
//! strange address still counts. Functions answer `None` only where the caller must store no URL at all.

mod decode;
mod exclude;
mod page;
mod params;
mod parts;
mod query;
mod site;
mod site_search;

pub use decode::{
    decode_charset, percent_decode, unescape_html, url_decode, url_decode_valid_utf8, url_encode,
};
pub use exclude::{ALWAYS_EXCLUDED_PARAMETERS, DEFAULT_EXCLUDED_PARAMETERS, ExcludedParameters};
pub(crate) use page::wanted_url;
pub use page::{
    NormalisedUrl, PAGE_URL_MAX_BYTES, PageUrlRules, UrlPrefix, clean_url_text, cut_to_bytes,
    looks_like_url, normalise_page_url, outlink_or_download_url, raw_page_url, split_prefix,
};
pub use params::{ParamLimits, ParamMap, ParamValue};
pub use parts::UrlParts;
pub use query::RawQuery;
pub(crate) use site::parents;
pub use site::{SiteMatch, SiteUrls, canonical_host, host_of};
pub use site_search::{SiteSearch, SiteSearchRules, detect_site_search};

#[cfg(test)]
pub(crate) mod noise;
