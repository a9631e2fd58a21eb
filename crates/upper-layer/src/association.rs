use std::io;
use std::time::Duration;

use crate::ended::Ended;
use crate::negotiation::NegotiatedContext;
use crate::pdu::{Abort, AssociateAc, AssociateRq, UserInformation};
use crate::{Timers, Transport};

/// An association, from its acceptance to its end.
pub struct Association<T> {
    transport: T,
    timers: Timers,
    request: AssociateRq,
    answer: AssociateAc,
    contexts: Vec<NegotiatedContext>,
    we_requested: bool,
}

/// What a peer did.
#[derive(Debug, PartialEq, Eq)]
pub enum Indication<'a> {
    /// It sent data.
    Data(Piece<'a>),
    /// It wants to release the association; what is outstanding may still be sent.
    ReleaseRequested,
}

/// A piece of a message as it arrives.
///
/// Pieces know nothing of fragments and PDUs: they are what one read brought. They may be of any size.
#[derive(Debug, PartialEq, Eq)]
pub struct Piece<'a> {
    /// On which presentation context.
    pub context_id: u8,
    /// Of a command set; else of a data set.
    pub is_command: bool,
    /// True once, with the last bytes of the last fragment. There may be no bytes then.
    pub ends_message: bool,
    /// The bytes.
    pub bytes: &'a [u8],
}

/// Why [`Association::send_from`] did not send.
#[derive(Debug, thiserror::Error)]
pub enum SendFailed {
    /// The association is over.
    #[error(transparent)]
    Ended(#[from] Ended),
    /// The source failed or ended early; the association was aborted.
    #[error("what was to be sent could not be read: {0}")]
    Source(#[source] io::Error),
}

impl<T: Transport> Association<T> {
    /// What was asked for: titles, proposed contexts, the requestor's user information.
    pub fn request(&self) -> &AssociateRq {
        &self.request
    }

    /// What was answered: accepted and refused contexts, the acceptor's user information.
    pub fn answer(&self) -> &AssociateAc {
        &self.answer
    }

    /// What the peer says about itself: implementation class UID, version name.
    pub fn peer(&self) -> &UserInformation {
        if self.we_requested { &self.answer.user_information } else { &self.request.user_information }
    }

    /// The contexts that both agreed on.
    pub fn contexts(&self) -> &[NegotiatedContext] {
        &self.contexts
    }

    /// The context of an identifier.
    pub fn context(&self, id: u8) -> Option<&NegotiatedContext> {
        self.contexts.iter().find(|context| context.id == id)
    }

    /// Whether we are the association requestor.
    pub fn we_requested(&self) -> bool {
        self.we_requested
    }

    /// The longest variable part of the P-DATA-TF PDUs that are sent: what the peer takes, or what we send at most.
    pub fn peer_max_pdu_length(&self) -> u32 {
        0
    }

    /// Sends no longer P-DATA-TF PDUs than this, whatever the peer takes.
    pub fn limit_sent_pdu_length(&mut self, _bytes: u32) {}

    /// How long is waited for what.
    pub fn timers(&self) -> &Timers {
        &self.timers
    }

    /// What carries the association.
    pub fn transport(&self) -> &T {
        &self.transport
    }

    /// What carries the association; for options, not for bytes.
    pub fn transport_mut(&mut self) -> &mut T {
        &mut self.transport
    }

    /// The next indication: waits `idle` at most for it to begin (for ever without it), and
    /// [`Timers::between_packets`] within a PDU and within a fragmented command or data set.
    ///
    /// What is queued is flushed before anything is waited for.
    ///
    /// # Errors
    /// When the association is over; what had to be sent was sent.
    pub fn receive(&mut self, _idle: Option<Duration>) -> Result<Indication<'_>, Ended> {
        Err(Ended::Misused("not yet"))
    }

    /// Whether [`Association::receive`] would not have to wait for the peer to begin.
    ///
    /// # Errors
    /// When the association is over.
    pub fn is_readable(&mut self) -> Result<bool, Ended> {
        Err(Ended::Misused("not yet"))
    }

    /// Queues a message: a command set, and a data set if there is one. It is written with the next
    /// [`Association::flush`], before the next wait in [`Association::receive`], or when 64 KiB are queued.
    ///
    /// # Errors
    /// When the association is over.
    pub fn queue(&mut self, _context_id: u8, _command: &[u8], _data_set: Option<&[u8]>) -> Result<(), Ended> {
        Err(Ended::Misused("not yet"))
    }

    /// Writes what is queued.
    ///
    /// # Errors
    /// When the association is over.
    pub fn flush(&mut self) -> Result<(), Ended> {
        Err(Ended::Misused("not yet"))
    }

    /// Sends a command set and a data set of `length` bytes, which are read from `source` straight into the
    /// outgoing PDUs.
    ///
    /// # Errors
    /// When the association is over, also because the source failed or ended early: the message could not be
    /// completed then, and the association was aborted.
    pub fn send_from(
        &mut self,
        _context_id: u8,
        _command: &[u8],
        _source: &mut dyn io::Read,
        _length: u64,
    ) -> Result<(), SendFailed> {
        Err(Ended::Misused("not yet").into())
    }

    /// Asks for the release and waits for it. Data that still arrive are dropped.
    ///
    /// # Errors
    /// When it ended otherwise.
    pub fn release(self) -> Result<(), Ended> {
        Err(Ended::Misused("not yet"))
    }

    /// Answers [`Indication::ReleaseRequested`], and sees the connection closed (ARTIM).
    ///
    /// # Errors
    /// When the answer could not be sent.
    pub fn confirm_release(self) -> Result<(), Ended> {
        Err(Ended::Misused("not yet"))
    }

    /// Aborts, and sees the connection closed (ARTIM).
    pub fn abort(self, _abort: Abort) {}
}
