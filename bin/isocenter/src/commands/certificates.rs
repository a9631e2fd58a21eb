//! `isocenter certificates`: an authority, a server and a client, to try TLS with.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose,
};

use crate::cli::Certificates;
use crate::commands::Failure;
use crate::commands::say::say;

/// How long they are valid: long enough for a trial.
const VALID_FOR: Duration = Duration::from_secs(365 * 24 * 3_600);
/// Clocks of peers may be behind ours.
const VALID_SINCE: Duration = Duration::from_secs(24 * 3_600);

/// Names that a server on this machine has in any case.
const OWN_HOSTS: [&str; 3] = ["localhost", "127.0.0.1", "::1"];

const READABLE: u32 = 0o644;
const SECRET: u32 = 0o600;

/// Makes them. The authority's key is not kept: nobody can make more of its certificates.
pub(crate) fn run(arguments: &Certificates) -> Result<(), Failure> {
    let directory = std::path::absolute(&arguments.directory)?;
    fs::create_dir_all(&directory)
        .map_err(|error| Failure(format!("cannot use {}: {error}", directory.display())))?;
    let mut hosts: Vec<String> = arguments.hosts.clone();
    hosts.extend(OWN_HOSTS.map(str::to_owned));

    let mut authority = named("Isocenter trial authority", Vec::new())?;
    authority.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    authority.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate()?)?;
    let both = [ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
    let file = |name| directory.join(name);
    let (ca, server, client) = (file("ca.pem"), file("server.pem"), file("client.pem"));
    let (server_key, client_key) = (file("server.key"), file("client.key"));

    let mut made: Vec<(&Path, u32, String)> = vec![(&ca, READABLE, authority.pem())];
    let ends = [
        ("Isocenter trial server", hosts, &server, &server_key),
        ("Isocenter trial client", Vec::new(), &client, &client_key),
    ];
    for (name, hosts, certificate, key) in ends {
        let mut params = named(name, hosts)?;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        // Either calls and is called.
        params.extended_key_usages = both.to_vec();
        params.use_authority_key_identifier_extension = true;
        let pair = KeyPair::generate()?;
        made.push((certificate, READABLE, params.signed_by(&pair, &authority)?.pem()));
        made.push((key, SECRET, pair.serialize_pem()));
    }
    if let Some((there, ..)) = made.iter().find(|(path, ..)| path.exists()) {
        return Err(Failure(format!(
            "{} is there already, and is not written over: choose another --directory",
            there.display()
        )));
    }
    for (path, mode, content) in &made {
        write(path, *mode, content)
            .map_err(|error| Failure(format!("cannot write {}: {error}", path.display())))?;
    }
    tell(&ca, [&server, &server_key], [&client, &client_key])
}

fn named(name: &str, hosts: Vec<String>) -> Result<CertificateParams, Failure> {
    let mut params = CertificateParams::new(hosts)
        .map_err(|error| Failure(format!("a --host is no name that a certificate can have: {error}")))?;
    let now = SystemTime::now();
    params.not_before = (now - VALID_SINCE).into();
    params.not_after = (now + VALID_FOR).into();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    Ok(params)
}

fn write(path: &Path, mode: u32, content: &str) -> std::io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(path)?;
    file.write_all(content.as_bytes())
}

fn tell(ca: &Path, server: [&PathBuf; 2], client: [&PathBuf; 2]) -> Result<(), Failure> {
    let quoted = |path: &Path| toml_text(&path.display().to_string());
    let [server, server_key] = server;
    let [client, client_key] = client;
    say(format_args!(
        "\
Made for a trial, valid for a year: an authority (its key is not kept), a server and a client.

Into isocenter.toml:

[tls]
certificate = {server}
key = {server_key}
ca = {ca}

Then call it with DCMTK:

echoscu +tls {client_key} {client} +cf {authority} -aec ISO_STORE_SCP localhost 2762
",
        server = quoted(server),
        server_key = quoted(server_key),
        ca = quoted(ca),
        client = client.display(),
        client_key = client_key.display(),
        authority = ca.display(),
    ))?;
    Ok(())
}

/// A basic string of TOML.
fn toml_text(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}
