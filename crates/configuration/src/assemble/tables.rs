//! The tables of repeated sections: each has a value for every setting of its section, or is left out.

use std::collections::HashMap;

use super::reader::Reader;
use super::rights;
use crate::configuration::{Peer, PeerExport, Tables, TokenKey, User};
use crate::effective::Holding;
use crate::error::ConfigurationError;
use crate::said::SaidTable;
use crate::setting::Setting;
use crate::settings::repeated_settings;
use crate::source::Source;
use crate::words::Preset;

/// The tables that are complete, and an error for each that contradicts itself or another one.
pub(crate) fn tables(said: &[SaidTable], preset: Preset, errors: &mut Vec<ConfigurationError>) -> Tables {
    Tables {
        peers: peers(said, preset, errors),
        users: users(said, preset, errors),
        token_keys: complete(said, "token-key.", preset, token_key).map(|(key, _)| key).collect(),
    }
}

/// What can be read of the tables of a section, each with its place. `section` has the dot behind it.
fn complete<'a, T>(
    said: &'a [SaidTable],
    section: &'static str,
    preset: Preset,
    read: impl Fn(&Reader<'_>) -> Result<T, ConfigurationError> + 'a,
) -> impl Iterator<Item = (T, &'a SaidTable)> {
    said.iter().filter(move |table| section.strip_suffix('.') == Some(table.section)).filter_map(
        move |table| {
            let holdings: Vec<Holding> = repeated_settings()
                .filter(|setting| setting.key.starts_with(section))
                .filter_map(|setting| holding(table, setting, preset))
                .collect();
            // An error is of a value that is missing or could not be read, and was told already.
            Some((read(&Reader::new(section, &holdings)).ok()?, table))
        },
    )
}

fn holding(table: &SaidTable, setting: &'static Setting, preset: Preset) -> Option<Holding> {
    let given = table.values.iter().find(|said| said.setting.key == setting.key);
    let (value, source) = match given {
        Some(given) => (given.value.clone(), given.source.clone()),
        None => (setting.default_value(preset)?, Source::Default(preset)),
    };
    Some(Holding { setting, value, source })
}

fn peers(said: &[SaidTable], preset: Preset, errors: &mut Vec<ConfigurationError>) -> Vec<Peer> {
    let mut peers: Vec<Peer> = Vec::new();
    let mut titles = HashMap::new();
    for (peer, SaidTable { place, .. }) in complete(said, "peer.", preset, peer) {
        let title = &peer.ae_title;
        let mut broken = |keys: &[&'static str], problem: String| {
            let (place, keys) = (place.clone(), keys.to_vec());
            errors.push(ConfigurationError::Contradiction { place, keys, problem });
        };
        if let Some(first) = titles.insert(title.clone(), place) {
            broken(
                &["peer.ae-title"],
                format!(
                    "the AE title {title} has a [[peer]] already, at {first}: an AE title names one peer"
                ),
            );
        }
        if peer.export.window_center.is_some() != peer.export.window_width.is_some() {
            broken(
                &["peer.window-center", "peer.window-width"],
                format!(
                    "the [[peer]] {title} has one of window-center and window-width: a window takes both"
                ),
            );
        }
        if peer.passcode_file.is_some() && peer.user.is_none() {
            broken(
                &["peer.passcode-file", "peer.user"],
                format!("the [[peer]] {title} has a passcode-file and no user that it is the passcode of"),
            );
        }
        peers.push(peer);
    }
    peers
}

fn peer(from: &Reader<'_>) -> Result<Peer, ConfigurationError> {
    Ok(Peer {
        ae_title: from.ae_title("ae-title")?,
        host: from.text("host")?,
        port: from.port("port")?,
        tls: from.flag("tls")?,
        certificates: from.texts("certificates")?,
        calls_from: from.address_ranges("calls-from")?,
        user: from.text_or_off("user")?,
        passcode_file: from.path_or_off("passcode-file")?,
        rights: rights(from)?,
        export: PeerExport {
            transfer_syntaxes: from.uids("transfer-syntaxes")?,
            ultrasound_classes: from.word("ultrasound-classes")?,
            lossy_compression: from.word("lossy-compression")?,
            jpeg_quality: from.number("jpeg-quality")?,
            photometric_interpretation: from.word("photometric-interpretation")?,
            window_center: from.text_or_off("window-center")?,
            window_width: from.text_or_off("window-width")?,
        },
    })
}

fn users(said: &[SaidTable], preset: Preset, errors: &mut Vec<ConfigurationError>) -> Vec<User> {
    let mut users: Vec<User> = Vec::new();
    let mut names = HashMap::new();
    for (user, SaidTable { place, .. }) in complete(said, "user.", preset, user) {
        if let Some(first) = names.insert(user.name.clone(), place) {
            errors.push(ConfigurationError::Contradiction {
                place: place.clone(),
                keys: vec!["user.name"],
                problem: format!(
                    "the user {} has a [[user]] already, at {first}: a name is of one user",
                    user.name
                ),
            });
        }
        users.push(user);
    }
    users
}

fn user(from: &Reader<'_>) -> Result<User, ConfigurationError> {
    Ok(User {
        name: from.text("name")?,
        passcode_hash: from.text_or_off("passcode-hash")?,
        rights: rights(from)?,
    })
}

fn token_key(from: &Reader<'_>) -> Result<TokenKey, ConfigurationError> {
    Ok(TokenKey {
        algorithm: from.word("algorithm")?,
        file: from.path("file")?,
        issuer: from.text("issuer")?,
        audience: from.text("audience")?,
        key_id: from.text_or_off("key-id")?,
        rights: rights(from)?,
    })
}
