//! The order in which instances that are taken in at the same time are recorded.

use std::sync::{Arc, Condvar, Mutex, PoisonError};

use crate::Holdings;

/// Whose turn it is. Turns are numbered from 0 and come one after the other.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    next: Mutex<u64>,
    moved: Condvar,
}

/// One place in a [`Queue`]. Dropped, it waits for its turn and passes it on, whatever has become of its work.
#[derive(Debug)]
pub(crate) struct Turn {
    queue: Arc<Queue>,
    number: u64,
    come: bool,
}

/// Whether others may have recorded something since the catalog was last asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Waited {
    Yes,
    No,
}

impl Turn {
    pub(crate) fn new(queue: &Arc<Queue>, number: u64) -> Self {
        Self { queue: Arc::clone(queue), number, come: false }
    }

    /// Waits until all before have passed theirs on.
    pub(crate) fn wait(&mut self) -> Waited {
        if self.come {
            return Waited::No;
        }
        let mut next = self.queue.next.lock().unwrap_or_else(PoisonError::into_inner);
        while *next < self.number {
            next = self.queue.moved.wait(next).unwrap_or_else(PoisonError::into_inner);
        }
        self.come = true;
        Waited::Yes
    }
}

impl Holdings {
    /// Waits until the instance that is being kept may be recorded.
    pub(crate) fn await_turn(&mut self) -> Waited {
        self.turn.as_mut().map_or(Waited::No, Turn::wait)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.wait();
        *self.queue.next.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        self.queue.moved.notify_all();
    }
}
