//! `[unknown-peer]`

use super::Section;
use super::rights::rights;
use crate::kind::Kind;
use crate::setting::{Setting, TakesEffect};

pub(super) const SECTION: Section = Section {
    name: "unknown-peer",
    about: "What those may do whose calling AE title no [[peer]] has.",
    repeated: false,
    groups: &[
        &[Setting {
            key: "unknown-peer.may-call",
            kind: Kind::Flag,
            standard: "true",
            annex_f: "true",
            takes_effect: TakesEffect::OnReload,
            caption: "Associations with unknown peers",
            short: "Whether an unknown peer may have an association at all.",
            long: "If not, it is rejected 1/1/3 (calling AE title not recognized).",
            requirements: &["SIL-095"],
        }],
        rights!("unknown-peer", "an unknown peer"),
    ],
};
