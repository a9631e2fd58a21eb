use std::io;

use dataset::{Malformed, TokensFailed};
use vocabulary::{Blame, Tag};

/// Why an instance was not converted. Nothing was sent of it then.
#[derive(Debug, thiserror::Error)]
pub enum NotConverted {
    /// Its bytes cannot be read.
    #[error("the instance cannot be read: {0}")]
    Read(#[from] io::Error),
    /// The data set does not keep to PS3.5.
    #[error(transparent)]
    Malformed(#[from] Malformed),
    /// No decoder for what its pixel data are in.
    #[error("pixel data in {0} cannot be decoded here")]
    NoDecoder(String),
    /// Its pixel data cannot be what the destination wants.
    #[error("the pixel data cannot be converted: {0}")]
    Pixels(&'static str),
    /// It is signed, and signed instances are not changed.
    #[error(
        "it is digitally signed, and signed instances are sent as they are held or not at all (storage-scu.signed-instances)"
    )]
    Signed,
    /// Its pixel data contradict its attributes, or are broken.
    #[error("frame {frame} cannot be decoded: {why}")]
    Frame {
        /// Which, from 1 on.
        frame: u32,
        /// What the decoder says.
        why: String,
    },
    /// An attribute that pixel data cannot be understood without.
    #[error("the instance has no valid {0}, which its pixel data need")]
    Lacks(Tag),
    /// Larger than what is held in memory for a conversion.
    #[error("its converted pixel data would take {bytes} bytes, {bytes_max} are held at most")]
    TooLarge {
        /// How many.
        bytes: u64,
        /// The bound.
        bytes_max: u64,
    },
    /// More sequences and items than their new lengths are kept of.
    #[error("the instance has more than {0} sequences and items")]
    TooManyItems(usize),
    /// A text is longer than what is encoded anew.
    #[error("the text of {tag} is longer than {bytes_max} bytes")]
    TextTooLong {
        /// Whose.
        tag: Tag,
        /// The bound.
        bytes_max: usize,
    },
    /// A corrected value that its element cannot hold.
    #[error(
        "the corrected value of {0} cannot be written: it is no text, or is longer than an element holds"
    )]
    Correction(Tag),
    /// A value that a reader of implicit VR would take for a sequence.
    #[error(
        "{0} has a value that is no sequence, and in implicit VR nobody could tell: correct the instance, or let the destination accept explicit VR"
    )]
    WouldBeSequence(Tag),
    /// The data set is larger than its lengths can say.
    #[error("a sequence grows beyond 4 GiB")]
    SequenceTooLong,
}

impl NotConverted {
    /// Whose fault it is: our shortage, or an instance that is not what it says.
    pub fn blame(&self) -> Blame {
        match self {
            Self::Read(_) | Self::TooLarge { .. } => Blame::FellShort,
            _ => Blame::NotOffered,
        }
    }
}

impl From<TokensFailed> for NotConverted {
    fn from(failed: TokensFailed) -> Self {
        match failed {
            TokensFailed::Read(error) => Self::Read(error),
            TokensFailed::Malformed(malformed) => Self::Malformed(malformed),
        }
    }
}
