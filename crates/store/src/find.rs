//! Finds sealed visits for tracking: by visitor, fingerprint or order.

use std::cmp::Reverse;

use catalog::columns::{TableId, conversion, visit};
use model::{SiteId, Timestamp};
use query::{Chunk, ChunkId, VisitRows};

use crate::error::StoreError;
use crate::lookup::{By, hash};
use crate::segment::Segment;
use crate::slot::{Slot, slot_of};
use crate::store::{SealedVisit, Store, lock};

impl Store {
    /// A sealed visit with everything it did; `None` where it is gone.
    pub fn visit(&self, chunk: ChunkId, place: u32) -> Result<Option<VisitRows>, StoreError> {
        let chunk = {
            let mut slots = lock(&self.slots);
            match slot_of(&mut slots, chunk) {
                Some(slot) if slot.is_alive(place as usize) => slot.chunk(),
                _ => return Ok(None),
            }
        };
        Ok(chunk.visits_at(&[place])?.pop())
    }

    /// Reads a sealed visit to be changed, and marks it dead.
    pub fn reopen(&self, chunk: ChunkId, place: u32) -> Result<Option<VisitRows>, StoreError> {
        let rows = self.visit(chunk, place)?;
        if rows.is_some() {
            self.mark_dead(&[(chunk, place)]);
        }
        Ok(rows)
    }

    /// Where the living sealed visits are whose row, cut down to these columns, is accepted. Reads these
    /// columns of all segments.
    pub fn places_where(
        &self,
        columns: &[usize],
        accepts: impl Fn(&[i64]) -> bool,
    ) -> Result<Vec<(ChunkId, u32)>, StoreError> {
        let mut found = Vec::new();
        for slot in lock(&self.slots).iter() {
            let rows = 0..slot.segment.rows(TableId::Visits);
            let cells =
                slot.segment
                    .cells(TableId::Visits, std::slice::from_ref(&rows), columns)?;
            let mut row = vec![0; columns.len()];
            for place in rows.filter(|place| slot.is_alive(*place)) {
                for (cell, column) in row.iter_mut().zip(&cells) {
                    *cell = column[place];
                }
                if accepts(&row) {
                    found.push((ChunkId(slot.segment.number), place as u32));
                }
            }
        }
        Ok(found)
    }

    /// Some columns of a sealed visit's own row.
    pub fn visit_columns(
        &self,
        chunk: ChunkId,
        place: u32,
        columns: &[usize],
    ) -> Result<Option<Vec<i64>>, StoreError> {
        let segment = {
            let mut slots = lock(&self.slots);
            match slot_of(&mut slots, chunk) {
                Some(slot) if slot.is_alive(place as usize) => slot.segment.clone(),
                _ => return Ok(None),
            }
        };
        Ok(Some(cells_at(&segment, place, columns)?))
    }

    /// The visitor's latest sealed visit whose last action is not after `until`.
    pub fn last_visit_by_visitor(
        &self,
        site: SiteId,
        visitor: i64,
        until: Timestamp,
    ) -> Result<Option<SealedVisit>, StoreError> {
        let key = (By::Visitor, visit::VISITOR, visitor);
        self.latest(site, key, (i64::MIN, until), |_| true)
    }

    /// The latest sealed visit of a fingerprint whose last action lies within `from..=until`. With
    /// `user`, only visits without a user's name or with this one.
    pub fn last_visit_by_fingerprint(
        &self,
        site: SiteId,
        fingerprint: i64,
        from: Timestamp,
        until: Timestamp,
        user: Option<i64>,
    ) -> Result<Option<SealedVisit>, StoreError> {
        let key = (By::Fingerprint, visit::FINGERPRINT, fingerprint);
        self.latest(site, key, (from, until), |its_user| {
            user.is_none_or(|user| its_user == 0 || its_user == user)
        })
    }

    fn latest(
        &self,
        site: SiteId,
        (by, key_column, key): (By, usize, i64),
        (from, until): (Timestamp, Timestamp),
        user_fits: impl Fn(i64) -> bool,
    ) -> Result<Option<SealedVisit>, StoreError> {
        let all = lock(&self.slots);
        let mut slots: Vec<(&Slot, i64)> = all
            .iter()
            .filter_map(|slot| {
                let bounds = slot.segment.bounds(TableId::Visits, visit::LAST_TIME);
                let (least, most) = bounds.unwrap_or((i64::MIN, i64::MAX));
                (least <= until && most >= from).then_some((slot, most))
            })
            .collect();
        slots.sort_by_key(|(_, most)| Reverse(*most));
        let hash = hash(i64::from(site), key);
        let mut latest: Option<SealedVisit> = None;
        for (slot, most) in slots {
            if latest.is_some_and(|latest| latest.last_time > most) {
                break;
            }
            for place in slot.segment.places(by, hash)? {
                if !slot.is_alive(place as usize) {
                    continue;
                }
                let columns = [
                    visit::SITE,
                    key_column,
                    visit::LAST_TIME,
                    visit::ID,
                    visit::USER,
                ];
                let cells = cells_at(&slot.segment, place, &columns)?;
                let [its_site, its_key, last_time, id, user] = cells[..] else {
                    continue;
                };
                let found = its_site == i64::from(site)
                    && its_key == key
                    && (from..=until).contains(&last_time)
                    && user_fits(user);
                let later = |latest: &SealedVisit| (last_time, id) > (latest.last_time, latest.id);
                if found && latest.as_ref().is_none_or(later) {
                    latest = Some(SealedVisit {
                        chunk: ChunkId(slot.segment.number),
                        place,
                        last_time,
                        id,
                    });
                }
            }
        }
        Ok(latest)
    }

    /// Whether a sealed visit of the site has an order of this number (in the dictionary of texts).
    pub fn has_order(&self, site: SiteId, order: i64) -> Result<bool, StoreError> {
        let hash = hash(i64::from(site), order);
        for slot in lock(&self.slots).iter() {
            for place in slot.segment.places(By::Order, hash)? {
                if !slot.is_alive(place as usize) {
                    continue;
                }
                let starts = slot.segment.visit_starts(TableId::Conversions)?;
                let place = place as usize;
                let rows = starts[place] as usize..starts[place + 1] as usize;
                let columns = [conversion::ORDER, conversion::SITE];
                let cells = slot.segment.cells(
                    TableId::Conversions,
                    std::slice::from_ref(&rows),
                    &columns,
                )?;
                let mut pairs = cells[0].iter().zip(&cells[1]);
                if pairs.any(|pair| pair == (&order, &i64::from(site))) {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }
}

fn cells_at(segment: &Segment, place: u32, columns: &[usize]) -> Result<Vec<i64>, StoreError> {
    let place = place as usize;
    if place >= segment.rows(TableId::Visits) {
        return Ok(Vec::new());
    }
    let row = place..place + 1;
    let cells = segment.cells(TableId::Visits, std::slice::from_ref(&row), columns)?;
    Ok(cells.into_iter().flatten().collect())
}
