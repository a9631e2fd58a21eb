use crate::association::Association;
use crate::ended::Ended;
use crate::pdu::{Abort, AssociateAc, AssociateRq, Rejection};
use crate::{Timers, Transport};

/// An association that a peer asks for.
pub struct Requested<T> {
    transport: T,
    request: AssociateRq,
}

/// Serves a new connection: waits under ARTIM for the A-ASSOCIATE-RQ.
///
/// # Errors
/// When none came. A request that cannot be parsed was rejected (1/2/1), as was one of another protocol version
/// (1/2/2); a peer that sent something else was aborted.
pub fn accept<T: Transport>(_transport: T, _timers: Timers) -> Result<Requested<T>, Ended> {
    Err(Ended::Misused("not yet"))
}

impl<T: Transport> Requested<T> {
    /// What is asked for.
    pub fn request(&self) -> &AssociateRq {
        &self.request
    }

    /// What carries the association.
    pub fn transport(&self) -> &T {
        &self.transport
    }

    /// Rejects, and sees the connection closed (ARTIM).
    ///
    /// # Errors
    /// When the rejection could not be sent.
    pub fn reject(self, _rejection: Rejection) -> Result<(), Ended> {
        Err(Ended::Misused("not yet"))
    }

    /// Accepts.
    ///
    /// # Errors
    /// When the acceptance could not be sent.
    pub fn accept(self, _answer: AssociateAc) -> Result<Association<T>, Ended> {
        Err(Ended::Misused("not yet"))
    }

    /// Aborts, and sees the connection closed (ARTIM).
    pub fn abort(self, _abort: Abort) {}
}
