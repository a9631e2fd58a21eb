use proptest::prelude::{Just, Strategy, any, prop};
use proptest::{prop_assert_eq, proptest};
use vocabulary::Uid;

use super::{
    Abort, AssociateAc, AssociateRq, AsynchronousWindow, CommonExtendedNegotiation, ContextAnswer,
    ContextFault, ContextRefusal, ExtendedNegotiation, HEADER_BYTES, Malformed, ProposedContext, Rejection,
    RoleSelection, TitleField, UnknownItem, UserIdentity, UserInformation,
};

fn uid() -> impl Strategy<Value = Uid> {
    "[1-9][0-9.]{0,61}[0-9]".prop_map(|text| Uid::parse(&text).unwrap())
}

fn bytes(count: usize) -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(any::<u8>(), 0..count)
}

/// Text that survives the removal of padding.
fn name() -> impl Strategy<Value = String> {
    "[!-~\u{e0}-\u{ff}][ -~]{0,14}[!-~]"
}

fn role() -> impl Strategy<Value = RoleSelection> {
    (uid(), any::<bool>(), any::<bool>()).prop_map(|(sop_class, scu, scp)| RoleSelection {
        sop_class,
        scu,
        scp,
    })
}

fn extended() -> impl Strategy<Value = ExtendedNegotiation> {
    (uid(), bytes(20)).prop_map(|(sop_class, information)| ExtendedNegotiation { sop_class, information })
}

fn common() -> impl Strategy<Value = CommonExtendedNegotiation> {
    (uid(), uid(), prop::collection::vec(uid(), 0..3)).prop_map(
        |(sop_class, service_class, related_general_sop_classes)| CommonExtendedNegotiation {
            sop_class,
            service_class,
            related_general_sop_classes,
        },
    )
}

fn identity() -> impl Strategy<Value = UserIdentity> {
    (any::<u8>(), any::<bool>(), bytes(20), bytes(20)).prop_map(
        |(identity_type, positive_response_requested, primary, secondary)| UserIdentity {
            identity_type,
            positive_response_requested,
            primary,
            secondary,
        },
    )
}

fn unknown(types: std::ops::RangeInclusive<u8>) -> impl Strategy<Value = Vec<UnknownItem>> {
    let item = (types, bytes(20)).prop_map(|(item_type, content)| UnknownItem { item_type, content });
    prop::collection::vec(item, 0..3)
}

fn user_information() -> impl Strategy<Value = UserInformation> {
    let window = (any::<u16>(), any::<u16>())
        .prop_map(|(invoked, performed)| AsynchronousWindow { invoked, performed });
    let some = (
        prop::option::of(any::<u32>()),
        prop::option::of(uid()),
        prop::option::of(window),
        prop::collection::vec(role(), 0..3),
        prop::option::of(name()),
    );
    let more = (
        prop::collection::vec(extended(), 0..3),
        prop::collection::vec(common(), 0..3),
        prop::option::of(identity()),
        prop::option::of(bytes(20)),
        unknown(0x5A..=0xFF),
    );
    (some, more).prop_map(|(some, more)| UserInformation {
        max_pdu_length: some.0,
        implementation_class_uid: some.1,
        asynchronous_window: some.2,
        role_selections: some.3,
        implementation_version_name: some.4,
        extended_negotiations: more.0,
        common_extended_negotiations: more.1,
        user_identity: more.2,
        user_identity_response: more.3,
        unknown: more.4,
    })
}

fn titles() -> impl Strategy<Value = (TitleField, TitleField)> {
    (any::<[u8; 16]>(), any::<[u8; 16]>())
        .prop_map(|(called, calling)| (TitleField::from_wire(called), TitleField::from_wire(calling)))
}

/// Distinct odd identifiers.
fn ids() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::btree_set(0_u8..128, 0..6)
        .prop_map(|set| set.into_iter().map(|at| 2 * at + 1).collect())
}

fn associate_rq() -> impl Strategy<Value = AssociateRq> {
    let context = (uid(), prop::collection::vec(uid(), 0..4));
    let contexts = (ids(), prop::collection::vec(context, 6)).prop_map(|(ids, contexts)| {
        ids.into_iter()
            .zip(contexts)
            .map(|(id, (abstract_syntax, transfer_syntaxes))| ProposedContext {
                id,
                abstract_syntax,
                transfer_syntaxes,
            })
            .collect()
    });
    (any::<u16>(), titles(), name(), contexts, user_information(), unknown(0x60..=0xFF)).prop_map(
        |(
            protocol_version,
            titles,
            application_context,
            presentation_contexts,
            user_information,
            unknown,
        )| {
            AssociateRq {
                protocol_version,
                called_ae_title: titles.0,
                calling_ae_title: titles.1,
                application_context,
                presentation_contexts,
                unusable_contexts: Vec::new(),
                user_information,
                unknown,
            }
        },
    )
}

fn associate_ac() -> impl Strategy<Value = AssociateAc> {
    let refusal = prop::sample::select(vec![
        ContextRefusal::UserRejection,
        ContextRefusal::NoReason,
        ContextRefusal::AbstractSyntaxNotSupported,
        ContextRefusal::TransferSyntaxesNotSupported,
    ]);
    let answer = proptest::prop_oneof![uid().prop_map(Ok), refusal.prop_map(Err)];
    let contexts = (ids(), prop::collection::vec(answer, 6)).prop_map(|(ids, answers)| {
        ids.into_iter().zip(answers).map(|(id, answer)| ContextAnswer { id, answer }).collect()
    });
    (Just(1_u16), titles(), name(), contexts, user_information(), unknown(0x60..=0xFF)).prop_map(
        |(
            protocol_version,
            titles,
            application_context,
            presentation_contexts,
            user_information,
            unknown,
        )| {
            AssociateAc {
                protocol_version,
                called_ae_title: titles.0,
                calling_ae_title: titles.1,
                application_context,
                presentation_contexts,
                user_information,
                unknown,
            }
        },
    )
}

/// The variable part, if the header tells its type and length.
fn body(pdu: &[u8], pdu_type: u8) -> &[u8] {
    let (header, body) = pdu.split_at(HEADER_BYTES);
    assert_eq!(header[..2], [pdu_type, 0]);
    assert_eq!(header[2..], (body.len() as u32).to_be_bytes());
    body
}

proptest! {
    #[test]
    fn a_request_is_read_as_it_was_written(rq in associate_rq()) {
        let pdu = rq.to_bytes().unwrap();
        prop_assert_eq!(AssociateRq::read(body(&pdu, 1)), Ok(rq));
    }

    #[test]
    fn an_acceptance_is_read_as_it_was_written(ac in associate_ac()) {
        let pdu = ac.to_bytes().unwrap();
        prop_assert_eq!(AssociateAc::read(body(&pdu, 2)), Ok(ac));
    }

    #[test]
    fn rejections_and_aborts_are_read_as_they_were_written(result: u8, source: u8, reason: u8) {
        let rejection = Rejection { result, source, reason };
        prop_assert_eq!(Rejection::read(body(&rejection.to_bytes(), 3)), Ok(rejection));
        let abort = Abort { source, reason };
        prop_assert_eq!(Abort::read(body(&abort.to_bytes(), 7)), abort);
    }
}

#[test]
fn every_rejection_of_table_9_21_has_its_words() {
    let words = [
        (Rejection::NO_REASON, "permanently: no reason given (1/1/1)"),
        (
            Rejection::APPLICATION_CONTEXT_NAME_NOT_SUPPORTED,
            "permanently: application context name not supported (1/1/2)",
        ),
        (Rejection::CALLING_AE_TITLE_NOT_RECOGNIZED, "permanently: calling AE title not recognized (1/1/3)"),
        (Rejection::CALLED_AE_TITLE_NOT_RECOGNIZED, "permanently: called AE title not recognized (1/1/7)"),
        (Rejection::NO_REASON_BY_ACSE, "permanently: no reason given by the upper layer (1/2/1)"),
        (Rejection::PROTOCOL_VERSION_NOT_SUPPORTED, "permanently: protocol version not supported (1/2/2)"),
        (Rejection::TEMPORARY_CONGESTION, "for now: temporary congestion (2/3/1)"),
        (Rejection::LOCAL_LIMIT_EXCEEDED, "for now: local limit exceeded (2/3/2)"),
    ];
    for (rejection, text) in words {
        assert_eq!(rejection.to_string(), text);
    }
}

/// A presentation context item of a request.
fn context_item(id: u8, items: &[(u8, &[u8])]) -> Vec<u8> {
    let mut content = vec![id, 0, 0, 0];
    for (item_type, value) in items {
        content.extend_from_slice(&[*item_type, 0, 0, value.len() as u8]);
        content.extend_from_slice(value);
    }
    let mut item = vec![0x20, 0, 0, content.len() as u8];
    item.extend_from_slice(&content);
    item
}

fn rq_with(items: &[Vec<u8>]) -> Result<AssociateRq, Malformed> {
    let mut body = vec![0, 1, 0, 0];
    body.extend_from_slice(&[b' '; 32]);
    body.extend_from_slice(&[0; 32]);
    body.extend(items.concat());
    AssociateRq::read(&body)
}

#[test]
fn sil_014_contexts_that_nobody_can_accept_are_told_from_the_others() {
    let abstract_syntax: (u8, &[u8]) = (0x30, b"1.2.3");
    let transfer_syntax: (u8, &[u8]) = (0x40, b"1.2.840.10008.1.2");
    let rq = rq_with(&[
        context_item(1, &[abstract_syntax, transfer_syntax]),
        context_item(2, &[abstract_syntax, transfer_syntax]),
        context_item(3, &[transfer_syntax]),
        context_item(5, &[abstract_syntax, abstract_syntax, transfer_syntax]),
        context_item(7, &[(0x30, b"CT images"), transfer_syntax]),
        context_item(9, &[abstract_syntax]),
        context_item(11, &[abstract_syntax, (0x40, b"junk"), transfer_syntax, (0x77, b"?")]),
    ])
    .unwrap();
    let usable: Vec<_> = rq
        .presentation_contexts
        .iter()
        .map(|context| (context.id, context.transfer_syntaxes.len()))
        .collect();
    assert_eq!(usable, [(1, 1), (9, 0), (11, 1)]);
    let faults: Vec<_> = rq.unusable_contexts.iter().map(|context| (context.id, context.fault)).collect();
    assert!(
        matches!(
            faults[..],
            [
                (2, ContextFault::EvenId),
                (3, ContextFault::NoAbstractSyntax),
                (5, ContextFault::SeveralAbstractSyntaxes),
                (7, ContextFault::AbstractSyntax(_)),
            ]
        ),
        "{faults:?}"
    );
}

#[test]
fn uids_padded_with_nul_are_uids() {
    let rq = rq_with(&[context_item(1, &[(0x30, b"1.2.3\0"), (0x40, b"1.2.840.10008.1.2\0")])]).unwrap();
    assert_eq!(rq.presentation_contexts[0].abstract_syntax, "1.2.3");
    assert_eq!(rq.presentation_contexts[0].transfer_syntaxes[0], "1.2.840.10008.1.2");
}

#[test]
fn items_that_may_come_once_come_once() {
    let application_context = vec![0x10, 0, 0, 3, b'1', b'.', b'2'];
    let twice = rq_with(&[application_context.clone(), application_context]);
    assert_eq!(twice, Err(Malformed::Repeated("the application context item")));
    let user_information = vec![0x50, 0, 0, 0];
    let twice = rq_with(&[user_information.clone(), user_information]);
    assert_eq!(twice, Err(Malformed::Repeated("the user information item")));
}

fn information(items: &[(u8, &[u8])]) -> Result<UserInformation, Malformed> {
    let mut content = Vec::new();
    for (item_type, value) in items {
        content.extend_from_slice(&[*item_type, 0, 0, value.len() as u8]);
        content.extend_from_slice(value);
    }
    UserInformation::read(&content)
}

#[test]
fn user_items_that_are_not_understood_are_kept_and_not_fatal() {
    let items: [(u8, &[u8]); 9] = [
        (0x52, b"no uid"),
        (0x53, &[0, 1]),
        (0x54, &[0, 9, b'1', 1, 1]),
        (0x54, &[0, 1, b'1', 1, 1, 1]),
        (0x56, &[0, 200]),
        (0x57, &[0, 1, b'1']),
        (0x58, &[1]),
        (0x59, &[]),
        (0xAB, b"whatever"),
    ];
    let read = information(&items).unwrap();
    let kept: Vec<(u8, &[u8])> =
        read.unknown.iter().map(|item| (item.item_type, &item.content[..])).collect();
    assert_eq!(kept, items);
    assert_eq!(UserInformation { unknown: Vec::new(), ..read }, UserInformation::default());
}

#[test]
fn the_first_of_a_repeated_user_item_counts() {
    let read = information(&[(0x55, b"FIRST"), (0x55, b"SECOND")]).unwrap();
    assert_eq!(read.implementation_version_name.as_deref(), Some("FIRST"));
    assert_eq!(read.unknown.len(), 1);
}

#[test]
fn sil_020_a_maximum_length_that_cannot_be_read_or_contradicts_itself_is_fatal() {
    assert!(matches!(information(&[(0x51, &[0, 0, 1])]), Err(Malformed::Length { length: 3, .. })));
    let twice = information(&[(0x51, &[0, 0, 64, 0]), (0x51, &[0, 0, 0, 0])]);
    assert_eq!(twice, Err(Malformed::Repeated("the maximum length sub-item")));
    assert_eq!(information(&[(0x51, &[0, 0, 64, 0])]).unwrap().max_pdu_length, Some(16384));
}

#[test]
fn what_does_not_fit_its_length_field_is_not_written() {
    let mut information =
        UserInformation { user_identity_response: Some(vec![0; 65_536]), ..Default::default() };
    assert!(information.to_bytes().is_err());
    information.user_identity_response = Some(vec![0; 65_533]);
    assert!(information.to_bytes().is_ok());
    let rq = AssociateRq { user_information: information, ..rq_with(&[]).unwrap() };
    assert!(rq.to_bytes().is_err());
}
