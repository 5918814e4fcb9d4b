//! Several segments become one, without their dead visits.

use std::sync::Arc;

use catalog::columns::{TableId, visit};
use query::Values;

use crate::disk::Disk;
use crate::error::StoreError;
use crate::segment::{Description, FINER, Rows, Segment, folder_name, write_segment};

/// Segments of about the same size are merged when there are so many of them.
const MERGE_AT: usize = 6;
/// The smallest size told apart, in rows of visits and actions.
const SMALLEST_ROWS: usize = 20_000;
/// No segment grows beyond that by merging: it is decoded a column at a time.
const LARGEST_ROWS: usize = 2_000_000;
/// A segment with a larger part of dead visits is written anew by itself.
const DEAD_PART: f64 = 0.2;

/// Work that can be done beside everything else; only [`crate::Store::commit_compaction`] changes the
/// store.
pub struct Compaction {
    pub(crate) disk: Disk,
    pub(crate) number: u64,
    pub(crate) sources: Vec<Part>,
}

/// A source, and its dead visits when the work was planned.
pub(crate) struct Part {
    pub segment: Arc<Segment>,
    pub dead: Vec<u64>,
}

/// A merged segment that nothing refers to yet.
pub struct Compacted {
    pub(crate) sources: Vec<Part>,
    /// None when all visits were dead.
    pub(crate) merged: Option<(Description, u32)>,
    /// For each source the new place of each visit, `DROPPED` for dead ones.
    pub(crate) new_places: Vec<Vec<u32>>,
}

pub(crate) const DROPPED: u32 = u32::MAX;

fn is_dead(dead: &[u64], place: usize) -> bool {
    dead.get(place / 64)
        .is_some_and(|word| word >> (place % 64) & 1 == 1)
}

/// What a segment looks like to the choice of work.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Size {
    pub visits: usize,
    pub actions: usize,
    pub dead: usize,
}

impl Size {
    /// Rows that would be left.
    fn rows(&self) -> usize {
        let rows = self.visits + self.actions;
        let alive = self.visits.saturating_sub(self.dead);
        (rows as f64 * alive as f64 / self.visits.max(1) as f64) as usize
    }

    /// Sizes within a level differ by less than the factor of merging.
    fn level(&self) -> u32 {
        let mut level = 0;
        let mut rows = self.rows() / SMALLEST_ROWS;
        while rows > 0 {
            rows /= MERGE_AT;
            level += 1;
        }
        level
    }
}

/// Which neighbours to merge next: the first run of small segments, or a segment with many dead visits.
pub(crate) fn choose(sizes: &[Size]) -> Option<std::ops::Range<usize>> {
    let mut start = 0;
    while start < sizes.len() {
        let level = sizes[start].level();
        let (mut rows, mut largest, mut same) = (0, 0, 0);
        let mut end = start;
        let mut full = false;
        // Smaller ones in between would never find company.
        while end < sizes.len() && sizes[end].level() <= level {
            let more = sizes[end].rows();
            full = rows + more > LARGEST_ROWS;
            if full {
                break;
            }
            rows += more;
            largest = largest.max(more);
            same += usize::from(sizes[end].level() == level);
            end += 1;
        }
        // Where no more fit, fewer have to do; writing a large one anew for little is waste.
        let worth = full && rows >= LARGEST_ROWS / 2 && largest * 2 <= rows;
        if same >= MERGE_AT || worth {
            return Some(start..end);
        }
        start += 1;
    }
    let many_dead = |size: &Size| size.dead as f64 > size.visits as f64 * DEAD_PART;
    let at = sizes.iter().position(many_dead)?;
    Some(at..at + 1)
}

impl Compaction {
    /// Writes the merged segment.
    pub fn run(self) -> Result<Compacted, StoreError> {
        let (disk, number) = (self.disk.clone(), self.number);
        let compacted = self.merge();
        if compacted.is_err() {
            disk.remove(&folder_name(number));
        }
        compacted
    }

    fn merge(self) -> Result<Compacted, StoreError> {
        let merge = Merge::new(&self.sources)?;
        let merged = match merge.visits.is_empty() {
            true => None,
            false => Some(write_segment(&self.disk, self.number, &merge)?),
        };
        let mut new_places: Vec<Vec<u32>> = self
            .sources
            .iter()
            .map(|part| vec![DROPPED; part.segment.rows(TableId::Visits)])
            .collect();
        for (new, (source, place)) in merge.visits.iter().enumerate() {
            new_places[*source as usize][*place as usize] = new as u32;
        }
        drop(merge);
        Ok(Compacted {
            sources: self.sources,
            merged,
            new_places,
        })
    }
}

/// The rows of several segments in the order of the merged one.
struct Merge<'a> {
    sources: &'a [Part],
    /// Source and place of each visit.
    visits: Vec<(u32, u32)>,
    /// First rows by place, of each finer table and source.
    starts: [Vec<Arc<[u32]>>; 3],
    rows: [usize; 3],
}

impl<'a> Merge<'a> {
    fn new(sources: &'a [Part]) -> Result<Merge<'a>, StoreError> {
        let mut order: Vec<(i64, i64, u32, u32)> = Vec::new();
        for (at, part) in sources.iter().enumerate() {
            let sites = part.segment.column(TableId::Visits, visit::SITE)?;
            let ids = part.segment.column(TableId::Visits, visit::ID)?;
            for place in 0..part.segment.rows(TableId::Visits) {
                if !is_dead(&part.dead, place) {
                    order.push((sites.get(place), ids.get(place), at as u32, place as u32));
                }
            }
        }
        order.sort_unstable();
        let visits: Vec<(u32, u32)> = order
            .into_iter()
            .map(|(_, _, source, place)| (source, place))
            .collect();
        let mut starts = [Vec::new(), Vec::new(), Vec::new()];
        let mut rows = [0; 3];
        for ((table, starts), rows) in FINER.into_iter().zip(&mut starts).zip(&mut rows) {
            for part in sources {
                starts.push(part.segment.visit_starts(table)?);
            }
            let count = |(source, place): &(u32, u32)| {
                let starts: &Arc<[u32]> = &starts[*source as usize];
                (starts[*place as usize + 1] - starts[*place as usize]) as usize
            };
            *rows = visits.iter().map(count).sum();
        }
        Ok(Merge {
            sources,
            visits,
            starts,
            rows,
        })
    }
}

impl Rows for Merge<'_> {
    fn rows(&self, table: TableId) -> usize {
        match FINER.iter().position(|finer| *finer == table) {
            Some(at) => self.rows[at],
            None => self.visits.len(),
        }
    }

    fn bounds(&self, table: TableId, column: usize) -> (i64, i64) {
        let bounds = self.sources.iter();
        let bounds = bounds.filter_map(|part| part.segment.bounds(table, column));
        bounds
            .reduce(|one, other| (one.0.min(other.0), one.1.max(other.1)))
            .unwrap_or_default()
    }

    fn column(&self, table: TableId, column: usize) -> Result<Vec<i64>, StoreError> {
        let columns: Vec<Values> = self
            .sources
            .iter()
            .map(|part| part.segment.column_once(table, column))
            .collect::<Result<_, _>>()?;
        let mut values = Vec::with_capacity(self.rows(table));
        let finer = FINER.iter().position(|finer| *finer == table);
        for (source, place) in &self.visits {
            let (source, place) = (*source as usize, *place as usize);
            match finer {
                None => values.push(columns[source].get(place)),
                Some(at) => {
                    let starts = &self.starts[at][source];
                    let rows = starts[place] as usize..starts[place + 1] as usize;
                    values.extend(rows.map(|row| columns[source].get(row)));
                }
            }
        }
        Ok(values)
    }

    fn counts(&self, table: TableId) -> Result<Vec<i64>, StoreError> {
        let Some(at) = FINER.iter().position(|finer| *finer == table) else {
            return Ok(Vec::new());
        };
        let count = |(source, place): &(u32, u32)| {
            let starts = &self.starts[at][*source as usize];
            i64::from(starts[*place as usize + 1] - starts[*place as usize])
        };
        Ok(self.visits.iter().map(count).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn size(rows: usize) -> Size {
        Size {
            visits: rows / 4,
            actions: rows - rows / 4,
            dead: 0,
        }
    }

    #[test]
    fn small_segments_are_merged_and_large_ones_left() {
        let none: &[usize] = &[];
        for (sizes, chosen) in [
            (none, None),
            (&[1000; 5][..], None),
            (&[1000; 6], Some(0..6)),
            (&[1_900_000, 1000, 1000, 1000, 1000, 1000, 1000], Some(1..7)),
            (&[1_900_000; 8], None),
            (
                &[400_000, 400_000, 400_000, 1000, 400_000, 400_000, 400_000],
                Some(0..5),
            ),
        ] {
            let sizes: Vec<Size> = sizes.iter().map(|rows| size(*rows)).collect();
            assert_eq!(choose(&sizes), chosen, "{sizes:?}");
        }
        let mut sizes = vec![size(1_000_000); 3];
        sizes[1].dead = sizes[1].visits / 4;
        assert_eq!(choose(&sizes), Some(1..2));
    }

    #[test]
    fn merging_goes_on_until_segments_are_few() {
        let mut sizes = Vec::new();
        for _ in 0..1000 {
            sizes.push(size(10_000));
            while let Some(range) = choose(&sizes) {
                let rows = sizes[range.clone()].iter().map(Size::rows).sum();
                assert!(rows <= LARGEST_ROWS);
                sizes.splice(range, [size(rows)]);
            }
        }
        assert!(sizes.len() < 25, "{}", sizes.len());
    }
}
