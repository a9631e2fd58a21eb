//! Starting: a process by exec with its control socket as standard input, or a thread with one end of a pair.

use std::ffi::OsString;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::thread::JoinHandle;

use rustix::net::SendFlags;
use rustix::process::{Pid, PidfdFlags, Signal};

use crate::message::Told;
use crate::office::Serve;
use crate::{Control, Ending, channel, signals};

/// A process of ours.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    /// Readable when it has ended.
    pub(crate) pidfd: OwnedFd,
}

/// Starts `program`; also returns our end of its control socket, in which the settings wait for it already.
///
/// No code of ours runs between fork and exec, so std uses posix_spawn and none of our memory is copied. A
/// process group of its own keeps the Ctrl-C of a terminal from the children: it is the supervisor who ends
/// them, when they have finished.
pub(crate) fn process(
    program: &Path,
    arguments: &[OsString],
    settings: &OwnedFd,
) -> io::Result<(Process, OwnedFd)> {
    let (ours, theirs) = channel::pair()?;
    channel::send(ours.as_fd(), &Told::Settings.to_bytes(), Some(settings.as_fd()), SendFlags::DONTWAIT)?;
    let mut command = Command::new(program);
    if let Some((name, rest)) = arguments.split_first() {
        command.arg0(name).args(rest);
    }
    let mut child = command.stdin(Stdio::from(theirs)).process_group(0).spawn()?;
    match rustix::process::pidfd_open(Pid::from_child(&child), PidfdFlags::empty()) {
        Ok(pidfd) => Ok((Process { child, pidfd }, ours)),
        Err(errno) => {
            child.kill()?;
            child.wait()?;
            Err(errno.into())
        }
    }
}

impl Process {
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// SIGTERM. A process that has ended already has what was wanted.
    pub(crate) fn ask_to_end(&self) {
        rustix::process::pidfd_send_signal(&self.pidfd, Signal::TERM).ok();
    }

    /// SIGKILL.
    pub(crate) fn kill(&self) {
        rustix::process::pidfd_send_signal(&self.pidfd, Signal::KILL).ok();
    }

    /// How it ended; none if it has not.
    pub(crate) fn reap(&mut self) -> Option<Ending> {
        match self.child.try_wait() {
            Ok(status) => status.map(ending),
            // Somebody else reaped it.
            Err(_) => Some(Ending::Exited(0)),
        }
    }
}

fn ending(status: ExitStatus) -> Ending {
    match (status.code(), status.signal()) {
        (Some(code), _) => Ending::Exited(code),
        (None, signal) => Ending::Killed(signal.unwrap_or_default()),
    }
}

/// Starts a thread that serves one connection; also returns our end of its control socket.
pub(crate) fn thread(serve: &Arc<Serve>, settings: &Arc<[u8]>) -> io::Result<(JoinHandle<()>, OwnedFd)> {
    let (ours, theirs) = channel::pair()?;
    let mut control = Control::of_thread(theirs, Arc::clone(settings));
    let serve = Arc::clone(serve);
    let thread = std::thread::Builder::new().name("association".to_owned()).spawn(move || {
        signals::leave_to_supervisor();
        if let Some(connection) = control.next_connection() {
            serve(connection, &mut control);
        }
    })?;
    Ok((thread, ours))
}
