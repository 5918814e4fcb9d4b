//! Visits are opened, changed, sealed, opened again, merged and erased; whatever happens to them, the
//! answers are those of the same visits in memory, and a crash at any write loses nothing committed.

#[path = "../../query/tests/world/mod.rs"]
mod world;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use catalog::columns::{TableId, conversion, visit};
use query::{ChunkId, Grouped, Limits, MemoryChunk, View, VisitRows, group, visits};
use store::disk::Disk;
use store::{Compacted, Counters, HotVisits, Options, SealedVisit, Store, StoreError};
use world::{Random, random_list, random_question, random_visits};

/// A folder in memory where the system has one: these tests sync thousands of files.
fn folder() -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    let made = match memory.is_dir() {
        true => tempfile::tempdir_in(memory),
        false => tempfile::tempdir(),
    };
    made.expect("a folder")
}

/// The visits as they should be.
type Truth = BTreeMap<i64, Arc<VisitRows>>;

struct Life {
    store: Store,
    hot: HotVisits,
    truth: Truth,
    next_visit: i64,
    applied: u64,
}

impl Life {
    fn open(disk: Disk) -> Result<Life, StoreError> {
        let (store, hot) = Store::open_disk(disk, &Options::default())?;
        // The same numbers as in the random worlds.
        let (texts, actions) = world::dictionaries();
        for number in 1..=texts.len() as i64 {
            store.texts().intern(0, texts.text(number), -1);
        }
        for number in 1..=actions.len() as i64 {
            if let Some(entry) = actions.get(number) {
                store
                    .actions()
                    .intern(entry.kind, &entry.text, entry.prefix);
            }
        }
        let counters = store.counters();
        let note = store.note();
        if !note.is_empty() {
            assert_eq!(
                *note,
                counters.applied.to_le_bytes(),
                "the note is that of the commit"
            );
        }
        let truth = all_visits(&store, &hot);
        Ok(Life {
            store,
            hot,
            truth,
            next_visit: counters.next_visit,
            applied: counters.applied,
        })
    }

    /// New visits, some of them changed again.
    fn grow(&mut self, random: &mut Random, count: usize) {
        let visits = random_visits(random, self.next_visit, count);
        self.next_visit += count as i64;
        for rows in visits {
            self.put(rows);
        }
    }

    fn put(&mut self, rows: Arc<VisitRows>) {
        self.truth.insert(rows.visit[visit::ID], rows.clone());
        self.hot.put(rows);
    }

    /// Reads some sealed visits back and changes them.
    fn reopen(&mut self, random: &mut Random, count: usize) -> Result<(), StoreError> {
        for _ in 0..count {
            let Some(found) = self.some_sealed(random)? else {
                return Ok(());
            };
            let Some(mut rows) = self.store.reopen(found.chunk, found.place)? else {
                panic!("a visit that was found is gone");
            };
            let count = &mut rows.visit[visit::TOTAL_ACTIONS];
            *count = count.wrapping_add(1);
            rows.actions.truncate(3);
            self.put(Arc::new(rows));
        }
        Ok(())
    }

    fn erase(&mut self, random: &mut Random) -> Result<(), StoreError> {
        if let Some(found) = self.some_sealed(random)? {
            self.store.mark_dead(&[(found.chunk, found.place)]);
            self.truth.remove(&found.id);
        }
        Ok(())
    }

    fn some_sealed(&self, random: &mut Random) -> Result<Option<SealedVisit>, StoreError> {
        let ids: Vec<i64> = self.truth.keys().copied().collect();
        let sealed: Vec<i64> = ids
            .into_iter()
            .filter(|id| self.hot.get(*id).is_none())
            .collect();
        if sealed.is_empty() {
            return Ok(None);
        }
        let row = &self.truth[&sealed[random.below(sealed.len())]].visit;
        let (site, visitor) = (row[visit::SITE] as u32, row[visit::VISITOR]);
        self.store.last_visit_by_visitor(site, visitor, i64::MAX)
    }

    fn commit(&mut self, random: &mut Random) -> Result<(), StoreError> {
        let ids = self.hot.iter().map(|rows| rows.visit[visit::ID]);
        let seal: Vec<i64> = ids.filter(|_| random.one_in(2)).collect();
        self.applied += 10;
        let counters = Counters {
            applied: self.applied,
            next_visit: self.next_visit,
            next_action: 1,
        };
        let visits = seal.iter().filter_map(|id| self.hot.get(*id).cloned());
        let new = self.store.write(visits.collect())?;
        // Some visits go on while they are written.
        for id in seal.into_iter().filter(|id| id % 7 == 0) {
            if let Some(rows) = self.hot.get(id).map(|rows| VisitRows::clone(rows)) {
                self.hot.put(Arc::new(rows));
            }
        }
        let note = self.applied.to_le_bytes();
        self.store.commit(&mut self.hot, new, counters, &note)
    }

    /// How many merges there were.
    fn compact(&mut self) -> Result<usize, StoreError> {
        let mut merges = 0;
        while let Some(work) = self.store.plan_compaction()? {
            self.commit_compaction(work.run()?)?;
            merges += 1;
        }
        Ok(merges)
    }

    fn commit_compaction(&mut self, compacted: Compacted) -> Result<(), StoreError> {
        self.applied += 1;
        let counters = Counters {
            applied: self.applied,
            next_visit: self.next_visit,
            next_action: 1,
        };
        let note = self.applied.to_le_bytes();
        let hot = &mut self.hot;
        self.store
            .commit_compaction(hot, compacted, counters, &note)
    }

    fn view(&mut self) -> View {
        self.store.view(self.hot.chunks())
    }
}

fn all_visits(store: &Store, hot: &HotVisits) -> Truth {
    let mut all = Truth::new();
    for chunk in store.view(Vec::new()).chunks {
        let dead = chunk.dead();
        for place in 0..chunk.rows(TableId::Visits) {
            let is_dead = |dead: &Arc<[u64]>| dead[place / 64] >> (place % 64) & 1 == 1;
            if !dead.as_ref().is_some_and(is_dead) {
                let rows = chunk.visit_rows(place).expect("a visit");
                let before = all.insert(rows.visit[visit::ID], Arc::new(rows));
                assert!(before.is_none(), "a visit lives twice");
            }
        }
    }
    for rows in hot.iter() {
        let before = all.insert(rows.visit[visit::ID], rows.clone());
        assert!(before.is_none(), "a visit is open and sealed");
    }
    all
}

fn by_key(grouped: &Grouped) -> BTreeMap<Vec<i64>, Vec<f64>> {
    (0..grouped.len())
        .map(|at| (grouped.key(at).to_vec(), grouped.values(at).to_vec()))
        .collect()
}

fn check(life: &mut Life, random: &mut Random, context: &str) {
    assert_eq!(all_visits(&life.store, &life.hot), life.truth, "{context}");
    let view = life.view();
    let truth = MemoryChunk::new(ChunkId(0), life.truth.values().cloned().collect());
    let truth = View::new(
        vec![Arc::new(truth)],
        view.texts.clone(),
        view.actions.clone(),
    );
    let limits = Limits::default();
    for _ in 0..12 {
        let question = random_question(random);
        let stored = by_key(&group(&view, &question, &limits).expect("an answer"));
        let expected = by_key(&group(&truth, &question, &limits).expect("an answer"));
        // The very same bits: sums do not depend on the order of rows.
        let text = |grouped: &BTreeMap<Vec<i64>, Vec<f64>>| format!("{grouped:?}");
        assert_eq!(text(&stored), text(&expected), "{context}: {question:#?}");
    }
    for _ in 0..4 {
        let list = random_list(random);
        let stored = visits(&view, &list, &limits).expect("visits");
        let expected = visits(&truth, &list, &limits).expect("visits");
        assert_eq!(stored, expected, "{context}: {list:#?}");
    }
    check_lookups(life, random, context);
}

fn check_lookups(life: &Life, random: &mut Random, context: &str) {
    let sealed = || {
        let all = life.truth.values();
        all.filter(|rows| life.hot.get(rows.visit[visit::ID]).is_none())
    };
    for _ in 0..10 {
        let site = 1 + random.below(4) as i64;
        let visitor = random.below(8) as i64 - 4;
        let until = 1_774_699_200 + random.below(400_000) as i64;
        let expected = sealed()
            .filter(|rows| {
                let row = &rows.visit;
                (row[visit::SITE], row[visit::VISITOR]) == (site, visitor)
                    && row[visit::LAST_TIME] <= until
            })
            .map(|rows| (rows.visit[visit::LAST_TIME], rows.visit[visit::ID]))
            .max();
        let found = life
            .store
            .last_visit_by_visitor(site as u32, visitor, until)
            .expect("a look-up");
        let found = found.map(|found| (found.last_time, found.id));
        assert_eq!(found, expected, "{context}: {site} {visitor} {until}");
        let order = random.below(9) as i64;
        let has = |rows: &&Arc<VisitRows>| {
            rows.visit[visit::SITE] == site
                && rows
                    .conversions
                    .iter()
                    .any(|row| row[conversion::ORDER] == order)
        };
        let expected = order != 0 && sealed().any(|rows| has(&rows));
        let found = life.store.has_order(site as u32, order).expect("a look-up");
        assert_eq!(found, expected, "{context}: order {order}");
    }
}

fn step(life: &mut Life, random: &mut Random) -> Result<(), StoreError> {
    let count = random.below(60);
    life.grow(random, count);
    life.reopen(random, 2)?;
    if random.one_in(3) {
        life.erase(random)?;
    }
    life.commit(random)?;
    if random.one_in(2) {
        life.compact()?;
    }
    Ok(())
}

#[test]
fn sealing_changes_no_answer() {
    for seed in 0..6 {
        let folder = folder();
        let mut random = Random::new(seed);
        let mut life = Life::open(Disk::new(folder.path())).expect("a store");
        for round in 0..14 {
            step(&mut life, &mut random).expect("a step");
            check(
                &mut life,
                &mut random,
                &format!("seed {seed} round {round}"),
            );
            if random.one_in(4) {
                let truth = std::mem::take(&mut life.truth);
                drop(life);
                life = Life::open(Disk::new(folder.path())).expect("a store");
                assert_eq!(life.truth, truth, "seed {seed} after a restart");
                check(&mut life, &mut random, &format!("seed {seed} restarted"));
            }
        }
        assert_eq!(life.store.verify().len(), 0);
        assert!(life.store.totals().segments > 0);
    }
}

#[test]
fn erased_visits_leave_no_bytes() {
    let folder = folder();
    let mut random = Random::new(77);
    let mut life = Life::open(Disk::new(folder.path())).expect("a store");
    for _ in 0..4 {
        step(&mut life, &mut random).expect("a step");
    }
    for _ in 0..10 {
        life.erase(&mut random).expect("erased");
    }
    assert!(life.store.totals().dead_visits > 0);
    while let Some(work) = life.store.plan_erasure().expect("planned") {
        life.commit_compaction(work.run().expect("written"))
            .expect("committed");
    }
    assert_eq!(life.store.totals().dead_visits, 0);
    check(&mut life, &mut random, "after an erasure");
    let folders = std::fs::read_dir(folder.path().join("segments")).expect("a folder");
    assert_eq!(
        folders.count(),
        life.store.totals().segments,
        "old folders are gone"
    );
}

#[test]
fn visits_that_die_while_segments_are_merged_are_dead_afterwards() {
    let folder = folder();
    let mut random = Random::new(8);
    let mut life = Life::open(Disk::new(folder.path())).expect("a store");
    let mut merges = 0;
    for _ in 0..20 {
        life.grow(&mut random, 30);
        life.commit(&mut random).expect("committed");
        if let Some(work) = life.store.plan_compaction().expect("planned") {
            let view_before = life.view();
            let truth_before = life.truth.clone();
            let compacted = work.run().expect("written");
            life.reopen(&mut random, 5).expect("reopened");
            life.erase(&mut random).expect("erased");
            life.commit(&mut random).expect("committed");
            life.commit_compaction(compacted).expect("committed");
            merges += 1;
            check(&mut life, &mut random, "after a merge");
            // An older view still reads the files it began with.
            let question = world::question_by_visit();
            let old = group(&view_before, &question, &Limits::default()).expect("an answer");
            let robots = |rows: &&Arc<VisitRows>| rows.visit[visit::ROBOT] == 0;
            assert_eq!(old.len(), truth_before.values().filter(robots).count());
        }
    }
    assert!(merges > 1, "{merges}");
}

/// Runs steps until the disk fails; returns the truth of the last commit and of the one in flight.
fn live_until_failure(folder: &Path, changes: i64) -> (Truth, Truth, bool) {
    let mut random = Random::new(99);
    let disk = Disk::failing_after(folder, changes);
    let Ok(mut life) = Life::open(disk) else {
        return (Truth::new(), Truth::new(), false);
    };
    let mut committed = life.truth.clone();
    for _ in 0..5 {
        let applied = life.applied;
        let count = random.below(40);
        life.grow(&mut random, count);
        if life.reopen(&mut random, 2).is_err() {
            panic!("reading does not write");
        }
        let grown = life.truth.clone();
        if life.commit(&mut random).is_err() {
            // In memory nothing is lost, and nothing pretends to be committed.
            assert_eq!(all_visits(&life.store, &life.hot), grown, "{changes}");
            assert_eq!(life.store.counters().applied, applied);
            return (committed, grown, false);
        }
        // A merge drops the old rows of visits that are open again: their new ones must come with it.
        if life.reopen(&mut random, 2).is_err() {
            panic!("reading does not write");
        }
        let reopened = life.truth.clone();
        committed = match life.compact() {
            Ok(0) => grown,
            Ok(_) => reopened,
            Err(_) => {
                assert_eq!(all_visits(&life.store, &life.hot), reopened, "{changes}");
                return (grown, reopened, false);
            }
        };
    }
    (committed.clone(), committed, true)
}

#[test]
fn a_crash_at_any_write_loses_nothing_committed() {
    let mut changes = 0;
    loop {
        let folder = folder();
        let (before, after, finished) = live_until_failure(folder.path(), changes);
        let life = Life::open(Disk::new(folder.path())).expect("a store after a crash");
        assert!(
            life.truth == before || life.truth == after,
            "change {changes}: {} visits, expected {} or {}",
            life.truth.len(),
            before.len(),
            after.len()
        );
        assert_eq!(life.store.verify().len(), 0, "change {changes}");
        if finished {
            break;
        }
        // Close together at first, then a sample.
        assert!(changes < 10_000, "the scenario never ends");
        changes += if changes < 60 { 1 } else { 17 };
    }
    assert!(changes > 100, "the scenario makes {changes} changes only");
}

#[test]
fn damaged_files_are_found_and_never_answered_from() {
    let folder = folder();
    let mut random = Random::new(3);
    let mut life = Life::open(Disk::new(folder.path())).expect("a store");
    for _ in 0..3 {
        step(&mut life, &mut random).expect("a step");
    }
    let truth = life.truth.clone();
    drop(life);
    let mut files = Vec::new();
    for segment in std::fs::read_dir(folder.path().join("segments")).expect("a folder") {
        let segment = segment.expect("a folder").path();
        for file in std::fs::read_dir(segment).expect("a folder") {
            files.push(file.expect("a file").path());
        }
    }
    assert!(files.len() > 5);
    let mut damaged = 0;
    for file in files {
        let right = std::fs::read(&file).expect("read");
        for _ in 0..10 {
            let mut wrong = right.clone();
            let at = random.below(wrong.len());
            wrong[at] ^= 1 << random.below(8);
            std::fs::write(&file, &wrong).expect("written");
            damaged += 1;
            let Ok((store, hot)) = Store::open(folder.path(), &Options::default()) else {
                continue;
            };
            assert_eq!(store.verify().len(), 1, "{} at {at}", file.display());
            // Rows that can be read are right.
            for chunk in store.view(Vec::new()).chunks {
                for place in 0..chunk.rows(TableId::Visits) {
                    if let Ok(rows) = chunk.visit_rows(place) {
                        let id = rows.visit[visit::ID];
                        let known = truth.get(&id).filter(|_| hot.get(id).is_none());
                        if let Some(known) = known {
                            let version = rows.visit[visit::TOTAL_ACTIONS];
                            let same = version == known.visit[visit::TOTAL_ACTIONS];
                            assert!(!same || rows == **known, "{} at {at}", file.display());
                        }
                    }
                }
            }
        }
        std::fs::write(&file, &right).expect("written");
    }
    assert!(damaged > 50, "{damaged}");
    std::fs::remove_file(folder.path().join("manifest.json")).expect("removed");
    assert!(Store::open(folder.path(), &Options::default()).is_err());
}
