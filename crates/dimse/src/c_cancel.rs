//! C-CANCEL (PS3.7 9.3.2.3, 9.3.3.3, 9.3.4.3): it has no message id of its own, no data set and no response.

use crate::command_set::{CommandSet, CommandWriter, Element, Fault};
use crate::message::data_set_type;
use crate::{CommandField, Heading, Message};

/// C-CANCEL-RQ: stop the C-FIND, C-GET or C-MOVE with this Message ID.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CancelRq {
    /// The presentation context, that of the request to be stopped.
    pub context_id: u8,
    /// Message ID Being Responded To (0000,0120): the Message ID of the request to be stopped.
    pub message_id: u16,
}

impl CancelRq {
    /// What stops `request`.
    pub fn of(request: &impl Message) -> Self {
        let heading = request.heading();
        Self { context_id: heading.context_id, message_id: heading.message_id }
    }

    pub(crate) fn read(set: &CommandSet<'_>, context_id: u8) -> Result<Self, Fault> {
        Ok(Self { context_id, message_id: set.required_number(Element::MessageIdBeingRespondedTo)? })
    }
}

impl Message for CancelRq {
    fn heading(&self) -> Heading {
        Heading {
            context_id: self.context_id,
            message_id: self.message_id,
            command_field: CommandField::C_CANCEL_RQ,
            status: None,
        }
    }

    fn write(&self, data_set_follows: bool, into: &mut Vec<u8>) {
        let mut writer = CommandWriter::new(into);
        writer.number(Element::CommandField, CommandField::C_CANCEL_RQ.0);
        writer.number(Element::MessageIdBeingRespondedTo, self.message_id);
        writer.number(Element::CommandDataSetType, data_set_type(data_set_follows));
        writer.finish();
    }
}
