//! `API.getReportPagesMetadata` and `API.getWidgetMetadata`: the pages of the menu and what stands on
//! them.

use catalog::metadata::Needs;
use catalog::pages::{Category, DIMENSION_ORDERS, GOALS, PAGES, Widget, category};
use model::{Answer, Name, SiteId, Value};
use settings::DimensionScope;

use super::super::common::{answer, field};
use super::{Call, site_of};
use crate::app::World;
use crate::matomo::error::ApiResult;

/// A page as it is shown: one of the catalog, or one of a custom dimension or a goal.
struct Shown {
    category: &'static Category,
    id: String,
    name: String,
    order: i64,
    widgets: Vec<ShownWidget>,
}

struct ShownWidget {
    method: &'static str,
    name: String,
    order: i64,
    view: &'static str,
    wide: bool,
    parameters: Vec<(&'static str, String)>,
}

impl ShownWidget {
    fn of(widget: &Widget, word: &dyn Fn(&str) -> String) -> ShownWidget {
        let own = catalog::reports::report(widget.method).filter(|_| !widget.forced);
        let name = match widget.name {
            "" => own.map_or("", |report| report.name),
            name => name,
        };
        let forced = [("forceView", "1"), ("viewDataTable", widget.view)];
        let forced = forced.into_iter().filter(|_| widget.forced);
        ShownWidget {
            method: widget.method,
            name: word(name),
            order: widget.order,
            view: widget.view,
            wide: widget.wide,
            parameters: forced
                .map(|(name, value)| (name, value.to_owned()))
                .collect(),
        }
    }

    fn of_report(
        method: &'static str,
        name: &str,
        order: i64,
        parameter: (&'static str, i64),
    ) -> ShownWidget {
        ShownWidget {
            method,
            name: name.to_owned(),
            order,
            view: "table",
            wide: false,
            parameters: vec![(parameter.0, parameter.1.to_string())],
        }
    }

    /// `widget`, module, action and each parameter, without anything but letters and digits.
    fn unique_id(&self) -> String {
        let mut id = format!("widget{}", self.method.replacen('.', "", 1));
        for (name, value) in &self.parameters {
            id.push_str(name);
            id.extend(value.chars().filter(char::is_ascii_alphanumeric));
        }
        id
    }

    /// `place`: category and page, where widgets are listed by themselves.
    fn describe(&self, place: Option<(&Shown, &dyn Fn(&str) -> String)>) -> Value {
        let (module, action) = self.method.split_once('.').unwrap_or((self.method, ""));
        let mut fields = vec![field("name", self.name.as_str())];
        if let Some((page, word)) = place {
            fields.push(field("category", describe_category(page.category, word)));
            fields.push(field("subcategory", describe_page(page)));
        }
        let mut parameters: Vec<(Name, Value)> =
            vec![field("module", module), field("action", action)];
        let own = self.parameters.iter();
        parameters.extend(own.map(|(name, value)| (Name::from(*name), value.as_str().into())));
        fields.extend([
            field("module", module),
            field("action", action),
            field("order", self.order),
            field("parameters", Value::Map(parameters)),
            field("uniqueId", self.unique_id()),
            field("isWide", self.wide),
        ]);
        if !self.view.is_empty() {
            fields.push(field("viewDataTable", self.view));
            fields.push(field("isReport", true));
        }
        Value::Map(fields)
    }
}

fn describe_category(category: &Category, word: &dyn Fn(&str) -> String) -> Value {
    Value::Map(vec![
        field("id", category.id),
        field("name", word(category.name)),
        field("order", category.order),
        field("icon", category.icon),
        field("help", ""),
        field("widget", Value::Null),
    ])
}

fn describe_page(page: &Shown) -> Value {
    Value::Map(vec![
        field("id", page.id.as_str()),
        field("name", page.name.as_str()),
        field("order", page.order),
        field("help", ""),
    ])
}

/// The pages of a site, by category and order.
fn of_site(world: &World, site: SiteId, word: &dyn Fn(&str) -> String) -> Vec<Shown> {
    let facts = world.site(site);
    let stands = |widget: &&Widget| match widget.needs {
        Needs::Nothing => true,
        Needs::SiteSearch => facts.is_none_or(|site| site.sitesearch),
        Needs::Ecommerce => facts.is_some_and(|site| site.ecommerce),
    };
    let mut pages: Vec<Shown> = Vec::new();
    for page in PAGES {
        let Some(category) = category(page.category) else {
            continue;
        };
        let widgets = page.widgets.iter().filter(stands);
        let widgets: Vec<ShownWidget> = widgets
            .map(|widget| ShownWidget::of(widget, word))
            .collect();
        if !widgets.is_empty() {
            pages.push(Shown {
                category,
                id: page.id.to_owned(),
                name: word(page.name),
                order: page.order,
                widgets,
            });
        }
    }
    pages.extend(of_dimensions(world, site));
    pages.extend(of_goals(world, site));
    pages.sort_by_key(|page| (page.category.order, page.order));
    pages
}

fn of_dimensions(world: &World, site: SiteId) -> impl Iterator<Item = Shown> {
    let (page_order, widget_order) = DIMENSION_ORDERS;
    let active = world
        .dimensions_of(site)
        .filter(|dimension| dimension.active);
    active.enumerate().filter_map(move |(at, dimension)| {
        let category = match dimension.scope {
            DimensionScope::Action => catalog::pages::category_of("Actions")?,
            DimensionScope::Visit => catalog::pages::category_of("Visitors")?,
        };
        let id = dimension.idcustomdimension;
        let method = "CustomDimensions.getCustomDimension";
        let order = widget_order + id;
        Some(Shown {
            category,
            id: format!("customdimension{id}"),
            name: dimension.name.clone(),
            order: page_order + i64::try_from(at).unwrap_or(0),
            widgets: vec![ShownWidget::of_report(
                method,
                &dimension.name,
                order,
                ("idDimension", id),
            )],
        })
    })
}

fn of_goals(world: &World, site: SiteId) -> impl Iterator<Item = Shown> {
    /// Pages of goals stand behind the overview, the newest first.
    const FIRST_ORDER: i64 = 900;
    let mut goals: Vec<_> = world.goals_of(site).filter(|goal| !goal.deleted).collect();
    goals.reverse();
    goals.into_iter().enumerate().filter_map(|(at, goal)| {
        let widget = |(at, (method, about)): (usize, &(&'static str, &'static str))| {
            let name = if about.is_empty() { &goal.name } else { *about };
            let order = i64::try_from(at).unwrap_or(0) + 1;
            ShownWidget::of_report(method, name, order, ("idGoal", goal.idgoal))
        };
        Some(Shown {
            category: category(GOALS)?,
            id: goal.idgoal.to_string(),
            name: goal.name.clone(),
            order: FIRST_ORDER + i64::try_from(at).unwrap_or(0),
            widgets: catalog::metadata::GOAL_REPORTS
                .iter()
                .enumerate()
                .map(widget)
                .collect(),
        })
    })
}

pub async fn pages(call: Call<'_>) -> ApiResult<Answer> {
    let world = call.app.world().await?;
    let site = site_of(&call, &world, "idSite")?;
    let language = super::language(&call);
    let word = |text: &str| call.app.names.translate(text, language).into_owned();
    let page = |page: &Shown| {
        let widgets = page.widgets.iter().map(|widget| widget.describe(None));
        Value::Map(vec![
            field("uniqueId", format!("{}.{}", page.category.id, page.id)),
            field("category", describe_category(page.category, &word)),
            field("subcategory", describe_page(page)),
            field("widgets", Value::List(widgets.collect())),
        ])
    };
    answer(Value::List(
        of_site(&world, site, &word).iter().map(page).collect(),
    ))
}

pub async fn widgets(call: Call<'_>) -> ApiResult<Answer> {
    let world = call.app.world().await?;
    let site = site_of(&call, &world, "idSite")?;
    let language = super::language(&call);
    let word = |text: &str| call.app.names.translate(text, language).into_owned();
    let pages = of_site(&world, site, &word);
    let named = pages.iter().flat_map(|page| {
        let widgets = page.widgets.iter().filter(|widget| !widget.name.is_empty());
        widgets.map(|widget| widget.describe(Some((page, &word))))
    });
    answer(Value::List(named.collect()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use catalog::pages::CATEGORIES;

    #[test]
    fn ids_of_widgets() {
        let word = |text: &str| text.to_owned();
        let of = |method: &str| {
            let widgets = PAGES.iter().flat_map(|page| page.widgets);
            let found = widgets.filter(|widget| widget.method == method);
            found
                .map(|widget| ShownWidget::of(widget, &word).unique_id())
                .next()
                .unwrap_or_default()
        };
        assert_eq!(of("Actions.getPageUrls"), "widgetActionsgetPageUrls");
        let forced = "widgetVisitsSummarygetforceView1viewDataTablesparklines";
        assert_eq!(of("VisitsSummary.get"), forced);
    }

    #[test]
    fn categories_are_in_order() {
        assert!(CATEGORIES.is_sorted_by_key(|category| category.order));
    }
}
