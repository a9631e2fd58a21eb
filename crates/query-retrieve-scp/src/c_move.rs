//! C-MOVE as SCP: orders STORAGE-SCU to send, and reports (PS3.4 C.4.2, PS3.2 F.4.2.2.4.1.4).

use std::time::{Duration, Instant};

use application_entity::{Attendance, Peer, Permit};
use dimse::{Dialogue, Ended, MoveRq, Outcome, SubOperations};
use holdings::Holdings;
use storage_scu::{Next, NotStored, Originator, Sending, Watch};
use upper_layer::Transport;
use vocabulary::{AeTitle, Status};

use crate::retrieve::{Answered, HeldInstance, Progress};
use crate::{QueryRetrieveScp, identifier, statuses, witness};

/// While an export waits for its turn, a C-CANCEL-RQ is looked for this often.
const TURN_LOOKS_EVERY: Duration = Duration::from_millis(250);

/// Who asked. It may go away while the export runs: the export goes on then (QR-096 to QR-098).
struct Requester<'d, T: Transport> {
    dialogue: &'d mut Dialogue<T>,
    rq: &'d MoveRq,
    gone: Option<Ended>,
}

impl<T: Transport> Requester<'_, T> {
    /// A pending response.
    fn report(&mut self, counters: SubOperations) {
        if self.gone.is_none() {
            let pending = self.rq.respond(statuses::SENDING.status).counting(counters);
            let sent = self.dialogue.respond(&pending, None);
            self.note(sent);
        }
    }

    fn wants_cancel(&mut self) -> bool {
        if self.gone.is_some() {
            return false;
        }
        match self.dialogue.cancel_requested(self.rq.message_id) {
            Ok(cancelled) => cancelled,
            Err(ended) => {
                self.note(Err(ended));
                false
            }
        }
    }

    fn note(&mut self, result: Result<(), Ended>) {
        if let Err(ended) = result {
            tracing::warn!("the requester of the C-MOVE is gone, the export goes on: {ended}");
            self.gone = Some(ended);
        }
    }
}

impl QueryRetrieveScp {
    /// Answers a C-MOVE request: a pending response for each sub-operation, then the final one.
    ///
    /// # Errors
    /// When the association is over; an export that had begun was finished first.
    pub fn r#move<T: Transport>(
        &self,
        holdings: &Holdings,
        dialogue: &mut Dialogue<T>,
        rq: &MoveRq,
        attendance: &mut Attendance<'_>,
    ) -> Result<(), Ended> {
        attendance.show(format_args!("C-MOVE"));
        let began = Instant::now();
        let selected = self.select(holdings, dialogue, rq.context_id, &rq.affected_sop_class_uid)?;
        let order = selected.and_then(|instances| Ok((self.destination(rq, attendance)?, instances)));
        let (destination, instances) = match order {
            Ok(order) => order,
            Err(outcome) => {
                let destination = match &rq.move_destination {
                    Ok(title) => title.as_str(),
                    Err(invalid) => &invalid.text,
                };
                let to = audit::Node { name: destination.to_owned(), host: String::new() };
                witness::refused_retrieve(attendance, Some(&to), &outcome);
                tracing::warn!(destination, status = %outcome.status, why = outcome.error_comment.as_deref(), "refused C-MOVE");
                return dialogue.respond(&rq.respond(outcome), None);
            }
        };
        let third = audit::Node { name: destination.ae_title.to_string(), host: destination.host.clone() };
        let studies = witness::studies(attendance, holdings, &instances);
        witness::sending(attendance, Some(&third), &studies);
        let mut progress = Progress::new(instances.len(), self.retrieve_rules);
        let mut requester = Requester { dialogue, rq, gone: None };
        if self.retrieve_rules.response_first && !instances.is_empty() {
            requester.report(progress.counters);
        }
        let reason = self.export_all(destination, &instances, &mut progress, &mut requester, attendance);

        let outcome = progress.outcome(reason.as_deref());
        let counters = progress.final_counters();
        let to = Some(&destination.ae_title);
        Answered {
            operation: "C-MOVE",
            destination: to,
            instances: instances.len(),
            counters,
            outcome: &outcome,
            began,
        }
        .log();
        witness::sent(attendance, Some(&third), studies, &outcome, counters);
        if let Some(ended) = requester.gone {
            return Err(ended);
        }
        let failed = progress.identifier(identifier::encoding(dialogue, rq.context_id));
        dialogue.respond(&rq.respond(outcome).counting(counters), failed.as_deref())
    }

    /// The peer that the request names (QR-080); or A801, or 0124 where the requester may not send there.
    fn destination(&self, rq: &MoveRq, attendance: &Attendance<'_>) -> Result<&Peer, Outcome> {
        let unknown = |title: &str| {
            Outcome::new(statuses::UNKNOWN_DESTINATION.status)
                .comment(&format!("no [[peer]] {title:?} is configured here"))
        };
        let title = rq.move_destination.as_ref().map_err(|invalid| unknown(&invalid.text))?;
        // Before it is looked for: what is configured here is nothing to tell who may not send there anyway.
        if let Some(whose) = attendance.granted.denies_destination(title) {
            tracing::warn!(destination = %title, "the move destination is not in retrieve-to of {whose}");
            let outcome = Outcome::new(statuses::DESTINATION_NOT_AUTHORIZED.status);
            return Err(outcome.comment("not authorized to send to this destination"));
        }
        self.peers.find(title).ok_or_else(|| unknown(title.as_str()))
    }

    /// Sends everything; gives the reason where one thing kept all the rest from being sent.
    fn export_all<T: Transport>(
        &self,
        destination: &Peer,
        instances: &[HeldInstance<'_>],
        progress: &mut Progress,
        requester: &mut Requester<'_, T>,
        attendance: &mut Attendance<'_>,
    ) -> Option<String> {
        if instances.is_empty() {
            return None;
        }
        let mut permit = attendance.overseer.export_permit();
        match self.wait_for_turn(permit.as_deref_mut(), requester) {
            Turn::Ours => {}
            Turn::Cancelled => {
                progress.cancelled = true;
                return None;
            }
            Turn::Never => {
                progress.fail_untried(instances.iter());
                return Some("no export began in time".to_owned());
            }
        }
        let total = instances.len();
        let sending = Sending {
            response_timeout: self.export.response_timeout,
            priority: requester.rq.priority,
            originator: Some(Originator {
                ae_title: attendance.calling.clone(),
                message_id: requester.rq.message_id,
            }),
            rules: self.export.rules.of(&destination.ae_title).clone(),
            warnings: self.export.warnings,
        };
        let to = &destination.ae_title;
        let mut ordered = Ordered { to, total, told: 0, progress, requester, attendance };
        let result = self.export.scu.run_watched(destination, instances, &sending, &mut ordered);
        result.err().map(|failed| {
            tracing::error!(destination = %destination.ae_title, "failed to export: {failed}");
            failed.to_string()
        })
    }

    fn wait_for_turn<T: Transport>(
        &self,
        permit: Option<&mut (dyn Permit + 'static)>,
        requester: &mut Requester<'_, T>,
    ) -> Turn {
        let Some(permit) = permit else { return Turn::Never };
        let began = Instant::now();
        loop {
            match permit.wait(TURN_LOOKS_EVERY) {
                Some(true) => return Turn::Ours,
                Some(false) if began.elapsed() >= self.export.wait_for_turn => return Turn::Never,
                Some(false) => {}
                None => return Turn::Never,
            }
            if requester.wants_cancel() {
                return Turn::Cancelled;
            }
        }
    }
}

/// An export that was ordered: reports to the requester, and looks whether it is still wanted.
struct Ordered<'a, 'd, 's, T: Transport> {
    to: &'a AeTitle,
    total: usize,
    told: usize,
    progress: &'a mut Progress,
    requester: &'a mut Requester<'d, T>,
    attendance: &'a mut Attendance<'s>,
}

impl<T: Transport> Watch<HeldInstance<'_>> for Ordered<'_, '_, '_, T> {
    fn told(&mut self, instance: &HeldInstance<'_>, result: Result<Status, NotStored>) -> Next {
        self.told += 1;
        self.attendance.show(format_args!("C-MOVE to {}, {} of {},", self.to, self.told, self.total));
        let goes_on = self.progress.count(instance, &result);
        // A response for each instance that was attempted (QR-085); the final one lists the others.
        let was_attempted = !matches!(result, Err(NotStored::NotTried));
        if was_attempted && goes_on && self.progress.counters.remaining != Some(0) {
            self.requester.report(self.progress.counters);
        }
        self.progress.cancelled = goes_on && self.told < self.total && self.requester.wants_cancel();
        match (self.progress.cancelled, goes_on) {
            (true, _) => Next::Stop,
            (false, true) => Next::Continue,
            (false, false) => Next::Abandon,
        }
    }

    fn pause(&mut self, at_most: Duration) -> Next {
        self.progress.cancelled = self.requester.wants_cancel();
        if self.progress.cancelled {
            return Next::Stop;
        }
        std::thread::sleep(at_most);
        Next::Continue
    }
}

/// What became of waiting for one of the permits to export (SIL-067).
enum Turn {
    Ours,
    Cancelled,
    Never,
}
