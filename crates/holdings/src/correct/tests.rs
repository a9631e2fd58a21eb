use std::time::Duration;

use super::*;
use crate::HoldingsRules;

#[test]
fn a_file_of_the_journal_that_is_not_what_was_written_is_none() {
    let data = tempfile::tempdir().unwrap();
    let journal = Journal::new(data.path());
    assert_eq!((journal.next().unwrap(), journal.read().unwrap()), (1, vec![]));
    let identity = |id: &str| PatientIdentity { patient_id: id.to_owned(), issuer: "H\\1".to_owned() };
    let key = plan::key("PatientName").unwrap();
    let made = Correction {
        id: 7,
        of: Of::Patient(identity("P1")),
        changes: vec![Change { key, before: "Müller".to_owned(), after: "山田^太郎\r\n\"".to_owned() }],
        moved: Some(Moved { from: Some(identity("P1")), to: identity("P2"), merged: true }),
        instances: 12,
        at: SystemTime::UNIX_EPOCH + Duration::from_micros(1_795_436_582_123_456),
        by: "staff".to_owned(),
        reason: "letter of 2026-11-20".to_owned(),
        undone: None,
    };
    journal.write(&made).unwrap();
    assert_eq!((journal.next().unwrap(), journal.read().unwrap()), (8, vec![made.clone()]));
    journal.write_undone(7, "another", made.at).unwrap();
    let undone = Correction { undone: Some((made.at, "another".to_owned())), ..made };
    assert_eq!(journal.read().unwrap(), [undone]);

    let directory = data.path().join("corrections");
    let path = directory.join("7.made");
    let text = std::fs::read_to_string(&path).unwrap();
    for broken in
        [text.replace("P2", "P3"), text[..text.len() / 2].to_owned(), String::new(), "\n".to_owned()]
    {
        std::fs::write(&path, &broken).unwrap();
        assert!(matches!(journal.read(), Err(HoldingsError::Damaged { .. })), "{broken}");
        let mut found = Vec::new();
        assert_eq!(journal.read_reporting(&mut |finding| found.push(finding.clone())).unwrap(), []);
        assert_eq!(found.len(), 1);
    }
    std::fs::write(directory.join("notes.txt"), "?").unwrap();
    std::fs::write(directory.join("9.draft"), "{").unwrap();
    let mut found = Vec::new();
    journal.read_reporting(&mut |finding| found.push(finding.clone())).unwrap();
    assert!(found.contains(&Finding::Unknown(directory.join("notes.txt"))));
    assert_eq!(journal.next().unwrap(), 8);
}

#[test]
fn what_rests_on_a_correction_is_known() {
    let identity = |id: &str| PatientIdentity { patient_id: id.to_owned(), issuer: String::new() };
    let one = |id: u64, of: &str, moved: Option<(&str, bool)>| Correction {
        id,
        of: Of::Patient(identity(of)),
        changes: Vec::new(),
        moved: moved.map(|(to, merged)| Moved { from: Some(identity(of)), to: identity(to), merged }),
        instances: 0,
        at: SystemTime::UNIX_EPOCH,
        by: String::new(),
        reason: String::new(),
        undone: None,
    };
    let (renamed, named) = (one(1, "P1", Some(("P2", false))), one(1, "P1", None));
    assert!(one(2, "P2", None).rests_on(&renamed));
    assert!(one(2, "P2", Some(("P3", false))).rests_on(&renamed));
    assert!(one(2, "P9", Some(("P2", true))).rests_on(&renamed));
    assert!(!one(2, "P1", None).rests_on(&renamed));
    assert!(!renamed.rests_on(&one(2, "P2", None)));
    assert!(!one(2, "P1", None).rests_on(&named));
    assert!(one(2, "P9", Some(("P1", true))).rests_on(&named));
    let undone = Correction { undone: Some((SystemTime::UNIX_EPOCH, String::new())), ..one(2, "P2", None) };
    assert!(!undone.rests_on(&renamed));
    assert_eq!(named.patients(&[one(2, "P1", Some(("P2", false)))]), [identity("P1"), identity("P2")]);
}

#[test]
fn a_damaged_journal_is_not_forgotten_by_a_reindex() {
    let data = tempfile::tempdir().unwrap();
    drop(Holdings::open(data.path(), HoldingsRules::default()).unwrap());
    std::fs::create_dir(data.path().join("corrections")).unwrap();
    std::fs::write(data.path().join("corrections/1.made"), "{}").unwrap();
    let done = Holdings::reindex(data.path(), HoldingsRules::default(), &mut |_| {}, &mut |_| {});
    assert!(matches!(done, Err(HoldingsError::Damaged { .. })));
}
