//! Drafts that are no instance but are to be looked at.

use std::{io::ErrorKind, path::PathBuf};

use crate::{Doing, Draft, Shortage, Vault, disk::EntryKind};

impl Vault {
    /// Moves a draft to `rejected/` under a name of the caller's choice and says where it is now. Files there go, the
    /// first in the order of their names first, until there are `bytes_max` bytes or less with it. `None`: it alone
    /// has more, or somebody else has just taken the name; then it is gone.
    ///
    /// # Errors
    /// As the disk fails.
    pub fn reject(&self, mut draft: Draft, name: &str, bytes_max: u64) -> Result<Option<PathBuf>, Shortage> {
        let grounds = self.grounds();
        let directory = grounds.rejected.clone();
        if draft.bytes() > bytes_max {
            return Ok(None);
        }
        grounds.make_directories(&directory)?;
        let listed = grounds.disk.list(&directory);
        let entries = listed.map_err(|error| Shortage::new(Doing::Listing, &directory, error))?;
        let mut held = Vec::new();
        for entry in entries.into_iter().filter(|entry| entry.kind == EntryKind::File) {
            let path = directory.join(entry.name);
            match grounds.disk.open(&path).and_then(|file| file.length_and_time()) {
                Ok((bytes, _)) => held.push((path, bytes)),
                // Another association is making room too.
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => return Err(Shortage::new(Doing::Opening, path, error)),
            }
        }
        held.sort_unstable();
        let mut bytes = held.iter().fold(draft.bytes(), |sum, (_, bytes)| sum.saturating_add(*bytes));
        for (path, length) in held {
            if bytes <= bytes_max {
                break;
            }
            match grounds.disk.remove_file(&path) {
                Err(error) if error.kind() != ErrorKind::NotFound => {
                    return Err(Shortage::new(Doing::Removing, path, error));
                }
                Ok(()) | Err(_) => bytes = bytes.saturating_sub(length),
            }
        }
        let target = directory.join(name);
        Ok(draft.name(&target)?.then_some(target))
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use crate::{Sync, Vault};

    #[test]
    fn cfg_043_the_oldest_make_room_for_what_is_refused_next() {
        let data = tempfile::tempdir().unwrap();
        let vault = Vault::open(data.path(), Sync::Instance).unwrap();
        let reject = |name: &str, bytes: usize| {
            let mut draft = vault.draft().unwrap();
            draft.write(&vec![7; bytes]).unwrap();
            vault.reject(draft, name, 100).unwrap()
        };
        assert_eq!(reject("1", 40), Some(data.path().join("rejected/1")));
        assert!(reject("2", 40).is_some());
        assert!(reject("3", 101).is_none(), "larger than all room there is");
        assert!(reject("4", 60).is_some());
        let names = || {
            let entries = fs::read_dir(data.path().join("rejected")).unwrap();
            let mut names: Vec<_> =
                entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
            names.sort();
            names
        };
        assert_eq!(names(), ["2", "4"]);
        assert!(reject("5", 100).is_some());
        assert_eq!(names(), ["5"]);
        assert_eq!(fs::read_dir(data.path().join("incoming")).unwrap().count(), 0);
    }
}
