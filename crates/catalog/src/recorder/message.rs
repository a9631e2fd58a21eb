//! What is said between a recorder and those for whom it records: a length in four bytes, then a message.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use vocabulary::Uid;

use crate::{CatalogError, Held, InstanceRow, Location, Outcome, Place};

pub(super) use crate::limits::RECORDER_MESSAGE_BYTES_MAX as MESSAGE_BYTES_MAX;

/// The bytes of a message's length.
pub(super) const LENGTH_BYTES: usize = 4;

/// What the recorder is asked. Each is answered, in order.
#[derive(Debug, Serialize, Deserialize)]
#[expect(clippy::large_enum_variant, reason = "nearly all are records, and few live at a time")]
pub(crate) enum Asked<'a> {
    /// See [`crate::Catalog::recall`].
    Recall(Cow<'a, str>),
    /// See [`crate::Catalog::locate`].
    Locate(Uid),
    /// See [`crate::Catalog::remember`].
    Remember(Cow<'a, str>, Cow<'a, str>),
    /// See [`crate::Catalog::record`].
    Record(Cow<'a, InstanceRow>, Cow<'a, Location>),
    /// See [`crate::Catalog::remove`].
    Remove(Cow<'a, Place>),
}

impl Asked<'_> {
    /// Whether nothing is written for it.
    pub(super) fn only_reads(&self) -> bool {
        match self {
            Self::Recall(_) | Self::Locate(_) => true,
            Self::Remember(..) | Self::Record(..) | Self::Remove(_) => false,
        }
    }
}

/// What it answers.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Answered {
    Recalled(Option<String>),
    Located(Vec<Held>),
    Recorded(Outcome),
    Done,
    Failed(Failed),
}

/// A [`CatalogError`] as it is told to another process.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{words}")]
pub struct Failed {
    words: String,
    pub(crate) disk_full: bool,
    pub(crate) damaged: bool,
    pub(crate) not_held: bool,
}

impl From<&CatalogError> for Failed {
    fn from(error: &CatalogError) -> Self {
        Self {
            words: error.to_string(),
            disk_full: error.is_disk_full(),
            damaged: error.is_damaged(),
            not_held: matches!(error, CatalogError::NotHeld { .. }),
        }
    }
}

/// A message as it is sent; `None` if it is too long for that.
pub(super) fn to_bytes<T: Serialize>(message: &T) -> Option<Vec<u8>> {
    let mut bytes = postcard::to_extend(message, vec![0; LENGTH_BYTES]).ok()?;
    let length = bytes.len().checked_sub(LENGTH_BYTES).filter(|length| *length <= MESSAGE_BYTES_MAX)?;
    bytes.first_chunk_mut::<LENGTH_BYTES>()?.copy_from_slice(&u32::try_from(length).ok()?.to_le_bytes());
    Some(bytes)
}

/// The length that a message is said to have, if it may be so long.
pub(super) fn length(bytes: [u8; LENGTH_BYTES]) -> Option<usize> {
    usize::try_from(u32::from_le_bytes(bytes)).ok().filter(|length| *length <= MESSAGE_BYTES_MAX)
}

/// Reads a message without its length.
pub(super) fn read<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Option<T> {
    postcard::from_bytes(bytes).ok()
}
