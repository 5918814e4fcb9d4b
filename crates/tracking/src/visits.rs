//! What placing needs to know of the visits that are there: implemented by whoever keeps them.

use catalog::columns::{NONE, action, conversion, item, visit};
use model::{SiteId, Texts, Timestamp};

/// Names a visit to the one who keeps it; means nothing to anybody else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VisitRef(pub u64);

/// A visit whole: its row, and the rows of its actions, conversions and items in the order of their making.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VisitState {
    pub visit: Vec<i64>,
    pub actions: Vec<Vec<i64>>,
    pub conversions: Vec<Vec<i64>>,
    pub items: Vec<Vec<i64>>,
}

impl VisitState {
    /// A visit of that number and nothing else.
    pub fn new(visit_id: i64) -> VisitState {
        let mut row = empty_row(visit::COLUMNS);
        row[visit::ID] = visit_id;
        VisitState {
            visit: row,
            ..VisitState::default()
        }
    }

    /// A row of an action of this visit, all else absent.
    pub fn new_action(&self) -> Vec<i64> {
        let mut row = empty_row(action::COLUMNS);
        row[action::VISIT] = self.visit[visit::ID];
        row[action::SITE] = self.visit[visit::SITE];
        row
    }

    /// A row of a conversion of this visit, all else absent.
    pub fn new_conversion(&self) -> Vec<i64> {
        let mut row = empty_row(conversion::COLUMNS);
        row[conversion::VISIT] = self.visit[visit::ID];
        row[conversion::SITE] = self.visit[visit::SITE];
        row[conversion::VISITOR] = self.visit[visit::VISITOR];
        row
    }

    /// A row of an item of this visit, all else absent.
    pub fn new_item(&self) -> Vec<i64> {
        let mut row = empty_row(item::COLUMNS);
        row[item::VISIT] = self.visit[visit::ID];
        row[item::SITE] = self.visit[visit::SITE];
        row[item::VISITOR] = self.visit[visit::VISITOR];
        row
    }
}

fn empty_row(columns: &[catalog::columns::Column]) -> Vec<i64> {
    columns.iter().map(|column| column.absent).collect()
}

/// The few columns of a visit that decide about the next hit: small enough to keep one per visitor in an index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VisitHead {
    pub at: VisitRef,
    pub visitor: i64,
    /// Number of the user's name, 0 for none.
    pub user: i64,
    pub first_time: Timestamp,
    pub last_time: Timestamp,
    pub total_actions: i64,
    pub visit_count: i64,
    pub since_first_seconds: i64,
    /// `catalog::columns::NONE`: no order so far.
    pub since_order_seconds: i64,
    pub referrer_type: i64,
    pub referrer_name: i64,
    pub referrer_keyword: i64,
}

impl VisitHead {
    /// Reads a visit's row.
    pub fn of(at: VisitRef, row: &[i64]) -> VisitHead {
        let column = |index: usize| row.get(index).copied().unwrap_or_default();
        VisitHead {
            at,
            visitor: column(visit::VISITOR),
            user: column(visit::USER),
            first_time: column(visit::FIRST_TIME),
            last_time: column(visit::LAST_TIME),
            total_actions: column(visit::TOTAL_ACTIONS),
            visit_count: column(visit::VISIT_COUNT),
            since_first_seconds: column(visit::SINCE_FIRST),
            since_order_seconds: row.get(visit::SINCE_ORDER).copied().unwrap_or(NONE),
            referrer_type: column(visit::REFERRER_TYPE),
            referrer_name: column(visit::REFERRER_NAME),
            referrer_keyword: column(visit::REFERRER_KEYWORD),
        }
    }
}

/// The visits of all sites. Robots' visits are looked up like any other: their ids are their own.
pub trait Visits {
    /// The visitor's latest visit whose last action is not after `until`.
    fn by_visitor(&self, site: SiteId, visitor: i64, until: Timestamp) -> Option<VisitHead>;

    /// The latest visit of that fingerprint whose last action lies within `from..=until`. With `user`, only
    /// visits without a user's name or with this one.
    fn by_fingerprint(
        &self,
        site: SiteId,
        fingerprint: i64,
        from: Timestamp,
        until: Timestamp,
        user: Option<i64>,
    ) -> Option<VisitHead>;

    /// A visit to be read and changed; one that is no longer open is opened again. None: it is gone.
    fn open(&mut self, visit: VisitRef) -> Option<&mut VisitState>;

    /// A new visit: its number is the next of the instance, all else is absent.
    fn create(&mut self) -> VisitRef;

    /// The next number of an action of the instance.
    fn next_action_id(&mut self) -> i64;

    /// Whether the site has an order of that number.
    fn has_order(&self, site: SiteId, order: &str) -> bool;

    /// From now on [`Visits::has_order`] knows it.
    fn add_order(&mut self, site: SiteId, order: &str, visit: VisitRef);
}

/// The two dictionaries that stored rows refer to.
#[derive(Clone, Copy)]
pub struct Dictionaries<'a> {
    /// Pages, titles, events, products …
    pub actions: &'a Texts,
    /// Every other text.
    pub values: &'a Texts,
}

impl Dictionaries<'_> {
    /// The number of a plain text; 0 for the empty text.
    pub fn value(&self, text: &str) -> i64 {
        self.values.intern(0, text, -1)
    }

    /// The number of a text of the dictionary of actions, without a prefix of an address; 0 for the empty text.
    pub fn action(&self, kind: i64, text: &str) -> i64 {
        if text.is_empty() {
            return 0;
        }
        self.actions.intern(kind as u8, text, -1)
    }

    /// The number of a page's address.
    pub fn url(&self, kind: i64, url: &crate::hit::PageUrl) -> i64 {
        self.actions.intern(kind as u8, &url.text, url.prefix)
    }
}
