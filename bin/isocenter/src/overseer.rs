//! The supervisor, as an association sees it.

use std::os::fd::{AsFd, OwnedFd};
use std::time::Duration;

use application_entity::{Admission, Awaited, NoPlace, Overseer, Permit};
use supervisor::{Control, Refusal, Supervised};
use vocabulary::AeTitle;

/// Under this name the supervisor counts exports (SCU-009).
pub(crate) const EXPORTS: &str = "STORAGE-SCU";

/// Under this name the supervisor counts passcodes that are being hashed.
pub(crate) const PASSCODES: &str = "passcodes";

/// The line of this association to the supervisor, and the peer's.
pub(crate) struct Supervisor<'c> {
    pub(crate) control: &'c mut Control,
    pub(crate) peer: OwnedFd,
    pub(crate) witness: Option<audit::Witness>,
}

impl Overseer for Supervisor<'_> {
    fn admit(&mut self, entity: &str, calling: &AeTitle, called: &str) -> Admission {
        match self.control.admit(entity, calling.as_str(), called) {
            supervisor::Admission::Admitted => Admission::Admitted,
            supervisor::Admission::Refused(Refusal::LocalLimitExceeded) => {
                Admission::Refused(NoPlace::LocalLimitExceeded)
            }
            supervisor::Admission::Refused(Refusal::TemporaryCongestion | Refusal::Draining) => {
                Admission::Refused(NoPlace::TemporaryCongestion)
            }
        }
    }

    fn activity(&mut self, text: &str) {
        self.control.activity(text);
    }

    fn await_peer(&mut self, at_most: Duration) -> Awaited {
        match self.control.await_peer(self.peer.as_fd(), at_most) {
            supervisor::Awaited::Peer => Awaited::Peer,
            supervisor::Awaited::Nothing => Awaited::Nothing,
            supervisor::Awaited::Stop => Awaited::Stop,
        }
    }

    fn witness(&mut self) -> Option<&mut audit::Witness> {
        self.witness.as_mut()
    }

    fn done(&mut self) {
        self.control.done();
    }

    fn export_permit(&mut self) -> Option<Box<dyn Permit>> {
        self.permit(EXPORTS)
    }

    fn passcode_permit(&mut self) -> Option<Box<dyn Permit>> {
        self.permit(PASSCODES)
    }
}

impl Supervisor<'_> {
    fn permit(&mut self, group: &str) -> Option<Box<dyn Permit>> {
        Some(Box::new(Asked(self.control.permit(group).ok()?)))
    }
}

struct Asked(supervisor::Permit);

impl Permit for Asked {
    fn wait(&mut self, at_most: Duration) -> Option<bool> {
        self.0.wait(Some(at_most)).ok()
    }
}
