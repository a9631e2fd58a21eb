//! The command set of a message (PS3.7 6.3): elements of group 0000 in Implicit VR Little Endian.
//!
//! The reader picks the elements of the table out of the bytes without copying them and skips the others; it never
//! fails, because most of what can be wrong with a command is still answered. The writer keeps to ascending
//! order and fills in the group length at the end.

mod reader;
mod writer;

pub(crate) use reader::{CommandSet, Fault, Problem};
pub(crate) use writer::CommandWriter;

use vocabulary::{Tag, Vr};

/// One row of the table of elements (PS3.7 E.1): element number, VR, constant.
macro_rules! elements {
    ($($number:literal $vr:ident $name:ident)*) => {
        /// An element of group 0000 that some command of ours has. Ordered as a command set orders them.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        #[expect(clippy::enum_variant_names, reason = "the names are those of PS3.7")]
        pub(crate) enum Element { $($name),* }

        impl Element {
            /// How many there are.
            pub(crate) const COUNT: usize = [$($number),*].len();

            /// All of them, in ascending order.
            #[cfg(test)]
            pub(crate) const ALL: [Self; Self::COUNT] = [$(Self::$name),*];

            pub(crate) const fn number(self) -> u16 {
                match self { $(Self::$name => $number),* }
            }

            pub(crate) const fn vr(self) -> Vr {
                match self { $(Self::$name => Vr::$vr),* }
            }

            /// The element with this number; nothing when no command of ours has it.
            pub(crate) const fn find(number: u16) -> Option<Self> {
                match number { $($number => Some(Self::$name),)* _ => None }
            }
        }
    };
}

elements! {
    0x0000 UL CommandGroupLength
    0x0002 UI AffectedSopClassUid
    0x0003 UI RequestedSopClassUid
    0x0100 US CommandField
    0x0110 US MessageId
    0x0120 US MessageIdBeingRespondedTo
    0x0600 AE MoveDestination
    0x0700 US Priority
    0x0800 US CommandDataSetType
    0x0900 US Status
    0x0901 AT OffendingElement
    0x0902 LO ErrorComment
    0x0903 US ErrorId
    0x1000 UI AffectedSopInstanceUid
    0x1001 UI RequestedSopInstanceUid
    0x1002 US EventTypeId
    0x1008 US ActionTypeId
    0x1020 US NumberOfRemainingSuboperations
    0x1021 US NumberOfCompletedSuboperations
    0x1022 US NumberOfFailedSuboperations
    0x1023 US NumberOfWarningSuboperations
    0x1030 AE MoveOriginatorApplicationEntityTitle
    0x1031 US MoveOriginatorMessageId
}

impl Element {
    pub(crate) const fn tag(self) -> Tag {
        Tag(0x0000, self.number())
    }
}

/// The Command Data Set Type (0000,0800) of a message without a data set; every other value announces one
/// (PS3.7 E.1).
pub(crate) const NO_DATA_SET: u16 = 0x0101;

/// What we write into Command Data Set Type when a data set follows: the value that most peers write.
pub(crate) const DATA_SET_FOLLOWS: u16 = 0x0001;

#[cfg(test)]
mod tests;
