//! The visits that placing works on: open ones in memory, sealed ones in the store, found and opened again
//! when a late hit asks for them.

use std::cell::Cell;
use std::sync::Arc;

use crate::payload::{Erased, Erasure};
use ahash::{AHashMap, AHashSet};
use catalog::columns::{conversion, visit};
use model::{SiteId, Timestamp};
use query::VisitRows;
use store::{Compacted, Counters, HotVisits, NewSegment, SealedVisit, Store, StoreError};
use tracking::{VisitHead, VisitRef, VisitState, Visits};

/// What is remembered of an open visit beside its rows.
struct Open {
    site: SiteId,
    visitor: i64,
    fingerprint: i64,
    actions: usize,
    orders: Vec<i64>,
    /// Counted up with every hit: the least is the visit that waits longest.
    touched: u64,
    /// When the last hit for it arrived.
    touched_at: Timestamp,
}

/// All visits, and the numbers that are given next.
pub struct StoredVisits {
    pub store: Arc<Store>,
    hot: HotVisits,
    open: AHashMap<i64, Open>,
    by_visitor: AHashMap<(SiteId, i64), Vec<i64>>,
    by_fingerprint: AHashMap<(SiteId, i64), Vec<i64>>,
    /// Orders of open visits, by their number among the texts.
    orders: AHashSet<(SiteId, i64)>,
    open_actions: usize,
    next_visit: i64,
    next_action: i64,
    touches: u64,
    now: Timestamp,
    /// The visit that is being changed, out of `hot`.
    current: Option<(i64, VisitState)>,
    /// The sealed visit that was found last.
    found: Cell<Option<SealedVisit>>,
    failure: Cell<Option<StoreError>>,
}

impl StoredVisits {
    pub fn new(store: Store, hot: HotVisits) -> StoredVisits {
        let counters = store.counters();
        let mut visits = StoredVisits {
            store: Arc::new(store),
            hot: HotVisits::default(),
            open: AHashMap::new(),
            by_visitor: AHashMap::new(),
            by_fingerprint: AHashMap::new(),
            orders: AHashSet::new(),
            open_actions: 0,
            next_visit: counters.next_visit,
            next_action: counters.next_action,
            touches: 0,
            now: 0,
            current: None,
            found: Cell::new(None),
            failure: Cell::new(None),
        };
        let restored: Vec<Arc<VisitRows>> = hot.iter().cloned().collect();
        visits.hot = hot;
        for rows in restored {
            visits.index(&rows);
        }
        visits
    }

    /// Ends the hit that was placed: what it changed is seen from now on.
    pub fn settle(&mut self) {
        self.put_back();
        self.found.set(None);
    }

    /// The time at which the hits that follow arrived.
    pub fn set_now(&mut self, now: Timestamp) {
        self.now = now;
    }

    /// What went wrong in reading sealed visits since the last call.
    pub fn take_failure(&mut self) -> Option<StoreError> {
        self.failure.take()
    }

    pub fn open_visits(&self) -> usize {
        self.hot.len()
    }

    pub fn open_actions(&self) -> usize {
        self.open_actions
    }

    pub fn view(&mut self) -> query::View {
        self.store.view(self.hot.chunks())
    }

    /// Visits that were last touched before `before`.
    pub fn idle_since(&self, before: Timestamp) -> Vec<i64> {
        let idle = |(id, open): (&i64, &Open)| (open.touched_at < before).then_some(*id);
        self.open.iter().filter_map(idle).collect()
    }

    /// The visits that wait longest, so many that at most `keep` actions stay open.
    pub fn longest_waiting(&self, keep: usize) -> Vec<i64> {
        let mut by_age: Vec<(u64, i64, usize)> = self
            .open
            .iter()
            .map(|(id, open)| (open.touched, *id, open.actions))
            .collect();
        by_age.sort_unstable();
        let mut left = self.open_actions;
        let waiting = by_age.into_iter().take_while(|(_, _, actions)| {
            let enough = left <= keep;
            left -= actions;
            !enough
        });
        waiting.map(|(_, id, _)| id).collect()
    }

    /// How many actions these visits have.
    pub fn actions_of(&self, ids: &[i64]) -> usize {
        let open = ids.iter().filter_map(|id| self.open.get(id));
        open.map(|open| open.actions).sum()
    }

    /// The rows of these visits, as a new segment is written from them.
    pub fn rows_of(&self, ids: &[i64]) -> Vec<Arc<VisitRows>> {
        let rows = ids.iter().filter_map(|id| self.hot.get(*id));
        rows.cloned().collect()
    }

    /// Makes everything lasting; visits of the new segment that did not change meanwhile are open no more.
    pub fn commit(
        &mut self,
        new: Option<NewSegment>,
        sealed: &[i64],
        applied: u64,
        note: &[u8],
    ) -> Result<(), StoreError> {
        let counters = self.counters(applied);
        self.store.commit(&mut self.hot, new, counters, note)?;
        for id in sealed {
            if self.hot.get(*id).is_none() {
                self.forget(*id);
            }
        }
        Ok(())
    }

    /// Puts a merged segment in the place of its sources; makes everything lasting.
    pub fn commit_compaction(
        &mut self,
        compacted: Compacted,
        applied: u64,
        note: &[u8],
    ) -> Result<(), StoreError> {
        let counters = self.counters(applied);
        self.store
            .commit_compaction(&mut self.hot, compacted, counters, note)
    }

    fn counters(&self, applied: u64) -> Counters {
        Counters {
            applied,
            next_visit: self.next_visit,
            next_action: self.next_action,
        }
    }

    /// Takes visits away for good; how many there were. Lasting with the next commit.
    pub fn erase(&mut self, erasure: &Erasure) -> Result<Erased, StoreError> {
        let doomed =
            |row: &[i64]| erasure.names(row[visit::SITE], row[visit::ID], row[visit::LAST_TIME]);
        let hot = self.hot.iter().filter(|rows| doomed(&rows.visit));
        let open: Vec<i64> = hot.map(|rows| rows.visit[visit::ID]).collect();
        let mut erased = Erased::default();
        for id in &open {
            if let Some(rows) = self.hot.remove(*id) {
                erased.add(&rows);
            }
            self.forget(*id);
        }
        let columns = [visit::SITE, visit::ID, visit::LAST_TIME];
        let sealed = self.store.places_where(&columns, |cells| {
            erasure.names(cells[0], cells[1], cells[2])
        })?;
        for (chunk, place) in &sealed {
            if let Some(rows) = self.store.visit(*chunk, *place)? {
                erased.add(&rows);
            }
        }
        self.store.mark_dead(&sealed);
        Ok(erased)
    }

    /// A visit that was sealed until this hit opened it is in no index.
    fn current_has_order(&self, site: SiteId, order: i64) -> bool {
        let Some((_, state)) = &self.current else {
            return false;
        };
        let mut conversions = state.conversions.iter();
        state.visit[visit::SITE] == i64::from(site)
            && conversions.any(|row| row[conversion::ORDER] == order)
    }

    fn put_back(&mut self) {
        if let Some((id, state)) = self.current.take() {
            let rows = Arc::new(rows_of(state));
            self.forget(id);
            self.index(&rows);
            self.hot.put(rows);
        }
    }

    fn index(&mut self, rows: &VisitRows) {
        let row = &rows.visit;
        let id = row[visit::ID];
        let orders = rows.conversions.iter().map(|row| row[conversion::ORDER]);
        self.touches += 1;
        let open = Open {
            site: row[visit::SITE] as SiteId,
            visitor: row[visit::VISITOR],
            fingerprint: row[visit::FINGERPRINT],
            actions: rows.actions.len().max(1),
            orders: orders.filter(|order| *order != 0).collect(),
            touched: self.touches,
            touched_at: self.now,
        };
        let visitor = (open.site, open.visitor);
        self.by_visitor.entry(visitor).or_default().push(id);
        let fingerprint = (open.site, open.fingerprint);
        self.by_fingerprint.entry(fingerprint).or_default().push(id);
        self.orders
            .extend(open.orders.iter().map(|order| (open.site, *order)));
        self.open_actions += open.actions;
        self.open.insert(id, open);
    }

    fn forget(&mut self, id: i64) {
        let Some(open) = self.open.remove(&id) else {
            return;
        };
        self.open_actions -= open.actions;
        for (index, key) in [
            (&mut self.by_visitor, open.visitor),
            (&mut self.by_fingerprint, open.fingerprint),
        ] {
            let key = (open.site, key);
            if let Some(ids) = index.get_mut(&key) {
                ids.retain(|other| *other != id);
                if ids.is_empty() {
                    index.remove(&key);
                }
            }
        }
        for order in &open.orders {
            self.orders.remove(&(open.site, *order));
        }
    }

    /// The latest of the open visits of a key.
    fn latest_open(
        &self,
        ids: Option<&Vec<i64>>,
        accepts: impl Fn(&[i64]) -> bool,
    ) -> Option<VisitHead> {
        let rows = ids?.iter().filter_map(|id| self.hot.get(*id));
        rows.filter(|rows| accepts(&rows.visit))
            .max_by_key(|rows| (rows.visit[visit::LAST_TIME], rows.visit[visit::ID]))
            .map(|rows| VisitHead::of(VisitRef(rows.visit[visit::ID] as u64), &rows.visit))
    }

    /// The later one of an open and a sealed visit.
    fn later(
        &self,
        open: Option<VisitHead>,
        sealed: Result<Option<SealedVisit>, StoreError>,
    ) -> Option<VisitHead> {
        let sealed = self.readable(sealed).flatten();
        let is_later = |sealed: &SealedVisit| {
            open.is_none_or(|open| {
                (sealed.last_time, sealed.id as u64) > (open.last_time, open.at.0)
            })
        };
        let Some(sealed) = sealed.filter(is_later) else {
            return open;
        };
        let row = self
            .store
            .visit_columns(sealed.chunk, sealed.place, &HEAD_COLUMNS);
        let Some(cells) = self.readable(row).flatten() else {
            return open;
        };
        self.found.set(Some(sealed));
        let mut row = vec![0; visit::COUNT];
        for (column, cell) in HEAD_COLUMNS.iter().zip(cells) {
            row[*column] = cell;
        }
        Some(VisitHead::of(VisitRef(sealed.id as u64), &row))
    }

    /// A sealed visit that cannot be read counts as none: the hit starts a visit of its own, and the
    /// operator is told.
    fn readable<T>(&self, result: Result<T, StoreError>) -> Option<T> {
        result.map_err(|error| self.failure.set(Some(error))).ok()
    }
}

/// What [`VisitHead::of`] reads.
const HEAD_COLUMNS: [usize; 11] = [
    visit::VISITOR,
    visit::USER,
    visit::FIRST_TIME,
    visit::LAST_TIME,
    visit::TOTAL_ACTIONS,
    visit::VISIT_COUNT,
    visit::SINCE_FIRST,
    visit::SINCE_ORDER,
    visit::REFERRER_TYPE,
    visit::REFERRER_NAME,
    visit::REFERRER_KEYWORD,
];

impl Visits for StoredVisits {
    fn by_visitor(&self, site: SiteId, visitor: i64, until: Timestamp) -> Option<VisitHead> {
        let ids = self.by_visitor.get(&(site, visitor));
        let open = self.latest_open(ids, |row| row[visit::LAST_TIME] <= until);
        self.later(open, self.store.last_visit_by_visitor(site, visitor, until))
    }

    fn by_fingerprint(
        &self,
        site: SiteId,
        fingerprint: i64,
        from: Timestamp,
        until: Timestamp,
        user: Option<i64>,
    ) -> Option<VisitHead> {
        let ids = self.by_fingerprint.get(&(site, fingerprint));
        let open = self.latest_open(ids, |row| {
            (from..=until).contains(&row[visit::LAST_TIME])
                && user.is_none_or(|user| row[visit::USER] == 0 || row[visit::USER] == user)
        });
        let store = &self.store;
        let sealed = store.last_visit_by_fingerprint(site, fingerprint, from, until, user);
        self.later(open, sealed)
    }

    fn open(&mut self, at: VisitRef) -> Option<&mut VisitState> {
        let id = i64::try_from(at.0).ok()?;
        if self
            .current
            .as_ref()
            .is_none_or(|(current, _)| *current != id)
        {
            self.put_back();
            let rows = match self.hot.take(id) {
                Some(rows) => rows,
                None => {
                    let sealed = self.found.take().filter(|sealed| sealed.id == id)?;
                    let rows = self.store.reopen(sealed.chunk, sealed.place);
                    self.readable(rows).flatten()?
                }
            };
            self.current = Some((id, state_of(rows)));
        }
        self.current.as_mut().map(|(_, state)| state)
    }

    fn create(&mut self) -> VisitRef {
        self.put_back();
        let id = self.next_visit;
        self.next_visit += 1;
        self.current = Some((id, VisitState::new(id)));
        VisitRef(id as u64)
    }

    fn next_action_id(&mut self) -> i64 {
        self.next_action += 1;
        self.next_action - 1
    }

    fn has_order(&self, site: SiteId, order: &str) -> bool {
        let Some(order) = self.store.texts().find(0, order) else {
            return false;
        };
        self.orders.contains(&(site, order))
            || self.current_has_order(site, order)
            || self
                .readable(self.store.has_order(site, order))
                .unwrap_or(false)
    }

    /// The order is part of the visit's rows, which are indexed when the hit is settled.
    fn add_order(&mut self, _: SiteId, _: &str, _: VisitRef) {}
}

fn rows_of(state: VisitState) -> VisitRows {
    let boxed = |rows: Vec<Vec<i64>>| rows.into_iter().map(Vec::into_boxed_slice).collect();
    VisitRows {
        visit: state.visit.into_boxed_slice(),
        actions: boxed(state.actions),
        conversions: boxed(state.conversions),
        items: boxed(state.items),
    }
}

fn state_of(rows: VisitRows) -> VisitState {
    let unboxed = |rows: Vec<Box<[i64]>>| rows.into_iter().map(<[i64]>::into_vec).collect();
    VisitState {
        visit: rows.visit.into_vec(),
        actions: unboxed(rows.actions),
        conversions: unboxed(rows.conversions),
        items: unboxed(rows.items),
    }
}
