//! What C-MOVE and C-GET have in common: the instances that are asked for, and how the outcomes of their
//! sub-operations become one (PS3.4 C.4.2.1, C.4.3.1).

use std::io::{self, Read};
use std::time::Instant;

use catalog::{Held, Retrieve};
use conversion::Corrections;
use dataset::DataSetWriter;
use dimse::{Dialogue, Ended, Outcome, SubOperations};
use holdings::Holdings;
use storage_scu::{NotStored, Outgoing};
use upper_layer::Transport;
use vocabulary::{AeTitle, Encoding, InformationModel, Level, Status, Tag, Uid, Vr};

use crate::identifier::{self, Unusable};
use crate::{QueryRetrieveScp, c_find, statuses};

/// Failed SOP Instance UID List.
const FAILED_SOP_INSTANCE_UID_LIST: Tag = Tag(0x0008, 0x0058);

/// The longest value of a UI element in an explicit VR, in bytes (PS3.5 7.1.2). A list that does not fit is cut:
/// the counter says how many there were.
const UI_VALUE_BYTES_MAX: usize = 0xFFFE;

/// How a retrieve answers where PS3.2 Annex F and PS3.4 differ. Each field is a setting of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetrieveRules {
    /// Whether level PATIENT can be retrieved (DIF-025, SIL-060).
    pub patient_level: bool,
    /// Whether a pending response goes out before the first sub-operation (QR-084).
    pub response_first: bool,
    /// Whether warnings alone end in B000 (PS3.4 C.4.2.3.1) or in success (DIF-013).
    pub warnings_are_success: bool,
    /// Whether some successes and some failures end in A702 (DIF-014) or in B000.
    pub partial_failure_fails: bool,
    /// Whether the first failure ends the task (QR-088).
    pub stops_at_failure: bool,
    /// Whether what is sent is compared with its checksum: then nothing that is not as it was kept arrives.
    pub compares_checksum: bool,
}

/// An instance of the holdings, ready to be sent.
pub(crate) struct HeldInstance<'h> {
    holdings: &'h Holdings,
    held: Held,
    corrections: Option<Corrections>,
    compares_checksum: bool,
}

impl HeldInstance<'_> {
    pub(crate) fn study_and_class(&self) -> (&Uid, &str) {
        (&self.held.place.study_instance_uid, self.held.sop_class_uid.as_str())
    }
}

impl Outgoing for HeldInstance<'_> {
    fn sop_class_uid(&self) -> &Uid {
        &self.held.sop_class_uid
    }

    fn sop_instance_uid(&self) -> &Uid {
        &self.held.place.sop_instance_uid
    }

    fn transfer_syntax_uid(&self) -> &Uid {
        &self.held.transfer_syntax_uid
    }

    fn corrections(&self) -> Option<&Corrections> {
        self.corrections.as_ref()
    }

    fn open(&self) -> io::Result<(Box<dyn Read>, u64)> {
        let instance = self.holdings.open_instance(&self.held).map_err(io::Error::other)?;
        let length = instance.data_set_bytes();
        if self.compares_checksum {
            return Ok((Box::new(instance.checked().map_err(io::Error::other)?), length));
        }
        Ok((Box::new(instance), length))
    }
}

/// How the sub-operations of one retrieve go.
pub(crate) struct Progress {
    pub(crate) counters: SubOperations,
    pub(crate) cancelled: bool,
    failed: Vec<Uid>,
    rules: RetrieveRules,
}

impl Progress {
    pub(crate) fn new(instances: usize, rules: RetrieveRules) -> Self {
        let to_do = u32::try_from(instances).unwrap_or(u32::MAX);
        Self { counters: SubOperations::to_do(to_do), cancelled: false, failed: Vec::new(), rules }
    }

    /// Counts one sub-operation; says whether the task goes on.
    pub(crate) fn count(&mut self, instance: &impl Outgoing, result: &Result<Status, NotStored>) -> bool {
        match result {
            Ok(status) => {
                let instance = instance.sop_instance_uid();
                match *status {
                    Status::SUCCESS => tracing::debug!(%instance, %status, "sent instance"),
                    _ => tracing::warn!(%instance, %status, "sent instance, the peer warns"),
                }
                self.counters.count(*status);
                true
            }
            Err(not_stored) => {
                if !matches!(not_stored, NotStored::NotTried) {
                    tracing::warn!(instance = %instance.sop_instance_uid(), "failed to send instance: {not_stored}");
                }
                self.counters.count(Status::PROCESSING_FAILURE);
                self.failed.push(instance.sop_instance_uid().clone());
                !self.rules.stops_at_failure
            }
        }
    }

    /// Counts what was never tried, because the task ended at its first failure (SIL-063, SIL-064: they are
    /// counted and listed as failed).
    pub(crate) fn fail_untried<'i, O: Outgoing + 'i>(&mut self, untried: impl Iterator<Item = &'i O>) {
        self.failed.extend(untried.map(|instance| instance.sop_instance_uid().clone()));
        self.counters.fail_remaining();
    }

    /// The outcome of the final response. `reason` says why sub-operations failed, where it is one for all.
    pub(crate) fn outcome(&self, reason: Option<&str>) -> Outcome {
        let SubOperations { completed, failed, warning, .. } = self.counters;
        let stored = completed.saturating_add(warning);
        let status = if self.cancelled {
            statuses::RETRIEVE_CANCELLED.status
        } else if failed > 0 && stored == 0 {
            statuses::NOT_SENT.status
        } else if failed > 0 && self.rules.partial_failure_fails {
            statuses::IN_PART_REFUSED.status
        } else if failed > 0 {
            statuses::SENT_IN_PART.status
        } else if warning > 0 && !self.rules.warnings_are_success {
            statuses::SENT_WITH_WARNINGS.status
        } else {
            statuses::SENT.status
        };
        match reason {
            Some(reason) if failed > 0 => Outcome::new(status).comment(reason),
            _ => Outcome::new(status),
        }
    }

    /// The counters of the final response: what remains is said only of a cancelled task (PS3.4 C.4.2.1.6).
    pub(crate) fn final_counters(&self) -> SubOperations {
        let remaining = self.counters.remaining.filter(|_| self.cancelled);
        SubOperations { remaining, ..self.counters }
    }

    /// The identifier of the final response: the instances that failed, if any did (SIL-064).
    pub(crate) fn identifier(&self, encoding: Encoding) -> Option<Vec<u8>> {
        if self.failed.is_empty() {
            return None;
        }
        let mut list = String::new();
        for uid in &self.failed {
            if list.len() + 1 + uid.as_str().len() > UI_VALUE_BYTES_MAX {
                break;
            }
            if !list.is_empty() {
                list.push('\\');
            }
            list.push_str(uid.as_str());
        }
        let mut writer = DataSetWriter::new(encoding);
        writer.element(FAILED_SOP_INSTANCE_UID_LIST, Vr::UI, list.as_bytes());
        Some(writer.into_bytes())
    }
}

/// How a retrieve came to its end, for the log.
pub(crate) struct Answered<'a> {
    pub(crate) operation: &'static str,
    /// Of a C-MOVE.
    pub(crate) destination: Option<&'a AeTitle>,
    pub(crate) instances: usize,
    pub(crate) counters: SubOperations,
    pub(crate) outcome: &'a Outcome,
    pub(crate) began: Instant,
}

impl Answered<'_> {
    /// One line; a warning if an instance is missing at the other side.
    pub(crate) fn log(&self) {
        let Self { operation, destination, instances, counters, outcome, began } = self;
        let SubOperations { completed, failed, warning, .. } = *counters;
        let (status, why) = (outcome.status, outcome.error_comment.as_deref());
        let destination = destination.map(AeTitle::as_str);
        let took_ms = c_find::elapsed_ms(*began);
        match failed {
            0 => {
                tracing::info!(destination, instances, completed, failed, warning, %status, took_ms, "answered {operation}");
            }
            _ => {
                tracing::warn!(destination, instances, completed, failed, warning, %status, why, took_ms, "answered {operation}");
            }
        }
    }
}

impl QueryRetrieveScp {
    /// The instances that a request asks for, or how it is refused.
    pub(crate) fn select<'h, T: Transport>(
        &self,
        holdings: &'h Holdings,
        dialogue: &mut Dialogue<T>,
        context_id: u8,
        sop_class: &Uid,
    ) -> Result<Result<Vec<HeldInstance<'h>>, Outcome>, Ended> {
        let identifier = match identifier::read(dialogue, context_id) {
            Ok(identifier) => identifier,
            Err(Unusable::Ended(ended)) => return Err(ended),
            Err(Unusable::Refused(outcome)) => return Ok(Err(outcome)),
        };
        let Some(model) = InformationModel::of_sop_class(sop_class.as_str()) else {
            return Ok(Err(Outcome::new(Status::SOP_CLASS_NOT_SUPPORTED)));
        };
        let retrieve = match Retrieve::from_identifier(model, &identifier, &self.query_rules) {
            Ok(retrieve) => retrieve,
            Err(refused) => return Ok(Err(c_find::refused(refused))),
        };
        if retrieve.level() == Level::Patient && !self.retrieve_rules.patient_level {
            let outcome = Outcome::new(statuses::NO_PATIENT_LEVEL.status);
            return Ok(Err(outcome.comment("retrieval at level PATIENT is not offered")));
        }
        let ready = |held: Held| {
            let corrections = self.export.corrections.of(&held);
            let compares_checksum = self.retrieve_rules.compares_checksum;
            HeldInstance { holdings, held, corrections, compares_checksum }
        };
        Ok(match holdings.select(&retrieve) {
            Ok(selected) => Ok(selected.into_iter().map(ready).collect()),
            Err(error) => {
                tracing::error!("the matches cannot be found: {error}");
                let outcome = Outcome::new(statuses::CANNOT_COUNT.status);
                Err(outcome.comment("the catalog cannot be read"))
            }
        })
    }
}

#[cfg(test)]
mod tests;
