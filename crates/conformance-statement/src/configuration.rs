//! Configuration: titles, addresses, remote AEs, and every parameter.

use application_entity::Peer;

use crate::access;
use crate::document::{Section, Text, literal, text};
use crate::facts::{Facts, SettingLine};

pub(crate) fn sections(facts: &Facts<'_>) -> Vec<Section> {
    vec![local(facts), remote(facts), parameters(facts)]
}

fn local(facts: &Facts<'_>) -> Section {
    let scu = &facts.storage_scu.export.initiation.ae_title;
    let mut rows = vec![vec!["STORAGE-SCU".into(), literal(scu.as_str()), "None".into(), "None".into()]];
    for acceptor in [&facts.storage_scp, &facts.query_retrieve_scp] {
        rows.push(vec![
            acceptor.entity.name.into(),
            literal(acceptor.entity.ae_title.as_str()),
            literal(acceptor.listen.ip().to_string()),
            acceptor.listen.port().to_string().into(),
        ]);
    }
    Section::new("local", "Local AE Titles and Presentation Addresses").table(
        "Local AEs",
        &["Application Entity", "AE title", "Address listened on", "TCP port"],
        rows,
    )
}

fn remote(facts: &Facts<'_>) -> Section {
    let section = Section::new("remote", "Remote AE Titles and Presentation Addresses");
    if facts.acquaintances.peers.iter().next().is_none() {
        return section.say(
            text("No remote AE is configured, so every C-MOVE is refused with A801 until the configuration has one as ")
                .lit("[[peer]]")
                .and("."),
        );
    }
    let rows = facts.acquaintances.peers.iter().map(|peer| {
        let Peer { ae_title, host, port, user: _, calls_from, tls, certificates, rights } = peer;
        let from = match calls_from {
            None => "anywhere".to_owned(),
            Some(ranges) => ranges.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
        };
        let from = match certificates.len() {
            0 => from,
            1 => format!("{from}, with its certificate"),
            count => format!("{from}, with one of its {count} certificates"),
        };
        let port = if *tls { format!("{port}, TLS") } else { port.to_string() };
        let (title, host) = (literal(ae_title.as_str()), literal(host.as_str()));
        vec![title, host, port.into(), from.into(), access::in_words(rights).into()]
    });
    section.table("Remote AEs", &["AE title", "Host", "TCP port", "May call from", "May"], rows.collect())
}

fn parameters(facts: &Facts<'_>) -> Section {
    let mut section = Section::new("parameters", "Parameters").say(
        text("Every parameter can be configured: in the file, by an environment variable, on the command line. Defaults are \
              those of the preset ")
            .lit(facts.preset)
            .and(". ")
            .lit("docs/reference/settings.md")
            .and(" explains each."),
    );
    for part in &facts.settings {
        section = section.table(
            part.about.trim_end_matches('.'),
            &["Parameter", "Setting", "Default", "In force", "A change holds"],
            part.settings.iter().map(parameter).collect(),
        );
    }
    section
}

fn parameter(line: &SettingLine<'_>) -> Vec<Text> {
    let SettingLine { key, caption, default, value, takes_effect } = line;
    let in_force = if default == value { text("default") } else { literal(value.as_str()) };
    vec![(*caption).into(), literal(*key), literal(default.as_str()), in_force, (*takes_effect).into()]
}
