//! The nursery: a process that has read the settings once, and forks a child for each connection.
//!
//! An exec for each association would read the settings, link and set up again each time, which takes ten
//! times as long as everything that a C-ECHO needs. The children are the supervisor's own (`fork`): it has
//! their pidfds, reaps them and hears from them, and none of them notices the end of the nursery.
//!
//! What children have in common is what the nursery had when it forked them: the layout of memory and the
//! settings. It has read nothing that a peer sent. The supervisor replaces it when a child was ended by a
//! signal and every so often besides, so that nobody can try addresses on one layout for long.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use rustix::net::{RecvFlags, SendFlags};

use crate::child::{Connection, Control, ControlError, inherited};
use crate::fork::{self, Alone, Forked};
use crate::line::End;
use crate::message::{Reported, Told};
use crate::{channel, title};

/// What a process ends with that panicked, as where `main` panics.
const PANICKED: u8 = 101;

/// The nursery, as it is in its own process. It has one thread, and opens nothing that its children are not to
/// have.
#[derive(Debug)]
pub struct Nursery {
    socket: OwnedFd,
    settings: Arc<[u8]>,
}

impl Nursery {
    /// The control socket that the supervisor gave this process as its standard input, which is empty from
    /// now on. Waits for the settings.
    pub fn from_inherited() -> Result<Self, ControlError> {
        let (socket, settings) = inherited()?;
        Ok(Self { socket, settings })
    }

    /// The settings of the plan.
    pub fn settings(&self) -> &[u8] {
        &self.settings
    }

    /// Forks a child for each connection, until the supervisor needs no more of them or is gone.
    ///
    /// Calls `enclose` before, when nothing is opened any more that its children do not open themselves: what it takes
    /// from this process (files, system calls, memory), they do not have either, and it is not done for each of them.
    ///
    /// Each child does what `serve` says and exits with the code that it returns, at once: nothing that lives
    /// beyond `serve` is dropped. This process never calls `serve`.
    pub fn raise<E: From<ControlError>>(
        self,
        enclose: impl FnOnce() -> Result<(), E>,
        serve: impl FnOnce(Connection, &mut Control) -> u8,
    ) -> Result<(), E> {
        let alone = Alone::found().ok_or(ControlError::NotAlone)?;
        title::set("nursery");
        enclose()?;
        Ok(self.fork_for_each(&alone, serve)?)
    }

    fn fork_for_each(
        self,
        alone: &Alone,
        serve: impl FnOnce(Connection, &mut Control) -> u8,
    ) -> Result<(), ControlError> {
        let Self { socket, settings } = self;
        report(&socket, Reported::Ready, &[]);
        while let Some(mut packet) = channel::receive(socket.as_fd(), RecvFlags::empty())? {
            let Some(Told::Fork { who, listener, peer }) = Told::read(packet.bytes()) else { continue };
            let mut next = || packet.descriptors.pop();
            let (Some(connection), Some(to), Some(from)) = (next(), next(), next()) else { continue };
            match fork::sibling(alone) {
                Ok(Forked::Old { pid, pidfd }) => {
                    let born = Reported::Born { who, pid: pid.as_raw_nonzero().get() };
                    report(&socket, born, &[pidfd.as_fd()]);
                }
                Err(error) => {
                    let errno = error.raw_os_error().unwrap_or_default();
                    report(&socket, Reported::NotBorn { who, errno }, &[]);
                }
                Ok(Forked::New) => {
                    drop(socket);
                    let mut control = Control::of_child(End::new(from, to), settings, peer);
                    let connection = Connection::new(connection, listener, peer);
                    // Nothing of what it was in the midst of is looked at again.
                    let served = catch_unwind(AssertUnwindSafe(|| serve(connection, &mut control)));
                    fork::exit(served.unwrap_or(PANICKED));
                }
            }
        }
        Ok(())
    }
}

/// That the supervisor is gone is found out where the next message is waited for.
fn report(socket: &OwnedFd, reported: Reported, descriptors: &[BorrowedFd<'_>]) {
    channel::send(socket.as_fd(), &reported.to_bytes(), descriptors, SendFlags::empty()).ok();
}
