use vocabulary::Uid;
use vocabulary::transfer_syntax::{EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN, JPEG_BASELINE};

use super::{Plan, contexts};
use crate::corrections::Corrections;
use crate::{Lossy, Photometric, Rules, Stored, Ultrasound};

const CT: &str = "1.2.840.10008.5.1.4.1.1.2";
const US: &str = "1.2.840.10008.5.1.4.1.1.6.1";
const US_RETIRED: &str = "1.2.840.10008.5.1.4.1.1.6";
const IVLE: &str = IMPLICIT_VR_LITTLE_ENDIAN;
const EVLE: &str = EXPLICIT_VR_LITTLE_ENDIAN;
const RLE: &str = "1.2.840.10008.1.2.5";
const JPEG_LS: &str = "1.2.840.10008.1.2.4.80";

fn stored(class: &'static str, syntax: &'static str) -> Stored {
    let sop_instance_uid = Uid::known("1.2.3");
    Stored { sop_class_uid: Uid::known(class), sop_instance_uid, transfer_syntax_uid: Uid::known(syntax) }
}

/// The plans for a destination that takes these contexts, in words.
fn plans(stored: &Stored, accepted: &[(&str, &str)], rules: &Rules) -> Vec<String> {
    let accepts = |class: &Uid, syntax: &Uid| accepted.iter().any(|(c, s)| class == c && syntax == s);
    let word = |plan| match plan {
        Plan::AsStored => "as stored".to_owned(),
        Plan::Convert(to) => format!("{} {}", to.sop_class_uid(), to.transfer_syntax_uid()),
    };
    Plan::for_destination(stored, accepts, rules, None).into_iter().map(word).collect()
}

fn lossy(lossy: Lossy) -> Rules {
    Rules { lossy, ..Rules::default() }
}

#[test]
fn sil_065_what_is_taken_as_it_is_held_is_not_converted() {
    let all = [(CT, IVLE), (CT, EVLE), (CT, RLE)];
    assert_eq!(plans(&stored(CT, RLE), &all, &Rules::default()), ["as stored"]);
    let listed = Rules { transfer_syntaxes: [IVLE, EVLE].map(Uid::known).to_vec(), ..Rules::default() };
    assert_eq!(plans(&stored(CT, EVLE), &all, &listed), ["as stored"]);
}

#[test]
fn scu_004_what_is_not_is_converted_to_what_is() {
    assert_eq!(plans(&stored(CT, RLE), &[(CT, IVLE)], &Rules::default()), [format!("{CT} {IVLE}")]);
    let both = plans(&stored(CT, RLE), &[(CT, IVLE), (CT, EVLE)], &Rules::default());
    assert_eq!(both, [format!("{CT} {EVLE}"), format!("{CT} {IVLE}")]);
    assert!(plans(&stored(CT, JPEG_LS), &[(CT, EVLE)], &Rules::default()).is_empty(), "no decoder");
}

#[test]
fn cfg_029_scu_006_the_other_ultrasound_class_only_if_the_own_one_is_not_taken() {
    let both = [(US, EVLE), (US_RETIRED, EVLE)];
    assert_eq!(plans(&stored(US_RETIRED, EVLE), &both, &Rules::default()), ["as stored"]);
    for (held, taken) in [(US_RETIRED, US), (US, US_RETIRED)] {
        let plan = plans(&stored(held, EVLE), &[(taken, EVLE)], &Rules::default());
        assert_eq!(plan, [format!("{taken} {EVLE}")]);
        let never = Rules { ultrasound: Ultrasound::Never, ..Rules::default() };
        assert!(plans(&stored(held, EVLE), &[(taken, EVLE)], &never).is_empty());
    }
    assert!(plans(&stored(CT, EVLE), &[(US, EVLE)], &Rules::default()).is_empty());
}

#[test]
fn iod_033_compression_with_loss_is_the_last_resort_or_the_first_or_none() {
    let everything = [(US, JPEG_BASELINE), (US, IVLE), (US, EVLE)];
    let only = [(US, JPEG_BASELINE)];
    let held = stored(US, EVLE);
    assert!(plans(&held, &only, &lossy(Lossy::Never)).is_empty());
    assert_eq!(plans(&held, &only, &lossy(Lossy::WhenNeeded)), [format!("{US} {JPEG_BASELINE}")]);
    assert_eq!(plans(&held, &everything, &lossy(Lossy::WhenNeeded)), ["as stored"]);
    let preferred = plans(&held, &everything, &lossy(Lossy::Preferred));
    assert_eq!(preferred[..2], [format!("{US} {JPEG_BASELINE}"), "as stored".to_owned()]);
    // What is measured in is not compressed with loss.
    let ct = [(CT, JPEG_BASELINE), (CT, EVLE)];
    assert_eq!(plans(&stored(CT, EVLE), &ct, &lossy(Lossy::Preferred)), ["as stored"]);
}

#[test]
fn iod_030_what_cannot_be_as_wanted_is_sent_as_it_is_held_and_what_was_corrected_is_not() {
    let rules = Rules { photometric: Some(Photometric::Rgb), ..Rules::default() };
    let held = stored(US, RLE);
    let all = [(US, RLE), (US, EVLE)];
    let expected = [format!("{US} {RLE}"), format!("{US} {EVLE}"), "as stored".to_owned()];
    assert_eq!(plans(&held, &all, &rules), expected);
    let corrections = Corrections::default();
    let plans = Plan::for_destination(&held, |_, _| true, &rules, Some(&corrections));
    assert!(!plans.is_empty() && !plans.contains(&Plan::AsStored));
}

#[test]
fn scu_007_classes_can_be_left_out() {
    let proposed = |rules: &Rules| contexts(&stored(US_RETIRED, EVLE), rules).len();
    assert_eq!(proposed(&Rules::default()), 4);
    let removed = Rules { sop_classes_removed: vec![Uid::known(US_RETIRED)], ..Rules::default() };
    assert_eq!(proposed(&removed), 2, "as the other class still");
    let none = Rules { sop_classes: Some(Vec::new()), ..Rules::default() };
    assert_eq!(proposed(&none), 0);
}

#[test]
fn scu_021_the_list_of_the_destination_is_kept_to() {
    let proposed = |syntax, rules: &Rules| -> Vec<String> {
        contexts(&stored(US, syntax), rules)
            .into_iter()
            .filter(|(class, _)| class == US)
            .map(|(_, s)| s.to_string())
            .collect()
    };
    let list = [IVLE, EVLE, JPEG_BASELINE].map(Uid::known).to_vec();
    let rules = Rules { transfer_syntaxes: list, ..lossy(Lossy::WhenNeeded) };
    assert_eq!(proposed(EVLE, &rules), [EVLE, IVLE, JPEG_BASELINE]);
    assert_eq!(proposed(JPEG_BASELINE, &rules), [JPEG_BASELINE, IVLE, EVLE]);
    assert_eq!(proposed(RLE, &rules), [IVLE, EVLE, JPEG_BASELINE]);
    assert!(proposed(JPEG_LS, &rules).is_empty());
}
