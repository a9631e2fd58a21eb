//! Starting: a process by exec with its control socket as standard input, or a thread with its end of a line.

use std::ffi::OsString;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::thread::JoinHandle;

use rustix::io::Errno;
use rustix::net::SendFlags;
use rustix::process::{Pid, PidfdFlags, Signal, WaitId, WaitIdOptions, WaitIdStatus};

use crate::line::End;
use crate::message::Told;
use crate::office::Serve;
use crate::{Connection, Control, Ending, channel, signals};

/// A process of ours.
#[derive(Debug)]
pub(crate) struct Process {
    pid: Pid,
    /// Readable when it has ended.
    pub(crate) pidfd: OwnedFd,
}

/// Starts `program`; also returns our end of its control socket, in which the settings wait for it already.
///
/// No code of ours runs between fork and exec, so std uses posix_spawn and none of our memory is copied. A
/// process group of its own keeps the Ctrl-C of a terminal from it and from what it forks: it is the
/// supervisor who ends them, when they have finished.
pub(crate) fn process(
    program: &Path,
    arguments: &[OsString],
    settings: &OwnedFd,
) -> io::Result<(Process, OwnedFd)> {
    let (ours, theirs) = channel::pair()?;
    channel::send(ours.as_fd(), &Told::Settings.to_bytes(), &[settings.as_fd()], SendFlags::DONTWAIT)?;
    let mut command = Command::new(program);
    if let Some((name, rest)) = arguments.split_first() {
        command.arg0(name).args(rest);
    }
    // Symbols of the C library that are looked up when they are first used, each forked child would look up.
    command.env("LD_BIND_NOW", "1");
    let mut child = command.stdin(Stdio::from(theirs)).process_group(0).spawn()?;
    let pid = Pid::from_child(&child);
    match rustix::process::pidfd_open(pid, PidfdFlags::empty()) {
        Ok(pidfd) => Ok((Process { pid, pidfd }, ours)),
        Err(errno) => {
            child.kill()?;
            child.wait()?;
            Err(errno.into())
        }
    }
}

impl Process {
    /// A child of ours that was started elsewhere.
    pub(crate) fn born(pid: Pid, pidfd: OwnedFd) -> Self {
        Self { pid, pidfd }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.pid.as_raw_nonzero().get().unsigned_abs()
    }

    /// SIGTERM. A process that has ended already has what was wanted.
    pub(crate) fn ask_to_end(&self) {
        rustix::process::pidfd_send_signal(&self.pidfd, Signal::TERM).ok();
    }

    /// SIGKILL.
    pub(crate) fn kill(&self) {
        rustix::process::pidfd_send_signal(&self.pidfd, Signal::KILL).ok();
    }

    /// How it ended; none if it has not. To be asked until it has, and not again.
    pub(crate) fn reap(&self) -> Option<Ending> {
        loop {
            let how = WaitIdOptions::EXITED | WaitIdOptions::NOHANG;
            return match rustix::process::waitid(WaitId::PidFd(self.pidfd.as_fd()), how) {
                Ok(status) => status.map(|status| ending(&status)),
                Err(Errno::INTR) => continue,
                // Somebody else reaped it.
                Err(_) => Some(Ending::Exited(0)),
            };
        }
    }
}

fn ending(status: &WaitIdStatus) -> Ending {
    match status.exit_status() {
        Some(code) => Ending::Exited(code),
        None => Ending::Killed(status.terminating_signal().unwrap_or_default()),
    }
}

/// Starts a thread that serves one connection; `line` is its end of the line to us.
pub(crate) fn thread(
    serve: &Arc<Serve>,
    settings: &Arc<[u8]>,
    connection: Connection,
    line: End,
) -> io::Result<JoinHandle<()>> {
    let (settings, serve) = (Arc::clone(settings), Arc::clone(serve));
    std::thread::Builder::new().name("association".to_owned()).spawn(move || {
        signals::leave_to_supervisor();
        let mut control = Control::of_thread(line, settings, connection.peer);
        serve(connection, &mut control);
    })
}
