//! The power goes at every step. The vault stands on a simulated disk that forgets what was not synced; the catalog loses
//! every commit since its last checkpoint, or none.

use std::{fs, num::NonZeroUsize, path::Path, sync::Arc};

use catalog::Access;
use holdings::{Holdings, HoldingsRules, LastEnd};
use vault::simulated_disk::SimulatedDisk;
use vocabulary::Encoding;

use crate::support::*;

const CATALOG: &str = "catalog.sqlite";

fn open_on(disk: &SimulatedDisk, data: &Path) -> Holdings {
    Holdings::open_on(Arc::new(disk.clone()), data, HoldingsRules::default(), Access::ReadWrite).unwrap()
}

/// What is in the catalog's file now, without its log, is all that a power cut must leave of it.
fn durable_catalog(data: &Path) -> Vec<u8> {
    fs::read(data.join(CATALOG)).unwrap()
}

fn forget_commits_since(data: &Path, durable: &[u8]) {
    for suffix in ["-wal", "-shm"] {
        let log = data.join(format!("{CATALOG}{suffix}"));
        if log.exists() {
            fs::remove_file(log).unwrap();
        }
    }
    fs::write(data.join(CATALOG), durable).unwrap();
}

/// Vault and catalog hold the same, and nothing is left over.
fn assert_in_step(
    disk: &SimulatedDisk,
    data: &Path,
    holdings: &Holdings,
    instances: &[Instance],
    what: &str,
) {
    let mut recorded = std::collections::BTreeSet::new();
    for instance in instances {
        for held in holdings.locate(&instance.sop_instance_uid()).unwrap() {
            let bytes = data_set_of(holdings, &held);
            assert!(
                instances.iter().any(|sent| sent.data_set(Encoding::ExplicitLittleEndian) == bytes),
                "{what}: not what was sent"
            );
            recorded.insert(data.join("vault").join(key_path(&held)));
        }
    }
    let files: std::collections::BTreeSet<_> = disk.files().into_keys().collect();
    assert_eq!(files, recorded, "{what}");
}

fn key_path(held: &catalog::Held) -> std::path::PathBuf {
    vault::InstanceKey {
        day: held.place.day,
        study: held.place.study_instance_uid.clone(),
        series: held.place.series_instance_uid.clone(),
        sop_instance: held.place.sop_instance_uid.clone(),
        version: held.place.version,
    }
    .path()
}

/// Keeps `before` and checkpoints, then keeps `during` until the power goes after `steps` operations, starts again, and
/// checks. Gives whether the power went before the end.
fn cut(seed: u64, steps: usize, commits_are_lost: bool, before: &[Instance], during: &[Instance]) -> bool {
    let what = format!("seed {seed}, {steps} steps, commits lost: {commits_are_lost}");
    let data = tempfile::tempdir().unwrap();
    let disk = SimulatedDisk::new(seed, data.path());
    let mut acknowledged = Vec::new();
    let durable;
    {
        let mut holdings = open_on(&disk, data.path());
        let (_started, _) = start(&mut holdings);
        for instance in before {
            let _kept = keep(&mut holdings, instance).unwrap();
            acknowledged.push(instance);
        }
        assert!(holdings.housekeep(noon(0)).unwrap().complete);
        durable = durable_catalog(data.path());
        disk.cut_power_after(steps);
        acknowledged.extend(during.iter().filter(|instance| keep(&mut holdings, instance).is_ok()));
    }
    let went = disk.is_off();
    disk.restart();
    if commits_are_lost {
        forget_commits_since(data.path(), &durable);
    }

    let mut holdings = open_on(&disk, data.path());
    let (started, _) = start(&mut holdings);
    assert!(started.reconciled.is_some(), "{what}");
    for instance in &acknowledged {
        let versions = holdings.locate(&instance.sop_instance_uid()).unwrap();
        let bytes = instance.data_set(Encoding::ExplicitLittleEndian);
        assert!(
            versions.iter().any(|held| data_set_of(&holdings, held) == bytes),
            "{what}: an acknowledged instance is lost"
        );
    }
    let all: Vec<_> = before.iter().chain(during).cloned().collect();
    assert_in_step(&disk, data.path(), &holdings, &all, &what);
    // And what was not acknowledged can be sent again.
    for instance in during {
        let _kept = keep(&mut holdings, instance).unwrap();
    }
    assert_in_step(&disk, data.path(), &holdings, &all, &what);
    went
}

fn cut_everywhere(before: &[Instance], during: &[Instance]) {
    for seed in 0..4 {
        for commits_are_lost in [true, false] {
            let mut steps = 0;
            while cut(seed, steps, commits_are_lost, before, during) {
                steps += 1;
            }
            assert!(steps >= 5, "there were steps to cut at");
        }
    }
}

#[test]
fn sil_081_a_power_cut_takes_nothing_acknowledged_and_leaves_no_debris() {
    cut_everywhere(&[], &[Instance::new("1.2.3.4.5"), Instance::new("1.2.3.4.6")]);
}

#[test]
fn sil_081_nor_does_it_with_another_version_of_an_instance() {
    let older = Instance::new("1.2.3.4.5");
    cut_everywhere(std::slice::from_ref(&older), &[older.retouched(99)]);
}

#[test]
fn sil_081_nor_does_it_when_the_same_comes_twice() {
    let instance = Instance::new("1.2.3.4.5");
    cut_everywhere(&[], &[instance.clone(), instance]);
}

/// The process is killed after `steps` operations, the next one is sent the same again, and then the power goes. Gives
/// whether it was killed before the end.
fn kill_then_cut(seed: u64, steps: usize, reconciled: bool) -> bool {
    let instance = Instance::new("1.2.3.4.5");
    let data = tempfile::tempdir().unwrap();
    let disk = SimulatedDisk::new(seed, data.path());
    {
        let mut holdings = open_on(&disk, data.path());
        let (_started, _) = start(&mut holdings);
        disk.cut_power_after(steps);
        let _outcome = keep(&mut holdings, &instance);
    }
    let killed = disk.is_off();
    disk.resume();
    let durable = durable_catalog(data.path());
    {
        let mut holdings = open_on(&disk, data.path());
        if reconciled {
            let (_started, _) = start(&mut holdings);
            assert_in_step(&disk, data.path(), &holdings, std::slice::from_ref(&instance), "killed");
        }
        let _kept = keep(&mut holdings, &instance).unwrap();
    }
    disk.restart();
    forget_commits_since(data.path(), &durable);
    let mut holdings = open_on(&disk, data.path());
    let (_started, _) = start(&mut holdings);
    let held = current(&holdings, &instance);
    assert!(held.is_some(), "seed {seed}, killed after {steps} steps");
    let held = held.unwrap();
    assert_eq!(data_set_of(&holdings, &held), instance.data_set(Encoding::ExplicitLittleEndian));
    killed
}

#[test]
fn sil_081_what_a_killed_process_left_is_durable_before_it_counts_as_held() {
    for (seed, reconciled) in [(0, true), (0, false), (1, true), (1, false), (2, true), (2, false)] {
        let mut steps = 0;
        while kill_then_cut(seed, steps, reconciled) {
            steps += 1;
        }
        assert!(steps > 5, "there were steps to kill at");
    }
}

#[test]
fn that_somebody_keeps_is_on_the_disk_before_anything_is_kept() {
    let data = tempfile::tempdir().unwrap();
    let mut holdings = open(data.path());
    let (started, _) = start(&mut holdings);
    started.running.stop(&mut holdings, noon(0)).unwrap();
    let (started, _) = start(&mut holdings);
    assert_eq!(started.last_end, LastEnd::Clean);
    let durable = durable_catalog(data.path());
    drop((started, holdings));
    forget_commits_since(data.path(), &durable);
    assert_eq!(start(&mut open(data.path())).0.last_end, LastEnd::Killed);
}

#[test]
fn scp_049_whichever_step_the_disk_refuses_nothing_is_recorded_and_nothing_is_left() {
    let instance = Instance::new("1.2.3.4.5");
    for step in 0.. {
        let data = tempfile::tempdir().unwrap();
        let disk = SimulatedDisk::new(0, data.path());
        let mut holdings = open_on(&disk, data.path());
        disk.fail_after(step, std::io::ErrorKind::StorageFull);
        match keep(&mut holdings, &instance) {
            Ok(_) => {
                assert!(step > 10, "there were steps to refuse");
                return;
            }
            Err(not_kept) => {
                assert_eq!(not_kept.status(), vocabulary::Status::OUT_OF_RESOURCES);
                assert_eq!(disk.files().len(), 0, "step {step}");
                assert_eq!(holdings.locate(&instance.sop_instance_uid()).unwrap().len(), 0, "step {step}");
            }
        }
    }
}

/// Four are imported at the same time until the power goes after `steps` operations, or until the process is killed then.
/// Gives whether that was before the end.
fn import_until(steps: usize, power_goes: bool) -> bool {
    const JOBS: NonZeroUsize = NonZeroUsize::new(4).unwrap();
    let what = format!("{steps} steps, power goes: {power_goes}");
    let [data, folder] = [(); 2].map(|()| tempfile::tempdir().unwrap());
    let instances: Vec<_> = (0..6).map(|number| Instance::new(&format!("1.2.3.4.{number}"))).collect();
    let files: Vec<_> = instances
        .iter()
        .map(|instance| {
            let file = folder.path().join(instance.sop_instance.as_deref().unwrap());
            fs::write(&file, instance.data_set(Encoding::ExplicitLittleEndian)).unwrap();
            file
        })
        .collect();
    let disk = SimulatedDisk::new(0, data.path());
    let mut told = Vec::new();
    let durable;
    {
        let mut holdings = open_on(&disk, data.path());
        let (_started, _) = start(&mut holdings);
        durable = durable_catalog(data.path());
        disk.cut_power_after(steps);
        let mut each = |file: &Path, kept: Result<_, _>| {
            if kept.is_ok() {
                told.push(file.to_owned());
            }
        };
        holdings.import_all(&files, &origin(), JOBS, &|| noon(0), &mut each).unwrap();
    }
    let went = disk.is_off();
    if power_goes {
        disk.restart();
        forget_commits_since(data.path(), &durable);
    } else {
        disk.resume();
    }
    let mut holdings = open_on(&disk, data.path());
    let (started, _) = start(&mut holdings);
    assert!(started.reconciled.is_some(), "{what}");
    for (instance, _) in instances.iter().zip(&files).filter(|(_, file)| told.contains(file)) {
        let held = current(&holdings, instance);
        assert!(held.is_some(), "{what}: a file that was told of as kept is lost");
    }
    assert_in_step(&disk, data.path(), &holdings, &instances, &what);
    holdings.import_all(&files, &origin(), JOBS, &|| noon(0), &mut |_, kept| drop(kept.unwrap())).unwrap();
    assert_in_step(&disk, data.path(), &holdings, &instances, &what);
    assert!(instances.iter().all(|instance| current(&holdings, instance).is_some()), "{what}");
    went
}

#[test]
fn sil_081_an_import_of_several_at_a_time_that_is_cut_off_loses_nothing_that_it_told_of() {
    for power_goes in [true, false] {
        let mut steps = 0;
        while import_until(steps, power_goes) {
            steps += 1;
        }
        assert!(steps > 20, "there were steps to cut at");
    }
}

/// Holdings that replace, with `first` kept on a day that no reconciliation looks at any more.
fn replaced(seed: u64, data: &Path, first: &Instance) -> (SimulatedDisk, Holdings) {
    let disk = SimulatedDisk::new(seed, data);
    let rules = HoldingsRules { duplicates: holdings::Duplicates::Replace, ..HoldingsRules::default() };
    let mut holdings = Holdings::open_on(Arc::new(disk.clone()), data, rules, Access::ReadWrite).unwrap();
    let (_started, _) = start(&mut holdings);
    let _kept = keep_at(&mut holdings, first, 0);
    assert!(holdings.housekeep(noon(3)).unwrap().complete);
    assert!(holdings.housekeep(noon(3)).unwrap().complete);
    (disk, holdings)
}

fn keep_at(holdings: &mut Holdings, instance: &Instance, days_later: u64) -> holdings::Kept {
    let bytes = instance.data_set(Encoding::ExplicitLittleEndian);
    keep_bytes(holdings, arriving(instance), &bytes, noon(days_later)).unwrap()
}

#[test]
fn bug_001_what_replaced_the_same_is_not_taken_for_it_when_its_row_is_lost() {
    let first = Instance::new("1.2.3.4.5");
    let data = tempfile::tempdir().unwrap();
    let (disk, mut holdings) = replaced(0, data.path(), &first);
    let durable = durable_catalog(data.path());
    let _second = keep_at(&mut holdings, &first.retouched(99), 3);
    let _third = keep_at(&mut holdings, &first, 3);
    drop(holdings);
    disk.restart();
    forget_commits_since(data.path(), &durable);
    let mut holdings = open_on(&disk, data.path());
    let (_started, _) = start(&mut holdings);
    let held = holdings.locate(&first.sop_instance_uid()).unwrap();
    let places: Vec<_> = held.iter().map(|held| data.path().join("vault").join(key_path(held))).collect();
    let files = disk.files();
    assert!(places.iter().all(|place| files.contains_key(place)), "a row without its file");
    let current = current(&holdings, &first).unwrap();
    assert_eq!(data_set_of(&holdings, &current), first.data_set(Encoding::ExplicitLittleEndian));
}

#[test]
fn bug_002_a_power_cut_brings_nothing_back_that_was_replaced() {
    let first = Instance::new("1.2.3.4.5");
    let data = tempfile::tempdir().unwrap();
    let (disk, mut holdings) = replaced(0, data.path(), &first);
    let second = first.retouched(99);
    let _second = keep_at(&mut holdings, &second, 3);
    assert!(holdings.housekeep(noon(3)).unwrap().complete);
    drop(holdings);
    disk.restart();
    let mut holdings = open_on(&disk, data.path());
    let (_started, _) = start(&mut holdings);
    let held = current(&holdings, &first).unwrap();
    let vault = data.path().join("vault");
    let files: Vec<_> = disk.files().into_keys().filter(|path| path.starts_with(&vault)).collect();
    assert_eq!(files, [vault.join(key_path(&held))]);
    assert_eq!(data_set_of(&holdings, &held), second.data_set(Encoding::ExplicitLittleEndian));
}

#[test]
fn bug_003_a_clock_that_is_set_back_does_not_move_the_first_day_that_is_looked_at() {
    let (first, second) = (Instance::new("1.2.3.4.5"), Instance::new("1.2.3.4.6"));
    let data = tempfile::tempdir().unwrap();
    let disk = SimulatedDisk::new(0, data.path());
    let mut holdings = open_on(&disk, data.path());
    drop(start(&mut holdings));
    let _first = keep_at(&mut holdings, &first, 3);
    assert!(holdings.housekeep(noon(3)).unwrap().complete);
    assert!(holdings.housekeep(noon(3)).unwrap().complete);
    let durable = durable_catalog(data.path());
    let _again = keep_at(&mut holdings, &first.retouched(7), 3);
    assert!(holdings.housekeep(noon(1)).unwrap().complete);
    drop(holdings);
    let mut holdings = open_on(&disk, data.path());
    let _second = keep_at(&mut holdings, &second, 1);
    drop(holdings);
    disk.restart();
    forget_commits_since(data.path(), &durable);
    let mut holdings = open_on(&disk, data.path());
    let (_started, _) = start(&mut holdings);
    assert!(current(&holdings, &second).is_some(), "an acknowledged instance is not found");
}

#[test]
fn bug_004_who_is_killed_while_he_makes_the_vault_leaves_none_that_a_power_cut_takes() {
    let instance = Instance::new("1.2.3.4.5");
    for steps in 0..4 {
        let data = tempfile::tempdir().unwrap();
        let disk = SimulatedDisk::new(0, data.path());
        disk.cut_power_after(steps);
        let rules = HoldingsRules::default();
        let opened = Holdings::open_on(Arc::new(disk.clone()), data.path(), rules, Access::ReadWrite);
        drop(opened);
        disk.resume();
        let mut holdings = open_on(&disk, data.path());
        drop(start(&mut holdings));
        let _kept = keep(&mut holdings, &instance).unwrap();
        drop(holdings);
        disk.restart();
        let mut holdings = open_on(&disk, data.path());
        let (_started, _) = start(&mut holdings);
        let held = current(&holdings, &instance).expect("what was acknowledged is lost");
        assert_eq!(data_set_of(&holdings, &held), instance.data_set(Encoding::ExplicitLittleEndian));
    }
}

#[test]
fn bug_008_what_came_again_after_the_clock_was_set_back_is_current_again() {
    let first = Instance::new("1.2.3.4.5");
    let data = tempfile::tempdir().unwrap();
    let disk = SimulatedDisk::new(0, data.path());
    let mut holdings = open_on(&disk, data.path());
    drop(start(&mut holdings));
    let _first = keep_at(&mut holdings, &first, 1);
    assert!(holdings.housekeep(noon(1)).unwrap().complete);
    let durable = durable_catalog(data.path());
    let _second = keep_at(&mut holdings, &first.retouched(99), 3);
    let _again = keep_at(&mut holdings, &first, 2);
    drop(holdings);
    disk.restart();
    forget_commits_since(data.path(), &durable);
    let mut holdings = open_on(&disk, data.path());
    let (_started, _) = start(&mut holdings);
    let current = current(&holdings, &first).unwrap();
    let sent = first.data_set(Encoding::ExplicitLittleEndian);
    assert!(data_set_of(&holdings, &current) == sent, "what came last is not current");
    assert_eq!(holdings.locate(&first.sop_instance_uid()).unwrap().len(), 3, "each is held");
}

#[test]
fn bug_005_what_a_reindex_records_is_durable() {
    let instance = Instance::new("1.2.3.4.5");
    for steps in 0.. {
        let data = tempfile::tempdir().unwrap();
        let disk = SimulatedDisk::new(0, data.path());
        let mut holdings = open_on(&disk, data.path());
        drop(start(&mut holdings));
        disk.cut_power_after(steps);
        let was_killed = keep(&mut holdings, &instance).is_err();
        drop(holdings);
        disk.resume();
        let rules = HoldingsRules::default;
        Holdings::reindex_on(Arc::new(disk.clone()), data.path(), rules(), &mut |_| {}, &mut |_| {}).unwrap();
        let mut holdings = open_on(&disk, data.path());
        drop(start(&mut holdings));
        let _kept = keep(&mut holdings, &instance).unwrap();
        drop(holdings);
        disk.restart();
        let holdings = open_on(&disk, data.path());
        let held = current(&holdings, &instance).expect("it has a row");
        let bytes = data_set_of(&holdings, &held);
        assert_eq!(bytes, instance.data_set(Encoding::ExplicitLittleEndian), "killed after {steps} steps");
        if !was_killed {
            assert!(steps > 5, "there were steps to kill at");
            return;
        }
    }
}
