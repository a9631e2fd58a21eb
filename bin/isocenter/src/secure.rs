//! From `[tls]`, and `tls` and `certificates` of each `[[peer]]`, to what secure connections are made with.

use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::{Duration, SystemTime};

use configuration::{Configuration, TlsProfile};
use secure_transport::{
    Authorities, Calling, Certificate, ClientCertificates, Credentials, CredentialsError, Expected,
    Listening, Profile,
};

use crate::commands::Failure;
use crate::wiring::{QUERY_RETRIEVE_SCP, STORAGE_SCP};

/// How long before its end a certificate is spoken of, and how long before it that is an error.
const EXPIRES_SOON: Duration = Duration::from_secs(30 * 24 * 3_600);
const EXPIRES_NOW: Duration = Duration::from_secs(7 * 24 * 3_600);

/// The ports for TLS.
#[derive(Debug, Default)]
pub(crate) struct SecurePorts {
    /// Where, and the AE that listens there by name.
    pub addresses: Vec<(SocketAddr, &'static str)>,
    /// How; none until the files of `[tls]` were read.
    pub listening: Option<Listening>,
}

impl SecurePorts {
    pub(crate) fn new(configuration: &Configuration) -> Result<Self, Failure> {
        let addresses = addresses(configuration);
        let listening = match credentials(configuration)? {
            Some(credentials) if !addresses.is_empty() => Some(listening(configuration, &credentials)?),
            _ => None,
        };
        Ok(Self { addresses, listening })
    }

    /// Whether the address is one for TLS.
    pub(crate) fn is_at(&self, address: SocketAddr) -> bool {
        self.addresses.iter().any(|(listen, _)| *listen == address)
    }
}

/// Where it is listened for TLS, and the AE that does so.
pub(crate) fn addresses(configuration: &Configuration) -> Vec<(SocketAddr, &'static str)> {
    if configuration.tls.certificate.is_none() {
        return Vec::new();
    }
    let scps = [
        (configuration.storage_scp.acceptor.tls_listen, STORAGE_SCP),
        (configuration.query_retrieve_scp.acceptor.tls_listen, QUERY_RETRIEVE_SCP),
    ];
    scps.into_iter().filter_map(|(listen, name)| Some((listen?, name))).collect()
}

/// Reads the files of `[tls]`, and sees whether they will do. A key that others can read is spoken of.
pub(crate) fn read(configuration: &mut Configuration) -> Result<(), Failure> {
    configuration.tls.read()?;
    let tls = &configuration.tls;
    for (setting, path) in [("tls.key", &tls.key), ("tls.client-key", &tls.client_key)] {
        if let Some(path) = path
            && others_read(path)
        {
            let path = path.display();
            tracing::warn!("{setting} = {path} can be read by other users of this machine: chmod 600 {path}");
        }
    }
    SecurePorts::new(configuration)?;
    calling(configuration)?;
    Ok(())
}

fn others_read(path: &Path) -> bool {
    path.metadata().is_ok_and(|metadata| metadata.permissions().mode() & 0o077 != 0)
}

fn listening(configuration: &Configuration, credentials: &Credentials) -> Result<Listening, Failure> {
    let clients = clients(configuration);
    let mut known = Vec::new();
    for peer in &configuration.tables.peers {
        known.extend(expected(peer)?.into_iter().filter_map(|expected| match expected {
            Expected::Fingerprint(fingerprint) => Some(fingerprint),
            Expected::Name(_) => None,
        }));
    }
    let authorities = authorities(configuration)?;
    if clients == ClientCertificates::Required && authorities.certificates().is_empty() && known.is_empty() {
        return Err(Failure(
            "tls.client-certificates = \"required\", and there is nobody to trust: set tls.ca, or certificates of a \
             [[peer]]; or set tls.client-certificates to \"none\""
                .to_owned(),
        ));
    }
    Ok(Listening::new(profile(configuration), credentials, clients, &authorities, known)?)
}

/// How peers are called over TLS.
pub(crate) fn calling(configuration: &Configuration) -> Result<Calling, Failure> {
    let texts = &configuration.tls.texts;
    let own =
        pair(("tls.client-certificate", &texts.client_certificate), ("tls.client-key", &texts.client_key))?;
    let credentials = match own {
        Some(own) => Some(own),
        None => credentials(configuration)?,
    };
    Ok(Calling::new(profile(configuration), credentials, authorities(configuration)?))
}

/// What the certificate of a peer is to be.
pub(crate) fn expected(peer: &configuration::Peer) -> Result<Vec<Expected>, Failure> {
    let read = |text: &String| {
        text.parse()
            .map_err(|error| Failure(format!("certificates of the [[peer]] {}: {error}", peer.ae_title)))
    };
    peer.certificates.iter().map(read).collect()
}

/// Whether those who call show certificates.
pub(crate) fn clients(configuration: &Configuration) -> ClientCertificates {
    match configuration.tls.client_certificates {
        configuration::ClientCertificates::Required => ClientCertificates::Required,
        configuration::ClientCertificates::Optional => ClientCertificates::Optional,
        configuration::ClientCertificates::None => ClientCertificates::None,
    }
}

/// What may be negotiated.
pub(crate) fn profile(configuration: &Configuration) -> Profile {
    match configuration.tls.profile {
        TlsProfile::Bcp195 => Profile::Bcp195,
        TlsProfile::NonDowngradingBcp195 => Profile::NonDowngradingBcp195,
    }
}

fn credentials(configuration: &Configuration) -> Result<Option<Credentials>, Failure> {
    let texts = &configuration.tls.texts;
    pair(("tls.certificate", &texts.certificate), ("tls.key", &texts.key))
}

type Text<'t> = (&'static str, &'t Option<String>);

fn pair(certificate: Text<'_>, key: Text<'_>) -> Result<Option<Credentials>, Failure> {
    match (certificate, key) {
        ((_, None), (_, None)) => Ok(None),
        ((of_certificate, Some(certificate)), (of_key, Some(key))) => {
            let at_fault = |error: &CredentialsError| match error {
                CredentialsError::NoKey | CredentialsError::Key(_) => of_key,
                _ => of_certificate,
            };
            match Credentials::from_pem(certificate, key) {
                Ok(credentials) => Ok(Some(credentials)),
                Err(error) => Err(Failure(format!("{}: {error}", at_fault(&error)))),
            }
        }
        ((given, Some(_)), (missing, None)) | ((missing, None), (given, Some(_))) => {
            Err(Failure(format!("{given} is set and {missing} is not: TLS takes both")))
        }
    }
}

fn authorities(configuration: &Configuration) -> Result<Authorities, Failure> {
    match &configuration.tls.texts.ca {
        None => Ok(Authorities::none()),
        Some(ca) => Authorities::from_pem(ca).map_err(|error| Failure(format!("tls.ca: {error}"))),
    }
}

/// Says which certificates end soon, or have ended.
pub(crate) fn speak_of_expiry(configuration: &Configuration, now: SystemTime) {
    match certificates(configuration) {
        Ok(certificates) => {
            for (setting, certificate) in certificates {
                speak_of(setting, &certificate, now);
            }
        }
        Err(Failure(words)) => tracing::error!("{words}"),
    }
}

/// The certificates that a server lives by, each with its setting.
fn certificates(configuration: &Configuration) -> Result<Vec<(&'static str, Certificate)>, Failure> {
    let texts = &configuration.tls.texts;
    let own = credentials(configuration)?.map(|own| ("tls.certificate", own.certificate().clone()));
    let client =
        pair(("tls.client-certificate", &texts.client_certificate), ("tls.client-key", &texts.client_key))?;
    let client = client.map(|client| ("tls.client-certificate", client.certificate().clone()));
    let authorities = authorities(configuration)?;
    let authorities = authorities.certificates().iter().map(|certificate| ("tls.ca", certificate.clone()));
    Ok(own.into_iter().chain(client).chain(authorities).collect())
}

fn speak_of(setting: &str, certificate: &Certificate, now: SystemTime) {
    let until = certificate.valid_until().unwrap_or_else(|| "a date that cannot be read".to_owned());
    match certificate.valid_for(now) {
        None => {
            tracing::error!(%certificate, "the certificate of {setting} expired on {until}: peers refuse it")
        }
        Some(left) if left <= EXPIRES_NOW => {
            tracing::error!(%certificate, "the certificate of {setting} expires on {until}: replace it now");
        }
        Some(left) if left <= EXPIRES_SOON => {
            tracing::warn!(%certificate, "the certificate of {setting} expires on {until}");
        }
        Some(_) => tracing::debug!(%certificate, "the certificate of {setting} expires on {until}"),
    }
}
