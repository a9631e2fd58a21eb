//! C-ECHO (PS3.7 9.1.5, 9.3.5).

use vocabulary::{Uid, sop_class};

use crate::command_set::{CommandSet, CommandWriter, Element, Fault};
use crate::message::{Head, data_set_type};
use crate::{CommandField, Heading, Message, Outcome};

/// C-ECHO-RQ: is anybody there?
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EchoRq {
    /// The presentation context.
    pub context_id: u8,
    /// Message ID (0000,0110).
    pub message_id: u16,
    /// Affected SOP Class UID (0000,0002).
    pub affected_sop_class_uid: Uid,
}

/// C-ECHO-RSP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EchoRsp {
    /// The presentation context.
    pub context_id: u8,
    /// Message ID Being Responded To (0000,0120).
    pub message_id: u16,
    /// Affected SOP Class UID (0000,0002).
    pub affected_sop_class_uid: Option<Uid>,
    /// Status and what explains it.
    pub outcome: Outcome,
}

impl EchoRq {
    /// The request, to be sent.
    pub fn new(context_id: u8, message_id: u16) -> Self {
        Self { context_id, message_id, affected_sop_class_uid: Uid::known(sop_class::VERIFICATION) }
    }

    pub(crate) fn read(set: &CommandSet<'_>, head: Head) -> Result<Self, Fault> {
        Ok(Self {
            context_id: head.context_id,
            message_id: head.message_id,
            affected_sop_class_uid: set.required_uid(Element::AffectedSopClassUid)?,
        })
    }

    /// The response to this request.
    pub fn respond(&self, outcome: impl Into<Outcome>) -> EchoRsp {
        EchoRsp {
            context_id: self.context_id,
            message_id: self.message_id,
            affected_sop_class_uid: Some(self.affected_sop_class_uid.clone()),
            outcome: outcome.into(),
        }
    }
}

impl EchoRsp {
    pub(crate) fn read(set: &CommandSet<'_>, head: Head) -> Result<Self, Fault> {
        Ok(Self {
            context_id: head.context_id,
            message_id: head.message_id,
            affected_sop_class_uid: set.uid(Element::AffectedSopClassUid),
            outcome: set.outcome()?,
        })
    }
}

impl Message for EchoRq {
    fn heading(&self) -> Heading {
        Heading {
            context_id: self.context_id,
            message_id: self.message_id,
            command_field: CommandField::C_ECHO_RQ,
            status: None,
        }
    }

    fn write(&self, data_set_follows: bool, into: &mut Vec<u8>) {
        let mut writer = CommandWriter::new(into);
        writer.uid(Element::AffectedSopClassUid, &self.affected_sop_class_uid);
        writer.request(self);
        writer.number(Element::CommandDataSetType, data_set_type(data_set_follows));
        writer.finish();
    }
}

impl Message for EchoRsp {
    fn heading(&self) -> Heading {
        Heading {
            context_id: self.context_id,
            message_id: self.message_id,
            command_field: CommandField::C_ECHO_RQ.response(),
            status: Some(self.outcome.status),
        }
    }

    fn write(&self, data_set_follows: bool, into: &mut Vec<u8>) {
        let mut writer = CommandWriter::new(into);
        writer.optional_uid(Element::AffectedSopClassUid, self.affected_sop_class_uid.as_ref());
        writer.response(self, data_set_follows, &self.outcome);
        writer.finish();
    }
}
