//! Files named on a command line, folders gone through to their depths.

use std::fs;
use std::path::{Path, PathBuf};

use crate::commands::Failure;

/// Every file below the paths, in the order of their names; what cannot be read is told and passed over.
pub(crate) fn files(paths: &[PathBuf], unreadable: &mut dyn FnMut(&Path, &std::io::Error)) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut waiting: Vec<PathBuf> = paths.iter().rev().cloned().collect();
    while let Some(path) = waiting.pop() {
        match fs::metadata(&path) {
            Ok(metadata) if metadata.is_dir() => match entries(&path) {
                Ok(entries) => waiting.extend(entries.into_iter().rev()),
                Err(error) => unreadable(&path, &error),
            },
            Ok(metadata) if metadata.is_file() => files.push(path),
            Ok(_) => unreadable(&path, &std::io::Error::other("neither a file nor a folder")),
            Err(error) => unreadable(&path, &error),
        }
    }
    files
}

/// Junk in a folder is passed over, but a path that somebody typed should be there.
pub(crate) fn all_exist(paths: &[PathBuf]) -> Result<(), Failure> {
    match paths.iter().find(|path| !path.exists()) {
        Some(missing) => Err(Failure(format!("there is no {}", missing.display()))),
        None => Ok(()),
    }
}

/// The entries of a folder by name. Links to folders are not followed: they may lead back up.
fn entries(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut entries = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let path = entry.path();
        let is_link_to_folder = entry.file_type()?.is_symlink() && path.is_dir();
        if !is_link_to_folder {
            entries.push(path);
        }
    }
    entries.sort();
    Ok(entries)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_gone_through_in_order_and_links_back_up_are_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        fs::create_dir_all(root.join("b/deep")).unwrap();
        for name in ["b/deep/2", "b/1", "a"] {
            fs::write(root.join(name), "").unwrap();
        }
        std::os::unix::fs::symlink(root, root.join("b/up")).unwrap();
        let mut missing = Vec::new();
        let found =
            files(&[root.to_owned(), root.join("gone")], &mut |path, _| missing.push(path.to_owned()));
        assert_eq!(found, ["a", "b/1", "b/deep/2"].map(|name| root.join(name)));
        assert_eq!(missing, [root.join("gone")]);
        assert!(all_exist(&[root.to_owned()]).is_ok());
        assert!(all_exist(&[root.to_owned(), root.join("gone")]).is_err());
    }
}
