use configuration::{Sources, effective};

use super::*;

fn printed(settings: &[&str], format: Format, template: cli::Template) -> String {
    let sources = settings.iter().fold(Sources::default(), |sources, setting| sources.set(*setting));
    let Ok(effective) = effective(&sources) else { panic!("{settings:?} is refused") };
    print(&effective, format, template).unwrap_or_else(|Failure(words)| panic!("{words}"))
}

fn standard() -> String {
    printed(&[], Format::Markdown, cli::Template::N)
}

/// Rewrites the page when `ISOCENTER_PRINT_DOCS` is set; else compares.
#[test]
fn the_printed_statement_is_fresh() {
    let page = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/conformance-statement.md");
    if std::env::var_os("ISOCENTER_PRINT_DOCS").is_some() {
        std::fs::write(&page, standard()).unwrap();
    }
    let on_disk = std::fs::read_to_string(&page).unwrap_or_default();
    assert!(
        on_disk == standard(),
        "docs/conformance-statement.md is stale: ISOCENTER_PRINT_DOCS=1 cargo test -p isocenter statement"
    );
}

/// The number and title of each heading of the first depth.
fn chapters(page: &str) -> Vec<&str> {
    page.lines().filter_map(|line| line.strip_prefix("## ")).collect()
}

#[test]
fn the_chapters_stand_in_the_order_of_the_template() {
    assert_eq!(
        chapters(&standard()),
        [
            "1 Conformance Statement Overview",
            "2 Table of Contents",
            "3 Introduction",
            "4 Implementation Model",
            "5 Service and Interoperability Description",
            "6 Configuration",
            "7 Network and Media Communication Details",
            "8 Security",
            "9 Annexes"
        ]
    );
    let annex_a = printed(&[], Format::Markdown, cli::Template::A);
    assert_eq!(
        chapters(&annex_a),
        [
            "1 Conformance Statement Overview",
            "2 Table of Contents",
            "3 Introduction",
            "4 Networking",
            "5 Media Interchange",
            "6 Support of Character Sets",
            "7 Security",
            "8 Annexes"
        ]
    );
    for heading in
        ["4.1 Implementation Model", "4.2 AE Specifications", "4.3 Network Interfaces", "4.4 Configuration"]
    {
        assert!(annex_a.contains(&format!("\n### {heading}\n")), "{heading}");
    }
}

/// Both templates say the same: each table of the one is in the other.
#[test]
fn both_templates_have_the_same_tables() {
    let tables = |page: &str| -> Vec<String> {
        let captions = page.lines().filter_map(|line| line.strip_prefix("**Table ")?.split_once(". "));
        let mut captions: Vec<String> = captions.map(|(_, caption)| caption.to_owned()).collect();
        captions.sort();
        captions
    };
    assert_eq!(tables(&standard()), tables(&printed(&[], Format::Markdown, cli::Template::A)));
}

#[test]
fn each_reference_leads_to_a_section_that_is_there_once() {
    for template in [cli::Template::N, cli::Template::A] {
        let page = printed(&[], Format::Html, template);
        let anchors: Vec<&str> =
            page.split("id=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
        for link in page.split("href=\"#").skip(1).filter_map(|rest| rest.split('"').next()) {
            assert_eq!(anchors.iter().filter(|anchor| **anchor == link).count(), 1, "{link}");
        }
        // A reference that leads nowhere prints its id in place of a number.
        for words in page.split(" section ").skip(1).filter(|words| !words.starts_with("by section")) {
            assert!(words.starts_with("<a "), "{}", words.chars().take(40).collect::<String>());
        }
    }
}

#[test]
fn each_row_has_as_many_cells_as_its_table_has_columns() {
    let page = standard();
    let mut columns = None;
    for line in page.lines() {
        let cells = line.strip_prefix('|').map(|line| line.replace("\\|", "").matches('|').count());
        match (cells, columns) {
            (Some(cells), Some(columns)) => assert_eq!(cells, columns, "{line}"),
            _ => columns = cells,
        }
    }
}

#[test]
fn what_the_configuration_says_is_stated() {
    let page = printed(
        &[
            "storage-scp.ae-title=A<b>|*c*",
            "storage-scp.associations=7",
            "storage-scp.sop-classes-added=1.2.3.4.5",
            "storage-scp.idle-timeout=90 s",
            "query-retrieve-scp.get=false",
        ],
        Format::Markdown,
        cli::Template::N,
    );
    assert!(page.contains("`A<b>\\|*c*`"), "the title, escaped");
    assert!(page.contains("| 7, all calling AEs together |"));
    assert!(page.contains("| Private SOP class | `1.2.3.4.5` | Yes | Yes |"));
    assert!(page.contains("no request comes for 90 s"));
    assert!(page.contains("C-GET is not offered."));
    assert!(page.contains("| `storage-scp.associations` | `10` | `7` |"));
}

#[test]
fn the_annex_f_statement_differs_where_its_behaviour_does() {
    let annex_f = printed(&["preset=annex-f"], Format::Markdown, cli::Template::N);
    let standard = standard();
    for (id, only_standard) in [
        ("sil_001", "Query/Retrieve Information Model - GET"),
        ("qr_001", "Patient/Study Only"),
        ("qr_087", "| Warning | B000 |"),
        ("qr_013", "Explicit VR Big Endian"),
        ("qr_026", "ModalitiesInStudy"),
    ] {
        assert!(standard.contains(only_standard), "{id}: {only_standard}");
        assert!(!annex_f.contains(only_standard), "{id}: {only_standard}");
    }
    for (id, only_annex_f) in [
        ("qr_075", "| Failure | C001 |"),
        ("qr_019", "7 (called AE title not recognized)"),
        ("gen_019", "| 16384 bytes |"),
        ("qr_035", "| PatientBirthDate | `(0010,0030)` | DA | O | S, U |"),
        ("qr_040", "| StudyTime | `(0008,0030)` | TM | R | R, U |"),
    ] {
        assert!(annex_f.contains(only_annex_f), "{id}: {only_annex_f}");
        assert!(!standard.contains(only_annex_f), "{id}: {only_annex_f}");
    }
}
