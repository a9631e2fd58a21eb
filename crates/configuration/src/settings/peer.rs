//! `[[peer]]`

use super::Section;
use super::rights::rights;
use crate::kind::Kind;
use crate::setting::{Setting, TakesEffect};
use crate::words::{LossyCompression, PhotometricInterpretation, UltrasoundClasses, Words};

pub(super) const SECTION: Section = Section {
    name: "peer",
    about: "A remote AE, one table each. A C-MOVE can name it as its destination. In the file only.",
    repeated: true,
    groups: &[WHERE, rights!("peer", "the peer"), EXPORT],
};

const WHERE: &[Setting] = &[
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
    Setting {
        key: "peer.tls",
        kind: Kind::Flag,
        standard: "false",
        annex_f: "false",
        takes_effect: TakesEffect::OnReload,
        caption: "TLS to the peer",
        short: "Whether associations with it are begun over TLS.",
        long: "Its port is then that for TLS, most often 2762. Its certificate must be for its host, or be one of its \
               certificates.",
        requirements: &["SIL-008"],
    },
    Setting {
        key: "peer.certificates",
        kind: Kind::List(&Kind::Text { characters_max: 253 }),
        standard: "",
        annex_f: "",
        takes_effect: TakesEffect::OnReload,
        caption: "Certificates of the peer",
        short: "The certificates by which it is known: \"sha256:…\" (a fingerprint, which needs no authority), or a name \
                in one from an authority in tls.ca.",
        long: "If there are any, nobody can call by its AE title without one of them, on any port: others are rejected \
               1/1/3. When we call it, it must show one of them.",
        requirements: &["SIL-008", "SIL-095"],
    },
    Setting {
        key: "peer.calls-from",
        kind: Kind::List(&Kind::AddressRange),
        standard: "",
        annex_f: "",
        takes_effect: TakesEffect::OnReload,
        caption: "Addresses of the peer",
        short: "The addresses and ranges from which its title may call; none listed: any.",
        long: "From elsewhere the title is rejected 1/1/3 (calling AE title not recognized).",
        requirements: &["SIL-095"],
    },
    Setting {
        key: "peer.user",
        kind: Kind::TextOrOff { characters_max: 64 },
        standard: "off",
        annex_f: "off",
        takes_effect: TakesEffect::OnReload,
        caption: "User name for the peer",
        short: "The user name that Isocenter gives when it calls the peer (PS3.7 D.3.3.7).",
        long: "",
        requirements: &["SIL-009"],
    },
    Setting {
        key: "peer.passcode-file",
        kind: Kind::PathOrOff,
        standard: "off",
        annex_f: "off",
        takes_effect: TakesEffect::OnReload,
        caption: "Passcode for the peer",
        short: "A file with the passcode that goes with peer.user; off: the name goes alone.",
        long: "Read at start and on reload. A line break at its end does not count. The passcode goes over the \
                   network as it is: use it where the connection is encrypted.",
        requirements: &["SIL-009"],
    },
];

const EXPORT: &[Setting] = &[
    Setting {
        key: "peer.transfer-syntaxes",
        kind: Kind::List(&Kind::Uid),
        standard: "",
        annex_f: "1.2.840.10008.1.2,1.2.840.10008.1.2.1,1.2.840.10008.1.2.4.50",
        takes_effect: TakesEffect::OnReload,
        caption: "Transfer syntaxes that are proposed to the peer",
        short: "UIDs of the transfer syntaxes that instances are sent in; none: the one that each is held in, or \
                    else Explicit or Implicit VR Little Endian.",
        long: "An instance goes as it is held if it can, otherwise in the first of these that the peer takes and \
                   that it can be converted to: the two uncompressed ones, and JPEG Baseline if lossy-compression \
                   allows it. Pixel data in JPEG-LS, JPEG XL, High-Throughput JPEG 2000, 12-bit JPEG and video are \
                   not decoded.",
        requirements: &["CFG-030", "SCU-003", "SCU-004", "SCU-021", "SIL-065", "SIL-070"],
    },
    Setting {
        key: "peer.ultrasound-classes",
        kind: Kind::Word(UltrasoundClasses::WORDS),
        standard: "when-needed",
        annex_f: "when-needed",
        takes_effect: TakesEffect::OnReload,
        caption: "Retired and current ultrasound classes",
        short: "What becomes of ultrasound instances whose SOP class the peer does not take.",
        long: "",
        requirements: &["CFG-029", "SCU-006"],
    },
    Setting {
        key: "peer.lossy-compression",
        kind: Kind::Word(LossyCompression::WORDS),
        standard: "never",
        annex_f: "when-needed",
        takes_effect: TakesEffect::OnReload,
        caption: "Lossy compression for the peer",
        short: "Whether images are compressed to JPEG Baseline for it.",
        long: "Ultrasound, visible light and Secondary Capture alone, 8 bits a sample. The image becomes another \
                   instance, with a UID of its own that is the same each time.",
        requirements: &["CFG-030", "IOD-033", "SCU-004", "SIL-070"],
    },
    Setting {
        key: "peer.jpeg-quality",
        kind: Kind::Count { min: 1, max: 100 },
        standard: "90",
        annex_f: "90",
        takes_effect: TakesEffect::OnReload,
        caption: "Quality of lossy compression",
        short: "The quality of images that are compressed to JPEG Baseline for it.",
        long: "",
        requirements: &["SCU-004"],
    },
    Setting {
        key: "peer.photometric-interpretation",
        kind: Kind::Word(PhotometricInterpretation::WORDS),
        standard: "as-held",
        annex_f: "as-held",
        takes_effect: TakesEffect::OnReload,
        caption: "Photometric interpretation for the peer",
        short: "What images are converted to for it.",
        long: "An image that loses colours or grey levels becomes another instance. For destinations that can show \
                   nothing else: most SOP classes allow one kind only, so an RGB image of CT or MR is not what the \
                   standard describes. What cannot be converted goes as it is held.",
        requirements: &["CFG-032", "IOD-030"],
    },
    Setting {
        key: "peer.window-center",
        kind: Kind::DecimalOrOff,
        standard: "off",
        annex_f: "off",
        takes_effect: TakesEffect::OnReload,
        caption: "Default Window Center for the peer",
        short: "The Window Center of greyscale images that have none.",
        long: "Together with window-width.",
        requirements: &["CFG-033", "IOD-031"],
    },
    Setting {
        key: "peer.window-width",
        kind: Kind::DecimalOrOff,
        standard: "off",
        annex_f: "off",
        takes_effect: TakesEffect::OnReload,
        caption: "Default Window Width for the peer",
        short: "The Window Width of greyscale images that have none.",
        long: "Together with window-center.",
        requirements: &["CFG-033", "IOD-032"],
    },
];
