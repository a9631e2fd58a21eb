use std::fs;
use std::io::Write;

use super::*;
use crate::event::Node;
use crate::verify::{Finding, verify};

fn settings(directory: &Path) -> TrailSettings {
    TrailSettings { directory: directory.join("audit"), file_bytes_max: 1 << 20, source: "TEST".to_owned() }
}

fn event(name: &str) -> Event {
    let peer = Node { name: name.to_owned(), host: String::new() };
    Event::new(SystemTime::UNIX_EPOCH, What::Associated { peer, called: "ISO".to_owned() })
}

fn events(count: usize) -> Vec<Event> {
    (0..count).map(|number| event(&format!("PEER{number}"))).collect()
}

/// A trail of so many records, all on the disk.
fn written(settings: &TrailSettings, count: usize) {
    let mut trail = Trail::open(settings.clone()).unwrap();
    trail.append(&events(count)).unwrap();
    trail.sync().unwrap();
}

fn only_file(settings: &TrailSettings) -> PathBuf {
    let files = files::list(&settings.directory).unwrap();
    assert_eq!(files.len(), 1);
    files[0].1.clone()
}

fn lines(path: &Path) -> Vec<String> {
    fs::read_to_string(path).unwrap().lines().map(str::to_owned).collect()
}

fn findings(settings: &TrailSettings) -> Vec<Finding> {
    verify(&settings.directory, None).unwrap().findings
}

#[test]
fn what_is_written_in_several_runs_is_one_chain() {
    let folder = tempfile::tempdir().unwrap();
    let settings = settings(folder.path());
    for _ in 0..3 {
        written(&settings, 4);
    }
    let verified = verify(&settings.directory, None).unwrap();
    assert_eq!((verified.records, verified.files, verified.last.number), (12, 1, 12));
    assert_eq!(verified.findings, []);
}

#[test]
fn a_long_file_is_followed_by_another_and_the_chain_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let settings = TrailSettings { file_bytes_max: 1_000, ..settings(folder.path()) };
    let mut trail = Trail::open(settings.clone()).unwrap();
    for event in events(20) {
        trail.append(&[event]).unwrap();
    }
    trail.sync().unwrap();
    drop(trail);
    written(&settings, 1);
    let verified = verify(&settings.directory, None).unwrap();
    assert!(verified.files > 5, "{}", verified.files);
    assert_eq!((verified.records, verified.findings), (21, vec![]));
    // A whole file that is taken away is missed.
    let files = files::list(&settings.directory).unwrap();
    fs::remove_file(&files[2].1).unwrap();
    assert!(matches!(findings(&settings)[..], [Finding::OutOfOrder { .. }]));
}

#[test]
fn only_one_writes() {
    let folder = tempfile::tempdir().unwrap();
    let settings = settings(folder.path());
    let first = Trail::open(settings.clone()).unwrap();
    assert!(matches!(Trail::open(settings.clone()), Err(AuditError::Busy { .. })));
    drop(first);
    Trail::open(settings).unwrap();
}

#[test]
fn what_was_recorded_after_the_head_before_a_crash_stays_and_half_a_record_goes() {
    let folder = tempfile::tempdir().unwrap();
    let settings = settings(folder.path());
    written(&settings, 2);
    let mut trail = Trail::open(settings.clone()).unwrap();
    trail.append(&events(3)).unwrap();
    assert!(trail.is_ahead_of_head());
    drop(trail);
    let path = only_file(&settings);
    OpenOptions::new().append(true).open(&path).unwrap().write_all(b"6 0123abc").unwrap();
    assert_eq!(findings(&settings), []);
    written(&settings, 1);
    let verified = verify(&settings.directory, None).unwrap();
    assert_eq!((verified.records, verified.findings), (6, vec![]));
}

#[test]
fn a_head_that_is_of_the_file_before_is_gone_on_from() {
    let folder = tempfile::tempdir().unwrap();
    let settings = TrailSettings { file_bytes_max: 1, ..settings(folder.path()) };
    written(&settings, 1);
    let mut trail = Trail::open(settings.clone()).unwrap();
    trail.append(&events(1)).unwrap();
    drop(trail);
    written(&settings, 1);
    let verified = verify(&settings.directory, None).unwrap();
    assert_eq!((verified.records, verified.files, verified.findings), (3, 3, vec![]));
}

#[test]
fn a_trail_that_was_cut_off_is_put_on_record_and_stays_found() {
    let folder = tempfile::tempdir().unwrap();
    let settings = settings(folder.path());
    written(&settings, 5);
    let path = only_file(&settings);
    let kept = lines(&path)[..3].join("\n") + "\n";
    fs::write(&path, kept).unwrap();
    assert_eq!(findings(&settings), [Finding::Shortened { last: 3, was: 5 }]);
    // Going on does not cover it up.
    written(&settings, 2);
    assert!(lines(&path)[3].contains("110133") && lines(&path)[3].starts_with("6 "));
    assert_eq!(findings(&settings), [Finding::OutOfOrder { file: path, after: 3, found: 6 }]);
}

#[test]
fn a_head_that_is_taken_away_is_put_on_record() {
    let folder = tempfile::tempdir().unwrap();
    let settings = settings(folder.path());
    written(&settings, 2);
    fs::remove_file(settings.directory.join("head")).unwrap();
    assert_eq!(findings(&settings), [Finding::NoHead]);
    written(&settings, 1);
    assert!(lines(&only_file(&settings))[2].contains("its head is gone"));
    fs::remove_file(only_file(&settings)).unwrap();
    assert_eq!(findings(&settings), [Finding::Shortened { last: 0, was: 4 }]);
}
