//! The catalog again from nothing but the files.

use std::{fs, time::Duration};

use dataset::DataSetWriter;
use holdings::{Finding, Holdings, HoldingsError, HoldingsRules, LastEnd};
use vocabulary::{Encoding, Tag, Vr};

use crate::support::*;

#[test]
fn the_catalog_is_rebuilt_as_it_was() {
    let data = tempfile::tempdir().unwrap();
    let first = Instance::new("1.2.3.4.1");
    let versions = [first.clone(), first.retouched(1), first.clone(), first.retouched(2)];
    let others: Vec<_> = (2..40).map(|number| Instance::new(&format!("1.2.3.4.{number}"))).collect();
    let before: Vec<_>;
    {
        let mut holdings = open(data.path());
        for (number, instance) in versions.iter().chain(&others).enumerate() {
            let data_set = instance.data_set(Encoding::ExplicitLittleEndian);
            let days_later = number as u64 % 3;
            let _kept = keep_bytes(&mut holdings, arriving(instance), &data_set, noon(days_later)).unwrap();
        }
        before = [first.clone()]
            .iter()
            .chain(&others)
            .map(|instance| holdings.locate(&instance.sop_instance_uid()).unwrap())
            .collect();
    }
    fs::write(data.path().join("catalog.sqlite"), b"this was a catalog once").unwrap();
    let (mut progress, mut findings) = (Vec::new(), Vec::new());
    let reindexed = Holdings::reindex(
        data.path(),
        HoldingsRules::default(),
        &mut |instances| progress.push(instances),
        &mut |finding| findings.push(finding.clone()),
    )
    .unwrap();
    assert_eq!((reindexed.instances, reindexed.unreadable, reindexed.unknown), (42, 0, 0));
    assert_eq!(progress.last(), Some(&42));
    assert_eq!(findings, []);

    let mut holdings = open(data.path());
    let after: Vec<_> = [first.clone()]
        .iter()
        .chain(&others)
        .map(|instance| holdings.locate(&instance.sop_instance_uid()).unwrap())
        .collect();
    assert_eq!(before, after);
    assert_eq!(start(&mut holdings).0.last_end, LastEnd::Clean);
    let held = current(&holdings, &first).unwrap();
    assert_eq!(data_set_of(&holdings, &held), versions[3].data_set(Encoding::ExplicitLittleEndian));
    let left: Vec<_> = fs::read_dir(data.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.contains("new"))
        .collect();
    assert_eq!(left, Vec::<String>::new());
}

#[test]
fn what_is_no_instance_is_reported_and_left_alone() {
    let data = tempfile::tempdir().unwrap();
    {
        let mut holdings = open(data.path());
        let _kept = keep(&mut holdings, &Instance::new("1.2.3.4.1")).unwrap();
    }
    let directory = data.path().join("vault/2026/11/23/1.2.3/1.2.3.4");
    fs::write(directory.join("1.2.3.4.2.dcm"), b"no instance").unwrap();
    fs::write(directory.join("notes.txt"), b"?").unwrap();
    // An instance under the name of another.
    fs::copy(directory.join("1.2.3.4.1.dcm"), directory.join("1.2.3.4.3.dcm")).unwrap();
    let mut findings = Vec::new();
    let reindexed = Holdings::reindex(data.path(), HoldingsRules::default(), &mut |_| {}, &mut |finding| {
        findings.push(finding.clone());
    })
    .unwrap();
    assert_eq!((reindexed.instances, reindexed.unreadable, reindexed.unknown), (1, 2, 1));
    assert_eq!(findings.len(), 3);
    assert!(findings.contains(&Finding::Unknown(directory.join("notes.txt"))));
    assert_eq!(files_below(&directory).len(), 4);
}

#[test]
fn while_somebody_keeps_the_catalog_is_not_rebuilt() {
    let data = tempfile::tempdir().unwrap();
    let mut holdings = open(data.path());
    let (started, _) = start(&mut holdings);
    let refused = Holdings::reindex(data.path(), HoldingsRules::default(), &mut |_| {}, &mut |_| {});
    assert!(matches!(refused, Err(HoldingsError::InUse { .. })));
    drop(started);
    Holdings::reindex(data.path(), HoldingsRules::default(), &mut |_| {}, &mut |_| {}).unwrap();
}

#[test]
fn what_looks_like_pixel_data_in_the_header_is_not_taken_for_it() {
    let data = tempfile::tempdir().unwrap();
    let instance = Instance::new("1.2.3.4.1");
    let mut writer = DataSetWriter::new(Encoding::ExplicitLittleEndian);
    writer.text(Tag(0x0008, 0x0016), Vr::UI, CT_IMAGE);
    writer.text(Tag(0x0008, 0x0018), Vr::UI, "1.2.3.4.1");
    writer.element(Tag(0x0009, 0x1001), Vr::OB, &[0xE0, 0x7F, 0x10, 0x00, 1, 2]);
    writer.text(Tag(0x0020, 0x000D), Vr::UI, "1.2.3");
    writer.text(Tag(0x0020, 0x000E), Vr::UI, "1.2.3.4");
    writer.begin_sequence(Tag(0x0088, 0x0200));
    writer.begin_item();
    writer.element(Tag(0x7FE0, 0x0010), Vr::OW, &[1; 20]);
    writer.end_item();
    writer.end_sequence();
    writer.element(Tag(0x7FE0, 0x0010), Vr::OW, &[2; 40_000]);
    let data_set = writer.into_bytes();
    let before = {
        let mut holdings = open(data.path());
        let _kept = keep_bytes(&mut holdings, arriving(&instance), &data_set, noon(0)).unwrap();
        holdings.locate(&instance.sop_instance_uid()).unwrap()
    };
    Holdings::reindex(data.path(), HoldingsRules::default(), &mut |_| {}, &mut |finding| panic!("{finding}"))
        .unwrap();
    assert_eq!(open(data.path()).locate(&instance.sop_instance_uid()).unwrap(), before);
}

#[test]
fn where_instances_contradict_each_other_the_first_received_gives_the_values_again() {
    let data = tempfile::tempdir().unwrap();
    {
        let mut holdings = open(data.path());
        let descriptions = [None, Some("KNEE"), Some("HIP"), Some("HEAD")];
        let names = ["Doe^Jane", "Doe^John", "Roe^Richard"];
        for number in 0..60_u64 {
            // The UIDs, and so the names of files and directories, are in another order than the instances.
            let shuffled = number * 37 % 61;
            let mut instance = Instance::new(&format!("1.2.3.4.{shuffled}"));
            instance.study = Some(["1.2.3", "1.2.2", "1.2.1"][(number % 3) as usize]);
            instance.study_description = descriptions[(number / 3 % 4) as usize];
            instance.patient_name = names[(shuffled % 3) as usize];
            let data_set = instance.data_set(Encoding::ExplicitLittleEndian);
            let received_at = noon(number / 40) + Duration::from_millis(number);
            let _kept = keep_bytes(&mut holdings, arriving(&instance), &data_set, received_at).unwrap();
        }
    }
    let before = exported(data.path());
    Holdings::reindex(data.path(), HoldingsRules::default(), &mut |_| {}, &mut |finding| panic!("{finding}"))
        .unwrap();
    assert_eq!(exported(data.path()), before);
}
