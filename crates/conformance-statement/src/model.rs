//! The implementation model: which AEs there are and what flows between them.

use crate::commitment;
use crate::document::{Section, Text, text};
use crate::facts::Facts;

pub(crate) fn sections(facts: &Facts<'_>) -> Vec<Section> {
    vec![flow(facts), functions(facts), sequencing()]
}

fn offers_get(facts: &Facts<'_>) -> bool {
    facts.query_retrieve_scp.entity.offer.rows().iter().any(|row| row.requestor.scp)
}

fn flow(facts: &Facts<'_>) -> Section {
    let mut rows: Vec<Vec<Text>> = vec![
        activity("Instances are stored", "remote SCU → STORAGE-SCP → vault, catalog"),
        activity(
            "The holdings are queried",
            "remote SCU → QUERY-RETRIEVE-SCP → catalog; matches go back on the same association",
        ),
        activity(
            "Instances are retrieved by C-MOVE",
            "remote SCU → QUERY-RETRIEVE-SCP → STORAGE-SCU → remote SCP that the request names; what became of each instance goes back on the association of the request",
        ),
    ];
    if offers_get(facts) {
        rows.push(activity(
            "Instances are retrieved by C-GET",
            "remote SCU → QUERY-RETRIEVE-SCP, which sends the instances back on the same association",
        ));
    }
    if commitment::is_offered(facts) {
        rows.push(activity("Storage commitment is requested", "remote SCU → STORAGE-SCP → holdings; the report goes back on the same association or on a new one"));
    }
    rows.push(activity("Service staff send files or test a peer", "command line → STORAGE-SCU → remote SCP"));
    Section::new("flow", "Application Data Flow").table(
        "Real-world activities and their data flow",
        &["Activity", "Flow"],
        rows,
    )
}

fn activity(name: &str, flow: &str) -> Vec<Text> {
    vec![name.into(), flow.into()]
}

fn functions(facts: &Facts<'_>) -> Section {
    let storage = "waits for associations. What comes on an accepted presentation context of a storage SOP class is kept \
                   whole in the vault and entered in the catalog before it is acknowledged. It also answers C-ECHO";
    let storage = if commitment::is_offered(facts) {
        format!("{storage}, and takes responsibility for instances by storage commitment.")
    } else {
        format!("{storage}.")
    };
    let query = "waits for associations. It answers queries from the catalog, and has the instances that a retrieve asks \
                 for sent by STORAGE-SCU";
    let query = if offers_get(facts) {
        format!(
            "{query}, or sends them itself on the association of a C-GET. It never begins an association."
        )
    } else {
        format!("{query}. It never begins an association.")
    };
    let part = |name: &str, words: String| {
        Section::new("", format!("Functional Definition of {name}")).say(format!("{name} {words}"))
    };
    Section::new("functions", "Functional Definition of the AEs").with([
        part("STORAGE-SCP", storage),
        part("QUERY-RETRIEVE-SCP", query),
        part(
            "STORAGE-SCU",
            "begins an association with the remote AE whose title a C-MOVE names, and sends it the instances. The \
             address of every such AE has to be configured. It accepts no association."
                .to_owned(),
        ),
    ])
}

fn sequencing() -> Section {
    Section::new("sequencing", "Sequencing of Real-World Activities").say(text(
        "An instance can be found and retrieved from the moment its C-STORE was answered with success, whatever else \
         was or was not asked for. No other order is required.",
    ))
}
