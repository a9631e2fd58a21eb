//! C-FIND: SOP specific conformance. The keys are in `query_keys`.

use catalog::{Lenience, Offered, QueryRules, SeveralValues, UpperKeys};

use crate::document::{Section, Text, text};
use crate::facts::Facts;
use crate::query_keys;

pub(crate) fn section(facts: &Facts<'_>) -> Section {
    Section::new("find", "Query (C-FIND) as SCP")
        .say(
            "Queries are hierarchical or name a level and any of its keys, as the rules below allow. Extended negotiation \
             (relational queries, date-time matching, fuzzy names) is not answered. Matches are sent as they are found, \
             and a C-CANCEL is looked for while the search runs. Answers hold what the catalog has when the query runs.",
        )
        .list(rules(facts.query_rules))
        .list(matching(facts.query_rules))
        .statuses("C-FIND", query_retrieve_scp::statuses::of_find(facts.query_rules))
        .say(text("Statuses of every service: section ").see("common-statuses").and("."))
        .with([query_keys::section(facts)])
}

/// A sentence for each rule.
fn rules(rules: &QueryRules) -> Vec<Text> {
    let QueryRules {
        offered,
        upper_unique_key_missing,
        upper_unique_key_not_single,
        unique_key_missing,
        upper_keys,
        several_values,
        empty_matches,
        guarded,
        unasked_attributes,
        unmatched_reported,
    } = *rules;
    let taken = |lenience| match lenience {
        Lenience::Accepted => "taken",
        Lenience::Refused => "refused with A900",
    };
    let keys = match offered {
        Offered::Everything => "Every key of section ",
        Offered::Only(_) => "Only the keys of section ",
    };
    let upper = match upper_keys {
        UpperKeys::Matched => "Keys of a higher level that are not unique keys are matched and returned.",
        UpperKeys::Ignored => {
            "Keys of a higher level that are not unique keys are neither matched nor returned, and reported as not \
             supported."
        }
        UpperKeys::Refused => {
            "A query with keys of a higher level that are not unique keys is refused with A900."
        }
    };
    let several = match several_values {
        SeveralValues::AnyOf => "Of several values in a key that is no UID one must match.",
        SeveralValues::Refused => "A query with several values in a key that is no UID is refused with A900.",
    };
    let empty = match empty_matches {
        true => "A stored attribute without a value matches every value.",
        false => "A stored attribute without a value matches an empty key only.",
    };
    let guard = match guarded {
        true => {
            "A query at the topmost level that says nothing of the patient (Patient Root), or nothing of patient or study \
             (Study Root), is refused with C001."
        }
        false => "A query without any value in its keys is taken, and finds everything of its level.",
    };
    let unasked = match unasked_attributes {
        true => {
            "Each response has Query/Retrieve Level, Retrieve AE Title, Instance Availability and the unique keys down to \
             its level, asked for or not."
        }
        false => {
            "Each response has Query/Retrieve Level and the attributes that were asked for, nothing else."
        }
    };
    let reported = match unmatched_reported {
        true => "A value in a key that is returned but not matched leads to FF01, as an unknown key does.",
        false => "A value in a key that is returned but not matched is passed over and leads to FF00.",
    };
    vec![
        text(keys)
            .see("keys")
            .and(" is matched, in the ways given there; others are reported by FF01 and passed over."),
        text(format!(
            "A query that lacks a unique key above its level is {}.",
            taken(upper_unique_key_missing)
        )),
        text(format!(
            "A query with a list or a wild card in a unique key above its level is {}.",
            taken(upper_unique_key_not_single)
        )),
        text(format!("A query that lacks the unique key of its own level is {}.", taken(unique_key_missing))),
        text(upper),
        text(several),
        text(empty),
        text(guard),
        text(unasked),
        text(reported),
    ]
}

/// What PS3.4 leaves open about matching, as `catalog::matching` decides it.
fn matching(rules: &QueryRules) -> Vec<Text> {
    catalog::matching::DECISIONS
        .iter()
        .map(|decision| text(*decision))
        .chain((rules.offered == Offered::Everything).then(|| {
            text("In a sequence the attributes of one item of the request are matched together against each stored item.")
        }))
        .collect()
}
