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

fn keep(vault: &Vault, version: u32, durable_to: DurableTo) -> Result<Durable, Shortage> {
    let mut draft = vault.draft()?;
    draft.write(BYTES)?;
    match draft.keep(&key("1.2.3.4", version), durable_to) {
        Ok(durable) => Ok(durable),
        Err(KeepFailed::Short(shortage)) => Err(shortage),
        Err(KeepFailed::NameTaken(_)) => panic!("the name was free"),
    }
}

/// The operations of keeping one instance.
fn operations_of(disk: &SimulatedDisk, version: u32, durable_to: DurableTo) -> Vec<Operation> {
    let vault = vault(disk);
    let before = disk.operations().len();
    keep(&vault, version, durable_to).unwrap();
    disk.operations().split_off(before)
}

#[test]
fn sil_081_bytes_are_synced_before_the_name_and_the_directory_after_it() {
    let disk = SimulatedDisk::new(0, Path::new("/data"));
    let operations = operations_of(&disk, 1, DurableTo::Nothing);
    let series = PathBuf::from("/data/vault/2026/11/23/1.2/1.2.3");
    let at = |wanted: &dyn Fn(&Operation) -> bool| operations.iter().position(wanted).unwrap();
    let written = at(&|operation| matches!(operation, Operation::Write(_)));
    let synced = at(&|operation| matches!(operation, Operation::SyncData(_)));
    let named = at(&|operation| matches!(operation, Operation::Rename(..)));
    assert!(written < synced && synced < named);
    assert_eq!(operations[named + 1..], [Operation::SyncDirectory(series.clone())]);
    for parent in series.ancestors().skip(1).take(5) {
        let synced = at(&|operation| *operation == Operation::SyncDirectory(parent.to_owned()));
        let last_made =
            operations.iter().rposition(|operation| matches!(operation, Operation::MakeDirectory(_)));
        assert!(last_made.unwrap() < synced && synced < named, "{parent:?}");
    }
}

#[test]
fn sil_081_in_a_known_series_only_the_file_and_its_directory_are_synced() {
    let disk = SimulatedDisk::new(0, Path::new("/data"));
    keep(&vault(&disk), 1, DurableTo::Nothing).unwrap();
    let syncs = |version, durable_to| {
        operations_of(&disk, version, durable_to)
            .iter()
            .filter(|operation| matches!(operation, Operation::SyncData(_) | Operation::SyncDirectory(_)))
            .count()
    };
    assert_eq!(syncs(2, DurableTo::Series), 2);
    assert_eq!(syncs(3, DurableTo::Study), 3);
    assert_eq!(syncs(4, DurableTo::Day), 4);
    assert_eq!(syncs(5, DurableTo::Nothing), 7);
}

#[test]
fn without_syncing_nothing_is_synced() {
    let disk = SimulatedDisk::new(0, Path::new("/data"));
    let vault = Vault::open_on(Arc::new(disk.clone()), Path::new("/data"), Sync::None).unwrap();
    keep(&vault, 1, DurableTo::Nothing).unwrap();
    let is_sync =
        |operation: &Operation| matches!(operation, Operation::SyncData(_) | Operation::SyncDirectory(_));
    assert!(!disk.operations().iter().any(is_sync));
}

#[test]
fn sil_081_what_was_kept_survives_a_power_cut_and_what_was_not_is_whole_or_nothing() {
    let whole = SimulatedDisk::new(0, Path::new("/data"));
    let steps = operations_of(&whole, 1, DurableTo::Nothing).len();
    let mut kept_runs = 0;
    for seed in 0..40 {
        for step in 0..=steps {
            let disk = SimulatedDisk::new(seed, Path::new("/data"));
            let vault = vault(&disk);
            disk.cut_power_after(step);
            let kept = keep(&vault, 1, DurableTo::Nothing);
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
        keep(&vault, 2, DurableTo::Nothing).unwrap();
        disk.restart();
        assert!(disk.files().contains_key(&vault.path(&key("1.2.3.4", 2))), "seed {seed}");
    }
}

#[test]
fn scp_049_whatever_the_disk_refuses_nothing_is_left_of_the_instance() {
    let whole = SimulatedDisk::new(0, Path::new("/data"));
    let steps = operations_of(&whole, 1, DurableTo::Nothing).len();
    for step in 0..steps {
        for kind in [ErrorKind::StorageFull, ErrorKind::Other, ErrorKind::ReadOnlyFilesystem] {
            let disk = SimulatedDisk::new(0, Path::new("/data"));
            let vault = vault(&disk);
            disk.fail_after(step, kind);
            let shortage = keep(&vault, 1, DurableTo::Nothing).unwrap_err();
            match kind {
                ErrorKind::StorageFull => assert!(matches!(shortage, Shortage::NoSpace { .. })),
                ErrorKind::Other => assert!(matches!(shortage, Shortage::Failed { .. })),
                _ => assert!(matches!(shortage, Shortage::ReadOnly { .. })),
            }
            assert_eq!(disk.files().len(), 0, "{kind} at step {step}");
            // And it goes on once the disk does.
            keep(&vault, 1, DurableTo::Nothing).unwrap();
        }
    }
}

#[test]
fn a_removal_is_not_undone_by_a_power_cut() {
    for seed in 0..40 {
        let disk = SimulatedDisk::new(seed, Path::new("/data"));
        let vault = vault(&disk);
        keep(&vault, 1, DurableTo::Nothing).unwrap();
        keep(&vault, 2, DurableTo::Series).unwrap();
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
    keep(&vault, 1, DurableTo::Nothing).unwrap();
    let mut draft = vault.draft().unwrap();
    draft.write(BYTES).unwrap();
    let Err(KeepFailed::NameTaken(mut draft)) = draft.keep(&key("1.2.3.4", 1), DurableTo::Series) else {
        panic!("the name was free");
    };
    draft.overwrite(0, b"THE").unwrap();
    draft.keep(&key("1.2.3.4", 2), DurableTo::Series).unwrap();
    disk.restart();
    let found = disk.files().remove(&vault.path(&key("1.2.3.4", 2))).unwrap();
    assert!(found.starts_with(b"THE bytes"));
}
