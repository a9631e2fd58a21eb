//! Many files from elsewhere at the same time.

use std::{
    fs,
    num::NonZeroUsize,
    path::{Path, PathBuf},
};

use holdings::{Holdings, HoldingsRules, How, NotImported};
use vocabulary::Encoding;

use crate::support::*;

const JOBS: NonZeroUsize = NonZeroUsize::new(8).unwrap();

/// Writes each instance to a file of its own, as it is without file meta information; in the order given.
fn written(folder: &Path, instances: &[Instance]) -> Vec<PathBuf> {
    let write = |(instance, number): (&Instance, usize)| {
        let path = folder.join(format!("{number:06}"));
        fs::write(&path, instance.data_set(Encoding::ExplicitLittleEndian)).unwrap();
        path
    };
    instances.iter().zip(0..).map(write).collect()
}

/// What became of each file, in the order in which it was told.
fn import_all(data: &Path, files: &[PathBuf]) -> Vec<(PathBuf, Result<How, NotImported>)> {
    let mut told = Vec::new();
    open(data)
        .import_all(files, &origin(), JOBS, &|| noon(0), &mut |file, imported| {
            told.push((file.to_owned(), imported.map(|kept| kept.how())));
        })
        .unwrap();
    assert_eq!(files_below(&data.join("incoming")).len(), 0);
    told
}

fn counted(told: &[(PathBuf, Result<How, NotImported>)], how: How) -> usize {
    told.iter().filter(|(_, outcome)| matches!(outcome, Ok(found) if *found == how)).count()
}

#[test]
fn a_folder_of_a_thousand_is_kept_and_told_of_in_order_and_again_is_held_already() {
    let [data, folder] = [(); 2].map(|()| tempfile::tempdir().unwrap());
    let instances: Vec<_> = (0..1_000).map(|number| Instance::new(&format!("1.2.3.4.{number}"))).collect();
    let files = written(folder.path(), &instances);
    let told = import_all(data.path(), &files);
    assert_eq!(counted(&told, How::New), 1_000);
    assert!(told.iter().map(|(file, _)| file).eq(&files));
    let holdings = open(data.path());
    for instance in &instances {
        let held = current(&holdings, instance).unwrap();
        assert!(data_set_of(&holdings, &held) == instance.data_set(Encoding::ExplicitLittleEndian));
    }
    drop(holdings);
    assert_eq!(counted(&import_all(data.path(), &files), How::HeldAlready), 1_000);
    assert_eq!(files_below(&data.path().join("vault")).len(), 1_000);
}

#[test]
fn the_same_file_many_times_in_the_list_is_kept_once() {
    let [data, folder] = [(); 2].map(|()| tempfile::tempdir().unwrap());
    let instance = Instance::new("1.2.3.4.5");
    let files = vec![written(folder.path(), std::slice::from_ref(&instance)).remove(0); 40];
    let told = import_all(data.path(), &files);
    assert_eq!((counted(&told, How::New) + counted(&told, How::HeldAlready), told.len()), (40, 40));
    assert!(counted(&told, How::New) <= 1);
    assert_eq!(open(data.path()).locate(&instance.sop_instance_uid()).unwrap().len(), 1);
    assert_eq!(files_below(&data.path().join("vault")).len(), 1);
}

#[test]
fn of_different_data_sets_under_one_uid_the_last_in_the_list_is_current() {
    let [data, folder] = [(); 2].map(|()| tempfile::tempdir().unwrap());
    let first = Instance::new("1.2.3.4.5");
    // Every data set comes twice, the second time when another is current.
    let instances: Vec<_> = (0..40).map(|number| first.retouched(number % 20)).collect();
    let told = import_all(data.path(), &written(folder.path(), &instances));
    assert_eq!(counted(&told, How::New) + counted(&told, How::AnotherVersion), 40);
    let holdings = open(data.path());
    assert_eq!(holdings.locate(&first.sop_instance_uid()).unwrap().len(), 40);
    let held = current(&holdings, &first).unwrap();
    assert!(data_set_of(&holdings, &held) == first.retouched(19).data_set(Encoding::ExplicitLittleEndian));
}

#[test]
fn it_comes_to_the_same_as_one_after_the_other_and_as_a_reindex() {
    let [data, folder] = [(); 2].map(|()| tempfile::tempdir().unwrap());
    let descriptions = [None, Some("KNEE"), Some("HIP"), Some("HEAD")];
    let instances: Vec<_> = (0..120_usize)
        .map(|number| {
            let mut instance = Instance::new(&format!("1.2.3.4.{}", number * 37 % 127));
            instance.study = Some(["1.2.3", "1.2.2", "1.2.1"][number % 3]);
            instance.study_description = descriptions[number / 3 % 4];
            instance.patient_name = ["Doe^Jane", "Doe^John"][number % 2];
            // Files large and small are not ready in the order in which they were begun.
            instance.pixels = vec![7; [2_000_000, 100, 30_000][number % 3]];
            instance
        })
        .collect();
    let files = written(folder.path(), &instances);
    import_all(data.path(), &files);
    let exported = exported(data.path());

    let one_by_one = tempfile::tempdir().unwrap();
    let mut holdings = open(one_by_one.path());
    for (file, number) in files.iter().zip(0..) {
        let received_at = noon(0) + std::time::Duration::from_micros(number);
        let _kept = holdings.import(file, &origin(), received_at).unwrap();
    }
    drop(holdings);
    assert_eq!(exported, self::exported(one_by_one.path()));

    Holdings::reindex(data.path(), HoldingsRules::default(), &mut |_| {}, &mut |finding| panic!("{finding}"))
        .unwrap();
    assert_eq!(exported, self::exported(data.path()));
}

#[test]
fn what_cannot_be_read_is_told_in_its_place_and_the_rest_is_kept() {
    let [data, folder] = [(); 2].map(|()| tempfile::tempdir().unwrap());
    let instances: Vec<_> = (0..60).map(|number| Instance::new(&format!("1.2.3.4.{number}"))).collect();
    let mut files = written(folder.path(), &instances);
    for (number, file) in files.iter_mut().enumerate() {
        match number % 6 {
            1 => fs::write(file, b"no instance").unwrap(),
            3 => *file = folder.path().join("nothing"),
            _ => {}
        }
    }
    let told = import_all(data.path(), &files);
    assert!(told.iter().map(|(file, _)| file).eq(&files));
    for (number, (_, outcome)) in told.iter().enumerate() {
        match number % 6 {
            1 => assert!(matches!(outcome, Err(NotImported::NotDicom(_))), "{outcome:?}"),
            3 => assert!(matches!(outcome, Err(NotImported::Unreadable(_))), "{outcome:?}"),
            _ => assert!(matches!(outcome, Ok(How::New)), "{outcome:?}"),
        }
    }
    assert_eq!(files_below(&data.path().join("vault")).len(), 40);
}

#[test]
fn nothing_to_import_is_nothing_imported() {
    let data = tempfile::tempdir().unwrap();
    assert_eq!(import_all(data.path(), &[]).len(), 0);
}
