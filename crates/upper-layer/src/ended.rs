use std::io;

use vocabulary::Blame;

use crate::pdu::{Abort, Malformed, Rejection};

/// Why an association is over. What had to be said to the peer was said before this is returned.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Ended {
    /// The peer sent A-ABORT.
    #[error("the peer aborted the association: {0}")]
    Aborted(Abort),
    /// The connection was closed or broken without a word.
    #[error("the connection to the peer was lost: {0}")]
    Closed(io::ErrorKind),
    /// The peer did not do in time what it had to.
    #[error("timed out while waiting for {waiting_for}")]
    TimedOut {
        /// What was waited for.
        waiting_for: Waiting,
    },
    /// The peer broke PS3.8; it was sent A-ABORT.
    #[error("the peer broke the protocol: {what}; answered by A-ABORT, {answer}")]
    PeerMisbehaved {
        /// What it did.
        what: Fault,
        /// What it was told.
        answer: Abort,
    },
    /// The association request could not be taken, whatever the AE would have said; it was rejected.
    #[error("the association request was rejected, {rejection}: {what}")]
    Rejected {
        /// What is wrong with the request.
        what: Fault,
        /// What the requestor was told.
        rejection: Rejection,
    },
    /// A caller of this crate asked for what the association cannot do, now or ever: a bug of ours.
    #[error("an association was misused: {0}")]
    Misused(&'static str),
}

impl Ended {
    /// Whose fault it is.
    pub fn blame(&self) -> Blame {
        match self {
            Self::Aborted(_) | Self::Closed(_) | Self::TimedOut { .. } | Self::PeerMisbehaved { .. } => {
                Blame::PeerMisbehaved
            }
            Self::Rejected { .. } => Blame::PeerMisbehaved,
            Self::Misused(_) => Blame::Unreachable,
        }
    }
}

/// What was waited for when time ran out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Waiting {
    /// The A-ASSOCIATE-RQ of a new connection (ARTIM).
    #[error("the association request")]
    AssociateRequest,
    /// The answer to our A-ASSOCIATE-RQ.
    #[error("the answer to the association request")]
    AssociateResponse,
    /// The next message.
    #[error("the next message")]
    Message,
    /// The rest of a PDU or of a message that has begun.
    #[error("the rest of a message")]
    RestOfMessage,
    /// The answer to our A-RELEASE-RQ.
    #[error("the answer to the release request")]
    ReleaseResponse,
    /// Room for what we send: the peer does not read.
    #[error("the peer to read what was sent")]
    RoomToWrite,
}

/// What a peer did that PS3.8 does not allow.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// A PDU of a type that PS3.8 does not know.
    #[error("a PDU of the unknown type {0:02X}H{hint}", hint = stranger(*.0))]
    UnrecognizedPdu(u8),
    /// A PDU that may not come now (PS3.8 table 9-10).
    #[error("a PDU of type {pdu_type:02X}H in state {state:?}")]
    UnexpectedPdu {
        /// Its type.
        pdu_type: u8,
        /// Where the association stood.
        state: crate::state::State,
    },
    /// A PDU whose inside contradicts itself.
    #[error("{0}")]
    Malformed(#[from] Malformed),
    /// A PDU that is longer than was announced, or than any of its type may be.
    #[error("a PDU of type {pdu_type:02X}H with {length} bytes, {allowed} are allowed")]
    PduTooLong {
        /// Its type.
        pdu_type: u8,
        /// The length it claims.
        length: u32,
        /// What would have been taken.
        allowed: u32,
    },
    /// A presentation data value on a context that was not agreed on.
    #[error("data on presentation context {0}, which was not accepted")]
    UnknownContext(u8),
    /// A presentation data value that does not fit its PDU (PS3.8 9.3.5.1).
    #[error("a presentation data value of {length} bytes where {room} are left in the PDU")]
    ValueLength {
        /// The length it claims.
        length: u32,
        /// What is left of the PDU behind the length field.
        room: u32,
    },
    /// Bit 0 of the protocol version is not set (PS3.8 9.3.2).
    #[error("protocol version {0:04X}H, bit 0 is not set")]
    ProtocolVersion(u16),
    /// A maximum length into which no fragment fits (PS3.8 D.1).
    #[error("a maximum PDU length of {0} bytes, into which no fragment fits")]
    MaximumLength(u32),
}

impl Fault {
    /// What the service-provider says when it aborts for this (PS3.8 table 9-26).
    pub(crate) fn answer(&self) -> Abort {
        match self {
            Self::UnrecognizedPdu(_) => Abort::UNRECOGNIZED_PDU,
            Self::UnexpectedPdu { .. } => Abort::UNEXPECTED_PDU,
            Self::Malformed(Malformed::Repeated(_) | Malformed::DuplicateContext(_)) => {
                Abort::UNEXPECTED_PARAMETER
            }
            Self::Malformed(_)
            | Self::PduTooLong { .. }
            | Self::UnknownContext(_)
            | Self::ValueLength { .. }
            | Self::ProtocolVersion(_)
            | Self::MaximumLength(_) => Abort::INVALID_PARAMETER,
        }
    }
}

/// Who it may be that begins with this byte: an operator who reads it saves an hour.
fn stranger(first_byte: u8) -> &'static str {
    match first_byte {
        0x16 => " (TLS begins like this: switch TLS off at the peer, or point it at a port for TLS)",
        b'G' | b'P' | b'H' => " (HTTP begins like this)",
        _ => "",
    }
}
