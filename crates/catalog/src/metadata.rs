//! What clients read about a report besides its row in [`crate::reports`]: the sentence that explains
//! it, names that a metric has in this report only, reports beside it.

use crate::reports::{BLANK, Level, Report, level};

#[derive(Debug)]
pub struct Detail {
    pub method: &'static str,
    /// A sentence; empty where the name says enough.
    pub documentation: &'static str,
    /// Address of the guide for people.
    pub guide: &'static str,
    /// Metrics with another name here than elsewhere.
    pub names: &'static [(&'static str, &'static str)],
    /// Metrics that mean something else here than elsewhere.
    pub explanations: &'static [(&'static str, &'static str)],
    /// Lists tell how to load sub-tables.
    pub tells_subtables: bool,
    /// Metrics that are explained, where these are not all that can be.
    pub explained: Option<&'static [&'static str]>,
    /// Metrics whose type is told, where these are not all of the report's.
    pub typed: Option<&'static [&'static str]>,
    /// Methods of reports that are shown beside it.
    pub related: &'static [&'static str],
    /// What its rows know of goals.
    pub goals: GoalColumns,
    /// What a site must have for the report to be listed.
    pub needs: Needs,
    /// Drawn over time, though its rows are always the same; and the other way round.
    pub evolution: Option<bool>,
}

/// Goal metrics of rows, by the kind of report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GoalColumns {
    Visits,
    Pages,
    Entries,
}

impl GoalColumns {
    /// Metrics that stand in the data.
    pub fn metrics(self) -> &'static [&'static str] {
        match self {
            GoalColumns::Visits => &["nb_conversions", "revenue"],
            GoalColumns::Pages => &["nb_conversions", "nb_conversions_attrib", "revenue_attrib"],
            GoalColumns::Entries => &["nb_conversions", "nb_conversions_entry", "revenue_entry"],
        }
    }

    /// Metrics that are computed.
    pub fn processed(self) -> &'static [&'static str] {
        match self {
            GoalColumns::Visits => &["revenue_per_visit"],
            GoalColumns::Pages => &["revenue_per_visit", "nb_conversions_page_rate"],
            GoalColumns::Entries => &[
                "revenue_per_visit",
                "revenue_per_entry",
                "nb_conversions_entry_rate",
            ],
        }
    }

    /// Metrics whose type is told, in order.
    pub fn typed(self) -> &'static [&'static str] {
        match self {
            GoalColumns::Visits => &[
                "revenue_per_visit",
                "nb_conversions",
                "conversion_rate",
                "revenue",
            ],
            GoalColumns::Pages => &[
                "revenue_per_visit",
                "nb_conversions",
                "conversion_rate",
                "nb_conversions_attrib",
                "revenue_attrib",
                "nb_conversions_page_rate",
            ],
            GoalColumns::Entries => &[
                "revenue_per_visit",
                "nb_conversions",
                "conversion_rate",
                "nb_conversions_entry",
                "revenue_entry",
                "revenue_per_entry",
                "nb_conversions_entry_rate",
            ],
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needs {
    Nothing,
    SiteSearch,
    Ecommerce,
}

const PLAIN: Detail = Detail {
    method: "",
    documentation: "",
    guide: "",
    names: &[],
    explanations: &[],
    tells_subtables: true,
    explained: None,
    typed: None,
    related: &[],
    goals: GoalColumns::Visits,
    needs: Needs::Nothing,
    evolution: None,
};

const fn said(method: &'static str, documentation: &'static str) -> Detail {
    Detail {
        method,
        documentation,
        ..PLAIN
    }
}

const fn beside(
    method: &'static str,
    documentation: &'static str,
    related: &'static [&'static str],
) -> Detail {
    Detail {
        method,
        documentation,
        related,
        ..PLAIN
    }
}

const fn guided(method: &'static str, documentation: &'static str, guide: &'static str) -> Detail {
    Detail {
        method,
        documentation,
        guide,
        ..PLAIN
    }
}

const fn page(
    method: &'static str,
    documentation: &'static str,
    typed: &'static [&'static str],
    related: &'static [&'static str],
) -> Detail {
    Detail {
        explanations: VIEWS_EXPLAINED,
        method,
        documentation,
        typed: Some(typed),
        related,
        ..PLAIN
    }
}

const fn search(
    method: &'static str,
    documentation: &'static str,
    typed: Option<&'static [&'static str]>,
    names: &'static [(&'static str, &'static str)],
) -> Detail {
    Detail {
        method,
        documentation,
        typed,
        names,
        explanations: SEARCHES_EXPLAINED,
        guide: SEARCH_GUIDE,
        needs: Needs::SiteSearch,
        ..PLAIN
    }
}

const fn product(method: &'static str) -> Detail {
    Detail {
        method,
        guide: ECOMMERCE_GUIDE,
        names: &[
            ("revenue", "Product Revenue"),
            ("orders", "Unique Purchases"),
            ("conversion_rate", "Product Conversion Rate"),
        ],
        explained: Some(&[]),
        needs: Needs::Ecommerce,
        ..PLAIN
    }
}

const SEARCH_GUIDE: &str = "https://matomo.org/docs/site-search/";
const EVENT_GUIDE: &str = "https://matomo.org/docs/event-tracking/";
const CONTENT_GUIDE: &str = "https://matomo.org/docs/content-tracking/";
const GOAL_GUIDE: &str = "https://matomo.org/docs/tracking-goals-web-analytics/";
pub const ECOMMERCE_GUIDE: &str = "https://matomo.org/docs/ecommerce-analytics/";

const UNIQUE_VIEWS: &[(&str, &str)] = &[("nb_visits", "Unique Pageviews")];
const SEARCHES_EXPLAINED: &[(&str, &str)] = &[
    (
        "nb_visits",
        "How many visits searched for it; repeated searches within one visit count once.",
    ),
    (
        "exit_rate",
        "The share of searches after which the visit ended.",
    ),
];
const VIEWS_EXPLAINED: &[(&str, &str)] = &[
    (
        "nb_visits",
        "How many visits viewed the page; views within one visit count once.",
    ),
    (
        "bounce_rate",
        "The share of visits that began on this page and ended on it at once.",
    ),
];
const SEARCHES: &[(&str, &str)] = &[("nb_visits", "Searches"), ("exit_rate", "% Search Exits")];
const VISIT_DURATION: (&str, &str) = ("avg_time_on_site", "Avg. Visit Duration (in seconds)");

/// One row a report that is listed, in any order.
#[rustfmt::skip]
pub static DETAILS: &[Detail] = &[
    said("MultiSites.getAll", "The most important figures of each site, side by side."),
    said("MultiSites.getOne", "The most important figures of one site."),
    Detail {
        names: &[VISIT_DURATION],
        ..said("VisitsSummary.get", "How many people visited the site and what they did there, in a few figures.")
    },
    said("UserCountry.getCountry", "The countries that visits came from."),
    Detail {
        evolution: Some(true),
        ..said("UserCountry.getContinent", "The continents that visits came from.")
    },
    said("UserCountry.getRegion", "The regions that visits came from, as far as a location database tells."),
    beside("UserLanguage.getLanguage", "The languages that visitors' browsers ask for.", &["UserLanguage.getLanguageCode"]),
    said("UserCountry.getCity", "The cities that visits came from, as far as a location database tells."),
    beside("UserLanguage.getLanguageCode", "The languages that visitors' browsers ask for, by country.", &["UserLanguage.getLanguage"]),
    said("DevicesDetection.getType", "The kinds of devices in use: computers, phones, tablets and others."),
    said("DevicesDetection.getModel", "The models of the devices in use, each with its brand."),
    said("DevicesDetection.getBrand", "The brands of the devices in use, as far as browsers tell."),
    beside("Resolution.getResolution", "The sizes of visitors' screens.", &["Resolution.getConfiguration"]),
    beside("DevicesDetection.getOsVersions", "The operating systems in use, each version by itself.", &["DevicesDetection.getOsFamilies"]),
    beside("DevicesDetection.getBrowsers", "The browsers in use.", &["DevicesDetection.getBrowserVersions"]),
    beside("DevicesDetection.getBrowserVersions", "The browsers in use, each version by itself.", &["DevicesDetection.getBrowsers"]),
    beside("Resolution.getConfiguration", "Operating system, browser and screen size together.", &["Resolution.getResolution"]),
    beside("DevicesDetection.getOsFamilies", "The operating systems in use, by family.", &["DevicesDetection.getOsVersions"]),
    said("DevicesDetection.getBrowserEngines", "The engines by which visitors' browsers show pages."),
    said("DevicePlugins.getPlugin", "Which plugins and abilities visitors' browsers have."),
    beside("VisitTime.getVisitInformationPerLocalTime", "The hour of the visitor's clock at which visits began.", &["VisitTime.getByDayOfWeek"]),
    said("VisitTime.getVisitInformationPerServerTime", "The hour in the site's time zone at which visits began."),
    beside("VisitTime.getByDayOfWeek", "The days of the week on which visits happened.", &["VisitTime.getVisitInformationPerLocalTime"]),
    guided("UserId.getUsers", "The visits of each user ID.", "https://matomo.org/docs/user-id/"),
    guided("CustomVariables.getCustomVariables", "The custom variables that the site sets, each with its values.", "https://matomo.org/docs/custom-variables/"),
    said("Actions.get", "What visitors did on the site, in a few figures."),
    said("Bandwidth.get", ""),
    Detail {
        names: UNIQUE_VIEWS, goals: GoalColumns::Pages, explained: Some(PAGE_METRICS),
        ..page("Actions.getPageUrls", "The pages that were viewed, as folders by their addresses.",
            PAGE_METRICS, &["Actions.getEntryPageUrls", "Actions.getExitPageUrls"])
    },
    Detail {
        goals: GoalColumns::Entries,
        explained: Some(&["entry_nb_visits", "entry_bounce_count", "avg_time_on_page", "avg_time_generation"]),
        ..page("Actions.getEntryPageUrls", "The pages that visits began on, as folders by their addresses.",
            ENTRY_METRICS, &["Actions.getEntryPageTitles"])
    },
    Detail {
        goals: GoalColumns::Entries,
        explained: Some(&["entry_nb_visits", "entry_bounce_count", "bounce_rate", "avg_time_generation"]),
        ..page("Actions.getEntryPageTitles", "The titles of the pages that visits began on.",
            ENTRY_METRICS, &["Actions.getPageTitles", "Actions.getEntryPageUrls"])
    },
    Detail {
        names: UNIQUE_VIEWS, explained: Some(EXIT_METRICS),
        ..page("Actions.getExitPageUrls", "The pages that visits ended on, as folders by their addresses.",
            EXIT_METRICS, &["Actions.getExitPageTitles"])
    },
    Detail {
        names: UNIQUE_VIEWS,
        ..page("Actions.getExitPageTitles", "The titles of the pages that visits ended on.",
            EXIT_METRICS, &["Actions.getPageTitles", "Actions.getExitPageUrls"])
    },
    Detail {
        names: UNIQUE_VIEWS, goals: GoalColumns::Pages, explained: Some(PAGE_METRICS),
        ..page("Actions.getPageTitles", "The titles of the pages that were viewed.",
            PAGE_METRICS, &["Actions.getEntryPageTitles", "Actions.getExitPageTitles"])
    },
    search("Actions.getSiteSearchKeywords", "What visitors searched the site for.",
        Some(&["nb_visits", "nb_pages_per_search", "avg_time_on_page", "bounce_rate", "exit_rate", "avg_time_generation"]),
        SEARCHES),
    Detail {
        related: &["Actions.getPageTitlesFollowingSiteSearch"],
        tells_subtables: false,
        ..search("Actions.getPageUrlsFollowingSiteSearch", "The pages that visitors opened from the results of a search.",
            Some(AFTER_SEARCH), &[])
    },
    search("Actions.getSiteSearchNoResultKeywords", "What visitors searched the site for and did not find.",
        Some(&["nb_visits", "avg_time_on_page", "bounce_rate", "exit_rate", "avg_time_generation"]), SEARCHES),
    Detail {
        related: &["Actions.getPageUrlsFollowingSiteSearch"],
        tells_subtables: false,
        ..search("Actions.getPageTitlesFollowingSiteSearch", "The titles of the pages that visitors opened from the results of a search.",
            Some(AFTER_SEARCH), &[])
    },
    search("Actions.getSiteSearchCategories", "The categories that visitors searched in.", None, SEARCHES),
    Detail {
        names: &[("nb_visits", "Unique Clicks"), ("nb_hits", "Clicks")],
        explanations: &[("nb_visits", "How many visits clicked the link; clicks within one visit count once.")],
        ..said("Actions.getOutlinks", "The links to other sites that were clicked, by host.")
    },
    Detail {
        names: &[("nb_visits", "Unique Downloads"), ("nb_hits", "Downloads")],
        explanations: &[("nb_visits", "How many visits downloaded the file; downloads within one visit count once.")],
        ..said("Actions.getDownloads", "The files that were downloaded, by host.")
    },
    guided("Events.getCategory", "The categories of events, each with its actions.", EVENT_GUIDE),
    guided("Events.getAction", "The actions of events, each with its names.", EVENT_GUIDE),
    guided("Events.getName", "The names of events, each with its actions.", EVENT_GUIDE),
    guided("Contents.getContentNames", "The contents that were shown, by name.", CONTENT_GUIDE),
    guided("Contents.getContentPieces", "The pieces of content that were shown.", CONTENT_GUIDE),
    said("VisitorInterest.getNumberOfVisitsPerVisitDuration", "How many visits lasted how long."),
    said("VisitorInterest.getNumberOfVisitsPerPage", "How many visits had how many pages."),
    said("VisitorInterest.getNumberOfVisitsByVisitCount", "Which visit of the visitor it was: the first, the second and so on."),
    said("VisitorInterest.getNumberOfVisitsByDaysSinceLast", "How many days after the one before visitors came back."),
    said("VisitFrequency.get", "The figures of returning visitors beside those of new ones."),
    guided("PagePerformance.get", "How fast pages were, step by step.",
        "https://matomo.org/faq/how-to/how-do-i-see-page-performance-reports/"),
    said("Referrers.get", "Where visits came from, in a few figures."),
    Detail {
        evolution: Some(true),
        ..said("Referrers.getReferrerType", "The channels by which visitors found the site.")
    },
    Detail {
        evolution: Some(false),
        ..said("Referrers.getAll", "Everything that led visitors to the site, in one list.")
    },
    said("Referrers.getKeywords", "What visitors searched for, each with its search engines."),
    said("Referrers.getSearchEngines", "The search engines that visitors came from, each with its keywords."),
    said("Referrers.getWebsites", "The sites that visitors came from, each with its pages."),
    said("Referrers.getSocials", "The social networks that visitors came from, each with its pages."),
    guided("Referrers.getCampaigns", "The campaigns that visitors came from, each with its keywords.",
        "https://matomo.org/docs/tracking-campaigns/"),
    product("Goals.getItemsName"), product("Goals.getItemsSku"), product("Goals.getItemsCategory"),
    guided("Goals.get", "How often visitors reached the site's goals.", GOAL_GUIDE),
    Detail {
        explained: Some(&[]), typed: Some(&["nb_conversions"]),
        ..guided("Goals.getVisitsUntilConversion", "How many visits it took until a goal was reached.", GOAL_GUIDE)
    },
    Detail {
        explained: Some(&[]), typed: Some(&["nb_conversions"]),
        ..guided("Goals.getDaysToConversion", "How many days it took until a goal was reached.", GOAL_GUIDE)
    },
    said("CustomDimensions.getCustomDimension", ""),
    Detail { names: &[VISIT_DURATION], ..said("API.get", "The figures of all overviews together.") },
];

const PAGE_METRICS: &[&str] = &[
    "nb_hits",
    "nb_visits",
    "avg_time_on_page",
    "bounce_rate",
    "exit_rate",
    "avg_time_generation",
];
const ENTRY_METRICS: &[&str] = &[
    "entry_nb_visits",
    "entry_bounce_count",
    "avg_time_on_page",
    "bounce_rate",
    "exit_rate",
    "avg_time_generation",
];
const EXIT_METRICS: &[&str] = &[
    "exit_nb_visits",
    "nb_visits",
    "avg_time_on_page",
    "bounce_rate",
    "exit_rate",
    "avg_time_generation",
];
const AFTER_SEARCH: &[&str] = &[
    "nb_hits_following_search",
    "nb_hits",
    "avg_time_on_page",
    "bounce_rate",
    "exit_rate",
    "avg_time_generation",
];

const SITE_METRICS: &[&str] = &[
    "nb_visits",
    "nb_actions",
    "nb_pageviews",
    "revenue",
    "nb_conversions",
    "orders",
    "ecommerce_revenue",
];
const SITE_EVOLUTIONS: &[&str] = &[
    "visits_evolution",
    "actions_evolution",
    "pageviews_evolution",
    "revenue_evolution",
    "nb_conversions_evolution",
    "orders_evolution",
    "ecommerce_revenue_evolution",
];

const SITES: &[Level] = &[level("", "Website")];

const fn of_sites(method: &'static str, name: &'static str) -> Report {
    Report {
        method,
        category: "All Websites",
        name,
        levels: SITES,
        metrics: SITE_METRICS,
        processed: SITE_EVOLUTIONS,
        ..BLANK
    }
}

/// Reports that stand first in lists and are answered by methods of their own.
pub static OF_SITES: [Report; 2] = [
    of_sites("MultiSites.getAll", "All Websites dashboard"),
    of_sites("MultiSites.getOne", "Single Website dashboard"),
];

/// A goal that exists on every shop; its reports stand under "Ecommerce".
#[derive(Debug)]
pub struct ShopGoal {
    /// The value of `idGoal`.
    pub id: &'static str,
    pub name: &'static str,
    pub metrics: &'static [&'static str],
    pub processed: &'static [&'static str],
    pub names: &'static [(&'static str, &'static str)],
    pub typed: Option<&'static [&'static str]>,
}

pub static SHOP_GOALS: [ShopGoal; 2] = [
    ShopGoal {
        id: "ecommerceOrder",
        name: "Ecommerce Orders",
        metrics: &[
            "nb_conversions",
            "nb_visits_converted",
            "conversion_rate",
            "revenue",
            "revenue_subtotal",
            "revenue_tax",
            "revenue_shipping",
            "revenue_discount",
            "items",
        ],
        processed: &["avg_order_revenue"],
        names: &[("nb_conversions", "Ecommerce Orders")],
        typed: Some(&[
            "nb_conversions",
            "nb_visits_converted",
            "conversion_rate",
            "revenue",
            "revenue_subtotal",
            "revenue_tax",
            "revenue_shipping",
            "revenue_discount",
            "avg_order_revenue",
        ]),
    },
    ShopGoal {
        id: "ecommerceAbandonedCart",
        name: "Abandoned Carts",
        metrics: &["nb_conversions", "conversion_rate", "revenue", "items"],
        processed: &["avg_order_revenue"],
        names: &[
            ("nb_conversions", "Abandoned Carts"),
            ("revenue", "Revenue left in cart"),
            ("items", "Products left in cart"),
        ],
        typed: None,
    },
];

/// Reports that exist for each goal, with what follows the goal's name.
pub static GOAL_REPORTS: [(&str, &str); 3] = [
    ("Goals.get", ""),
    ("Goals.getVisitsUntilConversion", "Visits to Conversion"),
    ("Goals.getDaysToConversion", "Days to Conversion"),
];

/// What custom dimensions know of visits.
pub static VISIT_DIMENSION: (&[&str], &[&str]) = (
    &["nb_visits", "nb_actions"],
    &["avg_time_on_site", "bounce_rate", "nb_actions_per_visit"],
);
/// What custom dimensions know of actions.
pub static ACTION_DIMENSION: (&[&str], &[&str]) = (
    &["nb_hits", "nb_visits"],
    &[
        "avg_time_on_dimension",
        "bounce_rate",
        "exit_rate",
        "avg_time_generation",
    ],
);
/// Names of metrics of custom dimensions of actions.
pub const ACTION_DIMENSION_NAMES: &[(&str, &str)] =
    &[("nb_hits", "Actions"), ("nb_visits", "Unique Actions")];

/// Overviews whose metrics `API.get` puts together, in order.
pub static OVERVIEWS: [&str; 7] = [
    "Actions.get",
    "Referrers.get",
    "Goals.get",
    "VisitsSummary.get",
    "VisitFrequency.get",
    "PagePerformance.get",
    "Bandwidth.get",
];

/// The facts of a method's report; plain ones for a report that is never listed.
pub fn detail(method: &str) -> &'static Detail {
    static OTHER: Detail = PLAIN;
    DETAILS
        .iter()
        .find(|detail| detail.method == method)
        .unwrap_or(&OTHER)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reports::{REPORTS, report};

    #[test]
    fn every_listed_report_has_its_row() {
        for report in REPORTS.iter().filter(|report| !report.hidden) {
            let found = DETAILS
                .iter()
                .filter(|detail| detail.method == report.method);
            assert_eq!(found.count(), 1, "{}", report.method);
        }
    }

    #[test]
    fn rows_name_reports_that_exist() {
        let exists = |method: &str| {
            report(method).is_some() || OF_SITES.iter().any(|report| report.method == method)
        };
        let related = DETAILS.iter().flat_map(|detail| detail.related);
        let methods = DETAILS.iter().map(|detail| &detail.method);
        let goals = GOAL_REPORTS.iter().map(|(method, _)| method);
        for method in related.chain(methods).chain(goals).chain(&OVERVIEWS) {
            assert!(exists(method), "{method}");
        }
    }
}
