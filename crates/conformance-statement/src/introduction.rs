//! The introduction that PS3.2 asks for.

use crate::document::{Section, text};
use crate::facts::Facts;

const ABBREVIATIONS: &[(&str, &str)] = &[
    ("ACSE", "Association Control Service Element"),
    ("AE", "Application Entity"),
    ("ARTIM", "the timer of PS3.8 that bounds waits without an association"),
    ("DIMSE", "DICOM Message Service Element"),
    ("PDU", "Protocol Data Unit"),
    ("SCP, SCU", "Service Class Provider, Service Class User"),
    ("SOP", "Service-Object Pair"),
    ("UID", "Unique Identifier"),
    ("VR", "Value Representation"),
];

const TERMS: &[(&str, &str)] = &[
    ("catalog", "what Isocenter knows of the patients, studies, series and instances that it holds"),
    ("vault", "the directory in which each instance is a file (PS3.10)"),
    ("holdings", "catalog and vault together"),
    ("service log", "the lines that the server writes to standard error"),
    ("service staff", "who may use the command line on the machine of the server"),
];

pub(crate) fn section(facts: &Facts<'_>, annex: &str) -> Section {
    Section::new("introduction", "Introduction").with([
        Section::new("", "Revision History").table(
            "Revisions",
            &["Release", "Description"],
            vec![vec![
                facts.version.into(),
                text("Printed by ").lit("isocenter statement").and(" from the tables that this release runs on"),
            ]],
        ),
        Section::new("", "Audience").say(
            "This statement is for those who connect other systems to Isocenter: administrators of archives, \
             integrators, service engineers. They are expected to know the terms of DICOM.",
        ),
        Section::new("", "Remarks").list(vec![
            text(format!(
                "The chapters follow the template of PS3.2 annex {annex}. Statuses and tags are hexadecimal."
            )),
            text(
                "Two statements that agree do not prove that two systems work together. Test each pair before it is \
                 used for patients.",
            ),
            text("A change of the configuration changes this statement: print it anew. What differs between the presets is listed in ")
                .lit("docs/reference/settings.md")
                .and("."),
        ]),
        Section::new("", "Terms and Abbreviations").table(
            "Terms of this statement",
            &["Term", "Meaning"],
            TERMS.iter().chain(ABBREVIATIONS).map(|(term, meaning)| vec![text(*term), text(*meaning)]).collect(),
        ),
        Section::new("", "References").say(
            "DICOM, Digital Imaging and Communications in Medicine, NEMA PS3 / ISO 12052, Rosslyn, VA, USA, in the \
             edition that holds, at dicomstandard.org.",
        ),
    ])
}
