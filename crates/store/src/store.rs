use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard};

use catalog::columns::{TableId, visit};
use model::{Texts, Timestamp};
use query::{Chunk, ChunkId, FilterCache, MemoryChunk, View, VisitRows};

use crate::cache::ColumnCache;
use crate::compact::{Compacted, Compaction, Part, Size, choose};
use crate::dictionary;
use crate::disk::Disk;
use crate::error::StoreError;
use crate::hot::HotVisits;
use crate::manifest::{Failed, Manifest};
use crate::note;
use crate::open_visits;
use crate::segment::{Description, Rows, Segment, folder_name, write_segment};
use crate::slot::{Slot, kill_moved, slot_of};

pub(crate) const TEXTS: &str = "texts.dictionary";
pub(crate) const ACTIONS: &str = "actions.dictionary";
/// Files of changes from where on the open visits are written whole again.
const MAX_OPEN_FILES: usize = 20;

#[derive(Clone, Debug)]
pub struct Options {
    /// Decoded columns kept in memory.
    pub cache_bytes: usize,
    /// Selections of filters kept in memory.
    pub filter_bytes: usize,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            cache_bytes: 96 << 20,
            filter_bytes: 16 << 20,
        }
    }
}

/// Sealed segments, the dictionaries, and what a restart needs of the open visits.
///
/// One thread changes the store; any number take views. Everything that [`Store::commit`] is given
/// becomes lasting together.
pub struct Store {
    disk: Disk,
    texts: Arc<Texts>,
    actions: Arc<Texts>,
    cache: Arc<ColumnCache>,
    filters: Arc<FilterCache>,
    /// Held while files are written; taken before `slots`.
    writer: Mutex<Writer>,
    /// What views are made of; never held while files are written.
    pub(crate) slots: Mutex<Vec<Slot>>,
}

struct Writer {
    /// As it is on the disk.
    manifest: Manifest,
    /// As of the manifest.
    note: Box<[u8]>,
    stopped: bool,
}

/// A segment on the disk that no manifest names yet; dropping it loses nothing but the work.
pub struct NewSegment {
    written: (Description, u32),
    /// By place.
    visits: Vec<Arc<VisitRows>>,
}

/// Numbers that go on where they were after a restart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counters {
    /// The last journal record whose effects are all in the store.
    pub applied: u64,
    pub next_visit: i64,
    pub next_action: i64,
}

/// A sealed visit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SealedVisit {
    pub chunk: ChunkId,
    pub place: u32,
    pub last_time: Timestamp,
    pub id: i64,
}

/// What there is, for operators.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    pub segments: usize,
    pub visits: usize,
    pub dead_visits: usize,
    pub actions: usize,
    /// Segments and dictionaries on disk.
    pub bytes: u64,
    pub cached_bytes: usize,
}

impl Store {
    /// Opens a folder, which is made where there is none, and the visits that were open at the last
    /// commit. What a crash left behind is removed.
    pub fn open(folder: &Path, options: &Options) -> Result<(Store, HotVisits), StoreError> {
        Store::open_disk(Disk::new(folder), options)
    }

    #[doc(hidden)]
    pub fn open_disk(disk: Disk, options: &Options) -> Result<(Store, HotVisits), StoreError> {
        let manifest = match Manifest::load(&disk)? {
            Some(manifest) => manifest,
            None => new_store(&disk)?,
        };
        let cache = Arc::new(ColumnCache::new(options.cache_bytes));
        let (texts, actions) = std::thread::scope(|scope| {
            let texts = scope.spawn(|| dictionary::load(&disk, TEXTS, manifest.texts));
            let actions = dictionary::load(&disk, ACTIONS, manifest.actions);
            let texts = texts
                .join()
                .unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            (texts, actions)
        });
        let mut slots = Vec::with_capacity(manifest.segments.len());
        for entry in &manifest.segments {
            slots.push(Slot::open(&disk, entry, &cache)?);
        }
        let hot = HotVisits::restored(open_visits::load(&disk, &manifest.open)?);
        let note = note::load(&disk, manifest.note.as_ref())?;
        remove_orphans(&disk, &manifest)?;
        let store = Store {
            disk,
            texts: Arc::new(texts?),
            actions: Arc::new(actions?),
            cache,
            filters: Arc::new(FilterCache::new(options.filter_bytes)),
            writer: Mutex::new(Writer {
                manifest,
                note,
                stopped: false,
            }),
            slots: Mutex::new(slots),
        };
        Ok((store, hot))
    }

    /// Plain texts: browsers, cities, referrers, user ids …
    pub fn texts(&self) -> &Arc<Texts> {
        &self.texts
    }

    /// Pages, titles, events, products …
    pub fn actions(&self) -> &Arc<Texts> {
        &self.actions
    }

    /// As of the last commit.
    pub fn counters(&self) -> Counters {
        let writer = lock(&self.writer);
        Counters {
            applied: writer.manifest.applied,
            next_visit: writer.manifest.next_visit,
            next_action: writer.manifest.next_action,
        }
    }

    /// The data of this moment: the sealed visits, and the open ones as chunks.
    pub fn view(&self, hot: Vec<Arc<dyn Chunk>>) -> View {
        let mut slots = lock(&self.slots);
        let sealed = slots
            .iter_mut()
            .map(|slot| -> Arc<dyn Chunk> { slot.chunk() });
        View {
            chunks: sealed.chain(hot).collect(),
            texts: self.texts.clone(),
            actions: self.actions.clone(),
            filters: self.filters.clone(),
        }
    }

    /// Writes visits as a new segment that nothing refers to yet: the long part of sealing, which may
    /// run beside tracking and questions. No visits make no segment.
    pub fn write(&self, visits: Vec<Arc<VisitRows>>) -> Result<Option<NewSegment>, StoreError> {
        if visits.is_empty() {
            return Ok(None);
        }
        let number = {
            let mut writer = lock(&self.writer);
            writer.check()?;
            writer.take_number()
        };
        let rows = Sealing(MemoryChunk::new(ChunkId(number), visits));
        let written = match write_segment(&self.disk, number, &rows) {
            Ok(written) => written,
            Err(error) => {
                self.disk.remove(&folder_name(number));
                return Err(error);
            }
        };
        Ok(Some(NewSegment {
            written,
            visits: rows.0.visits().to_vec(),
        }))
    }

    /// Makes everything lasting: the dictionaries, the open visits that changed, the visits of a new
    /// segment (which are not open any more, unless they changed since they were written), visits that
    /// died, the counters and the note. After an error the store is as before, unless it says that it stopped.
    pub fn commit(
        &self,
        hot: &mut HotVisits,
        new: Option<NewSegment>,
        counters: Counters,
        note: &[u8],
    ) -> Result<(), StoreError> {
        let mut writer = lock(&self.writer);
        writer.check()?;
        let (slot, sealed) = match new {
            Some(new) => {
                let (slot, sealed) = self.sealed(hot, new)?;
                (Some(slot), sealed)
            }
            None => (None, Vec::new()),
        };
        let mut next = self.next_manifest(&writer, hot, &sealed, counters, note)?;
        if let Some(slot) = &slot {
            next.segments.push(slot.entry());
        }
        writer.replace(&self.disk, next, note)?;
        lock(&self.slots).extend(slot);
        hot.committed(&sealed);
        Ok(())
    }

    /// The manifest of this moment: dead visits and the open ones that replace them, all or none. What it
    /// names is on the disk, but for `segments` that the caller adds.
    fn next_manifest(
        &self,
        writer: &Writer,
        hot: &HotVisits,
        sealed: &[i64],
        counters: Counters,
        note: &[u8],
    ) -> Result<Manifest, StoreError> {
        let mut next = writer.manifest.clone();
        next.segments = lock(&self.slots).iter().map(Slot::entry).collect();
        next.applied = counters.applied;
        next.next_visit = counters.next_visit;
        next.next_action = counters.next_action;
        next.texts = dictionary::append(&self.disk, TEXTS, &self.texts, next.texts)?;
        next.actions = dictionary::append(&self.disk, ACTIONS, &self.actions, next.actions)?;
        if *note != *writer.note {
            next.note = Some(note::write(&self.disk, next.next_note, note)?);
            next.next_note += 1;
        }
        self.write_open(hot, sealed, &mut next)?;
        Ok(next)
    }

    /// What the owner kept beside the visits at the last commit.
    pub fn note(&self) -> Box<[u8]> {
        lock(&self.writer).note.clone()
    }

    /// Forgets everything, for good; numbers of segments are not given again. The store is of no use
    /// afterwards: open the folder again.
    pub fn clear(&self, applied: u64) -> Result<(), StoreError> {
        let mut writer = lock(&self.writer);
        writer.check()?;
        let next = Manifest {
            applied,
            next_segment: writer.manifest.next_segment,
            next_open: writer.manifest.next_open,
            next_note: writer.manifest.next_note,
            ..Manifest::default()
        };
        writer.replace(&self.disk, next, &[])?;
        writer.stopped = true;
        Ok(())
    }

    /// The slot of a new segment, and the visits that are still as they were written; the others stay
    /// open and are dead in the segment.
    fn sealed(&self, hot: &HotVisits, new: NewSegment) -> Result<(Slot, Vec<i64>), StoreError> {
        let mut slot = Slot::new(&self.disk, new.written, &self.cache)?;
        let mut sealed = Vec::with_capacity(new.visits.len());
        for (place, written) in new.visits.iter().enumerate() {
            let id = written.visit[visit::ID];
            if hot.get(id).is_some_and(|open| Arc::ptr_eq(open, written)) {
                sealed.push(id);
            } else {
                slot.kill(place);
            }
        }
        Ok((slot, sealed))
    }

    fn write_open(
        &self,
        hot: &HotVisits,
        seal: &[i64],
        next: &mut Manifest,
    ) -> Result<(), StoreError> {
        let sealed: ahash::AHashSet<i64> = seal.iter().copied().collect();
        let stays = |rows: &&Arc<VisitRows>| !sealed.contains(&rows.visit[visit::ID]);
        let nothing = hot.changed().next().is_none() && hot.removed().next().is_none();
        if nothing && sealed.is_empty() {
            return Ok(());
        }
        let number = next.next_open;
        next.next_open += 1;
        let whole_bytes = next.open.first().map_or(0, |file| file.written.bytes);
        let all_bytes: u64 = next.open.iter().map(|file| file.written.bytes).sum();
        let many = next.open.len() >= MAX_OPEN_FILES || all_bytes > 3 * whole_bytes + (1 << 20);
        if next.open.is_empty() || many {
            let visits = hot.iter().filter(stays);
            next.open = vec![open_visits::write(
                &self.disk,
                number,
                visits,
                std::iter::empty(),
            )?];
        } else {
            let visits = hot.changed().filter(stays);
            let gone = hot.removed().chain(seal.iter().copied());
            let file = open_visits::write(&self.disk, number, visits, gone)?;
            next.open.push(file);
        }
        Ok(())
    }

    /// Marks sealed visits as replaced or erased: from now on no view has them. Lasting with the next
    /// commit.
    pub fn mark_dead(&self, visits: &[(ChunkId, u32)]) {
        let mut slots = lock(&self.slots);
        for (chunk, place) in visits {
            if let Some(slot) = slot_of(&mut slots, *chunk) {
                slot.kill(*place as usize);
            }
        }
    }

    /// The next merge worth doing, or none. Its work may run beside anything.
    pub fn plan_compaction(&self) -> Result<Option<Compaction>, StoreError> {
        self.plan(|slots| {
            let sizes: Vec<Size> = slots.iter().map(Slot::size).collect();
            choose(&sizes)
        })
    }

    /// The next segment with a dead visit, to be written anew without it: after an erasure this is
    /// called until nothing is left to do.
    pub fn plan_erasure(&self) -> Result<Option<Compaction>, StoreError> {
        self.plan(|slots| {
            let at = slots.iter().position(|slot| slot.size().dead > 0)?;
            Some(at..at + 1)
        })
    }

    fn plan(
        &self,
        choose: impl Fn(&[Slot]) -> Option<std::ops::Range<usize>>,
    ) -> Result<Option<Compaction>, StoreError> {
        let mut writer = lock(&self.writer);
        writer.check()?;
        let slots = lock(&self.slots);
        let Some(range) = choose(&slots) else {
            return Ok(None);
        };
        // The number is spent even if the work is never committed; what it wrote is removed at the
        // next start.
        let number = writer.take_number();
        let sources = slots[range].iter().map(|slot| Part {
            segment: slot.segment.clone(),
            dead: slot.dead.clone(),
        });
        Ok(Some(Compaction {
            disk: self.disk.clone(),
            number,
            sources: sources.collect(),
        }))
    }

    /// Replaces the sources by the merged segment, and makes all else lasting as [`Store::commit`] does:
    /// the merged segment lacks visits that were opened again, so these must be on the disk with it. Visits
    /// that died meanwhile are dead in it too. Must not come between a look-up and the use of the visit it
    /// found.
    pub fn commit_compaction(
        &self,
        hot: &mut HotVisits,
        compacted: Compacted,
        counters: Counters,
        note: &[u8],
    ) -> Result<(), StoreError> {
        let mut writer = lock(&self.writer);
        writer.check()?;
        let first = compacted.sources.first().map(|part| part.segment.number);
        let count = compacted.sources.len();
        let mut merged: Vec<Slot> = match compacted.merged {
            Some(written) => vec![Slot::new(&self.disk, written, &self.cache)?],
            None => Vec::new(),
        };
        let start = {
            let slots = lock(&self.slots);
            let numbers = slots.iter().map(|slot| Some(slot.segment.number));
            let Some(start) = numbers.into_iter().position(|number| number == first) else {
                return Ok(());
            };
            if start + count > slots.len() {
                return Ok(());
            }
            kill_moved(&mut merged, &slots[start..], &compacted.new_places);
            start
        };
        let mut next = self.next_manifest(&writer, hot, &[], counters, note)?;
        let entries = merged.iter().map(Slot::entry);
        next.segments.splice(start..start + count, entries);
        writer.replace(&self.disk, next, note)?;
        for old in lock(&self.slots).splice(start..start + count, merged) {
            old.segment.retire();
        }
        hot.committed(&[]);
        Ok(())
    }

    /// Compares everything on the disk with its checksums; the errors name the files.
    pub fn verify(&self) -> Vec<StoreError> {
        let manifest = lock(&self.writer).manifest.clone();
        let segments = self.segments();
        let mut errors = Vec::new();
        errors.extend(Manifest::load(&self.disk).err());
        errors.extend(dictionary::load(&self.disk, TEXTS, manifest.texts).err());
        errors.extend(dictionary::load(&self.disk, ACTIONS, manifest.actions).err());
        errors.extend(open_visits::load(&self.disk, &manifest.open).err());
        errors.extend(note::load(&self.disk, manifest.note.as_ref()).err());
        errors.extend(segments.iter().filter_map(|segment| segment.verify().err()));
        errors
    }

    pub fn totals(&self) -> Totals {
        let dictionaries = {
            let writer = lock(&self.writer);
            writer.manifest.texts.bytes + writer.manifest.actions.bytes
        };
        let slots = lock(&self.slots);
        let mut totals = Totals {
            segments: slots.len(),
            bytes: dictionaries,
            cached_bytes: self.cache.size_bytes(),
            ..Totals::default()
        };
        for slot in slots.iter() {
            let size = slot.size();
            totals.visits += size.visits;
            totals.dead_visits += size.dead;
            totals.actions += size.actions;
            totals.bytes += slot.segment.size_bytes();
        }
        totals
    }

    /// The segments, oldest first.
    pub fn segments(&self) -> Vec<Arc<Segment>> {
        let slots = lock(&self.slots);
        slots.iter().map(|slot| slot.segment.clone()).collect()
    }
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex
        .lock()
        .unwrap_or_else(|poisoned| poisoned.into_inner())
}

/// The first manifest comes before the first segment, so segments without one are a loss to be told.
fn new_store(disk: &Disk) -> Result<Manifest, StoreError> {
    if !disk.names("segments")?.is_empty() {
        let path = disk.path("manifest.json");
        return Err(StoreError::corrupt(
            &path,
            "it is missing, but there are segments",
        ));
    }
    for folder in ["", "segments", "open", "notes"] {
        disk.create_folder(folder)?;
    }
    let manifest = Manifest::default();
    match manifest.store(disk) {
        Ok(()) => Ok(manifest),
        Err(failed) => Err(failed.into_error()),
    }
}

/// Removes what a crash left behind.
fn remove_orphans(disk: &Disk, manifest: &Manifest) -> Result<(), StoreError> {
    let segments = manifest.segments.iter();
    let mut known: Vec<String> = segments.map(|entry| folder_name(entry.number)).collect();
    let open = manifest.open.iter();
    known.extend(open.map(|file| open_visits::file_name(file.number)));
    known.extend(
        manifest
            .note
            .iter()
            .map(|note| note::file_name(note.number)),
    );
    for folder in ["segments", "open", "notes"] {
        for name in disk.names(folder)? {
            let name = format!("{folder}/{name}");
            if !known.contains(&name) {
                disk.remove(&name);
            }
        }
    }
    Ok(())
}

impl Writer {
    fn check(&self) -> Result<(), StoreError> {
        match self.stopped {
            true => Err(StoreError::Stopped),
            false => Ok(()),
        }
    }

    /// A number for a segment. It is spent even if the segment never counts.
    fn take_number(&mut self) -> u64 {
        self.manifest.next_segment += 1;
        self.manifest.next_segment - 1
    }

    /// Puts a new manifest in place; files that it names no more go.
    fn replace(&mut self, disk: &Disk, next: Manifest, note: &[u8]) -> Result<(), StoreError> {
        match next.store(disk) {
            Ok(()) => {}
            Err(Failed::Before(error)) => return Err(error),
            Err(Failed::Unknown(error)) => {
                self.stopped = true;
                return Err(error);
            }
        }
        for old in &self.manifest.open {
            if !next.open.contains(old) {
                disk.remove(&open_visits::file_name(old.number));
            }
        }
        if let Some(old) = &self.manifest.note
            && next.note.as_ref() != Some(old)
        {
            disk.remove(&note::file_name(old.number));
        }
        self.manifest = next;
        if *note != *self.note {
            self.note = note.into();
        }
        Ok(())
    }
}

/// Open visits about to be sealed.
struct Sealing(MemoryChunk);

impl Rows for Sealing {
    fn rows(&self, table: TableId) -> usize {
        self.0.rows(table)
    }

    fn bounds(&self, table: TableId, column: usize) -> (i64, i64) {
        self.0.bounds(table, column).unwrap_or_default()
    }

    fn column(&self, table: TableId, column: usize) -> Result<Vec<i64>, StoreError> {
        let mut values = Vec::new();
        let rows = 0..self.0.rows(table);
        self.0.column(table, column)?.read(rows, &mut values);
        Ok(values)
    }

    fn counts(&self, table: TableId) -> Result<Vec<i64>, StoreError> {
        let visits = self.0.visits().iter();
        Ok(visits.map(|rows| rows.finer(table).len() as i64).collect())
    }
}
