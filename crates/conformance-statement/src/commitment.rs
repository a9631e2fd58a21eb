//! Storage commitment: SOP specific conformance. Only where STORAGE-SCP offers it.

use storage_scp::commitment::{
    Check, Commitment, EVENT_STATUSES, action_statuses, contexts, failure_reasons,
};
use vocabulary::Uid;
use vocabulary::sop_class::ServiceClass;

use crate::classes::{class_name, is_stored, service_of, syntax_name};
use crate::document::{Section, Text, literal, text};
use crate::facts::Facts;
use crate::statuses::code;
use crate::timers::words_of;

/// Whether it is offered.
pub(crate) fn is_offered(facts: &Facts<'_>) -> bool {
    let rows = facts.storage_scp.entity.offer.rows();
    rows.iter().any(|row| service_of(&row.abstract_syntax) == ServiceClass::StorageCommitment)
}

pub(crate) fn section(facts: &Facts<'_>) -> Option<Section> {
    if !is_offered(facts) {
        return None;
    }
    let statuses = action_statuses(facts.commitment.incomplete);
    let reasons = failure_reasons(facts.commitment.check)
        .into_iter()
        .map(|row| -> Vec<Text> { vec![code(row.status.0).into(), format!("{}.", row.when).into()] });
    let answers = EVENT_STATUSES.iter().map(|row| -> Vec<Text> {
        vec![code(row.status.0).into(), format!("{}.", row.when).into(), format!("{}.", row.then).into()]
    });
    let refused = match facts.commitment.retry_refused {
        true => "The notification is sent again later, as long as attempts are left.",
        false => "The notification is not sent again.",
    };
    let others = vec![
        "*".into(),
        "Any other status.".into(),
        format!("An error in the service log. {refused}").into(),
    ];
    Some(
        Section::new("commitment", "Storage Commitment as SCP (STORAGE-SCP)")
            .list(rules(facts))
            .statuses("N-ACTION", statuses)
            .table(
                "Failure reasons of N-EVENT-REPORT requests",
                &["Failure Reason (0008,1197)", "Meaning here"],
                reasons.collect(),
            )
            .table(
                "Handling of N-EVENT-REPORT response statuses",
                &["Code", "Meaning here", "Behaviour"],
                answers.chain([others]).collect(),
            )
            .say(text("Statuses of every service: section ").see("common-statuses").and(".")),
    )
}

fn rules(facts: &Facts<'_>) -> Vec<Text> {
    let Commitment {
        data: _,
        classes,
        check,
        incomplete: _,
        retrieve_ae_title,
        always_new_association,
        quiet,
        response_timeout: _,
        attempts,
        retry_wait,
        retry_refused: _,
        pending_max,
        remembered,
    } = facts.commitment;
    let check = match check {
        Check::ClassAndFile => {
            "An instance is committed if it is held under the SOP class that the request names, and its file is whole."
        }
        Check::Catalog => "An instance is committed if its SOP Instance UID is in the catalog.",
    };
    let way = match always_new_association {
        true => "The notification always goes out over a new association.".to_owned(),
        false => format!(
            "The notification goes out on the association of the request, once that has been silent for {}; over a new one \
             where that has ended.",
            words_of(*quiet)
        ),
    };
    let pending = match pending_max {
        Some(most) => format!("At most {most} notifications wait for one peer."),
        None => "Any number of notifications may wait for a peer.".to_owned(),
    };
    let stored = facts.storage_scp.entity.offer.rows().iter().map(|row| &row.abstract_syntax);
    let without: Vec<&Uid> = stored.filter(|class| is_stored(class) && !classes.contains(class)).collect();
    let supported = match without.as_slice() {
        [] => text("Commitment is given for every storage SOP class of which STORAGE-SCP is provider."),
        without => without.iter().fold(
            text("Commitment is given for every storage SOP class of which STORAGE-SCP is provider, but for"),
            |text, class| text.and(" ").lit(class.as_str()),
        ),
    };
    vec![
        text(format!("The instances are checked when the request comes; nothing that arrives later counts. {check}")),
        supported,
        text("There is no limit of time: what is committed is kept until service staff remove it. Notifications hold Retrieve AE \
              Title ").lit(retrieve_ae_title.as_str()).and(", and no Storage Media."),
        text(way),
        text(format!(
            "Requests and notifications survive a restart. A notification is tried {attempts} times, {} apart; what waits for one \
             peer goes out over one association. {pending}",
            words_of(*retry_wait)
        )),
        text(format!("A Transaction UID is remembered for {} after its end.", words_of(*remembered))),
        text("A new association goes to the remote AE of the calling title, section ").see("remote").and("."),
    ]
}

/// When STORAGE-SCP begins associations, and what it proposes.
pub(crate) fn initiation(facts: &Facts<'_>) -> Section {
    let title = "Association Initiation Policy of STORAGE-SCP";
    if !is_offered(facts) {
        return Section::new("", title).say("STORAGE-SCP begins no association.");
    }
    let tools = facts.tools.iter().filter(|tool| tool.entity == "STORAGE-SCP");
    let mut items = vec![text(
        "Report Storage Commitment: a notification that could not go back on the association of its request goes to the peer \
         over an association that STORAGE-SCP begins, with the role of SCP by role selection.",
    )];
    items.extend(
        tools.map(|tool| text("Service tool ").lit(tool.command).and(format!(": {}.", tool.purpose))),
    );
    let rows = contexts().into_iter().map(|context| -> Vec<Text> {
        let role = match service_of(&context.abstract_syntax) {
            ServiceClass::StorageCommitment => "SCP, by role selection",
            _ => "SCU",
        };
        let syntaxes = context.transfer_syntaxes.iter().fold(Text::default(), |text, syntax| {
            Text(text.0.into_iter().chain(syntax_name(syntax).0).collect()).and(" ").lit(syntax.as_str())
        });
        let class = &context.abstract_syntax;
        vec![class_name(class), literal(class.as_str()), syntaxes, role.into(), "None".into()]
    });
    Section::new("", title).list(items).table(
        "Proposed presentation contexts of STORAGE-SCP",
        crate::contexts::COLUMNS,
        rows.collect(),
    )
}
