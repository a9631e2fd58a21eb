//! Signals as bytes in a pipe.
//!
//! Handlers, and not blocked signals with a signalfd: handlers fall back to the default when a child is
//! exec'd, while a blocked signal would stay blocked in every child and keeper.

use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicI32, Ordering};

use rustix::io::Errno;
use rustix::pipe::PipeFlags;

/// The pipe of this process: made once, never closed, so that a handler always finds it open.
static PIPE: OnceLock<(OwnedFd, OwnedFd)> = OnceLock::new();
/// What the handler writes to.
static WRITE_END: AtomicI32 = AtomicI32::new(-1);

/// What a signal asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Signal {
    /// SIGTERM or SIGINT.
    End,
    /// SIGHUP.
    Reload,
}

/// The signals of this process.
#[derive(Debug)]
pub(crate) struct Signals {
    read_end: BorrowedFd<'static>,
}

impl Signals {
    /// From now on SIGTERM, SIGINT and SIGHUP come out of [`next`](Self::next).
    pub(crate) fn install() -> Result<Self, Errno> {
        let (read_end, write_end) = match PIPE.get() {
            Some(pipe) => pipe,
            None => {
                let pipe = rustix::pipe::pipe_with(PipeFlags::CLOEXEC | PipeFlags::NONBLOCK)?;
                PIPE.get_or_init(|| pipe)
            }
        };
        WRITE_END.store(write_end.as_raw_fd(), Ordering::Release);
        for signal in [libc::SIGTERM, libc::SIGINT, libc::SIGHUP] {
            handle(signal)?;
        }
        Ok(Self { read_end: read_end.as_fd() })
    }

    /// The next signal that came, if one did.
    pub(crate) fn next(&self) -> Option<Signal> {
        let mut byte = [0];
        match rustix::io::read(self.read_end, &mut byte) {
            Ok(1) if byte == [END] => Some(Signal::End),
            Ok(1) => Some(Signal::Reload),
            _ => None,
        }
    }
}

impl AsFd for Signals {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.read_end
    }
}

const END: u8 = b'E';
const RELOAD: u8 = b'R';

#[expect(unsafe_code, reason = "no crate in use installs a signal handler without unsafe")]
fn handle(signal: libc::c_int) -> Result<(), Errno> {
    // SAFETY: the struct is zeroed (an empty mask, no flags) and then filled; sigaction reads it and keeps
    // no pointer to it. The handler does only what signal-safety(7) allows: an atomic load and a write.
    let installed = unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = on_signal as extern "C" fn(libc::c_int) as libc::sighandler_t;
        action.sa_flags = libc::SA_RESTART;
        libc::sigaction(signal, &raw const action, std::ptr::null_mut())
    };
    if installed == 0 { Ok(()) } else { Err(last_errno()) }
}

#[expect(unsafe_code, reason = "runs as a signal handler")]
extern "C" fn on_signal(signal: libc::c_int) {
    let byte = if signal == libc::SIGHUP { RELOAD } else { END };
    // SAFETY: errno is this thread's own, and is put back because the interrupted code may be about to read
    // it. The descriptor is the pipe's (never closed) or -1, and one byte is read from a live local. A full
    // pipe drops the byte: what is waiting in it asks for the same.
    unsafe {
        let errno = libc::__errno_location();
        let before = *errno;
        libc::write(WRITE_END.load(Ordering::Acquire), (&raw const byte).cast(), 1);
        *errno = before;
    }
}

/// Keeps signals away from the calling thread: the supervisor's thread takes them, and no system call of an
/// association is interrupted.
#[expect(unsafe_code, reason = "rustix has no call for the signal mask of a thread")]
pub(crate) fn leave_to_supervisor() {
    // SAFETY: the set is initialized by sigemptyset before it is used, and nothing keeps a pointer to it.
    unsafe {
        let mut set: libc::sigset_t = std::mem::zeroed();
        libc::sigemptyset(&raw mut set);
        for signal in [libc::SIGTERM, libc::SIGINT, libc::SIGHUP] {
            libc::sigaddset(&raw mut set, signal);
        }
        libc::pthread_sigmask(libc::SIG_BLOCK, &raw const set, std::ptr::null_mut());
    }
}

fn last_errno() -> Errno {
    Errno::from_io_error(&std::io::Error::last_os_error()).unwrap_or(Errno::INVAL)
}
