use std::time::SystemTime;

use serde::{Deserialize, Serialize};
use vocabulary::{AeTitle, Day, Uid};

use crate::{Change, Overrides};

/// The length of the vault's checksum, in bytes.
pub(crate) const DIGEST_BYTES: usize = 16;

/// What names the vault file of one version of an instance: all of its path is made from this.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Place {
    /// The day it was received.
    pub day: Day,
    /// Study Instance UID (0020,000D), as the instance has it.
    pub study_instance_uid: Uid,
    /// Series Instance UID (0020,000E), as the instance has it.
    pub series_instance_uid: Uid,
    /// SOP Instance UID (0008,0018).
    pub sop_instance_uid: Uid,
    /// 1 for the first data set that came under this SOP Instance UID, 2 for the next different one, and so on.
    pub version: u32,
}

/// What is recorded of a file beside what its data set says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Location {
    /// The day it was received: the first steps of its path.
    pub day: Day,
    /// Its version, see [`Place::version`].
    pub version: u32,
    /// The length of the whole file in bytes.
    pub bytes: u64,
    /// Where its data set begins in the file: past preamble, prefix and File Meta Information.
    pub data_set_offset: u32,
    /// The vault's checksum of the data set.
    pub digest: [u8; DIGEST_BYTES],
    /// When the last byte was received. Among versions of an instance the latest is current.
    pub received_at: SystemTime,
    /// The AE that sent it, if it came over an association.
    pub source_ae_title: Option<AeTitle>,
}

/// One version of an instance that the holdings have: all that sending or checking it takes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    /// What names its file.
    pub place: Place,
    /// SOP Class UID (0008,0016).
    pub sop_class_uid: Uid,
    /// The transfer syntax of the file.
    pub transfer_syntax_uid: Uid,
    /// The length of the whole file in bytes.
    pub bytes: u64,
    /// Where its data set begins in the file.
    pub data_set_offset: u32,
    /// The vault's checksum of the data set.
    pub digest: [u8; DIGEST_BYTES],
    /// When it was received.
    pub received_at: SystemTime,
    /// The AE that sent it, if it came over an association.
    pub source_ae_title: Option<AeTitle>,
    /// What was changed about it when it arrived; mostly nothing.
    pub changes: Vec<Change>,
    /// Whether queries and retrieves see it, or a newer version of it in the same series.
    pub current: bool,
    /// What was corrected: other in answers and exports than in the file; `None` where nothing is.
    pub overrides: Option<Box<Overrides>>,
}

/// Proof that a commit put the instance into the catalog. Made by [`crate::Catalog::record`] and
/// [`crate::Filling::record`] alone.
///
/// After a power cut the last commits may be missing from the file (`synchronous=NORMAL`): "stored" needs the
/// vault's proof beside this one, and the vault's files are looked through again after an unclean stop.
#[derive(Debug)]
#[must_use = "it says whether the file just written is the one that is held"]
pub struct Recorded {
    pub(crate) outcome: Outcome,
}

/// What a record came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outcome {
    /// The first version of the instance in its series.
    New,
    /// A further version; the data set differs from the others. `current` is false when a later one was there.
    NewVersion {
        /// Whether it is the current one from now on.
        current: bool,
    },
    /// This very place was there already, as after a reconciliation; nothing changed.
    AlreadyRecorded,
    /// The current version in the same series has the same checksum, length and transfer syntax, but lies at another
    /// place. Nothing was written: the caller's file is not needed, if its bytes are the same.
    SameDataSet(Place),
}

impl Recorded {
    /// What it came to.
    pub fn outcome(&self) -> &Outcome {
        &self.outcome
    }
}

/// 64 bits that stand for a UID in an index (FNV-1a, its bits mixed once more). Never the last word: rows are
/// compared by the UID itself. Kept in the file, so it must not change.
pub(crate) fn uid_key(uid: &str) -> i64 {
    fingerprint([uid.as_bytes()])
}

/// 64 bits that stand for some values. Kept in the file, so it must not change.
pub(crate) fn fingerprint<'a>(values: impl IntoIterator<Item = &'a [u8]>) -> i64 {
    const OFFSET: u64 = 0xCBF2_9CE4_8422_2325;
    const PRIME: u64 = 0x0000_0100_0000_01B3;
    let mut hash = OFFSET;
    for (position, value) in values.into_iter().enumerate() {
        if position > 0 {
            hash = (hash ^ 0xFF).wrapping_mul(PRIME);
        }
        for byte in value {
            hash = (hash ^ u64::from(*byte)).wrapping_mul(PRIME);
        }
    }
    hash = (hash ^ (hash >> 33)).wrapping_mul(0xFF51_AFD7_ED55_8CCD);
    (hash ^ (hash >> 33)).cast_signed()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_for_values_in_the_file_never_changes() {
        assert_eq!(uid_key(""), -1_388_729_422_223_754_158);
        assert_eq!(uid_key("1.2.3"), 5_141_693_243_225_553_694);
        let (ab, a_b): (&[u8], [&[u8]; 2]) = (b"ab", [b"a", b"b"]);
        assert_ne!(fingerprint([ab]), fingerprint(a_b));
    }
}
