//! What STORAGE-SCP takes: its table of acceptable presentation contexts (PS3.2 F.4.2.3.4.1.2).

use std::sync::Arc;

use application_entity::offer::{AcceptableContext, Offer, Preference, TransferSyntaxes};
use upper_layer::negotiation::Roles;
use vocabulary::sop_class::{SOP_CLASSES, ServiceClass, VERIFICATION};
use vocabulary::transfer_syntax::{
    EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN, JPEG_BASELINE, TRANSFER_SYNTAXES,
};
use vocabulary::{Uid, sop_class};

/// Which SOP classes are taken before the configuration adds and removes some (SCP-002).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StorageClasses {
    /// Every storage SOP class of PS3.4 B.5 and B.6.
    All,
    /// The image classes that PS3.2 Annex F lists (PC-002 to PC-009).
    AnnexF,
}

/// What the configuration says of the offer.
#[derive(Debug, Clone)]
pub struct OfferSettings {
    /// The set to begin with.
    pub classes: StorageClasses,
    /// Further SOP classes, private ones among them (SIL-013).
    pub classes_added: Vec<Uid>,
    /// SOP classes that are not taken after all.
    pub classes_removed: Vec<Uid>,
    /// The transfer syntaxes that are taken, in our order; none means every one of PS3.6. Implicit VR Little
    /// Endian is taken in any case (SCP-021).
    pub transfer_syntaxes: Option<Vec<Uid>>,
    /// Whose order decides (SCP-022, SCP-023).
    pub preference: Preference,
}

/// The SOP classes of PS3.2 Annex F, and whether each may come as JPEG Baseline (PC-002 to PC-009).
pub const ANNEX_F_CLASSES: &[(&str, bool)] = &[
    ("1.2.840.10008.5.1.4.1.1.6", true),
    ("1.2.840.10008.5.1.4.1.1.6.1", true),
    ("1.2.840.10008.5.1.4.1.1.3", true),
    ("1.2.840.10008.5.1.4.1.1.3.1", true),
    ("1.2.840.10008.5.1.4.1.1.1", false),
    ("1.2.840.10008.5.1.4.1.1.2", false),
    ("1.2.840.10008.5.1.4.1.1.4", false),
    ("1.2.840.10008.5.1.4.1.1.7", true),
];

/// The requestor stores; it may also take the other role, so that C-GET brings instances back to it.
const STORING: Roles = Roles { scu: true, scp: false };

/// The table of acceptable presentation contexts.
pub fn offer(settings: &OfferSettings) -> Offer {
    let every = || TRANSFER_SYNTAXES.iter().map(|syntax| Uid::known(syntax.uid)).collect::<Vec<_>>();
    let mut accepted = settings.transfer_syntaxes.clone().unwrap_or_else(every);
    let implicit = Uid::known(IMPLICIT_VR_LITTLE_ENDIAN);
    if !accepted.contains(&implicit) {
        accepted.push(implicit.clone());
    }
    let syntaxes =
        |accepted: Vec<Uid>| Arc::new(TransferSyntaxes { accepted, preference: settings.preference });
    let all = syntaxes(accepted.clone());
    let uncompressed = syntaxes(accepted.into_iter().filter(|uid| *uid != JPEG_BASELINE).collect());
    let row = |uid: Uid, transfer_syntaxes: &Arc<TransferSyntaxes>| AcceptableContext {
        abstract_syntax: uid,
        transfer_syntaxes: Arc::clone(transfer_syntaxes),
        requestor: STORING,
    };

    let mut rows: Vec<AcceptableContext> = match settings.classes {
        StorageClasses::All => SOP_CLASSES
            .iter()
            .filter(|class| class.service == ServiceClass::Storage)
            .map(|class| row(Uid::known(class.uid), &all))
            .collect(),
        StorageClasses::AnnexF => ANNEX_F_CLASSES
            .iter()
            .map(|(uid, jpeg)| row(Uid::known(uid), if *jpeg { &all } else { &uncompressed }))
            .collect(),
    };
    rows.extend(settings.classes_added.iter().map(|uid| row(uid.clone(), &all)));
    rows.retain(|row| !settings.classes_removed.contains(&row.abstract_syntax));
    let plain = match settings.classes {
        StorageClasses::All => {
            [IMPLICIT_VR_LITTLE_ENDIAN, EXPLICIT_VR_LITTLE_ENDIAN].map(Uid::known).to_vec()
        }
        StorageClasses::AnnexF => vec![implicit],
    };
    rows.push(row(Uid::known(VERIFICATION), &syntaxes(plain)));
    Offer::new(rows)
}

/// The transfer syntaxes of PS3.2 Annex F in its order of preference (SCP-020, SCP-022).
pub fn annex_f_transfer_syntaxes() -> Vec<Uid> {
    [JPEG_BASELINE, EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN].map(Uid::known).to_vec()
}

/// Whether the offer takes instances of the class.
pub fn takes(offer: &Offer, class: &Uid) -> bool {
    *class != sop_class::VERIFICATION && offer.find(class).is_some()
}

#[cfg(test)]
mod tests {
    use upper_layer::negotiation::Offer as _;

    use super::*;

    fn settings(classes: StorageClasses) -> OfferSettings {
        OfferSettings {
            classes,
            classes_added: vec![],
            classes_removed: vec![],
            transfer_syntaxes: None,
            preference: Preference::Requestor,
        }
    }

    const CT: &str = "1.2.840.10008.5.1.4.1.1.2";
    const JPEG_2000: &str = "1.2.840.10008.1.2.4.90";

    #[test]
    fn every_storage_class_is_taken_in_every_transfer_syntax() {
        let offer = offer(&settings(StorageClasses::All));
        for class in SOP_CLASSES.iter().filter(|class| class.service == ServiceClass::Storage) {
            for syntax in TRANSFER_SYNTAXES {
                let chosen = offer.choose(&Uid::known(class.uid), &[Uid::known(syntax.uid)]);
                assert_eq!(chosen, Ok(Uid::known(syntax.uid)), "{} in {}", class.name, syntax.name);
            }
        }
    }

    #[test]
    fn scp_022_our_order_decides_under_annex_f() {
        let mut settings = settings(StorageClasses::AnnexF);
        settings.transfer_syntaxes = Some(annex_f_transfer_syntaxes());
        settings.preference = Preference::Ours;
        let offer = offer(&settings);
        let proposed = [IMPLICIT_VR_LITTLE_ENDIAN, EXPLICIT_VR_LITTLE_ENDIAN, JPEG_BASELINE].map(Uid::known);
        let ultrasound = Uid::known("1.2.840.10008.5.1.4.1.1.6.1");
        assert_eq!(offer.choose(&ultrasound, &proposed), Ok(Uid::known(JPEG_BASELINE)));
        assert_eq!(offer.choose(&Uid::known(CT), &proposed), Ok(Uid::known(EXPLICIT_VR_LITTLE_ENDIAN)));
        assert!(offer.choose(&Uid::known(CT), &[Uid::known(JPEG_BASELINE)]).is_err(), "pc_007");
        assert!(offer.choose(&Uid::known("1.2.840.10008.5.1.4.1.1.104.1"), &proposed).is_err(), "gen_018");
    }

    #[test]
    fn scp_002_classes_are_added_and_removed_and_scp_021_implicit_vr_stays() {
        let private = Uid::parse("1.3.46.670589.2.3.1.1").unwrap();
        let mut settings = settings(StorageClasses::All);
        settings.classes_added = vec![private.clone()];
        settings.classes_removed = vec![Uid::known(CT)];
        settings.transfer_syntaxes = Some(vec![Uid::known(JPEG_2000)]);
        let offer = offer(&settings);
        assert!(takes(&offer, &private));
        assert!(!takes(&offer, &Uid::known(CT)));
        let implicit = Uid::known(IMPLICIT_VR_LITTLE_ENDIAN);
        assert_eq!(offer.choose(&private, std::slice::from_ref(&implicit)), Ok(implicit));
        assert!(offer.choose(&private, &[Uid::known(EXPLICIT_VR_LITTLE_ENDIAN)]).is_err());
    }
}
