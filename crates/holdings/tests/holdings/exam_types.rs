//! The exam types of series: the same however an instance comes into the catalog.

use std::path::Path;

use catalog::ExamTypes;
use holdings::{CorrectionRequest, Holdings, HoldingsRules, Named};

use crate::support::*;

fn rules(entries: &[&str]) -> HoldingsRules {
    let entries = entries.iter().map(|entry| (*entry).to_owned());
    HoldingsRules { exam_types: ExamTypes::new(entries), ..HoldingsRules::default() }
}

fn exam_types(data: &Path) -> Vec<(String, String)> {
    let connection = rusqlite::Connection::open(data.join("catalog.sqlite")).unwrap();
    let mut select =
        connection.prepare("SELECT series_instance_uid, exam_type FROM series ORDER BY 1").unwrap();
    let rows = select.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    rows.collect::<Result<_, _>>().unwrap()
}

fn said(series: &str, exam_type: &str) -> (String, String) {
    (series.to_owned(), exam_type.to_owned())
}

fn reindexed(data: &Path, rules: HoldingsRules) {
    let mut findings = Vec::new();
    Holdings::reindex(data, rules, &mut |_| {}, &mut |finding| findings.push(finding.clone())).unwrap();
    assert_eq!(findings, []);
}

/// Holdings with a series of knees and one of another study.
fn with_knees(data: &Path, rules: HoldingsRules) -> Holdings {
    let mut holdings = Holdings::open(data, rules).unwrap();
    let knee = Instance { study_description: Some("KNEE"), ..Instance::new("1.2.3.4.1") };
    let other = Instance { study: Some("1.3"), series: Some("1.3.4"), ..Instance::new("1.3.4.1") };
    for instance in [&knee, &other] {
        let _kept = keep(&mut holdings, instance).unwrap();
    }
    holdings
}

#[test]
fn iod_009_what_is_stored_gets_it_and_a_reindex_holds_all_against_the_list_in_force() {
    let data = tempfile::tempdir().unwrap();
    drop(with_knees(data.path(), rules(&["Knee", "Hip"])));
    let knee = [said("1.2.3.4", "Knee"), said("1.3.4", "")];
    assert_eq!(exam_types(data.path()), knee);
    reindexed(data.path(), rules(&["Knee", "Hip"]));
    assert_eq!(exam_types(data.path()), knee);
    reindexed(data.path(), rules(&["knee joint", "knee"]));
    assert_eq!(exam_types(data.path()), [said("1.2.3.4", "knee"), said("1.3.4", "")]);
    reindexed(data.path(), rules(&[]));
    assert_eq!(exam_types(data.path()), [said("1.2.3.4", ""), said("1.3.4", "")]);
}

#[test]
fn what_a_reconciliation_finds_gets_it_too() {
    let data = tempfile::tempdir().unwrap();
    drop(with_knees(data.path(), rules(&["Knee"])));
    std::fs::remove_file(data.path().join("catalog.sqlite")).unwrap();
    let mut holdings = Holdings::open(data.path(), rules(&["Knee"])).unwrap();
    start(&mut holdings);
    assert_eq!(exam_types(data.path()), [said("1.2.3.4", "Knee"), said("1.3.4", "")]);
}

#[test]
fn a_correction_of_what_it_was_made_from_leaves_it_and_so_does_taking_that_back() {
    let data = tempfile::tempdir().unwrap();
    let mut holdings = with_knees(data.path(), rules(&["Knee", "Hip"]));
    let before = exam_types(data.path());
    let request = CorrectionRequest {
        of: Named::Study(uid("1.2.3")),
        values: vec![("StudyDescription".to_owned(), "Hip".to_owned())],
        merge: false,
        by: "staff".to_owned(),
        reason: String::new(),
    };
    holdings.correct(&request, noon(1)).unwrap();
    assert_eq!(exam_types(data.path()), before);
    holdings.undo_correction(1, "staff", noon(2)).unwrap();
    assert_eq!(exam_types(data.path()), before);
}

#[test]
fn it_is_no_value_that_a_correction_could_give() {
    let data = tempfile::tempdir().unwrap();
    let mut holdings = with_knees(data.path(), rules(&["Knee"]));
    let request = CorrectionRequest {
        of: Named::Series(uid("1.2.3.4")),
        values: vec![("ExamType".to_owned(), "Hip".to_owned())],
        merge: false,
        by: "staff".to_owned(),
        reason: String::new(),
    };
    let refused = holdings.correct(&request, noon(1)).unwrap_err().to_string();
    assert!(refused.contains("ExamType"), "{refused}");
    assert_eq!(exam_types(data.path())[0], said("1.2.3.4", "Knee"));
}
