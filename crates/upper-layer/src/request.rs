use crate::association::Association;
use crate::ended::Ended;
use crate::pdu::{AssociateRq, Rejection};
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

/// Asks the peer at the other end of a new connection for an association.
///
/// # Errors
/// When it is rejected or does not come about.
pub fn request<T: Transport>(
    _transport: T,
    _rq: AssociateRq,
    _timers: Timers,
) -> Result<Association<T>, RequestFailed> {
    Err(RequestFailed::Ended(Ended::Misused("not yet")))
}
