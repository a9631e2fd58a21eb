use vocabulary::Uid;

use super::{Offer, Roles, agreed, negotiate};
use crate::pdu::{
    AssociateRq, AsynchronousWindow, CommonExtendedNegotiation, ContextFault, ContextRefusal,
    ExtendedNegotiation, RoleSelection, UnusableContext, UserIdentity,
};
use crate::tests::{Anything, ECHO, OUR_MAX, context, rq, uid, us};

const IMPLICIT: &str = "1.2.840.10008.1.2";
const EXPLICIT: &str = "1.2.840.10008.1.2.1";
const CT: &str = "1.2.840.10008.5.1.4.1.1.2";

/// CT images, the requestor in the roles given; answers negotiations of its own.
struct Ct(Roles);

impl Offer for Ct {
    fn choose(&self, abstract_syntax: &Uid, proposed: &[Uid]) -> Result<Uid, ContextRefusal> {
        if *abstract_syntax != CT {
            return Err(ContextRefusal::AbstractSyntaxNotSupported);
        }
        proposed.first().cloned().ok_or(ContextRefusal::TransferSyntaxesNotSupported)
    }

    fn roles(&self, _: &Uid) -> Roles {
        self.0
    }

    fn extended(&self, _: &Uid, information: &[u8]) -> Option<Vec<u8>> {
        Some(information.iter().map(|byte| byte + 1).collect())
    }

    fn user_identity(&self, identity: &UserIdentity) -> Option<Vec<u8>> {
        (identity.identity_type == 3).then(|| b"ticket".to_vec())
    }
}

const BOTH: Roles = Roles { scu: true, scp: true };

fn ct_rq() -> AssociateRq {
    let mut rq = rq();
    rq.presentation_contexts = vec![context(1, CT, &[IMPLICIT])];
    rq
}

fn role(scu: bool, scp: bool) -> RoleSelection {
    RoleSelection { sop_class: uid(CT), scu, scp }
}

#[test]
fn sil_014_each_context_is_answered_by_0_3_or_4() {
    let mut rq = rq();
    rq.presentation_contexts = vec![
        context(1, ECHO, &[EXPLICIT, IMPLICIT]),
        context(3, CT, &[IMPLICIT]),
        context(5, ECHO, &[EXPLICIT]),
        context(255, ECHO, &[]),
    ];
    let ac = negotiate(&rq, &Anything, &us());
    let answers: Vec<_> =
        ac.presentation_contexts.into_iter().map(|answer| (answer.id, answer.answer)).collect();
    let expected = [
        (1, Ok(uid(IMPLICIT))),
        (3, Err(ContextRefusal::AbstractSyntaxNotSupported)),
        (5, Err(ContextRefusal::TransferSyntaxesNotSupported)),
        (255, Err(ContextRefusal::TransferSyntaxesNotSupported)),
    ];
    assert_eq!(answers, expected);
    let results = [0, 3, 4, 4];
    let sent =
        answers.iter().map(|(_, answer)| answer.as_ref().map_or_else(|refusal| refusal.result(), |_| 0));
    assert_eq!(sent.collect::<Vec<_>>(), results);
}

#[test]
fn sil_014_unusable_contexts_are_answered_too() {
    let mut rq = rq();
    rq.unusable_contexts = vec![UnusableContext { id: 2, fault: ContextFault::EvenId }];
    let ac = negotiate(&rq, &Anything, &us());
    assert_eq!(ac.presentation_contexts.len(), 3);
    assert_eq!(ac.presentation_contexts[2].id, 2);
    assert_eq!(ac.presentation_contexts[2].answer, Err(ContextRefusal::NoReason));
}

#[test]
fn the_answer_says_who_we_are_and_repeats_the_titles() {
    let ac = negotiate(&rq(), &Anything, &us());
    assert_eq!(ac.user_information, us().to_user_information());
    assert_eq!(ac.user_information.max_pdu_length, Some(OUR_MAX));
    assert_eq!(ac.called_ae_title, rq().called_ae_title);
    assert_eq!(ac.calling_ae_title, rq().calling_ae_title);
    assert_eq!(ac.application_context, "1.2.840.10008.3.1.1.1");
}

#[test]
fn sil_011_an_asynchronous_window_is_answered_by_one_and_only_if_it_was_proposed() {
    let mut rq = rq();
    assert_eq!(negotiate(&rq, &Anything, &us()).user_information.asynchronous_window, None);
    for (invoked, performed) in [(0, 0), (1, 1), (8, 3)] {
        rq.user_information.asynchronous_window = Some(AsynchronousWindow { invoked, performed });
        let answered = negotiate(&rq, &Anything, &us()).user_information.asynchronous_window;
        assert_eq!(answered, Some(AsynchronousWindow { invoked: 1, performed: 1 }));
    }
}

#[test]
fn sil_010_roles_are_answered_only_when_proposed_and_never_beyond_it() {
    for proposed in [
        None,
        Some(role(true, false)),
        Some(role(false, true)),
        Some(role(true, true)),
        Some(role(false, false)),
    ] {
        for allowed in
            [Roles::DEFAULT, Roles { scu: false, scp: true }, BOTH, Roles { scu: false, scp: false }]
        {
            let mut rq = ct_rq();
            rq.user_information.role_selections.extend(proposed.clone());
            let ac = negotiate(&rq, &Ct(allowed), &us());
            let in_force = proposed.as_ref().map_or(Roles::DEFAULT, Roles::from);
            let (scu, scp) = (in_force.scu && allowed.scu, in_force.scp && allowed.scp);
            let contexts = agreed(&rq, &ac, false);
            if scu || scp {
                let expected = proposed.is_some().then(|| role(scu, scp));
                assert_eq!(ac.user_information.role_selections, expected.into_iter().collect::<Vec<_>>());
                // Our roles mirror the requestor's.
                assert_eq!((contexts[0].we_are_scp, contexts[0].we_are_scu), (scu, scp));
            } else {
                assert_eq!(contexts, []);
                assert_eq!(ac.user_information.role_selections, []);
                let refusal = ContextRefusal::AbstractSyntaxNotSupported;
                assert_eq!(ac.presentation_contexts[0].answer, Err(refusal));
            }
        }
    }
}

#[test]
fn sil_010_a_role_for_a_class_without_a_context_is_not_answered_and_one_for_two_contexts_once() {
    let mut rq = ct_rq();
    rq.presentation_contexts.push(context(3, CT, &[EXPLICIT]));
    rq.user_information.role_selections =
        vec![role(true, true), RoleSelection { sop_class: uid("1.2.3"), scu: true, scp: true }];
    let ac = negotiate(&rq, &Ct(BOTH), &us());
    assert_eq!(ac.user_information.role_selections, [role(true, true)]);
}

#[test]
fn extended_negotiation_is_answered_by_the_offer_once_for_an_accepted_class() {
    let mut rq = ct_rq();
    rq.presentation_contexts.push(context(3, CT, &[EXPLICIT]));
    let item = |sop_class, information: &[u8]| ExtendedNegotiation {
        sop_class: uid(sop_class),
        information: information.to_vec(),
    };
    rq.user_information.extended_negotiations = vec![item(CT, &[1, 0]), item(ECHO, &[5])];
    assert_eq!(negotiate(&rq, &Ct(BOTH), &us()).user_information.extended_negotiations, [item(CT, &[2, 1])]);
    assert_eq!(negotiate(&rq, &Anything, &us()).user_information.extended_negotiations, []);
}

#[test]
fn common_extended_negotiation_is_carried_but_not_answered() {
    let mut rq = ct_rq();
    let related_general_sop_classes = vec![uid("1.2.3")];
    let item = CommonExtendedNegotiation {
        sop_class: uid(CT),
        service_class: uid(ECHO),
        related_general_sop_classes,
    };
    rq.user_information.common_extended_negotiations.push(item);
    assert_eq!(negotiate(&rq, &Ct(BOTH), &us()).user_information.common_extended_negotiations, []);
}

#[test]
fn a_user_identity_is_answered_only_if_the_user_asks_for_it_and_the_offer_does() {
    let mut rq = ct_rq();
    let mut identity = UserIdentity {
        identity_type: 3,
        positive_response_requested: true,
        primary: b"secret".to_vec(),
        secondary: Vec::new(),
    };
    assert!(!format!("{identity:?}").contains("115"), "the secret is shown: {identity:?}");
    rq.user_information.user_identity = Some(identity.clone());
    assert_eq!(
        negotiate(&rq, &Ct(BOTH), &us()).user_information.user_identity_response,
        Some(b"ticket".to_vec())
    );
    assert_eq!(negotiate(&rq, &Anything, &us()).user_information.user_identity_response, None);
    identity.positive_response_requested = false;
    rq.user_information.user_identity = Some(identity);
    assert_eq!(negotiate(&rq, &Ct(BOTH), &us()).user_information.user_identity_response, None);
}

#[test]
fn a_requestor_takes_nothing_it_did_not_propose() {
    let mut rq = ct_rq();
    rq.presentation_contexts.push(context(3, CT, &[EXPLICIT]));
    let mut ac = negotiate(&rq, &Ct(BOTH), &us());
    // A transfer syntax that was not proposed, a context that was not, a role that was not.
    ac.presentation_contexts[1].answer = Ok(uid(IMPLICIT));
    let mut stranger = ac.presentation_contexts[0].clone();
    stranger.id = 7;
    ac.presentation_contexts.push(stranger);
    ac.user_information.role_selections = vec![role(true, true)];
    let contexts = agreed(&rq, &ac, true);
    assert_eq!(contexts.iter().map(|context| context.id).collect::<Vec<_>>(), [1]);
    assert!(contexts[0].we_are_scu && !contexts[0].we_are_scp);
    rq.user_information.role_selections = vec![role(false, true)];
    let contexts = agreed(&rq, &ac, true);
    assert!(!contexts[0].we_are_scu && contexts[0].we_are_scp);
}
