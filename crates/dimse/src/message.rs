//! From fragments to commands, and from commands to bytes (PS3.7 6.3, PS3.8 annex E).

mod assembler;

pub(crate) use assembler::{Assembler, Step};

use vocabulary::{Status, limits};

use crate::command_set::{CommandSet, CommandWriter, DATA_SET_FOLLOWS, Element, NO_DATA_SET};
use crate::outcome::comment;
use crate::{CommandField, Outcome};

/// What is known of a message whatever it asks or answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Heading {
    /// The presentation context that it travels on.
    pub context_id: u8,
    /// Message ID (0000,0110) of a request, Message ID Being Responded To (0000,0120) of a response or a cancel.
    pub message_id: u16,
    /// Which command it is.
    pub command_field: CommandField,
    /// The status of a response; nothing for a request.
    pub status: Option<Status>,
}

/// Anything that we send: a request or a response, which goes out as a command set.
pub trait Message {
    /// What it has in common with every other message.
    fn heading(&self) -> Heading;

    /// Writes the command set behind what the buffer holds.
    fn write(&self, data_set_follows: bool, into: &mut Vec<u8>);

    /// The command set on its own.
    fn to_bytes(&self, data_set_follows: bool) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(256);
        self.write(data_set_follows, &mut bytes);
        bytes
    }
}

/// A response that is queued many times over with different data sets, encoded once: the pending responses of a
/// C-FIND differ in nothing but their identifier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PreparedResponse {
    context_id: u8,
    command: Vec<u8>,
}

impl PreparedResponse {
    /// Encodes a pending response that a data set follows.
    pub fn pending(response: &impl Message) -> Self {
        debug_assert!(
            response.heading().status.is_some_and(Status::is_pending),
            "a final response is sent once"
        );
        Self { context_id: response.heading().context_id, command: response.to_bytes(true) }
    }

    /// The presentation context that it travels on.
    pub fn context_id(&self) -> u8 {
        self.context_id
    }

    /// The command set.
    pub fn command(&self) -> &[u8] {
        &self.command
    }
}

/// What every command received carries, whatever it asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) context_id: u8,
    pub(crate) message_id: u16,
    pub(crate) data_set_follows: bool,
}

/// The value of Command Data Set Type.
pub(crate) const fn data_set_type(data_set_follows: bool) -> u16 {
    if data_set_follows { DATA_SET_FOLLOWS } else { NO_DATA_SET }
}

impl CommandWriter<'_> {
    /// Command Field, Message ID.
    pub(crate) fn request(&mut self, message: &impl Message) {
        let heading = message.heading();
        self.number(Element::CommandField, heading.command_field.0);
        self.number(Element::MessageId, heading.message_id);
    }

    /// Command Field, Message ID Being Responded To, Command Data Set Type and the outcome.
    pub(crate) fn response(&mut self, message: &impl Message, data_set_follows: bool, outcome: &Outcome) {
        let heading = message.heading();
        self.number(Element::CommandField, heading.command_field.0);
        self.number(Element::MessageIdBeingRespondedTo, heading.message_id);
        self.number(Element::CommandDataSetType, data_set_type(data_set_follows));
        self.number(Element::Status, outcome.status.0);
        if !outcome.offending_elements.is_empty() {
            self.tags(Element::OffendingElement, &outcome.offending_elements);
        }
        if let Some(comment) = &outcome.error_comment {
            self.text(Element::ErrorComment, comment);
        }
        self.optional_number(Element::ErrorId, outcome.error_id);
    }
}

impl CommandSet<'_> {
    /// The outcome that a response carries.
    pub(crate) fn outcome(&self) -> Result<Outcome, crate::command_set::Fault> {
        Ok(Outcome {
            status: Status(self.required_number(Element::Status)?),
            error_comment: self.text(Element::ErrorComment).map(|text| comment(&text)),
            offending_elements: self.tags(Element::OffendingElement),
            error_id: self.number(Element::ErrorId)?,
        })
    }
}

/// The longest command set that is taken, in bytes.
pub(crate) const COMMAND_BYTES_MAX: usize = limits::COMMAND_SET_BYTES_MAX;

#[cfg(test)]
mod tests;
