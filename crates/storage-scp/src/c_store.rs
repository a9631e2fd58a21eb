//! C-STORE as SCP: one instance in (PS3.4 annex B, PS3.2 F.4.2.3.4.1.4).

use std::time::SystemTime;

use application_entity::Attendance;
use dimse::{Dialogue, Ended, Outcome, StoreRq, StoreRsp};
use holdings::{Arriving, Holdings, Kept, NotKept, Origin};
use upper_layer::Transport;
use vocabulary::{Blame, Status, StatusRow, Uid, sop_class};

const STORED: StatusRow = StatusRow::new(
    Status::SUCCESS,
    "The instance is kept and can be queried and retrieved; an identical one that was held already counts as stored",
    "An entry in the service log where its level is debug",
);

const COERCED: StatusRow = StatusRow::new(
    Status::COERCION_OF_DATA_ELEMENTS,
    "The instance is kept, and some of its values are others in queries and exports; Offending Element (0000,0901) says \
     which",
    "An entry in the service log where its level is debug",
);

/// The statuses of C-STORE responses, beside those of every service. `warns_of_coercion`: as [`StorageScp`] has it.
pub fn statuses(warns_of_coercion: bool) -> impl Iterator<Item = StatusRow> {
    let coerced = warns_of_coercion.then_some(COERCED);
    std::iter::once(STORED).chain(coerced).chain(holdings::NOT_KEPT.iter().copied())
}

/// STORAGE-SCP, as it stores.
#[derive(Debug, Clone)]
pub struct StorageScp {
    /// Goes into the File Meta Information of what is written (PS3.10 7.1).
    pub implementation_class_uid: Uid,
    /// The same.
    pub implementation_version_name: String,
    /// Whether a warning is answered where values were changed (SCP-052).
    pub warns_of_coercion: bool,
    /// What tells when an instance was received.
    pub clock: fn() -> SystemTime,
}

impl StorageScp {
    /// Takes the data set of the request into the holdings and answers it.
    ///
    /// Whatever is wrong with the data set, it is read to its end, so that the association goes on.
    ///
    /// # Errors
    /// When the association is over; then nothing of the instance is left.
    pub fn store<T: Transport>(
        &self,
        holdings: &mut Holdings,
        dialogue: &mut Dialogue<T>,
        rq: &StoreRq,
        attendance: &mut Attendance<'_>,
    ) -> Result<(), Ended> {
        attendance.show(format_args!("C-STORE"));
        let Some(context) = dialogue.context(rq.context_id) else {
            // A message on a context that was not agreed on never gets this far.
            return dialogue.drain_data_set();
        };
        let arriving = Arriving {
            sop_class_uid: rq.affected_sop_class_uid.clone(),
            sop_instance_uid: rq.affected_sop_instance_uid.clone(),
            transfer_syntax_uid: context.transfer_syntax.clone(),
            origin: Origin {
                implementation_class_uid: self.implementation_class_uid.clone(),
                implementation_version_name: self.implementation_version_name.clone(),
                source_ae_title: Some(attendance.calling.clone()),
            },
        };
        let response = match self.take(holdings, dialogue, arriving)? {
            Ok(kept) => {
                tracing::debug!(instance = %rq.affected_sop_instance_uid, how = ?kept.how(), coerced = ?kept.coerced(), bytes = kept.data_set_bytes(), "stored");
                if let Some(witness) = attendance.overseer.witness() {
                    let study = kept.key().study.as_str();
                    witness.stored(study, kept.patient_id(), rq.affected_sop_class_uid.as_str());
                }
                self.succeed(rq, &kept)
            }
            Err(not_kept) => {
                if let Some(witness) = attendance.overseer.witness() {
                    witness.refused(&not_kept.status().to_string());
                }
                fail(rq, &not_kept)
            }
        };
        attendance.instances.count(response.outcome.status);
        dialogue.respond(&response, None)
    }

    /// The one place of this project that answers 0000H or a warning to a C-STORE: it takes the proof.
    fn succeed(&self, rq: &StoreRq, proof: &Kept) -> StoreRsp {
        if self.warns_of_coercion && !proof.coerced().is_empty() {
            return rq.respond(Outcome::new(COERCED.status).offending(proof.coerced()));
        }
        rq.respond(STORED.status)
    }

    /// Reads the data set into the holdings. What the holdings refuse is read to its end all the same.
    fn take<T: Transport>(
        &self,
        holdings: &mut Holdings,
        dialogue: &mut Dialogue<T>,
        arriving: Arriving,
    ) -> Result<Result<Kept, NotKept>, Ended> {
        let mut ingest = match holdings.begin(arriving) {
            Ok(ingest) => ingest,
            Err(not_kept) => {
                dialogue.drain_data_set()?;
                return Ok(Err(not_kept));
            }
        };
        while let Some(piece) = dialogue.data_set_piece()? {
            if let Err(not_kept) = ingest.write(piece) {
                drop(ingest);
                dialogue.drain_data_set()?;
                return Ok(Err(not_kept));
            }
        }
        Ok(holdings.keep(ingest, (self.clock)()))
    }
}

fn fail(rq: &StoreRq, not_kept: &NotKept) -> StoreRsp {
    let status = not_kept.status();
    let (class, instance) = (sop_class::name(&rq.affected_sop_class_uid), &rq.affected_sop_instance_uid);
    match not_kept.blame() {
        Blame::FellShort | Blame::Unreachable => {
            tracing::error!(%status, %instance, class, "refused C-STORE: {not_kept}");
        }
        Blame::NotOffered | Blame::PeerMisbehaved => {
            tracing::warn!(%status, %instance, class, "refused C-STORE: {not_kept}");
        }
    }
    let outcome =
        Outcome::new(status).comment(&not_kept.to_string()).offending(&not_kept.offending_elements());
    rq.respond(outcome)
}
