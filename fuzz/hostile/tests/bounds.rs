//! The bounds, as they are printed.
#![allow(clippy::unwrap_used, reason = "a test")]

use std::fmt::Write;
use std::path::Path;

use vocabulary::limits::Bound;

const ABOUT: &str = "# Bounds

What a peer, or what it stored, can have of something at most. None of these is a setting: each is far beyond real use, and
what is beyond it is refused, or left out where the sentence says so. How long is waited, and how many associations there
may be, is in [settings.md](settings.md). Printed from the tables that the code runs on.
";

fn page() -> String {
    let tables: [(&str, &[Bound]); 3] = [
        ("Protocol and data sets", vocabulary::limits::TABLE),
        ("Queries and the catalog", catalog::limits::TABLE),
        ("Conversion", conversion::limits::TABLE),
    ];
    let mut page = ABOUT.to_owned();
    for (title, bounds) in tables {
        write!(page, "\n## {title}\n\n| bound | value | what and why |\n|---|---:|---|\n").unwrap();
        for Bound { name, value, unit, reason } in bounds {
            let reason = reason.trim().replace("[`vocabulary::limits::", "[`").replace(['[', ']'], "");
            writeln!(page, "| `{name}` | {} {unit} | {reason} |", grouped(*value)).unwrap();
        }
    }
    page
}

/// A number with its thousands apart.
fn grouped(value: u64) -> String {
    let digits = value.to_string();
    let first = digits.len() % 3;
    let mut text = digits[..first].to_owned();
    for (at, digit) in digits.char_indices().skip(first) {
        if at >= first && (at - first).is_multiple_of(3) && at > 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Rewrites the page when `ISOCENTER_PRINT_DOCS` is set; else compares.
#[test]
fn the_printed_bounds_are_fresh() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference/bounds.md");
    if std::env::var_os("ISOCENTER_PRINT_DOCS").is_some() {
        std::fs::write(&path, page()).unwrap();
    }
    let printed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        printed == page(),
        "docs/reference/bounds.md is stale: ISOCENTER_PRINT_DOCS=1 cargo test -p hostile bounds"
    );
}

#[test]
fn every_bound_says_what_it_counts_and_why() {
    for bound in [vocabulary::limits::TABLE, catalog::limits::TABLE, conversion::limits::TABLE].concat() {
        assert!(bound.value > 0 && !bound.unit.is_empty(), "{bound:?}");
        assert!(bound.reason.trim().ends_with('.') && bound.reason.len() > 20, "{bound:?}");
    }
}
