//! Request to service: the one loop of an association.

use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use dimse::{
    Dialogue, EchoRq, Ended, FindRq, GetRq, Incoming, MoveRq, NActionRq, NEventReportRq, Outcome, Request,
    Response, StoreRq,
};
use upper_layer::Transport;
use vocabulary::sop_class::ServiceClass;
use vocabulary::{AeTitle, Category, Status, StatusRow, Uid};

use crate::rights::Granted;
use crate::{Awaited, Overseer};

const REFUSED: &str = "The request is not carried out; a data set that follows it is read and dropped";

/// Another SOP class than that of the context.
const OTHER_SOP_CLASS: StatusRow = StatusRow::new(
    Status::SOP_CLASS_NOT_SUPPORTED,
    "The SOP class of the command is not that of its presentation context",
    REFUSED,
);
/// An operation that the SOP class does not have.
const OTHER_OPERATION: StatusRow =
    StatusRow::new(Status::UNRECOGNIZED_OPERATION, "The SOP class has no such operation", REFUSED);
/// An operation that only the other side may invoke.
const OTHER_ROLE: StatusRow =
    StatusRow::new(Status::NOT_AUTHORIZED, "The peer is not the SCU of the presentation context", REFUSED);

/// The statuses by which a request is refused that does not fit the presentation context it came on.
pub const STATUSES: &[StatusRow] = &[OTHER_SOP_CLASS, OTHER_OPERATION, OTHER_ROLE];

/// C-ECHO (PS3.4 annex A): success, whoever asks.
pub const ECHOED: StatusRow =
    StatusRow::new(Status::SUCCESS, "Always", "The wait for the next request begins anew");

/// What a service is told of the association that a request came over.
pub struct Attendance<'a> {
    /// Who calls.
    pub calling: AeTitle,
    /// Who is called, as the peer wrote it.
    pub called: String,
    /// Where it calls from.
    pub address: IpAddr,
    /// The user, if the peer said who it is and that was right.
    pub user: Option<String>,
    /// What it may do.
    pub granted: Granted,
    /// Who counts and looks.
    pub overseer: &'a mut dyn Overseer,
    /// The requests of this association so far, this one included.
    pub requests: u64,
    /// What became of the instances that it brought.
    pub instances: Instances,
}

/// Counts what became of the instances that an association brought.
#[derive(Debug, Clone, Copy, Default)]
pub struct Instances {
    stored: u64,
    refused: u64,
}

impl Instances {
    /// Counts one that was answered.
    pub fn count(&mut self, status: Status) {
        match status.category() {
            Category::Failure => self.refused += 1,
            _ => self.stored += 1,
        }
    }

    /// How many were stored, if there were any at all.
    pub fn stored(self) -> Option<u64> {
        (self.stored + self.refused > 0).then_some(self.stored)
    }

    /// How many were refused, if there were any at all.
    pub fn refused(self) -> Option<u64> {
        (self.stored + self.refused > 0).then_some(self.refused)
    }
}

impl Attendance<'_> {
    /// Shows what is being done, and how manyeth of its association it is.
    pub fn show(&mut self, what: fmt::Arguments<'_>) {
        let text = format!("{what} {}", self.requests);
        self.overseer.activity(&text);
    }
}

/// The services of the entities at one address. What is not implemented is refused: unrecognized operation.
pub trait Services<T: Transport> {
    /// C-STORE (PS3.4 annex B). The data set is to be read from the dialogue.
    ///
    /// # Errors
    /// When the association is over, as for all of these.
    fn store(
        &mut self,
        dialogue: &mut Dialogue<T>,
        rq: StoreRq,
        _attendance: &mut Attendance<'_>,
    ) -> Result<(), Ended> {
        refuse(dialogue, &rq.into(), unrecognized())
    }

    /// C-FIND (PS3.4 C.4.1).
    ///
    /// # Errors
    /// When the association is over.
    fn find(
        &mut self,
        dialogue: &mut Dialogue<T>,
        rq: FindRq,
        _attendance: &mut Attendance<'_>,
    ) -> Result<(), Ended> {
        refuse(dialogue, &rq.into(), unrecognized())
    }

    /// C-GET (PS3.4 C.4.3).
    ///
    /// # Errors
    /// When the association is over.
    fn get(
        &mut self,
        dialogue: &mut Dialogue<T>,
        rq: GetRq,
        _attendance: &mut Attendance<'_>,
    ) -> Result<(), Ended> {
        refuse(dialogue, &rq.into(), unrecognized())
    }

    /// C-MOVE (PS3.4 C.4.2).
    ///
    /// # Errors
    /// When the association is over.
    fn r#move(
        &mut self,
        dialogue: &mut Dialogue<T>,
        rq: MoveRq,
        _attendance: &mut Attendance<'_>,
    ) -> Result<(), Ended> {
        refuse(dialogue, &rq.into(), unrecognized())
    }

    /// N-ACTION (PS3.7 10.1.4).
    ///
    /// # Errors
    /// When the association is over.
    fn n_action(
        &mut self,
        dialogue: &mut Dialogue<T>,
        rq: NActionRq,
        _attendance: &mut Attendance<'_>,
    ) -> Result<(), Ended> {
        refuse(dialogue, &rq.into(), unrecognized())
    }

    /// N-EVENT-REPORT (PS3.7 10.1.1).
    ///
    /// # Errors
    /// When the association is over.
    fn n_event_report(
        &mut self,
        dialogue: &mut Dialogue<T>,
        rq: NEventReportRq,
        _attendance: &mut Attendance<'_>,
    ) -> Result<(), Ended> {
        refuse(dialogue, &rq.into(), unrecognized())
    }

    /// A response to what [`Services::at_leisure`] asked.
    ///
    /// # Errors
    /// When the association is over.
    fn answered(
        &mut self,
        _dialogue: &mut Dialogue<T>,
        response: Response,
        _attendance: &mut Attendance<'_>,
    ) -> Result<(), Ended> {
        tracing::warn!(response = %response.heading().command_field, "ignored a response to nothing that was asked");
        Ok(())
    }

    /// How long the peer is to be silent before [`Services::at_leisure`]; none: there is nothing to do.
    fn leisure(&self) -> Option<Duration> {
        None
    }

    /// The peer has been silent for so long between two requests: the time to ask something of it.
    ///
    /// # Errors
    /// When the association is over.
    fn at_leisure(
        &mut self,
        _dialogue: &mut Dialogue<T>,
        _attendance: &mut Attendance<'_>,
    ) -> Result<Leisure, Ended> {
        Ok(Leisure::GoOn)
    }

    /// The association is over, whichever way.
    fn over(&mut self) {}
}

/// What a silence means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leisure {
    /// The association goes on.
    GoOn,
    /// The peer should have answered by now: it is treated as one that let its time pass.
    Overdue,
}

/// How requests came to their end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Served {
    /// The peer asks for the release.
    ReleaseRequested,
    /// The server is being stopped, and no request was under way.
    Stopped,
}

/// How much longer the witness may keep what it gathers, if the peer is silent. What it kept long enough is told.
fn gathers_for(overseer: &mut dyn Overseer) -> Option<Duration> {
    let left = overseer.witness()?.gathers_for()?;
    if left.is_zero() {
        tell_gathered(overseer);
        return None;
    }
    Some(left)
}

fn tell_gathered(overseer: &mut dyn Overseer) {
    if let Some(witness) = overseer.witness() {
        witness.tell_gathered();
    }
}

/// Serves requests, one after the other (GEN-009), until the peer asks for the release or the server is stopped.
///
/// # Errors
/// Why the association ended otherwise.
pub fn dispatch<T: Transport>(
    dialogue: &mut Dialogue<T>,
    idle: Duration,
    services: &mut impl Services<T>,
    attendance: &mut Attendance<'_>,
) -> Result<Served, Ended> {
    loop {
        let leisure = services.leisure().filter(|leisure| *leisure < idle);
        let at_most = leisure.unwrap_or(idle);
        let gathers = gathers_for(attendance.overseer).filter(|left| *left < at_most);
        let idle_left = match dialogue.has_begun()? {
            true => idle,
            false => match attendance.overseer.await_peer(gathers.unwrap_or(at_most)) {
                Awaited::Peer => {
                    // What came may be too little to begin with (a part of a TLS record): the rest is waited for below.
                    if gathers.is_some() && !dialogue.has_begun()? {
                        tell_gathered(attendance.overseer);
                    }
                    idle
                }
                Awaited::Nothing if gathers.is_some() => {
                    tell_gathered(attendance.overseer);
                    continue;
                }
                Awaited::Nothing if leisure.is_some() => match services.at_leisure(dialogue, attendance)? {
                    Leisure::GoOn => continue,
                    Leisure::Overdue => Duration::ZERO,
                },
                // The upper layer knows what a peer is told that let its time pass.
                Awaited::Nothing => Duration::ZERO,
                // What the peer sent before it was told to stop has begun, whichever was heard first.
                Awaited::Stop if dialogue.has_begun()? => idle,
                Awaited::Stop => return Ok(Served::Stopped),
            },
        };
        let request = match dialogue.next(Some(idle_left))? {
            Incoming::Request(request) => request,
            Incoming::Response(response) => {
                services.answered(dialogue, response, attendance)?;
                continue;
            }
            Incoming::ReleaseRequested => return Ok(Served::ReleaseRequested),
        };
        attendance.requests += 1;
        let heading = request.heading();
        let operation = heading.command_field.operation();
        let span = tracing::error_span!("request", operation, message_id = heading.message_id);
        let _entered = span.enter();
        if let Some(outcome) = contradicts_context(dialogue, &request) {
            refuse(dialogue, &request, outcome)?;
            continue;
        }
        match request {
            Request::Echo(rq) => echo(dialogue, &rq, attendance)?,
            Request::Store(rq) => services.store(dialogue, rq, attendance)?,
            Request::Find(rq) => services.find(dialogue, rq, attendance)?,
            Request::Get(rq) => services.get(dialogue, rq, attendance)?,
            Request::Move(rq) => services.r#move(dialogue, rq, attendance)?,
            Request::NAction(rq) => services.n_action(dialogue, rq, attendance)?,
            Request::NEventReport(rq) => services.n_event_report(dialogue, rq, attendance)?,
            Request::Unusable(rq) => {
                let outcome = rq.reason.clone();
                refuse(dialogue, &rq.into(), outcome)?;
            }
        }
    }
}

/// A request must be about the SOP class of its presentation context, of whose service its operation must be, and
/// the peer must be the SCU there (PS3.7 D.3.3.4, SIL-072).
fn contradicts_context<T: Transport>(dialogue: &Dialogue<T>, request: &Request) -> Option<Outcome> {
    let context = dialogue.context(request.heading().context_id)?;
    let asked = request.sop_class_uid()?;
    if *asked != context.abstract_syntax {
        return Some(
            Outcome::new(OTHER_SOP_CLASS.status)
                .comment("the SOP class is not that of the presentation context"),
        );
    }
    if !is_operation_of(request, asked) {
        return Some(Outcome::new(OTHER_OPERATION.status).comment("the SOP class has no such operation"));
    }
    if !context.we_are_scp {
        return Some(Outcome::new(OTHER_ROLE.status).comment("the negotiated role is not that of an SCU"));
    }
    None
}

/// Whether the service of the SOP class has the operation. What is in no table is a private storage class.
///
/// The contexts were agreed on for what their classes are for: without this, whoever may query could store.
fn is_operation_of(request: &Request, class: &Uid) -> bool {
    use vocabulary::sop_class as known;
    let class = class.as_str();
    match request {
        Request::Echo(_) => class == known::VERIFICATION,
        Request::Store(_) => known::find(class).is_none_or(|class| {
            matches!(class.service, ServiceClass::Storage | ServiceClass::NonPatientObjectStorage)
        }),
        Request::Find(_) => {
            [known::PATIENT_ROOT_FIND, known::STUDY_ROOT_FIND, known::PATIENT_STUDY_ONLY_FIND]
                .contains(&class)
        }
        Request::Get(_) => {
            [known::PATIENT_ROOT_GET, known::STUDY_ROOT_GET, known::PATIENT_STUDY_ONLY_GET].contains(&class)
        }
        Request::Move(_) => {
            [known::PATIENT_ROOT_MOVE, known::STUDY_ROOT_MOVE, known::PATIENT_STUDY_ONLY_MOVE]
                .contains(&class)
        }
        Request::NAction(_) => class == known::STORAGE_COMMITMENT_PUSH_MODEL,
        // Refused in any case: nothing here asks a peer for storage commitment.
        Request::NEventReport(_) | Request::Unusable(_) => true,
    }
}

/// C-ECHO: see [`ECHOED`].
fn echo<T: Transport>(
    dialogue: &mut Dialogue<T>,
    rq: &EchoRq,
    attendance: &mut Attendance<'_>,
) -> Result<(), Ended> {
    attendance.show(format_args!("C-ECHO"));
    dialogue.drain_data_set()?;
    tracing::info!(status = %ECHOED.status, "answered C-ECHO");
    dialogue.respond(&rq.respond(ECHOED.status), None)
}

/// Answers a request that is not carried out, once its data set is out of the way.
///
/// # Errors
/// When the association is over.
pub fn refuse<T: Transport>(
    dialogue: &mut Dialogue<T>,
    request: &Request,
    outcome: Outcome,
) -> Result<(), Ended> {
    dialogue.drain_data_set()?;
    let why = outcome.error_comment.as_deref().unwrap_or_default();
    tracing::warn!(status = %outcome.status, why, "refused {}", request.heading().command_field.operation());
    dialogue.respond(&request.refuse(outcome), None)
}

fn unrecognized() -> Outcome {
    Outcome::new(OTHER_OPERATION.status).comment("the operation is not offered here")
}
