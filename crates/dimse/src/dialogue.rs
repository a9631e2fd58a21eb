//! An association as two application entities use it: one operation at a time in each direction (GEN-009).

mod invoking;

use std::time::Duration;

use upper_layer::pdu::Abort;
use upper_layer::{Association, Indication, NegotiatedContext, Transport};
use vocabulary::Status;

use crate::ended::{CollectFailed, Ended, Misbehaviour};
use crate::incoming::{Command, Incoming, Kind, Response};
use crate::message::{Assembler, Heading, Message, PreparedResponse, Step};
use crate::{CancelRq, CommandField};

/// The exchange of messages over one association.
///
/// As performer: [`next`](Self::next), then the data set with [`data_set_piece`](Self::data_set_piece) or
/// [`collect_data_set`](Self::collect_data_set), then [`respond`](Self::respond). As invoker:
/// [`send`](Self::send) or [`store_from`](Self::store_from), then [`await_response`](Self::await_response).
///
/// A peer that sends its next request before the last one is answered is served in order: the request waits.
///
/// After an error the association is over. Where the peer broke PS3.7, it is aborted with the error, with the next
/// call, or when the dialogue is dropped, whichever comes first.
pub struct Dialogue<T: Transport> {
    /// Nothing once it was aborted or taken out.
    association: Option<Association<T>>,
    /// What the peer did that ends the dialogue.
    fault: Option<Misbehaviour>,
    assembler: Assembler,
    /// The Message ID of the request of the peer that is being carried out.
    performing: Option<u16>,
    /// Whether a C-CANCEL-RQ for it has come.
    cancelled: bool,
    /// What came while a cancel was looked for. Nothing is read beyond it before [`Dialogue::next`] has returned it.
    held: Option<Incoming>,
    /// The request of ours that is not answered yet.
    invoked: Option<(u16, CommandField)>,
    last_message_id: u16,
    /// Where commands are written, to allocate nothing for each.
    command: Vec<u8>,
}

/// What one look at the association brought.
enum Event {
    /// Part of a command.
    Nothing,
    Command(Command),
    ReleaseRequested,
}

impl<T: Transport> Dialogue<T> {
    /// Begins to talk.
    pub fn new(association: Association<T>) -> Self {
        Self {
            association: Some(association),
            fault: None,
            assembler: Assembler::default(),
            performing: None,
            cancelled: false,
            held: None,
            invoked: None,
            last_message_id: 0,
            command: Vec::with_capacity(512),
        }
    }

    /// The association below; nothing once it was aborted.
    pub fn association(&self) -> Option<&Association<T>> {
        self.association.as_ref()
    }

    /// The association below; nothing once it was aborted. Not for sending and receiving.
    pub fn association_mut(&mut self) -> Option<&mut Association<T>> {
        self.association.as_mut()
    }

    /// The association below, to release or abort it; nothing once it was aborted.
    pub fn into_association(mut self) -> Option<Association<T>> {
        if self.fault.is_some() {
            return None;
        }
        self.association.take()
    }

    /// The presentation context of a message.
    pub fn context(&self, id: u8) -> Option<&NegotiatedContext> {
        self.association.as_ref()?.context(id)
    }

    /// The next message; waits `idle` at most for it to begin, for ever without it.
    ///
    /// What is left of the last message's data set is read and dropped first, and what is queued is written. A
    /// C-CANCEL-RQ is skipped: there is nothing running that it could stop (SIL-054).
    ///
    /// # Errors
    /// When the dialogue is over.
    pub fn next(&mut self, idle: Option<Duration>) -> Result<Incoming, Ended> {
        self.drain_data_set()?;
        self.flush()?;
        self.performing = None;
        self.cancelled = false;
        let incoming = match self.held.take() {
            Some(held) => held,
            None => loop {
                match self.receive(idle)? {
                    Event::Nothing => {}
                    Event::ReleaseRequested => break Incoming::ReleaseRequested,
                    Event::Command(command) => match command.kind {
                        Kind::Request(request) => break Incoming::Request(request),
                        Kind::Response(response) => break Incoming::Response(self.expected(response)?),
                        Kind::Cancel(_) => {}
                    },
                }
            },
        };
        if let Incoming::Request(request) = &incoming {
            self.performing = Some(request.heading().message_id);
        }
        Ok(incoming)
    }

    /// Whether [`Dialogue::next`] would find that something has begun. What it drops and writes first is dropped and
    /// written here already.
    ///
    /// # Errors
    /// When the dialogue is over.
    pub fn has_begun(&mut self) -> Result<bool, Ended> {
        self.drain_data_set()?;
        self.flush()?;
        if self.held.is_some() || !self.assembler.is_between_messages() {
            return Ok(true);
        }
        Ok(self.association.as_mut().ok_or(OVER)?.is_readable()?)
    }

    /// Whether bytes of the last message's data set are still to come.
    pub fn data_set_follows(&self) -> bool {
        self.held.is_none() && self.assembler.in_data_set()
    }

    /// The next piece of the data set of the message that came last, as it lies in the association's buffer; nothing
    /// when it is complete, or when there is none.
    ///
    /// # Errors
    /// When the dialogue is over.
    pub fn data_set_piece(&mut self) -> Result<Option<&[u8]>, Ended> {
        self.check()?;
        if !self.data_set_follows() {
            return Ok(None);
        }
        let Some(association) = self.association.as_mut() else {
            return Err(OVER);
        };
        // The command has come, so its data set is no new message to be waited for long.
        let within = Some(association.timers().between_packets);
        let fault = match association.receive(within)? {
            Indication::Data(piece) => match self.assembler.push(&piece) {
                Ok(_) if piece.bytes.is_empty() && !self.assembler.in_data_set() => return Ok(None),
                Ok(_) => return Ok(Some(piece.bytes)),
                Err(fault) => fault,
            },
            Indication::ReleaseRequested => Misbehaviour::ReleaseWithinOperation,
        };
        // The piece is still lent to the caller as far as the compiler knows: the abort has to wait for the next
        // call or the drop.
        self.fault = Some(fault.clone());
        Err(Ended::PeerMisbehaved(fault))
    }

    /// The whole data set of the message that came last. It is read to its end even when it is too long.
    ///
    /// # Errors
    /// When it has more than `bytes_max` bytes, or the dialogue is over.
    pub fn collect_data_set(&mut self, bytes_max: usize) -> Result<Vec<u8>, CollectFailed> {
        let mut collected = Vec::new();
        let mut fits = true;
        while let Some(piece) = self.data_set_piece()? {
            fits = fits && piece.len() <= bytes_max - collected.len();
            if fits {
                collected.extend_from_slice(piece);
            }
        }
        if fits { Ok(collected) } else { Err(CollectFailed::TooLong { bytes_max }) }
    }

    /// Reads and drops what is left of the data set of the message that came last.
    ///
    /// # Errors
    /// When the dialogue is over.
    pub fn drain_data_set(&mut self) -> Result<(), Ended> {
        while self.data_set_piece()?.is_some() {}
        Ok(())
    }

    /// Sends a response, once the data set of its request is read to its end.
    ///
    /// # Errors
    /// When the dialogue is over.
    pub fn respond(&mut self, response: &impl Message, data_set: Option<&[u8]>) -> Result<(), Ended> {
        self.queue_response(response, data_set)?;
        self.flush()
    }

    /// As [`Dialogue::respond`], but it may wait: for [`Dialogue::flush`], for the next time that something is
    /// awaited, or for more to send.
    ///
    /// # Errors
    /// When the dialogue is over.
    pub fn queue_response(&mut self, response: &impl Message, data_set: Option<&[u8]>) -> Result<(), Ended> {
        self.drain_data_set()?;
        let heading = response.heading();
        if heading.status.is_none() {
            return Err(Ended::Misused("a request was given as a response"));
        }
        self.queue(response, heading, data_set)?;
        if self.performing == Some(heading.message_id) && !heading.status.is_some_and(Status::is_pending) {
            self.performing = None;
        }
        Ok(())
    }

    /// As [`Dialogue::queue_response`], for a pending response that was encoded once and is sent many times.
    ///
    /// # Errors
    /// When the dialogue is over.
    pub fn queue_prepared(&mut self, response: &PreparedResponse, data_set: &[u8]) -> Result<(), Ended> {
        self.drain_data_set()?;
        let association = self.association.as_mut().ok_or(OVER)?;
        Ok(association.queue(response.context_id(), response.command(), Some(data_set))?)
    }

    /// Writes what is queued.
    ///
    /// # Errors
    /// When the dialogue is over.
    pub fn flush(&mut self) -> Result<(), Ended> {
        self.check()?;
        Ok(self.association.as_mut().ok_or(OVER)?.flush()?)
    }

    /// Whether a C-CANCEL-RQ for the request with this Message ID has come. Looks without waiting; true from then on,
    /// until the next message is asked for.
    ///
    /// A cancel for anything else is skipped (SIL-054). Any other message waits until [`Dialogue::next`] asks for it,
    /// and with it all that comes behind it.
    ///
    /// # Errors
    /// When the dialogue is over.
    pub fn cancel_requested(&mut self, message_id: u16) -> Result<bool, Ended> {
        self.check()?;
        while !self.is_cancelled(message_id)
            && self.held.is_none()
            && !self.assembler.in_data_set()
            && self.association.as_mut().ok_or(OVER)?.is_readable()?
        {
            let within = self.association.as_ref().map(|association| association.timers().between_packets);
            match self.receive(within)? {
                Event::Nothing => {}
                Event::ReleaseRequested => self.held = Some(Incoming::ReleaseRequested),
                Event::Command(command) => match command.kind {
                    Kind::Request(request) => self.held = Some(Incoming::Request(request)),
                    Kind::Response(response) => {
                        self.held = Some(Incoming::Response(self.expected(response)?));
                    }
                    Kind::Cancel(cancel) => self.note(cancel),
                },
            }
        }
        Ok(self.is_cancelled(message_id))
    }

    fn is_cancelled(&self, message_id: u16) -> bool {
        self.cancelled && self.performing == Some(message_id)
    }

    /// Takes a cancel to heart if it names what is being carried out.
    fn note(&mut self, cancel: CancelRq) {
        if self.performing == Some(cancel.message_id) {
            self.cancelled = true;
        }
    }

    /// Takes a response if it answers what we asked.
    fn expected(&mut self, response: Response) -> Result<Response, Ended> {
        let Heading { message_id, command_field, .. } = response.heading();
        if self.invoked != Some((message_id, command_field.request())) {
            return Err(self.broken(Misbehaviour::UnexpectedResponse { command_field, message_id }));
        }
        if response.is_final() {
            self.invoked = None;
        }
        Ok(response)
    }

    fn queue(
        &mut self,
        message: &impl Message,
        heading: Heading,
        data_set: Option<&[u8]>,
    ) -> Result<(), Ended> {
        self.command.clear();
        message.write(data_set.is_some(), &mut self.command);
        let association = self.association.as_mut().ok_or(OVER)?;
        Ok(association.queue(heading.context_id, &self.command, data_set)?)
    }

    /// Receives outside of a data set.
    fn receive(&mut self, idle: Option<Duration>) -> Result<Event, Ended> {
        self.check()?;
        let step = match self.association.as_mut().ok_or(OVER)?.receive(idle)? {
            Indication::Data(piece) => self.assembler.push(&piece),
            Indication::ReleaseRequested if self.assembler.is_between_messages() => {
                return Ok(Event::ReleaseRequested);
            }
            Indication::ReleaseRequested => Err(Misbehaviour::ReleaseWithinOperation),
        };
        match step {
            Ok(Step::Partial | Step::DataSet) => Ok(Event::Nothing),
            Ok(Step::Command(command)) => Ok(Event::Command(command)),
            Err(fault) => Err(self.broken(fault)),
        }
    }

    /// Whether the dialogue goes on; aborts the association if the peer has broken it.
    fn check(&mut self) -> Result<(), Ended> {
        match &self.fault {
            None => Ok(()),
            Some(fault) => {
                if let Some(association) = self.association.take() {
                    association.abort(Abort::BY_USER);
                }
                Err(Ended::PeerMisbehaved(fault.clone()))
            }
        }
    }

    /// The peer has broken the dialogue: aborts the association.
    fn broken(&mut self, fault: Misbehaviour) -> Ended {
        if let Some(association) = self.association.take() {
            association.abort(Abort::BY_USER);
        }
        self.fault = Some(fault.clone());
        Ended::PeerMisbehaved(fault)
    }
}

/// Said to a caller that goes on after the end.
const OVER: Ended = Ended::Misused("the association is over");

impl<T: Transport> Drop for Dialogue<T> {
    fn drop(&mut self) {
        if self.fault.is_some()
            && let Some(association) = self.association.take()
        {
            association.abort(Abort::BY_USER);
        }
    }
}

#[cfg(test)]
mod tests;
