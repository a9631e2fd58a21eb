//! `[[peer]]`

use super::Section;
use crate::kind::Kind;
use crate::setting::{Setting, TakesEffect};

pub(super) const SECTION: Section = Section {
    name: "peer",
    about: "A remote AE, one table each. A C-MOVE can name it as its destination. In the file only.",
    repeated: true,
    groups: &[&[
        Setting {
            key: "peer.ae-title",
            kind: Kind::AeTitle,
            standard: "",
            annex_f: "",
            takes_effect: TakesEffect::OnReload,
            caption: "AE title of the peer",
            short: "Its AE title.",
            long: "",
            requirements: &["CFG-004", "QR-080", "SCU-002"],
        },
        Setting {
            key: "peer.host",
            kind: Kind::Text { characters_max: 253 },
            standard: "",
            annex_f: "",
            takes_effect: TakesEffect::OnReload,
            caption: "Host of the peer",
            short: "Its host name or IP address.",
            long: "",
            requirements: &["CFG-004", "NET-005", "SCU-002"],
        },
        Setting {
            key: "peer.port",
            kind: Kind::Count { min: 1, max: 65_535 },
            standard: "104",
            annex_f: "104",
            takes_effect: TakesEffect::OnReload,
            caption: "Port of the peer",
            short: "Its port.",
            long: "",
            requirements: &["CFG-004", "SCU-002"],
        },
    ]],
};
