//! `[[token-key]]`

use super::Section;
use super::rights::rights;
use crate::kind::Kind;
use crate::setting::{Setting, TakesEffect};
use crate::words::{TokenAlgorithm, Words};

pub(super) const SECTION: Section = Section {
    name: "token-key",
    about: "A key that the JSON Web Tokens of users are verified by (PS3.7 D.3.3.7), one table each. Whoever has a token \
            may do what this table, that of the peer and that of the user, if the token's subject has one, allow. In \
            the file only.",
    repeated: true,
    groups: &[
        &[
            Setting {
                key: "token-key.algorithm",
                kind: Kind::Word(TokenAlgorithm::WORDS),
                standard: "",
                annex_f: "",
                takes_effect: TakesEffect::OnReload,
                caption: "Algorithm of the signature",
                short: "How tokens of this key are signed. A token that names another algorithm is refused.",
                long: "",
                requirements: &["SIL-009"],
            },
            Setting {
                key: "token-key.file",
                kind: Kind::Path,
                standard: "",
                annex_f: "",
                takes_effect: TakesEffect::OnReload,
                caption: "File of the key",
                short: "The public key as PEM; for HS256 the secret, of 32 bytes at least, as it stands in the file.",
                long: "Read at start and on reload. A line break at the end of a secret does not count.",
                requirements: &["SIL-009"],
            },
            Setting {
                key: "token-key.issuer",
                kind: Kind::Text { characters_max: 256 },
                standard: "",
                annex_f: "",
                takes_effect: TakesEffect::OnReload,
                caption: "Issuer of tokens",
                short: "The `iss` that a token must have.",
                long: "",
                requirements: &["SIL-009"],
            },
            Setting {
                key: "token-key.audience",
                kind: Kind::Text { characters_max: 256 },
                standard: "",
                annex_f: "",
                takes_effect: TakesEffect::OnReload,
                caption: "Audience of tokens",
                short: "What must be among the `aud` of a token.",
                long: "A token must also have `sub`, and `exp` that has not passed; `nbf`, if it is there, must have. \
                       Clocks may differ by a minute.",
                requirements: &["SIL-009"],
            },
            Setting {
                key: "token-key.key-id",
                kind: Kind::TextOrOff { characters_max: 256 },
                standard: "off",
                annex_f: "off",
                takes_effect: TakesEffect::OnReload,
                caption: "Id of the key",
                short: "The `kid` that a token must have to be tried with this key; off: any.",
                long: "",
                requirements: &["SIL-009"],
            },
        ],
        rights!("token-key", "whoever has a token"),
    ],
};
