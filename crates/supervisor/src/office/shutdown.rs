//! Drain, or now.

use std::time::{Duration, Instant};

use super::Office;
use crate::keeper::Kept;
use crate::message::Told;
use crate::{Event, KeeperStops, Plan};

/// How long children have between SIGTERM and SIGKILL.
const TERM_TO_KILL: Duration = Duration::from_secs(5);
/// The same when a second signal said that there is no time.
const TERM_TO_KILL_NOW: Duration = Duration::from_millis(500);

/// How far the end of the supervisor has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    Running,
    /// Associations go on; new ones are refused (temporary congestion), politely, by a child.
    Draining {
        until: Instant,
    },
    /// Listens no more; children have had their SIGTERM.
    Ending {
        until: Instant,
    },
    /// Children have had their SIGKILL.
    Killing,
}

impl Phase {
    pub(super) fn deadline(self) -> Option<Instant> {
        match self {
            Self::Draining { until } | Self::Ending { until } => Some(until),
            Self::Running | Self::Killing => None,
        }
    }

    pub(super) fn takes_connections(self) -> bool {
        matches!(self, Self::Running | Self::Draining { .. })
    }

    pub(super) fn title(self) -> &'static str {
        match self {
            Self::Running => "supervisor, ",
            Self::Draining { .. } => "supervisor, draining, ",
            Self::Ending { .. } | Self::Killing => "supervisor, ending, ",
        }
    }
}

impl<R, E> Office<R, E>
where
    R: FnMut() -> Option<Plan>,
    E: FnMut(Event<'_>),
{
    /// A signal to end came: the first one begins a drain, the next one ends what is left.
    pub(super) fn shut_down(&mut self, now: Instant) {
        match self.phase {
            Phase::Running => {
                self.phase = Phase::Draining { until: now + self.plan.drain_grace };
                self.places.drain();
                for worker in self.workers.values() {
                    worker.tell(Told::Stop);
                }
                for kept in &mut self.keepers {
                    kept.stop_if(KeeperStops::WithDrain, now);
                }
                let running = self.serving();
                (self.events)(Event::Draining { running, grace: self.plan.drain_grace });
                // Who waits for a place gets no other answer from now on.
                self.answer(now);
            }
            Phase::Draining { .. } => self.end_children(TERM_TO_KILL_NOW, now),
            Phase::Ending { .. } | Phase::Killing => self.kill_children(now),
        }
    }

    /// Goes on with the end as far as it can.
    pub(super) fn continue_shutdown(&mut self, now: Instant) {
        match self.phase {
            Phase::Draining { until } if now >= until || self.serving() == 0 => {
                self.end_children(TERM_TO_KILL, now);
            }
            Phase::Ending { until } if now >= until => self.kill_children(now),
            _ => {}
        }
    }

    fn end_children(&mut self, grace: Duration, now: Instant) {
        self.watch_listeners(false);
        self.listeners.clear();
        let serving = self.serving();
        (self.events)(Event::EndingChildren { serving });
        self.phase = Phase::Ending { until: now + grace };
        for worker in self.workers.values_mut() {
            worker.end(false);
        }
        for kept in self.kept() {
            kept.stop(now);
        }
    }

    fn kill_children(&mut self, now: Instant) {
        self.phase = Phase::Killing;
        for worker in self.workers.values_mut() {
            worker.end(true);
        }
        for kept in self.kept() {
            kept.kill(now);
        }
    }

    fn kept(&mut self) -> impl Iterator<Item = &mut Kept> {
        self.keepers.iter_mut().chain(self.nurseries.iter_mut().map(|nursery| &mut nursery.kept))
    }

    /// Nobody is left. Threads are not waited for: they end with the process.
    pub(super) fn is_finished(&self) -> bool {
        let children_left = self.serve.is_none() && !self.workers.is_empty();
        matches!(self.phase, Phase::Ending { .. } | Phase::Killing)
            && !children_left
            && self.keepers.is_empty()
            && self.nurseries.is_empty()
    }
}
