//! C-MOVE and C-GET: SOP specific conformance.

use catalog::Lenience;
use query_retrieve_scp::{RetrieveRules, statuses};
use upper_layer::negotiation::Roles;
use vocabulary::sop_class;

use crate::document::{Section, Text, text};
use crate::facts::Facts;

pub(crate) fn section(facts: &Facts<'_>) -> Section {
    let sends_back = |row: &application_entity::offer::AcceptableContext| {
        matches!(row.requestor, Roles { scp: true, .. })
            || [sop_class::PATIENT_ROOT_GET, sop_class::STUDY_ROOT_GET, sop_class::PATIENT_STUDY_ONLY_GET]
                .contains(&row.abstract_syntax.as_str())
    };
    let has_get = facts.query_retrieve_scp.entity.offer.rows().iter().any(sends_back);
    let mut section = Section::new(
        "retrieve",
        if has_get { "Retrieve (C-MOVE, C-GET) as SCP" } else { "Retrieve (C-MOVE) as SCP" },
    )
    .list(rules(facts))
    .statuses("C-MOVE", statuses::of_move(facts.retrieve_rules, facts.acquaintances.have_destinations()));
    section = if has_get {
        section
            .say(
                "C-GET sends each instance on a presentation context that the peer proposed for it, with the role of SCP; \
                 for what it proposed none the sub-operation fails.",
            )
            .statuses("C-GET", statuses::of_get(facts.retrieve_rules))
    } else {
        section.say("C-GET is not offered.")
    };
    section.say(text("Statuses of every service: section ").see("common-statuses").and("."))
}

fn rules(facts: &Facts<'_>) -> Vec<Text> {
    let RetrieveRules {
        patient_level,
        response_first,
        warnings_are_success,
        partial_failure_fails,
        stops_at_failure,
        compares_checksum,
    } = *facts.retrieve_rules;
    let first = match response_first {
        true => {
            "A C-MOVE is answered by a pending response before its first sub-operation, then by one after each."
        }
        false => "A pending response goes out after each sub-operation but the last.",
    };
    let patient = match patient_level {
        true => "Level PATIENT can be retrieved.",
        false => "Level PATIENT cannot be retrieved: A900.",
    };
    let warnings = match warnings_are_success {
        true => "If every instance arrived, some with a warning, the final status is 0000.",
        false => "If every instance arrived, some with a warning, the final status is B000.",
    };
    let partial = match partial_failure_fails {
        true => "If some instances arrived and some did not, the final status is A702.",
        false => "If some instances arrived and some did not, the final status is B000.",
    };
    let failure = match stops_at_failure {
        true => "The first failure ends the retrieve; instances that were not tried count as failed.",
        false => "After a failure the other instances are still sent.",
    };
    let checked = match compares_checksum {
        true => {
            "An instance whose file is missing, or is not what was kept by its checksum, counts as failed."
        }
        false => "An instance whose file is missing, or has not the length that was kept, counts as failed.",
    };
    let upper = match facts.query_rules.upper_unique_key_missing {
        Lenience::Accepted => "Unique keys above the level may be left out.",
        Lenience::Refused => "A request that lacks a unique key above its level is refused with A900.",
    };
    vec![
        text("The destination of a C-MOVE is looked up in the list of remote AEs, section ")
            .see("remote")
            .and("."),
        text(
            "Lists of UIDs are taken at the level of the request; above it, and in Patient ID, they are refused with \
              A900, as are wild cards. Keys that are not unique keys are passed over.",
        ),
        text(upper),
        text(patient),
        text("All instances are at hand: none has to be fetched from another medium."),
        text(first),
        text(failure),
        text(checked),
        text(warnings),
        text(partial),
    ]
}
