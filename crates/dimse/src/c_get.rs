//! C-GET (PS3.7 9.1.3, 9.3.3).

use vocabulary::Uid;

use crate::command_set::{CommandSet, CommandWriter, Element, Fault, Problem};
use crate::message::{Head, data_set_type};
use crate::{CommandField, Heading, Message, Outcome, Priority, SubOperations};

/// C-GET-RQ: send what matches the identifier that follows over this association.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GetRq {
    /// The presentation context.
    pub context_id: u8,
    /// Message ID (0000,0110).
    pub message_id: u16,
    /// Affected SOP Class UID (0000,0002): the information model.
    pub affected_sop_class_uid: Uid,
    /// Priority (0000,0700).
    pub priority: Priority,
}

/// C-GET-RSP: pending while sub-operations run, then the final one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GetRsp {
    /// The presentation context.
    pub context_id: u8,
    /// Message ID Being Responded To (0000,0120).
    pub message_id: u16,
    /// Affected SOP Class UID (0000,0002).
    pub affected_sop_class_uid: Option<Uid>,
    /// The counters of the sub-operations, where there are any to count.
    pub sub_operations: Option<SubOperations>,
    /// Status and what explains it.
    pub outcome: Outcome,
}

impl GetRq {
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

    /// A response to this request, without counters.
    pub fn respond(&self, outcome: impl Into<Outcome>) -> GetRsp {
        GetRsp {
            context_id: self.context_id,
            message_id: self.message_id,
            affected_sop_class_uid: Some(self.affected_sop_class_uid.clone()),
            sub_operations: None,
            outcome: outcome.into(),
        }
    }
}

impl GetRsp {
    pub(crate) fn read(set: &CommandSet<'_>, head: Head) -> Result<Self, Fault> {
        Ok(Self {
            context_id: head.context_id,
            message_id: head.message_id,
            affected_sop_class_uid: set.uid(Element::AffectedSopClassUid),
            sub_operations: SubOperations::read(set)?,
            outcome: set.outcome()?,
        })
    }

    /// With the counters of the sub-operations.
    #[must_use]
    pub fn counting(mut self, sub_operations: SubOperations) -> Self {
        self.sub_operations = Some(sub_operations);
        self
    }
}

impl Message for GetRq {
    fn heading(&self) -> Heading {
        Heading {
            context_id: self.context_id,
            message_id: self.message_id,
            command_field: CommandField::C_GET_RQ,
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

impl Message for GetRsp {
    fn heading(&self) -> Heading {
        Heading {
            context_id: self.context_id,
            message_id: self.message_id,
            command_field: CommandField::C_GET_RQ.response(),
            status: Some(self.outcome.status),
        }
    }

    fn write(&self, data_set_follows: bool, into: &mut Vec<u8>) {
        let mut writer = CommandWriter::new(into);
        writer.optional_uid(Element::AffectedSopClassUid, self.affected_sop_class_uid.as_ref());
        writer.response(self, data_set_follows, &self.outcome);
        if let Some(sub_operations) = &self.sub_operations {
            sub_operations.write(self.outcome.status, &mut writer);
        }
        writer.finish();
    }
}
