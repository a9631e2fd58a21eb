//! Who may do what.

use application_entity::rights::Rights;
use application_entity::users::{Algorithm, Demand};
use application_entity::{Acquaintances, Entity};

use crate::document::{Text, text};
use crate::facts::Facts;

/// What somebody may do, as a clause.
pub(crate) fn in_words(rights: &Rights) -> String {
    let Rights { store, find, retrieve, ask_commitment, retrieve_to } = rights;
    let destinations = match retrieve_to {
        None => String::new(),
        Some(titles) => {
            let titles: Vec<&str> = titles.iter().map(|title| title.as_str()).collect();
            format!(" (C-MOVE to {} alone)", titles.join(", "))
        }
    };
    let granted = [
        (*store, "store".to_owned()),
        (*find, "query".to_owned()),
        (*retrieve, format!("retrieve{destinations}")),
        (*ask_commitment, "ask for storage commitment".to_owned()),
    ];
    let words: Vec<String> = granted.into_iter().filter(|(is, _)| *is).map(|(_, word)| word).collect();
    match words.as_slice() {
        [] => "C-ECHO alone".to_owned(),
        _ => words.join(", "),
    }
}

/// What an acceptance policy says of who may do what.
pub(crate) fn policy(acquaintances: &Acquaintances) -> Vec<Text> {
    let Acquaintances { peers, unknown, users: _ } = acquaintances;
    let mut items = Vec::new();
    if peers.iter().any(|peer| peer.calls_from.is_some()) {
        items.push(
            text("AE titles of remote AEs may call from the addresses that section ")
                .see("remote")
                .and(" has."),
        );
    }
    if !unknown.may_call {
        items.push("An AE title that no remote AE has may not call.".into());
    } else if unknown.rights.are_limited() {
        items.push(format!("An AE title that no remote AE has may: {}.", in_words(&unknown.rights)).into());
    }
    if acquaintances.are_limited() {
        items.push(
            text("A presentation context that takes a right which the peer or its user lacks is refused; the rights of peers are in section ")
                .see("remote")
                .and("."),
        );
    }
    items
}

/// What an AE does about user identities.
pub(crate) fn user_identity(entity: &Entity) -> Text {
    match entity.access.user_identity {
        Demand::Off => text("User identities are ignored, and not answered."),
        Demand::Optional => text(
            "A user identity (PS3.7 D.3.3.7) must be right if there is one; one of a type that is not supported is ignored.",
        ),
        Demand::Required => {
            text("A request without a user identity (PS3.7 D.3.3.7) that is right is rejected.")
        }
    }
}

/// What is supported of user identities.
pub(crate) fn user_identities(facts: &Facts<'_>) -> Vec<Text> {
    let acceptors = [&facts.storage_scp, &facts.query_retrieve_scp];
    if acceptors.iter().all(|acceptor| acceptor.entity.access.user_identity == Demand::Off) {
        return vec!["User identities are ignored, and not answered.".into()];
    }
    let (users, keys) = facts.acquaintances.users.describe();
    let names = match users {
        0 => text("User names, with a passcode or without (types 1 and 2): none is configured."),
        users => text(format!(
            "User names, with a passcode or without (types 1 and 2): {users} configured; passcodes are checked against \
             hashes of them (Argon2id)."
        )),
    };
    let mut items = vec![names];
    items.extend(keys.map(|(issuer, algorithm)| {
        text("JSON Web Tokens (type 5) of ").lit(issuer).and(format!(", signed by {}.", name(algorithm)))
    }));
    items.push("Kerberos and SAML (types 3 and 4) are not supported.".into());
    items.push(
        "Where a positive response is asked for, an identity that is right is answered with an empty one."
            .into(),
    );
    items
}

fn name(algorithm: Algorithm) -> &'static str {
    match algorithm {
        Algorithm::Rs256 => "RS256",
        Algorithm::Es256 => "ES256",
        Algorithm::EdDsa => "EdDSA",
        Algorithm::Hs256 => "HS256",
    }
}
