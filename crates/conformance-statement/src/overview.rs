//! The overview: what the product is, and its services in tables.

use std::collections::BTreeMap;

use upper_layer::negotiation::Roles;
use vocabulary::Uid;
use vocabulary::sop_class::ServiceClass;

use crate::classes::{class_name, is_stored, service_of};
use crate::document::{Section, Text, literal, text};
use crate::facts::{Acceptor, Facts};

/// In the order of the tables.
const CATEGORIES: &[(ServiceClass, &str)] = &[
    (ServiceClass::Verification, "Verification"),
    (ServiceClass::Storage, "Transfer: storage of patient instances"),
    (ServiceClass::NonPatientObjectStorage, "Transfer: storage of non-patient instances"),
    (ServiceClass::QueryRetrieve, "Query/Retrieve"),
    (ServiceClass::StorageCommitment, "Workflow management: storage commitment"),
];

/// Our roles for one SOP class.
#[derive(Default, Clone, Copy)]
struct OurRoles {
    /// And what we are SCU for.
    scu: Option<&'static str>,
    scp: bool,
}

pub(crate) fn section(facts: &Facts<'_>) -> Section {
    let classes = classes(facts);
    let mut section = Section::new("overview", "Conformance Statement Overview").say(format!(
        "Isocenter is an archive: modalities store instances in it, workstations query it and have instances sent to \
         them or to others. This statement describes release {} as it is configured where it was printed, with the \
         preset {}.",
        facts.version, facts.preset
    ));
    section = section.say(text(
        "The tables list every SOP class of which an Application Entity of Isocenter is user (SCU) or provider (SCP). \
         Transfer syntaxes are in section ",
    ).see("transfer-syntaxes").and(", what each AE accepts and proposes in section ").see("contexts").and("."));
    for (service, category) in CATEGORIES {
        let rows: Vec<Vec<Text>> =
            classes.iter().filter(|(uid, _)| service_of(uid) == *service).map(row).collect();
        if !rows.is_empty() {
            section = section.table(
                format!("Network services. {category}"),
                &["SOP class", "UID", "User of service (SCU)", "Provider of service (SCP)"],
                rows,
            );
        }
    }
    section.say("Isocenter has no media storage service (PS3.11) and no DICOM web service (PS3.18).")
}

fn row((uid, roles): (&Uid, &OurRoles)) -> Vec<Text> {
    let scu = roles.scu.unwrap_or("No");
    vec![class_name(uid), literal(uid.as_str()), scu.into(), if roles.scp { "Yes" } else { "No" }.into()]
}

fn classes(facts: &Facts<'_>) -> BTreeMap<Uid, OurRoles> {
    let mut classes: BTreeMap<Uid, OurRoles> = BTreeMap::new();
    let mut add = |acceptor: &Acceptor<'_>| {
        for context in acceptor.entity.offer.rows() {
            let Roles { scu, scp } = context.requestor;
            let ours = classes.entry(context.abstract_syntax.clone()).or_default();
            ours.scp |= scu;
            if scp || is_stored(&context.abstract_syntax) {
                ours.scu = Some("Yes");
            }
        }
    };
    add(&facts.storage_scp);
    add(&facts.query_retrieve_scp);
    for tool in &facts.tools {
        for class in &tool.sop_classes {
            classes.entry(class.clone()).or_default().scu.get_or_insert("Service tool");
        }
    }
    classes
}
