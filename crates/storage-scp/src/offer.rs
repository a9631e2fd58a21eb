//! What STORAGE-SCP takes: its table of acceptable presentation contexts (PS3.2 F.4.2.3.4.1.2).

use std::sync::Arc;

use application_entity::offer::{AcceptableContext, Offer, Preference, TransferSyntaxes};
use upper_layer::negotiation::Roles;
use vocabulary::Uid;
use vocabulary::sop_class::{self, SOP_CLASSES, STORAGE_COMMITMENT_PUSH_MODEL, ServiceClass, VERIFICATION};
use vocabulary::transfer_syntax::{
    self, EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN, TRANSFER_SYNTAXES,
};

/// Which SOP classes are taken before the configuration adds and removes some (SCP-002).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StorageClasses {
    /// Every storage SOP class of PS3.4 B.5 and B.6.
    All,
    /// Those of them whose instances are images.
    Images,
    /// The ones that PS3.2 Annex F lists (PC-002 to PC-010).
    AnnexF,
    /// None.
    None,
}

/// The SOP classes that are taken in compressed transfer syntaxes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CompressedFor {
    /// Each one.
    EveryClass,
    /// Ultrasound, visible light and Secondary Capture (SCP-020).
    AnnexFClasses,
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
    /// The transfer syntaxes that are taken; none: every one of PS3.6. Implicit VR Little Endian is taken in any
    /// case (SCP-021).
    pub transfer_syntaxes: Vec<Uid>,
    /// For which classes compressed ones are.
    pub compressed_for: CompressedFor,
    /// Our order, most preferred first; none: the requestor's order decides (SCP-022, SCP-023).
    pub transfer_syntax_order: Vec<Uid>,
}

/// The requestor stores. The other role, for C-GET, is QUERY-RETRIEVE-SCP's to give.
const STORING: Roles = Roles { scu: true, scp: false };

/// PC-010: of all classes the one that annex F takes in Implicit VR Little Endian and nothing else.
const NM_RETIRED: &str = "1.2.840.10008.5.1.4.1.1.5";

/// The other SOP classes of PS3.2 Annex F (PC-002 to PC-009).
const ANNEX_F_CLASSES: &[&str] = &[
    "1.2.840.10008.5.1.4.1.1.6",
    "1.2.840.10008.5.1.4.1.1.6.1",
    "1.2.840.10008.5.1.4.1.1.3",
    "1.2.840.10008.5.1.4.1.1.3.1",
    "1.2.840.10008.5.1.4.1.1.1",
    "1.2.840.10008.5.1.4.1.1.2",
    "1.2.840.10008.5.1.4.1.1.4",
    "1.2.840.10008.5.1.4.1.1.7",
];

/// The table of acceptable presentation contexts.
pub fn offer(settings: &OfferSettings) -> Offer {
    let all = Arc::new(transfer_syntaxes(settings));
    let uncompressed = Arc::new(TransferSyntaxes {
        accepted: all.accepted.iter().filter(|uid| !is_compressed(uid)).cloned().collect(),
        preference: all.preference,
    });
    let implicit = Arc::new(TransferSyntaxes {
        accepted: vec![Uid::known(IMPLICIT_VR_LITTLE_ENDIAN)],
        preference: all.preference,
    });
    let row = |uid: Uid| {
        let transfer_syntaxes = match settings.compressed_for {
            _ if settings.classes == StorageClasses::AnnexF && uid == NM_RETIRED => &implicit,
            CompressedFor::EveryClass => &all,
            CompressedFor::AnnexFClasses if sop_class::is_compressed_in_annex_f(&uid) => &all,
            CompressedFor::AnnexFClasses => &uncompressed,
        };
        let transfer_syntaxes = Arc::clone(transfer_syntaxes);
        AcceptableContext { abstract_syntax: uid, transfer_syntaxes, requestor: STORING }
    };

    let mut rows: Vec<AcceptableContext> = storage_classes(settings).map(row).collect();
    let verification = match settings.classes {
        StorageClasses::AnnexF => implicit,
        _ => Arc::new(TransferSyntaxes {
            accepted: [IMPLICIT_VR_LITTLE_ENDIAN, EXPLICIT_VR_LITTLE_ENDIAN].map(Uid::known).to_vec(),
            preference: Preference::Requestor,
        }),
    };
    // PC-011; what is asked and reported has no pixel data.
    let commitment = Uid::known(STORAGE_COMMITMENT_PUSH_MODEL);
    if !settings.classes_removed.contains(&commitment) {
        let both = [EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN].map(Uid::known).to_vec();
        rows.push(AcceptableContext {
            abstract_syntax: commitment,
            transfer_syntaxes: Arc::new(TransferSyntaxes { accepted: both, preference: all.preference }),
            requestor: STORING,
        });
    }
    rows.push(AcceptableContext {
        abstract_syntax: Uid::known(VERIFICATION),
        transfer_syntaxes: verification,
        requestor: STORING,
    });
    Offer::new(rows)
}

/// The storage SOP classes that are taken.
pub fn storage_classes(settings: &OfferSettings) -> impl Iterator<Item = Uid> {
    let standard = SOP_CLASSES.iter().filter(|class| class.service == ServiceClass::Storage);
    let standard = standard.filter(|class| match settings.classes {
        StorageClasses::All => true,
        StorageClasses::Images => class.image,
        StorageClasses::AnnexF => class.uid == NM_RETIRED || ANNEX_F_CLASSES.contains(&class.uid),
        StorageClasses::None => false,
    });
    let standard = standard.map(|class| Uid::known(class.uid));
    standard
        .chain(settings.classes_added.iter().cloned())
        .filter(|class| !settings.classes_removed.contains(class))
}

/// The SOP classes for which storage commitment is given: those that are taken, but for the one that PS3.2 annex F
/// takes without listing it (SCP-061, DIF-003).
pub fn commitment_classes(settings: &OfferSettings) -> impl Iterator<Item = Uid> {
    let is_listed = settings.classes != StorageClasses::AnnexF;
    storage_classes(settings).filter(move |class| is_listed || *class != NM_RETIRED)
}

fn transfer_syntaxes(settings: &OfferSettings) -> TransferSyntaxes {
    let mut accepted = settings.transfer_syntaxes.clone();
    if accepted.is_empty() {
        accepted.extend(TRANSFER_SYNTAXES.iter().map(|syntax| Uid::known(syntax.uid)));
    }
    accepted.push(Uid::known(IMPLICIT_VR_LITTLE_ENDIAN));
    let order = &settings.transfer_syntax_order;
    // A stable sort: what the order does not name keeps its place behind what it names.
    accepted.sort_by_key(|uid| order.iter().position(|named| named == uid).unwrap_or(order.len()));
    let preference = if order.is_empty() { Preference::Requestor } else { Preference::Ours };
    TransferSyntaxes { accepted, preference }
}

fn is_compressed(uid: &Uid) -> bool {
    transfer_syntax::find(uid.as_str()).is_some_and(|syntax| syntax.encapsulated)
}

#[cfg(test)]
mod tests {
    use upper_layer::negotiation::Offer as _;
    use vocabulary::transfer_syntax::JPEG_BASELINE;

    use super::*;

    fn standard() -> OfferSettings {
        OfferSettings {
            classes: StorageClasses::All,
            classes_added: vec![],
            classes_removed: vec![],
            transfer_syntaxes: vec![],
            compressed_for: CompressedFor::EveryClass,
            transfer_syntax_order: vec![],
        }
    }

    fn annex_f() -> OfferSettings {
        let syntaxes = [JPEG_BASELINE, EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN].map(Uid::known);
        OfferSettings {
            classes: StorageClasses::AnnexF,
            transfer_syntaxes: syntaxes.to_vec(),
            compressed_for: CompressedFor::AnnexFClasses,
            transfer_syntax_order: syntaxes.to_vec(),
            ..standard()
        }
    }

    const CT: &str = "1.2.840.10008.5.1.4.1.1.2";
    const JPEG_2000: &str = "1.2.840.10008.1.2.4.90";

    #[test]
    fn every_storage_class_is_taken_in_every_transfer_syntax() {
        let offer = offer(&standard());
        for class in SOP_CLASSES.iter().filter(|class| class.service == ServiceClass::Storage) {
            for syntax in TRANSFER_SYNTAXES {
                let chosen = offer.choose(&Uid::known(class.uid), &[Uid::known(syntax.uid)]);
                assert_eq!(chosen, Ok(Uid::known(syntax.uid)), "{} in {}", class.name, syntax.name);
            }
        }
    }

    #[test]
    fn scp_020_scp_022_annex_f_prefers_jpeg_baseline_where_it_takes_it() {
        let offer = offer(&annex_f());
        let proposed = [IMPLICIT_VR_LITTLE_ENDIAN, EXPLICIT_VR_LITTLE_ENDIAN, JPEG_BASELINE].map(Uid::known);
        let ultrasound = Uid::known("1.2.840.10008.5.1.4.1.1.6.1");
        assert_eq!(offer.choose(&ultrasound, &proposed), Ok(Uid::known(JPEG_BASELINE)));
        assert_eq!(offer.choose(&Uid::known(CT), &proposed), Ok(Uid::known(EXPLICIT_VR_LITTLE_ENDIAN)));
        assert!(offer.choose(&Uid::known(CT), &[Uid::known(JPEG_BASELINE)]).is_err(), "pc_007");
        let nm = offer.choose(&Uid::known(NM_RETIRED), &proposed);
        assert_eq!(nm, Ok(Uid::known(IMPLICIT_VR_LITTLE_ENDIAN)), "pc_010");
        assert!(offer.choose(&Uid::known("1.2.840.10008.5.1.4.1.1.104.1"), &proposed).is_err(), "gen_018");
        assert_eq!(offer.rows().len(), 11, "pc_001 to pc_011");
        let commitment = Uid::known(STORAGE_COMMITMENT_PUSH_MODEL);
        assert_eq!(offer.choose(&commitment, &proposed), Ok(Uid::known(EXPLICIT_VR_LITTLE_ENDIAN)), "pc_011");
        assert_eq!(commitment_classes(&annex_f()).count(), 8, "scp_061: pc_002 to pc_009");
    }

    #[test]
    fn scp_002_classes_are_added_and_removed_and_scp_021_implicit_vr_stays() {
        let private = Uid::parse("1.3.46.670589.2.3.1.1").unwrap();
        let settings = OfferSettings {
            classes_added: vec![private.clone()],
            classes_removed: vec![Uid::known(CT), Uid::known(STORAGE_COMMITMENT_PUSH_MODEL)],
            transfer_syntaxes: vec![Uid::known(JPEG_2000)],
            ..standard()
        };
        let offer = offer(&settings);
        assert!(offer.find(&private).is_some());
        assert!(offer.find(&Uid::known(CT)).is_none());
        assert!(offer.find(&Uid::known(STORAGE_COMMITMENT_PUSH_MODEL)).is_none());
        let implicit = Uid::known(IMPLICIT_VR_LITTLE_ENDIAN);
        assert_eq!(offer.choose(&private, std::slice::from_ref(&implicit)), Ok(implicit));
        assert!(offer.choose(&private, &[Uid::known(EXPLICIT_VR_LITTLE_ENDIAN)]).is_err());
    }

    #[test]
    fn scp_023_our_order_is_a_setting_and_else_the_requestor_decides() {
        let proposed = [EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN, JPEG_2000].map(Uid::known);
        let ct = Uid::known(CT);
        assert_eq!(offer(&standard()).choose(&ct, &proposed), Ok(proposed[0].clone()));
        let settings = OfferSettings { transfer_syntax_order: vec![proposed[2].clone()], ..standard() };
        assert_eq!(offer(&settings).choose(&ct, &proposed), Ok(proposed[2].clone()));
    }
}
