use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use upper_layer::negotiation::{Identity, Roles};
use upper_layer::pdu::{
    ContextRefusal, ProposedContext, RoleSelection, TitleField, UnknownItem, UserIdentity, UserInformation,
};
use upper_layer::{AssociateRq, Rejection};
use vocabulary::sop_class::{STUDY_ROOT_FIND, VERIFICATION};
use vocabulary::transfer_syntax::{EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN};
use vocabulary::{AeTitle, Uid};

use super::{Acceptable, Refused};
use crate::offer::{AcceptableContext, Offer, Preference, TransferSyntaxes};
use crate::rights::{Rights, Whose};
use crate::users::{Demand, IdentityRefused, User, Users};
use crate::{Access, Acquaintances, Caller, Entity, Peer, Peers, UnknownPeers};

const CT: &str = "1.2.840.10008.5.1.4.1.1.2";
fn at(peer: IpAddr) -> Caller {
    Caller::at(SocketAddr::new(peer, 40_000))
}

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

/// What is checked has to live as long as what comes of it.
fn leaked(rq: &AssociateRq) -> &'static AssociateRq {
    Box::leak(Box::new(rq.clone()))
}

fn check<'a>(rq: &AssociateRq, peer: IpAddr, entities: &[&'a Entity]) -> Result<Acceptable<'a>, Refused> {
    super::check(leaked(rq), &at(peer), entities, &Acquaintances::default())
}

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

fn peer(text: &str, rights: Rights) -> Peer {
    Peer { rights, ..Peer::at(title(text), "127.0.0.1".to_owned(), 104) }
}

fn knowing(peers: Vec<Peer>) -> Acquaintances {
    Acquaintances { peers: Peers::new(peers), ..Acquaintances::default() }
}

fn check_knowing<'a>(
    rq: &AssociateRq,
    peer: IpAddr,
    entities: &[&'a Entity],
    acquaintances: &Acquaintances,
) -> Result<Acceptable<'a>, Refused> {
    super::check(leaked(rq), &at(peer), entities, acquaintances)
}

/// The result of each context: 0 where it is accepted.
fn results(acceptable: &Acceptable<'_>) -> Vec<u8> {
    let contexts = &acceptable.answer.presentation_contexts;
    contexts.iter().map(|context| context.answer.as_ref().map_or_else(|r| r.result(), |_| 0)).collect()
}

#[test]
fn sil_095_a_context_without_its_right_is_refused_by_the_user_and_the_others_are_accepted() {
    let query_retrieve = query_retrieve();
    let rq = request("ARCHIVE", &[VERIFICATION, STUDY_ROOT_FIND, "1.2.3"]);
    let known = knowing(vec![peer("CT2", Rights { find: false, ..Rights::ALL })]);
    let acceptable = check_knowing(&rq, HERE, &[&query_retrieve], &known).unwrap();
    assert_eq!(results(&acceptable), [0, 1, 3]);
    assert_eq!(acceptable.denied.len(), 1);
    assert_eq!(acceptable.denied[0].to_string(), "may-find of [[peer]] CT2");
    let others = knowing(vec![peer("CT1", Rights { find: false, ..Rights::ALL })]);
    let acceptable = check_knowing(&rq, HERE, &[&query_retrieve], &others).unwrap();
    assert_eq!(results(&acceptable), [0, 0, 3], "the rights of others are no concern");
}

#[test]
fn sil_095_the_role_is_refused_that_is_not_allowed() {
    let (storage, query_retrieve) = (storage(), query_retrieve());
    let mut rq = request("ARCHIVE", &[CT]);
    rq.user_information.role_selections =
        vec![RoleSelection { sop_class: Uid::known(CT), scu: true, scp: true }];
    let granted = |rights| {
        let known = knowing(vec![peer("CT2", rights)]);
        let acceptable = check_knowing(&rq, HERE, &[&storage, &query_retrieve], &known).unwrap();
        let roles = acceptable.answer.user_information.role_selections.first().cloned();
        (results(&acceptable), roles.map(|roles| (roles.scu, roles.scp)))
    };
    assert_eq!(granted(Rights::ALL), (vec![0], Some((true, true))));
    assert_eq!(granted(Rights { store: false, ..Rights::ALL }), (vec![0], Some((false, true))));
    assert_eq!(granted(Rights { retrieve: false, ..Rights::ALL }), (vec![0], Some((true, false))));
    assert_eq!(granted(Rights { retrieve: false, store: false, ..Rights::ALL }), (vec![1], None));
}

#[test]
fn sil_095_where_nothing_is_left_the_log_names_the_setting_of_whoever_rejects() {
    let mut storage = storage();
    storage.reject_without_context = true;
    let known = knowing(vec![peer("CT2", Rights { store: false, ..Rights::ALL })]);
    let refused = check_knowing(&request("ARCHIVE", &[CT]), HERE, &[&storage], &known).unwrap_err();
    assert_eq!(refused.rejection(), Rejection { result: 1, source: 1, reason: 1 });
    assert!(refused.to_string().contains("may-store of [[peer]] CT2"), "{refused}");
}

#[test]
fn sil_095_a_title_is_taken_from_its_addresses_only() {
    let storage = storage();
    let mut ct2 = peer("CT2", Rights::ALL);
    ct2.calls_from = Some(vec!["10.0.0.0/8".parse().unwrap(), "2001:db8::/32".parse().unwrap()]);
    let known = knowing(vec![ct2]);
    let rq = request("ARCHIVE", &[CT]);
    for address in ["10.1.2.3", "::ffff:10.1.2.3", "2001:db8::7"] {
        assert!(check_knowing(&rq, address.parse().unwrap(), &[&storage], &known).is_ok(), "{address}");
    }
    for address in ["127.0.0.1", "2001:db9::7", "::ffff:11.1.2.3"] {
        let refused = check_knowing(&rq, address.parse().unwrap(), &[&storage], &known).unwrap_err();
        assert_eq!(refused.rejection(), Rejection { result: 1, source: 1, reason: 3 }, "{address}");
        assert!(refused.to_string().contains("calls-from"), "{refused}");
    }
}

#[test]
fn sil_095_unknown_peers_may_do_what_their_table_says_or_not_call_at_all() {
    let query_retrieve = query_retrieve();
    let rq = request("ARCHIVE", &[VERIFICATION, STUDY_ROOT_FIND]);
    let unknown = |unknown| Acquaintances { unknown, ..Acquaintances::default() };
    let limited = UnknownPeers { may_call: true, rights: Rights { find: false, ..Rights::ALL } };
    let acceptable = check_knowing(&rq, HERE, &[&query_retrieve], &unknown(limited)).unwrap();
    assert_eq!(results(&acceptable), [0, 1]);
    assert_eq!(acceptable.denied[0].whose, Whose::UnknownPeer);
    let barred = UnknownPeers { may_call: false, rights: Rights::ALL };
    let mut known = unknown(barred);
    let refused = check_knowing(&rq, HERE, &[&query_retrieve], &known).unwrap_err();
    assert_eq!(refused.rejection(), Rejection { result: 1, source: 1, reason: 3 });
    known.peers = Peers::new(vec![peer("CT2", Rights::ALL)]);
    assert!(check_knowing(&rq, HERE, &[&query_retrieve], &known).is_ok(), "who has a [[peer]] may");
}

fn with_identity(identity_type: u8) -> AssociateRq {
    let mut rq = request("ARCHIVE", &[VERIFICATION, STUDY_ROOT_FIND]);
    rq.user_information.user_identity = Some(UserIdentity {
        identity_type,
        positive_response_requested: true,
        ..UserIdentity::of_name("ann")
    });
    rq
}

fn demanding(user_identity: Demand) -> Entity {
    let mut entity = query_retrieve();
    entity.access.user_identity = user_identity;
    entity
}

#[test]
fn sil_009_an_identity_is_ignored_checked_or_demanded_as_is_set() {
    let without = request("ARCHIVE", &[VERIFICATION]);
    let mut malformed = without.clone();
    malformed.user_information.unknown.push(UnknownItem { item_type: 0x58, content: vec![1] });
    for (demand, none, name, kerberos, broken) in [
        (Demand::Off, Ok(false), Ok(false), Ok(false), Ok(false)),
        (Demand::Optional, Ok(false), Ok(true), Ok(false), Err(IdentityRefused::Malformed)),
        (
            Demand::Required,
            Err(IdentityRefused::Missing),
            Ok(true),
            Err(IdentityRefused::NotSupported(3)),
            Err(IdentityRefused::Malformed),
        ),
    ] {
        let entity = demanding(demand);
        for (rq, expected) in
            [(&without, none), (&with_identity(1), name), (&with_identity(3), kerberos), (&malformed, broken)]
        {
            let got = check(rq, HERE, &[&entity]);
            if let Err(refused) = &got {
                assert_eq!(refused.rejection(), Rejection { result: 1, source: 2, reason: 1 });
            }
            let got = got.map(|acceptable| acceptable.identity.is_some());
            assert_eq!(got, expected.map_err(Refused::from), "{demand:?}");
        }
    }
}

#[test]
fn sil_009_the_rights_of_the_user_are_added_and_the_response_is_empty() {
    let users =
        vec![User { name: "ann".to_owned(), passcode: None, rights: Rights { find: false, ..Rights::ALL } }];
    let known = Acquaintances { users: Users::new(users, vec![]), ..Acquaintances::default() };
    let (entity, rq) = (demanding(Demand::Optional), with_identity(1));
    let before = check_knowing(&rq, HERE, &[&entity], &known).unwrap();
    assert_eq!(results(&before), [0, 0]);
    assert_eq!(before.answer.user_information.user_identity_response, None, "not before it is checked");
    let identified = known.users.identify(before.identity.unwrap(), &mut || true).unwrap();
    let after = before.identified(&rq, identified.grants).unwrap();
    assert_eq!(results(&after), [0, 1]);
    assert_eq!(after.denied[0].to_string(), "may-find of [[user]] \"ann\"");
    assert_eq!(after.answer.user_information.user_identity_response, Some(Vec::new()));

    let mut unasked = rq.clone();
    unasked.user_information.user_identity.as_mut().unwrap().positive_response_requested = false;
    let before = check_knowing(&unasked, HERE, &[&entity], &known).unwrap();
    let after = before.identified(&unasked, Vec::new()).unwrap();
    assert_eq!(after.answer.user_information.user_identity_response, None, "not asked for");
}

#[test]
fn sil_009_too_many_passcodes_at_once_are_a_congestion_that_passes() {
    let busy = Refused::from(IdentityRefused::Busy("too many"));
    assert_eq!(busy.rejection(), Rejection { result: 2, source: 3, reason: 1 });
}
