use vocabulary::Uid;

use crate::command_set::{CommandSet, Element, Fault, NO_DATA_SET};
use crate::ended::Misbehaviour;
use crate::message::Head;
use crate::refusal::{self, Refusal, UnusableRq};
use crate::{
    CancelRq, CommandField, EchoRq, EchoRsp, FindRq, FindRsp, GetRq, GetRsp, Heading, Message, MoveRq,
    MoveRsp, NActionRq, NActionRsp, NEventReportRq, NEventReportRsp, Outcome, Priority, StoreRq, StoreRsp,
    statuses,
};

/// What comes next in a dialogue. The data set of a request or a response is read with the dialogue's own functions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Incoming {
    /// The peer asks.
    Request(Request),
    /// The peer answers what we asked.
    Response(Response),
    /// The peer wants to release the association.
    ReleaseRequested,
}

/// Declares an enum over message types with one way to get at what they have in common.
macro_rules! messages {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident($type:ty)),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub enum $name {
            $($(#[$variant_doc])* $variant($type)),*
        }

        $(impl From<$type> for $name {
            fn from(message: $type) -> Self {
                Self::$variant(message)
            }
        })*
    };
}

messages! {
    /// A request, with everything of its command set that is used.
    Request {
        /// C-ECHO-RQ.
        Echo(EchoRq),
        /// C-STORE-RQ.
        Store(StoreRq),
        /// C-FIND-RQ.
        Find(FindRq),
        /// C-GET-RQ.
        Get(GetRq),
        /// C-MOVE-RQ.
        Move(MoveRq),
        /// N-ACTION-RQ.
        NAction(NActionRq),
        /// N-EVENT-REPORT-RQ.
        NEventReport(NEventReportRq),
        /// One that can be answered but not carried out.
        Unusable(UnusableRq),
    }
}

messages! {
    /// A response to one of our requests.
    Response {
        /// C-ECHO-RSP.
        Echo(EchoRsp),
        /// C-STORE-RSP.
        Store(StoreRsp),
        /// C-FIND-RSP.
        Find(FindRsp),
        /// C-GET-RSP.
        Get(GetRsp),
        /// C-MOVE-RSP.
        Move(MoveRsp),
        /// N-ACTION-RSP.
        NAction(NActionRsp),
        /// N-EVENT-REPORT-RSP.
        NEventReport(NEventReportRsp),
    }
}

impl Request {
    /// What it has in common with every other request.
    pub fn heading(&self) -> Heading {
        match self {
            Self::Echo(rq) => rq.heading(),
            Self::Store(rq) => rq.heading(),
            Self::Find(rq) => rq.heading(),
            Self::Get(rq) => rq.heading(),
            Self::Move(rq) => rq.heading(),
            Self::NAction(rq) => rq.heading(),
            Self::NEventReport(rq) => rq.heading(),
            Self::Unusable(rq) => Heading {
                context_id: rq.context_id,
                message_id: rq.message_id,
                command_field: rq.command_field,
                status: None,
            },
        }
    }

    /// Affected or Requested SOP Class UID: nothing only where the request is unusable.
    pub fn sop_class_uid(&self) -> Option<&Uid> {
        match self {
            Self::Echo(rq) => Some(&rq.affected_sop_class_uid),
            Self::Store(rq) => Some(&rq.affected_sop_class_uid),
            Self::Find(rq) => Some(&rq.affected_sop_class_uid),
            Self::Get(rq) => Some(&rq.affected_sop_class_uid),
            Self::Move(rq) => Some(&rq.affected_sop_class_uid),
            Self::NAction(rq) => Some(&rq.requested_sop_class_uid),
            Self::NEventReport(rq) => Some(&rq.affected_sop_class_uid),
            Self::Unusable(rq) => rq.sop_class_uid.as_ref(),
        }
    }

    /// Affected or Requested SOP Instance UID, of the requests that have one.
    pub fn sop_instance_uid(&self) -> Option<&Uid> {
        match self {
            Self::Store(rq) => Some(&rq.affected_sop_instance_uid),
            Self::NAction(rq) => Some(&rq.requested_sop_instance_uid),
            Self::NEventReport(rq) => Some(&rq.affected_sop_instance_uid),
            Self::Unusable(rq) => rq.sop_instance_uid.as_ref(),
            Self::Echo(_) | Self::Find(_) | Self::Get(_) | Self::Move(_) => None,
        }
    }

    /// The response of one who does not carry this request out, whatever it is.
    pub fn refuse(&self, outcome: impl Into<Outcome>) -> Refusal {
        let heading = self.heading();
        Refusal {
            context_id: heading.context_id,
            message_id: heading.message_id,
            refused: heading.command_field,
            affected_sop_class_uid: self.sop_class_uid().cloned(),
            affected_sop_instance_uid: self.sop_instance_uid().cloned(),
            outcome: outcome.into(),
        }
    }
}

impl Response {
    /// What it has in common with every other response.
    pub fn heading(&self) -> Heading {
        match self {
            Self::Echo(rsp) => rsp.heading(),
            Self::Store(rsp) => rsp.heading(),
            Self::Find(rsp) => rsp.heading(),
            Self::Get(rsp) => rsp.heading(),
            Self::Move(rsp) => rsp.heading(),
            Self::NAction(rsp) => rsp.heading(),
            Self::NEventReport(rsp) => rsp.heading(),
        }
    }

    /// Status and what explains it.
    pub fn outcome(&self) -> &Outcome {
        match self {
            Self::Echo(rsp) => &rsp.outcome,
            Self::Store(rsp) => &rsp.outcome,
            Self::Find(rsp) => &rsp.outcome,
            Self::Get(rsp) => &rsp.outcome,
            Self::Move(rsp) => &rsp.outcome,
            Self::NAction(rsp) => &rsp.outcome,
            Self::NEventReport(rsp) => &rsp.outcome,
        }
    }

    /// Whether no further response to the same request follows. Only C-FIND, C-GET and C-MOVE have pending ones.
    pub fn is_final(&self) -> bool {
        match self {
            Self::Find(_) | Self::Get(_) | Self::Move(_) => !self.outcome().status.is_pending(),
            Self::Echo(_) | Self::Store(_) | Self::NAction(_) | Self::NEventReport(_) => true,
        }
    }
}

/// A whole command, understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Command {
    pub(crate) data_set_follows: bool,
    pub(crate) kind: Kind,
}

/// What a command is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Kind {
    Request(Request),
    Response(Response),
    Cancel(CancelRq),
}

impl Command {
    /// Understands the bytes of a whole command set.
    pub(crate) fn read(context_id: u8, bytes: &[u8]) -> Result<Self, Misbehaviour> {
        let set = CommandSet::read(bytes);
        let answerable = |element: Element| {
            set.required_number(element).map_err(|fault| Misbehaviour::Unanswerable(fault.tag))
        };
        let command_field = CommandField(answerable(Element::CommandField)?);
        if command_field == CommandField::C_CANCEL_RQ {
            return read_cancel(&set, context_id);
        }
        let id =
            if command_field.is_response() { Element::MessageIdBeingRespondedTo } else { Element::MessageId };
        let message_id = answerable(id)?;
        let data_set_follows = answerable(Element::CommandDataSetType)? != NO_DATA_SET;
        let head = Head { context_id, message_id, data_set_follows };
        let kind = if command_field.is_response() {
            Kind::Response(read_response(&set, head, command_field)?)
        } else {
            Kind::Request(read_request(&set, head, command_field))
        };
        Ok(Self { data_set_follows, kind })
    }
}

fn read_cancel(set: &CommandSet<'_>, context_id: u8) -> Result<Command, Misbehaviour> {
    let cancel = CancelRq::read(set, context_id).map_err(|fault| Misbehaviour::Unanswerable(fault.tag))?;
    // One that does not say whether a data set follows has none: there is no other way to read it.
    match set.number(Element::CommandDataSetType) {
        Ok(None | Some(NO_DATA_SET)) => Ok(Command { data_set_follows: false, kind: Kind::Cancel(cancel) }),
        _ => Err(Misbehaviour::CancelWithDataSet),
    }
}

fn read_request(set: &CommandSet<'_>, head: Head, command_field: CommandField) -> Request {
    let read = || -> Result<Option<Request>, Fault> {
        if let Some(fault) = set.fault() {
            return Err(fault.clone());
        }
        Ok(Some(match command_field {
            CommandField::C_ECHO_RQ => EchoRq::read(set, head)?.into(),
            CommandField::C_STORE_RQ => StoreRq::read(set, head)?.into(),
            CommandField::C_FIND_RQ => FindRq::read(set, head)?.into(),
            CommandField::C_GET_RQ => GetRq::read(set, head)?.into(),
            CommandField::C_MOVE_RQ => MoveRq::read(set, head)?.into(),
            CommandField::N_ACTION_RQ => NActionRq::read(set, head)?.into(),
            CommandField::N_EVENT_REPORT_RQ => NEventReportRq::read(set, head)?.into(),
            _ => return Ok(None),
        }))
    };
    let reason = match read() {
        Ok(Some(request)) => return request,
        Ok(None) => Outcome::new(statuses::UNKNOWN_OPERATION.status)
            .comment(&format!("{command_field} is not offered here"))
            .offending(&[Element::CommandField.tag()]),
        Err(fault) => refusal::reason(&fault, command_field),
    };
    Request::Unusable(UnusableRq::new(set, head, command_field, reason))
}

fn read_response(
    set: &CommandSet<'_>,
    head: Head,
    command_field: CommandField,
) -> Result<Response, Misbehaviour> {
    let read = || -> Result<Option<Response>, Fault> {
        if let Some(fault) = set.fault() {
            return Err(fault.clone());
        }
        Ok(Some(match command_field.request() {
            CommandField::C_ECHO_RQ => EchoRsp::read(set, head)?.into(),
            CommandField::C_STORE_RQ => StoreRsp::read(set, head)?.into(),
            CommandField::C_FIND_RQ => FindRsp::read(set, head)?.into(),
            CommandField::C_GET_RQ => GetRsp::read(set, head)?.into(),
            CommandField::C_MOVE_RQ => MoveRsp::read(set, head)?.into(),
            CommandField::N_ACTION_RQ => NActionRsp::read(set, head)?.into(),
            CommandField::N_EVENT_REPORT_RQ => NEventReportRsp::read(set, head)?.into(),
            _ => return Ok(None),
        }))
    };
    match read() {
        Ok(Some(response)) => Ok(response),
        Ok(None) => Err(Misbehaviour::UnknownResponse(command_field)),
        Err(fault) => Err(Misbehaviour::UnusableResponse { command_field, problem: fault.to_string() }),
    }
}

impl CommandSet<'_> {
    /// Priority; a request without one, as old peers send it, gets the usual.
    pub(crate) fn priority(&self) -> Result<Priority, Fault> {
        Ok(self.number(Element::Priority)?.map_or(Priority::MEDIUM, Priority))
    }
}
