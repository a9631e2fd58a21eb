//! From the configuration to what instances are made into for each peer.

use configuration::{
    Configuration, LossyCompression, PeerExport, PhotometricInterpretation, SignedInstances,
    UltrasoundClasses, WarningStatuses,
};
use conversion::{Lossy, Photometric, Rules, Signed, Ultrasound, Window};
use storage_scp::offer::{OfferSettings, commitment_classes};
use storage_scu::RulesOfPeers;
use storage_scu::responses::Warnings;

use crate::commands::Failure;
use crate::wiring::{ae_title, compressed_for, storage_classes, uids};

/// The rules of every peer of the configuration, and those for everybody else.
pub(crate) fn rules_of_peers(configuration: &Configuration) -> Result<RulesOfPeers, Failure> {
    let others = rules_of_others(configuration)?;
    let peer = |peer: &configuration::Peer| Ok((ae_title(&peer.ae_title)?, rules_of(&peer.export, &others)?));
    let peers = configuration.tables.peers.iter().map(peer).collect::<Result<_, Failure>>()?;
    Ok(RulesOfPeers::new(peers, others))
}

/// Which statuses of C-STORE responses are warnings.
pub(crate) fn warnings(configuration: &Configuration) -> Warnings {
    match configuration.storage_scu.warning_statuses {
        WarningStatuses::Standard => Warnings::Standard,
        WarningStatuses::AnnexF => Warnings::AnnexF,
    }
}

/// The rules for whoever has no `[[peer]]`.
fn rules_of_others(configuration: &Configuration) -> Result<Rules, Failure> {
    let scu = &configuration.storage_scu;
    let everything = scu.sop_classes == configuration::SopClasses::All;
    let classes = OfferSettings {
        classes: storage_classes(scu.sop_classes),
        classes_added: uids(&scu.sop_classes_added)?,
        classes_removed: Vec::new(),
        transfer_syntaxes: Vec::new(),
        compressed_for: compressed_for(configuration::CompressedFor::EveryClass),
        transfer_syntax_order: Vec::new(),
    };
    Ok(Rules {
        sop_classes: (!everything).then(|| commitment_classes(&classes).collect()),
        sop_classes_removed: uids(&scu.sop_classes_removed)?,
        signed: match scu.signed_instances {
            SignedInstances::AsHeld => Signed::AsHeld,
            SignedInstances::Changed => Signed::Changed,
        },
        ..Rules::default()
    })
}

fn rules_of(export: &PeerExport, others: &Rules) -> Result<Rules, Failure> {
    let window = export.window_center.clone().zip(export.window_width.clone());
    Ok(Rules {
        sop_classes: others.sop_classes.clone(),
        sop_classes_removed: others.sop_classes_removed.clone(),
        signed: others.signed,
        transfer_syntaxes: uids(&export.transfer_syntaxes)?,
        lossy: match export.lossy_compression {
            LossyCompression::Never => Lossy::Never,
            LossyCompression::WhenNeeded => Lossy::WhenNeeded,
            LossyCompression::Preferred => Lossy::Preferred,
        },
        jpeg_quality: u8::try_from(export.jpeg_quality).unwrap_or(u8::MAX),
        ultrasound: match export.ultrasound_classes {
            UltrasoundClasses::WhenNeeded => Ultrasound::WhenNeeded,
            UltrasoundClasses::AsHeld => Ultrasound::Never,
        },
        photometric: match export.photometric_interpretation {
            PhotometricInterpretation::AsHeld => None,
            PhotometricInterpretation::Monochrome2 => Some(Photometric::Monochrome2),
            PhotometricInterpretation::Rgb => Some(Photometric::Rgb),
        },
        window: window.map(|(center, width)| Window { center, width }),
    })
}
