//! N-ACTION (PS3.7 10.1.4, 10.3.4).

use vocabulary::Uid;

use crate::command_set::{CommandSet, CommandWriter, Element, Fault};
use crate::message::{Head, data_set_type};
use crate::{CommandField, Heading, Message, Outcome};

/// N-ACTION-RQ: carry out an action on an instance. Its Action Information is the data set, if one follows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NActionRq {
    /// The presentation context.
    pub context_id: u8,
    /// Message ID (0000,0110).
    pub message_id: u16,
    /// Requested SOP Class UID (0000,0003).
    pub requested_sop_class_uid: Uid,
    /// Requested SOP Instance UID (0000,1001).
    pub requested_sop_instance_uid: Uid,
    /// Action Type ID (0000,1008).
    pub action_type_id: u16,
}

/// N-ACTION-RSP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NActionRsp {
    /// The presentation context.
    pub context_id: u8,
    /// Message ID Being Responded To (0000,0120).
    pub message_id: u16,
    /// Affected SOP Class UID (0000,0002).
    pub affected_sop_class_uid: Option<Uid>,
    /// Affected SOP Instance UID (0000,1000).
    pub affected_sop_instance_uid: Option<Uid>,
    /// Action Type ID (0000,1008).
    pub action_type_id: Option<u16>,
    /// Status and what explains it.
    pub outcome: Outcome,
}

impl NActionRq {
    pub(crate) fn read(set: &CommandSet<'_>, head: Head) -> Result<Self, Fault> {
        Ok(Self {
            context_id: head.context_id,
            message_id: head.message_id,
            requested_sop_class_uid: set.required_uid(Element::RequestedSopClassUid)?,
            requested_sop_instance_uid: set.required_uid(Element::RequestedSopInstanceUid)?,
            action_type_id: set.required_number(Element::ActionTypeId)?,
        })
    }

    /// The response to this request.
    pub fn respond(&self, outcome: impl Into<Outcome>) -> NActionRsp {
        NActionRsp {
            context_id: self.context_id,
            message_id: self.message_id,
            affected_sop_class_uid: Some(self.requested_sop_class_uid.clone()),
            affected_sop_instance_uid: Some(self.requested_sop_instance_uid.clone()),
            action_type_id: Some(self.action_type_id),
            outcome: outcome.into(),
        }
    }
}

impl NActionRsp {
    pub(crate) fn read(set: &CommandSet<'_>, head: Head) -> Result<Self, Fault> {
        Ok(Self {
            context_id: head.context_id,
            message_id: head.message_id,
            affected_sop_class_uid: set.uid(Element::AffectedSopClassUid),
            affected_sop_instance_uid: set.uid(Element::AffectedSopInstanceUid),
            action_type_id: set.number(Element::ActionTypeId)?,
            outcome: set.outcome()?,
        })
    }
}

impl Message for NActionRq {
    fn heading(&self) -> Heading {
        Heading {
            context_id: self.context_id,
            message_id: self.message_id,
            command_field: CommandField::N_ACTION_RQ,
            status: None,
        }
    }

    fn write(&self, data_set_follows: bool, into: &mut Vec<u8>) {
        let mut writer = CommandWriter::new(into);
        writer.uid(Element::RequestedSopClassUid, &self.requested_sop_class_uid);
        writer.request(self);
        writer.number(Element::CommandDataSetType, data_set_type(data_set_follows));
        writer.uid(Element::RequestedSopInstanceUid, &self.requested_sop_instance_uid);
        writer.number(Element::ActionTypeId, self.action_type_id);
        writer.finish();
    }
}

impl Message for NActionRsp {
    fn heading(&self) -> Heading {
        Heading {
            context_id: self.context_id,
            message_id: self.message_id,
            command_field: CommandField::N_ACTION_RQ.response(),
            status: Some(self.outcome.status),
        }
    }

    fn write(&self, data_set_follows: bool, into: &mut Vec<u8>) {
        let mut writer = CommandWriter::new(into);
        writer.optional_uid(Element::AffectedSopClassUid, self.affected_sop_class_uid.as_ref());
        writer.response(self, data_set_follows, &self.outcome);
        writer.optional_uid(Element::AffectedSopInstanceUid, self.affected_sop_instance_uid.as_ref());
        writer.optional_number(Element::ActionTypeId, self.action_type_id);
        writer.finish();
    }
}
