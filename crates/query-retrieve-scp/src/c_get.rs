//! C-GET as SCP: the instances go back over the association of the request (PS3.4 C.4.3).

use std::time::Instant;

use application_entity::Attendance;
use dimse::{Dialogue, Ended, GetRq, SendFailed};
use holdings::Holdings;
use storage_scu::Sending;
use upper_layer::Transport;

use crate::retrieve::{Answered, Progress};
use crate::{QueryRetrieveScp, identifier, statuses, witness};

impl QueryRetrieveScp {
    /// Answers a C-GET request: a C-STORE sub-operation for each instance, a pending response after each, then
    /// the final response.
    ///
    /// # Errors
    /// When the association is over.
    pub fn get<T: Transport>(
        &self,
        holdings: &Holdings,
        dialogue: &mut Dialogue<T>,
        rq: &GetRq,
        attendance: &mut Attendance<'_>,
    ) -> Result<(), Ended> {
        attendance.show(format_args!("C-GET"));
        let began = Instant::now();
        let instances = match self.select(holdings, dialogue, rq.context_id, &rq.affected_sop_class_uid)? {
            Ok(instances) => instances,
            Err(outcome) => {
                witness::refused_retrieve(attendance, None, &outcome);
                tracing::warn!(status = %outcome.status, why = outcome.error_comment.as_deref(), "refused C-GET");
                return dialogue.respond(&rq.respond(outcome), None);
            }
        };
        let sending = Sending {
            response_timeout: self.export.response_timeout,
            priority: rq.priority,
            originator: None,
            rules: self.export.rules.of(&attendance.calling).clone(),
            warnings: self.export.warnings,
        };
        let studies = witness::studies(attendance, holdings, &instances);
        witness::sending(attendance, None, &studies);
        let total = instances.len();
        let mut progress = Progress::new(total, self.retrieve_rules);
        let mut queue = instances.iter();
        for (number, instance) in (1..).zip(&mut queue) {
            if dialogue.cancel_requested(rq.message_id)? {
                progress.cancelled = true;
                break;
            }
            attendance.show(format_args!("C-GET, {number} of {total},"));
            let result = match sending.send(dialogue, instance) {
                Ok(result) => result,
                Err(SendFailed::Ended(ended)) => return Err(ended),
                Err(SendFailed::Source(error)) => {
                    // The association was aborted in the middle of the message: nothing more can be said.
                    tracing::error!(instance = %storage_scu::Outgoing::sop_instance_uid(instance), "failed to read instance: {error}");
                    return Err(Ended::Unreadable);
                }
            };
            let goes_on = progress.count(instance, &result);
            if !goes_on {
                break;
            }
            if progress.counters.remaining != Some(0) {
                let pending = rq.respond(statuses::SENDING.status).counting(progress.counters);
                dialogue.queue_response(&pending, None)?;
            }
        }
        if !progress.cancelled {
            progress.fail_untried(queue);
        }
        let outcome = progress.outcome(None);
        let counters = progress.final_counters();
        Answered {
            operation: "C-GET",
            destination: None,
            instances: total,
            counters,
            outcome: &outcome,
            began,
        }
        .log();
        witness::sent(attendance, None, studies, &outcome, counters);
        let failed = progress.identifier(identifier::encoding(dialogue, rq.context_id));
        dialogue.respond(&rq.respond(outcome).counting(counters), failed.as_deref())
    }
}
