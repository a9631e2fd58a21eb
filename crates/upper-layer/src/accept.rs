use crate::arrival::Arrival;
use crate::association::Association;
use crate::ended::Ended;
use crate::link::{Link, Wait};
use crate::pdu::{Abort, AssociateAc, AssociateRq, Rejection};
use crate::state::Event;
use crate::{Timers, Transport};

/// An association that a peer asks for, and that waits for our word.
#[derive(Debug)]
pub struct Requested<T> {
    link: Link<T>,
    request: AssociateRq,
}

/// Serves a new connection: waits under ARTIM for the A-ASSOCIATE-RQ.
///
/// # Errors
/// When none came. A request that cannot be parsed was rejected (1/2/1), as was one of another protocol version
/// (1/2/2); a peer that sent something else was aborted.
pub fn accept<T: Transport>(transport: T, timers: Timers) -> Result<Requested<T>, Ended> {
    let mut link = Link::new(transport, timers, false);
    link.step(Event::Evt5TransportIndicated)?;
    match link.arrive(Wait::Artim, Wait::Artim, 0)? {
        (_, Arrival::AssociateRq(request)) => Ok(Requested { link, request: *request }),
        _ => Err(Ended::Misused("something else than a request was taken for one")),
    }
}

impl<T: Transport> Requested<T> {
    /// What is asked for.
    pub fn request(&self) -> &AssociateRq {
        &self.request
    }

    /// What carries the association.
    pub fn transport(&self) -> &T {
        &self.link.transport
    }

    /// Rejects, and sees the connection closed (ARTIM).
    ///
    /// # Errors
    /// When the rejection could not be sent.
    pub fn reject(mut self, rejection: Rejection) -> Result<(), Ended> {
        self.link.step_saying(Event::Evt8Reject, &rejection.to_bytes())?;
        self.link.linger();
        Ok(())
    }

    /// Accepts.
    ///
    /// # Errors
    /// When the acceptance could not be sent.
    pub fn accept(mut self, answer: AssociateAc) -> Result<Association<T>, Ended> {
        let Ok(bytes) = answer.to_bytes() else {
            self.link.abort(Abort::NO_REASON);
            return Err(Ended::Misused("the acceptance is too long for a PDU"));
        };
        self.link.step_saying(Event::Evt7Accept, &bytes)?;
        Ok(Association::new(self.link, self.request, answer, false))
    }

    /// Aborts, and sees the connection closed (ARTIM).
    pub fn abort(mut self, abort: Abort) {
        self.link.abort(abort);
    }
}
