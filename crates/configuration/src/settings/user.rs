//! `[[user]]`

use super::Section;
use super::rights::rights;
use crate::kind::Kind;
use crate::setting::{Setting, TakesEffect};

pub(super) const SECTION: Section = Section {
    name: "user",
    about: "A user who may give their identity with an association (PS3.7 D.3.3.7), one table each. A user may do what \
            both this table and that of the peer allow. In the file only.",
    repeated: true,
    groups: &[
        &[
            Setting {
                key: "user.name",
                kind: Kind::Text { characters_max: 64 },
                standard: "",
                annex_f: "",
                takes_effect: TakesEffect::OnReload,
                caption: "Name of the user",
                short: "The user name, as the peer sends it; of a token, its subject.",
                long: "",
                requirements: &["SIL-009"],
            },
            Setting {
                key: "user.passcode-hash",
                kind: Kind::PasscodeHash,
                standard: "",
                annex_f: "",
                takes_effect: TakesEffect::OnReload,
                caption: "Hash of the passcode",
                short: "What `isocenter user hash` prints for the user's passcode.",
                long: "With \"off\" the name alone will do, which proves nothing, and no passcode does; a token with \
                       this subject is taken in either case.",
                requirements: &["SIL-009"],
            },
        ],
        rights!("user", "the user"),
    ],
};
