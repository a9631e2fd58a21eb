use vocabulary::Uid;

use crate::command_set::{CommandSet, CommandWriter, Element, Fault, Problem};
use crate::message::Head;
use crate::{CommandField, Heading, Message, Outcome, statuses};

/// A request that can be answered but not carried out: the command is unknown to us, or its elements are unusable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnusableRq {
    /// The presentation context.
    pub context_id: u8,
    /// Message ID (0000,0110).
    pub message_id: u16,
    /// What was asked.
    pub command_field: CommandField,
    /// Affected or Requested SOP Class UID, if there is a usable one.
    pub sop_class_uid: Option<Uid>,
    /// Affected or Requested SOP Instance UID, if there is a usable one.
    pub sop_instance_uid: Option<Uid>,
    /// The status to answer, and what explains it.
    pub reason: Outcome,
}

/// The response to a request that is not carried out, whatever its kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The presentation context.
    pub context_id: u8,
    /// Message ID Being Responded To (0000,0120).
    pub message_id: u16,
    /// The command field of the request.
    pub refused: CommandField,
    /// Affected SOP Class UID (0000,0002).
    pub affected_sop_class_uid: Option<Uid>,
    /// Affected SOP Instance UID (0000,1000).
    pub affected_sop_instance_uid: Option<Uid>,
    /// Status and what explains it.
    pub outcome: Outcome,
}

impl UnusableRq {
    pub(crate) fn new(
        set: &CommandSet<'_>,
        head: Head,
        command_field: CommandField,
        reason: Outcome,
    ) -> Self {
        Self {
            context_id: head.context_id,
            message_id: head.message_id,
            command_field,
            sop_class_uid: set
                .uid(Element::AffectedSopClassUid)
                .or_else(|| set.uid(Element::RequestedSopClassUid)),
            sop_instance_uid: set
                .uid(Element::AffectedSopInstanceUid)
                .or_else(|| set.uid(Element::RequestedSopInstanceUid)),
            reason,
        }
    }

    /// The response to this request.
    pub fn respond(&self) -> Refusal {
        Refusal {
            context_id: self.context_id,
            message_id: self.message_id,
            refused: self.command_field,
            affected_sop_class_uid: self.sop_class_uid.clone(),
            affected_sop_instance_uid: self.sop_instance_uid.clone(),
            outcome: self.reason.clone(),
        }
    }
}

impl Message for Refusal {
    fn heading(&self) -> Heading {
        Heading {
            context_id: self.context_id,
            message_id: self.message_id,
            command_field: self.refused.response(),
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

/// What is answered to a command with this fault (PS3.7 annex C): a UID that is none has statuses of its own.
pub(crate) fn reason(fault: &Fault, command_field: CommandField) -> Outcome {
    let is = |element: Element| fault.tag == element.tag();
    let status = match fault.problem {
        Problem::NotAUid if is(Element::AffectedSopInstanceUid) || is(Element::RequestedSopInstanceUid) => {
            statuses::NO_INSTANCE_UID.status
        }
        Problem::NotAUid => match command_field {
            CommandField::N_ACTION_RQ | CommandField::N_EVENT_REPORT_RQ => {
                statuses::NO_NORMALIZED_CLASS_UID.status
            }
            _ => statuses::NO_CLASS_UID.status,
        },
        _ => fault.status(),
    };
    Outcome::new(status).comment(&fault.to_string()).offending(&[fault.tag])
}
