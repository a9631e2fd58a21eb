//! QUERY-RETRIEVE-SCP: answers what the holdings have and has it sent (PS3.2 F.4.2.2).
//!
//! In: C-FIND, C-MOVE and C-GET requests over a dialogue that the acceptance policy let in. Out: responses on the
//! same association; instances over the same one (C-GET) or over one that STORAGE-SCU begins (C-MOVE).
//!
//! Read [`offer`], then `c_find`, then `retrieve`, which `c_move` and `c_get` share.
//!
//! Absent on purpose: matching (the catalog does it), bytes of instances (the holdings have them), associations of
//! its own (QR-003).

mod c_find;
mod c_get;
mod c_move;
mod corrections;
mod identifier;
pub mod offer;
mod retrieve;
pub mod statuses;
mod witness;

use std::time::Duration;

use application_entity::Peers;
use catalog::QueryRules;
use vocabulary::AeTitle;

pub use corrections::CorrectionRules;
pub use retrieve::RetrieveRules;

/// QUERY-RETRIEVE-SCP, as it answers.
#[derive(Debug, Clone)]
pub struct QueryRetrieveScp {
    /// Its title: the Retrieve AE Title of its answers.
    pub ae_title: AeTitle,
    /// What queries are held to.
    pub query_rules: QueryRules,
    /// How retrieves are answered.
    pub retrieve_rules: RetrieveRules,
    /// Where C-MOVE can send to.
    pub peers: Peers,
    /// How STORAGE-SCU sends.
    pub export: Export,
}

/// How QUERY-RETRIEVE-SCP has STORAGE-SCU send.
#[derive(Debug, Clone)]
pub struct Export {
    /// STORAGE-SCU.
    pub scu: storage_scu::Export,
    /// How long a C-STORE-RSP is waited for (CFG-022).
    pub response_timeout: Duration,
    /// What instances are made into for whom.
    pub rules: storage_scu::RulesOfPeers,
    /// Which statuses of their responses are warnings.
    pub warnings: storage_scu::responses::Warnings,
    /// What becomes of corrected values.
    pub corrections: CorrectionRules,
    /// How long an order waits until fewer than the maximum of exports run (SIL-067).
    pub wait_for_turn: Duration,
}
