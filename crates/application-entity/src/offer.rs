//! An AE's acceptable presentation contexts, as data (PS3.2: "Acceptable Presentation Contexts").

use std::sync::Arc;

use upper_layer::negotiation::Roles;
use upper_layer::pdu::ContextRefusal;
use vocabulary::Uid;

/// Whose order decides when one context proposes several transfer syntaxes that we take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Preference {
    /// The first that the requestor names.
    Requestor,
    /// The first of our own list (SCP-022).
    Ours,
}

/// Transfer syntaxes that an AE takes for one or more abstract syntaxes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransferSyntaxes {
    /// What is taken, in our order.
    pub accepted: Vec<Uid>,
    /// Whose order decides.
    pub preference: Preference,
}

impl TransferSyntaxes {
    /// The one to agree on, or none where nothing proposed is taken.
    pub fn choose(&self, proposed: &[Uid]) -> Option<Uid> {
        let (first, second) = match self.preference {
            Preference::Requestor => (proposed, self.accepted.as_slice()),
            Preference::Ours => (self.accepted.as_slice(), proposed),
        };
        first.iter().find(|uid| second.contains(uid)).cloned()
    }
}

/// One row of the table of acceptable contexts.
#[derive(Debug, Clone)]
pub struct AcceptableContext {
    /// The SOP class.
    pub abstract_syntax: Uid,
    /// What it may be encoded in.
    pub transfer_syntaxes: Arc<TransferSyntaxes>,
    /// The roles that the requestor may take.
    pub requestor: Roles,
}

/// The table of an AE's acceptable presentation contexts.
#[derive(Debug, Clone)]
pub struct Offer {
    rows: Vec<AcceptableContext>,
}

impl Offer {
    /// Takes the rows; of two for one abstract syntax the first counts.
    pub fn new(mut rows: Vec<AcceptableContext>) -> Self {
        rows.sort_by(|a, b| a.abstract_syntax.cmp(&b.abstract_syntax));
        rows.dedup_by(|later, earlier| later.abstract_syntax == earlier.abstract_syntax);
        Self { rows }
    }

    /// The rows in the order of their UIDs.
    pub fn rows(&self) -> &[AcceptableContext] {
        &self.rows
    }

    /// The row of an abstract syntax.
    pub fn find(&self, abstract_syntax: &Uid) -> Option<&AcceptableContext> {
        let index = self.rows.binary_search_by(|row| row.abstract_syntax.cmp(abstract_syntax)).ok()?;
        self.rows.get(index)
    }
}

const NO_ROLES: Roles = Roles { scu: false, scp: false };

impl upper_layer::negotiation::Offer for Offer {
    fn choose(&self, abstract_syntax: &Uid, proposed: &[Uid]) -> Result<Uid, ContextRefusal> {
        let row = self.find(abstract_syntax).ok_or(ContextRefusal::AbstractSyntaxNotSupported)?;
        row.transfer_syntaxes.choose(proposed).ok_or(ContextRefusal::TransferSyntaxesNotSupported)
    }

    fn roles(&self, abstract_syntax: &Uid) -> Roles {
        self.find(abstract_syntax).map_or(NO_ROLES, |row| row.requestor)
    }
}
