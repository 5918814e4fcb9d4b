//! A disk in memory that fails as told, crashes, and loses power. Everything random comes from its seed.
//!
//! What it models, each at its most hostile:
//! * **Power cut**: of what was written and not synced, any 512-byte sector may be there, be missing, or be torn; the length
//!   may have grown without content. Names created, renamed or removed since the last directory sync are there or not, each
//!   for itself.
//! * **Failed sync**: nothing more is known of the pages; a later sync of the file succeeds without writing them.
//! * **Crash** (`kill -9`): the process is gone, everything written is there.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::{Disk, DiskFile};

const SECTOR_BYTES: usize = 512;

/// How a call fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The call does nothing and returns this error.
    Error(io::ErrorKind),
    /// A write does half of its work and says so; other calls succeed.
    ShortWrite,
    /// A write does half of its work and returns this error; other calls return it too.
    TornError(io::ErrorKind),
    /// The call is half done, then the machine stops: this and every later call fails until `power_cut` or `crash`.
    Stop,
}

/// The disk. Clones are handles of the same disk.
#[derive(Clone)]
pub struct SimulatedDisk {
    state: Arc<Mutex<State>>,
}

struct State {
    random: Random,
    inodes: BTreeMap<u64, Inode>,
    names: BTreeMap<String, u64>,
    durable_names: BTreeMap<String, u64>,
    next_inode: u64,
    /// Handles of an earlier life are dead.
    life: u64,
    stopped: bool,
    calls: u64,
    faults: Vec<(u64, u64, Fault)>,
    failing_prefixes: Vec<String>,
    capacity_bytes: Option<u64>,
    trace: Vec<String>,
    touched_after_failure: bool,
}

#[derive(Clone, Default)]
struct Inode {
    /// What a reader sees.
    content: Vec<u8>,
    /// What is on the platter for certain.
    durable: Vec<u8>,
    dirty: Vec<Extent>,
    /// A write or sync has failed: nobody may write or sync it again.
    has_failed: bool,
}

#[derive(Clone, Copy)]
struct Extent {
    start: usize,
    end: usize,
    /// A sync of it failed: later syncs skip it.
    is_forgotten: bool,
}

/// SplitMix64: small, seeded, good enough to choose sectors.
#[derive(Clone)]
pub struct Random(u64);

impl Random {
    /// The same seed gives the same numbers.
    pub fn new(seed: u64) -> Random {
        Random(seed)
    }

    /// The next 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }

    /// A number below `limit`; 0 if there is none.
    pub fn below(&mut self, limit: usize) -> usize {
        if limit == 0 {
            0
        } else {
            (self.bits() % limit as u64) as usize
        }
    }

    /// True once in `one_in` times.
    pub fn chance(&mut self, one_in: usize) -> bool {
        self.below(one_in) == 0
    }
}

impl SimulatedDisk {
    /// An empty disk.
    pub fn new(seed: u64) -> SimulatedDisk {
        let state = State {
            random: Random::new(seed),
            inodes: BTreeMap::new(),
            names: BTreeMap::new(),
            durable_names: BTreeMap::new(),
            next_inode: 1,
            life: 0,
            stopped: false,
            calls: 0,
            faults: Vec::new(),
            failing_prefixes: Vec::new(),
            capacity_bytes: None,
            trace: Vec::new(),
            touched_after_failure: false,
        };
        SimulatedDisk {
            state: Arc::new(Mutex::new(state)),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Calls so far; the first has number 0.
    pub fn calls(&self) -> u64 {
        self.lock().calls
    }

    /// Lets `times` calls fail from call `first` on.
    pub fn fail(&self, first: u64, times: u64, fault: Fault) {
        self.lock()
            .faults
            .push((first, first.saturating_add(times), fault));
    }

    /// Lets every call fail whose line in the trace begins like this.
    pub fn fail_all(&self, prefix: &str) {
        self.lock().failing_prefixes.push(prefix.to_owned());
    }

    /// From now on no call fails by plan.
    pub fn heal(&self) {
        let mut state = self.lock();
        state.faults.clear();
        state.failing_prefixes.clear();
    }

    /// How many bytes of files there may be; `None`: any.
    pub fn set_capacity_bytes(&self, capacity_bytes: Option<u64>) {
        self.lock().capacity_bytes = capacity_bytes;
    }

    /// Has the machine stopped?
    pub fn is_stopped(&self) -> bool {
        self.lock().stopped
    }

    /// `kill -9`: the handles die, the page cache lives.
    pub fn crash(&self) {
        let mut state = self.lock();
        state.life += 1;
        state.stopped = false;
        state.trace.push("== crash ==".to_owned());
    }

    /// The machine loses power and starts again.
    pub fn power_cut(&self) {
        let state = &mut *self.lock();
        state.life += 1;
        state.stopped = false;
        state.trace.push("== power cut ==".to_owned());
        state.settle_names();
        let State {
            inodes,
            names,
            random,
            ..
        } = state;
        inodes.retain(|inode, _| names.values().any(|named| named == inode));
        for inode in inodes.values_mut() {
            inode.survive(random);
        }
    }

    /// Names and contents as a reader sees them.
    pub fn files(&self) -> BTreeMap<String, Vec<u8>> {
        let state = self.lock();
        let content = |inode: &u64| {
            state
                .inodes
                .get(inode)
                .map_or_else(Vec::new, |inode| inode.content.clone())
        };
        state
            .names
            .iter()
            .map(|(name, inode)| (name.clone(), content(inode)))
            .collect()
    }

    /// Puts a file there, durably.
    pub fn put(&self, name: &str, content: Vec<u8>) {
        let state = &mut *self.lock();
        let inode = state.next_inode;
        state.next_inode += 1;
        state.inodes.insert(
            inode,
            Inode {
                durable: content.clone(),
                content,
                ..Inode::default()
            },
        );
        state.names.insert(name.to_owned(), inode);
        state.durable_names.insert(name.to_owned(), inode);
    }

    /// Has anybody written or synced a file after a write or sync of it had failed? That would prove nothing about its content.
    pub fn was_touched_after_failure(&self) -> bool {
        self.lock().touched_after_failure
    }

    /// What was asked of the disk, for a failing test's message.
    pub fn trace(&self) -> String {
        self.lock().trace.join("\n")
    }
}

impl State {
    /// Each name that differs between memory and disk ends up as one or the other.
    fn settle_names(&mut self) {
        let mut all: Vec<String> = self
            .names
            .keys()
            .chain(self.durable_names.keys())
            .cloned()
            .collect();
        all.sort();
        all.dedup();
        let mut settled = BTreeMap::new();
        for name in all {
            let choice = if self.random.chance(2) {
                &self.names
            } else {
                &self.durable_names
            };
            if let Some(inode) = choice.get(&name) {
                settled.insert(name, *inode);
            }
        }
        self.names = settled.clone();
        self.durable_names = settled;
    }

    /// Counts a call and says how it fails.
    fn enter(&mut self, what: String) -> io::Result<Option<Fault>> {
        let call = self.calls;
        self.calls += 1;
        if self.stopped {
            return Err(io::Error::other("the machine has stopped"));
        }
        let planned = self
            .faults
            .iter()
            .find(|(first, end, _)| (*first..*end).contains(&call));
        let always = self
            .failing_prefixes
            .iter()
            .find(|prefix| what.starts_with(prefix.as_str()));
        let fault = planned
            .map(|(_, _, fault)| *fault)
            .or(always.map(|_| Fault::Error(io::ErrorKind::Other)));
        self.trace.push(format!(
            "{call}: {what}{}",
            fault.map_or(String::new(), |fault| format!(" → {fault:?}"))
        ));
        match fault {
            Some(Fault::Error(kind)) => Err(kind.into()),
            Some(Fault::Stop) => {
                self.stopped = true;
                Ok(fault)
            }
            other => Ok(other),
        }
    }

    /// For calls that are done or not done.
    fn enter_whole(&mut self, what: String) -> io::Result<Outcome> {
        match self.enter(what)? {
            None | Some(Fault::ShortWrite) => Ok(Outcome::Done),
            Some(Fault::TornError(kind)) => Err(kind.into()),
            Some(Fault::Stop) if self.random.chance(2) => Ok(Outcome::DoneThenStopped),
            Some(_) => Err(io::Error::other("the machine has stopped")),
        }
    }

    fn used_bytes(&self) -> u64 {
        self.names
            .values()
            .filter_map(|inode| self.inodes.get(inode))
            .map(|inode| inode.content.len() as u64)
            .sum()
    }

    fn free_bytes(&self) -> u64 {
        self.capacity_bytes.map_or(1 << 40, |capacity| {
            capacity.saturating_sub(self.used_bytes())
        })
    }

    fn inode(&self, name: &str) -> io::Result<&Inode> {
        let inode = self.names.get(name).ok_or(io::ErrorKind::NotFound)?;
        self.inodes
            .get(inode)
            .ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

/// How a call that is not half done went.
enum Outcome {
    Done,
    /// The work is done, but nobody is left to hear of it.
    DoneThenStopped,
}

impl Outcome {
    fn result(self) -> io::Result<()> {
        match self {
            Outcome::Done => Ok(()),
            Outcome::DoneThenStopped => Err(io::Error::other("the machine has stopped")),
        }
    }
}

impl Inode {
    fn write(&mut self, offset: usize, bytes: &[u8]) {
        let end = offset + bytes.len();
        if self.content.len() < end {
            self.content.resize(end, 0);
        }
        self.content[offset..end].copy_from_slice(bytes);
        self.dirty.push(Extent {
            start: offset,
            end,
            is_forgotten: false,
        });
    }

    fn sync(&mut self) {
        let Inode {
            content,
            durable,
            dirty,
            ..
        } = self;
        dirty.retain(|extent| {
            if !extent.is_forgotten {
                if durable.len() < extent.end {
                    durable.resize(extent.end, 0);
                }
                durable[extent.start..extent.end]
                    .copy_from_slice(&content[extent.start..extent.end]);
            }
            extent.is_forgotten
        });
    }

    fn forget(&mut self) {
        for extent in &mut self.dirty {
            extent.is_forgotten = true;
        }
    }

    /// What a power cut leaves.
    fn survive(&mut self, random: &mut Random) {
        let mut left = self.durable.clone();
        let grown = self.content.len().saturating_sub(left.len());
        if grown > 0 && random.chance(3) {
            left.resize(left.len() + random.below(grown + 1), 0);
        }
        for extent in std::mem::take(&mut self.dirty) {
            let mut start = extent.start;
            while start < extent.end {
                let sector_end = ((start / SECTOR_BYTES + 1) * SECTOR_BYTES).min(extent.end);
                let end = match random.below(5) {
                    0 | 1 => start,
                    2 => start + random.below(sector_end - start),
                    _ => sector_end,
                };
                if end > start {
                    if left.len() < end {
                        left.resize(end, 0);
                    }
                    left[start..end].copy_from_slice(&self.content[start..end]);
                }
                start = sector_end;
            }
        }
        self.content = left.clone();
        self.durable = left;
    }
}

impl Disk for SimulatedDisk {
    fn create(&self, name: &str) -> io::Result<Box<dyn DiskFile>> {
        let state = &mut *self.lock();
        let outcome = state.enter_whole(format!("create {name}"))?;
        if state.names.contains_key(name) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        let inode = state.next_inode;
        state.next_inode += 1;
        state.inodes.insert(inode, Inode::default());
        state.names.insert(name.to_owned(), inode);
        outcome.result()?;
        Ok(Box::new(SimulatedFile {
            disk: self.clone(),
            inode,
            life: state.life,
        }))
    }

    fn read(&self, name: &str, offset_bytes: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let state = &mut *self.lock();
        state
            .enter_whole(format!("read {name} at {offset_bytes}"))?
            .result()?;
        let content = &state.inode(name)?.content;
        let start = (offset_bytes as usize).min(content.len());
        let count = buffer.len().min(content.len() - start);
        buffer[..count].copy_from_slice(&content[start..start + count]);
        Ok(count)
    }

    fn length_bytes(&self, name: &str) -> io::Result<u64> {
        let state = &mut *self.lock();
        state.enter_whole(format!("length {name}"))?.result()?;
        Ok(state.inode(name)?.content.len() as u64)
    }

    fn list(&self) -> io::Result<Vec<String>> {
        let state = &mut *self.lock();
        state.enter_whole("list".to_owned())?.result()?;
        Ok(state.names.keys().cloned().collect())
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        let state = &mut *self.lock();
        let outcome = state.enter_whole(format!("remove {name}"))?;
        state.names.remove(name).ok_or(io::ErrorKind::NotFound)?;
        outcome.result()
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let state = &mut *self.lock();
        let outcome = state.enter_whole(format!("rename {from} {to}"))?;
        let inode = state.names.remove(from).ok_or(io::ErrorKind::NotFound)?;
        state.names.insert(to.to_owned(), inode);
        outcome.result()
    }

    fn sync_directory(&self) -> io::Result<()> {
        let state = &mut *self.lock();
        let outcome = state.enter_whole("sync directory".to_owned())?;
        state.durable_names = state.names.clone();
        outcome.result()
    }

    fn free_space_bytes(&self) -> io::Result<u64> {
        let state = &mut *self.lock();
        state.enter_whole("free space".to_owned())?.result()?;
        Ok(state.free_bytes())
    }
}

struct SimulatedFile {
    disk: SimulatedDisk,
    inode: u64,
    life: u64,
}

impl SimulatedFile {
    fn check_life(&self, state: &State) -> io::Result<()> {
        if state.life == self.life {
            Ok(())
        } else {
            Err(io::Error::other("a handle of an earlier life"))
        }
    }
}

impl DiskFile for SimulatedFile {
    fn write(&mut self, offset_bytes: u64, bytes: &[u8]) -> io::Result<usize> {
        self.watch(|file, state| file.write_now(state, offset_bytes, bytes))
    }

    fn sync_data(&mut self) -> io::Result<()> {
        self.watch(SimulatedFile::sync_now)
    }

    fn allocate(&mut self, length_bytes: u64) -> io::Result<()> {
        let state = &mut *self.disk.lock();
        self.check_life(state)?;
        state
            .enter_whole(format!("allocate {length_bytes} for #{}", self.inode))?
            .result()?;
        if state.free_bytes() < length_bytes {
            return Err(io::ErrorKind::StorageFull.into());
        }
        let inode = state
            .inodes
            .get_mut(&self.inode)
            .ok_or(io::ErrorKind::NotFound)?;
        inode.content.resize(length_bytes as usize, 0);
        Ok(())
    }
}

impl SimulatedFile {
    /// Does a write or sync, and sees to it that none follows one that failed.
    fn watch<T>(
        &self,
        call: impl FnOnce(&SimulatedFile, &mut State) -> io::Result<T>,
    ) -> io::Result<T> {
        let state = &mut *self.disk.lock();
        self.check_life(state)?;
        let has_failed = |state: &State| {
            state
                .inodes
                .get(&self.inode)
                .is_some_and(|inode| inode.has_failed)
        };
        state.touched_after_failure |= has_failed(state);
        let result = call(self, state);
        let failed = result
            .as_ref()
            .is_err_and(|error| error.kind() != io::ErrorKind::Interrupted);
        if let Some(inode) = state.inodes.get_mut(&self.inode) {
            inode.has_failed |= failed && !state.stopped;
        }
        result
    }

    fn write_now(&self, state: &mut State, offset_bytes: u64, bytes: &[u8]) -> io::Result<usize> {
        let fault = state.enter(format!(
            "write {} bytes at {offset_bytes} of #{}",
            bytes.len(),
            self.inode
        ))?;
        let offset = offset_bytes as usize;
        let free_bytes = state.free_bytes();
        let inode = state
            .inodes
            .get_mut(&self.inode)
            .ok_or(io::ErrorKind::NotFound)?;
        let overwritten = inode.content.len().saturating_sub(offset) as u64;
        let room = free_bytes
            .saturating_add(overwritten)
            .min(bytes.len() as u64) as usize;
        if room == 0 && !bytes.is_empty() {
            return Err(io::ErrorKind::StorageFull.into());
        }
        let half = bytes.len().div_ceil(2).min(room);
        let count = if fault.is_some() { half } else { room };
        inode.write(offset, &bytes[..count]);
        match fault {
            None | Some(Fault::ShortWrite) => Ok(count),
            Some(Fault::Error(kind) | Fault::TornError(kind)) => Err(kind.into()),
            Some(Fault::Stop) => Err(io::Error::other("the machine has stopped")),
        }
    }

    fn sync_now(&self, state: &mut State) -> io::Result<()> {
        let outcome = state.enter_whole(format!("sync #{}", self.inode));
        let stopped = state.stopped;
        let inode = state
            .inodes
            .get_mut(&self.inode)
            .ok_or(io::ErrorKind::NotFound)?;
        match outcome {
            Ok(outcome) => {
                inode.sync();
                outcome.result()
            }
            Err(error) => {
                // A machine that stops in the middle of a sync has simply not synced; a sync that fails forgets.
                if !stopped {
                    inode.forget();
                }
                Err(error)
            }
        }
    }
}
