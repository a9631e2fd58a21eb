//! Security.

use secure_transport::{ClientCertificates, PROFILES, Profile, SUITES, TlsVersion};

use crate::access;
use crate::document::{Section, Text, literal, text};
use crate::facts::Facts;

pub(crate) fn section(facts: &Facts<'_>) -> Section {
    Section::new("security", "Security").with([
        Section::new("", "Security Profiles")
            .say(
                "Of the profiles of PS3.15, those for secure transport connections below are supported; digital signatures \
                 are neither made nor checked. Run what is not on TLS in a network \
                 that only trusted systems reach.",
            )
            .with([transport(facts)]),
        Section::new("", "Association Level Security").say(
            text("Each SCP may be limited to calling AE titles and to addresses, and may insist on its own title as the called \
                  one; what holds here is in the acceptance policies of section ")
                .see("contexts")
                .and(". What each remote AE may do, and from where and by which certificates it may call, is in section ")
                .see("remote")
                .and(". An AE title is a claim, not a proof, unless it is bound to certificates."),
        ),
        Section::new("", "User Identity").list(access::user_identities(facts)),
        Section::new("", "Audit Trail").say(
            "Messages of PS3.15 A.5 are put on record unless audit.enabled says otherwise: Application Activity (start, stop), \
             Security Alert (Node Authentication: associations accepted and rejected), DICOM Instances Transferred (stored and \
             sent), Begin Transferring DICOM Instances, Query, DICOM Instances Accessed (corrections). They stand in files that \
             only grow, each chained to the one before, and are passed on over syslog (PS3.15 A.6, over TLS or TCP) where that \
             is configured.",
        ),
        Section::new("", "Application Level Security").say(
            "The command line on the server's machine has the rights of the user who runs it. Data sets from the network \
             are read with bounded memory, each association in a process of its own unless threads are configured.",
        ),
    ])
}

fn transport(facts: &Facts<'_>) -> Section {
    let secure = &facts.secure;
    let ports = match secure.ports {
        [] => text("No port is for TLS as configured: ").lit("tls.certificate").and(" is off."),
        ports => ports.iter().fold(text("TLS is on these ports, and only TLS:"), |text, (listen, name)| {
            text.and(format!(" {name} ")).lit(listen.to_string())
        }),
    };
    let clients = match secure.clients {
        ClientCertificates::Required => "Who calls over TLS must show a certificate that is trusted.",
        ClientCertificates::Optional => {
            "Who calls over TLS may show a certificate, which must be one that is trusted."
        }
        ClientCertificates::None => "Who calls over TLS is not asked for a certificate.",
    };
    let called = text("A peer is called over TLS if its ")
        .lit("[[peer]]")
        .and(" says so. It must show a certificate for its host, or one that it is known by.");
    let keys = "Certificates are PEM files; SIGHUP has them read anew. A certificate is trusted if an authority in \
                tls.ca vouches for it, or if its SHA-256 fingerprint is that of a configured peer; revocation lists are \
                not read. Sessions are not resumed.";
    let columns: Vec<&str> =
        ["Cipher suite", "TLS"].into_iter().chain(PROFILES.iter().map(|profile| profile.name())).collect();
    Section::new("", "Secure Transport Connection Profiles")
        .list(vec![
            ports,
            text(format!("In force: the {}.", secure.profile.name())),
            clients.into(),
            called,
            keys.into(),
        ])
        .say(
            "Neither profile negotiates a version of TLS before 1.2, so the first has no downgrading either. Key exchange is \
             ECDHE over X25519, P-256 or P-384; suites with DHE are not supported, although the profiles name them.",
        )
        .table("Cipher suites", &columns, SUITES.iter().map(suite).collect())
}

fn suite(suite: &'static secure_transport::Suite) -> Vec<Text> {
    let version = match suite.version {
        TlsVersion::V1_2 => "1.2",
        TlsVersion::V1_3 => "1.3",
    };
    let of = |profile: &Profile| match (suite.profiles.contains(profile), suite.is_supported()) {
        (true, true) => "yes",
        (true, false) => "named, not supported",
        (false, _) => "no",
    };
    let mut row = vec![literal(suite.name), version.into()];
    row.extend(PROFILES.iter().map(|profile| of(profile).into()));
    row
}
