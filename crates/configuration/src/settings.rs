//! Every setting there is, section by section, in the order in which they are printed.

mod acceptor;
mod audit;
mod corrections;
mod general;
mod peer;
mod query_retrieve_scp;
mod rights;
mod scrub;
mod storage_scp;
mod storage_scu;
mod supervisor;
mod tls;
mod token_key;
mod unknown_peer;
mod user;
mod web;

use std::time::Duration;

use crate::kind::Kind;
use crate::setting::Setting;

/// A section of the file.
#[derive(Debug, Clone, Copy)]
pub struct Section {
    /// Its name; empty for what stands at the top of the file.
    pub name: &'static str,
    /// What it is about, in a sentence or two.
    pub about: &'static str,
    /// Whether the file may hold it many times, as `[[name]]`.
    pub repeated: bool,
    /// Its settings, in groups only because two sections share the shape of one group.
    groups: &'static [&'static [Setting]],
}

impl Section {
    /// The settings of the section.
    pub fn settings(&self) -> impl Iterator<Item = &'static Setting> {
        self.groups.iter().flat_map(|group| group.iter())
    }
}

/// All sections.
pub const SECTIONS: &[Section] = &[
    general::TOP,
    general::LOG,
    general::NETWORK,
    storage_scp::SECTION,
    query_retrieve_scp::SECTION,
    storage_scu::SECTION,
    corrections::SECTION,
    tls::SECTION,
    scrub::SECTION,
    audit::SECTION,
    supervisor::SECTION,
    web::SECTION,
    peer::SECTION,
    unknown_peer::SECTION,
    user::SECTION,
    token_key::SECTION,
];

/// All settings that have one value each: those of every section that is not repeated.
pub fn settings() -> impl Iterator<Item = &'static Setting> {
    SECTIONS.iter().filter(|section| !section.repeated).flat_map(Section::settings)
}

/// The settings of repeated sections: `[[peer]]` and others.
pub(crate) fn repeated_settings() -> impl Iterator<Item = &'static Setting> {
    SECTIONS.iter().filter(|section| section.repeated).flat_map(Section::settings)
}

/// The setting of a key.
pub fn find(key: &str) -> Option<&'static Setting> {
    settings().find(|setting| setting.key == key)
}

const fn seconds(min: u64, max: u64) -> Kind {
    Kind::Duration { min: Duration::from_secs(min), max: Duration::from_secs(max) }
}

/// An hour and a day, in seconds.
const HOUR: u64 = 3_600;
const DAY: u64 = 24 * HOUR;

/// The maximum length of P-DATA-TF PDUs. The least is what the smallest peers in use announce; above the greatest
/// nothing gets faster.
const PDU: Kind = Kind::Bytes { min: 4_096, max: 1_048_576 };
