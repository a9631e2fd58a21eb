//! Connections to workers, and workers for connections.

use std::io;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use rustix::event::epoll::{self, EventFlags};

use super::{Office, START_MAX, Source};
use crate::listen::accept;
use crate::places::Who;
use crate::worker::{Body, Stage, Worker};
use crate::{Event, Plan, spawn};

/// Connections accepted in one round; those who are served already have their word in between.
const CONNECTIONS_A_ROUND: usize = 16;
/// Workers that may be starting at the same time: more would only be slower together.
const STARTING_MAX: usize = 8;
/// After a connection was handed over the pool is left alone so long: its admission comes first.
const REFILL_AFTER: Duration = Duration::from_millis(2);
/// When connections are accepted again after the system refused one.
const ACCEPT_AGAIN_IN: Duration = Duration::from_millis(100);

impl<R, E> Office<R, E>
where
    R: FnMut() -> Option<Plan>,
    E: FnMut(Event<'_>),
{
    /// Accepts who waits at the listeners and hands each one to a worker. Who cannot be served yet waits in
    /// the system's queue, in order.
    pub(super) fn hand_over(&mut self, waiting_at: &[usize], now: Instant) {
        if !self.watching && self.phase.takes_connections() {
            let somebody_could_serve = !self.idle.is_empty() || self.may_start();
            if self.accept_again_at.is_none() && somebody_could_serve {
                self.watch_listeners(true);
            }
        }
        let newest = self.last_worker;
        let mut left = CONNECTIONS_A_ROUND;
        for &index in waiting_at {
            while left > 0 && self.watching && self.hand_over_one(index, now) {
                // Starting a worker takes longer than all else here: who asked meanwhile comes first.
                left = if self.last_worker == newest { left - 1 } else { 0 };
            }
        }
    }

    /// False: nobody waits at this listener, or nobody can serve.
    fn hand_over_one(&mut self, index: usize, now: Instant) -> bool {
        let Some(mut who) = self.one_who_can_serve(now) else {
            self.watch_listeners(false);
            return false;
        };
        let Some(Some(listener)) = self.listeners.get(index) else { return false };
        let (mut socket, peer) = match accept(listener) {
            Ok(Some(accepted)) => accepted,
            Ok(None) => return false,
            Err(errno) => {
                self.watch_listeners(false);
                self.accept_again_at = Some(now + ACCEPT_AGAIN_IN);
                let error = io::Error::from(errno);
                (self.events)(Event::AcceptFailed { error: &error, retry_in: ACCEPT_AGAIN_IN });
                return false;
            }
        };
        self.make_room(now);
        let index = u16::try_from(index).unwrap_or(u16::MAX);
        loop {
            self.idle.retain(|idle| *idle != who);
            let Some(worker) = self.workers.get_mut(&who) else { return true };
            match worker.give(index, peer, socket) {
                Ok(()) => break,
                // It ended just now; its end will be heard of.
                Err(back) => socket = back,
            }
            match self.one_who_can_serve(now) {
                Some(next) => who = next,
                // Closed unserved: there is nobody, and it cannot be put back.
                None => return false,
            }
        }
        self.pending.add(who, peer.ip(), now);
        self.refill_at = now + REFILL_AFTER;
        true
    }

    /// Closes the connection that is most dispensable, if there are as many as may be.
    fn make_room(&mut self, now: Instant) {
        if self.pending.len() < self.plan.pending_max.max(1) {
            return;
        }
        let Some((who, since)) = self.pending.most_dispensable() else { return };
        self.pending.remove(who);
        self.places.free(who);
        let Some(worker) = self.workers.get_mut(&who) else { return };
        worker.end(true);
        if let Some(peer) = worker.peer {
            (self.events)(Event::PendingClosed { peer, open_for: now.duration_since(since) });
        }
    }

    fn may_start(&self) -> bool {
        self.start_again_at.is_none() && self.starting() < STARTING_MAX
    }

    fn starting(&self) -> usize {
        self.workers.values().filter(|worker| !worker.greeted).count()
    }

    /// An idle worker, best one that is up already; else a new one.
    fn one_who_can_serve(&mut self, now: Instant) -> Option<Who> {
        let is_up = |who: &&Who| self.workers.get(who).is_some_and(|worker| worker.greeted);
        if let Some(who) = self.idle.iter().find(is_up).or_else(|| self.idle.front()) {
            return Some(*who);
        }
        if self.may_start() { self.try_start(now) } else { None }
    }

    pub(super) fn wants_refill(&self) -> bool {
        let wanted = if self.is_ready { self.plan.pool_size.max(1) } else { 1 };
        self.phase.keeps_pool() && self.idle.len() < wanted && self.starting() < STARTING_MAX
    }

    /// Starts one worker if the pool lacks one and it is quiet.
    pub(super) fn refill(&mut self, now: Instant) {
        self.end_stuck_starts(now);
        let quiet = now >= self.refill_at || self.idle.is_empty();
        if quiet && self.wants_refill() && self.may_start() {
            self.try_start(now);
        }
    }

    fn try_start(&mut self, now: Instant) -> Option<Who> {
        match self.start_worker(now) {
            Ok(who) => Some(who),
            Err(error) => {
                self.failed_starts = self.failed_starts.saturating_add(1);
                let retry_in = self.start_again_in();
                self.start_again_at = Some(now + retry_in);
                (self.events)(Event::SpawnFailed { error: &error, retry_in });
                None
            }
        }
    }

    pub(super) fn start_worker(&mut self, now: Instant) -> io::Result<Who> {
        let who = self.last_worker + 1;
        let (body, control) = match &self.serve {
            None => {
                let (process, control) =
                    spawn::process(&self.plan.program, &self.plan.arguments, &self.settings)?;
                epoll::add(&self.epoll, &process.pidfd, Source::End(who).to_data(), EventFlags::IN)?;
                (Body::Process(process), control)
            }
            Some(serve) => {
                let (thread, control) = spawn::thread(serve, &self.settings_of_threads)?;
                (Body::Thread { handle: Some(thread), socket: None }, control)
            }
        };
        epoll::add(&self.epoll, &control, Source::Control(who).to_data(), EventFlags::IN)?;
        self.last_worker = who;
        self.workers.insert(who, Worker::new(body, control, now));
        self.idle.push_back(who);
        Ok(who)
    }

    /// When the oldest start is taken for stuck.
    pub(super) fn latest_start(&self) -> Option<Instant> {
        let starting = self.workers.values().filter(|worker| worker.is_starting());
        starting.map(|worker| worker.started + START_MAX).min()
    }

    fn end_stuck_starts(&mut self, now: Instant) {
        for (who, worker) in &mut self.workers {
            if worker.is_starting() && worker.started + START_MAX <= now {
                "did not become ready".clone_into(&mut worker.activity);
                worker.end(true);
                worker.ended_by_us = false;
                worker.stage = Stage::Dismissed;
                self.idle.retain(|idle| idle != who);
            }
        }
    }

    pub(super) fn watch_listeners(&mut self, watching: bool) {
        self.watching = watching;
        for (index, listener) in self.listeners.iter().enumerate() {
            let Some(listener) = listener else { continue };
            let data = Source::Listener(index).to_data();
            // Either it is in there or it is not, as is wanted.
            if watching {
                epoll::add(&self.epoll, &listener.socket, data, EventFlags::IN).ok();
            } else {
                epoll::delete(&self.epoll, &listener.socket).ok();
            }
        }
    }

    /// Where it listens, in the order of the plan.
    pub(super) fn addresses(&self) -> Vec<SocketAddr> {
        let planned = self.plan.listeners.iter();
        let listening =
            self.listeners.iter().map(|listener| listener.as_ref().map(|listener| listener.address));
        planned.zip(listening).map(|(planned, listening)| listening.unwrap_or(*planned)).collect()
    }
}
