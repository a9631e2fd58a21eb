use crate::arrival::Arrival;
use crate::association::Association;
use crate::ended::{Ended, Waiting};
use crate::link::{Link, Wait};
use crate::pdu::{AssociateRq, Rejection};
use crate::state::Event;
use crate::{Timers, Transport};

/// Why there is no association.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RequestFailed {
    /// The peer does not want it.
    #[error("the peer rejected the association {0}")]
    Rejected(Rejection),
    /// It ended before it began.
    #[error(transparent)]
    Ended(#[from] Ended),
}

impl RequestFailed {
    /// Whose fault it is.
    pub fn blame(&self) -> vocabulary::Blame {
        match self {
            Self::Rejected(_) => vocabulary::Blame::NotOffered,
            Self::Ended(ended) => ended.blame(),
        }
    }
}

/// Asks the peer at the other end of a new connection for an association.
///
/// An acceptance of no context at all is an association too: see [`Association::contexts`].
///
/// # Errors
/// When it is rejected or does not come about.
pub fn request<T: Transport>(
    transport: T,
    rq: AssociateRq,
    timers: Timers,
) -> Result<Association<T>, RequestFailed> {
    let bytes = rq.to_bytes().map_err(|_| Ended::Misused("the request is too long for a PDU"))?;
    let mut link = Link::new(transport, timers, true);
    link.step(Event::Evt1AssociateRequest)?;
    link.step_saying(Event::Evt2TransportConfirmed, &bytes)?;
    let until = link.transport.now().checked_add(timers.associate_response);
    let wait = Wait::Until(until, Waiting::AssociateResponse);
    match link.arrive(wait, wait, 0)? {
        (_, Arrival::AssociateAc(answer)) => Ok(Association::new(link, rq, *answer, true)),
        (_, Arrival::AssociateRj(rejection)) => Err(RequestFailed::Rejected(rejection)),
        _ => Err(Ended::Misused("something else than an answer was taken for one").into()),
    }
}
