use std::io;

use upper_layer::Ended as AssociationEnded;
use vocabulary::{Blame, Status, Tag, limits};

use crate::{CommandField, statuses};

/// Why a dialogue is over, and its association with it. What had to be said to the peer was said before this is
/// returned.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Ended {
    /// The association ended below us (PS3.8).
    #[error(transparent)]
    Association(#[from] AssociationEnded),
    /// The peer broke PS3.7 in a way that no response can answer; it was sent A-ABORT.
    #[error("the peer broke the message exchange: {0}; the association was aborted")]
    PeerMisbehaved(Misbehaviour),
    /// What was being sent could not be read to its end; the peer was sent A-ABORT, as a message cannot be taken back.
    #[error("aborted: an instance that was being sent could not be read")]
    Unreadable,
    /// A caller of this crate asked for what a dialogue cannot do: a bug of ours.
    #[error("a dialogue was misused: {0}")]
    Misused(&'static str),
}

/// What a peer did that PS3.7 does not allow, and that cannot be answered by a status.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Misbehaviour {
    /// A command that grew beyond every real one.
    #[error("a command set of more than {} bytes", limits::COMMAND_SET_BYTES_MAX)]
    CommandTooLong,
    /// A command without, or with two or a mistyped one, of the elements that an answer is made from.
    #[error("a command set without a usable {0}")]
    Unanswerable(Tag),
    /// A response that lacks what a response is made of.
    #[error("a {command_field} that cannot be used: {problem}")]
    UnusableResponse {
        /// Which response.
        command_field: CommandField,
        /// What is wrong with it.
        problem: String,
    },
    /// A response of a kind that PS3.7 does not know, or that we never ask for.
    #[error("a response of unknown kind, {0}")]
    UnknownResponse(CommandField),
    /// A response to something that was not asked, or not now.
    #[error("a {command_field} to message {message_id}, which is not outstanding")]
    UnexpectedResponse {
        /// Which response.
        command_field: CommandField,
        /// The message that it says it answers.
        message_id: u16,
    },
    /// A C-CANCEL-RQ that says that a data set follows it.
    #[error("a C-CANCEL-RQ that announces a data set")]
    CancelWithDataSet,
    /// A fragment of a data set where a command was to come (PS3.7 6.3.1).
    #[error("a fragment of a data set that no command announced")]
    DataSetUnannounced,
    /// A fragment of a command where the announced data set was to come.
    #[error("a command in place of the data set that the last command announced")]
    DataSetMissing,
    /// A fragment of a data set in the middle of a command.
    #[error("a fragment of a data set within a command")]
    CommandInterrupted,
    /// A fragment on another presentation context than the message that it belongs to (PS3.8 annex E.2).
    #[error("a message that began on presentation context {began} goes on on {context_id}")]
    ContextChanged {
        /// Where the message began.
        began: u8,
        /// Where the fragment came.
        context_id: u8,
    },
    /// A request while our own is outstanding, where there is no telling its data set from what we wait for.
    #[error("a {0} while the response to another operation was awaited")]
    OperationOutstanding(CommandField),
    /// A-RELEASE-RQ in the middle of a message, or while the response to our request is outstanding.
    #[error("a release request within an operation")]
    ReleaseWithinOperation,
}

impl Ended {
    /// Whose fault it is.
    pub fn blame(&self) -> Blame {
        match self {
            Self::Association(ended) => ended.blame(),
            Self::PeerMisbehaved(_) => Blame::PeerMisbehaved,
            Self::Unreadable => Blame::FellShort,
            Self::Misused(_) => Blame::Unreachable,
        }
    }
}

/// Why a data set could not be collected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CollectFailed {
    /// It is longer than the caller takes. It was read to its end, so the request can be answered.
    #[error("a data set of more than {bytes_max} bytes where so long a one has no meaning")]
    TooLong {
        /// What the caller would have taken.
        bytes_max: usize,
    },
    /// The dialogue is over.
    #[error(transparent)]
    Ended(#[from] Ended),
}

impl CollectFailed {
    /// Whose fault it is.
    pub fn blame(&self) -> Blame {
        match self {
            Self::TooLong { .. } => Blame::NotOffered,
            Self::Ended(ended) => ended.blame(),
        }
    }

    /// The status that says so, while anything can be said.
    pub fn status(&self) -> Option<Status> {
        match self {
            Self::TooLong { .. } => Some(statuses::TOO_LONG.status),
            Self::Ended(_) => None,
        }
    }
}

/// Why an instance could not be sent. Either way the association is over.
#[derive(Debug, thiserror::Error)]
pub enum SendFailed {
    /// The dialogue is over.
    #[error(transparent)]
    Ended(#[from] Ended),
    /// The source of the bytes failed or ended early; the peer was sent A-ABORT.
    #[error("the bytes to be sent could not be read: {0}")]
    Source(#[source] io::Error),
}

impl SendFailed {
    /// Whose fault it is.
    pub fn blame(&self) -> Blame {
        match self {
            Self::Ended(ended) => ended.blame(),
            Self::Source(_) => Blame::FellShort,
        }
    }
}
