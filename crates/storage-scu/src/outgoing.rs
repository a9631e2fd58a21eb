use std::io::{self, Read};

use conversion::{Corrections, NotConverted};
use vocabulary::{AeTitle, Status, Uid, sop_class, transfer_syntax};

/// An instance that can be sent: what its context is, and how its bytes are had.
pub trait Outgoing {
    /// SOP Class UID.
    fn sop_class_uid(&self) -> &Uid;
    /// SOP Instance UID.
    fn sop_instance_uid(&self) -> &Uid;
    /// The transfer syntax of the bytes.
    fn transfer_syntax_uid(&self) -> &Uid;
    /// What was corrected of it on the server (GEN-014); `None`: nothing.
    fn corrections(&self) -> Option<&Corrections> {
        None
    }
    /// Opens the data set: its bytes and how many they are. A conversion opens it more than once.
    ///
    /// # Errors
    /// When it cannot be read.
    fn open(&self) -> io::Result<(Box<dyn Read>, u64)>;
}

/// On whose behalf an instance is sent: the C-MOVE that asked for it (PS3.7 9.1.1.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Originator {
    /// Move Originator Application Entity Title.
    pub ae_title: AeTitle,
    /// Move Originator Message ID.
    pub message_id: u16,
}

/// Why one instance was not stored by the peer, while the association goes on.
#[derive(Debug, thiserror::Error)]
pub enum NotStored {
    /// The peer accepted no presentation context for it.
    #[error("the peer accepts no {class} in {syntax}")]
    NoContext {
        /// The name of its SOP class.
        class: String,
        /// The name of its transfer syntax.
        syntax: String,
    },
    /// The peer takes it only as something that it cannot be made into.
    #[error("the peer does not take {class} in {syntax}, and it was not converted: {reason}")]
    NotConverted {
        /// The name of its SOP class.
        class: String,
        /// The name of its transfer syntax.
        syntax: String,
        /// Why.
        #[source]
        reason: NotConverted,
    },
    /// Its bytes cannot be read.
    #[error("the instance cannot be read: {0}")]
    Unreadable(#[source] io::Error),
    /// The peer says so (SCU-027 to SCU-029, SCU-035).
    #[error("the peer answered {status}{}", comment.as_ref().map(|c| format!(": {c}")).unwrap_or_default())]
    Refused {
        /// What it says.
        status: Status,
        /// And why.
        comment: Option<Box<str>>,
    },
    /// The association ended before the peer had answered.
    #[error("the association ended before it was answered")]
    Interrupted,
    /// It was not tried: the association ended before its turn, or there was none.
    #[error("it was not tried")]
    NotTried,
}

impl NotStored {
    pub(crate) fn no_context(instance: &impl Outgoing) -> Self {
        Self::NoContext {
            class: sop_class::name(instance.sop_class_uid()).to_owned(),
            syntax: transfer_syntax::name(instance.transfer_syntax_uid()).to_owned(),
        }
    }
}
