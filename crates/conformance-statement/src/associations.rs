//! Association policies of each AE.

use application_entity::rejections::{self, RefusedContextRow, RejectionRow};
use application_entity::{Access, Network};
use upper_layer::negotiation::Identity;
use upper_layer::pdu::APPLICATION_CONTEXT_NAME;

use crate::document::{Section, Text, literal, text};
use crate::facts::{Acceptor, Counted, Exporter, Facts};
use crate::timers::words_of;
use crate::{access, commitment};

/// General, number of associations, asynchronous nature, implementation identifying information.
pub(crate) fn acceptor_policies(facts: &Facts<'_>, acceptor: &Acceptor<'_>) -> Vec<Section> {
    let Acceptor { entity, listen: _, associations, counted } = acceptor;
    let counted = match counted {
        Counted::Total => format!("{associations}, all calling AEs together"),
        Counted::PerCallingAe { ceiling } => {
            format!("{associations} for each calling AE title, {ceiling} altogether")
        }
    };
    let is_notifying = entity.name == facts.storage_scp.entity.name && commitment::is_offered(facts);
    let initiated = match is_notifying {
        true => "1, for storage commitment notifications",
        false => "None",
    };
    let initiated =
        vec!["Maximum number of simultaneous associations that it initiates".into(), initiated.into()];
    vec![
        general(&entity.identity, facts.network),
        numbers(vec![
            vec!["Maximum number of simultaneous associations that it accepts".into(), counted.into()],
            initiated,
        ]),
        asynchronous(),
        identification(&entity.identity),
    ]
}

/// The same of STORAGE-SCU.
pub(crate) fn exporter_policies(facts: &Facts<'_>) -> Vec<Section> {
    let Exporter { export, associations, response_timeout: _, wait_for_turn: _, warnings: _ } =
        &facts.storage_scu;
    let initiated = format!("{associations}, all remote AEs together");
    vec![
        general(&export.initiation.identity, facts.network),
        numbers(vec![
            vec!["Maximum number of simultaneous associations that it initiates".into(), initiated.into()],
            vec!["Maximum number of associations that it accepts".into(), "None".into()],
        ]),
        asynchronous(),
        identification(&export.initiation.identity),
    ]
}

fn general(identity: &Identity, network: &Network) -> Section {
    let Network { timers: _, sent_pdu_length_max } = network;
    let received = match identity.max_pdu_length {
        0 => "No limit".to_owned(),
        bytes => format!("{bytes} bytes"),
    };
    Section::new("", "General").table(
        "Associations",
        &["Property", "Value"],
        vec![
            vec!["Application context name".into(), literal(APPLICATION_CONTEXT_NAME)],
            vec!["Longest P-DATA-TF PDU that is asked for (Maximum Length)".into(), received.into()],
            vec![
                "Longest P-DATA-TF PDU that is sent, if the peer takes it".into(),
                format!("{sent_pdu_length_max} bytes").into(),
            ],
        ],
    )
}

fn numbers(rows: Vec<Vec<Text>>) -> Section {
    Section::new("", "Number of Associations").table("Number of associations", &["Property", "Value"], rows)
}

fn asynchronous() -> Section {
    Section::new("", "Asynchronous Nature").table(
        "Asynchronous operations",
        &["Property", "Value"],
        vec![vec![
            "Maximum number of outstanding operations".into(),
            "1: each is answered before the next; a peer that proposes a window is answered 1 and 1".into(),
        ]],
    )
}

fn identification(identity: &Identity) -> Section {
    let Identity { max_pdu_length: _, implementation_class_uid, implementation_version_name } = identity;
    Section::new("", "Implementation Identifying Information").table(
        "Implementation class and version",
        &["Property", "Value"],
        vec![
            vec!["Implementation Class UID".into(), literal(implementation_class_uid.as_str())],
            vec!["Implementation Version Name".into(), literal(implementation_version_name.as_str())],
        ],
    )
}

/// Whom an AE lets in, and how it rejects.
pub(crate) fn acceptance(facts: &Facts<'_>, acceptor: &Acceptor<'_>) -> Section {
    let entity = acceptor.entity;
    let Access { check_called_ae_title, allowed_calling_ae_titles, allowed_addresses, user_identity: _ } =
        &entity.access;
    let called = match check_called_ae_title {
        true => text("The called AE title must be ").lit(entity.ae_title.as_str()).and("."),
        false => text("Any called AE title is taken."),
    };
    let calling = match allowed_calling_ae_titles {
        Some(titles) => titles
            .iter()
            .fold(text("These calling AE titles may call:"), |text, title| text.and(" ").lit(title.as_str())),
        None => text("Any calling AE title may call that is not blank."),
    };
    let addresses = match allowed_addresses {
        Some(ranges) => ranges
            .iter()
            .fold(text("These addresses may call:"), |text, range| text.and(" ").lit(range.to_string())),
        None => text("Any address may call."),
    };
    let contexts = match entity.reject_without_context {
        true => "A request none of whose presentation contexts is acceptable is rejected.",
        false => {
            "A request none of whose presentation contexts is acceptable is accepted, with the reason in the answer to \
             each context."
        }
    };
    let mut policy = vec![called, calling, addresses];
    policy.extend(access::policy(facts.acquaintances));
    policy.extend([access::user_identity(entity), contexts.into()]);
    Section::new("", format!("Association Acceptance Policy of {}", entity.name))
        .list(policy)
        .say(format!(
            "An association ends when the peer releases or aborts it, when the connection is lost, or when no request \
             comes for {}; in the last case {} sends A-ABORT. It also sends A-ABORT to a peer that breaks the protocol \
             (PS3.8 9.2), and makes an entry in the service log each time.",
            words_of(entity.idle),
            entity.name
        ))
        .table(
            format!("Association rejections of {}", entity.name),
            &["Result", "Source", "Reason", "When"],
            rejections::of(entity).into_iter().map(rejection).collect(),
        )
        .table(
            format!("Refused presentation contexts of {}", entity.name),
            &["Result", "When"],
            rejections::of_contexts(facts.acquaintances).map(refused_context).collect(),
        )
}

fn refused_context(RefusedContextRow { refusal, when }: RefusedContextRow) -> Vec<Text> {
    vec![format!("{} ({refusal})", refusal.result()).into(), format!("{when}.").into()]
}

fn rejection(RejectionRow { rejection, when }: RejectionRow) -> Vec<Text> {
    let result = if rejection.is_transient() { "rejected-transient" } else { "rejected-permanent" };
    let source = match rejection.source {
        1 => "service-user",
        2 => "service-provider, ACSE",
        _ => "service-provider, presentation",
    };
    vec![
        format!("{} ({result})", rejection.result).into(),
        format!("{} ({source})", rejection.source).into(),
        format!("{} ({})", rejection.reason, rejection.reason_words()).into(),
        format!("{when}.").into(),
    ]
}

/// When STORAGE-SCU begins associations.
pub(crate) fn initiation(facts: &Facts<'_>) -> Section {
    let Exporter { export, associations: _, response_timeout: _, wait_for_turn, warnings: _ } =
        &facts.storage_scu;
    let retries = match export.retries {
        0 => "An association that cannot be opened is not tried again.".to_owned(),
        retries => format!(
            "An association that cannot be opened is tried {retries} more times, {} apart.",
            words_of(export.retry_delay)
        ),
    };
    let mut items = vec![
        text(
            "Send Instances: QUERY-RETRIEVE-SCP orders STORAGE-SCU to send what a C-MOVE asks for, with a new \
              association for each order, or several in succession where the presentation contexts of one are too few; \
              it is released after the last instance.",
        ),
        text(format!(
            "An order waits up to {} while the maximum of associations is in use, then none of it is sent. {retries} \
             A transfer that breaks off is not repeated. It goes on if the peer that asked for it goes away.",
            words_of(*wait_for_turn)
        )),
    ];
    for tool in facts.tools.iter().filter(|tool| tool.entity == "STORAGE-SCU") {
        items.push(text("Service tool ").lit(tool.command).and(format!(": {}.", tool.purpose)));
    }
    Section::new("", "Association Initiation Policy of STORAGE-SCU").list(items)
}
