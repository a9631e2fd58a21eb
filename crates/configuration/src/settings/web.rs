//! `[web]`

use super::Section;
use crate::kind::Kind;
use crate::setting::{Setting, TakesEffect};

pub(super) const SECTION: Section = Section {
    name: "web",
    about: "DICOMweb and the page for browsers. This version has neither.",
    repeated: false,
    groups: &[&[Setting {
        key: "web.listen",
        kind: Kind::AddressOrOff,
        standard: "off",
        annex_f: "off",
        takes_effect: TakesEffect::NotYet,
        caption: "Web port",
        short: "The address and port for browsers and DICOMweb.",
        long: "This version has no web server: nothing listens there.",
        requirements: &[],
    }]],
};
