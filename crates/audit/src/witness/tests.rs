use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;

use super::*;
use crate::keeper::Keeper;
use crate::verify::verify;

fn settings(folder: &Path) -> TrailSettings {
    TrailSettings::of(folder, 1 << 30, "TEST")
}

fn event(name: &str) -> Event {
    let peer = Node { name: name.to_owned(), host: String::new() };
    Event::new(SystemTime::UNIX_EPOCH, What::Associated { peer, called: "ISO".to_owned() })
}

fn records(settings: &TrailSettings) -> u64 {
    let verified = verify(&settings.directory, None).unwrap();
    assert_eq!(verified.findings, []);
    verified.records
}

/// Works until the other end is closed.
fn working(mut keeper: Keeper) -> (UnixStream, std::thread::JoinHandle<()>) {
    let (stop, stopped) = UnixStream::pair().unwrap();
    (stop, std::thread::spawn(move || keeper.run(stopped.as_fd()).unwrap()))
}

#[test]
fn what_nobody_takes_in_time_waits_and_is_told_when_the_association_ends() {
    let folder = tempfile::tempdir().unwrap();
    let settings = settings(folder.path());
    let keeper = Keeper::open(settings.clone()).unwrap();
    let mut witness = Witness::new(settings.clone());
    witness.caller("PEER", "ISO", "127.0.0.1");
    let mut told = 0;
    // As many as the system holds; the next one has to wait, and those behind it do not try.
    while witness.waiting.len() < 3 {
        witness.accepted();
        told += 1;
        assert!(!witness.has_failed);
    }
    let (stop, thread) = working(keeper);
    witness.over();
    drop(stop);
    thread.join().unwrap();
    assert!(!witness.has_failed);
    assert_eq!(records(&settings), told);
}

#[test]
fn where_nobody_listens_for_long_nothing_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let settings = settings(folder.path());
    let mut witness = Witness::new(settings.clone());
    for _ in 0..2 * WAITING_MAX + 10 {
        witness.accepted();
    }
    assert!(witness.waiting.len() < WAITING_MAX);
    witness.over();
    assert_eq!(records(&settings), 2 * WAITING_MAX as u64 + 10);
}

#[test]
fn what_is_too_long_to_be_told_does_not_keep_back_what_is_behind_it() {
    let folder = tempfile::tempdir().unwrap();
    let settings = settings(folder.path());
    let (stop, thread) = working(Keeper::open(settings.clone()).unwrap());
    let mut events = vec![event("A"), event(&"B".repeat(MESSAGE_BYTES_MAX)), event("C")];
    assert!(put(&settings, &mut events).is_err());
    assert!(events.is_empty());
    drop(stop);
    thread.join().unwrap();
    assert_eq!(records(&settings), 2);
}

#[test]
fn whoever_finds_a_writer_that_shuts_writes_by_himself() {
    let folder = tempfile::tempdir().unwrap();
    let settings = settings(folder.path());
    let (stop, thread) = working(Keeper::open(settings.clone()).unwrap());
    tell(&settings, &event("A")).unwrap();
    drop(stop);
    tell(&settings, &event("B")).unwrap();
    thread.join().unwrap();
    assert_eq!(records(&settings), 2);
}

#[test]
fn queries_one_after_the_other_are_told_together_and_wait_no_longer_than_they_may() {
    let folder = tempfile::tempdir().unwrap();
    let settings = settings(folder.path());
    let keeper = Keeper::open(settings.clone()).unwrap();
    let mut witness = Witness::new(settings.clone());
    assert_eq!(witness.gathers_for(), None);
    // Many more than there would be room for, one by one: the system holds some ten messages.
    for _ in 0..4 * QUERIES_TOGETHER_MAX {
        witness.queried("1.2", "1.3", vec![0; 100], 1, None);
        assert!(witness.waiting.len() < QUERIES_TOGETHER_MAX);
    }
    witness.queried("1.2", "1.3", vec![0; IDENTIFIER_BYTES_MAX], 1, None);
    assert!(witness.gathers_for().is_none_or(|left| left <= QUERIES_FOR_MAX));
    witness.tell_gathered();
    assert!(witness.waiting.is_empty() && witness.gathers_for().is_none());
    // What happens then is told behind what is gathered, and at once.
    witness.queried("1.2", "1.3", Vec::new(), 1, None);
    witness.accepted();
    assert!(witness.waiting.is_empty() && witness.gathers_for().is_none());
    let (stop, thread) = working(keeper);
    drop(stop);
    thread.join().unwrap();
    assert_eq!(records(&settings), 4 * QUERIES_TOGETHER_MAX as u64 + 3);
}
