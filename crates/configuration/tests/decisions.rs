//! The table of decisions is whole, agrees with the settings, and with the page that is printed from it.

use configuration::{decisions, decisions_page, find};

const DIFFERING: usize = 25;
const SILENT: usize = 97;

#[test]
fn every_row_is_decided_once_and_in_order() {
    let rows = |series: &'static str, count| (1..=count).map(move |n| format!("{series}-{n:03}"));
    let expected: Vec<String> = rows("DIF", DIFFERING).chain(rows("SIL", SILENT)).collect();
    assert_eq!(decisions().map(|decision| decision.id).collect::<Vec<_>>(), expected);
}

#[test]
fn where_the_presets_differ_a_setting_does() {
    for decision in decisions().filter(|decision| decision.annex_f.is_some()) {
        let differs = |key| find(key).is_some_and(|setting| setting.standard != setting.annex_f);
        assert!(decision.settings().any(differs), "{}: no setting of its own", decision.id);
    }
}

#[test]
fn settings_name_decisions_that_there_are() {
    for setting in configuration::settings() {
        let decided = setting.requirements.iter().filter(|id| id.starts_with("DIF") || id.starts_with("SIL"));
        for id in decided {
            assert!(decisions().any(|decision| decision.id == *id), "{}: {id}", setting.key);
        }
    }
}

#[test]
fn every_text_is_a_clause_that_fits_a_cell() {
    for decision in decisions() {
        for text in [decision.subject, decision.standard, decision.annex_f.unwrap_or("same"), decision.reason]
        {
            assert!(
                !text.is_empty() && !text.ends_with('.') && !text.contains(['|', '\n']),
                "{}",
                decision.id
            );
        }
        assert_ne!(Some(decision.standard), decision.annex_f, "{}", decision.id);
    }
}

/// Rewrites the page when `ISOCENTER_PRINT_DOCS` is set; else compares.
#[test]
fn the_printed_decisions_are_fresh() {
    let page = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference/decisions.md");
    if std::env::var_os("ISOCENTER_PRINT_DOCS").is_some() {
        std::fs::write(&page, decisions_page()).unwrap();
    }
    let printed = std::fs::read_to_string(&page).unwrap_or_default();
    assert!(
        printed == decisions_page(),
        "docs/reference/decisions.md is stale: ISOCENTER_PRINT_DOCS=1 cargo test -p configuration"
    );
}
