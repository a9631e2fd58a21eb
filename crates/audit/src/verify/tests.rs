use std::fs;

use super::*;
use crate::event::{Event, Node, What};
use crate::trail::{Trail, TrailSettings};

struct Written {
    _folder: tempfile::TempDir,
    directory: PathBuf,
    file: PathBuf,
    lines: Vec<String>,
}

fn written(count: usize) -> Written {
    let folder = tempfile::tempdir().unwrap();
    let settings = TrailSettings::of(folder.path(), 1 << 20, "TEST");
    let directory = settings.directory.clone();
    let mut trail = Trail::open(settings).unwrap();
    for number in 0..count {
        let peer = Node { name: format!("PEER{number}"), host: String::new() };
        let what = What::Associated { peer, called: "ISO".to_owned() };
        trail.append(&[Event::new(std::time::SystemTime::UNIX_EPOCH, what)]).unwrap();
    }
    trail.sync().unwrap();
    let file = files::list(&directory).unwrap().remove(0).1;
    let lines = fs::read_to_string(&file).unwrap().lines().map(str::to_owned).collect();
    Written { _folder: folder, directory, file, lines }
}

impl Written {
    fn findings_of(&self, lines: &[String]) -> Vec<Finding> {
        fs::write(&self.file, lines.join("\n") + "\n").unwrap();
        verify(&self.directory, None).unwrap().findings
    }
}

#[test]
fn an_untouched_trail_has_no_findings() {
    let written = written(9);
    assert_eq!(written.findings_of(&written.lines), []);
}

#[test]
fn a_changed_record_is_found_wherever_it_stands() {
    let written = written(9);
    for at in 0..9 {
        let mut lines = written.lines.clone();
        lines[at] = lines[at].replace("PEER", "PEEP");
        let number = at as u64 + 1;
        assert_eq!(written.findings_of(&lines), [Finding::Changed { file: written.file.clone(), number }]);
    }
}

#[test]
fn a_removed_record_is_found_wherever_it_stood() {
    let written = written(9);
    for at in 0..9 {
        let mut lines = written.lines.clone();
        lines.remove(at);
        assert_eq!(written.findings_of(&lines).len(), 1, "{at}");
    }
}

#[test]
fn records_in_another_order_and_put_in_between_are_found() {
    let written = written(9);
    let mut swapped = written.lines.clone();
    swapped.swap(3, 4);
    assert!(written.findings_of(&swapped).iter().all(|one| matches!(one, Finding::OutOfOrder { .. })));
    let mut doubled = written.lines.clone();
    doubled.insert(5, written.lines[4].clone());
    assert!(!written.findings_of(&doubled).is_empty());
    let mut junk = written.lines.clone();
    junk.insert(5, "nothing".to_owned());
    assert_eq!(written.findings_of(&junk), [Finding::NoRecord { file: written.file.clone(), after: 5 }]);
}

#[test]
fn records_that_are_cut_off_are_missed() {
    let written = written(9);
    for left in 0..9 {
        let was = 9;
        let found = written.findings_of(&written.lines[..left]);
        assert!(found.contains(&Finding::Shortened { last: left as u64, was }), "{left}: {found:?}");
    }
}

#[test]
fn a_trail_made_anew_from_a_record_on_is_shown_by_its_head_or_one_noted_elsewhere() {
    let written = written(9);
    let noted = Record::parse(&written.lines[8]).unwrap().link;
    // Everything from record 5 on is forged, hashes and all.
    let mut lines = written.lines[..4].to_vec();
    let mut last = Record::parse(&lines[3]).unwrap().link;
    for line in &written.lines[4..] {
        let message = Record::parse(line).unwrap().message.replace("PEER", "PEEP");
        last = last.next(&message);
        lines.push(crate::chain::line(&last, &message).trim_end().to_owned());
    }
    assert_eq!(written.findings_of(&lines), [Finding::Another { number: 9 }]);
    // With the head forged too, only what was noted elsewhere shows it.
    files::write_head(&written.directory, &last).unwrap();
    assert_eq!(written.findings_of(&lines), []);
    let found = verify(&written.directory, Some(noted)).unwrap().findings;
    assert_eq!(found, [Finding::Another { number: 9 }]);
}

#[test]
fn bytes_that_are_no_text_are_a_change_too() {
    let folder = tempfile::tempdir().unwrap();
    let settings = TrailSettings::of(folder.path(), 1 << 20, "TEST");
    let directory = settings.directory.clone();
    let mut trail = Trail::open(settings).unwrap();
    let peer = Node { name: "\u{1}".to_owned(), host: String::new() };
    let what = What::Associated { peer, called: "ISO".to_owned() };
    trail.append(&[Event::new(std::time::SystemTime::UNIX_EPOCH, what)]).unwrap();
    trail.sync().unwrap();
    let file = files::list(&directory).unwrap().remove(0).1;
    let bytes = fs::read(&file).unwrap();
    let at = bytes.windows(3).position(|bytes| bytes == "\u{fffd}".as_bytes()).unwrap();
    let changed = [&bytes[..at], &[0xFF], &bytes[at + 3..]].concat();
    fs::write(&file, changed).unwrap();
    assert!(!verify(&directory, None).unwrap().findings.is_empty());
}
