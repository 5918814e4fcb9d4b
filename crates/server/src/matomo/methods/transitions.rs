//! `Transitions`: where visitors of one page came from and went to, asked of the raw data.

use catalog::columns::kind;
use model::{Access, Answer, Name, Role, Row, SiteId, Table, Value};
use query::Limits;
use query::period::{Asked, Period};
use query::plan::transitions::{self, Center, Channel, Counts};
use query::plan::{Context, RowLimits, TreeRules};

use super::common::{answer, field, language, needed, site_of};
use super::{Method, method};
use crate::app::World;
use crate::matomo::error::{ApiError, ApiResult};
use crate::matomo::{Call, world};

pub const METHODS: &[Method] = &[
    method!(
        "Transitions.getTransitionsForAction",
        Access::Site(Role::View),
        of_action
    ),
    method!(
        "Transitions.getTransitionsForPageUrl",
        Access::Site(Role::View),
        of_url
    ),
    method!(
        "Transitions.getTransitionsForPageTitle",
        Access::Site(Role::View),
        of_title
    ),
    method!("Transitions.getTranslations", Access::Open, texts),
    method!(
        "Transitions.isPeriodAllowed",
        Access::Site(Role::View),
        period_allowed
    ),
];

const ALL: &str = "all";
const BEFORE: &str = "internalReferrers";
const AFTER: &str = "followingActions";
const ENTRIES: &str = "externalReferrers";

async fn of_url(call: Call<'_>) -> ApiResult<Answer> {
    let name = needed(&call, "pageUrl")?.to_owned();
    of_page(&call, &name, false, ALL).await
}

async fn of_title(call: Call<'_>) -> ApiResult<Answer> {
    let name = needed(&call, "pageTitle")?.to_owned();
    of_page(&call, &name, true, ALL).await
}

async fn of_action(call: Call<'_>) -> ApiResult<Answer> {
    let name = needed(&call, "actionName")?.to_owned();
    let by_title = match needed(&call, "actionType")? {
        "url" => false,
        "title" => true,
        _ => return Err(ApiError::invalid("Unknown action type")),
    };
    let parts = call.request.filled("parts").unwrap_or(ALL).to_owned();
    of_page(&call, &name, by_title, &parts).await
}

async fn of_page(call: &Call<'_>, name: &str, by_title: bool, parts: &str) -> ApiResult<Answer> {
    let site = SiteId::try_from(site_of(call, Role::View).await?).unwrap_or(0);
    let world = call.app.world().await?;
    let period = period_of(call, &world, site)?;
    if !is_allowed(&world, &period) {
        return Err(ApiError::invalid("PeriodNotAllowed"));
    }
    let view = call.app.ingest.view();
    let action = find(&view.actions, name, by_title);
    let action = action.ok_or_else(|| ApiError::invalid("NoDataForAction"))?;
    let (rows, tree, limits) = (
        RowLimits::default(),
        TreeRules::default(),
        Limits::default(),
    );
    let context = Context {
        view: &view,
        site,
        zone: world::zone_of(&world, site),
        first: period.first_day(),
        last: period.last_day(),
        filter: world::filter(call, &world, site, &world::segment_text(call))?,
        grain: world.config.grain(),
        rows: &rows,
        tree: &tree,
        limits: &limits,
    };
    let center = Center { action, by_title };
    let most = call.request.integer("limitBeforeGrouping").unwrap_or(0);
    let most = usize::try_from(most).unwrap_or(0);
    let mut fields = vec![field(
        "date",
        call.app
            .names
            .short_date(period.kind, period.first, period.last, language(call)),
    )];
    let parts = Parts(parts);
    tokio::task::block_in_place(|| add_parts(&mut fields, &context, center, &parts, most))?;
    Ok(Answer::Value(Value::Map(fields)))
}

/// The parts of the answer that are asked for.
struct Parts<'a>(&'a str);

impl Parts<'_> {
    fn are_all(&self) -> bool {
        self.0 == ALL
    }

    fn have(&self, part: &str) -> bool {
        self.are_all() || self.0.split(',').any(|asked| asked.trim() == part)
    }
}

fn add_parts(
    fields: &mut Vec<(Name, Value)>,
    context: &Context,
    center: Center,
    parts: &Parts,
    most: usize,
) -> ApiResult<()> {
    let mut metrics: Vec<(Name, Value)> = Vec::new();
    let (mut stays, mut leaves) = (0.0, 0.0);
    if parts.have(BEFORE) {
        let before = transitions::before(context, center)?;
        if before.views == 0.0 {
            return Err(ApiError::invalid("NoDataForAction"));
        }
        fields.push(counts("previousPages", &before.pages, most));
        fields.push(counts("previousSiteSearches", &before.searches, most));
        metrics.push(field("loops", before.loops as i64));
        metrics.push(field("pageviews", before.views as i64));
        stays = before.views - before.loops;
    }
    let metrics_at = fields.len();
    if parts.have(AFTER) {
        let after = transitions::after(context, center)?;
        let sum = |counts: &Counts| counts.iter().map(|(_, count)| *count).sum::<f64>();
        leaves = sum(&after.pages) + sum(&after.searches);
        fields.push(counts("followingPages", &after.pages, most));
        fields.push(counts("followingSiteSearches", &after.searches, most));
        fields.push(counts("outlinks", &after.outlinks, most));
        fields.push(counts("downloads", &after.downloads, most));
    }
    if parts.have(ENTRIES) {
        let channels = transitions::entries(context, center)?;
        let entries: f64 = channels.iter().map(|channel| channel.visits).sum();
        metrics.push(field("entries", entries as i64));
        fields.push(("referrers".into(), referrers(&channels, most)));
    }
    if parts.are_all() {
        metrics.push(field("exits", (stays - leaves) as i64));
    }
    if !metrics.is_empty() {
        fields.insert(metrics_at, ("pageMetrics".into(), Value::Map(metrics)));
    }
    Ok(())
}

/// The most frequent ones, and the rest together as "Others".
fn limited(counts: &Counts, most: usize) -> Vec<(String, f64)> {
    if most == 0 || counts.len() <= most {
        return counts.clone();
    }
    let mut limited = counts[..most].to_vec();
    let rest = counts[most..].iter().map(|(_, count)| *count).sum();
    limited.push(("Others".to_owned(), rest));
    limited
}

fn counts(name: &'static str, counts: &Counts, most: usize) -> (Name, Value) {
    let row = |(label, count): (String, f64)| {
        let mut row = Row::labelled(label);
        row.set("referrals", count as i64);
        row
    };
    let rows = limited(counts, most).into_iter().map(row).collect();
    (name.into(), Value::Table(Box::new(Table::of(rows))))
}

/// Number of the referrer type, what people read, and the name for programs.
const CHANNELS: [(i64, &str, &str); 5] = [
    (1, "Direct entries", "direct"),
    (2, "From search engines", "search"),
    (7, "From social networks", "social"),
    (3, "From websites", "website"),
    (6, "From campaigns", "campaign"),
];

fn referrers(channels: &[Channel], most: usize) -> Value {
    let mut rows = Vec::new();
    for (kind, label, short_name) in CHANNELS {
        let Some(channel) = channels.iter().find(|channel| channel.kind == kind) else {
            // Direct entries are always told, under the name of the channel.
            if kind == 1 {
                rows.push(Value::Map(vec![
                    field("label", label),
                    field("shortName", "Direct Entry"),
                    field("visits", 0),
                ]));
            }
            continue;
        };
        let detail = |(label, count): (String, f64)| {
            // Counts of details come as texts.
            let count = (count as i64).to_string();
            Value::Map(vec![field("label", label), field("referrals", count)])
        };
        let details = limited(&channel.details, most).into_iter().map(detail);
        rows.push(Value::Map(vec![
            field("label", label),
            field("shortName", short_name),
            field("visits", channel.visits as i64),
            field("details", Value::List(details.collect())),
        ]));
    }
    Value::List(rows)
}

/// The number of a page by its address or title.
fn find(actions: &model::Texts, name: &str, by_title: bool) -> Option<i64> {
    if by_title {
        return actions.find(kind::TITLE as u8, name.trim());
    }
    let raw = tracking::url::split_prefix(name);
    actions.find(kind::PAGE as u8, &raw.url)
}

fn period_of(call: &Call<'_>, world: &World, site: SiteId) -> ApiResult<Period> {
    match world::periods(call, &world::zone_of(world, site))? {
        Asked::One(period) => Ok(period),
        Asked::Each(_) => Err(ApiError::invalid("PeriodNotAllowed")),
    }
}

/// Whether a period is not longer than the operator allows.
fn is_allowed(world: &World, period: &Period) -> bool {
    let days_max = match world
        .config
        .value("Transitions", "max_period_allowed")
        .as_str()
    {
        Some("day") => 1,
        Some("week") => 7,
        Some("month") => 31,
        Some("year") => 366,
        _ => return true,
    };
    period.last_day().0 - period.first_day().0 < days_max
}

async fn period_allowed(call: Call<'_>) -> ApiResult<Answer> {
    let site = SiteId::try_from(site_of(&call, Role::View).await?).unwrap_or(0);
    let world = call.app.world().await?;
    answer(is_allowed(&world, &period_of(&call, &world, site)?))
}

/// The words of the diagram.
#[rustfmt::skip]
const TEXTS: &[(&str, &str)] = &[
    ("pageviewsInline", "%s pageviews"),
    ("loopsInline", "%s page reloads"),
    ("fromPreviousPages", "From internal pages"),
    ("fromPreviousPagesInline", "%s from internal pages"),
    ("fromPreviousSiteSearches", "From internal search"),
    ("fromPreviousSiteSearchesInline", "%s from internal searches"),
    ("fromSearchEngines", "From search engines"),
    ("fromSearchEnginesInline", "%s from search engines"),
    ("fromSocialNetworks", "From social networks"),
    ("fromSocialNetworksInline", "%s from social networks"),
    ("fromWebsites", "From websites"),
    ("fromWebsitesInline", "%s from websites"),
    ("fromCampaigns", "From campaigns"),
    ("fromCampaignsInline", "%s from campaigns"),
    ("directEntries", "Direct entries"),
    ("directEntriesInline", "%s direct entries"),
    ("toFollowingPages", "To internal pages"),
    ("toFollowingPagesInline", "%s to internal pages"),
    ("toFollowingSiteSearches", "Internal searches"),
    ("toFollowingSiteSearchesInline", "%s internal searches"),
    ("downloads", "Downloads"),
    ("downloadsInline", "%s downloads"),
    ("outlinks", "Outlinks"),
    ("outlinksInline", "%s outlinks"),
    ("exits", "Exits"),
    ("exitsInline", "%s exits"),
    ("bouncesInline", "%s bounces"),
    ("XOfY", "%1$s (out of %2$s)"),
    ("XOfAllPageviews", "%s of all views of this page"),
    ("NoDataForAction", "No data for %s"),
    ("NoDataForActionDetails", "Either the action had no pageviews during the period, or it is invalid."),
    ("NoDataForActionBack", "Go back to the previous action"),
    ("PeriodNotAllowed", "Select a valid time period"),
    ("PeriodNotAllowedDetails", "Try selecting a period with fewer days for this feature."),
    ("PeriodNotAllowedBack", "Go back to the previous action"),
    ("ShareOfAllPageviews", "This page had %1$s pageviews (%2$s of all pageviews)"),
    ("DateRange", "Date range:"),
];

async fn texts(call: Call<'_>) -> ApiResult<Answer> {
    let names = &call.app.names;
    let language = language(&call);
    let word = |(name, text): &(&'static str, &'static str)| {
        field(name, names.translate(text, language).into_owned())
    };
    let words = TEXTS.iter().map(word);
    answer(Value::Map(words.collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_beyond_the_limit_is_added_up() {
        let counts: Counts = [("a", 3.0), ("b", 2.0), ("c", 2.0), ("d", 1.0)]
            .map(|(label, count)| (label.to_owned(), count))
            .to_vec();
        assert_eq!(limited(&counts, 0).len(), 4);
        assert_eq!(limited(&counts, 4).len(), 4);
        let cut = limited(&counts, 2);
        assert_eq!(cut.last(), Some(&("Others".to_owned(), 3.0)));
    }

    #[test]
    fn direct_entries_are_told_even_without_any() {
        let Value::List(rows) = referrers(&[], 0) else {
            panic!("a list");
        };
        assert_eq!(rows.len(), 1);
    }

    #[test]
    fn parts_are_chosen_by_name() {
        assert!(Parts("all").have(BEFORE));
        assert!(Parts("followingActions, externalReferrers").have(ENTRIES));
        assert!(!Parts("followingActions").have(BEFORE));
    }
}
