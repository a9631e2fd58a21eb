//! Forking a process that is our sibling (its parent is ours), and the end of such a process.

use std::io::{self, Write};
use std::os::fd::{FromRawFd, OwnedFd, RawFd};

use rustix::process::Pid;

/// On which side of a fork we are.
#[derive(Debug)]
pub(crate) enum Forked {
    /// In the new process.
    New,
    /// In the old one; the new one is this.
    Old {
        pid: Pid,
        /// Readable when it has ended.
        pidfd: OwnedFd,
    },
}

/// Proof that this process had one thread when it was asked. Whoever holds it starts none.
#[derive(Debug)]
pub(crate) struct Alone(());

impl Alone {
    /// None: there are other threads, or it cannot be told.
    pub(crate) fn found() -> Option<Self> {
        let threads = std::fs::read_dir("/proc/self/task").ok()?.count();
        (threads == 1).then_some(Self(()))
    }
}

/// Forks. The new process is a child of our parent, who alone can wait for it and hears of its end by the
/// signal that it would have of ours.
#[expect(
    unsafe_code,
    reason = "fork() cannot make a sibling, so the system call is made without the C library"
)]
pub(crate) fn sibling(_: &Alone) -> io::Result<Forked> {
    // What follows the flags is in another order on some machines; all of it that is used is the first.
    #[cfg(not(any(
        target_arch = "x86_64",
        target_arch = "aarch64",
        target_arch = "riscv64",
        target_arch = "loongarch64"
    )))]
    compile_error!("look up the order of the arguments of clone(2) on this machine");

    // With CLONE_PARENT the kernel takes the signal of our own end in place of this one.
    let flags = libc::CLONE_PARENT | libc::CLONE_PIDFD | libc::SIGCHLD;
    let mut pidfd: RawFd = -1;
    let nothing = 0_usize;
    // SAFETY: without CLONE_VM the new process has a copy of all memory and goes on behind this call on a copy
    // of this stack, as after fork(); the kernel writes to `pidfd`, which is alive, and to nothing else. What
    // fork() would do beyond the system call, and why it can be left out:
    // - Handlers of pthread_atfork, and locks of the C library (malloc, stdio) held for the copy: they protect
    //   from what other threads hold at that moment. There are none (`Alone`), and the one that there is is here, and
    //   so in none of these locks.
    // - The thread's id as the C library remembers it: the new process goes on with that of the old one. It
    //   is compared with the ids of other threads as owners of recursive locks, which never equal it; signals
    //   to oneself ask the kernel for the id. std and rustix do not use it.
    // - The list of robust mutexes, which the kernel forgets: there is none in this process.
    let result = unsafe {
        libc::syscall(libc::SYS_clone, libc::c_long::from(flags), nothing, &raw mut pidfd, nothing, nothing)
    };
    match result {
        0 => Ok(Forked::New),
        pid if pid > 0 => {
            // SAFETY: the call succeeded, so the kernel opened this descriptor for us and nobody else knows it.
            let pidfd = unsafe { OwnedFd::from_raw_fd(pidfd) };
            let pid = i32::try_from(pid).ok().and_then(Pid::from_raw);
            let pid = pid.ok_or_else(|| io::Error::other("the kernel named no process"))?;
            Ok(Forked::Old { pid, pidfd })
        }
        _ => Err(io::Error::last_os_error()),
    }
}

/// Ends this process at once: what was written to standard output goes out, and nothing else is done.
///
/// Handlers of atexit and destructors of libraries would touch pages all over the memory that a forked process
/// shares with the one it was forked from, each copied or mapped for nothing: a tenth of all that a short
/// association touches.
#[expect(unsafe_code, reason = "std has no end without the handlers of atexit")]
pub(crate) fn exit(code: u8) -> ! {
    // Whoever reads it may be gone, which is nothing that this process could tell somebody now.
    std::io::stdout().flush().ok();
    // SAFETY: _exit touches no memory of this process and does not return. What the handlers would do is
    // done here (the buffer of standard output) or by the kernel (descriptors, memory).
    unsafe { libc::_exit(libc::c_int::from(code)) }
}
