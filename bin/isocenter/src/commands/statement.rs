//! `isocenter statement`: the DICOM Conformance Statement of what would run (PS3.2).

use application_entity::Entity;
use configuration::{AssociationsCounted, Effective, SECTIONS, TakesEffect, Words};
use conformance_statement::{
    Acceptor, Counted, Exporter, Facts, Secure, SettingLine, SettingSection, Template, Tool, render,
    statement,
};
use vocabulary::Uid;

use crate::cli::{self, Format, Statement};
use crate::commands::say::say;
use crate::commands::{Failure, configured, echo, find};
use crate::secure;
use crate::wiring::{QUERY_RETRIEVE_SCP, STORAGE_SCP, Wiring};

/// Prints the statement of the effective configuration.
pub(crate) fn run(arguments: &Statement) -> Result<(), Failure> {
    let effective = configured(&arguments.configured.sources())?;
    let page = print(&effective, arguments.format, arguments.template)?;
    say(format_args!("{page}"))?;
    Ok(())
}

fn print(effective: &Effective, format: Format, template: cli::Template) -> Result<String, Failure> {
    let wiring = Wiring::new(&effective.configuration)?;
    let template = match template {
        cli::Template::N => Template::N,
        cli::Template::A => Template::A,
    };
    let document = statement(&facts(effective, &wiring)?, template);
    Ok(match format {
        Format::Markdown => render::markdown(&document),
        Format::Html => render::html(&document),
    })
}

fn facts<'f>(effective: &'f Effective, wiring: &'f Wiring) -> Result<Facts<'f>, Failure> {
    let configuration = &effective.configuration;
    let query_retrieve = &wiring.query_retrieve_scp;
    let acceptor = |name: &str, acceptor: &configuration::Acceptor| -> Result<Acceptor<'f>, Failure> {
        let (listen, entity): &(_, Entity) =
            wiring
                .entities
                .iter()
                .find(|(_, entity)| entity.name == name)
                .ok_or_else(|| Failure(format!("{name} is not wired, which is a bug of ours")))?;
        let counted = match acceptor.associations_counted {
            AssociationsCounted::Total => Counted::Total,
            AssociationsCounted::PerCallingAe => {
                Counted::PerCallingAe { ceiling: configuration.supervisor.associations_ceiling }
            }
        };
        Ok(Acceptor { entity, listen: *listen, associations: acceptor.associations, counted })
    };
    Ok(Facts {
        version: env!("CARGO_PKG_VERSION"),
        preset: configuration.preset.as_str(),
        storage_scp: acceptor(STORAGE_SCP, &configuration.storage_scp.acceptor)?,
        query_retrieve_scp: acceptor(QUERY_RETRIEVE_SCP, &configuration.query_retrieve_scp.acceptor)?,
        storage_scu: Exporter {
            export: &query_retrieve.export.scu,
            associations: configuration.storage_scu.associations,
            response_timeout: query_retrieve.export.response_timeout,
            wait_for_turn: query_retrieve.export.wait_for_turn,
            warnings: query_retrieve.export.warnings,
        },
        network: &wiring.network,
        query_rules: &query_retrieve.query_rules,
        retrieve_rules: &query_retrieve.retrieve_rules,
        corrections: &query_retrieve.export.corrections,
        commitment: &wiring.commitment,
        holdings_rules: wiring.holdings.rules(),
        warns_of_coercion: wiring.storage_scp.warns_of_coercion,
        secure: Secure {
            ports: &wiring.secure.addresses,
            profile: secure::profile(configuration),
            clients: secure::clients(configuration),
        },
        acquaintances: &wiring.acquaintances,
        tools: tools(),
        settings: settings(effective),
    })
}

/// What STORAGE-SCU is called in the statement.
const STORAGE_SCU: &str = "STORAGE-SCU";

fn tools() -> Vec<Tool> {
    let uids = |uids: &[&'static str]| uids.iter().map(|uid| Uid::known(uid)).collect();
    vec![
        Tool {
            command: "isocenter echo",
            entity: STORAGE_SCU,
            purpose: "sends one C-ECHO, to see whether a peer is there",
            sop_classes: uids(&[echo::SOP_CLASS]),
            transfer_syntaxes: uids(&[echo::TRANSFER_SYNTAX]),
        },
        Tool {
            command: "isocenter echo --storage-scp",
            entity: STORAGE_SCP,
            purpose: "sends one C-ECHO, to see whether notifications would reach a peer",
            sop_classes: Vec::new(),
            transfer_syntaxes: Vec::new(),
        },
        Tool {
            command: "isocenter find",
            entity: STORAGE_SCU,
            purpose: "sends one C-FIND, to see what a peer has",
            sop_classes: uids(&find::SOP_CLASSES),
            transfer_syntaxes: uids(&[find::TRANSFER_SYNTAX]),
        },
        Tool {
            command: "isocenter send",
            entity: STORAGE_SCU,
            purpose: "sends files as orders are sent, but on behalf of nobody",
            sop_classes: Vec::new(),
            transfer_syntaxes: Vec::new(),
        },
    ]
}

/// Every setting that this version heeds, but the remote AEs, which have a table of their own.
fn settings(effective: &Effective) -> Vec<SettingSection<'_>> {
    let preset = effective.configuration.preset;
    let line = |setting: &'static configuration::Setting| {
        let holding = effective.holding(setting.key)?;
        let default = setting.kind.read(setting.default_text(preset))?;
        Some(SettingLine {
            key: setting.key,
            caption: setting.caption,
            default: default.to_toml(),
            value: holding.value.to_toml(),
            takes_effect: setting.takes_effect.as_str(),
        })
    };
    let sections = SECTIONS.iter().filter(|section| !section.repeated).map(|section| {
        let heeded = section.settings().filter(|setting| setting.takes_effect != TakesEffect::NotYet);
        SettingSection { about: section.about, settings: heeded.filter_map(line).collect() }
    });
    sections.filter(|section| !section.settings.is_empty()).collect()
}

#[cfg(test)]
mod tests;
