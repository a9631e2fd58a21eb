//! The order of syncs, and what a failing disk or a power cut leaves, on a simulated disk.

use std::{
    io::ErrorKind,
    path::{Path, PathBuf},
    sync::Arc,
};

use super::*;
use crate::{
    Vault,
    simulated_disk::{Operation, SimulatedDisk},
    tests::key,
};

const BYTES: &[u8] = b"the bytes of an instance";

fn vault(disk: &SimulatedDisk) -> Vault {
    Vault::open_on(Arc::new(disk.clone()), Path::new("/data"), Sync::Instance).unwrap()
}

fn keep(vault: &Vault, version: u32) -> Result<Durable, Shortage> {
    let mut draft = vault.draft()?;
    draft.write(BYTES)?;
    match draft.keep(&key("1.2.3.4", version)) {
        Ok(durable) => Ok(durable),
        Err(KeepFailed::Short(shortage)) => Err(shortage),
        Err(KeepFailed::Unsynced(shortage)) => {
            drop(vault.withdraw(&key("1.2.3.4", version)));
            Err(shortage)
        }
        Err(KeepFailed::NameTaken(_)) => panic!("the name was free"),
    }
}

/// The operations of keeping one instance.
fn operations_of(disk: &SimulatedDisk, version: u32) -> Vec<Operation> {
    let vault = vault(disk);
    let before = disk.operations().len();
    keep(&vault, version).unwrap();
    disk.operations().split_off(before)
}

#[test]
fn sil_081_bytes_are_synced_before_the_name_and_the_directory_after_it() {
    let disk = SimulatedDisk::new(0, Path::new("/data"));
    let operations = operations_of(&disk, 1);
    let series = PathBuf::from("/data/vault/2026/11/23/1.2/1.2.3");
    let at = |wanted: &dyn Fn(&Operation) -> bool| operations.iter().position(wanted).unwrap();
    let written = at(&|operation| matches!(operation, Operation::Write(_)));
    let synced = at(&|operation| matches!(operation, Operation::SyncData(_)));
    let named = at(&|operation| matches!(operation, Operation::Rename(..)));
    assert!(written < synced && synced < named);
    let first_marked = at(&|operation| matches!(operation, Operation::MarkSettled(_)));
    for directory in series.ancestors().take(6) {
        let synced = at(&|operation| *operation == Operation::SyncDirectory(directory.to_owned()));
        assert!(named < synced && synced < first_marked, "{directory:?}");
    }
}

#[test]
fn sil_081_directories_that_are_settled_are_not_synced_again_by_anybody() {
    let disk = SimulatedDisk::new(0, Path::new("/data"));
    let syncs = |key: &InstanceKey| {
        let (vault, before) = (vault(&disk), disk.operations().len());
        let mut draft = vault.draft().unwrap();
        draft.write(BYTES).unwrap();
        draft.keep(key).unwrap();
        let is_sync = |operation: &&Operation| {
            matches!(operation, Operation::SyncData(_) | Operation::SyncDirectory(_))
        };
        disk.operations().split_off(before).iter().filter(is_sync).count()
    };
    let uid = |text: &str| vocabulary::Uid::parse(text).unwrap();
    let first = key("1.2.3.4", 1);
    assert_eq!(syncs(&first), 8, "the file, the series, and what is above it, the vault itself too");
    assert_eq!(syncs(&key("1.2.3.5", 1)), 2, "the file and its directory");
    let other_series = InstanceKey { series: uid("1.2.4"), ..first.clone() };
    assert_eq!(syncs(&other_series), 3, "the study as well");
    let other_study = InstanceKey { study: uid("1.3"), ..first };
    assert_eq!(syncs(&other_study), 4, "the study and the day as well");
}

#[test]
fn bug_009_who_cannot_sync_the_directory_removes_no_file_that_another_may_have_recorded() {
    let disk = SimulatedDisk::new(0, Path::new("/data"));
    // The first makes the directories and syncs them.
    operations_of(&disk, 1);
    let synced = |operation: &Operation| matches!(operation, Operation::SyncDirectory(_));
    let steps = operations_of(&disk, 2).iter().position(synced).unwrap();
    let vault = vault(&disk);
    let key = key("1.2.3.9", 1);
    let mut draft = vault.draft().unwrap();
    draft.write(BYTES).unwrap();
    // The draft has been made.
    disk.fail_after(steps - 1, ErrorKind::StorageFull);
    assert!(matches!(draft.keep(&key), Err(KeepFailed::Unsynced(_))));
    assert!(vault.open_instance(&key).is_ok(), "somebody may have found it and recorded it");
}

#[test]
fn without_syncing_nothing_is_synced() {
    let disk = SimulatedDisk::new(0, Path::new("/data"));
    let vault = Vault::open_on(Arc::new(disk.clone()), Path::new("/data"), Sync::None).unwrap();
    keep(&vault, 1).unwrap();
    let is_sync =
        |operation: &Operation| matches!(operation, Operation::SyncData(_) | Operation::SyncDirectory(_));
    assert!(!disk.operations().iter().any(is_sync));
}

#[test]
fn sil_081_what_was_kept_survives_a_power_cut_and_what_was_not_is_whole_or_nothing() {
    let whole = SimulatedDisk::new(0, Path::new("/data"));
    let steps = operations_of(&whole, 1).len();
    let mut kept_runs = 0;
    for seed in 0..40 {
        for step in 0..=steps {
            let disk = SimulatedDisk::new(seed, Path::new("/data"));
            let vault = vault(&disk);
            disk.cut_power_after(step);
            let kept = keep(&vault, 1);
            disk.restart();
            let found = disk.files().remove(&vault.path(&key("1.2.3.4", 1)));
            match kept {
                Ok(_) => assert_eq!(found.as_deref(), Some(BYTES), "seed {seed}, after step {step}"),
                Err(_) => assert!(found.is_none_or(|bytes| bytes == BYTES), "seed {seed}, after step {step}"),
            }
            kept_runs += u32::from(step == steps);
        }
    }
    assert_eq!(kept_runs, 40);
}

#[test]
fn sil_081_an_instance_beside_one_that_is_just_being_kept_relies_on_nothing_unsynced() {
    // The first has made the directories, and the power goes before it has synced them; the second was kept meanwhile.
    for seed in 0..40 {
        let disk = SimulatedDisk::new(seed, Path::new("/data"));
        let vault = vault(&disk);
        vault.grounds().make_directories(vault.path(&key("1.2.3.4", 1)).parent().unwrap()).unwrap();
        keep(&vault, 2).unwrap();
        disk.restart();
        assert!(disk.files().contains_key(&vault.path(&key("1.2.3.4", 2))), "seed {seed}");
    }
}

#[test]
fn scp_049_whatever_the_disk_refuses_nothing_is_left_of_the_instance() {
    let whole = SimulatedDisk::new(0, Path::new("/data"));
    for (step, operation) in operations_of(&whole, 1).into_iter().enumerate() {
        // A mark that could not be made costs later flushes and nothing else.
        if matches!(operation, Operation::MarkSettled(_)) {
            continue;
        }
        for kind in [ErrorKind::StorageFull, ErrorKind::Other, ErrorKind::ReadOnlyFilesystem] {
            let disk = SimulatedDisk::new(0, Path::new("/data"));
            let vault = vault(&disk);
            disk.fail_after(step, kind);
            let shortage = keep(&vault, 1).unwrap_err();
            match kind {
                ErrorKind::StorageFull => assert!(matches!(shortage, Shortage::NoSpace { .. })),
                ErrorKind::Other => assert!(matches!(shortage, Shortage::Failed { .. })),
                _ => assert!(matches!(shortage, Shortage::ReadOnly { .. })),
            }
            assert_eq!(disk.files().len(), 0, "{kind} at step {step}");
            // And it goes on once the disk does.
            keep(&vault, 1).unwrap();
        }
    }
}

#[test]
fn a_removal_is_not_undone_by_a_power_cut() {
    for seed in 0..40 {
        let disk = SimulatedDisk::new(seed, Path::new("/data"));
        let vault = vault(&disk);
        keep(&vault, 1).unwrap();
        keep(&vault, 2).unwrap();
        vault.remove(&key("1.2.3.4", 1)).unwrap();
        vault.remove(&key("1.2.3.4", 2)).unwrap();
        disk.restart();
        assert_eq!(disk.files().len(), 0, "seed {seed}");
    }
}

#[test]
fn bytes_written_over_after_a_name_was_taken_are_synced_again() {
    let disk = SimulatedDisk::new(0, Path::new("/data"));
    let vault = vault(&disk);
    keep(&vault, 1).unwrap();
    let mut draft = vault.draft().unwrap();
    draft.write(BYTES).unwrap();
    let Err(KeepFailed::NameTaken(mut draft)) = draft.keep(&key("1.2.3.4", 1)) else {
        panic!("the name was free");
    };
    draft.overwrite(0, b"THE").unwrap();
    draft.keep(&key("1.2.3.4", 2)).unwrap();
    disk.restart();
    let found = disk.files().remove(&vault.path(&key("1.2.3.4", 2))).unwrap();
    assert!(found.starts_with(b"THE bytes"));
}
