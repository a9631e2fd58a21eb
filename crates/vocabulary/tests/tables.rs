//! The fact tables against an independent copy of PS3.6.

use std::collections::HashSet;

use dicom_dictionary_std::uids;
use vocabulary::sop_class::{self, SOP_CLASSES, ServiceClass};
use vocabulary::transfer_syntax::{self, TRANSFER_SYNTAXES};
use vocabulary::{Encoding, Uid};

#[test]
fn every_uid_of_the_tables_is_valid_and_stands_once() {
    let mut seen = HashSet::new();
    for uid in SOP_CLASSES.iter().map(|c| c.uid).chain(TRANSFER_SYNTAXES.iter().map(|t| t.uid)) {
        assert_eq!(Uid::known(uid), uid);
        assert!(seen.insert(uid), "{uid} stands twice");
    }
}

#[test]
fn storage_classes_of_other_sources_are_known() {
    for (uid, keyword) in [
        (uids::CT_IMAGE_STORAGE, "CTImageStorage"),
        (uids::ENCAPSULATED_PDF_STORAGE, "EncapsulatedPDFStorage"),
        (uids::RT_STRUCTURE_SET_STORAGE, "RTStructureSetStorage"),
        (uids::THERMOGRAPHY_IMAGE_STORAGE, "ThermographyImageStorage"),
        (uids::LABEL_MAP_SEGMENTATION_STORAGE, "LabelMapSegmentationStorage"),
    ] {
        let class = sop_class::find(uid).expect(keyword);
        assert_eq!((class.keyword, class.service), (keyword, ServiceClass::Storage));
    }
}

#[test]
fn the_encoding_of_the_four_plain_transfer_syntaxes() {
    let encoding = |uid| transfer_syntax::find(uid).unwrap().encoding;
    assert_eq!(encoding(uids::IMPLICIT_VR_LITTLE_ENDIAN), Encoding::ImplicitLittleEndian);
    assert_eq!(encoding(uids::EXPLICIT_VR_LITTLE_ENDIAN), Encoding::ExplicitLittleEndian);
    assert_eq!(encoding("1.2.840.10008.1.2.2"), Encoding::ExplicitBigEndian);
    assert_eq!(encoding(uids::DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN), Encoding::DeflatedExplicitLittleEndian);
    assert!(transfer_syntax::find(uids::RLE_LOSSLESS).unwrap().encapsulated);
}
