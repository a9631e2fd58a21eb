//! What a verification finds, and what it leaves alone.

use std::{fs, io::Read, ops::ControlFlow, path::Path};

use holdings::{Extent, Fault, Holdings, Inspect, Verified};
use vocabulary::Encoding;

use crate::support::*;

/// Writes down the faults; breaks off after so many bytes.
#[derive(Default)]
struct Notes {
    faults: Vec<Fault>,
    bytes_max: Option<u64>,
}

impl Inspect for Notes {
    fn read(&mut self, bytes: u64) -> ControlFlow<()> {
        match &mut self.bytes_max {
            Some(left) if *left < bytes => return ControlFlow::Break(()),
            Some(left) => *left -= bytes,
            None => {}
        }
        ControlFlow::Continue(())
    }

    fn found(&mut self, fault: Fault) {
        self.faults.push(fault);
    }
}

fn verify_as(data: &Path, extent: Extent) -> (Verified, Vec<Fault>) {
    let mut notes = Notes::default();
    let verified = Holdings::verify(data, extent, noon(1), &mut notes).unwrap();
    assert_eq!(verified.faults, notes.faults.len() as u64);
    (verified, notes.faults)
}

fn verify(data: &Path) -> (Verified, Vec<Fault>) {
    verify_as(data, Extent::Whole)
}

/// Holdings of one series with `count` instances.
fn held(data: &Path, count: u32) -> Vec<Instance> {
    let mut holdings = open(data);
    let instances: Vec<_> = (1..=count).map(|number| Instance::new(&format!("1.2.3.4.{number}"))).collect();
    for instance in &instances {
        let _kept = keep(&mut holdings, instance).unwrap();
    }
    instances
}

fn file(data: &Path, instance: &Instance) -> std::path::PathBuf {
    let name = format!("{}.dcm", instance.sop_instance.as_ref().unwrap());
    data.join("vault/2026/11/23/1.2.3/1.2.3.4").join(name)
}

/// Changes one byte, counted from the end, and leaves the length.
fn flip(path: &Path, from_end: usize) {
    let mut bytes = fs::read(path).unwrap();
    let at = bytes.len() - from_end;
    bytes[at] ^= 1;
    fs::write(path, bytes).unwrap();
}

#[test]
fn what_is_as_it_was_kept_is_counted_and_nothing_is_written() {
    let data = tempfile::tempdir().unwrap();
    let instances = held(data.path(), 3);
    let _kept = keep(&mut open(data.path()), &instances[0].retouched(7)).unwrap();
    let before = files_below(data.path());
    let (verified, faults) = verify(data.path());
    assert_eq!(faults, []);
    assert_eq!((verified.instances, verified.other_versions, verified.being_recorded), (4, 1, 0));
    let bytes = instances[0].data_set(Encoding::ExplicitLittleEndian).len() as u64;
    assert_eq!(verified.bytes, 4 * bytes);
    assert_eq!(files_below(data.path()), before);
}

#[test]
fn a_flipped_byte_anywhere_in_a_data_set_is_found() {
    let data = tempfile::tempdir().unwrap();
    let instance = &held(data.path(), 1)[0];
    let path = file(data.path(), instance);
    let length = instance.data_set(Encoding::ExplicitLittleEndian).len();
    for from_end in [1, 2_500, length / 2, length] {
        flip(&path, from_end);
        let (_, faults) = verify(data.path());
        assert!(matches!(&faults[..], [Fault::Changed { path: at, .. }] if *at == path), "{faults:?}");
        flip(&path, from_end);
    }
    assert_eq!(verify(data.path()).1, []);
}

#[test]
fn what_is_missing_cut_off_unrecorded_or_not_ours_is_each_told_by_its_name() {
    let data = tempfile::tempdir().unwrap();
    let instances = held(data.path(), 4);
    let [fine, missing, cut, header] = std::array::from_fn(|at| &instances[at]);
    fs::remove_file(file(data.path(), missing)).unwrap();
    let bytes = fs::read(file(data.path(), cut)).unwrap();
    fs::write(file(data.path(), cut), &bytes[..bytes.len() - 10]).unwrap();
    let length = fs::metadata(file(data.path(), header)).unwrap().len();
    // The prefix of PS3.10 7.1.
    flip(&file(data.path(), header), usize::try_from(length).unwrap() - 128);
    let unrecorded = file(data.path(), fine).with_file_name("1.2.3.4.99.dcm");
    fs::copy(file(data.path(), fine), &unrecorded).unwrap();
    let unknown = file(data.path(), fine).with_file_name("notes.txt");
    fs::write(&unknown, "?").unwrap();

    let (verified, faults) = verify(data.path());
    assert_eq!(verified.instances, 4);
    let damaged = |fault: &Fault, at| matches!(fault, Fault::Damaged { path, .. } if *path == at);
    assert_eq!(faults.len(), 5, "{faults:?}");
    assert!(faults.contains(&Fault::Missing(file(data.path(), missing))));
    assert!(faults.contains(&Fault::Unrecorded(unrecorded.clone())));
    assert!(faults.contains(&Fault::Unknown(unknown)));
    assert!(faults.iter().any(|fault| damaged(fault, file(data.path(), cut))), "{faults:?}");
    assert!(faults.iter().any(|fault| damaged(fault, file(data.path(), header))), "{faults:?}");

    let (_, quick) = verify_as(data.path(), Extent::PresenceAndLength);
    assert!(quick.contains(&Fault::Missing(file(data.path(), missing))));
    assert!(quick.iter().any(|fault| damaged(fault, file(data.path(), cut))), "{quick:?}");
    assert!(!quick.iter().any(|fault| damaged(fault, file(data.path(), header))), "{quick:?}");
}

#[test]
fn a_file_that_was_received_a_moment_ago_is_about_to_be_recorded() {
    let data = tempfile::tempdir().unwrap();
    let instance = &held(data.path(), 1)[0];
    let copy = file(data.path(), instance).with_file_name("1.2.3.4.99.dcm");
    fs::copy(file(data.path(), instance), copy).unwrap();
    let mut notes = Notes::default();
    let verified = Holdings::verify(data.path(), Extent::Whole, noon(0), &mut notes).unwrap();
    assert_eq!((notes.faults, verified.being_recorded), (vec![], 1));
}

#[test]
fn a_day_whose_files_are_all_gone_is_told_of_once() {
    let data = tempfile::tempdir().unwrap();
    held(data.path(), 3);
    fs::remove_dir_all(data.path().join("vault/2026")).unwrap();
    let (_, faults) = verify(data.path());
    assert!(matches!(faults[..], [Fault::DayMissing { instances: 3, .. }]), "{faults:?}");
}

#[test]
fn without_a_catalog_the_files_are_compared_with_what_they_say_of_themselves() {
    for make_useless in [
        |catalog: &Path| fs::remove_file(catalog).unwrap(),
        |catalog: &Path| fs::write(catalog, [0xA5; 8_192]).unwrap(),
    ] {
        let data = tempfile::tempdir().unwrap();
        let instances = held(data.path(), 2);
        for log in ["catalog.sqlite-wal", "catalog.sqlite-shm"] {
            fs::remove_file(data.path().join(log)).ok();
        }
        make_useless(&data.path().join("catalog.sqlite"));
        flip(&file(data.path(), &instances[1]), 1);
        let (verified, faults) = verify(data.path());
        assert_eq!(verified.instances, 2);
        assert!(matches!(faults[..], [Fault::Catalog(_), Fault::Changed { .. }]), "{faults:?}");
        assert!(faults[0].to_string().contains("reindex"), "{}", faults[0]);
    }
}

#[test]
fn an_entry_that_says_something_else_than_a_sound_file_is_told_apart_from_damage() {
    let data = tempfile::tempdir().unwrap();
    let instance = &held(data.path(), 1)[0];
    let connection = rusqlite::Connection::open(data.path().join("catalog.sqlite")).unwrap();
    connection.execute("UPDATE instance SET digest = zeroblob(16)", []).unwrap();
    drop(connection);
    let (_, faults) = verify(data.path());
    let path = file(data.path(), instance);
    assert!(matches!(&faults[..], [Fault::OtherwiseRecorded { path: at, .. }] if *at == path), "{faults:?}");
}

#[test]
fn it_can_be_broken_off_in_the_middle_of_a_file() {
    let data = tempfile::tempdir().unwrap();
    held(data.path(), 3);
    let mut notes = Notes { bytes_max: Some(8_000), ..Notes::default() };
    let verified = Holdings::verify(data.path(), Extent::Whole, noon(1), &mut notes).unwrap();
    assert!(verified.broken_off);
    assert_eq!(verified.instances, 2);
}

#[test]
fn what_is_kept_meanwhile_is_no_fault() {
    let data = tempfile::tempdir().unwrap();
    drop(open(data.path()));
    std::thread::scope(|scope| {
        let keeps = scope.spawn(|| {
            let mut holdings = open(data.path());
            for number in 0..60 {
                let instance = Instance::new(&format!("1.2.3.4.{}", number % 20)).retouched(number);
                let _kept = keep(&mut holdings, &instance).unwrap();
            }
        });
        while !keeps.is_finished() {
            let mut notes = Notes::default();
            Holdings::verify(data.path(), Extent::Whole, noon(0), &mut notes).unwrap();
            assert_eq!(notes.faults, []);
        }
    });
    assert_eq!(verify(data.path()).0.instances, 60);
}

/// An instance with so many bytes of pixels.
fn of_bytes(count: usize) -> Instance {
    Instance { pixels: vec![7; count], ..Instance::new("1.2.3.4.5") }
}

#[test]
fn what_is_sent_on_is_as_it_was_kept_or_an_error_before_its_end() {
    for (bytes, fails_at_once) in [(4_000, true), (3 << 20, false)] {
        let data = tempfile::tempdir().unwrap();
        let mut holdings = open(data.path());
        let instance = of_bytes(bytes);
        let _kept = keep(&mut holdings, &instance).unwrap();
        let held = current(&holdings, &instance).unwrap();
        let mut read = Vec::new();
        holdings.open_instance(&held).unwrap().checked().unwrap().read_to_end(&mut read).unwrap();
        assert!(read == instance.data_set(Encoding::ExplicitLittleEndian));

        flip(&file(data.path(), &instance), bytes / 2);
        let checked = holdings.open_instance(&held).unwrap().checked();
        assert_eq!(checked.is_err(), fails_at_once);
        if let Ok(mut checked) = checked {
            let mut given_out = Vec::new();
            let error = checked.read_to_end(&mut given_out).unwrap_err();
            assert!(error.to_string().contains("checksum"), "{error}");
            assert!(given_out.len() < read.len());
        }
    }
}
