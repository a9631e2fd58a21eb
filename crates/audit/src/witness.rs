//! Who sees what happens on an association, and tells the one who writes.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use rustix::io::Errno;
use rustix::net::{SendFlags, SocketAddrUnix, sendto};

use crate::AuditError;
use crate::event::{Event, Failure, Node, Study, What};
use crate::trail::{Trail, TrailSettings};

/// The socket on which the one who writes is told.
const SOCKET: &str = "socket";

/// The longest path of a socket, in bytes: `sun_path` has 108, a NUL among them.
const SOCKET_PATH_BYTES_MAX: usize = 107;

/// The longest message, in bytes: less than a socket takes at once.
pub(crate) const MESSAGE_BYTES_MAX: usize = 128 * 1024;

/// The longest identifier that is put on record, in bytes. A longer one is left out, the query is not.
const IDENTIFIER_BYTES_MAX: usize = 64 * 1024;

/// How long the one who writes may take to make room for a message.
const TELL_TIMEOUT: Duration = Duration::from_secs(1);

/// How long it is tried to tell somebody, and how often, when nobody listens and somebody has the trail open.
const NOBODY_FOR_MAX: Duration = Duration::from_secs(5);
const NOBODY_WAIT: Duration = Duration::from_millis(20);

/// How long whoever did not take a message in that time is left alone: an association is there for its peer.
const TELL_AGAIN_AFTER: Duration = Duration::from_secs(10);

/// Events of an association that wait for somebody to take them; then whoever can opens the trail by himself.
const WAITING_MAX: usize = 256;

/// What was stored is told of when it is so many instances of a study, or so old, or the association is over: this much
/// is missing from the trail if the process is killed.
const GATHERED_INSTANCES_MAX: u32 = 1_000;
const GATHERED_FOR_MAX: Duration = Duration::from_secs(60);

/// Studies that are gathered at a time.
const GATHERED_STUDIES_MAX: usize = 64;

/// Queries are told of when they are so many, or the first of them so old, or the peer is silent for that long: a workstation that
/// asks a thousand things one after the other does not have the writer woken for each. This much is missing from the trail if
/// the process is killed.
const QUERIES_TOGETHER_MAX: usize = 32;
const QUERIES_FOR_MAX: Duration = Duration::from_millis(50);

/// Sees what happens on one association.
#[derive(Debug)]
pub struct Witness {
    settings: TrailSettings,
    peer: Node,
    called: String,
    stored: BTreeMap<(String, String), Gathered>,
    refused: u32,
    refused_why: String,
    /// What there was nobody to tell, and queries that are gathered.
    waiting: Vec<Event>,
    /// Since when queries are gathered.
    queries_since: Option<Instant>,
    /// When it is tried again.
    again_at: Option<Instant>,
    /// Whether something could not be told, which is said once.
    has_failed: bool,
}

/// Instances of one study that were stored.
#[derive(Debug)]
struct Gathered {
    classes: BTreeMap<String, u32>,
    count: u32,
    since: Instant,
}

impl Witness {
    /// Of a trail. Nothing is opened before there is something to tell.
    pub fn new(settings: TrailSettings) -> Self {
        Self {
            settings,
            peer: Node::default(),
            called: String::new(),
            stored: BTreeMap::new(),
            refused: 0,
            refused_why: String::new(),
            waiting: Vec::new(),
            queries_since: None,
            again_at: None,
            has_failed: false,
        }
    }

    /// Who calls from where, and who is called.
    pub fn caller(&mut self, calling: &str, called: &str, host: &str) {
        self.peer = Node { name: calling.trim().to_owned(), host: host.to_owned() };
        called.trim().clone_into(&mut self.called);
    }

    /// The association was accepted.
    pub fn accepted(&mut self) {
        self.associated(None);
    }

    /// The association was rejected, or there was none: why.
    pub fn rejected(&mut self, why: &str) {
        self.associated(Some(Failure { entirely: true, words: why.to_owned() }));
    }

    fn associated(&mut self, failure: Option<Failure>) {
        let what = What::Associated { peer: self.peer.clone(), called: self.called.clone() };
        self.tell(what, failure);
    }

    /// An instance was stored.
    pub fn stored(&mut self, study: &str, patient_id: &str, sop_class: &str) {
        let key = (study.to_owned(), patient_id.to_owned());
        if self.stored.len() >= GATHERED_STUDIES_MAX && !self.stored.contains_key(&key) {
            self.tell_stored();
        }
        let new = || Gathered { classes: BTreeMap::new(), count: 0, since: Instant::now() };
        let gathered = self.stored.entry(key).or_insert_with(new);
        *gathered.classes.entry(sop_class.to_owned()).or_default() += 1;
        gathered.count += 1;
        if gathered.count >= GATHERED_INSTANCES_MAX || gathered.since.elapsed() >= GATHERED_FOR_MAX {
            self.tell_stored();
        }
    }

    /// An instance was not stored; why.
    pub fn refused(&mut self, why: &str) {
        self.refused = self.refused.saturating_add(1);
        why.clone_into(&mut self.refused_why);
    }

    fn tell_stored(&mut self) {
        for ((uid, patient_id), gathered) in std::mem::take(&mut self.stored) {
            let study = Some(Study { uid, patient_id, classes: gathered.classes.into_iter().collect() });
            let (from, called) = (self.peer.clone(), self.called.clone());
            self.tell(What::Received { from, called, study }, None);
        }
    }

    fn tell_refused(&mut self) {
        let refused = std::mem::take(&mut self.refused);
        if refused == 0 {
            return;
        }
        let words = format!("{refused} instances were refused, the last with {}", self.refused_why);
        let (from, called) = (self.peer.clone(), self.called.clone());
        self.tell(What::Received { from, called, study: None }, Some(Failure { entirely: true, words }));
    }

    /// A query was answered: with so many matches, to an identifier in a transfer syntax.
    pub fn queried(
        &mut self,
        sop_class: &str,
        transfer_syntax: &str,
        mut identifier: Vec<u8>,
        matches: u64,
        failure: Option<Failure>,
    ) {
        if identifier.len() > IDENTIFIER_BYTES_MAX {
            identifier.clear();
        }
        let what = What::Queried {
            by: self.peer.clone(),
            called: self.called.clone(),
            sop_class: sop_class.to_owned(),
            transfer_syntax: transfer_syntax.to_owned(),
            identifier,
            matches,
        };
        self.put_down(what, failure);
        self.queries_since.get_or_insert_with(Instant::now);
        if self.waiting.len() >= QUERIES_TOGETHER_MAX || self.gathers_for() == Some(Duration::ZERO) {
            self.tell_gathered();
        }
    }

    /// How much longer what is gathered may be kept, while the peer is silent; `None` where there is nothing.
    pub fn gathers_for(&self) -> Option<Duration> {
        Some(QUERIES_FOR_MAX.saturating_sub(self.queries_since?.elapsed()))
    }

    /// Instances are about to be sent on behalf of the peer; `to`: somebody else than the peer.
    pub fn sending(&mut self, to: Option<&Node>, studies: &[Study]) {
        for study in studies {
            let (by, from) = (self.peer.clone(), self.called.clone());
            let to = to.unwrap_or(&self.peer).clone();
            self.tell(What::Sending { by, from, to, study: study.clone() }, None);
        }
    }

    /// Instances were sent; or not, as far as it failed.
    pub fn sent(&mut self, to: Option<&Node>, studies: Vec<Study>, failure: Option<&Failure>) {
        for study in studies {
            let (by, from) = (self.peer.clone(), self.called.clone());
            let to = to.unwrap_or(&self.peer).clone();
            self.tell(What::Sent { by, from, to, study }, failure.cloned());
        }
    }

    /// The association is over: what was gathered is told.
    pub fn over(&mut self) {
        self.tell_stored();
        self.tell_refused();
        self.put_waiting();
        self.waiting.clear();
    }

    fn tell(&mut self, what: What, failure: Option<Failure>) {
        self.put_down(what, failure);
        self.tell_gathered();
    }

    fn put_down(&mut self, what: What, failure: Option<Failure>) {
        let mut event = Event::new(SystemTime::now(), what);
        event.failure = failure;
        self.waiting.push(event);
    }

    /// Tells what is gathered and what waits besides, as far as there is somebody to tell: while the one who writes is being
    /// started there is not, and while the disk keeps him waiting he takes nothing.
    pub fn tell_gathered(&mut self) {
        self.queries_since = None;
        if self.again_at.is_none_or(|at| Instant::now() >= at) {
            self.again_at = None;
            while !self.waiting.is_empty() {
                match send(&self.settings.directory, &self.waiting) {
                    Ok(count) => {
                        self.waiting.drain(..count);
                    }
                    Err(error) if is_nobody(&error) => break,
                    Err(error) if is_late(&error) => {
                        self.again_at = Some(Instant::now() + TELL_AGAIN_AFTER);
                        break;
                    }
                    Err(source) => {
                        let path = socket_path(&self.settings.directory);
                        self.missing(&AuditError::File { path, source });
                        self.waiting.remove(0);
                    }
                }
            }
            if self.waiting.len() >= WAITING_MAX {
                self.put_waiting();
                self.again_at = (!self.waiting.is_empty()).then(|| Instant::now() + TELL_AGAIN_AFTER);
            }
        }
        if self.waiting.len() > WAITING_MAX {
            self.waiting.remove(0);
            self.missing(&AuditError::Busy { path: self.settings.directory.clone() });
        }
    }

    /// Has put on record what waits; what cannot be goes on waiting.
    fn put_waiting(&mut self) {
        if let Err(error) = put(&self.settings, &mut self.waiting) {
            self.missing(&error);
        }
    }

    fn missing(&mut self, error: &AuditError) {
        if !std::mem::replace(&mut self.has_failed, true) {
            tracing::error!("something is missing from the audit trail: {error}");
        }
    }
}

impl Drop for Witness {
    fn drop(&mut self) {
        self.over();
    }
}

/// Has an event put on record: by the one who writes the trail, or where there is none, by who calls this.
///
/// # Errors
/// When neither can be.
pub fn tell(settings: &TrailSettings, event: &Event) -> Result<(), AuditError> {
    put(settings, &mut vec![event.clone()])
}

/// Has events put on record and takes them out; what is left could not be.
fn put(settings: &TrailSettings, events: &mut Vec<Event>) -> Result<(), AuditError> {
    let began = Instant::now();
    let mut too_long = None;
    while !events.is_empty() {
        match send(&settings.directory, events) {
            Ok(count) => {
                events.drain(..count);
                continue;
            }
            Err(error) if is_nobody(&error) => {}
            Err(error) if is_late(&error) && began.elapsed() < NOBODY_FOR_MAX => continue,
            // This one can be told to nobody; those behind it can.
            Err(source) if source.kind() == io::ErrorKind::FileTooLarge => {
                too_long = Some(source);
                events.remove(0);
                continue;
            }
            Err(source) => return Err(AuditError::File { path: socket_path(&settings.directory), source }),
        }
        match Trail::open(settings.clone()) {
            Ok(mut trail) => {
                trail.append(events)?;
                events.clear();
                trail.sync()?;
            }
            // Somebody else is putting something on record, or is about to listen.
            Err(AuditError::Busy { .. }) if began.elapsed() < NOBODY_FOR_MAX => {
                std::thread::sleep(NOBODY_WAIT)
            }
            Err(error) => return Err(error),
        }
    }
    too_long.map_or(Ok(()), |source| Err(AuditError::File { path: socket_path(&settings.directory), source }))
}

/// Whether nobody listens, or listens any more.
fn is_nobody(error: &io::Error) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionRefused, NotFound};
    matches!(error.kind(), NotFound | ConnectionRefused | BrokenPipe)
}

/// Whether whoever listens did not take it in time.
fn is_late(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut)
}

/// Tells whoever listens of the first of some events, as many as a message holds, and says how many that are.
pub(crate) fn send(directory: &Path, events: &[Event]) -> io::Result<usize> {
    let (mut bytes, mut count) = (Vec::new(), 0);
    for event in events {
        let event = postcard::to_stdvec(event).map_err(|_| io::ErrorKind::InvalidData)?;
        if bytes.len() + event.len() > MESSAGE_BYTES_MAX {
            break;
        }
        bytes.extend(event);
        count += 1;
    }
    if count == 0 {
        return Err(io::ErrorKind::FileTooLarge.into());
    }
    let socket = UnixDatagram::unbound()?;
    reach(directory, |path| {
        // There is room nearly always, and every association tells something: what limits the wait is asked for only
        // where there is a wait.
        let at_once = SendFlags::DONTWAIT | SendFlags::NOSIGNAL;
        match sendto(&socket, &bytes, at_once, &SocketAddrUnix::new(path)?) {
            Err(Errno::AGAIN) => {
                socket.set_write_timeout(Some(TELL_TIMEOUT))?;
                socket.send_to(&bytes, path)
            }
            sent => Ok(sent?),
        }
    })?;
    Ok(count)
}

/// Binds the socket in the place of one that was left.
pub(crate) fn listen(directory: &Path) -> io::Result<UnixDatagram> {
    match std::fs::remove_file(socket_path(directory)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    // The directory lets nobody else in.
    let socket = reach(directory, |path| UnixDatagram::bind(path))?;
    socket.set_nonblocking(true)?;
    Ok(socket)
}

/// Where the socket is.
pub(crate) fn socket_path(directory: &Path) -> PathBuf {
    directory.join(SOCKET)
}

/// Calls `with` with a path to the socket that is short enough for the system.
fn reach<T>(directory: &Path, with: impl FnOnce(&Path) -> io::Result<T>) -> io::Result<T> {
    let path = socket_path(directory);
    if path.as_os_str().as_bytes().len() <= SOCKET_PATH_BYTES_MAX {
        return with(&path);
    }
    let directory = File::open(directory)?;
    with(&Path::new("/proc/self/fd").join(directory.as_raw_fd().to_string()).join(SOCKET))
}

#[cfg(test)]
mod tests;
