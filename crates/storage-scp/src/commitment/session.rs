//! Storage commitment over the association of the request.

use std::collections::VecDeque;
use std::time::{Duration, SystemTime};

use application_entity::dispatch::refuse;
use application_entity::{Attendance, Leisure};
use dimse::{CollectFailed, Dialogue, Ended, NActionRq, NEventReportRsp, Outcome};
use holdings::{Holdings, HoldingsError};
use upper_layer::Transport;
use vocabulary::{AeTitle, Encoding, limits, sop_class, transfer_syntax};

use super::report::Report;
use super::request::Asked;
use super::room::{Entered, Room, RoomError, Taken};
use super::{ACCEPTED, Commitment, NO_SUCH_ACTION, NO_SUCH_INSTANCE, NOT_READ, TOO_MUCH, notification};

/// The Action Type ID of a storage commitment request (PS3.4 J.3.2).
const REQUEST_STORAGE_COMMITMENT: u16 = 1;

/// Notifications that wait for this association to be silent; each keeps a file open. Others go over a new one.
const OWED_MAX: usize = 64;

/// What is owed to the peer of one association. Dropped, it is left to the [`Notifier`](super::Notifier).
#[derive(Debug)]
pub struct Session<'c> {
    commitment: &'c Commitment,
    room: Room,
    owed: VecDeque<Owed>,
    /// Sent, and not answered yet.
    asked: Option<Taken>,
}

#[derive(Debug)]
struct Owed {
    taken: Taken,
    context_id: u8,
}

/// Why a request was not entered.
#[derive(Debug, thiserror::Error)]
enum Short {
    #[error(transparent)]
    Holdings(#[from] HoldingsError),
    #[error(transparent)]
    Room(#[from] RoomError),
}

impl<'c> Session<'c> {
    /// Nothing is owed yet.
    pub fn new(commitment: &'c Commitment) -> Self {
        Self { commitment, room: Room::of(&commitment.data), owed: VecDeque::new(), asked: None }
    }

    /// Whether a notification was sent and is not answered yet: nothing else may be asked of the peer meanwhile
    /// (GEN-009).
    pub fn is_asking(&self) -> bool {
        self.asked.is_some()
    }

    /// Answers an N-ACTION request: checks it against the holdings, and records what is to be reported.
    ///
    /// # Errors
    /// When the association is over; what was recorded is reported all the same (SCP-069).
    pub fn request<T: Transport>(
        &mut self,
        holdings: Result<&mut Holdings, HoldingsError>,
        dialogue: &mut Dialogue<T>,
        rq: NActionRq,
        attendance: &mut Attendance<'_>,
    ) -> Result<(), Ended> {
        attendance.show(format_args!("N-ACTION"));
        if rq.requested_sop_instance_uid != sop_class::STORAGE_COMMITMENT_PUSH_MODEL_INSTANCE {
            let outcome = Outcome::new(NO_SUCH_INSTANCE.status).comment("not the instance of this SOP class");
            return refuse(dialogue, &rq.into(), outcome);
        }
        if rq.action_type_id != REQUEST_STORAGE_COMMITMENT {
            let outcome = Outcome::new(NO_SUCH_ACTION.status).comment("the only action type is 1");
            return refuse(dialogue, &rq.into(), outcome);
        }
        let syntax = dialogue.context(rq.context_id).map(|context| &context.transfer_syntax);
        let encoding = syntax
            .and_then(|uid| transfer_syntax::find(uid.as_str()))
            .map_or(Encoding::ImplicitLittleEndian, |syntax| syntax.encoding);
        let bytes = match dialogue.collect_data_set(limits::COMMITMENT_BYTES_MAX) {
            Ok(bytes) => bytes,
            Err(CollectFailed::Ended(ended)) => return Err(ended),
            Err(failed) => {
                let outcome = Outcome::new(TOO_MUCH.status).comment(&failed.to_string());
                return refuse(dialogue, &rq.into(), outcome);
            }
        };
        let asked = match Asked::read(&bytes, encoding) {
            Ok(asked) => asked,
            Err(unusable) => {
                return refuse(dialogue, &rq.into(), unusable.outcome(self.commitment.incomplete));
            }
        };
        drop(bytes);
        let entered =
            holdings.map_err(Short::from).and_then(|holdings| self.enter(holdings, &asked, attendance));
        let taken = match entered {
            Ok(Entered::New { taken, .. }) => Some(taken),
            Ok(Entered::Waits) => None,
            Ok(Entered::Full) => {
                let outcome = Outcome::new(TOO_MUCH.status).comment("too many notifications wait already");
                return refuse(dialogue, &rq.into(), outcome);
            }
            Err(short) => {
                tracing::error!(transaction = %asked.transaction_uid, "cannot process a storage commitment request: {short}");
                return refuse(
                    dialogue,
                    &rq.into(),
                    Outcome::new(NOT_READ.status).comment(&short.to_string()),
                );
            }
        };
        dialogue.respond(&rq.respond(ACCEPTED.status), None)?;
        if let Some(taken) = taken
            && !self.commitment.always_new_association
            && self.owed.len() < OWED_MAX
        {
            self.owed.push_back(Owed { taken, context_id: rq.context_id });
        }
        Ok(())
    }

    fn enter(
        &self,
        holdings: &Holdings,
        asked: &Asked,
        attendance: &Attendance<'_>,
    ) -> Result<Entered, Short> {
        let report = self.commitment.check(holdings, asked)?;
        let (committed, failed) = (report.committed.len(), report.failed.len());
        let reasons = reasons(&report);
        let entered = self.room.enter(
            &attendance.calling,
            AeTitle::parse(&attendance.called).ok(),
            report,
            self.commitment.pending_max,
            SystemTime::now(),
        )?;
        let transaction = &asked.transaction_uid;
        if asked.repeated > 0 {
            tracing::warn!(%transaction, repeated = asked.repeated, "a storage commitment request names instances more than once");
        }
        match &entered {
            Entered::New { repeats: true, .. } => {
                tracing::warn!(%transaction, "storage commitment refused: the Transaction UID was used before");
            }
            Entered::New { .. } if failed == 0 => {
                tracing::info!(%transaction, committed, "storage commitment: all instances are held");
            }
            Entered::New { .. } => {
                tracing::warn!(%transaction, committed, failed, reasons, "storage commitment: not all instances are held");
            }
            Entered::Waits => {
                tracing::info!(%transaction, "the same storage commitment request again: its notification waits to be sent");
            }
            Entered::Full => {
                tracing::warn!(%transaction, "storage commitment refused: pending-notifications wait for the peer");
            }
        }
        Ok(entered)
    }

    /// How long the peer is left in peace before [`Session::at_leisure`].
    pub fn leisure(&self) -> Option<Duration> {
        match (&self.asked, self.owed.is_empty()) {
            (Some(_), _) => Some(self.commitment.response_timeout),
            (None, false) => Some(self.commitment.quiet),
            (None, true) => None,
        }
    }

    /// The peer has been silent: the next notification goes out, if there is one.
    ///
    /// # Errors
    /// When the association is over.
    pub fn at_leisure<T: Transport>(
        &mut self,
        dialogue: &mut Dialogue<T>,
        attendance: &mut Attendance<'_>,
    ) -> Result<Leisure, Ended> {
        if self.asked.is_some() {
            return Ok(Leisure::Overdue);
        }
        while let Some(Owed { mut taken, context_id }) = self.owed.pop_front() {
            match self.room.read(&mut taken) {
                Ok(Some(entry)) => {
                    attendance.overseer.activity("N-EVENT-REPORT");
                    self.asked = Some(taken);
                    notification::send(dialogue, context_id, &entry, self.commitment)?;
                    break;
                }
                Ok(None) => {}
                Err(error) => tracing::error!("{error}"),
            }
        }
        Ok(Leisure::GoOn)
    }

    /// The peer has answered the notification that was sent.
    ///
    /// # Errors
    /// When the association is over.
    pub fn answered<T: Transport>(
        &mut self,
        dialogue: &mut Dialogue<T>,
        rsp: &NEventReportRsp,
        attendance: &mut Attendance<'_>,
    ) -> Result<(), Ended> {
        let Some(taken) = self.asked.take() else { return Ok(()) };
        if let Err(error) =
            notification::settle(&self.room, self.commitment, taken, &rsp.outcome, SystemTime::now())
        {
            tracing::error!("{error}");
        }
        if dialogue.has_begun()? {
            return Ok(());
        }
        self.at_leisure(dialogue, attendance).map(|_| ())
    }

    /// The association is over: what is owed goes over a new one (SCP-059, SCP-030).
    pub fn over(&mut self) {
        if let Some(taken) = self.asked.take() {
            tracing::warn!(
                transaction = %taken.name.transaction_uid,
                "the association ended before a storage commitment notification was answered: it is sent again on a new one"
            );
        }
        self.owed.clear();
    }
}

/// The failure reasons of a report, each once: `0112H (no such SOP instance), …`.
fn reasons(report: &Report) -> String {
    let mut reasons: Vec<_> = report.failed.iter().map(|(_, reason)| reason.0).collect();
    reasons.sort_unstable();
    reasons.dedup();
    let words: Vec<_> = reasons.into_iter().map(|reason| vocabulary::Status(reason).to_string()).collect();
    words.join(", ")
}
