//! C-FIND (PS3.7 9.1.2, 9.3.2).

use vocabulary::Uid;

use crate::command_set::{CommandSet, CommandWriter, Element, Fault, Problem};
use crate::message::{Head, data_set_type};
use crate::{CommandField, Heading, Message, Outcome, Priority};

/// C-FIND-RQ: what matches the identifier that follows?
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FindRq {
    /// The presentation context.
    pub context_id: u8,
    /// Message ID (0000,0110).
    pub message_id: u16,
    /// Affected SOP Class UID (0000,0002): the information model.
    pub affected_sop_class_uid: Uid,
    /// Priority (0000,0700).
    pub priority: Priority,
}

/// C-FIND-RSP: pending for each match, then the final one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FindRsp {
    /// The presentation context.
    pub context_id: u8,
    /// Message ID Being Responded To (0000,0120).
    pub message_id: u16,
    /// Affected SOP Class UID (0000,0002).
    pub affected_sop_class_uid: Option<Uid>,
    /// Status and what explains it.
    pub outcome: Outcome,
}

impl FindRq {
    pub(crate) fn read(set: &CommandSet<'_>, head: Head) -> Result<Self, Fault> {
        let request = Self {
            context_id: head.context_id,
            message_id: head.message_id,
            affected_sop_class_uid: set.required_uid(Element::AffectedSopClassUid)?,
            priority: set.priority()?,
        };
        if head.data_set_follows {
            Ok(request)
        } else {
            Err(Fault::new(Element::CommandDataSetType, Problem::NoDataSet))
        }
    }

    /// A response to this request.
    pub fn respond(&self, outcome: impl Into<Outcome>) -> FindRsp {
        FindRsp {
            context_id: self.context_id,
            message_id: self.message_id,
            affected_sop_class_uid: Some(self.affected_sop_class_uid.clone()),
            outcome: outcome.into(),
        }
    }
}

impl FindRsp {
    pub(crate) fn read(set: &CommandSet<'_>, head: Head) -> Result<Self, Fault> {
        Ok(Self {
            context_id: head.context_id,
            message_id: head.message_id,
            affected_sop_class_uid: set.uid(Element::AffectedSopClassUid),
            outcome: set.outcome()?,
        })
    }
}

impl Message for FindRq {
    fn heading(&self) -> Heading {
        Heading {
            context_id: self.context_id,
            message_id: self.message_id,
            command_field: CommandField::C_FIND_RQ,
            status: None,
        }
    }

    fn write(&self, data_set_follows: bool, into: &mut Vec<u8>) {
        let mut writer = CommandWriter::new(into);
        writer.uid(Element::AffectedSopClassUid, &self.affected_sop_class_uid);
        writer.request(self);
        writer.number(Element::Priority, self.priority.0);
        writer.number(Element::CommandDataSetType, data_set_type(data_set_follows));
        writer.finish();
    }
}

impl Message for FindRsp {
    fn heading(&self) -> Heading {
        Heading {
            context_id: self.context_id,
            message_id: self.message_id,
            command_field: CommandField::C_FIND_RQ.response(),
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
