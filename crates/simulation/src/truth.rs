//! What was sent and what was answered, as a bystander sees it.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::SystemTime,
};

use crate::universe::{Shape, Subject};

/// One C-STORE.
#[derive(Debug, Clone)]
pub(crate) struct Attempt {
    pub(crate) subject: Subject,
    pub(crate) shape: Shape,
    /// The step at which it began.
    pub(crate) began: u64,
    /// What the clock said then.
    pub(crate) began_at: SystemTime,
    /// The step at which success was answered, and its peer had read it.
    pub(crate) acknowledged: Option<u64>,
}

/// All of a run. An attempt is noted before its first byte is sent.
#[derive(Debug, Default)]
pub(crate) struct Truth(Mutex<Vec<Attempt>>);

impl Truth {
    fn attempts_mut(&self) -> MutexGuard<'_, Vec<Attempt>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn begin(&self, subject: &Subject, shape: Shape, began: u64, began_at: SystemTime) -> usize {
        let mut attempts = self.attempts_mut();
        attempts.push(Attempt { subject: subject.clone(), shape, began, began_at, acknowledged: None });
        attempts.len() - 1
    }

    pub(crate) fn acknowledge(&self, attempt: usize, at: u64) {
        if let Some(attempt) = self.attempts_mut().get_mut(attempt) {
            attempt.acknowledged = Some(at);
        }
    }

    pub(crate) fn attempts(&self) -> Vec<Attempt> {
        self.attempts_mut().clone()
    }
}
