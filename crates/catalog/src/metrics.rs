//! What each metric is: its type, which clients print it by, and a sentence that explains it.
//! Metrics that are plain numbers and explain themselves have no row.

/// The type of a metric's number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MetricKind {
    Number,
    /// A quotient, shown as a percentage.
    Percent,
    /// In the site's currency.
    Money,
    /// Seconds.
    Seconds,
}

impl MetricKind {
    /// The public name in `metricTypes`.
    pub fn name(self) -> &'static str {
        match self {
            MetricKind::Number => "number",
            MetricKind::Percent => "percent",
            MetricKind::Money => "money",
            MetricKind::Seconds => "duration_s",
        }
    }
}

#[derive(Debug)]
pub struct Metric {
    pub name: &'static str,
    pub kind: MetricKind,
    /// Empty where the name says enough.
    pub documentation: &'static str,
}

const fn number(name: &'static str, documentation: &'static str) -> Metric {
    Metric {
        name,
        kind: MetricKind::Number,
        documentation,
    }
}

const fn percent(name: &'static str, documentation: &'static str) -> Metric {
    Metric {
        name,
        kind: MetricKind::Percent,
        documentation,
    }
}

const fn money(name: &'static str) -> Metric {
    Metric {
        name,
        kind: MetricKind::Money,
        documentation: "",
    }
}

const fn seconds(name: &'static str, documentation: &'static str) -> Metric {
    Metric {
        name,
        kind: MetricKind::Seconds,
        documentation,
    }
}

#[rustfmt::skip]
pub static METRICS: &[Metric] = &[
    number("nb_visits", "How many visits there were. A visitor who comes back after half an hour without a hit begins a new visit."),
    number("nb_uniq_visitors", "How many different visitors came; each is counted once, however often they return."),
    number("nb_users", "How many different user IDs were active. Only visitors for whom the site sets a user ID count."),
    number("nb_actions", "How many actions visitors took: page views, searches, downloads, clicks on outlinks and events."),
    number("nb_hits", "How often the page was viewed."),
    number("nb_pageviews", "How many pages were viewed."),
    number("nb_uniq_pageviews", "In how many visits each page was viewed; views of the same page within one visit count once."),
    number("nb_downloads", "How often files were downloaded."),
    number("nb_uniq_downloads", "In how many visits each file was downloaded; repeated downloads within one visit count once."),
    number("nb_outlinks", "How often links to other sites were clicked."),
    number("nb_uniq_outlinks", "In how many visits each link to another site was clicked; repeated clicks within one visit count once."),
    number("nb_searches", "How often visitors searched the site."),
    number("nb_pages_per_search", "How many pages of results visitors looked at for each search, on average."),
    number("nb_hits_following_search", "How often the page was opened straight from the results of a search of the site."),
    number("entry_nb_visits", "How many visits began on this page."),
    number("entry_bounce_count", "How many visits began on this page and ended without another action."),
    number("exit_nb_visits", "How many visits ended on this page."),
    number("nb_events", "How many events happened."),
    number("sum_event_value", "All values of the events added up."),
    number("min_event_value", "The smallest value that an event had."),
    number("max_event_value", "The largest value that an event had."),
    number("nb_events_with_value", "How many events had a value."),
    number("avg_event_value", "The values of the events divided by the number of events that had one."),
    number("nb_impressions", "How often the content was shown."),
    number("nb_interactions", "How often visitors interacted with the content."),
    percent("interaction_rate", "The share of impressions that were followed by an interaction."),
    number("nb_actions_per_visit", "How many actions a visit had, on average."),
    seconds("avg_time_on_site", "How long a visit lasted, on average."),
    seconds("avg_time_on_page", "How long visitors stayed on this page, on average."),
    percent("bounce_rate", "The share of visits that ended after their first action."),
    percent("exit_rate", "The share of visits with this page that ended on it."),
    percent("conversion_rate", "The share of visits that reached a goal."),
    seconds("avg_time_generation", "How long the server took to make the page and send it, on average."),
    seconds("avg_time_network", "How long it took to reach the server: redirects, name lookup and connection."),
    seconds("avg_time_server", "How long the server took until the first byte of its answer."),
    seconds("avg_time_transfer", "How long the answer took to arrive."),
    seconds("avg_time_dom_processing", "How long the browser worked on the page until visitors could use it."),
    seconds("avg_time_dom_completion", "How long the browser then took to load what else the page needs."),
    seconds("avg_time_on_load", "How long scripts ran that wait for the page to be complete."),
    seconds("avg_page_load_time", "The whole time from asking for a page to its being complete."),
    seconds("avg_time_on_dimension", ""), seconds("avg_time_on_site_new", ""),
    seconds("avg_time_on_site_returning", ""),
    percent("bounce_rate_new", ""), percent("bounce_rate_returning", ""),
    percent("nb_visits_percentage", ""), percent("nb_conversions_page_rate", ""),
    percent("nb_conversions_entry_rate", ""), percent("visits_evolution", ""),
    percent("actions_evolution", ""), percent("pageviews_evolution", ""),
    percent("revenue_evolution", ""), percent("nb_conversions_evolution", ""),
    percent("orders_evolution", ""), percent("ecommerce_revenue_evolution", ""),
    percent("Referrers_visitorsFromSearchEngines_percent", ""),
    percent("Referrers_visitorsFromSocialNetworks_percent", ""),
    percent("Referrers_visitorsFromDirectEntry_percent", ""),
    percent("Referrers_visitorsFromWebsites_percent", ""),
    percent("Referrers_visitorsFromCampaigns_percent", ""),
    money("revenue"), money("ecommerce_revenue"), money("revenue_per_visit"),
    money("revenue_attrib"), money("revenue_entry"), money("revenue_subtotal"),
    money("revenue_tax"), money("revenue_shipping"), money("revenue_discount"),
    money("avg_order_revenue"), money("avg_price"),
];

/// Metrics that reports name but that are not measured any more: shown nowhere, only described.
pub const UNMEASURED: &[&str] = &["avg_time_generation"];

pub fn metric(name: &str) -> Option<&'static Metric> {
    METRICS.iter().find(|metric| metric.name == name)
}

/// The type of a metric; a metric without a row is a number.
pub fn kind(name: &str) -> MetricKind {
    metric(name).map_or(MetricKind::Number, |metric| metric.kind)
}

/// The sentence that explains a metric, if it has one.
pub fn documentation(name: &str) -> Option<&'static str> {
    metric(name)
        .map(|metric| metric.documentation)
        .filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metrics_stand_once_and_say_something() {
        let mut seen = std::collections::BTreeSet::new();
        for metric in METRICS {
            assert!(seen.insert(metric.name), "{} stands twice", metric.name);
            let says = metric.kind != MetricKind::Number || !metric.documentation.is_empty();
            assert!(says, "{} says nothing", metric.name);
        }
    }
}
