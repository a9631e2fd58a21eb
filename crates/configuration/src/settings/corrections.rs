//! `[corrections]`

use super::Section;
use crate::kind::Kind;
use crate::setting::{Setting, TakesEffect};
use crate::words::{CorrectedValues, Words};

pub(super) const SECTION: Section = Section {
    name: "corrections",
    about: "What becomes of values that `isocenter correct` changed, when instances are sent. Answers to queries always \
            have them.",
    repeated: false,
    groups: &[&[
        Setting {
            key: "corrections.exports",
            kind: Kind::Word(CorrectedValues::WORDS),
            standard: "corrected",
            annex_f: "corrected",
            takes_effect: TakesEffect::OnReload,
            caption: "Corrected values in exports",
            short: "Which values leave with an instance of a patient, study or series that was corrected.",
            long: "",
            requirements: &["CFG-047", "DIF-007", "GEN-014", "SCU-024"],
        },
        Setting {
            key: "corrections.original-attributes",
            kind: Kind::Flag,
            standard: "true",
            annex_f: "false",
            takes_effect: TakesEffect::OnReload,
            caption: "Original Attributes Sequence",
            short: "Whether a corrected or coerced instance says in the Original Attributes Sequence (0400,0561) what it had before.",
            long: "",
            requirements: &["CFG-047", "SIL-077"],
        },
    ]],
};
