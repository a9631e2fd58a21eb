use std::time::Duration;

use dataset::{DataSetWriter, file_meta::FileMeta};
use vocabulary::{Encoding, Tag, Uid, Vr};

use super::*;
use crate::Origin;

/// What tells the two catalogs apart; of the old one it stands in the log alone.
const WHICH: &str = "which";

/// An old catalog, in use until just now, and a new one beside it.
fn two_catalogs(data: &Path) -> (PathBuf, PathBuf) {
    let (old, new) = (data.join(CATALOG), data.join(CATALOG_NEW));
    let mut in_use = Catalog::open(&old, Access::ReadWrite).unwrap();
    in_use.settle().unwrap();
    in_use.remember(WHICH, "old").unwrap();
    drop(in_use);
    let mut filling = Filling::begin(&new).unwrap();
    filling.remember(WHICH, "new").unwrap();
    filling.finish().unwrap();
    (old, new)
}

/// A kill between two steps, or after the first of the two files that the log is.
#[test]
fn a_swap_that_is_killed_between_any_two_steps_leaves_the_old_catalog_or_the_new_one_whole() {
    for done in 0..=SWAP_STEPS.len() {
        for log_is_half_gone in [false, true] {
            let data = tempfile::tempdir().unwrap();
            let (old, new) = two_catalogs(data.path());
            let wal = data.path().join(format!("{CATALOG}-wal"));
            assert!(wal.metadata().unwrap().len() > 0, "the old one has something in its log");
            for step in &SWAP_STEPS[..done] {
                step(&Swap { new: new.clone(), old: old.clone() }).unwrap();
            }
            if log_is_half_gone && done == 1 {
                remove(&wal).unwrap();
            }
            let found = Catalog::open(&old, Access::ReadWrite).unwrap();
            let expected = if done < 4 { "old" } else { "new" };
            assert_eq!(found.recall(WHICH).unwrap().as_deref(), Some(expected), "{done} steps");
            drop(found);
            // And nothing that is left is in the way of the next one.
            Holdings::reindex(data.path(), HoldingsRules::default(), &mut |_| {}, &mut |_| {}).unwrap();
            assert!(!new.exists());
            assert_eq!(Catalog::open(&old, Access::ReadOnly).unwrap().recall(WHICH).unwrap(), None);
        }
    }
}

#[test]
fn a_swap_for_what_is_no_catalog_that_is_killed_leaves_none_or_the_new_one() {
    for done in 1..=SWAP_STEPS.len() {
        let data = tempfile::tempdir().unwrap();
        let (old, new) = two_catalogs(data.path());
        remove_log(&old).unwrap();
        fs::write(&old, b"this was a catalog once").unwrap();
        for step in &SWAP_STEPS[..done] {
            step(&Swap { new: new.clone(), old: old.clone() }).unwrap();
        }
        let found = Catalog::open(&old, Access::ReadWrite).unwrap().recall(WHICH).unwrap();
        assert_eq!(found.as_deref(), (done >= 4).then_some("new"), "{done} steps");
    }
}

/// An instance in a file, in a study of its own.
fn file(path: &Path, number: u64, description: &str) {
    let uid = |end: &str| format!("1.2.3.{number}{end}");
    let mut data_set = DataSetWriter::new(Encoding::ExplicitLittleEndian);
    data_set.text(Tag(0x0008, 0x0016), Vr::UI, "1.2.840.10008.5.1.4.1.1.2");
    data_set.text(Tag(0x0008, 0x0018), Vr::UI, &uid(".1.1"));
    data_set.text(Tag(0x0008, 0x1030), Vr::LO, description);
    data_set.text(Tag(0x0020, 0x000D), Vr::UI, &uid(""));
    data_set.text(Tag(0x0020, 0x000E), Vr::UI, &uid(".1"));
    let parse = |uid: &str| Uid::parse(uid).unwrap();
    let meta = FileMeta {
        media_storage_sop_class_uid: parse("1.2.840.10008.5.1.4.1.1.2"),
        media_storage_sop_instance_uid: parse(&uid(".1.1")),
        transfer_syntax_uid: parse("1.2.840.10008.1.2.1"),
        implementation_class_uid: parse("1.2.3.4"),
        implementation_version_name: "TEST_1".to_owned(),
        source_ae_title: None,
        sending_ae_title: None,
        receiving_ae_title: None,
    };
    fs::write(path, [meta.to_bytes(), data_set.into_bytes()].concat()).unwrap();
}

/// Some days are read at once and others times first, by how many instances they have: it makes no difference.
#[test]
fn instances_are_recorded_in_the_order_in_which_they_were_received_however_many_a_day_has() {
    let data = tempfile::tempdir().unwrap();
    let path = data.path().join("one.dcm");
    let origin = Origin {
        implementation_class_uid: Uid::parse("1.2.3.4").unwrap(),
        implementation_version_name: "TEST_1".to_owned(),
        source_ae_title: None,
    };
    let mut holdings = Holdings::open(data.path(), HoldingsRules::default()).unwrap();
    let mut import = |number, description, day: u64, second: u64| {
        file(&path, number, description);
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs((20_000 + day) * 86_400 + second);
        let _kept = holdings.import(&path, &origin, now).unwrap();
    };
    // Three days of different sizes; the names of the directories are in another order.
    for at in 0..60 {
        import(100 + at * 37 % 61, "KNEE", [0, 0, 0, 1, 2, 2][(at / 10) as usize], at);
    }
    // Another version of the first one, and one more after the clock was set back.
    import(100, "HIP", 3, 0);
    import(100, "HEAD", 0, 90);
    drop(holdings);
    let vault = Vault::open(data.path(), HoldingsRules::default().sync).unwrap();
    for at_once_max in [0, 15, 25, 1_000] {
        let mut taken = Vec::new();
        in_order(&vault, &ExamTypes::default(), at_once_max, &mut |step| {
            match step {
                Step::Read(read) => taken.push((read.1.received_at, read.1.day)),
                Step::Found(finding) => panic!("{finding}"),
                Step::Failed(error) => return Err(error),
            }
            Ok(())
        })
        .unwrap();
        assert_eq!(taken.len(), 62);
        assert!(taken.is_sorted_by_key(|(received_at, _)| *received_at), "{at_once_max} at once");
        let is_late = |(received_at, day): &(SystemTime, Day)| is_late(*received_at, *day);
        assert_eq!(taken.iter().position(is_late), Some(61), "the last one lies under an earlier day");
    }
}
