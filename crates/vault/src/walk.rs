use std::{
    io::ErrorKind,
    ops::ControlFlow,
    path::{Path, PathBuf},
};

use vocabulary::{Day, Uid};

use crate::{
    Doing, InstanceKey, Shortage, Vault,
    disk::{Entry, EntryKind},
    key::day_path,
};

/// What a walk came upon.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// An instance, by its name; its bytes were not looked at.
    Instance(InstanceKey),
    /// Something that the vault did not make. It is left alone.
    Unknown(PathBuf),
}

impl Vault {
    /// The days that have a directory, oldest first.
    ///
    /// # Errors
    /// When a directory cannot be listed.
    pub fn days(&self) -> Result<Vec<Day>, Shortage> {
        self.days_below(&self.grounds().vault)
    }

    /// Visits every file that was set aside, by the name that it had; one of which there are several, several times.
    ///
    /// # Errors
    /// When a directory cannot be listed.
    pub fn walk_set_aside(&self, visit: &mut dyn FnMut(InstanceKey)) -> Result<(), Shortage> {
        let root = &self.grounds().set_aside;
        for day in self.days_below(root)? {
            let walked = self.walk_day(root, day, &mut |found| {
                match found {
                    Found::Instance(key) => visit(key),
                    Found::Unknown(path) => {
                        // The second of a name has a number behind it.
                        let first = path.with_extension("");
                        let named = first.file_name().and_then(|name| name.to_str());
                        let directories = first.strip_prefix(root.join(day_path(day))).ok();
                        let mut uids = directories
                            .into_iter()
                            .flat_map(Path::iter)
                            .filter_map(|step| Uid::parse(step.to_str()?).ok());
                        if let Some((sop_instance, version)) = named.and_then(InstanceKey::parse_file_name)
                            && let (Some(study), Some(series)) = (uids.next(), uids.next())
                        {
                            visit(InstanceKey { day, study, series, sop_instance, version });
                        }
                    }
                }
                ControlFlow::Continue(())
            })?;
            debug_assert!(walked.is_continue(), "the visitor never breaks off");
        }
        Ok(())
    }

    fn days_below(&self, root: &Path) -> Result<Vec<Day>, Shortage> {
        let mut days = Vec::new();
        for (year, year_path) in self.numbered(root, 4)? {
            for (month, month_path) in self.numbered(&year_path, 2)? {
                for (day, _) in self.numbered(&month_path, 2)? {
                    days.extend(Day::from_number(year * 10_000 + month * 100 + day).ok());
                }
            }
        }
        days.sort_unstable();
        Ok(days)
    }

    /// Visits every file of a day, in the order of the names of studies, series and files, until the visitor breaks off. A
    /// day without a directory has none.
    ///
    /// # Errors
    /// When a directory cannot be listed.
    pub fn walk(
        &self,
        day: Day,
        visit: &mut dyn FnMut(Found) -> ControlFlow<()>,
    ) -> Result<ControlFlow<()>, Shortage> {
        self.walk_day(&self.grounds().vault, day, visit)
    }

    fn walk_day(
        &self,
        root: &Path,
        day: Day,
        visit: &mut dyn FnMut(Found) -> ControlFlow<()>,
    ) -> Result<ControlFlow<()>, Shortage> {
        let day_directory = root.join(day_path(day));
        for entry in self.entries(&day_directory)? {
            let study_directory = day_directory.join(&entry.name);
            let Some(study) = uid_directory(&entry) else {
                if visit(Found::Unknown(study_directory)).is_break() {
                    return Ok(ControlFlow::Break(()));
                }
                continue;
            };
            if self.walk_study(day, &study, &study_directory, visit)?.is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    fn walk_study(
        &self,
        day: Day,
        study: &Uid,
        study_directory: &Path,
        visit: &mut dyn FnMut(Found) -> ControlFlow<()>,
    ) -> Result<ControlFlow<()>, Shortage> {
        for entry in self.entries(study_directory)? {
            let series_directory = study_directory.join(&entry.name);
            let Some(series) = uid_directory(&entry) else {
                if visit(Found::Unknown(series_directory)).is_break() {
                    return Ok(ControlFlow::Break(()));
                }
                continue;
            };
            for entry in self.entries(&series_directory)? {
                let name = entry.name.to_str().filter(|_| entry.kind == EntryKind::File);
                let found = match name.and_then(InstanceKey::parse_file_name) {
                    Some((sop_instance, version)) => Found::Instance(InstanceKey {
                        day,
                        study: study.clone(),
                        series: series.clone(),
                        sop_instance,
                        version,
                    }),
                    None => Found::Unknown(series_directory.join(&entry.name)),
                };
                if visit(found).is_break() {
                    return Ok(ControlFlow::Break(()));
                }
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    /// The entries of a directory that may have gone since it was seen, in the order of their names: in that of the disk a
    /// walk that was broken off could not go on where it was.
    fn entries(&self, directory: &Path) -> Result<Vec<Entry>, Shortage> {
        match self.grounds().disk.list(directory) {
            Ok(mut entries) => {
                entries.sort_unstable_by(|one, other| one.name.cmp(&other.name));
                Ok(entries)
            }
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Vec::new()),
            Err(error) => Err(Shortage::new(Doing::Listing, directory, error)),
        }
    }

    /// The subdirectories whose name is a number of so many digits.
    fn numbered(&self, directory: &Path, digits: usize) -> Result<Vec<(u32, PathBuf)>, Shortage> {
        let entries = self.entries(directory)?;
        let numbered =
            entries.iter().filter(|entry| entry.kind == EntryKind::Directory).filter_map(|entry| {
                let name = entry.name.to_str().filter(|name| name.len() == digits)?;
                let number = name.bytes().all(|byte| byte.is_ascii_digit()).then(|| name.parse().ok())??;
                Some((number, directory.join(name)))
            });
        Ok(numbered.collect())
    }
}

/// The UID that names a directory of a study or a series.
fn uid_directory(entry: &Entry) -> Option<Uid> {
    let name = entry.name.to_str().filter(|_| entry.kind == EntryKind::Directory)?;
    Uid::parse(name).ok().filter(|uid| uid == name)
}
