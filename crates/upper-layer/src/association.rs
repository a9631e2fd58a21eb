use std::io;
use std::time::Duration;

use crate::arrival::Arrival;
use crate::ended::{Ended, Waiting};
use crate::link::{Link, Wait};
use crate::negotiation::{NegotiatedContext, agreed};
use crate::outgoing::Of;
use crate::pdu::{Abort, AssociateAc, AssociateRq, UserInformation};
use crate::values::{Span, Values};
use crate::{Timers, Transport};

/// Queued bytes that are written without waiting for more.
const QUEUE_BYTES: usize = 64 * 1024;

/// An association, from its acceptance to its end.
#[derive(Debug)]
pub struct Association<T> {
    pub(crate) link: Link<T>,
    values: Values,
    request: AssociateRq,
    answer: AssociateAc,
    contexts: Vec<NegotiatedContext>,
    we_requested: bool,
    sent_pdu_length: u32,
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
    /// True once for a command set or a data set, with the last bytes of its last fragment. There may be no
    /// bytes then.
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

impl SendFailed {
    /// Whose fault it is.
    pub fn blame(&self) -> vocabulary::Blame {
        match self {
            Self::Ended(ended) => ended.blame(),
            Self::Source(_) => vocabulary::Blame::FellShort,
        }
    }
}

impl<T: Transport> Association<T> {
    pub(crate) fn new(
        mut link: Link<T>,
        request: AssociateRq,
        answer: AssociateAc,
        we_requested: bool,
    ) -> Self {
        let contexts = agreed(&request, &answer, we_requested);
        let peer = if we_requested { &answer.user_information } else { &request.user_information };
        let sent_pdu_length = link.outgoing.limit_pdu_length(peer.max_pdu_length.unwrap_or(0));
        let values = Values::new(contexts.iter().map(|context| context.id));
        Self { link, values, request, answer, contexts, we_requested, sent_pdu_length }
    }

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

    /// The longest variable part of the P-DATA-TF PDUs that are sent: what the peer takes, or 128 KiB if that
    /// is less.
    pub fn peer_max_pdu_length(&self) -> u32 {
        self.sent_pdu_length
    }

    /// Sends no longer P-DATA-TF PDUs than this, even if the peer takes longer ones.
    pub fn limit_sent_pdu_length(&mut self, bytes: u32) {
        let bytes = bytes.max(1).min(self.sent_pdu_length);
        self.sent_pdu_length = self.link.outgoing.limit_pdu_length(bytes);
    }

    /// How long is waited for what.
    pub fn timers(&self) -> &Timers {
        &self.link.timers
    }

    /// What carries the association.
    pub fn transport(&self) -> &T {
        &self.link.transport
    }

    /// What carries the association; for its options, not for bytes.
    pub fn transport_mut(&mut self) -> &mut T {
        &mut self.link.transport
    }

    /// The longest P-DATA-TF that we said we take; 0: no limit.
    pub(crate) fn announced(&self) -> u32 {
        let ours =
            if self.we_requested { &self.request.user_information } else { &self.answer.user_information };
        ours.max_pdu_length.unwrap_or(0)
    }

    /// The next indication: waits `idle` at most for it to begin (for ever without it), and
    /// [`Timers::between_packets`] within a PDU and within a fragmented command or data set. That a data set
    /// follows a command set is known to the caller only, who passes `between_packets` as `idle` then.
    ///
    /// What is queued is flushed before anything is waited for.
    ///
    /// # Errors
    /// When the association is over; what had to be sent was sent.
    pub fn receive(&mut self, idle: Option<Duration>) -> Result<Indication<'_>, Ended> {
        self.link.check_not_over()?;
        let data_max = self.announced();
        let mut until = None;
        let span = loop {
            if self.link.pdu_left > 0 {
                if let Some(span) = self.values.next(&mut self.link)? {
                    break span;
                }
                continue;
            }
            let first = if self.values.is_message_open() {
                Wait::Rest
            } else {
                self.link.patience.restart(&self.link.timers);
                let until = *until.get_or_insert_with(|| deadline(&self.link.transport, idle));
                Wait::Until(until, Waiting::Message)
            };
            match self.link.arrive(first, Wait::Rest, data_max)? {
                (_, Arrival::Data) => self.values.check_header(&mut self.link)?,
                (_, Arrival::ReleaseRq) => return Ok(Indication::ReleaseRequested),
                _ => return Err(Ended::Misused("something arrived that the table does not let in")),
            }
        };
        let Span { of, ends_message, range } = span;
        Ok(Indication::Data(Piece {
            context_id: of.context_id,
            is_command: of.is_command,
            ends_message,
            bytes: self.link.incoming.taken(range),
        }))
    }

    /// Whether [`Association::receive`] would find that the peer has begun something: bytes that were read
    /// already count, as do the end of the connection and its failure.
    ///
    /// # Errors
    /// When the connection cannot be asked; the association is over then.
    pub fn is_readable(&mut self) -> Result<bool, Ended> {
        self.link.is_readable()
    }

    /// Queues a message: a command set, and a data set if there is one. It is written with the next
    /// [`Association::flush`], before the next wait in [`Association::receive`], or when 64 KiB are queued.
    ///
    /// # Errors
    /// When the association is over.
    pub fn queue(&mut self, context_id: u8, command: &[u8], data_set: Option<&[u8]>) -> Result<(), Ended> {
        self.link.queue(Of { context_id, is_command: true }, command, QUEUE_BYTES)?;
        match data_set {
            Some(data_set) => self.link.queue(Of { context_id, is_command: false }, data_set, QUEUE_BYTES),
            None => Ok(()),
        }
    }

    /// Writes what is queued.
    ///
    /// # Errors
    /// When the association is over.
    pub fn flush(&mut self) -> Result<(), Ended> {
        self.link.flush()
    }

    /// Sends a command set and a data set of `length` bytes, which are read from `source` straight into the
    /// outgoing PDUs; several of them go out with one write.
    ///
    /// # Errors
    /// When the association is over, also because the source failed or ended early: the message could not be
    /// completed then, and the association was aborted.
    pub fn send_from(
        &mut self,
        context_id: u8,
        command: &[u8],
        source: &mut dyn io::Read,
        length: u64,
    ) -> Result<(), SendFailed> {
        self.link.queue(Of { context_id, is_command: true }, command, QUEUE_BYTES)?;
        let of = Of { context_id, is_command: false };
        if length == 0 {
            self.link.queue(of, &[], QUEUE_BYTES)?;
        }
        let mut remaining = length;
        while remaining > 0 {
            if let Err(error) = self.link.outgoing.read_fragments(of, source, &mut remaining) {
                self.link.abort(Abort::BY_USER);
                return Err(SendFailed::Source(error));
            }
            self.link.flush()?;
        }
        Ok(self.link.flush()?)
    }
}

fn deadline<T: Transport>(transport: &T, idle: Option<Duration>) -> Option<std::time::Instant> {
    idle.and_then(|idle| transport.now().checked_add(idle))
}
