//! A segment of the store with the visits that died in it.

use std::sync::Arc;

use catalog::columns::TableId;
use query::ChunkId;

use crate::cache::ColumnCache;
use crate::compact::{DROPPED, Size};
use crate::disk::Disk;
use crate::error::StoreError;
use crate::manifest::{SegmentEntry, runs_of, words_of};
use crate::segment::{Description, Segment, SegmentChunk};

pub struct Slot {
    pub segment: Arc<Segment>,
    description_crc: u32,
    /// 64 places a word.
    pub dead: Vec<u64>,
    /// For views; made anew when a visit dies.
    chunk: Option<Arc<SegmentChunk>>,
}

impl Slot {
    pub fn new(
        disk: &Disk,
        (description, description_crc): (Description, u32),
        cache: &Arc<ColumnCache>,
    ) -> Result<Slot, StoreError> {
        Ok(Slot {
            segment: Arc::new(Segment::described(disk, description, cache)?),
            description_crc,
            dead: Vec::new(),
            chunk: None,
        })
    }

    pub fn open(
        disk: &Disk,
        entry: &SegmentEntry,
        cache: &Arc<ColumnCache>,
    ) -> Result<Slot, StoreError> {
        let segment = Segment::open(disk, entry.number, entry.description_crc, cache)?;
        let dead = match entry.dead.is_empty() {
            true => Vec::new(),
            false => words_of(&entry.dead, segment.rows(TableId::Visits)).ok_or_else(|| {
                let what = format!("it names dead visits that segment {} lacks", entry.number);
                StoreError::corrupt(&disk.path("manifest.json"), what)
            })?,
        };
        Ok(Slot {
            segment: Arc::new(segment),
            description_crc: entry.description_crc,
            dead,
            chunk: None,
        })
    }

    pub fn entry(&self) -> SegmentEntry {
        SegmentEntry {
            number: self.segment.number,
            description_crc: self.description_crc,
            dead: self.dead_runs(),
        }
    }

    pub fn dead_runs(&self) -> Vec<u32> {
        runs_of(&self.dead, self.segment.rows(TableId::Visits))
    }

    pub fn kill(&mut self, place: usize) {
        let visits = self.segment.rows(TableId::Visits);
        if place < visits {
            self.dead.resize(visits.div_ceil(64), 0);
            self.dead[place / 64] |= 1 << (place % 64);
            self.chunk = None;
        }
    }

    pub fn is_alive(&self, place: usize) -> bool {
        let dead = self.dead.get(place / 64);
        place < self.segment.rows(TableId::Visits)
            && dead.is_none_or(|word| word >> (place % 64) & 1 == 0)
    }

    pub fn size(&self) -> Size {
        Size {
            visits: self.segment.rows(TableId::Visits),
            actions: self.segment.rows(TableId::Actions),
            dead: self
                .dead
                .iter()
                .map(|word| word.count_ones() as usize)
                .sum(),
        }
    }

    pub fn chunk(&mut self) -> Arc<SegmentChunk> {
        let (segment, dead) = (&self.segment, &self.dead);
        let chunk = self.chunk.get_or_insert_with(|| {
            Arc::new(SegmentChunk {
                segment: segment.clone(),
                dead: (!dead.is_empty()).then(|| dead.as_slice().into()),
            })
        });
        chunk.clone()
    }
}

pub fn slot_of(slots: &mut [Slot], chunk: ChunkId) -> Option<&mut Slot> {
    slots.iter_mut().find(|slot| slot.segment.number == chunk.0)
}

/// Visits that died in the sources of a merge are dead in the merged segment.
pub fn kill_moved(merged: &mut [Slot], sources: &[Slot], new_places: &[Vec<u32>]) {
    let Some(merged) = merged.first_mut() else {
        return;
    };
    for (source, new_places) in sources.iter().zip(new_places) {
        for (place, new) in new_places.iter().enumerate() {
            if *new != DROPPED && !source.is_alive(place) {
                merged.kill(*new as usize);
            }
        }
    }
}
