//! One process records for all the others.
//!
//! Most associations bring instances and ask nothing. To record them, each would open the file, read its schema, have
//! a dozen statements prepared and queue for the lock: more work than receiving a CT slice. So one process keeps the
//! catalog open, takes what is to be recorded over a socket beside the file, and commits what has come in
//! together in one transaction.
//!
//! Nothing depends on it: whoever does not reach the recorder, or loses it, opens the catalog and does the work himself
//! ([`Catalog`](crate::Catalog) sees to that). Both queue on the same lock.

mod link;
mod message;
mod place;
mod serve;

pub(crate) use link::Link;
pub use message::Failed;
pub(crate) use message::{Answered, Asked};
pub use place::{listen, reach};
pub use serve::Recorder;

#[cfg(test)]
mod tests;
