//! `[audit]`

use super::Section;
use crate::kind::Kind;
use crate::setting::{Setting, TakesEffect};
use crate::words::{SyslogTransport, Words};

pub(super) const SECTION: Section = Section {
    name: "audit",
    about: "The audit trail (PS3.15 A.5): who connected, stored, queried and retrieved what, and what failed, below audit/ in \
            the data directory. It names patients. `isocenter audit verify` checks it.",
    repeated: false,
    groups: &[&[
        Setting {
            key: "audit.enabled",
            kind: Kind::Flag,
            standard: "true",
            annex_f: "true",
            takes_effect: TakesEffect::OnReload,
            caption: "Audit trail",
            short: "Whether an audit trail is kept.",
            long: "",
            requirements: &[],
        },
        Setting {
            key: "audit.file-size",
            kind: Kind::Bytes { min: 65_536, max: 1_073_741_824 },
            standard: "64 MiB",
            annex_f: "64 MiB",
            takes_effect: TakesEffect::OnReload,
            caption: "Length of a file of the audit trail",
            short: "Another file is begun when one is so long, and on each day (UTC).",
            long: "None is ever removed.",
            requirements: &[],
        },
        Setting {
            key: "audit.syslog-host",
            kind: Kind::TextOrOff { characters_max: 253 },
            standard: "off",
            annex_f: "off",
            takes_effect: TakesEffect::OnReload,
            caption: "Host of the audit record repository",
            short: "The host that the audit trail is passed on to by syslog (RFC 5424), or off.",
            long: "What it cannot take is sent when it can, over restarts too.",
            requirements: &[],
        },
        Setting {
            key: "audit.syslog-port",
            kind: Kind::Count { min: 1, max: 65_535 },
            standard: "6514",
            annex_f: "6514",
            takes_effect: TakesEffect::OnReload,
            caption: "Port of the audit record repository",
            short: "The port there.",
            long: "",
            requirements: &[],
        },
        Setting {
            key: "audit.syslog-transport",
            kind: Kind::Word(SyslogTransport::WORDS),
            standard: "tls",
            annex_f: "tls",
            takes_effect: TakesEffect::OnReload,
            caption: "Transport to the audit record repository",
            short: "How messages go there.",
            long: "",
            requirements: &[],
        },
        Setting {
            key: "audit.syslog-authorities",
            kind: Kind::PathOrOff,
            standard: "off",
            annex_f: "off",
            takes_effect: TakesEffect::OnReload,
            caption: "Authorities of the audit record repository",
            short: "A file of certificates (PEM): the repository's is signed by one of them. Needed for TLS.",
            long: "",
            requirements: &[],
        },
    ]],
};
