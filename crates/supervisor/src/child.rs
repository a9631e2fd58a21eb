//! What one who serves and a keeper have of the supervisor.
//!
//! A keeper finds a socket as its standard input, with the settings waiting in it as the first message. A child gets
//! its end of a line from the nursery that forked it, a thread from the supervisor. Either way [`Control`] is what it
//! holds.

use std::fmt::Write;
use std::fs::File;
use std::io;
use std::net::{SocketAddr, TcpStream};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::FileExt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use rustix::net::{RecvFlags, SocketType};

use crate::admission::PermitSource;
use crate::line::{End, Message};
use crate::message::{Said, Told, cut};
use crate::{Admission, Awaited, Permit, Refusal, Supervised, SupervisorGone, channel, strangers, title};

/// The supervisor hears of an activity this often at most; the title follows each one.
const ACTIVITY_EVERY: Duration = Duration::from_millis(250);
/// Settings are some kilobytes; more than this is a mistake.
const SETTINGS_BYTES_MAX: u64 = 16 << 20;

/// A connection to serve.
#[derive(Debug)]
pub struct Connection {
    /// The socket: blocking, without Nagle's algorithm.
    pub stream: TcpStream,
    /// Which listener of the plan it came in by.
    pub listener: usize,
    /// Where it comes from.
    pub peer: SocketAddr,
}

impl Connection {
    pub(crate) fn new(socket: OwnedFd, listener: u16, peer: SocketAddr) -> Self {
        Self { stream: TcpStream::from(socket), listener: usize::from(listener), peer }
    }
}

/// Why a process has no supervisor.
#[derive(Debug, thiserror::Error)]
pub enum ControlError {
    /// Its standard input is something else.
    #[error(
        "this command is for `isocenter serve` to start, not for hand: its standard input is no control socket"
    )]
    NotAChild,
    /// A nursery with more than one thread cannot fork.
    #[error(
        "the nursery has started a thread, which is a bug of ours: it forks, and forks its own thread only"
    )]
    NotAlone,
    /// The supervisor ended before it had said anything.
    #[error(transparent)]
    Gone(#[from] SupervisorGone),
    /// The system refused something.
    #[error("the control socket cannot be used: {0}")]
    System(#[from] io::Error),
}

impl From<Errno> for ControlError {
    fn from(errno: Errno) -> Self {
        Self::System(errno.into())
    }
}

/// The supervisor, as a child process, a thread or a keeper sees it.
#[derive(Debug)]
pub struct Control {
    line: Arc<Line>,
    settings: Arc<[u8]>,
    of_process: bool,
    /// Whom we serve, as the title says it.
    whom: String,
    /// The title as it was set last, kept to use its memory again.
    line_of_title: String,
    next_permit: u32,
    activity_told: Option<Instant>,
}

impl Control {
    /// The control socket that the supervisor gave this process as its standard input, which is empty from
    /// now on. Waits for the settings.
    pub fn from_inherited() -> Result<Self, ControlError> {
        let (socket, settings) = inherited()?;
        // A keeper's line is a socket, both ways.
        let to = rustix::io::fcntl_dupfd_cloexec(&socket, 3)?;
        Ok(Self::new(End::new(socket, to), settings, true))
    }

    /// What a forked child holds: its title says from now on that it serves `peer`.
    pub(crate) fn of_child(line: End, settings: Arc<[u8]>, peer: SocketAddr) -> Self {
        let mut control = Self::new(line, settings, true);
        control.serve(peer);
        control
    }

    /// What a thread of the supervisor's own process holds.
    pub(crate) fn of_thread(line: End, settings: Arc<[u8]>, peer: SocketAddr) -> Self {
        let mut control = Self::new(line, settings, false);
        control.serve(peer);
        control
    }

    fn new(end: End, settings: Arc<[u8]>, of_process: bool) -> Self {
        Self {
            line: Arc::new(Line { end, heard: Mutex::default() }),
            settings,
            of_process,
            whom: String::new(),
            line_of_title: String::new(),
            next_permit: 0,
            activity_told: None,
        }
    }

    fn serve(&mut self, peer: SocketAddr) {
        self.whom = format!("association, {}", peer.ip().to_canonical());
        self.title("");
    }

    /// The settings of the plan, as they were when this child (or the nursery of it) was started.
    pub fn settings(&self) -> &[u8] {
        &self.settings
    }

    /// For a keeper: waits until it is to stop (true), or `timeout` passes (false; none: for ever).
    pub fn wait_for_end(&mut self, timeout: Option<Duration>) -> bool {
        let deadline = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        loop {
            let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
            match channel::wait_readable(self.line.end.as_fd(), left) {
                Ok(false) => return false,
                // Nothing is ever said to a keeper but the end of the line.
                Ok(true) => match self.line.end.receive() {
                    Ok(Some(_)) => {}
                    Ok(None) | Err(_) => return true,
                },
                Err(_) => return true,
            }
        }
    }

    /// Sets the title: whom we serve, and `what`.
    fn title(&mut self, what: &str) {
        if !self.of_process {
            return;
        }
        self.line_of_title.clear();
        self.line_of_title.push_str(&self.whom);
        if !self.whom.is_empty() && !what.is_empty() {
            self.line_of_title.push_str(", ");
        }
        self.line_of_title.push_str(what);
        title::set(&self.line_of_title);
    }
}

impl AsFd for Control {
    /// To wait on beside other things: it becomes readable when the supervisor says something or is gone.
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.line.end.as_fd()
    }
}

impl Supervised for Control {
    fn admit(&mut self, group: &str, calling: &str, called: &str) -> Admission {
        let from = self.whom.strip_prefix("association, ").unwrap_or_default();
        let mut whom = String::with_capacity(64);
        // A String takes whatever is written.
        if write!(whom, "{calling} -> {called} {from}").is_ok() {
            self.whom = whom;
        }
        self.title("");
        if !self.of_process {
            title::name_thread(calling);
        }
        let gone = Admission::Refused(Refusal::Draining);
        if self.line.say(&Said::Admit { group, calling, called }).is_err() {
            return gone;
        }
        let answer = self.line.hear_until(None, |heard| heard.admission.take());
        answer.ok().flatten().unwrap_or(gone)
    }

    fn permit(&mut self, group: &str) -> Result<Permit, SupervisorGone> {
        self.next_permit = self.next_permit.wrapping_add(1);
        let id = self.next_permit;
        self.line.say(&Said::PermitAsk { id, group })?;
        Ok(Permit::asked(id, Arc::clone(&self.line) as Arc<dyn PermitSource>))
    }

    fn activity(&mut self, text: &str) {
        let text = cut(text, crate::message::ACTIVITY_BYTES_MAX);
        self.title(text);
        let now = Instant::now();
        if self.activity_told.is_none_or(|told| now.duration_since(told) >= ACTIVITY_EVERY) {
            self.activity_told = Some(now);
            self.line.say_if_heard(&Said::Activity { text });
        }
    }

    fn await_peer(&mut self, peer: BorrowedFd<'_>, at_most: Duration) -> Awaited {
        let deadline = Instant::now().checked_add(at_most);
        // A supervisor that is gone says nothing more: what it left running goes on.
        let mut is_supervised = true;
        loop {
            if self.line.heard().stop {
                return Awaited::Stop;
            }
            let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
            let left = left.and_then(|left| Timespec::try_from(left).ok());
            let mut both = [PollFd::new(&peer, PollFlags::IN), PollFd::new(&self.line.end, PollFlags::IN)];
            let watched = if is_supervised { &mut both[..] } else { &mut both[..1] };
            match poll(watched, left.as_ref()) {
                Ok(0) => return Awaited::Nothing,
                Ok(_) => {}
                Err(Errno::INTR) => continue,
                // The upper layer meets the same error with the next read and knows what to do about it.
                Err(_) => return Awaited::Peer,
            }
            let [of_peer, of_supervisor] = both.map(|polled| !polled.revents().is_empty());
            if of_supervisor && is_supervised {
                is_supervised = self.line.hear_now();
            } else if of_peer {
                return Awaited::Peer;
            }
        }
    }

    fn done(&mut self) {
        // A supervisor that is gone counts no places.
        self.line.say_if_heard(&Said::Done);
    }
}

/// Our end, and what came over it and was not asked for yet.
#[derive(Debug)]
struct Line {
    end: End,
    heard: Mutex<Heard>,
}

#[derive(Debug, Default)]
struct Heard {
    admission: Option<Admission>,
    permits: Vec<u32>,
    stop: bool,
}

impl Heard {
    fn read(&mut self, message: &Message) {
        match Told::read(message.bytes()) {
            Some(Told::Admitted) => self.admission = Some(Admission::Admitted),
            Some(Told::Refused(refusal)) => self.admission = Some(Admission::Refused(refusal)),
            Some(Told::Permit { id }) => self.permits.push(id),
            Some(Told::Stop) => self.stop = true,
            Some(Told::Settings | Told::Fork { .. }) | None => {}
        }
    }
}

impl Line {
    fn say(&self, said: &Said<'_>) -> Result<(), SupervisorGone> {
        self.end.send_patiently(&said.to_bytes()).map_err(|_| SupervisorGone)
    }

    /// Where nothing hangs on it: neither a full line nor a supervisor that is gone is an error.
    fn say_if_heard(&self, said: &Said<'_>) {
        self.end.send(&said.to_bytes()).ok();
    }

    /// Files what comes until `wanted` finds what it looks for; none when `timeout` passes first.
    fn hear_until<T>(
        &self,
        timeout: Option<Duration>,
        mut wanted: impl FnMut(&mut Heard) -> Option<T>,
    ) -> Result<Option<T>, SupervisorGone> {
        let deadline = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        let mut heard = self.heard();
        loop {
            if let Some(found) = wanted(&mut heard) {
                return Ok(Some(found));
            }
            let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
            if !channel::wait_readable(self.end.as_fd(), left).map_err(|_| SupervisorGone)? {
                return Ok(None);
            }
            match self.end.receive() {
                Ok(Some(message)) => heard.read(&message),
                Err(Errno::AGAIN) => {}
                Ok(None) | Err(_) => return Err(SupervisorGone),
            }
        }
    }

    /// Files what has come. False: the supervisor is gone.
    fn hear_now(&self) -> bool {
        match self.end.receive() {
            Ok(Some(message)) => {
                self.heard().read(&message);
                true
            }
            Ok(None) => false,
            Err(errno) => errno == Errno::AGAIN,
        }
    }

    fn heard(&self) -> MutexGuard<'_, Heard> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl PermitSource for Line {
    fn wait(&self, id: u32, timeout: Option<Duration>) -> Result<bool, SupervisorGone> {
        let granted = self.hear_until(timeout, |heard| {
            let at = heard.permits.iter().position(|&granted| granted == id)?;
            Some(heard.permits.swap_remove(at))
        })?;
        Ok(granted.is_some())
    }

    fn give_back(&self, id: u32) {
        // Blocking: a permit that is not given back would be missed until this child ends.
        self.say(&Said::PermitBack { id }).ok();
    }
}

/// The control socket that the supervisor gave this process as its standard input, which is empty from now on;
/// and the settings, which are waited for.
pub(crate) fn inherited() -> Result<(OwnedFd, Arc<[u8]>), ControlError> {
    strangers::close();
    let inherited = rustix::stdio::stdin();
    match rustix::net::sockopt::socket_type(inherited) {
        Ok(SocketType::SEQPACKET) => {}
        _ => return Err(ControlError::NotAChild),
    }
    let socket = rustix::io::fcntl_dupfd_cloexec(inherited, 3)?;
    let nothing = rustix::fs::open("/dev/null", OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())?;
    rustix::stdio::dup2_stdin(&nothing)?;
    let mut packet = channel::receive(socket.as_fd(), RecvFlags::empty())?.ok_or(SupervisorGone)?;
    let (Some(Told::Settings), Some(memory)) = (Told::read(packet.bytes()), packet.descriptors.pop()) else {
        return Err(ControlError::NotAChild);
    };
    Ok((socket, read_settings(memory)?.into()))
}

fn read_settings(memory: OwnedFd) -> Result<Vec<u8>, io::Error> {
    let file = File::from(memory);
    let length = file.metadata()?.len().min(SETTINGS_BYTES_MAX);
    let mut settings = vec![0; usize::try_from(length).unwrap_or_default()];
    // At a position of its own: the offset of the file is shared by every child.
    file.read_exact_at(&mut settings, 0)?;
    Ok(settings)
}
