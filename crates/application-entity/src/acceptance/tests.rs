use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

use upper_layer::negotiation::{Identity, Roles};
use upper_layer::pdu::{ContextRefusal, ProposedContext, RoleSelection, TitleField, UserInformation};
use upper_layer::{AssociateRq, Rejection};
use vocabulary::sop_class::{STUDY_ROOT_FIND, VERIFICATION};
use vocabulary::transfer_syntax::{EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN};
use vocabulary::{AeTitle, Uid};

use super::{Refused, check};
use crate::offer::{AcceptableContext, Offer, Preference, TransferSyntaxes};
use crate::{Access, Entity};

const CT: &str = "1.2.840.10008.5.1.4.1.1.2";
const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

fn title(text: &str) -> AeTitle {
    AeTitle::parse(text).unwrap()
}

fn entity(name: &'static str, classes: &[(&'static str, Roles)]) -> Entity {
    let syntaxes = Arc::new(TransferSyntaxes {
        accepted: [IMPLICIT_VR_LITTLE_ENDIAN, EXPLICIT_VR_LITTLE_ENDIAN].map(Uid::known).to_vec(),
        preference: Preference::Requestor,
    });
    let row = |(uid, requestor): &(&'static str, Roles)| AcceptableContext {
        abstract_syntax: Uid::known(uid),
        transfer_syntaxes: Arc::clone(&syntaxes),
        requestor: *requestor,
    };
    Entity {
        name,
        ae_title: title("ARCHIVE"),
        access: Access { check_called_ae_title: true, ..Access::default() },
        reject_without_context: false,
        identity: Identity {
            max_pdu_length: 16_384,
            implementation_class_uid: Uid::parse(if name == "STORAGE-SCP" { "1.2.1" } else { "1.2.2" })
                .unwrap(),
            implementation_version_name: "TEST".to_owned(),
        },
        idle: Duration::from_secs(if name == "STORAGE-SCP" { 900 } else { 180 }),
        offer: Offer::new(classes.iter().map(row).collect()),
    }
}

const SCU: Roles = Roles { scu: true, scp: false };
const SCP: Roles = Roles { scu: false, scp: true };

fn storage() -> Entity {
    entity("STORAGE-SCP", &[(CT, SCU), (VERIFICATION, SCU)])
}

fn query_retrieve() -> Entity {
    entity("QUERY-RETRIEVE-SCP", &[(STUDY_ROOT_FIND, SCU), (CT, SCP), (VERIFICATION, SCU)])
}

fn request(called: &str, classes: &[&'static str]) -> AssociateRq {
    let contexts = (1..=u8::MAX).step_by(2).zip(classes).map(|(id, class)| ProposedContext {
        id,
        abstract_syntax: Uid::known(class),
        transfer_syntaxes: vec![Uid::known(IMPLICIT_VR_LITTLE_ENDIAN)],
    });
    AssociateRq::new(&title(called), &title("CT2"), contexts.collect(), UserInformation::default())
}

#[test]
fn qr_018_another_application_context_is_rejected_1_1_2() {
    let mut rq = request("ARCHIVE", &[CT]);
    rq.application_context = "1.2.840.10008.3.1.1.2".to_owned();
    let refused = check(&rq, HERE, &[&storage()]).unwrap_err();
    assert_eq!(refused.rejection(), Rejection { result: 1, source: 1, reason: 2 });
}

#[test]
fn qr_019_an_unknown_called_title_is_rejected_1_1_7_only_where_it_is_checked() {
    let mut entity = storage();
    let rq = request("ELSEWHERE", &[CT]);
    let refused = check(&rq, HERE, &[&entity]).unwrap_err();
    assert_eq!(refused.rejection(), Rejection { result: 1, source: 1, reason: 7 });
    assert!(refused.to_string().contains("ARCHIVE"), "the operator is told who listens: {refused}");
    entity.access.check_called_ae_title = false;
    assert!(check(&rq, HERE, &[&entity]).is_ok(), "sec_004");
}

#[test]
fn qr_020_a_calling_title_off_the_list_or_blank_is_rejected_1_1_3() {
    let mut entity = storage();
    entity.access.allowed_calling_ae_titles = Some(vec![title("CT1")]);
    let refused = check(&request("ARCHIVE", &[CT]), HERE, &[&entity]).unwrap_err();
    assert_eq!(refused.rejection(), Rejection { result: 1, source: 1, reason: 3 });
    let mut blank = request("ARCHIVE", &[CT]);
    blank.calling_ae_title = TitleField::from_wire([b' '; 16]);
    let refused = check(&blank, HERE, &[&storage()]).unwrap_err();
    assert_eq!(refused.rejection(), Rejection { result: 1, source: 1, reason: 3 });
}

#[test]
fn sil_016_a_barred_address_is_rejected_1_1_1() {
    let mut entity = storage();
    entity.access.allowed_addresses = Some(vec!["10.0.0.0/8".parse().unwrap()]);
    let refused = check(&request("ARCHIVE", &[CT]), HERE, &[&entity]).unwrap_err();
    assert_eq!(refused, Refused::Address(HERE));
    assert_eq!(refused.rejection(), Rejection { result: 1, source: 1, reason: 1 });
}

#[test]
fn qr_011_no_acceptable_context_is_rejected_1_1_1_where_set_and_else_refused_one_by_one() {
    let mut entity = storage();
    let rq = request("ARCHIVE", &[STUDY_ROOT_FIND]);
    let answer = check(&rq, HERE, &[&entity]).unwrap().answer;
    assert_eq!(answer.presentation_contexts[0].answer, Err(ContextRefusal::AbstractSyntaxNotSupported));
    entity.reject_without_context = true;
    let refused = check(&rq, HERE, &[&entity]).unwrap_err();
    assert_eq!(refused, Refused::NoContext(1));
    assert_eq!(refused.rejection(), Rejection { result: 1, source: 1, reason: 1 });
}

#[test]
fn sil_018_a_barred_peer_is_told_so_before_anything_else_is_looked_at() {
    let mut entity = storage();
    entity.access.allowed_addresses = Some(vec![]);
    let refused = check(&request("ELSEWHERE", &[STUDY_ROOT_FIND]), HERE, &[&entity]).unwrap_err();
    assert_eq!(refused, Refused::Address(HERE));
}

#[test]
fn two_entities_at_one_address_share_an_association_and_gen_010_each_has_its_class_uid() {
    let (storage, query_retrieve) = (storage(), query_retrieve());
    let both = [&storage, &query_retrieve];
    let stored = check(&request("ARCHIVE", &[CT]), HERE, &both).unwrap();
    assert_eq!((stored.entity, stored.idle.as_secs()), ("STORAGE-SCP", 900));
    assert_eq!(stored.answer.user_information.implementation_class_uid.unwrap(), "1.2.1");
    let asked = check(&request("ARCHIVE", &[VERIFICATION, STUDY_ROOT_FIND]), HERE, &both).unwrap();
    assert_eq!((asked.entity, asked.idle.as_secs()), ("QUERY-RETRIEVE-SCP", 180));
    assert_eq!(asked.answer.user_information.implementation_class_uid.unwrap(), "1.2.2");
    let mixed = check(&request("ARCHIVE", &[STUDY_ROOT_FIND, CT]), HERE, &both).unwrap();
    assert_eq!(mixed.idle.as_secs(), 900);
}

#[test]
fn sil_001_storage_at_query_retrieve_is_accepted_only_with_the_requestor_as_scp() {
    let query_retrieve = query_retrieve();
    let mut rq = request("ARCHIVE", &[CT]);
    let answer = check(&rq, HERE, &[&query_retrieve]).unwrap().answer;
    assert!(answer.presentation_contexts[0].answer.is_err());
    rq.user_information.role_selections =
        vec![RoleSelection { sop_class: Uid::known(CT), scu: false, scp: true }];
    let answer = check(&rq, HERE, &[&query_retrieve]).unwrap().answer;
    assert!(answer.presentation_contexts[0].answer.is_ok());
    let roles = &answer.user_information.role_selections[0];
    assert_eq!((roles.scu, roles.scp), (false, true));
}
