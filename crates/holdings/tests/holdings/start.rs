//! The beginning and the end of a process that keeps, and what is done about an unclean one.

use std::{
    fs,
    time::{Duration, SystemTime},
};

use catalog::{Query, QueryRules};
use dataset::Identifier;
use holdings::{Finding, Holdings, LastEnd};
use vocabulary::{Encoding, InformationModel, Tag};

use crate::support::*;

#[test]
fn after_a_clean_end_nothing_is_looked_at() {
    let data = tempfile::tempdir().unwrap();
    let mut holdings = open(data.path());
    let (started, _) = start(&mut holdings);
    assert_eq!(started.last_end, LastEnd::None);
    let _kept = keep(&mut holdings, &Instance::new("1.2.3.4.5")).unwrap();
    started.running.stop(&mut holdings, noon(0)).unwrap();
    drop(holdings);
    fs::write(data.path().join("vault/2026/11/23/1.2.3/1.2.3.4/notes.txt"), b"?").unwrap();
    let mut holdings = open(data.path());
    let (started, findings) = start(&mut holdings);
    assert_eq!(started.last_end, LastEnd::Clean);
    assert_eq!(started.reconciled, None);
    assert_eq!(findings, []);
}

#[test]
fn after_an_unclean_end_what_either_holds_alone_is_found() {
    let data = tempfile::tempdir().unwrap();
    let [unrecorded, damaged, lost, fine] =
        ["1.2.3.4.1", "1.2.3.4.2", "1.2.3.4.3", "1.2.3.4.4"].map(Instance::new);
    let directory = data.path().join("vault/2026/11/23/1.2.3/1.2.3.4");
    let path =
        |instance: &Instance| directory.join(format!("{}.dcm", instance.sop_instance.as_ref().unwrap()));
    let aside = data.path().join("kept for the test");
    {
        // What the catalog does not know: kept by holdings of another directory.
        let other = tempfile::tempdir().unwrap();
        let mut holdings = open(other.path());
        let _kept = keep(&mut holdings, &unrecorded).unwrap();
        let from = files_below(&other.path().join("vault")).pop_first().unwrap();
        fs::copy(from, &aside).unwrap();
    }
    {
        let mut holdings = open(data.path());
        let (_started, _) = start(&mut holdings);
        for instance in [&lost, &fine] {
            let _kept = keep(&mut holdings, instance).unwrap();
        }
    }
    fs::rename(&aside, path(&unrecorded)).unwrap();
    fs::write(path(&damaged), b"no instance").unwrap();
    fs::remove_file(path(&lost)).unwrap();
    fs::write(directory.join("notes.txt"), b"?").unwrap();
    fs::write(data.path().join("incoming/4000000.0"), b"stale").unwrap();

    let mut holdings = open(data.path());
    let (started, mut findings) = start(&mut holdings);
    assert_eq!(started.last_end, LastEnd::Killed);
    assert_eq!(started.stale_drafts, 1);
    let reconciled = started.reconciled.unwrap();
    assert_eq!((reconciled.recorded, reconciled.damaged, reconciled.lost, reconciled.unknown), (1, 1, 1, 1));
    findings.sort_by_key(|finding| finding.to_string());
    let damaged_what = findings.iter().find_map(|finding| match finding {
        Finding::Damaged { what, .. } => Some(what.clone()),
        _ => None,
    });
    assert_eq!(
        findings,
        [
            Finding::Unrecorded(path(&unrecorded)),
            Finding::Damaged { path: path(&damaged), what: damaged_what.unwrap() },
            Finding::Lost(path(&lost)),
            Finding::Unknown(directory.join("notes.txt")),
        ]
    );
    let held = current(&holdings, &unrecorded).unwrap();
    assert_eq!(data_set_of(&holdings, &held), unrecorded.data_set(Encoding::ExplicitLittleEndian));
    assert!(current(&holdings, &lost).is_none());
    assert!(current(&holdings, &fine).is_some());
    assert!(!path(&damaged).exists());
    let set_aside = files_below(&data.path().join("set-aside")).pop_first().unwrap();
    assert_eq!(fs::read(set_aside).unwrap(), b"no instance");
    assert!(directory.join("notes.txt").exists());
}

#[test]
fn a_file_without_a_row_whose_bytes_have_changed_is_set_aside() {
    let data = tempfile::tempdir().unwrap();
    {
        let mut holdings = open(data.path());
        let _kept = keep(&mut holdings, &Instance::new("1.2.3.4.5")).unwrap();
    }
    let path = files_below(&data.path().join("vault")).pop_first().unwrap();
    let mut bytes = fs::read(&path).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(&path, bytes).unwrap();
    for suffix in ["", "-wal", "-shm"] {
        fs::remove_file(data.path().join(format!("catalog.sqlite{suffix}"))).unwrap();
    }
    let mut holdings = open(data.path());
    let (started, findings) = start(&mut holdings);
    assert_eq!(started.last_end, LastEnd::None);
    assert!(
        matches!(&findings[..], [Finding::Damaged { what, .. }] if what.contains("checksum")),
        "{findings:?}"
    );
    assert!(!path.exists());
}

#[test]
fn a_day_that_lost_all_its_files_stays_listed() {
    let data = tempfile::tempdir().unwrap();
    let instance = Instance::new("1.2.3.4.5");
    {
        let mut holdings = open(data.path());
        let (_started, _) = start(&mut holdings);
        let _kept = keep(&mut holdings, &instance).unwrap();
    }
    fs::remove_dir_all(data.path().join("vault/2026/11/23/1.2.3")).unwrap();
    let mut holdings = open(data.path());
    let (_started, findings) = start(&mut holdings);
    assert!(matches!(findings[..], [Finding::DayLost { instances: 1, .. }]), "{findings:?}");
    assert!(current(&holdings, &instance).is_some());
}

#[test]
fn days_before_the_last_complete_checkpoint_are_not_looked_at_again() {
    let data = tempfile::tempdir().unwrap();
    {
        let mut holdings = open(data.path());
        let (_started, _) = start(&mut holdings);
        for (days_later, sop_instance) in [(0, "1.2.3.4.1"), (1, "1.2.3.4.2"), (2, "1.2.3.4.3")] {
            let instance = Instance::new(sop_instance);
            let data_set = instance.data_set(Encoding::ExplicitLittleEndian);
            let _kept = keep_bytes(&mut holdings, arriving(&instance), &data_set, noon(days_later)).unwrap();
            assert!(holdings.housekeep(noon(days_later)).unwrap().complete);
        }
    }
    let mut holdings = open(data.path());
    let (started, _) = start(&mut holdings);
    assert_eq!(started.last_end, LastEnd::Killed);
    assert_eq!(started.reconciled.unwrap().days, 1);
}

#[test]
fn shortly_after_midnight_the_day_before_is_still_looked_at() {
    let data = tempfile::tempdir().unwrap();
    {
        let mut holdings = open(data.path());
        let (_started, _) = start(&mut holdings);
        let _kept = keep(&mut holdings, &Instance::new("1.2.3.4.5")).unwrap();
        let half_past_midnight = noon(0) + Duration::from_mins(12 * 60 + 30);
        assert!(holdings.housekeep(half_past_midnight).unwrap().complete);
        // What moved with this checkpoint is itself on the disk with the next one.
        holdings.housekeep(half_past_midnight).unwrap();
    }
    let (started, _) = start(&mut open(data.path()));
    assert_eq!(started.reconciled.unwrap().days, 1);
}

#[test]
fn a_checkpoint_with_a_reader_in_the_way_moves_nothing() {
    let data = tempfile::tempdir().unwrap();
    {
        let mut holdings = open(data.path());
        let (_started, _) = start(&mut holdings);
        let keep_on = |holdings: &mut Holdings, sop_instance: &str, days_later| {
            let instance = Instance::new(sop_instance);
            let data_set = instance.data_set(Encoding::ExplicitLittleEndian);
            let _kept = keep_bytes(holdings, arriving(&instance), &data_set, noon(days_later)).unwrap();
        };
        keep_on(&mut holdings, "1.2.3.4.1", 0);
        let reader = open(data.path());
        let mut identifier = Identifier::new();
        identifier.set_text(Tag(0x0008, 0x0052), "STUDY");
        identifier.set_text(Tag(0x0020, 0x000D), "");
        let query = Query::from_identifier(InformationModel::StudyRoot, &identifier, &QueryRules::STANDARD);
        let query = query.unwrap();
        let mut find = reader.find(&query).unwrap();
        let mut matches = find.matches().unwrap();
        assert!(matches.next().unwrap().is_some());
        keep_on(&mut holdings, "1.2.3.4.2", 3);
        assert!(!holdings.housekeep(noon(3)).unwrap().complete);
    }
    let (started, _) = start(&mut open(data.path()));
    assert_eq!(started.reconciled.unwrap().days, 2);
}

#[test]
fn nothing_is_filed_under_a_day_that_is_not_looked_at_again() {
    let data = tempfile::tempdir().unwrap();
    let mut holdings = open(data.path());
    let [first, late] = ["1.2.3.4.1", "1.2.3.4.2"].map(Instance::new);
    let bytes = |instance: &Instance| instance.data_set(Encoding::ExplicitLittleEndian);
    let _kept = keep_bytes(&mut holdings, arriving(&first), &bytes(&first), noon(5)).unwrap();
    holdings.housekeep(noon(5)).unwrap();
    // The clock was set back.
    let kept = keep_bytes(&mut holdings, arriving(&late), &bytes(&late), noon(0)).unwrap();
    assert_eq!(kept.key().day.as_number(), 20261128);
    drop(holdings);
    let mut holdings = open(data.path());
    let kept = keep_bytes(&mut holdings, arriving(&late), &bytes(&late.retouched(1)), noon(0)).unwrap();
    assert_eq!(kept.key().day.as_number(), 20261128);
}

#[test]
fn who_keeps_beside_others_leaves_their_drafts_and_the_clean_end_to_them() {
    let data = tempfile::tempdir().unwrap();
    let mut server = open(data.path());
    let (started, _) = start(&mut server);
    let ingest = server.begin(arriving(&Instance::new("1.2.3.4.5"))).unwrap();

    let mut import = open(data.path());
    let (beside, _) = start(&mut import);
    assert_eq!(beside.last_end, LastEnd::StillRunning);
    assert_eq!(
        files_below(&data.path().join("incoming")).len(),
        1,
        "the server's draft is none of its business"
    );
    beside.running.stop(&mut import, noon(0)).unwrap();
    drop(import);
    assert_eq!(recalled_end(data.path()), LastEnd::StillRunning);

    drop(ingest);
    let child = server.join().unwrap();
    started.running.stop(&mut server, noon(0)).unwrap();
    drop(server);
    drop(child);
    assert_eq!(recalled_end(data.path()), LastEnd::Killed, "a child went on after it");
}

#[test]
fn after_a_child_was_killed_the_end_is_not_clean() {
    let data = tempfile::tempdir().unwrap();
    let mut holdings = open(data.path());
    let (mut started, _) = start(&mut holdings);
    started.running.somebody_was_killed();
    started.running.stop(&mut holdings, noon(0)).unwrap();
    drop(holdings);
    assert_eq!(recalled_end(data.path()), LastEnd::Killed);
}

/// How the next one to start finds that the last one ended.
fn recalled_end(data: &std::path::Path) -> LastEnd {
    let mut holdings = open(data);
    start(&mut holdings).0.last_end
}

#[test]
fn drafts_of_killed_processes_are_removed_while_others_go_on() {
    let data = tempfile::tempdir().unwrap();
    let mut holdings = open(data.path());
    let mut child = std::process::Command::new("true").spawn().unwrap();
    let gone = child.id();
    child.wait().unwrap();
    fs::write(data.path().join(format!("incoming/{gone}.0")), b"stale").unwrap();
    let ours = holdings.begin(arriving(&Instance::new("1.2.3.4.5"))).unwrap();
    assert_eq!(holdings.housekeep(SystemTime::UNIX_EPOCH).unwrap().stale_drafts, 1);
    assert_eq!(files_below(&data.path().join("incoming")).len(), 1);
    drop(ours);
}

#[test]
fn a_reconciliation_beside_others_finds_nothing_to_do() {
    let data = tempfile::tempdir().unwrap();
    let mut holdings = open(data.path());
    let _kept = keep(&mut holdings, &Instance::new("1.2.3.4.5")).unwrap();
    let reconciled = open(data.path()).reconcile(&mut |finding| panic!("{finding}")).unwrap();
    assert_eq!((reconciled.days, reconciled.instances, reconciled.recorded), (1, 1, 0));
}
