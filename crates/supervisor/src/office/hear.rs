//! What workers say, that they end, and what they are answered.

use std::time::Instant;

use rustix::io::Errno;

use super::Office;
use crate::message::{Said, Told};
use crate::places::Who;
use crate::worker::{Body, Stage, Worker};
use crate::{Admission, Ending, Event, Plan};

/// Messages of one worker heard in one round; the rest is heard in the next, so that one that talks without
/// end holds up nobody.
const MESSAGES_A_ROUND: usize = 16;

impl<R, E> Office<R, E>
where
    R: FnMut() -> Option<Plan>,
    E: FnMut(Event<'_>),
{
    /// Hears what a worker has to say. True: it is a thread, and has ended.
    pub(super) fn hear(&mut self, who: Who, now: Instant) -> bool {
        for _ in 0..MESSAGES_A_ROUND {
            let Some(worker) = self.workers.get_mut(&who) else { return false };
            let Some(line) = &worker.line else { return false };
            let message = match line.receive() {
                Ok(Some(message)) => message,
                Err(Errno::AGAIN) => return false,
                Ok(None) | Err(_) => {
                    // A process that closed it is about to end, which its pidfd tells.
                    worker.line = None;
                    return matches!(worker.body, Body::Thread { .. });
                }
            };
            let understood = Said::read(message.bytes()).is_some_and(|said| self.take_in(who, &said, now));
            if !understood && let Some(worker) = self.workers.get_mut(&who) {
                // It has read what a peer wrote, and is not itself any more.
                "said what no association says".clone_into(&mut worker.activity);
                worker.end(true);
                worker.ended_by_us = false;
                return false;
            }
        }
        false
    }

    /// False: what a worker in its right mind does not say.
    fn take_in(&mut self, who: Who, said: &Said<'_>, now: Instant) -> bool {
        let Some(worker) = self.workers.get_mut(&who) else { return true };
        match *said {
            Said::Admit { group, calling, called } => {
                if worker.stage != Stage::Pending {
                    return false;
                }
                calling.clone_into(&mut worker.calling);
                called.clone_into(&mut worker.called);
                self.places.ask(who, group, calling, now);
            }
            Said::Done => {
                self.places.free(who);
                if worker.stage == Stage::Serving {
                    worker.stage = Stage::Leaving;
                    self.note_lingering(who, now);
                }
            }
            Said::PermitAsk { id, group } => return self.permits.ask(who, id, group),
            Said::PermitBack { id } => {
                self.permits.give_back(who, id);
                self.note_lingering(who, now);
            }
            Said::Activity { text } => text.clone_into(&mut worker.activity),
        }
        true
    }

    /// One that gave its place back and exports nothing only waits for its peer to close: it counts as one
    /// without a place.
    fn note_lingering(&mut self, who: Who, now: Instant) {
        let Some(worker) = self.workers.get(&who) else { return };
        if worker.stage == Stage::Leaving && self.permits.of(who) == 0 {
            self.pending.remove(who);
            self.pending.add(who, worker.peer.ip(), now);
        }
    }

    /// Answers who asked, where there is an answer.
    pub(super) fn answer(&mut self, now: Instant) {
        for (who, admission) in self.places.settle(now) {
            let Some(worker) = self.workers.get_mut(&who) else { continue };
            match admission {
                Admission::Admitted => {
                    worker.seat();
                    self.pending.remove(who);
                    worker.tell(Told::Admitted);
                }
                Admission::Refused(refusal) => {
                    worker.tell(Told::Refused(refusal));
                    let (calling, called) = (worker.calling.as_str(), worker.called.as_str());
                    (self.events)(Event::Refused { peer: worker.peer, calling, called, refusal });
                }
            }
        }
        for (who, id) in self.permits.settle() {
            if let Some(worker) = self.workers.get(&who) {
                worker.tell(Told::Permit { id });
            }
        }
    }

    /// Takes leave of a worker that ended: its place and its permits come free.
    pub(super) fn reap(&mut self, who: Who, now: Instant) {
        // Its last words may be unread.
        self.hear(who, now);
        let Some(ending) = self.workers.get_mut(&who).and_then(Worker::reap) else { return };
        let Some(worker) = self.forget(who) else { return };
        if matches!(ending, Ending::Killed(_)) && !worker.ended_by_us {
            // Perhaps by what a peer sent, which may be after the layout of memory that the next child would
            // have as well.
            self.renew_nursery(now);
        }
        if !ending.is_clean() && !worker.ended_by_us {
            (self.events)(Event::ChildFailed {
                pid: worker.pid(),
                peer: worker.peer,
                calling: &worker.calling,
                called: &worker.called,
                activity: &worker.activity,
                ending,
            });
        }
    }
}
