//! `[scrub]`

use std::time::Duration;

use super::{DAY, Section};
use crate::kind::Kind;
use crate::setting::{Setting, TakesEffect};

pub(super) const SECTION: Section = Section {
    name: "scrub",
    about: "Every instance is read again from time to time and compared with its checksum, so that a disk that forgets is \
            noticed while there are still backups. `isocenter verify` does the same at once.",
    repeated: false,
    groups: &[&[
        Setting {
            key: "scrub.every",
            kind: Kind::Duration { min: Duration::ZERO, max: Duration::from_secs(3_650 * DAY) },
            standard: "30 d",
            annex_f: "30 d",
            takes_effect: TakesEffect::OnReload,
            caption: "Interval of the scrub",
            short: "How long after a scrub began the next one begins; 0 s: never.",
            long: "After a restart it goes on where it was. Each fault is logged once, with what to do.",
            requirements: &[],
        },
        Setting {
            key: "scrub.rate",
            kind: Kind::Bytes { min: 64 * 1024, max: 1024 * 1024 * 1024 },
            standard: "20 MiB",
            annex_f: "20 MiB",
            takes_effect: TakesEffect::OnReload,
            caption: "Most that a scrub reads each second",
            short: "How much a scrub reads in a second, at most.",
            long: "20 MiB are 1.7 TB a day. It yields to everybody else all the same.",
            requirements: &[],
        },
    ]],
};
