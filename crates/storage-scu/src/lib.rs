//! STORAGE-SCU: sends instances to a peer, because a C-MOVE asked for it or a user did.
//!
//! In: what is to be sent ([`Outgoing`]) and where to. Out: what became of each, as it happens.
//!
//! Read [`send`](Sending), one instance over any association; then [`export`](Export), an order over
//! associations of its own; `offer` makes the contexts from what is to be sent.
//!
//! What the peer does not take as it is held is made into something that it takes, by the crate `conversion`.
//!
//! Absent on purpose: which instances (QUERY-RETRIEVE-SCP or a command says), the count of exports at a time (a
//! permit of the overseer), and any repetition of a send that the peer refused (SCU-036).

mod export;
mod offer;
mod outgoing;
pub mod responses;
mod rules_of_peers;
mod send;

pub use export::{Export, ExportFailed, Next, Watch};
pub use offer::ContextLayout;
pub use outgoing::{NotStored, Originator, Outgoing};
pub use rules_of_peers::RulesOfPeers;
pub use send::Sending;
