//! N-EVENT-REPORT (PS3.7 10.1.1, 10.3.1).

use vocabulary::Uid;

use crate::command_set::{CommandSet, CommandWriter, Element, Fault};
use crate::message::{Head, data_set_type};
use crate::{CommandField, Heading, Message, Outcome};

/// N-EVENT-REPORT-RQ: an event happened to an instance. Its Event Information is the data set, if one follows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NEventReportRq {
    /// The presentation context.
    pub context_id: u8,
    /// Message ID (0000,0110).
    pub message_id: u16,
    /// Affected SOP Class UID (0000,0002).
    pub affected_sop_class_uid: Uid,
    /// Affected SOP Instance UID (0000,1000).
    pub affected_sop_instance_uid: Uid,
    /// Event Type ID (0000,1002).
    pub event_type_id: u16,
}

/// N-EVENT-REPORT-RSP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NEventReportRsp {
    /// The presentation context.
    pub context_id: u8,
    /// Message ID Being Responded To (0000,0120).
    pub message_id: u16,
    /// Affected SOP Class UID (0000,0002).
    pub affected_sop_class_uid: Option<Uid>,
    /// Affected SOP Instance UID (0000,1000).
    pub affected_sop_instance_uid: Option<Uid>,
    /// Event Type ID (0000,1002).
    pub event_type_id: Option<u16>,
    /// Status and what explains it.
    pub outcome: Outcome,
}

impl NEventReportRq {
    pub(crate) fn read(set: &CommandSet<'_>, head: Head) -> Result<Self, Fault> {
        Ok(Self {
            context_id: head.context_id,
            message_id: head.message_id,
            affected_sop_class_uid: set.required_uid(Element::AffectedSopClassUid)?,
            affected_sop_instance_uid: set.required_uid(Element::AffectedSopInstanceUid)?,
            event_type_id: set.required_number(Element::EventTypeId)?,
        })
    }

    /// The response to this request.
    pub fn respond(&self, outcome: impl Into<Outcome>) -> NEventReportRsp {
        NEventReportRsp {
            context_id: self.context_id,
            message_id: self.message_id,
            affected_sop_class_uid: Some(self.affected_sop_class_uid.clone()),
            affected_sop_instance_uid: Some(self.affected_sop_instance_uid.clone()),
            event_type_id: Some(self.event_type_id),
            outcome: outcome.into(),
        }
    }
}

impl NEventReportRsp {
    pub(crate) fn read(set: &CommandSet<'_>, head: Head) -> Result<Self, Fault> {
        Ok(Self {
            context_id: head.context_id,
            message_id: head.message_id,
            affected_sop_class_uid: set.uid(Element::AffectedSopClassUid),
            affected_sop_instance_uid: set.uid(Element::AffectedSopInstanceUid),
            event_type_id: set.number(Element::EventTypeId)?,
            outcome: set.outcome()?,
        })
    }
}

impl Message for NEventReportRq {
    fn heading(&self) -> Heading {
        Heading {
            context_id: self.context_id,
            message_id: self.message_id,
            command_field: CommandField::N_EVENT_REPORT_RQ,
            status: None,
        }
    }

    fn write(&self, data_set_follows: bool, into: &mut Vec<u8>) {
        let mut writer = CommandWriter::new(into);
        writer.uid(Element::AffectedSopClassUid, &self.affected_sop_class_uid);
        writer.request(self);
        writer.number(Element::CommandDataSetType, data_set_type(data_set_follows));
        writer.uid(Element::AffectedSopInstanceUid, &self.affected_sop_instance_uid);
        writer.number(Element::EventTypeId, self.event_type_id);
        writer.finish();
    }
}

impl Message for NEventReportRsp {
    fn heading(&self) -> Heading {
        Heading {
            context_id: self.context_id,
            message_id: self.message_id,
            command_field: CommandField::N_EVENT_REPORT_RQ.response(),
            status: Some(self.outcome.status),
        }
    }

    fn write(&self, data_set_follows: bool, into: &mut Vec<u8>) {
        let mut writer = CommandWriter::new(into);
        writer.optional_uid(Element::AffectedSopClassUid, self.affected_sop_class_uid.as_ref());
        writer.response(self, data_set_follows, &self.outcome);
        writer.optional_uid(Element::AffectedSopInstanceUid, self.affected_sop_instance_uid.as_ref());
        writer.optional_number(Element::EventTypeId, self.event_type_id);
        writer.finish();
    }
}
