//! The keys of the Query/Retrieve information models (PS3.4 C.6).

use vocabulary::Tag;

/// The tags that [`crate::InstanceRow::extract`] needs, in ascending order: what a walker is to pick out.
pub fn wanted_tags() -> &'static [Tag] {
    &[]
}
