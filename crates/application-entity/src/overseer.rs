use std::time::Duration;

use upper_layer::Rejection;
use vocabulary::AeTitle;

use crate::rejections;

/// Whether an association has its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Admission {
    /// It has.
    Admitted,
    /// It is to be rejected.
    Refused(NoPlace),
}

/// Why there is no place for an association.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoPlace {
    /// QR-016, SCP-014.
    #[error("the configured number of associations is reached")]
    LocalLimitExceeded,
    /// QR-017, SCP-015.
    #[error("too little memory or too few processes, or the server is being stopped")]
    TemporaryCongestion,
}

impl NoPlace {
    /// What goes out.
    pub fn rejection(self) -> Rejection {
        match self {
            Self::LocalLimitExceeded => rejections::LIMIT.rejection,
            Self::TemporaryCongestion => rejections::CONGESTION.rejection,
        }
    }
}

/// Who counts associations and exports, and shows what is being done. It is above us, in another process or not.
pub trait Overseer {
    /// Asks for a place among the associations of an entity, by the entity's name.
    fn admit(&mut self, entity: &str, calling: &AeTitle, called: &str) -> Admission;

    /// Says what is being done: `C-STORE 118`. Cheap enough for every message.
    fn activity(&mut self, text: &str);

    /// Waits until the peer has something to say, `at_most` so long, or until the server is being stopped. Asked
    /// between two requests only: what has begun is finished.
    fn await_peer(&mut self, at_most: Duration) -> Awaited;

    /// The association is over and its place free. To be called before the last word goes to the peer.
    fn done(&mut self);

    /// Who puts on record what happens on the association, where an audit trail is kept (PS3.15 A.5).
    fn witness(&mut self) -> Option<&mut audit::Witness> {
        None
    }

    /// Asks for a permit to export, of which STORAGE-SCU has so many at a time (SCU-009). None: nobody is left
    /// to give one.
    fn export_permit(&mut self) -> Option<Box<dyn Permit>>;

    /// Asks for a permit to hash a passcode, of which few are out at a time: it takes much memory and time. None:
    /// nobody is left to give one.
    fn passcode_permit(&mut self) -> Option<Box<dyn Permit>>;
}

/// What ended a wait between two requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Awaited {
    /// The peer has something to say, or nobody looks: then it is to be waited for.
    Peer,
    /// The time passed.
    Nothing,
    /// The server is being stopped.
    Stop,
}

/// A permit, asked for and perhaps held already; given back when dropped.
pub trait Permit {
    /// Waits until it is held or the time has passed; none when nobody is left to give it.
    fn wait(&mut self, at_most: Duration) -> Option<bool>;
}

/// Nobody counts and nobody looks. For commands that serve one association themselves, and for tests.
#[derive(Debug, Default, Clone, Copy)]
pub struct Nobody;

impl Overseer for Nobody {
    fn admit(&mut self, _entity: &str, _calling: &AeTitle, _called: &str) -> Admission {
        Admission::Admitted
    }

    fn activity(&mut self, _text: &str) {}

    fn await_peer(&mut self, _at_most: Duration) -> Awaited {
        Awaited::Peer
    }

    fn done(&mut self) {}

    fn export_permit(&mut self) -> Option<Box<dyn Permit>> {
        Some(Box::new(Self))
    }

    fn passcode_permit(&mut self) -> Option<Box<dyn Permit>> {
        Some(Box::new(Self))
    }
}

impl Permit for Nobody {
    fn wait(&mut self, _at_most: Duration) -> Option<bool> {
        Some(true)
    }
}
