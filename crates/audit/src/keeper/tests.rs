use std::fs;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::time::SystemTime;

use super::*;
use crate::event::{Node, What};
use crate::files;
use crate::verify::verify;
use crate::witness::send;

fn event(number: usize) -> Event {
    let peer = Node { name: format!("PEER{number}."), host: String::new() };
    Event::new(SystemTime::UNIX_EPOCH, What::Associated { peer, called: "ISO".to_owned() })
}

fn on_record(settings: &TrailSettings) -> String {
    let files = files::list(&settings.directory).unwrap();
    files.iter().map(|(_, path)| fs::read_to_string(path).unwrap()).collect()
}

#[test]
fn what_comes_while_the_disk_is_full_is_put_on_record_once_there_is_room() {
    let folder = tempfile::tempdir().unwrap();
    let settings = TrailSettings::of(folder.path(), 1 << 20, "TEST");
    let mut keeper = Keeper::open(settings.clone()).unwrap();
    let full = settings.directory.join(files::name(&files::today(), 1));
    std::os::unix::fs::symlink("/dev/full", &full).unwrap();
    let mut buffer = vec![0; MESSAGE_BYTES_MAX];
    for number in 0..2 * TOGETHER_MAX {
        send(&settings.directory, &[event(number)]).unwrap();
        keeper.take(&mut buffer);
    }
    assert_eq!(keeper.waiting.len(), 2 * TOGETHER_MAX);
    // A disk that failed is not asked again for each event.
    fs::remove_file(&full).unwrap();
    keeper.again_at = Some(Instant::now() + Duration::from_secs(3_600));
    keeper.take(&mut buffer);
    assert_eq!(keeper.waiting.len(), 2 * TOGETHER_MAX);
    keeper.again_at = None;
    keeper.take(&mut buffer);
    keeper.sync();
    assert!(keeper.waiting.is_empty() && !keeper.has_failed);
    let text = on_record(&settings);
    let places: Vec<_> = (0..2 * TOGETHER_MAX).map(|number| text.find(&format!("PEER{number}."))).collect();
    assert!(places.iter().all(Option::is_some) && places.is_sorted());
    assert_eq!(verify(&settings.directory, None).unwrap().findings, []);
}

#[test]
fn what_there_is_no_room_for_stays_with_whoever_tells_it() {
    let folder = tempfile::tempdir().unwrap();
    let settings = TrailSettings::of(folder.path(), 1 << 20, "TEST");
    let mut keeper = Keeper::open(settings.clone()).unwrap();
    keeper.again_at = Some(Instant::now() + Duration::from_secs(3_600));
    let identifier = vec![0; 64 * 1024];
    let (by, called) = (Node::default(), String::new());
    let (sop_class, transfer_syntax) = (String::new(), String::new());
    let what = What::Queried { by, called, sop_class, transfer_syntax, identifier, matches: 0 };
    let large = Event::new(SystemTime::UNIX_EPOCH, what);
    let mut buffer = vec![0; MESSAGE_BYTES_MAX];
    for _ in 0..WAITING_BYTES_MAX / (64 * 1024) {
        send(&settings.directory, std::slice::from_ref(&large)).unwrap();
        keeper.take(&mut buffer);
    }
    assert!(!keeper.has_room());
    let waiting = keeper.waiting.len();
    send(&settings.directory, &[event(1)]).unwrap();
    keeper.take(&mut buffer);
    assert_eq!(keeper.waiting.len(), waiting);
    keeper.again_at = None;
    keeper.take(&mut buffer);
    keeper.take(&mut buffer);
    assert!(on_record(&settings).contains("PEER1."));
}

#[test]
fn what_was_told_before_the_end_is_on_record_and_nobody_listens_behind_it() {
    let folder = tempfile::tempdir().unwrap();
    let settings = TrailSettings::of(folder.path(), 1 << 20, "TEST");
    let mut keeper = Keeper::open(settings.clone()).unwrap();
    let (stop, stopped) = UnixStream::pair().unwrap();
    drop(stop);
    for number in 0..5 {
        send(&settings.directory, &[event(number)]).unwrap();
    }
    keeper.run(stopped.as_fd()).unwrap();
    let error = send(&settings.directory, &[event(5)]).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::NotFound);
    let verified = verify(&settings.directory, None).unwrap();
    assert_eq!((verified.records, verified.findings), (5, vec![]));
}
