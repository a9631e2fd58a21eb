//! STORAGE-SCP: takes instances in (PS3.2 F.4.2.3).
//!
//! In: C-STORE requests and their data sets, over a dialogue that the acceptance policy let in. Out: responses; a
//! success only with the holdings' proof in hand.
//!
//! Read [`offer`], what is taken; then [`StorageScp::store`], how.
//!
//! Absent on purpose: paths, SQL, and any opinion about what an instance should look like: the holdings refuse.

mod c_store;
pub mod offer;

pub use c_store::{StorageScp, statuses};
