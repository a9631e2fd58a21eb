//! `[supervisor]`

use super::{HOUR, Section, seconds};
use crate::kind::Kind;
use crate::setting::{Setting, TakesEffect};

pub(super) const SECTION: Section = Section {
    name: "supervisor",
    about: "The process that listens and hands connections over.",
    repeated: false,
    groups: &[&[
        Setting {
            key: "supervisor.pending-connections",
            kind: Kind::Count { min: 1, max: 10_000 },
            standard: "256",
            annex_f: "256",
            takes_effect: TakesEffect::OnReload,
            caption: "Connections without an association request",
            short: "How many connections may be open that have not sent their association request yet.",
            long: "When one more comes, the oldest one of the address that holds most is closed.",
            requirements: &["QR-017", "SCP-015"],
        },
        Setting {
            key: "supervisor.associations-ceiling",
            kind: Kind::Count { min: 1, max: 10_000 },
            standard: "200",
            annex_f: "200",
            takes_effect: TakesEffect::OnReload,
            caption: "Associations of all peers together",
            short: "How many associations of one SCP run at once when they are counted per calling AE title.",
            long: "Memory is bounded, AE titles are not. One more is rejected 2/3/1 (transient, temporary congestion).",
            requirements: &["QR-008", "QR-017", "SCP-015", "SIL-021"],
        },
        Setting {
            key: "supervisor.admission-grace",
            kind: Kind::Duration { min: std::time::Duration::ZERO, max: std::time::Duration::from_secs(10) },
            standard: "100 ms",
            annex_f: "100 ms",
            takes_effect: TakesEffect::OnReload,
            caption: "Wait for a place that is being freed",
            short: "How long an association request waits for an ending association before the limit rejects it.",
            long: "A peer that releases and calls again at once finds its place free.",
            requirements: &["QR-016", "SCP-014"],
        },
        Setting {
            key: "supervisor.drain-grace",
            kind: seconds(0, HOUR),
            standard: "30 s",
            annex_f: "30 s",
            takes_effect: TakesEffect::OnReload,
            caption: "Time to finish at a stop",
            short: "How long associations may go on after SIGTERM before they are ended.",
            long: "",
            requirements: &[],
        },
    ]],
};
