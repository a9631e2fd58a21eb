//! The configuration: not a peer's, but of any hand.

use std::cell::RefCell;
use std::path::PathBuf;

use configuration::{Effective, Sources, effective};

thread_local! {
    static FOLDER: RefCell<Option<tempfile::TempDir>> = const { RefCell::new(None) };
}

/// A place for a file of this thread.
fn place() -> PathBuf {
    FOLDER.with_borrow_mut(|folder| {
        let folder = folder.get_or_insert_with(|| tempfile::tempdir().unwrap());
        folder.path().join("isocenter.toml")
    })
}

fn read(bytes: &[u8], set: &[&str]) -> Option<Effective> {
    let place = place();
    std::fs::write(&place, bytes).unwrap();
    let sources = set.iter().fold(Sources::default().file(place), |sources, set| sources.set(*set));
    match effective(&sources) {
        Ok(effective) => Some(effective),
        Err(errors) => {
            assert!(!errors.is_empty());
            for error in errors {
                assert!(!error.to_string().is_empty());
            }
            None
        }
    }
}

/// A file up to the first NUL, what the command line says in the lines behind it. What holds is printed, and the print
/// read again says the same.
pub fn configuration(bytes: &[u8]) {
    let at = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
    let (file, rest) = bytes.split_at(at);
    let rest = String::from_utf8_lossy(rest.get(1..).unwrap_or_default());
    let set: Vec<&str> = rest.lines().collect();
    let Some(effective) = read(file, &set) else { return };
    for line in set {
        effective.explain(line.split('=').next().unwrap_or_default()).ok();
    }
    for holding in &effective.holdings {
        effective.explain(holding.setting.key).expect("every setting is explained");
    }
    let printed = effective.to_text();
    let again = read(printed.as_bytes(), &[]).expect("what is printed can be read");
    let mut expected = effective.configuration.clone();
    let mut read = again.configuration;
    // Of a peer only title, host and port are printed, of a user nothing but the name, and that as a comment.
    let (before, after) = (&mut expected.tables, &mut read.tables);
    assert_eq!(after.peers.len(), before.peers.len());
    assert_eq!(after.token_keys.len(), before.token_keys.len());
    assert!(after.users.is_empty());
    for tables in [before, after] {
        tables.peers.clear();
        tables.users.clear();
        tables.token_keys.clear();
    }
    assert_eq!(read, expected);
}
