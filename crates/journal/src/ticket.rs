//! The promise handed to somebody who appended a record.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use crate::{AppendError, RecordNumber};

/// What becomes of a record.
pub(crate) type Outcome = Result<RecordNumber, AppendError>;

/// Resolves once the record is durable and placed, or refused. Block on [`Ticket::wait`], or `.await` it in any runtime.
#[derive(Debug)]
pub struct Ticket {
    cell: Arc<Cell>,
}

#[derive(Debug, Default)]
struct Cell {
    slot: Mutex<Slot>,
    filled: Condvar,
}

#[derive(Debug, Default)]
struct Slot {
    outcome: Option<Outcome>,
    waker: Option<Waker>,
}

impl Cell {
    fn lock(&self) -> MutexGuard<'_, Slot> {
        self.slot.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn fill(&self, outcome: Outcome) {
        let mut slot = self.lock();
        slot.outcome = Some(outcome);
        let waker = slot.waker.take();
        drop(slot);
        self.filled.notify_all();
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

impl Ticket {
    pub(crate) fn new() -> (Ticket, Completion) {
        let cell = Arc::new(Cell::default());
        let filler = cell.clone();
        (
            Ticket { cell },
            Completion::new(Box::new(move |outcome| filler.fill(outcome))),
        )
    }

    /// Blocks until the record is acknowledged or refused.
    pub fn wait(self) -> Result<RecordNumber, AppendError> {
        let mut slot = self.cell.lock();
        loop {
            match slot.outcome.take() {
                Some(outcome) => return outcome,
                None => {
                    slot = self
                        .cell
                        .filled
                        .wait(slot)
                        .unwrap_or_else(PoisonError::into_inner)
                }
            }
        }
    }

    /// Blocks for at most `timeout`; gives the ticket back if nothing is known by then.
    pub fn wait_timeout(
        self,
        timeout: Duration,
    ) -> Result<Result<RecordNumber, AppendError>, Ticket> {
        let deadline = Instant::now() + timeout;
        let mut slot = self.cell.lock();
        loop {
            if let Some(outcome) = slot.outcome.take() {
                return Ok(outcome);
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                drop(slot);
                return Err(self);
            }
            slot = self
                .cell
                .filled
                .wait_timeout(slot, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
    }
}

impl Future for Ticket {
    type Output = Result<RecordNumber, AppendError>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut slot = self.cell.lock();
        match slot.outcome.take() {
            Some(outcome) => Poll::Ready(outcome),
            None => {
                slot.waker = Some(context.waker().clone());
                Poll::Pending
            }
        }
    }
}

/// Called exactly once; being dropped counts as [`AppendError::Closed`], so that nobody waits for ever.
pub(crate) struct Completion(Option<Box<dyn FnOnce(Outcome) + Send>>);

impl Completion {
    pub(crate) fn new(call: Box<dyn FnOnce(Outcome) + Send>) -> Completion {
        Completion(Some(call))
    }

    pub(crate) fn complete(mut self, outcome: Outcome) {
        if let Some(call) = self.0.take() {
            call(outcome);
        }
    }
}

impl Drop for Completion {
    fn drop(&mut self) {
        if let Some(call) = self.0.take() {
            call(Err(AppendError::Closed));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::Wake;

    struct CountingWaker(AtomicUsize);
    impl Wake for CountingWaker {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }

    #[test]
    fn a_ticket_is_a_future() {
        let (mut ticket, completion) = Ticket::new();
        let counter = Arc::new(CountingWaker(AtomicUsize::new(0)));
        let waker = Waker::from(counter.clone());
        let mut context = Context::from_waker(&waker);
        assert!(Pin::new(&mut ticket).poll(&mut context).is_pending());
        completion.complete(Ok(7));
        assert_eq!(counter.0.load(Ordering::SeqCst), 1);
        assert_eq!(Pin::new(&mut ticket).poll(&mut context), Poll::Ready(Ok(7)));
    }

    #[test]
    fn a_dropped_completion_refuses_instead_of_hanging() {
        let (ticket, completion) = Ticket::new();
        drop(completion);
        assert_eq!(ticket.wait(), Err(AppendError::Closed));
    }

    #[test]
    fn a_timeout_gives_the_ticket_back() {
        let (ticket, completion) = Ticket::new();
        let ticket = ticket.wait_timeout(Duration::from_millis(1)).unwrap_err();
        completion.complete(Ok(3));
        assert_eq!(ticket.wait_timeout(Duration::from_secs(5)).unwrap(), Ok(3));
    }
}
