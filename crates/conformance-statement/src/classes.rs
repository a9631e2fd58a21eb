//! SOP classes and transfer syntaxes as the offers have them, by the names that people read.

use application_entity::offer::{AcceptableContext, Preference, TransferSyntaxes};
use vocabulary::sop_class::{self, ServiceClass};
use vocabulary::{Uid, transfer_syntax};

use crate::document::{Section, Text, literal, text};
use crate::facts::Facts;

/// The service class of an abstract syntax; what no table has is a private storage class.
pub(crate) fn service_of(uid: &Uid) -> ServiceClass {
    sop_class::find(uid.as_str()).map_or(ServiceClass::Storage, |class| class.service)
}

/// Whether instances of an abstract syntax are stored.
pub(crate) fn is_stored(uid: &Uid) -> bool {
    matches!(service_of(uid), ServiceClass::Storage | ServiceClass::NonPatientObjectStorage)
}

pub(crate) fn class_name(uid: &Uid) -> Text {
    text(match sop_class::find(uid.as_str()) {
        Some(class) if class.retired => format!("{} (Retired)", class.name),
        Some(class) => class.name.to_owned(),
        None => "Private SOP class".to_owned(),
    })
}

/// The distinct sets of transfer syntaxes that the offers hold, numbered from 1 in the order of this list.
pub(crate) struct SyntaxSets(Vec<TransferSyntaxes>);

impl SyntaxSets {
    pub(crate) fn of(facts: &Facts<'_>) -> Self {
        let mut sets: Vec<TransferSyntaxes> = Vec::new();
        for acceptor in [&facts.storage_scp, &facts.query_retrieve_scp] {
            for row in acceptor.entity.offer.rows() {
                let set = plain(row);
                if !sets.contains(&set) {
                    sets.push(set);
                }
            }
        }
        sets.sort_by_key(|set| set.accepted.len());
        Self(sets)
    }

    /// What the table calls the set of a row.
    pub(crate) fn name(&self, row: &AcceptableContext) -> String {
        let set = plain(row);
        let number = self.0.iter().position(|known| *known == set).map_or(0, |at| at + 1);
        format!("Set {number}")
    }

    /// The table of the sets.
    pub(crate) fn section(&self) -> Section {
        let names: Vec<String> = (1..=self.0.len()).map(|number| format!("Set {number}")).collect();
        let mut columns = vec!["Transfer syntax", "UID"];
        columns.extend(names.iter().map(String::as_str));
        let known = transfer_syntax::TRANSFER_SYNTAXES.iter().map(|syntax| Uid::known(syntax.uid));
        let others = self.0.iter().flat_map(|set| set.accepted.iter().cloned());
        let mut all: Vec<Uid> = Vec::new();
        for uid in known.chain(others) {
            if !all.contains(&uid) && self.0.iter().any(|set| set.accepted.contains(&uid)) {
                all.push(uid);
            }
        }
        let rows = all.iter().map(|uid| {
            let mut row = vec![syntax_name(uid), literal(uid.as_str())];
            row.extend(self.0.iter().map(|set| {
                text(match (set.accepted.iter().position(|accepted| accepted == uid), set.preference) {
                    (Some(_), Preference::Requestor) => "yes".to_owned(),
                    (Some(at), Preference::Ours) => (at + 1).to_string(),
                    (None, _) => String::new(),
                })
            }));
            row
        });
        Section::new("transfer-syntaxes", "Transfer Syntaxes")
            .say(
                "The tables of acceptable presentation contexts name these sets. Of several transfer syntaxes in one \
                 proposed context the first that the requestor names is accepted where the set says yes, and the one \
                 with the lowest number where it has numbers.",
            )
            .table("Sets of transfer syntaxes", &columns, rows.collect())
    }
}

/// The set of a row; where there is only one syntax nobody's order matters.
fn plain(row: &AcceptableContext) -> TransferSyntaxes {
    let mut set = TransferSyntaxes::clone(&row.transfer_syntaxes);
    if set.accepted.len() < 2 {
        set.preference = Preference::Requestor;
    }
    let mut once: Vec<Uid> = Vec::new();
    for uid in set.accepted {
        if !once.contains(&uid) {
            once.push(uid);
        }
    }
    TransferSyntaxes { accepted: once, preference: set.preference }
}

pub(crate) fn syntax_name(uid: &Uid) -> Text {
    text(match transfer_syntax::find(uid.as_str()) {
        Some(syntax) if syntax.retired => format!("{} (Retired)", syntax.name),
        Some(syntax) => syntax.name.to_owned(),
        None => "Private transfer syntax".to_owned(),
    })
}
