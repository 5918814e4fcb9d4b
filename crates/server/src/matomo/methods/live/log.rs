//! What rows of the log need to know besides the visit.

use std::borrow::Cow;
use std::collections::HashMap;

use catalog::columns::{self, visit};
use model::{Row, SiteId, Value, Zone};
use query::{View, VisitRows};
use settings::{Dimension, DimensionScope};

use super::commerce::{Totals, totals_of};
use super::{action, list};
use crate::app::World;
use crate::matomo::error::ApiResult;
use crate::matomo::methods::common::language;
use crate::matomo::shape::number::{DurationWords, NumberFormat};
use crate::matomo::{Call, world};

pub const ICONS: &str = "plugins/Morpheus/icons/dist/";
pub const IMAGES: &str = "plugins/Morpheus/images/";

pub struct Log<'a> {
    pub call: &'a Call<'a>,
    pub world: &'a World,
    pub view: &'a View,
    pub language: &'a str,
    totals: HashMap<(SiteId, i64), Totals>,
}

/// A site as the rows of its visits need it.
pub struct Place<'a> {
    pub id: SiteId,
    pub zone: Zone,
    pub name: &'a str,
    pub currency: &'a str,
    pub currency_symbol: &'a str,
    pub ecommerce: bool,
    pub addresses: &'a [String],
}

impl Place<'_> {
    /// Whether the site has an encrypted address on the host of an address without its beginning.
    fn is_secure(&self, address: &str) -> bool {
        let host = address.split(['/', '?', '#']).next().unwrap_or_default();
        let hosts = self
            .addresses
            .iter()
            .filter_map(|own| own.strip_prefix("https://"));
        hosts
            .map(|own| own.strip_prefix("www.").unwrap_or(own))
            .any(|own| own.split('/').next() == Some(host))
    }
}

impl<'a> Log<'a> {
    pub fn new(call: &'a Call<'a>, world: &'a World, view: &'a View) -> Log<'a> {
        Log {
            call,
            world,
            view,
            language: language(call),
            totals: HashMap::new(),
        }
    }

    pub fn row(&mut self, rows: &VisitRows, with_actions: bool) -> ApiResult<Row> {
        let id = SiteId::try_from(rows.visit[visit::SITE]).unwrap_or_default();
        let place = self.place(id);
        let totals = match place.ecommerce {
            true => Some(self.totals(id, rows.visit[visit::VISITOR])?),
            false => None,
        };
        Ok(super::visit::row(self, &place, rows, totals, with_actions))
    }

    pub fn place(&self, id: SiteId) -> Place<'a> {
        let site = self.world.site(id);
        let currency = site.map_or("", |site| site.currency.as_str());
        Place {
            id,
            zone: world::zone_of(self.world, id),
            name: site.map_or("", |site| site.name.as_str()),
            currency,
            currency_symbol: self.call.app.names.currency_symbol(currency),
            ecommerce: site.is_some_and(|site| site.ecommerce),
            addresses: site.map_or(&[], |site| site.urls.as_slice()),
        }
    }

    /// The first and the last page of a visit, by the names of their segments. What was searched for is no
    /// title, though a visit can end with it.
    pub fn ends_of(&self, site: SiteId, rows: &VisitRows) -> [(&'static str, Value); 4] {
        let place = self.place(site);
        let visit = &rows.visit;
        let title = |number: i64| {
            let mut pages = rows.actions.iter();
            match pages.any(|row| action::is_page(row) && row[columns::action::TITLE] == number) {
                true => self.action_text(number),
                false => Value::Null,
            }
        };
        [
            ("entryPageUrl", self.url(&place, visit[visit::ENTRY_URL])),
            ("entryPageTitle", title(visit[visit::ENTRY_TITLE])),
            ("exitPageUrl", self.url(&place, visit[visit::EXIT_URL])),
            ("exitPageTitle", title(visit[visit::EXIT_TITLE])),
        ]
    }

    fn totals(&mut self, site: SiteId, visitor: i64) -> ApiResult<Totals> {
        if let Some(known) = self.totals.get(&(site, visitor)) {
            return Ok(*known);
        }
        let totals = totals_of(&list::of_visitor(self.view, site, visitor)?);
        self.totals.insert((site, visitor), totals);
        Ok(totals)
    }

    /// A text of the plain dictionary.
    pub fn text(&self, number: i64) -> &'a str {
        self.view.texts.text(number)
    }

    /// A text of the dictionary of actions; nothing where there is none.
    pub fn action_text(&self, number: i64) -> Value {
        match number {
            0 => Value::Null,
            number => Value::from(self.view.actions.text(number)),
        }
    }

    /// A page's address in full; encrypted where the site says so of its host.
    pub fn url(&self, place: &Place, number: i64) -> Value {
        let entry = if number == 0 {
            None
        } else {
            self.view.actions.get(number)
        };
        let Some(entry) = entry else {
            return Value::Null;
        };
        let start = match (entry.prefix, place.is_secure(&entry.text)) {
            (0, false) => "http://",
            (1, false) => "http://www.",
            (2, _) | (0, true) => "https://",
            (3, _) | (1, true) => "https://www.",
            _ => "",
        };
        Value::Text(format!("{start}{}", entry.text))
    }

    pub fn translate(&self, english: &'a str) -> Cow<'a, str> {
        self.call.app.names.translate(english, self.language)
    }

    pub fn numbers(&self) -> NumberFormat {
        NumberFormat::of(self.language)
    }

    pub fn duration(&self, seconds: i64) -> String {
        self.numbers()
            .duration_words(seconds as f64, &DurationWords::ENGLISH)
    }

    /// The dimensions of a scope with their values in a row whose slots begin there.
    pub fn dimensions(
        &self,
        place: &Place,
        scope: DimensionScope,
        value: impl Fn(&Dimension) -> Option<i64>,
    ) -> Vec<(String, Value)> {
        let own = self.world.dimensions_of(place.id);
        let own = own.filter(|dimension| dimension.active && dimension.scope == scope);
        own.map(|dimension| {
            let text = value(dimension).map_or("", |number| self.text(number));
            (
                format!("dimension{}", dimension.idcustomdimension),
                filled(text),
            )
        })
        .collect()
    }
}

/// A slot's column; `None` where settings name a slot that does not exist.
pub fn slot(dimension: &Dimension, first: usize) -> Option<usize> {
    let slot = usize::try_from(dimension.slot).ok()?;
    (1..=catalog::columns::DIMENSION_SLOTS)
        .contains(&slot)
        .then(|| first + slot - 1)
}

/// A text, or nothing.
pub fn filled(text: &str) -> Value {
    if text.is_empty() {
        Value::Null
    } else {
        Value::from(text)
    }
}

/// Custom variables by their number: `{1: {name: …, value: …}}`.
pub fn variables(
    log: &Log,
    row: &[i64],
    first_name: usize,
    first_value: usize,
    word: &str,
) -> Value {
    let mut found = Vec::new();
    for at in 0..catalog::columns::VARIABLE_SLOTS {
        let (name, value) = (
            log.text(row[first_name + at]),
            log.text(row[first_value + at]),
        );
        if name.is_empty() {
            continue;
        }
        let number = at + 1;
        let fields = vec![
            (
                format!("customVariable{word}Name{number}").into(),
                Value::from(name),
            ),
            (
                format!("customVariable{word}Value{number}").into(),
                Value::from(value),
            ),
        ];
        found.push((number.to_string().into(), Value::Map(fields)));
    }
    if found.is_empty() {
        Value::List(Vec::new())
    } else {
        Value::Map(found)
    }
}
