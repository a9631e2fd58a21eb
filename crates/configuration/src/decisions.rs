//! What was decided where PS3.2 Annex F contradicts itself or the standard (DIF), and where it is silent (SIL).
//!
//! A decision that an operator can change has a setting, which names the row among its requirements. Where the presets
//! differ there is always one.

use crate::explain::append;
use crate::settings::{SECTIONS, Section};

mod annex_f_differs;
mod annex_f_is_silent;

/// One decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decision {
    /// The row that is decided: DIF-001, SIL-001.
    pub id: &'static str,
    /// What it is about.
    pub subject: &'static str,
    /// What `preset = "standard"` does: a clause.
    pub standard: &'static str,
    /// What `preset = "annex-f"` does; none: the same.
    pub annex_f: Option<&'static str>,
    /// Why.
    pub reason: &'static str,
}

/// Every decision, in the order of their ids.
pub fn decisions() -> impl Iterator<Item = &'static Decision> {
    annex_f_differs::DECISIONS.iter().chain(annex_f_is_silent::DECISIONS)
}

impl Decision {
    /// Both presets do the same.
    const fn both(
        id: &'static str,
        subject: &'static str,
        standard: &'static str,
        reason: &'static str,
    ) -> Self {
        Self { id, subject, standard, annex_f: None, reason }
    }

    /// The presets differ.
    const fn each(
        id: &'static str,
        subject: &'static str,
        standard: &'static str,
        annex_f: &'static str,
        reason: &'static str,
    ) -> Self {
        Self { id, subject, standard, annex_f: Some(annex_f), reason }
    }

    /// The keys of the settings that change it.
    pub fn settings(&self) -> impl Iterator<Item = &'static str> {
        let id = self.id;
        let all = SECTIONS.iter().flat_map(Section::settings);
        all.filter(move |setting| setting.requirements.contains(&id)).map(|setting| setting.key)
    }
}

/// `docs/reference/decisions.md`.
pub fn decisions_page() -> String {
    let mut page = String::from(INTRODUCTION);
    for decision in decisions() {
        let settings: Vec<String> = decision.settings().map(|key| format!("`{key}`")).collect();
        let settings = if settings.is_empty() { "-".to_owned() } else { settings.join(", ") };
        let Decision { id, subject, standard, reason, .. } = decision;
        let annex_f = decision.annex_f.unwrap_or("the same");
        append(
            &mut page,
            format_args!("| {id} | {subject} | {standard} | {annex_f} | {settings} | {reason} |\n"),
        );
    }
    page
}

const INTRODUCTION: &str = "\
# Decisions

Printed from the table in `crates/configuration`. The sample of PS3.2 Annex F contradicts itself or a normative part in
some places (DIF) and is silent in others (SIL). `preset = \"annex-f\"` takes the annex at its word; `preset = \"standard\"`
keeps to PS3.4, PS3.7 and PS3.8, and otherwise to what the workstations and modalities in use need. Where the two differ
there is a setting for each difference.

| row | subject | `standard` | `annex-f` | settings | why |
|---|---|---|---|---|---|
";
