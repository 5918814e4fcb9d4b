//! The pages of the menu and what stands on them, by the ids that Matomo's clients know.

use crate::metadata::Needs;

/// An entry of the menu's first level.
#[derive(Debug)]
pub struct Category {
    pub id: &'static str,
    /// As people read it.
    pub name: &'static str,
    pub order: i64,
    pub icon: &'static str,
}

/// An entry of the second level: a page.
#[derive(Debug)]
pub struct Page {
    pub category: &'static str,
    pub id: &'static str,
    pub name: &'static str,
    pub order: i64,
    pub widgets: &'static [Widget],
}

/// A report or a view on a page.
#[derive(Debug)]
pub struct Widget {
    pub method: &'static str,
    /// Empty for the report's own name.
    pub name: &'static str,
    pub order: i64,
    /// How it is drawn; empty for what is no report.
    pub view: &'static str,
    /// The view is not the report's usual one.
    pub forced: bool,
    pub wide: bool,
    pub needs: Needs,
}

const fn report(method: &'static str, order: i64) -> Widget {
    Widget {
        method,
        name: "",
        order,
        view: "table",
        forced: false,
        wide: false,
        needs: Needs::Nothing,
    }
}

const fn drawn(method: &'static str, order: i64, view: &'static str) -> Widget {
    Widget {
        view,
        ..report(method, order)
    }
}

const fn named(name: &'static str, widget: Widget) -> Widget {
    Widget { name, ..widget }
}

const fn forced(
    method: &'static str,
    name: &'static str,
    order: i64,
    view: &'static str,
) -> Widget {
    Widget {
        forced: true,
        name,
        ..drawn(method, order, view)
    }
}

const fn searched(method: &'static str, order: i64) -> Widget {
    Widget {
        needs: Needs::SiteSearch,
        ..report(method, order)
    }
}

const fn sold(method: &'static str, order: i64) -> Widget {
    Widget {
        needs: Needs::Ecommerce,
        ..report(method, order)
    }
}

const fn view(method: &'static str, name: &'static str, order: i64) -> Widget {
    Widget {
        name,
        ..drawn(method, order, "")
    }
}

const fn page(
    category: &'static str,
    id: &'static str,
    name: &'static str,
    order: i64,
    widgets: &'static [Widget],
) -> Page {
    Page {
        category,
        id,
        name,
        order,
        widgets,
    }
}

const VISITORS: &str = "General_Visitors";
const ACTIONS: &str = "General_Actions";
const REFERRERS: &str = "Referrers_Referrers";
const ECOMMERCE: &str = "Goals_Ecommerce";
pub const GOALS: &str = "Goals_Goals";

#[rustfmt::skip]
pub static CATEGORIES: &[Category] = &[
    Category { id: VISITORS, name: "Visitors", order: 5, icon: "icon-reporting-visitors" },
    Category { id: ACTIONS, name: "Behaviour", order: 10, icon: "icon-reporting-actions" },
    Category { id: REFERRERS, name: "Acquisition", order: 15, icon: "icon-reporting-referer" },
    Category { id: ECOMMERCE, name: "Ecommerce", order: 20, icon: "icon-reporting-ecommerce" },
    Category { id: GOALS, name: "Goals", order: 25, icon: "icon-reporting-goal" },
];

/// The first order of the pages of custom dimensions, and of their widgets.
pub const DIMENSION_ORDERS: (i64, i64) = (70, 200);

#[rustfmt::skip]
pub static PAGES: &[Page] = &[
    page(VISITORS, "General_Overview", "Overview", 2, &[
        forced("VisitsSummary.getEvolutionGraph", "Visits Over Time", 5, "graphEvolution"),
        forced("VisitsSummary.get", "Visits Overview", 10, "sparklines"),
    ]),
    page(VISITORS, "Live_VisitorLog", "Visits Log", 5, &[
        forced("Live.getLastVisitsDetails", "Visits Log", 10, "VisitorLog"),
    ]),
    page(VISITORS, "General_RealTime", "Real-time", 7, &[
        Widget { wide: true, ..view("Live.widget", "Visits in real-time", 20) },
    ]),
    page(VISITORS, "UserCountry_SubmenuLocations", "Locations", 10, &[
        report("UserCountry.getCountry", 105), report("UserCountry.getContinent", 106),
        report("UserCountry.getRegion", 107), report("UserLanguage.getLanguage", 108),
        report("UserCountry.getCity", 110), report("UserLanguage.getLanguageCode", 111),
    ]),
    page(VISITORS, "DevicesDetection_Devices", "Devices", 15, &[
        report("DevicesDetection.getType", 100), report("DevicesDetection.getModel", 102),
        report("DevicesDetection.getBrand", 104), report("Resolution.getResolution", 108),
    ]),
    page(VISITORS, "DevicesDetection_Software", "Software", 20, &[
        report("DevicesDetection.getOsVersions", 102), report("DevicesDetection.getBrowsers", 105),
        report("DevicesDetection.getBrowserVersions", 106), report("Resolution.getConfiguration", 107),
        report("DevicesDetection.getOsFamilies", 108),
        drawn("DevicesDetection.getBrowserEngines", 110, "graphPie"),
        report("DevicePlugins.getPlugin", 113),
    ]),
    page(VISITORS, "VisitTime_SubmenuTimes", "Times", 35, &[
        drawn("VisitTime.getVisitInformationPerLocalTime", 115, "graphVerticalBar"),
        drawn("VisitTime.getVisitInformationPerServerTime", 120, "graphVerticalBar"),
        drawn("VisitTime.getByDayOfWeek", 125, "graphVerticalBar"),
    ]),
    page(VISITORS, "UserId_UserReportTitle", "User IDs", 40, &[report("UserId.getUsers", 109)]),
    page(VISITORS, "CustomVariables_CustomVariables", "Custom Variables", 45, &[
        report("CustomVariables.getCustomVariables", 110),
    ]),
    page(ACTIONS, "General_Pages", "Pages", 5, &[named("Pages", report("Actions.getPageUrls", 102))]),
    page(ACTIONS, "Actions_SubmenuPagesEntry", "Entry pages", 10, &[
        report("Actions.getEntryPageUrls", 103),
        named("Entry Page Titles", report("Actions.getEntryPageTitles", 106)),
    ]),
    page(ACTIONS, "Actions_SubmenuPagesExit", "Exit pages", 15, &[
        report("Actions.getExitPageUrls", 104), report("Actions.getExitPageTitles", 107),
    ]),
    page(ACTIONS, "Actions_SubmenuPageTitles", "Page titles", 20, &[report("Actions.getPageTitles", 105)]),
    page(ACTIONS, "Actions_SubmenuSitesearch", "Site Search", 25, &[
        searched("Actions.getSiteSearchKeywords", 115),
        searched("Actions.getPageUrlsFollowingSiteSearch", 116),
        searched("Actions.getSiteSearchNoResultKeywords", 118),
        searched("Actions.getPageTitlesFollowingSiteSearch", 119),
        searched("Actions.getSiteSearchCategories", 120),
    ]),
    page(ACTIONS, "General_Outlinks", "Outlinks", 30, &[report("Actions.getOutlinks", 108)]),
    page(ACTIONS, "General_Downloads", "Downloads", 35, &[report("Actions.getDownloads", 109)]),
    page(ACTIONS, "Events_Events", "Events", 40, &[
        report("Events.getCategory", 100), report("Events.getAction", 101), report("Events.getName", 102),
    ]),
    page(ACTIONS, "Contents_Contents", "Contents", 45, &[
        report("Contents.getContentNames", 135), report("Contents.getContentPieces", 136),
    ]),
    page(ACTIONS, "Transitions_Transitions", "Transitions", 46, &[
        view("Transitions.getTransitions", "Transitions", 99),
    ]),
    page(ACTIONS, "VisitorInterest_Engagement", "Engagement", 46, &[
        forced("VisitFrequency.getEvolutionGraph", "Returning Visits Over Time", 1, "graphEvolution"),
        forced("VisitFrequency.get", "Frequency Overview", 2, "sparklines"),
        named("Visits per visit duration", drawn("VisitorInterest.getNumberOfVisitsPerVisitDuration", 115, "cloud")),
        named("Visits per number of pages", drawn("VisitorInterest.getNumberOfVisitsPerPage", 120, "cloud")),
        report("VisitorInterest.getNumberOfVisitsByVisitCount", 125),
        report("VisitorInterest.getNumberOfVisitsByDaysSinceLast", 130),
    ]),
    page(ACTIONS, "PagePerformance_Performance", "Performance", 47, &[
        forced("PagePerformance.getEvolutionGraph", "Evolution of page performance metrics", 1, "graphStackedBarEvolution"),
        forced("PagePerformance.get", "", 2, "sparklines"),
    ]),
    page(REFERRERS, "General_Overview", "Overview", 2, &[
        forced("Referrers.getEvolutionGraph", "Evolution over the period", 9, "graphEvolution"),
        forced("Referrers.getSparklines", "Channel Type", 10, "sparklines"),
    ]),
    page(REFERRERS, "Referrers_WidgetGetAll", "All Channels", 5, &[
        named("Channel Types", drawn("Referrers.getReferrerType", 101, "tableAllColumns")),
        named("Referrers", drawn("Referrers.getAll", 102, "tableAllColumns")),
    ]),
    page(REFERRERS, "Referrers_SubmenuSearchEngines", "Search Engines & Keywords", 10, &[
        report("Referrers.getKeywords", 103), report("Referrers.getSearchEngines", 107),
    ]),
    page(REFERRERS, "Referrers_SubmenuWebsitesOnly", "Websites", 15, &[
        drawn("Referrers.getWebsites", 105, "tableAllColumns"),
    ]),
    page(REFERRERS, "Referrers_Socials", "Social Networks", 16, &[drawn("Referrers.getSocials", 111, "graphPie")]),
    page(REFERRERS, "Referrers_Campaigns", "Campaigns", 20, &[report("Referrers.getCampaigns", 109)]),
    page(ECOMMERCE, "Goals_Products", "Products", 10, &[
        sold("Goals.getItemsName", 26), sold("Goals.getItemsSku", 25), sold("Goals.getItemsCategory", 27),
    ]),
    page(GOALS, "General_Overview", "Overview", 2, &[
        forced("Goals.getEvolutionGraph", "", 5, "graphEvolution"),
        forced("Goals.getMetrics", "", 15, "sparklines"),
        report("Goals.getVisitsUntilConversion", 201), report("Goals.getDaysToConversion", 202),
    ]),
    page(GOALS, "Goals_ManageGoals", "Manage Goals", 9999, &[view("Goals.editGoals", "Manage Goals", 99)]),
];

/// The category that reports name by its plain name.
pub fn category_of(report_category: &str) -> Option<&'static Category> {
    let id = match report_category {
        "Visitors" => VISITORS,
        "Actions" => ACTIONS,
        "Referrers" => REFERRERS,
        "Ecommerce" => ECOMMERCE,
        "Goals" => GOALS,
        _ => return None,
    };
    category(id)
}

pub fn category(id: &str) -> Option<&'static Category> {
    CATEGORIES.iter().find(|category| category.id == id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reports::REPORTS;

    #[test]
    fn every_listed_report_with_rows_stands_on_a_page() {
        let widgets = || PAGES.iter().flat_map(|page| page.widgets);
        for report in REPORTS
            .iter()
            .filter(|report| !report.hidden && !report.levels.is_empty())
        {
            assert!(
                widgets().any(|widget| widget.method == report.method),
                "{}",
                report.method
            );
        }
    }

    #[test]
    fn pages_stand_once_in_known_categories() {
        let mut seen = std::collections::BTreeSet::new();
        for page in PAGES {
            assert!(category(page.category).is_some(), "{}", page.category);
            assert!(
                seen.insert((page.category, page.id)),
                "{} stands twice",
                page.id
            );
        }
        for report in REPORTS
            .iter()
            .filter(|report| !report.hidden && !report.levels.is_empty())
        {
            assert!(
                category_of(report.category).is_some(),
                "{}",
                report.category
            );
        }
    }
}
