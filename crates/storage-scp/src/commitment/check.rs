//! What is committed and what is not, and why: the Failure Reasons of PS3.4 J.3 (PS3.3 C.14.1.1).

use holdings::{Holdings, HoldingsError, Standing};
use vocabulary::{Status, StatusRow};

use super::report::{Reference, Report};
use super::request::Asked;
use super::{Check, Commitment};

const NOT_COMMITTED: &str = "The instance is in Failed SOP Sequence (0008,1198)";

const NOT_HELD: StatusRow =
    StatusRow::new(Status::NO_SUCH_OBJECT_INSTANCE, "No such instance is held", NOT_COMMITTED);
const NOT_SUPPORTED: StatusRow = StatusRow::new(
    Status::SOP_CLASS_NOT_SUPPORTED,
    "No commitment is given for the SOP class",
    NOT_COMMITTED,
);
const OTHER_CLASS: StatusRow = StatusRow::new(
    Status::CLASS_INSTANCE_CONFLICT,
    "The instance is held under another SOP class than the request names",
    NOT_COMMITTED,
);
const DAMAGED: StatusRow = StatusRow::new(
    Status::PROCESSING_FAILURE,
    "The file of the instance is missing or damaged",
    NOT_COMMITTED,
);
pub(super) const USED_BEFORE: StatusRow =
    StatusRow::new(Status::DUPLICATE_TRANSACTION_UID, "The Transaction UID was used before", NOT_COMMITTED);

/// The Failure Reasons (0008,1197) of notifications, as the check is configured.
pub fn failure_reasons(check: Check) -> Vec<StatusRow> {
    match check {
        Check::ClassAndFile => vec![NOT_HELD, NOT_SUPPORTED, OTHER_CLASS, DAMAGED, USED_BEFORE],
        Check::Catalog => vec![NOT_HELD, NOT_SUPPORTED, USED_BEFORE],
    }
}

impl Commitment {
    /// Looks up each instance as it is held now: nothing is held back for what may come later (SCP-058).
    ///
    /// # Errors
    /// When the catalog fails.
    pub(super) fn check(&self, holdings: &Holdings, asked: &Asked) -> Result<Report, HoldingsError> {
        let mut report = Report {
            transaction_uid: asked.transaction_uid.clone(),
            committed: Vec::new(),
            failed: Vec::new(),
        };
        for reference in &asked.references {
            let standing = holdings.standing(&reference.class, &reference.instance)?;
            match self.failure_reason(reference, &standing) {
                None => report.committed.push(reference.clone()),
                Some(reason) => report.failed.push((reference.clone(), reason)),
            }
        }
        Ok(report)
    }

    /// Why there is no commitment for an instance; none: there is.
    fn failure_reason(&self, reference: &Reference, standing: &Standing) -> Option<Status> {
        let is_supported = self.classes.contains(&reference.class);
        match (self.check, standing) {
            (Check::Catalog, _) if !is_supported => Some(NOT_SUPPORTED.status),
            (_, Standing::NotHeld) if !is_supported => Some(NOT_SUPPORTED.status),
            (_, Standing::NotHeld) => Some(NOT_HELD.status),
            (Check::Catalog, _) | (_, Standing::Durable) => None,
            (_, Standing::OtherSopClass(held)) => {
                tracing::warn!(instance = %reference.instance, %held, asked = %reference.class, "no storage commitment: the SOP class is another one");
                Some(OTHER_CLASS.status)
            }
            (_, Standing::Damaged(error)) => {
                tracing::error!(instance = %reference.instance, "no storage commitment: {error}");
                Some(DAMAGED.status)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;
    use std::time::Duration;

    use vocabulary::{AeTitle, Uid};

    use super::super::Incomplete;
    use super::*;

    const CT: &str = "1.2.840.10008.5.1.4.1.1.2";
    const MR: &str = "1.2.840.10008.5.1.4.1.1.4";

    fn reason(check: Check, class: &'static str, standing: &Standing) -> Option<Status> {
        let title = AeTitle::parse("A").unwrap();
        let commitment = Commitment {
            data: PathBuf::new(),
            classes: vec![Uid::known(CT)],
            check,
            incomplete: Incomplete::InvalidArgument,
            retrieve_ae_title: title,
            always_new_association: false,
            quiet: Duration::ZERO,
            response_timeout: Duration::ZERO,
            attempts: 1,
            retry_wait: Duration::ZERO,
            retry_refused: true,
            pending_max: None,
            remembered: Duration::ZERO,
        };
        commitment
            .failure_reason(&Reference { class: Uid::known(class), instance: Uid::known("1.2.3") }, standing)
    }

    #[test]
    fn sil_085_each_standing_has_its_failure_reason() {
        let damaged = || {
            Standing::Damaged(HoldingsError::Damaged { path: PathBuf::new(), what: "it is gone".to_owned() })
        };
        let other = || Standing::OtherSopClass(Uid::known(MR));
        let standard = |class, standing: &Standing| reason(Check::ClassAndFile, class, standing);
        assert_eq!(standard(CT, &Standing::Durable), None);
        assert_eq!(standard(MR, &Standing::Durable), None, "held before its class was taken off the list");
        assert_eq!(standard(CT, &Standing::NotHeld), Some(Status(0x0112)));
        assert_eq!(standard(MR, &Standing::NotHeld), Some(Status(0x0122)));
        assert_eq!(standard(CT, &other()), Some(Status(0x0119)));
        assert_eq!(standard(CT, &damaged()), Some(Status(0x0110)));

        let annex_f = |class, standing: &Standing| reason(Check::Catalog, class, standing);
        for standing in [Standing::Durable, other(), damaged()] {
            assert_eq!(annex_f(CT, &standing), None, "scp_056: presence in the catalog is enough");
            assert_eq!(annex_f(MR, &standing), Some(Status(0x0122)), "scp_061");
        }
        assert_eq!(annex_f(CT, &Standing::NotHeld), Some(Status(0x0112)));
    }
}
