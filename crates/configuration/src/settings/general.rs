//! The top of the file, `[log]` and `[network]`.

use super::{HOUR, PDU, Section, seconds};
use crate::kind::Kind;
use crate::setting::{Setting, TakesEffect};
use crate::words::{Isolation, LogFormat, LogLevel, Preset, Sandbox, Words};

pub(super) const TOP: Section = Section {
    name: "",
    about: "What stands at the top of the file, before any section.",
    repeated: false,
    groups: &[&[
        Setting {
            key: "preset",
            kind: Kind::Word(Preset::WORDS),
            standard: "standard",
            annex_f: "annex-f",
            takes_effect: TakesEffect::OnReload,
            caption: "Preset",
            short: "The set of defaults that every other setting starts from.",
            long: "A setting that is given wins over its preset.",
            requirements: &[],
        },
        Setting {
            key: "data",
            kind: Kind::Path,
            standard: "isocenter-data",
            annex_f: "isocenter-data",
            takes_effect: TakesEffect::AtStart,
            caption: "Data directory",
            short: "The directory that holds the vault and the catalog.",
            long: "Made when it does not exist. A relative path starts from where the server was started. The flag \
                   --data sets it too.",
            requirements: &["SCP-037"],
        },
        Setting {
            key: "isolation",
            kind: Kind::Word(Isolation::WORDS),
            standard: "process",
            annex_f: "process",
            takes_effect: TakesEffect::AtStart,
            caption: "Isolation of associations",
            short: "Whether each association has a process or a thread of its own.",
            long: "With threads a crash ends every association at once.",
            requirements: &["QR-006", "SCP-005", "SIL-027"],
        },
        Setting {
            key: "sandbox",
            kind: Kind::Word(Sandbox::WORDS),
            standard: "on",
            annex_f: "on",
            takes_effect: TakesEffect::AtStart,
            caption: "Sandbox of associations",
            short: "Whether the kernel bounds what an association's process may do.",
            long: "Its files are those of the data directory, it executes nothing, listens nowhere and opens no connection; \
                   docs/reference/sandbox.md has the whole list. The processes beside it are bounded too, as far as their \
                   work lets them be. It holds with isolation by processes: threads share all they have.",
            requirements: &[],
        },
    ]],
};

pub(super) const LOG: Section = Section {
    name: "log",
    about: "The service log, on standard error.",
    repeated: false,
    groups: &[&[
        Setting {
            key: "log.format",
            kind: Kind::Word(LogFormat::WORDS),
            standard: "text",
            annex_f: "text",
            takes_effect: TakesEffect::AtStart,
            caption: "Form of the service log",
            short: "The form of log lines.",
            long: "",
            requirements: &["GEN-013"],
        },
        Setting {
            key: "log.level",
            kind: Kind::Word(LogLevel::WORDS),
            standard: "info",
            annex_f: "info",
            takes_effect: TakesEffect::AtStart,
            caption: "Level of the service log",
            short: "The least grave log lines that are written.",
            long: "",
            requirements: &["GEN-013"],
        },
    ]],
};

pub(super) const NETWORK: Section = Section {
    name: "network",
    about: "What every association keeps to, whichever application entity runs it.",
    repeated: false,
    groups: &[&[
        Setting {
            key: "network.max-pdu-send",
            kind: PDU,
            standard: "128 KiB",
            annex_f: "128 KiB",
            takes_effect: TakesEffect::OnReload,
            caption: "Largest PDU that can be sent",
            short: "The longest P-DATA-TF PDU that is sent, even to a peer that takes longer ones or names no limit.",
            long: "",
            requirements: &["CFG-006", "GEN-019", "SIL-020"],
        },
        Setting {
            key: "network.connect-timeout",
            kind: seconds(1, 10 * 60),
            standard: "10 s",
            annex_f: "10 s",
            takes_effect: TakesEffect::OnReload,
            caption: "Wait for TCP connect() to finish",
            short: "How long a connection to a peer may take to open.",
            long: "",
            requirements: &["CFG-007"],
        },
        Setting {
            key: "network.artim",
            kind: seconds(1, HOUR),
            standard: "30 s",
            annex_f: "30 s",
            takes_effect: TakesEffect::OnReload,
            caption: "ARTIM timer",
            short: "How long a new connection may take to send its association request.",
            long: "Also how long the peer has to close a connection after a rejection, a release or an abort \
                   (PS3.8 9.1.5).",
            requirements: &["CFG-008", "SIL-022"],
        },
        Setting {
            key: "network.association-response-timeout",
            kind: seconds(1, HOUR),
            standard: "30 s",
            annex_f: "30 s",
            takes_effect: TakesEffect::OnReload,
            caption: "Wait for the answer to an association request",
            short: "How long a peer may take to accept or reject an association that we asked for.",
            long: "",
            requirements: &["CFG-009", "SIL-022"],
        },
        Setting {
            key: "network.release-timeout",
            kind: seconds(1, HOUR),
            standard: "30 s",
            annex_f: "30 s",
            takes_effect: TakesEffect::OnReload,
            caption: "Wait for the answer to a release request",
            short: "How long a peer may take to confirm a release that we asked for.",
            long: "",
            requirements: &["SIL-022", "SIL-023"],
        },
        Setting {
            key: "network.write-timeout",
            kind: seconds(1, HOUR),
            standard: "30 s",
            annex_f: "30 s",
            takes_effect: TakesEffect::OnReload,
            caption: "Wait for the network to take a message",
            short: "How long a write may wait for the peer to take anything.",
            long: "",
            requirements: &["CFG-010"],
        },
        Setting {
            key: "network.between-packets-timeout",
            kind: seconds(1, HOUR),
            standard: "30 s",
            annex_f: "30 s",
            takes_effect: TakesEffect::OnReload,
            caption: "Wait for data between TCP packets",
            short: "How long a peer may pause within a message that it has begun.",
            long: "",
            requirements: &["CFG-011", "QR-097", "SCP-054"],
        },
    ]],
};
