use std::time::Duration;

use upper_layer::negotiation::Identity;
use vocabulary::AeTitle;

use crate::AddressRange;
use crate::offer::Offer;
use crate::users::Demand;

/// An Application Entity that accepts associations: what its acceptance policy is (PS3.2 F.4.2.2.4.1.1,
/// F.4.2.3.4.1.1) and what it offers.
#[derive(Debug, Clone)]
pub struct Entity {
    /// What the statement calls it: `STORAGE-SCP`. Its associations are counted under this name.
    pub name: &'static str,
    /// Its title.
    pub ae_title: AeTitle,
    /// Whom it talks to.
    pub access: Access,
    /// Whether a request none of whose contexts is acceptable is rejected, rather than accepted with every
    /// context refused (QR-011).
    pub reject_without_context: bool,
    /// What it says about itself.
    pub identity: Identity,
    /// How long an association may wait for its next request.
    pub idle: Duration,
    /// What it accepts.
    pub offer: Offer,
}

/// Whom an Application Entity talks to (PS3.2 F.7.2).
#[derive(Debug, Clone, Default)]
pub struct Access {
    /// Whether the called AE title must be that of the entity (SEC-004).
    pub check_called_ae_title: bool,
    /// Titles that may call; none: any (SEC-003).
    pub allowed_calling_ae_titles: Option<Vec<AeTitle>>,
    /// Addresses that may call; none: any (SEC-005).
    pub allowed_addresses: Option<Vec<AddressRange>>,
    /// What it does about user identities (SIL-009).
    pub user_identity: Demand,
}
