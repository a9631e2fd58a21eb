//! One who serves: a child process, or a thread.

use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::thread::JoinHandle;

use rustix::net::Shutdown;

use crate::Ending;
use crate::line::End;
use crate::message::Told;
use crate::office::NurseryId;
use crate::spawn::Process;

/// Where it is in its life. Each comes after the one before, some are passed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    /// Has no place: has sent no request yet, or asks, or was refused.
    Pending,
    /// Has a place.
    Serving,
    /// Has given its place back.
    Leaving,
}

/// What runs.
#[derive(Debug)]
pub(crate) enum Body {
    /// A child that this nursery was asked for and has not told of yet.
    Unborn {
        nursery: NurseryId,
    },
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
    /// Our end of the line to it; none once either side closed it.
    pub(crate) line: Option<End>,
    pub(crate) stage: Stage,
    pub(crate) peer: SocketAddr,
    pub(crate) calling: String,
    pub(crate) called: String,
    pub(crate) activity: String,
    /// To be ended firmly as soon as it is born.
    pub(crate) is_doomed: bool,
    /// We ended it ourselves: how it ended is no news.
    pub(crate) ended_by_us: bool,
}

impl Worker {
    pub(crate) fn new(body: Body, line: End, peer: SocketAddr) -> Self {
        Self {
            body,
            line: Some(line),
            stage: Stage::Pending,
            peer,
            calling: String::new(),
            called: String::new(),
            activity: String::new(),
            is_doomed: false,
            ended_by_us: false,
        }
    }

    /// Its process is known from now on.
    pub(crate) fn is_born(&mut self, process: Process) {
        if self.is_doomed {
            process.kill();
        }
        self.body = Body::Process(process);
    }

    /// Tells it something; false when it cannot hear any more.
    pub(crate) fn tell(&self, told: Told) -> bool {
        self.line.as_ref().is_some_and(|line| line.send(&told.to_bytes()).is_ok())
    }

    /// It has its place: a thread's connection is its own from now on.
    pub(crate) fn seat(&mut self) {
        self.stage = Stage::Serving;
        if let Body::Thread { socket, .. } = &mut self.body {
            *socket = None;
        }
    }

    /// Ends it, or where that cannot be done (a thread) its connection.
    pub(crate) fn end(&mut self, firmly: bool) {
        self.ended_by_us = true;
        match &self.body {
            Body::Unborn { .. } => self.is_doomed = true,
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
            Body::Unborn { .. } => None,
            Body::Process(process) => process.reap(),
            // Its end of the line is closed with its last breath, so this does not wait.
            Body::Thread { handle, .. } => match handle.take().map(JoinHandle::join) {
                Some(Err(_)) => Some(Ending::Panicked),
                _ => Some(Ending::Returned),
            },
        }
    }

    pub(crate) fn pid(&self) -> Option<u32> {
        match &self.body {
            Body::Process(process) => Some(process.pid()),
            Body::Unborn { .. } | Body::Thread { .. } => None,
        }
    }
}
