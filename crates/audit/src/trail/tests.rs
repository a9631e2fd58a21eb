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

/// Trails that go on, and say nothing of a disturbance.
fn assert_undisturbed(settings: &TrailSettings, records: u64) {
    let verified = verify(&settings.directory, None).unwrap();
    assert_eq!((verified.records, verified.findings), (records, vec![]));
    for (_, path) in files::list(&settings.directory).unwrap() {
        assert!(!fs::read_to_string(path).unwrap().contains("110133"));
    }
}

#[test]
fn what_was_recorded_after_the_head_before_a_crash_stays_in_however_many_files_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let settings = TrailSettings { file_bytes_max: 1_000, ..settings(folder.path()) };
    written(&settings, 1);
    let mut trail = Trail::open(settings.clone()).unwrap();
    for event in events(5) {
        trail.append(&[event]).unwrap();
    }
    drop(trail);
    assert!(files::list(&settings.directory).unwrap().len() > 2);
    written(&settings, 1);
    assert_undisturbed(&settings, 7);
}

#[test]
fn a_file_that_was_begun_and_not_written_to_before_a_crash_is_gone_on_with() {
    for left in ["", "4 0123abc"] {
        let folder = tempfile::tempdir().unwrap();
        let settings = TrailSettings { file_bytes_max: 1_000, ..settings(folder.path()) };
        written(&settings, 1);
        let mut trail = Trail::open(settings.clone()).unwrap();
        trail.append(&events(2)).unwrap();
        drop(trail);
        fs::write(settings.directory.join(files::name(&files::today(), 4)), left).unwrap();
        written(&settings, 1);
        assert_undisturbed(&settings, 4);
    }
}

#[test]
fn a_first_file_that_was_not_written_to_before_a_crash_is_no_disturbance() {
    let folder = tempfile::tempdir().unwrap();
    let settings = settings(folder.path());
    drop(Trail::open(settings.clone()).unwrap());
    fs::write(settings.directory.join(files::name(&files::today(), 1)), "1 01").unwrap();
    written(&settings, 1);
    assert_undisturbed(&settings, 1);
}

#[test]
fn half_a_record_that_cannot_be_cut_off_when_the_disk_fails_is_cut_off_before_the_next() {
    let folder = tempfile::tempdir().unwrap();
    let settings = settings(folder.path());
    let mut trail = Trail::open(settings.clone()).unwrap();
    trail.append(&events(2)).unwrap();
    // A file that can neither be written to nor be cut; then it has half of what was to be written.
    let path = only_file(&settings);
    let open = trail.file.as_mut().unwrap();
    let good = std::mem::replace(&mut open.file, File::open(&path).unwrap());
    assert!(trail.append(&events(2)).is_err());
    OpenOptions::new().append(true).open(&path).unwrap().write_all(b"3 0123abc").unwrap();
    trail.file.as_mut().unwrap().file = good;
    trail.append(&events(2)).unwrap();
    trail.sync().unwrap();
    assert_undisturbed(&settings, 4);
}

#[test]
fn what_is_done_to_a_file_that_is_written_to_is_put_on_record_and_costs_no_record_after_it() {
    let disturb = |path: &Path, how: &str| match how {
        "removed" => fs::remove_file(path).unwrap(),
        "renamed" => fs::rename(path, path.with_extension("old")).unwrap(),
        "emptied" => fs::write(path, "").unwrap(),
        _ => fs::write(path, &fs::read(path).unwrap()[..100]).unwrap(),
    };
    for how in ["removed", "renamed", "emptied", "cut"] {
        let folder = tempfile::tempdir().unwrap();
        let settings = settings(folder.path());
        let mut trail = Trail::open(settings.clone()).unwrap();
        trail.append(&events(2)).unwrap();
        trail.sync().unwrap();
        disturb(&only_file(&settings), how);
        trail.append(&[event("AFTER")]).unwrap();
        trail.append(&[event("LATER")]).unwrap();
        trail.sync().unwrap();
        let files = files::list(&settings.directory).unwrap();
        let lines = lines(&files.last().unwrap().1);
        assert_eq!(lines.len(), 3, "{how}: {lines:?}");
        assert!(lines[0].starts_with("3 ") && lines[0].contains("110133"), "{how}: {lines:?}");
        assert!(lines[1].contains("AFTER") && lines[2].contains("LATER"), "{how}");
        // The gap stays.
        assert!(
            matches!(findings(&settings)[..], [Finding::OutOfOrder { after: 0, found: 3, .. }]),
            "{how}: {:?}",
            findings(&settings)
        );
    }
}

#[test]
fn a_record_that_was_on_the_disk_is_not_cut_off_for_want_of_a_line_end() {
    let folder = tempfile::tempdir().unwrap();
    let settings = settings(folder.path());
    written(&settings, 2);
    let path = only_file(&settings);
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.trim_end()).unwrap();
    written(&settings, 1);
    assert_eq!(fs::read_to_string(&path).unwrap(), text.trim_end());
    let next = files::list(&settings.directory).unwrap().pop().unwrap().1;
    assert!(lines(&next)[0].starts_with("3 ") && lines(&next)[0].contains("110133"));
    assert!(matches!(findings(&settings)[..], [Finding::OutOfOrder { after: 1, found: 3, .. }]));
}

#[test]
fn a_line_behind_the_last_record_is_put_on_record() {
    let folder = tempfile::tempdir().unwrap();
    let settings = settings(folder.path());
    written(&settings, 2);
    let path = only_file(&settings);
    OpenOptions::new().append(true).open(&path).unwrap().write_all(b"nothing\n").unwrap();
    written(&settings, 1);
    assert!(lines(&path)[3].contains("110133"), "{:?}", lines(&path));
    assert_eq!(findings(&settings), [Finding::NoRecord { file: path, after: 2 }]);
}

#[test]
fn whatever_a_peer_is_called_each_record_is_one_line_that_verifies() {
    let folder = tempfile::tempdir().unwrap();
    let settings = settings(folder.path());
    let mut trail = Trail::open(settings.clone()).unwrap();
    let long = "\"&<".repeat(40_000);
    let names =
        ["a\nb", "\r\n2 00 <x/>\n", "\u{0}\u{1}\u{7f}\u{85}\u{2028}\u{fffd}", "]]>--><!--", &long, "  "];
    for name in names {
        trail.append(&[event(name)]).unwrap();
    }
    trail.sync().unwrap();
    assert_undisturbed(&settings, names.len() as u64);
    assert_eq!(lines(&only_file(&settings)).len(), names.len());
}

#[test]
fn where_a_file_is_long_its_end_is_enough_to_go_on_and_without_the_head_there_all_of_it_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let settings = settings(folder.path());
    written(&settings, 600);
    let path = only_file(&settings);
    assert!(fs::metadata(&path).unwrap().len() > 3 * END_BYTES);
    let (head, files) = (files::read_head(&settings.directory), files::list(&settings.directory).unwrap());
    assert!(read_end(head, &files, Some(END_BYTES)).unwrap().0.last.is_some());

    // Killed amid a flood: much was recorded that the head does not say.
    let mut trail = Trail::open(settings.clone()).unwrap();
    trail.append(&events(300)).unwrap();
    drop(trail);
    assert!(read_end(head, &files, Some(END_BYTES)).unwrap().0.last.is_none());

    fs::OpenOptions::new().append(true).open(&path).unwrap().write_all(b"901 00").unwrap();
    written(&settings, 1);
    let verified = verify(&settings.directory, None).unwrap();
    assert_eq!((verified.records, verified.last.number, verified.findings), (901, 901, vec![]));
}

#[test]
fn half_a_record_that_is_longer_than_the_end_is_cut_off() {
    let folder = tempfile::tempdir().unwrap();
    let settings = settings(folder.path());
    written(&settings, 3);
    let torn = vec![b'x'; 2 * usize::try_from(END_BYTES).unwrap()];
    fs::OpenOptions::new().append(true).open(only_file(&settings)).unwrap().write_all(&torn).unwrap();
    written(&settings, 1);
    assert_eq!((lines(&only_file(&settings)).len(), findings(&settings)), (4, vec![]));
}
