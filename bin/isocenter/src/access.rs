//! From the configuration to who may do what: peers, users and the keys of their tokens. The files that it names are read
//! here, before an association begins.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use application_entity::rights::Rights;
use application_entity::users::{Algorithm, Demand, PasscodeHash, TokenKey, User, Users};
use application_entity::{Acquaintances, AddressRange, Peer, Peers, UnknownPeers};
use configuration::{Configuration, TokenAlgorithm, UserIdentity};
use upper_layer::pdu;

use crate::commands::Failure;
use crate::secure;
use crate::wiring::{ae_title, unread};

/// The longest file of a key or a passcode that is read, in bytes.
const SECRET_FILE_BYTES_MAX: u64 = 64 * 1024;

/// Whom we know. What cannot be read is told and left out: the service of everybody else goes on.
pub(crate) fn acquaintances(configuration: &Configuration, peers: Peers) -> Result<Acquaintances, Failure> {
    let tables = &configuration.tables;
    let users = tables.users.iter().map(user).collect::<Result<Vec<_>, Failure>>()?;
    let mut token_keys = Vec::new();
    for key in &tables.token_keys {
        match token_key(key) {
            Ok(key) => token_keys.push(key),
            Err(Failure(words)) => {
                let issuer = &key.issuer;
                tracing::error!("tokens of {issuer:?} are refused: {words}");
            }
        }
    }
    let unknown_peer = &configuration.unknown_peer;
    Ok(Acquaintances {
        peers,
        unknown: UnknownPeers { may_call: unknown_peer.may_call, rights: rights(&unknown_peer.rights)? },
        users: Users::new(users, token_keys),
    })
}

/// The peers of the configuration. One whose passcode cannot be read is told, and called by the user's name alone.
pub(crate) fn peers(configuration: &Configuration) -> Result<Peers, Failure> {
    let peer = |peer: &configuration::Peer| {
        let user = we_are(peer).unwrap_or_else(|Failure(words)| {
            tracing::error!("{words}: it is called without the passcode");
            peer.user.as_deref().map(|user| identity(user, None))
        });
        Ok(Peer {
            ae_title: ae_title(&peer.ae_title)?,
            host: peer.host.clone(),
            port: peer.port,
            user,
            calls_from: listed(peer.calls_from.iter().map(address_range).collect::<Result<_, _>>()?),
            tls: peer.tls,
            certificates: secure::expected(peer)?,
            rights: rights(&peer.rights)?,
        })
    };
    Ok(Peers::new(configuration.tables.peers.iter().map(peer).collect::<Result<_, Failure>>()?))
}

/// Reads every file that the configuration names, to say at once what is wrong with one.
pub(crate) fn check_files(configuration: &Configuration) -> Result<(), Failure> {
    for peer in &configuration.tables.peers {
        we_are(peer)?;
    }
    for key in &configuration.tables.token_keys {
        token_key(key)?;
    }
    Ok(())
}

/// What an entity does about user identities.
pub(crate) fn demand(user_identity: UserIdentity) -> Demand {
    match user_identity {
        UserIdentity::Off => Demand::Off,
        UserIdentity::Optional => Demand::Optional,
        UserIdentity::Required => Demand::Required,
    }
}

/// A range of addresses, as the entities have it.
pub(crate) fn address_range(range: &configuration::AddressRange) -> Result<AddressRange, Failure> {
    range.to_string().parse().map_err(unread)
}

/// None where nothing is listed, which means that everything is allowed.
pub(crate) fn listed<T>(items: Vec<T>) -> Option<Vec<T>> {
    (!items.is_empty()).then_some(items)
}

fn rights(rights: &configuration::Rights) -> Result<Rights, Failure> {
    let destinations = rights.retrieve_to.iter().map(ae_title).collect::<Result<_, _>>()?;
    Ok(Rights {
        store: rights.may_store,
        find: rights.may_find,
        retrieve: rights.may_retrieve,
        ask_commitment: rights.may_ask_commitment,
        retrieve_to: listed(destinations),
    })
}

/// Who we are when we call a peer.
pub(crate) fn we_are(peer: &configuration::Peer) -> Result<Option<pdu::UserIdentity>, Failure> {
    let Some(user) = &peer.user else { return Ok(None) };
    let Some(file) = &peer.passcode_file else { return Ok(Some(identity(user, None))) };
    let passcode = secret(file).map_err(|error| {
        let (title, file) = (peer.ae_title.as_str(), file.display());
        Failure(format!("cannot read {file}, the passcode-file of [[peer]] {title}: {error}"))
    })?;
    Ok(Some(identity(user, Some(passcode))))
}

fn identity(user: &str, passcode: Option<Vec<u8>>) -> pdu::UserIdentity {
    match passcode {
        None => pdu::UserIdentity::of_name(user),
        Some(passcode) => pdu::UserIdentity::of_name_and_passcode(user, passcode),
    }
}

fn user(user: &configuration::User) -> Result<User, Failure> {
    let passcode = user.passcode_hash.as_deref().map(PasscodeHash::parse).transpose();
    Ok(User { name: user.name.clone(), passcode: passcode.map_err(unread)?, rights: rights(&user.rights)? })
}

fn token_key(key: &configuration::TokenKey) -> Result<TokenKey, Failure> {
    let algorithm = match key.algorithm {
        TokenAlgorithm::Rs256 => Algorithm::Rs256,
        TokenAlgorithm::Es256 => Algorithm::Es256,
        TokenAlgorithm::EdDsa => Algorithm::EdDsa,
        TokenAlgorithm::Hs256 => Algorithm::Hs256,
    };
    let file = key.file.display();
    let bytes = secret(&key.file)
        .map_err(|error| Failure(format!("cannot read {file}, the file of a [[token-key]]: {error}")))?;
    let (issuer, audience, key_id) = (key.issuer.clone(), key.audience.clone(), key.key_id.clone());
    TokenKey::new(algorithm, &bytes, issuer, audience, key_id, rights(&key.rights)?)
        .map_err(|error| Failure(format!("{file}, the file of a [[token-key]]: {error}")))
}

/// What a file holds, without the line break that editors put at its end.
fn secret(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(SECRET_FILE_BYTES_MAX + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > SECRET_FILE_BYTES_MAX {
        return Err(io::Error::other(format!("it has more than {SECRET_FILE_BYTES_MAX} bytes")));
    }
    if bytes.ends_with(b"\n") {
        bytes.pop();
        if bytes.ends_with(b"\r") {
            bytes.pop();
        }
    }
    Ok(bytes)
}
