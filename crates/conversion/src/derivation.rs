//! What an instance says of itself once pixels have lost something (PS3.3 C.7.6.1, C.12.4.1; IOD-030, IOD-033).

use dataset::{CharacterSet, Identifier};
use twox_hash::XxHash3_128;
use vocabulary::{Uid, Vr};

use crate::edits::{Edits, code};
use crate::pixels::{Lost, attributes};
use crate::survey::Survey;
use crate::tags::{
    DERIVATION_CODE_SEQUENCE, DERIVATION_DESCRIPTION, IMAGE_TYPE, PURPOSE_OF_REFERENCE_CODE_SEQUENCE,
    REFERENCED_SOP_CLASS_UID, REFERENCED_SOP_INSTANCE_UID, SOP_INSTANCE_UID, SOURCE_IMAGE_SEQUENCE,
};

/// CID 7203.
const LOSSY_COMPRESSION: [&str; 3] = ["113040", "DCM", "Lossy Compression"];
/// CID 7202.
const UNCOMPRESSED_PREDECESSOR: [&str; 3] = ["121320", "DCM", "Uncompressed predecessor"];

/// The longest text of VR ST, in characters (PS3.5 6.2).
const ST_CHARACTERS_MAX: usize = 1024;

/// Of which instance an image is made.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Predecessor<'a> {
    pub(crate) sop_class: &'a Uid,
    pub(crate) sop_instance: &'a Uid,
}

/// Says that an image is derived: another instance, made of `from` in the way that `how` says.
pub(crate) fn derive(
    edits: &mut Edits,
    survey: &Survey,
    from: Predecessor<'_>,
    lost: Lost,
    how: &str,
    texts: &CharacterSet,
) -> Uid {
    let uid = derived_uid(from.sop_instance, how);
    edits.uid(SOP_INSTANCE_UID, &uid);
    let image_type = survey.text(IMAGE_TYPE);
    if let Some(others) = image_type.strip_prefix("ORIGINAL") {
        edits.text(IMAGE_TYPE, Vr::CS, &format!("DERIVED{others}"));
    }
    let mut description = survey.text(DERIVATION_DESCRIPTION);
    if !description.is_empty() {
        description.push_str("; ");
    }
    description.push_str(how);
    let mut source = Identifier::new();
    source.set(REFERENCED_SOP_CLASS_UID, Vr::UI, from.sop_class.as_str().as_bytes());
    source.set(REFERENCED_SOP_INSTANCE_UID, Vr::UI, from.sop_instance.as_str().as_bytes());
    if let Some(ratio) = lost.compression {
        attributes::step(edits, survey, ratio);
        description.push_str(&format!(", {}.{:02} to 1", ratio / 100, ratio % 100));
        edits.items(DERIVATION_CODE_SEQUENCE, vec![code(LOSSY_COMPRESSION)]);
        source.set_items(PURPOSE_OF_REFERENCE_CODE_SEQUENCE, vec![code(UNCOMPRESSED_PREDECESSOR)]);
    }
    edits.items(SOURCE_IMAGE_SEQUENCE, vec![source]);
    let description = if description.chars().count() > ST_CHARACTERS_MAX { how } else { &description };
    match texts.encode(description, Vr::ST) {
        Some(encoded) => edits.put(DERIVATION_DESCRIPTION, Vr::ST, &encoded),
        None => edits.text(DERIVATION_DESCRIPTION, Vr::ST, how),
    }
    uid
}

/// A UID for what is made of an instance: the same whenever the same is made, so that sending it twice makes no
/// second image. From a UUID (PS3.5 B.2) of version 8 (RFC 9562 5.8).
fn derived_uid(from: &Uid, how: &str) -> Uid {
    let hash = XxHash3_128::oneshot(format!("{}\n{from}\n{how}", Uid::ROOT).as_bytes());
    let version = (hash & !(0xF << 76)) | (8 << 76);
    let uuid = (version & !(0x3 << 62)) | (0x2 << 62);
    // 39 digits at most behind a root of five characters.
    Uid::parse(&format!("2.25.{uuid}")).unwrap_or_else(|_| from.clone())
}
