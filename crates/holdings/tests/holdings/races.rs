//! Several associations at the same moment, each with holdings of its own on one data directory.

use std::{collections::BTreeSet, path::Path, sync::Barrier, thread};

use holdings::How;
use vocabulary::Encoding;

use crate::support::*;

/// Lets each instance arrive at the same moment, on a thread of its own; how each was kept.
fn race(data: &Path, instances: &[Instance]) -> Vec<How> {
    race_on_days(data, instances, 1)
}

/// As [`race`], with the clocks of the racers on different days.
fn race_on_days(data: &Path, instances: &[Instance], days: u64) -> Vec<How> {
    drop(open(data));
    let barrier = Barrier::new(instances.len());
    thread::scope(|scope| {
        let racers: Vec<_> = instances
            .iter()
            .zip(0..)
            .map(|(instance, number)| {
                let barrier = &barrier;
                scope.spawn(move || {
                    let mut holdings = open(data);
                    let mut ingest = holdings.begin(arriving(instance)).unwrap();
                    ingest.write(&instance.data_set(Encoding::ExplicitLittleEndian)).unwrap();
                    barrier.wait();
                    holdings.keep(ingest, noon(number % days)).unwrap().how()
                })
            })
            .collect();
        racers.into_iter().map(|racer| racer.join().unwrap()).collect()
    })
}

#[test]
fn the_same_instance_from_many_at_once_is_one_entry_and_one_file() {
    for _ in 0..10 {
        let data = tempfile::tempdir().unwrap();
        let instance = Instance::new("1.2.3.4.5");
        let kept = race(data.path(), &vec![instance.clone(); 6]);
        assert!(kept.iter().filter(|how| **how == How::New).count() <= 1, "{kept:?}");
        let holdings = open(data.path());
        assert_eq!(holdings.locate(&instance.sop_instance_uid()).unwrap().len(), 1);
        let held = current(&holdings, &instance).unwrap();
        assert_eq!(data_set_of(&holdings, &held), instance.data_set(Encoding::ExplicitLittleEndian));
        assert_eq!(files_below(&data.path().join("vault")).len(), 1);
        assert_eq!(files_below(&data.path().join("incoming")).len(), 0);
    }
}

#[test]
fn the_same_instance_from_both_sides_of_midnight_is_one_entry_and_one_file() {
    for _ in 0..10 {
        let data = tempfile::tempdir().unwrap();
        let instance = Instance::new("1.2.3.4.5");
        race_on_days(data.path(), &vec![instance.clone(); 4], 2);
        let holdings = open(data.path());
        let held = holdings.locate(&instance.sop_instance_uid()).unwrap();
        assert_eq!(held.len(), 1);
        assert_eq!(data_set_of(&holdings, &held[0]), instance.data_set(Encoding::ExplicitLittleEndian));
        assert_eq!(files_below(&data.path().join("vault")).len(), 1);
        assert_eq!(files_below(&data.path().join("incoming")).len(), 0);
    }
}

#[test]
fn different_data_sets_of_one_instance_at_once_are_one_entry_and_none_is_lost() {
    for _ in 0..10 {
        let data = tempfile::tempdir().unwrap();
        let instances: Vec<_> =
            (0..6).map(|first| Instance::new("1.2.3.4.5").retouched(100 + first)).collect();
        race(data.path(), &instances);
        let holdings = open(data.path());
        assert!(current(&holdings, &instances[0]).is_some());
        let versions = holdings.locate(&instances[0].sop_instance_uid()).unwrap();
        let held: BTreeSet<_> = versions.iter().map(|held| data_set_of(&holdings, held)).collect();
        let sent: BTreeSet<_> =
            instances.iter().map(|instance| instance.data_set(Encoding::ExplicitLittleEndian)).collect();
        assert!(held == sent, "{} versions", versions.len());
        assert_eq!(versions.len(), 6);
    }
}

#[test]
fn instances_of_a_new_study_from_many_at_once_are_all_found() {
    let data = tempfile::tempdir().unwrap();
    let instances: Vec<_> = (0..8).map(|number| Instance::new(&format!("1.2.3.4.{number}"))).collect();
    let kept = race(data.path(), &instances);
    assert_eq!(kept, [How::New; 8]);
    let holdings = open(data.path());
    for instance in &instances {
        let held = current(&holdings, instance).unwrap();
        assert_eq!(data_set_of(&holdings, &held), instance.data_set(Encoding::ExplicitLittleEndian));
    }
}
