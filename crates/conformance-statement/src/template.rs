//! The order of the chapters.

use crate::classes::SyntaxSets;
use crate::document::{Block, Document, Section, text};
use crate::facts::{Acceptor, Facts};
use crate::{
    annexes, associations, character_sets, commitment, configuration, contexts, introduction, model,
    overview, query, retrieve, security, storage, timers,
};

/// Whose order the chapters have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Template {
    /// PS3.2 annex N, which holds today: services first, associations and networks behind them.
    N,
    /// PS3.2 annex A, which came before it: each AE with all that belongs to it.
    A,
}

/// The statement.
pub fn statement(facts: &Facts<'_>, template: Template) -> Document {
    let (annex, rest) = match template {
        Template::N => ("N", by_service(facts)),
        Template::A => ("A", by_entity(facts)),
    };
    let mut contents = Section::new("", "Table of Contents");
    contents.blocks.push(Block::Contents);
    let mut chapters = vec![overview::section(facts), contents, introduction::section(facts, annex)];
    chapters.extend(rest);
    Document { title: "DICOM Conformance Statement of Isocenter".to_owned(), chapters }
}

fn by_service(facts: &Facts<'_>) -> Vec<Section> {
    let policies = |acceptor: &Acceptor<'_>| {
        let name = acceptor.entity.name;
        Section::new("", format!("{name} AE"))
            .with(associations::acceptor_policies(facts, acceptor))
            .with([begins(facts, acceptor)])
            .with([associations::acceptance(facts, acceptor), contexts::accepted(facts, acceptor)])
    };
    let exporter = Section::new("", "STORAGE-SCU AE")
        .with(associations::exporter_policies(facts))
        .with([associations::initiation(facts), contexts::proposed(facts)]);
    vec![
        Section::new("model", "Implementation Model").with(model::sections(facts)),
        Section::new("services", "Service and Interoperability Description")
            .with([storage::verification(), storage::provider(facts), storage::user(facts)])
            .with(commitment::section(facts))
            .with([query::section(facts), retrieve::section(facts), storage::common_statuses()])
            .with([web(), media(), character_sets::section()]),
        Section::new("configuration", "Configuration").with(configuration::sections(facts)),
        Section::new("network", "Network and Media Communication Details").with([
            interfaces(),
            Section::new("contexts", "Application Entities").with([
                policies(&facts.storage_scp),
                policies(&facts.query_retrieve_scp),
                exporter,
            ]),
            SyntaxSets::of(facts).section(),
            timers::section(facts),
        ]),
        security::section(facts),
        Section::new("annexes", "Annexes").with(annexes::sections(facts)),
    ]
}

fn by_entity(facts: &Facts<'_>) -> Vec<Section> {
    let entity = |acceptor: &Acceptor<'_>, specific: Vec<Section>| {
        let name = acceptor.entity.name;
        Section::new("", format!("{name} AE Specification")).with([
            sop_classes(),
            Section::new("", "Association Policies").with(associations::acceptor_policies(facts, acceptor)),
            begins(facts, acceptor),
            associations::acceptance(facts, acceptor).with([
                contexts::accepted(facts, acceptor),
                Section::new("", "SOP Specific Conformance").with(specific),
            ]),
        ])
    };
    let exporter = Section::new("", "STORAGE-SCU AE Specification").with([
        sop_classes(),
        Section::new("", "Association Policies").with(associations::exporter_policies(facts)),
        associations::initiation(facts).with([contexts::proposed(facts), storage::user(facts)]),
        Section::new("", "Association Acceptance Policy").say("STORAGE-SCU accepts no association."),
    ]);
    let specifications = Section::new("contexts", "AE Specifications").with([
        exporter,
        entity(&facts.query_retrieve_scp, vec![query::section(facts), retrieve::section(facts)]),
        entity(
            &facts.storage_scp,
            [storage::verification(), storage::provider(facts)]
                .into_iter()
                .chain(commitment::section(facts))
                .chain([storage::common_statuses()])
                .collect(),
        ),
        SyntaxSets::of(facts).section(),
    ]);
    vec![
        Section::new("networking", "Networking").with([
            Section::new("model", "Implementation Model").with(model::sections(facts)),
            specifications,
            interfaces(),
            Section::new("configuration", "Configuration")
                .with(configuration::sections(facts))
                .with([timers::section(facts)]),
        ]),
        media(),
        character_sets::section(),
        security::section(facts),
        Section::new("annexes", "Annexes").with(annexes::sections(facts)),
    ]
}

/// When an SCP begins associations.
fn begins(facts: &Facts<'_>, acceptor: &Acceptor<'_>) -> Section {
    let name = acceptor.entity.name;
    if name == facts.storage_scp.entity.name {
        return commitment::initiation(facts);
    }
    Section::new("", format!("Association Initiation Policy of {name}"))
        .say(format!("{name} begins no association."))
}

fn sop_classes() -> Section {
    Section::new("", "SOP Classes")
        .say(text("The SOP classes with their UIDs and roles are in section ").see("overview").and("."))
}

fn interfaces() -> Section {
    Section::new("", "Network Interfaces").say(
        "TCP/IP, over whatever the operating system has (IPv4 and IPv6); host names are looked up by its resolver. The \
         upper layer is that of PS3.8, over TCP or over TLS (see the chapter on security).",
    )
}

fn web() -> Section {
    Section::new("", "DICOM Web Services").say("None (PS3.18).")
}

fn media() -> Section {
    Section::new("", "Media Interchange").say("None (PS3.11).")
}
