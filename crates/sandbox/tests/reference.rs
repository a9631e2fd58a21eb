//! The page that is printed from the tables.

#![cfg(target_arch = "x86_64")]
#![allow(clippy::expect_used, reason = "tests")]

use std::collections::HashSet;

use sandbox::calls::{ALLOWED, FORBIDDEN};

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/reference/sandbox.md");

/// Rewrites the page when `ISOCENTER_PRINT_DOCS` is set; else compares.
#[test]
fn the_reference_is_fresh() {
    let printed = sandbox::reference();
    if std::env::var_os("ISOCENTER_PRINT_DOCS").is_some() {
        std::fs::write(PAGE, printed).expect("docs/reference can be written");
        return;
    }
    let page = std::fs::read_to_string(PAGE).unwrap_or_default();
    assert!(
        page == printed,
        "docs/reference/sandbox.md is stale: ISOCENTER_PRINT_DOCS=1 cargo test -p sandbox"
    );
}

#[test]
fn no_call_has_two_rows() {
    for table in [ALLOWED, FORBIDDEN] {
        let mut seen = HashSet::new();
        assert!(table.iter().all(|call| seen.insert(call.name)), "one call twice");
    }
}
