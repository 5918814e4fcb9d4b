//! Every stored column of the four tables. A stored row is a `[i64]` in this order; what the number
//! means is the column's [`Kind`]. `columns.lock` remembers each one for ever.

/// One of the four tables of raw data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TableId {
    Visits,
    Actions,
    Conversions,
    Items,
}

impl TableId {
    pub const ALL: [TableId; 4] = [
        TableId::Visits,
        TableId::Actions,
        TableId::Conversions,
        TableId::Items,
    ];

    pub fn name(self) -> &'static str {
        match self {
            TableId::Visits => "visits",
            TableId::Actions => "actions",
            TableId::Conversions => "conversions",
            TableId::Items => "items",
        }
    }

    pub fn columns(self) -> &'static [Column] {
        match self {
            TableId::Visits => visit::COLUMNS,
            TableId::Actions => action::COLUMNS,
            TableId::Conversions => conversion::COLUMNS,
            TableId::Items => item::COLUMNS,
        }
    }

    /// The column that says when a row happened, in UTC seconds. A visit is dated by its last action.
    pub fn dated_by(self) -> usize {
        match self {
            TableId::Visits => visit::LAST_TIME,
            TableId::Actions => action::TIME,
            TableId::Conversions => conversion::TIME,
            TableId::Items => item::TIME,
        }
    }
}

/// What a stored number means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A whole number.
    Integer,
    /// A floating point number, stored as its bits; see [`float`] and [`bits`].
    Float,
    /// A number of the dictionary of plain texts; 0 is the empty text.
    Text,
    /// A number of the dictionary of actions (pages, titles, events, products …); 0 is none.
    Action,
}

#[derive(Debug)]
pub struct Column {
    pub name: &'static str,
    pub kind: Kind,
    /// What a segment file that lacks the column stands for.
    pub absent: i64,
}

/// The stored form of a floating point number.
pub fn bits(number: f64) -> i64 {
    number.to_bits() as i64
}

/// The floating point number of a stored form.
pub fn float(bits: i64) -> f64 {
    f64::from_bits(bits as u64)
}

/// Characters of a text that is stored within its column, as ids drawn for a page view are: each differs, so
/// a dictionary would grow with every hit.
const PACKED_CHARS: usize = 6;

/// The stored form of a short text, cut to what fits; 0 for none.
pub fn packed(text: &str) -> i64 {
    let mut bytes = [0; 8];
    let mut length = 0;
    for character in text.chars().take(PACKED_CHARS) {
        let end = length + character.len_utf8();
        if end >= bytes.len() || character == '\0' {
            break;
        }
        character.encode_utf8(&mut bytes[length + 1..]);
        length = end;
    }
    i64::from_be_bytes(bytes)
}

/// The short text of a stored form.
pub fn unpacked(stored: i64) -> String {
    let bytes = stored.to_be_bytes();
    let text = bytes.iter().copied().filter(|byte| *byte != 0);
    String::from_utf8_lossy(&text.collect::<Vec<u8>>()).into_owned()
}

/// No value where 0 is one: seconds since a first visit, performance timings, counts.
pub const NONE: i64 = -1;
/// No value in a column of floating point numbers.
pub const NO_FLOAT: i64 = i64::MIN;

macro_rules! table {
    ($(#[$doc:meta])* $module:ident: $($name:ident $text:literal $kind:ident $absent:expr;)*) => {
        $(#[$doc])*
        pub mod $module {
            use super::{Column, Kind, NO_FLOAT, NONE};
            #[allow(non_camel_case_types, clippy::upper_case_acronyms)]
            enum Position { $($name),* }
            $(pub const $name: usize = Position::$name as usize;)*
            pub const COLUMNS: &[Column] =
                &[$(Column { name: $text, kind: Kind::$kind, absent: $absent }),*];
            pub const COUNT: usize = COLUMNS.len();
            #[allow(dead_code)]
            const SENTINELS: [i64; 2] = [NO_FLOAT, NONE];
        }
    };
}

/// Slots for custom dimensions in each scope.
pub const DIMENSION_SLOTS: usize = 20;
/// Slots for custom variables in each scope.
pub const VARIABLE_SLOTS: usize = 5;

table! {
    /// One row a visit.
    visit:
    ID "visit_id" Integer 0;
    SITE "site" Integer 0;
    VISITOR "visitor_id" Integer 0;
    FINGERPRINT "fingerprint" Integer 0;
    USER "user_id" Text 0;
    IP_HIGH "ip_high" Integer 0;
    IP_LOW "ip_low" Integer 0;
    FIRST_TIME "first_time" Integer 0;
    LAST_TIME "last_time" Integer 0;
    TOTAL_TIME "total_time_seconds" Integer 0;
    LOCAL_TIME "local_time_seconds" Integer 0;
    TOTAL_ACTIONS "total_actions" Integer 0;
    SEARCHES "searches" Integer 0;
    EVENTS "events" Integer 0;
    INTERACTIONS "interactions" Integer 0;
    ENTRY_URL "entry_url" Action 0;
    ENTRY_TITLE "entry_title" Action 0;
    EXIT_URL "exit_url" Action 0;
    EXIT_TITLE "exit_title" Action 0;
    RETURNING "returning" Integer 0;
    VISIT_COUNT "visit_count" Integer 1;
    SINCE_FIRST "seconds_since_first" Integer 0;
    SINCE_LAST "seconds_since_last" Integer 0;
    SINCE_ORDER "seconds_since_order" Integer NONE;
    CONVERTED "goal_converted" Integer 0;
    BUYER "buyer" Integer 0;
    REFERRER_TYPE "referrer_type" Integer 1;
    REFERRER_NAME "referrer_name" Text 0;
    REFERRER_URL "referrer_url" Text 0;
    REFERRER_KEYWORD "referrer_keyword" Text 0;
    CAMPAIGN_NAME "campaign_name" Text 0;
    CAMPAIGN_KEYWORD "campaign_keyword" Text 0;
    CAMPAIGN_SOURCE "campaign_source" Text 0;
    CAMPAIGN_MEDIUM "campaign_medium" Text 0;
    CAMPAIGN_CONTENT "campaign_content" Text 0;
    CAMPAIGN_ID "campaign_id" Text 0;
    CAMPAIGN_GROUP "campaign_group" Text 0;
    CAMPAIGN_PLACEMENT "campaign_placement" Text 0;
    BROWSER "browser" Text 0;
    BROWSER_VERSION "browser_version" Text 0;
    BROWSER_ENGINE "browser_engine" Text 0;
    CLIENT_TYPE "client_type" Integer 0;
    OS "os" Text 0;
    OS_VERSION "os_version" Text 0;
    DEVICE_TYPE "device_type" Integer NONE;
    DEVICE_BRAND "device_brand" Text 0;
    DEVICE_MODEL "device_model" Text 0;
    RESOLUTION "resolution" Text 0;
    PLUGINS "plugins" Integer 0;
    COUNTRY "country" Text 0;
    REGION "region" Text 0;
    CITY "city" Text 0;
    LATITUDE "latitude" Float NO_FLOAT;
    LONGITUDE "longitude" Float NO_FLOAT;
    LANGUAGE "language" Text 0;
    PROFILABLE "profilable" Integer 0;
    LAST_ACTION "last_action" Integer 0;
    ROBOT "robot" Text 0;
    ROBOT_KIND "robot_kind" Text 0;
    VARIABLE_NAME_1 "variable_name_1" Text 0;
    VARIABLE_NAME_2 "variable_name_2" Text 0;
    VARIABLE_NAME_3 "variable_name_3" Text 0;
    VARIABLE_NAME_4 "variable_name_4" Text 0;
    VARIABLE_NAME_5 "variable_name_5" Text 0;
    VARIABLE_VALUE_1 "variable_value_1" Text 0;
    VARIABLE_VALUE_2 "variable_value_2" Text 0;
    VARIABLE_VALUE_3 "variable_value_3" Text 0;
    VARIABLE_VALUE_4 "variable_value_4" Text 0;
    VARIABLE_VALUE_5 "variable_value_5" Text 0;
    SLOT_1 "slot_1" Text 0; SLOT_2 "slot_2" Text 0; SLOT_3 "slot_3" Text 0;
    SLOT_4 "slot_4" Text 0; SLOT_5 "slot_5" Text 0; SLOT_6 "slot_6" Text 0;
    SLOT_7 "slot_7" Text 0; SLOT_8 "slot_8" Text 0; SLOT_9 "slot_9" Text 0;
    SLOT_10 "slot_10" Text 0; SLOT_11 "slot_11" Text 0; SLOT_12 "slot_12" Text 0;
    SLOT_13 "slot_13" Text 0; SLOT_14 "slot_14" Text 0; SLOT_15 "slot_15" Text 0;
    SLOT_16 "slot_16" Text 0; SLOT_17 "slot_17" Text 0; SLOT_18 "slot_18" Text 0;
    SLOT_19 "slot_19" Text 0; SLOT_20 "slot_20" Text 0;
    VERSION "version" Integer 1;
}

table! {
    /// One row a tracked action of a visit.
    action:
    ID "action_row_id" Integer 0;
    VISIT "visit_id" Integer 0;
    SITE "site" Integer 0;
    TIME "time" Integer 0;
    KIND "kind" Integer 0;
    URL "url" Action 0;
    TITLE "title" Action 0;
    PREVIOUS_URL "previous_url" Action 0;
    PREVIOUS_TITLE "previous_title" Action 0;
    PREVIOUS_KIND "previous_kind" Integer 0;
    PREVIOUS_SECONDS "previous_seconds" Integer 0;
    SECONDS "seconds" Integer NONE;
    POSITION "position" Integer 0;
    PAGE_VIEW_ID "page_view_id" Integer 0;
    EVENT_CATEGORY "event_category" Action 0;
    EVENT_ACTION "event_action" Action 0;
    EVENT_NAME "event_name" Action 0;
    VALUE "value" Float NO_FLOAT;
    CONTENT_NAME "content_name" Action 0;
    CONTENT_PIECE "content_piece" Action 0;
    CONTENT_TARGET "content_target" Action 0;
    CONTENT_INTERACTION "content_interaction" Action 0;
    PRODUCT_SKU "product_sku" Action 0;
    PRODUCT_NAME "product_name" Action 0;
    PRODUCT_CATEGORY_1 "product_category_1" Action 0;
    PRODUCT_CATEGORY_2 "product_category_2" Action 0;
    PRODUCT_CATEGORY_3 "product_category_3" Action 0;
    PRODUCT_CATEGORY_4 "product_category_4" Action 0;
    PRODUCT_CATEGORY_5 "product_category_5" Action 0;
    PRODUCT_PRICE "product_price" Float NO_FLOAT;
    SEARCH_CATEGORY "search_category" Text 0;
    SEARCH_COUNT "search_count" Integer NONE;
    TIME_NETWORK "network_ms" Integer NONE;
    TIME_SERVER "server_ms" Integer NONE;
    TIME_TRANSFER "transfer_ms" Integer NONE;
    TIME_DOM_PROCESSING "dom_processing_ms" Integer NONE;
    TIME_DOM_COMPLETION "dom_completion_ms" Integer NONE;
    TIME_ON_LOAD "on_load_ms" Integer NONE;
    BANDWIDTH "bandwidth_bytes" Integer NONE;
    VARIABLE_NAME_1 "variable_name_1" Text 0;
    VARIABLE_NAME_2 "variable_name_2" Text 0;
    VARIABLE_NAME_3 "variable_name_3" Text 0;
    VARIABLE_NAME_4 "variable_name_4" Text 0;
    VARIABLE_NAME_5 "variable_name_5" Text 0;
    VARIABLE_VALUE_1 "variable_value_1" Text 0;
    VARIABLE_VALUE_2 "variable_value_2" Text 0;
    VARIABLE_VALUE_3 "variable_value_3" Text 0;
    VARIABLE_VALUE_4 "variable_value_4" Text 0;
    VARIABLE_VALUE_5 "variable_value_5" Text 0;
    SLOT_1 "slot_1" Text 0; SLOT_2 "slot_2" Text 0; SLOT_3 "slot_3" Text 0;
    SLOT_4 "slot_4" Text 0; SLOT_5 "slot_5" Text 0; SLOT_6 "slot_6" Text 0;
    SLOT_7 "slot_7" Text 0; SLOT_8 "slot_8" Text 0; SLOT_9 "slot_9" Text 0;
    SLOT_10 "slot_10" Text 0; SLOT_11 "slot_11" Text 0; SLOT_12 "slot_12" Text 0;
    SLOT_13 "slot_13" Text 0; SLOT_14 "slot_14" Text 0; SLOT_15 "slot_15" Text 0;
    SLOT_16 "slot_16" Text 0; SLOT_17 "slot_17" Text 0; SLOT_18 "slot_18" Text 0;
    SLOT_19 "slot_19" Text 0; SLOT_20 "slot_20" Text 0;
}

table! {
    /// One row a goal conversion, order or abandoned cart. What is true of the visit at that moment is
    /// copied, except the referrer, which is the attributed one.
    conversion:
    VISIT "visit_id" Integer 0;
    SITE "site" Integer 0;
    VISITOR "visitor_id" Integer 0;
    TIME "time" Integer 0;
    GOAL "goal" Integer 0;
    BUSTER "buster" Integer 0;
    URL "url" Text 0;
    PAGE "page" Action 0;
    ACTION "action_row_id" Integer 0;
    REVENUE "revenue" Float 0;
    SUBTOTAL "revenue_subtotal" Float 0;
    TAX "revenue_tax" Float 0;
    SHIPPING "revenue_shipping" Float 0;
    DISCOUNT "revenue_discount" Float 0;
    ITEMS "items" Integer 0;
    ORDER "order_id" Text 0;
    PAGES_BEFORE "pageviews_before" Integer NONE;
    RETURNING "returning" Integer 0;
    VISIT_COUNT "visit_count" Integer 1;
    SINCE_FIRST "seconds_since_first" Integer 0;
    SINCE_ORDER "seconds_since_order" Integer NONE;
    REFERRER_TYPE "referrer_type" Integer 1;
    REFERRER_NAME "referrer_name" Text 0;
    REFERRER_KEYWORD "referrer_keyword" Text 0;
    CAMPAIGN_NAME "campaign_name" Text 0;
    CAMPAIGN_KEYWORD "campaign_keyword" Text 0;
    CAMPAIGN_SOURCE "campaign_source" Text 0;
    CAMPAIGN_MEDIUM "campaign_medium" Text 0;
    CAMPAIGN_CONTENT "campaign_content" Text 0;
    CAMPAIGN_ID "campaign_id" Text 0;
    CAMPAIGN_GROUP "campaign_group" Text 0;
    CAMPAIGN_PLACEMENT "campaign_placement" Text 0;
    COUNTRY "country" Text 0;
    REGION "region" Text 0;
    CITY "city" Text 0;
    LATITUDE "latitude" Float NO_FLOAT;
    LONGITUDE "longitude" Float NO_FLOAT;
    DEVICE_TYPE "device_type" Integer NONE;
    DEVICE_BRAND "device_brand" Text 0;
    DEVICE_MODEL "device_model" Text 0;
    BROWSER "browser" Text 0;
    CLIENT_TYPE "client_type" Integer 0;
    VARIABLE_NAME_1 "variable_name_1" Text 0;
    VARIABLE_NAME_2 "variable_name_2" Text 0;
    VARIABLE_NAME_3 "variable_name_3" Text 0;
    VARIABLE_NAME_4 "variable_name_4" Text 0;
    VARIABLE_NAME_5 "variable_name_5" Text 0;
    VARIABLE_VALUE_1 "variable_value_1" Text 0;
    VARIABLE_VALUE_2 "variable_value_2" Text 0;
    VARIABLE_VALUE_3 "variable_value_3" Text 0;
    VARIABLE_VALUE_4 "variable_value_4" Text 0;
    VARIABLE_VALUE_5 "variable_value_5" Text 0;
    SLOT_1 "slot_1" Text 0; SLOT_2 "slot_2" Text 0; SLOT_3 "slot_3" Text 0;
    SLOT_4 "slot_4" Text 0; SLOT_5 "slot_5" Text 0; SLOT_6 "slot_6" Text 0;
    SLOT_7 "slot_7" Text 0; SLOT_8 "slot_8" Text 0; SLOT_9 "slot_9" Text 0;
    SLOT_10 "slot_10" Text 0; SLOT_11 "slot_11" Text 0; SLOT_12 "slot_12" Text 0;
    SLOT_13 "slot_13" Text 0; SLOT_14 "slot_14" Text 0; SLOT_15 "slot_15" Text 0;
    SLOT_16 "slot_16" Text 0; SLOT_17 "slot_17" Text 0; SLOT_18 "slot_18" Text 0;
    SLOT_19 "slot_19" Text 0; SLOT_20 "slot_20" Text 0;
}

table! {
    /// One row a product in an order or a cart.
    item:
    VISIT "visit_id" Integer 0;
    SITE "site" Integer 0;
    VISITOR "visitor_id" Integer 0;
    TIME "time" Integer 0;
    ORDER "order_id" Text 0;
    SKU "sku" Action 0;
    NAME "name" Action 0;
    CATEGORY_1 "category_1" Action 0;
    CATEGORY_2 "category_2" Action 0;
    CATEGORY_3 "category_3" Action 0;
    CATEGORY_4 "category_4" Action 0;
    CATEGORY_5 "category_5" Action 0;
    PRICE "price" Float 0;
    QUANTITY "quantity" Integer 1;
    DELETED "deleted" Integer 0;
}

/// Bits of `visit::PLUGINS`, named as the tracking parameters.
pub const PLUGIN_BITS: &[(&str, u32)] = &[
    ("cookie", 0),
    ("fla", 1),
    ("java", 2),
    ("pdf", 3),
    ("qt", 4),
    ("realp", 5),
    ("ag", 6),
    ("wma", 7),
];

/// What an action row is, and the kind of a text in the dictionary of actions. The numbers are
/// Matomo's, which its clients see as `type` and in page ids.
pub mod kind {
    pub const PAGE: i64 = 1;
    pub const OUTLINK: i64 = 2;
    pub const DOWNLOAD: i64 = 3;
    pub const TITLE: i64 = 4;
    pub const SKU: i64 = 5;
    pub const ITEM_NAME: i64 = 6;
    pub const ITEM_CATEGORY: i64 = 7;
    pub const SEARCH: i64 = 8;
    pub const EVENT: i64 = 10;
    pub const EVENT_ACTION: i64 = 11;
    pub const EVENT_NAME: i64 = 12;
    pub const CONTENT: i64 = 13;
    pub const CONTENT_PIECE: i64 = 14;
    pub const CONTENT_TARGET: i64 = 15;
    pub const CONTENT_INTERACTION: i64 = 16;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_texts_are_stored_in_their_column() {
        for (text, back) in [
            ("", ""),
            ("a1B2c3", "a1B2c3"),
            ("a1B2c3d4", "a1B2c3"),
            ("äöü", "äöü"),
            ("äöüäöü", "äöü"),
            ("a\0b", "a"),
        ] {
            assert_eq!(unpacked(packed(text)), back, "{text:?}");
        }
        assert_eq!(packed(""), 0);
        assert_ne!(packed("ab"), packed("ba"));
        assert!(packed("zzzzzz") > 0);
    }
}
