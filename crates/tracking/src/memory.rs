//! All visits in memory: for tests, and for a server that keeps nothing.

use std::collections::{HashMap, HashSet};

use catalog::columns::visit;
use model::{SiteId, Timestamp};

use crate::visits::{VisitHead, VisitRef, VisitState, Visits};

/// Visits in the order of their making.
#[derive(Clone, Debug, Default)]
pub struct MemoryVisits {
    visits: Vec<VisitState>,
    last_action_id: i64,
    orders: HashSet<(SiteId, String)>,
    /// Which visits may belong to a visitor id or fingerprint; made anew for visits that changed.
    by_visitor: HashMap<(SiteId, i64), Vec<usize>>,
    by_fingerprint: HashMap<(SiteId, i64), Vec<usize>>,
    /// The visit that was handed out to be changed.
    changed: Option<usize>,
}

impl MemoryVisits {
    pub fn new() -> MemoryVisits {
        MemoryVisits::default()
    }

    /// All visits, in the order of their making.
    pub fn all(&self) -> &[VisitState] {
        &self.visits
    }

    /// A visit opened for change is indexed before the next look-up.
    fn index_changed(&mut self) {
        let Some(at) = self.changed.take() else {
            return;
        };
        let row = &self.visits[at].visit;
        let site = row[visit::SITE] as SiteId;
        if site == 0 {
            // Just made and not yet filled: nobody's visit, and all of them would share one key.
            return;
        }
        for (index, key) in [
            (&mut self.by_visitor, row[visit::VISITOR]),
            (&mut self.by_fingerprint, row[visit::FINGERPRINT]),
        ] {
            let list = index.entry((site, key)).or_default();
            if !list.contains(&at) {
                list.push(at);
            }
        }
    }

    fn latest(&self, candidates: &[usize], accepts: impl Fn(&[i64]) -> bool) -> Option<VisitHead> {
        candidates
            .iter()
            .filter(|at| accepts(&self.visits[**at].visit))
            .max_by_key(|at| (self.visits[**at].visit[visit::LAST_TIME], **at))
            .map(|at| VisitHead::of(VisitRef(*at as u64), &self.visits[*at].visit))
    }

    /// The indexed visits of a key, and the one that is not indexed yet.
    fn candidates(
        &self,
        index: &HashMap<(SiteId, i64), Vec<usize>>,
        key: (SiteId, i64),
    ) -> Vec<usize> {
        let mut list = index.get(&key).cloned().unwrap_or_default();
        list.extend(self.changed.filter(|at| !list.contains(at)));
        list
    }
}

impl Visits for MemoryVisits {
    fn by_visitor(&self, site: SiteId, visitor: i64, until: Timestamp) -> Option<VisitHead> {
        let candidates = self.candidates(&self.by_visitor, (site, visitor));
        self.latest(&candidates, |row| {
            row[visit::SITE] == i64::from(site)
                && row[visit::VISITOR] == visitor
                && row[visit::LAST_TIME] <= until
        })
    }

    fn by_fingerprint(
        &self,
        site: SiteId,
        fingerprint: i64,
        from: Timestamp,
        until: Timestamp,
        user: Option<i64>,
    ) -> Option<VisitHead> {
        let candidates = self.candidates(&self.by_fingerprint, (site, fingerprint));
        self.latest(&candidates, |row| {
            row[visit::SITE] == i64::from(site)
                && row[visit::FINGERPRINT] == fingerprint
                && (from..=until).contains(&row[visit::LAST_TIME])
                && user.is_none_or(|user| row[visit::USER] == 0 || row[visit::USER] == user)
        })
    }

    fn open(&mut self, visit: VisitRef) -> Option<&mut VisitState> {
        self.index_changed();
        let at = usize::try_from(visit.0).ok()?;
        let state = self.visits.get_mut(at)?;
        self.changed = Some(at);
        Some(state)
    }

    fn create(&mut self) -> VisitRef {
        self.index_changed();
        let at = self.visits.len();
        self.visits.push(VisitState::new(at as i64 + 1));
        self.changed = Some(at);
        VisitRef(at as u64)
    }

    fn next_action_id(&mut self) -> i64 {
        self.last_action_id += 1;
        self.last_action_id
    }

    fn has_order(&self, site: SiteId, order: &str) -> bool {
        self.orders.contains(&(site, order.to_owned()))
    }

    fn add_order(&mut self, site: SiteId, order: &str, _: VisitRef) {
        self.orders.insert((site, order.to_owned()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_visit_in_the_window_is_found() {
        let mut visits = MemoryVisits::new();
        for (visitor, fingerprint, last_time, user) in
            [(7, 1, 100, 0), (7, 2, 200, 0), (8, 1, 150, 5)]
        {
            let at = visits.create();
            let row = &mut visits.open(at).expect("just made").visit;
            row[visit::SITE] = 1;
            row[visit::VISITOR] = visitor;
            row[visit::FINGERPRINT] = fingerprint;
            row[visit::LAST_TIME] = last_time;
            row[visit::USER] = user;
        }
        let at = |head: Option<VisitHead>| head.map(|head| head.at.0);
        assert_eq!(at(visits.by_visitor(1, 7, 300)), Some(1));
        assert_eq!(at(visits.by_visitor(1, 7, 150)), Some(0));
        assert_eq!(at(visits.by_visitor(2, 7, 300)), None);
        assert_eq!(at(visits.by_fingerprint(1, 1, 0, 300, None)), Some(2));
        assert_eq!(at(visits.by_fingerprint(1, 1, 0, 300, Some(9))), Some(0));
        assert_eq!(at(visits.by_fingerprint(1, 1, 0, 300, Some(5))), Some(2));
        assert_eq!(at(visits.by_fingerprint(1, 1, 160, 300, None)), None);
    }
}
