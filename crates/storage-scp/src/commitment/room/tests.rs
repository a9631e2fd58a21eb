use std::fs;
use std::time::{Duration, SystemTime};

use vocabulary::{AeTitle, Status, Uid};

use super::super::report::{Reference, Report};
use super::{Entered, Name, Room, Taken};

const DAY: Duration = Duration::from_secs(86_400);

fn peer() -> AeTitle {
    AeTitle::parse("CT/2").unwrap()
}

fn report(transaction: &str, instances: &[&str]) -> Report {
    let committed = instances.iter().map(|instance| Reference {
        class: Uid::known("1.2.840.10008.5.1.4.1.1.2"),
        instance: Uid::parse(instance).unwrap(),
    });
    Report {
        transaction_uid: Uid::parse(transaction).unwrap(),
        committed: committed.collect(),
        failed: vec![],
    }
}

fn enter(room: &Room, transaction: &str, instances: &[&str], now: SystemTime) -> Entered {
    room.enter(&peer(), None, report(transaction, instances), Some(3), now).unwrap()
}

fn new(entered: Entered) -> Taken {
    match entered {
        Entered::New { taken, .. } => taken,
        other => panic!("{other:?}"),
    }
}

fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + 20_000 * DAY
}

#[test]
fn sil_090_what_was_entered_is_there_for_whoever_comes_next() {
    let folder = tempfile::tempdir().unwrap();
    let room = Room::of(folder.path());
    assert_eq!(room.waiting().unwrap(), []);
    let taken = new(room.enter(&peer(), Some(peer()), report("1.9", &["1.1"]), None, now()).unwrap());
    let [name] = <[Name; 1]>::try_from(room.waiting().unwrap()).unwrap();
    assert!(room.take(&name).unwrap().is_none(), "whoever received it delivers it");
    drop(taken);

    // As after a restart.
    let room = Room::of(folder.path());
    let mut taken = room.take(&name).unwrap().unwrap();
    let entry = room.read(&mut taken).unwrap().unwrap();
    assert_eq!((entry.called, entry.report), (Some(peer()), report("1.9", &["1.1"])));
    assert!(room.take(&name).unwrap().is_none(), "one at a time");
    room.postpone(taken, 2, now() + DAY).unwrap();
    assert!(room.take(&name).unwrap().is_none(), "the old name is gone");
    let [later] = <[Name; 1]>::try_from(room.waiting().unwrap()).unwrap();
    assert_eq!((later.attempts, later.due), (2, now() + DAY));
    let taken = room.take(&later).unwrap().unwrap();
    room.end(taken, now()).unwrap();
    assert_eq!(room.waiting().unwrap(), []);
}

#[test]
fn sil_085_sil_086_a_transaction_uid_is_used_once_until_it_is_forgotten() {
    let folder = tempfile::tempdir().unwrap();
    let room = Room::of(folder.path());
    let first = new(enter(&room, "1.9", &["1.1", "1.2"], now()));
    assert!(matches!(enter(&room, "1.9", &["1.2", "1.1"], now()), Entered::Waits), "the very same request");

    let Entered::New { mut taken, repeats: true } = enter(&room, "1.9", &["1.1"], now()) else {
        panic!("another request under the same UID");
    };
    let refused = room.read(&mut taken).unwrap().unwrap().report;
    assert_eq!(refused.committed, []);
    assert_eq!(
        refused.failed.iter().map(|(_, reason)| *reason).collect::<Vec<_>>(),
        [Status::DUPLICATE_TRANSACTION_UID]
    );
    room.end(taken, now()).unwrap();

    room.end(first, now()).unwrap();
    assert!(matches!(enter(&room, "1.9", &["1.1", "1.2"], now()), Entered::New { repeats: true, .. }));
    let other_peer = AeTitle::parse("CT3").unwrap();
    let other = room.enter(&other_peer, None, report("1.9", &["1.1"]), None, now()).unwrap();
    assert!(matches!(other, Entered::New { repeats: false, .. }), "peers choose their UIDs for themselves");

    room.tidy(7 * DAY, now() + 7 * DAY).unwrap();
    assert!(room.is_remembered(&peer(), &Uid::known("1.9")).unwrap());
    room.tidy(7 * DAY, now() + 8 * DAY).unwrap();
    assert!(!room.is_remembered(&peer(), &Uid::known("1.9")).unwrap());
}

#[test]
fn no_more_than_so_many_wait_for_one_peer() {
    let folder = tempfile::tempdir().unwrap();
    let room = Room::of(folder.path());
    for number in 0..3 {
        drop(new(enter(&room, &format!("1.9.{number}"), &["1.1"], now())));
    }
    assert!(matches!(enter(&room, "1.9.3", &["1.1"], now()), Entered::Full));
    let other = AeTitle::parse("CT3").unwrap();
    assert!(matches!(
        room.enter(&other, None, report("1.9", &["1.1"]), Some(3), now()).unwrap(),
        Entered::New { .. }
    ));
    assert!(
        matches!(
            room.enter(&peer(), None, report("1.9.3", &["1.1"]), None, now()).unwrap(),
            Entered::New { .. }
        ),
        "scp_009"
    );
}

#[test]
fn what_cannot_be_read_back_is_set_aside() {
    let folder = tempfile::tempdir().unwrap();
    let room = Room::of(folder.path());
    let name = new(enter(&room, "1.9", &["1.1"], now())).name;
    let path = room.path_of(&name);
    let mut bytes = fs::read(&path).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(&path, bytes).unwrap();
    let mut taken = room.take(&name).unwrap().unwrap();
    assert!(room.read(&mut taken).unwrap().is_none());
    assert_eq!(room.waiting().unwrap(), []);
    assert_eq!(fs::read_dir(room.folder(super::SET_ASIDE)).unwrap().count(), 1);
}

#[test]
fn what_was_not_written_to_its_end_is_cleared_away() {
    let folder = tempfile::tempdir().unwrap();
    let room = Room::of(folder.path());
    room.tidy(DAY, now()).unwrap();
    drop(new(enter(&room, "1.9", &["1.1"], now())));
    let draft = room.folder(super::ENTERING).join("4711.0");
    fs::write(&draft, "half").unwrap();
    room.tidy(DAY, now()).unwrap();
    assert!(!draft.exists());
    assert_eq!(room.waiting().unwrap().len(), 1);
}
