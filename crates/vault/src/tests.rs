//! The vault on a real directory: where files lie, what is taken and what is left.

use std::{fs, io::Read, ops::ControlFlow, path::Path, sync::Barrier, thread};

use vocabulary::{Day, Uid};

use crate::{Draft, Found, InstanceKey, KeepFailed, Shortage, Sync, Vault};

pub(crate) fn key(sop_instance: &str, version: u32) -> InstanceKey {
    InstanceKey {
        day: Day::from_number(20261123).unwrap(),
        study: Uid::parse("1.2").unwrap(),
        series: Uid::parse("1.2.3").unwrap(),
        sop_instance: Uid::parse(sop_instance).unwrap(),
        version,
    }
}

pub(crate) fn draft(vault: &Vault, bytes: &[u8]) -> Draft {
    let mut draft = vault.draft().unwrap();
    draft.write(bytes).unwrap();
    draft
}

fn read(vault: &Vault, key: &InstanceKey) -> Vec<u8> {
    let mut bytes = Vec::new();
    vault.open_instance(key).unwrap().read_to_end(&mut bytes).unwrap();
    bytes
}

fn is_empty(directory: &Path) -> bool {
    fs::read_dir(directory).unwrap().next().is_none()
}

#[test]
fn what_was_written_in_pieces_of_any_size_is_read_back_whole() {
    let data = tempfile::tempdir().unwrap();
    let vault = Vault::open(data.path(), Sync::Instance).unwrap();
    let bytes: Vec<u8> = (0..300_000_u32).map(|i| (i % 251) as u8).collect();
    for (number, size) in [1, 377, 16_372, 40_000, 65_536, 300_000].into_iter().enumerate() {
        let key = key(&format!("1.2.3.{number}"), 1);
        let mut draft = vault.draft().unwrap();
        bytes.chunks(size).for_each(|piece| draft.write(piece).unwrap());
        let durable = draft.keep(&key).unwrap();
        assert_eq!(durable.bytes(), 300_000);
        assert!(read(&vault, &key) == bytes, "pieces of {size}");
    }
    let path = data.path().join("vault/2026/11/23/1.2/1.2.3/1.2.3.0.dcm");
    assert_eq!(fs::metadata(path).unwrap().len(), 300_000);
    assert!(is_empty(&data.path().join("incoming")));
}

#[test]
fn bytes_are_written_over_whether_they_have_left_memory_or_not() {
    let data = tempfile::tempdir().unwrap();
    let vault = Vault::open(data.path(), Sync::None).unwrap();
    for filler in [0, 1, 20_000, 100_000] {
        let key = key("1.2.3.4", filler + 1);
        let mut draft = draft(&vault, b"head ????");
        draft.write(&vec![b'.'; filler as usize]).unwrap();
        draft.overwrite(5, b"tail").unwrap();
        draft.keep(&key).unwrap();
        assert!(read(&vault, &key).starts_with(b"head tail"), "after {filler} bytes");
        assert_eq!(read(&vault, &key).len(), 9 + filler as usize);
    }
}

#[test]
fn a_dropped_draft_leaves_nothing() {
    let data = tempfile::tempdir().unwrap();
    let vault = Vault::open(data.path(), Sync::Instance).unwrap();
    drop(draft(&vault, &[1; 100_000]));
    assert!(is_empty(&data.path().join("incoming")));
    assert!(is_empty(&data.path().join("vault")));
}

#[test]
fn a_name_is_given_once_and_the_draft_can_have_another() {
    let data = tempfile::tempdir().unwrap();
    let vault = Vault::open(data.path(), Sync::Instance).unwrap();
    draft(&vault, b"first").keep(&key("1.2.3.4", 1)).unwrap();
    let Err(KeepFailed::NameTaken(second)) = draft(&vault, b"second").keep(&key("1.2.3.4", 1)) else {
        panic!("the name was free");
    };
    second.keep(&key("1.2.3.4", 2)).unwrap();
    assert_eq!(read(&vault, &key("1.2.3.4", 1)), b"first");
    assert_eq!(read(&vault, &key("1.2.3.4", 2)), b"second");
}

#[test]
fn of_many_at_the_same_moment_one_gets_the_name_and_none_is_lost() {
    let data = tempfile::tempdir().unwrap();
    const RACERS: u32 = 8;
    let barrier = Barrier::new(RACERS as usize);
    let taken: u32 = thread::scope(|scope| {
        let racers: Vec<_> = (0..RACERS)
            .map(|racer| {
                let (data, barrier) = (data.path(), &barrier);
                scope.spawn(move || {
                    let vault = Vault::open(data, Sync::None).unwrap();
                    let mut waiting = draft(&vault, &racer.to_le_bytes());
                    barrier.wait();
                    for version in 1.. {
                        match waiting.keep(&key("1.2.3.4", version)) {
                            Ok(_) => return version - 1,
                            Err(KeepFailed::NameTaken(back)) => waiting = back,
                            Err(KeepFailed::Short(shortage) | KeepFailed::Unsynced(shortage)) => {
                                panic!("{shortage}")
                            }
                        }
                    }
                    unreachable!()
                })
            })
            .collect();
        racers.into_iter().map(|racer| racer.join().unwrap()).sum()
    });
    assert_eq!(taken, (0..RACERS).sum::<u32>(), "each got a version of its own");
    let vault = Vault::open(data.path(), Sync::None).unwrap();
    let mut seen: Vec<_> = (1..=RACERS).map(|version| read(&vault, &key("1.2.3.4", version))).collect();
    seen.sort();
    assert_eq!(seen, (0..RACERS).map(|racer| racer.to_le_bytes().to_vec()).collect::<Vec<_>>());
}

#[test]
fn a_directory_that_went_away_is_made_again() {
    let data = tempfile::tempdir().unwrap();
    let vault = Vault::open(data.path(), Sync::Instance).unwrap();
    draft(&vault, b"first").keep(&key("1.2.3.4", 1)).unwrap();
    vault.remove(&key("1.2.3.4", 1)).unwrap();
    assert!(is_empty(&data.path().join("vault/2026/11/23")), "empty directories go with the instance");
    draft(&vault, b"again").keep(&key("1.2.3.4", 1)).unwrap();
    assert_eq!(read(&vault, &key("1.2.3.4", 1)), b"again");
}

#[test]
fn removing_one_instance_leaves_its_neighbours() {
    let data = tempfile::tempdir().unwrap();
    let vault = Vault::open(data.path(), Sync::Instance).unwrap();
    draft(&vault, b"a").keep(&key("1.2.3.4", 1)).unwrap();
    draft(&vault, b"b").keep(&key("1.2.3.5", 1)).unwrap();
    vault.remove(&key("1.2.3.4", 1)).unwrap();
    assert!(matches!(vault.open_instance(&key("1.2.3.4", 1)), Err(Shortage::Missing { .. })));
    assert!(matches!(vault.remove(&key("1.2.3.4", 1)), Err(Shortage::Missing { .. })));
    assert_eq!(read(&vault, &key("1.2.3.5", 1)), b"b");
}

#[test]
fn an_instance_taken_out_again_can_be_put_back_or_dropped() {
    let data = tempfile::tempdir().unwrap();
    let vault = Vault::open(data.path(), Sync::Instance).unwrap();
    let key = key("1.2.3.4", 1);
    draft(&vault, b"bytes").keep(&key).unwrap();
    let withdrawn = vault.withdraw(&key).unwrap();
    assert!(matches!(vault.open_instance(&key), Err(Shortage::Missing { .. })));
    assert_eq!(withdrawn.keep(&key).unwrap().bytes(), 5);
    assert_eq!(read(&vault, &key), b"bytes");
    drop(vault.withdraw(&key).unwrap());
    assert!(matches!(vault.open_instance(&key), Err(Shortage::Missing { .. })));
    assert!(is_empty(&data.path().join("incoming")));
}

#[test]
fn files_set_aside_never_replace_each_other() {
    let data = tempfile::tempdir().unwrap();
    let vault = Vault::open(data.path(), Sync::Instance).unwrap();
    let key = key("1.2.3.4", 1);
    let aside: Vec<_> = [b"first", b"other"]
        .iter()
        .map(|bytes| {
            draft(&vault, *bytes).keep(&key).unwrap();
            vault.set_aside(&key).unwrap()
        })
        .collect();
    assert_eq!(aside[0], data.path().join("set-aside/2026/11/23/1.2/1.2.3/1.2.3.4.dcm"));
    assert_eq!(fs::read(&aside[0]).unwrap(), b"first");
    assert_eq!(fs::read(&aside[1]).unwrap(), b"other");
}

#[test]
fn only_drafts_of_processes_that_are_gone_are_removed() {
    let data = tempfile::tempdir().unwrap();
    let vault = Vault::open(data.path(), Sync::Instance).unwrap();
    let incoming = data.path().join("incoming");
    for name in ["17.0", "17.1f", "18.0", "notes.txt", "17.x", "x.0"] {
        fs::write(incoming.join(name), b"?").unwrap();
    }
    let ours = draft(&vault, b"ours");
    assert_eq!(vault.remove_stale_drafts(&|process| process != 17).unwrap(), 2);
    let mut left: Vec<_> = fs::read_dir(&incoming)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| !name.starts_with(&format!("{}.", std::process::id())))
        .collect();
    left.sort();
    assert_eq!(left, ["17.x", "18.0", "notes.txt", "x.0"]);
    ours.keep(&key("1.2.3.4", 1)).unwrap();
}

#[test]
fn a_walk_finds_instances_and_reports_what_is_none_of_ours() {
    let data = tempfile::tempdir().unwrap();
    let vault = Vault::open(data.path(), Sync::None).unwrap();
    let day = key("1.2.3.4", 1).day;
    let mut keys: Vec<_> = [key("1.2.3.4", 1), key("1.2.3.4", 2), key("1.2.3.5", 1)].into();
    for key in &keys {
        draft(&vault, b"?").keep(key).unwrap();
    }
    let other_day = InstanceKey { day: Day::from_number(20240229).unwrap(), ..key("1.2.3.4", 1) };
    draft(&vault, b"?").keep(&other_day).unwrap();
    let day_path = data.path().join("vault/2026/11/23");
    let unknown = ["notes.txt", "1.2/notes.txt", "1.2/1.2.3/1.2.3.4.dcm~"].map(|name| day_path.join(name));
    unknown.iter().for_each(|path| fs::write(path, b"?").unwrap());
    for directory in ["vault/2026/13/01", "vault/2026/02/30", "vault/lost+found", "vault/2026/1/01"] {
        fs::create_dir_all(data.path().join(directory)).unwrap();
    }

    assert_eq!(vault.days().unwrap(), [other_day.day, day]);
    let (mut found_keys, mut found_unknown) = (Vec::new(), Vec::new());
    let walked = vault.walk(day, &mut |found| {
        match found {
            Found::Instance(key) => found_keys.push(key),
            Found::Unknown(path) => found_unknown.push(path),
        }
        ControlFlow::Continue(())
    });
    assert!(walked.unwrap().is_continue());
    found_keys.sort();
    found_unknown.sort();
    keys.sort();
    assert_eq!(found_keys, keys);
    let mut unknown = unknown.to_vec();
    unknown.sort();
    assert_eq!(found_unknown, unknown);
    assert!(vault.walk(day, &mut |_| ControlFlow::Break(())).unwrap().is_break());
}

#[test]
fn files_are_compared_from_where_their_data_sets_begin() {
    let data = tempfile::tempdir().unwrap();
    let vault = Vault::open(data.path(), Sync::None).unwrap();
    let bytes: Vec<u8> = (0..200_000_u32).map(|i| (i % 251) as u8).collect();
    draft(&vault, &[b"longer head", &bytes[..]].concat()).keep(&key("1.1", 1)).unwrap();
    let file = vault.open_instance(&key("1.1", 1)).unwrap();
    let mut same = draft(&vault, &[b"head", &bytes[..]].concat());
    assert!(same.reopen().unwrap().is_same_from(4, &file, 11).unwrap());
    assert!(!same.reopen().unwrap().is_same_from(4, &file, 10).unwrap());
    let mut changed = bytes.clone();
    changed[199_999] ^= 1;
    let mut other = draft(&vault, &[b"head", &changed[..]].concat());
    assert!(!other.reopen().unwrap().is_same_from(4, &file, 11).unwrap());
    let mut shorter = draft(&vault, &[b"head", &bytes[..199_999]].concat());
    assert!(!shorter.reopen().unwrap().is_same_from(4, &file, 11).unwrap());
}

#[test]
fn sil_082_what_is_reserved_is_left_free() {
    let data = tempfile::tempdir().unwrap();
    let vault = Vault::open(data.path(), Sync::Instance).unwrap();
    vault.check_space(1).unwrap();
    // No disk has so much.
    let shortage = vault.check_space(u64::MAX).unwrap_err();
    assert!(matches!(shortage, Shortage::Reserved { reserved: u64::MAX, .. }), "{shortage}");
    assert!(shortage.to_string().contains("free some space"), "{shortage}");
}
