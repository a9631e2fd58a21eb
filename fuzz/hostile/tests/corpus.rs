//! Every file of the committed corpora, through the target that it is of.
#![allow(clippy::unwrap_used, reason = "a test")]

use std::path::Path;

/// Puts every file of a corpus through its target; says which file it was that failed.
fn replay(target: &str) {
    let body = hostile::TARGETS.iter().find(|(name, _)| *name == target).map(|(_, body)| *body).unwrap();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../corpus").join(target);
    let mut files: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    assert!(!files.is_empty(), "{} is empty", folder.display());
    for file in files {
        let bytes = std::fs::read(&file).unwrap();
        let result = std::panic::catch_unwind(|| body(&bytes));
        assert!(result.is_ok(), "{} shows it: see above", file.display());
    }
}

macro_rules! targets {
    ($($target:ident)*) => {
        $(#[test]
        fn $target() {
            replay(stringify!($target));
        })*

        /// No target is without its test and its corpus.
        #[test]
        fn every_target_is_replayed() {
            let names: Vec<&str> = hostile::TARGETS.iter().map(|(name, _)| *name).collect();
            assert_eq!(names, [$(stringify!($target)),*]);
        }
    };
}

targets! {
    pdu acceptor requestor command data_set deflated file_meta character_set query configuration conversion pixels
    recorder child
}
