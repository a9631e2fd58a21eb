//! Retired and current ultrasound classes (PS3.6 annex A, PS3.3 C.8.5; SCU-006).

use vocabulary::{Tag, Uid, Vr};

use crate::edits::Edits;
use crate::survey::Survey;
use crate::tags::{
    CINE_RATE, FRAME_INCREMENT_POINTER, FRAME_TIME, FRAME_TIME_VECTOR, IMAGE_TYPE, NUMBER_OF_FRAMES,
    SOP_CLASS_UID,
};

/// Ultrasound Image Storage, retired and current.
const SINGLE_FRAME: [&str; 2] = ["1.2.840.10008.5.1.4.1.1.6", "1.2.840.10008.5.1.4.1.1.6.1"];
/// Ultrasound Multi-frame Image Storage, retired and current.
const MULTI_FRAME: [&str; 2] = ["1.2.840.10008.5.1.4.1.1.3", "1.2.840.10008.5.1.4.1.1.3.1"];
/// The classes that can be turned into each other.
const PAIRS: [[&str; 2]; 2] = [SINGLE_FRAME, MULTI_FRAME];

/// What both of the current IODs require, with a value or without (type 2), of what can be read nowhere else: their
/// Patient, General Study, General Series, General Equipment, General Image and US Image modules (PS3.3 A.6, A.7).
/// Instances of the retired classes are often older than these rules.
const TYPE_2: [(Tag, Vr); 14] = [
    (IMAGE_TYPE, Vr::CS),
    (Tag(0x0008, 0x0020), Vr::DA),
    (Tag(0x0008, 0x0030), Vr::TM),
    (Tag(0x0008, 0x0050), Vr::SH),
    (Tag(0x0008, 0x0070), Vr::LO),
    (Tag(0x0008, 0x0090), Vr::PN),
    (Tag(0x0010, 0x0010), Vr::PN),
    (Tag(0x0010, 0x0020), Vr::LO),
    (Tag(0x0010, 0x0030), Vr::DA),
    (Tag(0x0010, 0x0040), Vr::CS),
    (Tag(0x0020, 0x0010), Vr::SH),
    (Tag(0x0020, 0x0011), Vr::IS),
    (Tag(0x0020, 0x0013), Vr::IS),
    (Tag(0x0020, 0x0020), Vr::CS),
];

/// The class that an instance of this one can be turned into.
pub(crate) fn twin(sop_class: &Uid) -> Option<Uid> {
    PAIRS.iter().find_map(|[retired, current]| match sop_class.as_str() {
        class if class == *retired => Some(Uid::known(current)),
        class if class == *current => Some(Uid::known(retired)),
        _ => None,
    })
}

/// Whether the class is one of the current two.
pub(crate) fn is_current(sop_class: &Uid) -> bool {
    PAIRS.iter().any(|[_, current]| *sop_class == *current)
}

/// What makes an instance one of the other class. What both classes have stays; what the current ones require and
/// the retired ones did not is added where it follows from what is there (PS3.3 A.6, A.7).
pub(crate) fn conform(edits: &mut Edits, survey: &Survey, target: &Uid) {
    edits.uid(SOP_CLASS_UID, target);
    if !is_current(target) {
        return;
    }
    for (tag, vr) in TYPE_2 {
        if !survey.has(tag) && !edits.0.contains_key(&tag) {
            edits.put(tag, vr, &[]);
        }
    }
    if !MULTI_FRAME.contains(&target.as_str()) {
        return;
    }
    if survey.text(NUMBER_OF_FRAMES).is_empty() {
        edits.text(NUMBER_OF_FRAMES, Vr::IS, "1");
    }
    if survey.values.raw(FRAME_INCREMENT_POINTER).is_some_and(|pointer| !pointer.is_empty()) {
        return;
    }
    if survey.has(FRAME_TIME_VECTOR) {
        point_at(edits, FRAME_TIME_VECTOR);
    } else if survey.has(FRAME_TIME) {
        point_at(edits, FRAME_TIME);
    } else if let Some(rate) = survey.decimal(CINE_RATE).filter(|rate| *rate > 0.0) {
        // Frames in a second, to milliseconds for a frame.
        edits.text(FRAME_TIME, Vr::DS, &format!("{:.3}", 1000.0 / rate));
        point_at(edits, FRAME_TIME);
    }
}

fn point_at(edits: &mut Edits, tag: Tag) {
    let pointer = [tag.group().to_le_bytes(), tag.element().to_le_bytes()].concat();
    edits.put(FRAME_INCREMENT_POINTER, Vr::AT, &pointer);
}
