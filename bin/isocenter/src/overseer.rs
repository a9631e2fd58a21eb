//! The supervisor, as an association sees it.

use std::time::Duration;

use application_entity::{Admission, ExportPermit, NoPlace, Overseer};
use supervisor::{Control, Permit, Refusal, Supervised};
use vocabulary::AeTitle;

/// Under this name the supervisor counts exports (SCU-009).
pub(crate) const EXPORTS: &str = "STORAGE-SCU";

/// The control socket of this association.
pub(crate) struct Supervisor<'c>(pub &'c mut Control);

impl Overseer for Supervisor<'_> {
    fn admit(&mut self, entity: &str, calling: &AeTitle, called: &str) -> Admission {
        match self.0.admit(entity, calling.as_str(), called) {
            supervisor::Admission::Admitted => Admission::Admitted,
            supervisor::Admission::Refused(Refusal::LocalLimitExceeded) => {
                Admission::Refused(NoPlace::LocalLimitExceeded)
            }
            supervisor::Admission::Refused(Refusal::TemporaryCongestion | Refusal::Draining) => {
                Admission::Refused(NoPlace::TemporaryCongestion)
            }
        }
    }

    fn activity(&mut self, text: &str) {
        self.0.activity(text);
    }

    fn done(&mut self) {
        self.0.done();
    }

    fn export_permit(&mut self) -> Option<Box<dyn ExportPermit>> {
        let permit = self.0.permit(EXPORTS).ok()?;
        Some(Box::new(Asked(permit)))
    }
}

struct Asked(Permit);

impl ExportPermit for Asked {
    fn wait(&mut self, at_most: Duration) -> Option<bool> {
        self.0.wait(Some(at_most)).ok()
    }
}
