//! One who serves: a child process, or a thread.

use std::net::SocketAddr;
use std::os::fd::{AsFd, OwnedFd};
use std::thread::JoinHandle;
use std::time::Instant;

use rustix::net::{SendFlags, Shutdown};

use crate::message::Told;
use crate::spawn::Process;
use crate::{Ending, channel};

/// Where it is in its life. Each comes after the one before, some are passed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    /// Has no connection yet.
    Idle,
    /// Has a connection and no place: has sent no request yet, or asks, or was refused.
    Pending,
    /// Has a place.
    Serving,
    /// Has given its place back.
    Leaving,
    /// Had no connection and gets none: told to exit.
    Dismissed,
}

/// What runs.
#[derive(Debug)]
pub(crate) enum Body {
    Process(Process),
    Thread {
        handle: Option<JoinHandle<()>>,
        /// A second descriptor of its connection while it has no place, to close the connection by.
        socket: Option<OwnedFd>,
    },
}

#[derive(Debug)]
pub(crate) struct Worker {
    pub(crate) body: Body,
    /// Our end of its control socket; none once either side closed it.
    pub(crate) control: Option<OwnedFd>,
    pub(crate) stage: Stage,
    pub(crate) started: Instant,
    /// It has said that it waits.
    pub(crate) greeted: bool,
    pub(crate) peer: Option<SocketAddr>,
    pub(crate) calling: String,
    pub(crate) called: String,
    pub(crate) activity: String,
    /// We ended it ourselves: how it ended is no news.
    pub(crate) ended_by_us: bool,
}

impl Worker {
    pub(crate) fn new(body: Body, control: OwnedFd, now: Instant) -> Self {
        Self {
            body,
            control: Some(control),
            stage: Stage::Idle,
            started: now,
            greeted: false,
            peer: None,
            calling: String::new(),
            called: String::new(),
            activity: String::new(),
            ended_by_us: false,
        }
    }

    /// It was started and has not said yet that it is up.
    pub(crate) fn is_starting(&self) -> bool {
        !self.greeted && matches!(self.stage, Stage::Idle | Stage::Pending)
    }

    /// Tells it something; false when it cannot hear any more.
    pub(crate) fn tell(&self, told: Told) -> bool {
        self.control.as_ref().is_some_and(|control| {
            channel::send(control.as_fd(), &told.to_bytes(), None, SendFlags::DONTWAIT).is_ok()
        })
    }

    /// Hands it its connection; the socket comes back when it cannot take it.
    pub(crate) fn give(&mut self, listener: u16, peer: SocketAddr, socket: OwnedFd) -> Result<(), OwnedFd> {
        let told = Told::Connection { listener, peer }.to_bytes();
        let Some(control) = &self.control else { return Err(socket) };
        if channel::send(control.as_fd(), &told, Some(socket.as_fd()), SendFlags::DONTWAIT).is_err() {
            return Err(socket);
        }
        if let Body::Thread { socket: second, .. } = &mut self.body {
            *second = Some(socket);
        }
        self.stage = Stage::Pending;
        self.peer = Some(peer);
        Ok(())
    }

    /// It has its place: a thread's connection is its own from now on.
    pub(crate) fn seat(&mut self) {
        self.stage = Stage::Serving;
        if let Body::Thread { socket, .. } = &mut self.body {
            *socket = None;
        }
    }

    /// Tells one that waits to exit: it finds the end of what its control socket has to say.
    pub(crate) fn dismiss(&mut self) {
        self.stage = Stage::Dismissed;
        if let Some(control) = &self.control {
            // Fails where the worker has closed its end already, which is the same.
            rustix::net::shutdown(control, Shutdown::Write).ok();
        }
    }

    /// Ends it, or where that cannot be done (a thread) its connection.
    pub(crate) fn end(&mut self, firmly: bool) {
        self.ended_by_us = true;
        match &self.body {
            Body::Process(process) if firmly => process.kill(),
            Body::Process(process) => process.ask_to_end(),
            Body::Thread { socket: Some(socket), .. } => {
                rustix::net::shutdown(socket, Shutdown::Both).ok();
            }
            Body::Thread { socket: None, .. } => {}
        }
    }

    /// How it ended; none if it has not.
    pub(crate) fn reap(&mut self) -> Option<Ending> {
        match &mut self.body {
            Body::Process(process) => process.reap(),
            // Its end of the control socket is closed with its last breath, so this does not wait.
            Body::Thread { handle, .. } => match handle.take().map(JoinHandle::join) {
                Some(Err(_)) => Some(Ending::Panicked),
                _ => Some(Ending::Returned),
            },
        }
    }

    pub(crate) fn pid(&self) -> Option<u32> {
        match &self.body {
            Body::Process(process) => Some(process.pid()),
            Body::Thread { .. } => None,
        }
    }
}
