//! A hit after enrichment: what the journal keeps and what placing reads. No token, and no more of an
//! address or name than the privacy rules leave.

use std::net::{IpAddr, Ipv4Addr};

use model::{GoalId, SiteId, Timestamp};
use serde::{Deserialize, Serialize};

/// The first byte of a stored hit. A change of any type in this file needs the next number, and the
/// old types kept for reading.
const VERSION: u8 = 1;

/// One hit, ready to be placed into a visit.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct EnrichedHit {
    pub site: SiteId,
    /// When it happened, in UTC seconds.
    pub time: Timestamp,
    pub received_at: Timestamp,
    pub identity: Identity,
    /// Masked as the privacy rules want, in the form of [`stored_ip`].
    pub ip: [u8; 16],
    /// Seconds of the visitor's day.
    pub local_time_seconds: u32,
    /// The visit must be a new one.
    pub new_visit: bool,
    /// A heartbeat: prolongs a visit, never starts one.
    pub ping: bool,
    /// Sent through a tracking image or a robot's request, no part of ordinary numbers.
    pub robot: Option<Robot>,
    pub device: DeviceFacts,
    /// Width and height of the screen; none where it is not known.
    pub resolution: Option<String>,
    pub language: String,
    pub location: Location,
    pub referrer: Referrer,
    pub campaign: CampaignFacts,
    pub action: Option<Action>,
    /// Custom variables of the visit: slot, name, value.
    pub visit_variables: Vec<Variable>,
    /// Custom dimensions of the visit: slot and value.
    pub visit_dimensions: Vec<(u8, String)>,
    pub ecommerce: Option<Ecommerce>,
    /// Goals reached by what this hit says, and goals on the visit's length.
    pub goals: Vec<GoalMatch>,
    pub attribution: Attribution,
    /// The page's address as it was sent; conversions keep it.
    pub url: String,
}

/// Who it was.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Identity {
    /// The visitor id that the request names, by precedence.
    pub visitor: Option<i64>,
    /// Where that id comes from.
    pub source: IdSource,
    /// Drawn before the journal, used where a new visitor has no id.
    pub drawn_visitor: i64,
    pub fingerprint: i64,
    /// The user's name or its hash; the empty text is none.
    pub user: String,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum IdSource {
    #[default]
    None,
    /// The hash of the user's name.
    User,
    /// `cid`.
    Forced,
    ThirdPartyCookie,
    /// `_id`.
    Cookie,
}

/// A robot by name and kind.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Robot {
    pub name: String,
    /// Such as `Crawler`, `AI assistant`, `Site monitor`.
    pub kind: String,
}

/// Browser, system and device by their short codes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct DeviceFacts {
    pub browser: String,
    pub browser_version: String,
    pub browser_engine: String,
    pub client_type: i64,
    pub os: String,
    pub os_version: String,
    /// None: not known.
    pub device_type: Option<i64>,
    pub brand: String,
    pub model: String,
    /// Bits of `catalog::columns::PLUGIN_BITS`.
    pub plugins: i64,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Location {
    /// Two letters in lower case; `xx` where it is not known.
    pub country: String,
    pub region: String,
    pub city: String,
    pub latitude: Option<f64>,
    pub longitude: Option<f64>,
    /// Which of these the request itself says, as bits of [`stated`]: they also change an existing visit.
    pub stated: u8,
}

/// Bits of `Location::stated`.
pub mod stated {
    pub const COUNTRY: u8 = 1;
    pub const REGION: u8 = 2;
    pub const CITY: u8 = 4;
    pub const LATITUDE: u8 = 8;
    pub const LONGITUDE: u8 = 16;
    pub const ALL: u8 = 31;
}

/// Matomo's numbers of referrer types.
pub mod referrer_type {
    pub const DIRECT: i64 = 1;
    pub const SEARCH: i64 = 2;
    pub const WEBSITE: i64 = 3;
    pub const CAMPAIGN: i64 = 6;
    pub const SOCIAL: i64 = 7;
    pub const AI_ASSISTANT: i64 = 8;
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Referrer {
    /// See [`referrer_type`].
    pub kind: i64,
    pub name: String,
    pub url: String,
    /// None: a campaign without a keyword of its own; see `fallback_keyword`.
    pub keyword: Option<String>,
    /// The keyword of a campaign where neither the request nor the visit names one: the referrer's host.
    pub fallback_keyword: String,
}

impl Default for Referrer {
    fn default() -> Referrer {
        Referrer {
            kind: referrer_type::DIRECT,
            name: String::new(),
            url: String::new(),
            keyword: None,
            fallback_keyword: String::new(),
        }
    }
}

/// The eight fields of a campaign, empty where the request does not name them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CampaignFacts {
    pub name: String,
    pub keyword: String,
    pub source: String,
    pub medium: String,
    pub content: String,
    pub id: String,
    pub group: String,
    pub placement: String,
}

/// A text of the dictionary of actions: its kind is that of its column.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PageUrl {
    /// Without prefix.
    pub text: String,
    /// 0 `http://`, 1 `http://www.`, 2 `https://`, 3 `https://www.`, -1 none.
    pub prefix: i8,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Action {
    /// One of `catalog::columns::kind`.
    pub kind: i64,
    /// A page, outlink or download; none for a search or an address that may not be stored.
    pub url: Option<PageUrl>,
    /// Title, or the keyword of a search; the empty text is none.
    pub title: String,
    pub page_view_id: String,
    pub event: Option<Event>,
    pub content: Option<Content>,
    pub search_category: String,
    pub search_count: Option<i64>,
    pub product: Option<Product>,
    /// Milliseconds of network, server, transfer, DOM processing, DOM completion, load; none: not measured.
    pub timings_ms: Option<[Option<i64>; 6]>,
    pub bandwidth_bytes: Option<i64>,
    pub variables: Vec<Variable>,
    /// Custom dimensions of the action: slot and value.
    pub dimensions: Vec<(u8, String)>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Event {
    pub category: String,
    pub action: String,
    pub name: String,
    pub value: Option<f64>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Content {
    pub name: String,
    pub piece: String,
    pub target: String,
    /// Empty: an impression.
    pub interaction: String,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Product {
    pub sku: String,
    pub name: String,
    /// Up to five.
    pub categories: Vec<String>,
    pub price: Option<f64>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Variable {
    /// From 1.
    pub slot: u8,
    pub name: String,
    pub value: String,
}

/// An order, or a cart where there is no order number.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Ecommerce {
    /// Empty: a cart.
    pub order: String,
    pub revenue: f64,
    pub subtotal: Option<f64>,
    pub tax: Option<f64>,
    pub shipping: Option<f64>,
    pub discount: Option<f64>,
    pub items: Vec<Item>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Item {
    pub sku: String,
    pub name: String,
    /// Up to five.
    pub categories: Vec<String>,
    pub price: f64,
    pub quantity: i64,
}

/// A goal that this hit reaches, with what its conversion is worth.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct GoalMatch {
    pub goal: GoalId,
    pub revenue: f64,
    pub allow_multiple: bool,
    /// Named by the request itself, not found by a pattern.
    pub manual: bool,
    /// Reached only when the visit is longer than this.
    pub longer_than_seconds: Option<i64>,
}

/// What a conversion is attributed to, beside the visit's own referrer.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Attribution {
    /// `_rcn`, in lower case.
    pub campaign_name: String,
    /// `_rck`, in lower case.
    pub campaign_keyword: String,
    /// `_ref`, classified; none where it is direct.
    pub referrer: Option<Referrer>,
}

/// The second group of an address that was sent as version 4 within version 6. Plain version 4 is stored
/// in the mapped range, so that both sort and compare as version 4 and yet show as they were sent.
const SENT_AS_MAPPED: u128 = 0xffff << 48;

/// The stored form of an address: version 4 is `::ffff:a.b.c.d`, one that was sent in that form is
/// `::ffff:0:a.b.c.d`, and version 6 is itself.
pub fn stored_ip(address: IpAddr, sent_as_mapped: bool) -> [u8; 16] {
    match address {
        IpAddr::V4(address) if sent_as_mapped => {
            (SENT_AS_MAPPED | u128::from(u32::from(address))).to_be_bytes()
        }
        IpAddr::V4(address) => address.to_ipv6_mapped().octets(),
        IpAddr::V6(address) => address.octets(),
    }
}

/// The text of a stored address, from the columns `ip_high` and `ip_low` of a visit.
pub fn ip_text(high: i64, low: i64) -> String {
    let number = u128::from(high as u64) << 64 | u128::from(low as u64);
    if number >> 32 == SENT_AS_MAPPED >> 32 {
        return format!("::ffff:{}", Ipv4Addr::from(number as u32));
    }
    IpAddr::V6(number.into()).to_canonical().to_string()
}

/// A stored hit that cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    #[error("a hit of an unknown version {0}")]
    Version(u8),
    #[error("a hit that is cut short or damaged")]
    Damaged,
}

impl EnrichedHit {
    /// The compact form that the journal keeps.
    pub fn to_bytes(&self) -> Vec<u8> {
        let start = vec![VERSION];
        // Writing to memory cannot fail; an empty record would be refused when it is read.
        postcard::to_extend(self, start).unwrap_or_default()
    }

    /// Reads the compact form.
    pub fn from_bytes(bytes: &[u8]) -> Result<EnrichedHit, DecodeError> {
        match bytes.split_first() {
            Some((&VERSION, rest)) => postcard::from_bytes(rest).map_err(|_| DecodeError::Damaged),
            Some((version, _)) => Err(DecodeError::Version(*version)),
            None => Err(DecodeError::Damaged),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hit_survives_its_compact_form() {
        let hit = EnrichedHit {
            site: 7,
            time: 1_700_000_000,
            identity: Identity {
                visitor: Some(-5),
                source: IdSource::Cookie,
                user: "ada".into(),
                ..Identity::default()
            },
            action: Some(Action {
                kind: 1,
                url: Some(PageUrl {
                    text: "h/é".into(),
                    prefix: 2,
                }),
                timings_ms: Some([Some(1), None, Some(3), None, None, Some(0)]),
                ..Action::default()
            }),
            ..EnrichedHit::default()
        };
        let bytes = hit.to_bytes();
        assert_eq!(EnrichedHit::from_bytes(&bytes), Ok(hit));
        assert!(bytes.len() < 130, "{} bytes", bytes.len());
    }

    #[test]
    fn addresses_show_as_they_were_sent() {
        for (address, sent_as_mapped, text) in [
            ("1.2.3.4", false, "1.2.3.4"),
            ("1.2.3.4", true, "::ffff:1.2.3.4"),
            ("2001:db8::1", false, "2001:db8::1"),
            ("::", false, "::"),
        ] {
            let stored = stored_ip(address.parse().expect("an address"), sent_as_mapped);
            let number = u128::from_be_bytes(stored);
            let shown = ip_text((number >> 64) as u64 as i64, number as u64 as i64);
            assert_eq!(shown, text, "{address}");
        }
    }

    #[test]
    fn damaged_bytes_are_refused() {
        assert_eq!(EnrichedHit::from_bytes(&[]), Err(DecodeError::Damaged));
        assert_eq!(
            EnrichedHit::from_bytes(&[9, 1]),
            Err(DecodeError::Version(9))
        );
        let bytes = EnrichedHit::default().to_bytes();
        for length in 1..bytes.len() {
            let read = EnrichedHit::from_bytes(&bytes[..length]);
            assert_eq!(read, Err(DecodeError::Damaged), "{length}");
        }
        let mut state = 1u64;
        for _ in 0..5_000 {
            let noise: Vec<u8> = (0..80)
                .map(|_| {
                    state = state
                        .wrapping_mul(6_364_136_223_846_793_005)
                        .wrapping_add(1);
                    (state >> 56) as u8
                })
                .collect();
            let _ = EnrichedHit::from_bytes(&[&[VERSION], noise.as_slice()].concat());
        }
    }
}
