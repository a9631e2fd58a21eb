//! The nursery and its successors.

use std::os::fd::{AsFd, OwnedFd};
use std::time::Instant;

use rustix::event::epoll::{self, EventFlags};
use rustix::io::Errno;
use rustix::net::{RecvFlags, SendFlags};
use rustix::process::Pid;

use super::hand_over::ACCEPT_AGAIN_IN;
use super::{Office, Source};
use crate::keeper::Kept;
use crate::line::End;
use crate::message::{Reported, Told};
use crate::places::Who;
use crate::worker::{Body, Worker};
use crate::{Ending, Event, Keeper, KeeperStops, NURSERY, Plan, Restart, SupervisorError, channel};

/// The number of a nursery, in the order they were started.
pub(crate) type NurseryId = u64;

/// Children that a nursery was asked for and has not told of yet, at most. Who comes meanwhile waits in the
/// system's queue, in order.
pub(super) const UNBORN_MAX: usize = 16;
/// Nurseries that end before they are ready, one after the other, before the supervisor gives up.
const FAILED_STARTS_MAX: u32 = 3;

/// One nursery: the present one, its successor that is starting, or one that is on its way out.
#[derive(Debug)]
pub(super) struct Nursery {
    id: NurseryId,
    pub(super) kept: Kept,
    is_ready: bool,
    asked_for: u32,
}

impl<R, E> Office<R, E>
where
    R: FnMut() -> Option<Plan>,
    E: FnMut(Event<'_>),
{
    /// Adds a nursery, to be started in this round. It takes the place of the others once it is ready.
    pub(super) fn add_nursery(&mut self, now: Instant) {
        self.last_nursery += 1;
        let keeper = Keeper {
            name: NURSERY.to_owned(),
            program: self.plan.program.clone(),
            arguments: self.plan.arguments.clone(),
            restart: Restart::Always,
            stops: KeeperStops::AfterAssociations,
        };
        let kept = Kept::new(keeper, now);
        self.nurseries.push(Nursery { id: self.last_nursery, kept, is_ready: false, asked_for: 0 });
    }

    /// Lets a new nursery, with another layout of memory, take the place of the present one.
    pub(super) fn renew_nursery(&mut self, now: Instant) {
        let is_coming = |nursery: &Nursery| !nursery.is_ready && !nursery.kept.is_stopping();
        if self.phase.takes_connections() && !self.nurseries.iter().any(is_coming) {
            self.add_nursery(now);
        }
    }

    fn nursery(&mut self, id: NurseryId) -> Option<&mut Nursery> {
        self.nurseries.iter_mut().find(|nursery| nursery.id == id)
    }

    /// The one that can be asked for a child.
    pub(super) fn present_nursery(&mut self) -> Option<&mut Nursery> {
        self.nurseries.iter_mut().rfind(|nursery| nursery.is_ready && !nursery.kept.is_stopping())
    }

    /// Whether a connection that was accepted now would be served soon.
    pub(super) fn can_serve(&mut self) -> bool {
        if self.serve.is_some() {
            return true;
        }
        let unborn =
            self.workers.values().filter(|worker| matches!(worker.body, Body::Unborn { .. })).count();
        unborn < UNBORN_MAX && self.present_nursery().is_some()
    }

    /// Asks the present nursery for a child, which has `line` and `connection`.
    pub(super) fn ask_for_child(
        &mut self,
        told: Told,
        line: &End,
        connection: &OwnedFd,
        now: Instant,
    ) -> Result<NurseryId, Errno> {
        let children_max = self.plan.children_of_one_nursery.max(1);
        let Some(nursery) = self.present_nursery() else { return Err(Errno::AGAIN) };
        let Some(control) = nursery.kept.control() else { return Err(Errno::AGAIN) };
        let [from, to] = line.descriptors();
        channel::send(control, &told.to_bytes(), &[from, to, connection.as_fd()], SendFlags::DONTWAIT)?;
        nursery.asked_for = nursery.asked_for.saturating_add(1);
        let (id, is_old) = (nursery.id, nursery.asked_for >= children_max);
        if is_old {
            self.renew_nursery(now);
        }
        Ok(id)
    }

    /// Hears what a nursery has to say.
    pub(super) fn hear_nursery(&mut self, id: NurseryId, now: Instant) {
        loop {
            let Some(control) = self.nursery(id).and_then(|nursery| nursery.kept.control()) else { return };
            let mut packet = match channel::receive(control, RecvFlags::DONTWAIT) {
                Ok(Some(packet)) => packet,
                Err(Errno::AGAIN) => return,
                Ok(None) | Err(_) => {
                    // It is about to end, which its pidfd tells; gone from the epoll, this is not told again.
                    let control = self.nurseries.iter().find(|nursery| nursery.id == id);
                    if let Some(control) = control.and_then(|nursery| nursery.kept.control()) {
                        epoll::delete(&self.epoll, control).ok();
                    }
                    return;
                }
            };
            match (Reported::read(packet.bytes()), packet.descriptors.pop()) {
                (Some(Reported::Ready), _) => self.nursery_is_ready(id, now),
                (Some(Reported::Born { who, pid }), Some(pidfd)) => {
                    if let Some(pid) = Pid::from_raw(pid) {
                        self.is_born(who, pid, pidfd);
                    }
                }
                // The system had no descriptor left for it to arrive in.
                (Some(Reported::Born { who, pid }), None) => {
                    if let Some(pid) = Pid::from_raw(pid) {
                        self.find(who, pid);
                        self.see_to_reserve(now);
                    }
                }
                (Some(Reported::NotBorn { who, errno }), _) => {
                    self.forget(who);
                    self.pause_accepting(now);
                    let error = std::io::Error::from_raw_os_error(errno);
                    (self.events)(Event::SpawnFailed { error: &error, retry_in: ACCEPT_AGAIN_IN });
                }
                (None, _) => {}
            }
        }
    }

    fn nursery_is_ready(&mut self, id: NurseryId, now: Instant) {
        for nursery in &mut self.nurseries {
            if nursery.id == id {
                nursery.is_ready = true;
            } else if nursery.id < id {
                nursery.kept.stop(now);
            }
        }
        self.failed_starts = 0;
        self.become_ready();
    }

    /// Starts, presses and takes leave of nurseries.
    pub(super) fn tend_nurseries(&mut self, some_ended: bool, now: Instant) -> Result<(), SupervisorError> {
        if some_ended {
            let ids: Vec<NurseryId> = self.nurseries.iter().map(|nursery| nursery.id).collect();
            for id in ids {
                self.take_leave_of_nursery(id, now)?;
            }
        }
        for nursery in &mut self.nurseries {
            if nursery.kept.tend(&self.settings, now, &mut self.events) {
                nursery.is_ready = false;
                nursery.asked_for = 0;
                watch(&self.epoll, nursery);
            }
        }
        self.nurseries.retain(|nursery| !nursery.kept.is_over());
        Ok(())
    }

    fn take_leave_of_nursery(&mut self, id: NurseryId, now: Instant) -> Result<(), SupervisorError> {
        // What it said last may be unread; once it is reaped its socket is gone.
        self.hear_nursery(id, now);
        let Some(nursery) = self.nurseries.iter_mut().find(|nursery| nursery.id == id) else { return Ok(()) };
        let Some(ending) = nursery.kept.reap(now, &mut self.events) else { return Ok(()) };
        nursery.is_ready = false;
        // Not forked any more. Should one have been in the last moment, it finds its line closed, so
        // that nobody admits it.
        let is_lost = |worker: &Worker| matches!(worker.body, Body::Unborn { nursery } if nursery == id);
        let lost = self.workers.iter().filter(|(_, worker)| is_lost(worker)).map(|(who, _)| *who);
        for who in lost.collect::<Vec<Who>>() {
            self.forget(who);
        }
        self.give_up_if_hopeless(ending)
    }

    fn give_up_if_hopeless(&mut self, ending: Ending) -> Result<(), SupervisorError> {
        if self.is_ready {
            return Ok(());
        }
        self.failed_starts += 1;
        let hopeless = self.failed_starts >= FAILED_STARTS_MAX;
        if hopeless { Err(SupervisorError::ChildrenFail { ending }) } else { Ok(()) }
    }

    /// The first one, at once: if it cannot be started, none can.
    pub(super) fn start_first_nursery(&mut self, now: Instant) -> Result<(), SupervisorError> {
        self.add_nursery(now);
        for nursery in &mut self.nurseries {
            let started = nursery.kept.start(&self.settings, now, &mut self.events);
            started
                .map_err(|source| SupervisorError::Spawn { program: self.plan.program.clone(), source })?;
            watch(&self.epoll, nursery);
        }
        Ok(())
    }
}

/// Watches what a nursery that was started says, and its end.
fn watch(epoll: impl AsFd, nursery: &Nursery) {
    let control = nursery.kept.control().map(|control| (control, Source::Nursery(nursery.id)));
    let pidfd = nursery.kept.pidfd().map(|pidfd| (pidfd, Source::Keeper));
    for (descriptor, source) in control.into_iter().chain(pidfd) {
        // Not watched, it does not become ready, and is seen with the end of another.
        epoll::add(&epoll, descriptor, source.to_data(), EventFlags::IN).ok();
    }
}
