//! The upper layer (PS3.8): bytes to service primitives and back.
//!
//! In: bytes of a peer, through a [`Transport`]. Out: an association that was asked for, negotiated and agreed
//! on, and the pieces of messages that travel on it.
//!
//! Read [`pdu`], then [`state`], then [`negotiation`], then [`Association`].
//!
//! Absent on purpose: sockets and the clock (both are behind [`Transport`]), and anything that knows what a
//! SOP class means or what a command set says.

mod accept;
mod arrival;
mod association;
mod ended;
mod incoming;
mod link;
pub mod negotiation;
mod outgoing;
pub mod pdu;
mod release;
mod request;
pub mod script;
pub mod state;
mod timers;
mod transport;
mod values;

pub use accept::{Requested, accept};
pub use association::{Association, Indication, Piece, SendFailed};
pub use ended::{Ended, Fault, Waiting};
pub use negotiation::NegotiatedContext;
pub use pdu::{Abort, AssociateAc, AssociateRq, Rejection};
pub use request::{RequestFailed, request};
pub use timers::Timers;
pub use transport::Transport;

#[cfg(test)]
mod tests;
