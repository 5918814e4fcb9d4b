//! The thread that moves visits from memory into the store.

use std::io;
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{SystemTime, UNIX_EPOCH};

use journal::Journal;
use store::StoreError;

use crate::shared::{Shared, Wake};
use crate::unpoisoned;

pub struct Keeper {
    shared: Arc<Shared>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Keeper {
    pub fn start(shared: Arc<Shared>, journal: Arc<Journal>) -> io::Result<Keeper> {
        let its = shared.clone();
        let thread = thread::Builder::new()
            .name("keeper".to_owned())
            .spawn(move || run(&its, &journal))?;
        Ok(Keeper {
            shared,
            thread: Mutex::new(Some(thread)),
        })
    }

    /// Ends the thread; `false` if it had ended before.
    pub fn stop(&self) -> bool {
        self.shared.stop();
        let Some(thread) = unpoisoned(self.thread.lock()).take() else {
            return false;
        };
        // A panic was told by the thread itself.
        let _ = thread.join();
        true
    }
}

fn run(shared: &Shared, journal: &Journal) {
    loop {
        let result = match shared.wait() {
            Wake::Stop => return,
            Wake::Memory => shared.seal_longest_waiting(),
            Wake::Time => timed(shared, journal),
        };
        if let Err(error) = result {
            tracing::error!(%error, "visits stay in memory and in the journal; trying again");
        }
    }
}

fn timed(shared: &Shared, journal: &Journal) -> Result<(), StoreError> {
    let idle_seconds = shared.options.idle_before_sealing.as_secs();
    let before = now().saturating_sub_unsigned(idle_seconds);
    match shared.options.sealing {
        crate::Sealing::Normal => shared.seal_idle(before)?,
        _ => shared.checkpoint()?,
    }
    let committed = shared.lock().committed;
    if let Err(error) = journal.delete_applied(committed, shared.options.keep_journal_for) {
        tracing::warn!(%error, "old files of the journal stay");
    }
    Ok(())
}

fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| {
        i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
    })
}
