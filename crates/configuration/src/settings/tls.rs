//! `[tls]`

use super::Section;
use crate::kind::Kind;
use crate::setting::{Setting, TakesEffect};
use crate::words::{ClientCertificates, TlsProfile, Words};

const fn file(key: &'static str, caption: &'static str, short: &'static str, long: &'static str) -> Setting {
    Setting {
        key,
        kind: Kind::PathOrOff,
        standard: "off",
        annex_f: "off",
        takes_effect: TakesEffect::OnReload,
        caption,
        short,
        long,
        requirements: &["SIL-008"],
    }
}

pub(super) const SECTION: Section = Section {
    name: "tls",
    about: "DICOM over TLS (PS3.15 annex B), on ports of its own. Files are PEM, read at start and on SIGHUP; what cannot \
            be used keeps the ones before. `isocenter certificates` makes some for a trial.",
    repeated: false,
    groups: &[&[
        file(
            "tls.certificate",
            "Certificate",
            "The certificate that peers are shown, with the chain above it behind it; off: no TLS port.",
            "",
        ),
        file(
            "tls.key",
            "Private key",
            "Its private key, without a passphrase.",
            "Nobody else should be able to read it.",
        ),
        file(
            "tls.ca",
            "Trusted authorities",
            "The certificates of the authorities that the peers' certificates come from; off: peers are known by their \
             fingerprints alone.",
            "For those who call, and for those who are called.",
        ),
        Setting {
            key: "tls.client-certificates",
            kind: Kind::Word(ClientCertificates::WORDS),
            standard: "required",
            annex_f: "required",
            takes_effect: TakesEffect::OnReload,
            caption: "Certificates of peers that call",
            short: "Whether peers that call over TLS must show a certificate.",
            long: "",
            requirements: &["SIL-008"],
        },
        Setting {
            key: "tls.profile",
            kind: Kind::Word(TlsProfile::WORDS),
            standard: "bcp-195",
            annex_f: "bcp-195",
            takes_effect: TakesEffect::OnReload,
            caption: "Secure transport connection profile",
            short: "Which versions and cipher suites of TLS are negotiated, in both directions.",
            long: "Neither has TLS 1.0 or 1.1, nor suites with DHE key exchange.",
            requirements: &["SIL-008"],
        },
        file(
            "tls.client-certificate",
            "Certificate for calling",
            "The certificate that is shown to peers that are called; off: tls.certificate.",
            "For certificates that are good for one direction only.",
        ),
        file("tls.client-key", "Private key for calling", "Its private key.", ""),
    ]],
};
