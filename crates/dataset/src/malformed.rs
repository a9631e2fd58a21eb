use std::fmt;

use vocabulary::{Blame, Tag};

/// A data set that does not keep to PS3.5: what is wrong with it, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Malformed {
    /// Bytes from the beginning of the data set (of the inflated one, if it was deflated).
    pub offset: u64,
    /// The sequences that were open, from the outermost in, and the element at fault last.
    pub path: Box<[Tag]>,
    /// What is wrong.
    pub fault: Fault,
}

/// What can be wrong with a data set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The data end within the header or the value of an element.
    #[error("the data set ends inside an element: {missing} bytes at least are missing")]
    EndsInsideElement {
        /// How many bytes the element still wanted.
        missing: u64,
    },
    /// The data end while a sequence, an item or encapsulated pixel data are open.
    #[error("the data set ends inside a sequence or an item")]
    EndsInsideSequence,
    /// An element claims more bytes than its item or sequence has left.
    #[error("an element of {length} bytes does not fit in the {left} bytes left of its item or sequence")]
    ExceedsItem {
        /// The length of the element, its header included.
        length: u64,
        /// What is left.
        left: u64,
    },
    /// Sequences lie deeper in one another than is followed.
    #[error("sequences are nested deeper than {0} levels")]
    NestedTooDeep(usize),
    /// Something other than an item stands directly in a sequence.
    #[error("an element stands where an item of a sequence should be")]
    NotAnItem,
    /// An item or a delimiter stands outside a sequence, or closes what is not open.
    #[error("an item or a delimiter stands where an element should be")]
    StrayDelimiter,
    /// A delimiter has a length.
    #[error("a delimiter claims {0} bytes of content, it has none")]
    DelimiterWithLength(u32),
    /// An element of undefined length that PS3.5 7.1.1 does not allow to have one.
    #[error("an element of this value representation may not be of undefined length")]
    UndefinedLength,
    /// An element of the command set or of the file meta information within a data set.
    #[error("an element of group {0:04X} has no place in a data set")]
    ForeignGroup(u16),
    /// The first element has no value representation where there must be one.
    #[error("the data set is not in the explicit VR encoding that was announced")]
    NotExplicit,
    /// The first element has a value representation where there must be none.
    #[error("the data set is not in the implicit VR encoding that was announced")]
    NotImplicit,
    /// The deflated stream is broken.
    #[error("the deflated data set cannot be inflated")]
    Deflate,
    /// The deflated stream goes on growing out of proportion.
    #[error("the deflated data set grows to more than {0} bytes, out of proportion to what was received")]
    InflatesTooFar(u64),
    /// Bytes follow the end of the deflated stream.
    #[error("bytes follow the end of the deflated data set")]
    AfterDeflate,
    /// An identifier has more elements than are kept.
    #[error("the data set has more than {0} elements")]
    TooManyElements(usize),
}

impl Malformed {
    /// Whose fault it is: always the writer's. The association may go on; asking again will not help.
    pub fn blame(&self) -> Blame {
        Blame::NotOffered
    }
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "malformed data set at byte {}", self.offset)?;
        for (depth, tag) in self.path.iter().enumerate() {
            write!(f, "{}{tag}", if depth == 0 { ", " } else { " > " })?;
        }
        write!(f, ": {}", self.fault)
    }
}

impl std::error::Error for Malformed {}
