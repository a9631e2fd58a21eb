//! Connections to workers.

use std::io;
use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use rustix::event::epoll::{self, EventFlags};
use rustix::io::Errno;

use super::{Office, Source};
use crate::listen::accept;
use crate::message::Told;
use crate::places::Who;
use crate::worker::{Body, Worker};
use crate::{Connection, Event, Plan, line, spawn};

/// Connections accepted in one round at each listener, so that a crowd at one locks nobody out of another; those who are served already have their word in between.
const CONNECTIONS_A_ROUND: usize = 16;
/// Of so many connections without a request one is closed when the system has nothing left for who comes.
const SHED_ONE_OF: usize = 8;
/// How often it is told of that connections cannot be accepted.
const SHORTAGE_TOLD_EVERY: Duration = Duration::from_secs(10);
/// When connections are accepted again after the system refused something that one takes.
pub(super) const ACCEPT_AGAIN_IN: Duration = Duration::from_millis(100);

impl<R, E> Office<R, E>
where
    R: FnMut() -> Option<Plan>,
    E: FnMut(Event<'_>),
{
    /// Accepts who waits at the listeners and starts a worker for each one. Who cannot be served yet waits in
    /// the system's queue, in order.
    pub(super) fn hand_over(&mut self, waiting_at: &[usize], now: Instant) {
        for &index in waiting_at {
            let mut left = CONNECTIONS_A_ROUND;
            while left > 0 && self.watching && self.hand_over_one(index, now) {
                left -= 1;
            }
        }
    }

    /// Looks at the listeners again if there is somebody to serve who waits there. The last thing of a round: whatever
    /// happened in it may be what makes it so, and nothing else calls for another round.
    pub(super) fn attend_listeners(&mut self, now: Instant) {
        if self.accept_again_at.is_none()
            && self.is_provided(now)
            && !self.watching
            && self.phase.takes_connections()
            && self.can_serve()
        {
            self.watch_listeners(true);
        }
    }

    /// False: nobody waits at this listener, or nobody can serve.
    fn hand_over_one(&mut self, index: usize, now: Instant) -> bool {
        if !self.can_serve() {
            self.watch_listeners(false);
            return false;
        }
        let Some(Some(listener)) = self.listeners.get(index) else { return false };
        let (socket, peer) = match accept(listener) {
            Ok(Some(accepted)) => accepted,
            Ok(None) => return false,
            Err(errno) => {
                self.be_short(errno, now);
                return false;
            }
        };
        self.make_room(now);
        let index = u16::try_from(index).unwrap_or(u16::MAX);
        match self.start_worker(index, peer, socket, now) {
            Ok(who) => {
                // Before it is pending itself: it may be the only one.
                self.see_to_reserve(now);
                self.pending.add(who, peer.ip(), now);
                true
            }
            Err(error) => {
                self.pause_accepting(now);
                self.shed(now);
                if self.is_to_tell_of_shortage(now) {
                    (self.events)(Event::SpawnFailed { error: &error, retry_in: ACCEPT_AGAIN_IN });
                }
                false
            }
        }
    }

    /// The system refuses what a connection takes: it is tried again soon, and who is dispensable makes room.
    pub(super) fn be_short(&mut self, errno: Errno, now: Instant) {
        self.pause_accepting(now);
        self.shed(now);
        if self.is_to_tell_of_shortage(now) {
            let error = io::Error::from(errno);
            (self.events)(Event::AcceptFailed { error: &error, retry_in: ACCEPT_AGAIN_IN });
        }
    }

    pub(super) fn pause_accepting(&mut self, now: Instant) {
        self.watch_listeners(false);
        self.accept_again_at = Some(now + ACCEPT_AGAIN_IN);
    }

    /// Closes the connection that is most dispensable, if there are as many as may be.
    fn make_room(&mut self, now: Instant) {
        if self.pending.len() >= self.plan.pending_max.max(1) {
            self.close_most_dispensable(now);
        }
    }

    /// The system has nothing left for who comes: a part of those who have said nothing yet makes room, or they would
    /// lock everybody out for as long as they may be silent.
    fn shed(&mut self, now: Instant) {
        for _ in 0..self.pending.len().div_ceil(SHED_ONE_OF) {
            self.close_most_dispensable(now);
        }
    }

    /// A shortage that lasts is told of every so often.
    fn is_to_tell_of_shortage(&mut self, now: Instant) -> bool {
        let is_news = self.shortage_told.is_none_or(|told| now.duration_since(told) >= SHORTAGE_TOLD_EVERY);
        if is_news {
            self.shortage_told = Some(now);
        }
        is_news
    }

    fn close_most_dispensable(&mut self, now: Instant) {
        let Some((who, since)) = self.pending.most_dispensable() else { return };
        self.pending.remove(who);
        self.places.free(who);
        let Some(worker) = self.workers.get_mut(&who) else { return };
        worker.end(true);
        let peer = worker.peer;
        (self.events)(Event::PendingClosed { peer, open_for: now.duration_since(since) });
    }

    /// Starts who serves this connection.
    fn start_worker(
        &mut self,
        listener: u16,
        peer: SocketAddr,
        socket: OwnedFd,
        now: Instant,
    ) -> io::Result<Who> {
        let who = self.last_worker + 1;
        let (ours, theirs) = self.reserve.help(line::line)?;
        let body = match &self.serve {
            None => {
                let told = Told::Fork { who, listener, peer };
                let nursery = self.ask_for_child(told, &theirs, &socket, now)?;
                Body::Unborn { nursery }
            }
            Some(serve) => {
                let second = self.reserve.help(|| rustix::io::fcntl_dupfd_cloexec(&socket, 0))?;
                let connection = Connection::new(socket, listener, peer);
                let thread = spawn::thread(serve, &self.settings_of_threads, connection, theirs)?;
                Body::Thread { handle: Some(thread), socket: Some(second) }
            }
        };
        epoll::add(&self.epoll, &ours, Source::Line(who).to_data(), EventFlags::IN)?;
        self.last_worker = who;
        self.workers.insert(who, Worker::new(body, ours, peer));
        Ok(who)
    }

    /// Strikes a worker off every list.
    pub(super) fn forget(&mut self, who: Who) -> Option<Worker> {
        self.places.free(who);
        self.permits.forget(who);
        self.pending.remove(who);
        self.workers.remove(&who)
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
