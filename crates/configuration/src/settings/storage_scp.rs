//! `[storage-scp]`

use super::acceptor::acceptor;
use super::{DAY, PDU, Section, seconds};
use crate::kind::Kind;
use crate::setting::{Setting, TakesEffect};
use crate::words::{AssociationsCounted, CompressedFor, NoAcceptableContext, SopClasses, Sync, Words};

pub(super) const SECTION: Section = Section {
    name: "storage-scp",
    about: "STORAGE-SCP: takes in what modalities send.",
    repeated: false,
    groups: &[ACCEPTOR, OWN],
};

const ACCEPTOR: &[Setting] = acceptor! {
    section: "storage-scp",
    name: "STORAGE-SCP",
    ae_title: "ISO_STORE_SCP",
    listen: "127.0.0.1:4000",
    idle: "15 min",
    requirements: {
        ae_title: &["CFG-002", "GEN-003", "GEN-005", "SIL-019"],
        listen: &["CFG-002", "SCP-003"],
        associations: &["CFG-015", "SCP-005", "SCP-014", "DIF-001"],
        max_pdu: &["CFG-005", "CFG-013", "GEN-019", "DIF-011"],
        idle: &["CFG-014", "SCP-013", "SCP-053", "SIL-024"],
        counted: &["CFG-037", "SCP-005", "SIL-021"],
        called: &["CFG-035", "SCP-017", "SEC-002", "SEC-004"],
        calling: &["CFG-034", "SCP-012", "SCP-018", "SEC-003"],
        addresses: &["CFG-036", "SCP-012", "SEC-005", "SIL-016"],
        contexts: &["SCP-011", "SIL-016"],
    },
};

const OWN: &[Setting] = &[
    Setting {
        key: "storage-scp.may-share-ae-title",
        kind: Kind::Flag,
        standard: "true",
        annex_f: "false",
        takes_effect: TakesEffect::OnReload,
        caption: "STORAGE-SCP may share its AE title",
        short: "Whether STORAGE-SCP may have the AE title of QUERY-RETRIEVE-SCP or of STORAGE-SCU.",
        long: "With one title both SCPs may also listen on one port, as most workstations expect of an archive; the larger \
               max-pdu and the longer idle-timeout of the two hold there.",
        requirements: &["GEN-003", "GEN-004", "GEN-005", "DIF-024"],
    },
    Setting {
        key: "storage-scp.sop-classes",
        kind: Kind::Word(SopClasses::WORDS),
        standard: "all",
        annex_f: "annex-f",
        takes_effect: TakesEffect::OnReload,
        caption: "Supported storage SOP classes",
        short: "The storage SOP classes that are accepted to begin with.",
        long: "",
        requirements: &["CFG-038", "GEN-018", "SCP-001", "SCP-002", "SCP-020", "DIF-003"],
    },
    Setting {
        key: "storage-scp.sop-classes-added",
        kind: Kind::List(&Kind::Uid),
        standard: "",
        annex_f: "",
        takes_effect: TakesEffect::OnReload,
        caption: "Added storage SOP classes",
        short: "UIDs of further SOP classes to accept, private ones for instance.",
        long: "",
        requirements: &["CFG-038", "SCP-002", "SIL-013"],
    },
    Setting {
        key: "storage-scp.sop-classes-removed",
        kind: Kind::List(&Kind::Uid),
        standard: "",
        annex_f: "",
        takes_effect: TakesEffect::OnReload,
        caption: "Removed storage SOP classes",
        short: "UIDs of SOP classes not to accept.",
        long: "",
        requirements: &["CFG-038", "SCP-002"],
    },
    Setting {
        key: "storage-scp.transfer-syntaxes",
        kind: Kind::List(&Kind::Uid),
        standard: "",
        annex_f: "1.2.840.10008.1.2,1.2.840.10008.1.2.1,1.2.840.10008.1.2.4.50",
        takes_effect: TakesEffect::OnReload,
        caption: "Supported transfer syntaxes",
        short: "UIDs of the transfer syntaxes that are accepted; none listed: all of PS3.6.",
        long: "1.2.840.10008.1.2 (Implicit VR Little Endian) is accepted in any case.",
        requirements: &["CFG-039", "SCP-020", "SCP-021"],
    },
    Setting {
        key: "storage-scp.compressed-for",
        kind: Kind::Word(CompressedFor::WORDS),
        standard: "every-class",
        annex_f: "annex-f-classes",
        takes_effect: TakesEffect::OnReload,
        caption: "SOP classes with compressed transfer syntaxes",
        short: "The SOP classes for which transfer syntaxes with encapsulated pixel data are accepted.",
        long: "",
        requirements: &["SCP-020", "DIF-003"],
    },
    Setting {
        key: "storage-scp.transfer-syntax-order",
        kind: Kind::List(&Kind::Uid),
        standard: "",
        annex_f: "1.2.840.10008.1.2.4.50,1.2.840.10008.1.2.1,1.2.840.10008.1.2",
        takes_effect: TakesEffect::OnReload,
        caption: "Order of preference of transfer syntaxes",
        short: "UIDs of transfer syntaxes, most preferred first; none listed: the peer's order decides.",
        long: "Used when one presentation context proposes several. Those not listed come last.",
        requirements: &["CFG-040", "SCP-022", "SCP-023"],
    },
    Setting {
        key: "storage-scp.sync",
        kind: Kind::Word(Sync::WORDS),
        standard: "instance",
        annex_f: "instance",
        takes_effect: TakesEffect::OnReload,
        caption: "Durability of received instances",
        short: "Whether an instance is safe from a power cut before it is acknowledged.",
        long: "\"none\" is for trials and measurements.",
        requirements: &["SCP-048", "SIL-081"],
    },
    Setting {
        key: "storage-scp.notification-retry-wait",
        kind: seconds(1, 7 * DAY),
        standard: "5 min",
        annex_f: "5 min",
        takes_effect: TakesEffect::NotYet,
        caption: "Wait between attempts to send an N-EVENT-REPORT",
        short: "How long to wait between two attempts to deliver a storage commitment notification.",
        long: "This version offers no storage commitment.",
        requirements: &["CFG-020", "SCP-029"],
    },
];
