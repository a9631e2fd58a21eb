//! STORAGE-SCP: takes instances in, and vouches for them (PS3.2 F.4.2.3).
//!
//! In: C-STORE requests and their data sets, N-ACTION requests for storage commitment, over a dialogue that the
//! acceptance policy let in. Out: responses, a success only with the holdings' proof in hand; and notifications of what
//! is committed, on that association or on one of our own.
//!
//! Read [`offer`], what is taken; then [`StorageScp::store`], how; then [`commitment`].
//!
//! Absent on purpose: paths, SQL, and any opinion about what an instance should look like: the holdings refuse.

mod c_store;
pub mod commitment;
pub mod offer;

pub use c_store::{StorageScp, statuses};
