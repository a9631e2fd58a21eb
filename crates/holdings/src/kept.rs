use vault::{Digest, InstanceKey};
use vocabulary::Tag;

/// The proof that success (0000H) may be answered: the instance survives a power cut, as far as the rules ask for
/// it, and is found by queries. Only [`Holdings::keep`](crate::Holdings::keep) makes one.
#[derive(Debug)]
#[must_use = "an instance that was kept is to be answered for"]
pub struct Kept {
    pub(crate) how: How,
    pub(crate) key: InstanceKey,
    pub(crate) digest: Digest,
    pub(crate) data_set_bytes: u64,
    pub(crate) coerced: Vec<Tag>,
    pub(crate) patient_id: String,
}

/// How an instance was kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// Its SOP Instance UID is new.
    New,
    /// Another data set has the same SOP Instance UID; both are held, this one is current.
    AnotherVersion,
    /// It took the place of another one with its SOP Instance UID, which was set aside.
    Replaced,
    /// The very same data set in the same transfer syntax is held already, and was not kept twice.
    HeldAlready,
}

impl Kept {
    /// How it was kept.
    pub fn how(&self) -> How {
        self.how
    }

    /// The attributes whose values are exported otherwise than they came.
    pub fn coerced(&self) -> &[Tag] {
        &self.coerced
    }

    /// Patient ID (0010,0020), as it was when it arrived; empty without.
    pub fn patient_id(&self) -> &str {
        &self.patient_id
    }

    /// Where it lies.
    pub fn key(&self) -> &InstanceKey {
        &self.key
    }

    /// The checksum of its data set.
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// Length of its data set, in bytes.
    pub fn data_set_bytes(&self) -> u64 {
        self.data_set_bytes
    }
}
