//! Every segment: a public name for conditions on visits, what it looks at and which values it takes.

use crate::columns::{TableId, action, conversion, item, kind, visit};

#[derive(Debug)]
pub struct Segment {
    pub name: &'static str,
    pub category: &'static str,
    pub label: &'static str,
    /// Numeric: offered with `<` and `>`.
    pub metric: bool,
    pub looks_at: &'static [Place],
    pub values: Values,
    /// Tells too much about a person to be asked without signing in.
    pub private: bool,
    /// An example or a list of values for people.
    pub accepted: &'static str,
    /// The name under which clients are told that values can be suggested.
    pub suggestions: &'static str,
    /// Stands for several segments, joined by "or".
    pub union_of: &'static [&'static str],
    /// Left out of the metadata unless all are asked for.
    pub internal: bool,
}

/// A stored column, where only rows of some kinds count (empty: all).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    pub table: TableId,
    pub column: usize,
    pub kinds: &'static [i64],
}

/// How a value is written, and what is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Values {
    Text,
    Number,
    /// Address of a page; scheme and `www.` are no part of it.
    PageUrl,
    /// Whole address with its scheme.
    FullUrl,
    /// 16 hexadecimal digits.
    Hex,
    Address,
    /// Hour in the site's time zone of a UTC column.
    SiteHour,
    UtcMinute,
    UtcSecond,
    UtcDate,
    UtcDayOfMonth,
    UtcDayOfWeek,
    UtcDayOfYear,
    UtcWeekOfYear,
    UtcMonth,
    UtcQuarter,
    UtcYear,
    /// Hour or minute of a stored second of the day.
    HourOfDay,
    MinuteOfDay,
    /// Whole days of a column of seconds, rounded down.
    DaysRoundedDown,
    /// Seconds compared with the value × 86,400.
    DaysAsSeconds,
    DeviceType,
    VisitorType,
    EcommerceStatus,
    ReferrerType,
    ActionType,
    CountryName,
    Continent,
    BrowserName,
    SystemName,
    GoalName,
    Money,
}

const fn on(column: usize) -> Place {
    Place {
        table: TableId::Visits,
        column,
        kinds: &[],
    }
}

const fn act(column: usize, kinds: &'static [i64]) -> Place {
    Place {
        table: TableId::Actions,
        column,
        kinds,
    }
}

const fn sold(column: usize) -> Place {
    Place {
        table: TableId::Items,
        column,
        kinds: &[],
    }
}

const fn conv(column: usize) -> Place {
    Place {
        table: TableId::Conversions,
        column,
        kinds: &[],
    }
}

const VISITORS: &str = "Visitors";
const LOCATION: &str = "Visitor location";
const BEHAVIOUR: &str = "Behaviour";
const ACQUISITION: &str = "Acquisition";
const EVENTS: &str = "Events";
const ECOMMERCE: &str = "Ecommerce";
const VARIABLES: &str = "Custom Variables";
const CAMPAIGNS: &str = "Marketing Campaigns";

const fn row(
    name: &'static str,
    category: &'static str,
    label: &'static str,
    looks_at: &'static [Place],
    values: Values,
    accepted: &'static str,
) -> Segment {
    Segment {
        name,
        category,
        label,
        metric: false,
        looks_at,
        values,
        private: false,
        accepted,
        suggestions: "",
        union_of: &[],
        internal: false,
    }
}

const fn metric(mut segment: Segment) -> Segment {
    segment.metric = true;
    segment
}

const fn private(mut segment: Segment) -> Segment {
    segment.private = true;
    segment
}

const fn suggested(mut segment: Segment, suggestions: &'static str) -> Segment {
    segment.suggestions = suggestions;
    segment
}

const fn internal(mut segment: Segment) -> Segment {
    segment.internal = true;
    segment
}

const fn union(mut segment: Segment, of: &'static [&'static str]) -> Segment {
    segment.union_of = of;
    segment
}

use Values::{
    ActionType, Address, BrowserName, Continent, CountryName, DaysAsSeconds, DaysRoundedDown,
    DeviceType, EcommerceStatus, FullUrl, GoalName, Hex, HourOfDay, MinuteOfDay, Money, Number,
    PageUrl, ReferrerType, SiteHour, SystemName, Text, UtcDate, UtcDayOfMonth, UtcDayOfWeek,
    UtcDayOfYear, UtcMinute, UtcMonth, UtcQuarter, UtcSecond, UtcWeekOfYear, UtcYear, VisitorType,
};

const PAGES: &[i64] = &[kind::PAGE];
const TITLED: &[i64] = &[kind::PAGE];

/// All segments, in the order of the metadata.
#[rustfmt::skip]
pub static SEGMENTS: &[Segment] = &[
    metric(row("actions", VISITORS, "Actions In Visit", &[on(visit::TOTAL_ACTIONS)], Number, "")),
    metric(row("daysSinceFirstVisit", VISITORS, "Days since first visit", &[on(visit::SINCE_FIRST)], DaysAsSeconds, "")),
    metric(row("daysSinceLastEcommerceOrder", VISITORS, "Days since last Ecommerce order", &[on(visit::SINCE_ORDER)], DaysRoundedDown, "")),
    metric(row("daysSinceLastVisit", VISITORS, "Days since last visit", &[on(visit::SINCE_LAST)], DaysRoundedDown, "")),
    metric(row("events", VISITORS, "Events", &[on(visit::EVENTS)], Number, "To select all visits who triggered an Event, use: &segment=events>0")),
    metric(row("visitLocalMinute", VISITORS, "Local time \u{2014} minute (start of visit)", &[on(visit::LOCAL_TIME)], MinuteOfDay, "0, 1, 2, 3, ..., 67, 57, 58, 59")),
    metric(row("interactions", VISITORS, "Number of Interactions", &[on(visit::INTERACTIONS)], Number, "Any positive integer")),
    metric(row("searches", VISITORS, "Number of Internal Searches", &[on(visit::SEARCHES)], Number, "To select all visits who used internal Site Search, use: &segment=searches>0")),
    metric(row("visitCount", VISITORS, "Number of visits", &[on(visit::VISIT_COUNT)], Number, "")),
    metric(row("secondsSinceFirstVisit", VISITORS, "Seconds since first visit", &[on(visit::SINCE_FIRST)], Number, "")),
    metric(row("secondsSinceLastEcommerceOrder", VISITORS, "Seconds since last Ecommerce order", &[on(visit::SINCE_ORDER)], Number, "")),
    metric(row("secondsSinceLastVisit", VISITORS, "Seconds since last visit", &[on(visit::SINCE_LAST)], Number, "")),
    metric(row("visitDuration", VISITORS, "Visit Duration (in seconds)", &[on(visit::TOTAL_TIME)], Number, "")),
    private(metric(row("visitIp", VISITORS, "Visitor IP", &[on(visit::IP_HIGH), on(visit::IP_LOW)], Address, "13.54.122.1. </code>Select IP ranges with notation: <code>visitIp>13.54.122.0;visitIp<13.54.122.255"))),
    row("browserName", VISITORS, "Browser", &[on(visit::BROWSER)], BrowserName, "FireFox, Internet Explorer, Chrome, Safari, Opera etc."),
    row("browserCode", VISITORS, "Browser code", &[on(visit::BROWSER)], Text, "FF, IE, CH, SF, OP etc."),
    suggested(row("browserEngine", VISITORS, "Browser engine", &[on(visit::BROWSER_ENGINE)], Text, "Trident, WebKit, Presto, Gecko, Blink, etc."), "\\DeviceDetector\\Parser\\Client\\Browser\\Engine::getAvailableEngines"),
    row("browserVersion", VISITORS, "Browser version", &[on(visit::BROWSER_VERSION)], Text, "1.0, 8.0, etc."),
    row("deviceBrand", VISITORS, "Device brand", &[on(visit::DEVICE_BRAND)], Text, "Apple, Samsung, Google, Huawei, Xiaomi, etc."),
    row("deviceModel", VISITORS, "Device model", &[on(visit::DEVICE_MODEL)], Text, "iPad, Nexus 5, Galaxy S5, Fire TV, etc."),
    row("deviceType", VISITORS, "Device type", &[on(visit::DEVICE_TYPE)], DeviceType, "desktop, smartphone, tablet, feature phone, console, tv, car browser, smart display, camera, portable media player, phablet, smart speaker, wearable, peripheral"),
    private(row("fingerprint", VISITORS, "Fingerprint", &[on(visit::FINGERPRINT)], Hex, "1eceaa833348b187 - any 16 Hexadecimal chars ID, which can be fetched from API.getLastVisitsDetails")),
    row("visitLocalHour", VISITORS, "Local time \u{2014} hour (start of visit)", &[on(visit::LOCAL_TIME)], HourOfDay, "0, 1, 2, 3, ..., 20, 21, 22, 23"),
    row("operatingSystemName", VISITORS, "Operating system", &[on(visit::OS)], SystemName, "Windows, Linux, Mac, Android, iOS etc."),
    row("operatingSystemCode", VISITORS, "Operating system code", &[on(visit::OS)], Text, "WIN, LIN, MAX, AND, IOS etc."),
    row("operatingSystemVersion", VISITORS, "Operating system version", &[on(visit::OS_VERSION)], Text, "XP, 7, 2.3, 5.1, ..."),
    row("profilable", VISITORS, "Profilable", &[on(visit::PROFILABLE)], Number, "1 for profilable (eg cookies were used), 0 for not profilable (eg no cookies were used)"),
    row("resolution", VISITORS, "Resolution", &[on(visit::RESOLUTION)], Text, "1280x1024, 800x600, etc."),
    row("visitStartServerHour", VISITORS, "Site time \u{2014} hour (start of visit)", &[on(visit::FIRST_TIME)], SiteHour, "0, 1, 2, 3, ..., 20, 21, 22, 23"),
    row("visitServerHour", VISITORS, "Site time \u{2014} hour (time of last action)", &[on(visit::LAST_TIME)], SiteHour, "0, 1, 2, 3, ..., 20, 21, 22, 23"),
    row("visitEndServerDate", VISITORS, "Time in UTC \u{2014} date (time of last action)", &[on(visit::LAST_TIME)], UtcDate, "2018-12-31, 2018-03-20, ..."),
    row("visitEndServerDayOfMonth", VISITORS, "Time in UTC \u{2014} day of month (time of last action)", &[on(visit::LAST_TIME)], UtcDayOfMonth, "0, 1, 2, 3, ..., 29, 30, 31"),
    row("visitEndServerDayOfWeek", VISITORS, "Time in UTC \u{2014} day of week (time of last action)", &[on(visit::LAST_TIME)], UtcDayOfWeek, "1, 2, 3, 4, 5, 6, 7"),
    row("visitEndServerDayOfYear", VISITORS, "Time in UTC \u{2014} day of year (time of last action)", &[on(visit::LAST_TIME)], UtcDayOfYear, "1, 2, 3, 4, ..., 365, 366"),
    row("visitStartServerMinute", VISITORS, "Time in UTC \u{2014} minute (start of visit)", &[on(visit::FIRST_TIME)], UtcMinute, "0, 1, 2, 3, ..., 56, 57, 58, 59"),
    row("visitEndServerMinute", VISITORS, "Time in UTC \u{2014} minute (time of last action)", &[on(visit::LAST_TIME)], UtcMinute, "0, 1, 2, 3, ..., 56, 57, 58, 59"),
    row("visitEndServerMonth", VISITORS, "Time in UTC \u{2014} month (time of last action)", &[on(visit::LAST_TIME)], UtcMonth, "1, 2, 3, ..., 11, 12"),
    row("visitEndServerQuarter", VISITORS, "Time in UTC \u{2014} quarter (time of last action)", &[on(visit::LAST_TIME)], UtcQuarter, "1, 2, 3, 4"),
    row("visitEndServerSecond", VISITORS, "Time in UTC \u{2014} second (Time of last action)", &[on(visit::LAST_TIME)], UtcSecond, "0, 1, 2, 3, ..., 58, 59"),
    row("visitEndServerWeekOfYear", VISITORS, "Time in UTC \u{2014} week of year (time of last action)", &[on(visit::LAST_TIME)], UtcWeekOfYear, "1, 2, 3, 4, ..., 51, 52, 53"),
    row("visitEndServerYear", VISITORS, "Time in UTC \u{2014} year (time of last action)", &[on(visit::LAST_TIME)], UtcYear, "2016, 2017, 2018, ..., 9998, 9999"),
    private(row("userId", VISITORS, "User ID", &[on(visit::USER)], Text, "any non empty unique string identifying the user (such as an email address or a username).")),
    row("visitEcommerceStatus", VISITORS, "Visit Ecommerce status at the end of the visit", &[on(visit::BUYER)], EcommerceStatus, "none, ordered, abandonedCart, orderedThenAbandonedCart. For example, to select all visits that have made an Ecommerce order, the API request would contain \"&segment=visitEcommerceStatus==ordered,visitEcommerceStatus==orderedThenAbandonedCart\""),
    private(row("visitId", VISITORS, "Visit ID", &[on(visit::ID)], Number, "Any integer.")),
    row("visitConvertedGoalId", VISITORS, "Visit converted a specific Goal Id", &[conv(conversion::GOAL)], Number, "1, 2, 3, etc."),
    row("visitConvertedGoalName", VISITORS, "Visit converted a specific Goal Name", &[conv(conversion::GOAL)], GoalName, "myGoal, myOtherGoal, etc."),
    row("visitConverted", VISITORS, "Visit converted at least one Goal", &[on(visit::CONVERTED)], Number, "0, 1"),
    row("visitorType", VISITORS, "Visit type", &[on(visit::RETURNING)], VisitorType, "new, returning, returningCustomer. For example, to select all visitors who have returned to the website, including those who have bought something in their previous visits, the API request would contain \"&segment=visitorType==returning,visitorType==returningCustomer\""),
    private(row("visitorId", VISITORS, "Visitor ID", &[on(visit::VISITOR)], Hex, "34c31e04394bdc63 - any 16 Hexadecimal chars ID, which can be fetched using the Tracking API function getVisitorId()")),
    row("city", LOCATION, "City", &[on(visit::CITY)], Text, "Sydney, Sao Paolo, Rome, etc."),
    row("continentCode", LOCATION, "Continent", &[on(visit::COUNTRY)], Continent, "eur, asi, amc, amn, ams, afr, ant, oce"),
    row("countryName", LOCATION, "Country", &[on(visit::COUNTRY)], CountryName, "Germany, France, Spain, ..."),
    row("countryCode", LOCATION, "Country code", &[on(visit::COUNTRY)], Text, "ISO 3166-1 alpha-2 country codes (de, us, fr, in, es, etc.)"),
    row("languageCode", LOCATION, "Language", &[on(visit::LANGUAGE)], Text, "de, fr, en-gb, zh-cn, etc."),
    row("latitude", LOCATION, "Latitude", &[on(visit::LATITUDE)], Number, "-33.578, 40.830, etc.<br/>You can select visitors within a lat/long range using &segment=lat>X;lat<Y;long>M;long<N."),
    row("longitude", LOCATION, "Longitude", &[on(visit::LONGITUDE)], Number, "-70.664, 14.326, etc."),
    row("regionCode", LOCATION, "Region", &[on(visit::REGION)], Text, "01 02, OR, P8, etc.<br/>eg. region=BFC;country=fr"),
    union(row("customVariableName", VARIABLES, "Custom Variable name (scope visit)", &[], Text, ""), &["customVariableName1", "customVariableName2", "customVariableName3", "customVariableName4", "customVariableName5"]),
    row("customVariableName1", VARIABLES, "Custom Variable name 1 (scope visit)", &[on(visit::VARIABLE_NAME_1)], Text, ""),
    row("customVariableName2", VARIABLES, "Custom Variable name 2 (scope visit)", &[on(visit::VARIABLE_NAME_2)], Text, ""),
    row("customVariableName3", VARIABLES, "Custom Variable name 3 (scope visit)", &[on(visit::VARIABLE_NAME_3)], Text, ""),
    row("customVariableName4", VARIABLES, "Custom Variable name 4 (scope visit)", &[on(visit::VARIABLE_NAME_4)], Text, ""),
    row("customVariableName5", VARIABLES, "Custom Variable name 5 (scope visit)", &[on(visit::VARIABLE_NAME_5)], Text, ""),
    union(row("customVariablePageName", VARIABLES, "Custom Variable name (scope page)", &[], Text, ""), &["customVariablePageName1", "customVariablePageName2", "customVariablePageName3", "customVariablePageName4", "customVariablePageName5"]),
    row("customVariablePageName1", VARIABLES, "Custom Variable name 1 (scope page)", &[act(action::VARIABLE_NAME_1, &[])], Text, ""),
    row("customVariablePageName2", VARIABLES, "Custom Variable name 2 (scope page)", &[act(action::VARIABLE_NAME_2, &[])], Text, ""),
    row("customVariablePageName3", VARIABLES, "Custom Variable name 3 (scope page)", &[act(action::VARIABLE_NAME_3, &[])], Text, ""),
    row("customVariablePageName4", VARIABLES, "Custom Variable name 4 (scope page)", &[act(action::VARIABLE_NAME_4, &[])], Text, ""),
    row("customVariablePageName5", VARIABLES, "Custom Variable name 5 (scope page)", &[act(action::VARIABLE_NAME_5, &[])], Text, ""),
    union(row("customVariablePageValue", VARIABLES, "Custom Variable value (scope page)", &[], Text, ""), &["customVariablePageValue1", "customVariablePageValue2", "customVariablePageValue3", "customVariablePageValue4", "customVariablePageValue5"]),
    row("customVariablePageValue1", VARIABLES, "Custom Variable value 1 (scope page)", &[act(action::VARIABLE_VALUE_1, &[])], Text, ""),
    row("customVariablePageValue2", VARIABLES, "Custom Variable value 2 (scope page)", &[act(action::VARIABLE_VALUE_2, &[])], Text, ""),
    row("customVariablePageValue3", VARIABLES, "Custom Variable value 3 (scope page)", &[act(action::VARIABLE_VALUE_3, &[])], Text, ""),
    row("customVariablePageValue4", VARIABLES, "Custom Variable value 4 (scope page)", &[act(action::VARIABLE_VALUE_4, &[])], Text, ""),
    row("customVariablePageValue5", VARIABLES, "Custom Variable value 5 (scope page)", &[act(action::VARIABLE_VALUE_5, &[])], Text, ""),
    union(row("customVariableValue", VARIABLES, "Custom Variable value (scope visit)", &[], Text, ""), &["customVariableValue1", "customVariableValue2", "customVariableValue3", "customVariableValue4", "customVariableValue5"]),
    row("customVariableValue1", VARIABLES, "Custom Variable value 1 (scope visit)", &[on(visit::VARIABLE_VALUE_1)], Text, ""),
    row("customVariableValue2", VARIABLES, "Custom Variable value 2 (scope visit)", &[on(visit::VARIABLE_VALUE_2)], Text, ""),
    row("customVariableValue3", VARIABLES, "Custom Variable value 3 (scope visit)", &[on(visit::VARIABLE_VALUE_3)], Text, ""),
    row("customVariableValue4", VARIABLES, "Custom Variable value 4 (scope visit)", &[on(visit::VARIABLE_VALUE_4)], Text, ""),
    row("customVariableValue5", VARIABLES, "Custom Variable value 5 (scope visit)", &[on(visit::VARIABLE_VALUE_5)], Text, ""),
    metric(row("bandwidth", BEHAVIOUR, "Bandwidth", &[act(action::BANDWIDTH, &[])], Number, "Any number in bytes, eg. 1000")),
    row("actionType", BEHAVIOUR, "Action Type", &[act(action::KIND, &[])], ActionType, "A type of action, such as: pageviews, contents, sitesearches, events, outlinks, downloads"),
    union(row("actionUrl", BEHAVIOUR, "Action URL", &[], PageUrl, ""), &["pageUrl", "downloadUrl", "outlinkUrl", "eventUrl"]),
    row("siteSearchCategory", BEHAVIOUR, "Category (Site Search)", &[act(action::SEARCH_CATEGORY, &[])], Text, ""),
    row("outlinkUrl", BEHAVIOUR, "Clicked Outlink", &[act(action::URL, &[kind::OUTLINK])], FullUrl, ""),
    row("contentInteraction", BEHAVIOUR, "Content Interaction", &[act(action::CONTENT_INTERACTION, &[])], Text, "The type of interaction with the content. For instance \"click\" or \"submit\"."),
    row("contentName", BEHAVIOUR, "Content Name", &[act(action::CONTENT_NAME, &[])], Text, "The name of a content block, for instance \"Ad Sale\""),
    row("contentPiece", BEHAVIOUR, "Content Piece", &[act(action::CONTENT_PIECE, &[])], Text, "The actual content. For instance \"ad.jpg\" or \"My text ad\""),
    row("contentTarget", BEHAVIOUR, "Content Target", &[act(action::CONTENT_TARGET, &[])], Text, "For instance the URL of a landing page: \"http://landingpage.example.com\""),
    row("downloadUrl", BEHAVIOUR, "Download URL", &[act(action::URL, &[kind::DOWNLOAD])], FullUrl, ""),
    row("entryPageUrl", BEHAVIOUR, "Entry Page URL", &[on(visit::ENTRY_URL)], PageUrl, ""),
    row("entryPageTitle", BEHAVIOUR, "Entry Page title", &[on(visit::ENTRY_TITLE)], Text, ""),
    row("exitPageTitle", BEHAVIOUR, "Exit Page Title", &[on(visit::EXIT_TITLE)], Text, ""),
    row("exitPageUrl", BEHAVIOUR, "Exit Page URL", &[on(visit::EXIT_URL)], PageUrl, ""),
    row("siteSearchKeyword", BEHAVIOUR, "Keyword (Site Search)", &[act(action::TITLE, &[kind::SEARCH])], Text, ""),
    row("siteSearchCount", BEHAVIOUR, "Keyword count (Site Search)", &[act(action::SEARCH_COUNT, &[])], Number, ""),
    row("pageTitle", BEHAVIOUR, "Page Title", &[act(action::TITLE, TITLED)], Text, ""),
    row("pageUrl", BEHAVIOUR, "Page URL", &[act(action::URL, PAGES)], PageUrl, ""),
    row("actionServerHour", BEHAVIOUR, "Site time \u{2014} hour", &[act(action::TIME, &[])], SiteHour, ""),
    row("actionServerMinute", BEHAVIOUR, "Time in UTC \u{2014} minute", &[act(action::TIME, &[])], UtcMinute, "0, 1, 2, 3, ..., 56, 57, 58, 59"),
    metric(row("eventValue", EVENTS, "Event value", &[act(action::VALUE, &[kind::EVENT])], Number, "")),
    row("eventAction", EVENTS, "Event Action", &[act(action::EVENT_ACTION, &[])], Text, ""),
    row("eventCategory", EVENTS, "Event Category", &[act(action::EVENT_CATEGORY, &[])], Text, ""),
    row("eventName", EVENTS, "Event Name", &[act(action::EVENT_NAME, &[])], Text, ""),
    row("eventUrl", EVENTS, "Event URL", &[act(action::URL, &[kind::EVENT])], PageUrl, "The URL must be URL encoded, for example: http%3A%2F%2Fexample.com%2Fpath%2Fpage%3Fquery"),
    row("referrerType", ACQUISITION, "Channel Type", &[on(visit::REFERRER_TYPE)], ReferrerType, "direct, search, website, social, campaign"),
    row("referrerKeyword", ACQUISITION, "Keyword", &[on(visit::REFERRER_KEYWORD)], Text, "Encoded%20Keyword, keyword"),
    row("referrerName", ACQUISITION, "Referrer Name", &[on(visit::REFERRER_NAME)], Text, "twitter.com, www.facebook.com, Bing, Google, Yahoo, CampaignName"),
    row("referrerUrl", ACQUISITION, "Referrer URL", &[on(visit::REFERRER_URL)], Text, "http%3A%2F%2Fwww.example.org%2Freferer-page.htm"),
    metric(row("orderId", ECOMMERCE, "Order ID", &[conv(conversion::ORDER)], Text, "")),
    metric(row("revenueOrder", ECOMMERCE, "Order Revenue", &[conv(conversion::REVENUE)], Money, "")),
    metric(row("productPrice", ECOMMERCE, "Product Price", &[sold(item::PRICE)], Money, "")),
    metric(row("revenueAbandonedCart", ECOMMERCE, "Revenue Left In Cart", &[conv(conversion::REVENUE)], Money, "")),
    metric(row("productViewPrice", ECOMMERCE, "Viewed Product Price", &[act(action::PRODUCT_PRICE, &[])], Money, "")),
    union(row("productCategory", ECOMMERCE, "Product Category", &[], Text, ""), &["productCategory1", "productCategory2", "productCategory3", "productCategory4", "productCategory5"]),
    internal(row("productCategory1", ECOMMERCE, "Product Category 1", &[sold(item::CATEGORY_1)], Text, "")),
    internal(row("productCategory2", ECOMMERCE, "Product Category 2", &[sold(item::CATEGORY_2)], Text, "")),
    internal(row("productCategory3", ECOMMERCE, "Product Category 3", &[sold(item::CATEGORY_3)], Text, "")),
    internal(row("productCategory4", ECOMMERCE, "Product Category 4", &[sold(item::CATEGORY_4)], Text, "")),
    internal(row("productCategory5", ECOMMERCE, "Product Category 5", &[sold(item::CATEGORY_5)], Text, "")),
    row("productName", ECOMMERCE, "Product Name", &[sold(item::NAME)], Text, ""),
    row("productSku", ECOMMERCE, "Product SKU", &[sold(item::SKU)], Text, ""),
    union(row("productViewCategory", ECOMMERCE, "Viewed Product Category", &[], Text, ""), &["productViewCategory1", "productViewCategory2", "productViewCategory3", "productViewCategory4", "productViewCategory5"]),
    internal(row("productViewCategory1", ECOMMERCE, "Viewed Product Category 1", &[act(action::PRODUCT_CATEGORY_1, &[])], Text, "")),
    internal(row("productViewCategory2", ECOMMERCE, "Viewed Product Category 2", &[act(action::PRODUCT_CATEGORY_2, &[])], Text, "")),
    internal(row("productViewCategory3", ECOMMERCE, "Viewed Product Category 3", &[act(action::PRODUCT_CATEGORY_3, &[])], Text, "")),
    internal(row("productViewCategory4", ECOMMERCE, "Viewed Product Category 4", &[act(action::PRODUCT_CATEGORY_4, &[])], Text, "")),
    internal(row("productViewCategory5", ECOMMERCE, "Viewed Product Category 5", &[act(action::PRODUCT_CATEGORY_5, &[])], Text, "")),
    row("productViewName", ECOMMERCE, "Viewed Product Name", &[act(action::PRODUCT_NAME, &[])], Text, ""),
    row("productViewSku", ECOMMERCE, "Viewed Product SKU", &[act(action::PRODUCT_SKU, &[])], Text, ""),
    internal(row("campaignName", CAMPAIGNS, "Campaign Name", &[on(visit::CAMPAIGN_NAME)], Text, "")),
    internal(row("campaignKeyword", CAMPAIGNS, "Campaign Keyword", &[on(visit::CAMPAIGN_KEYWORD)], Text, "")),
    internal(row("campaignSource", CAMPAIGNS, "Campaign Source", &[on(visit::CAMPAIGN_SOURCE)], Text, "")),
    internal(row("campaignMedium", CAMPAIGNS, "Campaign Medium", &[on(visit::CAMPAIGN_MEDIUM)], Text, "")),
    internal(row("campaignContent", CAMPAIGNS, "Campaign Content", &[on(visit::CAMPAIGN_CONTENT)], Text, "")),
    internal(row("campaignId", CAMPAIGNS, "Campaign Id", &[on(visit::CAMPAIGN_ID)], Text, "")),
    internal(row("campaignGroup", CAMPAIGNS, "Campaign Group", &[on(visit::CAMPAIGN_GROUP)], Text, "")),
    internal(row("campaignPlacement", CAMPAIGNS, "Campaign Placement", &[on(visit::CAMPAIGN_PLACEMENT)], Text, "")),
    internal(row("robotName", VISITORS, "Robot", &[on(visit::ROBOT)], Text, "GPTBot, Googlebot, etc. Visits of robots are counted only where a segment names them.")),
    internal(row("robotCategory", VISITORS, "Robot category", &[on(visit::ROBOT_KIND)], Text, "Crawler, Search bot, AI Assistant, etc.")),
];

/// The segment of that public name.
pub fn segment(name: &str) -> Option<&'static Segment> {
    SEGMENTS.iter().find(|segment| segment.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_unions_are_of_segments() {
        let mut seen = std::collections::BTreeSet::new();
        for segment in SEGMENTS {
            assert!(seen.insert(segment.name), "{} stands twice", segment.name);
            assert_eq!(
                segment.looks_at.is_empty(),
                !segment.union_of.is_empty(),
                "{}",
                segment.name
            );
            for part in segment.union_of {
                assert!(super::segment(part).is_some(), "{part} of {}", segment.name);
            }
        }
    }
}
