//! C-STORE (PS3.7 9.1.1, 9.3.1).

use vocabulary::{AeTitle, Uid};

use crate::command_set::{CommandSet, CommandWriter, Element, Fault, Problem};
use crate::message::{Head, data_set_type};
use crate::{CommandField, Heading, Message, Outcome, Priority};

/// C-STORE-RQ: keep the instance that follows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreRq {
    /// The presentation context.
    pub context_id: u8,
    /// Message ID (0000,0110).
    pub message_id: u16,
    /// Affected SOP Class UID (0000,0002).
    pub affected_sop_class_uid: Uid,
    /// Affected SOP Instance UID (0000,1000).
    pub affected_sop_instance_uid: Uid,
    /// Priority (0000,0700).
    pub priority: Priority,
    /// Move Originator Application Entity Title (0000,1030): who asked for the C-MOVE that this belongs to.
    pub move_originator_ae_title: Option<AeTitle>,
    /// Move Originator Message ID (0000,1031): the Message ID of that C-MOVE.
    pub move_originator_message_id: Option<u16>,
}

/// C-STORE-RSP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreRsp {
    /// The presentation context.
    pub context_id: u8,
    /// Message ID Being Responded To (0000,0120).
    pub message_id: u16,
    /// Affected SOP Class UID (0000,0002).
    pub affected_sop_class_uid: Option<Uid>,
    /// Affected SOP Instance UID (0000,1000).
    pub affected_sop_instance_uid: Option<Uid>,
    /// Status and what explains it.
    pub outcome: Outcome,
}

impl StoreRq {
    pub(crate) fn read(set: &CommandSet<'_>, head: Head) -> Result<Self, Fault> {
        let request = Self {
            context_id: head.context_id,
            message_id: head.message_id,
            affected_sop_class_uid: set.required_uid(Element::AffectedSopClassUid)?,
            affected_sop_instance_uid: set.required_uid(Element::AffectedSopInstanceUid)?,
            priority: set.priority()?,
            move_originator_ae_title: set.ae_title(Element::MoveOriginatorApplicationEntityTitle),
            move_originator_message_id: set.number(Element::MoveOriginatorMessageId)?,
        };
        if head.data_set_follows {
            Ok(request)
        } else {
            Err(Fault::new(Element::CommandDataSetType, Problem::NoDataSet))
        }
    }

    /// The response to this request.
    pub fn respond(&self, outcome: impl Into<Outcome>) -> StoreRsp {
        StoreRsp {
            context_id: self.context_id,
            message_id: self.message_id,
            affected_sop_class_uid: Some(self.affected_sop_class_uid.clone()),
            affected_sop_instance_uid: Some(self.affected_sop_instance_uid.clone()),
            outcome: outcome.into(),
        }
    }
}

impl StoreRsp {
    pub(crate) fn read(set: &CommandSet<'_>, head: Head) -> Result<Self, Fault> {
        Ok(Self {
            context_id: head.context_id,
            message_id: head.message_id,
            affected_sop_class_uid: set.uid(Element::AffectedSopClassUid),
            affected_sop_instance_uid: set.uid(Element::AffectedSopInstanceUid),
            outcome: set.outcome()?,
        })
    }
}

impl Message for StoreRq {
    fn heading(&self) -> Heading {
        Heading {
            context_id: self.context_id,
            message_id: self.message_id,
            command_field: CommandField::C_STORE_RQ,
            status: None,
        }
    }

    fn write(&self, data_set_follows: bool, into: &mut Vec<u8>) {
        let mut writer = CommandWriter::new(into);
        writer.uid(Element::AffectedSopClassUid, &self.affected_sop_class_uid);
        writer.request(self);
        writer.number(Element::Priority, self.priority.0);
        writer.number(Element::CommandDataSetType, data_set_type(data_set_follows));
        writer.uid(Element::AffectedSopInstanceUid, &self.affected_sop_instance_uid);
        if let Some(title) = &self.move_originator_ae_title {
            writer.text(Element::MoveOriginatorApplicationEntityTitle, title.as_str());
        }
        writer.optional_number(Element::MoveOriginatorMessageId, self.move_originator_message_id);
        writer.finish();
    }
}

impl Message for StoreRsp {
    fn heading(&self) -> Heading {
        Heading {
            context_id: self.context_id,
            message_id: self.message_id,
            command_field: CommandField::C_STORE_RQ.response(),
            status: Some(self.outcome.status),
        }
    }

    fn write(&self, data_set_follows: bool, into: &mut Vec<u8>) {
        let mut writer = CommandWriter::new(into);
        writer.optional_uid(Element::AffectedSopClassUid, self.affected_sop_class_uid.as_ref());
        writer.response(self, data_set_follows, &self.outcome);
        writer.optional_uid(Element::AffectedSopInstanceUid, self.affected_sop_instance_uid.as_ref());
        writer.finish();
    }
}
