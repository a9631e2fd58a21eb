//! What QUERY-RETRIEVE-SCP offers: its table of acceptable presentation contexts (PS3.2 F.4.2.2.4.1.2).

use std::sync::Arc;

use application_entity::offer::{AcceptableContext, Offer, Preference, TransferSyntaxes};
use upper_layer::negotiation::Roles;
use vocabulary::sop_class::{
    PATIENT_ROOT_FIND, PATIENT_ROOT_GET, PATIENT_ROOT_MOVE, PATIENT_STUDY_ONLY_FIND, PATIENT_STUDY_ONLY_GET,
    PATIENT_STUDY_ONLY_MOVE, STUDY_ROOT_FIND, STUDY_ROOT_GET, STUDY_ROOT_MOVE, VERIFICATION,
};
use vocabulary::transfer_syntax::{EXPLICIT_VR_LITTLE_ENDIAN, TRANSFER_SYNTAXES, TransferSyntax};
use vocabulary::{InformationModel, Uid};

/// What the configuration says of the offer.
#[derive(Debug, Clone)]
pub struct OfferSettings {
    /// The information models.
    pub information_models: Vec<InformationModel>,
    /// Whether the GET classes are offered, and with them the storage classes in the other role (SIL-001).
    pub get: bool,
    /// The transfer syntaxes of identifiers; none: all that are not for compressed pixel data.
    pub transfer_syntaxes: Vec<Uid>,
    /// The storage SOP classes that C-GET may send back, as the offer of STORAGE-SCP has them.
    pub storage_classes: Vec<Uid>,
}

/// The table of acceptable presentation contexts.
pub fn offer(settings: &OfferSettings) -> Offer {
    let mut accepted = settings.transfer_syntaxes.clone();
    if accepted.is_empty() {
        let uncompressed =
            TRANSFER_SYNTAXES.iter().filter(|syntax| !syntax.encapsulated && !is_of_pixels(syntax));
        accepted.extend(uncompressed.map(|syntax| Uid::known(syntax.uid)));
    }
    let identifiers = Arc::new(TransferSyntaxes { accepted, preference: Preference::Requestor });
    let row = |uid: &'static str| AcceptableContext {
        abstract_syntax: Uid::known(uid),
        transfer_syntaxes: Arc::clone(&identifiers),
        requestor: Roles { scu: true, scp: false },
    };
    let mut rows = vec![row(VERIFICATION)];
    for model in &settings.information_models {
        let [find, r#move, get] = match model {
            InformationModel::PatientRoot => [PATIENT_ROOT_FIND, PATIENT_ROOT_MOVE, PATIENT_ROOT_GET],
            InformationModel::StudyRoot => [STUDY_ROOT_FIND, STUDY_ROOT_MOVE, STUDY_ROOT_GET],
            InformationModel::PatientStudyOnly => {
                [PATIENT_STUDY_ONLY_FIND, PATIENT_STUDY_ONLY_MOVE, PATIENT_STUDY_ONLY_GET]
            }
        };
        rows.extend([row(find), row(r#move)]);
        if settings.get {
            rows.push(row(get));
        }
    }
    if settings.get {
        rows.extend(sent_back(&settings.storage_classes));
    }
    Offer::new(rows)
}

/// JPIP replaces pixel data by a reference to them, SMPTE by a stream beside: nothing that an identifier has.
fn is_of_pixels(syntax: &TransferSyntax) -> bool {
    syntax.keyword.starts_with("JPIP") || syntax.keyword.starts_with("SMPTE")
}

/// The storage classes with the requestor as SCP, which is how C-GET brings instances back (PS3.4 C.5.3).
fn sent_back(classes: &[Uid]) -> impl Iterator<Item = AcceptableContext> {
    // Of several transfer syntaxes in one context the one that most instances are held in serves best: Explicit
    // VR Little Endian, then whatever comes.
    let mut accepted = vec![Uid::known(EXPLICIT_VR_LITTLE_ENDIAN)];
    accepted.extend(
        TRANSFER_SYNTAXES.iter().map(|s| Uid::known(s.uid)).filter(|u| *u != EXPLICIT_VR_LITTLE_ENDIAN),
    );
    let any = Arc::new(TransferSyntaxes { accepted, preference: Preference::Ours });
    classes.iter().map(move |class| AcceptableContext {
        abstract_syntax: class.clone(),
        transfer_syntaxes: Arc::clone(&any),
        requestor: Roles { scu: false, scp: true },
    })
}

#[cfg(test)]
mod tests {
    use upper_layer::negotiation::Offer as _;
    use upper_layer::pdu::ContextRefusal;
    use vocabulary::transfer_syntax::IMPLICIT_VR_LITTLE_ENDIAN;

    use super::*;

    fn settings() -> OfferSettings {
        OfferSettings {
            information_models: vec![
                InformationModel::PatientRoot,
                InformationModel::StudyRoot,
                InformationModel::PatientStudyOnly,
            ],
            get: true,
            transfer_syntaxes: vec![],
            storage_classes: vec![Uid::known("1.2.840.10008.5.1.4.1.1.2")],
        }
    }

    #[test]
    fn qr_013_annex_f_takes_implicit_vr_little_endian_and_nothing_else() {
        let annex_f = OfferSettings {
            information_models: vec![InformationModel::PatientRoot, InformationModel::StudyRoot],
            get: false,
            transfer_syntaxes: vec![Uid::known(IMPLICIT_VR_LITTLE_ENDIAN)],
            ..settings()
        };
        let offer = offer(&annex_f);
        let find = Uid::known(STUDY_ROOT_FIND);
        assert_eq!(
            offer.choose(&find, &[Uid::known(EXPLICIT_VR_LITTLE_ENDIAN)]),
            Err(ContextRefusal::TransferSyntaxesNotSupported)
        );
        let implicit = Uid::known(IMPLICIT_VR_LITTLE_ENDIAN);
        assert_eq!(offer.choose(&find, std::slice::from_ref(&implicit)), Ok(implicit));
        assert_eq!(offer.rows().len(), 5, "sil_001 gives no GET");
    }

    #[test]
    fn sil_001_get_sends_back_with_the_requestor_as_scp() {
        let offer = offer(&settings());
        assert_eq!(offer.roles(&Uid::known("1.2.840.10008.5.1.4.1.1.2")), Roles { scu: false, scp: true });
        assert_eq!(offer.roles(&Uid::known(PATIENT_ROOT_GET)), Roles { scu: true, scp: false });
        let both = [IMPLICIT_VR_LITTLE_ENDIAN, EXPLICIT_VR_LITTLE_ENDIAN].map(Uid::known);
        let chosen = offer.choose(&Uid::known("1.2.840.10008.5.1.4.1.1.2"), &both);
        assert_eq!(chosen, Ok(Uid::known(EXPLICIT_VR_LITTLE_ENDIAN)));
    }
}
