//! Every report: a named question with its place in the menu, its columns, and how its labels are shown.
//! A row adds the API method, its metadata, its page, its exports and its line in the reference.

use crate::columns::{conversion, visit};

/// Who else reads these rows: `query` asks the record, `server` shows the labels.
#[derive(Debug)]
pub struct Report {
    pub method: &'static str,
    pub category: &'static str,
    pub subcategory: &'static str,
    pub name: &'static str,
    /// Names of the levels, outermost first: public id (`Events_EventCategory`) and label.
    pub levels: &'static [Level],
    pub record: Record,
    pub shown: Shown,
    /// The column by which rows are ordered, largest first, unless a request says otherwise.
    pub sort: &'static str,
    pub metrics: &'static [&'static str],
    pub processed: &'static [&'static str],
    /// Rows know their goals.
    pub goals: bool,
    /// Always the same rows, in their own order.
    pub constant_rows: bool,
    /// Method that answers a row's sub-table.
    pub subtable_action: &'static str,
    /// Joins the levels of a flat label.
    pub flat_separator: &'static str,
    /// Parameter that names the one row asked for.
    pub named_by: &'static str,
    /// Answers a sub-table only (`idSubtable`), or is a variant: no line of its own in the metadata.
    pub hidden: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Level {
    pub id: &'static str,
    pub label: &'static str,
}

/// What is asked of the data.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Record {
    /// Visits by columns of the visit; goals by the twin columns of conversions (empty: no goals).
    Visits {
        columns: &'static [usize],
        conversions: &'static [usize],
        key: VisitKey,
    },
    /// Visits by their count of something, in ranges.
    Buckets {
        column: usize,
        divided_by: i64,
        ranges: &'static [Range],
        returning_only: bool,
    },
    Plugins,
    UserIds,
    ReferrerTypes,
    AllReferrers,
    Referrers {
        kind: i64,
        levels: (usize, usize),
    },
    /// The page addresses behind social networks, or the networks: websites are searched for both.
    Socials,
    Actions(Actions),
    SearchCategories,
    Events {
        by: EventText,
        then: EventText,
    },
    Contents {
        by_piece: bool,
    },
    Items(ItemText),
    GoalHistogram {
        column: usize,
        divided_by: i64,
        ranges: &'static [Range],
    },
    CustomVariables,
    CustomDimension,
    Numbers(Numbers),
}

/// From, to (both in); no end is open.
pub type Range = (i64, Option<i64>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VisitKey {
    /// The stored values, joined by `;` or `|`.
    Joined(&'static str),
    /// The hour of a stored second of the day.
    HourOfDay,
    /// The hour in the site's time zone.
    LocalHour,
    DayOfWeek,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Actions {
    PageUrls,
    PageTitles,
    EntryUrls,
    EntryTitles,
    ExitUrls,
    ExitTitles,
    UrlsAfterSearch,
    TitlesAfterSearch,
    Downloads,
    Outlinks,
    Keywords,
    KeywordsWithoutResult,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventText {
    Category,
    Action,
    Name,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ItemText {
    Sku,
    Name,
    Category,
}

/// One row of metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Numbers {
    Visits,
    VisitorTypes,
    Actions,
    Referrers,
    Performance,
    Bandwidth,
    Goals,
    /// The goals of all visits, without those of new and of returning visitors.
    GoalTotals,
    Countries,
    Everything,
}

/// How a raw label becomes what people read, and which facts stand beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    AsIs,
    Country,
    Continent,
    Region,
    City,
    Language,
    LanguageCode,
    DeviceType,
    DeviceModel,
    DeviceBrand,
    OsFamily,
    OsVersion,
    Browser,
    BrowserVersion,
    BrowserEngine,
    Resolution,
    Configuration,
    Plugin,
    LocalHour,
    ServerHour,
    DayOfWeek,
    UserId,
    ReferrerType,
    AllReferrers,
    Keyword,
    SearchEngine,
    Website,
    Social,
    Campaign,
    PlainKeyword,
    KeywordOfEngine,
    EngineOfKeyword,
    KeywordOfCampaign,
    UrlOfWebsite,
    UrlOfSocial,
    Page {
        segment: &'static str,
    },
    Title {
        segment: &'static str,
    },
    Download,
    Outlink,
    SearchKeyword,
    SearchCategory,
    Event {
        segment: &'static str,
        child: &'static str,
    },
    Content {
        segment: &'static str,
        child: &'static str,
    },
    Item {
        segment: &'static str,
    },
    DurationRange,
    PagesRange,
    VisitCountRange,
    DaysSinceLastRange,
    VisitsToConversion,
    DaysToConversion,
    CustomVariable,
    CustomVariableValue,
    CustomDimension,
}

const VISITS: &[&str] = &["nb_visits", "nb_uniq_visitors", "nb_actions", "nb_users"];
const VISITS_WITHOUT_USERS: &[&str] = &["nb_visits", "nb_uniq_visitors", "nb_actions"];
const PER_VISIT: &[&str] = &["nb_actions_per_visit", "avg_time_on_site", "bounce_rate"];
const PER_VISIT_AND_GOALS: &[&str] = &[
    "nb_actions_per_visit",
    "avg_time_on_site",
    "bounce_rate",
    "conversion_rate",
];
const EVENTS: &[&str] = &[
    "nb_events",
    "sum_event_value",
    "min_event_value",
    "max_event_value",
    "nb_events_with_value",
];
const ITEMS: &[&str] = &["revenue", "quantity", "orders", "nb_visits"];
const PER_ITEM: &[&str] = &["avg_price", "avg_quantity", "conversion_rate"];

pub(crate) const BLANK: Report = Report {
    method: "",
    category: "",
    subcategory: "",
    name: "",
    levels: &[],
    record: Record::Numbers(Numbers::Visits),
    shown: Shown::AsIs,
    sort: "nb_visits",
    metrics: VISITS,
    processed: PER_VISIT_AND_GOALS,
    goals: false,
    constant_rows: false,
    subtable_action: "",
    flat_separator: " - ",
    named_by: "",
    hidden: false,
};

pub(crate) const fn level(id: &'static str, label: &'static str) -> Level {
    Level { id, label }
}

const fn joined(columns: &'static [usize]) -> Record {
    Record::Visits {
        columns,
        conversions: &[],
        key: VisitKey::Joined(";"),
    }
}

const fn with_goals(columns: &'static [usize], conversions: &'static [usize]) -> Record {
    Record::Visits {
        columns,
        conversions,
        key: VisitKey::Joined(";"),
    }
}

const SEARCH: i64 = 2;
const WEBSITE: i64 = 3;
const CAMPAIGN: i64 = 6;

#[rustfmt::skip]
const VISIT_COUNTS: &[Range] = &[
    (1, Some(1)), (2, Some(2)), (3, Some(3)), (4, Some(4)), (5, Some(5)), (6, Some(6)), (7, Some(7)),
    (8, Some(8)), (9, Some(14)), (15, Some(25)), (26, Some(50)), (51, Some(100)), (101, Some(200)),
    (201, None),
];
#[rustfmt::skip]
const VISITS_TO_CONVERSION: &[Range] = &[
    (1, Some(1)), (2, Some(2)), (3, Some(3)), (4, Some(4)), (5, Some(5)), (6, Some(6)), (7, Some(7)),
    (8, Some(8)), (9, Some(14)), (15, Some(25)), (26, Some(50)), (51, Some(100)), (101, None),
];
#[rustfmt::skip]
const DAYS: &[Range] = &[
    (0, Some(0)), (1, Some(1)), (2, Some(2)), (3, Some(3)), (4, Some(4)), (5, Some(5)), (6, Some(6)),
    (7, Some(7)), (8, Some(14)), (15, Some(30)), (31, Some(60)), (61, Some(120)), (121, Some(364)),
    (365, None),
];
/// Seconds.
#[rustfmt::skip]
const DURATIONS: &[Range] = &[
    (0, Some(10)), (11, Some(30)), (31, Some(60)), (61, Some(120)), (121, Some(240)),
    (241, Some(420)), (421, Some(600)), (601, Some(900)), (901, Some(1800)), (1801, None),
];
#[rustfmt::skip]
const PAGES: &[Range] = &[
    (1, Some(1)), (2, Some(2)), (3, Some(3)), (4, Some(4)), (5, Some(5)), (6, Some(7)), (8, Some(10)),
    (11, Some(14)), (15, Some(20)), (21, None),
];

const EVENT_CATEGORY: Level = level("Events_EventCategory", "Event Category");
const EVENT_ACTION: Level = level("Events_EventAction", "Event Action");
const EVENT_NAME: Level = level("Events_EventName", "Event Name");
const KEYWORD: Level = level("Referrers_Keyword", "Keyword");
const SEARCH_ENGINE: Level = level("Referrers_SearchEngine", "Search Engine");
const WEBSITE_PAGE: Level = level("Referrers_WebsitePage", "Website Page");

/// All reports, in the order of the menu.
#[rustfmt::skip]
pub static REPORTS: &[Report] = &[
    Report {
        method: "VisitsSummary.get", category: "Visitors", subcategory: "Overview",
        name: "Visits Summary", record: Record::Numbers(Numbers::Visits),
        metrics: &["nb_uniq_visitors", "nb_visits", "nb_users", "nb_actions", "max_actions"],
        processed: &["bounce_rate", "nb_actions_per_visit", "avg_time_on_site"], ..BLANK
    },
    Report {
        method: "UserCountry.getCountry", category: "Visitors", subcategory: "Locations",
        name: "Country", levels: &[level("UserCountry_Country", "Country")],
        record: with_goals(&[visit::COUNTRY], &[conversion::COUNTRY]), shown: Shown::Country,
        metrics: VISITS_WITHOUT_USERS, processed: PER_VISIT, goals: true, ..BLANK
    },
    Report {
        method: "UserCountry.getContinent", category: "Visitors", subcategory: "Locations",
        name: "Continent", levels: &[level("UserCountry_Continent", "Continent")],
        record: with_goals(&[visit::COUNTRY], &[conversion::COUNTRY]), shown: Shown::Continent,
        metrics: VISITS_WITHOUT_USERS, processed: PER_VISIT, goals: true, ..BLANK
    },
    Report {
        method: "UserCountry.getRegion", category: "Visitors", subcategory: "Locations",
        name: "Region", levels: &[level("UserCountry_Region", "Region")],
        record: Record::Visits {
            columns: &[visit::REGION, visit::COUNTRY],
            conversions: &[conversion::REGION, conversion::COUNTRY], key: VisitKey::Joined("|"),
        },
        shown: Shown::Region, metrics: VISITS_WITHOUT_USERS, processed: PER_VISIT, goals: true, ..BLANK
    },
    Report {
        method: "UserLanguage.getLanguage", category: "Visitors", subcategory: "Locations",
        name: "Web-browser language", levels: &[level("UserLanguage_Language", "Language")],
        record: joined(&[visit::LANGUAGE]), shown: Shown::Language, ..BLANK
    },
    Report {
        method: "UserCountry.getCity", category: "Visitors", subcategory: "Locations",
        name: "City", levels: &[level("UserCountry_City", "City")],
        record: Record::Visits {
            columns: &[visit::CITY, visit::REGION, visit::COUNTRY],
            conversions: &[conversion::CITY, conversion::REGION, conversion::COUNTRY],
            key: VisitKey::Joined("|"),
        },
        shown: Shown::City, metrics: VISITS_WITHOUT_USERS, processed: PER_VISIT, goals: true, ..BLANK
    },
    Report {
        method: "UserLanguage.getLanguageCode", category: "Visitors", subcategory: "Locations",
        name: "Language code", levels: &[level("UserLanguage_Language", "Language")],
        record: joined(&[visit::LANGUAGE]), shown: Shown::LanguageCode, ..BLANK
    },
    Report {
        method: "DevicesDetection.getType", category: "Visitors", subcategory: "Devices",
        name: "Device type", levels: &[level("DevicesDetection_DeviceType", "Device type")],
        record: with_goals(&[visit::DEVICE_TYPE], &[conversion::DEVICE_TYPE]),
        shown: Shown::DeviceType, processed: PER_VISIT, goals: true, ..BLANK
    },
    Report {
        method: "DevicesDetection.getModel", category: "Visitors", subcategory: "Devices",
        name: "Device model", levels: &[level("DevicesDetection_DeviceModel", "Device model")],
        record: with_goals(
            &[visit::DEVICE_BRAND, visit::DEVICE_MODEL],
            &[conversion::DEVICE_BRAND, conversion::DEVICE_MODEL],
        ),
        shown: Shown::DeviceModel, processed: PER_VISIT, goals: true, ..BLANK
    },
    Report {
        method: "DevicesDetection.getBrand", category: "Visitors", subcategory: "Devices",
        name: "Device brand", levels: &[level("DevicesDetection_DeviceBrand", "Device brand")],
        record: with_goals(&[visit::DEVICE_BRAND], &[conversion::DEVICE_BRAND]),
        shown: Shown::DeviceBrand, processed: PER_VISIT, goals: true, ..BLANK
    },
    Report {
        method: "Resolution.getResolution", category: "Visitors", subcategory: "Devices",
        name: "Screen Resolution", levels: &[level("Resolution_Resolution", "Resolution")],
        record: joined(&[visit::RESOLUTION]), shown: Shown::Resolution, ..BLANK
    },
    Report {
        method: "DevicesDetection.getOsVersions", category: "Visitors", subcategory: "Software",
        name: "Operating System versions",
        levels: &[level("DevicesDetection_OsVersion", "Operating system version")],
        record: joined(&[visit::OS, visit::OS_VERSION]), shown: Shown::OsVersion, ..BLANK
    },
    Report {
        method: "DevicesDetection.getBrowsers", category: "Visitors", subcategory: "Software",
        name: "Browsers", levels: &[level("DevicesDetection_BrowserName", "Browser")],
        record: with_goals(&[visit::BROWSER], &[conversion::BROWSER]), shown: Shown::Browser,
        processed: PER_VISIT, goals: true, ..BLANK
    },
    Report {
        method: "DevicesDetection.getBrowserVersions", category: "Visitors", subcategory: "Software",
        name: "Browser version", levels: &[level("DevicesDetection_BrowserVersion", "Browser version")],
        record: joined(&[visit::BROWSER, visit::BROWSER_VERSION]), shown: Shown::BrowserVersion, ..BLANK
    },
    Report {
        method: "Resolution.getConfiguration", category: "Visitors", subcategory: "Software",
        name: "Configurations", levels: &[level("Resolution_Configuration", "Configuration")],
        record: joined(&[visit::OS, visit::BROWSER, visit::RESOLUTION]), shown: Shown::Configuration,
        ..BLANK
    },
    Report {
        method: "DevicesDetection.getOsFamilies", category: "Visitors", subcategory: "Software",
        name: "Operating System families", levels: &[level("DevicesDetection_Os", "Operating system family")],
        record: joined(&[visit::OS]), shown: Shown::OsFamily, ..BLANK
    },
    Report {
        method: "DevicesDetection.getBrowserEngines", category: "Visitors", subcategory: "Software",
        name: "Browser engines", levels: &[level("DevicesDetection_BrowserEngine", "Browser engine")],
        record: joined(&[visit::BROWSER_ENGINE]), shown: Shown::BrowserEngine, ..BLANK
    },
    Report {
        method: "DevicePlugins.getPlugin", category: "Visitors", subcategory: "Software",
        name: "Browser Plugins", levels: &[level("DevicePlugins_Plugin", "Plugin")],
        record: Record::Plugins, shown: Shown::Plugin, metrics: &["nb_visits"],
        processed: &["nb_visits_percentage"], constant_rows: true, ..BLANK
    },
    Report {
        method: "VisitTime.getVisitInformationPerLocalTime", category: "Visitors", subcategory: "Times",
        name: "Visits per local time",
        levels: &[level("VisitTime_LocalTime", "Local time \u{2014} hour (start of visit)")],
        record: Record::Visits { columns: &[visit::LOCAL_TIME], conversions: &[], key: VisitKey::HourOfDay },
        shown: Shown::LocalHour, sort: "label", constant_rows: true, ..BLANK
    },
    Report {
        method: "VisitTime.getVisitInformationPerServerTime", category: "Visitors", subcategory: "Times",
        name: "Visits per hour in the site's timezone",
        levels: &[level("CoreHome_VisitFirstActionTime", "Site time \u{2014} hour (start of visit)")],
        record: Record::Visits {
            columns: &[visit::FIRST_TIME], conversions: &[conversion::TIME], key: VisitKey::LocalHour,
        },
        shown: Shown::ServerHour, sort: "label", processed: PER_VISIT, goals: true, constant_rows: true,
        ..BLANK
    },
    Report {
        method: "VisitTime.getByDayOfWeek", category: "Visitors", subcategory: "Times",
        name: "Visits by day of the week", levels: &[level("VisitTime_DayOfTheWeek", "Day of the week")],
        record: Record::Visits { columns: &[visit::LAST_TIME], conversions: &[], key: VisitKey::DayOfWeek },
        shown: Shown::DayOfWeek, sort: "", constant_rows: true, ..BLANK
    },
    Report {
        method: "UserId.getUsers", category: "Visitors", subcategory: "User IDs", name: "User IDs",
        levels: &[level("UserId_UserId", "UserId")], record: Record::UserIds, shown: Shown::UserId,
        metrics: &["label", "nb_visits", "nb_actions", "nb_visits_converted"], ..BLANK
    },
    Report {
        method: "CustomVariables.getCustomVariables", category: "Visitors",
        subcategory: "Custom Variables", name: "Custom Variables",
        levels: &[
            level("CustomVariables_CustomVariableName", "Custom Variable name"),
            level("CustomVariables_CustomVariableValue", "Custom Variable value"),
        ],
        record: Record::CustomVariables, shown: Shown::CustomVariable, sort: "nb_actions",
        processed: PER_VISIT, goals: true, subtable_action: "getCustomVariablesValuesFromNameId", ..BLANK
    },
    Report {
        method: "Actions.get", category: "Actions", name: "Actions - Main metrics",
        record: Record::Numbers(Numbers::Actions),
        metrics: &[
            "nb_pageviews", "nb_uniq_pageviews", "nb_downloads", "nb_uniq_downloads", "nb_outlinks",
            "nb_uniq_outlinks", "nb_searches", "nb_keywords",
        ],
        processed: &["avg_time_generation"], ..BLANK
    },
    Report {
        method: "Bandwidth.get", category: "Actions", name: "Bandwidth - Main metrics",
        record: Record::Numbers(Numbers::Bandwidth),
        metrics: &[
            "nb_total_overall_bandwidth", "nb_total_pageview_bandwidth", "nb_total_download_bandwidth",
        ],
        processed: &[
            "nb_total_download_bandwidth", "nb_total_pageview_bandwidth", "nb_total_overall_bandwidth",
        ],
        ..BLANK
    },
    Report {
        method: "Actions.getPageUrls", category: "Actions", subcategory: "Pages", name: "Page URLs",
        levels: &[level("Actions_PageUrl", "Page URL")], record: Record::Actions(Actions::PageUrls),
        shown: Shown::Page { segment: "pageUrl" }, sort: "nb_visits", metrics: &["nb_hits", "nb_visits"],
        processed: &["avg_time_on_page", "bounce_rate", "exit_rate", "avg_time_generation"], goals: true,
        subtable_action: "getPageUrls", flat_separator: "/", ..BLANK
    },
    Report {
        method: "Actions.getEntryPageUrls", category: "Actions", subcategory: "Entry pages",
        name: "Entry pages", levels: &[level("Actions_EntryPageUrl", "Entry Page URL")],
        record: Record::Actions(Actions::EntryUrls), shown: Shown::Page { segment: "entryPageUrl" },
        sort: "entry_nb_visits", metrics: &["entry_nb_visits", "entry_bounce_count"],
        processed: &["bounce_rate", "avg_time_generation"], goals: true,
        subtable_action: "getEntryPageUrls", flat_separator: "/", ..BLANK
    },
    Report {
        method: "Actions.getEntryPageTitles", category: "Actions", subcategory: "Entry pages",
        name: "Entry page titles", levels: &[level("Actions_EntryPageTitle", "Entry Page title")],
        record: Record::Actions(Actions::EntryTitles), shown: Shown::Title { segment: "entryPageTitle" },
        sort: "entry_nb_visits", metrics: &["entry_nb_visits", "entry_bounce_count"],
        processed: &["bounce_rate", "avg_time_generation"], goals: true,
        subtable_action: "getEntryPageTitles", ..BLANK
    },
    Report {
        method: "Actions.getExitPageUrls", category: "Actions", subcategory: "Exit pages",
        name: "Exit pages", levels: &[level("Actions_ExitPageUrl", "Exit Page URL")],
        record: Record::Actions(Actions::ExitUrls), shown: Shown::Page { segment: "exitPageUrl" },
        sort: "exit_nb_visits", metrics: &["exit_nb_visits", "nb_visits"],
        processed: &["exit_rate", "avg_time_generation"], subtable_action: "getExitPageUrls",
        flat_separator: "/", ..BLANK
    },
    Report {
        method: "Actions.getExitPageTitles", category: "Actions", subcategory: "Exit pages",
        name: "Exit page titles", levels: &[level("Actions_ExitPageTitle", "Exit Page Title")],
        record: Record::Actions(Actions::ExitTitles), shown: Shown::Title { segment: "exitPageTitle" },
        sort: "exit_nb_visits", metrics: &["exit_nb_visits", "nb_visits"],
        processed: &["exit_rate", "avg_time_generation"], subtable_action: "getExitPageTitles", ..BLANK
    },
    Report {
        method: "Actions.getPageTitles", category: "Actions", subcategory: "Page titles",
        name: "Page titles", levels: &[level("Actions_PageTitle", "Page Title")],
        record: Record::Actions(Actions::PageTitles), shown: Shown::Title { segment: "pageTitle" },
        sort: "nb_visits", metrics: &["nb_hits", "nb_visits"],
        processed: &["avg_time_on_page", "bounce_rate", "exit_rate", "avg_time_generation"], goals: true,
        subtable_action: "getPageTitles", ..BLANK
    },
    Report {
        method: "Actions.getSiteSearchKeywords", category: "Actions", subcategory: "Site Search",
        name: "Site Search Keywords", levels: &[level("Actions_Keyword", "Keyword")],
        record: Record::Actions(Actions::Keywords), shown: Shown::SearchKeyword,
        metrics: &["nb_visits", "nb_pages_per_search"], processed: &["exit_rate"], ..BLANK
    },
    Report {
        method: "Actions.getPageUrlsFollowingSiteSearch", category: "Actions",
        subcategory: "Site Search", name: "Pages Following a Site Search",
        levels: &[level("Actions_DestinationPage", "Destination Page")],
        record: Record::Actions(Actions::UrlsAfterSearch), shown: Shown::Page { segment: "" },
        sort: "nb_hits_following_search", metrics: &["nb_hits_following_search", "nb_hits"],
        processed: &[], subtable_action: "getPageUrlsFollowingSiteSearch", flat_separator: "/", ..BLANK
    },
    Report {
        method: "Actions.getSiteSearchNoResultKeywords", category: "Actions",
        subcategory: "Site Search", name: "Search Keywords with No Results",
        levels: &[level("Actions_KeywordwithNoSearchResult", "Keyword with No Search Result")],
        record: Record::Actions(Actions::KeywordsWithoutResult), shown: Shown::SearchKeyword,
        metrics: &["nb_visits"], processed: &["exit_rate"], ..BLANK
    },
    Report {
        method: "Actions.getPageTitlesFollowingSiteSearch", category: "Actions",
        subcategory: "Site Search", name: "Page Titles Following a Site Search",
        levels: &[level("Actions_DestinationPage", "Destination Page")],
        record: Record::Actions(Actions::TitlesAfterSearch), shown: Shown::Title { segment: "" },
        sort: "nb_hits_following_search", metrics: &["nb_hits_following_search", "nb_hits"],
        processed: &[], subtable_action: "getPageTitlesFollowingSiteSearch", ..BLANK
    },
    Report {
        method: "Actions.getSiteSearchCategories", category: "Actions", subcategory: "Site Search",
        name: "Search Categories", levels: &[level("Actions_SearchCategory", "Search Category")],
        record: Record::SearchCategories, shown: Shown::SearchCategory,
        metrics: &["nb_visits", "nb_pages_per_search", "exit_rate"], processed: &[], ..BLANK
    },
    Report {
        method: "Actions.getOutlinks", category: "Actions", subcategory: "Outlinks", name: "Outlinks",
        levels: &[level("Actions_ClickedUrl", "Clicked Outlink")],
        record: Record::Actions(Actions::Outlinks), shown: Shown::Outlink, sort: "nb_visits",
        metrics: &["nb_visits", "nb_hits"], processed: &[], subtable_action: "getOutlinks",
        flat_separator: "/", ..BLANK
    },
    Report {
        method: "Actions.getDownloads", category: "Actions", subcategory: "Downloads",
        name: "Downloads", levels: &[level("Actions_DownloadUrl", "Download URL")],
        record: Record::Actions(Actions::Downloads), shown: Shown::Download, sort: "nb_visits",
        metrics: &["nb_visits", "nb_hits"], processed: &[], subtable_action: "getDownloads",
        flat_separator: "/", ..BLANK
    },
    Report {
        method: "Events.getCategory", category: "Actions", subcategory: "Events",
        name: "Event Categories", levels: &[EVENT_CATEGORY, EVENT_ACTION],
        record: Record::Events { by: EventText::Category, then: EventText::Action },
        shown: Shown::Event { segment: "eventCategory", child: "" }, sort: "nb_visits", metrics: EVENTS,
        processed: &["avg_event_value"], subtable_action: "getActionFromCategoryId", ..BLANK
    },
    Report {
        method: "Events.getAction", category: "Actions", subcategory: "Events",
        name: "Event Actions", levels: &[EVENT_ACTION, EVENT_NAME],
        record: Record::Events { by: EventText::Action, then: EventText::Name },
        shown: Shown::Event { segment: "eventAction", child: "" }, sort: "nb_visits", metrics: EVENTS,
        processed: &["avg_event_value"], subtable_action: "getNameFromActionId", ..BLANK
    },
    Report {
        method: "Events.getName", category: "Actions", subcategory: "Events", name: "Event Names",
        levels: &[EVENT_NAME, EVENT_ACTION],
        record: Record::Events { by: EventText::Name, then: EventText::Action },
        shown: Shown::Event { segment: "eventName", child: "" }, sort: "nb_visits", metrics: EVENTS,
        processed: &["avg_event_value"], subtable_action: "getActionFromNameId", ..BLANK
    },
    Report {
        method: "Contents.getContentNames", category: "Actions", subcategory: "Contents",
        name: "Content Name",
        levels: &[level("Contents_ContentName", "Content Name"), level("Contents_ContentPiece", "Content Piece")],
        record: Record::Contents { by_piece: false },
        shown: Shown::Content { segment: "contentName", child: "contentPiece" }, sort: "nb_visits",
        metrics: &["nb_impressions", "nb_interactions"], processed: &["interaction_rate"],
        subtable_action: "getContentNames", ..BLANK
    },
    Report {
        method: "Contents.getContentPieces", category: "Actions", subcategory: "Contents",
        name: "Content Piece",
        levels: &[level("Contents_ContentPiece", "Content Piece"), level("Contents_ContentName", "Content Name")],
        record: Record::Contents { by_piece: true },
        shown: Shown::Content { segment: "contentPiece", child: "contentName" }, sort: "nb_visits",
        metrics: &["nb_impressions", "nb_interactions"], processed: &["interaction_rate"],
        subtable_action: "getContentPieces", ..BLANK
    },
    Report {
        method: "VisitorInterest.getNumberOfVisitsPerVisitDuration", category: "Actions",
        subcategory: "Engagement", name: "Length of visits",
        levels: &[level("VisitorInterest_VisitDuration", "Visit duration")],
        record: Record::Buckets {
            column: visit::TOTAL_TIME, divided_by: 1, ranges: DURATIONS, returning_only: false,
        },
        shown: Shown::DurationRange, sort: "", metrics: &["nb_visits"], processed: &[],
        constant_rows: true, ..BLANK
    },
    Report {
        method: "VisitorInterest.getNumberOfVisitsPerPage", category: "Actions",
        subcategory: "Engagement", name: "Pages per visit",
        levels: &[level("VisitorInterest_PagesPerVisit", "Pages per visit")],
        record: Record::Buckets {
            column: visit::TOTAL_ACTIONS, divided_by: 1, ranges: PAGES, returning_only: false,
        },
        shown: Shown::PagesRange, sort: "", metrics: &["nb_visits"], processed: &[], constant_rows: true,
        ..BLANK
    },
    Report {
        method: "VisitorInterest.getNumberOfVisitsByVisitCount", category: "Actions",
        subcategory: "Engagement", name: "Visits by visit number",
        levels: &[level("VisitorInterest_VisitsbyVisitNumber", "Visits by visit number")],
        record: Record::Buckets {
            column: visit::VISIT_COUNT, divided_by: 1, ranges: VISIT_COUNTS, returning_only: false,
        },
        shown: Shown::VisitCountRange, sort: "", metrics: &["nb_visits"],
        processed: &["nb_visits_percentage"], constant_rows: true, ..BLANK
    },
    Report {
        method: "VisitorInterest.getNumberOfVisitsByDaysSinceLast", category: "Actions",
        subcategory: "Engagement", name: "Visits by days since last visit",
        levels: &[level("VisitorInterest_VisitorDaysSinceLast", "Days since last visit")],
        record: Record::Buckets {
            column: visit::SINCE_LAST, divided_by: 86_400, ranges: DAYS, returning_only: true,
        },
        shown: Shown::DaysSinceLastRange, sort: "", metrics: &["nb_visits"], processed: &[],
        constant_rows: true, ..BLANK
    },
    Report {
        method: "VisitFrequency.get", category: "Actions", subcategory: "Engagement",
        name: "Returning Visits", record: Record::Numbers(Numbers::VisitorTypes),
        metrics: &[
            "nb_visits_returning", "nb_actions_returning", "nb_uniq_visitors_returning",
            "nb_users_returning", "max_actions_returning", "nb_visits_new", "nb_actions_new",
            "nb_uniq_visitors_new", "nb_users_new", "max_actions_new",
        ],
        processed: &[
            "avg_time_on_site_returning", "nb_actions_per_visit_returning", "bounce_rate_returning",
            "avg_time_on_site_new", "nb_actions_per_visit_new", "bounce_rate_new",
        ],
        ..BLANK
    },
    Report {
        method: "PagePerformance.get", category: "Actions", subcategory: "Performance",
        name: "Performance overview", record: Record::Numbers(Numbers::Performance),
        metrics: TIMINGS, processed: TIMINGS, ..BLANK
    },
    Report {
        method: "Referrers.get", category: "Referrers", name: "Referrers Overview",
        record: Record::Numbers(Numbers::Referrers),
        metrics: &[
            "Referrers_visitorsFromSearchEngines", "Referrers_visitorsFromSearchEngines_percent",
            "Referrers_visitorsFromSocialNetworks", "Referrers_visitorsFromSocialNetworks_percent",
            "Referrers_visitorsFromDirectEntry", "Referrers_visitorsFromDirectEntry_percent",
            "Referrers_visitorsFromWebsites", "Referrers_visitorsFromWebsites_percent",
            "Referrers_visitorsFromCampaigns", "Referrers_visitorsFromCampaigns_percent",
            "Referrers_distinctSearchEngines", "Referrers_distinctSocialNetworks",
            "Referrers_distinctWebsites", "Referrers_distinctKeywords", "Referrers_distinctCampaigns",
        ],
        processed: &[], ..BLANK
    },
    Report {
        method: "Referrers.getReferrerType", category: "Referrers", subcategory: "All Channels",
        name: "Channel Type", levels: &[level("Referrers_ReferrerType", "Channel Type")],
        record: Record::ReferrerTypes, shown: Shown::ReferrerType, processed: PER_VISIT, goals: true,
        constant_rows: true, ..BLANK
    },
    Report {
        method: "Referrers.getAll", category: "Referrers", subcategory: "All Channels",
        name: "All Channels", levels: &[level("Referrers_Referrer", "Referrer")],
        record: Record::AllReferrers, shown: Shown::AllReferrers, ..BLANK
    },
    Report {
        method: "Referrers.getKeywords", category: "Referrers",
        subcategory: "Search Engines & Keywords", name: "Keywords", levels: &[KEYWORD, SEARCH_ENGINE],
        record: Record::Referrers {
            kind: SEARCH, levels: (visit::REFERRER_KEYWORD, visit::REFERRER_NAME),
        },
        shown: Shown::Keyword, processed: PER_VISIT, goals: true,
        subtable_action: "getSearchEnginesFromKeywordId", ..BLANK
    },
    Report {
        method: "Referrers.getSearchEngines", category: "Referrers",
        subcategory: "Search Engines & Keywords", name: "Search Engines",
        levels: &[SEARCH_ENGINE, KEYWORD],
        record: Record::Referrers {
            kind: SEARCH, levels: (visit::REFERRER_NAME, visit::REFERRER_KEYWORD),
        },
        shown: Shown::SearchEngine, processed: PER_VISIT, goals: true,
        subtable_action: "getKeywordsFromSearchEngineId", ..BLANK
    },
    Report {
        method: "Referrers.getWebsites", category: "Referrers", subcategory: "Websites",
        name: "Websites", levels: &[level("Referrers_Website", "Website"), WEBSITE_PAGE],
        record: Record::Referrers {
            kind: WEBSITE, levels: (visit::REFERRER_NAME, visit::REFERRER_URL),
        },
        shown: Shown::Website, processed: PER_VISIT, goals: true,
        subtable_action: "getUrlsFromWebsiteId", flat_separator: "/", ..BLANK
    },
    Report {
        method: "Referrers.getSocials", category: "Referrers", subcategory: "Social Networks",
        name: "Social Networks",
        levels: &[level("Referrers_SocialNetwork", "Social network"), WEBSITE_PAGE],
        record: Record::Socials, shown: Shown::Social, subtable_action: "getUrlsForSocial", ..BLANK
    },
    Report {
        method: "Referrers.getCampaigns", category: "Referrers", subcategory: "Campaigns",
        name: "Campaigns", levels: &[level("Referrers_Campaign", "Campaign"), KEYWORD],
        record: Record::Referrers {
            kind: CAMPAIGN, levels: (visit::REFERRER_NAME, visit::REFERRER_KEYWORD),
        },
        shown: Shown::Campaign, processed: PER_VISIT, goals: true,
        subtable_action: "getKeywordsFromCampaignId", ..BLANK
    },
    Report {
        method: "Goals.getItemsName", category: "Ecommerce", subcategory: "Products",
        name: "Product Name", levels: &[level("Ecommerce_ProductName", "Product Name")],
        record: Record::Items(ItemText::Name), shown: Shown::Item { segment: "productName" },
        sort: "revenue", metrics: ITEMS, processed: PER_ITEM, ..BLANK
    },
    Report {
        method: "Goals.getItemsSku", category: "Ecommerce", subcategory: "Products",
        name: "Product SKU", levels: &[level("Ecommerce_ProductSku", "Product SKU")],
        record: Record::Items(ItemText::Sku), shown: Shown::Item { segment: "productSku" },
        sort: "revenue", metrics: ITEMS, processed: PER_ITEM, ..BLANK
    },
    Report {
        method: "Goals.getItemsCategory", category: "Ecommerce", subcategory: "Products",
        name: "Product Category", levels: &[level("Ecommerce_ProductCategory", "Product Category")],
        record: Record::Items(ItemText::Category), shown: Shown::Item { segment: "productCategory" },
        sort: "revenue", metrics: ITEMS, processed: PER_ITEM, ..BLANK
    },
    Report {
        method: "Goals.get", category: "Goals", name: "Goals", record: Record::Numbers(Numbers::Goals),
        metrics: &["nb_conversions", "nb_visits_converted", "revenue"], processed: &["conversion_rate"],
        ..BLANK
    },
    Report {
        method: "Goals.getMetrics", record: Record::Numbers(Numbers::GoalTotals), hidden: true, ..BLANK
    },
    Report {
        method: "Goals.getVisitsUntilConversion", category: "Goals", name: "Visits to Conversion",
        levels: &[level("Goals_VisitsUntilConversion", "Visits to Conversion")],
        record: Record::GoalHistogram {
            column: conversion::VISIT_COUNT, divided_by: 1, ranges: VISITS_TO_CONVERSION,
        },
        shown: Shown::VisitsToConversion, sort: "", metrics: &["nb_conversions"], processed: &[],
        goals: true, constant_rows: true, ..BLANK
    },
    Report {
        method: "Goals.getDaysToConversion", category: "Goals", name: "Days to Conversion",
        levels: &[level("Goals_DaysToConversion", "Days to Conversion")],
        record: Record::GoalHistogram {
            column: conversion::SINCE_FIRST, divided_by: 86_400, ranges: DAYS,
        },
        shown: Shown::DaysToConversion, sort: "", metrics: &["nb_conversions"], processed: &[],
        goals: true, constant_rows: true, ..BLANK
    },
    Report {
        method: "CustomDimensions.getCustomDimension", category: "Visitors",
        subcategory: "Custom Dimensions", name: "Custom Dimensions",
        levels: &[level("CustomDimension_CustomDimension", "Custom Dimension")],
        record: Record::CustomDimension, shown: Shown::CustomDimension, sort: "nb_visits", goals: true,
        subtable_action: "getCustomDimension", hidden: true, ..BLANK
    },
    Report {
        method: "API.get", category: "API", name: "Main metrics",
        record: Record::Numbers(Numbers::Everything), metrics: &[], processed: &[], ..BLANK
    },
    Report {
        method: "UserCountry.getNumberOfDistinctCountries",
        record: Record::Numbers(Numbers::Countries), hidden: true, ..BLANK
    },
    Report {
        method: "Actions.getPageUrl", record: Record::Actions(Actions::PageUrls), named_by: "pageUrl",
        shown: Shown::Page { segment: "" }, sort: "", hidden: true, ..BLANK
    },
    Report {
        method: "Actions.getPageTitle", record: Record::Actions(Actions::PageTitles), named_by: "pageName",
        shown: Shown::Title { segment: "" }, sort: "", hidden: true, ..BLANK
    },
    Report {
        method: "Actions.getDownload", record: Record::Actions(Actions::Downloads), named_by: "downloadUrl",
        shown: Shown::AsIs, sort: "", hidden: true, ..BLANK
    },
    Report {
        method: "Actions.getOutlink", record: Record::Actions(Actions::Outlinks), named_by: "outlinkUrl",
        shown: Shown::AsIs, sort: "", hidden: true, ..BLANK
    },
    SUBTABLE_OF_CATEGORY_ACTIONS, SUBTABLE_OF_CATEGORY_NAMES, SUBTABLE_OF_ACTION_CATEGORIES,
    SUBTABLE_OF_ACTION_NAMES, SUBTABLE_OF_NAME_ACTIONS, SUBTABLE_OF_NAME_CATEGORIES,
    Report {
        method: "Referrers.getSearchEnginesFromKeywordId", levels: &[SEARCH_ENGINE],
        record: Record::Referrers {
            kind: SEARCH, levels: (visit::REFERRER_KEYWORD, visit::REFERRER_NAME),
        },
        shown: Shown::EngineOfKeyword, hidden: true, ..BLANK
    },
    Report {
        method: "Referrers.getKeywordsFromSearchEngineId", levels: &[KEYWORD],
        record: Record::Referrers {
            kind: SEARCH, levels: (visit::REFERRER_NAME, visit::REFERRER_KEYWORD),
        },
        shown: Shown::KeywordOfEngine, hidden: true, ..BLANK
    },
    Report {
        method: "Referrers.getKeywordsFromCampaignId", levels: &[KEYWORD],
        record: Record::Referrers {
            kind: CAMPAIGN, levels: (visit::REFERRER_NAME, visit::REFERRER_KEYWORD),
        },
        shown: Shown::KeywordOfCampaign, hidden: true, ..BLANK
    },
    Report {
        method: "Referrers.getUrlsFromWebsiteId", levels: &[WEBSITE_PAGE],
        record: Record::Referrers {
            kind: WEBSITE, levels: (visit::REFERRER_NAME, visit::REFERRER_URL),
        },
        shown: Shown::UrlOfWebsite, hidden: true, ..BLANK
    },
    Report {
        method: "Referrers.getUrlsForSocial", levels: &[WEBSITE_PAGE], record: Record::Socials,
        shown: Shown::UrlOfSocial, hidden: true, ..BLANK
    },
    Report {
        method: "CustomVariables.getCustomVariablesValuesFromNameId",
        levels: &[level("CustomVariables_CustomVariableValue", "Custom Variable value")],
        record: Record::CustomVariables, shown: Shown::CustomVariableValue, hidden: true, ..BLANK
    },
];

const TIMINGS: &[&str] = &[
    "avg_time_network",
    "avg_time_server",
    "avg_time_transfer",
    "avg_time_dom_processing",
    "avg_time_dom_completion",
    "avg_time_on_load",
    "avg_page_load_time",
];

const fn event_subtable(method: &'static str, by: EventText, then: EventText) -> Report {
    let level = match then {
        EventText::Category => &[EVENT_CATEGORY],
        EventText::Action => &[EVENT_ACTION],
        EventText::Name => &[EVENT_NAME],
    };
    Report {
        method,
        levels: level,
        record: Record::Events { by, then },
        shown: Shown::Event {
            segment: "",
            child: "",
        },
        sort: "nb_visits",
        metrics: EVENTS,
        processed: &["avg_event_value"],
        hidden: true,
        ..BLANK
    }
}

const SUBTABLE_OF_CATEGORY_ACTIONS: Report = event_subtable(
    "Events.getActionFromCategoryId",
    EventText::Category,
    EventText::Action,
);
const SUBTABLE_OF_CATEGORY_NAMES: Report = event_subtable(
    "Events.getNameFromCategoryId",
    EventText::Category,
    EventText::Name,
);
const SUBTABLE_OF_ACTION_CATEGORIES: Report = event_subtable(
    "Events.getCategoryFromActionId",
    EventText::Action,
    EventText::Category,
);
const SUBTABLE_OF_ACTION_NAMES: Report = event_subtable(
    "Events.getNameFromActionId",
    EventText::Action,
    EventText::Name,
);
const SUBTABLE_OF_NAME_ACTIONS: Report = event_subtable(
    "Events.getActionFromNameId",
    EventText::Name,
    EventText::Action,
);
const SUBTABLE_OF_NAME_CATEGORIES: Report = event_subtable(
    "Events.getCategoryFromNameId",
    EventText::Name,
    EventText::Category,
);

/// Methods that answer one number of a report: method, report, column.
#[rustfmt::skip]
pub static SCALARS: &[(&str, &str, &str)] = &[
    ("VisitsSummary.getVisits", "VisitsSummary.get", "nb_visits"),
    ("VisitsSummary.getUniqueVisitors", "VisitsSummary.get", "nb_uniq_visitors"),
    ("VisitsSummary.getUsers", "VisitsSummary.get", "nb_users"),
    ("VisitsSummary.getActions", "VisitsSummary.get", "nb_actions"),
    ("VisitsSummary.getMaxActions", "VisitsSummary.get", "max_actions"),
    ("VisitsSummary.getBounceCount", "VisitsSummary.get", "bounce_count"),
    ("VisitsSummary.getVisitsConverted", "VisitsSummary.get", "nb_visits_converted"),
    ("VisitsSummary.getSumVisitsLength", "VisitsSummary.get", "sum_visit_length"),
    ("VisitsSummary.getSumVisitsLengthPretty", "VisitsSummary.get", "sum_visit_length"),
    ("Referrers.getNumberOfDistinctSearchEngines", "Referrers.get", "Referrers_distinctSearchEngines"),
    ("Referrers.getNumberOfDistinctSocialNetworks", "Referrers.get", "Referrers_distinctSocialNetworks"),
    ("Referrers.getNumberOfDistinctKeywords", "Referrers.get", "Referrers_distinctKeywords"),
    ("Referrers.getNumberOfDistinctCampaigns", "Referrers.get", "Referrers_distinctCampaigns"),
    ("Referrers.getNumberOfDistinctWebsites", "Referrers.get", "Referrers_distinctWebsites"),
    ("Referrers.getNumberOfDistinctWebsitesUrls", "Referrers.get", "Referrers_distinctWebsitesUrls"),
    ("UserCountry.getNumberOfDistinctCountries", "UserCountry.getNumberOfDistinctCountries", "UserCountry_distinctCountries"),
];

/// The report that answers a method, by its public name.
pub fn report(method: &str) -> Option<&'static Report> {
    REPORTS.iter().find(|report| report.method == method)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn methods_are_unique_and_named() {
        let mut seen = std::collections::BTreeSet::new();
        for report in REPORTS {
            assert!(report.method.split_once('.').is_some(), "{}", report.method);
            assert!(seen.insert(report.method), "{} stands twice", report.method);
            assert!(
                report.hidden || !report.name.is_empty(),
                "{} has no name",
                report.method
            );
        }
    }

    #[test]
    fn every_subtable_has_its_method() {
        for report in REPORTS
            .iter()
            .filter(|report| !report.subtable_action.is_empty())
        {
            let module = report
                .method
                .split_once('.')
                .map_or("", |(module, _)| module);
            let method = format!("{module}.{}", report.subtable_action);
            assert!(super::report(&method).is_some(), "{method}");
        }
    }
}
