use super::*;

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
